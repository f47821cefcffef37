//! Dates whose numbers carry marks of their own: "2025年3月6日", "3월 6일", "令和7年3月6日", "二零一六年九月三號". Pure.

use super::{
    calendar,
    lexicon::Sense,
    mention::{Point, Value},
    parts::century,
    scan::{Found, Place, Reader},
};

impl Reader<'_> {
    /// Year, month and day, or the last of them, each with its mark.
    pub fn marked(&self, at: usize) -> Option<Found> {
        if !self.may_start(at) {
            return None;
        }
        if let Some(found) = self.dotted_era(at) {
            return Some(found);
        }
        let (year, next) = self.marked_year(at).map_or((None, at), |(year, next)| (Some(year), next));
        let next = self.after_year_again(next, year);
        let next = next + usize::from(year.is_some() && self.mark(next) == Some(','));
        let Some((month, next)) = self.marked_month(next) else {
            return self.year_alone(year?, at, next);
        };
        let month = i8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        let Some((day, end)) = self.marked_day(next).or_else(|| self.marked_days(next)) else {
            if let Some(found) = self.marked_months((year, month), next) {
                return Some(found);
            }
            let is_month = year.is_some() || (self.place != Place::Prose && self.is_whole(at, next));
            return is_month
                .then(|| Found::new(Value::Month { year, month }, next, "year and month, marked"));
        };
        let first = Point { year, month, day };
        if let Some((last, end)) = self.marked_last(next, first) {
            return Some(Found::new(Value::Span { first, last }, end, "days of a month, marked"));
        }
        let after = self.weekday_after(end).map_or(end, |(_, after)| after);
        if let Some((last, end)) = self.marked_end(after, first) {
            return Some(Found::new(Value::Span { first, last }, end, "marked date to marked date"));
        }
        Some(Found::new(Value::Day(first), end, "marked date"))
    }

    /// A number before any of the marks must not be the rest of a longer one.
    fn may_start(&self, at: usize) -> bool {
        self.number(at).is_none_or(|_| self.is_fresh(at))
    }

    /// "2025年", "二零一六年", "令和7年", "令和元年", "民國114年".
    pub fn marked_year(&self, at: usize) -> Option<(i16, usize)> {
        let era = self.word(at).and_then(|word| {
            word.senses().iter().find_map(|sense| match sense {
                Sense::Era(before) => Some(*before),
                _ => None,
            })
        });
        if let Some(before) = era {
            if self.piece(at + 1) == "元" && self.has(at + 2, Sense::YearMark) {
                return Some((before + 1, at + 3));
            }
            let (year, next) = self.marked_number(at + 1, Sense::YearMark)?;
            return (1..200).contains(&year).then_some((before + i16::try_from(year).ok()?, next));
        }
        let (year, next) = self.marked_number(at, Sense::YearMark)?;
        let digits = self.number(at).map(|number| number.digits);
        let year = match (digits, year) {
            (Some(2), _) => century(year)?,
            (Some(3), _) => calendar::of_republic(year, self.lexicon)?,
            (Some(4) | None, 1900..=2700) => calendar::common_year(i16::try_from(year).ok()?),
            _ => return None,
        };
        Some((year, next))
    }

    /// The token after the same year in another count: "2019年（平成31年）", "令和7年（2025年）".
    fn after_year_again(&self, at: usize, year: Option<i16>) -> usize {
        if year.is_none() || self.mark(at) != Some('(') {
            return at;
        }
        let again = self
            .marked_year(at + 1)
            .filter(|(again, end)| Some(*again) == year && self.mark(*end) == Some(')'));
        again.map_or(at, |(_, end)| end + 1)
    }

    /// A number and the mark after it.
    fn marked_number(&self, at: usize, mark: Sense) -> Option<(i64, usize)> {
        let (number, next) = match self.number(at) {
            Some(number) => (number.value, at + 1),
            None => self.spelled(at)?,
        };
        if self.has(next, mark) {
            return Some((number, next + 1));
        }
        None
    }

    /// "3月", "三月", which is also a month's name.
    pub fn marked_month(&self, at: usize) -> Option<(i64, usize)> {
        if let Some(marked) = self.marked_number(at, Sense::MonthMark) {
            return Some(marked);
        }
        let is_chinese = self.piece(at).ends_with('月');
        self.word(at).filter(|_| is_chinese)?.senses().iter().find_map(|sense| match sense {
            Sense::Month(month) => Some((i64::from(*month), at + 1)),
            _ => None,
        })
    }

    /// The first of "8-9日", which share one mark.
    fn marked_days(&self, at: usize) -> Option<(i8, usize)> {
        let day = self.number(at)?;
        self.marked_day(self.after_dash(at + 1)?)?;
        Some((i8::try_from(day.value).ok().filter(|day| (1..=31).contains(day))?, at + 1))
    }

    /// The last of "8-9日".
    fn marked_last(&self, at: usize, first: Point) -> Option<(Point, usize)> {
        self.marked_days(at)?;
        let (day, end) = self.marked_day(self.after_dash(at + 1)?)?;
        (day > first.day).then_some((Point { day, ..first }, end))
    }

    fn after_dash(&self, at: usize) -> Option<usize> {
        let is_dash = self.is_range_mark(at) || matches!(self.mark(at), Some('・' | '、'));
        is_dash.then_some(at + 1)
    }

    /// "R7.3.6": an era's letter, year, month and day.
    fn dotted_era(&self, at: usize) -> Option<Found> {
        let before = self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::Era(before) => Some(*before),
            _ => None,
        })?;
        let number =
            |at: usize| self.number(at).filter(|number| number.digits <= 2).map(|number| number.value);
        let (year, month, day) = (number(at + 1)?, number(at + 3)?, number(at + 5)?);
        let is_dotted = self.is_tight(at + 1)
            && matches!(self.mark(at + 2), Some('.' | '/'))
            && self.mark(at + 4) == self.mark(at + 2);
        let point = Point {
            year: Some(before + i16::try_from(year).ok()?),
            month: i8::try_from(month).ok()?,
            day: i8::try_from(day).ok()?,
        };
        is_dotted.then(|| Found::new(Value::Day(point), at + 6, "date of an era"))
    }

    pub fn marked_day(&self, at: usize) -> Option<(i8, usize)> {
        let (day, next) = self.marked_number(at, Sense::DayMark)?;
        Some((i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?, next))
    }

    /// "至2日", "〜4月2日", "到2017年10月24號".
    fn marked_end(&self, at: usize, first: Point) -> Option<(Point, usize)> {
        let is_mark = self.is_range_mark(at)
            || matches!(self.mark(at), Some('ー' | '・' | '、' | ','))
            || self.piece(at) == "ー";
        if !is_mark && !self.has(at, Sense::To) && !self.has(at, Sense::And) {
            return None;
        }
        let mut next = at + 1;
        // "3월 5일부터 4월 2일까지"
        while self.has(next, Sense::To) {
            next += 1;
        }
        let (year, next) = self.marked_year(next).map_or((None, next), |(year, next)| (Some(year), next));
        let (month, next) = self.marked_month(next).map_or((None, next), |(month, next)| (Some(month), next));
        let (day, end) = self.marked_day(next)?;
        let month = month.map_or(Some(first.month), |month| i8::try_from(month).ok())?;
        let is_in_order = (month, day) > (first.month, first.day);
        if year.is_none() && !is_in_order && month == first.month {
            return None;
        }
        let year = year.or_else(|| first.year.map(|year| year + i16::from(!is_in_order)));
        Some((Point { year, month, day }, end))
    }

    fn year_alone(&self, year: i16, at: usize, end: usize) -> Option<Found> {
        (self.place != Place::Prose && self.is_whole(at, end))
            .then(|| Found::new(Value::Year(year), end, "year alone"))
    }
}
