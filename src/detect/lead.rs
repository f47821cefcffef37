//! Lead: a listing → the one entry before it that is built otherwise: the newest, large and with its picture. Pure.
//!
//! Refuses what is not surely an entry of the listing: it has a heading that links where the entries link, none of them
//! links there, and a date like theirs.

use rustc_hash::FxHashSet;

use super::{
    Proposal,
    facts::Texts,
    score::{self, Scored},
    selector,
    tree::Tree,
};

/// Fewer entries are no listing that something leads.
const FEWEST: usize = 4;

/// So many elements around the heading may be the lead.
const TRIED: usize = 3;

/// The heading of what leads a listing, and what it may be told by, the outermost first; `None`: nothing leads it.
pub fn lead(texts: &Texts<'_, '_>, of: &Scored) -> Option<(u32, Vec<String>)> {
    let tree = texts.tree;
    let items = &of.group.items;
    let is_listing = items.len() >= FEWEST && of.features.dates > 0.7 && of.features.links > 0.9;
    if !is_listing || tree.get(items[0]).is_chrome {
        return None;
    }
    let heading = heading(tree, items)?;
    let is_whole = |at: &u32| !tree.holds(*at, items[0]) && links(tree, *at, items).len() == 1;
    let mut parts: Vec<u32> = tree.around(heading).take_while(is_whole).collect();
    parts.retain(|at| score::holds_date(texts, *at));
    let told = parts.iter().rev().take(TRIED).filter_map(|at| by_class(tree, *at));
    Some((heading, told.collect()))
}

/// The last heading before the entries that links where they do, and where none of them does.
fn heading(tree: &Tree<'_>, items: &[u32]) -> Option<u32> {
    let known: FxHashSet<&str> =
        items.iter().flat_map(|at| *at..tree.get(*at).end).filter_map(|at| tree.get(at).href).collect();
    let is_lead = |at: &u32| {
        let is_heading = matches!(tree.get(*at).tag, "h1" | "h2" | "h3" | "h4") && !tree.get(*at).is_chrome;
        is_heading && {
            let inside = (at + 1..tree.get(*at).end).find_map(|at| tree.get(at).href);
            let to = inside.or_else(|| tree.link_around(*at, 2).and_then(|at| tree.get(at).href));
            to.is_some_and(|to| !known.contains(to) && score::is_shaped_alike(tree, items, to))
        }
    };
    (0..items[0]).rev().find(is_lead)
}

/// Where an element links, of the addresses that are built like the entries'.
fn links<'a>(tree: &Tree<'a>, at: u32, items: &[u32]) -> FxHashSet<&'a str> {
    let all = (at..tree.get(at).end).filter_map(|at| tree.get(at).href);
    let around = tree.link_around(at, 1).and_then(|at| tree.get(at).href);
    all.chain(around).filter(|to| score::is_shaped_alike(tree, items, to)).collect()
}

/// The class or id by which an element is told from all others; `None`: it has none.
fn by_class(tree: &Tree<'_>, at: u32) -> Option<String> {
    let found = selector::of_entries(tree, &[at], &|_| false)?;
    (found.fit >= selector::EXACT && found.text.contains(['.', '#'])).then_some(found.text)
}

/// Whether a proposal has one entry more than another, the first, and that is the one with this headline.
pub fn is_one_more(wider: &Proposal, plain: &Proposal, headline: &str) -> bool {
    let first = wider.reading.sightings.first().map(|sighting| &sighting.entry);
    wider.reading.sightings.len() == plain.reading.sightings.len() + 1
        && first
            .is_some_and(|entry| entry.headline == headline && entry.link.is_some() && entry.moment.is_some())
}
