//! Assemble: the records of one source, or of several joined → a feed. Pure.
//!
//! The same records give the same feed: nothing here asks a clock or depends on the order the records came in.
//! It refuses to invent: what a feed says is in the records, the source's state or the config.

mod story;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::{
    config::{Address, FeedRule, Keep, Source},
    feed::{self, Feed, FeedEntry, Format, History, Listed, Origin},
    health,
    id::{SourceId, feed_urn},
    record::{Glance, Plan, Record, SourceState},
};

/// What one source gives to a feed.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The source.
    pub source: &'a Source,
    /// What is known of it.
    pub state: Glance,
    /// All its records: what is shown is decided here.
    pub records: Vec<Record>,
}

/// The feed of one source. `base_url` is the public address of the output folder, ending in `/`.
pub fn source_feed(source: &Source, state: &Glance, records: Vec<Record>, base_url: Option<&Url>) -> Feed {
    let part = Part { source, state: state.clone(), records };
    let mut rows: Vec<Row> = part.records.iter().map(|record| Row { part: &part, record }).collect();
    rows.sort_by_key(Row::seniority);
    let mut ids = BTreeSet::new();
    rows.retain(|row| ids.insert(row.record.id));
    // Between them, the feed and its archives have every entry.
    let archived = if source.archive { archived(state) } else { u64::MAX };
    let entries: Vec<FeedEntry> = chosen(rows, source.keep, archived)
        .into_iter()
        .map(|(row, updated)| entry(&row, updated, None))
        .collect();
    let title = title_of(source, state);
    Feed {
        id: source.id.clone(),
        urn: feed_urn(state.first_id.as_ref().unwrap_or(&source.id)),
        author: title.clone(),
        title,
        subtitle: None,
        icon: source.icon.as_ref().or(state.icon.as_ref()).map(Address::to_url),
        language: source.language.clone().or_else(|| state.language.clone()),
        base_url: base_url.cloned(),
        hubs: Vec::new(),
        history: History::default(),
        formats: source.formats.clone(),
        every: Some(source.every),
        alternate: Some(page_of(source, state)),
        updated: newest_update(&entries)
            .unwrap_or_else(|| began_at(state.first_succeeded_at, state.succeeded_at)),
        entries,
    }
}

/// Up to which number the records of a source are in archive documents.
pub fn archived(state: &Glance) -> u64 {
    state.last_number / History::ENTRIES * History::ENTRIES
}

/// An archive document (RFC 5005 §4): the records whose numbers are its own, so that it is full once and for ever.
/// `records` are those the store has of them.
pub fn archive(
    (source, state): (&Source, &Glance),
    records: Vec<Record>,
    history: History,
    base_url: Option<&Url>,
) -> Feed {
    let mut everything = source.clone();
    let terms = everything.terms_mut();
    (terms.keep, terms.archive) = (Keep { entries: usize::MAX, age: None }, false);
    let feed = source_feed(&everything, state, records, base_url);
    // How often it may change: never.
    Feed { history, every: None, ..feed }
}

/// What a joined feed has besides its entries: its first id, and what it takes from all its sources.
#[derive(Clone, Debug, Default)]
pub struct Common {
    /// The id that the feed had at first; `None`: the one it has.
    first_id: Option<SourceId>,
    /// How often the most frequent of them is due; `None`: there are none.
    every: Option<Duration>,
    /// When the first of them had its first good page; `None`: there are none.
    began_at: Option<Timestamp>,
    /// The language all of them share; `None`: they do not, or one is not known.
    language: Option<String>,
}

impl Common {
    /// Of a feed by the id it had at first, before any source is taken in.
    pub fn of(first_id: Option<SourceId>) -> Self {
        Self { first_id, ..Self::default() }
    }

    /// Takes in a source.
    pub fn add(&mut self, source: &Source, state: &Glance) {
        let own = source.language.as_ref().or(state.language.as_ref());
        if self.is_empty() {
            self.language = own.cloned();
        } else if self.language.as_ref() != own {
            self.language = None;
        }
        let began_at = began_at(state.first_succeeded_at, state.succeeded_at);
        self.every = Some(self.every.map_or(source.every, |every| every.min(source.every)));
        self.began_at = Some(self.began_at.map_or(began_at, |began| began.min(began_at)));
    }

    /// Whether there are no sources.
    pub fn is_empty(&self) -> bool {
        self.every.is_none()
    }
}

/// A joined feed, and what it leaves out.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The feed.
    pub feed: Feed,
    /// Records it leaves out for the first time, for it shows their stories as others tell them: each with its source,
    /// and marked. The marks are to be committed before the feed is published.
    pub retold: Vec<(SourceId, Record)>,
}

impl Joined {
    /// What is to be committed before the feed is published, given the states that sources have now.
    pub fn plans<E>(
        &self,
        mut state: impl FnMut(&SourceId) -> Result<SourceState, E>,
    ) -> Result<Vec<Plan>, E> {
        let mut of_each: BTreeMap<&SourceId, Vec<Record>> = BTreeMap::new();
        for (source, record) in &self.retold {
            of_each.entry(source).or_default().push(record.clone());
        }
        let plan = |(source, mut records): (&SourceId, Vec<Record>)| {
            records.sort_by_key(|record| record.number);
            Ok(Plan { records, ..Plan::of(source.clone(), state(source)?) })
        };
        of_each.into_iter().map(plan).collect()
    }
}

/// Several sources as one feed, each story once, as the record tells it that was seen first (`story`).
/// `base_url` is the public address of the output folder, ending in `/`.
pub fn joined_feed(
    (rule, common): (&FeedRule, &Common),
    parts: &[Part<'_>],
    base_url: Option<&Url>,
) -> Joined {
    let mut rows: Vec<Row> =
        parts.iter().flat_map(|part| part.records.iter().map(move |record| Row { part, record })).collect();
    rows.retain(|row| rule.filter.admits(row.record));
    rows.sort_by_key(Row::seniority);
    let told = story::each_once(rows, rule);
    let retold = told.left_out.iter().map(|row| row.marked(&rule.id)).collect();

    let origins: BTreeMap<&SourceId, Origin> = parts
        .iter()
        .map(|part| {
            let origin = Origin {
                title: title_of(part.source, &part.state),
                urn: feed_urn(part.state.first_id.as_ref().unwrap_or(&part.source.id)),
                self_link: has_atom(part.source)
                    .then(|| feed::address(&part.source.id, Format::Atom, base_url)),
                link: page_of(part.source, &part.state),
            };
            (&part.source.id, origin)
        })
        .collect();
    let entries: Vec<FeedEntry> = chosen(told.kept, rule.keep, u64::MAX)
        .into_iter()
        .map(|(row, updated)| entry(&row, updated, origins.get(&row.part.source.id).cloned()))
        .collect();
    let feed = Feed {
        id: rule.id.clone(),
        urn: feed_urn(common.first_id.as_ref().unwrap_or(&rule.id)),
        author: rule.title.clone(),
        title: rule.title.clone(),
        subtitle: None,
        icon: rule.icon.as_ref().map(Address::to_url),
        language: common.language.clone(),
        base_url: base_url.cloned(),
        hubs: Vec::new(),
        history: History::default(),
        formats: rule.formats.clone(),
        every: common.every,
        alternate: None,
        updated: newest_update(&entries).or(common.began_at).unwrap_or(Timestamp::UNIX_EPOCH),
        entries,
    };
    Joined { feed, retold }
}

/// Whether a source's own feed is there as Atom, so that others can name it.
pub(crate) fn has_atom(source: &Source) -> bool {
    source.formats.contains(&Format::Atom)
}

/// What an index says of a source's feed.
pub fn listed(source: &Source, state: &Glance) -> Listed {
    Listed {
        id: source.id.clone(),
        title: title_of(source, state),
        formats: source.formats.clone(),
        alternate: Some(page_of(source, state)),
        language: source.language.clone().or_else(|| state.language.clone()),
    }
}

/// What an index says of a joined feed.
pub fn listed_joined(rule: &FeedRule) -> Listed {
    Listed {
        id: rule.id.clone(),
        title: rule.title.clone(),
        formats: rule.formats.clone(),
        alternate: None,
        language: None,
    }
}

/// The feed of events: what a person should know of the sources.
pub fn health_feed(state: &Glance, records: &[Record], base_url: Option<&Url>) -> Feed {
    let id = health::id();
    let entries: Vec<FeedEntry> = records.iter().map(event_entry).collect();
    Feed {
        urn: feed_urn(&id),
        title: "gleaner: health of the sources".to_owned(),
        subtitle: Some("failures, recoveries and silences, each told once".to_owned()),
        icon: None,
        author: "gleaner".to_owned(),
        language: Some("en".to_owned()),
        base_url: base_url.cloned(),
        hubs: Vec::new(),
        history: History::default(),
        formats: vec![Format::Atom],
        every: None,
        alternate: None,
        updated: newest_update(&entries)
            .unwrap_or_else(|| began_at(state.first_succeeded_at, state.succeeded_at)),
        entries,
        id,
    }
}

/// An event as an entry; no two have the same second.
fn event_entry(record: &Record) -> FeedEntry {
    let said = &record.entry;
    FeedEntry {
        id: record.id,
        headline: said.headline.clone(),
        link: said.link.clone(),
        teaser: said.teaser.clone(),
        content: None,
        image: None,
        author: None,
        categories: said.categories.clone(),
        enclosures: said.enclosures.clone(),
        published: from_second(record.published.as_second()),
        updated: from_second(record.updated.as_second()),
        source: None,
    }
}

/// A record and the source it belongs to.
struct Row<'a> {
    part: &'a Part<'a>,
    record: &'a Record,
}

impl<'a> Row<'a> {
    /// Who was there first; no two rows compare equal.
    fn seniority(&self) -> (Timestamp, &'a SourceId, u64) {
        (self.record.first_seen, &self.part.source.id, self.record.number)
    }

    /// Its record, marked as left out by a joined feed.
    fn marked(&self, feed: &SourceId) -> (SourceId, Record) {
        let mut record = self.record.clone();
        record.retold_in.push(feed.clone());
        (self.part.source.id.clone(), record)
    }
}

/// The rows a feed shows, newest first, each with the `updated` it shows; `rows` come by seniority. Records with numbers
/// above `always` are shown whatever the limits say.
fn chosen(rows: Vec<Row<'_>>, keep: Keep, always: u64) -> Vec<(Row<'_>, Timestamp)> {
    // Steps are taken over all rows, before the limit, so that an entry's `updated` does not move when an older
    // entry falls out of the feed.
    let updates = distinct_updates(&rows);
    let mut rows: Vec<(Row<'_>, Timestamp)> = rows.into_iter().zip(updates).collect();
    rows.sort_by(|(a, _), (b, _)| newest_first(a).cmp(&newest_first(b)));
    let newest = rows.first().map(|(row, _)| row.record.published);
    let mut place = 0;
    rows.retain(|(row, _)| {
        place += 1;
        place <= keep.entries || row.record.number > always
    });
    // An age beyond what a signed duration holds (292 billion years) is no limit.
    let age = keep.age.and_then(|age| SignedDuration::try_from(age).ok());
    if let (Some(newest), Some(age)) = (newest, age) {
        rows.retain(|(row, _)| {
            newest.duration_since(row.record.published) <= age || row.record.number > always
        });
    }
    rows
}

fn newest_first<'a>(row: &Row<'a>) -> (Reverse<Timestamp>, &'a SourceId, Reverse<u64>) {
    (Reverse(row.record.published), &row.part.source.id, Reverse(row.record.number))
}

/// The `updated` of each row in whole seconds, the junior of two equal ones stepped on by a second: readers that
/// sort by `updated` would order equal ones as they like, and validators warn of them.
fn distinct_updates(rows: &[Row<'_>]) -> Vec<Timestamp> {
    let mut taken = BTreeSet::new();
    // Where to look next for a free second, for each second asked for: thousands of entries may share one.
    let mut next = BTreeMap::new();
    rows.iter()
        .map(|row| {
            let wanted = row.record.updated.as_second();
            let mut second = next.get(&wanted).copied().unwrap_or(wanted);
            // At the end of time there is no later second; two equal ones are the lesser evil.
            while !taken.insert(second) && second < Timestamp::MAX.as_second() {
                second += 1;
            }
            next.insert(wanted, second);
            from_second(second)
        })
        .collect()
}

fn from_second(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a second of another timestamp, or one before the last")
}

fn entry(row: &Row<'_>, updated: Timestamp, source: Option<Origin>) -> FeedEntry {
    let said = &row.record.entry;
    FeedEntry {
        id: row.record.id,
        headline: said.headline.clone(),
        link: said.link.clone(),
        teaser: said.teaser.clone(),
        content: said.content.clone(),
        image: said.image.clone(),
        // In a joined feed the feed's author is nobody; the source answers for what it published.
        author: said.author.clone().or_else(|| source.as_ref().map(|origin| origin.title.clone())),
        categories: said.categories.clone(),
        enclosures: said.enclosures.clone(),
        published: from_second(row.record.published.as_second()),
        updated,
        source,
    }
}

fn newest_update(entries: &[FeedEntry]) -> Option<Timestamp> {
    entries.iter().map(|entry| entry.updated).max()
}

/// How old a feed without entries is: the first good page, for a later one would change its bytes at each fetch.
pub(crate) fn began_at(first_succeeded_at: Option<Timestamp>, succeeded_at: Option<Timestamp>) -> Timestamp {
    let time = first_succeeded_at.or(succeeded_at).unwrap_or(Timestamp::UNIX_EPOCH);
    from_second(time.as_second())
}

fn page_of(source: &Source, state: &Glance) -> Url {
    state.page_url.as_ref().unwrap_or(&source.url).to_url()
}

/// The configured title, else the page's, else the host.
fn title_of(source: &Source, state: &Glance) -> String {
    [source.title.as_deref(), state.page_title.as_deref(), source.url.host_str(), Some(source.id.as_str())]
        .into_iter()
        .flatten()
        .map(str::trim)
        .find(|title| !title.is_empty())
        .expect("an id is never empty")
        .to_owned()
}

#[cfg(test)]
mod tests;
