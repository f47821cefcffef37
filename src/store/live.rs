//! A store in use: journal, states and, once a record is asked for, the index. Touches the disk.
//!
//! Opening sled costs more than all else a run does in which no page changed, so it is put off until it must be.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs::{self, File},
    io::{BufReader, ErrorKind},
    path::PathBuf,
};

use serde_json::value::RawValue;

use super::{
    StoreError, checkpoint,
    guard::Trouble,
    index::{Extent, Index},
    journal::Journal,
    layout,
    repair::Repair,
    seal,
    start::Place,
    states::{Mark, States, Unread},
};
use crate::{id::SourceId, page::Validators, record::Plan};

/// A store in use.
pub struct Live {
    /// Where commits become durable.
    pub journal: Journal,
    /// What is known of each source.
    pub states: States,
    /// Where records are found again.
    pub index: Slot,
    /// The last commit.
    pub last_seq: u64,
    /// The size of the journal that asks for a checkpoint.
    pub checkpoint_due_at: u64,
    /// Whether the file of states says what these say.
    pub is_filed: bool,
}

/// The index, or what is known of it.
pub enum Slot {
    /// Nobody asked for a record yet. Its files are as they were left, with this as the last commit that it says it
    /// holds; what came since has no records.
    Closed(u64),
    /// In use.
    Open(Index),
}

impl Live {
    fn index_seq(&self) -> u64 {
        match &self.index {
            Slot::Closed(seq) => *seq,
            Slot::Open(index) => index.begun().last_seq,
        }
    }

    /// Brings in plans, whose states are given as JSON too, that stand in the journal as commit `seq`.
    ///
    /// # Errors
    /// The index could not take them, and is to be started again.
    pub fn take(
        &mut self,
        (plans, states): (&[Plan], &[Box<RawValue>]),
        seq: u64,
        place: &Place,
    ) -> Result<(), Trouble> {
        self.is_filed = false;
        if plans.iter().any(Plan::has_records) {
            place.index(self)?.apply(plans, Extent::Commit(seq))?;
        }
        self.states.apply_written(plans, states);
        self.last_seq = seq;
        Ok(())
    }

    /// Ends without a word: what it holds is not needed any more.
    pub fn discard(self) {
        if let Slot::Open(index) = self.index {
            index.discard();
        }
    }
}

impl Place {
    /// The index of a store.
    pub fn index<'a>(&self, live: &'a mut Live) -> Result<&'a mut Index, Trouble> {
        self.opened(live).map(|(index, _)| index)
    }

    /// The index of a store, opened if it was not, and the states beside it.
    pub fn opened<'a>(&self, live: &'a mut Live) -> Result<(&'a mut Index, &'a States), Trouble> {
        if let Slot::Closed(seq) = live.index {
            seal::unseal(&self.seal()).map_err(Trouble::World)?;
            let index = Index::open(&self.db())?;
            let is_same = index.meta().is_some_and(|meta| {
                (meta.epoch, meta.last_seq, meta.version) == (live.journal.epoch(), seq, layout::VERSION)
            });
            if !is_same {
                index.discard();
                return Err(Trouble::Damaged("it is not the one that was closed".to_owned()));
            }
            live.index = Slot::Open(index);
        }
        match &mut live.index {
            Slot::Open(index) => Ok((index, &live.states)),
            Slot::Closed(_) => unreachable!("it was just opened"),
        }
    }

    pub fn states_file(&self) -> PathBuf {
        self.dir.join("states")
    }

    /// Takes away the file of states, if there is one.
    pub fn unfile(&self) -> Result<(), StoreError> {
        let path = self.states_file();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", &path, error)),
            _ => Ok(()),
        }
    }

    /// The states as they were last filed; `None`: there are none, or they cannot be used, which is told.
    pub fn filed(&self, repairs: &mut Vec<Repair>) -> Result<Option<(States, Mark)>, StoreError> {
        let path = self.states_file();
        let file = match File::open(&path) {
            Ok(file) => BufReader::with_capacity(checkpoint::BUFFER_BYTES, file),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("open", &path, error)),
        };
        match States::read_file(file) {
            Ok(filed) => Ok(Some(filed)),
            Err(Unread::Newer(found)) => {
                Err(StoreError::Newer { path, found, known: super::states::VERSION })
            }
            Err(Unread::World(error)) => Err(StoreError::io("read", &path, error)),
            Err(Unread::Damaged) => {
                repairs.push(Repair::Unusable { path, why: "it is not what was written".to_owned() });
                Ok(None)
            }
        }
    }

    /// Files the states, if the file says something else. What is lost of it is had again from the journal, as long as
    /// that has it.
    pub fn file(&self, live: &mut Live) -> Result<(), StoreError> {
        if live.is_filed {
            return Ok(());
        }
        let mark = Mark {
            epoch: live.journal.epoch(),
            last_seq: live.last_seq,
            index_seq: live.index_seq(),
            journal: live.journal.note(),
        };
        self.file_states(&live.states, &mark, false)?;
        live.is_filed = true;
        Ok(())
    }

    /// Puts these states in the place of those that were filed.
    pub fn file_states(&self, states: &States, mark: &Mark, is_durable: bool) -> Result<(), StoreError> {
        checkpoint::put(&self.states_file(), is_durable, |sink| states.write(mark, sink))
    }

    /// Settles everything, so that the next start finds it as it is.
    pub fn close(&self, mut live: Live) -> Result<(), StoreError> {
        let was_filed = live.is_filed;
        self.file(&mut live)?;
        let Live { index, states, .. } = live;
        drop(states);
        match index {
            Slot::Open(index) => {
                let is_long = index.is_long();
                index.close().map_err(|trouble| self.told(trouble))?;
                if is_long {
                    // Now, when nobody waits for it.
                    Index::open(&self.db()).and_then(Index::close).map_err(|trouble| self.told(trouble))?;
                }
                seal::seal(&self.sealed())
            }
            Slot::Closed(_) if was_filed => Ok(()),
            Slot::Closed(_) => seal::renew(&self.sealed()),
        }
    }
}

/// After a loss every page is read again: a 304, or the same bytes, would hide for ever what is lost. A source that has
/// nothing left is as one that never had a page, so that no feed is emptied.
pub fn read_anew(states: &mut States, index: &Index) -> Result<(), Trouble> {
    let sources: Vec<SourceId> = states.sources().cloned().collect();
    for source in sources {
        let mut state = states.get(&source)?;
        (state.validators, state.body) = (Validators::default(), None);
        if state.failures == 0 {
            state.due_at = None;
        }
        if index.numbers(&source, &[], 1)?.is_empty() {
            state.succeeded_at = None;
        }
        states.put(source, &state);
    }
    Ok(())
}
