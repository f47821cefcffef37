//! Plans → what they come to in the index, key by key. Reads the index, writes nothing.
//!
//! A rename comes first and by itself: it may be done twice, for the second time finds nothing to move.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    guard::Trouble,
    index::Index,
    layout::{self, Meta, Table},
};
use crate::{
    id::SourceId,
    record::{Plan, Record, SourceState, Trace},
};

/// What becomes of each key; `None`: it is removed.
pub type Writes = BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

/// Of a group of plans, what each source and record come to in the end.
#[derive(Default)]
struct Group<'a> {
    states: BTreeMap<&'a SourceId, &'a SourceState>,
    records: BTreeMap<(&'a SourceId, u64), &'a Record>,
    fade: BTreeSet<(&'a SourceId, u64)>,
    forget: BTreeMap<&'a SourceId, u64>,
}

impl<'a> Group<'a> {
    fn of(plans: &'a [Plan]) -> Self {
        let mut group = Self::default();
        for plan in plans {
            let source = &plan.source;
            group.states.insert(source, &plan.state);
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
        let mut writes = Writes::new();
        for (&source, &state) in &group.states {
            let base = layout::of_source(source);
            meta.sources +=
                u64::from(self.replace(Table::Source, &base, layout::parts(&base, state), &mut writes)?);
        }
        for &(source, number) in &group.fade {
            let (was_written, old) = (group.records.remove(&(source, number)), self.record(source, number)?);
            let Some(record) = was_written.or(old.as_ref()) else { continue };
            meta.records -= u64::from(old.is_some());
            let trace = record.trace();
            self.unlink(source, number, old.as_ref(), &mut writes)?;
            self.replace(Table::Record, &layout::of_record(source, number), Vec::new(), &mut writes)?;
            writes.insert((Table::Trace, layout::of_record(source, number)), Some(layout::trace(&trace)));
            let added = |key: &_| ((Table::Key, layout::key(source, *key, number)), Some(Vec::new()));
            writes.extend(trace.keys.iter().map(added));
        }
        for (&(source, number), &record) in &group.records {
            let old = self.record(source, number)?;
            self.unlink(source, number, old.as_ref(), &mut writes)?;
            let base = layout::of_record(source, number);
            meta.records +=
                u64::from(self.replace(Table::Record, &base, layout::parts(&base, record), &mut writes)?);
            writes.insert(
                (Table::Published, layout::published(source, record.published, number)),
                Some(Vec::new()),
            );
            let added = |key: &crate::id::EntryKey| {
                ((Table::Key, layout::key(source, key.digest(), number)), Some(Vec::new()))
            };
            writes.extend(record.keys.iter().map(added));
        }
        for (&source, &last) in group.forget.iter().filter(|(_, last)| **last > 0) {
            for trace in self.traces_up_to(source, last)? {
                self.unlink(source, trace.number, None, &mut writes)?;
            }
        }
        self.weigh(&writes, &mut meta)?;
        Ok((writes, meta))
    }

    /// Traces as a checkpoint or an export has them.
    pub fn stage_traces(
        &self,
        source: &SourceId,
        traces: &[Trace],
        mut meta: Meta,
    ) -> Result<(Writes, Meta), Trouble> {
        let mut writes = Writes::new();
        for trace in traces {
            writes
                .insert((Table::Trace, layout::of_record(source, trace.number)), Some(layout::trace(trace)));
            let added = |key: &_| ((Table::Key, layout::key(source, *key, trace.number)), Some(Vec::new()));
            writes.extend(trace.keys.iter().map(added));
        }
        self.weigh(&writes, &mut meta)?;
        Ok((writes, meta))
    }

    /// Everything of `was` as `source`'s; nothing when `source` is known already.
    pub fn stage_rename(
        &self,
        source: &SourceId,
        was: &SourceId,
        mut meta: Meta,
    ) -> Result<(Writes, Meta), Trouble> {
        let (from, to) = (layout::of_source(was), layout::of_source(source));
        let mut writes = Writes::new();
        if !self.pairs(Table::Source, &to)?.is_empty() {
            return Ok((writes, meta));
        }
        for table in Table::ALL {
            for (key, value) in self.pairs(table, &from)? {
                let moved = [to.as_slice(), &key[from.len()..]].concat();
                writes.insert((table, moved), Some(value));
                writes.insert((table, key), None);
            }
        }
        self.weigh(&writes, &mut meta)?;
        Ok((writes, meta))
    }

    /// Takes away what leads to a record, or to its trace, and the trace itself.
    fn unlink(
        &self,
        source: &SourceId,
        number: u64,
        old: Option<&Record>,
        writes: &mut Writes,
    ) -> Result<(), Trouble> {
        if let Some(old) = old {
            writes.insert((Table::Published, layout::published(source, old.published, number)), None);
            let gone =
                |key: &crate::id::EntryKey| ((Table::Key, layout::key(source, key.digest(), number)), None);
            writes.extend(old.keys.iter().map(gone));
        }
        if let Some(trace) = self.trace(source, number)? {
            writes.insert((Table::Trace, layout::of_record(source, number)), None);
            let gone = |key: &_| ((Table::Key, layout::key(source, *key, number)), None);
            writes.extend(trace.keys.iter().map(gone));
        }
        Ok(())
    }

    /// Puts the parts of a value in place of those there are; says whether there were none.
    fn replace(
        &self,
        table: Table,
        base: &[u8],
        parts: Vec<(Vec<u8>, Vec<u8>)>,
        writes: &mut Writes,
    ) -> Result<bool, Trouble> {
        let old = self.pairs(table, base)?;
        let is_new = old.is_empty();
        writes.extend(old.into_iter().map(|(key, _)| ((table, key), None)));
        writes.extend(parts.into_iter().map(|(key, part)| ((table, key), Some(part))));
        Ok(is_new)
    }
}
