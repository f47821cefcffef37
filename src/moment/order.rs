//! Numeric dates of a whole listing → the order of day and month in them, with the reason. Pure.
//!
//! The order is a habit of the page: it is settled once, never entry by entry, and what nothing settles stays
//! ambiguous.

use jiff::civil::Date;

use crate::config::DayMonthOrder::{self, DayFirst, MonthFirst};

use super::mention::{Point, Slashed};

/// What is known about a listing's numeric dates.
pub(super) struct Evidence<'a> {
    /// Every numeric date of the listing.
    pub all: &'a [Slashed],
    /// The first one of each row, in page order.
    pub column: &'a [Slashed],
    /// Those beside a weekday, 1 (Monday) to 7.
    pub on_weekdays: &'a [(Slashed, i8)],
    /// The day of the fetch.
    pub today: Date,
    /// The latest day the fetch allows; `None`: any.
    pub latest: Option<Date>,
    /// What the config says.
    pub configured: Option<DayMonthOrder>,
    /// What the language says.
    pub custom: Option<DayMonthOrder>,
    /// The host of the page; `None`: not known.
    pub host: Option<&'a str>,
}

/// The order, and what settled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    /// The order; `None`: nothing settles it.
    pub order: Option<DayMonthOrder>,
    /// Why.
    pub why: &'static str,
}

/// Settles the order of day and month.
pub(super) fn settle(evidence: &Evidence<'_>) -> Settled {
    let settled = |order, why| Settled { order: Some(order), why };
    if let Some(order) = evidence.configured {
        return settled(order, "the configured order of day and month");
    }
    let is_day_first = evidence.all.iter().any(|date| date.left > 12);
    let is_month_first = evidence.all.iter().any(|date| date.right > 12);
    match (is_day_first, is_month_first) {
        (true, false) => return settled(DayFirst, "a day above 12 in the listing"),
        (false, true) => return settled(MonthFirst, "a day above 12 in the listing"),
        (true, true) => {
            return Settled { order: None, why: "the listing shows both orders of day and month" };
        }
        (false, false) => {}
    }
    if !evidence.on_weekdays.is_empty()
        && let Some(order) = only_one(|order| {
            evidence.on_weekdays.iter().all(|dated| is_on_weekday(*dated, order, evidence.today))
        })
    {
        return settled(order, "the weekday beside the date");
    }
    if let Some(order) = only_one(|order| is_before(evidence, order)) {
        return settled(order, "the other order of day and month is later than the fetch");
    }
    if let Some(order) = evidence.custom {
        return settled(order, "the language's order of day and month");
    }
    if !evidence.all.is_empty() && evidence.all.iter().all(|date| date.is_dotted) {
        return settled(DayFirst, "full stops stand between day and month");
    }
    if let Some(order) = only_one(|order| is_sorted(evidence, order)) {
        return settled(order, "the other order of day and month is out of order");
    }
    if evidence.host.is_some_and(is_american) {
        return settled(MonthFirst, "the host's order of day and month");
    }
    Settled { order: None, why: "nothing in the listing settles the order of day and month" }
}

/// The order that passes a test the other fails.
fn only_one(passes: impl Fn(DayMonthOrder) -> bool) -> Option<DayMonthOrder> {
    match (passes(DayFirst), passes(MonthFirst)) {
        (true, false) => Some(DayFirst),
        (false, true) => Some(MonthFirst),
        _ => None,
    }
}

/// Whether a date read in an order falls on its weekday; one without a year may be of the last two.
fn is_on_weekday((date, weekday): (Slashed, i8), order: DayMonthOrder, today: Date) -> bool {
    let point = in_order(date, order);
    let years = point.year.map_or(today.year() - 1..=today.year(), |year| year..=year);
    years.into_iter().any(|year| {
        Date::new(year, point.month, point.day)
            .is_ok_and(|day| day.weekday().to_monday_one_offset() == weekday)
    })
}

fn is_before(evidence: &Evidence<'_>, order: DayMonthOrder) -> bool {
    days(evidence, order).all(|day| day.is_some_and(|day| evidence.latest.is_none_or(|latest| day <= latest)))
}

/// Whether the column runs newest first without a break; short columns are sorted by chance.
fn is_sorted(evidence: &Evidence<'_>, order: DayMonthOrder) -> bool {
    const ENOUGH: usize = 4;
    let days: Vec<_> = days(evidence, order).collect();
    days.len() >= ENOUGH && days.is_sorted_by(|a, b| a >= b)
}

fn days(evidence: &Evidence<'_>, order: DayMonthOrder) -> impl Iterator<Item = Option<Date>> {
    evidence.column.iter().filter(|date| date.year.is_some()).map(move |date| {
        let point = in_order(*date, order);
        Date::new(point.year?, point.month, point.day).ok()
    })
}

/// A numeric date read in an order; its month may be impossible.
pub(super) fn in_order(date: Slashed, order: DayMonthOrder) -> Point {
    let (day, month) = match order {
        DayFirst => (date.left, date.right),
        MonthFirst => (date.right, date.left),
    };
    Point { year: date.year, month, day }
}

/// Whether a host is of the United States: `us` is theirs, and `gov` and `mil` are open to no one else (RFC 1591, §2).
fn is_american(host: &str) -> bool {
    matches!(host.rsplit('.').next(), Some("gov" | "mil" | "us"))
}

/// The only reading of a date that has just one: 13/3, or 3/3.
pub(super) fn alone(date: Slashed) -> Option<DayMonthOrder> {
    if date.left > 12 || date.left == date.right {
        Some(DayFirst)
    } else if date.right > 12 {
        Some(MonthFirst)
    } else {
        None
    }
}
