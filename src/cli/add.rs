//! `add`: a page → its own feeds, and the listings on it as sources that could be followed.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::{Exit, Failure, Outcome, Places, capture, live::PARSE_LIMIT, replay, terminal::Terminal, workspace};
use crate::{
    clock::{self, Deadline},
    config::{Source, save},
    decode,
    detect::{self, Found, Known, Proposal},
    fetch,
    fixture::folder,
    id::SourceId,
    page::{Headers, Page},
};

/// Below this confidence nothing is written without a person's choice.
const SURE: f64 = 0.6;

/// Entries shown of a proposal; the rest is counted.
const SHOWN: usize = 20;

/// Options of `add`.
#[derive(Debug, Args)]
pub struct Options {
    /// The page to follow
    #[arg(value_name = "URL", required_unless_present = "page")]
    url: Option<Url>,
    /// A saved page instead of the network
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// The saved page's address
    #[arg(long = "url", value_name = "URL", requires = "page", conflicts_with = "url")]
    address: Option<Url>,
    /// When the page was saved, such as 2025-03-07T09:00:00Z [default: now]
    #[arg(long, value_name = "TIME", requires = "page")]
    at: Option<Timestamp>,
    /// A headline you see on the page, or a part of it; can be given again
    #[arg(long, value_name = "TEXT")]
    like: Vec<String>,
    /// Take this listing of the page, 1 being the likeliest
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    listing: usize,
    /// The id of the new source [default: made from the address]
    #[arg(long, value_name = "ID", value_parser = SourceId::new)]
    id: Option<SourceId>,
    /// Write the source to the config, and the page as its first fixture
    #[arg(long)]
    yes: bool,
    /// The folder of fixtures
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    fixtures: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn add(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let page = page(options)?;
    let found = look(&page, options)?;
    let chosen = options.listing.checked_sub(1).and_then(|at| found.proposals.get(at));
    let id = options.id.clone().unwrap_or_else(|| id_of(&page.url));
    let text = if options.json { format!("{:#}\n", as_json(&found, chosen)) } else { as_text(&found, chosen, &id) };
    terminal.data(&text);
    let Some(chosen) = chosen else {
        return Err(Failure { exit: Exit::NeedsPerson, ..nothing(&found, options) });
    };
    if !options.yes {
        terminal.remark(&format!("next: the same with `--yes` writes it to the config as `{id}`"));
        return Ok(Exit::Fine);
    }
    let is_chosen_by_person = options.listing > 1 || !options.like.is_empty();
    if chosen.confidence < SURE && !is_chosen_by_person {
        let message = format!("a confidence of {:.2} is too low to write the source", chosen.confidence);
        let failure = Failure::usage(message).hint("name a headline you see with `--like \"...\"`, and look at what it gives");
        return Err(Failure { exit: Exit::NeedsPerson, ..failure });
    }
    write(places, (&id, options), (&page, chosen), terminal)
}

fn write(
    places: &Places,
    (id, options): (&SourceId, &Options),
    (page, chosen): (&Page, &Proposal),
    terminal: &Terminal,
) -> Outcome {
    let file = save::new_source(places.config.as_deref(), id, &chosen.keys.to_toml())
        .map_err(|error| Failure::usage(error.to_string()))?;
    // What was written must be what every later command reads.
    let config = workspace::config(places, terminal)?;
    workspace::one(&config, id.as_str())?;
    let case = folder::save(&options.fixtures, id, page).map_err(|error| replay::failure(&error))?;
    terminal.say(&format!("`{id}` is in `{}`, its page in `{}`", file.display(), case.display()));
    Ok(Exit::Fine)
}

fn page(options: &Options) -> Result<Page, Failure> {
    let Some(path) = &options.page else {
        let url = options.url.as_ref().expect("clap asks for one when there is no page");
        return capture::fetch(&asking(url)?);
    };
    let url = options.address.clone().or_else(|| options.url.clone());
    let url = url.ok_or_else(|| Failure::usage("`--page` needs the page's address").hint("add `--url URL`"))?;
    let body = folder::read_page(path).map_err(|error| replay::failure(&error))?;
    let headers = Headers(vec![("content-type".to_owned(), "text/html".to_owned())]);
    Ok(Page { url, status: 200, headers, body, fetched_at: options.at.unwrap_or_else(clock::now) })
}

/// A source that only asks for its page.
fn asking(url: &Url) -> Result<Source, Failure> {
    let keys = detect::Keys::of_page(url.clone());
    keys.source("new").ok_or_else(|| Failure::usage(format!("`{url}` is not the address of a page")))
}

fn look(page: &Page, options: &Options) -> Result<Found, Failure> {
    let document = decode::decode(page);
    if let Some(verdict) = fetch::refused(page, document.as_ref().ok().map(|document| document.text.as_str())) {
        let message = format!("{}: {} ({})", page.url, verdict.word(), verdict.reason().unwrap_or_default());
        return Err(Failure { exit: Exit::NeedsPerson, ..Failure::usage(message) });
    }
    let document = document.map_err(|why| Failure::usage(format!("{}: {why}", page.url)))?;
    let known: Vec<Known> =
        options.like.iter().map(|text| Known { headline: text.clone(), is_typed: true, ..Known::default() }).collect();
    let deadline = Deadline::after(PARSE_LIMIT);
    let mut found = detect::detect(&document, page, &known, &|| deadline.is_ahead());
    if !known.is_empty() {
        found.proposals.retain(|proposal| proposal.held.entries > 0);
    }
    Ok(found)
}

fn nothing(found: &Found, options: &Options) -> Failure {
    if let count @ 1.. = found.proposals.len() {
        return Failure::usage(format!("the page has {count} listings, not {}", options.listing));
    }
    if !options.like.is_empty() {
        let message = if found.known_on_page == 0 {
            "what `--like` says does not stand on the page"
        } else {
            "what `--like` says stands on the page, in nothing that repeats"
        };
        return Failure::usage(message);
    }
    /// A page with less text than this is an empty shell.
    const SHELL_BYTES: usize = 2000;
    let failure = Failure::usage("no listing found on the page");
    match found.feeds.first() {
        Some(feed) => failure.hint(format!("it has a feed of its own: {}", feed.url)),
        None if found.text_bytes < SHELL_BYTES => {
            failure.hint("it has hardly any text: its entries may be put there by scripts, which gleaner does not run")
        }
        None => failure.hint("name a headline you see with `--like \"...\"`"),
    }
}

/// A slug from an address: `example-news` of `https://www.example.org/en/news/`.
fn id_of(url: &Url) -> SourceId {
    let host = url.host_str().unwrap_or("page");
    let host = host.strip_prefix("www.").unwrap_or(host);
    let name = host.rsplit_once('.').map_or(host, |(name, _)| name);
    let path = url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty())).unwrap_or("");
    let path = path.split('.').next().unwrap_or("");
    let mut slug = String::new();
    for c in format!("{name}-{path}").to_lowercase().chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '-' };
        if c != '-' || !(slug.is_empty() || slug.ends_with('-')) {
            slug.push(c);
        }
    }
    slug.truncate(60);
    SourceId::new(slug.trim_matches('-')).unwrap_or_else(|_| SourceId::new("page").expect("it is a slug"))
}

fn as_text(found: &Found, chosen: Option<&Proposal>, id: &SourceId) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    for feed in &found.feeds {
        let _ = writeln!(out, "# the page has a feed of its own: {}", feed.url);
    }
    let Some(chosen) = chosen else { return out };
    let sure = if chosen.confidence >= 0.9 { "" } else { ": please check" };
    let _ = writeln!(out, "# confidence {:.2}{sure}\n[source.{id}]\n{}", chosen.confidence, chosen.keys.to_toml());
    table(&mut out, chosen, SHOWN);
    for (at, other) in found.proposals.iter().enumerate().filter(|(_, other)| !std::ptr::eq(*other, chosen)) {
        let _ = writeln!(
            out,
            "\nlisting {}, confidence {:.2}: `{}`",
            at + 1,
            other.confidence,
            other.keys.entry
        );
        table(&mut out, other, 3);
    }
    out
}

fn table(out: &mut String, proposal: &Proposal, most: usize) {
    let entries: Vec<_> = proposal.reading.sightings.iter().map(|sighting| &sighting.entry).collect();
    for entry in entries.iter().take(most) {
        let day = entry.moment.as_ref().map_or_else(|| "-".repeat(10), |moment| moment.day.to_string());
        let headline: String = entry.headline.chars().take(100).collect();
        let link = entry.link.as_ref().map_or("no link", Url::as_str);
        let _ = writeln!(out, "  {day}  {headline}\n              {link}");
    }
    let count = |has: fn(&crate::entry::Entry) -> bool| entries.iter().filter(|entry| has(entry)).count();
    let _ = writeln!(
        out,
        "  {} entries: {} with a link, {} with a date, {} with a teaser, {} with an image",
        entries.len(),
        count(|entry| entry.link.is_some()),
        count(|entry| entry.moment.is_some()),
        count(|entry| entry.teaser.is_some()),
        count(|entry| entry.image.is_some()),
    );
}

fn as_json(found: &Found, chosen: Option<&Proposal>) -> Value {
    let others = found.proposals.iter().filter(|other| chosen.is_none_or(|chosen| !std::ptr::eq(*other, chosen)));
    let mut value = chosen.map_or_else(
        || json!({ "source": null, "confidence": 0.0, "entries": [] }),
        proposal_json,
    );
    value["others"] = others.map(proposal_json).collect();
    value["feeds"] = json!(found.feeds);
    value
}

fn proposal_json(proposal: &Proposal) -> Value {
    let entries: Vec<Value> = proposal
        .reading
        .sightings
        .iter()
        .map(|sighting| {
            let entry = &sighting.entry;
            let date = entry
                .moment
                .as_ref()
                .map(|moment| moment.instant.map_or_else(|| moment.day.to_string(), |instant| instant.to_string()));
            json!({
                "headline": entry.headline,
                "link": entry.link,
                "date": date,
                "teaser": entry.teaser,
                "image": entry.image,
            })
        })
        .collect();
    let confidence = (proposal.confidence * 1000.0).round() / 1000.0;
    json!({ "source": proposal.keys.to_json(), "confidence": confidence, "entries": entries })
}
