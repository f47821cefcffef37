//! Integration tests, in one binary: each link is seconds.

mod atom;
mod change;
mod commands;
mod detection;
mod docs;
mod formats;
mod crowd;
mod doctor;
mod guard;
mod health;
mod hostile;
mod http;
mod kill;
mod manners;
mod network;
mod program;
mod reader;
mod serve;
mod shape;
mod tls;
