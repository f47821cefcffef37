//! Declared charsets: the `content-type` header or the first bytes of the markup → a label, if one stands there.
//! Pure. Follows the HTML standard's prescan (§13.2.3.2); does not decide whether the label is true.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

use super::CharsetSource;

/// The standard reads 1024 bytes. In the wild the `<meta>` comes later, behind inline scripts and comments, and
/// browsers find it anyway by parsing on.
const PRESCAN_BYTES: usize = 4096;

/// The `charset` parameter of a media type.
pub(super) fn in_header(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// The encoding of a label, with the HTML standard's exceptions for labels inside the markup: markup that could be
/// read byte by byte is not UTF-16.
pub(super) fn encoding(label: &str, source: CharsetSource) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label.as_bytes())?;
    if source != CharsetSource::Meta {
        return Some(encoding);
    }
    Some(match encoding {
        e if e == UTF_16LE || e == UTF_16BE => UTF_8,
        e if e == X_USER_DEFINED => WINDOWS_1252,
        e => e,
    })
}

/// The label of a `<meta>` element or an XML declaration near the start.
pub(super) fn in_markup(body: &[u8]) -> Option<String> {
    let head = &body[..body.len().min(PRESCAN_BYTES)];
    in_xml_declaration(head).or_else(|| in_meta(head))
}

fn in_xml_declaration(head: &[u8]) -> Option<String> {
    if !head.starts_with(b"<?xml") {
        return None;
    }
    let end = find(head, b"?>")?;
    let declaration = &head[..end];
    let after = &declaration[find(declaration, b"encoding")? + b"encoding".len()..];
    let after = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = after.split_first().filter(|(q, _)| matches!(q, b'"' | b'\''))?;
    let end = value.iter().position(|b| b == quote)?;
    label(&value[..end])
}

fn in_meta(head: &[u8]) -> Option<String> {
    let mut scan = Scan { bytes: head, at: 0 };
    while let Some(rest) = scan.rest() {
        if rest.starts_with(b"<!--") {
            // `<!-->` is a whole comment: its two hyphens open and close it.
            scan.at += 2;
            scan.at += find(scan.rest()?, b"-->")? + 3;
        } else if is_meta(rest) {
            scan.at += b"<meta".len();
            if let Some(label) = scan.meta() {
                return Some(label);
            }
        } else if is_tag(rest) {
            scan.at += 1;
            scan.skip_while(|b| !b.is_ascii_whitespace() && b != b'>');
            while scan.attribute().is_some() {}
        } else if matches!(rest, [b'<', b'!' | b'/' | b'?', ..]) {
            scan.skip_while(|b| b != b'>');
        } else {
            scan.at += 1;
        }
    }
    None
}

fn is_meta(rest: &[u8]) -> bool {
    rest.len() > 5
        && rest[..5].eq_ignore_ascii_case(b"<meta")
        && (rest[5].is_ascii_whitespace() || rest[5] == b'/')
}

fn is_tag(rest: &[u8]) -> bool {
    match rest {
        [b'<', b'/', letter, ..] | [b'<', letter, ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// A place in the first bytes of a page.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> Option<&'a [u8]> {
        self.bytes.get(self.at..).filter(|rest| !rest.is_empty())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let start = self.at.min(self.bytes.len());
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        &self.bytes[start..self.at.clamp(start, self.bytes.len())]
    }

    /// The label of the `<meta>` whose attributes begin here.
    fn meta(&mut self) -> Option<String> {
        let mut charset = None;
        let mut content = None;
        let mut is_content_type = false;
        while let Some((name, value)) = self.attribute() {
            match name.to_ascii_lowercase().as_slice() {
                b"charset" if charset.is_none() => charset = label(value),
                b"content" if content.is_none() => content = in_content(value),
                b"http-equiv" => is_content_type |= value.eq_ignore_ascii_case(b"content-type"),
                _ => {}
            }
        }
        charset.or_else(|| content.filter(|_| is_content_type))
    }

    /// The next attribute of the tag; `None`: the tag or the bytes end.
    fn attribute(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        self.skip_while(|b| b.is_ascii_whitespace() || b == b'/');
        if matches!(self.peek()?, b'>') {
            self.at += 1;
            return None;
        }
        let start = self.at;
        // A name may begin with `=`; the standard lets the first byte through.
        self.at += 1;
        self.skip_while(|b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'='));
        let name = &self.bytes[start..self.at];
        self.skip_while(|b| b.is_ascii_whitespace());
        if self.peek() != Some(b'=') {
            return Some((name, b""));
        }
        self.at += 1;
        self.skip_while(|b| b.is_ascii_whitespace());
        let value = match self.peek()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let value = self.skip_while(|b| b != quote);
                self.at += 1;
                value
            }
            _ => self.skip_while(|b| !b.is_ascii_whitespace() && b != b'>'),
        };
        Some((name, value))
    }
}

/// The label inside `text/html; charset=...` (HTML standard, "extracting a character encoding from a meta element").
fn in_content(content: &[u8]) -> Option<String> {
    let mut rest = content;
    loop {
        let lower = rest.to_ascii_lowercase();
        rest = &rest[find(&lower, b"charset")? + b"charset".len()..];
        let Some(value) = rest.trim_ascii_start().strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        let quoted = value.split_first().filter(|(q, _)| matches!(q, b'"' | b'\''));
        if let Some((quote, inner)) = quoted {
            return label(&inner[..inner.iter().position(|b| b == quote)?]);
        }
        let end = value.iter().position(|b| b.is_ascii_whitespace() || *b == b';');
        return label(&value[..end.unwrap_or(value.len())]);
    }
}

fn label(bytes: &[u8]) -> Option<String> {
    // The longest label of the standard has 19 letters; more is no label, and not to be printed either.
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.is_empty() && text.len() <= 40).then(|| text.to_owned())
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
