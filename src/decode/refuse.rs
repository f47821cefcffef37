//! Refusals: what is no text to us → a named reason. Pure.

use encoding_rs::{Encoding, REPLACEMENT};
use thiserror::Error;

use crate::page::Headers;

/// Why a page cannot be read as text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Undecodable {
    /// Nothing but white space or a byte order mark came.
    #[error("the response is empty")]
    Empty,
    /// The bytes are those of another kind of file.
    #[error("the response is {0}, expected a page")]
    Binary(&'static str),
    /// The server says it is another kind of file.
    #[error("the response is `{0}`, expected a page")]
    MediaType(String),
    /// A charset that browsers do not read either.
    #[error("the charset `{0}` is not supported")]
    Charset(String),
}

/// Kinds of file by their first bytes.
const MAGIC: [(&[u8], &str); 14] = [
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"(\xb5/\xfd", "zstd-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x7fELF", "a program"),
    (b"ID3", "a sound file"),
    (b"wOF2", "a font"),
];

/// Families of media types that never hold a listing.
const FAMILIES: [&str; 6] = ["image/", "audio/", "video/", "font/", "model/", "multipart/"];

/// Media types that never hold a listing. Everything else is looked at: servers send pages as `text/plain`,
/// `application/octet-stream` or with no type at all.
const TYPES: [&str; 10] = [
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-tar",
    "application/x-7z-compressed",
    "application/msword",
    "application/wasm",
    "application/java-archive",
    "application/epub+zip",
];

pub(super) fn by_media_type(headers: &Headers) -> Result<(), Undecodable> {
    let Some(media_type) = headers.media_type() else { return Ok(()) };
    let is_office = media_type.starts_with("application/vnd.ms-")
        || media_type.starts_with("application/vnd.openxmlformats")
        || media_type.starts_with("application/vnd.oasis");
    if is_office
        || TYPES.contains(&media_type.as_str())
        || FAMILIES.iter().any(|family| media_type.starts_with(family))
    {
        return Err(Undecodable::MediaType(media_type.chars().take(100).collect()));
    }
    Ok(())
}

pub(super) fn by_first_bytes(body: &[u8]) -> Result<(), Undecodable> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Undecodable::Empty);
    }
    if is_utf32(body) {
        return Err(Undecodable::Charset("UTF-32".to_owned()));
    }
    match MAGIC.iter().find(|(magic, _)| body.starts_with(magic)) {
        Some((_, kind)) => Err(Undecodable::Binary(kind)),
        None => Ok(()),
    }
}

/// With its mark, or as markup without one. The mark of UTF-16LE is the first half of UTF-32LE's, and no UTF-16 page
/// begins with NUL.
fn is_utf32(body: &[u8]) -> bool {
    body.starts_with(&[0xff, 0xfe, 0, 0])
        || body.starts_with(&[0, 0, 0xfe, 0xff])
        || body.starts_with(&[b'<', 0, 0, 0])
        || body.starts_with(&[0, 0, 0, b'<'])
}

pub(super) fn by_label(label: &str) -> Result<(), Undecodable> {
    let lower = label.to_ascii_lowercase();
    let is_unsupported = lower.contains("utf-7")
        || lower == "utf7"
        || lower.starts_with("utf-32")
        || lower.starts_with("utf32")
        || lower.starts_with("ucs-4")
        || Encoding::for_label(lower.as_bytes()) == Some(REPLACEMENT);
    if is_unsupported { Err(Undecodable::Charset(label.chars().take(40).collect())) } else { Ok(()) }
}

/// A stray NUL happens in pages; one byte in 32 does not.
pub(super) fn by_nul_bytes(body: &[u8]) -> Result<(), Undecodable> {
    let head = &body[..body.len().min(4096)];
    let nuls = head.split(|b| *b == 0).count() - 1;
    if nuls * 32 > head.len() { Err(Undecodable::Binary("binary data")) } else { Ok(()) }
}
