//! Likeness: two headlines → whether they are one, though a site words them otherwise. Pure.
//!
//! A redesign turns "People v. Smith" into "PEOPLE v. SMITH, 2021 S.D. 69". What tells headlines apart are the words
//! that not all of them have; those must be there, and not much else.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::normalize::comparable;

/// A headline's words that count must be there to this share.
const MOST: f64 = 0.75;

/// What a headline may be wrapped in, as a multiple of its words.
const WRAPPED: usize = 3;

/// So many letters of a headline that breaks off tell which it is.
const LEAST_BEGUN: usize = 12;

/// Known headlines, by their words.
#[derive(Default)]
pub struct Headlines {
    words: Vec<FxHashSet<String>>,
    by_word: FxHashMap<String, Vec<u16>>,
    /// The numbers each has, which no other wording changes.
    numbers: Vec<FxHashSet<String>>,
    /// How many words each has in all.
    lengths: Vec<usize>,
    /// Each as it is compared.
    whole: Vec<String>,
}

impl Headlines {
    /// Takes headlines in; words that a third of them have tell nothing.
    pub fn of<'h>(headlines: impl Iterator<Item = &'h str>) -> Self {
        let (all, whole): (Vec<FxHashSet<String>>, Vec<String>) =
            headlines.map(|headline| (words(headline), comparable(headline))).unzip();
        let mut counts: FxHashMap<&String, usize> = FxHashMap::default();
        for word in all.iter().flatten() {
            *counts.entry(word).or_default() += 1;
        }
        let most = (all.len() / 3).max(1);
        let telling: Vec<FxHashSet<String>> =
            all.iter().map(|own| own.iter().filter(|word| counts[word] <= most).cloned().collect()).collect();
        let mut by_word: FxHashMap<String, Vec<u16>> = FxHashMap::default();
        for (number, own) in telling.iter().enumerate() {
            for word in own {
                by_word.entry(word.clone()).or_default().push(u16::try_from(number).unwrap_or(u16::MAX));
            }
        }
        let numbers = whole.iter().map(|headline| numbers(headline)).collect();
        Self { words: telling, by_word, numbers, lengths: all.iter().map(FxHashSet::len).collect(), whole }
    }

    /// The headline that a text is; `None`: it is none of them, or may be several.
    pub fn find(&self, text: &str) -> Option<u16> {
        self.begun(text).or_else(|| self.reworded(text))
    }

    /// The one headline of which a text that breaks off is the beginning.
    fn begun(&self, text: &str) -> Option<u16> {
        let text = text.trim_end();
        let begun = text.strip_suffix('…').or_else(|| text.strip_suffix("..."))?;
        let begun = comparable(begun);
        if begun.chars().count() < LEAST_BEGUN {
            return None;
        }
        let mut fitting = (0..).zip(&self.whole).filter(|(_, whole)| whole.starts_with(begun.trim_end()));
        let (number, _) = fitting.next()?;
        fitting.next().is_none().then_some(number)
    }

    fn reworded(&self, text: &str) -> Option<u16> {
        let own = words(text);
        let counted = numbers(text);
        let mut hits: FxHashMap<u16, usize> = FxHashMap::default();
        for number in own.iter().filter_map(|word| self.by_word.get(word)).flatten() {
            *hits.entry(*number).or_default() += 1;
        }
        let mut fitting: Vec<(usize, u16)> = hits
            .into_iter()
            .filter(|(number, count)| self.is_enough(*number, *count, own.len()))
            .filter(|(number, _)| self.numbers[usize::from(*number)].is_subset(&counted))
            .map(|(number, count)| (count, number))
            .collect();
        fitting.sort_unstable_by(|a, b| b.cmp(a));
        match fitting.as_slice() {
            [] => None,
            [(best, _), (second, _), ..] if best == second => None,
            [(_, number), ..] => Some(*number),
        }
    }

    /// Whether a text, which is known to be of this entry, has its headline in it.
    pub fn is_in(&self, number: u16, text: &str) -> bool {
        let own = words(text);
        let telling = &self.words[usize::from(number)];
        let count = telling.iter().filter(|word| own.contains(*word)).count();
        count * 2 >= telling.len()
    }

    fn is_enough(&self, number: u16, count: usize, length: usize) -> bool {
        let telling = self.words[usize::from(number)].len();
        let whole = self.lengths[usize::from(number)];
        telling > 0 && count as f64 >= MOST * telling as f64 && length <= WRAPPED * whole.max(3)
    }
}

/// A text's words, in lower case; marks, numbers of one digit and single letters tell nothing.
fn words(text: &str) -> FxHashSet<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '’' && c != '\'')
        .map(|word| {
            word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
        })
        .filter(|word| word.chars().count() > 1)
        .collect()
}

/// A text's numbers, of any length.
fn numbers(text: &str) -> FxHashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty() && word.chars().all(char::is_numeric)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headlines() -> Headlines {
        Headlines::of(
            ["People v. Smith", "People v. Smith-Jones", "People v. Arthur Brown", "People v. Ullah"]
                .into_iter(),
        )
    }

    #[test]
    fn a_headline_worded_otherwise_is_found() {
        let headlines = headlines();
        assert_eq!(headlines.find("PEOPLE v. ULLAH, 2021 S.D. 69"), Some(3));
        assert_eq!(headlines.find("P. v. Brown (Arthur)"), Some(2));
    }

    #[test]
    fn a_headline_that_breaks_off_is_found_where_it_can_be_one_alone() {
        let headlines = headlines();
        assert_eq!(headlines.find("People v. Arthur …"), Some(2));
        assert_eq!(headlines.find("PEOPLE v. Smith-J..."), Some(1));
        assert_eq!(headlines.find("People v. Smith…"), None, "of two");
        assert_eq!(headlines.find("People…"), None, "too little");
    }

    #[test]
    fn another_number_is_another_headline() {
        let minutes = Headlines::of(
            ["Minutes of the harbour board, meeting 3", "Fees for 2025", "Crane 9 is old"].into_iter(),
        );
        assert_eq!(minutes.find("Minutes of the harbour board, meeting 13"), None);
        assert_eq!(minutes.find("Harbour board: minutes of meeting 3 (2025)"), Some(0));
        assert_eq!(minutes.find("Fees for 2026"), None);
    }

    #[test]
    fn another_headline_is_not() {
        let headlines = headlines();
        assert_eq!(headlines.find("People v. Nguyen"), None);
        assert_eq!(
            headlines.find(
                "All people of the county may comment until Ullah Street is open again, says the mayor of it"
            ),
            None
        );
    }
}
