//! A store that another process holds → what it had committed, in a copy. IO: disk.
//!
//! A run or `serve` holds the store for as long as it lives; who only looks at it need not wait for that. Journal and
//! checkpoint are copied as they stand, a commit that is being written is absent, and the index is made from them.
#![allow(clippy::disallowed_methods)]

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{Engine, StoreError, checkpoint, journal, open};

/// A checkpoint may take the place of journals while they are copied; then it is begun again.
const TRIES: usize = 5;

/// Opens a copy of a store, gone when it is dropped. What is written to it counts for nothing.
pub fn peek(dir: &Path, now: Timestamp) -> Result<Engine, StoreError> {
    let failed = |error| StoreError::io("copy", dir, error);
    let mut tries = 0;
    loop {
        let copy = tempfile::tempdir().map_err(failed)?;
        tries += 1;
        match copied(dir, copy.path()) {
            Ok(true) => return Ok(open(copy.path(), now)?.0.in_copy(copy)),
            Err(error) if tries == TRIES => return Err(failed(error)),
            Ok(false) if tries == TRIES => return Err(failed(io::ErrorKind::ResourceBusy.into())),
            _ => {}
        }
    }
}

/// Copies what a store can be made from; whether it was the same files all the while.
fn copied(from: &Path, to: &Path) -> io::Result<bool> {
    let before = files(from)?;
    fs::create_dir_all(to.join(journal::FOLDER))?;
    for (file, _) in &before {
        fs::copy(from.join(file), to.join(file))?;
    }
    Ok(files(from)? == before)
}

/// Journals and checkpoints, each with the number by which the disk knows it.
fn files(dir: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir.join(journal::FOLDER))? {
        let entry = entry?;
        files.push((Path::new(journal::FOLDER).join(entry.file_name()), entry.metadata()?.ino()));
    }
    for name in [checkpoint::CURRENT, checkpoint::PREVIOUS] {
        match fs::metadata(dir.join(name)) {
            Ok(data) => files.push((name.into(), data.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    files.sort();
    Ok(files)
}
