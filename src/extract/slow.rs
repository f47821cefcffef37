//! Slow: selectors that look at all that stands beside an element → looked for only while there is time. Pure.
//!
//! `a ~ b` goes through everything before an element, and `:nth-child()` counts it: minutes where a hundred thousand stand
//! side by side. The library never looks at a clock between two elements.

use std::cell::Cell;

use scraper::ElementRef;

use crate::config::Css;

/// The time of one page.
pub(crate) struct Time<'a> {
    still_time: &'a dyn Fn() -> bool,
    is_out: Cell<bool>,
}

impl<'a> Time<'a> {
    pub(crate) fn new(still_time: &'a dyn Fn() -> bool) -> Self {
        Self { still_time, is_out: Cell::new(false) }
    }

    /// Whether it ran out while something was looked for: what was found is not all there is.
    pub(crate) fn is_out(&self) -> bool {
        self.is_out.get()
    }

    /// Whether one more element may be looked at.
    pub(super) fn lasts(&self) -> bool {
        self.is_out.set(self.is_out.get() || !(self.still_time)());
        !self.is_out.get()
    }
}

/// Whether a selector looks at what stands beside an element.
pub(super) fn looks_beside(selector: &str) -> bool {
    has_sibling(selector) || ["nth-", "-of-type"].iter().any(|name| selector.contains(name))
}

/// Whether a selector has `~`, and not only the `~=` of a word in an attribute.
fn has_sibling(selector: &str) -> bool {
    selector.split('~').skip(1).any(|after| !after.starts_with('='))
}

/// What a selector matches below an element, in page order.
pub(crate) fn matching<'a>(
    top: ElementRef<'a>,
    css: &Css,
    time: &Time<'_>,
) -> impl Iterator<Item = ElementRef<'a>> {
    // What the library counts of siblings it remembers, as long as it looks for all of them itself.
    let is_slow = has_sibling(&css.text);
    let remembering = (!is_slow).then(|| top.select(&css.selector)).into_iter().flatten();
    let elements = top.descendent_elements().skip(1).take_while(move |_| is_slow && time.lasts());
    remembering.chain(elements.filter(|element| css.selector.matches(element)))
}
