//! First runs: a page with nothing stored, its dates without their years → how many years come back.

use fastrand::Rng;
use gleaner::{
    listing::{DateSource, RawDate, RawField},
    moment::{self, Context, Horizon, Row, Unresolved},
};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use crate::{corpus::Listing, rules::RULES, rules::days_between, table::Table};

/// The name of our column.
pub const OURS: &str = "gleaner";

/// The time of day of every fetch.
pub fn at_six(day: Date) -> Timestamp {
    day.at(18, 0, 0, 0).to_zoned_datetime(TimeZone::UTC).expect("a day of the calendar").timestamp()
}

/// What is drawn for a listing depends on it alone, not on those before it.
pub fn dice(listing: &Listing, seed: u64) -> Rng {
    let digest = blake3::hash(format!("{seed} {} {:?}", listing.site, listing.days).as_bytes());
    let bytes = digest.as_bytes()[..8].try_into().expect("a digest is longer");
    Rng::with_seed(u64::from_le_bytes(bytes))
}

pub fn before(day: Date, days: i64) -> Date {
    day - days.days()
}

/// The fetch of a poller: at most two days after the newest entry.
fn polled(listing: &Listing, dice: &mut Rng) -> Date {
    let newest = *listing.days.iter().max().expect("a listing has days");
    listing.events_at.unwrap_or_else(|| before(newest, -dice.i64(0..=2)))
}

/// A day as a page without years shows it.
pub fn without_year(day: Date) -> String {
    day.strftime("%-d %B").to_string()
}

/// Which of the days gleaner gets back. One that lies ahead must be refused as too late, by its right day.
pub fn ours(days: &[Date], fetched: Date) -> Vec<bool> {
    let field = |day: &Date| {
        let text = without_year(*day);
        let field =
            RawField { value: text.clone(), raw: text, selector: ".date".into(), element: "<p>".into() };
        [RawDate { source: DateSource::Field, field }]
    };
    let fields: Vec<[RawDate; 1]> = days.iter().map(field).collect();
    let rows: Vec<Row<'_>> = fields.iter().map(|dates| Row { dates, anchor: None }).collect();
    let zone = TimeZone::UTC;
    let context = Context {
        now: at_six(fetched),
        zone: &zone,
        language: Some("en"),
        host: None,
        order: None,
        format: None,
        horizon: Horizon::Fetch,
    };
    let is_right = |(resolution, day): (&moment::Resolution, &Date)| match &resolution.outcome {
        Ok(moment) => moment.day == *day,
        Err(Unresolved::TooLate { day: ahead }) => ahead == day,
        Err(_) => false,
    };
    moment::resolve(&rows, &context).iter().zip(days).map(is_right).collect()
}

/// Counts a page for all rules; `counted` says which rows count.
fn count(table: &mut Table, class: &str, (days, fetched): (&[Date], Date), counted: &dyn Fn(usize) -> bool) {
    let keep = |right: Vec<bool>| -> Vec<bool> {
        right.into_iter().enumerate().filter(|(row, _)| counted(*row)).map(|(_, right)| right).collect()
    };
    table.count(class, OURS, &keep(ours(days, fetched)));
    for (name, rule) in RULES {
        table.count(class, name, &keep(days.iter().map(|day| rule(fetched, *day) == *day).collect()));
    }
}

/// Whole listings as they are, fetched as a poller would.
pub fn clean(listings: &[&Listing]) -> Table {
    let mut table = Table::default();
    for listing in listings {
        let fetched = polled(listing, &mut dice(listing, 1));
        count(&mut table, &class(listing), (&listing.days, fetched), &|_| true);
    }
    table
}

/// Whole listings fetched one to ten months after their newest entry: a site that has gone quiet.
pub fn quiet(listings: &[&Listing]) -> Table {
    let mut table = Table::default();
    for listing in listings.iter().filter(|listing| listing.events_at.is_none()) {
        let newest = *listing.days.iter().max().expect("a listing has days");
        let fetched = before(newest, -dice(listing, 2).i64(30..=300));
        count(&mut table, &class(listing), (&listing.days, fetched), &|_| true);
    }
    table
}

/// The first twenty rows, made dirty: a text tells a day up to ten days before its entry was published, one in
/// twenty an event three to sixty days ahead of that, and on one page in ten an old entry is pinned on top.
pub fn dirty(listings: &[&Listing]) -> Table {
    const ROWS: usize = 20;
    let mut table = Table::default();
    for listing in listings.iter().filter(|listing| listing.events_at.is_none()) {
        let mut dice = dice(listing, 3);
        let page = Listing { days: listing.days.iter().copied().take(ROWS).collect(), ..(*listing).clone() };
        let fetched = polled(&page, &mut dice);
        let mut days: Vec<Date> = page.days.iter().map(|day| told(*day, &mut dice)).collect();
        let class = span(&page);
        if dice.u8(0..10) == 0 {
            let age = dice.i64(30..=900);
            let newest = page.days.iter().max().expect("a listing has days");
            days.insert(0, before(*newest, age));
            count(&mut table, class, (&days, fetched), &|row| row > 0);
            let class = if age < 360 { "pinned row of the last year" } else { "pinned row, older" };
            count(&mut table, class, (&days, fetched), &|row| row == 0);
        } else {
            count(&mut table, class, (&days, fetched), &|_| true);
        }
    }
    table
}

/// The day that the text of an entry tells, given when it was published.
pub fn told(published: Date, dice: &mut Rng) -> Date {
    if dice.u8(0..20) == 0 {
        before(published, -dice.i64(3..=60))
    } else {
        before(published, dice.i64(0..=10))
    }
}

/// How long a time a listing spans.
fn span(listing: &Listing) -> &'static str {
    let first = *listing.days.iter().min().expect("a listing has days");
    let last = *listing.days.iter().max().expect("a listing has days");
    match days_between(first, last) {
        ..365 if first.year() == last.year() => "within a calendar year",
        ..365 => "less than a year, over New Year",
        _ => "more than a year",
    }
}

fn class(listing: &Listing) -> String {
    let steps = || listing.days.windows(2).map(|pair| days_between(pair[0], pair[1]));
    let (down, up) = (steps().filter(|step| *step < 0).count(), steps().filter(|step| *step > 0).count());
    let order = if down * 20 >= (down + up) * 19 {
        "newest first"
    } else if up * 20 >= (down + up) * 19 {
        "oldest first"
    } else {
        "unsorted"
    };
    let kind = if listing.events_at.is_some() { "events: " } else { "" };
    format!("{kind}{}, {order}", span(listing))
}
