//! What stands above entries → what their own dates leave open: "12 March" or "03-12" below "2019", "12" below
//! "March 2019", "10:30" below "12 March". Pure.
//!
//! It only adds. A date that says its year is read as it stands, and the heading of another month says nothing of it.

use crate::listing::DateSource;

use super::{
    daytime::Daytime,
    lexicon::{Lexicon, Sense},
    mention::{Mention, Point, Role, Slashed, Value, YEARS},
    open::in_year,
    reading::Reading,
    scan::{Place, Reader, scan},
};

/// What a heading says of all that stands below it: a year, a month, a month of a year, or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heading {
    /// The year; `None`: it says none.
    pub year: Option<i16>,
    /// The month, 1 to 12; `None`: it says none.
    pub month: Option<i8>,
    /// The day of the month; `None`: it says none.
    pub day: Option<i8>,
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
            && let Some(mention) = heading.with_part(reading, lexicon)
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
    /// Reads a heading; `None`: it says none of these, or several.
    pub fn read(text: &str, lexicon: Lexicon) -> Option<Self> {
        Self::of(&scan(text, Place::Field, lexicon), text, lexicon)
    }

    fn of(mentions: &[Mention], text: &str, lexicon: Lexicon) -> Option<Self> {
        let of_year = |year| Self { year: Some(year), month: None, day: None };
        match mentions {
            [] => year_alone(text, lexicon).map(of_year),
            [mention] => match mention.value {
                Value::Year(year) => Some(of_year(year)),
                Value::Month { year, month } => Some(Self { year, month: Some(month), day: None }),
                Value::Day(Point { year, month, day }) => {
                    Some(Self { year, month: Some(month), day: Some(day) })
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The day and month of this year, the day of this month, or the time of this day, that stands alone in a text.
    fn with_part(self, reading: &Reading<'_>, lexicon: Lexicon) -> Option<Mention> {
        let text = reading.text;
        let of = |month, day| Value::Day(Point { year: self.year, month, day });
        let (value, weekday, time, rule) = match (self.month, self.day) {
            (None, _) => {
                let pair = Slashed { year: self.year, ..pair_alone(text, lexicon)? };
                (Value::Numeric(pair), None, None, "day and month below their year")
            }
            (Some(month), None) => {
                let (day, weekday) = day_alone(text, lexicon)?;
                (of(month, day), weekday, None, "day below its month")
            }
            (Some(month), Some(day)) => {
                (of(month, day), None, Some(time_alone(text, lexicon)?), "time below its day")
            }
        };
        Some(Mention { span: 0..text.len(), value, time, weekday, role: Role::Plain, rule })
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

/// The day and month, in whichever order, that a text is and no more: "11-14". `None`: it is not. Elsewhere that is a score.
pub fn pair_alone(text: &str, lexicon: Lexicon) -> Option<Slashed> {
    let reader = Reader::new(text, Place::Field, lexicon);
    let part = |at| {
        let number = reader.number(at).filter(|number| number.digits == 2)?;
        i8::try_from(number.value).ok().filter(|value| (1..=31).contains(value))
    };
    let (left, right) = (part(0)?, part(2)?);
    let is_pair = reader.tokens.len() == 3 && reader.is_dash(1) && left.min(right) <= 12;
    is_pair.then_some(Slashed { left, right, year: None, is_dotted: false })
}

/// The time of day that a text is and no more: "10:30", "4 pm". `None`: it is not.
pub fn time_alone(text: &str, lexicon: Lexicon) -> Option<Daytime> {
    let reader = Reader::new(text, Place::Field, lexicon);
    let (time, end) = reader.daytime(0)?;
    (end == reader.tokens.len()).then_some(time)
}

impl Reader<'_> {
    /// The token after the marks that stand here.
    fn after_marks(&self, at: usize) -> usize {
        at + (at..self.tokens.len()).take_while(|at| self.mark(*at).is_some()).count()
    }
}
