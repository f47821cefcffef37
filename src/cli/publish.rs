//! Store → files: every feed is assembled, rendered in its formats, and written where its bytes changed.

use std::{collections::BTreeMap, path::Path};

use super::{Failure, followers, terminal::Terminal, workspace};
use crate::{
    assemble::{self, Part},
    config::{Config, FeedRule, Source},
    feed::{Feed, Format, History, Listed},
    health,
    id::SourceId,
    publish::{self, PublishError, Published},
    record::{Counts, Record, SourceState},
    render,
    store::{Newest, Store, StoreError},
};

/// How many events `health.atom` shows.
const HEALTH_ENTRIES: usize = 100;

/// How many entries of a source a filter looks through.
const MOST_FILTERED: usize = 10_000;

/// The feeds whose bytes changed, where anybody follows them.
pub type Changed = BTreeMap<SourceId, Counts>;

/// Publishes every feed.
pub fn publish_all(
    config: &Config,
    store: &dyn Store,
    place: (&Path, &Terminal),
) -> Result<Changed, Failure> {
    let mut writer = Writer::new(config, store, place);
    writer.feeds(&|_| true)?;
    writer.index()?;
    writer.finish()
}

/// Publishes the feeds that show any of these sources, and `health.atom`.
pub fn publish_those(
    config: &Config,
    store: &dyn Store,
    place: (&Path, &Terminal),
    is_shown: &dyn Fn(&SourceId) -> bool,
) -> Result<Changed, Failure> {
    let mut writer = Writer::new(config, store, place);
    writer.feeds(is_shown)?;
    writer.finish()
}

/// Publishes the list of all feeds, where there are pages for people at all.
pub fn publish_index(config: &Config, store: &dyn Store, place: (&Path, &Terminal)) -> Result<(), Failure> {
    let mut writer = Writer::new(config, store, place);
    writer.index()?;
    writer.finish().map(|_| ())
}

/// Writes feeds, and counts what it wrote.
struct Writer<'a> {
    config: &'a Config,
    store: &'a dyn Store,
    folder: &'a Path,
    terminal: &'a Terminal,
    written: usize,
    changed: Changed,
    /// Those who follow know of nothing that is written yet.
    is_unnoted: bool,
}

impl<'a> Writer<'a> {
    fn new(config: &'a Config, store: &'a dyn Store, (folder, terminal): (&'a Path, &'a Terminal)) -> Self {
        Self { config, store, folder, terminal, written: 0, changed: Changed::new(), is_unnoted: false }
    }

    /// Every feed that shows any of these sources, and `health.atom`.
    fn feeds(&mut self, is_shown: &dyn Fn(&SourceId) -> bool) -> Result<(), Failure> {
        let base = self.config.base_url.as_ref();
        let health = self.store.state(&health::id()).map_err(ours)?;
        if health.succeeded_at.is_some() {
            let records = self.store.records(&health::id(), Newest::of(HEALTH_ENTRIES)).map_err(ours)?;
            self.feed(&mut assemble::health_feed(&health, &records, base))?;
        }
        for source in self.config.sources.iter().filter(|source| is_shown(&source.id)) {
            let state = self.store.state(&source.id).map_err(ours)?;
            if state.succeeded_at.is_none() {
                // A reader that finds an empty feed takes it for the feed; none is better until the first page came.
                continue;
            }
            let newest = Newest { count: source.keep.entries, age: source.keep.age };
            let mut records = self.store.records(&source.id, newest).map_err(ours)?;
            let mut history = History::default();
            if source.archive {
                history.previous = self.archives(source, &state)?;
                records.extend(self.records_after(&source.id, &state, assemble::archived(&state))?);
            }
            let mut feed = assemble::source_feed(source, &state, records, base);
            feed.history = history;
            self.feed(&mut feed)?;
            if let Some(was) = &source.was {
                // Who subscribed to it under its former name goes on, and is told its new address by the self link.
                self.feed_as(was, &feed)?;
            }
        }
        for rule in self.config.feeds.iter().filter(|rule| rule.sources.iter().any(is_shown)) {
            let parts = self.parts(rule)?;
            if !parts.is_empty() {
                let mut joined = assemble::joined_feed(rule, &parts, base);
                let plans = joined.plans(&parts);
                if !plans.is_empty() {
                    self.store.commit(&plans).map_err(ours)?;
                }
                self.feed(&mut joined.feed)?;
            }
        }
        Ok(())
    }

    /// Writes the archive documents of a source that are full and not there yet; the number of the last one. Those that
    /// are there stay as they are.
    fn archives(&mut self, source: &Source, state: &SourceState) -> Result<Option<u64>, Failure> {
        let mut previous = None;
        let mut records: Option<Vec<Record>> = None;
        for number in 1..=assemble::archived(state) / History::ENTRIES {
            let formats = source.formats.iter().filter(|format| format.has_archives());
            let missing: Vec<(Format, String)> = formats
                .map(|format| (*format, format.archive_file(&source.id, number)))
                .filter(|(_, file)| !publish::is_there(self.folder, file))
                .collect();
            if missing.is_empty() {
                previous = Some(number);
                continue;
            }
            let before = (number - 1) * History::ENTRIES;
            let kept = match &mut records {
                Some(records) => records,
                None => records.insert(self.records_after(&source.id, state, before)?),
            };
            let is_own = |record: &&Record| (before + 1..=before + History::ENTRIES).contains(&record.number);
            let own: Vec<Record> = kept.iter().filter(is_own).cloned().collect();
            if own.is_empty() {
                // The store had let go of all of it before the history was asked for.
                continue;
            }
            let history = History { archive: Some(number), previous };
            let feed = assemble::archive((source, state), own, history, self.config.base_url.as_ref());
            for (format, file) in missing {
                self.file(&file, &render::render(&feed, format))?;
            }
            previous = Some(number);
        }
        Ok(previous)
    }

    /// The records of a source with numbers above one.
    fn records_after(&self, id: &SourceId, state: &SourceState, number: u64) -> Result<Vec<Record>, Failure> {
        let count = usize::try_from(state.last_number.saturating_sub(number)).unwrap_or(usize::MAX);
        let known = self.store.known(id, &[], count).map_err(ours)?;
        Ok(known.records.into_iter().filter(|record| record.number > number).collect())
    }

    /// What the sources of a joined feed give to it; those without a good page give nothing.
    fn parts(&self, rule: &FeedRule) -> Result<Vec<Part<'a>>, Failure> {
        let mut parts = Vec::new();
        for source in self.joined(rule) {
            let state = self.store.state(&source.id).map_err(ours)?;
            if state.succeeded_at.is_some() {
                // What the filter leaves out must not take the place of what it lets pass.
                let count = if rule.filter.is_open() { rule.keep.entries } else { MOST_FILTERED };
                let newest = Newest { count, age: rule.keep.age };
                let records = self.store.records(&source.id, newest).map_err(ours)?;
                parts.push(Part { source, state, records });
            }
        }
        Ok(parts)
    }

    /// Both are in the order of their ids.
    fn joined(&self, rule: &FeedRule) -> impl Iterator<Item = &'a Source> + use<'a> {
        let sources: &'a [Source] = &self.config.sources;
        let wanted: Vec<usize> = rule
            .sources
            .iter()
            .filter_map(|id| sources.binary_search_by(|source| source.id.cmp(id)).ok())
            .collect();
        wanted.into_iter().map(move |place| &sources[place])
    }

    fn feed(&mut self, feed: &mut Feed) -> Result<(), Failure> {
        feed.hubs.clone_from(&self.config.hubs);
        let shown = if followers::are_there(self.config) { self.counts(feed) } else { Counts::default() };
        if self.feed_as(&feed.id, feed)? && followers::are_there(self.config) {
            self.changed.insert(feed.id.clone(), shown);
        }
        Ok(())
    }

    /// Writes a feed to the files of a name; whether any of them changed.
    fn feed_as(&mut self, name: &SourceId, feed: &Feed) -> Result<bool, Failure> {
        let mut is_written = false;
        for format in &feed.formats {
            is_written |= self.file(&format.file(name), &render::render(feed, *format))?;
        }
        self.written += usize::from(is_written);
        Ok(is_written)
    }

    /// How many entries a feed has, and how many of them the file that stands there has not. Pages have no ids.
    fn counts(&self, feed: &Feed) -> Counts {
        let format = feed.formats.iter().find(|format| **format != Format::Html);
        let standing = format.and_then(|format| publish::standing(self.folder, &format.file(&feed.id)));
        let is_new = |id: String| standing.as_ref().is_none_or(|text| !text.contains(&id));
        let new = feed.entries.iter().filter(|entry| is_new(entry.id.to_string())).count();
        Counts { new, entries: feed.entries.len() }
    }

    /// The page that lists all feeds, and their OPML, where there are pages for people at all.
    fn index(&mut self) -> Result<(), Failure> {
        let feeds = listed(self.config, self.store).map_err(ours)?;
        if feeds.iter().any(|feed| feed.formats.contains(&Format::Html)) {
            let base = self.config.base_url.as_ref();
            self.file(INDEX, &render::index::render(&feeds, base))?;
            self.file(OPML, &render::index::opml(&feeds, base))?;
        }
        Ok(())
    }

    /// Whether the file was written.
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<bool, Failure> {
        if !self.is_unnoted && followers::are_there(self.config) && publish::differs(self.folder, name, bytes)
        {
            followers::begin(self.store)?;
            self.is_unnoted = true;
        }
        match publish::publish(self.folder, name, bytes) {
            Ok(Published::Written) => Ok(true),
            Ok(Published::Unchanged) => Ok(false),
            Err(error) => Err(publish_failure(&error)),
        }
    }

    fn finish(self) -> Result<Changed, Failure> {
        if self.written > 0 {
            let noun = if self.written == 1 { "feed" } else { "feeds" };
            self.terminal.remark(&format!("{} {noun} written to {}", self.written, self.folder.display()));
        }
        if self.is_unnoted {
            followers::note(self.store, &self.changed)?;
        }
        Ok(self.changed)
    }
}

/// The page that lists all feeds; no id of a source is `index`.
const INDEX: &str = "index.html";
/// All feeds, to subscribe to at once.
const OPML: &str = "feeds.opml";

/// What is published, by id: sources that had a good page, and the feeds that join one of those.
pub fn listed(config: &Config, store: &dyn Store) -> Result<Vec<Listed>, StoreError> {
    let mut feeds = Vec::new();
    let mut good = std::collections::BTreeSet::new();
    for source in &config.sources {
        let state = store.state(&source.id)?;
        if state.succeeded_at.is_some() {
            good.insert(&source.id);
            feeds.push(assemble::listed(source, &state));
        }
    }
    let is_good = |rule: &&FeedRule| rule.sources.iter().any(|id| good.contains(id));
    // Joined feeds first: they are what people subscribe to.
    let mut all: Vec<Listed> = config.feeds.iter().filter(is_good).map(assemble::listed_joined).collect();
    all.append(&mut feeds);
    Ok(all)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn ours(error: StoreError) -> Failure {
    workspace::store_failure(&error)
}

fn publish_failure(error: &PublishError) -> Failure {
    let failure = Failure::ours(error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
