//! A real reader, newsboat, subscribed across all snapshots: it shows each entry once, and news alone as news.
#![allow(clippy::disallowed_methods)]

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
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
            "cannot start {}: {error}; tests need newsboat and python3 (README)",
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
