//! Publish: bytes → a file in the output folder, replaced as a whole or not at all. IO.
//!
//! A reader of the file sees the old feed or the new one, never a part, and after a power cut too. It refuses to
//! write where something other than a plain file stands, and to touch a file whose bytes would stay the same. Many
//! files are written as a batch: waiting for the disk once for all of them costs what waiting for one of them does.

use std::{
    fs::{self, File, Metadata},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use jiff::Timestamp;
use tempfile::{NamedTempFile, TempPath};
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

/// How many files of a batch wait for the disk together, and how many bytes of them.
const MOST_FILES: usize = 1_000;
const MOST_BYTES: usize = 64 << 20;
/// From so many files on the whole file system is synced: each file by itself would be a write of its journal.
const MANY: usize = 16;

/// What a published file looks like from outside. Whoever changes it changes this, unless they took care not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// How long it is.
    pub bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self { bytes: metadata.len(), modified: u64::try_from(modified.as_nanos()).ok()? })
    }
}

/// The stamp of a published file; `None`: there is no plain file that can be looked at.
pub fn stamp(folder: &Path, name: &str) -> Option<Stamp> {
    let standing = fs::symlink_metadata(folder.join(name)).ok()?;
    if standing.is_file() { Stamp::of(&standing) } else { None }
}

/// Makes `bytes` the content of the file `name` in `folder`, by a batch of its own.
///
/// # Errors
/// As those of [`Batch::put`] and [`Batch::flush`].
pub fn publish(folder: &Path, name: &str, bytes: &[u8]) -> Result<Published, PublishError> {
    let mut batch = Batch::new(folder);
    let (published, _) = batch.put(name, bytes)?;
    batch.flush()?;
    Ok(published)
}

/// Files on their way into a folder. What is dropped before it was flushed was never there.
#[derive(Debug)]
pub struct Batch {
    folder: PathBuf,
    /// Each with the place it goes to.
    staged: Vec<(TempPath, PathBuf)>,
    bytes: usize,
    /// The folder, opened before the first byte was written; `None`: nothing was yet.
    opened: Option<File>,
}

impl Batch {
    /// One with nothing in it.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), staged: Vec::new(), bytes: 0, opened: None }
    }

    /// Lets `bytes` become the content of the file `name`, with the next flush at the latest. The folder is made if it is
    /// missing. `name` is a slug with an extension, never a path. The stamp is the one the file has then; `None`: the
    /// file system tells no time.
    ///
    /// # Errors
    /// When something else stands there, or the file system refuses. The old file stands there whole then.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(Published, Option<Stamp>), PublishError> {
        let path = self.folder.join(name);
        match fs::symlink_metadata(&path) {
            Ok(standing) => {
                if let Some(found) = no_plain_file(&standing) {
                    return Err(PublishError::Occupied { path, found });
                }
                if holds(&path, &standing, bytes)? {
                    return Ok((Published::Unchanged, Stamp::of(&standing)));
                }
            }
            // What is wrong with the folder is told when it is made.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(failed("look at", &path)(error)),
        }
        let stamp = self.stage(path, bytes)?;
        if self.staged.len() >= MOST_FILES || self.bytes >= MOST_BYTES {
            self.flush()?;
        }
        Ok((Published::Written, stamp))
    }

    /// Writes beside the target.
    fn stage(&mut self, path: PathBuf, bytes: &[u8]) -> Result<Option<Stamp>, PublishError> {
        if self.opened.is_none() {
            self.begin()?;
        }
        let file = temporary(&self.folder)?;
        file.as_file().write_all(bytes).map_err(failed("write", &path))?;
        let stamp = file.as_file().metadata().ok().as_ref().and_then(Stamp::of);
        self.bytes += bytes.len();
        self.staged.push((file.into_temp_path(), path));
        Ok(stamp)
    }

    #[expect(clippy::disallowed_methods, reason = "this file is where feeds are written")]
    fn begin(&mut self) -> Result<(), PublishError> {
        create_folder(&self.folder)?;
        // Before the bytes are written: on a full disk the leftovers may be what fills it.
        sweep(&self.folder)?;
        self.opened = Some(File::open(&self.folder).map_err(failed("open", &self.folder))?);
        Ok(())
    }

    /// Renames every file into its place, when every byte of all of them is on the disk, and returns when the renames
    /// are as well. How many there were.
    ///
    /// # Errors
    /// When the file system refuses. Each file is the old one or the new one, whole.
    pub fn flush(&mut self) -> Result<usize, PublishError> {
        let Some(folder) = self.opened.as_ref().filter(|_| !self.staged.is_empty()) else { return Ok(0) };
        let is_synced = self.staged.len() >= MANY && sync_file_system(folder);
        let staged = std::mem::take(&mut self.staged);
        self.bytes = 0;
        if !is_synced {
            for (temporary, path) in &staged {
                sync(temporary).map_err(failed("write", path))?;
            }
        }
        let count = staged.len();
        for (temporary, path) in staged {
            temporary.persist(&path).map_err(|error| failed("write", &path)(error.error))?;
        }
        sync_folder(&self.folder, folder)?;
        tracing::debug!(files = count, "published");
        Ok(count)
    }
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

/// A new file beside those that are published.
fn temporary(folder: &Path) -> Result<NamedTempFile, PublishError> {
    tempfile::Builder::new()
        .prefix(TEMPORARY.0)
        .suffix(TEMPORARY.1)
        .make_in(folder, create)
        .map_err(failed("create a file in", folder))
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    // A web server of another user reads the feeds; the umask may take that away again.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.open(path)
}

fn sync(path: &Path) -> io::Result<()> {
    File::options().write(true).open(path)?.sync_all()
}

/// Whether all that was written to the file system of this folder is on the disk. It reports writes that failed since
/// the folder was opened; then, and where the system knows no such call, each file is asked for itself.
#[cfg(target_os = "linux")]
fn sync_file_system(folder: &File) -> bool {
    rustix::fs::syncfs(folder).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_folder: &File) -> bool {
    false
}

/// Puts the renames themselves on the disk: without it a power cut may bring the old files back.
#[cfg(unix)]
fn sync_folder(folder: &Path, opened: &File) -> Result<(), PublishError> {
    match opened.sync_all() {
        // Network and FUSE file systems that cannot sync a folder say so in these ways; the files are in place.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result.map_err(failed("write", folder)),
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path, _opened: &File) -> Result<(), PublishError> {
    Ok(())
}

/// Removes what killed runs left behind. Their age is told by the clock of the disk they are on, which a file that is
/// made for it tells. Whatever cannot be looked at or removed stays: a leftover harms nobody, and the next write tries
/// again.
#[expect(clippy::disallowed_methods, reason = "this file is where feeds are written")]
fn sweep(folder: &Path) -> Result<(), PublishError> {
    let Ok(listing) = fs::read_dir(folder) else { return Ok(()) };
    let mut leftovers = Vec::new();
    for found in listing.flatten() {
        let name = found.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1) {
            leftovers.push(found);
        }
    }
    if leftovers.is_empty() {
        return Ok(());
    }
    let new = temporary(folder)?;
    let Ok(now) = new.as_file().metadata().and_then(|metadata| metadata.modified()) else { return Ok(()) };
    for found in leftovers {
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
    Ok(())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::Io { action, path, source }
}

#[cfg(test)]
mod tests;
