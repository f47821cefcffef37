//! What RFC 9309 says, as a table: a file, an address, and whether it may be asked for.

use std::time::Duration;

use proptest::prelude::*;
use url::Url;

use super::{MAX_BYTES, Rules, parse, sitemaps};

#[test]
fn sitemaps_stand_anywhere() {
    let file = "User-agent: a\r\nSITEMAP : https://a.example/s.xml # all\nDisallow: /\nSitemap: /b.xml\nSitemap: \nsitemap:http://b.example/news.xml";
    let found = sitemaps(file.as_bytes());
    let found: Vec<&str> = found.iter().map(Url::as_str).collect();
    assert_eq!(found, ["https://a.example/s.xml", "http://b.example/news.xml"]);
}

const YES: bool = true;
const NO: bool = false;

fn is_allowed(rules: &Rules, path: &str) -> bool {
    rules.is_allowed(&Url::parse(&format!("https://site.example{path}")).unwrap())
}

/// The line that ends a group's head, for the cases that are about one line alone.
const ALL: &str = "User-agent: *\n";

/// A pattern in a group for everyone, a path, and whether the pattern fits it: `Disallow` forbids then.
const PATTERNS: &[(&str, &str, bool)] = &[
    // §2.2.2: from the start of the path, octet by octet, the case counting.
    ("/", "/", YES),
    ("/", "/a/b", YES),
    ("/a", "/a", YES),
    ("/a", "/ab", YES),
    ("/a", "/a/b", YES),
    ("/a", "/b/a", NO),
    ("/a/", "/a", NO),
    ("/a/", "/a/", YES),
    ("/a/", "/a/b?c", YES),
    ("/A", "/a", NO),
    ("/a", "/A", NO),
    ("/fish", "/fishheads/yummy.html", YES),
    ("/fish", "/catfish", NO),
    ("/fish", "/Fish.asp", NO),
    ("/fish/", "/fish/salmon.htm", YES),
    ("/fish/", "/fish?id=anything", NO),
    ("a", "/a", NO),
    // The query belongs to what is compared.
    ("/a?b=1", "/a?b=1", YES),
    ("/a?b=1", "/a?b=12", YES),
    ("/a?b=1", "/a", NO),
    ("/?", "/?x", YES),
    ("/?", "/", NO),
    // §2.2.3: `*`.
    ("*", "/anything", YES),
    ("/*", "/anything", YES),
    ("/fish*", "/fish", YES),
    ("/fish*", "/fishheads", YES),
    ("/*.php", "/index.php", YES),
    ("/*.php", "/folder/any.php.file.html", YES),
    ("/*.php", "/", NO),
    ("/*.php", "/windows.PHP", NO),
    ("/fish*.php", "/fish.php", YES),
    ("/fish*.php", "/fishheads/catfish.php?parameters", YES),
    ("/fish*.php", "/Fish.PHP", NO),
    ("*.gif", "/a/b.gif", YES),
    ("*.gif$", "/a/b.gif", YES),
    ("*.gif$", "/a/b.gif?x", NO),
    ("/a*b*c", "/a1b2c3", YES),
    ("/a*b*c", "/acb", NO),
    ("/a**b", "/axb", YES),
    ("/a*a", "/a", NO),
    ("/a*a", "/aa", YES),
    ("/*/private/", "/x/private/y", YES),
    ("/*/private/", "/private/y", NO),
    ("/*?", "/a?b", YES),
    ("/*?", "/a", NO),
    ("/*?sid=", "/a?x=1&sid=2", NO),
    ("/*sid=", "/a?x=1&sid=2", YES),
    // §2.2.3: `$`, at the end alone.
    ("/$", "/", YES),
    ("/$", "/a", NO),
    ("/a$", "/a", YES),
    ("/a$", "/ab", NO),
    ("/a$", "/a?b", NO),
    ("/*.php$", "/filename.php", YES),
    ("/*.php$", "/folder/filename.php", YES),
    ("/*.php$", "/filename.php?parameters", NO),
    ("/*.php$", "/filename.php/", NO),
    ("/*.php$", "/filename.php5", NO),
    ("/a*$", "/abc", YES),
    ("/*a$", "/banana", YES),
    ("/*an*a$", "/banana", YES),
    ("/ab*ab$", "/ab", NO),
    ("/a$b", "/a$b", NO),
    ("$", "/", NO),
    // §2.2.2: percent-encoding is made alike before it is compared.
    ("/foo/bar?baz=quz", "/foo/bar?baz=quz", YES),
    ("/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http://foo.bar", YES),
    ("/foo/bar/ツ", "/foo/bar/%E3%83%84", YES),
    ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", YES),
    ("/foo/bar/%e3%83%84", "/foo/bar/ツ", YES),
    ("/foo/bar/%62%61%7A", "/foo/bar/baz", YES),
    ("/foo/bar/baz", "/foo/bar/%62%61%7A", YES),
    ("/a%3cd.html", "/a%3Cd.html", YES),
    ("/%7Ejoe/index.html", "/~joe/index.html", YES),
    ("/~joe/", "/%7ejoe/index.html", YES),
    ("/a%2fb.html", "/a%2fb.html", YES),
    ("/a%2fb.html", "/a/b.html", NO),
    ("/a/b.html", "/a%2fb.html", NO),
    ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", YES),
    ("/path/foo-%24", "/path/foo-$", YES),
    ("/path/foo-%24", "/path/foo-", NO),
    ("/a b", "/a%20b", YES),
    ("/%", "/%", YES),
    ("/%zz", "/%zz", YES),
    // §2.2.2: the file itself may always be asked for.
    ("/", "/robots.txt", NO),
    ("/robots.txt", "/robots.txt", NO),
    // An empty path says nothing.
    ("", "/", NO),
    ("   ", "/a", NO),
    ("# all", "/a", NO),
    ("/a # and more", "/a", YES),
    ("/a#b", "/a", YES),
];

#[test]
fn a_pattern_fits_as_the_rfc_says() {
    for (pattern, path, is_fitting) in PATTERNS {
        let rules = parse(format!("{ALL}Disallow: {pattern}\n").as_bytes(), "gleaner");
        assert_eq!(is_allowed(&rules, path), !is_fitting, "Disallow: {pattern} and {path}");
    }
}

/// A file, a path, and whether it may be asked for by `gleaner`.
const FILES: &[(&str, &str, bool)] = &[
    // §2.2.1: which group is ours.
    ("", "/a", YES),
    ("Disallow: /\n", "/a", YES),
    ("User-agent: *\nDisallow: /\n", "/a", NO),
    ("User-agent: *\nDisallow:\n", "/a", YES),
    ("User-agent: gleaner\nDisallow: /\n", "/a", NO),
    ("User-agent: GLEANER\nDisallow: /\n", "/a", NO),
    ("user-AGENT: gleaner\nDISALLOW: /\n", "/a", NO),
    ("User-agent: gleaner/2.0\nDisallow: /\n", "/a", NO),
    ("User-agent: gleaner (any)\nDisallow: /\n", "/a", NO),
    ("User-agent: gleaners\nDisallow: /\n", "/a", YES),
    ("User-agent: glean\nDisallow: /\n", "/a", YES),
    ("User-agent: gleaner-news\nDisallow: /\n", "/a", YES),
    ("User-agent: other\nDisallow: /\n", "/a", YES),
    ("User-agent: *\nDisallow: /\nUser-agent: gleaner\nAllow: /\n", "/a", YES),
    ("User-agent: gleaner\nAllow: /\nUser-agent: *\nDisallow: /\n", "/a", YES),
    ("User-agent: gleaner\nDisallow:\nUser-agent: *\nDisallow: /\n", "/a", YES),
    ("User-agent: *\nDisallow: /a\nUser-agent: gleaner\nDisallow: /b\n", "/a", YES),
    ("User-agent: *\nDisallow: /a\nUser-agent: gleaner\nDisallow: /b\n", "/b", NO),
    ("User-agent: gleaner\nUser-agent: *\nDisallow: /\n", "/a", NO),
    // Groups for one crawler are one group.
    (
        "User-agent: gleaner\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: gleaner\nDisallow: /b\n",
        "/a",
        NO,
    ),
    (
        "User-agent: gleaner\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: gleaner\nDisallow: /b\n",
        "/b",
        NO,
    ),
    (
        "User-agent: gleaner\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: gleaner\nDisallow: /b\n",
        "/c",
        YES,
    ),
    ("User-agent: *\nDisallow: /a\nUser-agent: *\nDisallow: /b\n", "/a", NO),
    ("User-agent: *\nDisallow: /a\nUser-agent: *\nDisallow: /b\n", "/b", NO),
    // Several names, one group.
    ("User-agent: x\nUser-agent: gleaner\nDisallow: /a\n", "/a", NO),
    ("User-agent: gleaner\nUser-agent: x\nDisallow: /a\n", "/a", NO),
    ("User-agent: gleaner\n\n\nUser-agent: x\n\nDisallow: /a\n", "/a", NO),
    ("User-agent: x\nDisallow: /\nUser-agent: gleaner\nDisallow: /a\n", "/b", YES),
    // §2.2.2: the longest fits best, `Allow` among equals, the order does not count.
    ("User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b", YES),
    ("User-agent: *\nAllow: /a/b\nDisallow: /a\n", "/a/b", YES),
    ("User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/c", NO),
    ("User-agent: *\nAllow: /a\nDisallow: /a\n", "/a", YES),
    ("User-agent: *\nDisallow: /a\nAllow: /a\n", "/a", YES),
    ("User-agent: *\nAllow: /\nDisallow: /a\n", "/a", NO),
    ("User-agent: *\nAllow: /p\nDisallow: /\n", "/page", YES),
    ("User-agent: *\nAllow: /folder\nDisallow: /folder\n", "/folder/page", YES),
    ("User-agent: *\nAllow: /page\nDisallow: /*.htm\n", "/page.htm", NO),
    ("User-agent: *\nAllow: /page\nDisallow: /*.ph\n", "/page.php5", YES),
    ("User-agent: *\nAllow: /$\nDisallow: /\n", "/", YES),
    ("User-agent: *\nAllow: /$\nDisallow: /\n", "/page.htm", NO),
    ("User-agent: *\nDisallow: /\nAllow: /*.html$\n", "/x.html", YES),
    // §2.2.4: other lines end no group.
    ("User-agent: gleaner\nSitemap: https://site.example/s.xml\nDisallow: /a\n", "/a", NO),
    ("User-agent: gleaner\nCrawl-delay: 5\nUser-agent: x\nDisallow: /a\n", "/a", NO),
    ("Sitemap: https://site.example/s.xml\nUser-agent: *\nDisallow: /a\n", "/a", NO),
    ("User-agent: x\nDisallow: /\nSitemap: /s.xml\nDisallow: /a\n", "/a", YES),
    ("User-agent: *\nNoindex: /\nContent-Signal: ai-train=no\nDisallow: /a\n", "/b", YES),
    // Lines end in CR, LF or both; blanks and comments count for nothing.
    ("User-agent: *\rDisallow: /a\r", "/a", NO),
    ("User-agent: *\r\nDisallow: /a\r\n", "/a", NO),
    ("\u{feff}User-agent: *\nDisallow: /a", "/a", NO),
    ("  User-agent :  *  \n\t Disallow\t:\t/a\t\n", "/a", NO),
    ("# hello\nUser-agent: * # all\n# between\nDisallow: /a # not this\n", "/a", NO),
    ("User-agent: *\nDisallow /a\n", "/a", YES),
    ("User-agent: *\n: /a\n", "/a", YES),
    ("User-agent *\nDisallow: /a\n", "/a", YES),
    ("User-agent:\nDisallow: /a\n", "/a", YES),
    ("<!doctype html><p>User-agent: *\nDisallow: /a", "/a", YES),
    ("User-agent: *\0\nDisallow: /a\0b\n", "/a", YES),
];

#[test]
fn a_file_is_read_as_the_rfc_says() {
    assert!(PATTERNS.len() + FILES.len() >= 100, "{}", PATTERNS.len() + FILES.len());
    for (file, path, allowed) in FILES {
        assert_eq!(is_allowed(&parse(file.as_bytes(), "gleaner"), path), *allowed, "{file:?} and {path}");
    }
}

#[test]
fn what_forbids_an_address_is_named() {
    let rules = parse(b"User-agent: *\nDisallow: /a*z$\n", "gleaner");
    let url = |path| Url::parse("https://site.example").unwrap().join(path).unwrap();
    assert_eq!(rules.forbidding(&url("/abcz")).as_deref(), Some("Disallow: /a*z$"));
    assert_eq!(rules.forbidding(&url("/abc")), None);
}

#[test]
fn a_wish_for_more_time_is_heard_up_to_a_minute() {
    let delay = |file: &str| parse(file.as_bytes(), "gleaner").delay;
    assert_eq!(delay("User-agent: *\nCrawl-delay: 2.5\n"), Some(Duration::from_millis(2500)));
    assert_eq!(delay("User-agent: *\nCrawl-delay: 3600\n"), Some(Duration::from_secs(60)));
    assert_eq!(
        delay("User-agent: gleaner\nCrawl-delay: 7\nUser-agent: *\nCrawl-delay: 9\n"),
        Some(Duration::from_secs(7))
    );
    for none in ["-1", "soon", "", "NaN", "inf", "1e99"] {
        assert_eq!(delay(&format!("User-agent: *\nCrawl-delay: {none}\n")), None, "{none}");
    }
}

#[test]
fn a_file_is_read_to_its_limit_and_no_further() {
    let mut file = b"User-agent: *\nDisallow: /early\n".to_vec();
    file.resize(MAX_BYTES, b'#');
    file.extend_from_slice(b"\nDisallow: /late\n");
    let rules = parse(&file, "gleaner");
    assert!(!is_allowed(&rules, "/early") && is_allowed(&rules, "/late"));
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(file in prop::collection::vec(any::<u8>(), 0..400), path in "/[ -~]{0,40}") {
        is_allowed(&parse(&file, "gleaner"), &path);
    }

    #[test]
    fn a_pattern_without_stars_fits_what_begins_with_it(pattern in "/[a-z/]{0,6}", path in "/[a-z/]{0,8}") {
        let rules = parse(format!("{ALL}Disallow: {pattern}\n").as_bytes(), "gleaner");
        prop_assert_eq!(is_allowed(&rules, &path), !path.starts_with(&pattern));
    }

    #[test]
    fn stars_fit_as_a_regex_does(pattern in "/[ab*]{0,8}[$]?", path in "/[ab]{0,10}") {
        let regex = pattern.strip_suffix('$').map_or(pattern.clone(), |p| format!("{p}END"));
        let regex = format!("^{}", regex.replace('*', ".*").replace("END", "$"));
        let expected = regex::Regex::new(&regex).unwrap().is_match(&path);
        let rules = parse(format!("{ALL}Disallow: {pattern}\n").as_bytes(), "gleaner");
        prop_assert_eq!(is_allowed(&rules, &path), !expected, "{} {}", regex, path);
    }

    #[test]
    fn a_line_more_that_allows_forbids_nothing(allow in "/[ab*]{1,6}", deny in "/[ab*]{1,6}", path in "/[ab]{0,8}") {
        let before = parse(format!("{ALL}Disallow: {deny}\n").as_bytes(), "gleaner");
        let after = parse(format!("{ALL}Disallow: {deny}\nAllow: {allow}\n").as_bytes(), "gleaner");
        prop_assert!(!is_allowed(&before, &path) || is_allowed(&after, &path));
    }
}
