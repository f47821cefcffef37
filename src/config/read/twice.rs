//! A table or key that stands twice in a file → where it stood first. Pure.

use super::{Sheet, Wrong};

/// What stands a second time, and where its line begins.
pub struct Twice<'a> {
    text: &'a str,
    line: usize,
    /// Where the line of its table begins; `None`: it stands before all tables.
    table: Option<usize>,
}

impl<'a> Twice<'a> {
    /// What stands twice, and the second time at this byte.
    pub fn at(text: &'a str, at: usize) -> Self {
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let table =
            lines(text).take_while(|(start, _)| *start <= line).filter(|(_, told)| is_table(told)).last();
        Self { text, line, table: table.map(|(start, _)| start) }
    }

    /// Whether it is a key of the table whose line begins there.
    pub fn is_in(&self, table: Option<usize>) -> bool {
        table.is_some() && self.table == table && self.table() != table
    }

    /// Where its line begins, if it is a table.
    pub fn table(&self) -> Option<usize> {
        self.table.filter(|table| *table == self.line)
    }

    /// What is said of it.
    pub fn wrong(&self, sheet: &Sheet<'_>) -> Wrong {
        let told = name(self.text[self.line..].lines().next().unwrap_or_default());
        let from = if self.table().is_some() { 0 } else { self.table.unwrap_or(0) };
        let before = lines(self.text).skip_while(|(start, _)| *start < from);
        let first = before.take_while(|(start, _)| *start < self.line).find(|(_, line)| name(line) == told);
        let wrong = Wrong::new(format!("`{told}` stands here a second time"));
        match first {
            Some((start, _)) => {
                wrong.hint(format!("the first is at {}; keep one of them", sheet.place_text(start)))
            }
            None => wrong.hint("keep one of them".to_owned()),
        }
    }
}

/// The lines of a text, each with where it begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |end, line| {
        let start = *end;
        *end += line.len();
        Some((start, line))
    })
}

fn is_table(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

/// The table or key of a line.
fn name(line: &str) -> &str {
    let told = if is_table(line) { line.split_once('#') } else { line.split_once('=') };
    told.map_or(line, |(told, _)| told).trim()
}
