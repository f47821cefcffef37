//! Words → what they can mean in a date. Pure, and without allocation but for the first question in a language.
//!
//! A lexicon is that of one language, with what machines write in English and the whole names of months that
//! other languages have; or, where the language is not known, that of all widely written languages together.

use std::sync::{Mutex, PoisonError};

use crate::config::DayMonthOrder;

use super::{
    tables,
    words::{Entry, Words},
};

/// What a word can mean in or near a date. A word may have several senses ("second", "may").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// The name of a month, 1 to 12.
    Month(i8),
    /// The name of a month that is short or also an ordinary word ("may", "set"): believed only with evidence.
    DoubtfulMonth(i8),
    /// The name of a month of another calendar.
    OtherMonth(Calendar, i8),
    /// The name of a weekday, 1 (Monday) to 7.
    Weekday(i8),
    /// A unit of time, as in "3 hours ago".
    Unit(Unit),
    /// A number in words: "an", "two".
    Count(i64),
    /// An ordinal number in words: "third".
    Ordinal(i64),
    /// Says after a count and a unit that it lies in the past: "ago".
    Ago,
    /// So many units from now, negative for the past: "yesterday", "שעתיים".
    FromNow(i64, Unit),
    /// A week, month or year so many after the present one: "last week", "this month".
    Period(i64, Unit),
    /// A weekday counted from now: "last Monday", "next Monday".
    WeekdayFromNow(i8, Which),
    /// Says that units of time before or after it go up to now: "the last two weeks".
    Last,
    /// Says after a count and a unit that they lie before a day: "two days before yesterday".
    Before,
    /// Stands before a count that is not exact: "about".
    About,
    /// Joins the first and the last day of a range: "to".
    To,
    /// Stands before the first of two joined by "and", which end a range: "between".
    Between,
    /// Joins days of a list: "and".
    And,
    /// Stands between the parts of a date without meaning: "of", "the".
    Filler,
    /// Stands before a month that is meant as a month: "in".
    In,
    /// Stands between a date and a time of day: "at".
    At,
    /// Stands before an hour, minutes or not: "kl.", "ore".
    Clock,
    /// The ending of an ordinal number: "th".
    OrdinalEnding,
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
    /// Parts hours from minutes or ends hours: "14h30", "14 Uhr".
    HourMark,
    /// Ends minutes: "分".
    MinuteMark,
    /// Ends the number of a day: "日".
    DayMark,
    /// Ends the number of a month: "月".
    MonthMark,
    /// Ends the number of a year: "年".
    YearMark,
    /// An era, with the year before its first: 令和 is 2018.
    Era(i16),
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

/// Which of all days of a weekday is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The latest before today: "last Friday".
    Before,
    /// The first after today: "next Friday".
    After,
    /// That of the week so many weeks from this one, which begins on a Monday: "Friday of last week".
    OfWeek(i64),
}

/// A calendar other than the Gregorian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// The solar calendar of Iran and Afghanistan.
    Persian,
    /// The civil (tabular) Islamic calendar.
    Islamic,
    /// The Hebrew calendar; not read.
    Hebrew,
}

/// The words of one language and its customs.
#[derive(Clone, Copy, Debug)]
pub struct Lexicon {
    language: Option<&'static str>,
    words: &'static Words,
    order: Option<DayMonthOrder>,
}

/// The lexicons made so far: at most one for each language that the tables have, and one for none.
static MADE: Mutex<Vec<(Option<&'static str>, &'static Words)>> = Mutex::new(Vec::new());

impl Lexicon {
    /// The lexicon of a BCP 47 tag (`en-GB`); `None`, or a tag that is not known: that of all widely written
    /// languages together.
    pub fn of(tag: Option<&str>) -> Self {
        let order = tag.and_then(custom_order);
        let language = tag.and_then(tables::language);
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((language, words)) = made.iter().find(|(known, _)| *known == language) {
            return Self { language: *language, words, order };
        }
        let words: &'static Words = Box::leak(Box::new(Words::of(language)));
        made.push((language, words));
        Self { language, words, order }
    }

    /// The language, as the tables name it; `None`: it is not known.
    pub fn language(&self) -> Option<&'static str> {
        self.language
    }

    /// The order of day and month in numeric dates that this language alone settles; `None`: it does not.
    pub fn order(&self) -> Option<DayMonthOrder> {
        self.order
    }

    /// Whether a date of three short numbers begins with the year: "25.03.06".
    pub fn is_year_first(&self) -> bool {
        let is_other = matches!((self.language, self.order), (Some("zh"), Some(DayMonthOrder::DayFirst)));
        !is_other && self.language.is_some_and(|language| YEAR_FIRST_LANGUAGES.contains(&language))
    }

    /// What a word, in any case, can mean; empty for a word that has no place in a date.
    pub fn senses(&self, word: &str) -> &'static [Sense] {
        &self.words.entry(word).senses
    }

    /// All that is known of a word.
    pub(super) fn entry(&self, word: &str) -> &'static Entry {
        self.words.entry(word)
    }

    /// The words behind it.
    pub(super) fn words(&self) -> &'static Words {
        self.words
    }
}

/// Languages whose short dates begin with the year.
const YEAR_FIRST_LANGUAGES: [&str; 7] = ["zh", "ja", "ko", "hu", "lt", "mn", "sv"];

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
        ("zh", Some("hk" | "mo")) => Some(DayMonthOrder::DayFirst),
        ("zh" | "ja" | "ko" | "hu" | "lt" | "mn" | "fil", _) => Some(DayMonthOrder::MonthFirst),
        _ => Some(DayMonthOrder::DayFirst),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_language_do_not_matter_to_english_months() {
        for language in [None, Some("en"), Some("de"), Some("sw"), Some("xx")] {
            let lexicon = Lexicon::of(language);
            assert_eq!(lexicon.senses("DECEMBER"), [Sense::Month(12)], "{language:?}");
            assert!(lexicon.senses("Decembers").is_empty());
            assert!(lexicon.senses(&"x".repeat(1000)).is_empty());
        }
        assert_eq!(Lexicon::of(Some("en")).senses("mar"), [Sense::DoubtfulMonth(3)]);
    }

    #[test]
    fn name_of_the_page_s_language_counts_before_all_others() {
        assert_eq!(
            Lexicon::of(Some("hr")).senses("listopad"),
            [Sense::Month(11)].map(|_| Sense::Month(10)).as_slice()
        );
        assert_eq!(Lexicon::of(Some("pl")).senses("listopad"), [Sense::Month(11)]);
        assert_eq!(Lexicon::of(Some("en")).senses("septiembre"), [Sense::Month(9)]);
    }

    #[test]
    fn letters_are_folded_as_people_write_them() {
        for (language, word, month) in [
            ("fr", "FÉVRIER", 2),
            ("fr", "fevrier", 2),
            ("fr", "fe\u{301}vrier", 2),
            ("el", "ΜΑΡΤΙΟΣ", 3),
            ("tr", "KASIM", 11),
            ("tr", "HAZİRAN", 6),
            ("ar", "اكتوبر", 10),
            ("fi", "maaliskuussa", 3),
            ("lv", "martā", 3),
            ("pl", "marcu", 3),
        ] {
            assert_eq!(Lexicon::of(Some(language)).senses(word), [Sense::Month(month)], "{word}");
        }
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
