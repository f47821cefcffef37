//! A config text and changes of one source's keys → the text with them, everything else as it was. Pure.
//!
//! Comments, order and spacing are a person's own and stay. Refuses to guess: where a key cannot be told from the text,
//! there is no change.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Where a source's keys stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// The whole file is the source.
    File,
    /// Below `[source.ID]`.
    Source(&'a str),
}

/// Sets keys to values written in TOML; `None` takes a key out; `date.selector` is a key in the table of another. `None` as a
/// whole: the text has no such source, or is
/// written in a way that cannot be changed safely.
pub fn patched(text: &str, place: Place<'_>, changes: &[(&'static str, Option<String>)]) -> Option<String> {
    let whole = DeTable::parse(text).ok()?;
    let table = match place {
        Place::File => whole.get_ref(),
        Place::Source(id) => inside(inside(whole.get_ref(), "source")?, id)?,
    };
    let span = |name: &str| -> Option<(Range<usize>, Range<usize>)> {
        let (table, name) = match name.split_once('.') {
            Some((outer, name)) => (inside(table, outer)?, name),
            None => (table, name),
        };
        let (key, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
        Some((key.span(), value.span()))
    };
    let (anchor, anchor_value) = span("entry")?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (name, value) in changes {
        match (span(name), value) {
            (Some((_, old)), Some(value)) => edits.push((old, value.clone())),
            (Some((key, old)), None) => edits.push((line(text, key.start, old.end)?, String::new())),
            (None, Some(_)) if name.contains('.') => return None,
            (None, Some(value)) => {
                let at = text[anchor_value.end..].find('\n').map_or(text.len(), |end| anchor_value.end + end);
                let width = text[anchor.start..anchor_value.start].find('=')?;
                edits.push((at..at, format!("\n{name:<width$}= {value}")));
            }
            (None, None) => {}
        }
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut patched = String::with_capacity(text.len());
    let mut at = 0;
    for (range, value) in edits {
        patched.push_str(text.get(at..range.start)?);
        patched.push_str(&value);
        at = range.end;
    }
    patched.push_str(text.get(at..)?);
    DeTable::parse(&patched).ok()?;
    Some(patched)
}

fn inside<'t, 'a>(table: &'t DeTable<'a>, name: &str) -> Option<&'t DeTable<'a>> {
    let (_, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// The whole lines of a key and its value; `None`: something else stands on them (an inline table).
fn line(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let last = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let is_alone = text[first..start].trim().is_empty();
    let after = text[end..last].trim();
    (is_alone && (after.is_empty() || after.starts_with('#'))).then_some(first..last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\n[source.a]\nurl   = \"https://a.example/\"\nentry = \"li\"  # rows\nlink  = \"a\" \nteaser = [\n  \"p\",\n]\n\n[source.b]\nurl = \"https://b.example/\"\nentry = \"li\"\n";

    #[test]
    fn only_what_changes_changes() {
        let changes = [
            ("entry", Some("\"article\"".to_owned())),
            ("link", None),
            ("teaser", None),
            ("date", Some("\"time\"".to_owned())),
        ];
        let patched = patched(TEXT, Place::Source("a"), &changes).unwrap();
        assert_eq!(
            patched,
            "# mine\n[source.a]\nurl   = \"https://a.example/\"\nentry = \"article\"  # rows\ndate  = \"time\"\n\n[source.b]\nurl = \"https://b.example/\"\nentry = \"li\"\n"
        );
    }

    #[test]
    fn a_key_of_a_table_changes_alone() {
        let date = "{ selector = [\".a\", \".b\"], order = \"day-first\" } # of the page";
        let text = format!(
            "[source.a]\nentry = \"li\"\ndate = {date}\n[source.a.headline]\nselector = \"h2\"\nregex = \"x\"\n"
        );
        let changes =
            [("date.selector", Some("\".c\"".to_owned())), ("headline.selector", Some("\"h3\"".to_owned()))];
        let expected = text.replace("[\".a\", \".b\"]", "\".c\"").replace("\"h2\"", "\"h3\"");
        assert_eq!(patched(&text, Place::Source("a"), &changes), Some(expected));
        let missing = [("teaser.selector", Some("\"p\"".to_owned()))];
        assert_eq!(patched(&text, Place::Source("a"), &missing), None);
    }

    #[test]
    fn a_source_that_is_not_there_is_not_made() {
        assert_eq!(patched(TEXT, Place::Source("c"), &[("entry", None)]), None);
        assert_eq!(patched(TEXT, Place::File, &[("entry", None)]), None);
    }

    #[test]
    fn inline_tables_are_left_alone() {
        let text = "source.a = { url = \"https://a.example/\", entry = \"li\", link = \"a\" }\n";
        assert_eq!(patched(text, Place::Source("a"), &[("link", None)]), None);
    }
}
