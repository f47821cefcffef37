//! Inside: the element that is meant in each entry → the selector a careful person would write for them. Pure.
//!
//! A class is better than a tag, and one that only this element of an entry has better than the first of several.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    compound::{Simple, cost, is, simples},
    selector::{Chain, Found, Joint, common, is_in, written},
    tree::Tree,
};

/// Differences of fit below this are not worth a longer selector for a field.
const SAME_FIT: f64 = 0.004;

/// What one entry should give for a field.
pub struct Cell {
    /// The entry's element.
    pub item: u32,
    /// The element that is meant; `None`: the entry has none.
    pub at: Option<u32>,
}

/// The selector that gives, as its first match inside each entry, the element that is meant.
///
/// `is_taken` says whether a match counts: one without text is passed over.
pub fn of_field(tree: &Tree<'_>, cells: &[Cell], is_taken: &dyn Fn(u32) -> bool) -> Option<Found> {
    let meant: Vec<u32> = cells.iter().filter_map(|cell| cell.at).collect();
    if meant.is_empty() {
        return None;
    }
    let mut chains: Vec<Chain<'_>> = Vec::new();
    let mut leaves = field_leaves(tree, &meant);
    for (leaf, cost) in &mut leaves {
        *cost += of_several(tree, leaf, &cells[0]);
    }
    let outers = field_outers(tree, cells);
    for (leaf, cost) in &leaves {
        chains.push(Chain { leaf: leaf.clone(), outer: Vec::new(), cost: *cost });
        for (outer, outer_cost) in &outers {
            for joint in [Joint::Inside, Joint::Child] {
                let cost = cost + outer_cost + if joint == Joint::Child { 0.05 } else { 0.0 };
                chains.push(Chain { leaf: leaf.clone(), outer: vec![(joint, outer.clone())], cost });
            }
        }
    }
    chains.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    chains.truncate(160);
    let mut best: Option<(f64, Chain<'_>)> = None;
    for chain in chains {
        let fit = field_fit(tree, &chain, cells, is_taken);
        if best.as_ref().is_none_or(|(known, _)| fit > known + SAME_FIT) {
            best = Some((fit, chain));
        }
        if best.as_ref().is_some_and(|(fit, _)| *fit > 0.999) {
            break;
        }
    }
    best.map(|(fit, chain)| Found { text: written(&chain), fit })
}

/// What it costs that a class is not that of one element of an entry alone: it says what the entry's fields are.
fn of_several(tree: &Tree<'_>, leaf: &Simple<'_>, cell: &Cell) -> f64 {
    let is_class = matches!(leaf, Simple::Class(_) | Simple::TagClass(..));
    let inside = || (cell.item + 1..tree.get(cell.item).end).filter(|at| is(tree, *at, leaf));
    if is_class && inside().nth(1).is_some() { 0.3 } else { 0.0 }
}

fn field_fit(tree: &Tree<'_>, chain: &Chain<'_>, cells: &[Cell], is_taken: &dyn Fn(u32) -> bool) -> f64 {
    let right = cells.iter().filter(|cell| {
        let end = tree.get(cell.item).end;
        let mut inside = cell.item + 1..end;
        let first =
            inside.find(|at| is(tree, *at, &chain.leaf) && is_in(tree, *at, &chain.outer) && is_taken(*at));
        match (first, cell.at) {
            (Some(first), Some(meant)) => first == meant || tree.get(first).text == tree.get(meant).text,
            (None, None) => true,
            _ => false,
        }
    });
    right.count() as f64 / cells.len() as f64
}

fn field_leaves<'a>(tree: &Tree<'a>, meant: &[u32]) -> Vec<(Simple<'a>, f64)> {
    let mut leaves = common(tree, meant, 0.6);
    leaves.extend(saying_the_same(tree, meant));
    leaves.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    leaves.retain(|(simple, _)| !matches!(simple, Simple::Id(_)));
    leaves.truncate(10);
    let first = tree.get(meant[0]);
    let same =
        meant.iter().filter(|at| tree.get(**at).place == first.place && tree.get(**at).tag == first.tag);
    if same.count() as f64 >= 0.6 * meant.len() as f64 {
        let place = Simple::Place(first.tag, first.place);
        let cost = cost(tree, &place, meant);
        leaves.push((place, cost));
    }
    leaves
}

/// What elements around these, that say the same, are called: `.field-date` is one, with a bare `span` in it.
fn saying_the_same<'a>(tree: &Tree<'a>, meant: &[u32]) -> Vec<(Simple<'a>, f64)> {
    const FARTHEST: usize = 2;
    const MORE: f64 = 0.15;
    let says = |at: u32| tree.get(at).text;
    let around = meant
        .iter()
        .filter(|at| tree.text_bytes(**at) > 0)
        .flat_map(|at| tree.around(*at).take(FARTHEST).take_while(move |around| says(*around) == says(*at)));
    let around: Vec<u32> = around.collect();
    let share = 0.6 * meant.len() as f64 / around.len().max(1) as f64;
    let named = common(tree, &around, share).into_iter();
    named
        .filter(|(simple, _)| !matches!(simple, Simple::Tag(_)))
        .map(|(simple, cost)| (simple, cost + MORE))
        .collect()
}

/// What stands around the elements that are meant, inside their entries, with their places in a row of cells.
fn field_outers<'a>(tree: &Tree<'a>, cells: &[Cell]) -> Vec<(Simple<'a>, f64)> {
    let mut counts: FxHashMap<Simple<'a>, (usize, usize, u32)> = FxHashMap::default();
    let mut count = 0_usize;
    for cell in cells {
        let Some(at) = cell.at else { continue };
        count += 1;
        let mut own: FxHashSet<Simple<'a>> = FxHashSet::default();
        let inside = tree.around(at).take_while(|around| *around > cell.item);
        for (level, around) in inside.take(6).enumerate() {
            let element = tree.get(around);
            let place = matches!(element.tag, "tr" | "td" | "th" | "div" | "span" | "p" | "li" | "dd")
                .then_some(Simple::Place(element.tag, element.place));
            for simple in simples(tree, around).into_iter().chain(place) {
                if !matches!(simple, Simple::Id(_)) && own.insert(simple.clone()) {
                    counts.entry(simple).or_insert((0, level, around)).0 += 1;
                }
            }
        }
    }
    let least = count as f64 * 0.6;
    let mut outers: Vec<(Simple<'a>, f64)> = counts
        .into_iter()
        .filter(|(_, (count, ..))| *count as f64 >= least)
        .map(|(simple, (_, level, at))| {
            let cost = cost(tree, &simple, &[at]) * 0.9 + 0.15 + 0.05 * level as f64;
            (simple, cost)
        })
        .collect();
    outers.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    outers.truncate(24);
    outers
}
