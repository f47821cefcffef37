//! Dates in words: "6 March 2025", "March 6-8", "31 July – 6 August", "in July". Pure.
//!
//! Every rule takes the token it starts at and gives what it found and where it ends, or nothing. A number
//! that belongs to something else (a price, a score, a version) is not a day.

use crate::config::DayMonthOrder;

use super::{
    calendar,
    lexicon::Sense,
    mention::{Point, Value},
    order,
    parts::{Join, MonthName},
    scan::{Found, Place, Reader},
    token,
};

impl Reader<'_> {
    /// "6 March", "6th of March 2025", "4, 5 and 6 June", "18 February – 3 March".
    pub fn day_first(&self, at: usize) -> Option<Found> {
        let (first, mut days_end) = self.day(at)?;
        if !self.is_fresh(at) {
            return None;
        }
        let mut last = first;
        let mut last_join = Join::Firm;
        let mut joined = 0;
        let (month, end) = loop {
            if let Some(month) = self.month_after_day(days_end) {
                break month;
            }
            let (join, next) = self.join(days_end)?;
            let (day, next) = self.day(next)?;
            if day <= last {
                return None;
            }
            (last, last_join, days_end) = (day, join, next);
            joined += 1;
        };
        // "in group 5, 6 March": a comma alone joins days only in a longer list.
        if joined == 1 && last_join == Join::Comma {
            return None;
        }
        let (year, end) = self.year_after(end).map_or((None, end), |(year, end)| (Some(year), end));
        let from = Point { year, month, day: first };
        let to = Point { year, month, day: last };
        if joined > 0 {
            return Some(Found::new(Value::Span { first: from, last: to }, end, "days of a month"));
        }
        let between = self.daytime_after(end).map_or_else(|| self.after_fillers(end), |(_, end)| end);
        if let Some((last, end)) = self.span_end(end, from).or_else(|| self.span_end(between, from)) {
            return Some(Found::new(span(from, last), end, "day and month to day and month"));
        }
        let mut time = None;
        let (year, end) = match (year, self.daytime_after(end)) {
            // "26 octobre 15:50:06 2016"
            (None, Some((daytime, after))) if self.number(after).is_some_and(|number| number.digits == 4) => {
                let found = self.year_after(after);
                time = found.map(|_| daytime);
                found.map_or((None, end), |(year, end)| (Some(year), end))
            }
            (year, _) => (year, end),
        };
        let from = Point { year, ..from };
        let rule = if year.is_some() { "day, month and year" } else { "day and month" };
        Some(Found { time, ..Found::new(Value::Day(from), end, rule) })
    }

    /// "March 6", "March 6-8, 2025", "Mar 6 10:00 2025", "March 2025", "in July".
    pub fn month_first(&self, at: usize) -> Option<Found> {
        let name = self.month_name(at)?;
        if self.is_tight(at)
            && !self.piece(at - 1).ends_with(token::parts_no_words)
            && self
                .mark(at - 1)
                .is_none_or(|mark| !matches!(mark, '(' | '"' | '“' | '|' | '/' | '>' | '—' | '–'))
            // "Friday-Jun-15", "mid-June"
            && !(self.mark(at - 1) == Some('-')
                && at > 1
                && (self.weekday(at - 2).is_some() || self.has(at - 2, Sense::About)))
        {
            return None;
        }
        self.month_then_day(at, &name)
            .or_else(|| self.months(at, &name))
            .or_else(|| self.month_then_year(at, &name))
            .or_else(|| self.month_alone(at, &name))
    }

    fn month_then_day(&self, at: usize, name: &MonthName) -> Option<Found> {
        let mut next = name.end + usize::from(matches!(self.mark(name.end), Some('.' | '-' | '/' | ',')));
        while self.has(next, Sense::Filler) {
            next += 1;
        }
        let (first, mut end) = self.day(next)?;
        // "march eighteenth", "may 3rd"
        let is_ordinal = self.ordinal(next).is_some() || end > next + 1;
        if self.is_of_longer_number(next) || !(is_ordinal || self.is_believed(name, end)) {
            return None;
        }
        // "Mar 10 Jan" is a Tuesday where the word is also a weekday's.
        if self.weekday(at).is_some() && self.month_after_day(end).is_some() {
            return None;
        }
        let mut last = first;
        let mut has_more = false;
        while let Some((join, next)) = self.join(end) {
            let Some((day, after)) = self.day(next).filter(|(day, _)| *day > last) else { break };
            let is_named = self.month_name(after).is_some()
                || self.is_of_longer_number(next)
                || self.daytime(next).is_some();
            // "March 6 and 25 others", "March 6 – 25 people": the number must look like a day.
            let is_day = (join == Join::Firm && self.is_tight(next))
                || after > next + 1
                || self.is_stop(after)
                || self.has(after, Sense::And)
                || (self.has(after, Sense::Filler) && self.lexicon.language() != Some("en"))
                || self.year_after(after).is_some();
            if is_named || !is_day {
                break;
            }
            (last, end, has_more) = (day, after, true);
        }
        let mut time = None;
        // "set 6-3" is a score.
        let is_score = self.is_dash(end) && self.is_tight(end) && self.is_tight(end + 1);
        if !has_more && is_score && self.number(end + 1).is_some_and(|number| number.digits <= 2) {
            return None;
        }
        let year = self.year_after(end).or_else(|| {
            // asctime and its kin write the year after the time.
            let (daytime, after) = self.daytime_after(end)?;
            let is_range = self.is_dash(after) || self.has(after, Sense::To);
            let after = self.daytime(after + 1).filter(|_| is_range).map_or(after, |(_, end)| end);
            let (year, after) = self.year_after(after)?;
            time = Some(daytime);
            Some((year, after))
        });
        // "Máj, 3. zpěv": where the day comes first, a comma between is no date's.
        let is_odd =
            self.mark(name.end) == Some(',') && self.lexicon.order() == Some(DayMonthOrder::DayFirst);
        if is_odd && year.is_none() {
            return None;
        }
        let (year, end) = year.map_or((None, end), |(year, end)| (Some(year), end));
        let from = Point { year, month: name.month, day: first };
        let value = if has_more {
            Value::Span { first: from, last: Point { day: last, ..from } }
        } else if let Some((last, end)) = self.span_end(end, from).filter(|_| time.is_none()) {
            return Some(Found::new(span(from, last), end, "month and day to month and day"));
        } else {
            Value::Day(from)
        };
        let rule = match (has_more, year) {
            (true, _) => "days of a month",
            (false, Some(_)) => "month, day and year",
            (false, None) => "month and day",
        };
        debug_assert!(end > at);
        Some(Found { time, ..Found::new(value, end, rule) })
    }

    fn month_then_year(&self, at: usize, name: &MonthName) -> Option<Found> {
        if (name.is_doubtful && !name.is_capital) || self.is_after_bad_day(at) {
            return None;
        }
        let start = name.end + usize::from(self.has(name.end, Sense::Filler));
        let (year, end) = self.year_after(start)?;
        Some(Found::new(Value::Month { year: Some(year), month: name.month }, end, "month and year"))
    }

    fn month_alone(&self, at: usize, name: &MonthName) -> Option<Found> {
        let is_in = at > 0
            && self.has(at - 1, Sense::In)
            && (name.is_capital || !name.is_doubtful)
            && self.number(name.end).is_none();
        let is_all = self.place != Place::Prose
            && self.is_whole(at, name.end)
            && (name.is_capital || !name.is_doubtful);
        (is_in || is_all)
            .then(|| Found::new(Value::Month { year: None, month: name.month }, name.end, "month alone"))
    }

    /// "2025 March 6", "2025-Mar-06", "2025. március 6-án", "2025 m. kovo 6 d.", "2025. gada 6. martā".
    pub fn year_first(&self, at: usize) -> Option<Found> {
        let (year, next) = self.year_before(at).filter(|_| self.is_fresh(at))?;
        let Some(name) = self.month_name(next).filter(|name| !name.is_doubtful || name.is_capital) else {
            let found = self.day_first(next)?;
            let dated = |point: Point| Point { year: point.year.or(Some(year)), ..point };
            let value = match found.value {
                Value::Day(day) if day.year.is_none() => Value::Day(dated(day)),
                Value::Span { first, last } if last.year.is_none() => span(first, dated(last)),
                _ => return None,
            };
            return Some(Found::new(value, found.end, "year, day and month"));
        };
        let Some((day, end)) = self.day_after_month(&name) else {
            let is_month = self.place != Place::Prose && self.is_whole(at, name.end)
                || (next > at + 1 || self.place == Place::Field) && !name.is_doubtful;
            let month = Value::Month { year: Some(year), month: name.month };
            return is_month.then(|| Found::new(month, name.end, "year and month"));
        };
        let first = Point { year: Some(year), month: name.month, day };
        let joined =
            self.join(end).filter(|(join, next)| *join != Join::Comma && self.daytime(*next).is_none());
        if let Some((last, end)) = joined.and_then(|(_, next)| self.day(next)).filter(|(last, _)| *last > day)
        {
            let last = Point { day: last, ..first };
            return Some(Found::new(Value::Span { first, last }, end, "days of a month"));
        }
        // "2025 m. vasario 28 d. – kovo 3 d.", "2024. december 30. – 2025. január 2."
        let dash = self.after_fillers(end);
        let dash = dash + usize::from(self.mark(dash) == Some('.'));
        let last = self
            .span_end(dash, first)
            .or_else(|| self.is_dash(dash).then(|| self.year_month_day_in_words(dash + 1))?);
        Some(match last {
            Some((last, end)) => {
                Found::new(Value::Span { first, last }, end, "month and day to month and day")
            }
            None => Found::new(Value::Day(first), end, "year, month and day"),
        })
    }

    /// The year at a token, and the token after it and what parts it from a month: "2025.", "2025 m.", "2025-ж.,",
    /// "2025(e)ko".
    fn year_before(&self, at: usize) -> Option<(i16, usize)> {
        let year = self.number(at).filter(|number| number.digits == 4)?;
        let is_inner =
            self.mark(at + 1) == Some('(') && self.is_tight(at + 1) && self.mark(at + 3) == Some(')');
        let next = at + 1 + if is_inner { 3 } else { 0 };
        let next = next + usize::from(matches!(self.mark(next), Some('-' | '/' | ',' | '.')));
        let mut next = self.after_fillers(next);
        for mark in ['.', ','] {
            next += usize::from(self.mark(next) == Some(mark));
        }
        Some((calendar::common_year(i16::try_from(year.value).ok()?), next))
    }

    /// The day after a month's name: "-06", " mėn. 6", ", 6" where nothing is counted.
    fn day_after_month(&self, name: &MonthName) -> Option<(i8, usize)> {
        let is_dashed = matches!(self.mark(name.end), Some('-' | '/'));
        let is_comma = self.mark(name.end) == Some(',');
        let next = self.after_fillers(name.end);
        let is_short = next > name.end && self.mark(next) == Some('.');
        let next = next + usize::from(is_dashed || is_short || is_comma);
        self.day(next).filter(|(_, end)| !self.is_of_longer_number(next) && (!is_comma || self.is_stop(*end)))
    }

    /// Year, month and day alone: the last of a range.
    fn year_month_day_in_words(&self, at: usize) -> Option<(Point, usize)> {
        let (year, next) = self.year_before(at)?;
        let name = self.month_name(next)?;
        let (day, end) = self.day_after_month(&name)?;
        Some((Point { year: Some(year), month: name.month, day }, end))
    }

    /// "12. Januar 2016 bis 22.01.2016": a last day in numbers that can be read in one way.
    fn numeric_end(&self, at: usize) -> Option<(Point, usize)> {
        let found = self.numeric(at)?;
        let point = match found.value {
            Value::Day(point) => point,
            Value::Numeric(date) if date.is_dotted => order::in_order(date, DayMonthOrder::DayFirst),
            Value::Numeric(date) => order::in_order(date, order::alone(date)?),
            _ => return None,
        };
        (point.year.is_some()).then_some((point, found.end))
    }

    /// The second half of "18 February – 3 March" or "February 18 – March 3".
    fn span_end(&self, at: usize, first: Point) -> Option<(Point, usize)> {
        let is_joined = |at: usize| self.is_dash(at) || self.has(at, Sense::To);
        // "február 28. – március 3."
        let at = at + usize::from(self.mark(at) == Some('.') && is_joined(at + 1));
        let is_dash = self.is_range_mark(at);
        let next = if self.is_tight(at - 1) && self.has(at - 1, Sense::To) {
            // "február 28-tól március 3-ig": the ending of the first day is the word.
            at
        } else if is_dash {
            at + 1 + usize::from(self.has(at + 1, Sense::To))
        } else if self.has(at, Sense::To) {
            at + 1
        } else if self.mark(at) == Some(',') && self.has(at + 1, Sense::To) {
            at + 2
        } else {
            return None;
        };
        let next = self.after_weekday(self.after_fillers(next));
        if let Some(found) = self.numeric_end(next) {
            return Some(found);
        }
        let (month, day, end) = if let Some((day, end)) = self.day(next) {
            let (month, end) = self.month_after_day(end)?;
            (month, day, end)
        } else {
            let name = self.month_name(next)?;
            let (day, end) = self.day(name.end)?;
            if self.is_of_longer_number(name.end) || !self.is_believed(&name, end) {
                return None;
            }
            (name.month, day, end)
        };
        let (year, end) = self.year_after(end).map_or((None, end), |(year, end)| (Some(year), end));
        let is_in_order = (month, day) > (first.month, first.day);
        let year = year.or_else(|| first.year.map(|year| year + i16::from(!is_in_order)));
        Some((Point { year, month, day }, end))
    }
}

/// A span whose first day takes the year of the last, or the year before it.
fn span(first: Point, last: Point) -> Value {
    let is_in_order = (first.month, first.day) <= (last.month, last.day);
    let year = first.year.or_else(|| last.year.map(|year| year - i16::from(!is_in_order)));
    Value::Span { first: Point { year, ..first }, last }
}
