//! Plans → what they come to in the index, key by key. Reads the index, writes nothing.
//!
//! A rename comes first and by itself: it may be done twice, for the second time finds nothing to move.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    guard::Trouble,
    index::{Index, Pair},
    layout::{self, Meta, Set, Table},
    runs::{self, Run},
};
use crate::{
    id::SourceId,
    record::{Plan, Record, Trace},
};

/// What becomes of each key; `None`: it is removed.
pub type Writes = BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

/// What is to become of values, and of the items of sets.
#[derive(Default)]
struct Changes {
    writes: Writes,
    /// Whether each is in.
    items: BTreeMap<(Set, Vec<u8>), bool>,
}

impl Changes {
    fn add(&mut self, set: Set, items: impl IntoIterator<Item = Vec<u8>>) {
        self.items.extend(items.into_iter().map(|item| ((set, item), true)));
    }

    fn remove(&mut self, set: Set, items: impl IntoIterator<Item = Vec<u8>>) {
        self.items.extend(items.into_iter().map(|item| ((set, item), false)));
    }

    fn add_trace(&mut self, source: &SourceId, trace: &Trace) {
        self.add(Set::Trace, layout::trace(source, trace));
        self.add(Set::Key, items_of_trace(source, trace));
    }

    fn remove_trace(&mut self, source: &SourceId, trace: &Trace) {
        self.remove(Set::Trace, layout::trace(source, trace));
        self.remove(Set::Key, items_of_trace(source, trace));
    }

    fn put(&mut self, table: Table, parts: Vec<Pair>) {
        self.writes.extend(parts.into_iter().map(|(key, part)| ((table, key), Some(part))));
    }
}

fn items_of_record(source: &SourceId, record: &Record) -> impl Iterator<Item = Vec<u8>> {
    record.keys.iter().map(|key| layout::key(source, key.digest(), record.number))
}

fn items_of_trace(source: &SourceId, trace: &Trace) -> impl Iterator<Item = Vec<u8>> {
    trace.keys.iter().map(|key| layout::key(source, *key, trace.number))
}

/// Of a group of plans, what each source and record come to in the end.
#[derive(Default)]
struct Group<'a> {
    records: BTreeMap<(&'a SourceId, u64), &'a Record>,
    fade: BTreeSet<(&'a SourceId, u64)>,
    forget: BTreeMap<&'a SourceId, u64>,
}

impl<'a> Group<'a> {
    fn of(plans: &'a [Plan]) -> Self {
        let mut group = Self::default();
        for plan in plans {
            let source = &plan.source;
            for record in &plan.records {
                group.records.insert((source, record.number), record);
                group.fade.remove(&(source, record.number));
            }
            group.fade.extend(plan.fade.iter().map(|number| (source, *number)));
            let forget = group.forget.entry(source).or_default();
            *forget = plan.forget.max(*forget);
        }
        group
    }
}

impl Index {
    /// What plans come to, and what the index will say of itself then.
    pub fn stage(&self, plans: &[Plan], mut meta: Meta) -> Result<(Writes, Meta), Trouble> {
        let mut group = Group::of(plans);
        let mut changes = Changes::default();
        let mut held = None;
        for &(source, number) in &group.fade {
            let (was_written, old) = (group.records.remove(&(source, number)), self.record(source, number)?);
            let Some(record) = was_written.or(old.as_ref()) else { continue };
            meta.records -= u64::from(old.is_some());
            self.unlink((source, number), old.as_ref(), &mut held, &mut changes)?;
            changes.add_trace(source, &record.trace());
        }
        for (&(source, number), &record) in &group.records {
            let old = self.record(source, number)?;
            meta.records += u64::from(old.is_none());
            self.unlink((source, number), old.as_ref(), &mut held, &mut changes)?;
            changes.put(Table::Record, layout::parts(&layout::of_record(source, number), record));
            changes.add(Set::Published, [layout::published(source, record.published, number)]);
            changes.add(Set::Key, items_of_record(source, record));
        }
        for (&source, &last) in group.forget.iter().filter(|(_, last)| **last > 0) {
            let forgotten = self.traces(source, (0, last), &mut held)?;
            let is_still_one = |trace: &&Trace| !group.records.contains_key(&(source, trace.number));
            for trace in forgotten.iter().filter(is_still_one) {
                changes.remove_trace(source, trace);
            }
        }
        self.settle(changes, meta)
    }

    /// Traces as a checkpoint or an export has them.
    pub fn stage_traces(
        &self,
        source: &SourceId,
        traces: &[Trace],
        meta: Meta,
    ) -> Result<(Writes, Meta), Trouble> {
        let mut changes = Changes::default();
        for trace in traces {
            changes.add_trace(source, trace);
        }
        self.settle(changes, meta)
    }

    /// Everything of `was` as `source`'s, which was not known before.
    pub fn stage_rename(
        &self,
        source: &SourceId,
        was: &SourceId,
        mut meta: Meta,
    ) -> Result<(Writes, Meta), Trouble> {
        let (from, to) = (layout::of_source(was), layout::of_source(source));
        let mut writes = Writes::new();
        if !self.pairs(Table::Record, &to)?.is_empty() {
            // A commit of an older release that comes to nothing; none of this one does.
            return Ok((writes, meta));
        }
        for &table in Table::of(meta.version) {
            for (key, value) in self.pairs(table, &from)? {
                let moved = [to.as_slice(), &key[from.len()..]].concat();
                writes.insert((table, moved), Some(value));
                writes.insert((table, key), None);
            }
        }
        self.weigh(&writes, &mut meta)?;
        Ok((writes, meta))
    }

    /// Takes away a record, or its trace, with what leads to it. `held` is a run of traces.
    fn unlink(
        &self,
        (source, number): (&SourceId, u64),
        old: Option<&Record>,
        held: &mut Option<Run>,
        changes: &mut Changes,
    ) -> Result<(), Trouble> {
        if let Some(old) = old {
            let parts = self.pairs(Table::Record, &layout::of_record(source, number))?;
            changes.writes.extend(parts.into_iter().map(|(key, _)| ((Table::Record, key), None)));
            changes.remove(Set::Published, [layout::published(source, old.published, number)]);
            changes.remove(Set::Key, items_of_record(source, old));
        }
        for trace in self.traces(source, (number, number), held)? {
            changes.remove_trace(source, &trace);
        }
        Ok(())
    }

    /// Brings the changes of items into their runs, each of which is read and written once.
    fn settle(&self, changes: Changes, mut meta: Meta) -> Result<(Writes, Meta), Trouble> {
        let Changes { mut writes, items } = changes;
        for (set, (key, value)) in runs::settled(&items, |set, item| self.run(set, item))? {
            writes.insert((set.table(), key), value);
        }
        self.weigh(&writes, &mut meta)?;
        Ok((writes, meta))
    }
}
