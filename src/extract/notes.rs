//! Notes: what is noticed row by row → diagnostics, one for the page where one for every row would be noise. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::field::Miss;
use crate::diagnostic::{Code, Diagnostic};

/// What was noticed so far.
#[derive(Default)]
pub(super) struct Notes {
    diagnostics: Vec<Diagnostic>,
    /// Fields that at least one row has.
    had: BTreeSet<&'static str>,
    missed: BTreeMap<&'static str, Vec<Missed>>,
    fallbacks: BTreeMap<String, Vec<usize>>,
    rows: usize,
}

/// A field one row lacks.
struct Missed {
    row: usize,
    miss: Miss,
    asked: String,
}

/// What was noticed in one row; it counts when the row is kept.
#[derive(Default)]
pub(super) struct RowNotes {
    diagnostics: Vec<(Code, String)>,
    had: Vec<&'static str>,
    missed: Vec<(&'static str, Miss, String)>,
    fallbacks: Vec<String>,
}

impl RowNotes {
    pub(super) fn had(&mut self, field: &'static str) {
        self.had.push(field);
    }

    pub(super) fn missed(&mut self, field: &'static str, miss: Miss, asked: String) {
        self.missed.push((field, miss, asked));
    }

    /// Something else than what was asked for first; `message` is the same for every row it happens in.
    pub(super) fn fell_back(&mut self, message: String) {
        // Of the several values of a field each would say so.
        if !self.fallbacks.contains(&message) {
            self.fallbacks.push(message);
        }
    }

    pub(super) fn note(&mut self, code: Code, message: String) {
        self.diagnostics.push((code, message));
    }
}

impl Notes {
    pub(super) fn page(&mut self, code: Code, message: String) {
        self.diagnostics.push(Diagnostic::page(code, message));
    }

    pub(super) fn kept(&mut self, row: usize, notes: RowNotes) {
        self.rows += 1;
        self.had.extend(notes.had);
        for (field, miss, asked) in notes.missed {
            self.missed.entry(field).or_default().push(Missed { row, miss, asked });
        }
        for message in notes.fallbacks {
            self.fallbacks.entry(message).or_default().push(row);
        }
        self.diagnostics.extend(notes.diagnostics.into_iter().map(|(c, m)| Diagnostic::row(c, row, m)));
    }

    /// A row that is not kept: the reason is all that is said about it.
    pub(super) fn dropped(&mut self, row: usize, code: Code, message: String) {
        self.diagnostics.push(Diagnostic::row(code, row, message));
    }

    /// The diagnostics, those of the page first, then row by row.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        for (field, missed) in std::mem::take(&mut self.missed) {
            if self.had.contains(field) {
                self.diagnostics.extend(missed.into_iter().map(|m| {
                    let message = message(field, &m);
                    Diagnostic::row(code(m.miss), m.row, message)
                }));
            } else if let Some(first) = missed.first() {
                let place = in_how_many(missed.len(), self.rows);
                let message = format!("{}, {place}", message(field, first));
                self.diagnostics.push(Diagnostic::page(code(first.miss), message));
            }
        }
        for (message, rows) in std::mem::take(&mut self.fallbacks) {
            let first = rows[0];
            let place = in_how_many(rows.len(), self.rows);
            let message = format!("{message}, {place}, first in row {first}");
            self.diagnostics.push(Diagnostic::page(Code::FallbackUsed, message));
        }
        // `None` sorts first; the sort is stable, so a row's diagnostics keep the order they were noticed in.
        self.diagnostics.sort_by_key(|d| d.row);
        self.diagnostics
    }
}

fn in_how_many(rows: usize, all: usize) -> String {
    match (rows, all) {
        (1, 1) => "in the only row".to_owned(),
        (rows, all) if rows == all => format!("in all {all} rows"),
        (rows, all) => format!("in {rows} of {all} rows"),
    }
}

fn code(miss: Miss) -> Code {
    match miss {
        Miss::Nothing => Code::FieldMissing,
        Miss::Regex => Code::RegexMissed,
        Miss::TooLong => Code::AddressUnusable,
    }
}

fn message(field: &str, missed: &Missed) -> String {
    let asked = &missed.asked;
    match missed.miss {
        Miss::Nothing => format!("`{field}`: {asked} found nothing"),
        Miss::Regex => format!("`{field}`: the regex does not match what {asked} found"),
        Miss::TooLong => format!("`{field}`: the address {asked} found is too long"),
    }
}
