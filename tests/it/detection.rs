//! Listings found in pages, and found again after a redesign, over the fixtures of this project.
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss)]

use std::{collections::HashSet, fs, path::Path};

use gleaner::{
    config, decode,
    detect::{self, Known, Proposal},
    fixture::folder,
    page::Page,
};
use serde_json::Value;

use crate::{
    network::{HTML, Server, answer},
    program::Place,
};

const INTERNATIONAL: &str = "libya-international-actors";
const BEFORE: &str = "2025-03-19T00:00:00Z";
const REDESIGN: &str = "2025-03-20T23:00:00Z";

/// The listings found on a page, the likeliest first.
pub fn proposals(page: &Page) -> Vec<Proposal> {
    let document = decode::decode(page).expect("a fixture is text");
    detect::detect(&document, page, &[], &|| true).proposals
}

/// Every page among the fixtures that gives entries, with their links (headlines where they have none).
fn cases() -> Vec<(String, Page, HashSet<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    for name in folder::sources(&root).expect("fixtures can be read") {
        let Ok(id) = gleaner::id::SourceId::new(&name) else { continue };
        let Ok(cases) = folder::cases(&root, &id) else { continue };
        for case in cases.iter().filter(|case| case.path.join("page.html").exists()) {
            let Some(expected) = case.expected().expect("it can be read") else { continue };
            let expected: Value = serde_json::from_str(&expected).expect("it is JSON");
            let entries = expected["entries"].as_array().expect("a list");
            let headlines: HashSet<String> = entries
                .iter()
                .filter_map(|entry| Some(entry["link"].as_str().or(entry["headline"].as_str())?.to_owned()))
                .collect();
            if headlines.len() > 1 {
                found.push((
                    format!("{name}/{}", case.name()),
                    case.page().expect("it has a page"),
                    headlines,
                ));
            }
        }
    }
    found
}

/// An entry's link, else its headline.
pub fn told_by(entry: &gleaner::entry::Entry) -> String {
    entry.link.as_ref().map_or_else(|| entry.headline.clone(), ToString::to_string)
}

#[test]
fn the_listing_of_a_fixture_is_found_without_its_config() {
    let mut told = Vec::new();
    let cases = cases();
    for (name, page, headlines) in &cases {
        let found = proposals(page);
        let best: HashSet<String> = found.first().map_or_else(HashSet::new, |best| {
            best.reading.sightings.iter().map(|sighting| told_by(&sighting.entry)).collect()
        });
        let right = best.intersection(headlines).count() as f64;
        let f1 = 2.0 * right / (best.len() + headlines.len()) as f64;
        if f1 < 0.9 {
            told.push(format!("{name}: F1 {f1:.2}, {:?}", found.first().map(|best| best.keys.to_toml())));
        }
    }
    let right = cases.len() - told.len();
    assert!(
        cases.len() >= 20 && right * 10 >= cases.len() * 9,
        "{right} of {}\n{}",
        cases.len(),
        told.join("\n")
    );
}

/// The likeliest proposal for a page of the fixtures, in TOML, and its entries.
fn likeliest(source: &str) -> (String, Vec<gleaner::entry::Entry>) {
    let (_, page, _) =
        cases().into_iter().find(|(name, ..)| name.starts_with(source)).expect("it is a fixture");
    let best = proposals(&page).into_iter().next().expect("something is proposed");
    (best.keys.to_toml(), best.reading.sightings.into_iter().map(|sighting| sighting.entry).collect())
}

#[test]
fn records_that_are_no_element_reach_to_the_next() {
    let (keys, entries) = likeliest("slipway-notices");
    assert!(keys.contains("entry    = \"dt\"\nto_next  = true\n"), "{keys}");
    let headlines: Vec<&str> = entries.iter().map(|entry| entry.headline.as_str()).collect();
    assert!(headlines.contains(&"Lost: a green rowing boat"), "{headlines:?}");
    assert!(entries.iter().all(|entry| entry.moment.is_some()), "{keys}");
    let (keys, entries) = likeliest("chancery-lists");
    assert!(keys.contains("to_next  = true"), "{keys}");
    let links: HashSet<String> = entries.iter().map(told_by).collect();
    assert_eq!((entries.len(), links.len()), (3, 3), "{keys}");
}

/// A page of text alone, looked at on a day of 2026.
pub fn page_of(body: &str, url: &str) -> Page {
    Page {
        url: url.parse().expect("an address"),
        status: 200,
        headers: gleaner::page::Headers::default(),
        body: body.as_bytes().to_vec(),
        fetched_at: "2026-03-02T09:00:00Z".parse().expect("a time"),
    }
}

#[test]
fn json_is_the_source_where_it_is_all_there_is() {
    for (source, json, count) in [
        ("cinder-almanac", "script#__NEXT_DATA__", 4),
        ("gull-register", "script[type=\"application/ld+json\"]", 5),
        ("weir-ledger", "script", 4),
    ] {
        let (keys, entries) = likeliest(source);
        assert!(keys.contains(&format!("json     = {}", toml::Value::String(json.to_owned()))), "{keys}");
        assert_eq!(entries.len(), count, "{keys}");
        assert!(entries.iter().all(|entry| entry.link.is_some() && entry.moment.is_some()), "{keys}");
        let (_, page, _) = cases().into_iter().find(|case| case.0.starts_with(source)).expect("it is there");
        assert!(proposals(&page)[0].confidence >= 0.6, "{source}: add --yes writes it");
    }
}

#[test]
fn state_that_is_pushed_in_pieces_is_read_as_one() {
    let ship = |n: u32| {
        format!(
            r#"{{\"title\":\"The harbour opens its pier {n}\",\"url\":\"/notices/{n}\",\"published\":\"$D2026-02-0{n}T08:00:00.000Z\"}}"#
        )
    };
    let ships = [6, 5, 4, 3, 2, 1].map(ship).join(",");
    let (first, second) = ships.split_at(200);
    let pushed = |text: &str| format!(r#"<script>self.__next_f.push([1,"{text}"])</script>"#);
    let body = format!(
        "<body><div id=root>Loading</div><script>(self.__next_f=self.__next_f||[]).push([0])</script>{}{}",
        pushed(&format!(r#"1:I[7,[],\"List\"]\n0:[\"$\",\"$L1\",null,{{\"notices\":[{first}"#)),
        pushed(&format!(r"{second}]}}]\n")),
    );
    let found = proposals(&page_of(&body, "https://harbour.example/"));
    assert_eq!((found[0].keys.json.as_deref(), found[0].keys.entry.as_str()), (Some("script"), ".notices"));
    let told: Vec<_> = found[0].reading.sightings.iter().map(|sighting| told_by(&sighting.entry)).collect();
    assert_eq!((told.len(), told[0].as_str()), (6, "https://harbour.example/notices/6"));
    let moment = found[0].reading.sightings[0].entry.moment.as_ref().expect("it is dated");
    assert_eq!(moment.day.to_string(), "2026-02-06");
}

#[test]
fn a_page_that_a_program_fills_is_added_and_runs() {
    let place = Place::new();
    let text = |path: &Path| path.display().to_string();
    let page =
        text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cinder-almanac/2026-03-02/page.html"));
    let (config, fixtures) = (text(&place.path().join("gleaner.toml")), text(&place.path().join("fixtures")));
    let (url, at) = ("https://cinder-almanac.example/almanac", "2026-03-02T09:00:00Z");
    let asked = ["add", "--page", &page, "--url", url, "--at", at, "--id", "almanac", "--yes"];
    let added = place.gleaner(&[&asked[..], &["--fixtures", &fixtures, "--config", &config]].concat());
    assert!(
        added.exit == 0 && added.out.contains("entry    = \".posts\"\nheadline = \".title\""),
        "{added:?}"
    );
    let run = place.gleaner(&["run", "--config", &config, "--replay", &fixtures, "--json"]);
    assert!(run.out.contains("\"new\":4"), "{run:?}");
    let feed = String::from_utf8(place.feed("almanac")).expect("UTF-8");
    assert!(feed.contains("https://cinder-almanac.example/almanac/quiet-crater"), "{feed}");
}

#[test]
fn a_program_whose_data_has_other_names_is_healed_by_what_is_remembered() {
    let (_, page, _) = cases().into_iter().find(|case| case.0.starts_with("cinder")).expect("it is there");
    let best = proposals(&page).remove(0);
    let entries = best.reading.sightings.iter().map(|sighting| &sighting.entry);
    let known: Vec<Known> = entries
        .map(|entry| Known { headline: entry.headline.clone(), link: entry.link.clone(), ..Known::default() })
        .collect();
    let text = String::from_utf8(page.body.clone()).expect("UTF-8");
    let body = text.replace("\"posts\"", "\"articles\"").replace("\"title\"", "\"heading\"").into_bytes();
    let page = Page { body, ..page };
    let document = decode::decode(&page).expect("text");
    let healed = detect::heal((&document, &page), &best.source, &known, &|| true).expect("a heal");
    assert_eq!((healed.found, healed.new, healed.older), (4, 0, 0));
    let changed: Vec<&str> = healed.changes.iter().map(|(name, _)| *name).collect();
    assert_eq!(changed, ["entry", "headline"], "{:?}", healed.changes);
}

#[test]
fn json_beside_a_listing_is_not_the_source() {
    let rows = [1, 2, 3, 4, 5, 6].map(|n| format!("<li><h3><a href=/n/{n}>The harbour opens its pier {n}</a></h3> <time datetime=2026-02-0{n}>{n} February</time></li>"));
    let told =
        [1, 2, 3, 4].map(|n| format!("{{\"headline\":\"Featured story number {n}\",\"url\":\"/f/{n}\"}}"));
    let body = format!(
        "<body><ul class=news>{}</ul><script type=application/ld+json>[{}]</script>",
        rows.concat(),
        told.join(",")
    );
    let found = proposals(&page_of(&body, "https://harbour.example/"));
    assert_eq!(found[0].keys.json, None);
    assert!(found[0].reading.sightings[0].entry.headline.starts_with("The harbour"));
}

#[test]
fn the_marks_of_microdata_and_of_microformats_are_selectors_that_last() {
    let best = |around: [&str; 2], row: fn(u32) -> String| {
        let body = format!("<body>{}{}{}", around[0], (1..=6).map(row).collect::<String>(), around[1]);
        let best = proposals(&page_of(&body, "https://harbour.example/")).remove(0);
        let keys = best.keys.to_toml();
        assert_eq!(best.reading.sightings.len(), 6, "{keys}");
        (best, keys)
    };
    let row = |n: u32| {
        format!(
            "<div itemscope itemtype=https://schema.org/BlogPosting><span itemprop=headline><a itemprop=url href=/p/{n}>The pier {n} is open again</a></span><meta itemprop=datePublished content=2026-02-0{n}><span itemprop=description>Boats of the line {n} moor there from Monday on.</span></div>"
        )
    };
    let (found, keys) = best(["<main>", "</main>"], row);
    assert!(keys.contains("[itemprop"), "{keys}");
    assert!(found.reading.sightings.iter().all(|sighting| sighting.entry.moment.is_some()), "{keys}");
    let row = |n: u32| {
        format!(
            "<div class=h-entry><a class=\"p-name u-url\" href=/p/{n}>The pier {n} is open again</a> <time class=dt-published datetime=2026-02-0{n}T10:00>{n} February</time><p class=p-summary>Boats of the line {n} moor there from Monday on.</p></div>"
        )
    };
    let (_, keys) = best(["<div class=h-feed>", "</div>"], row);
    assert!(keys.contains(".h-entry") && keys.contains(".p-name") && keys.contains(".p-summary"), "{keys}");
}

#[test]
fn language_and_zone_are_proposed_where_they_are_evident_and_not_known_without() {
    let rows = |offset: &str| -> String {
        [1, 2, 3, 4, 5, 6].map(|n| format!("<li><h3><a href=/n/{n}>Der Hafen öffnet Pier {n}</a></h3> <time datetime=2026-02-0{n}T08:00:00{offset}>{n}. Februar</time></li>")).concat()
    };
    let best = |head: &str, offset: &str, url: &str| {
        let body = format!("{head}<body><ul class=news>{}</ul>", rows(offset));
        let keys = proposals(&page_of(&body, url)).remove(0).keys;
        (keys.language, keys.timezone)
    };
    let some = |text: &str| Some(text.to_owned());
    let stated = "<meta http-equiv=content-language content=de-CH>";
    assert_eq!(best(stated, "+01:00", "https://hafen.example/"), (some("de-CH"), None));
    assert_eq!(best(stated, "+01:00", "https://hafen.ch/"), (some("de-CH"), some("Europe/Zurich")));
    assert_eq!(best("<html lang=de-AT>", "+01:00", "https://hafen.example/"), (None, some("Europe/Vienna")));
    assert_eq!(best("<html lang=de-AT>", "Z", "https://hafen.example/"), (None, None));
    assert_eq!(best("<html lang=de-AT>", "-04:00", "https://hafen.example/"), (None, None));
    let named = "<html lang=de><body data-timezone=Europe/Berlin>";
    assert_eq!(best(named, "Z", "https://hafen.example/"), (None, some("Europe/Berlin")));
}

#[test]
fn what_the_defaults_say_is_not_proposed_again() {
    let place = Place::new();
    let rows = [1, 2, 3, 4, 5, 6].map(|n| format!("<li><h3><a href=/n/{n}>Der Hafen öffnet Pier {n}</a></h3> <time datetime=2026-02-0{n}T08:00:00+01:00>{n}. Februar</time></li>")).concat();
    let page = place.write("page.html", format!("<html lang=de><ul class=news>{rows}</ul>"));
    let add = |defaults: &str| {
        let config = place.write("gleaner.toml", defaults).display().to_string();
        let (page, url) = (page.display().to_string(), "https://hafen.de/");
        let at = "2026-03-02T09:00:00Z";
        place.gleaner(&["add", "--page", &page, "--url", url, "--at", at, "--config", &config]).out
    };
    let told = add("");
    assert!(told.contains("timezone = \"Europe/Berlin\"") && !told.contains("language ="), "{told}");
    let told = add("[defaults]\ntimezone = \"Europe/Berlin\"\nlanguage = \"fr\"\n");
    assert!(!told.contains("timezone =") && told.contains("language = \"de\""), "{told}");
}

#[test]
fn a_day_above_entries_is_proposed_as_their_date() {
    let (keys, entries) = likeliest("ferry-notices");
    assert!(keys.contains("date     = { above = "), "{keys}");
    assert!(entries.iter().all(|entry| entry.moment.is_some()), "{keys}");
}

#[test]
fn a_proposal_is_a_config_and_says_what_it_gives() {
    for (name, page, _) in cases() {
        for proposal in proposals(&page) {
            let text = format!("[source.found]\n{}", proposal.keys.to_toml());
            let file = config::ConfigText { path: "gleaner.toml".into(), text: text.clone() };
            let config = config::read(&[file], &|_| None).unwrap_or_else(|problems| {
                panic!("{name}: {text}\n{}", problems.draw(config::Colors::Plain))
            });
            let again =
                gleaner::fixture::read_dated(&config.sources[0], &page, &|| true).expect("it is a page");
            let entries = |sightings: &[gleaner::entry::Sighting]| {
                sightings.iter().map(|sighting| sighting.entry.clone()).collect::<Vec<_>>()
            };
            assert_eq!(entries(&again.sightings), entries(&proposal.reading.sightings), "{name}: {text}");
        }
    }
}

#[test]
fn what_is_known_settles_which_listing_it_is() {
    let menu = [1, 2, 3, 4, 5, 6, 7, 8]
        .map(|n| format!("<li><a href=/topic/{n}>Topics of the harbour {n}</a></li>"))
        .concat();
    let rows: String = ["Ferry runs again", "Pier two opens"]
        .map(|t| format!("<p><a href=/n/{}>{t}</a></p>", t.len()))
        .concat();
    let page = Page {
        url: "https://harbour.example/".parse().expect("an address"),
        status: 200,
        headers: gleaner::page::Headers::default(),
        body: format!("<body><ul>{menu}</ul><div>{rows}</div>").into_bytes(),
        fetched_at: "2025-03-07T09:00:00Z".parse().expect("a time"),
    };
    let document = decode::decode(&page).expect("text");
    let known = [Known { headline: "ferry runs".to_owned(), is_typed: true, ..Known::default() }];
    let found = detect::detect(&document, &page, &known, &|| true);
    assert_eq!(found.proposals[0].reading.sightings[0].entry.headline, "Ferry runs again");
    assert_eq!(found.proposals[0].held.entries, 1);
}

#[test]
fn add_writes_a_source_that_runs() {
    let place = Place::new();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/harbour-gazette/2025-03-07/page.html");
    let (page, config) =
        (page.display().to_string(), place.path().join("gleaner.toml").display().to_string());
    let fixtures = place.path().join("fixtures").display().to_string();
    let at = "2025-03-07T10:00:00Z";
    let asked = ["add", "--page", &page, "--url", "https://harbour-gazette.example/news/", "--at", at];
    let json = place.gleaner(&[&asked[..], &["--json"]].concat());
    let value: Value = serde_json::from_str(&json.out).expect("JSON");
    assert!(value["confidence"].as_f64().expect("a number") > 0.9, "{json:?}");
    assert_eq!(value["source"]["url"], "https://harbour-gazette.example/news/");
    let entries = value["entries"].as_array().expect("a list");
    assert!(entries.len() > 3 && value["others"].is_array());
    assert!(entries.iter().all(|entry| entry["date"].as_str().is_some_and(|date| date.starts_with("2025-"))));
    let yes =
        [&asked[..], &["--yes", "--id", "harbour", "--fixtures", &fixtures, "--config", &config]].concat();
    assert_eq!(place.gleaner(&yes).exit, 0);
    let run = place.gleaner(&["run", "--config", &config, "--replay", &fixtures, "--json"]);
    assert!(run.out.contains(&format!("\"new\":{}", entries.len())), "{run:?}");
    // A second time nothing is overwritten.
    assert_eq!(place.gleaner(&yes).exit, 2);
}

/// A listing of twelve notices, six on each of two pages, and no feed anywhere.
fn notices() -> Server {
    Server::start(
        "127.0.0.1",
        Box::new(|request, stream| {
            let path = request.split(' ').nth(1).unwrap_or_default();
            let first = match path {
                "/notices/" => 12,
                "/notices/?page=2" => 6,
                _ => return answer(stream, "404 Not Found", "", b"not here"),
            };
            let rows: Vec<String> = (0..6)
                .map(|n| first - n)
                .map(|n| format!("<li class=notice><h3><a href=/notices/{n}>Notice {n} of the harbour master</a></h3><time datetime=2025-02-{n:02}>{n} February 2025</time></li>"))
                .collect();
            let older = if first == 12 {
                "<p class=pager><a href='?page=2'>Older notices</a> <a class=next href='?page=2'>»</a></p>"
            } else {
                ""
            };
            let body =
                format!("<html lang=en><body><nav><a href=/>Home</a></nav><ul>{}</ul>{older}", rows.concat());
            answer(stream, "200 OK", HTML, body.as_bytes());
        }),
    )
}

#[test]
fn a_page_without_a_feed_is_added_from_the_network() {
    let (place, server) = (Place::new(), notices());
    let url = format!("http://{}/notices/", server.address);
    let config = place.write("gleaner.toml", "[defaults]\nspacing = \"0s\"\nallow_private = true\n");
    let config = config.display().to_string();
    let fixtures = place.path().join("fixtures").display().to_string();
    let added = place.gleaner(&[
        "add",
        &url,
        "--yes",
        "--id",
        "notices",
        "--fixtures",
        &fixtures,
        "--config",
        &config,
    ]);
    assert_eq!(added.exit, 0, "{added:?}");
    assert!(added.out.contains("next     = \".next\""), "{added:?}");
    // A feed was looked for before selectors were.
    assert!(server.paths().iter().any(|path| path.ends_with("/feed/")), "{:?}", server.paths());
    let run = place.gleaner(&["run", "--force", "--json", "--config", &config]);
    assert!(run.out.contains("\"new\":12"), "{run:?}");
}

#[test]
fn a_redesign_is_healed_and_announces_nothing_again() {
    let place = Place::new();
    let config = place.write("gleaner.toml", fs::read(project("config/gleaner.toml")).expect("it is there"));
    let config = config.display().to_string();
    let gleaner = |arguments: &[&str]| place.gleaner(&[arguments, &["--config", &config]].concat());
    gleaner(&["run", "--replay", "fixtures", "--until", BEFORE]);
    let before = fs::read_to_string(place.path().join("gleaner.toml")).expect("it is there");
    let shown = gleaner(&["heal", INTERNATIONAL, "--replay", "fixtures", "--until", REDESIGN]);
    assert_eq!(shown.exit, 0, "{shown:?}");
    assert!(shown.out.contains("\n-entry = \"article.et_pb_post\"\n+entry = \""), "{shown:?}");
    assert_eq!(fs::read_to_string(place.path().join("gleaner.toml")).expect("it is there"), before);
    let healed = gleaner(&["heal", INTERNATIONAL, "--replay", "fixtures", "--until", REDESIGN, "--yes"]);
    assert_eq!(healed.exit, 0, "{healed:?}");
    let run = gleaner(&["run", INTERNATIONAL, "--replay", "fixtures", "--until", REDESIGN, "--json"]);
    let last: Value = serde_json::from_str(run.out.lines().last().expect("a line")).expect("JSON");
    assert!(last["verdict"] != "drifted" && last["new"] == 0, "{run:?}");
    let after = fs::read_to_string(place.path().join("gleaner.toml")).expect("it is there");
    let comments =
        |text: &str| text.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(comments(&after), comments(&before));
}

#[test]
fn a_block_page_and_another_page_heal_nothing() {
    let place = Place::new();
    let config = place.write("gleaner.toml", fs::read(project("config/gleaner.toml")).expect("it is there"));
    let before = fs::read(&config).expect("it is there");
    let config = config.display().to_string();
    let gleaner = |arguments: &[&str]| place.gleaner(&[arguments, &["--config", &config]].concat());
    gleaner(&["run", "--replay", "fixtures", "--until", BEFORE]);
    let challenge =
        gleaner(&["heal", INTERNATIONAL, "--replay", "fixtures", "--until", "2025-03-24T23:00:00Z", "--yes"]);
    assert_eq!(challenge.exit, 1);
    assert!(
        challenge.err.contains("blocked") && challenge.err.contains("nothing was changed"),
        "{challenge:?}"
    );
    // Another site's listing under the old address: it has all a listing has, and nothing that is known.
    let harbour = fs::read(project("fixtures/harbour-gazette/2025-03-07/page.html")).expect("it is there");
    let case = format!("fixtures/{INTERNATIONAL}/2025-04-01");
    place.write(&format!("{case}/page.html"), harbour);
    let url = "url = \"https://libyasecuritymonitor.com/international-actors/\"\nfetched_at = \"2025-04-01T00:00:00Z\"\n";
    place.write(&format!("{case}/case.toml"), url);
    let root = place.path().join("fixtures").display().to_string();
    let foreign = gleaner(&["heal", INTERNATIONAL, "--replay", &root, "--yes"]);
    assert_eq!(foreign.exit, 1);
    assert!(foreign.err.contains("none of the"), "{foreign:?}");
    assert_eq!(fs::read(project_at(&config)).expect("it is there"), before);
}

fn project(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn project_at(path: &str) -> std::path::PathBuf {
    path.into()
}
