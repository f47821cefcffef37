//! `cargo +nightly fuzz run config`
#![no_main]

#[path = "../src/entries.rs"]
#[allow(dead_code)]
mod entries;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::config(data));
