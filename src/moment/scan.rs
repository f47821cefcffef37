//! Scanning: a text → every mention of a date in it, each with its place. Pure, linear in the text's length.
//!
//! A mention is what the text says, not yet a day: its year and the order of its numbers may be open, which
//! only the whole listing settles. The grammar lives in `prose`, `numeric`, `relative` and `daytime`; this
//! file walks the text and joins a date with the weekday, the time and the role word beside it.

use super::{
    daytime::Daytime,
    lexicon::{Lexicon, Sense, Unit},
    mention::{Mention, Role, Value, checked},
    token::{self, Kind, Number, Token, Word},
};

/// Where a text stands, which decides what counts as a date in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a sentence.
    Prose,
    /// In a place for a date and little else.
    Field,
    /// In an attribute or metadata, written by a machine.
    Machine,
}

/// All mentions of dates in a text, in its order.
pub fn scan(text: &str, place: Place, lexicon: Lexicon) -> Vec<Mention> {
    let reader = Reader::new(text, place, lexicon);
    let mut mentions = Vec::new();
    let mut at = 0;
    while at < reader.tokens.len() {
        match reader.found(at) {
            Some(found) => {
                let (mention, end) = reader.mention(at, found);
                mentions.push(mention);
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    mentions
}

/// What a grammar rule found: its value and the token after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// What it says.
    pub value: Value,
    /// The time of day inside it, when it stands between the day and the year.
    pub time: Option<Daytime>,
    /// The token it starts at, when that is before the one that gave it away.
    pub start: Option<usize>,
    /// The token after it.
    pub end: usize,
    /// The name of the rule.
    pub rule: &'static str,
}

impl Found {
    /// A value without a time in it.
    pub fn new(value: Value, end: usize, rule: &'static str) -> Self {
        Self { value, time: None, start: None, end, rule }
    }
}

/// A text as tokens, and the questions the grammar asks.
pub(super) struct Reader<'t> {
    /// The text.
    pub text: &'t str,
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// Where it stands.
    pub place: Place,
    /// What its words can mean.
    pub lexicon: Lexicon,
}

impl<'t> Reader<'t> {
    /// A text cut into tokens.
    pub fn new(text: &'t str, place: Place, lexicon: Lexicon) -> Self {
        Self { text, tokens: token::tokens(text, lexicon), place, lexicon }
    }
}

impl Reader<'_> {
    /// The number at a token.
    pub fn number(&self, at: usize) -> Option<Number> {
        match self.tokens.get(at)?.kind {
            Kind::Number(number) => Some(number),
            Kind::Word(_) | Kind::Mark(_) => None,
        }
    }

    /// The word at a token.
    pub fn word(&self, at: usize) -> Option<Word> {
        match self.tokens.get(at)?.kind {
            Kind::Word(word) => Some(word),
            Kind::Number(_) | Kind::Mark(_) => None,
        }
    }

    /// The mark at a token.
    pub fn mark(&self, at: usize) -> Option<char> {
        match self.tokens.get(at)?.kind {
            Kind::Mark(mark) => Some(mark),
            Kind::Number(_) | Kind::Word(_) => None,
        }
    }

    /// The text of a token; empty after the last.
    pub fn piece(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &self.text[token.start..token.end])
    }

    /// Whether the word at a token has a sense.
    pub fn has(&self, at: usize, sense: Sense) -> bool {
        self.word(at).is_some_and(|word| word.senses().contains(&sense))
    }

    /// Whether a token follows the one before it without white space.
    pub fn is_tight(&self, at: usize) -> bool {
        at > 0 && self.tokens.get(at).is_some_and(|token| !token.is_spaced)
    }

    /// Whether the tokens from `at` on are the end of the text, or the mention is the whole of it.
    pub fn is_whole(&self, from: usize, end: usize) -> bool {
        from == 0 && end >= self.tokens.len()
    }

    /// The weekday at a token.
    pub fn weekday(&self, at: usize) -> Option<i8> {
        self.word(at)?.senses().iter().find_map(|sense| match sense {
            Sense::Weekday(day) | Sense::WeekdayFromNow(day, _) => Some(*day),
            _ => None,
        })
    }

    /// Whether a mark is a dash: hyphens, dashes, the minus sign.
    pub fn is_dash(&self, at: usize) -> bool {
        matches!(self.mark(at), Some('-' | '‑' | '‐' | '–' | '—' | '−'))
    }

    /// Whether a mark stands between the ends of a range: a dash, or a swung one.
    pub fn is_range_mark(&self, at: usize) -> bool {
        self.is_dash(at) || matches!(self.mark(at), Some('~' | '〜'))
    }

    pub fn found(&self, at: usize) -> Option<Found> {
        match self.tokens.get(at)?.kind {
            Kind::Number(_) => self
                .numeric(at)
                .or_else(|| self.marked(at))
                .or_else(|| self.day_then_near_month(at))
                .or_else(|| self.ago(at))
                .or_else(|| self.day_first(at))
                .or_else(|| self.other_calendar(at))
                .or_else(|| self.year_first(at))
                .or_else(|| self.in_any_order(at))
                .or_else(|| self.day_before_weekday(at)),
            Kind::Word(word) if !word.entry.starts_date => None,
            Kind::Word(_) => self
                .marked(at)
                .or_else(|| self.day_of_near_month(at))
                .or_else(|| self.in_any_order(at))
                .or_else(|| self.month_first(at))
                .or_else(|| self.day_first(at))
                .or_else(|| self.on_weekday(at))
                .or_else(|| self.ago(at))
                .or_else(|| self.day_before_weekday(at)),
            Kind::Mark(_) => None,
        }
        .map(|found| Found { value: checked(found.value), ..found })
    }

    /// Joins what was found with the weekday, the time and the role beside it. Also says where to go on.
    fn mention(&self, at: usize, found: Found) -> (Mention, usize) {
        let (mut first, mut end) = (found.start.unwrap_or(at), found.end);
        let mut weekday = None;
        let mut time = found.time;
        if let Some((day, from)) = self.weekday_before(first) {
            (weekday, first) = (Some(day), from);
        }
        if let Some((day, to)) = self.weekday_after(end).filter(|_| weekday.is_none()) {
            (weekday, end) = (Some(day), to);
        }
        if takes_time(found.value) && time.is_none() {
            if let Some((daytime, to)) = self.daytime_after(end) {
                (time, end) = (Some(daytime), to);
            } else if let Some((daytime, from)) = self.daytime_before(first) {
                (time, first) = (Some(daytime), from);
            }
        }
        let (mut value, mut rule) = (found.value, found.rule);
        if let Some(span) = self.to_another(value, first..end) {
            (value, rule, end, time, weekday) = (span.value, span.rule, span.end, None, None);
        }
        let span = self.tokens[first].start..self.tokens[end - 1].end;
        (Mention { span, value, time, weekday, role: self.role(first), rule }, end)
    }

    fn weekday_before(&self, at: usize) -> Option<(i8, usize)> {
        let mut from = at.checked_sub(1)?;
        for _ in 0..2 {
            let is_between =
                matches!(self.mark(from), Some(',' | '.' | '(')) || self.has(from, Sense::Filler);
            if !is_between {
                break;
            }
            from = from.checked_sub(1)?;
        }
        Some((self.weekday(from)?, from))
    }

    pub fn weekday_after(&self, at: usize) -> Option<(i8, usize)> {
        let dot = usize::from(self.mark(at) == Some('.') && self.mark(at + 1) == Some(','));
        let at = at + dot;
        let is_open = self.mark(at) == Some('(');
        let next = at + usize::from(is_open || self.mark(at) == Some(','));
        let day = self.weekday(next)?;
        // "6 March, Thursday 13 March": the weekday belongs to the next date.
        let is_next_date = self.number(next + 1).is_some() && self.daytime(next + 1).is_none();
        if is_next_date || self.mark(next + 1) == Some(',') {
            return None;
        }
        let end = next + 1 + usize::from(is_open && self.mark(next + 1) == Some(')'));
        Some((day, end))
    }

    pub fn daytime_after(&self, at: usize) -> Option<(Daytime, usize)> {
        // "2025 г. в 14:30", "2025, kl. 14.30", "2025 (14:30)"
        const BETWEEN: usize = 5;
        let mut next = at;
        for _ in 0..BETWEEN {
            let is_mark = matches!(
                self.mark(next),
                Some(',' | '、' | '.' | '|' | '-' | '–' | '—' | '@' | '·' | '•' | '(' | ':' | '/')
            );
            let is_word = self.has(next, Sense::At)
                || self.has(next, Sense::Clock)
                || self.has(next, Sense::Filler)
                || (self.is_tight(next) && matches!(self.piece(next), "T" | "t"));
            if !is_mark && !is_word {
                break;
            }
            next += 1;
        }
        // A dash without a space before digits would be the rest of a number, not a time.
        self.daytime(next)
    }

    fn daytime_before(&self, at: usize) -> Option<(Daytime, usize)> {
        // The longest time is "10:15:30 a.m. GMT +02:00"; a start further back would be another's.
        (1..=10).filter_map(|back| at.checked_sub(back)).rev().find_map(|from| {
            let (daytime, end) = self.daytime(from)?;
            let is_between = matches!(self.mark(end), Some(',' | '|' | '-' | '–' | '—' | '·' | '•'))
                || self.has(end, Sense::At)
                || self.has(end, Sense::Filler);
            (end == at || (end + 1 == at && is_between)).then_some((daytime, from))
        })
    }

    /// Reads the words before a mention, up to the start of its clause.
    fn role(&self, at: usize) -> Role {
        const REACH: usize = 6;
        // Marks and numbers are no words; without this a table of numbers is read back to its start each time.
        const TOKENS: usize = 16;
        let mut words = 0;
        let mut back = at;
        while back > 0 && words < REACH && at - back < TOKENS {
            back -= 1;
            match self.tokens[back].kind {
                Kind::Mark('.' | ';' | '!' | '?' | '|' | '·' | '•') => break,
                Kind::Number(_) if words > 0 => break,
                Kind::Number(_) | Kind::Mark(_) => {}
                Kind::Word(word) => {
                    words += 1;
                    // "will" rules its clause; the others rule the date right after them.
                    let role = word.senses().iter().find_map(|sense| match sense {
                        Sense::Ahead => Some(Role::Ahead),
                        Sense::Published if words <= 3 => Some(Role::Published),
                        Sense::Updated if words <= 3 => Some(Role::Updated),
                        // "… which ran until 31 October 2022" looks back, whatever the entry's year.
                        Sense::Deadline if words <= 3 && self.is_over(back) => Some(Role::Since),
                        Sense::Deadline if words <= 3 => Some(Role::Deadline),
                        Sense::Since if words <= 2 => Some(Role::Since),
                        _ => None,
                    });
                    if let Some(role) = role {
                        return role;
                    }
                }
            }
        }
        Role::Plain
    }

    /// Whether the word before a token says that what it speaks of is over.
    fn is_over(&self, at: usize) -> bool {
        at > 0
            && matches!(&self.tokens[at - 1].kind, Kind::Word(word) if word.senses().contains(&Sense::Over))
    }
}

/// Whether a time of day beside it belongs to it.
fn takes_time(value: Value) -> bool {
    matches!(
        value,
        Value::Day(_)
            | Value::Numeric(_)
            | Value::Ago { count: -3..=3, unit: Unit::Day }
            | Value::Weekday { .. }
            | Value::DayOfWeekday { .. }
            | Value::DayOfMonth { .. }
    )
}
