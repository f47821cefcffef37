//! Published feeds → who follows them: the user's `publish_command`, and WebSub hubs.
//!
//! From when its bytes changed until all who follow it took it, a feed is owed to them, and the store knows: a kill, a
//! failure or a hub that is down costs a repetition, never the word itself. The command comes first, for it may be
//! what brings the files to where a hub fetches them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::SignedDuration;
use url::Url;

use super::{Exit, Failure, beside::Beside, command, live, terminal::Terminal, workspace};
use crate::{
    clock::{self, Watch},
    config::Config,
    feed::{self, Format},
    fetch::hub,
    health,
    id::SourceId,
    publish,
    record::{Counts, Owed, Plan, SourceState},
    store::Store,
};

/// What a command that carries a feed away may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// So many failures in a row of one follower, and it is left alone until the next time: twenty thousand feeds are not
/// carried to a disk that is full.
const MOST_FAILURES: usize = 3;

/// What failed is tried again after so long, if nothing changes before.
const REST: Duration = Duration::from_secs(5 * 60);

/// File systems stamp files by a clock that may be behind by a tick, or in whole seconds.
const TICK: SignedDuration = SignedDuration::from_secs(2);

/// Whether anybody follows what is published.
pub fn are_there(config: &Config) -> bool {
    config.publish_command.is_some() || !config.hubs.is_empty()
}

/// To be called before the first file of a pass is written: what is written from now on, and not noted because of
/// a kill, is owed.
pub fn begin(store: &dyn Store) -> Result<(), Failure> {
    let mut state = read(store)?;
    if state.publishing_since.is_none() {
        state.publishing_since = clock::now().checked_sub(TICK).ok();
        write(store, state)?;
    }
    Ok(())
}

/// To be called when the files of a pass are written, with the feeds whose bytes changed.
pub fn note(store: &dyn Store, changed: &BTreeMap<SourceId, Counts>) -> Result<(), Failure> {
    let mut state = read(store)?;
    if changed.is_empty() && state.publishing_since.is_none() {
        return Ok(());
    }
    for (id, counts) in changed {
        let untold = state.owed.get(id).filter(|owed| !owed.is_passed).and_then(|owed| owed.counts);
        let new = counts.new + untold.map_or(0, |counts| counts.new);
        state.owed.insert(id.clone(), Owed { counts: Some(Counts { new, ..*counts }), is_passed: false });
    }
    state.publishing_since = None;
    write(store, state)
}

/// To be called at the start: feeds that a killed process had written, and noted nowhere, are owed.
pub fn recover(config: &Config, store: &dyn Store, folder: &Path) -> Result<(), Failure> {
    let mut state = read(store)?;
    let Some(since) = state.publishing_since.take() else { return Ok(()) };
    for (id, formats) in published(config) {
        if formats.iter().any(|format| publish::is_newer(folder, &format.file(&id), since)) {
            state.owed.insert(id, Owed::default());
        }
    }
    write(store, state)
}

/// Tells those who follow what they are owed, now. `Exit::Ours`: the command failed, and the next run asks it again.
pub fn tell(config: &Config, store: &dyn Store, place: (&Path, &Terminal)) -> Result<Exit, Failure> {
    let Some(errand) = Errand::of(config, &read(store)?, place.0) else { return Ok(Exit::Fine) };
    let ended = errand.run();
    let exit = ended.say(place.1);
    ended.note(store, &BTreeSet::new())?;
    Ok(exit)
}

/// Tells those who follow beside the commits of `serve`, one errand at a time. One that is still out when all ends is
/// owed, and told at the next start.
pub struct Runner {
    beside: Beside<Ended>,
    /// What changed since the errand began.
    changed: BTreeSet<SourceId>,
    /// Since when those who failed rest.
    rest: Option<Watch>,
}

impl Runner {
    /// One that calls `awake` whenever an errand is over.
    pub fn start(awake: impl Fn() + Send + 'static) -> Self {
        Self { beside: Beside::start(awake), changed: BTreeSet::new(), rest: None }
    }

    /// Notes what became of the last errand, and begins the next one if there is anything to tell.
    pub fn turn(
        &mut self,
        config: &Config,
        store: &dyn Store,
        place: (&Path, &Terminal),
        changed: &BTreeMap<SourceId, Counts>,
    ) -> Result<(), Failure> {
        self.changed.extend(changed.keys().cloned());
        if let Some(ended) = self.beside.ended() {
            ended.say(place.1);
            ended.note(store, &self.changed)?;
            self.rest = (!ended.troubles.is_empty()).then(Watch::start);
        }
        let rests = self.rest.is_some_and(|rest| rest.elapsed() < REST) && self.changed.is_empty();
        if self.beside.is_out() || rests || !are_there(config) {
            return Ok(());
        }
        if let Some(errand) = Errand::of(config, &read(store)?, place.0) {
            self.changed.clear();
            self.beside.begin(move || errand.run());
        }
        Ok(())
    }
}

/// What is to be told, to whom.
struct Errand {
    command: Option<Vec<String>>,
    hubs: Vec<Url>,
    feeds: Vec<Told>,
}

/// One feed to tell of.
struct Told {
    id: SourceId,
    owed: Owed,
    /// Its file, of the format that is recommended first.
    path: PathBuf,
    /// What hubs know it by: its `self` links.
    topics: Vec<String>,
}

impl Errand {
    /// `None`: nobody is owed anything. Feeds that are not published any more are not told of.
    fn of(config: &Config, state: &SourceState, folder: &Path) -> Option<Self> {
        if state.owed.is_empty() {
            return None;
        }
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let base = config.base_url.as_ref();
        let told = |(id, formats): (SourceId, &[Format])| {
            let owed = *state.owed.get(&id)?;
            let feeds = formats.iter().filter(|format| **format != Format::Html);
            let topics = feeds.map(|format| feed::address(&id, *format, base)).collect();
            let path = folder.join(formats.first()?.file(&id));
            Some(Told { id, owed, path, topics })
        };
        let feeds = published(config).filter_map(told).collect();
        Some(Self { command: config.publish_command.clone(), hubs: config.hubs.clone(), feeds })
    }

    fn run(self) -> Ended {
        let mut ended = Ended { asked: Vec::new(), passed: BTreeSet::new(), troubles: Vec::new() };
        let mut failures = 0;
        for feed in &self.feeds {
            if feed.owed.is_passed || self.command.is_none() {
                ended.passed.insert(feed.id.clone());
            } else if let Some(command) = self.command.as_deref().filter(|_| failures < MOST_FAILURES) {
                match feed.carry(command) {
                    Ok(()) => {
                        failures = 0;
                        ended.passed.insert(feed.id.clone());
                    }
                    Err(why) => {
                        failures += 1;
                        ended.trouble(Follower::Command(command[0].clone()), &feed.id, &why);
                    }
                }
            }
        }
        let mut unheard = BTreeSet::new();
        for hub in &self.hubs {
            let topics = self.feeds.iter().filter(|feed| ended.passed.contains(&feed.id));
            let failed = tell_hub(hub, topics);
            for (id, why) in &failed {
                ended.trouble(Follower::Hub(hub.clone()), id, why);
            }
            unheard.extend(failed.into_iter().map(|(id, _)| id));
        }
        for feed in self.feeds {
            let is_heard = ended.passed.contains(&feed.id) && !unheard.contains(&feed.id);
            ended.asked.push((feed.id, is_heard));
        }
        ended
    }
}

impl Told {
    fn carry(&self, command: &[String]) -> Result<(), String> {
        let counts =
            self.owed.counts.map(|counts| [counts.new, counts.entries].map(|count| count.to_string()));
        let mut environment: Vec<(&str, &OsStr)> =
            vec![("GLEANER_FEED", self.id.as_str().as_ref()), ("GLEANER_PATH", self.path.as_os_str())];
        if let Some([new, entries]) = &counts {
            environment.extend([("GLEANER_NEW", new.as_ref()), ("GLEANER_ENTRIES", entries.as_ref())]);
        }
        command::run(command, &environment, String::new(), PATIENCE)
    }
}

/// Tells a hub of feeds; those it was not told of, and why.
fn tell_hub<'a>(hub: &Url, feeds: impl Iterator<Item = &'a Told>) -> Vec<(SourceId, String)> {
    let runtime = live::runtime(1).map_err(|failure| failure.message);
    let ready = runtime.and_then(|runtime| Ok((runtime, hub::client()?)));
    let (mut failed, mut failures) = (Vec::new(), 0);
    for feed in feeds {
        let told = match &ready {
            Err(why) => Err(format!("cannot be told: {why}")),
            Ok(_) if failures >= MOST_FAILURES => Err("was not told of more".to_owned()),
            Ok((runtime, client)) => runtime.block_on(async {
                for topic in &feed.topics {
                    hub::tell(client, hub, topic).await?;
                }
                Ok(())
            }),
        };
        match told {
            Ok(()) => failures = 0,
            Err(why) => {
                failures += 1;
                failed.push((feed.id.clone(), why));
            }
        }
    }
    failed
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Follower {
    Command(String),
    Hub(Url),
}

/// How an errand ended.
struct Ended {
    /// The feeds, and whether all who follow them know.
    asked: Vec<(SourceId, bool)>,
    /// Those that the command took, or that there is none for.
    passed: BTreeSet<SourceId>,
    /// Who failed, with the first feed that showed it and why.
    troubles: Vec<(Follower, String)>,
}

impl Ended {
    fn trouble(&mut self, follower: Follower, feed: &SourceId, why: &str) {
        // Once for each is enough to act upon.
        if self.troubles.iter().all(|(known, _)| *known != follower) {
            self.troubles.push((follower, format!("{why} (at the feed `{feed}`)")));
        }
    }

    fn say(&self, terminal: &Terminal) -> Exit {
        let mut exit = Exit::Fine;
        for (follower, why) in &self.troubles {
            match follower {
                Follower::Command(name) => {
                    let hint = "the feeds are published; see to `publish_command`, it is asked again";
                    terminal.error(&format!("the publish command `{name}` {why}"), Some(hint));
                    exit = Exit::Ours;
                }
                // The feeds are where they were; readers that ask for them get them.
                Follower::Hub(url) => {
                    terminal.say(&format!("the hub {url} {why}; the feeds are published, it is told again"));
                }
            }
        }
        exit
    }

    /// Whoever was told is owed nothing, unless something changed meanwhile.
    fn note(&self, store: &dyn Store, changed: &BTreeSet<SourceId>) -> Result<(), Failure> {
        let mut state = read(store)?;
        let known: BTreeSet<&SourceId> = self.asked.iter().map(|(id, _)| id).collect();
        // What is not published any more was not asked for.
        state.owed.retain(|id, _| known.contains(id) || changed.contains(id));
        for (id, is_heard) in self.asked.iter().filter(|(id, _)| !changed.contains(id)) {
            if *is_heard {
                state.owed.remove(id);
            } else if let Some(owed) = state.owed.get_mut(id) {
                owed.is_passed = self.passed.contains(id);
            }
        }
        write(store, state)
    }
}

/// Every feed that may be published, with its formats.
fn published(config: &Config) -> impl Iterator<Item = (SourceId, &[Format])> {
    let sources = config.sources.iter().map(|source| (source.id.clone(), &source.formats[..]));
    let joined = config.feeds.iter().map(|feed| (feed.id.clone(), &feed.formats[..]));
    sources.chain(joined).chain([(health::id(), &[Format::Atom][..])])
}

fn read(store: &dyn Store) -> Result<SourceState, Failure> {
    store.state(&health::id()).map_err(|error| workspace::store_failure(&error))
}

fn write(store: &dyn Store, state: SourceState) -> Result<(), Failure> {
    store.commit(&[Plan::of(health::id(), state)]).map_err(|error| workspace::store_failure(&error))
}

#[cfg(test)]
mod tests;
