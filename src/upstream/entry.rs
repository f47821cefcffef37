//! One `item` or `entry` → a raw entry. Pure, and never fails: a field that cannot be read is missing.

use url::Url;

use super::{
    author, duration,
    element::Element,
    head::{self, Head},
    markup::{self, MAX_HEADLINE, MAX_OTHER, MAX_TEASER, Place, TEASER_FROM_CONTENT, Text},
    vocabulary::Vocabulary::{self, Atom, Content, Dublin, Feedburner, Itunes, Media, Native, Sitemap},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    entry::Enclosure,
    extract::{address, text},
    listing::{DateSource, RawContent, RawDate, RawEntry, RawField},
};

/// The most categories and enclosures read of an entry.
const MAX_LIST: usize = 50;

/// A headline made of a teaser's first words has at most so many letters.
const HEADLINE_FROM_TEASER: usize = 100;

/// What reading an entry needs besides it.
pub struct Reader<'a> {
    /// The feed's head.
    pub head: &'a Head,
    /// The document's address.
    pub document: &'a Url,
    /// Whether there is time to read markup.
    pub still_time: &'a dyn Fn() -> bool,
}

impl Reader<'_> {
    /// Reads one entry; `row` counts from 1.
    pub fn read(&self, row: usize, entry: &Element, notes: &mut Vec<Diagnostic>) -> RawEntry {
        let (teaser, content) = self.texts(entry);
        let mut raw = RawEntry {
            row,
            headline: self.headline(entry),
            link: self.link(entry),
            id: id(entry),
            teaser,
            content,
            image: self.image(entry),
            author: self.author(entry),
            categories: categories(entry),
            enclosures: self.enclosures(entry),
            files: Vec::new(),
            dates: dates(entry),
        };
        if raw.headline.is_none() {
            raw.headline = stand_in(&raw);
            if let Some(headline) = &raw.headline {
                let message = format!("the entry has no title, taken from {}", headline.selector);
                notes.push(Diagnostic::row(Code::FallbackUsed, row, message));
            }
        }
        raw
    }

    /// Atom says what a text is, RSS lets one guess.
    fn text(&self, element: &Element) -> Option<Text> {
        let is_atoms = self.head.is_atom || element.vocabulary == Atom;
        if is_atoms && element.vocabulary != Media {
            markup::stated(element)
        } else {
            Some(markup::guessed(element))
        }
    }

    fn headline(&self, entry: &Element) -> Option<RawField> {
        first(
            entry,
            &[
                (Native, "title"),
                (Atom, "title"),
                (Dublin, "title"),
                (Media, "title"),
                (Itunes, "title"),
                (Sitemap, "title"),
            ],
        )
        .find_map(|element| Place::of(element).words(&self.text(element)?, MAX_HEADLINE, self.still_time))
    }

    /// The teaser and the full text. RSS's `description` is either, so it is the full text where there is markup and
    /// no better one.
    fn texts(&self, entry: &Element) -> (Option<RawField>, Option<RawContent>) {
        let summary = first(
            entry,
            &[
                (Native, "description"),
                (Native, "summary"),
                (Native, "abstract"),
                (Atom, "summary"),
                (Dublin, "description"),
                (Dublin, "abstract"),
                (Itunes, "summary"),
                (Media, "description"),
                (Itunes, "subtitle"),
            ],
        );
        let full = first(
            entry,
            &[(Content, "encoded"), (Native, "content"), (Atom, "content"), (Vocabulary::Xhtml, "body")],
        );
        let mut full = full.filter_map(|element| {
            let text = if element.vocabulary == Vocabulary::Xhtml {
                Text::Html(element.inner_html())
            } else {
                self.text(element)?
            };
            (!text.written().trim().is_empty()).then_some((element, text))
        });
        let full = full.next();
        let summary = summary
            .filter_map(|element| Some((element, self.text(element)?)))
            .find(|(_, text)| !text.written().trim().is_empty());
        let (from, text) = match (&full, &summary) {
            (Some((element, text)), _) | (None, Some((element, text))) => (*element, text),
            (None, None) => return (None, None),
        };
        let content = Place::of(from).content(text, self.base(from));
        let teaser = match &summary {
            Some((element, text)) => Place::of(element).words(text, MAX_TEASER, self.still_time),
            None => None,
        };
        let is_whole =
            content.is_some() && summary.as_ref().is_none_or(|(element, _)| std::ptr::eq(*element, from));
        let teaser = match teaser {
            // The whole story is no teaser.
            Some(teaser) if !is_whole => Some(teaser),
            _ => Place::of(from).words(
                text,
                if is_whole { TEASER_FROM_CONTENT } else { MAX_TEASER },
                self.still_time,
            ),
        };
        (teaser, content)
    }

    /// What relative addresses in an element are resolved against.
    fn base<'a>(&'a self, element: &'a Element) -> &'a Url {
        if *element.base == *self.document { &self.head.base } else { &element.base }
    }

    /// An address as a field; one that is relative inside an `xml:base` is made whole here.
    fn address(&self, element: &Element, written: &str) -> Option<RawField> {
        let written = written.trim();
        if written.is_empty() {
            return None;
        }
        let whole = match self.base(element).join(written) {
            Ok(url) if url.scheme().starts_with("http") => url.to_string(),
            _ => written.to_owned(),
        };
        Some(RawField {
            value: whole,
            raw: written.chars().take(MAX_OTHER).collect(),
            selector: element.written.clone(),
            element: element.tag(),
        })
    }

    /// The entry's own page. `FeedBurner` keeps the true link aside; a `guid` is one unless it says no.
    fn link(&self, entry: &Element) -> Option<RawField> {
        let original = first(entry, &[(Feedburner, "origlink")]).find_map(|e| self.address(e, &e.text()));
        let links = || {
            entry.elements().filter(|e| {
                matches!(e.local.as_str(), "link" | "loc") && matches!(e.vocabulary, Native | Atom)
            })
        };
        let rel = |e: &Element| e.attribute("rel").map_or("alternate", str::trim).to_ascii_lowercase();
        let alternate = || {
            let is_page = |e: &Element| e.attribute("type").is_none_or(|kind| kind.contains("html"));
            let all = || links().filter(|e| e.attribute("href").is_some() && rel(e) == "alternate");
            let found = all().find(|e| is_page(e)).or_else(|| all().next())?;
            self.address(found, found.attribute("href")?)
        };
        let written =
            || links().filter(|e| e.attribute("href").is_none()).find_map(|e| self.address(e, &e.text()));
        let guid = || {
            let found = entry.elements().find(|e| e.local == "guid" && e.vocabulary == Native)?;
            let text = found.text();
            let is_page =
                found.attribute("ispermalink").is_none_or(|value| !value.eq_ignore_ascii_case("false"));
            (is_page && text.trim().starts_with("http")).then(|| self.address(found, &text))?
        };
        let about = || {
            let about = entry.attributes.iter().find(|(name, _)| name.ends_with(":about"));
            about
                .filter(|(_, value)| value.starts_with("http"))
                .and_then(|(_, value)| self.address(entry, value))
        };
        let source = || {
            let content = entry.elements().find(|e| e.local == "content" && e.attribute("src").is_some())?;
            (content.vocabulary != Media).then(|| self.address(content, content.attribute("src")?))?
        };
        let any = || {
            let found = links().find(|e| matches!(rel(e).as_str(), "related" | "via"))?;
            self.address(found, found.attribute("href")?)
        };
        // CDF writes it on the item.
        let own = || self.address(entry, entry.attribute("href")?);
        original
            .or_else(|| {
                if self.head.is_atom { alternate().or_else(written) } else { written().or_else(alternate) }
            })
            .or_else(guid)
            .or_else(about)
            .or_else(source)
            .or_else(any)
            .or_else(own)
    }

    fn author(&self, entry: &Element) -> Option<RawField> {
        let mut names: Vec<String> = Vec::new();
        let mut place = None;
        for element in entry.elements() {
            let is_person = element.local == "author" && (self.head.is_atom || element.vocabulary == Atom);
            let name = match (element.vocabulary, element.local.as_str()) {
                (Native | Atom, "author") if is_person => head::person(element),
                (Native, "author") | (Dublin, "creator" | "author") => {
                    author::name(&text::fold(&element.text()))
                }
                _ => None,
            };
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                place.get_or_insert_with(|| Place::of(element));
                names.push(name);
            }
        }
        if names.is_empty() {
            let itunes = first(entry, &[(Itunes, "author"), (Media, "credit")])
                .find_map(|e| Some((Place::of(e), author::name(&text::fold(&e.text()))?)));
            let (found, name) = itunes.or_else(|| {
                let name = self.head.author.clone()?;
                Some((Place { name: "author".to_owned(), tag: "the feed's author".to_owned() }, name))
            })?;
            (place, names) = (Some(found), vec![name]);
        }
        let value = names.join(", ");
        let value = text::shorten(&value, MAX_OTHER).unwrap_or(value);
        place?.field(&value, &value)
    }

    fn image(&self, entry: &Element) -> Option<RawField> {
        let found = inside(entry, |e| {
            let is_picture = e.attribute("medium") == Some("image")
                || e.attribute("type").is_some_and(|kind| kind.trim().starts_with("image/"));
            match (e.vocabulary, e.local.as_str()) {
                (Media, "thumbnail") => e.attribute("url"),
                (Media, "content") | (Native, "enclosure") if is_picture => e.attribute("url"),
                (Itunes, "image") => e.attribute("href"),
                (Native | Atom, "link") if is_picture && e.attribute("rel") == Some("enclosure") => {
                    e.attribute("href")
                }
                _ => None,
            }
        });
        let of_sitemap = || {
            let images = entry.elements().filter(|e| e.is(&[Sitemap], "image")).flat_map(Element::elements);
            images.filter(|e| e.local == "loc").find_map(|e| self.address(e, &e.text()))
        };
        found.into_iter().find_map(|(element, written)| self.address(element, written)).or_else(of_sitemap)
    }

    fn enclosures(&self, entry: &Element) -> Vec<Enclosure> {
        let found = inside(entry, |e| match (e.vocabulary, e.local.as_str()) {
            (Native, "enclosure") => e.attribute("url").or_else(|| e.attribute("href")),
            (Native | Atom, "link") if e.attribute("rel").is_some_and(|rel| rel.trim() == "enclosure") => {
                e.attribute("href")
            }
            (Media, "content") if e.attribute("medium").is_some_and(|m| matches!(m, "audio" | "video")) => {
                e.attribute("url")
            }
            _ => None,
        });
        let mut enclosures: Vec<Enclosure> = Vec::new();
        for (element, written) in found {
            let Ok(url) = address::resolve(self.base(element), written) else { continue };
            if enclosures.iter().any(|known| known.url == url) {
                continue;
            }
            let length = element.attribute("length").or_else(|| element.attribute("filesize"));
            // Apple's element tells of the item, whose first file is the episode.
            let of_item = || first(entry, &[(Itunes, "duration")]).find_map(|e| duration::seconds(&e.text()));
            let own = element.attribute("duration").and_then(duration::seconds);
            let seconds = own.or_else(|| enclosures.is_empty().then(of_item).flatten());
            enclosures.push(Enclosure {
                url,
                media_type: element
                    .attribute("type")
                    .map(str::trim)
                    .filter(|t| !t.is_empty())
                    .map(|t| t.chars().take(100).collect()),
                bytes: length.and_then(|length| length.trim().parse().ok()).filter(|bytes| *bytes > 0),
                seconds,
            });
        }
        enclosures
    }
}

/// The elements in an entry, in its `media:group` or in a sitemap's `news:news` that are one of these, the best kind first.
fn first<'a>(
    entry: &'a Element,
    wanted: &'static [(Vocabulary, &'static str)],
) -> impl Iterator<Item = &'a Element> {
    let is_group = |e: &&Element| e.is(&[Media], "group") || e.is(&[Sitemap], "news");
    let groups = move || entry.elements().filter(is_group).flat_map(Element::elements);
    wanted.iter().flat_map(move |(vocabulary, name)| {
        entry.elements().chain(groups()).filter(move |e| e.is(&[*vocabulary], name))
    })
}

/// Elements in an entry or in its `media:group`, with what was asked of them.
fn inside<'a>(
    entry: &'a Element,
    ask: impl Fn(&'a Element) -> Option<&'a str>,
) -> Vec<(&'a Element, &'a str)> {
    let grouped = |e: &'a Element| {
        let is_group = matches!(e.vocabulary, Media) && matches!(e.local.as_str(), "group" | "content");
        std::iter::once(e).chain(e.elements().filter(move |_| is_group))
    };
    let deeper = entry.elements().flat_map(grouped).flat_map(grouped);
    let mut found: Vec<(&Element, &str)> = Vec::new();
    for (element, written) in deeper.filter_map(|e| Some((e, ask(e)?))) {
        if found.len() < MAX_LIST && !found.iter().any(|(known, _)| std::ptr::eq(*known, element)) {
            found.push((element, written));
        }
    }
    found
}

/// `guid`, `id`, or RDF's `about`.
fn id(entry: &Element) -> Option<RawField> {
    let written = first(entry, &[(Native, "guid"), (Native, "id"), (Atom, "id"), (Dublin, "identifier")])
        .find_map(|e| {
            let text = e.text();
            let text = text.trim();
            (text.len() <= MAX_OTHER).then(|| Place::of(e).field(text, text))?
        });
    written.or_else(|| {
        let (_, about) = entry.attributes.iter().find(|(name, _)| name.ends_with(":about"))?;
        Place::of(entry).field(about.trim(), about)
    })
}

fn categories(entry: &Element) -> Vec<RawField> {
    let mut found: Vec<RawField> = Vec::new();
    for element in entry.elements() {
        let text = match (element.vocabulary, element.local.as_str()) {
            (Native | Atom, "category") => {
                let stated = ["label", "term"].into_iter().find_map(|name| element.attribute(name));
                stated.filter(|text| !text.trim().is_empty()).map_or_else(|| element.text(), str::to_owned)
            }
            (Dublin, "subject") => element.text(),
            _ => continue,
        };
        let text = text::fold(&text);
        let text = text::shorten(&text, MAX_OTHER).unwrap_or(text);
        if found.len() < MAX_LIST && !found.iter().any(|known| known.value == text) {
            found.extend(Place::of(element).field(&text, &text));
        }
    }
    found
}

/// Every stamp, the surest first. A stamp of the last change is believed once, at first sight: as the date of
/// publication it would move with each edit.
fn dates(entry: &Element) -> Vec<RawDate> {
    const PUBLISHED: &[(Vocabulary, &str)] = &[
        (Native, "pubdate"),
        (Native, "published"),
        (Atom, "published"),
        (Native, "issued"),
        (Atom, "issued"),
        (Dublin, "issued"),
        (Dublin, "date"),
        (Sitemap, "publication_date"),
        (Native, "date"),
        (Native, "created"),
        (Atom, "created"),
        (Dublin, "created"),
    ];
    const CHANGED: &[(Vocabulary, &str)] = &[
        (Native, "updated"),
        (Atom, "updated"),
        (Native, "modified"),
        (Atom, "modified"),
        (Dublin, "modified"),
        (Native, "lastbuilddate"),
        (Native, "lastmod"),
    ];
    let stamps = |source, wanted| {
        first(entry, wanted).filter_map(move |e| {
            let text = text::fold(&e.text());
            Some(RawDate { source, field: Place::of(e).field(&text, &text)? })
        })
    };
    // CDF writes it on the item.
    let own = entry.attribute("lastmod").and_then(|text| Place::of(entry).field(text.trim(), text));
    let own = own.map(|field| RawDate { source: DateSource::Field, field });
    let elements = stamps(DateSource::Metadata, PUBLISHED).chain(stamps(DateSource::Field, CHANGED));
    elements.take(MAX_LIST).chain(own).collect()
}

/// The first words of the teaser, else the name of what is enclosed: microblogs have no titles.
fn stand_in(raw: &RawEntry) -> Option<RawField> {
    if let Some(teaser) = &raw.teaser {
        let value =
            text::shorten(&teaser.value, HEADLINE_FROM_TEASER).unwrap_or_else(|| teaser.value.clone());
        return Some(RawField {
            value,
            selector: "the first words of the text".to_owned(),
            ..teaser.clone()
        });
    }
    let file = raw.enclosures.first()?;
    let name = file.url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    Some(RawField {
        value: name.to_owned(),
        raw: file.url.to_string(),
        selector: "the name of the enclosed file".to_owned(),
        element: String::new(),
    })
}
