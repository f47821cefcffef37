//! `status`: every source in one screen, and the history of one.

use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Outcome, Places, terminal::Terminal, workspace};
use crate::{
    clock,
    config::Source,
    health,
    record::SourceState,
    schedule,
    store::{Engine, Newest, Store as _},
    verdict::{Verdict, judge, rhythm},
};

/// Options of `status`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only these sources; of one alone its history is shown
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Print JSON, one object for each source
    #[arg(long)]
    json: bool,
}

pub fn status(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let sources = workspace::chosen(&config, &options.ids)?;
    let store = workspace::look_into_store(places, &config, terminal)?;
    let now = clock::now();
    let mut rows = Vec::new();
    for source in sources {
        let failure = |error| workspace::store_failure(&error);
        let state = store.state(&source.id).map_err(failure)?;
        let newest = newest(&store, source)?;
        rows.push((source, state, newest));
    }
    let text = if options.json {
        rows.iter().fold(String::new(), |text, row| text + &as_json(row, now).to_string() + "\n")
    } else if let ([row], [_]) = (&rows[..], &options.ids[..]) {
        history(row, now)
    } else {
        as_table(&rows, now)
    };
    terminal.data(&text);
    store.close().map_err(|error| workspace::store_failure(&error))?;
    Ok(workspace::exit_if(|| rows.iter().any(|(source, state, _)| needs_person(source, state))))
}

fn needs_person(source: &Source, state: &SourceState) -> bool {
    source.enabled && state.standing() >= source.alert_after
}

/// What to do about a source that fails, is degraded or waits for a decision; `None`: nothing.
fn next(source: &Source, state: &SourceState) -> Option<String> {
    let verdict = state.verdict.as_ref().filter(|_| source.enabled)?;
    if is_changed(source, state) {
        return Some("its config was changed since; the next run asks it".to_owned());
    }
    let is_degraded = matches!(verdict, Verdict::Degraded { .. });
    (is_degraded || state.standing() > 0).then(|| health::advice(source, state, verdict))
}

fn is_changed(source: &Source, state: &SourceState) -> bool {
    state.hold.is_none() && schedule::is_changed(source, state.failed_by.as_ref())
}

/// When it is asked next; `None`: never, or now.
fn due(source: &Source, state: &SourceState) -> Option<Timestamp> {
    state.due_at.filter(|_| source.enabled && !is_changed(source, state))
}

fn is_silent(source: &Source, state: &SourceState, now: Timestamp) -> Option<rhythm::Silence> {
    rhythm::silence(&state.arrivals, now).filter(|_| source.enabled)
}

/// When the newest entry of a source was published; `None`: it has none.
fn newest(store: &Engine, source: &Source) -> Result<Option<Timestamp>, super::Failure> {
    let records =
        store.records(&source.id, Newest::of(1)).map_err(|error| workspace::store_failure(&error))?;
    Ok(records.first().map(|record| record.published))
}

/// Ordinal numbers are never used again, so the last one counts the entries ever seen.
fn entries(state: &SourceState) -> u64 {
    state.last_number
}

type Row<'a> = (&'a Source, SourceState, Option<Timestamp>);

fn as_table(rows: &[Row<'_>], now: Timestamp) -> String {
    let width = rows.iter().map(|(source, ..)| source.id.as_str().len()).max().unwrap_or(0).max(6);
    let mut out = summary(rows, now);
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        out,
        "\n{:width$}  {:<11}  {:>7}  {:<21}  {:<21}  {:<21}",
        "source", "verdict", "entries", "last success", "newest entry", "next due"
    );
    // What a person must see comes first; the rest in the order of their ids.
    let mut rows: Vec<&Row<'_>> = rows.iter().collect();
    rows.sort_by_key(|(source, state, _)| {
        (!needs_person(source, state), state.failures == 0, is_silent(source, state, now).is_none())
    });
    for (source, state, newest) in rows {
        let _ = writeln!(
            out,
            "{:width$}  {:<11}  {:>7}  {:<21}  {:<21}  {:<21}",
            source.id.as_str(),
            word(source, state),
            entries(state),
            time(state.succeeded_at),
            time(*newest),
            time(due(source, state)),
        );
        let reason = state.verdict.as_ref().filter(|v| !matches!(v, Verdict::Unchanged { .. }));
        if let Some(reason) = reason.and_then(Verdict::reason) {
            let _ = writeln!(out, "{:width$}  {reason}{}", "", times(state.failures));
        }
        if let Some(next) = next(source, state) {
            let _ = writeln!(out, "{:width$}  next: {next}", "");
        }
        if let Some(silence) = is_silent(source, state, now) {
            let _ = writeln!(out, "{:width$}  {}", "", health::silence_words(silence, now));
        }
    }
    out
}

fn summary(rows: &[Row<'_>], now: Timestamp) -> String {
    let count = |is: &dyn Fn(&Source, &SourceState) -> bool| {
        rows.iter().filter(|(source, state, _)| is(source, state)).count()
    };
    let waiting = count(&needs_person);
    let parts = [
        (waiting, if waiting == 1 { "needs a person" } else { "need a person" }),
        (count(&|source, state| state.failures > 0 && !needs_person(source, state)), "failing"),
        (count(&|_, state| matches!(state.verdict, Some(Verdict::Degraded { .. }))), "degraded"),
        (count(&|source, state| is_silent(source, state, now).is_some()), "silent for unusually long"),
        (count(&|source, _| !source.enabled), "disabled"),
    ];
    let mut said: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if said.is_empty() {
        said.push("all is well".to_owned());
    }
    let noun = if rows.len() == 1 { "source" } else { "sources" };
    format!("{} {noun}: {}\n", rows.len(), said.join(", "))
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "–".to_owned(), workspace::local)
}

fn times(failures: u32) -> String {
    match failures {
        0 => String::new(),
        1 => " (once)".to_owned(),
        n => format!(" ({n} times in a row)"),
    }
}

fn word(source: &Source, state: &SourceState) -> &'static str {
    match (&state.verdict, source.enabled) {
        (_, false) => "disabled",
        (None, true) => "–",
        (Some(verdict), true) => verdict.word(),
    }
}

/// One source: how it is, what is usual, and how it fared.
fn history((source, state, newest): &Row<'_>, now: Timestamp) -> String {
    let mut out = format!("{}  {}\n", source.id, source.url);
    let mut line = |name: &str, text: String| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "  {name:<13}  {text}");
    };
    let reason = state.verdict.as_ref().and_then(Verdict::reason);
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    line("verdict", format!("{}{reason}{}", word(source, state), times(state.failures)));
    if let Some(next) = next(source, state) {
        line("next", next);
    }
    if let Some(since) = state.alerted_at {
        line("needs a person", format!("since {}", workspace::local(since)));
    }
    if let Some(silence) = is_silent(source, state, now) {
        line("silent", health::silence_words(silence, now));
    }
    for feed in state.feeds.iter().flatten() {
        line("page links", feed.to_string());
    }
    line("last success", time(state.succeeded_at));
    line("next due", time(due(source, state)));
    line("entries", format!("{}, the newest of {}", entries(state), time(*newest)));
    if let Some(usual) = judge::usual_page(&state.history) {
        line("a usual page", usual);
    }
    if !state.episodes.is_empty() {
        out.push_str("  history\n");
    }
    for episode in state.episodes.iter().rev() {
        let reason = episode.reason.as_deref().filter(|_| episode.verdict != "unchanged");
        let new = if episode.new > 0 { format!("{} new", episode.new) } else { String::new() };
        let parts = [reason.map(str::to_owned), (!new.is_empty()).then_some(new)];
        let text: Vec<String> = parts.into_iter().flatten().collect();
        let said = format!(
            "    {}  –  {}  {:<11} ×{:<4} {}",
            workspace::local(episode.since),
            workspace::local(episode.until),
            episode.verdict,
            episode.times,
            text.join(", ")
        );
        out.push_str(said.trim_end());
        out.push('\n');
    }
    out
}

fn as_json((source, state, newest): &Row<'_>, now: Timestamp) -> Value {
    json!({
        "source": source.id,
        "url": source.url.as_str(),
        "enabled": source.enabled,
        "verdict": state.verdict,
        "next": next(source, state),
        "failures": state.failures,
        "needs_person": needs_person(source, state),
        "needs_person_since": state.alerted_at,
        "silent": is_silent(source, state, now).is_some(),
        "feeds": state.feeds,
        "last_arrival": state.arrivals.last(),
        "entries": entries(state),
        "newest_entry": newest,
        "refreshed_at": state.refreshed_at,
        "succeeded_at": state.succeeded_at,
        "due_at": state.due_at,
        "history": state.episodes,
    })
}
