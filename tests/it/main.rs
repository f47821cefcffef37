//! Integration tests, in one binary: each link is seconds.

mod atom;
mod change;
mod commands;
mod docs;
mod formats;
mod doctor;
mod health;
mod http;
mod kill;
mod manners;
mod network;
mod program;
mod reader;
mod serve;
mod shape;
