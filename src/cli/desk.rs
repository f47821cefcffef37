//! A source's pages → what is read of them: parsing off the threads that wait for the network, and a listing followed
//! over its pages and to the own pages of its entries.

use std::sync::Arc;

use super::{
    live::{PARSE_LIMIT, RECENT},
    parsers::Parsers,
};
use crate::{
    clock::Deadline,
    config::{Config, Source},
    fetch::{Permit, Visit, client::Client},
    id::EntryKey,
    page::Page,
    record::SourceState,
    refresh::{
        own::{self, Own},
        pages::Pages,
    },
    store::{Store, StoreError},
};

/// Where the pages of one source are read.
pub struct Desk {
    pub config: Arc<Config>,
    /// The source's place in the config.
    pub place: usize,
    /// Who parses them.
    pub parsers: Parsers,
}

/// What was read, and what robots.txt said of the further pages.
type Gathered = (Option<Pages>, Vec<Permit>);

impl Desk {
    pub fn source(&self) -> &Source {
        &self.config.sources[self.place]
    }

    /// Work for a processor; `None`: everything is being shut down.
    pub async fn parse<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Source, &dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Option<T> {
        let (config, place) = (Arc::clone(&self.config), self.place);
        let working = self.parsers.run(move || {
            let deadline = Deadline::after(PARSE_LIMIT);
            work(&config.sources[place], &|| deadline.is_ahead())
        });
        working.await
    }

    /// Asks for the own pages of entries, one after the other; `None`: everything is being shut down.
    pub async fn own<S: Store + 'static>(
        &self,
        client: &Client,
        store: &Arc<S>,
        (state, page, pages): (&SourceState, &Page, Option<&Pages>),
    ) -> Option<Result<Own, StoreError>> {
        let mut own = Own::default();
        if self.source().own_page.is_none() {
            return Some(Ok(own));
        }
        let (before, first, pages, there) = (state.clone(), page.clone(), pages.cloned(), Arc::clone(store));
        let asked = self.parse(move |source, still_time| {
            let mut known = |keys: &[EntryKey]| there.known(&source.id, keys, RECENT);
            own::wanted(source, &before, (&first, pages), (&mut known, still_time))
        });
        let wanted = match asked.await? {
            Ok(wanted) => wanted,
            Err(error) => return Some(Err(error)),
        };
        for one in wanted {
            if !own.may_ask(&one) {
                continue;
            }
            let visit = Visit { permits: &state.permits, ..Visit::to(self.source(), &one.url) };
            let fetched = client.visit(visit).await.fetched;
            let mut told = own;
            let read = self.parse(move |source, still_time| {
                told.add(source, &one, &fetched, still_time);
                told
            });
            own = read.await?;
        }
        Some(Ok(own))
    }

    /// Reads the listing over its pages, one after the other; `None`: everything is being shut down.
    pub async fn gather<S: Store>(
        &self,
        client: &Client,
        store: &Arc<S>,
        (state, page): (&SourceState, &Page),
    ) -> Option<Result<Gathered, StoreError>> {
        let (before, first) = (state.clone(), page.clone());
        let begun =
            self.parse(move |source, still_time| Pages::begin(source, &before, &first, still_time)).await?;
        let Some(mut pages) = begun else { return Some(Ok((None, Vec::new()))) };
        let mut permits = Vec::new();
        loop {
            let known = match is_known(&**store, self.source(), pages.last()) {
                Ok(known) => known,
                Err(error) => return Some(Err(error)),
            };
            let Some(next) = pages.next(self.source(), known) else {
                return Some(Ok((Some(pages), permits)));
            };
            let visit = Visit { permits: &state.permits, ..Visit::to(self.source(), &next) };
            let visited = client.visit(visit).await;
            permits.extend(visited.permits);
            let mut more = pages;
            pages = self
                .parse(move |source, still_time| {
                    more.add(source, &visited.fetched, still_time);
                    more
                })
                .await?;
        }
    }
}

/// Whether an entry is known by any of these keys, those that others may share left out where there are better.
pub fn is_known(store: &dyn Store, source: &Source, keys: &[EntryKey]) -> Result<bool, StoreError> {
    let mut sure: Vec<EntryKey> = keys.iter().filter(|key| !key.is_weak()).cloned().collect();
    if sure.is_empty() {
        sure = keys.to_vec();
    }
    let known = store.known(&source.id, &sure, 0)?;
    Ok(!known.records.is_empty() || !known.traces.is_empty())
}
