//! A config → which names are published, when they may change, and which have moved. Pure.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use url::Url;

use crate::{
    config::{Config, Source},
    feed::{Format, Listed},
    health,
    id::SourceId,
};

/// What is published.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    names: BTreeMap<String, Name>,
    /// When each source is asked next, as far as it is known.
    due: BTreeMap<SourceId, Timestamp>,
    moved: BTreeMap<String, String>,
    /// Sources whose history is published, by every id they had, each with the one it has.
    archived: BTreeMap<String, (SourceId, Vec<Format>)>,
    listed: Vec<Listed>,
    base_url: Option<Url>,
    hubs: Vec<Url>,
    /// The folder it is published to.
    pub folder: PathBuf,
    /// Every source, and from how many failures in a row on it needs a person.
    pub sources: Vec<(SourceId, u32)>,
}

/// A published name.
#[derive(Clone, Debug)]
pub struct Name {
    /// Its format; `None`: OPML.
    pub format: Option<Format>,
    /// How often it may change.
    pub every: Duration,
    /// The sources whose refresh may change it; none: it changes when the config does.
    sources: Arc<[SourceId]>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file that is there or is yet to come.
    Published {
        /// Its media type, with parameters.
        media_type: String,
        /// How long it stays as it is at least.
        fresh: Duration,
    },
    /// A part of a feed's history, which never changes once it is there.
    Archived {
        /// Its media type, with parameters.
        media_type: String,
        /// The name of the part after it, which may be yet to come.
        next: String,
    },
    /// It has another name now.
    Moved(String),
    /// Nothing that is published has this name.
    Unknown,
}

/// The page that lists all feeds and their OPML change when the config does, and titles.
const INDEX_EVERY: Duration = Duration::from_secs(3600);

impl Catalog {
    /// What a config publishes to a folder.
    pub fn of(config: &Config, folder: PathBuf) -> Self {
        let sources = config.sources.iter().map(|source| (source.id.clone(), source.alert_after)).collect();
        let mut catalog = Self {
            base_url: config.base_url.clone(),
            hubs: config.hubs.clone(),
            folder,
            sources,
            ..Self::default()
        };
        for rule in &config.feeds {
            let sources = config.sources.iter().filter(|source| rule.sources.contains(&source.id));
            catalog.add(rule.id.as_str(), &rule.formats, sources);
            catalog.rename(rule.was.as_ref(), &rule.id, &rule.formats);
            catalog.listed.push(Listed {
                id: rule.id.clone(),
                title: rule.title.clone(),
                formats: rule.formats.clone(),
                alternate: None,
                language: None,
            });
        }
        for source in &config.sources {
            catalog.add(source.id.as_str(), &source.formats, [source]);
            for id in source
                .archive
                .then_some([Some(&source.id), source.was.as_ref()])
                .into_iter()
                .flatten()
                .flatten()
            {
                catalog.archived.insert(id.to_string(), (source.id.clone(), source.formats.clone()));
            }
            if !source.formats.is_empty() {
                catalog.listed.push(listed(source));
            }
            catalog.rename(source.was.as_ref(), &source.id, &source.formats);
        }
        catalog.add(health::id().as_str(), &[Format::Atom], &config.sources);
        for (name, format) in [("index.html", Some(Format::Html)), ("feeds.opml", None)] {
            let name_of = Name { format, every: INDEX_EVERY, sources: Arc::new([]) };
            catalog.names.insert(name.to_owned(), name_of);
        }
        catalog
    }

    fn add<'a>(&mut self, id: &str, formats: &[Format], sources: impl IntoIterator<Item = &'a Source>) {
        let sources: Vec<&Source> = sources.into_iter().collect();
        let every = sources.iter().map(|source| source.every).min().unwrap_or(INDEX_EVERY);
        let sources: Arc<[SourceId]> =
            sources.iter().filter(|source| source.enabled).map(|source| source.id.clone()).collect();
        for format in formats {
            let name = Name { format: Some(*format), every, sources: Arc::clone(&sources) };
            self.names.insert(format!("{id}.{}", format.word()), name);
        }
    }

    fn rename(&mut self, was: Option<&SourceId>, id: &SourceId, formats: &[Format]) {
        for (was, format) in was.iter().flat_map(|was| formats.iter().map(move |format| (was, format))) {
            self.moved.insert(format.file(was), format.file(id));
        }
    }

    /// Takes down when sources are asked next.
    pub fn put_due(&mut self, due: impl IntoIterator<Item = (SourceId, Timestamp)>) {
        self.due.extend(due);
    }

    /// What a file's name stands for at a time.
    pub fn place(&self, file: &str, now: Timestamp) -> Place {
        if let Some(name) = self.names.get(file) {
            let kind = name.format.map_or("text/x-opml", Format::media_type);
            let fresh = self.fresh(name, now);
            return Place::Published { media_type: format!("{kind}; charset=utf-8"), fresh };
        }
        let moved = self.moved.get(file).cloned().map(Place::Moved);
        moved.or_else(|| self.archive(file)).unwrap_or(Place::Unknown)
    }

    /// Whether a file's name stands for nothing that is published, and never did under this config.
    pub fn is_unknown(&self, file: &str) -> bool {
        self.place(file, Timestamp::UNIX_EPOCH) == Place::Unknown
    }

    /// How long it is to the first refresh that may change it; as long as it usually takes where nothing is known.
    fn fresh(&self, name: &Name, now: Timestamp) -> Duration {
        let next = name.sources.iter().filter_map(|id| self.due.get(id)).min();
        next.map_or(name.every, |due| Duration::try_from(due.duration_since(now)).unwrap_or_default())
    }

    /// `ID~NUMBER.atom`, where the history of a source is published.
    fn archive(&self, file: &str) -> Option<Place> {
        let (name, extension) = file.rsplit_once('.')?;
        let (id, digits) = name.rsplit_once('~')?;
        let (now, formats) = self.archived.get(id)?;
        let format = *formats.iter().find(|f| f.has_archives() && f.word() == extension)?;
        let number: u64 = digits.parse().ok().filter(|n: &u64| n.to_string() == digits)?;
        if now.as_str() != id {
            return Some(Place::Moved(format.archive_file(now, number)));
        }
        let media_type = format!("{}; charset=utf-8", format.media_type());
        Some(Place::Archived { media_type, next: format.archive_file(now, number.checked_add(1)?) })
    }

    /// What the head of an answer tells of a feed's hubs (WebSub §4): a `Link` line; `None`: it has none.
    pub fn hubs(&self, file: &str) -> Option<String> {
        let is_feed = self.names.get(file)?.format.is_some_and(|format| format != Format::Html);
        let own = self.base_url.as_ref()?.join(file).ok()?;
        if !is_feed || self.hubs.is_empty() {
            return None;
        }
        let hubs = self.hubs.iter().map(|hub| format!("<{hub}>; rel=\"hub\""));
        Some(hubs.chain([format!("<{own}>; rel=\"self\"")]).collect::<Vec<_>>().join(", "))
    }

    /// The page that lists all feeds, for a folder without one.
    pub fn index(&self) -> Vec<u8> {
        crate::render::index::render(&self.listed, self.base_url.as_ref())
    }
}

fn listed(source: &Source) -> Listed {
    Listed {
        id: source.id.clone(),
        title: source.title.clone().unwrap_or_else(|| source.id.to_string()),
        formats: source.formats.clone(),
        alternate: Some(source.url.to_url()),
        language: source.language.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, ConfigText};

    fn place(file: &str) -> Place {
        let text = "[source.a]\nurl = \"https://a.example/\"\narchive = true\nwas = \"b\"\nformats = [\"atom\", \"json\"]\n\
                    [source.c]\nurl = \"https://c.example/\"\n\
                    [source.d]\nurl = \"https://d.example/\"\nwas = \"e\"\npublish = false\n\
                    [feed.g]\ntitle = \"G\"\nsources = \"*\"\nwas = \"f\"\n";
        let files = [ConfigText { path: "gleaner.toml".into(), text: text.to_owned() }];
        let config = config::read(&files, &|_| None).expect("a config");
        Catalog::of(&config, PathBuf::new()).place(file, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_feed_is_fresh_until_the_first_of_its_sources_is_due() {
        let text = "[source.a]\nurl = \"https://a.example/\"\nevery = \"auto\"\n\
                    [source.b]\nurl = \"https://b.example/\"\nat = \"0 6 * * *\"\n\
                    [source.c]\nurl = \"https://c.example/\"\nenabled = false\n\
                    [feed.all]\ntitle = \"All\"\nsources = \"*\"\n";
        let files = [ConfigText { path: "gleaner.toml".into(), text: text.to_owned() }];
        let config = config::read(&files, &|_| None).expect("a config");
        let mut catalog = Catalog::of(&config, PathBuf::new());
        let at = |second| Timestamp::from_second(second).expect("in this century");
        let id = |text| SourceId::new(text).expect("a slug");
        catalog.put_due([(id("a"), at(700)), (id("b"), at(50_000)), (id("c"), at(10))]);
        let fresh = |name: &str, now| match catalog.place(name, at(now)) {
            Place::Published { fresh, .. } => fresh.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!((fresh("a.atom", 100), fresh("b.atom", 100)), (600, 49_900));
        assert_eq!((fresh("all.atom", 100), fresh("health.atom", 100)), (600, 600));
        assert_eq!(fresh("a.atom", 800), 0, "it is being asked");
        assert_eq!(fresh("c.atom", 100), 3600, "nobody asks it, whatever the store says");
        assert_eq!(fresh("index.html", 100), 3600);
    }

    #[test]
    fn a_source_without_a_feed_of_its_own_has_no_name() {
        assert_eq!([place("d.atom"), place("e.atom")], [Place::Unknown, Place::Unknown]);
    }

    #[test]
    fn a_joined_feed_that_was_renamed_has_moved() {
        assert_eq!(place("f.atom"), Place::Moved("g.atom".to_owned()));
    }

    #[test]
    fn archives_have_names_of_their_own() {
        let media_type = "application/atom+xml; charset=utf-8".to_owned();
        assert_eq!(place("a~7.atom"), Place::Archived { media_type, next: "a~8.atom".to_owned() });
        assert_eq!(place("b~7.atom"), Place::Moved("a~7.atom".to_owned()));
        for name in ["a~07.atom", "a~.atom", "a~-1.atom", "a~7.json", "a~7.rss", "c~1.atom", "a~../7.atom"] {
            assert_eq!(place(name), Place::Unknown, "{name}");
        }
        assert_eq!(place(&format!("a~{}.atom", u64::MAX)), Place::Unknown);
    }
}
