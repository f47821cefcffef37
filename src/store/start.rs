//! A start: what the disk holds → a store in use, mended. Touches the disk.
//!
//! It compares the index with checkpoint and journal and mends what does not agree; each repair is one line for a
//! person. An index is believed when its files are as a clean close left them, or else when all it holds adds up
//! to the sum that stands beside it. It refuses to go on from less than there is: what no file has any more is
//! named, commit by commit.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    StoreError,
    checkpoint::{self, Checkpoint},
    guard::Trouble,
    index::{Extent, Index},
    journal::{self, Commit, Found, Journal, sync_dir},
    layout::Meta,
    line::{Heading, Line},
    live::{Live, Slot, read_anew},
    recover::Commits,
    renew::heading,
    repair::Repair,
    seal::{self, Seal, Sealed},
    states::{Mark, States},
};
use crate::record::Plan;

/// How many indexes that were set aside are kept.
const KEPT_ASIDE: usize = 2;

/// Where a store is, and how it is kept.
#[derive(Clone, Debug)]
pub struct Place {
    /// The state folder.
    pub dir: PathBuf,
    /// Names what is set aside.
    pub now: Timestamp,
    /// The size of the journal that asks for a checkpoint.
    pub journal_bytes: u64,
}

/// What a start has found.
struct Evidence {
    epoch: Uuid,
    journal: Vec<Commit>,
    commits: Commits,
    checkpoints: Vec<(Checkpoint, Heading)>,
    /// What the file of states belongs to; `None`: there is none of this store.
    filed: Option<Mark>,
    /// The last commit any file knows of.
    last: u64,
}

impl Evidence {
    fn checkpoint_seqs(&self) -> impl Iterator<Item = u64> {
        self.checkpoints.iter().map(|(_, heading)| heading.last_seq)
    }

    fn bases(&self) -> Vec<u64> {
        self.checkpoint_seqs().collect()
    }

    /// The size of the newest checkpoint; 0: there is none.
    fn checkpoint_bytes(&self) -> u64 {
        self.checkpoints.first().map_or(0, |(checkpoint, _)| checkpoint.bytes)
    }

    /// The commits that the checkpoints there are, with the journal, could not give back.
    fn missing(&self) -> Vec<(u64, u64)> {
        self.commits.missing(self.commits.best_base(&self.bases(), self.last), self.last)
    }

    /// The last commit that an index holds which says it ends at `seq`: those to the end of the states that were filed
    /// beside it have no records.
    fn reached(&self, seq: u64) -> u64 {
        let mark = self.filed.as_ref().filter(|mark| mark.index_seq == seq);
        mark.map_or(seq, |mark| mark.last_seq.max(seq))
    }

    /// The commits after one, each read when it is its turn.
    fn plans_after(
        &self,
        seq: u64,
        dir: &Path,
    ) -> impl Iterator<Item = Result<(u64, Vec<Plan>), StoreError>> {
        let plans = move |commit: &Commit| {
            let frame = commit.read(dir)?;
            let plans = serde_json::from_slice(&frame.payload).map_err(|error| {
                StoreError::io("read", dir, io::Error::new(ErrorKind::InvalidData, error))
            })?;
            Ok((frame.seq, plans))
        };
        self.journal.iter().filter(move |commit| commit.seq() > seq).map(plans)
    }
}

impl Place {
    pub fn journal_dir(&self) -> PathBuf {
        self.dir.join(journal::FOLDER)
    }

    pub fn db(&self) -> PathBuf {
        self.dir.join("db")
    }

    /// What is sealed, and by which file.
    pub fn sealed(&self) -> Sealed {
        let beside = [self.journal_dir(), self.states_file()];
        Sealed { index: self.db(), beside, seal: self.seal() }
    }

    pub fn seal(&self) -> PathBuf {
        self.dir.join("db.seal")
    }

    /// From whatever the disk holds to a store in use.
    pub fn start(&self, repairs: &mut Vec<Repair>) -> Result<Live, StoreError> {
        let mut told = Vec::new();
        let live = self.found(&mut told);
        repairs.append(&mut told);
        live
    }

    fn found(&self, repairs: &mut Vec<Repair>) -> Result<Live, StoreError> {
        checkpoint::sweep(&self.dir)?;
        self.settle_swap()?;
        let seal = seal::compare(&self.sealed())?;
        let mut filed = match self.filed(repairs)? {
            Some((states, mark)) if seal == Seal::Untouched => match self.as_left(&mark)? {
                Some((journal, bytes)) => return Ok(self.unopened(journal, (states, mark), bytes)),
                None => Some((states, mark)),
            },
            filed => filed,
        };
        let mut found = journal::find(&self.journal_dir())?;
        repairs.append(&mut found.repairs);
        let epoch = found.epoch.or_else(|| filed.as_ref().map(|(_, mark)| mark.epoch));
        let checkpoints = self.checkpoints(epoch, repairs)?;
        let epoch = epoch.or_else(|| checkpoints.first().map(|(_, heading)| heading.epoch));
        if filed.as_ref().is_some_and(|(_, mark)| Some(mark.epoch) != epoch) {
            filed = None;
            let why = "it belongs to another store".to_owned();
            repairs.push(Repair::Unusable { path: self.states_file(), why });
        }
        let mut evidence = Evidence {
            epoch: epoch.unwrap_or_else(|| self.new_epoch()),
            commits: Commits::new(found.commits.iter().map(Commit::seq).collect()),
            journal: std::mem::take(&mut found.commits),
            filed: filed.as_ref().map(|(_, mark)| mark.clone()),
            last: 0,
            checkpoints,
        };
        let known = [evidence.commits.last(), evidence.filed.as_ref().map_or(0, |mark| mark.last_seq)];
        evidence.last = evidence.checkpoint_seqs().chain(known).max().unwrap_or(0);

        match filed {
            Some((states, mark))
                if matches!(seal, Seal::Untouched | Seal::Whole)
                    && repairs.is_empty()
                    && found.epoch.is_some()
                    && mark.last_seq == evidence.last
                    && evidence.missing().is_empty() =>
            {
                let journal = Journal::resume(found, mark.epoch)?;
                Ok(self.unopened(journal, (states, mark), evidence.checkpoint_bytes()))
            }
            filed => self.mend(found, evidence, (seal, epoch, filed), repairs),
        }
    }

    /// The journal of a store whose files are as they were left, with the size of its newest checkpoint; `None`: something
    /// else is there than was.
    fn as_left(&self, mark: &Mark) -> Result<Option<(Journal, u64)>, StoreError> {
        let mut amiss = Vec::new();
        let checkpoints = self.checkpoints(Some(mark.epoch), &mut amiss)?;
        let is_newer = |(_, heading): &(Checkpoint, Heading)| heading.last_seq > mark.last_seq;
        if !amiss.is_empty() || checkpoints.iter().any(is_newer) {
            return Ok(None);
        }
        let bytes = checkpoints.first().map_or(0, |(checkpoint, _)| checkpoint.bytes);
        let journal = Journal::noted(self.journal_dir(), mark.epoch, &mark.journal)?;
        Ok(journal.map(|journal| (journal, bytes)))
    }

    /// A store that is as it was left, but for the index, which nobody asked yet.
    fn unopened(&self, journal: Journal, (states, mark): (States, Mark), checkpoint_bytes: u64) -> Live {
        Live {
            journal,
            states,
            index: Slot::Closed(mark.index_seq),
            last_seq: mark.last_seq,
            checkpoint_due_at: self.checkpoint_due_at(checkpoint_bytes),
            is_filed: true,
        }
    }

    /// From files that do not agree, or were not closed, to a store in use.
    fn mend(
        &self,
        found: Found,
        mut evidence: Evidence,
        (seal, epoch, filed): (Seal, Option<Uuid>, Option<(States, Mark)>),
        repairs: &mut Vec<Repair>,
    ) -> Result<Live, StoreError> {
        let believed = match self.open_index(&evidence, epoch, seal)? {
            Ok(index) => self.carry_over(index, repairs)?,
            Err(why) => Err(why),
        };
        let mut bases: Vec<(u64, States)> =
            filed.map(|(states, mark)| (mark.last_seq, states)).into_iter().collect();
        let mut index = match believed {
            Ok((index, carried)) => {
                let meta = index.begun();
                evidence.epoch = meta.epoch;
                evidence.last = evidence.last.max(meta.last_seq);
                bases.extend(carried.map(|states| (meta.last_seq, states)));
                match self.catch_up(index, &evidence, repairs)? {
                    Ok(index) => index,
                    Err(why) => self.rebuild(&mut evidence, Some(why), repairs)?,
                }
            }
            Err(why) => self.rebuild(&mut evidence, why, repairs)?,
        };
        let mut states = self.states(bases, &mut evidence, &index, repairs)?;
        let is_lost = repairs.iter().any(|repair| matches!(repair, Repair::Lost { .. }));
        if is_lost {
            read_anew(&mut states, &index).map_err(|trouble| self.told(trouble))?;
        }
        if index.begun().last_seq < evidence.last {
            index.finish(evidence.last).map_err(|trouble| self.told(trouble))?;
        }
        let mut live = Live {
            journal: Journal::resume(found, evidence.epoch)?,
            states,
            last_seq: index.begun().last_seq,
            index: Slot::Open(index),
            checkpoint_due_at: self.checkpoint_due_at(evidence.checkpoint_bytes()),
            is_filed: false,
        };

        let is_incomplete = !evidence.missing().is_empty();
        let is_damaged =
            |repair: &Repair| matches!(repair, Repair::JournalDamaged { .. } | Repair::Unusable { .. });
        if is_incomplete || is_lost || repairs.iter().any(is_damaged) {
            self.checkpoint(&mut live)?;
            if is_incomplete && !is_lost {
                repairs.push(Repair::Secured { last_seq: live.last_seq });
            }
        }
        self.prune(repairs)?;
        Ok(live)
    }

    /// The states up to the last commit, from the best of those that are known as of a commit, or a checkpoint, and the
    /// journal.
    fn states(
        &self,
        mut bases: Vec<(u64, States)>,
        evidence: &mut Evidence,
        index: &Index,
        repairs: &mut Vec<Repair>,
    ) -> Result<States, StoreError> {
        let (base, mut states) = loop {
            let seqs: Vec<u64> =
                bases.iter().map(|(seq, _)| *seq).chain(evidence.checkpoint_seqs()).collect();
            let base = evidence.commits.best_base(&seqs, evidence.last);
            if let Some(at) = bases.iter().position(|(seq, _)| *seq == base) {
                break bases.swap_remove(at);
            }
            let Some(at) = evidence.checkpoint_seqs().position(|seq| seq == base) else {
                break (base, States::default());
            };
            match states_of(&evidence.checkpoints[at].0)? {
                Ok(states) => break (base, states),
                Err(why) => {
                    let (checkpoint, _) = evidence.checkpoints.remove(at);
                    repairs.push(Repair::Unusable { path: checkpoint.path, why });
                }
            }
        };
        for commit in evidence.plans_after(base, &self.journal_dir()) {
            states.apply(&commit?.1);
        }
        let missing = evidence.commits.missing(base, evidence.last);
        if !missing.is_empty() {
            number(&mut states, index).map_err(|trouble| self.told(trouble))?;
        }
        if !repairs.iter().any(|repair| matches!(repair, Repair::Lost { .. })) {
            repairs.extend(missing.iter().map(|&(first, last)| Repair::Outdated { first, last }));
        }
        Ok(states)
    }

    fn checkpoint_due_at(&self, last_bytes: u64) -> u64 {
        self.journal_bytes.max(last_bytes)
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
        seal: Seal,
    ) -> Result<Result<Index, Option<String>>, StoreError> {
        let path = self.db();
        seal::unseal(&self.seal())?;
        if !path.exists() {
            return Ok(Err(None));
        }
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
        if matches!(seal, Seal::Missing | Seal::Broken) {
            match index.verify() {
                Ok(()) => {}
                Err(Trouble::World(error)) => return Err(error),
                Err(Trouble::Damaged(why)) => {
                    index.discard();
                    return Ok(Err(Some(why)));
                }
            }
        }
        let reached = evidence.reached(meta.last_seq);
        let base = evidence.commits.best_base(
            &evidence.bases().into_iter().chain([reached]).collect::<Vec<_>>(),
            evidence.last.max(reached),
        );
        if base > reached {
            index.discard();
            return Ok(Err(Some(format!("it ends at commit {}, before the journal begins", meta.last_seq))));
        }
        Ok(Ok(index))
    }

    /// Brings a believed index up to the journal; the inner `Err` says why it could not be.
    fn catch_up(
        &self,
        mut index: Index,
        evidence: &Evidence,
        repairs: &mut Vec<Repair>,
    ) -> Result<Result<Index, String>, StoreError> {
        let from = evidence.reached(index.begun().last_seq);
        let mut commits = 0;
        for commit in evidence.plans_after(from, &self.journal_dir()) {
            let (seq, plans) = commit?;
            commits += 1;
            match index.apply(&plans, Extent::Commit(seq)) {
                Ok(()) => {}
                Err(Trouble::World(error)) => return Err(error),
                Err(Trouble::Damaged(why)) => {
                    index.discard();
                    return Ok(Err(why));
                }
            }
        }
        if commits > 0 {
            repairs.push(Repair::Replayed { commits });
        }
        self.settle_losses(&mut index, from, evidence, repairs)?;
        Ok(Ok(index))
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
        let best = evidence.checkpoints.iter().find(|(_, heading)| heading.last_seq == base);
        let wanted = Meta { last_seq: evidence.last, ..Meta::empty(evidence.epoch) };
        let (fresh, meta, _) = self.fresh(wanted, |index| {
            let states = match best {
                Some((checkpoint, _)) => self.load(&checkpoint.path, index)?,
                None => States::default(),
            };
            for commit in evidence.plans_after(base, &self.journal_dir()) {
                index.apply(&commit?.1, Extent::Piece).map_err(told)?;
            }
            Ok(states)
        })?;
        let records = meta.records;

        let aside = if self.db().exists() { Some(self.set_aside()?) } else { None };
        if !evidence.commits.missing(base, evidence.last).is_empty() {
            // It says of pages that they were read whose entries are lost; whatever ends this before it is filed anew.
            self.unfile()?;
        }
        fs::rename(&fresh, self.db()).map_err(|error| StoreError::io("rename", &fresh, error))?;
        sync_dir(&self.dir)?;
        let mut index = Index::open(&self.db()).map_err(told)?;

        if evidence.last > 0 || aside.is_some() {
            let why = why.unwrap_or_else(|| "it was gone".to_owned());
            repairs.push(Repair::Rebuilt { why, aside, records });
        }
        if evidence.last == 0
            && records == 0
            && repairs.iter().any(|repair| matches!(repair, Repair::Rebuilt { .. }))
        {
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

    /// Writes a checkpoint of all there is, and lets go of the journal that the one before it holds as well. The size
    /// of the checkpoint.
    pub fn checkpoint(&self, live: &mut Live) -> Result<u64, StoreError> {
        let told = |trouble| self.told(trouble);
        let last_seq = live.last_seq;
        let (index, states) = self.opened(live).map_err(told)?;
        let meta = Meta { last_seq, ..index.begun() };
        checkpoint::write(&self.dir, heading(meta, states), |sink| index.lines(states, sink).map_err(told))?;
        live.journal.rotate()?;
        let found = checkpoint::find(&self.dir)?;
        let usable =
            |checkpoint: &Checkpoint| checkpoint.heading.as_ref().ok().map(|heading| heading.last_seq);
        live.journal.release(found.get(1).and_then(usable).unwrap_or(0))?;
        let size = found.first().map_or(0, |checkpoint| checkpoint.bytes);
        live.checkpoint_due_at = self.checkpoint_due_at(size);
        // After a kill they would be had from the checkpoint, which is much to read.
        live.is_filed = false;
        self.file(live)?;
        Ok(size)
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
            remove(&path)?;
            repairs.push(Repair::Pruned { path });
        }
        Ok(())
    }

    fn new_epoch(&self) -> Uuid {
        let seed = format!("{}\n{}\n{}", self.now, std::process::id(), self.dir.display());
        Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes())
    }

    /// Trouble that could not be mended, as an error.
    pub fn told(&self, trouble: Trouble) -> StoreError {
        match trouble {
            Trouble::World(error) => error,
            Trouble::Damaged(why) => {
                StoreError::io("use", &self.db(), io::Error::new(ErrorKind::InvalidData, why))
            }
        }
    }
}

/// The states that a checkpoint holds; the inner `Err` says why it cannot be used.
fn states_of(checkpoint: &Checkpoint) -> Result<Result<States, String>, StoreError> {
    if let Err(why) = checkpoint::check(&checkpoint.path)? {
        return Ok(Err(why));
    }
    let mut states = States::default();
    checkpoint::load(&checkpoint.path, |line| {
        if let Line::Source { source, state } = line {
            states.put(source, &state);
        }
        Ok(())
    })?;
    Ok(Ok(states))
}

/// Brings states up to the records there are: a number is never used again, whatever else of a source is lost.
fn number(states: &mut States, index: &Index) -> Result<(), Trouble> {
    for source in index.sources()? {
        let mut state = states.get(&source)?;
        let last = index.numbers(&source, &[], 1)?.last().copied();
        state.last_number = state.last_number.max(last.unwrap_or(0));
        states.put(source, &state);
    }
    Ok(())
}

/// Deletes a folder, if it is there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", path, error)),
        _ => Ok(()),
    }
}
