//! Nearest: a document and rules that find nothing on it → lines for a person on what would match. Pure.
//!
//! Counts the simple parts of the selector one by one instead of compiling new selectors: it points at the part
//! that broke and refuses to propose a whole selector, which is `heal`'s work.

use std::collections::{BTreeMap, HashSet};

use ego_tree::NodeId;
use scraper::ElementRef;

use super::{field, slow::Time, walk::Row};
use crate::{
    config::{Candidate, FieldRule, Rules},
    decode::Document,
    listing::Container,
};

/// Names as much alike as this are worth naming: `et_pb_post` and `et_pb_posts`, not `post` and `page`.
const ALIKE: f64 = 0.88;

/// What would match, a line each: of `listing` or `entry` where it gives nothing, else of each of these fields, which no row has.
pub fn nearest(document: &Document, rules: &Rules, missed: &[(&str, &FieldRule)]) -> Vec<String> {
    let parsed = super::parsed(document, rules, &|| true);
    let of_json = rules
        .json
        .as_ref()
        .map(|css| super::of_json((&parsed, &mut super::json::Scripts::default()), css, &|| true));
    let tree = of_json.as_ref().unwrap_or(&parsed);
    let elements: Vec<ElementRef> = tree.html.tree.nodes().filter_map(ElementRef::wrap).collect();
    let names = Names::of(&elements);
    let (container, rows) = super::rows(tree, rules, &Time::new(&|| true), &mut super::Notes::default());
    match &rules.listing {
        Some(listing) if container == Container::Absent => return names.of_whole(&listing.text),
        _ if rows.is_empty() => return names.of_whole(&rules.entry.text),
        _ => {}
    }
    let ids = rows.iter().map(|row| row.id()).collect();
    // What reaches to the next row is no element: there all of the page is looked through.
    let within = if rules.to_next { elements.first().copied().into_iter().collect() } else { rows };
    let page = Within { elements: &elements, rows: &within, ids: &ids, names };
    let lines = missed.iter().flat_map(|(key, rule)| {
        let asked = rule.candidates.iter().flat_map(|candidate| page.missed(key, rule, candidate));
        asked.map(move |line| format!("`{key}`: {line}"))
    });
    lines.collect()
}

/// A page and its rows.
struct Within<'w, 'a> {
    elements: &'w [ElementRef<'a>],
    rows: &'w [ElementRef<'a>],
    ids: &'w HashSet<NodeId>,
    names: Names<'a>,
}

impl Within<'_, '_> {
    /// Why a field is found by one of its selectors in no row.
    fn missed(&self, key: &str, rule: &FieldRule, candidate: &Candidate) -> Vec<String> {
        let selector = match &candidate.attr {
            Some(attr) => candidate.text.strip_suffix(&format!("@{attr}")).unwrap_or(&candidate.text),
            None => &candidate.text,
        };
        let is_in = |row: &&ElementRef| {
            let row = Row { element: **row, rows: self.ids };
            field::matches(candidate, (row, &Time::new(&|| true))).next().is_some()
        };
        let matching = self.rows.iter().filter(is_in).count();
        if matching > 0 {
            let lacking = match (&candidate.attr, key) {
                _ if rule.regex.is_some() => "what it gives does not fit `regex`".to_owned(),
                (Some(attr), _) => format!("what it matches has no `{attr}`"),
                (None, "link") => "what it matches is no link and holds none".to_owned(),
                (None, "image") => "what it matches is no image and holds none".to_owned(),
                (None, _) => "what it matches holds no text".to_owned(),
            };
            return vec![format!(
                "`{selector}` matches in {matching} of {} rows, but {lacking}",
                self.rows.len()
            )];
        }
        let is_elsewhere = |element: &&ElementRef| {
            candidate.selector.as_ref().is_some_and(|selector| selector.matches(element))
        };
        match self.elements.iter().filter(is_elsewhere).count() {
            0 => self.names.missing(selector),
            count => vec![format!("`{selector}` matches {}, none of them in a row", elements(count))],
        }
    }
}

fn elements(count: usize) -> String {
    if count == 1 { "1 element".to_owned() } else { format!("{count} elements") }
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

    /// What each part of a selector that matches nothing does.
    fn of_whole(&self, selector: &str) -> Vec<String> {
        let parts = simple_parts(selector);
        let mut lines: Vec<String> = parts.iter().filter_map(|part| self.line(part)).collect();
        if parts.len() > 1 && parts.iter().all(|part| self.count(part) != Some(0)) {
            lines.push(apart(selector));
        }
        lines
    }

    /// Which parts of a selector that matches nothing are not on the page.
    fn missing(&self, selector: &str) -> Vec<String> {
        let parts = simple_parts(selector);
        let missing: Vec<String> = parts
            .iter()
            .filter(|part| self.count(part) == Some(0))
            .filter_map(|part| self.line(part))
            .collect();
        if missing.is_empty() { vec![apart(selector)] } else { missing }
    }

    /// How many elements one part matches; `None`: it is of a kind that is not counted (`:has()`).
    fn count(&self, part: &str) -> Option<usize> {
        read(part).map(|key| self.counts.get(&key).copied().unwrap_or(0))
    }

    /// One line on one part; `None`: it is of a kind that is not counted.
    fn line(&self, part: &str) -> Option<String> {
        let (kind, name) = read(part)?;
        if let Some(count) = self.count(part).filter(|count| *count > 0) {
            return Some(format!("`{part}` matches {}", elements(count)));
        }
        let near = self.alike(kind, name).map(|(kind, other, count)| {
            let why = if other.eq_ignore_ascii_case(name) && kind == read(part)?.0 {
                ": upper and lower case count"
            } else {
                kind.why(read(part)?.0)
            };
            Some(format!("; the page has `{}` ({count}){why}", kind.written(other)))
        });
        Some(format!("`{part}` matches nothing{}", near.flatten().unwrap_or_default()))
    }

    /// The name on the page that is most like one: the same of another kind, or nearly the same of its own.
    fn alike(&self, kind: Kind, name: &str) -> Option<(Kind, &'a str, usize)> {
        let score = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
        let all = self.counts.iter().filter(|((of, other), _)| {
            if *of == kind { score(other) >= ALIKE } else { *of != Kind::Attribute && *other == name }
        });
        let best = all.max_by(|((a, one), m), ((b, other), n)| {
            let worth = |of: Kind, other: &str| if of == kind { score(other) } else { 1.0 };
            worth(*a, one).total_cmp(&worth(*b, other)).then(m.cmp(n))
        });
        best.map(|((kind, other), count)| (*kind, *other, *count))
    }
}

fn apart(selector: &str) -> String {
    format!(
        "each part of `{selector}` is on the page, but not together as it asks: parts without a blank are of one element, \
         a blank stands for \"inside\""
    )
}

impl Kind {
    /// A name of this kind as a selector asks for it.
    fn written(self, name: &str) -> String {
        match self {
            Self::Tag => name.to_owned(),
            Self::Class => format!(".{name}"),
            Self::Id => format!("#{name}"),
            Self::Attribute => format!("[{name}]"),
        }
    }

    /// What a person should know who asked for a name of another kind; empty: it is of the same.
    fn why(self, asked: Self) -> &'static str {
        match self {
            _ if self == asked => "",
            Self::Class => ": a class is asked for with a dot",
            Self::Id => ": an id is asked for with `#`",
            Self::Tag | Self::Attribute => ": an element is asked for by its name alone",
        }
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
