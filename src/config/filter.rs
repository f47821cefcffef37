//! Which entries a joined feed shows: conditions → yes or no. Pure.

use std::time::Duration;

use jiff::SignedDuration;
use regex::Regex;
use toml::de::DeValue;

use super::{
    keys,
    sheet::Wrong,
    table::{Item, TableReader},
    value,
};
use crate::{extract, record::Record};

/// Which entries a joined feed shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One of these must hold; empty: none need.
    pub include: Vec<Condition>,
    /// None of these may hold.
    pub exclude: Vec<Condition>,
}

/// What holds for some entries: all that it names.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// The field that the patterns are looked for in; `None`: headline, teaser, author and categories.
    pub field: Option<Field>,
    /// Found in the field, every one of them.
    pub patterns: Vec<Regex>,
    /// The entry was older than this when it was first seen; `None`: whatever its age. Age that is counted from now
    /// would make a feed change without news.
    pub older_than: Option<Duration>,
}

/// A field of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The headline.
    Headline,
    /// The teaser.
    Teaser,
    /// The words of the full text.
    Content,
    /// The author.
    Author,
    /// Any of the categories.
    Category,
    /// The address.
    Link,
}

impl Filter {
    /// Whether it lets every entry pass.
    pub fn is_open(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether an entry is shown.
    pub fn admits(&self, record: &Record) -> bool {
        let holds = |conditions: &[Condition]| conditions.iter().any(|condition| condition.holds(record));
        (self.include.is_empty() || holds(&self.include)) && !holds(&self.exclude)
    }
}

impl Condition {
    /// A pattern anywhere in what a reader reads first.
    pub fn of(pattern: Regex) -> Self {
        Self { patterns: vec![pattern], ..Self::default() }
    }

    fn holds(&self, record: &Record) -> bool {
        let is_old = |age: Duration| {
            let first = record.first_seen.duration_since(record.published);
            SignedDuration::try_from(age).is_ok_and(|age| first > age)
        };
        if !self.older_than.is_none_or(is_old) {
            return false;
        }
        if self.patterns.is_empty() {
            return true;
        }
        let texts = self.texts(record);
        self.patterns.iter().all(|pattern| texts.iter().any(|text| pattern.is_match(text)))
    }

    fn texts(&self, record: &Record) -> Vec<String> {
        let entry = &record.entry;
        match self.field {
            Some(Field::Headline) => vec![entry.headline.clone()],
            Some(Field::Teaser) => entry.teaser.iter().cloned().collect(),
            Some(Field::Content) => {
                entry.content.iter().map(|html| extract::plain(html.as_str(), &|| true)).collect()
            }
            Some(Field::Author) => entry.author.iter().cloned().collect(),
            Some(Field::Category) => entry.categories.clone(),
            Some(Field::Link) => entry.link.iter().map(ToString::to_string).collect(),
            None => {
                let optional = [entry.teaser.clone(), entry.author.clone()].into_iter().flatten();
                std::iter::once(entry.headline.clone())
                    .chain(optional)
                    .chain(entry.categories.iter().cloned())
                    .collect()
            }
        }
    }
}

/// Conditions: a pattern or a table, one or an array.
pub fn conditions(item: Item<'_>) -> Vec<Condition> {
    item.one_or_more().into_iter().filter_map(condition).collect()
}

fn condition(item: Item<'_>) -> Option<Condition> {
    let DeValue::Table(table) = item.value.get_ref() else {
        return value::pattern(item, ANY_CASE).map(Condition::of);
    };
    let mut reader =
        TableReader::new(item.sheet, &keys::FILTER, table).named(format!("`{}`", item.key.name), item.span());
    let field = reader.take("field").and_then(value::word).map(|word| match word {
        "teaser" => Field::Teaser,
        "content" => Field::Content,
        "author" => Field::Author,
        "category" => Field::Category,
        "link" => Field::Link,
        _ => Field::Headline,
    });
    let regex = reader.take("regex").and_then(|item| value::pattern(item, ANY_CASE));
    let words = reader.take("words").map_or(Vec::new(), Item::one_or_more);
    let words: Vec<String> =
        words.into_iter().filter_map(|item| item.full_text().map(regex::escape)).collect();
    let words = (!words.is_empty())
        .then(|| format!("(?i)(?:^|\\W)(?:{})(?:\\W|$)", words.join("|")))
        // Escaped words always compile, but for a list as long as a book.
        .and_then(|pattern| Regex::new(&pattern).ok());
    let older_than = reader.take("older_than").and_then(value::duration);
    reader.finish();
    let is_empty = ["words", "regex", "older_than"].iter().all(|name| !table.contains_key(*name));
    if is_empty {
        let wrong = Wrong::new(format!("`{}` has a table without a condition", item.key.name));
        item.report(wrong.expected("`words`, `regex` or `older_than`"));
        return None;
    }
    Some(Condition { field, patterns: words.into_iter().chain(regex).collect(), older_than })
}

const ANY_CASE: [&str; 2] = ["(?i:", ")"];
