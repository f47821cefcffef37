//! Events → a person: standard error, which cron mails, and a command of the user's. Each once.

use std::time::Duration;

use serde_json::json;

use super::{Exit, Failure, command, terminal::Terminal, workspace};
use crate::{
    health::{self, Event, Kind},
    record::{Plan, Record},
    store::Store,
};

/// A run after a month of trouble tells the last of it.
const MOST: u64 = 200;
/// What a command that only sends a message may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells what was not told yet. What a kill interrupts is told by the next run. `Exit::Ours`: the command failed, and
/// is asked again by the next run.
pub fn tell(store: &dyn Store, command: Option<&[String]>, terminal: &Terminal) -> Result<Exit, Failure> {
    let ours = |error| workspace::store_failure(&error);
    let id = health::id();
    let mut state = store.state(&id).map_err(ours)?;
    let before = (state.told, state.sent);
    let last = state.last_number;
    let waiting = last.saturating_sub(state.told.min(state.sent)).min(MOST);
    if waiting == 0 {
        return Ok(Exit::Fine);
    }
    let recent = usize::try_from(waiting).unwrap_or(usize::MAX);
    let records = store.known(&id, &[], recent).map_err(ours)?.records;
    for event in records.iter().filter(|record| record.number > state.told).filter_map(health::read) {
        say(&event, terminal);
    }
    state.told = last;
    let mut exit = Exit::Fine;
    let unsent: Vec<&Record> = records.iter().filter(|record| record.number > state.sent).collect();
    match command.filter(|_| !unsent.is_empty()).map(|command| send(command, &unsent)) {
        Some(Err(why)) => {
            let name = command.and_then(|command| command.first()).map_or("", String::as_str);
            let hint = "see to `alert_command`; the next run sends these events again";
            terminal.error(&format!("the alert command `{name}` {why}"), Some(hint));
            exit = Exit::Ours;
        }
        // Without a command there is none to wait for: one configured later does not get the past.
        Some(Ok(())) | None => state.sent = last,
    }
    if (state.told, state.sent) != before {
        store.commit(&[Plan::of(id, state)]).map_err(ours)?;
    }
    Ok(exit)
}

fn say(event: &Event, terminal: &Terminal) {
    match event.kind {
        Kind::NeedsPerson | Kind::Degraded => terminal.error(&event.headline, event.advice.as_deref()),
        Kind::WorksAgain => terminal.say(&event.headline),
        Kind::Silent | Kind::Mended => terminal.remark(&event.headline),
    }
}

/// Gives the events to the command, one line of JSON each; the inner text says what became of it.
fn send(command: &[String], records: &[&Record]) -> Result<(), String> {
    let lines: String = records.iter().filter_map(|record| line(record)).collect();
    command::run(command, &[], lines, PATIENCE)
}

fn line(record: &Record) -> Option<String> {
    let event = health::read(record)?;
    let value = json!({
        "event": event.kind.word(),
        "source": event.source,
        "headline": event.headline,
        "advice": event.advice,
        "link": event.link,
        "at": event.at,
        "id": record.id.to_string(),
    });
    Some(format!("{value}\n"))
}
