//! Texts → the form by which they are compared. Pure.
//!
//! For recognition alone; what is published keeps its spelling.

use unicode_normalization::UnicodeNormalization as _;

/// Letters and digits of a text in lower case, words parted by one space: NFC and NFD forms, kinds of quotes,
/// dashes and spaces, and case give the same (compatibility decomposition, Unicode TR15).
pub fn comparable(text: &str) -> String {
    let mut words = Words { text: String::with_capacity(text.len()), is_parted: false };
    let mut rest = text;
    while !rest.is_empty() {
        // No form but its own has an ASCII letter, unless a mark follows it; and none joins it to what stands before.
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let plain = if ascii == rest.len() { ascii } else { ascii.saturating_sub(1) };
        words.push_ascii(&rest[..plain]);
        let others = rest[ascii..].bytes().position(|byte| byte.is_ascii());
        let end = others.map_or(rest.len(), |length| ascii + length);
        rest[plain..end].nfkc().flat_map(char::to_lowercase).for_each(|c| words.push(c));
        rest = &rest[end..];
    }
    words.text
}

/// Words on their way into one text.
struct Words {
    text: String,
    /// What is between words has been met since the last letter.
    is_parted: bool,
}

impl Words {
    fn push(&mut self, c: char) {
        if c.is_alphanumeric() || is_mark(c) {
            self.part();
            self.text.push(c);
        } else {
            self.is_parted = true;
        }
    }

    /// The same for each letter of an ASCII text, a word at a time.
    fn push_ascii(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
            if length == 0 {
                self.is_parted = true;
                rest = &rest[1..];
                continue;
            }
            self.part();
            let start = self.text.len();
            self.text.push_str(&rest[..length]);
            self.text[start..].make_ascii_lowercase();
            rest = &rest[length..];
        }
    }

    /// Parts what comes from the word before it, if anything stood between them.
    fn part(&mut self) {
        if self.is_parted && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.is_parted = false;
    }
}

fn is_mark(c: char) -> bool {
    !c.is_ascii() && unicode_normalization::char::is_combining_mark(c)
}

/// A comparable text with what changes at every fetch taken out: numbers beside words for views, comments and
/// the like, and phrases such as "3 hours ago".
pub fn lasting(text: &str) -> String {
    let comparable = comparable(text);
    if may_count(&comparable) { without_counters(&comparable) } else { comparable }
}

/// Whether a number stands beside a word that is counted.
fn may_count(text: &str) -> bool {
    let is_counted = |word: Option<&str>| word.is_some_and(|w| COUNTED.contains(&w) || UNITS.contains(&w));
    let is_number =
        |at: &usize| text.as_bytes()[*at].is_ascii_digit() && (*at == 0 || text.as_bytes()[at - 1] == b' ');
    (0..text.len())
        .filter(is_number)
        .any(|at| is_counted(text[at..].split(' ').nth(1)) || is_counted(text[..at].rsplit(' ').nth(1)))
}

fn without_counters(comparable: &str) -> String {
    let words: Vec<&str> = comparable.split(' ').collect();
    let mut kept = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        match counter(&words[at..]) {
            0 => {
                kept.push(words[at]);
                at += 1;
            }
            length => at += length,
        }
    }
    kept.join(" ")
}

/// How many words from here on are a counter or a relative time; 0: none.
fn counter(words: &[&str]) -> usize {
    let is_number = |word: &str| word.bytes().next().is_some_and(|b| b.is_ascii_digit());
    let digits = words.iter().take_while(|word| is_number(word)).count();
    match (digits, words.get(digits), words.get(digits + 1)) {
        (1.., Some(&unit), Some(&"ago")) if UNITS.contains(&unit) => digits + 2,
        (1.., Some(&unit), _) if COUNTED.contains(&unit) => digits + 1,
        (0, Some(&unit), Some(number)) if is_number(number) && COUNTED.contains(&unit) => 2,
        _ => 0,
    }
}

const UNITS: &[&str] = &[
    "second", "seconds", "sec", "secs", "minute", "minutes", "min", "mins", "hour", "hours", "hr", "hrs",
    "day", "days", "week", "weeks", "month", "months", "year", "years",
];

const COUNTED: &[&str] = &[
    "views",
    "view",
    "comments",
    "comment",
    "likes",
    "like",
    "shares",
    "share",
    "reads",
    "read",
    "replies",
    "reply",
    "votes",
    "points",
    "downloads",
    "clicks",
    "reactions",
];

/// A text with every run of digits as one `0`: equal for two texts that differ in numbers alone.
pub fn numbers_aside(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_numeric() {
            out.push(c);
        } else if !out.ends_with('0') {
            out.push('0');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spelling_that_readers_do_not_see_does_not_count() {
        assert_eq!(comparable("Caf\u{e9}\u{a0}– “News”"), comparable("cafe\u{301} - \"news\""));
        assert_ne!(comparable("5 killed"), comparable("7 killed"));
    }

    proptest! {
        #[test]
        fn it_is_what_the_whole_text_gives(text in "(?s)[aA1 .\u{300}\u{345}\u{e9}\u{130}\u{ac00}\u{1100}\u{1161}\u{11a8}\u{fb01}\u{3a3}\u{a0}\u{1d15e}]{0,12}|.{0,12}") {
            let mut words = Words { text: String::new(), is_parted: false };
            text.nfkc().flat_map(char::to_lowercase).for_each(|c| words.push(c));
            prop_assert_eq!(comparable(&text), words.text);
        }
    }

    proptest! {
        #[test]
        fn a_text_without_a_counter_is_not_looked_through(words in prop::collection::vec(prop::sample::select(vec![
            "3", "500", "7th", "views", "like", "hours", "day", "ago", "a", "ü",
        ]), 0..8)) {
            let text = words.join(" ");
            prop_assert_eq!(lasting(&text), without_counters(&comparable(&text)));
        }
    }

    #[test]
    fn counters_and_relative_times_do_not_last() {
        assert_eq!(lasting("Talks resume (1,204 views)"), lasting("Talks resume (1,377 views)"));
        assert_eq!(lasting("Talks resume 3 hours ago"), lasting("Talks resume 2 days ago"));
        assert_eq!(lasting("Talks resume. Comments: 12"), lasting("Talks resume. Comments: 15"));
        assert_ne!(lasting("5 killed in Sabha"), lasting("7 killed in Sabha"));
    }

    #[test]
    fn numbers_aside_keeps_words() {
        assert_eq!(numbers_aside("a 12 b 3,400"), numbers_aside("a 9 b 1,200"));
        assert_ne!(numbers_aside("a 12 b"), numbers_aside("a 12 c"));
    }
}
