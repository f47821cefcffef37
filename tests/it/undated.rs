//! Rows without a date among dated ones, which no selector tells from them, over small pages.

use gleaner::detect::Proposal;

use crate::{
    detection::{page_of, proposals},
    listings::{SHIPS, best, days},
};

fn row(n: u32) -> String {
    let ship = SHIPS[n as usize % 4];
    format!("<p>{} February 2025: <a href=/docs/{n}-arrival.pdf>The ship {ship} came in</a></p>", 29 - n)
}

/// Whether nine entries are read, all dated and exactly, by a date that must be there.
fn is_exact(found: &Proposal) -> bool {
    days(found).len() == 9 && found.reading.sightings.len() == 9 && found.keys.is_dated && found.fit > 0.999
}

#[test]
fn a_line_without_a_date_among_dated_ones_is_no_entry() {
    let ask = "<p>For older statements please <a href=/contact>ask the harbour office</a>.</p>";
    let found = best(9, ["<div>", "</div>"], |n| format!("{}{}", row(n), if n == 4 { ask } else { "" }));
    assert!(is_exact(&found), "{}", found.keys.to_toml());
    // What is linked as the entries are may be one whose day is not told.
    let entry = "<p>Undated: <a href=/docs/10-arrival.pdf>The ship Grey Gull came in</a></p>";
    let found = best(9, ["<div>", "</div>"], |n| format!("{}{}", row(n), if n == 4 { entry } else { "" }));
    assert_eq!(found.reading.sightings.len(), 10, "{}", found.keys.to_toml());
    assert!(!found.keys.is_dated, "{}", found.keys.to_toml());
}

#[test]
fn what_is_paid_for_among_the_news_is_no_entry() {
    let box_of = |to: &str, told: &str, when: &str| {
        format!(
            "<div class=item><h3><a href={to}>{told}</a></h3><i class=meta>{when}</i><p>It is told at length.</div>"
        )
    };
    let ad = box_of("https://oil.example/c?x=1", "Save on heating oil before the winter comes", "Sponsored");
    let found = best(9, ["<main>", "</main>"], |n| {
        let ship = SHIPS[n as usize % 4];
        let own =
            box_of(&format!("/news/{n}-in"), &format!("The ship {ship} came in"), &format!("{n} May 2024"));
        format!("{own}{}", if n % 4 == 0 { &ad } else { "" })
    });
    assert!(is_exact(&found), "{}", found.keys.to_toml());
}

#[test]
fn the_years_of_an_archive_below_dated_entries_are_none() {
    let row = |n: u32| row(n).replace("<p>", "<li>").replace("</p>", "</li>");
    let years = [2018, 2019, 2020, 2021, 2022, 2023, 2024];
    let years = years.map(|y| format!("<li><a href=/{y}>All arrivals of the year {y}</a>")).concat();
    let found = best(9, ["<main><ul>", &format!("</ul><h2>Older</h2><ul>{years}</ul></main>")], row);
    assert!(is_exact(&found), "{}", found.keys.to_toml());
    // Older entries whose days are not told are entries.
    let older = [20, 21, 22, 23, 24, 25, 26, 27, 28, 29];
    let older = older
        .map(|n| format!("<li><a href=/docs/{n}-arrival.pdf>The ship {} came in</a>", SHIPS[n % 4]))
        .concat();
    let found = best(9, ["<main><ul>", &format!("</ul><h2>Older</h2><ul>{older}</ul></main>")], row);
    assert!(!found.keys.is_dated, "{}", found.keys.to_toml());
}

#[test]
fn the_way_up_in_a_list_of_files_is_no_entry() {
    let name = |n: u32| format!("{}-arrivals-and-departures-of-the-week.pdf", 20 + n);
    let tr = |first: &str, to: &str, told: &str, when: &str| {
        format!("<tr><td><img src=/i.gif alt={first}><td><a href={to}>{told}</a><td>{when}<td>12K")
    };
    let row = |n| tr("F", &name(n), &name(n), &format!("2025-02-{:02} 10:12", 20 - n));
    let rows = (1..=9).map(row).collect::<Vec<_>>().concat();
    let sort =
        "<tr><th><th><a href='?C=N'>Name</a><th><a href='?C=M'>Last modified</a><th><a href='?C=S'>Size</a>";
    let table = format!(
        "<h1>Index of /files</h1><table>{sort}{}{rows}</table>",
        tr("P", "/", "Parent Directory", "&nbsp;")
    );
    let line = |n| {
        format!("<img src=/i.gif alt=F> <a href={0}>{0}</a>   2025-02-{1:02} 10:12  12K\n", name(n), 20 - n)
    };
    let lines = (1..=9).map(line).collect::<Vec<_>>().concat();
    let sort = "<a href='?C=N'>Name</a>   <a href='?C=M'>Last modified</a>   <a href='?C=S'>Size</a><hr>";
    let lines =
        format!("<h1>Index of /files</h1><pre>{sort}<a href=/>Parent Directory</a>    -  \n{lines}</pre>");
    for body in [table, lines] {
        let found = proposals(&page_of(&body, "https://harbour.example/files/")).into_iter().next();
        let found = found.expect("something is proposed");
        assert_eq!(days(&found).len(), 9, "{}", found.keys.to_toml());
        assert_eq!(found.reading.sightings.len(), 9, "{}", found.keys.to_toml());
        assert_eq!(found.reading.sightings[0].entry.headline, name(1), "{}", found.keys.to_toml());
    }
}
