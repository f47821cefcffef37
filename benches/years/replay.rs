//! Incremental replay: a site polled again and again by the program itself → years that were right, and published
//! dates that moved.
//!
//! The pages are made: ten rows, the newest published on top, each with a link and a date without its year. They go
//! through the refresh, with a store, exactly as fetched pages do.

use std::{collections::BTreeMap, fs, path::Path};

use gleaner::{
    config::{self, Source},
    fetch::Fetched,
    moment::Provenance,
    page::{Headers, Page},
    record::Record,
    refresh,
    store::{Memory, Store as _},
};
use jiff::{Timestamp, civil::Date};

use crate::{
    corpus::Listing,
    first::{OURS, at_six, before, dice, told, without_year},
    rules::RULES,
    table::Table,
};

/// What the replay found.
#[derive(Default)]
pub struct Replayed {
    pub table: Table,
    pub sites: usize,
    pub polls: usize,
    /// Published dates that a later poll moved: the first of them by name.
    pub moved: Vec<String>,
}

/// What is done to the days on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dirt {
    /// Nothing: a text tells the day of publication.
    None,
    /// As in the first runs.
    Usual,
}

const ROWS_ON_A_PAGE: usize = 10;

/// As many of a source's latest records as the program asks for.
const RECENT: usize = 100;

/// An entry of a replayed site.
#[derive(Clone, Copy)]
struct Told {
    published: Date,
    told: Date,
}

/// Replays every listing that is longer than a page.
///
/// # Errors
/// The config or the store.
pub fn replay(listings: &[&Listing], dirt: Dirt) -> Result<Replayed, String> {
    let mut replayed = Replayed::default();
    let source = source()?;
    for listing in listings.iter().filter(|listing| listing.events_at.is_none()) {
        if listing.days.len() >= ROWS_ON_A_PAGE + 2 {
            replayed.sites += 1;
            site(listing, dirt, (&source, &mut replayed))?;
        }
    }
    Ok(replayed)
}

fn source() -> Result<Source, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("gleaner.toml");
    let text = "[source.site]\nurl = \"https://example.org/\"\nentry = \"article\"\nheadline = \"h2 a\"\n\
                date = \".date\"\nlanguage = \"en\"\n";
    fs::write(&path, text).map_err(|error| error.to_string())?;
    let config = config::load(Path::new(&path), &|_| None).map_err(|error| error.to_string())?;
    config.sources.into_iter().next().ok_or_else(|| "the config has no source".to_owned())
}

fn site(listing: &Listing, dirt: Dirt, (source, replayed): (&Source, &mut Replayed)) -> Result<(), String> {
    let mut dice = dice(listing, 4);
    let mut days = listing.days.clone();
    days.sort();
    let mut tell = |published| match dirt {
        Dirt::None => Told { published, told: published },
        Dirt::Usual => Told { published, told: told(published, &mut dice) },
    };
    let entries: Vec<Told> = days.into_iter().map(&mut tell).collect();
    let pinned = (dirt == Dirt::Usual && dice.u8(0..10) == 0).then(|| Told {
        published: entries[0].published,
        told: before(entries[0].published, dice.i64(30..=900)),
    });
    let store = Memory::new();
    let mut published: BTreeMap<u64, Timestamp> = BTreeMap::new();
    let mut until = ROWS_ON_A_PAGE;
    loop {
        // The next poll comes within a week after the first entry that it finds.
        let fetched = before(entries[until - 1].published, -dice.i64(0..=7));
        until = entries.partition_point(|entry| entry.published <= fetched);
        let rows = (until - ROWS_ON_A_PAGE..until).rev().map(|row| (row, entries[row]));
        let rows: Vec<(usize, Told)> =
            pinned.map(|told| (entries.len(), told)).into_iter().chain(rows).collect();
        let state = store.state(&source.id).map_err(|error| error.to_string())?;
        let page = Fetched::Page(page(&rows, fetched));
        let known = &mut |keys: &[_]| store.known(&source.id, keys, RECENT);
        let done =
            refresh::refresh(source, state, &page, (known, &|| true)).map_err(|error| error.to_string())?;
        store.commit(std::slice::from_ref(&done.plan)).map_err(|error| error.to_string())?;
        replayed.polls += 1;
        let is_first = published.is_empty();
        for record in &done.plan.records {
            let was = *published.entry(record.number).or_insert(record.published);
            if was != record.published {
                replayed.moved.push(format!("{}: {was} became {}", listing.site, record.published));
            }
            if done.new.contains(&record.number) {
                let row = row_of(record);
                let told = if row == entries.len() { pinned } else { entries.get(row).copied() };
                let told = told.ok_or_else(|| format!("no row {row}"))?;
                let class = match (row == entries.len(), is_first) {
                    (true, _) => "pinned",
                    (false, true) => "on the first page",
                    (false, false) => "new later",
                };
                score(&mut replayed.table, class, (record, told.told, fetched));
            }
        }
        if until == entries.len() {
            return Ok(());
        }
        until += 1;
    }
}

fn score(table: &mut Table, class: &str, (record, told, fetched): (&Record, Date, Date)) {
    let moment = record.entry.moment.as_ref();
    let is_ahead = told > before(fetched, -1);
    // What lies ahead was not published then: the entry is of the day it was first seen.
    let is_right = moment.is_some_and(|moment| match moment.provenance {
        Provenance::FirstSeen => is_ahead,
        _ => moment.day == told,
    });
    table.count(class, OURS, &[is_right]);
    for (name, rule) in RULES {
        table.count(class, name, &[rule(fetched, told) == told]);
    }
}

fn page(rows: &[(usize, Told)], fetched: Date) -> Page {
    let row = |(row, entry): &(usize, Told)| {
        format!(
            "<article><h2><a href=\"/entry/{row}\">Headline of entry {row}</a></h2><p class=\"date\">{}</p></article>\n",
            without_year(entry.told)
        )
    };
    let body = format!(
        "<!doctype html><html lang=en><title>Site</title>{}",
        rows.iter().map(row).collect::<String>()
    );
    Page {
        url: "https://example.org/".parse().expect("an address"),
        status: 200,
        headers: Headers(vec![("content-type".into(), "text/html; charset=utf-8".into())]),
        body: body.into_bytes(),
        fetched_at: at_six(fetched),
    }
}

/// The row that a record was made of, by its link.
fn row_of(record: &Record) -> usize {
    let link = record.entry.link.as_ref().map(|link| link.path().to_owned()).unwrap_or_default();
    link.rsplit('/').next().and_then(|row| row.parse().ok()).expect("every row has a link with its number")
}
