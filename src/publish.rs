//! Publish: bytes → a file in the output folder, replaced as a whole or not at all. IO.
//!
//! A reader of the file sees the old feed or the new one, never a part, and after a power cut too. It refuses to
//! write where something other than a plain file stands, and to touch a file whose bytes would stay the same.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use tempfile::NamedTempFile;
use thiserror::Error;

/// What became of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is new, or its bytes were replaced.
    Written,
    /// It held these bytes already, and was not touched.
    Unchanged,
}

/// Why a feed was not published.
#[derive(Debug, Error)]
pub enum PublishError {
    /// Something stands at the feed's place that is not ours to replace.
    #[error("cannot write `{}`: expected a plain file, found a {found}", path.display())]
    Occupied {
        /// The feed's file.
        path: PathBuf,
        /// What stands there.
        found: &'static str,
    },
    /// The file system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl PublishError {
    /// What a person can do about it; `None`: the message says all we know.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Occupied { found: "symbolic link", .. } => Some(
                "feeds are not written through links; remove it, or set `output` to where it leads"
                    .to_owned(),
            ),
            Self::Occupied { .. } => Some("move it away, or set another `output`".to_owned()),
            Self::Io { source, .. } => Some(hint_for(source).to_owned()),
        }
    }
}

fn hint_for(error: &io::Error) -> &'static str {
    // EMFILE and ENFILE, which the standard library gives no kind of their own.
    if cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24)) {
        return "raise the limit (`ulimit -n 1024`, or `LimitNOFILE=` of the service) and run again";
    }
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space; the feed published last stays as it is, and the next run tries again"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the disk is mounted read-only; set `output` to a folder on another"
        }
        io::ErrorKind::PermissionDenied => {
            "give the user that runs gleaner the right to write there, or set another `output`"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a part of the path is a file; set `output` to a folder"
        }
        io::ErrorKind::InvalidFilename => "the path is too long; set a shorter `output`",
        _ => {
            "see to the disk or the system's limits; the feed published last stays as it is, and the next run tries again"
        }
    }
}

/// Files being written are named `.gleaner-….tmp`: servers and backups leave dot files alone.
const TEMPORARY: (&str, &str) = (".gleaner-", ".tmp");

/// A temporary file this much older than a new one belongs to a run that was killed: writing one takes seconds.
const LEFTOVER_AGE: Duration = Duration::from_secs(60 * 60);

/// Makes `bytes` the content of the file `name` in `folder`. The folder is made if it is missing. `name` is a slug with
/// an extension, never a path.
///
/// # Errors
/// When something else stands there, or the file system refuses. The old file stands there whole then; or the new one,
/// when only its rename could not be put on the disk.
pub fn publish(folder: &Path, name: &str, bytes: &[u8]) -> Result<Published, PublishError> {
    let path = folder.join(name);
    create_folder(folder)?;
    match fs::symlink_metadata(&path) {
        Ok(standing) => {
            if let Some(found) = no_plain_file(&standing) {
                return Err(PublishError::Occupied { path, found });
            }
            if holds(&path, &standing, bytes)? {
                return Ok(Published::Unchanged);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("look at", &path)(error)),
    }
    replace(folder, &path, bytes)?;
    Ok(Published::Written)
}

/// Whether [`publish`] would write: the file is missing, or holds other bytes.
pub fn differs(folder: &Path, name: &str, bytes: &[u8]) -> bool {
    let path = folder.join(name);
    // What cannot be looked at is looked at again when it is written, and told then.
    !fs::symlink_metadata(&path)
        .is_ok_and(|standing| standing.is_file() && holds(&path, &standing, bytes).unwrap_or(false))
}

/// The text of a published file; `None`: there is none that can be read.
#[expect(clippy::disallowed_methods, reason = "this file is where feeds are written")]
pub fn standing(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

/// Whether a published file was written at this time or later; one that cannot be looked at was not.
pub fn is_newer(folder: &Path, name: &str, time: Timestamp) -> bool {
    let written = fs::metadata(folder.join(name)).and_then(|metadata| metadata.modified()).ok();
    written.and_then(|time| Timestamp::try_from(time).ok()).is_some_and(|written| written >= time)
}

/// Whether a file of this name stands in the folder; what cannot be looked at does not.
pub fn is_there(folder: &Path, name: &str) -> bool {
    fs::symlink_metadata(folder.join(name)).is_ok()
}

#[expect(clippy::disallowed_methods, reason = "this file is where feeds are written")]
fn create_folder(folder: &Path) -> Result<(), PublishError> {
    fs::create_dir_all(folder).map_err(failed("create the folder", folder))
}

fn no_plain_file(standing: &Metadata) -> Option<&'static str> {
    let kind = standing.file_type();
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some("symbolic link")
    } else if kind.is_dir() {
        Some("folder")
    } else {
        Some("device, pipe or socket")
    }
}

#[expect(clippy::disallowed_methods, reason = "this file is where feeds are written")]
fn holds(path: &Path, standing: &Metadata, bytes: &[u8]) -> Result<bool, PublishError> {
    // Another length saves reading the file.
    if standing.len() != bytes.len() as u64 {
        return Ok(false);
    }
    Ok(fs::read(path).map_err(failed("read", path))? == bytes)
}

/// Writes beside the target, and renames over it when every byte is on the disk.
fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    let file = tempfile::Builder::new()
        .prefix(TEMPORARY.0)
        .suffix(TEMPORARY.1)
        .make_in(folder, create)
        .map_err(failed("create a file in", folder))?;
    // Before the bytes are written: on a full disk the leftovers may be what fills it.
    sweep(folder, &file);
    file.as_file().write_all(bytes).map_err(failed("write", path))?;
    file.as_file().sync_all().map_err(failed("write", path))?;
    file.persist(path).map_err(|error| failed("write", path)(error.error))?;
    sync_folder(folder)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    // A web server of another user reads the feeds; the umask may take that away again.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.open(path)
}

/// Puts the rename itself on the disk: without it a power cut may bring the old file back.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this file is where feeds are written")]
fn sync_folder(folder: &Path) -> Result<(), PublishError> {
    match File::open(folder).and_then(|opened| opened.sync_all()) {
        // Network and FUSE file systems that cannot sync a folder say so in these ways; the file is in place.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result.map_err(failed("write", folder)),
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<(), PublishError> {
    Ok(())
}

/// Removes what killed runs left behind. Their age is told against `new`, by the clock of the disk both are on.
/// Whatever cannot be looked at or removed stays: a leftover harms nobody, and the next write tries again.
#[expect(clippy::disallowed_methods, reason = "this file is where feeds are written")]
fn sweep(folder: &Path, new: &NamedTempFile) {
    let Ok(now) = new.as_file().metadata().and_then(|metadata| metadata.modified()) else { return };
    let Ok(listing) = fs::read_dir(folder) else { return };
    for found in listing.flatten() {
        let name = found.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1)) {
            continue;
        }
        let age = found
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|then| now.duration_since(then).ok());
        if age.is_some_and(|age| age >= LEFTOVER_AGE) {
            // Losing this result is right, see above.
            let _ = fs::remove_file(found.path());
        }
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::Io { action, path, source }
}

#[cfg(test)]
mod tests;
