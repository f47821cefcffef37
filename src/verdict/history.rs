//! Verdicts over time → episodes: how a source has fared, in few words. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Verdict;

/// Refreshes in a row that ended alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// The verdict's word; `new` and `unchanged` are one episode, named after the last of them.
    pub verdict: String,
    /// The last reason in words; `None`: the verdict needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the first of them ended.
    pub since: Timestamp,
    /// When the last of them ended.
    pub until: Timestamp,
    /// How many there were.
    pub times: u32,
    /// How many entries they announced.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub new: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How many episodes are remembered.
pub const EPISODES: usize = 20;
/// A reason is a line, not a page.
const MAX_REASON_CHARS: usize = 300;

/// Adds how a refresh ended. A source that was skipped was not refreshed.
pub fn note(episodes: &mut Vec<Episode>, verdict: &Verdict, now: Timestamp) {
    let new = match verdict {
        Verdict::Skipped { .. } => return,
        Verdict::New { new, .. } | Verdict::Degraded { new, .. } => *new as u64,
        _ => 0,
    };
    let reason = verdict.reason().map(|reason| reason.chars().take(MAX_REASON_CHARS).collect());
    let word = verdict.word();
    let is_fine = |word: &str| matches!(word, "new" | "unchanged");
    match episodes.last_mut() {
        Some(last) if last.verdict == word || (is_fine(&last.verdict) && is_fine(word)) => {
            word.clone_into(&mut last.verdict);
            last.reason = reason;
            last.until = now;
            last.times = last.times.saturating_add(1);
            last.new += new;
        }
        _ => {
            let episode = Episode { verdict: word.to_owned(), reason, since: now, until: now, times: 1, new };
            episodes.push(episode);
            let surplus = episodes.len().saturating_sub(EPISODES);
            episodes.drain(..surplus);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_741_338_000 + hour * 3600).unwrap()
    }

    fn drifted() -> Verdict {
        Verdict::Drifted { reason: "nothing matches".repeat(90) }
    }

    fn unchanged() -> Verdict {
        Verdict::Unchanged { reason: "the same bytes".to_owned() }
    }

    #[test]
    fn what_ended_alike_is_one_episode() {
        let mut episodes = Vec::new();
        let news = |new| Verdict::New { new, changed: 0 };
        let verdicts = [news(3), unchanged(), news(2), drifted(), drifted(), unchanged()];
        for (hour, verdict) in (0..).zip(&verdicts) {
            note(&mut episodes, verdict, at(hour));
        }
        note(&mut episodes, &Verdict::Skipped { reason: "not due".to_owned() }, at(9));
        let told: Vec<_> =
            episodes.iter().map(|e| (e.verdict.as_str(), e.times, e.new, e.since, e.until)).collect();
        assert_eq!(
            told,
            [("new", 3, 5, at(0), at(2)), ("drifted", 2, 0, at(3), at(4)), ("unchanged", 1, 0, at(5), at(5))]
        );
        assert_eq!(episodes[1].reason.as_ref().unwrap().len(), MAX_REASON_CHARS);
    }

    #[test]
    fn a_source_that_comes_and_goes_fills_no_store() {
        let mut episodes = Vec::new();
        for hour in 0..1000 {
            note(&mut episodes, &if hour % 2 == 0 { drifted() } else { unchanged() }, at(hour));
        }
        assert_eq!(episodes.len(), EPISODES);
        assert_eq!(episodes.last().unwrap().until, at(999));
    }
}
