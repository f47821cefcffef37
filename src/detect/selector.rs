//! Selectors: elements that are meant → the selector a careful person would write for them. Pure.
//!
//! Candidates are tried from the shortest and most lasting on, over the array and not over CSS: hundreds cost less
//! than one selector does on the page. Refuses names that change (`names::Hold::Volatile`), texts, and chains of places.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    compound::{Simple, cost, is, matching, of_tag, simples, write},
    held,
    tree::{Tree, index},
};

/// How two compounds are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// Anywhere in the outer.
    Inside,
    /// Directly in it.
    Child,
}

/// A selector of up to three compounds, the outermost first.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// What the element is.
    pub leaf: Simple<'a>,
    /// Towards the outside.
    pub outer: Vec<(Joint, Simple<'a>)>,
    /// What it costs to rely on it.
    pub cost: f64,
}

/// A selector that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// As a person would write it.
    pub text: String,
    /// How well it gives what is meant, from 0 to 1.
    pub fit: f64,
}

/// From here on a selector gives what is meant and nothing else, however much that is.
pub const EXACT: f64 = 0.999_99;

/// Elements this far out are still named in a selector.
const MAX_LEVELS: usize = 9;

/// The selector that gives these elements of the page, and no others. Elements that `may_be` entries too are not left out
/// at any price: the newest of a listing is often built otherwise.
pub fn of_entries(tree: &Tree<'_>, items: &[u32], may_be: &dyn Fn(u32) -> bool) -> Option<Found> {
    giving(tree, items, &Marks { may_be, ..Marks::of(tree, items) })
}

/// The selector whose nearest match before each of `items` is the nearest of these headings. What else it gives stands
/// above none of them.
pub fn of_headings(tree: &Tree<'_>, headings: &[u32], items: &[u32]) -> Option<Found> {
    let below = items.iter().filter_map(|item| Some((*item, last_before(headings, *item)?)));
    giving(tree, headings, &Marks { below: below.collect(), ..Marks::of(tree, headings) })
}

/// Of elements in document order the last before one.
fn last_before(elements: &[u32], at: u32) -> Option<u32> {
    Some(elements[elements.partition_point(|element| *element < at).checked_sub(1)?])
}

/// The selector that does best what is meant for elements.
fn giving(tree: &Tree<'_>, items: &[u32], marks: &Marks<'_>) -> Option<Found> {
    let mut best = Best { marks, found: None, is_generous: true };
    let outers: Vec<Outer<'_>> = outers(tree, items)
        .into_iter()
        .map(|(simple, cost)| Outer { around: Around::of(tree, matching(tree, &simple)), simple, cost })
        .collect();
    let named = leaves(tree, items);
    best.try_leaves(tree, (&named, items.len()), &outers, Nesting::OfLists);
    if best.fit() < LEAST_PLAIN_FIT || !best.is_generous {
        best.try_leaves(tree, (&held::classes(tree, items), items.len()), &outers, Nesting::OfLists);
    }
    if best.fit() < LEAST_PLAIN_FIT && tree.get(items[0]).tag == "div" {
        best.try_leaves(tree, (&named, items.len()), &outers, Nesting::OfBoxes);
    }
    if best.fit() < if best.is_generous { LEAST_GENEROUS_FIT } else { EXACT } {
        best.try_leaves(tree, (&held::links(tree, items), items.len()), &outers, Nesting::OfLists);
    }
    best.found.map(|(fit, chain)| Found { text: written(&chain), fit })
}

/// Below this fit selectors are tried that a person would rather not write.
const LEAST_PLAIN_FIT: f64 = 0.95;

/// From this fit on what else a selector gives is none that a way to a link leaves out, where it may be an entry.
const LEAST_GENEROUS_FIT: f64 = 0.85;

/// Which elements may be named between an entry and what is around its list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    /// Those that are made to hold a list's entries.
    OfLists,
    /// Boxes too, each directly in the one around it.
    OfBoxes,
}

/// A selector of two compounds.
struct Near<'o, 'a> {
    chain: Chain<'a>,
    joint: Joint,
    outer: &'o Outer<'a>,
    found: Vec<u32>,
    fit: f64,
}

impl Near<'_, '_> {
    /// Whether it gives what is directly in a list, or in the rows of a table.
    fn is_row(&self) -> bool {
        self.joint == Joint::Child && matches!(self.outer.simple, Simple::Tag("tbody" | "ul" | "ol"))
    }
}

/// The selectors of one compound inside another, the best first; each is offered.
fn near<'o, 'a>(
    tree: &Tree<'a>,
    (leaf, cost, all): (&Simple<'a>, f64, &[u32]),
    outers: &'o [Outer<'a>],
    best: &mut Best<'_, 'a>,
) -> Vec<Near<'o, 'a>> {
    let mut near = Vec::new();
    for outer in outers {
        for joint in [Joint::Inside, Joint::Child] {
            let cost = cost + outer.cost + if joint == Joint::Child { 0.05 } else { 0.0 };
            if best.is_settled(cost) {
                continue;
            }
            let found: Vec<u32> =
                all.iter().copied().filter(|at| outer.around.has(tree, *at, joint)).collect();
            let chain = Chain { leaf: leaf.clone(), outer: vec![(joint, outer.simple.clone())], cost };
            let fit = best.offer(chain.clone(), &found);
            near.push(Near { chain, joint, outer, found, fit });
        }
    }
    // Of equals those first that may be told from what is inside of them by what is around.
    near.sort_by(|a, b| b.fit.total_cmp(&a.fit).then_with(|| b.is_row().cmp(&a.is_row())));
    near
}

/// Offers a selector of two compounds inside each third.
fn offer_inside<'a>(
    tree: &Tree<'a>,
    near: &Near<'_, 'a>,
    (outers, nesting): (&[Outer<'a>], Nesting),
    best: &mut Best<'_, 'a>,
) {
    // `#list > tbody > tr`: the rows of a table inside it are others.
    let joints: &[Joint] = match (near.joint, &near.outer.simple, nesting) {
        (_, _, Nesting::OfLists) if near.is_row() => &[Joint::Inside, Joint::Child],
        (Joint::Child, Simple::Tag(_), Nesting::OfBoxes) => &[Joint::Child],
        (_, _, Nesting::OfLists) => &[Joint::Inside],
        (_, _, Nesting::OfBoxes) => &[],
    };
    let is_said =
        |outer: &Outer<'_>| outer.simple == near.outer.simple && !matches!(outer.simple, Simple::Tag(_));
    for outer in outers.iter().take(30).filter(|outer| !is_said(outer)) {
        for joint in joints {
            let cost = near.chain.cost + outer.cost + if *joint == Joint::Child { 0.45 } else { 0.4 };
            if best.is_settled(cost) {
                continue;
            }
            let within = near.outer.around.elements.iter().copied();
            let within = Around::of(tree, within.filter(|at| outer.around.has(tree, *at, *joint)).collect());
            let found: Vec<u32> =
                near.found.iter().copied().filter(|at| within.has(tree, *at, near.joint)).collect();
            let mut chain = Chain { cost, ..near.chain.clone() };
            chain.outer.push((*joint, outer.simple.clone()));
            best.offer(chain, &found);
        }
    }
}

/// What may stand around entries, and where on the page it does.
struct Outer<'a> {
    simple: Simple<'a>,
    cost: f64,
    around: Around,
}

/// Elements that others are inside of.
struct Around {
    /// In document order.
    elements: Vec<u32>,
    /// Those that are in no other, each with its end.
    ranges: Vec<(u32, u32)>,
}

impl Around {
    fn of(tree: &Tree<'_>, elements: Vec<u32>) -> Self {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for at in &elements {
            if ranges.last().is_none_or(|(_, end)| at >= end) {
                ranges.push((*at, tree.get(*at).end));
            }
        }
        Self { elements, ranges }
    }

    fn has(&self, tree: &Tree<'_>, at: u32, joint: Joint) -> bool {
        match joint {
            Joint::Child => {
                tree.parent(at).is_some_and(|parent| self.elements.binary_search(&parent).is_ok())
            }
            Joint::Inside => {
                let before = self.ranges.partition_point(|(start, _)| *start < at).checked_sub(1);
                before.is_some_and(|before| at < self.ranges[before].1)
            }
        }
    }
}

/// The best selector offered so far: what it costs is held against what it gives wrongly.
struct Best<'m, 'a> {
    marks: &'m Marks<'m>,
    found: Option<(f64, Chain<'a>)>,
    /// Whether all that it gives beside what is meant may be meant too.
    is_generous: bool,
}

impl<'a> Best<'_, 'a> {
    /// Whether nothing that costs as much can be better.
    fn is_settled(&self, cost: f64) -> bool {
        self.found.as_ref().is_some_and(|(fit, chain)| loss(*fit, chain.cost) <= cost)
    }

    /// How well the best fits.
    fn fit(&self) -> f64 {
        self.found.as_ref().map_or(0.0, |(fit, _)| *fit)
    }

    /// Offers what entries may be, alone and inside what is around them; `count` is how many entries there are.
    fn try_leaves(
        &mut self,
        tree: &Tree<'a>,
        (leaves, count): (&[(Simple<'a>, f64)], usize),
        outers: &[Outer<'a>],
        nesting: Nesting,
    ) {
        for (leaf, cost) in leaves {
            if self.is_settled(*cost) {
                continue;
            }
            let all: Vec<u32> = matching(tree, leaf);
            if all.len() > 40 * count + 400 {
                continue;
            }
            let fit = self.offer(Chain { leaf: leaf.clone(), outer: Vec::new(), cost: *cost }, &all);
            if fit > EXACT {
                continue;
            }
            let near = near(tree, (leaf, *cost, &all), outers, self);
            if near.first().is_none_or(|first| first.fit > EXACT) {
                continue;
            }
            for near in near.iter().take(6) {
                offer_inside(tree, near, (outers, nesting), self);
            }
        }
    }

    /// How well what a selector found fits.
    fn offer(&mut self, chain: Chain<'a>, found: &[u32]) -> f64 {
        let fit = self.marks.fit(found);
        let of_known = self.found.as_ref().map(|(known, other)| loss(*known, other.cost));
        if of_known.is_none_or(|known| loss(fit, chain.cost) < known - 1e-9) {
            self.is_generous = fit > EXACT || self.marks.is_generous(found);
            self.found = Some((fit, chain));
        }
        fit
    }
}

/// What speaks against a selector: a wrong element in two hundred as much as a class and a tag more, and one wrong
/// element at all as much as a class.
fn loss(fit: f64, cost: f64) -> f64 {
    const A_WRONG_ELEMENT: f64 = 1.0;
    let wrong = if fit > EXACT { 0.0 } else { A_WRONG_ELEMENT + 500.0 * (1.0 - fit) };
    cost + wrong
}

/// Which elements are meant, for telling how well a selector does.
struct Marks<'m> {
    is_meant: Vec<bool>,
    count: usize,
    /// Elements, each with the one that is meant to be the nearest before it; empty: all that is given counts.
    below: Vec<(u32, u32)>,
    /// Whether another element may be meant too.
    may_be: &'m dyn Fn(u32) -> bool,
}

impl Marks<'_> {
    fn of(tree: &Tree<'_>, items: &[u32]) -> Self {
        let mut is_meant = vec![false; tree.elements.len()];
        for at in items {
            is_meant[index(*at)] = true;
        }
        Self { is_meant, count: items.len(), below: Vec::new(), may_be: &|_| false }
    }

    /// Whether all others of what was found may be meant too.
    fn is_generous(&self, found: &[u32]) -> bool {
        self.below.is_empty() && found.iter().all(|at| self.is_meant[index(*at)] || (self.may_be)(*at))
    }

    /// The harmonic mean of precision and recall; the share of what stands below the right ones, where that is what counts.
    fn fit(&self, found: &[u32]) -> f64 {
        if !self.below.is_empty() {
            let is_right = |(at, meant): &&(u32, u32)| last_before(found, *at) == Some(*meant);
            return self.below.iter().filter(is_right).count() as f64 / self.below.len() as f64;
        }
        let right = found.iter().filter(|at| self.is_meant[index(**at)]).count();
        2.0 * right as f64 / (found.len() + self.count).max(1) as f64
    }
}

/// Whether an element stands in these, the nearest first.
pub fn is_in(tree: &Tree<'_>, at: u32, outer: &[(Joint, Simple<'_>)]) -> bool {
    let Some(((joint, simple), rest)) = outer.split_first() else { return true };
    match joint {
        Joint::Child => {
            tree.parent(at).is_some_and(|parent| is(tree, parent, simple) && is_in(tree, parent, rest))
        }
        Joint::Inside => tree.around(at).any(|around| is(tree, around, simple) && is_in(tree, around, rest)),
    }
}

/// What nearly all of these elements are, with what it costs to say it.
pub fn common<'a>(tree: &Tree<'a>, elements: &[u32], share: f64) -> Vec<(Simple<'a>, f64)> {
    let mut counts: FxHashMap<Simple<'a>, usize> = FxHashMap::default();
    for at in elements {
        for simple in simples(tree, *at) {
            *counts.entry(simple).or_default() += 1;
        }
    }
    let least = elements.len() as f64 * share;
    let mut common: Vec<(Simple<'a>, f64)> = counts
        .into_iter()
        .filter(|(_, count)| *count as f64 >= least)
        .map(|(simple, _)| {
            let cost = cost(tree, &simple, elements);
            (simple, cost)
        })
        .collect();
    common.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    common
}

fn leaves<'a>(tree: &Tree<'a>, items: &[u32]) -> Vec<(Simple<'a>, f64)> {
    let mut leaves = common(tree, items, 0.9);
    leaves.retain(|(simple, _)| !matches!(simple, Simple::Id(_)));
    leaves.truncate(14);
    if let Some(tag) = tree.common_tag(items) {
        // What none of the first has, all do not have.
        let is_had = |simple: &Simple<'a>| items.iter().take(3).any(|at| is(tree, *at, simple));
        for inner in ["a", "td", "h1", "h2", "h3", "h4", "time", "p", "strong", "b", "i", "em", "img"] {
            let has = [(Simple::Has(tag, inner), 0.5), (Simple::HasChild(tag, inner), 0.55)];
            let has = has.into_iter().take(if tag == "div" { 2 } else { 1 });
            leaves.extend(has.filter(|(has, _)| is_had(has)).map(|(has, more)| (has, of_tag(tag) + more)));
        }
        leaves.extend(held::cells(tree, items[0]).map(|cells| (cells, of_tag(tag) + 0.8)));
        if items.iter().all(|at| !tree.get(*at).attributes.has_class) {
            leaves.push((Simple::Bare(tag), of_tag(tag) + 1.2));
        }
    }
    leaves
}

/// What stands around nearly all of these elements.
fn outers<'a>(tree: &Tree<'a>, items: &[u32]) -> Vec<(Simple<'a>, f64)> {
    let mut counts: FxHashMap<Simple<'a>, (usize, usize)> = FxHashMap::default();
    for (at, items) in homes(tree, items) {
        let mut own: FxHashSet<Simple<'a>> = FxHashSet::default();
        for (level, around) in tree.around(at).take(MAX_LEVELS).enumerate() {
            for simple in simples(tree, around) {
                if own.insert(simple.clone()) {
                    counts.entry(simple).or_insert((0, level)).0 += items;
                }
            }
        }
    }
    let least = items.len() as f64 * 0.95;
    let around: Vec<u32> = items.first().map_or(Vec::new(), |at| tree.around(*at).take(MAX_LEVELS).collect());
    let mut outers: Vec<(Simple<'a>, f64)> = counts
        .into_iter()
        .filter(|(simple, (count, _))| {
            *count as f64 >= least && !matches!(simple, Simple::Tag("html" | "body"))
        })
        .map(|(simple, (_, level))| {
            let cost = cost(tree, &simple, &around) * 0.9 + 0.15 + 0.05 * level as f64;
            (simple, cost)
        })
        .collect();
    outers.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    outers.truncate(60);
    outers
}

/// Of elements the first in each element around, and how many stand there.
fn homes(tree: &Tree<'_>, items: &[u32]) -> Vec<(u32, usize)> {
    let mut homes: Vec<(u32, usize)> = Vec::new();
    let mut known: FxHashMap<u32, usize> = FxHashMap::default();
    for at in items {
        let home = *known.entry(tree.get(*at).parent).or_insert(homes.len());
        if home == homes.len() {
            homes.push((*at, 0));
        }
        homes[home].1 += 1;
    }
    homes
}

/// A chain in CSS.
pub fn written(chain: &Chain<'_>) -> String {
    let mut text = String::new();
    for (joint, simple) in chain.outer.iter().rev() {
        text.push_str(&write(simple));
        text.push_str(if *joint == Joint::Child { " > " } else { " " });
    }
    text.push_str(&write(&chain.leaf));
    text
}

#[cfg(test)]
mod tests {
    use scraper::Html;
    use url::Url;

    use super::*;

    /// The selector of the boxes that begin with a sign and end with a stop.
    fn entries(html: &str) -> String {
        let html = Html::parse_document(html);
        let tree = Tree::read(html.root_element(), &Url::parse("https://example.org/").unwrap());
        let mut items = tree.by_name().tags["div"].clone();
        items.retain(|at| {
            tree.text(*at).starts_with('§') && tree.text(*at).find('.') == Some(tree.text(*at).len() - 1)
        });
        of_entries(&tree, &items, &|_| false).unwrap().text
    }

    #[test]
    fn the_selector_of_headings_gives_the_nearest_before_each_entry_and_others_elsewhere() {
        let html = "<b>Menu</b><p><b>§ 1.</b><i>a</i><i>b</i><p><b>§ 2.</b><i>c</i><p><b>Pilots</b>";
        let html = Html::parse_document(html);
        let tree = Tree::read(html.root_element(), &Url::parse("https://example.org/").unwrap());
        let named = tree.by_name();
        let headings: Vec<u32> =
            named.tags["b"].iter().copied().filter(|at| tree.text(*at).starts_with('§')).collect();
        let found = of_headings(&tree, &headings, &named.tags["i"]).unwrap();
        assert_eq!((found.text.as_str(), found.fit), ("b", 1.0));
        assert!(of_entries(&tree, &headings, &|_| false).unwrap().fit < 1.0);
    }

    #[test]
    fn rows_are_told_by_where_their_link_is_and_entries_are_not_left_out() {
        let rows = ["<tr><td><s>§ 1</s><td><u><a href=/1>a.</a></u>"; 8].concat();
        let html = format!("<table><tr><td><a href=/>Home</a><td><a href=/b>Pilots</a>{rows}</table>");
        let html = Html::parse_document(&html);
        let tree = Tree::read(html.root_element(), &Url::parse("https://example.org/").unwrap());
        let items = &tree.by_name().tags["tr"][1..];
        assert_eq!(of_entries(&tree, items, &|_| false).unwrap().text, "tr:has(> td > u > a)");
        let generous = of_entries(&tree, items, &|_| true).unwrap();
        assert!(generous.fit < 1.0 && !generous.text.contains(" > "), "{generous:?}");
    }

    #[test]
    fn boxes_without_a_name_are_told_by_what_is_in_them() {
        let rows = |row: &str| [row; 5].concat();
        let others = "<div><i>a</i></div>".repeat(9);
        let child = rows("<div><h3>§ 1</h3><p>It was held.</div>");
        assert_eq!(entries(&format!("<div>{child}</div>{others}")), "div:has(> h3)");
        let class = rows("<div><span><i class=caption>§ 1</i></span><i>It was held.</i></div>");
        assert_eq!(entries(&format!("<div>{class}{others}</div>")), "div div:has(.caption)");
        let cells = rows("<div><div>§ 1</div><div>2</div><div>3.</div></div>");
        assert_eq!(entries(&format!("<div>{cells}</div>{others}")), "div div:has(> div:nth-child(3))");
    }
}
