//! Days of a month that is counted from now: "the 6th of last month", "今月10日", "10 من الشهر الجاري". Pure.

use super::{
    lexicon::{Sense, Unit},
    mention::Value,
    scan::{Found, Reader},
};

const RULE: &str = "day of a month from now";

impl Reader<'_> {
    /// A day, or days, of this month, the last or the next one.
    pub fn day_of_near_month(&self, at: usize) -> Option<Found> {
        self.near_month_then_day(at).or_else(|| self.day_then_near_month(at))
    }

    /// "今月10日", "지난달 3일부터 5일까지".
    fn near_month_then_day(&self, at: usize) -> Option<Found> {
        let months = self.near_month(at)?;
        let next = self.after_fillers(at + 1 + usize::from(self.mark(at + 1) == Some(',')));
        // "e hónap 10-én", "geçen ayın 10'unda"
        let told = || self.day(next).filter(|(_, end)| *end > next + 1);
        let (first, end) = self.marked_day(next).or_else(told)?;
        let is_to = self.is_range_mark(end) || self.has(end, Sense::To);
        let (last, end) = is_to
            .then(|| self.marked_day(end + 1).filter(|(last, _)| *last > first))
            .flatten()
            .unwrap_or((first, end));
        Some(Found::new(Value::DayOfMonth { months, first, last }, end, RULE))
    }

    /// "the 6th of last month", "3. dieses Monats", "el 3 del mes pasado".
    pub fn day_then_near_month(&self, at: usize) -> Option<Found> {
        let (day, after) = self.day(at)?;
        let is_dotted = self.mark(after) == Some('.');
        let after = after + usize::from(is_dotted);
        let next = self.after_fillers(after + usize::from(self.has(after, Sense::DayMark)));
        let months = self.near_month(next).filter(|_| self.is_fresh(at))?;
        // "It sold 6. Last month …" begins anew.
        let is_new_sentence = is_dotted && self.piece(next).starts_with(char::is_uppercase);
        // "we sold 6 last month" counts what was sold; "ngày 6 tháng này" is a day.
        let is_told = next > at + 1 || (at > 0 && self.has(at - 1, Sense::Unit(Unit::Day)));
        let is_day = is_told && !is_new_sentence;
        is_day.then(|| Found::new(Value::DayOfMonth { months, first: day, last: day }, next + 1, RULE))
    }

    /// The month counted from now at a token: −1 for the last one.
    fn near_month(&self, at: usize) -> Option<i32> {
        let (months, unit) = self.period(at)?;
        i32::try_from(months).ok().filter(|_| unit == Unit::Month)
    }
}
