//! `add`: a page → its own feeds, and the listings on it as sources that could be followed. Subscriptions of a feed
//! reader go to `opml`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use url::Url;

use super::{
    Exit, Failure, Outcome, Places, capture,
    live::PARSE_LIMIT,
    offer::{self, Offer},
    opml, replay,
    terminal::Terminal,
    workspace,
};
use crate::{
    clock::Deadline,
    config::{self, Config, ConfigText, Source, load::LoadError, save},
    decode,
    detect::{self, Found, Known, Proposal},
    fetch::{self, robots},
    fixture::{self, folder},
    id::SourceId,
    normalize::comparable,
    page::Page,
    upstream,
};

/// Below this confidence nothing is written without a person's choice.
const SURE: f64 = 0.6;

/// Feeds that a page links are asked for, so many of them.
const FEEDS_ASKED: usize = 3;

/// Where a feed answers when the page links none.
const USUAL_PLACES: [&str; 4] = ["feed/", "/feed/", "/rss.xml", "/atom.xml"];

/// A page with less text than this is an empty shell.
const SHELL_BYTES: usize = 2000;

/// Options of `add`.
#[derive(Debug, Args)]
pub struct Options {
    /// The page to follow
    #[arg(value_name = "URL", required_unless_present_any = ["page", "opml"], value_parser = address)]
    url: Option<Url>,
    /// A saved page instead of the network
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// The saved page's address
    #[arg(long = "url", value_name = "URL", requires = "page", conflicts_with = "url", value_parser = address)]
    address: Option<Url>,
    /// When the page was saved, such as 2025-03-07T09:00:00Z [default: now]
    #[arg(long, value_name = "TIME", requires = "page")]
    at: Option<Timestamp>,
    /// A headline you see on the page, or a part of it; can be given again
    #[arg(long, value_name = "TEXT")]
    like: Vec<String>,
    /// Take this listing of the page, 1 being the likeliest
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    listing: usize,
    /// The id of the new source [default: made from the address]
    #[arg(long, value_name = "ID", value_parser = SourceId::new)]
    id: Option<SourceId>,
    /// Write the source to the config, and the page as its first fixture
    #[arg(long)]
    yes: bool,
    /// Follow the feeds of an OPML file instead, as feed readers export them; folders become joined feeds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "page", "like", "listing", "id"])]
    opml: Option<PathBuf>,
    /// The folder of fixtures
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    fixtures: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn add(places: &Places, options: &Options, terminal: &mut Terminal) -> Outcome {
    if let Some(file) = &options.opml {
        return opml::add(places, &opml::Asked { file, yes: options.yes, json: options.json }, terminal);
    }
    // What else the config says need not be right until there is a source: joined feeds name it before.
    let main = workspace::main_text(places, terminal)?;
    let defaults = ConfigText { text: config::defaults_of(&main.text), ..main };
    let page = page(&defaults, options)?;
    let id = options.id.clone().unwrap_or_else(|| id_of(&page.url));
    let (found, offers) = look(&defaults, &page, options)?;
    let chosen = options.listing.checked_sub(1).filter(|at| *at < offers.len());
    let text = if options.json {
        format!("{:#}\n", offer::as_json(&found, &offers, chosen))
    } else {
        offer::as_text(&found, &offers, chosen, &id)
    };
    terminal.data(&text);
    let Some(chosen) = chosen.map(|at| &offers[at]) else {
        return Err(Failure {
            exit: Exit::NeedsPerson,
            ..nothing(&found, offers.len(), has_scripts(&page), options)
        });
    };
    if !options.yes {
        terminal.remark(&format!("next: the same with `--yes` writes it to the config as `{id}`"));
        return Ok(Exit::Fine);
    }
    if chosen.confidence < SURE && !is_chosen_by_person(options) {
        let message = format!("a confidence of {:.2} is too low to write the source", chosen.confidence);
        let failure = Failure::usage(message)
            .hint("name a headline you see with `--like \"...\"`, and look at what it gives");
        return Err(Failure { exit: Exit::NeedsPerson, ..failure });
    }
    write(places, (&id, options), (&page, chosen), terminal)
}

fn write(
    places: &Places,
    (id, options): (&SourceId, &Options),
    (page, chosen): (&Page, &Offer),
    terminal: &Terminal,
) -> Outcome {
    let texts = workspace::texts(places, terminal)?;
    let path = save::source_path(&texts[0].path, id);
    if path.exists() {
        return Err(taken(format!("`{}` is there already", path.display())));
    }
    let file = [ConfigText { path, text: chosen.toml.clone() }];
    // Nothing is written that the next command would refuse.
    let config = config::read(&[&texts[..], &file].concat(), &workspace::environment)
        .map_err(|problems| workspace::load_failure(&LoadError::Problems(problems), terminal))?;
    let source = workspace::one(&config, id.as_str())?;
    if options.id.is_none() && !is_chosen_by_person(options) {
        refuse_twin(&config, source)?;
    }
    save::additions(&file, &texts[0]).map_err(|error| Failure::usage(error.to_string()))?;
    let page = chosen.page.as_ref().unwrap_or(page);
    let case =
        folder::save(&options.fixtures, id, &page.clone().into()).map_err(|error| replay::failure(&error))?;
    terminal.say(&format!("`{id}` is in `{}`, its page in `{}`", file[0].path.display(), case.display()));
    if let Some(format) = source.formats.first() {
        let feed = workspace::output_folder(places, &config).join(format.file(id));
        terminal.remark(&format!("next: `gleaner run` fetches it and writes its feed, `{}`", feed.display()));
    } else {
        terminal
            .remark("next: name it in the `sources` of a joined feed; it has no feed of its own (`publish`)");
    }
    Ok(Exit::Fine)
}

/// Whether a person said which listing is meant.
fn is_chosen_by_person(options: &Options) -> bool {
    options.listing > 1 || !options.like.is_empty()
}

/// Nobody follows a page twice without wanting to.
fn refuse_twin(config: &Config, source: &Source) -> Result<(), Failure> {
    let url = source.url.to_url();
    let is_twin = |other: &&Source| other.id != source.id && workspace::is_its_page(other, &url);
    match config.sources.iter().find(is_twin) {
        Some(twin) => Err(taken(format!("`{url}` is followed already, as `{}`", twin.id))),
        None => Ok(()),
    }
}

fn taken(why: String) -> Failure {
    Failure::usage(why)
        .hint("nothing was written; with an id that is free, `--id`, it is followed beside that")
}

fn page(defaults: &ConfigText, options: &Options) -> Result<Page, Failure> {
    let Some(path) = &options.page else {
        let url = options.url.as_ref().expect("clap asks for one when there is no page");
        return capture::fetch(&asking(defaults, url, false)?);
    };
    let url = options.address.clone().or_else(|| options.url.clone());
    let url =
        url.ok_or_else(|| Failure::usage("`--page` needs the page's address").hint("add `--url URL`"))?;
    replay::page(path, url, options.at)
}

/// A source that only asks for its page, with these defaults.
fn asking(defaults: &ConfigText, url: &Url, is_feed: bool) -> Result<Source, Failure> {
    let keys = if is_feed { offer::feed_toml(url) } else { detect::Keys::of_page(url.clone()).to_toml() };
    let name = "page-that-is-looked-at";
    let files = [defaults.clone(), ConfigText { path: format!("{name}.toml").into(), text: keys }];
    let config = config::read(&files, &workspace::environment).ok();
    let source =
        config.and_then(|config| config.sources.into_iter().find(|source| source.id.as_str() == name));
    source.ok_or_else(|| {
        Failure::usage(format!("`{url}` cannot be asked for with this config"))
            .hint("`gleaner check` says why")
    })
}

fn look(defaults: &ConfigText, page: &Page, options: &Options) -> Result<(Found, Vec<Offer>), Failure> {
    let document = decode::decode(page);
    if let Some(verdict) = fetch::refused(page, document.as_ref().ok().map(|document| document.text.as_str()))
    {
        let message = format!("{}: {} ({})", page.url, verdict.word(), verdict.reason().unwrap_or_default());
        return Err(Failure { exit: Exit::NeedsPerson, ..Failure::usage(message) });
    }
    let document = document.map_err(|why| Failure::usage(format!("{}: {why}", page.url)))?;
    if let Some(offer) = feed(defaults, page.clone()) {
        return Ok((Found::default(), vec![offer]));
    }
    if upstream::is_sitemap(&document) {
        let message = format!("{}: a sitemap, which has no headlines", page.url);
        let failure = Failure::usage(message).hint("name a page that lists news, or a sitemap of news");
        return Err(Failure { exit: Exit::NeedsPerson, ..failure });
    }
    let known: Vec<Known> = options
        .like
        .iter()
        .map(|text| Known { headline: text.clone(), is_typed: true, ..Known::default() })
        .collect();
    let deadline = Deadline::after(PARSE_LIMIT);
    let mut found = detect::detect(&document, page, &known, &|| deadline.is_ahead());
    if !known.is_empty() {
        found.proposals.retain(|proposal| proposal.held.entries > 0 || is_read(proposal, &options.like));
    }
    if let Ok(asking) = asking(defaults, &page.url, false) {
        for proposal in &mut found.proposals {
            let stated = proposal.reading.listing.language.as_deref();
            proposal.keys.fit(&asking, stated);
        }
    }
    let mut offers: Vec<Offer> = found.proposals.iter().map(Offer::of_listing).collect();
    // A saved page is looked at without network, and a headline that is named is one of the page.
    if options.page.is_none() && known.is_empty() {
        let own = found.feeds.iter().map(|feed| feed.url.clone()).take(FEEDS_ASKED);
        let usual = USUAL_PLACES.iter().filter_map(|place| page.url.join(place).ok());
        let places_asked: Vec<Url> = if found.feeds.is_empty() { usual.collect() } else { own.collect() };
        let feed = places_asked.iter().find_map(|url| feed_at(defaults, url));
        if let Some(feed) = feed {
            offers.insert(0, feed);
        }
        if offers.is_empty() {
            offers.extend(news_sitemap(defaults, page));
        }
    }
    Ok((found, offers))
}

/// The sitemap of news that robots.txt names, for a page that gives nothing else: it has the news of the whole site.
fn news_sitemap(defaults: &ConfigText, page: &Page) -> Option<Offer> {
    let robots = asking(defaults, &page.url.join("/robots.txt").ok()?, true).ok()?;
    let robots = capture::fetch(&robots).ok()?;
    let named = robots::sitemaps(&robots.body).into_iter();
    let mut of_news = named.filter(|url| url.path().to_ascii_lowercase().contains("news")).take(FEEDS_ASKED);
    of_news.find_map(|url| feed_at(defaults, &url))
}

fn feed_at(defaults: &ConfigText, url: &Url) -> Option<Offer> {
    feed(defaults, capture::fetch(&asking(defaults, url, true).ok()?).ok()?)
}

/// Whether a proposal reads an entry with one of these headlines: one that leads its listing is in nothing that repeats.
fn is_read(proposal: &Proposal, headlines: &[String]) -> bool {
    let wanted: Vec<String> = headlines.iter().map(|headline| comparable(headline)).collect();
    proposal.reading.sightings.iter().any(|sighting| {
        let headline = comparable(&sighting.entry.headline);
        wanted.iter().any(|wanted| !wanted.is_empty() && headline.contains(wanted))
    })
}

/// What came as a feed, with its entries; `None`: it is none, or holds nothing.
fn feed(defaults: &ConfigText, page: Page) -> Option<Offer> {
    let source = asking(defaults, &page.url, true).ok()?;
    let deadline = Deadline::after(PARSE_LIMIT);
    let reading = fixture::read_dated(&source, &page, &|| deadline.is_ahead()).ok()?;
    (!reading.sightings.is_empty()).then(|| Offer::of_feed(page, &reading))
}

/// Whether a program may put more on a page.
fn has_scripts(page: &Page) -> bool {
    page.body.windows(SCRIPT.len()).any(|bytes| bytes.eq_ignore_ascii_case(SCRIPT))
}

/// How a program begins.
const SCRIPT: &[u8] = b"<script";

/// What to do about a headline that is not there.
const NOT_THERE: &str =
    "a few words of it are enough, as they are written; what scripts put on a page is not in it";

fn nothing(found: &Found, offers: usize, has_scripts: bool, options: &Options) -> Failure {
    if let count @ 1.. = offers {
        return Failure::usage(format!("the page has {count} listings, not {}", options.listing));
    }
    if !options.like.is_empty() {
        let (message, hint) = if found.known.is_empty() {
            ("what `--like` says does not stand on the page", NOT_THERE)
        } else {
            (
                "what `--like` says stands on the page, in nothing that repeats",
                "name the headline of another entry",
            )
        };
        return Failure::usage(message).hint(hint);
    }
    let failure = Failure::usage("no listing found on the page");
    match found.feeds.first() {
        Some(feed) => failure.hint(format!("it has a feed of its own: {}", feed.url)),
        None if found.text_bytes < SHELL_BYTES && has_scripts => failure.hint(
            "it has hardly any text: its entries may be put there by scripts, which gleaner does not run",
        ),
        None => failure.hint("name a headline you see with `--like \"...\"`"),
    }
}

/// An address as people write it: without a scheme it is that of the secure web.
fn address(text: &str) -> Result<Url, String> {
    let has_scheme = text.split(['/', '?', '#']).next().is_some_and(|start| start.ends_with(':'));
    let url = if has_scheme { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    let url =
        url.map_err(|error| format!("{error}; expected an address such as `https://example.org/news/`"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("expected `http` or `https`, found `{other}`")),
    }
}

/// A slug from an address: `example-news` of `https://www.example.org/en/news/`.
fn id_of(url: &Url) -> SourceId {
    let host = url.host_str().unwrap_or("page");
    let host = host.strip_prefix("www.").unwrap_or(host);
    let name = host.rsplit_once('.').map_or(host, |(name, _)| name);
    let path = url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty())).unwrap_or("");
    let path = path.split('.').next().unwrap_or("");
    let mut slug = String::new();
    for c in format!("{name}-{path}").to_lowercase().chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '-' };
        if c != '-' || !(slug.is_empty() || slug.ends_with('-')) {
            slug.push(c);
        }
    }
    slug.truncate(60);
    SourceId::new(slug.trim_matches('-')).unwrap_or_else(|_| SourceId::new("page").expect("it is a slug"))
}
