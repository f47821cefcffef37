//! Tokens: a text → numbers, words and marks with their places. Pure, two passes over short arrays.
//!
//! Digits of every script are numbers; Chinese characters are words of their own, because they stand unspaced
//! around them ("3月6日"). Words that mean something together ("tháng 3", "il y a", "понедельник" needs none)
//! become one word. Nothing is interpreted here.

use super::{
    lexicon::{Lexicon, Sense},
    words::{Atom, Entry},
};

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

/// A run of letters, or several that mean something together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// What is known of it.
    pub entry: &'static Entry,
    /// Whether its first letter is a capital, or its script has none.
    pub is_capital: bool,
}

impl Word {
    /// What it can mean in a date.
    pub fn senses(&self) -> &'static [Sense] {
        &self.entry.senses
    }
}

/// A piece as cut from a text, before any lexicon is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A run of digits.
    Number(Number),
    /// A run of letters.
    Word,
    /// Any other character.
    Mark(char),
}

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str, lexicon: Lexicon) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 4 + 1);
    let mut end_of_last = 0;
    let mut has_phrases = false;
    for (piece, part) in pieces(text) {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        let end = start + part.len();
        let is_spaced =
            start == 0 || tokens.is_empty() || text[end_of_last..start].contains(char::is_whitespace);
        end_of_last = end;
        match piece {
            Piece::Number(number) => {
                has_phrases |= lexicon.words().phrases_from(number.value).next().is_some();
                tokens.push(Token { kind: Kind::Number(number), start, end, is_spaced });
            }
            Piece::Mark(mark) => tokens.push(Token { kind: Kind::Mark(mark), start, end, is_spaced }),
            Piece::Word => {
                let mut rest = start;
                let mut is_spaced = is_spaced;
                while rest < end {
                    if text[rest..].starts_with(ZERO_WIDTH_SPACE) {
                        rest += ZERO_WIDTH_SPACE.len_utf8();
                        continue;
                    }
                    let mut entry = lexicon.entry(&text[rest..end]);
                    let mut word_end = end;
                    if entry.id == u32::MAX
                        && text[rest..].starts_with(parts_no_words)
                        && let Some(known) = lexicon.words().known_prefix(&text[rest..end])
                    {
                        word_end = rest + known;
                        entry = lexicon.entry(&text[rest..word_end]);
                    }
                    has_phrases |= lexicon.words().phrases_of(entry).next().is_some();
                    let is_capital = text[rest..].starts_with(|letter: char| !letter.is_lowercase());
                    tokens.push(Token {
                        kind: Kind::Word(Word { entry, is_capital }),
                        start: rest,
                        end: word_end,
                        is_spaced,
                    });
                    is_spaced = false;
                    rest = word_end;
                }
            }
        }
    }
    if has_phrases {
        join_phrases(&mut tokens, lexicon);
    }
    tokens
}

/// Makes one word of words that mean something together, the longest phrase first.
fn join_phrases(tokens: &mut Vec<Token>, lexicon: Lexicon) {
    let words = lexicon.words();
    let mut kept = 0;
    let mut at = 0;
    while at < tokens.len() {
        let longest = match tokens[at].kind {
            Kind::Word(word) => words
                .phrases_of(word.entry)
                .filter_map(|phrase| Some((matched(&tokens[at..], &phrase.atoms)?, phrase.entry)))
                .max_by_key(|(length, _)| *length),
            Kind::Number(number) => words
                .phrases_from(number.value)
                .filter_map(|phrase| Some((matched(&tokens[at..], &phrase.atoms)?, phrase.entry)))
                .max_by_key(|(length, _)| *length),
            Kind::Mark(_) => None,
        };
        let mut token = tokens[at];
        let mut length = 1;
        if let Some((phrase_length, id)) = longest {
            let entry = words.by_id(id);
            let is_capital = !matches!(token.kind, Kind::Word(word) if !word.is_capital);
            length = phrase_length;
            token = Token {
                kind: Kind::Word(Word { entry, is_capital }),
                end: tokens[at + length - 1].end,
                ..token
            };
        }
        tokens[kept] = token;
        kept += 1;
        at += length;
    }
    tokens.truncate(kept);
}

/// How many tokens from the first on are a phrase's pieces; `None`: they are not. Full stops may stand between.
pub(super) fn matched(tokens: &[Token], atoms: &[Atom]) -> Option<usize> {
    let mut at = 0;
    for (index, atom) in atoms.iter().enumerate() {
        if index > 0 && matches!(tokens.get(at)?.kind, Kind::Mark(mark) if is_skipped(mark)) {
            at += 1;
        }
        if !is_atom(tokens.get(at)?, *atom) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Where a phrase starts that ends before a token, and before a mark where its last piece is short or tied to what
/// follows ("пр. 5 ч", "angu-5"); `None`: there is none.
pub(super) fn matched_back(tokens: &[Token], atoms: &[Atom]) -> Option<usize> {
    let mut at = tokens.len();
    for atom in atoms.iter().rev() {
        if matches!(tokens.get(at.checked_sub(1)?)?.kind, Kind::Mark(mark) if is_skipped(mark)) {
            at -= 1;
        }
        at = at.checked_sub(1)?;
        if !is_atom(&tokens[at], *atom) {
            return None;
        }
    }
    Some(at)
}

fn is_atom(token: &Token, atom: Atom) -> bool {
    match (token.kind, atom) {
        (Kind::Word(word), Atom::Word(id)) => word.entry.id == id,
        (Kind::Number(number), Atom::Number(value)) => number.value == value,
        (Kind::Mark(mark), Atom::Mark(wanted)) => plain_mark(mark) == wanted,
        _ => false,
    }
}

/// Marks inside phrases that people write or leave out: "p.m.", "avant-hier".
pub(super) fn is_skipped(mark: char) -> bool {
    mark == '.' || plain_mark(mark) == '-'
}

/// A mark without the differences that keyboards make.
pub(super) fn plain_mark(mark: char) -> char {
    match mark {
        '’' | '‘' | 'ʼ' | '`' | '´' | '׳' => '\'',
        '‐' | '‑' | '–' | '—' | '−' | '־' => '-',
        mark => mark,
    }
}

/// Cuts a text into pieces, in order; white space and what shows nothing is left out.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (Piece, &str)> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, first) = rest.next()?;
            if first.is_whitespace() || is_invisible(first) {
                continue;
            }
            let mut end = start + first.len_utf8();
            if let Some(digit) = digit_value(first) {
                let mut number = Number { value: i64::from(digit), digits: 1 };
                while let Some((at, digit)) =
                    rest.peek().and_then(|(at, c)| Some((*at + c.len_utf8(), digit_value(*c)?)))
                {
                    number.value = number.value.saturating_mul(10).saturating_add(i64::from(digit));
                    number.digits += 1;
                    end = at;
                    rest.next();
                }
                return Some((Piece::Number(number), &text[start..end]));
            }
            if !is_letter(first) || is_mark_letter(first) {
                return Some((Piece::Mark(narrow(first)), &text[start..end]));
            }
            let is_unparted = parts_no_words(first);
            let goes_on =
                |letter: char| continues_word(letter) || (is_unparted && letter == ZERO_WIDTH_SPACE);
            while let Some((at, letter)) = rest.next_if(|(_, c)| !stands_alone(first) && goes_on(*c)) {
                end = at + letter.len_utf8();
            }
            return Some((Piece::Word, &text[start..end]));
        }
    })
}

/// A mark as the one of Latin script that does its work: "３／６" is "3/6", and a comma of any script a comma.
fn narrow(mark: char) -> char {
    match mark {
        '،' | '፣' | '၊' => ',',
        '․' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(mark) - 0xfee0).unwrap_or(mark),
        mark => mark,
    }
}

/// Whether Unicode calls it a letter. Its table is slow to look in; most letters of pages lie in a few ranges without gaps.
fn is_letter(letter: char) -> bool {
    let is_common = matches!(letter, 'a'..='z' | 'A'..='Z' | 'Ø'..='ö' | 'ø'..='ɏ' | 'Σ'..='ώ' | 'Ѐ'..='ҁ' | 'א'..='ת' | 'ء'..='ي'
        | '一'..='鿿');
    is_common || (!letter.is_ascii() && letter.is_alphabetic())
}

/// Shows readers of Khmer or Thai where a line may break: between words, and within those that CLDR has.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// Letters by Unicode that are written as apostrophes.
fn is_mark_letter(letter: char) -> bool {
    matches!(letter, 'ʼ' | 'ʻ')
}

/// Whether a letter after the first belongs to the same word.
fn continues_word(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_alphabetic();
    }
    (is_letter(letter) && !stands_alone(letter) && !is_mark_letter(letter)) || is_joiner(letter)
}

/// Chinese characters: each is a word.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '〇')
}

/// Whether a letter is of a script that writes words without spaces between them.
pub(super) fn parts_no_words(letter: char) -> bool {
    stands_alone(letter)
        || matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
            | '\u{ac00}'..='\u{d7a3}')
}

/// Marks inside words that are no letters by themselves: combining accents, viramas, joiners.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{654}' | '\u{200c}' | '\u{200d}' | '\u{93c}'
        | '\u{94d}' | '\u{9bc}' | '\u{9cd}' | '\u{a4d}' | '\u{acd}'
        | '\u{b4d}' | '\u{bcd}' | '\u{c4d}' | '\u{ccd}' | '\u{d4d}' | '\u{dca}' | '\u{e31}' | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}' | '\u{ec8}'..='\u{ece}' | '\u{1039}' | '\u{103a}' | '\u{17d2}')
}

/// Characters that show nothing and part nothing: direction marks, soft hyphen, zero-width space, BOM.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The zeros of the scripts whose digits pages use in dates (Unicode `Nd`), after ASCII.
const ZEROS: [u32; 28] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1b50, 0x1c50, 0xa9d0, 0xabf0, 0xff10, 0x11136, 0x1e950,
];

/// The value of a decimal digit of any script; `None`: not a digit.
fn digit_value(letter: char) -> Option<u8> {
    if letter.is_ascii() {
        return letter.is_ascii_digit().then(|| letter as u8 - b'0');
    }
    let code = u32::from(letter);
    // Between Latin with its accents and the first of them lie most letters of Europe's texts.
    if code < ZEROS[0] {
        return None;
    }
    ZEROS.iter().find_map(|zero| u8::try_from(code.checked_sub(*zero)?).ok().filter(|digit| *digit < 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_letters_hold_letters_alone() {
        for letter in '\0'..=char::MAX {
            assert_eq!(is_letter(letter), letter.is_alphabetic(), "{letter:?}");
        }
    }

    fn shapes(text: &str) -> Vec<String> {
        let shape = |token: Token| {
            let space = if token.is_spaced { " " } else { "" };
            match token.kind {
                Kind::Number(number) => format!("{space}{}#{}", number.value, number.digits),
                Kind::Word(_) | Kind::Mark(_) => format!("{space}{}", &text[token.start..token.end]),
            }
        };
        tokens(text, Lexicon::of(Some("vi"))).into_iter().map(shape).collect()
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

    #[test]
    fn words_that_mean_something_together_are_one() {
        assert_eq!(shapes("6 tháng 3 năm"), [" 6#1", " tháng 3", " năm"]);
        assert_eq!(shapes("tháng 13"), [" tháng", " 13#2"]);
    }
}
