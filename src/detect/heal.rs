//! Healing: a page on which a source's selectors find nothing right any more, and the entries remembered of it → new
//! rules that give back the same entries, or the reason why there are none. Pure.
//!
//! Rules count only when what is known comes back: one known entry to an item, under its own headline, and nearly all
//! that stand on the page anywhere. What merely looks like a listing is not enough: a wrong heal publishes another
//! list under the old name, which is worse than a feed that stands still.

use std::collections::HashSet;

use url::Url;

use super::{
    Keys, Known, Proposal, detect,
    returned::{Remembered, Returned, without_beside},
};
use crate::{
    config::{Css, DateFrom, DateRule, FieldRule, LinkRule, Rules, Source},
    decode::Document,
    entry::Entry,
    extract::{self, extract_parsed, parse::Parsed},
    listing::{DateSource, RawDate, RawEntry, RawField},
    page::Page,
    refresh::{self, Reading},
};

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
    /// Whether the page shows less of the same: the newest of what is known, as it was.
    pub is_cut: bool,
    /// What a person should look at; empty: nothing speaks against it.
    pub doubts: Vec<String>,
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
    let on_page = found.known.len();
    if on_page == 0 {
        return Err(Unhealed::NothingKnown { known: known.len() });
    }
    let unsure = |why: String| Unhealed::Unsure { known: known.len(), on_page, why };
    let remembered = Remembered::new(known, page, &found);
    let text = |json: &Option<Css>| json.as_ref().map(|css| css.text.clone());
    // What stood in the page is looked for in its scripts only when it stands there no more, and the other way.
    let (alike, others): (Vec<&Proposal>, Vec<&Proposal>) =
        found.proposals.iter().partition(|proposal| text(&proposal.rules.json) == text(&old.json));
    let best = likeliest(&alike, &remembered).or_else(|why| likeliest(&others, &remembered).map_err(|_| why));
    let (missing, proposal) = best.map_err(unsure)?;
    Ok(Looking { document, source, old, remembered, still_time }.healed(proposal, missing))
}

/// The proposal that gives back most of what is remembered, and how much of it is missing; or why that is not enough.
fn likeliest<'p>(
    proposals: &[&'p Proposal],
    remembered: &Remembered<'_>,
) -> Result<(usize, &'p Proposal), String> {
    let all = proposals.iter().map(|proposal| remembered.returned(&proposal.reading)).collect();
    let mut best: Option<(Returned, &Proposal)> = None;
    for (returned, proposal) in without_beside(all).into_iter().zip(proposals) {
        if best.as_ref().is_none_or(|(other, _)| returned.worth() > other.worth()) {
            best = Some((returned, proposal));
        }
    }
    let (returned, proposal) = best.ok_or("nothing on it repeats")?;
    returned.check(remembered).map(|()| (returned.missing, proposal))
}

/// A page that a source is healed by.
struct Looking<'l> {
    document: &'l Document,
    source: &'l Source,
    old: &'l Rules,
    remembered: Remembered<'l>,
    still_time: &'l dyn Fn() -> bool,
}

impl Looking<'_> {
    /// The proposal's rules, with every old rule that still works.
    fn healed(&self, proposal: &Proposal, missing: usize) -> Healed {
        let (rules, changes) = Mending::new(self, proposal).settled();
        let reading = self.read(&self.parsed(&rules), &rules);
        let source = Source { rules: Some(rules.into()), ..self.source.clone() };
        let mut returned = self.remembered.returned(&reading);
        returned.missing = missing;
        Healed {
            changes,
            source,
            known: self.remembered.known.len(),
            found: returned.places.len(),
            new: returned.new,
            older: returned.older,
            is_cut: returned.is_cut,
            doubts: returned.doubts(),
            confidence: returned.confidence(),
            reading,
        }
    }

    fn parsed(&self, rules: &Rules) -> Parsed {
        extract::parsed(self.document, rules, self.still_time)
    }

    fn read(&self, parsed: &Parsed, rules: &Rules) -> Reading {
        let listing = extract_parsed(self.document, parsed, rules, self.still_time);
        let page = self.remembered.page;
        let mut reading = refresh::believe(self.document.clone(), listing, page, self.still_time);
        let source = Source { rules: Some(rules.clone().into()), ..self.source.clone() };
        reading.date(&source, &[], page.fetched_at);
        reading
    }
}

/// A field that a source may lack: its key, how it is read, how it is set.
type Optional = (&'static str, fn(&Rules) -> Option<FieldRule>, fn(&mut Rules, Option<FieldRule>));

/// Fields that a source may lack.
const OPTIONAL: [Optional; 5] = [
    ("teaser", |r| r.teaser.clone(), |r, f| r.teaser = f),
    ("image", |r| r.image.clone(), |r, f| r.image = f),
    ("author", |r| r.author.clone(), |r, f| r.author = f),
    ("category", |r| r.category.clone(), |r, f| r.category = f),
    ("id", |r| r.id.clone(), |r, f| r.id = f),
];

/// New rules of which each gives way to the old one that still works.
struct Mending<'m> {
    looking: &'m Looking<'m>,
    keys: &'m Keys,
    parsed: Parsed,
    rules: Rules,
    reading: Reading,
    /// What that gives back.
    returned: Returned,
    changes: Vec<(&'static str, Option<String>)>,
}

impl<'m> Mending<'m> {
    fn new(looking: &'m Looking<'m>, proposal: &'m Proposal) -> Self {
        let (old, new) = (looking.old, &proposal.rules);
        let mut rules = Rules {
            listing: None,
            id: None,
            author: None,
            category: None,
            next: new.next.clone().filter(|_| old.next.is_some()),
            ..new.clone()
        };
        for (_, get, set) in OPTIONAL {
            if get(old).is_none() {
                // What the source never had is not added behind its owner's back.
                set(&mut rules, None);
            }
        }
        let parsed = looking.parsed(if old.json.is_some() { old } else { new });
        let reading = looking.read(&parsed, &rules);
        let returned = looking.remembered.returned(&reading);
        Self { looking, keys: &proposal.keys, parsed, rules, reading, returned, changes: Vec::new() }
    }

    /// The rules that are left, and the keys that change.
    fn settled(mut self) -> (Rules, Vec<(&'static str, Option<String>)>) {
        let old = self.looking.old;
        self.settle_entry();
        let headline =
            is_table(&old.headline).then_some(|rules: &mut Rules| keep(&mut rules.headline, &old.headline));
        self.settle_table("headline", |rules| rules.headline = old.headline.clone(), headline);
        self.settle("link", |rules| rules.link = old.link.clone());
        for (name, get, set) in OPTIONAL {
            let Some(field) = get(old) else { continue };
            let kept = get(&self.rules).filter(|_| is_table(&field)).map(|mut kept| {
                keep(&mut kept, &field);
                move |rules: &mut Rules| set(rules, Some(kept))
            });
            self.settle_table(name, |rules| set(rules, Some(field)), kept);
        }
        let date = self.kept_date().map(|kept| |rules: &mut Rules| rules.date = Some(kept));
        self.settle_table("date", |rules| rules.date.clone_from(&old.date), date);
        if old.next.is_some() {
            self.settle("next", |rules| rules.next.clone_from(&old.next));
        }
        // A key that neither was there nor is needed is no change.
        let had = |name: &str| match name {
            "link" => !matches!(old.link, LinkRule::OfHeadline),
            "date" => old.date.is_some(),
            _ => true,
        };
        self.changes.retain(|(name, value)| value.is_some() || had(name));
        (self.rules, self.changes)
    }

    /// Where the entries are.
    fn settle_entry(&mut self) {
        let old = self.looking.old;
        if old.json.as_ref().map(|css| &css.text) != self.rules.json.as_ref().map(|css| &css.text) {
            self.changes.push(("json", self.keys.value("json")));
        }
        if old.listing.is_some() {
            self.settle("listing", |rules| rules.listing.clone_from(&old.listing));
        }
        self.settle("entry", |rules| {
            rules.entry = old.entry.clone();
            rules.to_next = old.to_next;
        });
        match (old.to_next, self.rules.to_next) {
            (true, false) => self.changes.push(("to_next", None)),
            (false, true) => self.changes.push(("to_next", self.keys.value("to_next"))),
            _ => {}
        }
    }

    /// Goes back to an old rule if that gives as much; else its key changes.
    fn settle(&mut self, name: &'static str, go_back: impl FnOnce(&mut Rules)) {
        if !self.tries(name, go_back) {
            self.changes.push((name, self.keys.value(name)));
        }
    }

    /// The same of a rule that may be a table: what it asks for besides its selector is kept if the new one can bear it.
    fn settle_table(
        &mut self,
        name: &'static str,
        go_back: impl FnOnce(&mut Rules),
        keep: Option<impl FnOnce(&mut Rules)>,
    ) {
        if !self.tries(name, go_back) {
            let selector = match name {
                "headline" => "headline.selector",
                "teaser" => "teaser.selector",
                "image" => "image.selector",
                "date" => "date.selector",
                other => other,
            };
            let is_kept = keep.is_some_and(|keep| self.tries(selector, keep));
            self.changes.push((if is_kept { selector } else { name }, self.keys.value(name)));
        }
    }

    /// Takes other rules if they give as much.
    fn tries(&mut self, name: &str, change: impl FnOnce(&mut Rules)) -> bool {
        let mut trial = self.rules.clone();
        change(&mut trial);
        let tried = self.looking.read(&self.parsed, &trial);
        let returned = self.looking.remembered.returned(&tried);
        let is_as_good = self.is_as_good(name, &tried, &returned);
        if is_as_good {
            (self.rules, self.reading, self.returned) = (trial, tried, returned);
        }
        is_as_good
    }

    /// The new rule of the date with what the old one says of its text; `None`: that says nothing, or they are of other kinds.
    fn kept_date(&self) -> Option<DateRule> {
        let (old, new) = (self.looking.old.date.as_ref()?, self.rules.date.as_ref()?);
        let is_plain = |rule: &DateRule| rule.from.is_empty() && rule.above.is_none();
        let (old_field, mut field) = (old.field.as_ref()?, new.field.clone()?);
        let is_told = old.format.is_some() || old.order.is_some() || old.language.is_some();
        let is_table = is_table(old_field) || is_told && has_no_attribute(old_field);
        keep(&mut field, old_field);
        (is_table && is_plain(old) && is_plain(new)).then(|| DateRule { field: Some(field), ..old.clone() })
    }

    /// Whether a reading with an old rule gives as much as the one with the new rule.
    fn is_as_good(&self, name: &str, tried: &Reading, a: &Returned) -> bool {
        let b = &self.returned;
        let is_listing =
            a.places.len() >= b.places.len() && a.agreeing >= b.agreeing && a.entries == b.entries;
        let by_rule = self.by_old_rule(name, tried);
        let is_most = |of: fn(&Reading) -> usize| of(tried) * 10 >= of(&self.reading) * 9;
        is_listing
            && match name {
                // A place that holds the headline and more says it less well.
                "headline" => a.exact >= b.exact && by_rule * 10 >= a.entries * 9,
                "headline.selector" => a.exact >= b.exact,
                "teaser.selector" => is_most(|reading| count(reading, "teaser")),
                "image.selector" => is_most(|reading| count(reading, "image")),
                "date.selector" => a.dated >= b.dated && is_most(|reading| count(reading, "date")),
                // One address of all entries is the way to something else.
                "link" => is_most(|reading| distinct(reading, |entry| entry.link.as_ref().map(Url::as_str))),
                "image" if by_rule > 0 => {
                    is_most(|reading| distinct(reading, |entry| entry.image.as_ref().map(Url::as_str)))
                }
                // A line that says the day is no teaser.
                "teaser" if by_rule > 0 => {
                    is_most(|reading| count(reading, "teaser")) && text(tried) * 2 >= text(&self.reading)
                }
                "date" if self.looking.old.date.is_some() => {
                    by_rule > 0 && a.dated >= b.dated && is_most(|reading| count(reading, "date"))
                }
                "teaser" | "image" | "author" | "category" if by_rule == 0 => {
                    // What no known entry on the page had either may come again.
                    count(&self.reading, name) == 0 && !self.looking.remembered.had(name, a)
                }
                "id" => by_rule > 0,
                "next" => tried.listing.next.is_some() || self.reading.listing.next.is_none(),
                _ => true,
            }
    }

    /// In how many rows an old rule finds a field, and not what stands in for it.
    fn by_old_rule(&self, name: &str, tried: &Reading) -> usize {
        let old = self.looking.old;
        let is_of = |rule: Option<&FieldRule>, field: Option<&RawField>| {
            rule.zip(field).is_some_and(|(rule, field)| rule.names(&field.selector))
        };
        let is_asked = |date: &RawDate| match date.source {
            DateSource::TimeElement | DateSource::Metadata => false,
            DateSource::LinkPath => old.date.as_ref().is_some_and(|rule| rule.from.contains(&DateFrom::Link)),
            _ => true,
        };
        let is_found = |row: &&RawEntry| match name {
            "headline" => is_of(Some(&old.headline), row.headline.as_ref()),
            "teaser" => is_of(old.teaser.as_ref(), row.teaser.as_ref()),
            "image" => is_of(old.image.as_ref(), row.image.as_ref()),
            "author" => is_of(old.author.as_ref(), row.author.as_ref()),
            "id" => is_of(old.id.as_ref(), row.id.as_ref()),
            "category" => !row.categories.is_empty(),
            "date" => row.dates.iter().any(is_asked),
            _ => true,
        };
        tried.listing.entries.iter().filter(is_found).count()
    }
}

/// Whether a rule asks for more than selectors.
fn is_table(rule: &FieldRule) -> bool {
    let is_more = rule.regex.is_some() || rule.join.is_some() || !rule.cut.is_empty() || rule.required;
    is_more && has_no_attribute(rule)
}

/// Whether another selector can stand in a rule's table: an attribute may be named there for all of them.
fn has_no_attribute(rule: &FieldRule) -> bool {
    rule.candidates.iter().all(|candidate| candidate.attr.is_none())
}

/// Gives a new rule what an old one asks for besides its selectors.
fn keep(new: &mut FieldRule, old: &FieldRule) {
    let candidates = std::mem::take(&mut new.candidates);
    *new = FieldRule { candidates, ..old.clone() };
}

fn count(reading: &Reading, name: &str) -> usize {
    reading.sightings.iter().filter(|sighting| sighting.entry.has(name)).count()
}

fn distinct(reading: &Reading, value: fn(&Entry) -> Option<&str>) -> usize {
    reading.sightings.iter().filter_map(|sighting| value(&sighting.entry)).collect::<HashSet<_>>().len()
}

/// How much teasers say.
fn text(reading: &Reading) -> usize {
    reading.sightings.iter().filter_map(|sighting| sighting.entry.teaser.as_ref()).map(String::len).sum()
}

impl Keys {
    /// One key's value in TOML; `None`: it is not needed.
    pub fn value(&self, name: &str) -> Option<String> {
        let prefix = format!("{name:<8} = ");
        self.to_toml().lines().find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
    }
}
