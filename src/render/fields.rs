//! What every format shows of a feed and its entries: texts, addresses, tags. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;
use url::{Position, Url};

use super::text::XmlText;
use crate::{
    entry::Enclosure,
    feed::{Feed, FeedEntry, Format},
};

/// The headline, or what can stand for one when nothing of it may be written.
pub fn headline(entry: &FeedEntry, teaser: Option<&XmlText>) -> XmlText {
    let headline = XmlText::line(&entry.headline);
    if !headline.is_empty() {
        return headline;
    }
    match (teaser, &entry.link) {
        (Some(teaser), _) => XmlText::line(teaser.as_str()),
        (None, Some(link)) => XmlText::line(link.as_str()),
        (None, None) => XmlText::line(&entry.id.to_string()),
    }
}

/// The terms that have text, each once.
pub fn terms(written: &[String]) -> impl Iterator<Item = XmlText> {
    let mut terms: Vec<XmlText> = Vec::new();
    for term in written.iter().map(|term| XmlText::line(term)) {
        if !term.is_empty() && !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms.into_iter()
}

/// A text of one line; where nothing of it may be written, another.
pub fn line_or(text: &str, fallback: &str) -> XmlText {
    let line = XmlText::line(text);
    if line.is_empty() { XmlText::line(fallback) } else { line }
}

/// Whether the name of the file that an address leads to ends so, such as in `.ico`.
pub fn is_file(url: &Url, ends: &[&str]) -> bool {
    let path = url.path().to_ascii_lowercase();
    ends.iter().any(|end| path.ends_with(end))
}

/// A URL as RFC 3986 has it: browsers leave `|`, `[`, `{` and a lone `%` in paths and queries as they are, the RFC and
/// validators do not.
pub fn uri(url: &Url) -> String {
    // Before the path stand brackets that belong there, of an IPv6 address.
    let mut written = url[..Position::BeforePath].to_owned();
    let rest = &url[Position::BeforePath..];
    let mut fragment = false;
    for (at, c) in rest.char_indices() {
        let is_allowed = match c {
            '%' => {
                rest.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            }
            '#' => !std::mem::replace(&mut fragment, true),
            _ => c.is_ascii_alphanumeric() || "-._~:/?@!$&'()*+,;=".contains(c),
        };
        if is_allowed {
            written.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                write!(written, "%{byte:02X}").expect("a string takes all that is written to it");
            }
        }
    }
    written
}

/// A language tag in the syntax of BCP 47; `None` for what is none (pages write `en_US`, and worse).
pub fn language_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let mut subtags = tag.split('-');
    let primary = subtags.next()?;
    let is_primary = matches!(primary.len(), 2 | 3) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    let is_tag = is_primary
        && subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
    is_tag.then_some(tag)
}

/// The page a feed belongs to: the one it was read from, else the one published beside it.
pub fn page_of(feed: &Feed) -> Option<String> {
    let beside = || feed.formats.contains(&Format::Html).then(|| feed.address(Format::Html));
    feed.alternate.as_ref().map(uri).or_else(beside)
}

/// What files are by the end of their name, where nobody states it: podcast players pass over what is no sound.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("aac", "audio/aac"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("flac", "audio/flac"),
    ("wav", "audio/wav"),
    ("mp4", "video/mp4"),
    ("m4v", "video/mp4"),
    ("webm", "video/webm"),
    ("mov", "video/quicktime"),
    ("pdf", "application/pdf"),
    ("epub", "application/epub+zip"),
    ("zip", "application/zip"),
];

fn by_name(url: &Url) -> Option<&'static str> {
    let (_, end) = url.path().rsplit_once('.')?;
    MEDIA_TYPES.iter().find(|(ending, _)| end.eq_ignore_ascii_case(ending)).map(|(_, kind)| *kind)
}

/// The media type of a file as stated, if it is one, else by its name; else the type of any bytes.
pub fn media_type(file: &Enclosure) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
    let stated = file.media_type.as_deref().map(|text| text.split(';').next().unwrap_or_default().trim());
    let is_type = |text: &&str| {
        text.split_once('/').is_some_and(|(kind, name)| {
            [kind, name].iter().all(|part| !part.is_empty() && part.chars().all(is_token))
        })
    };
    let stated = stated.filter(is_type).or_else(|| by_name(&file.url));
    stated.unwrap_or("application/octet-stream").to_ascii_lowercase()
}

/// An instant in whole seconds that every format can write: RFC 3339 and RFC 822 have no years before 0.
pub fn whole_second(time: Timestamp) -> Timestamp {
    const YEAR_ZERO: i64 = -62_167_219_200;
    Timestamp::from_second(time.as_second().max(YEAR_ZERO)).expect("between the year 0 and another timestamp")
}

/// Text as HTML's and XML's text and attributes hold it.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
