//! Times counted from now: "3 hours ago", "yesterday" → [`Value::Ago`], and that → a day or an instant. Pure.
//!
//! Resolved against the time of the fetch, once: the caller keeps what it got. "Last week" is not a day.

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use super::{
    Precision,
    lexicon::{Sense, Unit},
    mention::Value,
    scan::{Found, Place, Reader},
    token,
    words::Pattern,
};

/// More of a unit than this is no age of an entry.
const LARGEST_COUNT: i64 = 10_000;

/// Units read after the first: "1d 21 h 25m 3s ago".
const MORE_UNITS: usize = 3;

impl Reader<'_> {
    /// "3 hours ago", "an hour ago", "3h ago", "yesterday", "il y a 3 h", "3日前".
    pub fn ago(&self, at: usize) -> Option<Found> {
        if let Some((count, unit)) = self.word(at).and_then(|word| {
            word.senses().iter().find_map(|sense| match sense {
                Sense::FromNow(count, unit) => Some((*count, *unit)),
                _ => None,
            })
        }) {
            // "acum 3 ore": the word for now is also that for ago.
            let is_counted =
                unit == Unit::Second && (self.number(at + 1).is_some() || self.spelled(at + 1).is_some());
            // "5 awr yn ôl" is five hours, though "awr yn ôl" alone is one; "14:30 gestern" is one day.
            let times = at.checked_sub(1).and_then(|at| self.number(at)).filter(|_| unit != Unit::Day);
            if let Some(times) = times {
                let count = -count.saturating_mul(times.value.min(LARGEST_COUNT));
                let found = Found::new(Value::Ago { count, unit }, at + 1, "counted from now");
                return Some(Found { start: Some(at - 1), ..found });
            }
            if !is_counted {
                return Some(Found::new(Value::Ago { count: -count, unit }, at + 1, "counted from now"));
            }
        }
        let (count, next) = self.count(at)?;
        self.by_pattern(at, next, count).or_else(|| self.by_words(next, count))
    }

    /// By the patterns of the language: "vor 3 Tagen".
    fn by_pattern(&self, at: usize, next: usize, count: i64) -> Option<Found> {
        let words = self.lexicon.words();
        // "un'ora fa"
        let next = next + usize::from(matches!(self.mark(next), Some('\'' | '’')));
        let entry_at = |at: usize| Some(self.word(at)?.entry);
        let after = entry_at(next).into_iter().flat_map(|entry| words.patterns_after(entry));
        let before =
            at.checked_sub(1).and_then(entry_at).into_iter().flat_map(|entry| words.patterns_before(entry));
        let matched = |pattern: &Pattern| {
            let end = next + token::matched(&self.tokens[next..], &pattern.after)?;
            let start = token::matched_back(&self.tokens[..at], &pattern.before)?;
            // "sold in 12 minutes" is no date; alone it is one that lies ahead.
            let counts = !pattern.is_ahead || (start == 0 && self.place == Place::Field);
            counts.then_some((end - start, start, end, pattern.unit, pattern.is_ahead))
        };
        let (_, start, end, unit, is_ahead) =
            after.chain(before).filter_map(matched).max_by_key(|(length, ..)| *length)?;
        let count = if is_ahead { -count } else { count };
        Some(Found { start: Some(start), ..Found::new(Value::Ago { count, unit }, end, "counted from now") })
    }

    /// By the meaning of its words: "2 days, 3 hours ago".
    fn by_words(&self, next: usize, count: i64) -> Option<Found> {
        let unit = self.unit(next)?;
        let mut end = next + 1;
        end += usize::from(self.mark(end) == Some('.'));
        // "2 days, 3 hours ago", "1d 21 h 25m ago": the first unit is precise enough.
        for _ in 0..MORE_UNITS {
            let more = end + usize::from(self.mark(end) == Some(',') || self.has(end, Sense::And));
            let Some((_, next)) = self.count(more).filter(|(_, next)| self.unit(*next).is_some()) else {
                break;
            };
            end = next + 1;
        }
        self.has(end, Sense::Ago).then(|| Found::new(Value::Ago { count, unit }, end + 1, "counted from now"))
    }

    fn count(&self, at: usize) -> Option<(i64, usize)> {
        if let Some(number) = self.number(at) {
            return ((0..=LARGEST_COUNT).contains(&number.value) && self.is_fresh(at))
                .then_some((number.value, at + 1));
        }
        self.spelled(at)
    }

    fn unit(&self, at: usize) -> Option<Unit> {
        self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::Unit(unit) => Some(*unit),
            _ => None,
        })
    }
}

/// The moment so many units before now, after it for a negative count: its day, its instant where the unit is shorter than a day, and how
/// precise that is. `None`: out of the calendar.
pub(super) fn before(
    now: Timestamp,
    zone: &TimeZone,
    count: i64,
    unit: Unit,
) -> Option<(Date, Option<Timestamp>, Precision)> {
    let local = now.to_zoned_datetime(zone.clone());
    let span = match unit {
        Unit::Second => Span::new().try_seconds(count),
        Unit::Minute => Span::new().try_minutes(count),
        Unit::Hour => Span::new().try_hours(count),
        Unit::Day => Span::new().try_days(count),
        Unit::Week => Span::new().try_weeks(count),
        Unit::Month => Span::new().try_months(count),
        Unit::Year => Span::new().try_years(count),
    };
    let then = local.checked_sub(span.ok()?).ok()?;
    Some(match unit {
        Unit::Second | Unit::Minute | Unit::Hour => (then.date(), Some(then.timestamp()), Precision::Minute),
        Unit::Day | Unit::Week => (then.date(), None, Precision::Day),
        Unit::Month => (then.date().first_of_month(), None, Precision::Month),
        Unit::Year => (then.date().first_of_year(), None, Precision::Year),
    })
}
