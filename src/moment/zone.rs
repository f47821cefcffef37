//! Names of zones as written beside times → offsets; days and times in a zone → instants. Pure.
//!
//! The database of zones is not asked for names: what RFC 822 writes means a fixed offset. A name that means
//! nothing known is no zone, never UTC.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

use super::daytime::Daytime;

/// Names in upper case and their offsets in minutes.
///
/// Of those that several places use, the one most pages mean: `CST` and `EST` are America's (RFC 822 says so),
/// `IST` India's, `BST` Britain's.
const NAMED: [(&str, i32); 55] = [
    ("ACDT", 630),
    ("ACST", 570),
    ("ADT", -180),
    ("AEDT", 660),
    ("AEST", 600),
    ("AKDT", -480),
    ("AKST", -540),
    ("AST", -240),
    ("AWST", 480),
    ("BRT", -180),
    ("BST", 60),
    ("CAT", 120),
    ("CDT", -300),
    ("CEST", 120),
    ("CET", 60),
    ("CST", -360),
    ("EAT", 180),
    ("EDT", -240),
    ("EEST", 180),
    ("EET", 120),
    ("EST", -300),
    ("GMT", 0),
    ("GST", 240),
    ("HKT", 480),
    ("HST", -600),
    ("ICT", 420),
    ("IDT", 180),
    ("IRST", 210),
    ("IST", 330),
    ("JST", 540),
    ("KST", 540),
    ("MDT", -360),
    ("MEST", 120),
    ("MESZ", 120),
    ("MET", 60),
    ("MEZ", 60),
    ("MSK", 180),
    ("MST", -420),
    ("NDT", -150),
    ("NST", -210),
    ("NZDT", 780),
    ("NZST", 720),
    ("PDT", -420),
    ("PKT", 300),
    ("PST", -480),
    ("SAST", 120),
    ("SGT", 480),
    ("TRT", 180),
    ("UT", 0),
    ("UTC", 0),
    ("WAT", 60),
    ("WET", 0),
    ("WIB", 420),
    ("WIT", 540),
    ("WITA", 480),
];

/// The offset a name stands for; `None`: not a name of a zone. Only upper case is one: "met" is a word.
pub(super) fn named(name: &str) -> Option<Offset> {
    let minutes = match name {
        "Z" | "z" => 0,
        "WEST" => 60,
        name => NAMED[NAMED.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?].1,
    };
    Offset::from_seconds(minutes * 60).ok()
}

/// The instant of a day and a time. Without an offset the time is of `zone`; in the hour that a clock change
/// skips it is the later valid time, in the hour that it repeats the first.
pub(super) fn instant(day: Date, daytime: Daytime, zone: &TimeZone) -> Option<Timestamp> {
    let day = if daytime.is_end_of_day { day.tomorrow().ok()? } else { day };
    let civil = DateTime::from_parts(day, daytime.time);
    match daytime.offset {
        Some(offset) => offset.to_timestamp(civil).ok(),
        None => zone.to_ambiguous_timestamp(civil).compatible().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn names_are_sorted_upper_case_and_never_utc_by_default() {
        assert!(NAMED.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(named("CEST"), Offset::from_seconds(7200).ok());
        assert_eq!(named("met"), None);
        assert_eq!(named("XYZT"), None);
    }

    #[test]
    fn skipped_hour_is_the_later_and_repeated_hour_the_first() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let at = |day, hour| {
            let daytime = Daytime { time: time(hour, 30, 0, 0), is_end_of_day: false, offset: None };
            instant(day, daytime, &zone).map(|instant| instant.to_string())
        };
        assert_eq!(at(date(2025, 3, 30), 2).as_deref(), Some("2025-03-30T01:30:00Z"));
        assert_eq!(at(date(2025, 10, 26), 2).as_deref(), Some("2025-10-26T00:30:00Z"));
    }
}
