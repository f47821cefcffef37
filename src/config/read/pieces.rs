//! A long config → what [`super::read`] makes of it, read in pieces on all processors. Pure.
//!
//! Tables that follow each other are TOML each for itself, so nothing is held of a piece but its sources. It refuses
//! whatever is not plainly in order: that is read as a whole, which knows each problem and its place.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use memchr::memmem;

use super::{
    Config, ConfigText, Environment, Known, Names, Settings, Shared, Sheet, Source, TableReader, Taken,
    alike::Tables, defaults, entries_of, feed, free_slug, keys, named, parse, short, source, source_file,
    tables_by_id,
};
use crate::id::SourceId;

/// In what is shorter few tables are alike.
const LEAST_BYTES: usize = 4 << 10;
/// What is shorter is read before a thread has begun.
const PIECE_BYTES: usize = 32 << 10;

/// Reads a long config without problems; `None`: it is not known to be one.
pub fn read(texts: &[ConfigText], environment: Environment<'_>) -> Option<Config> {
    let bytes: usize = texts.iter().map(|file| file.text.len()).sum();
    if bytes < LEAST_BYTES { None } else { read_in(PIECE_BYTES, texts, environment) }
}

fn read_in(bytes: usize, texts: &[ConfigText], environment: Environment<'_>) -> Option<Config> {
    let (main, files) = texts.split_first()?;
    let (rest, pieces) = cut(&main.text, bytes)?;
    let part = |text: String| ConfigText { path: main.path.clone(), text };
    let (rest, shared) = (part(rest), Shared::default());
    let sheet = Sheet::new(&rest, environment, &shared);
    let root = parse(&sheet);
    let mut top = TableReader::new(&sheet, &keys::TOP, &root);
    let (mut config, defaults) = defaults(top.take("defaults"));
    let feeds = tables_by_id(top.take("feed"));
    if top.take("source").is_some() {
        return None;
    }
    top.finish();

    let count = pieces.len();
    config.sources = spread(count + files.len(), &|place| match pieces.get(place) {
        Some(piece) => sources((piece, &main.path), environment, &defaults),
        None => file_source(&files[place - count], environment, &defaults),
    })?;
    config.sources.sort_by(|a, b| a.id.cmp(&b.id));
    let is_source = |id: &SourceId| config.sources.binary_search_by(|source| source.id.cmp(id)).is_ok();
    let is_double = config.sources.windows(2).any(|two| two[0].id == two[1].id);
    if config.sources.is_empty() || is_double {
        return None;
    }
    let ids: Vec<String> = config.sources.iter().map(|source| source.id.to_string()).collect();
    let known = Known { ids: &ids, sources: &config.sources, is_complete: true };
    let (mut rules, names) = (Vec::new(), Names::default());
    for (id, table) in feeds {
        let name = format!("[feed.{}]", short(id.get_ref()));
        let reader = TableReader::new(&sheet, &keys::FEED, table.table).named(name, 0..0);
        let id = free_slug(&sheet, id.get_ref(), id.span())?;
        rules.push(feed(reader, Some(id), &known, (&defaults, &names)).filter(|rule| !is_source(&rule.id))?);
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let renamed = config.sources.iter().map(|source| &source.was).chain(rules.iter().map(|rule| &rule.was));
    let mut former: Vec<&SourceId> = renamed.flatten().collect();
    former.sort_unstable();
    let is_taken = |id: &SourceId| is_source(id) || rules.iter().any(|rule| rule.id == *id);
    if former.windows(2).any(|two| two[0] == two[1]) || former.into_iter().any(is_taken) {
        return None;
    }
    config.feeds = rules;
    config.files = texts.iter().map(|file| file.path.clone()).collect();
    (!sheet.has_problems()).then_some(config)
}

/// What is about sources, in pieces of about so many bytes, and the rest. `None`: what looks like a header may stand
/// in a text of several lines.
fn cut(text: &str, bytes: usize) -> Option<(String, Vec<&str>)> {
    if ["\"\"\"", "'''"].iter().any(|quotes| memmem::find(text.as_bytes(), quotes.as_bytes()).is_some()) {
        return None;
    }
    let (mut rest, mut pieces) = (String::new(), Vec::new());
    let mut piece: Option<usize> = None;
    let mut at = 0;
    for section in sections(text) {
        let is_source = section.starts_with("[source.");
        let is_full = is_head(section) && piece.is_some_and(|start| at - start >= bytes);
        if !is_source || is_full {
            pieces.extend(piece.take().map(|start| &text[start..at]));
        }
        if is_source {
            piece.get_or_insert(at);
        } else {
            rest.push_str(section);
        }
        at += section.len();
    }
    pieces.extend(piece.map(|start| &text[start..]));
    Some((rest, pieces))
}

/// A text before each line that begins like a header; the first section may have none.
pub fn sections(text: &str) -> impl Iterator<Item = &str> {
    let mut ends = memmem::find_iter(text.as_bytes(), "\n[").map(|at| at + 1).chain([text.len()]);
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = ends.next()?;
        Some(&text[std::mem::replace(&mut start, end)..end])
    })
}

/// Whether a section begins with the header of a source, and not of a table in one.
pub fn is_head(section: &str) -> bool {
    let id = section.strip_prefix("[source.").and_then(|rest| rest.split_once(']'));
    id.is_some_and(|(id, _)| !id.contains(['.', '"', '\'']))
}

/// What each piece of work gives, in their order; `None`: one of them gives nothing, and the others need not be done.
fn spread(count: usize, work: &(dyn Fn(usize) -> Option<Vec<Source>> + Sync)) -> Option<Vec<Source>> {
    let next = AtomicUsize::new(0);
    let work_on = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= count {
                return Some(done);
            }
            let Some(sources) = work(place) else {
                next.store(count, Ordering::Relaxed);
                return None;
            };
            done.push((place, sources));
        }
    };
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..processors.min(count)).map(|_| scope.spawn(work_on)).collect();
        let mut all = work_on();
        for other in others {
            let more = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all = all.zip(more).map(|(mut all, mut more)| {
                all.append(&mut more);
                all
            });
        }
        all
    })?;
    done.sort_unstable_by_key(|(place, _)| *place);
    let mut all = Vec::with_capacity(done.iter().map(|(_, sources)| sources.len()).sum());
    all.extend(done.into_iter().flat_map(|(_, sources)| sources));
    Some(all)
}

/// The sources of one piece.
fn sources(
    (piece, path): (&str, &Path),
    environment: Environment<'_>,
    defaults: &Settings,
) -> Option<Vec<Source>> {
    let mut tables = Tables::of(piece);
    let file = ConfigText { path: path.to_owned(), text: std::mem::take(&mut tables.read) };
    let shared = Shared::default();
    let sheet = Sheet::new(&file, environment, &shared);
    let mut root = parse(&sheet);
    let mut found = Vec::new();
    for (id, value) in entries_of(&mut root, "source") {
        let table = named(&sheet, "source", (&id, &value))?;
        let reader = TableReader::new(&sheet, &keys::SOURCE, table.table);
        let id = free_slug(&sheet, id.get_ref(), id.span())?;
        found.push(source(reader, Some(id), (defaults, &Names::default()))?);
    }
    let others = tables.others(&sheet, &found)?;
    found.extend(others);
    (root.len() == 1 && !sheet.has_problems()).then_some(found)
}

/// The source of a file of its own.
fn file_source(file: &ConfigText, environment: Environment<'_>, defaults: &Settings) -> Option<Vec<Source>> {
    let shared = Shared::default();
    let sheet = Sheet::new(file, environment, &shared);
    let found = source_file(&sheet, &parse(&sheet), &mut Taken::new(), (defaults, &Names::default()))?;
    (!sheet.has_problems()).then(|| vec![found])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read::{
        read as read_whole,
        tests::{EVERY_KEY, file, nothing},
    };

    #[test]
    fn what_is_alike_is_taken_apart_at_its_turn() {
        let text: String = (0..50).map(|place| table(&format!("s{place:02}"))).collect();
        let texts = [ConfigText { path: "gleaner.toml".into(), text }];
        let config = read_in(usize::MAX, &texts, &nothing).expect("it has no problem");
        assert_eq!(config.sources.len(), 50);
        assert!(
            config.sources.iter().all(|source| !source.url.is_apart() && source.url.host_str().is_some())
        );
        let made = config.sources.iter().filter(|source| format!("{:?}", source.digest) != "None");
        assert_eq!(made.count(), 1, "that of the one that was read");
    }

    const HEAD: &str = "[defaults]\nevery = \"2h\"\n";
    const FEED: &str = "[feed.all]\ntitle = \"All\"\nsources = [\"*\"]\n";

    fn table(id: &str) -> String {
        format!("[source.{id}]\nurl = \"https://{id}.example/\"\nentry = \"article\"\nheadline = \"h2\"\n")
    }

    fn token(name: &str) -> Option<String> {
        (name == "TOKEN").then(|| "sesame".to_owned())
    }

    /// What comes of each way of reading; `None`: it is refused.
    fn both(files: &[ConfigText]) -> (Option<String>, Option<String>) {
        let told = |config: Config| {
            // A digest is shown when it is made.
            config.sources.iter().for_each(|source| drop(source.digest().clone()));
            format!("{config:#?}")
        };
        let pieces = [1, 300].map(|bytes| read_in(bytes, files, &token).map(told));
        assert_eq!(pieces[0], pieces[1]);
        let [pieces, _] = pieces;
        (pieces, read_whole(files, &token).ok().map(told))
    }

    #[test]
    fn a_config_in_pieces_says_what_it_says_as_a_whole() {
        let other = file("sources/d.toml", "url = \"https://d.example/feed\"\n");
        let dated = format!("{}[source.a.date]\nfrom = \"teaser\"\n", table("a"));
        for text in [
            format!("{HEAD}{}{}{FEED}{}", table("b"), dated, table("c")),
            format!("{}\r\n{FEED}{HEAD}", table("b").replace('\n', "\r\n")),
            format!("# notes\n\n{}was = \"old\" # [source.old]\n", table("a")),
            format!("{}{}", table("a"), table("b")).replace("entry", "title = \"T\"\nentry"),
            format!("{}{}", table("a"), table("b")).replace("headline", "title = \"T\"\nheadline"),
            format!("{}{}", table("a"), table("b"))
                + "headers = { a = \"b\" }\nlanguage = \"ar\"\nkind = \"page\"\n"
                + &table("c"),
            EVERY_KEY.to_owned(),
        ] {
            let (pieces, whole) = both(&[file("gleaner.toml", &text), other.clone()]);
            assert!(pieces.is_some(), "{text}");
            assert_eq!(pieces, whole, "{text}");
        }
    }

    #[test]
    fn what_is_not_in_order_is_left_to_the_whole() {
        for text in [
            format!("{}{FEED}{}", table("a"), table("a")),
            format!("{}[source.all]\nurl = \"https://all.example/\"\n{FEED}", table("a")),
            format!("{}was = \"b\"\n{}", table("a"), table("b")),
            format!("{}was = \"all\"\n{FEED}", table("a")),
            format!("{}entri = \"li\"\n", table("a")),
            format!("{}{}", table("a"), table("b").replace("https", "ftp")),
            format!("{}{}", table("a"), table("health")),
            format!("{}{}", table("a"), table("b").replace(']', "]\u{a0}")),
            format!("{}{}", table("a"), table("b").replace(']', "]\r\r")),
            format!("{}x = [\n[source.b]\n]\n", table("a")),
            format!("source.a.url = \"https://a.example/\"\n{}", table("a")),
            format!("{}[feed.none]\ntitle = \"None\"\nsources = [\"z*\"]\n", table("a")),
            format!("{HEAD}{HEAD}{}", table("a")),
            HEAD.to_owned(),
        ] {
            assert_eq!(both(&[file("gleaner.toml", &text)]), (None, None), "{text}");
        }
        let inside = format!("{}title = \"\"\"\n[source.b]\n\"\"\"\n", table("a"));
        for text in [inside, format!("{}[source]\n", table("a"))] {
            assert!(both(&[file("gleaner.toml", &text)]).0.is_none(), "{text}");
        }
    }

    #[test]
    fn a_long_config_is_read_so() {
        let ids: Vec<String> = (0..3_000).map(|number| format!("s{number:05}")).collect();
        let text: String = ids.iter().map(|id| table(id)).collect();
        let files = [file("gleaner.toml", &text)];
        let config = read(&files, &nothing).expect("it is long and in order");
        assert!(config.sources.iter().map(|source| source.id.as_str()).eq(&ids));
        assert!(read(&[file("gleaner.toml", &table("a"))], &nothing).is_none());
    }

    proptest::proptest! {
        #[test]
        fn pieces_never_say_anything_else(at in 0usize..2000, cut in 0usize..40, put in "(\\[source\\.[ab]\\]\n|[a-z\"\\[\\]=.\n]{0,3})") {
            let text = changed(EVERY_KEY, (at, cut), &put) + &table("b");
            let (pieces, whole) = both(&[file("gleaner.toml", &text)]);
            proptest::prop_assert!(pieces.is_none() || pieces == whole, "{text}");
        }

        #[test]
        fn tables_that_are_alike_say_nothing_else_in_pieces(
            at in 0usize..300, cut in 0usize..20, put in "[a-u\"'\\[\\]{}=.,# \t\r\n\\\\\u{a0}]{0,3}", title in 0usize..4,
        ) {
            let titled = |id: &str| match title {
                0 => table(id).replace("entry", "title = \"T\"\nentry"),
                1 => table(id).replace("headline", "title = \"T\"\nheadline"),
                _ => table(id),
            };
            let text = changed(&["a", "b", "c"].map(titled).concat(), (at, cut), &put);
            let (pieces, whole) = both(&[file("gleaner.toml", &text)]);
            proptest::prop_assert!(pieces.is_none() || pieces == whole, "{text}");
        }
    }

    /// A text in which some bytes are others.
    fn changed(text: &str, (at, cut): (usize, usize), put: &str) -> String {
        let floor = |mut at: usize| {
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(at.min(text.len()));
        let end = floor((start + cut).min(text.len())).max(start);
        format!("{}{put}{}", &text[..start], &text[end..])
    }
}
