//! Verdicts: how one refresh of one source ended, with its reason (`docs/verdicts.md`). Pure.

pub mod blocked;
pub mod history;
pub mod judge;
pub mod rhythm;

use serde::{Deserialize, Serialize};

/// Exactly one for each refresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Entries came that were not known, or known ones changed.
    New {
        /// Entries announced for the first time.
        new: usize,
        /// Known entries with another headline, teaser or link.
        changed: usize,
    },
    /// 304, the same bytes, or the same entries.
    Unchanged {
        /// Which of the three.
        reason: String,
    },
    /// The listing's container is there and holds nothing.
    Empty {
        /// In words.
        reason: String,
    },
    /// Entries came, but a field vanished or their number collapsed, against this source's history.
    Degraded {
        /// In words.
        reason: String,
        /// Entries announced for the first time.
        new: usize,
        /// Known entries that changed.
        changed: usize,
    },
    /// The page came; the selectors find nothing any more.
    Drifted {
        /// In words.
        reason: String,
    },
    /// A challenge, a login page, 401, 403 or 429.
    Blocked {
        /// In words.
        reason: String,
    },
    /// 404 or 410.
    Gone {
        /// In words.
        reason: String,
    },
    /// Name, connection, TLS, time-out, 5xx.
    Unreachable {
        /// In words.
        reason: String,
    },
    /// Too large, not a page, undecodable.
    Unreadable {
        /// In words.
        reason: String,
    },
    /// Not due, backing off, disabled, or trouble on our side of the wire.
    Skipped {
        /// In words.
        reason: String,
    },
}

impl Verdict {
    /// The verdict's word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::New { .. } => "new",
            Self::Unchanged { .. } => "unchanged",
            Self::Empty { .. } => "empty",
            Self::Degraded { .. } => "degraded",
            Self::Drifted { .. } => "drifted",
            Self::Blocked { .. } => "blocked",
            Self::Gone { .. } => "gone",
            Self::Unreachable { .. } => "unreachable",
            Self::Unreadable { .. } => "unreadable",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// Whether the published feed may be touched and validators advanced.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::New { .. } | Self::Unchanged { .. } | Self::Empty { .. } | Self::Degraded { .. })
    }

    /// Whether it counts as a failure of the source. `Skipped` is neither good nor a failure.
    pub fn is_failure(&self) -> bool {
        !self.is_good() && !matches!(self, Self::Skipped { .. })
    }

    /// The reason in words; `None` for `new`, which needs none.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::New { .. } => None,
            Self::Unchanged { reason }
            | Self::Empty { reason }
            | Self::Degraded { reason, .. }
            | Self::Drifted { reason }
            | Self::Blocked { reason }
            | Self::Gone { reason }
            | Self::Unreachable { reason }
            | Self::Unreadable { reason }
            | Self::Skipped { reason } => Some(reason),
        }
    }
}
