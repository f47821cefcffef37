//! Dates: a row → every text that may hold its date, best source first. Pure. Reads no date: that is
//! `moment`'s.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};
use url::Url;

use super::{
    address,
    field::{Place, tag},
    metadata::Metadata,
    slow::{Time, looks_beside},
    text,
};
use crate::{
    config::{Css, DateFrom, DateRule},
    listing::{DateSource, RawDate, RawEntry, RawField},
};

/// The most machine-readable dates of a row: an event has two or three, a calendar inside a row has hundreds.
const MAX_TIME_ELEMENTS: usize = 8;

/// What dates rows from above: for each row the nearest element before it that matches, such as the heading of its day,
/// or the first in it that does, such as the cell of a year that spans the rows below.
pub(super) fn above(rows: &[ElementRef<'_>], css: &Css, time: &Time<'_>) -> HashMap<NodeId, RawField> {
    let is_slow = looks_beside(&css.text);
    let mut found = HashMap::new();
    let Some(top) = rows.first().and_then(|row| row.ancestors().last()) else { return found };
    let wanted: HashSet<NodeId> = rows.iter().map(|row| row.id()).collect();
    let mut last: Option<ElementRef<'_>> = None;
    let mut row: Option<NodeId> = None;
    let of = |heading: ElementRef<'_>| {
        let raw = text::of(heading, &wanted);
        RawField { value: raw.clone(), raw, selector: css.text.clone(), element: tag(heading) }
    };
    for element in top.descendants().filter_map(ElementRef::wrap) {
        if wanted.contains(&element.id()) {
            row = Some(element.id());
            if let Some(heading) = last {
                found.insert(element.id(), of(heading));
            }
        }
        if is_slow && !time.lasts() {
            break;
        }
        if css.selector.matches(&element) {
            last = Some(element);
            if let Some(own) = row.take_if(|row| element.ancestors().any(|around| around.id() == *row)) {
                found.insert(own, of(element));
            }
        }
    }
    found
}

/// The dates of a row whose other fields are known; `configured` is what the date field gave, and what stands above.
pub(super) fn of_row(
    entry: &RawEntry,
    configured: (Option<RawField>, Option<RawField>),
    rule: Option<&DateRule>,
    page: (Place<'_>, &Metadata),
) -> Vec<RawDate> {
    let (place, metadata) = page;
    let mut dates = time_elements(place);
    let link = entry.link.as_ref().and_then(|l| Some((l, address::resolve(place.base, &l.value).ok()?)));
    dates.extend(link.as_ref().and_then(|(_, url)| from_metadata(metadata, url)));
    let (field, above) = configured;
    dates.extend(field.map(|field| RawDate { source: DateSource::Field, field }));
    let from = rule.map_or(&[][..], |r| r.from.as_slice());
    for from in from {
        dates.extend(match from {
            DateFrom::Headline => copied(DateSource::Headline, entry.headline.as_ref()),
            DateFrom::Teaser => copied(DateSource::Teaser, entry.teaser.as_ref()),
            DateFrom::Link => link.as_ref().map(|(field, url)| from_path(field, url)),
            DateFrom::Before => before(place).map(|field| RawDate { source: DateSource::Field, field }),
        });
    }
    dates.extend(above.map(|field| RawDate { source: DateSource::Above, field }));
    if let Some((field, url)) = link.filter(|(_, url)| may_hold_year(url.path()))
        && !from.contains(&DateFrom::Link)
    {
        dates.push(from_path(field, &url));
    }
    dates
}

/// Elements that state a date to machines; those that state a change only when there is no other.
fn time_elements(place: Place) -> Vec<RawDate> {
    let mut found: Vec<(Rank, RawField)> = Vec::new();
    for element in place.row.elements(place.row.element) {
        let Some((rank, written)) = machine_date(element) else { continue };
        if found.iter().all(|(known, field)| *known != rank || field.value != written) {
            found.push((rank, field(element, written)));
        }
        if found.len() == MAX_TIME_ELEMENTS {
            break;
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let best = found.first().map(|(rank, _)| *rank);
    let is_wanted = |rank: Rank| rank != Rank::Changed || best == Some(Rank::Changed);
    let wanted = found.into_iter().filter(|(rank, _)| is_wanted(*rank));
    wanted.map(|(_, field)| RawDate { source: DateSource::TimeElement, field }).collect()
}

/// What a machine-readable date says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Published,
    Unmarked,
    Changed,
}

fn machine_date(element: ElementRef) -> Option<(Rank, String)> {
    let value = element.value();
    let marks = || {
        let named = value.attrs().filter(|(name, _)| matches!(*name, "itemprop" | "class"));
        named.flat_map(|(_, marks)| marks.split_ascii_whitespace())
    };
    let stated = || ["datetime", "content"].iter().find_map(|a| element.attr(a).filter(|v| may_be_date(v)));
    let written = if matches!(value.name(), "time" | "relative-time") {
        stated().map(str::to_owned).or_else(|| Some(text::of(element, &HashSet::new())).filter(|t| is_iso(t)))
    } else if marks()
        .any(|m| matches!(m, "datePublished" | "dt-published" | "dateModified" | "dt-updated" | "published"))
    {
        let title = element.attr("title").filter(|t| is_iso(t));
        stated().or(title).map(str::to_owned)
    } else {
        None
    }?;
    let written = text::fold(&written);
    let is_published = element.attr("pubdate").is_some()
        || marks().any(|m| matches!(m, "datePublished" | "published" | "dt-published" | "entry-date"));
    let is_changed = marks().any(|m| matches!(m, "dateModified" | "updated" | "modified" | "dt-updated"));
    // WordPress marks one element `published updated` when both are the same.
    let rank = match (is_published, is_changed) {
        (true, _) => Rank::Published,
        (false, true) => Rank::Changed,
        (false, false) => Rank::Unmarked,
    };
    (!written.is_empty() && written.len() <= 60).then_some((rank, written))
}

/// `PT3M` is how long it takes to read.
fn may_be_date(text: &str) -> bool {
    let after_p = text.trim_start().strip_prefix(['P', 'p']);
    let is_duration = after_p.is_some_and(|rest| rest.starts_with(|c: char| c == 'T' || c.is_ascii_digit()));
    text.bytes().any(|b| b.is_ascii_digit()) && !is_duration
}

/// `2025-03...`: the content of a `<time>` without attributes must be such a text (HTML standard §4.5.14).
fn is_iso(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    bytes.len() >= 7
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[5].is_ascii_digit()
}

fn field(element: ElementRef, written: String) -> RawField {
    let selector = match element.value().name() {
        "time" | "relative-time" => "time[datetime]",
        _ => "a published date",
    };
    RawField { value: written.clone(), raw: written, selector: selector.to_owned(), element: tag(element) }
}

fn from_metadata(metadata: &Metadata, link: &Url) -> Option<RawDate> {
    let stated = metadata.of(link)?;
    let field = RawField {
        value: stated.date.clone(),
        raw: stated.date.clone(),
        selector: format!("JSON-LD {}", stated.place),
        element: "<script type=\"application/ld+json\">".to_owned(),
    };
    Some(RawDate { source: DateSource::Metadata, field })
}

/// What stands before a row beside it, back to the row before: `7 March 2025: <a>The pier opens</a><br>`.
fn before(place: Place<'_>) -> Option<RawField> {
    /// The nearest nodes say when; what is farther is another paragraph.
    const MOST_NODES: usize = 20;
    let row = place.row.element;
    let is_row =
        |node: &NodeRef<'_, Node>| node.descendants().any(|inside| place.row.rows.contains(&inside.id()));
    let mut nodes: Vec<NodeRef<'_, Node>> =
        row.prev_siblings().take(MOST_NODES).take_while(|node| !is_row(node)).collect();
    nodes.reverse();
    let texts = nodes.iter().flat_map(NodeRef::descendants).filter_map(|node| node.value().as_text());
    let raw: String = texts.map(|text| &**text).collect::<Vec<_>>().join(" ");
    let value = text::fold(&raw);
    let selector = "the text before the entry".to_owned();
    (!value.is_empty()).then(|| RawField { raw: value.clone(), value, selector, element: tag(row) })
}

fn copied(source: DateSource, field: Option<&RawField>) -> Option<RawDate> {
    field.map(|field| RawDate { source, field: field.clone() })
}

fn from_path(link: &RawField, url: &Url) -> RawDate {
    let value = url.path().to_owned();
    let field = RawField { value: value.clone(), raw: value, ..link.clone() };
    RawDate { source: DateSource::LinkPath, field }
}

/// A path without four digits in a row holds no date, and is no text that should.
fn may_hold_year(path: &str) -> bool {
    path.as_bytes().windows(4).any(|w| w.iter().all(u8::is_ascii_digit))
}
