//! Sightings and known records → which sighting is which record. Pure.
//!
//! Proof first: a link or id that the page gives. Then the same headline and teaser. Evidence that different
//! entries may share (headline and day) counts only where nothing better exists: for entries without a link, and
//! when a whole site has moved its addresses. A sighting taken for the wrong record would be a lost entry, which
//! is worse than one announced twice.

use std::collections::{HashMap, HashSet};

use crate::{
    entry::{Entry, Sighting},
    id::EntryKey,
    listing::{DateSource, RawDate},
    moment::Provenance,
    normalize::{comparable, lasting},
    record::Record,
};

/// For each sighting the place of its record in `known`; `None`: it is new. Two sightings may be one record
/// (a story posted twice, of which one copy was then edited).
pub fn recognize(sightings: &[Sighting], known: &[Record]) -> Vec<Option<usize>> {
    let by_key: HashMap<&EntryKey, usize> = known
        .iter()
        .enumerate()
        .flat_map(|(place, record)| record.keys.iter().map(move |key| (key, place)))
        .collect();
    let find = |sighting: &Sighting, counts: fn(&EntryKey) -> bool| {
        sighting.keys.iter().filter(|key| counts(key)).find_map(|key| by_key.get(key).copied())
    };

    let mut found: Vec<Option<usize>> =
        sightings.iter().map(|sighting| find(sighting, EntryKey::is_given)).collect();
    let by_address = found.iter().flatten().count();
    for (sighting, found) in sightings.iter().zip(&mut found) {
        *found = found.or_else(|| find(sighting, |key| !key.is_given() && !key.is_weak()));
    }

    let mut taken: HashSet<usize> = found.iter().flatten().copied().collect();
    let moved = if by_address == 0 { moved(sightings, known) } else { HashMap::new() };
    for (sighting, found) in sightings.iter().zip(&mut found) {
        if found.is_some() {
            continue;
        }
        let is_addressed = sighting.keys.iter().any(EntryKey::is_given);
        let headline = comparable(&sighting.entry.headline);
        let candidate = if is_addressed {
            moved.get(&headline).copied()
        } else {
            find(sighting, EntryKey::is_weak)
                .filter(|&place| !known[place].keys.iter().any(EntryKey::is_given))
        };
        *found = candidate.filter(|&place| taken.insert(place));
    }
    found
}

/// Whether a match rests on a text alone that two entries without link and date of their own may share: "Weekly
/// overview".
pub fn is_doubtful(sighting: &Sighting, record: &Record) -> bool {
    use DateSource::{Headline, Teaser};
    let is_proof = |key: &EntryKey| key.is_given() || (!key.is_weak() && record.keys.contains(key));
    let is_in_text = |date: &RawDate| matches!(date.source, Headline | Teaser);
    sighting.dates.iter().all(is_in_text) && !sighting.keys.iter().any(is_proof)
}

/// Takes back doubtful matches with an entry of another day, the sightings' moments being resolved: a text that was
/// edited is of its day still.
pub fn part(sightings: &[Sighting], known: &[Record], recognized: &mut [Option<usize>]) {
    for (sighting, place) in sightings.iter().zip(recognized) {
        // The year of an edited text may have been inferred anew.
        let day = |entry: &Entry| {
            let moment = entry.moment.as_ref()?;
            matches!(moment.provenance, Provenance::StatedInText | Provenance::Inferred)
                .then(|| (moment.day.month(), moment.day.day()))
        };
        let is_other_day = |record: &Record| {
            day(&sighting.entry).zip(day(&record.entry)).is_some_and(|(now, then)| now != then)
        };
        *place = place.filter(|&at| !is_doubtful(sighting, &known[at]) || !is_other_day(&known[at]));
    }
}

/// The records of a site that gave all its entries new addresses, by headline. Only where most of the page is
/// known that way: one "Weekly summary" that comes back after a long silence is a new one.
fn moved(sightings: &[Sighting], known: &[Record]) -> HashMap<String, usize> {
    let addressed = sightings.iter().filter(|s| s.keys.iter().any(EntryKey::is_given)).count();
    let places = headlines_of(known);
    let moved: HashMap<String, usize> = said_once(sightings)
        .into_iter()
        .filter_map(|headline| Some((places.get(&headline).copied().flatten()?, headline)))
        .map(|(place, headline)| (headline, place))
        .collect();
    let is_site = addressed >= 2 && moved.len() * 2 > addressed;
    if is_site { moved } else { HashMap::new() }
}

/// Records by headline; `None` where two records share one: such a headline proves nothing.
fn headlines_of(known: &[Record]) -> HashMap<String, Option<usize>> {
    let mut places = HashMap::new();
    for (place, record) in known.iter().enumerate() {
        places
            .entry(comparable(&record.entry.headline))
            .and_modify(|place| *place = None)
            .or_insert(Some(place));
    }
    places
}

/// The headlines that one row alone of the page has.
fn said_once(sightings: &[Sighting]) -> HashSet<String> {
    let mut count: HashMap<String, usize> = HashMap::new();
    for sighting in sightings {
        *count.entry(comparable(&sighting.entry.headline)).or_default() += 1;
    }
    count.into_iter().filter(|(_, n)| *n == 1).map(|(headline, _)| headline).collect()
}

/// How a sighting's texts differ from what its record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// In nothing that a reader would see.
    None,
    /// In counters and relative times alone: never a change.
    Passing,
    /// In numbers alone: a change, unless it comes with every fetch.
    Numbers,
    /// In words.
    Words,
}

/// How two versions of one text differ; an absent text is an empty one.
pub fn difference(old: &str, new: &str) -> Difference {
    let (old_text, new_text) = (comparable(old), comparable(new));
    if old_text == new_text {
        Difference::None
    } else if lasting(old) == lasting(new) {
        Difference::Passing
    } else if crate::normalize::numbers_aside(&old_text) == crate::normalize::numbers_aside(&new_text) {
        Difference::Numbers
    } else {
        Difference::Words
    }
}
