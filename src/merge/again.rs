//! A page read by other rules than the last one → which known entries would be announced again. Pure.
//!
//! When the config was changed and the page was not, its entries are the same, whatever they look like now. So what
//! vanished and what appeared are held against each other: the same headline or teaser, and not another day, is the same entry.
//! What is left on both sides is counted, and a person decides. A page that shows a site's move, of which a page cut
//! short had shown the first part, is held against what is known in the same way.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::recognize::{is_addressed, once, told};
use crate::{
    entry::{Entry, Sighting},
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

/// How much of a headline stays through an edit: two headlines of one day that share this much are one.
const ALIKE: f64 = 0.7;

/// The last sighting of an unchanged record is written once a day.
pub(super) const SEEN_WITHIN: SignedDuration = SignedDuration::from_hours(25);

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

    let appeared: Vec<usize> = (0..sightings.len()).filter(|at| recognized[*at].is_none()).collect();
    let mut left = Left { sightings, records, appeared, vanished };
    left.pair_all(recognized);
    let is_old = |at: &usize| {
        let day = told(&sightings[*at].entry).map(|moment| moment.day);
        let read_day = read_at.map(|read_at| read_at.to_zoned_datetime(TimeZone::UTC).date());
        // What the page dates after the last reading is news, whatever became of the rest.
        day.zip(read_day).is_none_or(|(day, read_day)| day < read_day)
    };
    // Rows newer than all that are known are a page that scrolled on.
    let order = super::oldest_first(sightings);
    let known =
        order.iter().rposition(|at| recognized[*at].is_some()).map_or(&order[..], |newest| &order[..newest]);
    let old = known.iter().filter(|at| recognized[**at].is_none() && is_old(at)).count();
    Again { entries: old.min(left.vanished.len()), stood: standing.len() }
}

/// From this many known entries of one page at other addresses on, it is the site that moves.
pub(super) const MOVE: usize = 2;

/// Matches what a site's move left unknown, adding to `recognized`: entries that were edited while they moved. Only
/// rows older than one that is known, for what stands on top of the page is news; and only records that were last on
/// the page when those that moved were.
pub fn follow(sightings: &[Sighting], records: &[Record], recognized: &mut [Option<usize>]) {
    let is_at = |at: &usize, place: usize| {
        sightings[*at].keys.iter().any(|key| key.is_given() && records[place].keys.contains(key))
    };
    let rows = 0..sightings.len();
    let unmoved: HashSet<usize> =
        rows.clone().filter_map(|at| recognized[at].filter(|place| is_at(&at, *place))).collect();
    // A story posted twice is at both of its addresses.
    let moved: HashSet<usize> = rows
        .filter(|at| is_addressed(&sightings[*at].keys))
        .filter_map(|at| recognized[at])
        .filter(|place| !unmoved.contains(place) && is_addressed(&records[*place].keys))
        .collect();
    if moved.len() < MOVE {
        return;
    }
    let order = super::oldest_first(sightings);
    let newest_known = order.iter().rposition(|at| recognized[*at].is_some()).unwrap_or(0);
    let is_left = |at: &usize| recognized[*at].is_none() && is_addressed(&sightings[*at].keys);
    let appeared = order[..newest_known].iter().copied().filter(is_left).collect();
    let stood_with_moved = |record: &Record| {
        moved.iter().any(|at| records[*at].last_seen.duration_until(record.last_seen).abs() <= SEEN_WITHIN)
    };
    let is_gone = |place: &usize| {
        let record = &records[*place];
        !recognized.contains(&Some(*place)) && is_addressed(&record.keys) && stood_with_moved(record)
    };
    let vanished = (0..records.len()).filter(is_gone).collect();
    Left { sightings, records, appeared, vanished }.pair_all(recognized);
}

/// What was not matched yet, on both sides.
struct Left<'a> {
    sightings: &'a [Sighting],
    records: &'a [Record],
    appeared: Vec<usize>,
    vanished: Vec<usize>,
}

impl Left<'_> {
    /// By the surest text first.
    fn pair_all(&mut self, recognized: &mut [Option<usize>]) {
        self.pair(recognized, |entry| Some(format!("{} {}", told(entry)?.day, comparable(&entry.headline))));
        self.pair(recognized, |entry| Some(comparable(&entry.headline)));
        self.pair(recognized, |entry| entry.teaser.as_deref().map(comparable));
        self.pair_alike(recognized);
    }

    /// Matches those that alone have a text, the same on both sides, and not different days.
    fn pair(&mut self, recognized: &mut [Option<usize>], text: impl Fn(&Entry) -> Option<String>) {
        let text = |entry: &Entry| text(entry).filter(|text| !text.is_empty());
        let places = once(self.vanished.iter().map(|place| (text(&self.records[*place].entry), *place)));
        for (said, at) in once(self.appeared.iter().map(|at| (text(&self.sightings[*at].entry), *at))) {
            let Some(&place) = places.get(&said) else { continue };
            if self.is_same_day(at, place) {
                recognized[at] = Some(place);
            }
        }
        self.drop_matched(recognized);
    }

    /// Matches those of one stated day whose headlines are nearly the same: edited meanwhile, or cut otherwise.
    fn pair_alike(&mut self, recognized: &mut [Option<usize>]) {
        for &at in &self.appeared {
            let headline = comparable(&self.sightings[at].entry.headline);
            let alike = |place: &usize| {
                let known = comparable(&self.records[*place].entry.headline);
                // "Bulletin no. 54" and "no. 55" are two, however alike they look.
                digits(&headline) == digits(&known)
                    && strsim::normalized_levenshtein(&headline, &known) >= ALIKE
            };
            let is_free = |place: &usize| !recognized.contains(&Some(*place));
            let found: Vec<usize> = self.vanished.iter().copied().filter(is_free).filter(alike).collect();
            if let [place] = found[..]
                && told(&self.sightings[at].entry).is_some()
                && self.is_same_day(at, place)
            {
                recognized[at] = Some(place);
            }
        }
        self.drop_matched(recognized);
    }

    /// Whether both may be of one day: a page that does not say contradicts nothing.
    fn is_same_day(&self, at: usize, place: usize) -> bool {
        let (now, then) = (told(&self.sightings[at].entry), told(&self.records[place].entry));
        now.zip(then).is_none_or(|(now, then)| now.day == then.day)
    }

    fn drop_matched(&mut self, recognized: &[Option<usize>]) {
        self.appeared.retain(|at| recognized[*at].is_none());
        self.vanished.retain(|place| !recognized.contains(&Some(*place)));
    }
}

fn digits(text: &str) -> Vec<char> {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;
    use crate::{
        id::{EntryKey, SourceId},
        merge::{Context, merge},
        moment::{Moment, Precision, Provenance},
    };

    fn row(row: usize, headline: &str, teaser: &str, day: Option<Date>) -> Sighting {
        let moment = day.map(|day| Moment {
            day,
            first_day: None,
            instant: None,
            precision: Precision::Day,
            provenance: Provenance::Inferred,
        });
        Sighting {
            entry: Entry {
                headline: headline.to_owned(),
                teaser: Some(teaser.to_owned()),
                moment,
                ..crate::store::samples::record("one", 1).entry
            },
            keys: vec![EntryKey::link(&format!("https://a.example/{row}/{headline}"))],
            rows: vec![row],
            dates: Vec::new(),
        }
    }

    const READ: &str = "2025-03-07T09:00:00Z";

    fn known(rows: &[Sighting]) -> Vec<Record> {
        let source = SourceId::new("one").unwrap();
        let now = READ.parse().unwrap();
        let context = Context { source: &source, zone: &TimeZone::UTC, now, last_number: 0 };
        let mut records = merge(rows, &[], &vec![None; rows.len()], &context).records;
        // In the order of the page.
        records.reverse();
        records
    }

    fn matched(before: &[Sighting], now: &[Sighting]) -> (Vec<Option<usize>>, Again) {
        let mut recognized = vec![None; now.len()];
        let again = again(now, &known(before), &mut recognized, READ.parse().ok());
        (recognized, again)
    }

    #[test]
    fn what_looks_otherwise_now_is_matched_by_what_stayed() {
        let day = Some(date(2025, 3, 5));
        let before =
            [row(1, "Alpha", "a", day), row(2, "Beta", "b", day), row(3, "The mayor opens it", "c", day)];
        let now =
            [row(9, "Alpha", "x", day), row(8, "Other", "b", day), row(7, "The mayor opened it", "z", day)];
        assert_eq!(matched(&before, &now), (vec![Some(0), Some(1), Some(2)], Again { entries: 0, stood: 3 }));
    }

    #[test]
    fn entries_that_only_look_alike_stay_two() {
        let (day, next) = (Some(date(2025, 3, 5)), Some(date(2025, 3, 6)));
        let before = [row(1, "Bulletin no. 54", "a", day), row(2, "Weekly notes", "b", day)];
        let now = [row(9, "Bulletin no. 55", "x", day), row(8, "Weekly notes", "y", next)];
        assert_eq!(matched(&before, &now), (vec![None, None], Again { entries: 2, stood: 2 }));
    }

    #[test]
    fn a_page_that_scrolled_on_meanwhile_announces_nothing_again() {
        let before = [row(1, "Alpha", "a", None), row(2, "Beta", "b", None), row(3, "Gamma", "c", None)];
        let now = [row(9, "Omega", "x", None), row(8, "Psi", "y", None), row(7, "Alpha", "a", None)];
        assert_eq!(matched(&before, &now), (vec![None, None, Some(0)], Again { entries: 0, stood: 3 }));
    }

    #[test]
    fn a_page_whose_newest_stand_last_scrolls_on_as_well() {
        let on = |day| Some(date(2025, 3, day));
        let before = [row(1, "Alpha", "a", on(1)), row(2, "Beta", "b", on(2)), row(3, "Gamma", "c", on(3))];
        let now = [row(3, "Gamma", "c", on(3)), row(4, "Psi", "x", on(4)), row(5, "Omega", "y", on(5))];
        assert_eq!(matched(&before, &now), (vec![Some(0), None, None], Again { entries: 0, stood: 3 }));
    }

    /// Two known entries stand at other addresses, a third was edited as well; on top is what is new.
    fn followed(moved: &[&str]) -> Vec<Option<usize>> {
        let before = ["Alpha", "Beta", "Gamma", "Delta", "Notes"].map(|headline| row(1, headline, "a", None));
        let new_row = |headline| if moved.contains(&headline) { 9 } else { 1 };
        let now = ["Notes", "Alpha", "Beta", "Gamma", "Delta"]
            .map(|headline| row(new_row(headline), headline, "b", None));
        let mut recognized = vec![None, Some(0), Some(1), Some(2), None];
        follow(&now, &known(&before), &mut recognized);
        recognized
    }

    #[test]
    fn an_entry_edited_while_its_site_moves_behind_a_page_cut_short_is_not_announced_again() {
        assert_eq!(
            followed(&["Notes", "Beta", "Gamma", "Delta"]),
            [None, Some(0), Some(1), Some(2), Some(3)]
        );
    }

    #[test]
    fn one_entry_at_another_address_is_no_move_of_the_site() {
        assert_eq!(followed(&["Notes", "Gamma", "Delta"]), [None, Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn what_is_dated_after_the_last_reading_is_news() {
        let before = [row(1, "Alpha", "a", Some(date(2025, 3, 5)))];
        let now = [row(9, "Omega", "x", Some(date(2025, 3, 8)))];
        assert_eq!(matched(&before, &now), (vec![None], Again { entries: 0, stood: 1 }));
    }
}
