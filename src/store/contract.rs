//! The contract of [`Store`], which every implementation passes.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    Joined, Lease, Memory, Newest, Retention, Store, StoreError, engine,
    samples::{exported, id, link, now, plan, record},
};
use crate::{
    fetch::retry::Scope,
    id::SourceId,
    record::{Glance, Known, Plan, Record, SourceState},
    schedule::Hold,
};

/// Runs every test of the contract, each on a store of its own.
fn holds_for<S: Store>(create: impl Fn() -> S) {
    let tests: &[fn(&dyn Store)] = &[
        an_unknown_source_has_the_default_state,
        what_is_committed_is_read,
        a_glance_is_a_part_of_the_state,
        glances_come_in_the_order_they_are_asked_for,
        a_later_plan_of_a_group_wins_record_by_record,
        known_finds_by_any_key_and_the_recent_each_once,
        a_key_that_two_records_have_finds_both,
        a_key_that_hundreds_have_finds_all_of_them,
        a_long_history_in_no_order_is_newest_first,
        a_record_given_up_a_key_is_not_found_by_it,
        a_feed_is_newest_first_and_then_by_number,
        joined_records_are_the_newest_of_all_sources,
        a_feed_ends_at_its_count_and_its_age,
        a_moved_date_moves_the_record_in_the_feed,
        a_large_record_that_shrinks_is_read_whole,
        sources_do_not_see_each_other,
        the_smallest_differences_survive,
        a_closed_store_still_answers,
        a_source_is_leased_to_one_holder_at_a_time,
        what_no_feed_shows_and_no_page_holds_leaves_a_trace,
        the_surplus_of_many_sources_is_let_go,
        what_still_stands_on_the_page_is_kept,
        a_small_surplus_waits,
        a_record_that_fades_with_its_own_commit_leaves_a_trace,
        a_record_comes_back_in_the_place_of_its_trace,
        a_record_that_came_back_outlives_what_is_forgotten,
        the_oldest_traces_are_forgotten,
        a_renamed_source_keeps_its_memory,
        a_rename_never_mixes_two_histories,
        an_export_fills_an_empty_store_and_comes_out_the_same,
        an_import_is_all_or_nothing,
        an_import_never_mixes_two_histories,
    ];
    for test in tests {
        test(&create());
    }
}

#[test]
fn memory_keeps_the_contract() {
    holds_for(Memory::new);
}

#[test]
fn the_engine_keeps_the_contract() {
    let folders = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    holds_for(|| {
        count.set(count.get() + 1);
        let (engine, repairs) = engine::open(&folders.path().join(count.get().to_string()), now()).unwrap();
        assert_eq!(repairs, []);
        engine
    });
}

fn numbers(store: &dyn Store, slug: &str, newest: Newest) -> Vec<u64> {
    store.records(&id(slug), newest).unwrap().iter().map(|record| record.number).collect()
}

fn an_unknown_source_has_the_default_state(store: &dyn Store) {
    assert_eq!(store.state(&id("one")).unwrap(), SourceState::default());
    assert_eq!(store.states().unwrap(), []);
    assert_eq!(store.known(&id("one"), &[link("one", 1)], 9).unwrap(), Known::default());
    assert_eq!(store.records(&id("one"), Newest::of(9)).unwrap(), []);
}

fn what_is_committed_is_read(store: &dyn Store) {
    let (one, two) = (plan("one", 1..=20), plan("two", []));
    store.commit(&[two.clone(), one.clone()]).unwrap();
    store.commit(&[]).unwrap();
    assert_eq!(store.states().unwrap(), [(id("one"), one.state.clone()), (id("two"), two.state)]);
    assert_eq!(store.state(&id("one")).unwrap(), one.state);
    assert_eq!(store.known(&id("one"), &[], 20).unwrap().records, one.records);
}

fn a_glance_is_a_part_of_the_state(store: &dyn Store) {
    let mut plan = plan("one", 1..=2);
    let state = &mut plan.state;
    (state.failures, state.forbidden, state.held) = (3, 2, 1);
    (state.first_succeeded_at, state.succeeded_at) = (Some(now()), Some(now()));
    (state.due_at, state.changed_at) = (Some(now()), Some(now()));
    state.first_id = Some(id("former"));
    state.page_title = Some("News \u{1f4f0} \"quoted\"".to_owned());
    state.page_url = "https://one.example/ä?q=%20#x".parse().ok();
    state.language = Some("de".to_owned());
    let url = "https://one.example/".parse().unwrap();
    state.hold = Some(Hold { url, until: Some(now()), scope: Scope::Host });
    state.quiet.hours = [3, 4].into();
    store.commit(&[plan.clone()]).unwrap();
    let glance = Glance::from(&plan.state);
    let glances = store.glances(&[&id("one"), &id("two")]).unwrap();
    assert_eq!(glances, [glance, Glance::default()]);
}

fn glances_come_in_the_order_they_are_asked_for(store: &dyn Store) {
    let names: Vec<String> = (10..40).map(|number| format!("s{number}")).collect();
    let with_failures = |(place, name): (usize, &String)| {
        let mut plan = plan(name, 1..=1);
        plan.state.failures = u32::try_from(place).unwrap() + 1;
        // Some states are of several parts, and the last one of them is not known.
        plan.state.page_title = (place % 3 == 0).then(|| "long ".repeat(2_000));
        plan
    };
    let plans: Vec<Plan> = names.iter().enumerate().map(with_failures).collect();
    store.commit(&plans[..29]).unwrap();
    let failures = |places: &[usize]| {
        let ids: Vec<SourceId> = places.iter().map(|place| id(&names[*place])).collect();
        let glances = store.glances(&ids.iter().collect::<Vec<_>>()).unwrap();
        glances.iter().map(|glance| glance.failures).collect::<Vec<_>>()
    };
    assert_eq!(failures(&(0..30).collect::<Vec<_>>()), (1..30).chain([0]).collect::<Vec<_>>());
    assert_eq!(failures(&[29, 3, 4, 4, 28, 0, 20, 21]), [0, 4, 5, 5, 29, 1, 21, 22]);
}

fn a_later_plan_of_a_group_wins_record_by_record(store: &dyn Store) {
    let first = plan("one", 1..=3);
    let mut second = plan("one", 2..=2);
    second.records[0].entry.headline = "later".to_owned();
    store.commit(&[first.clone(), second.clone()]).unwrap();
    let read = store.known(&id("one"), &[], 9).unwrap().records;
    assert_eq!(read, [first.records[0].clone(), second.records[0].clone(), first.records[2].clone()]);
    assert_eq!(store.state(&id("one")).unwrap(), second.state);
}

fn known_finds_by_any_key_and_the_recent_each_once(store: &dyn Store) {
    store.commit(&[plan("one", 1..=300)]).unwrap();
    let mut keys = record("one", 299).keys;
    keys.extend([link("one", 7), link("one", 256), link("one", 9999)]);
    let known = store.known(&id("one"), &keys, 3).unwrap().records;
    assert_eq!(known, [7, 256, 298, 299, 300].map(|number| record("one", number)));
    let numbers: Vec<u64> =
        store.known(&id("one"), &keys, 0).unwrap().records.iter().map(|r| r.number).collect();
    assert_eq!(numbers, [7, 256, 299]);
}

fn a_key_that_two_records_have_finds_both(store: &dyn Store) {
    let mut both = plan("one", 1..=2);
    both.records[1].keys.push(link("one", 1));
    store.commit(&[both.clone()]).unwrap();
    assert_eq!(store.known(&id("one"), &[link("one", 1)], 0).unwrap().records, both.records);
}

fn a_key_that_hundreds_have_finds_all_of_them(store: &dyn Store) {
    let shared = link("one", 9999);
    let mut all = plan("one", 1..=300);
    all.records.iter_mut().for_each(|record| record.keys.push(shared.clone()));
    let (last, first) = all.records.split_at(150);
    for records in [first, last] {
        store.commit(&[Plan { records: records.to_vec(), ..all.clone() }]).unwrap();
    }
    assert_eq!(store.known(&id("one"), std::slice::from_ref(&shared), 0).unwrap().records, all.records);
    let mut given_up = plan("one", 20..=120);
    given_up.fade = (200..=250).collect();
    store.commit(&[given_up]).unwrap();
    let left = all.records.iter().filter(|record| !matches!(record.number, 20..=120 | 200..=250)).cloned();
    let known = store.known(&id("one"), &[link("one", 205), shared], 0).unwrap();
    assert_eq!(known.records, left.collect::<Vec<_>>());
    assert_eq!(
        known.traces.iter().map(|trace| trace.number).collect::<Vec<_>>(),
        (200..=250).collect::<Vec<_>>()
    );
}

fn a_long_history_in_no_order_is_newest_first(store: &dyn Store) {
    let mut all = plan("one", 1..=400);
    for record in &mut all.records {
        let hours = i64::try_from(record.number * 7919 % 401 / 2).unwrap();
        record.published = now() + SignedDuration::from_hours(hours);
    }
    let mut expected = all.records.clone();
    expected.sort_by_key(|record| std::cmp::Reverse((record.published, record.number)));
    for records in all.records.chunks(50) {
        store.commit(&[Plan { records: records.to_vec(), ..all.clone() }]).unwrap();
    }
    assert_eq!(store.records(&id("one"), Newest::of(999)).unwrap(), expected);
    assert_eq!(store.records(&id("one"), Newest::of(70)).unwrap(), expected[..70]);
}

fn a_record_given_up_a_key_is_not_found_by_it(store: &dyn Store) {
    store.commit(&[plan("one", 1..=1)]).unwrap();
    let mut moved = plan("one", 1..=1);
    moved.records[0].keys = vec![link("one", 1000)];
    store.commit(&[moved]).unwrap();
    assert_eq!(store.known(&id("one"), &[link("one", 1)], 0).unwrap().records, []);
    assert_eq!(store.known(&id("one"), &[link("one", 1000)], 0).unwrap().records.len(), 1);
}

fn a_feed_is_newest_first_and_then_by_number(store: &dyn Store) {
    let mut plan = plan("one", 1..=5);
    let published = plan.records[4].published;
    plan.records[0].published = published + SignedDuration::from_millis(900);
    plan.records[1].published = "1969-12-31T23:00:00Z".parse().unwrap();
    store.commit(&[plan]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [5, 1, 4, 3, 2]);
}

fn joined_records_are_the_newest_of_all_sources(store: &dyn Store) {
    store.commit(&[plan("one", 1..=30), plan("two", 1..=30), plan("three", 25..=26)]).unwrap();
    let (one, two, three) = (id("one"), id("two"), id("three"));
    let joined = |each: Newest, most: usize, admits: Option<&dyn Fn(&Record) -> bool>| -> Vec<(usize, u64)> {
        let wanted = Joined { each, most, admits };
        let records = store.joined(&[&one, &two, &three], &wanted).unwrap();
        records.iter().map(|(at, record)| (*at, record.number)).collect()
    };
    assert_eq!(joined(Newest::of(99), 5, None), [(0, 30), (1, 30), (0, 29), (1, 29), (0, 28)]);
    assert_eq!(joined(Newest::of(1), 5, None), [(0, 30), (1, 30), (2, 26)]);
    assert_eq!(joined(Newest::of(99), 0, None), []);
    assert_eq!(joined(Newest::of(99), 999, None).len(), 62);
    let is_old = |record: &Record| record.number < 27;
    assert_eq!(joined(Newest::of(99), 4, Some(&is_old)), [(0, 26), (1, 26), (2, 26), (0, 25)]);
    assert_eq!(joined(Newest::of(3), 4, Some(&is_old)), [(2, 26), (2, 25)]);
    let young = Newest { count: 99, age: Some(Duration::from_secs(1)) };
    assert_eq!(joined(young, 99, None).len(), 3);
}

fn a_feed_ends_at_its_count_and_its_age(store: &dyn Store) {
    store.commit(&[plan("one", 1..=30)]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(2)), [30, 29]);
    assert_eq!(numbers(store, "one", Newest::of(0)), [0; 0]);
    let two_hours = Newest { count: 9, age: Some(Duration::from_secs(7200)) };
    assert_eq!(numbers(store, "one", two_hours), [30, 29, 28]);
}

fn a_moved_date_moves_the_record_in_the_feed(store: &dyn Store) {
    store.commit(&[plan("one", 1..=3)]).unwrap();
    let mut moved = plan("one", 1..=1);
    moved.records[0].published += SignedDuration::from_hours(100);
    store.commit(&[moved]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [1, 3, 2]);
}

fn a_large_record_that_shrinks_is_read_whole(store: &dyn Store) {
    let mut large = plan("one", 1..=2);
    large.records[0].entry.teaser = Some("é".repeat(20_000));
    large.state.page_title = Some("t".repeat(9_000));
    store.commit(&[large.clone()]).unwrap();
    assert_eq!(store.known(&id("one"), &[], 2).unwrap().records, large.records);
    assert_eq!(store.state(&id("one")).unwrap(), large.state);
    let small = plan("one", 1..=2);
    store.commit(std::slice::from_ref(&small)).unwrap();
    assert_eq!(store.known(&id("one"), &[], 2).unwrap().records, small.records);
    assert_eq!(store.state(&id("one")).unwrap(), small.state);
}

fn sources_do_not_see_each_other(store: &dyn Store) {
    store.commit(&[plan("one", 1..=2), plan("one-more", 1..=4), plan("on", 1..=3)]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [2, 1]);
    assert_eq!(
        store.known(&id("one"), &[link("one-more", 1)], 9).unwrap().records,
        plan("one", 1..=2).records
    );
}

fn the_smallest_differences_survive(store: &dyn Store) {
    let mut exact = plan("one", [1, u64::MAX]);
    exact.records[0].updated = "2025-03-07T09:00:00.123456789Z".parse().unwrap();
    exact.records[0].entry.headline = "\u{0}\n\"\u{2028} e\u{301}".to_owned();
    store.commit(&[exact.clone()]).unwrap();
    assert_eq!(store.known(&id("one"), &[], 9).unwrap().records, exact.records);
}

fn a_closed_store_still_answers(store: &dyn Store) {
    store.commit(&[plan("one", 1..=2)]).unwrap();
    store.close().unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [2, 1]);
    store.commit(&[plan("one", 3..=3)]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [3, 2, 1]);
}

fn a_source_is_leased_to_one_holder_at_a_time(store: &dyn Store) {
    store.commit(&[plan("one", 1..=1), plan("two", [])]).unwrap();
    let wanted = [id("one"), id("two"), id("three")];
    let lease = |holder, minutes| {
        let now = now() + SignedDuration::from_mins(minutes);
        Lease { holder, now, until: now + SignedDuration::from_mins(10) }
    };
    let taken = |lease: Lease<'_>| -> Vec<String> {
        store.lease(&wanted, &lease).unwrap().into_iter().map(|(source, _)| source.to_string()).collect()
    };
    let all = store.lease(&wanted[..2], &lease("a", 0)).unwrap();
    assert_eq!(all, store.states().unwrap(), "with what is known of them");
    assert_eq!(taken(lease("b", 1)), ["three"]);
    assert_eq!(taken(lease("a", 2)), ["one", "two"], "its own it keeps");
    store.commit(&[plan("two", 1..=1)]).unwrap();
    assert_eq!(taken(lease("b", 3)), ["two", "three"], "a commit ends a lease");
    assert_eq!(taken(lease("b", 12)), ["one", "two", "three"], "and so does its time");
}

/// A source whose entries 1 to 300 left the page long ago.
fn left(last: u64) -> Plan {
    let mut plan = plan("one", 1..=last);
    plan.state.read_at = Some(now() + SignedDuration::from_hours(49));
    plan
}

fn keeps(count: usize, remembered: u64) -> [(SourceId, Retention); 1] {
    [(id("one"), Retention { shown: Newest::of(count), remembered })]
}

fn what_no_feed_shows_and_no_page_holds_leaves_a_trace(store: &dyn Store) {
    let all = left(300);
    store.commit(&[all.clone(), plan("two", 1..=1)]).unwrap();
    assert_eq!(store.retain(&keeps(150, 9999)).unwrap(), 150);
    assert_eq!(store.retain(&keeps(150, 9999)).unwrap(), 0, "once is enough");
    let expected: Vec<u64> = (151..=300).rev().collect();
    assert_eq!(numbers(store, "one", Newest::of(999)), expected);
    let known = store.known(&id("one"), &[link("one", 7), link("one", 200)], 0).unwrap();
    assert_eq!(known, Known { records: vec![record("one", 200)], traces: vec![record("one", 7).trace()] });
    let text_key = &record("one", 7).keys[1..];
    assert_eq!(store.known(&id("one"), text_key, 0).unwrap(), Known::default(), "its link is enough");
    assert_eq!(store.state(&id("one")).unwrap(), all.state);
    assert_eq!(numbers(store, "two", Newest::of(9)), [1]);
    // However little a feed shows, a page is held against the last hundred.
    assert_eq!(store.retain(&keeps(1, 9999)).unwrap(), 50);
    assert_eq!(store.known(&id("one"), &[], 999).unwrap().records, all.records[200..]);
}

fn the_surplus_of_many_sources_is_let_go(store: &dyn Store) {
    let sources: Vec<SourceId> = (10..16).map(|number| id(&format!("s{number}"))).collect();
    let plans: Vec<Plan> =
        sources.iter().map(|source| Plan { source: source.clone(), ..left(300) }).collect();
    store.commit(&plans).unwrap();
    let [(_, retention)] = keeps(150, 9999);
    let keeps: Vec<_> = sources.iter().map(|source| (source.clone(), retention)).collect();
    assert_eq!(store.retain(&keeps).unwrap(), 6 * 150);
    assert_eq!(store.retain(&keeps).unwrap(), 0);
    assert!(sources.iter().all(|source| numbers(store, source.as_str(), Newest::of(999)).len() == 150));
}

fn what_still_stands_on_the_page_is_kept(store: &dyn Store) {
    let mut plan = left(300);
    plan.records[4].last_seen = now() + SignedDuration::from_hours(1);
    store.commit(&[plan]).unwrap();
    assert_eq!(store.retain(&keeps(200, 9999)).unwrap(), 99);
    assert_eq!(store.known(&id("one"), &[link("one", 5)], 0).unwrap().records.len(), 1);
    let mut never_read = left(300);
    never_read.source = id("two");
    never_read.state.read_at = None;
    store.commit(&[never_read]).unwrap();
    let two = [(id("two"), Retention::of(Newest::of(1)))];
    assert_eq!(store.retain(&two).unwrap(), 0, "of a page never read nothing is known");
}

fn a_small_surplus_waits(store: &dyn Store) {
    store.commit(&[left(218)]).unwrap();
    assert_eq!(store.retain(&keeps(200, 9999)).unwrap(), 0);
    assert_eq!(store.retain(&keeps(190, 9999)).unwrap(), 28);
}

fn a_record_that_fades_with_its_own_commit_leaves_a_trace(store: &dyn Store) {
    store.commit(&[Plan { fade: vec![2, 9], ..plan("one", 1..=3) }]).unwrap();
    let known = store.known(&id("one"), &[link("one", 2)], 9).unwrap();
    assert_eq!(known.records, [1, 3].map(|number| record("one", number)));
    assert_eq!(known.traces, [record("one", 2).trace()]);
}

fn a_record_comes_back_in_the_place_of_its_trace(store: &dyn Store) {
    store.commit(&[Plan { fade: vec![2], ..plan("one", 1..=3) }]).unwrap();
    let mut back = plan("one", [2]);
    back.records[0].keys = vec![link("one", 222)];
    store.commit(&[back.clone()]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [3, 2, 1]);
    assert_eq!(store.known(&id("one"), &[link("one", 222)], 0).unwrap().records, back.records);
    assert_eq!(store.known(&id("one"), &[link("one", 2)], 0).unwrap(), Known::default());
}

fn a_record_that_came_back_outlives_what_is_forgotten(store: &dyn Store) {
    store.commit(&[Plan { fade: vec![2], ..plan("one", 1..=4) }]).unwrap();
    store.commit(&[plan("one", 2..=2), Plan { forget: 3, ..plan("one", 5..=5) }]).unwrap();
    let known = store.known(&id("one"), &[link("one", 2)], 0).unwrap();
    assert_eq!(known.records.iter().map(|record| record.number).collect::<Vec<_>>(), [2]);
}

fn the_oldest_traces_are_forgotten(store: &dyn Store) {
    store.commit(&[left(300)]).unwrap();
    assert_eq!(store.retain(&keeps(150, 200)).unwrap(), 150);
    assert_eq!(store.retain(&keeps(150, 200)).unwrap(), 0);
    let known = |number| store.known(&id("one"), &[link("one", number)], 0).unwrap();
    assert_eq!((known(100), known(101).traces.len()), (Known::default(), 1));
}

fn a_renamed_source_keeps_its_memory(store: &dyn Store) {
    let old = Plan { fade: vec![1], ..plan("old", 1..=4) };
    store.commit(&[old.clone(), plan("old-er", 1..=1)]).unwrap();
    let mut renamed = Plan { was: Some(id("old")), ..Plan::of(id("new"), old.state.clone()) };
    renamed.records = vec![record("old", 4)];
    renamed.records[0].entry.headline = "changed with the rename".to_owned();
    store.commit(&[renamed.clone()]).unwrap();
    assert_eq!(store.state(&id("new")).unwrap(), old.state);
    assert_eq!(numbers(store, "new", Newest::of(9)), [4, 3, 2]);
    let known = store.known(&id("new"), &[link("old", 1), link("old", 4)], 0).unwrap();
    assert_eq!(known, Known { records: renamed.records, traces: vec![record("old", 1).trace()] });
    assert_eq!(store.state(&id("old")).unwrap(), SourceState::default());
    assert_eq!(numbers(store, "old", Newest::of(9)), [0; 0]);
    assert_eq!(numbers(store, "old-er", Newest::of(9)), [1]);
}

fn a_rename_never_mixes_two_histories(store: &dyn Store) {
    let new = plan("new", 1..=2);
    store.commit(&[plan("old", 1..=4), new.clone()]).unwrap();
    store.commit(&[Plan { was: Some(id("old")), ..Plan::of(id("new"), new.state.clone()) }]).unwrap();
    assert_eq!(store.known(&id("new"), &[], 9).unwrap().records, new.records);
    assert_eq!(numbers(store, "old", Newest::of(9)), [4, 3, 2, 1]);
}

fn an_export_fills_an_empty_store_and_comes_out_the_same(store: &dyn Store) {
    let full = Memory::new();
    full.commit(&[Plan { fade: vec![2, 3], ..plan("one", 1..=1200) }, plan("two", 1..=3)]).unwrap();
    let lines = exported(&full);
    assert_eq!(lines.len(), 2 + 1203);
    store.import(&mut lines.clone().into_iter().map(Ok)).unwrap();
    assert!(exported(store) == lines, "an import changes nothing");
    assert_eq!(store.states().unwrap(), full.states().unwrap());
    assert_eq!(store.known(&id("one"), &[link("one", 3)], 0).unwrap().traces.len(), 1);
    assert_eq!(numbers(store, "two", Newest::of(9)), [3, 2, 1]);
    store.commit(&[plan("two", 4..=4)]).unwrap();
    assert_eq!(numbers(store, "two", Newest::of(9)), [4, 3, 2, 1]);
}

fn an_import_is_all_or_nothing(store: &dyn Store) {
    let full = Memory::new();
    full.commit(&[plan("one", 1..=700)]).unwrap();
    let torn = || StoreError::Import { why: "it is torn".to_owned() };
    let broken = exported(&full).into_iter().map(Ok).chain([Err(torn())]);
    assert!(matches!(store.import(&mut broken.into_iter()), Err(StoreError::Import { .. })));
    assert_eq!(store.states().unwrap(), []);
    store.commit(&[plan("two", 1..=1)]).unwrap();
    assert_eq!(numbers(store, "two", Newest::of(9)), [1]);
}

fn an_import_never_mixes_two_histories(store: &dyn Store) {
    store.commit(&[plan("one", 1..=1)]).unwrap();
    let error = store.import(&mut std::iter::empty()).unwrap_err();
    assert!(matches!(error, StoreError::NotEmpty), "{error}");
    assert_eq!(numbers(store, "one", Newest::of(9)), [1]);
}
