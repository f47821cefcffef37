//! Times counted from now: "3 hours ago", "yesterday" → [`Value::Ago`], and that → a day or an instant. Pure.
//!
//! Resolved against the time of the fetch, once: the caller keeps what it got. "Last week" is what clocks write for
//! "a week ago"; "this week" is no day.

use jiff::{Span, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use super::{
    Precision,
    lexicon::{Sense, Unit},
    mention::{Point, Value},
    scan::{Found, Place, Reader},
    token::{self, Word},
    words::Pattern,
};

/// More of a unit than this is no age of an entry.
const LARGEST_COUNT: i64 = 10_000;

/// Digits of a year, which counts no units.
const YEAR_DIGITS: usize = 4;

/// Units read after the first: "1d 21 h 25m 3s ago".
const MORE_UNITS: usize = 3;

impl Reader<'_> {
    /// "3 hours ago", "an hour ago", "3h ago", "yesterday", "il y a 3 h", "3日前", "the last 3 days".
    pub fn ago(&self, at: usize) -> Option<Found> {
        if let Some((count, unit)) = self.day_from_now(at).filter(|_| !self.is_of_name(at)) {
            // "acum 3 ore": the word for now is also that for ago.
            let is_counted =
                unit == Unit::Second && (self.count(at + 1).is_some() || self.has(at + 1, Sense::About));
            // "5 awr yn ôl" is five hours, though "awr yn ôl" alone is one; "14:30 gestern" is one day.
            let times = at
                .checked_sub(1)
                .and_then(|at| self.number(at))
                .filter(|number| unit != Unit::Day && number.digits < YEAR_DIGITS);
            if let Some(times) = times {
                let count = -count.saturating_mul(times.value.min(LARGEST_COUNT));
                let found = Found::new(Value::Ago { count, unit }, at + 1, "counted from now");
                return Some(Found { start: Some(at - 1), ..found });
            }
            if !is_counted {
                return Some(Found::new(Value::Ago { count: -count, unit }, at + 1, "counted from now"));
            }
        }
        // "this week" and "next month" are no day; in "6 last week" nothing counts weeks.
        let past = self.period(at).filter(|(count, _)| *count < 0 && !self.is_twofold(at));
        if let Some((count, unit)) = past {
            return Some(Found::new(Value::Ago { count: -count, unit }, at + 1, "counted from now"));
        }
        if let Some(found) = self.recent(at) {
            return Some(found);
        }
        if let Some(found) = self.below_zero(at) {
            return Some(found);
        }
        let Some((count, next)) = self.count(at) else { return self.tight_count(at) };
        let found = self.by_pattern(at, next, count).or_else(|| self.by_words(next, count));
        found.map(|found| self.with_larger_units(at, found)).or_else(|| self.before_day(next, count))
    }

    /// The day or time counted from now at a token: "yesterday".
    pub fn day_from_now(&self, at: usize) -> Option<(i64, Unit)> {
        self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::FromNow(count, unit) => Some((*count, *unit)),
            _ => None,
        })
    }

    /// The week, month or year counted from the present one at a token: "last week".
    pub fn period(&self, at: usize) -> Option<(i64, Unit)> {
        self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::Period(count, unit) => Some((*count, *unit)),
            _ => None,
        })
    }

    /// Whether a word of a sentence is the end of a name: "USA Today", but not "Posted Today".
    fn is_of_name(&self, at: usize) -> bool {
        let is_capital = |at: usize| self.piece(at).starts_with(char::is_uppercase);
        let is_name = |word: Word| {
            !word.senses().iter().any(|sense| matches!(sense, Sense::Published | Sense::Updated))
        };
        let before = at.checked_sub(1).filter(|before| is_capital(*before));
        self.place == Place::Prose
            && is_capital(at)
            && before.and_then(|at| self.word(at)).is_some_and(is_name)
    }

    /// "the last 2 weeks", "les 24 dernières heures", "les 30 jours précédents".
    fn recent(&self, at: usize) -> Option<Found> {
        if self.place != Place::Field {
            return None;
        }
        let first = usize::from(self.has(at, Sense::Last));
        let (count, next) = self.count(at + first)?;
        let between = usize::from(first == 0 && self.has(next, Sense::Last));
        let unit = self.unit(next + between)?;
        // "last 2m" may be metres.
        if self.piece(next + between).len() < 2 {
            return None;
        }
        let end = next + between + 1;
        let last = usize::from(first + between == 0 && self.has(end, Sense::Last));
        (first + between + last == 1)
            .then(|| Found::new(Value::Recent { count, unit }, end + last, "units up to now"))
    }

    /// "two days before yesterday", "2 weeks before 13 May 1999".
    fn before_day(&self, next: usize, count: i64) -> Option<Found> {
        let unit = self.unit(next)?;
        let days = match unit {
            Unit::Day => count,
            Unit::Week => count.checked_mul(7)?,
            _ => return None,
        };
        if !self.has(next + 1, Sense::Before) {
            return None;
        }
        let day = self.after_fillers(next + 2);
        if let Some((from_now, Unit::Day)) = self.day_from_now(day) {
            let value = Value::Ago { count: days - from_now, unit: Unit::Day };
            return Some(Found::new(value, day + 1, "days before a day"));
        }
        let found = self.day_first(day).or_else(|| self.month_first(day))?;
        let Value::Day(Point { year: Some(year), month, day }) = found.value else { return None };
        let day = Date::new(year, month, day).ok()?.checked_sub(days.days()).ok()?;
        Some(Found { value: Value::Day(day.into()), rule: "days before a day", ..found })
    }

    /// The larger units before a found one: "5 days 2 hours ago" where the language's words for "ago" are in its
    /// patterns alone.
    fn with_larger_units(&self, at: usize, found: Found) -> Found {
        let Value::Ago { count, unit } = found.value else { return found };
        let (mut total, mut least, mut start) = (count, unit, found.start.unwrap_or(at));
        let mut largest = unit;
        if count < 0 {
            return found;
        }
        for _ in 0..MORE_UNITS {
            let joined = usize::from(
                start > 0 && (self.mark(start - 1) == Some(',') || self.has(start - 1, Sense::And)),
            );
            let Some(number) = (start - joined).checked_sub(2) else { break };
            let (Some(unit), Some((count, _))) = (self.unit(number + 1), self.count(number)) else { break };
            if rank(unit) <= rank(largest) {
                break;
            }
            (total, least) = sum((count, unit), (total, least));
            (largest, start) = (unit, number);
        }
        Found { value: Value::Ago { count: total, unit: least }, start: Some(start), ..found }
    }

    /// By the patterns of the language: "vor 3 Tagen".
    fn by_pattern(&self, at: usize, next: usize, count: i64) -> Option<Found> {
        let words = self.lexicon.words();
        // "un'ora fa", "11-il minuta ilu"
        let is_tied = self.mark(next) == Some('-') && self.is_tight(next) && self.is_tight(next + 1);
        let next = next + usize::from(is_tied || matches!(self.mark(next), Some('\'' | '’')));
        let entry_at = |at: usize| Some(self.word(at)?.entry);
        let after = entry_at(next).into_iter().flat_map(|entry| words.patterns_after(entry));
        let from = self.before_about(at);
        let before =
            from.checked_sub(1).and_then(entry_at).into_iter().flat_map(|entry| words.patterns_before(entry));
        let matched = |pattern: &Pattern| {
            let end = next + token::matched(&self.tokens[next..], &pattern.after)?;
            let from = if pattern.before.is_empty() { at } else { from };
            let start = token::matched_back(&self.tokens[..from], &pattern.before)?;
            // "sold in 12 minutes" is no date; alone it is one that lies ahead.
            let counts = !pattern.is_ahead || (start == 0 && self.place == Place::Field);
            counts.then_some((end - start, start, end, pattern.unit, pattern.is_ahead))
        };
        let (_, start, end, unit, is_ahead) =
            after.chain(before).filter_map(matched).max_by_key(|(length, ..)| *length)?;
        let count = if is_ahead { -count } else { count };
        Some(Found { start: Some(start), ..Found::new(Value::Ago { count, unit }, end, "counted from now") })
    }

    /// A number that is written tight after a word of its pattern: "ከ5 ሰዓቶች በፊት", "emahoreni angu-5 edlule".
    fn tight_count(&self, at: usize) -> Option<Found> {
        let number = self.number(at).filter(|number| number.value <= LARGEST_COUNT)?;
        self.by_pattern(at, at + 1, number.value).filter(|found| found.start.is_some_and(|start| start < at))
    }

    /// The token at which "about" before a count starts, or the count: "il y a environ 3 heures", "vor ca. 3 Tagen".
    fn before_about(&self, at: usize) -> usize {
        let is_about = |at: usize| self.has(at, Sense::About);
        match at {
            1.. if is_about(at - 1) => at - 1,
            2.. if matches!(self.mark(at - 1), Some('.' | '-' | '־')) && is_about(at - 2) => at - 2,
            _ => at,
        }
    }

    /// "-2h 5min", which is all of its field.
    fn below_zero(&self, at: usize) -> Option<Found> {
        let number = self.number(at).filter(|number| number.value <= LARGEST_COUNT)?;
        if self.place != Place::Field || at != 1 || !self.is_tight(at) || !self.is_dash(0) {
            return None;
        }
        let (value, end) = self.units(at + 1, number.value)?;
        self.is_whole(0, end).then(|| Found { start: Some(0), ..Found::new(value, end, "counted from now") })
    }

    /// By the meaning of its words: "2 days, 3 hours ago"; "15 minutes before", where nothing follows.
    fn by_words(&self, next: usize, count: i64) -> Option<Found> {
        let (value, end) = self.units(next, count)?;
        let is_before =
            self.place == Place::Field && self.has(end, Sense::Before) && end + 1 == self.tokens.len();
        (self.has(end, Sense::Ago) || is_before).then(|| Found::new(value, end + 1, "counted from now"))
    }

    /// A count's unit, with smaller ones after it, and the token after them: "2 days, 3 hours".
    fn units(&self, next: usize, count: i64) -> Option<(Value, usize)> {
        let unit = self.unit(next)?;
        let (mut total, mut least) = (count, unit);
        let mut end = next + 1;
        end += usize::from(self.mark(end) == Some('.'));
        // "2 days, 3 hours ago", "1d 21 h 25m ago"
        for _ in 0..MORE_UNITS {
            let more = end + usize::from(self.mark(end) == Some(',') || self.has(end, Sense::And));
            // "2h5m ago"
            let tight = self.number(end).filter(|_| self.is_tight(end)).map(|n| (n.value, end + 1));
            let Some((count, next)) = tight.or_else(|| self.count(more)) else { break };
            let Some(unit) = self.unit(next).filter(|unit| rank(*unit) < rank(least)) else { break };
            (total, least) = sum((total, least), (count, unit));
            end = next + 1;
        }
        Some((Value::Ago { count: total, unit: least }, end))
    }

    pub fn count(&self, at: usize) -> Option<(i64, usize)> {
        if let Some(number) = self.number(at) {
            return ((0..=LARGEST_COUNT).contains(&number.value) && self.is_fresh(at))
                .then_some((number.value, at + 1));
        }
        self.spelled(at)
    }

    /// The unit of time at a token.
    pub fn unit(&self, at: usize) -> Option<Unit> {
        self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::Unit(unit) => Some(*unit),
            _ => None,
        })
    }
}

/// The order of units by length.
fn rank(unit: Unit) -> u8 {
    match unit {
        Unit::Second => 0,
        Unit::Minute => 1,
        Unit::Hour => 2,
        Unit::Day => 3,
        Unit::Week => 4,
        Unit::Month => 5,
        Unit::Year => 6,
    }
}

/// So many of a unit and so many of a smaller one, in the smaller; in the larger where no number of the smaller makes
/// one, as days and months.
fn sum(larger: (i64, Unit), smaller: (i64, Unit)) -> (i64, Unit) {
    let seconds = |unit| match unit {
        Unit::Second => Some(1),
        Unit::Minute => Some(60),
        Unit::Hour => Some(3600),
        Unit::Day => Some(86_400),
        Unit::Week => Some(604_800),
        Unit::Month | Unit::Year => None,
    };
    let times = match (larger.1, smaller.1) {
        (Unit::Year, Unit::Month) => Some(12),
        (larger, smaller) => seconds(larger).zip(seconds(smaller)).map(|(larger, smaller)| larger / smaller),
    };
    times.map_or(larger, |times| (larger.0.saturating_mul(times).saturating_add(smaller.0), smaller.1))
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
        Unit::Month => (then.date(), None, Precision::Month),
        Unit::Year => (then.date(), None, Precision::Year),
    })
}
