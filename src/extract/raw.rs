//! Raw text: what stands in a style or a program, of which nothing is ever read → where it ends. Pure.
//!
//! Left alone is what a page may say in JSON, and a program that holds `<!--`, whose end is not where it seems
//! (HTML, "script data escaped state").

use html5ever::tokenizer::Tag;

/// The elements whose content is left out.
pub(super) const NAMES: [&str; 2] = ["style", "script"];

/// The element's name, if this is a tag of one whose content may be left out.
pub(super) fn name(tag: &Tag) -> Option<&'static str> {
    let name = NAMES.into_iter().find(|name| *name == &*tag.name)?;
    let may_be_json = tag.attrs.iter().any(|attribute| attribute.value.to_ascii_lowercase().contains("json"));
    (!may_be_json).then_some(name)
}

/// Where the content of such an element ends that begins here, or where it is to be read on.
pub(super) fn end(text: &str, start: usize, name: &str) -> usize {
    let mut from = start;
    while let Some(at) = memchr::memchr(b'<', &text.as_bytes()[from..]) {
        let end = from + at;
        match &text.as_bytes()[end + 1..] {
            [b'/', rest @ ..] if is_named(rest, name) => return end,
            [b'!', b'-', b'-', ..] if name == "script" => return start,
            _ => from = end + 1,
        }
    }
    start
}

/// Whether a tag of this name stands here: the name, and what ends it.
fn is_named(bytes: &[u8], name: &str) -> bool {
    let is_end = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | b' ' | b'/' | b'>');
    bytes.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(name.len()).is_some_and(is_end)
}
