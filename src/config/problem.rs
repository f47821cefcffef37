//! Problems of a config → text with a drawn piece of the file, or JSON. Pure.
//!
//! Never shows a value from the environment, nor the name and password in an address.

use std::{fmt, ops::Range, path::PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::ConfigText;

/// Drawn problems beyond these help nobody: a binary file named as config has thousands.
const MAX_DRAWN: usize = 50;

/// One thing a person wrote that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The bytes of the file it is about; empty at the end of a file.
    #[serde(skip)]
    pub span: Range<usize>,
    /// What was found and what is wrong with it.
    pub message: String,
    /// What was expected there; `None`: the message says it.
    pub expected: Option<String>,
    /// Advice; `None`: none.
    pub hint: Option<String>,
}

/// Every problem of a config, in the order of files and places. Never empty.
#[derive(Clone, Debug)]
pub struct Problems {
    list: Vec<Problem>,
    texts: Vec<ConfigText>,
}

/// Whether drawn problems carry terminal colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Text alone.
    Plain,
    /// ANSI escapes.
    Styled,
}

impl Problems {
    /// Sorts them: in the order of `texts`, then by place.
    pub(super) fn new(mut list: Vec<Problem>, texts: Vec<ConfigText>) -> Self {
        let file = |problem: &Problem| texts.iter().position(|text| text.path == problem.file);
        list.sort_by(|a, b| {
            (file(a), a.span.start, a.span.end, &a.message).cmp(&(file(b), b.span.start, b.span.end, &b.message))
        });
        list.dedup();
        Self { list, texts }
    }

    /// The problems, in order.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// All problems with the piece of the file each is about, and a line that counts them.
    pub fn draw(&self, colors: Colors) -> String {
        let renderer = match colors {
            Colors::Plain => Renderer::plain(),
            Colors::Styled => Renderer::styled(),
        };
        let mut drawn = String::new();
        for problem in self.list.iter().take(MAX_DRAWN) {
            drawn.push_str(&self.draw_one(&renderer, problem));
            drawn.push_str("\n\n");
        }
        drawn.push_str(&self.count());
        drawn.push('\n');
        drawn
    }

    fn draw_one(&self, renderer: &Renderer, problem: &Problem) -> String {
        let text = self.texts.iter().find(|text| text.path == problem.file).map_or("", |text| &text.text);
        let lines = Lines::around(text, &problem.span);
        let place = problem.file.display().to_string();
        let mut mark = AnnotationKind::Primary.span(lines.mark);
        if let Some(expected) = &problem.expected {
            mark = mark.label(format!("expected {expected}"));
        }
        let snippet = Snippet::source(mask_credentials(lines.text)).line_start(problem.line).path(place).annotation(mark);
        let mut group = Group::with_title(Level::ERROR.primary_title(&*problem.message)).element(snippet);
        if let Some(hint) = &problem.hint {
            group = group.element(Level::HELP.with_name("hint").message(&**hint));
        }
        renderer.render(&[group])
    }

    fn count(&self) -> String {
        let mut files: Vec<_> = self.list.iter().map(|problem| &problem.file).collect();
        files.dedup();
        let count = self.list.len();
        let problems = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
        let shown = if count > MAX_DRAWN { format!(", the first {MAX_DRAWN} shown") } else { String::new() };
        match files.as_slice() {
            [file] => format!("{problems} in `{}`{shown}", file.display()),
            files => format!("{problems} in {} files{shown}", files.len()),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.draw(Colors::Plain))
    }
}

impl std::error::Error for Problems {}

impl Serialize for Problems {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

/// The line a problem starts on, and its mark inside that line.
struct Lines<'a> {
    text: &'a str,
    mark: Range<usize>,
}

impl<'a> Lines<'a> {
    /// One line is enough: a value of several lines is known by its first.
    fn around(text: &'a str, span: &Range<usize>) -> Self {
        let start = floor(text, span.start);
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let last = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[first..last].trim_end_matches('\r');
        let mark_start = (start - first).min(line.len());
        let mark_end = floor(text, span.end).saturating_sub(first).clamp(mark_start, line.len());
        Self { text: line, mark: mark_start..mark_end }
    }
}

/// The nearest character's border at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// `https://ann:secret@host/` → `https://**********@host/`, of the same length, so that marks still fit.
fn mask_credentials(line: &str) -> String {
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let end = after.find(['/', '"', '\'', ' ', '?', '#']).unwrap_or(after.len());
        let credentials = after[..end].rfind('@').unwrap_or(0);
        masked.push_str(&"*".repeat(credentials));
        rest = &after[credentials..];
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_in_addresses_are_masked() {
        assert_eq!(mask_credentials(r#"url = "https://ann:se@cret@host/a@b""#), r#"url = "https://**********@host/a@b""#);
        assert_eq!(mask_credentials("url = \"https://host/\""), "url = \"https://host/\"");
    }

    #[test]
    fn a_mark_stays_inside_its_line() {
        let lines = Lines::around("a\nbc\r\nd", &(3..7));
        assert_eq!((lines.text, lines.mark), ("bc", 1..2));
        let lines = Lines::around("a\n", &(2..2));
        assert_eq!((lines.text, lines.mark), ("", 0..0));
    }
}
