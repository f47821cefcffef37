//! The simple rules that others use, to hold ours against.

use jiff::civil::Date;

/// A rule: the day of a fetch, and a day whose year is not known → the day with a year.
pub type Rule = fn(Date, Date) -> Date;

/// The rules, by the names of the report.
pub const RULES: [(&str, Rule); 3] =
    [("current year", current), ("nearest past", nearest_past), ("closest", closest)];

fn current(fetched: Date, day: Date) -> Date {
    in_year(day, fetched.year()).unwrap_or_else(|| nearest_past(fetched, day))
}

/// The latest such day that is not later than the fetch and a day.
fn nearest_past(fetched: Date, day: Date) -> Date {
    let latest = fetched.tomorrow().expect("no fetch is at the end of time");
    (0..12)
        .filter_map(|back| in_year(day, latest.year() - back))
        .find(|day| *day <= latest)
        .expect("every day comes within twelve years")
}

fn closest(fetched: Date, day: Date) -> Date {
    (-8..9)
        .filter_map(|away| in_year(day, fetched.year() + away))
        .min_by_key(|day| days_between(fetched, *day).abs())
        .expect("every day comes within eight years")
}

fn in_year(day: Date, year: i16) -> Option<Date> {
    Date::new(year, day.month(), day.day()).ok()
}

/// Days from one day to another.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}
