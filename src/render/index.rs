//! Index: all feeds that are published → a page that lists them, and an OPML file to subscribe to all. Pure.

use std::fmt::Write as _;

use url::Url;

use super::{
    fields::{escaped, language_tag, line_or, uri},
    html::{self, Page},
};
use crate::feed::{Format, Listed, address};

fn href(feed: &Listed, format: Format, base_url: Option<&Url>) -> String {
    escaped(&address(&feed.id, format, base_url))
}

/// The page that lists all feeds. The same feeds give the same bytes.
pub fn render(feeds: &[Listed], base_url: Option<&Url>) -> Vec<u8> {
    let mut head = String::new();
    let mut rows = String::new();
    // Writing to a `String` cannot fail.
    for feed in feeds {
        let title = escaped(line_or(&feed.title, feed.id.as_str()).as_str());
        let mut formats = Vec::new();
        for format in feed.formats.iter().copied().filter(|format| *format != Format::Html) {
            let (address, kind) = (href(feed, format, base_url), format.media_type());
            let _ = writeln!(
                head,
                "<link rel=\"alternate\" type=\"{kind}\" title=\"{title}\" href=\"{address}\">"
            );
            formats.push(format!("<a href=\"{address}\">{}</a>", format.name()));
        }
        let main = if feed.formats.contains(&Format::Html) {
            Some(Format::Html)
        } else {
            feed.formats.first().copied()
        };
        let heading = match main {
            Some(format) => format!("<a href=\"{}\">{title}</a>", href(feed, format, base_url)),
            None => title,
        };
        let page = feed.alternate.as_ref().map(|page| {
            let host = escaped(page.host_str().unwrap_or_default());
            format!("<a href=\"{}\" rel=\"noopener\">{host}</a> · ", escaped(&uri(page)))
        });
        let _ = writeln!(
            rows,
            "<li><article>\n<h2 dir=\"auto\">{heading}</h2>\n<p class=\"soft\">{}{}</p>\n</article></li>",
            page.unwrap_or_default(),
            formats.join(" · "),
        );
    }
    let main = if rows.is_empty() {
        "<p class=\"soft\">No feed yet.</p>\n".to_owned()
    } else {
        format!("<ol>\n{rows}</ol>\n")
    };
    html::page(&Page {
        language: None,
        title: "Feeds",
        head: &head,
        header: "<h1>Feeds</h1>\n<nav aria-label=\"Subscribe\"><ul><li><a href=\"feeds.opml\">All of them as OPML</a></li></ul></nav>\n",
        main: &main,
        footer: "Made by gleaner.",
    })
}

/// All feeds as an OPML 2.0 document, each by the first of its formats that readers know.
pub fn opml(feeds: &[Listed], base_url: Option<&Url>) -> Vec<u8> {
    let mut outlines = String::new();
    for feed in feeds {
        let known = [Format::Atom, Format::Rss].into_iter().find(|format| feed.formats.contains(format));
        let Some(format) = known else { continue };
        let title = escaped(line_or(&feed.title, feed.id.as_str()).as_str());
        let mut more = String::new();
        // Writing to a `String` cannot fail.
        if let Some(page) = &feed.alternate {
            let _ = write!(more, " htmlUrl=\"{}\"", escaped(&uri(page)));
        }
        if let Some(language) = feed.language.as_deref().and_then(language_tag) {
            let _ = write!(more, " language=\"{language}\"");
        }
        let _ = writeln!(
            outlines,
            "    <outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{}\"{more}/>",
            href(feed, format, base_url),
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n  <head>\n    <title>Feeds of gleaner</title>\n  \
         </head>\n  <body>\n{outlines}  </body>\n</opml>\n"
    )
    .into_bytes()
}
