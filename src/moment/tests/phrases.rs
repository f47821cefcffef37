//! Phrases and what is read in them.

use super::{
    super::{Precision, Provenance},
    *,
};
use crate::listing::DateSource::{Field, Headline, LinkPath, Teaser, TimeElement};

/// `(fetched, text, expected)`: texts of teasers, as written by press offices.
const ENGLISH: [(&str, &str, &str); 22] = [
    ("2025-03-10", "On 6 March, the Management Board met in Valletta.", "2025-03-06"),
    ("2025-08-05", "Between 1-2 August, experts from 14 countries met.", "2025-08-01..2025-08-02"),
    ("2026-01-05", "On 19-20 December, the network held its last plenary.", "2025-12-19..2025-12-20"),
    ("2025-07-08", "From 30 June to 2 July, the agency hosted a training.", "2025-06-30..2025-07-02"),
    ("2025-03-10", "On Thursday, 6 March, the Director addressed the board.", "2025-03-06"),
    ("2025-03-10", "On the 6th of March the new platform went live.", "2025-03-06"),
    ("2025-11-20", "On 12 and 13 November, delegates discussed 3 proposals.", "2025-11-12..2025-11-13"),
    ("2025-06-11", "4, 5 and 6 June: summer school for young researchers", "2025-06-04..2025-06-06"),
    ("2025-05-12", "6-8 May | Workshop on forensic methods, 40 participants", "2025-05-06..2025-05-08"),
    ("2025-03-10", "On March 6, the board approved the budget for 2026.", "2025-03-06"),
    ("2025-03-10", "The Executive Director visited Rome on 3 March and met 10 ministers.", "2025-03-03"),
    ("2025-09-30", "Sept. 24 – The commission published its findings.", "2025-09-24"),
    ("2026-01-02", "On 30 December, the agency published its yearly report.", "2025-12-30"),
    ("2026-01-07", "From 29 December to 3 January, the help desk was closed.", "2025-12-29..2026-01-03"),
    ("2026-01-05", "On 5 January, the new Director took office.", "2026-01-05"),
    ("2025-01-15", "On 29 February, the first meeting of the task force was held.", "2024-02-29"),
    ("2026-02-10", "On 11 February, a seminar will be held in Tallinn.", "2026-02-11"),
    ("2025-12-29", "On 28-29 December, two regional offices were opened.", "2025-12-28..2025-12-29"),
    ("2025-03-10", "May we remind you that 15 delegations registered?", "- the text holds no date"),
    ("2025-03-10", "The 24/7 helpline answered 1 200 calls and opened 12 cases.", "- the text holds no date"),
    ("2025-03-10", "In line with the 2030 Agenda, 12 of 17 goals are on track.", "- the text holds no date"),
    (
        "2025-03-10",
        "Mit 27 Stimmen bei 3 Enthaltungen nahm der Rat den Antrag an.",
        "- the text holds no date",
    ),
];

/// More phrases, fetched 2025-08-15T12:00Z, all in a teaser.
const PROSE: [(&str, &str); 30] = [
    ("31 Jul – 6 Aug: the week in brief", "2025-07-31..2025-08-06"),
    ("18 February – 3 March", "2025-02-18..2025-03-03"),
    ("March 6-8, 2025, in Oslo", "2025-03-06..2025-03-08"),
    ("Apr 10-11: spring meeting", "2025-04-10..2025-04-11"),
    ("On March 15th and 16th the board met", "2025-03-15..2025-03-16"),
    ("On 6 March 2024, the board met", "2024-03-06"),
    ("On the 6th day of March, 2024", "2024-03-06"),
    ("Mar. 6, 2024 — The board", "2024-03-06"),
    ("6 MARCH ’24", "2024-03-06"),
    ("16–18 June in Porto", "2025-06-16..2025-06-18"),
    ("31 December 2024 – 3 January 2025", "2024-12-31..2025-01-03"),
    ("30 December – 2 January 2025", "2024-12-30..2025-01-02"),
    ("Published on 2025-03-06 by the press office", "2025-03-06"),
    ("14:30, 6 March 2025", "2025-03-06T14:30:00Z"),
    ("6 March 2025 at 2.30pm", "2025-03-06T14:30:00Z"),
    ("March 6, 2025 14h30", "2025-03-06T14:30:00Z"),
    ("6 March 2025 | 9:05 a.m.", "2025-03-06T09:05:00Z"),
    ("Updated 7 March 2025, published 6 March 2025", "2025-03-06"),
    ("March on Washington drew 250,000", "- the text holds no date"),
    ("From 12 may apply to anyone over 18", "- the text holds no date"),
    ("Version 1.2.3 and 2.10.24 are out", "- the text holds no date"),
    ("Call +49 30 1203 2025 or 555-01-02", "- the text holds no date"),
    ("It costs $6 March or not, 1,200 March units", "- the text holds no date"),
    ("United won 2-1 March 6", "2025-03-06"),
    ("COVID-19 March update", "- the text holds no date"),
    ("last week and next month", "- the text holds no date"),
    ("The firm was founded 3 years ago", "- the text holds no date"),
    ("Bids are open until 31 October 2022", "- the text holds no date"),
    ("On 31 February the moon fell", "- `31 February` is a day that does not exist"),
    ("The minister, who will visit on 17 July, met the board on 5 July.", "2025-07-05"),
];

/// Texts of a date field, fetched 2025-08-15T12:00Z.
const FIELDS: [(&str, &str); 37] = [
    ("13/3/2025", "2025-03-13"),
    ("3/13/2025", "2025-03-13"),
    ("06.03.2025", "2025-03-06"),
    ("6. 3. 2025", "2025-03-06"),
    ("2025/03/06", "2025-03-06"),
    ("6/13/25", "2025-06-13"),
    ("2025. 3. 6.", "2025-03-06"),
    ("20250306", "2025-03-06"),
    ("March 2025", "2025-03-01"),
    ("March", "2025-03-01"),
    ("2024", "2024-01-01"),
    ("3 hours ago", "2025-08-15T09:00:00Z"),
    ("an hour ago", "2025-08-15T11:00:00Z"),
    ("5m ago", "2025-08-15T11:55:00Z"),
    ("2 days ago", "2025-08-13"),
    ("yesterday", "2025-08-14"),
    ("Today", "2025-08-15"),
    ("Posted 3 weeks ago by ann", "2025-07-25"),
    ("Yesterday at 14:30", "2025-08-14T14:30:00Z"),
    (
        "6/3/2025",
        "- `6/3/2025` can be read as two dates: nothing in the listing settles the order of day and month",
    ),
    ("last week", "2025-08-08"),
    ("3 months ago", "2025-05-15"),
    ("2 years ago", "2023-08-15"),
    ("Thu Oct 26 - 28, 11:00:09 2023", "2023-10-26..2023-10-28"),
    ("Thu Oct 26, 10:00 - 11:00:09 2023", "2023-10-26T10:00:00Z"),
    ("Friday (7/6)", "2024-06-07"),
    ("2h5m ago", "2025-08-15T09:55:00Z"),
    ("-2hr5min", "2025-08-15T09:55:00Z"),
    ("-2 hours 5 minutes", "2025-08-15T09:55:00Z"),
    ("-2 hours 5 minutes of it", "- the text holds no date"),
    ("15 minutes before", "2025-08-15T11:45:00Z"),
    ("15 minutes before the match", "- the text holds no date"),
    ("2024/13/1", "2024-01-13"),
    ("this week", "- the text holds no date"),
    ("next Friday", "- 2025-08-22 is later than the fetch"),
    ("6 March 2568", "2025-03-06"),
    ("6 March 1446", "- the year 1446 is of a calendar that is not read"),
];

/// Stamps as machines write them, and the instant or day they mean; fetched 2025-08-15T12:00Z, zone Berlin.
const STAMPS: [(&str, &str); 36] = [
    ("2025-03-06", "2025-03-06"),
    ("2025-03-06T10:15:30Z", "2025-03-06T10:15:30Z"),
    ("2025-03-06T10:15:30.250+02:00", "2025-03-06T08:15:30.25Z"),
    ("2025-03-06T10:15", "2025-03-06T09:15:00Z"),
    ("2025-03-06 10:15:30 +0200", "2025-03-06T08:15:30Z"),
    ("2025-03-06 10:15:30 UTC", "2025-03-06T10:15:30Z"),
    ("20250306T101530Z", "2025-03-06T10:15:30Z"),
    ("20250306", "2025-03-06"),
    ("2025-W10-4", "2025-03-06"),
    ("2025W104", "2025-03-06"),
    ("2025-W10", "2025-03-03..2025-03-09"),
    ("2025-065", "2025-03-06"),
    ("2025065", "2025-03-06"),
    ("2025-03", "2025-03-01"),
    ("2025", "2025-01-01"),
    ("2025-03-06T24:00:00Z", "2025-03-07T00:00:00Z"),
    ("2025-03-06T00:00:00+01:00", "2025-03-05T23:00:00Z"),
    ("Thu, 06 Mar 2025 10:15:30 GMT", "2025-03-06T10:15:30Z"),
    ("Wed, 06 Mar 2025 10:15:30 GMT", "2025-03-06T10:15:30Z"),
    ("Thu, 6 Mar 25 9:05 CEST", "2025-03-06T07:05:00Z"),
    ("06 Mar 2025 10:15:30 EST", "2025-03-06T15:15:30Z"),
    ("Thu, 06 March 2025 10:15:30 -0500", "2025-03-06T15:15:30Z"),
    ("Thu, 06 Mar 2025 24:00:00 MSK", "2025-03-06T21:00:00Z"),
    ("Thursday, 06-Mar-25 10:15:30 JST", "2025-03-06T01:15:30Z"),
    ("Thu Mar  6 10:15:30 2025", "2025-03-06T09:15:30Z"),
    ("Thu Mar 06 2025 10:15:30 GMT+0200 (Eastern European Standard Time)", "2025-03-06T08:15:30Z"),
    ("06/Mar/2025:10:15:30 +0200", "2025-03-06T08:15:30Z"),
    ("1741256130", "2025-03-06T10:15:30Z"),
    ("1741256130000", "2025-03-06T10:15:30Z"),
    ("2025-03-30T02:30:00", "2025-03-30T01:30:00Z"),
    ("2024-10-27T02:30:00", "2024-10-27T00:30:00Z"),
    ("March 6, 2025", "2025-03-06"),
    ("2025-02-30", "- `2025-02-30` is a day that does not exist"),
    ("2026-08-15", "- 2026-08-15 is later than the fetch"),
    ("0", "- the text holds no date"),
    ("1970-01-01T00:00:00Z", "- 1970-01-01 is older than any page"),
];

fn hold(case: &Case, source: DateSource, phrases: &[(&str, &str)]) {
    let wrong: Vec<String> = phrases
        .iter()
        .filter_map(|(text, expected)| {
            let found = line(&case.one(source, text));
            (found != *expected).then(|| format!("{text}\n    expected {expected}\n    found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn english_prose_without_a_year() {
    for (fetched, text, expected) in ENGLISH {
        assert_eq!(line(&Case::at(&format!("{fetched}T12:00:00Z")).one(Teaser, text)), expected, "{text}");
    }
}

#[test]
fn english_prose() {
    hold(&Case::at("2025-08-15T12:00:00Z"), Teaser, &PROSE);
}

#[test]
fn date_fields() {
    hold(&Case::at("2025-08-15T12:00:00Z"), Field, &FIELDS);
}

#[test]
fn machine_stamps() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    hold(&Case { zone, ..Case::at("2025-08-15T12:00:00Z") }, TimeElement, &STAMPS);
}

#[test]
fn provenance_and_precision_say_what_the_text_said() {
    use Precision::{Day, Minute, Month, Year};
    let case = Case::at("2025-08-15T12:00:00Z");
    for (source, text, precision, provenance) in [
        (TimeElement, "2025-03-06", Day, Provenance::StatedByMachine),
        (TimeElement, "2025-03-06T00:00:00Z", Minute, Provenance::StatedByMachine),
        (Field, "6 March 2025", Day, Provenance::StatedInText),
        (Field, "6 March 2025 10:00", Minute, Provenance::StatedInText),
        (Field, "March 2025", Month, Provenance::StatedInText),
        (Field, "2025", Year, Provenance::StatedInText),
        (Field, "6 March", Day, Provenance::Inferred),
        (Headline, "In July, nothing happened", Month, Provenance::Inferred),
        (Field, "3 hours ago", Minute, Provenance::Relative),
        (Field, "2 days ago", Day, Provenance::Relative),
        (LinkPath, "https://example.org/2025/03/06/x", Day, Provenance::StatedInText),
    ] {
        let resolution = case.one(source, text);
        let moment = resolution.outcome.as_ref().unwrap_or_else(|reason| panic!("{text}: {reason}"));
        assert_eq!((moment.precision, moment.provenance), (precision, provenance), "{text}");
        assert!(!resolution.text.is_empty(), "{text}");
    }
}

#[test]
fn days_ahead_are_read_where_the_horizon_is_open() {
    let case = Case { horizon: Horizon::Open, ..Case::at("2025-08-15T12:00:00Z") };
    for (text, expected) in [
        ("next Friday", "2025-08-22"),
        ("13 November 2026", "2026-11-13"),
        ("today to next Friday", "2025-08-15..2025-08-22"),
        ("14–20 August 2025", "2025-08-14..2025-08-20"),
        ("10:30 today to 12:00 tomorrow", "2025-08-15..2025-08-16"),
        ("last Friday", "2025-08-08"),
    ] {
        assert_eq!(line(&case.one(Field, text)), expected, "{text}");
    }
}

#[test]
fn month_in_a_link_is_no_date() {
    let resolution = Case::at("2025-08-15T12:00:00Z").one(LinkPath, "https://example.org/2025/03/headline");
    assert_eq!(line(&resolution), "- the text holds no date");
}

#[test]
fn configured_format_is_the_only_reading_of_its_field() {
    let case = Case { format: Some("%d|%m|%Y"), ..Case::at("2025-08-15T12:00:00Z") };
    assert_eq!(line(&case.one(Field, "06|03|2025")), "2025-03-06");
    assert_eq!(
        line(&case.one(Field, "6 March 2025")),
        "- the text does not fit the configured format `%d|%m|%Y`"
    );
    let case = Case { format: Some("%d %b"), ..case };
    assert_eq!(line(&case.one(Field, "06 Mar")), "2025-03-06");
    let case = Case { format: Some("%d.%m.%Y %H:%M"), ..case };
    assert_eq!(line(&case.one(Field, "06.03.2025 10:15")), "2025-03-06T10:15:00Z");
}

#[test]
fn span_counts_characters_of_the_text_as_given() {
    let found = Case::at("2025-08-15T12:00:00Z").one(Teaser, " «Élysée» – on Thursday, 6 March 2025, met");
    assert_eq!((found.text.as_str(), found.span), ("Thursday, 6 March 2025", Some(15..37)));
}

#[test]
fn feed_stamps_are_read_with_their_sins() {
    let stamp = |text| super::super::stamp(text, &TimeZone::UTC).map(|stamp| stamp.to_string());
    assert_eq!(stamp("Wed, 6 Mar 2025 9:05 CEST").as_deref(), Some("2025-03-06T07:05:00Z"));
    assert_eq!(stamp(" 2025-03-06 ").as_deref(), Some("2025-03-06T00:00:00Z"));
    assert_eq!(stamp("March").as_deref(), None);
}

#[test]
fn where_days_ahead_are_asked_for_one_settles_no_order() {
    let read = |horizon| {
        let case = Case { horizon, language: Some("nl"), ..Case::at("2025-08-10T12:00:00Z") };
        line(&case.one(Field, "8/10/2025"))
    };
    assert_eq!((read(Horizon::Open), read(Horizon::Fetch)), ("2025-10-08".into(), "2025-08-10".into()));
}

#[test]
fn a_text_that_is_a_day_and_no_more_is_told_from_a_headline() {
    for text in
        ["November 19, 2026", "19.11.2026", "Monday, 24 November 2026", "3 days ago", " 1–2 August 2026 "]
    {
        assert!(super::super::is_day_alone(text, None), "{text}");
    }
    for text in ["Elections on 1 November 2026", "2026 budget", "May", "Report of 24.11.2026", "1984", ""] {
        assert!(!super::super::is_day_alone(text, None), "{text}");
    }
}
