//! Moments of new entries → the instants at which they are published. Pure.
//!
//! A day without a time is published at noon of the source's zone, so that it is the same day for nearly every
//! reader. Entries that would share an instant are stepped by seconds, so that every reader keeps the page's
//! order, also when more of one day arrive later; and none is later than the fetch that found it.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use crate::moment::{Moment, Precision};

/// One row of the page, from the newest to the oldest.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its moment; `None`: unknown, it is published when first seen.
    pub moment: Option<&'a Moment>,
    /// When it was published, if it is known already.
    pub published: Option<Timestamp>,
}

/// What the rows are held against.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The fetch.
    pub now: Timestamp,
    /// The source's zone.
    pub zone: &'a TimeZone,
    /// Known entries that are not on the page: their moments and when they were published.
    pub elsewhere: &'a [(Option<Moment>, Timestamp)],
}

/// Between entries of one day: leaves room for one that arrives between two others.
const DAY_STEP: SignedDuration = SignedDuration::from_secs(4);

/// Between entries of one stated instant: stays within its minute.
const INSTANT_STEP: SignedDuration = SignedDuration::from_secs(1);

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// When a moment alone would be published; `None`: when first seen.
fn base(moment: Option<&Moment>, zone: &TimeZone) -> Option<Timestamp> {
    let moment = moment?;
    if let (Some(instant), Precision::Minute) = (moment.instant, moment.precision) {
        return Some(instant);
    }
    let noon = moment.day.to_datetime(civil::time(12, 0, 0, 0));
    // Noon exists in every zone on every day but the few that were skipped whole.
    zone.to_ambiguous_zoned_datetime(noon).compatible().ok().map(|noon| noon.timestamp())
}

/// When each row is published: known rows as they were, new rows in the page's order. `rows` go from the newest
/// to the oldest; the answer has their order.
pub fn publish_times(rows: &[Row<'_>], frame: &Frame<'_>) -> Vec<Timestamp> {
    let now = whole_second(frame.now);
    let bases: Vec<Option<Timestamp>> =
        rows.iter().map(|row| base(row.moment, frame.zone).map(|base| base.min(now))).collect();
    let mut times: Vec<Option<Timestamp>> = rows.iter().map(|row| row.published).collect();
    let elsewhere: Vec<(Option<Timestamp>, Timestamp)> = frame
        .elsewhere
        .iter()
        .map(|(moment, published)| (base(moment.as_ref(), frame.zone), *published))
        .collect();

    for at in 0..rows.len() {
        if times[at].is_some() {
            continue;
        }
        // A run: this row and the new rows below it of the same base, up to the next known one of that base.
        let group: Vec<usize> = (at..rows.len()).filter(|&i| bases[i] == bases[at]).collect();
        let run: Vec<usize> = group.iter().copied().take_while(|&i| times[i].is_none()).collect();
        let below = group.get(run.len()).and_then(|&i| times[i]);
        let above = (0..at).rev().find(|&i| bases[i] == bases[at]).and_then(|i| times[i]);
        let ceiling = above.unwrap_or(now + SECOND).min(now + SECOND);
        // What left the page is older than what is on it, unless it stands above the run.
        let gone = elsewhere
            .iter()
            .filter(|(base, published)| base.is_some() && *base == bases[at] && *published < ceiling)
            .map(|(_, published)| *published)
            .max();
        let step = match rows[at].moment {
            Some(moment) if moment.instant.is_none() => DAY_STEP,
            _ => INSTANT_STEP,
        };
        let slots = Slots { base: bases[at], floor: below.max(gone), ceiling, step };
        for (&i, time) in run.iter().zip(slots.times(run.len())) {
            times[i] = Some(time);
        }
    }
    times.into_iter().map(|time| time.unwrap_or(now)).collect()
}

/// Where a run of new entries may go.
struct Slots {
    base: Option<Timestamp>,
    /// Later than this.
    floor: Option<Timestamp>,
    /// Earlier than this.
    ceiling: Timestamp,
    step: SignedDuration,
}

impl Slots {
    /// `count` instants from the latest to the earliest.
    fn times(&self, count: usize) -> Vec<Timestamp> {
        let steps = |n: usize| self.step * i32::try_from(n).unwrap_or(i32::MAX);
        let lowest = match (self.floor, self.base) {
            (Some(floor), Some(base)) => (floor + self.step).max(base),
            (Some(floor), None) => floor + self.step,
            (None, Some(base)) => base,
            // Nothing is known of them: the newest is published now.
            (None, None) => self.ceiling,
        };
        if lowest + steps(count - 1) < self.ceiling {
            return (0..count).rev().map(|n| lowest + steps(n)).collect();
        }
        match self.floor {
            None => (0..count).map(|n| self.ceiling - SECOND - steps(n)).collect(),
            Some(floor) => squeeze(floor, self.ceiling, count),
        }
    }
}

/// `count` instants strictly between two others, in whole seconds where there is room.
fn squeeze(floor: Timestamp, ceiling: Timestamp, count: usize) -> Vec<Timestamp> {
    let parts = i32::try_from(count).unwrap_or(i32::MAX).saturating_add(1);
    let part = floor
        .until(ceiling)
        .map_or(SignedDuration::ZERO, |gap| SignedDuration::try_from(gap).unwrap_or(SignedDuration::ZERO))
        / parts;
    let part = match part.as_millis() {
        1000.. => SignedDuration::from_secs(part.as_secs()),
        0 => part,
        millis => SignedDuration::from_millis(i64::try_from(millis).unwrap_or(1)),
    };
    (1..parts).rev().map(|n| floor + part * n).collect()
}

/// Without what readers do not see.
pub fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::moment::Provenance;

    fn day(d: i8) -> Moment {
        Moment {
            day: date(2025, 3, d),
            first_day: None,
            instant: None,
            precision: Precision::Day,
            provenance: Provenance::Inferred,
        }
    }

    fn times(rows: &[(Option<&Moment>, Option<&str>)], now: &str) -> Vec<String> {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let rows: Vec<Row<'_>> = rows
            .iter()
            .map(|(moment, published)| Row {
                moment: *moment,
                published: published.map(|p| p.parse().unwrap()),
            })
            .collect();
        let frame = Frame { now: now.parse().unwrap(), zone: &zone, elsewhere: &[] };
        publish_times(&rows, &frame).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_day_is_noon_of_the_zone_and_keeps_the_pages_order() {
        let (six, five) = (day(6), day(5));
        assert_eq!(
            times(&[(Some(&six), None), (Some(&five), None), (Some(&five), None)], "2025-03-07T09:00:00Z"),
            ["2025-03-06T10:00:00Z", "2025-03-05T10:00:04Z", "2025-03-05T10:00:00Z"]
        );
    }

    #[test]
    fn more_of_one_day_arrive_above_what_is_there() {
        let six = day(6);
        assert_eq!(
            times(&[(Some(&six), None), (Some(&six), Some("2025-03-06T10:00:00Z"))], "2025-03-07T09:00:00Z"),
            ["2025-03-06T10:00:04Z", "2025-03-06T10:00:00Z"]
        );
    }

    #[test]
    fn one_between_two_known_goes_between() {
        let six = day(6);
        let known = (Some("2025-03-06T10:00:04Z"), Some("2025-03-06T10:00:00Z"));
        assert_eq!(
            times(
                &[(Some(&six), known.0), (Some(&six), None), (Some(&six), known.1)],
                "2025-03-07T09:00:00Z"
            )[1],
            "2025-03-06T10:00:02Z"
        );
    }

    #[test]
    fn today_before_noon_is_never_later_than_the_fetch() {
        let seven = day(7);
        assert_eq!(
            times(&[(Some(&seven), None), (Some(&seven), None)], "2025-03-07T09:00:00Z"),
            ["2025-03-07T09:00:00Z", "2025-03-07T08:59:56Z"]
        );
    }

    #[test]
    fn unknown_dates_are_first_seen_in_the_pages_order() {
        assert_eq!(
            times(&[(None, None), (None, None)], "2025-03-07T09:00:00.5Z"),
            ["2025-03-07T09:00:00Z", "2025-03-07T08:59:59Z"]
        );
    }

    #[test]
    fn one_of_a_day_whose_others_left_the_page_goes_above_them() {
        let six = day(6);
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let gone = [(Some(day(6)), "2025-03-06T10:00:08Z".parse().unwrap())];
        let frame = Frame { now: "2025-03-07T09:00:00Z".parse().unwrap(), zone: &zone, elsewhere: &gone };
        let rows = [Row { moment: Some(&six), published: None }];
        assert_eq!(publish_times(&rows, &frame)[0].to_string(), "2025-03-06T10:00:12Z");
    }

    proptest::proptest! {
        /// In whatever groups the entries of one day arrive on top, they stand in the page's order, all on that
        /// day and none later than the fetch that found it.
        #[test]
        fn arrivals_keep_the_pages_order(arrivals in proptest::collection::vec(1usize..5, 1..8)) {
            let seven = day(7);
            let zone = TimeZone::UTC;
            let mut page: Vec<Timestamp> = Vec::new();
            for (nth, count) in arrivals.into_iter().enumerate() {
                let now: Timestamp = "2025-03-07T06:00:00Z".parse::<Timestamp>().unwrap()
                    + SignedDuration::from_hours(i64::try_from(nth).unwrap() * 2);
                let mut rows = vec![Row { moment: Some(&seven), published: None }; count];
                rows.extend(page.iter().map(|p| Row { moment: Some(&seven), published: Some(*p) }));
                let times = publish_times(&rows, &Frame { now, zone: &zone, elsewhere: &[] });
                proptest::prop_assert!(times.windows(2).all(|w| w[0] > w[1]), "{:?}", times);
                proptest::prop_assert!(times[0] <= now);
                proptest::prop_assert!(times.iter().all(|t| t.to_zoned_datetime(zone.clone()).date() == seven.day));
                proptest::prop_assert_eq!(&times[count..], &page[..]);
                page = times;
            }
        }
    }
}
