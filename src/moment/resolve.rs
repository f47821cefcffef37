//! A listing's texts → a resolution for each row. Pure.
//!
//! The rows are resolved together: the order of numeric dates, the shape of the date, stamps that are the
//! same everywhere and missing years are matters of the whole page. Each row goes down its sources until one
//! gives a date; what the better ones were refused for is kept.

use jiff::civil::Date;

use crate::listing::DateSource;

use super::{
    Context, Horizon, Resolution, Row, Unresolved, above,
    choose::{self, Shape},
    lexicon::Lexicon,
    mention::{Mention, Slashed, Value},
    order::{self, Evidence, Settled},
    reading::{self, Reading},
    settle::{Choice, Page},
};

/// A row on its way.
pub(super) struct State<'a> {
    /// What its texts said, best first.
    pub readings: Vec<Reading<'a>>,
    /// What gave no date, and why.
    pub refused: Vec<(DateSource, Unresolved)>,
    /// Its date so far.
    pub choice: Choice,
}

/// Resolves all rows together.
pub(super) fn resolve(rows: &[Row<'_>], context: &Context<'_>) -> Vec<Resolution> {
    if rows.is_empty() {
        // The first lexicon of a language takes long to make.
        return Vec::new();
    }
    let lexicon = Lexicon::of(context.language);
    let today = context.now.to_zoned_datetime(context.zone.clone()).date();
    let mut readings: Vec<Vec<Reading<'_>>> = rows
        .iter()
        .map(|row| row.dates.iter().map(|date| reading::read(date, context, lexicon)).collect())
        .collect();
    reading::refuse_same_stamps(&mut readings);
    for row in &mut readings {
        above::complete(row, lexicon);
    }
    let state = |readings| State { readings, refused: Vec::new(), choice: Choice::None };
    let mut states: Vec<State<'_>> = readings.into_iter().map(state).collect();
    let page = Page { context, lexicon, today, order: settle_order(&states, context, lexicon, today) };
    let agreed = agreed_shapes(&states);
    for state in &mut states {
        page.choose(state, &agreed, 0);
    }
    page.settle_years(&mut states, rows, &agreed);
    states.into_iter().map(resolution).collect()
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
    let on_weekdays: Vec<(Slashed, i8)> = states
        .iter()
        .flat_map(|state| &state.readings)
        .flat_map(|reading| &reading.mentions)
        .filter_map(|mention| match mention.value {
            Value::Numeric(day) => Some((day, mention.weekday?)),
            _ => None,
        })
        .collect();
    order::settle(&Evidence {
        all: &all,
        column: &column,
        on_weekdays: &on_weekdays,
        today,
        latest: (context.horizon == Horizon::Fetch).then(|| today.tomorrow().unwrap_or(today)),
        configured: context.order,
        custom: lexicon.order(),
        host: context.host,
    })
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
    pub fn choose(&self, state: &mut State<'_>, agreed: &[(DateSource, Shape)], from: usize) {
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
            // A month that made the day of an entry whole does not date it when that day is to come.
            let is_spent = reading.source == DateSource::Above
                && state.readings[..index].iter().any(|own| own.is_completed)
                && state.refused.iter().any(|(_, why)| matches!(why, Unresolved::TooLate { .. }));
            let may_be = |at: &usize| {
                let mention = &reading.mentions[*at];
                counts(reading, mention) && !(is_spent && choose::shape(mention) == Some(Shape::Coarse))
            };
            for mention in ranked.into_iter().filter(may_be) {
                match self.settle(reading, mention, index) {
                    Ok(choice) => {
                        state.choice = choice;
                        return;
                    }
                    Err(trouble) => _ = reason.get_or_insert(trouble),
                }
            }
            let reason = reason.unwrap_or_else(|| reading::nothing(reading));
            state.refused.push((reading.source, reason));
        }
    }

    /// Goes on with the sources below one; only dates that need no year count now.
    pub fn choose_stated(&self, state: &mut State<'_>, agreed: &[(DateSource, Shape)], from: usize) {
        self.choose(state, agreed, from);
        if let Choice::Open { reading, .. } = state.choice {
            state.refused.push((state.readings[reading].source, Unresolved::NoYear));
            state.choice = Choice::None;
        }
    }
}

/// Whether a mention is more than a month or year in passing.
fn is_fine(reading: &Reading<'_>, mention: &Mention) -> bool {
    let is_sentence = matches!(reading.source, DateSource::Headline | DateSource::Teaser);
    !is_sentence || choose::shape(mention) != Some(Shape::Coarse)
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
            span: Some(reading.letters(&mention.span)),
            refused,
        };
    }
    // The best source that had a date at all says most.
    let is_telling = |reason: &Unresolved| !matches!(reason, Unresolved::NoDate | Unresolved::NoText);
    let telling = refused.iter().find(|(_, reason)| is_telling(reason)).or_else(|| refused.first());
    let (source, reason) =
        telling.map_or((None, Unresolved::NoText), |(source, reason)| (Some(*source), reason.clone()));
    Resolution {
        outcome: Err(reason),
        source,
        rule: "none",
        settled: None,
        text: String::new(),
        span: None,
        refused,
    }
}
