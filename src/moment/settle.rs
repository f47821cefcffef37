//! One mention → a moment, or a day whose year is open, or why it is neither. Pure.
//!
//! Nothing later than the fetch and a day becomes a moment, and nothing older than the web.

use jiff::{Timestamp, civil::Date};

use crate::listing::DateSource;

use super::{
    Context, Horizon, Moment, Precision, Provenance, Unresolved, calendar,
    daytime::Daytime,
    lexicon::Lexicon,
    mention::{Point, Slashed, Value},
    order::{self, Settled},
    reading::Reading,
    relative, zone,
};

/// What is older was never published on the web: an empty stamp, a zero.
const OLDEST: Date = Date::constant(1970, 1, 3);

/// What all rows share.
pub(super) struct Page<'a> {
    pub context: &'a Context<'a>,
    pub lexicon: Lexicon,
    /// The day of the fetch in the source's zone.
    pub today: Date,
    pub order: Settled,
}

/// What a row's date is so far.
pub(super) enum Choice {
    /// Nothing.
    None,
    /// Known.
    Known { moment: Moment, reading: usize, mention: usize, settled: Option<&'static str> },
    /// Known but for its year.
    Open { value: Value, reading: usize, mention: usize, settled: Option<&'static str> },
}

impl Page<'_> {
    /// A mention as a moment, or as a day whose year is open.
    pub fn settle(&self, reading: &Reading<'_>, index: usize, at: usize) -> Result<Choice, Unresolved> {
        let mention = &reading.mentions[index];
        let (value, settled) = self.ordered(mention.value, &reading.text[mention.span.clone()])?;
        let settled = settled.or(reading.is_completed.then_some("what stands above"));
        let is_open = match value {
            Value::Day(day) | Value::Span { last: day, .. } => day.year.is_none(),
            Value::Month { year, .. } | Value::Months { last: (year, _), .. } => year.is_none(),
            _ => false,
        };
        if is_open {
            return Ok(Choice::Open { value, reading: at, mention: index, settled });
        }
        let provenance = match (reading.source, value) {
            (
                _,
                Value::Ago { .. }
                | Value::Recent { .. }
                | Value::Weekday { .. }
                | Value::DayOfMonth { .. }
                | Value::Between { .. },
            ) => Provenance::Relative,
            (_, Value::Other(_) | Value::DayOfWeekday { .. }) => Provenance::Inferred,
            (DateSource::TimeElement | DateSource::Metadata, _) => Provenance::StatedByMachine,
            _ => Provenance::StatedInText,
        };
        let value = self.dated(value).ok_or(Unresolved::NoDate)?;
        let moment = self.moment(value, mention.time, provenance)?;
        Ok(Choice::Known { moment, reading: at, mention: index, settled })
    }

    /// A value whose day and month are told apart.
    fn ordered(&self, value: Value, text: &str) -> Result<(Value, Option<&'static str>), Unresolved> {
        let point = |date: Slashed| {
            let order = self.order.order.or_else(|| order::alone(date));
            let order =
                order.ok_or_else(|| Unresolved::Ambiguous { text: text.to_owned(), why: self.order.why })?;
            let point = order::in_order(date, order);
            let is_day = Date::new(point.year.unwrap_or(2024), point.month, point.day).is_ok();
            is_day.then_some(point).ok_or_else(|| Unresolved::Impossible { text: text.to_owned() })
        };
        let why = if self.order.order.is_some() {
            self.order.why
        } else {
            "the other order of day and month is no date"
        };
        Ok(match value {
            Value::Numeric(day) => (Value::Day(point(day)?), Some(why)),
            Value::NumericSpan { first, last } => {
                (Value::Span { first: point(first)?, last: point(last)? }, Some(why))
            }
            value => (value, None),
        })
    }

    /// A value whose year is known, as a moment that is not later than the fetch allows.
    pub fn moment(
        &self,
        value: Value,
        time: Option<Daytime>,
        provenance: Provenance,
    ) -> Result<Moment, Unresolved> {
        let latest = self.latest();
        let day_moment = |day: Date, first_day, precision| {
            if day > latest {
                return Err(Unresolved::TooLate { day });
            }
            if day < OLDEST {
                return Err(Unresolved::TooEarly { day });
            }
            Ok(Moment { day, first_day, instant: None, precision, provenance })
        };
        match value {
            Value::Day(point) => {
                let day = date_of(point)?;
                match time {
                    Some(time) => self.instant(zone::instant(day, time, self.context.zone), day, provenance),
                    None => day_moment(day, None, Precision::Day),
                }
            }
            Value::Span { first, last } => {
                let (first, last) = (date_of(first)?, date_of(last)?);
                if first > last {
                    return Err(Unresolved::Impossible { text: format!("{first} to {last}") });
                }
                let day = self.last_day(first, last);
                let mut moment = day_moment(day, None, Precision::Day)?;
                moment.first_day = (first < moment.day).then_some(first);
                Ok(moment)
            }
            Value::Month { year: Some(year), month } => {
                let day = Date::new(year, month, 1).map_err(|_| Unresolved::NoDate)?;
                day_moment(day, None, Precision::Month)
            }
            Value::Months { first: (Some(first_year), first), last: (Some(last_year), last) } => {
                let month = |year, month| Date::new(year, month, 1).map_err(|_| Unresolved::NoDate);
                let (first, last) = (month(first_year, first)?, month(last_year, last)?.last_of_month());
                if first > last {
                    return Err(Unresolved::Impossible { text: format!("{first} to {last}") });
                }
                let mut moment = day_moment(self.last_day(first, last), None, Precision::Month)?;
                moment.first_day = (first < moment.day).then_some(first);
                Ok(moment)
            }
            Value::Year(year) => {
                let day = Date::new(year, 1, 1).map_err(|_| Unresolved::NoDate)?;
                day_moment(day, None, Precision::Year)
            }
            Value::Epoch(stamp) => self.instant(Some(stamp), self.today, provenance),
            Value::Ago { count, unit } => {
                let before = relative::before(self.context.now, self.context.zone, count, unit);
                let (day, instant, precision) = before.ok_or(Unresolved::NoDate)?;
                match time {
                    Some(time) => self.instant(zone::instant(day, time, self.context.zone), day, provenance),
                    None if instant.is_some() => self.instant(instant, day, provenance),
                    None => day_moment(day, None, precision),
                }
            }
            Value::Other(days) => {
                let (first, last) = calendar::latest(days, latest).ok_or(Unresolved::NoYear)?;
                let mut moment = day_moment(last, None, Precision::Day)?;
                moment.first_day = (first < last).then_some(first);
                Ok(moment)
            }
            Value::Numeric(_)
            | Value::NumericSpan { .. }
            | Value::Month { year: None, .. }
            | Value::Months { .. }
            | Value::Recent { .. }
            | Value::Weekday { .. }
            | Value::DayOfWeekday { .. }
            | Value::DayOfMonth { .. }
            | Value::Between { .. }
            | Value::Impossible
            | Value::OtherCalendar(_) => Err(Unresolved::NoDate),
        }
    }

    /// The latest day that becomes a moment.
    fn latest(&self) -> Date {
        match self.context.horizon {
            Horizon::Fetch => self.today.tomorrow().unwrap_or(self.today),
            Horizon::Open => Date::MAX,
        }
    }

    /// The last day of a range. What it ends with may lie ahead; what was published is not of the future.
    fn last_day(&self, first: Date, last: Date) -> Date {
        if last > self.today && self.context.horizon == Horizon::Fetch {
            first.max(self.today.min(last))
        } else {
            last
        }
    }

    fn instant(
        &self,
        stamp: Option<Timestamp>,
        day: Date,
        provenance: Provenance,
    ) -> Result<Moment, Unresolved> {
        let Some(stamp) = stamp else { return Err(Unresolved::Impossible { text: day.to_string() }) };
        let day = stamp.to_zoned_datetime(self.context.zone.clone()).date();
        let is_late = stamp.as_second() > self.context.now.as_second() + 86_400;
        if is_late && self.context.horizon == Horizon::Fetch {
            return Err(Unresolved::TooLate { day });
        }
        if day < OLDEST {
            return Err(Unresolved::TooEarly { day });
        }
        Ok(Moment { day, first_day: None, instant: Some(stamp), precision: Precision::Minute, provenance })
    }
}

/// The day of a point.
pub(super) fn date_of(point: Point) -> Result<Date, Unresolved> {
    let year = point.year.ok_or(Unresolved::NoYear)?;
    Date::new(year, point.month, point.day)
        .map_err(|_| Unresolved::Impossible { text: format!("{year}-{:02}-{:02}", point.month, point.day) })
}
