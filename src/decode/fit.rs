//! Fit: declared charsets held against the bytes → the charset to read with. Pure. Never fails: when nothing fits,
//! the best declaration is followed and its misfits are replaced.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use url::Url;

use super::{Charset, CharsetSource, is_plain_ascii};

/// So many UTF-8 sequences in a wholly valid page are no accident, whatever a legacy label says. A page in GBK can
/// hold one or two pairs of letters that happen to be UTF-8.
const TELLING_SEQUENCES: usize = 3;

/// The first declaration the bytes do not contradict, else what the bytes look like.
pub(super) fn choose(body: &[u8], url: &Url, declared: &[Charset]) -> Charset {
    let utf8 = Utf8Shape::of(body);
    if let Some(fitting) = declared.iter().find(|d| fits(d.encoding, body, utf8)) {
        return *fitting;
    }
    let sniffed = |encoding| Charset { encoding, source: CharsetSource::Sniffed };
    if utf8.is_likely() {
        return sniffed(UTF_8);
    }
    if is_plain_ascii(body) {
        return Charset { encoding: UTF_8, source: CharsetSource::Default };
    }
    let is_legacy = |d: &&Charset| d.encoding != UTF_8 && d.encoding != UTF_16LE && d.encoding != UTF_16BE;
    match declared.iter().find(is_legacy) {
        Some(legacy) => *legacy,
        None => sniff(body, url),
    }
}

/// A declaration of UTF-16 that the bytes bear out.
pub(super) fn declared_utf16(body: &[u8], declared: &[Charset]) -> Option<Charset> {
    let is_utf16 = |d: &&Charset| d.encoding == UTF_16LE || d.encoding == UTF_16BE;
    declared
        .iter()
        .find(is_utf16)
        .copied()
        .filter(|d| fits(d.encoding, body, Utf8Shape { valid: 0, invalid: 0 }))
}

fn fits(encoding: &'static Encoding, body: &[u8], utf8: Utf8Shape) -> bool {
    if encoding == UTF_8 {
        return utf8.is_likely() || body.is_ascii();
    }
    if encoding == UTF_16LE || encoding == UTF_16BE {
        // UTF-16 markup is full of NUL bytes; what has none and says UTF-16 is a wrong header.
        return body.iter().take(512).any(|b| *b == 0);
    }
    let telling = if encoding == WINDOWS_1252 { 1 } else { TELLING_SEQUENCES };
    if utf8.invalid == 0 && utf8.valid >= telling {
        return false;
    }
    encoding.decode_without_bom_handling_and_without_replacement(body).is_some()
}

/// How many sequences of more than one byte are UTF-8, and how many breaks there are; of a text without breaks, no more
/// than are telling are counted.
#[derive(Clone, Copy, Debug)]
struct Utf8Shape {
    valid: usize,
    invalid: usize,
}

impl Utf8Shape {
    fn of(body: &[u8]) -> Self {
        // Every sequence of more than one byte has one lead byte, and only lead bytes are this large.
        let is_lead = |byte: &u8| *byte >= 0xc0;
        if std::str::from_utf8(body).is_ok() {
            // Whole stretches of ASCII are known faster than letter by letter.
            let other = body.chunks(1024).filter(|stretch| !stretch.is_ascii()).flatten();
            return Self { valid: other.filter(|b| is_lead(b)).take(TELLING_SEQUENCES).count(), invalid: 0 };
        }
        let mut shape = Self { valid: 0, invalid: 0 };
        for chunk in body.utf8_chunks() {
            shape.valid += chunk.valid().as_bytes().iter().filter(|b| is_lead(b)).count();
            shape.invalid += usize::from(!chunk.invalid().is_empty());
        }
        shape
    }

    /// A page of UTF-8 with a few broken bytes (a text cut by a byte count) is still UTF-8: reading it as
    /// windows-1252 would break every other letter. Legacy text is hardly ever valid UTF-8 by accident.
    fn is_likely(self) -> bool {
        self.valid > self.invalid
    }
}

/// So few bytes that are not ASCII look like anything: three of them like Cyrillic, though they be half of an emoji.
const TELLING_BYTES: usize = 10;

/// What undeclared bytes look like; the address's top-level domain tells `.ru` from `.gr`. Where they are too few to tell
/// and no domain helps, they are what the HTML standard takes them for.
fn sniff(body: &[u8], url: &Url) -> Charset {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(body, true);
    let top_level = url.domain().and_then(|d| d.trim_end_matches('.').rsplit('.').next());
    let top_level = top_level.filter(|t| !t.is_empty() && t.is_ascii());
    let top_level = top_level.map(str::as_bytes);
    let encoding = detector.guess(top_level, Utf8Detection::Deny);
    let others = body.iter().filter(|byte| !byte.is_ascii()).take(TELLING_BYTES).count();
    let is_told = others == 0 || others == TELLING_BYTES || EncodingDetector::tld_may_affect_guess(top_level);
    if is_told || encoding == WINDOWS_1252 {
        return Charset { encoding, source: CharsetSource::Sniffed };
    }
    Charset { encoding: WINDOWS_1252, source: CharsetSource::Default }
}

/// UTF-16 without its mark: markup begins with `<` and a NUL byte beside it.
pub(super) fn utf16_without_mark(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [0, b'<', ..] => Some(UTF_16BE),
        [b'<', 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}
