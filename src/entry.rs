//! An entry: one thing we stand behind. A noun, pure.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    html::Html,
    id::EntryKey,
    listing::RawDate,
    moment::{Moment, Provenance},
};

/// What a row says once it is believed: texts are clean, addresses absolute, the date a moment or unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Plain text, never empty.
    pub headline: String,
    /// Absolute, http or https; `None`: an entry without a link is an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Url>,
    /// Plain text, never empty; `None`: the page has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teaser: Option<String>,
    /// Its full text, where an upstream feed has it; sanitized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Html>,
    /// Absolute, http or https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Url>,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Plain text, each once, in page order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Files that belong to it, each once: sound, video, documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// Its date; `None`: the page does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<Moment>,
}

impl Entry {
    /// The keys of the fields that an entry may lack, its link aside.
    pub const FIELDS: [&str; 5] = ["date", "teaser", "image", "author", "category"];

    /// Whether a page gave it one of these.
    pub fn has(&self, field: &str) -> bool {
        match field {
            "date" => self.moment.as_ref().is_some_and(|m| m.provenance != Provenance::FirstSeen),
            "teaser" => self.teaser.is_some(),
            "image" => self.image.is_some(),
            "author" => self.author.is_some(),
            _ => !self.categories.is_empty(),
        }
    }
}

/// A file that belongs to an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute, http or https.
    pub url: Url,
    /// Its media type as stated; `None`: not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its size; `None`: not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How long it plays, in seconds; `None`: not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// An entry as it stands on a page now: with what it can be recognized by, its date not yet resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What it says; its moment is `None` until the listing's dates are resolved together.
    pub entry: Entry,
    /// What it is recognized by, surest first; never empty. The first is what its id is made of.
    pub keys: Vec<EntryKey>,
    /// The rows it was read from, from 1; more than one where the page posts it twice.
    pub rows: Vec<usize>,
    /// The texts that may hold its date, best source first.
    pub dates: Vec<RawDate>,
}
