//! Months from the first to the last: "March to May", "June – August 2024", "3月から5月まで". Pure.

use super::{
    lexicon::Sense,
    mention::Value,
    parts::MonthName,
    scan::{Found, Place, Reader},
};

impl Reader<'_> {
    /// The months from the one at a token.
    pub fn months(&self, at: usize, first: &MonthName) -> Option<Found> {
        let (first_year, next) =
            self.year_after(first.end).map_or((None, first.end), |(year, end)| (Some(year), end));
        let is_between = at > 0 && self.has(at - 1, Sense::Between);
        let joined =
            self.after_months_join(next).or((is_between && self.has(next, Sense::And)).then_some(next + 1));
        let next = self.after_fillers(joined?);
        let last = self.month_name(next)?;
        if [first, &last].into_iter().any(|name| name.is_doubtful && !name.is_capital)
            || self.day(last.end).is_some()
        {
            return None;
        }
        let (last_year, end) =
            self.year_after(last.end).map_or((None, last.end), |(year, end)| (Some(year), end));
        let is_said = last_year.is_some()
            || self.place == Place::Field
            || is_between
            || (at > 0 && (self.has(at - 1, Sense::In) || self.has(at - 1, Sense::Filler)));
        is_said.then(|| {
            Found::new(months((first_year, first.month), (last_year, last.month)), end, "month to month")
        })
    }

    /// The months from one in numbers or characters, which ends before a token.
    pub fn marked_months(&self, first: (Option<i16>, i8), at: usize) -> Option<Found> {
        let mut next = self.after_months_join(at)?;
        // "3월부터 5월까지"
        while self.has(next, Sense::To) {
            next += 1;
        }
        let (year, next) = self.marked_year(next).map_or((None, next), |(year, next)| (Some(year), next));
        let (month, end) = self.marked_month(next)?;
        let month = i8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        let is_said = year.is_some() || self.place == Place::Field;
        (is_said && self.marked_day(end).is_none())
            .then(|| Found::new(months(first, (year, month)), end, "month to month"))
    }

    fn after_months_join(&self, at: usize) -> Option<usize> {
        // "Mart'tan Mayıs'a"
        if matches!(self.mark(at), Some('\'' | '’')) && self.is_tight(at) && self.has(at + 1, Sense::To) {
            return Some(at + 2);
        }
        let is_join = self.is_range_mark(at) || self.has(at, Sense::To);
        is_join.then_some(at + 1)
    }
}

/// The first month takes the year of the last, or the one before it; the last that of the first, or the one after it.
fn months(first: (Option<i16>, i8), last: (Option<i16>, i8)) -> Value {
    let over = i16::from(first.1 > last.1);
    let first_year = first.0.or(last.0.map(|year| year - over));
    let last_year = last.0.or(first.0.map(|year| year + over));
    Value::Months { first: (first_year, first.1), last: (last_year, last.1) }
}
