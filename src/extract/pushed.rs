//! Pushed: the state that a React server pushes into its page in pieces (`self.__next_f.push([1,"…"])`) → JSON values. Pure.
//!
//! The pieces are one text, whose rows are an id, a colon and JSON, or the letter `T`, a length and a text. An element is
//! `["$", tag, key, properties]`, and only its properties are kept; what begins with `$` refers to another row and is left
//! out, which loses nothing: that row is read too.

use serde_json::Value;

use super::values::{MAX_VALUES, readable};

/// The piece of state that a script pushes; `None`: it pushes none.
pub(super) fn piece(script: &str) -> Option<String> {
    let (start, rest) = script.trim_start().split_once(".push(")?;
    let array = rest.trim_end().trim_end_matches(';').strip_suffix(')')?;
    if !start.contains("__next_f") || start.contains(['"', '\'']) {
        return None;
    }
    let array = readable(array, &mut MAX_VALUES.clone()).ok()?;
    let Ok(Value::Array(values)) = serde_json::from_str(&array) else { return None };
    match <[Value; 2]>::try_from(values).ok()? {
        [Value::Number(_), Value::String(text)] => Some(text),
        _ => None,
    }
}

/// The values of the rows of all pieces together.
pub(super) fn values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut left = MAX_VALUES;
    let mut rest = text;
    while let Some((id, row)) = rest.split_once(':') {
        if let Some(after) = of_text(row).filter(|_| is_id(id)) {
            rest = after;
            continue;
        }
        let (line, after) = row.split_once('\n').unwrap_or((row, ""));
        if is_id(id) && line.starts_with(['[', '{']) {
            let line = readable(line, &mut left).ok();
            values.extend(line.and_then(|line| serde_json::from_str(&line).ok()).map(plain));
        }
        rest = after;
    }
    values
}

fn is_id(id: &str) -> bool {
    !id.trim().is_empty() && id.trim().bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What follows a row that is a text; `None`: it is another row.
fn of_text(row: &str) -> Option<&str> {
    let row = row.strip_prefix('T')?;
    // A comma is not looked for further: it may stand at the end of all rows, and each would look for it there.
    let digits = row.bytes().take_while(u8::is_ascii_hexdigit).count();
    let length = usize::from_str_radix(&row[..digits], 16).ok()?;
    row[digits..].strip_prefix(',')?.get(length..)
}

/// A value without what only the framework reads.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(mut values) if values.len() >= 4 && values[0] == "$" && values[3].is_object() => {
            plain(values.swap_remove(3))
        }
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(object) => object.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        Value::String(text) => match text.strip_prefix('$') {
            None => Value::String(text),
            Some(escaped) if escaped.starts_with('$') => Value::String(escaped.to_owned()),
            // A date.
            Some(date) if date.starts_with('D') => Value::String(date[1..].to_owned()),
            Some(_) => Value::Null,
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_script_pushes_a_piece() {
        assert_eq!(piece(r#" self.__next_f.push([1,"2:[\"$\"]\n"]);"#).as_deref(), Some("2:[\"$\"]\n"));
        assert_eq!(piece("(self.__next_f=self.__next_f||[]).push([0])"), None);
        assert_eq!(piece(r#"dataLayer.push([1,"2:[]"])"#), None);
    }

    #[test]
    fn rows_are_values_and_references_are_left_out() {
        let text = "0:[\"$\",\"$L1\",null,{\"posts\":[{\"title\":\"$$5 a day\",\"at\":\"$D2026-03-01T00:00:00.000Z\",\"more\":\"$2\"}]}]\n\
                    1:I[22,[],\"List\"]\n2:T8,a:\n{\"b\"}3:{\"title\":\"Two\"}\n";
        let post = json!({"title": "$5 a day", "at": "2026-03-01T00:00:00.000Z", "more": null});
        assert_eq!(values(text), [json!({ "posts": [post] }), json!({"title": "Two"})]);
    }

    /// As `long_texts_come_to_an_end` of dates: four million letters, each read a bounded number of times.
    #[test]
    fn many_rows_that_only_begin_as_texts_come_to_an_end() {
        assert_eq!(values(&"0:T\n".repeat(1 << 20)), [json!(null); 0]);
    }

    proptest! {
        #[test]
        fn any_rows_never_panic(text in "[0-9a-fT:,$\\[\\]{}\"\n é]{0,60}") {
            values(&text);
            piece(&format!("self.__next_f.push([1,{text}])"));
        }
    }
}
