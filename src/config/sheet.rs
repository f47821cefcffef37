//! One file of the config while it is read: spans → problems with line and column. Pure.

use std::{cell::RefCell, ops::Range, path::Path};

use super::{ConfigText, problem::Problem, shared::Shared};

/// Where `${NAME}` comes from.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// One file while it is read.
pub struct Sheet<'a> {
    path: &'a Path,
    text: &'a str,
    line_starts: Vec<usize>,
    broken_lines: RefCell<Vec<usize>>,
    problems: RefCell<Vec<Problem>>,
    /// Where `${NAME}` comes from.
    pub environment: Environment<'a>,
    /// What its sources have in common with others.
    pub shared: &'a Shared,
}

/// What is wrong, without its place.
#[derive(Debug)]
pub struct Wrong {
    message: String,
    expected: Option<String>,
    hint: Option<String>,
}

impl Wrong {
    /// What was found and what is wrong with it.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), expected: None, hint: None }
    }

    /// What was expected instead.
    pub fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    /// What to do about it.
    pub fn hint(self, hint: impl Into<Option<String>>) -> Self {
        Self { hint: hint.into(), ..self }
    }
}

impl<'a> Sheet<'a> {
    /// A file, nothing of it read yet.
    pub fn new(file: &'a ConfigText, environment: Environment<'a>, shared: &'a Shared) -> Self {
        let text = file.text.as_str();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            path: &file.path,
            text,
            line_starts,
            broken_lines: RefCell::default(),
            problems: RefCell::default(),
            shared,
            environment,
        }
    }

    /// Its path.
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// Its text, without a byte order mark.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Notes a problem. On a line that is no TOML, what follows from that is not told again.
    pub fn report(&self, span: Range<usize>, wrong: Wrong) {
        let (line, _) = self.place(span.start);
        if !self.broken_lines.borrow().contains(&line) {
            self.note(span, wrong);
        }
    }

    /// Notes that something is missing. A file that is not TOML throughout may have it in the broken part.
    pub fn report_missing(&self, span: Range<usize>, wrong: Wrong) {
        if !self.is_broken() {
            self.note(span, wrong);
        }
    }

    /// Notes that the file is not TOML here; of a line only once, the rest follows from the first.
    pub fn report_syntax(&self, span: Range<usize>, wrong: Wrong) {
        let (line, _) = self.place(span.start);
        if !self.broken_lines.borrow().contains(&line) {
            self.note(span, wrong);
            self.broken_lines.borrow_mut().push(line);
        }
    }

    /// Some of it is not TOML.
    pub fn is_broken(&self) -> bool {
        !self.broken_lines.borrow().is_empty()
    }

    /// Something was noted.
    pub fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// What was noted.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// `path:line` of a byte, for messages about two places.
    pub fn place_text(&self, at: usize) -> String {
        format!("{}:{}", self.path.display(), self.place(at).0)
    }

    /// Where `part`, a range of `value`'s bytes, stands in the file, `value` being the string written at `span`.
    /// A string with escapes or of several lines is not the text between its quotes; the whole of it is named then.
    pub fn within(&self, span: &Range<usize>, value: &str, part: Range<usize>) -> Range<usize> {
        let written = self.text.get(span.clone()).unwrap_or("");
        if written.len() == value.len() + 2 && written.get(1..written.len() - 1) == Some(value) {
            let start = span.start + 1;
            start + part.start.min(value.len())..start + part.end.min(value.len())
        } else {
            span.clone()
        }
    }

    fn note(&self, span: Range<usize>, wrong: Wrong) {
        let start = span.start.min(self.text.len());
        let span = start..span.end.clamp(start, self.text.len());
        let (line, column) = self.place(start);
        let Wrong { message, expected, hint } = wrong;
        let file = self.path.to_owned();
        self.problems.borrow_mut().push(Problem { file, line, column, span, message, expected, hint });
    }

    /// Line and column of a byte, both from 1, the column in characters.
    fn place(&self, at: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= at).max(1);
        let start = self.line_starts[line - 1];
        let rest = &self.text[start..];
        let end =
            rest.find('\n').map_or(rest, |end| rest[..end].strip_suffix('\r').unwrap_or(&rest[..end])).len();
        let at = at.min(start + end);
        // The parser may name a byte inside a character: that character's column.
        let before = rest.char_indices().take_while(|(offset, c)| start + offset + c.len_utf8() <= at);
        let column = before.count() + 1;
        (line, column)
    }
}

/// The likeliest of `names` for a misspelt `word`; `None`: none is near.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let word = word.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(word.chars().count()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

/// A found text for a message: in backticks, escaped, and not longer than a line.
pub fn quote(text: &str) -> String {
    const MOST: usize = 60;
    let short: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() { format!("`{short}…`") } else { format!("`{short}`") }
}
