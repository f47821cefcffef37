//! `serve`: what `run` does, on a schedule, until it is told to stop.
//!
//! One thread commits, publishes and tells; the others fetch and parse. A signal to reload is answered by a config
//! that is valid, or by the old one and the problems. systemd is told when all is ready, and that both sides are
//! alive.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{Arc, RwLock},
    time::Duration,
};

use clap::Args;
use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio::{signal::unix::SignalKind, sync::mpsc};

use super::{
    Exit, Failure, Outcome, Places,
    alert::Messenger,
    followers::{self, Runner},
    live::{self, Came, Crew, Order},
    publish::{Changed, First, publish_all, publish_those},
    rename, retain,
    run::{self, Pass, Taken},
    seen::Seen,
    terminal::Terminal,
    together, workspace,
};
use crate::{
    config::{Config, Source},
    id::SourceId,
    imprint::Imprints,
    schedule::{Wish, agenda::Agenda},
    serve::{Catalog, Site, Snapshot, SourceHealth, listen},
    store::{Engine, Store, StoreError},
    verdict::Verdict,
};

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Options {}

/// How often all is found to be alive when systemd does not say how often it looks.
const BEAT: Duration = Duration::from_secs(30);

pub fn serve(places: &Places, _: &Options, terminal: &mut Terminal) -> Outcome {
    let mut config = Arc::new(workspace::config(places, terminal)?);
    let store = Arc::new(workspace::open_store(places, &config, terminal)?);
    let ours = |error| workspace::store_failure(&error);
    let pages = workspace::state_folder(places, &config).join("pages");
    adopt(&config, &store, (&pages, terminal))?;
    let output = workspace::output_folder(places, &config);
    followers::recover(&config, &*store, &output)?;
    // What a crash left unpublished.
    let mut imprints = Imprints::load(&workspace::state_folder(places, &config));
    let mut seen = Seen::default();
    publish_all(&config, &*store, (&output, terminal), (&mut imprints, &mut seen))?;
    // Feeds are served beside.
    let runtime = live::runtime(2)?;
    let (sender, came) = mpsc::channel(live::WAITING);
    let (groups, mut receiver) = mpsc::channel(1);
    let (order, orders) = mpsc::unbounded_channel();
    let (agenda, held) = agenda(&config, &store, &mut seen)?;
    let crew = Crew {
        config: Arc::clone(&config),
        client: live::client(),
        store: Arc::clone(&store),
        held,
        accepts: false,
        pages: Some(pages.as_path().into()),
    };
    let weak = sender.downgrade();
    let awake = move || {
        // Gone only when all is over.
        let _ = weak.upgrade().is_some_and(|sender| sender.blocking_send(Came::Beat).is_ok());
    };
    let mut tellers = Tellers { runner: Runner::start(awake.clone()), messenger: Messenger::start(awake) };
    let driven = live::drive(crew, agenda, sender.clone(), orders);
    let driving = runtime.spawn(async { tokio::join!(driven, together::group(came, groups)) });
    let watching = runtime.spawn(watch(sender, order.clone()));
    let web = Web::open(&runtime, (places, &config), &store)?;
    terminal.say(&format!("following {}{}", counted(&config), web.told()));
    notify(&[NotifyState::Ready]);

    let options = run::Options::default();
    let mut pass = Pass::new(&options, &store, &pages, terminal);
    let mut outcome = Ok(());
    while let Some(group) = receiver.blocking_recv() {
        if group.iter().any(|came| matches!(came, Came::Beat)) {
            notify(&[NotifyState::Watchdog]);
        }
        let is_asked = group.iter().any(|came| matches!(came, Came::Reload));
        let desk = (&mut pass, &mut tellers, &store);
        outcome = turn(places, &config, desk, (&mut imprints, &mut seen), group).map(|again| {
            web.site.put_due(again.iter().cloned());
            for (id, due) in again {
                let _ = order.send(Order::Again(id, due));
            }
        });
        if outcome.is_err() {
            break;
        }
        // A mended source is in the config on the disk.
        if (std::mem::take(&mut pass.is_mended) || is_asked)
            && let Some(new) = reload(places, pass.terminal)
        {
            config = new;
            seen = Seen::default();
            let desk = (&mut pass, &mut tellers, &store);
            let taken = take_over(places, &config, desk, (&mut imprints, &mut seen), (&web, &pages));
            outcome = taken.map(|agenda| {
                // The driver is gone only when all is over.
                let _ = order.send(Order::Config(Arc::clone(&config), agenda));
            });
            if outcome.is_err() {
                break;
            }
        }
    }
    notify(&[NotifyState::Stopping]);
    watching.abort();
    // Who drives ends without orders, whatever it waits for.
    drop((receiver, order));
    if let Err(error) = runtime.block_on(driving)
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
    web.close(&runtime);
    // A page that is still being parsed is nobody's concern any more.
    runtime.shutdown_background();
    workspace::tell_repairs(store.take_repairs(), terminal);
    store.close().map_err(ours)?;
    outcome.map(|()| Exit::Fine)
}

/// Who tells what happened, beside all else.
struct Tellers {
    runner: Runner,
    messenger: Messenger,
}

/// Commits a group, publishes what it changed, and tells who must know; when each source is due again.
fn turn(
    places: &Places,
    config: &Config,
    (pass, tellers, store): (&mut Pass<'_>, &mut Tellers, &Arc<Engine>),
    (imprints, seen): (&mut Imprints, &mut Seen),
    group: Vec<Came>,
) -> Result<Vec<(SourceId, Timestamp)>, Failure> {
    let taken = pass.take(group)?;
    seen.renew(config, &taken);
    let folder = workspace::output_folder(places, config);
    let command = config.alert_command.as_deref();
    if taken.is_empty() {
        tellers.messenger.turn(&**store, command, pass.terminal)?;
        tellers.runner.turn(config, &**store, (&folder, pass.terminal), &Changed::new())?;
        return Ok(Vec::new());
    }
    let is_first = |one: &Taken| if one.is_first { First::Yes } else { First::No };
    let shown: BTreeMap<&SourceId, First> =
        taken.iter().filter(|one| one.is_published).map(|one| (&one.id, is_first(one))).collect();
    let changed = publish_those(config, &**store, (&folder, pass.terminal), &shown, (imprints, seen))?;
    let grown = std::mem::take(&mut pass.grown);
    retain::retain(config, &grown, &**store).map_err(|error| workspace::store_failure(&error))?;
    // A command that fails is told of and asked again.
    tellers.messenger.turn(&**store, command, pass.terminal)?;
    tellers.runner.turn(config, &**store, (&folder, pass.terminal), &changed)?;
    Ok(taken.into_iter().map(|one| (one.id, one.due)).collect())
}

/// Goes on by a new config: what it renames and publishes otherwise is there when it is named; when its sources are due.
fn take_over(
    places: &Places,
    config: &Config,
    (pass, tellers, store): (&mut Pass<'_>, &mut Tellers, &Arc<Engine>),
    (imprints, seen): (&mut Imprints, &mut Seen),
    (web, pages): (&Web, &Path),
) -> Result<Agenda, Failure> {
    adopt(config, store, (pages, pass.terminal))?;
    let place = (&*workspace::output_folder(places, config), &*pass.terminal);
    let changed = publish_all(config, &**store, place, (imprints, seen))?;
    tellers.runner.turn(config, &**store, place, &changed)?;
    web.site.replace(catalog(places, config, store)?);
    Ok(agenda(config, store, seen)?.0)
}

/// Gives sources and feeds that have another id now what was known of them.
fn adopt(config: &Config, store: &Engine, (pages, terminal): (&Path, &Terminal)) -> Result<(), Failure> {
    rename::adopt(store, &config.sources.iter().collect::<Vec<_>>(), (Some(pages), terminal))?;
    rename::adopt_feeds(store, config)
}

/// The feeds over HTTP, beside the schedule.
struct Web {
    site: Site,
    /// `None`: the config says nowhere.
    address: Option<SocketAddr>,
    stop: tokio::sync::oneshot::Sender<()>,
    ended: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

impl Web {
    fn open(
        runtime: &tokio::runtime::Runtime,
        (places, config): (&Places, &Config),
        store: &Arc<Engine>,
    ) -> Result<Self, Failure> {
        let catalog = catalog(places, config, store)?;
        let store = Arc::clone(store);
        let site = Site {
            catalog: Arc::new(RwLock::new(catalog)),
            health: Arc::new(move |catalog| snapshot(catalog, &store).ok()),
        };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let mut web = Self { site, address: None, stop, ended: None };
        if let Some(wanted) = config.listen {
            let refused = |error| {
                Failure::ours(format!("cannot listen at {wanted}: {error}"))
                    .hint("set another `listen`, or `listen = false` to serve nothing over HTTP")
            };
            let listener = runtime.block_on(listen::bind(wanted)).map_err(refused)?;
            web.address = listener.local_addr().ok();
            let site = (web.site.clone(), listen::Limits::default());
            web.ended = Some(runtime.spawn(listen::run(listener, site, async {
                // Ends with the word, or with who would give it.
                let _ = stopped.await;
            })));
        }
        Ok(web)
    }

    fn told(&self) -> String {
        self.address.map_or_else(String::new, |address| format!(", serving http://{address}/"))
    }

    fn close(self, runtime: &tokio::runtime::Runtime) {
        drop(self.stop);
        if let Some(ended) = self.ended {
            // What cannot be answered any more is nobody's concern: the feeds are files.
            let _ = runtime.block_on(ended);
        }
    }
}

/// What a config publishes, and when each of its sources is due.
fn catalog(places: &Places, config: &Config, store: &Engine) -> Result<Catalog, Failure> {
    let mut catalog = Catalog::of(config, workspace::output_folder(places, config));
    let sources: Vec<&Source> = config.sources.iter().collect();
    for one in workspace::glances(&sources, store) {
        let (source, state) = one.map_err(|error| workspace::store_failure(&error))?;
        catalog.put_due(state.due_at.map(|due| (source.id.clone(), due)));
    }
    Ok(catalog)
}

/// How every source is.
fn snapshot(catalog: &Catalog, store: &Engine) -> Result<Snapshot, StoreError> {
    let mut sources = Vec::with_capacity(catalog.sources.len());
    for (id, alert_after) in &catalog.sources {
        let state = store.state(id)?;
        sources.push(SourceHealth {
            id: id.to_string(),
            verdict: state.verdict.as_ref().map(Verdict::word),
            failures: state.failures,
            standing: state.standing(),
            alert_after: *alert_after,
            succeeded_at: state.succeeded_at,
        });
    }
    Ok(Snapshot { sources })
}

/// Everything with the time it is due at, and the hosts that asked for time.
fn agenda(
    config: &Config,
    store: &Arc<Engine>,
    seen: &mut Seen,
) -> Result<(Agenda, std::collections::HashMap<String, Timestamp>), Failure> {
    let (mut agenda, mut held) = (Agenda::default(), std::collections::HashMap::new());
    for due in live::look(config, &**store, seen, |_| Wish::Due) {
        let due = due.map_err(|error| workspace::store_failure(&error))?;
        let waiting = due.waiting.iter().filter_map(|(place, wait, _)| Some((wait.until()?, *place)));
        for (at, place) in due.places.iter().map(|place| (Timestamp::MIN, *place)).chain(waiting) {
            agenda.put(at, place);
        }
        held.extend(due.held);
    }
    Ok((agenda, held))
}

/// The config as it is now; `None`: it has problems, which were told, and the old one stays.
fn reload(places: &Places, terminal: &Terminal) -> Option<Arc<Config>> {
    match workspace::config(places, terminal) {
        Ok(config) => {
            terminal.say(&format!("read the config again, following {}", counted(&config)));
            Some(Arc::new(config))
        }
        Err(failure) => {
            terminal
                .error(&format!("{}; going on by the old config", failure.message), failure.hint.as_deref());
            None
        }
    }
}

fn counted(config: &Config) -> String {
    match config.sources.iter().filter(|source| source.enabled).count() {
        1 => "1 source".to_owned(),
        count => format!("{count} sources"),
    }
}

/// Passes signals on, and a heartbeat.
async fn watch(sender: mpsc::Sender<Came>, order: mpsc::UnboundedSender<Order>) {
    let Ok(mut reloads) = tokio::signal::unix::signal(SignalKind::hangup()) else { return };
    let every = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 3);
    let mut beats = tokio::time::interval(every.max(Duration::from_millis(100)));
    let stopped = live::stopped();
    tokio::pin!(stopped);
    loop {
        let came = tokio::select! {
            () = &mut stopped => {
                // The driver is gone only when all is over.
                let _ = order.send(Order::Stop);
                return;
            }
            _ = reloads.recv() => Came::Reload,
            _ = beats.tick() => Came::Beat,
        };
        if sender.send(came).await.is_err() {
            return;
        }
    }
}

/// Tells systemd, if it is there.
fn notify(states: &[NotifyState<'_>]) {
    // Nobody listens where systemd does not run, and it needs no answer.
    let _ = sd_notify::notify(states);
}
