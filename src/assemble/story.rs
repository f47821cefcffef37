//! Rows of several sources → each story once. Pure.
//!
//! Proof first: an address that two records share, or the same headline and teaser to the word. Then what two
//! sources tell in nearly the same words within two days, as agencies' texts are taken over: headline and teaser must
//! both be alike, and no number may contradict. A story taken for another would be a lost entry, which is worse than
//! one told twice, so that two of one source are never held against each other, and one row takes in at most one of
//! each other source by its words.
//!
//! Who came first stays: the row that was seen first is the one that readers were shown. What was left out once is left
//! out for ever, by the record's own mark, also when the row that told its story is gone or says something else now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Row;
use crate::{
    config::FeedRule,
    entry::Entry,
    id::{EntryKey, SourceId},
    normalize::comparable,
};

/// How far apart two sources tell one story, in seconds. A daily briefing in the same words is another one the day
/// after next, and its numbers differ the day after.
const WINDOW: i64 = 48 * 3600;

/// A word that more rows have than this finds none of them: it is looked up by its rarer neighbors.
const COMMON: usize = 64;

/// A teaser of fewer words tells nothing apart.
const FEW_WORDS: usize = 8;

/// What became of the rows.
pub struct Told<'a> {
    /// Those that are shown, the senior first.
    pub kept: Vec<Row<'a>>,
    /// Those that were left out now for the first time.
    pub left_out: Vec<Row<'a>>,
}

/// Keeps the most senior row of each story; `rows` come by seniority. A row that gives way passes its links on, so that
/// a story is followed through every address it had.
pub fn each_once<'a>(rows: Vec<Row<'a>>, rule: &FeedRule) -> Told<'a> {
    let mut proven = Proven::default();
    let mut words = Words::of(&rows);
    let mut told = Told { kept: Vec::new(), left_out: Vec::new() };
    for (at, row) in rows.into_iter().enumerate() {
        let is_marked = row.record.retold_in.contains(&rule.id);
        // Left out under the feed's former name: so it is under this one.
        let was_marked = rule.was.as_ref().is_some_and(|was| row.record.retold_in.contains(was));
        let is_proven = proven.prove(&row);
        let is_known = is_proven || words.find(at, &row, &told.kept) || was_marked;
        if !is_known && !is_marked {
            words.keep(at, told.kept.len());
            told.kept.push(row);
        } else if !is_marked {
            told.left_out.push(row);
        }
    }
    told
}

/// What proves that two rows tell one story.
#[derive(Default)]
struct Proven<'a> {
    ids: BTreeSet<[u8; 16]>,
    links: BTreeSet<&'a str>,
    texts: BTreeMap<&'a str, &'a SourceId>,
}

impl<'a> Proven<'a> {
    /// Whether a row tells what another has told; what it tells is known from now on.
    fn prove(&mut self, row: &Row<'a>) -> bool {
        let record = row.record;
        let keys = || record.keys.iter().map(EntryKey::as_str);
        let links = || keys().filter(|key| key.starts_with("link:"));
        // Linkless notices in the same words are two.
        let has_link = record.entry.link.is_some();
        let texts = || keys().filter(move |key| has_link && key.starts_with(EntryKey::HEADLINE_TEASER));
        let source = &row.part.source.id;
        let is_retold = texts().any(|text| self.texts.get(text).is_some_and(|first| *first != source));
        let is_linked = links().any(|link| self.links.contains(link));
        for text in texts() {
            self.texts.entry(text).or_insert(source);
        }
        self.links.extend(links());
        !self.ids.insert(record.id.to_bytes()) || is_retold || is_linked
    }
}

/// What the rows say, to find the ones that are alike.
struct Words {
    /// The words of each row's headline, as numbers, sorted, each once.
    headlines: Vec<Vec<u32>>,
    /// How many rows have a word.
    counts: Vec<usize>,
    /// Whether other rows of its source have the headline of a row: a series, such as a weekly report.
    is_series: Vec<bool>,
    /// Whether other rows of its source have its teaser to the letter: such a text is about nothing in particular.
    is_stock: Vec<bool>,
    /// The rows kept so far that have a word, by their places among the rows and among the kept.
    kept: HashMap<u32, Vec<(usize, usize)>>,
    /// Which sources a kept row has taken in by its words.
    taken_in: BTreeSet<(usize, SourceId)>,
}

impl Words {
    fn of(rows: &[Row<'_>]) -> Self {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut counts: Vec<usize> = Vec::new();
        let mut headlines = Vec::with_capacity(rows.len());
        let mut same: HashMap<(&SourceId, Vec<u32>), usize> = HashMap::new();
        let mut stock: HashMap<(&SourceId, Option<&str>), usize> = HashMap::new();
        for row in rows {
            let mut words: Vec<u32> = tokens(&row.record.entry.headline)
                .into_iter()
                .map(|word| {
                    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                    *numbers.entry(word).or_insert(next)
                })
                .collect();
            counts.resize(numbers.len(), 0);
            words.sort_unstable();
            words.dedup();
            for word in &words {
                counts[*word as usize] += 1;
            }
            *same.entry((&row.part.source.id, words.clone())).or_default() += 1;
            headlines.push(words);
            *stock.entry((&row.part.source.id, row.record.entry.teaser.as_deref())).or_default() += 1;
        }
        let is_series = rows
            .iter()
            .zip(&headlines)
            .map(|(row, words)| same[&(&row.part.source.id, words.clone())] > 1)
            .collect();
        let is_stock = rows
            .iter()
            .map(|row| stock[&(&row.part.source.id, row.record.entry.teaser.as_deref())] > 1)
            .collect();
        Self { headlines, counts, is_series, is_stock, kept: HashMap::new(), taken_in: BTreeSet::new() }
    }

    /// Makes a row known that is kept.
    fn keep(&mut self, at: usize, place: usize) {
        for word in self.rare(at) {
            self.kept.entry(word).or_default().push((at, place));
        }
    }

    fn rare(&self, at: usize) -> Vec<u32> {
        self.headlines[at].iter().copied().filter(|word| self.counts[*word as usize] <= COMMON).collect()
    }

    /// Whether a kept row of another source tells the story of this one, in nearly its words.
    fn find(&mut self, at: usize, row: &Row<'_>, kept: &[Row<'_>]) -> bool {
        let source = &row.part.source.id;
        let mut near: Vec<(usize, usize)> =
            self.rare(at).iter().filter_map(|word| self.kept.get(word)).flatten().copied().collect();
        near.sort_unstable();
        near.dedup();
        let found = near.into_iter().find(|(other_at, place)| {
            let other = &kept[*place];
            let may_be = other.part.source.id != *source
                && apart(row, other) <= WINDOW
                && !self.taken_in.contains(&(*place, source.clone()));
            may_be && {
                let alike = Alike {
                    headlines: likeness(&self.headlines[at], &self.headlines[*other_at]),
                    is_series: self.is_series[at] || self.is_series[*other_at],
                    is_stock: self.is_stock[at] || self.is_stock[*other_at],
                };
                alike.is_one_story(&row.record.entry, &other.record.entry)
            }
        });
        match found {
            Some((_, place)) => self.taken_in.insert((place, source.clone())),
            None => false,
        }
    }
}

/// How far apart two rows were published, in seconds.
fn apart(a: &Row<'_>, b: &Row<'_>) -> i64 {
    (a.record.published.as_second() - b.record.published.as_second()).abs()
}

/// Shared words by all words of two headlines (Jaccard), both sorted.
fn likeness(a: &[u32], b: &[u32]) -> f64 {
    let shared = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    share(shared, a.len() + b.len() - shared)
}

#[expect(clippy::cast_precision_loss, reason = "texts have far fewer words")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// How alike two rows are by their headlines, and what their sources do with such texts.
struct Alike {
    headlines: f64,
    is_series: bool,
    is_stock: bool,
}

impl Alike {
    /// Whether two entries tell one story.
    fn is_one_story(&self, a: &Entry, b: &Entry) -> bool {
        const HEADLINES_ALIKE: f64 = 0.6;
        const TEASERS_ALIKE: f64 = 0.75;
        /// A headline that an editor rewrote counts where a long text was not touched.
        const HEADLINES_REWRITTEN: f64 = 0.25;
        const TEASERS_THE_SAME: f64 = 0.95;
        const MANY_WORDS: usize = 20;
        let speaks_of_another = || names_more(a, b) && names_more(b, a);
        if self.headlines < HEADLINES_REWRITTEN || contradict(&a.headline, &b.headline) || speaks_of_another()
        {
            return false;
        }
        let (first, second) =
            (a.teaser.as_deref().unwrap_or_default(), b.teaser.as_deref().unwrap_or_default());
        let (first_words, second_words) = (tokens(first), tokens(second));
        let words = first_words.len().min(second_words.len());
        if words < FEW_WORDS || self.is_stock {
            // Without a text of its own the headline must be the same, and say a lot.
            return !self.is_series && self.headlines > 0.99 && is_telling(&a.headline);
        }
        if contradict(first, second) {
            return false;
        }
        let teasers = pairs_shared(&first_words, &second_words);
        let is_untouched = teasers >= TEASERS_THE_SAME && words >= MANY_WORDS;
        let is_alike = self.headlines >= HEADLINES_ALIKE && teasers >= TEASERS_ALIKE;
        if self.is_series { is_alike && teasers >= TEASERS_THE_SAME } else { is_alike || is_untouched }
    }
}

/// How many of the pairs of neighboring words of the shorter text the longer one has: teasers are cut at any length.
fn pairs_shared(a: &[String], b: &[String]) -> f64 {
    let pairs = |words: &[String]| -> BTreeSet<(String, String)> {
        words.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    };
    let (a, b) = (pairs(a), pairs(b));
    share(a.intersection(&b).count(), a.len().min(b.len()))
}

/// Whether both texts name numbers, and each some that the other has not: two days, two tolls, two rounds.
fn contradict(a: &str, b: &str) -> bool {
    let numbers = |text: &str| -> BTreeSet<String> {
        tokens(text).into_iter().filter(|word| word.contains(|c: char| c.is_numeric())).collect()
    };
    let (a, b) = (numbers(a), numbers(b));
    !a.is_subset(&b) && !b.is_subset(&a)
}

/// Whether the headline of one entry has a word of weight that the other has nowhere. Where both have, one "meets the
/// ambassador of Malta" and the other that of Turkey.
fn names_more(one: &Entry, other: &Entry) -> bool {
    const WEIGHT: usize = 4;
    let words = |text: &str| -> BTreeSet<String> { tokens(text).into_iter().collect() };
    let mut known = words(&other.headline);
    known.extend(words(other.teaser.as_deref().unwrap_or_default()));
    words(&one.headline).iter().any(|word| word.chars().count() >= WEIGHT && !known.contains(word))
}

/// Whether a headline says enough to be one story's own.
fn is_telling(headline: &str) -> bool {
    const WORDS: usize = 7;
    const LETTERS: usize = 40;
    let words = tokens(headline);
    // A letter of Chinese says as much as a few of an alphabet.
    let letter = |word: &String| if word.chars().any(is_unparted) { 3 } else { word.chars().count() };
    let letters: usize = words.iter().map(letter).sum();
    words.len() >= WORDS && letters >= LETTERS
}

/// The words of a text, in order; in scripts that do not part words, the letters.
fn tokens(text: &str) -> Vec<String> {
    let comparable = comparable(text);
    let mut tokens = Vec::new();
    for word in comparable.split(' ').filter(|word| !word.is_empty()) {
        if word.chars().any(is_unparted) {
            tokens.extend(word.chars().map(String::from));
        } else {
            tokens.push(word.to_owned());
        }
    }
    tokens
}

/// Chinese, Japanese, Thai, Lao, Khmer and Burmese part no words.
fn is_unparted(c: char) -> bool {
    matches!(
        c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}'
    )
}

#[cfg(test)]
mod tests;
