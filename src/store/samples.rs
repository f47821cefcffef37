//! Plans and records for the tests of the store.

use jiff::{SignedDuration, Timestamp};

use super::{Line, Store};
use crate::{
    entry::Entry,
    id::{EntryId, EntryKey, SourceId},
    record::{Plan, Record, SourceState},
};

pub fn now() -> Timestamp {
    "2025-03-07T09:00:00Z".parse().unwrap()
}

pub fn id(slug: &str) -> SourceId {
    SourceId::new(slug).unwrap()
}

pub fn link(slug: &str, number: u64) -> EntryKey {
    EntryKey::link(&format!("https://{slug}.example/{number}"))
}

pub fn record(slug: &str, number: u64) -> Record {
    let published = now() + SignedDuration::from_hours(i64::try_from(number % 1_000_000).unwrap());
    let keys = vec![link(slug, number), EntryKey::texts("texts", &[slug, &number.to_string()])];
    Record {
        number,
        id: EntryId::mint(&id(slug), &keys[0]),
        keys,
        entry: Entry {
            headline: format!("headline {number} of {slug}"),
            link: None,
            teaser: Some("قال \u{1f4f0} «teaser» ".repeat(usize::try_from(number % 7).unwrap() * 60)),
            content: None,
            image: None,
            author: None,
            categories: vec!["news".to_owned()],
            enclosures: Vec::new(),
            moment: None,
        },
        published,
        updated: published,
        first_seen: now(),
        last_seen: now(),
        churn: 0,
        redated: 0,
        retold_in: Vec::new(),
    }
}

pub fn plan(slug: &str, numbers: impl IntoIterator<Item = u64>) -> Plan {
    let records: Vec<Record> = numbers.into_iter().map(|number| record(slug, number)).collect();
    let last_number = records.last().map_or(0, |record| record.number);
    let state = SourceState {
        body: Some(format!("body {last_number}")),
        refreshed_at: Some(now()),
        last_number,
        ..SourceState::default()
    };
    Plan { records, ..Plan::of(id(slug), state) }
}

pub fn lines(slug: &str, records: u64) -> Vec<Line> {
    let plan = plan(slug, 1..=records);
    let source = Line::Source { source: plan.source.clone(), state: Box::new(plan.state) };
    let record = |record| Line::Record { source: plan.source.clone(), record: Box::new(record) };
    [source].into_iter().chain(plan.records.into_iter().map(record)).collect()
}

/// All that a store says of itself.
pub fn exported(store: &dyn Store) -> Vec<Line> {
    let mut lines = Vec::new();
    store
        .export(&mut |line| {
            lines.push(line);
            Ok(())
        })
        .unwrap();
    lines
}
