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
    journal::{self, Commit, Journal, sync_dir},
    layout::Meta,
    line::Heading,
    recover::Commits,
    renew::heading,
    repair::Repair,
    seal::{self, Seal},
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

/// A store in use.
pub struct Live {
    /// Where commits become durable.
    pub journal: Journal,
    /// Where they are found again.
    pub index: Index,
    /// The size of the journal that asks for a checkpoint.
    pub checkpoint_due_at: u64,
}

impl Live {
    /// The last commit.
    pub fn last_seq(&self) -> u64 {
        self.index.meta().map_or(0, |meta| meta.last_seq)
    }
}

/// What a start has found.
struct Evidence {
    epoch: Uuid,
    journal: Vec<Commit>,
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
        self.dir.join("journal")
    }

    pub fn db(&self) -> PathBuf {
        self.dir.join("db")
    }

    fn seal(&self) -> PathBuf {
        self.dir.join("db.seal")
    }

    /// From whatever the disk holds to a store in use.
    pub fn start(&self, repairs: &mut Vec<Repair>) -> Result<Live, StoreError> {
        checkpoint::sweep(&self.dir)?;
        self.settle_swap()?;
        let told_before = repairs.len();
        let seal = seal::compare(&self.db(), &self.journal_dir(), &self.seal())?;
        let mut found = journal::find(&self.journal_dir(), seal)?;
        repairs.append(&mut found.repairs);
        let checkpoints = self.checkpoints(found.epoch, repairs)?;
        let epoch = found.epoch.or_else(|| checkpoints.first().map(|(_, heading)| heading.epoch));
        let mut evidence = Evidence {
            epoch: epoch.unwrap_or_else(|| self.new_epoch()),
            commits: Commits::new(found.commits.iter().map(Commit::seq).collect()),
            journal: std::mem::take(&mut found.commits),
            last: 0,
            checkpoints,
        };
        evidence.last = evidence.bases().into_iter().chain([evidence.commits.last()]).max().unwrap_or(0);

        let believed = match self.open_index(&evidence, epoch, seal)? {
            Ok(index) => self.carry_over(index, repairs)?,
            Err(why) => Err(why),
        };
        let index = match believed {
            Ok(index) => {
                let meta = index.meta().expect("a trusted index says what it is");
                evidence.epoch = meta.epoch;
                evidence.last = evidence.last.max(meta.last_seq);
                match self.catch_up(index, &evidence, repairs)? {
                    Ok(index) => index,
                    Err(why) => self.rebuild(&mut evidence, Some(why), repairs)?,
                }
            }
            Err(why) => self.rebuild(&mut evidence, why, repairs)?,
        };
        let journal = Journal::resume(found, evidence.epoch)?;
        let size = evidence.checkpoints.first().map_or(0, |(checkpoint, _)| checkpoint.bytes);
        let checkpoint_due_at = self.checkpoint_due_at(size);
        let mut live = Live { journal, index, checkpoint_due_at };

        let is_incomplete = !evidence.missing().is_empty();
        let is_damaged =
            |repair: &Repair| matches!(repair, Repair::JournalDamaged { .. } | Repair::Unusable { .. });
        if is_incomplete || repairs[told_before..].iter().any(is_damaged) {
            self.checkpoint(&mut live)?;
            if is_incomplete
                && !repairs[told_before..].iter().any(|repair| matches!(repair, Repair::Lost { .. }))
            {
                repairs.push(Repair::Secured { last_seq: live.last_seq() });
            }
        }
        self.prune(repairs)?;
        Ok(live)
    }

    fn checkpoint_due_at(&self, last_bytes: u64) -> u64 {
        self.journal_bytes.max(last_bytes / 2)
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

    /// Brings a believed index up to the journal; the inner `Err` says why it could not be.
    fn catch_up(
        &self,
        mut index: Index,
        evidence: &Evidence,
        repairs: &mut Vec<Repair>,
    ) -> Result<Result<Index, String>, StoreError> {
        let from = index.meta().map_or(0, |meta| meta.last_seq);
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
        let (fresh, meta) = self.fresh(wanted, |index| {
            if let Some((checkpoint, _)) = best {
                self.load(&checkpoint.path, index)?;
            }
            for commit in evidence.plans_after(base, &self.journal_dir()) {
                index.apply(&commit?.1, Extent::Piece).map_err(told)?;
            }
            Ok(())
        })?;
        let records = meta.records;

        let aside = if self.db().exists() { Some(self.set_aside()?) } else { None };
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
        let heading = heading(live.index.meta().expect("an index in use says what it is"));
        let index = &live.index;
        checkpoint::write(&self.dir, heading, |sink| {
            index.lines(sink).map_err(|trouble| self.told(trouble))
        })?;
        live.journal.rotate()?;
        let found = checkpoint::find(&self.dir)?;
        let usable =
            |checkpoint: &Checkpoint| checkpoint.heading.as_ref().ok().map(|heading| heading.last_seq);
        live.journal.release(found.get(1).and_then(usable).unwrap_or(0))?;
        let size = found.first().map_or(0, |checkpoint| checkpoint.bytes);
        live.checkpoint_due_at = self.checkpoint_due_at(size);
        Ok(size)
    }

    pub fn close(&self, index: Index) -> Result<(), StoreError> {
        let is_long = index.is_long();
        index.close().map_err(|trouble| self.told(trouble))?;
        if is_long {
            // Now, when nobody waits for it.
            Index::open(&self.db()).and_then(Index::close).map_err(|trouble| self.told(trouble))?;
        }
        seal::seal(&self.db(), &self.journal_dir(), &self.seal())
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

/// Deletes a folder, if it is there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", path, error)),
        _ => Ok(()),
    }
}
