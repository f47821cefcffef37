//! What a page is known to hold, and when an entry read from it is that.

use std::{collections::BTreeSet, fs, path::Path};

use gleaner::{
    entry::Entry,
    page::{Headers, Page},
};
use jiff::{Timestamp, civil};
use serde_json::Value;
use url::Url;

/// One entry of the truth.
#[derive(Clone, Debug)]
pub struct Truth {
    pub title: Option<String>,
    pub link: Option<String>,
    pub date: Option<String>,
}

pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

pub fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub fn truths(value: &Value) -> Vec<Truth> {
    let entries = value["expected"].as_array().unwrap();
    let of = |entry: &Value| Truth {
        title: text(&entry["title"]),
        link: text(&entry["link"]).map(on_page),
        date: text(&entry["date"]),
    };
    entries.iter().map(of).collect()
}

/// Links of some truths are paths of the suite they come from, where the page has the name of a file alone.
fn on_page(link: String) -> String {
    if link.starts_with("tests/") { link.rsplit('/').next().unwrap().to_owned() } else { link }
}

/// Which truth each entry is, one to one: by link and title, then by link, then by title.
pub fn matched(entries: &[&Entry], truths: &[&Truth]) -> Vec<Option<usize>> {
    let ways: [fn(&Truth, &Entry) -> bool; 3] =
        [|t, e| t.is_link_of(e) && t.is_title_of(e), Truth::is_link_of, Truth::is_title_of];
    let (mut matched, mut is_taken) = (vec![None; entries.len()], vec![false; truths.len()]);
    for is in ways {
        for (entry, place) in entries.iter().zip(&mut matched).filter(|(_, place)| place.is_none()) {
            *place = (0..truths.len()).find(|at| !is_taken[*at] && is(truths[*at], entry));
            if let Some(at) = *place {
                is_taken[at] = true;
            }
        }
    }
    matched
}

/// A saved page; `now` is a day with or without a time.
pub fn page(path: &Path, url: &str, now: Option<&str>) -> Page {
    let day = now.and_then(|now| now.replace(' ', "T").parse::<civil::DateTime>().ok());
    let late: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
    let at = day.map_or(late, |day| day.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp());
    Page {
        url: Url::parse(url).unwrap_or_else(|_| Url::parse("https://example.org/").unwrap()),
        status: 200,
        headers: Headers::default(),
        body: fs::read(path).unwrap(),
        fetched_at: at,
    }
}

impl Truth {
    pub fn is_title_of(&self, entry: &Entry) -> bool {
        self.title.as_ref().is_some_and(|title| is_same_title(&entry.headline, title))
    }

    /// Names in some truths are tidied ("People v." for "P. v."): most of their words stand on the page.
    pub fn is_told_in(&self, text: &str) -> bool {
        self.title.as_ref().is_some_and(|title| {
            let (own, words) = (words(text), words(title));
            is_same_title(text, title) || words.intersection(&own).count() as f64 >= 0.6 * words.len() as f64
        })
    }

    pub fn is_link_of(&self, entry: &Entry) -> bool {
        let found = entry.link.as_ref().map(Url::as_str);
        self.link.as_ref().zip(found).is_some_and(|(link, found)| is_same_link(found, link))
    }

    /// Whether the entry's day is this, `slack` days aside.
    pub fn is_day_of(&self, entry: &Entry, slack: i32) -> bool {
        let day = self.date.as_ref().and_then(|date| date.get(..10)?.parse::<civil::Date>().ok());
        day.zip(entry.moment.as_ref()).is_some_and(|(day, moment)| {
            (day - moment.day).get_days().abs() <= slack || moment.first_day == Some(day)
        })
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase().replace("u.s.a.", "usa").replace("u.s.", "us");
    let lower =
        lower.replace("united states of america", "us").replace("united states", "us").replace("usa", "us");
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether two headlines are one: they begin alike, or one holds the other.
pub fn is_same_title(a: &str, b: &str) -> bool {
    let (a, b) = (letters(a), letters(b));
    let head = |text: &str| text.chars().take(18).collect::<String>();
    let is_in = |short: &str, long: &str| short.len() >= 12 && long.contains(short);
    !a.is_empty() && !b.is_empty() && (head(&a) == head(&b) || is_in(&a, &b) || is_in(&b, &a))
}

/// Whether two addresses end alike; those of a truth may be relative.
pub fn is_same_link(a: &str, b: &str) -> bool {
    let (a, b) = (tail(a), tail(b));
    !a.is_empty() && (a == b || (b.len() > 5 && a.ends_with(&b)) || (a.len() > 5 && b.ends_with(&a)))
}

/// The last two parts of an address's path, decoded: saved pages do not say where they lay, so that a relative address may
/// lack a part.
fn tail(link: &str) -> String {
    let link = link.split('#').next().unwrap();
    let link =
        link.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(link, |(_, path)| path);
    let bare = link.trim_end_matches("index.html").trim_end_matches('/').trim_start_matches('.');
    let from = bare.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at);
    let form = bare[from..].replace('+', "%2B");
    let decoded: String = url::form_urlencoded::parse(form.as_bytes())
        .map(|(name, value)| if value.is_empty() { name.into_owned() } else { format!("{name}={value}") })
        .collect();
    decoded.trim_start_matches('/').to_lowercase()
}
