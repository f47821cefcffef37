//! Columns: a group → the places that its entries share, each with the element that every entry has there. Pure.
//!
//! Two elements of two entries are in one column when the same way leads to them from their entry, told by tags and
//! classes, or by tags alone. That is linear, and where records differ it loses a cell, not the record.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    facts::{self, Texts},
    groups::Group,
    names::{self, Says},
    tree::{Tree, mix},
};

/// How many entries are looked at: what is true of forty is true of the rest.
pub const SAMPLE: usize = 40;

/// The most elements looked at in one entry; an entry with more is a section of the page.
const MAX_INSIDE: u32 = 600;

/// The same way from the entry occurs this often and is told apart by its number: six rows of a label and a value.
const MAX_OCCURRENCES: u8 = 12;

/// One place that entries share.
#[derive(Clone, Debug)]
pub struct Column {
    /// For each entry that has it, the entry's place in the sample and the element.
    pub cells: Vec<(u16, u32)>,
    /// The way to it without its number, and its number among those of one way, from 0.
    pub way: (u64, u8),
    /// The share of entries that have it.
    pub coverage: f64,
    /// The share of its texts that differ.
    pub distinct: f64,
    /// Words, on average.
    pub words: f64,
    /// Letters, on average.
    pub chars: f64,
    /// The share of cells with a date in their text.
    pub dated: f64,
    /// The share of cells that are a date and little else.
    pub mostly_dated: f64,
    /// The share of dates that state their year.
    pub with_year: f64,
    /// The share of dates by which something ends.
    pub deadlines: f64,
    /// How far the dates only rise or only fall.
    pub monotone: f64,
    /// The share of digits.
    pub digits: f64,
    /// The share of cells that only say that there is more.
    pub more: f64,
    /// The share of cells that link, stand in a link, or hold one.
    pub linked: f64,
    /// The share of cells that are links themselves.
    pub is_link: f64,
    /// Whether its cells are of a kind that holds parts of a page, not a line of text.
    pub is_part_of_page: bool,
    /// The share of addresses that differ, of those that link.
    pub distinct_links: f64,
    /// The share of cells whose text is an address, as it is of those that are made of JSON.
    pub shows_address: f64,
    /// The share of addresses that answer a program, or add to a calendar.
    pub for_programs: f64,
    /// The share of cells that are a heading or stand in or around one alone.
    pub heading: f64,
    /// The share of cells that are bold.
    pub bold: f64,
    /// What the classes say of it as a headline.
    pub hint: f64,
    /// Whether the classes say that it is a date.
    pub is_named_date: bool,
    /// Whether the classes say that it is another date than that of publication.
    pub is_named_other_date: bool,
    /// Whether it states dates to machines.
    pub is_time: bool,
    /// Whether what names the column of a table says that it is what its rows are called.
    pub is_titled: bool,
    /// Whether its cells are the entries themselves.
    pub is_entry: bool,
    /// Whether its cells are cells of a table.
    pub is_cell: bool,
    /// Whether its cells are images.
    pub is_image: bool,
    /// Words of the images' own descriptions, on average; 0: some have none, or share one.
    pub described: f64,
    /// Whether its cells are paragraphs, or the classes say that they tell what their entries are about.
    pub is_told: bool,
}

/// The columns of a group that at least two fifths of the entries have.
pub fn columns(texts: &Texts<'_, '_>, group: &Group) -> Vec<Column> {
    let tree = texts.tree;
    let sample = sample(&group.items);
    let mut ways: FxHashMap<(u64, u8), Vec<(u16, u32)>> = FxHashMap::default();
    let mut order: Vec<(u64, u8)> = Vec::new();
    let mut here: Vec<(u64, u64)> = Vec::new();
    let mut counts: FxHashMap<u64, u8> = FxHashMap::default();
    for (number, item) in sample.iter().enumerate() {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let end = tree.get(*item).end.min(item + MAX_INSIDE);
        here.clear();
        counts.clear();
        for at in *item..end {
            let element = tree.get(at);
            let (by_class, by_tag) = if at == *item {
                (1, 2)
            } else {
                let Some((class, tag)) =
                    element.parent.checked_sub(*item).and_then(|p| here.get(p as usize)).copied()
                else {
                    break;
                };
                (mix(class, element.by_class), mix(tag, element.by_tag))
            };
            here.push((by_class, by_tag));
            if !(at == *item || is_telling(texts, at)) {
                continue;
            }
            for key in [by_class, by_tag] {
                let count = counts.entry(key).or_default();
                if *count >= MAX_OCCURRENCES {
                    continue;
                }
                let way = (key, *count);
                *count += 1;
                let cells = ways.entry(way).or_default();
                if cells.is_empty() {
                    order.push(way);
                }
                cells.push((number, at));
            }
        }
    }
    let least = (sample.len() as f64 * 0.4).max(2.0);
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    let mut columns = Vec::new();
    for way in order {
        let Some(cells) = ways.remove(&way) else { continue };
        if (cells.len() as f64) < least {
            continue;
        }
        let signature = cells.iter().fold(0, |sum, (_, at)| mix(sum, u64::from(*at)));
        if seen.insert(signature) {
            columns.push(column(texts, way, cells, &sample));
        }
    }
    columns
}

/// The entries that are looked at, evenly chosen.
pub fn sample(items: &[u32]) -> Vec<u32> {
    let step = items.len().div_ceil(SAMPLE).max(1);
    items.iter().step_by(step).copied().collect()
}

fn is_telling(texts: &Texts<'_, '_>, at: u32) -> bool {
    let element = texts.tree.get(at);
    matches!(
        element.tag,
        "a" | "time"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "img"
            | "strong"
            | "b"
            | "td"
            | "p"
            | "dd"
            | "dt"
    ) || (element.has_own_text && element.tag != "br")
        || element.attributes.itemprop.is_some()
        || element.attributes.has_datetime
        || element.is_field
        || is_day_in_boxes(texts, at)
}

/// Whether the elements in an element, none of which is a date, are one together: `<i>Nov</i><i>20</i><i>2026</i>`.
fn is_day_in_boxes(texts: &Texts<'_, '_>, at: u32) -> bool {
    let tree = texts.tree;
    let is_date = |at: u32| texts.of(at).is_date();
    (5..=24).contains(&tree.text_bytes(at))
        && tree.children(at).filter(|child| tree.text_bytes(*child) > 0).count() >= 2
        && is_date(at)
        && !tree.children(at).any(is_date)
}

fn column(texts: &Texts<'_, '_>, way: (u64, u8), cells: Vec<(u16, u32)>, sample: &[u32]) -> Column {
    let tree = texts.tree;
    let count = cells.len() as f64;
    let all = sample.len() as f64;
    let facts: Vec<facts::Facts> = cells.iter().map(|(_, at)| texts.of(*at)).collect();
    let share = |has: &dyn Fn(usize) -> bool| (0..cells.len()).filter(|i| has(*i)).count() as f64 / count;
    let mean = |value: &dyn Fn(usize) -> f64| (0..cells.len()).map(value).sum::<f64>() / count;
    let digests: FxHashSet<u64> = facts.iter().map(|f| f.text).collect();
    let addresses: Vec<&str> =
        cells.iter().filter_map(|(item, at)| linked(tree, sample[*item as usize], *at)).collect();
    let links: Vec<u64> = addresses.iter().map(|address| facts::address(address)).collect();
    let distinct_links: FxHashSet<&u64> = links.iter().collect();
    let dates: Vec<&facts::Dated> = facts.iter().filter_map(|f| f.date.as_ref()).collect();
    let named = |is: fn(Says) -> bool| cells.iter().take(3).all(|(_, at)| tree.says(*at).any(is));
    let first = cells[0].1;
    let element = tree.get(first);
    let for_tests = element.attributes.for_tests.iter().map(|(_, name)| names::says(name));
    let hint = tree
        .says(first)
        .chain(for_tests)
        .map(|says| says.headline)
        .fold(0.0_f64, |sum, hint| if hint < 0.0 || sum < 0.0 { sum.min(hint) } else { sum.max(hint) });
    let column_name = heading(tree, first).map(|at| tree.text(at));
    let itemprop = element.attributes.itemprop;
    let hint = match itemprop {
        Some("headline" | "name") => 1.0,
        Some("datePublished" | "author") => -1.0,
        _ => hint,
    };
    Column {
        way,
        coverage: count / all,
        distinct: digests.len() as f64 / count,
        words: mean(&|i| facts[i].words),
        chars: mean(&|i| f64::from(facts[i].chars)),
        dated: share(&|i| facts[i].date.is_some()),
        mostly_dated: share(&|i| facts[i].is_date()),
        with_year: dates.iter().filter(|d| d.has_year).count() as f64 / (dates.len().max(1) as f64),
        deadlines: if column_name.is_some_and(|name| names::says(name).is_deadline)
            || named(|says| says.is_deadline)
        {
            1.0
        } else {
            dates.iter().filter(|d| d.is_deadline).count() as f64 / (dates.len().max(1) as f64)
        },
        monotone: monotone(&dates),
        digits: mean(&|i| facts[i].digits),
        more: share(&|i| facts[i].is_more),
        linked: links.len() as f64 / count,
        is_link: share(&|i| tree.get(cells[i].1).href.is_some()),
        is_part_of_page: matches!(
            element.tag,
            "div" | "section" | "article" | "tr" | "ul" | "ol" | "table" | "header"
        ),
        distinct_links: distinct_links.len() as f64 / (links.len().max(1) as f64),
        shows_address: share(&|i| is_address(tree.text(cells[i].1))),
        for_programs: addresses.iter().filter(|address| names::is_for_programs(address)).count() as f64
            / count,
        heading: share(&|i| is_heading(texts, sample[cells[i].0 as usize], cells[i].1)),
        bold: share(&|i| is_bold(texts, sample[cells[i].0 as usize], cells[i].1)),
        hint,
        is_named_date: named(|says| says.is_date)
            || itemprop == Some("datePublished")
            || column_name.is_some_and(names::is_publication),
        is_named_other_date: named(|says| says.is_other_date),
        is_time: element.tag == "time" || element.attributes.has_datetime,
        is_titled: column_name.is_some_and(names::is_title),
        is_entry: cells.iter().all(|(item, at)| sample[*item as usize] == *at),
        is_cell: matches!(element.tag, "td" | "th"),
        is_image: element.tag == "img",
        described: described(texts, &cells),
        is_told: element.tag == "p" || named(|says| says.is_teaser),
        cells,
    }
}

/// How many words the descriptions (`alt`) of images have; 0: they are none, or do not tell these apart.
fn described(texts: &Texts<'_, '_>, cells: &[(u16, u32)]) -> f64 {
    let images = cells.iter().map(|(_, at)| texts.tree.get(*at)).filter(|element| element.tag == "img");
    let told = images.filter_map(|image| image.node.attr("alt")).filter(|alt| !alt.trim().is_empty());
    let told: FxHashSet<&str> = told.collect();
    if told.len() < cells.len() {
        return 0.0;
    }
    told.iter().map(|alt| facts::Facts::undated(alt).words).sum::<f64>() / cells.len() as f64
}

/// A digest of the address an element links to, or stands in, or holds alone.
pub fn link(texts: &Texts<'_, '_>, item: u32, at: u32) -> Option<u64> {
    linked(texts.tree, item, at).map(facts::address)
}

/// Whether a text is an address and no more.
fn is_address(text: &str) -> bool {
    ["https://", "http://", "/"].iter().any(|start| text.starts_with(start))
        && !text.contains(char::is_whitespace)
}

fn linked<'a>(tree: &Tree<'a>, item: u32, at: u32) -> Option<&'a str> {
    let inside = (at..tree.get(at).end).find_map(|inside| tree.get(inside).href);
    let around = || {
        let own = tree.around(at).take_while(|around| *around >= item);
        let outer = tree.around(item).take(2);
        own.chain(outer).find_map(|around| tree.get(around).href)
    };
    inside.or_else(around)
}

/// The cell of its table's first row that names the column a cell is in.
fn heading(tree: &Tree<'_>, cell: u32) -> Option<u32> {
    let place = Some(tree.get(cell)).filter(|cell| cell.tag == "td")?.place;
    let table = tree.around(cell).find(|at| tree.get(*at).tag == "table")?;
    let mut inside = table + 1..tree.get(table).end;
    let row = inside.find(|at| tree.get(*at).tag == "tr")?;
    (row + 1..tree.get(row).end)
        .find(|at| tree.get(*at).parent == row && tree.get(*at).place == place)
        .filter(|at| tree.get(*at).tag == "th")
}

fn is_heading(texts: &Texts<'_, '_>, item: u32, at: u32) -> bool {
    let is_heading = |at: u32| {
        let tag = texts.tree.get(at).tag.as_bytes();
        tag.len() == 2 && tag[0] == b'h' && tag[1].is_ascii_digit()
    };
    stands_out(texts, (item, at), 3, is_heading)
}

fn is_bold(texts: &Texts<'_, '_>, item: u32, at: u32) -> bool {
    stands_out(texts, (item, at), 2, |at| matches!(texts.tree.get(at).tag, "b" | "strong"))
}

/// Whether an element is of a kind, or stands so many levels inside one within its item, or holds little else.
fn stands_out(
    texts: &Texts<'_, '_>,
    (item, at): (u32, u32),
    levels: usize,
    is_kind: impl Fn(u32) -> bool,
) -> bool {
    let tree = texts.tree;
    let text = tree.text_bytes(at);
    let mut around = tree.around(at).take_while(|around| *around >= item).take(levels);
    is_kind(at)
        || around.any(&is_kind)
        || (at..tree.get(at).end)
            .skip(1)
            .take(3)
            .any(|inside| is_kind(inside) && tree.text_bytes(inside) + 3 >= text)
}

/// The share of steps that go the way most of them go.
pub fn monotone(dates: &[&facts::Dated]) -> f64 {
    let steps = dates.len().saturating_sub(1);
    if steps == 0 {
        return 0.0;
    }
    let most = [0, 1].into_iter().flat_map(|which| {
        let count = |goes: fn(&i32, &i32) -> bool| {
            dates.windows(2).filter(|pair| goes(&pair[0].orders[which], &pair[1].orders[which])).count()
        };
        [count(i32::ge), count(i32::le)]
    });
    most.max().unwrap_or(0) as f64 / steps as f64
}
