//! What a person is told of the sources: once, wherever they look.
#![allow(clippy::disallowed_methods)]

use std::{fs, path::Path};

use crate::program::{Ended, Place};

const CONFIG: &str = r#"
[defaults]
alert_command = ["/bin/sh", "-c", "cat >> \"$ALERTS\"; exit ${ALERT_EXIT:-0}"]

[source.town]
url      = "https://town.example/news/"
entry    = "article"
headline = "h2 a"
teaser   = "p"
"#;

/// A source whose pages are written by the test.
struct Town(Place);

impl Town {
    fn new() -> Self {
        let place = Place::new();
        place.write("gleaner.toml", CONFIG);
        Self(place)
    }

    fn page(&self, at: &str, page: &str) {
        let name = at.replace(':', "-");
        self.0.write(&format!("pages/town/{name}/page.html"), page);
        let case = format!("url = \"https://town.example/news/\"\nfetched_at = \"{at}\"\n");
        self.0.write(&format!("pages/town/{name}/case.toml"), case);
    }

    fn run(&self, at: &str, page: &str, environment: &[(&str, &str)]) -> Ended {
        self.page(at, page);
        let (config, pages) = (self.0.path().join("gleaner.toml"), self.0.path().join("pages"));
        let mut command = self.0.command(&["run"]);
        command
            .args(["--config".as_ref(), config.as_os_str(), "--replay".as_ref(), pages.as_os_str()])
            .env("ALERTS", self.0.path().join("alerts"))
            .envs(environment.iter().copied());
        crate::program::ended(&command.output().expect("the program starts"))
    }

    /// The events that the alert command was given.
    fn alerts(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.0.path().join("alerts")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    fn health(&self) -> Vec<(String, String)> {
        let feed = feed_rs::parser::parse(&self.0.feed("health")[..]).expect("an Atom feed");
        let text = |entry: &feed_rs::model::Entry| entry.title.as_ref().expect("a title").content.clone();
        feed.entries.iter().map(|entry| (entry.id.clone(), text(entry))).collect()
    }
}

fn listing(entries: u32) -> String {
    let row = |n| format!("<article><h2><a href='/{n}'>Story {n}</a></h2><p>Teaser {n}</p></article>");
    format!("<!doctype html><title>Town</title>{}", (0..entries).rev().map(row).collect::<String>())
}

const REDESIGN: &str = "<!doctype html><title>Town</title><div class='card'>all is new</div>";

#[test]
fn each_event_is_told_once_in_every_place() {
    let town = Town::new();
    let quiet = Ended { exit: 0, out: String::new(), err: String::new() };
    assert_eq!(town.run("2026-03-01T08:00:00Z", &listing(5), &[]), quiet);
    assert_eq!(town.health(), [], "a feed to subscribe to, before anything happened");
    assert_eq!(town.run("2026-03-01T09:00:00Z", REDESIGN, &[]), quiet, "once is nothing");
    let alert = town.run("2026-03-01T10:00:00Z", REDESIGN, &[]);
    assert_eq!(alert.exit, 1);
    assert!(
        alert.err.starts_with("error: town: drifted (") && alert.err.lines().count() == 2,
        "{}",
        alert.err
    );
    let told = town.run("2026-03-01T11:00:00Z", REDESIGN, &[]);
    assert_eq!((told.exit, told.err.as_str()), (1, ""));
    let recovery = town.run("2026-03-01T12:00:00Z", &listing(6), &[]);
    assert_eq!((recovery.exit, recovery.err.as_str()), (0, "town: 1 new; it works again after 3 failures\n"));
    assert_eq!(town.run("2026-03-01T13:00:00Z", &listing(6), &[]), quiet);

    let alerts = town.alerts();
    assert_eq!(alerts.iter().map(|a| &a["event"]).collect::<Vec<_>>(), ["needs-person", "works-again"]);
    assert_eq!(alerts[0]["source"], "town");
    assert_eq!(alerts[0]["at"], "2026-03-01T10:00:00Z");
    assert!(alerts[0]["advice"].as_str().expect("advice").contains("gleaner heal town"));
    let health = town.health();
    assert_eq!(health.len(), 2);
    assert!(health[0].1.contains("works again") && health[1].1.starts_with("town: drifted ("), "{health:?}");
    assert_eq!(alerts[1]["id"], health[0].0.as_str());
    town.run("2026-03-01T14:00:00Z", &listing(7), &[]);
    assert_eq!(town.health(), health, "ids do not move");
    let python = std::process::Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/atom_check.py"))
        .arg(town.0.path().join("feeds/health.atom"))
        .output()
        .expect("python3 starts");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stdout));
}

#[test]
fn an_alert_command_that_fails_is_our_trouble_and_asked_again() {
    let town = Town::new();
    town.run("2026-03-01T08:00:00Z", &listing(5), &[]);
    town.run("2026-03-01T09:00:00Z", REDESIGN, &[]);
    let failed = town.run("2026-03-01T10:00:00Z", REDESIGN, &[("ALERT_EXIT", "7")]);
    assert_eq!(failed.exit, 3);
    assert!(failed.err.contains("the alert command `/bin/sh` failed: exit status: 7"), "{}", failed.err);
    let again = town.run("2026-03-01T11:00:00Z", REDESIGN, &[]);
    assert_eq!((again.exit, again.err.as_str()), (1, ""), "standard error had it already");
    assert_eq!(town.alerts().len(), 2, "the command was asked twice");
    town.run("2026-03-01T12:00:00Z", REDESIGN, &[]);
    assert_eq!(town.alerts().len(), 2);
}

#[test]
fn a_page_that_loses_a_field_is_told_when_it_happens_twice() {
    let town = Town::new();
    for hour in 10..14 {
        town.run(&format!("2026-03-01T{hour}:00:00Z"), &listing(hour), &[]);
    }
    let bare = |entries| {
        listing(entries).replace("<p>", "<p hidden>").replace("Teaser", "").replace("<p hidden>", "<i>")
    };
    assert_eq!(town.run("2026-03-01T14:00:00Z", &bare(14), &[]).err, "");
    let told = town.run("2026-03-01T15:00:00Z", &bare(15), &[]);
    assert_eq!(told.exit, 0, "what came is published");
    assert!(told.err.starts_with("error: town: degraded (no entry has a teaser"), "{}", told.err);
    assert!(
        told.err.contains("hint: look for what is missing with `gleaner heal town`; what came is"),
        "{}",
        told.err
    );
    assert_eq!(town.run("2026-03-01T16:00:00Z", &bare(16), &[]).err, "");
    let recovery = town.run("2026-03-01T17:00:00Z", &listing(17), &[]);
    assert!(recovery.err.contains("it works again after 3 failures"), "{}", recovery.err);
}

#[test]
fn what_to_do_next_is_said_beside_the_verdict() {
    let town = Town::new();
    let config = town.0.path().join("gleaner.toml").display().to_string();
    let status = |ids: &[&str]| town.0.gleaner(&[&["status", "--config", &config], ids].concat()).out;
    town.run("2026-03-01T08:00:00Z", REDESIGN, &[]);
    let unknown = "see what the page holds now with `gleaner explain town`";
    assert!(status(&[]).contains(&format!("\n        next: {unknown}")), "{}", status(&[]));
    town.run("2026-03-01T09:00:00Z", &listing(5), &[]);
    assert!(!status(&[]).contains("next:") && !status(&["town"]).contains("\n  next  "), "{}", status(&[]));
    town.run("2026-03-01T10:00:00Z", REDESIGN, &[]);
    let told =
        "look for its entries, and for selectors that find them, with `gleaner heal town`; its feed stays";
    assert!(status(&[]).contains(told) && status(&["town"]).contains(told), "{}", status(&["town"]));
}

#[test]
fn a_page_that_is_cut_short_and_another_now_has_a_way_out() {
    let town = Town::new();
    let config = town.0.path().join("gleaner.toml").display().to_string();
    let long = |page: &str| format!("{page}{}", "<br>".repeat(300_000));
    town.run("2026-03-01T08:00:00Z", &long(&listing(5)), &[]);
    town.run("2026-03-01T09:00:00Z", &long(REDESIGN), &[]);
    let status = town.0.gleaner(&["status", "--config", &config, "town"]).out;
    assert!(status.contains("unreadable: no entry in what could be read"), "{status}");
    let told = "its page may be another now: `gleaner heal town` looks for its entries in what can be read";
    assert!(status.contains(told), "{status}");
}

#[test]
fn a_block_of_a_source_with_a_login_is_told_with_the_login() {
    let town = Town::new();
    let config = town.0.path().join("gleaner.toml").display().to_string();
    let login = "<title>Sign in</title><form><input name=user><input type=password></form>";
    town.run("2026-03-01T08:00:00Z", login, &[]);
    let next = || town.0.gleaner(&["status", "--config", &config, "town"]).out;
    assert!(next().contains("the site may ask for something; its feed"), "{}", next());
    town.0.write("gleaner.toml", format!("{CONFIG}cookies = {{ session = \"abc\" }}\n"));
    town.run("2026-03-01T09:00:00Z", login, &[]);
    assert!(next().contains("or take the login in the config no more; its feed"), "{}", next());
}

#[test]
fn an_unusual_silence_is_a_notice_and_no_error() {
    let town = Town::new();
    for day in 1..=9 {
        town.run(&format!("2026-03-{day:02}T08:00:00Z"), &listing(day), &[]);
    }
    let quiet = Ended { exit: 0, out: String::new(), err: String::new() };
    assert_eq!(town.run("2026-03-12T07:00:00Z", &listing(9), &[]), quiet);
    assert_eq!(town.health(), []);
    assert_eq!(town.run("2026-03-14T08:00:00Z", &listing(9), &[]), quiet);
    assert_eq!(town.run("2026-03-15T08:00:00Z", &listing(9), &[]), quiet);
    let health = town.health();
    assert_eq!(health.len(), 1);
    assert_eq!(health[0].1, "town: nothing new for 5 days, the longest silence before was 24 hours");
    assert_eq!(town.alerts()[0]["event"], "silent");
}

/// A page with links in its head.
fn linking(links: &[(&str, &str)], entries: u32) -> String {
    let link = |(href, title): &(&str, &str)| {
        format!("<link rel=alternate type=application/rss+xml href='{href}' title='{title}'>")
    };
    listing(entries).replace("<title>", &(links.iter().map(link).collect::<String>() + "<title>"))
}

#[test]
fn a_feed_that_a_page_begins_to_link_is_told_once() {
    let (comments, feed) = (("/comments/feed/", "Comments Feed"), ("/feed/", "News"));
    let remark = [(comments.0, comments.1), ("/a/feed/", "A: Kommentare")];
    let quiet = Ended { exit: 0, out: String::new(), err: String::new() };
    let town = Town::new();
    town.run("2026-03-01T08:00:00Z", &linking(&remark, 5), &[]);
    assert_eq!(town.health(), [], "feeds of comments are none of the listing");
    assert_eq!(town.run("2026-03-01T09:00:00Z", &linking(&[comments, feed], 5), &[]), quiet);
    let health = town.health();
    assert_eq!(health.len(), 1);
    assert_eq!(health[0].1, "town: the page now links a feed of its own, https://town.example/feed/");
    for (at, feed) in [("10", feed), ("11", ("/feed/?v=2", "News")), ("12", comments), ("13", feed)] {
        town.run(&format!("2026-03-01T{at}:00:00Z"), &linking(&[feed], 5), &[]);
        assert_eq!(town.health(), health, "{feed:?}");
    }
    assert_eq!(town.alerts().iter().map(|alert| &alert["event"]).collect::<Vec<_>>(), ["feed-linked"]);
    let config = town.0.path().join("gleaner.toml");
    let status = town.0.gleaner(&["status", "town", "--config", config.to_str().expect("UTF-8")]);
    assert!(status.out.contains("page links     https://town.example/feed/\n"), "{status:?}");
}

#[test]
fn a_feed_that_a_page_linked_from_the_first_is_no_news_and_one_on_a_redesigned_page_is() {
    let town = Town::new();
    let first = ("/all/feed/", "All");
    town.run("2026-03-01T08:00:00Z", &linking(&[first], 5), &[]);
    town.run("2026-03-01T09:00:00Z", &linking(&[first], 6), &[]);
    assert_eq!(town.health(), []);
    let redesign = linking(&[first, ("/news/feed/", "News")], 0);
    let told = town.run("2026-03-01T10:00:00Z", &redesign, &[]);
    assert_eq!((told.exit, town.health().len()), (0, 1), "{told:?}");
    assert!(town.health()[0].1.ends_with("https://town.example/news/feed/"));
}

#[test]
fn the_first_bad_page_after_a_good_one_is_kept_beside_it() {
    let town = Town::new();
    town.run("2026-03-01T08:00:00Z", &listing(5), &[]);
    town.run("2026-03-01T09:00:00Z", REDESIGN, &[]);
    town.run("2026-03-01T10:00:00Z", &REDESIGN.replace("new", "newer"), &[]);
    let config = town.0.path().join("gleaner.toml");
    let pages = town.0.path().join("state/pages");
    let kept = |name: &str| {
        let text = fs::read_to_string(pages.join(format!("town@{name}"))).expect("a page");
        text.split_once("\n---\n").expect("a head").1.to_owned()
    };
    assert_eq!((kept("good"), kept("bad").as_str()), (listing(5), REDESIGN));
    let explained = |option: &str, path: &Path| {
        let (config, path) = (config.to_str().expect("UTF-8"), path.to_str().expect("UTF-8"));
        town.0.gleaner(&["explain", "town", "--config", config, option, path]).out
    };
    // The newest of them, and one by its name.
    let drifted = explained("--replay", &pages);
    assert!(drifted.contains("drifted: "), "{drifted}");
    // Where nothing would match it says so, and repeats nothing of the verdict.
    assert!(drifted.contains("nearest: nothing on the page is like a listing"), "{drifted}");
    assert!(explained("--case", &pages.join("town@good")).contains("Story 4"));
    town.run("2026-03-02T09:00:00Z", &listing(6), &[]);
    town.run("2026-03-02T10:00:00Z", &REDESIGN.replace("new", "bad again"), &[]);
    assert_eq!(kept("good"), listing(6));
    assert!(kept("bad").contains("bad again"));
}
