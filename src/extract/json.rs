//! JSON in a page's scripts → elements, so that selectors read it as they read any page. Pure, and never fails.
//!
//! Some pages are a program and its data: what a reader sees is made of JSON in a `<script>`. An object becomes a `<div>`
//! and a text a `<p>`, the name of a member is the class of its element, and a list is one such element for each of its values:
//! `.posts` and `.title` are found as in any page. A text that is an address becomes an `<a>` or `<img>`, one that is a date a `<time>`,
//! and so does a number of seconds or milliseconds since 1970 in a member that is called a date.
//! Types of JSON-LD (`@type`) are classes of their object. Pieces of one state are read together (`pushed`), and
//! what is packed stands in its place (`packed`). An
//! answer that is JSON itself counts as one script. Refuses to run the
//! program.

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
};

use ego_tree::NodeId;
use html5ever::{Attribute, LocalName, QualName, local_name, ns};
use jiff::Timestamp;
use scraper::{ElementRef, Html, Node, node::Element};
use serde_json::{Number, Value};

use super::{
    metadata,
    notes::Notes,
    packed,
    parse::{End, Parsed},
    plain, pushed,
    values::MAX_VALUES,
};
use crate::{config::Css, diagnostic::Code};

/// All JSON of a page that is read; the largest honest state of a page has some 2 MB.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The most elements made of it.
const MAX_ELEMENTS: usize = 100_000;

/// What the scripts of a page hold, each read once.
pub(crate) struct Scripts {
    read: HashMap<NodeId, Script>,
    /// How many values may yet be read.
    left: usize,
}

impl Default for Scripts {
    fn default() -> Self {
        Self { read: HashMap::new(), left: MAX_VALUES }
    }
}

/// What a script holds.
enum Script {
    Json(Value),
    /// A piece of a text whose rows are JSON.
    Piece(String),
    /// Why there is none.
    Unreadable(String),
}

impl Scripts {
    fn of(&mut self, script: ElementRef<'_>) -> &Script {
        self.read.entry(script.id()).or_insert_with(|| {
            let text: String = script.text().collect();
            match pushed::piece(&text) {
                Some(piece) => Script::Piece(piece),
                None => match metadata::value(&text, &mut self.left) {
                    Ok(value) => Script::Json(packed::unpacked(value, &mut self.left)),
                    Err(why) => Script::Unreadable(why),
                },
            }
        })
    }

    /// Those that hold JSON which could be a listing, of a page's scripts in their order; a piece does where all of them
    /// together do.
    pub(crate) fn with_records<'a>(&mut self, scripts: Vec<ElementRef<'a>>) -> Vec<ElementRef<'a>> {
        let mut pieces = String::new();
        for script in &scripts {
            if let Script::Piece(piece) = self.of(*script) {
                pieces.push_str(piece);
            }
        }
        let have_pieces = pushed::values(&pieces).iter().any(has_records);
        let holds = |script: &ElementRef<'a>| match self.of(*script) {
            Script::Json(value) => has_records(value),
            Script::Piece(_) => have_pieces,
            Script::Unreadable(_) => false,
        };
        scripts.into_iter().filter(holds).collect()
    }
}

/// The page of elements that the JSON of some scripts makes.
pub(super) fn elements(
    (parsed, read): (&Parsed, &mut Scripts),
    scripts: &Css,
    notes: &mut Notes,
    still_time: &dyn Fn() -> bool,
) -> Parsed {
    let mut page = Page::new(still_time);
    let mut left = MAX_BYTES;
    let mut is_read = false;
    let mut refused = None;
    let mut pieces = String::new();
    for script in parsed.html.select(&scripts.selector) {
        let Some(rest) = left.checked_sub(script.text().map(str::len).sum()) else {
            refused = Some(format!("it has more than {MAX_BYTES} bytes"));
            break;
        };
        left = rest;
        match read.of(script) {
            Script::Json(value) => {
                page.add_all(value);
                is_read = true;
            }
            Script::Piece(piece) => {
                pieces.push_str(piece);
                refused = refused.or_else(|| Some("what is pushed has no rows of JSON".to_owned()));
            }
            Script::Unreadable(why) => refused = refused.or_else(|| Some(why.clone())),
        }
    }
    for value in pushed::values(&pieces) {
        page.add_all(&value);
        is_read = true;
    }
    // Of many scripts few hold JSON; where none does, the page is not what it was.
    if !is_read {
        let why = refused.unwrap_or_else(|| "there is no such element".to_owned());
        notes.page(Code::JsonUnreadable, format!("no JSON was read from `{}`: {why}", scripts.text));
    } else if page.left == 0 {
        let message = format!("the JSON has more than {MAX_ELEMENTS} values; the rest was not read");
        notes.page(Code::PageTruncated, message);
    }
    Parsed::new(page.html, End::Whole, HashSet::new())
}

/// Whether an answer is JSON itself: no page begins and ends so.
pub(crate) fn is_json(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(['{', '[']) && text.ends_with(['}', ']'])
}

/// An answer that is JSON, as the one script of a page without anything else.
pub(super) fn answer(text: &str) -> Parsed {
    let mut html = Html::new_document();
    let script = Element::new(QualName::new(None, ns!(html), local_name!("script")), Vec::new());
    let text = Node::Text(scraper::node::Text { text: text.into() });
    html.tree.root_mut().append(Node::Element(script)).append(text);
    Parsed::new(html, End::Whole, HashSet::new())
}

/// Whether JSON could hold a listing.
fn has_records(value: &Value) -> bool {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) if values.iter().filter(|value| value.is_object()).count() >= 3 => {
                return true;
            }
            Value::Array(values) => waiting.extend(values),
            Value::Object(object) => waiting.extend(object.values()),
            _ => {}
        }
    }
    false
}

/// A page being made.
struct Page<'t> {
    html: Html,
    body: NodeId,
    /// How many elements may yet be made.
    left: usize,
    still_time: &'t dyn Fn() -> bool,
}

/// A value that waits to become an element.
struct Waiting<'v> {
    parent: NodeId,
    /// The name of the member it is; empty: it has none.
    name: &'v str,
    value: &'v Value,
    /// Whether it stands in a member that is an image by its name.
    is_image: bool,
}

impl<'t> Page<'t> {
    fn new(still_time: &'t dyn Fn() -> bool) -> Self {
        let mut html = Html::new_document();
        let node = |name| Node::Element(Element::new(QualName::new(None, ns!(html), name), Vec::new()));
        let mut root = html.tree.root_mut();
        let body = root.append(node(local_name!("html"))).append(node(local_name!("body"))).id();
        Self { html, body, left: MAX_ELEMENTS, still_time }
    }

    /// Adds a value and all that is in it, in its order. `serde_json` reads nothing that nests deeper than 128.
    fn add_all(&mut self, value: &Value) {
        let mut waiting = vec![Waiting { parent: self.body, name: "", value, is_image: false }];
        while let Some(next) = waiting.pop() {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            let is_image = next.is_image || is_image_name(next.name);
            let inner = |parent, name, value| Waiting { parent, name, value, is_image };
            match next.value {
                Value::Object(object) => {
                    let types = metadata::types(object).map(class).collect::<Vec<_>>().join(" ");
                    let classes = format!("{} {types}", class(next.name));
                    let id = self.add(next.parent, local_name!("div"), classes.trim(), None);
                    // What an object says itself stands before what stands in it: an entry's `url`, then its author's.
                    let (nested, own): (Vec<_>, Vec<_>) =
                        object.iter().partition(|(_, value)| value.is_object() || value.is_array());
                    let members = own.into_iter().chain(nested).rev();
                    waiting.extend(members.map(|(name, value)| inner(id, name, value)));
                }
                // A list is its values, each in its name.
                Value::Array(values) => {
                    waiting.extend(values.iter().rev().map(|value| inner(next.parent, next.name, value)));
                }
                Value::String(text) => self.add_text(&next, text.trim(), is_image),
                Value::Number(number) => self.add_number(&next, number),
                Value::Null | Value::Bool(_) => {}
            }
        }
    }

    fn add_text(&mut self, next: &Waiting<'_>, text: &str, is_image: bool) {
        let class = class(next.name);
        if is_address(next.name, text) && (is_image || is_image_file(text)) {
            self.add(next.parent, local_name!("img"), &class, Some((local_name!("src"), text)));
            return;
        }
        let (tag, attribute) = if is_address(next.name, text) {
            (local_name!("a"), Some((local_name!("href"), text)))
        } else if is_time(text) {
            (local_name!("time"), Some((local_name!("datetime"), text)))
        } else {
            (local_name!("p"), None)
        };
        let id = self.add(next.parent, tag, &class, attribute);
        let text = plain(text, self.still_time);
        self.write(id, text);
    }

    /// A number, which is a date where its name says so and it lies in the years of the web.
    fn add_number(&mut self, next: &Waiting<'_>, number: &Number) {
        let text = number.to_string();
        let stamp = if is_time_name(next.name) { number.as_f64().and_then(stamp) } else { None };
        let stated = stamp.map(|stamp| stamp.to_string());
        let Some(stated) = stated else { return self.add_text(next, &text, next.is_image) };
        let attribute = Some((local_name!("datetime"), stated.as_str()));
        let id = self.add(next.parent, local_name!("time"), &class(next.name), attribute);
        self.write(id, text);
    }

    fn write(&mut self, id: NodeId, text: String) {
        if let Some(mut element) = self.html.tree.get_mut(id) {
            element.append(Node::Text(scraper::node::Text { text: text.into() }));
        }
    }

    fn add(
        &mut self,
        parent: NodeId,
        tag: LocalName,
        class: &str,
        attribute: Option<(LocalName, &str)>,
    ) -> NodeId {
        let class = (!class.is_empty()).then_some((local_name!("class"), class));
        let attributes = class
            .into_iter()
            .chain(attribute)
            .map(|(name, value)| Attribute { name: QualName::new(None, ns!(), name), value: value.into() });
        let element = Element::new(QualName::new(None, ns!(html), tag), attributes.collect());
        let mut parent = self.html.tree.get_mut(parent).expect("it was made before what is in it");
        parent.append(Node::Element(element)).id()
    }
}

/// A name as one class: `@type` is `type`, and what no plain selector can write is a hyphen.
fn class(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '_' || c == '-' { c } else { '-' };
    name.trim_start_matches(['@', '$', '#']).chars().map(plain).collect()
}

/// An address: one by its beginning, or a word in a member that is called one.
fn is_address(name: &str, text: &str) -> bool {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return false;
    }
    let is_named = ["url", "link", "href", "uri", "permalink", "canonical"]
        .iter()
        .any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let is_path = text.len() > 1 && text.starts_with('/');
    is_named || is_path || text.starts_with("https://") || text.starts_with("http://")
}

fn is_image_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["image", "img", "thumb", "photo", "picture", "poster", "cover", "logo", "avatar", "icon"]
        .iter()
        .any(|word| name.contains(word))
}

fn is_image_file(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or(text).to_ascii_lowercase();
    [".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".svg"].iter().any(|ending| path.ends_with(ending))
}

/// The beginning of a date as programs write it (RFC 3339): `2025-03-06`, with or without a time.
fn is_time(text: &str) -> bool {
    let is_digit_or_hyphen =
        |(at, byte): (usize, &u8)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() };
    let day = text.as_bytes().get(..10);
    text.len() <= 40 && day.is_some_and(|day| day.iter().enumerate().all(is_digit_or_hyphen))
}

/// Whether a member is a date by its name: `publishedAt`, `created`, `start_ts`.
fn is_time_name(name: &str) -> bool {
    const WORDS: [&str; 8] = ["date", "time", "publish", "posted", "created", "updated", "modified", "stamp"];
    // `createdBy`, `updateId`, `timezone`.
    const OTHERS: [&str; 5] = ["id", "by", "count", "zone", "ms"];
    let lower = name.to_ascii_lowercase();
    if OTHERS.iter().any(|ending| lower.ends_with(ending)) {
        return false;
    }
    WORDS.iter().any(|word| lower.contains(word))
        || ["At", "_at", "On", "_on", "_ts"].iter().any(|ending| name.ends_with(ending))
        || lower == "ts"
}

/// The instant that a number of seconds or milliseconds since 1970 is, from 1995 to 2100.
fn stamp(number: f64) -> Option<Timestamp> {
    const YEARS: RangeInclusive<f64> = 788_918_400.0..=4_102_444_800.0;
    let seconds = [number, number / 1000.0].into_iter().find(|seconds| YEARS.contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "it lies in those years")]
    Timestamp::from_second(seconds as i64).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        config::{self, ConfigText},
        decode::Document,
        extract::extract,
        listing::{DateSource, Listing, RawField},
    };

    fn read(page: &str, json: &str, entry: &str) -> Listing {
        let text = format!(
            "[source.a]\nurl = \"https://a.example/\"\njson = \"{json}\"\nentry = \"{entry}\"\nheadline = \".title\"\nlink = \".url, .permalink\""
        );
        let config = config::read(&[ConfigText { path: "gleaner.toml".into(), text }], &|_| None).unwrap();
        let document = Document::from_text(page, config.sources[0].url.to_url());
        extract(&document, config.sources[0].rules.as_ref().unwrap(), &|| true)
    }

    fn from_json(script: &str, entry: &str) -> Listing {
        let page = format!("<title>Shell</title><p class=title>Loading</p><script>{script}</script>");
        read(&page, "script", entry)
    }

    fn headlines(listing: &Listing) -> Vec<&str> {
        let headlines = listing.entries.iter().filter_map(|entry| entry.headline.as_ref());
        headlines.map(|headline| headline.value.as_str()).collect()
    }

    fn codes(listing: &Listing) -> Vec<Code> {
        listing.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn json_of_a_script_is_read_as_elements() {
        let script = r#"window.__STATE__ = {"data": {"@graph": [
            {"@type": ["Thing", "NewsArticle"], "title": "One <b>and</b> &amp; two", "url": "/a", "n": 7, "published": "2026-03-01T10:00:00+01:00"},
            {"@type": "NewsArticle", "title": "Three", "permalink": "b.html", "image": {"url": "/i"}, "none": null}
        ]}}; start();"#;
        let listing = from_json(script, ".NewsArticle");
        assert_eq!(headlines(&listing), ["One and & two", "Three"]);
        let [first, second] = &listing.entries[..] else { panic!("two entries") };
        let value = |field: &Option<RawField>| field.as_ref().map(|field| field.value.clone());
        assert_eq!(
            (value(&first.link).as_deref(), value(&second.link).as_deref()),
            (Some("/a"), Some("b.html"))
        );
        let date = &first.dates[0];
        assert_eq!(
            (date.source, date.field.value.as_str()),
            (DateSource::TimeElement, "2026-03-01T10:00:00+01:00")
        );
        assert_eq!(headlines(&from_json(script, ".graph")).len(), 2);
        assert_eq!(listing.title.as_deref(), Some("Shell"), "what the page says of itself is the page's");
        assert_eq!(codes(&listing), []);
    }

    #[test]
    fn what_an_object_says_itself_stands_before_what_stands_in_it() {
        let script =
            r#"[{"author": {"title": "Editor", "url": "/people/a"}, "title": "One", "url": "/one"}]"#;
        let listing = from_json(script, "body > div");
        assert_eq!(headlines(&listing), ["One"]);
        assert_eq!(listing.entries[0].link.as_ref().map(|link| link.value.as_str()), Some("/one"));
    }

    #[test]
    fn json_that_cannot_be_read_is_told_and_gives_nothing() {
        let deep = "[".repeat(300_000);
        for script in ["", "run();", "{\"a\": [", "{\"a\": 1,}", deep.as_str(), "x = {'a': 1}"] {
            let listing = from_json(script, "div");
            assert_eq!(codes(&listing), [Code::JsonUnreadable], "{}", &script[..script.len().min(20)]);
            assert!(listing.entries.is_empty());
        }
        let listing = read("<li class=title>not this</li>", "#state", "li");
        let message = "no JSON was read from `#state`: there is no such element";
        assert_eq!(listing.diagnostics[0].message, message);
        let many = format!("[{}]", vec!["{\"title\":\"t\"}"; 60_000].join(","));
        assert!(codes(&from_json(&many, "div")).contains(&Code::PageTruncated));
    }

    proptest! {
        #[test]
        fn any_json_and_what_is_nearly_json_never_panics(script in "[\\[\\]{}:,\"a@ 0-9/<&.\\\\é-]{0,80}") {
            from_json(&script, "div");
        }
    }
}
