//! The feeds that a followed page links → what is remembered of them, so that one that appears is told once. Pure.
//!
//! Who follows a page by selectors does so because it had no feed. Those it links when it is first read are no news:
//! `add` had said so. Refuses to tell of a feed again because its address got another query.

use url::Url;

use crate::{listing::Listing, record::SourceState, verdict::Verdict};

/// So many feeds are told of in the life of a source: addresses that change with every visit end here.
const MOST: usize = 8;

/// Notes the feeds of a page that was read; `verdict` is what it gives when it holds no entry. What stands in for the
/// page tells nothing of it; one that was built anew does.
pub(super) fn note(state: &mut SourceState, listing: &Listing, verdict: Option<&Verdict>) {
    let is_another = |verdict: &Verdict| verdict.is_failure() && !matches!(verdict, Verdict::Drifted { .. });
    if verdict.is_some_and(is_another) {
        return;
    }
    let known = state.feeds.get_or_insert_default();
    for feed in &listing.feeds {
        if known.len() < MOST && !known.iter().any(|known| is_same(known, feed)) {
            known.push(feed.clone());
        }
    }
}

fn is_same(a: &Url, b: &Url) -> bool {
    (a.host_str(), a.path()) == (b.host_str(), b.path())
}

/// The first feed that has appeared since the state before; `None`: none has, or it was the first look.
pub(super) fn appeared(seen_before: Option<usize>, state: &SourceState) -> Option<&Url> {
    state.feeds.as_ref()?.get(seen_before?)
}
