//! What the feeds show → how much of each source is kept.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    config::{Config, Keep, Source},
    id::SourceId,
    store::{Newest, Retention, Store, StoreError},
};

/// Lets go of what no feed shows any more, of the sources that grew.
pub fn retain(config: &Config, grown: &BTreeSet<SourceId>, store: &dyn Store) -> Result<usize, StoreError> {
    let sources: Vec<(SourceId, Retention)> = config
        .sources
        .iter()
        // The whole history is kept where it is published.
        .filter(|source| grown.contains(&source.id) && !source.archive)
        .map(|source| (source.id.clone(), Retention::of(shown(config, source))))
        .collect();
    store.retain(&sources)
}

/// The most that any feed shows of a source.
fn shown(config: &Config, source: &Source) -> Newest {
    let joined = config.feeds.iter().filter(|feed| feed.sources.contains(&source.id));
    let keeps: Vec<Keep> = joined.map(|feed| feed.keep).chain([source.keep]).collect();
    let count = keeps.iter().map(|keep| keep.entries).max().unwrap_or_default();
    // One feed without a limit needs them all.
    let ages: Option<Vec<Duration>> = keeps.iter().map(|keep| keep.age).collect();
    Newest { count, age: ages.and_then(|ages| ages.into_iter().max()) }
}
