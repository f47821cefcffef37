//! What hostile bytes are given to, and what must hold then: the entries of the fuzz targets. The integration tests
//! run the same entries over drawn bytes, so that a stable toolchain exercises them as well.

use std::{path::PathBuf, sync::OnceLock};

use gleaner::{
    config::{self, ConfigText, Source},
    listing::{DateSource, RawDate, RawField},
    moment::{self, Context, Horizon, Resolution, Row},
    page::{Headers, Page},
    refresh,
};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

/// A text that may hold a date: read as a stamp, and as the only row of a listing from each of its sources.
pub fn dates(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = moment::stamp(&text, &TimeZone::UTC);
    for source in SOURCES {
        hold(&[(vec![raw(source, &text)], None)], NOW);
    }
}

/// A listing, a row a line. The first byte of a line says where its text comes from and whether it is stored; the first
/// four bytes of all say when it was fetched.
pub fn listing(data: &[u8]) {
    let (head, lines) = data.split_at(data.len().min(4));
    let seconds = head.iter().fold(0_i64, |seconds, byte| seconds << 8 | i64::from(*byte));
    let rows: Vec<(Vec<RawDate>, Option<Date>)> = lines
        .split(|byte| *byte == b'\n')
        .take(200)
        .map(|line| {
            let (first, text) = line.split_first().unwrap_or((&0, &[]));
            let source = SOURCES[usize::from(first % 6)];
            let stored = Date::constant(2024, 1, 31) - i64::from(*first).days();
            (vec![raw(source, &String::from_utf8_lossy(text))], (first % 7 == 0).then_some(stored))
        })
        .collect();
    hold(&rows, seconds);
}

/// A page as received: decoded, its entries read by rules or as a feed's, and dated.
pub fn page(data: &[u8]) {
    static READER: OnceLock<Source> = OnceLock::new();
    let source = READER.get_or_init(reader);
    let (kind, body) = data.split_first().unwrap_or((&0, &[]));
    let kind = ["text/html", "text/html; charset=shift_jis", "application/xml", "application/json"]
        [usize::from(kind % 4)];
    let page = Page {
        url: source.url.to_url(),
        status: 200,
        headers: Headers(vec![("content-type".to_owned(), kind.to_owned())]),
        body: body.to_vec(),
        fetched_at: Timestamp::constant(NOW, 0),
    };
    if let Ok(mut reading) = refresh::read(source, &page, &|| true) {
        reading.date(source, &[], page.fetched_at);
        assert_eq!(reading.resolutions.len(), reading.sightings.len());
        assert!(reading.sightings.iter().all(|sighting| !sighting.keys.is_empty()));
    }
}

/// A config: it has problems, which can be drawn, or it is one.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let file = ConfigText { path: PathBuf::from("gleaner.toml"), text };
    if let Err(problems) = config::read(&[file], &|_| None) {
        assert!(!problems.draw(config::Colors::Plain).is_empty());
    }
}

/// 7 March 2025, 09:00 UTC.
const NOW: i64 = 1_741_338_000;

const SOURCES: [DateSource; 6] = [
    DateSource::TimeElement,
    DateSource::Metadata,
    DateSource::Field,
    DateSource::Headline,
    DateSource::Teaser,
    DateSource::LinkPath,
];

fn raw(source: DateSource, text: &str) -> RawDate {
    let (selector, element) = ("p".to_owned(), "<p>".to_owned());
    RawDate { source, field: RawField { value: text.to_owned(), raw: text.to_owned(), selector, element } }
}

fn reader() -> Source {
    let text = "[source.site]\nurl = \"https://example.org/\"\nentry = \"li, p, article, tr\"\nheadline = \"*\"\n\
                link = \"a@href\"\nteaser = \"*\"\ndate = { from = \"teaser\" }\n";
    let file = ConfigText { path: PathBuf::from("gleaner.toml"), text: text.to_owned() };
    let config = config::read(&[file], &|_| None).expect("a config without a fault");
    config.sources.into_iter().next().expect("it has a source")
}

/// Resolves rows and holds what came of it against what is promised.
fn hold(rows: &[(Vec<RawDate>, Option<Date>)], seconds: i64) {
    let zone = TimeZone::UTC;
    let now = Timestamp::from_second(seconds).expect("four bytes of seconds");
    let context = Context {
        now,
        zone: &zone,
        language: None,
        host: None,
        order: None,
        format: None,
        horizon: Horizon::Fetch,
    };
    let rows: Vec<Row<'_>> = rows.iter().map(|(dates, anchor)| Row { dates, anchor: *anchor }).collect();
    let found = moment::resolve(&rows, &context);
    assert_eq!(found.len(), rows.len());
    assert_eq!(found, moment::resolve(&rows, &context), "the same rows, other moments");
    for (resolution, row) in found.iter().zip(&rows) {
        one(resolution, row, now);
    }
}

fn one(resolution: &Resolution, row: &Row<'_>, now: Timestamp) {
    let Ok(moment) = &resolution.outcome else { return };
    let latest = Timestamp::from_second(now.as_second() + 86_400).expect("four bytes of seconds and a day");
    assert!(moment.day <= latest.to_zoned_datetime(TimeZone::UTC).date(), "a day after the fetch");
    assert!(moment.instant.is_none_or(|instant| instant <= latest), "an instant after the fetch");
    assert!(moment.first_day.is_none_or(|first| first < moment.day), "a range that runs back");
    let (Some(span), Some(source)) = (&resolution.span, resolution.source) else { return };
    let text = row.dates.iter().find(|date| date.source == source).map_or("", |date| &date.field.value);
    assert!(span.start < span.end && span.end <= text.chars().count(), "a span outside its text");
}
