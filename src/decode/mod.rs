//! Decode: a page's bytes → the document as text, with its charset and how it was found. Pure.
//!
//! The order is that of the Encoding and HTML standards (byte order mark, header, `<meta>`), then the bytes
//! themselves; a declaration the bytes contradict is not believed, and said so. Refuses what is not text (images,
//! archives, PDF) and charsets no browser reads (UTF-7, UTF-32): guessing there would invent headlines.

mod declared;
mod fit;
mod refuse;
#[cfg(test)]
mod tests;

use encoding_rs::{Encoding, UTF_8};
use serde::Serialize;
use url::Url;

use crate::{
    diagnostic::{Code, Diagnostic},
    page::Page,
};

pub use refuse::Undecodable;

/// A page as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The text, without a byte order mark.
    pub text: String,
    /// The address that answered; relative addresses are resolved against it unless a `<base>` says otherwise.
    pub url: Url,
    /// The charset's name in the Encoding standard (`UTF-8`, `windows-1252`).
    pub charset: &'static str,
    /// What decided the charset.
    pub found_by: CharsetSource,
    /// What was noticed on the way.
    pub diagnostics: Vec<Diagnostic>,
}

/// What decided a document's charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CharsetSource {
    /// A byte order mark.
    Bom,
    /// The `content-type` header.
    Header,
    /// A `<meta>` element or an XML declaration.
    Meta,
    /// The bytes themselves.
    Sniffed,
    /// Nothing was needed: the bytes are ASCII.
    Default,
}

impl std::fmt::Display for CharsetSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bom => "its byte order mark",
            Self::Header => "its header",
            Self::Meta => "its `<meta>`",
            Self::Sniffed => "its bytes",
            Self::Default => "default",
        })
    }
}

/// A charset and what decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Charset {
    encoding: &'static Encoding,
    source: CharsetSource,
}

/// Reads a page as text.
///
/// The text is always valid, whatever the bytes: what is not text in the charset becomes U+FFFD and is noted.
pub fn decode(page: &Page) -> Result<Document, Undecodable> {
    let mut diagnostics = Vec::new();
    let charset = charset_of(page, &mut diagnostics)?;
    let (text, has_errors) = charset.encoding.decode_with_bom_removal(&page.body);
    if has_errors {
        let count = text.matches(char::REPLACEMENT_CHARACTER).count();
        let name = charset.encoding.name();
        let message = format!("bytes that are not `{name}` were replaced, {count} places");
        diagnostics.push(Diagnostic::page(Code::BytesReplaced, message));
    }
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() {
        return Err(Undecodable::Empty);
    }
    Ok(Document {
        text: text.into_owned(),
        url: page.url.clone(),
        charset: charset.encoding.name(),
        found_by: charset.source,
        diagnostics,
    })
}

fn charset_of(page: &Page, diagnostics: &mut Vec<Diagnostic>) -> Result<Charset, Undecodable> {
    refuse::by_media_type(&page.headers)?;
    refuse::by_first_bytes(&page.body)?;
    if let Some((encoding, _)) = Encoding::for_bom(&page.body) {
        return Ok(Charset { encoding, source: CharsetSource::Bom });
    }
    let declared = declarations(page, diagnostics)?;
    if let Some(charset) = fit::declared_utf16(&page.body, &declared) {
        return Ok(charset);
    }
    if let Some(encoding) = fit::utf16_without_mark(&page.body) {
        return Ok(Charset { encoding, source: CharsetSource::Sniffed });
    }
    refuse::by_nul_bytes(&page.body)?;
    let chosen = fit::choose(&page.body, &page.url, &declared);
    note_disagreement(&declared, chosen, diagnostics);
    if declared.is_empty() && chosen.source == CharsetSource::Default && chosen.encoding != UTF_8 {
        let message = format!("the text was read as `{}`: {TOO_FEW}", chosen.encoding.name());
        diagnostics.push(Diagnostic::page(Code::CharsetDisagrees, message));
    }
    Ok(chosen)
}

/// The charsets the page declares, header first; labels nobody knows are noted and left out.
fn declarations(page: &Page, diagnostics: &mut Vec<Diagnostic>) -> Result<Vec<Charset>, Undecodable> {
    let header = page.headers.get("content-type").and_then(declared::in_header);
    let labels = [(CharsetSource::Header, header), (CharsetSource::Meta, declared::in_markup(&page.body))];
    let mut declared = Vec::new();
    for (source, label) in labels {
        let Some(label) = label else { continue };
        refuse::by_label(&label)?;
        if let Some(encoding) = declared::encoding(&label, source) {
            declared.push(Charset { encoding, source });
        } else {
            let message = format!("{} says `{label}`, which is no charset", place(source));
            diagnostics.push(Diagnostic::page(Code::CharsetDisagrees, message));
        }
    }
    Ok(declared)
}

const TOO_FEW: &str = "what is not ASCII is too little to tell its charset";

fn note_disagreement(declared: &[Charset], chosen: Charset, diagnostics: &mut Vec<Diagnostic>) {
    for other in declared.iter().filter(|d| d.encoding != chosen.encoding) {
        let reason = match chosen.source {
            CharsetSource::Header | CharsetSource::Meta => place(chosen.source).to_owned() + " is followed",
            CharsetSource::Default => TOO_FEW.to_owned(),
            CharsetSource::Bom | CharsetSource::Sniffed => "the bytes are followed".to_owned(),
        };
        let message = format!(
            "{} says `{}`, the text was read as `{}`: {reason}",
            place(other.source),
            other.encoding.name(),
            chosen.encoding.name()
        );
        diagnostics.push(Diagnostic::page(Code::CharsetDisagrees, message));
    }
}

fn place(source: CharsetSource) -> &'static str {
    match source {
        CharsetSource::Header => "the `content-type` header",
        CharsetSource::Meta => "the page's `<meta>`",
        CharsetSource::Bom => "the byte order mark",
        CharsetSource::Sniffed | CharsetSource::Default => "the text",
    }
}

/// Whether bytes are ASCII that means ASCII: ISO-2022-JP hides behind escape sequences of ASCII bytes.
fn is_plain_ascii(bytes: &[u8]) -> bool {
    bytes.is_ascii() && !bytes.contains(&0x1b)
}

impl Document {
    /// A document from text that needs no decoding: a fixture's or a test's.
    pub fn from_text(text: impl Into<String>, url: Url) -> Self {
        let found_by = CharsetSource::Default;
        Self { text: text.into(), url, charset: UTF_8.name(), found_by, diagnostics: Vec::new() }
    }
}
