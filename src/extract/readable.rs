//! Readable: a page → the piece of it that stands out as its text, as HTML, unbelieved. Pure.
//!
//! Refuses what is longer, deeper or of more elements than any story: the rules that find the text walk the tree many
//! times over.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_smoothie::{Config, Readability};
use url::Url;

use super::is_too_deep;

/// Stories of a hundred pages have half of it.
const MAX_BYTES: usize = 2 << 20;

/// Pages of stories nest some forty deep.
const MAX_DEPTH: usize = 256;

/// The longest honest pages have a fifth of it.
const MAX_ELEMENTS: usize = 20_000;

/// The piece.
///
/// # Errors
/// Why there is none, in words.
pub(super) fn readable(text: &str, page: &Url, still_time: &dyn Fn() -> bool) -> Result<String, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("the page is longer than {MAX_BYTES} bytes"));
    }
    if is_too_deep(text, MAX_DEPTH, still_time) {
        return Err(format!("the page nests deeper than {MAX_DEPTH} elements"));
    }
    let config = Config { max_elements_to_parse: MAX_ELEMENTS, disable_json_ld: true, ..Config::default() };
    // A page that breaks the library costs its text, not the refresh.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut readability = Readability::new(text, Some(page.as_str()), Some(config))?;
        readability.parse().map(|article| article.content.to_string())
    }));
    match read {
        Ok(Ok(content)) => Ok(content),
        Ok(Err(why)) => Err(why.to_string()),
        Err(_) => Err("looking for it failed".to_owned()),
    }
}
