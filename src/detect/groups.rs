//! Groups: a page → sets of elements that may be the entries of a listing, the likeliest first. Pure.
//!
//! A record is repeated markup: elements of one path, of one class, or side by side. Every such set is a candidate;
//! what it is worth is `score`'s to say, this file only leaves out what cannot be one.

use std::ops::RangeInclusive;

use rustc_hash::{FxHashMap, FxHashSet};

use super::tree::{Tree, digest, mix};

/// Elements that may be the entries of a listing, in document order, none inside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The elements.
    pub items: Vec<u32>,
}

/// The most groups that are looked at closely.
pub const LOOKED_AT: usize = 48;

/// Elements of which fewer link are no entries.
const LEAST_LINKED: f64 = 0.3;

/// The longest listing: a year of court opinions has hundreds of rows.
const MAX_ITEMS: usize = 3000;

/// The groups of a page worth a closer look.
pub fn groups(tree: &Tree<'_>, most: usize) -> Vec<Group> {
    let mut buckets: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
    for (at, element) in tree.all().zip(&tree.elements) {
        if is_never_entry(element.tag) || (tree.text_bytes(at) < 4 && tree.links_in(at) == 0) {
            continue;
        }
        let tag = element.by_tag;
        let around = tree.parent(at).map(|parent| tree.get(parent));
        let mut add = |kind: u64, key: u64| buckets.entry(mix(kind, key)).or_default().push(at);
        add(1, element.path);
        add(2, element.tags);
        add(3, mix(around.map_or(0, |around| around.path), tag));
        add(5, mix(u64::from(element.parent), tag));
        for (class, _) in &element.classes {
            add(4, mix(tag, digest(class)));
        }
        if let Some(kind) = element.attributes.itemtype {
            add(6, digest(kind));
        }
        if element.tag == "article" {
            add(7, 0);
        }
        if element.tag == "tr" {
            // The row that names the columns, and the one with the further pages, have others.
            add(
                8,
                mix(
                    element.path,
                    tree.children(at).filter(|cell| tree.get(*cell).tag == "td").count() as u64,
                ),
            );
        }
    }
    let few = buckets.values().filter_map(|items| few_linked(tree, items));
    let few: Vec<(u64, Vec<u32>)> = few.map(|linked| (signature(&linked), linked)).collect();
    buckets.extend(few);
    likeliest(tree, (buckets, most), 2..=MAX_ITEMS, worth)
}

/// Of rows of which few link anywhere those that do: cases of which some are decided, days of which some have an
/// agenda. `None`: most do, and the others are entries without a link, or hardly any does.
fn few_linked(tree: &Tree<'_>, items: &[u32]) -> Option<Vec<u32>> {
    if items.iter().any(|at| tree.get(*at).tag != "tr") {
        return None;
    }
    let is_few = |linked: &Vec<u32>| (linked.len() as f64) < LEAST_LINKED * items.len() as f64;
    linked(tree, items, MAX_ITEMS).filter(is_few)
}

/// Of elements, at the most so many, those that link somewhere. `None`: there are few in all, or hardly any does.
pub fn linked(tree: &Tree<'_>, items: &[u32], most: usize) -> Option<Vec<u32>> {
    const FEWEST: usize = 5;
    if !(2 * FEWEST..=most).contains(&items.len()) {
        return None;
    }
    let linked: Vec<u32> = items.iter().copied().filter(|at| tree.links_in(*at) > 0).collect();
    (linked.len() >= FEWEST).then_some(linked)
}

/// Of sets of elements, in document order, the `most` that are worth most, each once and without what is inside another
/// of its elements. `sizes` says how many elements one may have.
pub fn likeliest(
    tree: &Tree<'_>,
    (buckets, most): (FxHashMap<u64, Vec<u32>>, usize),
    sizes: RangeInclusive<usize>,
    worth: impl Fn(&Tree<'_>, &[u32]) -> Option<f64>,
) -> Vec<Group> {
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    let mut found: Vec<(f64, Group)> = Vec::new();
    for mut items in buckets.into_values() {
        if !sizes.contains(&items.len()) {
            continue;
        }
        outermost(tree, &mut items);
        if items.len() < *sizes.start() || !seen.insert(signature(&items)) {
            continue;
        }
        if let Some(worth) = worth(tree, &items) {
            found.push((worth, Group { items }));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.items.cmp(&b.1.items)));
    found.truncate(most);
    found.into_iter().map(|(_, group)| group).collect()
}

/// Leaves out what is inside another of the same set.
fn outermost(tree: &Tree<'_>, items: &mut Vec<u32>) {
    let mut end = 0;
    items.retain(|at| {
        let is_outer = *at >= end;
        if is_outer {
            end = tree.get(*at).end;
        }
        is_outer
    });
}

/// A digest of a set of elements.
pub fn signature(items: &[u32]) -> u64 {
    items.iter().fold(items.len() as u64, |sum, at| mix(sum, u64::from(*at)))
}

/// A first guess at what a group is worth; `None`: too few of its elements link anywhere, and they are neither a calendar
/// nor told in place.
fn worth(tree: &Tree<'_>, items: &[u32]) -> Option<f64> {
    let count = items.len() as f64;
    let linked =
        items.iter().filter(|at| tree.links_in(**at) > 0 || tree.link_around(**at, 3).is_some()).count()
            as f64
            / count;
    if linked < LEAST_LINKED && !may_be_calendar(tree, items) && !may_be_told(tree, items) {
        return None;
    }
    let bytes: f64 = items.iter().map(|at| f64::from(tree.text_bytes(*at))).sum();
    let share = bytes / (tree.all_text_bytes().max(1) as f64);
    let chrome = items.iter().filter(|at| tree.get(**at).is_chrome).count() as f64 / count;
    let menu = items.iter().filter(|at| tree.get(**at).is_menu).count() as f64 / count;
    let length = (bytes / count / 60.0).min(1.0);
    let tag = match tree.get(items[0]).tag {
        "article" => 0.8,
        "tr" => 0.6,
        "li" | "div" | "section" => 0.1,
        "td" | "th" | "span" | "font" => -0.5,
        _ => 0.0,
    };
    Some(
        tag + (count.ln() / 20_f64.ln()).min(1.5) + linked + 2.0 * share.sqrt() + length
            - 1.5 * chrome
            - 2.0 * menu,
    )
}

/// Whether elements that link nowhere may be the rows of a calendar: short, and with figures in nearly each.
fn may_be_calendar(tree: &Tree<'_>, items: &[u32]) -> bool {
    const FEWEST: usize = 5;
    const LONGEST: u32 = 300;
    const MOST: f64 = 0.8;
    let has_figures = |at: u32| {
        (6..=LONGEST).contains(&tree.text_bytes(at))
            && tree.text(at).bytes().any(|byte| byte.is_ascii_digit())
    };
    let is_row = items.len() >= FEWEST && matches!(tree.get(items[0]).tag, "tr" | "li" | "p" | "div" | "dd");
    is_row && items.iter().filter(|at| has_figures(**at)).count() as f64 >= MOST * items.len() as f64
}

/// Whether elements that link nowhere may be stories told in place: nearly each with one heading, and figures below it; or
/// with one date for machines, and text beside it.
fn may_be_told(tree: &Tree<'_>, items: &[u32]) -> bool {
    const FEWEST: usize = 4;
    const MOST: f64 = 0.8;
    /// More text than that of the date.
    const LEAST_BYTES: u32 = 20;
    let is_stamped = |at: &u32| {
        let mut stamps =
            (at + 1..tree.get(*at).end).filter(|inside| tree.get(*inside).attributes.has_datetime);
        let is_said = |stamp: u32| tree.text_bytes(*at) > tree.text_bytes(stamp) + LEAST_BYTES;
        stamps.next().is_some_and(is_said) && stamps.next().is_none()
    };
    let is_heading = |at: &u32| matches!(tree.get(*at).tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
    let is_told = |at: u32| {
        let mut headings = (at + 1..tree.get(at).end).filter(is_heading);
        let heading = headings.next().filter(|_| headings.next().is_none());
        heading.is_some_and(|heading| {
            let has_figures = |at: u32| tree.text(at).bytes().any(|byte| byte.is_ascii_digit());
            has_figures(at) && !has_figures(heading) && tree.text_bytes(at) > tree.text_bytes(heading)
        })
    };
    items.len() >= FEWEST
        && items.iter().filter(|at| is_told(**at) || is_stamped(at)).count() as f64
            >= MOST * items.len() as f64
}

fn is_never_entry(tag: &str) -> bool {
    matches!(
        tag,
        "html"
            | "body"
            | "tbody"
            | "thead"
            | "tfoot"
            | "img"
            | "form"
            | "br"
            | "hr"
            | "input"
            | "time"
            | "label"
            | "main"
            | "nav"
            | "source"
            | "picture"
            | "title"
    )
}
