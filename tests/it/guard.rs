//! The client with a resolver of our own: no name and no redirect leads inside.
#![allow(clippy::disallowed_methods)]

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use gleaner::{
    config::{self, ConfigText, Source},
    fetch::{
        FetchError, Fetched,
        client::{Client, Lookup},
    },
    page::Validators,
};

use crate::network::{HTML, Server, answer, page};

/// A source of this address; `more` is in its table.
pub fn source(url: &str, more: &str) -> Source {
    let text = format!(
        "[source.a]\nurl = \"{url}\"\nentry = \"article\"\nheadline = \"h2 a\"\nrobots = false\n\
         spacing = \"0s\"\n{more}\n"
    );
    let file = ConfigText { path: "gleaner.toml".into(), text };
    config::read(&[file], &|_| None).expect("a config").sources.remove(0)
}

/// A resolver that answers for every name, the nth question with the nth list; the last one stays.
pub fn resolver(answers: &[Vec<&str>]) -> (Lookup, Arc<AtomicUsize>) {
    let answers: Vec<Vec<IpAddr>> =
        answers.iter().map(|list| list.iter().map(|a| a.parse().expect("an address")).collect()).collect();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        let nth = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let answer = answers[nth].clone();
        Box::pin(async move { Ok(answer) })
    });
    (lookup, asked)
}

/// Asks once, with a client of its own.
pub fn fetch(lookup: Lookup, source: &Source) -> Fetched {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = Client::new(gleaner::clock::now, lookup);
    runtime.block_on(client.fetch(source, &Validators::default()))
}

/// Why it failed.
pub fn failure(fetched: &Fetched) -> String {
    match fetched {
        Fetched::Failed { error, .. } => error.to_string(),
        other => panic!("{other:?}"),
    }
}

const INSIDE: &[&str] = &[
    "127.0.0.1",
    "0.0.0.0",
    "169.254.169.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "::1",
    "::",
    "fc00::1",
    "fe80::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "224.0.0.1",
];

#[test]
fn a_name_that_leads_inside_is_refused() {
    for address in INSIDE {
        let (lookup, asked) = resolver(&[vec![address]]);
        let said = failure(&fetch(lookup, &source("http://site.example/", "")));
        assert!(
            said.contains("not a public address")
                && said.contains("unless `allow_private = true` stands in its source or in `[defaults]`"),
            "{address}: {said}"
        );
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn of_a_name_with_many_addresses_only_the_public_ones_are_tried() {
    let server = Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "200 OK", HTML, b"inside")));
    let port = server.address.rsplit(':').next().expect("a port");
    // 192.0.2.0/24 is nobody's, and not public either; 203.0.113.0/24 the same. A public one that nobody routes:
    let (lookup, _) = resolver(&[vec!["127.0.0.1", "::ffff:127.0.0.1", "192.0.2.1"]]);
    failure(&fetch(lookup, &source(&format!("http://site.example:{port}/"), "timeout = \"2s\"")));
    assert_eq!(server.asked().len(), 0);
}

#[test]
fn a_name_that_answers_differently_the_second_time_gains_nothing() {
    // The page is allowed to be inside, its redirect leads to a name that is not, whatever it says later.
    let server =
        Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a"]))));
    let port = server.address.rsplit(':').next().expect("a port").to_owned();
    let inside = "allow_private = [\"127.0.0.1\"]";
    let (lookup, asked) = resolver(&[vec!["127.0.0.1"], vec!["127.0.0.9"]]);
    let source = source(&format!("http://site.example:{port}/"), inside);
    let client = Client::new(gleaner::clock::now, lookup);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = runtime.block_on(client.fetch(&source, &Validators::default()));
    assert!(matches!(first, Fetched::Page(_)), "{first:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "the connection goes to the address that was checked");
    let second = runtime.block_on(client.fetch(&source, &Validators::default()));
    assert!(failure(&second).contains("127.0.0.9"), "{second:?}");
}

#[test]
fn no_redirect_leads_inside() {
    let targets = [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://localhost./",
        "http://[::1]/",
        "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
        "//127.0.0.1:22/",
        "http://router.example/",
    ];
    for target in targets {
        let location = format!("location: {target}\r\n");
        let server = Server::start(
            "127.0.0.7",
            Box::new(move |_, stream| answer(stream, "302 Found", &location, b"")),
        );
        let (lookup, _) = resolver(&[vec!["192.168.1.1"]]);
        let said = failure(&fetch(
            lookup,
            &source(&format!("http://{}/", server.address), "allow_private = [\"127.0.0.7\"]"),
        ));
        let is_refused = said.contains("requests to inside are refused") || said.contains("port 22");
        assert!(is_refused, "{target}: {said}");
    }
}

#[test]
fn only_the_web_is_spoken_to() {
    for target in [
        "file:///etc/passwd",
        "ftp://site.example/",
        "gopher://site.example/",
        "data:text/html,x",
        "javascript:alert(1)",
        "unix:/run/x",
    ] {
        let location = format!("location: {target}\r\n");
        let server = Server::start(
            "127.0.0.1",
            Box::new(move |_, stream| answer(stream, "301 Moved", &location, b"")),
        );
        let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
        let said =
            failure(&fetch(lookup, &source(&format!("http://{}/", server.address), "allow_private = true")));
        assert!(said.contains("neither http nor https"), "{target}: {said}");
    }
}

#[test]
fn a_proxy_is_told_no_name_that_leads_inside() {
    let proxy =
        Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a"]))));
    let through = format!("proxy = \"http://{}\"", proxy.address);
    let (lookup, _) = resolver(&[vec!["192.168.1.1"]]);
    assert!(failure(&fetch(lookup, &source("http://site.example/", &through))).contains("192.168.1.1"));
    let (lookup, _) = resolver(&[vec!["192.168.1.1"]]);
    assert!(failure(&fetch(lookup, &source("http://10.0.0.1/", &through))).contains("10.0.0.1"));
    assert_eq!(proxy.asked().len(), 0);
    let (lookup, _) = resolver(&[vec!["93.184.215.14"]]);
    let fetched = fetch(lookup, &source("http://site.example/", &through));
    assert!(matches!(fetched, Fetched::Page(_)), "{fetched:?}");
    assert!(proxy.asked()[0].starts_with("get http://site.example/ "), "{:?}", proxy.asked());
}

#[test]
fn kinds_of_names_that_cannot_be_resolved_are_told_apart() {
    let failing = |text: &'static str| -> Lookup {
        Arc::new(move |_| {
            Box::pin(async move {
                Err(std::io::Error::other(format!("failed to lookup address information: {text}")))
            })
        })
    };
    let source = source("http://site.example/", "");
    let error = |text| match fetch(failing(text), &source) {
        Fetched::Failed { error, .. } => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(error("Name or service not known"), FetchError::NoSuchName(_)));
    // When no name at all was resolved yet, it is our own network that is down.
    assert!(matches!(error("Temporary failure in name resolution"), FetchError::Ours(_)));
}

#[test]
fn a_login_and_cookies_go_to_the_sources_own_host_alone() {
    let other =
        Server::start("127.0.0.2", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a"]))));
    let location = format!("location: http://{}/\r\n", other.address);
    let server =
        Server::start("127.0.0.1", Box::new(move |_, stream| answer(stream, "302 Found", &location, b"")));
    let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
    let source = source(
        &format!("http://{}/", server.address),
        "allow_private = true\nbasic = \"ana:sesame\"\ncookies = { sid = \"42\" }",
    );
    assert!(matches!(fetch(lookup, &source), Fetched::Page(_)));
    assert!(server.asked()[0].contains("authorization: basic yw5honnlc2ftzq==\r\n"), "{:?}", server.asked());
    assert!(server.asked()[0].contains("cookie: sid=42\r\n"));
    assert!(!other.asked()[0].contains("authorization") && !other.asked()[0].contains("cookie"));
    assert!(!format!("{source:?}").contains("sesame"), "never in a log");
}

#[test]
fn what_never_answers_ends_with_its_time() {
    type Tarpit = fn(&mut std::net::TcpStream);
    let tarpits: [(&str, Tarpit); 3] = [
        ("silence", |_| std::thread::sleep(Duration::from_secs(60))),
        ("a head that drips", |stream| {
            crate::network::send(stream, b"HTTP/1.1 200 OK\r\n");
            while std::io::Write::write_all(stream, b"x-a: b\r\n").is_ok() {
                std::thread::sleep(Duration::from_millis(100));
            }
        }),
        ("early hints for ever", |stream| {
            while std::io::Write::write_all(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n").is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }),
    ];
    for (name, tarpit) in tarpits {
        let server = Server::start("127.0.0.1", Box::new(move |_, stream| tarpit(stream)));
        let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
        let source = source(&format!("http://{}/", server.address), "allow_private = true\ntimeout = \"1s\"");
        let said = failure(&fetch(lookup, &source));
        assert!(said == "no complete answer within 1 s", "{name}: {said}");
    }
}

#[test]
fn heads_and_bodies_that_cannot_be_trusted_are_failures() {
    let huge = format!("HTTP/1.1 200 OK\r\nx-a: {}\r\n\r\n", "b".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-a: b\r\n".repeat(10_000));
    let twice = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde".to_owned();
    let negative = "HTTP/1.1 200 OK\r\ncontent-length: -4\r\n\r\nabcd".to_owned();
    let nul = "HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 4\r\n\r\nabcd".to_owned();
    let old = "<html><article><h2><a href=/a>HTTP/0.9</a></h2></article>".to_owned();
    let chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n".to_owned();
    let coding =
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\ncontent-length: 4\r\n\r\nabcd".to_owned();
    let unknown = "HTTP/1.1 200 OK\r\ncontent-encoding: x-foo\r\ncontent-length: 4\r\n\r\nabcd".to_owned();
    let location =
        format!("HTTP/1.1 302 Found\r\nlocation: /{}\r\ncontent-length: 0\r\n\r\n", "a".repeat(20 << 10));
    let nowhere = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_owned();
    for (name, bytes) in [
        ("a head of 1 MiB", huge),
        ("10,000 header lines", many),
        ("two lengths", twice),
        ("a negative length", negative),
        ("a NUL in a header", nul),
        ("HTTP/0.9", old),
        ("no last chunk", chunk),
        ("packed twice", coding),
        ("packed by nobody knows what", unknown),
        ("an address of 20 KiB, for ever", location),
        ("a redirect to nowhere", nowhere),
    ] {
        let server = Server::start(
            "127.0.0.1",
            Box::new(move |_, stream| crate::network::send(stream, bytes.as_bytes())),
        );
        let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
        let source = source(&format!("http://{}/", server.address), "allow_private = true\ntimeout = \"5s\"");
        let said = failure(&fetch(lookup, &source));
        assert!(!said.is_empty() && said.len() < 1500, "{name}: {said}");
    }
}
