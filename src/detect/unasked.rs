//! Healing without a person: what a refresh found broken → new rules that nothing speaks against, or none. Pure.
//!
//! Where a person looks at what `heal` proposes before it counts, here nobody does: every doubt leaves the source as it
//! is, for a feed that stands still for a day is better than one that tells what is not so.

use jiff::SignedDuration;

use super::{Healed, Known, heal};
use crate::{
    config::{Heal, Source},
    decode,
    entry::Entry,
    page::Page,
    record::{Record, SourceState},
    refresh::Refreshed,
    verdict::{Verdict, blocked},
};

/// So many of the latest entries are looked for; older ones have left most pages.
pub const LOOKED_FOR: usize = 100;

/// Below this confidence a person decides.
const SURE: f64 = 0.9;

/// A source that breaks again so soon was not mended: a person must look.
const APART: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether a source is to be mended, after a refresh that ended with a verdict; `before` is its state before that.
pub fn is_to_mend(source: &Source, before: &SourceState, page: &Page, verdict: &Verdict) -> bool {
    let is_broken = matches!(verdict, Verdict::Drifted { .. } | Verdict::Degraded { .. });
    let is_too_soon = before.mended_at.is_some_and(|at| at.duration_until(page.fetched_at).abs() < APART);
    source.heal == Heal::Auto && is_broken && !is_too_soon && !stands_in(page)
}

/// Whether a page stands in for the one that was asked for.
fn stands_in(page: &Page) -> bool {
    decode::decode(page).map_or(true, |document| blocked::stands_in(&page.headers, &document.text).is_some())
}

/// New rules that nothing speaks against.
pub fn rules(source: &Source, page: &Page, known: &[Known], still_time: &dyn Fn() -> bool) -> Option<Healed> {
    let document = decode::decode(page).ok()?;
    let healed = heal((&document, page), source, known, still_time).ok()?;
    let is_sure = healed.confidence >= SURE && healed.doubts.is_empty();
    (is_sure && !healed.changes.is_empty()).then_some(healed)
}

/// Whether the refresh by new rules says nothing against them either.
pub fn is_confirmed(healed: &Healed, before: &SourceState, refreshed: &Refreshed) -> bool {
    let usual = before.history.iter().map(|shape| shape.entries).max().unwrap_or(0) as usize;
    let is_good = matches!(refreshed.verdict, Verdict::New { .. } | Verdict::Unchanged { .. });
    // The few newest headlines stand beside many a page, the one that says there is none among them.
    let entries = healed.reading.sightings.len();
    let is_whole = entries * 3 >= usual * 2 || healed.is_cut && entries * 2 >= usual;
    // What was found again by its words alone may be none that the records know.
    let is_known = refreshed.new.len() + healed.found <= entries;
    is_good && is_whole && is_known && refreshed.again.unwrap_or(0) == 0
}

impl From<Record> for Known {
    /// An entry that is remembered, to be looked for.
    fn from(record: Record) -> Self {
        let had = Entry::FIELDS.into_iter().filter(|field| record.entry.has(field)).collect();
        let Entry { headline, link, moment, .. } = record.entry;
        Self { headline, link, day: moment.map(|moment| moment.day), had, is_typed: false }
    }
}
