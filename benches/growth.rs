//! How a store grows over years: `cargo bench --profile dev --bench growth -- [SOURCES] [YEARS]`.
//!
//! `-- fill FROM INTO EACH` makes a state folder of another one in place of that, with older entries until each source
//! has so many: `benches/whole/growth.py` measures what runs of the program then cost.
//!
//! A thousand sources, from one with four entries a day to those with one a month, refreshed once a week for five
//! years, with the records a page of this kind gives. Printed for each half-year: what was ever announced, what is
//! kept, and what the state folder takes. The claim is the shape of the curve: kept records do not grow at all once
//! feeds are full, traces grow by a few dozen bytes an entry up to ten thousand for each source.
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a bench prints what it measures")]

use std::{fs, path::Path, time::Instant};

use gleaner::{
    entry::Entry,
    health,
    id::{EntryId, EntryKey, SourceId},
    moment::{Moment, Precision, Provenance},
    record::{Plan, Record, SourceState},
    store::{self, Line, Newest, Retention, Store},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Entries a week, in tenths, by the last digit of the source's number.
const TENTHS_A_WEEK: [u64; 10] = [280, 100, 70, 50, 30, 20, 10, 10, 5, 2];
const GROUP: usize = 250;

fn main() {
    // `cargo bench` adds a flag of its own.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, from, into, each, ..] = &words[..]
        && word == "fill"
    {
        return fill(Path::new(from), Path::new(into), each.parse().expect("a number of entries"));
    }
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let (sources, years) = (numbers.first().copied().unwrap_or(1000), numbers.get(1).copied().unwrap_or(5));
    let folder = tempfile::tempdir().expect("a folder for the store");
    let mut now: Timestamp = "2026-01-05T08:00:00Z".parse().expect("a time");
    let (engine, _) = store::open(folder.path(), now).expect("a new store");
    let ids: Vec<SourceId> =
        (0..sources).map(|n| SourceId::new(&format!("source-{n:05}.example")).expect("a slug")).collect();
    let mut announced = vec![0; sources];
    println!("{sources} sources, {years} years");
    println!("   year  announced  records   traces  state MiB  index MiB  peak MiB  ms/source");
    let mut spent = 0.0;
    for week in 1..=(years * 52) as u64 {
        now += WEEK;
        let begun = Instant::now();
        for (group, ids) in ids.chunks(GROUP).enumerate() {
            let plans: Vec<Plan> = ids
                .iter()
                .enumerate()
                .map(|(n, id)| {
                    refresh(&engine, id, &mut announced[group * GROUP + n], (group * GROUP + n, week, now))
                })
                .collect();
            engine.commit(&plans).expect("a commit");
        }
        let retained: Vec<(SourceId, Retention)> =
            ids.iter().map(|id| (id.clone(), Retention::of(Newest::of(200)))).collect();
        engine.retain(&retained).expect("retention");
        spent += begun.elapsed().as_secs_f64();
        if week % 26 == 0 {
            let (mut records, mut traces) = (0_u64, 0_u64);
            engine
                .export(&mut |line| {
                    records += u64::from(matches!(line, Line::Record { .. }));
                    traces += u64::from(matches!(line, Line::Trace { .. }));
                    Ok(())
                })
                .expect("an export");
            let total: u64 = announced.iter().sum();
            println!(
                "{:>7.1} {total:>10} {records:>8} {traces:>8} {:>10} {:>10} {:>9} {:>10.2}",
                week as f64 / 52.0,
                bytes(folder.path()) >> 20,
                bytes(&folder.path().join("db")) >> 20,
                peak_mib(),
                spent * 1000.0 / (26.0 * sources as f64),
            );
            spent = 0.0;
        }
    }
    engine.close().expect("a clean close");
    println!("closed: {} MiB", bytes(folder.path()) >> 20);
}

/// Makes a store of another one, with older entries for each source until it has `each`.
fn fill(from: &Path, into: &Path, each: u64) {
    let now = Timestamp::now();
    let (old, new) = (store::open(from, now).expect("a store").0, store::open(into, now).expect("a store").0);
    let mut lines = Vec::new();
    old.export(&mut |line| {
        lines.push(line);
        Ok(())
    })
    .expect("an export");
    let older = |line: Line| {
        let (line, more) = match line {
            Line::Source { source, mut state } if source != health::id() => {
                let more = state.last_number + 1..=each;
                state.last_number = state.last_number.max(each);
                (Line::Source { source: source.clone(), state }, Some((source, more)))
            }
            line => (line, None),
        };
        let made =
            more.into_iter().flat_map(|(source, numbers)| numbers.map(move |n| older_record(&source, n)));
        std::iter::once(line).chain(made)
    };
    new.import(&mut lines.into_iter().flat_map(older).map(Ok)).expect("an import");
    new.close().expect("a clean close");
    println!("up to {each} entries for each source; peak {} MiB", peak_mib());
}

fn older_record(source: &SourceId, number: u64) -> Line {
    let old: Timestamp = "2020-01-05T08:00:00Z".parse().expect("a time");
    let record = record(source, number, old + SignedDuration::from_hours(number.cast_signed()));
    Line::Record { source: source.clone(), record: Box::new(record) }
}

/// What a week brought to one source, asked of the store as a refresh asks.
fn refresh(
    engine: &store::Engine,
    id: &SourceId,
    announced: &mut u64,
    (source, week, now): (usize, u64, Timestamp),
) -> Plan {
    let tenths = TENTHS_A_WEEK[source % 10];
    let last = week * tenths / 10;
    let mut state: SourceState = engine.state(id).expect("a state");
    let new: Vec<Record> = (*announced + 1..=last).map(|number| record(id, number, now)).collect();
    let keys: Vec<EntryKey> = new.iter().flat_map(|record| record.keys.clone()).collect();
    let known = engine.known(id, &keys, 100).expect("what is known");
    assert!(known.records.iter().all(|record| record.number <= *announced), "none of them is known");
    *announced = last;
    state.last_number = last;
    state.read_at = Some(now);
    state.refreshed_at = Some(now);
    state.succeeded_at = Some(now);
    state.body = Some(format!("{week:032}"));
    Plan { records: new, ..Plan::of(id.clone(), state) }
}

/// An entry as pages of news give it.
fn record(source: &SourceId, number: u64, now: Timestamp) -> Record {
    let word = |n: u64| {
        ["council", "harbour", "minister", "visits", "agreement", "announces", "meeting"][(n % 7) as usize]
    };
    let headline =
        format!("The {} {} of the {} no. {number}", word(number), word(number / 7), word(number / 49));
    let teaser = (0..40).map(|n| word(number + n * n)).collect::<Vec<_>>().join(" ");
    let link = format!("https://{source}/news/{}-{}-{number}/", word(number), word(number / 7));
    let keys = vec![
        EntryKey::link(&link),
        EntryKey::texts(EntryKey::HEADLINE_TEASER, &[&headline, &teaser]),
        EntryKey::texts(EntryKey::HEADLINE_DATE, &[&headline, &number.to_string()]),
    ];
    Record {
        number,
        id: EntryId::mint(source, &keys[0]),
        keys,
        entry: Entry {
            headline,
            link: link.parse().ok(),
            teaser: Some(teaser),
            content: None,
            enclosures: Vec::new(),
            image: format!("https://{source}/images/{number}.jpg").parse().ok(),
            author: None,
            categories: vec!["news".to_owned()],
            moment: Some(Moment {
                day: now.to_zoned_datetime(TimeZone::UTC).date(),
                first_day: None,
                instant: Some(now),
                precision: Precision::Minute,
                provenance: Provenance::StatedByMachine,
            }),
        },
        published: now,
        updated: now,
        first_seen: now,
        last_seen: now,
        churn: 0,
        redated: 0,
        retold_in: Vec::new(),
    }
}

fn bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

/// The most memory this process ever had; 0 where the system does not say.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or_default() >> 10
}
