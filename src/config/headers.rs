//! Header lines of the config, with `${NAME}` put in from the environment. Pure.
//!
//! A value is never part of a message: it may be a secret.

use toml::de::DeValue;

use super::{
    sheet::{Environment, Wrong, quote},
    table::Item,
};

/// Header lines gleaner writes itself; a second one would break the request.
const OWN: &[(&str, Option<&str>)] = &[
    ("user-agent", Some("use the key `user_agent`")),
    ("host", None),
    ("content-length", None),
    ("transfer-encoding", None),
    ("connection", None),
    ("accept-encoding", None),
    ("if-none-match", None),
    ("if-modified-since", None),
    ("range", None),
];

/// The lines of `base`, and those of the table, which replace lines of the same name.
pub fn headers(item: Item<'_>, base: &[(String, String)]) -> Vec<(String, String)> {
    let mut lines = base.to_vec();
    let DeValue::Table(table) = item.value.get_ref() else {
        item.report(item.report_kind());
        return lines;
    };
    let mut seen: Vec<String> = Vec::new();
    for (written, value) in table {
        let name = written.get_ref().to_ascii_lowercase();
        if seen.contains(&name) {
            let wrong = Wrong::new(format!("header `{name}` is there twice"))
                .hint("their case does not matter".to_owned());
            item.sheet.report(written.span(), wrong);
        } else if let Some(wrong) = refuse_name(&name) {
            item.sheet.report(written.span(), wrong);
        } else if let Some(text) = read_value(item.with(value), &name) {
            lines.retain(|(known, _)| *known != name);
            lines.push((name.clone(), text));
        }
        seen.push(name);
    }
    lines
}

/// A text with the environment put in, that can stand in a header line.
pub fn secret(item: Item<'_>) -> Option<String> {
    let wrong = match expand(item.full_text()?, item.sheet.environment) {
        Err(wrong) => wrong,
        Ok(text) if text.chars().any(char::is_control) => {
            Wrong::new(format!("`{}` holds a control character", item.key.name))
                .hint("an environment variable may end in a line break".to_owned())
        }
        Ok(text) => return Some(text),
    };
    item.report(wrong);
    None
}

/// A name and a password, parted by the first `:` (RFC 7617 §2).
pub fn login(item: Item<'_>) -> Option<String> {
    let text = secret(item)?;
    if !text.contains(':') {
        item.report(Wrong::new("`basic` has no `:`").expected("`\"${USER}:${PASSWORD}\"`"));
        return None;
    }
    Some(text)
}

/// A `Cookie` line (RFC 6265 §4.2.1) of a table of cookies.
pub fn cookies(item: Item<'_>) -> Option<String> {
    let DeValue::Table(table) = item.value.get_ref() else {
        item.report(item.report_kind());
        return None;
    };
    let mut pairs = Vec::new();
    for (name, value) in table {
        if let Some(wrong) = refuse_name(name.get_ref()) {
            item.sheet.report(name.span(), wrong);
        } else if let Some(text) = read_value(item.with(value), name.get_ref()) {
            if text.contains([';', ',', ' ', '"', '\\']) {
                let wrong = Wrong::new(format!("the value of cookie `{}` cannot be sent", name.get_ref()));
                item.sheet.report(value.span(), wrong.expected("no blank, `,`, `;`, quote or backslash"));
            }
            pairs.push(format!("{}={text}", name.get_ref()));
        }
    }
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

/// Replaces a line, or adds it.
pub fn put(lines: &mut Vec<(String, String)>, name: &str, value: String) {
    lines.retain(|(known, _)| known != name);
    lines.push((name.to_owned(), value));
}

fn read_value(item: Item<'_>, name: &str) -> Option<String> {
    let wrong = match item.value.get_ref().as_str().map(|text| expand(text, item.sheet.environment)) {
        None => Wrong::new(format!("the value of header `{name}` is not a text")).expected("a text"),
        Some(Err(wrong)) => wrong,
        Some(Ok(text)) if text.chars().any(|c| c.is_control() && c != '\t') => {
            Wrong::new(format!("the value of header `{name}` holds a control character"))
                .hint("an environment variable may end in a line break".to_owned())
        }
        Some(Ok(text)) => return Some(text),
    };
    item.report(wrong);
    None
}

/// RFC 9110 §5.6.2: a token.
fn refuse_name(name: &str) -> Option<Wrong> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Some(Wrong::new(format!("{} is not the name of a header", quote(name))));
    }
    let (name, instead) = OWN.iter().find(|(own, _)| *own == name)?;
    Some(Wrong::new(format!("gleaner writes the header `{name}` itself")).hint(instead.map(str::to_owned)))
}

/// Puts the environment in; `$${` is `${` itself, and `$$NAME` is `$NAME`. What is written as a shell has it would be sent
/// as it stands.
fn expand(text: &str, environment: Environment<'_>) -> Result<String, Wrong> {
    const BORDERS: [char; 6] = [' ', ':', '/', '@', '=', ';'];
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
    };
    let mut plain = String::new();
    for word in text.split_inclusive(BORDERS) {
        let rest = word.trim_start_matches('$');
        let signs = word.len() - rest.len();
        let is_name = is_name(rest.trim_end_matches(BORDERS));
        if signs == 1 && is_name {
            let hint = "write `${NAME}`, or `$$NAME` for the text itself";
            return Err(Wrong::new("nothing is put in for `$NAME`").hint(hint.to_owned()));
        }
        plain.push_str(&word[usize::from(signs > 1 && is_name)..]);
    }
    let mut expanded = String::new();
    let mut rest = &plain[..];
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        expanded.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err(Wrong::new("`${` is never closed").expected("`${NAME}`"));
        };
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            let wrong = Wrong::new(format!("{} is not the name of an environment variable", quote(name)));
            return Err(wrong.expected("`${NAME}`"));
        }
        // An empty one is a slip too, and would send a request without its key.
        let Some(value) = environment(name).filter(|value| !value.is_empty()) else {
            let wrong = Wrong::new(format!("the environment has no `{name}`, or it is empty"));
            return Err(wrong
                .hint(format!("set it before gleaner starts, or write `$${{{name}}}` for the text itself")));
        };
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_put_in_and_a_doubled_sign_is_itself() {
        let environment = |name: &str| (name == "A").then(|| "b$".to_owned());
        let expanded = |text| expand(text, &environment).ok();
        assert_eq!(expanded("x ${A}${A} $a"), Some("x b$b$ $a".to_owned()));
        assert_eq!(expanded("pa$A $9 $"), Some("pa$A $9 $".to_owned()));
        assert_eq!(expanded("$${A}"), Some("${A}".to_owned()));
        assert_eq!(expanded("${B}"), None);
        assert_eq!(expanded("${A"), None);
        assert_eq!(expanded("${}"), None);
        assert_eq!(
            expanded("me:$$ECRET1 $${A} $$$A $$a p$$A"),
            Some("me:$ECRET1 ${A} $$A $$a p$$A".to_owned())
        );
        // As a shell has it: it would be sent as it stands.
        for slip in ["$A", "Bearer $TOKEN_2", "$USER:$PASSWORD", "http://$P@a"] {
            assert_eq!(expanded(slip), None, "{slip}");
        }
    }
}
