//! Returned: what a reading gives, held against what is remembered → what came back, and what speaks against it. Pure.
//!
//! A page shows its entries more than once: beside the listing, the most read, in an order of their own and without
//! their days. What is remembered of entries tells the listing from these: it shows them as they came, with what they had.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use jiff::civil::Date;
use url::Url;

use super::{Found, Known, likeness::Headlines};
use crate::{
    entry::Entry,
    moment,
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

/// A page may say the day of the event where it said that of the report: so many days apart, it is one entry.
const NEAR: i64 = 3;

/// What this share of the known entries has, a new one has too.
const USUAL: f64 = 0.9;

/// What is remembered of a source, and what of it stands on a page.
pub struct Remembered<'r> {
    /// The entries, the newest first.
    pub known: &'r [Known],
    /// The page.
    pub page: &'r Page,
    found: &'r Found,
    by_link: HashMap<String, usize>,
    /// What recurs ("Weekly bulletin") is several.
    by_headline: HashMap<String, Vec<usize>>,
    worded: Headlines,
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
    /// Known entries read with a day far from the one that is remembered.
    redated: usize,
    /// Known entries read that have nothing of what is remembered of them but the headline: they never had a link, and
    /// do not have about their day.
    bare: usize,
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
    /// Whether it is the beginning of what is known, and each entry has its day and all else that it had: the page shows
    /// fewer now. One may be gone.
    pub is_cut: bool,
    /// Whether most of what came back did so by its link alone, under headlines that are not known: another language
    /// perhaps.
    is_renamed: bool,
    /// Whether most headlines read are days and say no more.
    has_day_headlines: bool,
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
        let fewest = FEWEST.min(remembered.found.known.len().max(2)).min(remembered.known.len().max(2));
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
        if self.is_renamed && self.has_day_headlines {
            return Err("the headlines in what is most like the listing are merely dates".to_owned());
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
            (self.redated > self.dated, format!("{} known entries have other dates", self.redated)),
            (
                self.bare * 2 > self.places.len(),
                format!("{} known entries are known by their headline alone", self.bare),
            ),
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

impl<'r> Remembered<'r> {
    /// What is remembered, by what it can be known again; `found` is what stands on the page.
    pub fn new(known: &'r [Known], page: &'r Page, found: &'r Found) -> Self {
        let mut by_link = HashMap::new();
        let mut by_headline: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, entry) in known.iter().enumerate() {
            if let Some(link) = &entry.link {
                by_link.entry(canonical(link, &page.url)).or_insert(number);
            }
            by_headline.entry(comparable(&entry.headline)).or_default().push(number);
        }
        let worded = Headlines::of(known.iter().map(|entry| entry.headline.as_str()));
        Self { known, page, found, by_link, by_headline, worded }
    }

    /// Holds a reading against what is remembered.
    pub fn returned(&self, reading: &Reading) -> Returned {
        let mut rows: Vec<Row<'_>> =
            reading.sightings.iter().map(|sighting| self.row(&sighting.entry)).collect();
        let itself: HashSet<usize> =
            rows.iter().filter(|row| !row.is_reworded).filter_map(|row| row.known).collect();
        for row in &mut rows {
            // What is like a known headline that stands on the page as well is another entry.
            if row.is_reworded && row.known.is_some_and(|number| itself.contains(&number)) {
                *row = Row::unknown(row.entry);
            }
        }
        let mut places: Vec<usize> = Vec::new();
        for number in rows.iter().filter_map(|row| row.known) {
            if !places.contains(&number) {
                places.push(number);
            }
        }
        let found: Vec<&Known> = places.iter().map(|number| &self.known[*number]).collect();
        let missing =
            self.found.known.iter().filter(|number| !places.contains(&usize::from(**number))).count();
        let (older, amid) = self.misplaced(&rows);
        let kept = kept(&found, &rows);
        let is_whole = kept >= 1.0 && rows.iter().all(|row| row.known.is_none() || row.days_off == Some(0));
        let count = |is: fn(&Row<'_>) -> bool| rows.iter().filter(|row| is(row)).count();
        Returned {
            agreeing: count(|row| row.is_agreeing == Some(true)),
            compared: count(|row| row.is_agreeing.is_some()),
            exact: count(|row| row.is_exact),
            dated: count(|row| row.days_off == Some(0)),
            redated: count(|row| row.days_off.is_some_and(|days| days > NEAR)),
            bare: count(|row| row.is_bare),
            entries: rows.len(),
            new: count(|row| row.known.is_none()) - older,
            older,
            amid,
            unlike: unlike(&rows),
            missing,
            is_in_order: self.is_in_order(&places),
            kept,
            is_cut: is_beginning(&places) && is_whole,
            lost_days: had("date", &found) && !rows.iter().any(|row| row.entry.has("date")),
            has_day_headlines: rows.iter().filter(|row| is_day_alone(row, reading)).count() * 2 > rows.len(),
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

    /// An entry read, with what is known of it.
    fn row<'e>(&self, entry: &'e Entry) -> Row<'e> {
        let number_of = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let linked =
            entry.link.as_ref().and_then(|link| self.by_link.get(&canonical(link, &self.page.url))).copied();
        let same = self.by_headline.get(&comparable(&entry.headline));
        let exactly = same.and_then(|numbers| self.of_one_headline(numbers, entry));
        let reworded = || self.worded.find(&entry.headline).map(usize::from).filter(|_| same.is_none());
        let named = exactly.or_else(reworded);
        // Where the headline stands nowhere on the page there is nothing to compare.
        let compared = linked.filter(|number| self.found.known_by_headline.contains(&number_of(*number)));
        let is_agreeing = compared.map(|number| {
            exactly == Some(number)
                || self.worded.is_in(number_of(number), &entry.headline)
                || is_same_headline(entry, &self.known[number])
        });
        let known = linked.or(named);
        let is_reworded = linked.or(exactly).is_none() && named.is_some();
        let day = known.and_then(|number| self.known[number].stated_day());
        let days_off = day.zip(stated_day(entry)).map(|(known, read)| known.duration_until(read).abs());
        let days_off = days_off.map(|off| off.as_hours() / 24);
        let is_unlinked = known.is_some_and(|number| self.known[number].link.is_none());
        let is_bare = is_unlinked && days_off.is_none_or(|days| days > NEAR);
        let is_named = named.is_some() || is_agreeing == Some(true);
        Row { entry, known, is_reworded, is_agreeing, is_named, is_exact: same.is_some(), days_off, is_bare }
    }

    /// Which of the known entries with an entry's headline it is: of several the one of its day.
    fn of_one_headline(&self, numbers: &[usize], entry: &Entry) -> Option<usize> {
        let (first, others) = numbers.split_first()?;
        let Some(day) = stated_day(entry).filter(|_| !others.is_empty()) else { return Some(*first) };
        let is_its = |known: &Known| known.stated_day().is_none_or(|own| own == day);
        numbers.iter().copied().find(|number| is_its(&self.known[*number]))
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
        let unknown = unknown.map(|(place, row)| (place, stated_day(row.entry)));
        let (older, others): (Vec<_>, Vec<_>) = unknown.partition(|(place, day)| is_older(*place, *day));
        (older.len(), others.into_iter().filter(|(place, day)| is_amid(*place, *day)).count())
    }
}

/// An entry read, and what is known of it.
struct Row<'e> {
    entry: &'e Entry,
    /// Which known entry it is, by its number; `None`: it is none.
    known: Option<usize>,
    /// Whether it is known by nothing but most words of its headline.
    is_reworded: bool,
    /// Whether its headline is that of the entry it is known as by its link; `None`: there is nothing to compare.
    is_agreeing: Option<bool>,
    /// Whether it has a known headline, in whatever words.
    is_named: bool,
    /// Whether it has a known headline and no word more.
    is_exact: bool,
    /// How many days lie between its day and the one that is remembered; `None`: there is nothing to compare.
    days_off: Option<i64>,
    /// Whether it is known by its headline alone, and had no link to be known by.
    is_bare: bool,
}

impl<'e> Row<'e> {
    /// An entry of which nothing is known.
    fn unknown(entry: &'e Entry) -> Self {
        Self {
            entry,
            known: None,
            is_reworded: false,
            is_agreeing: None,
            is_named: false,
            is_exact: false,
            days_off: None,
            is_bare: false,
        }
    }
}

/// The day that a page gave an entry.
fn stated_day(entry: &Entry) -> Option<Date> {
    entry.moment.as_ref().map(|moment| moment.day)
}

impl Known {
    /// Its day, if a page gave it one.
    fn stated_day(&self) -> Option<Date> {
        self.day.filter(|_| self.had.contains(&"date"))
    }
}

fn is_day_alone(row: &Row<'_>, reading: &Reading) -> bool {
    moment::is_day_alone(&row.entry.headline, reading.listing.language.as_deref())
}

/// Whether these are the newest of what is known, but for one.
fn is_beginning(places: &[usize]) -> bool {
    places.iter().all(|number| *number <= places.len())
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
