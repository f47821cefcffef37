//! Source → page: what is asked of the network, and what its answers mean. Pure, but for `client`, `connect`,
//! `exchange`, `hub` and `pace`.
//!
//! The policies take values and `now`, and give values: `guard` says where a request may go, `robots` what a host
//! forbids, `caching` how long an answer is fresh, `retry` and `moved` what an origin asks for, `queue` which host
//! is next.

pub mod caching;
pub mod client;
mod connect;
pub mod date;
mod exchange;
pub mod guard;
pub mod hub;
pub mod moved;
mod pace;
pub mod permit;
pub mod queue;
pub mod retry;
pub mod robots;
mod visit;

pub use permit::Permit;
pub use visit::{After, Visit, Visited};

use jiff::Timestamp;
use url::Url;

use crate::{
    page::{Headers, Page},
    verdict::Verdict,
};

/// How one fetch ended.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// A response with a body, of whatever status.
    Page(Page),
    /// 304: what we have is still right.
    NotModified {
        /// When.
        at: Timestamp,
        /// What it came with: how long it is still fresh.
        headers: Headers,
    },
    /// No response.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        error: FetchError,
    },
}

impl Fetched {
    /// When the fetch was over.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Page(page) => page.fetched_at,
            Self::NotModified { at, .. } | Self::Failed { at, .. } => *at,
        }
    }

    /// The headers of the answer; `None`: there was none.
    pub fn headers(&self) -> Option<&Headers> {
        match self {
            Self::Page(page) => Some(&page.headers),
            Self::NotModified { headers, .. } => Some(headers),
            Self::Failed { .. } => None,
        }
    }
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The origin could not be reached, or broke off.
    #[error("{0}")]
    Unreachable(String),
    /// There is no such name: it will not be there in an hour either.
    #[error("{0}")]
    NoSuchName(String),
    /// The host's robots.txt forbids it, or cannot be read.
    #[error("{0}")]
    Disallowed(String),
    /// What came cannot be taken.
    #[error("{0}")]
    Unreadable(String),
    /// Trouble on our side of the wire: it says nothing of the source.
    #[error("{0}")]
    Ours(String),
}

/// Why a response that is not a good page is none; `None`: its status is that of a page (RFC 9110 §15).
pub fn refused(page: &Page, text: Option<&str>) -> Option<Verdict> {
    let status = page.status;
    let reason = || format!("the answer was {}", status_words(status));
    // A redirect chain followed to its end, and a partial answer nobody asked for, are not pages either.
    if (200..300).contains(&status) && status != 206 && status != 204 && status != 205 {
        return None;
    }
    let block = text.and_then(|text| crate::verdict::blocked::kind(&page.headers, text));
    if let Some(kind) = block {
        return Some(Verdict::Blocked { reason: format!("{}: {kind}", reason()) });
    }
    Some(match status {
        401 | 403 | 407 | 429 | 451 => Verdict::Blocked { reason: reason() },
        404 | 410 => Verdict::Gone { reason: reason() },
        500..=599 => Verdict::Unreachable { reason: reason() },
        _ => Verdict::Unreadable { reason: reason() },
    })
}

/// A status with its name, as far as people know it by one.
fn status_words(status: u16) -> String {
    let name = match status {
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content, which was not asked for",
        400 => "Bad Request",
        401 => "Unauthorized: `basic`, `bearer` or `headers` in the config can log in",
        403 => "Forbidden",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        410 => "Gone",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => return status.to_string(),
    };
    format!("{status} {name}")
}

/// Where a redirect leads.
///
/// # Errors
/// Why it cannot be followed, in words.
pub fn redirect(from: &Url, headers: &Headers) -> Result<Url, String> {
    let Some(location) = headers.get("location") else {
        return Err("a redirect without a `Location`".to_owned());
    };
    let to = from.join(location.trim()).map_err(|error| format!("a redirect to no address: {error}"))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(format!("a redirect to `{}:`, which is neither http nor https", to.scheme()));
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16) -> Page {
        Page {
            url: Url::parse("https://site.example/").unwrap(),
            status,
            headers: Headers::default(),
            body: Vec::new(),
            fetched_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn each_status_has_its_verdict() {
        for (status, word) in [
            (200, "page"),
            (203, "page"),
            (204, "unreadable"),
            (206, "unreadable"),
            (301, "unreadable"),
            (401, "blocked"),
            (403, "blocked"),
            (404, "gone"),
            (410, "gone"),
            (418, "unreadable"),
            (429, "blocked"),
            (451, "blocked"),
            (500, "unreachable"),
            (503, "unreachable"),
            (522, "unreachable"),
            (999, "unreadable"),
        ] {
            let verdict = refused(&page(status), None);
            assert_eq!(verdict.as_ref().map_or("page", Verdict::word), word, "{status}");
        }
    }

    #[test]
    fn a_challenge_under_503_is_a_block_not_an_outage() {
        let verdict = refused(&page(503), Some("Checking your browser before accessing")).unwrap();
        assert_eq!(verdict.reason(), Some("the answer was 503 Service Unavailable: a browser check"));
    }

    #[test]
    fn redirects_lead_only_to_the_web() {
        let from = Url::parse("https://site.example/a/b").unwrap();
        let to =
            |location: &str| redirect(&from, &Headers(vec![("location".to_owned(), location.to_owned())]));
        assert_eq!(to("../c").unwrap().as_str(), "https://site.example/c");
        assert_eq!(to("//other.example/").unwrap().as_str(), "https://other.example/");
        assert!(to("file:///etc/passwd").is_err());
        assert!(redirect(&from, &Headers::default()).is_err());
    }
}
