//! Imprints: what a published feed was made from → whether it must be made again. Touches one file of the state folder.
//!
//! An imprint is a digest of all that shapes a feed: its part of the config, what is known of its sources beside their
//! records, when their records last changed, and the program that made it. While it stays the same, and the published
//! files look from outside as they were left, neither records nor files are read. It is a note, not a promise: without
//! it, or with a wrong one, a feed is made again and compared with the file to the byte. So it is written without
//! waiting for the disk, and what cannot be read of it is left out.
//!
//! It refuses to notice a file that somebody changed and then gave its old length and time.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{self, File},
    hash::{Hash as _, Hasher},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use crate::{
    assemble,
    config::{Address, Config, FeedRule, Source, Terms},
    id::SourceId,
    publish::Stamp,
    record::Glance,
};

/// What a feed was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Imprint([u8; 16]);

/// What a source is to each feed that shows it, beside its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    digest: Imprint,
    /// It had a good page: only then feeds show it.
    pub is_good: bool,
}

impl Mark {
    /// What is said of a source, what is known of it beside its records, and when those changed.
    pub fn of(source: &Source, state: &Glance) -> Self {
        let mut maker = Maker(Bytes::default());
        let Source { id, url, title, icon, terms, .. } = source;
        let icon = icon.as_ref().map(Address::as_str);
        let has_atom = assemble::has_atom(source);
        (id, url.as_str(), title, icon, &terms.language, terms.every, has_atom).hash(&mut maker.0);
        maker.state(state);
        Self { digest: maker.finish(), is_good: state.succeeded_at.is_some() }
    }
}

/// An imprint in the making.
pub struct Maker(Bytes);

impl Maker {
    /// Of the feed of one source.
    pub fn of_source(program: &Program, config: &Config, source: &Source) -> Self {
        let mut maker = Self::new(program, config, &source.id);
        // In the feed of several sources these are the joined feed's own.
        let Terms { keep, archive, formats, every, .. } = &*source.terms;
        (&source.was, keep, archive, formats, every).hash(&mut maker.0);
        maker
    }

    /// Of a joined feed.
    pub fn of_joined(program: &Program, config: &Config, rule: &FeedRule) -> Self {
        let mut maker = Self::new(program, config, &rule.id);
        // Its `Debug` names every field there is, also one that is new.
        format!("{rule:?}").hash(&mut maker.0);
        maker
    }

    /// Of the feed of events.
    pub fn of_health(program: &Program, config: &Config, id: &SourceId) -> Self {
        Self::new(program, config, id)
    }

    fn new(Program(program): &Program, config: &Config, id: &SourceId) -> Self {
        let mut maker = Self(Bytes::default());
        (program, id, &config.base_url, &config.hubs).hash(&mut maker.0);
        maker
    }

    /// A source that the feed shows.
    pub fn mark(&mut self, mark: &Mark) {
        mark.digest.hash(&mut self.0);
    }

    /// What is known of the feed of events.
    pub fn state(&mut self, state: &Glance) {
        let Glance { first_id, page_title, page_url, language, icon, changed_at, last_number, .. } = state;
        let began_at = assemble::began_at(state.first_succeeded_at, state.succeeded_at);
        let [page_url, icon] = [page_url, icon].map(|address| address.as_ref().map(Address::as_str));
        (first_id, page_title, page_url, language, icon, changed_at, last_number, began_at).hash(&mut self.0);
    }

    /// The imprint.
    pub fn finish(&self) -> Imprint {
        let digest = self.0.0.finalize();
        let (first, _) = digest.as_bytes().split_first_chunk::<16>().expect("a digest has 32 bytes");
        Imprint(*first)
    }
}

/// A digest of what is hashed: the same program hashes the same values by the same bytes.
#[derive(Default)]
struct Bytes(blake3::Hasher);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks for it: the whole digest is taken.
    fn finish(&self) -> u64 {
        0
    }
}

/// The program that makes feeds: another release may make them otherwise.
#[derive(Clone, Debug)]
pub struct Program(String);

impl Program {
    /// The one that runs: its version, and the length and time of its file.
    fn running() -> Self {
        let file = std::env::current_exe().and_then(fs::metadata);
        let changed = file.and_then(|file| Ok((file.len(), file.modified()?)));
        let told =
            changed.ok().and_then(|(bytes, time)| Some((bytes, time.duration_since(UNIX_EPOCH).ok()?)));
        Self(format!("{} {told:?}", env!("CARGO_PKG_VERSION")))
    }
}

/// What is noted of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    imprint: Imprint,
    /// The files it is published in, in the order of its formats.
    stamps: Vec<Stamp>,
}

/// The imprints of all published feeds.
pub struct Imprints {
    path: PathBuf,
    notes: HashMap<String, Note>,
    /// Lines that are not in the file yet.
    news: String,
    /// How many lines the file has.
    lines: usize,
    /// The program that runs.
    pub program: Program,
}

impl Imprints {
    /// Those of a state folder.
    pub fn load(state: &Path) -> Self {
        let path = state.join("imprints");
        // Whatever cannot be read is made again.
        let text =
            fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let mut notes = HashMap::new();
        let mut lines = 0;
        for line in text.lines() {
            lines += 1;
            if let Some((name, note)) = read(line) {
                notes.insert(name.to_owned(), note);
            }
        }
        // A last line that a kill cut short must not run into the next one.
        let news = if text.is_empty() || text.ends_with('\n') { String::new() } else { "\n".to_owned() };
        Self { path, notes, news, lines, program: Program::running() }
    }

    /// Whether a feed was made from the same, and its files stand as they were left: `stamps` are those they have.
    pub fn stand(
        &self,
        name: &SourceId,
        imprint: Imprint,
        stamps: impl Iterator<Item = Option<Stamp>>,
    ) -> bool {
        self.notes.get(name.as_str()).is_some_and(|note| {
            note.imprint == imprint && stamps.eq(note.stamps.iter().map(|stamp| Some(*stamp)))
        })
    }

    /// Notes a feed whose files are on their way.
    pub fn note(&mut self, name: &SourceId, imprint: Imprint, stamps: Vec<Stamp>) {
        let note = Note { imprint, stamps };
        if self.notes.get(name.as_str()) != Some(&note) {
            self.news.push_str(&line(name.as_str(), &note));
            self.lines += 1;
            self.notes.insert(name.as_str().to_owned(), note);
        }
    }

    /// Writes what was noted; to be called when the files are in their places.
    pub fn save(&mut self) -> io::Result<()> {
        if self.news.is_empty() {
            return Ok(());
        }
        if self.lines > 2 * self.notes.len() + 100 {
            return self.rewrite();
        }
        let mut file = File::options().append(true).create(true).open(&self.path)?;
        file.write_all(self.news.as_bytes())?;
        self.news.clear();
        Ok(())
    }

    /// One line for each feed again.
    fn rewrite(&mut self) -> io::Result<()> {
        let mut names: Vec<&String> = self.notes.keys().collect();
        names.sort();
        let text: String = names.iter().map(|name| line(name, &self.notes[*name])).collect();
        let new = self.path.with_extension("new");
        fs::write(&new, text)?;
        fs::rename(&new, &self.path)?;
        self.lines = self.notes.len();
        self.news.clear();
        Ok(())
    }
}

/// A note in one line, which ends in a digest of itself.
fn line(name: &str, note: &Note) -> String {
    let mut text = name.to_owned();
    let imprint = u128::from_be_bytes(note.imprint.0);
    write!(text, " {imprint:032x}").expect("a string takes what it is given");
    for stamp in &note.stamps {
        write!(text, " {}:{}", stamp.bytes, stamp.modified).expect("a string takes what it is given");
    }
    let check = crc32c::crc32c(text.as_bytes());
    writeln!(text, " {check:08x}").expect("a string takes what it is given");
    text
}

/// The note of a line; `None`: it is not as it was written.
fn read(line: &str) -> Option<(&str, Note)> {
    let (told, check) = line.rsplit_once(' ')?;
    if u32::from_str_radix(check, 16).ok()? != crc32c::crc32c(told.as_bytes()) {
        return None;
    }
    let mut words = told.split(' ');
    let name = words.next()?;
    let imprint = Imprint(u128::from_str_radix(words.next()?, 16).ok()?.to_be_bytes());
    let stamp = |word: &str| {
        let (bytes, modified) = word.split_once(':')?;
        Some(Stamp { bytes: bytes.parse().ok()?, modified: modified.parse().ok()? })
    };
    Some((name, Note { imprint, stamps: words.map(stamp).collect::<Option<_>>()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> SourceId {
        SourceId::new(text).unwrap()
    }

    fn stamp(bytes: u64) -> Stamp {
        Stamp { bytes, modified: 1_700_000_000_000_000_000 + bytes }
    }

    const ONE: Imprint = Imprint([1; 16]);

    fn stand(imprints: &Imprints, name: &str, imprint: Imprint, stamps: &[Option<Stamp>]) -> bool {
        imprints.stand(&id(name), imprint, stamps.iter().copied())
    }

    #[test]
    fn what_is_noted_stands_until_something_changes() {
        let folder = tempfile::tempdir().unwrap();
        let mut imprints = Imprints::load(folder.path());
        imprints.note(&id("one"), ONE, vec![stamp(7), stamp(9)]);
        imprints.save().unwrap();
        let imprints = Imprints::load(folder.path());
        assert!(stand(&imprints, "one", ONE, &[Some(stamp(7)), Some(stamp(9))]));
        assert!(!stand(&imprints, "two", ONE, &[Some(stamp(7)), Some(stamp(9))]));
        assert!(!stand(&imprints, "one", Imprint([2; 16]), &[Some(stamp(7)), Some(stamp(9))]));
        assert!(!stand(&imprints, "one", ONE, &[Some(stamp(7)), Some(stamp(8))]));
        assert!(!stand(&imprints, "one", ONE, &[Some(stamp(7)), None]));
        assert!(!stand(&imprints, "one", ONE, &[Some(stamp(7))]));
    }

    #[test]
    fn a_line_that_was_cut_or_changed_counts_for_nothing() {
        let note = Note { imprint: ONE, stamps: vec![stamp(7)] };
        let whole = line("one", &note);
        assert_eq!(read(whole.trim_end()), Some(("one", note)));
        for cut in 0..whole.trim_end().len() {
            assert_eq!(read(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(read(&whole.trim_end().replace("7:", "8:")), None);
    }

    #[test]
    fn a_file_that_a_kill_cut_short_is_written_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut imprints = Imprints::load(folder.path());
        imprints.note(&id("one"), ONE, vec![stamp(7)]);
        imprints.save().unwrap();
        let path = folder.path().join("imprints");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 5]).unwrap();
        let mut imprints = Imprints::load(folder.path());
        assert!(!stand(&imprints, "one", ONE, &[Some(stamp(7))]));
        imprints.note(&id("one"), ONE, vec![stamp(7)]);
        imprints.save().unwrap();
        assert!(stand(&Imprints::load(folder.path()), "one", ONE, &[Some(stamp(7))]));
    }

    #[test]
    fn the_file_does_not_grow_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut imprints = Imprints::load(folder.path());
        for time in 0..1_000 {
            imprints.note(&id("one"), ONE, vec![stamp(time)]);
            imprints.save().unwrap();
        }
        let lines = fs::read_to_string(folder.path().join("imprints")).unwrap().lines().count();
        assert!(lines < 200, "{lines} lines");
        assert!(stand(&Imprints::load(folder.path()), "one", ONE, &[Some(stamp(999))]));
    }
}
