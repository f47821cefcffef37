//! `add --opml`: the subscriptions of a feed reader → sources and joined feeds of the config.

use std::{fmt::Write as _, path::Path};

use serde_json::json;
use url::Url;

use super::{Exit, Failure, Outcome, Places, replay, terminal::Terminal, workspace};
use crate::{
    clock,
    config::{self, Config, ConfigText, load::LoadError, save},
    decode,
    fixture::folder,
    opml::{
        self, Subscriptions,
        adopt::{Adopted, adopt},
    },
    page::{Headers, Page},
};

/// What is asked of `add --opml`.
pub struct Asked<'a> {
    /// The file.
    pub file: &'a Path,
    /// Write what it gives.
    pub yes: bool,
    /// Print JSON.
    pub json: bool,
}

pub fn add(places: &Places, asked: &Asked<'_>, terminal: &mut Terminal) -> Outcome {
    let subscriptions = read(asked.file)?;
    let texts = workspace::texts(places, terminal)?;
    // A config that only gives defaults is none yet, and the problems of a broken one are told below.
    let config = config::read(&texts, &workspace::environment).ok();
    let adopted = adopt(&subscriptions, config.as_ref());
    let (sources, main) = files(&texts, &adopted);
    let new = check(&texts, &sources, &main).map_err(|error| workspace::load_failure(&error, terminal))?;
    terminal.data(&if asked.json { format!("{:#}\n", json!(adopted)) } else { as_text(&adopted) });
    for left in &adopted.left_out {
        let name = if left.name.is_empty() { String::new() } else { format!(" `{}`", left.name) };
        terminal.say(&format!("{}:{}: left out{name}: {}", asked.file.display(), left.line, left.why));
    }
    tell_missing(&adopted, new.as_ref(), terminal);
    if adopted.sources.is_empty() && adopted.feeds.is_empty() {
        terminal.remark("nothing to add");
        return Ok(Exit::Fine);
    }
    let counts = format!(
        "{}, {}",
        workspace::count(adopted.sources.len(), "source"),
        workspace::count(adopted.feeds.len(), "joined feed")
    );
    if !asked.yes {
        terminal.remark(&format!("next: the same with `--yes` writes {counts} to the config"));
        return Ok(Exit::Fine);
    }
    save::additions(&sources, &main).map_err(|error| Failure::usage(error.to_string()))?;
    terminal.say(&format!("{counts} written to `{}` and `sources/` beside it", main.path.display()));
    Ok(Exit::Fine)
}

fn read(file: &Path) -> Result<Subscriptions, Failure> {
    let page = Page {
        url: Url::parse("file:///subscriptions.opml").expect("it is an address"),
        status: 200,
        headers: Headers::default(),
        body: folder::read_page(file).map_err(|error| replay::failure(&error))?,
        fetched_at: clock::now(),
    };
    let document =
        decode::decode(&page).map_err(|why| Failure::usage(format!("{}: {why}", file.display())))?;
    opml::read(&document.text).map_err(|broken| {
        let failure = Failure::usage(format!("{}:{broken}", file.display()));
        if broken.what.starts_with("not OPML") {
            failure.hint(
                "an OPML file is what a feed reader exports; a feed or page is added with `gleaner add URL`",
            )
        } else {
            failure.hint("nothing was added; mend the file, or export it again")
        }
    })
}

/// The new files of sources, and the main file with the new joined feeds.
fn files(texts: &[ConfigText], adopted: &Adopted) -> (Vec<ConfigText>, ConfigText) {
    let mut main = texts[0].clone();
    let path = |id| save::source_path(&main.path, id);
    let sources = adopted
        .sources
        .iter()
        .map(|source| ConfigText { path: path(&source.id), text: source.to_toml() })
        .collect();
    if !main.text.is_empty() && !main.text.ends_with('\n') {
        main.text.push('\n');
    }
    for feed in &adopted.feeds {
        // Writing to a `String` cannot fail.
        let _ = write!(main.text, "\n{}", feed.to_toml());
    }
    (sources, main)
}

/// The config as it will be. Nothing is written that the next command would refuse. `None`: it has no source.
fn check(
    texts: &[ConfigText],
    sources: &[ConfigText],
    main: &ConfigText,
) -> Result<Option<Config>, LoadError> {
    if texts.len() == 1 && sources.is_empty() {
        return Ok(config::read(texts, &workspace::environment).ok());
    }
    let all: Vec<ConfigText> = std::iter::once(main).chain(&texts[1..]).chain(sources).cloned().collect();
    config::read(&all, &workspace::environment).map(Some).map_err(LoadError::Problems)
}

/// Says which sources of a folder its joined feed, which the config has already, does not join.
fn tell_missing(adopted: &Adopted, config: Option<&Config>, terminal: &Terminal) {
    let Some(config) = config else { return };
    for (id, members) in &adopted.known_feeds {
        let Some(feed) = config.feeds.iter().find(|feed| feed.id == *id) else { continue };
        let missing: Vec<_> = members.iter().filter(|member| !feed.sources.contains(member)).collect();
        if !missing.is_empty() {
            let missing = workspace::listed(&missing);
            terminal
                .say(&format!("`feed.{id}` is there already and stays as it is; it does not join {missing}"));
        }
    }
}

/// To read, and to put into a config.
fn as_text(adopted: &Adopted) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        out,
        "# {} new, {} followed already, {} left out",
        workspace::count(adopted.sources.len(), "source"),
        adopted.known.len(),
        adopted.left_out.len()
    );
    for feed in &adopted.feeds {
        let _ = write!(out, "\n{}", feed.to_toml());
    }
    for source in &adopted.sources {
        let _ = write!(out, "\n[source.{}]\n{}", opml::adopt::key(&source.id), source.to_toml());
    }
    out
}
