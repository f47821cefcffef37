//! Fields: the columns of a group → which of them is the headline, the link, the date. Pure.
//!
//! The weights are those of a person who has looked at many listings: what they add up to is compared within one
//! page only.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{
    above::{self, Above},
    before,
    columns::{self, Column},
    evidence::Evidence,
    facts::{self, Texts},
    groups::Group,
};
use crate::extract::reach;

/// Which column is which field.
#[derive(Clone, Debug)]
pub struct Fields {
    /// The columns.
    pub columns: Vec<Column>,
    /// The headline.
    pub headline: usize,
    /// How much like a headline it is.
    pub headline_worth: f64,
    /// What would be the headline if that were not there, the likeliest first.
    pub other_headlines: Vec<usize>,
    /// The link; `None`: no entry links anywhere.
    pub link: Option<usize>,
    /// Where the date is.
    pub date: DatePlace,
    /// What stands above entries and dates them, or says the year or month that their own dates lack.
    pub above: Option<Above>,
    /// The teaser.
    pub teaser: Option<usize>,
    /// The image.
    pub image: Option<usize>,
}

/// Where the date of an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePlace {
    /// Nowhere in the entry.
    Nowhere,
    /// In a column of its own.
    Column(usize),
    /// In the headline's text.
    Headline,
    /// In the teaser's text.
    Teaser,
    /// Above the entries, which it dates up to the next.
    Above,
    /// In the text before each entry.
    Before,
}

/// A headline below this worth is none.
const LEAST_HEADLINE: f64 = 1.2;

/// A headline of fewer words that differs less from entry to entry tells none of them: "Agenda", "Board packet".
const TELLING_WORDS: f64 = 3.0;
const LEAST_TELLING: f64 = 0.4;

/// So few words do where they are of several kinds, or a class calls them a title: "Regular Meeting", "Special Meeting".
const LABEL_WORDS: f64 = 2.0;

/// How many columns are kept for when no selector gives the headline.
const OTHER_HEADLINES: usize = 2;

/// A date below this worth is none.
const LEAST_DATE: f64 = 0.5;

/// Tells the fields of a group apart; `None`: nothing in it is a headline.
pub fn fields(texts: &Texts<'_, '_>, group: &Group, evidence: &Evidence) -> Option<Fields> {
    let columns = columns::columns(texts, group);
    let link = best(&columns, |column| link_worth(column) + evidence.of_links(column, texts));
    let link = link.filter(|(worth, _)| *worth > 0.0).map(|(_, at)| at);
    // What an image is called is the headline where its link says nothing else; what is known was read by a reader.
    let is_text_link = |column: &Column| {
        column.is_link >= 0.5 && column.chars >= 1.0 && column.distinct >= 0.5 && column.more < 0.5
    };
    let are_images_told = !evidence.is_asked() && !columns.iter().any(is_text_link);
    let first_look: Vec<f64> = columns
        .iter()
        .map(|column| {
            let beside_link = link.map_or(0.0, |link| beside(texts, &columns[link], column));
            let is_hidden = column.is_image && !are_images_told;
            let worth = if is_hidden { f64::MIN } else { headline_worth(column) + by_version(texts, column) };
            worth + beside_link + evidence.of_headlines(column, texts)
        })
        .collect();
    let likeliest = first_look.iter().copied().fold(f64::MIN, f64::max);
    let likely = first_look.iter().enumerate().filter(|(_, worth)| **worth > likeliest - 3.0);
    let mut headlines: Vec<(f64, usize)> = likely
        .map(|(at, worth)| {
            let column = &columns[at];
            // Prose does not become a line by the words that it repeats.
            let repeats = (by_words(column.words) - by_words(told(texts, column))).max(0.0);
            (worth - repeats - holding(texts, &columns, column) - outranked(texts, &columns, column), at)
        })
        .filter(|(worth, _)| *worth >= LEAST_HEADLINE)
        .collect();
    headlines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (headline_worth, headline) = telling(&columns, &headlines)?;
    let others = headlines.iter().map(|(_, at)| *at).filter(|at| *at != headline);
    let other_headlines = others.take(OTHER_HEADLINES).collect();
    let headline = same_text_deeper(texts, &columns, headline);
    let headline = same_text_wider(texts, &columns, headline);
    let headline = without_labels(texts, &columns, headline);
    let teaser = teaser(texts, &columns, headline);
    let date = date(&columns, headline, teaser);
    let image = columns
        .iter()
        .position(|column| column.is_image && column.coverage >= 0.5 && is_varied(texts, column));
    let (date, above) = beside_above(texts, group, &columns, date, (headline, teaser));
    Some(Fields { columns, headline, headline_worth, other_headlines, link, date, above, teaser, image })
}

fn best(columns: &[Column], worth: impl Fn(&Column) -> f64) -> Option<(f64, usize)> {
    let worths = columns.iter().enumerate().map(|(at, column)| (worth(column), at));
    // Of equals the first.
    worths.fold(None, |best: Option<(f64, usize)>, next| match best {
        Some((worth, _)) if worth >= next.0 => best,
        _ => Some(next),
    })
}

/// The likeliest headline where it tells the entries apart, else a number that does, else what the links are called, else the
/// days of a calendar.
fn telling(columns: &[Column], headlines: &[(f64, usize)]) -> Option<(f64, usize)> {
    const HARDLY: f64 = 0.2;
    let likeliest = headlines.first().copied();
    let differs =
        |least: f64| likeliest.filter(|(_, at)| columns[*at].distinct * columns[*at].coverage >= least);
    let is_link = |column: &Column| column.is_link >= 0.9 && column.distinct_links >= 0.9;
    let is_said = |column: &Column| {
        let words = column.words.max(column.described);
        let are_kinds =
            is_link(column) && column.coverage >= 0.9 && column.distinct * column.cells.len() as f64 >= 1.5;
        words >= TELLING_WORDS || words >= LABEL_WORDS && (are_kinds || column.hint > 0.0)
    };
    let said = likeliest.filter(|(_, at)| is_said(&columns[*at]));
    let told = differs(LEAST_TELLING).or_else(|| said.and(differs(HARDLY)));
    let is_label = |column: &Column| is_said(column) && is_link(column) && column.dated < 0.3;
    let is_titled = |column: &Column| {
        column.is_titled && column.coverage >= 0.9 && column.words >= LABEL_WORDS && column.dated < 0.3
    };
    let label = || {
        let labels = headlines.iter().copied().find(|(_, at)| is_label(&columns[*at]));
        labels.or_else(|| Some((LEAST_HEADLINE, columns.iter().position(is_titled)?)))
    };
    told.or_else(|| number(columns)).or(said).or_else(label).or_else(|| calendar(columns)).or(likeliest)
}

/// The first place with a number that tells its entry from all others: a version, a case.
fn number(columns: &[Column]) -> Option<(f64, usize)> {
    let is_number = |column: &&Column| {
        !column.is_entry
            && column.coverage >= 0.9
            && column.distinct >= 0.95
            && column.words <= 4.0
            && (0.2..0.95).contains(&column.digits)
            && column.dated < 0.1
    };
    let at = columns.iter().position(|column| is_number(&column))?;
    Some((LEAST_HEADLINE, at))
}

/// The days of a calendar.
fn calendar(columns: &[Column]) -> Option<(f64, usize)> {
    let is_day = |column: &&Column| {
        !column.is_entry
            && column.coverage * column.mostly_dated >= 0.8
            && column.distinct >= 0.9
            && column.monotone >= 0.8
    };
    let at = columns.iter().position(|column| is_day(&column))?;
    Some((LEAST_HEADLINE, at))
}

fn link_worth(column: &Column) -> f64 {
    if column.linked < 0.3 {
        return f64::MIN;
    }
    2.0 * column.coverage * column.linked * column.distinct_links
        + 0.6 * column.heading
        + 0.8 * column.words.min(8.0) / 8.0
        - 0.5 * column.more
        - 0.2 * column.mostly_dated
        - 1.5 * column.for_programs
        - 0.3 * f64::from(u8::from(column.is_image))
        - 0.4 * f64::from(u8::from(column.hint < 0.0))
        + 0.5 * column.is_link
        - 0.002 * (column.chars - 200.0).max(0.0)
}

fn headline_worth(column: &Column) -> f64 {
    if column.is_image && column.described > 0.0 {
        return by_words(column.described) + 1.2 * column.coverage;
    }
    // A mark, such as the `#` that links to a heading, says nothing, and an address is none.
    if column.is_image || column.words < 0.5 || column.shows_address > 0.5 {
        return f64::MIN;
    }
    let words = by_words(column.words);
    let yes = |is: bool| f64::from(u8::from(is));
    words
        + 1.2 * column.coverage
        + column.distinct
        + 1.3 * column.heading
        + 0.3 * column.bold
        + 0.9 * column.hint
        - 1.6 * column.mostly_dated
        - 1.6 * column.more
        - for_digits(column)
        - yes(column.chars > 200.0)
        - 0.8 * yes(column.is_time || column.is_named_date)
        - 1.5 * yes(column.is_entry && column.is_part_of_page)
        + 0.9 * column.linked * column.distinct_links
}

/// What is not held against headings that name a version: that it is one word, of figures, with a day beside it.
fn by_version(texts: &Texts<'_, '_>, column: &Column) -> f64 {
    if are_versions(texts, column) { 1.0 + 1.6 * column.mostly_dated + for_digits(column) } else { 0.0 }
}

/// Whether the cells of a column are headings, nearly each with a version.
pub fn are_versions(texts: &Texts<'_, '_>, column: &Column) -> bool {
    if column.heading < 0.9 || column.digits < 0.2 || column.distinct < 0.9 {
        return false;
    }
    let has_version = |at: u32| texts.tree.text(at).split_whitespace().any(facts::is_version);
    let versions = column.cells.iter().filter(|(_, at)| has_version(*at)).count();
    versions * 5 >= column.cells.len() * 4
}

/// What it costs a headline that much of it is digits.
fn for_digits(column: &Column) -> f64 {
    3.0 * (column.digits - 0.2).clamp(0.0, 0.4)
}

/// What a headline of so many words is worth.
fn by_words(words: f64) -> f64 {
    match words {
        words if words < 1.0 => -1.0,
        words if words < 2.0 => -0.2,
        words if words <= 16.0 => 0.4 + 0.6 * ((words - 2.0) / 4.0).min(1.0),
        words if words <= 30.0 => 0.6,
        words if words <= 45.0 => -0.6,
        _ => -1.6,
    }
}

/// How many words of a column's cells say something: not numbers, and not the words that most cells repeat ("Docket
/// No.", "opens in a new window").
fn told(texts: &Texts<'_, '_>, column: &Column) -> f64 {
    const FEWEST: usize = 4;
    if column.cells.len() < FEWEST || column.words > 45.0 {
        return column.words;
    }
    let cells: Vec<Rc<[u64]>> = column.cells.iter().map(|(_, at)| texts.words(*at)).collect();
    // How many cells have a word, and in which it was seen last.
    let mut counts: FxHashMap<u64, (usize, usize)> = FxHashMap::default();
    for (number, cell) in cells.iter().enumerate() {
        for word in &**cell {
            let (count, last) = counts.entry(*word).or_insert((0, usize::MAX));
            *count += usize::from(*last != number);
            *last = number;
        }
    }
    let most = column.cells.len() * 2 / 5;
    let telling = |cell: &Rc<[u64]>| cell.iter().filter(|word| counts[word].0 <= most).count();
    let mean = cells.iter().map(telling).sum::<usize>() as f64 / cells.len() as f64;
    let plain = column.words.min(2.0) * 0.45;
    // Scripts without spaces have one long word where others have many.
    let unspaced = if column.words > 0.0 && column.chars / column.words < 2.6 { column.words } else { 0.0 };
    mean.max(plain).max(unspaced).min(column.words)
}

/// What it costs that a column holds other places that say something: it is a part of the entry, not a line.
fn holding(texts: &Texts<'_, '_>, columns: &[Column], column: &Column) -> f64 {
    let tree = texts.tree;
    let holds = |inner: &&Column| {
        let is_told = inner.words >= 1.0 && inner.coverage >= 0.5 && inner.distinct >= 0.4 && !inner.is_image;
        let mut held = 0_usize;
        for (item, at) in &inner.cells {
            let Ok(found) = column.cells.binary_search_by_key(item, |cell| cell.0) else { continue };
            let outer = column.cells[found].1;
            let is_part = outer != *at && tree.holds(outer, *at);
            held += usize::from(is_part && tree.text_bytes(*at) + 4 < tree.text_bytes(outer));
        }
        is_told && held * 2 > column.cells.len()
    };
    let held = columns.iter().filter(holds).take(3).count();
    0.7 * held as f64
}

/// What it costs a heading that one of a higher rank stands before it in its entry: below a title stands the subtitle.
fn outranked(texts: &Texts<'_, '_>, columns: &[Column], column: &Column) -> f64 {
    let of = |column: &Column| reach::rank(texts.tree.get(column.cells.first()?.1).tag);
    let Some(own) = of(column) else { return 0.0 };
    let is_title = |other: &&Column| {
        let is_above = of(other).is_some_and(|rank| rank < own) && other.cells[0].1 < column.cells[0].1;
        is_above
            && other.coverage >= column.coverage
            && other.distinct >= 0.8
            && other.words >= 2.0
            && other.mostly_dated < 0.3
    };
    if columns.iter().any(|other| is_title(&other)) { 0.8 } else { 0.0 }
}

/// What it adds that a column is the link, is in it, or around it.
fn beside(texts: &Texts<'_, '_>, link: &Column, column: &Column) -> f64 {
    let tree = texts.tree;
    let mut same = 0;
    let mut near = 0;
    for (item, at) in &column.cells {
        let Ok(found) = link.cells.binary_search_by_key(item, |cell| cell.0) else { continue };
        let other = link.cells[found].1;
        same += u32::from(other == *at);
        near += u32::from(tree.holds(other, *at) || tree.holds(*at, other));
    }
    let count = column.cells.len() as f64;
    0.4 * f64::from(same) / count + 0.45 * f64::from(near) / count
}

/// Of columns with the headline's very texts, the innermost: `h2 a` rather than the whole card around it.
fn same_text_deeper(texts: &Texts<'_, '_>, columns: &[Column], headline: usize) -> usize {
    let tree = texts.tree;
    let of = &columns[headline];
    if !of.is_entry && of.heading < 0.5 {
        return headline;
    }
    let is_inside = |column: &Column| {
        column.cells.len() >= of.cells.len()
            && of.cells.iter().all(|(item, at)| {
                column.cells.binary_search_by_key(item, |cell| cell.0).is_ok_and(|found| {
                    let inner = column.cells[found].1;
                    tree.holds(*at, inner) && inner != *at && texts.of(inner).text == texts.of(*at).text
                })
            })
    };
    let heading = columns.iter().position(|column| is_inside(column) && column.heading >= 0.9 && of.is_entry);
    heading.or_else(|| columns.iter().position(is_inside).filter(|_| of.is_entry)).unwrap_or(headline)
}

/// Where some entries lack the headline, what holds it alone in the others and is there in those too: `dt` rather than
/// `a`, when one of the notices is not linked.
fn same_text_wider(texts: &Texts<'_, '_>, columns: &[Column], headline: usize) -> usize {
    let tree = texts.tree;
    let of = &columns[headline];
    if of.coverage > 0.99 {
        return headline;
    }
    let is_around = |column: &Column| {
        column.coverage > of.coverage
            && !column.is_entry
            && of.cells.iter().all(|(item, at)| {
                column.cells.binary_search_by_key(item, |cell| cell.0).is_ok_and(|found| {
                    let outer = column.cells[found].1;
                    tree.holds(outer, *at) && texts.of(outer).text == texts.of(*at).text
                })
            })
    };
    columns.iter().rposition(is_around).unwrap_or(headline)
}

/// Where most headlines end in the same label, what stands before it: the link in `<h4><a>v1.2</a> <b>Stable</b></h4>`.
fn without_labels(texts: &Texts<'_, '_>, columns: &[Column], headline: usize) -> usize {
    const FEWEST: usize = 4;
    let tree = texts.tree;
    let of = &columns[headline];
    let is_bare = |column: &Column| {
        let mut labels: FxHashMap<&str, usize> = FxHashMap::default();
        for (item, at) in &of.cells {
            let Ok(found) = column.cells.binary_search_by_key(item, |cell| cell.0) else { return false };
            let inner = column.cells[found].1;
            let label = tree.text(*at).strip_prefix(tree.text(inner)).filter(|_| tree.holds(*at, inner));
            *labels.entry(label.unwrap_or("")).or_default() += 1;
        }
        labels.remove("");
        labels.values().max().is_some_and(|most| most * 5 >= of.cells.len() * 4)
    };
    if of.cells.len() < FEWEST || of.is_entry {
        return headline;
    }
    let may_be = |column: &Column| column.chars >= 1.0 && column.distinct >= of.distinct;
    columns.iter().position(|column| may_be(column) && is_bare(column)).unwrap_or(headline)
}

fn teaser(texts: &Texts<'_, '_>, columns: &[Column], headline: usize) -> Option<usize> {
    let tree = texts.tree;
    let title = &columns[headline];
    let is_apart = |column: &Column| {
        column.cells.iter().all(|(item, at)| {
            title.cells.binary_search_by_key(item, |cell| cell.0).map_or(true, |found| {
                let other = title.cells[found].1;
                !tree.holds(other, *at) && !tree.holds(*at, other)
            })
        })
    };
    let worth = |column: &Column| {
        let is_said = column.chars >= 15.0 && column.words >= 3.0 && column.digits < 0.1;
        let is_short = is_said && column.is_told && column.distinct >= 0.9 && !column.is_entry;
        let is_long = column.chars >= 40.0 && column.words >= 5.0 || is_short;
        // Days with what goes with them tell nothing of the entry: "Last post by Ina, 5 May 2025, 10:42".
        let are_days = column.mostly_dated >= 0.5 || column.dated >= 0.5 && column.digits >= 0.12;
        let is_text = is_long && column.distinct >= 0.5 && column.more < 0.5 && !are_days;
        // What a class calls the byline is none, however many tags are in it.
        if !is_text || column.coverage < 0.4 || column.hint < 0.0 || !is_apart(column) {
            return f64::MIN;
        }
        column.coverage + (column.chars / 200.0).min(1.0) - (column.chars - 1500.0).max(0.0) / 1500.0
    };
    best(columns, worth).filter(|(worth, _)| *worth > 0.0).map(|(_, at)| at)
}

/// Texts of more letters than this are prose.
const LONG_CHARS: f64 = 300.0;

/// Whether long texts all begin with a date, and the dates go one way: they are those of the entries, not of what the
/// texts tell of.
fn is_prose_dated(column: &Column) -> bool {
    column.dated >= 0.9 && column.with_year >= 0.9 && column.monotone >= 0.9
}

/// Where so many of the dates are those by which something ends, they are none of publication.
pub const DEADLINES: f64 = 0.8;

fn date(columns: &[Column], headline: usize, teaser: Option<usize>) -> DatePlace {
    let yes = |is: bool| f64::from(u8::from(is));
    let worth = |column: &Column| {
        if column.is_image {
            return f64::MIN;
        }
        column.coverage * column.dated
            + 0.5 * column.mostly_dated
            + 0.4 * column.with_year
            + 0.35 * column.monotone * column.dated
            + 0.35 * yes(column.is_time)
            + 0.3 * yes(column.is_named_date)
            - 0.4 * yes(column.is_named_other_date)
            - 0.002 * if is_prose_dated(column) { column.chars.min(LONG_CHARS) } else { column.chars }
            - f64::MAX * yes(column.dated < 0.3 || column.deadlines >= DEADLINES)
    };
    let Some((worth, at)) = best(columns, worth).filter(|(worth, _)| *worth > LEAST_DATE) else {
        return DatePlace::Nowhere;
    };
    let column = &columns[at];
    if at == headline || (worth < 1.0 && column.words > 12.0 && Some(at) != teaser) {
        return if columns[headline].dated >= 0.3 { DatePlace::Headline } else { DatePlace::Nowhere };
    }
    // A long text that is not the date's own place is the teaser, or is in it.
    if Some(at) == teaser || (column.mostly_dated < 0.3 && column.chars > 120.0) {
        let is_teaser = teaser.is_some_and(|teaser| columns[teaser].dated >= 0.3);
        return if is_teaser { DatePlace::Teaser } else { DatePlace::Column(at) };
    }
    DatePlace::Column(at)
}

/// Where the date is when what stands above is looked at too, and that.
fn beside_above(
    texts: &Texts<'_, '_>,
    group: &Group,
    columns: &[Column],
    date: DatePlace,
    (headline, teaser): (usize, Option<usize>),
) -> (DatePlace, Option<Above>) {
    let own = match date {
        DatePlace::Column(at) => Some(at),
        DatePlace::Headline => Some(headline),
        DatePlace::Teaser => teaser,
        DatePlace::Nowhere | DatePlace::Above | DatePlace::Before => None,
    };
    let Some(own) = own else {
        let place = |is: &dyn Fn(u32) -> bool| columns.iter().position(|column| is_each(column, is));
        if let Some(day) = place(&|at| texts.is_day_alone(at))
            && let Some(months) =
                above::completing(texts, group).filter(|above| above::are_months(texts, above))
        {
            return (DatePlace::Column(day), Some(months));
        }
        if let Some(pair) = place(&|at| texts.pair_alone(at).is_some())
            && let Some(years) = above::completing(texts, group)
                .or_else(|| above::year(texts, group).filter(|_| go_one_way(texts, &columns[pair])))
        {
            return (DatePlace::Column(pair), Some(years));
        }
        if before::before(texts, group).is_some() {
            return (DatePlace::Before, None);
        }
        let Some(above) = above::above(texts, group) else { return (date, None) };
        let time = place(&|at| texts.is_time_alone(at));
        return (time.map_or(DatePlace::Above, DatePlace::Column), Some(above));
    };
    let own = &columns[own];
    let is_open = own.with_year < 0.1 && !own.is_time;
    let of_one_year = || above::year(texts, group).filter(|_| own.dated >= 0.9 && own.monotone >= 0.9);
    (date, if is_open { above::completing(texts, group).or_else(of_one_year) } else { None })
}

/// Whether pairs of day and month only rise or only fall, as scores do not.
fn go_one_way(texts: &Texts<'_, '_>, column: &Column) -> bool {
    let pairs: Vec<(i8, i8)> = column.cells.iter().filter_map(|(_, at)| texts.pair_alone(*at)).collect();
    let turned: Vec<(i8, i8)> = pairs.iter().map(|(left, right)| (*right, *left)).collect();
    let goes = |pairs: &[(i8, i8)]| pairs.is_sorted() || pairs.is_sorted_by(|a, b| a >= b);
    pairs.first() != pairs.last() && (goes(&pairs) || goes(&turned))
}

/// Whether nearly each cell, short and with figures, is of a kind.
fn is_each(column: &Column, is: &dyn Fn(u32) -> bool) -> bool {
    let is_short = column.coverage >= 0.8 && column.chars <= 12.0 && column.digits > 0.1;
    let those = || column.cells.iter().filter(|(_, at)| is(*at)).count() as f64;
    is_short && those() >= 0.9 * column.cells.len() as f64
}

fn is_varied(texts: &Texts<'_, '_>, column: &Column) -> bool {
    let addresses: std::collections::HashSet<&str> = column
        .cells
        .iter()
        .filter_map(|(_, at)| {
            let node = texts.tree.get(*at).node;
            node.attr("data-src").or_else(|| node.attr("srcset")).or_else(|| node.attr("src"))
        })
        .collect();
    addresses.len() * 2 > column.cells.len()
}
