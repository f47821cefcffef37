//! Source → page over the network: the one file that asks it.
//!
//! Redirects are followed here and not by the library, so that every hop passes the guard and headers of the
//! config go to the source's own host alone. Proxies of the environment are not used: a proxy resolves names
//! itself, past the guard.

use std::{error::Error as _, net::SocketAddr, sync::Arc, time::Duration};

use jiff::Timestamp;
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    header::{HeaderMap, HeaderName, HeaderValue},
};
use url::Url;

use super::{FetchError, Fetched, guard, redirect};
use crate::{
    config::{Request, Source},
    page::{Headers, Page, Validators},
};

/// Both kinds of client; each holds a pool of connections.
#[derive(Clone, Debug)]
pub struct Client {
    guarded: reqwest::Client,
    open: reqwest::Client,
    clock: fn() -> Timestamp,
}

/// Long enough for a slow handshake over a bad line; an origin that needs more does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest silence within an answer; the whole exchange has its own limit.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

impl Client {
    /// A client; `clock` says when a response was complete.
    ///
    /// # Errors
    /// [`FetchError::Ours`] when TLS cannot be set up (no root certificates on this machine).
    pub fn new(clock: fn() -> Timestamp) -> Result<Self, FetchError> {
        // A second installation, by a test in this process say, changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let build = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .no_proxy()
        };
        let ours = |error: reqwest::Error| {
            FetchError::Ours(format!("cannot set up the HTTP client: {}", chain(&error)))
        };
        Ok(Self {
            guarded: build().dns_resolver(Arc::new(PublicOnly)).build().map_err(ours)?,
            open: build().build().map_err(ours)?,
            clock,
        })
    }

    /// Asks for a source's page; `validators` are those of what we already have.
    pub async fn fetch(&self, source: &Source, validators: &Validators) -> Fetched {
        let request = &source.request;
        let exchange = self.follow(&source.url, request, validators);
        let fetched = match tokio::time::timeout(request.timeout, exchange).await {
            Ok(fetched) => fetched,
            Err(_) => Err(FetchError::Unreachable(format!(
                "no complete answer within {} s",
                request.timeout.as_secs()
            ))),
        };
        fetched.unwrap_or_else(|error| Fetched::Failed { at: (self.clock)(), error })
    }

    async fn follow(
        &self,
        start: &Url,
        request: &Request,
        validators: &Validators,
    ) -> Result<Fetched, FetchError> {
        let mut url = start.clone();
        for hop in 0..=request.max_redirects {
            if !request.allow_private
                && let Some(why) = guard::refusal(&url)
            {
                return Err(FetchError::Unreachable(format!(
                    "{why}, and requests to inside are refused unless `allow_private = true`"
                )));
            }
            let client = if request.allow_private { &self.open } else { &self.guarded };
            let headers = request_headers(request, validators, stays_with(start, &url))?;
            tracing::debug!(%url, hop, "asking");
            let response =
                client.get(url.clone()).headers(headers).send().await.map_err(|error| failure(&error))?;
            let status = response.status().as_u16();
            if status == 304 {
                return not_modified(validators, (self.clock)());
            }
            let headers = received_headers(response.headers());
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                url = redirect(&url, &headers).map_err(FetchError::Unreachable)?;
                continue;
            }
            let body = read_body(response, request.max_bytes).await?;
            return Ok(Fetched::Page(Page { url, status, headers, body, fetched_at: (self.clock)() }));
        }
        Err(FetchError::Unreachable(format!(
            "more than {} redirects, the last to {url}",
            request.max_redirects
        )))
    }
}

/// Whether a hop may see what is meant for the source: the same host, and not over a line that is less safe.
fn stays_with(start: &Url, hop: &Url) -> bool {
    let is_downgrade = start.scheme() == "https" && hop.scheme() != "https";
    start.host() == hop.host() && !is_downgrade
}

/// A 304 answers a condition; without one it says nothing, and the next fetch asks plainly anyway.
fn not_modified(validators: &Validators, at: Timestamp) -> Result<Fetched, FetchError> {
    if *validators == Validators::default() {
        return Err(FetchError::Unreachable("304 Not Modified to a request without a condition".to_owned()));
    }
    Ok(Fetched::NotModified { at })
}

fn request_headers(
    request: &Request,
    validators: &Validators,
    is_own: bool,
) -> Result<HeaderMap, FetchError> {
    let mut headers = HeaderMap::new();
    let mut put = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes());
        match (name, HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                headers.insert(name, value);
                Ok(())
            }
            // The value may be a secret: it is not shown.
            _ => Err(FetchError::Ours("a configured header cannot be sent as it is".to_owned())),
        }
    };
    put("user-agent", &user_agent(request))?;
    put("accept", "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.5")?;
    if is_own {
        if let Some(etag) = &validators.etag {
            put("if-none-match", etag)?;
        }
        if let Some(last_modified) = &validators.last_modified {
            put("if-modified-since", last_modified)?;
        }
        for (name, value) in &request.headers {
            put(name, value)?;
        }
    }
    Ok(headers)
}

/// What gleaner calls itself (RFC 9110 §10.1.5): its name, its version, and whom to write to.
fn user_agent(request: &Request) -> String {
    if let Some(own) = &request.user_agent {
        return own.clone();
    }
    let name = concat!("gleaner/", env!("CARGO_PKG_VERSION"));
    request.contact.as_ref().map_or_else(|| name.to_owned(), |contact| format!("{name} (+{contact})"))
}

fn received_headers(headers: &HeaderMap) -> Headers {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Headers(headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect())
}

/// The body, counted after its content coding is undone, so that a bomb ends at the limit.
async fn read_body(mut response: reqwest::Response, max_bytes: usize) -> Result<Vec<u8>, FetchError> {
    let too_large = || FetchError::Unreadable(format!("the page is larger than {max_bytes} bytes"));
    if response.content_length().is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The library's error as one of ours.
fn failure(error: &reqwest::Error) -> FetchError {
    let text = chain(error);
    // What getaddrinfo says when there is no resolver to ask (EAI_AGAIN): the network is down here, not there.
    if text.contains("Temporary failure in name resolution") {
        return FetchError::Ours(format!("no name can be resolved here: {text}"));
    }
    let what = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "cannot connect"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off or is damaged"
    } else {
        "no answer"
    };
    FetchError::Unreachable(format!("{what}: {text}"))
}

/// The innermost causes of an error: the outer ones say only that a request failed, and repeat its address,
/// which may hold a secret.
fn chain(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        cause = inner.source();
    }
    if causes.is_empty() {
        "no cause given".to_owned()
    } else {
        causes.split_off(causes.len().saturating_sub(2)).join(": ")
    }
}

/// Resolves names as the system does, and gives only public addresses. The connection is made to the address
/// that was checked, so a name that answers differently the second time gains nothing.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = all.iter().copied().filter(|a| guard::is_public(a.ip())).collect();
            if public.is_empty() && !all.is_empty() {
                return Err(format!(
                    "`{}` is {}, not a public address, and requests to inside are refused unless \
                     `allow_private = true`",
                    name.as_str(),
                    all[0].ip()
                )
                .into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
