//! Upstream feeds: a document that is somebody else's feed → its listing. Pure, and never fails.
//!
//! RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, CDF, JSON Feed 1.0 and 1.1, sitemaps of news. The way is that of a page: the listing goes down
//! the same line, so that a feed's entries are remembered, dated and merged like a page's. What real feeds do wrong
//! is read all the same and told (`tidy`, `scan`); of a feed that breaks off, the whole entries come out. Refuses to
//! fetch or expand any entity that the document itself declares.

mod author;
mod duration;
mod element;
pub mod entities;
mod entry;
mod head;
mod json;
mod markup;
mod scan;
mod tidy;
mod vocabulary;

#[cfg(test)]
mod tests;

use memchr::memmem;

use crate::{
    decode::Document,
    diagnostic::{Code, Diagnostic},
    extract::text::beginning,
    listing::{Container, Listing},
};

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RSS 0.9x and 2.0, RSS 1.0 (RDF), Atom, CDF, sitemaps of news.
    Xml,
    /// JSON Feed.
    Json,
}

/// The format of a document that is a feed by what stands in it; `None`: it is none. What the server calls it does
/// not count: feeds come as `text/html`, and pages as `application/xml`.
pub fn recognize(document: &Document) -> Option<Format> {
    let text = document.text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.starts_with('{') {
        return json::is_feed(text).then_some(Format::Json);
    }
    feed_in(text).map(|_| Format::Xml)
}

/// The feed in a text: all of it, or what stands after what a program printed before it, such as a warning of PHP's;
/// `None`: there is none, or a page before it.
fn feed_in(text: &str) -> Option<&str> {
    const LOOKED_AT: usize = 64 * 1024;
    let root = root(text);
    if is_feed(&root, text) {
        return Some(text);
    }
    if root == "html" {
        return None;
    }
    let at = memmem::find(beginning(text, LOOKED_AT).as_bytes(), b"<?xml ").filter(|at| *at > 0)?;
    let (noise, feed) = text.split_at(at);
    let noise = noise.to_ascii_lowercase();
    let is_page = ["<!doctype", "<html", "<body"].iter().any(|tag| noise.contains(tag));
    (!is_page && is_feed(&self::root(feed), feed)).then_some(feed)
}

/// Whether a text with this root is a feed.
fn is_feed(root: &str, text: &str) -> bool {
    let has = |part: &str| memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    match root {
        // `rss`, `rdf:RDF`, `feed`, and CDF's `channel`.
        "rss" | "rdf" | "feed" | "channel" => true,
        // Other sitemaps have addresses and no headlines; some declare the vocabulary of news all the same.
        "urlset" => has("/schemas/sitemap-news/") && (has("news>") || !has("loc>")),
        _ => false,
    }
}

/// Whether a document lists the addresses of a site (sitemaps.org), or such lists.
pub fn is_sitemap(document: &Document) -> bool {
    matches!(&root(&document.text)[..], "urlset" | "sitemapindex")
}

/// The name of the first element, however it is prefixed and spelled; empty: there is none.
fn root(text: &str) -> String {
    let name = scan::root_name(text).unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase()
}

/// Reads a feed. `still_time` is asked between entries; once it says no, what was read up to there is the listing.
pub fn read(document: &Document, format: Format, still_time: &dyn Fn() -> bool) -> Listing {
    match format {
        Format::Xml => read_xml(document, still_time),
        Format::Json => json::read(document, still_time),
    }
}

fn read_xml(document: &Document, still_time: &dyn Fn() -> bool) -> Listing {
    let feed = feed_in(&document.text).unwrap_or(&document.text);
    let tidied = tidy::tidy(feed);
    let scanned = scan::scan(&tidied.text, &document.url, still_time);
    let mut diagnostics = tidied.diagnostics();
    if feed.len() < document.text.len() {
        diagnostics.push(Diagnostic::page(Code::FeedRepaired, "what stands before the feed was left out"));
    }
    diagnostics.extend(scanned.diagnostics);
    let head = head::read(&scanned.root, scanned.entries.first());
    let reader = entry::Reader { head: &head, document: &document.url, still_time };
    let entries = scanned
        .entries
        .iter()
        .enumerate()
        .map(|(index, element)| reader.read(index + 1, element, &mut diagnostics))
        .collect();
    Listing {
        entries,
        container: Container::Feed,
        base: head.base,
        language: head.language,
        title: head.title,
        home: head.home,
        icon: head.icon,
        next: None,
        feeds: Vec::new(),
        pace: head.pace,
        quiet: head.quiet,
        diagnostics,
    }
}
