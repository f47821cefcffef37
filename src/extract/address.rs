//! Addresses: what a page writes → an absolute http or https address, or why it is none. Pure.
//!
//! Resolution follows the URL standard, which strips tabs and newlines (`java\tscript:`) before the scheme is
//! looked at. Refuses every other scheme: a feed reader would run or open it.

use url::Url;

/// The longest address believed. Servers refuse longer ones, and a `data:` image in the wrong attribute is not
/// carried around.
pub const MAX_ADDRESS_BYTES: usize = 8 * 1024;

/// Resolves an address as written against a base.
///
/// User names and passwords are removed: they are not the entry's. The error says in words why the address cannot
/// be used.
pub fn resolve(base: &Url, written: &str) -> Result<Url, String> {
    if written.len() > MAX_ADDRESS_BYTES {
        return Err(too_long(written.len()));
    }
    let written = written.trim_matches(|c: char| c <= ' ' || c.is_whitespace());
    if written.is_empty() || written == "#" {
        return Err(format!("`{written}` leads nowhere"));
    }
    let mut url = base.join(written).map_err(|e| format!("`{}` is not an address: {e}", shown(written)))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{}:` is not http or https", shown(url.scheme())));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(format!("`{}` names no host", shown(written)));
    }
    // Both can only fail for addresses without a host, which were refused above.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.as_str().len() > MAX_ADDRESS_BYTES {
        return Err(too_long(url.as_str().len()));
    }
    Ok(url)
}

/// Whether an address as written can be used.
pub(super) fn is_usable(base: &Url, written: &str) -> bool {
    resolve(base, written).is_ok()
}

fn too_long(bytes: usize) -> String {
    format!("an address of {bytes} bytes is too long, expected at most {MAX_ADDRESS_BYTES}")
}

fn shown(written: &str) -> String {
    written.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://example.org/news/index.html").unwrap()
    }

    #[test]
    fn addresses_resolve_as_in_a_browser() {
        for (written, expected) in [
            ("a", "https://example.org/news/a"),
            ("/a b", "https://example.org/a%20b"),
            ("//other.org/x", "https://other.org/x"),
            ("\\\\other.org\\x", "https://other.org/x"),
            ("?page=2", "https://example.org/news/index.html?page=2"),
            ("#v1.2", "https://example.org/news/index.html#v1.2"),
            ("  http://example.org/\n\ta\t", "http://example.org/a"),
            ("http:foo", "http://foo/"),
            ("https://user:secret@example.org/a", "https://example.org/a"),
            ("https://EXAMPLE.org:443/é", "https://example.org/%C3%A9"),
        ] {
            assert_eq!(resolve(&base(), written).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for written in [
            "javascript:alert(1)",
            " JaVaScRiPt:void(0)",
            "java\tscript:x",
            "vbscript:x",
            "data:text/html,x",
            "file:///etc/passwd",
            "blob:https://example.org/x",
            "about:blank",
            "mailto:a@example.org",
            "tel:+1",
        ] {
            assert!(resolve(&base(), written).unwrap_err().ends_with("is not http or https"), "{written}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for written in ["", " \n", "#", "http://[::1", "http://", &"a".repeat(MAX_ADDRESS_BYTES + 1)] {
            assert!(resolve(&base(), written).is_err(), "{written}");
        }
        assert!(resolve(&base(), &"é".repeat(MAX_ADDRESS_BYTES / 3)).is_err(), "too long once encoded");
    }

    proptest! {
        #[test]
        fn any_text_gives_http_or_a_reason(written in any::<String>()) {
            if let Ok(url) = resolve(&base(), &written) {
                prop_assert!(matches!(url.scheme(), "http" | "https"));
                prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }
}
