//! Published feeds, read back by parsers that are not ours: `feed-rs`, a strict XML reader, and a checker in Python
//! (`tests/atom_check.py`) that knows the rules of RFC 4287.

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use gleaner::{
    entry::Enclosure,
    feed::{Feed, FeedEntry, Format, Origin},
    html::Html,
    id::{EntryId, EntryKey, SourceId, feed_urn},
    render::{atom, text::XmlText},
};
use jiff::Timestamp;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use url::Url;

fn slug(text: &str) -> SourceId {
    SourceId::new(text).expect("a slug")
}

fn feed_of(entries: Vec<FeedEntry>) -> Feed {
    Feed {
        id: slug("one"),
        urn: feed_urn(&slug("one")),
        title: "One".to_owned(),
        subtitle: None,
        icon: None,
        language: None,
        base_url: None,
        hubs: Vec::new(),
        history: gleaner::feed::History::default(),
        formats: Format::ALL.to_vec(),
        every: Some(Duration::from_secs(3600)),
        alternate: Some(Url::parse("https://one.example/news").expect("a URL")),
        updated: entries.iter().map(|entry| entry.updated).max().unwrap_or(Timestamp::UNIX_EPOCH),
        author: "one.example".to_owned(),
        entries,
    }
}

/// Text as bad as it comes: every control character and noncharacter, markup, overrides, heaps of marks.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => ".{0,12}",
        2 => prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
        2 => prop::collection::vec(prop::char::range('\0', '\u{a0}'), 0..12).prop_map(String::from_iter),
        1 => prop::sample::select(vec![
            "]]>", "A &amp; B", "1 < 2", "<b>", "</title>", "<?xml", "<!DOCTYPE", "-->", "&bogus;", "&#0;", "\"'",
            "\r\n", "\r", "\t", "\u{2028}", "\u{85}", "\u{92}", "\u{202e}", "\u{2066}", "\u{fffe}", "\u{ffff}",
            "\u{fdd0}", "\u{10ffff}", "\u{feff}", "\u{200b}", " ", "\u{a0}", "+00:00", "\u{200f}", "\u{d7ff}", "\u{e000}",
            "&#xD800;", "\\ud800", "مرحبا", "日本語", "<![CDATA[", "]]]]><![CDATA[>", "\\", "\u{1f469}\u{200d}\u{1f680}",
        ]).prop_map(str::to_owned),
        1 => (0usize..20).prop_map(|times| "very long, 長い, طويل ".repeat(times * times)),
        1 => (1usize..40).prop_map(|count| format!("e{}", "\u{301}".repeat(count))),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn hostile_url() -> impl Strategy<Value = Url> {
    (
        prop::sample::select(vec!["https://a.example", "http://[::1]:8080", "https://münchen.example"]),
        hostile_text(),
    )
        .prop_map(|(origin, rest)| {
            let mut url = Url::parse(&format!("{origin}/x{rest}"))
                .unwrap_or_else(|_| Url::parse("https://a.example/").expect("a URL"));
            url.set_query(Some(&rest));
            url
        })
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0i64..4_000_000_000, 0i32..1_000_000_000).prop_map(|(s, n)| Timestamp::new(s, n).expect("within 9999"))
}

fn origin() -> impl Strategy<Value = Origin> {
    (hostile_text(), hostile_url()).prop_map(|(title, link)| Origin {
        title,
        urn: feed_urn(&slug("two")),
        self_link: Some("https://feeds.example/two.atom".to_owned()),
        link,
    })
}

/// A full text, of every second teaser.
fn content(teaser: &str) -> Option<Html> {
    let base = Url::parse("https://one.example/news/").expect("a URL");
    let html = format!("<p>{teaser}</p><script>{teaser}</script><img src='a.png'>]]>");
    (teaser.len() % 2 == 1).then(|| Html::sanitize(&html, &base, &|| true).ok())?
}

/// A media type as bad as it comes.
fn headline_type(categories: &[String]) -> String {
    categories.first().cloned().unwrap_or_else(|| "Audio/MPEG; x=\"y\"".to_owned())
}

fn hostile_entry() -> impl Strategy<Value = FeedEntry> {
    let texts = (hostile_text(), prop::option::of(hostile_text()), prop::option::of(hostile_text()));
    let links =
        (prop::option::of(hostile_url()), prop::option::of(hostile_url()), prop::option::of(origin()));
    (texts, links, prop::collection::vec(hostile_text(), 0..3), instant()).prop_map(
        |((headline, teaser, author), (link, image, source), categories, published)| FeedEntry {
            id: EntryId::mint(&slug("one"), &EntryKey::id("0")),
            headline,
            link,
            content: teaser.as_deref().and_then(content),
            teaser,
            enclosures: image
                .iter()
                .map(|url| Enclosure {
                    url: url.clone(),
                    media_type: Some(headline_type(&categories)),
                    bytes: (categories.len() > 1).then_some(18_250_334),
                    seconds: (categories.len() > 2).then_some(2530),
                })
                .collect(),
            image,
            author,
            categories,
            published,
            updated: published,
            source,
        },
    )
}

pub fn hostile_feed() -> impl Strategy<Value = Feed> {
    let entries = prop::collection::vec(hostile_entry(), 0..4).prop_map(|mut entries| {
        // What `assemble` promises: no two ids, no two `updated`, whole seconds.
        for (entry, number) in entries.iter_mut().zip(0i64..) {
            entry.id = EntryId::mint(&slug("one"), &EntryKey::id(&number.to_string()));
            let second = entry.updated.as_second() / 10 * 10 + number;
            entry.updated = Timestamp::from_second(second).expect("within 9999");
        }
        entries
    });
    (entries, hostile_text(), hostile_text(), prop::option::of(hostile_text()), hostile_text()).prop_map(
        |(entries, title, author, subtitle, language)| Feed {
            title,
            author,
            subtitle,
            icon: entries.first().and_then(|entry| entry.image.clone()),
            language: Some(language),
            ..feed_of(entries)
        },
    )
}

/// Reads a document to its end with every check on; what a strict parser would refuse fails the test. The addresses
/// of its images: `feed-rs` gives thumbnails only beside media content.
pub fn strictly_read(bytes: &[u8]) -> Vec<String> {
    use quick_xml::{Reader, events::Event};
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut images = Vec::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let raw = attribute.expect("a whole attribute").value;
                    let raw = std::str::from_utf8(&raw).expect("UTF-8");
                    assert!(!raw.contains('<'), "{raw}");
                    let value = quick_xml::escape::unescape(raw).expect("known entities");
                    if element.name().as_ref() == b"media:thumbnail" {
                        images.push(value.into_owned());
                    }
                }
            }
            Event::GeneralRef(name) => {
                let name = name.decode().expect("UTF-8");
                assert!(["lt", "gt", "amp", "quot", "apos"].contains(&&*name), "`&{name};`");
            }
            Event::Eof => return images,
            _ => {}
        }
    }
}

/// An address that a browser takes as it stands, and that leads where this one does: escapes are all that may differ.
#[track_caller]
pub fn assert_leads_to(text: &str, url: &Url) {
    assert_eq!(Url::parse(text).expect("a URL").as_str(), text);
    assert_eq!(without_escapes(text), without_escapes(url.as_str()));
}

fn without_escapes(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|hex| *first == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.map(|hex| std::str::from_utf8(hex).expect("ASCII"));
        bytes.push(hex.map_or(*first, |hex| u8::from_str_radix(hex, 16).expect("two digits")));
        rest = &after[if hex.is_some() { 2 } else { 0 }..];
    }
    bytes
}

/// What a document shows of an entry's author.
pub fn names(entry: &FeedEntry) -> Vec<String> {
    Vec::from_iter(entry.author.as_deref().and_then(line))
}

/// What a document shows of an entry's categories: each once.
pub fn terms(entry: &FeedEntry) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for term in entry.categories.iter().filter_map(|term| line(term)) {
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

pub fn line(text: &str) -> Option<String> {
    Some(XmlText::line(text)).filter(|text| !text.is_empty()).map(String::from)
}

pub fn block(text: &str) -> Option<String> {
    Some(XmlText::block(text)).filter(|text| !text.is_empty()).map(String::from)
}

fn whole(time: Timestamp) -> i64 {
    time.as_second()
}

fn assert_reads_back(feed: &Feed, bytes: &[u8]) {
    let parser = feed_rs::parser::Builder::new().sanitize_content(false).build();
    let read = parser.parse(bytes).expect("a feed that feed-rs reads");
    assert_eq!(read.id, feed.urn);
    assert_eq!(
        read.title.expect("a title").content,
        line(&feed.title).unwrap_or_else(|| feed.id.to_string())
    );
    assert_eq!(read.updated.expect("updated").timestamp(), whole(feed.updated));
    assert_eq!(read.description.map(|text| text.content), feed.subtitle.as_deref().and_then(line));
    assert_eq!(read.generator.expect("a generator").content, "gleaner");
    assert_eq!(read.authors.len(), 1);
    assert_eq!(read.entries.len(), feed.entries.len());
    for (read, entry) in read.entries.iter().zip(&feed.entries) {
        assert_eq!(read.id, entry.id.to_string());
        assert_eq!(read.published.expect("published").timestamp(), whole(entry.published));
        assert_eq!(read.updated.expect("updated").timestamp(), whole(entry.updated));
        let title = &read.title.as_ref().expect("a title").content;
        if let Some(headline) = line(&entry.headline) {
            assert_eq!(*title, headline);
        }
        let teaser = entry.teaser.as_deref().and_then(block).unwrap_or_else(|| title.clone());
        let body = read.content.as_ref().and_then(|content| content.body.clone());
        let summary = read.summary.as_ref().map(|summary| summary.content.clone());
        let full = entry.content.as_ref().and_then(|html| block(html.as_str()));
        match (full, &entry.link) {
            (Some(full), _) => assert_eq!((summary, body), (Some(teaser), Some(full))),
            (None, Some(_)) => assert_eq!((summary, body), (Some(teaser), None)),
            (None, None) => assert_eq!((summary, body), (None, Some(teaser))),
        }
        let authors: Vec<String> = read.authors.iter().filter_map(|author| author.name.clone()).collect();
        assert_eq!(authors, names(entry));
        assert_eq!(
            read.categories.iter().map(|category| category.term.clone()).collect::<Vec<_>>(),
            terms(entry)
        );
        let page = entry.link.as_ref().map(|url| ("alternate", url, None));
        let files = entry.enclosures.iter().map(|file| ("enclosure", &file.url, file.bytes));
        let links: Vec<_> = page.into_iter().chain(files).collect();
        assert_eq!(read.links.len(), links.len());
        for (read, (rel, url, length)) in read.links.iter().zip(links) {
            assert_eq!((read.rel.as_deref(), read.length), (Some(rel), length));
            assert_leads_to(&read.href, url);
        }
    }
}

proptest! {
    #![proptest_config(Config::with_cases(300))]
    #[test]
    fn any_text_reads_back_as_its_filtered_self(feed in hostile_feed()) {
        let bytes = atom::render(&feed);
        let images = strictly_read(&bytes);
        let expected: Vec<&Url> = feed.entries.iter().filter_map(|entry| entry.image.as_ref()).collect();
        prop_assert_eq!(images.len(), expected.len());
        for (image, url) in images.iter().zip(expected) {
            assert_leads_to(image, url);
        }
        assert_reads_back(&feed, &bytes);
        prop_assert_eq!(&bytes, &atom::render(&feed.clone()));
    }
}

fn check(folder: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/atom_check.py");
    let mut files: Vec<_> =
        folder.read_dir().expect("a folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    Command::new("python3").arg(script).args(files).output().expect("python3 is installed")
}

#[expect(clippy::disallowed_methods, reason = "the checker reads files")]
fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a temporary file");
}

#[test]
fn hostile_feeds_are_valid_for_an_independent_checker() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut runner = TestRunner::new(Config::default());
    for number in 0..200 {
        let feed = hostile_feed().new_tree(&mut runner).expect("a feed").current();
        write(&folder.path().join(format!("{number:03}.atom")), &atom::render(&feed));
    }
    let output = check(folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}

fn plain_entry(number: i64) -> FeedEntry {
    let published = Timestamp::from_second(1_772_798_400 + number).expect("within 9999");
    FeedEntry {
        id: EntryId::mint(&slug("one"), &EntryKey::id(&number.to_string())),
        headline: format!("Headline {number}"),
        link: Some(Url::parse("https://one.example/a").expect("a URL")),
        teaser: None,
        content: None,
        image: None,
        author: None,
        categories: vec!["News".to_owned()],
        enclosures: Vec::new(),
        published,
        updated: published,
        source: None,
    }
}

/// A feed of two entries with nothing hostile in them.
pub fn plain_feed() -> Feed {
    let file = Enclosure {
        url: Url::parse("https://one.example/a.mp3").expect("a URL"),
        media_type: Some("audio/mpeg".to_owned()),
        bytes: None,
        seconds: None,
    };
    let entries = vec![FeedEntry { enclosures: vec![file], ..plain_entry(1) }, plain_entry(0)];
    Feed { icon: Url::parse("https://one.example/icon.png").ok(), ..feed_of(entries) }
}

/// A checker that finds nothing proves nothing: each of these changes to a valid feed must be found.
#[test]
fn the_checker_finds_each_fault() {
    let valid =
        String::from_utf8(atom::render(&feed_of(vec![plain_entry(1), plain_entry(0)]))).expect("UTF-8");
    let entry_id = plain_entry(0).id.to_string();
    let faults: Vec<(&str, String, &str)> = vec![
        ("encoding=\"utf-8\"", String::new(), "XML declaration"),
        ("Headline 0", "a & b".to_owned(), "not well-formed"),
        ("Headline 0", "a\u{1}b".to_owned(), "not well-formed"),
        ("Headline 0", "a\u{fdd0}b".to_owned(), "U+FDD0"),
        ("Headline 0", String::new(), "is blank"),
        ("<feed", "<!DOCTYPE feed>\n<feed".to_owned(), "DOCTYPE"),
        (" rel=\"self\"", " rel=\"via\"".to_owned(), "no self link"),
        ("https://one.example/a", "/a".to_owned(), "not an absolute URI"),
        ("https://one.example/a", "https://one.example/a|b".to_owned(), "not an absolute URI"),
        ("2026-03-06T12:00:00Z", "2026-03-06".to_owned(), "not a date"),
        ("2026-03-06T12:00:00Z", "2026-02-30T12:00:00Z".to_owned(), "not a date"),
        ("2026-03-06T12:00:00Z", "2026-03-06T12:00:01Z".to_owned(), "same `updated`"),
        (entry_id.as_str(), plain_entry(1).id.to_string(), "same `id`"),
        ("    <summary>Headline 0</summary>\n", String::new(), "has no text"),
        ("<summary>Headline 0", "<summary type=\"html\">Headline 0".to_owned(), "not plain text"),
        ("  <author>\n    <name>one.example</name>\n  </author>\n", String::new(), "has no author"),
        ("<name>one.example</name>", String::new(), "has 0 `name`"),
        ("term=\"News\"", "term=\"\"".to_owned(), "has the term"),
        ("<generator", "<title>Again</title><generator".to_owned(), "has 2 `title`"),
        ("<generator", "<item/><generator".to_owned(), "may not stand"),
        ("<generator", "stray<generator".to_owned(), "has the text"),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, (from, to, _)) in faults.iter().enumerate() {
        let broken = valid.replace(from, to);
        assert_ne!(broken, valid, "{from}");
        write(&folder.path().join(format!("{number:02}.atom")), broken.as_bytes());
    }
    write(&folder.path().join("valid.atom"), valid.as_bytes());
    let output = check(folder.path());
    let found = String::from_utf8(output.stdout).expect("UTF-8");
    for (number, (from, to, expected)) in faults.iter().enumerate() {
        let name = format!("{number:02}.atom");
        assert!(
            found.lines().any(|line| line.contains(&name) && line.contains(expected)),
            "`{from}` → `{to}`: expected `{expected}` in:\n{found}"
        );
    }
    assert!(!found.contains("valid.atom"), "{found}");
    assert_eq!(output.status.code(), Some(1));
}
