//! Dates in words: "6 March 2025", "March 6-8", "31 July – 6 August", "in July". Pure.
//!
//! Every rule takes the token it starts at and gives what it found and where it ends, or nothing. A number
//! that belongs to something else (a price, a score, a version) is not a day.

use super::{
    lexicon::{Sense, Unit},
    mention::{Point, Value},
    scan::{Found, Place, Reader},
};

/// A month's name as found.
struct MonthName {
    month: i8,
    is_doubtful: bool,
    is_capital: bool,
    end: usize,
}

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
        if let Some((last, end)) = self.span_end(end, from) {
            return Some(Found::new(span(from, last), end, "day and month to day and month"));
        }
        let rule = if year.is_some() { "day, month and year" } else { "day and month" };
        Some(Found::new(Value::Day(from), end, rule))
    }

    /// "March 6", "March 6-8, 2025", "Mar 6 10:00 2025", "March 2025", "in July".
    pub fn month_first(&self, at: usize) -> Option<Found> {
        let name = self.month_name(at)?;
        if self.is_tight(at)
            && self
                .mark(at - 1)
                .is_none_or(|mark| !matches!(mark, '(' | '"' | '“' | '|' | '/' | '>' | '—' | '–'))
        {
            return None;
        }
        self.month_then_day(at, &name)
            .or_else(|| self.month_then_year(&name))
            .or_else(|| self.month_alone(at, &name))
    }

    fn month_then_day(&self, at: usize, name: &MonthName) -> Option<Found> {
        let mut next = name.end + usize::from(matches!(self.mark(name.end), Some('.' | '-' | '/' | ',')));
        while self.has(next, Sense::Filler) {
            next += 1;
        }
        let (first, mut end) = self.day(next)?;
        if self.is_of_longer_number(next) || !self.is_believed(name, end) {
            return None;
        }
        let mut last = first;
        let mut has_more = false;
        while let Some((join, next)) = self.join(end) {
            let Some((day, after)) = self.day(next).filter(|(day, _)| *day > last) else { break };
            let is_named = self.month_name(after).is_some()
                || self.is_of_longer_number(next)
                || self.daytime(next).is_some();
            // "March 6 and 25 others": after a word the number must look like a day.
            let is_day = join == Join::Firm
                || after > next + 1
                || self.is_stop(after)
                || self.year_after(after).is_some();
            if is_named || !is_day {
                break;
            }
            (last, end, has_more) = (day, after, true);
        }
        let mut time = None;
        let year = self.year_after(end).or_else(|| {
            // asctime and its kin write the year after the time.
            let (daytime, after) = self.daytime(end)?;
            let (year, after) = self.year_after(after)?;
            time = Some(daytime);
            Some((year, after))
        });
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
        Some(Found { value, time, end, rule })
    }

    fn month_then_year(&self, name: &MonthName) -> Option<Found> {
        if name.is_doubtful && !name.is_capital {
            return None;
        }
        let start = name.end + usize::from(self.has(name.end, Sense::Filler));
        let (year, end) = self.year_after(start)?;
        Some(Found::new(Value::Month { year: Some(year), month: name.month }, end, "month and year"))
    }

    fn month_alone(&self, at: usize, name: &MonthName) -> Option<Found> {
        let is_in =
            at > 0 && self.has(at - 1, Sense::In) && name.is_capital && self.number(name.end).is_none();
        let is_all = self.place != Place::Prose && self.is_whole(at, name.end);
        (is_in || is_all)
            .then(|| Found::new(Value::Month { year: None, month: name.month }, name.end, "month alone"))
    }

    /// "2025 March 6", "2025-Mar-06".
    pub fn year_first(&self, at: usize) -> Option<Found> {
        let year = self.number(at).filter(|number| number.digits == 4)?;
        if !self.is_fresh(at) {
            return None;
        }
        let next = at + 1 + usize::from(matches!(self.mark(at + 1), Some('-' | '/' | ',' | '.')));
        let name = self.month_name(next).filter(|name| !name.is_doubtful || name.is_capital)?;
        let next = name.end + usize::from(matches!(self.mark(name.end), Some('-' | '/')));
        let (day, end) = self.day(next)?;
        let point = Point { year: i16::try_from(year.value).ok(), month: name.month, day };
        (!self.is_of_longer_number(next)).then(|| Found::new(Value::Day(point), end, "year, month and day"))
    }

    /// The second half of "18 February – 3 March" or "February 18 – March 3".
    fn span_end(&self, at: usize, first: Point) -> Option<(Point, usize)> {
        let is_dash = matches!(self.mark(at), Some('-' | '–' | '—' | '−' | '~'));
        if !is_dash && !self.has(at, Sense::To) {
            return None;
        }
        let (month, day, end) = if let Some((day, end)) = self.day(at + 1) {
            let (month, end) = self.month_after_day(end)?;
            (month, day, end)
        } else {
            let name = self.month_name(at + 1)?;
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

    /// A day of a month and its ordinal ending.
    fn day(&self, at: usize) -> Option<(i8, usize)> {
        let number =
            self.number(at).filter(|number| number.digits <= 2 && (1..=31).contains(&number.value))?;
        let day = i8::try_from(number.value).ok()?;
        let is_ordinal = self.is_tight(at + 1) && self.has(at + 1, Sense::OrdinalEnding);
        Some((day, at + 1 + usize::from(is_ordinal)))
    }

    /// The month after the days: "March", ". March", "of March", "-Mar-".
    fn month_after_day(&self, at: usize) -> Option<(i8, usize)> {
        let mut next = at;
        if matches!(self.mark(next), Some('.' | '-' | '/' | '‑' | ',')) {
            // "9, March": a comma here is a slip of the pen; a dash is RFC 850's and stands tight.
            if self.mark(next) != Some('.') && self.mark(next) != Some(',') && !self.is_tight(next + 1) {
                return None;
            }
            next += 1;
        }
        // "6th day of March"
        for _ in 0..3 {
            let is_day =
                self.has(next, Sense::Unit(Unit::Day)) && self.tokens[next].end - self.tokens[next].start > 1;
            if !is_day && !self.has(next, Sense::Filler) {
                break;
            }
            next += 1;
        }
        let name = self.month_name(next)?;
        self.is_believed(&name, name.end).then_some((name.month, name.end))
    }

    fn month_name(&self, at: usize) -> Option<MonthName> {
        let word = self.word(at)?;
        let (month, is_doubtful) = word.senses.iter().find_map(|sense| match sense {
            Sense::Month(month) => Some((*month, false)),
            Sense::DoubtfulMonth(month) => Some((*month, true)),
            _ => None,
        })?;
        let is_dotted = self.mark(at + 1) == Some('.') && self.is_tight(at + 1) && at + 2 < self.tokens.len();
        Some(MonthName {
            month,
            is_doubtful,
            is_capital: word.is_capital,
            end: at + 1 + usize::from(is_dotted),
        })
    }

    /// A doubtful month in small letters needs a year or the end of the phrase after it: "12 may apply".
    fn is_believed(&self, name: &MonthName, end: usize) -> bool {
        !name.is_doubtful || name.is_capital || self.is_stop(end) || self.year_after(end).is_some()
    }

    /// A year after a date: ", 2025", " 2025", " ’25", and two digits where only a machine writes them.
    pub fn year_after(&self, at: usize) -> Option<(i16, usize)> {
        let mut next = at;
        let is_comma = matches!(self.mark(at), Some(',' | '.' | '-' | '/' | '‑'));
        if is_comma {
            let is_dash = !matches!(self.mark(at), Some(',' | '.'));
            if is_dash && !(self.is_tight(at) && self.is_tight(at + 1)) {
                return None;
            }
            next += 1;
        }
        if matches!(self.mark(next), Some('\'' | '’' | '‘')) {
            let number = self.number(next + 1).filter(|number| number.digits == 2)?;
            return Some((century(number.value)?, next + 2));
        }
        if self.has(next, Sense::Filler) && self.number(next + 1).is_some_and(|number| number.digits == 4) {
            next += 1;
        }
        let number = self.number(next)?;
        if self.is_of_longer_number(next) {
            return None;
        }
        match number.digits {
            4 => {
                let year = i16::try_from(number.value).ok()?;
                // "March 6, 1500 people": only years of other calendars that live today are years.
                let is_year = (1900..=2100).contains(&year)
                    || (!is_comma && ((1300..=1500).contains(&year) || (2400..=2700).contains(&year)));
                (is_year && self.daytime(next).is_none()).then_some((year, next + 1))
            }
            // RFC 822 and 850: two digits and a time, or tight dashes; or nothing else in the text.
            2 => {
                let is_rfc = is_comma && self.is_tight(next) && self.mark(at) != Some('.');
                let is_machine = self.daytime(next + 1).is_some()
                    || (self.place != Place::Prose && next + 1 == self.tokens.len());
                let is_time = self.daytime(next).is_some();
                ((is_rfc || is_machine) && !is_time)
                    .then(|| Some((century(number.value)?, next + 1)))
                    .flatten()
            }
            _ => None,
        }
    }

    /// Whether the number goes on: "1,200", "14:30", "2.5", "10%".
    pub fn is_of_longer_number(&self, at: usize) -> bool {
        match self.mark(at + 1).filter(|_| self.is_tight(at + 1)) {
            Some('%' | '$' | '€' | '£') => true,
            // Apache's logs write the time after a colon: "06/Mar/2025:10:15:30".
            Some(':') if self.number(at).is_some_and(|number| number.digits == 4) => false,
            Some(',' | '.' | ':' | '\'' | '’') => self.is_tight(at + 2) && self.number(at + 2).is_some(),
            _ => false,
        }
    }

    /// Whether the number at a token is not the rest of something: "$6", "B12", "1,200", "2-1".
    pub fn is_fresh(&self, at: usize) -> bool {
        if !self.is_tight(at) {
            return true;
        }
        let Some(mark) = self.mark(at - 1) else { return at == 0 };
        match mark {
            '(' | '[' | '{' | '"' | '“' | '‘' | '«' | '>' | '|' | '—' | '·' | '•' | '*' | '~' => {
                true
            }
            '’' | '\'' | ':' | '/' => self.number(at.wrapping_sub(2)).is_none(),
            _ => false,
        }
    }

    /// Whether a phrase ends here: the end of the text, or a mark that parts.
    fn is_stop(&self, at: usize) -> bool {
        at >= self.tokens.len()
            || self.mark(at).is_some_and(|mark| {
                matches!(
                    mark,
                    ',' | '.' | ';' | ':' | ')' | ']' | '|' | '-' | '–' | '—' | '!' | '?' | '·' | '•'
                )
            })
    }

    /// What joins two days.
    fn join(&self, at: usize) -> Option<(Join, usize)> {
        match self.mark(at) {
            Some('-' | '–' | '—' | '−' | '‑' | '&' | '/' | '~') => return Some((Join::Firm, at + 1)),
            Some('.') if matches!(self.mark(at + 1), Some('-' | '–' | '—')) => {
                return Some((Join::Firm, at + 2));
            }
            Some(',') if self.has(at + 1, Sense::And) => return Some((Join::Word, at + 2)),
            Some(',') => return Some((Join::Comma, at + 1)),
            _ => {}
        }
        let mut next = at;
        if self.has(next, Sense::To) || self.has(next, Sense::And) {
            next += 1;
            while self.has(next, Sense::Filler) {
                next += 1;
            }
            return Some((Join::Word, next));
        }
        None
    }
}

/// How firmly two numbers are joined into days of one month.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// A dash, `&`, `/`.
    Firm,
    /// "and", "to".
    Word,
    /// A comma alone.
    Comma,
}

/// A span whose first day takes the year of the last, or the year before it.
fn span(first: Point, last: Point) -> Value {
    let is_in_order = (first.month, first.day) <= (last.month, last.day);
    let year = first.year.or_else(|| last.year.map(|year| year - i16::from(!is_in_order)));
    Value::Span { first: Point { year, ..first }, last }
}

/// Two digits as a year: 70 to 99 are of the last century (RFC 2822 §4.3 draws the line at 50; no page is
/// older than the web's first, so the years of the next decades are worth more).
pub(super) fn century(value: i64) -> Option<i16> {
    i16::try_from(if value < 70 { 2000 + value } else { 1900 + value }).ok()
}
