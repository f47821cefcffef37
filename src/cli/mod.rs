//! The command line: arguments → commands, and their ends → exit statuses.
//!
//! Data goes to standard output, everything else to standard error. A command here asks the world and prints;
//! what it decides stands in the core.

pub mod terminal;

mod add;
mod alert;
mod beside;
mod capture;
mod check;
mod command;
mod date;
mod desk;
mod doctor;
mod explain;
mod followers;
mod heal;
mod live;
mod mend;
mod probe;
mod publish;
mod rename;
mod offer;
mod opml;
mod parsers;
mod replay;
mod retain;
mod round;
mod run;
mod seen;
mod serve;
mod status;
mod test;
mod together;
mod transfer;
mod workspace;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use jiff::Timestamp;
use terminal::Terminal;

/// Follows web pages that have no feed, remembers what it saw, and publishes clean feeds.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit status: 0 nothing needs a person; 1 a source needs a person, or a fixture differs;
2 usage or config; 3 our own trouble (store, output folder, another run holds the lock);
130 interrupted.

Under cron a healthy run prints nothing.";

/// Where things are. Listed after what a command has of its own.
#[derive(Debug, Args)]
struct Places {
    /// The config file [default: config/gleaner.toml, else gleaner/gleaner.toml in the user's config folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "GLEANER_CONFIG",
        hide_env_values = true,
        display_order = 100
    )]
    config: Option<PathBuf>,
    /// The folder of the store [default: as configured, else `state`; in the user's state folder when
    /// the config is the user's]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "GLEANER_STATE",
        hide_env_values = true,
        display_order = 101
    )]
    state: Option<PathBuf>,
    /// The folder that feeds are written to [default: as configured, else `feeds`; in the user's data
    /// folder when the config is the user's]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "GLEANER_OUTPUT",
        hide_env_values = true,
        display_order = 102
    )]
    output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Go once over the sources that are due: fetch, remember, publish
    Run(run::Options),
    /// Go over the sources on a schedule, and serve the feeds over HTTP, until told to stop
    Serve(serve::Options),
    /// Look at a page, find its listing, and propose a source with the entries it gives
    Add(Box<add::Options>),
    /// Check the config and show all its problems at once; touches no network
    Check(check::Options),
    /// Show for each entry and field where it came from, or why it is missing
    Explain(explain::Options),
    /// Find a drifted source's remembered entries on its page again, and propose new selectors
    Heal(heal::Options),
    /// Save a source's page as a fixture: bytes as received, headers, time
    Capture(capture::Options),
    /// Replay fixtures offline and compare with what is expected
    Test(test::Options),
    /// Read the dates in texts, as a source's date field is read
    Date(date::Options),
    /// Show every source: verdict, last success, entries, next due
    Status(status::Options),
    /// Look at the store, the output folder, the clock and the config, and say what is wrong
    Doctor(doctor::Options),
    /// Write the whole store as JSON Lines
    Export(transfer::Export),
    /// Fill an empty store from an export
    Import(transfer::Import),
    /// Print the JSON Schema of the config, for editors
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Where pages come from when not from the network.
#[derive(Debug, Default, Args)]
struct Replay {
    /// Take pages from the fixtures in this folder instead of the network, at the times they were fetched
    #[arg(long, value_name = "DIR")]
    replay: Option<PathBuf>,
    /// Replay only pages fetched up to this time, such as 2025-03-07T09:00:00Z
    #[arg(long, value_name = "TIME", requires = "replay")]
    until: Option<Timestamp>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing needs a person.
    Fine,
    /// A source needs a person, or a fixture differs from what is expected.
    NeedsPerson,
    /// The arguments or the config are wrong.
    Usage,
    /// Our own trouble: the store, the output folder, another run.
    Ours,
    /// A person stopped it.
    Interrupted,
}

impl Exit {
    /// The exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::NeedsPerson => 1,
            Self::Usage => 2,
            Self::Ours => 3,
            // As a shell says of a program that SIGINT ended.
            Self::Interrupted => 130,
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: None }
    }

    fn ours(message: impl Into<String>) -> Self {
        Self { exit: Exit::Ours, message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

type Outcome = Result<Exit, Failure>;

/// Runs the command that the arguments ask for.
pub fn command(arguments: &Arguments, terminal: &mut Terminal) -> Exit {
    let places = &arguments.places;
    let outcome = match &arguments.command {
        Command::Run(options) => run::run(places, options, terminal),
        Command::Serve(options) => serve::serve(places, options, terminal),
        Command::Add(options) => add::add(places, options, terminal),
        Command::Check(options) => check::check(places, options, terminal),
        Command::Explain(options) => explain::explain(places, options, terminal),
        Command::Heal(options) => heal::heal(places, options, terminal),
        Command::Capture(options) => capture::capture(places, options, terminal),
        Command::Test(options) => test::test(places, options, terminal),
        Command::Date(options) => date::date(options, terminal),
        Command::Status(options) => status::status(places, options, terminal),
        Command::Doctor(options) => doctor::doctor(places, options, terminal),
        Command::Export(options) => transfer::export(places, options, terminal),
        Command::Import(options) => transfer::import(places, options, terminal),
        Command::Schema => Ok(check::schema(terminal)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "gleaner", &mut script);
            terminal.data(&String::from_utf8_lossy(&script));
            Ok(Exit::Fine)
        }
    };
    match outcome {
        Ok(exit) => exit,
        Err(failure) => {
            terminal.error(&failure.message, failure.hint.as_deref());
            failure.exit
        }
    }
}
