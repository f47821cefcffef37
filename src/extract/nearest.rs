//! Nearest: a document and rules whose `entry` matches nothing → lines for a person on what would match. Pure.
//!
//! Counts the simple parts of the selector one by one instead of compiling new selectors: it points at the part
//! that broke and refuses to propose a whole selector, which is `heal`'s work.

use std::collections::BTreeMap;

use scraper::ElementRef;

use crate::{config::Rules, decode::Document};

/// Names as much alike as this are worth naming: `et_pb_post` and `et_pb_posts`, not `post` and `page`.
const ALIKE: f64 = 0.88;

/// What each simple part of the `entry` selector matches on the page, one line each.
pub fn nearest(document: &Document, rules: &Rules) -> Vec<String> {
    let parsed = super::parsed(document, rules, &|| true);
    let of_json = rules
        .json
        .as_ref()
        .map(|css| super::of_json((&parsed, &mut super::json::Scripts::default()), css, &|| true));
    let html = of_json.as_ref().map_or(&parsed.html, |page| &page.html);
    let elements: Vec<ElementRef> = html.tree.nodes().filter_map(ElementRef::wrap).collect();
    let names = Names::of(&elements);
    simple_parts(&rules.entry.text).iter().filter_map(|part| names.line(part)).collect()
}

/// How often each name stands on the page.
#[derive(Default)]
struct Names<'a> {
    counts: BTreeMap<(Kind, &'a str), usize>,
}

/// What a simple part asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Tag,
    Class,
    Id,
    Attribute,
}

impl<'a> Names<'a> {
    fn of(elements: &[ElementRef<'a>]) -> Self {
        let mut names = Self::default();
        for element in elements {
            let value = element.value();
            let ids = value.id().map(|id| (Kind::Id, id));
            let classes = value.classes().map(|c| (Kind::Class, c));
            let attributes = value.attrs().map(|(name, _)| (Kind::Attribute, name));
            for key in classes.chain(attributes).chain(ids).chain([(Kind::Tag, value.name())]) {
                *names.counts.entry(key).or_default() += 1;
            }
        }
        names
    }

    /// One line on one part; `None`: it is of a kind that is not counted (`:has()`).
    fn line(&self, part: &str) -> Option<String> {
        let (kind, name) = read(part)?;
        if let Some(count) = self.counts.get(&(kind, name)) {
            return Some(format!(
                "`{part}` matches {count} {}",
                if *count == 1 { "element" } else { "elements" }
            ));
        }
        let alike = self.counts.iter().filter(|((k, _), _)| *k == kind);
        let alike = alike.map(|((_, other), count)| (strsim::jaro_winkler(name, other), *other, *count));
        let best = alike
            .filter(|(score, ..)| *score >= ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        Some(match best {
            Some((_, other, count)) => {
                let mark = part.get(..part.len() - name.len()).filter(|m| m.len() <= 1).unwrap_or("");
                format!("`{part}` matches nothing; the page has `{mark}{other}` ({count})")
            }
            None => format!("`{part}` matches nothing"),
        })
    }
}

fn read(part: &str) -> Option<(Kind, &str)> {
    match part.as_bytes().first()? {
        b'.' => Some((Kind::Class, &part[1..])),
        b'#' => Some((Kind::Id, &part[1..])),
        b'[' => {
            let end = part.find(['=', '~', '^', '$', '*', '|', ']', ' '])?;
            Some((Kind::Attribute, &part[1..end]))
        }
        b':' | b'*' => None,
        _ => Some((Kind::Tag, part)),
    }
}

/// The simple parts of a selector, each once, the rightmost compound's first: `ul.news > li.item` gives `li`, `.item`,
/// `ul`, `.news`. Brackets stay whole.
fn simple_parts(selector: &str) -> Vec<String> {
    let mut compounds: Vec<Vec<String>> = vec![Vec::new()];
    let mut part = String::new();
    let mut depth = 0_usize;
    for c in selector.chars() {
        let is_combinator = depth == 0 && (c.is_whitespace() || matches!(c, '>' | '+' | '~' | ','));
        let is_start = depth == 0 && matches!(c, '.' | '#' | '[' | ':');
        if is_combinator || is_start {
            let last = compounds.last_mut().expect("never empty: it starts with one and only grows");
            last.extend((!part.is_empty()).then(|| std::mem::take(&mut part)));
        }
        if is_combinator {
            compounds.push(Vec::new());
            continue;
        }
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        part.push(c);
    }
    compounds.last_mut().expect("never empty: it starts with one and only grows").push(part);
    let mut parts: Vec<String> = Vec::new();
    for part in compounds.into_iter().rev().flatten().filter(|p| !p.is_empty()) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}
