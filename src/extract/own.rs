//! An entry's own page and the rules for it → what it tells of the entry. Pure.
//!
//! Believes only a page that names the entry's headline: what stands there instead (a soft 404, a consent page, the
//! front page) tells nothing of it. Among several stories of one page, JSON-LD counts by the headline it names.

use std::collections::HashSet;

use scraper::ElementRef;
use url::Url;

use super::{
    address,
    facts::Facts,
    field::{self, Ask, Place, Reading, tag},
    metadata, parse, plain, readable, root,
    slow::{Time, matching},
    text,
    walk::Row,
};
use crate::{
    config::{Content, FieldRule, OwnPage},
    decode::Document,
    listing::{DateSource, RawContent, RawDate, RawField},
    normalize::comparable,
};

/// A teaser is a paragraph or a few, as on a listing.
const TEASER: Ask = Ask { name: "teaser", limit: 4000, reading: Reading::Text };
const IMAGE: Ask = Ask { name: "image", limit: address::MAX_ADDRESS_BYTES, reading: Reading::Image };
const DATE: Ask = Ask { name: "date", limit: 1000, reading: Reading::Boxes };

/// What an own page tells.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The texts that may hold the date, best source first.
    pub dates: Vec<RawDate>,
    /// The language the page states; `None`: none.
    pub language: Option<String>,
    /// The teaser, plain.
    pub teaser: Option<String>,
    /// The image.
    pub image: Option<Url>,
    /// The full text; `None`: not asked for, or there is none.
    pub content: Option<RawContent>,
    /// Why what was asked for is not there, in words.
    pub missed: Vec<String>,
}

/// Reads the page; `None`: it does not name the headline.
pub fn own(
    document: &Document,
    rules: &OwnPage,
    headline: &str,
    still_time: &dyn Fn() -> bool,
) -> Option<Told> {
    let parsed = parse::parse(&document.text, still_time);
    let top = root(&parsed.html)?;
    let facts = Facts::read(&parsed.html, &document.url);
    let stories = metadata::stories(&facts.json_ld);
    let said = Said::read(top);
    let wanted = comparable(headline);
    let story = stories.iter().find(|story| story.names.iter().any(|name| is_named(&wanted, name)));
    let mut names = said.headings.iter().chain(said.of(&["og:title", "twitter:title"])).chain(&facts.title);
    if story.is_none() && !names.any(|name| is_named(&wanted, name)) {
        return None;
    }
    let (rows, time) = (HashSet::new(), Time::new(still_time));
    let place = Place { row: Row { element: top, rows: &rows }, base: &facts.base, time: &time };
    let mut told = Told { language: facts.language.clone(), ..Told::default() };
    let mut asked = |rule: &Option<FieldRule>, ask: Ask| {
        let rule = rule.as_ref()?;
        let found = field::first(rule, ask, place).ok().map(|found| found.field);
        if found.is_none() {
            told.missed.push(format!("`{}` of `own_page` found nothing", ask.name));
        }
        found
    };
    let teaser = asked(&rules.teaser, TEASER).map(|field| field.value);
    let image = asked(&rules.image, IMAGE).map(|field| field.value);
    let date = asked(&rules.date, DATE);
    told.dates = date.map(|field| RawDate { source: DateSource::Field, field }).into_iter().collect();
    told.dates.extend(story.and_then(|story| story.date.clone()).map(|stated| RawDate {
        source: DateSource::Metadata,
        field: stated_field(&stated.date, &stated.place, "<script>"),
    }));
    told.dates.extend(said.dates.iter().cloned());
    let described = story.and_then(|story| story.description.clone());
    let described = described
        .or_else(|| said.of(&["og:description", "twitter:description", "description"]).next().cloned());
    told.teaser = teaser.or_else(|| {
        let teaser = plain(&described?, still_time);
        let teaser = text::shorten(&teaser, TEASER.limit).unwrap_or(teaser);
        // A description that repeats the headline tells nothing more.
        (!comparable(&teaser).is_empty() && comparable(&teaser) != wanted).then_some(teaser)
    });
    let pictured = story.and_then(|story| story.image.clone());
    let pictured =
        pictured.or_else(|| said.of(&["og:image", "og:image:url", "twitter:image"]).next().cloned());
    told.image = image.or(pictured).and_then(|written| address::resolve(&facts.base, &written).ok());
    match content(document, rules.content.as_ref(), place, still_time) {
        Some(Ok(found)) => told.content = Some(found),
        Some(Err(why)) => told.missed.push(format!("no full text was found: {why}")),
        None => {}
    }
    if time.is_out() {
        told.missed.push("time ran out while `own_page` was read".to_owned());
    }
    Some(told)
}

fn content(
    document: &Document,
    rule: Option<&Content>,
    place: Place<'_>,
    still_time: &dyn Fn() -> bool,
) -> Option<Result<RawContent, String>> {
    let (markup, selector) = match rule? {
        Content::StandsOut => match readable::readable(&document.text, &document.url, still_time) {
            Ok(markup) => (markup, "what stands out".to_owned()),
            Err(why) => return Some(Err(why)),
        },
        Content::Element(css) => match matching(place.row.element, css, place.time).next() {
            Some(element) => (element.inner_html(), css.text.clone()),
            None => return Some(Err(format!("`{}` matches nothing", css.text))),
        },
    };
    let field = RawField { value: markup, raw: String::new(), selector, element: String::new() };
    Some(Ok(RawContent { field, base: place.base.clone() }))
}

/// Of ten words of a headline this many must stand in the name of a page.
const NAMED_OF_TEN: usize = 6;

/// Whether a name is the headline's, shortened or lengthened by either side: sites add their own name, listings cut.
fn is_named(headline: &str, name: &str) -> bool {
    let name = comparable(name);
    if headline.is_empty() || name.is_empty() {
        return false;
    }
    let there: HashSet<&str> = name.split(' ').collect();
    let words: HashSet<&str> = headline.split(' ').collect();
    let common = words.iter().filter(|word| there.contains(*word)).count();
    // Languages that part no words have a headline of one: then it must stand there whole.
    common * 10 >= words.len() * NAMED_OF_TEN || name.contains(headline)
}

/// What the page's head and its headings say.
struct Said {
    /// By name or property, in page order.
    meta: Vec<(String, String)>,
    headings: Vec<String>,
    dates: Vec<RawDate>,
}

/// A page's own headings come first; the last of a long page are not its name.
const MAX_HEADINGS: usize = 40;

impl Said {
    fn read(top: ElementRef<'_>) -> Self {
        let mut said = Self { meta: Vec::new(), headings: Vec::new(), dates: Vec::new() };
        let mut times = Vec::new();
        for element in top.descendants().filter_map(ElementRef::wrap) {
            match element.value().name() {
                "meta" => said.meta(element),
                "h1" | "h2" | "h3" if said.headings.len() < MAX_HEADINGS => {
                    said.headings.push(text::of(element, &HashSet::new()));
                }
                "time" => {
                    let is_own = element.attr("pubdate").is_some()
                        || element
                            .attr("itemprop")
                            .is_some_and(|property| property.trim() == "datePublished");
                    let written = element.attr("datetime").filter(|written| !written.trim().is_empty());
                    times.extend(written.filter(|_| is_own).map(|written| RawDate {
                        source: DateSource::TimeElement,
                        field: stated_field(written, "time@datetime", &tag(element)),
                    }));
                }
                _ => {}
            }
        }
        said.dates.extend(times.into_iter().take(1));
        said
    }

    fn meta(&mut self, element: ElementRef<'_>) {
        let Some(content) = element.attr("content").filter(|content| !content.trim().is_empty()) else {
            return;
        };
        for name in ["property", "name", "itemprop"].iter().filter_map(|attr| element.attr(attr)) {
            let name = name.trim().to_ascii_lowercase();
            if matches!(
                name.as_str(),
                "article:published_time" | "og:article:published_time" | "datepublished"
            ) {
                let field = stated_field(content, &name, "<meta>");
                self.dates.push(RawDate { source: DateSource::Metadata, field });
            }
            self.meta.push((name, content.to_owned()));
        }
    }

    /// What is said under the first of these names that says anything, in page order.
    fn of(&self, names: &[&str]) -> impl Iterator<Item = &String> {
        let found: Vec<&String> = names
            .iter()
            .flat_map(|name| self.meta.iter().filter(move |(other, _)| other == name))
            .map(|(_, content)| content)
            .collect();
        found.into_iter()
    }
}

fn stated_field(written: &str, place: &str, element: &str) -> RawField {
    let value = text::fold(written);
    RawField { raw: value.clone(), value, selector: place.to_owned(), element: element.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_believed_when_it_names_the_headline_however_either_was_cut() {
        for (headline, name) in [
            ("Ferry is late", "Ferry is late | The Pier"),
            (
                "Harbour council votes on the new breakwater after a long and…",
                "Harbour council votes on the new breakwater after a long and stormy night",
            ),
            ("NEWS: Ferry is late", "Ferry is late"),
            ("台風接近に伴う運航情報", "台風接近に伴う運航情報｜港町"),
        ] {
            assert!(is_named(&comparable(headline), name), "{headline} / {name}");
        }
        for (headline, name) in [
            ("Ferry is late", "Page not found"),
            ("Ferry is late", "Before you continue"),
            ("Ferry is late", ""),
            ("台風接近に伴う運航情報", "ページが見つかりません"),
            ("Harbour council votes on the new breakwater", "The Harbour Gazette"),
        ] {
            assert!(!is_named(&comparable(headline), name), "{headline} / {name}");
        }
    }

    #[test]
    fn no_own_page_breaks_the_reader() {
        let url = Url::parse("https://site.example/a").expect("an address");
        let rules = OwnPage {
            date: None,
            teaser: None,
            image: None,
            content: Some(Content::StandsOut),
            budget: 1,
            first_budget: 1,
        };
        for text in [
            String::new(),
            "<title>A</title>".to_owned(),
            "<title>A</title><script type=application/ld+json>{\"@type\":\"Article\",\"headline\":[[[]]],\"image\":{}}</script>".to_owned(),
            format!("<title>A</title>{}", "<p>".repeat(30_000)),
            format!("<title>A</title>{}", "<b>".repeat(30_000)),
            format!("<title>A</title>{}", "<table>".repeat(3000)),
        ] {
            let document = Document {
                text,
                url: url.clone(),
                charset: "UTF-8",
                found_by: crate::decode::CharsetSource::Default,
                diagnostics: Vec::new(),
            };
            let told = own(&document, &rules, "A", &|| true);
            assert!(told.is_none_or(|told| told.teaser.is_none()));
        }
    }
}
