//! The store in memory: for tests and dry runs. Pure; it is gone with its process.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Newest, Store, StoreError};
use crate::{
    id::{EntryKey, SourceId},
    record::{Plan, Record, SourceState},
};

/// A store that lasts as long as its process.
#[derive(Debug, Default)]
pub struct Memory {
    sources: Mutex<BTreeMap<SourceId, Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    state: SourceState,
    records: BTreeMap<u64, Record>,
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

    fn states(&self) -> Result<Vec<(SourceId, SourceState)>, StoreError> {
        Ok(self.sources().iter().map(|(source, kept)| (source.clone(), kept.state.clone())).collect())
    }

    fn known(&self, source: &SourceId, keys: &[EntryKey], recent: usize) -> Result<Vec<Record>, StoreError> {
        let sources = self.sources();
        let Some(kept) = sources.get(source) else { return Ok(Vec::new()) };
        let first_recent = kept.records.len().saturating_sub(recent);
        let is_known = |(place, record): &(usize, &Record)| {
            *place >= first_recent || record.keys.iter().any(|key| keys.contains(key))
        };
        Ok(kept.records.values().enumerate().filter(is_known).map(|(_, record)| record.clone()).collect())
    }

    fn commit(&self, plans: &[Plan]) -> Result<(), StoreError> {
        let mut sources = self.sources();
        for plan in plans {
            let kept = sources.entry(plan.source.clone()).or_default();
            kept.state = plan.state.clone();
            kept.records.extend(plan.records.iter().map(|record| (record.number, record.clone())));
        }
        Ok(())
    }

    fn records(&self, source: &SourceId, newest: Newest) -> Result<Vec<Record>, StoreError> {
        let sources = self.sources();
        let mut records: Vec<Record> =
            sources.get(source).map(|kept| kept.records.values().cloned().collect()).unwrap_or_default();
        records.sort_by_key(|record| std::cmp::Reverse((record.published.as_second(), record.number)));
        let first = records.first().map(|record| record.published.as_second()).unwrap_or_default();
        records.truncate(newest.count);
        records.retain(|record| newest.reaches(first, record.published.as_second()));
        Ok(records)
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
