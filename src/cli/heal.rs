//! `heal`: a drifted source and what is remembered of it → new selectors, as a change of the config.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::{
    Exit, Failure, Outcome, Places, Replay, capture, live::PARSE_LIMIT, mend, replay, terminal::Terminal,
    workspace,
};
use crate::{
    clock::Deadline,
    config::{Config, Source, save},
    decode::Document,
    detect::{self, Healed, Known, unasked::LOOKED_FOR},
    entry::Entry,
    fixture,
    page::Page,
    store::{Newest, Store as _},
    verdict::blocked,
};

/// Entries shown.
const SHOWN: usize = 20;

/// Options of `heal`.
#[derive(Debug, Args)]
pub struct Options {
    /// The source
    #[arg(value_name = "ID")]
    id: String,
    /// Write the change to the config, unless entries older than all known ones would be announced
    #[arg(long)]
    yes: bool,
    /// Write it all the same
    #[arg(long, requires = "yes")]
    anyway: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    replay: Replay,
}

pub fn heal(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let source = workspace::one(&config, &options.id)?;
    let known = remembered(places, &config, source, terminal)?;
    let page = match &options.replay.replay {
        Some(root) => {
            let case = replay::newest(root, source, options.replay.until)?;
            case.page().map_err(|error| replay::failure(&error))?
        }
        None => capture::fetch(source)?,
    };
    let deadline = Deadline::after(PARSE_LIMIT);
    let document = document(source, &page, &deadline)?;
    let healed = detect::heal((&document, &page), source, &known, &|| deadline.is_ahead())
        .map_err(|why| needs_person(format!("{}: {why}; nothing was changed", source.id)))?;
    if healed.changes.is_empty() {
        terminal.data(&told(options, source, &healed, ""));
        return Ok(Exit::Fine);
    }
    let Some(change) =
        mend::change(&config, &source.id, &healed).map_err(|error| Failure::usage(error.to_string()))?
    else {
        return Err(unchangeable(source, &healed));
    };
    terminal.data(&told(options, source, &healed, &change.difference()));
    if !options.yes {
        let next = command(source, &healed);
        terminal.remark(&format!("next: `{next}` writes this to `{}`", change.path.display()));
        return Ok(Exit::Fine);
    }
    if healed.older > 0 && !options.anyway {
        let noun = if healed.older == 1 { "entry" } else { "entries" };
        let message = format!(
            "{}: {} {noun} older than all that is remembered would be announced as new; nothing was changed",
            source.id, healed.older
        );
        return Err(
            needs_person(message).hint(format!("`{}` writes it all the same", command(source, &healed)))
        );
    }
    save::replace(&change.path, &change.after).map_err(|error| Failure::usage(error.to_string()))?;
    terminal.say(&format!("{}: healed in `{}`", source.id, change.path.display()));
    Ok(Exit::Fine)
}

/// A page that may be the source's, as it was decoded.
fn document(source: &Source, page: &Page, deadline: &Deadline) -> Result<Document, Failure> {
    let reading = fixture::read_dated(source, page, &|| deadline.is_ahead()).map_err(|verdict| {
        let reason = verdict.reason().unwrap_or_default();
        needs_person(format!("{}: {} ({reason}); nothing was changed", source.id, verdict.word()))
    })?;
    match blocked::stands_in(&page.headers, &reading.document.text) {
        Some(kind) if reading.sightings.is_empty() => {
            let message = format!("{}: the page is {kind}, not the listing; nothing was changed", source.id);
            Err(needs_person(message))
        }
        _ => Ok(reading.document),
    }
}

fn needs_person(message: String) -> Failure {
    Failure { exit: Exit::NeedsPerson, ..Failure::usage(message) }
}

/// What writes the change.
fn command(source: &Source, healed: &Healed) -> String {
    let anyway = if healed.older > 0 { " --anyway" } else { "" };
    format!("gleaner heal {} --yes{anyway}", source.id)
}

/// What is remembered of a source's last good pages, the newest first.
fn remembered(
    places: &Places,
    config: &Config,
    source: &Source,
    terminal: &Terminal,
) -> Result<Vec<Known>, Failure> {
    let store = workspace::look_into_store(places, config, terminal)?;
    let records = store.records(&source.id, Newest::of(LOOKED_FOR));
    let known =
        records.map_err(|error| workspace::store_failure(&error))?.into_iter().map(Known::from).collect();
    store.close().map_err(|error| workspace::store_failure(&error))?;
    Ok(known)
}

fn unchangeable(source: &Source, healed: &Healed) -> Failure {
    let keys: Vec<String> = healed
        .changes
        .iter()
        .map(|(name, value)| {
            value.as_ref().map_or_else(|| format!("no `{name}`"), |value| format!("{name} = {value}"))
        })
        .collect();
    Failure::usage(format!("the place of `{}` in the config cannot be changed", source.id))
        .hint(format!("write there: {}", keys.join("; ")))
}

fn told(options: &Options, source: &Source, healed: &Healed, difference: &str) -> String {
    if options.json {
        return format!("{:#}\n", as_json(source, healed, difference));
    }
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    if healed.changes.is_empty() {
        let _ = writeln!(out, "{}: the selectors give the remembered entries; nothing to heal", source.id);
    }
    let _ = writeln!(
        out,
        "{}: {} of {} remembered entries are found again, {} new, {} older; confidence {:.2}",
        source.id, healed.found, healed.known, healed.new, healed.older, healed.confidence
    );
    for doubt in &healed.doubts {
        let _ = writeln!(out, "  look twice: {doubt}");
    }
    out.push_str(difference);
    for sighting in healed.reading.sightings.iter().take(SHOWN) {
        let day =
            sighting.entry.moment.as_ref().map_or_else(|| "-".repeat(10), |moment| moment.day.to_string());
        let _ = writeln!(out, "  {day}  {}", sighting.entry.headline);
    }
    out
}

fn as_json(source: &Source, healed: &Healed, difference: &str) -> Value {
    let changes: serde_json::Map<String, Value> =
        healed.changes.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let entries: Vec<&Entry> = healed.reading.sightings.iter().map(|sighting| &sighting.entry).collect();
    json!({
        "source": source.id,
        "changes": changes,
        "patch": difference,
        "known": healed.known,
        "found": healed.found,
        "new": healed.new,
        "older": healed.older,
        "doubts": healed.doubts,
        "confidence": (healed.confidence * 1000.0).round() / 1000.0,
        "entries": entries,
    })
}
