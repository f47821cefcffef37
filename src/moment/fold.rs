//! A word as written → the letters it is looked up by: lower case, without the differences that hands make. Pure.
//!
//! `ΜΑΡΤΙΟΣ` is `Μάρτιος`, `KASIM` is `Kasım`, `اكتوبر` is `أكتوبر`. No allocation but for letters written in
//! two parts.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The longest word looked up, in bytes: no word of a table is longer.
pub(super) const LONGEST: usize = 96;

/// Room for a folded word.
pub(super) type Buffer = [u8; LONGEST];

/// A word folded, in the buffer if it is another then; `None`: longer than any word of a table.
pub(super) fn fold<'b>(word: &'b str, buffer: &'b mut Buffer) -> Option<&'b str> {
    // A run of letters may be as long as a text.
    if word.len() > LONGEST * 2 {
        return None;
    }
    if word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Some(word);
    }
    let mut length = 0;
    if word.is_ascii() {
        let room = buffer.get_mut(..word.len())?;
        room.copy_from_slice(word.as_bytes());
        room.make_ascii_lowercase();
        length = word.len();
    } else if word.chars().any(|letter| matches!(letter, '\u{300}'..='\u{306}' | '\u{308}'..='\u{36f}')) {
        push_all(word.nfc(), &mut length, buffer)?;
    } else {
        push_all(word.chars(), &mut length, buffer)?;
    }
    std::str::from_utf8(&buffer[..length]).ok()
}

fn push_all(letters: impl Iterator<Item = char>, length: &mut usize, buffer: &mut Buffer) -> Option<()> {
    for letter in letters.flat_map(char::to_lowercase).filter_map(folded) {
        let end = *length + letter.len_utf8();
        letter.encode_utf8(buffer.get_mut(*length..end)?);
        *length = end;
    }
    Some(())
}

/// A lower-case letter as it is looked up; `None`: it tells nothing apart.
fn folded(letter: char) -> Option<char> {
    Some(match letter {
        'ς' => 'σ',
        'ı' => 'i',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ک' => 'ك',
        'ۀ' => 'ه',
        'ё' => 'е',
        // Letters with the dot below, which Indian keyboards often lack.
        '\u{958}' => 'क',
        '\u{959}' => 'ख',
        '\u{95a}' => 'ग',
        '\u{95b}' => 'ज',
        '\u{95c}' => 'ड',
        '\u{95d}' => 'ढ',
        '\u{95e}' => 'फ',
        '\u{95f}' => 'य',
        // The dot below alone; the dot that `İ` leaves; the Arabic vowel marks, hamza above and tatweel; no space at all.
        '\u{200b}' | '\u{93c}' | '\u{9bc}' | '\u{307}' | '\u{64b}'..='\u{652}' | '\u{654}' | '\u{640}' => {
            return None;
        }
        letter => letter,
    })
}

/// A folded word without its accents, as people type it who have no such keys; `None`: it has none, or its
/// script does without them.
pub(super) fn bare(word: &str) -> Option<String> {
    let is_accented = word.chars().any(|letter| {
        matches!(letter, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{370}'..='\u{3ff}')
            && !matches!(letter, '×' | '÷')
    });
    if !is_accented {
        return None;
    }
    let bare: String = word
        .nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .map(|letter| match letter {
            'ł' => 'l',
            'ø' => 'o',
            'đ' => 'd',
            letter => letter,
        })
        .collect();
    (bare != word).then_some(bare)
}
