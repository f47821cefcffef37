//! The engine: a state folder → a store that survives power loss. Touches the disk.
//!
//! A commit goes to the journal, then to the index. Whatever fails after that is mended by starting again from
//! the disk (`start`), at once or at the next call. One caller at a time: the steps are short, and sled would
//! make readers wait for a transaction all the same.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    Newest, Store, StoreError,
    frame::Frame,
    guard::Trouble,
    index::{Extent, Index},
    journal::sync_dir,
    line::Line,
    lock::{self, Lock},
    repair::Repair,
    start::{Live, Place},
};
use crate::{
    id::{EntryKey, SourceId},
    record::{Plan, Record, SourceState},
};

/// A journal of this size is read in a blink, and a checkpoint for every 8 MiB costs little. A large store waits
/// longer: until the journal is half as large as the last checkpoint.
const JOURNAL_BYTES: u64 = 8 << 20;
/// The store on disk.
pub struct Engine {
    place: Place,
    inner: Mutex<Inner>,
    _lock: Lock,
}

struct Inner {
    /// `None`: something failed, or the store was closed; the next call starts again from the disk.
    live: Option<Live>,
    repairs: Vec<Repair>,
}

/// Opens the store of a state folder, creating it where there is none, and mends it where it needs mending.
pub fn open(dir: &Path, now: Timestamp) -> Result<(Engine, Vec<Repair>), StoreError> {
    open_place(Place { dir: dir.to_path_buf(), now, journal_bytes: JOURNAL_BYTES })
}

pub(super) fn open_place(place: Place) -> Result<(Engine, Vec<Repair>), StoreError> {
    if !place.dir.exists() {
        fs::create_dir_all(&place.dir).map_err(|error| StoreError::io("create", &place.dir, error))?;
        if let Some(parent) = place.dir.parent() {
            // A parent that may be written but not read cannot be synced; that is no reason to refuse it.
            let _ = sync_dir(parent);
        }
    }
    let lock = lock::take(&place.dir, place.now)?;
    let mut repairs = Vec::new();
    let live = place.start(&mut repairs)?;
    let inner = Mutex::new(Inner { live: Some(live), repairs: Vec::new() });
    Ok((Engine { place, inner, _lock: lock }, repairs))
}

impl Engine {
    /// What was mended since the last call, while the store was in use.
    pub fn take_repairs(&self) -> Vec<Repair> {
        std::mem::take(&mut self.inner().repairs)
    }

    /// Everything, source by source: its state, then its records by number. An error of `sink` ends it.
    pub fn export(&self, sink: &mut dyn FnMut(Line) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        let live = inner.live(&self.place)?;
        live.index.lines(sink).map_err(|trouble| self.place.told(trouble))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // What a panic left half done is dropped and read again from the disk.
        self.inner.lock().unwrap_or_else(|poisoned| {
            let mut inner = PoisonError::into_inner(poisoned);
            if let Some(live) = inner.live.take() {
                live.index.discard();
            }
            self.inner.clear_poison();
            inner
        })
    }

    /// Reads; a damaged index is mended once and asked again.
    fn read<T>(&self, ask: impl Fn(&Index) -> Result<T, Trouble>) -> Result<T, StoreError> {
        let mut inner = self.inner();
        let live = inner.live(&self.place)?;
        match ask(&live.index) {
            Ok(answer) => return Ok(answer),
            Err(Trouble::World(error)) => return Err(error),
            Err(Trouble::Damaged(_)) => inner.drop_live(),
        }
        ask(&inner.live(&self.place)?.index).map_err(|trouble| self.place.told(trouble))
    }

    #[cfg(test)]
    pub(super) fn journal_full(&self) {
        self.inner().live.as_mut().unwrap().journal.fill();
    }
}

impl Store for Engine {
    fn state(&self, source: &SourceId) -> Result<SourceState, StoreError> {
        self.read(|index| Ok(index.state(source)?.unwrap_or_default()))
    }

    fn states(&self) -> Result<Vec<(SourceId, SourceState)>, StoreError> {
        self.read(Index::states)
    }

    fn known(&self, source: &SourceId, keys: &[EntryKey], recent: usize) -> Result<Vec<Record>, StoreError> {
        self.read(|index| index.records(source, index.numbers(source, keys, recent)?))
    }

    fn commit(&self, plans: &[Plan]) -> Result<(), StoreError> {
        if plans.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner();
        let live = inner.live(&self.place)?;
        let seq = live.last_seq() + 1;
        let payload = serde_json::to_vec(plans).expect("plans hold nothing JSON cannot say");
        if let Err(broken) = live.journal.append(&Frame { seq, payload }) {
            if !broken.is_whole {
                inner.drop_live();
            }
            return Err(broken.error);
        }
        // From here on the commit is durable. An index that cannot take it is started again from the journal.
        if live.index.apply(plans, Extent::Commit(seq)).is_err() {
            inner.drop_live();
        }
        let live = inner.live(&self.place)?;
        if live.journal.bytes() >= live.checkpoint_due_at
            && let Err(error) = self.place.checkpoint(live)
        {
            // The commit stands; the checkpoint is tried again after as much journal once more.
            live.checkpoint_due_at = live.journal.bytes() + self.place.journal_bytes;
            tracing::warn!("no checkpoint was written, the journal goes on: {error}");
        }
        Ok(())
    }

    fn records(&self, source: &SourceId, newest: Newest) -> Result<Vec<Record>, StoreError> {
        self.read(|index| index.records(source, index.newest(source, newest)?))
    }

    fn close(&self) -> Result<(), StoreError> {
        let Some(live) = self.inner().live.take() else { return Ok(()) };
        self.place.close(live.index)
    }
}

impl Inner {
    fn live(&mut self, place: &Place) -> Result<&mut Live, StoreError> {
        let live = match self.live.take() {
            Some(live) => live,
            None => place.start(&mut self.repairs)?,
        };
        Ok(self.live.insert(live))
    }

    fn drop_live(&mut self) {
        if let Some(live) = self.live.take() {
            live.index.discard();
        }
    }
}
