//! Sources that are due → refreshes over the network: hosts side by side, one source at a time for each, parsing on
//! as many threads as there are processors.
//!
//! `run` and `serve` go through here. Nothing is made for a source before its turn, so twenty thousand of them that
//! wait are twenty thousand numbers.

use std::{
    collections::{HashMap, HashSet},
    io,
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use tokio::{signal::unix::SignalKind, sync::mpsc, task::JoinSet};

use super::{
    Failure,
    desk::Desk,
    mend::{self, Mended},
    parsers::Parsers,
    seen::Seen,
    workspace,
};
use crate::{
    clock::{self, Deadline},
    config::{Config, Heal, Source},
    fetch::{
        After, Fetched, Visit, Visited,
        client::{self, Client},
        moved,
        queue::{Next, Queue},
        retry::Scope,
    },
    fixture::kept,
    id::{EntryKey, SourceId},
    page::Page,
    record::{Glance, Known, SourceState},
    refresh::{self, Brought, Kept, Refreshed, own::Own, pages::Pages},
    schedule::{self, Wait, Wish, agenda::Agenda},
    store::{Store, StoreError},
};

/// Hosts asked at the same time: an origin that never answers holds one of them for its whole time-out, and keeps
/// no other waiting while there are more than such origins.
const HOSTS_AT_ONCE: usize = 64;

/// The longest that parsing one page may take; html5ever is quadratic in nesting depth.
pub const PARSE_LIMIT: Duration = Duration::from_secs(5);

/// How many refreshes may wait to be taken.
pub const WAITING: usize = 16;

/// How many of a source's latest records are held against a page besides those it names.
pub const RECENT: usize = 100;

/// How long refreshes that have begun may go on once all is to end.
const GRACE: Duration = Duration::from_secs(2);

/// The longest sleep: the clock of the wall may be set, or the machine have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// What comes out.
pub enum Came {
    /// A refresh ended.
    Refreshed(Arc<Config>, usize, Box<One>),
    /// A source was left alone because its host asked for that.
    Held(Arc<Config>, usize, Timestamp),
    /// The store failed.
    Broken(StoreError),
    /// A person asks for the config to be read again.
    Reload,
    /// Everything is alive.
    Beat,
}

impl Came {
    /// How many records come with it.
    pub fn records(&self) -> usize {
        match self {
            Self::Refreshed(_, _, one) => one.refreshed.plan.records.len(),
            _ => 0,
        }
    }
}

/// What may be asked meanwhile.
pub enum Order {
    /// A source is due again then, what its last refresh brought being committed.
    Again(SourceId, Timestamp),
    /// These sources are due, and these hosts asked to be left alone until then.
    Due(Vec<usize>, HashMap<String, Timestamp>),
    /// No more will be due: it ends when nothing is left to do.
    Last,
    /// Everything by another config from now on, and what is due by it.
    Config(Arc<Config>, Agenda),
    /// No further source is begun.
    Stop,
}

/// What every refresh needs.
pub struct Crew<S> {
    pub config: Arc<Config>,
    pub client: Client,
    pub store: Arc<S>,
    /// Hosts that asked to be left alone, and until when.
    pub held: HashMap<String, Timestamp>,
    /// What a change of config announces again is accepted.
    pub accepts: bool,
    /// Where pages are kept for repair; `None`: nothing is kept.
    pub pages: Option<Arc<Path>>,
}

/// The name of a source's queue.
pub fn host(source: &Source) -> &str {
    source.url.host_str().unwrap_or_default()
}

/// Refreshes what the agenda holds and sends what comes of it. A source is refreshed again only by order, so it
/// never overlaps itself.
pub async fn drive<S: Store + 'static>(
    crew: Crew<S>,
    agenda: Agenda,
    sender: mpsc::Sender<Came>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut drive = Drive {
        crew,
        agenda,
        queue: Queue::new(HOSTS_AT_ONCE),
        tasks: JoinSet::new(),
        running: HashSet::new(),
        parsers: Parsers::default(),
        sender,
        begun: (clock::now(), clock::Watch::start()),
        is_all: false,
    };
    loop {
        if drive.begin_what_may().await.is_err() {
            return;
        }
        if drive.is_done() {
            return;
        }
        let sleep = drive.sleep();
        tokio::select! {
            Some(ended) = drive.tasks.join_next() => {
                if drive.end(ended).await.is_err() {
                    return;
                }
            }
            order = orders.recv() => match order {
                Some(Order::Again(id, due)) => drive.again(&id, due),
                Some(Order::Due(places, held)) => drive.put(places, held),
                Some(Order::Last) => drive.is_all = true,
                Some(Order::Config(config, agenda)) => drive.reload(config, agenda),
                Some(Order::Stop) | None => break,
            },
            () = tokio::time::sleep(sleep) => {}
        }
    }
    drive.finish().await;
}

/// The receiver is gone: nobody wants to know.
struct Unheard;

struct Drive<S> {
    crew: Crew<S>,
    agenda: Agenda,
    queue: Queue<usize>,
    tasks: JoinSet<Ended>,
    /// What has begun and is not committed.
    running: HashSet<SourceId>,
    parsers: Parsers,
    sender: mpsc::Sender<Came>,
    begun: (Timestamp, clock::Watch),
    /// No more will be due.
    is_all: bool,
}

/// A refresh that is over.
struct Ended {
    config: Arc<Config>,
    place: usize,
    /// `None`: everything is being shut down.
    outcome: Option<Result<One, StoreError>>,
}

impl<S: Store + 'static> Drive<S> {
    /// The time that rests are counted in: it goes on evenly whatever is done to the clock.
    fn steady(&self) -> Timestamp {
        self.begun.0.checked_add(self.begun.1.elapsed()).unwrap_or(Timestamp::MAX)
    }

    fn is_done(&self) -> bool {
        self.is_all && self.tasks.is_empty() && self.queue.waiting() == 0 && self.agenda.next().is_none()
    }

    async fn begin_what_may(&mut self) -> Result<(), Unheard> {
        let now = clock::now();
        while let Some(place) = self.agenda.take(now) {
            let Some(source) = self.crew.config.sources.get(place) else { continue };
            self.queue.push(host(source), place);
        }
        let steady = self.steady();
        while let Next::Begin(name, place) = self.queue.next(steady) {
            let source = &self.crew.config.sources[place];
            if let Some(until) = self.crew.held.get(&name).copied().filter(|until| *until > now) {
                self.queue.end(&name, steady);
                self.send(Came::Held(Arc::clone(&self.crew.config), place, until)).await?;
                continue;
            }
            self.running.insert(source.id.clone());
            let after = if self.queue.has_more(&name) { After::Kept } else { After::Closed };
            // Boxed, for it is large, and is handed from hand to hand until it runs.
            self.tasks.spawn(Box::pin(visit(
                (Arc::clone(&self.crew.config), place, after),
                self.crew.client.clone(),
                Arc::clone(&self.crew.store),
                (self.parsers.clone(), self.crew.accepts, self.crew.pages.clone()),
            )));
        }
        Ok(())
    }

    async fn end(&mut self, ended: Result<Ended, tokio::task::JoinError>) -> Result<(), Unheard> {
        let Ended { config, place, outcome } = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Ok(()),
        };
        let source = &config.sources[place];
        let rests_until = self.steady().checked_add(source.request.spacing).unwrap_or(Timestamp::MAX);
        self.queue.end(host(source), rests_until);
        self.queue.forget(self.steady());
        let came = match outcome {
            None => return Ok(()),
            Some(Err(error)) => Came::Broken(error),
            Some(Ok(one)) => {
                if let Some(hold) =
                    one.refreshed.plan.state.hold.as_ref().filter(|hold| hold.scope == Scope::Host)
                    && let Some(until) = hold.until
                {
                    self.crew.held.insert(host(source).to_owned(), until);
                }
                Came::Refreshed(Arc::clone(&config), place, Box::new(one))
            }
        };
        self.send(came).await
    }

    async fn send(&self, came: Came) -> Result<(), Unheard> {
        self.sender.send(came).await.map_err(|_| Unheard)
    }

    fn again(&mut self, id: &SourceId, due: Timestamp) {
        self.running.remove(id);
        // One that is in the config no more is not due any more.
        if let Ok(place) = self.crew.config.sources.binary_search_by(|source| source.id.cmp(id)) {
            self.agenda.put(due, place);
        }
    }

    fn put(&mut self, places: Vec<usize>, held: HashMap<String, Timestamp>) {
        self.crew.held.extend(held);
        for place in places {
            self.queue.push(host(&self.crew.config.sources[place]), place);
        }
    }

    /// What waits is put down anew; what has begun ends by the config it began with, and is due again by order.
    fn reload(&mut self, config: Arc<Config>, mut agenda: Agenda) {
        self.queue.clear();
        let is_idle =
            |place: usize| config.sources.get(place).is_some_and(|source| !self.running.contains(&source.id));
        agenda.retain(is_idle);
        self.agenda = agenda;
        self.crew.config = config;
    }

    fn sleep(&self) -> Duration {
        let until =
            |at: Timestamp, now: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default();
        let next_due = self.agenda.next().map(|at| until(at, clock::now()));
        let steady = self.steady();
        let next_host = self.queue.next_at().map(|at| until(at, steady));
        next_due.into_iter().chain(next_host).min().unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }

    /// Lets what has begun come to its end, if it does so soon.
    async fn finish(mut self) {
        let finished = async {
            while let Some(ended) = self.tasks.join_next().await {
                if self.end(ended).await.is_err() {
                    return;
                }
            }
        };
        // What takes longer is dropped, and due again at the next start: nothing of it was committed.
        let _ = tokio::time::timeout(GRACE, finished).await;
    }
}

/// Visits a source and reads what came.
async fn visit<S: Store + 'static>(
    (config, place, after): (Arc<Config>, usize, After),
    client: Client,
    store: Arc<S>,
    (parsers, accepts, kept_in): (Parsers, bool, Option<Arc<Path>>),
) -> Ended {
    let ended = |outcome| Ended { config: Arc::clone(&config), place, outcome };
    let source = &config.sources[place];
    let mut state = match store.state(&source.id) {
        Ok(state) => state,
        Err(error) => return ended(Some(Err(error))),
    };
    if accepts {
        state.accepted = Some(source.digest().clone());
    }
    let validators = refresh::validators_for(source, &state, clock::now());
    let mut visited = client
        .visit(Visit {
            source,
            address: moved::address(&source.url, state.moved.as_ref()),
            validators: &validators,
            answered: state.answered.as_ref(),
            permits: &state.permits,
            // Further pages of a listing are asked of the same host.
            after: if source.rules.as_ref().is_some_and(|rules| rules.next.is_some()) {
                After::Kept
            } else {
                after
            },
        })
        .await;
    let desk = Desk { config: Arc::clone(&config), place, parsers };
    let gathered = match &visited.fetched {
        Fetched::Page(page) if Pages::come_first(desk.source()) => {
            desk.gather(&client, &store, (&state, page)).await
        }
        _ => Some(Ok((None, Vec::new()))),
    };
    let (pages, permits) = match gathered {
        None => return ended(None),
        Some(Err(error)) => return ended(Some(Err(error))),
        Some(Ok(gathered)) => gathered,
    };
    visited.permits.extend(permits);
    let Fetched::Page(page) = &visited.fetched else {
        // Nothing is parsed, so it is not worth a change of threads.
        return ended(Some(seen((&config, source), state, (&visited, None, Own::default()), &*store)));
    };
    let own = match desk.own(&client, &store, (&state, page, pages.as_ref())).await {
        None => return ended(None),
        Some(Err(error)) => return ended(Some(Err(error))),
        Some(Ok(own)) => own,
    };
    let (config_there, store) = (Arc::clone(&config), Arc::clone(&store));
    let refreshed = desk.parse(move |source, _| {
        let mut one = seen((&config_there, source), state, (&visited, pages, own), &*store)?;
        one.keep(kept_in.as_deref(), &visited.fetched);
        Ok(one)
    });
    ended(refreshed.await)
}

/// Refreshes a source with what a visit brought, and notes what the visit told besides.
fn seen(
    of: (&Config, &Source),
    state: SourceState,
    (visited, pages, own): (&Visited, Option<Pages>, Own),
    store: &dyn Store,
) -> Result<One, StoreError> {
    // What the visit learned of robots.txt decides what is told of it.
    let state = SourceState { permits: visited.permits.clone(), ..state };
    let mut one = one(of, state, Brought { fetched: &visited.fetched, pages, own }, store)?;
    refresh::learn(of.1, &mut one.refreshed, visited);
    if let Some(mended) = &mut one.mended {
        refresh::learn(of.1, &mut mended.refreshed, visited);
    }
    Ok(one)
}

/// How the refresh of one source ended.
#[derive(Debug)]
pub struct One {
    /// By its config.
    pub refreshed: Refreshed,
    /// By a mended one, which is then to be written and counts instead; `None`: nothing is to be mended.
    pub mended: Option<Box<Mended>>,
    /// Why the page was not kept for repair; `None`: it was, or was not to be.
    pub unkept: Option<String>,
}

impl One {
    /// Keeps the page for repair where it is to be kept; one that may be mended has its own, until it is known what counts.
    pub fn keep(&mut self, folder: Option<&Path>, fetched: &Fetched) {
        if self.mended.is_none()
            && let (Some(folder), Some(kept), Fetched::Page(page)) = (folder, self.refreshed.kept, fetched)
        {
            self.unkept = keep(folder, &self.refreshed.plan.source, kept, page);
        }
    }
}

/// Keeps a page; why it was not, which costs no entry.
pub fn keep(folder: &Path, source: &SourceId, kept: Kept, page: &Page) -> Option<String> {
    let error = kept::keep(folder, source, kept, page).err()?;
    Some(format!("the {} page of `{source}` was not kept: {error}", kept.word()))
}

/// Refreshes one source with what visits brought; mends it where it is broken and may be mended.
pub fn one(
    (config, source): (&Config, &Source),
    state: SourceState,
    brought: Brought<'_>,
    store: &dyn Store,
) -> Result<One, StoreError> {
    let deadline = Deadline::after(PARSE_LIMIT);
    let fetched = brought.fetched;
    let before = (source.heal == Heal::Auto).then(|| state.clone());
    // Nothing was ever recorded of it: the store need not be asked.
    let is_unknown = state.last_number == 0;
    let mut known = |keys: &[EntryKey]| {
        if is_unknown { Ok(Known::default()) } else { store.known(&source.id, keys, RECENT) }
    };
    let refreshed = refresh::refresh_all(source, state, brought, (&mut known, &|| deadline.is_ahead()))?;
    let mended = match before {
        Some(before) => mend::mend(config, source, (before, fetched), &refreshed, store)?.map(Box::new),
        None => None,
    };
    Ok(One { refreshed, mended, unkept: None })
}

/// Which sources are due now, and why others are not.
#[derive(Default)]
pub struct Due {
    /// What is due.
    pub places: Vec<usize>,
    /// What is not, why, and at how many failures it stands.
    pub waiting: Vec<(usize, Wait, u32)>,
    /// Hosts that asked to be left alone, and until when.
    pub held: HashMap<String, Timestamp>,
}

/// Looks at every source, host by host: whether one asks to be left alone is known before any source of it is due.
/// What is found of some is told before others are looked at; what is seen is noted.
pub fn look(
    config: &Config,
    store: &dyn Store,
    seen: &mut Seen,
    wish: impl Fn(&Glance) -> Wish,
) -> impl Iterator<Item = Result<Due, StoreError>> {
    let now = clock::now();
    let places = by_host(config);
    let mut looked_at = 0;
    std::iter::from_fn(move || {
        let some = some_hosts(config, &places[looked_at..]);
        looked_at += some.len();
        let due = || {
            let sources: Vec<&Source> = some.iter().map(|place| &config.sources[*place]).collect();
            let mut due = Due::default();
            for (place, one) in some.iter().zip(workspace::glances(&sources, store)) {
                let (source, state) = one?;
                seen.note(*place, source, &state);
                due.add((*place, source), &state, schedule::wait(source, &state, now, wish(&state)));
            }
            Ok(due)
        };
        (!some.is_empty()).then(due)
    })
}

impl Due {
    fn add(&mut self, (place, source): (usize, &Source), state: &Glance, wait: Option<Wait>) {
        let Some(wait) = wait else { return self.places.push(place) };
        let hold = state.hold.as_ref().filter(|hold| hold.scope == Scope::Host);
        if let (Wait::Asked(until), Some(_)) = (&wait, hold) {
            let at = self.held.entry(host(source).to_owned()).or_insert(*until);
            *at = (*until).max(*at);
        }
        self.waiting.push((place, wait, state.standing()));
    }
}

/// How many sources are looked at before it is told what was found.
const LOOKED_AT: usize = 100;

/// The sources of the first hosts.
fn some_hosts<'a>(config: &Config, places: &'a [usize]) -> &'a [usize] {
    let host_of = |place: usize| host(&config.sources[place]);
    let is_end = |at: &usize| host_of(places[at - 1]) != host_of(places[*at]);
    &places[..(LOOKED_AT..places.len()).find(is_end).unwrap_or(places.len())]
}

/// Every source, those of one host after each other.
fn by_host(config: &Config) -> Vec<usize> {
    let mut first: FxHashMap<&str, usize> = FxHashMap::default();
    first.reserve(config.sources.len());
    let order = |(place, source)| (*first.entry(host(source)).or_insert(place), place);
    let mut places: Vec<(usize, usize)> = config.sources.iter().enumerate().map(order).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

/// So many threads that wait for the network: one is enough to fetch, for what an answer takes beside parsing is little.
pub fn runtime(threads: usize) -> Result<tokio::runtime::Runtime, Failure> {
    // What it opens for itself is tried first: where there is no file to be had for a signal, tokio panics.
    let tried: io::Result<Vec<_>> = (0..4).map(|_| UnixStream::pair()).collect();
    let build = || tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    tried.map(drop).and_then(|()| build()).map_err(|error| {
        let failure = Failure::ours(format!("the network cannot be asked: {error}"));
        // ENFILE and EMFILE.
        if !matches!(error.raw_os_error(), Some(23 | 24)) {
            return failure;
        }
        failure.hint("raise the limit of open files (`ulimit -n 1024`, or `LimitNOFILE=` of the service) and run again")
    })
}

/// Ends when the process is asked to end.
pub async fn stopped() {
    tokio::select! {
        // Without a signal handler the signal ends the process, which the store survives.
        Ok(()) = tokio::signal::ctrl_c() => {}
        () = signalled(SignalKind::terminate()) => {}
    }
}

/// Ends when the signal comes.
pub async fn signalled(kind: SignalKind) {
    if let Ok(mut signal) = tokio::signal::unix::signal(kind) {
        signal.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}

/// A client that resolves names as the system does.
pub fn client() -> Client {
    Client::new(clock::now, client::system())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, ConfigText};

    /// How many sources are looked at together, and of how many hosts.
    fn together(hosts: impl Fn(usize) -> usize) -> Vec<(usize, usize)> {
        let table =
            |place| format!("[source.s{place}]\nurl = \"https://h{}.example/{place}\"\n", hosts(place));
        let text = (100..400).map(table).collect();
        let config = config::read(&[ConfigText { path: "gleaner.toml".into(), text }], &|_| None).unwrap();
        let places = by_host(&config);
        let (mut rest, mut seen, mut found) = (&places[..], HashSet::new(), Vec::new());
        while !rest.is_empty() {
            let some = some_hosts(&config, rest);
            let hosts: HashSet<&str> = some.iter().map(|place| host(&config.sources[*place])).collect();
            assert!(hosts.iter().all(|host| seen.insert(host.to_string())), "a host is looked at once");
            found.push((some.len(), hosts.len()));
            rest = &rest[some.len()..];
        }
        found
    }

    #[test]
    fn all_sources_of_a_host_are_looked_at_together() {
        assert_eq!(together(|place| place), [(100, 100); 3]);
        assert_eq!(together(|place| place % 2), [(150, 1); 2]);
        assert_eq!(together(|place| place % 7), [(129, 3), (129, 3), (42, 1)]);
        assert_eq!(together(|_| 0), [(300, 1)]);
    }
}
