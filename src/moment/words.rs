//! The lines of the tables → the words of a lexicon: an index of words, of phrases, and of the patterns of times
//! counted from now. Pure, made once for a language.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{
    fold::{self, Buffer, LONGEST},
    lexicon::{Calendar, Sense, Unit, Which},
    tables,
    token::{self, Piece},
};

/// Letters that an ending may have, and after a long name.
const LONGEST_ENDING: usize = 3;
const LONGEST_ENDING_OF_LONG: usize = 4;

/// Letters of a long name.
const LONG_NAME: usize = 6;

/// Letters that a name has at least, for endings to be looked for.
const SHORTEST_STEM: usize = 5;

/// Letters that a whole name has at least, for endings to be looked for after it.
const SHORTEST_NAME: usize = 4;

/// Letters of a month's name that is read on pages of any other language.
const TELLING_NAME: usize = 5;

/// All that is known of the words of a lexicon.
#[derive(Debug, Default)]
pub(super) struct Words {
    ids: FxHashMap<Box<str>, u32>,
    entries: Vec<Entry>,
    /// Phrases that begin with a number.
    numbered: FxHashMap<i64, Vec<u32>>,
    phrases: Vec<Phrase>,
    patterns: Vec<Pattern>,
    /// The beginnings of months' names in languages whose names take endings.
    stems: FxHashMap<Box<str>, u32>,
    /// Whether numbers in words may count days: "quince de mayo".
    pub is_spelled: bool,
    /// Whether "last Monday" is that of last week, also on a Wednesday: "上周一".
    pub is_by_week: bool,
}

/// What is known of a word.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its number among the words, which tells it from others.
    pub id: u32,
    /// What it can mean.
    pub senses: Vec<Sense>,
    /// Whether a date can start with it: "the" and "at" stand before one, and are most of a sentence.
    pub starts_date: bool,
    /// Phrases that begin with it.
    phrases: Vec<u32>,
    /// Patterns in which it follows the number.
    after: Vec<u32>,
    /// Patterns that end with the number, which follows it.
    before: Vec<u32>,
}

/// The word that is not known.
static UNKNOWN: Entry = Entry {
    id: u32::MAX,
    senses: Vec::new(),
    starts_date: false,
    phrases: Vec::new(),
    after: Vec::new(),
    before: Vec::new(),
};

/// The whole names of months of all widely written languages, which are read on pages of any other.
static FOREIGN: LazyLock<FxHashMap<Box<str>, Entry>> = LazyLock::new(|| {
    let mut names = FxHashMap::default();
    let mut buffer: Buffer = [0; LONGEST];
    for (key, line) in
        tables::COMMON.into_iter().flat_map(tables::lines).filter(|(key, _)| key.starts_with('M'))
    {
        let Some(sense) = sense_of(key, Rank::Foreign) else { continue };
        for name in line.split('|').filter(|name| !name.contains(' ') && is_telling(name)) {
            if let Some(folded) = fold::fold(name, &mut buffer) {
                // The name of two languages' different months is the more widely written one's.
                names.entry(folded.into()).or_insert_with(|| Entry {
                    id: FOREIGN_ID,
                    senses: vec![sense],
                    starts_date: starts_date(sense),
                    ..Entry::default()
                });
            }
        }
    }
    names
});

/// The id of words that are no lexicon's own; no phrase has them.
const FOREIGN_ID: u32 = u32::MAX - 1;

/// Whether a name tells a month on a page of another language.
fn is_telling(name: &str) -> bool {
    !name.is_ascii() || name.chars().count() >= TELLING_NAME
}

/// A piece of a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    /// A word, by its id.
    Word(u32),
    /// A number.
    Number(i64),
    /// A mark other than a full stop or a hyphen, which phrases may do without.
    Mark(char),
}

/// Several words that mean something together.
#[derive(Debug)]
pub(super) struct Phrase {
    /// Its pieces, the first included.
    pub atoms: Vec<Atom>,
    /// The entry that it stands for.
    pub entry: u32,
}

/// A number of units before or after now.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What stands before the number.
    pub before: Vec<Atom>,
    /// What stands after it.
    pub after: Vec<Atom>,
    /// What is counted.
    pub unit: Unit,
    /// Whether it lies ahead.
    pub is_ahead: bool,
}

/// Whose words are being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// The page's own language's.
    Own,
    /// English on a page of another language: only words that the other does not have.
    Second,
    /// Any other language's.
    Foreign,
}

impl Words {
    /// The words of a language and, so far as they are not its own, of English and of the months of others;
    /// `None`: of all widely written languages.
    pub fn of(language: Option<&str>) -> Self {
        let mut words = Self::default();
        let Some(language) = language else {
            for language in tables::COMMON {
                words.read(language, if language == "en" { Rank::Own } else { Rank::Foreign }, |_| true);
            }
            words.is_spelled = false;
            words.is_by_week = false;
            return words;
        };
        words.read(language, Rank::Own, |_| true);
        if let Some(sister) = tables::sister(language) {
            words.read(sister, Rank::Second, |_| true);
        }
        if language != "en" {
            words.read("en", Rank::Second, |key| !matches!(key.as_bytes()[0], b'c' | b'q'));
        }
        words
    }

    /// What is known of a word in any case.
    pub fn entry(&'static self, word: &str) -> &'static Entry {
        let mut buffer: Buffer = [0; LONGEST];
        let Some(folded) = fold::fold(word, &mut buffer) else { return &UNKNOWN };
        if let Some(id) = self.ids.get(folded) {
            return &self.entries[*id as usize];
        }
        self.with_ending(folded).or_else(|| FOREIGN.get(folded)).unwrap_or(&UNKNOWN)
    }

    /// A phrase or pattern's entry by its number.
    pub fn by_id(&'static self, id: u32) -> &'static Entry {
        &self.entries[id as usize]
    }

    /// The phrases that begin with a word, or with a number.
    pub fn phrases_of<'w>(&'w self, entry: &'w Entry) -> impl Iterator<Item = &'w Phrase> {
        entry.phrases.iter().map(|at| &self.phrases[*at as usize])
    }

    /// The phrases that begin with a number.
    pub fn phrases_from(&self, number: i64) -> impl Iterator<Item = &Phrase> {
        self.numbered.get(&number).into_iter().flatten().map(|at| &self.phrases[*at as usize])
    }

    /// The patterns in which a word follows the number.
    pub fn patterns_after<'w>(&'w self, entry: &'w Entry) -> impl Iterator<Item = &'w Pattern> {
        entry.after.iter().map(|at| &self.patterns[*at as usize])
    }

    /// The patterns that end with the number, after this word.
    pub fn patterns_before<'w>(&'w self, entry: &'w Entry) -> impl Iterator<Item = &'w Pattern> {
        entry.before.iter().map(|at| &self.patterns[*at as usize])
    }

    /// The longest known beginning of a run of letters of a script that does not part words, in bytes.
    pub fn known_prefix(&'static self, run: &str) -> Option<usize> {
        let mut buffer: Buffer = [0; LONGEST];
        let ends =
            run.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end < LONGEST);
        ends.collect::<Vec<_>>().into_iter().rev().find(|end| {
            fold::fold(&run[..*end], &mut buffer).is_some_and(|folded| self.ids.contains_key(folded))
        })
    }

    fn with_ending(&'static self, folded: &str) -> Option<&'static Entry> {
        if self.stems.is_empty() {
            return None;
        }
        let ends = folded.char_indices().map(|(at, _)| at).rev().take(LONGEST_ENDING_OF_LONG).enumerate();
        let may_be =
            |(at, end): &(usize, usize)| *at < LONGEST_ENDING || folded[..*end].chars().count() >= LONG_NAME;
        let stem = ends.filter(may_be).find_map(|(_, end)| self.stems.get(&folded[..end]))?;
        Some(&self.entries[*stem as usize])
    }

    fn read(&mut self, language: &str, rank: Rank, wanted: impl Fn(&str) -> bool) {
        let is_inflecting = tables::lines(language)
            .any(|(key, names)| key == "style" && names.contains("inflects"))
            && rank != Rank::Second;
        for (key, names) in tables::lines(language).filter(|(key, _)| wanted(key)) {
            if key == "style" {
                self.is_spelled |= names.contains("spelled");
                self.is_by_week |= names.contains("weekly") && rank == Rank::Own;
            }
            for name in names.split('|') {
                if let Some(pattern) = pattern_of(key).filter(|_| name.contains("{0}")) {
                    self.add_pattern(name, pattern);
                } else if key == "no" {
                    // Together these words mean something else than each alone.
                    self.add_phrase(name);
                } else if let Some(sense) = sense_of(key, rank) {
                    self.add_name(name, sense, rank);
                    // In a text of an unknown language "martial" is no form of "mart".
                    if is_inflecting && key.starts_with('M') && (rank == Rank::Own || !name.is_ascii()) {
                        self.add_stems(name);
                    }
                }
            }
        }
    }

    fn add_name(&mut self, name: &str, sense: Sense, rank: Rank) {
        let is_month = matches!(sense, Sense::Month(_));
        if rank == Rank::Second && is_month && !is_telling(name) {
            return;
        }
        // "al" and "pe" are weekdays somewhere, and words everywhere else.
        let is_weekday = matches!(sense, Sense::Weekday(_));
        if rank == Rank::Foreign && is_weekday && name.chars().count() < SHORTEST_NAME && name.is_ascii() {
            return;
        }
        self.add_folded(name, sense, rank);
        let is_name = matches!(
            sense,
            Sense::Month(_)
                | Sense::DoubtfulMonth(_)
                | Sense::Weekday(_)
                | Sense::FromNow(..)
                | Sense::Period(..)
        );
        // Without their accents several words together may be others: "thứ 6" is no "Thu 6".
        if is_name && let Some(bare) = fold::bare(name).filter(|bare| !bare.contains(' ')) {
            self.add_folded(&bare, sense, Rank::Second);
        }
    }

    /// The entry of a name of one word or several; `None`: it is none.
    fn add_phrase(&mut self, name: &str) -> Option<u32> {
        let atoms = self.atoms(name);
        let first = match atoms.as_slice() {
            [Atom::Word(id)] => return Some(*id),
            [first, _, ..] => *first,
            _ => return None,
        };
        if let Some(phrase) = self.phrases_at(first).find(|phrase| phrase.atoms == atoms) {
            return Some(phrase.entry);
        }
        let entry = self.new_entry();
        let at = u32::try_from(self.phrases.len()).expect("a table is small");
        match first {
            Atom::Word(id) => self.entries[id as usize].phrases.push(at),
            Atom::Number(number) => self.numbered.entry(number).or_default().push(at),
            Atom::Mark(_) => return None,
        }
        self.phrases.push(Phrase { atoms, entry });
        Some(entry)
    }

    fn add_folded(&mut self, name: &str, sense: Sense, rank: Rank) {
        let Some(id) = self.add_phrase(name) else { return };
        let Entry { senses, starts_date: starts, .. } = &mut self.entries[id as usize];
        let is_taken = match rank {
            // The hand-written table is read first, and knows which names are doubtful.
            Rank::Own => {
                month_of(sense).is_some() && senses.iter().any(|known| month_of(*known) == month_of(sense))
            }
            Rank::Second => !senses.is_empty(),
            // Two languages may not give one name to two months.
            Rank::Foreign => {
                month_of(sense).is_some() && senses.iter().any(|known| month_of(*known).is_some())
            }
        };
        if !is_taken && !senses.contains(&sense) {
            senses.push(sense);
            *starts |= starts_date(sense);
        }
    }

    fn add_pattern(&mut self, text: &str, (unit, is_ahead): (Unit, bool)) {
        let (before, after) = text.split_once("{0}").expect("the caller looked");
        let (before, after) = (self.atoms(before), self.atoms(after));
        let at = u32::try_from(self.patterns.len()).expect("a table is small");
        match (after.first(), before.last()) {
            (Some(Atom::Word(id)), _) => self.entries[*id as usize].after.push(at),
            (None, Some(Atom::Word(id))) => self.entries[*id as usize].before.push(at),
            _ => return,
        }
        self.patterns.push(Pattern { before, after, unit, is_ahead });
    }

    fn add_stems(&mut self, name: &str) {
        let mut buffer: Buffer = [0; LONGEST];
        let Some(folded) = fold::fold(name, &mut buffer).map(str::to_owned) else { return };
        let Some(id) = self.ids.get(folded.as_str()).copied() else { return };
        let ends: Vec<usize> = folded.char_indices().map(|(at, _)| at).chain([folded.len()]).collect();
        let is_long = |end: &&usize| {
            let letters = folded[..**end].chars().count();
            letters >= if **end == folded.len() { SHORTEST_NAME } else { SHORTEST_STEM }
        };
        for end in ends.iter().rev().take(3).filter(is_long) {
            let known = self.stems.get(&folded[..*end]).copied();
            match known.map(|known| &self.entries[known as usize].senses) {
                None => _ = self.stems.insert(folded[..*end].into(), id),
                // The beginning of two months' names tells nothing.
                Some(senses) if *senses != self.entries[id as usize].senses => {
                    self.stems.remove(&folded[..*end]);
                }
                Some(_) => {}
            }
        }
    }

    fn phrases_at(&self, first: Atom) -> impl Iterator<Item = &Phrase> {
        let indexes = match first {
            Atom::Word(id) => self.entries[id as usize].phrases.as_slice(),
            Atom::Number(number) => self.numbered.get(&number).map_or(&[][..], Vec::as_slice),
            Atom::Mark(_) => &[],
        };
        indexes.iter().map(|at| &self.phrases[*at as usize])
    }

    /// A name as the pieces that the tokenizer would make of it.
    fn atoms(&mut self, name: &str) -> Vec<Atom> {
        let pieces: Vec<(Piece, &str)> = token::pieces(name).collect();
        pieces
            .into_iter()
            .filter_map(|(piece, text)| match piece {
                Piece::Number(number) => Some(Atom::Number(number.value)),
                Piece::Word => Some(Atom::Word(self.id(text)?)),
                Piece::Mark(mark) if token::is_skipped(mark) => None,
                Piece::Mark(mark) => Some(Atom::Mark(token::plain_mark(mark))),
            })
            .collect()
    }

    fn id(&mut self, word: &str) -> Option<u32> {
        let mut buffer: Buffer = [0; LONGEST];
        let folded = fold::fold(word, &mut buffer)?;
        if let Some(id) = self.ids.get(folded) {
            return Some(*id);
        }
        let folded = folded.to_owned();
        let id = self.new_entry();
        self.ids.insert(folded.into(), id);
        Some(id)
    }

    fn new_entry(&mut self) -> u32 {
        let id = u32::try_from(self.entries.len()).expect("a table is small");
        self.entries.push(Entry { id, ..Entry::default() });
        id
    }
}

/// Whether a word of this sense can be the first of a date.
fn starts_date(sense: Sense) -> bool {
    matches!(
        sense,
        Sense::Month(_)
            | Sense::DoubtfulMonth(_)
            | Sense::Weekday(_)
            | Sense::WeekdayFromNow(..)
            | Sense::Count(_)
            | Sense::Ordinal(_)
            | Sense::FromNow(..)
            | Sense::Period(..)
            | Sense::Last
            | Sense::Era(_)
    )
}

fn month_of(sense: Sense) -> Option<i8> {
    match sense {
        Sense::Month(month) | Sense::DoubtfulMonth(month) => Some(month),
        _ => None,
    }
}

/// What a line's names mean; `None`: they are not names.
fn sense_of(key: &str, rank: Rank) -> Option<Sense> {
    let number = |text: &str| text.parse::<i64>().ok();
    let month = |text: &str| text.parse::<i8>().ok();
    let sense = match key {
        "to" => Sense::To,
        "and" => Sense::And,
        "fill" | "l" => Sense::Filler,
        "in" => Sense::In,
        "at" => Sense::At,
        "clock" => Sense::Clock,
        "ord" => Sense::OrdinalEnding,
        "hour" => Sense::HourMark,
        "minute" => Sense::MinuteMark,
        "day" => Sense::DayMark,
        "month" => Sense::MonthMark,
        "year" => Sense::YearMark,
        "am" => Sense::Morning,
        "pm" => Sense::Afternoon,
        "pub" => Sense::Published,
        "upd" => Sense::Updated,
        "end" => Sense::Deadline,
        "ahead" => Sense::Ahead,
        "since" => Sense::Since,
        "over" => Sense::Over,
        "ago" => Sense::Ago,
        "last" => Sense::Last,
        "before" => Sense::Before,
        "about" => Sense::About,
        "between" => Sense::Between,
        "s0" => Sense::FromNow(0, Unit::Second),
        key => match key.split_at(1) {
            ("M", rest) => Sense::Month(month(rest)?),
            // A short name of another language may be any word of this one.
            ("m", rest) if rank == Rank::Own => Sense::Month(month(rest)?),
            ("m" | "D", rest) => Sense::DoubtfulMonth(month(rest)?),
            ("P", rest) => Sense::OtherMonth(Calendar::Persian, month(rest)?),
            ("I", rest) => Sense::OtherMonth(Calendar::Islamic, month(rest)?),
            ("H", rest) => Sense::OtherMonth(Calendar::Hebrew, month(rest)?),
            ("w", rest) => Sense::Weekday(month(rest)?),
            ("v", rest) => Sense::WeekdayFromNow(month(rest)?, Which::Before),
            ("z", rest) => Sense::WeekdayFromNow(month(rest)?, Which::After),
            ("c", rest) => Sense::Count(number(rest)?),
            ("q", rest) => Sense::Ordinal(number(rest)?),
            ("n", rest) => Sense::FromNow(number(rest)?, Unit::Day),
            ("u", rest) => Sense::Unit(unit(rest)?),
            ("r", rest) if rest.len() > 1 => Sense::Period(number(&rest[1..])?, unit(&rest[..1])?),
            ("e", rest) => Sense::Era(rest.strip_prefix("ra")?.parse().ok()?),
            (sign @ ("a" | "b"), rest) if rest.len() > 1 => {
                let count = number(&rest[1..])?;
                Sense::FromNow(if sign == "a" { -count } else { count }, unit(&rest[..1])?)
            }
            _ => return None,
        },
    };
    Some(sense)
}

/// The unit of a pattern's line, and whether it lies ahead; `None`: the line has no patterns.
fn pattern_of(key: &str) -> Option<(Unit, bool)> {
    match key.split_at(1) {
        ("a", rest) => Some((unit(rest)?, false)),
        ("b", rest) => Some((unit(rest)?, true)),
        _ => None,
    }
}

fn unit(letter: &str) -> Option<Unit> {
    Some(match letter {
        "s" => Unit::Second,
        "i" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        "m" => Unit::Month,
        "y" => Unit::Year,
        _ => return None,
    })
}
