//! An address that is known to be one when it is read, and taken apart when its parts are asked for. Pure.
//!
//! Taking those of twenty thousand sources apart would keep the first one waiting, and of what is known of a source most are
//! only written again. What is written as a parsed address would be is seen by its letters; everything else is parsed
//! at once.

use std::{fmt, net::Ipv4Addr, ops::Deref, str::FromStr, sync::OnceLock};

use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// An absolute http or https address with a host, without a name or password.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Address {
    /// As [`Url`] writes it.
    text: Box<str>,
    url: OnceLock<Box<Url>>,
}

impl Address {
    /// An address that is written as it would be after parsing; `None`: it is not plainly so.
    pub fn plain(text: &str) -> Option<Self> {
        is_plain(text).then(|| Self { text: text.into(), url: OnceLock::new() })
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it was taken apart.
    #[cfg(test)]
    pub fn is_apart(&self) -> bool {
        self.url.get().is_some()
    }

    /// The same, taken apart.
    pub fn to_url(&self) -> Url {
        self.deref().clone()
    }

    /// The name or number of its host.
    pub fn host_str(&self) -> Option<&str> {
        match self.url.get() {
            Some(url) => url.host_str(),
            None => self.text.split('/').nth(2).and_then(|authority| authority.split(':').next()),
        }
    }
}

impl From<Url> for Address {
    fn from(url: Url) -> Self {
        Self { text: url.as_str().into(), url: OnceLock::from(Box::new(url)) }
    }
}

impl FromStr for Address {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, url::ParseError> {
        Self::plain(text).map_or_else(|| Url::parse(text).map(Self::from), Ok)
    }
}

impl TryFrom<String> for Address {
    type Error = url::ParseError;

    fn try_from(text: String) -> Result<Self, url::ParseError> {
        text.parse()
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Address {}

impl Deref for Address {
    type Target = Url;

    fn deref(&self) -> &Url {
        let parse = || Url::parse(&self.text).expect("a plain address is one");
        self.url.get_or_init(|| Box::new(parse()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Whether parsing (the URL standard, §4.4) would plainly change no letter of an address.
fn is_plain(text: &str) -> bool {
    let (rest, usual_port) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, 443),
        (None, Some(rest)) => (rest, 80),
        (None, None) => return false,
    };
    let Some(slash) = memchr::memchr(b'/', rest.as_bytes()) else { return false };
    let (authority, path) = rest.split_at(slash);
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_port = |port: &str| {
        let number: Option<u16> = port.parse().ok();
        port.starts_with(|c: char| matches!(c, '1'..='9')) && number.is_some_and(|n| n != usual_port)
    };
    port.is_none_or(is_port) && is_host(host) && is_path(path)
}

/// A name of small ASCII letters, or four numbers.
fn is_host(host: &str) -> bool {
    let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    // What is written in another alphabet must be looked at, for some of it means nothing.
    let is_label =
        |label: &str| !label.is_empty() && !label.starts_with("xn--") && label.bytes().all(is_letter);
    // What ends in a number is read as one.
    let (_, last) = host.rsplit_once('.').unwrap_or(("", host));
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    host.split('.').all(is_label)
}

/// A path, and what follows it, without letters that are escaped and without steps up or on the spot.
fn is_path(path: &str) -> bool {
    let is_kept = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'/' | b'.' | b'-' | b'_' | b'~' | b'!' | b'$' | b'&' | b'(' | b')' | b'*' | b'+' | b','
            )
            || matches!(byte, b';' | b'=' | b':' | b'@' | b'?' | b'%')
    };
    let is_step = |two: &[u8]| two[0] == b'/' && matches!(two[1], b'.' | b'%');
    path.bytes().all(is_kept) && !path.as_bytes().windows(2).any(is_step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_addresses_are_plain() {
        for text in [
            "https://site.example/",
            "http://127.0.0.1:8080/a",
            "https://www.a-b.example/News/2025.html?page=1&x=a%20b",
            "http://localhost:81/~ann/(a)/b;c=d,e!",
        ] {
            assert!(Address::plain(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_none_or_would_be_written_otherwise_is_not_plain() {
        for text in [
            "",
            "https://",
            "https:///",
            "https://a.example",
            "ftp://a.example/",
            "HTTPS://a.example/",
            "https://A.example/",
            "https://a.example:443/",
            "https://a.example:0080/",
            "https://a.example:/",
            "https://a.example:99999/",
            "https://a.example:+80/",
            "https://a..example/",
            "https://a.example./",
            "https://xn--a.example/",
            "https://ann@a.example/",
            "https://1.2.3/",
            "https://1.2.3.04/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://a.example/a b",
            "https://a.example/ä",
            "https://a.example/../",
            "https://a.example/%2E/",
            "https://a.example/.",
            "https://a.example/#a",
            "https://a.example/\\",
            "https://a.example/${A}",
            "https://a.example/?a='b'",
            "https://a.example/\u{1}",
        ] {
            assert!(Address::plain(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_is_what_parsing_makes_of_it(
            text in "https?://[a-z0-9.x-]{0,12}(:[0-9+]{0,5})?/?[a-zA-Z0-9/.%?#@:;=&'()*+,!~$_ -]{0,16}",
        ) {
            if let Some(address) = Address::plain(&text) {
                let host = address.host_str().map(str::to_owned);
                prop_assert_eq!(address.deref().as_str(), &text);
                prop_assert_eq!(address.deref().host_str(), host.as_deref());
                prop_assert!(address.username().is_empty() && address.password().is_none());
            }
        }

        #[test]
        fn what_is_not_plain_is_as_it_is_parsed(text in "(https?|data)://?[a-zA-Z]{1,4}[.]?[a-z0-9]{0,3}/[ -~ä]{0,12}") {
            let (address, url) = (text.parse::<Address>(), Url::parse(&text));
            prop_assert_eq!(address.is_ok(), url.is_ok());
            if let (Ok(address), Ok(url)) = (address, url) {
                prop_assert_eq!(address.host_str(), url.host_str());
                prop_assert_eq!(serde_json::to_string(&address).unwrap(), serde_json::to_string(&url).unwrap());
                prop_assert_eq!(address.to_url(), url);
            }
        }
    }
}
