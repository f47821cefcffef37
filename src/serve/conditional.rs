//! Conditional requests (RFC 9110 §13) and the names of bytes (§8.8). Pure.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, header},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::moment;

/// The codings that a body may be sent in; each has an entity tag of its own (§8.8.3.3).
const CODINGS: [&str; 4] = ["gzip", "br", "zstd", "deflate"];

/// The strong entity tag of bytes as they stand in the file, without quotes.
pub fn tag(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
}

/// The tag that a request already has, quotes included; `None`: it has none of these bytes, or says nothing.
///
/// Weak comparison, lists and `*` (§13.1.2); If-Modified-Since only where there is no If-None-Match (§13.2.2).
pub fn known(headers: &HeaderMap, tag: &str, changed: Option<Timestamp>) -> Option<String> {
    let mut matches = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if matches.peek().is_some() {
        let lists = matches.filter_map(|value| value.to_str().ok());
        return lists.flat_map(|list| list.split(',')).find_map(|candidate| same(candidate, tag));
    }
    let since = headers.get(header::IF_MODIFIED_SINCE)?.to_str().ok()?;
    let since = moment::stamp(since, &TimeZone::UTC)?;
    (changed?.as_second() <= since.as_second()).then(|| format!("\"{tag}\""))
}

/// A candidate of a list that names these bytes, in whatever coding.
fn same(candidate: &str, tag: &str) -> Option<String> {
    let candidate = candidate.trim();
    if candidate == "*" {
        return Some(format!("\"{tag}\""));
    }
    let named = candidate.strip_prefix("W/").unwrap_or(candidate);
    let opaque = named.strip_prefix('"')?.strip_suffix('"')?;
    let plain = CODINGS.iter().find_map(|coding| opaque.strip_suffix(coding)?.strip_suffix('-'));
    (plain.unwrap_or(opaque) == tag).then(|| named.to_owned())
}

/// Gives a coded body the tag of its own.
pub async fn name_the_coding(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    let coding = headers.get(header::CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if let (Some(coding), Some(tag)) = (coding, tag)
        && let Ok(named) = HeaderValue::from_str(&format!("{}-{coding}\"", tag.trim_end_matches('"')))
    {
        response.headers_mut().insert(header::ETAG, named);
    }
    response
}

/// An instant as HTTP writes it (§5.6.7).
pub fn http_date(time: Timestamp) -> String {
    time.to_zoned_datetime(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn tags_compare_weakly_in_lists_and_codings() {
        let known = |value: &str| known(&asked(header::IF_NONE_MATCH, value), "abc", None);
        assert_eq!(known("\"abc\"").as_deref(), Some("\"abc\""));
        assert_eq!(known("\"x\", W/\"abc-gzip\" , \"y\"").as_deref(), Some("\"abc-gzip\""));
        assert_eq!(known("*").as_deref(), Some("\"abc\""));
        for other in ["\"abcd\"", "abc", "\"abc", "", ",,,", "\"abc-lzma\"", "W/abc"] {
            assert_eq!(known(other), None, "{other}");
        }
        let many = vec!["\"x\""; 10_000].join(",");
        assert_eq!(known(&many), None);
    }

    #[test]
    fn a_date_counts_only_without_a_tag_and_from_the_change_on() {
        let changed = "2025-03-06T12:00:00.7Z".parse().ok();
        let since = |value: &str| known(&asked(header::IF_MODIFIED_SINCE, value), "abc", changed).is_some();
        assert!(since("Thu, 06 Mar 2025 12:00:00 GMT"));
        assert!(since("Fri, 07 Mar 2025 12:00:00 GMT"));
        assert!(since("Thursday, 06-Mar-25 12:00:00 GMT"), "the obsolete form");
        assert!(!since("Thu, 06 Mar 2025 11:59:59 GMT"));
        assert!(!since("yesterday"));
        let mut both = asked(header::IF_MODIFIED_SINCE, "Fri, 07 Mar 2025 12:00:00 GMT");
        both.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"other\""));
        assert_eq!(known(&both, "abc", changed), None);
    }
}
