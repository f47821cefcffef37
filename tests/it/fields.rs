//! Headlines, teasers and dates that stand in uncommon places, over small pages.

use gleaner::detect::{DateKey, Proposal};

use crate::listings::{SHIPS, best, days};

fn headlines(found: &Proposal) -> Vec<&str> {
    found.reading.sightings.iter().map(|sighting| sighting.entry.headline.as_str()).collect()
}

#[test]
fn a_day_and_a_month_in_figures_are_a_date_below_their_year() {
    let found = best(9, ["<main>", "</main>"], |n| {
        let heading = if n % 3 == 1 { format!("<h2>{}</h2>", 2024 - n / 3) } else { String::new() };
        let ship = SHIPS[n as usize % 4];
        format!("{heading}<li><i>11-{}</i> <a href=/{n}>The ship {ship} came in</a></li>", 29 - n)
    });
    let expected = ["2024-11-28", "2024-11-27", "2024-11-26", "2023-11-25"];
    assert_eq!(days(&found)[..4], expected, "{}", found.keys.to_toml());
    // Without a year above, it is a score.
    let found = best(9, ["<main>", "</main>"], |n| {
        let ship = SHIPS[n as usize % 4];
        format!("<li><i>11-{}</i> <a href=/{n}>The ship {ship} came in</a></li>", 29 - n)
    });
    assert!(days(&found).is_empty(), "{}", found.keys.to_toml());
}

#[test]
fn what_an_image_is_called_is_the_headline_where_its_link_says_nothing_else() {
    let ship = |n: u32| format!("The ship {} comes in, number {n}", SHIPS[n as usize % 4]);
    let poster = |told: &str, n: u32| {
        format!(
            "<div class=poster><a href=/{n}><img src=/{n}.jpg alt='{}'>{told}</a><p>{n} May 2024</p></div>",
            ship(n)
        )
    };
    let found = best(9, ["<main>", "</main>"], |n| poster("", n));
    assert_eq!(headlines(&found)[0], ship(1), "{}", found.keys.to_toml());
    let found = best(9, ["<main>", "</main>"], |n| poster(&format!("Arrival {n} of May"), n));
    assert_eq!(headlines(&found)[0], "Arrival 1 of May", "{}", found.keys.to_toml());
}

#[test]
fn a_label_and_a_mark_at_the_end_are_no_part_of_a_headline() {
    let labelled = best(9, ["<ul>", "</ul>"], |n| {
        format!(
            "<li><h4><a href=/r/{n}>v1.{n}.0</a><b>Stable</b></h4><i>{n} May 2024</i><p>It mends what version {n} broke.</li>"
        )
    });
    assert_eq!(headlines(&labelled)[0], "v1.1.0", "{}", labelled.keys.to_toml());
    let marked = best(9, ["<main>", "</main>"], |n| {
        format!(
            "<section id=v{n}><h2>Version 1.{n} ({n} May 2024)<a href=#v{n}>¶</a></h2><p>It mends what version {n} broke.</section>"
        )
    });
    assert_eq!(headlines(&marked)[0], "Version 1.1 (1 May 2024)", "{}", marked.keys.to_toml());
}

#[test]
fn a_short_paragraph_is_a_teaser_and_a_byline_is_none() {
    let row = |n: u32, told: &str| {
        format!(
            "<li><h3><a href=/{n}>The ship {} came in</a></h3><p>{told}</p><i>{n} May 2024</i></li>",
            SHIPS[n as usize % 4]
        )
    };
    let found = best(9, ["<ul>", "</ul>"], |n| {
        row(
            n,
            &format!(
                "Her pilot was {}.",
                [
                    "Ina Keller",
                    "Tom Reed",
                    "Al Brown",
                    "Jo March",
                    "Una Wells",
                    "Ed Stone",
                    "Bo Lund",
                    "Ada Roy",
                    "Ike Moss"
                ][n as usize - 1]
            ),
        )
    });
    assert!(!found.keys.teaser.is_empty(), "{}", found.keys.to_toml());
    let found = best(9, ["<ul>", "</ul>"], |n| row(n, ["Written by Ina", "Written by Tom"][n as usize % 2]));
    assert!(found.keys.teaser.is_empty(), "{}", found.keys.to_toml());
}

#[test]
fn of_a_class_that_is_made_anew_with_each_build_the_name_is_relied_on() {
    let menu = |n: u32| format!("<div class=Menu_item__q7Xw2><a href=/topic/{n}>Piers</a></div>");
    let found = best(9, [&format!("<div>{}", menu(1).repeat(4)), "</div>"], |n| {
        let ship = SHIPS[n as usize % 4];
        format!(
            "<div class=News_row__h3Kq1><div><i>{n} May 2024</i></div><div><a href=/{n}>The ship {ship} came in</a></div></div>"
        )
    });
    assert_eq!(found.keys.entry, "[class*=\"News_row__\"]", "{}", found.keys.to_toml());
    assert_eq!(found.reading.sightings.len(), 9, "{}", found.keys.to_toml());
}

#[test]
fn a_day_that_spans_several_rows_is_the_day_of_each() {
    // Two rows and one row to a day, by turns; then two, and three, to each.
    let tables: [fn(u32) -> Option<u32>; 3] = [
        |n| [Some(2), None, Some(1)][n as usize % 3],
        |n| (n % 2 == 0).then_some(2),
        |n| (n % 3 == 0).then_some(3),
    ];
    for spans in tables {
        let row = |n: u32| {
            let cell = |span: u32| {
                let span = if span > 1 { format!(" rowspan={span}") } else { String::new() };
                format!("<td{span}>{} May 2024", 29 - n)
            };
            let day = spans(n - 1).map(cell).unwrap_or_default();
            format!("<tr>{day}<td><a href=/{n}.pdf>The ship {} came in</a><td>Pier", SHIPS[n as usize % 4])
        };
        let found = best(12, ["<table><tr><th>Day<th>Arrival<th>Place", "</table>"], row);
        let keys = found.keys.to_toml();
        assert_eq!(found.reading.sightings.len(), 12, "{keys}");
        assert_eq!(days(&found)[..2], ["2024-05-28", "2024-05-28"], "{keys}");
        assert_eq!(days(&found).len(), 12, "{keys}");
        assert!(found.keys.date == DateKey::At(vec!["td:nth-last-child(3)".to_owned()]), "{keys}");
    }
}
