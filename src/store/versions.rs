//! Stores of other versions: what an older release left, and what a newer one left.

#![allow(clippy::disallowed_methods, reason = "the tests break files")]

use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{
    Engine, Line, Memory, Store, StoreError,
    recovery::{End, copy, folder, group, model, newest_log, open, words},
    samples::{exported, id, link, now, plan},
};
use crate::{
    fetch::Permit,
    record::{PageShape, Plan, SourceState},
};

const FEW_BYTES: u64 = 20_000;

/// What the stores hold that releases of these versions wrote, see `tests/stores`.
fn shipped() -> [(&'static str, Memory); 3] {
    let with_traces = || {
        let memory = model(2);
        memory.commit(&[Plan { fade: vec![1, 2], ..plan("three", 1..=4) }]).unwrap();
        memory
    };
    [("version-1", model(2)), ("version-2", with_traces()), ("version-3", with_traces())]
}

/// What `tests/stores/states-1` holds: it was written before the instants of states were numbers.
fn texts() -> Memory {
    let at = |day: i64| now() + SignedDuration::from_nanos(day * 86_400_123_456_789);
    let permit = Permit {
        url: "https://long.example/news".parse().unwrap(),
        read_at: Some(at(3)),
        forbidden_by: None,
        delay: Some(500),
        unreachable_since: Some(at(2)),
    };
    let shape = PageShape { entries: 11, links: 10, teasers: 9, dates: 8, images: 7, authors: 6 };
    let state = SourceState {
        succeeded_at: Some(at(20)),
        due_at: Some(Timestamp::MAX),
        arrivals: (1..=20).map(at).collect(),
        history: vec![shape; SourceState::HISTORY],
        permits: vec![permit],
        ..plan("long", 1..=2).state
    };
    let memory = model(2);
    memory.commit(&[Plan { state, ..plan("long", 1..=2) }]).unwrap();
    memory
}

fn copy_of(version: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores").join(version), dir.path());
    dir
}

/// Leaves nothing but the index.
fn without_commits(dir: &Path) {
    fs::remove_dir_all(dir.join("journal")).unwrap();
    for name in ["checkpoint.jsonl", "checkpoint.previous.jsonl"] {
        let _ = fs::remove_file(dir.join(name));
    }
}

/// Opens a store that should say what `memory` says, by every way it can be asked, and goes on with both.
#[track_caller]
fn assert_opens(dir: &Path, memory: &Memory, expected: &[&str], context: &str) {
    let (engine, repairs) = open(dir, FEW_BYTES).unwrap();
    assert_eq!(words(&repairs), expected, "{context}");
    assert_says(&engine, memory, context);
    engine.commit(&group(3)).unwrap();
    engine.close().unwrap();
    drop(engine);
    let (engine, again) = open(dir, FEW_BYTES).unwrap();
    assert_eq!(again, [], "{context}: it is told once");
    let more = Memory::new();
    more.import(&mut exported(memory).into_iter().map(Ok)).unwrap();
    more.commit(&group(3)).unwrap();
    assert_says(&engine, &more, context);
    assert!(!dir.join("db.old").exists(), "{context}");
}

#[track_caller]
fn assert_says(engine: &Engine, memory: &Memory, context: &str) {
    let lines = exported(memory);
    assert!(exported(engine) == lines, "{context}: an export says something else");
    for line in lines {
        let (source, keys, number) = match &line {
            Line::Record { source, record } => (source, record.keys.clone(), record.number),
            Line::Source { source, .. } => {
                let newest = super::Newest::of(usize::MAX);
                assert_eq!(engine.records(source, newest).unwrap(), memory.records(source, newest).unwrap());
                continue;
            }
            _ => continue,
        };
        let known = engine.known(source, &keys, 0).unwrap();
        assert_eq!(known, memory.known(source, &keys, 0).unwrap(), "{context}: {source} {number}");
    }
    let traced = [link("three", 2)];
    let three = id("three");
    assert_eq!(engine.known(&three, &traced, 0).unwrap(), memory.known(&three, &traced, 0).unwrap());
}

#[test]
fn a_store_of_every_older_version_opens() {
    for (version, memory) in shipped() {
        let dir = copy_of(version);
        let (engine, repairs) = open(dir.path(), FEW_BYTES).unwrap();
        let from = version.strip_prefix("version-").unwrap();
        let records = exported(&memory).iter().filter(|line| matches!(line, Line::Record { .. })).count();
        let told = format!(
            "made the index anew with {records} records, it was of version {from} and is of version 4 now"
        );
        assert_eq!(repairs.iter().map(ToString::to_string).collect::<Vec<_>>(), [told]);
        drop(engine);

        assert_opens(copy_of(version).path(), &memory, &["carried over"], version);
        let dir = copy_of(version);
        fs::remove_dir_all(dir.path().join("db")).unwrap();
        assert_opens(dir.path(), &memory, &["rebuilt"], "without its index");
    }
}

#[test]
fn states_whose_instants_are_texts_are_read_wherever_they_stand() {
    let memory = texts();
    assert_opens(copy_of("states-1").path(), &memory, &[], "by the file of states");
    let dir = copy_of("states-1");
    fs::remove_file(dir.path().join("states")).unwrap();
    assert_opens(dir.path(), &memory, &[], "by the journal");
}

#[test]
fn an_older_index_is_all_that_is_needed() {
    for (version, memory) in shipped() {
        let dir = copy_of(version);
        without_commits(dir.path());
        assert_opens(dir.path(), &memory, &["carried over", "secured"], version);
    }
}

#[test]
fn an_older_index_that_is_behind_its_journal_is_carried_over_and_brought_up_to_date() {
    let dir = copy_of("version-2");
    let journal = copy_of("version-2");
    let (engine, _) = open(journal.path(), FEW_BYTES).unwrap();
    engine.commit(&group(3)).unwrap();
    engine.close().unwrap();
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    copy(&journal.path().join("journal"), &dir.path().join("journal"));
    let (_, memory) = &shipped()[1];
    memory.commit(&group(3)).unwrap();
    let (engine, repairs) = open(dir.path(), FEW_BYTES).unwrap();
    assert_eq!(words(&repairs), ["carried over", "replayed"]);
    assert_says(&engine, memory, "with what the journal has");
}

#[test]
fn an_older_index_that_lost_a_record_is_not_carried_over() {
    for (version, memory) in shipped() {
        let dir = copy_of(version);
        let db = sled::open(dir.path().join("db")).unwrap();
        db.open_tree("record").unwrap().pop_min().unwrap().unwrap();
        db.flush().unwrap();
        drop(db);
        fs::remove_file(dir.path().join("db.seal")).unwrap();
        assert_opens(dir.path(), &memory, &["rebuilt"], version);
    }
}

#[test]
fn carrying_over_may_be_cut_short_at_any_step() {
    let (version, memory) = &shipped()[1];
    let carried = copy_of(version);
    drop(open(carried.path(), FEW_BYTES).unwrap());
    let new = carried.path().join("db");
    // With nothing but the index, for that is when a loss would be for good.
    for (step, expected) in [
        ("begun", &["carried over", "secured"][..]),
        ("made", &["carried over", "secured"]),
        ("old aside", &["carried over", "secured"]),
        ("in its place", &["secured"]),
    ] {
        let dir = copy_of(version);
        without_commits(dir.path());
        let at = |name: &str| dir.path().join(name);
        // Who opens an index breaks its seal first.
        fs::remove_file(at("db.seal")).unwrap();
        match step {
            "begun" => fs::create_dir(at("db.new")).unwrap(),
            "made" => copy(&new, &at("db.new")),
            _ => {
                fs::copy(carried.path().join("states"), at("states")).unwrap();
                fs::rename(at("db"), at("db.old")).unwrap();
                copy(&new, &at(if step == "old aside" { "db.new" } else { "db" }));
            }
        }
        assert_opens(dir.path(), memory, expected, step);
    }
}

#[test]
fn a_newer_journal_or_index_is_refused_by_name() {
    let dir = folder(3, u64::MAX, End::Killed);
    let log = newest_log(dir.path());
    let mut bytes = fs::read(&log).unwrap();
    bytes[8] = 9;
    let check = crc32c::crc32c(&bytes[..28]).to_le_bytes();
    bytes[28..32].copy_from_slice(&check);
    fs::write(&log, &bytes).unwrap();
    let error = open(dir.path(), FEW_BYTES).err().unwrap();
    assert!(matches!(&error, StoreError::Newer { found: 9, known: 3, .. }), "{error}");
    assert!(error.hint().contains("newer gleaner"));

    let dir = folder(3, u64::MAX, End::Closed);
    let db = sled::open(dir.path().join("db")).unwrap();
    let meta = db.open_tree("meta").unwrap();
    let mut said = meta.get(b"meta").unwrap().unwrap().to_vec();
    said[3] = 9;
    meta.insert(b"meta", said).unwrap();
    db.flush().unwrap();
    drop((meta, db));
    fs::remove_file(dir.path().join("db.seal")).unwrap();
    let error = open(dir.path(), FEW_BYTES).err().unwrap();
    assert!(matches!(&error, StoreError::Newer { found: 9, known: 4, .. }), "{error}");
}
