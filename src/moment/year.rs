//! Days without a year, in page order → the years that make the listing read best. Pure.
//!
//! A listing is read as a person reads it: from row to row a little older, now and then a row out of line. Its
//! cheapest reading is found over all candidate years (Viterbi), in a time that grows with the rows alone. A cost is a
//! surprise: about minus the logarithm of how often such a thing is seen (`docs/years.md` has the measurements).
//!
//! - **A step down**, to an older row, costs by how long it is for this listing: ten times the usual one is rare.
//! - **A step up** of some days costs little: texts tell of days before they were published, not all as late.
//! - **A row out of line** is passed over at a price and held against the row before it. One that announces lies
//!   ahead by weeks, one that is pinned or looks back lies behind by any time. Dearer, and an announcement takes all
//!   rows below it a year back; cheaper, and the first row of the year before is an announcement.
//! - **The order starts anew**, as between sections, at a price that depends on how often this listing does so.
//! - **The first row in line** is recent, for pages are looked at while they live. The price of a year lies between that
//!   of a pinned row (else it would drag the page along) and that of a site gone quiet for ten months.
//! - **Rows with a stated year, and rows already stored**, have one candidate: they are constants. Rows above the
//!   stored ones came since the last fetch, so that not even wrong constants take them along.
//!
//! Order speaks only where there is one. Rows of a listing that goes either way are dated alone, each by the fetch: the
//! latest such day that has come, or one shortly ahead when the page's rows are all of the last days. What order could
//! add is worth most where a page spans years, so there more exceptions are borne.

use std::{collections::VecDeque, ops::Range};

/// A row with what its day can be.
#[derive(Debug)]
pub(super) struct Item {
    /// Candidates, best left to the chain; never empty. One alone is a constant.
    pub options: Vec<Candidate>,
    /// Whether its day is that of a stored entry.
    pub is_stored: bool,
}

/// A day a row can be of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The day, counted from 1970.
    pub day: i32,
    /// What speaks against it, from the row alone.
    pub cost: f64,
}

/// How far above the row before it a text's day may lie without a meaning, in days.
const JITTER: i32 = 12;

/// What a row out of line costs: about one in thirty is.
const OUT_OF_LINE: f64 = 3.5;

/// Days that an announcement usually lies ahead.
const NOTICE: f64 = 50.0;

/// Days that a row which looks back usually lies behind; any is rarer than an announcement.
const LOOKING_BACK: f64 = 150.0;

/// Rows out of line that may follow one another: pages pin up to three.
const PASSED_IN_A_ROW: usize = 3;

/// How fast a longer gap becomes a surprise.
const STEEPNESS: f64 = 2.0;

/// What a year of age costs the first row in line.
const FIRST_YEAR: f64 = 6.0;

/// The days within which a row that came since the last fetch was published, mostly.
const SINCE_LAST_FETCH: f64 = 30.0;

/// The days that room is made for at once.
const MOST_ROOM: usize = 1 << 12;

/// Days around the circle of the year beyond which a page shows more than one turn of it.
const MORE_THAN_A_YEAR: i64 = 400;

/// The index of each row's best candidate. `today` is the day of the fetch, counted from 1970.
pub(super) fn choose(items: &[Item], today: i32) -> Vec<usize> {
    if items.is_empty() {
        return Vec::new();
    }
    let (direction, exceptions) = direction(items);
    let mut rows: Vec<&Item> = items.iter().collect();
    match direction {
        Direction::NewestFirst => Chain::of(&rows, today, exceptions).best(),
        Direction::OldestFirst => {
            rows.reverse();
            let mut chosen = Chain::of(&rows, today, exceptions).best();
            chosen.reverse();
            chosen
        }
        Direction::Unsorted => {
            let age = usual_age(items, today);
            let alone = |(item, is_new): (&&Item, bool)| {
                best_alone(item, today, if is_new { age.min(SINCE_LAST_FETCH) } else { age })
            };
            rows.iter().zip(new_rows(&rows)).map(alone).collect()
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    NewestFirst,
    OldestFirst,
    Unsorted,
}

/// Days from one row down to another around the circle of the year, or the true ones where both years are known.
fn step(upper: &Item, lower: &Item) -> i32 {
    let gap = upper.options[0].day - lower.options[0].day;
    if upper.options.len() == 1 && lower.options.len() == 1 {
        return gap;
    }
    let around = gap.rem_euclid(365);
    if around > 182 { around - 365 } else { around }
}

/// The order of a listing, and how many exceptions it has.
fn direction(items: &[Item]) -> (Direction, usize) {
    let total: i64 = items.windows(2).map(|pair| i64::from(step(&pair[0], &pair[1]).clamp(-182, 182))).sum();
    let (down, up) = (exceptions(items, 1), exceptions(items, -1));
    // A row out of line is up to two exceptions: one does not turn a page over, nor does a page that grows at its top.
    let is_oldest_first = up + 2 <= down && total < i64::from(-JITTER) && !grows_at_top(items);
    let (best, direction) =
        if is_oldest_first { (up, Direction::OldestFirst) } else { (down, Direction::NewestFirst) };
    let is_over_years = total.abs() > MORE_THAN_A_YEAR;
    let allowed = if is_over_years { (items.len() / 6).max(1) } else { items.len() / 12 };
    (if best <= allowed { direction } else { Direction::Unsorted }, best)
}

/// Whether the rows that are not stored stand above those that are.
fn grows_at_top(items: &[Item]) -> bool {
    let middle = |is_stored: bool| {
        let rows = || (0..items.len()).filter(|row| items[*row].is_stored == is_stored);
        rows().sum::<usize>().checked_div(rows().count())
    };
    middle(false).zip(middle(true)).is_some_and(|(new, stored)| new < stored)
}

/// How often the rows break an order, newest first when `sign` is 1, oldest first when it is -1: once for a row that is
/// out of line, twice where the order starts anew.
fn exceptions(items: &[Item], sign: i32) -> usize {
    let is_in_line = |upper: usize, lower: usize| sign * step(&items[upper], &items[lower]) >= -JITTER;
    let mut exceptions = 0;
    let (mut before, mut last) = (None, 0);
    for row in 1..items.len() {
        if is_in_line(last, row) {
            (before, last) = (Some(last), row);
            continue;
        }
        exceptions += 1;
        if row + 1 < items.len() && is_in_line(last, row + 1) {
            // This row alone is out of line.
            continue;
        }
        if before.is_none_or(|before| !is_in_line(before, row)) {
            // Nor was it the last one alone.
            exceptions += 1;
        }
        last = row;
    }
    exceptions
}

/// What a gap is measured by, in days: twice the usual step of this listing.
fn scale(items: &[&Item]) -> f64 {
    let mut gaps: Vec<i32> = items
        .windows(2)
        .map(|pair| (pair[0].options[0].day - pair[1].options[0].day).rem_euclid(365))
        .filter(|gap| (1..=182).contains(gap))
        .collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).map_or(3.0, |median| f64::from(2 * median).max(3.0))
}

/// The median age in days, were each row the latest such day.
fn usual_age(items: &[Item], today: i32) -> f64 {
    let latest =
        |item: &Item| item.options.iter().map(|option| today - option.day).filter(|age| *age >= -1).min();
    let mut ages: Vec<i32> = items.iter().filter_map(latest).collect();
    ages.sort_unstable();
    ages.get(ages.len() / 2).map_or(365.0, |age| f64::from(*age))
}

/// The best day of a row by the fetch alone. `age` is how old the rows of its page are.
fn best_alone(item: &Item, today: i32, age: f64) -> usize {
    let cost = |candidate: &Candidate| {
        let past = f64::from((today - candidate.day).max(0));
        candidate.cost + past / (age + SINCE_LAST_FETCH) + ahead_cost(candidate.day, today)
    };
    least(item.options.iter().map(cost)).0
}

/// The place and the cost of the cheapest.
fn least(costs: impl Iterator<Item = f64>) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (index, cost) in costs.enumerate() {
        if cost < best.1 {
            best = (index, cost);
        }
    }
    best
}

/// A day after the fetch; one of slack for zones.
fn ahead_cost(day: i32, today: i32) -> f64 {
    match day - today {
        ..=1 => 0.0,
        ahead => OUT_OF_LINE + f64::from(ahead) / NOTICE,
    }
}

/// A day before the fetch, of a row that came since the last one.
fn old_news_cost(day: i32, today: i32) -> f64 {
    6.0 * (f64::from((today - day).max(0)) / SINCE_LAST_FETCH).ln_1p()
}

/// Stored rows at the top that may be all that is left of the last fetch, for they are pinned.
const PINNED: usize = 2;

/// Which rows came since the last fetch: those with more stored rows below than above, for one may be pinned; and those
/// below pinned ones alone, for all others have left the page.
fn new_rows(items: &[&Item]) -> Vec<bool> {
    let mut below = items.iter().filter(|item| item.is_stored).count();
    let mut above = 0;
    let is_new = |item: &&Item| {
        let is_below_pinned = below == 0 && (1..=PINNED).contains(&above);
        let is_new = !item.is_stored && (below > above || is_below_pinned);
        if item.is_stored {
            below -= 1;
            above += 1;
        }
        is_new
    };
    items.iter().map(is_new).collect()
}

/// What steps from row to row cost in a listing, each worked out once.
struct Steps {
    scale: f64,
    /// What it costs that the order starts anew: the rarer the dearer.
    anew: f64,
    by_gap: Vec<f64>,
}

impl Steps {
    fn of(items: &[&Item], exceptions: usize) -> Self {
        let count = |rows: usize| f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
        let share = (count(exceptions) + 0.5) / count(items.len());
        let days = || items.iter().flat_map(|item| &item.options).map(|option| option.day);
        let longest = days().max().unwrap_or_default() - days().min().unwrap_or_default();
        let by_gap = Vec::with_capacity(usize::try_from(longest).map_or(0, |days| (days + 1).min(MOST_ROOM)));
        Self { scale: scale(items), anew: 0.5 - share.min(1.0).ln(), by_gap }
    }

    /// A step down the page, from a row to the one below it.
    fn cost(&mut self, upper: i32, lower: i32) -> f64 {
        match upper - lower {
            down @ 0.. => self.gap(down),
            up if up >= -JITTER => 0.1 + 0.05 * f64::from(-up),
            up => self.anew + self.gap(-up),
        }
    }

    fn gap(&mut self, days: i32) -> f64 {
        let at = usize::try_from(days).unwrap_or_default();
        if self.by_gap.len() <= at {
            self.by_gap.resize(at + 1, f64::NAN);
        }
        if self.by_gap[at].is_nan() {
            self.by_gap[at] = STEEPNESS * (f64::from(days) / self.scale).ln_1p();
        }
        self.by_gap[at]
    }
}

/// The best way to a candidate, and the row and candidate before it.
#[derive(Clone, Copy)]
struct Way {
    cost: f64,
    before: Option<(usize, usize)>,
}

/// Where a way through all rows ends: its cost, and its last row in line with the candidate of it.
#[derive(Clone, Copy)]
struct End {
    cost: f64,
    row: usize,
    index: usize,
}

/// A listing from its newest row to its oldest.
struct Chain<'a> {
    items: &'a [&'a Item],
    today: i32,
    steps: Steps,
    is_new: Vec<bool>,
    has_stored: bool,
}

impl<'a> Chain<'a> {
    fn of(items: &'a [&'a Item], today: i32, exceptions: usize) -> Self {
        Self {
            items,
            today,
            steps: Steps::of(items, exceptions),
            is_new: new_rows(items),
            has_stored: items.iter().any(|item| item.is_stored),
        }
    }

    /// The candidates on the cheapest way through all rows.
    fn best(mut self) -> Vec<usize> {
        let (mut ways, mut end) = self.search(None);
        if self.items.len() > 1 {
            // No step costs less than nothing: a way that has become dearer than a whole one is not followed.
            (ways, end) = self.search(end.map(|end| end.cost));
        }
        self.follow(&ways, end)
    }

    /// The best ways to all candidates, and where the cheapest whole one ends. Only ways that cost no more than `bound`
    /// are followed; `None`: of those from the first row to the last, only the cheapest.
    fn search(&mut self, bound: Option<f64>) -> (Vec<Vec<Way>>, Option<End>) {
        let rows = self.items.len();
        let limit = bound.unwrap_or(f64::INFINITY);
        let passed = if bound.is_some() { PASSED_IN_A_ROW } else { 0 };
        let mut ways: Vec<Vec<Way>> = Vec::with_capacity(rows);
        let mut end: Option<End> = None;
        // The rows that the next one can follow, each with what its candidates cost, the rows passed over included.
        let mut open: VecDeque<(usize, Vec<(usize, f64)>)> = VecDeque::new();
        for row in 0..rows {
            let of_row = self.ways_to(row, &open, (limit, passed));
            if row + passed >= rows - 1 {
                end = self.end_at(row, &of_row, end).or(end);
            }
            if open.len() > PASSED_IN_A_ROW {
                open.pop_front();
            }
            for (before, costs) in &mut open {
                for (index, cost) in costs.iter_mut() {
                    *cost += self.out_of_line(row, self.items[*before].options[*index].day).1;
                }
            }
            let costs = of_row.iter().map(|way| way.cost);
            let followed = match bound {
                None => vec![least(costs)],
                Some(bound) => costs.enumerate().filter(|(_, cost)| *cost <= bound).collect(),
            };
            open.push_back((row, followed));
            ways.push(of_row);
        }
        (ways, end)
    }

    /// The end of the cheapest way that ends in this row; `None`: it is no cheaper than `known`.
    fn end_at(&self, row: usize, of_row: &[Way], known: Option<End>) -> Option<End> {
        let mut found: Option<End> = None;
        for (index, way) in of_row.iter().enumerate() {
            let is_cheaper = |cost| found.or(known).is_none_or(|end| cost < end.cost);
            if !is_cheaper(way.cost) {
                continue;
            }
            let cost = way.cost + self.passed(row + 1..self.items.len(), self.items[row].options[index].day);
            if is_cheaper(cost) {
                found = Some(End { cost, row, index });
            }
        }
        found
    }

    /// The best way to each candidate of a row, from those that it can follow.
    fn ways_to(
        &mut self,
        row: usize,
        open: &VecDeque<(usize, Vec<(usize, f64)>)>,
        (limit, passed): (f64, usize),
    ) -> Vec<Way> {
        let items = self.items;
        let mut best = Vec::with_capacity(items[row].options.len());
        for candidate in &items[row].options {
            let own = self.own_cost(row, candidate);
            let mut way = Way { cost: f64::INFINITY, before: None };
            let first = own + self.first_cost(row, candidate.day);
            if row <= passed && first <= limit {
                way.cost = first + self.passed(0..row, candidate.day);
            }
            for (before, costs) in open {
                for &(index, cost) in costs {
                    // No step costs less than nothing.
                    if cost + own >= way.cost {
                        continue;
                    }
                    let previous = items[*before].options[index];
                    let cost = cost + own + self.steps.cost(previous.day, candidate.day);
                    if cost < way.cost {
                        way = Way { cost, before: Some((*before, index)) };
                    }
                }
            }
            best.push(way);
        }
        best
    }

    /// What speaks against a candidate of a row in line, without its neighbors.
    fn own_cost(&self, row: usize, candidate: &Candidate) -> f64 {
        if self.items[row].options.len() == 1 {
            return 0.0;
        }
        let age = if self.is_new[row] { old_news_cost(candidate.day, self.today) } else { 0.0 };
        candidate.cost + age + ahead_cost(candidate.day, self.today)
    }

    /// The age of the first row in line. Beside constants the steps to them say more than the age of pages in general.
    fn first_cost(&self, row: usize, day: i32) -> f64 {
        if self.has_stored || self.items[row].options.len() == 1 {
            return 0.0;
        }
        FIRST_YEAR * f64::from((self.today - day).max(0)) / 365.0
    }

    /// What rows out of line cost beside a row in line of a day.
    fn passed(&self, rows: Range<usize>, level: i32) -> f64 {
        rows.map(|row| self.out_of_line(row, level).1).sum()
    }

    /// A row out of line: the cheapest of its days, and what it costs. A new one is held against the fetch.
    fn out_of_line(&self, row: usize, level: i32) -> (usize, f64) {
        let is_new = self.is_new[row];
        let level = if is_new { self.today } else { level };
        least(self.items[row].options.iter().map(|candidate| {
            let away = match candidate.day - level {
                ahead @ 0.. => f64::from(ahead) / NOTICE,
                _ if is_new => old_news_cost(candidate.day, self.today),
                behind => 1.0 + f64::from(-behind) / LOOKING_BACK,
            };
            candidate.cost + OUT_OF_LINE + away
        }))
    }

    /// The candidates on a way, given its end; rows that it passes over are held against the row in line before them.
    fn follow(&self, ways: &[Vec<Way>], end: Option<End>) -> Vec<usize> {
        let mut chosen: Vec<Option<usize>> = vec![None; self.items.len()];
        let mut level = 0;
        let mut at = end.map(|end| (end.row, end.index));
        while let Some((row, index)) = at {
            chosen[row] = Some(index);
            level = self.items[row].options[index].day;
            at = ways[row][index].before;
        }
        let index_of = |(row, chosen): (usize, Option<usize>)| {
            let Some(index) = chosen else { return self.out_of_line(row, level).0 };
            level = self.items[row].options[index].day;
            index
        };
        chosen.into_iter().enumerate().map(index_of).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item() -> impl Strategy<Value = Item> {
        let candidates = (0..800i32, prop::sample::select(vec![0.0, 1.0, 15.0, 45.0, 1000.0]), 1..12i32);
        (candidates, prop::bool::weighted(0.2)).prop_map(|((day, cost, years), is_stored)| Item {
            options: (0..years).map(|year| Candidate { day: 20_000 + day - 365 * year, cost }).collect(),
            is_stored,
        })
    }

    proptest! {
        #[test]
        fn the_ways_not_followed_lead_to_nothing_better(
            items in prop::collection::vec(item(), 1..24), exceptions in 0..4usize,
        ) {
            let rows: Vec<&Item> = items.iter().collect();
            let mut whole = Chain::of(&rows, 20_500, exceptions);
            let (ways, end) = whole.search(Some(f64::INFINITY));
            let expected = whole.follow(&ways, end);
            prop_assert_eq!(Chain::of(&rows, 20_500, exceptions).best(), expected);
        }
    }
}
