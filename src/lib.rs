//! gleaner follows web pages that have no feed, and remembers.
//!
//! The line, each stage eating one noun and returning the next. The stages share nouns, not code, and meet in
//! one place, [`refresh`]:
//!
//! ```text
//! Source ─fetch→ Page ─decode→ Document ─extract, upstream→ Listing ─normalize→ sightings
//!        ─moment, merge→ Plan ─store→ Records ─assemble→ Feed ─render→ bytes ─publish→ file ─serve→ answer
//! ```
//!
//! The core is pure: network, disk, clock, environment and terminal are touched only in the files that
//! `tests/it/shape.rs` lists.

// The nouns.
pub mod diagnostic;
pub mod entry;
pub mod feed;
pub mod html;
pub mod id;
pub mod listing;
pub mod page;
pub mod record;
pub mod verdict;

// How they are written in few bytes.
pub mod brief;

// What the user asked for.
pub mod config;
pub mod opml;

// The line, in order.
pub mod fetch;
pub mod decode;
pub mod extract;
pub mod upstream;
pub mod normalize;
pub mod moment;
pub mod merge;
pub mod store;
pub mod assemble;
pub mod render;
pub mod publish;
pub mod imprint;
pub mod serve;

// Where the stages meet, and what follows from how they ended.
pub mod refresh;
pub mod health;
pub mod schedule;

// What finds selectors, and keeps them tested.
pub mod detect;
pub mod fixture;

// Who asks.
pub mod clock;
pub mod cli;
