//! A published file's bytes and the time they last changed. IO.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use jiff::Timestamp;

/// A file as it stands.
#[derive(Debug)]
pub struct Published {
    /// Its bytes, all of one version: publishing replaces files, it never writes into one.
    pub bytes: Vec<u8>,
    /// When they were published; publishing leaves a file alone whose bytes would stay the same. `None`: the file
    /// system does not say.
    pub changed: Option<Timestamp>,
}

/// Whether a file is there.
pub fn is_there(folder: &Path, name: &str) -> bool {
    folder.join(name).is_file()
}

/// Reads a file; `None`: there is none, or something other than a plain file.
///
/// # Errors
/// When the file system refuses.
#[expect(clippy::disallowed_methods, reason = "this file is where published files are read for readers")]
pub fn read(folder: &Path, name: &str) -> io::Result<Option<Published>> {
    let mut file = match File::open(folder.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    let changed = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Ok(Some(Published { bytes, changed }))
}
