//! Events → a person: standard error, which cron mails, and a command of the user's. Each once.

use std::time::Duration;

use serde_json::json;

use super::{Exit, Failure, beside::Beside, command, terminal::Terminal, workspace};
use crate::{
    clock::Watch,
    health::{self, Event, Kind},
    record::{Plan, Record},
    store::Store,
};

/// A run after a month of trouble tells the last of it.
const MOST: u64 = 200;
/// What a command that only sends a message may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command that failed is asked again after so long, if nothing happens before.
const REST: Duration = Duration::from_secs(5 * 60);

/// Tells what was not told yet. What a kill interrupts is told by the next run. `Exit::Ours`: the command failed, and
/// is asked again by the next run.
pub fn tell(store: &dyn Store, command: Option<&[String]>, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some(letter) = say_new(store, command, terminal)? else { return Ok(Exit::Fine) };
    let sent = letter.send();
    let exit = if sent.outcome.is_ok() { Exit::Fine } else { Exit::Ours };
    sent.note(store, terminal)?;
    Ok(exit)
}

/// Tells events beside the commits of `serve`: a command that is slow keeps nothing waiting. A letter that is still out
/// when all ends is sent again at the next start.
pub struct Messenger {
    beside: Beside<Sent>,
    /// Since when a command that failed rests.
    rest: Option<Watch>,
}

impl Messenger {
    /// One that calls `awake` whenever a letter was taken, or was not.
    pub fn start(awake: impl Fn() + Send + 'static) -> Self {
        Self { beside: Beside::start(awake), rest: None }
    }

    /// Notes what became of the last letter, says what is new, and sends the next letter.
    pub fn turn(
        &mut self,
        store: &dyn Store,
        command: Option<&[String]>,
        terminal: &Terminal,
    ) -> Result<(), Failure> {
        if let Some(sent) = self.beside.ended() {
            self.rest = sent.outcome.is_err().then(Watch::start);
            sent.note(store, terminal)?;
        }
        let before = store.state(&health::id()).map_err(|error| workspace::store_failure(&error))?;
        let is_news = before.told < before.last_number;
        let letter = say_new(store, command, terminal)?;
        let rests = self.rest.is_some_and(|rest| rest.elapsed() < REST) && !is_news;
        if let Some(letter) = letter.filter(|_| !self.beside.is_out() && !rests) {
            self.beside.begin(move || letter.send());
        }
        Ok(())
    }
}

/// Says what was not said yet; what the command is to be given, if anything.
fn say_new(
    store: &dyn Store,
    command: Option<&[String]>,
    terminal: &Terminal,
) -> Result<Option<Letter>, Failure> {
    let ours = |error| workspace::store_failure(&error);
    let id = health::id();
    let mut state = store.state(&id).map_err(ours)?;
    let before = (state.told, state.sent);
    let last = state.last_number;
    let waiting = last.saturating_sub(state.told.min(state.sent)).min(MOST);
    if waiting == 0 {
        return Ok(None);
    }
    let recent = usize::try_from(waiting).unwrap_or(usize::MAX);
    let records = store.known(&id, &[], recent).map_err(ours)?.records;
    for event in records.iter().filter(|record| record.number > state.told).filter_map(health::read) {
        say(&event, terminal);
    }
    state.told = last;
    let unsent = records.iter().filter(|record| record.number > state.sent);
    let lines: String = unsent.filter_map(line).collect();
    let letter = match command {
        Some(command) if !lines.is_empty() => Some(Letter { command: command.to_vec(), lines, last }),
        // Without a command there is none to wait for: one configured later does not get the past.
        _ => {
            state.sent = last;
            None
        }
    };
    if (state.told, state.sent) != before {
        store.commit(&[Plan::of(id, state)]).map_err(ours)?;
    }
    Ok(letter)
}

/// Events for the command.
struct Letter {
    command: Vec<String>,
    /// One line of JSON each.
    lines: String,
    /// The number of the last of them.
    last: u64,
}

/// What became of a letter.
struct Sent {
    /// The command's name.
    name: String,
    last: u64,
    /// The inner text says why it was not taken.
    outcome: Result<(), String>,
}

impl Letter {
    fn send(self) -> Sent {
        let outcome = command::run(&self.command, &[], self.lines, PATIENCE);
        Sent { name: self.command.first().cloned().unwrap_or_default(), last: self.last, outcome }
    }
}

impl Sent {
    /// Notes what was taken; says what was not.
    fn note(&self, store: &dyn Store, terminal: &Terminal) -> Result<(), Failure> {
        if let Err(why) = &self.outcome {
            let hint = "see to `alert_command`; these events are sent again";
            terminal.error(&format!("the alert command `{}` {why}", self.name), Some(hint));
            return Ok(());
        }
        let ours = |error| workspace::store_failure(&error);
        let id = health::id();
        let mut state = store.state(&id).map_err(ours)?;
        state.sent = state.sent.max(self.last);
        store.commit(&[Plan::of(id, state)]).map_err(ours)
    }
}

fn say(event: &Event, terminal: &Terminal) {
    match event.kind {
        Kind::NeedsPerson | Kind::Degraded => terminal.error(&event.headline, event.advice.as_deref()),
        Kind::WorksAgain => terminal.say(&event.headline),
        Kind::Silent | Kind::Mended | Kind::FeedLinked => terminal.remark(&event.headline),
    }
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
