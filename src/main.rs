//! The `gleaner` program: arguments in, exit status out.

use std::process::ExitCode;

use clap::Parser as _;
use gleaner::cli::{self, Exit, terminal::Terminal};
use tracing_subscriber::EnvFilter;

#[allow(clippy::disallowed_methods)]
fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    if let Ok(filter) = std::env::var("GLEANER_LOG") {
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr).init();
    }
    let mut terminal = Terminal::standard(std::env::var("NO_COLOR").ok().as_deref());
    let mut exit = cli::command(&arguments, &mut terminal);
    if let Some(error) = terminal.broken() {
        terminal.error(&format!("cannot write to standard output: {error}"), None);
        exit = Exit::Ours;
    }
    ExitCode::from(exit.code())
}
