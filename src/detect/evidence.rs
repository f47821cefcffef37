//! Evidence: entries that are known → where they stand on a page, and what that says of a group. Pure.
//!
//! A program that remembers need not guess which of a page's lists is the one: it is the one that holds what is
//! known, one entry to an item. Without evidence everything here is zero.

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};
use url::Url;

use super::{
    columns::Column,
    facts::{self, Texts},
    groups::Group,
    likeness::Headlines,
    tree::digest,
};
use crate::{
    extract::address,
    normalize::{canonical, comparable},
};

/// An entry that is known.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its headline.
    pub headline: String,
    /// Its link.
    pub link: Option<Url>,
    /// Its day.
    pub day: Option<Date>,
    /// Which of [`crate::entry::Entry::FIELDS`] it had; empty: nothing is known of them.
    pub had: Vec<&'static str>,
    /// Whether the headline may be a part of what stands on the page: a person typed it.
    pub is_typed: bool,
}

/// Known entries, and where they stand on a page.
#[derive(Default)]
pub struct Evidence {
    /// How many are known.
    count: usize,
    /// Elements that show a known headline or link, in document order, and which.
    found: Vec<(u32, u16)>,
    headlines: FxHashMap<u64, u16>,
    links: FxHashMap<u64, u16>,
    /// Which of them stand on the page with their headline.
    shown: FxHashSet<u16>,
    worded: Headlines,
}

/// How much of what is known a group holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Known entries in it.
    pub entries: usize,
    /// Items with exactly one.
    pub single: usize,
    /// Items with more than one.
    pub many: usize,
}

/// The innermost element that shows a text a person typed.
fn holder(texts: &Texts<'_, '_>, typed: &str) -> Option<u32> {
    let wanted = comparable(typed);
    let lines = texts.tree.all().filter(|at| texts.tree.text_bytes(*at) as usize <= 2 * typed.len() + 400);
    lines
        .filter(|at| comparable(texts.tree.text(*at)).contains(&wanted))
        .min_by_key(|at| (texts.tree.text_bytes(*at), u32::MAX - at))
}

impl Evidence {
    /// Looks for known entries on a page.
    pub fn find(texts: &Texts<'_, '_>, known: &[Known], page: (&Url, &Url)) -> Self {
        let mut evidence = Self { count: known.len(), ..Self::default() };
        let (base, url) = page;
        for (number, entry) in known.iter().enumerate() {
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            if !entry.headline.is_empty() {
                evidence.headlines.entry(facts::letters(&entry.headline)).or_insert(number);
            }
            if let Some(link) = &entry.link {
                evidence.links.entry(digest(&canonical(link, url))).or_insert(number);
            }
        }
        if known.is_empty() {
            return evidence;
        }
        evidence.worded = Headlines::of(known.iter().map(|entry| entry.headline.as_str()));
        for at in texts.tree.all() {
            let bytes = texts.tree.text_bytes(at);
            let by_link = texts.tree.get(at).href.and_then(|href| {
                let resolved = address::resolve(base, href).ok()?;
                evidence.links.get(&digest(&canonical(&resolved, url))).copied()
            });
            let by_text = || {
                let text = texts.tree.text(at);
                let is_line = (2..=600).contains(&bytes);
                is_line.then(|| {
                    evidence
                        .headlines
                        .get(&facts::letters(text))
                        .copied()
                        .or_else(|| evidence.worded.find(text))
                })?
            };
            let by_text = by_text();
            evidence.shown.extend(by_text);
            evidence.found.extend(by_link.or(by_text).map(|known| (at, known)));
        }
        for (number, entry) in known.iter().enumerate().filter(|(_, entry)| entry.is_typed) {
            let Some(at) = holder(texts, &entry.headline) else { continue };
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            let wanted = comparable(&entry.headline);
            // What stands there as it was typed is meant, and nothing that is only like it.
            let says_it = |at: u32| comparable(texts.tree.text(at)).contains(&wanted);
            evidence.found.retain(|(other, known)| *known != number || says_it(*other));
            evidence.found.push((at, number));
        }
        evidence.found.sort_unstable();
        evidence.found.dedup();
        evidence
    }

    /// Whether anything is known.
    pub fn is_asked(&self) -> bool {
        self.count > 0
    }

    /// Which of the known entries, by their number, stand on the page at all.
    pub fn on_page(&self) -> FxHashSet<u16> {
        self.found.iter().map(|(_, known)| *known).collect()
    }

    /// Which of the known entries, by their number, stand on the page with their headline.
    pub fn shown(&self) -> FxHashSet<u16> {
        self.shown.clone()
    }

    /// How much of what is known a group holds.
    pub fn held(&self, texts: &Texts<'_, '_>, group: &Group) -> Held {
        let mut held = Held::default();
        let mut all: FxHashSet<u16> = FxHashSet::default();
        for item in &group.items {
            let here = self.in_element(texts, *item);
            held.single += usize::from(here.len() == 1);
            held.many += usize::from(here.len() > 1);
            all.extend(here);
        }
        held.entries = all.len();
        held
    }

    fn in_element(&self, texts: &Texts<'_, '_>, at: u32) -> FxHashSet<u16> {
        let end = texts.tree.get(at).end;
        let from = self.found.partition_point(|(found, _)| *found < at);
        self.found[from..].iter().take_while(|(found, _)| *found < end).map(|(_, known)| *known).collect()
    }

    /// What evidence adds to a group's score.
    pub fn of_group(&self, texts: &Texts<'_, '_>, group: &Group) -> f64 {
        if !self.is_asked() {
            return 0.0;
        }
        let held = self.held(texts, group);
        let (entries, single, many) = (held.entries as f64, held.single as f64, held.many as f64);
        2.0 * (entries / self.count as f64).min(1.0)
            + 3.0 * single / (single + many).max(1.0) * (1.0 - (-entries / 2.0).exp())
            - 2.5 * many / (group.items.len() as f64)
    }

    /// What evidence adds to a column's worth as the link.
    pub fn of_links(&self, column: &Column, texts: &Texts<'_, '_>) -> f64 {
        if !self.is_asked() {
            return 0.0;
        }
        let is_known = |at: u32| texts.tree.get(at).href.is_some() && self.is_found(at);
        let pins = column.cells.iter().filter(|(_, at)| is_known(*at)).count() as f64;
        4.0 * pins / (self.count.min(column.cells.len()).max(1) as f64)
    }

    /// What evidence adds to a column's worth as the headline.
    pub fn of_headlines(&self, column: &Column, texts: &Texts<'_, '_>) -> f64 {
        if !self.is_asked() {
            return 0.0;
        }
        let count = |is: &dyn Fn(u32) -> bool| column.cells.iter().filter(|(_, at)| is(*at)).count() as f64;
        let equal = |at: u32| self.headlines.contains_key(&texts.of(at).text);
        let alike = |at: u32| texts.of(at).chars <= 300 && self.worded.find(texts.tree.text(at)).is_some();
        let (equal, shown) = (count(&equal), count(&|at| equal(at) || alike(at)));
        (equal + 2.0 * shown) / (self.count.min(column.cells.len()).max(1) as f64)
    }

    fn is_found(&self, at: u32) -> bool {
        self.found.binary_search_by_key(&at, |(found, _)| *found).is_ok()
    }
}
