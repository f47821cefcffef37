//! What is known of each source, all of it ↔ one file. Pure: it takes bytes and gives bytes.
//!
//! Every run asks for the states of its sources, and most runs change nothing else. So they are no part of the index:
//! they are read whole at the start, held as they are written, and written whole at the end, and sled is opened only
//! when a record is asked for. What a kill kept from the file stands in the journal.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{guard::Trouble, journal::Noted};
use crate::{
    id::SourceId,
    record::{Glance, Plan, SourceState},
};

/// The version of the file this code writes, and the newest it reads.
pub const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"gleanst\x1f";
/// Magic, version, epoch, last commit, the index's last commit, how many files the journal has.
const HEAD_BYTES: usize = 8 + 4 + 16 + 8 + 8 + 4;
/// Number, last commit, length.
const NOTED_BYTES: usize = 8 + 8 + 8;
const CHECK_BYTES: usize = 4;

/// The states of all sources, each as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States(BTreeMap<SourceId, Box<[u8]>>);

/// What a file of states belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which store.
    pub epoch: Uuid,
    /// The last commit that is in the states.
    pub last_seq: u64,
    /// The last commit that the index says it holds; those between write no records, so that it holds them too.
    pub index_seq: u64,
    /// The files of the journal, in order; none: they are to be read.
    pub journal: Vec<Noted>,
}

/// Why bytes are no states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// They are whole, and of a version this code does not know.
    Newer(u32),
    /// They are not what was written.
    Damaged,
}

impl States {
    /// How many sources are known.
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether no source is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every source that is known.
    pub fn sources(&self) -> impl Iterator<Item = &SourceId> {
        self.0.keys()
    }

    /// What is known of a source; the default where nothing is.
    pub fn get(&self, source: &SourceId) -> Result<SourceState, Trouble> {
        self.read(source)
    }

    /// As [`States::get`], a part of it.
    pub fn glance(&self, source: &SourceId) -> Result<Glance, Trouble> {
        self.read(source)
    }

    /// Whether anything was ever committed for a source.
    pub fn knows(&self, source: &SourceId) -> bool {
        self.0.contains_key(source)
    }

    fn read<T: DeserializeOwned + Default>(&self, source: &SourceId) -> Result<T, Trouble> {
        let Some(json) = self.0.get(source) else { return Ok(T::default()) };
        serde_json::from_slice(json)
            .map_err(|error| Trouble::Damaged(format!("the state of `{source}` cannot be read: {error}")))
    }

    /// From now on this is known of a source.
    pub fn put(&mut self, source: SourceId, state: &SourceState) {
        let json = serde_json::to_vec(state).expect("states hold nothing JSON cannot say");
        self.0.insert(source, json.into());
    }

    /// What these plans come to, renames before all else.
    pub fn apply(&mut self, plans: &[Plan]) {
        for plan in plans {
            if let Some(state) = plan.was.as_ref().and_then(|was| self.0.remove(was)) {
                self.0.insert(plan.source.clone(), state);
            }
        }
        for plan in plans {
            self.put(plan.source.clone(), &plan.state);
        }
    }

    /// Plans without the renames to a source that is known already, which come to nothing. `None`: there are none such.
    pub fn without_vain_renames(&self, plans: &[Plan]) -> Option<Vec<Plan>> {
        let is_vain = |plan: &Plan| {
            plan.was.as_ref().is_some_and(|was| *was == plan.source || self.knows(&plan.source))
        };
        plans.iter().any(is_vain).then(|| {
            let kept =
                |plan: &Plan| Plan { was: plan.was.clone().filter(|_| !is_vain(plan)), ..plan.clone() };
            plans.iter().map(kept).collect()
        })
    }

    /// As a file.
    pub fn encode(&self, mark: &Mark) -> Vec<u8> {
        let sizes = self.0.iter().map(|(source, json)| 8 + source.as_str().len() + json.len());
        let head_bytes = HEAD_BYTES + mark.journal.len() * NOTED_BYTES;
        let mut bytes = Vec::with_capacity(head_bytes + sizes.sum::<usize>() + CHECK_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(mark.epoch.as_bytes());
        bytes.extend_from_slice(&mark.last_seq.to_le_bytes());
        bytes.extend_from_slice(&mark.index_seq.to_le_bytes());
        bytes.extend_from_slice(&length(mark.journal.len()));
        for noted in &mark.journal {
            for number in [noted.number, noted.last_seq, noted.bytes] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        for (source, json) in &self.0 {
            for text in [source.as_str().as_bytes(), json] {
                bytes.extend_from_slice(&length(text.len()));
                bytes.extend_from_slice(text);
            }
        }
        let check = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&check.to_le_bytes());
        bytes
    }

    /// From a file.
    pub fn decode(bytes: &[u8]) -> Result<(Self, Mark), Unread> {
        let (told, check) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(Unread::Damaged)?;
        if !told.starts_with(MAGIC) || crc32c::crc32c(told) != u32::from_le_bytes(*check) {
            return Err(Unread::Damaged);
        }
        let mut rest = &told[MAGIC.len()..];
        match u32::from_le_bytes(take(&mut rest)?) {
            version if version > VERSION => return Err(Unread::Newer(version)),
            _ => {}
        }
        let mut mark = Mark {
            epoch: Uuid::from_bytes(take(&mut rest)?),
            last_seq: number(&mut rest)?,
            index_seq: number(&mut rest)?,
            journal: Vec::new(),
        };
        for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
            let (number, last_seq, bytes) = (number(&mut rest)?, number(&mut rest)?, number(&mut rest)?);
            mark.journal.push(Noted { number, last_seq, bytes });
        }
        let mut states = BTreeMap::new();
        while !rest.is_empty() {
            let source = std::str::from_utf8(text(&mut rest)?).map_err(|_| Unread::Damaged)?;
            let source = SourceId::new(source).map_err(|_| Unread::Damaged)?;
            states.insert(source, text(&mut rest)?.into());
        }
        Ok((Self(states), mark))
    }
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("a state is far smaller than 4 GiB").to_le_bytes()
}

fn number(rest: &mut &[u8]) -> Result<u64, Unread> {
    take(rest).map(u64::from_le_bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Unread> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(Unread::Damaged)?;
    *rest = left;
    Ok(*taken)
}

fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Unread> {
    let length = u32::from_le_bytes(take(rest)?) as usize;
    let (text, left) = rest.split_at_checked(length).ok_or(Unread::Damaged)?;
    *rest = left;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples::{id, plan};

    fn some() -> (States, Mark) {
        let mut states = States::default();
        states.apply(&[plan("one", 1..=3), plan("two", 1..=1)]);
        let noted = |number| Noted { number, last_seq: 3 * number, bytes: 1 << number };
        let journal = vec![noted(2), noted(3)];
        (states, Mark { epoch: Uuid::from_u128(7), last_seq: 9, index_seq: 4, journal })
    }

    #[test]
    fn what_is_written_is_read_and_damage_anywhere_is_noticed() {
        let (states, mark) = some();
        let whole = states.encode(&mark);
        assert_eq!(States::decode(&whole), Ok((states, mark)));
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert_eq!(States::decode(&bytes), Err(Unread::Damaged), "byte {at}");
            assert_eq!(States::decode(&whole[..at]), Err(Unread::Damaged), "cut at {at}");
        }
    }

    #[test]
    fn a_newer_file_is_told_from_a_damaged_one() {
        let (states, mark) = some();
        let mut bytes = states.encode(&mark);
        bytes[MAGIC.len()] = 9;
        let told = bytes.len() - CHECK_BYTES;
        let check = crc32c::crc32c(&bytes[..told]).to_le_bytes();
        bytes[told..].copy_from_slice(&check);
        assert_eq!(States::decode(&bytes), Err(Unread::Newer(9)));
    }

    #[test]
    fn a_source_is_renamed_unless_its_new_name_is_known() {
        let (mut states, _) = some();
        let to = |slug, was| Plan { was: Some(id(was)), ..plan(slug, []) };
        let vain = [to("two", "one"), to("one", "one"), to("three", "two")];
        let kept = states.without_vain_renames(&vain).unwrap();
        assert_eq!(
            kept.iter().map(|plan| plan.was.clone()).collect::<Vec<_>>(),
            [None, None, Some(id("two"))]
        );
        assert_eq!(states.without_vain_renames(&kept[2..]), None);
        states.apply(&kept[2..]);
        assert_eq!(states.sources().collect::<Vec<_>>(), [&id("one"), &id("three")]);
    }
}
