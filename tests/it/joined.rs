//! Joined feeds through the whole program: each story once, over days.
#![allow(clippy::disallowed_methods)]

use std::fs;

use crate::program::Place;

const CONFIG: &str = "[source.first]\nurl = \"https://first.example/feed\"\nkeep_entries = 2\n\
                      [source.second]\nurl = \"https://second.example/feed\"\nkeep_entries = 2\n\
                      [feed.both]\ntitle = \"Both\"\nsources = [\"first\", \"second\"]\nkeep_entries = 2\n";

/// What a source's feed holds on a day: headline, teaser and time of each item.
fn save(place: &Place, source: &str, day: u32, items: &[(&str, &str, &str)]) {
    let folder = format!("cases/{source}/2025-03-{day:02}");
    let case = format!(
        "url = \"https://{source}.example/feed\"\nfetched_at = \"2025-03-{day:02}T20:00:00Z\"\nstatus = 200\n"
    );
    place.write(&format!("{folder}/case.toml"), case);
    let items: Vec<String> = items
        .iter()
        .map(|(headline, teaser, at)| {
            format!(
                "<item><title>{headline}</title><description>{teaser}</description><pubDate>{at}</pubDate>\
                 <link>https://{source}.example/{}</link></item>",
                headline.replace(' ', "-")
            )
        })
        .collect();
    let feed =
        format!("<rss version=\"2.0\"><channel><title>{source}</title>{}</channel></rss>", items.concat());
    place.write(&format!("{folder}/page.xml"), feed);
}

/// What was saved until then goes through the program.
fn replay(place: &Place, config: &str, until: &str) {
    let cases = place.path().join("cases").display().to_string();
    let ended = place.gleaner(&["run", "--config", config, "--replay", &cases, "--until", until]);
    assert_eq!(ended.exit, 0, "{ended:?}");
}

fn titles(place: &Place) -> Vec<String> {
    let feed = feed_rs::parser::parse(&place.feed("both")[..]).expect("a feed");
    feed.entries.into_iter().map(|entry| entry.title.expect("a title").content).collect()
}

#[test]
fn a_story_that_a_second_source_takes_over_is_never_shown_again() {
    let place = Place::new();
    let config = place.write("gleaner.toml", CONFIG).display().to_string();
    let run = |until: &str| replay(&place, &config, until);
    let text = "The ferry Havblikk ran aground in thick fog early on Thursday; all 140 people on board were taken to shore.";
    let story = ("Ferry runs aground off Cape Lindesnes", text, "Thu, 06 Mar 2025 08:00:00 GMT");
    let retold = ("Ferry runs aground off Cape Lindesnes: all saved", text, "Thu, 06 Mar 2025 18:00:00 GMT");
    // Older than the story as it was told again, and found later.
    let late = ("Fog expected until Sunday", "The fog stays.", "Thu, 06 Mar 2025 12:00:00 GMT");
    let news = ("Captain before the court", "He denies it.", "Sat, 08 Mar 2025 12:00:00 GMT");
    save(&place, "first", 6, &[story]);
    save(&place, "second", 7, &[retold]);
    save(&place, "first", 8, &[news, late, story]);
    save(&place, "second", 8, &[retold]);

    run("2025-03-06T23:00:00Z");
    assert_eq!(titles(&place), [story.0]);
    run("2025-03-07T23:00:00Z");
    assert_eq!(titles(&place), [story.0], "the first one stays");
    run("2025-03-08T23:00:00Z");
    assert_eq!(
        titles(&place),
        [news.0, late.0],
        "the story left the feed, and does not come back as the second tells it"
    );
    let own = String::from_utf8(place.feed("second")).expect("text");
    assert!(own.contains(retold.0), "the second source's own feed has it");

    // What was decided moves with the store.
    let exported = place.path().join("export.jsonl").display().to_string();
    assert_eq!(place.gleaner(&["export", "--config", &config, &exported]).exit, 0);
    assert!(fs::read_to_string(&exported).expect("an export").contains("\"retold_in\":[\"both\"]"));
}

#[test]
fn a_joined_feed_may_get_another_name() {
    let place = Place::new();
    let config = place.write("gleaner.toml", CONFIG).display().to_string();
    let run = |until: &str| replay(&place, &config, until);
    let named = |id: &str| CONFIG.replace("[feed.both]", id);
    let text = |name: &str| String::from_utf8(place.feed(name)).expect("a feed is UTF-8");
    let told = "The ferry Havblikk ran aground in thick fog early on Thursday; all 140 people on board were taken to shore.";
    let story = ("Ferry runs aground off Cape Lindesnes", told, "Thu, 06 Mar 2025 08:00:00 GMT");
    let retold = ("Ferry runs aground off Cape Lindesnes: all saved", told, "Thu, 06 Mar 2025 18:00:00 GMT");
    save(&place, "first", 6, &[story]);
    save(&place, "second", 7, &[retold]);
    run("2025-03-07T23:00:00Z");
    let before = text("both");
    assert_eq!(before.matches("<entry>").count(), 1);
    let permanent = |name: &str| feed_rs::parser::parse(&place.feed(name)[..]).expect("a feed").id;
    let urn = permanent("both");

    place.write("gleaner.toml", named("[feed.all]\nwas = \"both\""));
    run("2025-03-07T23:00:00Z");
    assert_eq!(text("all"), before.replace("both.atom", "all.atom"), "it is the same feed");
    assert_eq!(text("both"), text("all"), "who reads it by its former name goes on");

    // The first teller is pushed out: who told it again was left out for good, under every name.
    let news = [
        ("Choir sings", "A.", "Sat, 08 Mar 2025 08:00:00 GMT"),
        ("Mill burns", "B.", "Sat, 08 Mar 2025 09:00:00 GMT"),
    ];
    save(&place, "first", 8, &news);
    place.write("gleaner.toml", named("[feed.whole]\nwas = \"all\""));
    run("2025-03-08T23:00:00Z");
    assert_eq!(permanent("whole"), urn, "it is the same under a third name");
    place.write(
        "gleaner.toml",
        CONFIG.replace("[feed.both]", "[feed.whole]").replace("sources = [\"first\", ", "sources = ["),
    );
    run("2025-03-08T23:00:00Z");
    assert_eq!(text("whole").matches("<entry>").count(), 0, "{}", text("whole"));
    assert_eq!(permanent("whole"), urn, "and where nothing says what it was called");

    let (from, to) = ("[feed.both]", "[feed.whole]\ntitle = \"All\"\nsources = \"*\"\n[feed.both]");
    place.write("gleaner.toml", CONFIG.replace(from, to));
    run("2025-03-08T23:00:00Z");
    assert_eq!(permanent("whole"), urn);
    assert_ne!(permanent("both"), urn, "a new feed that is called as that was is another one");
}

#[test]
fn a_source_may_be_shown_by_joined_feeds_alone() {
    let place = Place::new();
    let quiet = CONFIG.replacen("keep_entries", "publish = false\nkeep_entries", 1);
    let config = place.write("gleaner.toml", &quiet).display().to_string();
    let say = |arguments: &[&str]| place.gleaner(&[arguments, &["--config", &config]].concat());
    let run = |until: &str| replay(&place, &config, until);
    let own = || fs::read_to_string(place.path().join("feeds/first.atom")).ok();
    let both = || String::from_utf8(place.feed("both")).expect("a feed is UTF-8");
    save(&place, "first", 6, &[("Pier opens", "At last.", "Thu, 06 Mar 2025 08:00:00 GMT")]);
    save(&place, "second", 6, &[("Choir sings", "In the hall.", "Thu, 06 Mar 2025 09:00:00 GMT")]);
    run("2025-03-06T23:00:00Z");
    assert_eq!(titles(&place), ["Choir sings", "Pier opens"]);
    assert!(
        own().is_none() && !both().contains("first.atom") && both().contains("second.atom"),
        "{}",
        both()
    );

    place.write("gleaner.toml", CONFIG);
    run("2025-03-06T23:00:00Z");
    let stood = own().expect("it is published now");
    assert!(stood.contains("Pier opens") && both().contains("first.atom"));

    place.write("gleaner.toml", &quiet);
    place.write("feeds/first.json", "{}");
    place.write("feeds/style.css", "");
    save(&place, "first", 7, &[("Mill burns", "Nobody is hurt.", "Fri, 07 Mar 2025 08:00:00 GMT")]);
    run("2025-03-07T23:00:00Z");
    assert_eq!(titles(&place), ["Mill burns", "Choir sings"]);
    assert_eq!(own(), Some(stood), "who read it keeps what it was");
    let told = say(&["doctor"]).out;
    assert!(
        told.contains("`first.atom`, `first.json`: no feed of the config is written there any more"),
        "{told}"
    );
    assert!(say(&["check"]).err.is_empty());

    place.write("gleaner.toml", quiet.split("[feed").next().unwrap_or_default());
    let told = say(&["check"]).out;
    assert!(told.contains("first: published nowhere: `publish` is `false`, and no feed joins it"), "{told}");

    place.write("gleaner.toml", quiet.replacen("publish", "archive = true\npublish", 1));
    let told = say(&["check"]).out;
    let kept = "first: its whole history is kept and published nowhere: `archive` needs a feed of its own, as Atom or RSS\n";
    assert!(told.contains(kept) && told.matches("whole history").count() == 1, "{told}");
}

#[test]
fn no_two_stories_of_the_fixtures_are_taken_for_one() {
    let place = Place::new();
    let all = fs::read_to_string("fixtures/gleaner.toml").expect("the config of the fixtures");
    let all = format!("{all}\n[feed.whole]\ntitle = \"Whole\"\nsources = \"*\"\nkeep_entries = 10000\n");
    let config = place.write("gleaner.toml", all).display().to_string();
    place.gleaner(&["run", "--config", &config, "--replay", "fixtures"]);
    let count = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches("<entry>").count();
    let each: usize = place
        .feeds()
        .iter()
        .filter(|(name, _)| {
            !["whole", "everything", "town-halls"].iter().any(|id| name.ends_with(&format!("{id}.atom")))
        })
        .map(|(_, bytes)| count(bytes))
        .sum();
    assert!(each > 100, "{each}");
    assert_eq!(count(&place.feed("whole")), each);
}
