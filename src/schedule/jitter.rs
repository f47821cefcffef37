//! A wait → the same wait, a little longer or shorter, so that sources do not all come at once. Pure: which way
//! is told by the source's id and the time, not by chance.

use std::time::Duration;

use jiff::Timestamp;

use crate::id::SourceId;

/// How far a wait is moved either way, in thousandths.
const PER_MILLE: u64 = 50;

/// The longest that a time of the clock (a cron expression) is put off: a person wrote it.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// A wait moved by up to a twentieth either way.
pub fn around(wait: Duration, id: &SourceId, now: Timestamp) -> Duration {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let width = millis / 1000 * (2 * PER_MILLE);
    if width == 0 {
        return wait;
    }
    let earliest = wait.saturating_sub(Duration::from_millis(width / 2));
    earliest.saturating_add(Duration::from_millis(number(id, now) % (width + 1)))
}

/// How long a source waits after the minute a person named.
pub fn delay(id: &SourceId, now: Timestamp) -> Duration {
    Duration::from_millis(number(id, now) % u64::try_from(MAX_DELAY.as_millis()).unwrap_or(u64::MAX))
}

fn number(id: &SourceId, now: Timestamp) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(id.as_str().as_bytes());
    hasher.update(&now.as_second().to_le_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sources_that_were_asked_together_come_back_apart() {
        let hour = Duration::from_secs(3600);
        let waits: std::collections::BTreeSet<Duration> = (0..100)
            .map(|n| around(hour, &SourceId::new(&format!("s{n}")).unwrap(), Timestamp::UNIX_EPOCH))
            .collect();
        assert!(waits.len() > 90, "{}", waits.len());
    }

    proptest! {
        #[test]
        fn a_wait_moves_by_a_twentieth_at_most(seconds in 0u64..100_000_000, now in 0i64..4_000_000_000) {
            let id = SourceId::new("a").unwrap();
            let wait = Duration::from_secs(seconds);
            let moved = around(wait, &id, Timestamp::from_second(now).unwrap());
            prop_assert!(moved >= wait * 19 / 20 && moved <= wait * 21 / 20);
            prop_assert!(delay(&id, Timestamp::from_second(now).unwrap()) < MAX_DELAY);
        }
    }
}
