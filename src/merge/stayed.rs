//! What vanished from a page and what appeared on it → which of them are one, by their day and headline. Pure.
//!
//! A site that moves cuts its teasers anew, and an entry may move while it is edited. Then no key is left, but the page no
//! longer holds the one and holds the other. A day and a headline may come back by chance, so they count only for a row
//! below a known one, or where most of what vanished has them; a page's news stands on top.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};

use super::{
    again::{MOVE, SEEN_WITHIN},
    recognize::{is_another, is_other_matter, once, told},
};
use crate::{
    entry::{Entry, Sighting},
    moment::Precision,
    normalize::comparable,
    record::Record,
};

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
    let page = Page { sightings, records, recognized, gone };
    let pairs = page.pairs();
    let is_move = page.is_move(&pairs);
    let is_sure = |pair: &Pair| is_move || page.is_below_known(*pair);
    for (at, place) in pairs.into_iter().filter(is_sure).collect::<Vec<Pair>>() {
        recognized[at] = Some(place);
    }
}

/// A row and a record that may be one.
type Pair = (usize, usize);

struct Page<'a> {
    sightings: &'a [Sighting],
    records: &'a [Record],
    recognized: &'a [Option<usize>],
    /// The places of the records that stood on the last page, and do not on this one.
    gone: HashSet<usize>,
}

impl Page<'_> {
    /// Those that alone have a day and a headline, on the page and among all that is known, and are not told apart.
    fn pairs(&self) -> Vec<Pair> {
        let said = |entry: &Entry| Some(format!("{} {}", of_day(entry)?, comparable(&entry.headline)));
        let places = once(self.records.iter().map(|record| said(&record.entry)).zip(0..));
        let rows = once(self.sightings.iter().map(|sighting| said(&sighting.entry)).zip(0..));
        let pairs = rows.into_iter().filter_map(|(said, at)| Some((at, *places.get(&said)?)));
        let may_be_one = |(at, place): &Pair| {
            let (now, then) = (&self.sightings[*at].entry, &self.records[*place].entry);
            self.recognized[*at].is_none()
                && self.gone.contains(place)
                && !is_another(now, then)
                && !is_other_matter(now, then)
        };
        pairs.filter(may_be_one).collect()
    }

    /// Whether these are most of what should still be on the page, and of several days: on a page of one day a day tells
    /// nothing.
    fn is_move(&self, pairs: &[Pair]) -> bool {
        let oldest = self.sightings.iter().filter_map(|sighting| of_day(&sighting.entry)).min();
        let is_awaited = |place: &&usize| {
            of_day(&self.records[**place].entry).zip(oldest).is_none_or(|(day, oldest)| day >= oldest)
        };
        let days: HashSet<Option<Date>> =
            pairs.iter().map(|(at, _)| of_day(&self.sightings[*at].entry)).collect();
        days.len() >= MOVE && pairs.len() * 2 > self.gone.iter().filter(is_awaited).count()
    }

    /// Whether a row, with a teaser that speaks for it, stands below a known one that is no older.
    fn is_below_known(&self, (at, place): Pair) -> bool {
        let (now, then) = (&self.sightings[at].entry, &self.records[place].entry);
        let day = of_day(now);
        let known_day = |at: usize| of_day(&self.records[self.recognized[at]?].entry);
        let order = super::oldest_first(self.sightings);
        let above = order.iter().rev().take_while(|above| **above != at);
        now.teaser.is_some()
            && then.teaser.is_some()
            && above.filter_map(|above| known_day(*above)).any(|known| day.is_some_and(|day| known >= day))
    }
}

/// The day that a page gave an entry; `None`: it gave none, or a month.
fn of_day(entry: &Entry) -> Option<Date> {
    told(entry).filter(|moment| moment.precision >= Precision::Day).map(|moment| moment.day)
}
