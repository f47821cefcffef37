//! Tokens: a text → numbers, words and marks with their places. Pure, one pass, one allocation.
//!
//! Digits of every script are numbers; Chinese characters are words of their own, because they stand
//! unspaced around them ("3月6日"). Nothing is interpreted here but the senses of single words.

use super::lexicon::{Lexicon, Sense};

/// A piece of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// Whether white space stands before it.
    pub is_spaced: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A run of digits.
    Number(Number),
    /// A run of letters.
    Word(Word),
    /// Any other character.
    Mark(char),
}

/// A run of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Its value; saturated when it is longer than any date needs.
    pub value: i64,
    /// How many digits it has.
    pub digits: usize,
}

/// A run of letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// What it can mean in a date.
    pub senses: &'static [Sense],
    /// Whether its first letter is a capital.
    pub is_capital: bool,
}

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str, lexicon: Lexicon) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    let mut rest = text.char_indices().peekable();
    let mut is_spaced = true;
    while let Some((start, first)) = rest.next() {
        if first.is_whitespace() {
            is_spaced = true;
            continue;
        }
        if is_invisible(first) {
            continue;
        }
        let mut end = start + first.len_utf8();
        let kind = if let Some(digit) = digit_value(first) {
            let mut number = Number { value: i64::from(digit), digits: 1 };
            while let Some((at, digit)) =
                rest.peek().and_then(|(at, c)| Some((*at + c.len_utf8(), digit_value(*c)?)))
            {
                number.value = number.value.saturating_mul(10).saturating_add(i64::from(digit));
                number.digits += 1;
                end = at;
                rest.next();
            }
            Kind::Number(number)
        } else if first.is_alphabetic() {
            while let Some((at, letter)) = rest.next_if(|(_, c)| !stands_alone(first) && continues_word(*c)) {
                end = at + letter.len_utf8();
            }
            Kind::Word(Word { senses: lexicon.senses(&text[start..end]), is_capital: first.is_uppercase() })
        } else {
            Kind::Mark(first)
        };
        tokens.push(Token { kind, start, end, is_spaced });
        is_spaced = false;
    }
    tokens
}

/// Whether a letter after the first belongs to the same word.
fn continues_word(letter: char) -> bool {
    (letter.is_alphabetic() && !stands_alone(letter)) || is_joiner(letter)
}

/// Chinese characters: each is a word.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Marks inside words that are no letters by themselves: combining accents, viramas, joiners.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{94d}' | '\u{9cd}' | '\u{a4d}' | '\u{acd}'
        | '\u{b4d}' | '\u{bcd}' | '\u{c4d}' | '\u{ccd}' | '\u{d4d}' | '\u{dca}' | '\u{e31}' | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}' | '\u{1039}' | '\u{103a}' | '\u{17d2}')
}

/// Characters that show nothing and part nothing: direction marks, soft hyphen, zero-width space, BOM.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The zeros of the scripts whose digits pages use in dates (Unicode `Nd`), after ASCII.
const ZEROS: [u32; 24] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1b50, 0xa9d0, 0xff10,
];

/// The value of a decimal digit of any script; `None`: not a digit.
fn digit_value(letter: char) -> Option<u8> {
    if letter.is_ascii() {
        return letter.is_ascii_digit().then(|| letter as u8 - b'0');
    }
    let code = u32::from(letter);
    ZEROS.iter().find_map(|zero| u8::try_from(code.checked_sub(*zero)?).ok().filter(|digit| *digit < 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> Vec<String> {
        let shape = |token: Token| {
            let space = if token.is_spaced { " " } else { "" };
            match token.kind {
                Kind::Number(number) => format!("{space}{}#{}", number.value, number.digits),
                Kind::Word(_) | Kind::Mark(_) => format!("{space}{}", &text[token.start..token.end]),
            }
        };
        tokens(text, Lexicon::of(None)).into_iter().map(shape).collect()
    }

    #[test]
    fn numbers_words_and_marks_part() {
        assert_eq!(shapes("6th March"), [" 6#1", "th", " March"]);
        assert_eq!(
            shapes("2025-03-06T10:15Z"),
            [" 2025#4", "-", "3#2", "-", "6#2", "T", "10#2", ":", "15#2", "Z"]
        );
        assert_eq!(shapes("a b"), [" a", " b"]);
        assert_eq!(shapes("März é"), [" März", " é"]);
    }

    #[test]
    fn digits_of_every_script_are_numbers() {
        assert_eq!(shapes("٦ مارس"), [" 6#1", " مارس"]);
        assert_eq!(shapes("２０２５年"), [" 2025#4", "年"]);
        assert_eq!(shapes("3月6日に"), [" 3#1", "月", "6#1", "日", "に"]);
    }

    #[test]
    fn invisible_marks_part_nothing() {
        assert_eq!(shapes("\u{200e}6\u{200f} March"), [" 6#1", " March"]);
    }
}
