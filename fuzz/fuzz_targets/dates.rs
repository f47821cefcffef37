//! `cargo +nightly fuzz run dates`
#![no_main]

#[path = "../src/entries.rs"]
#[allow(dead_code)]
mod entries;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::dates(data));
