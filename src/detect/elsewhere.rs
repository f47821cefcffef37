//! Elsewhere: a listing → whether the page shows newer entries than the listing has. Pure.
//!
//! An old page of an archive, or one topic of a site, has the newest entries of the site beside its own: who follows it
//! may have meant those.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use rustc_hash::FxHashSet;

use super::{Proposal, facts::Texts, groups::Group, score};

/// One newer entry may be a pinned one; so many are a list.
const FEWEST: usize = 3;

/// Whether newer entries stand outside of a listing, by the days in their addresses.
pub fn is_newer_elsewhere(texts: &Texts<'_, '_>, group: &Group) -> bool {
    let tree = texts.tree;
    let all = texts.address_days();
    let newest = |item: &u32| {
        let first = all.get(all.partition_point(|(at, _)| at < item))?;
        Some(first.1).filter(|_| tree.holds(*item, first.0))
    };
    let days: Vec<Date> = group.items.iter().filter_map(newest).collect();
    let Some(newest) = days.iter().max().filter(|_| days.len() * 2 > group.items.len()) else { return false };
    let newer = all.iter().filter(|(_, day)| day > newest).filter_map(|(at, _)| tree.get(*at).href);
    newer.collect::<FxHashSet<_>>().len() >= FEWEST
}

/// Puts the listing of this year before one of the same kind of pages that ends with an earlier year: what is new comes
/// there, however few it has so far; but not where it stands beside, as the newest of a site do beside one topic.
pub fn prefer_this_year(proposals: &mut [Proposal]) {
    let Some((best, others)) = proposals.split_first() else { return };
    let own = links(best);
    let is_newer = |other: &Proposal| {
        let is_later = years(best).zip(years(other)).is_some_and(|(old, new)| old.end() < new.start());
        let is_beside = other.features.chrome > best.features.chrome;
        is_later && !is_beside && part(best) == part(other) && own.is_disjoint(&links(other))
    };
    if let Some(at) = others.iter().position(is_newer) {
        proposals[..=at + 1].rotate_right(1);
    }
}

/// Where the entries of a listing lead.
fn links(of: &Proposal) -> FxHashSet<&str> {
    let links = of.reading.sightings.iter().filter_map(|sighting| sighting.entry.link.as_ref());
    links.map(url::Url::as_str).collect()
}

/// The years of a listing's entries; `None`: it has few, or some are not dated.
fn years(of: &Proposal) -> Option<RangeInclusive<i16>> {
    let days =
        of.reading.sightings.iter().map(|sighting| sighting.entry.moment.as_ref().map(|moment| moment.day));
    let years: Vec<i16> = days.map(|day| day.map(Date::year)).collect::<Option<_>>()?;
    let (first, last) = (years.iter().min()?, years.iter().max()?);
    (years.len() >= FEWEST).then_some(*first..=*last)
}

/// The part of its site that a listing's first entry is in; `None`: it links nowhere.
fn part(of: &Proposal) -> Option<&str> {
    of.reading.sightings.first()?.entry.link.as_ref().map(|link| score::section(link.as_str()))
}

#[cfg(test)]
mod tests {
    use scraper::Html;
    use url::Url;

    use super::*;
    use crate::detect::tree::Tree;

    fn is(aside: &str) -> bool {
        let rows =
            [1, 2, 3, 4].map(|n| format!("<li><a href=/2019/05/0{n}/pier>The pier opens {n}</a>")).concat();
        let html = Html::parse_document(&format!("<ul>{rows}</ul><p>{aside}"));
        let base = Url::parse("https://example.org/").unwrap();
        let tree = Tree::read(html.root_element(), &base);
        let items = tree.by_name().tags["li"].clone();
        is_newer_elsewhere(&Texts::new(&tree), &Group { items })
    }

    #[test]
    fn an_old_page_of_an_archive_is_told_by_the_newer_entries_beside_it() {
        let links = |year: u32| {
            [1, 2, 3].map(|n| format!("<a href=/{year}/05/0{n}/crane>The crane turns {n}</a>")).concat()
        };
        assert!(is(&links(2025)));
        assert!(!is(&links(2019)), "they are no newer");
        assert!(!is(&links(2018)));
        assert!(!is("<a href=/2025/05/01/crane>One is pinned</a>"));
    }
}
