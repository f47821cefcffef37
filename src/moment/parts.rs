//! The parts of a date in words: days, months, years, what joins them, and what shows that a number is none. Pure.
//!
//! A number that belongs to something else (a price, a score, a version) is not a day.

use super::{
    calendar,
    lexicon::{Sense, Unit},
    scan::{Place, Reader},
    token::{self, Number, Word},
};

/// A month's name as found.
pub(super) struct MonthName {
    /// The month, 1 to 12.
    pub month: i8,
    /// Whether it may be another word.
    pub is_doubtful: bool,
    /// Whether it starts with a capital.
    pub is_capital: bool,
    /// The token after it.
    pub end: usize,
}

impl Reader<'_> {
    /// Whether a number before a month is no day of any: "32. Oktober 2015" is no October either.
    pub fn is_after_bad_day(&self, at: usize) -> bool {
        let back =
            |from: usize| from > 0 && (self.mark(from - 1) == Some('.') || self.has(from - 1, Sense::Filler));
        let from = (0..3).fold(at, |from, _| if back(from) { from - 1 } else { from });
        from > 0 && self.number(from - 1).is_some_and(|number| number.digits <= 2)
    }

    /// The token after a weekday and what follows it: "bis Freitag, den 7. März".
    pub fn after_weekday(&self, at: usize) -> usize {
        if self.weekday(at).is_none() {
            return at;
        }
        self.after_fillers(at + 1 + usize::from(matches!(self.mark(at + 1), Some(',' | '.'))))
    }

    /// A day of a month and its ordinal ending: "6", "6th", "24го", "6-án", "premier", "двадцать пятое".
    pub fn day(&self, at: usize) -> Option<(i8, usize)> {
        let Some(number) = self.number(at) else { return self.day_in_words(at) };
        let day =
            i8::try_from(number.value).ok().filter(|day| number.digits <= 2 && (1..=31).contains(day))?;
        Some((day, self.after_ending(at + 1)))
    }

    /// The token after the ending of a number: "th", "-án", ":e", ".º".
    pub fn after_ending(&self, at: usize) -> usize {
        let is_ending = |at: usize| self.is_tight(at) && self.has(at, Sense::OrdinalEnding);
        if is_ending(at) || matches!(self.mark(at), Some('°' | 'º' | 'ª')) {
            return at + 1;
        }
        let is_mark = matches!(self.mark(at), Some('-' | '‑' | ':' | '\'' | '’' | '.')) && self.is_tight(at);
        if is_mark && is_ending(at + 1) { at + 2 } else { self.after_turkish_ending(at) }
    }

    /// The token after the case ending that Turkish parts from a number or a name: "21'inde", "Mart'ın". What says
    /// that more follows is left: "8'den".
    pub fn after_turkish_ending(&self, at: usize) -> usize {
        let is_ending = self.lexicon.language() == Some("tr")
            && matches!(self.mark(at), Some('\'' | '’'))
            && self.is_tight(at)
            && self.is_tight(at + 1)
            && self.word(at + 1).is_some()
            && !self.has(at + 1, Sense::To);
        if is_ending { at + 2 } else { at }
    }

    pub fn day_in_words(&self, at: usize) -> Option<(i8, usize)> {
        let (number, end) = match self.ordinal(at) {
            Some(number) => (number, at + 1),
            None if self.lexicon.words().is_spelled => self.spelled(at)?,
            None => return None,
        };
        Some((i8::try_from(number).ok().filter(|day| (1..=31).contains(day))?, end))
    }

    /// The month after the days: "March", ". March", "of March", "-Mar-".
    pub fn month_after_day(&self, at: usize) -> Option<(i8, usize)> {
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
            next += 1 + usize::from(matches!(self.mark(next + 1), Some('\'' | '’')));
        }
        if let Some(month) = roman(self.piece(next)).filter(|_| self.year_after(next + 1).is_some()) {
            return Some((month, next + 1));
        }
        let name = self.month_name(next)?;
        // "12 di set": the word between says that it is a month.
        let is_of = next > at && self.has(next - 1, Sense::Filler);
        (is_of || self.is_believed(&name, name.end)).then_some((name.month, name.end))
    }

    /// The token after the fillers from one on: "of", "d’", "พ.ศ.".
    pub fn after_fillers(&self, at: usize) -> usize {
        let mut next = at;
        while next < at + 3 && (self.has(next, Sense::Filler) || self.has(next, Sense::In)) {
            let is_short = self.mark(next + 1) == Some('.') && self.piece(next).contains('.');
            next += 1 + usize::from(is_short || matches!(self.mark(next + 1), Some('\'' | '’')));
        }
        next
    }

    pub fn month_name(&self, at: usize) -> Option<MonthName> {
        let word = self.word(at)?;
        let (month, is_doubtful) = month_of(word)?;
        let is_dotted = self.mark(at + 1) == Some('.') && self.is_tight(at + 1) && at + 2 < self.tokens.len();
        let mut end = at + 1 + usize::from(is_dotted);
        // "آذار/مارس": two names of one month, as the Arab press writes them.
        let other = self.word(end + 1).filter(|_| self.mark(end) == Some('/')).and_then(month_of);
        if other.is_some_and(|(other, _)| other == month) {
            end += 2;
        }
        Some(MonthName { month, is_doubtful, is_capital: word.is_capital, end })
    }

    /// A doubtful month in small letters needs a year or the end of the phrase after it: "12 may apply".
    pub fn is_believed(&self, name: &MonthName, end: usize) -> bool {
        !name.is_doubtful
            || name.is_capital
            || self.is_stop(end)
            || self.year_after(end).is_some()
            || self.daytime_after(end).is_some()
    }

    /// A year after a date: ", 2025", " 2025", " ’25", "(2025)", "of the year 2025", and two digits where only a machine
    /// writes them.
    pub fn year_after(&self, at: usize) -> Option<(i16, usize)> {
        if self.mark(at) == Some('(') {
            let inside = Some(at + 1).filter(|at| self.mark(*at) != Some('('))?;
            let (year, end) = self.year_after(inside)?;
            return (self.mark(end) == Some(')')).then_some((year, end + 1));
        }
        let mut next = at;
        let is_comma = matches!(self.mark(at), Some(',' | '.' | '-' | '/' | '‑' | '–' | '—' | '|'));
        if is_comma {
            // "5 August -2016" is a slip of the pen; "5 March - 2016 report" is not.
            let is_last = self.number(at + 1).is_some_and(|number| number.digits == 4)
                && self.is_stop(at + 2)
                && !self.is_of_date(at + 3);
            let is_firm = match self.mark(at) {
                Some(',' | '.') => true,
                Some('–' | '—' | '|') => false,
                _ => self.is_tight(at) && self.is_tight(at + 1),
            };
            if !is_last && !is_firm && !self.is_null_year(at + 1) {
                return None;
            }
            next += 1;
        }
        if matches!(self.mark(next), Some('\'' | '’' | '‘')) {
            let number = self.number(next + 1).filter(|number| number.digits == 2)?;
            return Some((century(number.value)?, next + 2));
        }
        let after = self.before_year(next);
        let is_year = |number: Number| number.digits == 4 || (number.digits == 2 && number.value > 31);
        if after > next && self.number(after).is_some_and(is_year) {
            next = after;
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
                    || (!is_comma && (calendar::is_other_year(year) || calendar::common_year(year) != year))
                    || self.is_null_year(next);
                (is_year && self.daytime(next).is_none()).then_some((calendar::common_year(year), next + 1))
            }
            // RFC 822 and 850: two digits and a time, or tight dashes; or nothing else in the text.
            2 => {
                let is_rfc = is_comma && self.is_tight(next) && self.mark(at) != Some('.');
                let is_machine = self.daytime(next + 1).is_some()
                    || (self.place != Place::Prose && next + 1 == self.tokens.len());
                // "18 nov-19 dec" is no year.
                if self.daytime(next).is_some() || self.month_name(next + 1).is_some() {
                    return None;
                }
                // "15 April of 87"
                if after > at && next == after && !is_comma && number.value > 31 {
                    return Some((century(number.value)?, next + 1));
                }
                // Thai pages shorten the years of the Buddhist era.
                if self.lexicon.language() == Some("th") {
                    return Some((calendar::common_year(2500 + i16::try_from(number.value).ok()?), next + 1));
                }
                (is_rfc || is_machine).then(|| Some((century(number.value)?, next + 1))).flatten()
            }
            _ => None,
        }
    }

    /// Whether a number is the year of a date that a program never set: `01 Jan 0001`, `30 Nov -0001`.
    fn is_null_year(&self, at: usize) -> bool {
        self.number(at).is_some_and(|number| number.digits == 4 && number.value <= 1)
    }

    /// Whether a date goes on after a full stop, of which the number before it is the year: "– 2025. gada 2. janvāris".
    fn is_of_date(&self, at: usize) -> bool {
        self.mark(at - 1) == Some('.')
            && (self.number(at).is_some() || self.word(at).is_some_and(|word| !word.senses().is_empty()))
    }

    /// The token after the words before a year: "of the year", "del año", "r."
    fn before_year(&self, at: usize) -> usize {
        const WORDS: usize = 4;
        let mut next = at;
        for _ in 0..WORDS {
            let is_year = self.has(next, Sense::Unit(Unit::Year)) || self.has(next, Sense::YearMark);
            let after = if is_year { next + 1 } else { self.after_fillers(next) };
            if after == next {
                break;
            }
            let is_short = self.mark(after) == Some('.') && self.number(after + 1).is_some();
            next = after + usize::from(is_short);
        }
        next
    }

    /// Whether the number goes on: "1,200", "14:30", "2.5", "10%".
    pub fn is_of_longer_number(&self, at: usize) -> bool {
        match self.mark(at + 1).filter(|_| self.is_tight(at + 1)) {
            Some('%' | '$' | '€' | '£') => true,
            // Apache's logs write the time after a colon: "06/Mar/2025:10:15:30".
            Some(':') if self.number(at).is_some_and(|number| number.digits == 4) => false,
            // "November 1,2001" is no thousand.
            Some(',') => {
                self.is_tight(at + 2) && self.number(at + 2).is_some_and(|number| number.digits != 4)
            }
            Some('.' | ':' | '\'' | '’') => self.is_tight(at + 2) && self.number(at + 2).is_some(),
            _ => false,
        }
    }

    /// Whether the number at a token is not the rest of something: "$6", "B12", "1,200", "2-1".
    pub fn is_fresh(&self, at: usize) -> bool {
        if !self.is_tight(at) {
            return true;
        }
        let Some(mark) = self.mark(at - 1) else {
            let is_between = at == 0 || self.piece(at - 1).ends_with(token::parts_no_words);
            // "Jeudi6/5/2013"
            return is_between || self.weekday(at - 1).is_some();
        };
        match mark {
            '「' | '『' | '【' | '《' | '〜' | '、' | '。' | '・' | '(' | '[' | '{' | '"' | '“' | '‘'
            | '«' | '>' | '|' | '—' | '·' | '•' | '*' | '~' | '!' | '?' => true,
            // "12:00－1月31日"
            '-' if self.has(at + 1, Sense::MonthMark) => self.mark(at.wrapping_sub(3)) == Some(':'),
            // "ב-6 במרץ": a Hebrew word of one letter.
            '-' | '־' => {
                let before = at.wrapping_sub(2);
                self.is_tight(at - 1)
                    && [Sense::In, Sense::Filler, Sense::To, Sense::And, Sense::About]
                        .into_iter()
                        .any(|sense| self.has(before, sense))
                    && self.piece(before).starts_with(|letter: char| ('א'..='ת').contains(&letter))
            }
            '’' | '\'' | ':' | '/' | ',' | ';' => self.number(at.wrapping_sub(2)).is_none(),
            _ => false,
        }
    }

    /// Whether a phrase ends here: the end of the text, or a mark that parts.
    pub fn is_stop(&self, at: usize) -> bool {
        at >= self.tokens.len()
            || self.mark(at).is_some_and(|mark| {
                matches!(
                    mark,
                    ',' | '、'
                        | '。'
                        | '.'
                        | ';'
                        | ':'
                        | ')'
                        | ']'
                        | '|'
                        | '-'
                        | '–'
                        | '—'
                        | '!'
                        | '?'
                        | '·'
                        | '•'
                )
            })
    }

    /// What joins two days.
    pub fn join(&self, at: usize) -> Option<(Join, usize)> {
        // "június 4-től 6-ig"
        if self.is_tight(at - 1) && self.has(at - 1, Sense::To) {
            return Some((Join::Word, at));
        }
        let is_firm = |at: usize| self.is_range_mark(at) || matches!(self.mark(at), Some('&' | '/'));
        match self.mark(at) {
            Some(_) if self.is_dash(at) && self.has(at + 1, Sense::To) => {
                return Some((Join::Word, self.after_fillers(at + 2)));
            }
            Some(_) if is_firm(at) => return Some((Join::Firm, at + 1)),
            Some('.') if is_firm(at + 1) => return Some((Join::Firm, at + 2)),
            Some('.') if self.has(at + 1, Sense::To) || self.has(at + 1, Sense::And) => {
                return Some((Join::Word, self.after_fillers(at + 2)));
            }
            // "4., 5. und 6. Juni"
            Some('.') if self.mark(at + 1) == Some(',') => return self.join(at + 1),
            Some(',') if self.has(at + 1, Sense::And) => return Some((Join::Word, at + 2)),
            Some(',') => return Some((Join::Comma, at + 1)),
            _ => {}
        }
        let mut next = at;
        if self.has(next, Sense::To) || self.has(next, Sense::And) {
            // "ו-9", "s.d. 9", "all'8"
            next += 1 + usize::from(
                matches!(self.mark(next + 1), Some('-' | '־' | '.' | '\'' | '’')) && self.is_tight(next + 1),
            );
            return Some((Join::Word, self.after_weekday(self.after_fillers(next))));
        }
        None
    }
}

/// The month a word is the name of, and whether it may be another word.
fn month_of(word: Word) -> Option<(i8, bool)> {
    word.senses().iter().find_map(|sense| match sense {
        Sense::Month(month) => Some((*month, false)),
        Sense::DoubtfulMonth(month) => Some((*month, true)),
        _ => None,
    })
}

/// A month in Roman numerals, as Poles and Hungarians write it between a day and a year.
fn roman(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
    let at = MONTHS.iter().position(|month| *month == word)?;
    i8::try_from(at + 1).ok()
}

/// How firmly two numbers are joined into days of one month.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// A dash, `&`, `/`.
    Firm,
    /// "and", "to".
    Word,
    /// A comma alone.
    Comma,
}

/// Two digits as a year: 70 to 99 are of the last century (RFC 2822 §4.3 draws the line at 50; no page is
/// older than the web's first, so the years of the next decades are worth more).
pub(super) fn century(value: i64) -> Option<i16> {
    i16::try_from(if value < 70 { 2000 + value } else { 1900 + value }).ok()
}
