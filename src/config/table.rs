//! A TOML table → its keys, each asked for once; what nobody asked for is unknown. Pure.

#[cfg(debug_assertions)]
use std::collections::BTreeSet;
use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    keys::{Key, Section},
    shared::Shared,
    sheet::{Sheet, Wrong, nearest, quote},
};

/// A table while its keys are asked for.
pub struct TableReader<'a> {
    sheet: &'a Sheet<'a>,
    table: &'a DeTable<'a>,
    section: &'static Section,
    /// What it is called in messages: `[source.libya]`.
    name: String,
    /// Where a missing key is reported.
    span: Range<usize>,
    /// What was asked for, which is every key of the section in the end.
    #[cfg(debug_assertions)]
    asked: BTreeSet<&'static str>,
}

/// A key's value, with what is known about the key.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The file.
    pub sheet: &'a Sheet<'a>,
    /// The key.
    pub key: &'static Key,
    /// Its value.
    pub value: &'a Spanned<DeValue<'a>>,
}

impl<'a> TableReader<'a> {
    /// A table of which nothing was asked yet.
    pub fn new(sheet: &'a Sheet<'a>, section: &'static Section, table: &'a DeTable<'a>) -> Self {
        Self {
            sheet,
            table,
            section,
            name: section.name.to_owned(),
            span: 0..0,
            #[cfg(debug_assertions)]
            asked: BTreeSet::new(),
        }
    }

    /// Names it, and says where a missing key is reported.
    pub fn named(self, name: impl Into<String>, span: Range<usize>) -> Self {
        Self { name: name.into(), span, ..self }
    }

    /// What sources have in common.
    pub fn shared(&self) -> &'a Shared {
        self.sheet.shared
    }

    /// Whether a key is there, without asking for it.
    pub fn has(&self, name: &str) -> bool {
        self.table.get(name).is_some()
    }

    /// The value of a key of the section; `None`: it is not there.
    pub fn take(&mut self, name: &'static str) -> Option<Item<'a>> {
        #[cfg(debug_assertions)]
        self.asked.insert(name);
        let value = self.table.get(name)?;
        let key = self.section.key(name).expect("the reader asks only for keys of the table");
        Some(Item { sheet: self.sheet, key, value })
    }

    /// The same for a key that must be there.
    pub fn require(&mut self, name: &'static str) -> Option<Item<'a>> {
        let item = self.take(name);
        if let (None, Some(key)) = (item, self.section.key(name)) {
            let wrong = Wrong::new(format!("{} has no `{name}`", self.name)).expected(key.kind.words());
            self.sheet.report_missing(self.span.clone(), wrong.hint(format!("add `{name} = …`")));
        }
        item
    }

    /// Reports every key nobody asked for.
    pub fn finish(self) {
        #[cfg(debug_assertions)]
        assert!(
            self.section.keys().all(|key| self.asked.contains(key.name)),
            "{} has a key that is never read; asked: {:?}",
            self.section.name,
            self.asked
        );
        for (found, _) in self.table.iter().filter(|(found, _)| self.section.key(found.get_ref()).is_none()) {
            self.sheet.report(found.span(), self.unknown(found.get_ref()));
        }
    }

    fn unknown(&self, found: &str) -> Wrong {
        let wrong = Wrong::new(format!("unknown key {} in {}", quote(found), self.name));
        let names: Vec<_> = self.section.keys().map(|key| key.name).collect();
        if let Some(name) = synonym(found)
            .filter(|name| names.contains(name))
            .or_else(|| nearest(found, names.iter().copied()))
        {
            return wrong.hint(format!("did you mean `{name}`?"));
        }
        let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        wrong.expected(format!("one of {listed}"))
    }
}

/// What other tools call our keys.
fn synonym(found: &str) -> Option<&'static str> {
    Some(match found.to_ascii_lowercase().as_str() {
        "heading" | "title" | "name" => "headline",
        "summary" | "description" | "content" | "excerpt" => "teaser",
        "item" | "items" | "entries" | "entry_selector" => "entry",
        "interval" | "refresh" | "schedule" => "every",
        "tz" | "time_zone" | "zone" => "timezone",
        "lang" | "locale" => "language",
        "attribute" | "attr_name" => "attr",
        "css" | "select" | "selectors" => "selector",
        "guid" | "uid" => "id",
        "pattern" | "match" => "regex",
        "address" | "link_url" | "href" => "url",
        "thumbnail" | "picture" => "image",
        "favicon" | "logo" => "icon",
        "media" | "enclosures" | "audio" | "video" | "file" => "enclosure",
        "published" | "pubdate" | "time" => "date",
        "categories" | "tags" => "category",
        _ => return None,
    })
}

impl<'a> Item<'a> {
    /// Where the value stands.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Another value of the same key: an element of its array.
    pub fn with(self, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { value, ..self }
    }

    /// Notes what is wrong with the value.
    pub fn report(&self, wrong: Wrong) {
        self.sheet.report(self.span(), wrong);
    }

    /// Notes what is wrong with a part of a text.
    pub fn report_part(&self, text: &str, part: Range<usize>, wrong: Wrong) {
        self.sheet.report(self.sheet.within(&self.span(), text, part), wrong);
    }

    /// Notes that the value is of the wrong kind.
    pub fn report_kind(&self) -> Wrong {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(true) => "`true`",
            DeValue::Boolean(false) => "`false`",
            DeValue::Datetime(_) => "a date without quotes",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        Wrong::new(format!("`{}` is {found}", self.key.name)).expected(self.key.kind.words())
    }

    /// A text; everything else is reported.
    pub fn text(&self) -> Option<&'a str> {
        let text = self.value.get_ref().as_str();
        if text.is_none() {
            self.report(self.report_kind());
        }
        text
    }

    /// A text that is not blank, without the blanks around it.
    pub fn full_text(&self) -> Option<&'a str> {
        let text = self.text()?.trim();
        if text.is_empty() {
            self.report(Wrong::new(format!("`{}` is empty", self.key.name)).expected(self.key.kind.words()));
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn switch(&self) -> Option<bool> {
        let value = self.value.get_ref().as_bool();
        if value.is_none() {
            self.report(self.report_kind());
        }
        value
    }

    /// One value, or the values of an array that is not empty.
    pub fn one_or_more(self) -> Vec<Self> {
        match self.value.get_ref() {
            DeValue::Array(array) if array.is_empty() => {
                self.report(
                    Wrong::new(format!("`{}` is an empty array", self.key.name))
                        .expected(self.key.kind.words()),
                );
                Vec::new()
            }
            DeValue::Array(array) => array.iter().map(|value| self.with(value)).collect(),
            _ => vec![self],
        }
    }
}
