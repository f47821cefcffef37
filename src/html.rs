//! HTML that is safe to show: a noun with one constructor. Pure.
//!
//! Tags and attributes are those a story needs; scripts, styles, forms, frames and event handlers go. Every address
//! is absolute and http, https or mailto, `srcset` and `poster` too. It refuses what nests too deep or is too long,
//! since making it safe would cost its square.

use std::{borrow::Cow, collections::HashSet};

use ammonia::{Builder, UrlRelative};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::extract;

/// Sanitized HTML, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Html(String);

/// Why a text was not made safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsafe {
    /// Longer than anybody reads.
    #[error("it is longer than 1 MiB")]
    TooLong,
    /// It nests deeper than any story, or took too long to parse.
    #[error("it nests deeper than {MAX_DEPTH} elements")]
    TooDeep,
    /// There is nothing in it that may be shown.
    #[error("nothing of it may be shown")]
    Empty,
}

/// A book's chapter has a third of it.
pub const MAX_BYTES: usize = 1 << 20;

/// Stories nest a dozen deep, mail in tables fifty.
const MAX_DEPTH: usize = 200;

/// What ammonia has by default and a story does not need, and a few it does.
const MORE_TAGS: &[&str] = &["picture", "source", "video", "audio", "track"];

fn cleaner(base: &Url) -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .add_tags(MORE_TAGS)
        .rm_tags(["area", "map"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .add_tag_attributes("img", ["srcset", "sizes", "loading"])
        .add_tag_attributes("source", ["src", "srcset", "type", "media", "sizes"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("audio", ["src", "controls"])
        .link_rel(Some("noopener noreferrer"))
        .url_relative(UrlRelative::RewriteWithBase(base.clone()));
    let addresses = base.clone();
    builder.attribute_filter(move |_, attribute, value| match attribute {
        "srcset" => candidates(value, &addresses).map(Cow::Owned),
        // Only what ammonia itself knows as an address is resolved by it.
        "poster" => absolute(value, &addresses).map(Cow::Owned),
        _ => Some(Cow::Borrowed(value)),
    });
    builder
}

impl Html {
    /// Makes a text safe; `base` is what its relative addresses are resolved against.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn sanitize(written: &str, base: &Url, still_time: &dyn Fn() -> bool) -> Result<Self, Unsafe> {
        if written.len() > MAX_BYTES {
            return Err(Unsafe::TooLong);
        }
        if extract::is_too_deep(written, MAX_DEPTH, still_time) {
            return Err(Unsafe::TooDeep);
        }
        let clean = cleaner(base).clean(written).to_string();
        let clean = clean.trim();
        if clean.is_empty() { Err(Unsafe::Empty) } else { Ok(Self(clean.to_owned())) }
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn absolute(written: &str, base: &Url) -> Option<String> {
    extract::address::resolve(base, written).ok().map(Into::into)
}

/// The candidates of a `srcset` that can be used, each absolute (HTML, "srcset attributes"); `None`: there are none.
fn candidates(written: &str, base: &Url) -> Option<String> {
    let mut kept = Vec::new();
    let mut rest = written.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
    while !rest.is_empty() {
        // An address ends at a space; commas belong to it unless they are its last.
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let named = address.trim_end_matches(',');
        let (descriptor, next) = if named.len() < address.len() {
            ("", after)
        } else {
            after.split_once(',').unwrap_or((after, ""))
        };
        if let Some(url) = absolute(named, base) {
            // A comma in it would be read as the next candidate's beginning by simpler readers.
            let url = url.replace(',', "%2C");
            kept.push(format!("{url} {}", descriptor.trim()).trim_end().to_owned());
        }
        rest = next.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
    }
    (!kept.is_empty()).then(|| kept.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(written: &str) -> String {
        let base = Url::parse("https://site.example/news/").unwrap();
        Html::sanitize(written, &base, &|| true).map(|html| html.0).unwrap_or_default()
    }

    #[test]
    fn what_acts_goes_and_what_tells_stays() {
        assert_eq!(
            clean(
                "<p onclick=x()>a<script>b</script><style>c</style><em>d</em></p><iframe src=//e></iframe>"
            ),
            "<p>a<em>d</em></p>"
        );
        assert_eq!(clean("<a href=\"java\tscript:x\">a</a>"), "<a rel=\"noopener noreferrer\">a</a>");
        assert_eq!(clean("<img src=data:image/png;base64,xx alt=a>"), "<img alt=\"a\">");
        assert_eq!(clean("<form action=/x><input name=a>b</form>"), "b");
    }

    #[test]
    fn every_address_is_absolute() {
        assert_eq!(
            clean("<a href=../b>b</a>"),
            "<a href=\"https://site.example/b\" rel=\"noopener noreferrer\">b</a>"
        );
        let picture = clean("<img src=a.png srcset=\"a.png 1x, /b.png 2x,javascript:x 3x, c,d.png\">");
        assert!(picture.contains("src=\"https://site.example/news/a.png\""), "{picture}");
        assert!(
            picture.contains(
                "srcset=\"https://site.example/news/a.png 1x, https://site.example/b.png 2x, \
                 https://site.example/news/c%2Cd.png\""
            ),
            "{picture}"
        );
        assert!(
            clean("<video poster=p.jpg src=v.mp4></video>")
                .contains("poster=\"https://site.example/news/p.jpg\"")
        );
    }

    #[test]
    fn what_would_cost_its_square_is_refused() {
        let base = Url::parse("https://site.example/").unwrap();
        let deep = "<div>".repeat(20_000);
        assert_eq!(Html::sanitize(&deep, &base, &|| true), Err(Unsafe::TooDeep));
        assert_eq!(Html::sanitize(&"a".repeat(MAX_BYTES + 1), &base, &|| true), Err(Unsafe::TooLong));
        assert_eq!(Html::sanitize("<script>x</script>", &base, &|| true), Err(Unsafe::Empty));
        assert!(
            Html::sanitize(&"<p>a".repeat(20_000), &base, &|| true).is_ok(),
            "open paragraphs do not nest"
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_runs_is_left(written in ".{0,80}", tag in "[a-z]{1,8}", name in "on[a-z]{1,6}") {
            let html = clean(&format!("<{tag} {name}='x' href='javascript:x'>{written}<script>{written}"));
            proptest::prop_assert!(!html.contains("<script") && !html.contains("javascript:x'"));
        }
    }
}
