//! A link → the form by which it is recognized. Pure.
//!
//! Two addresses of one article should give one text: scheme, `www.`, default ports, fragments, tracking and
//! session parameters, the order of parameters, a trailing slash and an index file do not count. The text is
//! for recognition alone; it is never published and need not be fetchable. What may tell articles apart (case
//! of the path, other parameters) is left as it is.

use std::{borrow::Cow, fmt::Write as _};

use url::Url;

/// The canonical form of a link on a page at `page`.
///
/// A fragment counts where it is all that tells entries apart: on links into the listing page itself, and in
/// the `#!` and `#/` forms that scripts route by.
pub fn canonical(link: &Url, page: &Url) -> String {
    let mut text = without_fragment(link);
    if let Some(fragment) = link.fragment().filter(|f| !f.is_empty())
        && (fragment.starts_with(['!', '/']) || text == without_fragment(page))
    {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "#{fragment}");
    }
    text
}

/// A link without the parameters that carry who clicked where: what readers are given.
pub fn without_noise(mut link: Url) -> Url {
    let is_noisy = link.query_pairs().any(|(name, value)| is_noise(&name, &value));
    if is_noisy {
        // Parameter by parameter as written: one that stays is not spelled anew.
        let kept: Vec<&str> = link
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| {
                url::form_urlencoded::parse(pair.as_bytes()).all(|(name, value)| !is_noise(&name, &value))
            })
            .collect();
        let query = (!kept.is_empty()).then(|| kept.join("&"));
        link.set_query(query.as_deref());
    }
    link
}

fn without_fragment(link: &Url) -> String {
    let host = link.host_str().unwrap_or("").trim_end_matches('.');
    let mut text = host.strip_prefix("www.").unwrap_or(host).to_owned();
    if let Some(port) = link.port() {
        // The default port of the other scheme is not told apart: the scheme is not either.
        if port != 80 && port != 443 {
            let _ = write!(text, ":{port}");
        }
    }
    text.push_str(&path(link.path()));
    let mut parameters: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        link.query_pairs().filter(|(name, value)| !is_noise(name, value)).collect();
    parameters.sort();
    for (index, (name, value)) in parameters.iter().enumerate() {
        let mut pair = url::form_urlencoded::Serializer::new(String::new());
        pair.append_pair(name, value);
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(&pair.finish());
    }
    text
}

/// The path with its percent escapes in one form, without session segment, doubled slashes, index file and
/// trailing slash.
fn path(path: &str) -> String {
    let path = path.split(";jsessionid=").next().unwrap_or(path);
    let mut segments: Vec<String> =
        path.split('/').filter(|segment| !segment.is_empty()).map(escapes).collect();
    if segments.last().is_some_and(|last| is_index(last)) {
        segments.pop();
    }
    segments.iter().fold(String::new(), |text, segment| text + "/" + segment)
}

fn is_index(segment: &str) -> bool {
    let Some((stem, extension)) = segment.split_once('.') else { return false };
    matches!(stem.to_ascii_lowercase().as_str(), "index" | "default")
        && matches!(
            extension.to_ascii_lowercase().as_str(),
            "html" | "htm" | "php" | "asp" | "aspx" | "jsp" | "xhtml" | "shtml"
        )
}

/// Escapes of unreserved characters are undone, all others written in upper case (RFC 3986 §6.2.2).
fn escapes(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut text = String::with_capacity(segment.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| segment.get(at + 1..at + 3))
            .flatten()
            .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                text.push(char::from(byte));
                at += 3;
            }
            Some(byte) => {
                let _ = write!(text, "%{byte:02X}");
                at += 3;
            }
            // It escapes nothing, and must not begin to once what follows it is read.
            None if bytes[at] == b'%' => {
                text.push_str("%25");
                at += 1;
            }
            None => {
                // `Url` has escaped everything outside ASCII.
                text.push(char::from(bytes[at]));
                at += 1;
            }
        }
    }
    text
}

/// Parameters that carry who clicked where, not what is shown.
const TRACKING: &[&str] = &[
    "_bta_c",
    "_bta_tid",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_ke",
    "_openstat",
    "at_campaign",
    "at_medium",
    "cmpid",
    "cx_click",
    "dclid",
    "dm_i",
    "ef_id",
    "epik",
    "et_blog",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "guccounter",
    "hsctatracking",
    "icid",
    "igshid",
    "ito",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkcid",
    "mkevt",
    "mkrid",
    "mkt_tok",
    "mkwid",
    "msclkid",
    "ncid",
    "ns_campaign",
    "ns_mchannel",
    "ns_source",
    "oft_id",
    "oicd",
    "oly_anon_id",
    "oly_enc_id",
    "pk_campaign",
    "pk_cid",
    "pk_kwd",
    "pk_medium",
    "pk_source",
    "rb_clickid",
    "ref_src",
    "ref_url",
    "s_cid",
    "sb_referer_host",
    "soc_src",
    "soc_trk",
    "srsltid",
    "trk_contact",
    "trk_module",
    "trk_msg",
    "trk_sid",
    "ttclid",
    "twclid",
    "vero_conv",
    "vero_id",
    "wbraid",
    "wickedid",
    "wt.mc_id",
    "wt_mc",
    "xtor",
    "yclid",
    "ymclid",
    "ysclid",
];

/// Parameters that carry a visit: they change with every fetch.
const SESSION: &[&str] = &[
    "aspsessionid",
    "cfid",
    "cftoken",
    "jsessionid",
    "phpsessid",
    "s_id",
    "session_id",
    "sessionid",
    "sid",
    "zenid",
];

fn is_noise(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let prefixed =
        ["utm_", "mtm_", "matomo_", "hsa_", "piwik_"].iter().any(|prefix| name.starts_with(prefix));
    prefixed
        || TRACKING.binary_search(&name.as_str()).is_ok()
        // `sid=7` is a story on some old systems; a session id is long.
        || (SESSION.binary_search(&name.as_str()).is_ok() && value.len() >= 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(link: &str) -> String {
        let page = Url::parse("https://site.example/news/").unwrap();
        canonical(&page.join(link).unwrap(), &page)
    }

    fn assert_same(links: &[&str]) {
        for link in links {
            assert_eq!(of(link), of(links[0]), "{link} against {}", links[0]);
        }
    }

    #[test]
    fn tables_are_sorted_for_the_binary_search() {
        assert!(TRACKING.is_sorted());
        assert!(SESSION.is_sorted());
    }

    #[test]
    fn what_does_not_tell_articles_apart_does_not_count() {
        assert_same(&[
            "https://site.example/a/story",
            "http://site.example/a/story/",
            "https://www.site.example:443/a/story",
            "http://WWW.SITE.EXAMPLE:80/a//story#comments",
            "https://site.example./a/./story?utm_source=x&fbclid=y",
            "/a/%73tory?",
            "../a/story/index.html",
            "/a/story;jsessionid=0123456789ABCDEF",
            "/a/story?PHPSESSID=0123456789abcdef0123",
        ]);
        assert_same(&["/p?a=1&b=2", "/p?b=2&a=1", "/p?b=2&utm_medium=feed&a=1"]);
        assert_same(&["/%3%30", "/%2530"]);
        assert_same(&["/caf%c3%a9", "/café", "/caf%C3%A9/"]);
    }

    #[test]
    fn readers_get_links_without_tracking() {
        let clean = |link: &str| without_noise(Url::parse(link).unwrap()).to_string();
        assert_eq!(
            clean("https://a.example/x?utm_source=rss&id=%7e1&fbclid=z#c"),
            "https://a.example/x?id=%7e1#c"
        );
        assert_eq!(clean("https://a.example/x?utm_source=rss"), "https://a.example/x");
        assert_eq!(clean("https://a.example/x?a"), "https://a.example/x?a");
    }

    #[test]
    fn what_may_tell_articles_apart_counts() {
        for (one, other) in [
            ("/Story", "/story"),
            ("/?p=1", "/?p=2"),
            ("/story", "/story-2"),
            ("/show?sid=7", "/show?sid=8"),
            ("https://one.example/", "https://two.example/"),
            ("https://site.example:8080/x", "https://site.example/x"),
            ("/news/#v1", "/news/#v2"),
            ("/app#!/1", "/app#!/2"),
            ("/a%2Fb", "/a/b"),
        ] {
            assert_ne!(of(one), of(other), "{one} against {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn canonical_is_idempotent(path in "[a-zA-Z0-9/%._~;=-]{0,40}", query in "[a-z0-9=&%+_]{0,40}") {
            if let Ok(link) = Url::parse(&format!("https://www.site.example/{path}?{query}")) {
                let page = Url::parse("https://site.example/").unwrap();
                let once = canonical(&link, &page);
                let again = canonical(&Url::parse(&format!("https://{once}")).unwrap(), &page);
                proptest::prop_assert_eq!(once, again);
            }
        }
    }
}
