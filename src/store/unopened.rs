//! Runs that ask for no record, and what accidents come to when the index was not opened.

#![allow(clippy::disallowed_methods, reason = "the tests break files")]

use std::{fs, os::unix::fs::MetadataExt as _};

use tempfile::TempDir;

use super::{
    Engine, Store as _,
    recovery::{End, assert_holds, commit, copy, folder, model, newest_log, open, reopened, words},
    samples::{exported, id, plan, record},
    states::States,
};
use crate::record::Plan;

/// What a refresh commits that found nothing new.
fn unchanged(number: u32) -> Vec<Plan> {
    ["one", "two"]
        .map(|slug| {
            let mut plan = plan(slug, []);
            plan.state.last_number = 9;
            plan.state.failures = number;
            plan
        })
        .to_vec()
}

#[track_caller]
fn assert_unchanged(engine: &Engine, number: u32, context: &str) {
    let states = engine.states().unwrap();
    let expected = unchanged(number).into_iter().map(|plan| (plan.source, plan.state));
    assert_eq!(states, expected.collect::<Vec<_>>(), "{context}");
}

/// A closed folder to which three commits came without a record, each in a start of its own; the last one is killed.
fn without_records(end: End) -> TempDir {
    let dir = folder(5, u64::MAX, End::Closed);
    for number in 1..=3 {
        let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
        assert_eq!(repairs, []);
        engine.commit(&unchanged(number)).unwrap();
        assert_unchanged(&engine, number, "in use");
        assert_eq!(engine.known(&id("nobody"), &[], 9).unwrap().records, []);
        assert!(!engine.has_index(), "nobody asked for a record");
        if number == 3 && matches!(end, End::Killed) {
            let killed = TempDir::new().unwrap();
            copy(dir.path(), killed.path());
            return killed;
        }
        engine.close().unwrap();
    }
    dir
}

#[test]
fn a_run_that_changes_no_record_opens_no_index_and_the_next_that_does_finds_it_whole() {
    let dir = without_records(End::Closed);
    let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(repairs, []);
    assert_unchanged(&engine, 3, "read again");
    assert_eq!(
        engine.known(&id("two"), &[], 9).unwrap().records,
        [1, 2, 3, 4, 5].map(|number| record("two", number))
    );
    assert!(engine.has_index());
    commit(&engine, 6, 6);
    assert_holds(&engine, 6, "went on");
    assert_eq!(words(&engine.examine().unwrap().1), [""; 0]);
    engine.close().unwrap();
    drop(engine);
    assert_eq!(reopened(dir.path(), 6), []);
}

#[test]
fn a_kill_of_a_run_that_opened_no_index_loses_nothing() {
    for lost in [None, Some("states"), Some("db")] {
        let dir = without_records(End::Killed);
        match lost {
            Some("states") => fs::remove_file(dir.path().join("states")).unwrap(),
            Some(_) => fs::remove_dir_all(dir.path().join("db")).unwrap(),
            None => {}
        }
        let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
        let expected = if lost == Some("db") { "rebuilt" } else { "replayed" };
        assert_eq!(words(&repairs), [expected], "without {lost:?}");
        assert_unchanged(&engine, 3, "what was committed");
        commit(&engine, 6, 6);
        assert_holds(&engine, 6, "went on");
    }
}

#[test]
fn a_journal_that_is_gone_costs_nothing_while_states_and_index_are_whole() {
    let dir = without_records(End::Closed);
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(words(&repairs), ["secured"]);
    assert_unchanged(&engine, 3, "as they were filed");
    commit(&engine, 6, 6);
    assert_holds(&engine, 6, "went on");
}

#[test]
fn states_that_nothing_holds_any_more_take_no_number_again() {
    let dir = folder(5, u64::MAX, End::Closed);
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    fs::remove_file(dir.path().join("states")).unwrap();
    let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(words(&repairs), ["outdated", "secured"]);
    let numbers = engine.states().unwrap().into_iter().map(|(source, state)| (source, state.last_number));
    assert_eq!(numbers.collect::<Vec<_>>(), [(id("one"), 15), (id("two"), 5)]);
    engine.close().unwrap();
    drop(engine);
    assert_eq!(words(&open(dir.path(), u64::MAX).unwrap().1), [""; 0], "it is told once");
}

#[test]
fn a_checkpoint_damaged_beside_a_store_that_is_as_it_was_left_is_replaced() {
    let dir = folder(30, 20_000, End::Closed);
    let path = dir.path().join("checkpoint.jsonl");
    fs::write(&path, "no checkpoint").unwrap();
    assert_eq!(words(&reopened(dir.path(), 30)), ["unusable"]);
    assert!(fs::read_to_string(&path).unwrap().starts_with(r#"{"t":"store""#));
}

#[test]
fn a_number_of_a_commit_that_only_the_states_have_is_not_given_again() {
    let dir = without_records(End::Closed);
    let log = newest_log(dir.path());
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 5]).unwrap();
    let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(words(&repairs), ["torn", "secured"]);
    assert_unchanged(&engine, 3, "as they were filed");
    commit(&engine, 6, 6);
    let killed = TempDir::new().unwrap();
    copy(dir.path(), killed.path());
    let (engine, _) = open(killed.path(), u64::MAX).unwrap();
    assert_holds(&engine, 6, "what was committed after it");
}

#[test]
fn a_damaged_checkpoint_gives_no_states() {
    let dir = folder(30, 20_000, End::Closed);
    let path = dir.path().join("checkpoint.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::remove_file(dir.path().join("states")).unwrap();
    assert_eq!(words(&reopened(dir.path(), 30)), ["unusable"]);
}

#[test]
fn states_of_another_store_are_not_used() {
    let (dir, other) = (folder(5, u64::MAX, End::Closed), folder(9, u64::MAX, End::Closed));
    fs::copy(other.path().join("states"), dir.path().join("states")).unwrap();
    assert_eq!(words(&reopened(dir.path(), 5)), ["unusable"]);
}

#[test]
fn an_index_made_anew_at_a_commit_without_records_is_the_one_that_was_closed() {
    let dir = TempDir::new().unwrap();
    let (engine, _) = open(dir.path(), 20_000).unwrap();
    // Much for a moment, which sled never gives back, and then commits without records until a checkpoint is due.
    let small = plan("one", 1..=20);
    let mut large = small.clone();
    large.records.iter_mut().for_each(|record| record.entry.author = Some("a".repeat(20_000)));
    engine.commit(&[large]).unwrap();
    engine.commit(&[small]).unwrap();
    let index = || fs::metadata(dir.path().join("db/db")).unwrap().ino();
    let before = index();
    for number in 0..3_000 {
        engine.commit(&unchanged(number)).unwrap();
        if index() != before {
            break;
        }
    }
    assert_ne!(index(), before, "it was not made anew");
    engine.close().unwrap();
    drop(engine);
    let filed = fs::File::open(dir.path().join("states")).unwrap();
    let (_, mark) = States::read_file(filed).unwrap();
    assert_eq!(mark.index_seq, mark.last_seq, "what the new index says");
    let (engine, repairs) = open(dir.path(), 20_000).unwrap();
    assert_eq!(repairs, []);
    assert_eq!(engine.known(&id("one"), &[], 99).unwrap().records, plan("one", 1..=20).records);
    assert_eq!(engine.take_repairs(), [], "it was as it was left");
}

#[test]
fn an_import_whose_checkpoint_stands_is_there_though_nothing_else_of_it_is() {
    let dir = folder(0, u64::MAX, End::Closed);
    let other = TempDir::new().unwrap();
    copy(dir.path(), other.path());
    let (engine, _) = open(other.path(), u64::MAX).unwrap();
    engine.import(&mut exported(&model(5)).into_iter().map(Ok)).unwrap();
    fs::copy(other.path().join("checkpoint.jsonl"), dir.path().join("checkpoint.jsonl")).unwrap();
    let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(words(&repairs), ["rebuilt"]);
    assert_holds(&engine, 5, "imported");
}
