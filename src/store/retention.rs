//! Retention: what a source's feeds show, and how its records lie → which records are let go. Pure.
//!
//! What has been seen is remembered far longer than what is kept: a record that is let go leaves a trace, and an
//! entry with a trace is no news. What still stands on the page is never let go, whatever the numbers say.

use jiff::SignedDuration;

use super::Newest;
use crate::{
    id::SourceId,
    record::{Plan, Record, SourceState},
};

/// How much is kept of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// What its feeds show.
    pub shown: Newest,
    /// How many of the entries it ever had are remembered, the last ones by number.
    pub remembered: u64,
}

/// The last records by number that are kept whatever their dates say: a page is held against them.
pub const RECENT: u64 = 100;

/// An entry that the last page did not have may be back on the next: pages alternate, and the last sighting is written
/// once a day.
const AWAY: SignedDuration = SignedDuration::from_hours(48);

/// The most records looked at in one step.
pub const MOST: usize = 5_000;

impl Retention {
    /// For feeds that show this; fifty times as much is remembered, and never less than ten thousand entries.
    pub fn of(shown: Newest) -> Self {
        let remembered = u64::try_from(shown.count).unwrap_or(u64::MAX).saturating_mul(50).max(10_000);
        Self { shown, remembered }
    }

    /// How much surplus is worth a commit.
    fn slack(self) -> usize {
        self.shown.count / 8
    }

    /// What is let go of a source now, as a plan; `None`: nothing yet. `beyond` are the records its feeds do not
    /// show, and `first_trace` is the number of the oldest trace.
    pub fn plan(
        self,
        source: &SourceId,
        state: SourceState,
        (beyond, first_trace): (&[Record], Option<u64>),
    ) -> Option<Plan> {
        let fade: Vec<u64> = beyond
            .iter()
            .filter(|record| record.number.saturating_add(RECENT) <= state.last_number)
            .filter(|record| {
                state.read_at.is_some_and(|read_at| record.last_seen.duration_until(read_at) > AWAY)
            })
            .map(|record| record.number)
            .collect();
        let forget = state.last_number.saturating_sub(self.remembered);
        let forgotten = first_trace.map_or(0, |first| (forget + 1).saturating_sub(first));
        let is_due = |count: usize| count > 0 && count >= self.slack();
        if !is_due(fade.len()) && !is_due(usize::try_from(forgotten).unwrap_or(usize::MAX)) {
            return None;
        }
        Some(Plan { fade, forget, ..Plan::of(source.clone(), state) })
    }
}
