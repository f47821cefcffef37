//! Detection: a page → the listings on it, each as the config of a source that reads it. Pure.
//!
//! ```text
//! Html ─tree→ Tree ─groups→ Group ─columns, fields→ Fields ─score→ Scored ─selector, propose→ Proposal
//! ```
//!
//! A listing is markup that repeats and says something in each repetition. Detection refuses to know any site, and
//! proposes nothing it has not read back: a proposal's entries are what `extract`, `normalize` and `moment` give
//! with its config, the same as every later run.

mod columns;
mod confidence;
mod evidence;
mod facts;
mod fields;
mod groups;
mod names;
mod propose;
mod score;
mod selector;
mod tree;

use jiff::Timestamp;
use scraper::ElementRef;

use crate::{
    config::Source,
    decode::Document,
    extract::parse,
    fixture,
    page::Page,
    refresh::Reading,
};

pub use self::{
    evidence::Known,
    propose::{DateKey, Keys},
    score::Features,
};

use self::{evidence::Evidence, facts::Texts, groups::Group, score::Scored, tree::Tree};

/// A source that could be followed.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its config.
    pub keys: Keys,
    /// The same, read.
    pub source: Source,
    /// How likely it is right, from 0 to 1.
    pub confidence: f64,
    /// What the page gives with it.
    pub reading: Reading,
    /// How well `entry` gives the elements that are meant, from 0 to 1.
    pub fit: f64,
    /// What spoke for it.
    pub features: Features,
    /// What spoke for it in one number.
    pub score: f64,
}

impl Proposal {
    fn worth(&self) -> f64 {
        self.score - 4.0 * (1.0 - self.fit)
    }
}

/// How many listings of a page are proposed.
const PROPOSED: usize = 4;

/// Finds the listings of a page, the likeliest first; empty: there is none.
///
/// `known` are entries that are known to be on it or on an earlier version; none of them is needed.
pub fn detect(document: &Document, page: &Page, known: &[Known], still_time: &dyn Fn() -> bool) -> Vec<Proposal> {
    let parsed = parse::parse(&document.text, still_time);
    let Some(root) = parsed.html.tree.root().children().find_map(ElementRef::wrap) else { return Vec::new() };
    let tree = Tree::read(root, &document.url);
    let texts = Texts::new(&tree);
    let evidence = Evidence::find(&texts, known, (&document.url, &document.url));
    let ranked = ranked(&texts, &evidence);
    let mut proposals: Vec<Proposal> = Vec::new();
    for scored in ranked.iter().take(PROPOSED) {
        proposals.extend(proposal(&texts, scored, &ranked, page, still_time));
    }
    // A listing that no selector gives is worth less than a lesser one that can be read.
    proposals.sort_by(|a, b| b.worth().total_cmp(&a.worth()));
    proposals
}

/// The groups of a page that could be its listing, the likeliest first, none of them twice.
fn ranked(texts: &Texts<'_, '_>, evidence: &Evidence) -> Vec<Scored> {
    let most = if evidence.is_asked() { 4 * groups::LOOKED_AT } else { groups::LOOKED_AT };
    let groups: Vec<Group> = groups::groups(texts.tree, most);
    let mut all: Vec<Scored> =
        groups.into_iter().filter_map(|group| score::scored(texts, group, evidence)).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    #[allow(clippy::disallowed_methods)] if std::env::var("DBG").is_ok() { for s in all.iter().take(14) { let at = s.group.items[s.group.items.len()/2]; let h = &s.fields.columns[s.fields.headline]; eprintln!("DBG {:.2} n{} <{} {:?} {:?}> head<{}> {:?} date {:?} {:?}", s.score, s.group.items.len(), texts.tree.get(at).tag, texts.tree.get(at).node.attr("class"), texts.tree.parent(at).map(|p| texts.tree.get(p).node.attr("class")), texts.tree.get(h.cells[h.cells.len()/2].1).tag, texts.tree.text(h.cells[h.cells.len()/2].1).chars().take(50).collect::<String>(), s.fields.date, s.features); } }
    let mut chosen: Vec<Scored> = Vec::new();
    for scored in &all {
        let scored = score::descend(texts, scored.clone(), &all);
        if !chosen.iter().any(|other| overlaps(texts.tree, other, &scored)) {
            chosen.push(scored);
        }
        if chosen.len() > PROPOSED {
            break;
        }
    }
    chosen
}

/// Whether two groups share most of their elements, one being inside the other or the same.
fn overlaps(tree: &Tree<'_>, a: &Scored, b: &Scored) -> bool {
    let inside = |outer: &Scored, inner: &Scored| {
        let items = &outer.group.items;
        let held = inner.group.items.iter().filter(|at| {
            let holder = items.partition_point(|item| item <= at).checked_sub(1);
            holder.is_some_and(|holder| tree.holds(items[holder], **at))
        });
        held.count() * 2 > inner.group.items.len()
    };
    inside(a, b) || inside(b, a)
}

fn proposal(
    texts: &Texts<'_, '_>,
    scored: &Scored,
    ranked: &[Scored],
    page: &Page,
    still_time: &dyn Fn() -> bool,
) -> Option<Proposal> {
    let (keys, fit) = propose::keys(texts, scored, &page.url)?;
    let source = keys.source("proposed")?;
    let reading = fixture::read_dated(&source, page, still_time).ok()?;
    let margin = ranked.iter().map(|other| other.score).filter(|other| *other < scored.score).fold(0.0, f64::max);
    let confidence = confidence::confidence(&scored.features, scored.score, (scored.score - margin, fit));
    Some(Proposal { keys, source, confidence, reading, fit, features: scored.features, score: scored.score })
}

/// The time a page is read as of when none is known.
pub fn as_of(page: &Page) -> Timestamp {
    page.fetched_at
}
