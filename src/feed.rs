//! A feed: what we publish of a source, or of several joined. A noun, pure.
//!
//! It knows nothing of Atom, RSS or JSON Feed: a renderer turns it into bytes. Everything in it comes from the
//! store and the config, so that it can be made again at any time and be the same.

use jiff::Timestamp;
use url::Url;

use crate::id::{EntryId, SourceId};

/// What is published under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The slug its file is named after.
    pub id: SourceId,
    /// Its permanent id, a `urn:uuid:`; survives a move to another host.
    pub urn: String,
    /// Plain text, never empty.
    pub title: String,
    /// Plain text; `None`: there is nothing to say beyond the title.
    pub subtitle: Option<String>,
    /// The language of its texts, a BCP 47 tag; `None`: not known, or several.
    pub language: Option<String>,
    /// Its own address: absolute when the public address of the output folder is known, else relative to
    /// wherever the file was fetched from.
    pub self_link: String,
    /// The page it was read from; `None` for a joined feed.
    pub alternate: Option<Url>,
    /// The latest `updated` of its entries; of an empty feed, the source's last success.
    pub updated: Timestamp,
    /// Who answers for entries that name no author. Never empty.
    pub author: String,
    /// Newest first.
    pub entries: Vec<FeedEntry>,
}

/// One entry as readers get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// Permanent, unique in the feed.
    pub id: EntryId,
    /// Plain text, never empty.
    pub headline: String,
    /// Absolute, http or https; `None`: an entry without a link is an entry.
    pub link: Option<Url>,
    /// Plain text; `None`: the page has none.
    pub teaser: Option<String>,
    /// Absolute, http or https.
    pub image: Option<Url>,
    /// Plain text; `None`: the feed's author answers for it.
    pub author: Option<String>,
    /// Plain text, each once.
    pub categories: Vec<String>,
    /// In whole seconds; never moves.
    pub published: Timestamp,
    /// In whole seconds, no two entries of a feed the same.
    pub updated: Timestamp,
    /// Which source it came from; `None` in a source's own feed.
    pub source: Option<Origin>,
}

/// The source of an entry in a joined feed (RFC 4287 §4.2.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The title of the source's own feed.
    pub title: String,
    /// The permanent id of the source's own feed.
    pub urn: String,
    /// The address of the source's own feed, absolute or relative as [`Feed::self_link`] is.
    pub self_link: String,
    /// The source's page.
    pub link: Url,
}
