//! Keys and values of the index ↔ what they stand for. Pure.
//!
//! Every key begins with its source, so that what is read together lies together. Values are split in parts of at
//! most 4 KiB: larger ones become files of sled's own that it neither syncs nor deletes.

use jiff::{Timestamp, civil::Date};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    id::{EntryId, KeyDigest, SourceId},
    record::Trace,
};

/// The version of the index this code writes, and the newest it reads. 2: traces. 3: runs. 4: no states.
pub const VERSION: u32 = 4;
/// The largest value: sixteen of them, a full leaf, stay inside a segment of sled.
const PART_BYTES: usize = 4096;
/// How a value's JSON is to be read; its first byte.
const VALUE_VERSION: u8 = 1;

/// The tables that hold records and what is made from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Source, number, part → the record.
    Record,
    /// Runs of [`Set::Key`].
    Key,
    /// Runs of [`Set::Published`].
    Published,
    /// Runs of [`Set::Trace`].
    Trace,
    /// Source, part → its state; up to version 3.
    Source,
}

impl Table {
    const EVER: [Self; 5] = [Self::Record, Self::Key, Self::Published, Self::Trace, Self::Source];

    /// Those an index of this version has, in the order of their declaration.
    pub const fn of(version: u32) -> &'static [Self] {
        match version {
            1..4 => &Self::EVER,
            _ => Self::EVER.split_at(4).0,
        }
    }

    /// Its name on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Key => "key",
            Self::Source => "source",
            Self::Published => "published",
            Self::Trace => "trace",
        }
    }
}

/// What is kept of each source as a sorted set, in runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// Digest of a key, number of a record or trace that has it.
    Key,
    /// Published descending, number descending of a record.
    Published,
    /// What stays of a record that was let go, once for each of its keys: number, place of the key, id, published, first
    /// seen, day, digest of the key.
    Trace,
}

impl Set {
    /// Where it is.
    pub const fn table(self) -> Table {
        match self {
            Self::Key => Table::Key,
            Self::Published => Table::Published,
            Self::Trace => Table::Trace,
        }
    }

    /// How long an item is, without its source.
    pub const fn item_bytes(self) -> usize {
        match self {
            Self::Key => 24,
            Self::Published => 16,
            Self::Trace => 69,
        }
    }
}

/// Where all that belongs to a source begins, in every table.
pub fn of_source(source: &SourceId) -> Vec<u8> {
    let mut key = source.as_str().as_bytes().to_vec();
    key.push(0);
    key
}

/// Where the parts of a record begin, and the items of its trace when it was let go.
pub fn of_record(source: &SourceId, number: u64) -> Vec<u8> {
    joined(of_source(source), &number.to_be_bytes())
}

/// The item that says a record has a key.
pub fn key(source: &SourceId, key: KeyDigest, number: u64) -> Vec<u8> {
    joined(joined(of_source(source), &key.0), &number.to_be_bytes())
}

/// The item that gives a record its place in a feed.
pub fn published(source: &SourceId, published: Timestamp, number: u64) -> Vec<u8> {
    let seconds = (published.as_second().cast_unsigned() ^ (1 << 63)).to_be_bytes();
    let key = joined(of_source(source), &seconds.map(|byte| !byte));
    joined(key, &number.to_be_bytes().map(|byte| !byte))
}

/// When the record at this place of a feed was published, in seconds, and its number; `None`: not such an item.
pub fn read_published(key: &[u8]) -> Option<(i64, u64)> {
    let (rest, number) = key.split_last_chunk::<8>()?;
    let (_, seconds) = rest.split_last_chunk::<8>()?;
    let seconds = u64::from_be_bytes(seconds.map(|byte| !byte)) ^ (1 << 63);
    Some((seconds.cast_signed(), u64::from_be_bytes(number.map(|byte| !byte))))
}

/// The number at the end of an item of [`Set::Key`], or of the key of a trace as versions 1 and 2 have it; `None`: neither.
pub fn read_number(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|number| u64::from_be_bytes(*number))
}

/// The number and the part of a key of the record table, and the source before them; `None`: not such a key.
pub fn read_record(key: &[u8]) -> Option<(SourceId, u64)> {
    let (rest, _part) = key.split_last_chunk::<2>()?;
    let (rest, number) = rest.split_last_chunk::<8>()?;
    Some((read_slug(rest)?, u64::from_be_bytes(*number)))
}

/// The source of a key of the source table; `None`: not such a key.
pub fn read_source(key: &[u8]) -> Option<SourceId> {
    read_slug(key.split_last_chunk::<2>()?.0)
}

fn read_slug(bytes: &[u8]) -> Option<SourceId> {
    SourceId::new(std::str::from_utf8(bytes.strip_suffix(&[0])?).ok()?).ok()
}

/// A value in parts, each with its key; the parts of one value follow each other.
pub fn parts(base: &[u8], value: &impl Serialize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut bytes = vec![VALUE_VERSION];
    serde_json::to_writer(&mut bytes, value).expect("records and states hold nothing JSON cannot say");
    let part = |(number, chunk): (u16, &[u8])| (of_part(base, number), chunk.to_vec());
    (0..=u16::MAX).zip(bytes.chunks(PART_BYTES)).map(part).collect()
}

/// Where a part of a value is; the first is 0.
pub fn of_part(base: &[u8], number: u16) -> Vec<u8> {
    joined(base.to_vec(), &number.to_be_bytes())
}

/// Whether no part follows this one.
pub fn is_last(part: &[u8]) -> bool {
    part.len() < PART_BYTES
}

/// A value from its joined parts.
pub fn value<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match bytes.split_first() {
        Some((&VALUE_VERSION, json)) => serde_json::from_slice(json).map_err(|error| error.to_string()),
        Some((version, _)) => Err(format!("a value has version {version}")),
        None => Err("a value is empty".to_owned()),
    }
}

/// The items of a trace; none if it has no key, for nothing would ever be recognized by it.
pub fn trace(source: &SourceId, trace: &Trace) -> Vec<Vec<u8>> {
    let mut told = trace.id.to_bytes().to_vec();
    for time in [trace.published, trace.first_seen] {
        told.extend_from_slice(&time.as_second().to_be_bytes());
        told.extend_from_slice(&time.subsec_nanosecond().to_be_bytes());
    }
    let day = trace.day.map_or([0; 4], |day| {
        let [high, low] = day.year().to_be_bytes();
        [high, low, day.month().cast_unsigned(), day.day().cast_unsigned()]
    });
    told.extend_from_slice(&day);
    let base = of_record(source, trace.number);
    let item = |(place, key): (u8, &KeyDigest)| [base.as_slice(), &[place], &told, &key.0].concat();
    (0..=u8::MAX).zip(&trace.keys).map(item).collect()
}

/// Where the items of traces begin and end whose numbers are from `first` to `last`.
pub fn of_traces(source: &SourceId, (first, last): (u64, u64)) -> (Vec<u8>, Vec<u8>) {
    let rest = Set::Trace.item_bytes() - size_of::<u64>();
    (joined(of_record(source, first), &vec![0; rest]), joined(of_record(source, last), &vec![u8::MAX; rest]))
}

/// The number of the trace that a run begins with; `None`: it has none.
pub fn first_trace(run: &[u8]) -> Option<u64> {
    run.first_chunk::<8>().map(|number| u64::from_be_bytes(*number))
}

/// Adds what an item says to the traces before it.
pub fn read_trace(item: &[u8], traces: &mut Vec<Trace>) -> Result<(), String> {
    let number = first_trace(item).unwrap_or_default();
    let trace = trace_of(number, item.get(9..).unwrap_or_default())?;
    match traces.last_mut() {
        Some(last) if last.number == number => last.keys.extend(trace.keys),
        _ => traces.push(trace),
    }
    Ok(())
}

/// The trace of record `number` as versions 1 and 2 have it, from its value.
pub fn read_old_trace(number: u64, bytes: &[u8]) -> Result<Trace, String> {
    match bytes.split_first() {
        Some((&VALUE_VERSION, rest)) => trace_of(number, rest),
        Some((version, _)) => Err(format!("a trace has version {version}")),
        None => trace_of(number, bytes),
    }
}

fn trace_of(number: u64, bytes: &[u8]) -> Result<Trace, String> {
    let short = || "a trace is cut short".to_owned();
    let (id, rest) = bytes.split_first_chunk::<16>().ok_or_else(short)?;
    let (published, rest) = read_time(rest).ok_or_else(short)?;
    let (first_seen, rest) = read_time(rest).ok_or_else(short)?;
    let ([high, low, month, day], rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
    let day = match month {
        0 => None,
        _ => Some(
            Date::new(i16::from_be_bytes([*high, *low]), month.cast_signed(), day.cast_signed())
                .map_err(|error| error.to_string())?,
        ),
    };
    let (keys, []) = rest.as_chunks::<16>() else { return Err(short()) };
    let keys = keys.iter().map(|key| KeyDigest(*key)).collect();
    Ok(Trace { number, id: EntryId::from_bytes(*id), keys, day, published, first_seen })
}

fn read_time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (second, rest) = bytes.split_first_chunk::<8>()?;
    let (nanosecond, rest) = rest.split_first_chunk::<4>()?;
    let time = Timestamp::new(i64::from_be_bytes(*second), i32::from_be_bytes(*nanosecond)).ok()?;
    Some((time, rest))
}

/// What one key and its value add to the sum that proves the index whole.
pub fn weight(table: Table, key: &[u8], value: &[u8]) -> u128 {
    let mut digest = blake3::Hasher::new();
    digest.update(table.name().as_bytes());
    digest.update(&(key.len() as u64).to_le_bytes());
    digest.update(key);
    digest.update(value);
    let (first, _) =
        digest.finalize().as_bytes().split_first_chunk::<16>().map(|(a, b)| (*a, b.len())).expect("32");
    u128::from_le_bytes(first)
}

/// What the index says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// How it is laid out.
    pub version: u32,
    /// Which store it belongs to.
    pub epoch: Uuid,
    /// The last commit it holds.
    pub last_seq: u64,
    /// How many sources it holds; 0 from version 4 on.
    pub sources: u64,
    /// How many records it holds.
    pub records: u64,
    /// The sum of the weights of all its keys and values.
    pub sum: u128,
}

impl Meta {
    /// Of an index that holds nothing yet.
    pub const fn empty(epoch: Uuid) -> Self {
        Self { version: VERSION, epoch, last_seq: 0, sources: 0, records: 0, sum: 0 }
    }

    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.version.to_be_bytes().to_vec();
        bytes.extend_from_slice(self.epoch.as_bytes());
        bytes.extend_from_slice(&self.last_seq.to_be_bytes());
        bytes.extend_from_slice(&self.sources.to_be_bytes());
        bytes.extend_from_slice(&self.records.to_be_bytes());
        bytes.extend_from_slice(&self.sum.to_be_bytes());
        bytes
    }

    /// From bytes; `Err(Some)`: a newer version, `Err(None)`: not what was written.
    pub fn decode(bytes: &[u8]) -> Result<Self, Option<u32>> {
        let (version, rest) = bytes.split_first_chunk::<4>().ok_or(None)?;
        let version = u32::from_be_bytes(*version);
        if version > VERSION {
            return Err(Some(version));
        }
        let (epoch, rest) = rest.split_first_chunk::<16>().ok_or(None)?;
        let (last_seq, rest) = rest.split_first_chunk::<8>().ok_or(None)?;
        let (sources, rest) = rest.split_first_chunk::<8>().ok_or(None)?;
        let (records, rest) = rest.split_first_chunk::<8>().ok_or(None)?;
        let sum = rest.try_into().map_err(|_| None)?;
        Ok(Self {
            version,
            epoch: Uuid::from_bytes(*epoch),
            last_seq: u64::from_be_bytes(*last_seq),
            sources: u64::from_be_bytes(*sources),
            records: u64::from_be_bytes(*records),
            sum: u128::from_be_bytes(sum),
        })
    }
}

fn joined(mut key: Vec<u8>, more: &[u8]) -> Vec<u8> {
    key.extend_from_slice(more);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> SourceId {
        SourceId::new("a-source").unwrap()
    }

    #[test]
    fn later_and_higher_sorts_first() {
        let at = |seconds, number| published(&source(), Timestamp::from_second(seconds).unwrap(), number);
        let sorted = [at(9, 1), at(5, 4), at(5, 3), at(0, 9), at(-3, 9), at(-4, 1)];
        assert!(sorted.is_sorted());
        assert_eq!(
            sorted.map(|key| read_published(&key).unwrap()),
            [(9, 1), (5, 4), (5, 3), (0, 9), (-3, 9), (-4, 1)]
        );
    }

    #[test]
    fn a_large_value_is_split_and_joined_again() {
        let text = "x".repeat(3 * PART_BYTES);
        let parts = parts(&of_record(&source(), 7), &text);
        assert_eq!(parts.len(), 4);
        assert!(parts.is_sorted() && parts.iter().all(|(_, part)| part.len() <= PART_BYTES));
        assert!(parts.iter().all(|(key, _)| read_record(key) == Some((source(), 7))));
        let joined: Vec<u8> = parts.into_iter().flat_map(|(_, part)| part).collect();
        assert_eq!(value::<String>(&joined).unwrap(), text);
    }

    #[test]
    fn a_trace_survives_to_the_nanosecond() {
        let mut kept = crate::store::samples::record("one", 7).trace();
        kept.published = "1969-12-31T23:59:59.123456789Z".parse().unwrap();
        kept.keys = vec![KeyDigest([9; 16]), KeyDigest([1; 16])];
        for day in [None, Some(jiff::civil::date(-1, 12, 31))] {
            kept.day = day;
            let (first, last) = of_traces(&source(), (7, 7));
            let mut read = Vec::new();
            for item in trace(&source(), &kept) {
                assert!(first < item && item < last);
                let item = item.strip_prefix(b"a-source\0").unwrap();
                assert_eq!(item.len(), Set::Trace.item_bytes());
                read_trace(item, &mut read).unwrap();
                assert!(read_trace(&item[..40], &mut read).is_err());
            }
            assert_eq!(read, [kept.clone()], "with its keys in their order");
        }
    }

    #[test]
    fn meta_survives_and_a_newer_one_is_named() {
        let meta =
            Meta { last_seq: 3, sources: 1, records: 9, sum: 1 << 100, ..Meta::empty(Uuid::from_u128(5)) };
        let mut bytes = meta.encode();
        assert_eq!(Meta::decode(&bytes), Ok(meta));
        assert_eq!(Meta::decode(&bytes[..20]), Err(None));
        bytes[3] = 9;
        assert_eq!(Meta::decode(&bytes), Err(Some(9)));
    }
}
