//! `add --yes` over the life of a config: nothing it writes stops the next run.
#![allow(clippy::disallowed_methods)]

use crate::{
    program::{Ended, Place},
    site::STORIES,
};

const LISTING: &str = "<title>Club</title><h1>News</h1>\
    <div class=news><h2><a href=/a>Open day at the boathouse</a></h2><time datetime=2026-03-01>1 March</time></div>\
    <div class=news><h2><a href=/b>Winter training begins</a></h2><time datetime=2026-02-01>1 February</time></div>\
    <div class=news><h2><a href=/c>New safety boat is here</a></h2><time datetime=2026-01-01>1 January</time></div>";

/// A config that follows the club's page as `club` already.
fn followed() -> Place {
    let place = Place::new();
    place.write("page.html", LISTING);
    place.write(
        "gleaner.toml",
        "[source.club]\nurl = \"https://club.example/news/\"\nentry = \".news\"\nheadline = \"h2 a\"\n",
    );
    place
}

fn gleaner(place: &Place, arguments: &[&str]) -> Ended {
    let path = |name: &str| place.path().join(name).display().to_string();
    let (config, page, fixtures) = (path("gleaner.toml"), path("page.html"), path("fixtures"));
    let add = ["--page", &page, "--at", "2026-03-02T09:00:00Z", "--fixtures", &fixtures];
    let more = if arguments[0] == "add" { &add[..] } else { &[] };
    place.gleaner(&[arguments, more, &["--config", &config]].concat())
}

#[test]
fn what_would_break_the_config_is_not_written() {
    let place = followed();
    let ended = gleaner(&place, &["add", "--url", "https://club.example/other/", "--id", "club", "--yes"]);
    assert_eq!(ended.exit, 2);
    assert!(ended.err.contains("the id `club` is taken"), "{}", ended.err);
    assert!(!place.path().join("sources").exists() && !place.path().join("fixtures").exists());
    assert_eq!(gleaner(&place, &["check"]).exit, 0);
}

#[test]
fn the_headline_that_leads_a_listing_names_it() {
    let place = followed();
    let row = |n: usize| {
        let (day, story) = (28 - n, STORIES[n]);
        format!(
            "<article class=tile><h3><a href=/story/{n}>{story}</a></h3><b class=when>{day} February 2026</b></article>"
        )
    };
    let lead = format!(
        "<section class=hero><h1 class=large><a href=/story/0>{}</a></h1><i class=day>28 February 2026</i></section>",
        STORIES[0]
    );
    place.write(
        "page.html",
        format!("<title>News</title>{lead}<main>{}</main>", (1..9).map(row).collect::<String>()),
    );
    let like = |text: &str| gleaner(&place, &["add", "--url", "https://news.example/", "--like", text]);
    assert!(like(STORIES[3]).out.contains(STORIES[0]), "it is an entry of it");
    let ended = like(STORIES[0]);
    assert!(ended.exit == 0 && ended.out.contains(STORIES[3]) && ended.out.contains(STORIES[0]), "{ended:?}");
}

#[test]
fn a_page_is_followed_twice_only_by_another_id() {
    let place = followed();
    let twice = gleaner(&place, &["add", "--url", "https://www.club.example/news", "--yes"]);
    assert_eq!(twice.exit, 2);
    assert!(twice.err.contains("is followed already, as `club`"), "{}", twice.err);
    assert!(!place.path().join("sources").exists());
    let asked = gleaner(&place, &["add", "--url", "https://club.example/news/", "--id", "mine", "--yes"]);
    assert_eq!(asked.exit, 0, "{}", asked.err);
    let again = gleaner(&place, &["add", "--url", "https://club.example/news/", "--id", "mine", "--yes"]);
    assert!(
        again.err.contains("mine.toml` is there already") && again.err.contains("`--id`"),
        "{}",
        again.err
    );
    assert_eq!(gleaner(&place, &["check"]).exit, 0);
}

#[test]
fn where_no_entry_has_a_date_their_own_pages_are_named() {
    let page = |date: &str| {
        let row = |(at, headline): (usize, &&str)| {
            format!("<article><h2><a href=\"/s/{at}\">{headline}</a></h2>{date}</article>")
        };
        format!(
            "<html lang=en><body><main>{}</main>",
            STORIES.iter().enumerate().map(row).collect::<String>()
        )
    };
    let said = |date| {
        let place = followed();
        place.write("page.html", page(date));
        gleaner(&place, &["add", "--url", "https://dates.example/news"]).out
    };
    let told = "`own_page = true` takes the dates from the entries' own pages";
    assert!(said("").contains(told), "{}", said(""));
    let dated = said("<time datetime=\"2025-03-06\">6 March</time>");
    assert!(dated.contains("12 with a date") && !dated.contains(told), "{dated}");
}

#[test]
fn an_address_needs_no_scheme() {
    let place = followed();
    let ended = gleaner(&place, &["add", "--url", "harbour.example/news"]);
    assert!(ended.out.contains("url      = \"https://harbour.example/news\""), "{ended:?}");
    let ended = gleaner(&place, &["add", "--url", "harbour.example/go?to=https://quay.example/"]);
    assert!(
        ended.out.contains("url      = \"https://harbour.example/go?to=https://quay.example/\""),
        "{ended:?}"
    );
    let other = gleaner(&place, &["add", "--url", "ftp://harbour.example/news"]);
    assert_eq!(other.exit, 2);
    assert!(other.err.contains("expected `http` or `https`, found `ftp`"), "{}", other.err);
}

#[test]
fn a_config_whose_joined_feeds_name_sources_of_other_files_can_grow() {
    let place = Place::new();
    place.write("gleaner.toml", "[feed.all]\ntitle = \"All\"\ntags = [\"sea\"]\n");
    place.write("sources/pier.toml", "url = \"https://pier.example/feed.xml\"\ntags = [\"sea\"]\n");
    place.write(
        "page.html",
        "<rss version=\"2.0\"><channel><title>Ferry</title><item><title>It sails</title>\
         <link>https://ferry.example/1</link></item></channel></rss>",
    );
    let ended = gleaner(&place, &["add", "--url", "https://ferry.example/feed.xml", "--yes"]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert!(ended.out.contains("It sails"), "{}", ended.out);
    assert_eq!(gleaner(&place, &["check"]).exit, 0);
}

#[test]
fn a_joined_feed_may_stand_there_before_its_first_source() {
    let place = Place::new();
    place.write("page.html", LISTING);
    place.write("gleaner.toml", "[feed.all]\ntitle = \"All\"\nsources = [\"club-*\"]\n");
    let seen = gleaner(&place, &["add", "--url", "https://club.example/news/"]);
    assert_eq!(seen.exit, 0, "{seen:?}");
    let other = gleaner(&place, &["add", "--url", "https://club.example/news/", "--id", "x", "--yes"]);
    assert_eq!(other.exit, 2, "{other:?}");
    assert!(other.err.contains("no source is named `club-*`"), "{other:?}");
    // A feed is read with the defaults alone.
    place.write(
        "page.html",
        "<rss version=\"2.0\"><channel><item><title>It sails</title></item></channel></rss>",
    );
    let added = gleaner(&place, &["add", "--url", "https://club.example/feed.xml", "--yes"]);
    assert_eq!(added.exit, 0, "{added:?}");
    assert_eq!(gleaner(&place, &["check"]).exit, 0);
}

#[test]
fn a_config_that_cannot_be_read_is_told_and_its_sources_are_not_asked() {
    let place = followed();
    let look = || gleaner(&place, &["add", "--url", "https://club.example/news/"]);
    place.write("sources/other.toml", b"url = \"\xff\"");
    assert_eq!(look().exit, 0, "its defaults are in the main file");
    place.write("gleaner.toml", b"# \xff");
    let told = look();
    assert_eq!(told.exit, 2, "{told:?}");
    assert!(told.err.contains("gleaner.toml"), "{told:?}");
}
