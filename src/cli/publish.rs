//! Store → files: every feed is assembled, rendered in its formats, and written where its bytes changed.
//!
//! A feed whose imprint and files are as they were is left alone: what it was made from has not changed.

use std::{collections::BTreeMap, path::Path};

use super::{Failure, followers, seen::Seen, terminal::Terminal, workspace};
use crate::{
    assemble::{self, Common, Part},
    config::{Config, FeedRule, Source},
    feed::{Feed, Format, History, Listed},
    health,
    id::SourceId,
    imprint::{Imprint, Imprints, Maker, Mark},
    publish::{self, Batch, PublishError, Published, Stamp},
    record::{Counts, Glance, Record},
    render,
    store::{Joined, Newest, Store, StoreError},
};

/// How many events `health.atom` shows.
const HEALTH_ENTRIES: usize = 100;

/// How many entries of a source a filter looks through.
const MOST_FILTERED: usize = 10_000;

/// Among how many of the newest entries of all its sources a joined feed looks for its own; twice as many as it shows
/// if that is more. Beyond them no story is looked for either: what is told there was told long ago.
const MOST_JOINED: usize = 5_000;

/// The feeds whose bytes changed, where anybody follows them.
pub type Changed = BTreeMap<SourceId, Counts>;

/// Publishes every feed.
pub fn publish_all(
    config: &Config,
    store: &dyn Store,
    place: (&Path, &Terminal),
    (imprints, seen): (&mut Imprints, &mut Seen),
) -> Result<Changed, Failure> {
    let mut writer = Writer::new(config, store, place);
    writer.feeds(&|_| true, (imprints, seen))?;
    writer.index()?;
    writer.finish(imprints)
}

/// Publishes the feeds that show any of these sources, and `health.atom`; and the list of all feeds, if `shown` has a
/// source that was in none.
pub fn publish_those(
    config: &Config,
    store: &dyn Store,
    place: (&Path, &Terminal),
    shown: &BTreeMap<&SourceId, First>,
    (imprints, seen): (&mut Imprints, &mut Seen),
) -> Result<Changed, Failure> {
    let mut writer = Writer::new(config, store, place);
    writer.feeds(&|id| shown.contains_key(id), (imprints, seen))?;
    if shown.values().any(|first| *first == First::Yes) {
        writer.index()?;
    }
    writer.finish(imprints)
}

/// Whether a source has a feed for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// It has.
    Yes,
    /// It had one, or has none.
    No,
}

/// Writes feeds, and counts what it wrote.
struct Writer<'a> {
    config: &'a Config,
    store: &'a dyn Store,
    folder: &'a Path,
    terminal: &'a Terminal,
    batch: Batch,
    written: usize,
    changed: Changed,
    /// Those who follow know of nothing that is written yet.
    is_unnoted: bool,
    /// The ids that joined feeds had at first; `None`: not read yet.
    first_ids: Option<BTreeMap<SourceId, SourceId>>,
}

impl<'a> Writer<'a> {
    fn new(config: &'a Config, store: &'a dyn Store, (folder, terminal): (&'a Path, &'a Terminal)) -> Self {
        let batch = Batch::new(folder);
        Self {
            config,
            store,
            folder,
            terminal,
            batch,
            written: 0,
            changed: Changed::new(),
            is_unnoted: false,
            first_ids: None,
        }
    }

    /// Every feed that shows any of these sources, and `health.atom`.
    fn feeds(
        &mut self,
        is_shown: &dyn Fn(&SourceId) -> bool,
        (imprints, seen): (&mut Imprints, &mut Seen),
    ) -> Result<(), Failure> {
        self.health(imprints)?;
        let sources = &self.config.sources;
        let places: Vec<usize> = (0..sources.len()).filter(|place| is_shown(&sources[*place].id)).collect();
        let marks = seen.marks(self.config, &places, self.store).map_err(ours)?;
        for (place, mark) in places.into_iter().zip(marks) {
            self.source((&sources[place], mark), imprints)?;
        }
        for rule in self.config.feeds.iter().filter(|rule| rule.sources.iter().any(is_shown)) {
            self.joined(rule, (imprints, seen))?;
        }
        Ok(())
    }

    fn health(&mut self, imprints: &mut Imprints) -> Result<(), Failure> {
        let id = health::id();
        let state = self.glance(&id)?;
        let mut maker = Maker::of_health(&imprints.program, self.config, &id);
        maker.state(&state);
        if state.succeeded_at.is_none() || self.stands(imprints, (&id, &[Format::Atom]), maker.finish()) {
            return Ok(());
        }
        let records = self.store.records(&id, Newest::of(HEALTH_ENTRIES)).map_err(ours)?;
        let mut feed = assemble::health_feed(&state, &records, self.config.base_url.as_ref());
        let stamps = self.feed(&mut feed)?;
        note(imprints, &id, (maker.finish(), stamps));
        Ok(())
    }

    fn source(&mut self, (source, mark): (&Source, Mark), imprints: &mut Imprints) -> Result<(), Failure> {
        if !mark.is_good || source.formats.is_empty() {
            // A reader that finds an empty feed takes it for the feed; none is better until the first page came.
            return Ok(());
        }
        let mut history = History::default();
        if source.archive {
            history.previous = self.archives(source)?;
        }
        let mut maker = Maker::of_source(&imprints.program, self.config, source);
        maker.mark(&mark);
        let imprint = maker.finish();
        let names = std::iter::once(&source.id).chain(&source.was);
        if names.clone().all(|name| self.stands(imprints, (name, &source.formats), imprint)) {
            return Ok(());
        }
        let state = self.glance(&source.id)?;
        let newest = Newest { count: source.keep.entries, age: source.keep.age };
        let mut records = self.store.records(&source.id, newest).map_err(ours)?;
        if source.archive {
            records.extend(self.records_after(&source.id, &state, assemble::archived(&state))?);
        }
        let mut feed = assemble::source_feed(source, &state, records, self.config.base_url.as_ref());
        feed.history = history;
        let stamps = self.feed(&mut feed)?;
        note(imprints, &source.id, (imprint, stamps));
        self.formerly((source.was.as_ref(), &feed), (imprints, imprint))
    }

    /// Writes a feed under the name it had before, too: who subscribed to that goes on, and is told the new address by the
    /// self link.
    fn formerly(
        &mut self,
        (was, feed): (Option<&SourceId>, &Feed),
        (imprints, imprint): (&mut Imprints, Imprint),
    ) -> Result<(), Failure> {
        if let Some(was) = was {
            let (_, stamps) = self.feed_as(was, feed)?;
            note(imprints, was, (imprint, stamps));
        }
        Ok(())
    }

    fn joined(
        &mut self,
        rule: &FeedRule,
        (imprints, seen): (&mut Imprints, &mut Seen),
    ) -> Result<(), Failure> {
        let mut maker = Maker::of_joined(&imprints.program, self.config, rule);
        let places = self.joining(rule);
        let mut sources = Vec::new();
        for (place, mark) in places.iter().zip(seen.marks(self.config, &places, self.store).map_err(ours)?) {
            // Those without a good page give nothing.
            if mark.is_good {
                maker.mark(&mark);
                sources.push(&self.config.sources[*place]);
            }
        }
        let imprint = maker.finish();
        let mut names = std::iter::once(&rule.id).chain(&rule.was);
        if sources.is_empty() || names.all(|name| self.stands(imprints, (name, &rule.formats), imprint)) {
            return Ok(());
        }
        let mut common = Common::of(self.first_id(&rule.id)?);
        for one in workspace::glances(&sources, self.store) {
            let (source, state) = one.map_err(ours)?;
            common.add(source, &state);
        }
        let parts = self.parts(rule, &sources)?;
        let mut joined = assemble::joined_feed((rule, &common), &parts, self.config.base_url.as_ref());
        let plans = joined.plans(|id| self.store.state(id)).map_err(ours)?;
        if !plans.is_empty() {
            self.store.commit(&plans).map_err(ours)?;
        }
        let stamps = self.feed(&mut joined.feed)?;
        note(imprints, &rule.id, (imprint, stamps));
        self.formerly((rule.was.as_ref(), &joined.feed), (imprints, imprint))
    }

    /// The id that a joined feed had at first.
    fn first_id(&mut self, id: &SourceId) -> Result<Option<SourceId>, Failure> {
        let first_ids = match &self.first_ids {
            Some(first_ids) => first_ids,
            None => self.first_ids.insert(self.store.state(&health::id()).map_err(ours)?.first_ids),
        };
        Ok(first_ids.get(id).cloned())
    }

    fn glance(&self, id: &SourceId) -> Result<Glance, Failure> {
        Ok(self.store.glances(&[id]).map_err(ours)?.pop().unwrap_or_default())
    }

    /// Whether a feed was made from the same, and its files are as they were left.
    fn stands(&self, imprints: &Imprints, (name, formats): (&SourceId, &[Format]), imprint: Imprint) -> bool {
        let stamps = formats.iter().map(|format| publish::stamp(self.folder, &format.file(name)));
        imprints.stand(name, imprint, stamps)
    }

    /// Writes the archive documents of a source that are full and not there yet; the number of the last one. Those that
    /// are there stay as they are.
    fn archives(&mut self, source: &Source) -> Result<Option<u64>, Failure> {
        let state = &self.glance(&source.id)?;
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
    fn records_after(&self, id: &SourceId, state: &Glance, number: u64) -> Result<Vec<Record>, Failure> {
        let count = usize::try_from(state.last_number.saturating_sub(number)).unwrap_or(usize::MAX);
        let known = self.store.known(id, &[], count).map_err(ours)?;
        Ok(known.records.into_iter().filter(|record| record.number > number).collect())
    }

    /// What the sources of a joined feed give to it: the newest records of all of them, of each its own.
    fn parts(&self, rule: &FeedRule, sources: &[&'a Source]) -> Result<Vec<Part<'a>>, Failure> {
        // What the filter leaves out must not take the place of what it lets pass.
        let count = if rule.filter.is_open() { rule.keep.entries } else { MOST_FILTERED };
        let admits = |record: &Record| rule.filter.admits(record);
        let wanted = Joined {
            each: Newest { count, age: rule.keep.age },
            most: MOST_JOINED.max(rule.keep.entries.saturating_mul(2)),
            admits: if rule.filter.is_open() { None } else { Some(&admits) },
        };
        let ids: Vec<&SourceId> = sources.iter().map(|source| &source.id).collect();
        let mut of_each: BTreeMap<usize, Vec<Record>> = BTreeMap::new();
        for (place, record) in self.store.joined(&ids, &wanted).map_err(ours)? {
            // Most sources have one among them: room for four, as it grows by itself, is room for thousands too many.
            of_each.entry(place).or_insert_with(|| Vec::with_capacity(1)).push(record);
        }
        let part = |(place, records): (usize, Vec<Record>)| {
            let source = sources[place];
            Ok(Part { source, state: self.glance(&source.id)?, records })
        };
        of_each.into_iter().map(part).collect()
    }

    /// The places of the sources that a feed joins.
    fn joining(&self, rule: &FeedRule) -> Vec<usize> {
        let place = |id: &SourceId| self.config.sources.binary_search_by(|source| source.id.cmp(id)).ok();
        rule.sources.iter().filter_map(place).collect()
    }

    fn feed(&mut self, feed: &mut Feed) -> Result<Option<Vec<Stamp>>, Failure> {
        feed.hubs.clone_from(&self.config.hubs);
        let shown = if followers::are_there(self.config) { self.counts(feed) } else { Counts::default() };
        let (is_written, stamps) = self.feed_as(&feed.id, feed)?;
        if is_written && followers::are_there(self.config) {
            self.changed.insert(feed.id.clone(), shown);
        }
        Ok(stamps)
    }

    /// Writes a feed to the files of a name; whether any of them changed, and how they look then. `None`: one of them
    /// cannot be told from others.
    fn feed_as(&mut self, name: &SourceId, feed: &Feed) -> Result<(bool, Option<Vec<Stamp>>), Failure> {
        tracing::debug!(feed = %name, "rendering");
        let mut is_written = false;
        let mut stamps = Some(Vec::new());
        for format in &feed.formats {
            let (published, stamp) = self.file(&format.file(name), &render::render(feed, *format))?;
            is_written |= published == Published::Written;
            stamps = stamps.zip(stamp).map(|(mut stamps, stamp)| {
                stamps.push(stamp);
                stamps
            });
        }
        self.written += usize::from(is_written);
        Ok((is_written, stamps))
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
        let sources = self.config.sources.iter().map(|source| &source.formats);
        let mut formats = sources.chain(self.config.feeds.iter().map(|rule| &rule.formats)).flatten();
        if !formats.any(|format| *format == Format::Html) {
            return Ok(());
        }
        let feeds = listed(self.config, self.store).map_err(ours)?;
        if feeds.iter().any(|feed| feed.formats.contains(&Format::Html)) {
            let base = self.config.base_url.as_ref();
            self.file(INDEX, &render::index::render(&feeds, base))?;
            self.file(OPML, &render::index::opml(&feeds, base))?;
        }
        Ok(())
    }

    /// What became of the file, and how it looks then.
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(Published, Option<Stamp>), Failure> {
        if !self.is_unnoted && followers::are_there(self.config) && publish::differs(self.folder, name, bytes)
        {
            followers::begin(self.store)?;
            self.is_unnoted = true;
        }
        self.batch.put(name, bytes).map_err(|error| publish_failure(&error))
    }

    fn finish(mut self, imprints: &mut Imprints) -> Result<Changed, Failure> {
        self.batch.flush().map_err(|error| publish_failure(&error))?;
        if self.written > 0 {
            let noun = if self.written == 1 { "feed" } else { "feeds" };
            self.terminal.remark(&format!("{} {noun} written to {}", self.written, self.folder.display()));
        }
        if self.is_unnoted {
            followers::note(self.store, &self.changed)?;
        }
        if let Err(error) = imprints.save() {
            // What is not noted is made again and compared.
            tracing::debug!("the imprints of the feeds were not written: {error}");
        }
        Ok(self.changed)
    }
}

/// Notes how a feed was left, where its files can be told from others.
fn note(imprints: &mut Imprints, name: &SourceId, (imprint, stamps): (Imprint, Option<Vec<Stamp>>)) {
    if let Some(stamps) = stamps {
        imprints.note(name, imprint, stamps);
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
    let sources: Vec<&Source> = config.sources.iter().collect();
    for one in workspace::glances(&sources, store) {
        let (source, state) = one?;
        if state.succeeded_at.is_some() {
            good.insert(&source.id);
            if !source.formats.is_empty() {
                feeds.push(assemble::listed(source, &state));
            }
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
