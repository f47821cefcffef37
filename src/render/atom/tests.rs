use super::*;
use crate::id::{EntryId, EntryKey, SourceId, feed_urn};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn entry_of(path: &str) -> FeedEntry {
    let id = SourceId::new("one").unwrap();
    FeedEntry {
        id: EntryId::mint(&id, &EntryKey::link(path)),
        headline: format!("Headline of {path}"),
        link: Some(url("https://one.example/").join(path).unwrap()),
        teaser: Some("The teaser.".to_owned()),
        content: None,
        image: None,
        author: None,
        categories: Vec::new(),
        enclosures: Vec::new(),
        published: time("2026-03-06T12:00:00Z"),
        updated: time("2026-03-07T12:00:00Z"),
        source: None,
    }
}

fn feed_of(entries: Vec<FeedEntry>) -> Feed {
    let id = SourceId::new("one").unwrap();
    Feed {
        urn: feed_urn(&id),
        id,
        title: "One".to_owned(),
        subtitle: None,
        icon: None,
        language: Some("en".to_owned()),
        base_url: Some(url("https://feeds.example/")),
        hubs: Vec::new(),
        history: crate::feed::History::default(),
        formats: vec![Format::Atom],
        every: None,
        alternate: Some(url("https://one.example/")),
        updated: time("2026-03-07T12:00:00Z"),
        author: "One".to_owned(),
        entries,
    }
}

fn text_of(feed: &Feed) -> String {
    String::from_utf8(render(feed)).unwrap()
}

#[test]
fn a_whole_feed_looks_like_this() {
    let mut joined = entry_of("a");
    joined.author = Some("Ada".to_owned());
    joined.categories = vec!["News".to_owned(), " ".to_owned(), "News".to_owned()];
    joined.image = Some(url("https://one.example/a.jpg?w=1&h=2"));
    joined.source = Some(Origin {
        title: "One".to_owned(),
        urn: feed_urn(&SourceId::new("one").unwrap()),
        self_link: Some("https://feeds.example/one.atom".to_owned()),
        link: url("https://one.example/"),
    });
    let mut bare = entry_of("b");
    bare.link = None;
    let text = text_of(&feed_of(vec![joined, bare]));
    insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn markup_in_a_headline_is_shown_as_it_was_written() {
    for (headline, written) in [
        ("A &amp; B", "A &amp;amp; B"),
        ("1 < 2", "1 &lt; 2"),
        ("use <b> tags", "use &lt;b&gt; tags"),
        ("end ]]> of", "end ]]&gt; of"),
        ("<?xml <!DOCTYPE", "&lt;?xml &lt;!DOCTYPE"),
    ] {
        let text = text_of(&feed_of(vec![FeedEntry { headline: headline.to_owned(), ..entry_of("a") }]));
        assert!(text.contains(&format!("<title>{written}</title>")), "{text}");
    }
}

#[test]
fn an_entry_without_a_link_has_content() {
    let text = text_of(&feed_of(vec![FeedEntry { link: None, ..entry_of("a") }]));
    assert!(text.contains("<content type=\"text\">The teaser.</content>"), "{text}");
    assert!(!text.contains("<summary"), "{text}");
}

#[test]
fn an_entry_without_a_teaser_is_not_blank() {
    let text = text_of(&feed_of(vec![FeedEntry { teaser: Some("\u{1} ".to_owned()), ..entry_of("a") }]));
    assert!(text.contains("<summary>Headline of a</summary>"), "{text}");
}

#[test]
fn a_headline_of_nothing_xml_allows_is_replaced() {
    let nothing = FeedEntry { headline: "\u{1}\u{fffe}".to_owned(), ..entry_of("a") };
    let title = |entry| {
        let text = text_of(&feed_of(vec![entry]));
        text.split("<title>").nth(2).unwrap().split("</title>").next().unwrap().to_owned()
    };
    assert_eq!(title(nothing.clone()), "The teaser.");
    let nothing = FeedEntry { teaser: None, ..nothing };
    assert_eq!(title(nothing.clone()), "https://one.example/a");
    let nothing = FeedEntry { link: None, ..nothing };
    assert_eq!(title(nothing.clone()), nothing.id.to_string());
}

#[test]
fn dates_are_utc_in_whole_seconds() {
    let entry = FeedEntry { published: time("2026-03-06T14:00:00.987+02:00"), ..entry_of("a") };
    let text = text_of(&feed_of(vec![entry]));
    assert!(text.contains("<published>2026-03-06T12:00:00Z</published>"), "{text}");
    assert!(!text.contains("+00:00"), "{text}");
    let early = FeedEntry { published: Timestamp::MIN, updated: Timestamp::MAX, ..entry_of("a") };
    let text = text_of(&feed_of(vec![early]));
    assert!(text.contains("<published>0000-01-01T00:00:00Z</published>"), "{text}");
    assert!(text.contains("<updated>9999-12-30T22:00:00Z</updated>"), "{text}");
}

#[test]
fn text_that_ends_like_a_date_stays() {
    let entry = FeedEntry { headline: "at 10+00:00".to_owned(), ..entry_of("a") };
    assert!(text_of(&feed_of(vec![entry])).contains("<title>at 10+00:00</title>"));
}

#[test]
fn what_rfc_3986_forbids_in_an_address_is_escaped() {
    let written = |text| uri(&url(text));
    assert_eq!(
        written("https://a.example/x|y?q=[1]{2}^`&p=50%"),
        "https://a.example/x%7Cy?q=%5B1%5D%7B2%7D%5E%60&p=50%25"
    );
    assert_eq!(written("https://[::1]:81/é?ü=%C3%BC#a#b"), "https://[::1]:81/%C3%A9?%C3%BC=%C3%BC#a%23b");
    assert_eq!(written("https://münchen.example"), "https://xn--mnchen-3ya.example/");
}

#[test]
fn only_a_language_tag_becomes_the_language() {
    for (text, tag) in [
        ("en", Some("en")),
        ("en_US", Some("en-US")),
        (" zh-Hant-TW ", Some("zh-Hant-TW")),
        ("", None),
        ("english", None),
        ("en-", None),
        ("{{lang}}", None),
    ] {
        assert_eq!(language_tag(text).as_deref(), tag, "{text}");
    }
}

#[test]
fn the_same_feed_gives_the_same_bytes() {
    let feed = feed_of(vec![
        FeedEntry { image: Some(url("https://one.example/i.png")), ..entry_of("a") },
        entry_of("b"),
    ]);
    assert_eq!(render(&feed), render(&feed.clone()));
}
