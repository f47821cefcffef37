//! Offers: what a page could be followed by, as text to read and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use url::Url;

use crate::{
    detect::{Found, Proposal},
    entry::Entry,
    id::SourceId,
    page::Page,
    refresh::Reading,
};

/// Entries shown of what is chosen; the rest is counted.
const SHOWN: usize = 20;

/// Entries shown of what else is there.
const SHOWN_OF_OTHERS: usize = 3;

/// A source that could be followed, and what it gives.
pub struct Offer {
    /// Its keys in TOML.
    pub toml: String,
    /// Its keys in JSON.
    pub json: Value,
    /// How likely it is what is wanted, from 0 to 1.
    pub confidence: f64,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// In a few words, what it is.
    pub name: String,
    /// Its page, where it is another than the one looked at.
    pub page: Option<Page>,
}

impl Offer {
    /// A listing of the page.
    pub fn of_listing(proposal: &Proposal) -> Self {
        Self {
            toml: proposal.keys.to_toml(),
            json: proposal.keys.to_json(),
            confidence: proposal.confidence,
            entries: entries(&proposal.reading),
            name: format!("`{}`", proposal.keys.entry),
            page: None,
        }
    }

    /// A feed.
    pub fn of_feed(page: Page, reading: &Reading) -> Self {
        Self {
            toml: feed_toml(&page.url),
            json: json!({ "url": page.url, "kind": "feed" }),
            confidence: 1.0,
            entries: entries(reading),
            name: format!("the feed {}", page.url),
            page: Some(page),
        }
    }
}

/// The keys of a source that is a feed.
pub fn feed_toml(url: &Url) -> String {
    format!("url      = \"{url}\"\nkind     = \"feed\"\n")
}

fn entries(reading: &Reading) -> Vec<Entry> {
    reading.sightings.iter().map(|sighting| sighting.entry.clone()).collect()
}

/// To read, and to put into a config.
pub fn as_text(found: &Found, offers: &[Offer], chosen: Option<usize>, id: &SourceId) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    for feed in &found.feeds {
        let _ = writeln!(out, "# the page links a feed of its own, which `gleaner add {}` follows", feed.url);
    }
    if let Some(chosen) = chosen.map(|at| &offers[at]) {
        let sure = if chosen.confidence >= 0.9 { "" } else { ": please check" };
        let _ = writeln!(out, "# confidence {:.2}{sure}\n[source.{id}]\n{}", chosen.confidence, chosen.toml);
        table(&mut out, &chosen.entries, SHOWN);
        if chosen.entries.iter().all(|entry| entry.moment.is_none() && entry.link.is_some()) {
            let _ = writeln!(out, "#  `own_page = true` takes the dates from the entries' own pages");
        }
    }
    for (at, other) in offers.iter().enumerate().filter(|(at, _)| Some(*at) != chosen) {
        let _ =
            writeln!(out, "\n# `--listing {}`, confidence {:.2}: {}", at + 1, other.confidence, other.name);
        table(&mut out, &other.entries, SHOWN_OF_OTHERS);
    }
    out
}

fn table(out: &mut String, entries: &[Entry], most: usize) {
    for entry in entries.iter().take(most) {
        let day = entry.moment.as_ref().map_or_else(|| "-".repeat(10), |moment| moment.day.to_string());
        let headline: String = entry.headline.chars().take(100).collect();
        let link = entry.link.as_ref().map_or("no link", Url::as_str);
        let _ = writeln!(out, "#  {day}  {headline}\n#              {link}");
    }
    let count = |has: fn(&Entry) -> bool| entries.iter().filter(|entry| has(entry)).count();
    let _ = writeln!(
        out,
        "#  {} entries: {} with a link, {} with a date, {} with a teaser, {} with an image",
        entries.len(),
        count(|entry| entry.link.is_some()),
        count(|entry| entry.moment.is_some()),
        count(|entry| entry.teaser.is_some()),
        count(|entry| entry.image.is_some()),
    );
}

/// For programs.
pub fn as_json(found: &Found, offers: &[Offer], chosen: Option<usize>) -> Value {
    let nothing = || json!({ "source": null, "confidence": 0.0, "entries": [] });
    let mut value = chosen.map_or_else(nothing, |at| offer_json(&offers[at]));
    let others = offers.iter().enumerate().filter(|(at, _)| Some(*at) != chosen);
    value["others"] = others.map(|(_, other)| offer_json(other)).collect();
    value["feeds"] = json!(found.feeds);
    value
}

fn offer_json(offer: &Offer) -> Value {
    let entries: Vec<Value> = offer.entries.iter().map(entry_json).collect();
    let confidence = (offer.confidence * 1000.0).round() / 1000.0;
    json!({ "source": offer.json, "confidence": confidence, "entries": entries })
}

fn entry_json(entry: &Entry) -> Value {
    let date = entry.moment.as_ref().map(|moment| match moment.instant {
        Some(instant) => instant.to_string(),
        None => moment.day.to_string(),
    });
    json!({
        "headline": entry.headline,
        "link": entry.link,
        "date": date,
        "teaser": entry.teaser,
        "image": entry.image,
    })
}
