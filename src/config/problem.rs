//! Problems of a config → text with a drawn piece of the file, or JSON. Pure.
//!
//! Never shows a value from the environment, nor the name and password in an address.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use regex::Regex;
use serde::Serialize;

use super::ConfigText;

/// Drawn problems beyond these help nobody: a binary file named as config has thousands.
const MAX_DRAWN: usize = 50;

/// One thing a person wrote that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    #[serde(serialize_with = "as_shown")]
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
#[derive(Clone)]
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
            (file(a), a.span.start, a.span.end, &a.message).cmp(&(
                file(b),
                b.span.start,
                b.span.end,
                &b.message,
            ))
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
        // A lone carriage return would be drawn as a line's end.
        let line = mask_credentials(lines.text).replace('\r', " ");
        let snippet = Snippet::source(line).line_start(problem.line).path(place).annotation(mark);
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

impl fmt::Debug for Problems {
    /// Without the texts: they may hold a password that was written into an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

impl std::error::Error for Problems {}

/// A path that is not UTF-8 has a place in JSON too.
fn as_shown<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

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
        let line = &text[first..last];
        let line = if last < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { line };
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

/// `https://ann:secret@host/` → `https://**********@host/`, of the same length in bytes and characters, so that
/// marks still fit.
fn mask_credentials(line: &str) -> String {
    /// What stands before a host, also where its slashes are amiss.
    static START: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)https?:[/\\]*|//").expect("it is a regular expression"));
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = START.find(rest) {
        let (before, after) = rest.split_at(start.end());
        masked.push_str(before);
        let end = after.find(['/', '"', '\'', ' ', '?', '#']).unwrap_or(after.len());
        let credentials = after[..end].rfind('@').unwrap_or(0);
        // `//li[@class]` is XPath.
        let is_path =
            start.as_str() == "//" && !before.ends_with("://") && after[..credentials].ends_with('[');
        let credentials = if is_path { 0 } else { credentials };
        masked.extend(after[..credentials].chars().map(|c| ['*', '·', '•', '🞄'][c.len_utf8() - 1]));
        rest = &after[credentials..];
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> ConfigText {
        ConfigText { path: path.into(), text: text.to_owned() }
    }

    #[test]
    fn names_and_passwords_in_addresses_are_masked() {
        assert_eq!(
            mask_credentials(r#"url = "https://ann:se@cret@host/a@b""#),
            r#"url = "https://***********@host/a@b""#
        );
        assert_eq!(mask_credentials("url = \"https://host/\""), "url = \"https://host/\"");
        assert_eq!(mask_credentials("'//li[@class]'"), "'//li[@class]'", "an XPath is no address");
        assert_eq!(mask_credentials("'http://u:p[@host'"), "'http://****@host'");
        for start in ["http:/", "HTTPS:///", "https:", "https:\\\\"] {
            let masked = mask_credentials(&format!("'{start}u:p@host/a@b'"));
            assert_eq!(masked, format!("'{start}***@host/a@b'"));
        }
        assert_eq!(mask_credentials("\"//aé€🦀@host\""), "\"//*·•🞄@host\"");
    }

    #[test]
    fn a_mark_stays_inside_its_line() {
        let lines = Lines::around("a\nbc\r\nd", &(3..7));
        assert_eq!((lines.text, lines.mark), ("bc", 1..2));
        let lines = Lines::around("a\n", &(2..2));
        assert_eq!((lines.text, lines.mark), ("", 0..0));
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "the drawn problems are long")]
    fn all_problems_are_told_at_once_and_drawn() {
        let main = file(
            "config/gleaner.toml",
            r#"[defaults]
evry = "1h"
timezone = "Tripoli"

[source.one]
url = "ftp://a.example/"
entry = "article::text"
headline = { selector = "h2", regx = "x" }
every = 60

[source."Two Words"]
url = "https://ann:sesame@b.example/"
entry = "li:fist-child"

[feed.all]
title = "All"
sources = ["ome", "x-*"]
"#,
        );
        let sister =
            file("config/sources/one.toml", "url = \"https://c.example\"\nentry = \"li\"\nheadline = 5\n");
        let problems = crate::config::read(&[main, sister], &|_| None).unwrap_err();
        insta::assert_snapshot!(problems.draw(Colors::Plain), @r##"
        error: unknown key `evry` in [defaults]
         --> config/gleaner.toml:2:1
          |
        2 | evry = "1h"
          | ^^^^
          |
          = hint: did you mean `every`?

        error: no time zone is named `Tripoli`
         --> config/gleaner.toml:3:12
          |
        3 | timezone = "Tripoli"
          |            ^^^^^^^^^ expected a time zone such as `"Africa/Tripoli"`
          |
          = hint: did you mean `Africa/Tripoli`?

        error: `url` has the scheme `ftp`
         --> config/gleaner.toml:6:7
          |
        6 | url = "ftp://a.example/"
          |       ^^^^^^^^^^^^^^^^^^ expected an address such as `"https://example.org/news/"`

        error: `entry`: `::text` is not a pseudo-element gleaner knows
         --> config/gleaner.toml:7:17
          |
        7 | entry = "article::text"
          |                 ^^^^^^
          |
          = hint: leave it out: a field is its element's text

        error: unknown key `regx` in `headline`
         --> config/gleaner.toml:8:31
          |
        8 | headline = { selector = "h2", regx = "x" }
          |                               ^^^^
          |
          = hint: did you mean `regex`?

        error: `every` is a whole number
         --> config/gleaner.toml:9:9
          |
        9 | every = 60
          |         ^^ expected a duration such as `"1h 30m"`, from `1m` to `366d`, or `"auto"`
          |
          = hint: write the unit too: `"90s"`, `"15m"`, `"1h"`, `"2d"`

        error: [source.Two Words] has no `headline`
          --> config/gleaner.toml:11:1
           |
        11 | [source."Two Words"]
           | ^^^^^^^^^^^^^^^^^^^^ expected `"selector"`, `"selector@attribute"`, an array of those, or a table
           |
           = hint: add `headline = …`

        error: `Two Words` is not an id: an id has only a-z, 0-9, `.`, `_` and `-`, not 'T'
          --> config/gleaner.toml:11:9
           |
        11 | [source."Two Words"]
           |         ^^^^^^^^^^^
           |
           = hint: write `two-words`

        error: `url` holds a name or password
          --> config/gleaner.toml:12:7
           |
        12 | url = "https://**********@b.example/"
           |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected an address such as `"https://example.org/news/"`
           |
           = hint: send them as a login from the environment: `basic = "${USER}:${PASSWORD}"`

        error: `entry`: `:fist-child` is not a pseudo-class gleaner knows
          --> config/gleaner.toml:13:12
           |
        13 | entry = "li:fist-child"
           |            ^^^^^^^^^^^
           |
           = hint: did you mean `:first-child`?

        error: no source is named `ome`
          --> config/gleaner.toml:17:12
           |
        17 | sources = ["ome", "x-*"]
           |            ^^^^^
           |
           = hint: did you mean `one`?

        error: no source is named `x-*`
          --> config/gleaner.toml:17:19
           |
        17 | sources = ["ome", "x-*"]
           |                   ^^^^^
           |
           = hint: the sources are `Two Words`, `one`

        error: the id `one` is taken
         --> config/sources/one.toml:1:1
          |
        1 | url = "https://c.example"
          | ^
          |
          = hint: it is first used at `config/gleaner.toml:5`; sources and feeds share their ids

        error: `headline` is a whole number
         --> config/sources/one.toml:3:12
          |
        3 | headline = 5
          |            ^ expected `"selector"`, `"selector@attribute"`, an array of those, or a table

        14 problems in 2 files
        "##);
        assert!(!problems.draw(Colors::Styled).contains("sesame"));
        assert!(problems.draw(Colors::Styled).contains('\u{1b}'));
        let json = serde_json::to_value(&problems).unwrap();
        insta::assert_snapshot!(json[0], @"{\"column\":1,\"expected\":null,\"file\":\"config/gleaner.toml\",\"hint\":\"did you mean `every`?\",\"line\":2,\"message\":\"unknown key `evry` in [defaults]\"}");
    }
}
