//! Integration tests, in one binary: each link is seconds.

mod atom;
mod change;
mod commands;
mod crowd;
mod detection;
mod disk;
mod docs;
mod doctor;
mod followers;
mod formats;
mod guard;
mod health;
mod hostile;
mod http;
mod kill;
mod manners;
mod mend;
mod network;
mod opml;
mod pages;
mod program;
mod reader;
mod serve;
mod shape;
mod soak;
mod tls;
