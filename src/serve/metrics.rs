//! How all is → `/health` for load balancers and `/metrics` for Prometheus. Pure.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::json;

/// How all is at one time.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Every source, by id.
    pub sources: Vec<SourceHealth>,
}

/// How one source is.
#[derive(Clone, Debug)]
pub struct SourceHealth {
    /// Its id.
    pub id: String,
    /// How its last refresh ended; `None`: there was none yet.
    pub verdict: Option<&'static str>,
    /// Failures in a row.
    pub failures: u32,
    /// What its failures count as ([`SourceState::standing`](crate::record::SourceState::standing)).
    pub standing: u32,
    /// From this many on it needs a person.
    pub alert_after: u32,
    /// Its last good page; `None`: there was none yet.
    pub succeeded_at: Option<Timestamp>,
}

impl SourceHealth {
    fn needs_person(&self) -> bool {
        self.standing >= self.alert_after
    }
}

/// The state of the whole as JSON. A source that fails is its own trouble: the server is well.
pub fn health(snapshot: &Snapshot) -> String {
    let count = |is: fn(&SourceHealth) -> bool| snapshot.sources.iter().filter(|source| is(source)).count();
    let value = json!({
        "status": "ok",
        "sources": snapshot.sources.len(),
        "refreshed": count(|source| source.verdict.is_some()),
        "failing": count(|source| source.failures > 0),
        "need_a_person": count(SourceHealth::needs_person),
    });
    format!("{value}\n")
}

/// The text format of Prometheus, version 0.0.4.
pub fn metrics(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let mut family = |name: &str, about: &str, value: &dyn Fn(&SourceHealth) -> Option<i64>| {
        // Writing to a `String` cannot fail, and an id needs no escaping.
        let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} gauge");
        for source in &snapshot.sources {
            if let Some(value) = value(source) {
                let _ = writeln!(text, "{name}{{source=\"{}\"}} {value}", source.id);
            }
        }
    };
    family("gleaner_source_failures", "Failed refreshes in a row.", &|source| {
        Some(i64::from(source.failures))
    });
    family("gleaner_source_needs_person", "1: the failures have reached the alert threshold.", &|source| {
        Some(i64::from(source.needs_person()))
    });
    family("gleaner_source_last_success_timestamp_seconds", "When the last good page came.", &|source| {
        source.succeeded_at.map(Timestamp::as_second)
    });
    let name = "gleaner_sources";
    let _ = writeln!(text, "# HELP {name} Sources by how their last refresh ended.\n# TYPE {name} gauge");
    let mut verdicts: Vec<&str> =
        snapshot.sources.iter().map(|source| source.verdict.unwrap_or("pending")).collect();
    verdicts.sort_unstable();
    for of_one in verdicts.chunk_by(|a, b| a == b) {
        let _ = writeln!(text, "{name}{{verdict=\"{}\"}} {}", of_one[0], of_one.len());
    }
    text
}
