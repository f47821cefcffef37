//! The texts of a row → the mentions in each, or why a text is not read. Pure.
//!
//! A text's source decides what counts as a date in it; stamps that all rows share are refused here.

use std::ops::Range;

use jiff::{civil::Time, fmt::strtime::BrokenDownTime};

use crate::listing::{DateSource, RawDate};

use super::{
    Context, Unresolved, calendar,
    daytime::Daytime,
    lexicon::{Calendar, Lexicon},
    link::{self, PathDate},
    mention::{Mention, Point, Role, Value},
    scan::{self, Place},
};

/// The most of a text that is read for dates: far more than any teaser's start, and no page makes us slow.
const TEXT_LIMIT: usize = 4096;

/// Rows that must share a stamp to make it the page's own.
const SAME_STAMPS: usize = 5;

/// What a text said.
pub(super) struct Reading<'a> {
    /// Whose text it is.
    pub source: DateSource,
    /// The text, trimmed and cut.
    pub text: &'a str,
    /// Characters of white space before it that were trimmed.
    trimmed: usize,
    /// The dates in it, in its order.
    pub mentions: Vec<Mention>,
    /// Whether what stands above says what it left open.
    pub is_completed: bool,
    /// Why it was not read; `None`: it was.
    pub refusal: Option<Unresolved>,
}

impl Reading<'_> {
    /// A span of bytes of its text as characters of the text as it was given.
    pub fn letters(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.trimmed + self.text[..span.start].chars().count();
        start..start + self.text[span.clone()].chars().count()
    }
}

/// Reads one text.
pub(super) fn read<'a>(date: &'a RawDate, context: &Context<'_>, lexicon: Lexicon) -> Reading<'a> {
    let value = &date.field.value;
    let text = cut(value.trim());
    let trimmed = value.chars().take_while(|letter| letter.is_whitespace()).count();
    let (source, mentions) = (date.source, Vec::new());
    let mut reading = Reading { source, text, trimmed, mentions, is_completed: false, refusal: None };
    if text.is_empty() {
        reading.refusal = Some(Unresolved::NoText);
        return reading;
    }
    match (date.source, context.format) {
        (DateSource::LinkPath, _) => {
            if let Some((PathDate::Day(day), span)) = link::path_date(text, lexicon) {
                reading.mentions.push(whole(Value::Day(day.into()), span, "link path"));
            }
        }
        (DateSource::Field, Some(format)) => match by_format(text, format) {
            Some(mention) => reading.mentions.push(mention),
            None => reading.refusal = Some(Unresolved::FormatMissed { format: format.to_owned() }),
        },
        // It may be the year of days in this format.
        (DateSource::Above, Some(format)) => {
            let general = || scan::scan(text, Place::Field, lexicon);
            reading.mentions = by_format(text, format).map_or_else(general, |mention| vec![mention]);
        }
        (source, _) => {
            let place = match source {
                DateSource::TimeElement | DateSource::Metadata => Place::Machine,
                // An attribute is written by a machine, whoever named it.
                DateSource::Field if date.field.selector.contains('@') => Place::Machine,
                DateSource::Field | DateSource::Above => Place::Field,
                DateSource::Headline | DateSource::Teaser | DateSource::LinkPath => Place::Prose,
            };
            reading.mentions = scan::scan(text, place, lexicon);
        }
    }
    reading
}

fn whole(value: Value, span: Range<usize>, rule: &'static str) -> Mention {
    Mention { span, value, time: None, weekday: None, role: Role::Plain, rule }
}

fn cut(text: &str) -> &str {
    let end = (0..=TEXT_LIMIT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// A text read by the configured format.
fn by_format(text: &str, format: &str) -> Option<Mention> {
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    let span = 0..text.len();
    if let Ok(stamp) = parsed.to_timestamp() {
        return Some(whole(Value::Epoch(stamp), span, "configured format"));
    }
    let date = parsed.to_date().ok().map(Point::from);
    let open = || Some(Point { year: None, month: parsed.month()?, day: parsed.day()? });
    let value = match (date.or_else(open), parsed.month()) {
        (Some(point), _) => Value::Day(point),
        (None, Some(month)) => Value::Month { year: parsed.year(), month },
        (None, None) => Value::Year(parsed.year()?),
    };
    let time = parsed.hour().and_then(|_| parsed.to_time().ok());
    let time = time.map(|time| Daytime { time, is_end_of_day: false, offset: parsed.offset() });
    Some(Mention { time, ..whole(value, span, "configured format") })
}

/// Why a text without a usable mention has none.
pub(super) fn nothing(reading: &Reading<'_>) -> Unresolved {
    let other = reading.mentions.iter().find_map(|mention| match mention.value {
        Value::Impossible => {
            Some(Unresolved::Impossible { text: reading.text[mention.span.clone()].to_owned() })
        }
        Value::OtherCalendar(year) => Some(Unresolved::OtherCalendar { what: format!("the year {year}") }),
        Value::Other(days) if days.calendar == Calendar::Hebrew => {
            let text = &reading.text[mention.span.clone()];
            Some(Unresolved::OtherCalendar {
                what: format!("`{text}` ({})", calendar::name(Calendar::Hebrew)),
            })
        }
        _ => None,
    });
    other.unwrap_or(Unresolved::NoDate)
}

/// Machine stamps of a minute or better that all rows share are the page's build time, not the entries'.
pub(super) fn refuse_same_stamps(rows: &mut [Vec<Reading<'_>>]) {
    for source in [DateSource::TimeElement, DateSource::Metadata] {
        let stamps: Vec<&str> = rows.iter().filter_map(|row| precise_stamp(row, source)).collect();
        let is_same = stamps.len() >= SAME_STAMPS
            && stamps.len() == rows.len()
            && stamps.iter().all(|stamp| *stamp == stamps[0]);
        if !is_same {
            continue;
        }
        for reading in rows.iter_mut().flatten().filter(|reading| reading.source == source) {
            reading.mentions.clear();
            reading.refusal = Some(Unresolved::SameEverywhere);
        }
    }
}

/// The stamp of a row's source, if it is of a minute or better: entries may share a day, and midnight is one.
fn precise_stamp<'a>(row: &[Reading<'a>], source: DateSource) -> Option<&'a str> {
    let reading = row.iter().find(|reading| reading.source == source)?;
    let mention = reading.mentions.first()?;
    let is_precise = mention.time.is_some_and(|time| time.time != Time::midnight())
        || matches!(mention.value, Value::Epoch(_));
    is_precise.then_some(reading.text)
}
