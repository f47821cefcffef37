//! Tables of sources that say the same → one of them to be read, and the others made like it. Pure.
//!
//! Where one program serves many sites, or each source is a feed, a table has nothing of its own but `url` and `title`.
//! What is not plainly so is read like any other.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    Sheet, Source, free_slug,
    keys::{self, Key},
    pieces::{is_head, sections},
    value,
};
use crate::config::digest::{self, Besides, Digested};

/// The tables of a piece of the config.
pub struct Tables<'a> {
    /// Those that are to be read, as they stand.
    pub read: String,
    models: Vec<Model<'a>>,
}

/// A table that is read, and those that are like it.
struct Model<'a> {
    own: Own<'a>,
    /// All but what it has of its own.
    rest: &'a str,
    others: Vec<Own<'a>>,
}

/// What a table has of its own.
struct Own<'a> {
    id: &'a str,
    url: &'a str,
    title: Option<&'a str>,
}

impl<'a> Tables<'a> {
    /// Those that stand in a text without values of several lines.
    pub fn of(piece: &'a str) -> Self {
        let mut tables = Self { read: String::new(), models: Vec::new() };
        let mut known: FxHashMap<(bool, &str), usize> = FxHashMap::default();
        let mut last = None;
        for table in split(piece) {
            let Some((own, rest)) = own(table) else {
                tables.read.push_str(table);
                continue;
            };
            // What is alike stands together, and is found without being looked up.
            let is_like = |place: &usize| tables.models[*place].is_like(&own, rest);
            let like = last.filter(is_like).or_else(|| known.get(&(own.title.is_some(), rest)).copied());
            last = like;
            if let Some(place) = like {
                tables.models[place].others.push(own);
                continue;
            }
            tables.read.push_str(table);
            if is_same_anywhere(rest) {
                last = Some(tables.models.len());
                known.insert((own.title.is_some(), rest), tables.models.len());
                tables.models.push(Model { own, rest, others: Vec::new() });
            }
        }
        tables
    }

    /// The sources of those that were not read; `found` are those of the others. `None`: one of them has a problem.
    pub fn others(&self, sheet: &Sheet<'_>, found: &[Source]) -> Option<Vec<Source>> {
        let mut sources = Vec::with_capacity(self.models.iter().map(|model| model.others.len()).sum());
        for model in self.models.iter().filter(|model| !model.others.is_empty()) {
            let source = found.iter().find(|source| source.id.as_str() == model.own.id)?;
            let said = source.rules.as_deref().map(digest::said);
            let besides = Arc::new(Besides::new(
                (source.kind, said.as_ref()),
                (&source.timezone, source.language.as_deref()),
                &source.request.headers,
            ));
            for own in &model.others {
                sources.push(Source {
                    id: free_slug(sheet, own.id, 0..0)?,
                    was: source.was.clone(),
                    url: value::read_source_address(url_key(), own.url).ok()?,
                    title: own.title.map(str::to_owned).or_else(|| source.title.clone()),
                    icon: source.icon.clone(),
                    rules: source.rules.clone(),
                    own_page: source.own_page.clone(),
                    request: Arc::clone(&source.request),
                    terms: Arc::clone(&source.terms),
                    digest: Digested::later(Arc::clone(&besides)),
                });
            }
        }
        Some(sources)
    }
}

fn url_key() -> &'static Key {
    keys::SOURCE.key("url").expect("a source has an address")
}

/// The text before the first header of a source, and each source's.
fn split(piece: &str) -> impl Iterator<Item = &str> {
    let mut sections = sections(piece).peekable();
    let mut rest = piece;
    std::iter::from_fn(move || {
        let mut bytes = sections.next()?.len();
        while let Some(section) = sections.next_if(|section| !is_head(section)) {
            bytes += section.len();
        }
        let (table, after) = rest.split_at(bytes);
        rest = after;
        Some(table)
    })
}

impl Model<'_> {
    fn is_like(&self, own: &Own<'_>, rest: &str) -> bool {
        self.rest == rest && self.own.title.is_some() == own.title.is_some()
    }
}

/// What a table has of its own, and the rest of it; `None`: it is not known.
fn own(table: &str) -> Option<(Own<'_>, &str)> {
    let (head, rest) = table.split_once('\n')?;
    let id = head.strip_suffix('\r').unwrap_or(head).strip_prefix("[source.")?.strip_suffix(']')?;
    let (url, rest) = plain(rest, "url")?;
    let (title, rest) = match plain(rest, "title") {
        Some((title, rest)) => (Some(title), rest),
        None => (None, rest),
    };
    Some((Own { id, url, title }, rest))
}

/// Whether the rest of a table means the same whatever the address.
fn is_same_anywhere(rest: &str) -> bool {
    let has_tables = rest.starts_with('[') || rest.contains("\n[");
    // A pattern of the addresses of further pages is held against the source's own.
    let may_go_on = rest.contains("next");
    !has_tables && !may_go_on
}

/// The text of a key in the first line, and what follows the line; `None`: it is not there, or not plainly written.
fn plain<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let value = text.strip_prefix(name)?.trim_start_matches([' ', '\t']).strip_prefix('=')?;
    let (value, rest) = value.trim_start_matches([' ', '\t']).strip_prefix('"')?.split_once('"')?;
    let (blank, rest) = rest.split_once('\n').unwrap_or((rest, ""));
    let is_plain = !value.bytes().any(|byte| byte == b'\\' || byte.is_ascii_control());
    let value = value.trim();
    (is_plain && !value.is_empty() && matches!(blank, "" | "\r")).then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which sources are read of a text, and which are made like one of them.
    fn shared(text: &str) -> (Vec<&str>, Vec<&str>) {
        let tables = Tables::of(text);
        let read = text.lines().filter(|line| is_head(line) && tables.read.contains(line)).collect();
        let others = tables.models.iter().flat_map(|model| &model.others);
        (read, others.map(|own| own.id).collect())
    }

    #[test]
    fn tables_that_differ_in_address_and_title_are_read_once() {
        let text = "[source.a]\nurl = \"https://a.example/\"\nentry = \"li\"\n\n\
                    [source.b]\nurl=\"https://b.example/\"\nentry = \"li\"\n\n\
                    [source.c]\nurl = \"https://c.example/\"\ntitle = \"C\"\nentry = \"li\"\n\n\
                    [source.d]\nurl = \"https://d.example/\"\nentry = \"ol\"\n\n\
                    [source.e]\nurl = \"https://e.example/\"\ntitle = \"E\"\nentry = \"li\"\n\n";
        assert_eq!(shared(text), (vec!["[source.a]", "[source.c]", "[source.d]"], vec!["b", "e"]));
    }

    #[test]
    fn what_is_not_plain_is_read() {
        for rest in [
            "entry = \"li\"\nurl = \"https://a.example/\"\n",
            "url = 'https://a.example/'\n",
            "url = \"https://a.example/\\u0041\"\n",
            "url = \"https://a.example/\" # the first\n",
            "url = \"\"\n",
            "url = \"https://a.example/\"\nnext = \"/{page}\"\n",
            "url = \"https://a.example/\"\n[source.c.date]\nfrom = \"link\"\n",
        ] {
            let text = format!("[source.a]\n{rest}[source.b]\n{rest}");
            assert_eq!(shared(&text), (vec!["[source.a]", "[source.b]"], vec![]), "{text}");
        }
    }
}
