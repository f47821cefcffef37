//! Spanned: a table in which one cell with a day, or with the year of days, stands beside several rows → the source that
//! reads all of these. Pure.
//!
//! The day or year is the cell that is first of a whole row, counted from its end, and for the rows below it what stands
//! above.

use super::{
    Looking, Proposal, Reach, columns,
    facts::Texts,
    groups::Group,
    propose::{DateKey, Keys},
    score::{self, Scored},
    selector,
};

/// Fewer rows are no listing.
const FEWEST: usize = 4;

/// The rows of a table, how many cells those with a day have, and whether it is but a year, and the day in the next cell.
struct Rows {
    all: Vec<u32>,
    cells: usize,
    are_years: bool,
}

impl Looking<'_, '_> {
    /// The same source with the rows beside which the day of one above stands, where all are dated then.
    pub(super) fn with_spanned(&self, scored: &Scored, plain: Proposal) -> Proposal {
        self.spanned(&scored.group.items).unwrap_or(plain)
    }

    fn spanned(&self, items: &[u32]) -> Option<Proposal> {
        let Rows { all, cells, are_years } = rows(self.texts, items)?;
        let entry = selector::of_entries(self.texts.tree, &all, &|_| false)?;
        let count = all.len();
        let mut scored = score::scored(self.texts, Group { items: all }, self.evidence)?;
        // Each of them is dated, or nothing comes of it; and rows with a day and without take turns.
        let bare = score::sum(&scored.features);
        (scored.features.dates, scored.features.cells) = (1.0, 0.0);
        scored.score += score::sum(&scored.features) - bare;
        let found = self.source(&scored, entry, Reach::Element)?;
        let place = |cells: usize| format!("td:nth-last-child({cells})");
        let date = DateKey::At(vec![place(if are_years { cells - 1 } else { cells })]);
        let found = self.reread(&found, Keys { date, above: Some(place(cells)), ..found.keys.clone() })?;
        let dated = found.reading.sightings.iter().filter(|sighting| sighting.entry.moment.is_some()).count();
        (dated == count && found.reading.sightings.len() == count).then_some(found)
    }
}

/// The rows of the table that these are of, each with a day in its first cell or below such a one that spans it. `None`:
/// none spans another.
fn rows(texts: &Texts<'_, '_>, items: &[u32]) -> Option<Rows> {
    let tree = texts.tree;
    let table = tree.around(items[0]).find(|at| tree.get(*at).tag == "table")?;
    let mut found = Rows { all: Vec::new(), cells: 0, are_years: false };
    let (mut spanned, mut days) = (0, 0);
    for row in (table + 1..tree.get(table).end).filter(|at| tree.get(*at).tag == "tr") {
        let cells: Vec<u32> = tree.children(row).collect();
        let is_year = |cell: u32| texts.heading(cell).is_some() && cells.len() > 2;
        let day = cells.first().filter(|cell| texts.of(**cell).is_date() || is_year(**cell));
        match day {
            Some(day) if spanned == 0 && (days == 0 || cells.len() == found.cells) => {
                let span = tree.get(*day).node.attr("rowspan").and_then(|span| span.trim().parse().ok());
                spanned = span.unwrap_or(1_usize).saturating_sub(1);
                found.cells = cells.len();
                found.are_years |= is_year(*day);
                days += 1;
            }
            _ if spanned > 0 && cells.len() + 1 == found.cells => spanned -= 1,
            // What names the columns stands before all.
            None if days == 0 => continue,
            _ => return None,
        }
        found.all.push(row);
    }
    let is_listing = found.all.len() >= FEWEST && (2..found.all.len()).contains(&days);
    let are_held = columns::sample(items).iter().all(|at| found.all.binary_search(at).is_ok());
    (is_listing && are_held).then_some(found)
}
