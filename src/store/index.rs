//! The index: plans → sled, and records → whoever asks. Touches the database.
//!
//! sled 0.34.7 can lose everything without a word when power fails, and panics on damage. So nothing here is
//! believed without proof: the sum of all keys and values stands beside them and is compared after every start
//! that did not follow a clean close. It does not decide what to do about damage.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    cell::Cell,
    collections::BTreeSet,
    fs::File,
    ops::Bound,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde::de::DeserializeOwned;
use sled::{
    IVec, Transactional as _, Tree,
    transaction::{ConflictableTransactionError, TransactionError, TransactionalTree},
};

use super::{
    error::StoreError,
    guard::{Trouble, guarded, is_lock_trouble},
    layout::{self, Meta, Set, Table},
    line::Line,
    runs::Run,
    seal,
    stage::Writes,
    states::States,
};
use crate::{
    id::{EntryKey, SourceId},
    record::{Plan, Record, SourceState, Trace},
};

/// sled's own default of 1 GiB is more than the machines of these users have. What a pass reads it reads once, source by
/// source, so that a larger one would hold what is not asked for again. Real use is more: sled looks what to throw out
/// when 64 pages of a 256th of all were asked for, so that a walk over some thousand pages holds all of them.
const CACHE_BYTES: u64 = 8 << 20;
/// How often sled writes and syncs by itself. Never `None`: that thread is also the one that frees space.
const FLUSH_EVERY_MS: u64 = 500;
/// sled's lock on its file lasts some milliseconds beyond its handle.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(5);
/// More than a run over twenty thousand sources writes in which nothing changed.
const LONG_BYTES: u64 = if cfg!(test) { 100_000 } else { 32 << 20 };
const META_KEY: &[u8] = b"meta";

/// The sled index of one store.
pub struct Index {
    path: PathBuf,
    db: sled::Db,
    tables: Vec<Tree>,
    meta_table: Tree,
    /// As of the last write, also one that did not write it.
    meta: Option<Meta>,
    /// How much was written since it was opened.
    written: Cell<u64>,
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Whether a write is the whole of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Commit this number, whole: what the index says of itself is written with it.
    Commit(u64),
    /// A piece of a rebuild, proven by nothing until [`Index::finish`].
    Piece,
}

impl Index {
    /// Opens or creates.
    pub fn open(path: &Path) -> Result<Self, Trouble> {
        let config =
            sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS));
        let open = || {
            let db = config.open()?;
            let meta_table = db.open_tree("meta")?;
            let bytes = meta_table.get(META_KEY)?;
            let meta = bytes.map(|bytes| Meta::decode(&bytes));
            let version = meta.and_then(Result::ok).map_or(layout::VERSION, |meta| meta.version);
            let tables = Table::of(version).iter().map(|table| db.open_tree(table.name()));
            Ok((tables.collect::<Result<_, _>>()?, meta_table, meta, db))
        };
        let mut waited = Duration::ZERO;
        let (tables, meta_table, meta, db) = loop {
            match guarded(path, "open", open) {
                Err(Trouble::World(StoreError::Io { source, .. }))
                    if is_lock_trouble(&source) && waited < LOCK_PATIENCE =>
                {
                    thread::sleep(LOCK_RETRY);
                    waited += LOCK_RETRY;
                }
                other => break other?,
            }
        };
        let meta = match meta {
            None => None,
            Some(Ok(meta)) => Some(meta),
            Some(Err(Some(found))) => {
                let path = path.to_path_buf();
                return Err(Trouble::World(StoreError::Newer { path, found, known: layout::VERSION }));
            }
            Some(Err(None)) => return Err(Trouble::Damaged("what it says of itself is garbled".to_owned())),
        };
        Ok(Self { path: path.to_path_buf(), db, tables, meta_table, meta, written: Cell::new(0) })
    }

    /// Whether so much was written that the next start should not have to read it: when sled opens, it reads all that
    /// was written since it last did.
    pub fn is_long(&self) -> bool {
        self.written.get() > LONG_BYTES
    }

    /// What it says of itself; `None`: it is empty, or a rebuild was not finished.
    pub fn meta(&self) -> Option<Meta> {
        self.meta
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        let all_empty = || Ok(self.tables.iter().all(Tree::is_empty));
        self.guard("read", all_empty).unwrap_or(false)
    }

    /// Makes an empty index the beginning of a store.
    pub fn begin(&mut self, meta: Meta) -> Result<(), Trouble> {
        self.meta = Some(meta);
        self.finish(meta.last_seq)
    }

    /// Ends a rebuild: from now on the index is what it says, up to commit `last_seq`.
    pub fn finish(&mut self, last_seq: u64) -> Result<(), Trouble> {
        let mut meta = self.meta.expect("a rebuild begins with the epoch");
        meta.last_seq = last_seq;
        self.write(Writes::new(), Some(meta))?;
        self.meta = Some(meta);
        Ok(())
    }

    /// Begins a rebuild of an empty index, which counts for nothing until [`Index::finish`].
    pub fn begin_rebuild(&mut self, meta: Meta) {
        self.meta = Some(meta);
    }

    /// Compares everything with the sum that stands beside it.
    pub fn verify(&self) -> Result<(), Trouble> {
        let Some(said) = self.meta else { return Err(Trouble::Damaged("it is empty".to_owned())) };
        let mut found = Meta { sources: 0, records: 0, sum: 0, ..said };
        for &table in Table::of(said.version) {
            self.guard("read", || {
                for pair in self.table(table) {
                    let (key, value) = pair?;
                    found.sum = found.sum.wrapping_add(layout::weight(table, &key, &value));
                    let is_first_part = key.ends_with(&[0, 0]);
                    match table {
                        Table::Record if is_first_part => found.records += 1,
                        Table::Source if is_first_part => found.sources += 1,
                        _ => {}
                    }
                }
                Ok(())
            })?;
        }
        if found == said {
            return Ok(());
        }
        if found.records == said.records {
            return Err(Trouble::Damaged("what it holds is not what was written".to_owned()));
        }
        Err(Trouble::Damaged(format!(
            "it holds {} records where {} were written",
            found.records, said.records
        )))
    }

    /// Writes plans in one transaction, renames before it.
    pub fn apply(&mut self, plans: &[Plan], extent: Extent) -> Result<(), Trouble> {
        for plan in plans {
            let Some(was) = &plan.was else { continue };
            let (writes, meta) = self.stage_rename(&plan.source, was, self.begun())?;
            self.write(writes, (extent != Extent::Piece).then_some(meta))?;
            self.meta = Some(meta);
        }
        let (writes, mut meta) = self.stage(plans, self.begun())?;
        match extent {
            Extent::Commit(seq) => {
                meta.last_seq = seq;
                self.write(writes, Some(meta))?;
            }
            Extent::Piece => self.write(writes, None)?,
        }
        self.meta = Some(meta);
        Ok(())
    }

    /// Writes traces as a checkpoint or an export has them.
    pub fn apply_traces(&mut self, source: &SourceId, traces: &[Trace]) -> Result<(), Trouble> {
        let (writes, meta) = self.stage_traces(source, traces, self.begun())?;
        self.write(writes, None)?;
        self.meta = Some(meta);
        Ok(())
    }

    pub fn begun(&self) -> Meta {
        self.meta.expect("an index is begun before it is written")
    }

    /// Brings what it says of itself up to writes that are about to be made.
    pub fn weigh(&self, writes: &Writes, meta: &mut Meta) -> Result<(), Trouble> {
        self.guard("read", || {
            let mut sum = meta.sum;
            for ((table, key), new) in writes {
                if let Some(old) = self.table(*table).get(key)? {
                    sum = sum.wrapping_sub(layout::weight(*table, key, &old));
                }
                if let Some(new) = new {
                    sum = sum.wrapping_add(layout::weight(*table, key, new));
                }
            }
            meta.sum = sum;
            Ok(())
        })
    }

    /// Every key that begins so, with its value.
    pub fn pairs(&self, table: Table, base: &[u8]) -> Result<Vec<Pair>, Trouble> {
        self.guard("read", || {
            let pairs = self.table(table).scan_prefix(base);
            pairs.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
        })
    }

    /// The run in which an item, which comes with its source, is or would be.
    pub fn run(&self, set: Set, item: &[u8]) -> Result<Run, Trouble> {
        let item_bytes = set.item_bytes();
        let base = &item[..item.len() - item_bytes];
        self.guard("read", || {
            let table = self.table(set.table());
            let last = table.range(base..=item).next_back().transpose()?;
            let (key, items) = last.unwrap_or_else(|| (base.into(), IVec::default()));
            let after = (Bound::Excluded(key.as_ref()), Bound::Unbounded);
            let end = table.range::<&[u8], _>(after).keys().next().transpose()?;
            Ok(Run {
                key: key.to_vec(),
                items: items.to_vec(),
                end: end.filter(|end| end.starts_with(base)).map(|end| end.to_vec()),
                base_bytes: base.len(),
                item_bytes,
            })
        })
    }

    fn write(&self, writes: Writes, meta: Option<Meta>) -> Result<(), Trouble> {
        let writes: Vec<(usize, IVec, Option<IVec>)> = writes
            .into_iter()
            .map(|((table, key), value)| (table as usize, key.into(), value.map(IVec::from)))
            .collect();
        let bytes: usize = writes.iter().filter_map(|(_, _, value)| Some(value.as_ref()?.len())).sum();
        self.written.set(self.written.get() + bytes as u64);
        let meta = meta.map(|meta| IVec::from(meta.encode()));
        let trees: Vec<&Tree> = self.tables.iter().chain([&self.meta_table]).collect();
        self.guard("write", || {
            let result = trees.as_slice().transaction(|trees: &Vec<TransactionalTree>| {
                for (table, key, value) in &writes {
                    match value {
                        Some(value) => trees[*table].insert(key.clone(), value.clone())?,
                        None => trees[*table].remove(key.clone())?,
                    };
                }
                if let Some(meta) = &meta {
                    trees[self.tables.len()].insert(META_KEY, meta.clone())?;
                }
                Ok::<(), ConflictableTransactionError<()>>(())
            });
            match result {
                Ok(()) => Ok(()),
                Err(TransactionError::Storage(error)) => Err(error),
                Err(TransactionError::Abort(())) => Err(sled::Error::Unsupported("an abort".to_owned())),
            }
        })
    }

    /// One record; `None`: there is none with this number.
    pub fn record(&self, source: &SourceId, number: u64) -> Result<Option<Record>, Trouble> {
        self.value(Table::Record, &layout::of_record(source, number))
    }

    /// Every source that has a record.
    pub fn sources(&self) -> Result<BTreeSet<SourceId>, Trouble> {
        self.sources_of(Table::Record)
    }

    fn sources_of(&self, table: Table) -> Result<BTreeSet<SourceId>, Trouble> {
        let mut sources = BTreeSet::new();
        self.guard("read", || {
            for key in self.table(table).iter().keys() {
                let key = key?;
                sources.extend(match table {
                    Table::Record => layout::read_record(&key).map(|(source, _)| source),
                    _ => layout::read_source(&key),
                });
            }
            Ok(())
        })?;
        Ok(sources)
    }

    /// Every state of an index of version 1 to 3.
    pub fn old_states(&self) -> Result<States, Trouble> {
        let mut states = States::default();
        for source in self.sources_of(Table::Source)? {
            let state: Option<SourceState> = self.value(Table::Source, &layout::of_source(&source))?;
            states.put(source.clone(), &state.ok_or_else(|| missing(&source))?);
        }
        Ok(states)
    }

    /// The number of the first trace; `None`: there is none.
    pub fn first_trace(&self, source: &SourceId) -> Result<Option<u64>, Trouble> {
        self.guard("read", || {
            let first = self.table(Table::Trace).scan_prefix(layout::of_source(source)).values().next();
            Ok(first.transpose()?.and_then(|run| layout::first_trace(&run)))
        })
    }

    /// The numbers of the records and traces that have any of `keys`, and of the `recent` last records.
    pub fn numbers(
        &self,
        source: &SourceId,
        keys: &[EntryKey],
        recent: usize,
    ) -> Result<BTreeSet<u64>, Trouble> {
        let mut numbers = self.numbers_of_keys(source, keys)?;
        self.guard("read", || {
            let mut last = BTreeSet::new();
            let mut newest_first = self.table(Table::Record).scan_prefix(layout::of_source(source)).keys();
            while let Some(key) = newest_first.next_back() {
                let Some((_, number)) = layout::read_record(&key?) else { continue };
                if !last.contains(&number) && last.len() == recent {
                    break;
                }
                last.insert(number);
            }
            numbers.extend(last);
            Ok(())
        })?;
        Ok(numbers)
    }

    /// When the records of a source were published, in seconds, and their numbers, newest first.
    pub fn published(&self, source: &SourceId) -> impl Iterator<Item = Result<(i64, u64), Trouble>> {
        let mut runs = self.table(Table::Published).scan_prefix(layout::of_source(source)).values();
        let runs = std::iter::from_fn(move || self.guard("read", || runs.next().transpose()).transpose());
        let read = |item: &[u8]| {
            layout::read_published(item).ok_or_else(|| Trouble::Damaged("a run is cut short".to_owned()))
        };
        runs.flat_map(move |run| match run {
            Ok(items) => items.chunks(Set::Published.item_bytes()).map(read).collect(),
            Err(trouble) => vec![Err(trouble)],
        })
    }

    /// Everything, source by source: its state, then its records and its traces, each by number.
    pub fn lines(
        &self,
        states: &States,
        sink: &mut dyn FnMut(Line) -> Result<(), StoreError>,
    ) -> Result<(), Trouble> {
        for source in states.sources() {
            let state = Box::new(states.get(source)?);
            sink(Line::Source { source: source.clone(), state }).map_err(Trouble::World)?;
            for number in self.numbers(source, &[], usize::MAX)? {
                let record = self.record(source, number)?.ok_or_else(|| missing(source))?;
                sink(Line::Record { source: source.clone(), record: Box::new(record) })
                    .map_err(Trouble::World)?;
            }
            let traces = match self.begun().version {
                1 | 2 => self.old_traces(source)?,
                _ => self.traces(source, (0, u64::MAX), &mut None)?,
            };
            for trace in traces {
                sink(Line::Trace { source: source.clone(), trace }).map_err(Trouble::World)?;
            }
        }
        Ok(())
    }

    /// Writes out everything and ends; with the files at rest.
    pub fn close(self) -> Result<(), Trouble> {
        let path = self.path.clone();
        self.guard("write", || self.db.flush())?;
        guarded(&path, "close", || {
            drop(self);
            Ok(())
        })?;
        let settle = || {
            let mut waited = Duration::ZERO;
            // The lock is free when the last of sled's threads has let go of the file.
            while fs4::FileExt::try_lock(&File::open(path.join("db"))?).is_err() && waited < LOCK_PATIENCE {
                thread::sleep(LOCK_RETRY);
                waited += LOCK_RETRY;
            }
            for file in seal::files(&path)? {
                File::open(file)?.sync_all()?;
            }
            Ok(())
        };
        settle().map_err(|error| Trouble::World(StoreError::io("sync", &path, error)))
    }

    /// Ends without a word: what it holds is not needed any more.
    pub fn discard(self) {
        let path = self.path.clone();
        // sled writes when it is dropped, and may fail or panic at it; nobody will read that.
        let _ = guarded(&path, "close", || {
            drop(self);
            Ok(())
        });
    }

    fn value<T: DeserializeOwned>(&self, table: Table, base: &[u8]) -> Result<Option<T>, Trouble> {
        let bytes = self.guard("read", || {
            // Most values are one part, and to ask for it costs less than to look for what follows.
            let Some(first) = self.table(table).get(layout::of_part(base, 0))? else { return Ok(Vec::new()) };
            if layout::is_last(&first) {
                return Ok(first.to_vec());
            }
            let mut bytes = Vec::new();
            for part in self.table(table).scan_prefix(base).values() {
                bytes.extend_from_slice(&part?);
            }
            Ok(bytes)
        })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        layout::value(&bytes).map(Some).map_err(Trouble::Damaged)
    }

    fn table(&self, table: Table) -> &Tree {
        &self.tables[table as usize]
    }

    fn guard<T>(&self, doing: &'static str, work: impl FnMut() -> sled::Result<T>) -> Result<T, Trouble> {
        guarded(&self.path, doing, work)
    }
}

/// That a source is not as whole as it says.
pub fn missing(source: &SourceId) -> Trouble {
    Trouble::Damaged(format!("something of source `{source}` is missing"))
}
