//! Dates of other calendars → days of ours. Pure.
//!
//! Persian and Islamic (civil) dates and the years of the Buddhist and Japanese eras are read; a date of any
//! other calendar is refused by name. The arithmetic is that of ICU4X.

use calendrical_calculations::{gregorian, islamic, persian};
use jiff::civil::Date;

use super::{
    lexicon::{Calendar, Lexicon},
    mention::Foreign,
};

/// Years that the Persian and the Islamic calendar count in the life of the web.
const YEARS: std::ops::RangeInclusive<i16> = 1300..=1500;

/// Years between the Buddhist era and ours (543 BC is its first).
const BUDDHIST: i16 = 543;

/// Years of ours before the first of the Republic of China.
const REPUBLIC: i16 = 1911;

/// A year of four digits as one of ours: a Buddhist year is, others stay as they are.
pub(super) fn common_year(year: i16) -> i16 {
    if (2400..=2700).contains(&year) { year - BUDDHIST } else { year }
}

/// A year of the Republic of China, as pages of Taiwan write it with three digits, as one of ours; `None`: it is none.
pub(super) fn of_republic(year: i64, lexicon: Lexicon) -> Option<i16> {
    let is_year = lexicon.language() == Some("zh") && (100..200).contains(&year);
    i16::try_from(year).ok().filter(|_| is_year).map(|year| year + REPUBLIC)
}

/// Whether a year is one that a Persian or Islamic date has.
pub(super) fn is_other_year(year: i16) -> bool {
    YEARS.contains(&year)
}

/// The two last digits of a year of the Persian calendar as the year.
pub(super) fn persian_century(value: i64) -> Option<i16> {
    i16::try_from(if value < 60 { 1400 + value } else { 1300 + value }).ok().filter(|_| value < 100)
}

/// The calendar that a language's pages count in beside ours; `None`: no other.
pub(super) fn of_language(lexicon: Lexicon) -> Option<Calendar> {
    match lexicon.language()? {
        "fa" | "ps" | "mzn" | "lrc" | "ckb" => Some(Calendar::Persian),
        "ar" | "ur" => Some(Calendar::Islamic),
        _ => None,
    }
}

/// The day of ours that a day of another calendar is; `None`: that calendar has no such day, or it is not read.
pub(super) fn day(calendar: Calendar, year: i16, month: i8, day: i8) -> Option<Date> {
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    let (fixed, same) = match calendar {
        Calendar::Persian => {
            let fixed = persian::fixed_from_fast_persian(year.into(), month, day);
            (fixed, persian::fast_persian_from_fixed(fixed).ok()?)
        }
        Calendar::Islamic => {
            let epoch = islamic::ISLAMIC_EPOCH_FRIDAY;
            let fixed = islamic::fixed_from_tabular_islamic(year.into(), month, day, epoch);
            (fixed, islamic::tabular_islamic_from_fixed(fixed, epoch))
        }
        Calendar::Hebrew => return None,
    };
    // A day that its month does not have would come out as one of the next.
    if same != (year.into(), month, day) {
        return None;
    }
    let (year, month, day) = gregorian::gregorian_from_fixed(fixed).ok()?;
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The first and the last of days of another calendar, the last in a year; `None`: there are none such.
pub(super) fn days(days: Foreign, year: i16) -> Option<(Date, Date)> {
    let first_year = year - i16::from(days.first > days.last);
    let first = day(days.calendar, first_year, days.first.0, days.first.1)?;
    Some((first, day(days.calendar, year, days.last.0, days.last.1)?))
}

/// The latest such days of another calendar whose last is not later than a day of ours; `None`: there are none.
pub(super) fn latest(foreign: Foreign, not_after: Date) -> Option<(Date, Date)> {
    let since = not_after.year() - 622;
    let newest = match foreign.calendar {
        Calendar::Persian => since + 1,
        // 33 years of the moon are 32 of the sun.
        Calendar::Islamic => since + since / 32 + 2,
        Calendar::Hebrew => return None,
    };
    // A leap day comes back after five years at most.
    (newest - 8..=newest).rev().filter_map(|year| days(foreign, year)).find(|(_, last)| *last <= not_after)
}

/// The name of a calendar.
pub(super) fn name(calendar: Calendar) -> &'static str {
    match calendar {
        Calendar::Persian => "Persian",
        Calendar::Islamic => "Islamic",
        Calendar::Hebrew => "Hebrew",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn known_days_come_out() {
        assert_eq!(day(Calendar::Persian, 1403, 12, 16), Some(date(2025, 3, 6)));
        assert_eq!(day(Calendar::Persian, 1404, 1, 1), Some(date(2025, 3, 21)));
        assert_eq!(day(Calendar::Islamic, 1446, 9, 6), Some(date(2025, 3, 6)));
        assert_eq!(common_year(2568), 2025);
    }

    #[test]
    fn day_without_a_year_is_the_latest_that_has_been() {
        let last = |calendar, last| {
            let days = Foreign { calendar, year: None, first: last, last };
            latest(days, date(2025, 8, 15)).map(|(_, last)| last)
        };
        assert_eq!(last(Calendar::Persian, (12, 16)), Some(date(2025, 3, 6)));
        assert_eq!(last(Calendar::Persian, (5, 25)), Some(date(2024, 8, 15)));
        assert_eq!(last(Calendar::Islamic, (9, 6)), Some(date(2025, 3, 6)));
    }

    #[test]
    fn days_that_a_month_does_not_have_are_none() {
        assert_eq!(day(Calendar::Persian, 1404, 12, 30), None);
        assert_eq!(day(Calendar::Islamic, 1446, 2, 30), None);
        assert_eq!(day(Calendar::Hebrew, 5785, 1, 1), None);
    }
}
