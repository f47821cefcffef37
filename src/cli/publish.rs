//! Store → files: every feed is assembled, rendered in its formats, and written where its bytes changed.

use std::path::Path;

use super::{Failure, terminal::Terminal, workspace};
use crate::{
    assemble::{self, Part},
    config::{Config, FeedRule, Source},
    feed::{Feed, Format, Listed},
    health,
    id::SourceId,
    publish::{self, PublishError, Published},
    render,
    store::{Newest, Store, StoreError},
};

/// How many events `health.atom` shows.
const HEALTH_ENTRIES: usize = 100;

/// How many entries of a source a filter looks through.
const MOST_FILTERED: usize = 10_000;

/// Publishes every feed.
pub fn publish_all(config: &Config, store: &dyn Store, place: (&Path, &Terminal)) -> Result<(), Failure> {
    let mut writer = Writer::new(config, store, place);
    writer.feeds(&|_| true)?;
    writer.index()?;
    writer.finish();
    Ok(())
}

/// Publishes the feeds that show any of these sources, and `health.atom`.
pub fn publish_those(
    config: &Config,
    store: &dyn Store,
    place: (&Path, &Terminal),
    is_shown: &dyn Fn(&SourceId) -> bool,
) -> Result<(), Failure> {
    let mut writer = Writer::new(config, store, place);
    writer.feeds(is_shown)?;
    writer.finish();
    Ok(())
}

/// Publishes the list of all feeds, where there are pages for people at all.
pub fn publish_index(config: &Config, store: &dyn Store, place: (&Path, &Terminal)) -> Result<(), Failure> {
    Writer::new(config, store, place).index()
}

/// Writes feeds, and counts what it wrote.
struct Writer<'a> {
    config: &'a Config,
    store: &'a dyn Store,
    folder: &'a Path,
    terminal: &'a Terminal,
    written: usize,
}

impl<'a> Writer<'a> {
    fn new(config: &'a Config, store: &'a dyn Store, (folder, terminal): (&'a Path, &'a Terminal)) -> Self {
        Self { config, store, folder, terminal, written: 0 }
    }

    /// Every feed that shows any of these sources, and `health.atom`.
    fn feeds(&mut self, is_shown: &dyn Fn(&SourceId) -> bool) -> Result<(), Failure> {
        let base = self.config.base_url.as_ref();
        let health = self.store.state(&health::id()).map_err(ours)?;
        if health.succeeded_at.is_some() {
            let records = self.store.records(&health::id(), Newest::of(HEALTH_ENTRIES)).map_err(ours)?;
            self.feed(&assemble::health_feed(&health, &records, base))?;
        }
        for source in self.config.sources.iter().filter(|source| is_shown(&source.id)) {
            let state = self.store.state(&source.id).map_err(ours)?;
            if state.succeeded_at.is_none() {
                // A reader that finds an empty feed takes it for the feed; none is better until the first page came.
                continue;
            }
            let newest = Newest { count: source.keep.entries, age: source.keep.age };
            let records = self.store.records(&source.id, newest).map_err(ours)?;
            let feed = assemble::source_feed(source, &state, records, base);
            self.feed(&feed)?;
            if let Some(was) = &source.was {
                // Who subscribed to it under its former name goes on, and is told its new address by the self link.
                self.feed_as(was, &feed)?;
            }
        }
        for rule in self.config.feeds.iter().filter(|rule| rule.sources.iter().any(is_shown)) {
            let parts = self.parts(rule)?;
            if !parts.is_empty() {
                self.feed(&assemble::joined_feed(rule, &parts, base))?;
            }
        }
        Ok(())
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

    fn feed(&mut self, feed: &Feed) -> Result<(), Failure> {
        self.feed_as(&feed.id, feed)
    }

    /// Writes a feed to the files of a name.
    fn feed_as(&mut self, name: &SourceId, feed: &Feed) -> Result<(), Failure> {
        let mut is_written = false;
        for format in &feed.formats {
            is_written |= self.file(&format.file(name), &render::render(feed, *format))?;
        }
        self.written += usize::from(is_written);
        Ok(())
    }

    /// The page that lists all feeds, and their OPML, where there are pages for people at all.
    fn index(&self) -> Result<(), Failure> {
        let feeds = listed(self.config, self.store).map_err(ours)?;
        if feeds.iter().any(|feed| feed.formats.contains(&Format::Html)) {
            let base = self.config.base_url.as_ref();
            self.file(INDEX, &render::index::render(&feeds, base))?;
            self.file(OPML, &render::index::opml(&feeds, base))?;
        }
        Ok(())
    }

    /// Whether the file was written.
    fn file(&self, name: &str, bytes: &[u8]) -> Result<bool, Failure> {
        match publish::publish(self.folder, name, bytes) {
            Ok(Published::Written) => Ok(true),
            Ok(Published::Unchanged) => Ok(false),
            Err(error) => Err(publish_failure(&error)),
        }
    }

    fn finish(self) {
        if self.written > 0 {
            let noun = if self.written == 1 { "feed" } else { "feeds" };
            self.terminal.remark(&format!("{} {noun} written to {}", self.written, self.folder.display()));
        }
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
