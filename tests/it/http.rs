//! Published feeds over HTTP: route by route, condition by condition, and readers that are slow on purpose.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, RwLock},
    time::Duration,
};

use gleaner::{
    config::{self, ConfigText},
    serve::{Catalog, Site, Snapshot, SourceHealth, listen::Limits, run},
};
use tokio::sync::oneshot;

use crate::program::Place;

const CONFIG: &str = "[defaults]\nformats = [\"atom\", \"rss\", \"json\", \"html\"]\nevery = \"2h\"\nbase_url = \"https://feeds.example/\"\n\
     hubs = \"https://hub.example/\"\n\
     [source.kelp-wire]\nwas = \"old-wire\"\narchive = true\nurl = \"https://kelp-wire.example/feed/\"\n\
     [source.not-yet]\nurl = \"https://not-yet.example/\"\n\
     [feed.all]\ntitle = \"All\"\nsources = \"*\"\n";

/// A server that ends with the test.
pub struct Server {
    pub address: SocketAddr,
    pub site: Site,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<tokio::runtime::Runtime>,
    ended: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

impl Server {
    pub fn start(folder: &Path, limits: Limits) -> Self {
        let config =
            config::read(&[ConfigText { path: "gleaner.toml".into(), text: CONFIG.to_owned() }], &|_| None)
                .expect("a config without problems");
        let source = |id: &str, verdict, failures| SourceHealth {
            id: id.to_owned(),
            verdict,
            failures,
            standing: failures,
            alert_after: 2,
            succeeded_at: "2025-03-07T18:00:00Z".parse().ok(),
        };
        let snapshot =
            Snapshot { sources: vec![source("kelp-wire", Some("new"), 0), source("not-yet", None, 3)] };
        let site = Site {
            catalog: Arc::new(RwLock::new(Catalog::of(&config, folder.to_owned()))),
            health: Arc::new(move |_| Some(snapshot.clone())),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let ended = runtime.spawn(run(listener, (site.clone(), limits), async {
            let _ = stopped.await;
        }));
        Self { address, site, stop: Some(stop), runtime: Some(runtime), ended: Some(ended) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream
    }

    /// What the server sends until it closes.
    pub fn raw(&self, request: &str) -> String {
        let mut stream = self.connect();
        // A server that has had enough may close before all is written.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let text = self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n{headers}\r\n"
        ));
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let (Some(runtime), Some(ended)) = (self.runtime.take(), self.ended.take()) {
            runtime.block_on(ended).expect("the server does not panic").expect("it ends well");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default()
    }

    pub fn has(&self, name: &str) -> bool {
        self.head.lines().any(|line| line.starts_with(&format!("{name}:")))
    }
}

pub fn published() -> Place {
    let place = Place::new();
    // Under the former name first, so that it is there when the name changes.
    let config = place.write("gleaner.toml", CONFIG.replace("was = \"old-wire\"\n", ""));
    // The hub is for the heads of answers; this run reaches nobody.
    let text =
        fs::read_to_string(&config).expect("the config").replace("hubs = \"https://hub.example/\"\n", "");
    fs::write(&config, text).expect("the config can be written");
    let ended = place.gleaner(&["run", "--config", config.to_str().expect("UTF-8"), "--replay", "fixtures"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    place
}

pub fn folder(place: &Place) -> std::path::PathBuf {
    place.path().join("feeds")
}

#[test]
fn every_format_comes_with_its_headers() {
    let place = published();
    let server = Server::start(&folder(&place), Limits::default());
    for (path, media_type) in [
        ("/all.atom", "application/atom+xml; charset=utf-8"),
        ("/kelp-wire.rss", "application/rss+xml; charset=utf-8"),
        ("/kelp-wire.json", "application/feed+json; charset=utf-8"),
        ("/kelp-wire.html", "text/html; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
    ] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, media_type), "{path}");
        assert!(answer.header("etag").starts_with('"'), "{path}: {}", answer.head);
        assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("last-modified").ends_with(" gmt"), "{path}: {}", answer.head);
        assert!(!answer.has("set-cookie"));
    }
    assert_eq!(server.get("/kelp-wire.atom").header("cache-control"), "max-age=7200", "the real interval");
    let body = fs::read_to_string(folder(&place).join("kelp-wire.atom")).expect("the feed");
    // WebSub §4: the topic is the `self` link to the letter.
    let link = "<https://hub.example/>; rel=\"hub\", <https://feeds.example/kelp-wire.rss>; rel=\"self\"";
    assert_eq!(server.get("/kelp-wire.rss").header("link"), link);
    assert!(!server.get("/kelp-wire.html").has("link") && !server.get("/feeds.opml").has("link"));
    let forged = server.ask(
        "GET",
        "/kelp-wire.atom",
        "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n",
    );
    assert_eq!(forged.body, body);
    let absolute = server.ask("GET", "http://evil.example/kelp-wire.atom", "");
    assert_eq!((absolute.status, absolute.body), (200, body));
    let health = server.get("/health");
    assert_eq!(
        (health.status, health.body.trim()),
        (200, "{\"failing\":1,\"need_a_person\":1,\"refreshed\":1,\"sources\":2,\"status\":\"ok\"}")
    );
    let metrics = server.get("/metrics");
    for line in [
        "gleaner_source_failures{source=\"not-yet\"} 3",
        "gleaner_source_last_success_timestamp_seconds{source=\"kelp-wire\"} 1741370400",
        "gleaner_sources{verdict=\"pending\"} 1",
    ] {
        assert!(metrics.body.lines().any(|found| found == line), "{line}: {}", metrics.body);
    }
}

#[test]
fn conditions_are_answered_by_rfc_9110() {
    let place = published();
    let server = Server::start(&folder(&place), Limits::default());
    let full = server.get("/all.atom");
    let (etag, changed) = (full.header("etag").to_owned(), full.header("last-modified").to_owned());
    for condition in [
        format!("If-None-Match: {etag}"),
        format!("If-None-Match: \"x\", W/{etag}"),
        "If-None-Match: *".to_owned(),
        format!("If-Modified-Since: {changed}"),
        "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT".to_owned(),
        format!("If-None-Match: {etag}\r\nIf-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT"),
    ] {
        let answer = server.ask("GET", "/all.atom", &format!("{condition}\r\n"));
        assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{condition}");
        assert_eq!(answer.header("etag"), etag);
        for name in ["cache-control", "vary", "date", "last-modified"] {
            assert!(answer.has(name), "{condition}: no {name} in {}", answer.head);
        }
    }
    for condition in [
        "If-None-Match: \"other\"".to_owned(),
        format!("If-None-Match: \"other\"\r\nIf-Modified-Since: {changed}"),
        "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT".to_owned(),
        "If-Modified-Since: soon".to_owned(),
        "Range: bytes=0-9".to_owned(),
        "Accept-Encoding: gzip;q=0, *;q=0.x".to_owned(),
    ] {
        let answer = server.ask("GET", "/all.atom", &format!("{condition}\r\n"));
        assert_eq!((answer.status, answer.body == full.body), (200, true), "{condition}");
    }
}

#[test]
fn each_coding_has_a_tag_of_its_own_that_comes_back() {
    let place = published();
    let server = Server::start(&folder(&place), Limits::default());
    let plain = server.get("/all.atom").header("etag").to_owned();
    for coding in ["gzip", "br", "zstd"] {
        let accepts = format!("Accept-Encoding: {coding}\r\n");
        let coded = server.ask("GET", "/all.atom", &accepts);
        assert_eq!((coded.status, coded.header("content-encoding")), (200, coding));
        assert_eq!(coded.header("vary"), "accept-encoding");
        let etag = coded.header("etag").to_owned();
        assert_ne!(etag, plain);
        let again = server.ask("GET", "/all.atom", &format!("{accepts}If-None-Match: {etag}\r\n"));
        assert_eq!((again.status, again.header("etag")), (304, etag.as_str()));
    }
}

#[test]
fn methods_names_and_times_have_their_status() {
    let place = published();
    place.write("feeds/long-gone.atom", "<feed/>");
    place.write("secret.atom", "secret");
    let server = Server::start(&folder(&place), Limits::default());
    let head = server.ask("HEAD", "/all.atom", "");
    let full = server.get("/all.atom");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for name in ["etag", "content-length", "content-type", "last-modified"] {
        assert_eq!(head.header(name), full.header(name), "{name}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"] {
        let answer = server.ask(method, "/all.atom", "");
        assert_eq!((answer.status, answer.header("allow")), (405, "get, head"), "{method}");
    }
    for (request, status) in [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
        ("GET /all.atom HTTP/1.0\r\n\r\n", 200),
    ] {
        let answer = server.raw(request);
        assert_eq!(answer.split(' ').nth(1), Some(status.to_string().as_str()), "{request}: {answer}");
    }
    assert_eq!(server.get("/favicon.ico").status, 204);
    let pending = server.get("/not-yet.atom");
    assert_eq!((pending.status, pending.header("retry-after")), (503, "60"));
    assert_eq!(server.get("/long-gone.atom").status, 410);
    for (path, to) in [("/old-wire.atom", "kelp-wire.atom"), ("/old-wire.json", "kelp-wire.json")] {
        let moved = server.get(path);
        assert_eq!((moved.status, moved.header("location")), (301, to));
    }
    place.write("feeds/kelp-wire~1.atom", "<feed/>");
    let archive = server.get("/kelp-wire~1.atom");
    assert_eq!((archive.status, archive.header("cache-control")), (200, "max-age=86400"));
    assert!(!archive.has("link"));
    place.write("feeds/kelp-wire~2.atom", "<feed/>");
    assert_eq!(server.get("/kelp-wire~1.atom").header("link"), "<kelp-wire~2.atom>; rel=\"next-archive\"");
    assert_eq!(server.get("/old-wire~1.atom").header("location"), "kelp-wire~1.atom");
    assert_eq!(server.get("/kelp-wire~3.atom").status, 404, "a part of the history that is yet to come");
    for path in [
        "/none.atom",
        "/../secret.atom",
        "/%2e%2e%2fsecret.atom",
        "/..%2fsecret.atom",
        "//secret.atom",
        "/\\secret.atom",
        "/all.atom%00",
        "/all.atom/",
        "/ALL.atom",
        "/.gleaner-x.tmp",
        "/%ff",
        "/feeds/all.atom",
        &format!("/{}.atom", "a".repeat(5000)),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("secret") && answer.header("content-type").starts_with("text/plain"));
    }
}

#[test]
fn broken_and_slow_requests_cost_little() {
    let place = published();
    let limits = Limits {
        head: Duration::from_millis(300),
        connection: Duration::from_millis(1500),
        of_one_peer: 20,
        ..Limits::default()
    };
    let server = Server::start(&folder(&place), limits);
    for (request, statuses) in [
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000)), &["414", "431", "400", ""][..]),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(70_000)), &["431", "400", ""]),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(), &["400"]),
        ("nonsense\r\n\r\n".to_owned(), &["400"]),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), &["200"]),
        // A head that never ends: closed when its time is over.
        ("GET / HTTP/1.1\r\nHost: x\r\n".to_owned(), &["408", ""]),
    ] {
        let answer = server.raw(&request);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(statuses.contains(&status), "{}: {status}", &request[..request.len().min(60)]);
    }
    // A reader that sends no more and waits.
    let mut half = server.connect();
    half.write_all(b"GET /all.atom HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is taken");
    half.shutdown(std::net::Shutdown::Write).expect("it is open");
    let mut answer = Vec::new();
    half.read_to_end(&mut answer).expect("it is answered");
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    // More than one peer may hold, none of which says anything; then all are closed, and there is room again.
    let idle: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
    for mut stream in idle {
        let mut rest = Vec::new();
        // Closed or reset: either way it does not hang.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"));
    }
    assert_eq!(server.get("/all.atom").status, 200);
}

#[test]
fn what_is_replaced_while_it_is_read_is_old_or_new() {
    let place = published();
    let mut server = Server::start(&folder(&place), Limits::default());
    let before = server.get("/kelp-wire.atom");
    let path = folder(&place).join("kelp-wire.atom");
    let new = before.body.replace("Kelp Wire", "Kelp Wire again");
    place.write("feeds/next", &new);
    fs::rename(folder(&place).join("next"), &path).expect("a rename");
    let after =
        server.ask("GET", "/kelp-wire.atom", &format!("If-None-Match: {}\r\n", before.header("etag")));
    assert_eq!((after.status, after.body == new), (200, true));
    assert_ne!(after.header("etag"), before.header("etag"));
    server.stop();
    let again = Server::start(&folder(&place), Limits::default());
    let later = again.get("/kelp-wire.atom");
    assert_eq!(later.header("etag"), after.header("etag"), "the same after a restart");
    assert_eq!(later.header("last-modified"), after.header("last-modified"));
}

/// Reloads newsboat's subscription; how many entries it knows, and how many are unread.
fn newsboat(home: &Path) -> (usize, usize) {
    let status = Command::new("newsboat")
        .env("HOME", home)
        .args(["--url-file", "urls", "--cache-file", "cache.db", "--config-file", "config", "-x", "reload"])
        .current_dir(home)
        .status()
        .expect("newsboat is installed");
    assert!(status.success());
    let script = "import sqlite3\nc = sqlite3.connect('cache.db')\n\
        print(c.execute('select count(*) from rss_item').fetchone()[0], c.execute('select count(*) from rss_item where unread').fetchone()[0])\n\
        c.execute('update rss_item set unread = 0')\nc.commit()";
    let output = Command::new("python3")
        .args(["-c", script])
        .current_dir(home)
        .output()
        .expect("python3 is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<usize> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    (numbers[0], numbers[1])
}

#[test]
fn newsboat_over_http_sees_nothing_twice_across_an_update_an_outage_and_a_restart() {
    let place = Place::new();
    let config = place.write("gleaner.toml", CONFIG.replace("was = \"old-wire\"\n", ""));
    let replay = |until: &str| {
        let arguments =
            ["run", "--config", config.to_str().expect("UTF-8"), "--replay", "fixtures", "--until", until];
        assert_eq!(place.gleaner(&arguments).exit, 0);
    };
    replay("2025-03-07T10:00:00Z");
    let mut server = Server::start(&folder(&place), Limits::default());
    let home = tempfile::tempdir().expect("a folder");
    let port = server.address.port();
    for name in ["urls", "config"] {
        let text =
            if name == "urls" { format!("http://127.0.0.1:{port}/kelp-wire.rss\n") } else { String::new() };
        fs::write(home.path().join(name), text).expect("a file can be written");
    }
    assert_eq!(newsboat(home.path()), (4, 4));
    assert_eq!(newsboat(home.path()), (4, 0));
    // newsboat asks by the second (If-Modified-Since, RFC 9110 §8.8.2.2): a change within the one in which it last
    // looked would be seen at the change after it.
    std::thread::sleep(Duration::from_millis(1100));
    replay("2025-03-08T00:00:00Z");
    assert_eq!(newsboat(home.path()), (5, 1), "an update");
    server.stop();
    assert_eq!(newsboat(home.path()), (5, 0), "an outage");
    let listener = std::net::TcpListener::bind(("127.0.0.1", port));
    drop(listener);
    let again = Server::start(&folder(&place), Limits::default());
    let urls = format!("http://{}/kelp-wire.rss\n", again.address);
    fs::write(home.path().join("urls"), urls).expect("a file can be written");
    // Another port is another feed to newsboat: what counts is that every id is the one it had.
    let (known, _) = newsboat(home.path());
    let script = "import sqlite3\nprint(sqlite3.connect('cache.db').execute('select count(distinct guid) from rss_item').fetchone()[0])";
    let output =
        Command::new("python3").args(["-c", script]).current_dir(home.path()).output().expect("python3");
    assert_eq!((known >= 5, String::from_utf8_lossy(&output.stdout).trim()), (true, "5"), "a restart");
}
