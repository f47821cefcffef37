//! Real readers: newsboat across all snapshots, newsboat and sfeed over HTTP from `serve`. They show each entry once, and
//! news alone as news.
#![allow(clippy::disallowed_methods)]

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use crate::{
    network::{HTML, Server, answer, page},
    program::Place,
    serve::{Serving, until},
};

/// After each of these times the reader looks; what it should find new in `libya-international-actors` then.
const VISITS: [(&str, usize); 11] = [
    ("2025-03-07T10:00:00Z", 8),
    ("2025-03-11T10:00:00Z", 2),
    ("2025-03-12T10:00:00Z", 0),
    ("2025-03-14T10:00:00Z", 1),
    ("2025-03-17T10:00:00Z", 0),
    ("2025-03-20T10:00:00Z", 0),
    ("2025-03-21T10:00:00Z", 1),
    ("2025-03-24T10:00:00Z", 0),
    ("2025-03-25T10:00:00Z", 1),
    ("2026-01-03T09:30:00Z", 8),
    ("2026-01-03T12:00:00Z", 0),
];

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| {
        panic!(
            "cannot start {}: {error}; tests need newsboat, sfeed and python3 (README)",
            command.get_program().display()
        )
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Reloads the subscription.
fn reload(folder: &Path) {
    succeed(
        Command::new("newsboat")
            .env("HOME", folder)
            .arg("--url-file")
            .arg(folder.join("urls"))
            .arg("--cache-file")
            .arg(folder.join("cache.db"))
            .arg("--config-file")
            .arg(folder.join("config"))
            .args(["-x", "reload"]),
    );
}

/// Asks the reader's own memory, a line for each row.
fn ask(folder: &Path, sql: &str) -> Vec<String> {
    const SCRIPT: &str = "import sqlite3, sys\n\
        connection = sqlite3.connect(sys.argv[1])\n\
        for row in connection.execute(sys.argv[2]): print(*row, sep='\\t')\n\
        connection.commit()";
    let output = succeed(Command::new("python3").args(["-c", SCRIPT]).arg(folder.join("cache.db")).arg(sql));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn newsboat_shows_each_entry_once_across_all_snapshots() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let feed = folder.join("feeds/libya-international-actors.atom");
    fs::write(folder.join("urls"), format!("file://{}\n", feed.display())).expect("a file can be written");
    fs::write(folder.join("config"), "").expect("a file can be written");
    let mut dates: BTreeSet<String> = BTreeSet::new();
    let mut total = 0;
    for (until, news) in VISITS {
        succeed(
            Command::new(env!("CARGO_BIN_EXE_gleaner"))
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .args([
                    "run",
                    "libya-international-actors",
                    "--replay",
                    "fixtures",
                    "--until",
                    until,
                    "--state",
                ])
                .arg(folder.join("state"))
                .arg("--output")
                .arg(folder.join("feeds")),
        );
        reload(folder);
        let unread = ask(folder, "select title from rss_item where unread = 1");
        assert_eq!(unread.len(), news, "{until}: {unread:#?}");
        ask(folder, "update rss_item set unread = 0");
        total += news;
        let now: BTreeSet<String> = ask(folder, "select guid, pubDate from rss_item").into_iter().collect();
        assert!(dates.is_subset(&now), "{until}: an id or date moved");
        assert_eq!(now.len(), total, "{until}");
        dates = now;
    }
    let links = ask(folder, "select url from rss_item group by url having count(*) > 1");
    assert!(links.is_empty(), "shown twice: {links:?}");
}

/// A reader that is subscribed over HTTP: every entry it knows, with id, title and date, after it has looked again.
type Look = fn(&Path) -> Vec<[String; 3]>;

/// newsboat keeps entries in a table, a row for each that it shows.
fn by_newsboat(folder: &Path) -> Vec<[String; 3]> {
    // newsboat says nothing of a feed it cannot reach but in its own log.
    reload(folder);
    let rows = ask(folder, "select guid, title, pubDate from rss_item where deleted = 0");
    rows.iter().map(|row| cells(row, [0, 1, 2])).collect()
}

/// sfeed keeps a line for each entry: date, title, link, text, its type, id, and more.
fn by_sfeed(folder: &Path) -> Vec<[String; 3]> {
    // It fails when the feed cannot be reached, and keeps what it has.
    let _ = Command::new("sfeed_update")
        .arg(folder.join("sfeedrc"))
        .env("HOME", folder)
        .output()
        .expect("sfeed is installed");
    let text = fs::read_to_string(folder.join("sfeed/news")).unwrap_or_default();
    text.lines().map(|line| cells(line, [5, 1, 0])).collect()
}

fn cells(row: &str, wanted: [usize; 3]) -> [String; 3] {
    let all: Vec<&str> = row.split('\t').collect();
    wanted.map(|place| all.get(place).copied().unwrap_or_default().to_owned())
}

#[test]
fn two_readers_over_http_show_nothing_twice_across_updates_a_restart_and_outages() {
    let place = Place::new();
    let stories = Arc::new(Mutex::new(Some(vec!["a", "b"])));
    let told = Arc::clone(&stories);
    let origin = Server::start(
        "127.0.0.1",
        Box::new(move |_, stream| match &*told.lock().expect("no test panics with it") {
            Some(stories) => answer(stream, "200 OK", HTML, &page(stories)),
            None => answer(stream, "503 Service Unavailable", HTML, b"down"),
        }),
    );
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let text = format!(
        "[defaults]\nlisten = \"127.0.0.1:{port}\"\nspacing = \"0s\"\nallow_private = true\nrobots = false\nformats = [\"atom\", \"rss\"]\n\
         every = \"1m\"\n[source.news]\nurl = \"http://{}/\"\nentry = \"article\"\nheadline = \"h2 a\"\n",
        origin.address
    );
    let config = place.write("gleaner.toml", text).display().to_string();
    let serve = || Serving::start(&place, &config, None);
    let stop = |mut serving: Serving| {
        serving.signal("-TERM");
        assert_eq!(serving.ended().0, Some(0));
    };
    // What the schedule would do within the minute.
    let refresh = || place.gleaner(&["run", "--force", "--config", &config]);
    let folder = place.path();
    fs::write(folder.join("urls"), format!("http://127.0.0.1:{port}/news.rss\n")).expect("a file");
    fs::write(folder.join("config"), "").expect("a file");
    let sfeedrc = format!(
        "sfeedpath={}\nfeeds() {{\n  feed news http://127.0.0.1:{port}/news.atom\n}}\n",
        folder.join("sfeed").display()
    );
    fs::write(folder.join("sfeedrc"), sfeedrc).expect("a file");
    let mut known: BTreeSet<[String; 3]> = BTreeSet::new();
    let mut look = |what: &str, news: usize| {
        // newsboat asks by the second: a change within the one in which it last looked would be seen later.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let readers: [(&str, Look); 2] = [("newsboat", by_newsboat), ("sfeed", by_sfeed)];
        let before = known.clone();
        for (reader, look) in readers {
            let rows = look(folder);
            let now: BTreeSet<[String; 3]> = rows.iter().cloned().collect();
            let titles: BTreeSet<&String> = rows.iter().map(|row| &row[1]).collect();
            assert_eq!(
                (titles.len(), now.len()),
                (rows.len(), rows.len()),
                "{what}: {reader} shows one twice: {rows:#?}"
            );
            assert!(before.is_subset(&now), "{what}: to {reader} an id, title or date moved: {rows:#?}");
            assert_eq!(now.len(), before.len() + news, "{what}: {reader}: {rows:#?}");
            known.extend(now);
        }
        assert_eq!(known.len(), before.len() + news, "{what}: the readers do not agree");
    };

    let serving = serve();
    until("the source is published", || folder.join("feeds/news.rss").exists());
    look("the first time", 2);
    look("again", 0);
    stop(serving);
    *stories.lock().expect("no test panics with it") = Some(vec!["c", "a", "b"]);
    refresh();
    look("while nothing serves", 0);
    let serving = serve();
    look("an update and a restart", 1);
    stop(serving);
    *stories.lock().expect("no test panics with it") = None;
    refresh();
    let serving = serve();
    look("while the origin is down", 0);
    stop(serving);
    *stories.lock().expect("no test panics with it") = Some(vec!["d", "c", "a"]);
    refresh();
    let serving = serve();
    look("when all is well again, and an entry has left the page", 1);
    stop(serving);
}
