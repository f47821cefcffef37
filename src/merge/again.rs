//! A page read by other rules than the last one → which known entries would be announced again. Pure.
//!
//! When the config was changed and the page was not, its entries are the same, whatever they look like now. So what
//! vanished and what appeared are held against each other: the same headline, and not another day, is the same entry.
//! What is left on both sides is counted, and a person decides.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    entry::Sighting,
    moment::{Moment, Provenance},
    normalize::comparable,
    record::Record,
};

/// What a changed config does to the entries that stood on the last page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// How many of them look like new ones.
    pub entries: usize,
    /// How many there were.
    pub stood: usize,
}

impl Again {
    /// Whether a person is asked. A page that scrolled on while the config was changed looks a little like it, and is
    /// none of their business.
    pub fn would_hold(self) -> bool {
        self.entries >= 2 && self.entries * 2 >= self.stood
    }
}

/// The last sighting of an unchanged record is written once a day.
const SEEN_WITHIN: SignedDuration = SignedDuration::from_hours(25);

/// Matches what it can, adding to `recognized`, and counts the rest. `read_at` is when the last page was read.
pub fn again(
    sightings: &[Sighting],
    records: &[Record],
    recognized: &mut [Option<usize>],
    read_at: Option<Timestamp>,
) -> Again {
    let stood = |record: &Record| {
        read_at.is_none_or(|read_at| record.last_seen.duration_until(read_at) <= SEEN_WITHIN)
    };
    let taken: HashSet<usize> = recognized.iter().flatten().copied().collect();
    let standing: Vec<usize> = (0..records.len()).filter(|place| stood(&records[*place])).collect();
    let vanished: Vec<usize> = standing.iter().copied().filter(|place| !taken.contains(place)).collect();

    let places = once(vanished.iter().map(|place| (comparable(&records[*place].entry.headline), *place)));
    let appeared: Vec<usize> = (0..sightings.len()).filter(|at| recognized[*at].is_none()).collect();
    let headlines = once(appeared.iter().map(|at| (comparable(&sightings[*at].entry.headline), *at)));
    let mut matched = 0;
    for (headline, at) in headlines {
        let Some(&place) = places.get(&headline) else { continue };
        if is_same_day(sightings[at].entry.moment.as_ref(), records[place].entry.moment.as_ref()) {
            recognized[at] = Some(place);
            matched += 1;
        }
    }
    let is_old = |at: &usize| {
        let day = dated(sightings[*at].entry.moment.as_ref()).map(|moment| moment.day);
        let read_day = read_at.map(|read_at| read_at.to_zoned_datetime(TimeZone::UTC).date());
        // What the page dates after the last reading is news, whatever became of the rest.
        day.zip(read_day).is_none_or(|(day, read_day)| day < read_day)
    };
    let left = appeared.iter().filter(|at| recognized[**at].is_none() && is_old(at)).count();
    Again { entries: left.min(vanished.len() - matched), stood: standing.len() }
}

/// What only one has.
fn once(said: impl Iterator<Item = (String, usize)>) -> HashMap<String, usize> {
    let mut places: HashMap<String, Option<usize>> = HashMap::new();
    for (headline, place) in said {
        places.entry(headline).and_modify(|place| *place = None).or_insert(Some(place));
    }
    places.into_iter().filter_map(|(headline, place)| Some((headline, place?))).collect()
}

/// Whether two moments may be of one entry: a page that does not say contradicts nothing.
fn is_same_day(now: Option<&Moment>, before: Option<&Moment>) -> bool {
    dated(now).zip(dated(before)).is_none_or(|(now, before)| now.day == before.day)
}

fn dated(moment: Option<&Moment>) -> Option<&Moment> {
    moment.filter(|moment| moment.provenance != Provenance::FirstSeen)
}
