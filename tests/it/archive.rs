//! The whole history of a feed, in archive documents that never change (RFC 5005 §4).
#![allow(clippy::disallowed_methods)]

use std::{collections::BTreeSet, fmt::Write as _, fs, process::Command};

use crate::{formats, program::Place};

const CONFIG: &str = "[defaults]\nformats = [\"atom\", \"rss\"]\n\
                      [source.long]\nurl = \"https://long.example/feed\"\narchive = true\nkeep_entries = 20\n";

/// A day's page: 30 new items, and the 30 of the day before with other teasers.
fn save(place: &Place, day: u32) {
    let folder = format!("cases/long/2025-03-{day:02}");
    let case = format!(
        "url = \"https://long.example/feed\"\nfetched_at = \"2025-03-{day:02}T20:00:00Z\"\nstatus = 200\n"
    );
    place.write(&format!("{folder}/case.toml"), case);
    let mut items = String::new();
    for number in (day.saturating_sub(2) * 30 + 1..=day * 30).rev() {
        let of = (number - 1) / 30 + 1;
        let text = if of == day {
            "As it was told first, in these words."
        } else {
            "Corrected, with many words that differ."
        };
        write!(
            items,
            "<item><title>Item number {number}</title><link>https://long.example/{number}</link>\
             <description>{text}</description><pubDate>{of:02} Mar 2025 {:02}:{:02}:00 GMT</pubDate></item>",
            8 + (number % 30) / 10,
            number % 10
        )
        .expect("a string takes it");
    }
    place.write(
        &format!("{folder}/page.xml"),
        format!("<rss version=\"2.0\"><channel><title>Long</title>{items}</channel></rss>"),
    );
}

struct Document {
    name: String,
    text: String,
}

impl Document {
    fn read(place: &Place, name: &str) -> Self {
        let path = place.path().join("feeds").join(name);
        Self {
            name: name.to_owned(),
            text: fs::read_to_string(path).unwrap_or_else(|_| panic!("no `{name}`")),
        }
    }

    /// Where a link of this relation leads.
    fn link(&self, rel: &str) -> Option<String> {
        let tag = self.text.split('<').find(|tag| tag.contains(&format!("rel=\"{rel}\"")))?;
        Some(tag.split("href=\"").nth(1)?.split('"').next()?.to_owned())
    }

    fn ids(&self) -> BTreeSet<String> {
        let feed = feed_rs::parser::parse(self.text.as_bytes()).expect("a feed");
        feed.entries.into_iter().map(|entry| entry.id).collect()
    }
}

/// All documents of a feed, from the one that is subscribed to back to the first.
fn walk(place: &Place, name: &str) -> Vec<Document> {
    let mut documents = vec![Document::read(place, name)];
    while let Some(previous) = documents.last().and_then(|document| document.link("prev-archive")) {
        assert!(documents.iter().all(|document| document.name != previous), "a circle");
        documents.push(Document::read(place, &previous));
    }
    documents
}

#[test]
fn the_feed_and_its_archives_have_every_entry_and_full_archives_never_change() {
    let place = Place::new();
    let config = place.write("gleaner.toml", CONFIG).display().to_string();
    let cases = place.path().join("cases").display().to_string();
    let mut standing: Vec<(String, String)> = Vec::new();
    for day in 1..=8 {
        save(&place, day);
        let ended = place.gleaner(&["run", "--config", &config, "--replay", &cases]);
        assert_eq!(ended.exit, 0, "{ended:?}");
        for extension in ["atom", "rss"] {
            let documents = walk(&place, &format!("long.{extension}"));
            let archives = usize::try_from(day * 30 / 100).expect("few");
            assert_eq!(documents.len(), 1 + archives, "day {day}");
            let all: BTreeSet<String> = documents.iter().flat_map(Document::ids).collect();
            assert_eq!(all.len(), usize::try_from(day * 30).expect("few"), "day {day}");
            for archive in &documents[1..] {
                assert_eq!(archive.ids().len(), 100);
                assert!(archive.text.contains("<fh:archive"), "{}", archive.name);
                assert_eq!(archive.link("current"), Some(format!("long.{extension}")));
                assert_eq!(archive.link("self"), Some(archive.name.clone()));
                match standing.iter().find(|(name, _)| *name == archive.name) {
                    Some((name, text)) => assert_eq!(archive.text, *text, "{name} changed"),
                    None => standing.push((archive.name.clone(), archive.text.clone())),
                }
            }
            assert!(!documents[0].text.contains("fh:archive"));
        }
    }
    assert_eq!(standing.len(), 4);
    formats::assert_valid(&place);
    let feeds: Vec<_> =
        place.feeds().into_iter().map(|(path, _)| path).filter(|path| !path.contains(".rss")).collect();
    let checked = Command::new("python3").arg("tests/atom_check.py").args(&feeds).output().expect("python3");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    // They can be made again from what the store has kept: everything.
    fs::remove_dir_all(place.path().join("feeds")).expect("the feeds go");
    assert_eq!(place.gleaner(&["run", "--config", &config, "--replay", &cases]).exit, 0);
    let all: BTreeSet<String> = walk(&place, "long.atom").iter().flat_map(Document::ids).collect();
    assert_eq!(all.len(), 240);
}
