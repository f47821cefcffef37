//! A listing that goes on over further pages → one listing, page by page. Pure: what asks for them says what came.
//! A listing of one page whose entries have own pages to be asked for is read in the same way, so that it is read once.
//!
//! Reads on while the last entry read is not known, so that a long silence costs no entry. Refuses to be led in a
//! circle, to another host, or on for ever. A page that cannot be had costs what stands on it and behind it, nothing
//! that was read before; the next visit reads on there.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Reading, believe, is_same_page, look};
use crate::{
    config::{NextPlace, NextRule, Source, numbered},
    decode::Document,
    diagnostic::{Code, Diagnostic},
    extract::address,
    fetch::{FetchError, Fetched, retry},
    id::EntryKey,
    listing::{Listing, RawField},
    normalize::normalize,
    page::{Headers, Page, Validators},
    record::SourceState,
    schedule::Hold,
    verdict::Verdict,
};

/// At how many visits in a row a page that cannot be had is asked for again.
const TRIES: u32 = 3;

/// The most rows read over all pages of a listing; a year of a busy site has half of it.
const MAX_ROWS: usize = 10_000;

/// Where a listing broke off, so that known entries do not end the next visit before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// The page that could not be had, the first being 1.
    pub page: usize,
    /// At how many visits in a row.
    pub times: u32,
}

/// A listing being read over its pages.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Of the first page.
    document: Document,
    /// Of all pages read so far.
    listing: Listing,
    /// The rows of the first page.
    first_rows: usize,
    /// All rows read so far.
    rows: usize,
    /// How many pages were read.
    read: usize,
    /// How many were asked for.
    count: usize,
    /// Before this page known entries end nothing.
    reach: usize,
    /// The source was read before, so that there are known entries to be reached.
    is_followed: bool,
    /// The addresses that were asked or answered, or are asked next.
    asked: HashSet<String>,
    /// The one that is asked.
    asking: Option<String>,
    seen: HashSet<EntryKey>,
    last: Vec<EntryKey>,
    next: Option<Url>,
    end: End,
}

/// What the pages after the first leave behind besides entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct End {
    torn: Option<usize>,
    hold: Option<(Timestamp, retry::Scope)>,
}

impl Pages {
    /// Whether a source's page is read before anything else is asked for.
    pub fn come_first(source: &Source) -> bool {
        rule(source).is_some() || source.own_page.is_some()
    }

    /// Begins with the first page; `None`: nothing else is asked for, or this one has nothing to read.
    pub fn begin(
        source: &Source,
        state: &SourceState,
        page: &Page,
        still_time: &dyn Fn() -> bool,
    ) -> Option<Self> {
        if !Self::come_first(source) || is_same_page(source, state, page) {
            return None;
        }
        let (document, listing) = look(source, page, still_time).ok()?;
        let mut pages = Self {
            document,
            first_rows: 0,
            rows: 0,
            read: 0,
            count: 1,
            reach: state.torn.map_or(0, |torn| torn.page),
            is_followed: state.read_at.is_some(),
            asked: [plain(&source.url), plain(&page.url)].into(),
            asking: None,
            seen: HashSet::new(),
            last: Vec::new(),
            next: None,
            end: End::default(),
            listing: Listing { entries: Vec::new(), diagnostics: Vec::new(), ..listing.clone() },
        };
        pages.join(source, page, listing, still_time);
        pages.first_rows = pages.rows;
        Some(pages)
    }

    /// What the last entry read is recognized by; empty: there is none.
    pub fn last(&self) -> &[EntryKey] {
        &self.last
    }

    /// Where to read on, given whether the last entry read is known; `None`: what was read is all.
    pub fn next(&mut self, source: &Source, is_known: bool) -> Option<Url> {
        let next = self.next.take()?;
        if is_known && self.count >= self.reach {
            return None;
        }
        let most = rule(source)?.pages;
        if self.count >= most {
            if self.is_followed && !is_known {
                let message =
                    format!("the listing goes on after {most} pages, on which no known entry was reached");
                self.listing.diagnostics.push(Diagnostic::page(Code::PagesLeft, message));
            }
            return None;
        }
        self.asking = Some(plain(&next));
        Some(next)
    }

    /// Takes what came of asking for the next page.
    pub fn add(&mut self, source: &Source, fetched: &Fetched, still_time: &dyn Fn() -> bool) {
        self.count += 1;
        let refused = match fetched {
            Fetched::Page(page) => {
                self.end.hold = retry::hold(page.status, &page.headers, page.fetched_at);
                match look(source, page, still_time) {
                    Ok((document, mut listing)) => {
                        let (asked, answered) = (self.asking.take(), plain(&page.url));
                        // A redirect may lead to a page that was read already.
                        if asked.as_ref() == Some(&answered) || self.asked.insert(answered) {
                            listing.diagnostics.extend(document.diagnostics);
                            self.join(source, page, listing, still_time);
                        }
                        return;
                    }
                    Err(verdict) => verdict,
                }
            }
            Fetched::NotModified { .. } => return,
            Fetched::Failed { error, .. } => {
                if !matches!(error, FetchError::Disallowed(_) | FetchError::Unreadable(_)) {
                    self.end.torn = Some(self.count);
                }
                super::verdict_of(error)
            }
        };
        self.miss(source, fetched, &refused);
    }

    fn miss(&mut self, source: &Source, fetched: &Fetched, refused: &Verdict) {
        let is_numbered = rule(source).is_some_and(|rule| matches!(rule.place, NextPlace::Pattern(_)));
        if is_numbered && matches!(refused, Verdict::Gone { .. }) {
            // Pages that are counted end with one that is not there.
            return;
        }
        let is_passing = matches!(refused, Verdict::Unreachable { .. }) || self.end.hold.is_some();
        if is_passing && matches!(fetched, Fetched::Page(_)) {
            self.end.torn = Some(self.count);
        }
        let reason = refused.reason().unwrap_or_default();
        let message = format!("page {} of the listing could not be had: {reason}", self.count);
        self.listing.diagnostics.push(Diagnostic::page(Code::PageMissing, message));
    }

    /// Adds the rows of a page, unless all of them stood on pages before.
    fn join(&mut self, source: &Source, page: &Page, mut listing: Listing, still_time: &dyn Fn() -> bool) {
        let (sightings, _) = normalize(&listing, &page.url, still_time);
        let mut is_news = self.count == 1;
        for key in sightings.iter().filter_map(|sighting| sighting.keys.first()) {
            is_news |= self.seen.insert(key.clone());
        }
        if !is_news || (self.count > 1 && self.rows + listing.entries.len() > MAX_ROWS) {
            return;
        }
        self.read += 1;
        let before = self.rows;
        for entry in &mut listing.entries {
            entry.row += before;
            self.rows = self.rows.max(entry.row);
            if before > 0 {
                // Resolved where it stands: every page has a base of its own.
                absolute(&mut entry.link, &listing.base);
                absolute(&mut entry.image, &listing.base);
            }
        }
        for diagnostic in &mut listing.diagnostics {
            match &mut diagnostic.row {
                Some(row) => {
                    *row += before;
                    self.rows = self.rows.max(*row);
                }
                None if before > 0 => {
                    diagnostic.message = format!("page {}: {}", self.count, diagnostic.message);
                }
                None => {}
            }
        }
        self.last = sightings.last().map(|sighting| sighting.keys.clone()).unwrap_or_default();
        self.next = self.following(source, page, listing.next.take());
        self.listing.entries.append(&mut listing.entries);
        self.listing.diagnostics.append(&mut listing.diagnostics);
    }

    /// Where a page says that the listing goes on; `None`: nowhere, elsewhere, or where it was read already.
    fn following(&mut self, source: &Source, page: &Page, stated: Option<Url>) -> Option<Url> {
        let next = match &rule(source)?.place {
            NextPlace::Pattern(pattern) => numbered(pattern, self.count + 1, &source.url),
            NextPlace::Link(_) => stated,
            NextPlace::Rel => stated.or_else(|| linked(&page.headers, &page.url)),
        }?;
        let mut next = next;
        next.set_fragment(None);
        if next.host() != page.url.host() {
            let message = format!("the listing goes on at another host, `{next}`, which is not followed");
            self.listing.diagnostics.push(Diagnostic::page(Code::PageMissing, message));
            return None;
        }
        self.asked.insert(plain(&next)).then_some(next)
    }

    /// What was read, as one listing; `page` is the first.
    pub fn reading(self, page: &Page, still_time: &dyn Fn() -> bool) -> Reading {
        let (pages, first_rows) = (self.read, self.first_rows);
        Reading { pages, first_rows, ..believe(self.document, self.listing, page, still_time) }
    }

    /// What the pages leave behind.
    pub fn end(&self) -> End {
        self.end
    }
}

impl End {
    /// Notes it: validators of a first page do not vouch for pages that could not be had.
    pub fn note(self, source: &Source, state: &mut SourceState) {
        let before = state.torn.take();
        let again = |page: &usize| before.filter(|torn| torn.page == *page).map_or(0, |torn| torn.times);
        let torn = self.torn.map(|page| Torn { page, times: again(&page) + 1 });
        state.torn = torn.filter(|torn| torn.times <= TRIES);
        if state.torn.is_some() {
            state.validators = Validators::default();
            state.body = None;
        }
        if let Some((until, scope)) = self.hold {
            state.hold.get_or_insert(Hold { url: source.url.to_url(), until: Some(until), scope });
        }
    }
}

fn rule(source: &Source) -> Option<&NextRule> {
    source.rules.as_ref()?.next.as_ref()
}

/// An address without its fragment, by which pages are told apart.
fn plain(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

fn absolute(field: &mut Option<RawField>, base: &Url) {
    if let Some(field) = field
        && let Ok(url) = address::resolve(base, &field.value)
    {
        field.value = url.into();
    }
}

/// The `rel=next` of a header (RFC 8288 §3); `None`: there is none that can be used.
fn linked(headers: &Headers, base: &Url) -> Option<Url> {
    let lines = headers.0.iter().filter(|(name, _)| name == "link").map(|(_, value)| value.as_str());
    lines.flat_map(|line| line.split('<').skip(1)).find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let mut words =
                value.trim().trim_end_matches(',').trim_matches(['"', ' ']).split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case("next"))
        });
        address::resolve(base, target).ok().filter(|_| is_next)
    })
}

#[cfg(test)]
mod tests;
