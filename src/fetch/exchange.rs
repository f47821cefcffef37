//! One request → one answer, within its limits. Network.
//!
//! No redirect is followed here, and nothing is tried twice.

use std::{error::Error as _, io, time::Duration};

use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;
use url::Url;

use super::{FetchError, guard::HOW_TO_ALLOW};
use crate::{config::Request, page::Headers};

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    /// Empty for a status whose body nobody reads.
    pub body: Vec<u8>,
}

/// A body up to this size may be read at any time.
const SMALL: usize = 256 << 10;

/// How many bodies larger than that are read at once: so much memory, and no more, is in the hands of origins.
pub const LARGE_AT_ONCE: usize = 2;

/// What becomes of a body that is larger than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// It is refused.
    Refused,
    /// Its beginning is taken.
    Cut,
}

/// What one request is bound by.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    pub time: Duration,
    pub max_bytes: usize,
    pub beyond: Beyond,
    pub large: &'a Semaphore,
}

/// Asks once.
pub async fn ask(
    client: &reqwest::Client,
    (url, headers): (&Url, HeaderMap),
    request: &Request,
    limits: Limits<'_>,
) -> Result<Answer, FetchError> {
    let asked = async {
        let response =
            client.get(url.clone()).headers(headers).send().await.map_err(|error| failure(url, &error))?;
        let address = response.remote_addr().map(|address| address.ip());
        if request.proxy.is_none()
            && let Some(address) = address.filter(|address| !request.inside.allows(*address))
        {
            return Err(FetchError::Unreachable(format!(
                "the connection went to {address}, not a public address, and {HOW_TO_ALLOW}"
            )));
        }
        let status = response.status().as_u16();
        let headers = received(response.headers());
        if status == 304 || matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Ok(Answer { status, headers, body: Vec::new() });
        }
        // What the library can undo it undoes, and takes the header away.
        if let Some(coding) = headers.get("content-encoding").filter(|c| !c.eq_ignore_ascii_case("identity"))
        {
            let coding: String = coding.chars().take(40).collect();
            return Err(FetchError::Unreadable(format!(
                "the page is packed as `{}`, which cannot be undone",
                coding.escape_debug()
            )));
        }
        let body = read_body(response, url, limits).await?;
        Ok(Answer { status, headers, body })
    };
    tokio::time::timeout(limits.time, asked).await.unwrap_or_else(|_| {
        let seconds = request.timeout.as_secs();
        Err(FetchError::Unreachable(format!("no complete answer within {seconds} s")))
    })
}

fn received(headers: &HeaderMap) -> Headers {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Headers(headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect())
}

/// The body, counted after its content coding is undone, so that a bomb ends at the limit.
async fn read_body(
    mut response: reqwest::Response,
    url: &Url,
    limits: Limits<'_>,
) -> Result<Vec<u8>, FetchError> {
    let max_bytes = limits.max_bytes;
    let too_large = || FetchError::Unreadable(format!("the page is larger than {max_bytes} bytes"));
    let is_cut = limits.beyond == Beyond::Cut;
    if !is_cut && response.content_length().is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large());
    }
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or_default().min(SMALL));
    let mut permit = None;
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(url, &error))? {
        let room = max_bytes - body.len();
        if chunk.len() > room {
            if is_cut {
                body.extend_from_slice(&chunk[..room]);
                return Ok(body);
            }
            return Err(too_large());
        }
        if permit.is_none() && body.len() + chunk.len() > SMALL {
            permit = limits.large.acquire().await.ok();
            // All at once: what is not written to costs nothing, and growing by doubling would cost it twice.
            body.reserve_exact(max_bytes - body.len());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The library's error as one of ours.
fn failure(url: &Url, error: &reqwest::Error) -> FetchError {
    let cause = cause(error);
    if cause.contains("failed to lookup address information") {
        return unresolved(url.host_str().unwrap_or_default(), &cause, true);
    }
    let what = if cause.contains("invalid peer certificate") {
        "the certificate is not to be trusted"
    } else if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "cannot connect"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off or is damaged"
    } else if of_kind::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
        "the answer cannot be read"
    } else {
        "no answer"
    };
    FetchError::Unreachable(format!("{what}: {cause}"))
}

/// A name that could not be resolved. `can_resolve`: others could.
pub fn unresolved(host: &str, text: &str, can_resolve: bool) -> FetchError {
    // What getaddrinfo says when no name server answers (EAI_AGAIN): theirs, or the network is down here.
    if text.contains("Temporary failure in name resolution") {
        return if can_resolve {
            FetchError::Unreachable(format!("no name server answers for `{host}`: {text}"))
        } else {
            FetchError::Ours(format!("no name can be resolved here: {text}"))
        };
    }
    FetchError::NoSuchName(format!("there is no `{host}`: {text}"))
}

/// The cause of an error, in words for people. What is around it says only which part of the library failed, or
/// repeats the address, which may hold a secret.
pub fn cause(error: &reqwest::Error) -> String {
    if of_kind::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message) {
        return "the connection was closed".to_owned();
    }
    match of_kind::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => return "the connection was refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset) => return "the connection was reset".to_owned(),
        Some(io::ErrorKind::UnexpectedEof) => return "it ended too early".to_owned(),
        _ => {}
    }
    let Some(innermost) = causes(error).last() else { return "no cause given".to_owned() };
    let text = innermost.to_string();
    let text = text.strip_suffix(" parsed").unwrap_or(&text);
    text.split(" (os error").next().unwrap_or(text).to_owned()
}

/// What an error came of, the innermost last.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &Cause> {
    std::iter::successors(error.source(), |error: &&Cause| (*error).source())
}

type Cause = dyn std::error::Error + 'static;

/// The innermost cause of a kind.
fn of_kind<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    causes(error).filter_map(|cause| cause.downcast_ref()).last()
}
