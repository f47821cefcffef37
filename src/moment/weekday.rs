//! Days that a weekday tells: "last Friday", "Monday of last week", "Monday 21". Pure.
//!
//! A weekday alone is no day: it may be any.

use super::{
    lexicon::{Sense, Unit, Which},
    mention::Value,
    scan::{Found, Reader},
    token::parts_no_words,
};

/// Letters of a weekday's name that is no other word: "Sun 24 hours", "Sat 3 exams".
const TELLING_NAME: usize = 4;

/// Weekdays that are counted: "the 3 Mondays of May"; a larger number before one is a day.
const MOST_WEEKDAYS: i8 = 5;

impl Reader<'_> {
    /// A day told by the weekday, or the week, that starts at a token.
    pub fn on_weekday(&self, at: usize) -> Option<Found> {
        if self.is_twofold(at) {
            return None;
        }
        if let Some((weekday, which)) = self.weekday_from_now(at) {
            let found = Found::new(Value::Weekday { weekday, which }, at + 1, "weekday from now");
            return (!self.is_dated(at + 1)).then_some(found);
        }
        let of_week = |weekday, weeks, end| {
            Found::new(Value::Weekday { weekday, which: Which::OfWeek(weeks) }, end, "weekday of a week")
        };
        // "last week Monday", "先週の月曜日"
        if let Some((weeks, Unit::Week)) = self.period(at) {
            let next = self.after_fillers(at + 1);
            let next = next + usize::from(self.is_dash(next));
            return Some(of_week(self.weekday(next)?, weeks, next + 1));
        }
        // "past Wednesday"
        if self.has(at, Sense::Last) {
            let weekday = self.weekday(at + 1).filter(|_| !self.is_dated(at + 2))?;
            let value = Value::Weekday { weekday, which: Which::Before };
            return Some(Found::new(value, at + 2, "weekday from now"));
        }
        let weekday = self.weekday(at)?;
        // "Monday of last week", "el lunes esta semana"
        if let Some((weeks, Unit::Week)) = self.period(self.after_fillers(at + 1)) {
            return Some(of_week(weekday, weeks, self.after_fillers(at + 1) + 1));
        }
        // "lunes pasado"
        if self.has(at + 1, Sense::Last) {
            let value = Value::Weekday { weekday, which: Which::Before };
            return Some(Found::new(value, at + 2, "weekday from now"));
        }
        self.day_after_weekday(at, weekday)
    }

    /// Whether a phrase means a week and a weekday: "прошле недеље" is last week and last Sunday.
    pub fn is_twofold(&self, at: usize) -> bool {
        self.weekday_from_now(at).is_some() && self.period(at).is_some()
    }

    /// The weekday counted from now at a token.
    fn weekday_from_now(&self, at: usize) -> Option<(i8, Which)> {
        let (weekday, which) = self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::WeekdayFromNow(weekday, which) => Some((*weekday, *which)),
            _ => None,
        })?;
        let which = match which {
            Which::Before if self.lexicon.words().is_by_week => Which::OfWeek(-1),
            Which::After if self.lexicon.words().is_by_week => Which::OfWeek(1),
            which => which,
        };
        Some((weekday, which))
    }

    /// Whether a day of the month follows, whose weekday was read: "last Friday, 6 March".
    fn is_dated(&self, at: usize) -> bool {
        let next = self.after_fillers(at + usize::from(self.mark(at) == Some(',')));
        self.month_name(next).is_some() || (self.day(next).is_some() && self.daytime(next).is_none())
    }

    /// "Monday 21", "Tues the 4th", "lunes el día 25".
    fn day_after_weekday(&self, at: usize, weekday: i8) -> Option<Found> {
        let is_dotted = self.mark(at + 1) == Some('.');
        let next = self.after_fillers(at + 1 + usize::from(is_dotted));
        let (day, end) = self.day(next)?;
        let is_told = next > at + 1 + usize::from(is_dotted) || end > next + 1;
        let is_name = self.piece(at).chars().count() >= TELLING_NAME && self.unit(at).is_none();
        let is_more = self.is_of_longer_number(next)
            || self.daytime(next).is_some()
            || self.day_first(next).is_some()
            || self.numeric(next).is_some()
            || self.other_calendar(next).is_some();
        (is_name && !is_more && self.is_alone(end, is_told))
            .then(|| Found::new(Value::DayOfWeekday { day, weekday }, end, "weekday and day"))
    }

    /// "le 25 mardi", "21日の月曜日", "21일 월요일".
    pub fn day_before_weekday(&self, at: usize) -> Option<Found> {
        let (day, next) = self.day(at).filter(|_| self.is_fresh(at))?;
        let marked = usize::from(self.has(next, Sense::DayMark));
        let next = self.after_fillers(next + marked);
        let weekday = self.weekday(next)?;
        let is_name = (self.piece(next).chars().count() >= TELLING_NAME
            || self.piece(next).ends_with(parts_no_words))
            && self.unit(next).is_none();
        // "le 25 mardi", "21 सोमवार को"
        let is_told = (at > 0 && self.has(at - 1, Sense::Filler)) || self.has(next + 1, Sense::Filler);
        let is_day =
            marked > 0 || (is_name && is_told && day > MOST_WEEKDAYS && self.is_alone(next + 1, true));
        is_day.then(|| Found::new(Value::DayOfWeekday { day, weekday }, next + 1, "weekday and day"))
    }

    /// Whether a number beside a weekday counts nothing that follows: "Monday 21 people". `is_told`: a word beside it says that it is
    /// a day.
    fn is_alone(&self, end: usize, is_told: bool) -> bool {
        let is_range = self.is_dash(end) || matches!(self.mark(end), Some(':' | '/'));
        let is_over = self.is_stop(end) && !is_range;
        is_over || (is_told && !is_range) || self.daytime_after(end).is_some()
    }
}
