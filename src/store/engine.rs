//! The engine: a state folder → a store that survives power loss. Touches the disk.
//!
//! At every start it compares the index with checkpoint and journal, and mends what does not agree; each repair
//! is one line for a person. An index is believed when its files are as a clean close left them, or else when
//! all it holds adds up to the sum that stands beside it. It refuses to start from less than there is: what no
//! file has any more is named, commit by commit.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Newest, Store, StoreError,
    checkpoint::{self, Checkpoint},
    frame::Frame,
    index::{self, Extent, Index, Seal, Trouble},
    journal::{self, Journal, sync_dir},
    layout::Meta,
    line::{self, Heading, Line},
    lock::{self, Lock},
    recover::Commits,
    repair::Repair,
};
use crate::{
    id::{EntryKey, SourceId},
    record::{Plan, Record, SourceState},
};

/// A journal of this size is read in a blink, and a checkpoint for every 8 MiB costs little. A large store waits
/// longer: until the journal is half as large as the last checkpoint.
const JOURNAL_BYTES: u64 = 8 << 20;
/// How many lines of a checkpoint go into one transaction.
const PIECE_LINES: usize = 500;
/// How many indexes that were set aside are kept.
const KEPT_ASIDE: usize = 2;

/// The store on disk.
pub struct Engine {
    place: Place,
    inner: Mutex<Inner>,
    _lock: Lock,
}

/// Where a store is, and how it is kept.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub dir: PathBuf,
    /// Names what is set aside.
    pub now: Timestamp,
    /// The size of the journal that asks for a checkpoint.
    pub journal_bytes: u64,
}

struct Inner {
    /// `None`: something failed, or the store was closed; the next call starts again from the disk.
    live: Option<Live>,
    repairs: Vec<Repair>,
}

struct Live {
    journal: Journal,
    index: Index,
    checkpoint_due_at: u64,
}

/// Opens the store of a state folder, creating it where there is none, and mends it where it needs mending.
pub fn open(dir: &Path, now: Timestamp) -> Result<(Engine, Vec<Repair>), StoreError> {
    open_place(Place { dir: dir.to_path_buf(), now, journal_bytes: JOURNAL_BYTES })
}

pub(super) fn open_place(place: Place) -> Result<(Engine, Vec<Repair>), StoreError> {
    fs::create_dir_all(&place.dir).map_err(|error| StoreError::io("create", &place.dir, error))?;
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

impl Live {
    fn last_seq(&self) -> u64 {
        self.index.meta().map_or(0, |meta| meta.last_seq)
    }
}

/// What a start has found.
struct Evidence {
    epoch: Uuid,
    frames: Vec<Frame>,
    commits: Commits,
    checkpoints: Vec<(Checkpoint, Heading)>,
    /// The last commit any file knows of.
    last: u64,
}

impl Evidence {
    fn bases(&self) -> Vec<u64> {
        self.checkpoints.iter().map(|(_, heading)| heading.last_seq).collect()
    }

    /// The commits that the checkpoints there are, with the journal, could not give back.
    fn missing(&self) -> Vec<(u64, u64)> {
        self.commits.missing(self.commits.best_base(&self.bases(), self.last), self.last)
    }

    fn plans_after(&self, seq: u64, path: &Path) -> Result<Vec<(u64, Vec<Plan>)>, StoreError> {
        let plans = |frame: &Frame| {
            let plans = serde_json::from_slice(&frame.payload).map_err(|error| {
                StoreError::io("read", path, io::Error::new(ErrorKind::InvalidData, error))
            })?;
            Ok((frame.seq, plans))
        };
        self.frames.iter().filter(|frame| frame.seq > seq).map(plans).collect()
    }
}

impl Place {
    fn journal_dir(&self) -> PathBuf {
        self.dir.join("journal")
    }

    fn db(&self) -> PathBuf {
        self.dir.join("db")
    }

    fn seal(&self) -> PathBuf {
        self.dir.join("db.seal")
    }

    /// From whatever the disk holds to a store in use.
    fn start(&self, repairs: &mut Vec<Repair>) -> Result<Live, StoreError> {
        checkpoint::sweep(&self.dir)?;
        let mut found = journal::find(&self.journal_dir())?;
        let is_journal_damaged = found.is_damaged();
        repairs.append(&mut found.repairs);
        let checkpoints = self.checkpoints(found.epoch, repairs)?;
        let is_checkpoint_damaged = checkpoints.len() < checkpoint::find(&self.dir)?.len();
        let epoch = found.epoch.or_else(|| checkpoints.first().map(|(_, heading)| heading.epoch));
        let mut evidence = Evidence {
            epoch: epoch.unwrap_or_else(|| self.new_epoch()),
            commits: Commits::new(found.frames.iter().map(|frame| frame.seq).collect()),
            frames: std::mem::take(&mut found.frames),
            last: 0,
            checkpoints,
        };
        evidence.last = evidence.bases().into_iter().chain([evidence.commits.last()]).max().unwrap_or(0);

        let losses_before = repairs.iter().filter(|repair| matches!(repair, Repair::Lost { .. })).count();
        let index = match self.open_index(&evidence, epoch)? {
            Ok(index) => {
                let meta = index.meta().expect("a trusted index says what it is");
                evidence.epoch = meta.epoch;
                evidence.last = evidence.last.max(meta.last_seq);
                self.catch_up(index, &evidence, repairs)?
            }
            Err(why) => self.rebuild(&mut evidence, why, repairs)?,
        };
        let journal = Journal::resume(found, evidence.epoch)?;
        let mut live = Live { journal, index, checkpoint_due_at: self.journal_bytes };
        let size = evidence.checkpoints.first().map_or(0, |(checkpoint, _)| checkpoint.bytes);
        live.checkpoint_due_at = self.journal_bytes.max(size / 2);

        let is_incomplete = !evidence.missing().is_empty();
        if is_incomplete || is_journal_damaged || is_checkpoint_damaged {
            self.checkpoint(&mut live)?;
            let losses = repairs.iter().filter(|repair| matches!(repair, Repair::Lost { .. })).count();
            if is_incomplete && losses == losses_before {
                repairs.push(Repair::Secured { last_seq: live.last_seq() });
            }
        }
        self.prune(repairs)?;
        Ok(live)
    }

    /// The checkpoints that look usable and belong to this store.
    fn checkpoints(
        &self,
        epoch: Option<Uuid>,
        repairs: &mut Vec<Repair>,
    ) -> Result<Vec<(Checkpoint, Heading)>, StoreError> {
        let mut usable: Vec<(Checkpoint, Heading)> = Vec::new();
        for checkpoint in checkpoint::find(&self.dir)? {
            let path = checkpoint.path.clone();
            let epoch = epoch.or_else(|| usable.first().map(|(_, heading)| heading.epoch));
            match checkpoint.heading.clone() {
                Ok(heading) if epoch.is_some_and(|epoch| epoch != heading.epoch) => {
                    repairs.push(Repair::Unusable { path, why: "it belongs to another store".to_owned() });
                }
                Ok(heading) => usable.push((checkpoint, heading)),
                Err(why) => repairs.push(Repair::Unusable { path, why }),
            }
        }
        Ok(usable)
    }

    /// The index if it can be believed; the inner `Err` says why not, and holds `None` when there is none.
    fn open_index(
        &self,
        evidence: &Evidence,
        epoch: Option<Uuid>,
    ) -> Result<Result<Index, Option<String>>, StoreError> {
        let (path, seal) = (self.db(), self.seal());
        if !path.exists() {
            return Ok(Err(None));
        }
        let seal = index::unseal(&path, &seal)?;
        if seal == Seal::Broken && epoch.is_some() && evidence.missing().is_empty() {
            // sled is not asked to read files that are known to be damaged when all they held is elsewhere.
            return Ok(Err(Some("its files were changed since they were closed".to_owned())));
        }
        let mut index = match Index::open(&path) {
            Ok(index) => index,
            Err(Trouble::World(error)) => return Err(error),
            Err(Trouble::Damaged(why)) => return Ok(Err(Some(why))),
        };
        let Some(meta) = index.meta() else {
            if evidence.last == 0 && seal == Seal::Missing && index.is_empty() {
                // The very first start was cut short.
                index.begin(Meta::empty(evidence.epoch)).map_err(|trouble| self.told(trouble))?;
                return Ok(Ok(index));
            }
            index.discard();
            return Ok(Err(Some("it is empty".to_owned())));
        };
        if epoch.is_some_and(|epoch| epoch != meta.epoch) {
            index.discard();
            return Ok(Err(Some("it belongs to another store".to_owned())));
        }
        if seal != Seal::Whole {
            match index.verify() {
                Ok(()) => {}
                Err(Trouble::World(error)) => return Err(error),
                Err(Trouble::Damaged(why)) => {
                    index.discard();
                    return Ok(Err(Some(why)));
                }
            }
        }
        let base = evidence.commits.best_base(
            &evidence.bases().into_iter().chain([meta.last_seq]).collect::<Vec<_>>(),
            evidence.last.max(meta.last_seq),
        );
        if base > meta.last_seq {
            index.discard();
            return Ok(Err(Some(format!("it ends at commit {}, before the journal begins", meta.last_seq))));
        }
        Ok(Ok(index))
    }

    /// Brings a believed index up to the journal.
    fn catch_up(
        &self,
        mut index: Index,
        evidence: &Evidence,
        repairs: &mut Vec<Repair>,
    ) -> Result<Index, StoreError> {
        let from = index.meta().map_or(0, |meta| meta.last_seq);
        let plans = evidence.plans_after(from, &self.journal_dir())?;
        for (seq, plans) in &plans {
            index.apply(plans, Extent::Commit(*seq)).map_err(|trouble| self.told(trouble))?;
        }
        if !plans.is_empty() {
            repairs.push(Repair::Replayed { commits: plans.len() });
        }
        self.settle_losses(&mut index, from, evidence, repairs)?;
        Ok(index)
    }

    /// Makes a new index beside the old one from the best checkpoint and the journal, and puts it in its place.
    fn rebuild(
        &self,
        evidence: &mut Evidence,
        why: Option<String>,
        repairs: &mut Vec<Repair>,
    ) -> Result<Index, StoreError> {
        let told = |trouble| self.told(trouble);
        if evidence.last == 0 && why.is_none() {
            let mut index = Index::open(&self.db()).map_err(told)?;
            index.begin(Meta::empty(evidence.epoch)).map_err(told)?;
            return Ok(index);
        }
        let checked = std::mem::take(&mut evidence.checkpoints);
        for (checkpoint, heading) in checked {
            match checkpoint::check(&checkpoint.path)? {
                Ok(_) => evidence.checkpoints.push((checkpoint, heading)),
                Err(why) => repairs.push(Repair::Unusable { path: checkpoint.path, why }),
            }
        }
        let base = evidence.commits.best_base(&evidence.bases(), evidence.last);
        let fresh = self.dir.join("db.new");
        self.remove(&fresh)?;
        let mut index = Index::open(&fresh).map_err(told)?;
        index.begin_rebuild(Meta::empty(evidence.epoch));
        if let Some((checkpoint, _)) = evidence.checkpoints.iter().find(|(_, heading)| heading.last_seq == base) {
            self.load(&checkpoint.path, &mut index)?;
        }
        for (_, plans) in evidence.plans_after(base, &self.journal_dir())? {
            index.apply(&plans, Extent::Piece).map_err(told)?;
        }
        index.finish(evidence.last).map_err(told)?;
        let records = index.meta().map_or(0, |meta| meta.records);
        index.close().map_err(told)?;

        let aside = if self.db().exists() { Some(self.set_aside()?) } else { None };
        fs::rename(&fresh, self.db()).map_err(|error| StoreError::io("rename", &fresh, error))?;
        sync_dir(&self.dir)?;
        let mut index = Index::open(&self.db()).map_err(told)?;

        if evidence.last > 0 || aside.is_some() {
            let why = why.unwrap_or_else(|| "it was gone".to_owned());
            repairs.push(Repair::Rebuilt { why, aside, records });
        }
        if evidence.last == 0 && records == 0 && repairs.iter().any(|repair| matches!(repair, Repair::Rebuilt { .. })) {
            repairs.push(Repair::Lost { first: 1, last: None });
        }
        self.settle_losses(&mut index, base, evidence, repairs)?;
        Ok(index)
    }

    /// Names the commits after `base` that nothing holds, and counts on from the last.
    fn settle_losses(
        &self,
        index: &mut Index,
        base: u64,
        evidence: &Evidence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StoreError> {
        let lost = evidence.commits.missing(base, evidence.last);
        repairs.extend(lost.iter().map(|&(first, last)| Repair::Lost { first, last: Some(last) }));
        if index.meta().is_some_and(|meta| meta.last_seq < evidence.last) {
            index.finish(evidence.last).map_err(|trouble| self.told(trouble))?;
        }
        Ok(())
    }

    fn load(&self, path: &Path, index: &mut Index) -> Result<(), StoreError> {
        let mut piece: Vec<Plan> = Vec::new();
        let mut lines = 0;
        let told = |trouble| self.told(trouble);
        checkpoint::load(path, |line| {
            match line {
                Line::Source { source, state } => piece.push(Plan { source, state: *state, records: Vec::new() }),
                Line::Record { source, record } => match piece.last_mut().filter(|plan| plan.source == source) {
                    Some(plan) => plan.records.push(*record),
                    None => {
                        let state = index.state(&source).map_err(told)?.unwrap_or_default();
                        piece.push(Plan { source, state, records: vec![*record] });
                    }
                },
                Line::Store(_) | Line::End { .. } => {}
            }
            lines += 1;
            if lines % PIECE_LINES == 0 {
                index.apply(&std::mem::take(&mut piece), Extent::Piece).map_err(told)?;
            }
            Ok(())
        })?;
        index.apply(&piece, Extent::Piece).map_err(told)
    }

    /// Writes a checkpoint of all there is, and lets go of the journal that the one before it holds as well.
    fn checkpoint(&self, live: &mut Live) -> Result<(), StoreError> {
        let meta = live.index.meta().expect("an index in use says what it is");
        let heading = Heading {
            version: line::VERSION,
            epoch: meta.epoch,
            last_seq: meta.last_seq,
            sources: meta.sources,
            records: meta.records,
        };
        let index = &live.index;
        checkpoint::write(&self.dir, heading, |sink| index.lines(sink).map_err(|trouble| self.told(trouble)))?;
        live.journal.rotate()?;
        let found = checkpoint::find(&self.dir)?;
        let usable = |checkpoint: &Checkpoint| checkpoint.heading.as_ref().ok().map(|heading| heading.last_seq);
        live.journal.release(found.get(1).and_then(usable).unwrap_or(0))?;
        let size = found.first().map_or(0, |checkpoint| checkpoint.bytes);
        live.checkpoint_due_at = self.journal_bytes.max(size / 2);
        Ok(())
    }

    fn close(&self, index: Index) -> Result<(), StoreError> {
        index.close().map_err(|trouble| self.told(trouble))?;
        index::seal(&self.db(), &self.seal())
    }

    fn set_aside(&self) -> Result<PathBuf, StoreError> {
        let name = format!("db.damaged-{}", self.now.strftime("%Y%m%dT%H%M%SZ"));
        let mut aside = self.dir.join(&name);
        let mut again = 2;
        while aside.exists() {
            aside = self.dir.join(format!("{name}-{again}"));
            again += 1;
        }
        fs::rename(self.db(), &aside).map_err(|error| StoreError::io("rename", &self.db(), error))?;
        Ok(aside)
    }

    /// Deletes what was set aside long ago.
    fn prune(&self, repairs: &mut Vec<Repair>) -> Result<(), StoreError> {
        let trouble = |error| StoreError::io("read", &self.dir, error);
        let mut aside = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(trouble)? {
            let path = entry.map_err(trouble)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with("db.damaged-") {
                aside.push(path);
            }
        }
        aside.sort();
        aside.truncate(aside.len().saturating_sub(KEPT_ASIDE));
        for path in aside {
            self.remove(&path)?;
            repairs.push(Repair::Pruned { path });
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<(), StoreError> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", path, error)),
            _ => Ok(()),
        }
    }

    fn new_epoch(&self) -> Uuid {
        let seed = format!("{}\n{}\n{}", self.now, std::process::id(), self.dir.display());
        Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes())
    }

    /// Trouble that could not be mended, as an error.
    fn told(&self, trouble: Trouble) -> StoreError {
        match trouble {
            Trouble::World(error) => error,
            Trouble::Damaged(why) => StoreError::io("use", &self.db(), io::Error::new(ErrorKind::InvalidData, why)),
        }
    }
}
