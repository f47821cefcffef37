//! Which elements of a page are its listing, over small pages.
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss)]

use gleaner::{
    decode,
    detect::{DateKey, Healed, Keys, Known, Proposal, heal},
    page::Page,
};

use crate::detection::{page_of, proposals, told_by};

pub fn page(body: &str) -> Page {
    let fetched_at = "2025-03-09T09:00:00Z".parse().expect("a time");
    Page { fetched_at, ..page_of(body, "https://harbour.example/") }
}

/// The likeliest proposal for a page with something for each number from 1.
pub fn best(count: u32, around: [&str; 2], row: impl Fn(u32) -> String) -> Proposal {
    let rows: String = (1..=count).map(row).collect();
    let found = proposals(&page(&format!("<body>{}{rows}{}", around[0], around[1])));
    found.into_iter().next().expect("something is proposed")
}

pub fn days(proposal: &Proposal) -> Vec<String> {
    let moments = proposal.reading.sightings.iter().filter_map(|sighting| sighting.entry.moment.as_ref());
    moments.map(|moment| moment.day.to_string()).collect()
}

pub const SHIPS: [&str; 4] =
    ["Aurora of Leith", "Morning Star", "Three Brothers of Oban", "Old Margaret and her crew"];

#[test]
fn rows_are_entries_and_their_cells_are_not() {
    let found = best(9, ["", ""], |n| {
        let ship = SHIPS[n as usize % 4];
        format!(
            "<table><tr><td><b>{ship}</b>, {n} Adm. 78{n} ({n})<td><a href=/{n}.pdf>ID 40{n}</a> (PDF)</table><p>The {ship} lay at the pier, \
             and it was held that her dues were owed to the harbour from the first tide on.<hr>"
        )
    });
    assert_eq!(found.reading.sightings.len(), 9, "{}", found.keys.to_toml());
    assert!(found.reading.sightings.iter().all(|sighting| sighting.entry.link.is_some()));
}

#[test]
fn years_and_months_above_complete_the_dates_of_entries() {
    // Each heading stands above three entries.
    let below = |heading: fn(u32) -> String, own: fn(u32) -> String| {
        best(9, ["<div>", "</div>"], |n| {
            let heading = if n % 3 == 1 { format!("<h2>{}</h2>", heading(n)) } else { String::new() };
            let ship = SHIPS[n as usize % 4];
            format!("{heading}<p><b>{}</b> <a href=/{n}>The ship {ship} came in</a></p>", own(n))
        })
    };
    let years = below(|n| (2024 - n).to_string(), |n| format!("{} March", 20 - n));
    let expected = ["2023-03-19", "2023-03-18", "2023-03-17", "2020-03-16"];
    assert_eq!(days(&years)[..4], expected, "{}", years.keys.to_toml());
    let months = below(|n| format!("May {}", 2024 - n), |n| (20 - n).to_string());
    let expected = ["2023-05-19", "2023-05-18", "2023-05-17", "2020-05-16"];
    assert_eq!(days(&months)[..4], expected, "{}", months.keys.to_toml());
    let times = below(|n| format!("{} February 2025", 20 - n), |n| format!("1{}:30", 9 - n));
    let first = times.reading.sightings[0].entry.moment.as_ref().unwrap();
    assert_eq!(first.instant.unwrap().to_string(), "2025-02-19T18:30:00Z", "{}", times.keys.to_toml());
}

#[test]
fn a_day_in_boxes_is_a_date() {
    let found = best(8, ["<div>", "</div>"], |n| {
        let ship = SHIPS[n as usize % 4];
        format!(
            "<section><div class=cal><i>Feb</i><i>{}</i><i>2025</i></div><a href=/{n}>The ship {ship} came in</a></section>",
            20 - n
        )
    });
    assert_eq!(days(&found)[..2], ["2025-02-19", "2025-02-18"], "{}", found.keys.to_toml());
}

#[test]
fn stories_told_in_place_are_entries_and_links_at_the_foot_are_not() {
    let foot = "<footer><ul><li><a href=/a>Privacy policy</a><li><a href=/b>Terms of use</a><li><a href=/c>Accessibility</a>\
                <li><a href=/d>Site map</a><li><a href=/e>Press kit</a></ul></footer>";
    let found = best(8, ["<div>", foot], |n| {
        let ship = SHIPS[n as usize % 4];
        format!(
            "<div class=told><h4>The {ship} came in, as she did before</h4><p>On {} February, she lay at the pier.</p></div>",
            20 - n
        )
    });
    assert_eq!(days(&found).len(), 8, "{}", found.keys.to_toml());
    assert!(found.reading.sightings.iter().all(|sighting| sighting.entry.link.is_none()));
}

#[test]
fn of_two_dates_the_one_counts_that_the_list_is_sorted_by_and_before_it_the_one_its_heading_names() {
    let row = |n: u32| {
        let (down, mixed) = (29 - n, 1 + n * 7 % 9);
        format!(
            "<tr><td><a href=/{n}>The case of the {} number {n}</a><td>0{mixed}/15/2024<td>01/{down}/2024</tr>",
            SHIPS[n as usize % 4]
        )
    };
    let sorted = best(12, ["<table>", "</table>"], row);
    assert_eq!(days(&sorted)[..2], ["2024-01-28", "2024-01-27"], "{}", sorted.keys.to_toml());
    let named = best(12, ["<table><tr><th>Case<th>Decision issued<th>Order</tr>", "</table>"], row);
    assert_eq!(days(&named)[..2], ["2024-08-15", "2024-06-15"], "{}", named.keys.to_toml());
}

#[test]
fn of_many_rows_those_with_a_document_are_entries_and_never_surely_so() {
    let found = best(40, ["<table>", "</table>"], |n| {
        let ship = SHIPS[n as usize % 4];
        let link =
            if n % 5 == 0 { format!("<a href=/{n}.pdf>Judgment in the case</a>") } else { String::new() };
        format!("<tr><td>The owners of the {ship} against harbour {n}<td>2 March 2024<td>{link}</tr>")
    });
    let headlines: Vec<_> = found.reading.sightings.iter().map(|sighting| &sighting.entry.headline).collect();
    assert_eq!(headlines.len(), 8, "{}", found.keys.to_toml());
    assert!(headlines.iter().all(|headline| headline.starts_with("The owners of")), "{headlines:?}");
    assert!(found.confidence < 0.9, "{}", found.confidence);
}

#[test]
fn the_link_may_be_around_an_image_alone_and_a_byline_is_no_teaser() {
    let found = best(8, ["", ""], |n| {
        format!(
            "<article><a href=/story/{n}><img src=/{n}.png></a><h2>The {} comes home {n}</h2><p class=post-meta>by <a href=/author/a{n}>The \
             harbour master</a> | <span class=published>{n} March 2025</span> | <a href=/tag/a{n}>Homecomings</a>, <a href=/tag/b{n}>Piers</a></p></article>",
            SHIPS[n as usize % 4]
        )
    });
    let links: Vec<_> = found.reading.sightings.iter().map(|sighting| told_by(&sighting.entry)).collect();
    assert_eq!(links[..2], ["https://harbour.example/story/1", "https://harbour.example/story/2"]);
    assert_eq!(found.keys.teaser, Vec::<String>::new());
}

#[test]
fn a_menu_larger_than_the_listing_is_still_a_menu() {
    let entry = |n: u32| {
        format!("<li class=menu-item><a href=/office/{n}>The office for matters of the harbour {n}</a></li>")
    };
    let menu: String = (1..90).map(entry).collect();
    let found = best(4, [&format!("<ul>{menu}</ul><table>"), "</table>"], |n| {
        let ship = SHIPS[n as usize - 1];
        format!("<tr><td><a href=/{n}.pdf>K{n}</a><td><a href=/{n}.pdf>{ship} against the harbour</a>")
    });
    assert!(found.keys.entry.contains("tr"), "{}", found.keys.to_toml());
}

#[test]
fn a_day_in_the_address_speaks_for_a_listing() {
    let menu = |day: &str| {
        let found = best(9, ["<ul>", "</ul>"], |n| {
            format!("<li><a href=/{day}{n}/the-news-of-it>The {} of day {n}</a></li>", SHIPS[n as usize % 4])
        });
        found.confidence
    };
    assert!(menu("2024/03/0") > menu("news/") + 0.02);
}

#[test]
fn where_two_listings_compete_neither_is_sure() {
    let rows = |place: &str| -> String {
        [1, 2, 3, 4, 5, 6, 7, 8].map(|n| format!("<li><a href=/{place}/{n}>The harbour of {place} opens its pier {n}</a> <time datetime=2025-03-0{n}>{n} March 2025</time></li>")).concat()
    };
    let alone = proposals(&page(&format!("<body><h2>News</h2><ul class=a>{}</ul>", rows("north"))));
    let both = proposals(&page(&format!(
        "<body><h2>News</h2><ul class=a>{}</ul><h2>Notices</h2><ol class=b>{}</ol>",
        rows("north"),
        rows("south")
    )));
    assert!(alone[0].confidence >= 0.9, "{}", alone[0].confidence);
    assert!(both.len() > 1 && both[0].confidence < 0.9, "{}", both[0].confidence);
}

#[test]
fn a_front_page_that_shows_its_entries_in_two_places_has_them_all() {
    let card = |n: usize| {
        format!(
            "<div class=card><h3><a href=/news/{n}>The {} comes home again {n}</a></h3><time datetime=2025-03-0{n}>{n} March</time></div>",
            SHIPS[n % 4]
        )
    };
    let cards = |numbers: &[usize]| numbers.iter().map(|n| card(*n)).collect::<String>();
    let found = proposals(&page(&format!(
        "<body><div class=large>{}</div><div class=small>{}</div><div class=brief>{}</div>",
        cards(&[1, 2, 3, 4, 5]),
        cards(&[5, 6, 7, 8, 1]),
        cards(&[6, 7, 8, 9, 2, 3])
    )));
    let entries: Vec<_> =
        found[0].reading.sightings.iter().map(|sighting| told_by(&sighting.entry)).collect();
    assert_eq!(entries.len(), 9, "{}", found[0].keys.to_toml());
}

#[test]
fn the_boxes_of_a_page_are_not_its_listing() {
    let box_of = |text: &str| format!("<div class=box><div class=inner>{text}</div></div>");
    let ship = |n: usize| {
        format!(
            "<div class=ship><a href=/ships/{n}><img src=/{n}.jpg></a><h4><a href=/ships/{n}>{}</a></h4><p>A ship</p></div>",
            SHIPS[n % 4]
        )
    };
    let ships: String = (0..6).map(ship).collect();
    let found = proposals(&page(&format!(
        "<body>{}{}{}{}",
        box_of(
            "<a href=/>Harbour</a> <a href=/ships>Our ships</a> <a href=/crews>Our crews</a> <a href=/tides>Tides</a>"
        ),
        box_of(
            "<p>We keep a register of all the ships that ever lay here, and of the crews that sailed them. <a href=/about>More of us</a>"
        ),
        box_of(&format!("<h2>Ships</h2>{ships}")),
        box_of(
            "<p>Write to the harbour master of the pier, or come in the morning. <a href=/write>Write</a>"
        ),
    )));
    assert_eq!(found[0].keys.entry, ".ship", "{}", found[0].keys.to_toml());
}

#[test]
fn the_rows_of_a_table_inside_the_listing_are_no_entries() {
    let pages: String =
        [2, 3, 4, 5, 6].map(|n| format!("<td><a href=\"javascript:go({n})\">{n}</a>")).concat();
    let around = format!("<table id=results><tr><td colspan=3><table><tr>{pages}</table></tr>");
    let found = best(9, [&around, "</table>"], |n| {
        let ship = SHIPS[n as usize % 4];
        format!(
            "<tr><td><a href=/{n}.pdf>The owners of the {ship} against pier {n}</a><td>Dues<td>{n} March 2024</tr>"
        )
    });
    assert_eq!(found.reading.sightings.len(), 9, "{}", found.keys.to_toml());
    assert!((found.fit - 1.0).abs() < 1e-9, "{}", found.keys.to_toml());
}

#[test]
fn three_boxes_that_are_alike_by_chance_are_less_than_six_records() {
    let box_of = |heading: &str, text: &str| format!("<div class=box><h2>{heading}</h2><p>{text}</p></div>");
    let ships =
        ["Aurora of Leith", "Morning Star", "Three Brothers", "Old Margaret", "Silver Herring", "Grey Gull"];
    let ships = [0, 1, 2, 3, 4, 5].map(|n: usize| {
        format!(
            "<div class=ship><img src=/{n}.jpg><h4><a href=/ships/{n}>{}</a></h4><p>Schooner</p></div>",
            ships[n]
        )
    });
    let found = proposals(&page(&format!(
        "<body>{}<div class=ships>{}</div>{}{}",
        box_of(
            "The harbour of the isles",
            "We keep the register of all ships that ever lay at our piers, and of their crews. <a href=/about>More of us</a>"
        ),
        ships.concat(),
        box_of(
            "What the harbour master does",
            "He counts the ships that come and go, and writes down the tides for them."
        ),
        box_of(
            "How to write to us from sea",
            "By letter, by flag or with the lamp of your mast; we answer what we can read."
        ),
    )));
    assert_eq!(found[0].keys.entry, ".ship", "{}", found[0].keys.to_toml());
}

#[test]
fn an_old_page_with_the_newest_entries_beside_it_is_never_sure() {
    let sure = |year: u32| {
        let aside = [1, 2, 3]
            .map(|n| format!("<p><a href=/{year}/05/0{n}/a-crane>A crane turns at pier {n}</a>"))
            .concat();
        let around = ["<ul class=entries>", &format!("</ul><aside>{aside}</aside>")];
        let found = best(9, around, |n| {
            let ship = SHIPS[n as usize % 4];
            format!(
                "<li><h3><a href=/2019/05/0{n}/the-news>The {ship} of day {n} is home again</a></h3><p>{n} May 2019</p></li>"
            )
        });
        assert_eq!(found.reading.sightings.len(), 9, "{}", found.keys.to_toml());
        found.confidence
    };
    assert!(sure(2018) >= 0.9 && sure(2024) < 0.9, "{} {}", sure(2018), sure(2024));
}

#[test]
fn the_days_of_a_calendar_are_its_headlines_where_nothing_else_tells_them_apart() {
    let menu = "<ul><li><a href=/>Home of the harbour</a><li><a href=/a>Its ships and crews</a><li><a href=/b>The tides of it</a></ul>";
    let rows = |cell: fn(u32) -> &'static str| {
        let around = [&format!("{menu}<table><tr><th>Day<th>Papers<th>Place"), "</table>"];
        best(9, around, |n| format!("<tr><td>{n} February 2025<td>{}<td>Pier house", cell(n)))
    };
    for papers in [|_: u32| "", |n: u32| if n < 5 { "<a href=/papers.pdf>Agenda</a>" } else { "" }] {
        let found = rows(papers);
        let headlines: Vec<_> =
            found.reading.sightings.iter().map(|sighting| sighting.entry.headline.as_str()).collect();
        assert_eq!((headlines.len(), headlines[8]), (9, "9 February 2025"), "{}", found.keys.to_toml());
        assert_eq!(days(&found)[8], "2025-02-09");
        assert!(found.confidence < 0.9, "{}", found.confidence);
    }
    let named =
        rows(|n| ["Wardens of the crane", "Pilots and pier crews", "Readers for every tide"][n as usize % 3]);
    let headline = &named.reading.sightings[0].entry.headline;
    assert_eq!(headline, "Pilots and pier crews", "{}", named.keys.to_toml());
}

#[test]
fn rows_of_boxes_without_names_are_told_by_what_is_directly_in_them() {
    let head = "<main><div><div>Ship</div><div>Due</div><div>Held</div></div>";
    let found = best(9, [head, "</main>"], |n| {
        let ship = SHIPS[n as usize % 4];
        format!(
            "<div><div><a href=/{n}>The {ship} number {n}</a></div><div>It was held that her dues were owed, {n}</div>\
             <div>0{n} March 2024</div></div>"
        )
    });
    let keys = found.keys.to_toml();
    assert_eq!(found.reading.sightings.len(), 9, "{keys}");
    assert_eq!(days(&found).first().map(String::as_str), Some("2024-03-01"), "{keys}");
}

#[test]
fn a_few_rows_are_found_among_those_that_lay_out_their_table() {
    let around = [
        "<table><tr><td colspan=4>All the cases that the harbour court has held since the last flood, in the order of their day\
         <tr><td colspan=4><a href=?a>By day</a> <a href=?b>By ship</a><tr><th>Case<th>No.<th>Held<th>By",
        "<tr><td colspan=4><a href=?2>2</a> <a href=?3>3</a> <a href=?4>4</a></table>",
    ];
    let found = best(4, around, |n| {
        let ship = SHIPS[n as usize % 4];
        format!("<tr><td><a href=/{n}.pdf>Harbour v. {ship}</a><td>24-{n}<td>0{n}/15/2024<td>Reeve</tr>")
    });
    assert_eq!(found.reading.sightings.len(), 4, "{}", found.keys.to_toml());
}

#[test]
fn of_records_on_a_flat_page_those_with_a_document_are_entries() {
    let found = best(16, ["<h1>Decisions</h1>", ""], |n| {
        let ship = SHIPS[n as usize % 4];
        let number = format!("89-R-9900{n}");
        let number = if n % 3 == 1 { format!("<a href=/{n}.pdf>{number}</a>") } else { number };
        format!(
            "<br>ALL SAT<br><b>{number}</b><br><ul><b>In Re: The {ship}, her {n} masts</b>; it was held that her dues were owed to \
             the harbour from the first tide on.</ul><hr>"
        )
    });
    let keys = found.keys.to_toml();
    assert_eq!(found.reading.sightings.len(), 6, "{keys}");
    assert!(found.reading.sightings[0].entry.headline.starts_with("In Re:"), "{keys}");
}

#[test]
fn the_newest_entry_is_one_of_the_listing_though_it_is_built_otherwise() {
    let row = |n: u32| {
        let (ship, day) = (SHIPS[n as usize % 4], 29 - n);
        let link = format!("<h3><a href=/{n}>The {ship} leaves the pier with {n} passengers</a></h3>");
        match n {
            1 => format!("<li class='notice lead'><div>{link}<p><b>{day} January 2024</b></div></li>"),
            _ => format!("<li class=notice>{link}<b>{day} January 2024</b></li>"),
        }
    };
    let found = best(9, ["<main><ul>", "</ul></main>"], row);
    let keys = found.keys.to_toml();
    assert_eq!(days(&found).first().map(String::as_str), Some("2024-01-28"), "{keys}");
    assert_eq!(found.reading.sightings.len(), 9, "{keys}");
    let advertised = |n: u32| match n {
        5 => "<li class='ad'><a href=https://shoes.example/>Save up to half on shoes</a></li>".to_owned(),
        _ => row(n).replace(" lead", ""),
    };
    assert_eq!(best(9, ["<main><ul>", "</ul></main>"], advertised).reading.sightings.len(), 8);
}

/// A table whose rows have a docket number that is not linked, a ship, a document and a day.
fn ruling(n: u32) -> String {
    let ship = SHIPS[n as usize % 4];
    format!(
        "<tr><td>24-{n}<td>Harbour v. {ship}, {n}<td><font><a href=/{n}.pdf>Ruling {n}</a></font><td>0{n}/15/2024</tr>"
    )
}

#[test]
fn a_row_that_names_the_columns_in_plain_cells_is_no_entry() {
    // Tables lay out the page, and links stand in their rows too.
    let menu = "<table><tr><td><a href=/>Home</a></table>";
    let head = "<table><tr><td>Docket<td>Ship<td><b>Ruling</b><td>Held";
    let head = format!("<table><tr><td>{menu}<table><tr><td>{menu}{head}");
    let found = best(9, [&head, "</table></table></table>"], ruling);
    let keys = found.keys.to_toml();
    assert_eq!((found.reading.sightings.len(), found.fit), (9, 1.0), "{keys}");
}

#[test]
fn a_row_of_further_pages_is_no_entry() {
    let pages = "<tr><td colspan=4><table><tr><td>1<td><a href=?2>2</a><td><a href=?3>3</a><td><a href=?4>4</a></table></table>";
    // Many boxes around a table, by each of which its rows may be told as well as by any other.
    let boxes = ["page", "frame", "body", "main", "inner", "part", "block"];
    let boxes = boxes.map(|name| format!("<div class={name} id={name}-box>")).concat();
    let head = format!("{boxes}<table class=rulings><tr><th>Docket<th>Ship<th>Ruling<th>Held");
    let found = best(9, [&head, pages], |n| ruling(n).replace("<font>", "").replace("</font>", ""));
    let keys = found.keys.to_toml();
    assert_eq!((found.reading.sightings.len(), found.fit), (9, 1.0), "{keys}");
}

#[test]
fn a_menu_in_a_row_of_as_many_cells_is_no_entry() {
    let menu =
        "<table><tr><td class=nav><a href=/a>Home</a><td class=nav><a href=/b>Pilots</a><td class=nav>";
    let found = best(9, [menu, "</table>"], |n| {
        let ship = SHIPS[n as usize % 4];
        format!(
            "<tr><td class=day>0{n}.05.2024<td class=told><a href=/{n}>The {ship} came in, {n}</a><td class=pier>North</tr>"
        )
    });
    let keys = found.keys.to_toml();
    assert_eq!(found.reading.sightings.len(), 9, "{keys}");
}

#[test]
fn a_heading_that_says_more_than_its_day_dates_what_is_below() {
    let beside = "<aside><p><b>Pilots</b> <b>Tides</b></aside>";
    let found = best(9, ["<h2><b>Rulings</b></h2>", beside], |n| {
        let ship = SHIPS[n as usize % 4];
        let day = 27 - n;
        let heading = if n % 3 == 1 {
            format!(
                "</ul><p><b><span>Published in the journal of the harbour of {day} May 2024:</span></b><ul>"
            )
        } else {
            String::new()
        };
        format!("{heading}<li><a href=/{n}.pdf>24-{n}</a> - Harbour v. {ship}, {n}</li>")
    });
    let keys = found.keys.to_toml();
    let expected = ["2024-05-26", "2024-05-26", "2024-05-26", "2024-05-23"];
    assert_eq!(days(&found)[..4], expected, "{keys}");
}

#[test]
fn below_one_day_stand_several_entries() {
    let found = best(14, ["<h2>Rulings</h2>", "</ul>"], |n| {
        let ship = SHIPS[n as usize % 4];
        let heading = if n % 6 == 0 {
            String::new()
        } else {
            format!("</ul><p><strong>{} May 2024</strong></p><ul>", 27 - n)
        };
        format!("{heading}<li><a href=/{n}.pdf>24-{n}, Harbour v. {ship} and others</a></li>")
    });
    assert_eq!(found.reading.sightings.len(), 14, "{}", found.keys.to_toml());
}

#[test]
fn of_two_headings_the_higher_is_the_headline() {
    const TOLD: [&str; 5] = [
        "Coal and timber wait on the quay since Monday",
        "Her captain asked three pilots for advice",
        "Nobody remembers fog as thick in autumn",
        "Old ropes were burnt behind some sheds",
        "Children waved flags until darkness fell",
    ];
    const PORTS: [&str; 5] = ["Uist", "Port Ellen", "Loch Boisdale", "Mallaig", "Tarbert"];
    let found = best(9, ["<main>", "</main>"], |n| {
        let (ship, day, n) = (SHIPS[n as usize % 4], 27 - n, n as usize);
        let (told, more, port) = (TOLD[n % 5], TOLD[(n * 2 + 1) % 5], PORTS[n % 5]);
        format!(
            "<article><div><a href=/{n}><h2>{ship} for {port}</h2><div class=below><h3>{told}. {more}.</h3></div></a></div>\
             <span>{day} May 2024</span></article>"
        )
    });
    let keys = found.keys.to_toml();
    assert!(found.reading.sightings[0].entry.headline.starts_with("Morning Star"), "{keys}");
}

#[test]
fn the_newest_entry_is_read_with_the_list_below_it() {
    let story = |n: u32| {
        let (ship, day) = (SHIPS[n as usize % 4], 29 - n);
        format!(
            "<h2><a href=/ships/{n}>The {ship} leaves the pier with {n} passengers</a></h2><time>{day} January 2024</time>"
        )
    };
    let lead = |first: u32| {
        format!(
            "<main><h1><a href=/>Ships</a></h1><div class=lead><img src=a.jpg><section>{}</section></div><div>",
            story(first)
        )
    };
    let around = |first| {
        best(8, [&lead(first), "</div></main>"], |n| format!("<div class=card>{}</div>", story(n + 1)))
    };
    let found = around(1);
    let keys = found.keys.to_toml();
    assert_eq!(found.reading.sightings.len(), 9, "{keys}");
    assert_eq!(days(&found).first().map(String::as_str), Some("2024-01-28"), "{keys}");
    // What is in the list already leads nothing.
    assert_eq!(around(5).reading.sightings.len(), 8);
}

/// A source with an old selector for headlines, healed by a page on which seven ships are known.
fn healed(headline: &str, list: &str) -> Healed {
    healed_with(list, |keys| keys.headline = vec![headline.to_owned()])
}

/// A source with old rules, healed by a page on which seven ships are known.
fn healed_with(list: &str, set: impl FnOnce(&mut Keys)) -> Healed {
    let page = page(&format!("<body><main>{list}</main>"));
    let ship = |n: u32| Known {
        headline: format!("The {} leaves the pier with {n} passengers", SHIPS[n as usize % 4]),
        link: page.url.join(&format!("/ships/{n}")).ok(),
        ..Known::default()
    };
    let known: Vec<Known> = (3..=9).map(ship).collect();
    let mut keys = Keys::of_page(page.url.clone());
    set(&mut keys);
    let document = decode::decode(&page).expect("text");
    let source = keys.source("ships").expect("a config");
    heal((&document, &page), &source, &known, &|| true).expect("it is healed")
}

#[test]
fn an_old_rule_that_gives_the_headline_and_more_is_mended() {
    let card = |n: u32| {
        let (ship, day) = (SHIPS[n as usize % 4], 29 - n);
        format!(
            "<div class=card><a href=/ships/{n}><p class=day>{day} January 2024</p><p class=told>The {ship} leaves the pier with {n} passengers</p></a></div>"
        )
    };
    let list: String = (1..=9).map(card).collect();
    let found = healed("a", &list);
    assert!(
        found
            .changes
            .iter()
            .any(|(name, value)| *name == "headline" && value.as_deref() == Some("\".told\"")),
        "{:?}",
        found.changes
    );
    assert!(found.reading.sightings[0].entry.headline.starts_with("The Morning Star"));
}

#[test]
fn a_source_is_healed_with_all_of_a_record_though_what_is_known_is_in_its_head() {
    let term = |n: u32| {
        let (ship, day) = (SHIPS[n as usize % 4], 29 - n);
        format!(
            "<dt class=ttl><a href=/ships/{n}>The {ship} leaves the pier with {n} passengers</a><dd class=when>{day} January 2024\
             <dd>It was held that her dues were owed to the harbour from the first tide on."
        )
    };
    let list: String = (1..=9).map(term).collect();
    let healed = healed("*", &format!("<dl>{list}</dl>"));
    assert_eq!(healed.reading.sightings.len(), 9);
    let rules = healed.source.rules.expect("it has rules");
    assert!(rules.to_next, "{:?}", healed.changes);
}

#[test]
fn old_rules_that_now_find_something_else_are_mended() {
    let cargoes = ["salt", "wool", "timber", "herring", "peat", "slate", "barley", "cloth", "iron"];
    let card = |n: u32| {
        let (ship, day, cargo) = (SHIPS[n as usize % 4], 29 - n, cargoes[n as usize - 1]);
        format!(
            "<div class=card><p class=day>{day} January 2024</p><a class=kind href=/arrivals>Arrivals</a><a class=told href=/vessels/{n}>The {ship} leaves \
             the pier with {n} passengers</a><p class=text>Dues for her {cargo} were owed to the harbour from the first tide on, it was held.</p></div>"
        )
    };
    let list: String = (1..=9).map(card).collect();
    let changes = healed_with(&list, |keys| {
        keys.teaser = vec!["p".to_owned()];
        keys.link = vec!["a@href".to_owned()];
        keys.date = DateKey::At(vec![".when".to_owned()]);
        keys.image = vec!["img".to_owned()];
    })
    .changes;
    let of = |key: &str| changes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_deref());
    assert_eq!(of("teaser"), Some(Some("\".text\"")), "a day is no teaser: {changes:?}");
    assert_eq!(of("link"), Some(None), "the headline has its own: {changes:?}");
    assert_eq!(of("date"), Some(Some("\".day\"")), "{changes:?}");
    assert_eq!(of("image"), None, "nothing says that an image was ever there: {changes:?}");
}
