//! Renamed sources and joined feeds → what is remembered of them under their new names.

use std::path::Path;

use super::{Failure, terminal::Terminal, workspace};
use crate::{
    config::{FeedRule, Source},
    fixture::kept,
    health,
    id::SourceId,
    record::{Plan, SourceState},
    store::Store,
};

/// The memory that a renamed source takes over: the state of the one it was, when that is known and the source itself
/// is not. `None`: there is nothing to take over.
pub fn former(store: &dyn Store, source: &Source) -> Result<Option<SourceState>, Failure> {
    let ours = |error| workspace::store_failure(&error);
    let Some(was) = &source.was else { return Ok(None) };
    if store.state(&source.id).map_err(ours)?.refreshed_at.is_some() {
        return Ok(None);
    }
    let state = store.state(was).map_err(ours)?;
    let first_id = state.first_id.clone().or_else(|| Some(was.clone()));
    Ok(state.refreshed_at.is_some().then_some(SourceState { first_id, ..state }))
}

/// Gives renamed sources their memories. `pages` is the folder of kept pages; `None`: they stay where they are.
pub fn adopt(
    store: &dyn Store,
    sources: &[&Source],
    (pages, terminal): (Option<&Path>, &Terminal),
) -> Result<(), Failure> {
    for source in sources {
        let (Some(was), Some(state)) = (&source.was, former(store, source)?) else { continue };
        let plan = Plan { was: Some(was.clone()), ..Plan::of(source.id.clone(), state) };
        store.commit(&[plan]).map_err(|error| workspace::store_failure(&error))?;
        if let Some(pages) = pages
            && let Err(error) = kept::rename(pages, was, &source.id)
        {
            // They are for repair alone, and kept anew within a day.
            terminal.say(&format!("the kept pages of `{was}` were not renamed: {error}"));
        }
        terminal.remark(&format!("`{}` keeps what was remembered of `{was}`", source.id));
    }
    Ok(())
}

/// Notes which id a renamed joined feed had at first: it stays the same feed, whatever becomes of `was`.
pub fn adopt_feeds(store: &dyn Store, feeds: &[FeedRule]) -> Result<(), Failure> {
    let renamed: Vec<(&FeedRule, &SourceId)> =
        feeds.iter().filter_map(|rule| Some((rule, rule.was.as_ref()?))).collect();
    if renamed.is_empty() {
        return Ok(());
    }
    let ours = |error| workspace::store_failure(&error);
    let mut state = store.state(&health::id()).map_err(ours)?;
    let known = state.first_ids.len();
    for (rule, was) in renamed {
        let first = state.first_ids.get(was).unwrap_or(was).clone();
        state.first_ids.entry(rule.id.clone()).or_insert(first);
    }
    if state.first_ids.len() == known {
        return Ok(());
    }
    store.commit(&[Plan::of(health::id(), state)]).map_err(ours)
}
