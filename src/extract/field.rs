//! Fields: a rule of the config and a row → the field's text and where it was found, or how it was missed. Pure.

use regex::Regex;
use scraper::ElementRef;
use url::Url;

use super::{
    address::MAX_ADDRESS_BYTES,
    image, link,
    slow::{self, Time},
    text,
    walk::Row,
};
use crate::{
    config::{Candidate, FieldRule},
    listing::RawField,
};

/// Which field is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// The field's name, as in the config.
    pub(super) name: &'static str,
    /// The most letters of its value.
    pub(super) limit: usize,
    /// What an element without a named attribute gives.
    pub(super) reading: Reading,
}

/// What an element gives when the config names no attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Its text.
    Text,
    /// Its text, what stands in boxes side by side told apart: a month, a day.
    Boxes,
    /// The address of the nearest link.
    Link,
    /// The address of the nearest image.
    Image,
    /// The address of the file it plays or leads to.
    File,
}

impl Reading {
    fn is_address(self) -> bool {
        matches!(self, Self::Link | Self::Image | Self::File)
    }
}

/// Where fields are looked for.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) row: Row<'a>,
    pub(super) base: &'a Url,
    pub(super) time: &'a Time<'a>,
}

/// A field that was found.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub(super) field: RawField,
    pub(super) element: ElementRef<'a>,
    /// Which of the rule's candidates found it, from 0.
    pub(super) candidate: usize,
    pub(super) is_cut: bool,
}

/// How a field was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// No candidate matched an element with text.
    Nothing,
    /// There was text, and the regex did not match it.
    Regex,
    /// There was an address, longer than any that is believed.
    TooLong,
}

/// The first match of the first candidate that gives a value.
///
/// An empty match gives way to the next one: pages are full of `<p>&nbsp;</p>` before the paragraph that is meant.
pub(super) fn first<'a>(rule: &FieldRule, ask: Ask, place: Place<'a>) -> Result<Found<'a>, Miss> {
    let mut miss = Miss::Nothing;
    for (index, candidate) in rule.candidates.iter().enumerate() {
        for found in values(rule, candidate, ask, place) {
            match found {
                Ok(found) => return Ok(Found { candidate: index, ..found }),
                Err(why) => miss = why,
            }
        }
    }
    Err(miss)
}

/// Every match of the first candidate that gives a value, each value once.
pub(super) fn all<'a>(rule: &FieldRule, ask: Ask, place: Place<'a>) -> Result<Vec<Found<'a>>, Miss> {
    let mut miss = Miss::Nothing;
    for (index, candidate) in rule.candidates.iter().enumerate() {
        let mut every: Vec<Found> = Vec::new();
        for found in values(rule, candidate, ask, place) {
            match found {
                Ok(found) if every.iter().any(|f| f.field.value == found.field.value) => {}
                Ok(found) => every.push(Found { candidate: index, ..found }),
                Err(why) => miss = why,
            }
            if every.len() > MAX_VALUES {
                every.truncate(MAX_VALUES);
                every[MAX_VALUES - 1].is_cut = true;
                break;
            }
        }
        if !every.is_empty() {
            return Ok(every);
        }
    }
    Err(miss)
}

/// The most categories of a row; a tag cloud inside a row is not about the row.
const MAX_VALUES: usize = 50;

/// The most elements joined into one field; its length limit is reached long before.
const MAX_JOINED: usize = 200;

/// What one candidate gives, match by match; one value for all of them when the rule joins.
fn values<'a>(
    rule: &FieldRule,
    candidate: &Candidate,
    ask: Ask,
    place: Place<'a>,
) -> impl Iterator<Item = Result<Found<'a>, Miss>> {
    let mut readings =
        matches(candidate, (place.row, place.time)).filter_map(move |e| read(e, candidate, ask, place));
    let mut has_more = false;
    let joined = rule.join.as_ref().and_then(|join| {
        let (elements, texts): (Vec<_>, Vec<_>) = readings.by_ref().take(MAX_JOINED).unzip();
        has_more = readings.next().is_some();
        Some((*elements.first()?, texts.join(join)))
    });
    let single = readings.take(if rule.join.is_some() { 0 } else { usize::MAX });
    joined.into_iter().chain(single).map(move |(element, raw)| {
        let found = finish(rule, candidate, ask, (element, raw))?;
        Ok(Found { is_cut: found.is_cut || has_more, ..found })
    })
}

/// What a candidate matches in a row.
pub(super) fn matches<'a>(
    candidate: &Candidate,
    (row, time): (Row<'a>, &Time<'_>),
) -> impl Iterator<Item = ElementRef<'a>> {
    let own = row.element;
    let is_slow = slow::looks_beside(&candidate.text);
    // Only the entry itself is `*`; a selector never matches it, as nothing in a row is its own ancestor.
    let itself = candidate.selector.is_none().then_some(own);
    let below = candidate.selector.as_ref().into_iter().flat_map(move |selector| {
        let elements = row.elements(own).skip(1).take_while(move |_| !is_slow || time.lasts());
        elements.filter(move |e| selector.matches_with_scope(e, Some(own)))
    });
    itself.into_iter().chain(below)
}

/// The raw value of one element; `None`: it has none.
fn read<'a>(
    element: ElementRef<'a>,
    candidate: &Candidate,
    ask: Ask,
    place: Place<'a>,
) -> Option<(ElementRef<'a>, String)> {
    let (element, raw) = match (&candidate.attr, ask.reading) {
        (Some(attr), Reading::Image) if attr.ends_with("srcset") => {
            (element, image::largest(element.attr(attr)?)?)
        }
        (Some(attr), reading) if reading.is_address() => (element, element.attr(attr)?.trim().to_owned()),
        (Some(attr), _) => (element, text::fold(element.attr(attr)?)),
        (None, Reading::Text) => (element, text::of(element, place.row.rows)),
        (None, Reading::Boxes) => (element, text::of_boxes(element, place.row.rows)),
        (None, Reading::Link) => link::nearest(element, place)?,
        (None, Reading::Image) => image::nearest(element, place)?,
        (None, Reading::File) => file(element, place)?,
    };
    // A placeholder of a lazy image; the address is elsewhere or nowhere.
    let is_placeholder = ask.reading == Reading::Image && image::is_placeholder(&raw);
    (!raw.is_empty() && !is_placeholder).then_some((element, raw))
}

/// What an element plays or leads to: its own address, else the first in it (`<audio><source src>`).
fn file<'a>(element: ElementRef<'a>, place: Place<'a>) -> Option<(ElementRef<'a>, String)> {
    place.row.elements(element).find_map(|e| {
        let attr = match e.value().name() {
            "audio" | "video" | "source" | "embed" => "src",
            "a" | "area" => "href",
            "object" => "data",
            _ => return None,
        };
        Some((e, e.attr(attr)?.trim().to_owned()))
    })
}

/// Regex, cuts and the length limit.
fn finish<'a>(
    rule: &FieldRule,
    candidate: &Candidate,
    ask: Ask,
    (element, raw): (ElementRef<'a>, String),
) -> Result<Found<'a>, Miss> {
    let matched = match &rule.regex {
        None => raw.as_str(),
        Some(regex) => captured(regex, &raw).ok_or(Miss::Regex)?,
    };
    let value = without_endings(matched, &rule.cut);
    if value.is_empty() {
        return Err(Miss::Nothing);
    }
    if ask.reading.is_address() && value.len() > MAX_ADDRESS_BYTES {
        return Err(Miss::TooLong);
    }
    let limit = if ask.reading.is_address() { MAX_ADDRESS_BYTES } else { ask.limit };
    let shortened = text::shorten(value, limit);
    let is_cut = shortened.is_some() || text::is_read_in_part(&raw);
    let value = shortened.unwrap_or_else(|| value.to_owned());
    let selector = candidate.text.clone();
    Ok(Found {
        field: RawField { value, raw, selector, element: tag(element) },
        element,
        candidate: 0,
        is_cut,
    })
}

fn captured<'t>(regex: &Regex, text: &'t str) -> Option<&'t str> {
    let captures = regex.captures(text)?;
    let group = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0))?;
    Some(group.as_str().trim())
}

/// Cuts patterns from the end, again and again: `text [...] read more »` loses all three.
fn without_endings<'t>(text: &'t str, cut: &[Regex]) -> &'t str {
    let mut text = text.trim();
    loop {
        let ending = cut.iter().filter_map(|pattern| {
            // The last match that reaches the end: `find` alone would stop at an earlier, shorter one.
            pattern.find_iter(text).last().filter(|m| m.end() == text.len() && !m.is_empty())
        });
        match ending.map(|m| m.start()).min() {
            Some(start) => text = text[..start].trim_end(),
            None => return text,
        }
    }
}

/// The most letters of an element's tag in messages.
const TAG_CHARS: usize = 100;

/// An element as an opening tag, for a person to recognize.
pub(super) fn tag(element: ElementRef) -> String {
    let mut tag = format!("<{}", element.value().name());
    for name in ["id", "class", "href", "datetime", "itemprop"] {
        if let Some(value) = element.attr(name) {
            let end = value.char_indices().nth(TAG_CHARS).map_or(value.len(), |(end, _)| end);
            let value = text::fold(&value[..end]);
            tag.extend([" ", name, "=\"", &value, "\""]);
        }
    }
    if tag.len() >= TAG_CHARS && tag.chars().count() >= TAG_CHARS {
        tag = tag.chars().take(TAG_CHARS - 2).chain(['…']).collect();
    }
    tag.push('>');
    tag
}
