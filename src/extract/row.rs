//! Rows: an entry's element and the rules → a raw entry, or the reason it is dropped. Pure.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::ElementRef;

use super::{
    address, dates,
    field::{self, Ask, Found, Miss, Place, Reading, tag},
    link,
    metadata::Metadata,
    notes::{Notes, RowNotes},
    text,
};
use crate::{
    config::{FieldRule, LinkRule, Rules},
    diagnostic::Code,
    listing::{RawEntry, RawField},
};

/// A headline is a line; longer ones are a selector that catches the whole entry.
const HEADLINE: Ask = Ask { name: "headline", limit: 500, reading: Reading::Text };
/// A teaser is a paragraph or a few; articles are not copied.
const TEASER: Ask = Ask { name: "teaser", limit: 4000, reading: Reading::Text };
const LINK: Ask = Ask { name: "link", limit: SHORT, reading: Reading::Link };
const IMAGE: Ask = Ask { name: "image", limit: SHORT, reading: Reading::Image };
const ID: Ask = Ask { name: "id", limit: SHORT, reading: Reading::Text };
const AUTHOR: Ask = Ask { name: "author", limit: SHORT, reading: Reading::Text };
const CATEGORY: Ask = Ask { name: "category", limit: SHORT, reading: Reading::Text };
const ENCLOSURE: Ask = Ask { name: "enclosure", limit: SHORT, reading: Reading::File };
const DATE: Ask = Ask { name: "date", limit: SHORT, reading: Reading::Boxes };

/// The most letters of every other field: names and labels, with room for a list of authors.
const SHORT: usize = 1000;

/// A teaser that stands in for a headline gives its first words.
const HEADLINE_FROM_TEASER: usize = 100;

/// What is read from, and by which rules.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) rules: &'a Rules,
    pub(super) metadata: &'a Metadata,
    /// What stands above each row and dates it, where the rules ask for that.
    pub(super) above: &'a HashMap<NodeId, RawField>,
}

/// One row being read.
struct RowReading<'a> {
    reader: Reader<'a>,
    place: Place<'a>,
    notes: RowNotes,
    /// The first required field that is missing.
    required: Option<String>,
}

impl<'a> Reader<'a> {
    /// Reads one row; `None`: it is dropped, and `notes` says why unless time ran out.
    pub(super) fn read(self, number: usize, place: Place<'a>, notes: &mut Notes) -> Option<RawEntry> {
        let mut row = RowReading { reader: self, place, notes: RowNotes::default(), required: None };
        let entry = row.entry(number);
        // What was not looked for to the end is not known to be missing.
        if place.time.is_out() {
            return None;
        }
        if let Some(message) = row.required {
            notes.dropped(number, Code::RequiredMissing, message);
            return None;
        }
        if entry.headline.is_none() {
            let asked = asked(&self.rules.headline);
            let message = format!("{asked} found no headline, and nothing can stand in for it");
            notes.dropped(number, Code::HeadlineMissing, message);
            return None;
        }
        notes.kept(number, row.notes);
        Some(entry)
    }
}

impl<'a> RowReading<'a> {
    fn entry(&mut self, number: usize) -> RawEntry {
        let rules = self.reader.rules;
        let headline = field::first(&rules.headline, HEADLINE, self.place);
        let headline = self.noted(&rules.headline, HEADLINE, headline);
        let element = headline.as_ref().map(|h| h.element);
        let mut entry = RawEntry {
            row: number,
            link: self.link(element),
            id: self.optional(rules.id.as_ref(), ID),
            teaser: self.optional(rules.teaser.as_ref(), TEASER),
            image: self.optional(rules.image.as_ref(), IMAGE),
            author: self.optional(rules.author.as_ref(), AUTHOR),
            categories: self.every(rules.category.as_ref(), CATEGORY),
            files: self.every(rules.enclosure.as_ref(), ENCLOSURE),
            ..RawEntry::default()
        };
        entry.headline = headline.map(|h| h.field).or_else(|| self.stand_in(&entry));
        let date = rules.date.as_ref().and_then(|d| d.field.as_ref());
        let date = self.optional(date, DATE);
        let above = self.reader.above.get(&self.place.row.element.id()).cloned();
        let page = (self.place, self.reader.metadata);
        entry.dates = dates::of_row(&entry, (date, above), rules.date.as_ref(), page);
        entry
    }

    fn optional(&mut self, rule: Option<&FieldRule>, ask: Ask) -> Option<RawField> {
        let rule = rule?;
        let found = field::first(rule, ask, self.place);
        self.noted(rule, ask, found).map(|f| f.field)
    }

    fn every(&mut self, rule: Option<&FieldRule>, ask: Ask) -> Vec<RawField> {
        let Some(rule) = rule else { return Vec::new() };
        match field::all(rule, ask, self.place) {
            Ok(found) => {
                found.into_iter().filter_map(|f| self.noted(rule, ask, Ok(f))).map(|f| f.field).collect()
            }
            Err(miss) => {
                self.noted(rule, ask, Err(miss));
                Vec::new()
            }
        }
    }

    fn link(&mut self, headline: Option<ElementRef<'a>>) -> Option<RawField> {
        match &self.reader.rules.link {
            LinkRule::None => None,
            LinkRule::Field(rule) => self.optional(Some(rule), LINK),
            LinkRule::OfHeadline => {
                // Without a headline, a row that holds other rows is their frame: its links are not its own.
                let is_frame = headline.is_none() && self.place.row.holds_rows();
                let link = if is_frame { None } else { link::of_headline(headline, self.place) };
                match link {
                    Some(_) => self.notes.had(LINK.name),
                    None => self.notes.missed(
                        LINK.name,
                        Miss::Nothing,
                        "a search for the headline's own link".to_owned(),
                    ),
                }
                link
            }
        }
    }

    /// What a found or missed field adds to the notes.
    fn noted(&mut self, rule: &FieldRule, ask: Ask, found: Result<Found<'a>, Miss>) -> Option<Found<'a>> {
        match found {
            Ok(found) => {
                self.notes.had(ask.name);
                if found.candidate > 0 {
                    let (used, first) = (&rule.candidates[found.candidate].text, &rule.candidates[0].text);
                    let message = format!("`{}`: `{first}` found nothing, `{used}` was used", ask.name);
                    self.notes.fell_back(message);
                }
                if found.is_cut {
                    let message = format!("`{}` is longer than a field may be, and was cut", ask.name);
                    self.notes.note(Code::TextCut, message);
                }
                Some(found)
            }
            Err(miss) => {
                if rule.required {
                    let why = match miss {
                        Miss::Nothing => "found nothing",
                        Miss::Regex => "found text that the regex does not match",
                        Miss::TooLong => "found an address that is too long",
                    };
                    let message = format!("`{}` is required, and {} {why}", ask.name, asked(rule));
                    self.required.get_or_insert(message);
                } else if miss != Miss::Nothing || ask.name != HEADLINE.name {
                    self.notes.missed(ask.name, miss, asked(rule));
                }
                None
            }
        }
    }

    /// A headline for a row whose selector found none: the text of its link, the name of its image, the first words
    /// of its teaser, the end of its link's path.
    fn stand_in(&mut self, entry: &RawEntry) -> Option<RawField> {
        let link = entry.link.as_ref();
        let (what, found) = None
            .or_else(|| Some(("the link's text", self.link_text(link?)?)))
            .or_else(|| Some(("the image's name", self.image_name()?)))
            .or_else(|| Some(("the first words of the teaser", first_words(entry.teaser.as_ref()?))))
            .or_else(|| Some(("the end of the link's path", self.path_tail(link?)?)))?;
        self.notes.fell_back(format!(
            "`headline`: {} found nothing, taken from {what}",
            asked(&self.reader.rules.headline)
        ));
        Some(RawField { selector: what.to_owned(), ..found })
    }

    /// The longest text among the row's links to the entry's own address: "read more" is shorter than a headline.
    fn link_text(&self, link: &RawField) -> Option<RawField> {
        let target = address::resolve(self.place.base, &link.value).ok()?;
        let own = self.place.row.elements(self.place.row.element).filter(|e| {
            let href = e.attr("href").and_then(|h| address::resolve(self.place.base, h).ok());
            e.value().name() == "a" && href.as_ref() == Some(&target)
        });
        let texts = own.map(|e| (text::of(e, self.place.row.rows), e));
        let (longest, element) = texts.max_by_key(|(text, _)| text.len())?;
        stood_in(&longest, element)
    }

    fn image_name(&self) -> Option<RawField> {
        if self.place.row.holds_rows() {
            return None;
        }
        let mut images =
            self.place.row.elements(self.place.row.element).filter(|e| e.value().name() == "img");
        images.find_map(|e| stood_in(&text::fold(e.attr("alt")?), e))
    }

    fn path_tail(&self, link: &RawField) -> Option<RawField> {
        let url = address::resolve(self.place.base, &link.value).ok()?;
        let tail = url.path_segments()?.rfind(|s| !s.is_empty())?;
        let words = readable(tail)?;
        Some(RawField { value: words, raw: tail.to_owned(), ..link.clone() })
    }
}

fn first_words(teaser: &RawField) -> RawField {
    let value = text::shorten(&teaser.value, HEADLINE_FROM_TEASER).unwrap_or_else(|| teaser.value.clone());
    RawField { value, ..teaser.clone() }
}

/// `None`: there are no words, only marks.
fn stood_in(text: &str, element: ElementRef) -> Option<RawField> {
    if !text.chars().any(char::is_alphanumeric) {
        return None;
    }
    let value = text::shorten(text, HEADLINE.limit).unwrap_or_else(|| text.to_owned());
    Some(RawField { value, raw: text.to_owned(), selector: String::new(), element: tag(element) })
}

/// `minister-visits-rome.html` as words; `None`: it is a number or a code, which is no headline.
fn readable(tail: &str) -> Option<String> {
    let bytes: Vec<u8> = percent_decoded(tail);
    let text = String::from_utf8_lossy(&bytes);
    let stem = match text.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 5 && !stem.is_empty() => stem,
        _ => &text,
    };
    let words = text::fold(&stem.replace(['-', '_', '+'], " "));
    let words = text::shorten(&words, HEADLINE.limit).unwrap_or(words);
    let letters = words.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 3 || letters * 2 < words.chars().count() {
        return None;
    }
    let mut chars = words.chars();
    let first = chars.next()?;
    Some(first.to_uppercase().chain(chars).collect())
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| std::str::from_utf8(h).ok());
        let value = hex.filter(|_| byte == b'%').and_then(|h| u8::from_str_radix(h, 16).ok());
        decoded.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    decoded
}

/// The selectors of a rule, for messages.
fn asked(rule: &FieldRule) -> String {
    let texts: Vec<_> = rule.candidates.iter().map(|c| format!("`{}`", c.text)).collect();
    texts.join(", ")
}
