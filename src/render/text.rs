//! Text fit for XML: any string → one that every XML 1.0 parser takes. Pure.
//!
//! [`XmlText`] is the only way text gets into a feed. It refuses markup: what looks like a tag or an entity is
//! text, and is escaped by whoever writes it.

use std::fmt;

use unicode_normalization::char::is_combining_mark;

/// Text without characters that XML 1.0 §2.2 forbids or discourages, and without those that spoil the text around
/// them (bidirectional overrides, heaps of combining marks). Whitespace and invisible characters at its ends are
/// gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct XmlText(String);

/// More marks than this on one letter are decoration that runs over the lines above and below. Real writing
/// systems stack four or five (pointed Hebrew, Tibetan).
const MAX_COMBINING_RUN: usize = 8;

impl XmlText {
    /// Text of one line: every line break and tab becomes a space. For titles, names, and attributes, where XML
    /// parsers would do the same (§3.3.3).
    pub fn line(text: &str) -> Self {
        let text = Self::block(text).0;
        Self(text.replace(['\n', '\t', '\u{2028}', '\u{2029}'], " "))
    }

    /// Text of several lines: line breaks are line feeds.
    pub fn block(text: &str) -> Self {
        let mut clean = String::with_capacity(text.len());
        let (mut marks, mut rest) = (0, text);
        while !rest.is_empty() {
            let plain = rest.bytes().take_while(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')).count();
            if plain > 0 {
                clean.push_str(&rest[..plain]);
                (marks, rest) = (0, &rest[plain..]);
                continue;
            }
            let mut chars = rest.chars();
            let c = chars.next().unwrap_or_default();
            rest = chars.as_str();
            if c == '\r' {
                // CR LF is one line break; parsers turn a lone CR into a line feed (§2.11).
                if !rest.starts_with('\n') {
                    clean.push('\n');
                }
                continue;
            }
            let Some(c) = allowed(c) else { continue };
            marks = if !c.is_ascii() && is_combining_mark(c) { marks + 1 } else { 0 };
            if marks <= MAX_COMBINING_RUN {
                clean.push(c);
            }
        }
        Self(clean.trim_matches(|c: char| c.is_whitespace() || is_invisible(c)).to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<XmlText> for String {
    fn from(text: XmlText) -> Self {
        text.0
    }
}

impl fmt::Display for XmlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The character to write for `c`; `None`: it has no place in a feed.
fn allowed(c: char) -> Option<char> {
    match c {
        '\t' | '\n' => Some(c),
        '\0'..='\x1f' | '\x7f' | '\u{fdd0}'..='\u{fdef}' => None,
        '\u{80}'..='\u{9f}' => windows_1252(c),
        _ if u32::from(c) & 0xfffe == 0xfffe => None,
        // Embeddings, overrides and isolates: left open, they turn around the text of the reader's own page. The
        // marks U+200E, U+200F and U+061C have no scope and belong to Arabic and Hebrew writing: they stay.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        _ => Some(c),
    }
}

/// A C1 control in a page is nearly always a windows-1252 byte that was written as a character reference, `&#146;`
/// for an apostrophe. `None` for the five bytes that denote nothing there.
fn windows_1252(c: char) -> Option<char> {
    let byte = u8::try_from(u32::from(c)).ok()?;
    let bytes = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
    text.chars().next().filter(|&decoded| decoded != c)
}

/// Zero-width characters that carry nothing at the ends of a text: spaces, joiners, word joiner, byte order mark,
/// soft hyphen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(text: &str) -> String {
        XmlText::line(text).into()
    }

    #[test]
    fn characters_that_xml_forbids_are_dropped() {
        assert_eq!(line("a\0b\u{1}c\u{b}d\u{1f}e\u{7f}f\u{fffe}g\u{ffff}h\u{fdd0}i\u{1fffe}j"), "abcdefghij");
    }

    #[test]
    fn a_c1_control_is_the_windows_1252_character_it_stands_for() {
        assert_eq!(line("it\u{92}s \u{80}5 \u{96} \u{85}"), "it’s €5 – …");
        assert_eq!(line("a\u{81}\u{8d}\u{8f}\u{90}\u{9d}b"), "ab");
    }

    #[test]
    fn line_breaks_become_line_feeds_or_spaces() {
        assert_eq!(XmlText::block("a\r\nb\rc\nd\te").as_str(), "a\nb\nc\nd\te");
        assert_eq!(line("a\r\nb\rc\nd\te\u{2028}f"), "a b c d e f");
    }

    #[test]
    fn heaps_of_combining_marks_are_cut_and_real_ones_stay() {
        let zalgo = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(line(&zalgo), format!("a{}b", "\u{301}".repeat(8)));
        assert_eq!(line("בְּרֵאשִׁ֖ית"), "בְּרֵאשִׁ֖ית");
    }

    #[test]
    fn overrides_are_removed_and_directional_marks_stay() {
        assert_eq!(
            line("\u{202e}evil\u{202c} \u{2067}x\u{2069} \u{200f}عربي\u{200f}"),
            "evil x \u{200f}عربي\u{200f}"
        );
    }

    #[test]
    fn invisible_ends_are_trimmed_and_joiners_within_stay() {
        assert_eq!(line("\u{feff}\u{200b} a \u{200b}\u{ad}"), "a");
        assert_eq!(line("👩\u{200d}🚀 می\u{200c}خواهم"), "👩\u{200d}🚀 می\u{200c}خواهم");
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(line("A &amp; B < C ]]> <b>"), "A &amp; B < C ]]> <b>");
    }

    proptest! {
        #[test]
        fn whatever_comes_only_what_xml_allows_leaves(text in proptest::collection::vec(any::<char>(), 0..60)) {
            let text: String = text.into_iter().collect();
            for c in XmlText::block(&text).as_str().chars() {
                prop_assert!(matches!(c, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}'
                    | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}'), "{c:?}");
            }
        }

        #[test]
        fn a_text_is_cleaned_as_its_letters_are(text in "(?s)[ab\\n\u{301}\u{92}\u{202e}]{0,40}|.{0,20}") {
            let mut marks = 0;
            let letters = text.replace("\r\n", "\n").replace('\r', "\n");
            let kept = letters.chars().filter_map(allowed).filter(|c| {
                marks = if is_combining_mark(*c) { marks + 1 } else { 0 };
                marks <= MAX_COMBINING_RUN
            });
            let kept: String = kept.collect();
            let is_trimmed = |c: char| c.is_whitespace() || is_invisible(c);
            let clean: String = XmlText::block(&text).into();
            prop_assert_eq!(clean, kept.trim_matches(is_trimmed));
        }

        #[test]
        fn clean_text_stays_as_it_is(text in ".{0,40}") {
            let once = XmlText::line(&text);
            prop_assert_eq!(XmlText::line(once.as_str()), once.clone());
            prop_assert_eq!(XmlText::block(once.as_str()), once);
        }
    }

    #[test]
    fn every_character_of_unicode_is_decided() {
        for c in '\0'..=char::MAX {
            if let Some(kept) = allowed(c) {
                assert!(kept == '\t' || kept == '\n' || !kept.is_control(), "{c:?} gave {kept:?}");
            }
        }
    }
}
