//! Parse: a document's text → a tree, in pieces, until the time or the depth is used up. Pure; never fails.
//!
//! Styles and programs are half of many pages, and nothing is ever read from them: the parser is not given what stands in
//! them (`raw`). But for that the tree is the one that the whole text gives.

use std::collections::HashSet;

use ego_tree::NodeId;
use html5ever::{
    driver::{self, ParseOpts},
    tendril::{StrTendril, TendrilSink},
};
use scraper::{Html, HtmlTreeSink};

use super::raw;

/// Text handed to the parser between two looks at the clock. A piece can open 1365 elements (`<b>` has three
/// letters), which costs milliseconds even when they nest.
const PIECE_BYTES: usize = 4 * 1024;

/// The deepest nesting that is read. Parsing costs depth times elements (97 KB of `<div>` take seconds), and
/// `:has()` recurses once a level. Browsers stop nesting at 512; pages with unclosed `<font>` reach a few hundred.
const MAX_DEPTH: usize = 1024;

/// A tree and how much of the page is in it.
pub(crate) struct Parsed {
    pub(crate) html: Html,
    pub(crate) end: End,
    /// When parsing stopped early: the elements that were still open, whose text is a part of what it should be.
    pub(crate) open: HashSet<NodeId>,
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
}

/// Parses until the text ends or a limit is reached.
pub(crate) fn parse(text: &str, still_time: &dyn Fn() -> bool) -> Parsed {
    let sink = HtmlTreeSink::new(Html::new_document());
    let mut parser = driver::parse_document(sink, ParseOpts::default());
    let mut end = End::Whole;
    let mut open = HashSet::new();
    let mut at = 0;
    while at < text.len() {
        if is_too_deep(&parser.tokenizer.sink.sink.0.borrow()) {
            end = End::TooDeep(at);
        } else if !still_time() {
            end = End::OutOfTime(at);
        }
        if end != End::Whole {
            open = path_to_newest(&parser.tokenizer.sink.sink.0.borrow());
            break;
        }
        let next = piece_end(text, at);
        let Some(tag) = raw::next(text, at..next) else {
            parser.process(StrTendril::from(&text[at..next]));
            at = next;
            continue;
        };
        parser.process(StrTendril::from(&text[at..tag.start]));
        let before = newest(&parser.tokenizer.sink.sink.0.borrow());
        parser.process(StrTendril::from(&text[tag.clone()]));
        at = tag.end;
        // The parser has the last word on whether this is a tag at all: not in a comment, an attribute or a title.
        let has_begun = {
            let html = parser.tokenizer.sink.sink.0.borrow();
            newest(&html) != before && raw::is_raw(&html)
        };
        if has_begun {
            at = raw::end(text, tag);
        }
    }
    Parsed { html: parser.finish(), end, open }
}

fn newest(html: &Html) -> Option<NodeId> {
    html.tree.nodes().next_back().map(|node| node.id())
}

/// The newest node is where the parser is, or close to it.
fn is_too_deep(html: &Html) -> bool {
    html.tree.nodes().next_back().is_some_and(|newest| newest.ancestors().nth(MAX_DEPTH).is_some())
}

fn path_to_newest(html: &Html) -> HashSet<NodeId> {
    let newest = html.tree.nodes().next_back();
    newest.into_iter().flat_map(|n| n.ancestors().chain([n])).map(|n| n.id()).collect()
}

fn piece_end(text: &str, from: usize) -> usize {
    let mut end = (from + PIECE_BYTES).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}
