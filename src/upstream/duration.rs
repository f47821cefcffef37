//! How long a file plays, as feeds write it → seconds. Pure.

/// Longer than any recording: what says so means something else, milliseconds perhaps.
const MOST: u64 = 7 * 24 * 3600;

/// `1830`, `30:30`, `00:30:30`, parts of a second left out (Apple's `itunes:duration`, Media RSS, JSON Feed); `None`: it is no
/// length of time, or none at all.
pub fn seconds(written: &str) -> Option<u64> {
    let mut parts = written.trim().split(':').rev();
    let last = parts.next()?;
    let mut seconds: u64 =
        last.split_once(['.', ',']).map_or(last, |(whole, _)| whole).trim().parse().ok()?;
    for (unit, part) in [60, 3600].into_iter().zip(parts.by_ref()) {
        seconds = seconds.checked_add(part.trim().parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    (parts.next().is_none() && (1..=MOST).contains(&seconds)).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_as_feeds_write_them() {
        for (written, expected) in [
            ("1830", Some(1830)),
            (" 42:10 ", Some(2530)),
            ("01:00:05", Some(3605)),
            ("90:00", Some(5400)),
            ("12.8", Some(12)),
            ("0", None),
            ("", None),
            ("1:2:3:4", None),
            ("-5", None),
            ("42 min", None),
            ("99999999999999999999", None),
            ("1830000", None),
        ] {
            assert_eq!(seconds(written), expected, "{written}");
        }
    }
}
