//! The lock: a state folder → the right to use it. Touches the disk.
//!
//! The system's own lock on the file counts, not that the file is there: it ends with its process, also after
//! kill -9. What the file says is only for people.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::Path,
};

use fs4::TryLockError;
use jiff::Timestamp;

use super::error::{Holder, StoreError};

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock of a state folder, at once or not at all.
pub fn take(dir: &Path, now: Timestamp) -> Result<Lock, StoreError> {
    let path = dir.join("LOCK");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| StoreError::io("open", &path, error))?;
    match fs4::FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { holder: read_holder(&path) }),
        Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path, error)),
    }
    let holder = Holder { process: Some(std::process::id()), command: command(), since: Some(now) };
    let text = serde_json::to_string(&holder).expect("a holder is JSON");
    // A full disk may leave the file without a name in it; the lock itself holds all the same.
    let _ = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
    Ok(Lock { _file: file })
}

/// Who the file says holds it; the lock is advisory, so it can be read while it is held.
fn read_holder(path: &Path) -> Holder {
    // Between taking the lock and writing the name there is a moment without a name.
    fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// The program and its first word, `gleaner run`; never more, for the rest may hold what is nobody's business.
fn command() -> Option<String> {
    let mut arguments = std::env::args_os();
    let program = arguments.next()?;
    let name = Path::new(&program).file_name().and_then(OsStr::to_str)?.to_owned();
    match arguments.next().as_deref().and_then(OsStr::to_str).filter(|word| !word.starts_with('-')) {
        Some(word) => Some(format!("{name} {word}")),
        None => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2025-03-07T09:00:00Z".parse().unwrap();
        let lock = take(dir.path(), now).unwrap();
        let error = take(dir.path(), now).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("another run holds the lock: process {}, `", std::process::id())),
            "{text}"
        );
        assert!(text.ends_with("since 2025-03-07T09:00:00Z"), "{text}");
        drop(lock);
        take(dir.path(), now).unwrap();
    }

    #[test]
    fn a_file_left_behind_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("LOCK"), r#"{"process":1,"command":"gleaner run"}"#).unwrap();
        take(dir.path(), Timestamp::UNIX_EPOCH).unwrap();
    }
}
