//! Permanent redirects → the address a source is asked at (RFC 9110 §15.4.2, §15.4.9). Pure.
//!
//! One such answer may be a slip of a server's; one that comes again and again with a page that is what it always
//! was is believed. The config is never changed: a person is told, and the address is left again when it fails.

use serde::{Deserialize, Serialize};
use url::Url;

/// How often in a row a move is seen before it is believed.
const BELIEVED: u32 = 3;

/// Where a source has moved to, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The address of the config that it is about; another address voids it.
    pub from: Url,
    /// Where it leads.
    pub to: Url,
    /// In how many good refreshes in a row it was seen.
    pub times: u32,
}

impl Moved {
    /// Whether it is believed.
    pub fn is_believed(&self) -> bool {
        self.times >= BELIEVED
    }
}

/// The address to ask at.
pub fn address<'a>(configured: &'a Url, moved: Option<&'a Moved>) -> &'a Url {
    match moved {
        Some(moved) if moved.from == *configured && moved.is_believed() => &moved.to,
        _ => configured,
    }
}

/// What is known after a good refresh that was led to `to` by permanent redirects alone; `None`: it was not led
/// anywhere.
pub fn seen(configured: &Url, before: Option<Moved>, to: Option<&Url>) -> Option<Moved> {
    let before = before.filter(|moved| moved.from == *configured);
    match (before, to) {
        // Asked where it has moved to, it has not moved on.
        (Some(before), None) if before.is_believed() => Some(before),
        (_, None) => None,
        (Some(before), Some(to)) if before.to == *to => {
            Some(Moved { times: before.times.saturating_add(1), ..before })
        }
        // From a place that is believed it moves on at once or never: the old answer leads there too.
        (Some(before), Some(to)) if before.is_believed() => Some(Moved { to: to.clone(), ..before }),
        (_, Some(to)) => Some(Moved { from: configured.clone(), to: to.clone(), times: 1 }),
    }
}

/// Whether a permanent redirect from one address to the next may ever be believed: not from a safe line to one
/// that is not.
pub fn is_believable(from: &Url, to: &Url) -> bool {
    from.scheme() == to.scheme() || to.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        Url::parse("https://site.example").unwrap().join(path).unwrap()
    }

    #[test]
    fn a_move_is_believed_when_it_was_seen_three_times_in_a_row() {
        let (old, new) = (url("/old"), url("/new"));
        let mut moved = None;
        for times in 1..=3 {
            assert_eq!(address(&old, moved.as_ref()), &old);
            moved = seen(&old, moved, Some(&new));
            assert_eq!(moved.as_ref().unwrap().times, times);
        }
        assert_eq!(address(&old, moved.as_ref()), &new);
        assert_eq!(seen(&old, moved.clone(), None), moved, "asked there, it answers itself");
    }

    #[test]
    fn what_was_seen_once_and_then_not_was_a_slip() {
        let (old, new) = (url("/old"), url("/new"));
        let moved = seen(&old, None, Some(&new));
        assert_eq!(seen(&old, moved.clone(), None), None);
        assert_eq!(seen(&old, moved, Some(&url("/other"))).unwrap().times, 1);
    }

    #[test]
    fn another_address_in_the_config_voids_it() {
        let moved = Moved { from: url("/old"), to: url("/new"), times: 9 };
        assert_eq!(address(&url("/mine"), Some(&moved)), &url("/mine"));
        assert_eq!(seen(&url("/mine"), Some(moved), None), None);
    }

    #[test]
    fn a_less_safe_line_is_never_believed() {
        let http = Url::parse("http://site.example/").unwrap();
        assert!(is_believable(&http, &url("/")) && !is_believable(&url("/"), &http));
    }
}
