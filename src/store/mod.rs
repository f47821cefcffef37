//! The store: plans → records that stay. The contract here is pure; `journal`, `checkpoint`, `index`, `seal`,
//! `start`, `live`, `lock`, `peek` and `engine` touch the disk.
//!
//! A commit is durable when it stands in the store's own fsynced journal (`journal`). What it says of sources is held
//! in memory, and filed at the end (`states`); what it says of records is in the sled index (`index`). Both are made from
//! checkpoint and journal, are compared with them at a start, and are made again when they disagree (`recover`
//! decides, `start` does). sled's file never shrinks, so an index that has outgrown what it holds is made
//! anew from a checkpoint (`renew`). No sled type leaves `index`. The store refuses to decide anything about entries:
//! what is new, changed or the same is the business of `merge`.
//!
//! Each format has a version of its own (`frame`, `line`, `layout`, `states`). A version goes up when an older release would
//! lose or misread something; every older version is read. A new field of a state or record has a default instead.
//!
//! ```text
//! <state>/LOCK                      who is using the store
//! <state>/journal/00000001.log      commits, in order, each a checked frame
//! <state>/checkpoint.jsonl          everything up to one commit, as JSON Lines
//! <state>/checkpoint.previous.jsonl the one before, with the journal since, in case the first is damaged
//! <state>/states                    what is known of each source, up to one commit
//! <state>/db/                       the sled index
//! <state>/db.seal                   how `db/` and `journal/` were left, there only after a clean close
//! <state>/db.damaged-*              what was set aside, the newest two
//! <state>/imprints                  not the store's: what the published feeds were made from
//! ```

mod checkpoint;
mod engine;
mod error;
mod frame;
mod guard;
mod index;
mod joined;
mod journal;
mod layout;
mod lease;
mod line;
mod live;
mod lock;
mod lookup;
mod memory;
mod peek;
mod recover;
mod renew;
mod repair;
mod retention;
mod runs;
mod seal;
mod stage;
mod start;
mod states;
pub mod transfer;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod recovery;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod trials;
#[cfg(test)]
mod unopened;
#[cfg(test)]
mod versions;

use std::time::Duration;

pub use engine::{Engine, open};
pub use error::{Holder, StoreError};
pub use lease::Lease;
pub use line::Line;
pub use memory::Memory;
pub use peek::peek;
pub use repair::Repair;
pub use retention::Retention;

use crate::{
    id::{EntryKey, SourceId},
    record::{Glance, Known, Plan, Record, SourceState},
};

/// Whole steps of a refresh, so that a shared database can stand in for the one on disk.
pub trait Store: Send + Sync {
    /// What is known of a source; the default when it was never committed.
    fn state(&self, source: &SourceId) -> Result<SourceState, StoreError>;

    /// The part of [`Store::state`] that is asked of every source in every run, in the order of `sources`; cheapest
    /// when that is the order of their ids.
    fn glances(&self, sources: &[&SourceId]) -> Result<Vec<Glance>, StoreError>;

    /// Every source that was ever committed, in the order of their ids.
    fn states(&self) -> Result<Vec<(SourceId, SourceState)>, StoreError>;

    /// Of the sources `wanted`, those that no other holder is refreshing, each with its state. They are the holder's
    /// until a plan for them is committed, or the lease is over.
    fn lease(
        &self,
        wanted: &[SourceId],
        lease: &Lease<'_>,
    ) -> Result<Vec<(SourceId, SourceState)>, StoreError>;

    /// What is recognized by any of `keys`, records and traces of records, and the source's `recent` last records by
    /// number; each once, in the order of their numbers.
    fn known(&self, source: &SourceId, keys: &[EntryKey], recent: usize) -> Result<Known, StoreError>;

    /// Writes plans as one group: all of it or nothing, validators and records together, durable when it
    /// returns. Of two plans for one source the later wins, record by record.
    ///
    /// # Errors
    /// The group is not known to be durable. It is either absent or whole when the store is next read.
    fn commit(&self, plans: &[Plan]) -> Result<(), StoreError>;

    /// The records a feed shows, newest first: by `published` in whole seconds, then by number.
    fn records(&self, source: &SourceId, newest: Newest) -> Result<Vec<Record>, StoreError>;

    /// The records of several sources together that a joined feed shows, newest first: by `published` in whole seconds,
    /// then by source, then by number. Each comes with the place of its source in `sources`.
    fn joined(&self, sources: &[&SourceId], wanted: &Joined<'_>) -> Result<Vec<(usize, Record)>, StoreError>;

    /// Lets go of records that no feed shows and no page holds any more; their traces stay. How many were let go.
    /// A source whose surplus is small yet may wait.
    fn retain(&self, sources: &[(SourceId, Retention)]) -> Result<usize, StoreError>;

    /// Everything, source by source: its state, then its records and its traces, each by number. An error of `sink`
    /// ends it.
    fn export(&self, sink: &mut dyn FnMut(Line) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// Fills an empty store with an export: all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], or the first error of `lines`.
    fn import(&self, lines: &mut dyn Iterator<Item = Result<Line, StoreError>>) -> Result<(), StoreError>;

    /// Settles everything, so that the next start is quick. A store that was not closed has lost nothing.
    fn close(&self) -> Result<(), StoreError>;
}

/// Which records a joined feed asks for.
pub struct Joined<'a> {
    /// What each source gives at most; records that are not admitted count.
    pub each: Newest,
    /// What all of them give at most.
    pub most: usize,
    /// Whether a record is wanted; `None`: every one is.
    pub admits: Option<&'a dyn Fn(&Record) -> bool>,
}

/// Which records a feed asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// At most this many.
    pub count: usize,
    /// Those published longer than this before the newest are left out; `None`: no limit.
    pub age: Option<Duration>,
}

impl Newest {
    /// The newest `count`, however old.
    pub const fn of(count: usize) -> Self {
        Self { count, age: None }
    }

    /// Whether a record belongs, given when the newest was published (both in whole seconds).
    fn reaches(self, newest: i64, published: i64) -> bool {
        self.age.is_none_or(|age| newest.abs_diff(published) <= age.as_secs())
    }
}
