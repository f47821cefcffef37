//! RSS: a feed → an RSS 2.0 document, by the RSS Advisory Board's profile. Pure.
//!
//! Names go to `dc:creator`, since `author` wants an address of mail; the full text to `content:encoded`. Titles are
//! plain text, escaped once. `guid` is the id that Atom has, never a permalink.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use rss::{
    Category, Channel, Enclosure, Guid, Image, Item, Source,
    extension::{Extension, ExtensionMap, dublincore::DublinCoreExtension, itunes::ITunesItemExtension},
};
use url::Url;

use super::{
    atom::HISTORY,
    fields::{
        escaped, headline, is_file, language_tag, line_or, media_type, page_of, terms, uri, whole_second,
    },
    text::XmlText,
};
use crate::feed::{Feed, FeedEntry, Format};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// The feed as an RSS document, UTF-8, one element a line. The same feed gives the same bytes.
///
/// # Panics
/// Never: memory takes all that is written to it.
pub fn render(feed: &Feed) -> Vec<u8> {
    let title = line_or(&feed.title, feed.id.as_str());
    let description = feed.subtitle.as_deref().map(XmlText::line).filter(|text| !text.is_empty());
    let own = feed.address(Format::Rss);
    let mut namespaces = BTreeMap::from([("atom".to_owned(), ATOM.to_owned())]);
    if feed.entries.iter().any(|entry| entry.image.is_some()) {
        namespaces.insert("media".to_owned(), MEDIA.to_owned());
    }
    let links = std::iter::once(self_link(&own)).chain(history(feed)).chain(feed.hubs.iter().map(hub));
    let mut extensions = extensions("atom", "link", links.collect());
    if feed.history.archive.is_some() {
        namespaces.insert("fh".to_owned(), HISTORY.to_owned());
        let name = "fh:archive".to_owned();
        let mark = Extension { name, value: Some(String::new()), ..Extension::default() };
        extensions.extend(self::extensions("fh", "archive", vec![mark]));
    }
    // The channel must have a link.
    let link = page_of(feed).unwrap_or(own);
    // GIF, JPEG and PNG are what may stand there.
    let icon = feed.icon.as_ref().filter(|icon| !is_file(icon, &[".ico", ".svg"]));
    let image = icon.map(|icon| Image {
        url: uri(icon),
        title: title.clone().into(),
        link: link.clone(),
        ..Image::default()
    });
    let channel = Channel {
        extensions,
        image,
        link,
        description: description.unwrap_or_else(|| title.clone()).into(),
        title: title.into(),
        language: feed.language.as_deref().and_then(language_tag),
        last_build_date: Some(date(feed.updated)),
        generator: Some(env!("CARGO_PKG_NAME").to_owned()),
        ttl: feed.every.map(|every| every.as_secs().div_ceil(60).max(1).to_string()),
        items: feed.entries.iter().map(item).collect(),
        namespaces,
        ..Channel::default()
    };
    let mut bytes = channel.pretty_write_to(Vec::new(), b' ', 2).expect("writing to memory does not fail");
    bytes.push(b'\n');
    bytes
}

fn item(entry: &FeedEntry) -> Item {
    let teaser = entry.teaser.as_deref().map(XmlText::block).filter(|text| !text.is_empty());
    let headline = headline(entry, teaser.as_ref());
    let text = teaser.unwrap_or_else(|| headline.clone());
    let full =
        entry.content.as_ref().map(|html| XmlText::block(html.as_str())).filter(|html| !html.is_empty());
    let creator = entry.author.as_deref().map(XmlText::line).filter(|name| !name.is_empty());
    let origin = entry.source.as_ref();
    let dublin_core = (creator.is_some() || origin.is_some()).then(|| DublinCoreExtension {
        creators: creator.into_iter().map(String::from).collect(),
        sources: origin.map(|origin| uri(&origin.link)).into_iter().collect(),
        ..DublinCoreExtension::default()
    });
    Item {
        title: Some(headline.into()),
        link: entry.link.as_ref().map(uri),
        // HTML by what readers make of it, so plain text is escaped as such before XML escapes it.
        description: Some(escaped(text.as_str())),
        content: full.map(String::from),
        categories: terms(&entry.categories)
            .map(|term| Category { name: term.into(), domain: None })
            .collect(),
        // One an item; readers take the first at best.
        enclosure: entry.enclosures.first().map(|file| Enclosure {
            url: uri(&file.url),
            length: file.bytes.unwrap_or(0).to_string(),
            mime_type: media_type(file),
        }),
        guid: Some(Guid { value: entry.id.to_string(), permalink: false }),
        pub_date: Some(date(entry.published)),
        source: origin.and_then(|origin| {
            let url = origin.self_link.clone().filter(|address| Url::parse(address).is_ok())?;
            Some(Source { url, title: Some(line_or(&origin.title, &origin.urn).into()) })
        }),
        extensions: entry.image.as_ref().map_or_else(ExtensionMap::new, |image| {
            let attrs = BTreeMap::from([("url".to_owned(), uri(image))]);
            let name = "media:thumbnail".to_owned();
            extensions(
                "media",
                "thumbnail",
                vec![Extension { name, attrs, value: Some(String::new()), ..Extension::default() }],
            )
        }),
        dublin_core_ext: dublin_core,
        itunes_ext: entry.enclosures.first().and_then(|file| file.seconds).map(|seconds| {
            ITunesItemExtension { duration: Some(seconds.to_string()), ..ITunesItemExtension::default() }
        }),
        ..Item::default()
    }
}

/// The links between the documents of its history (RFC 5005, appendix B).
fn history(feed: &Feed) -> Vec<Extension> {
    let link =
        |rel, href: String| atom_link(&[("rel", rel), ("href", &href), ("type", Format::Rss.media_type())]);
    let current = feed.history.archive.map(|_| link("current", feed.current(Format::Rss)));
    let previous = feed.previous(Format::Rss).map(|href| link("prev-archive", href));
    current.into_iter().chain(previous).collect()
}

fn self_link(href: &str) -> Extension {
    atom_link(&[("rel", "self"), ("href", href), ("type", Format::Rss.media_type())])
}

/// Where readers can subscribe to its changes (WebSub §4).
fn hub(url: &Url) -> Extension {
    atom_link(&[("rel", "hub"), ("href", &uri(url))])
}

fn atom_link(attributes: &[(&str, &str)]) -> Extension {
    let attrs = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    // Without a value, the end tag would come on a line of its own.
    Extension { name: "atom:link".to_owned(), attrs, value: Some(String::new()), ..Extension::default() }
}

fn extensions(prefix: &str, name: &str, elements: Vec<Extension>) -> ExtensionMap {
    [(prefix.to_owned(), [(name.to_owned(), elements)].into())].into()
}

/// RFC 822 with a year of four digits, in English whatever the locale.
fn date(time: Timestamp) -> String {
    whole_second(time).to_zoned_datetime(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
