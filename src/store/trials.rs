//! Seeded trials: a store folder is copied, damaged at random, and opened again. Whatever happens to the index,
//! or to any one of index, journal and checkpoints after a clean close, no commit is lost or doubled.

#![allow(clippy::disallowed_methods, reason = "the tests break files")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::SignedDuration;
use tempfile::TempDir;

use super::{
    Memory, Newest, Repair, Store as _,
    frame::{self, Frame},
    recovery::{assert_holds, commit, copy, group, open},
    samples::{self, id, link, plan, record},
};
use crate::{id::EntryKey, record::Plan};

/// For each of the four kinds of trial: 520 together, in the time that a cup of tea is poured.
const TRIALS: u64 = 130;
/// A disk writes blocks of this size whole or not at all.
const BLOCK: usize = 4096;
const COMMITS: u64 = 24;
const FEW_BYTES: u64 = 60_000;

/// Steele, Lea and Flood's splitmix64: a trial is its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// One life of a store, as pictures of its folder.
struct Life {
    /// While it was in use, with the number of commits it had confirmed.
    pictures: Vec<(u64, TempDir)>,
    /// After a clean close.
    closed: TempDir,
}

fn live() -> Life {
    let dir = tempfile::tempdir().unwrap();
    let mut pictures = Vec::new();
    let (engine, _) = open(dir.path(), FEW_BYTES).unwrap();
    for seq in 1..=COMMITS {
        commit(&engine, seq, seq);
        if seq % 3 == 0 {
            if seq % 2 == 0 {
                // Lets sled's own thread write, so that the pictures differ in what reached the files.
                std::thread::sleep(std::time::Duration::from_millis(120));
            }
            pictures.push((seq, picture(dir.path())));
        }
    }
    engine.close().unwrap();
    Life { pictures, closed: picture(dir.path()) }
}

fn picture(dir: &Path) -> TempDir {
    let picture = tempfile::tempdir().unwrap();
    copy(dir, picture.path());
    picture
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Cuts, flips, blanks, deletes or grows one of the files; whatever the dice say, other bytes are there afterwards.
fn damage(dice: &mut Dice, files: &[PathBuf]) -> String {
    let path = dice.pick(files);
    let whole = fs::read(path).unwrap();
    let mut bytes = whole.clone();
    let kind = dice.below(6);
    let at = dice.below(bytes.len());
    match kind {
        0 => bytes.truncate(at),
        1 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
        2 => {
            for _ in 0..40 {
                let at = dice.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
        3 => {
            let start = at / BLOCK * BLOCK;
            let end = bytes.len().min(start + BLOCK * (1 + dice.below(8)));
            bytes[start..end].fill(0);
        }
        4 => bytes.extend((0..dice.below(9000)).map(|_| 0xa5)),
        _ => {
            fs::remove_file(path).unwrap();
            return format!("deleted {}", path.display());
        }
    }
    if bytes == whole {
        // Blank blocks were blanked, or nothing was cut or added.
        bytes.push(0xa5);
    }
    fs::write(path, bytes).unwrap();
    format!("kind {kind} at {at} of {}", path.display())
}

/// Files as power loss may leave them: of the blocks written since the older picture each may be missing.
fn lose_power(dice: &mut Dice, older: &Path, newer: &Path) {
    for path in files(newer) {
        let name = path.strip_prefix(newer).unwrap();
        let old = fs::read(older.join(name)).unwrap_or_default();
        let mut bytes = fs::read(&path).unwrap();
        for start in (0..bytes.len()).step_by(BLOCK) {
            let end = bytes.len().min(start + BLOCK);
            if dice.below(2) == 0 {
                let before = old.iter().copied().skip(start).chain(std::iter::repeat(0));
                bytes[start..end].iter_mut().zip(before).for_each(|(byte, before)| *byte = before);
            }
        }
        match dice.below(8) {
            0 if old.is_empty() => fs::remove_file(&path).unwrap(),
            1 => fs::write(&path, &bytes[..dice.below(bytes.len())]).unwrap(),
            _ => fs::write(&path, bytes).unwrap(),
        }
    }
}

/// Opens and compares; a set-aside index and the line about it come together. How many repairs there were.
fn survives(dir: &Path, commits: u64, context: &str) -> usize {
    let (engine, repairs) = open(dir, FEW_BYTES).unwrap_or_else(|error| panic!("{context}: {error}"));
    let context = format!("{context}: {repairs:?}");
    assert_holds(&engine, commits, &context);
    commit(&engine, commits + 1, commits + 1);
    let mut aside = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_aside = aside.any(|name| name.starts_with("db.damaged-"));
    let is_told = repairs.iter().any(|repair| matches!(repair, Repair::Rebuilt { aside: Some(_), .. }));
    assert_eq!(is_aside, is_told, "{context}");
    assert!(!repairs.iter().any(|repair| matches!(repair, Repair::Lost { .. })), "{context}");
    assert!(repairs.iter().all(|repair| !repair.to_string().contains('\n')), "{context}");
    engine.close().unwrap();
    drop(engine);
    let (engine, again) = open(dir, FEW_BYTES).unwrap();
    assert_eq!(again, [], "{context}");
    assert_holds(&engine, commits + 1, &context);
    repairs.len()
}

#[test]
fn a_damaged_index_of_a_killed_store_loses_nothing() {
    let life = live();
    let mut repaired = 0;
    for seed in 0..TRIALS {
        let mut dice = Dice(seed);
        let (commits, killed) = dice.pick(&life.pictures);
        let dir = picture(killed.path());
        let what = damage(&mut dice, &files(&dir.path().join("db")));
        repaired += survives(dir.path(), *commits, &format!("seed {seed}, {what}"));
    }
    assert!(repaired > 0, "no trial did any damage");
}

#[test]
fn blocks_that_never_reached_the_disk_lose_nothing() {
    let life = live();
    let mut repaired = 0;
    for seed in 0..TRIALS {
        let mut dice = Dice(1000 + seed);
        let newer = dice.below(life.pictures.len());
        let older = dice.below(newer + 1);
        let (commits, killed) = &life.pictures[newer];
        let dir = picture(killed.path());
        lose_power(&mut dice, &life.pictures[older].1.path().join("db"), &dir.path().join("db"));
        repaired += survives(dir.path(), *commits, &format!("seed {seed}, {older} to {newer}"));
    }
    assert!(repaired > 0, "no trial did any damage");
}

#[test]
fn any_one_part_of_a_closed_store_may_be_damaged() {
    let life = live();
    for seed in 0..TRIALS {
        let mut dice = Dice(2000 + seed);
        let dir = picture(life.closed.path());
        let part = *dice.pick(&["db", "journal", "checkpoint", "states"]);
        let of_part =
            |path: &PathBuf| path.strip_prefix(dir.path()).unwrap().to_str().unwrap().starts_with(part);
        let chosen: Vec<PathBuf> = files(dir.path()).into_iter().filter(of_part).collect();
        let what = damage(&mut dice, &chosen);
        let repairs = survives(dir.path(), COMMITS, &format!("seed {seed}, {what}"));
        assert!(
            part != "db" || what.contains("db.seal") || repairs > 0,
            "seed {seed}, {what}: nothing was said"
        );
    }
}

#[test]
fn a_commit_half_written_when_power_failed_is_absent_or_whole() {
    let life = live();
    for seed in 0..TRIALS {
        let mut dice = Dice(3000 + seed);
        let (commits, killed) = dice.pick(&life.pictures);
        let dir = picture(killed.path());
        let log = files(&dir.path().join("journal")).pop().unwrap();
        let payload = serde_json::to_vec(&group(commits + 1)).unwrap();
        let next = frame::encode(&Frame { seq: commits + 1, payload });
        let mut bytes = fs::read(&log).unwrap();
        let length = 1 + dice.below(next.len());
        bytes.extend_from_slice(&next[..length]);
        if dice.below(3) == 0 && length < next.len() {
            // The length of the file reached the disk, the last blocks did not.
            bytes.extend(std::iter::repeat_n(0, next.len() - length));
        }
        fs::write(&log, bytes).unwrap();
        if dice.below(2) == 0 {
            damage(&mut dice, &files(&dir.path().join("db")));
        }
        let whole = u64::from(length == next.len());
        let repairs = survives(dir.path(), commits + whole, &format!("seed {seed}, {length} bytes"));
        assert!(whole == 1 || repairs > 0, "seed {seed}: the torn end was not told");
    }
}

/// A plan of any kind: records new and changed under keys that others have, records that fade, a source renamed.
fn any_plan(dice: &mut Dice) -> Plan {
    const SLUGS: [&str; 3] = ["one", "two", "three"];
    let slug = *dice.pick(&SLUGS);
    let mut plan = plan(slug, []);
    let any_number = |dice: &mut Dice| 1 + dice.below(400) as u64;
    if dice.below(12) == 0 {
        return Plan { forget: any_number(dice) / 4, ..plan };
    }
    for _ in 0..dice.below(60) {
        let mut record = record(slug, any_number(dice));
        record.published = samples::now() + SignedDuration::from_hours(any_number(dice).cast_signed());
        record.keys = (0..=dice.below(3)).map(|_| link("any", dice.below(40) as u64)).collect();
        plan.records.push(record);
    }
    plan.fade = (0..dice.below(30)).map(|_| any_number(dice)).collect();
    plan.was = (dice.below(6) == 0).then(|| id(dice.pick::<&str>(&SLUGS)));
    plan
}

#[test]
fn plans_of_any_kind_come_to_what_memory_says() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, memory) = (open(folder.path(), FEW_BYTES).unwrap().0, Memory::new());
    let mut dice = Dice(4000);
    let keys: Vec<EntryKey> = (0..40).map(|number| link("any", number)).collect();
    for turn in 0..60 {
        let plans = [any_plan(&mut dice)];
        engine.commit(&plans).unwrap();
        memory.commit(&plans).unwrap();
        assert_eq!(engine.states().unwrap(), memory.states().unwrap(), "turn {turn}");
        for slug in ["one", "two", "three"].map(id) {
            let newest = Newest::of(usize::MAX);
            assert!(
                engine.records(&slug, newest).unwrap() == memory.records(&slug, newest).unwrap(),
                "turn {turn}"
            );
            for keys in keys.chunks(1 + turn % 5) {
                assert!(
                    engine.known(&slug, keys, 3).unwrap() == memory.known(&slug, keys, 3).unwrap(),
                    "turn {turn}"
                );
            }
        }
    }
    assert_eq!(engine.examine().unwrap().1, []);
}
