use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::{
    config::{Candidate, Css, Digest, FieldRule, LinkRule, Request, Rules, Terms},
    entry::Entry,
    id::{EntryId, EntryKey},
};

pub fn id(text: &str) -> SourceId {
    SourceId::new(text).unwrap()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub fn common(parts: &[Part<'_>]) -> Common {
    let mut common = Common::default();
    for part in parts {
        common.add(part.source, &part.state);
    }
    common
}

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "no stage under test reads a selector")]
fn css(text: &str) -> Css {
    Css { text: text.to_owned(), selector: scraper::Selector::parse(text).unwrap().into() }
}

pub fn source(slug: &str) -> Source {
    Source {
        id: id(slug),
        was: None,
        url: url(&format!("https://{slug}.example/news")).into(),
        title: None,
        icon: None,
        rules: Some(std::sync::Arc::new(Rules {
            json: None,
            listing: None,
            entry: css("article"),
            to_next: false,
            headline: FieldRule {
                candidates: vec![Candidate { text: "*".to_owned(), selector: None, attr: None }],
                join: None,
                regex: None,
                cut: Vec::new(),
                required: false,
            },
            link: LinkRule::OfHeadline,
            id: None,
            teaser: None,
            image: None,
            author: None,
            category: None,
            enclosure: None,
            date: None,
            next: None,
        })),
        own_page: None,
        request: std::sync::Arc::new(Request {
            headers: Vec::new(),
            user_agent: None,
            contact: None,
            timeout: Duration::from_secs(60),
            max_bytes: 1 << 20,
            max_redirects: 5,
            inside: crate::fetch::guard::Inside::Refused,
            spacing: Duration::from_secs(1),
            robots: true,
            proxy: None,
            extra_ca: None,
        }),
        terms: std::sync::Arc::new(Terms {
            tags: Vec::new(),
            enabled: true,
            every: Duration::from_secs(3600),
            pace: crate::schedule::Pace::Steady,
            timezone: TimeZone::UTC,
            language: None,
            kind: crate::config::Kind::Found,
            alert_after: 2,
            heal: crate::config::Heal::Ask,
            keep: Keep { entries: 50, age: None },
            archive: false,
            formats: vec![Format::Atom],
        }),
        digest: Digest::default().into(),
    }
}

pub fn rule(sources: &[&str]) -> FeedRule {
    FeedRule {
        id: id("all"),
        was: None,
        title: "All of it".to_owned(),
        icon: None,
        sources: sources.iter().map(|slug| id(slug)).collect(),
        filter: crate::config::Filter::default(),
        keep: Keep { entries: 50, age: None },
        formats: vec![Format::Atom],
    }
}

/// A record that was published and first seen at `published`, and whose link ends in `path`.
pub fn record(slug: &str, number: u64, path: &str, published: &str) -> Record {
    let key = EntryKey::link(&format!("https://shared.example/{path}"));
    Record {
        number,
        id: EntryId::mint(&id(slug), &key),
        keys: vec![key],
        entry: Entry {
            headline: format!("{path} of {slug}"),
            link: Some(url(&format!("https://shared.example/{path}"))),
            teaser: None,
            content: None,
            image: None,
            author: None,
            categories: Vec::new(),
            enclosures: Vec::new(),
            moment: None,
        },
        published: time(published),
        updated: time(published),
        first_seen: time(published),
        last_seen: time(published),
        churn: 0,
        redated: 0,
        retold_in: Vec::new(),
    }
}

pub fn headlines(feed: &Feed) -> Vec<&str> {
    feed.entries.iter().map(|entry| entry.headline.as_str()).collect()
}

fn feed_of(records: Vec<Record>, keep: Keep) -> Feed {
    let mut source = source("one");
    source.terms_mut().keep = keep;
    source_feed(&source, &Glance::default(), records, None)
}

const ALL: Keep = Keep { entries: 50, age: None };

#[test]
fn the_newest_comes_first_and_of_equals_the_last_found() {
    let feed = feed_of(
        vec![
            record("one", 1, "old", "2026-03-01T12:00:00Z"),
            record("one", 2, "same-a", "2026-03-02T12:00:00Z"),
            record("one", 3, "same-b", "2026-03-02T12:00:00Z"),
            record("one", 4, "new", "2026-03-03T12:00:00Z"),
        ],
        ALL,
    );
    assert_eq!(headlines(&feed), ["new of one", "same-b of one", "same-a of one", "old of one"]);
}

#[test]
fn a_feed_keeps_the_newest_by_number() {
    let records =
        (1..=5).map(|n| record("one", n, &n.to_string(), &format!("2026-03-0{n}T00:00:00Z"))).collect();
    let feed = feed_of(records, Keep { entries: 2, age: None });
    assert_eq!(headlines(&feed), ["5 of one", "4 of one"]);
}

#[test]
fn age_counts_from_the_newest_entry_not_from_now() {
    let records = vec![
        record("one", 1, "too-old", "1999-03-01T11:59:59Z"),
        record("one", 2, "just", "1999-03-01T12:00:00Z"),
        record("one", 3, "newest", "1999-03-08T12:00:00Z"),
    ];
    let feed = feed_of(records, Keep { entries: 50, age: Some(Duration::from_secs(7 * 86_400)) });
    assert_eq!(headlines(&feed), ["newest of one", "just of one"]);
}

#[test]
fn an_endless_age_is_no_limit() {
    let records =
        vec![record("one", 1, "a", "1900-01-01T00:00:00Z"), record("one", 2, "b", "2026-01-01T00:00:00Z")];
    assert_eq!(feed_of(records, Keep { entries: 50, age: Some(Duration::MAX) }).entries.len(), 2);
}

#[test]
fn updated_is_the_latest_change_of_an_entry_shown() {
    let mut changed = record("one", 1, "changed", "2026-03-01T12:00:00Z");
    changed.updated = time("2026-04-01T12:00:00.9Z");
    let mut cut = record("one", 3, "cut", "2026-02-01T12:00:00Z");
    cut.updated = time("2026-05-01T12:00:00Z");
    let feed = feed_of(
        vec![changed, record("one", 2, "b", "2026-03-02T12:00:00Z"), cut],
        Keep { entries: 2, age: None },
    );
    assert_eq!(feed.updated, time("2026-04-01T12:00:00Z"));
}

#[test]
fn an_empty_feed_was_updated_when_its_source_last_succeeded() {
    let state = Glance { succeeded_at: Some(time("2026-03-01T12:00:00.5Z")), ..Glance::default() };
    assert_eq!(source_feed(&source("one"), &state, Vec::new(), None).updated, time("2026-03-01T12:00:00Z"));
    let feed = source_feed(&source("one"), &Glance::default(), Vec::new(), None);
    assert_eq!(feed.updated, Timestamp::UNIX_EPOCH);
}

#[test]
fn equal_updates_step_by_a_second_and_the_senior_stays() {
    let at = "2026-03-01T12:00:00Z";
    let mut junior = record("one", 1, "junior", at);
    junior.first_seen = time("2026-03-02T00:00:00Z");
    let feed = feed_of(vec![junior, record("one", 2, "senior", at), record("one", 3, "second", at)], ALL);
    let updates: BTreeMap<&str, String> =
        feed.entries.iter().map(|entry| (entry.headline.as_str(), entry.updated.to_string())).collect();
    assert_eq!(updates["senior of one"], "2026-03-01T12:00:00Z");
    assert_eq!(updates["second of one"], "2026-03-01T12:00:01Z");
    assert_eq!(updates["junior of one"], "2026-03-01T12:00:02Z");
    assert!(feed.entries.iter().all(|entry| entry.published == time(at)), "published never moves");
}

#[test]
fn an_update_does_not_move_when_an_older_entry_falls_out() {
    let at = "2026-03-01T12:00:00Z";
    let records = vec![record("one", 1, "a", at), record("one", 2, "b", at)];
    let both = feed_of(records.clone(), ALL);
    let one = feed_of(records, Keep { entries: 1, age: None });
    assert_eq!(one.entries[0], both.entries[0]);
}

#[test]
fn the_title_is_the_configured_one_else_the_pages_else_the_host() {
    let page = Glance { page_title: Some("The Page".to_owned()), ..Glance::default() };
    let blank = Glance { page_title: Some(" \n".to_owned()), ..Glance::default() };
    let named = Source { title: Some("Mine".to_owned()), ..source("one") };
    let title = |source: &Source, state| source_feed(source, state, Vec::new(), None).title;
    assert_eq!(title(&named, &page), "Mine");
    assert_eq!(title(&source("one"), &page), "The Page");
    assert_eq!(title(&source("one"), &blank), "one.example");
    assert_eq!(source_feed(&source("one"), &blank, Vec::new(), None).author, "one.example");
}

#[test]
fn the_self_link_is_absolute_when_the_public_address_is_known() {
    let base = url("https://feeds.example/atom/");
    let with = |base| source_feed(&source("one"), &Glance::default(), Vec::new(), base).address(Format::Atom);
    assert_eq!(with(Some(&base)), "https://feeds.example/atom/one.atom");
    assert_eq!(with(None), "one.atom");
}

#[test]
fn the_alternate_is_the_page_that_answered() {
    let moved = Glance { page_url: Some(url("https://moved.example/").into()), ..Glance::default() };
    assert_eq!(
        source_feed(&source("one"), &moved, Vec::new(), None).alternate,
        Some(url("https://moved.example/"))
    );
    assert_eq!(
        source_feed(&source("one"), &Glance::default(), Vec::new(), None).alternate,
        Some(url("https://one.example/news"))
    );
}

/// What two sources give to a joined feed.
struct Two {
    sources: [Source; 2],
    state: Glance,
}

impl Two {
    fn new() -> Self {
        Self { sources: [source("one"), source("two")], state: Glance::default() }
    }

    fn join(&self, one: Vec<Record>, two: Vec<Record>) -> Feed {
        let [first, second] = &self.sources;
        let parts = [
            Part { source: first, state: self.state.clone(), records: one },
            Part { source: second, state: self.state.clone(), records: two },
        ];
        joined_feed((&rule(&["one", "two"]), &common(&parts)), &parts, None).feed
    }
}

#[test]
fn a_story_of_two_sources_is_shown_once_as_it_was_seen_first() {
    let mut late = record("one", 1, "story", "2026-03-01T12:00:00Z");
    late.first_seen = time("2026-03-05T00:00:00Z");
    let early = record("two", 7, "story", "2026-03-02T12:00:00Z");
    assert_eq!(headlines(&Two::new().join(vec![late], vec![early])), ["story of two"]);
}

#[test]
fn of_two_seen_at_once_the_first_source_wins() {
    let at = "2026-03-02T12:00:00Z";
    let feed = Two::new().join(vec![record("one", 9, "story", at)], vec![record("two", 1, "story", at)]);
    assert_eq!(headlines(&feed), ["story of one"]);
}

#[test]
fn a_story_is_the_same_under_any_link_it_had() {
    let mut moved = record("two", 1, "new-address", "2026-03-03T12:00:00Z");
    moved.keys.push(EntryKey::link("https://shared.example/old-address"));
    let again = record("one", 2, "new-address", "2026-03-04T12:00:00Z");
    let feed =
        Two::new().join(vec![record("one", 1, "old-address", "2026-03-02T12:00:00Z"), again], vec![moved]);
    assert_eq!(headlines(&feed), ["old-address of one"]);
}

#[test]
fn an_agencys_text_is_one_story_of_two_sources_and_a_weekly_notice_two_of_one() {
    let text =
        EntryKey::texts(EntryKey::HEADLINE_TEASER, &["talks resume", "the delegations met on monday", ""]);
    let told = |slug: &str, number, path: &str, at: &str| {
        let mut record = record(slug, number, path, at);
        record.keys.push(text.clone());
        record
    };
    let one = vec![
        told("one", 1, "talks", "2026-03-02T12:00:00Z"),
        told("one", 2, "talks-again", "2026-03-09T12:00:00Z"),
    ];
    let feed = Two::new().join(one, vec![told("two", 1, "taken-over", "2026-03-03T12:00:00Z")]);
    assert_eq!(headlines(&feed), ["talks-again of one", "talks of one"]);
}

#[test]
fn a_filter_lets_pass_what_it_includes_and_does_not_exclude() {
    let pattern = |text: &str| crate::config::Condition::of(regex::Regex::new(text).unwrap());
    let two = Two::new();
    let mut tagged = record("one", 1, "c", "2026-03-02T12:00:00Z");
    tagged.entry.categories = vec!["Harbor".to_owned()];
    let records = vec![
        tagged,
        record("one", 2, "harbor", "2026-03-03T12:00:00Z"),
        record("one", 3, "harbor-spam", "2026-03-04T12:00:00Z"),
        record("one", 4, "other", "2026-03-05T12:00:00Z"),
    ];
    let source = source("one");
    let parts = [Part { source: &source, state: two.state.clone(), records }];
    let filter =
        crate::config::Filter { include: vec![pattern("(?i:HARBOR)")], exclude: vec![pattern("spam")] };
    let feed = joined_feed((&FeedRule { filter, ..rule(&["one"]) }, &common(&parts)), &parts, None).feed;
    assert_eq!(headlines(&feed), ["harbor of one", "c of one"]);
}

#[test]
fn equal_texts_without_a_link_are_two_stories() {
    let key = EntryKey::texts("text", &["Notice"]);
    let linkless = |slug: &str| {
        let mut record = record(slug, 1, "Notice", "2026-03-02T12:00:00Z");
        record.id = EntryId::mint(&id(slug), &key);
        record.keys = vec![key.clone()];
        record.entry.link = None;
        record
    };
    assert_eq!(Two::new().join(vec![linkless("one")], vec![linkless("two")]).entries.len(), 2);
}

#[test]
fn a_joined_entry_names_its_source() {
    let at = "2026-03-02T12:00:00Z";
    let mut signed = record("two", 1, "signed", at);
    signed.entry.author = Some("Ada".to_owned());
    let feed = Two::new().join(vec![record("one", 1, "unsigned", at)], vec![signed]);
    let [unsigned, signed] = &feed.entries[..] else { panic!("two entries") };
    assert_eq!(unsigned.author.as_deref(), Some("one.example"));
    assert_eq!(signed.author.as_deref(), Some("Ada"));
    let origin = unsigned.source.as_ref().unwrap();
    assert_eq!(origin.title, "one.example");
    assert_eq!(origin.urn, feed_urn(&id("one")));
    assert_eq!(origin.link, url("https://one.example/news"));
    assert_eq!((feed.title.as_str(), feed.author.as_str()), ("All of it", "All of it"));
}

#[test]
fn a_language_holds_for_a_joined_feed_only_if_it_holds_for_all() {
    let mut two = Two::new();
    two.sources[0].terms_mut().language = Some("ar".to_owned());
    assert_eq!(two.join(Vec::new(), Vec::new()).language, None);
    two.sources[1].terms_mut().language = Some("ar".to_owned());
    assert_eq!(two.join(Vec::new(), Vec::new()).language.as_deref(), Some("ar"));
    two.sources[1].terms_mut().language = Some("en".to_owned());
    assert_eq!(two.join(Vec::new(), Vec::new()).language, None);
}

proptest! {
    #[test]
    fn the_order_records_come_in_does_not_matter(
        rows in proptest::collection::vec((0u64..6, 0i64..4, 0i64..4), 1..12),
        entries in 1usize..8,
        seed in any::<prop::sample::Selector>(),
    ) {
        let records = |slug: &str| -> Vec<Record> {
            rows.iter()
                .zip(1..)
                .map(|(&(path, published, seen), number)| {
                    let mut record = record(slug, number, &path.to_string(), "2026-03-02T12:00:00Z");
                    record.published = Timestamp::from_second(published).unwrap();
                    record.updated = record.published;
                    record.first_seen = Timestamp::from_second(seen).unwrap();
                    record
                })
                .collect()
        };
        let shuffled = |mut records: Vec<Record>| {
            records.sort_by_key(|record| seed.select([record.number * 7 % 5, record.number, 100 - record.number]));
            records
        };
        let two = Two::new();
        let straight = two.join(records("one"), records("two"));
        let swapped = {
            let [first, second] = &two.sources;
            let parts = [
                Part { source: second, state: two.state.clone(), records: shuffled(records("two")) },
                Part { source: first, state: two.state.clone(), records: shuffled(records("one")) },
            ];
            joined_feed((&rule(&["one", "two"]), &common(&parts)), &parts, None).feed
        };
        prop_assert_eq!(&straight, &swapped);

        let keep = Keep { entries, age: None };
        prop_assert_eq!(feed_of(records("one"), keep), feed_of(shuffled(records("one")), keep));

        let updates: BTreeSet<Timestamp> = straight.entries.iter().map(|entry| entry.updated).collect();
        prop_assert_eq!(updates.len(), straight.entries.len());
    }
}
