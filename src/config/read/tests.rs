use std::{
    collections::BTreeSet,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::*;
use crate::config::{DateFrom, DayMonthOrder, Keep, Kind, LinkRule, Problem};
use crate::{feed::Format, id::SourceId};

/// A config with most of what can be said in one.
const EXAMPLE: &str = r#"
[defaults]
every = "1h"                      # or a cron expression: at = "7 6-22 * * mon-fri"
timezone = "Africa/Tripoli"

[source.libya-international-actors]
url      = "https://libyasecuritymonitor.com/international-actors/"
entry    = "article.et_pb_post"
headline = "h2.entry-title a"     # its text
link     = "h2.entry-title a@href"
teaser   = ".post-content-inner p"
date     = { from = "teaser" }    # "On 6 March, ...": no year on the page

[feed.libya]                      # a joined feed
title   = "Libya: all sources"
sources = ["libya-*"]
"#;

pub fn file(path: &str, text: &str) -> ConfigText {
    ConfigText { path: path.into(), text: text.to_owned() }
}

pub fn nothing(_: &str) -> Option<String> {
    None
}

/// What is told of a config, as a person reads it; nothing where it has no problem.
pub fn problems(text: &str) -> String {
    read_one(text).map_or_else(|problems| problems.to_string(), |_| String::new())
}

fn read_one(text: &str) -> Result<Config, Problems> {
    read(&[file("gleaner.toml", text)], &nothing)
}

/// A source with these lines in it.
fn with(lines: &str) -> Result<Config, Problems> {
    read_one(&format!(
        "[source.a]\nurl = \"https://a.example/\"\nentry = \"article\"\nheadline = \"h2\"\n{lines}\n"
    ))
}

fn only(config: Result<Config, Problems>) -> Source {
    config.map_err(|problems| problems.to_string()).unwrap().sources.remove(0)
}

/// The problems as `line:column: message (expected; hint)`.
fn told(config: Result<Config, Problems>) -> Vec<String> {
    let tell = |problem: &Problem| {
        let expected = problem.expected.as_ref().map(|text| format!("; expected {text}")).unwrap_or_default();
        let hint = problem.hint.as_ref().map(|text| format!("; hint: {text}")).unwrap_or_default();
        format!("{}:{}: {}{expected}{hint}", problem.line, problem.column, problem.message)
    };
    config.unwrap_err().list().iter().map(tell).collect()
}

#[track_caller]
fn tells(config: Result<Config, Problems>, words: &[&str]) {
    let told = told(config);
    assert_eq!(told.len(), 1, "{told:#?}");
    for word in words {
        assert!(told[0].contains(word), "`{word}` is not in {}", told[0]);
    }
}

#[test]
fn the_example_of_the_design_reads() {
    let config = read_one(EXAMPLE).unwrap();
    let source = &config.sources[0];
    assert_eq!(source.id.as_str(), "libya-international-actors");
    assert_eq!(source.url.as_str(), "https://libyasecuritymonitor.com/international-actors/");
    assert_eq!(source.every, Duration::from_secs(3600));
    assert_eq!(source.timezone.iana_name(), Some("Africa/Tripoli"));
    assert_eq!(source.rules.as_ref().unwrap().entry.text, "article.et_pb_post");
    let LinkRule::Field(link) = &source.rules.as_ref().unwrap().link else {
        panic!("{:?}", source.rules.as_ref().unwrap().link)
    };
    assert_eq!(link.candidates[0].text, "h2.entry-title a@href");
    assert_eq!(link.candidates[0].attr.as_deref(), Some("href"));
    let date = source.rules.as_ref().unwrap().date.as_ref().unwrap();
    assert_eq!(date.from, [DateFrom::Teaser]);
    assert!(date.field.is_none());
    assert_eq!(config.feeds[0].sources, std::slice::from_ref(&source.id));
    assert_eq!(config.feeds[0].title, "Libya: all sources");
}

#[test]
fn a_minimal_source_gets_the_defaults() {
    let config = with("").unwrap();
    let source = &config.sources[0];
    assert!(source.enabled);
    assert!(matches!(source.rules.as_ref().unwrap().link, LinkRule::OfHeadline));
    assert_eq!((source.keep.entries, source.keep.age), (200, None));
    assert_eq!((source.alert_after, source.request.max_redirects), (2, 5));
    assert_eq!(source.request.max_bytes, 20_971_520);
    assert_eq!(
        (source.request.timeout, source.request.spacing),
        (Duration::from_secs(60), Duration::from_secs(2))
    );
    assert_eq!(source.request.inside, crate::fetch::guard::Inside::Refused);
}

#[test]
fn the_defaults_of_the_table_are_the_defaults_of_the_reader() {
    let mut written = "[defaults]\n".to_owned();
    for key in keys::DEFAULTS.keys().filter(|key| !key.default.is_empty()) {
        written += &[key.name, " = ", key.default, "\n"].concat();
    }
    written += "[source.a]\nurl = \"https://a.example/\"\nentry = \"article\"\nheadline = \"h2\"\n";
    assert_eq!(format!("{:?}", only(read_one(&written))), format!("{:?}", only(with(""))));
}

/// One of every key there is. `TableReader::finish` panics (in tests) when a section has a key nobody asks for, and
/// `take` when somebody asks for a key no section has.
pub const EVERY_KEY: &str = r##"
[defaults]
every = "15m"
timezone = "Europe/Rome"
language = "it"
user_agent = "x/1"
contact = "mailto:a@b.example"
timeout = "30s"
max_bytes = 1_000_000
max_redirects = 0
spacing = "0s"
allow_private = true
cookies = { sid = "${TOKEN}" }
basic = "ana:${TOKEN}"
bearer = "${TOKEN}"
proxy = "http://proxy.example:3128"
extra_ca = "ca.pem"
robots = false
at = "@daily"
headers = { Accept-Language = "it", X-Token = "t ${TOKEN}" }
alert_after = 3
heal = "auto"
keep_entries = 50
keep_age = "30d"
formats = ["rss", "html"]
publish = false
listen = "[::1]:80"
state = "state"
output = "out"
base_url = "https://feeds.example/x"

[source.a]
url = "http://a.example:8080/x?y=z"
kind = "page"
title = "A"
tags = ["news", "Sea"]
enabled = false
every = "2d"
timezone = "UTC"
language = "ar-LY"
user_agent = "y/1"
contact = "c"
timeout = "1m"
max_bytes = 0x10000
max_redirects = 1
spacing = "1s"
allow_private = ["10.0.0.0/8", "fd00::1"]
cookies = { sid = "x" }
basic = "ana:x"
bearer = "x"
proxy = false
extra_ca = "other.pem"
robots = true
at = "7 6-22 * * mon-fri"
alert_after = 1
heal = "ask"
keep_entries = 10
keep_age = "1w"
formats = "json"
publish = true
listing = "#list"
entry = "li, article"
to_next = true
headline = { selector = ["h2 a", "h3"], regex = "^(.+) -", cut = ["read more", '\[…\]'], join = true, required = true }
link = false
id = "*@data-id"
teaser = ["p.lead", { selector = "p", attr = "title" }, "*"]
image = { selector = "img", attr = "SRC", required = false, join = false, cut = "x", regex = "x" }
author = { selector = ".by", join = ", " }
category = ".tag"
[source.a.headers]
accept = "text/html"
[source.a.date]
selector = "time@datetime"
from = ["headline", "link"]
above = "h2"
format = "%d.%m.%Y"
order = "month-first"
language = "ar"
regex = "x"
join = true
cut = "y"
required = true

[feed.all]
title = "All"
was = "every"
sources = "*"
tags = "sea"
include = ["port", { field = "link", words = ["c++"], regex = "^sea", older_than = "30d" }]
exclude = "spam"
keep_entries = 7
keep_age = "2d"
formats = ["atom", "html"]
"##;

#[test]
fn every_key_is_read() {
    let environment = |name: &str| (name == "TOKEN").then(|| "sesame".to_owned());
    let config = read(&[file("gleaner.toml", EVERY_KEY)], &environment)
        .map_err(|problems| problems.to_string())
        .unwrap();
    let source = &config.sources[0];
    assert_eq!(config.listen, "[::1]:80".parse().ok());
    assert_eq!(source.formats, [Format::Json]);
    assert_eq!(config.feeds[0].formats, [Format::Atom, Format::Html]);
    assert_eq!(config.base_url.as_ref().unwrap().as_str(), "https://feeds.example/x/");
    assert_eq!(config.state.as_deref(), Some(Path::new("state")));
    assert_eq!(config.output.as_deref(), Some(Path::new("out")));
    assert_eq!(source.request.max_bytes, 0x10000);
    assert_eq!(source.every, Duration::from_secs(172_800));
    assert_eq!(source.language.as_deref(), Some("ar-LY"));
    assert!(matches!(source.rules.as_ref().unwrap().link, LinkRule::None));
    let source_headers = source.request.headers.iter();
    assert_eq!(source_headers.clone().find(|(name, _)| name == "authorization").unwrap().1, "Bearer x");
    assert_eq!(source_headers.clone().find(|(name, _)| name == "cookie").unwrap().1, "sid=x");
    assert_eq!((source.request.proxy.as_ref(), source.request.robots), (None, true));
    let own = source_headers.filter(|(name, _)| !matches!(name.as_str(), "authorization" | "cookie"));
    let headers: Vec<_> = own.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(headers, [("accept-language", "it"), ("x-token", "t sesame"), ("accept", "text/html")]);
    assert_eq!(source.rules.as_ref().unwrap().headline.join.as_deref(), Some(" "));
    assert_eq!(source.rules.as_ref().unwrap().headline.candidates.len(), 2);
    assert!(source.rules.as_ref().unwrap().headline.required);
    assert_eq!(source.rules.as_ref().unwrap().headline.cut[1].replace("Headline  […] ", ""), "Headline");
    assert_eq!(
        source.rules.as_ref().unwrap().headline.cut[0].replace("Read more: now. Read More", ""),
        "Read more: now."
    );
    let teaser = &source.rules.as_ref().unwrap().teaser.as_ref().unwrap().candidates;
    assert_eq!(teaser.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(), ["p.lead", "p@title", "*"]);
    assert!(teaser[2].selector.is_none());
    assert_eq!(
        source.rules.as_ref().unwrap().image.as_ref().unwrap().candidates[0].attr.as_deref(),
        Some("src")
    );
    assert_eq!(source.rules.as_ref().unwrap().author.as_ref().unwrap().join.as_deref(), Some(", "));
    let date = source.rules.as_ref().unwrap().date.as_ref().unwrap();
    assert_eq!(date.order, Some(DayMonthOrder::MonthFirst));
    assert_eq!(date.from, [DateFrom::Headline, DateFrom::Link]);
    assert_eq!(date.language.as_deref(), Some("ar"));
    assert_eq!(date.field.as_ref().unwrap().candidates[0].text, "time@datetime");
    assert_eq!(config.feeds[0].keep, Keep { entries: 7, age: Some(Duration::from_secs(172_800)) });
}

#[test]
fn what_is_no_toml_is_told_with_the_rest() {
    let told =
        told(read_one("[source.a]\nurl = https://a.example\nentry = \"a:hover\"\n[source.b\nx = = 1\n"));
    assert!(told.iter().any(|line| line.starts_with("2:") && line.contains("not TOML")), "{told:#?}");
    assert!(told.iter().any(|line| line.starts_with("3:11") && line.contains(":hover")), "{told:#?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("5:")).count(), 1, "{told:#?}");
    assert!(!told.iter().any(|line| line.contains("has no `headline`")), "{told:#?}");
}

#[test]
fn a_table_or_key_that_stands_twice_is_told_once_with_its_first_place() {
    let table = "[source.a] # a\nurl = \"https://a.example/\"\nentry = \"li\"\nheadline = \"a\"\n";
    let tables = told(read_one(&format!("{table}{table}")));
    let hint = "hint: the first is at gleaner.toml:1; keep one of them";
    assert_eq!(tables, [format!("5:9: `[source.a]` stands here a second time; {hint}")]);
    let keys = told(read_one(&format!("{table}teaser = \"p\"\nentry = \"p\"\n")));
    let hint = "hint: the first is at gleaner.toml:3; keep one of them";
    assert_eq!(keys, [format!("6:1: `entry` stands here a second time; {hint}")]);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let text = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    assert_eq!(only(read_one(&text)).digest(), only(read_one(EXAMPLE)).digest());
    tells(
        read_one(
            "\u{feff}evry = 1\r\n[source.a]\r\nurl = \"http://a\"\r\nentry = \"a\"\r\nheadline = \"a\"\r\n",
        ),
        &["1:1: unknown key `evry`"],
    );
}

#[test]
fn a_config_without_a_source_is_a_problem() {
    tells(read_one(""), &["1:1: the config has no source", "[source.ID]", "gleaner add"]);
    tells(read_one("[defaults]\n"), &["2:1: the config has no source"]);
}

#[test]
fn unknown_keys_get_the_nearest_or_the_list() {
    tells(with("tesaer = \"p\""), &["5:1: unknown key `tesaer` in [source.a]", "did you mean `teaser`?"]);
    tells(with("heading = \"p\""), &["did you mean `headline`?"]);
    tells(with("tag = \"sea\""), &["did you mean `tags`?"]);
    tells(with("frobnicate = \"p\""), &["expected one of `url`, `kind`"]);
    tells(
        with("teaser = { selector = \"p\", atr = \"x\" }"),
        &["5:28: unknown key `atr` in `teaser`", "`attr`"],
    );
    tells(
        with("teaser = [{ selector = \"p\", regex = \"x\" }]"),
        &["unknown key `regex`", "expected one of `selector`, `attr`"],
    );
    tells(with("[sourc.b]"), &["unknown key `sourc` in the config", "`source`"]);
}

#[test]
fn wrong_types_tell_what_they_are() {
    tells(with("title = 5"), &["5:9: `title` is a whole number; expected a text"]);
    tells(with("enabled = \"yes\""), &["`enabled` is a text; expected `true` or `false`"]);
    tells(
        with("max_redirects = 1.5"),
        &["`max_redirects` is a number with a fraction; expected a whole number from 0 to 20"],
    );
    tells(with("teaser = true"), &["`teaser` is `true`", "`\"selector@attribute\"`"]);
    tells(with("teaser = [5]"), &["5:11: `teaser` is a whole number"]);
    tells(with("date = 2025-01-01"), &["`date` is a date without quotes"]);
    tells(with("link = true"), &["`link` is `true`", "leave `link` out"]);
    tells(with("headers = []"), &["`headers` is an array"]);
    tells(read_one("source = 5"), &["`source` is a whole number"]);
}

#[test]
fn a_forgotten_id_is_told() {
    let told = told(read_one("[source]\nurl = \"https://a.example\"\n"));
    assert!(
        told[0].contains("[source.url] is not a table") && told[0].contains("[source.some-name]"),
        "{told:#?}"
    );
}

#[test]
fn limits_are_told() {
    for (line, words) in [
        ("every = \"59s\"", "less than `1m`"),
        ("every = \"0s\"", "less than `1m`"),
        ("every = \"367d\"", "more than `366d`"),
        ("every = \"-1h\"", "is not a duration"),
        ("every = \"soon\"", "is not a duration"),
        ("every = \"1.5h\"", "`1.5` is a fraction"),
        ("every = \"0,5 h\"", "`0,5` is a fraction"),
        ("every = \"*/15 * * * *\"", "write `at = \"*/15 * * * *\"`"),
        ("every = \"hourly\"", "write `at = \"@hourly\"`"),
        ("every = 60", "write the unit too"),
        ("timeout = \"2h\"", "more than `1h`"),
        ("keep_entries = 0", "a whole number from 1 to 10000"),
        ("keep_entries = -1", "a whole number from 1 to 10000"),
        ("max_bytes = 99999999999999999999999", "`max_bytes` is"),
        ("alert_after = 0", "from 1 to 1000"),
        ("title = \" \"", "`title` is empty"),
        ("teaser = []", "`teaser` is an empty array"),
    ] {
        tells(with(line), &[words]);
    }
}

#[test]
fn addresses_are_http_with_a_host_and_no_password() {
    let url =
        |url: &str| read_one(&format!("[source.a]\nurl = \"{url}\"\nentry = \"a\"\nheadline = \"a\"\n"));
    tells(url("file:///etc/passwd"), &["the scheme `file`", "a page on a disk is read with `--page`"]);
    tells(url("a.example/x"), &["not an absolute address", "`https://a.example/x`"]);
    tells(url("a.example:80/x"), &["the scheme `a.example`", "`https://a.example:80/x`"]);
    tells(url("//a.example/x"), &["`https://a.example/x`"]);
    tells(url("https://"), &["is not an address: empty host"]);
    tells(url("https://u@a.example/"), &["holds a name or password", "basic = "]);
    tells(url("https://a.example/${X}"), &["holds `${`"]);
    tells(url("https://a.example:99999/"), &["invalid port"]);
    tells(url("https:/a.example/"), &["has not two slashes before its host", "`https://a.example/`"]);
    tells(url("https:///a.example/x"), &["has not two slashes before its host", "`https://a.example/x`"]);
    tells(url("https:a.example"), &["has not two slashes before its host", "`https://a.example/`"]);
    for address in ["https://a.example/?page={page}", "https://a.example/{page}/"] {
        tells(url(address), &["holds `{page}`", "`next` says where the listing goes on"]);
    }
    assert!(with("icon = \"https://a.example/{page}.png\"").is_ok(), "an icon is no listing");
    let relative = told(url("/news/"));
    assert!(
        relative[0].contains("not an absolute address") && !relative[0].contains("hint"),
        "{relative:#?}"
    );
}

#[test]
fn a_switch_as_other_languages_write_it_is_told() {
    for word in ["yes", "no", "on", "off", "True", "FALSE"] {
        tells(with(&format!("archive = {word}")), &["not TOML", "`true` or `false`"]);
    }
    for line in ["archive = yes # why", "archive = yes\r", "date = { selector = \"b\", required = yes }"] {
        let told = told(with(line));
        assert!(told[0].contains("`true` or `false`"), "{told:#?}");
    }
    for text in ["On the road", "off-shore"] {
        let told = told(with(&format!("title = {text}")));
        assert!(told[0].contains("not TOML") && !told[0].contains("`true`"), "{told:#?}");
    }
}

#[test]
fn zones_languages_and_formats_are_checked() {
    tells(with("timezone = \"tripoli\""), &["did you mean `Africa/Tripoli`?"]);
    tells(with("timezone = \"+02:00\""), &["`Etc/GMT-2` is always there"]);
    tells(with("timezone = \"-5\""), &["`Etc/GMT+5` is always there"]);
    tells(with("timezone = \"+99\""), &["no time zone is named `+99`"]);
    tells(with("timezone = \"Europe/Berlim\""), &["did you mean `Europe/Berlin`?"]);
    tells(with("timezone = \"local\""), &["no time zone is named `local`"]);
    tells(with("language = \"en_GB\""), &["did you mean `en-GB`?"]);
    tells(with("language = \"english\""), &["`english` is not a language tag"]);
    tells(with("date = { selector = \"p\", format = \"%d.%m.%J\" }"), &["is not a `strptime` format"]);
    tells(with("date = { selector = \"p\", format = \"%H:%M\" }"), &["holds neither year nor month"]);
    tells(with("date = { selector = \"p\", order = \"dayfirst\" }"), &["did you mean `day-first`?"]);
    tells(with("date = { from = \"headlin\" }"), &["did you mean `headline`?"]);
    tells(with("date = { from = [\"link\", \"link\"] }"), &["names the same field twice"]);
    tells(with("date = { language = \"en\" }"), &["neither `selector` nor `from` nor `above`"]);
    assert!(with("date = { selector = \"p\", format = \"%A, %d %B %Y %H:%M\" }").is_ok());
    assert!(with("date = { selector = \"p\", format = \"%d %b\" }").is_ok());
}

#[test]
fn patterns_are_compiled() {
    tells(
        with("teaser = { selector = \"p\", regex = \"(\" }"),
        &["`regex` is not a regular expression: unclosed group"],
    );
    tells(with("teaser = { selector = \"p\", regex = \"(?=x)\" }"), &["look-around is not supported"]);
    tells(with("teaser = { selector = \"p\", cut = \")(\" }"), &["`cut` is not a regular expression"]);
    tells(with("teaser = { selector = \"p\", cut = [\"\"] }"), &["`cut` is empty"]);
    tells(with("teaser = { selector = \"p\", regex = '(\\w{1000}){1000}' }"), &["too large"]);
}

#[test]
fn a_selector_problem_stands_at_its_place_inside_the_text() {
    tells(with("teaser = \"div p:contains('x')\""), &["5:16: `teaser`: `:contains`"]);
    tells(with("teaser = 'é p:hover'"), &["5:14: "]);
    tells(with("teaser = \"  p:hover\""), &["5:14: "]);
    // With escapes the text is not what stands in the file: its start then.
    tells(with("teaser = \"\\u0070 a:hover\""), &["5:10: "]);
    tells(with("teaser = \"\"\"p:hover\"\"\""), &["5:10: "]);
    tells(with("teaser = [\"p\", \"p >\"]"), &["5:19: `teaser`: nothing follows `>`"]);
    tells(
        with("teaser = { selector = \"p@title\", attr = \"title\" }"),
        &["5:25: `@title` and `attr = \"title\"` both"],
    );
    tells(with("teaser = \"@title\""), &["5:11: ", "`*@title`"]);
    tells(with("teaser = \"\""), &["the selector is empty"]);
    tells(with("listing = \"ul@id\""), &["`@id` asks for an attribute"]);
}

#[test]
fn ids_are_slugs_taken_once() {
    let source =
        |id: &str| format!("[source.{id}]\nurl = \"https://a.example/\"\nentry = \"a\"\nheadline = \"a\"\n");
    tells(read_one(&source("\"../x\"")), &["1:9: `../x` is not an id"]);
    tells(read_one(&source("con")), &["a device"]);
    tells(read_one(&source("Libya")), &["`Libya` is not an id", "write `libya`"]);
    tells(read_one(&source("\"\"")), &["may not be empty"]);
    tells(read_one(&source("health")), &["`health` is kept"]);
    tells(
        read_one(&(source("a") + "[feed.a]\ntitle = \"A\"\nsources = \"a\"\n")),
        &["5:7: the id `a` is taken", "`gleaner.toml:1`"],
    );
    let body = "url = \"https://a.example/\"\nentry = \"a\"\nheadline = \"a\"\n";
    tells(
        read(&[file("gleaner.toml", &source("a")), file("sources/a.toml", body)], &nothing),
        &["1:1: the id `a` is taken", "`gleaner.toml:1`"],
    );
    tells(
        read(&[file("gleaner.toml", ""), file("sources/A b.toml", body)], &nothing),
        &["`A b` is not an id", "write `a-b`"],
    );
    assert!(read_one(&(source("a") + &source("a"))).is_err());
}

#[test]
fn a_source_file_is_one_source() {
    let body = "url = \"https://a.example/\"\nentry = \"a\"\nheadline = \"a\"\n";
    let main =
        file("gleaner.toml", "[defaults]\nevery = \"2h\"\n[feed.f]\ntitle = \"F\"\nsources = [\"*-x\"]\n");
    let config =
        read(&[main, file("sources/b-x.toml", body), file("sources/a-x.toml", body)], &nothing).unwrap();
    let ids: Vec<_> = config.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!(ids, ["a-x", "b-x"]);
    assert_eq!(config.sources[0].every, Duration::from_secs(7200));
    assert_eq!(config.feeds[0].sources.len(), 2);
    assert_eq!(config.files.len(), 3);
    tells(
        read(&[file("gleaner.toml", ""), file("sources/a.toml", &format!("[source.a]\n{body}"))], &nothing),
        &["1:2: `source` belongs into the main file", "its id is the file's name"],
    );
}

#[test]
fn a_glob_that_names_nothing_is_a_problem() {
    tells(
        with("[feed.f]\ntitle = \"F\"\nsources = [\"b\"]"),
        &["7:12: no source is named `b`", "did you mean `a`?"],
    );
    tells(with("[feed.f]\ntitle = \"F\"\nsources = [\"x-*\"]"), &["the sources are `a`"]);
    tells(with("[feed.f]\ntitle = \"F\"\nsources = [\"[a\"]"), &["is not a glob"]);
    tells(with("[feed.f]\ntitle = \"F\"\nsources = []"), &["`sources` is an empty array"]);
    tells(with("[feed.f]\nsources = \"a\""), &["5:1: [feed.f] has no `title`", "add `title = …`"]);
}

#[test]
fn missing_keys_are_told_at_the_table() {
    let told = told(read_one("\n[source.a]\nkind = \"page\"\n"));
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told.iter().all(|line| line.starts_with("2:1: [source.a] has no ")), "{told:#?}");
    tells(with("teaser = { attr = \"x\" }"), &["5:10: `teaser` has no `selector`"]);
}

#[test]
fn a_feed_needs_an_address_alone() {
    let source = |lines: &str| only(read_one(&format!("[source.a]\nurl = \"https://a.example/\"\n{lines}")));
    assert_eq!((source("").kind, source("").rules.is_none()), (Kind::Found, true));
    assert_eq!(source("kind = \"feed\"").kind, Kind::Feed);
    assert_ne!(source("").digest(), source("kind = \"feed\"").digest());
    assert_eq!(only(with("")).kind, Kind::Found);
    tells(
        read_one("[source.a]\nurl = \"https://a.example/\"\nkind = \"feed\"\nentry = \"li\""),
        &["4:9: `entry` is of no use to a feed"],
    );
    tells(read_one("[source.a]\nurl = \"https://a.example/\"\nheadline = \"h2\""), &["has no `entry`"]);
    tells(
        read_one("[source.a]\nurl = \"https://a.example/\"\nkind = \"feed\"\njson = \"#a\""),
        &["4:8: `json` is of no use to a feed"],
    );
    tells(
        read_one("[source.a]\nurl = \"https://a.example/\"\nkind = \"rss\""),
        &["`kind` is `rss`", "`\"page\"`, `\"feed\"`"],
    );
}

#[test]
fn what_is_near_is_told() {
    tells(with("basic = \"ana\""), &["5:9: `basic` has no `:`", "${USER}:${PASSWORD}"]);
    tells(with("cookies = \"a=b\""), &["`cookies` is a text", "{ session = "]);
    tells(with("at = \"hourly\""), &["it has 1 field, not five", "write `@hourly`"]);
    tells(with("author = \"tr td[2]\""), &["`td[2]` is not a CSS selector", "`td:nth-of-type(2)`"]);
}

#[test]
fn an_address_of_further_pages_has_the_number_by_its_name() {
    tells(with("next = \"?page={n}\""), &["5:8: `{n}` stands for nothing", "write `{page}`"]);
}

#[test]
fn a_broken_public_address_is_told_once() {
    let text = "[defaults]\nbase_url = \"a.example\"\nhubs = \"https://h.example/\"\n[source.a]\nurl = \"https://a.example/\"\n";
    assert_eq!(told(read_one(text)).len(), 1);
}

#[test]
fn a_feed_finds_its_sources_by_tags_and_its_entries_by_patterns() {
    let joined = |lines: &str| {
        read_one(&format!(
            "[source.a]\nurl = \"https://a.example/\"\ntags = \"Sea\"\n[source.b]\nurl = \"https://b.example/\"\n[feed.f]\ntitle = \"F\"\n{lines}"
        ))
    };
    let rule =
        joined("tags = \"sea\"\nexclude = \"SPAM\"").map_err(|p| p.to_string()).unwrap().feeds.remove(0);
    assert_eq!(rule.sources.iter().map(SourceId::as_str).collect::<Vec<_>>(), ["a"]);
    assert!(rule.filter.exclude[0].patterns[0].is_match("no spam"));
    tells(joined("tags = \"see\""), &["no source has the tag `see`", "did you mean `Sea`?"]);
    tells(joined(""), &["[feed.f] has no `sources`"]);
    tells(joined("sources = \"*\"\ninclude = \"(\""), &["`include` is not a regular expression"]);
    let table = |table: &str| joined(&format!("sources = \"*\"\ninclude = {table}"));
    tells(table("{ feild = \"link\", words = \"a\" }"), &["unknown key `feild`", "did you mean `field`?"]);
    tells(
        table("{ field = \"link\" }"),
        &["has a table without a condition", "`words`, `regex` or `older_than`"],
    );
    let rule = table("{ words = [\"C++\", \"a.b\"] }").map_err(|p| p.to_string()).unwrap().feeds.remove(0);
    let words = &rule.filter.include[0].patterns[0];
    assert!(
        words.is_match("is c++ fun")
            && words.is_match("A.B")
            && !words.is_match("axb")
            && !words.is_match("xa.b")
    );
}

#[test]
fn where_to_listen_is_an_address_or_nowhere() {
    let listen = |value: &str| {
        read_one(&format!("[defaults]\nlisten = {value}\n[source.a]\nurl = \"https://a.example/\"\n"))
    };
    let found = |value| listen(value).map_err(|problems| problems.to_string()).unwrap().listen;
    assert_eq!(found("false"), None);
    assert_eq!(found("\"0.0.0.0:80\""), "0.0.0.0:80".parse().ok());
    assert_eq!(only_config().listen, "127.0.0.1:8343".parse().ok(), "this machine alone");
    tells(
        listen("\"localhost:80\""),
        &["`localhost:80` is not an address to listen at", "write `127.0.0.1:80`"],
    );
    tells(listen("\"8080\""), &["write `127.0.0.1:8080`"]);
    tells(listen("\":8080\""), &["write `127.0.0.1:8080`"]);
    tells(listen("true"), &["`listen` is `true`"]);
}

fn only_config() -> Config {
    with("").map_err(|problems| problems.to_string()).unwrap()
}

#[test]
fn a_password_in_an_address_is_never_shown() {
    for url in
        ["https://ann:sesame@a.example/", "//ann:sesame@a.example/", "https://ann:sesame@a.example:99999/"]
    {
        let text = format!("[source.a]\nurl = \"{url}\"\nentry = \"a\"\nheadline = \"a\"\n");
        let problems = read_one(&text).unwrap_err();
        let json = serde_json::to_string(&problems).unwrap();
        assert!(!format!("{problems}{problems:?}{json}").contains("sesame"), "{problems}");
    }
}

const SECRETS: &str = "headers = { Authorization = \"Bearer ${TOKEN}\", X = \"${OTHER}\" }";

#[test]
fn secrets_are_never_shown() {
    let environment = |name: &str| (name == "TOKEN" || name == "OTHER").then(|| "sesame".to_owned());
    let text =
        format!("[source.a]\nurl = \"https://a.example/\"\nentry = \"a\"\nheadline = \"a\"\n{SECRETS}\n");
    let config = read(&[file("gleaner.toml", &text)], &environment).unwrap();
    assert_eq!(config.sources[0].request.headers[0].1, "Bearer sesame");
    assert!(format!("{config:?}").contains("authorization"));
    assert!(!format!("{config:?}").contains("sesame"));
    assert!(!format!("{config:#?}").contains("sesame"));
    let other = |name: &str| (name == "TOKEN").then(|| "sesame\n".to_owned());
    let problems = read(&[file("gleaner.toml", &text)], &other).unwrap_err();
    assert_eq!(problems.list().len(), 2);
    assert!(problems.to_string().contains("the environment has no `OTHER`"));
    assert!(problems.to_string().contains("`authorization` holds a control character"));
    assert!(!format!("{problems:?}{problems}").contains("sesame"));
}

#[test]
fn a_header_of_the_source_replaces_the_default_one() {
    let text = "[defaults]\nheaders = { A = \"x\", B = \"y\" }\n[source.a]\nurl = \"https://a.example/\"\n\
                entry = \"a\"\nheadline = \"a\"\nheaders = { a = \"z\" }\n";
    let mut headers = only(read_one(text)).request.headers.clone();
    headers.sort();
    assert_eq!(headers, [("a", "z"), ("b", "y")].map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn headers_of_gleaners_own_are_refused() {
    tells(
        with("headers = { User-Agent = \"x\" }"),
        &["5:13: gleaner writes the header `user-agent` itself", "`user_agent`"],
    );
    tells(with("headers = { \"a b\" = \"x\" }"), &["is not the name of a header"]);
    tells(with("headers = { A = \"x\", a = \"y\" }"), &["header `a` is there twice"]);
    tells(with("headers = { A = 5 }"), &["5:17: the value of header `a` is not a text"]);
    tells(with("headers = { A = \"${\" }"), &["`${` is never closed"]);
}

#[test]
fn the_digest_does_not_mind_how_the_config_is_written() {
    let plain = only(with("teaser = \"p@title\"\nimage = \"img\"")).digest().clone();
    let same = "image = { selector = [ \"img\" ] } # x\n  'teaser' = { attr='TITLE', selector = 'p' }\n every = \"3h\"\nspacing = \"9s\"\nkeep_entries = 5\ntitle = \"T\"";
    assert_eq!(*only(with(same)).digest(), plain);
    assert_eq!(plain.0.len(), 64);
}

#[test]
fn the_digest_is_the_same_on_every_machine() {
    insta::assert_snapshot!(only(read_one(EXAMPLE)).digest().0, @"7c353674188b7fbb2f0845a921c5e2ad2b4431984af115dd3a78a277acbf7afe");
}

#[test]
fn whatever_decides_what_is_read_changes_the_digest() {
    let lines = [
        "",
        "teaser = \"p\"",
        "teaser = \"p@x\"",
        "teaser = [\"p\", \"x\"]",
        "image = \"p\"",
        "link = false",
        "link = \"a\"",
        "timezone = \"Africa/Tripoli\"",
        "language = \"en\"",
        "listing = \"ul\"",
        "date = \"p\"",
        "date = { from = \"teaser\" }",
        "date = { from = \"link\" }",
        "date = { selector = \"p\", order = \"day-first\" }",
        "date = { selector = \"p\", order = \"month-first\" }",
        "date = { selector = \"p\", format = \"%Y\" }",
        "date = { selector = \"p\", language = \"ar\" }",
        "teaser = { selector = \"p\", regex = \"x\" }",
        "teaser = { selector = \"p\", cut = \"x\" }",
        "teaser = { selector = \"p\", join = true }",
        "teaser = { selector = \"p\", required = true }",
        "headers = { a = \"x\" }",
    ];
    let digests: BTreeSet<_> = lines.iter().map(|line| only(with(line)).digest().0.clone()).collect();
    assert_eq!(digests.len(), lines.len());
    assert_eq!(
        only(with("headers = { a = \"y\" }")).digest(),
        only(with("headers = { A = \"x\" }")).digest()
    );
}

#[test]
fn the_environment_is_asked_only_for_what_is_named() {
    let asked = AtomicUsize::new(0);
    let environment = |_: &str| {
        asked.fetch_add(1, Ordering::Relaxed);
        None
    };
    read(&[file("gleaner.toml", EXAMPLE)], &environment).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[test]
fn scripts_are_named_by_a_selector_and_change_what_is_read() {
    let json = |script: &str| with(&format!("json = \"{script}\""));
    let rules = only(json("#__NEXT_DATA__")).rules.unwrap();
    assert_eq!(rules.json.as_ref().map(|css| css.text.as_str()), Some("#__NEXT_DATA__"));
    assert_ne!(only(json("#a")).digest(), only(json("#b")).digest());
    assert_ne!(only(json("#a")).digest(), only(with("")).digest());
    tells(json("script["), &["5:"]);
}
