//! Single values of the config: TOML values → durations, addresses, zones, tags, patterns. Pure.
//!
//! Every function reports what is wrong and gives `None` then; none guesses.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use regex::{Regex, RegexBuilder};
use toml::de::DeValue;
use url::Url;

use super::{
    Address, headers,
    keys::{Key, Kind},
    sheet::{Wrong, nearest, quote},
    table::Item,
};
use crate::{
    fetch::guard::Inside,
    schedule::{Pace, cron::Cron},
};

/// A duration between the key's limits.
pub fn duration(item: Item<'_>) -> Option<Duration> {
    if matches!(item.value.get_ref(), DeValue::Integer(_)) {
        item.report(
            item.report_kind()
                .hint("write the unit too: `\"90s\"`, `\"15m\"`, `\"1h\"`, `\"2d\"`".to_owned()),
        );
        return None;
    }
    let text = item.full_text()?;
    let (Kind::Duration { least, most } | Kind::Every { least, most }) = item.key.kind else { return None };
    let limit = |text| parse_duration(text).expect("the table's limits are durations");
    match parse_duration(text) {
        Err(why) => {
            let wrong = Wrong::new(format!("{} is not a duration: {why}", quote(text)));
            item.report(wrong.expected(item.key.kind.words()).hint(times_named(item.key, text)));
        }
        Ok(value) if value < limit(least) => {
            let wrong = Wrong::new(format!("`{}` is {}, less than `{least}`", item.key.name, quote(text)));
            item.report(wrong.expected(item.key.kind.words()));
        }
        Ok(value) if value > limit(most) => {
            let wrong = Wrong::new(format!("`{}` is {}, more than `{most}`", item.key.name, quote(text)));
            item.report(wrong.expected(item.key.kind.words()));
        }
        Ok(value) => return Some(value),
    }
    None
}

/// Advice where named times stand in place of the time between them; `None`: they do not.
fn times_named(key: &Key, text: &str) -> Option<String> {
    let known = [text.to_owned(), format!("@{text}")].into_iter().find(|text| Cron::parse(text).is_ok())?;
    matches!(key.kind, Kind::Every { .. }).then(|| format!("write `at = {known:?}`"))
}

/// A duration between the key's limits, or `auto`.
pub fn every(item: Item<'_>) -> Option<(Option<Duration>, Pace)> {
    if item.value.get_ref().as_str().is_some_and(|text| text.trim() == "auto") {
        return Some((None, Pace::Auto));
    }
    duration(item).map(|every| (Some(every), Pace::Steady))
}

/// A cron expression that names some time.
pub fn cron(item: Item<'_>) -> Option<Cron> {
    let text = item.full_text()?;
    let cron = Cron::parse(text);
    if let Err(why) = &cron {
        let wrong = Wrong::new(format!("{} is not a cron expression: {why}", quote(text)));
        let known = format!("@{text}");
        let hint = Cron::parse(&known).is_ok().then(|| format!("write `{known}`"));
        item.report(wrong.expected(item.key.kind.words()).hint(hint));
    }
    cron.ok()
}

/// `true`, `false`, or networks.
pub fn inside(item: Item<'_>) -> Option<Inside> {
    if let Some(switch) = item.value.get_ref().as_bool() {
        return Some(if switch { Inside::Allowed } else { Inside::Refused });
    }
    let mut networks = Vec::new();
    for one in item.one_or_more() {
        let text = one.full_text()?;
        // An address alone is a network of one.
        let network = text.parse().ok().or_else(|| text.parse().ok().map(|address: IpAddr| address.into()));
        match network {
            Some(network) => networks.push(network),
            None => one.report(
                Wrong::new(format!("{} is not a network", quote(text))).expected(item.key.kind.words()),
            ),
        }
    }
    Some(Inside::Networks(networks))
}

/// How requests go out.
pub enum Route {
    /// Straight.
    Direct,
    /// Through this proxy.
    Proxy(Url),
}

/// The address of a proxy, after the environment was put in, or `false`.
pub fn proxy(item: Item<'_>) -> Option<Route> {
    if item.value.get_ref().as_bool() == Some(false) {
        return Some(Route::Direct);
    }
    // It may hold a password: it is not shown.
    let text = headers::secret(item)?;
    match Url::parse(&text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
                && url.host_str().is_some_and(|host| !host.is_empty()) =>
        {
            Some(Route::Proxy(url))
        }
        _ => {
            item.report(Wrong::new("`proxy` is not the address of a proxy").expected(item.key.kind.words()));
            None
        }
    }
}

/// `90s`, `15m`, `1h 30m`, `2 days`: numbers with units, added up.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 {
            return Err(format!("a number is missing before {}", quote(rest)));
        }
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '.' | ',')).unwrap_or(rest.len());
        if end > digits {
            return Err(format!("{} is a fraction; take a smaller unit", quote(&rest[..end])));
        }
        let number: u64 = rest[..digits].parse().map_err(|_| "the number is too large".to_owned())?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let seconds: u64 = match &rest[..letters] {
            "" => return Err(format!("`{number}` has no unit (`s`, `m`, `h`, `d`, `w`)")),
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            unit => return Err(format!("{} is not a unit (`s`, `m`, `h`, `d`, `w`)", quote(unit))),
        };
        let part = number.checked_mul(seconds).map(Duration::from_secs);
        total = part.and_then(|part| total.checked_add(part)).ok_or("the number is too large")?;
        rest = rest[letters..].trim_start();
    }
    Ok(total)
}

/// A whole number between the key's limits.
pub fn integer(item: Item<'_>) -> Option<u64> {
    let Kind::Integer { least, most } = item.key.kind else { return None };
    let DeValue::Integer(integer) = item.value.get_ref() else {
        item.report(item.report_kind());
        return None;
    };
    let value = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
    let value = value.filter(|value| (least..=most).contains(value));
    if value.is_none() {
        let wrong = Wrong::new(format!("`{}` is {}", item.key.name, quote(&integer.to_string())));
        item.report(wrong.expected(item.key.kind.words()));
    }
    value
}

/// The same as a `usize`.
pub fn count(item: Item<'_>) -> Option<usize> {
    integer(item).and_then(|value| usize::try_from(value).ok())
}

/// An absolute http or https address without a name or password.
pub fn address(item: Item<'_>) -> Option<Url> {
    reported(item, read_address(item.key, item.full_text()?))
}

/// The same, of a source.
pub fn source_address(item: Item<'_>) -> Option<Address> {
    reported(item, read_source_address(item.key, item.full_text()?))
}

fn reported<T>(item: Item<'_>, read: Result<T, Box<Wrong>>) -> Option<T> {
    read.map_err(|wrong| item.report(*wrong)).ok()
}

/// The address of a source that a key's text is.
///
/// # Errors
/// Why it is none.
pub fn read_source_address(key: &Key, text: &str) -> Result<Address, Box<Wrong>> {
    // An icon is no listing.
    if key.name == "url" && text.contains("{page}") {
        let wrong = Wrong::new(format!("`{}` holds `{{page}}`", key.name)).expected(key.kind.words());
        let hint = "write the address of the first page; `next` says where the listing goes on";
        return Err(Box::new(wrong.hint(hint.to_owned())));
    }
    Address::plain(text).map_or_else(|| read_address(key, text).map(Address::from), Ok)
}

/// The address that a key's text is.
///
/// # Errors
/// Why it is none.
fn read_address(key: &Key, text: &str) -> Result<Url, Box<Wrong>> {
    let expected = || key.kind.words();
    let name = key.name;
    let wrong = match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let hint = "send them as a login from the environment: `basic = \"${USER}:${PASSWORD}\"`";
            Wrong::new(format!("`{name}` holds a name or password"))
                .expected(expected())
                .hint(hint.to_owned())
        }
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            let (message, hint) = not_http(name, text, &url);
            Wrong::new(message).expected(expected()).hint(hint)
        }
        Ok(url) if url.host_str().is_none_or(str::is_empty) => {
            Wrong::new(format!("`{name}` has no host")).expected(expected())
        }
        Ok(_) if text.contains("${") => {
            Wrong::new(format!("`{name}` holds `${{`")).expected(expected()).hint(
                "`${NAME}` is put in only in `headers`, `cookies`, `basic`, `bearer` and `proxy`".to_owned(),
            )
        }
        Ok(url) if !has_two_slashes(text) => {
            Wrong::new(format!("`{name}` has not two slashes before its host"))
                .expected(expected())
                .hint(format!("did you mean {}?", quote(url.as_str())))
        }
        Ok(url) => return Ok(url),
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            Wrong::new(format!("`{name}` is not an absolute address"))
                .expected(expected())
                .hint(with_scheme(text))
        }
        Err(error) => Wrong::new(format!("`{name}` is not an address: {error}")).expected(expected()),
    };
    Err(Box::new(wrong))
}

fn not_http(name: &str, text: &str, url: &Url) -> (String, Option<String>) {
    // `example.org:8080/x` parses, with `example.org` as its scheme.
    let is_host = url.cannot_be_a_base() && url.scheme().contains('.');
    let hint = match url.scheme() {
        _ if is_host => with_scheme(text),
        "file" => {
            Some("only what a server answers is followed; a page on a disk is read with `--page`".to_owned())
        }
        _ => None,
    };
    (format!("`{name}` has the scheme `{}`", url.scheme()), hint)
}

/// Parsers make up for slashes that are missing, and pass over others: the host may be another then.
fn has_two_slashes(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    !rest.is_empty() && !rest.starts_with(['/', '\\'])
}

/// Advice for an address without a scheme; none for a path alone, and for one that may hold a password, which would be
/// repeated.
fn with_scheme(text: &str) -> Option<String> {
    let rest = text.strip_prefix("//").unwrap_or(text);
    let address = format!("https://{rest}");
    (!text.contains('@') && !rest.starts_with('/'))
        .then(|| format!("write the scheme too: {}", quote(&address)))
}

/// The public address of a folder: an address that ends in `/`.
pub fn base_address(item: Item<'_>) -> Option<Url> {
    let mut url = address(item)?;
    if url.query().is_some() || url.fragment().is_some() {
        item.report(
            Wrong::new(format!("`{}` has a query or fragment", item.key.name))
                .expected("the address of a folder"),
        );
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

/// One text, or several.
pub fn texts(item: Item<'_>) -> Vec<String> {
    item.one_or_more().iter().filter_map(|item| item.full_text().map(str::to_owned)).collect()
}

/// An address to listen at; `Some(None)`: nowhere.
#[expect(clippy::option_option, reason = "nowhere is an answer, a problem is none")]
pub fn listen(item: Item<'_>) -> Option<Option<SocketAddr>> {
    if item.value.get_ref().as_bool() == Some(false) {
        return Some(None);
    }
    let text = item.full_text()?;
    let found = text.parse().ok();
    if found.is_none() {
        let wrong = Wrong::new(format!("{} is not an address to listen at", quote(text)));
        let port = ["localhost:", ":", ""].into_iter().find_map(|host| text.strip_prefix(host)?.parse().ok());
        let hint = port.map(|port: u16| format!("write `127.0.0.1:{port}`"));
        item.report(wrong.expected(item.key.kind.words()).hint(hint));
    }
    found.map(Some)
}

/// Advice for an offset such as `+02:00`: the zone that has it, whose sign goes the other way (POSIX).
fn fixed(text: &str) -> Option<String> {
    let (hours, minutes) = text.split_once(':').unwrap_or((text, "00"));
    let hours: i8 = hours.strip_prefix(['+', '-']).filter(|_| minutes == "00")?.parse().ok()?;
    let sign = if text.starts_with('+') { '-' } else { '+' };
    let is_there = (1..=12).contains(&hours);
    is_there.then(|| format!("a zone knows when its clocks change; `Etc/GMT{sign}{hours}` is always there"))
}

/// A zone by its IANA name, from the database in the binary: a config must read the same on every machine.
pub fn zone(item: Item<'_>) -> Option<TimeZone> {
    let text = item.full_text()?;
    let database = TimeZoneDatabase::bundled();
    let found = database.get(text).ok().filter(|zone| zone.iana_name().is_some());
    if found.is_none() {
        let names: Vec<String> = database.available().map(|name| name.as_str().to_owned()).collect();
        // A city alone is the commonest slip.
        let city = names.iter().find(|name| {
            name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")))
        });
        let near = city.map(String::as_str).or_else(|| nearest(text, names.iter().map(String::as_str)));
        let hint = fixed(text).or_else(|| near.map(|name| format!("did you mean `{name}`?")));
        item.report(
            Wrong::new(format!("no time zone is named {}", quote(text)))
                .expected(item.key.kind.words())
                .hint(hint),
        );
    }
    found
}

/// A language tag (BCP 47, RFC 5646 §2.1): well-formed, not looked up.
pub fn language(item: Item<'_>) -> Option<String> {
    let text = item.full_text()?;
    let mut subtags = text.split('-');
    let is_primary = |tag: &str| (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag =
        |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    if subtags.next().is_some_and(is_primary) && subtags.all(is_subtag) {
        return Some(text.to_owned());
    }
    let hint = text.contains('_').then(|| format!("did you mean {}?", quote(&text.replace('_', "-"))));
    item.report(
        Wrong::new(format!("{} is not a language tag", quote(text)))
            .expected(item.key.kind.words())
            .hint(hint),
    );
    None
}

/// What a compiled pattern may take: enough for any pattern a person writes, too little for `(a{1000}){1000}`.
const PATTERN_BYTES: usize = 1 << 20;

/// A regular expression, wrapped in `around` (`{}` standing for it).
pub fn pattern(item: Item<'_>, around: [&str; 2]) -> Option<Regex> {
    let text = item.text()?;
    let build = |text: &str| RegexBuilder::new(text).size_limit(PATTERN_BYTES).build();
    let wrong = |error: &regex::Error| {
        let why = match error {
            regex::Error::CompiledTooBig(_) => "it is too large when compiled".to_owned(),
            // The last line says what, the ones before draw the place.
            error => error.to_string().lines().last().unwrap_or("").trim_start_matches("error: ").to_owned(),
        };
        let hint = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| text.contains(look));
        let hint = hint
            .then(|| "look-around is not supported; match more and put a group around the value".to_owned());
        Wrong::new(format!("`{}` is not a regular expression: {why}", item.key.name)).hint(hint)
    };
    let [before, after] = around;
    // Alone first, so that `)(` cannot lean on what is put around it.
    let compiled = build(text).and_then(|alone| {
        if before.is_empty() { Ok(alone) } else { build(&format!("{before}{text}{after}")) }
    });
    match compiled {
        Ok(_) if text.is_empty() => {
            item.report(Wrong::new(format!("`{}` is empty", item.key.name)).expected(item.key.kind.words()));
            None
        }
        Ok(regex) => Some(regex),
        Err(error) => {
            item.report(wrong(&error));
            None
        }
    }
}

/// A word of the key's list.
pub fn word(item: Item<'_>) -> Option<&'static str> {
    let text = item.full_text()?;
    let (Kind::Word(words) | Kind::Words(words)) = item.key.kind else { return None };
    let found = words.iter().copied().find(|word| *word == text);
    if found.is_none() {
        let hint = nearest(text, words.iter().copied()).map(|word| format!("did you mean `{word}`?"));
        item.report(
            Wrong::new(format!("`{}` is {}", item.key.name, quote(text)))
                .expected(item.key.kind.words())
                .hint(hint),
        );
    }
    found
}

/// A text that can stand in a header line.
pub fn header_text(item: Item<'_>) -> Option<String> {
    let text = item.full_text()?;
    if text.chars().any(char::is_control) {
        item.report(Wrong::new(format!("`{}` holds a control character", item.key.name)));
        return None;
    }
    Some(text.to_owned())
}

/// A `strptime` format that can give at least a month, a year or an instant.
pub fn format(item: Item<'_>) -> Option<String> {
    use jiff::fmt::strtime;
    let text = item.full_text()?;
    let sample = jiff::civil::date(2025, 3, 6).at(13, 45, 50, 0).to_zoned_datetime(TimeZone::UTC).ok()?;
    let expected = item.key.kind.words();
    // Written and read back, a format that can be read proves itself.
    let read = strtime::format(text, &sample).and_then(|written| strtime::parse(text, written));
    match read {
        Ok(found) if found.year().is_some() || found.month().is_some() || found.timestamp().is_some() => {
            return Some(text.to_owned());
        }
        Ok(_) => item
            .report(Wrong::new(format!("{} holds neither year nor month", quote(text))).expected(expected)),
        Err(error) => {
            item.report(
                Wrong::new(format!("{} is not a `strptime` format: {error}", quote(text))).expected(expected),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("1h 30m"), Ok(5400));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("2 days"), Ok(172_800));
        assert_eq!(seconds("0s"), Ok(0));
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for text in ["90", "h", "1x", "-1h", "1.5h", "99999999999999999999s", "9999999999999999999w", "1h,"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
