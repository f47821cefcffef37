//! The engine after accidents: what is read back, and what is said about it.

#![allow(clippy::disallowed_methods, reason = "the tests break files")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    Newest, Repair, Store, StoreError,
    engine::{self, Engine},
    samples::{id, link, now, plan, record},
    start::Place,
};
use crate::record::Plan;

/// Small enough that a checkpoint comes every few commits.
const FEW_BYTES: u64 = 20_000;

pub fn open(dir: &Path, journal_bytes: u64) -> Result<(Engine, Vec<Repair>), StoreError> {
    engine::open_place(Place { dir: dir.to_path_buf(), now: now(), journal_bytes })
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What each commit writes: two sources, some records new, some changed.
pub fn group(seq: u64) -> Vec<Plan> {
    let mut first = plan("one", seq * 3 - 2..=seq * 3);
    if seq > 1 {
        let mut changed = record("one", seq * 3 - 4);
        changed.entry.headline = format!("changed by commit {seq}");
        first.records.insert(0, changed);
    }
    vec![first, plan("two", seq..=seq)]
}

/// All a store should say after these commits.
pub fn model(commits: u64) -> super::Memory {
    let memory = super::Memory::new();
    (1..=commits).for_each(|seq| memory.commit(&group(seq)).unwrap());
    memory
}

pub fn commit(engine: &Engine, from: u64, to: u64) {
    (from..=to).for_each(|seq| engine.commit(&group(seq)).unwrap());
}

/// Everything committed is there exactly once, by every way it can be asked for.
#[track_caller]
pub fn assert_holds(store: &dyn Store, commits: u64, context: &str) {
    let model = model(commits);
    assert_eq!(store.states().unwrap(), model.states().unwrap(), "{context}");
    for slug in ["one", "two"] {
        let (every, newest) = (usize::MAX, Newest::of(usize::MAX));
        let expected = model.known(&id(slug), &[], every).unwrap().records;
        assert_eq!(store.known(&id(slug), &[], every).unwrap().records, expected, "{context}");
        assert_eq!(
            store.records(&id(slug), newest).unwrap(),
            model.records(&id(slug), newest).unwrap(),
            "{context}"
        );
        for record in expected {
            assert_eq!(store.known(&id(slug), &record.keys[..1], 0).unwrap().records, [record], "{context}");
        }
    }
}

pub fn words(repairs: &[Repair]) -> Vec<&'static str> {
    repairs
        .iter()
        .map(|repair| match repair {
            Repair::TornTail { .. } => "torn",
            Repair::JournalDamaged { .. } => "journal",
            Repair::Unusable { .. } => "unusable",
            Repair::Replayed { .. } => "replayed",
            Repair::Rebuilt { .. } => "rebuilt",
            Repair::CarriedOver { .. } => "carried over",
            Repair::Secured { .. } => "secured",
            Repair::Lost { .. } => "lost",
            Repair::Outdated { .. } => "outdated",
            Repair::Pruned { .. } => "pruned",
        })
        .collect()
}

/// A folder with these commits, closed or as a kill would leave it.
pub fn folder(commits: u64, journal_bytes: u64, end: End) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path(), journal_bytes).unwrap();
    commit(&engine, 1, commits);
    match end {
        End::Closed => {
            engine.close().unwrap();
            dir
        }
        End::Killed => {
            let copied = tempfile::tempdir().unwrap();
            copy(dir.path(), copied.path());
            copied
        }
    }
}

#[derive(Clone, Copy)]
pub enum End {
    Closed,
    Killed,
}

#[track_caller]
pub fn reopened(dir: &Path, commits: u64) -> Vec<Repair> {
    let (engine, repairs) = open(dir, FEW_BYTES).unwrap();
    assert_holds(&engine, commits, "after the accident");
    commit(&engine, commits + 1, commits + 1);
    engine.close().unwrap();
    drop(engine);
    let (engine, again) = open(dir, FEW_BYTES).unwrap();
    assert_eq!(again, [], "a repair is told once");
    assert_holds(&engine, commits + 1, "after one commit more");
    repairs
}

pub fn newest_log(dir: &Path) -> PathBuf {
    let mut logs: Vec<PathBuf> =
        fs::read_dir(dir.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.sort();
    logs.pop().unwrap()
}

#[test]
fn a_start_does_not_read_all_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let noted = || {
        let names = fs::read_dir(folder.path().join("db")).unwrap().map(|file| file.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("snap.")).collect::<Vec<_>>()
    };
    let (engine, _) = open(folder.path(), u64::MAX).unwrap();
    commit(&engine, 1, 40);
    engine.close().unwrap();
    drop(engine);
    // sled notes where its pages are when it opened and found anything new.
    let closed = noted();
    let (engine, _) = open(folder.path(), u64::MAX).unwrap();
    assert_eq!((noted(), closed.len()), (closed, 1));
    assert_holds(&engine, 40, "read again");
}

#[test]
fn a_clean_close_leaves_nothing_to_say() {
    let dir = folder(30, FEW_BYTES, End::Closed);
    assert!(dir.path().join("checkpoint.previous.jsonl").exists(), "the test has checkpoints");
    assert_eq!(reopened(dir.path(), 30), []);
}

#[test]
fn a_kill_loses_nothing() {
    let dir = folder(30, FEW_BYTES, End::Killed);
    let repairs = reopened(dir.path(), 30);
    assert!(words(&repairs).iter().all(|word| ["replayed", "rebuilt"].contains(word)), "{repairs:?}");
}

#[test]
fn an_engine_that_was_never_dropped_leaves_its_commits() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path(), FEW_BYTES).unwrap();
    commit(&engine, 1, 3);
    std::mem::forget(engine);
    assert!(matches!(open(dir.path(), FEW_BYTES), Err(StoreError::Locked { .. })));
    let copied = tempfile::tempdir().unwrap();
    copy(dir.path(), copied.path());
    reopened(copied.path(), 3);
}

#[test]
fn a_second_engine_is_told_who_holds_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let (_engine, _) = open(dir.path(), FEW_BYTES).unwrap();
    let Err(StoreError::Locked { holder }) = open(dir.path(), FEW_BYTES) else { panic!("it opened twice") };
    assert_eq!((holder.process, holder.since), (Some(std::process::id()), Some(now())));
}

#[test]
fn an_index_that_is_gone_is_rebuilt() {
    for end in [End::Closed, End::Killed] {
        let dir = folder(30, FEW_BYTES, end);
        fs::remove_dir_all(dir.path().join("db")).unwrap();
        let repairs = reopened(dir.path(), 30);
        assert_eq!(words(&repairs), ["rebuilt"]);
        let text = repairs[0].to_string();
        assert_eq!(text, "rebuilt the index from checkpoint and journal with 120 records: it was gone");
    }
}

#[test]
fn an_index_that_is_empty_is_never_believed() {
    let dir = folder(30, FEW_BYTES, End::Closed);
    let other = folder(0, FEW_BYTES, End::Closed);
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    sled::open(dir.path().join("db")).unwrap().flush().unwrap();
    fs::remove_file(dir.path().join("db.seal")).unwrap();
    assert_eq!(words(&reopened(dir.path(), 30)), ["rebuilt"]);

    fs::remove_dir_all(dir.path().join("db")).unwrap();
    copy(&other.path().join("db"), &dir.path().join("db"));
    fs::copy(other.path().join("db.seal"), dir.path().join("db.seal")).unwrap();
    let (engine, _) = open(dir.path(), FEW_BYTES).unwrap();
    assert_holds(&engine, 31, "an index of another store");
    let text = engine.take_repairs()[0].to_string();
    assert!(text.contains("it belongs to another store; the old one is kept as"), "{text}");
}

#[test]
fn an_older_copy_of_the_index_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    for (old, new, journal_bytes, expected) in [(2, 4, u64::MAX, "replayed"), (6, 40, FEW_BYTES, "rebuilt")] {
        let state = dir.path().join(expected);
        let (engine, _) = open(&state, journal_bytes).unwrap();
        commit(&engine, 1, old);
        engine.close().unwrap();
        copy(&state.join("db"), &dir.path().join("old").join(expected));
        commit(&engine, old + 1, new);
        engine.close().unwrap();
        drop(engine);
        fs::remove_dir_all(state.join("db")).unwrap();
        fs::remove_file(state.join("db.seal")).unwrap();
        copy(&dir.path().join("old").join(expected), &state.join("db"));
        assert_eq!(words(&reopened(&state, new)), [expected]);
    }
}

#[test]
fn an_index_that_lost_one_record_is_not_believed() {
    let dir = folder(5, u64::MAX, End::Closed);
    let db = sled::open(dir.path().join("db")).unwrap();
    db.open_tree("record").unwrap().pop_min().unwrap().unwrap();
    db.flush().unwrap();
    drop(db);
    fs::remove_file(dir.path().join("db.seal")).unwrap();
    let repairs = reopened(dir.path(), 5);
    assert_eq!(words(&repairs), ["rebuilt"]);
    assert!(repairs[0].to_string().contains("it holds 19 records where 20 were written"), "{}", repairs[0]);
}

#[test]
fn a_journal_torn_at_any_byte_of_its_last_commit_loses_only_what_was_not_confirmed() {
    let whole = folder(3, u64::MAX, End::Killed);
    let log = newest_log(whole.path());
    let bytes = fs::read(&log).unwrap();
    let two = fs::read(newest_log(folder(2, u64::MAX, End::Killed).path())).unwrap().len();
    // Every byte of what frames the commit, and a spread of those of what it says.
    let cuts = (two + 1..two + 25).chain((two + 25..bytes.len()).step_by(1 + (bytes.len() - two) / 12));
    for cut in cuts.chain([bytes.len() - 1]) {
        fs::write(&log, &bytes[..cut]).unwrap();
        let copied = tempfile::tempdir().unwrap();
        copy(whole.path(), copied.path());
        // As after a kill between journal and index: the index never saw the third commit.
        fs::remove_dir_all(copied.path().join("db")).unwrap();
        let (engine, repairs) = open(copied.path(), u64::MAX).unwrap();
        assert_holds(&engine, 2, &format!("cut at {cut}"));
        assert_eq!(words(&repairs), ["torn", "rebuilt"], "cut at {cut}");
        commit(&engine, 3, 3);
        assert_holds(&engine, 3, "written again");
    }
}

#[test]
fn a_confirmed_commit_torn_from_the_journal_is_had_from_the_index() {
    let dir = folder(3, u64::MAX, End::Closed);
    let log = newest_log(dir.path());
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 5]).unwrap();
    assert_eq!(words(&reopened(dir.path(), 3)), ["torn", "secured"]);
}

#[test]
fn a_journal_damaged_in_the_middle_costs_nothing_while_the_index_is_whole() {
    let dir = folder(4, u64::MAX, End::Closed);
    let log = newest_log(dir.path());
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    assert_eq!(words(&reopened(dir.path(), 4)), ["journal", "secured"]);
}

#[test]
fn what_nothing_holds_any_more_is_named() {
    let dir = folder(4, u64::MAX, End::Closed);
    let log = newest_log(dir.path());
    let second = fs::read(newest_log(folder(1, u64::MAX, End::Closed).path())).unwrap().len();
    let mut bytes = fs::read(&log).unwrap();
    bytes[second + 30] ^= 1;
    fs::write(&log, bytes).unwrap();
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(words(&repairs), ["journal", "rebuilt", "lost"]);
    assert_eq!(repairs[2].to_string(), "commit 2 is lost; its entries may be announced again");
    assert_eq!(
        engine.known(&id("two"), &[], 9).unwrap().records,
        [1, 3, 4].map(|number| record("two", number))
    );
    engine.close().unwrap();
    drop(engine);
    let (_, again) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(again, [], "a loss is told once");
}

#[test]
fn a_store_without_journal_and_checkpoint_goes_on_from_its_index() {
    let dir = folder(30, FEW_BYTES, End::Closed);
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    fs::remove_file(dir.path().join("checkpoint.jsonl")).unwrap();
    fs::remove_file(dir.path().join("checkpoint.previous.jsonl")).unwrap();
    assert_eq!(words(&reopened(dir.path(), 30)), ["secured"]);
}

#[test]
fn a_damaged_checkpoint_is_replaced_by_the_one_before() {
    for at in [0, 30, 2_000] {
        let dir = folder(30, FEW_BYTES, End::Closed);
        let path = dir.path().join("checkpoint.jsonl");
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        fs::remove_dir_all(dir.path().join("db")).unwrap();
        let (engine, repairs) = open(dir.path(), FEW_BYTES).unwrap();
        assert_holds(&engine, 30, "from the checkpoint before");
        assert_eq!(words(&repairs), ["unusable", "rebuilt"], "byte {at}");
        engine.close().unwrap();
        drop(engine);
        fs::remove_dir_all(dir.path().join("db")).unwrap();
        assert_eq!(words(&reopened(dir.path(), 30)), ["rebuilt"], "the damaged one was replaced");
    }
}

#[test]
fn a_checkpoint_alone_is_a_store() {
    let dir = folder(1, 1, End::Killed);
    let alone = tempfile::tempdir().unwrap();
    fs::copy(dir.path().join("checkpoint.jsonl"), alone.path().join("checkpoint.jsonl")).unwrap();
    assert_eq!(words(&reopened(alone.path(), 1)), ["rebuilt"]);
}

#[test]
fn a_damaged_index_with_nothing_beside_it_is_not_passed_over() {
    let dir = folder(3, u64::MAX, End::Closed);
    fs::remove_dir_all(dir.path().join("journal")).unwrap();
    fs::write(dir.path().join("db/db"), b"no database").unwrap();
    let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
    assert_eq!(words(&repairs), ["rebuilt", "lost"]);
    // Its file still says that the page was read: the same bytes would hide for ever what is lost.
    for source in ["one", "two"] {
        let state = engine.state(&id(source)).unwrap();
        assert_eq!((state.body, state.succeeded_at), (None, None));
        assert!(state.last_number > 0, "no number is used again");
    }
}

#[test]
fn a_newer_store_is_refused_and_not_touched() {
    let dir = folder(30, FEW_BYTES, End::Closed);
    let path = dir.path().join("checkpoint.jsonl");
    let text = fs::read_to_string(&path).unwrap().replacen(r#""version":3"#, r#""version":7"#, 1);
    let body = &text[..text.rfind(r#"{"t":"end""#).unwrap()];
    let end = format!("{{\"t\":\"end\",\"check\":\"{}\"}}\n", blake3::hash(body.as_bytes()).to_hex());
    fs::write(&path, format!("{body}{end}")).unwrap();
    let error = open(dir.path(), FEW_BYTES).err().unwrap();
    assert!(matches!(&error, StoreError::Newer { found: 7, known: 3, .. }), "{error}");
    assert!(dir.path().join("db.seal").exists());
}

#[test]
fn a_full_disk_fails_the_commit_and_nothing_else() {
    let dir = folder(3, u64::MAX, End::Closed);
    let (engine, _) = open(dir.path(), u64::MAX).unwrap();
    engine.journal_full();
    let error = engine.commit(&group(4)).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert_holds(&engine, 3, "after the failed commit");
    commit(&engine, 4, 5);
    assert_holds(&engine, 5, "with space again");
    engine.close().unwrap();
    drop(engine);
    assert_eq!(reopened(dir.path(), 5), []);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let error = open(&dir.path().join("file/state"), FEW_BYTES).err().unwrap();
    assert!(error.to_string().contains("file/state"), "{error}");
}

#[test]
fn a_first_start_cut_short_is_no_news() {
    let dir = tempfile::tempdir().unwrap();
    sled::open(dir.path().join("db")).unwrap();
    fs::create_dir(dir.path().join("journal")).unwrap();
    fs::write(dir.path().join("journal/00000001.log"), b"glean").unwrap();
    let (engine, repairs) = open(dir.path(), FEW_BYTES).unwrap();
    assert_eq!(words(&repairs), ["torn"; 0]);
    commit(&engine, 1, 1);
    assert_holds(&engine, 1, "after it");
}

#[test]
fn only_the_newest_two_indexes_set_aside_are_kept() {
    let dir = folder(3, u64::MAX, End::Closed);
    let mut pruned = 0;
    for _ in 0..4 {
        fs::write(dir.path().join("db/db"), b"no database").unwrap();
        let (engine, repairs) = open(dir.path(), u64::MAX).unwrap();
        pruned += words(&repairs).iter().filter(|word| **word == "pruned").count();
        engine.close().unwrap();
    }
    let entries =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(entries.filter(|name| name.starts_with("db.damaged-")).count(), 2);
    assert_eq!(pruned, 2);
}

#[test]
fn the_journal_does_not_grow_without_end() {
    let dir = folder(60, FEW_BYTES, End::Closed);
    let logs = fs::read_dir(dir.path().join("journal")).unwrap();
    let bytes: u64 = logs.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    let checkpoint = fs::metadata(dir.path().join("checkpoint.jsonl")).unwrap().len();
    assert!(bytes < 2 * checkpoint, "{bytes} bytes of journal beside {checkpoint} of checkpoint");
}

#[test]
fn an_export_holds_every_source_and_record() {
    let dir = folder(30, FEW_BYTES, End::Closed);
    let (engine, _) = open(dir.path(), FEW_BYTES).unwrap();
    assert_eq!(engine.known(&id("one"), &[link("one", 88)], 1).unwrap().records.len(), 2);
    let mut lines = 0;
    engine
        .export(&mut |_| {
            lines += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(lines, 2 + 120);
}

#[test]
fn many_callers_at_once_do_not_disturb_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path(), FEW_BYTES).unwrap();
    let slugs = ["a", "b", "c", "d"];
    std::thread::scope(|scope| {
        for slug in slugs {
            let engine = &engine;
            scope.spawn(move || {
                for number in 1..=10 {
                    engine.commit(&[plan(slug, number..=number)]).unwrap();
                    assert_eq!(
                        engine.known(&id(slug), &[link(slug, number)], 0).unwrap().records,
                        [record(slug, number)]
                    );
                }
            });
        }
    });
    engine.close().unwrap();
    drop(engine);
    let (engine, repairs) = open(dir.path(), FEW_BYTES).unwrap();
    assert_eq!(repairs, []);
    for slug in slugs {
        assert_eq!(engine.known(&id(slug), &[], 99).unwrap().records, plan(slug, 1..=10).records);
    }
}

#[test]
fn an_index_that_has_outgrown_what_it_holds_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path(), FEW_BYTES).unwrap();
    let size = || {
        let files =
            fs::read_dir(dir.path().join("db")).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
        files.map(|data| data.len()).sum::<u64>()
    };
    let (mut largest, mut shrunk) = (0, 0);
    for turn in 0..40 {
        // Many entries for a while, then few: sled never gives back what the many took.
        let mut plan = plan("one", 1..=20);
        plan.records[0].entry.headline = format!("turn {turn}");
        if turn < 10 {
            plan.records.iter_mut().for_each(|record| record.entry.author = Some("a".repeat(20_000 + turn)));
        }
        engine.commit(std::slice::from_ref(&plan)).unwrap();
        assert_eq!(engine.known(&id("one"), &[], 99).unwrap().records, plan.records, "turn {turn}");
        let size = size();
        shrunk += u32::from(size < largest / 2);
        largest = if size < largest / 2 { size } else { size.max(largest) };
    }
    assert!(shrunk > 0, "it never shrank");
    engine.close().unwrap();
    drop(engine);
    let (_, repairs) = open(dir.path(), FEW_BYTES).unwrap();
    assert_eq!(repairs, []);
}

#[test]
fn a_renewal_cut_short_at_any_step_loses_nothing() {
    for step in ["db.new", "db.old", "no db"] {
        let dir = folder(12, FEW_BYTES, End::Closed);
        let at = |name: &str| dir.path().join(name);
        match step {
            "db.new" => copy(&at("db"), &at("db.new")),
            "db.old" => copy(&at("db"), &at("db.old")),
            _ => fs::rename(at("db"), at("db.old")).unwrap(),
        }
        let repairs = reopened(dir.path(), 12);
        assert_eq!(repairs, [], "{step}");
        assert!(!at("db.old").exists());
    }
}

#[test]
fn damage_in_a_journal_that_was_not_read_at_the_start_is_found_when_all_is_examined() {
    let dir = TempDir::new().unwrap();
    let (engine, _) = open(dir.path(), u64::MAX).unwrap();
    commit(&engine, 1, 3);
    assert_eq!(words(&engine.examine().unwrap().1), [""; 0]);
    let path = dir.path().join("journal").join("00000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(words(&engine.examine().unwrap().1), ["journal", "secured"]);
    assert_holds(&engine, 3, "the index has it");
}
