//! Stems: a class that a program made → what of it stays when it is made anew. Pure.

use super::names::{is_hash, is_look, is_volatile};

/// What of a class stays when its program makes it anew: `NewsList_row__` of `NewsList_row__h3Kq1`, `list-module--row--` of
/// `list-module--row--h3Kq1`, `_row_` of `_row_h3Kq1_12` (CSS modules), `List__Row-sc-` of `List__Row-sc-1h3kq1-0` (styled
/// components), `-Row` of `css-1h3kq1-Row` (Emotion). `None`: nothing that says what it is.
pub fn stem(class: &str) -> Option<&str> {
    const HASH: std::ops::RangeInclusive<usize> = 5..=8;
    let is_made = |hash: &str| HASH.contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_name = |name: &str| name.len() >= 4 && !is_volatile(name) && !is_look(name);
    if let Some((hash, _)) = class.strip_prefix("css-").and_then(|rest| rest.split_once('-')) {
        let label = &class["css-".len() + hash.len()..];
        return (is_made(hash) && is_label(label) && is_name(&label[1..])).then_some(label);
    }
    if let Some((name, hash)) = class.split_once("-sc-") {
        let is_numbered = |(hash, number): (&str, &str)| is_made(hash) && number.parse::<u16>().is_ok();
        let is_of_program = hash.rsplit_once('-').is_some_and(is_numbered);
        return (is_name(name) && is_of_program).then(|| &class[..name.len() + "-sc-".len()]);
    }
    if let Some((local, hash)) = class.strip_prefix('_').and_then(of_line) {
        let is_local = local.len() >= 3 && !is_volatile(local);
        return (is_local && is_made(hash) && is_mixed(hash)).then(|| &class[..local.len() + 2]);
    }
    let (name, hash) = class.rsplit_once("__").or_else(|| class.rsplit_once("--"))?;
    (is_name(name) && HASH.contains(&hash.len()) && is_hash(class)).then(|| &class[..name.len() + 2])
}

/// The name and the hash of `row_h3Kq1_12`, which ends in the line where it was written.
fn of_line(rest: &str) -> Option<(&str, &str)> {
    let (named, line) = rest.rsplit_once('_')?;
    let is_line = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    named.rsplit_once('_').filter(|_| is_line)
}

/// Whether letters are not a word: there are digits or capitals among them.
fn is_mixed(hash: &str) -> bool {
    hash.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// Whether a name is what Emotion puts after its hash: the name of a component.
fn is_label(name: &str) -> bool {
    name.strip_prefix('-').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Whether a name is a [`stem`].
pub fn is_stem(name: &str) -> bool {
    name.ends_with("__")
        || name.ends_with("--")
        || name.ends_with("-sc-")
        || is_label(name)
        || name.len() > 2 && name.starts_with('_') && name.ends_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_names_that_programs_make_what_a_person_wrote_stays() {
        for (class, kept) in [
            ("NewsList_row__h3Kq1", "NewsList_row__"),
            ("blog-module--heading--9dK2s", "blog-module--heading--"),
            ("_title_1x2y3_9", "_title_"),
            ("Card__Title-sc-1h3kq1-1", "Card__Title-sc-"),
            ("css-abc123-Title", "-Title"),
        ] {
            assert_eq!(stem(class), Some(kept), "{class}");
            assert!(is_stem(kept), "{kept}");
        }
    }

    #[test]
    fn names_that_people_wrote_and_hashes_alone_have_no_stem() {
        for class in [
            "css-1x2y3z",
            "sc-bczRLJ",
            "teaser__title",
            "card--large",
            "news-sc-list",
            "_body_large_2",
            "css-grid-column",
            "news-title",
            "_font",
        ] {
            assert_eq!(stem(class), None, "{class}");
            assert!(!is_stem(class), "{class}");
        }
    }
}
