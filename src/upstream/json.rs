//! JSON Feed 1.0 and 1.1 → a listing. Pure, and never fails.
//!
//! Values of the wrong type cost their field, not the item: ids come as numbers, and `items` with a string in it.
//! A text that breaks off gives nothing, since JSON has no whole part without its end.

use serde_json::{Map, Value};

use super::{
    author, duration,
    markup::{MAX_HEADLINE, MAX_OTHER, MAX_TEASER, Place, TEASER_FROM_CONTENT, Text},
};
use crate::{
    decode::Document,
    diagnostic::{Code, Diagnostic},
    entry::Enclosure,
    extract::{
        MAX_ROWS, address, icon, text,
        values::{self, MAX_VALUES},
    },
    listing::{Container, DateSource, Listing, Quiet, RawDate, RawEntry, RawField},
};

/// Where the headline of an entry without a title comes from.
const FIRST_WORDS: &str = "the first words of the text";

/// Whether a text that begins with `{` is a JSON Feed. The version names it, and stands near the top.
pub fn is_feed(text: &str) -> bool {
    const LOOKED_AT: usize = 4096;
    let head = text::beginning(text, LOOKED_AT).replace("\\/", "/");
    head.contains("jsonfeed.org/version/") || (head.contains("\"items\"") && head.contains("\"version\""))
}

/// Reads a JSON Feed.
pub fn read(document: &Document, still_time: &dyn Fn() -> bool) -> Listing {
    let mut listing = Listing {
        entries: Vec::new(),
        container: Container::Feed,
        base: document.url.clone(),
        language: None,
        title: None,
        home: None,
        icon: None,
        next: None,
        feeds: Vec::new(),
        pace: None,
        quiet: Quiet::default(),
        diagnostics: Vec::new(),
    };
    let text = document.text.trim_start_matches('\u{feff}');
    let readable = values::readable(text, &mut MAX_VALUES.clone());
    if readable.as_ref().is_ok_and(|readable| readable != text) {
        let message = "halves of letters (`\\ud83d` alone) were replaced";
        listing.diagnostics.push(Diagnostic::page(Code::FeedRepaired, message));
    }
    let feed = match readable.and_then(|text| serde_json::from_str(&text).map_err(|e| e.to_string())) {
        Ok(Value::Object(feed)) => feed,
        Ok(_) => Map::new(),
        Err(error) => {
            let message = format!("the feed cannot be read as JSON: {error}");
            listing.diagnostics.push(Diagnostic::page(Code::FeedCut, message));
            return listing;
        }
    };
    listing.title = string(&feed, "title").map(|title| text::fold(&title)).filter(|title| !title.is_empty());
    listing.language = string(&feed, "language");
    listing.home = string(&feed, "home_page_url").and_then(|url| address::resolve(&document.url, &url).ok());
    if let Some(home) = &listing.home {
        listing.base = home.clone();
    }
    listing.icon =
        ["icon", "favicon"].into_iter().find_map(|name| icon::address(&document.url, &string(&feed, name)?));
    let authors = names(&feed);
    let items = feed.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if items.len() > MAX_ROWS {
        let message = format!("more than {MAX_ROWS} entries; the rest was not read");
        listing.diagnostics.push(Diagnostic::page(Code::PageTruncated, message));
    }
    for (index, item) in items.iter().take(MAX_ROWS).enumerate() {
        let row = index + 1;
        let Some(item) = item.as_object() else {
            let message = format!("item {row} is not an object");
            listing.diagnostics.push(Diagnostic::row(Code::HeadlineMissing, row, message));
            continue;
        };
        let entry = Item { object: item, listing: &listing, authors: &authors, still_time }.read(row);
        if entry.headline.as_ref().is_some_and(|headline| headline.selector == FIRST_WORDS) {
            let message = format!("the entry has no title, taken from {FIRST_WORDS}");
            listing.diagnostics.push(Diagnostic::row(Code::FallbackUsed, row, message));
        }
        listing.entries.push(entry);
    }
    listing
}

struct Item<'a> {
    object: &'a Map<String, Value>,
    listing: &'a Listing,
    authors: &'a [String],
    still_time: &'a dyn Fn() -> bool,
}

impl Item<'_> {
    fn read(&self, row: usize) -> RawEntry {
        let html = string(self.object, "content_html").map(Text::Html);
        let plain = string(self.object, "content_text").map(Text::Plain);
        let content = html.as_ref().and_then(|text| place("content_html").content(text, &self.listing.base));
        let full = html.as_ref().map(|text| ("content_html", text, TEASER_FROM_CONTENT));
        let full = full.or_else(|| plain.as_ref().map(|text| ("content_text", text, MAX_TEASER)));
        let words = |name: &str, text: &Text, limit| place(name).words(text, limit, self.still_time);
        let teaser = string(self.object, "summary")
            .and_then(|text| words("summary", &Text::Plain(text), MAX_TEASER))
            .or_else(|| full.and_then(|(name, text, limit)| words(name, text, limit)));
        let headline =
            string(self.object, "title").and_then(|t| words("title", &Text::Plain(t), MAX_HEADLINE));
        let headline = headline.or_else(|| {
            let teaser = teaser.as_ref()?;
            let value = text::shorten(&teaser.value, 100).unwrap_or_else(|| teaser.value.clone());
            Some(RawField { value, selector: FIRST_WORDS.to_owned(), ..teaser.clone() })
        });
        let own = names(self.object);
        let authors = if own.is_empty() { self.authors } else { &own };
        let tags = self.object.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        RawEntry {
            row,
            headline,
            link: self.field("url").or_else(|| self.field("external_url")),
            id: self.id(),
            teaser,
            content,
            image: self.field("image").or_else(|| self.field("banner_image")),
            author: place("authors").field(&authors.join(", "), &authors.join(", ")),
            categories: tags
                .iter()
                .filter_map(Value::as_str)
                .filter_map(|tag| place("tags").field(&text::fold(tag), tag))
                .take(50)
                .collect(),
            enclosures: self.enclosures(),
            files: Vec::new(),
            dates: [("date_published", DateSource::Metadata), ("date_modified", DateSource::Field)]
                .into_iter()
                .filter_map(|(name, source)| Some(RawDate { source, field: self.field(name)? }))
                .collect(),
        }
    }

    fn field(&self, name: &str) -> Option<RawField> {
        let text = string(self.object, name)?;
        place(name).field(text.trim(), &text)
    }

    /// A number is meant as its digits (version 1.1, `items`).
    fn id(&self) -> Option<RawField> {
        let text = match self.object.get("id")? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (text.len() <= MAX_OTHER).then(|| place("id").field(&text, &text))?
    }

    fn enclosures(&self) -> Vec<Enclosure> {
        let attachments = self.object.get("attachments").and_then(Value::as_array);
        let found = attachments.into_iter().flatten().filter_map(Value::as_object).filter_map(|attachment| {
            Some(Enclosure {
                url: address::resolve(&self.listing.base, &string(attachment, "url")?).ok()?,
                media_type: string(attachment, "mime_type"),
                bytes: attachment.get("size_in_bytes").and_then(Value::as_u64),
                seconds: attachment
                    .get("duration_in_seconds")
                    .and_then(|length| duration::seconds(&length.to_string())),
            })
        });
        found.take(50).collect()
    }
}

/// `authors`, and version 1.0's `author`.
fn names(object: &Map<String, Value>) -> Vec<String> {
    let several = object.get("authors").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<String> = Vec::new();
    for person in several.chain(object.get("author")) {
        let written = person.as_object().and_then(|person| string(person, "name"));
        let name = written.as_deref().or(person.as_str()).and_then(author::name);
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

fn place(name: &str) -> Place {
    Place { name: name.to_owned(), tag: format!("\"{name}\"") }
}

fn string(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned).filter(|text| !text.trim().is_empty())
}
