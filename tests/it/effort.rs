//! How much is done: what has not changed is neither read, made nor written again, and the disk is waited for once for
//! many. Counted, or compared within one run; no test knows how fast a machine is.
#![allow(clippy::disallowed_methods)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use crate::{
    network::{HTML, Server, answer},
    program::{Ended, Place, ended},
};

const HOSTS: usize = 8;
const SOURCES: usize = 48;

/// Sources of which every second one has validators, and a feed that joins them all.
struct Crowd {
    place: Place,
    config: String,
    /// The sources whose page is another now.
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
    _servers: Vec<Server>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    First,
    /// With one story more.
    Grown,
    /// With the words of one story changed.
    Edited,
}

/// What a run did.
#[derive(Debug)]
struct Effort {
    /// Feeds that were rendered.
    rendered: BTreeSet<String>,
    /// How many sources were looked at.
    looked_at: usize,
    /// How many times the disk was waited for: commits, and batches of files.
    commits: usize,
    batches: usize,
    /// Verdicts of the sources, with their reasons.
    verdicts: Vec<String>,
    /// Processor time in milliseconds.
    spent: u64,
}

impl Crowd {
    fn new(subnet: u8) -> Self {
        let pages: Arc<Mutex<BTreeMap<String, Page>>> = Arc::default();
        let servers: Vec<Server> = (1..=HOSTS)
            .map(|host| {
                let pages = Arc::clone(&pages);
                let script = move |request: &str, stream: &mut std::net::TcpStream| {
                    let path = request.split(' ').nth(1).unwrap_or_default();
                    let id = path.trim_matches('/').to_owned();
                    let page = pages
                        .lock()
                        .expect("no test panics with it")
                        .get(&id)
                        .copied()
                        .unwrap_or(Page::First);
                    let has_validators = id.ends_with(['0', '2', '4', '6', '8']);
                    let tag = format!("\"{page:?}\"").to_lowercase();
                    if has_validators && request.contains(&format!("if-none-match: {tag}")) {
                        answer(stream, "304 Not Modified", "", b"");
                        return;
                    }
                    let validators =
                        if has_validators { format!("{HTML}etag: {tag}\r\n") } else { HTML.to_owned() };
                    answer(stream, "200 OK", &validators, &listing(&id, page));
                };
                Server::start(&format!("127.4.{subnet}.{host}"), Box::new(script))
            })
            .collect();
        let place = Place::new();
        let mut text = "[defaults]\nspacing = \"0s\"\nallow_private = true\nrobots = false\n\
                        [feed.all]\ntitle = \"All\"\nsources = [\"s*\"]\n"
            .to_owned();
        for number in 0..SOURCES {
            let address = &servers[number % HOSTS].address;
            let _ = write!(
                text,
                "[source.s{number}]\nurl = \"http://{address}/s{number}\"\nentry = \"article\"\nheadline = \"h2 a\"\nteaser = \"p\"\n"
            );
        }
        let config = place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned();
        Self { place, config, pages, _servers: servers }
    }

    /// Asks every source.
    fn run(&self) -> Effort {
        self.run_with(&["--force"])
    }

    fn run_with(&self, more: &[&str]) -> Effort {
        let arguments = [&["run", "--json", "--config", &self.config], more].concat();
        Effort::of(&timed(&self.place.command(&arguments)))
    }

    fn put(&self, id: &str, page: Page) {
        self.pages.lock().expect("no test panics with it").insert(id.to_owned(), page);
    }

    /// When each file of the index last changed.
    fn index(&self) -> BTreeMap<std::ffi::OsString, std::time::SystemTime> {
        let files = fs::read_dir(self.place.path().join("state/db")).expect("an index");
        let files = files.map(|file| file.expect("it can be read"));
        let changed = |file: &fs::DirEntry| file.metadata().and_then(|data| data.modified()).expect("a time");
        files.map(|file| (file.file_name(), changed(&file))).collect()
    }

    fn feed(&self, name: &str) -> std::path::PathBuf {
        self.place.path().join(format!("feeds/{name}.atom"))
    }
}

/// Runs the program; the last line of what it says is what it spent.
fn timed(program: &Command) -> Ended {
    let mut shell = Command::new("sh");
    shell.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-c", "\"$@\" && times", "sh"]);
    shell.arg(program.get_program()).args(program.get_args()).env("GLEANER_LOG", "gleaner=debug");
    let ended = ended(&shell.output().expect("a shell"));
    assert_eq!(ended.exit, 0, "{ended:?}");
    ended
}

/// How many files and folders are in a folder.
fn below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("it can be read").path());
    entries.map(|path| 1 + if path.is_dir() { below(&path) } else { 0 }).sum()
}

fn listing(id: &str, page: Page) -> Vec<u8> {
    let stories = if page == Page::Grown { 21 } else { 20 };
    let mut text = "<html><head><title>News</title></head><body>".to_owned();
    for number in (0..stories).rev() {
        let told = if page == Page::Edited && number == 7 { "sung" } else { "told" };
        let _ = write!(
            text,
            "<article><div class=\"a b\"><h2><a href=\"/{id}/{number}\">Story {number} of {id}</a></h2></div>\
             <p>On 6 March, story {number} of {id} was {told}, and people listened to all of it.</p></article>"
        );
    }
    text.into_bytes()
}

impl Effort {
    fn of(ended: &Ended) -> Self {
        let plain = ended.err.replace("\u{1b}[0m", "").replace("\u{1b}[3m", "").replace("\u{1b}[2m", "");
        let rendered = plain
            .lines()
            .filter_map(|line| line.split_once("rendering feed="))
            .map(|(_, feed)| feed.trim().to_owned());
        let looked_at = plain.lines().filter_map(|line| line.split_once("looking sources="));
        let count = |what: &str| plain.lines().filter(|line| line.contains(what)).count();
        let verdict = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).ok()?;
            let reason = value["reason"].as_str().unwrap_or_default();
            Some(format!("{} {reason}", value["verdict"].as_str()?).trim_end().to_owned())
        };
        Self {
            rendered: rendered.collect(),
            looked_at: looked_at.map(|(_, sources)| sources.trim().parse::<usize>().expect("a number")).sum(),
            commits: count("committed plans="),
            batches: count("published files="),
            verdicts: ended.out.lines().filter_map(verdict).collect(),
            spent: children(&ended.out),
        }
    }

    fn count(&self, verdict: &str) -> usize {
        self.verdicts.iter().filter(|found| *found == verdict).count()
    }
}

/// What the last line of `times` says of the shell's children: `0m0.12s 0m0.03s`.
fn children(text: &str) -> u64 {
    let line = text.lines().last().expect("times were told");
    let part = |word: &str| {
        let (minutes, seconds) = word.trim_end_matches('s').split_once('m').expect("minutes and seconds");
        let minutes: f64 = minutes.parse().expect("minutes");
        let seconds: f64 = seconds.replace(',', ".").parse().expect("seconds");
        (minutes * 60_000.0 + seconds * 1_000.0).round()
    };
    format!("{:.0}", line.split_whitespace().map(part).sum::<f64>()).parse().expect("a number")
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_has_not_changed_is_not_made_again() {
    let crowd = Crowd::new(1);
    let cold = crowd.run();
    assert_eq!(cold.count("new"), SOURCES, "{cold:?}");
    // Each source, all of them joined, and the health of them.
    assert_eq!(cold.rendered.len(), SOURCES + 2, "{cold:?}");
    assert_eq!(cold.batches, 1, "all feeds wait for the disk together: {cold:?}");
    assert!(cold.commits <= SOURCES / 4, "what comes in together is committed together: {cold:?}");
    let made = below(&crowd.place.path().join("state/pages")) + below(&crowd.place.path().join("feeds"));
    assert_eq!(made, 2 * SOURCES + 2, "a file for each feed, and one for each page that is kept");

    let index = crowd.index();
    let again = crowd.run();
    assert_eq!(crowd.index(), index, "nobody asked for a record, so the index was not opened");
    assert_eq!(again.count("unchanged 304 Not Modified"), SOURCES / 2, "{again:?}");
    assert_eq!(again.count("unchanged the same bytes"), SOURCES / 2, "{again:?}");
    assert_eq!((again.rendered.len(), again.batches), (0, 0), "{again:?}");
    assert!(2 * again.spent < cold.spent, "{} ms and {} ms", again.spent, cold.spent);

    crowd.put("s3", Page::Grown);
    let one = crowd.run();
    assert_eq!(one.count("new"), 1, "{one:?}");
    assert_eq!((one.rendered, one.batches), (names(&["all", "s3"]), 1));
    assert_ne!(crowd.index(), index);
    crowd.put("s4", Page::Edited);
    assert_eq!(crowd.run().rendered, names(&["all", "s4"]));
    assert_eq!(crowd.run().rendered, names(&[]));
}

#[test]
fn what_sources_have_in_common_is_read_once() {
    const MANY: usize = 4_000;
    let place = Place::new();
    let spent = |name: &str, own: &dyn Fn(usize) -> String| {
        let table = |number: usize| {
            let own = own(number);
            format!(
                "[source.s{number}]\nurl = \"https://s{number}.example/\"\nentry = \"article\"\nheadline = \"h2 a\"\n{own}"
            )
        };
        let config = place.write(name, (0..MANY).map(table).collect::<String>());
        children(&timed(&place.command(&["check", "--config", config.to_str().expect("UTF-8")])).out)
    };
    let alike = spent("alike.toml", &|_| String::new());
    let each_its_own = spent("own.toml", &|number| format!("keep_entries = {}\n", number % 900 + 1));
    assert!(2 * alike < each_its_own, "{alike} ms and {each_its_own} ms");
}

#[test]
fn no_source_is_looked_at_twice_in_a_pass() {
    let crowd = Crowd::new(5);
    crowd.run();
    let idle = crowd.run_with(&[]);
    assert_eq!(idle.verdicts.len(), SOURCES, "{idle:?}");
    assert_eq!(idle.looked_at, SOURCES, "none is due, and the feed that joins them stands: {idle:?}");
    assert_eq!(crowd.run().looked_at, SOURCES, "what is known after a refresh is known by it");
    crowd.put("s6", Page::Grown);
    let one = crowd.run_with(&["--force", "s6"]);
    // The joined feed is made anew, for which all are looked at.
    assert_eq!((one.rendered, one.looked_at), (names(&["all", "s6"]), 2 * SOURCES));
}

#[test]
fn a_feed_that_was_removed_or_damaged_is_made_again() {
    let crowd = Crowd::new(2);
    crowd.run();
    let before = crowd.place.feeds();
    fs::remove_file(crowd.feed("s1")).expect("it is there");
    fs::write(crowd.feed("s2"), "damaged").expect("it can be written");
    let length = fs::metadata(crowd.feed("all")).expect("it is there").len();
    fs::write(crowd.feed("all"), " ".repeat(usize::try_from(length).expect("small")))
        .expect("it can be written");
    let mended = crowd.run();
    assert_eq!(mended.rendered, names(&["all", "s1", "s2"]));
    assert!(crowd.place.feeds() == before, "the same bytes again");
    assert_eq!(crowd.run().rendered, names(&[]));
}

#[test]
fn a_feed_whose_config_changed_is_made_again() {
    let crowd = Crowd::new(3);
    crowd.run();
    let text = fs::read_to_string(&crowd.config).expect("the config");
    let renamed = text.replace("[source.s7]\n", "[source.s7]\ntitle = \"Seven\"\n");
    fs::write(&crowd.config, renamed).expect("it can be written");
    // A joined feed names the source of each entry.
    assert_eq!(crowd.run().rendered, names(&["all", "s7"]));
    let fewer = text.replace("[source.s7]\n", "[source.s7]\ntitle = \"Seven\"\nkeep_entries = 3\n");
    fs::write(&crowd.config, fewer).expect("it can be written");
    assert_eq!(crowd.run().rendered, names(&["s7"]));
    let feed = feed_rs::parser::parse(&crowd.place.feed("s7")[..]).expect("a feed");
    assert_eq!(feed.entries.len(), 3);
}

#[test]
fn what_a_kill_left_unpublished_is_published_by_the_next_run() {
    let crowd = Crowd::new(4);
    crowd.run();
    crowd.put("s5", Page::Grown);
    // The output folder cannot be written: the commit stands, the feeds stay.
    let before = crowd.place.feed("s5");
    let (feeds, away) = (crowd.place.path().join("feeds"), crowd.place.path().join("away"));
    fs::rename(&feeds, &away).expect("it can be moved");
    fs::write(&feeds, "a file").expect("it can be written");
    let program = &mut crowd.place.command(&["run", "--force", "--config", &crowd.config]);
    let refused = ended(&program.output().expect("the program starts"));
    assert_eq!(refused.exit, 3, "{refused:?}");
    fs::remove_file(&feeds).expect("it can go");
    fs::rename(&away, &feeds).expect("it can be moved");
    assert!(crowd.place.feed("s5") == before);
    let healed = crowd.run();
    assert_eq!(healed.count("new"), 0, "{healed:?}");
    assert_eq!(healed.rendered, names(&["all", "s5"]));
    assert!(crowd.place.feed("s5") != before);
}
