//! What is known of each source, all of it ↔ one file. Pure: it takes readers and writers.
//!
//! Every run asks for the states of its sources, and most runs change nothing else. So they are no part of the index:
//! they are read whole at the start, held as they are written, and written whole at the end, and sled is opened only
//! when a record is asked for. What a kill kept from the file stands in the journal.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind, Read, Write},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{guard::Trouble, journal::Noted};
use crate::{
    id::SourceId,
    record::{Glance, Plan, Record, SourceState},
};

/// The version of the file this code writes, and the newest it reads. 2: instants are numbers.
pub const VERSION: u32 = 2;
const MAGIC: &[u8; 8] = b"gleanst\x1f";
/// More than most states take.
const ROOM_BYTES: u32 = 4096;

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

/// Why a file gives no states.
#[derive(Debug)]
pub enum Unread {
    /// It is whole, and of a version this code does not know.
    Newer(u32),
    /// It is not what was written.
    Damaged,
    /// It cannot be read.
    World(io::Error),
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

    /// What these plans come to.
    pub fn apply(&mut self, plans: &[Plan]) {
        self.apply_written(plans, &written(plans));
    }

    /// As [`States::apply`], with the plans' states as JSON; renames before all else.
    pub fn apply_written(&mut self, plans: &[Plan], states: &[Box<RawValue>]) {
        for plan in plans {
            if let Some(state) = plan.was.as_ref().and_then(|was| self.0.remove(was)) {
                self.0.insert(plan.source.clone(), state);
            }
        }
        for (plan, state) in plans.iter().zip(states) {
            self.0.insert(plan.source.clone(), state.get().as_bytes().into());
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

    /// Writes a file of states.
    pub fn write(&self, mark: &Mark, sink: impl Write) -> io::Result<()> {
        let mut sink = Summed { of: sink, sum: 0 };
        sink.put(MAGIC)?;
        sink.put(&VERSION.to_le_bytes())?;
        sink.put(mark.epoch.as_bytes())?;
        for number in [mark.last_seq, mark.index_seq, mark.journal.len() as u64, self.len()] {
            sink.put(&number.to_le_bytes())?;
        }
        for noted in &mark.journal {
            for number in [noted.number, noted.last_seq, noted.bytes] {
                sink.put(&number.to_le_bytes())?;
            }
        }
        for (source, json) in &self.0 {
            for text in [source.as_str().as_bytes(), json] {
                let length = u32::try_from(text.len()).expect("a state is far smaller than 4 GiB");
                sink.put(&length.to_le_bytes())?;
                sink.put(text)?;
            }
        }
        let sum = sink.sum;
        sink.put(&sum.to_le_bytes())
    }

    /// Reads a file of states.
    pub fn read_file(file: impl Read) -> Result<(Self, Mark), Unread> {
        let mut file = Summed { of: file, sum: 0 };
        if file.take()? != *MAGIC {
            return Err(Unread::Damaged);
        }
        let version = u32::from_le_bytes(file.take()?);
        if version > VERSION {
            return Err(file.newer(version));
        }
        let epoch = Uuid::from_bytes(file.take()?);
        let [last_seq, index_seq, files, sources] =
            [file.number()?, file.number()?, file.number()?, file.number()?];
        let mut mark = Mark { epoch, last_seq, index_seq, journal: Vec::new() };
        for _ in 0..files {
            let [number, last_seq, bytes] = [file.number()?, file.number()?, file.number()?];
            mark.journal.push(Noted { number, last_seq, bytes });
        }
        if version < VERSION {
            // An older journal is not written on, so it is to be looked at.
            mark.journal.clear();
        }
        let read = (0..sources).map(|_| file.state()).collect::<Result<Vec<_>, _>>()?;
        let sum = file.sum;
        let is_same = u32::from_le_bytes(file.take()?) == sum;
        let is_over = matches!(file.take::<1>(), Err(Unread::Damaged));
        // They are in order as they come, and a map is then made of them at once.
        if is_same && is_over { Ok((Self(read.into_iter().collect()), mark)) } else { Err(Unread::Damaged) }
    }
}

/// The states of plans as JSON.
pub fn written(plans: &[Plan]) -> Vec<Box<RawValue>> {
    let state = |plan: &Plan| {
        serde_json::value::to_raw_value(&plan.state).expect("states hold nothing JSON cannot say")
    };
    plans.iter().map(state).collect()
}

/// Plans as the journal has them, given their states as JSON: most of a commit is states, and they are made to text
/// once.
pub fn payload(plans: &[Plan], states: &[Box<RawValue>]) -> Vec<u8> {
    let told: Vec<Told<'_>> = plans.iter().zip(states).map(|(plan, state)| Told::of(plan, state)).collect();
    serde_json::to_vec(&told).expect("plans hold nothing JSON cannot say")
}

/// As a plan is serialized, but for the state, which was before.
#[derive(Serialize)]
struct Told<'a> {
    source: &'a SourceId,
    state: &'a RawValue,
    records: &'a [Record],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fade: &'a [u64],
    #[serde(skip_serializing_if = "Option::is_none")]
    forget: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<&'a SourceId>,
}

impl<'a> Told<'a> {
    fn of(plan: &'a Plan, state: &'a RawValue) -> Self {
        Self {
            source: &plan.source,
            state,
            records: &plan.records,
            fade: &plan.fade,
            forget: (plan.forget > 0).then_some(plan.forget),
            was: plan.was.as_ref(),
        }
    }
}

/// A file, and the CRC-32C of what was written to it or read from it so far.
struct Summed<F> {
    of: F,
    sum: u32,
}

impl<W: Write> Summed<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum = crc32c::crc32c_append(self.sum, bytes);
        self.of.write_all(bytes)
    }
}

impl<R: Read> Summed<R> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unread> {
        let mut bytes = [0; N];
        self.of.read_exact(&mut bytes)?;
        self.sum = crc32c::crc32c_append(self.sum, &bytes);
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u64, Unread> {
        self.take().map(u64::from_le_bytes)
    }

    /// A source and its state.
    fn state(&mut self) -> Result<(SourceId, Box<[u8]>), Unread> {
        let source = String::from_utf8(self.text()?).map_err(|_| Unread::Damaged)?;
        Ok((SourceId::try_from(source).map_err(|_| Unread::Damaged)?, self.text()?.into()))
    }

    fn text(&mut self) -> Result<Vec<u8>, Unread> {
        let length = u32::from_le_bytes(self.take()?);
        // Whatever a damaged length says, no more is held than there is.
        let usual = length.min(ROOM_BYTES);
        let mut text = vec![0; usual as usize];
        self.of.read_exact(&mut text)?;
        (&mut self.of).take((length - usual).into()).read_to_end(&mut text)?;
        self.sum = crc32c::crc32c_append(self.sum, &text);
        if text.len() == length as usize { Ok(text) } else { Err(Unread::Damaged) }
    }

    /// Whether a file of a newer version is one.
    fn newer(mut self, version: u32) -> Unread {
        let mut rest = Vec::new();
        if let Err(error) = self.of.read_to_end(&mut rest) {
            return error.into();
        }
        match rest.split_last_chunk() {
            Some((rest, sum)) if crc32c::crc32c_append(self.sum, rest) == u32::from_le_bytes(*sum) => {
                Unread::Newer(version)
            }
            _ => Unread::Damaged,
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof { Self::Damaged } else { Self::World(error) }
    }
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

    fn file() -> Vec<u8> {
        let (states, mark) = some();
        let mut file = Vec::new();
        states.write(&mark, &mut file).unwrap();
        file
    }

    #[test]
    fn what_is_written_is_read_and_damage_anywhere_is_noticed() {
        let whole = file();
        assert_eq!(States::read_file(&whole[..]).unwrap(), some());
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert!(matches!(States::read_file(&bytes[..]), Err(Unread::Damaged)), "byte {at}");
            assert!(matches!(States::read_file(&whole[..at]), Err(Unread::Damaged)), "cut at {at}");
        }
        let longer = [&whole[..], b"0"].concat();
        assert!(matches!(States::read_file(&longer[..]), Err(Unread::Damaged)));
    }

    #[test]
    fn a_newer_file_is_told_from_a_damaged_one() {
        let mut bytes = file();
        bytes[MAGIC.len()] = 9;
        let told = bytes.len() - 4;
        let sum = crc32c::crc32c(&bytes[..told]).to_le_bytes();
        bytes[told..].copy_from_slice(&sum);
        assert!(matches!(States::read_file(&bytes[..]), Err(Unread::Newer(9))));
    }

    #[test]
    fn the_journal_has_plans_as_they_are_read() {
        let all = Plan { fade: vec![1], forget: 7, was: Some(id("two")), ..plan("three", 2..=3) };
        for plans in [vec![], vec![plan("one", [])], vec![plan("one", 1..=2), all]] {
            let payload = payload(&plans, &written(&plans));
            assert_eq!(payload, serde_json::to_vec(&plans).unwrap());
            assert_eq!(serde_json::from_slice::<Vec<Plan>>(&payload).unwrap(), plans);
        }
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
