//! Healing: a page on which a source's selectors find nothing right any more, and the entries remembered of it → new
//! rules that give back the same entries, or the reason why there are none. Pure.
//!
//! Rules count only when what is known comes back: one known entry to an item, under its own headline, and nearly all
//! that stand on the page anywhere. What merely looks like a listing is not enough: a wrong heal publishes another
//! list under the old name, which is worse than a feed that stands still.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use rustc_hash::FxHashSet;
use url::Url;

use super::{Keys, Known, Proposal, detect, likeness::Headlines};
use crate::{
    config::{Css, DateRule, FieldRule, LinkRule, Rules, Source},
    decode::Document,
    entry::Entry,
    extract::{self, extract_parsed},
    normalize::{canonical, comparable},
    page::Page,
    refresh::{self, Reading},
};

/// At least so many known entries must come back; two when hardly more are known.
const FEWEST: usize = 3;

/// The share of the known entries on a page that must be in the listing.
const MOST_OF_PAGE: f64 = 0.7;

/// The share of entries known by their links whose headlines must be theirs.
const SAME_HEADLINES: f64 = 0.8;

/// What this share of the known entries has, a new one has too.
const USUAL: f64 = 0.9;

/// Why a source was not healed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unhealed {
    /// It has no selectors.
    #[error("it is a feed and has no selectors")]
    Feed,
    /// There is nothing to know it by.
    #[error("no entry of it is remembered")]
    NothingRemembered,
    /// None of what is known stands on the page.
    #[error("none of the {known} remembered entries stands on the page")]
    NothingKnown {
        /// How many were looked for.
        known: usize,
    },
    /// Something known is there, in nothing that is surely the listing.
    #[error("{on_page} of {known} remembered entries stand on the page, but {why}")]
    Unsure {
        /// How many were looked for.
        known: usize,
        /// How many stand on the page.
        on_page: usize,
        /// What is missing.
        why: String,
    },
}

/// New rules for a source.
#[derive(Clone, Debug)]
pub struct Healed {
    /// The keys that change, in the order of a config, each with its value in TOML; `None`: the key goes.
    pub changes: Vec<(&'static str, Option<String>)>,
    /// The source with them.
    pub source: Source,
    /// What the page gives with them.
    pub reading: Reading,
    /// How many entries are looked for.
    pub known: usize,
    /// How many came back.
    pub found: usize,
    /// Entries that are not known, above the last known one: new.
    pub new: usize,
    /// Entries that are not known, below the last known one: older than what is remembered, or another list.
    pub older: usize,
    /// Of the new ones, those that stand among known ones, where nothing new is expected.
    pub amid: usize,
    /// Entries that are not known and unlike those that are: without a link or a day, which nearly all of these have, or
    /// linked to a host to which none of these leads. Or they say the same again and again. They are the head of a table, a
    /// note above the listing, rows of another kind.
    pub unlike: usize,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

/// Finds new rules for a source.
///
/// # Errors
/// Why there are none; the config is then better left as it is.
pub fn heal(
    (document, page): (&Document, &Page),
    source: &Source,
    known: &[Known],
    still_time: &dyn Fn() -> bool,
) -> Result<Healed, Unhealed> {
    let Some(old) = &source.rules else { return Err(Unhealed::Feed) };
    if known.is_empty() {
        return Err(Unhealed::NothingRemembered);
    }
    let found = detect(document, page, known, still_time);
    let on_page = found.known_on_page;
    if on_page == 0 {
        return Err(Unhealed::NothingKnown { known: known.len() });
    }
    let unsure = |why: String| Unhealed::Unsure { known: known.len(), on_page, why };
    let mut best: Option<(Returned, &Proposal)> = None;
    let text = |json: &Option<Css>| json.as_ref().map(|css| css.text.clone());
    // What stands in a page is not looked for in its scripts, nor the other way.
    for proposal in found.proposals.iter().filter(|proposal| text(&proposal.rules.json) == text(&old.json)) {
        let returned = returned(&proposal.reading, known, page, &found.known_by_headline);
        let is_better = best.as_ref().is_none_or(|(other, _)| returned.worth() > other.worth());
        if is_better {
            best = Some((returned, proposal));
        }
    }
    let Some((returned, proposal)) = best else { return Err(unsure("nothing on it repeats".to_owned())) };
    returned.check(known.len(), on_page).map_err(unsure)?;
    let looking = Looking { document, page, source, old, known, shown: &found.known_by_headline, still_time };
    Ok(looking.healed(proposal))
}

/// What came back of what is known.
#[derive(Clone, Copy, Debug, Default)]
struct Returned {
    /// Known entries that are among the entries read.
    found: usize,
    /// Entries read that are known, by link and headline both.
    agreeing: usize,
    /// Entries read that are known by their link, and have a headline to compare.
    compared: usize,
    /// Entries read with a known headline and no word more.
    exact: usize,
    /// Entries read.
    entries: usize,
    new: usize,
    older: usize,
    amid: usize,
    unlike: usize,
}

impl Returned {
    fn worth(&self) -> f64 {
        let junk = self.entries.saturating_sub(self.found + self.new) as f64;
        self.found as f64 + 0.5 * self.agreeing as f64 - 0.25 * junk
    }

    fn check(&self, known: usize, on_page: usize) -> Result<(), String> {
        let fewest = FEWEST.min(on_page.max(2)).min(known.max(2));
        if self.found < fewest {
            return Err(format!("the likeliest listing gives back {}", self.found));
        }
        if (self.found as f64) < MOST_OF_PAGE * on_page as f64 {
            return Err(format!("the likeliest listing gives back {} of these", self.found));
        }
        if (self.agreeing as f64) < SAME_HEADLINES * self.compared as f64 {
            return Err(format!(
                "the headlines of {} of {} differ",
                self.compared - self.agreeing,
                self.compared
            ));
        }
        Ok(())
    }

    /// What speaks against it, each by its share.
    fn confidence(&self, on_page: usize) -> f64 {
        let share = |part: usize, of: usize| if of == 0 { 1.0 } else { (part as f64 / of as f64).min(1.0) };
        let seen = 1.0 - (-(self.found as f64) / 1.2).exp();
        // What stands where nothing new is expected is another list, or an archive that would be announced as news.
        let is_clean = self.older + self.amid + self.unlike == 0;
        seen * share(self.found, on_page).sqrt()
            * share(self.agreeing, self.compared)
            * if is_clean { 1.0 } else { 0.85 }
    }
}

fn returned(reading: &Reading, known: &[Known], page: &Page, shown: &FxHashSet<u16>) -> Returned {
    let mut by_link: HashMap<String, usize> = HashMap::new();
    let worded = Headlines::of(known.iter().map(|entry| entry.headline.as_str()));
    let mut by_headline: HashMap<String, usize> = HashMap::new();
    for (number, entry) in known.iter().enumerate() {
        if let Some(link) = &entry.link {
            by_link.entry(canonical(link, &page.url)).or_insert(number);
        }
        by_headline.entry(comparable(&entry.headline)).or_insert(number);
    }
    let mut returned = Returned { entries: reading.sightings.len(), ..Returned::default() };
    let mut seen: HashSet<usize> = HashSet::new();
    let mut last_known = 0;
    let mut first_known = None;
    let mut unknown: Vec<(usize, Option<Date>)> = Vec::new();
    let mut rows: Vec<(&Entry, bool)> = Vec::new();
    for (place, sighting) in reading.sightings.iter().enumerate() {
        let entry = &sighting.entry;
        let linked = entry.link.as_ref().and_then(|link| by_link.get(&canonical(link, &page.url)).copied());
        let exactly = by_headline.get(&comparable(&entry.headline)).copied();
        let named = exactly.or_else(|| worded.find(&entry.headline).map(usize::from));
        // Where the headline stands nowhere on the page there is nothing to compare.
        let is_shown = |number: usize| u16::try_from(number).is_ok_and(|number| shown.contains(&number));
        if let Some(number) = linked.filter(|number| is_shown(*number)) {
            returned.compared += 1;
            returned.agreeing += usize::from(
                exactly == Some(number)
                    || worded.is_in(u16::try_from(number).unwrap_or(u16::MAX), &entry.headline)
                    || is_same_headline(entry, &known[number]),
            );
        }
        returned.exact += usize::from(exactly.is_some());
        rows.push((entry, linked.or(named).is_some()));
        match linked.or(named) {
            Some(number) => {
                seen.insert(number);
                last_known = place;
                first_known.get_or_insert(place);
            }
            None => unknown.push((place, entry.moment.as_ref().map(|moment| moment.day))),
        }
    }
    returned.found = seen.len();
    let oldest = known.iter().filter_map(|entry| entry.day).min();
    let is_older = |(place, day): &(usize, Option<Date>)| match (day, oldest) {
        (Some(day), Some(oldest)) => *day < oldest,
        _ => *place > last_known,
    };
    let newest = known.iter().filter_map(|entry| entry.day).max();
    let is_amid = |(place, day): &(usize, Option<Date>)| match (day, newest) {
        (Some(day), Some(newest)) => *day < newest,
        _ => first_known.is_some_and(|first| *place > first),
    };
    returned.older = unknown.iter().filter(|row| is_older(row)).count();
    returned.new = unknown.len() - returned.older;
    returned.amid = unknown.iter().filter(|row| !is_older(row) && is_amid(row)).count();
    returned.unlike = unlike(&rows);
    returned
}

/// How many unknown entries are unlike the known ones; each comes with whether it is known.
fn unlike(rows: &[(&Entry, bool)]) -> usize {
    let known: Vec<&Entry> = rows.iter().filter(|row| row.1).map(|row| row.0).collect();
    let is_usual = |has: fn(&Entry) -> bool| {
        known.iter().filter(|entry| has(entry)).count() as f64 >= USUAL * known.len() as f64
    };
    let is_linked = is_usual(|entry| entry.link.is_some());
    let is_dated = is_usual(|entry| entry.moment.is_some());
    let host = |entry: &Entry| entry.link.as_ref().and_then(Url::host_str).map(str::to_owned);
    let hosts: HashSet<Option<String>> = known.iter().map(|entry| host(entry)).collect();
    let is_unlike = |entry: &Entry| {
        (is_linked && entry.link.is_none())
            || (is_dated && entry.moment.is_none())
            || (hosts.len() == 1 && !hosts.contains(&host(entry)))
    };
    let wordings = repeated(rows);
    let is_other = |entry: &Entry| is_unlike(entry) || wordings.contains(&wording(entry));
    rows.iter().filter(|(entry, is_known)| !is_known && is_other(entry)).count()
}

/// What several unknown entries say again and again, figures aside, and no known one does: "365 Or 769 Petitions for
/// Review" may be a row that was left out before.
fn repeated(rows: &[(&Entry, bool)]) -> HashSet<String> {
    const SEVERAL: usize = 3;
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (entry, _) in rows.iter().filter(|row| !row.1) {
        *counts.entry(wording(entry)).or_default() += 1;
    }
    for (entry, _) in rows.iter().filter(|row| row.1) {
        counts.remove(&wording(entry));
    }
    counts.into_iter().filter(|(_, count)| *count >= SEVERAL).map(|(wording, _)| wording).collect()
}

fn wording(entry: &Entry) -> String {
    entry.headline.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// Sites shorten headlines, and put a word before them.
fn is_same_headline(entry: &Entry, known: &Known) -> bool {
    let (a, b) = (comparable(&entry.headline), comparable(&known.headline));
    let (short, long) = if a.len() < b.len() { (&a, &b) } else { (&b, &a) };
    a == b || (short.len() * 2 >= long.len() && long.contains(short.trim_end_matches('…').trim_end()))
}

/// A page that a source is healed by.
struct Looking<'l> {
    document: &'l Document,
    page: &'l Page,
    source: &'l Source,
    old: &'l Rules,
    known: &'l [Known],
    shown: &'l FxHashSet<u16>,
    still_time: &'l dyn Fn() -> bool,
}

/// A field that a source may lack: its key, how it is read, how it is set.
type Optional = (&'static str, fn(&Rules) -> Option<FieldRule>, fn(&mut Rules, Option<FieldRule>));

impl Looking<'_> {
    /// The proposal's rules, with every old rule that still works.
    fn healed(&self, proposal: &Proposal) -> Healed {
        let parsed = extract::parsed(self.document, self.old, self.still_time);
        let read = |rules: &Rules| {
            let listing = extract_parsed(self.document, &parsed, rules, self.still_time);
            let mut reading = refresh::believe(self.document.clone(), listing, self.page, self.still_time);
            reading.date(
                &Source { rules: Some(rules.clone().into()), ..self.source.clone() },
                &[],
                self.page.fetched_at,
            );
            reading
        };
        let (old, new) = (self.old, &proposal.rules);
        let mut rules = Rules {
            listing: None,
            id: None,
            author: None,
            category: None,
            next: old.next.clone(),
            ..new.clone()
        };
        let mut reading = read(&rules);
        let mut changes: Vec<(&'static str, Option<String>)> = Vec::new();
        let keys = &proposal.keys;
        let mut settle = |name: &'static str, trial: Rules, rules: &mut Rules, value: Option<String>| {
            let tried = read(&trial);
            if self.is_as_good(name, &tried, &reading) {
                *rules = trial;
                reading = tried;
            } else {
                changes.push((name, value));
            }
        };
        if let Some(listing) = &old.listing {
            settle("listing", Rules { listing: Some(listing.clone()), ..rules.clone() }, &mut rules, None);
        }
        let entry = Rules { entry: old.entry.clone(), to_next: old.to_next, ..rules.clone() };
        settle("entry", entry, &mut rules, keys.value("entry"));
        let headline = Rules { headline: old.headline.clone(), ..rules.clone() };
        settle("headline", headline, &mut rules, keys.value("headline"));
        settle("link", Rules { link: old.link.clone(), ..rules.clone() }, &mut rules, keys.value("link"));
        let fields: [Optional; 5] = [
            ("teaser", |r| r.teaser.clone(), |r, f| r.teaser = f),
            ("image", |r| r.image.clone(), |r, f| r.image = f),
            ("author", |r| r.author.clone(), |r, f| r.author = f),
            ("category", |r| r.category.clone(), |r, f| r.category = f),
            ("id", |r| r.id.clone(), |r, f| r.id = f),
        ];
        for (name, get, set) in fields {
            let Some(field) = get(old) else {
                // What the source never had is not added behind its owner's back.
                set(&mut rules, None);
                continue;
            };
            let mut trial = rules.clone();
            set(&mut trial, Some(field));
            settle(name, trial, &mut rules, keys.value(name));
        }
        let date: Option<DateRule> = old.date.clone();
        settle("date", Rules { date, ..rules.clone() }, &mut rules, keys.value("date"));
        match (old.to_next, rules.to_next) {
            (true, false) => changes.push(("to_next", None)),
            (false, true) => changes.push(("to_next", keys.value("to_next"))),
            _ => {}
        }
        // A key that neither was there nor is needed is no change.
        let had = |name: &str| match name {
            "link" => !matches!(old.link, LinkRule::OfHeadline),
            "date" => old.date.is_some(),
            _ => true,
        };
        changes.retain(|(name, value)| value.is_some() || had(name));
        let reading = read(&rules);
        let source = Source { rules: Some(rules.into()), ..self.source.clone() };
        let returned = returned(&reading, self.known, self.page, self.shown);
        Healed {
            changes,
            source,
            known: self.known.len(),
            found: returned.found,
            new: returned.new,
            older: returned.older,
            amid: returned.amid,
            unlike: returned.unlike,
            confidence: returned.confidence(proposal.held.entries.max(1)),
            reading,
        }
    }

    /// Whether the headlines of a reading are those that the old rule finds, and none that stands in for it.
    fn is_of_old_headline(&self, tried: &Reading) -> bool {
        let rule = &self.old.headline.candidates;
        let rows = &tried.listing.entries;
        let by_rule = rows.iter().filter_map(|row| row.headline.as_ref());
        let by_rule =
            by_rule.filter(|headline| rule.iter().any(|candidate| candidate.text == headline.selector));
        by_rule.count() * 10 >= rows.len() * 9
    }

    /// Whether a reading with an old rule gives as much as one with the new rule.
    fn is_as_good(&self, name: &str, tried: &Reading, reading: &Reading) -> bool {
        let (a, b) = (
            returned(tried, self.known, self.page, self.shown),
            returned(reading, self.known, self.page, self.shown),
        );
        let is_listing = a.found >= b.found && a.agreeing >= b.agreeing && a.entries == b.entries;
        // A place that holds the headline and more says it less well.
        let is_listing = is_listing && (name != "headline" || a.exact >= b.exact);
        let count = |reading: &Reading, has: fn(&Entry) -> bool| {
            reading.sightings.iter().filter(|sighting| has(&sighting.entry)).count()
        };
        let has: fn(&Entry) -> bool = match name {
            "link" => |entry| entry.link.is_some(),
            "teaser" => |entry| entry.teaser.is_some(),
            "image" => |entry| entry.image.is_some(),
            "author" => |entry| entry.author.is_some(),
            "category" => |entry| !entry.categories.is_empty(),
            "date" => |entry| entry.moment.is_some(),
            _ => |_| true,
        };
        let (with, reference) = (count(tried, has), count(reading, has));
        let is_found = match name {
            "author" | "category" => with > 0,
            _ => with * 10 >= reference * 9,
        };
        is_listing && is_found && (name != "headline" || self.is_of_old_headline(tried))
    }
}

impl Keys {
    /// One key's value in TOML; `None`: it is not needed.
    pub fn value(&self, name: &str) -> Option<String> {
        let prefix = format!("{name:<8} = ");
        self.to_toml().lines().find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
    }
}
