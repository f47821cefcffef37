//! Health: what a person should know of the sources. Nouns and decisions, pure.
//!
//! An event is a record of a source of its own, `health`, committed with the verdict it comes from: `health.atom` is
//! then a feed like any other, and an event is told to a person once, also when the run that noticed it was killed.
//! A failure becomes an event at its threshold, a recovery when it was told as a failure, a silence once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    config::Source,
    entry::Entry,
    id::{EntryId, EntryKey, SourceId},
    moment::{Moment, Precision, Provenance},
    record::{Plan, Record, SourceState},
    refresh::Refreshed,
    verdict::{Verdict, judge, rhythm},
};

/// What kind of event it is; its word is a category of its entry in `health.atom`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A source has failed often enough that a person must look.
    NeedsPerson,
    /// Entries come, but a field or most of them are missing, and not just once.
    Degraded,
    /// A source that a person was told of works again.
    WorksAgain,
    /// Nothing new came for unusually long: a notice.
    Silent,
    /// Something was mended without a person.
    Mended,
    /// A page that is read by selectors links a feed, which it did not before: a notice.
    FeedLinked,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::NeedsPerson, Self::Degraded, Self::WorksAgain, Self::Silent, Self::Mended, Self::FeedLinked];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::NeedsPerson => "needs-person",
            Self::Degraded => "degraded",
            Self::WorksAgain => "works-again",
            Self::Silent => "silent",
            Self::Mended => "mended",
            Self::FeedLinked => "feed-linked",
        }
    }
}

/// Something a person should know of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The source.
    pub source: SourceId,
    /// What kind.
    pub kind: Kind,
    /// When it was noticed.
    pub at: Timestamp,
    /// One line.
    pub headline: String,
    /// What a person can do about it; `None`: nothing.
    pub advice: Option<String>,
    /// Where to look: the source's page.
    pub link: Option<Url>,
}

/// The id of the feed of events; the config keeps it from sources.
pub fn id() -> SourceId {
    SourceId::new("health").expect("it is a slug")
}

/// What a refresh that just ended gives a person to know; what they know then is noted in `state`, whose verdict,
/// failures and episodes are those after the refresh.
pub fn watch(source: &Source, verdict: &Verdict, state: &mut SourceState, now: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    let event = |kind, headline: String, advice| Event {
        source: source.id.clone(),
        kind,
        at: now,
        headline,
        advice,
        link: Some(source.url.to_url()),
    };
    let in_a_row = state.episodes.last().map_or(0, |episode| episode.times);
    let is_degraded = matches!(verdict, Verdict::Degraded { .. });
    let has_failed = verdict.is_failure() && state.failures >= source.alert_after;
    let is_forbidden = state.held == 0 && state.forbidden >= source.alert_after;
    if (has_failed || state.held > 0 || is_forbidden) && state.alerted_at.is_none() {
        state.alerted_at = Some(now);
        let advice = advice(source, state, verdict);
        events.push(event(Kind::NeedsPerson, words(source, verdict), Some(advice)));
    } else if is_degraded && in_a_row >= source.alert_after && state.alerted_at.is_none() {
        state.alerted_at = Some(now);
        events.push(event(Kind::Degraded, words(source, verdict), Some(advice(source, state, verdict))));
    } else if verdict.is_good() && !is_degraded && state.alerted_at.take().is_some() {
        let trouble = state.episodes.iter().rev().find(|episode| !is_fine(&episode.verdict));
        let times = trouble.map_or_else(String::new, |episode| match episode.times {
            1 => " after one failure".to_owned(),
            times => format!(" after {times} failures"),
        });
        let headline = format!("{}; it works again{times}", words(source, verdict));
        events.push(event(Kind::WorksAgain, headline, None));
    }
    if verdict.is_good() {
        match rhythm::silence(&state.arrivals, now) {
            None => state.silent_at = None,
            Some(silence) if state.silent_at.is_none() => {
                state.silent_at = Some(now);
                let advice = format!(
                    "see whether the page still changes, and what is read from it, with `gleaner explain {}`",
                    source.id
                );
                let headline = format!("{}: {}", source.id, silence_words(silence, now));
                events.push(event(Kind::Silent, headline, Some(advice)));
            }
            Some(_) => {}
        }
    }
    events
}

/// The event of a page that links a feed, which it did not before.
pub fn feed_linked(source: &Source, feed: &Url, at: Timestamp) -> Event {
    Event {
        source: source.id.clone(),
        kind: Kind::FeedLinked,
        at,
        headline: format!("{}: the page now links a feed of its own, {feed}", source.id),
        advice: Some(format!(
            "look at it with `gleaner add {feed}`; to follow it instead, give `{}` its address and take the selectors out",
            source.id
        )),
        link: Some(source.url.to_url()),
    }
}

fn is_fine(word: &str) -> bool {
    matches!(word, "new" | "unchanged" | "empty")
}

/// A silence in words.
pub fn silence_words(silence: rhythm::Silence, now: Timestamp) -> String {
    format!(
        "nothing new for {}, the longest silence before was {}",
        span(silence.since.duration_until(now)),
        span(silence.longest)
    )
}

fn span(duration: SignedDuration) -> String {
    let count = |n: i64, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    match duration.as_hours() {
        0 => count(duration.as_mins(), "minute"),
        hours @ 1..48 => count(hours, "hour"),
        hours => count(hours / 24, "day"),
    }
}

/// A refresh in one line.
pub fn words(source: &Source, verdict: &Verdict) -> String {
    let counted = |new: usize, changed: usize| match (new, changed) {
        (new, 0) => format!("{new} new"),
        (0, changed) => format!("{changed} changed"),
        (new, changed) => format!("{new} new, {changed} changed"),
    };
    match verdict {
        Verdict::New { new, changed } => format!("{}: {}", source.id, counted(*new, *changed)),
        Verdict::Degraded { reason, new, changed } => {
            format!("{}: degraded ({reason}), {}", source.id, counted(*new, *changed))
        }
        other => format!("{}: {} ({})", source.id, other.word(), other.reason().unwrap_or_default()),
    }
}

/// The header lines that log in.
const LOGIN: [&str; 2] = ["authorization", "cookie"];

/// The next thing to do about a source that fails or is degraded.
pub fn advice(source: &Source, state: &SourceState, verdict: &Verdict) -> String {
    let id = &source.id;
    let kept = "its feed stays as it was";
    // Without selectors or anything to know them by, `heal` can only say so.
    let can_heal = source.rules.is_some() && state.last_number > 0;
    match verdict {
        Verdict::Drifted { .. } if can_heal => {
            format!(
                "look for its entries, and for selectors that find them, with `gleaner heal {id}`; {kept}"
            )
        }
        // It may have been as long all the while, and be built otherwise now.
        Verdict::Unreadable { reason } if can_heal && reason.starts_with(judge::NONE_IN_PART) => {
            format!(
                "its page may be another now: `gleaner heal {id}` looks for its entries in what can be read; {kept}"
            )
        }
        Verdict::Degraded { .. } if can_heal => {
            format!("look for what is missing with `gleaner heal {id}`; what came is published")
        }
        Verdict::Drifted { .. } => format!("see what the page holds now with `gleaner explain {id}`; {kept}"),
        Verdict::Degraded { .. } => {
            format!("see what the page holds now with `gleaner explain {id}`; what came is published")
        }
        Verdict::Blocked { .. } => {
            let has_login = source.request.headers.iter().any(|(name, _)| LOGIN.contains(&name.as_str()));
            let login = if has_login { ", or take the login in the config no more" } else { "" };
            format!("open {} in a browser: the site may ask for something{login}; {kept}", source.url)
        }
        Verdict::Skipped { .. } if state.held == 0 => forbidden(source, state),
        Verdict::Skipped { .. } => {
            format!(
                "look with `gleaner run {id} --dry-run`; then change the config back, or `gleaner run {id} --accept`"
            )
        }
        Verdict::Gone { .. } => {
            format!("look where {} has gone, or take `{id}` out of the config; {kept}", source.url)
        }
        _ => format!("{}, less and less often; {kept}", tried_again(state)),
    }
}

/// When a source that fails is asked again.
fn tried_again(state: &SourceState) -> String {
    let from =
        state.due_at.map_or_else(String::new, |due| due.strftime(" from %Y-%m-%d %H:%M UTC on").to_string());
    format!("it is tried again{from}")
}

/// What a person can do about a source that robots.txt forbids, or that it would say something of, if it could be read.
fn forbidden(source: &Source, state: &SourceState) -> String {
    let id = &source.id;
    let what = if state.permits.iter().any(|permit| permit.forbidden_by.is_some()) {
        format!("ask the owner of {} for a feed or leave, or take `{id}` out of the config", source.url)
    } else {
        tried_again(state)
    };
    format!("{what}; its feed stays as it was")
}

/// All that a commit writes for these refreshes: their own plans, and one for the events among them. `health` is the
/// state of the feed of events.
pub fn plans(refreshed: &[&Refreshed], health: SourceState) -> Vec<Plan> {
    let mut plans: Vec<Plan> = refreshed.iter().map(|refreshed| refreshed.plan.clone()).collect();
    let events: Vec<&Event> = refreshed.iter().flat_map(|refreshed| &refreshed.events).collect();
    let began = plans.iter().filter_map(|plan| plan.state.refreshed_at).min();
    plans.extend(plan(&events, health, began));
    plans
}

/// The plan that remembers events; `None`: there is nothing to remember. `began` is when gleaner began to watch, the
/// age of a feed without events.
pub fn plan(events: &[&Event], mut state: SourceState, began: Option<Timestamp>) -> Option<Plan> {
    let is_begun = state.first_succeeded_at.is_some();
    state.first_succeeded_at = state.first_succeeded_at.or(began);
    state.succeeded_at = state.succeeded_at.or(began);
    if events.is_empty() && (is_begun || began.is_none()) {
        return None;
    }
    let mut records = Vec::new();
    for event in events {
        state.last_number += 1;
        // Each a second later than the one before, so that every reader shows them in their order.
        let next = state.read_at.and_then(|last| last.checked_add(SignedDuration::from_secs(1)).ok());
        let at = next.map_or(event.at, |next| event.at.max(next));
        state.read_at = Some(at);
        state.changed_at = Some(at);
        records.push(record(event, state.last_number, at));
    }
    Some(Plan { records, ..Plan::of(id(), state) })
}

fn record(event: &Event, number: u64, at: Timestamp) -> Record {
    let key = EntryKey::id(&format!("{}\n{}\n{number}", event.source, event.kind.word()));
    Record {
        number,
        id: EntryId::mint(&id(), &key),
        keys: vec![key],
        entry: Entry {
            headline: event.headline.clone(),
            link: event.link.clone(),
            teaser: event.advice.clone(),
            content: None,
            image: None,
            author: None,
            categories: vec![event.kind.word().to_owned(), event.source.to_string()],
            enclosures: Vec::new(),
            moment: Some(Moment {
                day: at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date(),
                first_day: None,
                instant: Some(at),
                precision: Precision::Minute,
                provenance: Provenance::FirstSeen,
            }),
        },
        published: at,
        updated: at,
        first_seen: at,
        last_seen: at,
        churn: 0,
        redated: 0,
        retold_in: Vec::new(),
    }
}

/// A record of an event as the event; `None`: it is none.
pub fn read(record: &Record) -> Option<Event> {
    let [kind, source] = record.entry.categories.as_slice() else { return None };
    Some(Event {
        source: SourceId::new(source).ok()?,
        kind: Kind::ALL.into_iter().find(|known| known.word() == kind)?,
        at: record.published,
        headline: record.entry.headline.clone(),
        advice: record.entry.teaser.clone(),
        link: record.entry.link.clone(),
    })
}
