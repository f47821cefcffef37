//! Two thousand sources on two hundred hosts of loopback, a third of which misbehave on purpose.
#![allow(clippy::disallowed_methods)]

use std::{
    fmt::Write as _,
    fs,
    net::TcpStream,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::{
    network::{HTML, Script, Server, answer, bomb, page, send},
    program::Place,
};

const HOSTS: usize = 200;

/// What the whole process may take at its peak, in KiB, unoptimized as it is built for tests. Sixty-four origins are
/// asked at once, and a third of them would fill any memory they are given.
const CEILING_KIB: u64 = 256 << 10;

/// What one more source may add, in KiB: its config, and its state in the store's memory.
const MOST_OF_EACH_KIB: u64 = 8;

/// By how much two runs differ whatever their number of sources, in KiB: which of the pages without end and the bombs
/// are in the air at once is chance.
const IN_THE_AIR_KIB: u64 = 80 << 10;

/// A third of the hosts: each has its own way to be bad.
fn is_bad(host: usize) -> bool {
    host.is_multiple_of(3)
}

fn misbehave(way: usize, stream: &mut TcpStream, packed: &[u8]) {
    match way % 9 {
        // Never answers.
        0 => std::thread::sleep(Duration::from_secs(600)),
        // Drips.
        1 => {
            send(stream, b"HTTP/1.1 200 OK\r\n\r\n");
            while std::io::Write::write_all(stream, b"<p>").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        // Never ends.
        2 => {
            send(stream, b"HTTP/1.1 200 OK\r\n\r\n");
            while std::io::Write::write_all(stream, &[b'x'; 8192]).is_ok() {}
        }
        // Unpacks to a thousand times its size.
        3 => answer(stream, "200 OK", &format!("{HTML}content-encoding: gzip\r\n"), packed),
        4 => answer(stream, "500 Oops", "", b"down"),
        5 => answer(stream, "429 Too Many Requests", "retry-after: 7200\r\n", b""),
        // Breaks off.
        6 => send(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n<article>"),
        7 => answer(stream, "302 Found", "location: /round\r\n", b""),
        _ => send(stream, b"\x16\x03\x01\x02\x00\x01"),
    }
}

fn server(host: usize, packed: &'static [u8]) -> Server {
    let script: Box<Script> = Box::new(move |request, stream| {
        if is_bad(host) {
            misbehave(host / 3, stream, packed);
        } else if request.starts_with("get /robots.txt ") {
            answer(stream, "200 OK", "", b"User-agent: *\nDisallow: /private\n");
        } else {
            answer(stream, "200 OK", HTML, &page(&["a", "b", "c"]));
        }
    });
    Server::start(&format!("127.1.{}.{}", host / 100, host % 100 + 1), script)
}

/// The peak of a process's memory so far, in KiB; 0: it has ended.
pub fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// Runs so many sources; the peak of the memory, in KiB.
fn crowd(sources: usize, packed: &'static [u8]) -> u64 {
    let servers: Vec<Server> = (0..HOSTS).map(|host| server(host, packed)).collect();
    let place = Place::new();
    let mut text =
        "[defaults]\nspacing = \"1s\"\nallow_private = [\"127.1.0.0/16\"]\ntimeout = \"2s\"\n".to_owned();
    for nth in 0..sources {
        let (host, nth) = (nth % HOSTS, nth / HOSTS);
        let _ = write!(
            text,
            "[source.h{host}-{nth}]\nurl = \"http://{}/{nth}\"\nentry = \"article\"\nheadline = \"h2 a\"\n",
            servers[host].address
        );
    }
    let path = place.write("gleaner.toml", text);
    let mut command = place.command(&["run", "--json", "--config", path.to_str().expect("UTF-8")]);
    let out = fs::File::create(place.path().join("out")).expect("a file");
    let begun = Instant::now();
    let mut child = command.stdout(out).stderr(Stdio::null()).spawn().expect("the program starts");
    let mut most = 0;
    while child.try_wait().expect("it can be waited for").is_none() {
        most = most.max(peak(child.id()));
        std::thread::sleep(Duration::from_millis(50));
    }

    let out = fs::read_to_string(place.path().join("out")).expect("a file");
    let lines: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), sources, "each source has its line");
    for line in &lines {
        let id = line["source"].as_str().expect("an id");
        let host: usize = id[1..].split('-').next().expect("a host").parse().expect("a number");
        let is_new = line["verdict"] == "new";
        assert_eq!(is_new, !is_bad(host), "{line}");
        let feed = place.path().join("feeds").join(format!("{id}.atom"));
        assert_eq!(feed.exists(), !is_bad(host), "{id}");
    }
    for (host, server) in servers.iter().enumerate() {
        let rest = server.shortest_rest();
        assert!(rest.is_none_or(|rest| rest >= Duration::from_millis(950)), "host {host}: {rest:?}");
        if !is_bad(host) {
            let of_host = (host..sources).step_by(HOSTS).count();
            assert_eq!(server.paths().len(), of_host + 1, "robots.txt once, each page once");
        }
    }
    // For who looks: `cargo test --test it crowd -- --nocapture`.
    println!("{sources} sources on {HOSTS} hosts, {most} KiB at the peak, {:?}", begun.elapsed());
    most
}

/// `GLEANER_CROWD` says how many sources the larger run has.
#[test]
fn every_good_source_is_published_whatever_the_others_do_and_memory_does_not_grow_with_their_number() {
    let packed: &'static [u8] = Box::leak(bomb(64).into_boxed_slice());
    let many = std::env::var("GLEANER_CROWD").ok().and_then(|text| text.parse().ok()).unwrap_or(2000);
    let few = crowd(500, packed);
    let most = crowd(many, packed);
    assert!(most < CEILING_KIB, "{most} KiB at the peak");
    let more = many.saturating_sub(500) as u64;
    let allowed = few + IN_THE_AIR_KIB + more * MOST_OF_EACH_KIB;
    assert!(most < allowed, "{few} KiB for 500 sources, {most} for {many}, allowed were {allowed}");
}
