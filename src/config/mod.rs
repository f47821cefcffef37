//! Config: TOML text → sources and feeds in which nothing can fail any more. Pure, but for `load`.
//!
//! After loading, URLs, selectors, zones, durations and patterns are already what they claim to be. What a
//! person wrote wrong is reported all at once, each with its place (`problem`). Config never fetches anything, and
//! never shows a value that came from the environment.

mod address;
mod digest;
mod feed;
mod field;
mod filter;
mod former;
mod headers;
pub mod keys;
pub mod load;
mod local;
mod next;
mod own;
pub mod patch;
mod problem;
mod read;
pub mod save;
mod schema;
mod selector;
mod settings;
mod shared;
mod sheet;
mod source;
mod table;
mod value;

use std::{fmt, net::SocketAddr, ops::Deref, path::PathBuf, sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use regex::Regex;
use serde::Serialize;
use url::Url;

use crate::{feed::Format, fetch::guard::Inside, id::SourceId, schedule::Pace};

pub use self::{
    address::Address,
    digest::Digested,
    filter::{Condition, Field, Filter},
    load::{LoadError, find, load},
    next::numbered,
    problem::{Colors, Problem, Problems},
    read::{defaults_of, read},
    schema::{reference, schema},
    sheet::Environment,
};

/// The version of how pages are read. It goes up when the same page and the same config give other entries: what
/// was learned from a page (validators) is void then.
pub const EXTRACTOR_VERSION: u32 = 1;

/// One file of the config, loaded: the main one, or one of `sources/*.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigText {
    /// Where it was found, for messages; a source's id is its stem.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
}

/// A whole config.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the store lives; `None`: not configured.
    pub state: Option<PathBuf>,
    /// Where feeds are written; `None`: not configured.
    pub output: Option<PathBuf>,
    /// The public address of the output folder, ending in `/`; `None`: not known, self links stay relative.
    pub base_url: Option<Url>,
    /// A program and its arguments, to be given events on its standard input; `None`: none.
    pub alert_command: Option<Vec<String>>,
    /// A program and its arguments, to be run for each feed whose bytes changed; `None`: none.
    pub publish_command: Option<Vec<String>>,
    /// The WebSub hubs of every feed; only with a `base_url`.
    pub hubs: Vec<Url>,
    /// Where `serve` answers over HTTP; `None`: nowhere.
    pub listen: Option<SocketAddr>,
    /// Every source, in the order of their ids.
    pub sources: Vec<Source>,
    /// Every joined feed, in the order of their ids.
    pub feeds: Vec<FeedRule>,
    /// The files this config was read from, the main one first.
    pub files: Vec<PathBuf>,
}

/// A configured origin. What many have in common is one in memory: there may be twenty thousand.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its id: a slug, the name of its feed's file.
    pub id: SourceId,
    /// The id it had before, whose memory it keeps; `None`: it had no other.
    pub was: Option<SourceId>,
    /// The listing page's address.
    pub url: Address,
    /// The feed's title; `None`: taken from the page, else the host.
    pub title: Option<String>,
    /// The address of the feed's icon; `None`: what the page or upstream feed says.
    pub icon: Option<Address>,
    /// How entries are read from the page; `None`: only a feed can be read, which needs no rules.
    pub rules: Option<Arc<Rules>>,
    /// What is taken from the own pages of new entries; `None`: they are not fetched.
    pub own_page: Option<Arc<OwnPage>>,
    /// How the page is asked for.
    pub request: Arc<Request>,
    /// All else that is said of it.
    pub terms: Arc<Terms>,
    /// Changes when anything that decides what is read from a page changes; validators are void then.
    pub digest: Digested,
}

impl Source {
    /// The digest of what decides what is read from a page.
    pub fn digest(&self) -> &Digest {
        self.digest.of(&self.url)
    }

    /// The digest of that and of how it is asked for, secrets included.
    pub fn tried(&self) -> Digest {
        digest::tried(self)
    }

    /// Its terms, to be changed for itself alone.
    pub fn terms_mut(&mut self) -> &mut Terms {
        Arc::make_mut(&mut self.terms)
    }
}

impl Deref for Source {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

/// What a source is besides its name, its address, and how it is asked for and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Words by which joined feeds find it.
    pub tags: Vec<String>,
    /// `false`: kept in the config, never fetched.
    pub enabled: bool,
    /// How often it is due; where it is due at named times, what back-off begins with.
    pub every: Duration,
    /// What decides when it is due.
    pub pace: Pace,
    /// The zone in which its days begin.
    pub timezone: TimeZone,
    /// The language of its dates and texts, a BCP 47 tag; `None`: what the page states.
    pub language: Option<String>,
    /// What is behind the address.
    pub kind: Kind,
    /// How many failures in a row need a person.
    pub alert_after: u32,
    /// Who mends it when it has drifted.
    pub heal: Heal,
    /// How much of its history its feed shows.
    pub keep: Keep,
    /// The rest of its history is kept, and published in archive documents.
    pub archive: bool,
    /// The formats its feed is published in; none: only joined feeds show it.
    pub formats: Vec<Format>,
}

/// What is behind a source's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A page, whatever it looks like.
    Page,
    /// An upstream feed: RSS, Atom or JSON Feed.
    Feed,
    /// What the bytes say: a feed is read as one, anything else by the rules, if there are any.
    Found,
}

/// Who mends a source whose selectors broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heal {
    /// A person, with `gleaner heal`.
    Ask,
    /// The refresh that finds it broken, where it is sure.
    Auto,
}

/// How much history a feed shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keep {
    /// At most this many entries, newest first.
    pub entries: usize,
    /// Entries published longer ago than this, counted from the newest, are left out; `None`: no limit.
    pub age: Option<Duration>,
}

/// A digest of the part of a source's config that decides what is read from a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Digest(pub String);

/// How a page is asked for. Its `Debug` shows the names of header lines, never their values.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Header lines of the config's own, names in lower case, after environment secrets were put in; never logged.
    pub headers: Vec<(String, String)>,
    /// The user agent; `None`: gleaner's own, with the contact.
    pub user_agent: Option<String>,
    /// The owner's contact (a URL or an address), shown in the user agent; `None`: gleaner's home page alone.
    pub contact: Option<String>,
    /// The whole exchange must be over by then.
    pub timeout: Duration,
    /// The most bytes of body after content decoding.
    pub max_bytes: usize,
    /// The most redirects followed.
    pub max_redirects: usize,
    /// Which private, loopback and link-local addresses may be asked.
    pub inside: Inside,
    /// The least time between two requests to one host.
    pub spacing: Duration,
    /// robots.txt is obeyed.
    pub robots: bool,
    /// The proxy asked through, its password in it; never logged. `None`: none.
    pub proxy: Option<Url>,
    /// A file of certificates to trust besides the system's; `None`: none.
    pub extra_ca: Option<PathBuf>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Request")
            .field("headers", &names)
            .field("user_agent", &self.user_agent)
            .field("contact", &self.contact)
            .field("timeout", &self.timeout)
            .field("max_bytes", &self.max_bytes)
            .field("max_redirects", &self.max_redirects)
            .field("inside", &self.inside)
            .field("spacing", &self.spacing)
            .field("robots", &self.robots)
            .field("proxy", &self.proxy.as_ref().and_then(Url::host_str))
            .field("extra_ca", &self.extra_ca)
            .finish()
    }
}

/// How entries are read from a page.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The scripts whose JSON is read instead of the page's elements; `None`: these are.
    pub json: Option<Css>,
    /// The container of the entries; `None`: not named.
    pub listing: Option<Css>,
    /// One element an entry.
    pub entry: Css,
    /// An entry is that element and all that follows it, up to the next.
    pub to_next: bool,
    /// The headline.
    pub headline: FieldRule,
    /// The link.
    pub link: LinkRule,
    /// An id of the page's own (`data-id`); `None`: none.
    pub id: Option<FieldRule>,
    /// The teaser.
    pub teaser: Option<FieldRule>,
    /// The image.
    pub image: Option<FieldRule>,
    /// The author.
    pub author: Option<FieldRule>,
    /// The categories; every match counts.
    pub category: Option<FieldRule>,
    /// The files that belong to it; every match counts.
    pub enclosure: Option<FieldRule>,
    /// The date; `None`: only what needs no config (`<time datetime>`, metadata, the link's path).
    pub date: Option<DateRule>,
    /// Where the listing goes on; `None`: it is one page.
    pub next: Option<NextRule>,
}

/// How a listing goes on over further pages.
#[derive(Clone, Debug)]
pub struct NextRule {
    /// What says where the next page is.
    pub place: NextPlace,
    /// The most pages read at one visit, the first included; at least 2.
    pub pages: usize,
}

/// What is taken from an entry's own page; a field without a rule is what the page states by machine.
#[derive(Clone, Debug)]
pub struct OwnPage {
    /// The date.
    pub date: Option<FieldRule>,
    /// The teaser.
    pub teaser: Option<FieldRule>,
    /// The image.
    pub image: Option<FieldRule>,
    /// The full text; `None`: it is not taken.
    pub content: Option<Content>,
    /// The most own pages fetched at one visit; at least 1.
    pub budget: usize,
    /// The same of the first visit, at which every entry is new: what it leaves out keeps the time of the visit for its
    /// date.
    pub first_budget: usize,
}

/// How the full text is found.
#[derive(Clone, Debug)]
pub enum Content {
    /// What stands out of the page as its text (readability).
    StandsOut,
    /// An element.
    Element(Css),
}

/// What says where the next page is.
#[derive(Clone, Debug)]
pub enum NextPlace {
    /// The page itself, by `rel=next`.
    Rel,
    /// A link on the page.
    Link(FieldRule),
    /// An address in which [`NextPlace::NUMBER`] stands for the page's number, the first being 1.
    Pattern(String),
}

impl NextPlace {
    /// What stands for the number of a page.
    pub const NUMBER: &str = "{page}";
}

/// How an entry's link is found.
#[derive(Clone, Debug)]
pub enum LinkRule {
    /// The headline's own link, if it has one.
    OfHeadline,
    /// Entries have no links (a changelog).
    None,
    /// A field of its own.
    Field(FieldRule),
}

/// How one field is found.
#[derive(Clone, Debug)]
pub struct FieldRule {
    /// Tried in order; the first that gives text wins. Never empty.
    pub candidates: Vec<Candidate>,
    /// All matches of the winning candidate are joined with this; `None`: its first match alone counts.
    pub join: Option<String>,
    /// The first capture group (or the whole match) is the value; `None`: the whole text.
    pub regex: Option<Regex>,
    /// Patterns cut from the end of the text, again and again until none fits ("read more", "[…]"). They are
    /// anchored there already, take the blanks before and after with them, and do not mind the case.
    pub cut: Vec<Regex>,
    /// Without this field the row is dropped.
    pub required: bool,
}

impl FieldRule {
    /// Whether a selector, as it is called in messages, is one of its own: else something stood in for the rule.
    pub fn names(&self, selector: &str) -> bool {
        self.candidates.iter().any(|candidate| candidate.text == selector)
    }
}

/// One place to look.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is called in messages: `selector` or `selector@attribute`, however the user wrote it.
    pub text: String,
    /// Which element; `None`: the entry itself (`*`).
    pub selector: Option<Arc<scraper::Selector>>,
    /// Which attribute, in lower case; `None`: the element's text.
    pub attr: Option<String>,
}

/// A compiled selector and the text it came from.
#[derive(Clone, Debug)]
pub struct Css {
    /// As the user wrote it.
    pub text: String,
    /// Compiled; sources that write the same share it.
    pub selector: Arc<scraper::Selector>,
}

/// How the date is found and read.
#[derive(Clone, Debug)]
pub struct DateRule {
    /// Where its text is; `None`: only `from`.
    pub field: Option<FieldRule>,
    /// Fields whose text holds the date, in order: headline, teaser, link, what stands before the entry.
    pub from: Vec<DateFrom>,
    /// What dates all entries below it, up to its next match: the heading of a day; `None`: nothing does.
    pub above: Option<Css>,
    /// A `strptime` format of the text; `None`: gleaner reads what it can.
    pub format: Option<String>,
    /// The order of day and month in numeric dates; `None`: the page decides.
    pub order: Option<DayMonthOrder>,
    /// The date's language, a BCP 47 tag; `None`: the source's.
    pub language: Option<String>,
}

/// A field whose text may hold the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFrom {
    /// The headline's text.
    Headline,
    /// The teaser's text.
    Teaser,
    /// The link's path.
    Link,
    /// The text before the entry, back to the one before it.
    Before,
}

/// The order of day and month in a numeric date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DayMonthOrder {
    /// 31/12/2025.
    DayFirst,
    /// 12/31/2025.
    MonthFirst,
}

/// A joined feed, as configured.
#[derive(Clone, Debug)]
pub struct FeedRule {
    /// Its id: a slug, the name of its file; never the id of a source.
    pub id: SourceId,
    /// The id it had before, by which readers may still ask for it; `None`: it had no other.
    pub was: Option<SourceId>,
    /// Its title.
    pub title: String,
    /// The address of its icon; `None`: it has none.
    pub icon: Option<Address>,
    /// The sources it joins, in the order of their ids; never empty.
    pub sources: Vec<SourceId>,
    /// Which entries it shows.
    pub filter: Filter,
    /// How much history it shows.
    pub keep: Keep,
    /// The formats it is published in.
    pub formats: Vec<Format>,
}
