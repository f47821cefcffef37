//! A feed's root without its entries → what the feed says of itself. Pure.

use std::{collections::BTreeSet, time::Duration};

use url::Url;

use super::{
    author,
    element::Element,
    markup::{self, MAX_HEADLINE, Text},
    vocabulary::Vocabulary,
};
use crate::{
    extract::{address, icon, text},
    listing::Quiet,
};

/// What a feed says of itself.
#[derive(Debug)]
pub struct Head {
    /// Its title, plain.
    pub title: Option<String>,
    /// The site it belongs to.
    pub home: Option<Url>,
    /// Its icon.
    pub icon: Option<Url>,
    /// What relative addresses are resolved against.
    pub base: Url,
    /// Its language.
    pub language: Option<String>,
    /// Who wrote what names nobody.
    pub author: Option<String>,
    /// The least time between two visits it asks for.
    pub pace: Option<Duration>,
    /// When it asks not to be visited.
    pub quiet: Quiet,
    /// Whether the root is Atom's.
    pub is_atom: bool,
}

/// Reads a root. A sitemap of news says in its entries, also the first, what it is.
pub fn read(root: &Element, first: Option<&Element>) -> Head {
    let is_atom = root.local == "feed";
    // RSS keeps it in `channel`; in RSS 1.0 there are pieces beside it.
    let places: Vec<&Element> =
        root.elements().filter(|element| element.local == "channel").chain([root]).collect();
    let all = || places.iter().flat_map(|place| place.elements());
    let titled = |element: &&Element| {
        element.local == "title" && matches!(element.vocabulary, Vocabulary::Native | Vocabulary::Atom)
    };
    let dublin = |name| all().find(move |element| element.is(&[Vocabulary::Dublin], name));
    let title = all().find(titled).or_else(|| dublin("title")).and_then(|element| {
        let text = if is_atom { markup::stated(element)? } else { markup::guessed(element) };
        words(&text)
    });
    let title = title.or_else(|| words(&Text::Plain(publication(first?, "name")?)));
    let home = home(&places, is_atom);
    let stated_base = places.first().map_or(&root.base, |place| &place.base);
    let has_stated_base = places.iter().any(|place| place.attribute("xml:base").is_some());
    let base = match &home {
        // RSS has no rule; sites whose feeds live elsewhere mean their own pages.
        Some(home) if !is_atom && !has_stated_base => home.clone(),
        _ => Url::clone(stated_base),
    };
    let language = all()
        .find(|element| element.is(&[Vocabulary::Native, Vocabulary::Dublin], "language"))
        .map(|element| element.text().trim().to_owned())
        .or_else(|| places.first()?.language.as_deref().map(str::to_owned))
        .or_else(|| publication(first?, "language"))
        .filter(|language| !language.is_empty());
    let author = all()
        .find(|element| is_atom && element.is(&[Vocabulary::Native, Vocabulary::Atom], "author"))
        .and_then(person)
        .or_else(|| {
            all().find(|e| e.is(&[Vocabulary::Itunes], "author")).and_then(|e| author::name(&e.text()))
        });
    let icon = icon(&places);
    Head { title, home, icon, base, language, author, pace: pace(&places), quiet: quiet(&places), is_atom }
}

/// What a sitemap's entry says of where it was published.
fn publication(entry: &Element, name: &str) -> Option<String> {
    let mut way = ["news", "publication", name].into_iter();
    let found = way.try_fold(entry, |around, name| {
        around.elements().find(|element| element.is(&[Vocabulary::Sitemap], name))
    });
    Some(found?.text().trim().to_owned())
}

fn words(text: &Text) -> Option<String> {
    let words = text.words(&|| true);
    let words = text::shorten(&words, MAX_HEADLINE).unwrap_or(words);
    (!words.is_empty()).then_some(words)
}

/// The name of an Atom person.
pub fn person(element: &Element) -> Option<String> {
    let part = |name| {
        let found = element.elements().find(|part| part.local == name)?;
        Some(text::fold(&found.text())).filter(|text| !text.is_empty())
    };
    match part("name") {
        Some(name) => author::name(&name),
        // People write the name straight into `author`.
        None if !element.has_elements() => author::name(&text::fold(&element.text())),
        None => part("email").and_then(|email| author::name(&email)),
    }
}

fn home(places: &[&Element], is_atom: bool) -> Option<Url> {
    let links = || {
        places.iter().flat_map(|place| place.elements()).filter(|element| {
            element.local == "link" && matches!(element.vocabulary, Vocabulary::Native | Vocabulary::Atom)
        })
    };
    let usable = |element: &Element, written: &str| address::resolve(&element.base, written).ok();
    let alternate = || {
        links()
            .filter(|element| {
                element.attribute("rel").is_none_or(|rel| rel.eq_ignore_ascii_case("alternate"))
            })
            .find_map(|element| usable(element, element.attribute("href")?))
    };
    let written = || {
        links()
            .filter(|element| element.attribute("href").is_none())
            .find_map(|element| usable(element, element.text().trim()))
    };
    // CDF writes it on the channel.
    let own = || {
        let channel = places.iter().find(|place| place.local == "channel")?;
        usable(channel, channel.attribute("href")?)
    };
    if is_atom { alternate() } else { written().or_else(alternate).or_else(own) }
}

/// Atom's `icon`, else its `logo`, RSS's `image`, or the picture of a podcast.
fn icon(places: &[&Element]) -> Option<Url> {
    let all = |vocabularies: &'static [Vocabulary], name: &'static str| {
        let elements = places.iter().flat_map(|place| place.elements());
        elements.filter(move |element| element.is(vocabularies, name))
    };
    let own = |name| all(&[Vocabulary::Native, Vocabulary::Atom], name);
    let images = own("image").flat_map(Element::elements).filter(|part| part.local == "url");
    let written = own("icon").chain(own("logo")).chain(images).map(|element| (element, element.text()));
    let podcasts = all(&[Vocabulary::Itunes], "image");
    let podcasts = podcasts.filter_map(|element| Some((element, element.attribute("href")?.to_owned())));
    written.chain(podcasts).find_map(|(element, text)| icon::address(&element.base, &text))
}

/// The slowest of what it asks for: `ttl` in minutes, or the syndication module's period by its frequency.
fn pace(places: &[&Element]) -> Option<Duration> {
    let text = |vocabulary, name: &str| {
        let mut all = places.iter().flat_map(|place| place.elements());
        all.find(|element| element.is(&[vocabulary], name)).map(|element| element.text().trim().to_owned())
    };
    let ttl = text(Vocabulary::Native, "ttl")
        .and_then(|minutes| minutes.parse::<u32>().ok())
        .map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let period = text(Vocabulary::Syndication, "updateperiod").and_then(|period| {
        let hours = match period.to_ascii_lowercase().as_str() {
            "hourly" => 1,
            "daily" => 24,
            "weekly" => 24 * 7,
            "monthly" => 24 * 30,
            "yearly" => 24 * 365,
            _ => return None,
        };
        let frequency = text(Vocabulary::Syndication, "updatefrequency")
            .and_then(|times| times.parse::<u32>().ok())
            .filter(|times| *times > 0);
        Some(Duration::from_secs(hours * 3600) / frequency.unwrap_or(1))
    });
    ttl.max(period).filter(|pace| !pace.is_zero())
}

/// `skipHours` and `skipDays`. Hours are counted from 0, and in RSS 0.91 to 24; days have English names. Who names them
/// all would never be visited, which nobody means.
fn quiet(places: &[&Element]) -> Quiet {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let texts = |list: &'static str, one: &'static str| {
        let lists = places.iter().flat_map(|place| place.elements());
        let inside = lists.filter(move |element| element.is(&[Vocabulary::Native], list));
        let ones = inside.flat_map(Element::elements).filter(move |element| element.local == one);
        ones.map(|element| element.text().trim().to_ascii_lowercase())
    };
    let hours: BTreeSet<i8> = texts("skiphours", "hour")
        .filter_map(|text| text.parse().ok())
        .filter(|hour| (0..=24).contains(hour))
        .map(|hour: i8| hour % 24)
        .collect();
    let days: BTreeSet<i8> = (1..)
        .zip(DAYS)
        .filter(|(_, name)| texts("skipdays", "day").any(|text| text == *name))
        .map(|(number, _)| number)
        .collect();
    let unless_all = |times: BTreeSet<i8>, all| if times.len() < all { times } else { BTreeSet::new() };
    Quiet { hours: unless_all(hours, 24), days: unless_all(days, 7) }
}
