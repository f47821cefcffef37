//! Integration tests, in one binary: each link is seconds.

mod atom;
mod kill;
mod reader;
mod shape;
