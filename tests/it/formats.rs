//! RSS, JSON Feed and pages: any feed becomes valid documents that parsers not ours read back equal.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use gleaner::{
    feed::{Feed, Format},
    render::{render, text::XmlText},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};
use serde_json::Value;

use crate::{
    atom::{assert_leads_to, block, hostile_feed, line, names, plain_feed, strictly_read, terms},
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
    let images: Vec<_> = feed.entries.iter().filter_map(|entry| entry.image.clone()).collect();
    let thumbnails = strictly_read(&bytes);
    assert_eq!(thumbnails.len(), images.len());
    for (thumbnail, image) in thumbnails.iter().zip(&images) {
        assert_leads_to(thumbnail, image);
    }
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    let read = parser.parse(bytes.as_slice()).expect("a feed that feed-rs reads");
    assert_eq!(read.title.expect("a title").content, title_of(feed));
    assert_eq!(read.ttl, Some(60));
    assert_eq!(read.updated.expect("lastBuildDate").timestamp(), feed.updated.as_second());
    let description = feed.subtitle.as_deref().and_then(line).unwrap_or_else(|| title_of(feed));
    assert_eq!(read.description.expect("a description").content, description.trim());
    assert_leads_to(&read.links[0].href, feed.alternate.as_ref().expect("the feed has a page"));
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
        let creators: Vec<String> = read.authors.iter().filter_map(|author| author.name.clone()).collect();
        assert_eq!(creators, trimmed(&names(entry)));
        let categories: Vec<String> = read.categories.iter().map(|category| category.term.clone()).collect();
        assert_eq!(trimmed(&categories), trimmed(&terms(entry)));
        assert_eq!(read.links.len(), usize::from(entry.link.is_some()));
        if let (Some(read), Some(link)) = (read.links.first(), &entry.link) {
            assert_leads_to(&read.href, link);
        }
        // One an item, by RSS.
        let files: Vec<_> = read.media.iter().flat_map(|media| &media.content).collect();
        let files: Vec<_> = files.into_iter().filter(|file| file.url.is_some()).collect();
        assert_eq!(files.len(), entry.enclosures.len().min(1), "{files:?}");
        if let (Some(read), Some(file)) = (files.first(), entry.enclosures.first()) {
            assert_leads_to(read.url.as_ref().expect("filtered").as_str(), &file.url);
            assert_eq!(read.size, Some(file.bytes.unwrap_or(0)));
        }
    }
}

/// feed-rs trims texts at their ends; what is nothing but space is there all the same.
fn trimmed(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.trim().to_owned()).collect()
}

/// The texts of a JSON array of texts, or of the `name`s in it; none: it is not there.
fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.map(|one| one.as_str().or_else(|| one["name"].as_str()).expect("a text").to_owned()).collect()
}

fn assert_json(feed: &Feed) {
    let bytes = render(feed, Format::Json);
    assert!(bytes.starts_with(b"{\n  \"version\": \"https://jsonfeed.org/version/1.1\","));
    let read: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(read["title"], title_of(feed).as_str());
    assert_eq!(read["description"].as_str(), feed.subtitle.as_deref().and_then(line).as_deref());
    assert_leads_to(
        read["home_page_url"].as_str().expect("a page"),
        feed.alternate.as_ref().expect("the feed has a page"),
    );
    assert_eq!(texts(&read["authors"]), [line(&feed.author).unwrap_or_else(|| title_of(feed))]);
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
        let modified: jiff::Timestamp =
            item["date_modified"].as_str().expect("a date").parse().expect("RFC 3339");
        assert_eq!(modified, entry.updated);
        let teaser = entry.teaser.as_deref().and_then(block);
        let place = if full.is_some() { "summary" } else { "content_text" };
        let stands_in =
            teaser.or_else(|| (place == "content_text").then(|| item["title"].as_str())?.map(String::from));
        assert_eq!(item[place].as_str(), stands_in.as_deref());
        assert_eq!(texts(&item["authors"]), names(entry));
        assert_eq!(texts(&item["tags"]), terms(entry));
        for (name, url) in [("url", &entry.link), ("image", &entry.image)] {
            assert_eq!(item[name].is_string(), url.is_some());
            if let Some(url) = url {
                assert_leads_to(item[name].as_str().expect("an address"), url);
            }
        }
        let attachments = item["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(attachments.len(), entry.enclosures.len());
        for (read, file) in attachments.iter().zip(&entry.enclosures) {
            assert_leads_to(read["url"].as_str().expect("an address"), &file.url);
            assert_eq!(read["size_in_bytes"].as_u64(), file.bytes);
        }
        let title = entry.source.as_ref().map(|origin| line(&origin.title).unwrap_or(origin.urn.clone()));
        assert_eq!(item["_source"]["title"].as_str(), title.as_deref());
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

fn xmllint(arguments: &[&str], files: &[PathBuf]) -> Output {
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

/// The checker in Python, which knows the rules of Atom, RSS and JSON Feed.
fn check(files: &[PathBuf]) -> Output {
    Command::new("python3")
        .args(["-B", "tests/feed_check.py"])
        .args(files)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("python3 is installed")
}

/// All that a place has published is valid: Atom by RFC 4287's schema, every format by rules that are not ours.
#[track_caller]
pub fn assert_valid(place: &Place) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(place.path().join("feeds"))
        .expect("the feeds")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    let of = |extensions: &[&str]| -> Vec<PathBuf> {
        let is_one =
            |path: &&PathBuf| path.extension().is_some_and(|e| extensions.iter().any(|one| e == *one));
        files.iter().filter(is_one).cloned().collect()
    };
    assert!(!of(&["atom"]).is_empty());
    let checks = [
        xmllint(&["--relaxng", &schema()], &of(&["atom"])),
        xmllint(&[], &of(&["atom", "rss", "opml"])),
        check(&of(&["atom", "rss", "json"])),
    ];
    for output in checks {
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
        );
    }
}

#[test]
fn the_feeds_of_every_fixture_are_valid_in_every_format() {
    let place = Place::new();
    for config in ["config/gleaner.toml", "fixtures/gleaner.toml"] {
        #[expect(clippy::disallowed_methods, reason = "the test takes the config as it is shipped")]
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(config)).expect("a config");
        let all = "[defaults]\nformats = [\"atom\", \"rss\", \"json\", \"html\"]\n";
        let config = place.write("gleaner.toml", text.replacen("[defaults]", all, 1)).display().to_string();
        assert_eq!(place.gleaner(&["run", "--config", &config, "--replay", "fixtures"]).exit, 0);
    }
    for name in ["libya.atom", "everything.rss", "minato-machi.json", "health.atom"] {
        assert!(place.path().join("feeds").join(name).exists(), "no `{name}`");
    }
    assert_valid(&place);
}

#[test]
fn hostile_feeds_are_valid_in_every_format_and_faults_are_found() {
    let place = Place::new();
    let mut config = Config::default();
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(fastrand::u64(..));
    }
    // Shown where it fails.
    println!("PROPTEST_RNG_SEED draws these again: {:?}", config.rng_seed);
    let mut runner = TestRunner::new(config);
    for number in 0..100 {
        let feed = hostile_feed().new_tree(&mut runner).expect("a feed").current();
        for format in [Format::Atom, Format::Rss, Format::Json] {
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

/// A checker that finds nothing proves nothing: each of these changes to a valid feed must be found.
#[test]
fn the_checker_finds_each_fault_of_rss_and_json() {
    let place = Place::new();
    let feed = plain_feed();
    let faults: &[(Format, &str, &str, &str)] = &[
        (Format::Rss, "version=\"2.0\"", "version=\"0.91\"", "is not RSS 2.0"),
        (Format::Rss, "Headline 1", "a & b", "not well-formed"),
        (Format::Rss, "<title>Headline 1</title>", "<title> </title>", "is blank"),
        (Format::Rss, "<title>Headline 1</title>", "", "has 0 `title`"),
        (Format::Rss, "Headline 1", "a\u{202e}", "has no place"),
        (Format::Rss, "<link>https://one.example/a</link>", "<link>/a</link>", "not an absolute URI"),
        (Format::Rss, "isPermaLink=\"false\"", "", "no permalink"),
        (Format::Rss, "rel=\"self\"", "rel=\"via\"", "has no self link"),
        (Format::Rss, "type=\"application/rss+xml\"", "", "does not say that it is RSS"),
        (Format::Rss, "<pubDate>Fri", "<pubDate>Thu", "not a date of RFC 822"),
        (Format::Rss, " GMT</pubDate>", " CET</pubDate>", "not a date of RFC 822"),
        (Format::Rss, "<url>https://one.example", "<url>", "begin with its absolute `url`"),
        (
            Format::Rss,
            "<title>One</title>\n      <link>",
            "<title>Two</title>\n      <link>",
            "the channel's `title`",
        ),
        (Format::Rss, "<ttl>60", "<ttl>1h", "not a number of minutes"),
        (Format::Rss, "<generator>", "<author>a</author><generator>", "may not stand"),
        (Format::Rss, "length=\"0\"", "", "has no absolute `url`, no `length`"),
        (Format::Json, "\"version\":", "\"x\": 1, \"version\":", "does not begin with its version"),
        (Format::Json, "/version/1.1", "/version/1", "is of version"),
        (Format::Json, "\"title\": \"Headline 1\"", "\"title\": 1", "has `title`: 1"),
        (Format::Json, "\"Headline 1\"", "\" \"", "has `title`: ' '"),
        (Format::Json, "\"content_text\"", "\"content_texts\"", "has no content"),
        (Format::Json, "T12:00:01Z", "", "not a date of RFC 3339"),
        (Format::Json, "https://one.example/a\"", "/a\"", "not an absolute URI"),
        (Format::Json, "\"mime_type\": \"audio/mpeg\"", "\"mime_type\": \"mp3\"", "has the attachment"),
        (Format::Json, "https://one.example/icon.png", "icon.png", "the icon is"),
        (Format::Json, "urn:uuid:", "", "has no urn:uuid:"),
        (Format::Json, "\"authors\": [", "\"authors\": [{\"name\": \"\"}, ", "has the author"),
        (Format::Json, "}\n", "}\n}", "cannot be read"),
    ];
    let mut files = Vec::new();
    for (number, (format, from, to, _)) in faults.iter().enumerate() {
        let valid = text(&feed, *format);
        let broken = valid.replace(from, to);
        assert_ne!(broken, valid, "{from}");
        files.push(place.write(&format!("{number}.{}", format.word()), broken));
    }
    for format in [Format::Rss, Format::Json] {
        files.push(place.write(&format!("valid.{}", format.word()), render(&feed, format)));
    }
    let output = check(&files);
    let found = String::from_utf8(output.stdout).expect("UTF-8");
    for (number, (format, from, _, expected)) in faults.iter().enumerate() {
        let name = format!("/{number}.{}: ", format.word());
        assert!(
            found.lines().any(|line| line.contains(&name) && line.contains(expected)),
            "`{from}` in {format:?}: expected `{expected}` in:\n{found}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert!(!found.contains("valid."), "{found}");
    assert_eq!(output.status.code(), Some(1));
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
