//! The contract of [`Store`], which every implementation passes.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    Memory, Newest, Store, engine,
    samples::{id, link, now, plan, record},
};
use crate::record::SourceState;

/// Runs every test of the contract, each on a store of its own.
fn holds_for<S: Store>(create: impl Fn() -> S) {
    let tests: &[fn(&dyn Store)] = &[
        an_unknown_source_has_the_default_state,
        what_is_committed_is_read,
        a_later_plan_of_a_group_wins_record_by_record,
        known_finds_by_any_key_and_the_recent_each_once,
        a_key_that_two_records_have_finds_both,
        a_record_given_up_a_key_is_not_found_by_it,
        a_feed_is_newest_first_and_then_by_number,
        a_feed_ends_at_its_count_and_its_age,
        a_moved_date_moves_the_record_in_the_feed,
        a_large_record_that_shrinks_is_read_whole,
        sources_do_not_see_each_other,
        the_smallest_differences_survive,
        a_closed_store_still_answers,
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
    assert_eq!(store.known(&id("one"), &[link("one", 1)], 9).unwrap(), []);
    assert_eq!(store.records(&id("one"), Newest::of(9)).unwrap(), []);
}

fn what_is_committed_is_read(store: &dyn Store) {
    let (one, two) = (plan("one", 1..=20), plan("two", []));
    store.commit(&[two.clone(), one.clone()]).unwrap();
    store.commit(&[]).unwrap();
    assert_eq!(store.states().unwrap(), [(id("one"), one.state.clone()), (id("two"), two.state)]);
    assert_eq!(store.state(&id("one")).unwrap(), one.state);
    assert_eq!(store.known(&id("one"), &[], 20).unwrap(), one.records);
}

fn a_later_plan_of_a_group_wins_record_by_record(store: &dyn Store) {
    let first = plan("one", 1..=3);
    let mut second = plan("one", 2..=2);
    second.records[0].entry.headline = "later".to_owned();
    store.commit(&[first.clone(), second.clone()]).unwrap();
    let read = store.known(&id("one"), &[], 9).unwrap();
    assert_eq!(read, [first.records[0].clone(), second.records[0].clone(), first.records[2].clone()]);
    assert_eq!(store.state(&id("one")).unwrap(), second.state);
}

fn known_finds_by_any_key_and_the_recent_each_once(store: &dyn Store) {
    store.commit(&[plan("one", 1..=300)]).unwrap();
    let mut keys = record("one", 299).keys;
    keys.extend([link("one", 7), link("one", 256), link("one", 9999)]);
    let known = store.known(&id("one"), &keys, 3).unwrap();
    assert_eq!(known, [7, 256, 298, 299, 300].map(|number| record("one", number)));
    let numbers: Vec<u64> = store.known(&id("one"), &keys, 0).unwrap().iter().map(|r| r.number).collect();
    assert_eq!(numbers, [7, 256, 299]);
}

fn a_key_that_two_records_have_finds_both(store: &dyn Store) {
    let mut both = plan("one", 1..=2);
    both.records[1].keys.push(link("one", 1));
    store.commit(&[both.clone()]).unwrap();
    assert_eq!(store.known(&id("one"), &[link("one", 1)], 0).unwrap(), both.records);
}

fn a_record_given_up_a_key_is_not_found_by_it(store: &dyn Store) {
    store.commit(&[plan("one", 1..=1)]).unwrap();
    let mut moved = plan("one", 1..=1);
    moved.records[0].keys = vec![link("one", 1000)];
    store.commit(&[moved]).unwrap();
    assert_eq!(store.known(&id("one"), &[link("one", 1)], 0).unwrap(), []);
    assert_eq!(store.known(&id("one"), &[link("one", 1000)], 0).unwrap().len(), 1);
}

fn a_feed_is_newest_first_and_then_by_number(store: &dyn Store) {
    let mut plan = plan("one", 1..=5);
    let published = plan.records[4].published;
    plan.records[0].published = published + SignedDuration::from_millis(900);
    plan.records[1].published = "1969-12-31T23:00:00Z".parse().unwrap();
    store.commit(&[plan]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [5, 1, 4, 3, 2]);
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
    assert_eq!(store.known(&id("one"), &[], 2).unwrap(), large.records);
    assert_eq!(store.state(&id("one")).unwrap(), large.state);
    let small = plan("one", 1..=2);
    store.commit(std::slice::from_ref(&small)).unwrap();
    assert_eq!(store.known(&id("one"), &[], 2).unwrap(), small.records);
    assert_eq!(store.state(&id("one")).unwrap(), small.state);
}

fn sources_do_not_see_each_other(store: &dyn Store) {
    store.commit(&[plan("one", 1..=2), plan("one-more", 1..=4), plan("on", 1..=3)]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [2, 1]);
    assert_eq!(store.known(&id("one"), &[link("one-more", 1)], 9).unwrap(), plan("one", 1..=2).records);
}

fn the_smallest_differences_survive(store: &dyn Store) {
    let mut exact = plan("one", [1, u64::MAX]);
    exact.records[0].updated = "2025-03-07T09:00:00.123456789Z".parse().unwrap();
    exact.records[0].entry.headline = "\u{0}\n\"\u{2028} e\u{301}".to_owned();
    store.commit(&[exact.clone()]).unwrap();
    assert_eq!(store.known(&id("one"), &[], 9).unwrap(), exact.records);
}

fn a_closed_store_still_answers(store: &dyn Store) {
    store.commit(&[plan("one", 1..=2)]).unwrap();
    store.close().unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [2, 1]);
    store.commit(&[plan("one", 3..=3)]).unwrap();
    assert_eq!(numbers(store, "one", Newest::of(9)), [3, 2, 1]);
}
