//! Every saved page against what a person found right: a new folder is a new test, without a rebuild.
//!
//! The dates of `fixtures/dates` are read the same way, a test for each language.
//!
//! A case without `expected.json` gets one, and fails until a person has read it.
#![allow(clippy::disallowed_methods)]

#[path = "fixtures/dates.rs"]
mod dates;
#[path = "fixtures/locales.rs"]
mod locales;

use std::path::Path;

use gleaner::{
    config::{self, Source},
    fixture::{self, Expected, UNREAD, folder},
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut trials = Vec::new();
    let mut configured = Vec::new();
    for file in ["config/gleaner.toml", "fixtures/gleaner.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let config = match config::load(&path, &|_| None) {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        };
        for source in config.sources {
            configured.push(source.id.to_string());
            trials.extend(of_source(&root, &source));
        }
    }
    for name in folder::sources(&root).expect("fixtures can be listed") {
        if name != dates::FOLDER && !configured.contains(&name) {
            trials.push(Trial::test(format!("{name} is in a config"), move || {
                Err(Failed::from(format!(
                    "no source `{name}` in config/gleaner.toml or fixtures/gleaner.toml"
                )))
            }));
        }
    }
    trials.extend(dates::trials(&root));
    trials.extend(locales::trials(&root));
    trials.extend(locales::words(&root));
    libtest_mimic::run(&arguments, trials).exit();
}

fn of_source(root: &Path, source: &Source) -> Vec<Trial> {
    let cases = folder::cases(root, &source.id).expect("cases can be listed");
    if cases.is_empty() {
        let id = source.id.to_string();
        return vec![Trial::test(format!("{id} has a case"), move || {
            Err(Failed::from(format!("no folder fixtures/{id}: every configured source has a case")))
        })];
    }
    cases
        .into_iter()
        .map(|case| {
            let source = source.clone();
            Trial::test(format!("{}/{}", source.id, case.name()), move || check(&source, &case.path))
        })
        .collect()
}

fn check(source: &Source, path: &Path) -> Result<(), Failed> {
    let case = folder::case(path, &source.id)?;
    let found = fixture::expect(source, &case.saved()?, &|| true);
    let Some(expected) = case.expected()? else {
        case.write_expected(&Expected { unread: Some(UNREAD.to_owned()), ..found })?;
        return Err(Failed::from(UNREAD));
    };
    let found = fixture::to_json(&found);
    if expected == found {
        return Ok(());
    }
    Err(Failed::from(fixture::difference(&expected, &found)))
}
