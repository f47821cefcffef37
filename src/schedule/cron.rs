//! Cron expressions → the instants they name in a zone. Pure.
//!
//! Reading and searching are the work of `croner`, which knows what daylight saving does to a pattern; this file
//! gives it our zones. A fixed time that the clocks skip comes at the end of the gap, one that they repeat comes
//! once; a pattern over every hour goes on by elapsed time.

use std::cmp::Ordering;

use croner::{
    CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use jiff::{
    SignedDuration, Timestamp, ZonedDateTime,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};

/// A cron expression of five fields: minute, hour, day of the month, month, day of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron(Box<croner::Cron>);

impl Cron {
    /// Reads an expression such as `7 6-22 * * mon-fri`.
    ///
    /// # Errors
    /// Why it is none, in words, or that it names no time at all.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields = text.split_whitespace().count();
        if fields != 5 && !text.trim_start().starts_with('@') {
            let noun = if fields == 1 { "field" } else { "fields" };
            return Err(format!("it has {fields} {noun}, not five"));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = Self(Box::new(parser.parse(text).map_err(|error| words(&error))?));
        match cron.after(Timestamp::UNIX_EPOCH, &TimeZone::UTC) {
            Some(_) => Ok(cron),
            None => Err("it names no day that ever comes".to_owned()),
        }
    }

    /// The first instant after `now` that the expression names; `None`: there is none in reach of a calendar.
    pub fn after(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let start = Moment(now.to_zoned_datetime(zone.clone()));
        self.0.find_next_occurrence(&start, false).ok().map(|found| found.0.timestamp())
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        self.0.as_str()
    }
}

/// The library's words, in the house's style.
fn words(error: &CronError) -> String {
    let text = error.to_string();
    let text = text.trim().trim_end_matches('.');
    text.chars()
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(text.chars().skip(1)).collect())
}

/// A zoned instant as `croner` asks for one.
#[derive(Clone)]
struct Moment(ZonedDateTime);

impl CronDateTime for Moment {
    fn to_civil(&self) -> CivilDateTime {
        let at = self.0.datetime();
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(at.year().into(), unsigned(at.month()), unsigned(at.day())),
            CivilTime::from_parts_unchecked(
                unsigned(at.hour()),
                unsigned(at.minute()),
                unsigned(at.second()),
            ),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(unsigned(self.0.weekday().to_sunday_zero_offset()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(civil_time(civil)?);
        let moment =
            |zoned: Result<ZonedDateTime, jiff::Error>| zoned.map(Self).map_err(|_| CronError::InvalidTime);
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(moment(ambiguous.unambiguous())?),
            AmbiguousOffset::Fold { .. } => {
                Resolution::Ambiguous(moment(ambiguous.clone().earlier())?, moment(ambiguous.later())?)
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

fn unsigned(part: i8) -> u32 {
    u32::from(part.unsigned_abs())
}

fn civil_time(civil: CivilDateTime) -> Result<DateTime, CronError> {
    let part = |value: u32| i8::try_from(value).map_err(|_| CronError::InvalidDate);
    let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
    let (month, day) = (part(civil.month())?, part(civil.day())?);
    let (hour, minute, second) = (part(civil.hour())?, part(civil.minute())?, part(civil.second())?);
    DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| CronError::InvalidDate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The instants an expression names in a zone, one after the other.
    fn instants(text: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let (cron, zone) = (Cron::parse(text).unwrap(), TimeZone::get(zone).unwrap());
        let mut now: Timestamp = from.parse().unwrap();
        (0..count)
            .map(|_| {
                now = cron.after(now, &zone).unwrap();
                now.to_string()
            })
            .collect()
    }

    #[test]
    fn times_are_those_of_the_zone() {
        assert_eq!(
            instants("7 6-22 * * mon-fri", "Africa/Tripoli", "2025-03-07T19:00:00Z", 3),
            ["2025-03-07T19:07:00Z", "2025-03-07T20:07:00Z", "2025-03-10T04:07:00Z"]
        );
        assert_eq!(instants("@daily", "Asia/Kolkata", "2025-03-07T19:00:00Z", 1), ["2025-03-08T18:30:00Z"]);
    }

    #[test]
    fn a_time_that_the_clocks_skip_comes_at_the_end_of_the_gap() {
        // 02:00 to 03:00 does not exist in Berlin on 30 March 2025.
        assert_eq!(
            instants("30 2 * * *", "Europe/Berlin", "2025-03-29T12:00:00Z", 2),
            ["2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z"]
        );
    }

    #[test]
    fn a_time_that_the_clocks_repeat_comes_once() {
        assert_eq!(
            instants("30 2 * * *", "Europe/Berlin", "2025-10-25T12:00:00Z", 2),
            ["2025-10-26T00:30:00Z", "2025-10-27T01:30:00Z"]
        );
    }

    #[test]
    fn every_hour_goes_on_through_a_change_of_the_clocks() {
        assert_eq!(
            instants("0 * * * *", "Europe/Berlin", "2025-10-25T23:30:00Z", 4),
            ["2025-10-26T00:00:00Z", "2025-10-26T01:00:00Z", "2025-10-26T02:00:00Z", "2025-10-26T03:00:00Z"]
        );
    }

    #[test]
    fn what_names_no_time_is_refused() {
        for text in
            ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "nonsense", "a b c d e", "@never"]
        {
            assert!(Cron::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_next_time_is_later_and_stands_in_the_pattern(
            minute in 0i8..60, hour in 0i8..24, now in 0i64..4_000_000_000,
            zone in prop::sample::select(&["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Chatham"][..]),
        ) {
            let cron = Cron::parse(&format!("{minute} {hour} * * *")).unwrap();
            let zone = TimeZone::get(zone).unwrap();
            let now = Timestamp::from_second(now).unwrap();
            let next = cron.after(now, &zone).unwrap();
            prop_assert!(next > now);
            // A day has at most 25 hours.
            prop_assert!(next.duration_since(now) <= SignedDuration::from_hours(50));
            let at = next.to_zoned_datetime(zone.clone());
            let is_named = (at.hour(), at.minute()) == (hour, minute);
            let named = at.date().at(hour, minute, 0, 0);
            let is_gap = matches!(zone.to_ambiguous_zoned_datetime(named).offset(), AmbiguousOffset::Gap { .. });
            prop_assert!(is_named || is_gap, "{at}");
        }

        #[test]
        fn no_text_breaks_the_reader(text in ".{0,40}") {
            let _ = Cron::parse(&text);
        }
    }
}
