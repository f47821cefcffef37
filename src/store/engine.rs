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
    Joined, Lease, Newest, Retention, Store, StoreError, checkpoint,
    frame::Frame,
    guard::Trouble,
    index::Index,
    journal::{self, sync_dir},
    lease::Leases,
    line::Line,
    live::Live,
    lock::{self, Lock},
    repair::Repair,
    retention,
    start::Place,
    states::{self, States},
};
use crate::{
    id::{EntryKey, SourceId},
    record::{Glance, Known, Plan, Record, SourceState},
};

/// A journal of this size is read in a blink, and a checkpoint for every 8 MiB costs little. A large store waits
/// longer: until the journal is as large as the last checkpoint.
const JOURNAL_BYTES: u64 = 8 << 20;
/// How many sources let go of their surplus in one commit at most.
const RETAINED_AT_ONCE: usize = 200;
/// About how many records are let go in one commit: sled holds all that a transaction replaces until it is over.
const FADED_AT_ONCE: usize = 500;

/// The store on disk.
pub struct Engine {
    place: Place,
    inner: Mutex<Inner>,
    _lock: Lock,
    /// The folder it stands in, when that is a copy; it goes with it.
    _copy: Option<tempfile::TempDir>,
}

struct Inner {
    /// `None`: something failed, or the store was closed; the next call starts again from the disk.
    live: Option<Live>,
    repairs: Vec<Repair>,
    leases: Leases,
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
    let inner = Mutex::new(Inner { live: Some(live), repairs: Vec::new(), leases: Leases::default() });
    Ok((Engine { place, inner, _lock: lock, _copy: None }, repairs))
}

impl Engine {
    /// Ties it to the copy that it was opened in.
    pub(super) fn in_copy(self, copy: tempfile::TempDir) -> Self {
        Self { _copy: Some(copy), ..self }
    }

    /// What was mended since the last call, while the store was in use.
    pub fn take_repairs(&self) -> Vec<Repair> {
        std::mem::take(&mut self.inner().repairs)
    }

    /// Looks at every byte there is: a line for each part that is as it should be, and what was mended. A checkpoint
    /// that is damaged is replaced.
    ///
    /// # Errors
    /// The index is not what was written; it is made anew at the next call.
    pub fn examine(&self) -> Result<(Vec<String>, Vec<Repair>), StoreError> {
        let mut inner = self.inner();
        let (index, _) = inner.opened(&self.place)?;
        let records = index.begun().records;
        if let Err(trouble) = index.verify() {
            inner.drop_live();
            return Err(self.place.told(trouble));
        }
        let live = inner.live(&self.place)?;
        let mut lines = vec![format!("the index holds {records} records, and adds up")];
        lines.push(format!(
            "the journal goes to commit {}, {} KiB since the last checkpoint",
            live.last_seq,
            live.journal.bytes() >> 10
        ));
        // A start does not read what nobody touched.
        let mut repairs = journal::find(&self.place.journal_dir())?.repairs;
        for checkpoint in checkpoint::find(&self.place.dir)? {
            let path = checkpoint.path;
            match checkpoint::check(&path)? {
                Ok(heading) => {
                    lines.push(format!("`{}` is whole up to commit {}", path.display(), heading.last_seq));
                }
                Err(why) => repairs.push(Repair::Unusable { path, why }),
            }
        }
        if !repairs.is_empty() {
            self.place.checkpoint(live)?;
            repairs.push(Repair::Secured { last_seq: live.last_seq });
        }
        Ok((lines, repairs))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // What a panic left half done is dropped and read again from the disk.
        self.inner.lock().unwrap_or_else(|poisoned| {
            let mut inner = PoisonError::into_inner(poisoned);
            inner.drop_live();
            self.inner.clear_poison();
            inner
        })
    }

    /// Reads; a damaged index is mended once and asked again.
    fn read<T>(&self, ask: impl Fn(&mut Live, &Place) -> Result<T, Trouble>) -> Result<T, StoreError> {
        let mut inner = self.inner();
        match ask(inner.live(&self.place)?, &self.place) {
            Ok(answer) => return Ok(answer),
            Err(Trouble::World(error)) => return Err(error),
            Err(Trouble::Damaged(_)) => inner.drop_live(),
        }
        ask(inner.live(&self.place)?, &self.place).map_err(|trouble| self.place.told(trouble))
    }

    /// As [`Engine::read`], what the index says of a source's records; the default of one that nothing is known of.
    fn ask<T: Default>(
        &self,
        source: &SourceId,
        ask: impl Fn(&Index) -> Result<T, Trouble>,
    ) -> Result<T, StoreError> {
        self.read(
            |live, place| if live.states.knows(source) { ask(place.index(live)?) } else { Ok(T::default()) },
        )
    }

    /// Whether the index had to be opened.
    #[cfg(test)]
    pub(super) fn has_index(&self) -> bool {
        self.inner().live.as_ref().is_some_and(|live| matches!(live.index, super::live::Slot::Open(_)))
    }

    #[cfg(test)]
    pub(super) fn journal_full(&self) {
        self.inner().live.as_mut().unwrap().journal.fill();
    }
}

impl Store for Engine {
    fn state(&self, source: &SourceId) -> Result<SourceState, StoreError> {
        self.read(|live, _| live.states.get(source))
    }

    fn glances(&self, sources: &[&SourceId]) -> Result<Vec<Glance>, StoreError> {
        self.read(|live, _| sources.iter().map(|source| live.states.glance(source)).collect())
    }

    fn states(&self) -> Result<Vec<(SourceId, SourceState)>, StoreError> {
        self.read(|live, _| {
            let state = |source: &SourceId| Ok((source.clone(), live.states.get(source)?));
            live.states.sources().map(state).collect()
        })
    }

    fn lease(
        &self,
        wanted: &[SourceId],
        lease: &Lease<'_>,
    ) -> Result<Vec<(SourceId, SourceState)>, StoreError> {
        let taken: Vec<&SourceId> = {
            let leases = &mut self.inner().leases;
            wanted.iter().filter(|source| leases.take(source, lease)).collect()
        };
        taken.into_iter().map(|source| Ok((source.clone(), self.state(source)?))).collect()
    }

    fn known(&self, source: &SourceId, keys: &[EntryKey], recent: usize) -> Result<Known, StoreError> {
        self.ask(source, |index| index.known(source, keys, recent))
    }

    fn commit(&self, plans: &[Plan]) -> Result<(), StoreError> {
        self.inner().commit(plans, &self.place)
    }

    fn records(&self, source: &SourceId, newest: Newest) -> Result<Vec<Record>, StoreError> {
        self.ask(source, |index| index.records(source, index.newest(source, newest)?))
    }

    fn joined(&self, sources: &[&SourceId], wanted: &Joined<'_>) -> Result<Vec<(usize, Record)>, StoreError> {
        self.read(|live, place| place.index(live)?.joined(sources, wanted))
    }

    fn retain(&self, sources: &[(SourceId, Retention)]) -> Result<usize, StoreError> {
        let mut faded = 0;
        for some in sources.chunks(RETAINED_AT_ONCE) {
            let mut inner = self.inner();
            let (mut plans, mut waiting) = (Vec::new(), 0);
            for (source, retention) in some {
                let (index, states) = inner.opened(&self.place)?;
                let surplus = || {
                    let beyond = index.beyond(source, retention.shown, retention::MOST)?;
                    let beyond = (&beyond[..], index.first_trace(source)?);
                    Ok(retention.plan(source, states.get(source)?, beyond))
                };
                let plan: Option<Plan> = surplus().map_err(|trouble| self.place.told(trouble))?;
                waiting += plan.as_ref().map_or(0, |plan| plan.fade.len());
                plans.extend(plan);
                if waiting >= FADED_AT_ONCE {
                    inner.commit(&plans, &self.place)?;
                    plans.clear();
                    faded += std::mem::take(&mut waiting);
                }
            }
            inner.commit(&plans, &self.place)?;
            faded += waiting;
        }
        Ok(faded)
    }

    fn export(&self, sink: &mut dyn FnMut(Line) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        let (index, states) = inner.opened(&self.place)?;
        index.lines(states, sink).map_err(|trouble| self.place.told(trouble))
    }

    fn import(&self, lines: &mut dyn Iterator<Item = Result<Line, StoreError>>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if !inner.live(&self.place)?.states.is_empty() {
            return Err(StoreError::NotEmpty);
        }
        let live = inner.live.take().expect("it was just asked");
        self.place.import(live, lines).map(|live| inner.live = Some(live))
    }

    fn close(&self) -> Result<(), StoreError> {
        let Some(live) = self.inner().live.take() else { return Ok(()) };
        self.place.close(live)
    }
}

impl Drop for Inner {
    /// sled syncs its file when it is dropped, and panics if that fails. Nothing depends on it: what was not closed is
    /// read again from the journal.
    fn drop(&mut self) {
        self.drop_live();
    }
}

impl Inner {
    fn commit(&mut self, plans: &[Plan], place: &Place) -> Result<(), StoreError> {
        if plans.is_empty() {
            return Ok(());
        }
        let live = self.live(place)?;
        let without = live.states.without_vain_renames(plans);
        let plans = without.as_deref().unwrap_or(plans);
        let seq = live.last_seq + 1;
        let states = states::written(plans);
        let payload = states::payload(plans, &states);
        if let Err(broken) = live.journal.append(&Frame { seq, payload }) {
            if !broken.is_whole {
                self.drop_live();
            }
            return Err(broken.error);
        }
        tracing::debug!(plans = plans.len(), "committed");
        // From here on the commit is durable. An index that cannot take it is started again from the journal.
        if live.take((plans, &states), seq, place).is_err() {
            self.drop_live();
        }
        for plan in plans {
            self.leases.end(&plan.source);
        }
        let live = self.live(place)?;
        if live.journal.bytes() >= live.checkpoint_due_at {
            self.checkpoint(place)?;
        }
        Ok(())
    }

    /// What fails here is no trouble of the commit before it, which stands.
    fn checkpoint(&mut self, place: &Place) -> Result<(), StoreError> {
        let live = self.live(place)?;
        match place.checkpoint(live) {
            Err(error) => {
                // Tried again after as much journal once more.
                live.checkpoint_due_at = live.journal.bytes() + place.journal_bytes;
                tracing::warn!("no checkpoint was written, the journal goes on: {error}");
            }
            Ok(bytes) if place.is_outgrown(bytes) => {
                let live = self.live.take().expect("it was just asked");
                // A failure is mended by starting again from the disk, at the next call.
                match place.renew(live) {
                    Ok(live) => self.live = Some(live),
                    Err(error) => tracing::warn!("the index was not made anew, it stays large: {error}"),
                }
            }
            Ok(_) => {}
        }
        Ok(())
    }

    fn live(&mut self, place: &Place) -> Result<&mut Live, StoreError> {
        let live = match self.live.take() {
            Some(live) => live,
            None => place.start(&mut self.repairs)?,
        };
        Ok(self.live.insert(live))
    }

    /// The index and the states; one that turns out damaged when it is opened is mended.
    fn opened(&mut self, place: &Place) -> Result<(&mut Index, &States), StoreError> {
        if let Err(Trouble::Damaged(_)) = place.opened(self.live(place)?) {
            self.drop_live();
        }
        place.opened(self.live(place)?).map_err(|trouble| place.told(trouble))
    }

    fn drop_live(&mut self) {
        if let Some(live) = self.live.take() {
            live.discard();
        }
    }
}
