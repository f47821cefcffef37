//! Listings: what only the rows together settle.

use jiff::civil::date;

use super::{
    super::{Precision, Provenance},
    *,
};
use crate::listing::DateSource::{Above, Field, LinkPath, Metadata, Teaser, TimeElement};

#[test]
fn newswire_teasers_give_the_days_of_the_page() {
    let zone = TimeZone::get("Africa/Tripoli").expect("a zone");
    let case = Case { zone, ..Case::at("2025-03-07T09:00:00Z") };
    let teasers = [
        "On 6 March, Russian Deputy Minister of Defence (MoD) Yunus-bek Yevkurov arrived at Benghazi-Benina International Airport.",
        "On 5 March, Belqassim Khalifa Haftar, Director General of the Libyan Development and Reconstruction Fund, and his \
         accompanying delegation met with the Italian Minister of Foreign Affairs Antonio Tajani in Rome.",
        "On 27 February, the Government of National Unity (GNU) Minister of Interior Emad Trabelsi, and his Italian counterpart, met.",
        "On 26 February, French President Emmanuel Macron received Libyan National Army (LNA) Commander Khalifa Haftar.",
        "On 26 February, the US Air Force carried out an aerial activity in Libya ‘aimed at fostering east-west military \
         integration and enhancing air defense and air traffic control capabilities.’",
        "On 26 February, members of the Joint Technical Coordination Team (JTCT) for Border Security – comprising representatives",
        "On 25 February, UNSMIL organized a two-day forum with members of the 5+5 Joint Military Commission (JMC), local",
        "On 23 February, the leader of Niger’s Patriotic Front for Liberation (FPL), Mahmoud Sallah, was apprehended in al-Qatrun \
         in southern Libya by the Libyan National Army’s (LNA) 87th Rapid Intervention Battalion.",
    ];
    let resolutions = case.rows(Teaser, &teasers);
    let days = ["03-06", "03-05", "02-27", "02-26", "02-26", "02-26", "02-25", "02-23"]
        .map(|day| format!("2025-{day}"));
    assert_eq!(lines(&resolutions), days);
    for resolution in &resolutions {
        let moment = resolution.outcome.as_ref().expect("a moment");
        assert_eq!((moment.precision, moment.provenance), (Precision::Day, Provenance::Inferred));
        assert_eq!((moment.instant, resolution.rule), (None, "day and month"));
        assert_eq!(resolution.settled, Some("the year by the order of the listing"));
    }
    assert_eq!(resolutions[0].text, "6 March");
}

#[test]
fn what_nothing_in_a_listing_settles_is_read_as_the_country_of_its_host_writes() {
    let of = |host| {
        let case = Case { host: Some(host), ..Case::at("2017-01-05T09:00:00Z") };
        lines(&case.rows(Field, &["9-8-16", "9-12-16", "3-8-16", "10-2-16"]))
    };
    assert_eq!(of("opinions.court.gov"), ["2016-09-08", "2016-09-12", "2016-03-08", "2016-10-02"]);
    assert!(of("opinions.court.example").iter().all(|line| !line.starts_with("2016")));
    assert!(of("gov.example").iter().all(|line| !line.starts_with("2016")), "the last label counts");
}

#[test]
fn december_below_january_is_the_year_before() {
    let case = Case::at("2026-01-05T09:00:00Z");
    let found = case
        .rows(Teaser, &["On 2 January, a", "On 28 December, b", "On 19-20 December, c", "On 30 November, d"]);
    assert_eq!(lines(&found), ["2026-01-02", "2025-12-28", "2025-12-19..2025-12-20", "2025-11-30"]);
}

#[test]
fn two_turns_of_the_year_are_two_years() {
    let case = Case::at("2026-01-05T09:00:00Z");
    let texts =
        ["3 January", "10 October", "4 July", "9 March", "12 January", "20 November", "1 August", "2 April"];
    let years: Vec<String> =
        case.rows(Field, &texts).iter().map(|found| line(found)[..4].to_owned()).collect();
    assert_eq!(years, ["2026", "2025", "2025", "2025", "2025", "2024", "2024", "2024"]);
}

#[test]
fn oldest_first_listing_runs_up() {
    let case = Case::at("2026-01-05T09:00:00Z");
    let found = case.rows(Field, &["30 November", "19 December", "28 December", "2 January"]);
    assert_eq!(lines(&found), ["2025-11-30", "2025-12-19", "2025-12-28", "2026-01-02"]);
}

#[test]
fn pinned_old_row_disturbs_no_other() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let found =
        case.rows(Field, &["1 September", "6 March", "5 March", "27 February", "26 February", "20 February"]);
    assert_eq!(
        lines(&found),
        ["2024-09-01", "2025-03-06", "2025-03-05", "2025-02-27", "2025-02-26", "2025-02-20"]
    );
}

#[test]
fn day_announced_above_its_neighbors_is_not_of_last_year() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let found = case.rows(
        Teaser,
        &["On 20 March, a seminar will be held", "On 6 March, a", "On 5 March, b", "On 4 March, c"],
    );
    assert_eq!(lines(&found)[0], "- 2025-03-20 is later than the fetch");
    assert_eq!(lines(&found)[1..], ["2025-03-06", "2025-03-05", "2025-03-04"]);
}

#[test]
fn stored_day_is_a_constant_for_its_neighbors() {
    let case = Case::at("2025-05-07T09:00:00Z");
    let rows = ["2 May", "28 April", "20 April"].map(|text| vec![raw(Field, text)]);
    let found = case.all(&rows, &[None, Some(date(2022, 4, 28)), Some(date(2022, 4, 20))]);
    assert_eq!(lines(&found)[1..], ["2022-04-28", "2022-04-20"]);
    assert_eq!(found[1].settled, Some("the year of the stored entry"));
    // Found above the stored ones, and just now: it is new.
    assert_eq!(lines(&found)[0], "2025-05-02");
}

#[test]
fn stated_years_pull_their_neighbors() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let found = case.rows(Field, &["6 March 2021", "5 March", "1 March", "27 February 2021"]);
    assert_eq!(lines(&found), ["2021-03-06", "2021-03-05", "2021-03-01", "2021-02-27"]);
}

#[test]
fn weekday_allows_only_its_years() {
    let case = Case::at("2025-03-07T09:00:00Z");
    assert_eq!(line(&case.one(Field, "Thursday, 6 March")), "2025-03-06");
    assert_eq!(line(&case.one(Field, "Wednesday 6 March")), "2024-03-06");
    assert_eq!(line(&case.one(Field, "6 March (Tuesday)")), "2018-03-06");
}

#[test]
fn deadline_in_a_teaser_bounds_the_year_and_is_not_the_date() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let found = case.one(Teaser, "On 28 July, the Council extended the mandate until 31 October 2022.");
    assert_eq!((line(&found).as_str(), found.text.as_str()), ("2022-07-28", "28 July"));
}

#[test]
fn month_in_the_link_settles_the_year() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let row = vec![raw(Teaser, "On 6 February, a"), raw(LinkPath, "https://example.org/2023/02/a")];
    assert_eq!(lines(&case.all(&[row], &[])), ["2023-02-06"]);
}

#[test]
fn range_that_has_not_ended_ends_with_the_fetch() {
    let case = Case::at("2025-03-07T09:00:00Z");
    for text in ["6-9 March", "6-9 March 2025"] {
        assert_eq!(line(&case.one(Field, text)), "2025-03-06..2025-03-07");
    }
    assert_eq!(line(&case.one(Field, "3-5 April 2025")), "- 2025-04-03 is later than the fetch");
}

#[test]
fn day_above_twelve_settles_the_order_for_all_rows() {
    let case = Case::at("2025-08-15T12:00:00Z");
    let found = case.rows(Field, &["06/03/2025", "05/03/2025", "27/02/2025"]);
    assert_eq!(lines(&found), ["2025-03-06", "2025-03-05", "2025-02-27"]);
    assert_eq!(found[0].settled, Some("a day above 12 in the listing"));
    let found = case.rows(Field, &["03/06/2025", "03/05/2025", "02/27/2025"]);
    assert_eq!(lines(&found), ["2025-03-06", "2025-03-05", "2025-02-27"]);
}

#[test]
fn config_then_language_then_nothing_settles_the_order() {
    let texts = ["06/03/2025", "05/03/2025"];
    let case = Case { order: Some(DayMonthOrder::MonthFirst), ..Case::at("2025-08-15T12:00:00Z") };
    assert_eq!(lines(&case.rows(Field, &texts)), ["2025-06-03", "2025-05-03"]);
    let case = Case { order: None, language: Some("en-GB"), ..case };
    assert_eq!(lines(&case.rows(Field, &texts)), ["2025-03-06", "2025-03-05"]);
    let case = Case { language: Some("en"), ..case };
    assert!(
        case.rows(Field, &texts)
            .iter()
            .all(|found| matches!(found.outcome, Err(super::super::Unresolved::Ambiguous { .. })))
    );
    // What the fetch rules out needs no language: 6 December has not come yet.
    assert_eq!(lines(&case.rows(Field, &["06/12/2025", "05/12/2025"])), ["2025-06-12", "2025-05-12"]);
}

#[test]
fn stamp_shared_by_all_rows_is_the_page_s_own() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let row = |day| vec![raw(Metadata, "2025-03-07T08:59:00Z"), raw(Teaser, day)];
    let days = ["On 6 March, a", "On 5 March, b", "On 4 March, c", "On 3 March, d", "On 2 March, e"];
    let found = case.all(&days.map(row), &[]);
    assert_eq!(lines(&found), ["2025-03-06", "2025-03-05", "2025-03-04", "2025-03-03", "2025-03-02"]);
    assert_eq!(found[0].refused, [(Metadata, super::super::Unresolved::SameEverywhere)]);
    assert_eq!(
        lines(&case.all(&days[..4].iter().map(|day| row(*day)).collect::<Vec<_>>(), &[]))[0],
        "2025-03-07T08:59:00Z"
    );
}

#[test]
fn future_stamp_falls_through_to_the_next_source() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let row = vec![raw(TimeElement, "2026-03-06"), raw(Teaser, "On 6 March, a")];
    let found = case.all(&[row], &[]).remove(0);
    assert_eq!((line(&found).as_str(), found.source), ("2025-03-06", Some(Teaser)));
    let alone = case.one(TimeElement, "2026-03-06");
    assert_eq!(alone.outcome, Err(super::super::Unresolved::TooLate { day: date(2026, 3, 6) }));
}

#[test]
fn row_without_texts_says_so() {
    let found = Case::at("2025-03-07T09:00:00Z").all(&[vec![]], &[]);
    assert_eq!(found[0].outcome, Err(super::super::Unresolved::NoText));
    assert_eq!(found[0].source, None);
}

#[test]
fn what_stands_above_says_what_a_date_leaves_open() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let day = |own: &str, above: &str| line(&case.all(&[vec![raw(Field, own), raw(Above, above)]], &[])[0]);
    for (own, above, expected) in [
        ("12 March", "2019", "2019-03-12"),
        ("12 March", "Press releases 2019", "2019-03-12"),
        ("12 March", "March 2019", "2019-03-12"),
        ("13/03", "2019", "2019-03-13"),
        ("28 February – 2 March", "2019", "2019-02-28..2019-03-02"),
        ("30 December – 2 January", "2019", "2018-12-30..2019-01-02"),
        ("March", "2019", "2019-03-01"),
        ("12", "March 2019", "2019-03-12"),
        ("12th", "March 2019", "2019-03-12"),
        ("Tue 12", "March 2019", "2019-03-12"),
        ("12.", "March 2019", "2019-03-12"),
        ("12", "May", "2024-05-12"),
        ("10:30", "12 March 2019", "2019-03-12T10:30:00Z"),
        ("4 pm", "12 May", "2024-05-12T16:00:00Z"),
        ("10:30 in the hall", "12 March 2019", "2019-03-12"),
        // What is said stands.
        ("12 March 2018", "2019", "2018-03-12"),
        ("March 2018", "2019", "2018-03-01"),
        ("12 May", "April 2019", "2024-05-12"),
        ("12 May", "2018 – 2019", "2024-05-12"),
        ("12 pages", "March 2019", "2019-03-01"),
        ("31", "June 2019", "2019-06-01"),
    ] {
        assert_eq!(day(own, above), expected, "{own} below {above}");
    }
    let case = Case { language: Some("ja"), ..case };
    let day = |own: &str, above: &str| line(&case.all(&[vec![raw(Field, own), raw(Above, above)]], &[])[0]);
    assert_eq!(day("12日(火)", "2019年3月"), "2019-03-12");
    assert_eq!(day("3月12日", "2019年"), "2019-03-12");
    assert_eq!(day("3月12日", "平成31年"), "2019-03-12");
}

#[test]
fn a_day_to_come_below_its_month_is_not_the_first_of_the_month() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let found = case.all(&[vec![raw(Field, "26"), raw(Above, "March 2025")]], &[]);
    assert_eq!(found[0].outcome, Err(super::super::Unresolved::TooLate { day: date(2025, 3, 26) }));
}

#[test]
fn what_stands_above_dates_what_texts_mention() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let found = case.all(&[vec![raw(Teaser, "On 6 March, the council met."), raw(Above, "2019")]], &[]);
    assert_eq!(lines(&found), ["2019-03-06"]);
    assert_eq!(found[0].settled, Some("what stands above"));
    assert_eq!(found[0].outcome.as_ref().unwrap().provenance, Provenance::StatedInText);
}
