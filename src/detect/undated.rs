//! Undated: a source whose `entry` gives more than is meant → the same without what has no date. Pure.
//!
//! The way up in a list of files, an advertisement, a line among dated ones that says where to ask: no selector tells them
//! from the entries. Refuses where an entry of the listing itself lacks its date: it would be lost.

use super::{
    Looking, Proposal,
    propose::{DateKey, Keys},
    score::Scored,
    selector,
};

/// Fewer dated entries do not say that all are.
const FEWEST: usize = 5;

/// More undated rows for each dated one are another listing, of which these are a part.
const MOST: usize = 2;

impl Looking<'_, '_> {
    /// The same source without the rows that have no date, where these are what its listing does not hold.
    pub(super) fn without_undated(&self, scored: &Scored, plain: Proposal) -> Proposal {
        let (dated, undated) = counts(&plain);
        let is_more = plain.fit < selector::EXACT && matches!(plain.keys.date, DateKey::At(_));
        let are_meant = dated >= FEWEST && dated == scored.group.items.len();
        if !is_more || !are_meant || undated == 0 || undated > MOST * dated {
            return plain;
        }
        let read = |pattern: Option<&str>| {
            let dates_match = pattern.map(str::to_owned);
            self.reread(&plain, Keys { is_dated: true, dates_match, ..plain.keys.clone() })
        };
        let is_exact = |other: &Proposal| counts(other) == (dated, 0);
        let exact = PATTERNS.into_iter().filter_map(read).find(is_exact);
        exact.map_or(plain, |exact| {
            let confidence = exact.confidence / exact.fit;
            Proposal { fit: 1.0, confidence, ..exact }
        })
    }
}

/// What the text of a date must match, where other text may stand in its place: nothing, a figure, two figures.
const PATTERNS: [Option<&str>; 3] = [None, Some(r".*\d.*"), Some(r".*\d\D+\d.*")];

/// How many rows a proposal reads with a date, and how many without.
fn counts(of: &Proposal) -> (usize, usize) {
    let rows = |is_dated: bool| {
        let those =
            of.reading.sightings.iter().filter(|sighting| sighting.entry.moment.is_some() == is_dated);
        those.map(|sighting| sighting.rows.len()).sum()
    };
    (rows(true), rows(false))
}
