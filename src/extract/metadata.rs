//! Metadata: the page's JSON-LD → dates by the address of what they date. Pure.
//!
//! Follows schema.org's names in JSON as sites write it, not JSON-LD's own processing: contexts are not fetched.
//! Refuses objects that describe the page and not an entry (`WebPage`, `WebSite`): their date is the page's.

use std::collections::HashMap;

use serde_json::{Map, Value};
use url::Url;

use super::{
    address,
    values::{self, MAX_VALUES},
};
use crate::normalize::canonical;

/// All JSON-LD of a page that is read; real pages have some 10 KB.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Dates by address.
pub(super) struct Metadata {
    dates: HashMap<String, Stated>,
}

/// A date an object states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stated {
    /// As written.
    pub(super) date: String,
    /// The object's type and property, for messages: `NewsArticle datePublished`.
    pub(super) place: String,
}

impl Metadata {
    /// Reads the JSON-LD scripts of a page; what is not JSON gives nothing.
    pub(super) fn read(scripts: &[String], base: &Url, page: &Url) -> Self {
        let mut dates = HashMap::new();
        let mut left = MAX_BYTES;
        for script in scripts {
            let Some(rest) = left.checked_sub(script.len()) else { break };
            left = rest;
            if let Some(value) = parse(script) {
                collect(&value, base, &mut dates);
            }
        }
        dates.remove(&key(page));
        Self { dates }
    }

    /// The date stated for an address.
    pub(super) fn of(&self, link: &Url) -> Option<&Stated> {
        self.dates.get(&key(link))
    }
}

/// What a page's metadata says of one story.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// Its headlines.
    pub(super) names: Vec<String>,
    pub(super) date: Option<Stated>,
    pub(super) description: Option<String>,
    /// The image's address, as written.
    pub(super) image: Option<String>,
}

/// More stories than the longest page of teasers has.
const MAX_STORIES: usize = 200;

/// The stories a page's JSON-LD tells of, in page order.
pub(super) fn stories(scripts: &[String]) -> Vec<Story> {
    let mut stories = Vec::new();
    let mut left = MAX_BYTES;
    for script in scripts {
        let Some(rest) = left.checked_sub(script.len()) else { break };
        left = rest;
        let Some(value) = parse(script) else { continue };
        let mut waiting = vec![&value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(values) => waiting.extend(values.iter().rev()),
                Value::Object(object) => {
                    stories.extend(story(object));
                    waiting.extend(object.values().filter(|v| v.is_object() || v.is_array()));
                }
                _ => {}
            }
            if stories.len() >= MAX_STORIES {
                return stories;
            }
        }
    }
    stories
}

fn story(object: &Map<String, Value>) -> Option<Story> {
    types(object).find(|t| is_entry(t))?;
    let names = ["headline", "name", "alternativeHeadline"].iter();
    let names = names.filter_map(|property| text(object.get(*property))).map(str::to_owned);
    let description = text(object.get("description")).filter(|text| !text.trim().is_empty());
    Some(Story {
        names: names.collect(),
        date: stated(object),
        description: description.map(str::to_owned),
        image: ["image", "thumbnailUrl"].iter().find_map(|property| pictured(object.get(*property)?)),
    })
}

/// An address, or an object that has one, or the first of several.
fn pictured(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => ["url", "contentUrl", "@id"]
            .iter()
            .find_map(|property| text(object.get(*property)))
            .map(str::to_owned),
        Value::Array(values) => values.iter().find_map(pictured),
        _ => None,
    }
}

fn parse(script: &str) -> Option<Value> {
    value(script, &mut MAX_VALUES.clone()).ok()
}

/// JSON as sites write it: raw newlines inside strings, comments or an assignment before, something after. The number of
/// its values is taken from `left`.
///
/// # Errors
/// What is wrong with it, for a person.
pub(super) fn value(script: &str, left: &mut usize) -> Result<Value, String> {
    let cdata = script.find("<![CDATA[").map_or(0, |at| at + 9);
    let begins = |from: usize| script[from..].find(['{', '[']).map(|at| from + at);
    let first = begins(0);
    let start = if first.is_some_and(|first| first < cdata) { begins(cdata) } else { first };
    let Some(start) = start else { return Err("it has no `{` and no `[`".to_owned()) };
    // White space between tokens and forbidden inside strings: a space is right for both.
    let clean: String = script[start..].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut rest = *left;
    let clean = values::readable(&clean, &mut rest)?;
    let mut values = serde_json::Deserializer::from_str(&clean).into_iter::<Value>();
    let value = values.next().expect("there is something").map_err(|error| error.to_string())?;
    *left = rest;
    Ok(value)
}

fn collect(value: &Value, base: &Url, dates: &mut HashMap<String, Stated>) {
    // An object, and the address its `ListItem` gave for it.
    let mut waiting: Vec<(&Value, Option<&str>)> = vec![(value, None)];
    while let Some((value, outer)) = waiting.pop() {
        match value {
            // Backwards, so that the first object that dates an address is met first.
            Value::Array(values) => waiting.extend(values.iter().rev().map(|v| (v, outer))),
            Value::Object(object) => {
                let is_list_item = types(object).any(|t| t == "ListItem");
                let given = if is_list_item { text(object.get("url")) } else { None };
                if let Some(stated) = stated(object) {
                    for written in addresses(object).chain(outer) {
                        if let Ok(url) = address::resolve(base, written) {
                            dates.entry(key(&url)).or_insert_with(|| stated.clone());
                        }
                    }
                }
                let inner = object.values().filter(|v| v.is_object() || v.is_array());
                waiting.extend(inner.map(|v| (v, given)));
            }
            _ => {}
        }
    }
}

pub(super) fn types(object: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let types = match object.get("@type") {
        Some(Value::Array(types)) => types.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    types.iter().filter_map(Value::as_str).map(|t| t.rsplit(['/', '#', ':']).next().unwrap_or(t))
}

fn stated(object: &Map<String, Value>) -> Option<Stated> {
    let kind = types(object).find(|t| is_entry(t))?;
    ["datePublished", "uploadDate", "datePosted", "dateCreated", "startDate"].iter().find_map(|property| {
        let date = text(object.get(*property))?.trim();
        // The longest RFC 3339 date has 35 letters; more is prose.
        let is_date = !date.is_empty() && date.len() <= 60;
        is_date.then(|| Stated { date: date.to_owned(), place: format!("{kind} {property}") })
    })
}

/// Types that describe one thing a listing lists. `WebPage`, `WebSite`, `CollectionPage` describe the page itself.
fn is_entry(kind: &str) -> bool {
    [
        "Article",
        "Posting",
        "Event",
        "Report",
        "Episode",
        "VideoObject",
        "AudioObject",
        "Review",
        "Recipe",
        "Thesis",
    ]
    .iter()
    .any(|ending| kind.ends_with(ending))
        || matches!(kind, "CreativeWork" | "Course" | "Dataset" | "Legislation" | "Book" | "Movie" | "HowTo")
}

fn addresses(object: &Map<String, Value>) -> impl Iterator<Item = &str> {
    ["url", "mainEntityOfPage", "@id"].iter().filter_map(|property| text(object.get(*property)))
}

/// A string, or the address of an object that stands for one, or the first of several.
fn text(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::String(text) => Some(text),
        Value::Object(object) => object.get("@id").or_else(|| object.get("url")).and_then(Value::as_str),
        Value::Array(values) => values.first().and_then(Value::as_str),
        _ => None,
    }
}

/// Sites write their own addresses in several ways on one page: with and without `www`, `https` and a last slash.
fn key(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    canonical(&url, &url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(script: &str) -> Metadata {
        let page = Url::parse("https://example.org/news/").unwrap();
        Metadata::read(&[script.to_owned()], &page, &page)
    }

    fn date(metadata: &Metadata, link: &str) -> Option<String> {
        metadata.of(&Url::parse(link).unwrap()).map(|s| s.date.clone())
    }

    #[test]
    fn articles_in_graphs_arrays_and_lists_are_found() {
        for script in [
            r#"{"@graph":[{"@type":"NewsArticle","url":"/a","datePublished":"2025-03-06"}]}"#,
            r#"[{"@type":["Thing","BlogPosting"],"mainEntityOfPage":{"@id":"https://www.example.org/a/"},"datePublished":"2025-03-06"}]"#,
            r#"{"@type":"ItemList","itemListElement":[{"@type":"ListItem","url":"/a","item":{"@type":"Article","datePublished":"2025-03-06"}}]}"#,
            r#"{"@type":"Blog","blogPost":{"@type":"http://schema.org/BlogPosting","@id":"http://example.org/a#x","datePublished":"2025-03-06"}}"#,
            "//<![CDATA[\n{\"@type\":\"Event\",\"url\":\"/a\",\"name\":\"raw\nnewline\",\"startDate\":\"2025-03-06\"}\n//]]>",
        ] {
            assert_eq!(
                date(&read(script), "https://example.org/a").as_deref(),
                Some("2025-03-06"),
                "{script}"
            );
        }
    }

    #[test]
    fn the_page_itself_dates_nothing() {
        let page = r#"{"@type":"WebPage","url":"/a","datePublished":"2020-05-05"}"#;
        assert_eq!(date(&read(page), "https://example.org/a"), None);
        let own = r#"{"@type":"Article","url":"https://example.org/news","datePublished":"2020-05-05"}"#;
        assert_eq!(date(&read(own), "https://example.org/news/"), None);
    }

    #[test]
    fn broken_json_gives_nothing() {
        for script in ["", "{", "not json", "{\"@type\":\"Article\",}", &"[".repeat(100_000)] {
            assert!(read(script).dates.is_empty());
        }
    }
}
