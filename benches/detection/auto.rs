//! What `heal = "auto"` would have done with a new version of a page, and what its feed would then have told.

use gleaner::{
    config::{self, ConfigText, Source, patch},
    detect::{Known, unasked},
    entry::Entry,
    fetch::Fetched,
    id::SourceId,
    page::Page,
    record::Record,
    refresh::{self, Refreshed},
    store::{Memory, Newest, Store as _, StoreError},
};
use jiff::SignedDuration;

use crate::truth::{self, Truth};

/// What the feed of a source tells after a heal that was applied.
#[derive(Default)]
pub struct Told {
    /// How many new entries it announces that are some.
    pub right: usize,
    /// Entries announced that no truth names.
    pub wrong: Vec<String>,
    /// Entries that it then has twice, the old one announced as new.
    pub again: Vec<String>,
}

/// As it was before the page changed; no selector of it is of this world.
const CONFIG: &str = r#"
url = "https://example.org/"
heal = "auto"
entry = "old-entry"
headline = "old-headline"
link = "a.old-link@href"
date = "time.old-date@datetime"
"#;

/// More records than any page has.
const ALL: usize = 10_000;

/// Reads a page by which `remembered` is known, then the new page, as a run does; `None`: nothing is applied.
pub fn told(page: &Page, remembered: &[Truth], has_links: bool, truths: &[Truth]) -> Option<Told> {
    let source = old(page);
    let store = Memory::new();
    let day_before = page.fetched_at.checked_sub(SignedDuration::from_hours(24)).unwrap();
    let before = Page { body: old_page(remembered, has_links), fetched_at: day_before, ..page.clone() };
    store.commit(&[refreshed(&source, &store, before).plan]).unwrap();
    let state = store.state(&source.id).unwrap();
    let drifted = refreshed(&source, &store, page.clone());
    if !unasked::is_to_mend(&source, &state, page, &drifted.verdict) {
        return None;
    }
    let known: Vec<Known> = records(&store, unasked::LOOKED_FOR).into_iter().map(Known::from).collect();
    let healed = unasked::rules(&source, page, &known, &|| true)?;
    let text = patch::patched(CONFIG, patch::Place::File, &healed.changes)?;
    let mended = refreshed(&self::source(&text, page), &store, page.clone());
    if !unasked::is_confirmed(&healed, &state, &mended) {
        return None;
    }
    store.commit(&[mended.plan]).unwrap();
    let rows: Vec<&Entry> = healed.reading.sightings.iter().map(|sighting| &sighting.entry).collect();
    let is_gone = |old: &&Truth| !truths.iter().any(|new| (&new.title, &new.link) == (&old.title, &old.link));
    let all: Vec<&Truth> = truths.iter().chain(remembered.iter().filter(is_gone)).collect();
    Some(judged(&records(&store, ALL), &mended.new, &rows, &all))
}

/// Holds the records of a healed source against all that it ever had; `new` are the numbers of those announced, `rows` what
/// the page shows.
fn judged(records: &[Record], new: &[u64], rows: &[&Entry], all: &[&Truth]) -> Told {
    let entries: Vec<&Entry> = records.iter().map(|record| &record.entry).collect();
    let mut told = Told::default();
    for (record, matched) in records.iter().zip(truth::matched(&entries, all)) {
        let (entry, is_new) = (&record.entry, new.contains(&record.number));
        let count = |among: &[&Entry]| among.iter().filter(|other| other.headline == entry.headline).count();
        if matched.is_some() || is_left_out(entry) {
            told.right += usize::from(is_new);
        } else if !all.iter().any(|truth| truth.is_told_in(&entry.headline)) {
            told.wrong.extend(is_new.then(|| entry.headline.clone()));
        } else if count(&entries) > count(rows) {
            // Two rows of one headline would be two entries, of which some truths name one.
            told.again.push(entry.headline.clone());
        }
    }
    told
}

fn records(store: &Memory, most: usize) -> Vec<Record> {
    let source = SourceId::new("site").unwrap();
    let mut records = store.records(&source, Newest::of(most)).unwrap();
    records.sort_by_key(|record| record.number);
    records
}

/// Where entries lead that stand in their listings like all others, with headline, day and a link of their own, and that
/// the truths leave out; each was looked at.
const LEFT_OUT: [&str; 3] =
    ["/2nd/051320_2-19-0802.mp3", "/4th/031120_4-18-0737.mp3", "/5th/043020_5-19-0304.mp3"];

fn is_left_out(entry: &Entry) -> bool {
    entry.link.as_ref().is_some_and(|link| LEFT_OUT.iter().any(|tail| link.path().ends_with(tail)))
}

fn refreshed(source: &Source, store: &Memory, page: Page) -> Refreshed {
    let state = store.state(&source.id).unwrap();
    let mut ask = |keys: &[_]| store.known(&source.id, keys, ALL);
    let refreshed: Result<_, StoreError> =
        refresh::refresh(source, state, &Fetched::Page(page), (&mut ask, &|| true));
    refreshed.unwrap()
}

/// The source of a page as it was before that changed.
pub fn old(page: &Page) -> Source {
    source(CONFIG, page)
}

fn source(keys: &str, page: &Page) -> Source {
    let text = format!("[source.site]\n{keys}");
    let config = config::read(&[ConfigText { path: "gleaner.toml".into(), text }], &|_| None).unwrap();
    Source { url: page.url.clone().into(), ..config.sources.into_iter().next().unwrap() }
}

/// A page that shows entries in a way of its own.
fn old_page(entries: &[Truth], has_links: bool) -> Vec<u8> {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let row = |entry: &Truth| {
        let link = entry.link.as_ref().filter(|_| has_links);
        let link = link.map(|link| format!("<a class=old-link href=\"{}\"></a>", escaped(link)));
        let day = entry.date.as_ref().and_then(|date| date.get(..10));
        let day = day.map(|day| format!("<time class=old-date datetime=\"{day}\">{day}</time>"));
        let title = escaped(entry.title.as_deref().unwrap_or_default());
        let (link, day) = (link.unwrap_or_default(), day.unwrap_or_default());
        format!("<old-entry>{link}<old-headline>{title}</old-headline>{day}</old-entry>\n")
    };
    let rows: String = entries.iter().map(row).collect();
    format!("<!doctype html><meta charset=utf-8>{rows}").into_bytes()
}
