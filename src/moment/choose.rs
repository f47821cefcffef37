//! The mentions of one text → the one that is the entry's date, best first. Pure.
//!
//! What counts: what the words before it say it is, where it stands, how much of a date it is, and the shape
//! the other rows agree on. A deadline in a sentence is never the date.

use crate::listing::DateSource;

use super::{
    lexicon::{Calendar, Unit},
    mention::{Mention, Role, Value},
};

/// How far into a headline or teaser a date may stand, in bytes: later ones are about something else.
const REACH: usize = 160;

/// The kind of date a mention is, for the rows to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// A day with its year.
    Full,
    /// A day without.
    Yearless,
    /// Counted from now.
    Ago,
    /// A month or a year.
    Coarse,
}

/// The shape of a mention; `None`: it is not a date that could be the entry's.
pub(super) fn shape(mention: &Mention) -> Option<Shape> {
    match mention.value {
        Value::Day(day) | Value::Span { last: day, .. } => {
            Some(if day.year.is_some() { Shape::Full } else { Shape::Yearless })
        }
        Value::Numeric(day) | Value::NumericSpan { last: day, .. } => {
            Some(if day.year.is_some() { Shape::Full } else { Shape::Yearless })
        }
        Value::Epoch(_) => Some(Shape::Full),
        Value::Ago { .. }
        | Value::Recent { .. }
        | Value::Weekday { .. }
        | Value::DayOfWeekday { .. }
        | Value::DayOfMonth { .. }
        | Value::Between { .. } => Some(Shape::Ago),
        Value::Month { .. } | Value::Months { .. } | Value::Year(_) => Some(Shape::Coarse),
        Value::Other(days) if days.calendar != Calendar::Hebrew => Some(Shape::Yearless),
        Value::Other(_) | Value::Impossible | Value::OtherCalendar(_) => None,
    }
}

/// The mentions that could be the date, best first, as indexes.
pub(super) fn ranked(
    mentions: &[Mention],
    source: DateSource,
    text: &str,
    agreed: Option<Shape>,
) -> Vec<usize> {
    let mut ranked: Vec<(i64, usize)> = mentions
        .iter()
        .enumerate()
        .filter_map(|(index, mention)| Some((score(mention, source, text, agreed)?, index)))
        .collect();
    ranked.sort_by_key(|(score, index)| (-score, *index));
    ranked.into_iter().map(|(_, index)| index).collect()
}

/// The shape that most rows of a column show first; `None`: too few, or they do not agree.
pub(super) fn agreed_shape(shapes: &[Shape]) -> Option<Shape> {
    const ENOUGH: usize = 3;
    let count = |shape| shapes.iter().filter(|other| **other == shape).count();
    let most = shapes.iter().copied().max_by_key(|shape| (count(*shape), std::cmp::Reverse(*shape)))?;
    (shapes.len() >= ENOUGH && count(most) * 3 >= shapes.len() * 2).then_some(most)
}

/// How likely a mention is the entry's date; `None`: it is not.
fn score(mention: &Mention, source: DateSource, text: &str, agreed: Option<Shape>) -> Option<i64> {
    let shape = shape(mention)?;
    let is_sentence = matches!(source, DateSource::Headline | DateSource::Teaser);
    let mut score: i64 = match (shape, is_sentence) {
        // In a sentence place says more than completeness; in a date's own place it is the other way round.
        (Shape::Full, false) => 80,
        (Shape::Full, true) => 58,
        (Shape::Yearless, _) => 54,
        (Shape::Ago, _) => 50,
        (Shape::Coarse, _) if !matches!(mention.value, Value::Year(_)) => 20,
        (Shape::Coarse, _) => 5,
    };
    if agreed == Some(shape) {
        score += 8;
    }
    score += match mention.role {
        Role::Plain => 0,
        Role::Published => 25,
        Role::Updated => -15,
        Role::Ahead => -25,
        Role::Since => -20,
        Role::Deadline if is_sentence => return None,
        Role::Deadline => -30,
    };
    if is_sentence {
        let start = mention.span.start.min(REACH * 2);
        score -= i64::try_from(start / 10).unwrap_or(i64::MAX);
        if start > REACH {
            score -= 40;
        }
        // "The company founded 3 years ago" and "yesterday" in an old teaser are not the date.
        if shape == Shape::Ago && mention.role != Role::Published && !is_dateline(mention, text) {
            return None;
        }
        let year = match mention.value {
            Value::Day(day) | Value::Span { last: day, .. } => day.year,
            Value::Numeric(day) | Value::NumericSpan { last: day, .. } => day.year,
            Value::Month { year, .. } | Value::Months { last: (year, _), .. } => year,
            _ => None,
        };
        if year.is_some_and(|year| year < OLDEST_IN_PROSE) {
            return None;
        }
    }
    Some(score)
}

/// In a sentence an older year is history: pages of before are not on the web.
const OLDEST_IN_PROSE: i16 = 1995;

/// Whether a mention stands alone before the sentence: "2 hours ago — The minister …". "Last week, the minister …" is
/// the sentence itself.
fn is_dateline(mention: &Mention, text: &str) -> bool {
    let (is_counted, is_named) = match mention.value {
        Value::Ago { count: 0 | 1, unit: Unit::Day | Unit::Week | Unit::Month | Unit::Year }
        | Value::Weekday { .. }
        | Value::DayOfWeekday { .. } => (true, true),
        Value::Ago { .. } => (true, false),
        _ => (false, false),
    };
    let after = text[mention.span.end..].trim_start();
    let marks = if is_named {
        &['|', '·', '•', '—', '–', '-'][..]
    } else {
        &['|', '·', '•', '—', '–', '-', ':', ','][..]
    };
    is_counted && mention.span.start <= 1 && (after.is_empty() || after.starts_with(marks))
}
