//! robots.txt → which addresses of a host may be asked for (RFC 9309). Pure.
//!
//! Every byte sequence is a robots.txt: what cannot be read says nothing. `Crawl-delay` is not in the RFC; it is
//! read as a wish for more time between requests.

use std::time::Duration;

use url::Url;

/// How much of a file is read; the RFC asks for at least 500 KiB (§2.5).
pub const MAX_BYTES: usize = 512 << 10;

/// More time than this between two requests is not given on a file's word.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// What a file says to one crawler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
    /// The time between two requests that the file wishes for; `None`: it does not say.
    pub delay: Option<Duration>,
}

/// One `Allow` or `Disallow` line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    is_allowed: bool,
    /// Percent-encoding made alike (§2.2.2); `*` and a last `$` are special.
    pattern: Vec<u8>,
}

/// Reads a file for a crawler of this product token (`gleaner`), its case not counting.
pub fn parse(file: &[u8], token: &str) -> Rules {
    let file = &file[..file.len().min(MAX_BYTES)];
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let (mut own, mut others) = (Group::default(), Group::default());
    // Whom the lines now concern, and whether a rule has come since the last `User-agent`.
    let (mut is_own, mut is_others, mut is_begun) = (false, false, true);
    // The same for a delay: the RFC does not know it, and whoever writes one takes it for a rule that ends a head.
    let (mut waits_own, mut waits_others, mut waits) = (false, false, true);
    for line in file.split(|byte| matches!(byte, b'\r' | b'\n')) {
        let Some((key, value)) = record(line) else { continue };
        match key.as_str() {
            "user-agent" | "useragent" => {
                if std::mem::replace(&mut is_begun, false) {
                    (is_own, is_others) = (false, false);
                }
                if std::mem::replace(&mut waits, false) {
                    (waits_own, waits_others) = (false, false);
                }
                let names_us =
                    product(value).is_some_and(|product| product.eq_ignore_ascii_case(token.as_bytes()));
                let names_all = value.first() == Some(&b'*');
                (is_own, is_others) = (is_own || names_us, is_others || names_all);
                (waits_own, waits_others) = (waits_own || names_us, waits_others || names_all);
                own.is_named |= names_us;
            }
            "allow" | "disallow" => {
                (is_begun, waits) = (true, true);
                let rule = Rule { is_allowed: key == "allow", pattern: encoded(value, Special::Kept) };
                own.take(&rule, is_own);
                others.take(&rule, is_others);
            }
            "crawl-delay" => {
                waits = true;
                let delay = delay(value);
                if waits_own {
                    own.rules.delay = own.rules.delay.max(delay);
                }
                if waits_others {
                    others.rules.delay = others.rules.delay.max(delay);
                }
            }
            // Sitemaps and the like belong to no group, and end none (§2.2.4).
            _ => {}
        }
    }
    if own.is_named { own.rules } else { others.rules }
}

/// The sitemaps that a file names (§2.2.4), in their order.
pub fn sitemaps(file: &[u8]) -> Vec<Url> {
    let lines = file[..file.len().min(MAX_BYTES)].split(|byte| matches!(byte, b'\r' | b'\n'));
    let named = lines.filter_map(record).filter(|(key, _)| key == "sitemap");
    named.filter_map(|(_, value)| Url::parse(std::str::from_utf8(value).ok()?).ok()).collect()
}

/// The rules of all groups for one crawler, merged (§2.2.1).
#[derive(Default)]
struct Group {
    is_named: bool,
    rules: Rules,
}

impl Group {
    fn take(&mut self, rule: &Rule, is_meant: bool) {
        // An empty path says nothing: `Disallow:` allows everything.
        if is_meant && !rule.pattern.is_empty() {
            self.rules.rules.push(rule.clone());
        }
    }
}

/// A line's key in lower case, and its value; `None`: it has none.
fn record(line: &[u8]) -> Option<(String, &[u8])> {
    let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
    let colon = line.iter().position(|byte| *byte == b':')?;
    let key = String::from_utf8_lossy(line[..colon].trim_ascii()).to_ascii_lowercase();
    Some((key, line[colon + 1..].trim_ascii()))
}

/// The product token a `User-agent` line begins with: letters, `_` and `-` (§2.2.1).
fn product(value: &[u8]) -> Option<&[u8]> {
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
    let end = value.iter().position(|byte| !is_part(byte)).unwrap_or(value.len());
    (end > 0).then_some(&value[..end])
}

fn delay(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().map(|delay| delay.min(MAX_DELAY))
}

impl Rules {
    /// Whether an address may be asked for: the longest pattern that fits decides, `Allow` among equals.
    pub fn is_allowed(&self, url: &Url) -> bool {
        self.deciding(url).is_none_or(|rule| rule.is_allowed)
    }

    /// The line that forbids an address, for messages; `None`: it is allowed.
    pub fn forbidding(&self, url: &Url) -> Option<String> {
        let rule = self.deciding(url).filter(|rule| !rule.is_allowed)?;
        Some(format!("Disallow: {}", String::from_utf8_lossy(&rule.pattern)))
    }

    fn deciding(&self, url: &Url) -> Option<&Rule> {
        // §2.2.2: the file itself may always be asked for.
        if url.path() == "/robots.txt" {
            return None;
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let path = encoded(path.as_bytes(), Special::Plain);
        let fitting = self.rules.iter().filter(|rule| fits(&rule.pattern, &path));
        fitting.max_by_key(|rule| (rule.pattern.len(), rule.is_allowed))
    }
}

/// Whether `*` and `$` mean something, or are characters like others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    Kept,
    Plain,
}

/// A path with its percent-encoding made alike (§2.2.2): what needs none has none, everything else has, in upper
/// case.
fn encoded(path: &[u8], special: Special) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        if let (b'%', Some(octet)) = (byte, escape(after)) {
            rest = &after[2..];
            if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                out.push(octet);
            } else {
                push_escape(&mut out, octet);
            }
            continue;
        }
        rest = after;
        let is_special = matches!(byte, b'*' | b'$');
        if byte.is_ascii_graphic() && !(is_special && special == Special::Plain) {
            out.push(byte);
        } else {
            push_escape(&mut out, byte);
        }
    }
    out
}

/// The octet that two hexadecimal digits stand for.
fn escape(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| digits.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

fn push_escape(out: &mut Vec<u8>, octet: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend([b'%', DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]]);
}

/// Whether a pattern fits a path from its start. Each part between stars is looked for once, from left to right,
/// so no pattern is slow.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, is_anchored) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split(|byte| *byte == b'*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut is_open = false;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if is_anchored && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = find(rest, part) else { return false };
        rest = &rest[at + part.len()..];
        is_open = true;
    }
    !is_anchored || (!is_open && rest.is_empty())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests;
