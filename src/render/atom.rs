//! Atom: a feed → an Atom 1.0 document (RFC 4287). Pure.
//!
//! Titles and teasers are plain text, escaped once: the one form that every reader shows right. It refuses HTML, since
//! there is none in a record.

use std::fmt::Write as _;

use atom_syndication::{
    Category, Content, Entry, Feed as AtomFeed, FixedDateTime, Generator, Link, Person, Source, Text,
    TextType, WriteConfig,
    extension::{Extension, ExtensionMap},
};
use chrono::DateTime;
use jiff::Timestamp;
use url::{Position, Url};

use super::text::XmlText;
use crate::feed::{Feed, FeedEntry, Origin};

/// Media RSS, for images.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// The first line. Written here because the one of `atom_syndication` names no encoding.
const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// The feed as an Atom document, UTF-8, one element a line. The same feed gives the same bytes.
///
/// # Panics
/// Never: memory takes all that is written to it, and every instant has a date.
pub fn render(feed: &Feed) -> Vec<u8> {
    let title = line_or(&feed.title, feed.id.as_str());
    let has_image = feed.entries.iter().any(|entry| entry.image.is_some());
    let document = AtomFeed {
        title: plain(title.clone()),
        id: feed.urn.clone(),
        updated: date_time(feed.updated),
        authors: vec![person(line_or(&feed.author, title.as_str()))],
        generator: Some(Generator {
            value: env!("CARGO_PKG_NAME").to_owned(),
            uri: None,
            // A version would change the bytes of every feed at each release.
            version: None,
        }),
        links: feed.alternate.iter().map(alternate).chain([self_link(&feed.self_link)]).collect(),
        subtitle: feed.subtitle.as_deref().map(XmlText::line).filter(|text| !text.is_empty()).map(plain),
        entries: feed.entries.iter().map(entry).collect(),
        namespaces: has_image.then(|| ("media".to_owned(), MEDIA.to_owned())).into_iter().collect(),
        lang: feed.language.as_deref().and_then(language_tag),
        ..AtomFeed::default()
    };
    let layout = WriteConfig { write_document_declaration: false, indent_size: Some(2) };
    let bytes = document
        .write_with_config(PROLOG.as_bytes().to_vec(), layout)
        .expect("writing to memory does not fail");
    let mut text = String::from_utf8(bytes).expect("a document made of strings is UTF-8");
    // `atom_syndication` writes UTC as `+00:00`. Text never holds a `<`, so these can only be the ends of dates.
    for element in ["updated", "published"] {
        text = text.replace(&format!("+00:00</{element}>"), &format!("Z</{element}>"));
    }
    text.push('\n');
    text.into_bytes()
}

fn entry(entry: &FeedEntry) -> Entry {
    let teaser = entry.teaser.as_deref().map(XmlText::block).filter(|text| !text.is_empty());
    let headline = headline(entry, teaser.as_ref());
    let text = teaser.unwrap_or_else(|| headline.clone());
    // §4.1.2: an entry without an alternate link must have content; any other must have text of some kind, or readers
    // show a blank page and validators warn.
    let (summary, content) = match entry.link {
        Some(_) => (Some(plain(text)), None),
        None => (None, Some(text_content(text))),
    };
    Entry {
        title: plain(headline),
        id: entry.id.to_string(),
        updated: date_time(entry.updated),
        authors: entry
            .author
            .as_deref()
            .map(XmlText::line)
            .filter(|n| !n.is_empty())
            .map(person)
            .into_iter()
            .collect(),
        categories: categories(&entry.categories),
        links: entry.link.iter().map(alternate).collect(),
        published: Some(date_time(entry.published)),
        source: entry.source.as_ref().map(|origin| source(origin, entry.updated)),
        summary,
        content,
        extensions: entry.image.as_ref().map(thumbnail).unwrap_or_default(),
        ..Entry::default()
    }
}

/// The headline, or what can stand for one when nothing of it may be written.
fn headline(entry: &FeedEntry, teaser: Option<&XmlText>) -> XmlText {
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

/// Where an entry of a joined feed came from (§4.2.11). The source's `updated` is the one it had when it published
/// the entry: its latest would change every entry of the feed whenever the source has a new one.
fn source(origin: &Origin, updated: Timestamp) -> Source {
    let title = line_or(&origin.title, &origin.urn);
    Source {
        title: plain(title.clone()),
        id: origin.urn.clone(),
        updated: date_time(updated),
        authors: vec![person(title)],
        links: vec![alternate(&origin.link), self_link(&origin.self_link)],
        ..Source::default()
    }
}

/// The terms that have text, each once.
fn categories(terms: &[String]) -> Vec<Category> {
    let mut written = Vec::new();
    for term in terms.iter().map(|term| XmlText::line(term)) {
        if !term.is_empty() && !written.contains(&term) {
            written.push(term);
        }
    }
    written.into_iter().map(|term| Category { term: term.into(), scheme: None, label: None }).collect()
}

/// The image as `media:thumbnail`. Not as an enclosure: readers list enclosures as attachments, offer to download them,
/// and show an image that is given both ways twice.
fn thumbnail(image: &Url) -> ExtensionMap {
    let element = Extension {
        name: "media:thumbnail".to_owned(),
        // `atom_syndication` 0.12.10 escapes the attributes of all elements but extensions. Of what XML wants escaped,
        // a URI has only the ampersand.
        attrs: [("url".to_owned(), uri(image).replace('&', "&amp;"))].into(),
        // Without a value, the end tag would come on a line of its own.
        value: Some(String::new()),
        ..Extension::default()
    };
    [("media".to_owned(), [("thumbnail".to_owned(), vec![element])].into())].into()
}

fn plain(text: XmlText) -> Text {
    Text { value: text.into(), r#type: TextType::Text, ..Text::default() }
}

fn text_content(text: XmlText) -> Content {
    Content { value: Some(text.into()), content_type: Some("text".to_owned()), ..Content::default() }
}

fn person(name: XmlText) -> Person {
    Person { name: name.into(), ..Person::default() }
}

fn line_or(text: &str, fallback: &str) -> XmlText {
    let line = XmlText::line(text);
    if line.is_empty() { XmlText::line(fallback) } else { line }
}

fn alternate(url: &Url) -> Link {
    Link {
        href: uri(url),
        rel: "alternate".to_owned(),
        mime_type: Some("text/html".to_owned()),
        ..Link::default()
    }
}

fn self_link(href: &str) -> Link {
    Link {
        href: href.to_owned(),
        rel: "self".to_owned(),
        mime_type: Some("application/atom+xml".to_owned()),
        ..Link::default()
    }
}

/// A URL as RFC 3986 has it: browsers leave `|`, `[`, `{` and a lone `%` in paths and queries as they are, the RFC and
/// validators do not.
fn uri(url: &Url) -> String {
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
fn language_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let mut subtags = tag.split('-');
    let primary = subtags.next()?;
    let is_primary = matches!(primary.len(), 2 | 3) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    let is_tag = is_primary
        && subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
    is_tag.then_some(tag)
}

/// The instant in whole seconds. RFC 3339 has no years before 0: what claims to be older is shown as of the year 0.
fn date_time(time: Timestamp) -> FixedDateTime {
    const YEAR_ZERO: i64 = -62_167_219_200;
    DateTime::from_timestamp(time.as_second().max(YEAR_ZERO), 0)
        .expect("chrono holds every second that jiff does")
        .fixed_offset()
}

#[cfg(test)]
mod tests;
