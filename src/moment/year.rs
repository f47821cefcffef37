//! Days without a year, in page order → the years that make the listing read best. Pure.
//!
//! The cheapest way through all candidate years (Viterbi): a step down the page to an older day costs little,
//! a step to a newer one more, a row out of line (pinned, misplaced) may be passed over at a price. Rows with
//! a stated year and rows already stored are constants. The weights were tuned on several hundred real
//! listings; each has its unit in days.

/// A row with what its day can be.
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

/// What a row out of line costs; a gap of about three years costs as much.
const PASSED_OVER: f64 = 5.1;

/// The rows at the top over which the age of the page is counted: the first alone may be pinned.
const TOP_ROWS: usize = 3;

/// The part of a lone row's age that each of them counts.
const TOP_SHARE: f64 = 3.0;

/// Rows out of line that may follow one another.
const PASSED_IN_A_ROW: usize = 2;

/// The share of steps in one direction that makes a listing sorted.
const SORTED: f64 = 0.6;

/// The index of each row's best candidate. `today` is the day of the fetch, counted from 1970.
pub(super) fn choose(items: &[Item], today: i32) -> Vec<usize> {
    let alone = || items.iter().map(|item| best_alone(item, today)).collect();
    match direction(items) {
        Direction::NewestFirst => chain(&items.iter().collect::<Vec<_>>(), today),
        Direction::OldestFirst => {
            let mut chosen = chain(&items.iter().rev().collect::<Vec<_>>(), today);
            chosen.reverse();
            chosen
        }
        Direction::Unsorted => alone(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    NewestFirst,
    OldestFirst,
    Unsorted,
}

/// Days from one row to the next around the circle of the year, or the true ones where both years are known.
fn steps(items: &[Item]) -> impl Iterator<Item = i32> {
    items.windows(2).map(|pair| {
        let [upper, lower] = [&pair[0].options, &pair[1].options];
        let gap = upper[0].day - lower[0].day;
        if upper.len() == 1 && lower.len() == 1 {
            return gap;
        }
        let around = gap.rem_euclid(365);
        if around > 182 { around - 365 } else { around }
    })
}

fn direction(items: &[Item]) -> Direction {
    let (mut down, mut up) = (0_u32, 0_u32);
    for step in steps(items) {
        // A day and a half of the leap years' shift is no step.
        match step {
            2.. => down += 1,
            ..=-2 => up += 1,
            1 => down += 1,
            -1 => up += 1,
            0 => {}
        }
    }
    let all = f64::from(down + up);
    if down + up == 0 || f64::from(down) >= SORTED * all {
        Direction::NewestFirst
    } else if f64::from(up) >= SORTED * all {
        Direction::OldestFirst
    } else {
        Direction::Unsorted
    }
}

/// The usual step of this listing, in days: what a gap is measured by.
fn scale(items: &[&Item]) -> f64 {
    let mut gaps: Vec<i32> = items
        .windows(2)
        .map(|pair| (pair[0].options[0].day - pair[1].options[0].day).rem_euclid(365))
        .filter(|gap| (1..=182).contains(gap))
        .collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).map_or(3.0, |median| f64::from(6 * median).max(3.0))
}

fn best_alone(item: &Item, today: i32) -> usize {
    let cost = |candidate: &Candidate| {
        candidate.cost + first_cost(candidate.day, today) + ahead_cost(candidate.day, today)
    };
    index_of_least(item.options.iter().map(cost))
}

fn index_of_least(costs: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::INFINITY);
    for (index, cost) in costs.enumerate() {
        if cost < best.1 {
            best = (index, cost);
        }
    }
    best.0
}

/// The age of a row at the top: pages are usually fresh.
fn first_cost(day: i32, today: i32) -> f64 {
    2.9 * f64::from((today - day).max(0)) / 365.0
}

/// A day after the fetch; one of slack for zones.
fn ahead_cost(day: i32, today: i32) -> f64 {
    match day - today {
        ..=1 => 0.0,
        ahead @ 2..=20 => 0.25 + f64::from(ahead) / 20.0,
        ahead => 1.25 + f64::from(ahead - 20) / 5.0,
    }
}

/// A row above the newest stored entry was published since the last fetch, or about.
fn new_cost(day: i32, today: i32) -> f64 {
    match day - today {
        behind @ ..=1 => f64::from(-behind).max(0.0) / 120.0,
        ahead => 0.1 + f64::from(ahead) / 60.0,
    }
}

/// A step down the page, from a row to the one below it.
fn step_cost(upper: i32, lower: i32, scale: f64) -> f64 {
    let gap = f64::from(upper - lower);
    if gap >= 0.0 {
        0.45 * (gap / scale).ln_1p()
    } else if gap >= -2.0 {
        0.05
    } else {
        0.12 * (-gap / 15.0).min(1.0) + 0.45 * (-gap / scale).ln_1p()
    }
}

/// The best way to a candidate, and the row and candidate before it.
#[derive(Clone, Copy)]
struct Way {
    cost: f64,
    before: Option<(usize, usize)>,
}

fn chain(items: &[&Item], today: i32) -> Vec<usize> {
    let scale = scale(items);
    let newest_stored = items.iter().position(|item| item.is_stored);
    let mut ways: Vec<Vec<Way>> = Vec::with_capacity(items.len());
    for (row, item) in items.iter().enumerate() {
        let is_new = newest_stored.is_some_and(|stored| row < stored);
        let reach = row.saturating_sub(PASSED_IN_A_ROW + 1);
        let way = |candidate: &Candidate| {
            let own = if item.options.len() == 1 {
                0.0
            } else if is_new {
                candidate.cost + new_cost(candidate.day, today)
            } else {
                // Beside a constant the step to it says more than the age of pages in general.
                let is_constant = |row: usize| items.get(row).is_some_and(|item| item.options.len() == 1);
                let is_beside_constant = is_constant(row.wrapping_sub(1)) || is_constant(row + 1);
                let is_top = row < TOP_ROWS && newest_stored.is_none() && !is_beside_constant;
                let age = if is_top { first_cost(candidate.day, today) / TOP_SHARE } else { 0.0 };
                candidate.cost + ahead_cost(candidate.day, today) + age
            };
            let mut best = Way { cost: f64::INFINITY, before: None };
            if row <= PASSED_IN_A_ROW {
                best.cost = own + passed(row);
            }
            for before in reach..row {
                for (index, previous) in items[before].options.iter().enumerate() {
                    let step = step_cost(previous.day, candidate.day, scale);
                    let cost = ways[before][index].cost + own + step + passed(row - before - 1);
                    if cost < best.cost {
                        best = Way { cost, before: Some((before, index)) };
                    }
                }
            }
            best
        };
        ways.push(item.options.iter().map(way).collect());
    }
    let mut chosen: Vec<usize> = items.iter().map(|item| best_alone(item, today)).collect();
    let mut end: Option<(f64, usize, usize)> = None;
    for (row, ways) in ways.iter().enumerate().skip(items.len().saturating_sub(PASSED_IN_A_ROW + 1)) {
        for (index, way) in ways.iter().enumerate() {
            let cost = way.cost + passed(items.len() - 1 - row);
            if end.is_none_or(|(least, ..)| cost < least) {
                end = Some((cost, row, index));
            }
        }
    }
    let mut at = end.map(|(_, row, index)| (row, index));
    while let Some((row, index)) = at {
        chosen[row] = index;
        at = ways[row][index].before;
    }
    chosen
}

fn passed(rows: usize) -> f64 {
    PASSED_OVER * f64::from(u32::try_from(rows).unwrap_or(u32::MAX))
}
