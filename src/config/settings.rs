//! What a source may leave to `[defaults]`, and those to gleaner. Pure.

use std::{path::PathBuf, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::tz::TimeZone;
use url::Url;

use super::{
    Heal, Keep, headers, local,
    table::TableReader,
    value::{self, Route},
};
use crate::{feed::Format, fetch::guard::Inside, schedule::Pace};

/// What a source may leave to the defaults.
#[derive(Clone)]
pub struct Settings {
    pub every: Duration,
    pub pace: Pace,
    pub timezone: TimeZone,
    pub language: Option<String>,
    pub user_agent: Option<String>,
    pub contact: Option<String>,
    pub headers: Vec<(String, String)>,
    pub timeout: Duration,
    pub max_bytes: usize,
    pub max_redirects: usize,
    pub spacing: Duration,
    pub inside: Inside,
    pub proxy: Option<Url>,
    pub extra_ca: Option<PathBuf>,
    pub robots: bool,
    pub alert_after: u32,
    pub heal: Heal,
    pub keep: Keep,
    pub archive: bool,
    pub formats: Vec<Format>,
    pub publish: bool,
}

impl Settings {
    /// What holds when the config says nothing; the same as the table of keys says.
    pub fn builtin() -> Self {
        Self {
            every: Duration::from_secs(3600),
            pace: Pace::Steady,
            timezone: TimeZone::UTC,
            language: None,
            user_agent: None,
            contact: None,
            headers: Vec::new(),
            timeout: Duration::from_secs(60),
            max_bytes: 20 << 20,
            max_redirects: 5,
            spacing: Duration::from_secs(2),
            inside: Inside::Refused,
            proxy: None,
            extra_ca: None,
            robots: true,
            alert_after: 2,
            heal: Heal::Ask,
            keep: Keep { entries: 200, age: None },
            archive: false,
            formats: vec![Format::Atom],
            publish: true,
        }
    }
}

/// The settings of a table, those of `base` where it says nothing.
pub fn settings(reader: &mut TableReader<'_>, base: &Settings) -> Settings {
    let mut settings = base.clone();
    if let Some((every, pace)) = reader.take("every").and_then(value::every) {
        set(&mut settings.every, every);
        settings.pace = pace;
    }
    set(&mut settings.pace, reader.take("at").and_then(value::cron).map(Pace::Times));
    set(&mut settings.timezone, reader.take("timezone").and_then(value::zone));
    set_some(&mut settings.language, reader.take("language").and_then(value::language));
    set_some(&mut settings.user_agent, reader.take("user_agent").and_then(value::header_text));
    set_some(&mut settings.contact, reader.take("contact").and_then(value::header_text));
    set(&mut settings.headers, reader.take("headers").map(|item| headers::headers(item, &base.headers)));
    let mut line = |name, value: Option<String>| {
        if let Some(value) = value {
            headers::put(&mut settings.headers, name, value);
        }
    };
    line("cookie", reader.take("cookies").and_then(headers::cookies));
    let basic = reader.take("basic").and_then(headers::login);
    line("authorization", basic.map(|login| format!("Basic {}", BASE64_STANDARD.encode(login))));
    let bearer = reader.take("bearer").and_then(headers::secret);
    line("authorization", bearer.map(|token| format!("Bearer {token}")));
    match reader.take("proxy").and_then(value::proxy) {
        Some(Route::Direct) => settings.proxy = None,
        Some(Route::Proxy(url)) => settings.proxy = Some(url),
        None => {}
    }
    set_some(&mut settings.extra_ca, reader.take("extra_ca").and_then(local::path));
    set(&mut settings.robots, reader.take("robots").and_then(|item| item.switch()));
    set(&mut settings.timeout, reader.take("timeout").and_then(value::duration));
    set(&mut settings.max_bytes, reader.take("max_bytes").and_then(value::count));
    set(&mut settings.max_redirects, reader.take("max_redirects").and_then(value::count));
    set(&mut settings.spacing, reader.take("spacing").and_then(value::duration));
    set(&mut settings.inside, reader.take("allow_private").and_then(value::inside));
    let alert_after = reader.take("alert_after").and_then(value::integer);
    set(&mut settings.alert_after, alert_after.and_then(|count| u32::try_from(count).ok()));
    set(
        &mut settings.heal,
        reader.take("heal").and_then(value::word).map(|word| match word {
            "auto" => Heal::Auto,
            _ => Heal::Ask,
        }),
    );
    settings.keep = keep(reader, base.keep);
    set(&mut settings.archive, reader.take("archive").and_then(|item| item.switch()));
    settings.formats = formats(reader, &base.formats);
    set(&mut settings.publish, reader.take("publish").and_then(|item| item.switch()));
    settings
}

/// How much history is kept, as in `base` where the table says nothing.
pub fn keep(reader: &mut TableReader<'_>, base: Keep) -> Keep {
    let mut keep = base;
    set(&mut keep.entries, reader.take("keep_entries").and_then(value::count));
    set_some(&mut keep.age, reader.take("keep_age").and_then(value::duration));
    keep
}

/// The formats a feed is published in, each once, those of `base` where the table says nothing.
pub fn formats(reader: &mut TableReader<'_>, base: &[Format]) -> Vec<Format> {
    let Some(item) = reader.take("formats") else { return base.to_vec() };
    let words: Vec<&str> = item.one_or_more().into_iter().filter_map(value::word).collect();
    Format::ALL.into_iter().filter(|format| words.contains(&format.word())).collect()
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

fn set_some<T>(setting: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *setting = value;
    }
}
