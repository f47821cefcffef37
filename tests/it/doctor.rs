//! The store as a person meets it: status, export and import, and the doctor.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::program::Place;

const UNTIL: &str = "2025-03-20T10:00:00Z";

fn filled() -> Place {
    let place = Place::new();
    assert_eq!(place.replay(UNTIL).exit, 0);
    place
}

#[test]
fn status_shows_all_in_one_screen_and_the_history_of_one() {
    let place = filled();
    let all = place.gleaner(&["status"]);
    assert_eq!(all.exit, 0);
    assert!(all.out.starts_with("2 sources: 1 failing\n"), "{}", all.out);
    let first = all.out.lines().nth(3).expect("a row");
    assert!(first.starts_with("libya-international-actors  drifted"), "trouble comes first: {}", all.out);
    let one = place.gleaner(&["status", "libya-international-actors"]);
    for said in [
        "verdict        drifted: ",
        "a usual page   8 entries with links, teasers, dates",
        "history",
        "×5",
        "11 new",
    ] {
        assert!(one.out.contains(said), "{said}: {}", one.out);
    }
    let json = place.gleaner(&["status", "libya-international-actors", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).expect("a line of JSON");
    assert_eq!(value["history"][0]["times"], 5);
    assert_eq!((&value["needs_person"], &value["failures"]), (&false.into(), &1.into()));
}

#[test]
fn an_export_goes_round_to_the_byte() {
    let (from, to) = (filled(), Place::new());
    let file = from.path().join("all.jsonl");
    let file = file.to_str().expect("UTF-8");
    let exported = from.gleaner(&["export"]).out;
    assert_eq!(from.gleaner(&["export", file]).exit, 0);
    assert!(from.gleaner(&["export", "-"]).out == exported, "as `import -` is standard input");
    assert_eq!(fs::read_to_string(file).expect("an export"), exported);
    assert_eq!(to.gleaner(&["import", file]).exit, 0);
    assert!(to.gleaner(&["export"]).out == exported);
    // The other goes on where the first was: nothing is new, and the feeds are the same.
    assert_eq!((from.replay("2025-03-21T10:00:00Z").exit, to.replay("2025-03-21T10:00:00Z").exit), (0, 0));
    let bytes = |place: &Place| place.feeds().into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>();
    assert!(bytes(&from) == bytes(&to) && bytes(&to).len() == 3);

    let absent = Place::new().gleaner(&["import", "absent.jsonl"]);
    assert_eq!(absent.exit, 2);
    assert!(absent.err.contains("`absent.jsonl`") && !absent.err.contains("disk"), "{}", absent.err);
    let refused = to.gleaner(&["import", file]);
    assert_eq!(refused.exit, 3);
    assert!(
        refused.err.contains("the store is not empty") && refused.err.contains("--state"),
        "{}",
        refused.err
    );
}

#[cfg(unix)]
#[test]
fn an_export_goes_into_a_pipe_and_through_a_link_and_replaces_neither() {
    use std::os::unix::fs::{FileTypeExt as _, symlink};
    let place = filled();
    let exported = place.gleaner(&["export"]).out;
    let [pipe, link, file] = ["pipe", "link", "file"].map(|name| place.path().join(name));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("there is mkfifo").success());
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().expect("there is cat");
    let ended = place.gleaner(&["export", pipe.to_str().expect("UTF-8")]);
    let is_pipe = fs::symlink_metadata(&pipe).expect("it is there").file_type().is_fifo();
    if !is_pipe {
        // The reader waits for a pipe that is gone.
        let mut reader = reader;
        reader.kill().expect("it runs");
        panic!("the pipe was replaced");
    }
    assert_eq!(ended.exit, 0, "{ended:?}");
    let read = reader.wait_with_output().expect("it ends with the export").stdout;
    assert!(String::from_utf8(read).expect("UTF-8") == exported);
    fs::write(&file, "old").expect("a file");
    symlink(&file, &link).expect("a link");
    assert_eq!(place.gleaner(&["export", link.to_str().expect("UTF-8")]).exit, 0);
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert!(fs::read_to_string(&file).expect("an export") == exported);
}

#[test]
fn an_import_from_a_pipe_is_checked_before_anything_is_taken() {
    let exported = filled().gleaner(&["export"]).out;
    let import = |bytes: &[u8]| {
        let place = Place::new();
        let mut child = place
            .command(&["import", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), bytes).expect("it is read");
        let ended = crate::program::ended(&child.wait_with_output().expect("the program ends"));
        (ended, place.gleaner(&["export"]).out)
    };
    let (whole, again) = import(exported.as_bytes());
    assert_eq!(whole.exit, 0, "{}", whole.err);
    assert!(again == exported);
    let empty = Place::new().gleaner(&["export"]).out;
    for (damaged, said) in [
        (exported.replacen("Benghazi", "Benghasi", 1), "its digest is not that of its lines"),
        (exported[..exported.len() / 2].to_owned(), "its last line is missing"),
    ] {
        let (refused, left) = import(damaged.as_bytes());
        assert_eq!(refused.exit, 3);
        assert!(refused.err.contains(said) && refused.err.contains("nothing was changed"), "{}", refused.err);
        assert!(left == empty, "nothing was taken");
    }
}

#[test]
fn the_doctor_finds_nothing_where_nothing_is_wrong() {
    let place = Place::new();
    let before = place.gleaner(&["doctor"]);
    assert_eq!(before.exit, 0);
    assert!(
        before.out.contains("nothing is remembered yet") && !place.path().join("state").exists(),
        "{}",
        before.out
    );
    let place = filled();
    let well = place.gleaner(&["doctor"]);
    assert_eq!(well.exit, 0);
    assert!(well.out.lines().all(|line| line.starts_with("fine ")), "{}", well.out);
    for part in ["config", "state", "output", "index holds 22 records", "journal goes to commit", "clock"] {
        assert!(well.out.contains(part), "{part}: {}", well.out);
    }
}

#[test]
fn the_doctor_names_what_is_wrong_and_mends_what_it_can() {
    let place = filled();
    fs::write(place.path().join("state/db/db"), b"no database").expect("the index can be broken");
    std::os::unix::fs::symlink("/etc/passwd", place.path().join("feeds/odd.atom")).expect("a link");
    let other = place
        .write("other.toml", "[source.x]\nurl = \"https://x.example/\"\nentry = \"a\"\nheadline = \"a\"\n");
    let sick = place.gleaner(&["doctor", "--config", other.to_str().expect("UTF-8")]);
    assert_eq!(sick.exit, 3);
    for said in [
        "mended  store   rebuilt the index",
        "odd.atom` is no plain file",
        "not in the config: `libya-international-actors`, `libya-libyan-actors`",
        "was = \"old-id\"",
        "`libya-libyan-actors.atom`, `libya.atom`: no feed of the config is written there any more",
    ] {
        assert!(sick.out.contains(said), "{said}: {}", sick.out);
    }
    fs::remove_file(place.path().join("feeds/odd.atom")).expect("the link can go");
    assert_eq!(place.gleaner(&["doctor"]).exit, 0);
    let now = "2025-03-07T09:00:00Z".parse().expect("a time");
    let (_held, _) = gleaner::store::open(&place.path().join("state"), now).expect("it opens");
    let held = place.gleaner(&["doctor", "--json"]);
    assert_eq!(held.exit, 0, "somebody else's run is no illness");
    assert!(
        held.out.contains(r#""mark":"note","part":"store","text":"another run holds the lock"#),
        "{}",
        held.out
    );
}
