//! Sightings and known records → which records are new, which changed, and what they say now. Pure.
//!
//! Takes `now` as a value, returns intents, touches nothing. Refuses to move what readers were told: an id is
//! minted once, a published date stands unless the page states another by machine.

mod order;
mod again;
mod recognize;
mod revive;
mod stayed;

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use url::Url;

use crate::{
    diagnostic::{Code, Diagnostic},
    entry::{Entry, Sighting},
    html::Html,
    id::{EntryId, EntryKey, SourceId},
    moment::{Moment, Precision, Provenance},
    record::Record,
};
use recognize::{Difference, difference};

pub use again::{Again, again, follow};
pub use recognize::{is_by_headline, is_doubtful, part, recognize};
pub use revive::revive;
pub use stayed::stayed;

/// What a merge needs to know besides the page.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The source.
    pub source: &'a SourceId,
    /// Its zone.
    pub zone: &'a TimeZone,
    /// The fetch.
    pub now: Timestamp,
    /// The number of the source's last record; 0: it has none.
    pub last_number: u64,
}

/// What a merge decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Records to write, by number: new, changed, and those of which only our own bookkeeping moved.
    pub records: Vec<Record>,
    /// The numbers of those announced for the first time.
    pub new: Vec<u64>,
    /// The numbers of those whose headline, teaser or link changed.
    pub changed: Vec<u64>,
    /// What was noticed.
    pub diagnostics: Vec<Diagnostic>,
}

/// From this many changes of numbers alone at fetches in a row on, such changes are held back.
const CHURN_LIMIT: u32 = 3;

/// So many times a page may date an entry anew. Servers of one site that disagree about the zone take turns for ever.
const REDATED_LIMIT: u32 = 3;

/// An address whose query alone changes again this soon carries a number of the visit; later it is another document.
const VISITS_WITHIN: jiff::SignedDuration = jiff::SignedDuration::from_hours(72);

/// How often the last sighting of an unchanged record is written: it is for retention, which counts in weeks.
const SEEN_AGAIN_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// The most keys a record keeps; an entry edited more often forgets its oldest texts, never its addresses.
const MAX_KEYS: usize = 24;

/// Decides what a page changes. `recognized` is what [`recognize`] said of `sightings` and `known`, and the
/// sightings' moments are resolved.
pub fn merge(
    sightings: &[Sighting],
    known: &[Record],
    recognized: &[Option<usize>],
    context: &Context<'_>,
) -> Merged {
    let mut merged = Merged::default();
    let published = published(sightings, known, recognized, context);
    let mut seen: HashMap<usize, usize> = HashMap::new();
    for (sighting, place) in sightings.iter().zip(recognized) {
        let Some(place) = *place else { continue };
        if let Some(first) = seen.insert(place, sighting.rows[0]) {
            seen.insert(place, first);
            merged.diagnostics.push(Diagnostic::row(
                Code::DoublePost,
                sighting.rows[0],
                format!("row {} is row {first} again: `{}`", sighting.rows[0], sighting.entry.headline),
            ));
            continue;
        }
        let mut compare = Compare { record: known[place].clone(), context, merged: &mut merged };
        let is_changed = compare.with(sighting);
        let record = compare.record;
        if is_changed {
            merged.changed.push(record.number);
        }
        if record != known[place] {
            merged.records.push(record);
        }
    }
    let mut number = context.last_number;
    for at in oldest_first(sightings) {
        if recognized[at].is_none() {
            number += 1;
            merged.new.push(number);
            merged.records.push(new_record(&sightings[at], number, published[at], context));
        }
    }
    merged.records.sort_by_key(|record| record.number);
    merged.changed.sort_unstable();
    merged
}

fn new_record(sighting: &Sighting, number: u64, published: Timestamp, context: &Context<'_>) -> Record {
    let first_key = sighting.keys.first().expect("a sighting has a key: `normalize` gives every row one");
    let mut entry = sighting.entry.clone();
    entry.moment.get_or_insert_with(|| first_seen(context));
    Record {
        number,
        id: EntryId::mint(context.source, first_key),
        keys: sighting.keys.clone(),
        entry,
        published,
        updated: published,
        first_seen: context.now,
        last_seen: context.now,
        churn: 0,
        redated: 0,
        retold_in: Vec::new(),
    }
}

/// The moment of an entry whose page does not date it.
fn first_seen(context: &Context<'_>) -> Moment {
    Moment {
        day: context.now.to_zoned_datetime(context.zone.clone()).date(),
        first_day: None,
        instant: Some(context.now),
        precision: Precision::Minute,
        provenance: Provenance::FirstSeen,
    }
}

/// When each sighting is published, known ones as they were.
fn published(
    sightings: &[Sighting],
    known: &[Record],
    recognized: &[Option<usize>],
    context: &Context<'_>,
) -> Vec<Timestamp> {
    let order: Vec<usize> = oldest_first(sightings).into_iter().rev().collect();
    let stored = |at: usize| recognized[at].map(|place| &known[place]);
    let rows: Vec<order::Row<'_>> = order
        .iter()
        .map(|&at| order::Row {
            moment: stored(at).map_or(&sightings[at].entry, |record| &record.entry).moment.as_ref(),
            published: stored(at).map(|record| record.published),
        })
        .collect();
    let elsewhere: Vec<(Option<Moment>, Timestamp)> = known
        .iter()
        .enumerate()
        .filter(|(place, _)| !recognized.contains(&Some(*place)))
        .map(|(_, record)| (record.entry.moment.clone(), record.published))
        .collect();
    let frame = order::Frame { now: context.now, zone: context.zone, elsewhere: &elsewhere };
    let times = order::publish_times(&rows, &frame);
    let mut published = vec![context.now; sightings.len()];
    for (at, time) in order.into_iter().zip(times) {
        published[at] = time;
    }
    published
}

/// The places of the sightings from the oldest to the newest: the page from its end, unless its dates rise.
fn oldest_first(sightings: &[Sighting]) -> Vec<usize> {
    let days: Vec<_> =
        sightings.iter().filter_map(|s| s.entry.moment.as_ref().map(|moment| moment.day)).collect();
    let rising = days.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let falling = days.windows(2).filter(|pair| pair[0] > pair[1]).count();
    let places = 0..sightings.len();
    if rising > falling { places.collect() } else { places.rev().collect() }
}

/// A record held against how its entry stands on the page now.
struct Compare<'a> {
    record: Record,
    context: &'a Context<'a>,
    merged: &'a mut Merged,
}

impl Compare<'_> {
    /// Takes over what changed; whether it is a change that readers are told of.
    fn with(&mut self, sighting: &Sighting) -> bool {
        let row = sighting.rows[0];
        let link = self.link_difference(sighting);
        let is_edited = self.texts(&sighting.entry, link, row);
        let is_held = link == Difference::Numbers && self.is_churning();
        let is_moved = link != Difference::None && !is_held;
        if is_moved {
            self.move_to(sighting);
        }
        if !is_held {
            self.learn_keys(&sighting.keys);
        }
        self.fill(&sighting.entry);
        let is_dated = self.date(sighting.entry.moment.as_ref(), row);
        let now = self.context.now;
        if is_moved || is_edited || is_dated {
            self.record.updated = now.max(self.record.published);
        }
        if self.record.last_seen.duration_until(now) >= SEEN_AGAIN_AFTER {
            self.record.last_seen = now;
        }
        is_moved || is_edited || is_dated
    }

    /// How a link differs from the one that readers have: as numbers do where a number of the visit is another.
    fn link_difference(&self, sighting: &Sighting) -> Difference {
        let Some(link) = &sighting.entry.link else { return Difference::None };
        let Some(old) = &self.record.entry.link else { return Difference::Words };
        let known = sighting.keys.iter().any(|key| key.is_given() && self.record.keys.contains(key));
        if old == link || known {
            // Another spelling of a known address (tracking, http for https): readers keep the one they have.
            Difference::None
        } else if is_query_alone(old, link) && (self.is_churning() || self.is_changed_lately()) {
            Difference::Numbers
        } else {
            Difference::Words
        }
    }

    fn is_churning(&self) -> bool {
        self.record.churn >= CHURN_LIMIT
    }

    fn is_changed_lately(&self) -> bool {
        self.record.updated.duration_until(self.context.now) < VISITS_WITHIN
    }

    fn move_to(&mut self, sighting: &Sighting) {
        let Some(link) = &sighting.entry.link else { return };
        if self.record.entry.link.is_some() {
            let message = format!("`{}` moved to {link}", self.record.entry.headline);
            self.merged.diagnostics.push(Diagnostic::row(Code::LinkMoved, sighting.rows[0], message));
        }
        self.record.entry.link = Some(link.clone());
    }

    /// `link`: how the link differs; in numbers it churns as texts do.
    fn texts(&mut self, entry: &Entry, link: Difference, row: usize) -> bool {
        let old = &self.record.entry;
        let text = |teaser: &Option<String>| teaser.clone().unwrap_or_default();
        let headline = difference(&old.headline, &entry.headline);
        // A teaser that is missing now is a matter of selectors, not an edit.
        let teaser = match &entry.teaser {
            Some(new) => difference(&text(&old.teaser), new),
            None => Difference::None,
        };
        let link = if link == Difference::Numbers { link } else { Difference::None };
        let worst = [headline, teaser, link].into_iter().max_by_key(|d| *d as u8).unwrap_or(Difference::None);
        let is_flip = worst == Difference::Words && self.is_seen_before(entry);
        match worst {
            Difference::None => {
                if !self.is_churning() {
                    self.record.churn = 0;
                }
                return false;
            }
            Difference::Passing => return self.hold_back(row),
            Difference::Words if !is_flip => self.record.churn = 0,
            Difference::Words | Difference::Numbers => {
                self.record.churn = self.record.churn.saturating_add(1).min(CHURN_LIMIT);
                if self.is_churning() {
                    return self.hold_back(row);
                }
            }
        }
        self.record.entry.headline.clone_from(&entry.headline);
        if entry.teaser.is_some() {
            self.record.entry.teaser.clone_from(&entry.teaser);
        }
        true
    }

    /// Whether the record once had exactly these texts: a page that alternates between versions.
    fn is_seen_before(&self, entry: &Entry) -> bool {
        use crate::normalize::lasting;
        let teaser = entry.teaser.as_deref().map(lasting).unwrap_or_default();
        let key = EntryKey::texts(EntryKey::HEADLINE_TEASER, &[&lasting(&entry.headline), &teaser, ""]);
        self.record.keys.contains(&key)
    }

    fn hold_back(&mut self, row: usize) -> bool {
        let message = format!("`{}` changes with every fetch; it stays as it is", self.record.entry.headline);
        self.merged.diagnostics.push(Diagnostic::row(Code::ChurnHeldBack, row, message));
        false
    }

    /// Addresses and ids always; what is made of texts only while they do not churn.
    fn learn_keys(&mut self, keys: &[EntryKey]) {
        let is_churning = self.is_churning();
        for key in keys.iter().filter(|key| key.is_given() || !is_churning) {
            if !self.record.keys.contains(key) {
                self.record.keys.push(key.clone());
            }
        }
        while self.record.keys.len() > MAX_KEYS {
            let oldest = self.record.keys.iter().position(|key| !key.is_given()).unwrap_or(1);
            self.record.keys.remove(oldest);
        }
    }

    /// Fields that come late are welcome, those that change quietly follow; neither is news.
    fn fill(&mut self, entry: &Entry) {
        let own = &mut self.record.entry;
        if entry.author.is_some() {
            own.author.clone_from(&entry.author);
        }
        if !entry.categories.is_empty() {
            own.categories.clone_from(&entry.categories);
        }
        if let Some(content) = &entry.content
            && own.content.as_ref().is_none_or(|known| is_other_text(known, content))
        {
            own.content = Some(content.clone());
        }
        if !entry.enclosures.is_empty() {
            own.enclosures.clone_from(&entry.enclosures);
        }
        // An image address may carry a cache-buster: the first one stays.
        if own.image.is_none() {
            own.image.clone_from(&entry.image);
        }
    }

    /// A published date never moves, unless the page itself states, by machine, a different one; and a few times only.
    fn date(&mut self, moment: Option<&Moment>, row: usize) -> bool {
        let Some(moment) = moment.filter(|m| m.provenance == Provenance::StatedByMachine) else {
            return false;
        };
        let old = self.record.entry.moment.as_ref();
        let is_same = old.is_some_and(|old| match old.provenance {
            Provenance::StatedByMachine => old.instant == moment.instant && old.day == moment.day,
            _ => old.day == moment.day,
        });
        if is_same {
            return false;
        }
        let first_day = self.record.first_seen.to_zoned_datetime(self.context.zone.clone()).date();
        if moment.day > first_day {
            let message = format!(
                "`{}` is now dated {}, but was there on {first_day}; its date stays",
                self.record.entry.headline, moment.day
            );
            self.merged.diagnostics.push(Diagnostic::row(Code::DateAfterFirstSeen, row, message));
            return false;
        }
        let rows = [order::Row { moment: Some(moment), published: None }];
        let frame = order::Frame { now: self.record.first_seen, zone: self.context.zone, elsewhere: &[] };
        let published = order::publish_times(&rows, &frame)[0];
        // The time of the fetch, stated anew each time: it was there before.
        let is_of_visit =
            moment.instant.is_some_and(|stated| stated >= order::whole_second(self.record.first_seen));
        if is_of_visit || published == self.record.published {
            return false;
        }
        if self.record.redated >= REDATED_LIMIT {
            self.hold_back(row);
            return false;
        }
        self.record.redated += 1;
        self.record.published = published;
        self.record.entry.moment = Some(moment.clone());
        true
    }
}

/// Whether two addresses differ in values of their queries alone.
fn is_query_alone(one: &Url, other: &Url) -> bool {
    let names = |link: &Url| link.query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
    one.host() == other.host() && one.path() == other.path() && names(one) == names(other)
}

/// Whether a full text says something else: the counters and one-time addresses in its markup change with every
/// fetch, and readers would be sent it again each time.
fn is_other_text(known: &Html, new: &Html) -> bool {
    use crate::{extract::plain, normalize::lasting};
    known != new && lasting(&plain(known.as_str(), &|| true)) != lasting(&plain(new.as_str(), &|| true))
}

#[cfg(test)]
mod tests;
