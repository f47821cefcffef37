//! The lexicon: a word → what it can mean in a date, for one language. Pure.
//!
//! This is the seam for languages: the scanner asks for the [`Sense`]s of a word and for the order of day and
//! month, and never for a language. It refuses to guess: a word it does not know has no sense.

use crate::config::DayMonthOrder;

use super::english;

/// What a word can mean in or near a date. A word may have several senses ("second", "may").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// The name of a month, 1 to 12.
    Month(i8),
    /// The name of a month that is also an ordinary word ("may", "march"): believed only with evidence.
    DoubtfulMonth(i8),
    /// The name of a weekday, 1 (Monday) to 7.
    Weekday(i8),
    /// A unit of time, as in "3 hours ago".
    Unit(Unit),
    /// A number in words: "an", "two".
    Count(i64),
    /// Says after a count and a unit that it lies in the past: "ago".
    Ago,
    /// A day counted from now: today 0, yesterday -1.
    DayFromNow(i64),
    /// Joins the first and the last day of a range: "to".
    To,
    /// Joins days of a list: "and".
    And,
    /// Stands between the parts of a date without meaning: "of", "the".
    Filler,
    /// Stands before a month that is meant as a month: "in".
    In,
    /// Stands between a date and a time of day: "at".
    At,
    /// The ending of an ordinal number: "th".
    OrdinalEnding,
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
    /// Parts hours from minutes or ends hours: "14h30".
    HourMark,
    /// The date after it says what the entry's date is: "published".
    Published,
    /// The date after it is that of an edit: "updated".
    Updated,
    /// The date after it ends something: "until", "deadline".
    Deadline,
    /// What follows lies ahead: "will".
    Ahead,
    /// The date after it is the start of something long past: "since".
    Since,
    /// What it speaks of is over: "ran" (until …).
    Over,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// A table of words, lower case, sorted by their bytes.
pub(super) type Table = &'static [(&'static str, &'static [Sense])];

/// The longest word looked up, in bytes: no word of a table is longer.
const LONGEST: usize = 48;

/// The words of one language and its customs.
#[derive(Clone, Copy, Debug)]
pub struct Lexicon {
    words: Table,
    order: Option<DayMonthOrder>,
}

impl Lexicon {
    /// The lexicon of a BCP 47 tag (`en-GB`); `None`: the language is not known.
    ///
    /// English month names are read on pages of every language: they are what machines write.
    pub fn of(language: Option<&str>) -> Self {
        Self { words: english::WORDS, order: language.and_then(custom_order) }
    }

    /// The order of day and month in numeric dates that this language alone settles; `None`: it does not.
    pub fn order(&self) -> Option<DayMonthOrder> {
        self.order
    }

    /// What a word, in any case, can mean; empty for a word that has no place in a date.
    pub fn senses(&self, word: &str) -> &'static [Sense] {
        let mut buffer = [0; LONGEST];
        let Some(lower) = lower_case(word, &mut buffer) else { return &[] };
        match self.words.binary_search_by(|(known, _)| (*known).cmp(lower)) {
            Ok(at) => self.words[at].1,
            Err(_) => &[],
        }
    }
}

/// Lower-cases into a buffer, without allocation; `None`: longer than any word of a table.
fn lower_case<'b>(word: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let mut length = 0;
    for letter in word.chars().flat_map(char::to_lowercase) {
        let end = length + letter.len_utf8();
        letter.encode_utf8(buffer.get_mut(length..end)?);
        length = end;
    }
    std::str::from_utf8(&buffer[..length]).ok()
}

/// Countries that write the month first.
const MONTH_FIRST_COUNTRIES: [&str; 3] = ["us", "ph", "pr"];

/// The order a language tag settles. Plain `en` settles nothing: American and British pages both carry it,
/// and `en-CA` is written in both orders.
fn custom_order(tag: &str) -> Option<DayMonthOrder> {
    let mut parts = tag.split(['-', '_']);
    let language = parts.next().unwrap_or_default().to_ascii_lowercase();
    let country = parts.find(|part| part.len() == 2).map(str::to_ascii_lowercase);
    match (language.as_str(), country.as_deref()) {
        (_, Some(country)) if MONTH_FIRST_COUNTRIES.contains(&country) => Some(DayMonthOrder::MonthFirst),
        ("en", None) | (_, Some("ca")) | ("", _) => None,
        ("zh" | "ja" | "ko" | "hu" | "lt" | "mn" | "fil", _) => Some(DayMonthOrder::MonthFirst),
        _ => Some(DayMonthOrder::DayFirst),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_fits_the_buffer() {
        assert!(english::WORDS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(english::WORDS.iter().all(|(word, _)| word.len() <= LONGEST));
    }

    #[test]
    fn case_does_not_matter() {
        let lexicon = Lexicon::of(None);
        assert_eq!(lexicon.senses("DECEMBER"), [Sense::Month(12)]);
        assert_eq!(lexicon.senses("mar"), [Sense::DoubtfulMonth(3)]);
        assert!(lexicon.senses("Decembers").is_empty());
        assert!(lexicon.senses(&"x".repeat(1000)).is_empty());
    }

    #[test]
    fn plain_english_settles_no_order() {
        assert_eq!(Lexicon::of(Some("en")).order(), None);
        assert_eq!(Lexicon::of(Some("en-US")).order(), Some(DayMonthOrder::MonthFirst));
        assert_eq!(Lexicon::of(Some("en_GB")).order(), Some(DayMonthOrder::DayFirst));
        assert_eq!(Lexicon::of(Some("de")).order(), Some(DayMonthOrder::DayFirst));
        assert_eq!(Lexicon::of(Some("zh-Hant-TW")).order(), Some(DayMonthOrder::MonthFirst));
    }
}
