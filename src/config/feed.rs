//! A joined feed's table → a feed rule. Pure.

use globset::Glob;

use super::{
    FeedRule, Filter, Source, filter,
    former::Names,
    settings::{Settings, formats, keep},
    sheet::{Wrong, nearest, quote},
    table::{Item, TableReader},
    value,
};
use crate::id::SourceId;

/// Every id a source has.
pub struct Known<'a> {
    /// Them, valid or not.
    pub ids: &'a [String],
    /// The sources without a problem.
    pub sources: &'a [Source],
    /// No file is broken: an id that is not here is nowhere.
    pub is_complete: bool,
}

/// Reads a joined feed; `None`: it has problems, all of them noted.
pub fn feed(
    mut reader: TableReader<'_>,
    id: Option<SourceId>,
    known: &Known<'_>,
    (defaults, names): (&Settings, &Names),
) -> Option<FeedRule> {
    let was = reader.take("was").and_then(|item| names.former(item));
    let title = reader.require("title").and_then(value::header_text);
    let icon = reader.take("icon").and_then(value::source_address);
    let mut sources: Vec<SourceId> = Vec::new();
    let tags = reader.take("tags");
    // By tags alone it needs no globs.
    let globs = if tags.is_some() { reader.take("sources") } else { reader.require("sources") };
    for item in globs.map_or(Vec::new(), Item::one_or_more) {
        sources.extend(globbed(item, known));
    }
    for item in tags.map_or(Vec::new(), Item::one_or_more) {
        sources.extend(tagged(item, known));
    }
    let mut conditions = |name| reader.take(name).map_or(Vec::new(), filter::conditions);
    let filter = Filter { include: conditions("include"), exclude: conditions("exclude") };
    sources.sort();
    sources.dedup();
    let keep = keep(&mut reader, defaults.keep);
    let formats = formats(&mut reader, &defaults.formats);
    reader.finish();
    Some(FeedRule { id: id?, was, title: title?, icon, sources, filter, keep, formats })
}

/// The sources a glob names; at least one, or it is a problem.
fn globbed(item: Item<'_>, known: &Known<'_>) -> Vec<SourceId> {
    let Some(text) = item.full_text() else { return Vec::new() };
    let glob = match Glob::new(text) {
        Ok(glob) => glob.compile_matcher(),
        Err(error) => {
            item.report(Wrong::new(format!("{} is not a glob: {}", quote(text), error.kind())));
            return Vec::new();
        }
    };
    let found: Vec<&String> = known.ids.iter().filter(|id| glob.is_match(id)).collect();
    if found.is_empty() && known.is_complete {
        let near = nearest(text, known.ids.iter().map(String::as_str));
        let hint = match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.ids.is_empty() => None,
            None => Some(format!("the sources are {}", some_of(known.ids))),
        };
        item.report(Wrong::new(format!("no source is named {}", quote(text))).hint(hint));
    }
    found.into_iter().filter_map(|id| SourceId::new(id).ok()).collect()
}

/// The sources that have a tag; at least one, or it is a problem.
fn tagged(item: Item<'_>, known: &Known<'_>) -> Vec<SourceId> {
    let Some(text) = item.full_text() else { return Vec::new() };
    let found: Vec<SourceId> = known
        .sources
        .iter()
        .filter(|source| source.tags.iter().any(|tag| tag.eq_ignore_ascii_case(text)))
        .map(|source| source.id.clone())
        .collect();
    // A source with a problem may be the one that has it.
    if found.is_empty() && known.is_complete && known.sources.len() == known.ids.len() {
        let tags = known.sources.iter().flat_map(|source| &source.tags);
        let hint = nearest(text, tags.map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
        item.report(Wrong::new(format!("no source has the tag {}", quote(text))).hint(hint));
    }
    found
}

fn some_of(ids: &[String]) -> String {
    const MOST: usize = 8;
    let shown: Vec<_> = ids.iter().take(MOST).map(|id| quote(id)).collect();
    let more = if ids.len() > MOST { format!(" and {} more", ids.len() - MOST) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
