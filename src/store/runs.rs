//! Runs: a sorted set of short items of one length ↔ a few longer values. Pure.
//!
//! sled holds memory for each of its pages, and a page has sixteen keys at most, however short they are. So the items
//! of a source lie together: the key of a run says where it begins, its value holds its items in their order, and it
//! ends where the next one begins. The first run of a source begins before every item.

use std::collections::{BTreeMap, BTreeSet};

/// The most that a run holds. A change to one item has its whole run read and written, and runs of this length are about an
/// eighth of a key for each entry, beside the key of its record: longer ones would save little.
const RUN_BYTES: usize = 1024;

/// A run of the index, or the place of one where there is none.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its key: the source, and where it begins.
    pub key: Vec<u8>,
    /// Its items, one after another.
    pub items: Vec<u8>,
    /// The key of the next run of the source; `None`: there is none.
    pub end: Option<Vec<u8>>,
    /// What every item of the source begins with, in front of what the run holds of it: so many bytes.
    pub base_bytes: usize,
    /// How long an item is.
    pub item_bytes: usize,
}

impl Run {
    /// Whether an item, with its source, has its place here.
    pub fn covers(&self, item: &[u8]) -> bool {
        item.starts_with(&self.key[..self.base_bytes])
            && item >= &self.key[..]
            && self.end.as_deref().is_none_or(|end| item < end)
    }

    /// What changes of items it covers make of it.
    fn changed<'a>(&'a self, changes: impl Iterator<Item = (&'a [u8], bool)>) -> Vec<Row> {
        let mut items: BTreeSet<&[u8]> = self.items().collect();
        let mut is_changed = false;
        for (item, is_in) in changes {
            let item = &item[self.base_bytes..];
            is_changed |= if is_in { items.insert(item) } else { items.remove(item) };
        }
        if !is_changed {
            return Vec::new();
        }
        if items.is_empty() {
            return vec![(self.key.clone(), None)];
        }
        let items: Vec<&[u8]> = items.into_iter().collect();
        let runs = items.len().div_ceil(RUN_BYTES / self.item_bytes);
        let run = |(place, items): (usize, &[&[u8]])| {
            let key = match place {
                0 => self.key.clone(),
                _ => [&self.key[..self.base_bytes], items[0]].concat(),
            };
            (key, Some(items.concat()))
        };
        items.chunks(items.len().div_ceil(runs)).enumerate().map(run).collect()
    }

    fn items(&self) -> impl Iterator<Item = &[u8]> {
        self.items.chunks_exact(self.item_bytes)
    }
}

/// What becomes of a key; `None`: it is removed.
type Row = (Vec<u8>, Option<Vec<u8>>);

/// What becomes of the keys of sets `S` when items, which come with their source, are in or not. Each run is found once.
pub fn settled<S: Copy + Eq, E>(
    items: &BTreeMap<(S, Vec<u8>), bool>,
    find: impl Fn(S, &[u8]) -> Result<Run, E>,
) -> Result<Vec<(S, Row)>, E> {
    let mut rows = Vec::new();
    let mut items = items.iter().peekable();
    while let Some(((set, first), _)) = items.peek() {
        let run = find(*set, first)?;
        let own = std::iter::from_fn(|| items.next_if(|((other, item), _)| other == set && run.covers(item)));
        let changed = run.changed(own.map(|((_, item), is_in)| (item.as_slice(), *is_in)));
        rows.extend(changed.into_iter().map(|row| (*set, row)));
    }
    Ok(rows)
}

/// Gives the items of a set from `first` to `last`, which come with their source, to `sink`; without it. The run that
/// was read last is `held`, so that items that lie together are found once.
pub fn between<E>(
    (first, last): (&[u8], &[u8]),
    held: &mut Option<Run>,
    find: impl Fn(&[u8]) -> Result<Run, E>,
    mut sink: impl FnMut(&[u8]),
) -> Result<(), E> {
    let mut next = Some(first.to_vec());
    while let Some(place) = next.take().filter(|place| place.as_slice() <= last) {
        let run = match held.take().filter(|run| run.covers(&place)) {
            Some(run) => run,
            None => find(&place)?,
        };
        let is_within = |item: &&[u8]| first[run.base_bytes..] <= **item && **item <= last[run.base_bytes..];
        run.items().filter(is_within).for_each(&mut sink);
        next.clone_from(&run.end);
        *held = Some(run);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    const BASES: [&[u8]; 3] = [b"on\0", b"one\0", b"one-more\0"];
    const ITEM_BYTES: usize = 64;

    type Table = BTreeMap<Vec<u8>, Vec<u8>>;

    fn find(table: &Table, item: &[u8]) -> Run {
        let base = &item[..item.len() - ITEM_BYTES];
        let is_own = |(key, _): &(&Vec<u8>, &Vec<u8>)| key.starts_with(base);
        let last = table.range(..=item.to_vec()).next_back().filter(is_own);
        let (key, items) =
            last.map_or_else(|| (base.to_vec(), Vec::new()), |(key, items)| (key.clone(), items.clone()));
        let end =
            table.range(key.clone()..).filter(is_own).map(|(next, _)| next.clone()).find(|next| *next > key);
        Run { key, items, end, base_bytes: base.len(), item_bytes: ITEM_BYTES }
    }

    /// Few of them differ at their beginning, so that many lie between two.
    fn item(base: usize, number: u16) -> Vec<u8> {
        let mut item = [0; ITEM_BYTES];
        item[0] = number.to_be_bytes()[0] & 3;
        item[ITEM_BYTES - 2..].copy_from_slice(&number.to_be_bytes());
        [BASES[base], &item].concat()
    }

    fn apply(table: &mut Table, changes: &BTreeMap<((), Vec<u8>), bool>) {
        let Ok(rows) = settled(changes, |(), item| Ok::<_, Infallible>(find(table, item)));
        let mut keys = BTreeSet::new();
        for ((), (key, value)) in rows {
            assert!(keys.insert(key.clone()), "a run is written once");
            match value {
                Some(value) => table.insert(key, value),
                None => table.remove(&key),
            };
        }
    }

    fn all(table: &Table) -> Vec<Vec<u8>> {
        let of_run = |(key, items): (&Vec<u8>, &Vec<u8>)| {
            assert!((1..=RUN_BYTES).contains(&items.len()), "no run is empty or too long");
            let base = &key[..=key.iter().position(|byte| *byte == 0).unwrap()];
            items.chunks(ITEM_BYTES).map(|item| [base, item].concat()).collect::<Vec<_>>()
        };
        table.iter().flat_map(of_run).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn runs_are_the_set(
            batches in prop::collection::vec(
                (0..3_usize, any::<u16>(), 1..400_u16, 1..5_u16, prop::bool::weighted(0.6)), 1..30),
            (from, to) in any::<(u16, u16)>(),
        ) {
            let (mut table, mut set) = (Table::new(), BTreeSet::new());
            for (base, first, count, step, is_in) in batches {
                let numbers = (0..count).map(|n| first.wrapping_add(n * step) % 2_000);
                let changes: BTreeMap<_, _> = numbers.map(|n| (((), item(base, n)), is_in)).collect();
                for ((), item) in changes.keys() {
                    if is_in { set.insert(item.clone()); } else { set.remove(item); }
                }
                apply(&mut table, &changes);
                prop_assert!(all(&table).iter().eq(&set), "what is held is not the set");
            }
            let mut held = None;
            for base in [0, 1, 1, 2] {
                let (first, last) = (item(base, from.min(to)), item(base, from.max(to)));
                let mut read = Vec::new();
                let find = |item: &[u8]| Ok::<_, Infallible>(find(&table, item));
                let Ok(()) = between((&first, &last), &mut held, find, |item| read.push([BASES[base], item].concat()));
                let is_within = |item: &&Vec<u8>| first <= **item && **item <= last;
                let expected: Vec<_> = set.iter().filter(is_within).cloned().collect();
                prop_assert!(read == expected, "what is read is not what lies between");
            }
        }
    }

    #[test]
    fn a_run_that_is_as_it_was_is_not_written() {
        let mut table = Table::new();
        let changes = BTreeMap::from([(((), item(1, 7)), true), (((), item(1, 8)), false)]);
        apply(&mut table, &changes);
        let Ok(rows) = settled(&changes, |(), item| Ok::<_, Infallible>(find(&table, item)));
        assert!(rows.is_empty());
    }

    #[test]
    fn a_run_that_is_gone_leaves_its_place_to_the_one_before() {
        let mut table = Table::new();
        let change =
            |numbers: std::ops::Range<u16>, is_in| numbers.map(|n| (((), item(1, n)), is_in)).collect();
        apply(&mut table, &change(0..40, true));
        assert_eq!(table.len(), 3);
        apply(&mut table, &change(0..30, false));
        assert_eq!(table.len(), 1, "what was before its items has no run");
        apply(&mut table, &change(3..5, true));
        assert_eq!(table.keys().next().unwrap(), BASES[1], "the first run begins before every item");
        assert_eq!(all(&table).len(), 12);
    }
}
