//! What holds for any text.

use proptest::prelude::*;

use super::{
    super::{Lexicon, Place, scan},
    *,
};

/// Texts made of what dates are made of.
fn datelike() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        (0_u32..3000).prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            " ",
            " ",
            " ",
            ",",
            ".",
            "-",
            "–",
            "/",
            ":",
            "T",
            "Z",
            "+",
            "(",
            ")",
            "'",
            "March",
            "may",
            "Dec",
            "Thursday",
            "and",
            "to",
            "of",
            "the",
            "th",
            "ago",
            "hours",
            "yesterday",
            "until",
            "will",
            "W",
            "GMT",
            "pm",
            "6",
            "31",
            "2025",
            "\u{200f}",
            "月",
            "٦",
            "İ",
            "é",
            "мартa",
            "tháng",
            "令和",
            "年",
            "日",
            "二",
            "il y a",
            "اسفند",
            "tól",
            "ב",
            "มีนาคม",
            "r7.",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn source() -> impl Strategy<Value = DateSource> {
    prop::sample::select(vec![
        DateSource::TimeElement,
        DateSource::Metadata,
        DateSource::Field,
        DateSource::Headline,
        DateSource::Teaser,
        DateSource::LinkPath,
    ])
}

/// Time is not measured here, only that each token is visited a bounded number of times: a text that was
/// quadratic once ("1/2/2025 - " has no word that ends the way back) would not come to an end.
#[test]
fn long_texts_come_to_an_end() {
    for piece in [
        "1/2/2025 - ",
        "1 to the the ",
        "1, 2, 3, 4 ",
        "March the ",
        "1 May ((((( ",
        "will on 1 May ",
        "10:15 a.m. GMT ( ",
        "March/march/",
        "2025 March 6 – ",
        "2025 m. kovo 6 d. – ",
        "1/2/2018-1/2/2018-",
        "il y a 3 ",
        "3月6日〜",
        "มีนาคมที่",
        "令和七年三月",
        "1. bis 2. bis ",
        "6 March – 2019. ",
        "ថ្ងៃ\u{200b}",
        "ከ5-5-",
    ] {
        let text = piece.repeat((1 << 20) / piece.len());
        for (place, language) in
            [(Place::Prose, None), (Place::Field, Some("lt")), (Place::Field, Some("th"))]
        {
            assert!(scan(&text, place, Lexicon::of(language)).len() <= text.len() / 3);
        }
    }
}

/// What opens is not followed by a call for each: the stack of a thread has an end.
#[test]
fn brackets_that_never_close_take_no_stack() {
    let text = format!("1 May {}", "(".repeat(1 << 20));
    assert_eq!(scan(&text, Place::Prose, Lexicon::of(None)).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn spans_lie_in_the_text_in_order(text in prop_oneof![datelike(), any::<String>()]) {
        for place in [Place::Prose, Place::Field, Place::Machine] {
            for mention in scan(&text, place, Lexicon::of(None)) {
                prop_assert!(text.get(mention.span.clone()).is_some_and(|piece| !piece.is_empty()));
            }
        }
    }

    #[test]
    fn no_moment_is_later_than_the_fetch_and_a_day(
        rows in prop::collection::vec(prop::collection::vec((source(), datelike()), 0..3), 0..8),
        second in 0_i64..2_000_000_000,
    ) {
        let now = Timestamp::from_second(second).expect("in range");
        let case = Case { now, ..Case::at("2025-03-07T09:00:00Z") };
        let rows: Vec<Vec<RawDate>> =
            rows.iter().map(|row| row.iter().map(|(source, text)| raw(*source, text)).collect()).collect();
        let found = case.all(&rows, &[]);
        prop_assert_eq!(found.len(), rows.len());
        let latest = Timestamp::from_second(second + 86_400).expect("in range");
        for moment in found.iter().filter_map(|resolution| resolution.outcome.as_ref().ok()) {
            prop_assert!(moment.day <= latest.to_zoned_datetime(TimeZone::UTC).date());
            prop_assert!(moment.instant.is_none_or(|instant| instant <= latest));
            prop_assert!(moment.first_day.is_none_or(|first| first < moment.day));
        }
        prop_assert_eq!(case.all(&rows, &[]), found);
    }

    #[test]
    fn stored_day_and_month_are_found_again(days in prop::collection::vec(0_i32..4000, 1..30)) {
        let now = "2025-03-07T09:00:00Z".parse::<Timestamp>().expect("a time");
        let case = Case { now, ..Case::at("2025-03-07T09:00:00Z") };
        let stored: Vec<Date> = days.iter().map(|day| Date::constant(2025, 3, 7) - jiff::Span::new().days(*day)).collect();
        let rows: Vec<Vec<RawDate>> = stored.iter().map(|day| vec![raw(DateSource::Field, &day.strftime("%-d %B").to_string())]).collect();
        let anchors: Vec<Option<Date>> = stored.iter().copied().map(Some).collect();
        for (resolution, day) in case.all(&rows, &anchors).iter().zip(&stored) {
            prop_assert_eq!(resolution.outcome.as_ref().map(|moment| moment.day), Ok(*day));
        }
    }
}
