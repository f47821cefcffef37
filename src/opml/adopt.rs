//! Subscriptions and the config as it is → the sources and joined feeds to add to it. Pure.
//!
//! What the config has stays as it is: a feed that a source follows already is not added again, and a joined feed of
//! the folder's name is left alone.

use std::{collections::BTreeSet, fmt::Write as _};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use super::{Folder, LeftOut, Subscription, Subscriptions, without_scheme};
use crate::{
    config::{Config, Source},
    id::SourceId,
};

/// What is added to a config.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Adopted {
    /// Sources, in the file's order.
    pub sources: Vec<NewSource>,
    /// Joined feeds, one a folder, in the order of their first source.
    pub feeds: Vec<NewFeed>,
    /// Sources of the config whose feeds the file has too.
    pub known: Vec<SourceId>,
    /// Joined feeds of the config that a folder stands for, each with the folder's sources.
    pub known_feeds: Vec<(SourceId, Vec<SourceId>)>,
    /// Outlines that give no source.
    pub left_out: Vec<LeftOut>,
}

/// A source to add.
#[derive(Clone, Debug, Serialize)]
pub struct NewSource {
    /// Its id.
    pub id: SourceId,
    /// The feed's address.
    pub url: Url,
    /// Always `feed`.
    pub kind: &'static str,
    /// What the file calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its folders, and those around them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A joined feed to add.
#[derive(Clone, Debug, Serialize)]
pub struct NewFeed {
    /// Its id.
    pub id: SourceId,
    /// The folder's name, after those around it.
    pub title: String,
    /// Joins the sources with this tag.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Joins these, which the config has without the tag.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceId>,
}

impl NewSource {
    /// Its keys in TOML.
    pub fn to_toml(&self) -> String {
        let title = self.title.as_deref().map(|title| format!("title    = {}\n", quoted(title)));
        let tags =
            if self.tags.is_empty() { String::new() } else { format!("tags     = {}\n", list(&self.tags)) };
        format!(
            "url      = {}\nkind     = \"{}\"\n{}{tags}",
            quoted(self.url.as_str()),
            self.kind,
            title.unwrap_or_default(),
        )
    }
}

impl NewFeed {
    /// Its table in TOML.
    pub fn to_toml(&self) -> String {
        let mut text = format!("[feed.{}]\ntitle   = {}\n", key(&self.id), quoted(&self.title));
        let mut put = |name, values: Vec<String>| {
            if !values.is_empty() {
                // Writing to a `String` cannot fail.
                let _ = writeln!(text, "{name:<7} = {}", list(&values));
            }
        };
        put("tags", self.tags.clone());
        put("sources", self.sources.iter().map(ToString::to_string).collect());
        text
    }
}

/// An id as a key of TOML: a dot would part it in two.
pub fn key(id: &SourceId) -> String {
    if id.as_str().contains('.') { format!("\"{id}\"") } else { id.to_string() }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
}

/// What is to be added; `config` is `None` where there is none yet.
pub fn adopt(subscriptions: &Subscriptions, config: Option<&Config>) -> Adopted {
    let mut adopted = Adopted { left_out: subscriptions.left_out.clone(), ..Adopted::default() };
    let mut ids = Ids::of(config);
    // Folders come first: their feeds are what people subscribe to, and get the plain names.
    let mut folders = folders(&subscriptions.feeds);
    for folder in &mut folders {
        folder.known = known_feed(folder, config).cloned();
        if folder.known.is_none() {
            folder.id = Some(ids.free(slug(&folder.path.join(" ")).as_deref().unwrap_or("folder")));
        }
    }
    for feed in &subscriptions.feeds {
        let own = folders.iter_mut().filter(|folder| folder.holds(feed));
        if let Some(source) = known_source(feed, config) {
            adopted.known.push(source.id.clone());
            own.for_each(|folder| {
                let has_tag = source.tags.iter().any(|tag| tag.eq_ignore_ascii_case(&folder.tag));
                let place = if has_tag { &mut folder.tagged } else { &mut folder.untagged };
                place.push(source.id.clone());
            });
        } else if is_own(feed, config) {
            let why = "gleaner publishes it itself, under `base_url`".to_owned();
            let name = feed.title.clone().unwrap_or_default();
            adopted.left_out.push(LeftOut { line: feed.line, name, why });
        } else {
            let name = feed.title.as_deref().and_then(slug).unwrap_or_else(|| host_slug(&feed.address));
            let id = ids.free(&name);
            let tags = own.map(|folder| {
                folder.tagged.push(id.clone());
                folder.tag.clone()
            });
            let tags = tags.collect();
            let (url, title) = (feed.address.clone(), feed.title.clone());
            adopted.sources.push(NewSource { id, url, kind: "feed", title, tags });
        }
    }
    for folder in folders {
        match folder.known {
            Some(id) => adopted.known_feeds.push((id, [folder.tagged, folder.untagged].concat())),
            None => adopted.feeds.extend(folder.into_feed()),
        }
    }
    adopted.left_out.sort_by_key(|left| left.line);
    adopted
}

/// The joined feed of the config that a folder stands for.
fn known_feed<'a>(folder: &FolderTag, config: Option<&'a Config>) -> Option<&'a SourceId> {
    let (title, slug) = (folder.title(), slug(&folder.path.join(" ")));
    let mut feeds = config.into_iter().flat_map(|config| &config.feeds);
    let found = feeds.find(|feed| feed.title == title || Some(feed.id.as_str()) == slug.as_deref());
    found.map(|feed| &feed.id)
}

/// The source of the config that follows a feed already.
fn known_source<'a>(feed: &Subscription, config: Option<&'a Config>) -> Option<&'a Source> {
    let address = without_scheme(&feed.address);
    config?.sources.iter().find(|source| without_scheme(&source.url) == address)
}

/// Whether a feed is one of those that this config publishes: following it would be a circle.
fn is_own(feed: &Subscription, config: Option<&Config>) -> bool {
    let base = config.and_then(|config| config.base_url.as_ref());
    base.is_some_and(|base| without_scheme(&feed.address).starts_with(&without_scheme(base)))
}

/// A folder, and the tag its sources get.
#[derive(Default)]
struct FolderTag {
    path: Folder,
    tag: String,
    /// The id of its joined feed to come; `None`: the config has one already.
    id: Option<SourceId>,
    /// The id of its joined feed that the config has.
    known: Option<SourceId>,
    /// Its sources that have the tag.
    tagged: Vec<SourceId>,
    /// Sources of the config that belong to it and have not.
    untagged: Vec<SourceId>,
}

impl FolderTag {
    fn title(&self) -> String {
        self.path.join(" / ")
    }

    /// Whether a feed is in it, or in a folder inside.
    fn holds(&self, feed: &Subscription) -> bool {
        feed.folders.iter().any(|folder| {
            folder.len() >= self.path.len()
                && self.path.iter().zip(folder).all(|(own, other)| own.eq_ignore_ascii_case(other))
        })
    }

    /// Its joined feed; `None`: nothing in it can be followed.
    fn into_feed(self) -> Option<NewFeed> {
        let title = self.title();
        let tags = if self.tagged.is_empty() { Vec::new() } else { vec![self.tag] };
        let is_empty = tags.is_empty() && self.untagged.is_empty();
        self.id.filter(|_| !is_empty).map(|id| NewFeed { id, title, tags, sources: self.untagged })
    }
}

/// Every folder with a feed somewhere inside, in the file's order. Tags do not mind the case, so folders do not either.
fn folders(feeds: &[Subscription]) -> Vec<FolderTag> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for folder in feeds.iter().flat_map(|feed| &feed.folders) {
        for depth in 1..=folder.len() {
            let path: Folder = folder[..depth].to_vec();
            let tag = path.join("/");
            if seen.insert(tag.to_ascii_lowercase()) {
                found.push(FolderTag { path, tag, ..FolderTag::default() });
            }
        }
    }
    found
}

/// Ids that are taken.
struct Ids(BTreeSet<String>);

impl Ids {
    fn of(config: Option<&Config>) -> Self {
        let sources = config.into_iter().flat_map(|config| config.sources.iter().map(|source| &source.id));
        let feeds = config.into_iter().flat_map(|config| config.feeds.iter().map(|feed| &feed.id));
        let former = config
            .into_iter()
            .flat_map(|config| config.sources.iter().filter_map(|source| source.was.as_ref()));
        let taken = sources.chain(feeds).chain(former).map(ToString::to_string);
        // The names of what is published beside them.
        Self(taken.chain(["index", "health"].map(str::to_owned)).collect())
    }

    /// The name, with a number where it is taken.
    fn free(&mut self, name: &str) -> SourceId {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut all = std::iter::once(name.to_owned()).chain(numbered);
        let free = all.find_map(|id| {
            let id = SourceId::new(&id).ok().filter(|id| !self.0.contains(id.as_str()))?;
            self.0.insert(id.to_string());
            Some(id)
        });
        free.expect("a slug with some number is not taken")
    }
}

/// A slug of a name, `actualites-2` of `Actualités 2`; `None`: hardly a letter of it could stand in one.
fn slug(name: &str) -> Option<String> {
    /// Leaves room for a number.
    const MOST: usize = 60;
    let mut slug = String::new();
    let mut lost = 0;
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else {
            lost += usize::from(c.is_alphabetic());
            if !slug.is_empty() && !slug.ends_with('-') && !is_mark(c) {
                slug.push('-');
            }
        }
    }
    slug.truncate(MOST);
    let slug = slug.trim_matches('-');
    let is_telling = slug.len() > lost && SourceId::new(slug).is_ok();
    is_telling.then(|| slug.to_owned())
}

/// An accent or apostrophe, which parts no word.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\'' | '’')
}

/// A slug of an address's host.
fn host_slug(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
    slug(host.strip_prefix("www.").unwrap_or(host)).unwrap_or_else(|| "feed".to_owned())
}
