//! Days counted from now, as the text has them, and the fetch → days with their years. Pure.

use jiff::{ToSpan as _, civil::Date};

use super::{
    lexicon::Which,
    mention::{Edge, Point, Value},
    relative,
    settle::Page,
};

/// Days ahead that a weekday and a day of the month may mean: "Monday 21", read on the Friday before.
const DAYS_AHEAD: i32 = 7;

/// Months back in which a weekday and a day of the month are looked for. No more than two months of a year begin with
/// the same weekday one after the other, and within a year each does.
const MONTHS_BACK: i32 = 12;

impl Page<'_> {
    /// A value whose days are known, if it is one that is counted from now; any other as it is. `None`: no calendar
    /// has such days.
    pub fn dated(&self, value: Value) -> Option<Value> {
        let today = self.today;
        let days = |first: Date, last: Date| {
            if first == last {
                Value::Day(last.into())
            } else {
                Value::Span { first: first.into(), last: last.into() }
            }
        };
        Some(match value {
            Value::Recent { count, unit } => {
                let (first, ..) = relative::before(self.context.now, self.context.zone, count, unit)?;
                days(first, today)
            }
            Value::Weekday { weekday, which } => Value::Day(on_weekday(today, weekday, which)?.into()),
            Value::DayOfWeekday { day, weekday } => Value::Day(day_of_weekday(today, day, weekday)?.into()),
            Value::DayOfMonth { months, first, last } => {
                let month = today.first_of_month().checked_add(months.months()).ok()?;
                let day = |day| Date::new(month.year(), month.month(), day).ok();
                days(day(first)?, day(last)?)
            }
            Value::Between { first, last } => {
                let last = day_of(last, today, None)?;
                days(day_of(first, today, Some(last)).filter(|first| *first <= last)?, last)
            }
            value => value,
        })
    }
}

/// The day of an edge. Without a year it is the latest before `limit`, the other edge, or the next one after today.
fn day_of(edge: Edge, today: Date, limit: Option<Date>) -> Option<Date> {
    match edge {
        Edge::Day(Point { year: Some(year), month, day }) => Date::new(year, month, day).ok(),
        Edge::Day(Point { year: None, month, day }) => {
            let in_year = |year: i16| Date::new(year, month, day).ok();
            match limit {
                Some(limit) => [0, 1]
                    .into_iter()
                    .find_map(|back| in_year(limit.year() - back).filter(|day| *day <= limit)),
                None => {
                    [0, 1].into_iter().find_map(|on| in_year(today.year() + on).filter(|day| *day >= today))
                }
            }
        }
        Edge::Month(year, month) => Date::new(year, month, 1).ok(),
        Edge::Ago(days) => today.checked_sub(days.days()).ok(),
        Edge::Weekday(weekday, which) => on_weekday(today, weekday, which),
    }
}

/// A weekday counted from a day.
fn on_weekday(today: Date, weekday: i8, which: Which) -> Option<Date> {
    let of_today = today.weekday().to_monday_one_offset();
    let back = (of_today - weekday).rem_euclid(7);
    let days = match which {
        Which::Before => -i64::from(if back == 0 { 7 } else { back }),
        Which::After => i64::from(7 - back),
        Which::OfWeek(weeks) => weeks.checked_mul(7)?.checked_add(i64::from(weekday - of_today))?,
    };
    today.checked_add(days.days()).ok()
}

/// The latest day of a month on a weekday that is not far ahead.
fn day_of_weekday(today: Date, day: i8, weekday: i8) -> Option<Date> {
    let latest = today.checked_add(DAYS_AHEAD.days()).ok()?;
    (-1..MONTHS_BACK).find_map(|back| {
        let month = today.first_of_month().checked_sub(back.months()).ok()?;
        let found = Date::new(month.year(), month.month(), day).ok()?;
        (found <= latest && found.weekday().to_monday_one_offset() == weekday).then_some(found)
    })
}
