//! Feeds that a page says are its own. Pure.

use scraper::ElementRef;
use serde::Serialize;
use url::Url;

use crate::extract::{address, text};

/// A feed that a page links (HTML standard §4.6.7.2, `rel=alternate`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkedFeed {
    /// Its address.
    pub url: Url,
    /// Its name; `None`: the page gives none.
    pub title: Option<String>,
    /// Its media type, in lower case.
    #[serde(rename = "type")]
    pub media: String,
}

/// The feeds a page links, in its order, each once; feeds of comments are left out.
pub fn linked(root: ElementRef<'_>, base: &Url) -> Vec<LinkedFeed> {
    let mut feeds: Vec<LinkedFeed> = Vec::new();
    for link in root.descendants().filter_map(ElementRef::wrap).filter(|e| e.value().name() == "link") {
        let Some(feed) = feed(link, base) else { continue };
        if !feeds.iter().any(|known| known.url == feed.url) {
            feeds.push(feed);
        }
    }
    feeds
}

fn feed(link: ElementRef<'_>, base: &Url) -> Option<LinkedFeed> {
    let rel = link.attr("rel")?;
    let is_alternate = rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("alternate"));
    let media = link.attr("type")?.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_feed = matches!(
        media.as_str(),
        "application/rss+xml" | "application/atom+xml" | "application/feed+json" | "application/rdf+xml"
    );
    let url = address::resolve(base, link.attr("href")?).ok()?;
    let is_comments = url.path().split('/').any(|part| part == "comments");
    if !is_alternate || !is_feed || is_comments {
        return None;
    }
    let title = link.attr("title").map(text::fold).filter(|title| !title.is_empty());
    Some(LinkedFeed { url, title, media })
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;

    #[test]
    fn feeds_are_found_and_those_of_comments_are_not() {
        let html = Html::parse_document(
            r#"<link rel="stylesheet" type="text/css" href="/a.css">
            <link rel="ALTERNATE" type="application/rss+xml; charset=utf-8" title=" News " href="feed/">
            <link rel="alternate" type="application/rss+xml" href="/comments/feed/">
            <link rel="alternate" hreflang="fr" href="/fr/">
            <link rel="alternate" type="application/atom+xml" href="javascript:x">"#,
        );
        let base = Url::parse("https://example.org/news/").unwrap();
        let feeds = linked(html.root_element(), &base);
        assert_eq!(feeds.len(), 1);
        assert_eq!(feeds[0].url.as_str(), "https://example.org/news/feed/");
        assert_eq!(feeds[0].title.as_deref(), Some("News"));
    }
}
