//! Sources that mend themselves, with `heal = "auto"`, and those that must not.
#![allow(clippy::disallowed_methods)]

use std::fs;

use crate::{
    network::{run, verdict},
    program::Place,
    site::{self, Site},
};

const STORIES: &[&str] = site::STORIES.split_at(9).0;

/// A config with comments of its own.
fn config(site: &Site, place: &Place, heal: &str) -> String {
    let text = format!(
        "# kept\n[defaults]\nspacing = \"0s\"\nallow_private = true\nrobots = false\n\n\
         [source.news]\nurl = \"http://{}/news/\"\nheal = \"{heal}\"\nentry = \"article\" # one a story\nheadline = \"h2 a\"\n",
        site.server.address
    );
    place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned()
}

fn slug(story: &str) -> String {
    story.to_lowercase().replace(' ', "-")
}

fn body(rows: impl Iterator<Item = String>) -> String {
    format!(
        "<html><head><title>News</title></head><body><main>{}</main></body></html>",
        rows.collect::<String>()
    )
}

fn old(stories: &[&str]) -> String {
    body(stories.iter().map(|s| format!("<article><h2><a href=\"/{}\">{s}</a></h2></article>", slug(s))))
}

fn new(stories: &[&str]) -> String {
    body(stories.iter().map(|s| {
        format!("<div class=\"teaser-box\"><a class=\"teaser-title\" href=\"/{}\">{s}</a><p>More of it inside.</p></div>", slug(s))
    }))
}

fn health(place: &Place) -> String {
    fs::read_to_string(place.path().join("feeds/health.atom")).unwrap_or_default()
}

fn entries(place: &Place) -> usize {
    String::from_utf8(place.feed("news")).expect("UTF-8").matches("<entry>").count()
}

/// A source that was read once, well.
fn followed(heal: &str) -> (Place, Site, String) {
    let (place, site) = (Place::new(), Site::new());
    let config = config(&site, &place, heal);
    site.show(old(&STORIES[1..]));
    assert_eq!(verdict(&run(&place, &config)).0, "new");
    (place, site, config)
}

/// The page is not taken for the listing, and nothing is changed.
fn stays_as_it_was(place: &Place, config: &str, page: String, site: &Site) {
    let (feed, text) = (place.feed("news"), fs::read_to_string(config).expect("it is there"));
    site.show(page);
    let ended = run(place, config);
    assert!(!matches!(verdict(&ended).0.as_str(), "new" | "unchanged"), "{ended:?}");
    assert_eq!(fs::read_to_string(config).expect("it is there"), text);
    assert!(place.feed("news") == feed && !health(place).contains("\"mended\""));
}

#[test]
fn a_redesign_is_mended_in_the_same_run_and_told_in_the_health_feed() {
    let (place, site, config) = followed("auto");
    let before = fs::read_to_string(&config).expect("it is there");
    site.show(new(STORIES));
    let ended = run(&place, &config);
    assert_eq!((verdict(&ended).0.as_str(), ended.exit), ("new", 0), "{ended:?}");
    assert!(ended.out.contains("\"new\":1") && ended.out.contains(STORIES[0]), "{ended:?}");
    assert_eq!(entries(&place), STORIES.len());
    let after = fs::read_to_string(&config).expect("it is there");
    assert!(after.contains("# kept\n") && after.contains("# one a story"), "{after}");
    assert!(!after.contains("\"article\""), "{after}");
    let told = health(&place);
    assert!(told.contains("term=\"mended\"") && told.contains("8 of 8 remembered"), "{told}");
    // The change is kept, and takes itself back.
    let patches: Vec<_> = fs::read_dir(place.path().join("state/mended")).expect("a folder").collect();
    assert_eq!(patches.len(), 1);
    let patch = fs::read_to_string(patches[0].as_ref().expect("a file").path()).expect("text");
    let gone: Vec<&str> = patch.lines().filter_map(|line| line.strip_prefix('-')).skip(1).collect();
    assert!(gone.iter().all(|line| before.contains(line)) && gone.len() == 2, "{patch}");
    // The page is kept as what the new rules make of it.
    let kept = fs::read_dir(place.path().join("state/pages")).expect("a folder");
    let kept: Vec<_> = kept.map(|file| file.expect("a file").file_name()).collect();
    assert!(kept.iter().all(|name| name.to_string_lossy().ends_with("@good")), "{kept:?}");
    // By the new config nothing is announced again, nor is anything mended.
    let again = run(&place, &config);
    assert_eq!(verdict(&again).0, "unchanged");
    assert_eq!(health(&place), told);
}

#[test]
fn nothing_is_mended_unasked_or_in_a_dry_run() {
    let (place, site, config) = followed("ask");
    stays_as_it_was(&place, &config, new(STORIES), &site);
    let (place, site, config) = followed("auto");
    let text = fs::read_to_string(&config).expect("it is there");
    site.show(new(STORIES));
    let ended = place.gleaner(&["run", "--force", "--dry-run", "--config", &config]);
    assert!(ended.out.contains("1 new"), "{ended:?}");
    assert_eq!(fs::read_to_string(&config).expect("it is there"), text);
    assert!(!place.path().join("state/mended").exists());
}

#[test]
fn a_page_that_says_there_is_none_mends_nothing_though_it_names_the_latest_stories() {
    let (place, site, config) = followed("auto");
    let sorry = |heading: &str, stories: &[&str]| {
        new(stories).replace("<main>", &format!("<main><h1>{heading}</h1><h3>Latest stories</h3>"))
    };
    stays_as_it_was(&place, &config, sorry("Page not found", STORIES), &site);
    // In no words that are known, but with the few latest alone.
    stays_as_it_was(&place, &config, sorry("Hoppla!", &STORIES[1..5]), &site);
}

#[test]
fn a_challenge_and_another_site_mend_nothing() {
    let (place, site, config) = followed("auto");
    let challenge =
        new(STORIES).replace("<main>", "<main><script src=\"/cdn-cgi/challenge-platform/x.js\"></script>");
    stays_as_it_was(&place, &config, challenge, &site);
    let others = ["Recipes of the week", "Garden in March", "How to mend a bicycle", "Six walks by the sea"];
    stays_as_it_was(&place, &config, new(&others), &site);
}

#[test]
fn an_archive_below_what_is_known_is_not_announced_as_news() {
    let (place, site, config) = followed("auto");
    let older = ["Bridge closed for repairs", "Market moves to the quay", "Lighthouse is painted white"];
    let stories: Vec<&str> = STORIES.iter().chain(&older).copied().collect();
    stays_as_it_was(&place, &config, new(&stories), &site);
}

#[test]
fn a_new_row_unlike_those_that_are_known_is_left_to_a_person() {
    let row = |link: &str| {
        let story = format!("<a class=\"teaser-title\"{link}>Notes on how this list is made</a>");
        let page = new(STORIES);
        page.replace(
            "<main>",
            &format!("<main><div class=\"teaser-box\">{story}<p>More of it inside.</p></div>"),
        )
    };
    for link in ["", " href=\"https://reader.example/get\""] {
        let (place, site, config) = followed("auto");
        stays_as_it_was(&place, &config, row(link), &site);
    }
    let (place, site, config) = followed("auto");
    site.show(row(" href=\"/notes\""));
    assert_eq!(verdict(&run(&place, &config)).0, "new", "with a link like the others it is news");
}

#[test]
fn new_rows_that_say_the_same_again_and_again_are_left_to_a_person() {
    let rows = |count: u32| {
        let told = |n: u32| format!("365 Tides {}", 700 + n);
        let row = |n: u32| {
            format!(
                "<div class=\"teaser-box\"><a class=\"teaser-title\" href=\"/tides-{n}\">{}</a><p>More of it inside.</p></div>",
                told(n)
            )
        };
        new(STORIES).replace("<main>", &format!("<main>{}", (0..count).map(row).collect::<String>()))
    };
    let (place, site, config) = followed("auto");
    stays_as_it_was(&place, &config, rows(3), &site);
    let (place, site, config) = followed("auto");
    site.show(rows(2));
    assert_eq!(verdict(&run(&place, &config)).0, "new", "two may be news");
}

#[test]
fn what_breaks_again_within_a_week_is_left_to_a_person() {
    let (place, site, config) = followed("auto");
    site.show(new(STORIES));
    assert_eq!(verdict(&run(&place, &config)).0, "new");
    let text = fs::read_to_string(&config).expect("it is there");
    site.show(new(STORIES).replace("teaser-", "card-"));
    let broken = run(&place, &config);
    assert_eq!(verdict(&broken).0, "drifted", "{broken:?}");
    assert_eq!(fs::read_to_string(&config).expect("it is there"), text);
    assert_eq!(health(&place).matches("term=\"mended\"").count(), 1);
}

#[test]
fn a_config_that_cannot_be_written_leaves_the_refresh_as_it_was() {
    let (place, site, config) = followed("auto");
    // A folder stands where the change is to be kept.
    place.write("state/mended", "a file");
    stays_as_it_was(&place, &config, new(STORIES), &site);
    assert!(place.path().join("state/pages/news@bad").exists());
}

#[test]
fn a_source_that_a_person_mended_is_asked_by_the_next_run() {
    let (place, site, config) = followed("ask");
    site.show(new(STORIES));
    assert_eq!(verdict(&run(&place, &config)).0, "drifted");
    let next = || place.gleaner(&["run", "--json", "--config", &config]);
    assert_eq!(verdict(&next()).0, "skipped", "it is backing off");
    assert_eq!(place.gleaner(&["heal", "news", "--yes", "--config", &config]).exit, 0);
    let status = place.gleaner(&["status", "--config", &config]).out;
    assert!(status.contains("next: its config was changed since; the next run asks it"), "{status}");
    assert_eq!(verdict(&next()).0, "new");
    assert_eq!(verdict(&next()).0, "skipped", "all is well, and it is not due");
}
