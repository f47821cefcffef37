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
    Mark { text: "type=\"password\"", kind: "a login page" },
    Mark { text: "type='password'", kind: "a login page" },
];

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
    MARKS.iter().find(|mark| text.contains(mark.text)).map(|mark| mark.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

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
