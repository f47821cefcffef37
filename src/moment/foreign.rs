//! Days of other calendars in words: "16 اسفند 1403", "6 Ramadan 1446". Pure.

use super::{
    calendar,
    lexicon::{Calendar, Sense},
    mention::{Foreign, Value},
    scan::{Found, Reader},
};

impl Reader<'_> {
    /// "16 اسفند 1403", "18 و 19 اردیبهشت", "30 خرداد تا 3 تیر 1404": days of another calendar.
    pub fn other_calendar(&self, at: usize) -> Option<Found> {
        let (day, mut next) = self.day(at)?;
        let mut last_day = day;
        if let Some((other, after)) =
            self.join(next).and_then(|(_, after)| self.day(after)).filter(|(other, _)| *other > day)
        {
            (last_day, next) = (other, after);
        }
        let (calendar, month, next) = self.other_month(next)?;
        let (mut year, mut end) = self
            .other_year(next)
            .or_else(|| self.short_year(calendar, next))
            .map_or((None, next), |(year, end)| (Some(year), end));
        let first = (month, day);
        let mut last = (month, last_day);
        if (self.has(end, Sense::To) || self.is_dash(end))
            && let Some((day, next)) = self.day(self.after_fillers(end + 1))
            && let Some((_, month, next)) = self.other_month(next)
        {
            last = (month, day);
            (year, end) = self.other_year(next).map_or((year, next), |(year, end)| (Some(year), end));
        }
        // A name that our own months also have ("Mehr") needs its year.
        let is_own = calendar::of_language(self.lexicon) == Some(calendar);
        (self.is_fresh(at) && (year.is_some() || is_own)).then(|| {
            let days = Foreign { calendar, year, first, last };
            Found::new(Value::Other(days), end, "day of another calendar")
        })
    }

    fn other_month(&self, at: usize) -> Option<(Calendar, i8, usize)> {
        let next = self.after_fillers(at + usize::from(matches!(self.mark(at), Some('.' | '-' | '/'))));
        self.word(next)?.senses().iter().find_map(|sense| match sense {
            Sense::OtherMonth(calendar, month) => Some((*calendar, *month, next + 1)),
            _ => None,
        })
    }

    /// "۲۲ اسفند ۹۷": two digits, where nothing is counted by them.
    fn short_year(&self, calendar: Calendar, at: usize) -> Option<(i16, usize)> {
        let number = self.number(at).filter(|number| number.digits == 2 && self.daytime(at).is_none())?;
        let is_year =
            calendar == Calendar::Persian && (self.is_stop(at + 1) || self.daytime_after(at + 1).is_some());
        Some((calendar::persian_century(number.value).filter(|_| is_year)?, at + 1))
    }

    fn other_year(&self, at: usize) -> Option<(i16, usize)> {
        let next = self.after_fillers(at + usize::from(matches!(self.mark(at), Some(',' | '/' | '-'))));
        let number = self.number(next).filter(|number| number.digits == 4)?;
        let year = i16::try_from(number.value).ok()?;
        (calendar::is_other_year(year) || (5600..6000).contains(&year)).then_some((year, next + 1))
    }
}
