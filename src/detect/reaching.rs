//! Reaching: a page → elements that may each begin a record that goes on up to the next. Pure.
//!
//! A `<dt>` and its `<dd>`, a heading and the paragraphs below it, three rows of a table: no element is the record, so no
//! group of elements is the listing. What could begin one is told by its place only; what the records are worth is
//! `score`'s to say once they are wrapped (`extract::reach`).

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    columns::Column,
    facts::Texts,
    groups::{Group, likeliest, linked, signature},
    score::Scored,
    tree::{Tree, digest, mix},
};
use crate::extract::reach::rank;

/// The most sets of heads that are tried: each costs a copy of the page.
const TRIED: usize = 3;

/// As many rows as are read of a page.
const MAX_HEADS: usize = crate::extract::MAX_ROWS;

/// Less text than this after a head is a mark between records, not a part of one.
const LEAST_TAIL_BYTES: u32 = 8;

/// What a record that is no element is worth less than one that is.
const LESS: f64 = 0.3;

/// What records that begin with these elements are worth less than elements that are records: nothing where a list says
/// that two elements are one, and the first has the link.
pub fn less(tree: &Tree<'_>, heads: &[u32]) -> f64 {
    let is_pair = |at: &&u32| tree.get(**at).tag == "dt" && tree.links_in(**at) > 0;
    if heads.iter().filter(is_pair).count() * 10 >= heads.len() * 9 { -0.1 } else { LESS }
}

/// Sets of elements that may begin the records of a listing, the likeliest first.
pub fn heads(tree: &Tree<'_>) -> Vec<Group> {
    let mut buckets: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
    for (at, element) in tree.all().zip(&tree.elements) {
        if !may_begin(element.tag) || element.is_chrome || tree.text_bytes(at) < 4 {
            continue;
        }
        buckets.entry(mix(1, element.path)).or_default().push(at);
        if matches!(element.tag, "tr" | "p" | "div" | "li") {
            buckets.entry(mix(2, kind(tree, at))).or_default().push(at);
        }
        // Where the head of a record links nowhere, rows in the midst of some may be built like it.
        if let Some(named) = cells_named(tree, at).filter(|_| tree.links_in(at) == 0) {
            buckets.entry(mix(5, named)).or_default().push(at);
        }
        // Of links in one text those that a date may follow: files in a list of them, not the ways to sort it.
        if is_inline(element.tag) && text_after(tree, at).bytes().any(|byte| byte.is_ascii_digit()) {
            buckets.entry(mix(6, element.path)).or_default().push(at);
        }
        for (class, _) in &element.classes {
            buckets.entry(mix(mix(4, element.by_tag), digest(class))).or_default().push(at);
        }
    }
    let few = buckets.values().filter_map(|heads| few_linked(tree, heads));
    let few: FxHashMap<u64, Vec<u32>> = few.map(|linked| (signature(&linked), linked)).collect();
    let found = likeliest(tree, (buckets, TRIED), 3..=MAX_HEADS, worth);
    if found.is_empty() { likeliest(tree, (few, 1), 3..=MAX_HEADS, worth) } else { found }
}

/// A digest of a row's way and of what its cells, and what is in them directly, are called; `None`: it is no row, or
/// nothing in it is called anything.
fn cells_named(tree: &Tree<'_>, at: u32) -> Option<u64> {
    if tree.get(at).tag != "tr" {
        return None;
    }
    let parts = tree.children(at).flat_map(|cell| std::iter::once(cell).chain(tree.children(cell)));
    let names = parts.flat_map(|part| &tree.get(part).classes);
    names.map(|(class, _)| digest(class)).reduce(mix).map(|names| mix(tree.get(at).path, names))
}

/// Of heads of which few link anywhere those that do: cases of which some are decided. `None`: most do, or hardly any.
fn few_linked(tree: &Tree<'_>, heads: &[u32]) -> Option<Vec<u32>> {
    linked(tree, heads, MAX_HEADS).filter(|linked| linked.len() * 5 < heads.len() * 3)
}

/// The elements of each record: from its head to the next, or to the end of what is around both.
pub fn reaches(tree: &Tree<'_>, heads: &[u32]) -> Vec<(u32, u32)> {
    let mut reaches = Vec::with_capacity(heads.len());
    for (number, head) in heads.iter().enumerate() {
        let end = tree.parent(*head).map_or(u32::MAX, |parent| tree.get(parent).end);
        reaches.push((*head, heads.get(number + 1).map_or(end, |next| end.min(*next))));
    }
    reaches
}

/// Whether records that reach say no more than a group of elements does: its elements are the records inside them, or
/// they are the same records, and whole.
pub fn is_needless(texts: &Texts<'_, '_>, reaching: &Scored, reaches: &[(u32, u32)], group: &Scored) -> bool {
    let tree = texts.tree;
    let items = &group.group.items;
    let mut counts = vec![0_usize; reaches.len()];
    for at in items {
        let before = reaches.partition_point(|(start, _)| start <= at).checked_sub(1);
        if let Some(number) = before.filter(|number| *at < reaches[*number].1) {
            counts[number] += 1;
        }
    }
    let inside: usize = counts.iter().sum();
    if inside * 2 < items.len() {
        // Another part of the page, or what is around the records.
        let holds = |item: &u32| reaches.iter().any(|(head, _)| *item < *head && tree.holds(*item, *head));
        return items.iter().any(holds) && group.score >= reaching.score;
    }
    let several = counts.iter().filter(|count| **count >= 2).count();
    // Below one day of three stands more than one entry: enough, as no record begins with a day alone.
    let are_days = || {
        let days = reaches.iter().filter(|(head, _)| texts.of(*head).is_date()).count();
        several >= 2 && days * 10 >= reaches.len() * 9 && !is_inline(tree.get(items[0]).tag)
    };
    let are_several = inside * 5 >= reaches.len() * 7 && several * 5 >= reaches.len() * 2;
    let are_records = (are_several || are_days())
        && group.features.headline >= 0.6 * reaching.features.headline
        && group.features.links >= 0.6 * reaching.features.links
        && group.score >= reaching.score - 2.0;
    are_records || group.score >= reaching.score
}

/// Whether records that reach are sections of records: again and again the same place in them holds a link with words or
/// a date of its own. A record of several rows has as many cells: there two of one kind say it.
pub fn are_sections(reaching: &Scored) -> bool {
    const AGAIN: u8 = 2;
    let is_again = |column: &&Column| {
        column.way.1 >= AGAIN
            && column.coverage >= 0.5
            && column.linked * column.distinct_links >= 0.5
            && (column.words >= 4.0 || column.dated >= 0.3)
    };
    let (cells, others): (Vec<&Column>, Vec<&Column>) =
        reaching.fields.columns.iter().filter(is_again).partition(|column| column.is_cell);
    let mut ways: FxHashSet<u64> = FxHashSet::default();
    !others.is_empty() || cells.iter().any(|cell| !ways.insert(cell.way.0))
}

/// A first guess at what records that begin with these elements are worth; `None`: they begin none.
fn worth(tree: &Tree<'_>, heads: &[u32]) -> Option<f64> {
    let tag = tree.get(heads[0]).tag;
    let parents: FxHashSet<u32> = heads.iter().map(|at| tree.get(*at).parent).collect();
    let count = heads.len() as f64;
    let least = if is_inline(tag) { 3.0 } else { 1.5 };
    if count < least * parents.len() as f64 {
        return None;
    }
    let reaches = reaches(tree, heads);
    let tails: Vec<u32> = reaches.iter().map(|(head, end)| tail_bytes(tree, *head, *end)).collect();
    let is_long = |number: usize| tails[number] >= LEAST_TAIL_BYTES;
    let long = (0..heads.len()).filter(|number| is_long(*number)).count() as f64;
    let lasts: Vec<usize> = (0..heads.len())
        .filter(|n| heads.get(n + 1).is_none_or(|next| tree.get(*next).parent != tree.get(heads[*n]).parent))
        .collect();
    let long_lasts = lasts.iter().filter(|number| is_long(**number)).count();
    if long < 0.8 * count || long_lasts * 10 < lasts.len() * 7 {
        return None;
    }
    let linked = reaches.iter().filter(|(head, end)| tree.links_between(*head, *end) > 0).count() as f64;
    if linked < 0.6 * count || !is_a_beginning(tree, heads, &reaches) {
        return None;
    }
    let bytes: f64 = heads.iter().zip(&tails).map(|(at, tail)| f64::from(tree.text_bytes(*at) + tail)).sum();
    let share = (bytes / (tree.all_text_bytes().max(1) as f64)).min(1.0);
    let by_tag = match tag {
        "dt" | "h2" | "h3" | "h4" | "h5" => 0.6,
        "tr" => 0.3,
        _ => 0.0,
    };
    Some(by_tag + (count.ln() / 20_f64.ln()).min(1.5) + linked / count + 3.0 * share.sqrt())
}

/// Whether records begin with these elements: nothing of what follows them stands before the first, and what follows
/// them is not their like.
fn is_a_beginning(tree: &Tree<'_>, heads: &[u32], reaches: &[(u32, u32)]) -> bool {
    let tag = tree.get(heads[0]).tag;
    let mut kinds: FxHashMap<u64, usize> = FxHashMap::default();
    let mut alike = 0_usize;
    for (head, end) in reaches {
        let mut own: FxHashSet<u64> = FxHashSet::default();
        let next = tree.get(*head).end;
        alike += usize::from(next < *end && is_like(tree, *head, next));
        for at in siblings(tree, next, *end) {
            for told in kinds_of(tree, at) {
                if own.insert(told) {
                    *kinds.entry(told).or_default() += 1;
                }
            }
        }
    }
    if alike * 10 >= heads.len() * 3 {
        return false;
    }
    if tag == "dt" || rank(tag).is_some() {
        return true;
    }
    // What most records have, and the last has not, but stands before the first: the heads are in the middle of theirs.
    let Some((parent, (last, end))) = tree.parent(heads[0]).zip(reaches.last()) else { return false };
    let longest = reaches[..reaches.len() - 1].iter().map(|(head, end)| siblings(tree, *head, *end).len());
    let longest = longest.max().unwrap_or(1);
    let kinds_in = |from: u32, end: u32| -> FxHashSet<u64> {
        // A mark such as a bullet is no part of a record.
        let is_told = |at: &u32| tree.text(*at).contains(char::is_alphanumeric) || tree.links_in(*at) > 0;
        let told = siblings(tree, from, end).into_iter().take(longest).filter(is_told);
        told.flat_map(|at| kinds_of(tree, at)).collect()
    };
    let (before, at_last) = (kinds_in(parent + 1, heads[0]), kinds_in(tree.get(*last).end, *end));
    let is_common = |kind: &u64| kinds.get(kind).is_some_and(|count| *count * 2 >= heads.len());
    !before.iter().any(|kind| is_common(kind) && !at_last.contains(kind))
}

/// Elements side by side, from one on.
fn siblings(tree: &Tree<'_>, from: u32, end: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut at = from;
    while at < end && found.len() < 60 {
        found.push(at);
        at = tree.get(at).end;
    }
    found
}

/// Whether two elements are built alike, of parts that are called alike: rows that only differ in colour.
fn is_like(tree: &Tree<'_>, a: u32, b: u32) -> bool {
    let names = |at: u32| {
        let classes = tree.children(at).flat_map(|part| &tree.get(part).classes);
        classes.fold(0, |sum, (class, _)| mix(sum, digest(class)))
    };
    tree.get(a).tag == tree.get(b).tag && build(tree, a) == build(tree, b) && names(a) == names(b)
}

/// A digest of an element's way and of how it is built.
fn kind(tree: &Tree<'_>, at: u32) -> u64 {
    mix(tree.get(at).path, build(tree, at))
}

/// The same, and where it is a row also by what is in it.
fn kinds_of(tree: &Tree<'_>, at: u32) -> impl Iterator<Item = u64> {
    std::iter::once(kind(tree, at)).chain(cells_named(tree, at))
}

/// A digest of the tags in an element, and of whether it links.
pub fn build(tree: &Tree<'_>, at: u32) -> u64 {
    let children = siblings(tree, at + 1, tree.get(at).end);
    let links = u64::from(tree.links_in(at) > 0);
    children.iter().fold(links, |sum, child| mix(sum, tree.get(*child).by_tag))
}

/// The text from the end of an element to the next, or to the end of what is around it.
fn text_after<'t>(tree: &'t Tree<'_>, at: u32) -> &'t str {
    let end = tree.get(at).text.1;
    tree.text_of(end..end + tail_bytes(tree, at, tree.get(at).end))
}

/// The text between the end of a head and the end of its record.
fn tail_bytes(tree: &Tree<'_>, head: u32, end: u32) -> u32 {
    let around = tree.parent(head).map_or(0, |parent| tree.get(parent).text.1);
    let until = tree.elements.get(end as usize).map_or(around, |next| next.text.0.min(around));
    until.saturating_sub(tree.get(head).text.1)
}

fn may_begin(tag: &str) -> bool {
    matches!(tag, "dt" | "tr" | "p" | "div" | "li" | "header") || is_inline(tag) || rank(tag).is_some()
}

fn is_inline(tag: &str) -> bool {
    matches!(tag, "a" | "b" | "strong" | "span" | "font" | "em" | "i" | "u")
}

#[cfg(test)]
mod tests {
    use scraper::Html;
    use url::Url;

    use super::*;

    /// The texts of the heads in each set.
    fn heads_of(html: &str) -> Vec<Vec<String>> {
        let html = Html::parse_document(html);
        let base = Url::parse("https://example.org/").unwrap();
        let tree = Tree::read(html.root_element(), &base);
        let texts = |group: &Group| group.items.iter().map(|at| tree.text(*at).to_owned()).collect();
        heads(&tree).iter().map(texts).collect()
    }

    #[test]
    fn records_begin_with_their_first_element_and_no_other() {
        let list = [1, 2, 3, 4]
            .map(|n| format!("<dt><a href=/{n}>Notice {n}</a><dd>It is about {n}<dd>5 May"))
            .concat();
        let found = heads_of(&format!("<dl>{list}</dl>"));
        assert_eq!(found, [["Notice 1", "Notice 2", "Notice 3", "Notice 4"]]);
        let rows = [1, 2, 3, 4]
            .map(|n| format!("<tr><td><b>{n}</b><td><a href=/{n}>Case {n}</a><tr><td colspan=2>It was long"))
            .concat();
        let found = heads_of(&format!("<table>{rows}</table>"));
        assert_eq!(found.first().map(|heads| heads[0].as_str()), Some("1 Case 1"), "{found:?}");
    }

    #[test]
    fn rows_of_two_colors_and_cards_begin_nothing() {
        let rows = [1, 2, 3, 4, 5, 6, 7, 8]
            .map(|n| format!("<tr class={}><td><a href=/{n}>Case number {n}</a></tr>", ["alt", "x"][n % 2]))
            .concat();
        assert_eq!(heads_of(&format!("<table>{rows}</table>")), Vec::<Vec<String>>::new());
        let cards = [1, 2, 3, 4]
            .map(|n| format!("<div><h3><a href=/{n}>Title {n}</a></h3><p>What it is about</p></div>"))
            .concat();
        assert_eq!(heads_of(&cards), Vec::<Vec<String>>::new());
    }
}
