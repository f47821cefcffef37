use std::collections::HashSet;

use jiff::civil::{Date, date};
use url::Url;

use super::*;
use crate::normalize::{canonical, lasting};

fn page() -> Url {
    Url::parse("https://site.example/news/").unwrap()
}

const NOW: &str = "2025-03-07T09:00:00Z";

fn inferred(day: Date) -> Moment {
    Moment {
        day,
        first_day: None,
        instant: None,
        precision: Precision::Day,
        provenance: Provenance::Inferred,
    }
}

/// A sighting as `normalize` makes it of a row without an own date field.
fn sighting(row: usize, headline: &str, link: &str, teaser: &str) -> Sighting {
    let link = (!link.is_empty()).then(|| page().join(link).unwrap());
    let mut keys: Vec<EntryKey> = link.iter().map(|link| EntryKey::link(&canonical(link, &page()))).collect();
    if !teaser.is_empty() {
        keys.push(EntryKey::texts(EntryKey::HEADLINE_TEASER, &[&lasting(headline), &lasting(teaser), ""]));
    }
    if link.is_none() {
        keys.push(EntryKey::texts(EntryKey::HEADLINE_DATE, &[&lasting(headline), ""]));
    }
    let entry = Entry {
        headline: headline.to_owned(),
        link,
        teaser: (!teaser.is_empty()).then(|| teaser.to_owned()),
        content: None,
        image: None,
        author: None,
        categories: Vec::new(),
        enclosures: Vec::new(),
        moment: Some(inferred(date(2025, 3, 6))),
    };
    Sighting { entry, keys, rows: vec![row], dates: Vec::new() }
}

/// A source followed over time.
#[derive(Default)]
struct Memory {
    records: Vec<Record>,
}

impl Memory {
    fn see(&mut self, now: &str, sightings: &[Sighting]) -> Merged {
        let id = SourceId::new("site").unwrap();
        let context = Context {
            source: &id,
            zone: &TimeZone::UTC,
            now: now.parse().unwrap(),
            last_number: self.records.iter().map(|r| r.number).max().unwrap_or(0),
        };
        let recognized = recognize(sightings, &self.records);
        let merged = merge(sightings, &self.records, &recognized, &context);
        for record in &merged.records {
            self.records.retain(|old| old.number != record.number);
            self.records.push(record.clone());
        }
        self.records.sort_by_key(|r| r.number);
        merged
    }
}

const TEASER: &str = "On 6 March, the harbour authority opened a new footbridge over the mill stream";

#[test]
fn the_same_page_again_changes_nothing() {
    let mut memory = Memory::default();
    let rows = [sighting(1, "Two", "/two", TEASER), sighting(2, "One", "/one", "")];
    assert_eq!(memory.see(NOW, &rows).new, [1, 2]);
    assert_eq!(memory.records[0].entry.headline, "One", "the page's end is the oldest");
    assert_eq!(memory.see("2025-03-07T10:00:00Z", &rows), Merged::default());
}

#[test]
fn rewording_keeps_id_published_and_first_seen() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Bridge opened", "/a", TEASER)]);
    let before = memory.records[0].clone();
    let merged = memory.see("2025-03-08T09:00:00Z", &[sighting(1, "New bridge opened", "/a", TEASER)]);
    let after = &memory.records[0];
    assert_eq!((merged.new.len(), merged.changed.len()), (0, 1));
    assert_eq!(
        (after.id, after.published, after.first_seen),
        (before.id, before.published, before.first_seen)
    );
    assert_eq!(after.entry.headline, "New bridge opened");
    assert_eq!(after.updated.to_string(), "2025-03-08T09:00:00Z");
}

#[test]
fn a_second_post_of_a_known_story_is_not_news() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Bridge opened", "/a", TEASER)]);
    let merged = memory.see("2025-03-08T09:00:00Z", &[sighting(1, "Bridge opened", "/a-2", TEASER)]);
    assert!(merged.new.is_empty());
    assert_eq!(memory.records.len(), 1);
    // Later the second address alone is enough.
    assert!(memory.see("2025-03-09T09:00:00Z", &[sighting(1, "Other words", "/a-2", "")]).new.is_empty());
}

#[test]
fn the_same_headline_with_other_words_under_another_link_is_news() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Minutes", "/1", "The minutes of the spring meeting of the council")]);
    let merged = memory.see(
        "2025-03-08T09:00:00Z",
        &[
            sighting(1, "Minutes", "/2", "The minutes of the summer meeting of the council"),
            sighting(2, "Minutes", "/1", "The minutes of the spring meeting of the council"),
        ],
    );
    assert_eq!(merged.new, [2]);
}

#[test]
fn a_site_that_moves_all_addresses_announces_nothing() {
    let mut memory = Memory::default();
    let page = |prefix: &str| -> Vec<Sighting> {
        ["Alpha story", "Beta story", "Gamma story"]
            .iter()
            .enumerate()
            .map(|(i, headline)| sighting(i + 1, headline, &format!("{prefix}{i}"), ""))
            .collect()
    };
    memory.see(NOW, &page("/old/"));
    let ids: Vec<_> = memory.records.iter().map(|r| r.id).collect();
    let merged = memory.see("2025-03-08T09:00:00Z", &page("https://new.example/n/"));
    assert!(merged.new.is_empty());
    assert_eq!(merged.changed.len(), 3);
    assert_eq!(memory.records.iter().map(|r| r.id).collect::<Vec<_>>(), ids);
    assert_eq!(memory.records[0].entry.link.as_ref().unwrap().host_str(), Some("new.example"));
}

#[test]
fn one_familiar_headline_on_a_page_of_news_is_news() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Weekly summary", "/w1", ""), sighting(2, "Bridge opened", "/a", "")]);
    let later = [
        sighting(1, "Weekly summary", "/w9", ""),
        sighting(2, "Harbour closed", "/b", ""),
        sighting(3, "Harbour opened", "/c", ""),
    ];
    assert_eq!(memory.see("2025-09-08T09:00:00Z", &later).new.len(), 3);
}

#[test]
fn entries_without_links_survive_a_new_teaser() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "v2.0", "", "Faster.")]);
    let merged = memory.see("2025-03-08T09:00:00Z", &[sighting(1, "v2.0", "", "Faster and smaller.")]);
    assert_eq!((merged.new.len(), merged.changed.len()), (0, 1));
}

#[test]
fn an_entry_that_comes_back_is_not_news() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Two", "/two", ""), sighting(2, "One", "/one", "")]);
    memory.see("2025-03-08T09:00:00Z", &[sighting(1, "Three", "/three", ""), sighting(2, "Two", "/two", "")]);
    let merged = memory.see("2025-03-09T09:00:00Z", &[sighting(1, "One", "/one", "")]);
    assert!(merged.new.is_empty());
}

#[test]
fn counters_are_not_changes() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Bridge opened", "/a", "It was opened. 1,204 views")]);
    let merged = memory
        .see("2025-03-08T09:00:00Z", &[sighting(1, "Bridge opened", "/a", "It was opened. 1,377 views")]);
    assert!(merged.changed.is_empty());
    assert_eq!(merged.diagnostics[0].code, Code::ChurnHeldBack);
}

#[test]
fn a_number_that_changes_once_is_a_change_one_that_always_changes_is_not() {
    let mut memory = Memory::default();
    let seen =
        |n: u32| [sighting(1, "Clashes", "/a", &format!("At least {n} people were hurt in the clashes"))];
    memory.see(NOW, &seen(5));
    let changed: Vec<usize> = (6..12)
        .map(|n| memory.see(&format!("2025-03-{:02}T09:00:00Z", n + 2), &seen(n)).changed.len())
        .collect();
    assert_eq!(changed, [1, 1, 0, 0, 0, 0]);
}

#[test]
fn a_link_whose_query_is_another_at_every_fetch_is_held_back() {
    let mut memory = Memory::default();
    let seen = |visit: u32| [sighting(1, "Bridge opened", &format!("/a?visit={visit}"), TEASER)];
    memory.see(NOW, &seen(5));
    let see = |memory: &mut Memory, visit| {
        let merged = memory.see(&format!("2025-03-{:02}T09:00:00Z", visit + 2), &seen(visit));
        assert!(merged.new.is_empty(), "{visit}");
        merged
    };
    let changed: Vec<usize> = (6..10).map(|visit| see(&mut memory, visit).changed.len()).collect();
    assert_eq!(changed, [1, 1, 0, 0], "twice it may be a site that numbers its stories anew");
    let keys = memory.records[0].keys.clone();
    assert_eq!(see(&mut memory, 10).diagnostics[0].code, Code::ChurnHeldBack);
    assert_eq!(memory.records[0].keys, keys, "what it is known by does not fill with visits");
}

#[test]
fn a_record_whose_words_churn_learns_new_addresses_all_the_same() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Bridge opened", "/a", TEASER)]);
    memory.records[0].churn = CHURN_LIMIT;
    let moved = memory.see("2025-03-08T09:00:00Z", &[sighting(1, "Bridge opened", "/moved/a", TEASER)]);
    assert!(moved.new.is_empty());
    let edited =
        memory.see("2025-03-09T09:00:00Z", &[sighting(1, "Other words", "/moved/a", "Others still")]);
    assert!(edited.new.is_empty(), "the new address is known");
}

#[test]
fn a_page_that_alternates_between_two_texts_is_held_back() {
    let mut memory = Memory::default();
    let seen = |teaser: &str| [sighting(1, "Bridge opened", "/a", teaser)];
    let other = "A footbridge was opened over the mill stream on 6 March by the authority";
    memory.see(NOW, &seen(TEASER));
    let changed: usize = (8..20)
        .map(|d| {
            let teaser = if d % 2 == 0 { other } else { TEASER };
            memory.see(&format!("2025-03-{d:02}T09:00:00Z"), &seen(teaser)).changed.len()
        })
        .sum();
    assert!(changed <= 3, "{changed}");
}

#[test]
fn published_moves_only_for_a_date_stated_by_machine() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "Bridge opened", "/a", TEASER)]);
    let published = memory.records[0].published;

    let mut row = sighting(1, "Bridge opened", "/a", TEASER);
    row.entry.moment = Some(inferred(date(2025, 3, 1)));
    memory.see("2025-03-08T09:00:00Z", std::slice::from_ref(&row));
    assert_eq!(memory.records[0].published, published, "inferred anew");

    row.entry.moment = Some(Moment { provenance: Provenance::StatedByMachine, ..inferred(date(2025, 3, 1)) });
    memory.see("2025-03-09T09:00:00Z", std::slice::from_ref(&row));
    assert_eq!(memory.records[0].published.to_string(), "2025-03-01T12:00:00Z");

    row.entry.moment = Some(Moment { provenance: Provenance::StatedByMachine, ..inferred(date(2025, 3, 9)) });
    let merged = memory.see("2025-03-10T09:00:00Z", &[row]);
    assert_eq!(merged.diagnostics[0].code, Code::DateAfterFirstSeen);
    assert_eq!(memory.records[0].published.to_string(), "2025-03-01T12:00:00Z");
}

#[test]
fn the_day_it_was_first_seen_is_a_correction_of_an_earlier_one() {
    let mut memory = Memory::default();
    let stated = |day| {
        let mut row = sighting(1, "Bridge opened", "/a", TEASER);
        row.entry.moment = Some(Moment { provenance: Provenance::StatedByMachine, ..inferred(day) });
        [row]
    };
    memory.see(NOW, &stated(date(2024, 3, 7)));
    assert_eq!(memory.records[0].published.to_string(), "2024-03-07T12:00:00Z");
    memory.see("2025-03-08T09:00:00Z", &stated(date(2025, 3, 7)));
    assert_eq!(memory.records[0].published.to_string(), NOW);
}

#[test]
fn a_stamp_that_is_that_of_each_fetch_changes_nothing() {
    let mut memory = Memory::default();
    let see = |memory: &mut Memory, now: &str| {
        let mut row = sighting(1, "Bridge opened", "/a", TEASER);
        let day = date(2025, 3, 7);
        let (instant, provenance) = (Some(now.parse().unwrap()), Provenance::StatedByMachine);
        row.entry.moment =
            Some(Moment { instant, provenance, precision: Precision::Minute, ..inferred(day) });
        memory.see(now, &[row])
    };
    see(&mut memory, NOW);
    assert!(see(&mut memory, "2025-03-07T10:00:00Z").changed.is_empty());
    assert_eq!(memory.records[0].updated.to_string(), NOW);
}

#[test]
fn dates_that_take_turns_come_to_rest() {
    let mut memory = Memory::default();
    let changed: usize = (8..20)
        .map(|day| {
            let mut row = sighting(1, "Bridge opened", "/a", TEASER);
            let instant = if day % 2 == 0 { "2025-03-06T10:00:00Z" } else { "2025-03-06T11:00:00Z" };
            row.entry.moment = Some(Moment {
                instant: Some(instant.parse().unwrap()),
                precision: Precision::Minute,
                provenance: Provenance::StatedByMachine,
                ..inferred(date(2025, 3, 6))
            });
            memory.see(&format!("2025-03-{day:02}T09:00:00Z"), &[row]).changed.len()
        })
        .sum();
    assert_eq!(changed, 3);
}

#[test]
fn an_unknown_date_is_first_seen_and_says_so() {
    let mut memory = Memory::default();
    let mut row = sighting(1, "Bridge opened", "/a", "");
    row.entry.moment = None;
    memory.see(NOW, &[row]);
    let record = &memory.records[0];
    assert_eq!(record.published.to_string(), NOW);
    assert_eq!(record.entry.moment.as_ref().unwrap().provenance, Provenance::FirstSeen);
}

proptest::proptest! {
    /// Over any sequence of pages, orders and clock jumps: an id and a published date, once given, stay.
    #[test]
    fn what_readers_were_told_never_moves(
        pages in proptest::collection::vec(
            (proptest::collection::vec(0usize..8, 1..6), 0i64..400, 0usize..3), 1..12)
    ) {
        let mut memory = Memory::default();
        let mut told: HashMap<u64, (EntryId, Timestamp)> = HashMap::new();
        for (stories, hours, edit) in pages {
            // A page lists a story once: `normalize` has folded what stands there twice.
            let mut once = HashSet::new();
            let stories: Vec<usize> = stories.into_iter().filter(|story| once.insert(*story)).collect();
            let rows: Vec<Sighting> = stories.iter().enumerate().map(|(i, story)| {
                sighting(i + 1, &format!("Story {story} edit {edit}"), &format!("/{story}"), "")
            }).collect();
            let now = NOW.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hours - 100);
            memory.see(&now.to_string(), &rows);
            proptest::prop_assert!(memory.records.len() <= 8);
            for record in &memory.records {
                let now_told = (record.id, record.published);
                proptest::prop_assert_eq!(*told.entry(record.number).or_insert(now_told), now_told);
            }
        }
    }
}

#[test]
fn what_comes_back_after_it_was_let_go_is_what_it_was() {
    let mut memory = Memory::default();
    memory.see(NOW, &[sighting(1, "A", "a", "first"), sighting(2, "B", "b", "second")]);
    let traces: Vec<_> = memory.records.iter().map(Record::trace).collect();
    let (a, b) = (&memory.records[1], &memory.records[0]);
    let page = [
        sighting(1, "A, edited since", "a?utm_source=x", "first"),
        sighting(2, "B", "b", ""),
        sighting(3, "C", "c", ""),
    ];
    let later = "2027-01-01T00:00:00Z".parse().unwrap();
    let back = revive(&page, std::slice::from_ref(b), &traces, later);
    assert_eq!(back.len(), 1, "b has a record, c was never seen");
    assert_eq!((back[0].number, back[0].id), (a.number, a.id));
    assert_eq!((back[0].published, back[0].first_seen), (a.published, a.first_seen));
    assert_eq!(back[0].entry.headline, "A, edited since");
    assert_eq!(back[0].updated, a.published, "a reader is not told of it again");
}
