//! Times of day beside a date: "14:30", "2.30pm", "14h30", "10:15:30.5 GMT+2" → a [`Daytime`]. Pure.
//!
//! A time alone is never a date.

use jiff::{civil::Time, tz::Offset};

use super::{
    lexicon::Sense,
    scan::{Place, Reader},
    zone,
};

/// A time of day, and its zone if it names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daytime {
    /// The time.
    pub time: Time,
    /// Whether it is 24:00, the end of the day it stands beside.
    pub is_end_of_day: bool,
    /// The offset it states; `None`: it states none.
    pub offset: Option<Offset>,
}

impl Reader<'_> {
    /// The time of day that starts at a token, and the token after it.
    pub fn daytime(&self, at: usize) -> Option<(Daytime, usize)> {
        // "下午3点", "오후 3시"
        let half =
            self.half_word(at).filter(|_| self.number(at + 1).is_some() || self.spelled(at + 1).is_some());
        let at = at + usize::from(half.is_some());
        let Some(hour) = self.number(at) else { return self.daytime_in_words(at, half) };
        let (clock, end) = match hour.digits {
            1 | 2 => self.parted(at, hour.value)?,
            // ISO 8601 basic, only after its `T`.
            4 if self.is_after_t(at) => (Clock::new(hour.value / 100, hour.value % 100, 0), at + 1),
            6 if self.is_after_t(at) => {
                (Clock::new(hour.value / 10_000, hour.value / 100 % 100, hour.value % 100), at + 1)
            }
            _ => return None,
        };
        let clock = half.map_or(clock, |is_afternoon| clock.in_half(is_afternoon));
        let (is_end_of_day, time) = clock.time()?;
        let (offset, end) = self.offset(end).map_or((None, end), |(offset, end)| (Some(offset), end));
        Some((Daytime { time, is_end_of_day, offset }, end))
    }

    /// "三点": Chinese hours in words.
    fn daytime_in_words(&self, at: usize, half: Option<bool>) -> Option<(Daytime, usize)> {
        let (hour, end) = self.spelled(at)?;
        if !self.has(end, Sense::HourMark) || !self.piece(at).starts_with(super::token::parts_no_words) {
            return None;
        }
        let clock = Clock::new(hour, 0, 0);
        let (is_end_of_day, time) = half.map_or(clock, |is_afternoon| clock.in_half(is_afternoon)).time()?;
        Some((Daytime { time, is_end_of_day, offset: None }, end + 1))
    }

    /// Whether the word at a token is the afternoon or the morning; `None`: neither.
    fn half_word(&self, at: usize) -> Option<bool> {
        match (self.has(at, Sense::Morning), self.has(at, Sense::Afternoon)) {
            (true, _) => Some(false),
            (_, true) => Some(true),
            _ => None,
        }
    }

    fn is_after_t(&self, at: usize) -> bool {
        at > 0 && self.is_tight(at) && matches!(self.piece(at - 1), "T" | "t")
    }

    /// Hours parted from minutes: "14:30:15", "14h30", "2.30pm", "2pm".
    fn parted(&self, at: usize, hour: i64) -> Option<(Clock, usize)> {
        let two_digits = |at: usize| {
            let is_minute = |number: &super::token::Number| number.digits == 2;
            self.number(at).filter(is_minute).filter(|_| self.is_tight(at)).map(|number| number.value)
        };
        if self.mark(at + 1) == Some(':') && self.is_tight(at + 1) {
            let mut clock = Clock::new(hour, two_digits(at + 2)?, 0);
            let mut end = at + 3;
            if self.mark(end) == Some(':')
                && self.is_tight(end)
                && let Some(second) = two_digits(end + 1)
            {
                clock.second = second;
                end += 2;
                if matches!(self.mark(end), Some('.' | ','))
                    && self.is_tight(end)
                    && self.is_tight(end + 1)
                    && let Some(fraction) = self.number(end + 1)
                {
                    clock.nanosecond = nanoseconds(fraction.value, fraction.digits);
                    end += 2;
                }
            }
            // "14:30 Uhr"
            let marked = end + usize::from(self.has(end, Sense::HourMark));
            return self.half_day(clock, end).or(Some((clock, marked)));
        }
        if self.has(at + 1, Sense::HourMark) {
            let minute =
                self.number(at + 2).filter(|minute| (1..=2).contains(&minute.digits) && minute.value < 60);
            let is_marked = self.has(at + 3, Sense::MinuteMark);
            return match minute {
                Some(minute) if is_marked => Some((Clock::new(hour, minute.value, 0), at + 4)),
                Some(minute) if minute.digits == 2 && (self.is_tight(at + 1) == self.is_tight(at + 2)) => {
                    Some((Clock::new(hour, minute.value, 0), at + 3))
                }
                // "14 Uhr"; "6 March 5 m" is no time.
                _ if self.is_tight(at + 1) || self.piece(at + 1).len() > 1 => {
                    Some((Clock::new(hour, 0, 0), at + 2))
                }
                _ => None,
            };
        }
        let before = at.wrapping_sub(1);
        let before = before.wrapping_sub(usize::from(self.mark(before) == Some('.')));
        let is_clock = self.has(before, Sense::Clock);
        if self.mark(at + 1) == Some('.')
            && let Some(minute) = two_digits(at + 2)
        {
            let clock = Clock::new(hour, minute, 0);
            // "kl. 14.30": after the word a full stop parts hours from minutes.
            let is_said = is_clock || self.has(before, Sense::At);
            let is_last = self.place == Place::Field && at > 2 && at + 3 == self.tokens.len();
            let is_marked = self.has(at + 3, Sense::HourMark);
            let end = at + 3 + usize::from(is_marked);
            return self
                .half_day(clock, at + 3)
                .or((is_said || is_last || is_marked).then_some((clock, end)));
        }
        // "kl. 10", "ore 10"
        let clock = Clock::new(hour, 0, 0);
        self.half_day(clock, at + 1).or(is_clock.then_some((clock, at + 1)))
    }

    /// "am", "p.m." after a time.
    fn half_day(&self, clock: Clock, at: usize) -> Option<(Clock, usize)> {
        let dotted = |first: &str| {
            let is_dotted = self.piece(at).eq_ignore_ascii_case(first) && self.mark(at + 1) == Some('.');
            (is_dotted && self.piece(at + 2).eq_ignore_ascii_case("m"))
                .then(|| at + 3 + usize::from(self.mark(at + 3) == Some('.')))
        };
        if !(1..=12).contains(&clock.hour) {
            return None;
        }
        let morning = dotted("a").or_else(|| self.has(at, Sense::Morning).then_some(at + 1));
        if let Some(end) = morning {
            return Some((Clock { hour: clock.hour % 12, ..clock }, end));
        }
        let end = dotted("p").or_else(|| self.has(at, Sense::Afternoon).then_some(at + 1))?;
        Some((Clock { hour: clock.hour % 12 + 12, ..clock }, end))
    }

    /// "Z", "+02:00", "-0500", "GMT", "CEST", "GMT+2", "(EST)".
    fn offset(&self, at: usize) -> Option<(Offset, usize)> {
        match self.mark(at) {
            Some('(') => {
                let (offset, end) = self.offset(at + 1)?;
                return (self.mark(end) == Some(')')).then_some((offset, end + 1));
            }
            Some('+' | '-' | '−' | '–') => return self.signed_offset(at),
            _ => {}
        }
        self.word(at)?;
        let named = zone::named(self.piece(at))?;
        let is_base = named == Offset::UTC;
        let signed = if is_base && self.is_tight(at + 1) { self.signed_offset(at + 1) } else { None };
        let (offset, end) = signed.unwrap_or((named, at + 1));
        // JavaScript adds the zone's long name: "GMT+0200 (Eastern European Standard Time)".
        let close = (end..(end + 8).min(self.tokens.len())).find(|at| self.mark(*at) == Some(')'));
        let end = close.filter(|_| self.mark(end) == Some('(') && is_base).map_or(end, |close| close + 1);
        Some((offset, end))
    }

    fn signed_offset(&self, at: usize) -> Option<(Offset, usize)> {
        let sign = match self.mark(at)? {
            '+' => 1,
            '-' | '−' | '–' => -1,
            _ => return None,
        };
        // "10:00 - 2 rooms" is no offset: sign and number stand tight.
        if !self.is_tight(at + 1) {
            return None;
        }
        // "12:00－1月31日"
        let number = self.number(at + 1).filter(|_| !self.has(at + 2, Sense::MonthMark))?;
        let (hours, minutes, end) = match number.digits {
            1 | 2 => {
                let minutes = self.number(at + 3).filter(|n| n.digits == 2 && self.mark(at + 2) == Some(':'));
                (
                    number.value,
                    minutes.map_or(0, |n| n.value),
                    if minutes.is_some() { at + 4 } else { at + 2 },
                )
            }
            4 => (number.value / 100, number.value % 100, at + 2),
            _ => return None,
        };
        let seconds = i32::try_from(sign * (hours * 3600 + minutes * 60)).ok()?;
        // The widest zones of the world are UTC-12 and UTC+14.
        (hours <= 14 && minutes < 60)
            .then(|| Offset::from_seconds(seconds).ok().map(|offset| (offset, end)))
            .flatten()
    }
}

/// Hours to nanoseconds as written, not yet believed.
#[derive(Clone, Copy)]
struct Clock {
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i32,
}

impl Clock {
    /// The same in the morning or the afternoon, when it is counted to twelve.
    fn in_half(self, is_afternoon: bool) -> Self {
        let hour = match (self.hour, is_afternoon) {
            (1..=11, true) => self.hour + 12,
            (12, false) => 0,
            (hour, _) => hour,
        };
        Self { hour, ..self }
    }

    fn new(hour: i64, minute: i64, second: i64) -> Self {
        Self { hour, minute, second, nanosecond: 0 }
    }

    /// The time, and whether it is 24:00. A leap second is the second before it.
    fn time(self) -> Option<(bool, Time)> {
        if self.hour == 24 && self.minute == 0 && self.second == 0 {
            return Some((true, Time::midnight()));
        }
        let (hour, minute) = (i8::try_from(self.hour).ok()?, i8::try_from(self.minute).ok()?);
        let second = i8::try_from(self.second.min(60)).ok()?.min(59);
        (self.second <= 60)
            .then(|| Time::new(hour, minute, second, self.nanosecond).ok())
            .flatten()
            .map(|time| (false, time))
    }
}

/// A fraction of a second written with so many digits, in nanoseconds.
fn nanoseconds(value: i64, digits: usize) -> i32 {
    let exponent = 9 - i32::try_from(digits.min(18)).expect("at most 18");
    let scale = 10_i64.pow(exponent.unsigned_abs());
    let value = if exponent >= 0 { value.saturating_mul(scale) } else { value / scale };
    i32::try_from(value.min(999_999_999)).expect("at most nine digits")
}
