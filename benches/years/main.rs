//! Years without years: strips the years from the dates of saved listings and asks the program for them back.
//!
//! ```text
//! cargo bench --bench years -- CORPORA              prints the report
//! cargo bench --bench years -- CORPORA docs/years.md  and writes it
//! ```
//!
//! `CORPORA` holds `listings/` and `versions/`: pages with what they say beside them. They are not part of the
//! project. Everything that is drawn is seeded: the same pages give the same report.
#![allow(clippy::disallowed_methods)]

mod corpus;
mod first;
mod replay;
mod rules;
mod table;

use std::{fmt::Write as _, fs, path::Path, process::ExitCode};

use corpus::{Corpus, Listing};
use replay::{Dirt, Replayed};

fn main() -> ExitCode {
    // `cargo bench` adds a flag of its own for harnesses.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(root) = arguments.first() else {
        println!("years: no folder of saved pages was given, so nothing was measured");
        println!("hint: cargo bench --bench years -- CORPORA [REPORT]");
        return ExitCode::SUCCESS;
    };
    let report = corpus::load(Path::new(root)).and_then(|corpus| report(&corpus));
    let report = match report {
        Ok(report) => report,
        Err(trouble) => {
            eprintln!("years: nothing was measured: {trouble}");
            return ExitCode::FAILURE;
        }
    };
    print!("{report}");
    if let Some(path) = arguments.get(1)
        && let Err(error) = fs::write(path, &report)
    {
        eprintln!("years: cannot write `{path}`: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Which half of the sites a listing is of: the weights were set on the first alone.
fn is_held_out(listing: &Listing) -> bool {
    blake3::hash(listing.site.as_bytes()).as_bytes()[0] % 2 == 1
}

fn report(corpus: &Corpus) -> Result<String, String> {
    let mut text = INTRODUCTION.to_owned();
    let _ = writeln!(
        text,
        "{} listings with {} dates; {} dated entries stand nowhere in their page and are left out, as are {} pages \
         with fewer than three dates and {} that say what another says.\n",
        corpus.listings.len(),
        corpus.placed.0,
        corpus.placed.1,
        corpus.left_out.0,
        corpus.left_out.1,
    );
    for (name, is_half) in [("The half the weights were set on", false), ("The half held out", true)] {
        let half: Vec<&Listing> =
            corpus.listings.iter().filter(|listing| is_held_out(listing) == is_half).collect();
        let _ = writeln!(text, "## {name}\n");
        let _ = writeln!(text, "### First run\n\n{}", first::clean(&half).markdown());
        let _ = writeln!(text, "### First run, dirty\n\n{}", first::dirty(&half).markdown());
        let _ = writeln!(text, "### First run, a site gone quiet\n\n{}", first::quiet(&half).markdown());
        for (name, dirt) in [("Incremental replay", Dirt::None), ("Incremental replay, dirty", Dirt::Usual)] {
            let Replayed { table, sites, polls, moved } = replay::replay(&half, dirt)?;
            let _ = writeln!(
                text,
                "### {name}\n\n{sites} sites, {polls} polls; published dates that moved: {}.\n\n{}",
                moved.len(),
                table.markdown()
            );
            if let Some(first) = moved.first() {
                let _ = writeln!(text, "The first that moved: {first}.\n");
            }
        }
    }
    Ok(text)
}

const INTRODUCTION: &str = "\
# Years without years

Made by `cargo bench --bench years -- CORPORA docs/years.md` over saved listings that are not part of the project. The
years are taken from their dates, and gleaner (`src/moment/year.rs`) is asked for them back. Beside it stand the rules
that others use, over the same dates and the same fetches: the year of the fetch; the latest such day that is not later
than the fetch and a day; the nearest such day. A cell says how many dates are right, and how many listings are right
in all their dates. Shares are cut, not rounded.

- A listing's order is that of its page. The sites are in two halves, by a digest of their names; the weights were set
  on the first half alone. All that is drawn is seeded, so the same pages give the same numbers.
- *First run*: the whole listing, nothing stored, fetched at most two days after its newest entry. Pages of meetings
  to come are a class of their own, *events*, fetched at the time their own tests say.
- *Dirty*: the first twenty rows. A text tells a day up to ten days before its entry was published; one in twenty tells
  an event three to sixty days after that; on one page in ten an old entry is pinned on top, which counts by itself.
- *A site gone quiet*: the whole listing, fetched one to ten months after its newest entry.
- *Incremental replay*: the program itself, refresh by refresh with a store, over pages of ten rows. The first page, then
  a poll within a week after each entry that the last one had not; clean, and dirty as above.
- A day that lies ahead of the fetch is right for gleaner when it is refused as such, by its right day: the entry is
  then of the day it was first seen. For the other rules the right year is enough.

";
