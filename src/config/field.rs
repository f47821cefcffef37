//! Fields of the config: text, array or table → field rules. Pure.

use toml::de::DeValue;

use super::{
    Candidate, Css, DateFrom, DateRule, DayMonthOrder, FieldRule, LinkRule, keys,
    selector::{Refusal, is_attribute, split_attribute},
    sheet::Wrong,
    table::{Item, TableReader},
    value,
};

/// A selector of an element: no attribute.
pub fn css(item: Item<'_>) -> Option<Css> {
    let text = item.text()?;
    let (start, trimmed) = trim(text);
    match item.sheet.shared.selector(trimmed) {
        Ok(selector) => Some(Css { text: trimmed.to_owned(), selector }),
        Err(refusal) => {
            refuse(item, text, start, refusal);
            None
        }
    }
}

/// A field: text, array or table.
pub fn field(item: Item<'_>) -> Option<FieldRule> {
    if let DeValue::Table(table) = item.value.get_ref() {
        let mut reader = reader(item, &keys::FIELD, table);
        let rule = field_table(&mut reader);
        if rule.is_none() && !table.contains_key("selector") {
            reader.require("selector");
        }
        reader.finish();
        return rule;
    }
    let candidates = candidates(item, None)?;
    Some(FieldRule { candidates, join: None, regex: None, cut: Vec::new(), required: false })
}

/// A link: a field, or `false`.
pub fn link(item: Item<'_>) -> Option<LinkRule> {
    match item.value.get_ref() {
        DeValue::Boolean(false) => Some(LinkRule::None),
        DeValue::Boolean(true) => {
            item.report(item.report_kind().hint("leave `link` out for the headline's own link".to_owned()));
            None
        }
        _ => field(item).map(LinkRule::Field),
    }
}

/// A date: a field, or a table with `from`.
pub fn date(item: Item<'_>) -> Option<DateRule> {
    let DeValue::Table(table) = item.value.get_ref() else {
        let field = Some(field(item)?);
        return Some(DateRule {
            field,
            from: Vec::new(),
            above: None,
            format: None,
            order: None,
            language: None,
        });
    };
    let mut reader = reader(item, &keys::DATE, table);
    let field = field_table(&mut reader);
    let from = reader.take("from").map_or(Vec::new(), date_from);
    let rule = DateRule {
        field,
        from,
        above: reader.take("above").and_then(css),
        format: reader.take("format").and_then(value::format),
        order: reader.take("order").and_then(value::word).map(|word| match word {
            "month-first" => DayMonthOrder::MonthFirst,
            _ => DayMonthOrder::DayFirst,
        }),
        language: reader.take("language").and_then(value::language),
    };
    reader.finish();
    if !["selector", "from", "above"].iter().any(|name| table.contains_key(*name)) {
        let wrong = Wrong::new("`date` has neither `selector` nor `from` nor `above`")
            .expected(item.key.kind.words());
        item.sheet.report_missing(item.span(), wrong);
        return None;
    }
    Some(rule)
}

fn date_from(item: Item<'_>) -> Vec<DateFrom> {
    let mut from = Vec::new();
    for element in item.one_or_more() {
        let found = match value::word(element) {
            Some("headline") => DateFrom::Headline,
            Some("teaser") => DateFrom::Teaser,
            Some("before") => DateFrom::Before,
            Some(_) => DateFrom::Link,
            None => continue,
        };
        if from.contains(&found) {
            element.report(Wrong::new("`from` names the same field twice").hint("remove one".to_owned()));
        } else {
            from.push(found);
        }
    }
    from
}

pub(super) fn reader<'a>(
    item: Item<'a>,
    section: &'static keys::Section,
    table: &'a toml::de::DeTable<'a>,
) -> TableReader<'a> {
    TableReader::new(item.sheet, section, table).named(format!("`{}`", item.key.name), item.span())
}

/// The keys every field's table has; `None`: no selector, or none that compiles.
fn field_table(reader: &mut TableReader<'_>) -> Option<FieldRule> {
    let attr = reader.take("attr").and_then(attribute);
    let candidates = reader.take("selector").map(|item| candidates(item, attr.as_deref()));
    let regex = reader.take("regex").and_then(|item| value::pattern(item, ["", ""]));
    let join = reader.take("join").and_then(join);
    let cut = reader.take("cut").map_or(Vec::new(), |item| {
        // At the end, whatever the case: the texts cut are words of a site's own, not of the entry.
        let each = item.one_or_more().into_iter();
        each.filter_map(|item| value::pattern(item, [r"(?i)\s*(?:", r")\s*$"])).collect()
    });
    let required = reader.take("required").and_then(|item| item.switch()).unwrap_or(false);
    Some(FieldRule { candidates: candidates??, join, regex, cut, required })
}

fn join(item: Item<'_>) -> Option<String> {
    match item.value.get_ref() {
        DeValue::Boolean(true) => Some(" ".to_owned()),
        DeValue::Boolean(false) => None,
        DeValue::String(separator) => Some(separator.to_string()),
        _ => {
            item.report(item.report_kind());
            None
        }
    }
}

/// An attribute's name. HTML knows them in lower case only.
fn attribute(item: Item<'_>) -> Option<String> {
    let name = item.full_text()?;
    if is_attribute(name) {
        return Some(name.to_ascii_lowercase());
    }
    item.report(Wrong::new("`attr` is not the name of an attribute").expected(item.key.kind.words()));
    None
}

/// Fallbacks; `None`: one of them cannot be compiled. `attr` holds for those that name none themselves.
fn candidates(item: Item<'_>, attr: Option<&str>) -> Option<Vec<Candidate>> {
    let each: Vec<_> = item.one_or_more().into_iter().map(|item| candidate(item, attr)).collect();
    let all: Option<Vec<_>> = each.into_iter().collect();
    all.filter(|all| !all.is_empty())
}

fn candidate(item: Item<'_>, attr: Option<&str>) -> Option<Candidate> {
    if let DeValue::Table(table) = item.value.get_ref() {
        let mut reader = reader(item, &keys::CANDIDATE, table);
        let own = reader.take("attr").and_then(attribute);
        let selector = reader.require("selector");
        reader.finish();
        return candidate_text(selector?, own.as_deref().or(attr));
    }
    candidate_text(item, attr)
}

fn candidate_text(item: Item<'_>, attr: Option<&str>) -> Option<Candidate> {
    let text = item.text()?;
    let (start, trimmed) = trim(text);
    let (selector, own) = split_attribute(trimmed);
    if let (Some(own), Some(attr)) = (own, attr) {
        let part = start + selector.len()..start + trimmed.len();
        let wrong = Wrong::new(format!("`@{own}` and `attr = \"{attr}\"` both name an attribute"));
        item.report_part(text, part, wrong.hint("keep one of them".to_owned()));
        return None;
    }
    let attr = own.map(str::to_ascii_lowercase).or_else(|| attr.map(str::to_owned));
    let selector = selector.trim_end();
    // `@href` alone: the whole text tells the better story.
    let asked = if selector.is_empty() { trimmed } else { selector };
    let compiled = if asked == "*" { Ok(None) } else { item.sheet.shared.selector(asked).map(Some) };
    match compiled {
        Ok(compiled) => {
            let text = attr.as_ref().map_or_else(|| selector.to_owned(), |attr| format!("{selector}@{attr}"));
            Some(Candidate { text, selector: compiled, attr })
        }
        Err(refusal) => {
            refuse(item, text, start, refusal);
            None
        }
    }
}

/// Where the text begins once blanks are gone, and the text without them.
fn trim(text: &str) -> (usize, &str) {
    (text.len() - text.trim_start().len(), text.trim())
}

fn refuse(item: Item<'_>, text: &str, start: usize, refusal: Refusal) {
    let part = start + refusal.part.start..start + refusal.part.end;
    let wrong = Wrong::new(format!("`{}`: {}", item.key.name, refusal.message)).hint(refusal.hint);
    item.report_part(text, part, wrong);
}
