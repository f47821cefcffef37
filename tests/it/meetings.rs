//! Listings of meetings, notices and calls, over small pages: names that recur, days without links, days by which something ends,
//! and marks before headlines.

use gleaner::detect::DateKey;

use crate::listings::{SHIPS, best, days};

#[test]
fn meetings_are_called_by_their_links_though_these_recur() {
    let name = |n: u32| ["Regular Meeting", "Special Meeting"][n as usize % 2];
    let by_link = best(9, ["<table>", "</table>"], |n| {
        format!(
            "<tr class=row><td><h3><b>May {}, 2024</b></h3><p><a href=/{n}>{}</a><td><a href=/{n}/html>HTML</a>",
            29 - n,
            name(n)
        )
    });
    let head = "<table><tr><th>Date<th>Meeting<th>Agenda";
    let by_column = best(9, [head, "</table>"], |n| {
        format!("<tr><td>May {}, 2024<td>{}<td><a href=/{n}.pdf>Agenda</a>", 29 - n, name(n))
    });
    for found in [by_link, by_column] {
        let keys = found.keys.to_toml();
        assert_eq!(found.reading.sightings[0].entry.headline.as_str(), "Special Meeting", "{keys}");
        assert_eq!(days(&found)[..2], ["2024-05-28", "2024-05-27"], "{keys}");
    }
}

#[test]
fn a_schedule_without_links_is_found_beside_a_menu() {
    let menu = "<ul id=side><li><a href=/>Home page</a><li><a href=/n>News of the harbour</a><li><a href=/m>All our meetings</a></ul>";
    let table = best(8, [&format!("{menu}<table>"), "</table>"], |n| {
        format!("<tr><td>Wed., May {}, 2024<td>Public<td>Room 5<td>5 pm", 29 - n)
    });
    let notices = best(8, [&format!("{menu}<div>"), "</div>"], |n| {
        format!(
            "<p><b>{} May 2024</b> The ship {} stays in the dock until further notice.",
            29 - n,
            SHIPS[n as usize % 4]
        )
    });
    for found in [table, notices] {
        assert_eq!(days(&found).len(), 8, "{}", found.keys.to_toml());
    }
}

#[test]
fn a_day_by_which_something_ends_is_no_day_of_publication() {
    let call =
        |n: u32| format!("<h4><a href=/{n}>A dock for the {} is wanted</a></h4>", SHIPS[n as usize % 4]);
    let only = best(7, ["<div>", "</div>"], |n| {
        format!("<div class=call>{}<p>Closes: {n} May 2024</p></div>", call(n))
    });
    assert_eq!(only.keys.date, DateKey::None, "{}", only.keys.to_toml());
    let both = best(7, ["<table><tr><th>Call<th>Deadline<th>Published", "</table>"], |n| {
        format!("<tr><td>{}<td>{n} June 2024<td>{} May 2024", call(n), 29 - n)
    });
    assert_eq!(days(&both)[0], "2024-05-28", "{}", both.keys.to_toml());
    let by = best(7, ["<div>", "</div>"], |n| {
        format!("<div class=post>{}<p>by Ina on {} May 2024</p></div>", call(n), 29 - n)
    });
    assert_eq!(days(&by).len(), 7, "{}", by.keys.to_toml());
}

#[test]
fn a_table_is_no_less_for_being_called_a_widget() {
    let link = |n: u32| format!("<li><a href=/s/{n}>Service number {n} of the town</a>");
    let menu: String = (0..60).map(link).collect();
    let top = format!(
        "<div class=skipnav><a href=/a><img alt='Skip to the page'></a><a href=/b><img alt='Home of the town'></a><a href=/c><img alt='Services of it'></a></div><nav><ul>{menu}</ul></nav><div class=events_widget><p>Free readers are needed for some of the documents.</p><table>"
    );
    let found = best(7, [&top, "</table></div>"], |n| {
        format!(
            "<tr><td class=event_title><a href=/e/{n}>Commission Meeting</a><td>May {}, 2024 8:45 AM<td>Not included",
            29 - n
        )
    });
    assert_eq!(days(&found).len(), 7, "{}", found.keys.to_toml());
}

#[test]
fn a_year_that_spans_several_rows_is_that_of_their_days() {
    let found = best(9, ["<table><tr><th>Year<th>Day<th>Report", "</table>"], |n| {
        let year = ["<td rowspan=4>2024", "<td rowspan=5>2023"]
            .get(usize::from(n == 5))
            .filter(|_| n == 1 || n == 5);
        let year = year.copied().unwrap_or_default();
        format!(
            "<tr>{year}<td>{} May<td><a href=/{n}.pdf>The ship {} came in</a>",
            29 - n,
            SHIPS[n as usize % 4]
        )
    });
    let days = days(&found);
    assert_eq!(
        (days[0].as_str(), days[3].as_str()),
        ("2024-05-28", "2024-05-25"),
        "{}",
        found.keys.to_toml()
    );
    assert_eq!(
        (days[4].as_str(), days[8].as_str()),
        ("2023-05-24", "2023-05-20"),
        "{}",
        found.keys.to_toml()
    );
}

#[test]
fn what_stands_before_each_headline_is_no_part_of_it() {
    let anchor = best(7, ["<main>", "</main>"], |n| {
        format!(
            "<h2><a href='#v{n}'>#</a>v1.{} of {} May 2024</h2><p>The {} was painted.</p>",
            9 - n,
            29 - n,
            SHIPS[n as usize % 4]
        )
    });
    let label = best(7, ["<div>", "</div>"], |n| {
        format!(
            "<div class=paper><p class=list-title><b>Title:</b> <a href=/{n}>On the ship {} of the harbour</a></p><p>{n} pages</p></div>",
            SHIPS[n as usize % 4]
        )
    });
    let first =
        |found: &gleaner::detect::Proposal| found.reading.sightings[0].entry.headline.as_str().to_owned();
    assert!(first(&anchor).starts_with("v1.8 of"), "{}", anchor.keys.to_toml());
    assert!(first(&label).starts_with("On the ship"), "{}", label.keys.to_toml());
}

#[test]
fn what_adds_to_a_calendar_or_answers_a_program_is_no_link_to_read() {
    let event = best(7, ["<div>", "</div>"], |n| {
        format!(
            "<div class=event><a itemprop=url href=/event/{n}/></a><b>The ship {} comes in</b><i>{} May 2024</i><p><a class=cal href='/ajax?action=ics_download&id={n}'>Calendar</a></div>",
            SHIPS[n as usize % 4],
            29 - n
        )
    });
    let row = |n: u32| {
        format!(
            r#"{{"rest_url":"https://harbour.example/wp-json/e/{n}","url":"https://harbour.example/event/{n}/","title":"The ship {} comes in","date":"2024-05-0{}"}}"#,
            SHIPS[n as usize % 4],
            9 - n
        )
    };
    let answer = best(7, ["<script type=application/json>[{}", "]</script>"], |n| format!(",{}", row(n)));
    for found in [event, answer] {
        let link = found.reading.sightings[0].entry.link.as_ref().map(|link| link.as_str().to_owned());
        assert_eq!(link.as_deref(), Some("https://harbour.example/event/1/"), "{}", found.keys.to_toml());
    }
}
