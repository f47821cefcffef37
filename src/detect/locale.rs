//! Language and zone of a proposed source, as far as its page makes them evident. Pure.
//!
//! A zone is evident when the page names one, or when the offsets of the instants it states are those of exactly one zone of
//! the country that its address or language names. A language is evident when the page, or the answer it came in, states it
//! where gleaner does not look by itself. Refuses to guess: what is not evident is left out, and stays what the config says.

use jiff::{
    SignedDuration, Timestamp,
    fmt::temporal::{Pieces, PiecesOffset},
    tz::{Offset, TimeZone},
};
use scraper::{ElementRef, Html};
use url::Url;

use crate::{decode::Document, extract::facts::language_tag, listing::Listing, page::Headers};

/// Countries and their zones.
const ZONES: &str = include_str!("zones.txt");

/// How attributes end that name a zone.
const ZONE_NAMES: [&str; 2] = ["timezone", "time-zone"];

/// One instant may be written by a plugin of another country.
const FEWEST: usize = 2;

/// The zone whose days a listing's are, by its name; `None`: it is not evident.
pub fn zone(document: &Document, html: &Html, listing: &Listing) -> Option<String> {
    // Hardly any page names one, and every one would have to be walked.
    let may_name = ZONE_NAMES.iter().any(|name| document.text.contains(name));
    let country = || country(&document.url, listing.language.as_deref());
    may_name.then(|| named(html)).flatten().or_else(|| of_country(&stated(listing), &country()?))
}

/// The language of a page that states none in its `<html>`, a BCP 47 tag; `None`: it is not evident.
pub fn language(html: &Html, headers: &Headers) -> Option<String> {
    let meta = |e: ElementRef<'_>| {
        let is = |attr, name: &str| e.attr(attr).is_some_and(|value| value.eq_ignore_ascii_case(name));
        let is_language = is("http-equiv", "content-language") || is("property", "og:locale");
        e.attr("content").filter(|_| is_language).map(str::to_owned)
    };
    let stated = elements(html).filter(|e| e.value().name() == "meta").find_map(meta);
    // A page in several languages states them all, and is in none of them.
    let written = stated.or_else(|| headers.get("content-language").map(str::to_owned))?;
    let is_primary = |first: &str| matches!(first.len(), 2 | 3);
    language_tag(&written).filter(|tag| tag.split('-').next().is_some_and(is_primary))
}

fn elements(html: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    html.tree.nodes().filter_map(ElementRef::wrap)
}

/// The one zone that attributes of the page name (`data-timezone`).
fn named(html: &Html) -> Option<String> {
    let is_zone = |name: &str| ZONE_NAMES.iter().any(|ending| name.ends_with(ending));
    let values = elements(html).flat_map(|e| e.value().attrs()).filter(|(name, _)| is_zone(name));
    let mut zones = values.filter(|(_, value)| value.contains('/')).map(|(_, value)| value.trim());
    let first = zones.next()?;
    TimeZone::get(first).ok().filter(|_| zones.all(|other| other == first)).map(|_| first.to_owned())
}

/// The instants whose offset a listing states. `Z` states none: programs of any country write it.
fn stated(listing: &Listing) -> Vec<(Timestamp, Offset)> {
    let dates = listing.entries.iter().flat_map(|entry| &entry.dates);
    let mut stated: Vec<(Timestamp, Offset)> = dates
        .filter_map(|date| {
            let pieces = Pieces::parse(&date.field.value).ok()?;
            let Some(PiecesOffset::Numeric(offset)) = pieces.offset() else { return None };
            let at = pieces.date().to_datetime(pieces.time()?);
            Some((offset.offset().to_timestamp(at).ok()?, offset.offset()))
        })
        .collect();
    stated.sort_unstable_by_key(|(at, _)| *at);
    stated.dedup();
    stated
}

/// The country of an address, else of a language's region.
fn country(url: &Url, language: Option<&str>) -> Option<String> {
    let domain = url.host_str()?.rsplit('.').next().filter(|label| label.len() == 2);
    let region = || language?.split('-').skip(1).find(|part| part.len() == 2);
    let country = domain.or_else(region)?.to_ascii_uppercase();
    Some(if country == "UK" { "GB".to_owned() } else { country })
}

/// The one zone of a country whose clocks showed what was stated.
fn of_country(stated: &[(Timestamp, Offset)], country: &str) -> Option<String> {
    // A clock without an offset is that of a server as well.
    if stated.len() < FEWEST || stated.iter().all(|(_, offset)| *offset == Offset::UTC) {
        return None;
    }
    let line = ZONES.lines().find(|line| line.split(' ').next() == Some(country))?;
    let last = stated.last()?.0;
    let mut fitting: Vec<TimeZone> = Vec::new();
    for zone in line.split(' ').skip(1).filter_map(|name| TimeZone::get(name).ok()) {
        let fits = stated.iter().all(|(at, offset)| zone.to_offset(*at) == *offset);
        if fits && !fitting.iter().any(|other| is_alike(other, &zone, last)) {
            fitting.push(zone);
        }
    }
    let [zone] = fitting.as_slice() else { return None };
    zone.iana_name().map(str::to_owned)
}

/// Whether two zones show the same time in the months before an instant.
fn is_alike(a: &TimeZone, b: &TimeZone, at: Timestamp) -> bool {
    (0..13).all(|month| {
        let at = at.saturating_sub(SignedDuration::from_hours(month * 24 * 30)).unwrap_or(at);
        a.to_offset(at) == b.to_offset(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stated: &[&str], country: &str) -> Option<String> {
        let instant = |text: &&str| {
            let pieces = Pieces::parse(*text).unwrap();
            let offset = pieces.to_numeric_offset().unwrap();
            (offset.to_timestamp(pieces.date().to_datetime(pieces.time().unwrap())).unwrap(), offset)
        };
        of_country(&stated.iter().map(instant).collect::<Vec<_>>(), country)
    }

    #[test]
    fn every_country_has_zones_that_are_known() {
        for line in ZONES.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.split(' ').nth(1).is_some(), "{line}");
            for zone in line.split(' ').skip(1) {
                assert!(TimeZone::get(zone).is_ok(), "{zone}");
            }
        }
    }

    #[test]
    fn a_zone_is_the_one_whose_clocks_showed_what_was_stated() {
        let winter = ["2026-02-01T08:00:00+01:00", "2026-02-03T08:00:00+01:00"];
        assert_eq!(of(&winter, "DE").as_deref(), Some("Europe/Berlin"));
        assert_eq!(of(&winter, "GB"), None, "another clock");
        assert_eq!(of(&winter[..1], "DE"), None, "one instant is not enough");
        let east = ["2026-02-01T08:00:00-05:00", "2026-02-03T08:00:00-05:00"];
        assert_eq!(of(&east, "US").as_deref(), Some("America/New_York"));
        let west = ["2025-07-01T08:00:00-07:00", "2025-07-03T08:00:00-07:00"];
        assert_eq!(of(&west, "US"), None, "Los Angeles in summer, and Phoenix");
        assert_eq!(of(&[west[0], "2026-01-03T08:00:00-08:00"], "US").as_deref(), Some("America/Los_Angeles"));
        let zero = ["2026-02-01T08:00:00+00:00", "2026-02-03T08:00:00+00:00"];
        assert_eq!(of(&zero, "GB"), None, "a server's clock says that too");
        assert_eq!(of(&[zero[0], "2025-07-03T08:00:00+01:00"], "GB").as_deref(), Some("Europe/London"));
    }

    #[test]
    fn a_country_is_told_by_the_address_before_the_language() {
        let of = |url, language| country(&Url::parse(url).unwrap(), language);
        assert_eq!(of("https://a.example.co.uk/", Some("en-US")).as_deref(), Some("GB"));
        assert_eq!(of("https://example.org/", Some("pt-BR")).as_deref(), Some("BR"));
        assert_eq!(of("https://example.org/", Some("zh-Hant-TW")).as_deref(), Some("TW"));
        assert_eq!(of("https://example.org/", Some("pt")), None);
    }
}
