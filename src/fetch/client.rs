//! A visit → a page over the network: redirects, robots.txt, and each host's turn.
//!
//! Redirects are followed here and not by the library, so that every hop passes the guard, robots.txt and its host's
//! queue, and headers of the config go to the source's own host alone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use reqwest::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Semaphore;
use url::Url;

pub use super::connect::{Lookup, system};
use super::{
    After, FetchError, Fetched, Visit, Visited,
    connect::Connections,
    exchange::{self, Answer, Beyond, LARGE_AT_ONCE, Limits},
    guard, moved,
    pace::Hosts,
    permit::{self, Permit},
    redirect, robots,
};
use crate::{
    clock::Deadline,
    config::{Request, Source},
    page::{Page, Validators},
};

/// Asks. Its clones share connections and the hosts' queues.
#[derive(Clone)]
pub struct Client {
    connections: Connections,
    hosts: Hosts,
    large: Arc<Semaphore>,
    /// robots.txt of hosts that were asked lately, by their origin and our name.
    files: Arc<Mutex<HashMap<String, (Timestamp, permit::Answer)>>>,
    clock: fn() -> Timestamp,
}

/// robots.txt files kept in mind: those of hosts that several sources share matter, and follow each other soon.
const FILES: usize = 256;

/// A redirect from robots.txt is followed this often (RFC 9309 §2.3.1.2).
const ROBOTS_REDIRECTS: usize = 5;

/// How long a robots.txt is kept in mind.
const ROBOTS_HOLD: Duration = Duration::from_secs(24 * 3600);

/// How long one that is down is: a host in trouble is not asked once for each of its sources.
const ROBOTS_DOWN: Duration = Duration::from_secs(10 * 60);

/// A robots.txt must be there by then.
const ROBOTS_TIMEOUT: Duration = Duration::from_secs(20);

impl Client {
    /// A client; `clock` says when a response was complete, `lookup` resolves names.
    pub fn new(clock: fn() -> Timestamp, lookup: Lookup) -> Self {
        Self {
            connections: Connections::new(lookup),
            hosts: Hosts::default(),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
            files: Arc::default(),
            clock,
        }
    }

    /// Asks for a source's page; `validators` are those of what we already have.
    pub async fn fetch(&self, source: &Source, validators: &Validators) -> Fetched {
        self.visit(Visit { validators, ..Visit::to(source, &source.url) }).await.fetched
    }

    /// Visits a source.
    pub async fn visit(&self, visit: Visit<'_>) -> Visited {
        let mut trail = Trail { moved: None, permits: Vec::new(), is_permanent: true };
        let fetched = self.follow(visit, &mut trail).await;
        let fetched = fetched.unwrap_or_else(|error| Fetched::Failed { at: (self.clock)(), error });
        Visited { fetched, moved: trail.moved, permits: trail.permits }
    }

    async fn follow(&self, visit: Visit<'_>, trail: &mut Trail) -> Result<Fetched, FetchError> {
        let (source, request) = (visit.source, &visit.source.request);
        let mut url = visit.address.clone();
        let mut left = request.timeout;
        let mut chain = vec![url.clone()];
        let none = Validators::default();
        for hop in 0..=request.max_redirects {
            let permit = self.permit(&url, visit, trail).await?;
            let is_own = stays_with(&source.url, &url);
            // What was asked for elsewhere vouches for nothing here.
            let is_vouched_for = visit.answered.unwrap_or(visit.address) == &url;
            let validators = if is_vouched_for { visit.validators } else { &none };
            let mut headers = request_headers(request, validators, is_own)?;
            if visit.after == After::Closed {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            tracing::debug!(%url, hop, "asking");
            let answer = self
                .ask(&url, headers, request, (&mut left, (request.max_bytes, Beyond::Refused), permit))
                .await?;
            let at = (self.clock)();
            let Answer { status, headers, body } = answer;
            if status == 304 {
                return not_modified(validators, Fetched::NotModified { at, headers });
            }
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                return Ok(Fetched::Page(Page { url, status, headers, body, fetched_at: at }));
            }
            let next = redirect(&url, &headers).map_err(FetchError::Unreachable)?;
            trail.note(status, &url, &next);
            if chain.contains(&next) && request.headers.iter().all(|(name, _)| name != "cookie") {
                return Err(FetchError::Unreachable(format!(
                    "redirects in a circle: {}",
                    listed(&chain, &next)
                )));
            }
            chain.push(next.clone());
            url = next;
        }
        Err(FetchError::Unreachable(format!(
            "more than {} redirects, the last to {}",
            request.max_redirects,
            shown(&url)
        )))
    }

    /// One request, at its host's turn; the time it took is taken from what is `left`, the wait for the turn is not.
    async fn ask(
        &self,
        url: &Url,
        headers: HeaderMap,
        request: &Request,
        (left, (max_bytes, beyond), delay): (&mut Duration, (usize, Beyond), Duration),
    ) -> Result<Answer, FetchError> {
        if let Some(why) = guard::refusal(url, &request.inside) {
            return Err(FetchError::Unreachable(why));
        }
        let client = self.connections.client(url, request)?;
        let host = url.host_str().unwrap_or_default();
        if request.proxy.is_some() && url.domain().is_some() && !resolves_there(request) {
            self.connections.check(host, &request.inside).await?;
        }
        let turn = self.hosts.turn(host, request.spacing.max(delay)).await;
        let deadline = Deadline::after(*left);
        let limits = Limits { time: *left, max_bytes, beyond, large: &self.large };
        let answer = exchange::ask(&client, (url, headers), request, limits).await;
        drop(turn);
        *left = deadline.left();
        answer.map_err(|error| self.whose(error))
    }

    /// A name server that does not answer is theirs only if one answers here at all.
    fn whose(&self, error: FetchError) -> FetchError {
        match error {
            FetchError::Unreachable(text)
                if text.starts_with("no name server answers") && !self.connections.can_resolve() =>
            {
                FetchError::Ours(text)
            }
            other => other,
        }
    }

    /// Whether robots.txt allows the address; the time between requests it wishes for.
    async fn permit(&self, url: &Url, visit: Visit<'_>, trail: &mut Trail) -> Result<Duration, FetchError> {
        let request = &visit.source.request;
        if !request.robots {
            return Ok(Duration::ZERO);
        }
        let now = (self.clock)();
        let before = visit.permits.iter().find(|permit| permit.url.as_str() == url.as_str());
        let permit = match before.filter(|permit| permit.holds(url, now)) {
            Some(permit) => permit.clone(),
            None => Permit::new(url, before, &self.robots(url, request).await?, now),
        };
        let refusal = permit.refusal(now);
        let delay = permit.delay();
        trail.permits.retain(|known| known.url.as_str() != url.as_str());
        trail.permits.push(permit);
        refusal.map_or(Ok(delay), |why| Err(FetchError::Disallowed(why)))
    }

    /// A host's robots.txt, from memory if it was asked for lately.
    async fn robots(&self, url: &Url, request: &Request) -> Result<permit::Answer, FetchError> {
        let token = product(&user_agent(request));
        let key = format!("{} {token}", url.origin().ascii_serialization());
        let now = (self.clock)();
        let files = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |(at, answer): &&(Timestamp, permit::Answer)| {
            let is_down = matches!(answer, permit::Answer::Unreachable(_));
            now.duration_since(*at).unsigned_abs() < if is_down { ROBOTS_DOWN } else { ROBOTS_HOLD }
        };
        if let Some((_, answer)) = files().get(&key).filter(is_fresh) {
            return Ok(answer.clone());
        }
        let answer = self.ask_robots(url, request, &token).await?;
        let mut files = files();
        if files.len() >= FILES {
            files.clear();
        }
        files.insert(key, (now, answer.clone()));
        Ok(answer)
    }

    async fn ask_robots(
        &self,
        url: &Url,
        request: &Request,
        token: &str,
    ) -> Result<permit::Answer, FetchError> {
        let mut file = url.join("/robots.txt").map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let mut left = request.timeout.min(ROBOTS_TIMEOUT);
        let none = Validators::default();
        for _ in 0..=ROBOTS_REDIRECTS {
            let headers = request_headers(request, &none, false)?;
            let asked = self
                .ask(&file, headers, request, (&mut left, (robots::MAX_BYTES, Beyond::Cut), Duration::ZERO))
                .await;
            let answer = match asked {
                Ok(answer) => answer,
                // What cannot be unpacked is no robots.txt, and was an answer.
                Err(FetchError::Unreadable(_)) => return Ok(permit::Answer::None),
                Err(FetchError::Unreachable(why)) => {
                    return Err(FetchError::Unreachable(format!("{why} (robots.txt)")));
                }
                Err(other) => return Err(other),
            };
            return Ok(match answer.status {
                200..=299 => permit::Answer::Rules(robots::parse(&answer.body, token)),
                301 | 302 | 303 | 307 | 308 => match redirect(&file, &answer.headers) {
                    Ok(next) => {
                        file = next;
                        continue;
                    }
                    Err(_) => permit::Answer::None,
                },
                429 | 500.. => permit::Answer::Unreachable(format!("the answer was {}", answer.status)),
                _ => permit::Answer::None,
            });
        }
        Ok(permit::Answer::None)
    }
}

/// What is noted on the way.
struct Trail {
    moved: Option<Url>,
    permits: Vec<Permit>,
    /// No redirect so far was a temporary one.
    is_permanent: bool,
}

impl Trail {
    fn note(&mut self, status: u16, from: &Url, to: &Url) {
        self.is_permanent &= matches!(status, 301 | 308) && moved::is_believable(from, to);
        if self.is_permanent {
            self.moved = Some(to.clone());
        }
    }
}

/// An address for a message: what may be a secret is left out, what is long is cut.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // A URL without a host has no login either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let text = url.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn listed(chain: &[Url], next: &Url) -> String {
    chain.iter().chain([next]).map(shown).collect::<Vec<_>>().join(" → ")
}

/// Whether the proxy, by its operator's word, resolves names itself.
fn resolves_there(request: &Request) -> bool {
    request.proxy.as_ref().is_some_and(|proxy| proxy.scheme() == "socks5h")
}

/// Whether a hop may see what is meant for the source: the same host, and not over a line that is less safe.
fn stays_with(start: &Url, hop: &Url) -> bool {
    let is_downgrade = start.scheme() == "https" && hop.scheme() != "https";
    let same_place = start.host() == hop.host()
        && (start.port_or_known_default() == hop.port_or_known_default() || start.scheme() != hop.scheme());
    same_place && !is_downgrade
}

/// A 304 answers a condition; without one it says nothing, and the next fetch asks plainly anyway.
fn not_modified(validators: &Validators, answer: Fetched) -> Result<Fetched, FetchError> {
    if *validators == Validators::default() {
        return Err(FetchError::Unreachable("304 Not Modified to a request without a condition".to_owned()));
    }
    Ok(answer)
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
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(matches!(name.as_str(), "authorization" | "cookie"));
                headers.insert(name, value);
                Ok(())
            }
            // The value may be a secret: it is not shown.
            _ => Err(FetchError::Ours("a configured header cannot be sent as it is".to_owned())),
        }
    };
    put("user-agent", &user_agent(request))?;
    put("accept", "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.5")?;
    if let Some(etag) = &validators.etag {
        put("if-none-match", etag)?;
    }
    if let Some(last_modified) = &validators.last_modified {
        put("if-modified-since", last_modified)?;
    }
    if is_own {
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

/// The product token of a user agent, by which robots.txt calls it.
fn product(user_agent: &str) -> String {
    user_agent.chars().take_while(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-')).collect()
}
