//! Moments: texts that may hold a date → a moment, or a named reason why there is none. Pure.
//!
//! A [`Moment`] is an instant, its precision and where it came from. This module refuses to invent:
//! what is not known is `Err(Unresolved)` and becomes first-seen time elsewhere, said as such.

mod above;
mod calendar;
mod choose;
mod counted;
mod daytime;
mod fold;
mod foreign;
mod lexicon;
mod link;
mod marked;
mod mention;
mod mixed;
mod months;
mod near;
mod numeric;
mod open;
mod order;
mod parts;
mod prose;
mod reading;
mod relative;
mod resolve;
mod scan;
mod settle;
mod span;
mod spelled;
mod tables;
mod token;
mod weekday;
mod words;
mod year;
mod zone;

#[cfg(test)]
mod tests;

use std::ops::Range;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    config::DayMonthOrder,
    listing::{DateSource, RawDate},
};

pub use self::{
    above::{Heading, day_alone, pair_alone, time_alone},
    daytime::Daytime,
    lexicon::{Calendar, Lexicon, Sense, Unit, Which},
    mention::{Edge, Foreign, Mention, Point, Role, Slashed, Value},
    scan::{Place, scan},
};

/// An instant, how precise it is, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The day, in the source's zone. For a range its last day, for a month its first day.
    pub day: Date,
    /// The first day of a range; `None` when it is not a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<Date>,
    /// The instant, when the text gives a time; `None` for a day, month or year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<Timestamp>,
    /// How precise it is.
    pub precision: Precision,
    /// Where it came from.
    pub provenance: Provenance,
}

/// How precise a moment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// A year alone.
    Year,
    /// A month of a year.
    Month,
    /// A day.
    Day,
    /// A minute or better.
    Minute,
}

/// Where a moment came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// `<time datetime>`, JSON-LD: the page says so to machines.
    StatedByMachine,
    /// A full date in the text.
    StatedInText,
    /// A date without a year; the year follows from the fetch and the neighbours.
    Inferred,
    /// "3 hours ago", resolved once against the fetch.
    Relative,
    /// No date anywhere: the time we first saw the entry.
    FirstSeen,
}

/// What the dates of a listing are resolved against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time of the fetch.
    pub now: Timestamp,
    /// The zone in which the source's days begin and its times are meant.
    pub zone: &'a TimeZone,
    /// The language of the page, a BCP 47 tag; `None`: not known.
    pub language: Option<&'a str>,
    /// The host of the page, whose last label may tell a country; `None`: not known.
    pub host: Option<&'a str>,
    /// The configured order of day and month in numeric dates; `None`: the page settles it.
    pub order: Option<DayMonthOrder>,
    /// The configured `strptime` format of the date field; `None`: it is read like any text.
    pub format: Option<&'a str>,
    /// How far ahead of the fetch a day may lie.
    pub horizon: Horizon,
}

/// How far ahead of the fetch a day may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// A day, for zones: nothing is published that has not happened.
    Fetch,
    /// Any day that a text states: what is asked for is an event's date.
    Open,
}

/// A row of a listing, as far as its date is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The texts that may hold its date, best first.
    pub dates: &'a [RawDate],
    /// The day already stored for this entry, a constant for its neighbours; `None`: the entry is new.
    pub anchor: Option<Date>,
}

/// What became of a row's date, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// The moment, or why there is none.
    pub outcome: Result<Moment, Unresolved>,
    /// Where the moment came from, or the reason; `None`: the row has no text at all.
    pub source: Option<DateSource>,
    /// The name of the rule that read the date: "day and month"; "none" without a date.
    pub rule: &'static str,
    /// What settled what the text left open, its year or the order of its numbers; `None`: nothing was open.
    pub settled: Option<&'static str>,
    /// The date as written; empty without a date.
    pub text: String,
    /// Where it stands in its source's text, in characters; `None` without a date.
    pub span: Option<Range<usize>>,
    /// Better sources and why they gave no date, in order.
    pub refused: Vec<(DateSource, Unresolved)>,
}

/// Why there is no date.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unresolved {
    /// There is no text that could hold one.
    #[error("there is no text that could hold a date")]
    NoText,
    /// The texts hold none.
    #[error("the text holds no date")]
    NoDate,
    /// The configured format does not fit the text.
    #[error("the text does not fit the configured format `{format}`")]
    FormatMissed {
        /// The format.
        format: String,
    },
    /// Day and month cannot be told apart.
    #[error("`{text}` can be read as two dates: {why}")]
    Ambiguous {
        /// The date as written.
        text: String,
        /// What was looked for in vain.
        why: &'static str,
    },
    /// No calendar has such a day.
    #[error("`{text}` is a day that does not exist")]
    Impossible {
        /// The date as written.
        text: String,
    },
    /// No year gives it such a day.
    #[error("no year fits the date")]
    NoYear,
    /// It lies ahead of the fetch.
    #[error("{day} is later than the fetch")]
    TooLate {
        /// The day it would be.
        day: Date,
    },
    /// It is older than the web: an empty stamp.
    #[error("{day} is older than any page")]
    TooEarly {
        /// The day it would be.
        day: Date,
    },
    /// All rows show the same stamp: it is the page's, not the entry's.
    #[error("all rows show the same stamp, that of the page")]
    SameEverywhere,
    /// The date is of a calendar that is not read.
    #[error("{what} is of a calendar that is not read")]
    OtherCalendar {
        /// The year as written, or the calendar's name.
        what: String,
    },
}

/// Resolves the dates of a listing, all rows together: one resolution a row, in the rows' order.
///
/// No moment is later than the fetch and a day, unless the [`Horizon`] is open. A row with an [`Row::anchor`] is resolved like any other; what
/// its entry keeps is the caller's to decide.
pub fn resolve(rows: &[Row<'_>], context: &Context<'_>) -> Vec<Resolution> {
    resolve::resolve(rows, context)
}

/// The day in the path of an address: `/2025/03/06/headline`.
pub fn day_of_address(link: &str) -> Option<Date> {
    match link::path_date(link, Lexicon::of(None)) {
        Some((link::PathDate::Day(day), _)) => Some(day),
        _ => None,
    }
}

/// Whether a text is a day and says no more: no headline is. `language` is the page's; `None`: not known.
pub fn is_day_alone(text: &str, language: Option<&str>) -> bool {
    let mentions = scan(text.trim(), Place::Field, Lexicon::of(language));
    let said = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    mentions.iter().any(|mention| {
        mention.value.is_day() && said(&text.trim()[mention.span.clone()]) * 10 >= said(text) * 9
    })
}

/// Reads a stamp that a machine wrote, as in feeds and headers: ISO 8601, RFC 822 and its kin, asctime, with
/// their sins. A day without a time is its midnight in `zone`. `None`: it is none.
pub fn stamp(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let mentions = scan(text.trim(), Place::Machine, Lexicon::of(None));
    mentions.into_iter().find_map(|mention| match mention.value {
        Value::Epoch(stamp) => Some(stamp),
        Value::Day(Point { year: Some(year), month, day }) => {
            let day = Date::new(year, month, day).ok()?;
            match mention.time {
                Some(time) => zone::instant(day, time, zone),
                None => day.to_zoned_datetime(zone.clone()).ok().map(|zoned| zoned.timestamp()),
            }
        }
        _ => None,
    })
}
