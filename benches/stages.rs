//! Each pure stage over the page gleaner was made for: `cargo bench --bench stages`.
//!
//! Two runs are compared side by side on one machine; a single time says nothing.
#![allow(clippy::disallowed_methods)]

use std::{fmt::Write as _, path::Path};

use divan::{Bencher, counter::BytesCount};
use gleaner::{
    assemble,
    config::{self, Source},
    decode,
    entry::Sighting,
    extract,
    fixture::{self, folder},
    merge,
    normalize::normalize,
    page::Page,
    record::{Glance, Record},
    render, upstream,
};

fn main() {
    divan::main();
}

fn source() -> Source {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/gleaner.toml");
    let config = config::load(&path, &|_| None).expect("the shipped config is right");
    config.sources.into_iter().next().expect("it has a source")
}

fn page(source: &Source) -> Page {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let cases = folder::cases(&root, &source.id).expect("fixtures can be read");
    cases.first().expect("the source has a case").page().expect("the case has a page")
}

fn sightings(source: &Source, page: &Page) -> Vec<Sighting> {
    fixture::read_dated(source, page, &|| true).expect("the page is one").sightings
}

fn records(source: &Source, page: &Page, sightings: &[Sighting]) -> Vec<Record> {
    let context =
        merge::Context { source: &source.id, zone: &source.timezone, now: page.fetched_at, last_number: 0 };
    merge::merge(sightings, &[], &merge::recognize(sightings, &[]), &context).records
}

#[divan::bench]
fn decode_page(bencher: Bencher) {
    let page = page(&source());
    bencher.counter(BytesCount::of_slice(&page.body)).bench(|| decode::decode(&page));
}

#[divan::bench]
fn recognize_format(bencher: Bencher) {
    let document = decode::decode(&page(&source())).expect("it is text");
    bencher.counter(BytesCount::of_str(&document.text)).bench(|| upstream::recognize(&document));
}

#[divan::bench]
fn read_a_thousand_sources(bencher: Bencher) {
    let mut text = String::new();
    for number in 0..1_000 {
        let address = format!("https://site{number}.example/news/");
        let rules =
            "entry = \"article.post\"\nheadline = \"h2 a\"\nteaser = \"p\"\ndate = { from = \"teaser\" }\n";
        write!(text, "[source.site-{number}]\nurl = \"{address}\"\n{rules}").expect("a string takes it");
    }
    let files = [config::ConfigText { path: "gleaner.toml".into(), text }];
    bencher
        .counter(BytesCount::of_str(&files[0].text))
        .bench(|| config::read(&files, &|_| None).expect("it is right"));
}

#[divan::bench]
fn extract_listing(bencher: Bencher) {
    let source = source();
    let document = decode::decode(&page(&source)).expect("it is text");
    bencher
        .counter(BytesCount::of_str(&document.text))
        .bench(|| extract::extract(&document, source.rules.as_ref().expect("a page"), &|| true));
}

#[divan::bench]
fn normalize_listing(bencher: Bencher) {
    let source = source();
    let page = page(&source);
    let document = decode::decode(&page).expect("it is text");
    let listing = extract::extract(&document, source.rules.as_ref().expect("a page"), &|| true);
    bencher.bench(|| normalize(&listing, &page.url, &|| true));
}

#[divan::bench]
fn date_listing(bencher: Bencher) {
    let source = source();
    let page = page(&source);
    let reading = fixture::read_dated(&source, &page, &|| true).expect("the page is one");
    bencher
        .with_inputs(|| reading.clone())
        .bench_values(|mut reading| reading.date(&source, &[], page.fetched_at));
}

#[divan::bench]
fn merge_known_page(bencher: Bencher) {
    let source = source();
    let page = page(&source);
    let sightings = sightings(&source, &page);
    let known = records(&source, &page, &sightings);
    let context =
        merge::Context { source: &source.id, zone: &source.timezone, now: page.fetched_at, last_number: 8 };
    bencher.bench(|| {
        let recognized = merge::recognize(&sightings, &known);
        merge::merge(&sightings, &known, &recognized, &context)
    });
}

#[divan::bench]
fn assemble_and_render(bencher: Bencher) {
    let source = source();
    let page = page(&source);
    let records = records(&source, &page, &sightings(&source, &page));
    let state = Glance { succeeded_at: Some(page.fetched_at), ..Glance::default() };
    bencher.bench(|| render::atom::render(&assemble::source_feed(&source, &state, records.clone(), None)));
}
