//! Score: a group and its fields → how likely it is the listing. Pure.
//!
//! The features are kept beside the sum: `confidence` weighs them anew, and `explain` can show them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    before, columns,
    evidence::Evidence,
    facts::Texts,
    fields::{self, DatePlace, Fields},
    groups::Group,
    strangers,
    tree::{Tree, mix},
};
use crate::moment;

/// A group that may be the listing.
#[derive(Clone, Debug)]
pub struct Scored {
    /// The entries' elements.
    pub group: Group,
    /// Their fields.
    pub fields: Fields,
    /// What speaks for and against it.
    pub features: Features,
    /// All of that in one number; comparable within one page.
    pub score: f64,
}

/// What speaks for and against a group, each from 0 to 1 unless said otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    /// Entries.
    pub count: f64,
    /// The share of entries with a link of their own; of a calendar without links, what its days are worth instead.
    pub links: f64,
    /// How much like a headline the headlines are, without bounds.
    pub headline: f64,
    /// Words in a headline.
    pub words: f64,
    /// The share of headlines that differ.
    pub distinct: f64,
    /// The share of entries with a date.
    pub dates: f64,
    /// How far the dates go one way.
    pub monotone: f64,
    /// The share of headlines that are headings.
    pub headings: f64,
    /// How alike the entries are inside.
    pub regular: f64,
    /// How alike the addresses are.
    pub shape: f64,
    /// The share of the page's text that is in it.
    pub share: f64,
    /// The share of entries beside the content.
    pub chrome: f64,
    /// The share of entries that are those of a menu, which is none of a listing however large it is.
    pub menu: f64,
    /// The share of entries that hold several records.
    pub multi: f64,
    /// How far the entries are cells of rows, or parts of records that stand side by side: several in each, each place of
    /// its own kind.
    pub cells: f64,
    /// Whether the entries are those of two lists, which have nothing in common.
    pub mixed: f64,
    /// Letters of an entry's text, the median.
    pub chars: f64,
    /// The share of their text that is in the largest of them.
    pub largest: f64,
    /// Whether nothing in the entries is a headline but all of them, they are parts of a page, and none is dated: boxes, not
    /// records.
    pub whole: f64,
}

impl Scored {
    /// Whether an element beside its entries may be one too: it links somewhere, and is dated where they are.
    pub fn may_hold(&self, texts: &Texts<'_, '_>, at: u32) -> bool {
        let tree = texts.tree;
        tree.is_linked(at) && (self.features.dates < 0.7 || texts.holds_date(at))
    }

    /// Whether it is a listing beyond doubt, however short: linked, told apart and dated in order.
    pub fn is_dated(&self) -> bool {
        let of = &self.features;
        let is_listing = of.count >= 4.0 && of.links >= 0.8 && of.dates >= 0.9 && of.monotone >= 0.8;
        is_listing && of.chrome + of.menu < 0.5 && of.cells + of.multi + of.mixed < 0.3
    }

    /// Whether it has the look of a menu: several lists of links, and nothing beside these.
    pub fn is_like_menu(&self, tree: &Tree<'_>) -> bool {
        const LONGEST: f64 = 80.0;
        const FEWEST: usize = 3;
        let of = &self.features;
        let is_bare =
            of.dates < 0.1 && of.headings < 0.1 && self.fields.teaser.is_none() && of.chars < LONGEST;
        if !is_bare {
            return false;
        }
        let parents = |of: &[u32]| of.iter().filter_map(|at| tree.parent(*at)).collect::<Vec<u32>>();
        let count = |of: &[u32]| of.iter().collect::<FxHashSet<_>>().len();
        let own = parents(&self.group.items);
        // A link alone in its line: the lists are around the lines.
        let lists = if count(&own) == own.len() { parents(&own) } else { own };
        let several = count(&lists);
        several >= FEWEST && 2 * several <= lists.len()
    }
}

/// What the look of a menu costs where the page has a dated listing.
pub const MENU: f64 = 1.5;

/// So many items with a known entry each are no accident.
const KNOWN: usize = 3;

/// Scores a group; `None`: it has no headlines.
pub fn scored(texts: &Texts<'_, '_>, mut group: Group, evidence: &Evidence) -> Option<Scored> {
    strangers::leave_out(texts, &mut group);
    let fields = fields::fields(texts, &group, evidence)?;
    let features = match once(texts, &group) {
        Some(once) => features(texts, &once, &fields::fields(texts, &once, evidence)?),
        None => features(texts, &group, &fields),
    };
    // What links nowhere is a calendar or nothing, unless it is known.
    let is_bare = fields.link.is_none() && (features.dates < 0.8 || features.monotone < 0.8);
    if is_bare && evidence.held(texts, &group).single < KNOWN {
        return None;
    }
    let score = sum(&features) + evidence.of_group(texts, &group);
    Some(Scored { group, fields, features, score })
}

/// A group without what it has twice, the same words with the same address: a page that shows its entries in several
/// places is none the worse a listing. `None`: it has nearly all of them once, or little would be left.
fn once(texts: &Texts<'_, '_>, group: &Group) -> Option<Group> {
    const FEWEST: usize = 4;
    const MOST: f64 = 0.9;
    if group.items.len() > columns::SAMPLE {
        return None;
    }
    let mut seen: FxHashSet<(u64, &str)> = FxHashSet::default();
    let is_new =
        |at: &&u32| address(texts.tree, **at).is_none_or(|to| seen.insert((texts.of(**at).text, to)));
    let items: Vec<u32> = group.items.iter().filter(is_new).copied().collect();
    let is_less = items.len() as f64 <= MOST * group.items.len() as f64;
    (items.len() >= FEWEST && is_less).then_some(Group { items })
}

fn features(texts: &Texts<'_, '_>, group: &Group, fields: &Fields) -> Features {
    let tree = texts.tree;
    let items = &group.items;
    let count = items.len() as f64;
    let headline = &fields.columns[fields.headline];
    let bytes: u64 = items.iter().map(|at| u64::from(tree.text_bytes(*at))).sum();
    let mut chars: Vec<u32> = items.iter().map(|at| tree.text_bytes(*at)).collect();
    chars.sort_unstable();
    let (dates, monotone) = match fields.date {
        // An address with its day in it dates its entry, less surely than what is written for readers.
        DatePlace::Nowhere => {
            // Calls and tenders are listings too, though their days are those by which they end.
            let ending = fields.columns.iter().filter(|column| column.deadlines >= fields::DEADLINES);
            let ending = ending.map(|column| column.coverage * column.dated).fold(0.0, f64::max);
            (0.8 * dated_addresses(tree, items).max(ending), 0.0)
        }
        DatePlace::Column(at) => {
            let column = &fields.columns[at];
            // The day of a month, or the time of a day, is a date by what stands above.
            let above = fields.above.as_ref().filter(|_| column.dated < 0.3);
            let (dated, monotone) = above.map_or((0.0, 0.0), |above| (0.8 * above.coverage, above.monotone));
            (column.coverage * column.dated.max(dated), column.monotone.max(monotone))
        }
        DatePlace::Headline => (headline.coverage * headline.dated, headline.monotone),
        DatePlace::Above => {
            // What stands above may date another list; it says less than a date in every entry.
            let above = fields.above.as_ref();
            (above.map_or(0.0, |above| 0.6 * above.coverage), above.map_or(0.0, |above| above.monotone))
        }
        DatePlace::Before => before::before(texts, group).unwrap_or_default(),
        DatePlace::Teaser => {
            let teaser = fields.teaser.map(|at| &fields.columns[at]);
            (teaser.map_or(0.0, |t| t.coverage * t.dated), teaser.map_or(0.0, |t| t.monotone))
        }
    };
    let link = fields.link.map(|at| &fields.columns[at]);
    // The version is all that the heading of a release says.
    let version = if fields::are_versions(texts, headline) { 6.0 } else { 0.0 };
    Features {
        count,
        links: link.map_or_else(
            || calendar(fields, count, (dates, monotone)),
            |link| link.coverage * link.linked * link.distinct_links,
        ),
        headline: fields.headline_worth,
        words: headline.words.max(headline.described).max(version),
        distinct: if headline.described > 0.0 { 1.0 } else { headline.distinct.max(by_day(fields)) }
            * headline.coverage,
        dates,
        monotone,
        headings: headline.heading * headline.coverage,
        regular: fields.columns.iter().map(|column| column.coverage).sum::<f64>()
            / (fields.columns.len() as f64),
        shape: shape(texts, items),
        share: bytes as f64 / (tree.all_text_bytes().max(1) as f64),
        chrome: items.iter().filter(|at| tree.get(**at).is_chrome).count() as f64 / count,
        menu: items.iter().filter(|at| tree.get(**at).is_menu).count() as f64 / count,
        multi: multi(fields),
        cells: cells(texts, items).max(turns(texts, items)),
        mixed: mixed(tree, items),
        chars: f64::from(chars[chars.len() / 2]),
        largest: chars.last().map_or(0.0, |most| f64::from(*most) / bytes.max(1) as f64),
        whole: f64::from(u8::from(headline.is_entry && headline.is_part_of_page && dates < 0.5)),
    }
}

/// What is worth some of the links that entries do not have: that each has a day of its own, and these go one way.
fn calendar(fields: &Fields, count: f64, (dates, monotone): (f64, f64)) -> f64 {
    const IN_PLACE: f64 = 0.5;
    let days = match fields.date {
        DatePlace::Column(at) => at,
        DatePlace::Headline => fields.headline,
        _ => return 0.0,
    };
    let is_calendar = count >= 4.0 && dates >= 0.9 && monotone >= 0.9 && fields.columns[days].distinct >= 0.8;
    if is_calendar { IN_PLACE } else { 0.0 }
}

/// What it is worth that days differ, where each entry has one in a place of its own: they tell meetings of one name apart,
/// less well than names do.
fn by_day(fields: &Fields) -> f64 {
    let DatePlace::Column(at) = fields.date else { return 0.0 };
    let days = &fields.columns[at];
    if days.coverage * days.mostly_dated >= 0.9 { 0.5 * days.distinct } else { 0.0 }
}

/// What has more of the text than this is not the others' like.
const LOPSIDED: f64 = 0.85;

/// More labels without a date than this are a menu.
const FEW_LABELS: f64 = 30.0;

/// What speaks for a group, without what is known of it.
pub fn sum(of: &Features) -> f64 {
    let yes = |is: bool| f64::from(u8::from(is));
    1.1 * (of.count.ln() / 20_f64.ln()).min(1.7)
        + 1.8 * of.links
        + 1.7 * ((of.words - 1.0) / 6.0).clamp(0.0, 1.0) * of.distinct
        + 1.3 * of.dates
        + 0.5 * (of.chars / 160.0).min(1.0)
        + 0.5 * of.headings
        + 0.5 * of.regular
        + 0.4 * of.shape
        + 1.3 * of.share.sqrt()
        - 2.2 * of.chrome * (1.0 - (1.2 * of.share).min(0.6))
        - 2.4 * of.menu
        - 1.6 * of.multi
        - 2.4 * of.cells
        - 1.5 * of.whole
        - 1.6 * of.mixed
        - 0.8 * yes(of.largest > LOPSIDED && of.count >= 3.0)
        - 0.8
            * yes(of.count > FEW_LABELS
                && of.chars < 30.0
                && of.words < 3.0
                && of.dates < 0.1
                && of.headings < 0.1)
        - 0.6 * yes(of.words > 20.0)
        - 1.2 * yes(of.count < 3.0)
        - 2.5 * yes(of.words > 40.0)
}

/// The share of entries in which the headline's place is there again, with text of its size: a section of records.
fn multi(fields: &Fields) -> f64 {
    let headline = &fields.columns[fields.headline];
    let again = fields.columns.iter().filter(|column| {
        column.way.0 == headline.way.0
            && column.way.1 > headline.way.1
            && column.words >= 0.4 * headline.words
            && column.words <= 2.5 * headline.words
            && column.linked * column.distinct_links >= 0.5
            && column.linked >= 0.5 * headline.linked
            // A document with its day is another field of the same record.
            && column.dated < headline.dated + 0.5
            && !column.is_cell
    });
    again.map(|column| column.coverage).fold(0.0, f64::max)
}

/// Whether a group is the cells of rows and not the rows: the same number of them stands in each element around
/// them, and what stands first is of another kind than what stands second.
fn cells(texts: &Texts<'_, '_>, items: &[u32]) -> f64 {
    let tree = texts.tree;
    for level in 0..3 {
        let mut rows: Vec<(u32, Vec<u32>)> = Vec::new();
        for at in items {
            let Some(row) = tree.around(*at).nth(level) else { return 0.0 };
            match rows.last_mut().filter(|(last, _)| *last == row) {
                Some((_, cells)) => cells.push(*at),
                None => rows.push((row, vec![*at])),
            }
        }
        if rows.len() < 3 {
            return 0.0;
        }
        let mut sizes: FxHashMap<usize, usize> = FxHashMap::default();
        for (_, cells) in &rows {
            *sizes.entry(cells.len()).or_default() += 1;
        }
        let (size, count) = sizes.into_iter().max_by_key(|(size, count)| (*count, *size)).unwrap_or((1, 0));
        if size == 1 {
            continue;
        }
        if (count as f64) < 0.7 * rows.len() as f64 || size > 12 {
            return 0.0;
        }
        let rows: Vec<&Vec<u32>> =
            rows.iter().map(|(_, cells)| cells).filter(|cells| cells.len() == size).take(40).collect();
        return if is_of_kinds(texts, &rows, size) { 1.0 } else { 0.0 };
    }
    0.0
}

/// Whether elements, or what each alone stands in, take turns to be of two or more kinds: parts of records that stand side
/// by side, a row with the headline and one with the date.
fn turns(texts: &Texts<'_, '_>, items: &[u32]) -> f64 {
    const LEVELS: usize = 4;
    let tree = texts.tree;
    let items = &items[..items.len().min(columns::SAMPLE)];
    let mut rows = items.to_vec();
    for _ in 0..LEVELS {
        let parents: Vec<u32> = rows.iter().filter_map(|at| tree.parent(*at)).collect();
        let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
        for parent in &parents {
            *counts.entry(*parent).or_default() += 1;
        }
        // Few of another part of the page are no matter.
        if let Some((home, _)) = counts.iter().find(|(_, count)| **count * 10 >= items.len() * 9) {
            let (items, rows): (Vec<u32>, Vec<u32>) = items
                .iter()
                .zip(rows)
                .zip(&parents)
                .filter(|(_, parent)| *parent == home)
                .map(|(both, _)| both)
                .unzip();
            return f64::from(u8::from(take_turns(texts, &items, &rows)));
        }
        if counts.len() < items.len() || parents.len() < items.len() {
            return 0.0;
        }
        rows = parents;
    }
    0.0
}

fn take_turns(texts: &Texts<'_, '_>, items: &[u32], rows: &[u32]) -> bool {
    const FEWEST: usize = 3;
    const MOST_PARTS: usize = 4;
    let tree = texts.tree;
    let inside = |at: u32| tree.children(at).fold(0, |sum, child| mix(sum, tree.get(child).by_class));
    let kinds: Vec<u64> = rows.iter().map(|at| inside(*at)).collect();
    let is_again = |parts: &usize| {
        let again = kinds.iter().zip(&kinds[*parts..]).filter(|(kind, next)| kind == next).count();
        kinds[0] != kinds[1] && again * 10 >= (kinds.len() - parts) * 9
    };
    let parts = (2..=MOST_PARTS).filter(|parts| kinds.len() >= FEWEST * parts).find(is_again);
    let Some(parts) = parts else { return false };
    let records: Vec<Vec<u32>> = items.chunks_exact(parts).map(<[u32]>::to_vec).collect();
    let dated = |place: usize| records.iter().filter(|record| texts.of(record[place]).date.is_some()).count();
    let (most, least) = (0..parts)
        .map(dated)
        .fold((0, usize::MAX), |(most, least), count| (most.max(count), least.min(count)));
    (most - least) * 10 >= records.len() * 8 || is_of_kinds(texts, &records.iter().collect::<Vec<_>>(), parts)
}

/// Whether a group is two lists and more, of names and addresses that have nothing in common: news, and below them events.
fn mixed(tree: &Tree<'_>, items: &[u32]) -> f64 {
    const FEWEST: usize = 3;
    let mut lists: Vec<(u32, Vec<u32>)> = Vec::new();
    for at in items {
        let parent = tree.get(*at).parent;
        match lists.last_mut().filter(|(last, _)| *last == parent) {
            Some((_, list)) => list.push(*at),
            None => lists.push((parent, vec![*at])),
        }
    }
    if lists.len() < 2 || lists.iter().any(|(_, list)| list.len() < FEWEST) {
        return 0.0;
    }
    let mut names: FxHashSet<&str> = FxHashSet::default();
    let mut places: FxHashSet<&str> = FxHashSet::default();
    let is_apart = lists.iter().all(|(_, list)| {
        let own: FxHashSet<&str> =
            list.iter().flat_map(|at| &tree.get(*at).classes).map(|(class, _)| *class).collect();
        let to: FxHashSet<&str> = list.iter().filter_map(|at| address(tree, *at)).map(section).collect();
        let is_new = !own.is_empty() && own.is_disjoint(&names) && to.is_disjoint(&places);
        names.extend(own);
        places.extend(to);
        is_new
    });
    f64::from(u8::from(is_apart))
}

/// The part of its site that an address is in: all before its last part.
pub fn section(to: &str) -> &str {
    to.trim_end_matches('/').rsplit_once('/').map_or("", |(section, _)| section)
}

/// Whether the places of a row differ in kind: digits in one, words in the next.
fn is_of_kinds(texts: &Texts<'_, '_>, rows: &[&Vec<u32>], size: usize) -> bool {
    let of = |place: usize, value: &dyn Fn(u32) -> f64| {
        rows.iter().map(|cells| value(cells[place])).sum::<f64>() / rows.len() as f64
    };
    let measures: [&dyn Fn(u32) -> f64; 3] =
        [&|at| texts.of(at).digits, &|at| f64::from(u8::from(texts.of(at).is_date())), &|at| {
            f64::from(u8::from(texts.tree.links_in(at) > 0 || texts.tree.get(at).href.is_some()))
        }];
    let differs = measures.iter().any(|measure| {
        let values: Vec<f64> = (0..size).map(|place| of(place, measure)).collect();
        let most = values.iter().copied().fold(f64::MIN, f64::max);
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        most - least > 0.45
    });
    let words: Vec<f64> = (0..size).map(|place| of(place, &|at| texts.of(at).words)).collect();
    let distinct = |place: usize| {
        rows.iter().map(|cells| texts.of(cells[place]).text).collect::<FxHashSet<_>>().len() as f64
            / rows.len() as f64
    };
    let kinds: Vec<f64> = (0..size).map(distinct).collect();
    let spread = |values: &[f64]| {
        (values.iter().copied().fold(f64::MIN, f64::max), values.iter().copied().fold(f64::MAX, f64::min))
    };
    let (most, least) = spread(&words);
    let (varied, same) = spread(&kinds);
    differs || most > 4.0 * least + 1.0 || (varied > 0.8 && same < 0.3)
}

/// The share of entries whose address is built like most of them.
fn shape(texts: &Texts<'_, '_>, items: &[u32]) -> f64 {
    let sample = columns::sample(items);
    let mut shapes: FxHashMap<u64, usize> = FxHashMap::default();
    let addresses: Vec<&str> = sample.iter().filter_map(|item| address(texts.tree, *item)).collect();
    for written in &addresses {
        *shapes.entry(address_shape(written)).or_default() += 1;
    }
    shapes.values().max().map_or(0.0, |most| *most as f64 / addresses.len().max(1) as f64)
}

/// Whether an address is built like those of most entries.
pub fn is_shaped_alike(tree: &Tree<'_>, items: &[u32], to: &str) -> bool {
    let sample = columns::sample(items);
    let alike = sample
        .iter()
        .filter_map(|item| address(tree, *item))
        .filter(|own| address_shape(own) == address_shape(to));
    alike.count() * 2 > sample.len()
}

/// The share of entries whose address has their day in it.
fn dated_addresses(tree: &Tree<'_>, items: &[u32]) -> f64 {
    let sample = columns::sample(items);
    let dated = sample.iter().filter(|item| address(tree, **item).and_then(moment::day_of_address).is_some());
    dated.count() as f64 / sample.len() as f64
}

/// The first address in an entry, else that of the link around it.
pub fn address<'a>(tree: &Tree<'a>, item: u32) -> Option<&'a str> {
    let inside = (item..tree.get(item).end).find_map(|at| tree.get(at).href);
    inside.or_else(|| tree.link_around(item, 2).and_then(|at| tree.get(at).href))
}

fn address_shape(href: &str) -> u64 {
    let path = href.split(['?', '#']).next().unwrap_or(href);
    path.split('/').fold(href.contains('?').into(), |sum, part| {
        let is_number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        mix(sum, if is_number { 1 } else { 2 + u64::from(part.is_empty()) })
    })
}

/// Replaces a group by what is inside it, where its entries turn out to be sections of records.
pub fn descend(texts: &Texts<'_, '_>, of: Scored, all: &[Scored]) -> Scored {
    let mut best = of;
    for _ in 0..3 {
        let inner = all
            .iter()
            .filter(|inner| is_inside(texts.tree, &best, inner))
            .max_by(|a, b| a.score.total_cmp(&b.score));
        match inner {
            Some(inner) => best = inner.clone(),
            None => break,
        }
    }
    best
}

/// Replaces a group by what is around it, where each of its entries is a part of one record: the teaser of a card, the
/// headline of a row.
pub fn ascend(texts: &Texts<'_, '_>, of: Scored, all: &[Scored]) -> Scored {
    const WORSE: f64 = 1.2;
    let tree = texts.tree;
    let bytes = |items: &[u32]| items.iter().map(|at| f64::from(tree.text_bytes(*at))).sum::<f64>();
    let is_around = |outer: &&Scored| {
        let (o, i) = (&outer.group.items, &of.group.items);
        o.len() == i.len()
            && outer.score > of.score - WORSE
            && outer.features.multi < 0.3
            && outer.features.links >= 0.8 * of.features.links
            && o.iter().zip(i).all(|(o, i)| o != i && tree.holds(*o, *i))
            && bytes(o) > 1.1 * bytes(i)
    };
    let outer = all.iter().filter(is_around).max_by(|a, b| a.score.total_cmp(&b.score)).cloned();
    outer.unwrap_or(of)
}

/// Replaces a group by one that has a few elements more, where these have what its entries have: the newest of a listing
/// is often built otherwise.
pub fn widen(texts: &Texts<'_, '_>, of: Scored, all: &[Scored]) -> Scored {
    const WORSE: f64 = 0.5;
    let own = &of.group.items;
    let is_more = |at: &&u32| own.binary_search(at).is_err();
    let links_alike = |at: u32| address(texts.tree, at).is_none_or(|to| is_shaped_alike(texts.tree, own, to));
    let is_one_more = |outer: &Scored, at: u32| {
        is_like(texts, outer, at, of.features.dates > 0.7) && (of.features.shape < 0.8 || links_alike(at))
    };
    let is_wider = |outer: &&Scored| {
        let items = &outer.group.items;
        let more = items.len().saturating_sub(own.len());
        (1..=(own.len() / 8).max(1)).contains(&more)
            && items.iter().filter(is_more).count() == more
            && outer.score > of.score - WORSE
            && items.iter().filter(is_more).all(|at| is_one_more(outer, *at))
    };
    let wider = all.iter().filter(is_wider).max_by(|a, b| a.score.total_cmp(&b.score)).cloned();
    wider.unwrap_or(of)
}

/// Whether an element of a group has what the others have: a link, and a date where they are dated, else the headline in
/// its place.
fn is_like(texts: &Texts<'_, '_>, of: &Scored, item: u32, are_dated: bool) -> bool {
    let tree = texts.tree;
    let inside = || item..tree.get(item).end;
    let has_headline = || {
        let sample = columns::sample(&of.group.items);
        let cells = &of.fields.columns[of.fields.headline].cells;
        let place = sample.binary_search(&item).ok();
        place.is_some_and(|place| cells.binary_search_by_key(&place, |(item, _)| usize::from(*item)).is_ok())
    };
    let is_linked = of.fields.link.is_none() || inside().any(|at| tree.get(at).href.is_some());
    is_linked && if are_dated { texts.holds_date(item) } else { has_headline() }
}

fn is_inside(tree: &Tree<'_>, outer: &Scored, inner: &Scored) -> bool {
    let (o, i) = (&outer.group.items, &inner.group.items);
    if (i.len() as f64) < 1.4 * o.len() as f64 || inner.score < outer.score - 2.6 {
        return false;
    }
    let mut counts = vec![0_usize; o.len()];
    for at in i {
        let holder = o.partition_point(|item| item < at).checked_sub(1);
        if let Some(holder) = holder.filter(|holder| tree.holds(o[*holder], *at) && o[*holder] != *at) {
            counts[holder] += 1;
        }
    }
    let inside: usize = counts.iter().sum();
    let several = counts.iter().filter(|count| **count >= 2).count();
    let bytes = |items: &[u32]| items.iter().map(|at| f64::from(tree.text_bytes(*at))).sum::<f64>();
    let is_constant = counts.iter().all(|count| *count == counts[0]);
    let has_date = outer.fields.date != DatePlace::Nowhere && outer.features.dates > 0.5;
    let signatures: FxHashSet<u64> = i.iter().map(|at| tree.get(*at).by_class).collect();
    let is_one_kind = signatures.len() == 1 || i.len() >= 10 * signatures.len();
    inside as f64 >= 0.85 * i.len() as f64
        && several as f64 >= 0.4 * o.len() as f64
        && bytes(i) >= 0.5 * bytes(o)
        && inner.fields.headline_worth >= 0.6 * outer.fields.headline_worth
        && is_one_kind
        && inner.features.cells < 0.5
        && inner.features.dates >= 0.5 * outer.features.dates
        && !(is_constant && has_date)
}
