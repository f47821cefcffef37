//! When new entries came → whether their absence is unusual. Pure.
//!
//! A silence is a notice, never a failure: a site may have nothing to say. It is judged by the source's own rhythm
//! alone; of a source that brought something only a few times nothing is known.

use jiff::{SignedDuration, Timestamp};

/// How many arrivals are remembered.
pub const ARRIVALS: usize = 20;
/// Fewer than this are no rhythm.
const MIN_ARRIVALS: usize = 6;
/// A silence is unusual when it is this many times as long as the longest one known.
const FACTOR: i32 = 2;
/// A weekend is not a silence.
const LEAST: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A silence that is longer than is usual for its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// When something new last came.
    pub since: Timestamp,
    /// The longest time between two arrivals before.
    pub longest: SignedDuration,
}

/// Notes that a page brought something new.
pub fn note(arrivals: &mut Vec<Timestamp>, now: Timestamp) {
    // A clock that was set back leaves arrivals in the future, which say nothing.
    arrivals.retain(|arrival| *arrival < now);
    arrivals.push(now);
    let surplus = arrivals.len().saturating_sub(ARRIVALS);
    arrivals.drain(..surplus);
}

/// The silence of a source whose new entries came at these times; `None`: it is not unusual.
pub fn silence(arrivals: &[Timestamp], now: Timestamp) -> Option<Silence> {
    if arrivals.len() < MIN_ARRIVALS {
        return None;
    }
    let since = *arrivals.last()?;
    let gaps = arrivals.windows(2).map(|pair| pair[0].duration_until(pair[1]));
    let longest = gaps.max()?;
    let unusual = longest.checked_mul(FACTOR)?.max(LEAST);
    (since.duration_until(now) > unusual).then_some(Silence { since, longest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(1_741_338_000 + number * 86_400).unwrap()
    }

    #[test]
    fn a_silence_is_measured_by_the_sources_own_rhythm() {
        let mut arrivals = Vec::new();
        for number in [0, 2, 3, 8, 9, 11, 12] {
            note(&mut arrivals, day(number));
        }
        assert_eq!(silence(&arrivals, day(22)), None);
        let found = silence(&arrivals, day(23)).unwrap();
        assert_eq!((found.since, found.longest.as_hours()), (day(12), 5 * 24));
        assert_eq!(silence(&arrivals[..5], day(400)), None, "five arrivals are no rhythm");
    }

    #[test]
    fn a_clock_set_back_makes_no_silence() {
        let mut arrivals: Vec<Timestamp> = (0..9).map(day).collect();
        note(&mut arrivals, day(3));
        assert_eq!(arrivals, [day(0), day(1), day(2), day(3)]);
    }
}
