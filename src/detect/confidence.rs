//! Confidence: what speaks for a group → how likely it is right. Pure.

use rustc_hash::FxHashSet;

use super::{Proposal, score::Features};

/// The score at which a group is as likely right as wrong, and how fast that changes around it.
const EVEN: f64 = 5.2;
const STEEP: f64 = 1.4;

/// Two or three entries repeat by chance.
const FEW: f64 = 0.9;

/// Links without dates and headings may be a menu.
const BARE: f64 = 0.93;

/// Where most elements of the entries' build are left out, which of them are entries is a guess.
const PART: f64 = 0.9;

/// Documents in the order of their names are an archive: what is new in it stands anywhere.
const UNSORTED: f64 = 0.95;

/// Where the page shows newer entries outside of the listing, it may be these that are meant.
pub const ELSEWHERE: f64 = 0.9;

/// What is less likely is offered only where nothing better is.
pub const HARDLY: f64 = 0.05;

/// How likely a group with a score is the listing at the most.
pub fn by_score(score: f64) -> f64 {
    1.0 / (1.0 + (-STEEP * (score - EVEN)).exp())
}

/// How likely a group is the listing, from 0 to 1; `fit` is how well a selector gives it, `part` which share of the
/// elements of the same build it is.
pub fn confidence(features: &Features, score: f64, (fit, part): (f64, f64)) -> f64 {
    let few = if features.count <= 3.0 { FEW } else { 1.0 };
    let bare = if features.dates < 0.3 && features.headings < 0.3 { BARE } else { 1.0 };
    let part = if part < 0.5 { PART } else { 1.0 };
    let is_unsorted = features.dates > 0.9 && features.monotone < 0.6;
    let unsorted = if is_unsorted { UNSORTED } else { 1.0 };
    by_score(score) * fit * few * bare * part * unsorted
}

/// Another listing with fewer entries is a box beside the one that is meant.
const FEWEST_OF_OTHER: usize = 4;

/// What a listing loses, at the most, that another one of the page is as likely as it.
const COMPETED: f64 = 0.15;

/// Of listings whose scores are so far apart the better one is meant.
const FAR_APART: f64 = 5.0;

/// Makes the likeliest less sure where another listing of the page may be the one that is meant as well.
pub fn compete(proposals: &mut [Proposal]) {
    let Some((best, others)) = proposals.split_first_mut() else { return };
    let (own, own_score) = (told(best), best.score);
    let is_other = |other: &&mut Proposal| {
        let its = told(other);
        its.len() >= FEWEST_OF_OTHER && its.intersection(&own).count() * 2 < its.len()
    };
    let likely = |other: &mut Proposal| {
        other.confidence * (1.0 - (own_score - other.score).clamp(0.0, FAR_APART) / FAR_APART)
    };
    let most = others.iter_mut().filter(is_other).map(likely).fold(0.0, f64::max);
    best.confidence *= 1.0 - COMPETED * most;
    // Whoever reads the offers in order is not told that a later one is likelier.
    for other in others {
        other.confidence = other.confidence.min(best.confidence);
    }
}

/// What its entries are: their addresses, or their headlines.
fn told(proposal: &Proposal) -> FxHashSet<&str> {
    let entries = proposal.reading.sightings.iter().map(|sighting| &sighting.entry);
    entries.map(|entry| entry.link.as_ref().map_or(entry.headline.as_str(), |link| link.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_entries_and_bare_links_are_never_sure() {
        let dated = Features { count: 12.0, dates: 1.0, monotone: 1.0, ..Features::default() };
        assert!(confidence(&dated, 9.0, (1.0, 1.0)) > 0.98);
        assert!(confidence(&Features { count: 3.0, ..dated }, 9.0, (1.0, 1.0)) < 0.9);
        assert!(confidence(&Features { dates: 0.0, ..dated }, 6.5, (1.0, 1.0)) < 0.85);
        assert!(confidence(&Features { monotone: 0.5, ..dated }, 7.0, (1.0, 1.0)) < 0.9);
        assert!(confidence(&dated, 9.0, (0.5, 1.0)) < 0.5);
        assert!(confidence(&dated, 9.0, (1.0, 0.3)) < 0.9);
    }
}
