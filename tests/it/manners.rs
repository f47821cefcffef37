//! What a site's owner sees of gleaner.
#![allow(clippy::disallowed_methods)]

use std::{fmt::Write as _, time::Duration};

use crate::{
    network::{HTML, Script, Server, answer, page, verdict},
    program::{Ended, Place},
};

/// A config with these sources of a server, each with its path as its id.
fn config(place: &Place, server: &Server, defaults: &str, paths: &[&str]) -> String {
    let mut text = format!("[defaults]\nspacing = \"0s\"\nallow_private = true\n{defaults}\n");
    for path in paths {
        let _ = write!(
            text,
            "[source.{path}]\nurl = \"http://{}/{path}\"\nentry = \"article\"\nheadline = \"h2 a\"\n",
            server.address
        );
    }
    place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned()
}

fn run(place: &Place, config: &str, more: &[&str]) -> Ended {
    place.gleaner(&[&["run", "--json", "--config", config], more].concat())
}

/// A server whose robots.txt answers so, and whose pages are good.
fn with_robots(status: &'static str, body: &'static str) -> Server {
    let script: Box<Script> = Box::new(move |request, stream| {
        if request.starts_with("get /robots.txt ") {
            answer(stream, status, "", body.as_bytes());
        } else {
            answer(stream, "200 OK", HTML, &page(&["a"]));
        }
    });
    Server::start("127.0.0.1", script)
}

#[test]
fn robots_txt_is_obeyed_and_asked_once_a_day() {
    let server = with_robots("200 OK", "User-agent: *\nDisallow: /private\n");
    let place = Place::new();
    let path = config(&place, &server, "", &["news", "private"]);
    let ended = run(&place, &path, &[]);
    let mut lines: Vec<&str> = ended.out.lines().collect();
    lines.sort_unstable();
    assert!(
        lines[0].contains("\"source\":\"news\"") && lines[0].contains("\"verdict\":\"new\""),
        "{ended:?}"
    );
    assert!(
        lines[1].contains("\"verdict\":\"skipped\"") && lines[1].contains("Disallow: /private"),
        "{ended:?}"
    );
    run(&place, &path, &["--force"]);
    assert_eq!(server.paths(), ["/robots.txt", "/news", "/news"]);
    // For hosts of one's own.
    let path = config(&place, &server, "robots = false", &["private"]);
    assert_eq!(verdict(&run(&place, &path, &["--force"])).0, "new");
    assert_eq!(server.paths().len(), 4);
}

#[test]
fn without_a_robots_txt_everything_may_be_asked_for_and_nothing_while_it_is_down() {
    for (status, word) in [
        ("404 Not Found", "new"),
        ("403 Forbidden", "new"),
        ("301 Moved Permanently", "new"),
        ("500 Oops", "skipped"),
        ("429 Slow", "skipped"),
    ] {
        let server = with_robots(status, "");
        let place = Place::new();
        let path = config(&place, &server, "", &["news", "other"]);
        let ended = run(&place, &path, &[]);
        assert_eq!(verdict(&ended).0, word, "{status}: {ended:?}");
        let asked = server.paths().iter().filter(|path| *path == "/robots.txt").count();
        assert_eq!(asked, 1, "{status}: a host in trouble is not asked for each of its sources");
        if word == "skipped" {
            let told = run(&place, &path, &["--force", "news"]).err;
            assert!(
                told.contains("hint: it is tried again from 20"),
                "{status}: nothing is forbidden: {told}"
            );
        }
    }
    // The first time too, and by what this visit learned.
    let server = with_robots("200 OK", "user-agent: *\ndisallow: /\n");
    let place = Place::new();
    let path = config(&place, &server, "alert_after = 1\n", &["news"]);
    let told = run(&place, &path, &[]).err;
    assert!(told.contains("hint: ask the owner of"), "{told}");
}

#[test]
fn a_robots_txt_is_as_little_trusted_as_a_page() {
    let endless: Box<Script> = Box::new(|request, stream| {
        if request.starts_with("get /robots.txt ") {
            crate::network::send(stream, b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\n");
            while std::io::Write::write_all(stream, &[b'#'; 4096]).is_ok() {}
        } else {
            answer(stream, "200 OK", HTML, &page(&["a"]));
        }
    });
    let inward: Box<Script> = Box::new(|request, stream| {
        if request.starts_with("get /robots.txt ") {
            answer(stream, "302 Found", "location: http://169.254.169.254/robots.txt\r\n", b"");
        } else {
            answer(stream, "200 OK", HTML, &page(&["a"]));
        }
    });
    for (script, word) in [(endless, "new"), (inward, "unreachable")] {
        let server = Server::start("127.0.0.1", script);
        let place = Place::new();
        let path = config(&place, &server, "", &["news"]);
        let text = std::fs::read_to_string(&path).expect("the config");
        let text = text.replace("allow_private = true", "allow_private = [\"127.0.0.0/8\"]");
        std::fs::write(&path, text).expect("the config can be written");
        let ended = run(&place, &path, &[]);
        assert_eq!(verdict(&ended).0, word, "{ended:?}");
    }
}

#[test]
fn restarts_ask_nobody_again() {
    let server = with_robots("404 Not Found", "");
    let place = Place::new();
    let path = config(&place, &server, "", &["news"]);
    for _ in 0..20 {
        assert_eq!(run(&place, &path, &[]).exit, 0);
    }
    assert_eq!(server.paths(), ["/robots.txt", "/news"]);
}

#[test]
fn too_many_requests_holds_the_whole_host_and_a_person_too() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|_, stream| answer(stream, "429 Too Many Requests", "retry-after: 3600\r\n", b"")),
    );
    let place = Place::new();
    let path = config(&place, &server, "robots = false", &["a", "b", "c"]);
    let ended = run(&place, &path, &[]);
    assert_eq!(server.paths(), ["/a"], "{ended:?}");
    assert_eq!(ended.out.matches("asks to be left alone until").count(), 2, "{ended:?}");
    run(&place, &path, &["--force"]);
    assert_eq!(server.paths(), ["/a"]);
}

#[test]
fn an_unavailable_page_holds_itself_alone() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|_, stream| answer(stream, "503 Service Unavailable", "retry-after: 3600\r\n", b"")),
    );
    let place = Place::new();
    let path = config(&place, &server, "robots = false", &["a", "b"]);
    run(&place, &path, &[]);
    run(&place, &path, &["--force"]);
    assert_eq!(server.paths(), ["/a", "/b"]);
}

#[test]
fn what_is_gone_is_asked_once() {
    let server = Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "410 Gone", "", b"")));
    let place = Place::new();
    let path = config(&place, &server, "robots = false", &["a"]);
    for _ in 0..3 {
        run(&place, &path, &[]);
    }
    assert_eq!(server.paths(), ["/a"]);
    run(&place, &path, &["--force"]);
    assert_eq!(server.paths(), ["/a", "/a"], "a person may look");
}

#[test]
fn a_host_is_not_asked_faster_than_its_spacing() {
    let server = with_robots("404 Not Found", "");
    let place = Place::new();
    let path = config(&place, &server, "", &["a", "b", "c", "d"]);
    let text = std::fs::read_to_string(&path).expect("the config").replace("\"0s\"", "\"1s\"");
    std::fs::write(&path, text).expect("the config can be written");
    assert_eq!(run(&place, &path, &[]).exit, 0);
    assert_eq!(server.paths(), ["/robots.txt", "/a", "/b", "/c", "/d"]);
    assert!(server.shortest_rest() >= Some(Duration::from_millis(990)), "{:?}", server.shortest_rest());
}

#[test]
fn a_move_for_good_is_followed_after_the_third_time_and_left_when_it_fails() {
    let is_down = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let down = std::sync::Arc::clone(&is_down);
    let server = Server::start(
        "127.0.0.1",
        Box::new(move |request, stream| match request.split(' ').nth(1) {
            Some("/old") => answer(stream, "301 Moved Permanently", "location: /new\r\n", b""),
            _ if down.load(std::sync::atomic::Ordering::SeqCst) => answer(stream, "500 Oops", "", b""),
            _ => answer(stream, "200 OK", HTML, &page(&["a"])),
        }),
    );
    let place = Place::new();
    let path = config(&place, &server, "robots = false", &["old"]);
    let mut said = 0;
    for _ in 0..4 {
        said += run(&place, &path, &["--force"]).out.matches("source-moved").count();
    }
    assert_eq!(server.paths(), ["/old", "/new", "/old", "/new", "/old", "/new", "/new"]);
    assert_eq!(said, 1, "a person is told once");
    is_down.store(true, std::sync::atomic::Ordering::SeqCst);
    run(&place, &path, &["--force"]);
    run(&place, &path, &["--force"]);
    assert_eq!(server.paths()[7..], ["/new", "/old", "/new"]);
}

#[test]
fn a_fresh_page_is_not_asked_for_by_a_program_that_follows_the_schedule() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|_, stream| {
            answer(stream, "200 OK", &format!("{HTML}cache-control: max-age=7200\r\n"), &page(&["a"]));
        }),
    );
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nevery = \"1m\"", &["a"]);
    run(&place, &path, &[]);
    let status = place.gleaner(&["status", "a", "--json", "--config", &path]);
    let status: serde_json::Value =
        serde_json::from_str(status.out.lines().next().expect("a line")).expect("JSON");
    let time = |key: &str| status[key].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let (Some(due), Some(last)) = (time("due_at"), time("succeeded_at")) else { panic!("{status}") };
    assert!((113..=127).contains(&due.duration_since(last).as_mins()), "{status}");
}

#[test]
fn a_feed_is_left_alone_at_the_hours_it_names_whoever_restarts_but_not_by_a_person() {
    let feed: Box<Script> = Box::new(|_, stream| {
        // All hours but the one before this: whenever the test is played, it is far.
        let this = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).hour();
        let mut hours = String::new();
        for hour in (0..24).filter(|hour| *hour != (this + 23) % 24) {
            let _ = write!(hours, "<hour>{hour}</hour>");
        }
        let body = format!(
            "<rss version=\"2.0\"><channel><title>W</title><link>http://w.example/</link>\
             <skipHours>{hours}</skipHours><item><title>A</title><link>http://w.example/a</link></item></channel></rss>"
        );
        answer(stream, "200 OK", "content-type: application/rss+xml\r\n", body.as_bytes());
    });
    let server = Server::start("127.0.0.1", feed);
    let place = Place::new();
    let text = format!(
        "[defaults]\nspacing = \"0s\"\nallow_private = true\nrobots = false\nevery = \"1m\"\n\
         [source.wire]\nurl = \"http://{}/feed\"\n",
        server.address
    );
    let path = place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned();
    assert_eq!(verdict(&run(&place, &path, &[])).0, "new");
    let status = place.gleaner(&["status", "wire", "--json", "--config", &path]);
    let status: serde_json::Value =
        serde_json::from_str(status.out.lines().next().expect("a line")).expect("JSON");
    let time = |key: &str| status[key].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let (Some(due), Some(last)) = (time("due_at"), time("succeeded_at")) else { panic!("{status}") };
    assert!((21 * 60..=23 * 60 + 1).contains(&due.duration_since(last).as_mins()), "{status}");
    for _ in 0..3 {
        assert!(run(&place, &path, &[]).out.contains("not due until"));
    }
    assert_eq!(server.paths().len(), 1);
    run(&place, &path, &["--force"]);
    assert_eq!(server.paths().len(), 2);
}

#[test]
fn a_source_that_robots_txt_forbids_is_told_once() {
    let server = with_robots("200 OK", "User-agent: *\nDisallow: /private\n");
    let place = Place::new();
    let path = config(&place, &server, "", &["private"]);
    let ended: Vec<Ended> = (0..3).map(|_| run(&place, &path, &["--force"])).collect();
    assert_eq!(ended.iter().map(|ended| ended.exit).collect::<Vec<_>>(), [0, 1, 1]);
    assert!(ended[0].err.is_empty() && ended[2].err.is_empty(), "{ended:?}");
    let said = &ended[1].err;
    assert!(said.contains("Disallow: /private") && said.contains("take `private` out"), "{said}");
    let health = String::from_utf8(place.feed("health")).expect("UTF-8");
    assert_eq!(health.matches("<entry>").count(), 1, "{health}");
    let path = config(&place, &server, "robots = false", &["private"]);
    let works = run(&place, &path, &["--force"]);
    assert!(works.exit == 0 && works.err.contains("works again"), "{works:?}");
}

/// When a source is due, and when it was last good.
fn times(place: &Place, path: &str, id: &str) -> (jiff::Timestamp, jiff::Timestamp) {
    let status = place.gleaner(&["status", id, "--json", "--config", path]);
    let status: serde_json::Value =
        serde_json::from_str(status.out.lines().next().expect("a line")).expect("JSON");
    let time = |key: &str| status[key].as_str().and_then(|text| text.parse().ok());
    let (Some(due), Some(last)) = (time("due_at"), time("succeeded_at")) else { panic!("{status}") };
    (due, last)
}

#[test]
fn a_source_is_followed_at_its_own_rhythm_and_at_named_times_from_run_to_run() {
    let server = with_robots("404 Not Found", "");
    let place = Place::new();
    let path = config(&place, &server, "every = \"auto\"", &["a"]);
    let waits: Vec<i64> = (0..4)
        .map(|_| {
            run(&place, &path, &["--force"]);
            let (due, last) = times(&place, &path, "a");
            due.duration_since(last).as_mins()
        })
        .collect();
    // News halve an hour; quiet lengthens it by a quarter each time. Jitter is a twentieth.
    for (wait, expected) in waits.iter().zip([30.0_f64, 37.5, 46.9, 58.6]) {
        #[expect(clippy::cast_precision_loss, reason = "minutes of an hour")]
        let off = (*wait as f64 - expected).abs();
        assert!(off <= expected / 20.0 + 1.0, "{waits:?}");
    }
    let place = Place::new();
    let path = config(&place, &server, "at = \"7 3 * * *\"\ntimezone = \"Asia/Kathmandu\"", &["a"]);
    run(&place, &path, &[]);
    let (due, _) = times(&place, &path, "a");
    let zone = jiff::tz::TimeZone::get("Asia/Kathmandu").expect("a zone");
    let due = due.to_zoned_datetime(zone);
    assert_eq!((due.hour(), due.minute()), (3, 7), "{due}");
}
