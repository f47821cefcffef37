//! How well listings are found in pages, and found again after a change, over saved pages whose entries are known. The
//! report is made again by
//!
//! ```text
//! cargo bench --bench detection -- CORPORA > docs/detection.md
//! ```
//!
//! `CORPORA` holds `listings/<corpus>/<case>/{page.html,expected.json}` and
//! `versions/<case>/{old,new}.{html,json}` with `meta.json`. `--part tuned` and `--part held` take one side of the sites:
//! a third of them, by the digest of their names, was not looked at while the first weights were chosen. `--only NAME` takes
//! some cases, `--show` prints what is proposed for them and what differs from the truth, `--found` leaves out what is found
//! again.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::cast_precision_loss)]

mod auto;
mod ceiling;
mod changed;
mod listings;
mod truth;
mod versions;

use std::path::PathBuf;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let root = arguments.first().map(PathBuf::from).filter(|root| root.join("listings").is_dir());
    let Some(root) = root else {
        println!("nothing measured: the first argument must be a folder with `listings/` and `versions/`");
        return;
    };
    let options = Options {
        root,
        part: after("--part"),
        only: after("--only"),
        is_shown: arguments.iter().any(|argument| argument == "--show"),
    };
    println!("# How well listings are found, and found again\n");
    println!(
        "Made by `cargo bench --bench detection -- CORPORA > docs/detection.md` over saved pages that are not part of the project;\n\
         `benches/detection/main.rs` says how they lie.\n"
    );
    listings::report(&options);
    if !arguments.iter().any(|argument| argument == "--found") {
        versions::report(&options);
    }
}

/// What is measured.
pub struct Options {
    /// The corpora.
    pub root: PathBuf,
    part: Option<String>,
    only: Option<String>,
    /// What is proposed is printed too.
    pub is_shown: bool,
}

impl Options {
    /// Whether a case is measured, and whether its site is one of those held out.
    pub fn takes(&self, case: &str, site: &str) -> Option<bool> {
        let is_held = blake3::hash(site.as_bytes()).as_bytes()[0].is_multiple_of(3);
        let is_part = self.part.as_ref().is_none_or(|part| (part == "held") == is_held);
        let is_named = self.only.as_ref().is_none_or(|only| case.contains(only.as_str()));
        (is_part && is_named).then_some(is_held)
    }
}
