//! A config → which names are published, how often they change, and which have moved. Pure.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

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
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// Its format; `None`: OPML.
    pub format: Option<Format>,
    /// How often it may change.
    pub every: Duration,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file that is there or is yet to come.
    Published {
        /// Its media type, with parameters.
        media_type: String,
        /// How often it may change.
        every: Duration,
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
            let every = config.sources.iter().filter(|source| rule.sources.contains(&source.id));
            let every = every.map(|source| source.every).min().unwrap_or(INDEX_EVERY);
            catalog.add(rule.id.as_str(), &rule.formats, every);
            catalog.listed.push(Listed {
                id: rule.id.clone(),
                title: rule.title.clone(),
                formats: rule.formats.clone(),
                alternate: None,
                language: None,
            });
        }
        for source in &config.sources {
            catalog.add(source.id.as_str(), &source.formats, source.every);
            for id in source
                .archive
                .then_some([Some(&source.id), source.was.as_ref()])
                .into_iter()
                .flatten()
                .flatten()
            {
                catalog.archived.insert(id.to_string(), (source.id.clone(), source.formats.clone()));
            }
            catalog.listed.push(listed(source));
            for (was, format) in
                source.was.iter().flat_map(|was| source.formats.iter().map(move |f| (was, f)))
            {
                catalog.moved.insert(format.file(was), format.file(&source.id));
            }
        }
        catalog.add(health::id().as_str(), &[Format::Atom], INDEX_EVERY);
        for (name, format) in [("index.html", Some(Format::Html)), ("feeds.opml", None)] {
            catalog.names.insert(name.to_owned(), Name { format, every: INDEX_EVERY });
        }
        catalog
    }

    fn add(&mut self, id: &str, formats: &[Format], every: Duration) {
        for format in formats {
            let name = Name { format: Some(*format), every };
            self.names.insert(format!("{id}.{}", format.word()), name);
        }
    }

    /// What a file's name stands for.
    pub fn place(&self, file: &str) -> Place {
        if let Some(name) = self.names.get(file) {
            let kind = name.format.map_or("text/x-opml", Format::media_type);
            return Place::Published { media_type: format!("{kind}; charset=utf-8"), every: name.every };
        }
        let moved = self.moved.get(file).cloned().map(Place::Moved);
        moved.or_else(|| self.archive(file)).unwrap_or(Place::Unknown)
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
        alternate: Some(source.url.clone()),
        language: source.language.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, ConfigText};

    fn place(file: &str) -> Place {
        let text = "[source.a]\nurl = \"https://a.example/\"\narchive = true\nwas = \"b\"\nformats = [\"atom\", \"json\"]\n\
                    [source.c]\nurl = \"https://c.example/\"\n";
        let files = [ConfigText { path: "gleaner.toml".into(), text: text.to_owned() }];
        let config = config::read(&files, &|_| None).expect("a config");
        Catalog::of(&config, PathBuf::new()).place(file)
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
