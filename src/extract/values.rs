//! JSON text as programs write it → JSON text that can be read. Pure.
//!
//! Refuses a text of so many values that they would fill the memory, and mends halves of letters.

use std::borrow::Cow;

/// The most values read of one page or feed. `{"":0}` is seven bytes, and half a kilobyte once it is read: 20 MiB of that
/// take 1.6 GiB. The largest honest state of a page has some 100,000.
pub(crate) const MAX_VALUES: usize = 300_000;

/// The text, when it has no more than `left` values, which are taken from it.
///
/// # Errors
/// What is wrong with it, for a person.
pub(crate) fn readable<'t>(text: &'t str, left: &mut usize) -> Result<Cow<'t, str>, String> {
    match left.checked_sub(count(text)) {
        Some(rest) => *left = rest,
        None => return Err(format!("it has more than {MAX_VALUES} values")),
    }
    let has_halves = text.contains("\\ud") || text.contains("\\uD");
    Ok(if has_halves { Cow::Owned(whole_letters(text)) } else { Cow::Borrowed(text) })
}

/// About how many values the first value of a text holds: what opens one of several, and what parts them.
fn count(text: &str) -> usize {
    let (mut values, mut depth, mut in_string, mut is_escaped) = (1, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b',' => values += 1,
            b'{' | b'[' => {
                values += 1;
                depth += 1;
            }
            b'}' | b']' if depth <= 1 => break,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    values
}

/// A half of a surrogate pair (RFC 8259 §8.2) becomes U+FFFD: programs cut texts within an emoji, and one headline shall
/// not cost the feed.
fn whole_letters(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push('\u{fffd}');
                rest = &rest[6..];
                continue;
            }
            _ => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        whole.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    whole.push_str(rest);
    whole
}

/// The code unit of an escape (`\ud83d`) that a text begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_letters_are_replaced_and_whole_ones_kept() {
        for (written, expected) in [
            (r#""a\ud83d\ude00b""#, "a😀b"),
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\uDE00 \\ud83d \"""#, "\u{fffd} \\ud83d \""),
        ] {
            let text = readable(written, &mut MAX_VALUES.clone()).unwrap();
            assert_eq!(serde_json::from_str::<String>(&text).unwrap(), expected, "{written}");
        }
        for broken in ["\\ud83", "\\u", "\\", "\\ud83d\\", "\\é\\ud800é"] {
            assert!(readable(broken, &mut MAX_VALUES.clone()).is_ok(), "{broken}");
        }
    }

    #[test]
    fn values_are_counted_and_not_what_looks_like_them() {
        assert_eq!(count(r#"{"a": [1, 2, "x,{[\",["]}"#), 5);
        assert_eq!(count("{\"a\": [1]}; go({}, {}, {})"), 3, "what a program goes on with");
        let mut left = 8;
        assert!(readable("[1,2,3]", &mut left).is_ok());
        assert_eq!(readable("[1,2,3,4]", &mut left).unwrap_err(), "it has more than 300000 values");
    }
}
