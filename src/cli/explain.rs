//! `explain`: for each entry and field, the way from the page to the value, or why there is none.

mod nearest;

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{
    Exit, Failure, Outcome, Places, Replay, capture, live::PARSE_LIMIT, replay, terminal::Terminal, workspace,
};
use crate::{
    clock::Deadline,
    config::{FieldRule, LinkRule, Rules, Source},
    fixture::{self, Saved, folder},
    listing::{Container, RawEntry, RawField},
    page::Page,
    refresh::Reading,
    verdict::Verdict,
};
use nearest::nearest;

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct Options {
    /// The source, or the address of its page
    #[arg(value_name = "ID")]
    id: String,
    /// A saved page instead of the network: a fixture's folder, or a kept page
    #[arg(long, value_name = "PATH", conflicts_with = "replay")]
    case: Option<PathBuf>,
    /// A page saved by a browser instead of the network: read as if it were the source's now
    #[arg(long, value_name = "FILE", conflicts_with_all = ["replay", "case"])]
    page: Option<PathBuf>,
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
    if let Some(path) = &options.page {
        return Ok(replay::page(path, source.url.to_url(), None)?.into());
    }
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
        for (name, found) in [("category", &raw.categories), ("enclosure", &raw.files)] {
            for one in found {
                field(&mut out, name, Some(one), None);
            }
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
