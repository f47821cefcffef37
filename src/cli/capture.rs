//! `capture`: saves a source's page as a fixture.

use std::{convert::Infallible, path::PathBuf};

use clap::Args;

use super::{Exit, Failure, Outcome, Places, live, replay, terminal::Terminal, workspace};
use crate::{
    clock::Deadline,
    config::Source,
    fetch::{Fetched, Visit, client::Client},
    fixture::{Saved, folder},
    id::EntryKey,
    page::Page,
    record::{Known, SourceState},
    refresh::{Ask, own, pages::Pages},
};

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
    let saved = fetch_all(source)?;
    let page = &saved.page;
    let folder = folder::save(&options.fixtures, &source.id, &saved).map_err(|e| replay::failure(&e))?;
    terminal.data(&format!("{}\n", folder.display()));
    let further = match saved.further.len() {
        0 => String::new(),
        count => format!(", {} pages", count + 1),
    };
    let own = match saved.own.len() {
        0 => String::new(),
        1 => ", the own page of 1 entry".to_owned(),
        count => format!(", the own pages of {count} entries"),
    };
    terminal.remark(&format!(
        "{} bytes, status {}{further}{own}; next: `gleaner test {}` writes what it gives, for you to read",
        page.body.len(),
        page.status,
        source.id
    ));
    Ok(Exit::Fine)
}

/// The page as it is now, asked for without conditions.
pub fn fetch(source: &Source) -> Result<Page, Failure> {
    live::runtime(1)?.block_on(first(&live::client(), source))
}

/// The listing over all the pages that a first visit reads, and the own pages of its entries.
pub fn fetch_all(source: &Source) -> Result<Saved, Failure> {
    let client = live::client();
    live::runtime(1)?.block_on(async {
        let mut saved = Saved::from(first(&client, source).await?);
        let deadline = Deadline::after(live::PARSE_LIMIT);
        let nothing = SourceState::default();
        let mut pages = Pages::begin(source, &nothing, &saved.page, &|| deadline.is_ahead());
        while let Some(next) = pages.as_mut().and_then(|pages| pages.next(source, false)) {
            let fetched = client.visit(Visit::to(source, &next)).await.fetched;
            let deadline = Deadline::after(live::PARSE_LIMIT);
            if let Some(pages) = &mut pages {
                pages.add(source, &fetched, &|| deadline.is_ahead());
            }
            if let Fetched::Page(page) = fetched {
                saved.further.push((next, page));
            }
        }
        let deadline = Deadline::after(live::PARSE_LIMIT);
        let mut known = |_: &[EntryKey]| Ok::<_, Infallible>(Known::default());
        let asked = (&mut known as &mut Ask<'_, _>, &(|| deadline.is_ahead()) as &dyn Fn() -> bool);
        let Ok(wanted) = own::wanted(source, &nothing, (&saved.page, pages), asked);
        for own in wanted {
            if let Fetched::Page(page) = client.visit(Visit::to(source, &own.url)).await.fetched {
                saved.own.push((own.url, page));
            }
        }
        Ok(saved)
    })
}

async fn first(client: &Client, source: &Source) -> Result<Page, Failure> {
    match client.visit(Visit::to(source, &source.url)).await.fetched {
        Fetched::Page(page) => Ok(page),
        Fetched::NotModified { .. } => {
            Err(Failure { exit: Exit::NeedsPerson, ..Failure::ours(format!("{} sent no page", source.url)) })
        }
        Fetched::Failed { error, .. } => {
            Err(Failure { exit: Exit::NeedsPerson, ..Failure::ours(format!("{}: {error}", source.url)) })
        }
    }
}
