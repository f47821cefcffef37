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
//! | `c3` `q3` | three, third |
//! | `P` `I` `H` | months of the Persian, Islamic and Hebrew calendars |
//! | `l` `o` | words inside a language's date patterns; the order of its short dates |
//! | others | the small words; `words.txt` lists them |

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

/// The lines of a language, as key and names; none for a language that neither text has.
pub(super) fn lines(language: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    [WORDS, CLDR]
        .into_iter()
        .flat_map(move |table| section(table, language).lines())
        .filter_map(|line| line.split_once(' '))
}

/// The language of a tag, as the texts name it: "nb" of "nb-NO", "he" of "iw"; `None`: they have it not.
pub(super) fn language(tag: &str) -> Option<&'static str> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    heading(&primary).or_else(|| {
        let (_, alias) = ALIASES.iter().find(|(alias, _)| *alias == primary)?;
        heading(alias)
    })
}

/// A language's own heading in the texts.
fn heading(language: &str) -> Option<&'static str> {
    let wanted = format!("\n@{language}\n");
    let found = [CLDR, WORDS].into_iter().find_map(|table| {
        let start = table.find(&wanted)? + 2;
        Some(&table[start..start + language.len()])
    });
    found.filter(|language| !language.is_empty())
}

/// Languages that share their words with another: both are read.
pub(super) fn sister(language: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(alias, _)| *alias == language).map(|(_, sister)| *sister)
}

/// The text of a section without its heading.
fn section(table: &'static str, language: &str) -> &'static str {
    let heading = format!("\n@{language}\n");
    let Some(start) = table.find(&heading).map(|at| at + heading.len()) else { return "" };
    let end = table[start..].find("\n@").map_or(table.len(), |at| start + at);
    &table[start..end]
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
