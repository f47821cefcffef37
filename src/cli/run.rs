//! `run`: one pass over the sources that are due.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{
    Exit, Failure, Outcome, Places, Replay, alert, desk, followers,
    live::{self, Came, Crew, One, Order},
    rename, replay, retain,
    round::Round,
    seen::Seen,
    terminal::Terminal,
    workspace,
};
use crate::{
    clock::{self, Deadline},
    config::{Config, Source},
    fetch::Fetched,
    health,
    id::{EntryKey, SourceId},
    imprint::Imprints,
    record::{Glance, SourceState},
    refresh::{Brought, Refreshed},
    schedule::{Wait, Wish},
    store::{
        Engine, Store, StoreError,
        transfer::{self, Scratch},
    },
    verdict::Verdict,
};

/// Options of `run`.
#[derive(Debug, Default, Args)]
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
            source.terms_mut().alert_after = 1;
        }
    }
    let config = Arc::new(config);
    let sources = workspace::chosen(&config, &options.ids)?;
    let open = if options.dry_run { workspace::look_into_store } else { workspace::open_store };
    let mut store = open(places, &config, terminal)?;
    let scratch = if options.dry_run { Some(scratch(&store, &sources)?) } else { None };
    let mut folder = None;
    if let Some(scratch) = scratch {
        store.close().map_err(|error| workspace::store_failure(&error))?;
        (store, folder) = (scratch.engine, Some(scratch.folder));
    }
    let store = Arc::new(store);
    let pages = workspace::state_folder(places, &config).join("pages");
    rename::adopt(&*store, &sources, (folder.is_none().then_some(pages.as_path()), terminal))?;
    rename::adopt_feeds(&*store, &config)?;
    let (mut pass, mut seen) = (Pass::new(options, &store, &pages, terminal), Seen::default());
    let is_interrupted = match &options.replay.replay {
        Some(folder) => {
            pass.replay(folder, (&config, &sources))?;
            false
        }
        None => pass.live((&config, &sources), &mut seen)?,
    };
    let exit = pass.exit(&sources);
    let mut alerted = Exit::Fine;
    let grown = std::mem::take(&mut pass.grown);
    if !options.dry_run {
        let output = workspace::output_folder(places, &config);
        followers::recover(&config, &*store, &output)?;
        let mut imprints = Imprints::load(&workspace::state_folder(places, &config));
        super::publish::publish_all(&config, &*store, (&output, terminal), (&mut imprints, &mut seen))?;
        retain::retain(&config, &grown, &*store).map_err(|error| workspace::store_failure(&error))?;
        alerted = alert::tell(&*store, config.alert_command.as_deref(), terminal)?;
        if followers::tell(&config, &*store, (&output, terminal))? == Exit::Ours {
            alerted = Exit::Ours;
        }
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

/// Refreshes on their way into the store and to whoever is told.
pub struct Pass<'a> {
    options: &'a Options,
    store: &'a Arc<Engine>,
    /// Where the last good page of a source is kept, and the first bad one after it.
    pages: Arc<Path>,
    pub terminal: &'a mut Terminal,
    /// How many times in a row sources have failed, as far as this pass knows; none is here that has not.
    failures: BTreeMap<SourceId, u32>,
    /// The sources that have new entries.
    pub grown: BTreeSet<SourceId>,
    /// The config was changed: a source was mended.
    pub is_mended: bool,
}

/// A source whose turn is over.
pub struct Taken {
    /// Which.
    pub id: SourceId,
    /// When it is due again.
    pub due: Timestamp,
    /// What is known of it now; `None`: what was known before.
    pub known: Option<Glance>,
    /// Its feed may be another now.
    pub is_published: bool,
    /// It has a feed for the first time.
    pub is_first: bool,
}

impl<'a> Pass<'a> {
    /// A pass that has done nothing yet.
    pub fn new(
        options: &'a Options,
        store: &'a Arc<Engine>,
        pages: &Path,
        terminal: &'a mut Terminal,
    ) -> Self {
        Self {
            options,
            store,
            pages: pages.into(),
            terminal,
            failures: BTreeMap::new(),
            grown: BTreeSet::new(),
            is_mended: false,
        }
    }

    fn state(&self, source: &Source) -> Result<SourceState, Failure> {
        let mut state = self.store.state(&source.id).map_err(|error| workspace::store_failure(&error))?;
        if self.options.accept {
            state.accepted = Some(source.digest().clone());
        }
        Ok(state)
    }

    /// Plays saved pages newer than each source's last refresh, all sources in the order of time.
    fn replay(&mut self, folder: &Path, (config, sources): (&Config, &[&Source])) -> Result<(), Failure> {
        let (mut cases, mut without) = (Vec::new(), Vec::new());
        let enabled: Vec<&Source> = sources.iter().copied().filter(|source| source.enabled).collect();
        for source in &enabled {
            let of_source = replay::cases(folder, source, self.options.replay.until)?;
            if of_source.is_empty() && self.options.replay.until.is_none() {
                without.push(replay::none(folder, source));
            }
            let last = self.state(source)?.refreshed_at;
            let is_newer = |at: Timestamp| last.is_none_or(|last| at > last);
            cases.extend(
                of_source.into_iter().filter(|c| is_newer(c.case.fetched_at)).map(|case| (*source, case)),
            );
        }
        if !self.options.ids.is_empty() || without.len() == enabled.len() {
            without.into_iter().next().map_or(Ok(()), Err)?;
        } else {
            for none in without {
                self.terminal.say(&format!("left out: {}", none.message));
            }
        }
        cases.sort_by(|a, b| (a.1.case.fetched_at, &a.1.path).cmp(&(b.1.case.fetched_at, &b.1.path)));
        let bar = self.terminal.progress(cases.len());
        let mut mended: BTreeMap<&SourceId, Source> = BTreeMap::new();
        for (source, case) in cases {
            bar.set_message(source.id.to_string());
            let before = self.state(source)?;
            let by = mended.get(&source.id).unwrap_or(source);
            let saved = case.saved().map_err(|error| replay::failure(&error))?;
            let ours = |error| workspace::store_failure(&error);
            let deadline = Deadline::after(live::PARSE_LIMIT);
            let mut is_known = |keys: &[EntryKey]| desk::is_known(&**self.store, by, keys);
            let pages = saved.pages(by, &before, &mut is_known, &|| deadline.is_ahead()).map_err(ours)?;
            let mut known = |keys: &[EntryKey]| self.store.known(&by.id, keys, live::RECENT);
            let own = saved.own(by, &before, pages.as_ref(), (&mut known, &|| deadline.is_ahead()));
            let own = own.map_err(ours)?;
            let fetched = Fetched::Page(saved.page);
            let brought = Brought { fetched: &fetched, pages, own };
            let mut one = live::one((config, by), before, brought, &**self.store).map_err(ours)?;
            one.keep(self.kept_in().as_deref(), &fetched);
            let (refreshed, healed) = self.settled(one);
            mended.extend(healed.map(|healed| (&source.id, healed)));
            self.commit(&[&refreshed])?;
            let known = Glance::from(&refreshed.plan.state);
            bar.suspend(|| self.report(source, &refreshed, &known));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Refreshes over the network whatever is due; whether a person stopped it.
    fn live(
        &mut self,
        (config, sources): (&Arc<Config>, &[&Source]),
        seen: &mut Seen,
    ) -> Result<bool, Failure> {
        let mut round = None;
        let begun = self.begin((config, sources), seen, &mut round);
        let Some(mut round) = round else { return begun.map(|_| false) };
        let outcome = begun.and_then(|due| {
            let bar = self.terminal.progress(due);
            let mut outcome = Ok(());
            while let (Ok(()), Some(group)) = (&outcome, round.next()) {
                bar.inc(group.len() as u64);
                let taken = bar.suspend(|| self.take(group));
                outcome = taken.map(|taken| seen.renew(config, &taken));
            }
            bar.finish_and_clear();
            outcome
        });
        let is_stopped = round.end();
        outcome.map(|()| is_stopped)
    }

    /// Looks which sources are due, and begins with the first of them; how many there are.
    fn begin(
        &mut self,
        (config, sources): (&Arc<Config>, &[&Source]),
        seen: &mut Seen,
        round: &mut Option<Round>,
    ) -> Result<usize, Failure> {
        let wish = if self.options.force { Wish::Forced } else { Wish::Nearly };
        let is_decided = |state: &Glance| state.held > 0 && (self.options.accept || self.options.dry_run);
        let wish = |state: &Glance| if is_decided(state) { Wish::Forced } else { wish };
        let chosen: HashSet<&SourceId> = sources.iter().map(|source| &source.id).collect();
        let is_chosen = |place: usize| chosen.contains(&config.sources[place].id);
        let (mut count, mut waiting) = (0, Vec::new());
        for due in live::look(config, &**self.store, seen, wish) {
            let mut due = due.map_err(|error| workspace::store_failure(&error))?;
            due.places.retain(|place| is_chosen(*place));
            waiting.extend(due.waiting.into_iter().filter(|(place, ..)| is_chosen(*place)));
            count += due.places.len();
            if round.is_none() && !due.places.is_empty() {
                *round = Some(Round::start(self.crew(config))?);
            }
            if let Some(round) = round {
                round.order(Order::Due(due.places, due.held));
            }
        }
        if let Some(round) = round {
            round.order(Order::Last);
        }
        waiting.sort_unstable_by_key(|(place, ..)| *place);
        for (place, wait, failures) in waiting {
            self.wait(&config.sources[place], &wait, failures);
        }
        Ok(count)
    }

    fn crew(&self, config: &Arc<Config>) -> Crew<Engine> {
        Crew {
            config: Arc::clone(config),
            client: live::client(),
            store: Arc::clone(self.store),
            held: HashMap::new(),
            accepts: self.options.accept,
            pages: self.kept_in(),
        }
    }

    /// Commits what came and says how it ended; when each source is due again.
    pub fn take(&mut self, group: Vec<Came>) -> Result<Vec<Taken>, Failure> {
        let (mut refreshed, mut taken) = (Vec::new(), Vec::new());
        for came in group {
            match came {
                Came::Refreshed(config, place, one) => {
                    let (one, mended) = self.settled(*one);
                    self.is_mended |= mended.is_some();
                    refreshed.push((config, place, one));
                }
                Came::Held(config, place, until) => {
                    let source = &config.sources[place];
                    let glances = self.store.glances(&[&source.id]);
                    let glances = glances.map_err(|error| workspace::store_failure(&error))?;
                    let failures = glances.iter().map(Glance::standing).sum();
                    self.wait(source, &Wait::Asked(until), failures);
                    taken.push(Taken {
                        id: source.id.clone(),
                        due: until,
                        known: None,
                        is_published: false,
                        is_first: false,
                    });
                }
                Came::Broken(error) => return Err(workspace::store_failure(&error)),
                Came::Beat | Came::Reload => {}
            }
        }
        self.commit(&refreshed.iter().map(|(_, _, one)| one).collect::<Vec<_>>())?;
        for (config, place, one) in &refreshed {
            let source = &config.sources[*place];
            let state = &one.plan.state;
            let known = Glance::from(state);
            self.report(source, one, &known);
            let is_first = state.succeeded_at.is_some() && state.first_succeeded_at == state.succeeded_at;
            taken.push(Taken {
                id: source.id.clone(),
                due: state.due_at.unwrap_or(Timestamp::MIN),
                known: Some(known),
                is_published: is_first || !one.plan.records.is_empty(),
                is_first,
            });
        }
        Ok(taken)
    }

    /// Where pages are kept for repair; `None`: nothing is kept.
    fn kept_in(&self) -> Option<Arc<Path>> {
        (!self.options.dry_run).then(|| Arc::clone(&self.pages))
    }

    /// What counts of a refresh: the one by the mended config, once that is written; and the source by it.
    fn settled(&self, one: One) -> (Refreshed, Option<Source>) {
        let One { refreshed, mended, unkept } = one;
        self.tell_unkept(unkept);
        let Some(mut mended) = mended else { return (refreshed, None) };
        let at = mended.refreshed.plan.state.refreshed_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let folder = self.pages.with_file_name("mended");
        match if self.options.dry_run { Ok(()) } else { mended.write(&folder, at) } {
            Ok(()) => {
                self.tell_unkept(mended.keep(self.kept_in().as_deref(), &mended.refreshed));
                (mended.refreshed, Some(mended.source))
            }
            Err(error) => {
                let message = format!("{}: its selectors could be mended, but {error}", mended.source.id);
                let hint = format!("`gleaner heal {}` shows how", mended.source.id);
                self.terminal.error(&message, Some(&hint));
                self.tell_unkept(mended.keep(self.kept_in().as_deref(), &refreshed));
                (refreshed, None)
            }
        }
    }

    /// A page that was not kept was for repair alone: the entries are safe without it.
    fn tell_unkept(&self, unkept: Option<String>) {
        if let Some(why) = unkept {
            self.terminal.say(&why);
        }
    }

    fn wait(&mut self, source: &Source, wait: &Wait, failures: u32) {
        if source.enabled {
            self.stands(source, failures);
        }
        if !self.options.json && !self.terminal.is_watched() {
            return;
        }
        let until = |time: &Timestamp| workspace::local(*time);
        let reason = match wait {
            Wait::Disabled => "disabled in the config".to_owned(),
            Wait::Gone => "it answered 410 Gone, and is not asked again; `--force` asks once more".to_owned(),
            Wait::Asked(time) => format!("its host asks to be left alone until {}", until(time)),
            Wait::BackingOff(time) => format!("backing off until {}", until(time)),
            Wait::NotDue(time) => format!("not due until {}", until(time)),
        };
        let verdict = Verdict::Skipped { reason };
        if self.options.json {
            self.terminal.data(&line(source, &verdict, &[], &[]));
        } else {
            self.terminal.remark(&health::words(source, &verdict));
        }
    }

    fn stands(&mut self, source: &Source, failures: u32) {
        if failures == 0 {
            self.failures.remove(&source.id);
        } else {
            self.failures.insert(source.id.clone(), failures);
        }
    }

    fn commit(&self, refreshed: &[&Refreshed]) -> Result<(), Failure> {
        let ours = |error: StoreError| workspace::store_failure(&error);
        let health = self.store.state(&health::id()).map_err(ours)?;
        self.store.commit(&health::plans(refreshed, health)).map_err(ours)
    }

    /// Whether a source stands at its alert threshold at the end of the pass.
    fn exit(&self, sources: &[&Source]) -> Exit {
        let failed = |source: &Source| self.failures.get(&source.id).copied().unwrap_or(0);
        workspace::exit_if(|| sources.iter().any(|source| failed(source) >= source.alert_after))
    }

    /// Says how a refresh ended: to a program, and to a person who is watching. Who must act is told by `alert`.
    fn report(&mut self, source: &Source, refreshed: &Refreshed, known: &Glance) {
        let verdict = &refreshed.verdict;
        self.stands(source, known.standing());
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
