//! A response → until when its origin asks to be left alone, and who is meant (RFC 9110 §10.2.3). Pure.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::date;
use crate::page::Headers;

/// Whom an origin's wish to be left alone concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The one source: its page is not available.
    Source,
    /// Every source of the host: we come too often.
    Host,
}

/// Longer than this no origin is left alone on its own word; a person is told.
const MAX_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// What an origin that says "too many requests" and not for how long is left alone.
const AFTER_TOO_MANY: Duration = Duration::from_secs(3600);

/// Until when, and who; `None`: it does not ask for it. A `Retry-After` that cannot be read is none.
pub fn hold(status: u16, headers: &Headers, now: Timestamp) -> Option<(Timestamp, Scope)> {
    let asked = headers.get("retry-after").and_then(|value| wait(value, now));
    let (wait, scope) = match status {
        429 => (asked.unwrap_or(AFTER_TOO_MANY), Scope::Host),
        503 => (asked?, Scope::Source),
        _ => return None,
    };
    let until = now.checked_add(wait.min(MAX_WAIT)).ok()?;
    (until > now).then_some((until, scope))
}

/// Seconds or a date; one that is over means no wait at all.
fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = date::parse(value)?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held(status: u16, value: &str) -> Option<(i64, Scope)> {
        let now: Timestamp = "2025-03-06T09:00:00Z".parse().unwrap();
        let headers = Headers(vec![("retry-after".to_owned(), value.to_owned())]);
        hold(status, &headers, now).map(|(until, scope)| (until.duration_since(now).as_secs(), scope))
    }

    #[test]
    fn both_forms_are_obeyed_with_the_scope_of_the_status() {
        assert_eq!(held(503, "120"), Some((120, Scope::Source)));
        assert_eq!(held(429, "120"), Some((120, Scope::Host)));
        assert_eq!(held(503, "Thu, 06 Mar 2025 09:05:00 GMT"), Some((300, Scope::Source)));
        assert_eq!(held(200, "120"), None);
        assert_eq!(held(500, "120"), None);
    }

    #[test]
    fn what_cannot_be_read_is_no_wait_and_what_is_huge_is_a_week() {
        for value in ["-5", "abc", "", "1.5", "Thu, 06 Mar 2025 08:00:00 GMT", "0"] {
            assert_eq!(held(503, value), None, "{value}");
        }
        assert_eq!(held(503, "1000000000000"), Some((7 * 24 * 3600, Scope::Source)));
        assert_eq!(held(503, "99999999999999999999999999"), Some((7 * 24 * 3600, Scope::Source)));
        assert_eq!(held(429, "abc"), Some((3600, Scope::Host)), "too many is too many");
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_a_week(status in 100u16..1000, value in ".{0,40}") {
            if let Some((seconds, _)) = held(status, &value) {
                prop_assert!((1..=7 * 24 * 3600).contains(&seconds));
            }
        }
    }
}
