//! Feeds of others that are hostile, through the whole program.
//!
//! | input | checked by |
//! |---|---|
//! | external and parameter entities, a foreign DTD, `XInclude`, stylesheets | `nothing_that_a_feed_names_is_fetched_or_read`, `upstream::tests::no_entity_of_a_feeds_own_is_expanded_or_fetched` |
//! | entities that multiply | `entities_that_multiply_stay_as_they_are_written` |
//! | endless feeds, deep nesting, heaps of attributes | `upstream::tests::work_on_hostile_feeds_is_bounded` |
//! | unescaped, badly nested, cut in half, in another charset | `upstream::tests::what_real_feeds_do_wrong_is_read_and_told`, `a_feed_that_breaks_off_gives_its_whole_entries` there |
//! | old and foreign vocabularies | `upstream::tests::old_formats_are_read` |
//! | ids that repeat, are missing, or all the same | `ids_that_tell_nothing_apart_cost_no_entry` |
//! | dates that are always now | `a_date_that_moves_with_every_visit_stays` |
//! | `xml:base` games, XHTML with scripts | `full_text_is_absolute_and_runs_nothing` |
//! | gleaner's own feeds | `opml::tests::gleaners_own_feeds_are_not_followed` |
//! | hostile OPML | `opml::tests::hostile_files_are_read_in_bounded_work`, `what_gives_no_feed_is_named_with_its_line` there |
//! | JSON of the wrong types | `upstream::tests::json_feeds_are_read_and_wrong_types_cost_their_field` |
//! | any bytes | `upstream::tests::any_text_that_looks_like_a_feed_is_read`, `hostile::pages_hold_what_they_promise` |

use std::fmt::Write as _;

use crate::{formats, program::Place};

/// Plays a feed's visits, one a day; its feed as it is published then.
fn played(visits: &[String]) -> String {
    let place = Place::new();
    let config = "[source.a]\nurl = \"https://a.example/feed\"\nformats = [\"atom\", \"rss\", \"json\"]\n";
    let config = place.write("gleaner.toml", config).display().to_string();
    for (day, visit) in (7..).zip(visits) {
        let folder = format!("cases/a/2025-03-{day:02}");
        let case = format!(
            "url = \"https://a.example/feed\"\nfetched_at = \"2025-03-{day:02}T20:00:00Z\"\nstatus = 200\n"
        );
        place.write(&format!("{folder}/case.toml"), case);
        place.write(&format!("{folder}/page.xml"), visit);
    }
    let cases = place.path().join("cases").display().to_string();
    let ended = place.gleaner(&["run", "--config", &config, "--replay", &cases]);
    assert_eq!(ended.exit, 0, "{ended:?}");
    formats::assert_valid(&place);
    String::from_utf8(place.feed("a")).expect("UTF-8")
}

fn rss(items: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>A</title><link>https://a.example/</link>{items}</channel></rss>"
    )
}

#[test]
fn nothing_that_a_feed_names_is_fetched_or_read() {
    let declared = "<?xml version=\"1.0\"?><?xml-stylesheet href=\"http://127.0.0.1:9/x.xsl\"?>\
        <!DOCTYPE rss SYSTEM \"http://127.0.0.1:9/x.dtd\" [<!ENTITY hosts SYSTEM \"file:///etc/passwd\">\
        <!ENTITY % remote SYSTEM \"http://127.0.0.1:9/x\"> %remote;]>";
    let item = "<item><title>One &hosts; headline</title><link>https://a.example/1</link>\
        <description><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" parse=\"text\"/>Words.</description></item>";
    let feed = played(&[declared.to_owned() + &rss(item)]);
    assert!(feed.contains("One &amp;hosts; headline") && feed.contains("Words."), "{feed}");
    assert!(!feed.contains("root:"), "{feed}");
}

#[test]
fn entities_that_multiply_stay_as_they_are_written() {
    let mut declared = "<!DOCTYPE rss [<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..30 {
        let ten = format!("&a{};", level - 1).repeat(10);
        write!(declared, "<!ENTITY a{level} \"{ten}\">").expect("a string takes it");
    }
    let feed = played(&[declared + "]>" + &rss("<item><title>Ten to the &a29; power</title></item>")]);
    assert!(feed.contains("<title>Ten to the &amp;a29; power</title>"), "{feed}");
}

#[test]
fn ids_that_tell_nothing_apart_cost_no_entry() {
    for guid in ["", "<guid isPermaLink=\"false\">same</guid>", "<guid>/relative</guid>"] {
        let items: Vec<String> = (0..4)
            .map(|n| format!("<item>{guid}<title>Story number {n} of the day</title><link>https://a.example/{n}</link></item>"))
            .collect();
        let once = played(&[rss(&items.concat())]);
        assert_eq!(once.matches("<entry>").count(), 4, "{guid}");
        let twice = played(&[rss(&items.concat()), rss(&items.concat())]);
        assert_eq!(twice, once, "{guid}: nothing is announced again");
    }
}

#[test]
fn a_date_that_moves_with_every_visit_stays() {
    let visit = |day| {
        rss(&format!(
            "<item><guid>a</guid><title>A story</title><pubDate>{day:02} Mar 2025 19:00:00 GMT</pubDate></item>"
        ))
    };
    let once = played(&[visit(7)]);
    assert!(once.contains("<published>2025-03-07T19:00:00Z</published>"), "{once}");
    assert_eq!(played(&[visit(7), visit(8), visit(9)]), once);
    // The time of each visit: the first of them was at 20:00.
    let visit = |hour| {
        let item = |id| {
            format!(
                "<item><guid>{id}</guid><title>Story {id}</title><pubDate>07 Mar 2025 {hour}:00:00 GMT</pubDate></item>"
            )
        };
        rss(&["a", "b", "c"].map(item).concat())
    };
    assert_eq!(played(&[visit(20), visit(21), visit(22)]), played(&[visit(20)]));
}

#[test]
fn episodes_of_one_title_and_address_are_one_each_day() {
    let visit = |days: std::ops::RangeInclusive<u32>| {
        let item = |day: u32| {
            format!(
                "<item><guid>{day}</guid><title>The daily show</title><link>https://a.example/show</link>\
                 <description>Listen to the daily show.</description><pubDate>{day:02} Mar 2025 19:00:00 GMT</pubDate></item>"
            )
        };
        rss(&days.rev().map(item).collect::<String>())
    };
    assert_eq!(played(&[visit(3..=4), visit(3..=5), visit(5..=6)]).matches("<entry>").count(), 4);
}

#[test]
fn full_text_is_absolute_and_runs_nothing() {
    let feed = played(&["<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"javascript:alert(1)\"><title>A</title>\
        <entry xml:base=\"https://b.example/deep/\"><id>1</id><title>One</title><link href=\"one\"/><content type=\"xhtml\" xml:base=\"../up/\">\
        <div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"x\" onclick=\"alert(1)\">x</a><script>alert(1)</script>\
        <img src=\"i.png\" srcset=\"i.png 1x, /j.png 2x\"/><a href=\"javascript:alert(1)\">y</a></div></content></entry></feed>"
        .to_owned()]);
    for expected in [
        "https://b.example/deep/one",
        "https://b.example/up/x",
        "https://b.example/up/i.png 1x, https://b.example/j.png 2x",
    ] {
        assert!(feed.contains(expected), "`{expected}` is not in:\n{feed}");
    }
    assert!(!feed.contains("alert"), "{feed}");
}
