//! What stands above entries → what their own dates leave open: "12 March" below "2019", "12" below "March 2019". Pure.
//!
//! It only adds. A date that says its year is read as it stands, and the heading of another month says nothing of it.

use crate::listing::DateSource;

use super::{
    lexicon::{Lexicon, Sense},
    mention::{Mention, Point, Role, Value, YEARS},
    open::in_year,
    reading::Reading,
    scan::{Place, Reader, scan},
};

/// What a heading says of all that stands below it; a year, a month, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heading {
    /// The year; `None`: it says none.
    pub year: Option<i16>,
    /// The month, 1 to 12; `None`: it says none.
    pub month: Option<i8>,
}

/// Completes the dates of a row with what stands above it.
pub(super) fn complete(readings: &mut [Reading<'_>], lexicon: Lexicon) {
    let above = readings.iter().find(|reading| reading.source == DateSource::Above);
    let Some(heading) = above.and_then(|above| Heading::of(&above.mentions, above.text, lexicon)) else {
        return;
    };
    let is_own = |source| matches!(source, DateSource::Field | DateSource::Headline | DateSource::Teaser);
    for reading in readings.iter_mut().filter(|reading| is_own(reading.source)) {
        if reading.source == DateSource::Field
            && let Some(mention) = heading.month.and_then(|month| heading.day(month, reading, lexicon))
        {
            reading.mentions = vec![mention];
            reading.is_completed = true;
        }
        for mention in &mut reading.mentions {
            let value = heading.completed(mention.value);
            reading.is_completed |= value != mention.value;
            mention.value = value;
        }
    }
}

impl Heading {
    /// Reads a heading; `None`: it says neither a month nor a year, or several of them, or a day.
    pub fn read(text: &str, lexicon: Lexicon) -> Option<Self> {
        Self::of(&scan(text, Place::Field, lexicon), text, lexicon)
    }

    fn of(mentions: &[Mention], text: &str, lexicon: Lexicon) -> Option<Self> {
        let of_year = |year| Self { year: Some(year), month: None };
        match mentions {
            [] => year_alone(text, lexicon).map(of_year),
            [mention] => match mention.value {
                Value::Year(year) => Some(of_year(year)),
                Value::Month { year, month } => Some(Self { year, month: Some(month) }),
                _ => None,
            },
            _ => None,
        }
    }

    /// The day of this month that stands alone in a text.
    fn day(self, month: i8, reading: &Reading<'_>, lexicon: Lexicon) -> Option<Mention> {
        let (day, weekday) = day_alone(reading.text, lexicon)?;
        let value = Value::Day(Point { year: self.year, month, day });
        let span = 0..reading.text.len();
        Some(Mention { span, value, time: None, weekday, role: Role::Plain, rule: "day below its month" })
    }

    /// A value with this year, if it says none and is not of another month.
    fn completed(self, value: Value) -> Value {
        let Some(year) = self.year else { return value };
        let is_this = |month: i8| self.month.is_none_or(|this| this == month);
        let is_below = match value {
            Value::Day(day) => is_this(day.month),
            Value::Span { first, last } => is_this(first.month) || is_this(last.month),
            Value::Numeric(day) => is_this(day.left) || is_this(day.right),
            Value::NumericSpan { last, .. } => is_this(last.left) || is_this(last.right),
            Value::Month { year: None, month } => is_this(month),
            _ => false,
        };
        if is_below { in_year(value, year) } else { value }
    }
}

/// The year in a text without another number: "Press releases 2019".
fn year_alone(text: &str, lexicon: Lexicon) -> Option<i16> {
    let reader = Reader::new(text, Place::Field, lexicon);
    let mut numbers = (0..reader.tokens.len()).filter_map(|at| reader.number(at));
    let number = numbers.next().filter(|number| number.digits == 4)?;
    let year = i16::try_from(number.value).ok().filter(|year| YEARS.contains(year))?;
    numbers.next().is_none().then_some(year)
}

/// The day of a month, and its weekday, that a text is and no more: "12", "Tue 12th", "12日". `None`: it is not.
pub fn day_alone(text: &str, lexicon: Lexicon) -> Option<(i8, Option<i8>)> {
    let reader = Reader::new(text, Place::Field, lexicon);
    let before = reader.weekday(0);
    let (day, end) = reader.day(reader.after_marks(usize::from(before.is_some())))?;
    let end = reader.after_marks(end + usize::from(reader.has(end, Sense::DayMark)));
    let after = reader.weekday(end).filter(|_| before.is_none());
    let end = reader.after_marks(end + usize::from(after.is_some()));
    (end == reader.tokens.len()).then_some((day, before.or(after)))
}

impl Reader<'_> {
    /// The token after the marks that stand here.
    fn after_marks(&self, at: usize) -> usize {
        (at..).find(|at| self.mark(*at).is_none()).unwrap_or(at)
    }
}
