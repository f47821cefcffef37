//! The icon that a page or an upstream feed says is its own. Pure.

use scraper::ElementRef;
use url::{Position, Url};

use super::address;

/// It is kept with what is known of each source: an address that holds the image itself is not.
const MAX_ICON_BYTES: usize = 1024;

/// The icon at an address as written; `None`: it is none that can be used.
pub(crate) fn address(base: &Url, written: &str) -> Option<Url> {
    address::resolve(base, written).ok().filter(|url| url.as_str().len() <= MAX_ICON_BYTES)
}

/// The icon that `<link>` elements name (HTML standard §4.6.7.9): one for a home screen is large enough for all uses, not every reader shows a
/// drawing. Of several of a kind the largest, of these the first.
pub(crate) fn linked(links: &[ElementRef<'_>], base: &Url) -> Option<Url> {
    let ranked =
        links.iter().rev().filter_map(|link| Some((rank(*link)?, address(base, link.attr("href")?)?)));
    ranked.max_by_key(|(rank, _)| *rank).map(|(_, url)| url)
}

/// How well an icon suits; `None`: it is none.
fn rank(link: ElementRef<'_>) -> Option<(u8, u32)> {
    let rel = link.attr("rel")?.to_ascii_lowercase();
    let has = |name| rel.split_ascii_whitespace().any(|word| word == name);
    let is_drawn =
        link.attr("type").is_some_and(|media| media.contains("svg")) || link.attr("href")?.contains(".svg");
    let kind = match () {
        () if has("apple-touch-icon") || has("apple-touch-icon-precomposed") => 2,
        () if has("icon") => u8::from(!is_drawn),
        () => return None,
    };
    let widths = link.attr("sizes").unwrap_or_default().split_ascii_whitespace();
    let width = widths.filter_map(|size| size.split(['x', 'X']).next()?.parse().ok()).max();
    Some((kind, width.unwrap_or(0)))
}

/// Whether two addresses lead to one icon: what differs in the query alone is a version or a signature.
pub(crate) fn is_same(one: &Url, other: &Url) -> bool {
    one[..Position::AfterPath] == other[..Position::AfterPath]
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;

    #[test]
    fn the_icon_that_suits_best_is_taken() {
        let data = format!("<link rel=icon href=/{}>", "a".repeat(2000));
        let drawn = "<link rel=icon type=image/svg+xml href=/a.svg>";
        let small = "<link REL='Shortcut ICON' href=/a.ico sizes='16x16 32x32'>";
        let large = "<link rel=icon href=b.png sizes=192x192><link rel=icon href=/dark.png sizes=192x192>";
        let touch = "<link rel=apple-touch-icon-precomposed href=//cdn.example/t.png>";
        let others = "<link rel=mask-icon href=/m.svg><link rel=stylesheet href=/icon.css><link href=/icon>\
                      <link rel=icon href=data:image/png;base64,AA><link rel=icon href=><link rel=icon>";
        for (pieces, icon) in [
            (vec![others, &data], None),
            (vec![drawn, others], Some("https://a.example/a.svg")),
            (vec![drawn, small], Some("https://a.example/a.ico")),
            (vec![small, large, drawn], Some("https://a.example/news/b.png")),
            (vec![touch, large], Some("https://cdn.example/t.png")),
        ] {
            let html = Html::parse_document(&pieces.concat());
            let elements = html.root_element().descendants().filter_map(ElementRef::wrap);
            let links: Vec<ElementRef<'_>> = elements.filter(|e| e.value().name() == "link").collect();
            let base = Url::parse("https://a.example/news/").unwrap();
            assert_eq!(linked(&links, &base).as_ref().map(Url::as_str), icon);
        }
    }
}
