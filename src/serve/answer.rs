//! A request → its answer, by the table of routes. Pure, but for the file and the health it asks for.

use std::{path::Path, time::Duration};

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version, header, request::Parts,
    },
};
use jiff::Timestamp;

use super::{
    Site,
    catalog::Place,
    conditional,
    files::{self, Published},
    metrics,
};

/// What of a request an answer depends on, and the time it came.
pub struct Asked {
    at: Timestamp,
    method: Method,
    version: Version,
    path: String,
    headers: HeaderMap,
}

impl Asked {
    /// Of a request's head; the body is never read.
    pub fn of(parts: &Parts, at: Timestamp) -> Self {
        Self {
            at,
            method: parts.method.clone(),
            version: parts.version,
            // Archives have a `~` in their name, which old clients escape (RFC 3986 §2.4).
            path: parts.uri.path().replace("%7E", "~").replace("%7e", "~"),
            headers: parts.headers.clone(),
        }
    }

    /// Whether it names one host, which HTTP/1.1 asks for (RFC 9112 §3.2).
    fn names_its_host(&self) -> bool {
        self.version != Version::HTTP_11 || self.headers.get_all(header::HOST).iter().count() == 1
    }
}

/// Readers come back no sooner than this.
const LEAST_AGE: Duration = Duration::from_secs(5 * 60);
/// And no later.
const MOST_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// A feed whose first page is yet to come is asked for again then.
const RETRY_AFTER: &str = "60";

/// Answers a request.
pub fn answer(site: &Site, asked: &Asked) -> Response<Body> {
    if !asked.names_its_host() {
        return plain(StatusCode::BAD_REQUEST, "a request says in one `Host` line whom it is for");
    }
    if !matches!(asked.method, Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match asked.path.as_str() {
        "/" => file(site, "index.html", asked),
        // Readers and browsers ask for it with every visit.
        "/favicon.ico" => with_age(plain(StatusCode::NO_CONTENT, ""), MOST_AGE),
        "/health" => health(site, "application/json", metrics::health),
        "/metrics" => health(site, "text/plain; version=0.0.4; charset=utf-8", metrics::metrics),
        path => match path.strip_prefix('/') {
            Some(name) => file(site, name, asked),
            None => not_found(),
        },
    }
}

/// What an answer that went wrong on our side is.
pub fn failed() -> Response<Body> {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "the server has trouble; its log says which")
}

fn file(site: &Site, name: &str, asked: &Asked) -> Response<Body> {
    let catalog = site.catalog();
    let (media_type, fresh, next) = match catalog.place(name, asked.at) {
        Place::Published { media_type, fresh } => (media_type, fresh, None),
        Place::Archived { media_type, next } => (media_type, MOST_AGE, Some(next)),
        Place::Moved(to) => return moved(&to),
        Place::Unknown => return unknown(&catalog.folder, name),
    };
    let published = match files::read(&catalog.folder, name) {
        Ok(Some(published)) => published,
        Ok(None) if name == "index.html" => Published { bytes: catalog.index(), changed: None },
        Ok(None) if next.is_some() => return not_found(),
        // Never a 200: readers would take an empty feed for the feed.
        Ok(None) => return pending(),
        Err(_) => return failed(),
    };
    let next = next.filter(|next| files::is_there(&catalog.folder, next));
    let link =
        next.map_or_else(|| catalog.hubs(name), |next| Some(format!("<{next}>; rel=\"next-archive\"")));
    drop(catalog);
    let tag = conditional::tag(&published.bytes);
    // A clock that was set back is no reason to name a time that is yet to come (RFC 9110 §8.8.2.1).
    let changed = published.changed.map(|changed| changed.min(asked.at));
    let known = conditional::known(&asked.headers, &tag, changed);
    let status = if known.is_some() { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let tag = known.unwrap_or_else(|| format!("\"{tag}\""));
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    put(headers, header::ETAG, &tag);
    if let Some(changed) = changed {
        put(headers, header::LAST_MODIFIED, &conditional::http_date(changed));
    }
    put(headers, header::CACHE_CONTROL, &format!("max-age={}", fresh.clamp(LEAST_AGE, MOST_AGE).as_secs()));
    if let Some(link) = link {
        put(headers, header::LINK, &link);
    }
    put(headers, header::VARY, "Accept-Encoding");
    put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if status == StatusCode::OK {
        put(headers, header::CONTENT_TYPE, &media_type);
        if media_type.starts_with("text/html") {
            put(headers, header::X_FRAME_OPTIONS, "DENY");
        }
        *response.body_mut() = Body::from(published.bytes);
    }
    *response.status_mut() = status;
    response
}

/// A name that the config does not know. A file of that name was a feed once.
fn unknown(folder: &Path, name: &str) -> Response<Body> {
    let is_feeds = name.len() <= 120
        && !name.starts_with('.')
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'~'))
        && [".atom", ".rss", ".json", ".html"].iter().any(|extension| name.ends_with(extension));
    match is_feeds.then(|| files::read(folder, name)) {
        Some(Ok(Some(_))) => plain(StatusCode::GONE, "this feed is no longer published"),
        _ => not_found(),
    }
}

fn not_found() -> Response<Body> {
    plain(StatusCode::NOT_FOUND, "there is no such feed")
}

fn moved(to: &str) -> Response<Body> {
    let mut response = plain(StatusCode::MOVED_PERMANENTLY, "this feed has another name now");
    // Relative, for a proxy may have the feeds below a path of its own.
    put(response.headers_mut(), header::LOCATION, to);
    with_age(response, MOST_AGE)
}

fn pending() -> Response<Body> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "this feed's first page is yet to come");
    put(response.headers_mut(), header::RETRY_AFTER, RETRY_AFTER);
    response
}

fn health(site: &Site, media_type: &str, told: fn(&metrics::Snapshot) -> String) -> Response<Body> {
    let Some(snapshot) = (site.health)(&site.catalog()) else { return failed() };
    let mut response = Response::new(Body::from(told(&snapshot)));
    put(response.headers_mut(), header::CONTENT_TYPE, media_type);
    put(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    put(response.headers_mut(), header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn plain(status: StatusCode, message: &str) -> Response<Body> {
    let line = if message.is_empty() { String::new() } else { format!("{message}\n") };
    let mut response = Response::new(Body::from(line));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if !message.is_empty() {
        put(headers, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    }
    put(headers, header::CACHE_CONTROL, "no-store");
    put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn with_age(mut response: Response<Body>, age: Duration) -> Response<Body> {
    put(response.headers_mut(), header::CACHE_CONTROL, &format!("max-age={}", age.as_secs()));
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("what we write into headers is ASCII without controls");
    headers.insert(name, value);
}
