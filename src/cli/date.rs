//! `date`: what gleaner reads in a text, for people and scripts.

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{Exit, Failure, Outcome, terminal::Terminal};
use crate::{
    clock,
    listing::{DateSource, RawDate, RawField},
    moment::{self, Horizon, Precision, Resolution, Row},
};

/// Options of `date`.
#[derive(Debug, Args)]
pub struct Options {
    /// The texts; without one, each line of standard input is a text
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// The time of the fetch, such as 2025-03-07T09:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// The language of the texts, such as en
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
    /// The zone in which days begin, such as Africa/Tripoli
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// Also read days later than the fetch, as of events; without it they are refused
    #[arg(long)]
    ahead: bool,
    /// Print a line of JSON for each text
    #[arg(long)]
    json: bool,
}

pub fn date(options: &Options, terminal: &mut Terminal) -> Outcome {
    let zone = TimeZone::get(&options.zone)
        .map_err(|_| Failure::usage(format!("no time zone is named `{}`", options.zone)))?;
    let context = moment::Context {
        now: options.now.unwrap_or_else(clock::now),
        zone: &zone,
        language: options.lang.as_deref(),
        host: None,
        order: None,
        format: None,
        horizon: if options.ahead { Horizon::Open } else { Horizon::Fetch },
    };
    let texts = match options.texts.as_slice() {
        [] => {
            terminal.lines().map_err(|error| Failure::ours(format!("cannot read standard input: {error}")))?
        }
        texts => texts.to_vec(),
    };
    for text in texts {
        let resolution = resolve(&text, &context);
        let line =
            if options.json { as_json(&text, &resolution, &zone).to_string() } else { as_text(&resolution) };
        terminal.data(&format!("{line}\n"));
    }
    Ok(Exit::Fine)
}

/// Each text by itself: it is no listing, and one line says nothing of the next.
fn resolve(text: &str, context: &moment::Context<'_>) -> Resolution {
    let field = RawField {
        value: text.to_owned(),
        raw: text.to_owned(),
        selector: String::new(),
        element: String::new(),
    };
    let dates = [RawDate { source: DateSource::Field, field }];
    let mut resolutions = moment::resolve(&[Row { dates: &dates, anchor: None }], context);
    resolutions.pop().expect("one row gives one resolution")
}

fn as_text(resolution: &Resolution) -> String {
    match &resolution.outcome {
        Ok(moment) => match (moment.first_day, moment.instant) {
            (Some(first), _) => format!("{first} to {}", moment.day),
            (None, Some(instant)) if moment.precision == Precision::Minute => instant.to_string(),
            (None, _) => moment.day.to_string(),
        },
        Err(why) => format!("– {why}"),
    }
}

fn as_json(text: &str, resolution: &Resolution, zone: &TimeZone) -> Value {
    let span = resolution.span.as_ref().map(|span| [span.start, span.end]);
    match &resolution.outcome {
        Ok(moment) => json!({
            "text": text,
            "date": moment.first_day.unwrap_or(moment.day),
            "end": moment.first_day.map(|_| moment.day),
            "time": moment.instant.map(|i| i.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S%:z").to_string()),
            "precision": moment.precision,
            "provenance": moment.provenance,
            "span": span,
            "rule": resolution.rule,
        }),
        Err(why) => json!({ "text": text, "date": null, "reason": why.to_string() }),
    }
}
