//! The commands as a person or a program meets them: exit status, standard output, standard error.
#![allow(clippy::disallowed_methods)]

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use crate::program::{Ended, Place, ended};

const SEED: &str = "2025-03-07T10:00:00Z";
const INTERNATIONAL: &str = "libya-international-actors";

/// Id, published, link of each entry, in the feed's order.
fn entries(bytes: &[u8]) -> Vec<(String, String, String)> {
    let feed = feed_rs::parser::parse(bytes).expect("an Atom feed");
    let link =
        |entry: &feed_rs::model::Entry| entry.links.first().map_or_else(String::new, |l| l.href.clone());
    feed.entries
        .iter()
        .map(|entry| (entry.id.clone(), entry.published.expect("a date").to_rfc3339(), link(entry)))
        .collect()
}

/// The verdict, new and changed of each line of `run --json` about one source.
fn verdicts(ended: &Ended, source: &str) -> Vec<(String, u64, u64)> {
    ended
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON"))
        .filter(|value| value["source"] == source)
        .map(|value| {
            let word = value["verdict"].as_str().expect("a verdict").to_owned();
            (word, value["new"].as_u64().unwrap_or(0), value["changed"].as_u64().unwrap_or(0))
        })
        .collect()
}

#[test]
fn the_seeds_page_gives_its_eight_entries_with_their_days() {
    let place = Place::new();
    let silent = Ended { exit: 0, out: String::new(), err: String::new() };
    assert_eq!(place.gleaner(&["run", "--replay", "fixtures", "--until", SEED]), silent);
    let bytes = place.feed(INTERNATIONAL);
    let days: Vec<String> =
        entries(&bytes).iter().map(|(_, published, _)| published[..10].to_owned()).collect();
    assert_eq!(
        days,
        [
            "2025-03-06",
            "2025-03-05",
            "2025-02-27",
            "2025-02-26",
            "2025-02-26",
            "2025-02-26",
            "2025-02-25",
            "2025-02-23"
        ]
    );
    let feed = feed_rs::parser::parse(&bytes[..]).expect("an Atom feed");
    let headlines: Vec<&str> =
        feed.entries.iter().map(|e| e.title.as_ref().expect("a title").content.as_str()).collect();
    assert_eq!(headlines[0], "Russian deputy MoD visits Benghazi again");
    assert_eq!(headlines[3], "Macron and Haftar discuss Libya developments in Paris visit");
    assert_eq!(headlines[5], "UNSMIL facilitates JTCT border security meeting in Tunis");
    for entry in &feed.entries {
        let teaser = &entry.summary.as_ref().expect("a teaser").content;
        assert!(teaser.starts_with("On ") && teaser.ends_with("..."), "{teaser}");
        assert!(!teaser.contains("read more"), "{teaser}");
    }
    // Once more: nothing is written.
    let before = place.feeds();
    assert_eq!(place.gleaner(&["run", "--replay", "fixtures", "--until", SEED]), silent);
    assert_eq!(place.feeds(), before);
}

#[test]
fn each_later_snapshot_changes_what_changed_on_the_page() {
    let place = Place::new();
    let told = |word: &str, new: u64, changed: u64| (word.to_owned(), new, changed);
    let steps = [
        (SEED, told("new", 8, 0)),
        ("2025-03-11T10:00:00Z", told("new", 2, 0)),
        ("2025-03-12T10:00:00Z", told("new", 0, 1)),
        ("2025-03-14T10:00:00Z", told("new", 1, 0)),
        ("2025-03-17T10:00:00Z", told("new", 0, 1)),
        ("2025-03-20T10:00:00Z", told("drifted", 0, 0)),
        ("2025-03-21T10:00:00Z", told("new", 1, 0)),
        ("2025-03-24T10:00:00Z", told("blocked", 0, 0)),
        ("2025-03-25T10:00:00Z", told("new", 1, 0)),
        ("2026-01-03T09:30:00Z", told("new", 8, 0)),
        ("2026-01-03T12:00:00Z", told("unchanged", 0, 0)),
    ];
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut before = Vec::new();
    for (until, expected) in steps {
        let ended = place.replay(until);
        assert_eq!((ended.exit, ended.err.as_str()), (0, ""), "{until}");
        assert_eq!(verdicts(&ended, INTERNATIONAL), std::slice::from_ref(&expected), "{until}");
        let bytes = place.feed(INTERNATIONAL);
        if expected.1 + expected.2 == 0 {
            assert!(bytes == before, "{until}: a page that changes nothing changed the feed");
        }
        let now: BTreeMap<String, String> =
            entries(&bytes).into_iter().map(|(id, published, _)| (id, published)).collect();
        for (id, published) in &known {
            assert_eq!(now.get(id), Some(published), "{until}: {id} is gone or moved in time");
        }
        assert_eq!(now.len() as u64, known.len() as u64 + expected.1, "{until}");
        (known, before) = (now, bytes);
    }
    let joined = entries(&place.feed("libya"));
    let mut links: Vec<&String> = joined.iter().map(|(_, _, link)| link).collect();
    links.sort();
    links.dedup();
    assert_eq!((joined.len(), links.len()), (30, 30), "each story once");
    assert!(joined.is_sorted_by(|a, b| a.1 >= b.1), "newest first");
}

#[test]
fn an_empty_listing_and_churning_rows_leave_the_feeds() {
    let place = Place::new();
    let until = |time: &str| {
        let config = ["--config", "fixtures/gleaner.toml"];
        place.gleaner(&[&["run", "--json", "--replay", "fixtures", "--until", time], &config[..]].concat())
    };
    let first = until("2025-03-08T00:00:00Z");
    let words: Vec<String> = verdicts(&first, "loom-forum").into_iter().map(|(word, ..)| word).collect();
    assert_eq!(words, ["new", "unchanged"], "other session ids, another order, other counters");
    let before = place.feeds();
    assert_eq!(before.len(), 26, "twenty-four sources and two joined feeds");
    let later = until("2025-03-09T00:00:00Z");
    assert_eq!(verdicts(&later, "riverbend-council")[0].0, "empty");
    assert!(place.feeds() == before);
}

#[test]
fn a_series_played_at_once_is_the_series_played_step_by_step() {
    let (once, steps) = (Place::new(), Place::new());
    assert_eq!(once.gleaner(&["run", "--replay", "fixtures"]).exit, 0);
    for until in [SEED, "2025-03-14T12:00:00Z", "2025-03-24T10:00:00Z", "2026-02-01T00:00:00Z"] {
        assert_eq!(steps.replay(until).exit, 0);
    }
    assert!(once.feed("libya") == steps.feed("libya"));
}

#[test]
fn bad_config_is_told_with_place_and_advice_and_nothing_is_done() {
    let place = Place::new();
    let config = place.write(
        "bad.toml",
        "[source.x]\nurl = \"https://a.example/\"\nentry = \"article\"\nheadlin = \"h2\"\nheadline = \"h2\"\n",
    );
    let ended = place.gleaner(&["run", "--config", config.to_str().expect("UTF-8")]);
    assert_eq!((ended.exit, ended.out.as_str()), (2, ""));
    assert!(
        ended.err.contains("bad.toml:4:1") && ended.err.contains("did you mean `headline`?"),
        "{}",
        ended.err
    );
    assert!(!place.path().join("state").exists());
    let json = place.gleaner(&["check", "--json", "--config", config.to_str().expect("UTF-8")]);
    let problems: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((json.exit, problems[0]["line"].as_u64()), (2, Some(4)));
}

#[test]
fn what_is_not_there_is_named() {
    let place = Place::new();
    for (arguments, said) in [
        (&["run", "--config", "/nowhere/x.toml"][..], "/nowhere/x.toml"),
        (&["run", "--replay", "nowhere"], "`nowhere` is not a folder of fixtures"),
        (&["run", "libya-international-actor"], "did you mean `libya-international-actors`?"),
        (&["run", "libya"], "it is a joined feed, of `libya-international-actors`, `libya-libyan-actors`"),
        (&["explain", "own"], "`gleaner status` names them all"),
        (&["explain", "libya"], "no source `libya`"),
        (&["run", "--until", "yesterday", "--replay", "fixtures"], "yesterday"),
    ] {
        let ended = place.gleaner(arguments);
        assert_eq!(ended.exit, 2, "{arguments:?}");
        assert!(ended.err.contains(said), "{arguments:?}: {}", ended.err);
    }
    let empty = place.path().join("fixtures");
    fs::create_dir(&empty).expect("a folder");
    for ids in [&[INTERNATIONAL][..], &[]] {
        let ended = place.gleaner(&[&["run"], ids, &["--replay", empty.to_str().expect("UTF-8")]].concat());
        assert_eq!(ended.exit, 2);
        assert!(ended.err.contains("error: no saved page of `"), "{}", ended.err);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(INTERNATIONAL);
    std::os::unix::fs::symlink(here, empty.join(INTERNATIONAL)).expect("a link");
    let ended = place.gleaner(&["run", "--replay", empty.to_str().expect("UTF-8")]);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    assert!(ended.err.contains("left out: no saved page of `"), "{}", ended.err);
}

#[test]
fn a_broken_case_is_named_with_its_line() {
    let place = Place::new();
    place.write(
        &format!("fx/{INTERNATIONAL}/a/case.toml"),
        "url = \"https://a.example/\"\nfetched_at = \"soon\"\n",
    );
    let root = place.path().join("fx");
    let ended = place.gleaner(&["run", INTERNATIONAL, "--replay", root.to_str().expect("UTF-8")]);
    assert_eq!(ended.exit, 2);
    assert!(ended.err.contains("case.toml`: line 2"), "{}", ended.err);
    place.write(
        &format!("fx/{INTERNATIONAL}/a/case.toml"),
        "url = \"https://a.example/\"\nfetched_at = \"2025-03-07T09:00:00Z\"\n",
    );
    let ended = place.gleaner(&["run", INTERNATIONAL, "--replay", root.to_str().expect("UTF-8")]);
    assert_eq!(ended.exit, 2);
    assert!(ended.err.contains("has no page"), "{}", ended.err);
}

#[test]
fn folders_that_cannot_be_used_are_our_own_trouble() {
    let place = Place::new();
    let file = place.write("file", "");
    let file = file.to_str().expect("UTF-8");
    let program = |arguments: &[&str]| {
        ended(
            &std::process::Command::new(env!("CARGO_BIN_EXE_gleaner"))
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .args(["run", "--replay", "fixtures"])
                .args(arguments)
                .output()
                .expect("the program starts"),
        )
    };
    let state = place.path().join("state");
    let state = state.to_str().expect("UTF-8");
    for arguments in [["--state", file, "--output", state], ["--state", state, "--output", file]] {
        let ended = program(&arguments);
        assert_eq!(ended.exit, 3, "{arguments:?}");
        assert!(
            ended.err.contains(file) && ended.err.contains("hint: a part of the path is a file"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_second_run_is_told_who_holds_the_store() {
    let place = Place::new();
    let now = "2025-03-07T09:00:00Z".parse().expect("a time");
    let (held, _) = gleaner::store::open(&place.path().join("state"), now).expect("a new store");
    let ended = place.gleaner(&["run", "--replay", "fixtures"]);
    assert_eq!(ended.exit, 3);
    assert!(ended.err.contains(&format!("process {}", std::process::id())), "{}", ended.err);
    drop(held);
    // A program that another test is just starting holds a copy of this process's files until it is loaded.
    let is_free = || place.gleaner(&["run", "--replay", "fixtures"]).exit == 0;
    let tried = (0..50).any(|_| {
        is_free() || {
            std::thread::sleep(std::time::Duration::from_millis(200));
            false
        }
    });
    assert!(tried, "the lock ends with its holder");
}

#[test]
fn a_lost_index_is_rebuilt_in_one_line_and_announces_nothing() {
    let place = Place::new();
    assert_eq!(place.replay("2025-03-14T12:00:00Z").exit, 0);
    let before = place.feeds();
    fs::remove_dir_all(place.path().join("state/db")).expect("the index can be taken away");
    let ended = place.replay("2025-03-14T12:00:00Z");
    assert_eq!((ended.exit, ended.err.lines().count()), (0, 1), "{}", ended.err);
    assert!(ended.err.starts_with("store: "), "{}", ended.err);
    assert_eq!(place.feeds(), before);
    assert_eq!(verdicts(&place.replay("2025-03-17T10:00:00Z"), INTERNATIONAL)[0].1, 0, "nothing is new");
}

/// Two bad pages in a row, then a good one.
fn troubled(place: &Place) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(INTERNATIONAL);
    for (name, from, day) in [
        ("a", "2025-03-07", "07"),
        ("b", "2025-03-20-redesign", "08"),
        ("c", "2025-03-20-redesign", "09"),
        ("d", "2025-03-20-redesign", "10"),
        ("e", "2025-03-11-two-new-entries", "11"),
    ] {
        let page = fs::read(shipped.join(from).join("page.html")).expect("a shipped page");
        place.write(&format!("fx/{INTERNATIONAL}/{name}/page.html"), page);
        let case = format!(
            "url = \"https://libyasecuritymonitor.com/\"\nfetched_at = \"2025-03-{day}T09:00:00Z\"\n"
        );
        place.write(&format!("fx/{INTERNATIONAL}/{name}/case.toml"), case);
    }
    place.path().join("fx").to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_failure_is_said_once_at_the_second_in_a_row_and_once_on_recovery() {
    let place = Place::new();
    let fixtures = troubled(&place);
    let until = |day: u8| {
        let time = format!("2025-03-{day:02}T10:00:00Z");
        place.gleaner(&["run", INTERNATIONAL, "--replay", &fixtures, "--until", &time])
    };
    assert_eq!(until(7), Ended { exit: 0, out: String::new(), err: String::new() });
    let good = place.feeds();
    assert_eq!(until(8), Ended { exit: 0, out: String::new(), err: String::new() }, "once is nothing");
    let second = until(9);
    assert_eq!((second.exit, second.out.as_str()), (1, ""));
    assert!(
        second.err.contains("drifted (the entry selector `article.et_pb_post` matches nothing"),
        "{}",
        second.err
    );
    assert!(
        second
            .err
            .contains("hint: look for its entries, and for selectors that find them, with `gleaner heal"),
        "{}",
        second.err
    );
    let third = until(10);
    assert_eq!((third.exit, third.err.as_str()), (1, ""), "said already");
    assert_eq!(place.feeds(), good, "the feed stays as it was");
    let status = place.gleaner(&["status"]);
    assert_eq!(status.exit, 1);
    assert!(status.out.contains("3 times in a row"), "{}", status.out);
    let recovery = until(11);
    assert_eq!(recovery.exit, 0);
    assert!(recovery.err.contains("works again after 3 failures"), "{}", recovery.err);
}

#[test]
fn strict_needs_a_person_at_the_first_failure() {
    let place = Place::new();
    let fixtures = troubled(&place);
    let ended = place.gleaner(&[
        "run",
        INTERNATIONAL,
        "--strict",
        "--replay",
        &fixtures,
        "--until",
        "2025-03-08T10:00:00Z",
    ]);
    assert_eq!(ended.exit, 1);
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = Place::new();
    let ended = place.gleaner(&["run", INTERNATIONAL, "--dry-run", "--replay", "fixtures", "--until", SEED]);
    assert_eq!((ended.exit, ended.out.as_str()), (0, "libya-international-actors: 8 new\n"));
    assert!(place.feeds().is_empty());
    assert_eq!(verdicts(&place.replay(SEED), INTERNATIONAL)[0].1, 8, "the store does not know them either");
}

#[test]
fn explain_shows_the_way_from_the_page_to_the_value() {
    let place = Place::new();
    let seed = place.gleaner(&["explain", INTERNATIONAL, "--replay", "fixtures", "--until", SEED]);
    assert_eq!(seed.exit, 0);
    for said in ["row 8", "from `h2.entry-title a`", "date      2025-03-06", "inferred from `6 March`"] {
        assert!(seed.out.contains(said), "{said}: {}", seed.out);
    }
    let redesign =
        place.gleaner(&["explain", INTERNATIONAL, "--replay", "fixtures", "--until", "2025-03-20T10:00:00Z"]);
    assert_eq!(redesign.exit, 1);
    assert!(redesign.out.contains("drifted: ") && redesign.out.contains("nearest: "), "{}", redesign.out);
    // What would match is named: the part of the selector that broke, and the listing that is there instead.
    assert!(redesign.out.contains("nearest: a listing of "), "{}", redesign.out);
    let challenge =
        place.gleaner(&["explain", INTERNATIONAL, "--replay", "fixtures", "--until", "2025-03-24T10:00:00Z"]);
    assert_eq!(challenge.exit, 1);
    assert!(challenge.out.contains("a Cloudflare challenge"), "{}", challenge.out);
    let json = place.gleaner(&["explain", INTERNATIONAL, "--json", "--replay", "fixtures", "--until", SEED]);
    let value: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(value["entries"][0]["date"]["moment"]["day"], "2025-03-06");
}

#[test]
fn a_new_case_fails_until_a_person_has_read_it() {
    let place = Place::new();
    let fixtures = troubled(&place);
    let test = |more: &[&str]| {
        place.gleaner(&[&["test", INTERNATIONAL, "--fixtures", fixtures.as_str()][..], more].concat())
    };
    assert_eq!(test(&[]).exit, 1, "written");
    let again = test(&[]);
    assert_eq!(again.exit, 1, "still unread");
    assert!(again.out.contains("0 passed, 5 failed"), "{}", again.out);
    assert_eq!(test(&["--accept"]).exit, 0);
    assert_eq!(test(&[]).exit, 0);
    let page = fs::read_to_string(format!("{fixtures}/{INTERNATIONAL}/a/page.html")).expect("a page");
    place.write(&format!("fx/{INTERNATIONAL}/a/page.html"), page.replace("visits Benghazi again", "leaves"));
    let differs = test(&[]);
    assert_eq!(differs.exit, 1);
    assert!(differs.out.contains("+      \"headline\": \"Russian deputy MoD leaves\""), "{}", differs.out);
}

#[test]
fn the_rest_answers() {
    let place = Place::new();
    assert_eq!(
        place.gleaner(&["check"]).out,
        "config/gleaner.toml: 2 sources and 1 joined feed, no problem\n"
    );
    let schema = place.gleaner(&["schema"]);
    assert!(serde_json::from_str::<serde_json::Value>(&schema.out).is_ok());
    assert!(place.gleaner(&["completions", "bash"]).out.contains("_gleaner"));
    assert_eq!(place.replay(SEED).exit, 0);
    let status = place.gleaner(&["status", "--json"]);
    let value: serde_json::Value =
        serde_json::from_str(status.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!((value["entries"].as_u64(), value["verdict"]["verdict"].as_str()), (Some(8), Some("new")));
}

#[test]
fn dates_are_read_for_scripts() {
    let place = Place::new();
    let ended = place.gleaner(&[
        "date",
        "--json",
        "--now",
        "2025-03-07T09:00:00Z",
        "On 6 March, the board met",
        "24–25 February",
        "room 24/7",
    ]);
    let lines: Vec<serde_json::Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(ended.exit, 0);
    assert_eq!((&lines[0]["date"], &lines[0]["end"]), (&"2025-03-06".into(), &serde_json::Value::Null));
    assert_eq!(lines[0]["span"], serde_json::json!([3, 10]));
    assert_eq!((&lines[1]["date"], &lines[1]["end"]), (&"2025-02-24".into(), &"2025-02-25".into()));
    assert!(lines[2]["date"].is_null() && lines[2]["reason"].is_string(), "{}", lines[2]);
}

#[test]
fn a_reader_that_has_had_enough_is_success() {
    let place = Place::new();
    let mut child = place.command(&["schema"]).stdout(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("the program ends").success());
}
