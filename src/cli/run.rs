//! `run`: one pass over the sources that are due.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    Exit, Failure, Outcome, Places, Replay, alert, live, rename, replay, retain, terminal::Terminal,
    workspace,
};
use crate::{
    clock,
    config::Source,
    fetch::Fetched,
    fixture::folder,
    health,
    id::SourceId,
    record::SourceState,
    refresh::Refreshed,
    store::{
        Engine, Store, StoreError,
        transfer::{self, Scratch},
    },
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
    /// Take a changed config although it announces known entries again
    #[arg(long)]
    accept: bool,
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
    let mut config = workspace::config(places, terminal)?;
    if options.strict {
        for source in &mut config.sources {
            source.alert_after = 1;
        }
    }
    let sources = workspace::chosen(&config, &options.ids)?;
    let mut store = workspace::open_store(places, &config, terminal)?;
    let scratch = if options.dry_run { Some(scratch(&store, &sources)?) } else { None };
    let mut folder = None;
    if let Some(scratch) = scratch {
        store.close().map_err(|error| workspace::store_failure(&error))?;
        (store, folder) = (scratch.engine, Some(scratch.folder));
    }
    let store = Arc::new(store);
    let pages = workspace::state_folder(places, &config).join("pages");
    rename::adopt(&*store, &sources, (folder.is_none().then_some(pages.as_path()), terminal))?;
    let mut pass =
        Pass { options, store: &store, pages, terminal, failures: BTreeMap::new(), grown: BTreeSet::new() };
    let is_interrupted = match &options.replay.replay {
        Some(folder) => {
            pass.replay(folder, &sources)?;
            false
        }
        None => pass.live(&sources)?,
    };
    let exit = pass.exit(&sources);
    let mut alerted = Exit::Fine;
    let grown = std::mem::take(&mut pass.grown);
    if !options.dry_run {
        super::publish::publish_all(
            &config,
            &*store,
            (&workspace::output_folder(places, &config), terminal),
        )?;
        retain::retain(&config, &grown, &*store).map_err(|error| workspace::store_failure(&error))?;
        alerted = alert::tell(&*store, config.alert_command.as_deref(), terminal)?;
    }
    workspace::tell_repairs(store.take_repairs(), terminal);
    store.close().map_err(|error| workspace::store_failure(&error))?;
    Ok(match (is_interrupted, alerted) {
        (true, _) => Exit::Interrupted,
        (false, Exit::Ours) => Exit::Ours,
        (false, _) => exit,
    })
}

/// A copy of what is remembered of these sources, so that a dry run goes the way of a real one and leaves no trace.
fn scratch(store: &Engine, sources: &[&Source]) -> Result<Scratch, Failure> {
    let is_wanted = |id: &SourceId| {
        *id == health::id()
            || sources.iter().any(|source| source.id == *id || source.was.as_ref() == Some(id))
    };
    transfer::scratch(store, &is_wanted, clock::now()).map_err(|error| workspace::store_failure(&error))
}

/// One pass, from the first refresh to the last.
struct Pass<'a> {
    options: &'a Options,
    store: &'a Arc<Engine>,
    /// Where the last good page of a source is kept, and the first bad one after it.
    pages: PathBuf,
    terminal: &'a mut Terminal,
    /// How many times in a row each source has failed, as far as this pass knows.
    failures: BTreeMap<SourceId, u32>,
    /// The sources that have new entries.
    grown: BTreeSet<SourceId>,
}

impl Pass<'_> {
    fn state(&self, source: &Source) -> Result<SourceState, Failure> {
        let mut state = self.store.state(&source.id).map_err(|error| workspace::store_failure(&error))?;
        if self.options.accept {
            state.accepted = Some(source.digest.clone());
        }
        Ok(state)
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
            let refreshed = live::one(source, before, &Fetched::Page(page), &**self.store)
                .map_err(|error| workspace::store_failure(&error))?;
            self.commit(&[&refreshed])?;
            bar.suspend(|| self.report(source, &refreshed));
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
            let (source, _) = known.expect("only sources that were due are refreshed");
            bar.suspend(|| self.report(source, refreshed));
        }
        Ok(())
    }

    fn commit(&self, refreshed: &[&Refreshed]) -> Result<(), Failure> {
        let ours = |error: StoreError| workspace::store_failure(&error);
        for one in refreshed {
            let Some((kept, page)) = one.kept.as_ref().filter(|_| !self.options.dry_run) else { continue };
            let source = &one.plan.source;
            if let Err(error) = folder::keep(&self.pages.join(source.as_str()).join(kept.word()), page) {
                // It is for repair alone: the entries are safe without it.
                self.terminal.say(&format!("the {} page of `{source}` was not kept: {error}", kept.word()));
            }
        }
        let health = self.store.state(&health::id()).map_err(ours)?;
        self.store.commit(&health::plans(refreshed, health)).map_err(ours)
    }

    fn reason_to_skip(&self, source: &Source, state: &SourceState, now: Timestamp) -> Option<String> {
        if !source.enabled {
            return Some("disabled in the config".to_owned());
        }
        let is_decided = state.held > 0 && (self.options.accept || self.options.dry_run);
        let due = state.due_at.filter(|_| !self.options.force && !is_decided)?;
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
            self.failures.insert(source.id.clone(), waiting(state));
        }
        let verdict = Verdict::Skipped { reason };
        if self.options.json {
            self.terminal.data(&line(source, &verdict, &[], &[]));
        } else {
            self.terminal.remark(&health::words(source, &verdict));
        }
    }

    /// Whether a source stands at its alert threshold at the end of the pass.
    fn exit(&self, sources: &[&Source]) -> Exit {
        let failed = |source: &Source| self.failures.get(&source.id).copied().unwrap_or(0);
        workspace::exit_if(|| sources.iter().any(|source| failed(source) >= source.alert_after))
    }

    /// Says how a refresh ended: to a program, and to a person who is watching. Who must act is told by `alert`.
    fn report(&mut self, source: &Source, refreshed: &Refreshed) {
        let verdict = &refreshed.verdict;
        self.failures.insert(source.id.clone(), waiting(&refreshed.plan.state));
        if !refreshed.new.is_empty() {
            self.grown.insert(source.id.clone());
        }
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
        let mut said = health::words(source, verdict);
        if let Some(again) = refreshed.again.filter(|_| verdict.is_good()) {
            said = format!("{said}; the config was changed: {again} announced again");
        }
        if self.options.dry_run && !self.options.json {
            self.terminal.data(&format!("{said}\n"));
        } else if !matches!(verdict, Verdict::Unchanged { .. }) {
            self.terminal.remark(&said);
        }
    }
}

/// How many failures a source stands at; one that waits for a decision is at any threshold.
fn waiting(state: &SourceState) -> u32 {
    if state.held > 0 { u32::MAX } else { state.failures }
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
