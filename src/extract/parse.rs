//! Parse: a document's text → a tree, in pieces, until the time, the depth or the room is used up. Pure; never fails.

use std::{cell::OnceCell, collections::HashSet};

use ego_tree::NodeId;
use scraper::Html;
use url::Url;

use super::{build::Build, facts::Facts, metadata::Metadata};

/// The deepest nesting that is read. Parsing costs depth times elements (97 KB of `<div>` take seconds), and
/// `:has()` recurses once a level. Browsers stop nesting at 512; pages with unclosed `<font>` reach a few hundred.
const MAX_DEPTH: usize = 1024;

/// The most nodes that are read, a quarter of a kilobyte of memory each: a page of `max_bytes` that is nothing but `<br>`
/// has five million, one of text has a node for each 48 bytes.
const MAX_NODES: usize = 250_000;

/// A tree and how much of the page is in it.
pub(crate) struct Parsed {
    pub(crate) html: Html,
    pub(crate) end: End,
    /// When parsing stopped early: the elements that were still open, whose text is a part of what it should be.
    pub(crate) open: HashSet<NodeId>,
    told: OnceCell<(Facts, Metadata)>,
}

impl Parsed {
    /// A tree of which nothing was read yet.
    pub(crate) fn new(html: Html, end: End, open: HashSet<NodeId>) -> Self {
        Self { html, end, open, told: OnceCell::new() }
    }

    /// What the page at an address says about itself and its entries; read once, however often its rows are.
    pub(super) fn told(&self, document: &Url) -> &(Facts, Metadata) {
        self.told.get_or_init(|| {
            let facts = Facts::read(&self.html, document);
            let metadata = Metadata::read(&facts.json_ld, &facts.base, document);
            (facts, metadata)
        })
    }

    /// What the page at an address says about itself.
    pub(crate) fn facts(&self, document: &Url) -> &Facts {
        &self.told(document).0
    }
}

/// How parsing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With the page.
    Whole,
    /// With the time, after so many bytes.
    OutOfTime(usize),
    /// With the depth, after so many bytes.
    TooDeep(usize),
    /// With the room for nodes, after so many bytes.
    TooMany(usize),
}

/// What stands in programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Programs {
    /// Only what is JSON by its type is in the tree.
    LeftOut,
    /// All of it: some assign JSON to a name.
    Kept,
}

/// Parses until the text ends or a limit is reached.
pub(crate) fn parse(text: &str, still_time: &dyn Fn() -> bool) -> Parsed {
    parse_with(text, Programs::LeftOut, still_time)
}

/// The same, with programs or without.
pub(crate) fn parse_with(text: &str, programs: Programs, still_time: &dyn Fn() -> bool) -> Parsed {
    let mut build = Build::new(text, programs);
    let mut end = End::Whole;
    let mut open = HashSet::new();
    while build.at() < text.len() {
        if is_too_deep(&build.html()) {
            end = End::TooDeep(build.at());
        } else if build.html().tree.values().len() > MAX_NODES {
            end = End::TooMany(build.at());
        } else if !still_time() {
            end = End::OutOfTime(build.at());
        }
        if end != End::Whole {
            open = path_to_newest(&build.html());
            break;
        }
        build.read();
    }
    Parsed::new(build.finish(), end, open)
}

/// The newest node is where the parser is, or close to it.
fn is_too_deep(html: &Html) -> bool {
    html.tree.nodes().next_back().is_some_and(|newest| newest.ancestors().nth(MAX_DEPTH).is_some())
}

fn path_to_newest(html: &Html) -> HashSet<NodeId> {
    let newest = html.tree.nodes().next_back();
    newest.into_iter().flat_map(|n| n.ancestors().chain([n])).map(|n| n.id()).collect()
}
