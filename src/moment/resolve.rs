//! A listing's texts → a resolution for each row. Pure.
//!
//! The rows are resolved together: the order of numeric dates, the shape of the date, stamps that are the
//! same everywhere and missing years are matters of the whole page. Each row goes down its sources until one
//! gives a date; what the better ones were refused for is kept.

use jiff::{Timestamp, civil::Date, fmt::strtime::BrokenDownTime};

use crate::listing::{DateSource, RawDate};

use super::{
    Context, Moment, Precision, Provenance, Resolution, Row, Unresolved,
    choose::{self, Shape},
    daytime::Daytime,
    lexicon::Lexicon,
    link::{self, PathDate},
    order::{self, Evidence, Settled},
    relative,
    scan::{self, Mention, Place, Point, Role, Slashed, Value},
    year::{self, Candidate, Item},
    zone,
};

/// The most of a text that is read for dates: far more than any teaser's start, and no page makes us slow.
const TEXT_LIMIT: usize = 4096;

/// Years back that a date without a year may be of.
const YEARS_BACK: i16 = 25;

/// Days ahead that a date without a year may mean among neighbours: a day announced, not one of last year.
const DAYS_AHEAD: i32 = 120;

/// Rows that must share a stamp to make it the page's own.
const SAME_STAMPS: usize = 5;

/// What a text said.
struct Reading<'a> {
    source: DateSource,
    text: &'a str,
    mentions: Vec<Mention>,
    refusal: Option<Unresolved>,
}

/// A row on its way.
struct State<'a> {
    readings: Vec<Reading<'a>>,
    refused: Vec<(DateSource, Unresolved)>,
    choice: Choice,
}

/// What a row's date is so far.
enum Choice {
    /// Nothing.
    None,
    /// Known.
    Known { moment: Moment, reading: usize, mention: usize, settled: Option<&'static str> },
    /// Known but for its year.
    Open { value: Value, reading: usize, mention: usize, settled: Option<&'static str> },
}

/// What all rows share.
struct Page<'a> {
    context: &'a Context<'a>,
    lexicon: Lexicon,
    /// The day of the fetch in the source's zone.
    today: Date,
    order: Settled,
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

/// Reads one text.
fn read<'a>(date: &'a RawDate, context: &Context<'_>, lexicon: Lexicon) -> Reading<'a> {
    let text = cut(date.field.value.trim());
    let mut reading = Reading { source: date.source, text, mentions: Vec::new(), refusal: None };
    if text.is_empty() {
        reading.refusal = Some(Unresolved::NoText);
        return reading;
    }
    match (date.source, context.format) {
        (DateSource::LinkPath, _) => {
            if let Some((PathDate::Day(day), span)) = link::path_date(text, lexicon) {
                reading.mentions.push(whole(Value::Day(day.into()), span, "link path"));
            }
        }
        (DateSource::Field, Some(format)) => match by_format(text, format) {
            Some(mention) => reading.mentions.push(mention),
            None => reading.refusal = Some(Unresolved::FormatMissed { format: format.to_owned() }),
        },
        (source, _) => {
            let place = match source {
                DateSource::TimeElement | DateSource::Metadata => Place::Machine,
                // An attribute is written by a machine, whoever named it.
                DateSource::Field if date.field.selector.contains('@') => Place::Machine,
                DateSource::Field => Place::Field,
                DateSource::Headline | DateSource::Teaser | DateSource::LinkPath => Place::Prose,
            };
            reading.mentions = scan::scan(text, place, lexicon);
        }
    }
    reading
}

fn whole(value: Value, span: std::ops::Range<usize>, rule: &'static str) -> Mention {
    Mention { span, value, time: None, weekday: None, role: Role::Plain, rule }
}

fn cut(text: &str) -> &str {
    let end = (0..=TEXT_LIMIT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// A text read by the configured format.
fn by_format(text: &str, format: &str) -> Option<Mention> {
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    let span = 0..text.len();
    const RULE: &str = "configured format";
    if let Ok(stamp) = parsed.to_timestamp() {
        return Some(whole(Value::Epoch(stamp), span, RULE));
    }
    let date = parsed.to_date().ok().map(Point::from);
    let open = || Some(Point { year: None, month: parsed.month()?, day: parsed.day()? });
    let value = match (date.or_else(open), parsed.month()) {
        (Some(point), _) => Value::Day(point),
        (None, Some(month)) => Value::Month { year: parsed.year(), month },
        (None, None) => Value::Year(parsed.year()?),
    };
    let time = parsed.hour().and_then(|_| parsed.to_time().ok());
    let time = time.map(|time| Daytime { time, is_end_of_day: false, offset: parsed.offset() });
    Some(Mention { time, ..whole(value, span, RULE) })
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
    fn choose(&self, state: &mut State<'_>, agreed: &[(DateSource, Shape)], from: usize) {
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
    fn moment(
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

    /// Gives the open rows their years, all together.
    fn settle_years(&self, states: &mut [State<'_>], rows: &[Row<'_>], agreed: &[(DateSource, Shape)]) {
        let dated = states.iter().filter(|state| !matches!(state.choice, Choice::None)).count();
        // Alone, a day is of the past; only neighbours can show that it lies ahead.
        let days_ahead = if dated >= 3 { DAYS_AHEAD } else { 1 };
        let mut items = Vec::new();
        let mut places = Vec::new();
        for (row, (state, given)) in states.iter().zip(rows).enumerate() {
            let options = self.options(state, given, days_ahead);
            if !options.is_empty() {
                items.push(Item {
                    is_stored: given.anchor.is_some(),
                    options: options.iter().map(|(candidate, _)| *candidate).collect(),
                });
                places.push((row, options));
            }
        }
        let chosen = year::choose(&items, day_number(self.today));
        let is_single = items.len() < 2;
        for ((row, options), chosen) in places.iter().zip(chosen) {
            let state = &mut states[*row];
            let Choice::Open { reading, mention, settled, .. } = state.choice else { continue };
            let why = if rows[*row].anchor.is_some() {
                "the year of the stored entry"
            } else if options.len() == 1 || is_single {
                "the latest year not after the fetch"
            } else {
                "the year by the order of the listing"
            };
            let time = state.readings[reading].mentions[mention].time;
            match self.moment(options[chosen].1, time, Provenance::Inferred) {
                Ok(moment) => {
                    state.choice =
                        Choice::Known { moment, reading, mention, settled: Some(settled.unwrap_or(why)) };
                }
                Err(reason) => {
                    state.refused.push((state.readings[reading].source, reason));
                    self.choose_stated(state, agreed, reading + 1);
                }
            }
        }
        for state in states.iter_mut() {
            if let Choice::Open { reading, .. } = state.choice {
                state.refused.push((state.readings[reading].source, Unresolved::NoYear));
                self.choose_stated(state, agreed, reading + 1);
            }
        }
    }

    /// Goes on with the sources below one; only dates that need no year count now.
    fn choose_stated(&self, state: &mut State<'_>, agreed: &[(DateSource, Shape)], from: usize) {
        self.choose(state, agreed, from);
        if let Choice::Open { reading, .. } = state.choice {
            state.refused.push((state.readings[reading].source, Unresolved::NoYear));
            state.choice = Choice::None;
        }
    }

    /// The days a row can be of, with the values that give them.
    fn options(&self, state: &State<'_>, row: &Row<'_>, days_ahead: i32) -> Vec<(Candidate, Value)> {
        match &state.choice {
            Choice::None => {
                row.anchor.map(|day| (constant(day), Value::Day(day.into()))).into_iter().collect()
            }
            Choice::Known { moment, .. } if moment.precision >= Precision::Day => {
                let day = row.anchor.unwrap_or(moment.day);
                vec![(constant(day), Value::Day(day.into()))]
            }
            Choice::Known { .. } => Vec::new(),
            Choice::Open { value, reading, mention, .. } => {
                let mut options = self.years(state, *value, (*reading, *mention), days_ahead);
                if let Some(anchor) = row.anchor {
                    let anchor = day_number(anchor);
                    options.sort_by_key(|(candidate, _)| (candidate.day - anchor).abs());
                    options.truncate(1);
                }
                options
            }
        }
    }

    fn years(
        &self,
        state: &State<'_>,
        value: Value,
        chosen: (usize, usize),
        days_ahead: i32,
    ) -> Vec<(Candidate, Value)> {
        let today = day_number(self.today);
        let mention = &state.readings[chosen.0].mentions[chosen.1];
        let mut options = Vec::new();
        for year in (self.today.year() - YEARS_BACK..=self.today.year() + 1).rev() {
            let value = in_year(value, year);
            let Some((first, last)) = ends(value) else { continue };
            let (first, last) = (day_number(first), day_number(last));
            // A range that has begun counts by what of it has passed.
            let day = if last > today { first.max(today.min(last)) } else { last };
            if day - today > days_ahead.max(1) {
                continue;
            }
            let is_weekday = mention
                .weekday
                .is_none_or(|weekday| is_on_weekday(first, weekday) || is_on_weekday(last, weekday));
            let cost = if is_weekday { 0.0 } else { RULED_OUT };
            options.push((Candidate { day, cost: cost + self.against(state, chosen, day) }, value));
        }
        options
    }

    /// What the other dates of an entry say against a day.
    fn against(&self, state: &State<'_>, chosen: (usize, usize), day: i32) -> f64 {
        let mut cost = 0.0;
        for (index, reading) in state.readings.iter().enumerate() {
            if reading.source == DateSource::LinkPath
                && let Some((path, _)) = link::path_date(reading.text, self.lexicon)
                && (day - day_number(path.middle())).abs() > NEAR_PATH
            {
                cost += 6.0;
            }
            for (at, mention) in reading.mentions.iter().enumerate() {
                if (index, at) == chosen || reading.source == DateSource::LinkPath {
                    continue;
                }
                let Some(stated) = ends(mention.value).map(|(_, last)| day_number(last)) else { continue };
                cost += match mention.role {
                    // "… until 31 October 2022": what ends then was written before, and not years before.
                    Role::Deadline | Role::Ahead if day > stated => RULED_OUT,
                    Role::Deadline | Role::Ahead if stated - day > 400 => 6.0,
                    // An anniversary looks back far; a year near the entry's own is its own.
                    Role::Plain | Role::Published | Role::Updated if (stated - day).abs() > 300 => 0.5,
                    _ => 0.0,
                };
            }
        }
        cost
    }
}

/// A cost no listing outweighs.
const RULED_OUT: f64 = 1000.0;

/// Days between a link's month and the day of its entry: a month, and its middle.
const NEAR_PATH: i32 = 45;

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

fn constant(day: Date) -> Candidate {
    Candidate { day: day_number(day), cost: 0.0 }
}

fn date_of(point: Point) -> Result<Date, Unresolved> {
    let year = point.year.ok_or(Unresolved::NoYear)?;
    Date::new(year, point.month, point.day)
        .map_err(|_| Unresolved::Impossible { text: format!("{year}-{:02}-{:02}", point.month, point.day) })
}

/// A value whose last day is of a year.
fn in_year(value: Value, year: i16) -> Value {
    let dated = |point: Point| Point { year: point.year.or(Some(year)), ..point };
    match value {
        Value::Day(day) => Value::Day(dated(day)),
        Value::Span { first, last } => {
            let is_over_new_year = (first.month, first.day) > (last.month, last.day);
            let first = Point { year: first.year.or(Some(year - i16::from(is_over_new_year))), ..first };
            Value::Span { first, last: dated(last) }
        }
        Value::Month { month, .. } => Value::Month { year: Some(year), month },
        value => value,
    }
}

/// The first and the last day of a value whose year is known; `None`: the calendar has no such day.
fn ends(value: Value) -> Option<(Date, Date)> {
    match value {
        Value::Day(day) => date_of(day).ok().map(|day| (day, day)),
        Value::Span { first, last } => date_of(first).ok().zip(date_of(last).ok()),
        Value::Month { year, month } => {
            let first = Date::new(year?, month, 1).ok()?;
            Some((first, first.last_of_month()))
        }
        _ => None,
    }
}

/// Days since 1970.
fn day_number(day: Date) -> i32 {
    let days = day.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
    i32::try_from(days).expect("a calendar of ten thousand years")
}

/// Whether a day since 1970, a Thursday, is a weekday, 1 (Monday) to 7.
fn is_on_weekday(day: i32, weekday: i8) -> bool {
    (day + 3).rem_euclid(7) + 1 == i32::from(weekday)
}
