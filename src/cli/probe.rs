//! Folders → whether they can be written, by writing to them. Touches the disk.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

/// A folder that could be written.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// How much may still be written, in bytes.
    pub free: u64,
    /// The time by the clock of its disk.
    pub time: Timestamp,
}

/// Writes a file to a folder that is there, and deletes it.
pub fn probe(folder: &Path) -> io::Result<Probe> {
    let file = tempfile::Builder::new().prefix(".gleaner-").suffix(".tmp").tempfile_in(folder)?;
    file.as_file().set_len(1)?;
    file.as_file().sync_all()?;
    let time = Timestamp::try_from(file.as_file().metadata()?.modified()?).map_err(io::Error::other)?;
    Ok(Probe { free: fs4::available_space(folder)?, time })
}

/// The names of the plain files in a folder.
pub fn files(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort();
    Ok(names)
}

/// What stands in a folder beside the plain files that should, named; links and folders in place of files.
pub fn strangers(folder: &Path, expected: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut strangers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(&expected);
        if is_ours && !entry.file_type()?.is_file() {
            strangers.push(entry.path());
        }
    }
    strangers.sort();
    Ok(strangers)
}
