//! Sources → refreshes over the network: hosts side by side, one request at a time for each.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use crate::{
    clock::{self, Deadline},
    config::Source,
    fetch::client::Client,
    record::SourceState,
    refresh::{self, Refreshed},
    store::{Store, StoreError},
};

/// Hosts asked at the same time: enough to keep two cores busy with parsing, few enough for a home line.
const HOSTS_AT_ONCE: usize = 16;

/// The longest that parsing one page may take; html5ever is quadratic in nesting depth.
pub const PARSE_LIMIT: Duration = Duration::from_secs(5);

/// How many of a source's latest records are held against a page besides those it names.
pub const RECENT: usize = 100;

/// A source and what is known of it.
pub type Due = (Source, SourceState);

/// Refreshes every source and sends what came of it, until `stop` is done. A source that was asked is finished;
/// no further one is begun.
pub async fn refresh_all<S: Store + 'static>(
    due: Vec<Due>,
    (client, store): (Client, Arc<S>),
    sender: mpsc::Sender<Result<Refreshed, StoreError>>,
    stop: impl Future<Output = ()>,
) {
    let lanes = futures_util::stream::iter(by_host(due))
        .map(|lane| refresh_host(lane, client.clone(), Arc::clone(&store), sender.clone()))
        .buffer_unordered(HOSTS_AT_ONCE)
        .collect::<Vec<()>>();
    tokio::select! {
        _ = lanes => {}
        () = stop => {}
    }
}

fn by_host(due: Vec<Due>) -> Vec<Vec<Due>> {
    let mut lanes: BTreeMap<String, Vec<Due>> = BTreeMap::new();
    for (source, state) in due {
        let host = source.url.host_str().unwrap_or_default().to_owned();
        lanes.entry(host).or_default().push((source, state));
    }
    lanes.into_values().collect()
}

async fn refresh_host<S: Store + 'static>(
    lane: Vec<Due>,
    client: Client,
    store: Arc<S>,
    sender: mpsc::Sender<Result<Refreshed, StoreError>>,
) {
    let mut spacing = None;
    for (source, state) in lane {
        if let Some(spacing) = spacing.replace(source.request.spacing) {
            tokio::time::sleep(spacing).await;
        }
        let fetched = client.fetch(&source, &refresh::validators_for(&source, &state)).await;
        let store = Arc::clone(&store);
        // Parsing is work for a processor, not for the threads that wait for the network.
        let refreshed = tokio::task::spawn_blocking(move || one(&source, state, &fetched, &*store)).await;
        let Ok(refreshed) = refreshed else {
            // The runtime is being shut down.
            return;
        };
        if sender.send(refreshed).await.is_err() {
            return;
        }
    }
}

/// Refreshes one source with what a fetch gave.
pub fn one(
    source: &Source,
    state: SourceState,
    fetched: &crate::fetch::Fetched,
    store: &dyn Store,
) -> Result<Refreshed, StoreError> {
    let deadline = Deadline::after(PARSE_LIMIT);
    refresh::refresh(
        source,
        state,
        fetched,
        (&mut |keys| store.known(&source.id, keys, RECENT), &|| deadline.is_ahead()),
    )
}

/// The clock that says when an answer was complete.
pub fn client() -> Result<Client, crate::fetch::FetchError> {
    Client::new(clock::now)
}
