//! `run`: one pass over the sources that are due.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Exit, Failure, Outcome, Places, Replay, live, replay, retain, terminal::Terminal, workspace};
use crate::{
    assemble::{self, Part},
    clock,
    config::{Config, Source},
    fetch::Fetched,
    id::SourceId,
    publish::{self, PublishError},
    record::SourceState,
    refresh::Refreshed,
    render,
    store::{Engine, Newest, Store, StoreError},
    verdict::Verdict,
};

/// Options of `run`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only these sources
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Also sources that are not due, or are backing off
    #[arg(long)]
    force: bool,
    /// Show what would be announced; write nothing
    #[arg(long)]
    dry_run: bool,
    /// One failure is enough to need a person
    #[arg(long)]
    strict: bool,
    /// Print a line of JSON for each source
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    replay: Replay,
}

pub fn run(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let sources = workspace::chosen(&config, &options.ids)?;
    let store = Arc::new(workspace::open_store(places, &config, terminal)?);
    let mut pass =
        Pass { options, store: &store, terminal, failures: BTreeMap::new(), grown: BTreeSet::new() };
    let is_interrupted = match &options.replay.replay {
        Some(folder) => {
            pass.replay(folder, &sources)?;
            false
        }
        None => pass.live(&sources)?,
    };
    let exit = pass.exit(&sources);
    let grown = std::mem::take(&mut pass.grown);
    if !options.dry_run {
        publish_all(&config, &*store, (&workspace::output_folder(places, &config), terminal))?;
        retain::retain(&config, &grown, &*store).map_err(|error| workspace::store_failure(&error))?;
    }
    store.close().map_err(|error| workspace::store_failure(&error))?;
    Ok(if is_interrupted { Exit::Interrupted } else { exit })
}

/// One pass, from the first refresh to the last.
struct Pass<'a> {
    options: &'a Options,
    store: &'a Arc<Engine>,
    terminal: &'a mut Terminal,
    /// How many times in a row each source has failed, as far as this pass knows.
    failures: BTreeMap<SourceId, u32>,
    /// The sources that have new entries.
    grown: BTreeSet<SourceId>,
}

impl Pass<'_> {
    fn state(&self, source: &Source) -> Result<SourceState, Failure> {
        self.store.state(&source.id).map_err(|error| workspace::store_failure(&error))
    }

    /// Plays saved pages newer than each source's last refresh, all sources in the order of time.
    fn replay(&mut self, folder: &Path, sources: &[&Source]) -> Result<(), Failure> {
        let mut cases = Vec::new();
        for source in sources.iter().filter(|source| source.enabled) {
            let of_source = replay::cases(folder, source, self.options.replay.until)?;
            if of_source.is_empty() && self.options.replay.until.is_none() {
                let none = replay::none(folder, source);
                if !self.options.ids.is_empty() || sources.len() == 1 {
                    return Err(none);
                }
                self.terminal.error(&none.message, none.hint.as_deref());
            }
            let last = self.state(source)?.refreshed_at;
            let is_newer = |at: Timestamp| last.is_none_or(|last| at > last);
            cases.extend(
                of_source.into_iter().filter(|c| is_newer(c.case.fetched_at)).map(|case| (*source, case)),
            );
        }
        cases.sort_by(|a, b| (a.1.case.fetched_at, &a.1.path).cmp(&(b.1.case.fetched_at, &b.1.path)));
        let bar = self.terminal.progress(cases.len());
        for (source, case) in cases {
            bar.set_message(source.id.to_string());
            let before = self.state(source)?;
            let page = case.page().map_err(|error| replay::failure(&error))?;
            let refreshed = live::one(source, before.clone(), &Fetched::Page(page), &**self.store)
                .map_err(|error| workspace::store_failure(&error))?;
            self.commit(&[&refreshed])?;
            bar.suspend(|| self.report(source, &before, &refreshed));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Refreshes over the network whatever is due; whether a person stopped it.
    fn live(&mut self, sources: &[&Source]) -> Result<bool, Failure> {
        let now = clock::now();
        let mut due = Vec::new();
        for source in sources {
            let state = self.state(source)?;
            match self.reason_to_skip(source, &state, now) {
                None => due.push(((*source).clone(), state)),
                Some(reason) => self.skip(source, &state, reason),
            }
        }
        if due.is_empty() {
            return Ok(false);
        }
        let before: Vec<(Source, SourceState)> = due.clone();
        let client = live::client().map_err(|error| Failure::ours(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::ours(format!("cannot start the runtime: {error}")))?;
        let (sender, mut receiver) = mpsc::channel(64);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let store = Arc::clone(self.store);
        let refreshing = runtime.spawn(async move {
            let stop = async {
                tokio::select! {
                    // Without a signal handler the signal ends the process, which the store survives.
                    Ok(()) = tokio::signal::ctrl_c() => { let _ = stop.send(()); }
                    () = terminated() => { let _ = stop.send(()); }
                }
            };
            live::refresh_all(due, (client, store), sender, stop).await;
        });
        let bar = self.terminal.progress(before.len());
        let mut outcome = Ok(());
        while let Some(first) = receiver.blocking_recv() {
            // What has come in meanwhile is committed as one group: one fsync for all of it.
            let mut group = vec![first];
            while let Ok(more) = receiver.try_recv() {
                group.push(more);
            }
            bar.inc(group.len() as u64);
            outcome = self.take(group, &before, &bar);
            if outcome.is_err() {
                break;
            }
        }
        bar.finish_and_clear();
        drop(receiver);
        if let Err(error) = runtime.block_on(refreshing)
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
        outcome.map(|()| stopped.blocking_recv().is_ok())
    }

    fn take(
        &mut self,
        group: Vec<Result<Refreshed, StoreError>>,
        before: &[(Source, SourceState)],
        bar: &indicatif::ProgressBar,
    ) -> Result<(), Failure> {
        let group: Vec<Refreshed> =
            group.into_iter().collect::<Result<_, _>>().map_err(|error| workspace::store_failure(&error))?;
        self.commit(&group.iter().collect::<Vec<_>>())?;
        for refreshed in &group {
            let known = before.iter().find(|(source, _)| source.id == refreshed.plan.source);
            let (source, state) = known.expect("only sources that were due are refreshed");
            bar.suspend(|| self.report(source, state, refreshed));
        }
        Ok(())
    }

    fn commit(&self, refreshed: &[&Refreshed]) -> Result<(), Failure> {
        if self.options.dry_run {
            return Ok(());
        }
        let plans: Vec<_> = refreshed.iter().map(|refreshed| refreshed.plan.clone()).collect();
        self.store.commit(&plans).map_err(|error| workspace::store_failure(&error))
    }

    fn reason_to_skip(&self, source: &Source, state: &SourceState, now: Timestamp) -> Option<String> {
        if !source.enabled {
            return Some("disabled in the config".to_owned());
        }
        let due = state.due_at.filter(|_| !self.options.force)?;
        // A clock that was set back must not put a source to sleep for a year.
        let longest = crate::fetch::wait(source.every, u32::MAX);
        let is_plausible = now.checked_add(longest).is_ok_and(|latest| due <= latest);
        (now < due && is_plausible).then(|| {
            let why = if state.failures > 0 { "backing off" } else { "not due" };
            format!("{why} until {}", workspace::local(due))
        })
    }

    fn skip(&mut self, source: &Source, state: &SourceState, reason: String) {
        if source.enabled {
            self.failures.insert(source.id.clone(), state.failures);
        }
        let verdict = Verdict::Skipped { reason };
        if self.options.json {
            self.terminal.data(&line(source, &verdict, &[], &[]));
        } else {
            self.terminal.remark(&words(source, &verdict));
        }
    }

    /// Whether a source stands at its alert threshold at the end of the pass.
    fn exit(&self, sources: &[&Source]) -> Exit {
        let failed = |source: &Source| self.failures.get(&source.id).copied().unwrap_or(0);
        workspace::exit_if(|| sources.iter().any(|source| failed(source) >= self.threshold(source)))
    }

    fn threshold(&self, source: &Source) -> u32 {
        if self.options.strict { 1 } else { source.alert_after }
    }

    /// Says how a refresh ended: to a program, to a person who is watching, and to a person who must act.
    fn report(&mut self, source: &Source, before: &SourceState, refreshed: &Refreshed) {
        let verdict = &refreshed.verdict;
        let threshold = self.threshold(source);
        let failures = refreshed.plan.state.failures;
        self.failures.insert(source.id.clone(), failures);
        if !refreshed.new.is_empty() {
            self.grown.insert(source.id.clone());
        }
        let is_alert = verdict.is_failure() && failures == threshold;
        let is_recovery = verdict.is_good() && before.failures >= threshold;
        if self.options.json {
            let headlines: Vec<&str> = refreshed
                .plan
                .records
                .iter()
                .filter(|record| refreshed.new.contains(&record.number))
                .map(|record| record.entry.headline.as_str())
                .collect();
            self.terminal.data(&line(source, verdict, &headlines, &refreshed.diagnostics));
        }
        let said = words(source, verdict);
        if is_alert {
            self.terminal.error(&said, Some(&advice(source, verdict)));
        } else if is_recovery {
            self.terminal.say(&format!("{said}; it works again after {} failures", before.failures));
        } else if self.options.dry_run && !self.options.json {
            self.terminal.data(&format!("{said}\n"));
        } else if !matches!(verdict, Verdict::Unchanged { .. }) {
            self.terminal.remark(&said);
        }
    }
}

/// Ends when the process is asked to end.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}

/// A refresh in one line.
fn words(source: &Source, verdict: &Verdict) -> String {
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

/// What a person can do about a source that fails.
fn advice(source: &Source, verdict: &Verdict) -> String {
    let id = &source.id;
    let kept = "its feed stays as it was";
    match verdict {
        Verdict::Drifted { .. } => format!("see what the page holds now with `gleaner explain {id}`; {kept}"),
        Verdict::Blocked { .. } => {
            format!("open {} in a browser: the site may ask for something; {kept}", source.url)
        }
        Verdict::Gone { .. } => {
            format!("look where {} has gone, or take `{id}` out of the config; {kept}", source.url)
        }
        _ => format!("it is tried again, less and less often; {kept}"),
    }
}

fn line(
    source: &Source,
    verdict: &Verdict,
    headlines: &[&str],
    diagnostics: &[crate::diagnostic::Diagnostic],
) -> String {
    let mut value = json!({ "source": source.id });
    if let (Some(object), Ok(serde_json::Value::Object(fields))) =
        (value.as_object_mut(), serde_json::to_value(verdict))
    {
        object.extend(fields);
        object.insert("announced".to_owned(), json!(headlines));
        object.insert("diagnostics".to_owned(), json!(diagnostics));
    }
    format!("{value}\n")
}

/// Publishes every feed whose bytes are not those of its file.
fn publish_all(
    config: &Config,
    store: &dyn Store,
    (folder, terminal): (&Path, &Terminal),
) -> Result<(), Failure> {
    let ours = |error: StoreError| workspace::store_failure(&error);
    let base = config.base_url.as_ref();
    let mut written = 0;
    let mut write = |feed: &crate::feed::Feed| -> Result<(), Failure> {
        let name = format!("{}.atom", feed.id);
        match publish::publish(folder, &name, &render::atom::render(feed)) {
            Ok(publish::Published::Written) => written += 1,
            Ok(publish::Published::Unchanged) => {}
            Err(error) => return Err(publish_failure(&error)),
        }
        Ok(())
    };
    for source in &config.sources {
        let state = store.state(&source.id).map_err(ours)?;
        if state.succeeded_at.is_none() {
            // A reader that finds an empty feed takes it for the feed; none is better until the first page came.
            continue;
        }
        let newest = Newest { count: source.keep.entries, age: source.keep.age };
        let records = store.records(&source.id, newest).map_err(ours)?;
        write(&assemble::source_feed(source, &state, records, base))?;
    }
    for rule in &config.feeds {
        let mut states = Vec::new();
        for source in config.sources.iter().filter(|source| rule.sources.contains(&source.id)) {
            let state = store.state(&source.id).map_err(ours)?;
            if state.succeeded_at.is_some() {
                let newest = Newest { count: rule.keep.entries, age: rule.keep.age };
                states.push((source, state, store.records(&source.id, newest).map_err(ours)?));
            }
        }
        if states.is_empty() {
            continue;
        }
        let parts: Vec<Part<'_>> = states
            .iter()
            .map(|(source, state, records)| Part { source, state, records: records.clone() })
            .collect();
        write(&assemble::joined_feed(rule, &parts, base))?;
    }
    if written > 0 {
        let noun = if written == 1 { "feed" } else { "feeds" };
        terminal.remark(&format!("{written} {noun} written to {}", folder.display()));
    }
    Ok(())
}

fn publish_failure(error: &PublishError) -> Failure {
    let failure = Failure::ours(error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
