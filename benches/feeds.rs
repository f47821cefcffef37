//! Every file below a folder of feeds, read by gleaner and by `feed-rs` alone: a line of JSON for each.
//!
//! `just feeds FOLDER` holds them against what the public suites of feedparser and gofeed state, and against feedparser
//! itself, and writes `docs/feeds.md`.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use gleaner::{
    decode,
    listing::{DateSource, Listing, RawField},
    moment,
    page::{Headers, Page},
    upstream,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use url::Url;

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    // `cargo test --benches` and a bare `cargo bench` name no folder.
    let Some(folder) = folder else { return };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "no file below `{folder}`");
    for file in files {
        let bytes = fs::read(&file).expect("a file that was listed can be read");
        let name = file.strip_prefix(&folder).expect("below the folder").display().to_string();
        let ours = catch_unwind(|| ours(&bytes)).unwrap_or_else(|_| json!({ "panic": true }));
        let alone = catch_unwind(|| alone(&bytes)).unwrap_or_else(|_| json!({ "panic": true }));
        println!("{}", json!({ "file": name, "gleaner": ours, "feed-rs": alone }));
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder that can be listed") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// feedparser's suite is served from there.
const ADDRESS: &str = "http://127.0.0.1:8097/";

fn ours(bytes: &[u8]) -> Value {
    let page = Page {
        url: Url::parse(ADDRESS).expect("an address"),
        status: 200,
        headers: Headers::default(),
        body: bytes.to_vec(),
        fetched_at: Timestamp::UNIX_EPOCH,
    };
    let document = match decode::decode(&page) {
        Ok(document) => document,
        Err(why) => return json!({ "error": why.to_string() }),
    };
    let Some(format) = upstream::recognize(&document) else { return json!({ "error": "not a feed" }) };
    let listing = upstream::read(&document, format, &|| true);
    json!({ "title": listing.title, "link": listing.home, "entries": listing.entries.iter().map(|entry| {
        let value = |field: &Option<RawField>| field.as_ref().map(|field| field.value.clone());
        json!({
            "title": entry.headline.as_ref().filter(|f| !f.selector.contains(' ')).map(|f| f.value.clone()),
            "link": entry.link.as_ref().and_then(|link| absolute(&listing, &link.value)),
            "id": value(&entry.id),
            "date": entry.dates.iter().filter(|date| date.source == DateSource::Metadata).find_map(|date| stamp(&date.field.value)),
            "updated": entry.dates.iter().filter(|date| date.source == DateSource::Field).find_map(|date| stamp(&date.field.value)),
        })
    }).collect::<Vec<_>>() })
}

fn absolute(listing: &Listing, written: &str) -> Option<String> {
    listing.base.join(written).ok().map(Into::into)
}

fn stamp(text: &str) -> Option<i64> {
    moment::stamp(text, &TimeZone::UTC).map(Timestamp::as_second)
}

fn alone(bytes: &[u8]) -> Value {
    let parser =
        feed_rs::parser::Builder::new().base_uri(Some(ADDRESS)).id_generator(|_, _, _| String::new()).build();
    let feed = match parser.parse(bytes) {
        Ok(feed) => feed,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    json!({ "title": feed.title.map(|title| title.content), "link": feed.links.first().map(|link| link.href.clone()),
        "entries": feed.entries.iter().map(|entry| json!({
        "title": entry.title.as_ref().map(|title| title.content.clone()),
        "link": entry.links.first().map(|link| link.href.clone()),
        "id": Some(&entry.id).filter(|id| !id.is_empty()),
        "date": entry.published.map(|date| date.timestamp()),
        "updated": entry.updated.map(|date| date.timestamp()),
    })).collect::<Vec<_>>() })
}
