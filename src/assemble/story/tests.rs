use std::convert::Infallible;

use crate::{
    assemble::{
        Joined, Part, joined_feed,
        tests::{common, headlines, id, record, rule, source, time},
    },
    config::Source,
    id::EntryKey,
    record::{Glance, Record, SourceState},
};

/// A record with its own address in each source, so that words alone can tell that two are one.
fn told(slug: &str, number: u64, headline: &str, teaser: &str, at: &str) -> Record {
    let mut record = record(slug, number, &format!("{slug}-{number}"), at);
    record.entry.headline = headline.to_owned();
    record.entry.teaser = (!teaser.is_empty()).then(|| teaser.to_owned());
    record
}

fn join(one: Vec<Record>, two: Vec<Record>) -> (Joined, [Vec<Record>; 2]) {
    let sources: [Source; 2] = [source("one"), source("two")];
    let state = Glance::default();
    let parts = [
        Part { source: &sources[0], state: state.clone(), records: one.clone() },
        Part { source: &sources[1], state, records: two.clone() },
    ];
    let joined = joined_feed((&rule(&["one", "two"]), &common(&parts)), &parts, None);
    // As a store has them once the marks are committed.
    let mut stored = [one, two];
    for plan in joined.plans(|_| Ok::<_, Infallible>(SourceState::default())).unwrap() {
        let records = &mut stored[usize::from(plan.source == id("two"))];
        for marked in plan.records {
            let place = records.iter().position(|record| record.number == marked.number);
            records[place.expect("only known records are marked")] = marked;
        }
    }
    (joined, stored)
}

const AGENCY: [&str; 2] = [
    "Ferry runs aground off Cape Lindesnes, 140 evacuated",
    "The ferry Havblikk ran aground in thick fog early on Thursday off Cape Lindesnes; all 140 people on board were \
     taken to shore by lifeboats, the coast guard said.",
];

/// How two sources tell things: whether it is one story, and each one's headline and teaser.
const PAIRS: &[(bool, [&str; 2], [&str; 2])] = &[
    (true, AGENCY, AGENCY),
    (
        true,
        AGENCY,
        [
            "Ferry runs aground off Cape Lindesnes: 140 evacuated - Port Herald",
            "The ferry Havblikk ran aground in thick fog early on Thursday off Cape Lindesnes; all 140 people on board …",
        ],
    ),
    (
        true,
        AGENCY,
        [
            "140 people evacuated as ferry runs aground off Cape Lindesnes",
            "(NTB) The ferry Havblikk ran aground in thick fog early on Thursday off Cape Lindesnes; all 140 people on \
             board were taken to shore by lifeboats, the coast guard said on its website.",
        ],
    ),
    (
        true,
        [
            "Le conseil municipal vote le budget 2025 du port",
            "Réuni lundi soir, le conseil municipal a voté à l’unanimité le budget 2025 du port, en hausse de 4 %.",
        ],
        [
            "Le conseil municipal vote le budget 2025 du port de plaisance",
            "Réuni lundi soir, le conseil municipal a voté à l'unanimité le budget 2025 du port, en hausse de 4 %. Les travaux…",
        ],
    ),
    (
        true,
        [
            "港の新しい防波堤が完成、来月から供用開始",
            "町は6日、港の新しい防波堤が完成したと発表した。来月から供用を開始する。総工費は約3億円。",
        ],
        [
            "港の新しい防波堤が完成 来月から供用開始へ",
            "町は6日、港の新しい防波堤が完成したと発表した。来月から供用を開始する。",
        ],
    ),
    (
        true,
        ["Coast guard ends the search for the missing fishing boat Marlin", ""],
        ["Coast guard ends the search for the missing fishing boat “Marlin”", ""],
    ),
    // The same words, and not the same thing.
    (
        false,
        [
            "Weekly briefing",
            "What happened this week in the region, and what to look out for in the days ahead.",
        ],
        ["Weekly briefing", "Our correspondents sum up the week: talks, markets and the weather at sea."],
    ),
    (
        false,
        [
            "Notice of works at the northern pier",
            "The works begin at night and end before the first ferry; passengers are asked to follow the signs and to allow for a longer way.",
        ],
        [
            "Closure of the northern pier",
            "The works begin at night and end before the first ferry; passengers of line 3 are asked to follow the signs of the port.",
        ],
    ),
    (false, ["Weekly security summary", ""], ["Weekly security summary", ""]),
    (
        false,
        [
            "Exchange rates today",
            "The dollar was sold at 4.81 and the euro at 5.23 on the parallel market this morning.",
        ],
        [
            "Exchange rates today",
            "The dollar was sold at 4.83 and the euro at 5.20 on the parallel market this morning.",
        ],
    ),
    (
        false,
        [
            "Magnitude 5.1 quake shakes the coast",
            "A quake was felt along the coast on Thursday; no damage was reported so far.",
        ],
        [
            "Magnitude 4.6 quake shakes the coast",
            "A quake was felt along the coast on Thursday; no damage was reported so far.",
        ],
    ),
    (
        false,
        [
            "Ferry line 12 suspended",
            "Because of high waves the ferry does not run until further notice; tickets stay valid.",
        ],
        [
            "Ferry line 14 suspended",
            "Because of high waves the ferry does not run until further notice; tickets stay valid.",
        ],
    ),
    (
        false,
        [
            "Minutes of the council meeting",
            "The minutes of the last meeting of the council can be read here as a document.",
        ],
        [
            "Minutes of the harbour board",
            "The minutes of the last meeting of the board can be read here as a document.",
        ],
    ),
    (
        false,
        [
            "Minister meets ambassador of Malta",
            "The minister received the ambassador and discussed trade, fisheries and the return of flights.",
        ],
        [
            "Minister meets ambassador of Turkey",
            "The minister received the ambassador and discussed energy, visas and the return of companies.",
        ],
    ),
    (
        false,
        [
            "Minister meets ambassador of Malta",
            "The minister received the ambassador and discussed relations between the two countries and the return of flights.",
        ],
        [
            "Minister meets ambassador of Turkey",
            "The minister received the ambassador and discussed relations between the two countries and the return of flights.",
        ],
    ),
    (
        false,
        [
            "Fishermen protest against quota",
            "Dozens of boats blocked the harbour on Thursday to protest against the new cod quota.",
        ],
        [
            "Farmers protest against tax",
            "Dozens of tractors blocked the motorway on Thursday to protest against the new diesel tax.",
        ],
    ),
    (
        false,
        [
            "港で火災、けが人なし",
            "6日未明、港の倉庫で火災があり、約2時間後に消し止められた。けが人はなかった。",
        ],
        ["市場で火災、けが人なし", "5日夕方、中央市場の屋根が焼ける火災があった。原因を調べている。"],
    ),
];

#[test]
fn a_story_is_known_again_in_nearly_the_same_words_and_no_other_is_taken_for_it() {
    for (is_one, first, second) in PAIRS {
        let at = ["2026-03-05T08:00:00Z", "2026-03-05T19:30:00Z"];
        let one = vec![told("one", 1, first[0], first[1], at[0])];
        let two = vec![told("two", 1, second[0], second[1], at[1])];
        let shown = join(one, two).0.feed.entries.len();
        assert_eq!(shown, if *is_one { 1 } else { 2 }, "{first:?} {second:?}");
    }
}

#[test]
fn the_same_words_days_apart_are_two_stories() {
    let one = vec![told("one", 1, AGENCY[0], AGENCY[1], "2026-03-02T08:00:00Z")];
    let two = vec![told("two", 1, AGENCY[0], AGENCY[1], "2026-03-05T08:00:00Z")];
    assert_eq!(join(one, two).0.feed.entries.len(), 2);
}

#[test]
fn a_series_is_one_story_only_where_its_text_is_the_same() {
    let weekly = |slug, number, teaser, at| told(slug, number, "The week at sea in five charts", teaser, at);
    let this = "Catches fell for the third week in a row while prices in the northern ports rose to a record, says the board.";
    let one = vec![
        weekly(
            "one",
            1,
            "Quiet seas and full nets made for a good week in the north, says the board.",
            "2026-02-26T08:00:00Z",
        ),
        weekly("one", 2, this, "2026-03-05T08:00:00Z"),
    ];
    let other = vec![weekly(
        "two",
        1,
        "Catches fell for the third week in a row, and nobody in the south seems to know why.",
        "2026-03-05T09:00:00Z",
    )];
    assert_eq!(join(one.clone(), other).0.feed.entries.len(), 3);
    assert_eq!(join(one, vec![weekly("two", 1, this, "2026-03-05T09:00:00Z")]).0.feed.entries.len(), 2);
}

#[test]
fn one_story_takes_in_one_of_each_other_source() {
    let one = vec![told("one", 1, AGENCY[0], AGENCY[1], "2026-03-05T08:00:00Z")];
    let two = vec![
        told("two", 1, AGENCY[0], AGENCY[1], "2026-03-05T09:00:00Z"),
        // Its own follow-up, which it tells in the words of the first.
        told(
            "two",
            2,
            "Ferry runs aground off Cape Lindesnes, captain questioned",
            AGENCY[1],
            "2026-03-05T12:00:00Z",
        ),
    ];
    let (joined, _) = join(one, two);
    assert_eq!(
        headlines(&joined.feed),
        ["Ferry runs aground off Cape Lindesnes, captain questioned", AGENCY[0]]
    );
}

#[test]
fn what_was_left_out_once_never_shows_up_whatever_becomes_of_the_first() {
    let one = vec![told("one", 1, AGENCY[0], AGENCY[1], "2026-03-05T08:00:00Z")];
    let two = vec![told("two", 1, AGENCY[0], AGENCY[1], "2026-03-05T09:00:00Z")];
    let (joined, [mut one, two]) = join(one, two);
    assert_eq!(joined.retold.len(), 1);
    assert_eq!(two[0].retold_in, [id("all")]);

    let (again, _) = join(one.clone(), two.clone());
    assert_eq!((again.feed.clone(), again.retold.len()), (joined.feed, 0), "the same store, the same feed");

    one[0].entry.headline = "Captain of the Havblikk before the court".to_owned();
    one[0].entry.teaser = None;
    assert_eq!(headlines(&join(one, two.clone()).0.feed), ["Captain of the Havblikk before the court"]);
    // It fell out of what its source keeps.
    assert_eq!(join(Vec::new(), two).0.feed.entries.len(), 0);
}

#[test]
fn proof_is_marked_like_likeness() {
    let shared = EntryKey::link("https://shared.example/story");
    let mut first = told("one", 1, "One", "", "2026-03-05T08:00:00Z");
    let mut second = told("two", 1, "Quite another headline", "", "2026-03-09T09:00:00Z");
    first.keys.push(shared.clone());
    second.keys.push(shared);
    let (_, [_, two]) = join(vec![first], vec![second]);
    assert_eq!(join(Vec::new(), two).0.feed.entries.len(), 0);
}

#[test]
fn a_feed_that_filters_the_first_out_shows_the_second() {
    let one = vec![told("one", 1, "Ferry aground", AGENCY[1], "2026-03-05T08:00:00Z")];
    let mut two = vec![told("two", 1, "Ferry Havblikk aground", AGENCY[1], "2026-03-05T09:00:00Z")];
    // Another feed had shown the first.
    two[0].retold_in.push(id("another"));
    let sources = [source("one"), source("two")];
    let part = |at: usize, records| Part { source: &sources[at], state: Glance::default(), records };
    let condition = crate::config::Condition::of(regex::Regex::new("Havblikk aground").unwrap());
    let mut rule = rule(&["one", "two"]);
    rule.filter.include = vec![condition];
    let parts = [part(0, one), part(1, two)];
    assert_eq!(joined_feed((&rule, &common(&parts)), &parts, None).feed.entries.len(), 1);
}

#[test]
fn work_on_hostile_headlines_is_bounded() {
    // Everything is alike: words that all rows have find nothing, and ten thousand rows are no hundred million pairs.
    let rows = |slug: &str| -> Vec<Record> {
        (1..=5_000)
            .map(|number| {
                told(slug, number, "breaking news from the coast this morning", "", "2026-03-05T08:00:00Z")
            })
            .collect()
    };
    assert_eq!(join(rows("one"), rows("two")).0.feed.entries.len(), 50);
}

#[test]
fn a_condition_looks_into_its_field_alone() {
    use crate::config::{Condition, Field, Filter};
    let mut entry = told("one", 1, "Ports and boats", "C++ at sea", "2026-03-05T08:00:00Z");
    entry.entry.author = Some("Ana Sea".to_owned());
    entry.first_seen = time("2026-05-05T08:00:00Z");
    let words = |text: &str| vec![regex::Regex::new(text).unwrap()];
    let excludes =
        |condition: Condition| !Filter { include: Vec::new(), exclude: vec![condition] }.admits(&entry);
    let of = |field, text: &str| Condition { field: Some(field), patterns: words(text), older_than: None };
    assert!(excludes(of(Field::Author, "Sea")) && !excludes(of(Field::Headline, "Sea")));
    assert!(excludes(of(Field::Link, "^https://shared.example/one-1$")));
    assert!(!excludes(of(Field::Content, "sea")), "there is none");
    let aged = |days: u64, text: &str| Condition {
        patterns: words(text),
        older_than: Some(std::time::Duration::from_secs(days * 86_400)),
        field: None,
    };
    assert!(excludes(aged(30, "Ports")), "it was two months old when it was first seen");
    assert!(!excludes(aged(90, "Ports")) && !excludes(aged(30, "nowhere")), "all must hold");
}
