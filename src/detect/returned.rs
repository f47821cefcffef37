//! Returned: what a reading gives, held against what is remembered → what came back, and what speaks against it. Pure.
//!
//! A page shows its entries more than once: beside the listing, the most read, in an order of their own and without
//! their days. What is remembered of entries tells the listing from these: it shows them as they came, with what they had.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use jiff::civil::Date;
use rustc_hash::FxHashSet;
use url::Url;

use super::{Known, likeness::Headlines};
use crate::{
    entry::Entry,
    normalize::{canonical, comparable},
    page::Page,
    refresh::Reading,
};

/// At least so many known entries must come back; two when hardly more are known.
const FEWEST: usize = 3;

/// The share of the known entries on a page that must be in the listing.
const MOST_OF_PAGE: f64 = 0.7;

/// The share of entries known by their links whose headlines must be theirs.
const SAME_HEADLINES: f64 = 0.8;

/// What this share of the known entries has, a new one has too.
const USUAL: f64 = 0.9;

/// What is remembered of a source, and what of it stands on a page.
#[derive(Clone, Copy)]
pub struct Remembered<'r> {
    /// The entries, the newest first.
    pub known: &'r [Known],
    /// The page.
    pub page: &'r Page,
    /// Which of them stand anywhere on the page, by their numbers.
    pub on_page: &'r FxHashSet<u16>,
    /// Which of them stand there with their headline.
    pub shown: &'r FxHashSet<u16>,
}

/// What came back of what is known.
#[derive(Clone, Debug)]
pub struct Returned {
    /// Known entries that are among the entries read, by their numbers, in the order read.
    pub places: Vec<usize>,
    /// Entries read that are known, by link and headline both.
    pub agreeing: usize,
    /// Entries read that are known by their link, and have a headline to compare.
    pub compared: usize,
    /// Entries read with a known headline and no word more.
    pub exact: usize,
    /// Known entries read with the day that is remembered.
    pub dated: usize,
    /// Entries read.
    pub entries: usize,
    /// Entries that are not known, above the last known one.
    pub new: usize,
    /// Those below it.
    pub older: usize,
    /// New ones that stand among known ones, where nothing new is expected.
    amid: usize,
    /// Entries that are not known and unlike those that are: without a link or a day, which nearly all of these have, or
    /// linked to a host to which none of these leads. Or they say the same again and again. They are the head of a table, a
    /// note above the listing, rows of another kind.
    unlike: usize,
    /// Known entries on the page that are not in these and should be: in no list beside the listing either.
    pub missing: usize,
    /// Whether what came back stands in the order in which it came, or all the other way round.
    is_in_order: bool,
    /// Which share of the fields that known entries had the entries read have.
    kept: f64,
    /// Whether known entries had days, and no entry read has one.
    lost_days: bool,
    /// Whether most of what came back did so by its link alone, under headlines that are not known: another language
    /// perhaps.
    is_renamed: bool,
}

impl Returned {
    /// How much speaks for a reading beside others of its page.
    pub fn worth(&self) -> f64 {
        let junk = self.entries.saturating_sub(self.places.len() + self.new) as f64;
        let worth = self.places.len() as f64 + 0.5 * self.agreeing as f64 - 0.25 * junk;
        let order = if self.is_in_order { 1.0 } else { 0.5 };
        if worth > 0.0 { worth * order * (0.5 + 0.5 * self.kept) } else { worth }
    }

    /// Whether enough came back.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(&self, remembered: &Remembered<'_>) -> Result<(), String> {
        let fewest = FEWEST.min(remembered.on_page.len().max(2)).min(remembered.known.len().max(2));
        let only = |found: usize| if found == 0 { "none".to_owned() } else { format!("only {found}") };
        if self.places.len() < fewest {
            return Err(format!(
                "what is most like the listing has {} of them, and must have {fewest}",
                only(self.places.len())
            ));
        }
        let is_small_part = self.places.len() < FEWEST && self.places.len() * 4 < remembered.known.len();
        if is_small_part && self.kept < 0.5 {
            return Err(format!(
                "what is most like the listing has {} of them, and not what they had",
                only(self.places.len())
            ));
        }
        if (self.places.len() as f64) < MOST_OF_PAGE * self.wanted() as f64 {
            return Err(format!("what is most like the listing has {} of them", only(self.places.len())));
        }
        if (self.agreeing as f64) < SAME_HEADLINES * self.compared as f64 {
            return Err(format!(
                "in what is most like the listing {} of {} have another headline",
                self.compared - self.agreeing,
                self.compared
            ));
        }
        Ok(())
    }

    fn wanted(&self) -> usize {
        self.places.len() + self.missing
    }

    /// What speaks against it, each by its share.
    pub fn confidence(&self) -> f64 {
        let share = |part: usize, of: usize| if of == 0 { 1.0 } else { (part as f64 / of as f64).min(1.0) };
        let seen = 1.0 - (-(self.places.len() as f64) / 1.2).exp();
        seen * share(self.places.len(), self.wanted()).sqrt()
            * share(self.agreeing, self.compared)
            * if self.doubts().is_empty() { 1.0 } else { 0.85 }
    }

    /// What a person should look at: signs of another list, or of an archive that would be announced as news.
    pub fn doubts(&self) -> Vec<String> {
        // A list that says the days of what is known is no bare list of links, in whatever order it is.
        let is_sorted = self.is_in_order || self.dated * 5 >= self.places.len() * 4;
        let doubts = [
            (self.older > 0, format!("{} entries are older than what is remembered", self.older)),
            (self.amid > 0, format!("{} new entries stand among known ones", self.amid)),
            (self.unlike > 0, format!("{} new entries are not like the known ones", self.unlike)),
            (!is_sorted, "the known entries stand in another order".to_owned()),
            (self.lost_days, "the entries have no dates any more".to_owned()),
            (self.is_renamed, "most known entries have other headlines".to_owned()),
        ];
        doubts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, doubt)| doubt).collect()
    }
}

/// What comes back in lists of one page, of which one is the listing: no list in order misses what stands in others that
/// are in none, such as the most read.
pub fn without_beside(mut all: Vec<Returned>) -> Vec<Returned> {
    let beside: HashSet<usize> = all
        .iter()
        .filter(|returned| !returned.is_in_order)
        .flat_map(|returned| returned.places.clone())
        .collect();
    for returned in all.iter_mut().filter(|returned| returned.is_in_order) {
        let elsewhere = beside.iter().filter(|number| !returned.places.contains(number)).count();
        returned.missing = returned.missing.saturating_sub(elsewhere);
    }
    all
}

impl Remembered<'_> {
    /// Holds a reading against what is remembered.
    pub fn returned(&self, reading: &Reading) -> Returned {
        let rows = self.rows(reading);
        let mut places: Vec<usize> = Vec::new();
        for number in rows.iter().filter_map(|row| row.known) {
            if !places.contains(&number) {
                places.push(number);
            }
        }
        let found: Vec<&Known> = places.iter().map(|number| &self.known[*number]).collect();
        let missing = self.on_page.iter().filter(|number| !places.contains(&usize::from(**number))).count();
        let (older, amid) = self.misplaced(&rows);
        let count = |is: fn(&Row<'_>) -> bool| rows.iter().filter(|row| is(row)).count();
        Returned {
            agreeing: count(|row| row.is_agreeing == Some(true)),
            compared: count(|row| row.is_agreeing.is_some()),
            exact: count(|row| row.is_exact),
            dated: count(|row| row.is_dated),
            entries: rows.len(),
            new: count(|row| row.known.is_none()) - older,
            older,
            amid,
            unlike: unlike(&rows),
            missing,
            is_in_order: self.is_in_order(&places),
            kept: kept(&found, &rows),
            lost_days: had("date", &found) && !rows.iter().any(|row| row.entry.has("date")),
            is_renamed: count(|row| row.is_named) * 2 < count(|row| row.known.is_some()),
            places,
        }
    }

    /// Whether one of those that came back had a field.
    pub fn had(&self, name: &str, returned: &Returned) -> bool {
        returned.places.iter().any(|number| self.known[*number].had.contains(&name))
    }

    /// Whether known entries stand in the order of their days, or where they had none in the order in which they came: or
    /// all the other way round; one of many may be pinned.
    fn is_in_order(&self, places: &[usize]) -> bool {
        let is_dated = places.iter().all(|number| self.known[*number].had.contains(&"date"));
        let compare = |a: usize, b: usize| {
            if is_dated { self.known[b].day.cmp(&self.known[a].day) } else { a.cmp(&b) }
        };
        let count = |of| places.windows(2).filter(|pair| compare(pair[0], pair[1]) == of).count();
        let (down, up) = (count(Ordering::Less), count(Ordering::Greater));
        down.max(up) * 4 >= (down + up) * 3
    }

    /// The entries read, each with what is known of it.
    fn rows<'e>(&self, reading: &'e Reading) -> Vec<Row<'e>> {
        let mut by_link: HashMap<String, usize> = HashMap::new();
        let mut by_headline: HashMap<String, usize> = HashMap::new();
        for (number, entry) in self.known.iter().enumerate() {
            if let Some(link) = &entry.link {
                by_link.entry(canonical(link, &self.page.url)).or_insert(number);
            }
            by_headline.entry(comparable(&entry.headline)).or_insert(number);
        }
        let worded = Headlines::of(self.known.iter().map(|entry| entry.headline.as_str()));
        let number_of = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let row = |entry: &'e Entry| {
            let linked = entry.link.as_ref().and_then(|link| by_link.get(&canonical(link, &self.page.url)));
            let exactly = by_headline.get(&comparable(&entry.headline)).copied();
            let named = exactly.or_else(|| worded.find(&entry.headline).map(usize::from));
            // Where the headline stands nowhere on the page there is nothing to compare.
            let compared = linked.copied().filter(|number| self.shown.contains(&number_of(*number)));
            let is_agreeing = compared.map(|number| {
                exactly == Some(number)
                    || worded.is_in(number_of(number), &entry.headline)
                    || is_same_headline(entry, &self.known[number])
            });
            let known = linked.copied().or(named);
            let day = known.and_then(|number| self.known[number].day);
            let is_dated = day.is_some() && entry.moment.as_ref().map(|moment| moment.day) == day;
            let is_named = named.is_some() || is_agreeing == Some(true);
            Row { entry, known, is_agreeing, is_named, is_exact: exactly.is_some(), is_dated }
        };
        reading.sightings.iter().map(|sighting| row(&sighting.entry)).collect()
    }

    /// How many unknown rows are older than what is known, and how many others stand where nothing new is expected.
    fn misplaced(&self, rows: &[Row<'_>]) -> (usize, usize) {
        let days = || self.known.iter().filter_map(|entry| entry.day);
        let (oldest, newest) = (days().min(), days().max());
        let first_known = rows.iter().position(|row| row.known.is_some());
        let last_known = rows.iter().rposition(|row| row.known.is_some()).unwrap_or(0);
        let is_older = |place: usize, day: Option<Date>| match (day, oldest) {
            (Some(day), Some(oldest)) => day < oldest,
            _ => place > last_known,
        };
        let is_amid = |place: usize, day: Option<Date>| match (day, newest) {
            (Some(day), Some(newest)) => day < newest,
            _ => first_known.is_some_and(|first| place > first),
        };
        let unknown = rows.iter().enumerate().filter(|(_, row)| row.known.is_none());
        let unknown = unknown.map(|(place, row)| (place, row.entry.moment.as_ref().map(|moment| moment.day)));
        let (older, others): (Vec<_>, Vec<_>) = unknown.partition(|(place, day)| is_older(*place, *day));
        (older.len(), others.into_iter().filter(|(place, day)| is_amid(*place, *day)).count())
    }
}

/// An entry read, and what is known of it.
struct Row<'e> {
    entry: &'e Entry,
    /// Which known entry it is, by its number; `None`: it is none.
    known: Option<usize>,
    /// Whether its headline is that of the entry it is known as by its link; `None`: there is nothing to compare.
    is_agreeing: Option<bool>,
    /// Whether it has a known headline, in whatever words.
    is_named: bool,
    /// Whether it has a known headline and no word more.
    is_exact: bool,
    /// Whether its day is the one that is remembered.
    is_dated: bool,
}

/// Whether most of these had a field.
fn had(name: &str, known: &[&Known]) -> bool {
    known.iter().filter(|entry| entry.had.contains(&name)).count() * 2 > known.len()
}

/// Which share of the fields that most known entries had most entries read have.
fn kept(known: &[&Known], rows: &[Row<'_>]) -> f64 {
    let usual: Vec<&str> = Entry::FIELDS.into_iter().filter(|name| had(name, known)).collect();
    let has = |name: &str| rows.iter().filter(|row| row.entry.has(name)).count() * 2 > rows.len();
    let kept = usual.iter().filter(|name| has(name)).count();
    if usual.is_empty() { 1.0 } else { kept as f64 / usual.len() as f64 }
}

/// How many unknown entries are unlike the known ones.
fn unlike(rows: &[Row<'_>]) -> usize {
    let known: Vec<&Entry> = rows.iter().filter(|row| row.known.is_some()).map(|row| row.entry).collect();
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
    rows.iter().filter(|row| row.known.is_none() && is_other(row.entry)).count()
}

/// What several unknown entries say again and again, figures aside, and no known one does: "365 Or 769 Petitions for
/// Review" may be a row that was left out before.
fn repeated(rows: &[Row<'_>]) -> HashSet<String> {
    const SEVERAL: usize = 3;
    let mut counts: HashMap<String, usize> = HashMap::new();
    for row in rows.iter().filter(|row| row.known.is_none()) {
        *counts.entry(wording(row.entry)).or_default() += 1;
    }
    for row in rows.iter().filter(|row| row.known.is_some()) {
        counts.remove(&wording(row.entry));
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
