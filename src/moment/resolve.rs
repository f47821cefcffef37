//! A listing's texts → a resolution for each row. Pure.
//!
//! The rows are resolved together: the order of numeric dates, the shape of the date, stamps that are the
//! same everywhere and missing years are matters of the whole page. Each row goes down its sources until one
//! gives a date; what the better ones were refused for is kept.

use jiff::{Timestamp, civil::Date};

use crate::listing::DateSource;

use super::{
    Context, Moment, Precision, Provenance, Resolution, Row, Unresolved,
    choose::{self, Shape},
    daytime::Daytime,
    lexicon::Lexicon,
    order::{self, Evidence, Settled},
    reading::{Reading, read},
    relative,
    scan::{Mention, Point, Slashed, Value},
    zone,
};

/// Rows that must share a stamp to make it the page's own.
const SAME_STAMPS: usize = 5;

/// A row on its way.
pub(super) struct State<'a> {
    pub(super) readings: Vec<Reading<'a>>,
    pub(super) refused: Vec<(DateSource, Unresolved)>,
    pub(super) choice: Choice,
}

/// What a row's date is so far.
pub(super) enum Choice {
    /// Nothing.
    None,
    /// Known.
    Known { moment: Moment, reading: usize, mention: usize, settled: Option<&'static str> },
    /// Known but for its year.
    Open { value: Value, reading: usize, mention: usize, settled: Option<&'static str> },
}

/// What all rows share.
pub(super) struct Page<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) lexicon: Lexicon,
    /// The day of the fetch in the source's zone.
    pub(super) today: Date,
    pub(super) order: Settled,
}

pub(super) fn resolve(rows: &[Row<'_>], context: &Context<'_>) -> Vec<Resolution> {
    let lexicon = Lexicon::of(context.language);
    let today = context.now.to_zoned_datetime(context.zone.clone()).date();
    let mut states: Vec<State<'_>> = rows
        .iter()
        .map(|row| State {
            readings: row.dates.iter().map(|date| read(date, context, lexicon)).collect(),
            refused: Vec::new(),
            choice: Choice::None,
        })
        .collect();
    refuse_same_stamps(&mut states);
    let page = Page { context, lexicon, today, order: settle_order(&states, context, lexicon, today) };
    let agreed = agreed_shapes(&states);
    for state in &mut states {
        page.choose(state, &agreed, 0);
    }
    page.settle_years(&mut states, rows, &agreed);
    states.into_iter().map(resolution).collect()
}

/// Machine stamps of a minute or better that all rows share are the page's build time, not the entries'.
fn refuse_same_stamps(states: &mut [State<'_>]) {
    for source in [DateSource::TimeElement, DateSource::Metadata] {
        let texts: Vec<&str> = states
            .iter()
            .filter_map(|state| {
                let reading = state.readings.iter().find(|reading| reading.source == source)?;
                let mention = reading.mentions.first()?;
                let is_precise = mention.time.is_some_and(|time| time.time != jiff::civil::Time::midnight())
                    || matches!(mention.value, Value::Epoch(_));
                is_precise.then_some(reading.text)
            })
            .collect();
        let is_same = texts.len() >= SAME_STAMPS
            && texts.len() == states.len()
            && texts.iter().all(|text| *text == texts[0]);
        if !is_same {
            continue;
        }
        for reading in
            states.iter_mut().flat_map(|state| &mut state.readings).filter(|reading| reading.source == source)
        {
            reading.mentions.clear();
            reading.refusal = Some(Unresolved::SameEverywhere);
        }
    }
}

fn settle_order(states: &[State<'_>], context: &Context<'_>, lexicon: Lexicon, today: Date) -> Settled {
    let numeric = |mention: &Mention| match mention.value {
        Value::Numeric(day) => vec![day],
        Value::NumericSpan { first, last } => vec![first, last],
        _ => Vec::new(),
    };
    let of_row = |state: &State<'_>| -> Vec<Slashed> {
        state.readings.iter().flat_map(|reading| &reading.mentions).flat_map(numeric).collect()
    };
    let rows: Vec<Vec<Slashed>> = states.iter().map(of_row).collect();
    let all: Vec<Slashed> = rows.iter().flatten().copied().collect();
    let column: Vec<Slashed> = rows.iter().filter_map(|row| row.first().copied()).collect();
    order::settle(&Evidence {
        all: &all,
        column: &column,
        latest: today.tomorrow().unwrap_or(today),
        configured: context.order,
        custom: lexicon.order(),
    })
}

/// Whether a mention is more than a month or year in passing.
fn is_fine(reading: &Reading<'_>, mention: &Mention) -> bool {
    let is_sentence = matches!(reading.source, DateSource::Headline | DateSource::Teaser);
    !is_sentence || choose::shape(mention) != Some(Shape::Coarse)
}

/// For each source, the shape its rows agree on.
fn agreed_shapes(states: &[State<'_>]) -> Vec<(DateSource, Shape)> {
    let mut shapes: Vec<(DateSource, Vec<Shape>)> = Vec::new();
    for reading in states.iter().flat_map(|state| &state.readings) {
        let Some(best) =
            choose::ranked(&reading.mentions, reading.source, reading.text, None).first().copied()
        else {
            continue;
        };
        let Some(shape) = choose::shape(&reading.mentions[best]) else { continue };
        match shapes.iter_mut().find(|(source, _)| *source == reading.source) {
            Some((_, column)) => column.push(shape),
            None => shapes.push((reading.source, vec![shape])),
        }
    }
    shapes.into_iter().filter_map(|(source, column)| Some((source, choose::agreed_shape(&column)?))).collect()
}

impl Page<'_> {
    /// Goes down a row's sources from one on, until one gives a date. A month or year that a sentence mentions
    /// ("six landings in July") counts only when no source has better.
    pub(super) fn choose(&self, state: &mut State<'_>, agreed: &[(DateSource, Shape)], from: usize) {
        let refused = state.refused.len();
        self.choose_among(state, (agreed, from), is_fine);
        if matches!(state.choice, Choice::None) {
            state.refused.truncate(refused);
            self.choose_among(state, (agreed, from), |_, _| true);
        }
    }

    fn choose_among(
        &self,
        state: &mut State<'_>,
        (agreed, from): (&[(DateSource, Shape)], usize),
        counts: fn(&Reading<'_>, &Mention) -> bool,
    ) {
        state.choice = Choice::None;
        for (index, reading) in state.readings.iter().enumerate().skip(from) {
            if let Some(refusal) = &reading.refusal {
                state.refused.push((reading.source, refusal.clone()));
                continue;
            }
            let shape = agreed.iter().find(|(source, _)| *source == reading.source).map(|(_, shape)| *shape);
            let mut reason = None;
            let ranked = choose::ranked(&reading.mentions, reading.source, reading.text, shape);
            for mention in ranked.into_iter().filter(|at| counts(reading, &reading.mentions[*at])) {
                match self.settle(reading, mention, index) {
                    Ok(choice) => {
                        state.choice = choice;
                        return;
                    }
                    Err(trouble) => _ = reason.get_or_insert(trouble),
                }
            }
            let reason = reason.unwrap_or_else(|| nothing(reading));
            state.refused.push((reading.source, reason));
        }
    }

    /// A mention as a moment, or as a day whose year is open.
    fn settle(&self, reading: &Reading<'_>, index: usize, at: usize) -> Result<Choice, Unresolved> {
        let mention = &reading.mentions[index];
        let (value, settled) = self.ordered(mention.value, &reading.text[mention.span.clone()])?;
        let is_open = match value {
            Value::Day(day) | Value::Span { last: day, .. } => day.year.is_none(),
            Value::Month { year, .. } => year.is_none(),
            _ => false,
        };
        if is_open {
            return Ok(Choice::Open { value, reading: at, mention: index, settled });
        }
        let provenance = match (reading.source, value) {
            (_, Value::Ago { .. }) => Provenance::Relative,
            (DateSource::TimeElement | DateSource::Metadata, _) => Provenance::StatedByMachine,
            _ => Provenance::StatedInText,
        };
        let moment = self.moment(value, mention.time, provenance)?;
        Ok(Choice::Known { moment, reading: at, mention: index, settled })
    }

    /// A value whose day and month are told apart.
    fn ordered(&self, value: Value, text: &str) -> Result<(Value, Option<&'static str>), Unresolved> {
        let point = |date: Slashed| {
            let order = self.order.order.or_else(|| order::alone(date));
            let order =
                order.ok_or_else(|| Unresolved::Ambiguous { text: text.to_owned(), why: self.order.why })?;
            let point = order::in_order(date, order);
            let is_day = Date::new(point.year.unwrap_or(2024), point.month, point.day).is_ok();
            is_day.then_some(point).ok_or_else(|| Unresolved::Impossible { text: text.to_owned() })
        };
        Ok(match value {
            Value::Numeric(day) => (Value::Day(point(day)?), Some(self.order.why)),
            Value::NumericSpan { first, last } => {
                (Value::Span { first: point(first)?, last: point(last)? }, Some(self.order.why))
            }
            value => (value, None),
        })
    }

    /// A value whose year is known, as a moment that is not later than the fetch allows.
    pub(super) fn moment(
        &self,
        value: Value,
        time: Option<Daytime>,
        provenance: Provenance,
    ) -> Result<Moment, Unresolved> {
        let latest = self.today.tomorrow().unwrap_or(self.today);
        let day_moment = |day: Date, first_day, precision| {
            if day > latest {
                return Err(Unresolved::TooLate { day });
            }
            if day < OLDEST {
                return Err(Unresolved::TooEarly { day });
            }
            Ok(Moment { day, first_day, instant: None, precision, provenance })
        };
        match value {
            Value::Day(point) => {
                let day = date_of(point)?;
                match time {
                    Some(time) => self.instant(zone::instant(day, time, self.context.zone), day, provenance),
                    None => day_moment(day, None, Precision::Day),
                }
            }
            Value::Span { first, last } => {
                let (first, last) = (date_of(first)?, date_of(last)?);
                if first > last {
                    return Err(Unresolved::Impossible { text: format!("{first} to {last}") });
                }
                // What a range ends with may lie ahead; what was published is not of the future.
                let day = if last > self.today { first.max(self.today.min(last)) } else { last };
                let mut moment = day_moment(day, None, Precision::Day)?;
                moment.first_day = (first < moment.day).then_some(first);
                Ok(moment)
            }
            Value::Month { year: Some(year), month } => {
                let day = Date::new(year, month, 1).map_err(|_| Unresolved::NoDate)?;
                day_moment(day, None, Precision::Month)
            }
            Value::Year(year) => {
                let day = Date::new(year, 1, 1).map_err(|_| Unresolved::NoDate)?;
                day_moment(day, None, Precision::Year)
            }
            Value::Epoch(stamp) => self.instant(Some(stamp), self.today, provenance),
            Value::Ago { count, unit } => {
                let before = relative::before(self.context.now, self.context.zone, count, unit);
                let (day, instant, precision) = before.ok_or(Unresolved::NoDate)?;
                match time {
                    Some(time) => self.instant(zone::instant(day, time, self.context.zone), day, provenance),
                    None => Ok(Moment { instant, ..day_moment(day, None, precision)? }),
                }
            }
            Value::Numeric(_)
            | Value::NumericSpan { .. }
            | Value::Month { year: None, .. }
            | Value::Impossible
            | Value::OtherCalendar(_) => Err(Unresolved::NoDate),
        }
    }

    fn instant(
        &self,
        stamp: Option<Timestamp>,
        day: Date,
        provenance: Provenance,
    ) -> Result<Moment, Unresolved> {
        let Some(stamp) = stamp else { return Err(Unresolved::Impossible { text: day.to_string() }) };
        let day = stamp.to_zoned_datetime(self.context.zone.clone()).date();
        let latest = self.context.now.as_second() + 86_400;
        if stamp.as_second() > latest {
            return Err(Unresolved::TooLate { day });
        }
        if day < OLDEST {
            return Err(Unresolved::TooEarly { day });
        }
        Ok(Moment { day, first_day: None, instant: Some(stamp), precision: Precision::Minute, provenance })
    }
}

/// What is older was never published on the web: an empty stamp, a zero.
const OLDEST: Date = Date::constant(1970, 1, 3);

fn nothing(reading: &Reading<'_>) -> Unresolved {
    let other = reading.mentions.iter().find_map(|mention| match mention.value {
        Value::Impossible => {
            Some(Unresolved::Impossible { text: reading.text[mention.span.clone()].to_owned() })
        }
        Value::OtherCalendar(year) => Some(Unresolved::OtherCalendar { year }),
        _ => None,
    });
    other.unwrap_or(Unresolved::NoDate)
}

fn resolution(state: State<'_>) -> Resolution {
    let State { readings, refused, choice } = state;
    if let Choice::Known { moment, reading, mention, settled } = choice {
        let reading = &readings[reading];
        let mention = &reading.mentions[mention];
        return Resolution {
            outcome: Ok(moment),
            source: Some(reading.source),
            rule: mention.rule,
            settled,
            text: reading.text[mention.span.clone()].to_owned(),
            refused,
        };
    }
    // The best source that had a date at all says most.
    let is_telling = |reason: &Unresolved| !matches!(reason, Unresolved::NoDate | Unresolved::NoText);
    let telling = refused.iter().find(|(_, reason)| is_telling(reason)).or_else(|| refused.first());
    let (source, reason) =
        telling.map_or((None, Unresolved::NoText), |(source, reason)| (Some(*source), reason.clone()));
    Resolution { outcome: Err(reason), source, rule: "none", settled: None, text: String::new(), refused }
}

pub(super) fn date_of(point: Point) -> Result<Date, Unresolved> {
    let year = point.year.ok_or(Unresolved::NoYear)?;
    Date::new(year, point.month, point.day)
        .map_err(|_| Unresolved::Impossible { text: format!("{year}-{:02}-{:02}", point.month, point.day) })
}
