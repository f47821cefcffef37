//! Next: a tree and the rule of its source → the address at which the listing goes on. Pure.

use std::collections::HashSet;

use scraper::ElementRef;
use url::Url;

use super::{
    address,
    field::{self, Ask, Place, Reading},
    notes::Notes,
    parse::Parsed,
    root,
    slow::Time,
    walk::Row,
};
use crate::{
    config::{FieldRule, NextPlace, NextRule},
    diagnostic::Code,
};

const NEXT: Ask = Ask { name: "next", limit: address::MAX_ADDRESS_BYTES, reading: Reading::Link };

/// The address; `None`: the page names none, or the source's rule does not ask the page.
pub(super) fn address(
    parsed: &Parsed,
    rule: &NextRule,
    (base, time): (&Url, &Time<'_>),
    notes: &mut Notes,
) -> Option<Url> {
    let top = root(&parsed.html)?;
    let written = match &rule.place {
        NextPlace::Pattern(_) => return None,
        NextPlace::Rel => related(top)?,
        NextPlace::Link(rule) => linked(top, rule, (base, time))?,
    };
    let resolved = address::resolve(base, &written);
    if let Err(why) = &resolved {
        notes.page(Code::AddressUnusable, format!("`next` cannot be used: {why}"));
    }
    resolved.ok()
}

fn linked(top: ElementRef<'_>, rule: &FieldRule, (base, time): (&Url, &Time<'_>)) -> Option<String> {
    // The whole page is the row: no row is left out of it.
    let rows = HashSet::new();
    let place = Place { row: Row { element: top, rows: &rows }, base, time };
    field::first(rule, NEXT, place).ok().map(|found| found.field.value)
}

/// The first `rel=next` of a link that leads somewhere (HTML, "Sequential link types").
pub(crate) fn related(top: ElementRef<'_>) -> Option<String> {
    let elements = top.descendants().filter_map(ElementRef::wrap);
    let links = elements.filter(|element| matches!(element.value().name(), "link" | "a" | "area"));
    let is_next = |element: &ElementRef<'_>| {
        let mut words = element.attr("rel").unwrap_or_default().split_ascii_whitespace();
        words.any(|word| word.eq_ignore_ascii_case("next"))
    };
    links.filter(is_next).find_map(|element| {
        let href = element.attr("href")?.trim();
        (!href.is_empty() && href != "#").then(|| href.to_owned())
    })
}
