//! Events → a person: standard error, which cron mails, and a command of the user's. Each once.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the world")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;

use super::{Exit, Failure, terminal::Terminal, workspace};
use crate::{
    clock::Deadline,
    health::{self, Event, Kind},
    record::{Plan, Record},
    store::Store,
};

/// A run after a month of trouble tells the last of it.
const MOST: u64 = 200;
/// What a command that only sends a message may take.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

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
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let lines: String = records.iter().filter_map(|record| line(record)).collect();
    let mut stdin = child.stdin.take().expect("it was asked to be piped");
    // A command that needs only to know that something happened may close its input unread; its status tells.
    let writer = std::thread::spawn(move || drop(stdin.write_all(lines.as_bytes())));
    let deadline = Deadline::after(PATIENCE);
    let status = loop {
        match child.try_wait().map_err(|error| format!("cannot be waited for: {error}"))? {
            Some(status) => break status,
            None if deadline.is_ahead() => std::thread::sleep(LOOK_AGAIN),
            None => {
                // It may just have ended by itself, which is as well.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("took longer than {} seconds", PATIENCE.as_secs()));
            }
        }
    };
    // The writer holds nothing that matters, and its pipe is gone.
    let _ = writer.join();
    if status.success() { Ok(()) } else { Err(format!("failed: {status}")) }
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
