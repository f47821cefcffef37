//! Rows whose dates have no year → their years, all rows together. Pure.
//!
//! Gives each row its candidates and what speaks against them: weekdays, stated dates of the same entry, the
//! month in its link. `year` finds the best way through them.

use jiff::civil::Date;

use crate::listing::DateSource;

use super::{
    Precision, Provenance, Row, Unresolved,
    choose::Shape,
    link,
    mention::{Point, Role, Slashed, Value},
    resolve::State,
    settle::{Choice, Page, date_of},
    year::{self, Candidate, Item},
};

/// Years back that a date without a year may be of.
const YEARS_BACK: i16 = 25;

/// Days ahead that a date without a year may mean among neighbours: a day announced, not one of last year.
const DAYS_AHEAD: i32 = 120;

/// Days ahead that a date without a year may mean alone: "on 12 March", read on 7 March, is this week's and not of
/// last year. It is refused then as later than the fetch, by its right day.
const DAYS_AHEAD_ALONE: i32 = 7;

/// Dated rows that can show a day further ahead.
const ENOUGH_NEIGHBORS: usize = 3;

/// What a wrong weekday costs. A weekday comes back within six years, mostly; who is further off has mistaken it.
const WRONG_WEEKDAY: f64 = 45.0;

/// A cost no listing outweighs.
const RULED_OUT: f64 = 1000.0;

/// What it costs to disagree with the month in the entry's link: more than two years of age.
const LINK_SAYS_OTHERWISE: f64 = 15.0;

/// What it costs to lie years before a deadline of the same entry.
const LONG_BEFORE_DEADLINE: f64 = 12.0;

/// What it costs to be of another year than a date beside it: little, for entries look back.
const OTHER_YEAR_NEARBY: f64 = 1.0;

/// Days between a link's month and the day of its entry: a month, and its middle.
const NEAR_PATH: i32 = 45;

impl Page<'_> {
    /// Gives the open rows their years, all together.
    pub fn settle_years(&self, states: &mut [State<'_>], rows: &[Row<'_>], agreed: &[(DateSource, Shape)]) {
        let dated = states.iter().filter(|state| !matches!(state.choice, Choice::None)).count();
        let days_ahead = if dated >= ENOUGH_NEIGHBORS { DAYS_AHEAD } else { DAYS_AHEAD_ALONE };
        let mut items = Vec::new();
        let mut places = Vec::new();
        for (row, (state, given)) in states.iter().zip(rows).enumerate() {
            let options = self.options(state, given, days_ahead);
            if !options.is_empty() {
                items.push(Item {
                    is_stored: given.anchor.is_some(),
                    options: options.iter().map(|(candidate, _)| *candidate).collect(),
                });
                places.push((row, options));
            }
        }
        let chosen = year::choose(&items, day_number(self.today));
        let is_single = items.len() < 2;
        for ((row, options), chosen) in places.iter().zip(chosen) {
            let state = &mut states[*row];
            let Choice::Open { reading, mention, settled, .. } = state.choice else { continue };
            let why = if rows[*row].anchor.is_some() {
                "the year of the stored entry"
            } else if options.len() == 1 || is_single {
                "the latest year not after the fetch"
            } else {
                "the year by the order of the listing"
            };
            let time = state.readings[reading].mentions[mention].time;
            match self.moment(options[chosen].1, time, Provenance::Inferred) {
                Ok(moment) => {
                    state.choice =
                        Choice::Known { moment, reading, mention, settled: Some(settled.unwrap_or(why)) };
                }
                Err(reason) => {
                    state.refused.push((state.readings[reading].source, reason));
                    self.choose_stated(state, agreed, reading + 1);
                }
            }
        }
        for state in states.iter_mut() {
            if let Choice::Open { reading, .. } = state.choice {
                state.refused.push((state.readings[reading].source, Unresolved::NoYear));
                self.choose_stated(state, agreed, reading + 1);
            }
        }
    }

    /// The days a row can be of, with the values that give them.
    fn options(&self, state: &State<'_>, row: &Row<'_>, days_ahead: i32) -> Vec<(Candidate, Value)> {
        match &state.choice {
            Choice::None => {
                row.anchor.map(|day| (constant(day), Value::Day(day.into()))).into_iter().collect()
            }
            Choice::Known { moment, .. } if moment.precision >= Precision::Day => {
                let day = row.anchor.unwrap_or(moment.day);
                vec![(constant(day), Value::Day(day.into()))]
            }
            Choice::Known { .. } => Vec::new(),
            Choice::Open { value, reading, mention, .. } => {
                let mut options = self.years(state, *value, (*reading, *mention), days_ahead);
                if let Some(anchor) = row.anchor {
                    let anchor = day_number(anchor);
                    options.sort_by_key(|(candidate, _)| (candidate.day - anchor).abs());
                    options.truncate(1);
                    // What the text says may lie far from when its entry came; its place is that of the entry.
                    for (candidate, _) in &mut options {
                        *candidate = Candidate { day: anchor, cost: 0.0 };
                    }
                }
                options
            }
        }
    }

    fn years(
        &self,
        state: &State<'_>,
        value: Value,
        chosen: (usize, usize),
        days_ahead: i32,
    ) -> Vec<(Candidate, Value)> {
        let today = day_number(self.today);
        let mention = &state.readings[chosen.0].mentions[chosen.1];
        let others = self.others(state, chosen);
        let mut options = Vec::new();
        for year in (self.today.year() - YEARS_BACK..=self.today.year() + 1).rev() {
            let value = in_year(value, year);
            let Some((first, last)) = ends(value) else { continue };
            let (first, last) = (day_number(first), day_number(last));
            // A range that has begun counts by what of it has passed.
            let day = if last > today { first.max(today.min(last)) } else { last };
            // A weekday is evidence of its own for a day that lies ahead.
            let days_ahead = if mention.weekday.is_some() { DAYS_AHEAD } else { days_ahead };
            if day - today > days_ahead.max(1) {
                continue;
            }
            let is_weekday = mention
                .weekday
                .is_none_or(|weekday| is_on_weekday(first, weekday) || is_on_weekday(last, weekday));
            let cost = if is_weekday { 0.0 } else { WRONG_WEEKDAY };
            options.push((Candidate { day, cost: cost + others.against(day) }, value));
        }
        options
    }

    /// The other dates of an entry than the chosen mention.
    fn others(&self, state: &State<'_>, chosen: (usize, usize)) -> Others {
        let mut others = Others { paths: Vec::new(), stated: Vec::new() };
        for (index, reading) in state.readings.iter().enumerate() {
            if reading.source == DateSource::LinkPath {
                let path = link::path_date(reading.text, self.lexicon);
                others.paths.extend(path.map(|(path, _)| day_number(path.middle())));
                continue;
            }
            for (_, mention) in reading.mentions.iter().enumerate().filter(|(at, _)| (index, *at) != chosen) {
                if let Some((_, last)) = ends(mention.value) {
                    others.stated.push((mention.role, day_number(last)));
                }
            }
        }
        others
    }
}

/// What the other dates of an entry say, in days since 1970.
struct Others {
    /// Its links.
    paths: Vec<i32>,
    /// Its texts, and as what.
    stated: Vec<(Role, i32)>,
}

impl Others {
    /// What speaks against a day.
    fn against(&self, day: i32) -> f64 {
        let path = |path: &i32| if (day - path).abs() > NEAR_PATH { LINK_SAYS_OTHERWISE } else { 0.0 };
        let stated = |(role, stated): &(Role, i32)| match role {
            // "… until 31 October 2022": what ends then was written before, and not years before.
            Role::Deadline | Role::Ahead if day > *stated => RULED_OUT,
            Role::Deadline | Role::Ahead if stated - day > 400 => LONG_BEFORE_DEADLINE,
            // An anniversary looks back far; a year near the entry's own is its own.
            Role::Plain | Role::Published | Role::Updated if (stated - day).abs() > 300 => OTHER_YEAR_NEARBY,
            _ => 0.0,
        };
        self.paths.iter().map(path).sum::<f64>() + self.stated.iter().map(stated).sum::<f64>()
    }
}

fn constant(day: Date) -> Candidate {
    Candidate { day: day_number(day), cost: 0.0 }
}

/// A value whose last day is of a year, where it says none.
pub(super) fn in_year(value: Value, year: i16) -> Value {
    let dated = |point: Point| Point { year: point.year.or(Some(year)), ..point };
    let slashed = |day: Slashed| Slashed { year: day.year.or(Some(year)), ..day };
    match value {
        Value::Day(day) => Value::Day(dated(day)),
        Value::Span { first, last } => {
            let is_over_new_year = (first.month, first.day) > (last.month, last.day);
            let first = Point { year: first.year.or(Some(year - i16::from(is_over_new_year))), ..first };
            Value::Span { first, last: dated(last) }
        }
        Value::Month { month, .. } => Value::Month { year: Some(year), month },
        Value::Months { first: (first_year, first), last: (_, last) } => {
            let first_year = first_year.unwrap_or(year - i16::from(first > last));
            Value::Months { first: (Some(first_year), first), last: (Some(year), last) }
        }
        Value::Numeric(day) => Value::Numeric(slashed(day)),
        Value::NumericSpan { first, last } => {
            Value::NumericSpan { first: slashed(first), last: slashed(last) }
        }
        value => value,
    }
}

/// The first and the last day of a value whose year is known; `None`: the calendar has no such day.
fn ends(value: Value) -> Option<(Date, Date)> {
    match value {
        Value::Day(day) => date_of(day).ok().map(|day| (day, day)),
        Value::Span { first, last } => date_of(first).ok().zip(date_of(last).ok()),
        Value::Month { year, month } => {
            let first = Date::new(year?, month, 1).ok()?;
            Some((first, first.last_of_month()))
        }
        Value::Months { first, last } => {
            let month = |(year, month): (Option<i16>, i8)| Date::new(year?, month, 1).ok();
            Some((month(first)?, month(last)?.last_of_month()))
        }
        _ => None,
    }
}

/// Days since 1970.
fn day_number(day: Date) -> i32 {
    const BEFORE_1970: i32 = 719_163;
    let past = i32::from(day.year()) - 1;
    let leap_days = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    past * 365 + leap_days + i32::from(day.day_of_year()) - BEFORE_1970
}

/// Whether a day since 1970, a Thursday, is a weekday, 1 (Monday) to 7.
fn is_on_weekday(day: i32, weekday: i8) -> bool {
    (day + 3).rem_euclid(7) + 1 == i32::from(weekday)
}
