//! `capture`: saves a source's page as a fixture.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Failure, Outcome, Places, live, replay, terminal::Terminal, workspace};
use crate::{config::Source, fetch::Fetched, fixture::folder, page::Page};

/// Options of `capture`.
#[derive(Debug, Args)]
pub struct Options {
    /// The source
    #[arg(value_name = "ID")]
    id: String,
    /// The folder of fixtures
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    fixtures: PathBuf,
}

pub fn capture(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    let config = workspace::config(places, terminal)?;
    let source = workspace::one(&config, &options.id)?;
    let page = fetch(source)?;
    let folder = folder::save(&options.fixtures, &source.id, &page).map_err(|e| replay::failure(&e))?;
    terminal.data(&format!("{}\n", folder.display()));
    terminal.remark(&format!(
        "{} bytes, status {}; next: `gleaner test {}` writes what it gives, for you to read",
        page.body.len(),
        page.status,
        source.id
    ));
    Ok(Exit::Fine)
}

/// The page as it is now, asked for without conditions.
pub fn fetch(source: &Source) -> Result<Page, Failure> {
    let client = live::client();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::ours(format!("cannot start the runtime: {error}")))?;
    match runtime.block_on(client.fetch(source, &crate::page::Validators::default())) {
        Fetched::Page(page) => Ok(page),
        Fetched::NotModified { .. } => {
            Err(Failure { exit: Exit::NeedsPerson, ..Failure::ours(format!("{} sent no page", source.url)) })
        }
        Fetched::Failed { error, .. } => {
            Err(Failure { exit: Exit::NeedsPerson, ..Failure::ours(format!("{}: {error}", source.url)) })
        }
    }
}
