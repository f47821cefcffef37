//! A feed's icon: the config's, else what the page or the upstream feed says, and no new bytes for its sake alone.
#![allow(clippy::disallowed_methods)]

use std::fs;

use crate::program::Place;

const PAGE: &str = "[source.town]\nurl = \"https://town.example/news/\"\nentry = \"li\"\nheadline = \"a\"\n";
const ENTRIES: &str = "<ul><li><a href=/1>The pier opens</a><li><a href=/2>The ferry sails</a></ul>";

struct Town(Place);

impl Town {
    fn new(config: &str) -> Self {
        let place = Place::new();
        place.write("gleaner.toml", format!("defaults.formats = [\"atom\", \"rss\", \"json\"]\n{config}"));
        Self(place)
    }

    /// The files of a feed after a visit at which the address answered with this.
    fn visit(&self, hour: u32, page: &str) -> [String; 3] {
        self.0.write(&format!("pages/town/{hour}/page.html"), page);
        let case =
            format!("url = \"https://town.example/news/\"\nfetched_at = \"2026-03-20T{hour:02}:00:00Z\"\n");
        self.0.write(&format!("pages/town/{hour}/case.toml"), case);
        let [config, pages] = ["gleaner.toml", "pages"].map(|name| self.0.path().join(name));
        let [config, pages] = [&config, &pages].map(|path| path.to_str().expect("UTF-8"));
        let ended = self.0.gleaner(&["run", "--replay", pages, "--config", config]);
        assert_eq!(ended.exit, 0, "{}", ended.err);
        self.files("town")
    }

    fn files(&self, id: &str) -> [String; 3] {
        ["atom", "rss", "json"].map(|format| {
            let path = self.0.path().join("feeds").join(format!("{id}.{format}"));
            fs::read_to_string(path).expect("published")
        })
    }
}

fn page(links: &str) -> String {
    format!("<!doctype html><title>Town</title>{links}{ENTRIES}")
}

fn assert_icon([atom, rss, json]: &[String; 3], address: &str) {
    assert!(atom.contains(&format!("\n  <icon>{address}</icon>\n")), "{atom}");
    // RSS has images of the web alone, and JSON Feed another place for small ones.
    let kind = address.split('?').next().and_then(|path| path.rsplit('.').next());
    let is_image = !matches!(kind, Some("ico" | "svg"));
    assert_eq!(rss.contains(&format!("<url>{address}</url>")), is_image, "{rss}");
    let key = if kind == Some("ico") { "favicon" } else { "icon" };
    assert!(json.contains(&format!("\n  \"{key}\": \"{address}\",\n")), "{json}");
    assert_eq!(json.matches("icon\":").count(), 1, "{json}");
}

fn assert_none([atom, rss, json]: &[String; 3]) {
    assert!(!atom.contains("icon") && !rss.contains("<image>") && !json.contains("icon"), "{atom}");
}

#[test]
fn a_page_names_its_icon_and_another_one_waits_for_news() {
    let town = Town::new(PAGE);
    assert_none(&town.visit(1, &page("<link rel=icon href=data:image/png;base64,AAAA>")));
    let small = "<link rel='shortcut icon' href=/favicon.ico?v=1>";
    assert_icon(&town.visit(2, &page(small)), "https://town.example/favicon.ico?v=1");
    let touch = |query| format!("{small}<link rel=apple-touch-icon href=/touch.png?v={query}>");
    assert_icon(&town.visit(3, &page(&touch(1))), "https://town.example/favicon.ico?v=1");
    let news = |links: &str| page(links).replace("<ul>", "<ul><li><a href=/3>The lighthouse is lit</a>");
    let first = town.visit(4, &news(&touch(1)));
    assert_icon(&first, "https://town.example/touch.png?v=1");
    assert_eq!(town.visit(5, &news(&touch(2))), first);
    assert_eq!(town.visit(6, &news("")), first);
}

#[test]
fn the_icon_of_the_config_is_the_one() {
    let icon = "icon = \"https://cdn.example/a.png\"\n";
    let joined = "[feed.all]\ntitle = \"All\"\nsources = \"*\"\nicon = \"https://cdn.example/all.png\"\n";
    let town = Town::new(&format!("{PAGE}{icon}{joined}"));
    assert_icon(&town.visit(1, &page("<link rel=icon href=/b.png>")), "https://cdn.example/a.png");
    assert_icon(&town.files("all"), "https://cdn.example/all.png");
}

#[test]
fn an_upstream_feed_names_its_icon() {
    let item = "<item><title>One</title><link>https://town.example/1</link></item>";
    let entry = "<entry><title>One</title><link href='https://town.example/1'/></entry>";
    let rss = |image| {
        format!(
            "<rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel>{image}{item}</channel></rss>"
        )
    };
    let atom = |head| format!("<feed xmlns='http://www.w3.org/2005/Atom'>{head}{entry}</feed>");
    let json = |head| {
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",{head},\"items\":[{{\"id\":\"1\",\"title\":\"One\"}}]}}"
        )
    };
    let feeds = [
        (rss("<image><title>T</title><url>/a.png</url></image>"), "https://town.example/a.png"),
        (rss("<itunes:image href='https://x.example/b.png'/>"), "https://x.example/b.png"),
        (atom("<logo>c.png</logo>"), "https://town.example/news/c.png"),
        (atom("<logo>c.png</logo><icon>/d.png</icon>"), "https://town.example/d.png"),
        (json("\"favicon\":\"https://x.example/e.png\""), "https://x.example/e.png"),
        (atom("<icon>/d.svg</icon>"), "https://town.example/d.svg"),
        (json("\"favicon\":\"/e.png\",\"icon\":\"/f.png\""), "https://town.example/f.png"),
    ];
    for (feed, icon) in feeds {
        let town = Town::new("[source.town]\nurl = \"https://town.example/news/\"\n");
        assert_icon(&town.visit(1, &feed), icon);
    }
}
