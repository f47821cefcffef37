//! Above: a group without dates → the headings that date its entries, each up to the next. Pure.
//!
//! A day, and below it what was published on it. Refuses one date for all: "last updated" above a list says nothing of
//! its entries.

use rustc_hash::FxHashMap;

use super::{columns, facts::Texts, groups::Group, tree::Tree};
use crate::moment::Heading;

/// What stands above entries and dates them.
#[derive(Clone, Debug)]
pub struct Above {
    /// The headings, in page order.
    pub headings: Vec<u32>,
    /// The share of entries with one above them.
    pub coverage: f64,
    /// How far the dates go one way.
    pub monotone: f64,
}

/// The share of entries that must have a date above them.
const MOST: f64 = 0.8;

/// The headings that date a group; `None`: there are none, or only one.
pub fn above(texts: &Texts<'_, '_>, group: &Group) -> Option<Above> {
    let goes_one_way = |headings: &[u32]| {
        let facts: Vec<_> = headings.iter().map(|line| texts.of(*line)).collect();
        let dates: Vec<_> = facts.iter().filter_map(|facts| facts.date.as_ref()).collect();
        columns::monotone(&dates)
    };
    likeliest(texts.tree, group, texts.date_lines().iter().copied(), &goes_one_way)
}

/// The headings of years or months that say what the dates of a group leave open; `None`: there are none, or only one.
pub fn completing(texts: &Texts<'_, '_>, group: &Group) -> Option<Above> {
    let goes_one_way = |headings: &[u32]| {
        let said: Vec<_> = headings.iter().filter_map(|line| texts.heading(*line)).collect();
        let steps = |goes: fn(&Heading, &Heading) -> bool| {
            said.windows(2).filter(|pair| goes(&pair[0], &pair[1])).count() as f64
        };
        steps(Heading::gt).max(steps(Heading::lt)) / (said.len() as f64 - 1.0).max(1.0)
    };
    likeliest(texts.tree, group, texts.headings().iter().map(|(line, _)| *line), &goes_one_way)
}

/// The one line that is a year and no more, below which all of a group stands. `None`: there is none, or it is one of
/// several above it, as a choice of years is.
pub fn year(texts: &Texts<'_, '_>, group: &Group) -> Option<Above> {
    const LONGEST: u32 = 6;
    const LEVELS: usize = 3;
    let tree = texts.tree;
    let (first, last) = (*group.items.first()?, *group.items.last()?);
    let lines = texts.headings();
    let (above, below) = lines.split_at(lines.partition_point(|(line, _)| *line < first));
    let ((at, heading), before) = above.split_last()?;
    let is_year = heading.year.is_some() && heading.month.is_none() && tree.text_bytes(*at) <= LONGEST;
    let is_only = !before.iter().any(|(line, _)| tree.get(*line).path == tree.get(*at).path)
        && below.first().is_none_or(|(line, _)| *line > last);
    let is_beside = tree.around(*at).take(LEVELS).any(|around| tree.holds(around, last));
    let is_above = is_year && is_only && is_beside && !tree.get(*at).is_chrome;
    is_above.then(|| Above { headings: vec![*at], coverage: 1.0, monotone: 1.0 })
}

/// Whether all headings name a month.
pub fn are_months(texts: &Texts<'_, '_>, above: &Above) -> bool {
    above.headings.iter().all(|line| texts.heading(*line).is_some_and(|heading| heading.month.is_some()))
}

/// Of lines in page order the kind of heading that stands above the most of a group.
fn likeliest(
    tree: &Tree<'_>,
    group: &Group,
    lines: impl Iterator<Item = u32>,
    goes_one_way: &dyn Fn(&[u32]) -> f64,
) -> Option<Above> {
    let items = &group.items;
    let (first, last) = (*items.first()?, *items.last()?);
    let around = tree.around(first).find(|around| tree.holds(*around, last))?;
    let is_in_item = |at: u32| {
        let before = items.partition_point(|item| *item <= at).checked_sub(1);
        before.is_some_and(|before| tree.holds(items[before], at))
    };
    let end = tree.get(around).end;
    let mut kinds: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
    for line in lines.skip_while(|line| *line <= around).take_while(|line| *line < end) {
        let holds_item =
            items.get(items.partition_point(|item| *item < line)).is_some_and(|i| tree.holds(line, *i));
        if !is_in_item(line) && !holds_item {
            kinds.entry(tree.get(line).path).or_default().push(line);
        }
    }
    let kinds = kinds.into_values().filter_map(|headings| of_kind(items, headings, goes_one_way));
    kinds.max_by(|a, b| a.coverage.total_cmp(&b.coverage).then_with(|| b.headings.cmp(&a.headings)))
}

/// Whether headings of one kind date the items.
fn of_kind(items: &[u32], headings: Vec<u32>, goes_one_way: &dyn Fn(&[u32]) -> f64) -> Option<Above> {
    let mut used: Vec<u32> = items
        .iter()
        .filter_map(|item| Some(headings[headings.partition_point(|line| line < item).checked_sub(1)?]))
        .collect();
    let coverage = used.len() as f64 / items.len() as f64;
    used.dedup();
    // One below the last entry, and as many as there are entries: they stand below what they date.
    let is_below = headings.last() > items.last() || headings.first() > items.first();
    if used.len() < 2 || coverage < MOST || is_below {
        return None;
    }
    let monotone = goes_one_way(&headings);
    (monotone >= 0.7).then_some(Above { headings, coverage, monotone })
}

#[cfg(test)]
mod tests {
    use scraper::Html;
    use url::Url;

    use super::*;

    /// What is found of all elements of a tag.
    fn with<T>(html: &str, tag: &str, find: impl Fn(&Texts<'_, '_>, &Group) -> Option<T>) -> Option<T> {
        let html = Html::parse_document(html);
        let base = Url::parse("https://example.org/").unwrap();
        let tree = Tree::read(html.root_element(), &base);
        let group = Group { items: tree.by_name().tags.get(tag)?.clone() };
        find(&Texts::new(&tree), &group)
    }

    /// The texts of the headings that date all elements of a tag.
    fn headings(html: &str, tag: &str) -> Option<Vec<String>> {
        with(html, tag, |texts, group| {
            let found = above(texts, group)?;
            Some(found.headings.iter().map(|at| texts.tree.text(*at).to_owned()).collect())
        })
    }

    #[test]
    fn days_above_entries_date_them() {
        let found = headings("<h3>7 March 2025</h3><p>a</p><p>b</p><h3>5 March 2025</h3><p>c</p>", "p");
        assert_eq!(found, Some(vec!["7 March 2025".to_owned(), "5 March 2025".to_owned()]));
    }

    #[test]
    fn years_and_months_above_complete_what_stands_below() {
        let read = |html: &str| {
            with(html, "p", |texts, group| {
                let found = completing(texts, group)?;
                Some((found.headings.len(), are_months(texts, &found)))
            })
        };
        assert_eq!(read("<h2>2019</h2><p>12 March</p><p>a</p><h2>2017</h2><p>b</p>"), Some((2, false)));
        assert_eq!(read("<h2>May 2019</h2><p>12</p><p>a</p><h2>April 2019</h2><p>b</p>"), Some((2, true)));
        assert_eq!(read("<h2>2019</h2><p>12 March</p><p>a</p><p>b</p>"), None);
        assert_eq!(read("<h2>Room 12</h2><p>12 March</p><p>a</p><h2>Room 9</h2><p>b</p>"), None);
    }

    #[test]
    fn one_year_above_all_completes_them_where_it_is_no_choice_of_years() {
        let read = |html: &str| with(html, "p", |texts, group| Some(year(texts, group)?.headings.len()));
        assert_eq!(read("<h2>2019</h2><p>11-14</p><p>11-02</p>"), Some(1));
        assert_eq!(read("<b>2018</b><b>2019</b><p>11-14</p><p>11-02</p>"), None);
        assert_eq!(read("<h2>2019</h2><p>11-14</p><h2>2018</h2><p>11-02</p>"), None);
        assert_eq!(read("<h2>Budget 2019</h2><p>11-14</p><p>11-02</p>"), None);
        assert_eq!(read("<div><div><div><h2>2019</h2></div></div></div><p>11-14</p><p>11-02</p>"), None);
    }

    #[test]
    fn one_date_for_all_is_none_and_so_are_dates_below() {
        assert_eq!(headings("<h3>7 March 2025</h3><p>a</p><p>b</p><p>c</p>", "p"), None);
        let below = [9, 8, 7, 6, 5, 4].map(|day| format!("<p>a</p><i>{day} March 2025</i>")).concat();
        assert_eq!(headings(&below, "p"), None);
    }
}
