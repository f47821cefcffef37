//! How refreshes ended → when each source is asked next. Pure: `now` is an argument.
//!
//! What a person configured is the least: freshness, hints and the source's own rhythm make a wait longer, never
//! shorter. The times stand in the store, so a restart asks nobody again.

pub mod agenda;
pub mod cron;
pub mod jitter;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use self::cron::Cron;
use crate::{
    config::{Digest, Source},
    fetch::{FetchError, Fetched, caching, retry},
    listing::Quiet,
    record::{Glance, SourceState},
    verdict::Verdict,
};

/// What decides when a source is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Its interval.
    Steady,
    /// Its own rhythm, beginning with its interval.
    Auto,
    /// The times of an expression, in its zone.
    Times(Cron),
}

/// A wish to be left alone, or an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The address of the config that it is about; another address voids it.
    pub url: Url,
    /// Until when; `None`: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who is meant.
    pub scope: retry::Scope,
}

/// The longest back-off between two tries of a failing source, unless its interval is longer.
const MAX_BACKOFF: Duration = Duration::from_secs(24 * 60 * 60);

/// The first back-off after a block page, a login or the like: it takes a person there, and hours.
const BLOCKED_BACKOFF: Duration = Duration::from_secs(6 * 60 * 60);

/// The shortest and the longest interval of a source that is followed at its own rhythm.
const AUTO_LEAST: Duration = Duration::from_secs(15 * 60);
const AUTO_MOST: Duration = MAX_BACKOFF;

/// How many times of an expression are held against the times a feed calls useless: a week of half hours.
const MOST_NAMED: usize = 336;

/// The time to the next try: the interval, doubled with each failure in a row, never more than a day unless the
/// interval itself is longer.
pub fn backoff(every: Duration, failures: u32) -> Duration {
    let doubled = every.saturating_mul(1u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX));
    doubled.min(MAX_BACKOFF.max(every))
}

/// Writes down when the source is due again, and whether it is to be left alone.
pub fn settle(source: &Source, state: &mut SourceState, verdict: &Verdict, fetched: &Fetched) {
    let now = fetched.at();
    state.hold = hold(source, fetched, now);
    if let (Fetched::Page(_), true) = (fetched, verdict.is_good()) {
        state.full_at = Some(now);
    }
    let after = |wait: Duration| now.checked_add(wait).unwrap_or(Timestamp::MAX);
    if verdict.is_good() || verdict.is_failure() {
        state.forbidden = 0;
        state.failed_by = None;
    }
    if verdict.is_failure() || state.held > 0 {
        state.failed_by = Some(source.tried());
    }
    if verdict.is_good() {
        let own = if source.pace == Pace::Auto { follow(source, state, verdict) } else { source.every };
        let hint = Duration::from_secs(state.hint.unwrap_or_default()).min(caching::MAX_FRESH);
        let fresh = fetched.headers().map_or(Duration::ZERO, |headers| caching::fresh_for(headers, now));
        state.due_at = Some(match &source.pace {
            Pace::Times(cron) => on_time(cron, source, &state.quiet, after(fresh)),
            Pace::Steady | Pace::Auto => {
                let due = after(jitter::around(own.max(fresh).max(hint), &source.id, now));
                of_use(source, &state.quiet, due)
            }
        });
    } else if verdict.is_failure() {
        let wait = patience(source, state.failures, fetched, verdict);
        let due = after(jitter::around(wait, &source.id, now));
        state.due_at = Some(match &source.pace {
            // The next time that was named comes soon enough, unless it comes too often.
            Pace::Times(cron) if state.failures <= 1 => {
                on_time(cron, source, &state.quiet, now).max(after(source.every))
            }
            _ => of_use(source, &state.quiet, due),
        });
    } else if state.held > 0 {
        state.due_at = Some(after(jitter::around(source.every, &source.id, now)));
    } else if let Fetched::Failed { error: FetchError::Disallowed(_), .. } = fetched {
        // robots.txt is asked again when its answer holds no more; until then this costs nobody a request.
        state.due_at = Some(after(jitter::around(source.every, &source.id, now)));
        state.forbidden = state.forbidden.saturating_add(1);
        // The changed config was tried.
        state.failed_by = state.failed_by.take().map(|_| source.tried());
        state.refreshed_at = Some(now);
        state.verdict = Some(verdict.clone());
    }
}

/// How long a failing source is left alone.
fn patience(source: &Source, failures: u32, fetched: &Fetched, verdict: &Verdict) -> Duration {
    let usual = backoff(source.every, failures);
    let status = match fetched {
        Fetched::Page(page) => Some(page.status),
        _ => None,
    };
    match (verdict, fetched, status) {
        // A name that is not there is not there tomorrow either: four times the interval, then sixteen.
        (_, Fetched::Failed { error: FetchError::NoSuchName(_), .. }, _) => {
            backoff(source.every, failures.saturating_mul(2))
        }
        // One miss may be a slip; after that it is looked for once a day (RFC 9110 §15.5.5).
        (Verdict::Gone { .. }, ..) if failures > 1 => usual.max(MAX_BACKOFF),
        (Verdict::Blocked { .. }, ..) => usual.max(backoff(BLOCKED_BACKOFF, failures.saturating_sub(1))),
        _ => usual,
    }
}

/// The next time that was named and that the feed does not call useless; when it calls all of them so, the next one:
/// a person wrote it.
fn on_time(cron: &Cron, source: &Source, quiet: &Quiet, after: Timestamp) -> Timestamp {
    let following = |from: &Timestamp| cron.after(*from, &source.timezone);
    let named = following(&after).unwrap_or(Timestamp::MAX);
    let mut all = std::iter::successors(Some(named), following).take(MOST_NAMED);
    let named = all.find(|named| quiet.over_after(*named) == *named).unwrap_or(named);
    named.checked_add(jitter::delay(&source.id, after)).unwrap_or(named)
}

/// The time itself, or one soon after the end of those that the feed calls useless.
fn of_use(source: &Source, quiet: &Quiet, due: Timestamp) -> Timestamp {
    let over = quiet.over_after(due);
    if over == due {
        return due;
    }
    over.checked_add(jitter::delay(&source.id, due)).unwrap_or(over)
}

/// The interval of a source at its own rhythm: news halve it, quiet lengthens it by a quarter.
fn follow(source: &Source, state: &mut SourceState, verdict: &Verdict) -> Duration {
    let (least, most) = (AUTO_LEAST.min(source.every), AUTO_MOST.max(source.every));
    let before = state.pace.map_or(source.every, Duration::from_secs);
    let next = match verdict {
        Verdict::New { new, .. } | Verdict::Degraded { new, .. } if *new > 0 => before / 2,
        Verdict::New { .. } | Verdict::Degraded { .. } => before,
        _ => before + before / 4,
    };
    let next = next.clamp(least, most);
    state.pace = Some(next.as_secs());
    next
}

fn hold(source: &Source, fetched: &Fetched, now: Timestamp) -> Option<Hold> {
    let Fetched::Page(page) = fetched else { return None };
    let url = source.url.to_url();
    // RFC 9110 §15.5.11: gone on purpose, and likely for good.
    if page.status == 410 {
        return Some(Hold { url, until: None, scope: retry::Scope::Source });
    }
    let (until, scope) = retry::hold(page.status, &page.headers, now)?;
    Some(Hold { url, until: Some(until), scope })
}

/// Why a source is not asked now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The config says so.
    Disabled,
    /// It answered 410 once.
    Gone,
    /// Its origin asked to be left alone.
    Asked(Timestamp),
    /// It failed, and is tried again then.
    BackingOff(Timestamp),
    /// It is due then.
    NotDue(Timestamp),
}

impl Wait {
    /// When it is over; `None`: not by time.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Disabled | Self::Gone => None,
            Self::Asked(until) | Self::BackingOff(until) | Self::NotDue(until) => Some(*until),
        }
    }
}

/// Whether a person asks for a source now, or the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The schedule.
    Due,
    /// A pass that another schedule begins, cron's say: a little early is on time.
    Nearly,
    /// A person, whether it is due or not.
    Forced,
}

/// Why the source is not asked now; `None`: it is. Not even a person hurries an origin that asked for time.
pub fn wait(source: &Source, state: &Glance, now: Timestamp, wish: Wish) -> Option<Wait> {
    if !source.enabled {
        return Some(Wait::Disabled);
    }
    if let Some(hold) = state.hold.as_ref().filter(|hold| is_about(hold, source)) {
        match hold.until {
            Some(until) if until > now && is_near(now, until, Duration::from_secs(8 * 24 * 3600)) => {
                return Some(Wait::Asked(until));
            }
            None if wish != Wish::Forced => return Some(Wait::Gone),
            _ => {}
        }
    }
    if is_changed(source, state.failed_by.as_ref()) {
        return None;
    }
    let due = state.due_at.filter(|_| wish != Wish::Forced)?;
    let is_of_use = state.quiet.over_after(now) == now;
    let early = if wish == Wish::Nearly && is_of_use { slack(source) } else { Duration::ZERO };
    let is_due = now.checked_add(early).is_ok_and(|soon| due <= soon);
    if is_due || !is_near(now, due, longest(source, &state.quiet, now)) {
        return None;
    }
    Some(if state.failures > 0 { Wait::BackingOff(due) } else { Wait::NotDue(due) })
}

/// Whether a wish is still about a source: another address voids it, but for one of the same host where that is meant.
fn is_about(hold: &Hold, source: &Source) -> bool {
    let is_its_host = || hold.url.host_str() == source.url.host_str();
    hold.url.as_str() == source.url.as_str() || (hold.scope == retry::Scope::Host && is_its_host())
}

/// Whether what is read from a page, or how it is asked for, was changed since it last failed: a mended source need not wait
/// for the end of a back-off.
pub fn is_changed(source: &Source, failed_by: Option<&Digest>) -> bool {
    failed_by.is_some_and(|tried| *tried != source.tried())
}

/// A clock that was set back must not put a source to sleep for a year.
fn is_near(now: Timestamp, until: Timestamp, longest: Duration) -> bool {
    now.checked_add(longest).is_ok_and(|latest| until <= latest)
}

/// The longest that a source is ever put off.
fn longest(source: &Source, quiet: &Quiet, now: Timestamp) -> Duration {
    let steady = backoff(source.every, u32::MAX).max(caching::MAX_FRESH);
    let named = match &source.pace {
        Pace::Times(cron) => {
            cron.after(now, &source.timezone).and_then(|at| at.duration_since(now).try_into().ok())
        }
        _ => None,
    };
    // What the jitter adds, and then some.
    let most: Duration = named.unwrap_or_default();
    let quiet = if quiet.is_empty() { Duration::ZERO } else { Duration::from_secs(7 * 24 * 3600) };
    most.max(steady).saturating_mul(9) / 8 + Duration::from_secs(3600) + quiet
}

/// How much too early another schedule may come: it begins its passes at the same minute, and a pass takes time.
fn slack(source: &Source) -> Duration {
    match source.pace {
        Pace::Times(_) => Duration::from_secs(60),
        Pace::Steady | Pace::Auto => (source.every / 10).min(Duration::from_secs(3600)),
    }
}

#[cfg(test)]
mod tests;
