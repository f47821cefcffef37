//! What goes wrong on the wire: HTTP/2, SOCKS and kept-alive connections, bombs of every coding, and what they cost.
#![allow(clippy::disallowed_methods)]

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use gleaner::{
    fetch::{Fetched, client::Client},
    page::Validators,
};

use crate::{
    crowd::peak,
    guard::{failure, fetch, resolver, source},
    network::{HTML, Server, answer, bomb, page, send},
    program::Place,
    tls::{Authority, authority, server_config},
};

/// How an HTTP/2 server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Whole,
    /// GOAWAY once the head is out (RFC 9113 §6.8).
    GoAway,
    /// `RST_STREAM` once the head is out (§6.4).
    Reset,
    /// `RST_STREAM` instead of a head.
    ResetAtOnce,
    /// A head, then nothing.
    Stall,
    /// A head of 1 MiB.
    Heavy,
}

/// An HTTP/2 server for `site.example`; its port.
fn http2(authority: &Authority, way: Way) -> u16 {
    let mut config = server_config(authority, "site.example", false);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // What the client gives up on is as it should be.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        if way == Way::ResetAtOnce {
                            respond.send_reset(h2::Reason::INTERNAL_ERROR);
                            continue;
                        }
                        let mut head = http::Response::builder().header("content-type", "text/html");
                        if way == Way::Heavy {
                            for n in 0..64 {
                                head = head.header(format!("x-{n}"), "a".repeat(16 << 10));
                            }
                        }
                        let head = head.body(()).expect("a head");
                        let Ok(mut body) = respond.send_response(head, false) else { continue };
                        let html = Bytes::from(page(&["a"]));
                        match way {
                            Way::Reset => body.send_reset(h2::Reason::CANCEL),
                            Way::GoAway => connection.abrupt_shutdown(h2::Reason::ENHANCE_YOUR_CALM),
                            // Kept open: nobody ends it.
                            Way::Stall => std::mem::forget(body),
                            Way::Whole | Way::Heavy | Way::ResetAtOnce => {
                                let _ = body.send_data(html, true);
                            }
                        }
                    }
                });
            }
        });
    });
    port
}

#[test]
fn http2_is_spoken_and_what_breaks_off_is_a_failure_within_its_time() {
    let ours = authority();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &ours.pem).expect("a file");
    for way in [Way::Whole, Way::GoAway, Way::Reset, Way::ResetAtOnce, Way::Stall, Way::Heavy] {
        let port = http2(&ours, way);
        let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
        let more = format!("allow_private = true\ntimeout = \"3s\"\nextra_ca = \"{}\"", file.display());
        let begun = Instant::now();
        let fetched = fetch(lookup, &source(&format!("https://site.example:{port}/"), &more));
        assert!(begun.elapsed() < Duration::from_secs(15), "{way:?}: {:?}", begun.elapsed());
        if way == Way::Whole {
            assert!(
                matches!(&fetched, Fetched::Page(page) if page.body.starts_with(b"<html>")),
                "{fetched:?}"
            );
        } else {
            let said = failure(&fetched);
            assert!(!said.is_empty() && said.len() < 500, "{way:?}: {said}");
        }
    }
}

/// A SOCKS5 proxy (RFC 1928) that is the web itself; the addresses it was asked to connect to.
fn socks() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                let Some(target) = greeted(&mut stream) else { return };
                log.lock().expect("no test panics with it").push(target);
                send(&mut stream, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
                let mut buffer = [0; 4096];
                if matches!(stream.read(&mut buffer), Ok(1..)) {
                    answer(&mut stream, "200 OK", HTML, &page(&["a"]));
                }
            });
        }
    });
    (address, asked)
}

/// Greets, without a login; what the client asks to connect to.
fn greeted(stream: &mut TcpStream) -> Option<String> {
    let mut take = |count: usize| {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).ok().map(|()| bytes)
    };
    let methods = take(2)?[1];
    take(usize::from(methods))?;
    stream.write_all(&[5, 0]).ok()?;
    let mut take = |count: usize| {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).ok().map(|()| bytes)
    };
    let kind = take(4)?[3];
    let host = match kind {
        1 => {
            let bytes: [u8; 4] = take(4)?.try_into().ok()?;
            Ipv4Addr::from(bytes).to_string()
        }
        3 => {
            let length = take(1)?[0];
            String::from_utf8(take(usize::from(length))?).ok()?
        }
        _ => return None,
    };
    take(2)?;
    Some(host)
}

#[test]
fn a_socks_proxy_is_told_checked_addresses_or_names_where_it_is_to_resolve_them() {
    let (proxy, asked) = socks();
    let through = |scheme: &str| source("http://site.example/", &format!("proxy = \"{scheme}://{proxy}\""));
    let taken = || std::mem::take(&mut *asked.lock().expect("no test panics with it"));
    for (scheme, answers, target) in [
        ("socks5", vec!["93.184.215.14"], "93.184.215.14"),
        // Resolves there: what stands here is not asked.
        ("socks5h", vec!["192.168.1.1"], "site.example"),
    ] {
        let (lookup, _) = resolver(&[answers]);
        let fetched = fetch(lookup, &through(scheme));
        assert!(matches!(&fetched, Fetched::Page(_)), "{scheme}: {fetched:?}");
        assert_eq!(taken(), [target]);
    }
    let (lookup, _) = resolver(&[vec!["192.168.1.1"]]);
    assert!(failure(&fetch(lookup, &through("socks5"))).contains("192.168.1.1"));
    // A name that leads elsewhere once it was checked.
    let (lookup, _) = resolver(&[vec!["93.184.215.14"], vec!["192.168.1.1"]]);
    let fetched = fetch(lookup, &through("socks5"));
    assert!(!taken().contains(&"192.168.1.1".to_owned()), "{fetched:?}");
    let inside = source("http://10.0.0.1/", &format!("proxy = \"socks5h://{proxy}\""));
    let (lookup, _) = resolver(&[vec!["10.0.0.1"]]);
    assert!(failure(&fetch(lookup, &inside)).contains("10.0.0.1"), "an address needs no resolving");
    assert!(taken().is_empty());
}

#[test]
fn a_bearer_token_goes_to_the_sources_own_host_alone() {
    let other =
        Server::start("127.0.0.2", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a"]))));
    let location = format!("location: http://{}/\r\n", other.address);
    let server =
        Server::start("127.0.0.1", Box::new(move |_, stream| answer(stream, "302 Found", &location, b"")));
    let place = Place::new();
    let text = format!(
        "[source.a]\nurl = \"http://{}/\"\nentry = \"article\"\nheadline = \"h2 a\"\nrobots = false\n\
         allow_private = true\nbearer = \"${{GLEANER_TEST_BEARER}}\"\n",
        server.address
    );
    let path = place.write("gleaner.toml", text);
    let mut command = place.command(&["run", "--json", "--config", path.to_str().expect("UTF-8")]);
    let output = command.env("GLEANER_TEST_BEARER", "t0ken").env("GLEANER_LOG", "debug").output();
    let ended = crate::program::ended(&output.expect("it starts"));
    assert!(ended.out.contains("\"verdict\":\"new\""), "{ended:?}");
    assert!(server.asked()[0].contains("authorization: bearer t0ken\r\n"), "{:?}", server.asked());
    assert!(!other.asked()[0].contains("authorization"), "{:?}", other.asked());
    assert!(!ended.err.contains("t0ken") && !ended.out.contains("t0ken"), "never in a log");
}

#[test]
fn a_kept_connection_that_was_closed_costs_nothing_and_a_reset_is_a_failure() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for (nth, stream) in listener.incoming().flatten().enumerate() {
            let mut stream = stream;
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer);
                let body = page(&["a"]);
                if nth < 2 {
                    // No word of closing; then it is closed all the same.
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    send(&mut stream, &[head.as_bytes(), &body].concat());
                    std::thread::sleep(Duration::from_millis(200));
                    return;
                }
                send(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n<article>");
                // Unread bytes make closing a reset (RFC 1122 §4.2.2.13).
                let _ = stream.set_nonblocking(true);
            });
        }
    });
    let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
    let source = source(&format!("http://{address}/"), "allow_private = true\ntimeout = \"5s\"");
    let client = Client::new(gleaner::clock::now, lookup);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ask = || {
        let fetched = runtime.block_on(client.fetch(&source, &Validators::default()));
        std::thread::sleep(Duration::from_millis(500));
        fetched
    };
    for _ in 0..2 {
        let fetched = ask();
        assert!(matches!(fetched, Fetched::Page(_)), "{fetched:?}");
    }
    assert!(!failure(&ask()).is_empty());
}

#[test]
fn a_server_that_speaks_only_what_is_too_old_is_a_failure_that_says_so() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer);
            // A fatal alert, protocol_version (RFC 8446 §6.2): what a server of TLS 1.0 says to whoever asks for 1.2.
            send(&mut stream, &[0x15, 3, 1, 0, 2, 2, 70]);
        }
    });
    let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
    let said =
        failure(&fetch(lookup, &source(&format!("https://site.example:{port}/"), "allow_private = true")));
    assert!(said.to_ascii_lowercase().contains("version"), "{said}");
}

/// Zstandard (RFC 8878) of `count` MiB of zeros: blocks of 128 KiB, each told by one byte.
fn zstd_bomb(count: usize) -> Vec<u8> {
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    for nth in 1..=count * 8 {
        let is_last = u32::from(nth == count * 8);
        let header = is_last | (1 << 1) | ((128 << 10) << 3);
        packed.extend_from_slice(&header.to_le_bytes()[..3]);
        packed.push(0);
    }
    packed
}

/// Brotli (RFC 7932) of the same.
fn brotli_bomb(count: usize) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 64 << 10, 5, 22);
    for _ in 0..count {
        writer.write_all(&vec![0; 1 << 20]).expect("memory");
    }
    drop(writer);
    packed
}

/// What one source may make of the whole process, in KiB, unoptimized as it is built for tests; a page may have 20 MiB.
const ROW_CEILING_KIB: u64 = 128 << 10;

#[test]
fn what_would_fill_memory_is_cut_whatever_it_is_packed_by() {
    type Answers = Box<dyn Fn(&mut TcpStream) + Send + Sync>;
    let packed = |coding: &'static str, bytes: Vec<u8>| -> Answers {
        let headers = format!("{HTML}content-encoding: {coding}\r\n");
        Box::new(move |stream| {
            answer(stream, "200 OK", &headers, &bytes);
        })
    };
    let endless = |head: &'static str, piece: Vec<u8>| -> Answers {
        Box::new(move |stream| {
            send(stream, head.as_bytes());
            while stream.write_all(&piece).is_ok() {}
        })
    };
    let elements = "<br>".repeat(4 << 20);
    let values = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{}0]}}",
        "{\"\":0},".repeat(2 << 20)
    );
    let beginnings = format!("<rss><channel><title>{}", "<?".repeat((10 << 20) - 100));
    let rows: [(&str, &str, Answers); 9] = [
        ("beginnings", "unreadable", packed("gzip", gzip(beginnings.as_bytes()))),
        ("elements", "unreadable", packed("gzip", gzip(elements.as_bytes()))),
        ("values", "unreadable", packed("gzip", gzip(values.as_bytes()))),
        ("gzip", "unreadable", packed("gzip", bomb(512))),
        ("br", "unreadable", packed("br", brotli_bomb(512))),
        ("zstd", "unreadable", packed("zstd", zstd_bomb(512))),
        ("endless", "unreadable", endless("HTTP/1.1 200 OK\r\n\r\n", vec![b'x'; 64 << 10])),
        (
            "endless chunks",
            "unreadable",
            endless(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                [b"10000\r\n", &vec![b'x'; 64 << 10][..], b"\r\n"].concat(),
            ),
        ),
        (
            "an endless head",
            "unreachable",
            endless("HTTP/1.1 200 OK\r\n", b"x-a: bbbbbbbbbbbbbbbb\r\n".repeat(1000)),
        ),
    ];
    for (name, word, answers) in rows {
        let server = Server::start("127.0.0.1", Box::new(move |_, stream| answers(stream)));
        let place = Place::new();
        let path = crate::network::config(&place, &server, "");
        let out = std::fs::File::create(place.path().join("out")).expect("a file");
        let mut command = place.command(&["run", "--json", "--config", &path]);
        let mut child = command.stdout(out).stderr(Stdio::null()).spawn().expect("the program starts");
        let (mut most, begun) = (0, Instant::now());
        while child.try_wait().expect("it can be waited for").is_none() {
            most = most.max(peak(child.id()));
            std::thread::sleep(Duration::from_millis(5));
        }
        let out = std::fs::read_to_string(place.path().join("out")).expect("a file");
        assert!(out.contains(&format!("\"verdict\":\"{word}\"")), "{name}: {out}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
        assert!(most > 0 && most < ROW_CEILING_KIB, "{name}: {most} KiB at the peak");
        // For who looks: `cargo test --test it wire -- --nocapture`.
        println!("{name}: {most} KiB at the peak, {:?}", begun.elapsed());
    }
}

/// Bytes, packed.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn what_came_is_no_page_and_leaves_the_feed_as_it_was() {
    const GZIP: &str = "content-type: text/html\r\ncontent-encoding: gzip\r\n";
    let whole = gzip(&page(&["a", "b"]));
    let cut = whole[..whole.len() - 20].to_vec();
    let mut wrong = whole;
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 0xff;
    let rows: [(&str, &str, &'static str, &'static str, Vec<u8>); 9] = [
        ("packed and cut", "unreachable", "200 OK", GZIP, cut),
        ("a wrong checksum", "unreachable", "200 OK", GZIP, wrong),
        ("a byte order mark alone", "unreadable", "200 OK", HTML, b"\xef\xbb\xbf".to_vec()),
        ("nothing", "unreadable", "200 OK", HTML, Vec::new()),
        ("205", "unreadable", "205 Reset Content", HTML, Vec::new()),
        ("a part nobody asked for", "unreadable", "206 Partial Content", HTML, page(&["c"])),
        ("600", "unreadable", "600 What", HTML, page(&["c"])),
        ("999", "unreadable", "999 Request denied", HTML, page(&["c"])),
        (
            "a picture",
            "unreadable",
            "200 OK",
            "content-type: text/html\r\n",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
        ),
    ];
    for (name, word, status, headers, body) in rows {
        let (verdict, reason) =
            crate::network::after_a_good_page("", move |stream| answer(stream, status, headers, &body));
        assert_eq!(verdict, word, "{name}: {reason}");
    }
    let (verdict, reason) = crate::network::after_a_good_page("timeout = \"3s\"", |_| {});
    assert_eq!(verdict, "unreachable", "closed without a word: {reason}");
}

#[test]
fn what_went_wrong_is_told_in_words_for_people() {
    const CUT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n<html>";
    let rows: [(&'static [u8], &str); 4] = [
        (b"", "no answer: the connection was closed"),
        (b"SSH-2.0-OpenSSH_9\r\n", "the answer cannot be read: invalid HTTP version"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: -4\r\n\r\n",
            "the answer cannot be read: invalid content-length",
        ),
        (CUT, "the answer broke off or is damaged: it ended too early"),
    ];
    for (bytes, reason) in rows {
        let (_, told) = crate::network::after_a_good_page("", move |stream| send(stream, bytes));
        assert_eq!(told, reason);
    }
}

#[test]
fn a_port_that_nobody_listens_at_is_unreachable_and_named() {
    let free =
        TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port");
    let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
    let said = failure(&fetch(lookup, &source(&format!("http://{free}/"), "allow_private = true")));
    assert_eq!(said, "cannot connect: the connection was refused");
}

#[test]
fn a_chain_of_redirects_ends_at_the_sixth_and_more_bytes_than_were_told_do_not_count() {
    let server = Server::start(
        "127.0.0.1",
        Box::new(|request, stream| {
            let nth: usize = request.split(' ').nth(1).and_then(|path| path[1..].parse().ok()).unwrap_or(0);
            answer(stream, "302 Found", &format!("location: /{}\r\n", nth + 1), b"");
        }),
    );
    let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
    let said =
        failure(&fetch(lookup, &source(&format!("http://{}/", server.address), "allow_private = true")));
    assert!(said.starts_with("more than 5 redirects"), "{said}");
    assert_eq!(server.paths(), ["/", "/1", "/2", "/3", "/4", "/5"]);

    let server = Server::start(
        "127.0.0.1",
        Box::new(|_, stream| send(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcdEVIL")),
    );
    let (lookup, _) = resolver(&[vec!["127.0.0.1"]]);
    let fetched = fetch(lookup, &source(&format!("http://{}/", server.address), "allow_private = true"));
    assert!(matches!(&fetched, Fetched::Page(page) if page.body == b"abcd"), "{fetched:?}");
}

#[test]
fn what_a_server_wants_remembered_is_remembered_within_reason() {
    let cookies = "set-cookie: sid=1\r\n".repeat(100);
    let headers = format!("{HTML}{cookies}etag: \"{}\"\r\nlast-modified: soon\r\n", "a".repeat(2000));
    let server = Server::start(
        "127.0.0.1",
        Box::new(move |_, stream| answer(stream, "200 OK", &headers, &page(&["a"]))),
    );
    let place = Place::new();
    let path = crate::network::config(&place, &server, "");
    for _ in 0..2 {
        crate::network::run(&place, &path);
    }
    let asked = &server.asked()[1];
    assert!(!asked.contains("cookie") && !asked.contains("if-none-match"), "{asked}");
    assert!(asked.contains("if-modified-since: soon\r\n"), "opaque: {asked}");

    let server =
        Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "304 Not Modified", "", b"")));
    let place = Place::new();
    let ended = crate::network::run(&place, &crate::network::config(&place, &server, ""));
    let (verdict, reason) = crate::network::verdict(&ended);
    assert_eq!(verdict, "unreachable", "{reason}");
    assert!(reason.contains("without a condition"), "{reason}");
}
