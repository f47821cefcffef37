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
    Mark { text: "checking your browser", kind: "a browser check" },
    Mark { text: "enable javascript and cookies to continue", kind: "a browser check" },
    Mark { text: "verify you are human", kind: "a browser check" },
    Mark { text: "error establishing a database connection", kind: "an error page" },
    Mark { text: "sedoparking.com", kind: "a parked domain" },
    Mark { text: "parkingcrew.net", kind: "a parked domain" },
    Mark { text: "hugedomains.com/domain_profile", kind: "a parked domain" },
    Mark { text: "buy this domain", kind: "a parked domain" },
];

/// Marks that many a whole page has in a corner, and that say something only of a page with little else.
const WIDGETS: &[Mark] = &[
    Mark { text: "g-recaptcha", kind: "a captcha" },
    Mark { text: "h-captcha", kind: "a captcha" },
    Mark { text: "cf-turnstile", kind: "a captcha" },
    Mark { text: "type=\"password\"", kind: "a login page" },
    Mark { text: "type='password'", kind: "a login page" },
    // Without quotes: a page made small.
    Mark { text: "type=password", kind: "a login page" },
];

/// A page that says so much in bytes is more than a form and the menus around it.
const MUCH: usize = 1000;

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
    Mark { text: "t be found", kind: "a page that says there is none" },
    Mark { text: "not be found", kind: "a page that says there is none" },
    Mark { text: "does not exist", kind: "a page that says there is none" },
    Mark { text: "doesn’t exist", kind: "a page that says there is none" },
    Mark { text: "doesn't exist", kind: "a page that says there is none" },
    Mark { text: "no longer exists", kind: "a page that says there is none" },
    Mark { text: "existiert nicht", kind: "a page that says there is none" },
    Mark { text: "n’existe p", kind: "a page that says there is none" },
    Mark { text: "n'existe p", kind: "a page that says there is none" },
    Mark { text: "no existe", kind: "a page that says there is none" },
    Mark { text: "non esiste", kind: "a page that says there is none" },
    Mark { text: "não encontrada", kind: "a page that says there is none" },
    Mark { text: "niet gevonden", kind: "a page that says there is none" },
    Mark { text: "hittades inte", kind: "a page that says there is none" },
    Mark { text: "ikke funnet", kind: "a page that says there is none" },
    Mark { text: "nie znaleziono", kind: "a page that says there is none" },
    Mark { text: "nie została znaleziona", kind: "a page that says there is none" },
    Mark { text: "не найдена", kind: "a page that says there is none" },
    Mark { text: "不存在", kind: "a page that says there is none" },
    Mark { text: "見つかりません", kind: "a page that says there is none" },
    Mark { text: "access denied", kind: "a page that denies access" },
    Mark { text: "attention required", kind: "a Cloudflare block" },
];

/// The longest title that is looked at: a block page has little to say.
const MAX_TITLE: usize = 200;

/// The page's title in lower case text; `None`: it has none.
fn title(text: &str) -> Option<&str> {
    let after = &text[text.find("<title")?..];
    let inner = &after[after.find('>')? + 1..];
    Some(&inner[..inner.find("</title")?])
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
    let stands = |mark: &&Mark| text.contains(mark.text);
    let found = MARKS.iter().find(stands).or_else(|| by_title(title(&text)?));
    let widget = || WIDGETS.iter().find(stands).filter(|_| said(&text) < MUCH);
    found.or_else(widget).map(|mark| mark.kind)
}

/// What kind of block page a page's title names, whatever else stands in the page; `None`: none.
pub fn titled(written: &str) -> Option<&'static str> {
    by_title(&written.to_ascii_lowercase()).map(|mark| mark.kind)
}

/// The mark in a title in lower case; `None`: it has none, or is too long for one.
fn by_title(title: &str) -> Option<&'static Mark> {
    TITLES.iter().find(|mark| title.contains(mark.text)).filter(|_| title.len() <= MAX_TITLE)
}

/// How many bytes of text a page in lower case shows.
fn said(text: &str) -> usize {
    let mut said = 0;
    let mut rest = text;
    while let Some((shown, tag)) = rest.split_once('<') {
        said += shown.trim().len();
        let unseen = ["script", "style"].into_iter().find(|name| tag.starts_with(name));
        let end = unseen.map_or(Some(0), |name| tag.find(&format!("</{name}")));
        rest = end.and_then(|end| tag[end..].split_once('>')).map_or("", |(_, after)| after);
    }
    said + rest.trim().len()
}

/// The same for a page that is to be trusted with more than a verdict: its first heading counts as its title does, and
/// so does the first one below it that speaks of the page; either may be a word of regret.
pub fn stands_in(headers: &Headers, text: &str) -> Option<&'static str> {
    kind(headers, text).or_else(|| {
        let text = text.to_ascii_lowercase();
        let mark = |heading: &String| TITLES.iter().find(|mark| heading.contains(mark.text));
        let (first, next) = (heading(&text, "h1"), heading(&text, "h2"));
        if first.iter().chain(&next).any(|heading| is_sorry(heading)) {
            return Some("an error page");
        }
        let of_next = || next.as_ref().filter(|heading| is_of_page(heading)).and_then(mark);
        first.as_ref().and_then(mark).or_else(of_next).map(|mark| mark.kind)
    })
}

/// Whether a first heading is nothing but a word of regret.
fn is_sorry(heading: &str) -> bool {
    const SORRY: &[&str] = &[
        "error",
        "oops",
        "whoops",
        "sorry",
        "fehler",
        "hoppla",
        "ups",
        "erreur",
        "oups",
        "désolé",
        "errore",
        "ops",
        "erro",
        "vaya",
        "fout",
        "oeps",
        "fel",
        "feil",
        "fejl",
        "virhe",
        "hups",
        "błąd",
        "chyba",
        "hiba",
        "hata",
        "eroare",
        "σφάλμα",
        "ошибка",
        "помилка",
        "エラー",
        "错误",
    ];
    SORRY.contains(&heading.to_lowercase().trim_matches(|c: char| !c.is_alphabetic()))
}

/// The first heading of a level in lower case text; `None`: there is none that is short.
fn heading(text: &str, level: &str) -> Option<String> {
    let after = &text[text.find(&format!("<{level}"))?..];
    let heading = plain(&after[..after.find(&format!("</{level}"))?]);
    (heading.len() <= MAX_TITLE).then_some(heading)
}

/// Whether a heading tells something of its page, as no headline does: it names the page, or says a mark and no more.
fn is_of_page(heading: &str) -> bool {
    const PAGE: &[&str] =
        &["page", "seite", "página", "pagina", "sida", "siden", "stron", "страниц", "ページ", "页面", "頁"];
    let said = heading.trim_matches(|c: char| !c.is_alphanumeric());
    PAGE.iter().any(|word| heading.contains(word)) || TITLES.iter().any(|mark| said == mark.text)
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
            (
                "<h1>Harbour</h1><h2>Oops! That page can’t be found.</h2>",
                Some("a page that says there is none"),
            ),
            ("<h1>Harbour</h1><h2 class=x>Not found!</h2>", Some("a page that says there is none")),
            ("<h1>Stadt</h1><h2>Die Seite existiert nicht</h2>", Some("a page that says there is none")),
            ("<h1>Harbour</h1><h2>Oops…</h2>", Some("an error page")),
            ("<h1>Ошибка!</h1>", Some("an error page")),
            ("<h1>Error in the budget found</h1>", None),
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
        assert_eq!(kind(&none, "<input name=p type=password>"), Some("a login page"));
        let form = r#"<div class="g-recaptcha"></div><input type="password"><script>let a = 1;</script>"#;
        assert_eq!(kind(&none, form), Some("a captcha"));
        let rest = "<p>The pier opens in spring, and the ferry leaves at noon.</p>".repeat(40);
        assert_eq!(kind(&none, &format!("{form}{rest}")), None, "a form in a corner of a page");
        let program = format!("<style>{rest}</style><script>{rest}</script>");
        assert_eq!(kind(&none, &format!("{form}{program}")), Some("a captcha"), "nobody sees that");
        assert_eq!(kind(&none, "<p>Nothing found"), None);
        let header = Headers(vec![("cf-mitigated".to_owned(), "challenge".to_owned())]);
        assert_eq!(kind(&header, ""), Some("a Cloudflare challenge"));
    }
}
