//! Renamed sources and joined feeds → what is remembered of them under their new names.

use std::{collections::BTreeMap, path::Path};

use super::{Failure, terminal::Terminal, workspace};
use crate::{
    config::{Config, FeedRule, Source},
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

/// Notes which id each joined feed had at first: it stays the same feed, whatever becomes of `was`.
pub fn adopt_feeds(store: &dyn Store, config: &Config) -> Result<(), Failure> {
    if config.feeds.is_empty() {
        return Ok(());
    }
    let ours = |error| workspace::store_failure(&error);
    let mut state = store.state(&health::id()).map_err(ours)?;
    if !note_first(config, &mut state.first_ids) {
        return Ok(());
    }
    store.commit(&[Plan::of(health::id(), state)]).map_err(ours)
}

/// Notes the first ids of feeds that have none noted; whether there were any. One that was noted stays, also where `was`
/// comes late, and no two feeds of a config have the same.
fn note_first(config: &Config, first_ids: &mut BTreeMap<SourceId, SourceId>) -> bool {
    let mut new: Vec<&FeedRule> =
        config.feeds.iter().filter(|rule| !first_ids.contains_key(&rule.id)).collect();
    // What is handed on is nobody else's.
    new.sort_by_key(|rule| rule.was.is_none());
    for rule in &new {
        let was = rule.was.as_ref().map(|was| first_ids.remove(was).unwrap_or_else(|| was.clone()));
        let wished = was.unwrap_or_else(|| rule.id.clone());
        let is_taken = config.feeds.iter().any(|other| first_ids.get(&other.id) == Some(&wished));
        let first = if is_taken { free(&wished, config, first_ids) } else { wished };
        // A feed that is no more had it.
        first_ids.retain(|_, known| *known != first);
        first_ids.insert(rule.id.clone(), first);
    }
    !new.is_empty()
}

/// An id like this one that nothing has or had.
fn free(id: &SourceId, config: &Config, first_ids: &BTreeMap<SourceId, SourceId>) -> SourceId {
    /// Leaves room for a number in the longest id.
    const LONGEST: usize = 80;
    let start = &id.as_str()[..id.as_str().len().min(LONGEST)];
    let is_free = |id: &SourceId| {
        !first_ids.values().any(|first| first == id)
            && !config.feeds.iter().any(|rule| rule.id == *id)
            && !config.sources.iter().any(|source| source.id == *id)
    };
    let mut ids = (2u32..).filter_map(|number| SourceId::new(&format!("{start}-{number}")).ok());
    ids.find(is_free).expect("there are more numbers than ids")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, ConfigText};

    /// What is noted after runs with these feeds, each such as `a` or `c was a`, one after another.
    fn noted(runs: &[&str]) -> String {
        let mut first_ids = BTreeMap::new();
        for feeds in runs {
            let feed = |feed: &str| {
                let (id, was) = feed.split_once(" was ").unwrap_or((feed, ""));
                let was = if was.is_empty() { String::new() } else { format!("was = \"{was}\"\n") };
                format!("[feed.{id}]\ntitle = \"T\"\nsources = \"*\"\n{was}")
            };
            let source = "[source.s]\nurl = \"https://a.example/\"\n";
            let text = source.to_owned() + &feeds.split(", ").map(feed).collect::<String>();
            let file = ConfigText { path: "gleaner.toml".into(), text };
            note_first(&config::read(&[file], &|_| None).expect("a config"), &mut first_ids);
        }
        first_ids.iter().map(|(id, first)| format!("{id}:{first}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn no_two_feeds_have_the_same_first_id() {
        assert_eq!(noted(&["a, b"]), "a:a b:b");
        assert_eq!(noted(&["a", "c was a", "c"]), "c:a");
        assert_eq!(noted(&["a", "c was a", "a, c"]), "a:a-2 c:a");
        assert_eq!(noted(&["a", "c was a", "a, a-2, c"]), "a:a-3 a-2:a-2 c:a");
        assert_eq!(noted(&["a", "c was a", "d was c", "c, d"]), "c:c d:a");
        assert_eq!(noted(&["a", "c was a", "d was c, a"]), "a:a-2 d:a");
        assert_eq!(noted(&["a", "c was a", "a, c", "b was a, c"]), "b:a-2 c:a");
        let long = "a".repeat(100);
        let other = noted(&[&long, &format!("c was {long}"), &format!("{long}, c")]);
        assert_eq!(other, format!("{long}:{}-2 c:{long}", "a".repeat(80)));
    }

    #[test]
    fn a_new_name_is_taken_back() {
        assert_eq!(noted(&["a", "c was a", "a was c"]), "a:a");
        assert_eq!(noted(&["a", "c was a", "a"]), "a:a");
        assert_eq!(noted(&["c was a"]), "c:a", "of a store that noted nothing yet");
        assert_eq!(noted(&["c", "c was a"]), "c:c", "it is known under its own id");
    }
}
