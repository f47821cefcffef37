//! Before: a group without dates → whether the text before each of its elements is its date. Pure.
//!
//! `7 March 2025: <a>The pier opens</a><br>`, again and again in one paragraph: no element is the entry with its date.

use super::{
    columns,
    facts::{Dated, Texts},
    groups::Group,
};

/// The share of elements with a date before them, and how far these go one way; `None`: hardly any has one.
pub fn before(texts: &Texts<'_, '_>, group: &Group) -> Option<(f64, f64)> {
    /// More text is a sentence, with the link in it.
    const LONGEST: usize = 60;
    const MOST: f64 = 0.9;
    let sample = columns::sample(&group.items);
    let read = |at: &u32| {
        let text = texts.tree.text_before(*at);
        let date = (4..=LONGEST).contains(&text.len()).then(|| texts.date(text))?;
        date.filter(|date| date.share >= 0.5)
    };
    let dates: Vec<Dated> = sample.iter().filter_map(read).collect();
    let coverage = dates.len() as f64 / sample.len() as f64;
    (coverage >= MOST).then(|| (coverage, columns::monotone(&dates.iter().collect::<Vec<_>>())))
}
