//! Images: an element → the address of the image it is or holds, lazy or not. Pure. Addresses stay as written.

use scraper::ElementRef;

use super::field::Place;

/// An element and the address written on it.
type Written<'a> = (ElementRef<'a>, String);

/// Where lazy-loading scripts keep the real address, in the order of how sure they are.
const LAZY: [&str; 3] = ["data-src", "data-lazy-src", "data-original"];

/// The element's own image, else the first in it; a background image when there is no other.
pub(super) fn nearest<'a>(element: ElementRef<'a>, place: Place<'a>) -> Option<Written<'a>> {
    let inside = || place.row.elements(element);
    inside()
        .find_map(|e| of_image(e).map(|a| (e, a)))
        .or_else(|| inside().find_map(|e| background(e).map(|a| (e, a))))
}

/// Stands where a lazy image will be.
pub(super) fn is_placeholder(address: &str) -> bool {
    let start = address.trim_start().get(..5).unwrap_or("");
    start.eq_ignore_ascii_case("data:") || address.trim() == "about:blank"
}

fn of_image(element: ElementRef) -> Option<String> {
    let name = element.value().name();
    // `<source>` belongs to sound and video as well; only a picture's is an image.
    let is_picture_source =
        name == "source" && element.parent().and_then(ElementRef::wrap).is_some_and(is_picture);
    if name != "img" && !is_picture_source {
        return None;
    }
    let plain = |attr: &str| element.attr(attr).map(str::trim).filter(|a| is_address(a)).map(str::to_owned);
    let sets = ["srcset", "data-srcset", "data-lazy-srcset"];
    let best = || sets.iter().find_map(|attr| element.attr(attr).and_then(largest));
    LAZY.iter().find_map(|attr| plain(attr)).or_else(best).or_else(|| plain("src"))
}

fn is_picture(element: ElementRef) -> bool {
    element.value().name() == "picture"
}

fn is_address(written: &str) -> bool {
    !written.is_empty() && !is_placeholder(written)
}

/// The largest image of a `srcset` (HTML standard, "parse a srcset attribute", tolerant).
pub(super) fn largest(srcset: &str) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    let mut rest = srcset;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (written, after) = rest.split_at(end);
        if written.is_empty() {
            return best.map(|(_, address)| address.to_owned());
        }
        let address = written.trim_end_matches(',');
        let (descriptor, after) = if address.len() < written.len() {
            ("", after)
        } else {
            after.split_once(',').unwrap_or((after, ""))
        };
        let size = size(descriptor);
        if is_address(address) && best.is_none_or(|(largest, _)| size > largest) {
            best = Some((size, address));
        }
        rest = after;
    }
}

/// `640w` or `2x`; a candidate without either is `1x`.
fn size(descriptor: &str) -> f64 {
    let descriptor = descriptor.trim();
    descriptor
        .trim_end_matches(['w', 'x', 'h'])
        .trim()
        .parse()
        .ok()
        .filter(|s: &f64| s.is_finite())
        .unwrap_or(1.0)
}

/// The address in `style="background-image: url('...')"`.
fn background(element: ElementRef) -> Option<String> {
    let style = element.attr("style")?;
    let style = style.find("background").map(|at| &style[at..])?;
    let after = &style[style.find("url(")? + "url(".len()..];
    let written = after[..after.find(')')?].trim().trim_matches(['"', '\'']).trim();
    is_address(written).then(|| written.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_of_a_srcset_wins() {
        for (srcset, expected) in [
            ("a.jpg 320w, b.jpg 1024w, c.jpg 640w", Some("b.jpg")),
            ("a.jpg, b.jpg 2x", Some("b.jpg")),
            ("a,b.jpg 1x,c.jpg 3x", Some("c.jpg")),
            ("data:image/gif;base64,R0lGOD 9w, a.jpg 1w", Some("a.jpg")),
            (" , ", None),
            ("x.jpg NaNw, y.jpg 2w", Some("y.jpg")),
        ] {
            assert_eq!(largest(srcset).as_deref(), expected, "{srcset}");
        }
    }
}
