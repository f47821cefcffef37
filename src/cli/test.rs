//! `test`: replays fixtures offline and compares with what is expected.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Outcome, Places, live::PARSE_LIMIT, replay, terminal::Terminal, workspace};
use crate::{
    clock::Deadline,
    config::Source,
    fixture::{self, Expected, UNREAD, folder::CaseFolder},
};

/// Options of `test`.
#[derive(Debug, Args)]
pub struct Options {
    /// Only these sources
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// The folder of fixtures
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    fixtures: PathBuf,
    /// Take what the pages give now as what is expected, after reading the difference
    #[arg(long)]
    accept: bool,
}

pub fn test(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let sources = workspace::chosen(&config, &options.ids)?;
    let (mut passed, mut failed, mut without) = (0, 0, Vec::new());
    for source in sources {
        let cases = replay::cases(&options.fixtures, source, None)?;
        if cases.is_empty() {
            without.push(source);
        }
        for case in cases {
            match compare(source, &case, options)? {
                Compared::Same => passed += 1,
                Compared::Accepted => {
                    terminal.data(&format!("accepted {}/{}\n", source.id, case.name()));
                    passed += 1;
                }
                Compared::Unread { file } => {
                    terminal.data(&format!(
                        "unread {}/{}: {UNREAD}\n  {}\n",
                        source.id,
                        case.name(),
                        file.display()
                    ));
                    failed += 1;
                }
                Compared::Differs { difference } => {
                    terminal.data(&format!("differs {}/{}\n{difference}", source.id, case.name()));
                    failed += 1;
                }
            }
        }
    }
    if let [source] = without[..]
        && passed + failed == 0
    {
        return Err(replay::none(&options.fixtures, source));
    }
    for source in without {
        terminal.say(&format!("note: `{}` has no fixture; make one with `gleaner capture {0}`", source.id));
    }
    terminal.data(&format!("{passed} passed, {failed} failed\n"));
    Ok(workspace::exit_if(|| failed > 0))
}

enum Compared {
    Same,
    Accepted,
    Unread { file: PathBuf },
    Differs { difference: String },
}

fn compare(source: &Source, case: &CaseFolder, options: &Options) -> Result<Compared, Failure> {
    let failure = |error| replay::failure(&error);
    let saved = case.saved().map_err(failure)?;
    let deadline = Deadline::after(PARSE_LIMIT);
    let found = fixture::expect(source, &saved, &|| deadline.is_ahead());
    let expected = case.expected().map_err(failure)?;
    if expected.as_deref() == Some(fixture::to_json(&found).as_str()) {
        return Ok(Compared::Same);
    }
    if options.accept {
        case.write_expected(&found).map_err(failure)?;
        return Ok(Compared::Accepted);
    }
    let unread = fixture::to_json(&Expected { unread: Some(UNREAD.to_owned()), ..found.clone() });
    match expected {
        None => {
            let unread = Expected { unread: Some(UNREAD.to_owned()), ..found };
            case.write_expected(&unread).map_err(failure)?;
            Ok(Compared::Unread { file: case.path.join("expected.json") })
        }
        Some(text) if text == unread => Ok(Compared::Unread { file: case.path.join("expected.json") }),
        Some(text) => {
            Ok(Compared::Differs { difference: fixture::difference(&text, &fixture::to_json(&found)) })
        }
    }
}
