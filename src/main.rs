//! The `gleaner` program: arguments in, exit status out.

use std::{io::IsTerminal as _, process::ExitCode};

use clap::Parser as _;
use gleaner::cli::{self, Exit, terminal::Terminal};
use tracing_subscriber::EnvFilter;

/// Pages are read on one thread and forgotten on another, which takes a quarter less time than with the C library's.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[allow(clippy::disallowed_methods)]
fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    if let Ok(filter) = std::env::var("GLEANER_LOG") {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .init();
    }
    let mut terminal = Terminal::standard(std::env::var("NO_COLOR").ok().as_deref());
    let mut exit = cli::command(&arguments, &mut terminal);
    if let Some(error) = terminal.broken() {
        terminal.error(&format!("cannot write to standard output: {error}"), None);
        exit = Exit::Ours;
    }
    ExitCode::from(exit.code())
}
