//! What is no entry among entries, and which names of a page are written down, over small pages.
#![allow(clippy::disallowed_methods)]

use serde_json::Value;

use crate::{
    listings::{SHIPS, best, days},
    program::Place,
};

fn ship(n: u32) -> &'static str {
    SHIPS[n as usize % 4]
}

#[test]
fn what_greets_the_reader_and_what_leads_to_other_lists_is_no_entry() {
    let greeting =
        "<div><p>Welcome to the harbour. For all questions please <a href=/contact>write</a> to us.</p>";
    let told = best(8, [greeting, "</div>"], |n| {
        format!("<p><b>0{n} March 2025</b><br><a href=/notices/{n}>The ship {} came in</a></p>", ship(n))
    });
    let keys = told.keys.to_toml();
    assert_eq!((told.reading.sightings.len(), told.keys.entry.as_str()), (8, "p:has(b)"), "{keys}");
    let sorted = "<ul><li><b>Sorted by:</b> <a href=thread.html>[ thread ]</a> <a href=author.html>[ author ]</a>\
         <li><b><a href=/info>More of this list</a></b></ul><ul>";
    let mails = best(9, [sorted, "</ul>"], |n| {
        format!(
            "<li><a href=00{n}.html>[pier] The ship {} came in {n}</a><a name={n}>&nbsp;</a><i>A. Brown</i>",
            ship(n)
        )
    });
    let keys = mails.keys.to_toml();
    assert_eq!((mails.reading.sightings.len(), mails.keys.entry.as_str()), (9, "li:has(i)"), "{keys}");
}

#[test]
fn two_lists_that_share_their_tags_alone_are_two() {
    let card = |kind: &str, n: u32| {
        let day = 20 - n;
        format!(
            "<div class={kind}-card><h3><a href=/{kind}/{n}>The {kind} of the ship {} on day {n}</a></h3><i class=day>{day} March \
             2025</i></div>",
            ship(n)
        )
    };
    let events: String = (1..=9).map(|n| card("event", n)).collect();
    let around = ["<main><section>".to_owned(), format!("</section><section>{events}</section></main>")];
    let found = best(11, [&around[0], &around[1]], |n| card("news", n));
    assert_eq!((found.reading.sightings.len(), found.keys.entry.as_str()), (11, ".news-card"));
    assert!(found.confidence < 0.9, "the other list may be meant: {}", found.confidence);
    let place = Place::new();
    let rows: String = (1..=11).map(|n| card("news", n)).collect();
    let page = place.write("page.html", format!("{}{rows}{}", around[0], around[1])).display().to_string();
    let asked = ["add", "--page", &page, "--url", "https://harbour.example/"];
    let offers = place.gleaner(&[&asked[..], &["--json"]].concat());
    let offers: Value = serde_json::from_str(&offers.out).expect("JSON");
    assert_eq!(offers["others"][0]["source"]["entry"], ".event-card");
    assert!(offers["others"][0]["confidence"].as_f64() <= offers["confidence"].as_f64(), "they are in order");
    let like = |text: &str| place.gleaner(&[&asked[..], &["--like", text]].concat());
    let event = like("The event of the ship Morning Star on day 9");
    assert!(event.out.contains("entry    = \".event-card\""), "{event:?}");
    let nowhere = like("The harbour closes");
    assert_eq!(nowhere.exit, 1, "{nowhere:?}");
    assert!(nowhere.err.contains("hint: a few words of it are enough"), "{nowhere:?}");
}

#[test]
fn rows_that_take_turns_are_parts_of_records() {
    let found = best(8, ["<table>", "</table>"], |n| {
        format!(
            "<tr class=thing><td>{n}.<td class=name><a href=/{n}>The ship {} came in</a>\
             <tr><td><td class=under>{n}0 points by <a href=/u/a>A. Brown</a> <a href=/t/{n}>0{n} March 2025</a>",
            ship(n)
        )
    });
    assert_eq!(found.reading.sightings.len(), 8, "{}", found.keys.to_toml());
    assert!(found.reading.sightings.iter().all(|one| one.entry.headline.starts_with("The ship")));
    assert_eq!(days(&found).len(), 8, "{}", found.keys.to_toml());
}

#[test]
fn the_heading_of_a_section_is_its_headline_though_its_text_links() {
    let told = [
        "More than eighty people came, and hope to repeat it before autumn.",
        "Costs were lower than feared, says Ms Reed, who keeps the books.",
        "Work goes on next week with two cranes and forty hands.",
        "Volunteers are still needed for a second stage of repairs.",
    ];
    let found = best(9, ["<main>", "</main>"], |n| {
        let told = told[n as usize % 4];
        format!(
            "<section><p>{n} March 2025<h3>The ship {}</h3><p>{told} The harbour asks all crews to use the northern pier until \
             then. <a href=/{n}>More</a></section>",
            ship(n / 2)
        )
    });
    assert_eq!(found.keys.headline, ["h3"], "{}", found.keys.to_toml());
    assert_eq!(days(&found).len(), 9);
}

#[test]
fn names_for_tests_and_names_around_a_bare_element_are_written_down() {
    let tested = best(6, ["<div>", "</div>"], |n| {
        format!(
            "<div data-testid=article-card class=x1a2b3><div class=x9f8e7><a href=/{n}><div data-testid=card-headline>The ship {} \
             came in</div></a><div class=xp0o9><span data-testid=card-date>{n} March 2025</span><span>News</span></div></div></div>",
            ship(n)
        )
    });
    let keys = tested.keys.to_toml();
    for name in ["article-card", "card-headline", "card-date"] {
        assert!(keys.contains(&format!("[data-testid=\"{name}\"]")), "{keys}");
    }
    let wrapped = best(6, ["<div>", "</div>"], |n| {
        format!(
            "<div class=views-row><div class=\"views-field views-field-made\"><span class=field-content>{n} March 2025</span></div>\
             <div class=\"views-field views-field-name\"><span class=field-content><a href=/{n}>The ship {} came in</a></span></div></div>",
            ship(n)
        )
    });
    let keys = wrapped.keys.to_toml();
    assert!(keys.contains("\".views-field-name\"") && keys.contains("\".views-field-made\""), "{keys}");
}

#[test]
fn the_text_before_each_link_of_a_paragraph_is_its_date() {
    let found = best(6, ["<div class=text><p>", "</div>"], |n| {
        format!("March {}, 2025 &ndash; <a href=/{n}.pdf>The ship {} came in</a><br>", 9 - n, ship(n))
    });
    let keys = found.keys.to_toml();
    assert!(keys.contains("date     = { from = \"before\" }"), "{keys}");
    assert_eq!(days(&found)[..2], ["2025-03-08", "2025-03-07"], "{keys}");
}
