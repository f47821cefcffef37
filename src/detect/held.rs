//! Held: what stands in elements → what tells them from others that are called alike. Pure.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    compound::{Simple, cost},
    tree::Tree,
};

/// What holds a class that stands in nearly all of these elements.
pub fn classes<'a>(tree: &Tree<'a>, items: &[u32]) -> Vec<(Simple<'a>, f64)> {
    const MOST: usize = 6;
    const MAX_INSIDE: u32 = 60;
    let Some(tag) = tree.common_tag(items) else { return Vec::new() };
    let inside: Vec<u32> =
        items.iter().flat_map(|at| at + 1..tree.get(*at).end.min(at + MAX_INSIDE)).collect();
    let mut counts: FxHashMap<&'a str, usize> = FxHashMap::default();
    for item in items {
        let inside = item + 1..tree.get(*item).end.min(item + MAX_INSIDE);
        let own: FxHashSet<&'a str> =
            inside.flat_map(|at| tree.get(at).classes.iter().map(|(class, _)| *class)).collect();
        for class in own.into_iter().filter(|class| tree.can_name(class)) {
            *counts.entry(class).or_default() += 1;
        }
    }
    let common = counts.into_iter().filter(|(_, count)| *count * 20 >= items.len() * 19);
    let mut held: Vec<(Simple<'a>, f64)> = common
        .map(|(class, _)| Simple::HasClass(tag, class))
        .map(|simple| (simple.clone(), cost(tree, &simple, &inside)))
        .collect();
    held.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    held.truncate(MOST);
    held
}

/// What has as many cells as a row; `None`: it is no row.
pub fn cells<'a>(tree: &Tree<'a>, row: u32) -> Option<Simple<'a>> {
    const FEWEST: usize = 2;
    let (tag, count) = (tree.get(row).tag, tree.children(row).count());
    let cell = if tag == "tr" { "td" } else { "div" };
    let is_row = tag == "tr" || tag == "div" && tree.children(row).all(|child| tree.get(child).tag == cell);
    (is_row && count >= FEWEST).then(|| Simple::Cells(tag, cell, u16::try_from(count).unwrap_or(u16::MAX)))
}

/// What has a link where these elements have theirs: in a cell of their row, at the end of a way of tags.
pub fn links<'a>(tree: &Tree<'a>, items: &[u32]) -> Vec<(Simple<'a>, f64)> {
    const LOOKED_AT: usize = 3;
    const FARTHEST: usize = 4;
    let Some(tag) = tree.common_tag(items) else { return Vec::new() };
    let mut held: Vec<Simple<'a>> = Vec::new();
    for item in items.iter().take(LOOKED_AT) {
        for link in (item + 1..tree.get(*item).end).filter(|at| tree.get(*at).tag == "a") {
            let mut way: Vec<u32> =
                std::iter::once(link).chain(tree.around(link)).take_while(|at| at > item).collect();
            way.reverse();
            let cell = tree.get(way[0]);
            let tags: Vec<&str> = way.iter().map(|at| tree.get(*at).tag).collect();
            let linked = (tag == "tr" && way.len() > 1).then_some(Simple::Linked(tag, cell.tag, cell.place));
            let by_way = (tags.len() <= FARTHEST).then_some(Simple::Way(tag, tags));
            held.extend(linked.into_iter().chain(by_way));
        }
    }
    held.sort();
    held.dedup();
    held.into_iter().map(|simple| (simple.clone(), cost(tree, &simple, items))).collect()
}
