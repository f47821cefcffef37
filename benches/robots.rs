//! Reads every file of a folder as a robots.txt and asks it about a few addresses: none may break the reader.
//!
//! `cargo bench --profile dev --bench robots -- FOLDER`
#![allow(clippy::disallowed_methods)]

use std::{fs, path::PathBuf, time::Instant};

use gleaner::fetch::robots;
use url::Url;

const ADDRESSES: &[&str] =
    &["https://site.example/", "https://site.example/news/?page=2", "https://site.example/a/%E3%83%84*$"];

fn main() {
    let folders = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let mut waiting: Vec<PathBuf> = folders.map(PathBuf::from).collect();
    if waiting.is_empty() {
        println!("no folder given: cargo bench --bench robots -- FOLDER");
        return;
    }
    let urls: Vec<Url> = ADDRESSES.iter().map(|url| Url::parse(url).expect("an address")).collect();
    let (mut files, mut bytes, mut closed, mut slow) = (0, 0, 0, 0);
    let begun = Instant::now();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting
                .extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let file = fs::read(&path).expect("a file can be read");
        let rules = robots::parse(&file, "gleaner");
        let allowed = urls.iter().filter(|url| rules.is_allowed(url)).count();
        files += 1;
        bytes += file.len();
        closed += usize::from(allowed == 0);
        slow += usize::from(rules.delay.is_some());
    }
    println!(
        "{files} files, {bytes} bytes: {closed} forbid everything asked, {slow} wish for a delay; {} ms",
        begun.elapsed().as_millis()
    );
}
