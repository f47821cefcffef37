//! Listing → sightings: raw rows become entries we stand behind, each with what it is recognized by. Pure.
//!
//! Refuses to decide what is new (that is `merge`) and to date anything (that is `moment`, over the whole
//! listing at once). A row that cannot become an entry is named in a diagnostic.

mod canonical;
mod text;

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::{
    diagnostic::{Code, Diagnostic},
    entry::{Enclosure, Entry, Sighting},
    extract::address,
    html::{Html, Unsafe},
    id::EntryKey,
    listing::{DateSource, Listing, RawEntry, RawField},
};

pub use canonical::canonical;
pub use text::{comparable, lasting, numbers_aside};

/// Every row of a listing as an entry, posted twice or not, in page order.
pub fn normalize(
    listing: &Listing,
    page: &Url,
    still_time: &dyn Fn() -> bool,
) -> (Vec<Sighting>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let rows: Vec<Believed> = listing
        .entries
        .iter()
        .filter_map(|raw| {
            let content = safe(raw, &mut diagnostics, still_time);
            let mut row = believe(raw, &listing.base, page, &mut diagnostics)?;
            row.entry.content = content;
            Some(row)
        })
        .collect();
    let mut shared = links_that_tell_nothing_apart(&rows, page);
    if let Some(home) = &listing.home {
        // An upstream feed whose entries all lead to the site's front page.
        shared.push(canonical(home, page));
    }
    let same_ids = ids_that_tell_nothing_apart(&rows);
    let mut sightings: Vec<Sighting> = Vec::with_capacity(rows.len());
    let mut first_by: HashMap<EntryKey, usize> = HashMap::new();
    for row in rows {
        let row_number = row.row;
        let sighting = row.sighting(&shared, &same_ids);
        let twin = telling(&sighting.keys).find_map(|key| first_by.get(key).copied());
        if let Some(first) = twin {
            let first = &mut sightings[first];
            diagnostics.push(Diagnostic::row(
                Code::DoublePost,
                row_number,
                format!("row {row_number} is row {} again: `{}`", first.rows[0], first.entry.headline),
            ));
            fold(first, sighting);
            continue;
        }
        for key in telling(&sighting.keys) {
            first_by.insert(key.clone(), sightings.len());
        }
        sightings.push(sighting);
    }
    (sightings, diagnostics)
}

/// The full text, made safe.
fn safe(raw: &RawEntry, diagnostics: &mut Vec<Diagnostic>, still_time: &dyn Fn() -> bool) -> Option<Html> {
    let content = raw.content.as_ref()?;
    match Html::sanitize(&content.field.value, &content.base, still_time) {
        Ok(html) => Some(html),
        Err(Unsafe::Empty) => None,
        Err(why) => {
            let message = format!("the full text was left out: {why}");
            diagnostics.push(Diagnostic::row(Code::ContentRefused, raw.row, message));
            None
        }
    }
}

/// The keys by which two rows of one page are one entry: the surest, and all that are not weak. A table of
/// "Minutes" shares headline and day row by row.
fn telling(keys: &[EntryKey]) -> impl Iterator<Item = &EntryKey> {
    keys.iter().enumerate().filter(|(index, key)| *index == 0 || !key.is_weak()).map(|(_, key)| key)
}

/// The later of two rows of one entry gives the first what it lacks, and its keys.
fn fold(first: &mut Sighting, later: Sighting) {
    first.rows.extend(later.rows);
    for key in later.keys {
        if !first.keys.contains(&key) {
            first.keys.push(key);
        }
    }
    let entry = &mut first.entry;
    entry.link = entry.link.take().or(later.entry.link);
    entry.teaser = entry.teaser.take().or(later.entry.teaser);
    entry.content = entry.content.take().or(later.entry.content);
    entry.image = entry.image.take().or(later.entry.image);
    entry.author = entry.author.take().or(later.entry.author);
    for category in later.entry.categories {
        if !entry.categories.contains(&category) {
            entry.categories.push(category);
        }
    }
    for enclosure in later.entry.enclosures {
        if !entry.enclosures.iter().any(|known| known.url == enclosure.url) {
            entry.enclosures.push(enclosure);
        }
    }
    if first.dates.is_empty() {
        first.dates = later.dates;
    }
}

/// A row whose texts and addresses are believed; what it is recognized by depends on the other rows.
struct Believed {
    row: usize,
    entry: Entry,
    canonical: Option<String>,
    own_id: Option<String>,
    day: String,
    dates: Vec<crate::listing::RawDate>,
}

fn believe(raw: &RawEntry, base: &Url, page: &Url, diagnostics: &mut Vec<Diagnostic>) -> Option<Believed> {
    let row = raw.row;
    let Some(headline) = &raw.headline else {
        diagnostics.push(Diagnostic::row(
            Code::HeadlineMissing,
            row,
            "the row has no headline and nothing to stand in for it".to_owned(),
        ));
        return None;
    };
    let mut resolved = |name: &str, field: Option<&RawField>| -> Option<Url> {
        let field = field?;
        match address::resolve(base, &field.value) {
            Ok(url) => Some(url),
            Err(why) => {
                diagnostics.push(Diagnostic::row(
                    Code::AddressUnusable,
                    row,
                    format!("{name} `{}` cannot be used: {why}", shown(&field.value)),
                ));
                None
            }
        }
    };
    let link = resolved("link", raw.link.as_ref()).map(canonical::without_noise);
    let image = resolved("image", raw.image.as_ref());
    let mut enclosures = raw.enclosures.clone();
    for url in raw.files.iter().filter_map(|file| resolved("enclosure", Some(file))) {
        if enclosures.iter().all(|known| known.url != url) {
            enclosures.push(Enclosure { url, media_type: None, bytes: None, seconds: None });
        }
    }
    let value = |field: &Option<RawField>| field.as_ref().map(|f| f.value.clone());
    let mut categories: Vec<String> = Vec::new();
    for category in &raw.categories {
        if !categories.contains(&category.value) {
            categories.push(category.value.clone());
        }
    }
    Some(Believed {
        row,
        canonical: link.as_ref().map(|link| canonical(link, page)),
        own_id: value(&raw.id),
        day: day_text(raw),
        entry: Entry {
            headline: headline.value.clone(),
            link,
            teaser: value(&raw.teaser),
            content: None,
            image,
            author: value(&raw.author),
            categories,
            enclosures,
            moment: None,
        },
        dates: raw.dates.clone(),
    })
}

/// An address in a message: enough to know it again.
fn shown(address: &str) -> String {
    const SHOWN: usize = 120;
    let mut text: String = address.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if address.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}

/// Links that three or more rows share under different headlines, or several on different days, and links to the listing page itself: they
/// lead somewhere, but say nothing of which entry is which (a table whose rows all link one form).
fn links_that_tell_nothing_apart(rows: &[Believed], page: &Url) -> Vec<String> {
    let mut stories: HashMap<&str, Stories> = HashMap::new();
    for row in rows {
        if let Some(link) = &row.canonical {
            let of_link = stories.entry(link).or_default();
            of_link.headlines.insert(comparable(&row.entry.headline));
            of_link.days.insert(&row.day);
            of_link.ids.extend(row.own_id.as_deref());
        }
    }
    let tells_nothing = |stories: &Stories| {
        let headlines = stories.headlines.len();
        // Two stories with ids of their own are two, whatever link they share; and so is what is told of two days.
        headlines >= 3 || (headlines == 2 && stories.ids.len() == 2) || stories.has_days()
    };
    let mut shared: Vec<String> = stories
        .into_iter()
        .filter(|(_, stories)| tells_nothing(stories))
        .map(|(link, _)| link.to_owned())
        .collect();
    let mut own = page.clone();
    own.set_fragment(None);
    shared.push(canonical(&own, page));
    shared
}

/// What the rows with one link say.
#[derive(Default)]
struct Stories<'a> {
    headlines: HashSet<String>,
    ids: HashSet<&'a str>,
    days: HashSet<&'a str>,
}

impl Stories<'_> {
    /// Whether they are of several days that are told alike. A story that is shown on top as well has its day otherwise there.
    fn has_days(&self) -> bool {
        let forms: HashSet<Vec<bool>> =
            self.days.iter().map(|day| day.split(' ').map(is_number).collect()).collect();
        let days: HashSet<Vec<&str>> = self.days.iter().map(|day| first_numbers(day)).collect();
        // A story that is shown on top with the day of its last change has two.
        let fewest = if self.headlines.len() > 1 || self.ids.len() > 1 { 2 } else { 3 };
        days.len() >= fewest && forms.len() == 1 && !self.days.contains("")
    }
}

fn is_number(word: &str) -> bool {
    word.starts_with(char::is_numeric)
}

/// The first numbers of a text up to a year, with the word among them or before them: its day, whatever section of the
/// site or time of day is named besides.
fn first_numbers(text: &str) -> Vec<&str> {
    let words: Vec<&str> = text.split(' ').collect();
    let is_year = |word: &&str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = |from: usize| {
        let run = words[from..].iter().take_while(|word| is_number(word)).count();
        let year = words[from..from + run].iter().position(is_year);
        (from + year.map_or(run, |year| year + 1), year.is_some())
    };
    let start = words.iter().position(|word| is_number(word)).unwrap_or(0);
    let of_day = match numbers(start) {
        (end, false) if end < words.len() => start..numbers(end + 1).0,
        (end, _) => start.saturating_sub(1)..end,
    };
    words[of_day].to_vec()
}

/// Ids that rows with different links and different headlines share: feeds give every item the same one, or the
/// site's address.
fn ids_that_tell_nothing_apart(rows: &[Believed]) -> Vec<String> {
    let mut first: HashMap<&str, &Believed> = HashMap::new();
    let mut shared = Vec::new();
    for row in rows {
        let Some(id) = row.own_id.as_deref() else { continue };
        let known = first.entry(id).or_insert(row);
        let is_other_link = known.canonical != row.canonical || row.canonical.is_none();
        if is_other_link && comparable(&known.entry.headline) != comparable(&row.entry.headline) {
            shared.push(id.to_owned());
        }
    }
    shared
}

/// What a row says of its day outside of headline and teaser, without the time of day: two posts of one story
/// minutes apart are one, a weekly briefing in the same words is not. Empty: it says nothing that lasts.
///
/// The text, not the resolved day: a stored key must not depend on how dates are read.
fn day_text(raw: &RawEntry) -> String {
    use DateSource::{Above, Field, Metadata, TimeElement};
    let own = |source| matches!(source, TimeElement | Metadata | Field | Above);
    let Some(date) = raw.dates.iter().find(|date| own(date.source)) else { return String::new() };
    let text = date.field.value.as_str();
    let is_time = |word: &&str| word.contains(':');
    match text.split_once('T') {
        // An ISO stamp: the day is what stands before the `T`.
        Some((day, _)) if day.len() == 10 && day.is_ascii() => lasting(day),
        _ => lasting(&text.split_whitespace().filter(|word| !is_time(word)).collect::<Vec<_>>().join(" ")),
    }
}

/// On an entry with a link, a teaser at least this long tells stories apart; "Read the notice" does not.
const TELLING_TEASER_CHARS: usize = 20;

/// On an entry without a link, a teaser at least this long tells it from others under a new headline.
const LONG_TEASER_CHARS: usize = 40;

impl Believed {
    fn sighting(self, shared: &[String], same_ids: &[String]) -> Sighting {
        let mut keys = Vec::new();
        if let Some(id) = self.own_id.as_ref().filter(|id| !same_ids.contains(id)) {
            keys.push(EntryKey::id(id));
        }
        if let Some(link) = self.canonical.as_ref().filter(|link| !shared.contains(link)) {
            keys.push(EntryKey::link(link));
        }
        let is_addressed = !keys.is_empty();
        let headline = lasting(&self.entry.headline);
        let teaser = self.entry.teaser.as_deref().map(lasting).unwrap_or_default();
        let teaser_chars = teaser.chars().count();
        let day = &self.day;
        if teaser_chars >= if is_addressed { TELLING_TEASER_CHARS } else { 1 } {
            keys.push(EntryKey::texts(EntryKey::HEADLINE_TEASER, &[&headline, &teaser, day]));
        }
        if !day.is_empty() || !is_addressed {
            keys.push(EntryKey::texts(EntryKey::HEADLINE_DATE, &[&headline, day]));
        }
        if !is_addressed && teaser_chars >= LONG_TEASER_CHARS {
            keys.push(EntryKey::texts(EntryKey::TEASER_DATE, &[&teaser, day]));
        }
        Sighting { entry: self.entry, keys, rows: vec![self.row], dates: self.dates }
    }
}

#[cfg(test)]
mod tests;
