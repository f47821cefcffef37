//! Years by the order of the listing: what real pages do, and what must hold for any.

use jiff::{ToSpan as _, civil::date};
use proptest::prelude::*;

use super::*;
use crate::listing::DateSource::{Field, LinkPath, Teaser};

/// The days of `texts` as a listing fetched at noon of `now`, with the days stored for its first rows.
fn days(now: Date, texts: &[&str], stored: &[Option<Date>]) -> Vec<String> {
    let case = Case::at(&format!("{now}T12:00:00Z"));
    let rows: Vec<Vec<RawDate>> = texts.iter().map(|text| vec![raw(Field, text)]).collect();
    lines(&case.all(&rows, stored))
}

#[test]
fn february_29_is_of_a_leap_year_wherever_it_stands() {
    assert_eq!(days(date(2025, 3, 7), &["29 February"], &[]), ["2024-02-29"]);
    let found =
        days(date(2024, 3, 7), &["4 March", "29 February", "28 February", "1 January", "30 December"], &[]);
    assert_eq!(found, ["2024-03-04", "2024-02-29", "2024-02-28", "2024-01-01", "2023-12-30"]);
    let found = days(date(2023, 3, 7), &["4 March", "1 March", "29 February", "20 February"], &[]);
    assert_eq!(found[2..], ["2020-02-29", "2020-02-20"]);
}

#[test]
fn order_goes_on_over_the_pages_of_an_archive() {
    let texts: Vec<String> = (0..48)
        .map(|month| (date(2025, 3, 1) - (month * 30).days()).strftime("%-d %B").to_string())
        .collect();
    let truth: Vec<String> =
        (0..48).map(|month| (date(2025, 3, 1) - (month * 30).days()).to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(days(date(2025, 3, 7), &texts, &[]), truth);
}

#[test]
fn announcement_among_fresh_rows_takes_no_row_a_year_back() {
    let found = days(
        date(2024, 4, 25),
        &["16 April", "14 April", "4 June", "13 April", "11 April", "10 April", "8 April"],
        &[],
    );
    assert_eq!(found[2], "- 2024-06-04 is later than the fetch");
    assert!(found.iter().enumerate().all(|(row, day)| row == 2 || day.starts_with("2024-04")), "{found:?}");
}

#[test]
fn announcement_that_has_come_since_stays_of_this_year() {
    let found =
        days(date(2024, 6, 20), &["16 April", "14 April", "4 June", "13 April", "11 April", "10 April"], &[]);
    assert_eq!(found, ["2024-04-16", "2024-04-14", "2024-06-04", "2024-04-13", "2024-04-11", "2024-04-10"]);
}

#[test]
fn row_that_came_since_the_last_fetch_is_not_of_the_year_of_wrong_ones() {
    let stored = [None, Some(date(2013, 11, 6)), Some(date(2013, 11, 5)), Some(date(2013, 11, 3))];
    let found = days(date(2014, 11, 8), &["7 November", "6 November", "5 November", "3 November"], &stored);
    assert_eq!(found[0], "2014-11-07");
}

#[test]
fn pinned_stored_row_makes_no_new_row_old() {
    let stored = [Some(date(2013, 7, 16)), None, None, Some(date(2014, 8, 10)), Some(date(2014, 8, 9))];
    let found =
        days(date(2014, 8, 15), &["16 July", "14 August", "12 August", "10 August", "9 August"], &stored);
    assert_eq!(found[1..3], ["2014-08-14", "2014-08-12"]);
}

#[test]
fn unsorted_rows_are_of_the_last_year() {
    let texts = [
        "3 February",
        "14 March",
        "8 December",
        "22 September",
        "2 May",
        "17 November",
        "28 January",
        "25 August",
    ];
    let found = days(date(2000, 12, 9), &texts, &[]);
    assert!(found.iter().all(|day| day.starts_with("2000-")), "{found:?}");
}

#[test]
fn site_gone_quiet_for_months_keeps_its_order() {
    let found =
        days(date(2025, 7, 19), &["13 December", "15 October", "20 June", "29 March", "14 March"], &[]);
    assert_eq!(found, ["2024-12-13", "2024-10-15", "2024-06-20", "2024-03-29", "2024-03-14"]);
}

#[test]
fn day_of_this_week_that_has_not_come_is_not_of_last_year() {
    assert_eq!(days(date(2025, 3, 7), &["12 March"], &[]), ["- 2025-03-12 is later than the fetch"]);
    assert_eq!(days(date(2025, 3, 7), &["8 March"], &[]), ["2025-03-08"]);
    assert_eq!(days(date(2025, 3, 7), &["20 March"], &[]), ["2024-03-20"]);
}

#[test]
fn weekday_holds_against_the_order_of_the_listing() {
    let found = days(
        date(2025, 3, 10),
        &["Friday 7 March", "Thursday 6 March", "Monday 3 March", "Wednesday 28 February"],
        &[],
    );
    assert_eq!(found, ["2025-03-07", "2025-03-06", "2025-03-03", "2024-02-28"]);
}

#[test]
fn weekday_that_fits_a_day_ahead_is_no_day_of_long_ago() {
    assert_eq!(
        days(date(2013, 8, 10), &["Sunday 15 September"], &[]),
        ["- 2013-09-15 is later than the fetch"]
    );
    assert_eq!(days(date(2025, 3, 7), &["Tuesday 6 March"], &[]), ["2018-03-06"]);
}

#[test]
fn year_of_a_deadline_and_month_of_a_link_hold_against_the_order() {
    let case = Case::at("2025-03-07T09:00:00Z");
    let rows = [
        vec![raw(Teaser, "On 6 March, a")],
        vec![raw(Teaser, "On 28 February, the mandate was extended until 31 October 2022.")],
        vec![raw(Teaser, "On 20 February, c"), raw(LinkPath, "https://example.org/2022/02/c")],
        vec![raw(Teaser, "On 18 February, d")],
    ];
    assert_eq!(lines(&case.all(&rows, &[])), ["2025-03-06", "2022-02-28", "2022-02-20", "2022-02-18"]);
}

#[test]
fn month_in_passing_is_a_month_and_bends_no_year() {
    let found = days(date(2025, 3, 7), &["5 March", "1 March", "July", "27 February", "25 February"], &[]);
    assert_eq!(found, ["2025-03-05", "2025-03-01", "2024-07-01", "2025-02-27", "2025-02-25"]);
}

/// The work is what is claimed, not the time: a step that looked at all rows above would not come to an end.
#[test]
fn four_thousand_rows_come_to_an_end() {
    let texts = ["6 March", "1 January", "29 February", "31 December"];
    let fields: Vec<Vec<RawDate>> = texts.iter().map(|text| vec![raw(Field, text)]).collect();
    let rows: Vec<Row<'_>> =
        (0..4_000).map(|row| Row { dates: &fields[row * row % 4], anchor: None }).collect();
    let zone = TimeZone::UTC;
    let now = "2025-03-07T09:00:00Z".parse().expect("a time");
    let context = Context {
        now,
        zone: &zone,
        language: None,
        host: None,
        order: None,
        format: None,
        horizon: Horizon::Fetch,
    };
    assert_eq!(resolve(&rows, &context).len(), rows.len());
}

/// A listing newest first, as steps down in days, and how long before the fetch its newest row was published.
fn newest_first() -> impl Strategy<Value = (Vec<i64>, i64)> {
    (prop::collection::vec(0_i64..25, 1..60), 0_i64..3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn sorted_listing_gets_all_its_years_back((steps, age) in newest_first(), now in 0_i64..3000) {
        let now = date(2018, 1, 1) + now.days();
        let mut day = now - age.days();
        let truth: Vec<Date> = steps.iter().map(|step| { day -= step.days(); day }).collect();
        let texts: Vec<String> = truth.iter().map(|day| day.strftime("%-d %B").to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let truth: Vec<String> = truth.iter().map(ToString::to_string).collect();
        prop_assert_eq!(days(now, &texts, &[]), truth);
    }

    #[test]
    fn stored_days_stand_whatever_stands_beside_them(
        rows in prop::collection::vec((0_i64..4000, any::<bool>()), 1..40),
        now in 0_i64..3000,
    ) {
        let now = date(2018, 1, 1) + now.days();
        let dated: Vec<Date> = rows.iter().map(|(age, _)| now - age.days()).collect();
        let texts: Vec<String> = dated.iter().map(|day| day.strftime("%-d %B").to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let stored: Vec<Option<Date>> =
            dated.iter().zip(&rows).map(|(day, (_, is_stored))| is_stored.then_some(*day)).collect();
        let found = days(now, &texts, &stored);
        for (found, stored) in found.iter().zip(&stored) {
            if let Some(stored) = stored {
                prop_assert_eq!(found, &stored.to_string());
            }
        }
        // What was found once is found again, and what is stored as found moves no other that is.
        let all: Vec<Option<Date>> = found.iter().map(|day| day.parse().ok()).collect();
        let again = days(now, &texts, &all);
        for (again, stored) in again.iter().zip(&all) {
            if let Some(stored) = stored {
                prop_assert_eq!(again, &stored.to_string());
            }
        }
    }
}
