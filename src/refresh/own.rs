//! The own pages of entries: which are asked for, and what they add to what the listing says. Pure: what asks for them
//! says what came.
//!
//! Each is asked for once. A new entry gets date, teaser, image and full text before it is told to anybody; one that
//! could not be had in time is filled later, quietly, and its date stands. Refuses pages that do not name the entry,
//! and teasers and images that stand on several pages, for those are the site's and not the entry's.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Against, Ask, Reading, is_same_page, pages::Pages, read};
use crate::{
    config::Source,
    decode,
    diagnostic::{Code, Diagnostic},
    entry::{Entry, Sighting},
    extract::{self, Told},
    fetch::{self, FetchError, Fetched, retry},
    html::{Html, Unsafe},
    id::EntryKey,
    listing::RawDate,
    merge::Merged,
    moment,
    page::{Page, Validators},
    record::{Record, SourceState},
    verdict::Verdict,
};

/// At how many visits a page that cannot be had is asked for.
const TRIES: u32 = 3;

/// How many entries may wait for a later visit: while one does, the listing is asked for without conditions.
const MOST_AWAITED: usize = 100;

/// What is no page, by the ending of its address.
const NO_PAGES: &[&str] =
    &["pdf", "doc", "docx", "xls", "xlsx", "zip", "jpg", "jpeg", "png", "gif", "webp", "mp3", "mp4", "ics"];

/// A known entry whose own page could not be had yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// The number of its record.
    pub number: u64,
    /// At how many visits it was asked for in vain.
    #[serde(default)]
    pub times: u32,
}

/// An entry whose own page is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    key: EntryKey,
    headline: String,
    /// At how many visits it was asked for in vain.
    times: u32,
    /// Where it is.
    pub url: Url,
}

/// What came of asking for own pages.
#[derive(Clone, Debug, Default)]
pub struct Own {
    came: HashMap<EntryKey, Came>,
    /// Hosts that are not asked again at this visit.
    silent: HashSet<String>,
    hold: Option<(Timestamp, retry::Scope)>,
}

#[derive(Clone, Debug)]
enum Came {
    Told(Box<Told>),
    /// Not now: why.
    Passing(String),
    /// Not at all: why.
    Refused(Code, String),
}

/// The own pages to ask for, those that were never asked for first, then in page order, as many as the source's budget allows.
///
/// # Errors
/// Only those of `known`.
pub fn wanted<E>(
    source: &Source,
    state: &SourceState,
    (page, pages): (&Page, Option<Pages>),
    (known, still_time): (&mut Ask<'_, E>, &dyn Fn() -> bool),
) -> Result<Vec<Wanted>, E> {
    let Some(rules) = source.own_page.as_ref().filter(|_| !is_same_page(source, state, page)) else {
        return Ok(Vec::new());
    };
    let reading = match pages {
        Some(pages) => Ok(pages.reading(page, still_time)),
        None => read(source, page, still_time),
    };
    let Ok(mut reading) = reading else { return Ok(Vec::new()) };
    if reading.verdict_without_entries(source, &state.history).is_some() {
        return Ok(Vec::new());
    }
    let shape = reading.shape();
    let against = Against::of(source, state, &mut reading, (page.fetched_at, known))?;
    if against.is_held() || against.foreign(&reading, &reading.shape_dated(shape), &state.history).is_some() {
        // What is not taken is not asked for either.
        return Ok(Vec::new());
    }
    let lacking = lacking(source, state, &reading, &against).into_iter();
    let mut wanted: Vec<Wanted> = lacking.map(|(wanted, _)| wanted).collect();
    // One that fails again and again keeps no other waiting.
    wanted.sort_by_key(|wanted| wanted.times);
    wanted.truncate(if state.last_number == 0 { rules.first_budget } else { rules.budget });
    Ok(wanted)
}

/// The entries that lack something, each with its place among the sightings; none where own pages are not asked for.
pub(super) fn lacking(
    source: &Source,
    state: &SourceState,
    reading: &Reading,
    against: &Against,
) -> Vec<(Wanted, usize)> {
    let Some(rules) = &source.own_page else { return Vec::new() };
    let mut asked: HashSet<&Url> = HashSet::new();
    let mut lacking = Vec::new();
    for (at, (sighting, place)) in reading.sightings.iter().zip(&against.recognized).enumerate() {
        let (entry, wants_date, times) = match place {
            None => (&sighting.entry, true, 0),
            Some(place) => {
                let record = &against.records[*place];
                match state.own.iter().find(|awaited| awaited.number == record.number) {
                    Some(awaited) => (&record.entry, false, awaited.times),
                    None => continue,
                }
            }
        };
        let Some(link) = sighting.entry.link.as_ref().filter(|link| is_page(link, reading)) else { continue };
        let is_bare = entry.teaser.is_none()
            || entry.image.is_none()
            || (wants_date && entry.moment.is_none())
            || (rules.content.is_some() && entry.content.is_none());
        // A link that several entries share tells of none of them.
        if is_bare && sighting.keys.iter().any(EntryKey::is_given) && asked.insert(link) {
            let (key, headline) = (sighting.keys[0].clone(), sighting.entry.headline.clone());
            lacking.push((Wanted { key, headline, times, url: link.clone() }, at));
        }
    }
    lacking
}

fn is_page(link: &Url, reading: &Reading) -> bool {
    let ending = link.path().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let is_file = ending.is_some_and(|ending| NO_PAGES.contains(&ending.as_str()));
    let mut plain = link.clone();
    plain.set_fragment(None);
    !is_file && plain != reading.document.url
}

impl Own {
    /// Whether a page is asked for at this visit: not of a host that did not answer, or asked for time.
    pub fn may_ask(&self, wanted: &Wanted) -> bool {
        wanted.url.host_str().is_none_or(|host| !self.silent.contains(host))
    }

    /// Takes what came of asking for one.
    pub fn add(
        &mut self,
        source: &Source,
        wanted: &Wanted,
        fetched: &Fetched,
        still_time: &dyn Fn() -> bool,
    ) {
        let came = match fetched {
            Fetched::Page(page) => {
                let hold = retry::hold(page.status, &page.headers, page.fetched_at);
                if wanted.url.host() == source.url.host() {
                    self.hold = hold.or(self.hold);
                }
                tell(source, wanted, page, still_time)
            }
            // Nothing was asked under a condition.
            Fetched::NotModified { .. } => Came::Passing("304 Not Modified".to_owned()),
            Fetched::Failed { error, .. } => match error {
                FetchError::Disallowed(why) | FetchError::Unreadable(why) => {
                    Came::Refused(Code::OwnPageMissing, why.clone())
                }
                other => Came::Passing(other.to_string()),
            },
        };
        if matches!(came, Came::Passing(_)) {
            self.silent.extend(wanted.url.host_str().map(str::to_owned));
        }
        self.came.insert(wanted.key.clone(), came);
    }

    /// Until when the source's host asks to be left alone, and who is meant; `None`: it does not.
    pub(super) fn hold(&self) -> Option<(Timestamp, retry::Scope)> {
        self.hold
    }

    /// Gives new entries what their own pages tell. To be asked before they are merged.
    pub(super) fn fill(&self, source: &Source, reading: &mut Reading, against: &Against) -> Vec<Diagnostic> {
        let mut noticed = Vec::new();
        let site = self.of_the_site(&against.records);
        let mut undated: Vec<(usize, &[RawDate], Option<&str>)> = Vec::new();
        for (at, sighting) in reading.sightings.iter_mut().enumerate() {
            let Some(Came::Told(told)) = self.came.get(&sighting.keys[0]) else { continue };
            let row = sighting.rows[0];
            noticed.extend(told.missed.iter().map(|why| Diagnostic::row(Code::OwnPageRefused, row, why)));
            if against.recognized[at].is_some() {
                continue;
            }
            noticed.extend(site.add(&mut sighting.entry, told, row));
            if sighting.entry.moment.is_none() && !told.dates.is_empty() {
                undated.push((at, &told.dates, told.language.as_deref()));
            }
        }
        let dated = dates(source, &undated, against.seen);
        for (at, outcome) in dated {
            let sighting: &mut Sighting = &mut reading.sightings[at];
            match outcome {
                Ok(moment) => sighting.entry.moment = Some(moment),
                Err(why) => {
                    let message = format!("the date of its own page is not used: {why}");
                    noticed.push(Diagnostic::row(Code::DateRefused, sighting.rows[0], message));
                }
            }
        }
        noticed
    }

    /// The same without memory: every entry is new.
    pub fn fill_alone(&self, source: &Source, reading: &mut Reading, seen: Timestamp) {
        let recognized = vec![None; reading.sightings.len()];
        let (records, back) = (Vec::new(), Vec::new());
        let noticed = self.fill(source, reading, &Against { seen, records, back, recognized, again: None });
        reading.diagnostics.extend(noticed);
    }

    /// Fills known entries quietly, and notes whose own page is still to be had. To be asked once all is merged.
    pub(super) fn note(
        &self,
        state: &mut SourceState,
        (lacking, reading): (&[(Wanted, usize)], &Reading),
        against: &Against,
        merged: &mut Merged,
    ) {
        state.own.clear();
        let site = self.of_the_site(&against.records);
        let mut unasked = 0;
        for (wanted, at) in lacking {
            let row = reading.sightings[*at].rows[0];
            let known = against.recognized[*at].map(|place| &against.records[place]);
            let is_it = |record: &&Record| record.keys.first() == Some(&wanted.key);
            let Some(number) = known.or_else(|| merged.records.iter().find(is_it)).map(|r| r.number) else {
                continue;
            };
            let times = wanted.times;
            match self.came.get(&wanted.key) {
                Some(Came::Told(told)) => {
                    if let Some(record) = known {
                        let mut filled = written(merged, record);
                        merged.diagnostics.extend(site.add(&mut filled.entry, told, row));
                        if filled != *record {
                            put(merged, filled);
                        }
                    }
                }
                Some(Came::Refused(code, why)) => {
                    let message = format!("the own page {} is not used: {why}", wanted.url);
                    merged.diagnostics.push(Diagnostic::row(*code, row, message));
                }
                Some(Came::Passing(why)) => {
                    let is_left = times + 1 >= TRIES;
                    let next = if is_left { "it is not asked for again" } else { "it is asked for again" };
                    let message = format!("the own page {} could not be had: {why}; {next}", wanted.url);
                    merged.diagnostics.push(Diagnostic::row(Code::OwnPageMissing, row, message));
                    if !is_left {
                        state.own.push(Awaited { number, times: times + 1 });
                    }
                }
                None if state.own.len() < MOST_AWAITED => state.own.push(Awaited { number, times }),
                None => unasked += 1,
            }
        }
        if unasked > 0 {
            let message =
                format!("{unasked} entries keep what the listing says: more new ones than own pages");
            merged.diagnostics.push(Diagnostic::page(Code::OwnPageMissing, message));
        }
        if !state.own.is_empty() {
            // The rest must be asked for at the next visit: a 304 or the same bytes would hide it.
            state.validators = Validators::default();
            state.body = None;
        }
    }

    /// Teasers and images that stand on more than one own page, or in another entry already.
    fn of_the_site(&self, records: &[Record]) -> Site {
        let mut site = Site::default();
        for came in self.came.values() {
            let Came::Told(told) = came else { continue };
            if let Some(teaser) = &told.teaser {
                *site.teasers.entry(teaser.clone()).or_default() += 1;
            }
            if let Some(image) = &told.image {
                *site.images.entry(image.clone()).or_default() += 1;
            }
        }
        for entry in records.iter().map(|record| &record.entry) {
            if let Some(count) = entry.teaser.as_ref().and_then(|teaser| site.teasers.get_mut(teaser)) {
                *count += 1;
            }
            if let Some(count) = entry.image.as_ref().and_then(|image| site.images.get_mut(image)) {
                *count += 1;
            }
        }
        site
    }
}

/// The record as it will be written.
fn written(merged: &Merged, record: &Record) -> Record {
    let found = merged.records.iter().find(|other| other.number == record.number);
    found.unwrap_or(record).clone()
}

fn put(merged: &mut Merged, record: Record) {
    match merged.records.iter_mut().find(|other| other.number == record.number) {
        Some(other) => *other = record,
        None => merged.records.push(record),
    }
    merged.records.sort_by_key(|record| record.number);
}

/// How many pages show each teaser and image.
#[derive(Default)]
struct Site {
    teasers: HashMap<String, usize>,
    images: HashMap<Url, usize>,
}

impl Site {
    /// Gives an entry what it lacks; what is the site's own is named and left.
    fn add(&self, entry: &mut Entry, told: &Told, row: usize) -> Vec<Diagnostic> {
        let mut noticed = Vec::new();
        let mut shared = |name: &str| {
            let message = format!("the {name} of its own page stands on others as well, and is the site's");
            noticed.push(Diagnostic::row(Code::OwnPageRefused, row, message));
        };
        if let Some(teaser) = told.teaser.as_ref().filter(|_| entry.teaser.is_none()) {
            if self.teasers.get(teaser).is_some_and(|count| *count > 1) {
                shared("teaser");
            } else {
                entry.teaser = Some(teaser.clone());
            }
        }
        if let Some(image) = told.image.as_ref().filter(|_| entry.image.is_none()) {
            if self.images.get(image).is_some_and(|count| *count > 1) {
                shared("image");
            } else {
                entry.image = Some(image.clone());
            }
        }
        if let Some(content) = told.content.as_ref().filter(|_| entry.content.is_none()) {
            match Html::sanitize(&content.field.value, &content.base, &|| true) {
                Ok(html) => entry.content = Some(html),
                Err(Unsafe::Empty) => {}
                Err(why) => {
                    let message = format!("the full text of its own page was left out: {why}");
                    noticed.push(Diagnostic::row(Code::ContentRefused, row, message));
                }
            }
        }
        noticed
    }
}

/// What a page tells of its entry.
fn tell(source: &Source, wanted: &Wanted, page: &Page, still_time: &dyn Fn() -> bool) -> Came {
    let document = decode::decode(page);
    let text = document.as_ref().ok().map(|document| document.text.as_str());
    if let Some(verdict) = fetch::refused(page, text) {
        let why = verdict.reason().unwrap_or_default().to_owned();
        return match verdict {
            Verdict::Unreachable { .. } | Verdict::Blocked { .. } => Came::Passing(why),
            _ => Came::Refused(Code::OwnPageMissing, why),
        };
    }
    let document = match document {
        Ok(document) => document,
        Err(why) => return Came::Refused(Code::OwnPageMissing, why.to_string()),
    };
    let Some(rules) = &source.own_page else { return Came::Passing("it is not asked for".to_owned()) };
    match extract::own(&document, rules, &wanted.headline, still_time) {
        Some(told) => Came::Told(Box::new(told)),
        None => Came::Refused(Code::OwnPageRefused, "it does not name the headline".to_owned()),
    }
}

/// The dates of own pages: those of one visit together, as those of a listing.
fn dates(
    source: &Source,
    undated: &[(usize, &[RawDate], Option<&str>)],
    now: Timestamp,
) -> Vec<(usize, Result<moment::Moment, moment::Unresolved>)> {
    let language = undated.iter().find_map(|(_, _, language)| *language);
    let context = moment::Context {
        now,
        zone: &source.timezone,
        language: source.language.as_deref().or(language),
        host: source.url.host_str(),
        order: source.rules.as_ref().and_then(|rules| rules.date.as_ref()).and_then(|date| date.order),
        format: None,
        horizon: moment::Horizon::Fetch,
    };
    let rows: Vec<moment::Row<'_>> =
        undated.iter().map(|(_, dates, _)| moment::Row { dates, anchor: None }).collect();
    let resolved = moment::resolve(&rows, &context);
    undated.iter().zip(resolved).map(|((at, ..), resolution)| (*at, resolution.outcome)).collect()
}
