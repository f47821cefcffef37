//! `serve` as systemd and a person at a terminal meet it.
#![allow(clippy::disallowed_methods)]

use std::{
    fmt::Write as _,
    os::unix::net::UnixDatagram,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    network::{HTML, Server, answer, page},
    program::Place,
};

/// A `serve` that is killed when the test forgets it.
pub struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    pub fn start(place: &Place, config: &str, notify: Option<&std::path::Path>) -> Self {
        let mut command = place.command(&["serve", "--config", config]);
        if let Some(socket) = notify {
            command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", "600000");
        }
        let errors = std::fs::File::create(place.path().join("errors")).expect("a file");
        Self(command.stdout(Stdio::null()).stderr(errors).spawn().expect("the program starts"))
    }

    pub fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.0.id().to_string()]).status();
        assert!(killed.expect("kill is there").success());
    }

    /// Its exit status, and how long it took to end.
    pub fn ended(&mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                return (status.code(), begun.elapsed());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }
}

/// Waits until something holds; a test that hangs fails after a minute.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn config(place: &Place, sources: &[(&str, &Server)]) -> String {
    let mut text =
        "[defaults]\nlisten = \"127.0.0.1:0\"\nspacing = \"0s\"\nallow_private = true\nrobots = false\n"
            .to_owned();
    for (id, server) in sources {
        let _ = write!(
            text,
            "[source.{id}]\nurl = \"http://{}/{id}\"\nentry = \"article\"\nheadline = \"h2 a\"\n",
            server.address
        );
    }
    place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned()
}

fn good() -> Server {
    Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a", "b"]))))
}

/// Accepts, and says nothing for longer than any test lives.
fn tarpit() -> Server {
    Server::start("127.0.0.2", Box::new(|_, _| std::thread::sleep(Duration::from_secs(600))))
}

fn has_feed(place: &Place, id: &str) -> bool {
    place.path().join("feeds").join(format!("{id}.atom")).exists()
}

#[test]
fn it_follows_publishes_and_ends_at_once_though_an_origin_never_answers() {
    for signal in ["-TERM", "-INT"] {
        let (good, tarpit) = (good(), tarpit());
        let place = Place::new();
        let path = config(&place, &[("news", &good), ("slow", &tarpit)]);
        let mut serving = Serving::start(&place, &path, None);
        until("the good source is published", || has_feed(&place, "news"));
        until("the other one is asked", || !tarpit.asked().is_empty());
        serving.signal(signal);
        let (exit, took) = serving.ended();
        assert_eq!(exit, Some(0));
        assert!(took < Duration::from_secs(5), "{took:?}");
        // What was committed stays, and a restart asks nobody again.
        let mut again = Serving::start(&place, &path, None);
        until("the source that never answered is asked again", || tarpit.asked().len() == 2);
        again.signal(signal);
        again.ended();
        assert_eq!(good.asked().len(), 1);
    }
}

#[test]
fn a_valid_config_is_taken_on_a_signal_and_a_broken_one_changes_nothing() {
    let (first, second) = (good(), good());
    let place = Place::new();
    let path = config(&place, &[("first", &first)]);
    let mut serving = Serving::start(&place, &path, None);
    until("the first source is published", || has_feed(&place, "first"));
    let errors = || std::fs::read_to_string(place.path().join("errors")).unwrap_or_default();

    let fine = std::fs::read_to_string(&path).expect("the config");
    std::fs::write(&path, fine.replace("entry", "entri")).expect("the config can be written");
    serving.signal("-HUP");
    until("the problems are told", || errors().contains("going on by the old config"));
    assert!(errors().contains("did you mean `entry`"), "{}", errors());

    config(&place, &[("first", &first), ("second", &second)]);
    serving.signal("-HUP");
    until("the second source is published", || has_feed(&place, "second"));
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1), "what is not due is not asked");

    let taken = std::fs::read_to_string(&path).expect("the config");
    let renamed = taken.replace(
        "[source.second]",
        "[feed.all]\ntitle = \"All\"\nsources = [\"*\"]\n[source.third]\nwas = \"second\"",
    );
    std::fs::write(&path, renamed).expect("the config can be written");
    serving.signal("-HUP");
    until("what is renamed or new is published before it is due", || {
        has_feed(&place, "third") && has_feed(&place, "all")
    });
    assert_eq!(second.asked().len(), 1);
    serving.signal("-TERM");
    assert_eq!(serving.ended().0, Some(0));
}

#[test]
fn a_source_that_mends_itself_is_followed_by_its_new_config_at_once() {
    let rows = |around: (&str, &str)| {
        let stories = ["harbour", "council", "ferry", "school", "library"];
        let rows = stories.map(|s| format!("{}<a href=\"/{s}\">News of the {s}</a>{}", around.0, around.1));
        format!("<html><body>{}</body></html>", rows.concat())
    };
    let anew = rows(("<p class=story>", "</p>"));
    let server =
        Server::start("127.0.0.1", Box::new(move |_, to| answer(to, "200 OK", HTML, anew.as_bytes())));
    let place = Place::new();
    let path = config(&place, &[("news", &server)]);
    let text = std::fs::read_to_string(&path).expect("the config");
    std::fs::write(&path, text.replace("[source.news]", "[source.news]\nheal = \"auto\""))
        .expect("it can be written");
    // What it remembers is of last year, so it is due.
    place.write("pages/news/2025-03-07/page.html", rows(("<article><h2>", "</h2></article>")));
    let case = format!("url = \"http://{}/news\"\nfetched_at = \"2025-03-07T10:00:00Z\"\n", server.address);
    place.write("pages/news/2025-03-07/case.toml", case);
    let pages = place.path().join("pages").display().to_string();
    assert_eq!(place.gleaner(&["run", "--replay", &pages, "--config", &path]).exit, 0);

    let mut serving = Serving::start(&place, &path, None);
    let errors = || std::fs::read_to_string(place.path().join("errors")).unwrap_or_default();
    until("the mended config is read", || errors().contains("read the config again"));
    let text = std::fs::read_to_string(&path).expect("the config");
    assert!(text.contains("entry = \".story\""), "{text}");
    let health = std::fs::read_to_string(place.path().join("feeds/health.atom")).expect("it is there");
    assert!(health.contains("its selectors were mended"), "{health}");
    serving.signal("-TERM");
    assert_eq!(serving.ended().0, Some(0));
}

#[test]
fn systemd_is_told_when_it_is_ready_alive_and_ending() {
    let good = good();
    let place = Place::new();
    let path = config(&place, &[("news", &good)]);
    let socket = place.path().join("notify");
    let listener = UnixDatagram::bind(&socket).expect("a socket");
    listener.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
    let mut serving = Serving::start(&place, &path, Some(&socket));
    let mut buffer = [0; 256];
    let mut heard = String::new();
    let mut hear = |word: &str| {
        while !heard.contains(word) {
            let length =
                listener.recv(&mut buffer).unwrap_or_else(|error| panic!("no {word}: {error}, {heard}"));
            heard += &String::from_utf8_lossy(&buffer[..length]);
        }
        heard.clear();
    };
    hear("READY=1");
    hear("WATCHDOG=1");
    hear("WATCHDOG=1");
    serving.signal("-TERM");
    hear("STOPPING=1");
    assert_eq!(serving.ended().0, Some(0));
}

#[test]
fn what_it_publishes_it_serves_until_it_ends() {
    use std::io::{Read as _, Write as _};
    let origin = good();
    let place = Place::new();
    let path = config(&place, &[("news", &origin)]);
    let mut serving = Serving::start(&place, &path, None);
    let errors = || std::fs::read_to_string(place.path().join("errors")).unwrap_or_default();
    until("it says where it answers", || errors().contains("serving http://"));
    until("the source is published", || has_feed(&place, "news"));
    let said = errors();
    let address =
        said.split("serving http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let get = |name: &str| {
        let mut stream = std::net::TcpStream::connect(address).expect("it listens");
        write!(stream, "GET /{name} HTTP/1.0\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let feed = String::from_utf8(place.feed("news")).expect("UTF-8");
    // It says how long it is to the next visit, not how long it usually takes.
    let age = |answer: &str| -> u32 {
        let rest = answer.split("max-age=").nth(1).expect("an age");
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number")
    };
    // Until that is known, which is after the feed is written, it says five minutes.
    until("the next visit is known", || age(&get("news.atom")) > 300);
    let answer = get("news.atom");
    std::thread::sleep(Duration::from_millis(2100));
    let later = get("news.atom");
    assert!((1..10).contains(&(age(&answer) - age(&later))), "{answer}\n{later}");
    assert!(answer.starts_with("HTTP/1.0 200 ") && answer.ends_with(&feed), "{answer}");
    assert!(
        get("health").ends_with(
            "{\"failing\":0,\"need_a_person\":0,\"refreshed\":1,\"sources\":1,\"status\":\"ok\"}\n"
        )
    );
    // A connection that is kept open does not hold it up.
    let _idle = std::net::TcpStream::connect(address).expect("it listens");
    serving.signal("-TERM");
    let (exit, took) = serving.ended();
    assert_eq!(exit, Some(0));
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_slow_publish_command_holds_up_no_feed() {
    let (first, second) = (good(), good());
    let place = Place::new();
    let path = config(&place, &[("first", &first)]);
    let told = place.path().join("told");
    let command = format!(
        "publish_command = [\"/bin/sh\", \"-c\", \"echo $GLEANER_FEED >> {}; exec sleep 600\"]\n[source",
        told.display()
    );
    let slow = |path: &str| {
        let text = std::fs::read_to_string(path).expect("the config").replacen("[source", &command, 1);
        std::fs::write(path, text).expect("the config can be written");
    };
    slow(&path);
    let mut serving = Serving::start(&place, &path, None);
    until("the command is run", || told.exists());
    slow(&config(&place, &[("first", &first), ("second", &second)]));
    serving.signal("-HUP");
    until("the second source is published meanwhile", || has_feed(&place, "second"));
    serving.signal("-TERM");
    let (exit, took) = serving.ended();
    assert_eq!(exit, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_slow_alert_command_keeps_no_feed_waiting() {
    let broken = Server::start("127.0.0.2", Box::new(|_, stream| answer(stream, "404 Not Found", "", b"")));
    let late = Server::start(
        "127.0.0.1",
        Box::new(|_, stream| {
            std::thread::sleep(Duration::from_secs(2));
            answer(stream, "200 OK", HTML, &page(&["a", "b"]));
        }),
    );
    let place = Place::new();
    let path = config(&place, &[("broken", &broken), ("late", &late)]);
    let began = place.path().join("began");
    let command = format!(
        "alert_after = 1\nalert_command = [\"/bin/sh\", \"-c\", \"touch {}; exec sleep 25\"]\n",
        began.display()
    );
    let text = std::fs::read_to_string(&path).expect("the config").replacen(
        "listen",
        &format!("{command}listen"),
        1,
    );
    std::fs::write(&path, text).expect("the config can be written");
    let mut serving = Serving::start(&place, &path, None);
    until("a person is told", || began.exists());
    let told = Instant::now();
    until("the other source is published", || has_feed(&place, "late"));
    assert!(told.elapsed() < Duration::from_secs(20), "{:?}", told.elapsed());
    serving.signal("-TERM");
    let (exit, took) = serving.ended();
    assert_eq!(exit, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn who_only_looks_need_not_stop_it() {
    let (place, server) = (Place::new(), good());
    let config = config(&place, &[("news", &server)]);
    let mut serving = Serving::start(&place, &config, None);
    until("it publishes", || has_feed(&place, "news"));
    let ended = |command: &[&str]| place.gleaner(&[command, &["--config", &config]].concat());
    let status = ended(&["status"]);
    assert!(status.exit == 0 && status.out.contains("news    new                2"), "{status:?}");
    assert_eq!(ended(&["check"]).exit, 0);
    assert!(ended(&["heal", "news"]).out.contains("nothing to heal"));
    let file = place.path().join("all.jsonl").display().to_string();
    assert_eq!(ended(&["export", &file]).exit, 0);
    let dry = ended(&["run", "--dry-run", "--force"]);
    assert!(dry.exit == 0 && dry.out.contains("news: unchanged"), "{dry:?}");
    let run = ended(&["run"]);
    assert_eq!(run.exit, 3);
    assert!(run.err.contains("hint: it asks each source when it is due; stop it first"), "{}", run.err);
    serving.signal("-TERM");
    assert_eq!(serving.ended().0, Some(0));
    let after = ended(&["export"]).out;
    assert_eq!(std::fs::read_to_string(file).expect("it is there"), after);
}
