//! Links: an element → the address of the link it is, holds, or stands in. Pure. Addresses stay as written.

use scraper::ElementRef;

use super::{address, field::Place, field::tag};
use crate::listing::RawField;

/// An element and the address written on it.
type Written<'a> = (ElementRef<'a>, String);

/// The element's own link, else the first in it, else the nearest around it inside the row.
pub(super) fn nearest<'a>(element: ElementRef<'a>, place: Place<'a>) -> Option<Written<'a>> {
    let inside = usable_first(place.row.elements(element).filter_map(href), place);
    inside.or_else(|| usable_first(place.row.upwards(element).skip(1).filter_map(href), place))
}

/// The link of a row whose config names none: the headline's, else one around the row, else the row's only one.
///
/// A row with several links and none on its headline has no link: which one is meant would be a guess.
pub(super) fn of_headline<'a>(headline: Option<ElementRef<'a>>, place: Place<'a>) -> Option<RawField> {
    if let Some(written) = headline.and_then(|element| nearest(element, place)) {
        return named("the headline's link", written);
    }
    let around = place.row.element.ancestors().filter_map(ElementRef::wrap).find_map(href);
    if let Some(written) = around.filter(|(_, address)| address::is_usable(place.base, address)) {
        return named("the link around the entry", written);
    }
    only(place).and_then(|written| named("the entry's only link", written))
}

/// The one address all usable links of the row share.
fn only(place: Place<'_>) -> Option<Written<'_>> {
    let mut links = place.row.elements(place.row.element).filter_map(href);
    let mut shared = None;
    for (element, written) in links.by_ref() {
        let Ok(resolved) = address::resolve(place.base, &written) else { continue };
        match &shared {
            None => shared = Some((resolved, (element, written))),
            Some((known, _)) if *known == resolved => {}
            Some(_) => return None,
        }
    }
    shared.map(|(_, written)| written)
}

/// The first address that can be used; else the first at all, so that the message about it can show it.
fn usable_first<'a>(mut links: impl Iterator<Item = Written<'a>>, place: Place<'a>) -> Option<Written<'a>> {
    let first = links.next()?;
    if address::is_usable(place.base, &first.1) {
        return Some(first);
    }
    links.find(|(_, written)| address::is_usable(place.base, written)).or(Some(first))
}

fn href(element: ElementRef<'_>) -> Option<Written<'_>> {
    if !matches!(element.value().name(), "a" | "area") {
        return None;
    }
    Some((element, element.attr("href")?.trim().to_owned()))
}

/// `None`: the address is empty or longer than any that is believed.
fn named(rule: &str, (element, written): Written) -> Option<RawField> {
    if written.is_empty() || written.len() > address::MAX_ADDRESS_BYTES {
        return None;
    }
    let selector = rule.to_owned();
    Some(RawField { value: written.clone(), raw: written, selector, element: tag(element) })
}
