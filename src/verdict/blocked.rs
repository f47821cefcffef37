//! A response → whether it is a block page instead of the listing, and of what kind. Pure.
//!
//! Named, never evaded. Asked only of pages on which no entry was found, or whose status is an error: a news
//! page that writes *about* captchas is not one.

use crate::page::Headers;

/// Marks of a page that stands in for the one that was asked for.
struct Mark {
    /// Lower-case text that stands in the page.
    text: &'static str,
    /// What it is, in words.
    kind: &'static str,
}

const MARKS: &[Mark] = &[
    Mark { text: "/cdn-cgi/challenge-platform/", kind: "a Cloudflare challenge" },
    Mark { text: "cf-chl-", kind: "a Cloudflare challenge" },
    Mark { text: "cf_chl_opt", kind: "a Cloudflare challenge" },
    Mark { text: "captcha-delivery.com", kind: "a DataDome challenge" },
    Mark { text: "_incapsula_resource", kind: "an Imperva challenge" },
    Mark { text: "px-captcha", kind: "a HUMAN (PerimeterX) challenge" },
    Mark { text: "awswafintegration", kind: "an AWS WAF challenge" },
    Mark { text: "sucuri_cloudproxy", kind: "a Sucuri challenge" },
    Mark { text: "ddos-guard", kind: "a DDoS-Guard challenge" },
    Mark { text: "anubis_challenge", kind: "an Anubis challenge" },
    Mark { text: "vercel security checkpoint", kind: "a Vercel challenge" },
    Mark { text: "g-recaptcha", kind: "a captcha" },
    Mark { text: "h-captcha", kind: "a captcha" },
    Mark { text: "cf-turnstile", kind: "a captcha" },
    Mark { text: "checking your browser", kind: "a browser check" },
    Mark { text: "enable javascript and cookies to continue", kind: "a browser check" },
    Mark { text: "verify you are human", kind: "a browser check" },
    Mark { text: "error establishing a database connection", kind: "an error page" },
    Mark { text: "sedoparking.com", kind: "a parked domain" },
    Mark { text: "parkingcrew.net", kind: "a parked domain" },
    Mark { text: "hugedomains.com/domain_profile", kind: "a parked domain" },
    Mark { text: "buy this domain", kind: "a parked domain" },
    Mark { text: "type=\"password\"", kind: "a login page" },
    Mark { text: "type='password'", kind: "a login page" },
];

/// Marks in the title: in a text these words may stand for anything.
const TITLES: &[Mark] = &[
    Mark { text: "before you continue", kind: "a consent page" },
    Mark { text: "bevor sie fortfahren", kind: "a consent page" },
    Mark { text: "avant de continuer", kind: "a consent page" },
    Mark { text: "antes de continuar", kind: "a consent page" },
    Mark { text: "prima di continuare", kind: "a consent page" },
    Mark { text: "domain for sale", kind: "a parked domain" },
    Mark { text: "domain is for sale", kind: "a parked domain" },
    Mark { text: "domain name is for sale", kind: "a parked domain" },
    Mark { text: "domain parked", kind: "a parked domain" },
    Mark { text: "parked domain", kind: "a parked domain" },
    Mark { text: "maintenance", kind: "a maintenance page" },
    Mark { text: "wartungsarbeiten", kind: "a maintenance page" },
    Mark { text: "wartungsmodus", kind: "a maintenance page" },
    Mark { text: "en mantenimiento", kind: "a maintenance page" },
    Mark { text: "be right back", kind: "a maintenance page" },
    Mark { text: "service unavailable", kind: "a maintenance page" },
    Mark { text: "database error", kind: "an error page" },
    Mark { text: "internal server error", kind: "an error page" },
    Mark { text: "404", kind: "a page that says there is none" },
    Mark { text: "not found", kind: "a page that says there is none" },
    Mark { text: "nicht gefunden", kind: "a page that says there is none" },
    Mark { text: "introuvable", kind: "a page that says there is none" },
    Mark { text: "no encontrada", kind: "a page that says there is none" },
    Mark { text: "non trovata", kind: "a page that says there is none" },
    Mark { text: "access denied", kind: "a page that denies access" },
    Mark { text: "attention required", kind: "a Cloudflare block" },
];

/// The longest title that is looked at: a block page has little to say.
const MAX_TITLE: usize = 200;

/// The page's title in lower case text; `None`: it has none that is short.
fn title(text: &str) -> Option<&str> {
    let after = &text[text.find("<title")?..];
    let inner = &after[after.find('>')? + 1..];
    let title = &inner[..inner.find("</title")?];
    (title.len() <= MAX_TITLE).then_some(title)
}

/// What kind of block page this is; `None`: no sign of one. `text` is the page's text as decoded.
pub fn kind(headers: &Headers, text: &str) -> Option<&'static str> {
    if headers.get("cf-mitigated").is_some_and(|value| value.eq_ignore_ascii_case("challenge")) {
        return Some("a Cloudflare challenge");
    }
    if headers.get("x-datadome").is_some_and(|value| value.eq_ignore_ascii_case("protected"))
        && text.contains("captcha")
    {
        return Some("a DataDome challenge");
    }
    let text = text.to_ascii_lowercase();
    let found = MARKS.iter().find(|mark| text.contains(mark.text)).or_else(|| {
        let title = title(&text)?;
        TITLES.iter().find(|mark| title.contains(mark.text))
    });
    found.map(|mark| mark.kind)
}

/// The same for a page that is to be trusted with more than a verdict: its first heading counts as its title does.
pub fn stands_in(headers: &Headers, text: &str) -> Option<&'static str> {
    kind(headers, text).or_else(|| {
        let text = text.to_ascii_lowercase();
        let after = &text[text.find("<h1")?..];
        let heading = &after[..after.find("</h1")?];
        let heading = plain(heading);
        let is_short = heading.len() <= MAX_TITLE;
        TITLES.iter().filter(|_| is_short).find(|mark| heading.contains(mark.text)).map(|mark| mark.kind)
    })
}

/// What stands between tags.
fn plain(html: &str) -> String {
    html.split('<').skip(1).filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_stand_in_for_another_are_named_by_their_titles() {
        let none = Headers::default();
        for (title, expected) in [
            ("404 - Page not found", Some("a page that says there is none")),
            ("Seite nicht gefunden | Amt", Some("a page that says there is none")),
            ("Down for Maintenance", Some("a maintenance page")),
            ("example.org: this domain is for sale", Some("a parked domain")),
            ("Before you continue to the site", Some("a consent page")),
            ("Just News", None),
            ("", None),
        ] {
            assert_eq!(kind(&none, &format!("<HTML><Title lang=x>{title}</Title>")), expected, "{title}");
        }
        assert_eq!(kind(&none, "<title>News</title><p>The road was not found in maintenance"), None);
        assert_eq!(kind(&none, "<p>Error establishing a database connection"), Some("an error page"));
        assert_eq!(kind(&none, &format!("<title>{} not found</title>", "a".repeat(300))), None);
        for broken in ["<title", "<title>", "<title></titl", "<titles>404"] {
            assert_eq!(kind(&none, broken), None, "{broken}");
        }
    }

    #[test]
    fn a_heading_tells_where_more_than_a_verdict_depends_on_it() {
        let none = Headers::default();
        for (heading, expected) in [
            ("<H1 class=x>Page <b>not</b> found</H1>", Some("a page that says there is none")),
            ("<h1>Latest news</h1><h2>Lost dog not found</h2>", None),
            ("<h1>", None),
        ] {
            assert_eq!(stands_in(&none, heading), expected, "{heading}");
            assert_eq!(kind(&none, heading), None, "{heading}");
        }
    }

    #[test]
    fn challenges_are_named_by_kind() {
        let none = Headers::default();
        let page = r#"<title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/x.js">"#;
        assert_eq!(kind(&none, page), Some("a Cloudflare challenge"));
        assert_eq!(kind(&none, r#"<input name=p type="password">"#), Some("a login page"));
        assert_eq!(kind(&none, "<p>Nothing found"), None);
        let header = Headers(vec![("cf-mitigated".to_owned(), "challenge".to_owned())]);
        assert_eq!(kind(&header, ""), Some("a Cloudflare challenge"));
    }
}
