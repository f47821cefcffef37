//! The program against a server on loopback that misbehaves on purpose.
#![allow(clippy::disallowed_methods)]

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::program::{Ended, Place, ended};

/// A server that answers every request with what its script says, and keeps what it was asked.
pub struct Server {
    pub address: String,
    asked: Arc<Mutex<Vec<(Instant, String)>>>,
}

pub type Script = dyn Fn(&str, &mut TcpStream) + Send + Sync;

impl Server {
    pub fn start(host: &str, script: Box<Script>) -> Self {
        let listener = TcpListener::bind((host, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, script) = (Arc::clone(&asked), Arc::new(script));
        // Ends with the test's process; each request has a thread, so that a slow answer stops no other.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let (log, script) = (Arc::clone(&log), Arc::clone(&script));
                std::thread::spawn(move || {
                    let request = read_head(&mut stream);
                    let now = Instant::now();
                    log.lock().expect("no test panics with it").push((now, request.clone()));
                    script(&request, &mut stream);
                });
            }
        });
        Self { address, asked }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics with it").iter().map(|(_, asked)| asked.clone()).collect()
    }

    /// The paths asked for, in order.
    pub fn paths(&self) -> Vec<String> {
        self.asked().iter().map(|asked| asked.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
    }

    /// The shortest time between two requests.
    pub fn shortest_rest(&self) -> Option<Duration> {
        let asked = self.asked.lock().expect("no test panics with it");
        asked.windows(2).map(|pair| pair[1].0 - pair[0].0).min()
    }
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).to_ascii_lowercase()
}

/// Writing to a client that has had enough fails, as it should.
pub fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

pub fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len());
    send(stream, head.as_bytes());
    send(stream, body);
}

pub const HTML: &str = "content-type: text/html; charset=utf-8\r\n";

pub fn page(stories: &[&str]) -> Vec<u8> {
    let rows = stories.iter().map(|s| format!("<article><h2><a href=\"/{s}\">Story {s}</a></h2></article>"));
    format!("<html><body>{}</body></html>", rows.collect::<String>()).into_bytes()
}

pub fn config(place: &Place, server: &Server, more: &str) -> String {
    let text = format!(
        "[defaults]\ncontact = \"ana@example.org\"\nspacing = \"0s\"\nallow_private = true\nrobots = false\n{more}\n\
         [source.news]\nurl = \"http://{}/news/\"\nentry = \"article\"\nheadline = \"h2 a\"\n",
        server.address
    );
    place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned()
}

pub fn run(place: &Place, config: &str) -> Ended {
    place.gleaner(&["run", "--force", "--json", "--config", config])
}

pub fn verdict(ended: &Ended) -> (String, String) {
    let line = ended.out.lines().next().unwrap_or_else(|| panic!("no line: {ended:?}"));
    let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("reason"))
}

#[test]
fn validators_are_echoed_and_void_after_a_change_of_config() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|request, stream| {
            if request.contains("if-none-match: w/\"v 1\"") {
                answer(stream, "304 Not Modified", "", b"");
            } else {
                let headers =
                    format!("{HTML}etag: W/\"v 1\"\r\nlast-modified: Thu, 06 Mar 2025 09:00:00 GMT\r\n");
                answer(stream, "200 OK", &headers, &page(&["a", "b"]));
            }
        }),
    );
    let place = Place::new();
    let path = config(&place, &server, "");
    assert_eq!(verdict(&run(&place, &path)).0, "new");
    let before = place.feeds();
    assert_eq!(verdict(&run(&place, &path)), ("unchanged".to_owned(), "304 Not Modified".to_owned()));
    assert_eq!(place.feeds(), before);
    let asked = server.asked();
    assert!(!asked[0].contains("if-none-match"), "{}", asked[0]);
    assert!(asked[1].contains("if-none-match: w/\"v 1\"\r\n"), "{}", asked[1]);
    assert!(asked[1].contains("if-modified-since: thu, 06 mar 2025 09:00:00 gmt\r\n"), "{}", asked[1]);
    assert!(
        asked[0].contains("(+ana@example.org)") && asked[0].contains("user-agent: gleaner/"),
        "{}",
        asked[0]
    );

    let text = std::fs::read_to_string(&path).expect("the config").replace("\"h2 a\"", "\"h2\"");
    std::fs::write(&path, text).expect("the config can be written");
    assert_eq!(verdict(&run(&place, &path)).0, "unchanged", "the same entries by other selectors");
    assert!(!server.asked()[2].contains("if-none-match"), "another config asks plainly");
}

/// Serves a good page once, then what the script says; the verdict and reason of the second run, whose feed must
/// be the first one's to the byte.
pub fn after_a_good_page(
    more: &str,
    script: impl Fn(&mut TcpStream) + Send + Sync + 'static,
) -> (String, String) {
    let is_first = Mutex::new(true);
    let server = Server::start(
        "127.0.0.1",
        Box::new(move |_, stream| {
            let good = std::mem::replace(&mut *is_first.lock().expect("no test panics with it"), false);
            if good {
                answer(stream, "200 OK", &format!("{HTML}etag: \"good\"\r\n"), &page(&["a", "b"]));
            } else {
                script(stream);
            }
        }),
    );
    let place = Place::new();
    let path = config(&place, &server, more);
    assert_eq!(verdict(&run(&place, &path)).0, "new");
    let before = place.feeds();
    let begun = Instant::now();
    let ended = run(&place, &path);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!((ended.exit, place.feeds() == before), (0, true), "once is no alert, and the feed stays");
    // What was refused leaves its validators behind.
    run(&place, &path);
    let last = server.asked().pop().expect("it was asked");
    assert!(last.contains("if-none-match: \"good\"\r\n"), "{last}");
    verdict(&ended)
}

#[test]
fn an_address_without_tls_needs_no_certificates() {
    let server =
        Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a", "b"]))));
    let place = Place::new();
    let path = config(&place, &server, "");
    let mut program = place.command(&["run", "--force", "--json", "--config", &path]);
    // Reading those of the system takes longer than hundreds of answers.
    program.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere");
    assert_eq!(verdict(&ended(&program.output().expect("the program starts"))).0, "new");
}

#[test]
fn each_status_gets_its_verdict_and_leaves_the_feed() {
    for (status, word) in [
        ("401 Unauthorized", "blocked"),
        ("403 Forbidden", "blocked"),
        ("404 Not Found", "gone"),
        ("410 Gone", "gone"),
        ("429 Too Many Requests", "blocked"),
        ("500 Internal Server Error", "unreachable"),
        ("503 Service Unavailable", "unreachable"),
        ("204 No Content", "unreadable"),
    ] {
        let (verdict, reason) = after_a_good_page("", move |stream| {
            answer(stream, status, &format!("{HTML}etag: \"bad\"\r\n"), b"<p>sorry");
        });
        assert_eq!(verdict, word, "{status}");
        assert!(reason.contains(&status[..3]), "{reason}");
    }
}

#[test]
fn a_source_that_is_asked_otherwise_need_not_wait_for_the_end_of_its_back_off() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|request, stream| {
            // `ana:open`
            if request.contains("authorization: basic yw5hom9wzw4=") {
                return answer(stream, "200 OK", HTML, &page(&["a"]));
            }
            answer(stream, "401 Unauthorized", HTML, b"");
        }),
    );
    let place = Place::new();
    let next = |more: &str| {
        let path = config(&place, &server, more);
        verdict(&place.gleaner(&["run", "--json", "--config", &path])).0
    };
    assert_eq!(next("basic = \"ana:shut\""), "blocked");
    assert_eq!(next("basic = \"ana:shut\""), "skipped", "it is backing off");
    assert_eq!(next("basic = \"ana:lost\""), "blocked", "another login is tried at once");
    assert_eq!(next("basic = \"ana:lost\"\ntimeout = \"9s\""), "blocked", "and so is another time");
    assert_eq!(
        next("basic = \"ana:lost\"\ntimeout = \"9s\"\nkeep_entries = 50"),
        "skipped",
        "this asks the same"
    );
    assert_eq!(next("basic = \"ana:open\""), "new");
    assert_eq!(next("bearer = \"token\""), "skipped", "all was well, and it is not due");
}

#[test]
fn what_was_not_read_to_its_end_is_neither_empty_nor_a_redesign() {
    for (end, reason) in
        [("<i>".repeat(90_000), "nest too deep"), ("<br>".repeat(400_000), "too many elements")]
    {
        let (verdict, told) = after_a_good_page("", move |stream| {
            let page = [b"<main>", end.as_bytes(), &page(&["a", "b"])].concat();
            answer(stream, "200 OK", HTML, &page);
        });
        assert_eq!(verdict, "unreadable", "{told}");
        assert!(told.starts_with("no entry in what could be read: ") && told.contains(reason), "{told}");
    }
}

#[test]
fn a_page_that_stands_in_announces_nothing_though_it_is_built_like_the_listing() {
    let titled = |title: &str, stories: &[&str]| {
        [format!("<title>{title}</title>").as_bytes(), &page(stories)].concat()
    };
    let (verdict, reason) = after_a_good_page("", move |stream| {
        answer(stream, "200 OK", HTML, &titled("Down for maintenance", &["sorry"]));
    });
    assert_eq!(verdict, "blocked");
    assert_eq!(reason, "the page is a maintenance page, and none of its entries is known");
}

#[test]
fn a_menu_announces_nothing_where_entries_have_nothing_but_a_headline() {
    let visits = Mutex::new(0);
    let server = Server::start(
        "127.0.0.1",
        Box::new(move |_, stream| {
            let mut visits = visits.lock().expect("no test panics with it");
            *visits += 1;
            let body = match *visits {
                1 => page(&["a-long", "b-long", "c-long", "d-long", "e-long"]),
                2 => String::from_utf8_lossy(&page(&["Home", "News", "Team"]))
                    .replace("Story ", "")
                    .into_bytes(),
                _ => page(&["f"]),
            };
            answer(stream, "200 OK", HTML, &body);
        }),
    );
    let place = Place::new();
    let path = config(&place, &server, "");
    assert_eq!(verdict(&run(&place, &path)).0, "new");
    let feed = place.feed("news");
    let (word, reason) = verdict(&run(&place, &path));
    assert!(word == "drifted" && reason.contains("no headline is as long as"), "{word}: {reason}");
    assert_eq!(place.feed("news"), feed);
    assert_eq!(verdict(&run(&place, &path)).0, "new", "one entry may be the shortest");
}

#[test]
fn a_listing_about_maintenance_is_no_page_that_stands_in() {
    let asked = Mutex::new(0);
    let server = Server::start(
        "127.0.0.1",
        Box::new(move |_, stream| {
            let mut asked = asked.lock().expect("no test panics with it");
            *asked += 1;
            // Its title has the day in it, and nothing stays for long.
            let title = format!("<title>Down for maintenance: the week of {asked} March</title>");
            let stories = [format!("lock-{asked}"), format!("weir-{asked}")];
            let body = [title.as_bytes(), &page(&[&stories[0], &stories[1]])].concat();
            answer(stream, "200 OK", HTML, &body);
        }),
    );
    let place = Place::new();
    let path = config(&place, &server, "");
    for _ in 0..3 {
        assert_eq!(verdict(&run(&place, &path)).0, "new");
    }
}

#[test]
fn a_page_that_lost_its_title_and_language_costs_the_feed_neither() {
    let titled = Mutex::new(true);
    let server = Server::start(
        "127.0.0.1",
        Box::new(move |_, stream| {
            let is_titled = std::mem::replace(&mut *titled.lock().expect("no test panics with it"), false);
            let title: &[u8] = if is_titled { b"<html lang=it><title>Harbour</title>" } else { b"" };
            let stories: &[&str] = if is_titled { &["a"] } else { &["b", "a"] };
            answer(stream, "200 OK", HTML, &[title, &page(stories)].concat());
        }),
    );
    let place = Place::new();
    let path = config(&place, &server, "");
    for _ in 0..2 {
        assert_eq!(verdict(&run(&place, &path)).0, "new");
        let feed = String::from_utf8_lossy(&place.feed("news")).into_owned();
        assert!(feed.contains("<title>Harbour</title>") && feed.contains("xml:lang=\"it\""), "{feed}");
    }
}

#[test]
fn pages_that_are_none_leave_the_feed() {
    let cases: [(&str, &str, &[u8]); 5] = [
        ("drifted", HTML, b"<html><body><p>Down for maintenance"),
        (
            "blocked",
            HTML,
            b"<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x></script>",
        ),
        ("unreadable", HTML, b"  \n "),
        ("unreadable", "content-type: text/html\r\n", b"%PDF-1.7\n\x00\x01\x02"),
        ("blocked", HTML, b"<form><input type=\"password\" name=p></form>"),
    ];
    for (word, headers, body) in cases {
        let headers = format!("{headers}etag: \"bad\"\r\n");
        let (verdict, reason) = after_a_good_page("", move |stream| answer(stream, "200 OK", &headers, body));
        assert_eq!(verdict, word, "{reason}");
    }
}

#[test]
fn answers_that_break_off_are_failures() {
    type Answer = fn(&mut TcpStream);
    let scripts: [(&str, Answer); 4] = [
        ("too short", |stream| {
            send(
                stream,
                b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9999\r\n\r\n<article>",
            );
        }),
        ("bad chunk", |stream| {
            send(stream, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n<article>");
        }),
        ("no http", |stream| send(stream, b"\x16\x03\x01 hello\r\n\r\n")),
        ("not gzip", |stream| {
            answer(stream, "200 OK", "content-type: text/html\r\ncontent-encoding: gzip\r\n", b"plain");
        }),
    ];
    for (name, script) in scripts {
        assert_eq!(after_a_good_page("", script).0, "unreachable", "{name}");
    }
}

#[test]
fn a_drip_feed_ends_with_the_time() {
    let (verdict, reason) = after_a_good_page("timeout = \"2s\"", |stream| {
        send(stream, b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n");
        for _ in 0..100 {
            if stream.write_all(b"<p>").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    assert_eq!((verdict.as_str(), reason.as_str()), ("unreachable", "no complete answer within 2 s"));
}

/// Gzip of `count` MiB of zeros: a thousandth of their size.
pub fn bomb(count: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..count {
        encoder.write_all(&vec![0; 1 << 20]).expect("memory");
    }
    encoder.finish().expect("memory")
}

#[test]
fn a_bomb_and_an_endless_page_end_at_the_limit() {
    let packed = bomb(64);
    let (verdict, reason) = after_a_good_page("max_bytes = 1048576", move |stream| {
        answer(stream, "200 OK", "content-type: text/html\r\ncontent-encoding: gzip\r\n", &packed);
    });
    assert_eq!((verdict.as_str(), reason.as_str()), ("unreadable", "the page is larger than 1048576 bytes"));
    let (verdict, _) = after_a_good_page("max_bytes = 1048576", |stream| {
        send(stream, b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    assert_eq!(verdict, "unreadable");
}

#[test]
fn packed_pages_come_out_right() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&page(&["a", "b", "c"])).expect("memory");
    let packed = encoder.finish().expect("memory");
    for (coding, packed) in [("gzip", packed), ("br", BROTLI.to_vec()), ("zstd", ZSTD.to_vec())] {
        let headers = format!("{HTML}content-encoding: {coding}\r\n");
        let server = Server::start(
            "127.0.0.1",
            Box::new(move |_, stream| answer(stream, "200 OK", &headers, &packed)),
        );
        let place = Place::new();
        let path = config(&place, &server, "");
        let ended = run(&place, &path);
        assert!(ended.out.contains("\"new\":3"), "{coding}: {ended:?}");
        assert!(server.asked()[0].contains(coding), "{}", server.asked()[0]);
    }
}

/// The page of stories a, b and c, packed by other programs.
const BROTLI: &[u8] =
    b"\x1b\xb5\x00\xe0\x1c\x07\x76\xe3\xd5\x92\xc3\x81\x1f\x43\xa8\xda\x27\x4c\x6c\x4c\xca\x88\
        \xa0\x05\x8f\x4e\x0e\xec\x2c\xdf\xae\xf4\xf0\x40\x6d\x19\xb4\x08\xf2\x94\xa5\x44\x81\xd9\
        \x5e\x5e\x3f\x68\x9c\x9a\x20\x3e\x6b\x5a\x1b\x37\x8b\x38\xd8\x03\xbf\x4e\x04\x24\x0a\xb3\
        \x17\xdd\x00";

/// The same.
const ZSTD: &[u8] =
    b"\x28\xb5\x2f\xfd\x20\xb6\xc5\x02\x00\xf4\x03\x3c\x68\x74\x6d\x6c\x3e\x3c\x62\x6f\x64\x79\
        \x3e\x3c\x61\x72\x74\x69\x63\x6c\x65\x3e\x3c\x68\x32\x3e\x3c\x61\x20\x68\x72\x65\x66\x3d\
        \x22\x2f\x61\x22\x3e\x53\x74\x6f\x72\x79\x20\x61\x3c\x2f\x61\x3e\x3c\x2f\x2f\x62\x62\x63\
        \x63\x2f\x2f\x68\x74\x6d\x6c\x3e\x09\x00\x26\x33\x08\xa0\x07\x5e\x16\x40\x01\xc4\x5d\x75\
        \x82\xa5\x80\x53\x75\x07\x04\x0a\x0a";

#[test]
fn redirects_are_followed_as_far_as_they_lead_to_the_web() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|request, stream| match request.split(' ').nth(1) {
            Some("/news/") => answer(stream, "301 Moved Permanently", "location: ../there\r\n", b""),
            Some("/there") => answer(stream, "302 Found", "location: /end?x=1\r\n", b""),
            _ => answer(stream, "200 OK", HTML, &page(&["a"])),
        }),
    );
    let place = Place::new();
    assert_eq!(verdict(&run(&place, &config(&place, &server, ""))).0, "new");

    for (location, said) in [
        ("/news/", "redirects in a circle"),
        ("file:///etc/passwd", "neither http nor https"),
        ("http://[::1", "a redirect to no address"),
    ] {
        let (verdict, reason) = after_a_good_page("", move |stream| {
            answer(stream, "302 Found", &format!("location: {location}\r\n"), b"");
        });
        assert_eq!(verdict, "unreachable", "{location}");
        assert!(reason.contains(said), "{reason}");
    }
}

#[test]
fn secrets_go_to_the_sources_own_host_alone() {
    let other =
        Server::start("127.0.0.2", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a"]))));
    let there = format!("location: http://{}/\r\n", other.address);
    let server =
        Server::start("127.0.0.1", Box::new(move |_, stream| answer(stream, "302 Found", &there, b"")));
    let place = Place::new();
    let path = config(&place, &server, "headers = { x-key = \"${GLEANER_TEST_TOKEN}\" }");
    let mut command = place.command(&["run", "--json", "--config", &path]);
    let output =
        command.env("GLEANER_TEST_TOKEN", "s3cret").env("GLEANER_LOG", "debug").output().expect("it starts");
    let ended = ended(&output);
    assert_eq!(verdict(&ended).0, "new");
    assert!(server.asked()[0].contains("x-key: s3cret"));
    assert!(!other.asked()[0].contains("s3cret"), "{}", other.asked()[0]);
    assert!(!ended.err.contains("s3cret") && !ended.out.contains("s3cret"), "never in a log");
    let missing = place.gleaner(&["check", "--config", &path]);
    assert_eq!(missing.exit, 2);
    assert!(missing.err.contains("GLEANER_TEST_TOKEN"), "{}", missing.err);
}

#[test]
fn inside_is_not_asked_unless_allowed() {
    let server =
        Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a"]))));
    let place = Place::new();
    let path = config(&place, &server, "");
    let text = std::fs::read_to_string(&path).expect("the config").replace("allow_private = true", "");
    for url in ["http://127.0.0.1", "http://localhost", "http://2130706433", "http://[::ffff:127.0.0.1]"] {
        let port = server.address.rsplit(':').next().expect("a port");
        let text = text.replace(&format!("http://{}", server.address), &format!("{url}:{port}"));
        std::fs::write(&path, text).expect("the config can be written");
        let (verdict, reason) = verdict(&run(&place, &path));
        assert_eq!(verdict, "unreachable", "{url}");
        assert!(reason.contains("allow_private = true"), "{url}: {reason}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn add_of_a_page_that_links_its_own_feed_follows_the_feed() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|request, stream| {
            if request.starts_with("get /news.rss ") {
                let item = |n| {
                    format!(
                        "<item><guid>{n}</guid><title>Told by the feed {n}</title><link>/{n}</link></item>"
                    )
                };
                let items = [1, 2, 3, 4, 5].map(item).concat();
                let feed =
                    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>");
                answer(stream, "200 OK", "content-type: application/rss+xml\r\n", feed.as_bytes());
            } else {
                let head =
                    "<html><head><link rel=alternate type=\"application/rss+xml\" href=\"/news.rss\"></head>";
                let page = [head.as_bytes(), &page(&["a", "b", "c", "d"])].concat();
                answer(stream, "200 OK", HTML, &page);
            }
        }),
    );
    let place = Place::new();
    let config = "[defaults]\nspacing = \"0s\"\nallow_private = true\nrobots = false\n";
    let config = place.write("gleaner.toml", config).display().to_string();
    let fixtures = place.path().join("fixtures").display().to_string();
    let url = format!("http://{}/news/", server.address);
    let added =
        place.gleaner(&["add", &url, "--id", "news", "--yes", "--config", &config, "--fixtures", &fixtures]);
    assert_eq!(added.exit, 0, "{added:?}");
    assert!(added.out.contains("the page links a feed of its own"), "{added:?}");
    let written = std::fs::read_to_string(place.path().join("sources/news.toml")).expect("the new source");
    assert!(written.contains(&format!("\"http://{}/news.rss\"", server.address)), "{written}");
    assert_eq!(verdict(&run(&place, &config)).0, "new");
    let feed = String::from_utf8(place.feed("news")).expect("UTF-8");
    assert_eq!(feed.matches("<title>Told by the feed ").count(), 5, "{feed}");
}

#[test]
fn add_of_a_page_without_a_listing_follows_the_sitemap_of_news_that_robots_txt_names() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|request, stream| {
            let host =
                request.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned();
            let story = |n| {
                format!(
                    "<url><loc>http://{host}/{n}</loc><n:news><n:title>Told by the sitemap {n}</n:title></n:news></url>"
                )
            };
            let urls = [1, 2, 3].map(story).concat();
            let (kind, body) = match request.split(' ').nth(1) {
                Some("/robots.txt") => (
                    "content-type: text/plain\r\n",
                    format!("Sitemap: http://{host}/all.xml\nSitemap: http://{host}/News.xml\n"),
                ),
                Some("/news.xml") => (
                    "content-type: application/xml\r\n",
                    format!(
                        "<urlset xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{urls}</urlset>"
                    ),
                ),
                Some("/news/") => (HTML, "<title>News</title><div id=app></div><script></script>".to_owned()),
                _ => return answer(stream, "404 Not Found", HTML, b""),
            };
            answer(stream, "200 OK", kind, body.as_bytes());
        }),
    );
    let place = Place::new();
    let config = "[defaults]\nspacing = \"0s\"\nallow_private = true\n";
    let config = place.write("gleaner.toml", config).display().to_string();
    let url = format!("http://{}/news/", server.address);
    let added = place.gleaner(&["add", &url, "--config", &config]);
    assert_eq!(added.exit, 0, "{added:?}");
    assert!(added.out.contains("/News.xml\"\nkind     = \"feed\"\n"), "{added:?}");
    assert!(added.out.contains("Told by the sitemap 3"), "{added:?}");
    assert!(!server.paths().contains(&"/all.xml".to_owned()), "{:?}", server.paths());
}
