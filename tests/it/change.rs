//! A config or a page changes while readers are subscribed: nothing known is announced again unasked, nothing new is lost.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;

use crate::program::{Ended, Place};

/// A source under a config that the test rewrites.
pub struct Town(pub Place);

impl Town {
    pub fn new() -> Self {
        Self(Place::new())
    }

    pub fn config(&self, source: &str) {
        self.0.write("gleaner.toml", source);
    }

    pub fn page(&self, source: &str, at: &str, page: &str) {
        let name = at.replace(':', "-");
        self.0.write(&format!("pages/{source}/{name}/page.html"), page);
        let case = format!("url = \"https://town.example/news/\"\nfetched_at = \"{at}\"\n");
        self.0.write(&format!("pages/{source}/{name}/case.toml"), case);
    }

    pub fn gleaner(&self, arguments: &[&str]) -> Ended {
        let config = self.0.path().join("gleaner.toml");
        self.0.gleaner(&[arguments, &["--config", config.to_str().expect("UTF-8")]].concat())
    }

    pub fn run(&self, more: &[&str]) -> Ended {
        let pages = self.0.path().join("pages");
        self.gleaner(&[&["run", "--replay", pages.to_str().expect("UTF-8")], more].concat())
    }

    pub fn ids(&self, name: &str) -> BTreeSet<String> {
        let feed = feed_rs::parser::parse(&self.0.feed(name)[..]).expect("an Atom feed");
        feed.entries.into_iter().map(|entry| entry.id).collect()
    }
}

fn row(n: u32) -> String {
    format!(
        "<article><h2><a href='/{n}'>Story number {n}</a></h2><p class=kicker>Kicker {n}</p>\
         <time datetime='2026-03-{:02}'></time><a class=more href='/en/story-{n}.html'>more</a></article>",
        n + 1
    )
}

/// A page with these stories, the newest first.
fn listing(stories: std::ops::Range<u32>) -> String {
    format!("<!doctype html><title>Town</title>{}", stories.rev().map(row).collect::<String>())
}

const FIRST: &str =
    "[source.town]\nurl = \"https://town.example/news/\"\nentry = \"article\"\nheadline = \"h2 a\"\n";
/// Other links for the same entries.
const LINKS: &str = "link = \"a.more@href\"\n";
/// Other links and other headlines for the same entries: nothing can be recognised by its texts.
const ALL: &str = "[source.town]\nurl = \"https://town.example/news/\"\nentry = \"article\"\nheadline = \".kicker\"\nlink = \"a.more@href\"\n";

#[test]
fn a_changed_link_is_matched_by_headline_and_day() {
    let town = Town::new();
    town.config(FIRST);
    town.page("town", "2026-03-20T08:00:00Z", &listing(0..8));
    town.run(&[]);
    let before = town.ids("town");
    town.config(&format!("{FIRST}{LINKS}"));
    let check = town.gleaner(&["check"]);
    assert_eq!(check.exit, 0);
    assert!(
        check.out.ends_with("town: was changed; on its last good page: 8 changed, 0 announced again\n"),
        "{}",
        check.out
    );
    // The page goes on meanwhile: one is new, one has gone.
    town.page("town", "2026-03-20T09:00:00Z", &listing(1..9).replace("2026-03-09", "2026-03-20"));
    let dry = town.run(&["--dry-run"]);
    assert_eq!(dry.out, "town: 1 new, 7 changed; the config was changed: 0 announced again\n");
    assert_eq!(town.ids("town"), before, "a dry run writes nothing");
    assert_eq!(town.run(&[]).exit, 0);
    let after = town.ids("town");
    assert!(after.is_superset(&before) && after.len() == 9, "{after:?}");
}

#[test]
fn a_change_that_would_announce_everything_again_stops_with_the_number() {
    let town = Town::new();
    town.config(FIRST);
    town.page("town", "2026-03-20T08:00:00Z", &listing(0..8));
    town.run(&[]);
    let before = town.0.feed("town");
    town.config(ALL);
    let check = town.gleaner(&["check"]);
    assert_eq!(check.exit, 1);
    assert!(check.out.contains("would announce 8 known entries again; nothing was written"), "{}", check.out);
    town.page("town", "2026-03-20T09:00:00Z", &listing(0..8));
    let stopped = town.run(&[]);
    assert_eq!(stopped.exit, 1);
    assert!(stopped.err.contains("would announce 8 known entries again"), "{}", stopped.err);
    assert!(stopped.err.contains("gleaner run town --accept"), "{}", stopped.err);
    assert!(town.0.feed("town") == before);
    let status = town.gleaner(&["status"]);
    assert_eq!(status.exit, 1, "as `run`");
    assert!(status.out.starts_with("1 source: 1 needs a person\n"), "{}", status.out);
    assert!(status.out.contains("or `gleaner run town --accept`"), "{}", status.out);
    town.page("town", "2026-03-20T10:00:00Z", &listing(0..8));
    let again = town.run(&[]);
    assert_eq!((again.exit, again.err.as_str()), (1, ""), "said once");
    // Either the config goes back, and all is as it was …
    town.config(FIRST);
    town.page("town", "2026-03-20T11:00:00Z", &listing(0..9));
    let back = town.run(&[]);
    assert_eq!(back.exit, 0);
    assert!(back.err.contains("it works again"), "{}", back.err);
    assert_eq!(town.ids("town").len(), 9);
    // … or a person accepts it.
    town.config(ALL);
    town.page("town", "2026-03-20T12:00:00Z", &listing(0..9));
    assert_eq!(town.run(&[]).exit, 1);
    town.page("town", "2026-03-20T13:00:00Z", &listing(0..9));
    let accepted = town.run(&["--accept"]);
    assert_eq!(accepted.exit, 0);
    assert_eq!(town.ids("town").len(), 18);
    town.page("town", "2026-03-20T14:00:00Z", &listing(0..9));
    assert_eq!(town.run(&[]), Ended { exit: 0, out: String::new(), err: String::new() });
}

#[test]
fn a_renamed_source_keeps_its_memory_and_its_subscribers() {
    let town = Town::new();
    town.config(FIRST);
    town.page("town", "2026-03-20T08:00:00Z", &listing(0..5));
    town.run(&[]);
    let (before, urn) =
        (town.ids("town"), feed_rs::parser::parse(&town.0.feed("town")[..]).expect("a feed").id);
    let renamed = FIRST.replace("[source.town]", "[source.harbour]\nwas = \"town\"");
    town.config(&renamed);
    assert!(town.gleaner(&["check"]).out.contains("harbour: keeps what is remembered of `town`"));
    town.page("harbour", "2026-03-20T09:00:00Z", &listing(0..6));
    assert_eq!(town.run(&["--dry-run"]).out, "harbour: 1 new\n");
    assert_eq!(town.run(&[]), Ended { exit: 0, out: String::new(), err: String::new() });
    let after = town.ids("harbour");
    assert!(after.is_superset(&before) && after.len() == 6);
    assert_eq!(feed_rs::parser::parse(&town.0.feed("harbour")[..]).expect("a feed").id, urn);
    assert!(town.0.feed("town") == town.0.feed("harbour"), "who reads the old file goes on");
    assert!(town.0.path().join("state/pages/harbour@good").exists());
    // The line may stay or go.
    town.page("harbour", "2026-03-20T10:00:00Z", &listing(0..7));
    town.run(&[]);
    town.config(&renamed.replace("was = \"town\"", ""));
    town.page("harbour", "2026-03-20T11:00:00Z", &listing(0..8));
    town.run(&[]);
    assert_eq!(town.ids("harbour").len(), 8);
    assert_eq!(feed_rs::parser::parse(&town.0.feed("harbour")[..]).expect("a feed").id, urn);
}

#[test]
fn a_former_name_that_is_still_in_use_is_a_problem_of_the_config() {
    let town = Town::new();
    town.config(&format!("{FIRST}{}", FIRST.replace("[source.town]", "[source.harbour]\nwas = \"town\"")));
    let check = town.gleaner(&["check"]);
    assert_eq!(check.exit, 2);
    assert!(
        check.err.contains("gleaner.toml:6:7") && check.err.contains("the config has `town` as well"),
        "{}",
        check.err
    );
}

#[test]
fn links_of_a_menu_are_not_taken_for_news_on_the_second_visit_already() {
    let town = Town::new();
    town.config(FIRST);
    town.page("town", "2026-03-20T08:00:00Z", &listing(0..8));
    town.run(&[]);
    let before = town.0.feed("town");
    let menu = ["Home", "About", "Contact"];
    let menu = menu.map(|name| format!("<article><h2><a href='/{name}'>{name}</a></h2></article>")).concat();
    town.page("town", "2026-03-20T09:00:00Z", &format!("<!doctype html><title>Town</title>{menu}"));
    let run = town.run(&["--strict"]);
    assert_eq!((run.exit, town.0.feed("town") == before), (1, true), "{run:?}");
    assert!(run.err.contains("drifted (what the entry selector matches are not the entries"), "{}", run.err);
}

#[test]
fn a_bulletin_without_a_link_is_news_each_week_under_one_headline() {
    let town = Town::new();
    town.config(
        "[source.town]\nurl = \"https://town.example/news/\"\nentry = \"article\"\nheadline = \"h2\"\nlink = false\n\
         teaser = \"p\"\ndate = { from = \"teaser\" }\n",
    );
    let told = |at: &str, text: &str| {
        let row = format!("<article><h2>Weekly bulletin</h2><p>{text}</p></article>");
        town.page("town", at, &format!("<!doctype html><title>Town</title>{row}"));
        town.run(&["--until", at]);
        town.ids("town").len()
    };
    assert_eq!(told("2026-01-09T09:00:00Z", "On 8 January, the council met."), 1);
    assert_eq!(told("2026-01-10T09:00:00Z", "On 8 January, the council met again."), 1, "it was edited");
    assert_eq!(told("2026-01-16T09:00:00Z", "On 15 January, the mayor spoke."), 2);
}

#[test]
fn what_check_says_of_a_page_that_becomes_a_feed_names_what_it_was_tried_on() {
    let town = Town::new();
    town.config(FIRST);
    town.page("town", "2026-03-20T08:00:00Z", &listing(0..8));
    town.run(&[]);
    town.config("[source.town]\nurl = \"https://town.example/feed.xml\"\nkind = \"feed\"\n");
    let check = town.gleaner(&["check"]);
    let tried =
        "town: was changed; on its last good page: unreadable (expected a feed, found something else)\n";
    assert!(check.exit == 0 && check.out.ends_with(tried), "{check:?}");
}
