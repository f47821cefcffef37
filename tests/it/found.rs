//! Listings that are led by an entry of other markup, and records whose rows differ, over small pages.

use gleaner::detect::{DateKey, Proposal};

use crate::listings::{SHIPS, best, days};

const LIST: [&str; 2] = ["</div><div class=list>", "</div>"];

/// A row of a listing that something may lead: the first of ten stands before it.
fn row(n: u32) -> String {
    format!(
        "<div class=tile><a class=tile-link href=/story/the-{n}-pier-opens>{}</a><i class=tile-when>{}</i></div>",
        headline(n + 1),
        day(n + 1)
    )
}

fn headline(n: u32) -> String {
    format!("The {} leaves the pier with {n} passengers", SHIPS[n as usize % 4])
}

fn day(n: u32) -> String {
    format!("{} February 2025", 29 - n)
}

/// What is proposed for nine rows below something.
fn below(lead: &str) -> Proposal {
    best(9, [&format!("<main><div>{lead}{}", LIST[0]), LIST[1]], row)
}

#[test]
fn what_leads_a_listing_is_its_first_entry_though_all_of_it_is_called_otherwise() {
    let (link, told, when) = ("/story/she-leaves-the-pier", headline(1), day(1));
    let leads = [
        format!(
            "<section class=hero><a href={link}><img src=/1.png></a><p class=hero-day>{when}<h1 class=hero-title><a href={link}>{told}</a></h1></section>"
        ),
        format!(
            "<div class=top><a href=/topic/ships-and-piers>Ships</a><a class=top-link href={link}>{told}</a><em>{when} | by Ina</em></div>"
        ),
        format!("<a class=large href={link}><strong>{told}</strong><em>{when}</em></a>"),
        format!("<article id=top><a href={link}><h2>{told}</h2></a><footer>{when}</footer></article>"),
        format!("<section id=top><h2>{told}</h2><em>{when}</em><p><a href={link}>Read more</a></section>"),
    ];
    for lead in leads {
        let found = below(&lead);
        let keys = found.keys.to_toml();
        assert_eq!(found.reading.sightings.len(), 10, "{keys}");
        assert_eq!(found.reading.sightings[0].entry.headline, told, "{keys}");
        assert_eq!(days(&found)[..2], ["2025-02-28", "2025-02-27"], "{keys}");
        assert!(found.keys.entry.ends_with(", .tile"), "{keys}");
        assert_eq!(found.keys.headline.first().map(String::as_str), Some(".tile-link"), "{keys}");
        assert!(matches!(&found.keys.date, DateKey::At(at) if at.len() == 2), "{keys}");
    }
}

#[test]
fn what_advertises_or_announces_leads_nothing() {
    let (link, told, when) = ("/story/she-leaves-the-pier", headline(1), day(1));
    let boxed = |class: &str, link: &str, when: &str| {
        format!("<div class={class}><h2><a href={link}>{told}</a></h2><i>{when}</i></div>")
    };
    let leads = [
        boxed("sponsored-box", link, &when),
        boxed("top", "/story/subscribe", &when),
        boxed("top", "/festival", &when),
        boxed("top", "/film/she-leaves-the-pier", &when),
        boxed("top", link, "12 December 2025"),
        format!("<p class=top><b>{when}</b> <a href={link}>{told}</a></p><h2>News</h2>"),
        boxed("top", link, "Every Friday in your mailbox"),
        format!("<div class=top><a href={link}>{told}</a><a href={link}-too>{told}</a><i>{when}</i></div>"),
    ];
    for lead in leads {
        let found = below(&lead);
        assert_eq!(found.reading.sightings.len(), 9, "{lead} {}", found.keys.to_toml());
    }
}

#[test]
fn a_record_begins_with_the_row_that_is_called_as_the_first_of_all_others_are() {
    let found = best(9, ["<table><tr><td colspan=2><b>Orders</b></tr>", "</table>"], |n| {
        let stayed = if n == 3 { "<tr><td><td><i>a stay was lifted in January</i></tr>" } else { "" };
        let note = if n % 3 == 0 {
            "<tr><td><td><p class=note>One member did not vote</p><a href=/hall>Recording</a></tr>"
        } else {
            ""
        };
        format!(
            "<tr><td><p class=number>{n}/25</p><td><p class=case>{}</p></tr>{stayed}<tr><td><td><p class=text>The board confirms the \
             order of {} and sends the <a href=/{n}.pdf>decision of the board</a> to all who asked.</p></tr>{note}",
            headline(n),
            day(n)
        )
    });
    let keys = found.keys.to_toml();
    assert_eq!(found.reading.sightings.len(), 9, "{keys}");
    let third = &found.reading.sightings[2].entry;
    assert_eq!(third.headline, headline(3), "{keys}");
    assert_eq!(third.link.as_ref().map(url::Url::path), Some("/3.pdf"), "{keys}");
}
