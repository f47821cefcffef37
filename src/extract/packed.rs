//! Packed: JSON whose values stand elsewhere than where they belong → plain JSON. Pure, and never fails.
//!
//! Two ways of programs: a list whose objects hold the numbers of other values of it (`devalue`), and a text that is JSON itself, such as an answer that was kept with its status. What refers to itself ends
//! where it is too deep.

use serde_json::{Map, Value};

use super::values::readable;

/// Records stand no deeper.
const MAX_DEPTH: usize = 60;

/// So many bytes of text that are made again count as one value.
const TEXT_BYTES: usize = 64;

/// Shorter lists are no table.
const FEWEST: usize = 4;

/// A value without what is packed in it; `left` is how many values may yet be made.
pub(super) fn unpacked(value: Value, left: &mut usize) -> Value {
    match value {
        Value::Array(values) if is_table(&values) => Table { values: &values, left }.value(0, 0),
        Value::Array(values) => values.into_iter().map(|value| unpacked(value, left)).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(name, value)| (name, unpacked(value, left))).collect()
        }
        Value::String(text) => of_text(&text, left).unwrap_or(Value::String(text)),
        other => other,
    }
}

/// The JSON that a text is; `None`: it is another text.
fn of_text(text: &str, left: &mut usize) -> Option<Value> {
    if !(text.starts_with("{\"") && text.ends_with('}') || text.starts_with("[{") && text.ends_with("}]")) {
        return None;
    }
    let value: Value = serde_json::from_str(&readable(text, left).ok()?).ok()?;
    Some(match value {
        Value::Array(values) if is_table(&values) => Table { values: &values, left }.value(0, 0),
        other => other,
    })
}

/// Whether a list holds the values that its objects only name by number.
fn is_table(values: &[Value]) -> bool {
    let is_place =
        |value: &Value| value.as_i64().is_some_and(|at| at < 0 || at.unsigned_abs() < values.len() as u64);
    let is_of_places = |value: &Value| match value {
        Value::Object(object) => object.values().all(is_place),
        Value::Array(places) => places.iter().skip(1).all(|place| is_place(place) || place.is_string()),
        _ => true,
    };
    let is_root = values.first().is_some_and(|first| first.is_object() || first.is_array());
    is_root
        && values.len() >= FEWEST
        && values.iter().any(Value::is_string)
        && values.iter().any(|value| value.as_object().is_some_and(|object| !object.is_empty()))
        && values.iter().all(is_of_places)
}

/// How many bytes of text a value has itself, without those that it names.
fn own_text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::len).sum(),
        Value::Object(object) => object.keys().map(String::len).sum(),
        _ => 0,
    }
}

/// A list of values that name each other by number.
struct Table<'v, 'l> {
    values: &'v [Value],
    left: &'l mut usize,
}

impl Table<'_, '_> {
    /// The value of a number, with what it names.
    fn value(&mut self, at: usize, depth: usize) -> Value {
        let Some(value) = self.values.get(at).filter(|_| depth < MAX_DEPTH) else { return Value::Null };
        let Some(rest) = self.left.checked_sub(1 + own_text(value) / TEXT_BYTES) else {
            *self.left = 0;
            return Value::Null;
        };
        *self.left = rest;
        match value {
            Value::Object(object) => {
                let named = object.iter().map(|(name, at)| (name.clone(), self.named(at, depth)));
                Value::Object(named.collect::<Map<_, _>>())
            }
            Value::Array(places) => match &places[..] {
                // A date, and what wraps another value: `["Date", "2025-03-06"]`, `["Reactive", 1]`.
                [Value::String(_), text @ Value::String(_)] => text.clone(),
                [Value::String(_), place] => self.named(place, depth),
                [Value::String(_), rest @ ..] => rest.iter().map(|place| self.named(place, depth)).collect(),
                places => places.iter().map(|place| self.named(place, depth)).collect(),
            },
            other => other.clone(),
        }
    }

    /// What a place names: nothing, where it is below zero.
    fn named(&mut self, place: &Value, depth: usize) -> Value {
        let at = place.as_u64().and_then(|at| usize::try_from(at).ok());
        at.map_or(Value::Null, |at| self.value(at, depth + 1))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Value {
        unpacked(value, &mut 1000)
    }

    #[test]
    fn values_named_by_number_stand_where_they_belong() {
        let packed = json!([
            ["ShallowReactive", 1],
            { "posts": 2, "none": -1 },
            [3, 6],
            { "title": 4, "at": 5 },
            "Low water",
            ["Date", "2025-03-06T08:00:00Z"],
            { "title": 7, "at": 5 },
            "High water",
        ]);
        let posts = json!([
            { "title": "Low water", "at": "2025-03-06T08:00:00Z" },
            { "title": "High water", "at": "2025-03-06T08:00:00Z" },
        ]);
        assert_eq!(read(packed.clone()), json!({ "posts": posts, "none": null }));
        assert_eq!(read(json!({ "nodes": [packed] }))["nodes"][0]["posts"], posts);
    }

    #[test]
    fn a_text_that_is_json_is_read_as_such() {
        let body = r#"{"items":[{"title":"Low water"}]}"#;
        assert_eq!(read(json!({ "body": body })), json!({ "body": { "items": [{ "title": "Low water" }] } }));
        assert_eq!(read(json!({ "body": "[sic]" })), json!({ "body": "[sic]" }));
    }

    #[test]
    fn what_names_itself_ends_and_other_lists_stay() {
        let mut left = 500;
        unpacked(json!([{ "a": 0, "b": 0 }, "x", 1, 2]), &mut left);
        assert_eq!(left, 0);
        // A long text that is named often is not made again as often.
        let names: Map<String, Value> = (0..1000).map(|n| (format!("a{n}"), json!(1))).collect();
        let made = unpacked(json!([names, "x".repeat(6400), "y", "z"]), &mut 1000);
        let texts = made.as_object().into_iter().flat_map(Map::values).filter(|value| value.is_string());
        assert!(texts.count() <= 10);
        let lists = json!([{ "n": 1 }, { "n": 7 }, "x", "y"]);
        assert_eq!(read(lists.clone()), lists);
    }
}
