//! Plain: texts and tags that leave nothing to interpret → the tokens that html5ever makes of them. Pure.
//!
//! Refuses whatever takes more than a look: letters in upper case, quotes and spaces in odd places, the same attribute
//! twice, references that depend on what follows, and the elements whose content is read in another way (HTML,
//! "tokenization").

use html5ever::{
    Attribute, LocalName, QualName, ns,
    tendril::StrTendril,
    tokenizer::{Tag, TagKind, Token},
};

use super::build::cut;

/// Whether the start tag of an element changes how the text after it is read.
fn is_switch(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "textarea"
            | "style"
            | "xmp"
            | "iframe"
            | "noembed"
            | "noframes"
            | "script"
            | "noscript"
            | "plaintext"
    )
}

/// `&#x10ffff;`
const MAX_REFERENCE_BYTES: usize = 10;

/// More attributes than any element needs; each is compared with all before it.
const MAX_ATTRIBUTES: usize = 32;

/// The text or the reference to a character that stands here, and where it ends; `None`: there is none, or it is not
/// plain.
pub(super) fn text(page: &str, start: usize, shared: &StrTendril) -> Option<(Token, usize)> {
    let bytes = &page.as_bytes()[start..];
    if bytes.first() == Some(&b'&') {
        let (character, length) = reference(bytes)?;
        return Some((Token::CharacterTokens(StrTendril::from_char(character)), start + length));
    }
    if bytes.first() == Some(&b'<') {
        return None;
    }
    let end = start + memchr::memchr3(b'<', b'&', 0, bytes).unwrap_or(bytes.len());
    if end == start {
        return None;
    }
    let text = &page[start..end];
    let text = if memchr::memchr(b'\r', text.as_bytes()).is_some() {
        StrTendril::from(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        cut(shared, start, end)
    };
    Some((Token::CharacterTokens(text), end))
}

/// The character that a reference stands for which ends in `;` and is read the same everywhere, and its length.
fn reference(bytes: &[u8]) -> Option<(char, usize)> {
    let end = bytes.iter().take(MAX_REFERENCE_BYTES).position(|byte| *byte == b';')?;
    let character = match &bytes[1..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"nbsp" => '\u{a0}',
        [b'#', b'x' | b'X', digits @ ..] => numbered(digits, 16)?,
        [b'#', digits @ ..] => numbered(digits, 10)?,
        _ => return None,
    };
    Some((character, end + 1))
}

/// The character with this number; `None`: it is one that is replaced by another, or not allowed.
fn numbered(digits: &[u8], radix: u32) -> Option<char> {
    let add = |sum: u32, digit: &u8| sum.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?);
    let number = digits.iter().try_fold(0, add)?;
    char::from_u32(number).filter(|c| matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}'))
}

/// The tag that stands here, and where it ends; `None`: there is none, or it is not plain.
pub(super) fn tag(page: &str, start: usize, shared: &StrTendril) -> Option<(Token, usize)> {
    let mut reader = Reader { page, at: start };
    reader.take(b'<')?;
    let kind = if reader.take(b'/').is_some() { TagKind::EndTag } else { TagKind::StartTag };
    let name = reader.name().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))?;
    if kind == TagKind::StartTag && is_switch(name) {
        return None;
    }
    let mut attrs: Vec<Attribute> = Vec::new();
    let self_closing = loop {
        let has_space = reader.space();
        if reader.take(b'>').is_some() {
            break false;
        }
        if reader.take(b'/').is_some() {
            reader.take(b'>')?;
            break true;
        }
        let attribute = reader.attribute(shared)?;
        let is_odd = !has_space || kind == TagKind::EndTag || attrs.len() == MAX_ATTRIBUTES;
        if is_odd || attrs.iter().any(|other| other.name == attribute.name) {
            return None;
        }
        if attrs.is_empty() {
            // What pushing would come to, without asking.
            attrs.reserve_exact(4);
        }
        attrs.push(attribute);
    };
    let name = LocalName::from(name);
    let tag = Tag { kind, name, self_closing, attrs, had_duplicate_attributes: false };
    Some((Token::TagToken(tag), reader.at))
}

/// Reads a tag from its beginning.
struct Reader<'a> {
    page: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.page.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// What stands here as far as `is_part` goes.
    fn run(&mut self, is_part: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let bytes = &self.page.as_bytes()[start..];
        self.at += bytes.iter().position(|byte| !is_part(*byte)).unwrap_or(bytes.len());
        &self.page[start..self.at]
    }

    /// Whether there was white space.
    fn space(&mut self) -> bool {
        !self.run(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)).is_empty()
    }

    fn name(&mut self) -> Option<&'a str> {
        let name = self.run(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b':')
        });
        (!name.is_empty()).then_some(name)
    }

    fn attribute(&mut self, shared: &StrTendril) -> Option<Attribute> {
        let name = QualName::new(None, ns!(), LocalName::from(self.name()?));
        if self.take(b'=').is_none() {
            return Some(Attribute { name, value: StrTendril::new() });
        }
        let quote = self.peek()?;
        let value = if matches!(quote, b'"' | b'\'') {
            self.quoted(quote, shared)?
        } else {
            let start = self.at;
            self.run(|byte| byte.is_ascii_alphanumeric() || b"-_:./#%".contains(&byte));
            cut(shared, start, self.at)
        };
        // Without quotes there must be something.
        (self.page.as_bytes()[self.at - 1] != b'=').then_some(Attribute { name, value })
    }

    /// The value between two quotes.
    fn quoted(&mut self, quote: u8, shared: &StrTendril) -> Option<StrTendril> {
        self.take(quote)?;
        let mut value = StrTendril::new();
        loop {
            let start = self.at;
            let rest = &self.page.as_bytes()[start..];
            self.at += memchr::memchr3(quote, b'&', b'\r', rest).unwrap_or(rest.len());
            if memchr::memchr(0, &rest[..self.at - start]).is_some() {
                return None;
            }
            let part = cut(shared, start, self.at);
            if value.is_empty() {
                value = part;
            } else {
                value.push_tendril(&part);
            }
            if self.take(b'&').is_none() {
                return self.take(quote).map(|()| value);
            }
            let (character, length) = reference(&self.page.as_bytes()[self.at - 1..])?;
            value.push_char(character);
            self.at += length - 1;
        }
    }
}
