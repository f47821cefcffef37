//! What a page held, against what its source's pages usually hold → whether it can be believed. Pure.

use crate::{
    config::Rules,
    diagnostic::Code,
    listing::{Container, Listing},
    record::PageShape,
};

use super::Verdict;

/// What a page gave.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The listing.
    pub listing: &'a Listing,
    /// What its entries hold.
    pub shape: PageShape,
    /// The entry selector, for messages.
    pub entry: &'a str,
    /// The listing selector, for messages; `None`: not configured.
    pub container: Option<&'a str>,
}

/// Fewer pages than this are no history.
const MIN_HISTORY: usize = 3;

/// Below this share of the usual number of entries, in percent, the number has collapsed.
const COLLAPSED_PERCENT: u32 = 30;

/// A field that this share of entries usually had, in percent, and now none, has vanished.
const USUAL_PERCENT: u32 = 80;

/// How the reason begins where a page was read in part, and no entry stands there.
pub const NONE_IN_PART: &str = "no entry in what could be read";

/// The verdict on a page without entries; `None`: it has entries.
pub fn without_entries(found: &Found<'_>, history: &[PageShape]) -> Option<Verdict> {
    if found.shape.entries > 0 {
        return None;
    }
    let usual = usual(history, |shape| shape.entries);
    let before = match usual {
        Some(n) if n > 0 => format!(", {n} on earlier pages"),
        _ => String::new(),
    };
    let container = found.container.unwrap_or_default();
    let is_drop = |code| matches!(code, Code::HeadlineMissing | Code::RequiredMissing);
    let dropped = found.listing.diagnostics.iter().filter(|d| is_drop(d.code)).count();
    // What was not read may hold them all: neither an empty page nor a redesign.
    if dropped == 0
        && let Some(why) = found.listing.diagnostics.iter().find(|d| is_cut(d.code))
    {
        return Some(Verdict::Unreadable { reason: format!("{NONE_IN_PART}: {}", why.message) });
    }
    Some(match found.listing.container {
        Container::Present if dropped == 0 => {
            Verdict::Empty { reason: format!("the listing `{container}` is there and holds no entry") }
        }
        Container::Feed if dropped > 0 => {
            Verdict::Drifted { reason: format!("no entry of the feed has what an entry needs{before}") }
        }
        Container::Feed => Verdict::Empty { reason: "the feed holds no entry".to_owned() },
        Container::Absent => {
            Verdict::Drifted { reason: format!("the listing `{container}` is not on the page{before}") }
        }
        _ if dropped > 0 => Verdict::Drifted {
            reason: format!(
                "the entry selector `{}` matches, but no row has what an entry needs",
                found.entry
            ),
        },
        _ => Verdict::Drifted {
            reason: format!("the entry selector `{}` matches nothing{before}", found.entry),
        },
    })
}

/// Whether a diagnostic says that something was not read to its end.
fn is_cut(code: Code) -> bool {
    matches!(code, Code::FeedCut | Code::PageTruncated | Code::ParseDeadline)
}

/// How many entries of a page have a field.
type Count = fn(&PageShape) -> u32;

/// The fields whose absence would be noticed.
const FIELDS: [(&str, Count); 5] = [
    ("link", |page| page.links),
    ("teaser", |page| page.teasers),
    ("date", |page| page.dates),
    ("image", |page| page.images),
    ("author", |page| page.authors),
];

/// Why a page with entries is less than its source's pages usually are; `None`: it is not.
pub fn degraded(shape: PageShape, history: &[PageShape]) -> Option<String> {
    if history.len() < MIN_HISTORY {
        return None;
    }
    let usual_entries = usual(history, |shape| shape.entries)?;
    if usual_entries >= 4 && shape.entries * 100 < usual_entries * COLLAPSED_PERCENT {
        return Some(format!("{} entries, usually {usual_entries}", shape.entries));
    }
    vanished(shape, history)
}

/// Which field no entry has, although most on earlier pages had, were these ever so few; `None`: none vanished.
pub fn vanished(shape: PageShape, history: &[PageShape]) -> Option<String> {
    for (name, count) in FIELDS {
        let percent = usual(history, |page| (count(page) * 100).checked_div(page.entries).unwrap_or(0))?;
        if percent >= USUAL_PERCENT && count(&shape) == 0 && shape.entries >= 2 {
            let article = if matches!(name, "image" | "author") { "an" } else { "a" };
            return Some(format!("no entry has {article} {name}, usually {percent} % have one"));
        }
    }
    None
}

/// Takes out of a history what the rules of a changed config do not ask for: it is missed no more. Without rules the source
/// is a feed, which is asked for all.
pub fn forget_unasked(history: &mut [PageShape], rules: Option<&Rules>) {
    let Some(rules) = rules else { return };
    for shape in history {
        for (count, is_asked) in [
            (&mut shape.teasers, rules.teaser.is_some()),
            (&mut shape.dates, rules.date.is_some()),
            (&mut shape.images, rules.image.is_some()),
            (&mut shape.authors, rules.author.is_some()),
        ] {
            *count = if is_asked { *count } else { 0 };
        }
    }
}

/// What a usual page holds, in words; `None`: too few pages are known.
pub fn usual_page(history: &[PageShape]) -> Option<String> {
    if history.len() < MIN_HISTORY {
        return None;
    }
    let entries = usual(history, |page| page.entries)?;
    let share =
        |count: Count| usual(history, |page| (count(page) * 100).checked_div(page.entries).unwrap_or(0));
    let with: Vec<String> = FIELDS
        .iter()
        .filter_map(|(name, count)| share(*count).filter(|percent| *percent > 0).map(|p| (name, p)))
        .map(
            |(name, percent)| {
                if percent == 100 { format!("{name}s") } else { format!("{name}s ({percent} %)") }
            },
        )
        .collect();
    let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
    Some(format!("{entries} entries{with}"))
}

/// The median over earlier pages; `None`: there are none.
fn usual(history: &[PageShape], of: impl Fn(&PageShape) -> u32) -> Option<u32> {
    let mut values: Vec<u32> = history.iter().map(of).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(entries: u32, dates: u32) -> PageShape {
        PageShape { entries, links: entries, teasers: entries, dates, ..PageShape::default() }
    }

    #[test]
    fn a_collapse_is_told_from_a_short_page() {
        let history = [shape(10, 10), shape(10, 10), shape(11, 11)];
        assert_eq!(degraded(shape(8, 8), &history), None);
        assert_eq!(degraded(shape(2, 2), &history).unwrap(), "2 entries, usually 10");
        assert_eq!(degraded(shape(2, 2), &history[..2]), None, "two pages are no history");
    }

    #[test]
    fn a_field_that_vanished_is_named() {
        let history = [shape(10, 10), shape(10, 9), shape(10, 10)];
        assert_eq!(degraded(shape(10, 0), &history).unwrap(), "no entry has a date, usually 100 % have one");
        assert_eq!(degraded(shape(10, 1), &history), None);
        let history = [PageShape { images: 9, ..shape(10, 10) }; 3];
        assert_eq!(degraded(shape(9, 9), &history).unwrap(), "no entry has an image, usually 90 % have one");
    }
}
