//! Feed text as it comes → text that can be cut into tags. Pure.
//!
//! Characters that XML forbids go, a `<` that begins no tag becomes text, and the document type goes with all it
//! declares: no entity of a feed's own is ever expanded or fetched. CDATA and comments are left alone but for
//! forbidden characters.

use std::fmt::Write as _;

use crate::diagnostic::{Code, Diagnostic};

/// A text and what was done to it.
#[derive(Debug, Default)]
pub struct Tidied {
    /// The text.
    pub text: String,
    forbidden: usize,
    stray: usize,
    dropped: usize,
    has_doctype: bool,
    has_declarations: bool,
    /// Sections whose end was looked for in vain: it is not looked for again, or a text of nothing but beginnings
    /// would cost its length squared.
    endless: Vec<&'static str>,
}

/// Makes a text fit to be cut into tags.
pub fn tidy(text: &str) -> Tidied {
    let mut tidied = Tidied { text: String::with_capacity(text.len()), ..Tidied::default() };
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    while let Some(at) = rest.find('<') {
        tidied.push(&rest[..at]);
        rest = &rest[at..];
        rest = tidied.markup(rest);
    }
    tidied.push(rest);
    tidied
}

/// The tidied text up to and with the first tag, or what stands in its place.
pub fn beginning(text: &str) -> String {
    let mut tidied = Tidied::default();
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    while let Some(at) = rest.find('<') {
        tidied.push(&rest[..at]);
        rest = tidied.markup(&rest[at..]);
        if !tidied.text.trim_start().is_empty() {
            break;
        }
    }
    tidied.text
}

impl Tidied {
    /// Takes over what begins with `<`; gives what follows.
    fn markup<'a>(&mut self, rest: &'a str) -> &'a str {
        for (start, end) in [("<![CDATA[", "]]>"), ("<!--", "-->"), ("<?", "?>")] {
            if let Some(inner) = rest.strip_prefix(start) {
                // A section that never ends takes the rest with it; a comment or instruction then is none.
                let found = if self.endless.contains(&end) { None } else { inner.find(end) };
                let length = match found {
                    Some(at) => start.len() + at + end.len(),
                    None if start == "<![CDATA[" => rest.len(),
                    None => {
                        if !self.endless.contains(&end) {
                            self.endless.push(end);
                        }
                        return self.stray(rest);
                    }
                };
                if start == "<![CDATA[" {
                    self.push(&rest[..length]);
                }
                return &rest[length..];
            }
        }
        if is_doctype(rest) && !self.has_doctype {
            self.has_doctype = true;
            return self.doctype(rest);
        }
        let begins_tag =
            rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '/' || c == ':');
        if !begins_tag {
            return self.stray(rest);
        }
        match tag_end(rest) {
            Some(end) => {
                self.push(&rest[..end]);
                &rest[end..]
            }
            // No `>` before the next `<`: the tag is cut, or it is none.
            None => self.stray(rest),
        }
    }

    fn stray<'a>(&mut self, rest: &'a str) -> &'a str {
        if self.stray < MAX_STRAY {
            self.stray += 1;
            self.text.push_str("&lt;");
        } else {
            self.dropped += 1;
        }
        &rest[1..]
    }

    /// Leaves out the document type, its internal subset included.
    fn doctype<'a>(&mut self, rest: &'a str) -> &'a str {
        let mut depth = 0u32;
        let mut quote = None;
        for (at, c) in rest.char_indices() {
            match (quote, c) {
                (Some(open), c) => quote = (c != open).then_some(open),
                (None, '"' | '\'') => quote = Some(c),
                (None, '[') => {
                    self.has_declarations = true;
                    depth += 1;
                }
                (None, ']') => depth = depth.saturating_sub(1),
                (None, '>') if depth == 0 => return &rest[at + 1..],
                _ => {}
            }
        }
        // It never ends (an apostrophe in a comment of the subset): up to the first thing that looks like a root.
        let root = ["<rss", "<feed", "<rdf:RDF"].iter().filter_map(|root| rest.find(root)).min();
        &rest[root.unwrap_or(rest.len())..]
    }

    fn push(&mut self, piece: &str) {
        for c in piece.chars() {
            if is_allowed(c) {
                self.text.push(c);
            } else {
                self.forbidden += 1;
            }
        }
    }

    /// What was done, for a person.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut done = String::new();
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                // Writing to a `String` cannot fail.
                let _ = write!(done, "{}{count} {what}", if done.is_empty() { "" } else { ", " });
            }
        };
        say(self.forbidden, "characters that XML forbids were dropped");
        say(self.stray, "`<` that begin no tag were read as text");
        say(self.dropped, "more were dropped");
        say(usize::from(self.has_declarations), "document type with declarations was left out");
        if done.is_empty() { Vec::new() } else { vec![Diagnostic::page(Code::FeedRepaired, done)] }
    }
}

fn is_doctype(rest: &str) -> bool {
    rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
}

/// So many `<` that begin no tag become text, which makes each four times as long; no feed has more by mistake.
const MAX_STRAY: usize = 10_000;

/// The longest tag; what looks longer is text.
const MAX_TAG_BYTES: usize = 64 * 1024;

/// Where a tag ends, past its `>`; quotes may hold a `>`. `None`: another tag begins first.
fn tag_end(rest: &str) -> Option<usize> {
    let next = rest[1..].find(['<', '>']).map(|at| at + 1)?;
    let plain = rest[next..].starts_with('>').then_some(next + 1);
    if plain.is_some_and(|end| balanced(&rest[..end])) {
        return plain;
    }
    let mut quote = None;
    for (at, c) in rest.char_indices().skip(1).take_while(|(at, _)| *at < MAX_TAG_BYTES) {
        match (quote, c) {
            (Some(open), c) => quote = (c != open).then_some(open),
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return Some(at + 1),
            (None, '<') => break,
            _ => {}
        }
    }
    // Quotes that do not pair: what looks like the end is the end.
    plain
}

fn balanced(tag: &str) -> bool {
    ['"', '\''].iter().all(|quote| tag.matches(*quote).count().is_multiple_of(2))
}

/// XML 1.0 §2.2 \[2\].
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
}
