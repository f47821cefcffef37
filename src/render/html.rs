//! HTML: a feed → a page for people, which also tells readers where the feed is. Pure.
//!
//! Light and dark by the browser's wish, one column that fits a phone, everything reached by keyboard, no script and
//! nothing fetched but pictures. All that was read elsewhere is escaped, or was sanitized before it was stored.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    fields::{escaped, headline, language_tag, line_or, uri, whole_second},
    text::XmlText,
};
use crate::feed::{Feed, FeedEntry, Format};

const STYLE: &str = include_str!("page.css");

/// The feed as a page. The same feed gives the same bytes.
pub fn render(feed: &Feed) -> Vec<u8> {
    let title = line_or(&feed.title, feed.id.as_str());
    let others = || feed.formats.iter().copied().filter(|format| *format != Format::Html);
    let mut head = String::new();
    let mut links = String::new();
    // Writing to a `String` cannot fail, here and below.
    for format in others() {
        let address = escaped(&feed.address(format));
        let _ = writeln!(
            head,
            "<link rel=\"alternate\" type=\"{}\" title=\"{}\" href=\"{address}\">",
            format.media_type(),
            escaped(title.as_str()),
        );
        let _ = write!(links, "<li><a href=\"{address}\">{}</a></li>", format.name());
    }
    let mut body = format!("<h1 dir=\"auto\">{}</h1>\n", escaped(title.as_str()));
    if let Some(subtitle) = feed.subtitle.as_deref().map(XmlText::line).filter(|text| !text.is_empty()) {
        let _ = writeln!(body, "<p dir=\"auto\">{}</p>", escaped(subtitle.as_str()));
    }
    if let Some(page) = &feed.alternate {
        let address = escaped(&uri(page));
        let host = escaped(page.host_str().unwrap_or_default());
        let _ =
            writeln!(body, "<p class=\"soft\">from <a href=\"{address}\" rel=\"noopener\">{host}</a></p>");
    }
    let _ = writeln!(body, "<nav aria-label=\"Subscribe\"><ul>{links}</ul></nav>");
    let mut entries = String::new();
    for entry in &feed.entries {
        entries.push_str(&article(entry));
    }
    let main = if entries.is_empty() {
        "<p class=\"soft\">No entry yet.</p>\n".to_owned()
    } else {
        format!("<ol>\n{entries}</ol>\n")
    };
    let language = feed.language.as_deref().and_then(language_tag);
    let footer = format!("Last change {}. <a href=\"./\">All feeds</a>", time(feed.updated));
    page(&Page { language, title: title.as_str(), head: &head, header: &body, main: &main, footer: &footer })
}

/// A whole page's parts, each HTML but for the title.
pub(super) struct Page<'a> {
    pub language: Option<String>,
    pub title: &'a str,
    pub head: &'a str,
    pub header: &'a str,
    pub main: &'a str,
    pub footer: &'a str,
}

pub(super) fn page(page: &Page<'_>) -> Vec<u8> {
    let language = page.language.as_deref().unwrap_or("en");
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         img-src http: https:; media-src http: https:; form-action 'none'; base-uri 'none'\">\n\
         <title>{title}</title>\n{head}<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#entries\">Skip to the list</a>\n<header>\n{header}</header>\n\
         <main id=\"entries\">\n{main}</main>\n<footer lang=\"en\">{footer}</footer>\n</body>\n</html>\n",
        title = escaped(page.title),
        head = page.head,
        header = page.header,
        main = page.main,
        footer = page.footer,
    )
    .into_bytes()
}

fn article(entry: &FeedEntry) -> String {
    let teaser = entry.teaser.as_deref().map(XmlText::block).filter(|text| !text.is_empty());
    let title = headline(entry, teaser.as_ref());
    let mut html = String::from("<li><article>\n");
    if let Some(image) = &entry.image {
        let _ = writeln!(html, "<img src=\"{}\" alt=\"\" loading=\"lazy\">", escaped(&uri(image)));
    }
    let shown = escaped(title.as_str());
    let heading = match &entry.link {
        Some(link) => format!("<a href=\"{}\" rel=\"noopener\">{shown}</a>", escaped(&uri(link))),
        None => shown,
    };
    let _ = writeln!(html, "<h2 dir=\"auto\">{heading}</h2>");
    let mut about = vec![time(entry.published)];
    let author = entry.author.as_deref().map(XmlText::line).filter(|name| !name.is_empty());
    let origin = entry.source.as_ref().map(|origin| line_or(&origin.title, &origin.urn));
    for name in author.into_iter().chain(origin) {
        let name = format!("<bdi>{}</bdi>", escaped(name.as_str()));
        // A source answers for its entries by its own name; it need not stand there twice.
        if !about.contains(&name) {
            about.push(name);
        }
    }
    let _ = writeln!(html, "<p class=\"soft\">{}</p>", about.join(" · "));
    if let Some(teaser) = teaser.filter(|teaser| *teaser != title) {
        let _ = writeln!(html, "<p dir=\"auto\">{}</p>", escaped(teaser.as_str()));
    }
    for file in &entry.enclosures {
        let name = file.url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty()));
        let name = escaped(name.unwrap_or("file"));
        let _ = writeln!(html, "<p class=\"soft\"><a href=\"{}\">{name}</a></p>", escaped(&uri(&file.url)));
    }
    if let Some(full) = &entry.content {
        let full = XmlText::block(full.as_str());
        let _ =
            writeln!(html, "<details><summary>Full text</summary>\n<div dir=\"auto\">{full}</div></details>");
    }
    html.push_str("</article></li>\n");
    html
}

/// A day for people, the instant for machines.
pub(super) fn time(time: Timestamp) -> String {
    let time = whole_second(time);
    let day = time.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d");
    format!("<time datetime=\"{time}\">{day}</time>")
}
