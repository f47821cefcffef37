//! Proposals: a group and its fields → the config of a source that gives its entries. Pure.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    columns::{self, Column},
    facts::Texts,
    fields::DatePlace,
    further::Further,
    inside::{self, Cell},
    score::Scored,
    selector::{self, Found},
    tree::Tree,
};
use crate::config::{self, ConfigText, Source};

/// The keys of a source, in the order a person writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// The page.
    pub url: Url,
    /// The scripts whose JSON is read; `None`: the page itself is.
    pub json: Option<String>,
    /// One element an entry.
    pub entry: String,
    /// Whether an entry reaches from that element to the next.
    pub to_next: bool,
    /// The headline: fallbacks, at least one.
    pub headline: Vec<String>,
    /// What is cut from the end of the headline; `None`: nothing.
    pub cut: Option<String>,
    /// The mark that the headline begins after; `None`: there is none.
    pub after: Option<String>,
    /// The link; empty: the headline's own.
    pub link: Vec<String>,
    /// The date in the entry.
    pub date: DateKey,
    /// Whether what has no date is no entry.
    pub is_dated: bool,
    /// The regular expression that the date's text must match; `None`: any will do.
    pub dates_match: Option<String>,
    /// What stands above entries and dates them, or says what their own dates leave open; `None`: nothing does.
    pub above: Option<String>,
    /// The teaser; empty: none.
    pub teaser: Vec<String>,
    /// The image; empty: none.
    pub image: Vec<String>,
    /// The language, where gleaner would not know it; `None`: it does, or it is not evident.
    pub language: Option<String>,
    /// The zone of its days; `None`: it is not evident.
    pub timezone: Option<String>,
    /// Where the listing goes on; `None`: nowhere.
    pub next: Option<Further>,
}

/// What the config says of the date.
#[derive(Clone, Debug, PartialEq)]
pub enum DateKey {
    /// Nothing.
    None,
    /// Where its text is, with fallbacks.
    At(Vec<String>),
    /// Which field's text holds it.
    From(&'static str),
}

/// How an entry's element is given: by what selector, and whether it reaches to the next.
pub struct Entry {
    /// The selector.
    pub selector: String,
    /// Whether an entry goes on up to the next.
    pub to_next: bool,
}

/// A selector for headings that gives others too would date entries wrongly.
const LEAST_FIT_ABOVE: f64 = 0.97;

/// Writes the keys for a group whose elements are given by `entry`.
pub fn keys(texts: &Texts<'_, '_>, of: &Scored, entry: Entry, url: &Url) -> Option<Keys> {
    let fields = &of.fields;
    let sample = columns::sample(&of.group.items);
    let field = |at: usize| field(texts, &sample, &fields.columns[at]);
    let headlines = std::iter::once(&fields.headline).chain(&fields.other_headlines);
    let mut headlines = headlines.map(|at| (at, field(*at))).filter(|(_, selectors)| !selectors.is_empty());
    let (at, mut headline) = headlines.next()?;
    if fields.columns[*at].described > 0.0 {
        headline = headline.iter().map(|selector| format!("{selector}@alt")).collect();
    }
    let is_linked_otherwise = fields
        .link
        .is_some_and(|link| !is_headlines_own(texts, &sample, &fields.columns[*at], &fields.columns[link]));
    let date = match fields.date {
        DatePlace::Column(at) => DateKey::At(field(at)),
        DatePlace::Headline if *at == fields.headline => DateKey::From("headline"),
        DatePlace::Nowhere | DatePlace::Headline | DatePlace::Above => DateKey::None,
        DatePlace::Teaser => DateKey::From("teaser"),
        DatePlace::Before => DateKey::From("before"),
    };
    Some(Keys {
        url: url.clone(),
        json: None,
        entry: entry.selector,
        to_next: entry.to_next,
        headline,
        cut: mark(texts, &fields.columns[*at], Side::End),
        after: mark(texts, &fields.columns[*at], Side::Start),
        link: fields.link.filter(|_| is_linked_otherwise).map(field).unwrap_or_default(),
        date,
        is_dated: false,
        dates_match: None,
        above: above(texts.tree, of),
        teaser: fields.teaser.map(field).unwrap_or_default(),
        image: fields.image.map(field).unwrap_or_default(),
        language: None,
        timezone: None,
        next: None,
    })
}

/// What dates the entries below it, where a selector gives all of it.
fn above(tree: &Tree<'_>, of: &Scored) -> Option<String> {
    let found = selector::of_headings(tree, &of.fields.above.as_ref()?.headings, &of.group.items);
    found.filter(|found| found.fit >= LEAST_FIT_ABOVE).map(|found| found.text)
}

/// The selectors of one field: one, and another for entries that are built otherwise.
fn field(texts: &Texts<'_, '_>, sample: &[u32], column: &Column) -> Vec<String> {
    if column.is_entry {
        return vec!["*".to_owned()];
    }
    let tree = texts.tree;
    // A column without text is one of images, or of links around images.
    let is_taken = |at: u32| column.chars < 1.0 || texts.of(at).chars > 0;
    let mut cells: Vec<Cell> = sample.iter().map(|item| Cell { item: *item, at: None }).collect();
    for (item, at) in &column.cells {
        cells[usize::from(*item)].at = Some(*at);
    }
    let Some(first) = inside::of_field(tree, &cells, &is_taken) else { return Vec::new() };
    let Found { text, fit } = first;
    if fit < 0.3 { Vec::new() } else { vec![text] }
}

/// A side of a text.
#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

/// The mark at one side of nearly each headline that links to it, as manuals have it (`¶`, `#`), or what it is called before
/// it (`Title:`), as a pattern.
fn mark(texts: &Texts<'_, '_>, headline: &Column, side: Side) -> Option<String> {
    const FEWEST: usize = 4;
    const LONGEST: usize = 20;
    let tree = texts.tree;
    let marks = headline.cells.iter().filter_map(|(_, at)| {
        let of = tree.get(*at).text;
        let mark = |inside: u32| {
            let element = tree.get(inside);
            let text = tree.text(inside);
            let is_link = element.attributes.href.is_some() && !text.contains(char::is_alphanumeric);
            let is = match side {
                Side::Start => {
                    element.text.0 == of.0 && (is_link || text.ends_with(':') && text.len() <= LONGEST)
                }
                Side::End => element.text.1 == of.1 && is_link,
            };
            (is && !text.is_empty() && text.len() < tree.text(*at).len()).then_some(text)
        };
        (*at + 1..tree.get(*at).end).find_map(mark)
    });
    let marks: Vec<&str> = marks.collect();
    let first = *marks.first()?;
    let same = marks.iter().filter(|mark| **mark == first).count();
    (same >= FEWEST && same * 10 >= headline.cells.len() * 9).then(|| regex::escape(first))
}

/// Whether the headline's own link, as `extract` finds it, is the link that is meant.
fn is_headlines_own(texts: &Texts<'_, '_>, sample: &[u32], headline: &Column, link: &Column) -> bool {
    let mut wrong = 0;
    for (item, at) in &link.cells {
        let element = sample[usize::from(*item)];
        let meant = columns::link(texts, element, *at);
        let own = headline.cells.binary_search_by_key(item, |cell| cell.0).ok();
        let own = own.map(|found| headline.cells[found].1);
        let is_dead = own.is_some_and(|at| has_dead_link(texts, element, at));
        let own = own.and_then(|at| columns::link(texts, element, at));
        let is_only = || own.is_none() && !is_dead && only_link(texts, element) == meant;
        wrong += usize::from(own != meant && !is_only());
    }
    (wrong as f64) <= 0.02 * link.cells.len() as f64
}

/// Whether an element is, holds or stands in a link that leads nowhere (`#`) and in none that does: `extract` takes it
/// for the headline's.
fn has_dead_link(texts: &Texts<'_, '_>, item: u32, at: u32) -> bool {
    let tree = texts.tree;
    let inside = at..tree.get(at).end;
    let around = tree.around(at).take_while(|around| *around >= item);
    let mut links = inside.chain(around).filter(|at| tree.get(*at).attributes.href.is_some()).peekable();
    links.peek().is_some() && links.all(|at| tree.get(at).href.is_none())
}

/// The one address that all links of an entry share.
fn only_link(texts: &Texts<'_, '_>, item: u32) -> Option<u64> {
    let tree = texts.tree;
    let mut links = (item..tree.get(item).end).filter_map(|at| tree.get(at).href).map(super::facts::address);
    let first = links.next()?;
    links.all(|other| other == first).then_some(first)
}

impl Keys {
    /// The keys of a source of which only the page is known.
    pub fn of_page(url: Url) -> Self {
        let any = "*".to_owned();
        Self {
            url,
            json: None,
            entry: "body".to_owned(),
            to_next: false,
            headline: vec![any],
            cut: None,
            after: None,
            link: Vec::new(),
            date: DateKey::None,
            is_dated: false,
            dates_match: None,
            above: None,
            teaser: Vec::new(),
            image: Vec::new(),
            language: None,
            timezone: None,
            next: None,
        }
    }

    /// Leaves out what holds for every source of a config (`defaults`), and says what of it does not hold here; `stated` is the
    /// language that the page states.
    pub fn fit(&mut self, defaults: &Source, stated: Option<&str>) {
        self.timezone.take_if(|zone| defaults.timezone.iana_name() == Some(zone.as_str()));
        if defaults.language.is_some() {
            let own = self.language.take().or_else(|| stated.map(str::to_owned));
            self.language = own.filter(|own| defaults.language.as_ref() != Some(own));
        }
    }

    /// The keys as TOML, for below `[source.ID]` or a file of its own.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (name, value) in self.pairs() {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{name:<8} = {}", to_toml(&value));
        }
        text
    }

    /// The keys as JSON.
    pub fn to_json(&self) -> Value {
        self.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn pairs(&self) -> Vec<(&'static str, Value)> {
        let mut pairs = vec![("url", json!(self.url))];
        pairs.extend(self.json.as_ref().map(|scripts| ("json", json!(scripts))));
        pairs.push(("entry", json!(self.entry)));
        if self.to_next {
            pairs.push(("to_next", json!(true)));
        }
        let mut headline = one_or_several(&self.headline);
        let regex = self.after.as_ref().map(|mark| ("regex", format!("^(?:{mark})?\\s*(.+)")));
        let cut = self.cut.clone().map(|cut| ("cut", cut));
        for (name, pattern) in regex.into_iter().chain(cut) {
            headline = headline.map(|headline| with_key(headline, name, &pattern));
        }
        pairs.extend(headline.map(|headline| ("headline", headline)));
        let mut add = |name, selectors| pairs.extend(one_or_several(selectors).map(|value| (name, value)));
        add("link", &self.link);
        add("teaser", &self.teaser);
        add("image", &self.image);
        pairs.extend(self.date().map(|date| ("date", date)));
        pairs.extend(self.language.as_ref().map(|tag| ("language", json!(tag))));
        pairs.extend(self.timezone.as_ref().map(|zone| ("timezone", json!(zone))));
        match &self.next {
            None => {}
            Some(Further::Rel) => pairs.push(("next", json!(true))),
            Some(Further::Link(selector)) => pairs.push(("next", json!(selector))),
        }
        pairs
    }

    fn date(&self) -> Option<Value> {
        let own = match &self.date {
            DateKey::None => None,
            DateKey::At(selectors) if self.above.is_none() && !self.is_dated => {
                return one_or_several(selectors);
            }
            DateKey::At(selectors) => one_or_several(selectors).map(|value| ("selector", value)),
            DateKey::From(field) => Some(("from", json!(field))),
        };
        let matching = self.dates_match.as_ref().map(|regex| ("regex", json!(regex)));
        let required = self.is_dated.then_some(("required", json!(true)));
        let above = self.above.as_ref().map(|above| ("above", json!(above)));
        let table = own
            .into_iter()
            .chain(matching)
            .chain(required)
            .chain(above)
            .map(|(name, value)| (name.to_owned(), value));
        Some(table.collect::<Map<_, _>>()).filter(|table| !table.is_empty()).map(Value::Object)
    }

    /// The source these keys make; `None`: they are no config, which would be a defect of this module.
    pub fn source(&self, id: &str) -> Option<Source> {
        let text = format!("[source.{id}]\n{}", self.to_toml());
        let file = ConfigText { path: "gleaner.toml".into(), text };
        let config = config::read(&[file], &|_| None).ok()?;
        config.sources.into_iter().next()
    }
}

/// A field's selectors, or its table, with another key.
fn with_key(field: Value, name: &str, value: &str) -> Value {
    let mut table = match field {
        Value::Object(table) => table,
        selectors => Map::from_iter([("selector".to_owned(), selectors)]),
    };
    table.insert(name.to_owned(), json!(value));
    Value::Object(table)
}

/// Selectors as the config has them; `None`: there are none.
fn one_or_several(selectors: &[String]) -> Option<Value> {
    match selectors {
        [] => None,
        [one] => Some(json!(one)),
        several => Some(json!(several)),
    }
}

fn to_toml(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(to_toml).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let pairs: Vec<String> =
                object.iter().map(|(name, value)| format!("{name} = {}", to_toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    }
}
