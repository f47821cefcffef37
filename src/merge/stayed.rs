//! What vanished from a page and what appeared on it → which of them are one, by the day and the one text that stayed.
//! Pure.
//!
//! An entry whose headline is mended often gets another address with it, and a site that moves cuts its teasers anew. Then no
//! key is left, but the page no longer holds the one and holds the other. A day and a headline may come back by chance, so
//! they count only for a row below a known one, or where most of what vanished has them; a page's news stands on top.

use std::collections::HashSet;

use jiff::Timestamp;

use super::{
    again::{MOVE, SEEN_WITHIN, digits, once},
    recognize::{is_another, is_other_matter, told},
};
use crate::{
    entry::{Entry, Sighting},
    moment::{Moment, Precision},
    normalize::comparable,
    record::Record,
};

/// A teaser at least this long tells entries of one day apart.
const TELLING_CHARS: usize = 30;

/// Matches what it can, adding to `recognized`. `read_at` is when the last page was read.
pub fn stayed(
    sightings: &[Sighting],
    records: &[Record],
    recognized: &mut [Option<usize>],
    read_at: Option<Timestamp>,
) {
    let Some(read_at) = read_at else { return };
    let stood = |place: &usize| records[*place].last_seen.duration_until(read_at).abs() <= SEEN_WITHIN;
    let taken: HashSet<usize> = recognized.iter().flatten().copied().collect();
    let gone: HashSet<usize> =
        (0..records.len()).filter(|place| !taken.contains(place)).filter(stood).collect();
    if gone.is_empty() || recognized.iter().all(Option::is_some) {
        return;
    }
    let mut page = Page { sightings, records, recognized, gone };

    let pairs = page.pairs(|entry| Some(format!("{} {}", of_day(entry)?.day, comparable(&entry.headline))));
    let is_move = page.is_move(&pairs);
    page.take(pairs, |page, (at, _)| is_move || page.is_below_known(at));

    // What stands on a page every day ("All jams and closures") is the teaser of several.
    let pairs = page.pairs(|entry| {
        let teaser = comparable(entry.teaser.as_deref()?);
        (teaser.chars().count() >= TELLING_CHARS).then_some(teaser)
    });
    page.take(pairs, |page, (at, place)| page.is_one_number(at, place) && page.is_above_known(place));
}

/// A row and a record that may be one.
type Pair = (usize, usize);

struct Page<'a> {
    sightings: &'a [Sighting],
    records: &'a [Record],
    recognized: &'a mut [Option<usize>],
    /// The places of the records that stood on the last page, and do not on this one.
    gone: HashSet<usize>,
}

impl Page<'_> {
    /// Those that alone have a text, on the page and among all that is known, and are not told apart.
    fn pairs(&self, text: impl Fn(&Entry) -> Option<String>) -> Vec<Pair> {
        let places = once(self.records.iter().map(|record| text(&record.entry)).zip(0..));
        let rows = once(self.sightings.iter().map(|sighting| text(&sighting.entry)).zip(0..));
        let mut pairs: Vec<Pair> =
            rows.into_iter().filter_map(|(said, at)| Some((at, *places.get(&said)?))).collect();
        pairs.retain(|(at, place)| {
            let (now, then) = (&self.sightings[*at].entry, &self.records[*place].entry);
            let is_of_day = of_day(now).is_some() && of_day(then).is_some();
            self.recognized[*at].is_none()
                && self.gone.contains(place)
                && is_of_day
                && !is_another(now, then)
                && !is_other_matter(now, then)
        });
        pairs
    }

    fn take(&mut self, pairs: Vec<Pair>, is_sure: impl Fn(&Self, Pair) -> bool) {
        let sure: Vec<Pair> = pairs.into_iter().filter(|pair| is_sure(self, *pair)).collect();
        for (at, place) in sure {
            self.recognized[at] = Some(place);
            self.gone.remove(&place);
        }
    }

    /// Whether these are most of what should still be on the page, and of several days: on a page of one day a day tells
    /// nothing.
    fn is_move(&self, pairs: &[Pair]) -> bool {
        let day_of = |entry: &Entry| of_day(entry).map(|moment| moment.day);
        let oldest = self.sightings.iter().filter_map(|sighting| day_of(&sighting.entry)).min();
        let is_awaited = |place: &&usize| {
            day_of(&self.records[**place].entry).zip(oldest).is_none_or(|(day, oldest)| day >= oldest)
        };
        let days: HashSet<_> = pairs.iter().map(|(at, _)| day_of(&self.sightings[*at].entry)).collect();
        days.len() >= MOVE && pairs.len() * 2 > self.gone.iter().filter(is_awaited).count()
    }

    /// Whether a row stands below a known one that is no older.
    fn is_below_known(&self, at: usize) -> bool {
        let day = of_day(&self.sightings[at].entry).map(|moment| moment.day);
        let known_day =
            |at: usize| of_day(&self.records[self.recognized[at]?].entry).map(|moment| moment.day);
        let order = super::oldest_first(self.sightings);
        let above = order.iter().rev().take_while(|above| **above != at);
        above.filter_map(|above| known_day(*above)).any(|known| day.is_some_and(|day| known >= day))
    }

    /// "Decision no. 54" and "no. 55" are two, whatever else they share.
    fn is_one_number(&self, at: usize, place: usize) -> bool {
        let [now, then] = [&self.sightings[at].entry, &self.records[place].entry]
            .map(|entry| digits(&comparable(&entry.headline)));
        now == then || now.is_empty() || then.is_empty()
    }

    /// Whether an entry that is older than a record is on the page still: the record did not leave it by age.
    fn is_above_known(&self, place: usize) -> bool {
        let published = self.records[place].published;
        self.recognized.iter().flatten().any(|known| self.records[*known].published < published)
    }
}

/// The moment that a page gave an entry, when it is a day at least.
fn of_day(entry: &Entry) -> Option<&Moment> {
    told(entry).filter(|moment| moment.precision >= Precision::Day)
}
