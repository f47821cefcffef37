//! What each file still has → which of them to start from. Pure.
//!
//! Commits are counted, so what is missing is known by number. Nothing is guessed: a base is used only when it
//! was checked, and every commit that no base and no frame has is named.

/// Which commits the frames of the journal hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commits(Vec<u64>);

impl Commits {
    /// From the numbers of frames in any order.
    pub fn new(mut seqs: Vec<u64>) -> Self {
        seqs.sort_unstable();
        seqs.dedup();
        Self(seqs)
    }

    /// The last one; 0: none.
    pub fn last(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    /// The commits after `base` up to `last` that no frame holds, as ranges.
    pub fn missing(&self, base: u64, last: u64) -> Vec<(u64, u64)> {
        let mut ranges = Vec::new();
        let mut next = base + 1;
        for &seq in self.0.iter().filter(|&&seq| seq > base && seq <= last) {
            if seq > next {
                ranges.push((next, seq - 1));
            }
            next = seq + 1;
        }
        if next <= last {
            ranges.push((next, last));
        }
        ranges
    }

    /// The base from which the fewest commits up to `last` are missing; of equals the highest. `bases` holds the
    /// last commit of each; starting from nothing is commit 0 and always possible.
    pub fn best_base(&self, bases: &[u64], last: u64) -> u64 {
        let cost =
            |base: u64| -> u64 { self.missing(base, last).iter().map(|(from, to)| to - from + 1).sum() };
        bases
            .iter()
            .copied()
            .chain([0])
            .min_by_key(|&base| (cost(base), std::cmp::Reverse(base)))
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_missing_when_the_frames_follow_the_base() {
        assert!(Commits::new(vec![3, 1, 2]).missing(0, 3).is_empty());
        assert!(Commits::new(vec![5, 6]).missing(4, 6).is_empty());
        assert!(Commits::new(vec![]).missing(7, 7).is_empty());
    }

    #[test]
    fn every_gap_is_named() {
        assert_eq!(Commits::new(vec![2, 3, 6]).missing(0, 8), [(1, 1), (4, 5), (7, 8)]);
    }

    #[test]
    fn the_base_that_loses_least_wins_and_of_equals_the_highest() {
        let commits = Commits::new(vec![3, 4, 7, 8]);
        assert_eq!(commits.best_base(&[2, 6], 8), 6);
        assert_eq!(commits.best_base(&[6, 7], 8), 7);
        assert_eq!(Commits::new(vec![1, 2]).best_base(&[], 2), 0);
    }
}
