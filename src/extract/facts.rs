//! Facts: a tree → what the page says about itself: base, language, title, JSON-LD. Pure.

use std::collections::HashSet;

use scraper::{ElementRef, Html};
use url::Url;

use super::{
    address,
    feeds::{self, LinkedFeed},
    icon, text,
};

/// What a page says about itself.
pub(crate) struct Facts {
    pub(crate) base: Url,
    pub(crate) language: Option<String>,
    pub(crate) title: Option<String>,
    /// The text of every JSON-LD script, in page order.
    pub(crate) json_ld: Vec<String>,
    /// The icon it names.
    pub(crate) icon: Option<Url>,
    /// The feeds it links.
    pub(crate) feeds: Vec<LinkedFeed>,
}

/// A title is shown in one line of a message.
const MAX_TITLE_CHARS: usize = 500;

impl Facts {
    pub(crate) fn read(html: &Html, document: &Url) -> Self {
        let mut facts = Self {
            base: document.clone(),
            language: None,
            title: None,
            json_ld: Vec::new(),
            icon: None,
            feeds: Vec::new(),
        };
        let mut links = Vec::new();
        let mut has_base = false;
        for element in html.tree.root().descendants().filter_map(ElementRef::wrap) {
            match element.value().name() {
                "html" => facts.language = facts.language.or_else(|| language(element)),
                "title" if facts.title.is_none() && !is_in_svg(element) => facts.title = title(element),
                // The first that can be used: pages have empty ones, and `javascript:` is not a place.
                "base" if !has_base => {
                    if let Some(base) = element.attr("href").and_then(|h| address::resolve(document, h).ok())
                    {
                        facts.base = base;
                        has_base = true;
                    }
                }
                "script" if is_json_ld(element) => facts.json_ld.push(element.text().collect()),
                "link" => links.push(element),
                _ => {}
            }
        }
        facts.icon = icon::linked(&links, &facts.base);
        facts.feeds = feeds::linked(&links, &facts.base);
        facts
    }
}

fn language(element: ElementRef) -> Option<String> {
    let written =
        ["lang", "xml:lang"].iter().find_map(|a| element.attr(a).filter(|v| !v.trim().is_empty()))?;
    language_tag(written)
}

/// A language tag (BCP 47) as pages write it: `de_AT` too; `None`: it is none.
pub(crate) fn language_tag(written: &str) -> Option<String> {
    let tag = written.trim().replace('_', "-");
    // RFC 5646 §4.4.1: 35 letters hold every registered combination.
    let is_tag = tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_tag.then_some(tag)
}

fn title(element: ElementRef) -> Option<String> {
    let title = text::of(element, &HashSet::new());
    let title = text::shorten(&title, MAX_TITLE_CHARS).unwrap_or(title);
    (!title.is_empty()).then_some(title)
}

fn is_in_svg(element: ElementRef) -> bool {
    element.ancestors().filter_map(ElementRef::wrap).any(|e| e.value().name() == "svg")
}

fn is_json_ld(element: ElementRef) -> bool {
    element.attr("type").is_some_and(|t| t.trim().to_ascii_lowercase().starts_with("application/ld+json"))
}
