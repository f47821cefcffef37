//! A host's robots.txt, or its absence → whether an address may be asked for, remembered with the source. Pure.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::robots::Rules;
use crate::config::Address;

/// How long an answer holds (RFC 9309 §2.4).
const HOLDS: Duration = Duration::from_secs(24 * 3600);

/// A file that cannot be read for longer is taken for one that is not there (§2.3.1.4).
const GIVEN_UP: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a request for robots.txt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is there.
    Rules(Rules),
    /// There is none: everything is allowed (§2.3.1.3).
    None,
    /// It cannot be had now, and nothing may be fetched (§2.3.1.4). Why, in words.
    Unreachable(String),
}

/// What is remembered of it for one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// The address.
    pub url: Address,
    /// When the file was last read.
    #[serde(default, with = "crate::brief", skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// The line that forbids the address; `None`: it is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbidden_by: Option<String>,
    /// The time between two requests the file wishes for, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<u64>,
    /// Since when the file cannot be read; `None`: it can.
    #[serde(default, with = "crate::brief", skip_serializing_if = "Option::is_none")]
    pub unreachable_since: Option<Timestamp>,
}

impl Permit {
    /// What an answer means for an address, given what is remembered of it.
    pub fn new(url: &Url, before: Option<&Self>, answer: &Answer, now: Timestamp) -> Self {
        let nothing = Self {
            url: url.clone().into(),
            read_at: Some(now),
            forbidden_by: None,
            delay: None,
            unreachable_since: None,
        };
        match answer {
            Answer::None => nothing,
            Answer::Rules(rules) => Self {
                forbidden_by: rules.forbidding(url),
                delay: rules.delay.and_then(|delay| u64::try_from(delay.as_millis()).ok()),
                ..nothing
            },
            Answer::Unreachable(_) => {
                let before = before.cloned().unwrap_or(Self { read_at: None, ..nothing });
                Self { unreachable_since: before.unreachable_since.or(Some(now)), ..before }
            }
        }
    }

    /// Whether it is still good, without asking for the file again.
    pub fn holds(&self, url: &Url, now: Timestamp) -> bool {
        let is_recent = |read: Timestamp| now.duration_since(read).unsigned_abs() <= HOLDS;
        self.url.as_str() == url.as_str()
            && self.unreachable_since.is_none()
            && self.read_at.is_some_and(is_recent)
    }

    /// Why the address may not be asked for; `None`: it may.
    pub fn refusal(&self, now: Timestamp) -> Option<String> {
        if let Some(line) = &self.forbidden_by {
            return Some(format!("robots.txt says `{line}` (`robots = false` is for hosts of your own)"));
        }
        // A copy that was read once is used for as long as the file cannot be had (§2.4).
        let since = self.unreachable_since.filter(|_| self.read_at.is_none())?;
        (now.duration_since(since).unsigned_abs() <= GIVEN_UP)
            .then(|| "robots.txt cannot be read, and nothing may be asked for without it".to_owned())
    }

    /// The time between two requests the file wishes for.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::fetch::robots;

    fn url() -> Url {
        Url::parse("https://site.example/news").unwrap()
    }

    fn at(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    fn rules(text: &str) -> Answer {
        Answer::Rules(robots::parse(format!("User-agent: *\n{text}\n").as_bytes(), "gleaner"))
    }

    #[test]
    fn an_answer_holds_for_a_day() {
        let permit = Permit::new(&url(), None, &Answer::None, at(0));
        assert!(permit.holds(&url(), at(1)) && !permit.holds(&url(), at(1) + SignedDuration::from_secs(1)));
        assert!(!permit.holds(&url().join("/other").unwrap(), at(0)));
        assert_eq!(permit.refusal(at(0)), None);
    }

    #[test]
    fn what_is_forbidden_is_named() {
        let permit = Permit::new(&url(), None, &rules("Disallow: /n"), at(0));
        assert!(permit.refusal(at(0)).unwrap().contains("`Disallow: /n`"));
    }

    #[test]
    fn a_file_that_cannot_be_had_forbids_everything_for_a_month() {
        let down = Answer::Unreachable(String::new());
        let mut permit = Permit::new(&url(), None, &down, at(0));
        for day in 0..=30 {
            permit = Permit::new(&url(), Some(&permit), &down, at(day));
            assert!(permit.refusal(at(day)).is_some() && !permit.holds(&url(), at(day)), "{day}");
        }
        assert_eq!(permit.refusal(at(31)), None);
    }

    #[test]
    fn a_copy_is_used_while_the_file_cannot_be_had() {
        let down = Answer::Unreachable(String::new());
        let allowed = Permit::new(&url(), None, &rules("Disallow: /x"), at(0));
        assert_eq!(Permit::new(&url(), Some(&allowed), &down, at(5)).refusal(at(5)), None);
        let forbidden = Permit::new(&url(), None, &rules("Disallow: /"), at(0));
        assert!(Permit::new(&url(), Some(&forbidden), &down, at(40)).refusal(at(40)).is_some());
    }
}
