//! Sightings and known records → which sighting is which record. Pure.
//!
//! Proof first: a link or id that the page gives. Then the same headline and teaser. Evidence that different
//! entries may share (headline and day) counts only where nothing better exists: for entries without a link, at an
//! address that several records have, and when a whole site has moved its addresses. A sighting taken for the wrong record would be a lost entry, which
//! is worse than one announced twice.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use url::Url;

use crate::{
    entry::{Entry, Sighting},
    id::EntryKey,
    listing::{DateSource, RawDate},
    moment::{Moment, Provenance},
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

    let is_told = |key: &EntryKey| !key.is_given() && !key.is_weak();
    let has_link = |sighting: &Sighting, place: usize| {
        sighting.entry.link.is_some() && known[place].entry.link == sighting.entry.link
    };
    let mut at_link: HashMap<&Url, usize> = HashMap::new();
    for link in known.iter().filter_map(|record| record.entry.link.as_ref()) {
        *at_link.entry(link).or_default() += 1;
    }
    // An address that several records have tells nothing: the one with the same texts, then.
    let at_address = |sighting: &Sighting| {
        if let Some(place) = find(sighting, EntryKey::is_id) {
            return Some(place);
        }
        let place = find(sighting, EntryKey::is_given)?;
        let is_shared =
            sighting.entry.link.as_ref().and_then(|link| at_link.get(link)).is_some_and(|n| *n > 1);
        let same = find(sighting, |key| !key.is_given()).filter(|place| has_link(sighting, *place));
        same.or((!is_shared || !has_link(sighting, place)).then_some(place))
    };
    let mut found: Vec<Option<usize>> = sightings.iter().map(at_address).collect();
    let by_address = found.iter().flatten().count();
    for (sighting, found) in sightings.iter().zip(&mut found) {
        *found = found.or_else(|| find(sighting, is_told));
    }

    let mut taken: HashSet<usize> = found.iter().flatten().copied().collect();
    let moved = if by_address == 0 { moved(sightings, known) } else { HashMap::new() };
    for (sighting, found) in sightings.iter().zip(&mut found) {
        if found.is_some() {
            continue;
        }
        let has_address = is_addressed(&sighting.keys);
        // An address that is or was shared tells nothing, but it is that of the record still.
        let weak = find(sighting, EntryKey::is_weak).filter(|&place| {
            let is_bare = !has_address && !is_addressed(&known[place].keys);
            is_bare || has_link(sighting, place) && !sighting.keys.iter().any(EntryKey::is_id)
        });
        let by_move = || moved.get(&comparable(&sighting.entry.headline)).copied().filter(|_| has_address);
        let candidate = weak.or_else(by_move);
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

/// Takes back what the sightings' moments, now that they are resolved, speak against: doubtful matches with an entry of
/// another day (a text that was edited is of its day still), and a headline alone that is told of something else.
pub fn part(sightings: &[Sighting], known: &[Record], recognized: &mut [Option<usize>]) {
    let by_headline = |sighting: &Sighting, place: &Option<usize>| {
        let is_so = place.is_some_and(|at| is_by_headline(sighting, &known[at]));
        is_so.then(|| told(&sighting.entry).map(|moment| moment.day))
    };
    let days: HashSet<Option<Date>> = sightings
        .iter()
        .zip(&*recognized)
        .filter_map(|(sighting, place)| by_headline(sighting, place))
        .collect();
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
        // On a page of one day a day tells nothing.
        let is_told_apart =
            |now: &Entry, then: &Entry| is_another(now, then) || days.len() < 2 && is_other_matter(now, then);
        let is_parted = |record: &Record| {
            is_doubtful(sighting, record) && is_other_day(record)
                || is_by_headline(sighting, record) && is_told_apart(&sighting.entry, &record.entry)
        };
        *place = place.filter(|&at| !is_parted(&known[at]));
    }
}

/// Whether nothing but a headline tells that an entry is known, which has an address of its own.
pub fn is_by_headline(sighting: &Sighting, record: &Record) -> bool {
    let is_told = |key: &EntryKey| !key.is_weak() && record.keys.contains(key);
    is_addressed(&sighting.keys) && !sighting.keys.iter().any(is_told)
}

/// Whether two entries of one headline are two: the page tells different days, or, where that says nothing, of different
/// matters. A station has its "Morning briefing" every day.
pub(super) fn is_another(now: &Entry, then: &Entry) -> bool {
    let lasting = |moment: &&Moment| moment.provenance != Provenance::Relative;
    // A span that is under way is of today, each day anew.
    let day_of = |moment: &Moment| moment.first_day.unwrap_or(moment.day);
    let (Some(day), Some(known)) = (told(now).filter(lasting), told(then).filter(lasting)) else {
        return is_other_matter(now, then);
    };
    let is_inferred = |moment: &Moment| moment.provenance == Provenance::Inferred;
    let (then_day, now_day) = (day_of(known), day_of(day));
    let is_same_day = if is_inferred(day) || is_inferred(known) {
        (now_day.month(), now_day.day()) == (then_day.month(), then_day.day())
    } else {
        now_day == then_day
    };
    let is_other_time = day.instant.zip(known.instant).is_some_and(|(now, then)| now != then);
    !is_same_day || is_other_time && is_other_matter(now, then)
}

/// Whether a page gave an address or an id.
pub(super) fn is_addressed(keys: &[EntryKey]) -> bool {
    keys.iter().any(EntryKey::is_given)
}

/// The moment that a page gave an entry.
pub(super) fn told(entry: &Entry) -> Option<&Moment> {
    entry.moment.as_ref().filter(|moment| moment.provenance != Provenance::FirstSeen)
}

/// From this share of the shorter teaser's words on, two teasers are versions of one; of letters in pairs, where no spaces
/// part words.
const SHARED: f64 = 0.9;
const SHARED_PAIRS: f64 = 0.8;

/// Whether two teasers are about different things: neither is cut from the other, and more than a tenth of their words are
/// others.
#[allow(clippy::cast_precision_loss, reason = "words of a text are few")]
pub(super) fn is_other_matter(now: &Entry, then: &Entry) -> bool {
    let text = |entry: &Entry| entry.teaser.as_deref().map(lasting).unwrap_or_default();
    let (now, then) = (text(now), text(then));
    let (short, long) = if now.len() <= then.len() { (now, then) } else { (then, now) };
    if long.contains(&short) {
        return false;
    }
    let words: HashSet<&str> = long.split(' ').collect();
    let count = short.split(' ').count();
    if count == 1 {
        return strsim::sorensen_dice(&short, &long) < SHARED_PAIRS;
    }
    let shared = short.split(' ').filter(|word| words.contains(word)).count();
    (shared as f64) < SHARED * count as f64
}

/// The records of a site that gave all its entries new addresses, by headline. Only where most of the page is
/// known that way: one "Weekly summary" that comes back after a long silence is a new one.
fn moved(sightings: &[Sighting], known: &[Record]) -> HashMap<String, usize> {
    let addressed = sightings.iter().filter(|sighting| is_addressed(&sighting.keys)).count();
    let headline = |entry: &Entry| Some(comparable(&entry.headline));
    let places = once(known.iter().map(|record| headline(&record.entry)).zip(0..));
    let rows = once(sightings.iter().map(|sighting| headline(&sighting.entry)).zip(0..));
    let moved: HashMap<String, usize> = rows
        .into_keys()
        .filter_map(|headline| {
            let place = *places.get(&headline)?;
            Some((headline, place))
        })
        .collect();
    let is_site = addressed >= 2 && moved.len() * 2 > addressed;
    if is_site { moved } else { HashMap::new() }
}

/// What only one says.
pub(super) fn once(said: impl Iterator<Item = (Option<String>, usize)>) -> HashMap<String, usize> {
    let mut places: HashMap<String, Option<usize>> = HashMap::new();
    for (text, place) in said {
        let Some(text) = text else { continue };
        places.entry(text).and_modify(|place| *place = None).or_insert(Some(place));
    }
    places.into_iter().filter_map(|(text, place)| Some((text, place?))).collect()
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
