//! Traces and sightings → the records of entries that come back after they were let go. Pure.
//!
//! What readers were told once stands: id, number, published date and first sight are the trace's. The rest is what
//! the page says now.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::{
    entry::Sighting,
    id::{EntryKey, KeyDigest},
    moment::{Moment, Precision, Provenance},
    record::{Record, Trace},
};

/// A record for each trace that one of the sightings answers to, unless a record has it already.
pub fn revive(sightings: &[Sighting], records: &[Record], traces: &[Trace], now: Timestamp) -> Vec<Record> {
    if traces.is_empty() {
        return Vec::new();
    }
    let known: HashSet<&EntryKey> = records.iter().flat_map(|record| &record.keys).collect();
    let by_key: HashMap<KeyDigest, &Trace> =
        traces.iter().flat_map(|trace| trace.keys.iter().map(move |key| (*key, trace))).collect();
    let mut taken = HashSet::new();
    let mut revived = Vec::new();
    for sighting in sightings {
        // A weak key is no proof that an entry is one seen years ago.
        let is_known = sighting.keys.iter().any(|key| !key.is_weak() && known.contains(key));
        let found = sighting.keys.iter().find_map(|key| by_key.get(&key.digest()));
        if let Some(trace) = found.filter(|_| !is_known)
            && taken.insert(trace.number)
        {
            revived.push(record(trace, sighting, now));
        }
    }
    revived
}

fn record(trace: &Trace, sighting: &Sighting, now: Timestamp) -> Record {
    let mut entry = sighting.entry.clone();
    entry.moment = trace.day.map(|day| Moment {
        day,
        first_day: None,
        instant: None,
        precision: Precision::Day,
        provenance: Provenance::Inferred,
    });
    Record {
        number: trace.number,
        id: trace.id,
        keys: sighting.keys.clone(),
        entry,
        published: trace.published,
        updated: trace.published,
        first_seen: trace.first_seen,
        last_seen: now,
        churn: 0,
        redated: 0,
        retold_in: Vec::new(),
    }
}
