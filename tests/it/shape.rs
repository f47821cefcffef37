//! The shape of the code: which files touch the world, and how long files may be.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A kind of contact with the world: how it shows in the code, and the files that may have it.
struct Contact {
    marks: &'static [&'static str],
    files: &'static [&'static str],
}

const CONTACTS: &[Contact] = &[
    Contact {
        marks: &["fs::", "File::", "tempfile::"],
        files: &[
            "cli/probe.rs",
            "config/load.rs",
            "config/save.rs",
            "fetch/connect.rs",
            "fixture/folder.rs",
            "fixture/kept.rs",
            "imprint.rs",
            "publish.rs",
            "serve/files.rs",
            "store/checkpoint.rs",
            "store/engine.rs",
            "store/index.rs",
            "store/journal.rs",
            "store/live.rs",
            "store/lock.rs",
            "store/peek.rs",
            "store/renew.rs",
            "store/seal.rs",
            "store/start.rs",
            "store/transfer.rs",
        ],
    },
    Contact { marks: &["Timestamp::now", "SystemTime::now", "Instant::now"], files: &["clock.rs"] },
    Contact { marks: &["env::var"], files: &["cli/workspace.rs", "main.rs"] },
    Contact {
        marks: &["reqwest::", "tokio::net"],
        files: &[
            "fetch/client.rs",
            "fetch/connect.rs",
            "fetch/exchange.rs",
            "fetch/hub.rs",
            "serve/listen.rs",
        ],
    },
    Contact { marks: &["process::Command", "Command::new"], files: &["cli/command.rs"] },
    Contact { marks: &["sled::"], files: &["store/guard.rs", "store/index.rs"] },
    Contact { marks: &["io::stdout", "io::stderr", "println!"], files: &["cli/terminal.rs", "main.rs"] },
];

fn source_files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be listed") {
            let path: PathBuf = entry.expect("src can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Tables of data are as long as what they tell.
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let name = path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
            let is_test = name.contains("tests") || TEST_FILES.contains(&name.as_str());
            if !is_test {
                let text = fs::read_to_string(&path).expect("a source file can be read");
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                files.push((name, code));
            }
        }
    }
    files.sort();
    files
}

/// Modules that are compiled for tests alone.
const TEST_FILES: &[&str] = &[
    "store/contract.rs",
    "store/recovery.rs",
    "store/samples.rs",
    "store/trials.rs",
    "store/unopened.rs",
    "store/versions.rs",
];

#[test]
fn the_world_is_touched_in_a_short_list_of_files() {
    for contact in CONTACTS {
        let touching: Vec<String> = source_files()
            .into_iter()
            .filter(|(_, code)| {
                code.lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .any(|line| contact.marks.iter().any(|mark| line.contains(mark)))
            })
            .map(|(name, _)| name)
            .collect();
        assert_eq!(touching, contact.files, "files with {:?}", contact.marks);
    }
}

#[test]
fn the_stages_stand_in_the_order_of_the_line() {
    let lib = include_str!("../../src/lib.rs");
    let stages = [
        "fetch",
        "decode",
        "extract",
        "upstream",
        "normalize",
        "moment",
        "merge",
        "store",
        "assemble",
        "render",
        "publish",
        "serve",
    ];
    let places: Vec<usize> = stages
        .iter()
        .map(|stage| lib.find(&format!("pub mod {stage};")).unwrap_or_else(|| panic!("no `{stage}`")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn no_file_is_longer_than_a_reader_bears() {
    const MOST: usize = 600;
    let long: Vec<(String, usize)> = source_files()
        .into_iter()
        .map(|(name, code)| (name, code.lines().count()))
        .filter(|(_, lines)| *lines > MOST)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn no_merge_is_left_half_done() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tracked = std::process::Command::new("git").arg("-C").arg(root).args(["ls-files", "-z"]).output();
    // Out of a package from a registry there is no history, and nothing was merged.
    let Ok(tracked) = tracked else { return };
    let mark = "<".repeat(7) + " ";
    for name in tracked.stdout.split(|byte| *byte == 0) {
        let path = root.join(std::str::from_utf8(name).unwrap());
        let Ok(text) = fs::read_to_string(&path) else { continue };
        assert!(!text.lines().any(|line| line.starts_with(&mark)), "{} is half merged", path.display());
    }
}
