//! Compounds: what one part of a selector asks for, what of a page is so, and what it costs to rely on it. Pure.

use super::{names::Hold, stems, tree::Tree};

/// What one compound of a selector asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Simple<'a> {
    Tag(&'a str),
    Class(&'a str),
    TagClass(&'a str, &'a str),
    Id(&'a str),
    /// An attribute that names what an element is, and its value.
    Named(&'static str, &'a str),
    /// A tag at a place among its parent's elements, from 1.
    Place(&'a str, u16),
    /// A tag that holds another.
    Has(&'a str, &'static str),
    /// A tag that holds another directly.
    HasChild(&'a str, &'static str),
    /// A tag that holds what has a class.
    HasClass(&'a str, &'a str),
    /// A row with at least so many cells: its tag, theirs, and how many.
    Cells(&'a str, &'a str, u16),
    /// A row with a link in its cell at a place: its tag, theirs, and the place.
    Linked(&'a str, &'a str, u16),
    /// A tag from which these tags, each directly in the one before, lead to a link.
    Way(&'a str, Vec<&'a str>),
    /// A tag without any class.
    Bare(&'a str),
}

/// The elements that are so, in document order.
pub fn matching(tree: &Tree<'_>, simple: &Simple<'_>) -> Vec<u32> {
    let index = tree.by_name();
    let named = match simple {
        Simple::Class(class) | Simple::TagClass(_, class) => index.classes.get(class),
        Simple::Id(id) => index.ids.get(id),
        Simple::Tag(tag)
        | Simple::Place(tag, _)
        | Simple::Has(tag, _)
        | Simple::HasChild(tag, _)
        | Simple::HasClass(tag, _)
        | Simple::Cells(tag, ..)
        | Simple::Linked(tag, ..)
        | Simple::Way(tag, _)
        | Simple::Bare(tag) => index.tags.get(tag),
        Simple::Named(..) => return tree.all().filter(|at| is(tree, *at, simple)).collect(),
    };
    named.map_or_else(Vec::new, |named| named.iter().copied().filter(|at| is(tree, *at, simple)).collect())
}

/// Whether an element is so.
pub fn is(tree: &Tree<'_>, at: u32, simple: &Simple<'_>) -> bool {
    let element = tree.get(at);
    let has_class = |class: &str| element.classes.iter().any(|(own, _)| *own == class);
    match simple {
        Simple::Tag(tag) => element.tag == *tag,
        Simple::Class(class) => has_class(class),
        Simple::TagClass(tag, class) => element.tag == *tag && has_class(class),
        Simple::Id(id) => element.id == Some(*id),
        Simple::Named(attribute, name) => {
            element.attributes.names().any(|named| named == (*attribute, *name))
        }
        Simple::Place(tag, place) => element.tag == *tag && element.place == *place,
        Simple::Has(tag, inner) => {
            element.tag == *tag && (at + 1..element.end).any(|inside| tree.get(inside).tag == *inner)
        }
        Simple::HasChild(tag, inner) => {
            element.tag == *tag && tree.children(at).any(|child| tree.get(child).tag == *inner)
        }
        Simple::HasClass(tag, class) => {
            let is_named = |at: u32| tree.get(at).classes.iter().any(|(own, _)| own == class);
            element.tag == *tag && (at + 1..element.end).any(is_named)
        }
        Simple::Cells(tag, inner, place) => {
            let is_cell = |child: u32| tree.get(child).tag == *inner && tree.get(child).place == *place;
            element.tag == *tag && tree.children(at).any(is_cell)
        }
        Simple::Linked(tag, inner, place) => {
            let is_linked = |child: u32| {
                let (cell, mut inside) = (tree.get(child), child + 1..tree.get(child).end);
                cell.tag == *inner && cell.place == *place && inside.any(|at| tree.get(at).tag == "a")
            };
            element.tag == *tag && tree.children(at).any(is_linked)
        }
        Simple::Way(tag, way) => element.tag == *tag && leads(tree, at, way),
        Simple::Bare(tag) => element.tag == *tag && !element.attributes.has_class,
    }
}

/// Whether elements of these tags, each directly in the one before, stand in an element.
fn leads(tree: &Tree<'_>, at: u32, way: &[&str]) -> bool {
    let Some((tag, rest)) = way.split_first() else { return true };
    tree.children(at).any(|child| tree.get(child).tag == *tag && leads(tree, child, rest))
}

/// All that can be said of an element by itself.
pub fn simples<'a>(tree: &Tree<'a>, at: u32) -> Vec<Simple<'a>> {
    let element = tree.get(at);
    let mut simples = vec![Simple::Tag(element.tag)];
    for (class, _) in &element.classes {
        if tree.can_name(class) {
            simples.push(Simple::Class(class));
            simples.push(Simple::TagClass(element.tag, class));
        }
    }
    simples.extend(element.id.filter(|id| is_plain_name(id)).map(Simple::Id));
    let is_lasting = |name: &str| is_plain_name(name) && !name.contains(|c: char| c.is_ascii_digit());
    let named = element.attributes.names().filter(|(_, name)| is_lasting(name));
    simples.extend(named.map(|(attribute, name)| Simple::Named(attribute, name)));
    simples
}

/// Names that need no escaping in CSS.
pub fn is_plain_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next();
    first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || !b.is_ascii())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') || !b.is_ascii())
}

/// What it costs to rely on this; `elements` are some that are so.
pub fn cost(tree: &Tree<'_>, simple: &Simple<'_>, elements: &[u32]) -> f64 {
    let of_class = |class: &str| {
        let hold = elements.iter().flat_map(|at| &tree.get(*at).classes).find(|(own, _)| *own == class);
        let kept = match hold.map(|(_, hold)| *hold) {
            Some(Hold::Meaning) => 0.7,
            Some(Hold::Plain) => 1.0,
            _ => 1.9,
        };
        // A whole name is better than what a program keeps of one.
        kept + if stems::is_stem(class) { 0.35 } else { 0.0 }
    };
    match simple {
        Simple::Tag(tag) => of_tag(tag),
        Simple::Class(class) => of_class(class),
        Simple::TagClass(_, class) => of_class(class) + 0.12,
        Simple::Id(id) => {
            if id.bytes().any(|b| b.is_ascii_digit()) {
                2.0
            } else {
                0.9
            }
        }
        Simple::Named("itemprop", _) => 0.5,
        Simple::Named(..) => 0.8,
        Simple::Place(tag, _) => of_tag(tag) + if matches!(*tag, "td" | "th") { 0.6 } else { 1.6 },
        Simple::Has(tag, _) | Simple::HasChild(tag, _) => of_tag(tag) + 0.5,
        Simple::HasClass(tag, class) => of_tag(tag) + 0.5 + of_class(class),
        Simple::Cells(tag, ..) => of_tag(tag) + 0.8,
        Simple::Linked(tag, ..) => of_tag(tag) + 0.9,
        Simple::Way(tag, way) => {
            of_tag(tag) + 0.6 + 0.1 * f64::from(u8::try_from(way.len()).unwrap_or(u8::MAX))
        }
        Simple::Bare(tag) => of_tag(tag) + 1.2,
    }
}

/// What it costs to rely on a tag.
pub fn of_tag(tag: &str) -> f64 {
    match tag {
        "article" | "time" => 0.6,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "main" => 0.8,
        "li" | "tr" | "td" | "a" | "ul" | "ol" | "table" | "dt" | "dd" | "section" | "p" | "img"
        | "tbody" => 1.2,
        _ => 1.6,
    }
}

/// What has a class, in CSS.
fn of_class(class: &str) -> String {
    if stems::is_stem(class) { format!("[class*=\"{class}\"]") } else { format!(".{class}") }
}

/// A compound in CSS.
pub fn write(simple: &Simple<'_>) -> String {
    match simple {
        Simple::Tag(tag) => (*tag).to_owned(),
        Simple::Class(class) => of_class(class),
        Simple::TagClass(tag, class) => format!("{tag}{}", of_class(class)),
        Simple::Id(id) => format!("#{id}"),
        Simple::Named(attribute, name) => format!("[{attribute}=\"{name}\"]"),
        Simple::Place(tag, place) => format!("{tag}:nth-child({place})"),
        Simple::Has(tag, inner) => format!("{tag}:has({inner})"),
        Simple::HasClass(tag, class) => format!("{tag}:has({})", of_class(class)),
        Simple::HasChild(tag, inner) => format!("{tag}:has(> {inner})"),
        Simple::Cells(tag, inner, place) => format!("{tag}:has(> {inner}:nth-child({place}))"),
        Simple::Linked(tag, inner, place) => format!("{tag}:has(> {inner}:nth-child({place}) a)"),
        Simple::Way(tag, way) => format!("{tag}:has(> {})", way.join(" > ")),
        Simple::Bare(tag) => format!("{tag}:not([class])"),
    }
}
