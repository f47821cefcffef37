//! The words of dates, by language: two texts in the binary → the lines of a section. Data, and how to find it.
//!
//! `cldr.txt` is made by `generate.py` from the Unicode CLDR (its licence is beside it) and has every language
//! that CLDR knows; `words.txt` is written by hand and has what CLDR does not tell. Both have sections,
//! `@language`, of lines `key name|name|…`, names lower case, `{0}` standing for a number:
//!
//! | key | what its names are |
//! |---|---|
//! | `M3` `m3` | the third month, whole or shortened, in all forms of the language |
//! | `D3` | the third month, where the name is also an ordinary word |
//! | `w1` | Monday |
//! | `n-1` | the day so many days from today |
//! | `ah` `bh` | so many hours ago, so many hours ahead (`s` `i` `h` `d` `w` `m` `y`); `ah2`: two hours ago |
//! | `rw-1` `rw0` `rm1` | last week, this week, next month |
//! | `v1` `z1` | last Monday, next Monday |
//! | `ud` | names of the unit |
//! | `c3` `q3` | three, third |
//! | `P` `I` `H` | months of the Persian, Islamic and Hebrew calendars |
//! | `l` `o` | words inside a language's date patterns; the order of its short dates |
//! | `at` `am` `pm` | words before a time of day, and its halves; names of `am` with `{0}` are so many months ago |
//! | others | the small words; `words.txt` lists them |

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Made by `generate.py`.
const CLDR: &str = include_str!("cldr.txt");

/// Written by hand.
const WORDS: &str = include_str!("words.txt");

/// Languages that are read on pages of any language, most widely written first: where two of them have the same
/// name for different months, the first one's counts.
pub(super) const COMMON: [&str; 66] = [
    "en", "es", "de", "fr", "ru", "pt", "it", "ja", "zh", "nl", "pl", "tr", "ar", "fa", "id", "vi", "ko",
    "cs", "sv", "el", "hu", "uk", "ro", "da", "fi", "nb", "no", "he", "th", "bg", "sk", "lt", "hr", "sr",
    "sl", "et", "lv", "ca", "hi", "bn", "ur", "ta", "te", "ml", "mr", "gu", "kn", "pa", "ne", "si", "ms",
    "fil", "sw", "az", "kk", "uz", "ka", "hy", "mk", "sq", "be", "is", "eu", "gl", "af", "mn",
];

/// Tags that are written for other tags.
const ALIASES: [(&str, &str); 9] = [
    ("in", "id"),
    ("iw", "he"),
    ("ji", "yi"),
    ("mo", "ro"),
    ("nb", "no"),
    ("no", "nb"),
    ("sh", "sr"),
    ("tl", "fil"),
    ("cmn", "zh"),
];

/// The sections of both texts, by heading, the hand-written before the other.
static SECTIONS: LazyLock<FxHashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut sections: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for section in [WORDS, CLDR].into_iter().flat_map(|table| table.split("\n@").skip(1)) {
        let (heading, lines) = section.split_once('\n').unwrap_or((section, ""));
        sections.entry(heading).or_default().push(lines);
    }
    sections
});

/// The lines of a language, as key and names; none for a language that neither text has.
pub(super) fn lines(language: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let sections = SECTIONS.get(language).map_or(&[][..], Vec::as_slice);
    sections.iter().flat_map(|lines| lines.lines()).filter_map(|line| line.split_once(' '))
}

/// The language of a tag, as the texts name it: "nb" of "nb-NO", "he" of "iw"; `None`: they have it not.
pub(super) fn language(tag: &str) -> Option<&'static str> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let heading = |language: &str| SECTIONS.get_key_value(language).map(|(heading, _)| *heading);
    heading(&primary).or_else(|| {
        let (_, alias) = ALIASES.iter().find(|(alias, _)| *alias == primary)?;
        heading(alias)
    })
}

/// Languages that share their words with another: both are read.
pub(super) fn sister(language: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(alias, _)| *alias == language).map(|(_, sister)| *sister)
}

/// Every language that the texts have, in the order of `cldr.txt`.
#[cfg(test)]
pub(super) fn languages() -> impl Iterator<Item = &'static str> {
    CLDR.lines().filter_map(|line| line.strip_prefix('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_twelve_months() {
        assert!(languages().count() > 200);
        for language in languages() {
            let months = (1..=12).filter(|month| {
                lines(language).any(|(key, _)| key.strip_prefix(['M', 'm', 'D']) == Some(&month.to_string()))
            });
            let is_numbered = ["kkj", "ja", "zh", "yue", "ko", "ii", "mn", "za"].contains(&language);
            assert!(is_numbered || months.count() == 12, "{language}");
        }
    }

    #[test]
    fn common_languages_and_aliases_are_there() {
        assert!(COMMON.iter().all(|language| lines(language).next().is_some()));
        assert_eq!(language("de-AT"), Some("de"));
        assert_eq!(language("iw"), Some("he"));
        assert_eq!(language("nb_NO"), Some("nb"));
        assert_eq!(language("xx"), None);
    }
}
