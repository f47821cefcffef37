//! The texts of a feed's elements, which may be plain, HTML, XHTML or base64 → fields. Pure.
//!
//! What a text is, its element says (`type`, Atom 0.3's `mode`); in RSS, which says nothing, a text with a tag or an
//! entity in it is HTML. Plain text that looks like HTML stays as it is written where the format is clear.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use super::element::Element;
use crate::{
    extract,
    listing::{RawContent, RawField},
};

/// A text and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Letters.
    Plain(String),
    /// Markup.
    Html(String),
}

/// The longest headline, in letters; the same as a page's.
pub const MAX_HEADLINE: usize = 500;
/// The longest teaser.
pub const MAX_TEASER: usize = 4000;
/// The longest of the other fields.
pub const MAX_OTHER: usize = 1000;
/// How much of an entry's content stands in for a teaser that is missing.
pub const TEASER_FROM_CONTENT: usize = 500;

/// The text of an element of RSS: HTML if it looks like it.
pub fn guessed(element: &Element) -> Text {
    let text = if element.has_elements() { element.inner_html() } else { element.text() };
    if element.has_elements() || looks_like_html(&text) { Text::Html(text) } else { Text::Plain(text) }
}

/// The text of an element of Atom (RFC 4287 §3.1, and 0.3's `mode`); `None`: it is no text.
pub fn stated(element: &Element) -> Option<Text> {
    let kind = element.attribute("type").unwrap_or("text").trim().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match element.attribute("mode") {
        Some("base64") => return Some(of_kind(kind, decoded(&element.text())?)),
        Some("escaped") => return Some(of_kind(kind, element.text())),
        _ => {}
    }
    match kind {
        "xhtml" | "application/xhtml+xml" => Some(Text::Html(element.inner_html())),
        // Markup that nobody escaped, in what is said to be text.
        "text" | "text/plain" | "html" | "text/html" if element.has_elements() => {
            Some(Text::Html(element.inner_html()))
        }
        "" | "text" | "html" => Some(of_kind(kind, element.text())),
        kind if kind.ends_with("/xml") || kind.ends_with("+xml") => None,
        kind if kind.starts_with("text/") => Some(of_kind(kind, element.text())),
        // §4.1.3.3: anything else is base64; what is not base64 either is a text with an invented type.
        kind => Some(of_kind(kind, decoded(&element.text()).unwrap_or_else(|| element.text()))),
    }
}

fn of_kind(kind: &str, text: String) -> Text {
    match kind {
        "html" | "text/html" | "application/xhtml+xml" | "xhtml" => Text::Html(text),
        "" | "text" | "text/plain" => Text::Plain(text),
        _ if looks_like_html(&text) => Text::Html(text),
        _ => Text::Plain(text),
    }
}

fn decoded(text: &str) -> Option<String> {
    let packed: String = text.split_whitespace().collect();
    String::from_utf8(STANDARD.decode(packed).ok()?).ok()
}

/// Whether a text holds a tag or an entity.
pub fn looks_like_html(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| {
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        match byte {
            b'<' => {
                let is_tag = next == b'!' || is_tag_of_html(&bytes[at + 1..]);
                is_tag && bytes[at..].iter().take(MAX_TAG_LOOK).any(|byte| *byte == b'>')
            }
            b'&' => bytes[at + 1..]
                .iter()
                .take(MAX_ENTITY_LOOK)
                .position(|byte| *byte == b';')
                .is_some_and(|end| is_entity(&text[at + 1..at + 1 + end])),
            _ => false,
        }
    })
}

/// Whether what follows a `<` is the name of one of HTML's elements, and not "fares <from> May".
fn is_tag_of_html(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"/").unwrap_or(bytes);
    let length = bytes.iter().take(12).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    TAGS.iter().any(|tag| tag.as_bytes().eq_ignore_ascii_case(&bytes[..length]))
}

/// The elements that stand in texts.
const TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blink",
    "blockquote",
    "body",
    "br",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "nobr",
    "object",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "s",
    "samp",
    "script",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

const MAX_TAG_LOOK: usize = 4096;
const MAX_ENTITY_LOOK: usize = 32;

fn is_entity(name: &str) -> bool {
    match name.strip_prefix('#') {
        Some(number) => number.len() > 1 || number.bytes().all(|byte| byte.is_ascii_digit()),
        None => quick_xml::escape::resolve_html5_entity(name).is_some(),
    }
}

impl Text {
    /// Its words, white space folded; empty: it has none.
    pub fn words(&self, still_time: &dyn Fn() -> bool) -> String {
        match self {
            Self::Plain(text) => extract::text::fold(text),
            Self::Html(html) => extract::plain(html, still_time),
        }
    }

    /// As it is written.
    pub fn written(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Html(text) => text,
        }
    }
}

/// Where a field was found, for a person.
#[derive(Clone, Debug)]
pub struct Place {
    /// The element's or key's name.
    pub name: String,
    /// Its opening tag.
    pub tag: String,
}

impl Place {
    /// Of an element.
    pub fn of(element: &Element) -> Self {
        Self { name: element.written.clone(), tag: element.tag() }
    }

    /// A field with this value; `None`: there is none.
    pub fn field(&self, value: &str, raw: &str) -> Option<RawField> {
        if value.is_empty() {
            return None;
        }
        // A person compares the two; nobody reads a megabyte.
        let raw = extract::text::fold(raw);
        let raw = extract::text::shorten(&raw, MAX_TEASER).unwrap_or(raw);
        Some(RawField {
            value: value.to_owned(),
            raw,
            selector: self.name.clone(),
            element: self.tag.clone(),
        })
    }

    /// The words of a text, cut to a limit.
    pub fn words(&self, text: &Text, limit: usize, still_time: &dyn Fn() -> bool) -> Option<RawField> {
        let words = text.words(still_time);
        let value = extract::text::shorten(&words, limit).unwrap_or(words);
        self.field(&value, text.written())
    }

    /// Markup; `None`: it is plain text, or nothing.
    pub fn content(&self, text: &Text, base: &Url) -> Option<RawContent> {
        match text {
            Text::Html(html) if !html.trim().is_empty() => Some(RawContent {
                field: RawField {
                    value: html.trim().to_owned(),
                    raw: String::new(),
                    selector: self.name.clone(),
                    element: self.tag.clone(),
                },
                base: base.clone(),
            }),
            Text::Html(_) | Text::Plain(_) => None,
        }
    }
}
