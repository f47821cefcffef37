//! Records: entries with our history of them, and what we know of a source. Nouns, pure; what the store keeps.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    brief,
    config::{Address, Digest},
    entry::Entry,
    fetch::{Permit, moved::Moved},
    id::{EntryId, EntryKey, KeyDigest, SourceId},
    listing::Quiet,
    page::Validators,
    refresh::{own::Awaited, pages::Torn},
    schedule::Hold,
    verdict::{Verdict, history::Episode},
};

/// An entry and our history of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Counts the records of one source from 1, in the order they were first committed; never used again.
    pub number: u64,
    /// Permanent.
    pub id: EntryId,
    /// Everything it was ever recognized by.
    pub keys: Vec<EntryKey>,
    /// What it says now.
    pub entry: Entry,
    /// When readers are told it was published. Never moves, unless the page states another by machine.
    pub published: Timestamp,
    /// When it last changed in a way that matters; the same as `published` or first seen until it does.
    pub updated: Timestamp,
    /// The fetch that found it.
    pub first_seen: Timestamp,
    /// The last fetch whose page still held it.
    pub last_seen: Timestamp,
    /// For how many fetches in a row only its numbers changed; such changes are held back from the third on.
    #[serde(default)]
    pub churn: u32,
    /// How often its page gave it another date that was taken; after the third what readers have stays.
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    pub redated: u32,
    /// The joined feeds that leave it out for good: another source had told its story there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retold_in: Vec<SourceId>,
}

impl Record {
    /// What stays of it when it is let go: its surest keys, and all that readers were told once and for ever.
    pub fn trace(&self) -> Trace {
        let of = |counts: fn(&EntryKey) -> bool| -> Vec<KeyDigest> {
            self.keys.iter().filter(|key| counts(key)).map(EntryKey::digest).collect()
        };
        let mut keys = of(EntryKey::is_given);
        if keys.is_empty() {
            keys = of(|key| !key.is_weak());
        }
        if keys.is_empty() {
            keys = of(|_| true);
        }
        // The first addresses, for those an entry was announced with are those it comes back with.
        keys.truncate(Trace::MAX_KEYS);
        Trace {
            number: self.number,
            id: self.id,
            keys,
            day: self.entry.moment.as_ref().map(|moment| moment.day),
            published: self.published,
            first_seen: self.first_seen,
        }
    }
}

/// What is remembered of an entry whose record was let go, so that it is no news when it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The number of the record; it is never used for another.
    pub number: u64,
    /// As the record's.
    pub id: EntryId,
    /// What it is recognized by; at most [`Trace::MAX_KEYS`].
    pub keys: Vec<KeyDigest>,
    /// The day of its moment; `None`: it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// As the record's.
    pub published: Timestamp,
    /// As the record's.
    pub first_seen: Timestamp,
}

impl Trace {
    /// How many keys a trace has at most: there are millions of traces.
    pub const MAX_KEYS: usize = 4;
}

/// What the store knows of the entries of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Records, by number.
    pub records: Vec<Record>,
    /// Traces of records that were let go, by number.
    pub traces: Vec<Trace>,
}

/// What is known of a source between refreshes. A field that a store does not have yet has its default, so a new
/// one costs no new version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// To be sent with the next request; committed only with the entries they vouch for.
    pub validators: Validators,
    /// The address they came from, when it is not the config's: a redirect led there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Url>,
    /// The config digest the validators belong to; another digest voids them.
    pub digest: Digest,
    /// A digest of the last good page's body; `None`: there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// When the last refresh ended; `None`: never.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub refreshed_at: Option<Timestamp>,
    /// When the first good refresh ended: the age of a feed that has no entry yet; `None`: never.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub first_succeeded_at: Option<Timestamp>,
    /// When the last good refresh ended; `None`: never.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub succeeded_at: Option<Timestamp>,
    /// Not to be fetched before; `None`: due now.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How the last refresh ended; `None`: never refreshed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Failures in a row.
    pub failures: u32,
    /// How it has fared, the newest last; at most [`crate::verdict::history::EPISODES`].
    pub episodes: Vec<Episode>,
    /// When pages brought something new, the newest last; at most [`crate::verdict::rhythm::ARRIVALS`].
    #[serde(with = "brief")]
    pub arrivals: Vec<Timestamp>,
    /// Since when a person knows that it needs one; `None`: it does not.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub alerted_at: Option<Timestamp>,
    /// At how many visits in a row robots.txt forbade it.
    #[serde(skip_serializing_if = "is_zero_u32")]
    pub forbidden: u32,
    /// Since when it is known to be silent for unusually long; `None`: it is not.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub silent_at: Option<Timestamp>,
    /// How many known entries the config, as it was changed, would announce again; 0: none, or a person accepted it.
    #[serde(skip_serializing_if = "is_zero_u32")]
    pub held: u32,
    /// The config that a person accepted although it announces known entries again; `None`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Digest>,
    /// The id it had when it was first refreshed, which its feed's own id is made of; `None`: the one it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_id: Option<SourceId>,
    /// The config by which it was last tried ([`Source::tried`](crate::config::Source::tried)) while it fails or is held:
    /// another one is tried at once; `None`: all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_by: Option<Digest>,
    /// When a good page was last kept for repair; `None`: never.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub kept_at: Option<Timestamp>,
    /// When its selectors were last mended without a person; `None`: never.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub mended_at: Option<Timestamp>,
    /// Of the feed of events: the number of the last one that was told to a person.
    #[serde(skip_serializing_if = "is_zero")]
    pub told: u64,
    /// Of the feed of events: the number of the last one that the alert command took.
    #[serde(skip_serializing_if = "is_zero")]
    pub sent: u64,
    /// Of the feed of events: the feeds whose bytes changed and whose followers do not all know yet.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub owed: BTreeMap<SourceId, Owed>,
    /// Of the feed of events: the ids that joined feeds had at first, by those they have now. Their own permanent ids are made
    /// of these.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub first_ids: BTreeMap<SourceId, SourceId>,
    /// Of the feed of events: since when files of feeds are being written that nobody is owed yet; `None`: none are.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub publishing_since: Option<Timestamp>,
    /// The page's title, for a feed whose config gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_title: Option<String>,
    /// The page's address after redirects, when it last was good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_url: Option<Address>,
    /// The page's language, when it last said one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The address of its icon, when it last named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<Address>,
    /// The feeds its page was seen to link, so that one that appears is told once; `None`: not looked yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feeds: Option<Vec<Url>>,
    /// What the last good pages held, the newest last; at most [`SourceState::HISTORY`].
    pub history: Vec<PageShape>,
    /// The origin's wish to be left alone, or its end; `None`: neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The least time between two visits an upstream feed asks for, in seconds; `None`: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<u64>,
    /// When an upstream feed asks not to be visited.
    #[serde(skip_serializing_if = "Quiet::is_empty")]
    pub quiet: Quiet,
    /// The interval of a source that is followed at its own rhythm, in seconds; `None`: not learned yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<u64>,
    /// Where permanent redirects lead; `None`: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// Where a listing over several pages broke off at the last visit; `None`: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
    /// The entries whose own page could not be had yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<Awaited>,
    /// When a page last came in full; `None`: never.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub full_at: Option<Timestamp>,
    /// What robots.txt said of the addresses that were last asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permits: Vec<Permit>,
    /// The fetch by which its records last changed; `None`: never, or it is not known. No two changes have the same.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// When the entries of a page were last held against the records; `None`: never. An entry that was not on that
    /// page has left it.
    #[serde(with = "brief", skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// The number the next new record gets, less one.
    pub last_number: u64,
}

impl SourceState {
    /// How many page shapes are remembered: enough for a median that one odd page does not move.
    pub const HISTORY: usize = 10;

    /// See [`Glance::standing`].
    pub fn standing(&self) -> u32 {
        standing(self.held, self.failures.max(self.forbidden))
    }
}

fn standing(held: u32, failures: u32) -> u32 {
    if held > 0 { u32::MAX } else { failures }
}

/// The part of a source's state that says whether it is its turn, whether its feed is as it was, and what its feed says
/// of it: all that is read of most sources in most runs. Each field is as in [`SourceState`].
#[allow(missing_docs, reason = "they are told there")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Glance {
    #[serde(deserialize_with = "brief::deserialize")]
    pub first_succeeded_at: Option<Timestamp>,
    #[serde(deserialize_with = "brief::deserialize")]
    pub succeeded_at: Option<Timestamp>,
    #[serde(deserialize_with = "brief::deserialize")]
    pub due_at: Option<Timestamp>,
    pub failures: u32,
    pub forbidden: u32,
    pub held: u32,
    pub failed_by: Option<Digest>,
    pub first_id: Option<SourceId>,
    pub page_title: Option<String>,
    pub page_url: Option<Address>,
    pub language: Option<String>,
    pub icon: Option<Address>,
    pub hold: Option<Hold>,
    pub quiet: Quiet,
    #[serde(deserialize_with = "brief::deserialize")]
    pub changed_at: Option<Timestamp>,
    pub last_number: u64,
}

impl Glance {
    /// How many failures in a row it stands at; one that waits for a decision is at any threshold.
    pub fn standing(&self) -> u32 {
        standing(self.held, self.failures.max(self.forbidden))
    }
}

impl From<&SourceState> for Glance {
    fn from(state: &SourceState) -> Self {
        Self {
            first_succeeded_at: state.first_succeeded_at,
            succeeded_at: state.succeeded_at,
            due_at: state.due_at,
            failures: state.failures,
            forbidden: state.forbidden,
            held: state.held,
            failed_by: state.failed_by.clone(),
            first_id: state.first_id.clone(),
            page_title: state.page_title.clone(),
            page_url: state.page_url.clone(),
            language: state.language.clone(),
            icon: state.icon.clone(),
            hold: state.hold.clone(),
            quiet: state.quiet.clone(),
            changed_at: state.changed_at,
            last_number: state.last_number,
        }
    }
}

/// What those who follow a feed are to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// `None`: not known, a kill came between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// The user's command knows; only hubs do not.
    #[serde(default)]
    pub is_passed: bool,
}

/// What changed in a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How many of its entries those who follow it were not told of yet.
    pub new: usize,
    /// How many entries it has.
    pub entries: usize,
}

/// What a good page held: how many entries, and how many of them had each field. Written as a row of numbers, for each
/// source has ten; with names, which was written before, it is read too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "[u32; 6]")]
pub struct PageShape {
    /// Entries.
    pub entries: u32,
    /// Entries with a link.
    pub links: u32,
    /// Entries with a teaser.
    pub teasers: u32,
    /// Entries with a date of the page's own.
    pub dates: u32,
    /// Entries with an image.
    #[serde(default)]
    pub images: u32,
    /// Entries with an author.
    #[serde(default)]
    pub authors: u32,
}

impl From<PageShape> for [u32; 6] {
    fn from(shape: PageShape) -> Self {
        let PageShape { entries, links, teasers, dates, images, authors } = shape;
        [entries, links, teasers, dates, images, authors]
    }
}

/// What a refresh decided, and all that a commit writes, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The source.
    pub source: SourceId,
    /// Its state from now on.
    pub state: SourceState,
    /// Records to write, new and changed alike, by number. One whose trace is kept comes back.
    pub records: Vec<Record>,
    /// The numbers of records to let go, after that; their traces stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fade: Vec<u64>,
    /// Traces up to this number are forgotten as well; 0: none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub forget: u64,
    /// The id this source had before: all that is remembered of it becomes this source's, before all else, unless
    /// this source has memories of its own. `None`: it had no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<SourceId>,
}

impl Plan {
    /// A plan that writes a state and nothing else.
    pub fn of(source: SourceId, state: SourceState) -> Self {
        Self { source, state, records: Vec::new(), fade: Vec::new(), forget: 0, was: None }
    }

    /// Whether it changes anything beside the state.
    pub fn has_records(&self) -> bool {
        !self.records.is_empty() || !self.fade.is_empty() || self.forget > 0 || self.was.is_some()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero_u32(number: &u32) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
