//! Transfer: a store ↔ one file of JSON Lines, whatever engine it is. Touches the disk.
//!
//! What is exported from what was imported is the same, byte for byte: an export says nothing of the store it came
//! from. An import is checked as a whole before anything is taken from it.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    Engine, Store, StoreError, checkpoint, engine,
    line::{self, Defect, Heading, Line, Writer},
};
use crate::id::SourceId;

/// How much was transferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sources, the feed of events among them.
    pub sources: u64,
    /// Records.
    pub records: u64,
    /// Traces of records that were let go.
    pub traces: u64,
}

impl Counts {
    fn add(&mut self, line: &Line) {
        match line {
            Line::Source { .. } => self.sources += 1,
            Line::Record { .. } => self.records += 1,
            Line::Trace { .. } => self.traces += 1,
            Line::Store(_) | Line::End { .. } => {}
        }
    }
}

/// A copy of a store that is gone when its folder is dropped.
pub struct Scratch {
    /// The copy.
    pub engine: Engine,
    /// Where it is.
    pub folder: TempDir,
}

/// Copies some sources of a store, for a run that is to leave no trace.
pub fn scratch(
    store: &dyn Store,
    wanted: &dyn Fn(&SourceId) -> bool,
    now: Timestamp,
) -> Result<Scratch, StoreError> {
    let mut lines = Vec::new();
    store.export(&mut |line| {
        if line.source().is_some_and(wanted) {
            lines.push(Ok(line));
        }
        Ok(())
    })?;
    let folder = tempfile::tempdir()
        .map_err(|error| StoreError::io("create a folder in", &std::env::temp_dir(), error))?;
    let (engine, _) = engine::open(folder.path(), now)?;
    engine.import(&mut lines.into_iter())?;
    Ok(Scratch { engine, folder })
}

/// Writes the whole store, a line at a time.
pub fn export(store: &dyn Store, sink: impl Write) -> Result<Counts, StoreError> {
    let trouble = |error| StoreError::io("write", Path::new("the export"), error);
    let mut counts = Counts::default();
    store.export(&mut |line| {
        counts.add(&line);
        Ok(())
    })?;
    let heading = Heading {
        version: line::VERSION,
        epoch: Uuid::nil(),
        last_seq: 0,
        sources: counts.sources,
        records: counts.records,
    };
    let mut writer = Writer::begin(BufWriter::new(sink), heading).map_err(trouble)?;
    store.export(&mut |line| writer.write(&line).map_err(trouble))?;
    writer.end().and_then(|mut sink| sink.flush()).map_err(trouble)?;
    Ok(counts)
}

/// Writes the whole store to a file, which is there whole or not at all, or into the pipe or device that stands there.
pub fn export_to(store: &dyn Store, path: &Path) -> Result<Counts, StoreError> {
    let trouble = |error| StoreError::io("write", path, error);
    if ["/dev", "/proc"].iter().any(|system| path.starts_with(system)) {
        // `/dev/stdout` may be a file that a shell has open.
        return export(store, File::options().append(true).open(path).map_err(trouble)?);
    }
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(path).is_ok_and(|standing| !standing.is_file() && !standing.is_dir()) {
        return export(store, File::options().write(true).open(path).map_err(trouble)?);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = tempfile::NamedTempFile::new_in(folder).map_err(trouble)?;
    let counts = export(store, unfinished.as_file())?;
    unfinished.as_file().sync_all().map_err(trouble)?;
    unfinished.persist(path).map_err(|error| trouble(error.error))?;
    Ok(counts)
}

/// Fills an empty store from an export; `-` is standard input, which is put into the folder `spool` first.
pub fn import(store: &dyn Store, spool: &Path, path: &Path) -> Result<Counts, StoreError> {
    if path == Path::new("-") {
        let trouble = |error| StoreError::io("write", spool, error);
        let mut spooled =
            tempfile::Builder::new().prefix(checkpoint::UNFINISHED).tempfile_in(spool).map_err(trouble)?;
        io::copy(&mut io::stdin().lock().take(u64::MAX), &mut spooled).map_err(trouble)?;
        return import_file(store, spooled.path());
    }
    import_file(store, path)
}

fn import_file(store: &dyn Store, path: &Path) -> Result<Counts, StoreError> {
    let open = || File::open(path).map(BufReader::new).map_err(|error| StoreError::io("open", path, error));
    line::check(open()?).map_err(|defect| told(defect, path))?;
    let mut counts = Counts::default();
    let mut lines = line::lines(open()?).map(|line| {
        let line = line.map_err(|defect| told(defect, path))?;
        counts.add(&line);
        Ok(line)
    });
    store.import(&mut lines)?;
    Ok(counts)
}

fn told(defect: Defect, path: &Path) -> StoreError {
    match defect {
        Defect::Newer(found) => StoreError::Newer { path: path.to_path_buf(), found, known: line::VERSION },
        Defect::Damaged(why) => StoreError::Import { why },
        Defect::Unread(error) => StoreError::io("read", path, error),
    }
}
