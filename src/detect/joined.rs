//! Joined: a listing in several lists that are called otherwise, such as this year's and those of earlier years → all of
//! it. Pure.

use super::{
    evidence::Evidence,
    facts::Texts,
    fields::DatePlace,
    groups::Group,
    score::{Scored, address, is_shaped_alike, scored},
    selector,
};

/// Two lists may say the same in a few places.
const WORSE: f64 = 0.5;

/// How far the days of all of them must go one way: what is read most has no order.
const IN_ORDER: f64 = 0.95;

/// Joins a group with those of the same build whose days go on where its own begin or end, where one selector gives all.
pub fn join(texts: &Texts<'_, '_>, of: Scored, all: &[Scored], evidence: &Evidence) -> Scored {
    let Some(places) = places(&of).filter(|_| of.is_dated()) else { return of };
    let others: Vec<&Scored> = all.iter().filter(|other| self::places(other) == Some(places)).collect();
    // What gives all of them may give no two of them alone.
    if let Some(whole) = wider(texts, &of, &others, evidence) {
        return whole;
    }
    others.iter().fold(of, |joined, other| wider(texts, &joined, &[other], evidence).unwrap_or(joined))
}

/// A group and others as one; `None`: they are several listings, or nothing tells them from the rest of the page.
fn wider(texts: &Texts<'_, '_>, of: &Scored, others: &[&Scored], evidence: &Evidence) -> Option<Scored> {
    let tree = texts.tree;
    let own = &of.group.items;
    let is_alike = |at: &u32| address(tree, *at).is_some_and(|to| is_shaped_alike(tree, own, to));
    let mut lists: Vec<&[u32]> = vec![own];
    for its in others.iter().map(|other| &other.group.items) {
        let is_apart = lists.iter().all(|list| list.last() < its.first() || its.last() < list.first());
        if is_apart && tree.get(own[0]).tag == tree.get(its[0]).tag && its.iter().all(is_alike) {
            lists.push(its);
        }
    }
    if lists.len() == 1 {
        return None;
    }
    let mut items = lists.concat();
    items.sort_unstable();
    let count = items.len();
    let all = scored(texts, Group { items }, evidence)?;
    let is_one = all.is_dated() && all.group.items.len() == count && all.features.monotone >= IN_ORDER;
    let given = || selector::of_entries(tree, &all.group.items, &|_| false);
    let is_wider = is_one && all.score > of.score - WORSE && given()?.fit >= selector::EXACT;
    is_wider.then_some(all)
}

/// Where in an entry its headline and its date stand; `None`: no date has a place.
fn places(of: &Scored) -> Option<[(u64, u8); 2]> {
    let DatePlace::Column(date) = of.fields.date else { return None };
    let columns = &of.fields.columns;
    Some([columns[of.fields.headline].way, columns[date].way])
}
