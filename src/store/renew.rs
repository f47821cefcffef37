//! Renewal: a checkpoint → a new index in the place of the old one. Touches the disk.
//!
//! sled's file never shrinks, so an index that has outgrown what it holds is made anew; an import is the same with
//! another checkpoint. At every moment the state folder holds enough to start from.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    StoreError, checkpoint,
    guard::Trouble,
    index::{Extent, Index},
    journal::sync_dir,
    layout::{self, Meta},
    line::{self, Heading, Line},
    live::{Live, Slot},
    repair::Repair,
    seal,
    start::{Place, remove},
    states::{Mark, States},
};
use crate::{
    id::SourceId,
    record::{Plan, SourceState, Trace},
};

/// How many lines of a checkpoint go into one transaction.
const PIECE_LINES: usize = 500;
/// An index may be this many times as large as the checkpoint of what it holds; a new one is about half as large.
const OUTGROWN: u64 = 4;
/// Below this size nobody minds.
const SMALL: u64 = 64 << 20;

/// An index of this version, and the states that one of an older version held; or why there is none.
pub type Carried = Result<(Index, Option<States>), Option<String>>;

impl Place {
    /// Whether the index is far larger than what it holds, given the size of a checkpoint of that.
    pub fn is_outgrown(&self, checkpoint_bytes: u64) -> bool {
        let bytes_of = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
        let bytes: u64 = seal::files(&self.db()).unwrap_or_default().iter().map(bytes_of).sum();
        bytes > self.small_bytes().max(checkpoint_bytes.saturating_mul(OUTGROWN))
    }

    /// Where the old index is while a new one is put in its place.
    fn outgrown(&self) -> PathBuf {
        self.dir.join("db.old")
    }

    /// Ends what a crash left half done: without an index, the old one is there.
    pub fn settle_swap(&self) -> Result<(), StoreError> {
        let (db, outgrown) = (self.db(), self.outgrown());
        if db.exists() || !outgrown.exists() {
            return remove(&outgrown);
        }
        fs::rename(&outgrown, &db).map_err(|error| StoreError::io("rename", &outgrown, error))?;
        sync_dir(&self.dir)
    }

    fn small_bytes(&self) -> u64 {
        // Tests have small journals, and mean small indexes too.
        SMALL.min(self.journal_bytes.saturating_mul(8))
    }

    /// Makes the index anew from the checkpoint that was just written; no commit may have come since.
    pub fn renew(&self, live: Live) -> Result<Live, StoreError> {
        let meta = Meta { last_seq: live.last_seq, ..Meta::empty(live.journal.epoch()) };
        let current = self.dir.join(checkpoint::CURRENT);
        let (fresh, _, _) = self.fresh(meta, |index| self.load(&current, index))?;
        self.swap(live, &fresh)
    }

    /// An index of an older version as one of this version, made from all it holds, and the states that it held; the
    /// inner `Err` says why it cannot be.
    pub fn carry_over(&self, index: Index, repairs: &mut Vec<Repair>) -> Result<Carried, StoreError> {
        let was = index.begun();
        if was.version == layout::VERSION {
            return Ok(Ok((index, None)));
        }
        let mut damage = None;
        let copied = self.fresh(was, |fresh| {
            let mut piece = Piece::default();
            let lines = index
                .old_states()
                .and_then(|states| index.lines(&states, &mut |line| piece.take(line, self, fresh)));
            match lines {
                Ok(()) => piece.finish(self, fresh),
                Err(Trouble::World(error)) => Err(error),
                Err(Trouble::Damaged(why)) => {
                    damage = Some(why);
                    Ok(States::default())
                }
            }
        });
        let (fresh, is, states) = copied?;
        if is.records != was.records || states.len() != was.sources {
            damage.get_or_insert_with(|| {
                format!("it holds {} records where {} were written", is.records, was.records)
            });
        }
        index.discard();
        if damage.is_some() {
            return Ok(Err(damage));
        }
        // The old index was the only place they had.
        let (epoch, last_seq) = (is.epoch, is.last_seq);
        let mark = Mark { epoch, last_seq, index_seq: last_seq, journal: Vec::new() };
        self.file_states(&states, &mark, true)?;
        let index = self.replace(&fresh)?;
        repairs.push(Repair::CarriedOver { from: was.version, records: is.records });
        Ok(Ok((index, Some(states))))
    }

    /// Puts what `lines` say into an empty store.
    pub fn import(
        &self,
        mut live: Live,
        lines: &mut dyn Iterator<Item = Result<Line, StoreError>>,
    ) -> Result<Live, StoreError> {
        let meta = Meta { last_seq: live.last_seq + 1, ..Meta::empty(live.journal.epoch()) };
        let (fresh, filled, states) = self.fresh(meta, |index| {
            let mut piece = Piece::default();
            for line in lines {
                piece.take(line?, self, index)?;
            }
            piece.finish(self, index)
        })?;
        // The checkpoint is what makes the import stand: a start that finds it makes the index from it.
        seal::unseal(&self.seal())?;
        let index = Index::open(&fresh).map_err(|trouble| self.told(trouble))?;
        checkpoint::write(&self.dir, heading(filled, &states), |sink| {
            index.lines(&states, sink).map_err(|trouble| self.told(trouble))
        })?;
        index.close().map_err(|trouble| self.told(trouble))?;
        live.journal.rotate()?;
        (live.states, live.last_seq) = (states, filled.last_seq);
        self.swap(live, &fresh)
    }

    /// A closed index beside the one in use, up to `meta.last_seq`; its path, what it says of itself, and the states
    /// beside what it was filled with.
    pub fn fresh(
        &self,
        meta: Meta,
        fill: impl FnOnce(&mut Index) -> Result<States, StoreError>,
    ) -> Result<(PathBuf, Meta, States), StoreError> {
        let told = |trouble| self.told(trouble);
        let path = self.dir.join("db.new");
        remove(&path)?;
        let mut index = Index::open(&path).map_err(told)?;
        index.begin_rebuild(Meta::empty(meta.epoch));
        let states = fill(&mut index)?;
        index.finish(meta.last_seq).map_err(told)?;
        let meta = index.begun();
        index.close().map_err(told)?;
        sync_dir(&path)?;
        Ok((path, meta, states))
    }

    fn swap(&self, mut live: Live, fresh: &Path) -> Result<Live, StoreError> {
        if let Slot::Open(index) = live.index {
            index.discard();
        }
        seal::unseal(&self.seal())?;
        live.index = Slot::Open(self.replace(fresh)?);
        live.is_filed = false;
        Ok(live)
    }

    /// Puts a new index in the place of an old one, which is closed. A start that finds neither goes on with the old one.
    fn replace(&self, fresh: &Path) -> Result<Index, StoreError> {
        let outgrown = self.outgrown();
        remove(&outgrown)?;
        fs::rename(self.db(), &outgrown).map_err(|error| StoreError::io("rename", &self.db(), error))?;
        fs::rename(fresh, self.db()).map_err(|error| StoreError::io("rename", fresh, error))?;
        sync_dir(&self.dir)?;
        remove(&outgrown)?;
        Index::open(&self.db()).map_err(|trouble| self.told(trouble))
    }

    /// Fills a new index with what a checked checkpoint holds; the states it holds beside it.
    pub fn load(&self, path: &Path, index: &mut Index) -> Result<States, StoreError> {
        let mut piece = Piece::default();
        checkpoint::load(path, |line| piece.take(line, self, index))?;
        piece.finish(self, index)
    }
}

/// The heading of a checkpoint of an index and the states beside it.
pub fn heading(meta: Meta, states: &States) -> Heading {
    Heading {
        version: line::VERSION,
        epoch: meta.epoch,
        last_seq: meta.last_seq,
        sources: states.len(),
        records: meta.records,
    }
}

/// Lines that go into a new index together, and the states among them.
#[derive(Default)]
struct Piece {
    states: States,
    plans: Vec<Plan>,
    traces: Vec<(SourceId, Vec<Trace>)>,
    lines: usize,
}

impl Piece {
    fn take(&mut self, line: Line, place: &Place, index: &mut Index) -> Result<(), StoreError> {
        match line {
            Line::Source { source, state } => self.states.put(source, &state),
            Line::Record { source, record } => match self.plans.last_mut() {
                Some(plan) if plan.source == source => plan.records.push(*record),
                _ => {
                    let plan = Plan::of(source, SourceState::default());
                    self.plans.push(Plan { records: vec![*record], ..plan });
                }
            },
            Line::Trace { source, trace } => match self.traces.last_mut() {
                Some((last, traces)) if *last == source => traces.push(trace),
                _ => self.traces.push((source, vec![trace])),
            },
            Line::Store(_) | Line::End { .. } => return Ok(()),
        }
        self.lines += 1;
        if self.lines.is_multiple_of(PIECE_LINES) { self.flush(place, index) } else { Ok(()) }
    }

    fn flush(&mut self, place: &Place, index: &mut Index) -> Result<(), StoreError> {
        let told = |trouble| place.told(trouble);
        index.apply(&std::mem::take(&mut self.plans), Extent::Piece).map_err(told)?;
        for (source, traces) in std::mem::take(&mut self.traces) {
            index.apply_traces(&source, &traces).map_err(told)?;
        }
        Ok(())
    }

    fn finish(mut self, place: &Place, index: &mut Index) -> Result<States, StoreError> {
        self.flush(place, index)?;
        Ok(self.states)
    }
}
