//! Render: a feed → bytes of one format. Pure.
//!
//! The same feed gives the same bytes. What a format forbids is dropped at its border (`text`); nothing here
//! decides which entries a feed has.

pub mod atom;
mod fields;
pub mod html;
pub mod index;
pub mod json;
pub mod rss;
pub mod text;

use crate::feed::{Feed, Format};

/// The feed in one format.
pub fn render(feed: &Feed, format: Format) -> Vec<u8> {
    match format {
        Format::Atom => atom::render(feed),
        Format::Rss => rss::render(feed),
        Format::Json => json::render(feed),
        Format::Html => html::render(feed),
    }
}
