//! Claims about whole resolutions; what one rule reads is in `phrases`, what must hold for any text in `laws`.

mod laws;
mod listings;
mod phrases;
mod years;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Context, Horizon, Resolution, Row, resolve};
use crate::{
    config::DayMonthOrder,
    listing::{DateSource, RawDate, RawField},
};

/// A listing to resolve.
struct Case {
    now: Timestamp,
    zone: TimeZone,
    language: Option<&'static str>,
    host: Option<&'static str>,
    order: Option<DayMonthOrder>,
    format: Option<&'static str>,
    horizon: Horizon,
}

impl Case {
    /// Fetched at a time, in UTC, English.
    fn at(now: &str) -> Self {
        let now = now.parse().expect("a time");
        Self {
            now,
            zone: TimeZone::UTC,
            language: Some("en"),
            host: None,
            order: None,
            format: None,
            horizon: Horizon::Fetch,
        }
    }

    /// Resolves rows of texts of one source each.
    fn rows(&self, source: DateSource, texts: &[&str]) -> Vec<Resolution> {
        let rows: Vec<Vec<RawDate>> = texts.iter().map(|text| vec![raw(source, text)]).collect();
        self.all(&rows, &[])
    }

    /// Resolves rows, the first of them with the days already stored for them.
    fn all(&self, rows: &[Vec<RawDate>], anchors: &[Option<Date>]) -> Vec<Resolution> {
        let anchor = |index: usize| anchors.get(index).copied().flatten();
        let rows: Vec<Row<'_>> =
            rows.iter().enumerate().map(|(index, dates)| Row { dates, anchor: anchor(index) }).collect();
        resolve(
            &rows,
            &Context {
                now: self.now,
                zone: &self.zone,
                language: self.language,
                host: self.host,
                order: self.order,
                format: self.format,
                horizon: self.horizon,
            },
        )
    }

    /// Resolves one text.
    fn one(&self, source: DateSource, text: &str) -> Resolution {
        self.rows(source, &[text]).remove(0)
    }
}

fn raw(source: DateSource, text: &str) -> RawDate {
    let field =
        RawField { value: text.into(), raw: text.into(), selector: "p".into(), element: "<p>".into() };
    RawDate { source, field }
}

/// A resolution in a line: the day, or the first day and the last, and the time; else the reason.
fn line(resolution: &Resolution) -> String {
    match &resolution.outcome {
        Ok(moment) => {
            let first = moment.first_day.map(|first| format!("{first}..")).unwrap_or_default();
            match moment.instant {
                Some(instant) => format!("{instant}"),
                None => format!("{first}{}", moment.day),
            }
        }
        Err(reason) => format!("- {reason}"),
    }
}

fn lines(resolutions: &[Resolution]) -> Vec<String> {
    resolutions.iter().map(line).collect()
}
