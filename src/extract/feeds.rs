//! Feeds that a page says are its own. Pure.

use scraper::ElementRef;
use serde::Serialize;
use url::Url;

use super::{address, text};

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

/// The feeds that `<link>` elements name, in their order, each once; feeds of comments are left out.
pub(crate) fn linked(links: &[ElementRef<'_>], base: &Url) -> Vec<LinkedFeed> {
    let mut feeds: Vec<LinkedFeed> = Vec::new();
    for feed in links.iter().filter_map(|link| feed(*link, base)) {
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
    if !is_alternate || !is_feed {
        return None;
    }
    let url = address::resolve(base, link.attr("href")?).ok()?;
    let title = link.attr("title").map(text::fold).filter(|title| !title.is_empty());
    let is_comments = url.path().split('/').any(|part| part == "comments")
        || title.as_ref().is_some_and(|title| is_of_comments(&title.to_lowercase()));
    (!is_comments).then_some(LinkedFeed { url, title, media })
}

/// How feeds of comments are called, in the languages of the common publishing programs: the beginnings of words.
const COMMENTS: [&str; 9] =
    ["comment", "kommentar", "komentar", "coment", "reacties", "комментар", "yorum", "コメント", "评论"];

fn is_of_comments(title: &str) -> bool {
    COMMENTS.iter().any(|word| title.contains(word))
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
            <link rel="alternate" type="application/rss+xml" title="Kommentar-Feed" href="/2024/a/feed/">
            <link rel="alternate" hreflang="fr" href="/fr/">
            <link rel="alternate" type="application/atom+xml" href="javascript:x">"#,
        );
        let base = Url::parse("https://example.org/news/").unwrap();
        let root = html.root_element();
        let links: Vec<ElementRef<'_>> =
            root.descendants().filter_map(ElementRef::wrap).filter(|e| e.value().name() == "link").collect();
        let feeds = linked(&links, &base);
        assert_eq!(feeds.len(), 1);
        assert_eq!(feeds[0].url.as_str(), "https://example.org/news/feed/");
        assert_eq!(feeds[0].title.as_deref(), Some("News"));
    }
}
