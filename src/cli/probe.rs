//! Folders → whether they can be written, by writing to them. Touches the disk.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{fs, io, path::Path};

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

/// What stands in a folder, by name, and whether it is a plain file; what has no name in UTF-8 is nobody's here.
pub fn entries(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, entry.file_type()?.is_file()));
        }
    }
    entries.sort();
    Ok(entries)
}
