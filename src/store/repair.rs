//! Repairs: what was found amiss at a start and what was done about it, one line each. Pure.

use std::{fmt, path::PathBuf};

use super::layout::VERSION;

/// Something that was mended, or that could not be; a person should read it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The journal ended within a commit: the mark of a crash, power loss or full disk.
    TornTail {
        /// The journal file.
        path: PathBuf,
        /// How much was cut off.
        bytes: usize,
    },
    /// Bytes in the middle of a journal file are not what was written; what follows them was still read.
    JournalDamaged {
        /// The journal file.
        path: PathBuf,
        /// Where the damage begins.
        at: usize,
        /// How much was passed over.
        bytes: usize,
    },
    /// A file of the store belongs to another store, or is damaged, and was not used.
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The index was behind the journal.
    Replayed {
        /// How many commits were brought in.
        commits: usize,
    },
    /// The index was rebuilt from checkpoint and journal.
    Rebuilt {
        /// What was wrong with it.
        why: String,
        /// Where the old one was put; `None`: there was none.
        aside: Option<PathBuf>,
        /// How many records the new one holds.
        records: u64,
    },
    /// The index was laid out as an older version does it; a new one was made from it.
    CarriedOver {
        /// The older version.
        from: u32,
        /// How many records the new one holds.
        records: u64,
    },
    /// Checkpoint and journal alone could not have given everything back; a new checkpoint was made from the index.
    Secured {
        /// The last commit it holds.
        last_seq: u64,
    },
    /// Commits that could not be had from anywhere.
    Lost {
        /// The first of them.
        first: u64,
        /// The last of them; `None`: how many there were is not known.
        last: Option<u64>,
    },
    /// What commits said of their sources could not be had from anywhere; what they said of records could.
    Outdated {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// An index set aside long ago was deleted, because two newer ones are there.
    Pruned {
        /// Which.
        path: PathBuf,
    },
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { path, bytes } => write!(
                f,
                "`{}` ended within a commit, as a crash or power loss leaves it; cut off {}",
                path.display(),
                count(*bytes as u64, "byte")
            ),
            Self::JournalDamaged { path, at, bytes } => write!(
                f,
                "`{}` is damaged at byte {at}; passed over {} and read on",
                path.display(),
                count(*bytes as u64, "byte")
            ),
            Self::Unusable { path, why } => write!(f, "`{}` was not used: {why}", path.display()),
            Self::Replayed { commits } => {
                write!(f, "the index was behind the journal; brought in {}", count(*commits as u64, "commit"))
            }
            Self::Rebuilt { why, aside, records } => {
                write!(
                    f,
                    "rebuilt the index from checkpoint and journal with {}: {why}",
                    count(*records, "record")
                )?;
                match aside {
                    Some(path) => write!(f, "; the old one is kept as `{}`", path.display()),
                    None => Ok(()),
                }
            }
            Self::CarriedOver { from, records } => write!(
                f,
                "made the index anew with {}, it was of version {from} and is of version {VERSION} now",
                count(*records, "record")
            ),
            Self::Secured { last_seq } => write!(
                f,
                "checkpoint and journal were not complete, the index was; wrote a new checkpoint up to commit {last_seq}"
            ),
            Self::Lost { first, last: None } => write!(
                f,
                "no checkpoint and no journal are left from commit {first} on; their entries may be announced again"
            ),
            Self::Lost { first, last: Some(last) } if first == last => {
                write!(f, "commit {first} is lost; its entries may be announced again")
            }
            Self::Lost { first, last: Some(last) } => {
                write!(f, "commits {first} to {last} are lost; their entries may be announced again")
            }
            Self::Outdated { first, last } => write!(
                f,
                "what commits {first} to {last} said of their sources is lost, their entries are not; the sources are asked as if for the first time"
            ),
            Self::Pruned { path } => write!(f, "deleted `{}`, two newer ones are kept", path.display()),
        }
    }
}

fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
