//! Days with a month's name and a whole year, tight between marks: in any order they can be read in one way. Pure.

use super::{
    mention::{Point, Value},
    scan::{Found, Reader},
};

/// Tokens of a date: three parts and two marks.
const TOKENS: usize = 5;

impl Reader<'_> {
    /// "September-2020-23", "2020/23/Sep", "23-2020-September".
    pub fn in_any_order(&self, at: usize) -> Option<Found> {
        let mark = self.mark(at + 1).filter(|mark| matches!(mark, '-' | '/'))?;
        let is_tight = (at + 1..at + TOKENS).all(|at| self.is_tight(at));
        if self.mark(at + 3) != Some(mark) || !is_tight || !self.is_start(at) {
            return None;
        }
        let (mut year, mut month, mut day) = (None, None, None);
        for part in [at, at + 2, at + 4] {
            match self.number(part) {
                Some(number) if number.digits == 4 && (1900..=2100).contains(&number.value) => {
                    year = Some(i16::try_from(number.value).ok()?);
                }
                Some(number) if number.digits <= 2 => day = Some(i8::try_from(number.value).ok()?),
                Some(_) => return None,
                None => month = Some(self.month_name(part)?.month),
            }
        }
        let value = Value::Day(Point { year: Some(year?), month: month?, day: day? });
        Some(Found::new(value, at + TOKENS, "day, month and year between marks"))
    }

    /// Whether a part is not the rest of something.
    fn is_start(&self, at: usize) -> bool {
        self.number(at).map_or(!self.is_tight(at) || self.mark(at - 1).is_some(), |_| self.is_fresh(at))
    }
}
