//! `check`, `schema`: what the config says, without touching the network.

use clap::Args;

use super::{Exit, Failure, Outcome, Places, terminal::Terminal, workspace};
use crate::config::{
    self,
    load::{self, LoadError},
};

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Options {
    /// Print the problems as JSON, an empty list when there are none
    #[arg(long)]
    json: bool,
}

pub fn check(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    if options.json {
        return json(places, terminal);
    }
    let config = workspace::config(places, terminal)?;
    terminal.data(&format!(
        "{}: {} and {}, no problem\n",
        config.files.first().map_or_else(String::new, |path| path.display().to_string()),
        workspace::count(config.sources.len(), "source"),
        workspace::count(config.feeds.len(), "joined feed"),
    ));
    if config.base_url.is_none() {
        terminal.remark(
            "note: `base_url` is not set, so the feeds' self links are relative; set it once they have a public address",
        );
    }
    Ok(Exit::Fine)
}

fn json(places: &Places, terminal: &mut Terminal) -> Outcome {
    let loaded =
        load::find(places.config.as_deref()).and_then(|found| load::load(&found, &workspace::environment));
    let (problems, exit) = match &loaded {
        Ok(_) => (&[][..], Exit::Fine),
        Err(LoadError::Problems(problems)) => (problems.list(), Exit::Usage),
        Err(other) => return Err(Failure::usage(other.to_string())),
    };
    terminal.data(&format!("{}\n", serde_json::to_string_pretty(problems).unwrap_or_default()));
    Ok(exit)
}

pub fn schema(terminal: &mut Terminal) -> Exit {
    terminal.data(&format!("{:#}\n", config::schema()));
    Exit::Fine
}
