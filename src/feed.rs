//! A feed: what we publish of a source, or of several joined. A noun, pure.
//!
//! It knows the formats by name alone: a renderer turns it into bytes. Everything in it comes from the
//! store and the config, so that it can be made again at any time and be the same.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::{
    entry::Enclosure,
    html::Html,
    id::{EntryId, SourceId},
};

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
    /// The address of its icon; `None`: it has none.
    pub icon: Option<Url>,
    /// The language of its texts, a BCP 47 tag; `None`: not known, or several.
    pub language: Option<String>,
    /// The public address of the output folder, ending in `/`; `None`: not known, its own addresses are relative
    /// to wherever they were fetched from.
    pub base_url: Option<Url>,
    /// The WebSub hubs that are told of its changes.
    pub hubs: Vec<Url>,
    /// The formats it is published in, each once, the one to recommend first.
    pub formats: Vec<Format>,
    /// How often it may change; `None`: when something happens.
    pub every: Option<Duration>,
    /// The page it was read from; `None` for a joined feed.
    pub alternate: Option<Url>,
    /// The latest `updated` of its entries; of an empty feed, the source's last success.
    pub updated: Timestamp,
    /// Who answers for entries that name no author. Never empty.
    pub author: String,
    /// Its place in the history of the feed.
    pub history: History,
    /// Newest first.
    pub entries: Vec<FeedEntry>,
}

/// Where a document stands among those that hold a feed's whole history (RFC 5005 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The number of this archive document, from 1; `None`: it is what people subscribe to.
    pub archive: Option<u64>,
    /// The number of the archive document before it; `None`: nothing is older.
    pub previous: Option<u64>,
}

impl History {
    /// How many entries an archive document has once it is full; before, it is not published.
    pub const ENTRIES: u64 = 100;
}

impl Feed {
    /// Its address in a format: absolute when the public address of the output folder is known, else relative.
    pub fn address(&self, format: Format) -> String {
        match self.history.archive {
            Some(number) => self.archive(number, format),
            None => self.current(format),
        }
    }

    /// The address of what people subscribe to.
    pub fn current(&self, format: Format) -> String {
        address(&self.id, format, self.base_url.as_ref())
    }

    /// The address of the archive document before this one; `None`: nothing is older, or the format has no archives.
    pub fn previous(&self, format: Format) -> Option<String> {
        let number = self.history.previous.filter(|_| format.has_archives())?;
        Some(self.archive(number, format))
    }

    fn archive(&self, number: u64, format: Format) -> String {
        below(self.base_url.as_ref(), format.archive_file(&self.id, number))
    }
}

/// The address of a feed in a format: absolute under the public address of the output folder, else relative.
pub fn address(id: &SourceId, format: Format, base_url: Option<&Url>) -> String {
    below(base_url, format.file(id))
}

fn below(base_url: Option<&Url>, file: String) -> String {
    match base_url.and_then(|base| base.join(&file).ok()) {
        Some(url) => url.into(),
        None => file,
    }
}

/// The formats a feed is published in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
    /// A page for people.
    Html,
}

impl Format {
    /// Every format, the one to recommend first.
    pub const ALL: [Self; 4] = [Self::Atom, Self::Rss, Self::Json, Self::Html];

    /// Its word in the config; also the extension of its files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
            Self::Html => "html",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON Feed",
            Self::Html => "page",
        }
    }

    /// Its media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            // Not registered with IANA, and what every reader expects.
            Self::Rss => "application/rss+xml",
            Self::Json => "application/feed+json",
            Self::Html => "text/html",
        }
    }

    /// Whether a feed's history can be published in it: RFC 5005 is of Atom, and in its appendix B of RSS.
    pub fn has_archives(self) -> bool {
        matches!(self, Self::Atom | Self::Rss)
    }

    /// The name of the file of an archive document. No id has a `~`.
    pub fn archive_file(self, id: &SourceId, number: u64) -> String {
        format!("{id}~{number}.{}", self.word())
    }

    /// The name of a feed's file.
    pub fn file(self, id: &SourceId) -> String {
        format!("{id}.{}", self.word())
    }
}

/// What an index says of a feed: all that is known without its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: SourceId,
    /// Its title.
    pub title: String,
    /// The formats it is published in.
    pub formats: Vec<Format>,
    /// The page it was read from; `None`: it is joined.
    pub alternate: Option<Url>,
    /// Its language; `None`: not known, or several.
    pub language: Option<String>,
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
    /// The full text; `None`: only a teaser is known.
    pub content: Option<Html>,
    /// Absolute, http or https.
    pub image: Option<Url>,
    /// Plain text; `None`: the feed's author answers for it.
    pub author: Option<String>,
    /// Plain text, each once.
    pub categories: Vec<String>,
    /// Files that belong to it, each once.
    pub enclosures: Vec<Enclosure>,
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
    /// The address of the source's own feed, absolute or relative as [`Feed::address`] is; `None`: no Atom of it is
    /// published.
    pub self_link: Option<String>,
    /// The source's page.
    pub link: Url,
}
