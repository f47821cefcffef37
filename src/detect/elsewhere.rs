//! Elsewhere: a listing → whether the page shows newer entries than the listing has. Pure.
//!
//! An old page of an archive, or one topic of a site, has the newest entries of the site beside its own: who follows it
//! may have meant those.

use jiff::civil::Date;
use rustc_hash::FxHashSet;

use super::{facts::Texts, groups::Group};

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
