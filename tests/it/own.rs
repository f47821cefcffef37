//! The own pages of entries, over the network: asked once, with manners, for what the listing lacks.
#![allow(clippy::disallowed_methods)]

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    network::{HTML, Server, answer},
    program::{Ended, Place},
};

type Answers = fn(&str) -> (&'static str, &'static str, String);

/// An own page that names its story, dates and describes it.
fn story(name: &str) -> String {
    format!(
        "<html lang=en><head><title>Ferry {name} is late | The Pier</title>\
         <meta property=\"og:description\" content=\"Why the ferry {name} was late.\">\
         <meta property=\"og:image\" content=\"/images/{name}.jpg\">\
         <script type=\"application/ld+json\">{{\"@type\":\"NewsArticle\",\"headline\":\"Ferry {name} is late\",\
         \"datePublished\":\"2025-01-0{}T08:00:00Z\"}}</script></head>\
         <body><nav>Menu</nav><div class=text><p>The ferry {name} left an hour after its time, and nobody on the pier \
         could say why.</p><script>x()</script></div></body></html>",
        u32::from(name.bytes().next().unwrap_or(b'a') - b'a') + 1
    )
}

fn good(path: &str) -> (&'static str, &'static str, String) {
    ("200 OK", "", story(path.trim_start_matches("/story-")))
}

/// A listing of these stories, whose own pages answer so.
fn server(stories: &Arc<Mutex<Vec<&'static str>>>, answers: Answers) -> Server {
    let stories = Arc::clone(stories);
    Server::start(
        "127.0.0.1",
        Box::new(move |request, stream| {
            let path = request.split(' ').nth(1).unwrap_or_default();
            match path {
                "/robots.txt" => answer(stream, "200 OK", "", b"User-agent: *\nDisallow: /story-f\n"),
                "/news" => {
                    let stories = stories.lock().expect("no test panics with it");
                    let tag = format!("\"{}\"", stories.len());
                    if request.contains(&format!("if-none-match: {tag}\r\n")) {
                        return answer(stream, "304 Not Modified", "", b"");
                    }
                    let row = |name: &&str| {
                        let to = if *name == "inside" { "http://169.254.169.254/" } else { "/" };
                        format!(
                            "<article><h2><a href=\"{to}story-{name}\">Ferry {name} is late</a></h2></article>"
                        )
                    };
                    let rows: String = stories.iter().map(row).collect();
                    answer(stream, "200 OK", &format!("{HTML}etag: {tag}\r\n"), rows.as_bytes());
                }
                _ => {
                    let (status, headers, body) = answers(path);
                    answer(stream, status, &format!("{HTML}{headers}"), body.as_bytes());
                }
            }
        }),
    )
}

fn listing(names: &[&'static str]) -> Arc<Mutex<Vec<&'static str>>> {
    Arc::new(Mutex::new(names.to_vec()))
}

fn config(place: &Place, server: &Server, more: &str) -> String {
    let mut text = "[defaults]\nspacing = \"0s\"\nallow_private = [\"127.0.0.0/8\"]\n".to_owned();
    let _ = write!(
        text,
        "[source.news]\nurl = \"http://{}/news\"\nentry = \"article\"\nheadline = \"h2 a\"\n{more}\n",
        server.address
    );
    place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned()
}

fn run(place: &Place, config: &str) -> Ended {
    place.gleaner(&["run", "--force", "--json", "--config", config])
}

/// The feed's entries in its order, each as its text.
fn entries(place: &Place) -> Vec<String> {
    let feed = String::from_utf8(place.feed("news")).expect("UTF-8");
    feed.split("<entry>").skip(1).map(str::to_owned).collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(found, _)| found)
}

#[test]
fn a_new_entry_is_filled_from_its_own_page_before_it_is_told_and_that_is_asked_once() {
    let stories = listing(&["b", "a"]);
    let server = server(&stories, good);
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nown_page = true");
    assert_eq!(run(&place, &path).exit, 0);
    assert_eq!(server.paths(), ["/news", "/story-b", "/story-a"]);
    let told = entries(&place);
    assert_eq!(between(&told[0], "<published>", "</published>"), "2025-01-02T08:00:00Z", "{told:?}");
    assert!(told[0].contains("Why the ferry b was late.") && told[0].contains("/images/b.jpg"), "{told:?}");
    assert!(!told[0].contains("left an hour"), "full text is taken where it is asked for");

    *stories.lock().expect("no test panics with it") = vec!["c", "b", "a"];
    for _ in 0..3 {
        run(&place, &path);
    }
    assert_eq!(server.paths()[3..], ["/news", "/story-c", "/news", "/news"]);
    assert_eq!(entries(&place).len(), 3);
    assert_eq!(entries(&place)[1..], told[..], "nothing that was told changes");
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|asked| asked.contains("if-none-match")).count(), 3, "{asked:?}");
}

#[test]
fn what_the_budget_left_is_filled_later_and_quietly() {
    let server = server(&listing(&["c", "b", "a"]), good);
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nown_page = { budget = 1 }");
    assert!(run(&place, &path).out.contains("\"new\":3"));
    let first = entries(&place);
    let times = |entry: &String| {
        [("<published>", "</published>"), ("<updated>", "</updated>"), ("<id>", "</id>")]
            .map(|(start, end)| between(entry, start, end).to_owned())
    };
    for nth in 0..3 {
        let said = run(&place, &path).out;
        assert!(said.contains("\"verdict\":\"unchanged\""), "{nth}: {said}");
    }
    assert_eq!(server.paths(), ["/news", "/story-c", "/news", "/story-b", "/news", "/story-a", "/news"]);
    let last = entries(&place);
    assert!(last.iter().all(|entry| entry.contains("Why the ferry")), "{last:?}");
    assert_eq!(
        first.iter().map(times).collect::<Vec<_>>(),
        last.iter().map(times).collect::<Vec<_>>(),
        "no reader is told twice, and no date moves"
    );
    assert!(server.asked().last().is_some_and(|asked| asked.contains("if-none-match")), "all is done");
}

#[test]
fn a_first_visit_dates_more_entries_than_later_ones() {
    let first = ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "c2", "c3", "c4"];
    let stories = listing(&first);
    let server = server(&stories, good);
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nown_page = true");
    run(&place, &path);
    let undated =
        |place: &Place| entries(place).iter().filter(|entry| !entry.contains("<published>2025-01-0")).count();
    assert_eq!(
        (entries(&place).len(), undated(&place)),
        (12, 0),
        "none has the time of the visit for its date"
    );
    let new = ["d1", "d2", "d3", "d4", "e1", "e2", "e3", "e4", "g1", "g2", "g3", "g4"];
    *stories.lock().expect("no test panics with it") = [&new[..], &first[..]].concat();
    run(&place, &path);
    assert_eq!((entries(&place).len(), undated(&place)), (24, 2), "ten at a later visit");
}

#[test]
fn a_page_that_cannot_be_had_is_asked_at_three_visits_and_one_that_is_not_there_once() {
    let server = server(&listing(&["b", "a"]), |path| match path {
        "/story-b" => ("500 Oops", "", String::new()),
        _ => ("404 Not Found", "", String::new()),
    });
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nown_page = true");
    let said: Vec<String> = (0..6).map(|_| run(&place, &path).out).collect();
    // One that fails ends the visit, and is the last one asked for at the next.
    let asked = |name: &str| server.paths().iter().filter(|path| *path == name).count();
    assert_eq!((asked("/story-b"), asked("/story-a")), (3, 1), "{:?}", server.paths());
    assert!(said[0].contains("own-page-missing") && said[0].contains("it is asked for again"), "{}", said[0]);
    assert!(said[2].contains("it is not asked for again"), "{}", said[2]);
    assert_eq!(entries(&place).len(), 2, "no entry is lost by it");
    assert!(said[5].contains("304 Not Modified"), "{}", said[5]);
}

#[test]
fn what_is_not_about_the_entry_is_not_taken() {
    let server = server(&listing(&["c", "b", "a"]), |path| {
        if path == "/story-c" {
            let body = "<title>Page not found</title><meta name=description content=Sorry>";
            return ("200 OK", "", body.to_owned());
        }
        let name = path.trim_start_matches("/story-");
        ("200 OK", "", story(name).replace(&format!("/images/{name}.jpg"), "/logo.png"))
    });
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nown_page = true");
    let ended = run(&place, &path);
    assert!(
        ended.out.contains("does not name the headline") && ended.out.contains("is the site's"),
        "{ended:?}"
    );
    let feed = entries(&place).concat();
    assert!(
        !feed.contains("Sorry") && !feed.contains("logo.png") && feed.contains("ferry b was late."),
        "{feed}"
    );
}

#[test]
fn own_pages_have_the_manners_of_a_listing() {
    let server = server(&listing(&["f", "inside", "a", "b"]), good);
    let place = Place::new();
    let path = config(&place, &server, "own_page = true\nspacing = \"1s\"");
    let ended = run(&place, &path);
    assert!(ended.out.contains("Disallow: /story-f"), "{ended:?}");
    assert!(ended.out.contains("169.254.169.254") && ended.out.contains("not a public address"), "{ended:?}");
    assert_eq!(server.paths(), ["/robots.txt", "/news", "/story-a", "/story-b"]);
    assert!(server.shortest_rest() >= Some(Duration::from_millis(990)), "{:?}", server.shortest_rest());
}

#[test]
fn an_own_page_that_asks_for_time_gets_it_for_the_whole_host() {
    let server =
        server(&listing(&["b", "a"]), |_| ("429 Too Many Requests", "retry-after: 3600\r\n", String::new()));
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nown_page = true");
    run(&place, &path);
    assert!(run(&place, &path).out.contains("asks to be left alone until"));
    assert_eq!(server.paths(), ["/news", "/story-b"]);
}

#[test]
fn full_text_comes_from_an_element_or_from_what_stands_out_and_is_made_safe() {
    let long = |path: &str| -> (&'static str, &'static str, String) {
        let text = "<p>Nobody on the pier could say why the ferry left an hour late, and nobody asked.</p>"
            .repeat(20);
        ("200 OK", "", good(path).2.replace("</script></div>", &format!("</script>{text}</div>")))
    };
    for content in ["\".text\"", "true"] {
        let server = server(&listing(&["a"]), long);
        let place = Place::new();
        let more = format!("robots = false\nown_page = {{ content = {content} }}");
        let ended = run(&place, &config(&place, &server, &more));
        let feed = entries(&place).concat();
        assert!(
            feed.contains("nobody asked") && !feed.contains("x()") && !feed.contains("Menu"),
            "{ended:?} {feed}"
        );
    }
    let server = server(&listing(&["a"]), |path| {
        ("200 OK", "", good(path).2.replace("<div class=text>", &"<div>".repeat(2000)))
    });
    let place = Place::new();
    let ended = run(&place, &config(&place, &server, "robots = false\nown_page = { content = true }"));
    assert!(ended.out.contains("nests deeper"), "{ended:?}");
    assert!(entries(&place).concat().contains("Why the ferry a was late."), "the rest is taken");
}

#[test]
fn own_pages_are_captured_and_replay_to_the_same() {
    let server = server(&listing(&["b", "a"]), good);
    let place = Place::new();
    let path = config(&place, &server, "robots = false\nown_page = true");
    let fixtures = place.path().join("fixtures");
    let fixtures = fixtures.to_str().expect("UTF-8");
    let captured = place.gleaner(&["capture", "news", "--fixtures", fixtures, "--config", &path]);
    assert!(captured.exit == 0, "{captured:?}");
    place.gleaner(&["test", "news", "--fixtures", fixtures, "--config", &path]);
    let accepted = place.gleaner(&["test", "news", "--accept", "--fixtures", fixtures, "--config", &path]);
    assert!(accepted.out.contains("1 passed"), "{accepted:?}");
    let replayed = place.gleaner(&["run", "--json", "--replay", fixtures, "--config", &path]);
    assert!(replayed.out.contains("\"new\":2"), "{replayed:?}");
    assert_eq!(between(&entries(&place)[0], "<published>", "</published>"), "2025-01-02T08:00:00Z");
    assert_eq!(server.paths(), ["/news", "/story-b", "/story-a"], "nothing was asked again");
}
