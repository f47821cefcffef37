//! Runs that end by kill -9 at any point: nothing is lost, nothing announced twice, no file half written.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

const RUNS: u32 = 200;

/// The times up to which the series is played, one after the other.
const STEPS: [&str; 8] = [
    "2025-03-07T10:00:00Z",
    "2025-03-11T10:00:00Z",
    "2025-03-12T10:00:00Z",
    "2025-03-14T10:00:00Z",
    "2025-03-17T10:00:00Z",
    "2025-03-21T10:00:00Z",
    "2025-03-25T10:00:00Z",
    "2026-01-03T12:00:00Z",
];

fn start(folder: &Path, until: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_gleaner"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "--replay", "fixtures", "--until", until, "--state"])
        .arg(folder.join("state"))
        .arg("--output")
        .arg(folder.join("feeds"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn finish(folder: &Path, until: &str) {
    let output = start(folder, until).wait_with_output().expect("the program ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{until}: {said}");
}

/// Every feed with its bytes; each must be a whole document.
fn feeds(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder.join("feeds")) else { return Vec::new() };
    let mut feeds: Vec<(PathBuf, Vec<u8>)> = entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "atom"))
        .map(|path| {
            let bytes = fs::read(&path).expect("a feed can be read");
            (PathBuf::from(path.file_name().expect("a feed has a name")), bytes)
        })
        .collect();
    feeds.sort();
    for (name, bytes) in &feeds {
        let feed = feed_rs::parser::parse(&bytes[..]).unwrap_or_else(|e| panic!("{}: {e}", name.display()));
        let mut ids: Vec<_> = feed.entries.iter().map(|entry| &entry.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), feed.entries.len(), "{}: an id twice", name.display());
    }
    feeds
}

/// A small generator of its own: the moments of death are the same in every run of the test.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[test]
fn two_hundred_kills_lose_nothing_and_announce_nothing_twice() {
    let undisturbed = tempfile::tempdir().expect("a folder");
    let mut whole = Vec::new();
    let begun = std::time::Instant::now();
    for until in STEPS {
        finish(undisturbed.path(), until);
        whole.push(feeds(undisturbed.path()));
    }
    // Deaths are spread over a little more than a whole run takes here.
    let micros =
        u64::try_from(begun.elapsed().as_micros()).expect("a short run") / STEPS.len() as u64 * 5 / 4;

    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let mut killed = 0;
    let mut folder = tempfile::tempdir().expect("a folder");
    let mut step = 0;
    while killed < RUNS {
        let until = STEPS[step];
        let mut child = start(folder.path(), until);
        std::thread::sleep(Duration::from_micros(next(&mut seed) % micros));
        child.kill().expect("the program can be killed");
        let status = child.wait().expect("the program ends");
        killed += u32::from(status.code().is_none());
        feeds(folder.path());
        // Now and then a step is let through, and then everything is as if nothing had happened.
        if next(&mut seed).is_multiple_of(3) || status.code().is_some() {
            finish(folder.path(), until);
            assert!(feeds(folder.path()) == whole[step], "after kills before {until} the feeds differ");
            step += 1;
            if step == STEPS.len() {
                folder = tempfile::tempdir().expect("a folder");
                step = 0;
            }
        }
    }
}
