//! A row's text → the dates it mentions, or why it is not read. Pure.

use jiff::fmt::strtime::BrokenDownTime;

use crate::listing::{DateSource, RawDate};

use super::{
    Context, Unresolved,
    daytime::Daytime,
    lexicon::Lexicon,
    link::{self, PathDate},
    scan::{self, Mention, Place, Point, Role, Value},
};

/// The most of a text that is read for dates: far more than any teaser's start, and no page makes us slow.
const TEXT_LIMIT: usize = 4096;

/// What a text said.
pub(super) struct Reading<'a> {
    pub(super) source: DateSource,
    pub(super) text: &'a str,
    pub(super) mentions: Vec<Mention>,
    pub(super) refusal: Option<Unresolved>,
}

/// Reads one text.
pub(super) fn read<'a>(date: &'a RawDate, context: &Context<'_>, lexicon: Lexicon) -> Reading<'a> {
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
    const RULE: &str = "configured format";
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    let span = 0..text.len();
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
