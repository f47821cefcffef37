//! The table of keys → a JSON Schema (2020-12) for editors, and the reference for `docs/config.md`. Pure.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::keys::{self, Kind, Section};

/// The JSON Schema of the main file.
pub fn schema() -> Value {
    let mut schema = section(&keys::TOP);
    let source = json!({ "$ref": "#/$defs/source" });
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("gleaner.toml");
    schema["properties"]["source"]["additionalProperties"] = source;
    schema["$defs"] = json!({
        "source": section(&keys::SOURCE),
        "field": fallbacks(&section(&keys::FIELD)),
        "date": fallbacks(&section(&keys::DATE)),
        "condition": { "anyOf": [text(), section(&keys::FILTER)] },
        "candidate": { "anyOf": [text(), section(&keys::CANDIDATE)] },
    });
    schema
}

fn section(section: &Section) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in section.keys() {
        let mut value = kind(key.kind);
        value["description"] = json!(key.about);
        if let Some(default) = default(key.default) {
            value["default"] = default;
        }
        properties.insert(key.name.to_owned(), value);
        if key.is_required {
            required.push(key.name);
        }
    }
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The table writes defaults as TOML, which for these is JSON too.
fn default(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Letters and digits alone: enough for an editor, the reader knows better.
const DURATION: &str = "^\\s*([0-9]+\\s*[a-z]+\\s*)+$";
const ID: &str = "^[a-z0-9_][a-z0-9._-]*$";

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Text
        | Kind::Zone
        | Kind::Folder
        | Kind::File
        | Kind::Cron
        | Kind::Secret
        | Kind::Selector
        | Kind::Regex
        | Kind::Format => text(),
        Kind::Attribute => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_.:-]*$" }),
        Kind::Url => address(),
        Kind::Urls => one_or_more(&address()),
        Kind::Duration { .. } => json!({ "type": "string", "pattern": DURATION }),
        Kind::Every { .. } => {
            json!({ "anyOf": [{ "const": "auto" }, { "type": "string", "pattern": DURATION }] })
        }
        Kind::Inside => json!({ "anyOf": [{ "type": "boolean" }, one_or_more(&text())] }),
        Kind::Listen | Kind::Proxy => json!({ "anyOf": [text(), { "const": false }] }),
        Kind::Integer { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Language => json!({ "type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" }),
        Kind::Headers | Kind::Cookies => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        Kind::Selectors => one_or_more(&json!({ "$ref": "#/$defs/candidate" })),
        Kind::Texts | Kind::Regexes | Kind::Globs | Kind::Command => one_or_more(&text()),
        Kind::Conditions => one_or_more(&json!({ "$ref": "#/$defs/condition" })),
        Kind::Field => json!({ "$ref": "#/$defs/field" }),
        Kind::OwnPage => json!({ "anyOf": [{ "const": true }, section(&keys::OWN_PAGE)] }),
        Kind::Content => json!({ "anyOf": [{ "const": true }, text()] }),
        Kind::Next => json!({ "anyOf": [{ "$ref": "#/$defs/field" }, { "const": true }] }),
        Kind::Link => json!({ "anyOf": [{ "$ref": "#/$defs/field" }, { "const": false }] }),
        Kind::Date => json!({ "$ref": "#/$defs/date" }),
        Kind::Join => json!({ "type": ["boolean", "string"] }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Words(words) => one_or_more(&json!({ "enum": words })),
        Kind::Tables(of) => {
            json!({ "type": "object", "propertyNames": { "pattern": ID }, "additionalProperties": section(of) })
        }
        Kind::Table(of) => section(of),
    }
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn address() -> Value {
    json!({ "type": "string", "format": "uri", "pattern": "^https?://" })
}

fn one_or_more(one: &Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
}

fn fallbacks(table: &Value) -> Value {
    let candidate = json!({ "$ref": "#/$defs/candidate" });
    json!({ "anyOf": [text(), { "type": "array", "minItems": 1, "items": candidate }, table] })
}

/// Every key in Markdown, a table for each section.
pub fn reference() -> String {
    let mut text = String::new();
    for section in keys::SECTIONS {
        let name = if section.name.starts_with('[') {
            format!("`{}`", section.name)
        } else {
            capitalized(section.name)
        };
        let _ = writeln!(
            text,
            "## {name}\n\n{}\n\n| key | value | default | what it does |\n|---|---|---|---|",
            section.about
        );
        for key in section.keys() {
            let default = match (key.is_required, key.default) {
                (true, _) => "**required**".to_owned(),
                (false, "") => "–".to_owned(),
                (false, default) => format!("`{default}`"),
            };
            let words = key.kind.words().replace('|', "\\|");
            let _ = writeln!(text, "| `{}` | {words} | {default} | {} |", key.name, key.about);
        }
        text.push('\n');
    }
    // Writing to a `String` cannot fail, hence the results let go above.
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_refuses_unknown_keys_in_every_section() {
        let schema = schema();
        for place in [
            "/additionalProperties",
            "/properties/defaults/additionalProperties",
            "/$defs/source/additionalProperties",
            "/properties/feed/additionalProperties/additionalProperties",
            "/$defs/field/anyOf/2/additionalProperties",
            "/$defs/date/anyOf/2/additionalProperties",
            "/$defs/candidate/anyOf/1/additionalProperties",
            "/$defs/condition/anyOf/1/additionalProperties",
        ] {
            assert_eq!(schema.pointer(place), Some(&json!(false)), "{place}");
        }
    }

    #[test]
    fn every_default_of_the_table_reaches_the_schema() {
        for key in
            keys::SECTIONS.iter().flat_map(|section| section.keys()).filter(|key| !key.default.is_empty())
        {
            assert!(default(key.default).is_some(), "{}", key.name);
        }
    }

    #[test]
    fn the_reference_names_every_key() {
        let reference = reference();
        for key in keys::SECTIONS.iter().flat_map(|section| section.keys()) {
            assert!(reference.contains(&format!("| `{}` |", key.name)), "{}", key.name);
        }
        assert!(!reference.contains("||"));
    }
}
