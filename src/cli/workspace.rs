//! Places → what a command works with: the config, the chosen sources, the store, the folders.

use std::{fmt, path::PathBuf};

use directories::BaseDirs;
use jiff::Timestamp;
use url::Url;

use super::{Exit, Failure, Places, terminal::Terminal};
use crate::{
    clock,
    config::{
        Colors, Config, ConfigText, Source,
        load::{self, LoadError},
        save,
    },
    id::SourceId,
    normalize::canonical,
    record::Glance,
    store::{self, Engine, Repair, Store, StoreError},
};

/// Loads the config; its problems are drawn on standard error.
pub fn config(places: &Places, terminal: &Terminal) -> Result<Config, Failure> {
    let found = load::find(places.config.as_deref()).map_err(|error| load_failure(&error, terminal))?;
    load::load(&found, &environment).map_err(|error| load_failure(&error, terminal))
}

/// The texts of the config, the main file's first; where there is none yet, what it begins with.
pub fn texts(places: &Places, terminal: &Terminal) -> Result<Vec<ConfigText>, Failure> {
    let asked = places.config.as_deref();
    if let Some(first) = save::first(asked) {
        return Ok(vec![first]);
    }
    let texts = load::find(asked).and_then(|main| load::load_texts(&main));
    texts.map_err(|error| load_failure(&error, terminal))
}

/// The text of the config's main file alone; where there is none yet, what it begins with.
pub fn main_text(places: &Places, terminal: &Terminal) -> Result<ConfigText, Failure> {
    let asked = places.config.as_deref();
    if let Some(first) = save::first(asked) {
        return Ok(first);
    }
    let text = load::find(asked).and_then(|main| load::load_text(&main));
    text.map_err(|error| load_failure(&error, terminal))
}

/// The process's environment, for the secrets that a config names.
#[allow(clippy::disallowed_methods)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A config's trouble as a command's failure; its problems are drawn on standard error.
pub fn load_failure(error: &LoadError, terminal: &Terminal) -> Failure {
    match error {
        LoadError::Problems(problems) => {
            let colors = if terminal.is_colored() { Colors::Styled } else { Colors::Plain };
            terminal.say(problems.draw(colors).trim_end());
            let count = problems.list().len();
            let noun = if count == 1 { "problem" } else { "problems" };
            Failure::usage(format!("the config has {count} {noun}; nothing was done"))
        }
        other => {
            let failure = Failure::usage(other.to_string());
            match other.hint() {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
    }
}

/// The sources that were named, in the config's order; all when none was.
pub fn chosen<'a>(config: &'a Config, names: &[String]) -> Result<Vec<&'a Source>, Failure> {
    for name in names {
        if !config.sources.iter().any(|source| source.id.as_str() == name) {
            return Err(
                Failure::usage(format!("the config has no source `{name}`")).hint(instead(config, name))
            );
        }
    }
    let is_chosen = |id: &SourceId| names.is_empty() || names.iter().any(|name| name == id.as_str());
    Ok(config.sources.iter().filter(|source| is_chosen(&source.id)).collect())
}

/// How many sources of a feed a hint names.
const MOST_NAMED: usize = 8;

/// What may have been meant by a name that no source has.
fn instead(config: &Config, name: &str) -> String {
    if let Some(feed) = config.feeds.iter().find(|feed| feed.id.as_str() == name) {
        let shown = &feed.sources[..feed.sources.len().min(MOST_NAMED)];
        let more = if feed.sources.len() > MOST_NAMED { " and others" } else { "" };
        return format!("it is a joined feed, of {}{more}", listed(shown));
    }
    match nearest(config, name) {
        Some(id) => format!("did you mean `{id}`?"),
        None => "`gleaner status` names them all".to_owned(),
    }
}

fn nearest<'a>(config: &'a Config, name: &str) -> Option<&'a SourceId> {
    config
        .sources
        .iter()
        .map(|source| (strsim::jaro_winkler(source.id.as_str(), name), &source.id))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, id)| id)
}

/// One source, named by its id or by the address of its page.
pub fn one<'a>(config: &'a Config, name: &str) -> Result<&'a Source, Failure> {
    let Some(url) = Url::parse(name).ok().filter(Url::has_host) else {
        return Ok(chosen(config, &[name.to_owned()])?[0]);
    };
    let found: Vec<&Source> = config.sources.iter().filter(|source| is_its_page(source, &url)).collect();
    match found[..] {
        [source] => Ok(source),
        [] => Err(Failure::usage(format!("no source of the config has the page {url}"))
            .hint(format!("`gleaner add {url}` proposes one"))),
        _ => {
            let ids: Vec<String> = found.iter().map(|source| format!("`{}`", source.id)).collect();
            Err(Failure::usage(format!("several sources have the page {url}"))
                .hint(format!("name one of them: {}", ids.join(", "))))
        }
    }
}

/// Whether this is the address of a source's page.
pub fn is_its_page(source: &Source, url: &Url) -> bool {
    let own = source.url.to_url();
    canonical(&own, &own) == canonical(url, &own)
}

/// The folder of the store.
pub fn state_folder(places: &Places, config: &Config) -> PathBuf {
    let usual = || match users_folders(config) {
        Some(folders) => folders.state_dir().unwrap_or(folders.data_local_dir()).join("gleaner"),
        None => PathBuf::from("state"),
    };
    places.state.clone().or_else(|| config.state.clone()).unwrap_or_else(usual)
}

/// The folder that feeds are written to.
pub fn output_folder(places: &Places, config: &Config) -> PathBuf {
    let usual = || match users_folders(config) {
        Some(folders) => folders.data_dir().join("gleaner").join("feeds"),
        None => PathBuf::from("feeds"),
    };
    places.output.clone().or_else(|| config.output.clone()).unwrap_or_else(usual)
}

/// The user's folders, when the config was found among them: a cron job's working directory is no place to put
/// things. `None`: the config belongs to the working directory, or was named.
fn users_folders(config: &Config) -> Option<BaseDirs> {
    let folders = BaseDirs::new()?;
    config.files.first()?.starts_with(folders.config_dir()).then_some(folders)
}

/// Opens the store, and says what was mended.
pub fn open_store(places: &Places, config: &Config, terminal: &Terminal) -> Result<Engine, Failure> {
    opened(store::open(&state_folder(places, config), clock::now()), terminal)
}

/// Opens the store to read from. While another process holds it, a `serve` say, that is a copy of what it has committed.
pub fn look_into_store(places: &Places, config: &Config, terminal: &Terminal) -> Result<Engine, Failure> {
    let (folder, now) = (state_folder(places, config), clock::now());
    match store::open(&folder, now) {
        Err(StoreError::Locked { .. }) => store::peek(&folder, now).map_err(|error| store_failure(&error)),
        found => opened(found, terminal),
    }
}

fn opened(found: Result<(Engine, Vec<Repair>), StoreError>, terminal: &Terminal) -> Result<Engine, Failure> {
    let (engine, repairs) = found.map_err(|error| store_failure(&error))?;
    tell_repairs(repairs, terminal);
    Ok(engine)
}

/// How many glances are asked for at once.
const GLANCES: usize = 500;

/// Sources, each with what is asked of it in every run.
pub fn glances<'a>(
    sources: &[&'a Source],
    store: &dyn Store,
) -> impl Iterator<Item = Result<(&'a Source, Glance), StoreError>> {
    sources.chunks(GLANCES).flat_map(move |some| {
        let ids: Vec<&SourceId> = some.iter().map(|source| &source.id).collect();
        tracing::debug!(sources = ids.len(), "looking");
        match store.glances(&ids) {
            Ok(glances) => some.iter().copied().zip(glances).map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    })
}

/// Says what was mended, a line each.
pub fn tell_repairs(repairs: Vec<Repair>, terminal: &Terminal) {
    for repair in repairs {
        terminal.say(&format!("store: {repair}"));
    }
}

/// A store's trouble as a command's failure.
pub fn store_failure(error: &StoreError) -> Failure {
    Failure::ours(error.to_string()).hint(error.hint())
}

/// A number with its noun.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Names, one after the other.
pub fn listed(names: &[impl fmt::Display]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A time as people read it, in their own zone.
pub fn local(time: Timestamp) -> String {
    time.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// The exit status of a command whose findings need a person, or do not.
pub fn exit_if(needs_person: impl FnOnce() -> bool) -> Exit {
    if needs_person() { Exit::NeedsPerson } else { Exit::Fine }
}
