//! What every route answers to every kind of request: RFC 9110 and 9111 as the server of feeds has to hold them.
//!
//! | what (RFC 9110 unless said) | checked by |
//! |---|---|
//! | 8.3 media type; never sniffed, never a cookie; errors are plain text and never 200 | `every_route_has_its_status_and_headers` |
//! | 8.8.2 Last-Modified of the bytes, never in the future | `no_change_is_yet_to_come`; kept over a restart: `http::what_is_replaced_while_it_is_read_is_old_or_new` |
//! | 8.8.3 strong ETag of the bytes sent, another for each coding; 12.5.5 Vary everywhere | `codings_have_tags_of_their_own` |
//! | 9.3.2 HEAD is GET without a body | `a_head_is_a_get_without_its_body` |
//! | 13.1.2, 13.1.3, 13.2.2 lists, weak comparison, `*`, If-None-Match before If-Modified-Since, nonsense passed over | `conditions_hold_on_every_route` |
//! | 14.2 Range is not offered and passed over | `conditions_hold_on_every_route` |
//! | 15.4.5 a 304 has what the 200 would have, and no body | `conditions_hold_on_every_route` |
//! | 15.4.2 renamed, 15.5.5 unknown, 15.5.11 removed, 15.6.4 yet to come | `every_route_has_its_status_and_headers` |
//! | 15.5.6 any other method: 405 with Allow, and nothing changes | `other_methods_change_nothing` |
//! | RFC 9111 5.2.2.1 max-age to the next refresh, between five minutes and a day | `an_answer_is_fresh_until_the_next_refresh` |
//! | 7.2 Host, absolute form and forwarding headers reach no feed | `no_name_of_a_host_reaches_an_answer` |
//! | slow, broken and many requests | `http::broken_and_slow_requests_cost_little` |
//! | paths that lead out of the folder | `http::methods_names_and_times_have_their_status` |
//! | pages that hold what others wrote | `formats::any_feed_reads_back_in_every_format` |
//! | a file that is replaced while it is read | `http::what_is_replaced_while_it_is_read_is_old_or_new` |
#![allow(clippy::disallowed_methods)]

use std::{fs, time::Duration};

use gleaner::{id::SourceId, serve::listen::Limits};
use jiff::Timestamp;

use crate::{
    http::{Answer, Server, folder, published},
    program::Place,
};

/// A route, the status of a GET, its media type and its Cache-Control; the sources are due half an hour from now.
type Route = (&'static str, u16, &'static str, &'static str);

const SOON: &str = "max-age=1800";
const HOURLY: &str = "max-age=3600";
const DAILY: &str = "max-age=86400";

/// What stands in files: conditions hold for these.
const FILES: [Route; 13] = [
    ("/kelp-wire.atom", 200, "application/atom+xml; charset=utf-8", SOON),
    ("/kelp-wire.rss", 200, "application/rss+xml; charset=utf-8", SOON),
    ("/kelp-wire.json", 200, "application/feed+json; charset=utf-8", SOON),
    ("/kelp-wire.html", 200, "text/html; charset=utf-8", SOON),
    ("/all.atom", 200, "application/atom+xml; charset=utf-8", SOON),
    ("/all.json", 200, "application/feed+json; charset=utf-8", SOON),
    ("/health.atom", 200, "application/atom+xml; charset=utf-8", SOON),
    ("/kelp-wire~1.atom", 200, "application/atom+xml; charset=utf-8", DAILY),
    ("/kelp-wire%7E1.atom", 200, "application/atom+xml; charset=utf-8", DAILY),
    ("/kelp-wire~1.rss", 200, "application/rss+xml; charset=utf-8", DAILY),
    ("/feeds.opml", 200, "text/x-opml; charset=utf-8", HOURLY),
    ("/index.html", 200, "text/html; charset=utf-8", HOURLY),
    ("/", 200, "text/html; charset=utf-8", HOURLY),
];

const OTHERS: [Route; 10] = [
    ("/health", 200, "application/json", "no-store"),
    ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "no-store"),
    ("/favicon.ico", 204, "", DAILY),
    ("/old-wire.atom", 301, "text/plain; charset=utf-8", DAILY),
    ("/old-wire~1.rss", 301, "text/plain; charset=utf-8", DAILY),
    ("/long-gone.atom", 410, "text/plain; charset=utf-8", "no-store"),
    ("/not-yet.rss", 503, "text/plain; charset=utf-8", "no-store"),
    ("/kelp-wire~2.atom", 404, "text/plain; charset=utf-8", "no-store"),
    ("/none.atom", 404, "text/plain; charset=utf-8", "no-store"),
    ("/../gleaner.toml", 404, "text/plain; charset=utf-8", "no-store"),
];

fn routes() -> impl Iterator<Item = Route> {
    FILES.into_iter().chain(OTHERS)
}

fn site() -> (Place, Server) {
    let place = published();
    let archive = "<feed>".to_owned() + &"an entry of long ago ".repeat(40) + "</feed>";
    for name in ["kelp-wire~1.atom", "kelp-wire~1.rss", "long-gone.atom", "health.atom"] {
        place.write(&format!("feeds/{name}"), &archive);
    }
    let server = Server::start(&folder(&place), Limits::default());
    due_in(&server, &[("kelp-wire", 1800), ("not-yet", 7200)]);
    (place, server)
}

/// Puts sources down for times so many seconds from now.
fn due_in(server: &Server, due: &[(&str, i64)]) {
    let at =
        |seconds: &i64| Timestamp::from_second(Timestamp::now().as_second() + seconds + 1).expect("soon");
    let id = |id: &str| SourceId::new(id).expect("a slug");
    server.site.put_due(due.iter().map(|(source, seconds)| (id(source), at(seconds))));
}

/// Whether a Cache-Control is the expected one, give or take the seconds that a test takes.
fn is_age(found: &str, expected: &str) -> bool {
    let seconds = |text: &str| text.strip_prefix("max-age=").and_then(|rest| rest.parse::<i64>().ok());
    match (seconds(found), seconds(expected)) {
        (Some(found), Some(expected)) => (expected - 60..=expected + 1).contains(&found),
        _ => found == expected,
    }
}

/// What may differ between two answers to the same question: the time, and how the body is framed.
fn lasting(answer: &Answer) -> Vec<&str> {
    let passing = ["date: ", "cache-control: ", "content-length: ", "transfer-encoding: ", "http/1.1 "];
    let mut lines: Vec<&str> =
        answer.head.lines().filter(|line| !passing.iter().any(|name| line.starts_with(name))).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn every_route_has_its_status_and_headers() {
    let (_place, server) = site();
    for (path, status, media_type, age) in routes() {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (status, media_type), "{path}");
        assert!(is_age(answer.header("cache-control"), age), "{path}: {}", answer.head);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.has("date") && !answer.has("set-cookie"), "{path}: {}", answer.head);
        let is_file = FILES.iter().any(|(file, ..)| *file == path);
        for name in ["etag", "last-modified"] {
            assert_eq!(answer.has(name), is_file, "{path}: {name}");
        }
        assert!(!is_file || answer.header("etag").starts_with('"'), "{path}: a strong tag");
        assert_eq!(answer.header("retry-after"), if status == 503 { "60" } else { "" }, "{path}");
        // Relative: a proxy may have the feeds below a path of its own.
        let moved = path.replace("/old-wire", "kelp-wire");
        assert_eq!(answer.header("location"), if status == 301 { &moved } else { "" }, "{path}");
    }
}

#[test]
fn a_head_is_a_get_without_its_body() {
    let (_place, server) = site();
    for (path, ..) in routes() {
        for headers in ["", "Accept-Encoding: gzip\r\n"] {
            let (head, get) = (server.ask("HEAD", path, headers), server.ask("GET", path, headers));
            assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
            assert_eq!(lasting(&head), lasting(&get), "{path}");
        }
    }
}

#[test]
fn conditions_hold_on_every_route() {
    let (_place, server) = site();
    for (path, ..) in FILES {
        let full = server.get(path);
        let (tag, changed) = (full.header("etag").to_owned(), full.header("last-modified").to_owned());
        let many = vec!["\"x\""; 500].join(", ");
        let known = [
            format!("If-None-Match: {tag}"),
            format!("If-None-Match: W/{tag}"),
            format!("If-None-Match: \"x\",{tag} , \"y\""),
            format!("If-None-Match: {many}, {tag}"),
            "If-None-Match: *".to_owned(),
            format!("If-None-Match: \"x\"\r\nIf-None-Match: {tag}"),
            format!("If-Modified-Since: {changed}"),
            "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT".to_owned(),
            format!("If-None-Match: {tag}\r\nIf-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT"),
        ];
        for condition in known {
            let answer = server.ask("GET", path, &format!("{condition}\r\n"));
            assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{path}: {condition}");
            let same = |name: &&str| full.header(name) == answer.header(name);
            assert!(["etag", "last-modified", "vary", "link"].iter().all(same), "{path}: {}", answer.head);
            assert!(answer.has("cache-control") && answer.has("date"), "{path}: {}", answer.head);
        }
        let unknown = [
            "If-None-Match: \"x\"".to_owned(),
            format!("If-None-Match: {}", tag.trim_matches('"')),
            "If-None-Match: ".to_owned(),
            format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {changed}"),
            "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT".to_owned(),
            "If-Modified-Since: soon".to_owned(),
            "Range: bytes=0-9".to_owned(),
            format!("Range: bytes=0-9\r\nIf-Range: {tag}"),
            "Accept-Encoding: gzip;q=0, br;q=x".to_owned(),
        ];
        for condition in unknown {
            let answer = server.ask("GET", path, &format!("{condition}\r\n"));
            assert_eq!((answer.status, answer.body == full.body), (200, true), "{path}: {condition}");
            assert_eq!(lasting(&answer), lasting(&full), "{path}: {condition}");
        }
    }
}

#[test]
fn codings_have_tags_of_their_own() {
    let (_place, server) = site();
    for (path, ..) in FILES {
        let plain = server.get(path);
        assert_eq!(
            (plain.header("vary"), plain.header("content-encoding")),
            ("accept-encoding", ""),
            "{path}"
        );
        let mut tags = vec![plain.header("etag").to_owned()];
        for coding in ["gzip", "br"] {
            let accepts = format!("Accept-Encoding: {coding}\r\n");
            let coded = server.ask("GET", path, &accepts);
            assert_eq!((coded.status, coded.header("content-encoding")), (200, coding), "{path}");
            assert_eq!(coded.header("vary"), "accept-encoding", "{path}");
            let tag = coded.header("etag").to_owned();
            assert!(tag.starts_with('"') && !tags.contains(&tag), "{path}: {tag}");
            let again = server.ask("GET", path, &format!("{accepts}If-None-Match: {tag}\r\n"));
            assert_eq!(
                (again.status, again.header("etag"), again.header("vary")),
                (304, &*tag, "accept-encoding")
            );
            tags.push(tag);
        }
    }
}

#[test]
fn other_methods_change_nothing() {
    let (place, server) = site();
    let before = place.feeds();
    for (path, ..) in routes() {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"] {
            let answer = server.ask(method, path, "");
            // CONNECT asks for a host, not for a path, and may be refused as such.
            let statuses: &[u16] = if method == "CONNECT" { &[400, 405] } else { &[405] };
            assert!(statuses.contains(&answer.status), "{method} {path}: {}", answer.status);
            assert_eq!(
                answer.header("allow"),
                if answer.status == 405 { "get, head" } else { "" },
                "{method} {path}"
            );
        }
    }
    assert!(place.feeds() == before);
}

#[test]
fn an_answer_is_fresh_until_the_next_refresh() {
    let (_place, server) = site();
    for (kelp_wire, not_yet, own, joined) in [
        (1800, 7200, SOON, SOON),
        (40_000, 9000, "max-age=40000", "max-age=9000"),
        (200_000, 300_000, DAILY, DAILY),
        (10, 4000, "max-age=300", "max-age=300"),
        (-5, 4000, "max-age=300", "max-age=300"),
    ] {
        due_in(&server, &[("kelp-wire", kelp_wire), ("not-yet", not_yet)]);
        for (path, expected) in [("/kelp-wire.rss", own), ("/all.atom", joined), ("/health.atom", joined)] {
            let answer = server.get(path);
            assert!(is_age(answer.header("cache-control"), expected), "{path} {kelp_wire}: {}", answer.head);
        }
    }
}

#[test]
fn no_change_is_yet_to_come() {
    let (place, server) = site();
    let file = fs::File::options().append(true).open(place.path().join("feeds/all.atom")).expect("the feed");
    let ahead = std::time::SystemTime::now() + Duration::from_secs(90_000);
    file.set_modified(ahead).expect("a time can be set");
    let answer = server.get("/all.atom");
    assert_eq!(answer.header("last-modified"), answer.header("date"));
}

#[test]
fn no_name_of_a_host_reaches_an_answer() {
    let (_place, server) = site();
    for (path, ..) in routes() {
        let plain = server.get(path);
        let forged = [
            format!(
                "GET {path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nConnection: close\r\n\r\n"
            ),
            format!(
                "GET http://evil.example{path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
            ),
            format!("GET {path} HTTP/1.0\r\n\r\n"),
        ];
        for request in forged {
            let answer = server.raw(&request);
            assert!(!answer.contains("evil.example"), "{path}: {answer}");
            assert_eq!(
                answer.split_once("\r\n\r\n").map(|(_, body)| body),
                Some(plain.body.as_str()),
                "{path}"
            );
        }
    }
}
