//! `explain`: for each entry and field, the way from the page to the value, or why there is none.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{
    Exit, Failure, Outcome, Places, Replay, capture, live::PARSE_LIMIT, replay, terminal::Terminal, workspace,
};
use crate::{
    clock::Deadline,
    config::{FieldRule, LinkRule, Rules, Source},
    detect::{self, Proposal},
    entry::{Entry, Sighting},
    extract,
    fixture::{self, Saved, folder},
    listing::{Container, DateSource, RawEntry, RawField},
    page::Page,
    refresh::Reading,
    verdict::Verdict,
};

/// A listing less likely than this is not named.
const LIKELY: f64 = 0.6;

/// What is said of a listing as likely as this, the rows of the rules are held against.
const SURE: f64 = 0.9;

/// So many rows are no accident.
const FEWEST: usize = 3;

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct Options {
    /// The source
    #[arg(value_name = "ID")]
    id: String,
    /// A saved page instead of the network: a fixture's folder, or a kept page
    #[arg(long, value_name = "PATH", conflicts_with = "replay")]
    case: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    replay: Replay,
}

pub fn explain(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let source = workspace::one(&config, &options.id)?;
    let saved = saved(source, options)?;
    let page = &saved.page;
    let deadline = Deadline::after(PARSE_LIMIT);
    let reading = match fixture::read_saved(source, &saved, &|| deadline.is_ahead()) {
        Ok(reading) => reading,
        Err(verdict) => {
            terminal.data(&refused(source, &verdict, options.json));
            return Ok(Exit::NeedsPerson);
        }
    };
    let verdict = reading.verdict_without_entries(source, &[]);
    let text = if options.json {
        format!("{:#}\n", as_json(source, page, &reading, verdict.as_ref()))
    } else {
        as_text(source, page, &reading, verdict.as_ref())
    };
    terminal.data(&text);
    Ok(workspace::exit_if(|| verdict.is_some_and(|verdict| verdict.is_failure())))
}

fn saved(source: &Source, options: &Options) -> Result<Saved, Failure> {
    let case = match (&options.case, &options.replay.replay) {
        (Some(path), _) => folder::case(path, &source.id).map_err(|error| replay::failure(&error))?,
        (None, Some(root)) => replay::newest(root, source, options.replay.until)?,
        (None, None) => return capture::fetch_all(source),
    };
    case.saved().map_err(|error| replay::failure(&error))
}

fn refused(source: &Source, verdict: &Verdict, json: bool) -> String {
    if json {
        return format!("{:#}\n", json!({ "source": source.id, "verdict": verdict, "entries": [] }));
    }
    format!("{}: {} ({})\n", source.id, verdict.word(), verdict.reason().unwrap_or_default())
}

/// The fields in the order people ask for them, with what the config says of each.
fn fields<'r, 'e>(
    rules: Option<&'r Rules>,
    raw: &'e RawEntry,
) -> [(&'static str, Option<&'e RawField>, Option<&'r FieldRule>); 6] {
    let link = match rules.map(|rules| &rules.link) {
        Some(LinkRule::Field(rule)) => Some(rule),
        Some(LinkRule::OfHeadline | LinkRule::None) | None => None,
    };
    let rule = |of: fn(&Rules) -> Option<&FieldRule>| rules.and_then(of);
    [
        ("headline", raw.headline.as_ref(), rule(|rules| Some(&rules.headline))),
        ("link", raw.link.as_ref(), link),
        ("id", raw.id.as_ref(), rule(|rules| rules.id.as_ref())),
        ("teaser", raw.teaser.as_ref(), rule(|rules| rules.teaser.as_ref())),
        ("image", raw.image.as_ref(), rule(|rules| rules.image.as_ref())),
        ("author", raw.author.as_ref(), rule(|rules| rules.author.as_ref())),
    ]
}

/// The rules that read the document; `None`: it is a feed.
fn rules_of<'a>(source: &'a Source, reading: &Reading) -> Option<&'a Rules> {
    source.rules.as_deref().filter(|_| reading.listing.container != Container::Feed)
}

fn rows_of(source: &Source, reading: &Reading) -> String {
    match rules_of(source, reading) {
        Some(rules) => format!("entry `{}`", rules.entry.text),
        None => "the entries of a feed".to_owned(),
    }
}

/// How the listing goes on.
fn over_pages(source: &Source, reading: &Reading) -> String {
    match (rules_of(source, reading).and_then(|rules| rules.next.as_ref()), reading.pages) {
        (None, _) => String::new(),
        (Some(_), 1) => " on one page: `next` leads to no other with entries".to_owned(),
        (Some(_), pages) => format!(" on {pages} pages"),
    }
}

/// What would match: the parts of the selectors that find nothing, and the page's own listing.
fn nearest(source: &Source, page: &Page, reading: &Reading) -> Vec<String> {
    let Some(rules) = rules_of(source, reading) else { return Vec::new() };
    let missed = missed(rules, reading);
    let mut lines = extract::nearest(&reading.document, rules, &missed);
    // The verdict says that of the whole selector.
    lines.retain(|line| *line != format!("`{}` matches nothing", rules.entry.text));
    let without_days = without_days(rules, reading);
    let lacking: Vec<&str> =
        missed.iter().map(|(name, _)| *name).chain(without_days.as_ref().map(|_| "date")).collect();
    lines.extend(without_days);
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

fn as_text(source: &Source, page: &Page, reading: &Reading, verdict: Option<&Verdict>) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        out,
        "{}: {} of {}, {} by {}\n{}: {}{}",
        source.id,
        page.url,
        workspace::local(page.fetched_at),
        reading.document.charset,
        reading.document.found_by,
        rows_of(source, reading),
        workspace::count(reading.listing.entries.len(), "row"),
        over_pages(source, reading),
    );
    if let Some(verdict) = verdict {
        let _ = writeln!(out, "{}: {}", verdict.word(), verdict.reason().unwrap_or_default());
    }
    for near in nearest(source, page, reading) {
        let _ = writeln!(out, "  nearest: {near}");
    }
    for raw in &reading.listing.entries {
        let _ = writeln!(out, "\nrow {}", raw.row);
        for (name, found, rule) in fields(rules_of(source, reading), raw) {
            field(&mut out, name, found, rule);
        }
        for category in &raw.categories {
            field(&mut out, "category", Some(category), None);
        }
        date(&mut out, reading, raw);
        for diagnostic in reading.diagnostics.iter().filter(|d| d.row == Some(raw.row)) {
            let _ = writeln!(out, "  note      {}", diagnostic.message);
        }
    }
    for diagnostic in reading.diagnostics.iter().filter(|d| d.row.is_none()) {
        let _ = writeln!(out, "\nnote: {}", diagnostic.message);
    }
    out
}

fn field(out: &mut String, name: &str, found: Option<&RawField>, rule: Option<&FieldRule>) {
    match (found, rule) {
        (Some(field), _) => {
            let _ = writeln!(out, "  {name:<9} {}", field.value);
            let _ = writeln!(out, "            from `{}` on {}", field.selector, field.element);
            if field.raw != field.value {
                let _ = writeln!(out, "            raw: {}", field.raw);
            }
        }
        (None, Some(rule)) => {
            let asked: Vec<String> = rule.candidates.iter().map(|c| format!("`{}`", c.text)).collect();
            let _ = writeln!(out, "  {name:<9} – {} matched nothing here", asked.join(", then "));
        }
        (None, None) => {}
    }
}

fn date(out: &mut String, reading: &Reading, raw: &RawEntry) {
    let Some(at) = reading.sightings.iter().position(|s| s.rows.contains(&raw.row)) else {
        return;
    };
    let resolution = &reading.resolutions[at];
    match &resolution.outcome {
        Ok(moment) => {
            let range = moment.first_day.map_or_else(String::new, |first| format!("{first} to "));
            let time = moment.instant.map_or_else(String::new, |instant| format!(" ({instant})"));
            let _ = writeln!(out, "  date      {range}{}{time}", moment.day);
            let _ = writeln!(
                out,
                "            {} from `{}`, precision {}, rule {}",
                word(&moment.provenance),
                resolution.text,
                word(&moment.precision),
                resolution
                    .settled
                    .map_or_else(|| resolution.rule.to_owned(), |by| format!("{}, {by}", resolution.rule)),
            );
        }
        Err(why) => {
            let _ = writeln!(out, "  date      – {why}; it will be the time it is first seen");
        }
    }
}

/// A value's word, as it stands in JSON.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn as_json(source: &Source, page: &Page, reading: &Reading, verdict: Option<&Verdict>) -> Value {
    let rows: Vec<Value> = reading
        .listing
        .entries
        .iter()
        .map(|raw| {
            let mut row = json!({ "row": raw.row, "categories": raw.categories, "dates": raw.dates });
            for (name, found, _) in fields(rules_of(source, reading), raw) {
                row[name] = json!(found);
            }
            if let Some(at) = reading.sightings.iter().position(|s| s.rows.contains(&raw.row)) {
                let resolution = &reading.resolutions[at];
                row["date"] = match &resolution.outcome {
                    Ok(moment) => json!({
                        "moment": moment,
                        "rule": resolution.rule,
                        "settled": resolution.settled,
                        "text": resolution.text,
                    }),
                    Err(why) => json!({ "moment": null, "reason": why.to_string(), "rule": resolution.rule }),
                };
            }
            row
        })
        .collect();
    json!({
        "source": source.id,
        "charset": reading.document.charset,
        "verdict": verdict,
        "nearest": nearest(source, page, reading),
        "entries": rows,
        "diagnostics": reading.diagnostics,
    })
}
