//! Lead: a listing → the one entry before it that is built otherwise: the newest, large and with its picture. Pure.
//!
//! Its element is a second selector of `entry`, and what the fields' selectors do not find in it a fallback of theirs.
//! Refuses what is not surely an entry of the listing: it has a headline that links where the entries link, none of them
//! links there, and a date like theirs. What advertises is none, and a day to come is announced.

use jiff::tz::TimeZone;
use rustc_hash::FxHashSet;

use super::{
    Looking, Proposal,
    compound::{self, Simple},
    facts::Texts,
    inside::{self, Cell},
    names,
    propose::{DateKey, Keys},
    score::{self, Scored},
    selector,
    tree::Tree,
};
use crate::{entry::Entry, listing::RawField};

/// Fewer entries are no listing that something leads.
const FEWEST: usize = 4;

/// So many elements around the headline may be the lead.
const TRIED: usize = 2;

/// Fewer words are a label.
const LEAST_WORDS: f64 = 3.0;

/// What may lead a listing.
struct Lead {
    /// What is its headline.
    headline: u32,
    /// Where it links.
    link: u32,
    /// The elements around it that hold nothing else of the listing, the nearest first.
    parts: Vec<u32>,
}

impl Looking<'_, '_> {
    /// The same source with the entry that leads its listing, where one does.
    pub(super) fn with_lead(&self, scored: &Scored, plain: Proposal) -> Proposal {
        if self.json.is_some() {
            return plain;
        }
        let leads = leads(self.texts, scored);
        let wider = leads.iter().find_map(|lead| {
            lead.parts.iter().rev().take(TRIED).find_map(|part| self.wider(lead, *part, &plain))
        });
        wider.unwrap_or(plain)
    }

    /// A source with the lead, if an element is that; `None`: it does not read as an entry of the listing.
    fn wider(&self, lead: &Lead, part: u32, plain: &Proposal) -> Option<Proposal> {
        let tree = self.texts.tree;
        let entry = format!("{}, {}", by_class(tree, part)?, plain.keys.entry);
        let own = |keys: Keys| self.reread(plain, Keys { entry: entry.clone(), ..keys });
        let headline = tree.text(lead.headline);
        let is_lead = |wider: &Proposal| self.is_one_more(wider, plain, headline);
        let bare = own(plain.keys.clone())?;
        let says = written(&bare)
            .is_some_and(|told| told.value == headline && plain.keys.headline.contains(&told.selector));
        let mut wider = if says && is_lead(&bare) {
            bare
        } else {
            let places: &[Place] = if says { &[Place::Nowhere] } else { &[Place::Last, Place::First] };
            let read = |place: &Place| own(lead.keys(self.texts, part, &plain.keys, *place));
            places.iter().filter_map(read).find(is_lead)?
        };
        for (name, at) in lead.rest(self.texts, part) {
            let mut keys = wider.keys.clone();
            let has = first(&wider).is_none_or(|entry| entry.has(name));
            let of = if name == "teaser" { &mut keys.teaser } else { &mut keys.image };
            if has || of.is_empty() {
                continue;
            }
            of.extend(told(tree, part, at));
            wider = self.reread(&wider, keys).filter(is_lead).unwrap_or(wider);
        }
        Some(wider)
    }

    /// Whether a proposal has one entry more than another, the first, and that is the one with this headline.
    fn is_one_more(&self, wider: &Proposal, plain: &Proposal, headline: &str) -> bool {
        let (all, own) = (&wider.reading.sightings, &plain.reading.sightings);
        let is_past = |entry: &Entry| {
            let day = entry.moment.as_ref().map(|moment| moment.day);
            day.is_some_and(|day| day <= TimeZone::UTC.to_datetime(self.page.fetched_at).date())
        };
        let told = |entry: &Entry| (entry.headline.clone(), entry.link.clone());
        let is_lead = |entry: &Entry| entry.headline == headline && entry.link.is_some() && is_past(entry);
        all.len() == own.len() + 1
            && first(wider).is_some_and(is_lead)
            && all[1..].iter().zip(own).all(|(a, b)| told(&a.entry) == told(&b.entry))
    }
}

/// Where the fallback for the headline goes.
#[derive(Clone, Copy)]
enum Place {
    Nowhere,
    First,
    Last,
}

impl Lead {
    /// The keys of a source with fallbacks for a lead that is `part`.
    fn keys(&self, texts: &Texts<'_, '_>, part: u32, of: &Keys, place: Place) -> Keys {
        let mut keys = of.clone();
        let add = |selectors: &mut Vec<String>, at: u32| {
            selectors.extend(told(texts.tree, part, at).filter(|told| !selectors.contains(told)));
        };
        if !matches!(place, Place::Nowhere) {
            add(&mut keys.headline, self.headline);
        }
        if matches!(place, Place::First) {
            keys.headline.rotate_right(1);
        }
        if !keys.link.is_empty() {
            add(&mut keys.link, self.link);
        }
        if let (DateKey::At(selectors), Some(at)) = (&mut keys.date, dated(texts, part)) {
            add(selectors, at);
        }
        keys
    }

    /// Its teaser and its image, where it has them, each with the name of its field.
    fn rest(&self, texts: &Texts<'_, '_>, part: u32) -> Vec<(&'static str, u32)> {
        const LEAST: u32 = 40;
        let tree = texts.tree;
        let inside = || part + 1..tree.get(part).end;
        let is_text = |at: &u32| {
            tree.get(*at).has_own_text
                && texts.of(*at).chars >= LEAST
                && !tree.holds(*at, self.headline)
                && !tree.holds(self.headline, *at)
        };
        let teaser = inside().find(is_text).map(|at| ("teaser", at));
        let image = inside().find(|at| tree.get(*at).tag == "img").map(|at| ("image", at));
        teaser.into_iter().chain(image).collect()
    }
}

/// The headline of the first row that a proposal gives, as it was found.
fn written(of: &Proposal) -> Option<&RawField> {
    of.reading.listing.entries.first()?.headline.as_ref()
}

/// The first entry that a proposal gives.
fn first(of: &Proposal) -> Option<&Entry> {
    of.reading.sightings.first().map(|sighting| &sighting.entry)
}

/// What may lead a listing, the nearest to its entries first.
fn leads(texts: &Texts<'_, '_>, of: &Scored) -> Vec<Lead> {
    let tree = texts.tree;
    let items = &of.group.items;
    let is_listing = items.len() >= FEWEST && of.features.dates > 0.7 && of.features.links > 0.9;
    if !is_listing || tree.get(items[0]).is_chrome {
        return Vec::new();
    }
    let known: FxHashSet<&str> =
        items.iter().flat_map(|at| *at..tree.get(*at).end).filter_map(|at| tree.get(at).href).collect();
    let kin = Kin::of(tree, items);
    let is_new = |link: &u32| tree.get(*link).href.is_some_and(|to| !known.contains(to) && kin.has(to));
    let found = [heading(tree, items, &is_new), line(texts, &kin, &is_new), more(texts, &kin, &is_new)];
    let mut leads: Vec<Lead> = found
        .into_iter()
        .flatten()
        .map(|(headline, link)| {
            let is_whole = |at: &u32| !tree.holds(*at, items[0]) && kin.links(*at).len() == 1;
            let around = std::iter::once(link).chain(tree.around(link)).take_while(is_whole);
            let parts = around.filter(|at| dated(texts, *at).is_some() && !advertises(tree, *at));
            Lead { headline, link, parts: parts.collect() }
        })
        .collect();
    leads.sort_by_key(|lead| u32::MAX - lead.link);
    leads.dedup_by_key(|lead| lead.link);
    leads
}

/// The last heading before the entries that links where they do, and its link.
fn heading(tree: &Tree<'_>, items: &[u32], is_new: &dyn Fn(&u32) -> bool) -> Option<(u32, u32)> {
    let linked = |at: u32| {
        let is_heading = matches!(tree.get(at).tag, "h1" | "h2" | "h3" | "h4") && !tree.get(at).is_chrome;
        let inside = || (at + 1..tree.get(at).end).find(|at| tree.get(*at).href.is_some());
        let link = is_heading.then(|| inside().or_else(|| tree.link_around(at, 2)))?;
        Some((at, link.filter(is_new)?))
    };
    (0..items[0]).rev().find_map(linked)
}

/// The last line before the entries, in a box directly beside them or their list, that links where they do, and its link.
fn line(texts: &Texts<'_, '_>, kin: &Kin<'_, '_>, is_new: &dyn Fn(&u32) -> bool) -> Option<(u32, u32)> {
    /// More text between a lead and the entries tells of something else.
    const MOST_BETWEEN: u32 = 120;
    let (tree, items) = (texts.tree, kin.items);
    let is_line = |at: &u32| texts.of(*at).words >= LEAST_WORDS && texts.of(*at).date.is_none();
    let told = |link: u32| {
        let inside = || (link + 1..tree.get(link).end).filter(|at| tree.get(*at).has_own_text);
        let own = Some(link).filter(|link| tree.get(*link).has_own_text);
        own.into_iter().chain(inside()).find(is_line)
    };
    let near = |at: &u32| tree.get(items[0]).text.0.saturating_sub(tree.get(*at).text.1) <= 8 * MOST_BETWEEN;
    let mut near_links =
        (0..items[0]).rev().take_while(near).filter(|at| !tree.get(*at).is_chrome && is_new(at));
    let (headline, link) = near_links.find_map(|link| Some((told(link)?, link)))?;
    let holds_first = |at: &u32| tree.holds(*at, items[0]);
    let part = std::iter::once(link).chain(tree.around(link)).take_while(|at| !holds_first(at)).last()?;
    // A heading between them begins another part of the page.
    let mut between = tree.get(link).end..items[0];
    let is_beside = tree.get(items[0]).text.0.saturating_sub(tree.get(part).text.1) <= MOST_BETWEEN
        && tree.links_between(tree.get(part).end, items[0]) <= 1
        && !between.any(|at| matches!(tree.get(at).tag, "h1" | "h2" | "h3"))
        && kin.links(part).len() == 1;
    is_beside.then_some((headline, link))
}

/// The one heading above the last link before the entries that only says that there is more, and that link.
fn more(texts: &Texts<'_, '_>, kin: &Kin<'_, '_>, is_new: &dyn Fn(&u32) -> bool) -> Option<(u32, u32)> {
    const LEVELS: usize = 4;
    let (tree, first) = (texts.tree, kin.items[0]);
    let link = (0..first).rev().find(|at| texts.of(*at).is_more && !tree.get(*at).is_chrome && is_new(at))?;
    let parts = tree.around(link).take(LEVELS).take_while(|part| !tree.holds(*part, first));
    parts.into_iter().find_map(|part| {
        let is_heading = |at: &u32| matches!(tree.get(*at).tag, "h1" | "h2" | "h3" | "h4");
        let mut headings = (part + 1..link).filter(is_heading);
        headings.next().filter(|_| headings.next().is_none()).map(|heading| (heading, link))
    })
}

/// What the addresses of a listing's entries have in common.
struct Kin<'l, 'a> {
    tree: &'l Tree<'a>,
    items: &'l [u32],
    /// The part of the site that they are in; `None`: they are in several.
    section: Option<&'a str>,
    /// Whether most end in words.
    are_stories: bool,
}

impl<'l, 'a> Kin<'l, 'a> {
    fn of(tree: &'l Tree<'a>, items: &'l [u32]) -> Self {
        let own: Vec<&'a str> = items.iter().filter_map(|item| score::address(tree, *item)).collect();
        let section = own.get(own.len() / 2).map(|to| score::section(to));
        let alike = own.iter().filter(|to| Some(score::section(to)) == section).count();
        let stories = own.iter().filter(|to| is_story(to)).count();
        Self {
            tree,
            items,
            section: section.filter(|_| alike * 5 >= own.len() * 4),
            are_stories: stories * 2 > own.len(),
        }
    }

    /// Whether an address is their like: built so, in their part of the site, and a story where they are.
    fn has(&self, to: &str) -> bool {
        self.section.is_none_or(|section| score::section(to) == section)
            && (is_story(to) || !self.are_stories)
            && score::is_shaped_alike(self.tree, self.items, to)
    }

    /// Where an element links, of the addresses that are their like.
    fn links(&self, at: u32) -> FxHashSet<&'a str> {
        let all = (at..self.tree.get(at).end).filter_map(|at| self.tree.get(at).href);
        let around = self.tree.link_around(at, 1).and_then(|at| self.tree.get(at).href);
        all.chain(around).filter(|to| self.has(to)).collect()
    }
}

/// Whether an address ends in words, as that of a story does and that of a form does not.
fn is_story(to: &str) -> bool {
    let last = to.trim_end_matches('/').rsplit('/').next().unwrap_or(to);
    names::words(last).nth(2).is_some()
}

/// The first element of a part that is a date and little else.
fn dated(texts: &Texts<'_, '_>, part: u32) -> Option<u32> {
    const LONGEST: u32 = 60;
    const LEAST: f64 = 0.35;
    let tree = texts.tree;
    let is_dated = |at: &u32| {
        let is_line = || tree.get(*at).has_own_text && tree.text_bytes(*at) <= LONGEST;
        let says = |least: f64| texts.of(*at).date.is_some_and(|date| date.share >= least);
        tree.get(*at).attributes.has_datetime || says(0.5) || is_line() && says(LEAST)
    };
    (part..tree.get(part).end).find(is_dated)
}

/// Whether an element is called by what is paid for, asks for something or warns.
fn advertises(tree: &Tree<'_>, at: u32) -> bool {
    const WORDS: &[&str] = &[
        "ad",
        "ads",
        "advert",
        "advertisement",
        "alert",
        "banner",
        "promo",
        "promotion",
        "sponsored",
        "newsletter",
        "subscribe",
    ];
    let element = tree.get(at);
    let mut names = element.node.value().classes().chain(element.id);
    names.any(|name| names::words(name).any(|word| WORDS.contains(&word.as_str())))
}

/// The class or id by which an element is told from all others, its own rather than that of what it stands in; `None`: it
/// has none.
fn by_class(tree: &Tree<'_>, at: u32) -> Option<String> {
    let own = compound::simples(tree, at).into_iter();
    let own =
        own.filter(|simple| !matches!(simple, Simple::Tag(_)) && compound::matching(tree, simple) == [at]);
    let cost = |simple: &Simple<'_>| compound::cost(tree, simple, &[at]);
    if let Some(own) = own.min_by(|a, b| cost(a).total_cmp(&cost(b))) {
        return Some(compound::write(&own));
    }
    let found = selector::of_entries(tree, &[at], &|_| false)?;
    (found.fit >= selector::EXACT && found.text.contains(['.', '#'])).then_some(found.text)
}

/// The selector of an element in a part; `None`: none gives it, or it is the part itself.
fn told(tree: &Tree<'_>, part: u32, at: u32) -> Option<String> {
    if part == at {
        return Some("*".to_owned());
    }
    let cells = [Cell { item: part, at: Some(at) }];
    let found = inside::of_field(tree, &cells, &|other| other == at || tree.text_bytes(other) > 0)?;
    (found.fit >= selector::EXACT).then_some(found.text)
}
