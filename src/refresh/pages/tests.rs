use std::convert::Infallible;

use super::*;
use crate::{
    config::{self, ConfigText},
    record::{Known, Record},
    refresh::{Brought, Refreshed, refresh_all},
};

fn source(more: &str) -> Source {
    let text = format!(
        "[source.a]\nurl = \"https://site.example/news/\"\nentry = \"article\"\nheadline = \"h2 a\"\n\
         date = \"i\"\n{more}\n"
    );
    let file = ConfigText { path: "gleaner.toml".into(), text };
    config::read(&[file], &|_| None).unwrap().sources.remove(0)
}

/// A row a letter; what stands after a bar is a link to the next page.
fn page(path: &str, rows: &str) -> Page {
    let (rows, next) = rows.split_once('|').unwrap_or((rows, ""));
    let rows = rows.chars().map(|c| format!("<article><h2><a href={c}>Story {c}</a></h2><i></i></article>"));
    let next = if next.is_empty() { String::new() } else { format!("<a class=older href={next}>older</a>") };
    Page {
        url: Url::parse("https://site.example/news/").unwrap().join(path).unwrap(),
        status: 200,
        headers: Headers::default(),
        body: format!("<base href=/>{}{next}", rows.collect::<String>()).into_bytes(),
        fetched_at: "2025-03-07T09:00:00Z".parse().unwrap(),
    }
}

/// Visits a site of these pages by path, `known` being the letters that were read before; which pages were read, and
/// what came of it.
fn visit(source: &Source, state: SourceState, site: &[Page], known: &str) -> (Vec<String>, Refreshed) {
    let mut asked = vec![site[0].url.path().to_owned()];
    let mut pages = Pages::begin(source, &state, &site[0], &|| true);
    while let Some(open) = &mut pages {
        let is_known = known.chars().any(|c| open.last().contains(&EntryKey::link(&canonical(c))));
        let Some(next) = open.next(source, is_known) else { break };
        asked.push(next[url::Position::BeforePath..].to_owned());
        let found = site.iter().find(|page| page.url == next).cloned();
        let fetched = found.map_or_else(
            || Fetched::Failed { at: site[0].fetched_at, error: FetchError::Unreachable("down".to_owned()) },
            Fetched::Page,
        );
        open.add(source, &fetched, &|| true);
    }
    let fetched = Fetched::Page(site[0].clone());
    let mut nothing = |_: &[EntryKey]| Ok::<_, Infallible>(Known::default());
    let Ok(refreshed) =
        refresh_all(source, state, Brought { pages, ..Brought::page(&fetched) }, (&mut nothing, &|| true));
    (asked, refreshed)
}

#[test]
fn a_page_whose_entries_have_own_pages_is_read_once() {
    let source = source("own_page = { date = \"time\" }");
    let (first, state) = (page("/news/", "abc"), SourceState::default());
    let pages = Pages::begin(&source, &state, &first, &|| true).expect("own pages are asked for after it");
    let alone = crate::refresh::read(&source, &first, &|| true).unwrap();
    let handed_on = pages.reading(&first, &|| true);
    assert_eq!(format!("{:?}", handed_on.sightings), format!("{:?}", alone.sightings));
    assert_eq!(format!("{:?}", handed_on.listing), format!("{:?}", alone.listing));
    assert_eq!((handed_on.pages, handed_on.diagnostics), (1, alone.diagnostics));
    let same = SourceState {
        body: Some(crate::refresh::body_digest(&first.body)),
        digest: source.digest().clone(),
        ..state
    };
    assert!(Pages::begin(&source, &same, &first, &|| true).is_none(), "nothing is read of the same bytes");
}

fn canonical(letter: char) -> String {
    let url = Url::parse("https://site.example/").unwrap().join(&letter.to_string()).unwrap();
    crate::normalize::canonical(&url, &url)
}

fn headlines(refreshed: &Refreshed) -> String {
    let mut newest: Vec<&Record> = refreshed.plan.records.iter().collect();
    newest.sort_by_key(|record| std::cmp::Reverse(record.published));
    newest.iter().map(|record| record.entry.headline.trim_start_matches("Story ")).collect()
}

fn codes(refreshed: &Refreshed) -> Vec<Code> {
    let codes = refreshed.diagnostics.iter().map(|diagnostic| diagnostic.code);
    codes.filter(|code| matches!(code, Code::PageMissing | Code::PagesLeft | Code::DoublePost)).collect()
}

#[test]
fn every_way_of_going_on_reads_the_pages_in_their_order() {
    let site = |next: [&str; 2]| {
        [
            page("", &format!("abc|{}", next[0])),
            page("/news/?p=2", &format!("de|{}", next[1])),
            page("/news/?p=3", "f"),
        ]
    };
    for (rule, site) in [
        ("next = \"a.older\"", site(["/news/?p=2", "/news/?p=3#top"])),
        ("next = \"?p={page}\"", site(["", ""])),
    ] {
        let (asked, refreshed) = visit(&source(rule), SourceState::default(), &site, "");
        assert_eq!(asked[..3], ["/news/", "/news/?p=2", "/news/?p=3"], "{rule}");
        assert_eq!(headlines(&refreshed), "abcdef", "{rule}");
        assert_eq!(refreshed.plan.state.history[0].entries, 3, "the usual page is the first");
    }
    for header in [
        "<https://x.example/>; rel=\"prev\", </news/?p=2>; title=\"a, b\"; rel=\"last next\"",
        "</news/?p=2>;rel=next",
    ] {
        let mut site = site(["", ""]);
        site[0].headers = Headers(vec![("link".to_owned(), header.to_owned())]);
        let (asked, _) = visit(&source("next = true"), SourceState::default(), &site, "");
        assert_eq!(asked, ["/news/", "/news/?p=2"], "{header}");
    }
    let mut site = site(["", ""]);
    site[0].body.extend_from_slice(b"<a rel=next href=#></a><LINK REL='prefetch Next' href='?p=2'>");
    let (asked, _) = visit(&source("next = true"), SourceState::default(), &site, "");
    assert_eq!(asked, ["/news/", "/?p=2"], "by the page's own base, and what leads nowhere is passed by");
}

#[test]
fn a_known_entry_at_the_end_of_a_page_ends_the_visit_and_a_pinned_one_does_not() {
    let site =
        [page("", "abc|?p=2"), page("/?p=2", "def|?p=3"), page("/?p=3", "ghi|?p=4"), page("/?p=4", "j")];
    let source = source("next = \"a.older\"\npages = 3");
    let followed =
        SourceState { read_at: Some("2025-03-06T09:00:00Z".parse().unwrap()), ..SourceState::default() };
    let read = |known| visit(&source, followed.clone(), &site, known);
    assert_eq!(read("cdefghij").0.len(), 1);
    assert_eq!(read("afghij").0.len(), 2, "what is pinned on top says nothing of the rest");
    assert_eq!((read("i").0.len(), codes(&read("i").1)), (3, vec![]));
    assert_eq!((read("j").0.len(), codes(&read("j").1)), (3, vec![Code::PagesLeft]));
    let (asked, refreshed) = visit(&source, SourceState::default(), &site, "");
    assert_eq!((asked.len(), codes(&refreshed)), (3, vec![]), "a first visit takes what it may");
}

#[test]
fn no_circle_and_no_other_host_is_followed() {
    let source = source("next = \"a.older\"\npages = 50");
    for (next, pages) in [
        ("/news/", 1),
        ("/news/#b", 1),
        ("https://other.example/", 1),
        ("//site.example:8443/x", 2),
        ("javascript:x", 1),
        ("http://[", 1),
    ] {
        let site = [page("", &format!("abc|{next}"))];
        assert_eq!(visit(&source, SourceState::default(), &site, "").0.len(), pages, "{next}");
    }
    let back = [page("", "ab|?p=2"), page("/?p=2", "cd|/news/")];
    assert_eq!(visit(&source, SourceState::default(), &back, "").0.len(), 2);
    // Every page says the same under another address.
    let same: Vec<Page> = std::iter::once(page("", "ab|?p=1"))
        .chain((1..60).map(|n| page(&format!("/?p={n}"), &format!("ab|?p={}", n + 1))))
        .collect();
    let (asked, refreshed) = visit(&source, SourceState::default(), &same, "");
    assert_eq!((asked.len(), headlines(&refreshed).as_str()), (2, "ab"));
    // A calendar goes on for ever.
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let endless: Vec<Page> = letters
        .chars()
        .enumerate()
        .map(|(n, c)| {
            page(&if n == 0 { String::new() } else { format!("/?p={n}") }, &format!("{c}|?p={}", n + 1))
        })
        .collect();
    assert_eq!(visit(&source, SourceState::default(), &endless, "").0.len(), 50);
}

#[test]
fn a_page_that_cannot_be_had_costs_itself_and_is_read_next_time() {
    let source = source("next = \"a.older\"");
    let whole = [page("", "abc|?p=2"), page("/?p=2", "def|?p=3"), page("/?p=3", "ghi")];
    let (_, refreshed) = visit(&source, SourceState::default(), &whole[..2], "");
    assert_eq!((headlines(&refreshed).as_str(), codes(&refreshed)), ("abcdef", vec![Code::PageMissing]));
    assert!(matches!(refreshed.verdict, Verdict::New { new: 6, .. }) && refreshed.plan.state.failures == 0);
    let mut state = refreshed.plan.state;
    assert_eq!((state.torn, state.body.clone()), (Some(Torn { page: 3, times: 1 }), None));
    // Known entries do not end the visit before it.
    let (asked, refreshed) = visit(&source, state.clone(), &whole, "abcdef");
    assert_eq!((asked.len(), refreshed.plan.state.torn), (3, None));
    assert!(refreshed.plan.state.body.is_some());
    // What stays away is let go.
    for times in 2..=4 {
        let (asked, refreshed) = visit(&source, state, &whole[..2], "abcdef");
        state = refreshed.plan.state;
        assert_eq!(asked.len(), 3);
        assert_eq!(state.torn, (times <= 3).then_some(Torn { page: 3, times }));
    }
    assert_eq!(visit(&source, SourceState { body: None, ..state }, &whole, "abcdef").0.len(), 1);
}

#[test]
fn what_a_further_page_answers_is_no_verdict_on_the_source() {
    let link = source("next = \"a.older\"");
    let counted = source("next = \"?p={page}\"");
    for (status, torn) in [(404, false), (403, false), (500, true), (410, false)] {
        let mut site = [page("", "abc|/news/?p=2"), page("/news/?p=2", "def")];
        site[1].status = status;
        let (_, refreshed) = visit(&link, SourceState::default(), &site, "");
        assert!(matches!(refreshed.verdict, Verdict::New { new: 3, .. }), "{status}");
        assert_eq!(refreshed.plan.state.torn.is_some(), torn, "{status}");
        assert_eq!(
            (codes(&refreshed), refreshed.plan.state.hold),
            (vec![Code::PageMissing], None),
            "{status}"
        );
        let counts = visit(&counted, SourceState::default(), &site, "").1;
        assert_eq!(
            codes(&counts).is_empty(),
            matches!(status, 404 | 410),
            "pages that are counted have an end"
        );
    }
    let mut site = [page("", "abc|/news/?p=2"), page("/news/?p=2", "def")];
    site[1].status = 429;
    site[1].headers = Headers(vec![("retry-after".to_owned(), "7200".to_owned())]);
    let (_, refreshed) = visit(&link, SourceState::default(), &site, "");
    let hold = refreshed.plan.state.hold.expect("the host is left alone");
    assert_eq!((hold.scope, refreshed.plan.state.torn.is_some()), (retry::Scope::Host, true));
}

#[test]
fn years_are_inferred_over_all_pages_together() {
    let dated = |path: &str, rows: &[(&str, &str)], next: &str| {
        let rows = rows
            .iter()
            .map(|(name, day)| format!("<article><h2><a href={name}>{name}</a></h2><i>{day}</i></article>"));
        Page {
            body: format!("<base href=/>{}<a class=older href={next}>", rows.collect::<String>())
                .into_bytes(),
            ..page(path, "")
        }
    };
    let site = [
        dated(
            "",
            &[("a", "20 February"), ("b", "15 January"), ("c", "28 December"), ("d", "30 November")],
            "/?p=2",
        ),
        dated("/?p=2", &[("e", "12 October"), ("f", "9 August"), ("g", "11 July"), ("h", "14 May")], "/?p=3"),
        dated(
            "/?p=3",
            &[("i", "20 April"), ("j", "1 February"), ("k", "10 January"), ("l", "22 December")],
            "",
        ),
    ];
    let (_, refreshed) = visit(&source("next = \"a.older\""), SourceState::default(), &site, "");
    let mut years: Vec<(String, i16)> = refreshed
        .plan
        .records
        .iter()
        .map(|record| (record.entry.headline.clone(), record.entry.moment.as_ref().unwrap().day.year()))
        .collect();
    years.sort();
    let years: Vec<i16> = years.into_iter().map(|(_, year)| year).collect();
    assert_eq!(years, [2025, 2025, 2024, 2024, 2024, 2024, 2024, 2024, 2024, 2024, 2024, 2023]);
}
