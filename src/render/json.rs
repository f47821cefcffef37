//! JSON Feed: a feed → a JSON Feed 1.1 document. Pure.
//!
//! HTML stands in `content_html` alone; everything else is plain text. Characters that XML forbids are dropped here
//! too: readers turn one format into another.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    fields::{headline, is_file, language_tag, line_or, media_type, page_of, terms, uri, whole_second},
    text::XmlText,
};
use crate::feed::{Feed, FeedEntry, Format, Origin};

#[derive(Serialize)]
struct Document {
    version: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub>,
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Hub {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Author {
    name: String,
}

#[derive(Serialize)]
struct Item {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    date_published: Timestamp,
    date_modified: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    /// The feed the item was taken over from; an extension, as JSON Feed has no place for it.
    #[serde(rename = "_source", skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
}

#[derive(Serialize)]
struct Attachment {
    url: String,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Source {
    id: String,
    title: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
}

/// The feed as a JSON Feed, pretty-printed. The same feed gives the same bytes.
///
/// # Panics
/// Never: texts, numbers and dates always have a form in JSON.
pub fn render(feed: &Feed) -> Vec<u8> {
    let title = line_or(&feed.title, feed.id.as_str());
    // `icon` is a large one.
    let is_small = feed.icon.as_ref().is_some_and(|icon| is_file(icon, &[".ico"]));
    let icon = feed.icon.as_ref().map(uri);
    let (icon, favicon) = if is_small { (None, icon) } else { (icon, None) };
    let document = Document {
        version: "https://jsonfeed.org/version/1.1",
        home_page_url: page_of(feed),
        feed_url: feed.address(Format::Json),
        description: feed
            .subtitle
            .as_deref()
            .map(XmlText::line)
            .filter(|text| !text.is_empty())
            .map(String::from),
        icon,
        favicon,
        language: feed.language.as_deref().and_then(language_tag),
        authors: vec![Author { name: line_or(&feed.author, title.as_str()).into() }],
        hubs: feed.hubs.iter().map(|hub| Hub { kind: "WebSub", url: uri(hub) }).collect(),
        items: feed.entries.iter().map(item).collect(),
        title: title.into(),
    };
    let mut bytes = serde_json::to_vec_pretty(&document).expect("plain values are always valid JSON");
    bytes.push(b'\n');
    bytes
}

fn item(entry: &FeedEntry) -> Item {
    let teaser = entry.teaser.as_deref().map(XmlText::block).filter(|text| !text.is_empty());
    let headline = headline(entry, teaser.as_ref());
    let full =
        entry.content.as_ref().map(|html| XmlText::block(html.as_str())).filter(|html| !html.is_empty());
    // One of the two contents must be there, so a teaser alone is the content.
    let (text, summary) = match (&full, teaser) {
        (Some(_), teaser) => (None, teaser.map(String::from)),
        (None, teaser) => (Some(teaser.unwrap_or_else(|| headline.clone()).into()), None),
    };
    let author = entry.author.as_deref().map(XmlText::line).filter(|name| !name.is_empty());
    Item {
        id: entry.id.to_string(),
        url: entry.link.as_ref().map(uri),
        title: headline.into(),
        content_html: full.map(String::from),
        content_text: text,
        summary,
        image: entry.image.as_ref().map(uri),
        date_published: whole_second(entry.published),
        date_modified: whole_second(entry.updated),
        authors: author.into_iter().map(|name| Author { name: name.into() }).collect(),
        tags: terms(&entry.categories).map(String::from).collect(),
        attachments: entry
            .enclosures
            .iter()
            .map(|file| Attachment {
                url: uri(&file.url),
                mime_type: media_type(file),
                size_in_bytes: file.bytes,
                duration_in_seconds: file.seconds,
            })
            .collect(),
        source: entry.source.as_ref().map(source),
    }
}

fn source(origin: &Origin) -> Source {
    Source {
        id: origin.urn.clone(),
        title: line_or(&origin.title, &origin.urn).into(),
        url: uri(&origin.link),
        feed_url: origin.self_link.clone(),
    }
}
