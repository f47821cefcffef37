//! The program as its modules run it: in a folder of its own, over the fixtures.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A place with a store and an output folder, gone when it is dropped.
pub struct Place(tempfile::TempDir);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        fs::write(&path, text).expect("a file can be written");
        path
    }

    /// The program with these arguments, its store and output here, started in the project's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gleaner"));
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(arguments)
            .arg("--state")
            .arg(self.path().join("state"))
            .arg("--output")
            .arg(self.path().join("feeds"));
        command
    }

    pub fn gleaner(&self, arguments: &[&str]) -> Ended {
        ended(&self.command(arguments).output().expect("the program starts"))
    }

    /// Replays the shipped fixtures up to a time.
    pub fn replay(&self, until: &str) -> Ended {
        self.gleaner(&["run", "--replay", "fixtures", "--until", until, "--json"])
    }

    pub fn feed(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join("feeds").join(format!("{name}.atom"))).expect("the feed is there")
    }

    /// Every feed's bytes, by name, but for what is told of the sources' health.
    pub fn feeds(&self) -> Vec<(String, Vec<u8>)> {
        let Ok(entries) = fs::read_dir(self.path().join("feeds")) else { return Vec::new() };
        let mut feeds: Vec<_> = entries
            .map(|entry| entry.expect("the folder can be listed").path())
            .filter(|path| !path.ends_with("health.atom"))
            .map(|path| (path.display().to_string(), fs::read(&path).expect("a feed can be read")))
            .collect();
        feeds.sort();
        feeds
    }
}

pub fn ended(output: &Output) -> Ended {
    Ended {
        exit: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
