//! Dates in numbers: "2025-03-06", "6/3/2025", "06.03.2025", "20250306", week and ordinal dates. Pure.
//!
//! The order of day and month stays open here; `order` settles it over the whole listing. Versions, phone
//! numbers, fractions and scores are refused by their shape.

use jiff::{
    Timestamp,
    civil::{Date, ISOWeekDate, Weekday},
};

use super::{
    calendar,
    lexicon::{Calendar, Sense},
    mention::{Foreign, Point, Slashed, Value},
    parts::century,
    scan::{Found, Place, Reader},
    token,
};

impl Reader<'_> {
    /// Any date that starts with a number and has no word in it.
    pub fn numeric(&self, at: usize) -> Option<Found> {
        if !self.is_fresh(at) && !self.is_after_path_mark(at) {
            return None;
        }
        let first = self.triple(at)?;
        // "06.03.2025 – 08.03.2025"
        let between = self.daytime_after(first.end).map_or(first.end, |(_, end)| end);
        let between = between + usize::from(self.mark(between) == Some('.'));
        let between = self.after_suffix(between);
        let is_dash = self.is_range_mark(between);
        if (is_dash || self.has(between, Sense::To))
            && let Some(last) = self.triple(self.after_fillers(between + 1))
        {
            match (first.value, last.value) {
                (Value::Day(first), Value::Day(day)) => {
                    return Some(Found::new(
                        Value::Span { first, last: day },
                        last.end,
                        "ISO date to ISO date",
                    ));
                }
                (Value::Numeric(first), Value::Numeric(day)) => {
                    let value = Value::NumericSpan { first, last: day };
                    return Some(Found::new(value, last.end, "numeric date to numeric date"));
                }
                _ => {}
            }
        }
        Some(first)
    }

    /// The token after the ending that Turkish gives a date: "1/10/2018'den 7/10/2018'ye".
    fn after_suffix(&self, at: usize) -> usize {
        let is_ending =
            matches!(self.mark(at), Some('\'' | '’')) && self.is_tight(at) && self.is_tight(at + 1);
        // "…'den" is itself what joins the days.
        if is_ending && self.word(at + 1).is_some() && !self.has(at + 1, Sense::To) {
            at + 2
        } else {
            at + usize::from(is_ending)
        }
    }

    fn triple(&self, at: usize) -> Option<Found> {
        let number = self.number(at)?;
        match number.digits {
            4 => self.year_month_day(at).or_else(|| self.iso_rarities(at)),
            3 if self.place == Place::Field => self.year_month_day(at),
            1 | 2 => self
                .short_year_first(at)
                .or_else(|| self.short_persian_year(at))
                .or_else(|| self.slashed(at))
                .or_else(|| self.dotted_days(at))
                .or_else(|| self.spaced(at)),
            7 | 8 => self.basic(at),
            9..=16 => self.epoch(at),
            _ => None,
        }
    }

    /// "2025-03-06", "2025/3/6", "2025. 3. 6.", "2025年3月6日" later.
    fn year_month_day(&self, at: usize) -> Option<Found> {
        let (month, day, end) = self.pair_after(at)?;
        let number = self.number(at)?;
        let year = match number.digits {
            3 => calendar::of_republic(number.value, self.lexicon)?,
            _ => calendar::common_year(i16::try_from(number.value).ok()?),
        };
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        // "2024/13/1" can be read in one way.
        let (month, day) = if month > 12 && day <= 12 { (day, month) } else { (month, day) };
        let value = match calendar::of_language(self.lexicon).filter(|_| calendar::is_other_year(year)) {
            Some(calendar) => {
                Value::Other(Foreign { calendar, year: Some(year), first: (month, day), last: (month, day) })
            }
            None => Value::Day(Point { year: Some(year), month, day }),
        };
        let goes_on = self.is_dash(end) && self.number(end + 1).is_some_and(|n| n.digits == 4);
        (goes_on || self.ends_number(end)).then(|| Found::new(value, end, "ISO date"))
    }

    /// "۹۷/۱۲/۲۲" on a page that counts years by the Persian calendar.
    fn short_persian_year(&self, at: usize) -> Option<Found> {
        let year = self.number(at).filter(|year| year.digits == 2)?;
        let calendar =
            calendar::of_language(self.lexicon).filter(|calendar| *calendar == Calendar::Persian)?;
        let (month, day, end) = self.pair_after(at).filter(|_| self.mark(at + 1) == Some('/'))?;
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        let year = calendar::persian_century(year.value)?;
        calendar::day(calendar, year, month, day).filter(|_| self.ends_number(end))?;
        let days = Foreign { calendar, year: Some(year), first: (month, day), last: (month, day) };
        Some(Found::new(Value::Other(days), end, "short year of another calendar"))
    }

    /// "25.03.06", where dates begin with the year. What has no such month is read otherwise.
    fn short_year_first(&self, at: usize) -> Option<Found> {
        let year = self.number(at).filter(|year| year.digits == 2 && self.lexicon.is_year_first())?;
        let (month, day, end) = self.pair_after(at).filter(|_| self.mark(at + 1).is_some())?;
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        let point = Point { year: century(year.value), month, day };
        let is_day = Date::new(point.year?, month, day).is_ok() && self.number(at + 4)?.digits == 2;
        (is_day && self.ends_number(end))
            .then(|| Found::new(Value::Day(point), end, "short year, month and day"))
    }

    /// The two short numbers after the one at a token, parted by the same mark: "-03-06".
    fn pair_after(&self, at: usize) -> Option<(i64, i64, usize)> {
        if let (Some(second), Some(third)) = (self.number(at + 1), self.number(at + 2)) {
            // "2025 03 06"
            let is_date = self.place == Place::Field
                && second.digits == 2
                && third.digits == 2
                && self.number(at + 3).is_none();
            return is_date.then_some((second.value, third.value, at + 3));
        }
        let mark = self.mark(at + 1).filter(|mark| matches!(mark, '-' | '/' | '.' | '‑' | '−'))?;
        // "2025. 03. 06": in a sentence only full stops are followed by spaces. "2025 - 03 - 06" stands alone.
        let is_spread = self.place == Place::Field;
        let is_tight = |at: usize| self.is_tight(at) || is_spread;
        let is_near = |at: usize| is_tight(at) || mark == '.';
        if !is_tight(at + 1) || !is_near(at + 2) || !is_tight(at + 3) || !is_near(at + 4) {
            return None;
        }
        let (second, third) = (self.number(at + 2)?, self.number(at + 4)?);
        (self.mark(at + 3) == Some(mark) && second.digits <= 2 && third.digits <= 2).then_some((
            second.value,
            third.value,
            at + 5,
        ))
    }

    /// "6/3/2025", "06.03.2025", "6-3-25"; "6/3" alone in a place for dates.
    fn slashed(&self, at: usize) -> Option<Found> {
        let mark = self.mark(at + 1).filter(|mark| matches!(mark, '-' | '/' | '.' | '‑'))?;
        // "06 / 03 / 2025" stands alone.
        let is_spread = self.place == Place::Field
            && self.mark(at + 3) == Some(mark)
            && self.number(at + 4).is_some_and(|year| year.digits == 4);
        let is_near = |at: usize| self.is_tight(at) || mark == '.' || is_spread;
        if !(self.is_tight(at + 1) || is_spread) || !is_near(at + 2) {
            return None;
        }
        let (left, right) = (self.number(at)?, self.number(at + 2).filter(|number| number.digits <= 2)?);
        let day = |year| {
            let (left, right) = (i8::try_from(left.value).ok()?, i8::try_from(right.value).ok()?);
            Some(Slashed { left, right, year, is_dotted: mark == '.' })
        };
        if self.mark(at + 3) == Some(mark)
            && (self.is_tight(at + 3) || is_spread)
            && is_near(at + 4)
            && let Some(year) = self.number(at + 4)
        {
            let end = at + 5;
            let year = match year.digits {
                4 => calendar::common_year(i16::try_from(year.value).ok()?),
                // "1.2.13" is a version in a sentence; "6/3/25" and "06.03.25" are dates.
                2 if mark == '/' || (left.digits == 2 && right.digits == 2) || self.is_whole(at, end) => {
                    century(year.value)?
                }
                _ => return None,
            };
            return self.ends_number(end).then_some(Found::new(
                Value::Numeric(day(Some(year))?),
                end,
                "numeric date",
            ));
        }
        // "6/3 2025"
        if mark == '/'
            && let Some(year) =
                self.number(at + 3).filter(|year| year.digits == 4 && (1990..=2100).contains(&year.value))
        {
            let value = Value::Numeric(day(i16::try_from(year.value).ok())?);
            return Some(Found::new(value, at + 4, "numeric date"));
        }
        let first = day(None)?;
        if let Some(found) = self.slashed_span(at, first) {
            return Some(found);
        }
        let end = at + 3 + usize::from(self.mark(at + 3) == Some('.'));
        let is_whole = self.place == Place::Field && mark != '-' && self.is_whole(at, end);
        (is_whole || self.is_meant_as_date(at, end)).then_some(Found::new(
            Value::Numeric(first),
            end,
            "numeric date without a year",
        ))
    }

    /// "28/2-1/3", "1/10 – 7/11/2025": days without a year before the dash.
    fn slashed_span(&self, at: usize, first: Slashed) -> Option<Found> {
        let dash = at + 3 + usize::from(self.mark(at + 3) == Some('.'));
        let is_join = self.is_range_mark(dash) || self.has(dash, Sense::To) || self.has(dash, Sense::And);
        if !is_join {
            return None;
        }
        let next = self.after_fillers(dash + 1);
        let mark = self.mark(at + 1);
        let (left, right) = (self.number(next)?, self.number(next + 2)?);
        if self.mark(next + 1) != mark || left.digits > 2 || right.digits > 2 || !self.is_tight(next + 1) {
            return None;
        }
        let is_dotted = mark == Some('.');
        let last = |year| {
            let (left, right) = (i8::try_from(left.value).ok()?, i8::try_from(right.value).ok()?);
            Some(Slashed { left, right, year, is_dotted })
        };
        let year = self
            .number(next + 4)
            // "5/1-5/7, 2020"
            .filter(|year| {
                (self.mark(next + 3) == mark || self.mark(next + 3) == Some(',')) && year.digits == 4
            })
            .and_then(|year| i16::try_from(year.value).ok());
        let end = if year.is_some() { next + 5 } else { next + 3 };
        // "from 25-10 to 25-1": a score goes from nothing to nothing, and no day of a month is above 31.
        let is_said = self.has(dash, Sense::To)
            && self.place == Place::Field
            && [(self.number(at)?, self.number(at + 2)?), (left, right)]
                .into_iter()
                .all(|(day, month)| (13..=31).contains(&day.value) && (1..=12).contains(&month.value));
        let is_date = year.is_some()
            || is_said
            || (self.place == Place::Field && mark == Some('/'))
            || self.is_meant_as_date(at, end);
        let value = Value::NumericSpan { first: Slashed { year, ..first }, last: last(year)? };
        (is_date && self.ends_number(end)).then(|| Found::new(value, end, "numeric date to numeric date"))
    }

    /// Whether two numbers with a mark between them are a day because of what stands beside them: "Friday 7/6",
    /// "le 22/04", "27/11 at 14:30". The helpline that is open 24/7 is not.
    fn is_meant_as_date(&self, at: usize, end: usize) -> bool {
        // "On 19-20 December" are days, "Mon-Fri 9-18" hours.
        if self.place == Place::Machine
            || self.mark(at + 1) == Some('-')
            || !self.ends_number(end)
            || self.month_name(end).is_some()
        {
            return false;
        }
        let (left, right) =
            (self.number(at).map_or(0, |n| n.value), self.number(at + 2).map_or(0, |n| n.value));
        if (left, right) == (24, 7) {
            return false;
        }
        let before = at.wrapping_sub(1);
        let skipped = before.wrapping_sub(usize::from(matches!(self.mark(before), Some(',' | '.' | '('))));
        let open = usize::from(matches!(self.mark(end), Some('(' | ',')));
        let after = self.after_fillers(end + open);
        // Tight after a number a weekday's short name may be a counting word: "3/12화" is an episode.
        let is_after = self.weekday(after).is_some() && (after > end || !self.is_tight(after));
        if self.weekday(skipped).is_some() || is_after {
            return true;
        }
        let is_slash = self.mark(at + 1) == Some('/');
        let is_said = self.has(before, Sense::At)
            || self.has(before, Sense::Ahead)
            || (self.has(before, Sense::Filler) && self.lexicon.language() != Some("en"));
        let is_full =
            [at, at + 2].into_iter().all(|at| self.number(at).is_some_and(|number| number.digits == 2));
        // "22/04": no part of so many, no fraction and no score is written so.
        if self.place == Place::Field && is_slash && is_full && left > right && right < 10 && left <= 31 {
            return true;
        }
        let is_timed = is_slash && self.daytime_after(end).is_some();
        let is_dotted = self.mark(at + 1) == Some('.') && (is_full || self.mark(end - 1) == Some('.'));
        is_timed || (is_said && (is_slash || is_dotted))
    }

    /// "1.–2.8.2025", "01.-02.08.2025": days of a month in numbers, as the German press writes them.
    fn dotted_days(&self, at: usize) -> Option<Found> {
        let first = self.number(at).filter(|number| number.digits <= 2)?;
        let dash = at + 1 + usize::from(self.mark(at + 1) == Some('.'));
        if !self.is_dash(dash) && !self.has(dash, Sense::To) {
            return None;
        }
        let last = self.number(dash + 1).filter(|number| number.digits <= 2)?;
        let (month, year, end) = self.pair_of_year(dash + 1)?;
        let point = |day: i64| {
            Some(Point { year: Some(year), month: i8::try_from(month).ok()?, day: i8::try_from(day).ok()? })
        };
        let value = Value::Span { first: point(first.value)?, last: point(last.value)? };
        (first.value < last.value).then(|| Found::new(value, end, "numeric days of a month"))
    }

    /// "18 08 1978", "9 de 8 de 1971".
    fn spaced(&self, at: usize) -> Option<Found> {
        let words = usize::from(self.has(at + 1, Sense::Filler));
        let (right, year) = (self.number(at + 1 + words)?, at + 2 + words);
        let left = self.number(at)?;
        if words == 1 && !self.has(year, Sense::Filler) {
            return None;
        }
        let last = self
            .number(year + words)
            .filter(|year| year.digits == 4 && (1900..=2100).contains(&year.value))?;
        let is_date = words == 1 || (left.digits == 2 && right.digits == 2) || self.is_stop(year + words + 1);
        let value = Value::Numeric(Slashed {
            left: i8::try_from(left.value).ok()?,
            right: i8::try_from(right.value).ok()?,
            year: i16::try_from(last.value).ok(),
            is_dotted: false,
        });
        (self.place == Place::Field && is_date && right.digits <= 2)
            .then(|| Found::new(value, year + words + 1, "numeric date"))
    }

    /// ".8.2025" after the day at a token.
    fn pair_of_year(&self, at: usize) -> Option<(i64, i16, usize)> {
        let (month, year) = (self.number(at + 2)?, self.number(at + 4)?);
        let is_date = matches!(self.mark(at + 1), Some('.' | '/'))
            && self.mark(at + 3) == self.mark(at + 1)
            && month.digits <= 2
            && year.digits == 4;
        is_date.then_some((month.value, i16::try_from(year.value).ok()?, at + 5))
    }

    /// Forms of ISO 8601 that only machines write: week dates, ordinal dates, year and month.
    fn iso_rarities(&self, at: usize) -> Option<Found> {
        let year = i16::try_from(self.number(at)?.value).ok()?;
        let dash = usize::from(self.mark(at + 1) == Some('-') && self.is_tight(at + 1));
        let next = at + 1 + dash;
        if matches!(self.piece(next), "W" | "w") && self.is_tight(next) && self.is_tight(next + 1) {
            return self.week_date(year, next + 1);
        }
        if self.place != Place::Prose && self.is_whole(at, at + 1) {
            return Some(Found::new(Value::Year(year), at + 1, "year alone"));
        }
        if self.place == Place::Prose || dash == 0 || !self.is_tight(next) {
            return None;
        }
        let number = self.number(next)?;
        let end = next + 1;
        if !self.ends_number(end) {
            return None;
        }
        match number.digits {
            3 => Some(Found::new(ordinal(year, number.value), end, "ISO ordinal date")),
            2 if (1..=12).contains(&number.value) && self.is_whole(at, end) => {
                let month = i8::try_from(number.value).ok()?;
                Some(Found::new(Value::Month { year: Some(year), month }, end, "ISO month"))
            }
            _ => None,
        }
    }

    /// "W10", "W10-4", "W104" after a year. A week alone is the days from its Monday to its Sunday.
    fn week_date(&self, year: i16, at: usize) -> Option<Found> {
        let number = self.number(at)?;
        let (week, day, end) = match (number.digits, self.mark(at + 1), self.number(at + 2)) {
            (2, Some('-'), Some(day)) if day.digits == 1 && self.is_tight(at + 1) => {
                (number.value, Some(day.value), at + 3)
            }
            (2, _, _) => (number.value, None, at + 1),
            (3, _, _) => (number.value / 10, Some(number.value % 10), at + 1),
            _ => return None,
        };
        let date = |day: i64| {
            let day = Weekday::from_monday_one_offset(i8::try_from(day).ok()?).ok()?;
            Some(point(ISOWeekDate::new(year, i8::try_from(week).ok()?, day).ok()?.date()))
        };
        let value = match day {
            Some(day) => date(day).map_or(Value::Impossible, Value::Day),
            None => {
                date(1).zip(date(7)).map_or(Value::Impossible, |(first, last)| Value::Span { first, last })
            }
        };
        Some(Found::new(value, end, "ISO week date"))
    }

    /// "20250306" and, in metadata, "2025065".
    fn basic(&self, at: usize) -> Option<Found> {
        let number = self.number(at)?;
        let is_stamp = self.place != Place::Prose || self.is_whole(at, at + 1);
        if !is_stamp || at != 0 {
            return None;
        }
        if number.digits == 7 {
            let year = i16::try_from(number.value / 1000).ok()?;
            let is_machine = self.place == Place::Machine && self.is_whole(at, at + 1);
            return is_machine
                .then(|| Found::new(ordinal(year, number.value % 1000), at + 1, "ISO ordinal date"));
        }
        let point = Point {
            year: i16::try_from(number.value / 10_000).ok(),
            month: i8::try_from(number.value / 100 % 100).ok()?,
            day: i8::try_from(number.value % 100).ok()?,
        };
        Some(Found::new(Value::Day(point), at + 1, "ISO basic date"))
    }

    /// Seconds, milliseconds or microseconds since 1970, in attributes alone: a long number in a text is a
    /// telephone.
    fn epoch(&self, at: usize) -> Option<Found> {
        let number = self.number(at)?;
        // "1741251600.0" is how some languages print a float.
        let end =
            if self.mark(at + 1) == Some('.') && self.number(at + 2).is_some() { at + 3 } else { at + 1 };
        if self.place != Place::Machine || !self.is_whole(at, end) {
            return None;
        }
        let stamp = match number.digits {
            9 | 10 => Timestamp::from_second(number.value),
            12 | 13 => Timestamp::from_millisecond(number.value),
            15 | 16 => Timestamp::from_microsecond(number.value),
            _ => return None,
        };
        Some(Found::new(Value::Epoch(stamp.ok()?), end, "seconds since 1970"))
    }

    /// Whether nothing that belongs to a number follows: "1.2.3.4", "2025-03-06-17".
    fn ends_number(&self, end: usize) -> bool {
        if !self.is_tight(end) {
            return true;
        }
        match self.mark(end) {
            Some('-' | '/' | '.' | ':') => {
                // "05/31/2024-14:15" goes on with a time, "1-10-2018-7-10-2018" with a date.
                let goes_on = self.is_tight(end + 1) && self.number(end + 1).is_some();
                let is_date = [end + 2, end + 4].into_iter().all(|at| self.mark(at) == self.mark(end - 2))
                    && self.number(end + 5).is_some_and(|year| year.digits == 4);
                !goes_on || self.daytime(end + 1).is_some() || is_date
            }
            Some('%') => false,
            Some(_) => true,
            None => {
                self.word(end).is_some()
                    && (matches!(self.piece(end), "T" | "t" | "Z")
                        || self.has(end, Sense::YearMark)
                        || self.piece(end).starts_with(token::parts_no_words))
            }
        }
    }

    /// Whether a mark stands before that machines put before dates: "T", "@", "=", "_".
    fn is_after_path_mark(&self, at: usize) -> bool {
        at > 0
            && matches!(self.mark(at - 1), Some('=' | '@' | '_' | '/' | '-'))
            && self.number(at.wrapping_sub(2)).is_none()
            && self.number(at).is_some_and(|n| n.digits == 4)
    }
}

fn point(date: Date) -> Point {
    Point { year: Some(date.year()), month: date.month(), day: date.day() }
}

fn ordinal(year: i16, day: i64) -> Value {
    let date = i16::try_from(day)
        .ok()
        .and_then(|day| Date::new(year, 1, 1).ok()?.with().day_of_year(day).build().ok());
    date.map_or(Value::Impossible, |date| Value::Day(point(date)))
}
