//! A listing: the raw entries of a page, in page order. Nouns, pure.
//!
//! Raw means unresolved and unbelieved: strings as they stood, each with where it was found, so that
//! `explain` can show the way from the page to the value.

use std::{collections::BTreeSet, time::Duration};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{diagnostic::Diagnostic, entry::Enclosure};

/// What one page said.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The rows, in page order.
    pub entries: Vec<RawEntry>,
    /// Whether the configured container of the entries was there.
    pub container: Container,
    /// What relative addresses are resolved against: `<base href>`, else the page's address.
    pub base: Url,
    /// The language the page states (`<html lang>`), as a BCP 47 tag; `None`: it states none.
    pub language: Option<String>,
    /// The page's `<title>`, for messages and for telling a block page; `None`: it has none.
    pub title: Option<String>,
    /// The site's page an upstream feed belongs to; `None`: it names none, or this is a page itself.
    pub home: Option<Url>,
    /// The icon it names, best for a list of feeds; `None`: it names none.
    pub icon: Option<Url>,
    /// Where the page says the listing goes on; `None`: it does not, or nobody asked.
    pub next: Option<Url>,
    /// The feeds that the page links.
    pub feeds: Vec<Url>,
    /// How long an upstream feed asks to be left alone between two visits; `None`: it does not say.
    pub pace: Option<Duration>,
    /// When an upstream feed asks not to be visited.
    pub quiet: Quiet,
    /// What was noticed on the way.
    pub diagnostics: Vec<Diagnostic>,
}

/// When an upstream feed does not change, by its own word: times in UTC at which a visit is of no use (RSS 2.0,
/// `skipHours` and `skipDays`). Never all of a day or of a week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quiet {
    /// Hours, 0 to 23.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub hours: BTreeSet<i8>,
    /// Days of the week, 1 for Monday to 7 for Sunday.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub days: BTreeSet<i8>,
}

impl Quiet {
    /// Whether every time is as good as another.
    pub fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.days.is_empty()
    }

    /// The first time from `at` on at which a visit is of use: `at` itself, or the beginning of an hour.
    pub fn over_after(&self, at: Timestamp) -> Timestamp {
        let mut time = at.to_zoned_datetime(TimeZone::UTC);
        // One hour of one day of a week is the least that is left.
        for _ in 0..=24 * 7 {
            let (hour, day) = (time.hour(), time.weekday().to_monday_one_offset());
            if !self.hours.contains(&hour) && !self.days.contains(&day) {
                return time.timestamp();
            }
            let begun = time.with().minute(0).second(0).subsec_nanosecond(0).build();
            match begun.and_then(|begun| begun.checked_add(1.hour())) {
                Ok(next) => time = next,
                Err(_) => break,
            }
        }
        at
    }
}

/// Whether the container named by `listing` was on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// The config names none.
    NotAsked,
    /// It is there.
    Present,
    /// It is not.
    Absent,
    /// The document is an upstream feed, which needs none.
    Feed,
}

/// One row as found.
#[derive(Clone, Debug, Default)]
pub struct RawEntry {
    /// The row's place on the page, from 1.
    pub row: usize,
    /// Its headline.
    pub headline: Option<RawField>,
    /// Its link, as written on the page (relative perhaps).
    pub link: Option<RawField>,
    /// The configured id field, if the config has one.
    pub id: Option<RawField>,
    /// Its teaser.
    pub teaser: Option<RawField>,
    /// Its full text, where an upstream feed has it.
    pub content: Option<RawContent>,
    /// Its image's address, as written.
    pub image: Option<RawField>,
    /// Its author.
    pub author: Option<RawField>,
    /// Its categories, in page order.
    pub categories: Vec<RawField>,
    /// The files an upstream feed attaches to it.
    pub enclosures: Vec<Enclosure>,
    /// The addresses of files that a page shows with it, as written.
    pub files: Vec<RawField>,
    /// Every text that may hold its date, best source first.
    pub dates: Vec<RawDate>,
}

/// A field's text and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RawField {
    /// The value after regex, cuts and white space folding; never empty.
    pub value: String,
    /// The text as it stood, white space folded.
    pub raw: String,
    /// The selector that found it, as written in the config, or the rule's name when no selector was asked.
    pub selector: String,
    /// The element it matched, as an opening tag for a person to recognize.
    pub element: String,
}

/// An entry's full text as HTML, and what relative addresses in it are resolved against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RawContent {
    /// The markup, unbelieved; `raw` is empty.
    pub field: RawField,
    /// The base.
    pub base: Url,
}

/// A text that may hold an entry's date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RawDate {
    /// Where it was found.
    pub source: DateSource,
    /// The text.
    pub field: RawField,
}

/// Sources of a date, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateSource {
    /// `<time datetime>` inside the entry.
    TimeElement,
    /// JSON-LD, microdata and other metadata of the page, joined to the entry by its link.
    Metadata,
    /// The configured date field.
    Field,
    /// The text of the headline.
    Headline,
    /// The text of the teaser.
    Teaser,
    /// What stands above the entry, where the config asks for that.
    Above,
    /// The link's path (`/2025/03/06/`).
    LinkPath,
}
