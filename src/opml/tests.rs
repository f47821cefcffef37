use std::fmt::Write as _;

use super::{
    adopt::{Adopted, adopt},
    *,
};
use crate::config::{self, Config, ConfigText};

fn opml(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<opml version=\"2.0\"><head><title>t</title></head><body>\n{body}\n</body></opml>"
    )
}

fn found(body: &str) -> Subscriptions {
    read(&opml(body)).unwrap()
}

fn broken(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn config(text: &str) -> Config {
    config::read(&[ConfigText { path: "gleaner.toml".into(), text: text.to_owned() }], &|_| None).unwrap()
}

/// What an adoption adds, as text, and the config that comes of it.
fn added(body: &str, text: &str) -> (Adopted, Config) {
    let standing = (!text.is_empty()).then(|| config(text));
    let adopted = adopt(&found(body), standing.as_ref());
    let mut whole = text.to_owned();
    for source in &adopted.sources {
        let _ = write!(whole, "\n[source.{}]\n{}", adopt::key(&source.id), source.to_toml());
    }
    for feed in &adopted.feeds {
        let _ = write!(whole, "\n{}", feed.to_toml());
    }
    (adopted, config(&whole))
}

fn joined(config: &Config) -> Vec<(String, Vec<String>)> {
    config
        .feeds
        .iter()
        .map(|feed| (feed.title.clone(), feed.sources.iter().map(ToString::to_string).collect()))
        .collect()
}

#[test]
fn feeds_are_read_as_readers_write_them() {
    let found = found(
        r#"<outline type="rss" text="Harbour &amp; Sea" title="x" xmlUrl="https://a.example/feed?a=1&b=2" htmlUrl="https://a.example/"/>
           <OUTLINE TEXT='Caf&eacute;' XMLURL='feed://b.example/rss'/>
           <outline title="Only a title" xmlurl="feed:https://c.example/atom"></outline>
           <outline xmlUrl="https://d.example/"/>"#,
    );
    let list: Vec<_> =
        found.feeds.iter().map(|feed| (feed.title.as_deref(), feed.address.as_str(), feed.line)).collect();
    assert_eq!(
        list,
        [
            (Some("Harbour & Sea"), "https://a.example/feed?a=1&b=2", 3),
            (Some("Café"), "http://b.example/rss", 4),
            (Some("Only a title"), "https://c.example/atom", 5),
            (None, "https://d.example/", 6),
        ]
    );
    assert_eq!(found.left_out, []);
}

#[test]
fn what_gives_no_feed_is_named_with_its_line() {
    let found = found(
        r#"<outline text="No address" type="rss" htmlUrl="https://a.example/"/>
<outline text="Elsewhere" type="include" url="https://a.example/more.opml"/>
<outline text="Script" xmlUrl="javascript:alert(1)"/>
<outline text="Relative" xmlUrl="feed.xml"/>
<outline text="Login" xmlUrl="https://ana:secret@a.example/"/>
<outline text="One" type="application/rss+xml" xmlUrl="http://a.example/1"/>
<outline text="One again" xmlUrl="https://a.example/1"/>
<outline text="Page" type="HTML+XPath" xmlUrl="https://b.example/news/" frss:xPathItem="//article"/>
<outline text="Answers" type="JSON+DotNotation" xmlUrl="https://c.example/api"/>"#,
    );
    let left: Vec<String> =
        found.left_out.iter().map(|l| format!("{} {}: {}", l.line, l.name, l.why)).collect();
    assert_eq!(
        left,
        [
            "3 No address: it has no `xmlUrl`",
            "4 Elsewhere: it points to another file, which is not followed",
            "5 Script: its `xmlUrl` has the scheme `javascript`, expected http or https",
            "6 Relative: its `xmlUrl` (`feed.xml`) is not an absolute address",
            "7 Login: its `xmlUrl` holds a name or password; add it by hand, with `basic`",
            "9 One again: its feed stands on line 8 already",
            "10 Page: it is no feed but read by the reader itself (`HTML+XPath`); `gleaner add https://b.example/news/` looks at it",
            "11 Answers: it is no feed but read by the reader itself (`JSON+DotNotation`); `gleaner add https://c.example/api` looks at it",
        ]
    );
    assert_eq!(found.feeds.len(), 1);
}

#[test]
fn broken_files_are_refused_with_their_place() {
    assert_eq!(
        broken("<opml><body>\n  <outline text=\"a\" xmlUrl=\"https://a.example/\">"),
        "2:49: not XML: the file ends inside an `<outline>`"
    );
    assert_eq!(
        broken("<opml><body>\n<outline text=\"é\"></body></opml>"),
        "2:19: not XML: ill-formed document: expected `</outline>`, but `</body>` was found"
    );
    assert!(broken("<opml><body>\n<outline text=\"a\"").starts_with("2:1: not XML: "));
    assert_eq!(broken("<rss><channel/></rss>"), "1:1: not OPML: the file's first element is `<rss>`");
    assert_eq!(broken("hello"), "1:6: not OPML: the file has no element");
}

#[test]
fn hostile_files_are_read_in_bounded_work() {
    let deep =
        format!("<opml>{}{}</opml>", "<outline text=\"f\">".repeat(15_000), "</outline>".repeat(15_000));
    let deep = deep.replacen("</outline>", "<outline xmlUrl=\"https://a.example/\"/></outline>", 1);
    assert_eq!(read(&deep).unwrap().feeds[0].folders[0].len(), MAX_DEPTH);
    let many = "<outline xmlUrl=\"https://a.example/\"/>\n".repeat(MAX_OUTLINES + 1);
    assert!(broken(&opml(&many)).ends_with("more than 20000 outlines"));
    let declared = "<!DOCTYPE opml [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n\
                    <opml><body><outline text=\"&x;\" xmlUrl=\"https://a.example/\"/></body></opml>";
    assert_eq!(read(declared).unwrap().feeds[0].title.as_deref(), Some("&x;"), "no entity is ever fetched");
}

#[test]
fn folders_become_joined_feeds_of_all_that_is_in_them() {
    let (adopted, config) = added(
        r#"<outline text="Sea">
             <outline text="Harbour" xmlUrl="https://a.example/"/>
             <outline text="Ships"><outline text="Ferry" xmlUrl="https://b.example/"/></outline>
           </outline>
           <outline text="sea"><outline text="Tides" xmlUrl="https://c.example/"/></outline>
           <outline text="Land"><outline text="Harbour" xmlUrl="https://a.example/"/></outline>
           <outline text="Alone" xmlUrl="https://d.example/"/>"#,
        "",
    );
    assert_eq!(
        joined(&config),
        [
            ("Land".to_owned(), vec!["harbour".to_owned()]),
            ("Sea".to_owned(), vec!["ferry".to_owned(), "harbour".to_owned(), "tides".to_owned()]),
            ("Sea / Ships".to_owned(), vec!["ferry".to_owned()]),
        ]
    );
    let harbour = adopted.sources.iter().find(|source| source.id.as_str() == "harbour").unwrap();
    assert_eq!(
        harbour.to_toml(),
        "url      = \"https://a.example/\"\nkind     = \"feed\"\ntitle    = \"Harbour\"\ntags     = [\"Sea\", \"Land\"]\n"
    );
    assert!(config.sources.iter().any(|source| source.id.as_str() == "alone"));
}

#[test]
fn what_the_config_has_stays_as_it_is() {
    let standing = "[source.port]\nurl = \"https://a.example/\"\nkind = \"feed\"\n\
                    [feed.land]\ntitle = \"Everything on land\"\nsources = [\"port\"]\n\
                    [source.sea]\nurl = \"https://z.example/\"\nkind = \"feed\"\nwas = \"tides\"\n";
    let body = r#"<outline text="Sea"><outline text="Harbour" xmlUrl="http://a.example/"/></outline>
                  <outline text="Land"><outline text="Tides" xmlUrl="https://c.example/"/></outline>"#;
    let (adopted, config) = added(body, standing);
    assert_eq!(adopted.known.len(), 1);
    let ids: Vec<_> = adopted.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(ids, ["tides-2"], "`tides` is what another source was called");
    assert_eq!(adopted.feeds[0].to_toml(), "[feed.sea-2]\ntitle   = \"Sea\"\nsources = [\"port\"]\n");
    assert_eq!(adopted.known_feeds[0].0.as_str(), "land");
    assert_eq!(config.feeds.len(), 2);
}

#[test]
fn a_second_time_adds_nothing() {
    let body = r#"<outline text="Sea"><outline text="Sea" xmlUrl="https://a.example/"/></outline>
                  <outline text="Новости"><outline text="Порт" xmlUrl="https://порт.example/"/></outline>"#;
    let (adopted, config) = added(body, "");
    let ids: Vec<_> = adopted.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(ids, ["sea-2", "xn-n1abei-example"]);
    let again = adopt(&found(body), Some(&config));
    assert!(again.sources.is_empty() && again.feeds.is_empty(), "{again:?}");
    assert_eq!(again.known.len(), 2);
}

#[test]
fn gleaners_own_feeds_are_not_followed() {
    let standing =
        "[defaults]\nbase_url = \"https://feeds.example/\"\n[source.a]\nurl = \"https://a.example/\"\n";
    let (adopted, _) = added(r#"<outline text="A" xmlUrl="http://feeds.example/a.atom"/>"#, standing);
    assert!(adopted.sources.is_empty());
    assert_eq!(adopted.left_out[0].why, "gleaner publishes it itself, under `base_url`");
}

#[test]
fn what_is_exported_is_read_again() {
    use crate::{
        feed::{Format, Listed},
        render::index,
    };
    let names = ["Harbour & <Sea>", "\"Порт\"", "日本", "a\tb"];
    let listed: Vec<Listed> = (1..)
        .zip(names)
        .map(|(number, name)| Listed {
            id: crate::id::SourceId::new(&format!("s{number}")).unwrap(),
            title: name.to_owned(),
            formats: vec![Format::Rss],
            alternate: None,
            language: None,
        })
        .collect();
    let base = Url::parse("https://feeds.example/").unwrap();
    let text = String::from_utf8(index::opml(&listed, Some(&base))).unwrap();
    let found = read(&text).unwrap();
    let read: Vec<_> =
        found.feeds.iter().map(|f| (f.title.clone().unwrap(), f.address.to_string())).collect();
    let expected: Vec<_> = (1..)
        .zip(names)
        .map(|(number, name)| (fold(name), format!("https://feeds.example/s{number}.rss")))
        .collect();
    assert_eq!(read, expected);
    assert_eq!(found.left_out, []);
}
