//! OPML: what a feed reader is subscribed to → sources and joined feeds. Pure.
//!
//! OPML 1.0, 1.1 and 2.0, as readers write them: names of attributes in any case, bare `&`, any nesting. It refuses to
//! follow inclusions of other files, and to read on where the XML itself is broken: half a list would be taken for a
//! whole one.

pub mod adopt;

use std::collections::BTreeMap;

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use serde::Serialize;
use url::Url;

use crate::{
    extract::text::{fold, shorten},
    upstream::entities::decoded,
};

/// What an OPML file subscribes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    /// The feeds, each once, in the file's order.
    pub feeds: Vec<Subscription>,
    /// Outlines that give no feed of their own.
    pub left_out: Vec<LeftOut>,
}

/// One feed of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its address, http or https.
    pub address: Url,
    /// What the file calls it; `None`: nothing.
    pub title: Option<String>,
    /// The folders it is in; several where the file has it several times, none where it is in none.
    pub folders: Vec<Folder>,
    /// The line of its outline, from 1.
    pub line: usize,
}

/// A folder: its name, after those of the folders around it. Never empty.
pub type Folder = Vec<String>;

/// An outline that gives no feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its line, from 1.
    pub line: usize,
    /// What the file calls it; empty: nothing.
    pub name: String,
    /// Why.
    pub why: String,
}

/// Where and why a file cannot be read as OPML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct Broken {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

/// The deepest folder that counts; what is deeper belongs to it.
const MAX_DEPTH: usize = 16;

/// The most outlines of a file.
const MAX_OUTLINES: usize = 20_000;

/// The longest name of a feed or folder.
const MAX_NAME: usize = 200;

/// Reads an OPML file.
///
/// # Errors
/// The first place at which it is no XML, or that it is no OPML.
pub fn read(text: &str) -> Result<Subscriptions, Broken> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut reading = Reading::default();
    let broken = |at: u64, what: String| {
        let at = usize::try_from(at).unwrap_or(text.len());
        let (line, column) = place(text, at);
        Broken { line, column, what }
    };
    let mut has_root = false;
    let mut line = Line { number: 1, at: 0 };
    loop {
        let before = reader.buffer_position();
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(broken(reader.error_position(), format!("not XML: {error}"))),
        };
        // The event begins at its `<`.
        let at = usize::try_from(before).unwrap_or(text.len());
        match event {
            Event::Start(start) | Event::Empty(start) if !has_root => {
                if !is_named(&start, "opml") {
                    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
                    return Err(broken(before, format!("not OPML: the file's first element is `<{name}>`")));
                }
                has_root = true;
            }
            Event::Start(start) if is_named(&start, "outline") => {
                reading.open(&Outline::read(&start), line.of(text, at));
            }
            Event::Empty(start) if is_named(&start, "outline") => {
                reading.open(&Outline::read(&start), line.of(text, at));
                reading.close();
            }
            Event::End(end) if end.local_name().as_ref().eq_ignore_ascii_case(b"outline") => reading.close(),
            Event::Eof if !reading.around.is_empty() => {
                let what = "not XML: the file ends inside an `<outline>`".to_owned();
                return Err(broken(text.len() as u64, what));
            }
            Event::Eof if !has_root => {
                return Err(broken(text.len() as u64, "not OPML: the file has no element".to_owned()));
            }
            Event::Eof => return Ok(reading.found),
            _ => {}
        }
        if reading.outlines > MAX_OUTLINES {
            return Err(broken(before, format!("more than {MAX_OUTLINES} outlines")));
        }
    }
}

fn is_named(start: &BytesStart<'_>, name: &str) -> bool {
    start.local_name().as_ref().eq_ignore_ascii_case(name.as_bytes())
}

/// The line of a byte that was asked for last. Each is asked for in its turn, so that no text is counted twice.
struct Line {
    number: usize,
    at: usize,
}

impl Line {
    fn of(&mut self, text: &str, at: usize) -> usize {
        // Events begin at a `<`, so that this is never inside a letter.
        self.number += text.get(self.at..at).unwrap_or_default().matches('\n').count();
        self.at = at;
        self.number
    }
}

/// Line and column of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = String::from_utf8_lossy(&text.as_bytes()[..at.min(text.len())]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// What an outline says.
struct Outline {
    name: Option<String>,
    address: Option<String>,
    is_inclusion: bool,
    /// How the reader itself reads entries from what is no feed, such as `HTML+XPath`; `None`: it is a feed.
    scraped: Option<String>,
}

impl Outline {
    fn read(start: &BytesStart<'_>) -> Self {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for attribute in start.html_attributes().with_checks(false).flatten() {
            let key = String::from_utf8_lossy(attribute.key.as_ref()).to_ascii_lowercase();
            let value = fold(&decoded(&String::from_utf8_lossy(&attribute.value)).0);
            if !value.is_empty() {
                values.entry(key).or_insert(value);
            }
        }
        // `text` is what every reader writes; some keep the feed's own name in `title` beside the user's in `text`.
        let name = values.remove("text").or_else(|| values.remove("title"));
        Self {
            name: name.map(|name| shorten(&name, MAX_NAME).unwrap_or(name)),
            address: values.remove("xmlurl"),
            is_inclusion: values
                .get("type")
                .is_some_and(|kind| ["include", "link"].iter().any(|it| kind.eq_ignore_ascii_case(it))),
            // Seen in the wild in exports of FreshRSS, whose every such type names two things; a media type has a slash.
            scraped: values.remove("type").filter(|kind| {
                kind.contains('+')
                    && !kind.contains('/')
                    && kind.len() <= 40
                    && kind.bytes().all(|byte| byte.is_ascii_graphic())
            }),
        }
    }
}

/// An outline that is open.
struct Around {
    name: Option<String>,
    line: usize,
    /// It is a feed, or has one inside, or something to say of one.
    is_of_use: bool,
    is_feed: bool,
    is_inclusion: bool,
}

#[derive(Default)]
struct Reading {
    found: Subscriptions,
    around: Vec<Around>,
    /// Where the feed of an address stands in `found`.
    known: BTreeMap<String, usize>,
    outlines: usize,
}

impl Reading {
    fn open(&mut self, outline: &Outline, line: usize) {
        self.outlines += 1;
        if let Some(around) = self.around.last_mut() {
            around.is_of_use = true;
        }
        if let Some(address) = &outline.address {
            self.feed(address, outline, line);
        }
        let is_feed = outline.address.is_some();
        self.around.push(Around {
            name: outline.name.clone(),
            line,
            is_of_use: is_feed,
            is_feed,
            is_inclusion: outline.is_inclusion,
        });
    }

    fn close(&mut self) {
        let Some(closed) = self.around.pop().filter(|closed| !closed.is_of_use) else { return };
        let why = if closed.is_inclusion {
            "it points to another file, which is not followed"
        } else {
            "it has no `xmlUrl`"
        };
        self.leave_out(closed.line, closed.name, why.to_owned());
    }

    fn feed(&mut self, written: &str, outline: &Outline, line: usize) {
        let title = outline.name.clone();
        let address = match address(written) {
            Ok(address) => address,
            Err(why) => return self.leave_out(line, title, why),
        };
        if let Some(kind) = &outline.scraped {
            let why = format!(
                "it is no feed but read by the reader itself (`{kind}`); `gleaner add {address}` looks at it"
            );
            return self.leave_out(line, title, why);
        }
        // A feed inside a feed belongs to the folder around both.
        let named = self.around.iter().filter(|around| !around.is_feed).filter_map(|a| a.name.clone());
        let folder: Folder = named.take(MAX_DEPTH).collect();
        let folders = if folder.is_empty() { Vec::new() } else { vec![folder] };
        if let Some(place) = self.known.get(&without_scheme(&address)) {
            let first = &mut self.found.feeds[*place];
            let first_line = first.line;
            for folder in folders {
                if !first.folders.contains(&folder) {
                    first.folders.push(folder);
                }
            }
            return self.leave_out(line, title, format!("its feed stands on line {first_line} already"));
        }
        self.known.insert(without_scheme(&address), self.found.feeds.len());
        self.found.feeds.push(Subscription { address, title, folders, line });
    }

    fn leave_out(&mut self, line: usize, name: Option<String>, why: String) {
        self.found.left_out.push(LeftOut { line, name: name.unwrap_or_default(), why });
    }
}

/// One feed answers over http and https.
fn without_scheme(address: &Url) -> String {
    address.as_str().split_once("://").map_or(address.as_str(), |(_, rest)| rest).to_owned()
}

/// The address in an `xmlUrl`, which may have been written for a reader's own scheme (`feed://…`, `feed:https://…`).
fn address(written: &str) -> Result<Url, String> {
    let written = match written.split_at_checked(5) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("feed:") => {
            if rest.starts_with("//") {
                format!("http:{rest}")
            } else {
                rest.to_owned()
            }
        }
        _ => written.to_owned(),
    };
    let cut = shorten(&written, MAX_NAME).unwrap_or_else(|| written.clone());
    // What may hold a password is not repeated.
    let shown = if cut.contains('@') { String::new() } else { format!(" (`{cut}`)") };
    match Url::parse(&written) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("its `xmlUrl` holds a name or password; add it by hand, with `basic`".to_owned())
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => Err(format!("its `xmlUrl` has the scheme `{}`, expected http or https", url.scheme())),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            Err(format!("its `xmlUrl`{shown} is not an absolute address"))
        }
        Err(error) => Err(format!("its `xmlUrl`{shown} is not an address: {error}")),
    }
}

#[cfg(test)]
mod tests;
