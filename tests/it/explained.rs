//! What `explain` names where rules find nothing, or not what is meant.
#![allow(clippy::disallowed_methods)]

use crate::{program::Place, site};

const STORIES: &[&str] = site::STORIES.split_at(6).0;

fn page() -> String {
    let row = |(n, story): (usize, &&str)| {
        format!(
            "<li class=news-item><h2 class=news-title><a href=/story/{n}>{story}</a></h2><p class=by>By Anna Lind</p><p class=when>{} March 2025</p></li>",
            28 - n
        )
    };
    let rows: String = STORIES.iter().enumerate().map(row).collect();
    let menu = "<nav><ul><li><a href=/>Home</a></li><li><a href=/a>About</a></li><li><a href=/c>Contact</a></li></ul></nav>";
    format!("<!doctype html><title>News</title>{menu}<main><ul class=news-list>{rows}</ul></main>")
}

/// What is nearest, by a config in which some lines are others.
fn nearest(page: &str, lines: &[(&str, &str)]) -> Vec<String> {
    let place = Place::new();
    let mut keys =
        vec![("entry", "\".news-item\""), ("headline", "\".news-title a\""), ("date", "\".when\"")];
    for line in lines {
        keys.retain(|(key, _)| key != &line.0);
        keys.push(*line);
    }
    let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    let url = "url = \"https://harbour.example/news/\"\n";
    let config = place.write("gleaner.toml", format!("[source.news]\n{url}{}", keys.concat()));
    place.write("case/page.html", page);
    place.write("case/case.toml", format!("{url}fetched_at = \"2025-04-01T00:00:00Z\"\n"));
    let (config, case) = (config.display().to_string(), place.path().join("case").display().to_string());
    let told = place.gleaner(&["explain", "news", "--case", &case, "--config", &config]);
    let before_rows = told.out.split("\nrow 1\n").next().unwrap_or_default();
    before_rows.lines().filter_map(|line| line.strip_prefix("  nearest: ")).map(str::to_owned).collect()
}

#[test]
fn nothing_is_said_of_rules_that_find_what_is_meant() {
    assert_eq!(nearest(&page(), &[]), [""; 0]);
}

#[test]
fn each_field_that_no_row_has_is_told_what_would_match() {
    let listed = "a listing of 6 entries, the first \"Harbour opens its second pier\", is at `.news-item`";
    assert_eq!(
        nearest(&page(), &[("headline", "\".news-titel a\""), ("link", "false")]),
        ["`headline`: `.news-titel` matches nothing; the page has `.news-title` (6)", listed]
    );
    assert_eq!(
        nearest(&page(), &[("image", "\".by\""), ("link", "\".by@href\"")]),
        [
            "`link`: `.by` matches in 6 of 6 rows, but what it matches has no `href`",
            "`image`: `.by` matches in 6 of 6 rows, but what it matches is no image and holds none",
            "without `link` the headline's own link is taken",
        ]
    );
    assert_eq!(
        nearest(&page(), &[("date", "\".by\"")]),
        [
            "`date`: no date can be read from what `.by` gives, \"By Anna Lind\" first",
            "`date = \".when\"` would find one"
        ]
    );
    let lines = nearest(&page(), &[("headline", "\".title\""), ("date", "\".date\"")]);
    assert!(lines.contains(&"`date = \".when\"` would find one".to_owned()), "{lines:?}");
}

#[test]
fn an_entry_that_is_too_much_or_too_little_is_told_from_the_listing() {
    let all = nearest(&page(), &[("entry", "\".news-list\"")]);
    assert_eq!(
        all,
        ["`entry`: `.news-list` gives 1 of the 6 entries of a listing; one each is at `.news-item`"]
    );
    let more = nearest(&page(), &[("entry", "\"li\""), ("headline", "\"a\"")]);
    assert_eq!(
        more,
        [
            "`entry`: 6 of the 9 rows of `li` are a listing, which `.news-item` alone gives; the others are not, \"Home\" first"
        ]
    );
}

#[test]
fn a_page_without_a_listing_is_said_to_have_none() {
    let lines = nearest("<!doctype html><title>News</title><div id=app></div>", &[]);
    assert_eq!(lines.last().map(String::as_str), Some("nothing on the page is like a listing"));
}

#[test]
fn a_headline_that_is_merely_a_date_and_a_link_that_all_share_are_told() {
    assert_eq!(
        nearest(&page(), &[("headline", "\".when\""), ("link", "\".news-title a\"")]),
        ["`headline`: what `.when` gives is merely a date in 6 of 6 entries, \"28 March 2025\" first"]
    );
    let shared = (0..6).fold(page(), |page, n| page.replace(&format!("/story/{n}"), "/all"));
    assert_eq!(
        nearest(&shared, &[]),
        [
            "`link`: the headline's own link is one address for all 6 entries, https://harbour.example/all: they are told apart \
          by headline, date and teaser"
        ]
    );
}

#[test]
fn a_source_is_named_by_the_address_of_its_page_and_read_from_a_file() {
    let place = Place::new();
    let one = |id: &str, page: &str| {
        format!(
            "[source.{id}]\nurl = \"https://harbour.example/{page}\"\nentry = \".news-item\"\nheadline = \".news-title a\"\n"
        )
    };
    let config = place.write("gleaner.toml", one("news", "news/") + &one("a", "twice") + &one("b", "twice"));
    let (config, file) =
        (config.display().to_string(), place.write("saved.html", page()).display().to_string());
    let explain = |url: &str| place.gleaner(&["explain", url, "--page", &file, "--config", &config]);
    let told = explain("http://www.harbour.example/news");
    assert!(told.exit == 0 && told.out.starts_with("news: https://harbour.example/news/ of "), "{told:?}");
    assert!(told.out.contains("6 rows"), "{told:?}");
    let none = explain("https://harbour.example/press/");
    assert!(
        none.exit == 2 && none.err.contains("`gleaner add https://harbour.example/press/` proposes one"),
        "{none:?}"
    );
    assert!(explain("https://harbour.example/twice").err.contains("name one of them: `a`, `b`"));
}
