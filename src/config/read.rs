//! Config texts → a config, or every problem in them. Pure.
//!
//! Nothing is read halfway: a config with one problem is no config.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Range,
    path::Path,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use url::Url;

use super::{
    Config, ConfigText, Problems, Source,
    feed::{Known, feed},
    former::Names,
    keys, local,
    settings::{Settings, settings},
    shared::Shared,
    sheet::{Environment, Sheet, Wrong, quote},
    source::source,
    table::{Item, TableReader},
    value,
};
use crate::id::SourceId;
use twice::Twice;

/// Syntax errors told for each file: after these the rest is noise.
const MAX_SYNTAX_ERRORS: usize = 20;

/// Reads a config: the main file first, then one file for each further source.
///
/// # Errors
/// Every problem of every file.
pub fn read(files: &[ConfigText], environment: Environment<'_>) -> Result<Config, Problems> {
    let texts = plain(files);
    if let Some(config) = pieces::read(&texts, environment) {
        return Ok(config);
    }
    let shared = Shared::default();
    let sheets: Vec<Sheet<'_>> = texts.iter().map(|text| Sheet::new(text, environment, &shared)).collect();
    let tables: Vec<_> = sheets.iter().map(parse).collect();
    let config = read_tables(&sheets, tables);
    let problems: Vec<_> = sheets.into_iter().flat_map(Sheet::into_problems).collect();
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(Problems::new(problems, texts.into_owned())),
    }
}

/// At least one text, none with a byte order mark. Copied only where it must be: there may be megabytes.
fn plain(files: &[ConfigText]) -> Cow<'_, [ConfigText]> {
    // Editors on Windows still write one.
    const MARK: char = '\u{feff}';
    if files.is_empty() {
        return Cow::Owned(vec![ConfigText { path: "gleaner.toml".into(), text: String::new() }]);
    }
    if !files.iter().any(|file| file.text.starts_with(MARK)) {
        return Cow::Borrowed(files);
    }
    let text = |file: &ConfigText| file.text.strip_prefix(MARK).unwrap_or(&file.text).to_owned();
    Cow::Owned(files.iter().map(|file| ConfigText { path: file.path.clone(), text: text(file) }).collect())
}

/// A file with the defaults of this one and nothing else; one that is not TOML stays as it is.
pub fn defaults_of(text: &str) -> String {
    let Ok(mut table) = text.parse::<toml::Table>() else { return text.to_owned() };
    table.retain(|name, _| name == "defaults");
    table.to_string()
}

fn parse<'a>(sheet: &Sheet<'a>) -> DeTable<'a> {
    let (table, errors) = DeTable::parse_recoverable(sheet.text());
    let end = sheet.text().len();
    let mut told = 0;
    // The table that is known to stand twice: so does each of its keys.
    let mut repeated = None;
    for error in &errors {
        let span = error.span().unwrap_or(end..end);
        let twice = (error.message() == "duplicate key").then(|| Twice::at(sheet.text(), span.start));
        if told == MAX_SYNTAX_ERRORS || twice.as_ref().is_some_and(|twice| twice.is_in(repeated)) {
            continue;
        }
        told += 1;
        let wrong = match (&twice, error.message().split_once(", expected ")) {
            (Some(twice), _) => {
                repeated = twice.table();
                twice.wrong(sheet)
            }
            (None, Some((message, expected))) => {
                Wrong::new(format!("not TOML: {message}")).expected(expected)
            }
            (None, None) => Wrong::new(format!("not TOML: {}", error.message())),
        };
        let wrong = if sheet.text().get(span.start..).is_some_and(is_switch) {
            wrong.hint("write `true` or `false`".to_owned())
        } else {
            wrong
        };
        sheet.report_syntax(span, wrong);
    }
    table.into_inner()
}

/// Whether a text begins with a switch as other languages write it, and not with a text that lacks its quotes.
fn is_switch(text: &str) -> bool {
    const SWITCHES: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];
    let end = text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    (rest.is_empty() || rest.starts_with(['\n', '#', '}']))
        && SWITCHES.iter().any(|switch| word.eq_ignore_ascii_case(switch))
}

/// Ids taken so far, valid or not, each with its place.
type Taken = BTreeMap<String, String>;

fn read_tables(sheets: &[Sheet<'_>], mut tables: Vec<DeTable<'_>>) -> Option<Config> {
    let main = sheets.first()?;
    let mut others = tables.split_off(1);
    let mut root = tables.pop()?;
    let own_sources = entries_of(&mut root, "source");
    let mut top = TableReader::new(main, &keys::TOP, &root);
    let (mut config, defaults) = defaults(top.take("defaults"));
    let mut taken = Taken::new();
    // Whatever is left there is no table.
    tables_by_id(top.take("source"));
    let feeds = tables_by_id(top.take("feed"));
    let ids = own_sources.iter().map(|(id, _)| id).chain(feeds.iter().map(|(id, _)| *id));
    let ids = ids.map(|id| id.get_ref().to_string());
    let names = Names::of(ids.chain(sheets.iter().skip(1).map(stem)).collect());
    // Each table goes when it was read: there may be twenty thousand.
    for (id, value) in own_sources {
        let Some(table) = named(main, "source", (&id, &value)) else { continue };
        let reader = TableReader::new(main, &keys::SOURCE, table.table)
            .named(format!("[source.{}]", short(id.get_ref())), table.header(&id));
        let id = slug(main, id.get_ref(), id.span(), &mut taken);
        config.sources.extend(source(reader, id, (&defaults, &names)));
    }
    top.finish();
    for (sheet, table) in sheets.iter().skip(1).zip(others.drain(..)) {
        config.sources.extend(source_file(sheet, &table, &mut taken, (&defaults, &names)));
    }
    config.sources.sort_by(|a, b| a.id.cmp(&b.id));
    if taken.is_empty() && !main.has_problems() {
        let end = main.text().len();
        let wrong = Wrong::new("the config has no source")
            .expected("`[source.ID]` with `url`, and for a page `entry` and `headline`");
        main.report_missing(end..end, wrong.hint("`gleaner add URL` proposes one".to_owned()));
    }
    // A source may stand in the part that is not TOML.
    let source_ids: Vec<String> = taken.keys().cloned().collect();
    let sources = Known {
        ids: &source_ids,
        sources: &config.sources,
        is_complete: sheets.iter().all(|sheet| !sheet.is_broken()),
    };
    for (id, table) in feeds {
        let reader = TableReader::new(main, &keys::FEED, table.table)
            .named(format!("[feed.{}]", short(id.get_ref())), table.header(id));
        let id = slug(main, id.get_ref(), id.span(), &mut taken);
        config.feeds.extend(feed(reader, id, &sources, (&defaults, &names)));
    }
    config.feeds.sort_by(|a, b| a.id.cmp(&b.id));
    config.files = sheets.iter().map(|sheet| sheet.path().to_owned()).collect();
    Some(config)
}

/// An id short enough for a message.
fn short(id: &str) -> String {
    quote(id).trim_matches('`').to_owned()
}

/// Where `serve` answers when the config does not say: to this machine alone.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8343);

/// `[defaults]`, and an otherwise empty config with what stands only there.
fn defaults(item: Option<Item<'_>>) -> (Config, Settings) {
    let mut config = Config {
        state: None,
        output: None,
        base_url: None,
        alert_command: None,
        publish_command: None,
        hubs: Vec::new(),
        listen: Some(LISTEN),
        sources: Vec::new(),
        feeds: Vec::new(),
        files: Vec::new(),
    };
    let builtin = Settings::builtin();
    let Some(item) = item else { return (config, builtin) };
    let DeValue::Table(table) = item.value.get_ref() else {
        item.report(item.report_kind());
        return (config, builtin);
    };
    let mut reader = TableReader::new(item.sheet, &keys::DEFAULTS, table).named("[defaults]", item.span());
    let settings = settings(&mut reader, &builtin);
    config.state = reader.take("state").and_then(local::path);
    config.output = reader.take("output").and_then(local::path);
    let base_url = reader.take("base_url");
    let has_base = base_url.is_some();
    config.base_url = base_url.and_then(value::base_address);
    if let Some(listen) = reader.take("listen").and_then(value::listen) {
        config.listen = listen;
    }
    config.alert_command = reader.take("alert_command").and_then(local::command);
    config.publish_command = reader.take("publish_command").and_then(local::command);
    config.hubs = reader.take("hubs").map_or(Vec::new(), |item| hubs(item, has_base));
    reader.finish();
    (config, settings)
}

/// The addresses of hubs, each once. A hub fetches what it is told of, so feeds must have public addresses.
fn hubs(item: Item<'_>, has_base: bool) -> Vec<Url> {
    if !has_base {
        let wrong = Wrong::new("`hubs` is set, and `base_url` is not".to_owned());
        item.report(
            wrong.hint("a hub fetches the feeds from their public address: set `base_url` to it".to_owned()),
        );
    }
    let mut hubs: Vec<Url> = Vec::new();
    for hub in item.one_or_more().into_iter().filter_map(value::address) {
        if !hubs.contains(&hub) {
            hubs.push(hub);
        }
    }
    hubs
}

/// A table with an id.
struct Named<'a> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
}

impl Named<'_> {
    /// Where a missing key is reported: the header, else (an inline or dotted table) the id.
    fn header(&self, id: &Spanned<Cow<'_, str>>) -> Range<usize> {
        if self.span.is_empty() { id.span() } else { self.span.clone() }
    }
}

fn tables_by_id(item: Option<Item<'_>>) -> Vec<(&Spanned<Cow<'_, str>>, Named<'_>)> {
    let Some(item) = item else { return Vec::new() };
    let DeValue::Table(tables) = item.value.get_ref() else {
        let name = item.key.name;
        item.report(item.report_kind().hint(format!("give it an id: `[{name}.some-name]`")));
        return Vec::new();
    };
    let named = |(id, value)| Some((id, named(item.sheet, item.key.name, (id, value))?));
    let mut named: Vec<_> = tables.iter().filter_map(named).collect();
    // By place, so that of two sources with one id the later one is the second.
    named.sort_by_key(|(id, _)| id.span().start);
    named
}

type Id<'a> = Spanned<Cow<'a, str>>;

/// What a table of tables holds, by place; nothing is taken from what is no table.
fn entries_of<'a>(root: &mut DeTable<'a>, name: &str) -> Vec<(Id<'a>, Spanned<DeValue<'a>>)> {
    let Some(DeValue::Table(tables)) = root.get_mut(name).map(Spanned::get_mut) else { return Vec::new() };
    let mut entries: Vec<_> = std::mem::take(tables).into_iter().collect();
    entries.sort_by_key(|(id, _)| id.span().start);
    entries
}

/// One table of several; `None`: it is none, which is reported.
fn named<'a>(
    sheet: &Sheet<'_>,
    name: &str,
    (id, value): (&'a Id<'_>, &'a Spanned<DeValue<'a>>),
) -> Option<Named<'a>> {
    if let DeValue::Table(table) = value.get_ref() {
        return Some(Named { table, span: value.span() });
    }
    let section = format!("[{name}.{}]", short(id.get_ref()));
    let wrong = Wrong::new(format!("{section} is not a table")).expected("a table");
    // `[source]` with `url = …` below it: the id was forgotten.
    let is_key = keys::SOURCE.key(id.get_ref()).is_some() || keys::FEED.key(id.get_ref()).is_some();
    let hint = is_key.then(|| format!("give it an id: `[{name}.some-name]`"));
    sheet.report(id.span(), wrong.hint(hint));
    None
}

/// The id of the feed that tells how the sources are: `health.atom` is its file.
const HEALTH: &str = "health";

/// The id of the page that lists all feeds: `index.html` is its file.
const INDEX: &str = "index";

/// A valid id that nothing else has; sources and feeds share the folder their files are in.
fn slug(sheet: &Sheet<'_>, text: &str, span: Range<usize>, taken: &mut Taken) -> Option<SourceId> {
    if let Some(first) = taken.get(text) {
        let wrong = Wrong::new(format!("the id {} is taken", quote(text)));
        sheet.report(
            span,
            wrong.hint(format!("it is first used at `{first}`; sources and feeds share their ids")),
        );
        return None;
    }
    taken.insert(text.to_owned(), sheet.place_text(span.start));
    free_slug(sheet, text, span)
}

/// An id that nothing else has.
pub fn free_slug(sheet: &Sheet<'_>, text: &str, span: Range<usize>) -> Option<SourceId> {
    match SourceId::new(text) {
        Ok(_) if text == INDEX => {
            sheet.report(
                span,
                Wrong::new(format!("the id `{INDEX}` is kept for the page that lists all feeds")),
            );
            None
        }
        Ok(_) if text == HEALTH => {
            sheet.report(
                span,
                Wrong::new(format!("the id `{HEALTH}` is kept for the feed of changed verdicts")),
            );
            None
        }
        Ok(id) => Some(id),
        Err(why) => {
            let near: String = text.to_lowercase().replace([' ', '/', ':'], "-");
            let hint = SourceId::new(&near).ok().map(|near| format!("write `{near}`"));
            sheet.report(span, Wrong::new(format!("{} is not an id: {why}", quote(text))).hint(hint));
            None
        }
    }
}

/// One of `sources/*.toml`.
fn source_file<'a>(
    sheet: &'a Sheet<'a>,
    table: &'a DeTable<'a>,
    taken: &mut Taken,
    context: (&Settings, &Names),
) -> Option<Source> {
    let id = slug(sheet, &stem(sheet), 0..0, taken);
    let belongs_to_main =
        ["defaults", "source", "feed"].into_iter().find_map(|name| table.get_key_value(name));
    if let Some((name, _)) = belongs_to_main {
        let wrong = Wrong::new(format!("`{}` belongs into the main file", name.get_ref()));
        let hint = "this file is one source: its keys stand at the top, its id is the file's name".to_owned();
        sheet.report(name.span(), wrong.hint(hint));
        return None;
    }
    let name = Path::new(sheet.path().file_name().unwrap_or_default()).display().to_string();
    source(TableReader::new(sheet, &keys::SOURCE, table).named(format!("`{name}`"), 0..0), id, context)
}

/// The id that a file's name gives its source.
fn stem(sheet: &Sheet<'_>) -> String {
    sheet.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

mod alike;
mod pieces;
mod twice;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(super) mod tests;
