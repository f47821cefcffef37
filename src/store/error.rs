//! Trouble of the store, and IO errors → what a person can act on. Pure.
//!
//! All of it is our own trouble (exit status 3), never a source's. There is no variant for a damaged index: the
//! engine mends that and reports it as a [`Repair`](super::Repair).

use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why the store cannot be used, or a commit not be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another run uses this state folder.
    #[error("another run holds the lock: {holder}")]
    Locked {
        /// Who it is.
        holder: Holder,
    },
    /// A newer gleaner wrote this store; this one touches nothing.
    #[error("`{}` has store version {found}, written by a newer gleaner; this one knows version {known}", path.display())]
    Newer {
        /// The file that says so.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version this gleaner knows.
        known: u32,
    },
    /// An import would mix two histories.
    #[error("the store is not empty")]
    NotEmpty,
    /// What is to be imported is not a whole export.
    #[error("cannot import this: {why}")]
    Import {
        /// Why not.
        why: String,
    },
    /// No file could be opened: the process, or the system, has too many open.
    #[error("too many open files, at `{}`", path.display())]
    NoDescriptors {
        /// What was being opened.
        path: PathBuf,
    },
    /// No space left, or a quota reached.
    #[error("no space left for `{}`", path.display())]
    Full {
        /// What was being written.
        path: PathBuf,
    },
    /// The folder or file may not be written.
    #[error("`{}` may not be written: {source}", path.display())]
    ReadOnly {
        /// What was being opened or written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Anything else the system refuses.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl StoreError {
    /// Sorts an IO error by what a person would do about it.
    pub fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        // EMFILE and ENFILE, which the standard library gives no kind of their own.
        if cfg!(unix) && matches!(source.raw_os_error(), Some(23 | 24)) {
            return Self::NoDescriptors { path };
        }
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path },
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::ReadOnly { path, source },
            _ => Self::Io { doing, path, source },
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Locked { holder } if holder.is_server() => {
                "it asks each source when it is due; stop it first (`status`, `check`, `heal`, `export` and `run --dry-run` work beside it)"
            }
            Self::Locked { .. } => {
                "wait for it to end, or use another state folder with `--state`; the lock ends with its process"
            }
            Self::Newer { .. } => "use the newer gleaner, or another state folder with `--state`",
            Self::NotEmpty => "import into an empty folder: name one with `--state`",
            Self::Import { .. } => "export again from the store it came from; nothing was changed here",
            Self::NoDescriptors { .. } => {
                "raise the limit (`ulimit -n 1024`, or `LimitNOFILE=` of the service) and run again; nothing is lost"
            }
            Self::Full { .. } => {
                "free some space and run again; nothing committed is lost, the published feeds stay as they are"
            }
            Self::ReadOnly { .. } => {
                "give the user that runs gleaner the right to write its folder and all in it"
            }
            Self::Io { source, .. }
                if matches!(source.kind(), ErrorKind::NotADirectory | ErrorKind::AlreadyExists) =>
            {
                "a part of the path is a file; set `state` to a folder"
            }
            Self::Io { source, .. } if source.kind() == ErrorKind::IsADirectory => {
                "a folder stands where a file belongs; move it away and run again"
            }
            Self::Io { source, .. } if source.kind() == ErrorKind::InvalidFilename => {
                "the path is too long; set a shorter `state`"
            }
            Self::Io { .. } => {
                "see to the disk or the system's limits and run again; what was committed stands in the journal"
            }
        }
    }
}

/// Who holds the lock of a state folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process; `None`: it has not said.
    pub process: Option<u32>,
    /// What it was started as, such as `gleaner run`; `None`: it has not said.
    pub command: Option<String>,
    /// When it took the lock; `None`: it has not said.
    pub since: Option<Timestamp>,
}

impl Holder {
    /// Whether it goes on until it is told to stop.
    fn is_server(&self) -> bool {
        self.command.as_deref().is_some_and(|command| command.ends_with(" serve"))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.process {
            Some(process) => write!(f, "process {process}")?,
            None => f.write_str("a process that has not said its name")?,
        }
        if let Some(command) = &self.command {
            write!(f, ", `{command}`")?;
        }
        if let Some(since) = self.since {
            write!(f, ", since {since:.0}")?;
        }
        Ok(())
    }
}
