//! `&…;` as feeds write it → the character that is meant. Pure.

use quick_xml::escape::resolve_html5_entity;

/// The longest name of an entity of HTML has 31 letters.
const MAX_BYTES: usize = 32;

/// A text with its entities decoded, and how many `&` in it begin none: those stay.
pub fn decoded(written: &str) -> (String, usize) {
    if !written.contains('&') {
        return (written.to_owned(), 0);
    }
    let mut text = String::with_capacity(written.len());
    let mut bare = 0;
    let mut rest = written;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.bytes().take(MAX_BYTES + 1).position(|byte| byte == b';');
        if let Some((end, character)) = end.and_then(|end| Some((end, entity(&rest[..end])?))) {
            text.push_str(&character);
            rest = &rest[end + 1..];
        } else {
            bare += 1;
            text.push('&');
        }
    }
    text.push_str(rest);
    (text, bare)
}

/// What an entity stands for: a number, or a name of XML or HTML. `None`: nothing.
pub fn entity(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map(str::to_owned);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // What XML forbids, but the windows-1252 letters that pages write as numbers, is dropped.
    let character = char::from_u32(code)?;
    let is_allowed = matches!(character, '\t' | '\n' | '\r')
        || (character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}'));
    Some(if is_allowed { windows_1252(character).to_string() } else { String::new() })
}

/// `&#146;` is meant as windows-1252's apostrophe, as browsers read it.
fn windows_1252(character: char) -> char {
    if !('\u{80}'..='\u{9f}').contains(&character) {
        return character;
    }
    let byte = [u8::try_from(u32::from(character)).unwrap_or(b'?')];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
    text.chars().next().unwrap_or(character)
}
