//! Render: a feed → bytes of one format. Pure.
//!
//! The same feed gives the same bytes. What a format forbids is dropped at its border (`text`); nothing here
//! decides which entries a feed has.

pub mod atom;
pub mod text;
