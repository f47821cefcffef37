//! Moments: texts that may hold a date → a moment, or a named reason why there is none. Pure.
//!
//! A [`Moment`] is an instant, its precision and where it came from (DESIGN §8). This module refuses to invent:
//! what is not known is `Err(Unresolved)` and becomes first-seen time elsewhere, said as such.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

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
