//! Extract: a document and a source's rules → its listing. Pure, and never fails: what could not be read is a
//! diagnostic. Believes nothing: addresses stay as written, dates stay texts.
//!
//! A row inside another row is a row of its own, and no field is ever taken from inside it: `article` matches the
//! page's own `<article>` around the articles that are meant, and its headline must not be theirs. What gives such a
//! frame neither headline nor teaser is dropped with `HeadlineMissing`.

pub mod address;
mod build;
mod dates;
pub(crate) mod facts;
mod feeds;
mod field;
pub(crate) mod icon;
mod image;
pub(crate) mod json;
mod link;
mod metadata;
mod nearest;
pub(crate) mod next;
mod notes;
mod own;
mod packed;
pub(crate) mod parse;
mod plain;
mod pushed;
mod raw;
pub(crate) mod reach;
mod readable;
mod row;
mod slow;
pub mod text;
pub(crate) mod values;
pub(crate) mod walk;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::{ElementRef, Html};

use self::{
    field::Place,
    notes::Notes,
    parse::{End, Parsed, Programs},
    row::Reader,
    slow::{Time, matching},
    walk::{Row, is_inert},
};
use crate::{
    config::{Css, Rules},
    decode::Document,
    diagnostic::Code,
    listing::{Container, Listing, Quiet, RawEntry},
};

pub use feeds::LinkedFeed;
pub use nearest::nearest;
pub use own::{Told, own};

/// The most rows read of a page. The longest honest listings (a year of court opinions on one page) have hundreds.
pub const MAX_ROWS: usize = 1000;

/// Reads a document by a source's rules.
///
/// `still_time` is asked between pieces of work of a few milliseconds; once it says no, what was read up to there is
/// the listing, with a diagnostic.
pub fn extract(document: &Document, rules: &Rules, still_time: &dyn Fn() -> bool) -> Listing {
    extract_parsed(document, &parsed(document, rules, still_time), rules, still_time)
}

/// A document as the tree that rules are for.
pub(crate) fn parsed(document: &Document, rules: &Rules, still_time: &dyn Fn() -> bool) -> Parsed {
    if rules.json.is_some() {
        return tree(document, Programs::Kept, still_time);
    }
    parse::parse(&document.text, still_time)
}

/// A document as a tree; an answer that is JSON itself is a script in it.
pub(crate) fn tree(document: &Document, programs: Programs, still_time: &dyn Fn() -> bool) -> Parsed {
    if json::is_json(&document.text) {
        return json::answer(&document.text);
    }
    parse::parse_with(&document.text, programs, still_time)
}

/// Reads a document that is a tree already, by a source's rules.
pub(crate) fn extract_parsed(
    document: &Document,
    parsed: &Parsed,
    rules: &Rules,
    still_time: &dyn Fn() -> bool,
) -> Listing {
    let mut notes = Notes::default();
    note_end(parsed.end, document.text.len(), &mut notes);
    if rules.json.is_none() && json::is_json(&document.text) {
        let message = "the answer is no page but JSON, which `json = \"script\"` reads".to_owned();
        notes.page(Code::JsonUnreadable, message);
    }
    let (facts, metadata) = parsed.told(&document.url);
    let of_json = rules
        .json
        .as_ref()
        .map(|css| json::elements((parsed, &mut json::Scripts::default()), css, &mut notes, still_time));
    let tree = of_json.as_ref().unwrap_or(parsed);
    let (container, mut elements) = rows(tree, rules, &Time::new(still_time), &mut notes);
    // When parsing has used up the time, the little tree it made is still read: asking again would leave nothing.
    let has_time = || matches!(parsed.end, End::OutOfTime(_)) || still_time();
    let time = Time::new(&has_time);
    let reached;
    if rules.to_next {
        let heads: Vec<NodeId> = elements.iter().map(|e| e.id()).collect();
        reached = reach::reach(&tree.html, &heads);
        elements = reached
            .rows
            .iter()
            .filter_map(|id| reached.html.tree.get(*id).and_then(ElementRef::wrap))
            .collect();
    }
    let ids: HashSet<NodeId> = elements.iter().map(|e| e.id()).collect();
    let next =
        rules.next.as_ref().and_then(|rule| next::address(parsed, rule, (&facts.base, &time), &mut notes));
    let above = rules.date.as_ref().and_then(|date| date.above.as_ref());
    let above = above.map_or_else(HashMap::new, |css| dates::above(&elements, css, &time));
    let reader = Reader { rules, metadata, above: &above };
    let mut entries: Vec<RawEntry> = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let place = Place { row: Row { element: *element, rows: &ids }, base: &facts.base, time: &time };
        if time.lasts() {
            entries.extend(reader.read(index + 1, place, &mut notes));
            if !time.is_out() {
                continue;
            }
        }
        let message = format!("time ran out after {index} of {} rows", elements.len());
        notes.page(Code::ParseDeadline, message);
        break;
    }
    Listing {
        entries,
        container,
        base: facts.base.clone(),
        language: facts.language.clone(),
        title: facts.title.clone(),
        icon: facts.icon.clone(),
        home: None,
        next,
        feeds: facts.feeds.iter().map(|feed| feed.url.clone()).collect(),
        pace: None,
        quiet: Quiet::default(),
        diagnostics: notes.finish(),
    }
}

/// The page of elements that the JSON of a page's scripts makes.
pub(crate) fn of_json(
    page: (&Parsed, &mut json::Scripts),
    scripts: &Css,
    still_time: &dyn Fn() -> bool,
) -> Parsed {
    json::elements(page, scripts, &mut Notes::default(), still_time)
}

/// The words of a piece of HTML, white space folded; empty: it has none.
pub fn plain(html: &str, still_time: &dyn Fn() -> bool) -> String {
    if !html.contains(['<', '&']) {
        return text::fold(html);
    }
    let parsed = parse::parse(html, still_time);
    root(&parsed.html).map(|root| text::of(root, &HashSet::new())).unwrap_or_default()
}

/// Whether a piece of HTML nests deeper than `limit`, or cannot be parsed in time. Parsers pay for depth with time,
/// so this must be asked before any that has no limit of its own.
pub fn is_too_deep(html: &str, limit: usize, still_time: &dyn Fn() -> bool) -> bool {
    let parsed = parse::parse(html, still_time);
    parsed.end != End::Whole || parsed.html.tree.nodes().any(|node| node.ancestors().nth(limit).is_some())
}

fn note_end(end: End, whole: usize, notes: &mut Notes) {
    match end {
        End::Whole => {}
        End::OutOfTime(read) => {
            let message = format!("time ran out after {read} of {whole} bytes; the rest was not read");
            notes.page(Code::ParseDeadline, message);
        }
        End::TooDeep(read) => {
            let message =
                format!("elements nest too deep after {read} of {whole} bytes; the rest was not read");
            notes.page(Code::PageTruncated, message);
        }
        End::TooMany(read) => {
            let message = format!(
                "the page has too many elements, {read} of {whole} bytes hold 250,000 nodes; the rest was not read"
            );
            notes.page(Code::PageTruncated, message);
        }
    }
}

/// The container's state and the elements of the rows, in page order.
fn rows<'a>(
    parsed: &'a Parsed,
    rules: &Rules,
    time: &Time<'_>,
    notes: &mut Notes,
) -> (Container, Vec<ElementRef<'a>>) {
    let Some(top) = root(&parsed.html) else { return (Container::Absent, Vec::new()) };
    let matching = |css| matching(top, css, time);
    let containers: Option<HashSet<NodeId>> =
        rules.listing.as_ref().map(|css| matching(css).map(|e| e.id()).collect());
    let container = match &containers {
        None => Container::NotAsked,
        Some(found) if found.is_empty() => return (Container::Absent, Vec::new()),
        Some(_) => Container::Present,
    };
    let is_inside =
        |e: &ElementRef| containers.as_ref().is_none_or(|c| e.ancestors().any(|a| c.contains(&a.id())));
    let is_seen = |e: &ElementRef| !e.ancestors().filter_map(ElementRef::wrap).any(is_inert);
    let matching = matching(&rules.entry);
    let mut rows: Vec<ElementRef> =
        matching.filter(|e| is_inside(e) && is_seen(e)).take(MAX_ROWS + 1).collect();
    if time.is_out() {
        let message =
            format!("time ran out while `{}` was looked for; the rest was not read", rules.entry.text);
        notes.page(Code::ParseDeadline, message);
    }
    // The row in which parsing stopped has half a headline perhaps; announcing it would be an invention. Rows around
    // it are kept: on pages that forget to close their rows, every row is around the last.
    rows.pop_if(|last| parsed.open.contains(&last.id()));
    if rows.len() > MAX_ROWS {
        rows.truncate(MAX_ROWS);
        notes.page(Code::PageTruncated, format!("more than {MAX_ROWS} rows; the rest was not read"));
    }
    (container, rows)
}

fn root(html: &Html) -> Option<ElementRef<'_>> {
    html.tree.root().children().find_map(ElementRef::wrap)
}
