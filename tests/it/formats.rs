//! RSS, JSON Feed and pages: any feed becomes valid documents that parsers not ours read back equal.

use std::{
    path::Path,
    process::{Command, Output},
};

use gleaner::{
    feed::{Feed, Format},
    render::{render, text::XmlText},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;

use crate::{
    atom::{assert_is_uri, block, hostile_feed, line, strictly_read},
    program::Place,
};

fn text(feed: &Feed, format: Format) -> String {
    String::from_utf8(render(feed, format)).expect("UTF-8")
}

/// Plain text as the HTML that RSS's `description` is.
fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn title_of(feed: &Feed) -> String {
    line(&feed.title).unwrap_or_else(|| feed.id.to_string())
}

fn assert_rss(feed: &Feed) {
    let bytes = render(feed, Format::Rss);
    for image in strictly_read(&bytes) {
        assert_is_uri(&image);
    }
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    let read = parser.parse(bytes.as_slice()).expect("a feed that feed-rs reads");
    assert_eq!(read.title.expect("a title").content, title_of(feed));
    assert_eq!(read.ttl, Some(60));
    assert_eq!(read.entries.len(), feed.entries.len());
    for (read, entry) in read.entries.iter().zip(&feed.entries) {
        assert_eq!(read.id, entry.id.to_string());
        assert_eq!(read.published.expect("pubDate").timestamp(), entry.published.as_second());
        let title = read.title.as_ref().expect("a title").content.clone();
        if let Some(headline) = line(&entry.headline) {
            // feed-rs trims a text at its ends.
            assert_eq!(title, headline.trim());
        }
        let teaser = entry.teaser.as_deref().and_then(block).unwrap_or_else(|| title.clone());
        let summary = read.summary.as_ref().map(|summary| unescaped(&summary.content));
        assert_eq!(summary.as_deref().map(str::trim), Some(teaser.trim()));
        let full = entry.content.as_ref().and_then(|html| block(html.as_str()));
        assert_eq!(read.content.as_ref().and_then(|content| content.body.clone()), full);
        let names: Vec<String> = read.authors.iter().filter_map(|author| author.name.clone()).collect();
        assert_eq!(names.len(), usize::from(entry.author.as_deref().and_then(line).is_some()));
        for link in &read.links {
            assert_is_uri(&link.href);
        }
    }
}

fn assert_json(feed: &Feed) {
    let bytes = render(feed, Format::Json);
    assert!(bytes.starts_with(b"{\n  \"version\": \"https://jsonfeed.org/version/1.1\","));
    let read: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(read["title"], title_of(feed).as_str());
    let items = read["items"].as_array().expect("items");
    assert_eq!(items.len(), feed.entries.len());
    for (item, entry) in items.iter().zip(&feed.entries) {
        assert_eq!(item["id"], entry.id.to_string().as_str());
        let full = entry.content.as_ref().and_then(|html| block(html.as_str()));
        assert_eq!(item["content_html"].as_str(), full.as_deref());
        assert!(
            full.is_some() || item["content_text"].as_str().is_some_and(|text| !text.is_empty()),
            "{item}"
        );
        if let Some(headline) = line(&entry.headline) {
            assert_eq!(item["title"], headline.as_str());
        }
        let published: jiff::Timestamp =
            item["date_published"].as_str().expect("a date").parse().expect("RFC 3339");
        assert_eq!(published.as_second(), entry.published.as_second());
        if let Some(url) = item["url"].as_str() {
            assert_is_uri(url);
        }
    }
    let parser = feed_rs::parser::Builder::new().build();
    assert_eq!(parser.parse(bytes.as_slice()).expect("feed-rs reads it").entries.len(), feed.entries.len());
}

/// A page that a browser's parser reads: every entry is there, nothing runs, every address is of the web.
fn assert_page(feed: &Feed) {
    let page = text(feed, Format::Html);
    let document = scraper::Html::parse_document(&page);
    let select = |css: &str| {
        #[expect(clippy::disallowed_methods, reason = "the test looks at a page of ours")]
        scraper::Selector::parse(css).expect("a selector")
    };
    let all = |css: &str| document.select(&select(css)).count();
    assert_eq!(all("main > ol > li > article > h2"), feed.entries.len());
    assert_eq!(all("script, iframe, object, embed, form, base"), 0);
    assert_eq!(all("link[rel=alternate]"), 3);
    assert_eq!((all("html"), all("body"), all("h1"), all("main")), (1, 1, 1, 1));
    for element in document.tree.nodes().filter_map(scraper::ElementRef::wrap) {
        for (name, value) in element.value().attrs() {
            assert!(!name.starts_with("on"), "{name}");
            if matches!(name, "src" | "poster")
                || (name == "href" && element.value().name() == "a" && value.contains(':'))
            {
                assert!(
                    ["https:", "http:", "mailto:"].iter().any(|scheme| value.starts_with(scheme)),
                    "{value}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(Config::with_cases(150))]
    #[test]
    fn any_feed_reads_back_in_every_format(feed in hostile_feed()) {
        assert_rss(&feed);
        assert_json(&feed);
        assert_page(&feed);
        for format in Format::ALL {
            let bytes = render(&feed, format);
            prop_assert_eq!(&bytes, &render(&feed.clone(), format));
            for c in String::from_utf8(bytes).expect("UTF-8").chars() {
                prop_assert!(c == '\n' || XmlText::block(&c.to_string()).as_str() == c.to_string() || c.is_whitespace() || c.is_ascii() || !c.is_control(), "{:?}", c);
            }
        }
    }
}

fn xmllint(arguments: &[&str], files: &[std::path::PathBuf]) -> Output {
    Command::new("xmllint")
        .args(["--noout", "--nonet"])
        .args(arguments)
        .args(files)
        .output()
        .expect("xmllint is installed")
}

fn schema() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/atom.rng").display().to_string()
}

#[track_caller]
pub fn assert_valid(place: &Place) {
    let files = |extension: &str| -> Vec<_> {
        place
            .feeds()
            .into_iter()
            .map(|(path, _)| path.into())
            .filter(|path: &std::path::PathBuf| path.extension().is_some_and(|e| e == extension))
            .collect()
    };
    assert!(!files("atom").is_empty());
    let output = xmllint(&["--relaxng", &schema()], &files("atom"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if !files("rss").is_empty() {
        let output = xmllint(&[], &[files("rss"), files("opml")].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_feeds_of_every_fixture_are_valid_by_rfc_4287s_schema() {
    let place = Place::new();
    for config in ["config/gleaner.toml", "fixtures/gleaner.toml"] {
        assert_eq!(place.gleaner(&["run", "--config", config, "--replay", "fixtures"]).exit, 0);
    }
    assert_valid(&place);
}

#[test]
fn hostile_feeds_are_valid_by_rfc_4287s_schema_and_faults_are_found() {
    let place = Place::new();
    let mut runner = TestRunner::new(Config::default());
    for number in 0..100 {
        let feed = hostile_feed().new_tree(&mut runner).expect("a feed").current();
        for format in [Format::Atom, Format::Rss] {
            place.write(&format!("feeds/{number}.{}", format.word()), render(&feed, format));
        }
    }
    place.write("feeds/a.opml", gleaner::render::index::opml(&[], None));
    assert_valid(&place);
    let feed = hostile_feed().new_tree(&mut runner).expect("a feed").current();
    for (from, to) in [("<id>", "<ix>"), ("</feed>", "<entry/></feed>"), ("<updated>", "<updated>x")] {
        let broken = place.write("broken.atom", text(&feed, Format::Atom).replacen(from, to, 1));
        assert!(!xmllint(&["--relaxng", &schema()], &[broken]).status.success(), "{from}");
    }
}

#[test]
fn every_format_comes_from_the_same_records_and_stays_the_same() {
    let place = Place::new();
    let config = place.write(
        "gleaner.toml",
        "[defaults]\nformats = [\"html\", \"json\", \"rss\", \"atom\"]\nbase_url = \"https://feeds.example/\"\n\
         [source.kelp-wire]\nurl = \"https://kelp-wire.example/feed/\"\n\
         [feed.all]\ntitle = \"All & <more>\"\nsources = \"*\"\n",
    );
    let config = config.to_str().expect("UTF-8");
    let run = || place.gleaner(&["run", "--config", config, "--replay", "fixtures"]);
    assert_eq!(run().exit, 0);
    let first = place.feeds();
    let names: Vec<&str> = first.iter().filter_map(|(path, _)| path.rsplit('/').next()).collect();
    assert_eq!(
        names,
        [
            "all.atom",
            "all.html",
            "all.json",
            "all.rss",
            "feeds.opml",
            "index.html",
            "kelp-wire.atom",
            "kelp-wire.html",
            "kelp-wire.json",
            "kelp-wire.rss"
        ]
    );
    assert_valid(&place);
    let file = |name: &str| {
        let found = first.iter().find(|(path, _)| path.ends_with(name)).expect("the file");
        String::from_utf8(found.1.clone()).expect("UTF-8")
    };
    let ids = |text: &str| text.matches("urn:uuid:").count();
    assert!(ids(&file("all.atom")) >= ids(&file("all.rss")));
    let rss = file("all.rss");
    for expected in [
        "<title>All &amp; &lt;more&gt;</title>",
        "<atom:link href=\"https://feeds.example/all.rss\" rel=\"self\" type=\"application/rss+xml\"></atom:link>",
        "<dc:creator>Ines Marlow</dc:creator>",
        "<dc:source>https://kelp-wire.example/</dc:source>",
        "<source url=\"https://feeds.example/kelp-wire.atom\">Kelp Wire – News &amp; Tides</source>",
        "<enclosure url=\"https://kelp-wire.example/audio/12.mp3\" length=\"18250334\" type=\"audio/mpeg\"/>",
        "<pubDate>Thu, 06 Mar 2025 17:30:00 GMT</pubDate>",
        "<ttl>60</ttl>",
        "https://kelp-wire.example/img/pier@2x.jpg 2x",
    ] {
        assert!(rss.contains(expected), "`{expected}` is not in:\n{rss}");
    }
    let index = file("index.html");
    assert!(index.contains("<link rel=\"alternate\" type=\"application/atom+xml\" title=\"Kelp Wire – News &amp; Tides\" href=\"https://feeds.example/kelp-wire.atom\">"), "{index}");
    assert!(file("feeds.opml").contains("xmlUrl=\"https://feeds.example/all.atom\""));
    assert_eq!(run().exit, 0);
    assert!(place.feeds() == first, "the same records, the same bytes");
}
