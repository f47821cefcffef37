//! The store in memory: for tests and dry runs. Pure; it is gone with its process.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Joined, Lease, Line, Newest, Retention, Store, StoreError, lease::Leases, retention};
use crate::{
    id::{EntryKey, KeyDigest, SourceId},
    record::{Glance, Known, Plan, Record, SourceState, Trace},
};

/// A store that lasts as long as its process.
#[derive(Debug, Default)]
pub struct Memory {
    sources: Mutex<BTreeMap<SourceId, Kept>>,
    leases: Mutex<Leases>,
}

#[derive(Debug, Default)]
struct Kept {
    state: SourceState,
    records: BTreeMap<u64, Record>,
    traces: BTreeMap<u64, Trace>,
}

impl Kept {
    fn newest_first(&self) -> Vec<Record> {
        let mut records: Vec<Record> = self.records.values().cloned().collect();
        records.sort_by_key(|record| Reverse((record.published.as_second(), record.number)));
        records
    }

    fn is_shown(&self, newest: Newest) -> impl Fn(usize, &Record) -> bool + use<> {
        let first = self.newest_first().first().map(|record| record.published.as_second());
        move |place, record| {
            place < newest.count && newest.reaches(first.unwrap_or_default(), record.published.as_second())
        }
    }

    fn apply(&mut self, plan: &Plan) {
        self.state = plan.state.clone();
        for record in &plan.records {
            self.traces.remove(&record.number);
            self.records.insert(record.number, record.clone());
        }
        for number in &plan.fade {
            if let Some(record) = self.records.remove(number) {
                self.traces.insert(*number, record.trace());
            }
        }
        self.traces.retain(|number, _| *number > plan.forget);
    }
}

impl Memory {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    fn sources(&self) -> MutexGuard<'_, BTreeMap<SourceId, Kept>> {
        // No code that can panic runs while it is locked.
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn state(&self, source: &SourceId) -> Result<SourceState, StoreError> {
        Ok(self.sources().get(source).map(|kept| kept.state.clone()).unwrap_or_default())
    }

    fn glances(&self, sources: &[&SourceId]) -> Result<Vec<Glance>, StoreError> {
        let all = self.sources();
        let glance = |source: &&SourceId| all.get(*source).map(|kept| Glance::from(&kept.state));
        Ok(sources.iter().map(|source| glance(source).unwrap_or_default()).collect())
    }

    fn states(&self) -> Result<Vec<(SourceId, SourceState)>, StoreError> {
        Ok(self.sources().iter().map(|(source, kept)| (source.clone(), kept.state.clone())).collect())
    }

    fn lease(
        &self,
        wanted: &[SourceId],
        lease: &Lease<'_>,
    ) -> Result<Vec<(SourceId, SourceState)>, StoreError> {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        for source in wanted.iter().filter(|source| leases.take(source, lease)) {
            taken.push((source.clone(), self.state(source)?));
        }
        Ok(taken)
    }

    fn known(&self, source: &SourceId, keys: &[EntryKey], recent: usize) -> Result<Known, StoreError> {
        let sources = self.sources();
        let Some(kept) = sources.get(source) else { return Ok(Known::default()) };
        let first_recent = kept.records.len().saturating_sub(recent);
        let is_known = |(place, record): &(usize, &Record)| {
            *place >= first_recent || record.keys.iter().any(|key| keys.contains(key))
        };
        let digests: Vec<KeyDigest> = keys.iter().map(EntryKey::digest).collect();
        let is_traced = |trace: &&Trace| trace.keys.iter().any(|key| digests.contains(key));
        Ok(Known {
            records: kept.records.values().enumerate().filter(is_known).map(|(_, r)| r.clone()).collect(),
            traces: kept.traces.values().filter(is_traced).cloned().collect(),
        })
    }

    fn commit(&self, plans: &[Plan]) -> Result<(), StoreError> {
        let mut sources = self.sources();
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in plans {
            if let Some(was) = &plan.was
                && !sources.contains_key(&plan.source)
                && let Some(kept) = sources.remove(was)
            {
                sources.insert(plan.source.clone(), kept);
            }
        }
        for plan in plans {
            sources.entry(plan.source.clone()).or_default().apply(plan);
            leases.end(&plan.source);
        }
        Ok(())
    }

    fn records(&self, source: &SourceId, newest: Newest) -> Result<Vec<Record>, StoreError> {
        let sources = self.sources();
        let Some(kept) = sources.get(source) else { return Ok(Vec::new()) };
        let is_shown = kept.is_shown(newest);
        let records = kept.newest_first().into_iter().enumerate();
        Ok(records.filter(|(place, record)| is_shown(*place, record)).map(|(_, record)| record).collect())
    }

    fn joined(&self, sources: &[&SourceId], wanted: &Joined<'_>) -> Result<Vec<(usize, Record)>, StoreError> {
        let mut records = Vec::new();
        for (at, source) in sources.iter().enumerate() {
            let own = self.records(source, wanted.each)?;
            let is_wanted = |record: &Record| wanted.admits.is_none_or(|admits| admits(record));
            records.extend(own.into_iter().filter(is_wanted).map(|record| (at, record)));
        }
        // Those of one source are in their order already.
        records.sort_by_key(|(_, record)| Reverse(record.published.as_second()));
        records.truncate(wanted.most);
        Ok(records)
    }

    fn retain(&self, retained: &[(SourceId, Retention)]) -> Result<usize, StoreError> {
        let mut faded = 0;
        for (source, retention) in retained {
            let mut sources = self.sources();
            let Some(kept) = sources.get_mut(source) else { continue };
            let beyond: Vec<Record> = {
                let is_shown = kept.is_shown(retention.shown);
                let all = kept.newest_first().into_iter().enumerate();
                let surplus = all.filter(|(place, record)| !is_shown(*place, record));
                surplus.map(|(_, record)| record).take(retention::MOST).collect()
            };
            let first_trace = kept.traces.keys().next().copied();
            if let Some(plan) = retention.plan(source, kept.state.clone(), (&beyond, first_trace)) {
                faded += plan.fade.len();
                kept.apply(&plan);
            }
        }
        Ok(faded)
    }

    fn export(&self, sink: &mut dyn FnMut(Line) -> Result<(), StoreError>) -> Result<(), StoreError> {
        for (source, kept) in self.sources().iter() {
            sink(Line::Source { source: source.clone(), state: Box::new(kept.state.clone()) })?;
            for record in kept.records.values() {
                sink(Line::Record { source: source.clone(), record: Box::new(record.clone()) })?;
            }
            for trace in kept.traces.values() {
                sink(Line::Trace { source: source.clone(), trace: trace.clone() })?;
            }
        }
        Ok(())
    }

    fn import(&self, lines: &mut dyn Iterator<Item = Result<Line, StoreError>>) -> Result<(), StoreError> {
        let mut sources = self.sources();
        if !sources.is_empty() {
            return Err(StoreError::NotEmpty);
        }
        let mut read: BTreeMap<SourceId, Kept> = BTreeMap::new();
        for line in lines {
            match line? {
                Line::Source { source, state } => read.entry(source).or_default().state = *state,
                Line::Record { source, record } => {
                    read.entry(source).or_default().records.insert(record.number, *record);
                }
                Line::Trace { source, trace } => {
                    read.entry(source).or_default().traces.insert(trace.number, trace);
                }
                Line::Store(_) | Line::End { .. } => {}
            }
        }
        *sources = read;
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
