//! `check`, `schema`: what the config says, without touching the network.

use clap::Args;

use super::{Exit, Failure, Outcome, Places, live, rename, terminal::Terminal, workspace};
use crate::{
    clock::Deadline,
    config::{
        self, Config,
        load::{self, LoadError},
    },
    feed::Format,
    fetch::Fetched,
    fixture::kept,
    refresh::{self, Kept, Refreshed},
    store::{Store as _, StoreError},
    verdict::Verdict,
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
    for source in config.sources.iter().filter(|source| source.formats.is_empty()) {
        if !config.feeds.iter().any(|feed| feed.sources.contains(&source.id)) {
            terminal.data(&format!(
                "{}: published nowhere: `publish` is `false`, and no feed joins it\n",
                source.id
            ));
        }
    }
    let is_shown = |formats: &[Format]| formats.iter().any(|format| format.has_archives());
    for source in config.sources.iter().filter(|source| source.archive && !is_shown(&source.formats)) {
        terminal.data(&format!(
            "{}: its whole history is kept and published nowhere: `archive` needs a feed of its own, as Atom or RSS\n",
            source.id
        ));
    }
    compare(places, &config, terminal)
}

/// Says what the config, as it was changed, makes of what is remembered.
fn compare(places: &Places, config: &Config, terminal: &mut Terminal) -> Outcome {
    let state = workspace::state_folder(places, config);
    if !state.is_dir() {
        return Ok(Exit::Fine);
    }
    let ours = |error: StoreError| workspace::store_failure(&error);
    let store = workspace::look_into_store(places, config, terminal)?;
    let mut is_held = false;
    for source in &config.sources {
        let former = rename::former(&store, source)?;
        let id = source.was.as_ref().filter(|_| former.is_some()).unwrap_or(&source.id).clone();
        if former.is_some() {
            terminal.data(&format!("{}: keeps what is remembered of `{id}`\n", source.id));
        }
        let known = match former {
            Some(state) => state,
            None => store.state(&id).map_err(ours)?,
        };
        if known.read_at.is_none() || known.digest == *source.digest() {
            continue;
        }
        let Ok(Some(page)) = kept::page(&state.join("pages"), &id, Kept::Good) else {
            terminal.data(&format!("{}: was changed; no page was kept to try it on\n", source.id));
            continue;
        };
        let deadline = Deadline::after(live::PARSE_LIMIT);
        let refreshed = refresh::refresh(
            source,
            known,
            &Fetched::Page(page),
            (&mut |keys| store.known(&id, keys, live::RECENT), &|| deadline.is_ahead()),
        )
        .map_err(ours)?;
        is_held |= refreshed.plan.state.held > 0;
        terminal.data(&format!("{}: {}\n", source.id, effect(&refreshed)));
    }
    store.close().map_err(ours)?;
    Ok(workspace::exit_if(|| is_held))
}

/// What a changed config makes of a page it did not read before.
fn effect(refreshed: &Refreshed) -> String {
    let again = refreshed.again.unwrap_or_default();
    match &refreshed.verdict {
        Verdict::New { new, changed } | Verdict::Degraded { new, changed, .. } => {
            let more = new.saturating_sub(again);
            let more = if more > 0 { format!(", {more} not seen before") } else { String::new() };
            format!("was changed; on its last good page: {changed} changed, {again} announced again{more}")
        }
        Verdict::Unchanged { .. } => {
            format!("was changed; on its last good page: 0 changed, {again} announced again")
        }
        other => {
            let reason = other.reason().unwrap_or_default();
            format!("was changed; on its last good page: {} ({reason})", other.word())
        }
    }
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
