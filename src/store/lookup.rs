//! Questions → answers of the index, by its values and its runs. Reads the index.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{
    Joined, Newest,
    guard::Trouble,
    index::{Index, Pair, missing},
    joined::{Place, Top},
    layout::{self, Set, Table},
    runs::{self, Run},
};
use crate::{
    id::{EntryKey, KeyDigest, SourceId},
    record::{Known, Record, Trace},
};

impl Index {
    /// The records and traces with any of `keys`, and the `recent` last records, each once, by number.
    pub fn known(&self, source: &SourceId, keys: &[EntryKey], recent: usize) -> Result<Known, Trouble> {
        let (mut known, mut held) = (Known::default(), None);
        for number in self.numbers(source, keys, recent)? {
            if let Some(record) = self.record(source, number)? {
                known.records.push(record);
            } else {
                let trace = self.traces(source, (number, number), &mut held)?.pop();
                known.traces.push(trace.ok_or_else(|| missing(source))?);
            }
        }
        Ok(known)
    }

    /// The numbers of the records and traces that have any of `keys`.
    pub fn numbers_of_keys(&self, source: &SourceId, keys: &[EntryKey]) -> Result<BTreeSet<u64>, Trouble> {
        let (mut numbers, mut held) = (BTreeSet::new(), None);
        let digests: BTreeSet<KeyDigest> = keys.iter().map(EntryKey::digest).collect();
        for digest in digests {
            let (first, last) = (layout::key(source, digest, 0), layout::key(source, digest, u64::MAX));
            let find = |item: &[u8]| self.run(Set::Key, item);
            runs::between((&first, &last), &mut held, find, |item| {
                numbers.extend(layout::read_number(item));
            })?;
        }
        Ok(numbers)
    }

    /// The traces of records numbered from `first` to `last`, by number; `held` is the run that was read last.
    pub fn traces(
        &self,
        source: &SourceId,
        (first, last): (u64, u64),
        held: &mut Option<Run>,
    ) -> Result<Vec<Trace>, Trouble> {
        let (first, last) = layout::of_traces(source, (first, last));
        let (mut traces, mut read) = (Vec::new(), Ok(()));
        runs::between(
            (&first, &last),
            held,
            |item| self.run(Set::Trace, item),
            |item| {
                if read.is_ok() {
                    read = layout::read_trace(item, &mut traces);
                }
            },
        )?;
        read.map(|()| traces).map_err(Trouble::Damaged)
    }

    /// The traces of a source in an index of version 1 or 2.
    pub fn old_traces(&self, source: &SourceId) -> Result<Vec<Trace>, Trouble> {
        let read = |(key, value): Pair| {
            let number = layout::read_number(&key).unwrap_or_default();
            layout::read_old_trace(number, &value).map_err(Trouble::Damaged)
        };
        self.pairs(Table::Trace, &layout::of_source(source))?.into_iter().map(read).collect()
    }

    /// The records a feed of `shown` does not show, newest first, at most `most` of them.
    pub fn beyond(&self, source: &SourceId, shown: Newest, most: usize) -> Result<Vec<Record>, Trouble> {
        let mut numbers = Vec::new();
        let mut newest = None;
        for (place, published) in self.published(source).enumerate() {
            let (published, number) = published?;
            let is_young = shown.reaches(*newest.get_or_insert(published), published);
            if place >= shown.count || !is_young {
                numbers.push(number);
            }
            if numbers.len() == most {
                break;
            }
        }
        self.records(source, numbers)
    }

    /// The numbers of the records a feed shows, newest first.
    pub fn newest(&self, source: &SourceId, newest: Newest) -> Result<Vec<u64>, Trouble> {
        let mut numbers = Vec::new();
        let mut first = None;
        for published in self.published(source).take(newest.count) {
            let (published, number) = published?;
            if !newest.reaches(*first.get_or_insert(published), published) {
                break;
            }
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// The newest records of several sources together, newest first, each with the place of its source.
    pub fn joined(
        &self,
        sources: &[&SourceId],
        wanted: &Joined<'_>,
    ) -> Result<Vec<(usize, Record)>, Trouble> {
        let mut top = Top::of(wanted.most);
        for (at, source) in sources.iter().enumerate() {
            let mut first = None;
            for published in self.published(source).take(wanted.each.count) {
                let (published, number) = published?;
                if !wanted.each.reaches(*first.get_or_insert(published), published) {
                    break;
                }
                let place = (Reverse(published), at, Reverse(number));
                if !top.has_room(&place) {
                    break;
                }
                if let Some(admits) = wanted.admits
                    && !admits(&self.record(source, number)?.ok_or_else(|| missing(source))?)
                {
                    continue;
                }
                top.put(place);
            }
        }
        let record = |(_, at, Reverse(number)): Place| {
            let source = sources[at];
            Ok((at, self.record(source, number)?.ok_or_else(|| missing(source))?))
        };
        top.finish().into_iter().map(record).collect()
    }

    /// The records with these numbers, in this order.
    pub fn records(
        &self,
        source: &SourceId,
        numbers: impl IntoIterator<Item = u64>,
    ) -> Result<Vec<Record>, Trouble> {
        let record = |number| self.record(source, number)?.ok_or_else(|| missing(source));
        numbers.into_iter().map(record).collect()
    }
}
