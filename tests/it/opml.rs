//! Subscriptions of a feed reader, taken over into a config.
#![allow(clippy::disallowed_methods)]

use std::fs;

use crate::program::Place;

const OPML: &str = r#"<opml version="1.1"><body>
<outline text="Sea"><outline text="Harbour News" type="rss" xmlUrl="https://harbour.example/feed.xml?a=1&b=2"/>
<outline text="Tides" xmlURL="https://tides.example/atom"/></outline>
<outline text="Gone"/>
</body></opml>"#;

const CONFIG: &str = "# mine\n[source.tide-tables]\nurl = \"https://tides.example/atom\"\n";

#[test]
fn opml_is_shown_first_and_written_when_asked() {
    let place = Place::new();
    let config = place.write("gleaner.toml", CONFIG);
    let file = place.write("subs.opml", OPML);
    let (config, file) = (config.display().to_string(), file.display().to_string());
    let add = |more: &[&str]| place.gleaner(&[&["add", "--config", &config, "--opml", &file], more].concat());

    let shown = add(&[]);
    assert_eq!(shown.exit, 0, "{shown:?}");
    assert_eq!(
        shown.out,
        "# 1 source new, 1 followed already, 1 left out\n\n\
         [feed.sea]\ntitle   = \"Sea\"\ntags    = [\"Sea\"]\nsources = [\"tide-tables\"]\n\n\
         [source.harbour-news]\nurl      = \"https://harbour.example/feed.xml?a=1&b=2\"\nkind     = \"feed\"\n\
         title    = \"Harbour News\"\ntags     = [\"Sea\"]\n"
    );
    assert!(shown.err.contains("subs.opml:4: left out `Gone`: it has no `xmlUrl`"), "{}", shown.err);
    assert_eq!(fs::read_to_string(&config).unwrap(), CONFIG, "nothing is written unasked");

    let written = add(&["--yes"]);
    assert_eq!(written.exit, 0, "{written:?}");
    let main = fs::read_to_string(&config).unwrap();
    assert!(main.starts_with(CONFIG), "what was there stays: {main}");
    let source = fs::read_to_string(place.path().join("sources/harbour-news.toml")).unwrap();
    assert!(source.contains("tags     = [\"Sea\"]"));
    let checked = place.gleaner(&["check", "--config", &config]);
    assert_eq!(checked.exit, 0, "{checked:?}");

    let again = add(&["--yes", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(
        (said["sources"].clone(), said["feeds"].clone()),
        (serde_json::json!([]), serde_json::json!([]))
    );
    assert_eq!(fs::read_to_string(&config).unwrap(), main);
}

#[test]
fn a_first_config_may_come_from_opml() {
    let place = Place::new();
    let file = place.write("subs.opml", OPML);
    let mut command = place.command(&["add", "--opml", &file.display().to_string(), "--yes"]);
    let ended =
        command.current_dir(place.path()).env("HOME", place.path()).env_remove("XDG_CONFIG_HOME").output();
    let ended = crate::program::ended(&ended.unwrap());
    assert_eq!(ended.exit, 0, "{ended:?}");
    let config = place.path().join("config/gleaner.toml").display().to_string();
    assert_eq!(place.gleaner(&["check", "--config", &config]).exit, 0);
}

#[test]
fn broken_opml_is_refused_with_its_place_and_nothing_is_written() {
    let place = Place::new();
    let config = place.write("gleaner.toml", CONFIG).display().to_string();
    let file = place
        .write("subs.opml", OPML.replace("</outline>\n<outline text=\"Gone\"/>", ""))
        .display()
        .to_string();
    let ended = place.gleaner(&["add", "--config", &config, "--opml", &file, "--yes"]);
    assert_eq!(ended.exit, 2, "{ended:?}");
    assert!(ended.err.contains("subs.opml:4:1: not XML: "), "{}", ended.err);
    assert_eq!(fs::read_to_string(&config).unwrap(), CONFIG);
    assert!(!place.path().join("sources").exists());
}

#[test]
fn the_opml_that_is_published_can_be_subscribed_to_by_another_gleaner() {
    let place = Place::new();
    let shipped = fs::read_to_string("config/gleaner.toml").unwrap();
    let published = shipped.replacen(
        "[defaults]",
        "[defaults]\nbase_url = \"https://feeds.example/\"\nformats = [\"atom\", \"html\"]",
        1,
    );
    let config = place.write("gleaner.toml", published).display().to_string();
    for entry in fs::read_dir("config/sources").into_iter().flatten() {
        let path = entry.unwrap().path();
        place.write(
            &format!("sources/{}", path.file_name().unwrap().to_string_lossy()),
            fs::read(&path).unwrap(),
        );
    }
    assert_eq!(place.gleaner(&["run", "--config", &config, "--replay", "fixtures"]).exit, 0);
    let exported = place.path().join("feeds/feeds.opml").display().to_string();
    let other = place.write("other/gleaner.toml", CONFIG).display().to_string();
    let ended = place.gleaner(&["add", "--config", &other, "--opml", &exported, "--json"]);
    let said: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let urls: Vec<&str> =
        said["sources"].as_array().unwrap().iter().filter_map(|s| s["url"].as_str()).collect();
    let opml = fs::read_to_string(&exported).unwrap();
    assert_eq!(urls.len(), opml.matches("xmlUrl=").count());
    assert!(urls.contains(&"https://feeds.example/libya.atom"), "{urls:?}");
    // To itself it is a circle.
    let ended = place.gleaner(&["add", "--config", &config, "--opml", &exported]);
    assert!(ended.out.starts_with("# 0 sources new, 0 followed already, "), "{}", ended.out);
}
