//! A page: one response as it came. A noun, pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// One response: bytes as received (content coding undone), where it came from, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The address that answered, after redirects. Relative links are resolved against it.
    pub url: Url,
    /// The HTTP status; 304 never becomes a page.
    pub status: u16,
    /// Header lines in the order they came; names in lower case.
    pub headers: Headers,
    /// The body, undecoded.
    pub body: Vec<u8>,
    /// When the response was complete.
    pub fetched_at: Timestamp,
}

/// Header lines in the order they came; names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first value of a header; `name` in lower case. `None`: the header did not come.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The media type without its parameters, in lower case; `None`: no `content-type`.
    pub fn media_type(&self) -> Option<String> {
        let value = self.get("content-type")?;
        Some(value.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
    }
}

/// `ETag` and Last-Modified, opaque, to be sent back exactly as they came (RFC 9110 §8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag`, quotes and `W/` included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The `Last-Modified`, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A validator longer than this is not stored: an origin that sends 100 KiB of `ETag` would get them back with
/// every request.
const MAX_VALIDATOR_BYTES: usize = 1024;

impl Validators {
    /// The validators of a response; both `None` when it sent none, or none worth keeping.
    pub fn of(headers: &Headers) -> Self {
        let keep = |name| headers.get(name).filter(|v| v.len() <= MAX_VALIDATOR_BYTES).map(str::to_owned);
        Self { etag: keep("etag"), last_modified: keep("last-modified") }
    }
}
