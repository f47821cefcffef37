//! The seal: the files of a closed index → a digest that says they are as they were. Touches the disk.
//!
//! It saves the next start from adding up the whole index, and sled from files that are known to be damaged. All files
//! are read at each start and each end, so they are summed as the journal is, by CRC-32C, which processors have an
//! instruction for: a sum for each piece, and a digest of the sums.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use super::error::StoreError;

/// How a seal begins.
const FORM: &str = "crc32c ";
/// What has a sum of its own.
const PIECE_BYTES: usize = 64 << 10;

/// What the seal of a folder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The files are as they were after a clean close.
    Whole,
    /// There was no clean close.
    Missing,
    /// The files changed since the clean close.
    Broken,
}

/// Compares the files of an index with its seal.
pub fn compare(dir: &Path, seal: &Path) -> Result<Seal, StoreError> {
    let said = match fs::read_to_string(seal) {
        Ok(said) => said,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Seal::Missing),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(StoreError::io("read", seal, error)),
    };
    if said.len() == 64 {
        // An older release wrote nothing but a digest of another kind.
        return Ok(Seal::Missing);
    }
    let found = digest(dir).map_err(|error| StoreError::io("read", dir, error))?;
    Ok(if said == found { Seal::Whole } else { Seal::Broken })
}

/// Breaks the seal: whoever opens the index changes its files.
pub fn unseal(seal: &Path) -> Result<(), StoreError> {
    match fs::remove_file(seal) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", seal, error)),
        _ => Ok(()),
    }
}

/// Seals the files of a closed index. A seal that power loss makes untrue is broken, which costs a rebuild.
pub fn seal(dir: &Path, seal: &Path) -> Result<(), StoreError> {
    let digest = digest(dir).map_err(|error| StoreError::io("read", dir, error))?;
    fs::write(seal, digest).map_err(|error| StoreError::io("write", seal, error))
}

fn digest(dir: &Path) -> io::Result<String> {
    let mut digest = blake3::Hasher::new();
    let mut piece = vec![0; PIECE_BYTES];
    for path in files(dir)? {
        let mut file = File::open(&path)?;
        digest.update(path.strip_prefix(dir).unwrap_or(&path).as_os_str().as_encoded_bytes());
        digest.update(&file.metadata()?.len().to_le_bytes());
        loop {
            let bytes = fill(&mut file, &mut piece)?;
            if bytes == 0 {
                break;
            }
            digest.update(&crc32c::crc32c(&piece[..bytes]).to_le_bytes());
        }
    }
    Ok(format!("{FORM}{}", digest.finalize().to_hex()))
}

/// Reads as much as there is room for, by as few calls as there can be; how much there was.
fn fill(file: &mut File, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match file.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Every file of a folder and the folders in it, in order.
pub fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
