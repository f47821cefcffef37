//! When a source is due again, by how its refresh ended.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use url::Url;

use super::{Pace, Wait, Wish, backoff, cron::Cron, settle};
use crate::{
    config::{self, ConfigText, Source},
    fetch::{FetchError, Fetched},
    listing::Quiet,
    page::{Headers, Page},
    record::{Glance, SourceState},
    verdict::Verdict,
};

const NOW: &str = "2025-03-06T09:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A source that is due every hour, unless `more` says otherwise.
fn source(more: &str) -> Source {
    let text =
        format!("[source.a]\nurl = \"https://site.example/\"\nentry = \"a\"\nheadline = \"a\"\n{more}\n");
    let file = ConfigText { path: "gleaner.toml".into(), text };
    config::read(&[file], &|_| None).unwrap().sources.remove(0)
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Fetched {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Fetched::Page(Page {
        url: Url::parse("https://site.example/").unwrap(),
        status,
        headers: Headers(headers),
        body: Vec::new(),
        fetched_at: now(),
    })
}

fn good(new: usize) -> Verdict {
    if new > 0 { Verdict::New { new, changed: 0 } } else { Verdict::Unchanged { reason: String::new() } }
}

/// In how many minutes a source is due.
fn wait(source: &Source, state: &SourceState, now: Timestamp, wish: Wish) -> Option<Wait> {
    super::wait(source, &Glance::from(state), now, wish)
}

fn due(source: &Source, state: &mut SourceState, verdict: &Verdict, fetched: &Fetched) -> i64 {
    settle(source, state, verdict, fetched);
    state.due_at.unwrap().duration_since(now()).as_mins()
}

fn is_about(minutes: i64, expected: i64) -> bool {
    (minutes - expected).abs() <= expected / 20 + 1
}

#[test]
fn freshness_makes_an_interval_longer_never_shorter() {
    let source = source("");
    let due = |value| {
        due(&source, &mut SourceState::default(), &good(1), &answer(200, &[("cache-control", value)]))
    };
    assert!(is_about(due("max-age=7200"), 120));
    assert!(is_about(due("max-age=60"), 60));
    assert!(is_about(due("max-age=31536000"), 24 * 60));
}

#[test]
fn what_a_feed_asks_for_makes_an_interval_longer_never_shorter() {
    let source = source("");
    let due = |seconds| {
        let mut state = SourceState { hint: Some(seconds), ..SourceState::default() };
        due(&source, &mut state, &good(1), &answer(200, &[]))
    };
    assert!(is_about(due(4 * 3600), 240));
    assert!(is_about(due(60), 60));
    assert!(is_about(due(7 * 24 * 3600), 24 * 60));
}

#[test]
fn failures_are_waited_out_ever_longer_by_their_kind() {
    let source = source("");
    let waited = |verdict: &Verdict, fetched: &Fetched| -> Vec<i64> {
        let mut state = SourceState::default();
        (1..=5)
            .map(|failures| {
                state.failures = failures;
                due(&source, &mut state, verdict, fetched)
            })
            .collect()
    };
    let assert_about = |minutes: Vec<i64>, expected: [i64; 5]| {
        assert!(minutes.iter().zip(expected).all(|(m, e)| is_about(*m, e * 60)), "{minutes:?} {expected:?}");
    };
    let reason = String::new;
    let unreachable = Verdict::Unreachable { reason: reason() };
    assert_about(waited(&unreachable, &answer(500, &[])), [2, 4, 8, 16, 24]);
    let no_name = Fetched::Failed { at: now(), error: FetchError::NoSuchName(reason()) };
    assert_about(waited(&unreachable, &no_name), [4, 16, 24, 24, 24]);
    assert_about(waited(&Verdict::Gone { reason: reason() }, &answer(404, &[])), [2, 24, 24, 24, 24]);
    assert_about(waited(&Verdict::Blocked { reason: reason() }, &answer(403, &[])), [6, 12, 24, 24, 24]);
}

#[test]
fn backing_off_doubles_up_to_a_day() {
    let hour = Duration::from_secs(3600);
    assert_eq!(backoff(hour, 0), hour);
    assert_eq!(backoff(hour, 2), hour * 4);
    assert_eq!(backoff(hour, 40), hour * 24);
    assert_eq!(backoff(hour * 48, 3), hour * 48);
}

#[test]
fn another_config_is_tried_once_before_a_back_off_is_over() {
    let broken = source("");
    let mended = source("teaser = \"p\"");
    let mut state = SourceState { failures: 3, ..SourceState::default() };
    let drifted = Verdict::Drifted { reason: String::new() };
    settle(&broken, &mut state, &drifted, &answer(200, &[]));
    assert!(matches!(wait(&broken, &state, now(), Wish::Nearly), Some(Wait::BackingOff(_))));
    assert_eq!(wait(&mended, &state, now(), Wish::Nearly), None);
    settle(&mended, &mut state, &drifted, &answer(200, &[]));
    assert!(matches!(wait(&mended, &state, now(), Wish::Nearly), Some(Wait::BackingOff(_))));
    // Where robots.txt does not let it be asked, it was tried too.
    let once_more = source("teaser = \"b\"");
    let disallowed = Fetched::Failed { at: now(), error: FetchError::Disallowed(String::new()) };
    settle(&once_more, &mut state, &Verdict::Skipped { reason: String::new() }, &disallowed);
    assert!(matches!(wait(&once_more, &state, now(), Wish::Nearly), Some(Wait::BackingOff(_))));
    state.failures = 0;
    settle(&mended, &mut state, &good(1), &answer(200, &[]));
    assert!(matches!(wait(&broken, &state, now(), Wish::Nearly), Some(Wait::NotDue(_))));
}

#[test]
fn an_origin_that_asks_for_time_gets_it_from_a_person_too() {
    let source = source("");
    let mut state = SourceState { failures: 1, ..SourceState::default() };
    let refused = Verdict::Unreachable { reason: String::new() };
    settle(&source, &mut state, &refused, &answer(503, &[("retry-after", "86400")]));
    let at = |hours: i64| now() + SignedDuration::from_hours(hours);
    assert_eq!(wait(&source, &state, at(23), Wish::Forced), Some(Wait::Asked(at(24))));
    assert_eq!(wait(&source, &state, at(24), Wish::Forced), None);
    // Of a host that is asked for too much, no other page either.
    let mut state = SourceState { failures: 1, ..SourceState::default() };
    settle(&source, &mut state, &refused, &answer(429, &[("retry-after", "86400")]));
    let mut other = source.clone();
    other.url = Url::parse("https://site.example/news/").unwrap().into();
    assert_eq!(wait(&other, &state, at(23), Wish::Nearly), Some(Wait::Asked(at(24))));
    other.url = Url::parse("https://other.example/news/").unwrap().into();
    assert_eq!(wait(&other, &state, at(23), Wish::Forced), None);
}

#[test]
fn what_is_gone_is_not_asked_again_until_a_person_or_another_address_says_so() {
    let gone = source("");
    let mut state = SourceState { failures: 1, ..SourceState::default() };
    settle(&gone, &mut state, &Verdict::Gone { reason: String::new() }, &answer(410, &[]));
    let later = now() + SignedDuration::from_hours(24 * 365 * 5);
    assert_eq!(wait(&gone, &state, later, Wish::Due), Some(Wait::Gone));
    assert_eq!(wait(&gone, &state, later, Wish::Forced), None);
    let mut elsewhere = gone;
    elsewhere.url = Url::parse("https://site.example/new").unwrap().into();
    assert_eq!(wait(&elsewhere, &state, later, Wish::Due), None);
}

#[test]
fn a_pass_of_another_schedule_may_be_a_little_early() {
    let source = source("");
    let at = |minutes: i64| now() + SignedDuration::from_mins(minutes);
    let state = SourceState { due_at: Some(at(63)), ..SourceState::default() };
    assert_eq!(wait(&source, &state, at(60), Wish::Nearly), None);
    assert_eq!(wait(&source, &state, at(60), Wish::Due), Some(Wait::NotDue(at(63))));
    assert_eq!(wait(&source, &state, at(50), Wish::Nearly), Some(Wait::NotDue(at(63))));
}

#[test]
fn a_clock_that_was_set_back_puts_nobody_to_sleep() {
    let source = source("");
    let state = SourceState { due_at: Some(now()), ..SourceState::default() };
    let year_before = now() - SignedDuration::from_hours(24 * 365);
    assert_eq!(wait(&source, &state, year_before, Wish::Due), None);
}

#[test]
fn a_source_at_its_own_rhythm_is_asked_less_while_it_is_quiet() {
    let source = source("every = \"auto\"");
    assert_eq!(source.pace, Pace::Auto);
    let mut state = SourceState::default();
    let quiet: Vec<i64> = (0..30).map(|_| due(&source, &mut state, &good(0), &answer(200, &[]))).collect();
    assert!(is_about(quiet[0], 75) && is_about(quiet[29], 24 * 60), "{quiet:?}");
    let busy: Vec<i64> = (0..30).map(|_| due(&source, &mut state, &good(1), &answer(200, &[]))).collect();
    assert!(is_about(busy[0], 12 * 60) && is_about(busy[29], 15), "{busy:?}");
}

#[test]
fn times_of_an_expression_are_kept_in_the_zone() {
    let source = source("at = \"30 12 * * *\"\ntimezone = \"Africa/Tripoli\"");
    assert_eq!(source.pace, Pace::Times(Cron::parse("30 12 * * *").unwrap()));
    let mut state = SourceState::default();
    settle(&source, &mut state, &good(1), &answer(200, &[]));
    let due = state.due_at.unwrap();
    let named: Timestamp = "2025-03-06T10:30:00Z".parse().unwrap();
    assert!(due >= named && due < named + SignedDuration::from_mins(1), "{due}");
    // A failure waits for the next time too, and a second one backs off.
    state.failures = 1;
    settle(&source, &mut state, &Verdict::Unreachable { reason: String::new() }, &answer(500, &[]));
    assert!(state.due_at.unwrap() >= named);
}

/// NOW is a Thursday, 09:00 UTC.
fn quiet(hours: &[i8], days: &[i8]) -> SourceState {
    let quiet = Quiet { hours: hours.iter().copied().collect(), days: days.iter().copied().collect() };
    SourceState { quiet, ..SourceState::default() }
}

#[test]
fn a_feed_is_not_asked_at_hours_and_on_days_it_names() {
    let named = |hours: &[i8], days: &[i8]| {
        let mut state = quiet(hours, days);
        let source = source("timezone = \"Asia/Tokyo\"");
        let minutes = due(&source, &mut state, &good(1), &answer(304, &[]));
        let at = state.due_at.unwrap();
        assert_eq!(wait(&source, &state, at - SignedDuration::from_secs(1), Wish::Forced), None, "a person");
        let early = at - SignedDuration::from_mins(4);
        let is_of_use = state.quiet.over_after(early) == early;
        assert_eq!(wait(&source, &state, early, Wish::Nearly).is_none(), is_of_use);
        assert_eq!(wait(&source, &state, at, Wish::Due), None);
        minutes
    };
    assert!(is_about(named(&[], &[]), 60));
    assert!(is_about(named(&[11, 12, 13], &[]), 60), "in an hour it is ten, by the clock of Greenwich");
    // About an hour from now it is 9:57 to 10:03, and both hours are named.
    assert!((180..=181).contains(&named(&[9, 10, 11], &[])));
    assert!(((15 + 24) * 60..=(15 + 24) * 60 + 1).contains(&named(&[], &[4, 5])), "Thursday, Friday");
    let but_one: Vec<i8> = (0..24).filter(|hour| *hour != 8).collect();
    let week = named(&but_one, &[1, 2, 4, 5, 6, 7]);
    assert_eq!(week, (15 + 5 * 24 + 8) * 60, "the one hour of a week that is left");
}

#[test]
fn a_failing_feed_is_not_tried_again_at_a_time_it_names() {
    let mut state = SourceState { failures: 1, ..quiet(&[10, 11, 12], &[]) };
    let refused = Verdict::Unreachable { reason: String::new() };
    let minutes = due(&source(""), &mut state, &refused, &answer(500, &[]));
    assert!((240..=241).contains(&minutes), "{minutes}");
}

#[test]
fn of_the_times_a_person_named_the_next_is_taken_that_the_feed_does_not_call_useless() {
    let named =
        |times: &str, hours: &[i8]| due(&source(times), &mut quiet(hours, &[]), &good(0), &answer(200, &[]));
    assert_eq!(named("at = \"0 10,12,14 * * *\"", &[10, 12]), 5 * 60);
    assert_eq!(named("at = \"0 10 * * *\"", &[10]), 60, "she named no other");
}

proptest! {
    #[test]
    fn no_answer_makes_a_source_due_sooner_than_it_was_asked_to_be(
        status in 100u16..1000, failures in 0u32..50, name in "retry-after|cache-control|expires|age",
        value in "[ -~]{0,30}", is_good: bool,
    ) {
        let source = source("");
        let mut state = SourceState { failures, ..SourceState::default() };
        let verdict = if is_good { good(0) } else { Verdict::Unreachable { reason: String::new() } };
        let minutes = due(&source, &mut state, &verdict, &answer(status, &[(name.as_str(), value.as_str())]));
        prop_assert!((57..=24 * 60 * 21 / 20).contains(&minutes), "{}", minutes);
    }
}
