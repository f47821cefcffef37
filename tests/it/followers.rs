//! Who follows what is published: a command of the user's, and WebSub hubs.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use crate::{
    network::{self, HTML, Server, answer, page},
    program::{Ended, Place},
};

/// Notes what it is told, and ends as the file `exit` says.
const COMMAND: &str = "publish_command = [\"/bin/sh\", \"-c\", \
    \"echo $GLEANER_FEED $GLEANER_PATH new=$GLEANER_NEW of=$GLEANER_ENTRIES >> told; exit $(cat exit 2>/dev/null || echo 0)\"]";

/// A site whose stories are changed by the test, a place, and who follows it.
struct Site {
    place: Place,
    server: Server,
    stories: Arc<Mutex<Vec<&'static str>>>,
}

impl Site {
    fn new() -> Self {
        let stories = Arc::new(Mutex::new(vec!["b", "a"]));
        let told = Arc::clone(&stories);
        let script = move |_: &str, stream: &mut std::net::TcpStream| {
            let body = page(&told.lock().expect("no test panics with it"));
            answer(stream, "200 OK", HTML, &body);
        };
        Self { place: Place::new(), server: Server::start("127.0.0.1", Box::new(script)), stories }
    }

    fn adds(&self, story: &'static str) {
        self.stories.lock().expect("no test panics with it").insert(0, story);
    }

    fn run(&self, more: &str) -> Ended {
        let joined = "[feed.all]\ntitle = \"All\"\nsources = \"*\"\n";
        let config = network::config(&self.place, &self.server, more);
        let text = fs::read_to_string(&config).expect("the config");
        fs::write(&config, text + joined).expect("the config can be written");
        let mut command = self.place.command(&["run", "--force", "--config", &config]);
        // The command's own files are where it is started.
        command.current_dir(self.place.path());
        crate::program::ended(&command.output().expect("the program starts"))
    }

    /// What the command was told since the last look: feed, counts.
    fn told(&self) -> Vec<String> {
        let path = self.place.path().join("told");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        let folder = self.place.path().join("feeds");
        text.lines().map(|line| line.replace(&format!("{}/", folder.display()), "")).collect()
    }
}

fn quiet() -> Ended {
    Ended { exit: 0, out: String::new(), err: String::new() }
}

#[test]
fn a_command_is_run_for_each_feed_whose_bytes_changed() {
    let site = Site::new();
    assert_eq!(site.run(COMMAND), quiet());
    let first = ["news news.atom new=2 of=2", "all all.atom new=2 of=2", "health health.atom new=0 of=0"];
    assert_eq!(site.told(), first);
    assert_eq!(site.run(COMMAND), quiet());
    assert_eq!(site.told(), [""; 0], "nothing changed");
    site.adds("c");
    assert_eq!(site.run(COMMAND), quiet());
    assert_eq!(site.told(), ["news news.atom new=1 of=3", "all all.atom new=1 of=3"]);
}

#[test]
fn a_command_that_fails_costs_no_feed_and_is_asked_again() {
    let site = Site::new();
    site.place.write("exit", "7");
    let failed = site.run(COMMAND);
    assert_eq!(failed.exit, 3);
    assert!(
        failed.err.contains("the publish command `/bin/sh` failed: exit status: 7 (at the feed `news`)"),
        "{}",
        failed.err
    );
    assert_eq!(failed.err.matches("error:").count(), 1, "once is enough: {}", failed.err);
    assert!(site.place.path().join("feeds/news.atom").exists());
    assert_eq!(site.told().len(), 3);
    site.adds("c");
    site.place.write("exit", "0");
    assert_eq!(site.run(COMMAND), quiet());
    let told = ["news news.atom new=3 of=3", "all all.atom new=3 of=3", "health health.atom new=0 of=0"];
    assert_eq!(site.told(), told, "of what it missed, too");
    assert_eq!(site.run(COMMAND), quiet());
    assert_eq!(site.told(), [""; 0]);
}

#[test]
fn a_kill_between_publishing_and_telling_is_made_good() {
    let site = Site::new();
    site.run("publish_command = [\"/bin/sh\", \"-c\", \"kill -9 $PPID\"]");
    assert!(site.place.path().join("feeds/news.atom").exists());
    assert_eq!(site.run(COMMAND).exit, 0);
    assert_eq!(site.told().len(), 3);
    assert_eq!(site.run(COMMAND), quiet());
    assert_eq!(site.told(), [""; 0]);
}

/// A hub on loopback, and the topics it was told of.
fn hub(status: &'static str) -> (Server, Arc<Mutex<Vec<String>>>) {
    let topics = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&topics);
    let script = move |head: &str, stream: &mut std::net::TcpStream| {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
        let _ = stream.read_exact(&mut body);
        let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
        assert!(head.starts_with("post / "), "{head}");
        assert_eq!(form[0], ("hub.mode".to_owned(), "publish".to_owned()));
        assert_eq!(form[1].0, "hub.url");
        told.lock().expect("no test panics with it").push(form[1].1.clone());
        answer(stream, status, "", b"");
    };
    (Server::start("127.0.0.1", Box::new(script)), topics)
}

fn take(topics: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *topics.lock().expect("no test panics with it"))
}

fn with_hub(hub: &Server) -> String {
    format!(
        "base_url = \"https://feeds.example/x/\"\nformats = [\"atom\", \"rss\", \"json\", \"html\"]\n\
         hubs = \"http://{}/\"\n",
        hub.address
    )
}

#[test]
fn a_hub_is_told_of_each_topic_once_its_bytes_changed() {
    let (hub, topics) = hub("204 No Content");
    let (site, config) = (Site::new(), with_hub(&hub));
    assert_eq!(site.run(&config), quiet());
    let of = |id: &str| ["atom", "rss", "json"].map(|kind| format!("https://feeds.example/x/{id}.{kind}"));
    let health = "https://feeds.example/x/health.atom".to_owned();
    let both: Vec<String> = of("news").into_iter().chain(of("all")).collect();
    assert_eq!(take(&topics), both.iter().cloned().chain([health]).collect::<Vec<_>>());
    assert_eq!(site.run(&config), quiet());
    assert_eq!(take(&topics), [""; 0], "nothing changed");
    site.adds("c");
    assert_eq!(site.run(&config), quiet());
    assert_eq!(take(&topics), both);

    let feeds = site.place.path().join("feeds");
    let read = |name: &str| fs::read_to_string(feeds.join(name)).expect("the feed");
    let address = format!("http://{}/", hub.address);
    assert!(
        read("news.atom").contains(&format!("<link href=\"{address}\" rel=\"hub\"/>")),
        "{}",
        read("news.atom")
    );
    let rss: rss::Channel = read("news.rss").parse().expect("RSS");
    let links = &rss.extensions()["atom"]["link"];
    assert!(links.iter().any(|link| link.attrs()["rel"] == "hub" && link.attrs()["href"] == address));
    let json: serde_json::Value = serde_json::from_str(&read("news.json")).expect("JSON");
    assert_eq!(json["hubs"], serde_json::json!([{ "type": "WebSub", "url": address }]));
    let checked = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/atom_check.py"))
        .arg(feeds.join("news.atom"))
        .output()
        .expect("python3 starts");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn a_hub_that_fails_harms_nothing_and_is_told_again() {
    let (down, asked) = hub("503 Service Unavailable");
    let site = Site::new();
    let failed = site.run(&(with_hub(&down) + COMMAND));
    assert_eq!((failed.exit, failed.err.lines().count()), (0, 1), "{}", failed.err);
    assert!(failed.err.contains(&format!("the hub http://{}/ answered 503", down.address)), "{}", failed.err);
    assert_eq!(take(&asked).len(), 3, "it is left alone after three");
    assert_eq!(site.told().len(), 3, "the command is another matter");
    let (up, topics) = hub("202 Accepted");
    // Another hub changes the bytes of every feed; the same hub that works again does not.
    let config = with_hub(&up) + COMMAND;
    assert_eq!(site.run(&config), quiet());
    assert_eq!(take(&topics).len(), 7);
    site.told();
    assert_eq!(site.run(&config), quiet());
    assert_eq!((take(&topics).len(), site.told().len()), (0, 0));
}

#[test]
fn a_hub_that_was_down_is_told_though_nothing_changed_since() {
    let up = Arc::new(Mutex::new(false));
    let is_up = Arc::clone(&up);
    let script = move |_: &str, stream: &mut std::net::TcpStream| {
        let status = if *is_up.lock().expect("no test panics with it") { "200 OK" } else { "500 Oops" };
        answer(stream, status, "", b"");
    };
    let hub = Server::start("127.0.0.1", Box::new(script));
    let (site, config) = (Site::new(), with_hub(&hub) + COMMAND);
    assert!(site.run(&config).err.contains("answered 500"));
    assert_eq!((hub.asked().len(), site.told().len()), (3, 3));
    *up.lock().expect("no test panics with it") = true;
    assert_eq!(site.run(&config), quiet());
    assert_eq!(hub.asked().len(), 3 + 7);
    assert_eq!(site.told(), [""; 0], "the command knew");
    assert_eq!(site.run(&config), quiet());
    assert_eq!(hub.asked().len(), 3 + 7);
}

#[test]
fn a_hub_without_a_public_address_is_a_problem_of_the_config() {
    let site = Site::new();
    let refused = site.run("hubs = [\"https://hub.example/\"]");
    assert_eq!(refused.exit, 2);
    assert!(refused.err.contains("`hubs` is set, and `base_url` is not"), "{}", refused.err);
    assert!(refused.err.contains("gleaner.toml:6"), "{}", refused.err);
}
