//! Days from one mention to the next: "today – next Friday", "30 January (Thu) 12:00 – 31 January (Fri) 16:00". Pure.
//!
//! The ranges of one pattern are read where that pattern is; here stand those whose ends are of two kinds, or have words between.

use std::ops::Range;

use super::{
    lexicon::{Sense, Unit},
    mention::{Edge, Point, Value},
    scan::{Found, Reader},
};

/// Words that may stand before the last day: "to the next Sunday", "until on Friday".
const WORDS_BEFORE: usize = 3;

impl Reader<'_> {
    /// The days from a value, whose tokens are `at`, to the one after a dash or "to".
    pub fn to_another(&self, value: Value, at: Range<usize>) -> Option<Found> {
        let first = edge(value)?;
        let (next, is_and) = self.after_span_join(at.end)?;
        let is_and = is_and && !self.is_after_between(at.start);
        let next = self.before_last(next);
        let found = self.found(next)?;
        let last = edge(found.value)?;
        let is_counted = |edge| matches!(edge, Edge::Ago(_) | Edge::Weekday(..));
        let end = found.end.max(self.weekday_after(found.end).map_or(0, |(_, end)| end));
        let end = self.daytime_after(end).map_or(end, |(_, end)| end);
        let value = match (first, last) {
            (Edge::Day(first), Edge::Day(last)) if !is_and => dated(first, last)?,
            (Edge::Ago(first), Edge::Ago(last)) if first <= last => return None,
            (_, last) if is_counted(last) => Value::Between { first, last },
            (first, Edge::Day(_)) if is_counted(first) => Value::Between { first, last },
            (Edge::Month(..), Edge::Day(Point { year: Some(_), .. })) if !is_and => {
                Value::Between { first, last }
            }
            _ => return None,
        };
        Some(Found::new(value, end, "day to day"))
    }

    /// The token after what joins two days, and whether that is only "and".
    fn after_span_join(&self, at: usize) -> Option<(usize, bool)> {
        // A swung dash joins days where the hyphen is a sign of numbers.
        if self.is_range_mark(at) {
            return Some((at + 1 + usize::from(self.has(at + 1, Sense::To)), false));
        }
        // "с сегодня и до послезавтра"
        let is_and = self.has(at, Sense::And);
        let next = at + usize::from(is_and);
        if self.has(next, Sense::To) {
            return Some((next + 1, false));
        }
        is_and.then_some((next, true))
    }

    /// Whether "between" stands before a token: "zwischen dem 28. September und dem 5. Oktober".
    fn is_after_between(&self, at: usize) -> bool {
        let before = (0..at).rev().find(|before| !self.has(*before, Sense::Filler));
        before.is_some_and(|before| self.has(before, Sense::Between))
    }

    /// The token at which the last day starts.
    fn before_last(&self, at: usize) -> usize {
        let mut next = at;
        while next < at + WORDS_BEFORE
            && ([Sense::Filler, Sense::At, Sense::Ahead, Sense::In]
                .into_iter()
                .any(|sense| self.has(next, sense))
                || (self.weekday(next).is_some() && self.number(next + 1).is_some()))
        {
            next += 1;
        }
        // "10:30 today to 12:00 tomorrow"
        let timed = self.daytime(next).filter(|(_, end)| self.day_from_now(*end).is_some());
        timed.map_or(next, |(_, end)| end)
    }
}

fn edge(value: Value) -> Option<Edge> {
    Some(match value {
        Value::Day(day) => Edge::Day(day),
        Value::Month { year: Some(year), month } => Edge::Month(year, month),
        Value::Ago { count, unit: Unit::Day } => Edge::Ago(count),
        Value::Ago { count: 0, unit: Unit::Second } => Edge::Ago(0),
        Value::Weekday { weekday, which } => Edge::Weekday(weekday, which),
        _ => return None,
    })
}

/// The span of two days, the first of which takes the year of the last. `None`: they are in no order, or one day.
fn dated(first: Point, last: Point) -> Option<Value> {
    let is_in_order = (first.month, first.day) < (last.month, last.day);
    let (first_year, last_year) = match (first.year, last.year) {
        (Some(first), Some(last)) => (Some(first), Some(last)),
        (Some(first), None) => (Some(first), Some(first + i16::from(!is_in_order))),
        (None, Some(last)) => (Some(last - i16::from(!is_in_order)), Some(last)),
        (None, None) => (None, None),
    };
    let is_span = (first_year, first.month, first.day) < (last_year, last.month, last.day)
        || (last_year.is_none() && first.month > last.month);
    is_span.then_some(Value::Span {
        first: Point { year: first_year, ..first },
        last: Point { year: last_year, ..last },
    })
}
