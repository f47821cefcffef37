//! Records: entries with our history of them, and what we know of a source. Nouns, pure; what the store keeps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    config::Digest,
    entry::Entry,
    id::{EntryId, EntryKey, SourceId},
    page::Validators,
    verdict::Verdict,
};

/// An entry and our history of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Counts the records of one source from 1, in the order they were first committed; never used again.
    pub number: u64,
    /// Permanent (DESIGN §7).
    pub id: EntryId,
    /// Everything it was ever recognised by.
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
}

/// What is known of a source between refreshes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// To be sent with the next request; committed only with the entries they vouch for.
    #[serde(default)]
    pub validators: Validators,
    /// The config digest the validators belong to; another digest voids them.
    #[serde(default)]
    pub digest: Digest,
    /// A digest of the last good page's body; `None`: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// When the last refresh ended; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshed_at: Option<Timestamp>,
    /// When the first good refresh ended: the age of a feed that has no entry yet; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_succeeded_at: Option<Timestamp>,
    /// When the last good refresh ended; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded_at: Option<Timestamp>,
    /// Not to be fetched before; `None`: due now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How the last refresh ended; `None`: never refreshed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Failures in a row.
    #[serde(default)]
    pub failures: u32,
    /// The page's title, for a feed whose config gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_title: Option<String>,
    /// The page's address after redirects, when it last was good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_url: Option<Url>,
    /// The page's language, when it last was good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What the last good pages held, the newest last; at most [`SourceState::HISTORY`].
    #[serde(default)]
    pub history: Vec<PageShape>,
    /// The number the next new record gets, less one.
    #[serde(default)]
    pub last_number: u64,
}

impl SourceState {
    /// How many page shapes are remembered: enough for a median that one odd page does not move.
    pub const HISTORY: usize = 10;
}

/// What a good page held: how many entries, and how many of them had each field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageShape {
    /// Entries.
    pub entries: u32,
    /// Entries with a link.
    pub links: u32,
    /// Entries with a teaser.
    pub teasers: u32,
    /// Entries with a date of the page's own.
    pub dates: u32,
}

/// What a refresh decided, and all that a commit writes, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The source.
    pub source: SourceId,
    /// Its state from now on.
    pub state: SourceState,
    /// Records to write, new and changed alike, by number.
    pub records: Vec<Record>,
}
