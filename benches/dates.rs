//! Texts to moments: `cargo bench --bench dates`.
//!
//! `sentences` counts texts by the second; `hostile` is 64 KiB of what made such programs slow before; `listing` is a
//! page of a thousand rows without years.
#![allow(clippy::disallowed_methods)]

use divan::{Bencher, black_box, counter::ItemsCount};
use gleaner::{
    listing::{DateSource, RawDate, RawField},
    moment::{self, Context, Horizon, Lexicon, Place, Row},
};
use jiff::{Timestamp, ToSpan as _, civil::date, tz::TimeZone};

fn main() {
    divan::main();
}

const SENTENCES: &[&str] = &[
    "On 6 March, the Deputy Minister arrived at the international airport with a delegation of twelve.",
    "Between 1-2 August, experts from 14 countries met in Tallinn to discuss the new framework.",
    "From 29 December to 3 January, the help desk will be closed.",
    "The Executive Director visited Rome on 3 March and signed a memorandum of understanding.",
    "The 24/7 helpline answered 1 200 calls and opened 17 new cases in the first quarter.",
    "May we remind you that 15 delegations registered before the deadline?",
    "Thursday, 6 March 2025, 14:30 CET",
    "2025-03-06T10:15:00+01:00",
    "Thu, 06 Mar 2025 10:15:00 GMT",
    "06/03/2025",
    "3 hours ago",
    "Am 6. März tagte der Verwaltungsrat in Wien und nahm mit 27 Stimmen den Bericht an.",
    "Vom 1. bis 2. August trafen sich Fachleute aus 14 Ländern.",
    "Le 6 mars, le conseil d’administration s’est réuni à Paris pour examiner le budget.",
    "Du 30 décembre au 2 janvier, les bureaux étaient fermés.",
    "El 6 de marzo, la directora firmó un acuerdo de cooperación.",
    "L’8 e 9 maggio si è svolto a Roma il seminario annuale.",
    "W dniach 1–2 sierpnia w Warszawie spotkali się eksperci.",
    "1–2 августа в Москве прошла встреча экспертов из 14 стран.",
    "Στις 6 Μαρτίου, το διοικητικό συμβούλιο συνεδρίασε στην Αθήνα.",
    "3月6日、理事会が東京で開催されました。",
    "في 6 مارس، اجتمع مجلس الإدارة في القاهرة.",
    "The committee adopted its opinion on the proposal after a long debate about its scope and cost.",
    "Version 3.14.15 fixes 12 bugs; call 555-0123 or pay $1,299.00 before checkout.",
];

fn raw(text: &str) -> RawDate {
    let field = RawField {
        value: text.to_owned(),
        raw: text.to_owned(),
        selector: "p".to_owned(),
        element: "<p>".to_owned(),
    };
    RawDate { source: DateSource::Teaser, field }
}

fn context(zone: &TimeZone) -> Context<'_> {
    let now: Timestamp = "2025-03-07T09:00:00Z".parse().expect("a time");
    Context { now, zone, language: None, host: None, order: None, format: None, horizon: Horizon::Fetch }
}

#[divan::bench]
fn sentences(bencher: Bencher) {
    let texts: Vec<[RawDate; 1]> = SENTENCES.iter().map(|text| [raw(text)]).collect();
    let zone = TimeZone::UTC;
    let context = context(&zone);
    bencher.counter(ItemsCount::new(texts.len())).bench(|| {
        for dates in &texts {
            black_box(moment::resolve(&[Row { dates, anchor: None }], &context));
        }
    });
}

const HOSTILE: &[&str] = &[
    "1-2-3-4-5-6-",
    "1/2/2025 - ",
    "1, 2, 3, 4 ",
    "March ",
    "March the ",
    "1 May ((((( ",
    "will on 1 May until ",
    "10:15 a.m. GMT ( ",
    "6 March, Thursday ",
    "        ",
    "３月６日",
    "千二百三十四",
    "e\u{301}\u{302}\u{303}",
    "a",
    "1",
    "ago ago 3 ",
    "12 and 13 and ",
    "\u{200f}٦ مارس ",
    "ﬃİß",
];

const PLACES: [Place; 3] = [Place::Prose, Place::Field, Place::Machine];

/// Each text in each place, one after the other.
#[divan::bench(args = 0..HOSTILE.len() * PLACES.len())]
fn hostile(bencher: Bencher, at: usize) {
    let (piece, place) = (HOSTILE[at / PLACES.len()], PLACES[at % PLACES.len()]);
    let text = piece.repeat((64 << 10) / piece.len());
    bencher.bench(|| moment::scan(black_box(&text), place, Lexicon::of(None)));
}

#[divan::bench]
fn listing(bencher: Bencher) {
    let day = |row: i64| (date(2025, 3, 6) - (row * 3).days()).strftime("%-d %B").to_string();
    let dates: Vec<[RawDate; 1]> = (0..1000).map(|row| [raw(&day(row))]).collect();
    let rows: Vec<Row<'_>> = dates.iter().map(|dates| Row { dates, anchor: None }).collect();
    let zone = TimeZone::UTC;
    let context = context(&zone);
    bencher.counter(ItemsCount::new(rows.len())).bench(|| moment::resolve(black_box(&rows), &context));
}
