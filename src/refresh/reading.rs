//! A page → what its source's rules read of it: entries that are believed, and dated once it is asked for. Pure.
//!
//! Refuses to judge: what the page means for the source is the refresh's to say.

use jiff::{Timestamp, civil::Date};

use crate::{
    config::{Kind, Source},
    decode::{self, Document},
    diagnostic::{Code, Diagnostic},
    entry::{Entry, Sighting},
    extract, fetch,
    listing::Listing,
    moment::{self, Unresolved},
    normalize::normalize,
    page::Page,
    record::PageShape,
    upstream,
    verdict::{Verdict, blocked, judge},
};

/// A page as its source's rules read it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The page as text.
    pub document: Document,
    /// What was found.
    pub listing: Listing,
    /// The entries, dated once [`Reading::date`] was asked to.
    pub sightings: Vec<Sighting>,
    /// How each sighting's date was resolved; empty until then.
    pub resolutions: Vec<moment::Resolution>,
    /// What the stages noticed.
    pub diagnostics: Vec<Diagnostic>,
    /// Over how many pages.
    pub pages: usize,
    pub(super) headers: crate::page::Headers,
    /// The rows of the first page: what a page usually holds is judged by these.
    pub(super) first_rows: usize,
}

/// Reads a page by its source's rules: decode, extract (or, of a feed, upstream), normalize.
///
/// # Errors
/// The verdict on a page that is none: its status, or bytes that are not text.
pub fn read(source: &Source, page: &Page, still_time: &dyn Fn() -> bool) -> Result<Reading, Verdict> {
    let (document, listing) = look(source, page, still_time)?;
    Ok(believe(document, listing, page, still_time))
}

/// Decodes and extracts, or says what the page is instead.
pub(super) fn look(
    source: &Source,
    page: &Page,
    still_time: &dyn Fn() -> bool,
) -> Result<(Document, Listing), Verdict> {
    let document = decode::decode(page);
    if let Some(verdict) = fetch::refused(page, document.as_ref().ok().map(|document| document.text.as_str()))
    {
        return Err(verdict);
    }
    let document = document.map_err(|why| Verdict::Unreadable { reason: why.to_string() })?;
    let listing = listing(source, &document, still_time)?;
    Ok((document, listing))
}

/// A listing as it was found on a page becomes what is read of it: its entries, believed, their dates not yet resolved.
pub(crate) fn believe(
    document: Document,
    mut listing: Listing,
    page: &Page,
    still_time: &dyn Fn() -> bool,
) -> Reading {
    let mut diagnostics = document.diagnostics.clone();
    diagnostics.append(&mut listing.diagnostics.clone());
    let (sightings, mut noticed) = normalize(&listing, &page.url, still_time);
    diagnostics.append(&mut noticed);
    listing.diagnostics.clone_from(&diagnostics);
    Reading {
        document,
        listing,
        sightings,
        resolutions: Vec::new(),
        diagnostics,
        pages: 1,
        headers: page.headers.clone(),
        first_rows: usize::MAX,
    }
}

/// Reads a document as what it is, or as what the config says it is.
fn listing(source: &Source, document: &Document, still_time: &dyn Fn() -> bool) -> Result<Listing, Verdict> {
    let format = if source.kind == Kind::Page { None } else { upstream::recognize(document) };
    match (format, &source.rules) {
        (Some(format), _) => Ok(upstream::read(document, format, still_time)),
        (None, Some(rules)) => Ok(extract::extract(document, rules, still_time)),
        (None, None) => {
            if let Some(kind) = blocked::kind(&crate::page::Headers::default(), &document.text) {
                return Err(Verdict::Blocked { reason: format!("the page is {kind}") });
            }
            let found = if upstream::is_sitemap(document) {
                "a sitemap, which has no headlines"
            } else {
                "something else"
            };
            Err(Verdict::Unreadable { reason: format!("expected a feed, found {found}") })
        }
    }
}

impl Reading {
    /// Resolves the dates of the whole listing together. `anchors` are the days already stored for entries that
    /// are known, in the order of the sightings: constants, that others are held against.
    pub fn date(&mut self, source: &Source, anchors: &[Option<Date>], now: Timestamp) {
        let rule = source.rules.as_ref().and_then(|rules| rules.date.as_ref());
        let language = rule.and_then(|rule| rule.language.as_deref()).or(source.language.as_deref());
        let context = moment::Context {
            now,
            zone: &source.timezone,
            language: language.or(self.listing.language.as_deref()),
            host: source.url.host_str(),
            order: rule.and_then(|rule| rule.order),
            format: rule.and_then(|rule| rule.format.as_deref()),
            horizon: moment::Horizon::Fetch,
        };
        let rows: Vec<moment::Row<'_>> = self
            .sightings
            .iter()
            .enumerate()
            .map(|(at, s)| moment::Row { dates: &s.dates, anchor: anchors.get(at).copied().flatten() })
            .collect();
        self.resolutions = moment::resolve(&rows, &context);
        for (sighting, resolution) in self.sightings.iter_mut().zip(&self.resolutions) {
            let row = sighting.rows[0];
            let mut whys: Vec<&Unresolved> = resolution.refused.iter().map(|(_, why)| why).collect();
            whys.retain(|why| refusal(why) != Code::DateMissing);
            match &resolution.outcome {
                Ok(moment) => sighting.entry.moment = Some(moment.clone()),
                Err(why) if rule.is_some() || refusal(why) != Code::DateMissing => whys.push(why),
                // Nothing was asked for and nothing is there: an undated page, not a loss.
                Err(_) => {}
            }
            whys.dedup();
            self.diagnostics
                .extend(whys.iter().map(|why| Diagnostic::row(refusal(why), row, why.to_string())));
        }
        if rule.is_some() {
            self.fold_undated();
        }
    }

    /// When no entry at all has a date, that is one fact about the page, not one for each row.
    fn fold_undated(&mut self) {
        let is_undated = |d: &Diagnostic| d.code == Code::DateMissing && d.row.is_some();
        let undated = self.diagnostics.iter().filter(|d| is_undated(d)).count();
        if self.sightings.len() > 1 && undated == self.sightings.len() {
            self.diagnostics.retain(|d| !is_undated(d));
            self.diagnostics
                .push(Diagnostic::page(Code::DateMissing, "no entry has a date that can be read"));
        }
    }

    /// The verdict on a page without entries, a block page before all; `None`: it has entries.
    pub fn verdict_without_entries(&self, source: &Source, history: &[PageShape]) -> Option<Verdict> {
        let found = judge::Found {
            listing: &self.listing,
            shape: self.shape(),
            entry: source.rules.as_ref().map_or("entry", |rules| &rules.entry.text),
            container: source.rules.as_ref().and_then(|r| r.listing.as_ref()).map(|css| css.text.as_str()),
        };
        let verdict = judge::without_entries(&found, history)?;
        if verdict.is_failure()
            && let Some(kind) = blocked::kind(&self.headers, &self.document.text)
        {
            return Some(Verdict::Blocked { reason: format!("the page is {kind}") });
        }
        Some(verdict)
    }

    /// What the page's entries hold; of a listing over several pages, those of the first: how many others are read
    /// depends on what is known.
    pub fn shape(&self) -> PageShape {
        PageShape {
            entries: self.count(|_| true),
            links: self.count(|entry| entry.link.is_some()),
            teasers: self.count(|entry| entry.teaser.is_some()),
            dates: self.dated(),
            images: self.count(|entry| entry.image.is_some()),
            authors: self.count(|entry| entry.author.is_some()),
        }
    }

    /// A shape made before the dates were resolved, with them.
    pub(super) fn shape_dated(&self, shape: PageShape) -> PageShape {
        PageShape { dates: self.dated(), ..shape }
    }

    /// How many entries the page itself dates.
    fn dated(&self) -> u32 {
        self.count(|entry| entry.moment.is_some())
    }

    fn count(&self, has: fn(&Entry) -> bool) -> u32 {
        let of_first = self.sightings.iter().filter(|s| s.rows[0] <= self.first_rows);
        u32::try_from(of_first.filter(|s| has(&s.entry)).count()).unwrap_or(u32::MAX)
    }
}

/// Which kind of diagnostic a date that was not used is.
fn refusal(why: &Unresolved) -> Code {
    match why {
        Unresolved::NoText | Unresolved::NoDate | Unresolved::FormatMissed { .. } => Code::DateMissing,
        Unresolved::Ambiguous { .. } => Code::DateAmbiguous,
        Unresolved::Impossible { .. }
        | Unresolved::NoYear
        | Unresolved::TooLate { .. }
        | Unresolved::TooEarly { .. }
        | Unresolved::SameEverywhere
        | Unresolved::OtherCalendar { .. } => Code::DateRefused,
    }
}
