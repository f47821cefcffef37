//! `export`, `import`: the whole store ↔ JSON Lines.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Failure, Outcome, Places, terminal::Terminal, workspace};
use crate::store::{
    Store as _, StoreError,
    transfer::{self, Counts},
};

/// Options of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Write to this file; without it, or `-`, to standard output
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// An export; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub fn export(places: &Places, options: &Export, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let store = workspace::look_into_store(places, &config, terminal)?;
    let written = match &options.file {
        Some(file) if file.as_os_str() != "-" => transfer::export_to(&store, file),
        _ => transfer::export(&store, terminal.writer()),
    };
    let counts = match written {
        Ok(counts) => counts,
        Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            return Ok(Exit::Fine);
        }
        Err(error) => return Err(ours(&error)),
    };
    store.close().map_err(|error| ours(&error))?;
    terminal.remark(&words(counts));
    Ok(Exit::Fine)
}

pub fn import(places: &Places, options: &Import, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    if options.file.as_os_str() != "-" && !options.file.exists() {
        return Err(Failure::usage(format!(
            "cannot read `{}`: there is no such file",
            options.file.display()
        )));
    }
    let store = workspace::open_store(places, &config, terminal)?;
    let counts = transfer::import(&store, &workspace::state_folder(places, &config), &options.file)
        .map_err(|error| ours(&error))?;
    store.close().map_err(|error| ours(&error))?;
    terminal.remark(&words(counts));
    Ok(Exit::Fine)
}

fn words(counts: Counts) -> String {
    format!("{} sources, {} records, {} traces", counts.sources, counts.records, counts.traces)
}

fn ours(error: &StoreError) -> Failure {
    workspace::store_failure(error)
}
