//! Checkpoints: the whole store ↔ two files of JSON Lines. Touches the disk.
//!
//! The one before is kept until the next one, with the journal since: a checkpoint that turns out damaged costs
//! nothing. A checkpoint is never changed, only replaced whole.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    journal::sync_dir,
    line::{self, Defect, Heading, Line, Writer},
};

/// How much of the file of states is read or written at once.
pub const BUFFER_BYTES: usize = 64 << 10;

/// The name of the newest one.
pub const CURRENT: &str = "checkpoint.jsonl";
pub const PREVIOUS: &str = "checkpoint.previous.jsonl";
/// How the names of files begin that a crash may leave behind.
pub const UNFINISHED: &str = ".checkpoint-";

/// A checkpoint file.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Where it is.
    pub path: PathBuf,
    /// What its first line says, or why it cannot be used.
    pub heading: Result<Heading, String>,
    /// Its size.
    pub bytes: u64,
}

/// The checkpoints there are, the current one first; their headings are read, their lines not yet checked.
pub fn find(dir: &Path) -> Result<Vec<Checkpoint>, StoreError> {
    let mut found = Vec::new();
    for path in [dir.join(CURRENT), dir.join(PREVIOUS)] {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(StoreError::io("open", &path, error)),
        };
        let bytes = file.metadata().map_err(|error| StoreError::io("read", &path, error))?.len();
        let heading = match line::heading(BufReader::new(file)) {
            // A flipped bit can look like a newer version; only whole lines are believed.
            Err(Defect::Newer(_)) => check(&path)?,
            other => usable(&path, other)?,
        };
        found.push(Checkpoint { path, heading, bytes });
    }
    Ok(found)
}

/// Reads a whole checkpoint and compares its digest; the inner `Err` says why it cannot be used.
pub fn check(path: &Path) -> Result<Result<Heading, String>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::io("open", path, error))?;
    usable(path, line::check(BufReader::new(file)))
}

/// Reads every line of a checkpoint that was checked.
pub fn load(path: &Path, sink: impl FnMut(Line) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let file = File::open(path).map_err(|error| StoreError::io("open", path, error))?;
    match line::each(BufReader::new(file), sink) {
        Ok(result) => result,
        Err(Defect::Unread(error)) => Err(StoreError::io("read", path, error)),
        Err(Defect::Newer(found)) => {
            Err(StoreError::Newer { path: path.to_path_buf(), found, known: line::VERSION })
        }
        Err(Defect::Damaged(why)) => {
            Err(StoreError::io("read", path, io::Error::new(ErrorKind::InvalidData, why)))
        }
    }
}

/// Writes a checkpoint; `fill` gives the lines between heading and end. The current one becomes the previous one,
/// unless it is damaged.
pub fn write(
    dir: &Path,
    heading: Heading,
    fill: impl FnOnce(&mut dyn FnMut(Line) -> Result<(), StoreError>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let current = dir.join(CURRENT);
    let trouble = |error| StoreError::io("write", &current, error);
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(dir).map_err(trouble)?;
    let mut writer = Writer::begin(BufWriter::new(unfinished), heading).map_err(trouble)?;
    fill(&mut |line| writer.write(&line).map_err(trouble))?;
    let mut sink = writer.end().map_err(trouble)?;
    sink.flush().map_err(trouble)?;
    let finished = sink.into_inner().map_err(|error| trouble(error.into_error()))?;
    finished.as_file().sync_all().map_err(trouble)?;
    let is_good =
        current.exists() && check(&current)?.is_ok_and(|heading_now| heading_now.epoch == heading.epoch);
    if is_good {
        fs::rename(&current, dir.join(PREVIOUS)).map_err(trouble)?;
    }
    finished.persist(&current).map_err(|error| trouble(error.error))?;
    sync_dir(dir)
}

/// Puts another file of the store in its place, whole or not at all; `fill` writes it. It survives power loss when it must.
pub fn put(
    path: &Path,
    is_durable: bool,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let put = || {
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(dir)?;
        let mut sink = BufWriter::with_capacity(BUFFER_BYTES, unfinished.as_file());
        fill(&mut sink)?;
        sink.flush()?;
        drop(sink);
        if is_durable {
            unfinished.as_file().sync_data()?;
        }
        unfinished.persist(path)?;
        Ok(())
    };
    put().map_err(|error| StoreError::io("write", path, error))?;
    if is_durable { sync_dir(dir) } else { Ok(()) }
}

/// Deletes what a crash left of a file being written.
pub fn sweep(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(|error| StoreError::io("read", dir, error))? {
        let entry = entry.map_err(|error| StoreError::io("read", dir, error))?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_file(entry.path()).map_err(|error| StoreError::io("delete", &entry.path(), error))?;
        }
    }
    Ok(())
}

fn usable(path: &Path, read: Result<Heading, Defect>) -> Result<Result<Heading, String>, StoreError> {
    match read {
        Ok(heading) => Ok(Ok(heading)),
        Err(Defect::Damaged(why)) => Ok(Err(why)),
        Err(Defect::Unread(error)) => Err(StoreError::io("read", path, error)),
        Err(Defect::Newer(found)) => {
            Err(StoreError::Newer { path: path.to_path_buf(), found, known: line::VERSION })
        }
    }
}
