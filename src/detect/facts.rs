//! Facts: an element's text → what can be counted in it. Pure; each element is looked at once.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashSet,
    rc::Rc,
};

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::{
    extract::text,
    moment::{self, Heading, Lexicon, Mention, Place, Role, Value, day_alone, pair_alone, scan, time_alone},
};

use super::{
    names,
    tree::{Tree, digest, index},
};

/// What can be counted in a text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Its letters and marks.
    pub chars: u32,
    /// Its words; languages that write none apart count two letters as one.
    pub words: f64,
    /// The share of digits in it.
    pub digits: f64,
    /// A date in it.
    pub date: Option<Dated>,
    /// Whether it only says that there is more to read.
    pub is_more: bool,
    /// A digest of its letters and digits.
    pub text: u64,
}

/// A date in a text.
#[derive(Clone, Copy, Debug)]
pub struct Dated {
    /// How much of the text it is.
    pub share: f64,
    /// Whether its year is stated.
    pub has_year: bool,
    /// Whether it is the day by which something ends: "Ends 5 May".
    pub is_deadline: bool,
    /// Grows with the day; of dates without a year, within one year. Of `4/3/2024` there are two: the day written first,
    /// and the month.
    pub orders: [i32; 2],
}

impl Facts {
    /// All that is counted of a text, without its date.
    pub fn undated(text: &str) -> Self {
        let mut facts = Self { text: START, ..Self::default() };
        let (mut digits, mut unspaced) = (0_u32, 0_u32);
        let mut words = 0_u32;
        let mut is_in_word = false;
        for c in text.chars() {
            facts.chars += 1;
            let is_letter = c.is_alphanumeric();
            if is_unspaced(c) {
                unspaced += 1;
                is_in_word = false;
            } else if is_letter {
                words += u32::from(!is_in_word);
                is_in_word = true;
            } else if c.is_whitespace() {
                is_in_word = false;
            }
            if is_letter {
                facts.text = with_letter(facts.text, c);
                digits += u32::from(c.is_numeric());
            }
        }
        facts.words = f64::from(words) + f64::from(unspaced) / 2.0;
        facts.digits = f64::from(digits) / f64::from(facts.chars.max(1));
        facts.is_more = facts.words <= 8.0 && is_more(text);
        facts
    }

    /// Whether the text is a date and little else.
    pub fn is_date(&self) -> bool {
        self.date.is_some_and(|date| date.share >= 0.5)
    }
}

/// Dates are looked for in the beginning of a text: an event described further down is not its date.
const DATE_WITHIN_BYTES: usize = 240;

/// A page's texts, and what was counted in them so far.
pub struct Texts<'t, 'a> {
    /// The page.
    pub tree: &'t Tree<'a>,
    lexicon: Lexicon,
    known: RefCell<Vec<Option<Facts>>>,
    words: RefCell<FxHashMap<u32, Rc<[u64]>>>,
    dates: OnceCell<Vec<u32>>,
    date_lines: OnceCell<Vec<u32>>,
    headings: OnceCell<Vec<(u32, Heading)>>,
    address_days: OnceCell<Vec<(u32, Date)>>,
}

impl<'t, 'a> Texts<'t, 'a> {
    /// Nothing is counted yet.
    pub fn new(tree: &'t Tree<'a>) -> Self {
        let lexicon = Lexicon::of(tree.language.as_deref());
        Self {
            tree,
            lexicon,
            known: RefCell::new(vec![None; tree.elements.len()]),
            words: RefCell::default(),
            dates: OnceCell::new(),
            date_lines: OnceCell::new(),
            headings: OnceCell::new(),
            address_days: OnceCell::new(),
        }
    }

    /// The facts of an element's text.
    pub fn of(&self, at: u32) -> Facts {
        if let Some(facts) = self.known.borrow()[index(at)] {
            return facts;
        }
        let element = self.tree.get(at);
        // Boxes in boxes have one text.
        let inner =
            Some(at + 1).filter(|inner| *inner < element.end && self.tree.get(*inner).text == element.text);
        let mut facts = inner.map_or_else(|| self.count(self.tree.text(at)), |inner| self.of(inner));
        // A day, a month and a year in boxes of their own.
        if facts.date.is_none() && facts.chars <= 20 && facts.digits > 0.2 && element.end - at > 2 {
            facts.date = self.date(&text::of_boxes(element.node, &HashSet::new()));
        }
        // What a reader sees may be "2d", or an icon.
        if facts.date.is_none() && element.attributes.has_datetime {
            let stated = element.node.attr("datetime").and_then(|stated| self.date(stated));
            facts.date = stated.map(|date| Dated { share: 1.0, ..date });
        }
        self.known.borrow_mut()[index(at)] = Some(facts);
        facts
    }

    /// Digests of the words of an element that say something: numbers do not, but a version names what was released as two
    /// words do.
    pub fn words(&self, at: u32) -> Rc<[u64]> {
        let count = || {
            let text = self.tree.text(at);
            let words = text.split(|c: char| !c.is_alphanumeric());
            let words = words.filter(|word| word.contains(char::is_alphabetic)).map(letters);
            let versions = text.split_whitespace().filter(|word| is_version(word)).map(letters);
            words.chain(versions.flat_map(|version| [version, version.rotate_left(1)])).collect()
        };
        Rc::clone(self.words.borrow_mut().entry(at).or_insert_with(count))
    }

    /// Whether a date stands in an element.
    pub fn holds_date(&self, at: u32) -> bool {
        let dates = self.dates.get_or_init(|| {
            // Of a longer text no date is the half.
            let is_date = |at: u32| self.tree.text(at).len() <= DATE_WITHIN_BYTES && self.of(at).is_date();
            let has_date = |at: &u32| self.tree.get(*at).attributes.has_datetime || is_date(*at);
            self.tree.all().filter(has_date).collect()
        });
        dates.get(dates.partition_point(|date| *date < at)).is_some_and(|date| self.tree.holds(at, *date))
    }

    /// The lines of the page that are a date and little else, and headings with one, in its order.
    pub fn date_lines(&self) -> &[u32] {
        self.date_lines.get_or_init(|| self.tree.all().filter(|at| self.is_date_line(*at)).collect())
    }

    /// The lines of the page that name a year or a month for all below them, in its order.
    pub fn headings(&self) -> &[(u32, Heading)] {
        const LONGEST: u32 = 40;
        self.headings.get_or_init(|| {
            let is_line = |at: &u32| {
                self.tree.get(*at).has_own_text && (4..=LONGEST).contains(&self.tree.text_bytes(*at))
            };
            let read = |at: u32| Some((at, Heading::read(self.tree.text(at), self.lexicon)?));
            self.tree
                .all()
                .filter(is_line)
                .filter_map(read)
                .filter(|(_, heading)| heading.day.is_none())
                .collect()
        })
    }

    /// The year or month that such a line names.
    pub fn heading(&self, at: u32) -> Option<Heading> {
        let found = self.headings().binary_search_by_key(&at, |(line, _)| *line).ok()?;
        Some(self.headings()[found].1)
    }

    /// Whether an element is the day of a month and no more.
    pub fn is_day_alone(&self, at: u32) -> bool {
        day_alone(self.tree.text(at), self.lexicon).is_some()
    }

    /// The day and the month, in whichever order, that an element is in figures: a date only below their year.
    pub fn pair_alone(&self, at: u32) -> Option<(i8, i8)> {
        pair_alone(self.tree.text(at), self.lexicon).map(|pair| (pair.left, pair.right))
    }

    /// Whether an element is a time of day and no more.
    pub fn is_time_alone(&self, at: u32) -> bool {
        time_alone(self.tree.text(at), self.lexicon).is_some()
    }

    /// The links whose addresses have a day in them, in page order.
    pub fn address_days(&self) -> &[(u32, Date)] {
        self.address_days.get_or_init(|| {
            let all = self.tree.all();
            all.filter_map(|at| Some((at, moment::day_of_address(self.tree.get(at).href?)?))).collect()
        })
    }

    fn is_date_line(&self, at: u32) -> bool {
        const LONGEST: u32 = 110;
        let element = self.tree.get(at);
        let is_line = element.has_own_text && (4..=LONGEST).contains(&self.tree.text_bytes(at));
        if !is_line {
            return false;
        }
        let facts = self.of(at);
        // "Opinions released on 4 May 2026": a heading with a full date says it of what is below.
        facts.is_date() || facts.date.is_some_and(|date| date.has_year) && self.is_heading(at)
    }

    /// Whether an element, or the one directly around it, is a heading or bold.
    fn is_heading(&self, at: u32) -> bool {
        let is = |at: u32| {
            let tag = self.tree.get(at).tag;
            matches!(tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "b" | "strong" | "th" | "dt")
        };
        is(at) || self.tree.parent(at).is_some_and(is)
    }

    fn count(&self, text: &str) -> Facts {
        let mut facts = Facts::undated(text);
        if facts.digits > 0.0 || facts.chars <= 40 {
            facts.date = self.date(text);
        }
        facts
    }

    /// The first date in the beginning of a text.
    pub fn date(&self, text: &str) -> Option<Dated> {
        let start = text::beginning(text, DATE_WITHIN_BYTES);
        let place = if text.len() <= 60 { Place::Field } else { Place::Prose };
        if !start.chars().any(char::is_numeric) {
            return None;
        }
        let mentions = scan(start, place, self.lexicon);
        let mention = mentions.iter().find(|mention| is_day(mention))?;
        let (has_year, orders) = orders(&mention.value);
        let share = (mention.span.len() as f64) / (text.len() as f64);
        // "By Ina on 5 May" is a byline.
        let is_by = || names::words(&start[..mention.span.start]).any(|word| word == "by");
        let is_deadline = mention.role == Role::Deadline && !is_by();
        Some(Dated { share, has_year, is_deadline, orders })
    }
}

fn is_day(mention: &Mention) -> bool {
    mention.value.is_day() || matches!(mention.value, Value::Epoch(_) | Value::Month { year: Some(_), .. })
}

fn orders(value: &Value) -> (bool, [i32; 2]) {
    let day = |year: Option<i16>, month: i8, day: i8| {
        i32::from(year.unwrap_or(0)) * 372 + i32::from(month) * 31 + i32::from(day)
    };
    let one = |has_year: bool, order: i32| (has_year, [order; 2]);
    match value {
        Value::Day(at) | Value::Span { last: at, .. } => {
            one(at.year.is_some(), day(at.year, at.month, at.day))
        }
        Value::Numeric(at) | Value::NumericSpan { last: at, .. } => {
            (at.year.is_some(), [day(at.year, at.right, at.left), day(at.year, at.left, at.right)])
        }
        Value::Month { year, month } => one(year.is_some(), day(*year, *month, 1)),
        Value::Ago { count, .. } => one(true, -i32::try_from(*count).unwrap_or(i32::MAX)),
        Value::Epoch(at) => one(true, i32::try_from(at.as_second() / 86_400).unwrap_or(i32::MAX)),
        _ => one(false, 0),
    }
}

/// Whether a word is a version: `v2.10`, `[3.9.0]`. Two parts may be a time or a price, and three a day.
pub fn is_version(word: &str) -> bool {
    if !word.contains('.') {
        return false;
    }
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let figures = bare.trim_start_matches(['v', 'V']);
    let number = |part: &str| part.parse::<u16>().ok().filter(|_| part.len() <= 3);
    let Some(parts) = figures.split('.').map(number).collect::<Option<Vec<u16>>>() else { return false };
    let is_day = |day: u16, month: u16| (1..=31).contains(&day) && (1..=12).contains(&month);
    let is_padded = |part: &str| part.len() == 2 && part.starts_with('0');
    match parts[..] {
        [] | [_] => false,
        _ if figures.len() < bare.len() => true,
        [_, _] => false,
        [day, month, year] if is_day(day, month) => year < 10 && !figures.split('.').any(is_padded),
        _ => true,
    }
}

/// Letters of scripts that do not part words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Whether a short text only says that there is more: "Read more »".
fn is_more(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    MORE.iter().any(|more| {
        bare == *more
            || bare
                .strip_prefix(more)
                .is_some_and(|rest| more.len() >= 7 && !rest.starts_with(char::is_alphanumeric))
    })
}

/// What sites write on the link below a teaser.
const MORE: &[&str] = &[
    "read more",
    "continue reading",
    "more",
    "read on",
    "learn more",
    "view more",
    "see more",
    "read article",
    "read the full",
    "full story",
    "full text",
    "details",
    "view",
    "view details",
    "download",
    "download pdf",
    "pdf",
    "permalink",
    "link",
    "open",
    "here",
    "click here",
    "comments",
    "leave a comment",
    "no comments",
    "edit",
    "share",
    "reply",
    "print",
    "html",
    "docx",
    "word",
    "opinion",
    "weiterlesen",
    "mehr",
    "mehr lesen",
    "mehr erfahren",
    "weiter",
    "zum artikel",
    "lire la suite",
    "en savoir plus",
    "suite",
    "lire",
    "lire plus",
    "leer más",
    "ver más",
    "más",
    "seguir leyendo",
    "más información",
    "leggi tutto",
    "leggi",
    "continua",
    "continua a leggere",
    "scopri di più",
    "saiba mais",
    "leia mais",
    "ler mais",
    "continue lendo",
    "lees meer",
    "lees verder",
    "meer",
    "czytaj więcej",
    "więcej",
    "czytaj dalej",
    "více",
    "celý článek",
    "číst dál",
    "viac",
    "читать далее",
    "подробнее",
    "далее",
    "читать",
    "детальніше",
    "читати далі",
    "続きを読む",
    "もっと見る",
    "詳細",
    "詳しくはこちら",
    "阅读更多",
    "阅读全文",
    "更多",
    "查看更多",
    "閱讀更多",
    "繼續閱讀",
    "全文",
    "더 보기",
    "자세히 보기",
    "devamını oku",
    "devamı",
    "läs mer",
    "les mer",
    "les mere",
    "læs mere",
    "lue lisää",
    "tovább",
    "citește mai mult",
    "citeste mai mult",
    "περισσότερα",
    "διαβάστε περισσότερα",
    "اقرأ المزيد",
    "المزيد",
    "קרא עוד",
    "אקרא",
    "और पढ़ें",
    "vairāk",
    "plačiau",
    "loe edasi",
    "прочети повече",
    "опширније",
    "više",
    "pročitaj više",
    "preberi več",
    "xem thêm",
    "อ่านต่อ",
    "selengkapnya",
    "baca selengkapnya",
    "baca lagi",
];

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// A digest of a text's letters and digits, by which two headlines are one.
pub fn letters(text: &str) -> u64 {
    text.chars().filter(|c| c.is_alphanumeric()).fold(START, with_letter)
}

fn with_letter(sum: u64, c: char) -> u64 {
    let lower = if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) };
    (sum ^ u64::from(u32::from(lower))).wrapping_mul(0x0100_0000_01b3)
}

/// A digest of an address by which two links to one thing are one.
pub fn address(written: &str) -> u64 {
    digest(written.trim())
}
