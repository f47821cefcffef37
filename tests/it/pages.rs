//! Listings that go on over several pages, over the network.
#![allow(clippy::disallowed_methods)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use crate::{
    network::{HTML, Server, answer, verdict},
    program::{Ended, Place},
};

/// Of a listing with this many stories, the newest first, three on each page, one page.
fn page(stories: usize, number: usize) -> Vec<u8> {
    let rows = (0..stories).rev().skip((number - 1) * 3).take(3);
    let rows = rows.map(|n| {
        let day = n + 1;
        format!("<article><h2><a href=\"/story-{n}\">Story {n}</a></h2><time datetime=\"2025-01-{day:02}\"></time></article>")
    });
    let rows: String = rows.collect();
    let next = if number * 3 < stories {
        format!("<a class=next href=\"/{}\">older</a>", number + 1)
    } else {
        String::new()
    };
    format!("<html><body>{rows}{next}</body></html>").into_bytes()
}

/// A server of a listing that grows. What `trouble` says of a path is answered instead.
fn server(stories: &Arc<AtomicUsize>, trouble: fn(&str, usize) -> Option<&'static str>) -> Server {
    let (stories, asked) = (Arc::clone(stories), AtomicUsize::new(0));
    Server::start(
        "127.0.0.1",
        Box::new(move |request, stream| {
            let path = request.split(' ').nth(1).unwrap_or_default();
            if path == "/robots.txt" {
                return answer(stream, "200 OK", "", b"User-agent: *\nDisallow: /4\n");
            }
            if let Some(status) = trouble(path, asked.fetch_add(1, SeqCst)) {
                return answer(stream, status, "", b"sorry");
            }
            let count = stories.load(SeqCst);
            let tag = format!("\"{path}-{count}\"");
            if request.contains(&format!("if-none-match: {tag}\r\n")) {
                return answer(stream, "304 Not Modified", "", b"");
            }
            let number = path.trim_start_matches('/').parse().unwrap_or(1);
            answer(stream, "200 OK", &format!("{HTML}etag: {tag}\r\n"), &page(count, number));
        }),
    )
}

fn config(place: &Place, server: &Server, more: &str) -> String {
    let text = format!(
        "[defaults]\nspacing = \"0s\"\nallow_private = true\n\n[source.news]\nurl = \"http://{}/1\"\n\
         entry = \"article\"\nheadline = \"h2 a\"\nnext = \"a.next\"\n{more}\n",
        server.address
    );
    place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned()
}

fn run(place: &Place, config: &str) -> Ended {
    place.gleaner(&["run", "--force", "--json", "--config", config])
}

/// The stories of the feed in its order.
fn stories(place: &Place) -> Vec<usize> {
    let feed = String::from_utf8(place.feed("news")).expect("UTF-8");
    feed.split("<title>Story ").skip(1).filter_map(|rest| rest.split('<').next()?.parse().ok()).collect()
}

#[test]
fn a_visit_reads_as_far_as_what_is_known_and_conditions_go_to_the_first_page_alone() {
    let count = Arc::new(AtomicUsize::new(8));
    let server = server(&count, |_, _| None);
    let place = Place::new();
    let path = config(&place, &server, "robots = false");
    assert!(run(&place, &path).out.contains("\"new\":8"));
    assert_eq!(server.paths(), ["/1", "/2", "/3"]);
    assert_eq!(stories(&place), [7, 6, 5, 4, 3, 2, 1, 0]);

    assert_eq!(verdict(&run(&place, &path)).1, "304 Not Modified");
    assert_eq!(server.paths().len(), 4, "a listing that did not change is not followed");
    count.store(10, SeqCst);
    assert!(run(&place, &path).out.contains("\"new\":2"));
    assert_eq!(server.paths()[4..], ["/1"], "its last entry is known");
    count.store(18, SeqCst);
    assert!(run(&place, &path).out.contains("\"new\":8"));
    assert_eq!(server.paths()[5..], ["/1", "/2", "/3"]);
    assert_eq!(stories(&place), (0..18).rev().collect::<Vec<_>>());
    for asked in server.asked().iter().filter(|asked| !asked.starts_with("get /1 ")) {
        assert!(!asked.contains("if-none-match"), "{asked}");
    }
    let conditional = server.asked().iter().filter(|asked| asked.contains("if-none-match")).count();
    assert_eq!(conditional, 3, "but for the first visit");
}

#[test]
fn a_page_that_is_down_costs_no_entry_in_the_end() {
    let count = Arc::new(AtomicUsize::new(8));
    let server = server(&count, |path, nth| (path == "/2" && nth < 3).then_some("500 Oops"));
    let place = Place::new();
    let path = config(&place, &server, "robots = false");
    let first = run(&place, &path);
    assert!(first.out.contains("\"new\":3") && first.out.contains("page-missing"), "{first:?}");
    assert_eq!((first.exit, stories(&place)), (0, vec![7, 6, 5]));
    // The first page is as it was and its entries are known; the rest is read all the same.
    let second = run(&place, &path);
    assert!(second.out.contains("\"new\":5"), "{second:?}");
    assert_eq!(server.paths(), ["/1", "/2", "/1", "/2", "/3"]);
    assert_eq!(verdict(&run(&place, &path)).1, "304 Not Modified");
    let mut all = stories(&place);
    all.sort_unstable();
    assert_eq!(all, (0..8).collect::<Vec<_>>());
}

#[test]
fn further_pages_have_the_manners_of_the_first() {
    let count = Arc::new(AtomicUsize::new(30));
    let server = server(&count, |_, _| None);
    let place = Place::new();
    let path = config(&place, &server, "pages = 9\nspacing = \"1s\"");
    let ended = run(&place, &path);
    assert!(ended.out.contains("\"new\":9") && ended.out.contains("Disallow: /4"), "{ended:?}");
    assert_eq!(server.paths(), ["/robots.txt", "/1", "/2", "/3"]);
    assert!(server.shortest_rest() >= Some(Duration::from_millis(990)), "{:?}", server.shortest_rest());
    run(&place, &config(&place, &server, "pages = 2\nrobots = false"));
    assert_eq!(server.paths()[4..], ["/1"], "known entries end it before the cap does");
}

#[test]
fn a_listing_is_captured_over_its_pages_and_replays_to_the_same() {
    let count = Arc::new(AtomicUsize::new(8));
    let server = server(&count, |_, _| None);
    let place = Place::new();
    let path = config(&place, &server, "robots = false");
    let fixtures = place.path().join("fixtures");
    let fixtures = fixtures.to_str().expect("UTF-8");
    let captured = place.gleaner(&["capture", "news", "--fixtures", fixtures, "--config", &path]);
    assert!(captured.exit == 0, "{captured:?}");
    let explained = place.gleaner(&["explain", "news", "--replay", fixtures, "--config", &path]);
    assert!(
        explained.out.contains("8 rows on 3 pages") && explained.out.contains("Story 0"),
        "{explained:?}"
    );
    place.gleaner(&["test", "news", "--fixtures", fixtures, "--config", &path]);
    let accepted = place.gleaner(&["test", "news", "--accept", "--fixtures", fixtures, "--config", &path]);
    assert!(accepted.out.contains("1 passed"), "{accepted:?}");
    let replayed = place.gleaner(&["run", "--json", "--replay", fixtures, "--config", &path]);
    assert!(replayed.out.contains("\"new\":8"), "{replayed:?}");
    assert_eq!(stories(&place), (0..8).rev().collect::<Vec<_>>());
    assert_eq!(server.paths(), ["/1", "/2", "/3"], "nothing was asked again");
}
