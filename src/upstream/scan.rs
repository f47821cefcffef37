//! Tidied feed text → the feed's head and its whole entries, each a small tree. Pure, and never fails.
//!
//! End tags that fit nothing are passed over, elements left open are closed by the next end tag that fits one around
//! them. Where the text cannot be cut into tags any more, reading goes on at the next entry; an entry that breaks off
//! is not announced, since half a headline would be an invention.

use std::rc::Rc;

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use url::Url;

use super::{
    element::{Element, Node},
    entities::{decoded, entity},
    vocabulary::Vocabulary,
};
use crate::{
    diagnostic::{Code, Diagnostic},
    extract::{MAX_ROWS, text::beginning},
    html,
};

/// The deepest nesting that is kept as a tree; what is deeper lends its text alone. Feeds nest five deep, XHTML in
/// them twenty.
const MAX_DEPTH: usize = 100;

/// The most attributes read of an element.
const MAX_ATTRIBUTES: usize = 100;

/// The most elements and attributes kept of a feed, a quarter of a kilobyte of memory each: a thousand entries of RSS have 20,000.
const MAX_ELEMENTS: usize = 300_000;

/// The longest text kept of an element, in bytes: it is copied several times on its way. What is cut here is too long to be
/// shown as a full text, and is left out.
const MAX_TEXT: usize = html::MAX_BYTES + 1;

/// How often reading begins again after a place that cannot be read.
const MAX_RESUMES: usize = 50;

/// What a text holds.
#[derive(Debug)]
pub struct Scanned {
    /// The root, with all but the entries.
    pub root: Element,
    /// The entries, in their order.
    pub entries: Vec<Element>,
    /// What was noticed.
    pub diagnostics: Vec<Diagnostic>,
}

/// The name of the first element, as written; `None`: there is none at the beginning.
pub fn root_name(text: &str) -> Option<String> {
    const LOOKED_AT: usize = 256 * 1024;
    let beginning = super::tidy::beginning(beginning(text, LOOKED_AT));
    let mut rest = beginning.as_str();
    if let Some(at) = rest.find('<')
        && rest[..at].trim().is_empty()
    {
        rest = &rest[at + 1..];
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(rest.len());
        return Some(rest[..length].to_owned());
    }
    None
}

/// Reads a tidied text. `url` is the document's address.
pub fn scan(text: &str, url: &Url, still_time: &dyn Fn() -> bool) -> Scanned {
    let mut scanner = Scanner::new(url);
    let mut at = 0;
    let mut resumes = 0;
    while let Err(Stop::Broken { offset, why }) = scanner.read(&text[at..], still_time) {
        let mut broken = at.saturating_add(offset).min(text.len());
        while !text.is_char_boundary(broken) {
            broken += 1;
        }
        let next = scanner.next_entry(&text[broken..]);
        let message = match next {
            Some(_) => {
                format!("a part of the feed cannot be read ({why}); reading goes on at the next entry")
            }
            None => format!("the rest of the feed cannot be read ({why})"),
        };
        scanner.notes.push(Diagnostic::page(Code::FeedCut, message));
        scanner.abandon_entry();
        resumes += 1;
        match next {
            Some(next) if resumes < MAX_RESUMES => at = broken + next,
            _ => break,
        }
    }
    scanner.finish()
}

/// Why reading stopped before the end.
enum Stop {
    /// There is enough, or no time.
    Enough,
    /// The text cannot be cut into tags here.
    Broken { offset: usize, why: String },
}

/// An element that is open, and the prefixes in force inside it.
struct Open {
    element: Element,
    bindings: usize,
    is_entry: bool,
}

struct Scanner {
    open: Vec<Open>,
    /// Prefixes and the addresses bound to them, innermost last.
    bindings: Vec<(String, String)>,
    /// The address bound to the root's prefix.
    own: Option<String>,
    /// Elements opened below the depth that is kept.
    too_deep: usize,
    elements: usize,
    root: Option<Element>,
    entries: Vec<Element>,
    base: Rc<Url>,
    unmatched: usize,
    unknown_entities: usize,
    bare: usize,
    cut: usize,
    notes: Vec<Diagnostic>,
}

impl Scanner {
    fn new(url: &Url) -> Self {
        Self {
            open: Vec::new(),
            bindings: Vec::new(),
            own: None,
            too_deep: 0,
            elements: 0,
            root: None,
            entries: Vec::new(),
            base: Rc::new(url.clone()),
            unmatched: 0,
            unknown_entities: 0,
            bare: 0,
            cut: 0,
            notes: Vec::new(),
        }
    }

    fn read(&mut self, text: &str, still_time: &dyn Fn() -> bool) -> Result<(), Stop> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut events = 0usize;
        loop {
            let before = reader.buffer_position();
            let event = reader.read_event().map_err(|error| Stop::Broken {
                // Past the place at least: the same one must not stop the reading twice.
                offset: usize::try_from(reader.error_position().max(before) + 1).unwrap_or(usize::MAX),
                why: error.to_string(),
            })?;
            events += 1;
            if events.is_multiple_of(512) && !still_time() {
                let message =
                    format!("time ran out after {} entries; the rest was not read", self.entries.len());
                self.notes.push(Diagnostic::page(Code::ParseDeadline, message));
                return Err(Stop::Enough);
            }
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::Empty(start) => {
                    self.start(&start)?;
                    self.end(&name_of(&start));
                }
                Event::End(end) => self.end(&String::from_utf8_lossy(end.name().as_ref())),
                Event::Text(piece) => self.text(&String::from_utf8_lossy(&piece)),
                Event::CData(piece) => self.text(&String::from_utf8_lossy(&piece)),
                Event::GeneralRef(reference) => self.reference(&reference),
                // Nothing outside of elements is believed.
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => return Ok(()),
            }
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Stop> {
        if self.root.is_some() {
            // A second root: two feeds glued together, or rubbish after the first.
            return Ok(());
        }
        if self.open.len() >= MAX_DEPTH {
            self.too_deep += 1;
            return Ok(());
        }
        let bindings = self.bindings.len();
        let attributes = self.attributes(start);
        self.elements += 1 + attributes.len();
        if self.elements > MAX_ELEMENTS {
            let message = format!("more than {MAX_ELEMENTS} elements and attributes; the rest was not read");
            self.notes.push(Diagnostic::page(Code::PageTruncated, message));
            return Err(Stop::Enough);
        }
        if self.open.is_empty() && self.entries.is_empty() {
            self.own = self.bound(name_of(start).split_once(':').map_or("", |(prefix, _)| prefix));
        }
        let element = self.element(name_of(start), attributes);
        let is_entry = self.is_entry(&element);
        if is_entry {
            if let Some(open) = self.open.iter().position(|open| open.is_entry) {
                // The entry before was never closed.
                self.unmatched += 1;
                while self.open.len() > open {
                    self.close();
                }
            }
            if self.entries.len() >= MAX_ROWS {
                let message = format!("more than {MAX_ROWS} entries; the rest was not read");
                self.notes.push(Diagnostic::page(Code::PageTruncated, message));
                return Err(Stop::Enough);
            }
        }
        self.open.push(Open { element, bindings, is_entry });
        Ok(())
    }

    /// The attributes; what they bind is in force from here on.
    fn attributes(&mut self, start: &BytesStart<'_>) -> Vec<(String, String)> {
        let mut attributes = Vec::new();
        for attribute in start.html_attributes().with_checks(false).flatten().take(MAX_ATTRIBUTES) {
            let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let written = String::from_utf8_lossy(&attribute.value).into_owned();
            let value = self.unescaped(&written);
            if name == "xmlns" {
                self.bindings.push((String::new(), value.clone()));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.bindings.push((prefix.to_owned(), value.clone()));
            }
            attributes.push((name, value));
        }
        attributes
    }

    fn unescaped(&mut self, written: &str) -> String {
        let (text, bare) = decoded(written);
        self.bare += bare;
        text
    }

    /// The address bound to a prefix; `None`: none is.
    fn bound(&self, prefix: &str) -> Option<String> {
        self.bindings.iter().rev().find(|(bound, _)| bound == prefix).map(|(_, address)| address.clone())
    }

    fn element(&self, written: String, attributes: Vec<(String, String)>) -> Element {
        let (prefix, local) = written.split_once(':').unwrap_or(("", &written));
        let bound = self.bound(prefix);
        let address = bound.as_deref();
        let vocabulary = match Vocabulary::of(prefix, address) {
            // One of RSS's many namespaces, prefixed: whatever the root has is the format's own.
            Vocabulary::Other if address.is_some() && address == self.own.as_deref() => Vocabulary::Native,
            vocabulary => vocabulary,
        };
        let around = self.open.last().map(|open| &open.element);
        let value = |name: &str| {
            attributes.iter().find(|(written, _)| written == name).map(|(_, value)| value.trim())
        };
        let outer = around.map_or(&self.base, |element| &element.base);
        let base = match value("xml:base").map(|base| outer.join(base)) {
            Some(Ok(base)) if matches!(base.scheme(), "http" | "https") => Rc::new(base),
            _ => Rc::clone(outer),
        };
        let language = match value("xml:lang") {
            Some(language) => Some(language).filter(|language| !language.is_empty()).map(Rc::from),
            None => around.and_then(|element| element.language.clone()),
        };
        let local = local.to_lowercase();
        Element { vocabulary, written, local, attributes, children: Vec::new(), base, language }
    }

    /// `item` of RSS and `entry` of Atom, anywhere but inside what holds markup; `url` of sitemaps.
    fn is_entry(&self, element: &Element) -> bool {
        if self.open.first().is_some_and(|root| root.element.local == "urlset") {
            return element.is(&[Vocabulary::Native], "url");
        }
        let is_named = element.is(&[Vocabulary::Native], "item")
            || element.is(&[Vocabulary::Native, Vocabulary::Atom], "entry");
        is_named
            && !self.open.is_empty()
            && !self.open.iter().any(|open| {
                open.element.vocabulary == Vocabulary::Xhtml
                    || matches!(
                        open.element.local.as_str(),
                        "content" | "description" | "summary" | "encoded"
                    )
            })
    }

    fn end(&mut self, name: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let name = name.trim();
        let fits = |open: &Open| open.element.written.eq_ignore_ascii_case(name);
        let Some(place) = self.open.iter().rposition(fits) else {
            self.unmatched += usize::from(self.root.is_none());
            return;
        };
        self.unmatched += self.open.len() - 1 - place;
        while self.open.len() > place {
            self.close();
        }
    }

    /// Closes the innermost element.
    fn close(&mut self) {
        let Some(closed) = self.open.pop() else { return };
        self.bindings.truncate(closed.bindings);
        if closed.is_entry {
            self.entries.push(closed.element);
            return;
        }
        match self.open.last_mut() {
            Some(around) => around.element.children.push(Node::Element(closed.element)),
            None => self.root = Some(closed.element),
        }
    }

    fn text(&mut self, piece: &str) {
        let Some(around) = self.open.last_mut() else { return };
        if !matches!(around.element.children.last(), Some(Node::Text(_))) {
            around.element.children.push(Node::Text(String::new()));
        }
        let Some(Node::Text(text)) = around.element.children.last_mut() else { return };
        let kept = beginning(piece, MAX_TEXT.saturating_sub(text.len()));
        text.push_str(kept);
        self.cut += usize::from(kept.len() < piece.len());
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        let name = String::from_utf8_lossy(reference).into_owned();
        if let Some(character) = entity(&name) {
            self.text(&character);
        } else {
            self.unknown_entities += 1;
            self.text(&format!("&{name};"));
        }
    }

    /// Where the next entry begins in a text, if any was begun so far.
    fn next_entry(&self, text: &str) -> Option<usize> {
        let open = self.open.iter().find(|open| open.is_entry).map(|open| &open.element);
        let name = open.or(self.entries.last()).map_or("item", |element| element.written.as_str());
        let tag = format!("<{name}");
        let is_tag = |at: &usize| {
            text[at + tag.len()..].starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/')
        };
        text.match_indices(&tag).map(|(at, _)| at).find(is_tag)
    }

    fn abandon_entry(&mut self) {
        self.too_deep = 0;
        if let Some(place) = self.open.iter().position(|open| open.is_entry) {
            self.bindings.truncate(self.open[place].bindings);
            self.open.truncate(place);
        }
    }

    fn finish(mut self) -> Scanned {
        if self.root.is_none() {
            if let Some(entry) = self.open.iter().find(|open| open.is_entry) {
                let message =
                    format!("the feed breaks off inside `<{}>`, which was left out", entry.element.written);
                self.notes.push(Diagnostic::page(Code::FeedCut, message));
                self.abandon_entry();
            } else if !self.open.is_empty() && self.notes.is_empty() {
                let message = "the feed breaks off between two entries".to_owned();
                self.notes.push(Diagnostic::page(Code::FeedCut, message));
            }
            while !self.open.is_empty() {
                self.close();
            }
        }
        if self.cut > 0 {
            let message = format!("texts of the feed are longer than {MAX_TEXT} bytes, and were cut");
            self.notes.push(Diagnostic::page(Code::TextCut, message));
        }
        let repairs = [
            (self.unmatched, "elements that were not closed, or closed twice"),
            (self.unknown_entities, "entities nobody knows"),
            (self.bare, "`&` that begin no entity"),
        ];
        let told: Vec<String> = repairs
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !told.is_empty() {
            let message = format!("the feed is not well-formed: {}", told.join(", "));
            self.notes.push(Diagnostic::page(Code::FeedRepaired, message));
        }
        let root = self.root.take().unwrap_or_else(|| Element {
            vocabulary: Vocabulary::Other,
            written: String::new(),
            local: String::new(),
            attributes: Vec::new(),
            children: Vec::new(),
            base: Rc::clone(&self.base),
            language: None,
        });
        Scanned { root, entries: self.entries, diagnostics: self.notes }
    }
}

fn name_of(start: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(start.name().as_ref()).into_owned()
}
