//! `doctor`: what is wrong with the store, the folders, the clock and the config, and what was mended.

use std::path::Path;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Exit, Outcome, Places, probe, terminal::Terminal, workspace};
use crate::{
    clock,
    config::Config,
    feed::Format,
    health,
    id::SourceId,
    record::SourceState,
    serve::Catalog,
    store::{self, Engine, Store as _, StoreError},
};

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct Options {
    /// Print JSON, one object for each finding
    #[arg(long)]
    json: bool,
}

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Fine,
    /// Nothing is wrong, but somebody may want to know.
    Note,
    /// It was wrong, and is not any more.
    Mended,
    Wrong,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Note => "note",
            Self::Mended => "mended",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at.
struct Finding {
    mark: Mark,
    part: &'static str,
    text: String,
    hint: Option<String>,
}

fn found(mark: Mark, part: &'static str, text: impl Into<String>) -> Finding {
    Finding { mark, part, text: text.into(), hint: None }
}

impl Finding {
    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Less free space than this will not last.
const LITTLE_SPACE: u64 = 100 << 20;
/// How many files a finding names.
const MOST_NAMED: usize = 12;
/// Clocks that differ by less agree.
const SAME_TIME: SignedDuration = SignedDuration::from_mins(2);

pub fn doctor(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let mut findings = vec![found(
        Mark::Fine,
        "config",
        format!(
            "{} and {}",
            workspace::count(config.sources.len(), "source"),
            workspace::count(config.feeds.len(), "joined feed")
        ),
    )];
    let now = clock::now();
    let (state, output) =
        (workspace::state_folder(places, &config), workspace::output_folder(places, &config));
    findings.extend(folder("state", &state, now));
    findings.extend(folder("output", &output, now));
    // A folder that cannot be read was told of already.
    let entries = probe::entries(&output).unwrap_or_default();
    findings.extend(feeds(&output, &entries));
    findings.extend(left_behind(&config, &output, &entries));
    if state.is_dir() {
        match store::open(&state, now) {
            Err(error @ StoreError::Locked { .. }) => {
                findings.push(found(Mark::Note, "store", error.to_string()).hint(error.hint()));
            }
            Err(error) => findings.push(found(Mark::Wrong, "store", error.to_string()).hint(error.hint())),
            Ok((engine, repairs)) => {
                findings
                    .extend(repairs.iter().map(|repair| found(Mark::Mended, "store", repair.to_string())));
                findings.extend(store_findings(&engine, &config, now));
                engine.close().map_err(|error| workspace::store_failure(&error))?;
            }
        }
    } else {
        findings.push(found(Mark::Note, "store", "nothing is remembered yet").hint("`gleaner run` begins"));
    }
    tell(&findings, options, terminal);
    let is_wrong = findings.iter().any(|finding| finding.mark == Mark::Wrong);
    Ok(if is_wrong { Exit::Ours } else { Exit::Fine })
}

fn folder(part: &'static str, path: &Path, now: Timestamp) -> Vec<Finding> {
    let shown = path.display();
    if !path.exists() {
        return vec![found(Mark::Note, part, format!("`{shown}` is not there yet; `gleaner run` makes it"))];
    }
    let probe = match probe::probe(path) {
        Ok(probe) => probe,
        Err(error) => {
            let error = StoreError::io("write to", path, error);
            return vec![found(Mark::Wrong, part, error.to_string()).hint(error.hint())];
        }
    };
    let mut findings = Vec::new();
    let free = probe.free >> 20;
    findings.push(if probe.free < LITTLE_SPACE {
        found(Mark::Wrong, part, format!("`{shown}` has {free} MiB left")).hint("free some space")
    } else {
        found(Mark::Fine, part, format!("`{shown}` can be written, {free} MiB are free"))
    });
    if probe.time.duration_until(now).abs() > SAME_TIME {
        let text = format!("the clock here says {now}, that of the disk of `{shown}` says {}", probe.time);
        findings.push(found(Mark::Wrong, "clock", text).hint("set both by NTP"));
    }
    findings
}

/// Links and folders in place of feeds.
fn feeds(output: &Path, entries: &[(String, bool)]) -> Vec<Finding> {
    let is_feed = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "atom");
    let strangers = entries.iter().filter(|(name, is_file)| !is_file && is_feed(name));
    let wrong = |(name, _): &(String, bool)| {
        found(Mark::Wrong, "output", format!("`{}` is no plain file", output.join(name).display()))
            .hint("feeds are not written through links or over folders; move it away")
    };
    strangers.map(wrong).collect()
}

/// Files that look like feeds of the config and are none, as those of a feed that is published no more: who reads them
/// finds no news. `serve` takes the same files for such.
fn left_behind(config: &Config, output: &Path, entries: &[(String, bool)]) -> Option<Finding> {
    let catalog = Catalog::of(config, output.to_owned());
    let is_left = |name: &str| {
        let is_feed = name.rsplit_once('.').is_some_and(|(id, word)| {
            SourceId::new(id.split('~').next().unwrap_or_default()).is_ok()
                && Format::ALL.iter().any(|format| format.word() == word)
        });
        is_feed && catalog.is_unknown(name)
    };
    let files = entries.iter().filter(|(_, is_file)| *is_file).map(|(name, _)| name);
    let names: Vec<&String> = files.filter(|name| is_left(name)).collect();
    let (shown, more) = names.split_at(names.len().min(MOST_NAMED));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    let text = format!("{}{more}: no feed of the config is written there any more", workspace::listed(shown));
    let hint = "remove what nobody reads; until then `serve` answers 410 for it, so that readers learn of it";
    (!names.is_empty()).then(|| found(Mark::Note, "output", text).hint(hint))
}

fn store_findings(engine: &Engine, config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    match engine.examine() {
        Ok((lines, repairs)) => {
            findings.extend(lines.into_iter().map(|line| found(Mark::Fine, "store", line)));
            findings.extend(repairs.iter().map(|repair| found(Mark::Mended, "store", repair.to_string())));
        }
        Err(error) => {
            findings.push(found(Mark::Wrong, "store", error.to_string()).hint(
                "the next start makes the index anew from checkpoint and journal; run `gleaner doctor` again",
            ));
            return findings;
        }
    }
    let states = match engine.states() {
        Ok(states) => states,
        Err(error) => {
            findings.push(found(Mark::Wrong, "store", error.to_string()).hint(error.hint()));
            return findings;
        }
    };
    let is_configured = |id: &SourceId| config.sources.iter().any(|source| source.id == *id);
    let forgotten: Vec<&SourceId> =
        states.iter().map(|(id, _)| id).filter(|id| **id != health::id() && !is_configured(id)).collect();
    if !forgotten.is_empty() {
        let text = format!("remembered, but not in the config: {}", workspace::listed(&forgotten));
        findings.push(
            found(Mark::Note, "config", text)
                .hint("if a source was renamed, say so in its table: `was = \"old-id\"`"),
        );
    }
    findings.push(clock_finding(states.iter().map(|(_, state)| state), now));
    findings
}

fn clock_finding<'a>(states: impl Iterator<Item = &'a SourceState>, now: Timestamp) -> Finding {
    let last = states.filter_map(|state| state.refreshed_at).max();
    match last {
        Some(last) if now.duration_until(last) > SAME_TIME => {
            let text = format!("it is {now}, but a source was refreshed at {last}: the clock was set back");
            found(Mark::Wrong, "clock", text).hint("set it by NTP; no date that was published moves")
        }
        _ => found(Mark::Fine, "clock", format!("it is {}", workspace::local(now))),
    }
}

fn tell(findings: &[Finding], options: &Options, terminal: &mut Terminal) {
    for finding in findings {
        if options.json {
            let value = json!({
                "mark": finding.mark.word(),
                "part": finding.part,
                "text": finding.text,
                "hint": finding.hint,
            });
            terminal.data(&format!("{value}\n"));
            continue;
        }
        terminal.data(&format!("{:<7} {:<7} {}\n", finding.mark.word(), finding.part, finding.text));
        if let Some(hint) = &finding.hint {
            terminal.data(&format!("{:15} hint: {hint}\n", ""));
        }
    }
}
