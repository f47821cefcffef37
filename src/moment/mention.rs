//! A mention: what a text says about a date, before the listing settles what it leaves open. A noun, pure.

use std::ops::Range;

use jiff::civil::Date;

use super::{
    calendar,
    daytime::Daytime,
    lexicon::{Calendar, Unit, Which},
};

/// A date mentioned in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// Where it stands, in bytes, on character borders: `text[span]` is the date as written.
    pub span: Range<usize>,
    /// What it says.
    pub value: Value,
    /// The time of day beside it; `None`: none.
    pub time: Option<Daytime>,
    /// The weekday beside it, 1 (Monday) to 7; `None`: none.
    pub weekday: Option<i8>,
    /// What the words before it say it is.
    pub role: Role,
    /// The name of the rule that read it.
    pub rule: &'static str,
}

/// What a mention says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A day.
    Day(Point),
    /// Days from the first to the last.
    Span {
        /// The first day.
        first: Point,
        /// The last day.
        last: Point,
    },
    /// A day in numbers whose order is open: 6/3/2025.
    Numeric(Slashed),
    /// Days in numbers whose order is open.
    NumericSpan {
        /// The first day.
        first: Slashed,
        /// The last day.
        last: Slashed,
    },
    /// A month, of an open year if `year` is `None`.
    Month {
        /// The year.
        year: Option<i16>,
        /// The month, 1 to 12.
        month: i8,
    },
    /// A year alone.
    Year(i16),
    /// So many units before now.
    Ago {
        /// How many.
        count: i64,
        /// Of what.
        unit: Unit,
    },
    /// So many units up to now.
    Recent {
        /// How many.
        count: i64,
        /// Of what.
        unit: Unit,
    },
    /// A weekday counted from now.
    Weekday {
        /// The weekday, 1 (Monday) to 7.
        weekday: i8,
        /// Which of them.
        which: Which,
    },
    /// A day of a month that only its weekday tells: "Monday 21".
    DayOfWeekday {
        /// The day of the month.
        day: i8,
        /// The weekday, 1 (Monday) to 7.
        weekday: i8,
    },
    /// Days of a month that is counted from now: "the 6th of last month".
    DayOfMonth {
        /// How many months after this one; −1: the last.
        months: i32,
        /// The first day of the month.
        first: i8,
        /// The last; the first again where it is one day.
        last: i8,
    },
    /// Days from the first to the last, one of which is counted from now.
    Between {
        /// The first.
        first: Edge,
        /// The last.
        last: Edge,
    },
    /// Months from the first to the last, of an open year if both years are `None`.
    Months {
        /// The year and the month of the first.
        first: (Option<i16>, i8),
        /// The year and the month of the last.
        last: (Option<i16>, i8),
    },
    /// Seconds and nanoseconds since 1970.
    Epoch(jiff::Timestamp),
    /// A date that no calendar has: 31 February.
    Impossible,
    /// Days of another calendar.
    Other(Foreign),
    /// A year that our calendar does not reach in any page's life: another calendar's.
    OtherCalendar(i16),
}

impl Value {
    /// Whether it is a day or several, of whatever year, or so long ago.
    pub fn is_day(&self) -> bool {
        matches!(
            self,
            Self::Day(_) | Self::Span { .. } | Self::Numeric(_) | Self::NumericSpan { .. } | Self::Ago { .. }
        )
    }
}

/// A day, of an open year if `year` is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The year.
    pub year: Option<i16>,
    /// The month, 1 to 12.
    pub month: i8,
    /// The day of the month.
    pub day: i8,
}

/// The first or the last of days that are counted from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// A day; without a year the latest such day before the other edge.
    Day(Point),
    /// A month and its year.
    Month(i16, i8),
    /// The day so many days before today.
    Ago(i64),
    /// A weekday counted from now.
    Weekday(i8, Which),
}

/// Days of another calendar, of an open year if `year` is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The calendar.
    pub calendar: Calendar,
    /// The year of the last day.
    pub year: Option<i16>,
    /// Month and day of the first day.
    pub first: (i8, i8),
    /// Month and day of the last; the first again where it is one day.
    pub last: (i8, i8),
}

/// A day in numbers, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slashed {
    /// The number that stands left.
    pub left: i8,
    /// The number that stands right of it.
    pub right: i8,
    /// The year; `None`: open.
    pub year: Option<i16>,
    /// Whether full stops stand between the numbers.
    pub is_dotted: bool,
}

/// What the words before a mention say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    Plain,
    /// "published", "posted".
    Published,
    /// "updated", "modified".
    Updated,
    /// "will visit on": an event that lay ahead.
    Ahead,
    /// "until", "by", "deadline".
    Deadline,
    /// "since".
    Since,
}

/// The years a page can be of: no older page is on the web, and nobody dates a page further ahead.
pub(super) const YEARS: Range<i16> = 1900..2101;

/// A value that the calendar has, or a word for what is wrong with it.
pub(super) fn checked(value: Value) -> Value {
    let point = |point: Point| match point.year {
        Some(year) if !YEARS.contains(&year) => Some(Value::OtherCalendar(year)),
        // Without a year, 29 February is a day of some years.
        year => Date::new(year.unwrap_or(2024), point.month, point.day).is_err().then_some(Value::Impossible),
    };
    let slashed = |slashed: Slashed| match slashed.year {
        Some(year) if !YEARS.contains(&year) => Some(Value::OtherCalendar(year)),
        _ => {
            let (small, large) = (slashed.left.min(slashed.right), slashed.left.max(slashed.right));
            (!(1..=12).contains(&small) || Date::new(2024, small, large).is_err())
                .then_some(Value::Impossible)
        }
    };
    let trouble = match value {
        Value::Day(day) => point(day),
        Value::Span { first, last } => point(first).or_else(|| point(last)),
        Value::Numeric(day) => slashed(day),
        Value::NumericSpan { first, last } => slashed(first).or_else(|| slashed(last)),
        Value::Other(Foreign { year: Some(year), .. }) if !calendar::is_other_year(year) => None,
        Value::Other(days @ Foreign { year: Some(year), .. }) => match calendar::days(days, year) {
            Some((first, last)) if first == last => return Value::Day(last.into()),
            Some((first, last)) => return Value::Span { first: first.into(), last: last.into() },
            None => Some(Value::Impossible),
        },
        Value::Month { year: Some(year), .. }
        | Value::Months { last: (Some(year), _), .. }
        | Value::Year(year)
            if !YEARS.contains(&year) =>
        {
            Some(Value::OtherCalendar(year))
        }
        _ => None,
    };
    trouble.unwrap_or(value)
}
