//! `status`: every source in one screen.

use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Outcome, Places, terminal::Terminal, workspace};
use crate::{
    config::Source,
    record::SourceState,
    store::{Engine, Newest, Store as _},
    verdict::Verdict,
};

/// Options of `status`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only these sources
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Print JSON, one object for each source
    #[arg(long)]
    json: bool,
}

pub fn status(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let sources = workspace::chosen(&config, &options.ids)?;
    let store = workspace::open_store(places, &config, terminal)?;
    let mut rows = Vec::new();
    for source in sources {
        let failure = |error| workspace::store_failure(&error);
        let state = store.state(&source.id).map_err(failure)?;
        let newest = newest(&store, source)?;
        rows.push((source, state, newest));
    }
    let needs_person = rows.iter().any(|(source, state, _)| state.failures >= source.alert_after);
    let text = if options.json {
        rows.iter().fold(String::new(), |text, (source, state, newest)| {
            text + &as_json(source, state, *newest).to_string() + "\n"
        })
    } else {
        as_table(&rows)
    };
    terminal.data(&text);
    store.close().map_err(|error| workspace::store_failure(&error))?;
    Ok(workspace::exit_if(|| needs_person))
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

fn as_table(rows: &[Row<'_>]) -> String {
    let width = rows.iter().map(|(source, ..)| source.id.as_str().len()).max().unwrap_or(0).max(6);
    let mut out = String::new();
    let time = |time: Option<Timestamp>| time.map_or_else(|| "–".to_owned(), workspace::local);
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        out,
        "{:width$}  {:<11}  {:>7}  {:<21}  {:<21}  {:<21}",
        "source", "verdict", "entries", "last success", "newest entry", "next due"
    );
    for (source, state, newest) in rows {
        let word = match (&state.verdict, source.enabled) {
            (_, false) => "disabled",
            (None, true) => "–",
            (Some(verdict), true) => verdict.word(),
        };
        let _ = writeln!(
            out,
            "{:width$}  {word:<11}  {:>7}  {:<21}  {:<21}  {:<21}",
            source.id.as_str(),
            entries(state),
            time(state.succeeded_at),
            time(*newest),
            time(state.due_at.filter(|_| source.enabled)),
        );
        let reason = state.verdict.as_ref().filter(|v| !matches!(v, Verdict::Unchanged { .. }));
        if let Some(reason) = reason.and_then(Verdict::reason) {
            let times = match state.failures {
                0 => String::new(),
                1 => " (once)".to_owned(),
                n => format!(" ({n} times in a row)"),
            };
            let _ = writeln!(out, "{:width$}  {reason}{times}", "");
        }
    }
    out
}

fn as_json(source: &Source, state: &SourceState, newest: Option<Timestamp>) -> Value {
    json!({
        "source": source.id,
        "enabled": source.enabled,
        "verdict": state.verdict,
        "failures": state.failures,
        "needs_person": state.failures >= source.alert_after,
        "entries": entries(state),
        "newest_entry": newest,
        "refreshed_at": state.refreshed_at,
        "succeeded_at": state.succeeded_at,
        "due_at": state.due_at,
    })
}
