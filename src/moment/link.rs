//! A link's path → the date in it: "/2025/03/06/headline" is a day, "/2025/03/" only bounds one. Pure.
//!
//! Host, query and fragment are not looked at; numeric ids are not dates.

use jiff::civil::Date;

use super::{
    lexicon::{Lexicon, Sense},
    mention::Point,
};

/// What a path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathDate {
    /// A day.
    Day(Date),
    /// A month: the day of the entry is in it or near it.
    Month(Date),
}

impl PathDate {
    /// A day that stands for it: the day, or the middle of the month.
    pub fn middle(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Month(month) => month.with().day(15).build().unwrap_or(month),
        }
    }
}

/// Years a link can carry: older numbers of four digits are ids.
const YEARS: std::ops::Range<i16> = 1990..2100;

/// The date in a link's path and its bytes in the link; `None`: there is none.
pub(super) fn path_date(link: &str, lexicon: Lexicon) -> Option<(PathDate, std::ops::Range<usize>)> {
    let end = link.find(['?', '#']).unwrap_or(link.len());
    let start = link[..end]
        .find("://")
        .map_or(0, |at| link[at + 3..end].find('/').map_or(end, |slash| at + 3 + slash));
    let mut parts = Vec::new();
    let mut at = start;
    for piece in link[start..end].split(['/', '-', '_', '.']) {
        parts.push((at, piece));
        at += piece.len() + 1;
    }
    let mut month_only = None;
    for (index, (at, piece)) in parts.iter().enumerate() {
        if let Some(day) = basic(piece) {
            return Some((PathDate::Day(day), *at..at + piece.len()));
        }
        let Some(year) = digits(piece, 4..=4).filter(|year| YEARS.contains(year)) else { continue };
        let Some((month_at, month)) =
            parts.get(index + 1).and_then(|(at, piece)| Some((at + piece.len(), month(piece, lexicon)?)))
        else {
            continue;
        };
        let day = parts.get(index + 2).and_then(|(at, piece)| {
            let day = i8::try_from(digits(piece, 1..=2)?).ok()?;
            Some((Date::new(year, month, day).ok()?, at + piece.len()))
        });
        if let Some((day, day_end)) = day {
            return Some((PathDate::Day(day), *at..day_end));
        }
        // "/2025-12-tips/" is a headline; only slashes part a year from its month.
        let is_folder = link[month_at..].starts_with('/') || month_at == end;
        if is_folder && link.get(at + piece.len()..=at + piece.len()) == Some("/") && month_only.is_none() {
            month_only = Date::new(year, month, 1).ok().map(|first| (PathDate::Month(first), *at..month_at));
        }
    }
    month_only
}

fn digits(piece: &str, length: std::ops::RangeInclusive<usize>) -> Option<i16> {
    let is_number = length.contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| piece.parse().ok()).flatten()
}

fn month(piece: &str, lexicon: Lexicon) -> Option<i8> {
    if let Some(number) = digits(piece, 1..=2) {
        return i8::try_from(number).ok().filter(|month| (1..=12).contains(month));
    }
    lexicon.senses(piece).iter().find_map(|sense| match sense {
        Sense::Month(month) | Sense::DoubtfulMonth(month) => Some(*month),
        _ => None,
    })
}

/// "20250306" as a whole piece of a path, or "t20250306": a letter says what kind of page it is.
fn basic(piece: &str) -> Option<Date> {
    let piece = piece.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(piece);
    if piece.len() != 8 || !piece.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, month, day) = (piece[..4].parse().ok()?, piece[4..6].parse().ok()?, piece[6..].parse().ok()?);
    Date::new(year, month, day).ok().filter(|_| YEARS.contains(&year))
}

impl From<Date> for Point {
    fn from(date: Date) -> Self {
        Self { year: Some(date.year()), month: date.month(), day: date.day() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn found(link: &str) -> Option<(PathDate, &str)> {
        path_date(link, Lexicon::of(None)).map(|(found, span)| (found, &link[span]))
    }

    #[test]
    fn day_in_a_path_is_a_day() {
        let day = PathDate::Day(date(2025, 3, 6));
        assert_eq!(found("https://example.org/2025/03/06/met/"), Some((day, "2025/03/06")));
        assert_eq!(found("/news/2025-03-06-met.html"), Some((day, "2025-03-06")));
        assert_eq!(found("/news/20250306/met"), Some((day, "20250306")));
        assert_eq!(found("/2025/mar/6/met"), Some((day, "2025/mar/6")));
        assert_eq!(found("/202503/t20250306_4711.html"), Some((day, "t20250306")));
    }

    #[test]
    fn month_in_a_path_is_a_bound_and_an_id_is_nothing() {
        assert_eq!(found("/2025/03/met"), Some((PathDate::Month(date(2025, 3, 1)), "2025/03")));
        assert_eq!(found("/2025-12-tips/"), None);
        assert_eq!(found("/article/123456"), None);
        assert_eq!(found("/20259999/x"), None);
        assert_eq!(found("/no20250306/x"), None);
        assert_eq!(found("https://example.org?d=/2025/03/06/"), None);
    }
}
