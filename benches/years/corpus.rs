//! A folder of saved pages → listings: the days of their entries, in the order of the page.
//!
//! The truth beside some pages is sorted by date, so the order is taken from the page itself: where each entry's
//! link stands in it, else its headline.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::Deserialize;

/// A listing with its true days.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The site, to which of the two halves it belongs, and the seed of all that is drawn for it.
    pub site: String,
    /// The days in page order, and for each the entry's place in the truth.
    pub days: Vec<Date>,
    /// The clock of events that lie ahead; `None`: a listing of what was published.
    pub events_at: Option<Date>,
}

/// What was read, and what could not be used.
#[derive(Default)]
pub struct Corpus {
    pub listings: Vec<Listing>,
    /// Entries placed by the page, and entries that stand nowhere in it.
    pub placed: (usize, usize),
    /// Pages with fewer than three days, and pages that say what another says.
    pub left_out: (usize, usize),
}

#[derive(Deserialize)]
struct Truth {
    #[serde(default)]
    now: Option<Date>,
    expected: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    date_text: Option<String>,
}

impl Entry {
    /// The day; years before the web are stamps of nothing.
    fn day(&self) -> Option<Date> {
        let iso = self.date.as_deref().and_then(|date| date.get(..10)?.parse::<Date>().ok());
        let words = || Date::strptime("%b %d, %Y", self.date_text.as_deref()?).ok();
        iso.or_else(words).filter(|day| day.year() >= 1990)
    }
}

/// Fewer days than these are no listing.
const FEWEST: usize = 3;

/// Reads `listings/` and `versions/` of a folder.
///
/// # Errors
/// What cannot be read, by name.
pub fn load(root: &Path) -> Result<Corpus, String> {
    let mut corpus = Corpus::default();
    let mut seen = HashSet::new();
    for (truth, page) in cases(root)? {
        let text = read(&truth)?;
        let found: Truth =
            serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", truth.display()))?;
        let dated: Vec<&Entry> = found.expected.iter().filter(|entry| entry.day().is_some()).collect();
        let html = entities(&String::from_utf8_lossy(&read(&page)?).to_lowercase());
        let places = places(&dated, &html);
        let mut rows: Vec<(usize, Date)> =
            places.iter().zip(&dated).filter_map(|(place, entry)| Some(((*place)?, entry.day()?))).collect();
        rows.sort_by_key(|(place, _)| *place);
        let days: Vec<Date> = rows.into_iter().map(|(_, day)| day).collect();
        if days.len() < FEWEST {
            corpus.left_out.0 += 1;
            continue;
        }
        let site = site(&truth);
        if !seen.insert((site.clone(), days.clone())) {
            corpus.left_out.1 += 1;
            continue;
        }
        corpus.placed.0 += days.len();
        corpus.placed.1 += dated.len() - days.len();
        corpus.listings.push(Listing { site, days, events_at: found.now });
    }
    Ok(corpus)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}

/// Each truth and its page.
fn cases(root: &Path) -> Result<Vec<(PathBuf, PathBuf)>, String> {
    let mut cases = Vec::new();
    for folder in
        folders(&root.join("listings"))?.iter().map(|kind| folders(kind)).collect::<Result<Vec<_>, _>>()?
    {
        cases.extend(folder.iter().map(|case| (case.join("expected.json"), case.join("page.html"))));
    }
    for case in folders(&root.join("versions"))? {
        cases
            .extend(["old", "new"].map(|name| {
                (case.join(name).with_extension("json"), case.join(name).with_extension("html"))
            }));
    }
    Ok(cases)
}

/// The site a case is of: its folder without the number of the version or the page.
fn site(truth: &Path) -> String {
    let folder = truth.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let name = folder.split('.').next().unwrap_or_default();
    let name = name.split("_example").next().unwrap_or_default();
    name.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_').to_owned()
}

/// The few entities that links and headlines are full of.
fn entities(html: &str) -> String {
    [("&amp;", "&"), ("&#39;", "'"), ("&quot;", "\""), ("&nbsp;", " "), ("&#8217;", "’")]
        .iter()
        .fold(html.to_owned(), |html, (entity, letter)| html.replace(entity, letter))
}

/// Where each entry stands in its page, in bytes; `None`: nowhere. Entries that are found at the same places take
/// them in turn.
fn places(entries: &[&Entry], html: &str) -> Vec<Option<usize>> {
    /// A headline and its link stand this near each other.
    const NEAR: usize = 3000;
    let mut taken: HashMap<Vec<usize>, usize> = HashMap::new();
    let place = |entry: &&Entry| {
        let headline: String =
            entry.title.as_deref().unwrap_or_default().to_lowercase().chars().take(18).collect();
        let of_headline = if headline.len() > 5 { all(html, &headline) } else { Vec::new() };
        let mut found = of_link(entry, html);
        if found.len() > 1 && !of_headline.is_empty() {
            let is_near = |at: &usize| of_headline.iter().any(|headline| at.abs_diff(*headline) < NEAR);
            let near: Vec<usize> = found.iter().copied().filter(is_near).collect();
            found = if near.is_empty() { found } else { near };
        }
        if found.is_empty() {
            found = of_headline;
        }
        let last = found.len().checked_sub(1)?;
        let turn = taken.entry(found.clone()).or_default();
        *turn += 1;
        Some(found[last.min(*turn - 1)])
    };
    entries.iter().map(place).collect()
}

/// Where an entry's link stands: by its end, and by more of it while that stands in several places.
fn of_link(entry: &Entry, html: &str) -> Vec<usize> {
    let link = entities(&entry.link.as_deref().unwrap_or_default().to_lowercase());
    let parts: Vec<&str> = link.trim_end_matches('/').split('/').collect();
    let mut best = Vec::new();
    for count in 1..=parts.len().min(4) {
        let tail = parts[parts.len() - count..].join("/");
        if tail.len() < 4 {
            continue;
        }
        let mut found = all(html, &tail);
        if found.is_empty() {
            found = all(html, &tail.replace(' ', "%20"));
        }
        if found.is_empty() {
            found = all(html, &tail.replace("%20", " "));
        }
        if found.is_empty() {
            break;
        }
        let is_unique = found.len() == 1;
        best = found;
        if is_unique {
            break;
        }
    }
    best
}

/// The first places of a text; where there are more it tells nothing.
fn all(html: &str, text: &str) -> Vec<usize> {
    html.match_indices(text).take(50).map(|(at, _)| at).collect()
}
