//! Atom: a feed → an Atom 1.0 document (RFC 4287). Pure.
//!
//! Titles and teasers are plain text, escaped once: the one form that every reader shows right. HTML is in `content`
//! alone, sanitized before it was stored, and escaped once too.

use atom_syndication::{
    Category, Content, Entry, Feed as AtomFeed, FixedDateTime, Generator, Link, Person, Source, Text,
    TextType, WriteConfig,
    extension::{Extension, ExtensionMap},
};
use chrono::DateTime;
use jiff::Timestamp;
use url::Url;

use super::{
    fields::{headline, language_tag, line_or, media_type, terms, uri},
    text::XmlText,
};
use crate::{
    entry::Enclosure,
    feed::{Feed, FeedEntry, Format, Origin},
};

/// Media RSS, for images.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// Feed history, for archives.
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The first line. Written here because the one of `atom_syndication` names no encoding.
const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// The feed as an Atom document, UTF-8, one element a line. The same feed gives the same bytes.
///
/// # Panics
/// Never: memory takes all that is written to it, and every instant has a date.
pub fn render(feed: &Feed) -> Vec<u8> {
    let title = line_or(&feed.title, feed.id.as_str());
    let has_image = feed.entries.iter().any(|entry| entry.image.is_some());
    let is_archive = feed.history.archive.is_some();
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
        links: feed
            .alternate
            .iter()
            .map(alternate)
            .chain([self_link(&feed.address(Format::Atom))])
            .chain(history(feed))
            .chain(feed.hubs.iter().map(hub))
            .collect(),
        subtitle: feed.subtitle.as_deref().map(XmlText::line).filter(|text| !text.is_empty()).map(plain),
        icon: feed.icon.as_ref().map(uri),
        entries: feed.entries.iter().map(entry).collect(),
        namespaces: has_image
            .then(|| ("media".to_owned(), MEDIA.to_owned()))
            .into_iter()
            .chain(is_archive.then(|| ("fh".to_owned(), HISTORY.to_owned())))
            .collect(),
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
    if is_archive {
        // `atom_syndication` puts extensions behind the entries, where the schema of RFC 4287 has nothing but entries.
        text = text.replacen("\n  <link ", "\n  <fh:archive/>\n  <link ", 1);
    }
    text.push('\n');
    text.into_bytes()
}

/// The links between the documents of its history (RFC 5005 §4). None leads to the next archive: that one is not there
/// yet when a document is written, and a document that is full never changes.
fn history(feed: &Feed) -> Vec<Link> {
    let link = |rel: &str, href: String| Link { rel: rel.to_owned(), ..self_link(&href) };
    let current = feed.history.archive.map(|_| link("current", feed.current(Format::Atom)));
    let previous = feed.previous(Format::Atom).map(|href| link("prev-archive", href));
    current.into_iter().chain(previous).collect()
}

fn entry(entry: &FeedEntry) -> Entry {
    let teaser = entry.teaser.as_deref().map(XmlText::block).filter(|text| !text.is_empty());
    let headline = headline(entry, teaser.as_ref());
    let text = teaser.unwrap_or_else(|| headline.clone());
    // §4.1.2: an entry without an alternate link must have content; any other must have text of some kind, or readers
    // show a blank page and validators warn.
    let full =
        entry.content.as_ref().map(|html| XmlText::block(html.as_str())).filter(|html| !html.is_empty());
    let (summary, content) = match (full, &entry.link) {
        (Some(html), _) => (Some(plain(text)), Some(html_content(html))),
        (None, Some(_)) => (Some(plain(text)), None),
        (None, None) => (None, Some(text_content(text))),
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
        categories: terms(&entry.categories)
            .map(|term| Category { term: term.into(), scheme: None, label: None })
            .collect(),
        links: entry.link.iter().map(alternate).chain(entry.enclosures.iter().map(enclosure)).collect(),
        published: Some(date_time(entry.published)),
        source: entry.source.as_ref().map(|origin| source(origin, entry.updated)),
        summary,
        content,
        extensions: entry.image.as_ref().map(thumbnail).unwrap_or_default(),
        ..Entry::default()
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
        links: std::iter::once(alternate(&origin.link))
            .chain(origin.self_link.as_deref().map(self_link))
            .collect(),
        ..Source::default()
    }
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

fn html_content(html: XmlText) -> Content {
    Content { value: Some(html.into()), content_type: Some("html".to_owned()), ..Content::default() }
}

fn enclosure(file: &Enclosure) -> Link {
    Link {
        href: uri(&file.url),
        rel: "enclosure".to_owned(),
        mime_type: Some(media_type(file)),
        length: file.bytes.map(|bytes| bytes.to_string()),
        ..Link::default()
    }
}

fn person(name: XmlText) -> Person {
    Person { name: name.into(), ..Person::default() }
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

/// Where readers can subscribe to its changes (WebSub §4).
fn hub(url: &Url) -> Link {
    Link { href: uri(url), rel: "hub".to_owned(), ..Link::default() }
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
