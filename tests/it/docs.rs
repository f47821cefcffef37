//! Documents that repeat what the code says: they say the same.
//!
//! `GLEANER_BLESS=1 cargo test --test it docs` writes those that are made from the code.
#![allow(clippy::disallowed_methods)]

use std::{fs, path::Path, process::Command};

fn project(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn assert_made_from_code(name: &str, made: &str) {
    let path = project(name);
    if std::env::var("GLEANER_BLESS").is_ok() {
        fs::write(&path, made).expect("a document can be written");
    }
    let stands = fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == made, "{name} is not what the code says; GLEANER_BLESS=1 writes it anew");
}

#[test]
fn the_reference_of_the_config_is_what_the_reader_accepts() {
    assert_made_from_code("docs/config.md", &gleaner::config::reference());
    assert_made_from_code("docs/config.schema.json", &format!("{:#}\n", gleaner::config::schema()));
}

#[test]
fn the_help_in_readme_is_the_real_help() {
    let output = Command::new(env!("CARGO_BIN_EXE_gleaner"))
        .arg("--help")
        .env("COLUMNS", "100")
        .output()
        .expect("the program starts");
    let help = String::from_utf8_lossy(&output.stdout);
    let readme = fs::read_to_string(project("README.md")).expect("README is there");
    let block = readme.split("<!-- help -->\n\n```text\n").nth(1).expect("README has a help block");
    assert_eq!(block.split("\n```").next().unwrap_or_default(), help.trim_end());
}

/// The variants of an enum as words, read from the code.
fn words(file: &str, name: &str) -> Vec<String> {
    let code = fs::read_to_string(project(file)).expect("a source file");
    let body = code.split(&format!("pub enum {name} {{")).nth(1).expect("the enum is there");
    let body = body.split("\n}").next().unwrap_or_default();
    let is_variant =
        |line: &&str| line.starts_with("    ") && line.trim_start().starts_with(char::is_uppercase);
    body.lines()
        .filter(is_variant)
        .map(|line| line.trim().trim_end_matches([',', '{', ' ']))
        .map(|variant| {
            variant.chars().enumerate().fold(String::new(), |word, (at, c)| {
                let dash = if at > 0 && c.is_uppercase() { "-" } else { "" };
                format!("{word}{dash}{}", c.to_lowercase())
            })
        })
        .collect()
}

#[test]
fn every_diagnostic_and_verdict_has_its_paragraph() {
    for (file, name, document) in [
        ("src/diagnostic.rs", "Code", "docs/diagnostics.md"),
        ("src/verdict/mod.rs", "Verdict", "docs/verdicts.md"),
    ] {
        let text = fs::read_to_string(project(document)).expect("the document is there");
        let mut headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        headings.sort_unstable();
        let mut words = words(file, name);
        words.sort();
        assert!(words.len() > 9, "{words:?}");
        assert_eq!(headings, words, "{document}");
    }
}

#[test]
fn what_other_programs_keys_are_called_here_are_keys() {
    let document = fs::read_to_string(project("docs/migrating.md")).expect("it is there");
    let reference = gleaner::config::reference();
    let mut count = 0;
    for row in document.lines().filter(|line| line.starts_with("| ")) {
        let here = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for span in here.split('`').skip(1).step_by(2) {
            let (name, rest) = span.split_at(span.find(' ').unwrap_or(span.len()));
            let is_key = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if is_key && name != "strptime" && (rest.is_empty() || rest.starts_with(" = ")) {
                assert!(reference.contains(&format!("| `{name}` |")), "{row}: no key is called `{name}`");
                count += 1;
            }
        }
    }
    assert!(count > 50, "only {count} keys were found");
}

#[test]
fn documents_that_readme_names_are_there() {
    let readme = fs::read_to_string(project("README.md")).expect("README is there");
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(link.starts_with("http") || project(link).exists(), "{link}");
    }
}
