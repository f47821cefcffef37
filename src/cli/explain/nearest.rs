//! Nearest: rules and what they give → lines for a person on what would match, and on what can hardly be meant. Pure but
//! for the deadline.

use super::{fields, rules_of};
use crate::{
    cli::live::PARSE_LIMIT,
    clock::Deadline,
    config::{FieldRule, LinkRule, Rules, Source},
    detect::{self, Proposal},
    entry::{Entry, Sighting},
    extract,
    listing::{DateSource, RawEntry, RawField},
    moment,
    page::Page,
    refresh::Reading,
};

/// A listing less likely than this is not named.
const LIKELY: f64 = 0.6;

/// What is said of a listing as likely as this, the rows of the rules are held against.
const SURE: f64 = 0.9;

/// So many rows are no accident.
const FEWEST: usize = 3;

/// What would match: the parts of the selectors that find nothing, and the page's own listing.
pub fn nearest(source: &Source, page: &Page, reading: &Reading) -> Vec<String> {
    let Some(rules) = rules_of(source, reading) else { return Vec::new() };
    let missed = missed(rules, reading);
    let mut lines = extract::nearest(&reading.document, rules, &missed);
    // The verdict says that of the whole selector.
    lines.retain(|line| *line != format!("`{}` matches nothing", rules.entry.text));
    let without_days = without_days(rules, reading);
    let lacking: Vec<&str> =
        missed.iter().map(|(name, _)| *name).chain(without_days.as_ref().map(|_| "date")).collect();
    lines.extend(without_days);
    lines.extend(oddities(rules, reading));
    let deadline = Deadline::after(PARSE_LIMIT);
    let found = detect::detect(&reading.document, page, &[], &|| deadline.is_ahead());
    match found.proposals.first().filter(|best| best.confidence >= LIKELY) {
        Some(best) if reading.sightings.is_empty() => {
            let entries = &best.reading.sightings;
            let first = entries.first().map_or("", |sighting| sighting.entry.headline.as_str());
            lines.push(format!(
                "a listing of {} entries, the first \"{first}\", is at `{}`",
                entries.len(),
                best.keys.entry
            ));
        }
        Some(best) => lines.extend(beside(rules, reading, best, &lacking)),
        None if reading.sightings.is_empty() => {
            lines.push("nothing on the page is like a listing".to_owned());
        }
        None => {}
    }
    lines
}

/// The fields of the rules that no row has by them.
fn missed<'r>(rules: &'r Rules, reading: &Reading) -> Vec<(&'static str, &'r FieldRule)> {
    let rows = &reading.listing.entries;
    let is_by =
        |rule: &FieldRule, field: Option<&RawField>| field.is_some_and(|field| rule.names(&field.selector));
    let nothing = RawEntry::default();
    let asked = fields(Some(rules), &nothing).into_iter().enumerate();
    let asked = asked.filter_map(|(at, (name, _, rule))| Some((at, name, rule?)));
    let of_rows = asked.filter(|(at, _, rule)| !rows.iter().any(|row| is_by(rule, fields(None, row)[*at].1)));
    let mut missed: Vec<(&'static str, &FieldRule)> = of_rows.map(|(_, name, rule)| (name, rule)).collect();
    let category = rules.category.as_ref().filter(|_| rows.iter().all(|row| row.categories.is_empty()));
    missed.extend(category.map(|rule| ("category", rule)));
    let enclosure = rules.enclosure.as_ref().filter(|_| rows.iter().all(|row| row.files.is_empty()));
    missed.extend(enclosure.map(|rule| ("enclosure", rule)));
    let is_dated = rows.iter().flat_map(|row| &row.dates).any(|date| date.source == DateSource::Field);
    let date = rules.date.as_ref().and_then(|date| date.field.as_ref()).filter(|_| !is_dated);
    missed.extend(date.map(|rule| ("date", rule)));
    if rows.is_empty() {
        // Rows that are dropped tell nothing of what they need not have.
        missed.retain(|(name, rule)| *name == "headline" || rule.required);
    }
    missed
}

/// What the date's selector gives where no text of it holds a date.
fn without_days(rules: &Rules, reading: &Reading) -> Option<String> {
    let field = rules.date.as_ref()?.field.as_ref()?;
    let texts = reading.listing.entries.iter().flat_map(|row| &row.dates);
    let text = texts.filter(|date| date.source == DateSource::Field).map(|date| &date.field.value).next()?;
    let is_undated = reading.resolutions.iter().all(|resolution| resolution.outcome.is_err());
    is_undated.then(|| {
        format!(
            "`date`: no date can be read from what `{}` gives, \"{text}\" first",
            field.candidates[0].text
        )
    })
}

/// How the rows that were read stand to the page's own listing, and what that has for fields where the rules find nothing.
fn beside(rules: &Rules, reading: &Reading, best: &Proposal, lacking: &[&str]) -> Vec<String> {
    let (own, listed) = (&reading.sightings, &best.reading.sightings);
    let is_one = |a: &Entry, b: &Entry| a.headline == b.headline || a.link.is_some() && a.link == b.link;
    let is_listed = |own: &&Sighting| listed.iter().any(|listed| is_one(&own.entry, &listed.entry));
    let shared = own.iter().filter(is_listed).count();
    let (entry, at) = (&rules.entry.text, &best.keys.entry);
    let is_sure = best.confidence >= SURE && listed.len() >= FEWEST;
    let mut lines = Vec::new();
    if is_sure && shared > 0 && shared == own.len() && own.len() * 2 <= listed.len() {
        lines.push(format!(
            "`entry`: `{entry}` gives {shared} of the {} entries of a listing; one each is at `{at}`",
            listed.len()
        ));
    }
    let other = own.iter().find(|sighting| !is_listed(sighting));
    if let Some(other) = other.filter(|_| is_sure && shared == listed.len() && own.len() >= shared + FEWEST) {
        lines.push(format!(
            "`entry`: {shared} of the {} rows of `{entry}` are a listing, which `{at}` alone gives; the others are not, \"{}\" first",
            own.len(),
            other.entry.headline
        ));
    }
    if shared * 2 > own.len() {
        lines.extend(lacking.iter().filter_map(|name| match best.keys.value(name) {
            Some(value) => Some(format!("`{name} = {value}` would find one")),
            None => (*name == "link").then(|| "without `link` the headline's own link is taken".to_owned()),
        }));
    }
    lines
}

/// What the rules find in the rows, and what can hardly be meant.
fn oddities(rules: &Rules, reading: &Reading) -> Vec<String> {
    let entries: Vec<&Entry> = reading.sightings.iter().map(|sighting| &sighting.entry).collect();
    let Some(first) = entries.first().filter(|_| entries.len() >= FEWEST) else { return Vec::new() };
    let mut lines = Vec::new();
    let language = reading.listing.language.as_deref();
    let days = entries.iter().filter(|entry| moment::is_day_alone(&entry.headline, language)).count();
    if days * 2 > entries.len() {
        lines.push(format!(
            "`headline`: what `{}` gives is merely a date in {days} of {} entries, \"{}\" first",
            rules.headline.candidates[0].text,
            entries.len(),
            first.headline
        ));
    }
    let link = first.link.as_ref().filter(|_| entries.iter().all(|entry| entry.link == first.link));
    if let Some(link) = link {
        let by = match &rules.link {
            LinkRule::Field(rule) => format!("`link`: what `{}` gives", rule.candidates[0].text),
            LinkRule::OfHeadline | LinkRule::None => "`link`: the headline's own link".to_owned(),
        };
        lines.push(format!(
            "{by} is one address for all {} entries, {link}: they are told apart by headline, date and teaser",
            entries.len()
        ));
    }
    lines
}
