//! Response headers → how long a page is fresh, and when it is asked for in full (RFC 9111). Pure.
//!
//! Freshness only ever makes an interval longer: what a person configured is the least. Nothing is served from a
//! cache; the store is what remembers.

use std::time::Duration;

use jiff::Timestamp;

use super::date;
use crate::page::Headers;

/// A page is not believed to be fresh for longer: a listing that says a year is a slip of its server.
pub const MAX_FRESH: Duration = Duration::from_secs(24 * 3600);

/// After this long of nothing but 304 a page is asked for without a condition: servers are known that answer 304
/// for ever.
const FULL_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long from `now` on the response is fresh (§4.2); zero: it is to be asked for again whenever one likes.
pub fn fresh_for(headers: &Headers, now: Timestamp) -> Duration {
    let directives = || {
        let lines = headers.0.iter().filter(|(name, _)| name == "cache-control");
        lines.flat_map(|(_, value)| value.split(',')).map(|directive| directive.trim().to_ascii_lowercase())
    };
    if directives().any(|d| d == "no-cache" || d == "no-store" || d.starts_with("no-cache=")) {
        return Duration::ZERO;
    }
    let stated = directives().find_map(|directive| max_age(&directive));
    let lifetime = stated.or_else(|| expires(headers, now)).unwrap_or_default();
    lifetime.saturating_sub(age(headers)).min(MAX_FRESH)
}

/// §5.2.2.1; quotes are not allowed there, and seen.
fn max_age(directive: &str) -> Option<Duration> {
    let seconds = directive.strip_prefix("max-age=")?.trim_matches('"');
    delta_seconds(seconds)
}

/// §5.3: the lifetime is counted from the response's own `Date`, so that a wrong clock over there does no harm.
/// A date that cannot be read, `0` above all, means stale already.
fn expires(headers: &Headers, now: Timestamp) -> Option<Duration> {
    let expires = headers.get("expires")?;
    let from = headers.get("date").and_then(date::parse).unwrap_or(now);
    let lifetime = date::parse(expires).map(|until| until.duration_since(from));
    Some(lifetime.and_then(|lifetime| Duration::try_from(lifetime).ok()).unwrap_or_default())
}

/// §5.1: how old the response was already when it came.
fn age(headers: &Headers) -> Duration {
    headers.get("age").and_then(delta_seconds).unwrap_or_default()
}

/// §1.2.2: digits alone; more than can be counted is as much as can be counted.
fn delta_seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

/// Whether the page is due in full, given when it last came so; `None`: never.
pub fn is_full_due(full_at: Option<Timestamp>, now: Timestamp) -> bool {
    // A clock that was set back makes the last time lie ahead; asking plainly once does no harm.
    full_at.is_none_or(|at| now.duration_since(at).unsigned_abs() > FULL_AFTER)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fresh(lines: &[(&str, &str)]) -> u64 {
        let lines = lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        fresh_for(&Headers(lines), "2025-03-06T09:00:00Z".parse().unwrap()).as_secs()
    }

    #[test]
    fn max_age_wins_over_expires_and_age_is_taken_off() {
        let expires = ("expires", "Thu, 06 Mar 2025 10:00:00 GMT");
        assert_eq!(fresh(&[("cache-control", "public, max-age=7200"), expires]), 7200);
        assert_eq!(fresh(&[expires]), 3600);
        assert_eq!(fresh(&[("cache-control", "Max-Age=\"7200\""), ("age", "200")]), 7000);
        assert_eq!(fresh(&[("cache-control", "max-age=60"), ("age", "200")]), 0);
    }

    #[test]
    fn expires_is_counted_from_the_answers_own_clock() {
        let date = ("date", "Sat, 01 Jan 2000 00:00:00 GMT");
        assert_eq!(fresh(&[date, ("expires", "Sat, 01 Jan 2000 02:00:00 GMT")]), 7200);
        assert_eq!(fresh(&[("expires", "0")]), 0);
        assert_eq!(fresh(&[("expires", "Sat, 01 Jan 2000 02:00:00 GMT")]), 0);
    }

    #[test]
    fn what_must_be_asked_again_is_never_fresh() {
        for value in ["no-cache, max-age=60", "no-store", "max-age=60, no-cache=\"set-cookie\""] {
            assert_eq!(fresh(&[("cache-control", value)]), 0, "{value}");
        }
        for value in ["", "max-age", "max-age=", "max-age=-1", "max-age=1e9", "private"] {
            assert_eq!(fresh(&[("cache-control", value)]), 0, "{value}");
        }
    }

    #[test]
    fn a_page_that_never_changes_is_asked_for_in_full_after_a_week() {
        let now: Timestamp = "2025-03-06T09:00:00Z".parse().unwrap();
        let ago = |hours: i64| Some(now - jiff::SignedDuration::from_hours(hours));
        assert!(is_full_due(None, now));
        assert!(!is_full_due(ago(7 * 24), now));
        assert!(is_full_due(ago(7 * 24 + 1), now));
        assert!(is_full_due(ago(-30 * 24), now), "the clock was set back");
    }

    proptest! {
        #[test]
        fn no_header_makes_a_page_fresh_for_more_than_a_day(name in "cache-control|expires|age|date", value in ".{0,60}") {
            let headers = Headers(vec![(name, value), ("cache-control".to_owned(), "max-age=99999999999999999999".to_owned())]);
            prop_assert!(fresh_for(&headers, Timestamp::UNIX_EPOCH) <= MAX_FRESH);
        }
    }
}
