use super::*;
use crate::listing::{Container, Quiet, RawDate};

fn field(value: &str) -> RawField {
    RawField {
        value: value.to_owned(),
        raw: value.to_owned(),
        selector: "s".to_owned(),
        element: "<e>".to_owned(),
    }
}

struct Row<'a> {
    headline: &'a str,
    link: &'a str,
    teaser: &'a str,
    date: &'a str,
}

fn listing(rows: &[Row<'_>]) -> Listing {
    let given = |text: &str| (!text.is_empty()).then(|| field(text));
    let entries = rows
        .iter()
        .enumerate()
        .map(|(index, row)| RawEntry {
            row: index + 1,
            headline: given(row.headline),
            link: given(row.link),
            teaser: given(row.teaser),
            dates: given(row.date)
                .map(|field| RawDate { source: DateSource::Field, field })
                .into_iter()
                .collect(),
            ..RawEntry::default()
        })
        .collect();
    Listing {
        entries,
        container: Container::NotAsked,
        base: page(),
        language: None,
        title: None,
        home: None,
        icon: None,
        next: None,
        feeds: Vec::new(),
        pace: None,
        quiet: Quiet::default(),
        diagnostics: Vec::new(),
    }
}

fn page() -> Url {
    Url::parse("https://site.example/news/").unwrap()
}

fn rows_of(rows: &[Row<'_>]) -> Vec<Vec<usize>> {
    normalize(&listing(rows), &page(), &|| true).0.into_iter().map(|sighting| sighting.rows).collect()
}

const LONG: &str = "On 6 March, the harbour authority opened a new footbridge over the stream";

#[test]
fn same_headline_and_teaser_under_two_links_is_one_entry() {
    let rows = [
        Row { headline: "Bridge opened", link: "/a", teaser: LONG, date: "" },
        Row { headline: "Bridge opened", link: "/a-2", teaser: LONG, date: "" },
    ];
    let (sightings, diagnostics) = normalize(&listing(&rows), &page(), &|| true);
    assert_eq!(sightings.len(), 1);
    assert_eq!(sightings[0].rows, [1, 2]);
    assert_eq!(sightings[0].keys.iter().filter(|key| key.is_given()).count(), 2, "both links are kept");
    assert_eq!(diagnostics[0].code, Code::DoublePost);
}

#[test]
fn a_weekly_briefing_in_the_same_words_is_an_entry_each_week() {
    let rows = [
        Row { headline: "Weekly briefing", link: "/w2", teaser: LONG, date: "13 March 2025" },
        Row { headline: "Weekly briefing", link: "/w1", teaser: LONG, date: "6 March 2025" },
    ];
    assert_eq!(rows_of(&rows), [vec![1], vec![2]]);
}

#[test]
fn posts_of_one_story_minutes_apart_are_one() {
    let rows = [
        Row { headline: "Bridge opened", link: "/a-2", teaser: LONG, date: "2025-03-06T10:04:00Z" },
        Row { headline: "Bridge opened", link: "/a", teaser: LONG, date: "2025-03-06T10:02:00Z" },
    ];
    assert_eq!(rows_of(&rows), [vec![1, 2]]);
}

#[test]
fn entries_without_a_link_are_entries() {
    let rows = [
        Row { headline: "v2", link: "", teaser: "", date: "6 March 2025" },
        Row { headline: "v1", link: "", teaser: "", date: "5 March 2025" },
    ];
    assert_eq!(rows_of(&rows), [vec![1], vec![2]]);
}

#[test]
fn a_link_that_every_row_shares_tells_nothing() {
    let row = |headline| Row { headline, link: "/form", teaser: "", date: "" };
    assert_eq!(rows_of(&[row("One"), row("Two"), row("Three")]).len(), 3);
    let own = |headline| Row { headline, link: "#", teaser: "", date: "" };
    assert_eq!(rows_of(&[own("One"), own("Two")]).len(), 2);
}

#[test]
fn minutes_of_one_day_with_other_teasers_are_not_one() {
    let row = |teaser| Row { headline: "Minutes", link: "", teaser, date: "6 March 2025" };
    assert_eq!(rows_of(&[row("No. 12"), row("No. 13")]).len(), 2);
}

#[test]
fn a_link_that_rows_of_different_days_share_tells_nothing() {
    let row = |headline, date| Row { headline, link: "/report", teaser: "", date };
    let reports = [row("Report of 2025", "30 May 2025"), row("Report of 2024", "30 May 2024")];
    assert_eq!(rows_of(&reports), [[1], [2]]);
    let episodes = ["8 March 2025", "7 March 2025", "6 March 2025", "6 March 2025"];
    assert_eq!(rows_of(&episodes.map(|date| row("The daily show", date))), [vec![1], vec![2], vec![3, 4]]);
    let changed = ["March 6, 2025 9:00 AM", "March 6, 2025 2:00 PM", "March 7, 2025 2:00 PM"];
    assert_eq!(rows_of(&changed.map(|date| row("The ferry is late", date))), [vec![1, 2, 3]]);
    let sections = ["6 March 2025 · Sport", "6 March 2025 · Town"].map(|date| row("The ferry is late", date));
    assert_eq!(rows_of(&sections), [vec![1, 2]]);
    // A story that is shown on top as well.
    for on_top in ["2 hours ago", "7 March", "6 March 2025", ""] {
        assert_eq!(rows_of(&[row("Bridge", on_top), row("Bridge opened", "6 March 2025")]), [[1, 2]]);
    }
}

#[test]
fn an_unusable_link_costs_the_link_not_the_entry() {
    let rows = [Row { headline: "Click", link: "javascript:void(0)", teaser: LONG, date: "" }];
    let (sightings, diagnostics) = normalize(&listing(&rows), &page(), &|| true);
    assert_eq!(sightings[0].entry.link, None);
    assert_eq!(diagnostics[0].code, Code::AddressUnusable);
}

#[test]
fn a_tracking_parameter_does_not_make_a_second_entry() {
    let rows = [
        Row { headline: "Bridge opened", link: "/a?utm_source=top", teaser: "", date: "" },
        Row { headline: "Bridge opened", link: "/a", teaser: LONG, date: "" },
    ];
    let (sightings, _) = normalize(&listing(&rows), &page(), &|| true);
    assert_eq!(sightings.len(), 1);
    assert_eq!(sightings[0].entry.teaser.as_deref(), Some(LONG));
}
