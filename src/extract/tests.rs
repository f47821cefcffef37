//! What extract claims, one small page each.

use std::cell::Cell;

use proptest::prelude::*;
use regex::Regex;
use scraper::Selector;
use url::Url;

use super::*;
use crate::{
    config::{Candidate, Css, DateFrom, DateRule, FieldRule, LinkRule},
    diagnostic::Diagnostic,
    listing::{DateSource, RawField},
};

#[allow(clippy::disallowed_methods, reason = "tests read selectors without a config")]
fn css(text: &str) -> Css {
    Css { text: text.to_owned(), selector: Selector::parse(text).unwrap().into() }
}

/// `selector@attr`, `*`; several are fallbacks.
fn rule(candidates: &[&str]) -> FieldRule {
    let candidates = candidates.iter().map(|text| {
        let (selector, attr) = match text.rsplit_once('@') {
            Some((selector, attr)) => (selector, Some(attr.to_owned())),
            None => (*text, None),
        };
        let selector = (selector != "*").then(|| css(selector).selector);
        Candidate { text: (*text).to_owned(), selector, attr }
    });
    FieldRule { candidates: candidates.collect(), join: None, regex: None, cut: Vec::new(), required: false }
}

fn rules(entry: &str, headline: &str) -> Rules {
    Rules {
        json: None,
        listing: None,
        entry: css(entry),
        to_next: false,
        headline: rule(&[headline]),
        link: LinkRule::OfHeadline,
        id: None,
        teaser: None,
        image: None,
        author: None,
        category: None,
        enclosure: None,
        date: None,
        next: None,
    }
}

fn dated(field: Option<&str>, from: &[DateFrom]) -> DateRule {
    DateRule {
        field: field.map(|f| rule(&[f])),
        from: from.to_vec(),
        above: None,
        format: None,
        order: None,
        language: None,
    }
}

fn url() -> Url {
    Url::parse("https://example.org/news/").unwrap()
}

fn read(html: &str, rules: &Rules) -> Listing {
    extract(&Document::from_text(html, url()), rules, &|| true)
}

#[allow(clippy::ref_option, reason = "fields are read where they stand")]
fn value(field: &Option<RawField>) -> Option<&str> {
    field.as_ref().map(|f| f.value.as_str())
}

fn headlines(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().filter_map(|e| value(&e.headline)).collect()
}

fn dates(entry: &RawEntry) -> Vec<(DateSource, &str)> {
    entry.dates.iter().map(|d| (d.source, d.field.value.as_str())).collect()
}

fn about(listing: &Listing) -> Vec<(Code, Option<usize>)> {
    listing.diagnostics.iter().map(|d: &Diagnostic| (d.code, d.row)).collect()
}

/// The theme of the page gleaner was made for, reduced.
const BLOG: &str = r#"<!DOCTYPE html><html lang="en-GB"><head><title> International
 actors </title>
<script type="application/ld+json">{"@graph":[{"@type":"WebPage","@id":"https://example.org/news/","url":"https://example.org/news/","datePublished":"2020-05-05"}]}</script></head><body>
<article class="page hentry"><h1>International actors</h1><p>Tracking developments.</p><div>
<article id="post-1" class="et_pb_post post"><a href="/a/" class="image"><img loading="lazy" src="/a.jpg" alt="A"></a>
 <h2 class="entry-title"><a href="/a/">Deputy&nbsp;minister visits
 Benghazi</a></h2><div class="post-content"><div class="inner"><p>On 6 March, he arrived&hellip;</p>
</div><a href="/a/" class="more-link">read more</a></div></article>
<article id="post-2" class="et_pb_post post"><h2 class="entry-title"><a href="/b/">Second</a></h2><div class="post-content"><div class="inner"><p></p><p>On 5 March</p></div></div></article>
</div></article></body></html>"#;

#[test]
fn a_blog_gives_its_entries() {
    let mut rules = rules("article.et_pb_post", "h2.entry-title a");
    rules.teaser = Some(rule(&[".inner p"]));
    rules.image = Some(rule(&["img"]));
    rules.date = Some(dated(None, &[DateFrom::Teaser]));
    let listing = read(BLOG, &rules);
    assert_eq!(headlines(&listing), ["Deputy minister visits Benghazi", "Second"]);
    let [first, second] = &listing.entries[..] else { panic!("two entries") };
    assert_eq!((first.row, second.row), (1, 2));
    assert_eq!(value(&first.link), Some("/a/"));
    assert_eq!(value(&first.image), Some("/a.jpg"));
    assert_eq!(value(&second.teaser), Some("On 5 March"), "the empty paragraph gives way");
    assert_eq!(
        dates(first),
        [(DateSource::Teaser, "On 6 March, he arrived…")],
        "the page's date is not the entry's"
    );
    assert_eq!(first.headline.as_ref().unwrap().selector, "h2.entry-title a");
    assert_eq!(first.headline.as_ref().unwrap().element, r#"<a href="/a/">"#);
    assert_eq!(listing.language.as_deref(), Some("en-GB"));
    assert_eq!(listing.title.as_deref(), Some("International actors"));
    assert_eq!(listing.base, url());
    assert_eq!(about(&listing), [(Code::FieldMissing, Some(2))], "the second row has no image");
}

#[test]
fn a_frame_around_rows_takes_nothing_from_them() {
    let mut rules = rules("article", "h2");
    rules.teaser = Some(rule(&[".inner"]));
    let listing = read(BLOG, &rules);
    assert_eq!(headlines(&listing), ["Deputy minister visits Benghazi", "Second"]);
    assert_eq!(listing.entries[0].row, 2);
    assert!(about(&listing).contains(&(Code::HeadlineMissing, Some(1))));
}

#[test]
fn text_of_a_row_leaves_out_rows_inside_it() {
    let listing = read("<li>one <ul><li>two</li></ul> three</li>", &rules("li", "*"));
    assert_eq!(headlines(&listing), ["one three", "two"]);
}

#[test]
fn container_is_present_absent_or_not_asked() {
    let page = "<p class=x>outside</p><div id=list><p class=x>inside</p></div>";
    let mut rules = rules(".x", "*");
    assert_eq!(read(page, &rules).container, Container::NotAsked);
    assert_eq!(read(page, &rules).entries.len(), 2);
    rules.listing = Some(css("#list"));
    assert_eq!(read(page, &rules).container, Container::Present);
    assert_eq!(headlines(&read(page, &rules)), ["inside"]);
    rules.listing = Some(css("#gone"));
    assert_eq!(read(page, &rules).container, Container::Absent);
    assert_eq!(read(page, &rules).entries.len(), 0);
}

#[test]
fn rows_inside_templates_are_not_rows() {
    assert_eq!(read("<template><p>{{title}}</p></template><p>real</p>", &rules("p", "*")).entries.len(), 1);
}

#[test]
fn fields_are_not_taken_from_what_nobody_sees() {
    let page = "<div><template><b>{{title}}</b></template><noscript><b>no</b></noscript><b>real</b></div>";
    assert_eq!(headlines(&read(page, &rules("div", "b"))), ["real"]);
}

#[test]
fn breaks_and_blocks_separate_words_and_spans_do_not() {
    let page = "<div class=e>one<br>two<p>three</p><b>fo</b>ur<script>x</script><style>y</style><noscript>z</noscript></div>";
    assert_eq!(headlines(&read(page, &rules(".e", "*"))), ["one two three four"]);
}

#[test]
fn candidates_are_tried_in_order_and_counted() {
    let mut rules = rules("p", "b");
    rules.headline = rule(&["b", "i"]);
    let listing = read("<p><b>one</b><i>x</i><p><b> </b><i>two</i><p><i>three</i>", &rules);
    assert_eq!(headlines(&listing), ["one", "two", "three"]);
    let fallback = listing.diagnostics.iter().find(|d| d.code == Code::FallbackUsed).unwrap();
    assert_eq!(
        fallback.message,
        "`headline`: `b` found nothing, `i` was used, in 2 of 3 rows, first in row 2"
    );
}

#[test]
fn attributes_are_read_of_elements_and_of_the_entry() {
    let mut rules = rules("p", "b@title");
    rules.id = Some(rule(&["*@data-id"]));
    let listing = read("<p data-id=' 7 '><b title='a  b'>x</b>", &rules);
    assert_eq!((headlines(&listing), value(&listing.entries[0].id)), (vec!["a b"], Some("7")));
}

#[test]
fn join_joins_every_match() {
    let mut rules = rules("div", "b");
    rules.teaser = Some(FieldRule { join: Some(" / ".into()), ..rule(&["p"]) });
    let listing = read("<div><b>h</b><p>one</p><p> </p><p>two</p></div>", &rules);
    assert_eq!(value(&listing.entries[0].teaser), Some("one / two"));
}

#[test]
fn regex_gives_its_group_or_the_whole_match() {
    let mut rules = rules("div", "b");
    rules.author = Some(FieldRule { regex: Some(Regex::new("by (.+)").unwrap()), ..rule(&["i"]) });
    rules.id = Some(FieldRule { regex: Some(Regex::new("[0-9]+").unwrap()), ..rule(&["i"]) });
    let listing = read("<div><b>h</b><i>no 12</i><i>by Someone</i></div>", &rules);
    assert_eq!(value(&listing.entries[0].author), Some("Someone"));
    assert_eq!(listing.entries[0].author.as_ref().unwrap().raw, "by Someone");
    assert_eq!(value(&listing.entries[0].id), Some("12"));
}

#[test]
fn regex_that_misses_says_so() {
    let mut rules = rules("div", "b");
    rules.author = Some(FieldRule { regex: Some(Regex::new("by (.+)").unwrap()), ..rule(&["i"]) });
    let page = "<div><b>h</b><a href=x></a><i>by A</i></div><div><b>h</b><a href=x></a><i>x</i></div>";
    assert_eq!(about(&read(page, &rules)), [(Code::RegexMissed, Some(2))]);
}

#[test]
fn endings_are_cut_again_and_again() {
    let mut rules = rules("div", "b");
    let cut = [r"(?i)read more", r"»", r"\[…\]"].map(|p| Regex::new(p).unwrap());
    rules.teaser = Some(FieldRule { cut: cut.into(), ..rule(&["p"]) });
    let listing = read("<div><b>h</b><p>read more of it [&hellip;] <a>Read more »</a></p></div>", &rules);
    assert_eq!(value(&listing.entries[0].teaser), Some("read more of it"));
}

#[test]
fn missing_required_field_drops_the_row_and_says_so() {
    let mut rules = rules("p", "b");
    rules.author = Some(FieldRule { required: true, ..rule(&["i"]) });
    let listing = read("<p><b>one</b><i>x</i><a href=1></a><p><b>two</b>", &rules);
    assert_eq!(headlines(&listing), ["one"]);
    assert_eq!(about(&listing), [(Code::RequiredMissing, Some(2))]);
}

#[test]
fn field_no_row_has_is_said_once() {
    let mut rules = rules("p", "b");
    rules.author = Some(rule(&["i"]));
    rules.link = LinkRule::None;
    let listing = read("<p><b>one</b><p><b>two</b>", &rules);
    assert_eq!(about(&listing), [(Code::FieldMissing, None)]);
    let listing = read("<p><b>one</b><i>x</i><p><b>two</b>", &rules);
    assert_eq!(about(&listing), [(Code::FieldMissing, Some(2))]);
}

#[test]
fn something_stands_in_for_a_missing_headline() {
    for (page, expected) in [
        ("<p><a href=/x><img src=i></a><a href=/x>The visit</a> <a href=/x>more</a>", "The visit"),
        ("<p><a href=/x><img src=i alt='The visit'></a>", "The visit"),
        ("<p><a href=/2025/the-visit_to%20rome.html>—</a>", "The visit to rome"),
        ("<p><i>The teaser says it</i>", "The teaser says it"),
    ] {
        let mut rules = rules("p", "h2");
        rules.teaser = Some(rule(&["i"]));
        let listing = read(page, &rules);
        assert_eq!(headlines(&listing), [expected], "{page}");
        assert!(about(&listing).contains(&(Code::FallbackUsed, None)));
    }
    let listing = read("<p><a href=/12345>—</a>", &rules("p", "h2"));
    assert_eq!((listing.entries.len(), about(&listing)), (0, vec![(Code::HeadlineMissing, Some(1))]));
}

#[test]
fn link_is_the_headlines_own() {
    for (page, expected) in [
        ("<div><a class=h href=/own>x</a></div>", Some("/own")),
        ("<div><a href=/other>y</a><b class=h><a href='#'>x</a><a href=/in>x</a></b></div>", Some("/in")),
        ("<div><a href=/around><b class=h>x</b></a><a href=/other>y</a></div>", Some("/around")),
        ("<a href=/outside><div><b class=h>x</b></div></a>", Some("/outside")),
        (
            "<div><b class=h>x</b><a href=/only>more</a><a href='/only'>again</a><a href=javascript:x>s</a></div>",
            Some("/only"),
        ),
        ("<div><b class=h>x</b><a href=/one>more</a><a href=/two>again</a></div>", None),
        ("<div><b class=h><a href='mailto:a@b'>x</a></b></div>", Some("mailto:a@b")),
    ] {
        let listing = read(page, &rules("div", ".h"));
        assert_eq!(value(&listing.entries[0].link), expected, "{page}");
    }
    let listing = read("<a class=e href=/self><b class=h>x</b></a>", &rules(".e", ".h"));
    assert_eq!(value(&listing.entries[0].link), Some("/self"));
}

#[test]
fn link_rule_without_an_attribute_means_the_nearest_address() {
    let mut rules = rules("div", "b");
    let page = "<div><b>x</b><i><a href=' /in '>y</a></i><a href=/around><u>z</u></a></div>";
    for (candidate, expected) in
        [("i", "/in"), ("i a", "/in"), ("u", "/around"), ("*", "/in"), ("a + a@href", "")]
    {
        rules.link = LinkRule::Field(rule(&[candidate]));
        assert_eq!(value(&read(page, &rules).entries[0].link).unwrap_or(""), expected, "{candidate}");
    }
    rules.link = LinkRule::None;
    assert_eq!(read(page, &rules).entries[0].link, None);
}

#[test]
fn images_are_found_behind_lazy_loading() {
    for (page, expected) in [
        ("<img src=data:image/gif;base64,AA data-src=/lazy.jpg>", Some("/lazy.jpg")),
        ("<img src=/small.jpg srcset='/s.jpg 100w, /l.jpg 900w'>", Some("/l.jpg")),
        ("<picture><source srcset='/p.webp 2x'><img src=data:x></picture>", Some("/p.webp")),
        ("<video><source src=/v.mp4></video><img src=/v.jpg>", Some("/v.jpg")),
        ("<span style=\"color:red; background-image: url('/bg.jpg')\"></span>", Some("/bg.jpg")),
        ("<img src=DATA:image/gif;base64,AA>", None),
    ] {
        let mut rules = rules("div", "b");
        rules.image = Some(rule(&["*"]));
        let listing = read(&format!("<div><b>x</b>{page}</div>"), &rules);
        assert_eq!(value(&listing.entries[0].image), expected, "{page}");
    }
    let mut rules = rules("div", "b");
    rules.image = Some(rule(&["img@data-full"]));
    let listing = read("<div><b>x</b><img src=/s.jpg data-full=/full.jpg></div>", &rules);
    assert_eq!(value(&listing.entries[0].image), Some("/full.jpg"));
}

#[test]
fn categories_are_all_matches_once() {
    let mut rules = rules("div", "b");
    rules.category = Some(rule(&[".c"]));
    let listing = read("<div><b>x</b><i class=c>A</i><i class=c>B</i><i class=c>A </i></div>", &rules);
    let categories: Vec<_> = listing.entries[0].categories.iter().map(|c| c.value.as_str()).collect();
    assert_eq!(categories, ["A", "B"]);
}

#[test]
fn a_cloud_of_categories_is_cut_and_says_so() {
    let mut rules = rules("div", "b");
    rules.link = LinkRule::None;
    rules.category = Some(rule(&["i"]));
    let cloud = (0..60).map(|n| format!("<i>c{n}</i>")).collect::<Vec<_>>().concat();
    let listing = read(&format!("<div><b>x</b>{cloud}</div>"), &rules);
    assert_eq!((listing.entries[0].categories.len(), about(&listing)), (50, vec![(Code::TextCut, Some(1))]));
    rules.category = None;
    rules.teaser = Some(FieldRule { join: Some(" ".into()), ..rule(&["i"]) });
    let long = "<i>x</i>".repeat(300);
    assert_eq!(about(&read(&format!("<div><b>x</b>{long}</div>"), &rules)), [(Code::TextCut, Some(1))]);
}

#[test]
fn first_usable_base_counts() {
    for (base, expected) in [
        (
            "<base href=''><base href='javascript:x'><base href='/other/'><base href='/third/'>",
            "https://example.org/other/",
        ),
        ("<base href='//cdn.example.net/x'>", "https://cdn.example.net/x"),
        ("", "https://example.org/news/"),
    ] {
        assert_eq!(read(base, &rules("p", "b")).base.as_str(), expected);
    }
}

#[test]
fn dates_come_best_source_first() {
    let page = r#"<script type="application/ld+json">{"@type":"NewsArticle","url":"https://www.example.org/2025/03/06/a/","datePublished":"2025-03-06T09:00:00Z"}</script>
      <div><h2><a href="/2025/03/06/a">On 6 March</a></h2><p>teaser</p><span class=d>6 March</span>
      <time class=updated datetime=2025-03-09>x</time><time datetime=2025-03-07>x</time>
      <time class="published updated" datetime="2025-03-06">x</time><meta itemprop=datePublished content=2025-03-05></div>"#;
    let mut rules = rules("div", "h2");
    rules.teaser = Some(rule(&["p"]));
    rules.date = Some(dated(Some(".d"), &[DateFrom::Teaser, DateFrom::Headline]));
    let listing = read(page, &rules);
    assert_eq!(
        dates(&listing.entries[0]),
        [
            (DateSource::TimeElement, "2025-03-06"),
            (DateSource::TimeElement, "2025-03-05"),
            (DateSource::TimeElement, "2025-03-07"),
            (DateSource::Metadata, "2025-03-06T09:00:00Z"),
            (DateSource::Field, "6 March"),
            (DateSource::Teaser, "teaser"),
            (DateSource::Headline, "On 6 March"),
            (DateSource::LinkPath, "/2025/03/06/a"),
        ]
    );
    rules.date = None;
    let sources: Vec<_> = read(page, &rules).entries[0].dates.iter().map(|d| d.source).collect();
    assert!(!sources.contains(&DateSource::Teaser) && sources.contains(&DateSource::LinkPath));
}

#[test]
fn what_stands_before_an_entry_goes_back_to_the_one_before() {
    let page = "<p>News. <br>7 March &ndash; <a href=/b>b</a> (PDF)<br><i>6</i> March <a href=/a>a</a>, 1 May<p><a href=/c>c</a>";
    let mut rules = rules("a", "*");
    rules.date = Some(dated(None, &[DateFrom::Before]));
    let listing = read(page, &rules);
    let before: Vec<_> = listing.entries.iter().map(dates).collect();
    let expected = [Some("News. 7 March –"), Some("(PDF) 6 March"), None];
    assert_eq!(
        before,
        expected.map(|text| text.map(|text| (DateSource::Field, text)).into_iter().collect::<Vec<_>>())
    );
}

#[test]
fn a_change_date_counts_only_alone() {
    let page = "<div><b>x</b><time class=updated datetime=2025-03-09>x</time></div>";
    assert_eq!(dates(&read(page, &rules("div", "b")).entries[0]), [(DateSource::TimeElement, "2025-03-09")]);
    let page = "<div><b>x</b><time>2025-03-06</time><time>yesterday</time><time datetime=PT3M>x</time></div>";
    assert_eq!(dates(&read(page, &rules("div", "b")).entries[0]), [(DateSource::TimeElement, "2025-03-06")]);
}

#[test]
fn long_texts_are_cut_and_say_so() {
    let page = format!("<div><b>{}</b><a href=x></a></div>", "word ".repeat(1000));
    let listing = read(&page, &rules("div", "b"));
    let length = headlines(&listing)[0].chars().count();
    assert!((490..=500).contains(&length), "{length}");
    assert_eq!(about(&listing), [(Code::TextCut, Some(1))]);
}

#[test]
fn part_of_a_text_too_long_to_read_is_cut_as_well() {
    let mut rules = rules("div", "b");
    rules.headline.regex = Some(Regex::new("^[a-z]+").unwrap());
    let page = format!("<div><b>{}</b><a href=x></a></div>", "word ".repeat(10_000));
    assert_eq!(about(&read(&page, &rules)), [(Code::TextCut, Some(1))]);
}

#[test]
fn more_rows_than_the_limit_are_not_read() {
    let page = "<li><a href=x>y</a></li>".repeat(MAX_ROWS + 5);
    let listing = read(&page, &rules("li", "a"));
    assert_eq!((listing.entries.len(), about(&listing)), (MAX_ROWS, vec![(Code::PageTruncated, None)]));
}

#[test]
fn rows_inside_rows_cost_no_square() {
    let page = "<section><b>x</b>".repeat(900);
    let started = std::thread::spawn(move || read(&page, &rules("section", "b")).entries.len());
    assert_eq!(started.join().unwrap(), 900);
}

/// A clock that gives time so often; `asked` counts.
fn until(asked: &Cell<i32>, last: i32) -> impl Fn() -> bool {
    move || {
        asked.set(asked.get() + 1);
        asked.get() <= last
    }
}

#[test]
fn time_that_runs_out_ends_a_slow_selector_and_says_so() {
    let asked = Cell::new(0);
    let still_time = until(&asked, 100);
    let page = format!("<i></i>{}", "<p><b>one</b></p>".repeat(200));
    for (entry, is_slow) in [("i ~ p", true), ("p", false), ("[class~=a], p", false)] {
        asked.set(0);
        let listing = extract(&Document::from_text(page.clone(), url()), &rules(entry, "b"), &still_time);
        let said = listing.diagnostics.iter().any(|d| d.message.contains("was looked for"));
        assert_eq!(said, is_slow, "{entry}: {:?}", listing.diagnostics);
    }
    asked.set(-1_000_000);
    let listing = extract(&Document::from_text(page, url()), &rules("i ~ p", "b"), &still_time);
    assert_eq!(listing.entries.len(), 200);
}

#[test]
fn time_that_runs_out_within_a_row_costs_that_row_and_says_so() {
    let asked = Cell::new(0);
    let still_time = until(&asked, 100);
    let page = format!("<li><b>one</b></li><li><b>two</b>{}<u>late</u></li>", "<i>a</i>".repeat(200));
    let fields = [("i ~ u", true), ("u:nth-of-type(1)", true), ("u", false)];
    for (teaser, is_slow) in fields {
        asked.set(0);
        let rules = Rules { teaser: Some(rule(&[teaser])), ..rules("li", "b") };
        let listing = extract(&Document::from_text(page.clone(), url()), &rules, &still_time);
        let said = listing.diagnostics.iter().any(|d| d.message == "time ran out after 1 of 2 rows");
        assert_eq!(said, is_slow, "{teaser}: {:?}", listing.diagnostics);
        let read: &[&str] = if is_slow { &["one"] } else { &["one", "two"] };
        assert_eq!(headlines(&listing), read, "{teaser}");
    }
}

#[test]
fn time_that_runs_out_ends_the_parse_and_says_so() {
    let asked = Cell::new(0);
    let still_time = until(&asked, 1);
    let page = format!("<p><b>one</b></p>{}", "<div>".repeat(100_000));
    let listing = extract(&Document::from_text(page, url()), &rules("p", "b"), &still_time);
    assert_eq!(headlines(&listing), ["one"], "what was read counts");
    assert!(about(&listing).contains(&(Code::ParseDeadline, None)));
}

#[test]
fn a_row_cut_by_the_end_of_time_is_no_row() {
    let asked = Cell::new(0);
    let still_time = until(&asked, 1);
    let page = format!("<p><b>whole</b></p><p><b>{}", "<i>word</i> ".repeat(2000));
    let listing = extract(&Document::from_text(page, url()), &rules("p", "b"), &still_time);
    assert_eq!(headlines(&listing), ["whole"]);
}

#[test]
fn rows_that_never_close_are_rows_up_to_the_depth() {
    let page = "<div class=e><div><i><b>x</b>".repeat(500);
    let listing = read(&page, &rules(".e", "b"));
    assert!((300..450).contains(&listing.entries.len()), "{}", listing.entries.len());
    assert!(about(&listing).contains(&(Code::PageTruncated, None)));
}

#[test]
fn no_depth_overflows_the_stack() {
    // The stack of a blocking task; `:has()` recurses once a level.
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let run = || {
        for piece in ["<div>", "<b>", "<table><td>", "<i><div>", "<template>", "<svg><g>"] {
            let page = format!("<p class=e><i>one</i></p>{}", piece.repeat(100_000));
            let listing = read(&page, &rules("p:has(i), div:has(u)", "*"));
            assert_eq!(headlines(&listing), ["one"], "{piece}");
            assert!(about(&listing).contains(&(Code::PageTruncated, None)), "{piece}");
        }
    };
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn what_would_match_is_named() {
    let near =
        |html: &str, selector: &str| nearest(&Document::from_text(html, url()), &rules(selector, "a"), &[]);
    assert_eq!(
        near("<ul class=news><li class=et_pb_posts><li class=x>", "ul.news > li.et_pb_post[data-x]:not(.y)"),
        [
            "`li` matches 2 elements",
            "`.et_pb_post` matches nothing; the page has `.et_pb_posts` (1)",
            "`[data-x]` matches nothing",
            "`ul` matches 1 element",
            "`.news` matches 1 element",
        ]
    );
    let page = "<article class=item><p id=top>";
    assert_eq!(
        near(page, "item"),
        ["`item` matches nothing; the page has `.item` (1): a class is asked for with a dot"]
    );
    assert_eq!(
        near(page, ".top"),
        ["`.top` matches nothing; the page has `#top` (1): an id is asked for with `#`"]
    );
    assert_eq!(
        near(page, "#article"),
        ["`#article` matches nothing; the page has `article` (1): an element is asked for by its name alone"]
    );
    assert_eq!(
        near(page, ".Item"),
        ["`.Item` matches nothing; the page has `.item` (1): upper and lower case count"]
    );
    let listed = Rules { listing: Some(css(".itms")), ..rules(".item", "a") };
    let lines = nearest(&Document::from_text("<ul class=items><li class=item>", url()), &listed, &[]);
    assert_eq!(lines, ["`.itms` matches nothing; the page has `.items` (1)"]);
    assert!(
        near(page, "article .item")[2].starts_with("each part of `article .item` is on the page, but not")
    );
}

#[test]
fn what_a_field_lacks_is_named() {
    let page = "<b class=far>x</b><li><p class=told>One <i></i></p><li><p class=told>Two</p>";
    let near = |key: &'static str, field: FieldRule| {
        let rules = rules("li", "p");
        nearest(&Document::from_text(page, url()), &rules, &[(key, &field)])
    };
    for (key, candidate, expected) in [
        ("teaser", ".tolt", "`teaser`: `.tolt` matches nothing; the page has `.told` (2)"),
        ("teaser", ".far", "`teaser`: `.far` matches 1 element, none of them in a row"),
        ("author", "i", "`author`: `i` matches in 1 of 2 rows, but what it matches holds no text"),
        ("link", "p@href", "`link`: `p` matches in 2 of 2 rows, but what it matches has no `href`"),
        ("link", "p", "`link`: `p` matches in 2 of 2 rows, but what it matches is no link and holds none"),
        ("image", "p", "`image`: `p` matches in 2 of 2 rows, but what it matches is no image and holds none"),
    ] {
        assert_eq!(near(key, rule(&[candidate])), [expected]);
    }
    let regex = FieldRule { regex: Some(Regex::new("^x").unwrap()), ..rule(&["p"]) };
    let expected = "`headline`: `p` matches in 2 of 2 rows, but what it gives does not fit `regex`";
    assert_eq!(near("headline", regex), [expected]);
    assert!(near("date", rule(&["b .told"]))[0].contains("each part of `b .told` is on the page"));
}

fn everything() -> Rules {
    let mut rules = rules("div, article, li:has(a)", "h2, a");
    rules.headline.cut = vec![Regex::new("x").unwrap()];
    rules.teaser = Some(FieldRule { join: Some(" ".into()), ..rule(&["p", "*"]) });
    rules.image = Some(rule(&["img", "*"]));
    rules.category = Some(rule(&["i", "*@class"]));
    rules.author = Some(FieldRule { regex: Some(Regex::new("(a)?").unwrap()), ..rule(&["b"]) });
    rules.date = Some(DateRule {
        above: Some(css("p, li")),
        ..dated(Some("time"), &[DateFrom::Headline, DateFrom::Link])
    });
    rules
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~é\u{202e}\u{a0}\u{200b}]{0,12}",
        Just("<div>".to_owned()),
        Just("</div>".to_owned()),
        Just("<article><h2>".to_owned()),
        Just("<a href='".to_owned()),
        Just("<a href=/2025/x>".to_owned()),
        Just("</a>".to_owned()),
        Just("<table><li>".to_owned()),
        Just("<img srcset='a 1w, ,b".to_owned()),
        Just("<img src=x style='background:url(' alt=y>".to_owned()),
        Just("<time datetime=2025>".to_owned()),
        Just("<base href=//x>".to_owned()),
        Just("<script type=application/ld+json>[{\"@type\":\"Article\"".to_owned()),
        Just("</script>".to_owned()),
        Just("<template><div>".to_owned()),
        Just("<svg><title>".to_owned()),
        Just("<!--".to_owned()),
        Just("<frameset>".to_owned()),
        Just("<select><li>".to_owned()),
        Just("<p><i>".to_owned()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_time: 5000, ..ProptestConfig::default() })]

    #[test]
    fn any_soup_gives_a_listing_of_whole_fields(html in soup()) {
        let listing = read(&html, &everything());
        for entry in &listing.entries {
            let fields = [&entry.headline, &entry.link, &entry.teaser, &entry.image, &entry.author];
            for field in fields.into_iter().flatten().chain(&entry.categories) {
                prop_assert!(!field.value.is_empty() && !field.selector.is_empty(), "{:?}", field);
                prop_assert!(field.element.chars().count() <= 100);
            }
            prop_assert!(entry.headline.is_some());
        }
        let rows = listing.entries.iter().map(|e| e.row);
        prop_assert!(rows.clone().zip(rows.skip(1)).all(|(a, b)| a < b));
    }

    #[test]
    fn any_bytes_decoded_and_extracted_never_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let page = crate::page::Page {
            url: url(),
            status: 200,
            headers: crate::page::Headers::default(),
            body,
            fetched_at: jiff::Timestamp::UNIX_EPOCH,
        };
        if let Ok(document) = crate::decode::decode(&page) {
            extract(&document, &everything(), &|| true);
        }
    }
}
