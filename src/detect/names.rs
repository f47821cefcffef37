//! Names: a class or an id → what it says of the element that has it. Pure.
//!
//! Refuses to know any site: only words that many themes share, and the shapes of names that programs make.

/// How well a class name would survive a redesign, which is also what it costs to rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It names what the element is: `entry-title`, `news-list`.
    Meaning,
    /// It names something.
    Plain,
    /// It names how the element looks (`col-md-6`), or ends in a number.
    Look,
    /// It differs from entry to entry or from build to build (`post-123`, `odd`, `css-1ab2c3`); never relied on.
    Volatile,
}

/// Attributes by which sites' own tests find an element: names that people gave.
pub const FOR_TESTS: [&str; 5] = ["data-testid", "data-test-id", "data-test", "data-qa", "data-cy"];

/// What a class name says.
pub fn hold(class: &str) -> Hold {
    if is_look(class) {
        return Hold::Look;
    }
    if is_volatile(class) {
        return Hold::Volatile;
    }
    if class.ends_with(|c: char| c.is_ascii_digit()) {
        return Hold::Look;
    }
    if words(class).any(|word| MEANING.contains(&word.as_str())) { Hold::Meaning } else { Hold::Plain }
}

/// The words of a name, in lower case: `entryTitle_small` has three.
pub fn words(name: &str) -> impl Iterator<Item = String> + '_ {
    name.split(|c: char| !c.is_alphanumeric()).flat_map(camel_words).filter(|word| !word.is_empty())
}

/// What a name says of the element that has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Says {
    /// How surely it is a headline, from -1 (surely not) to 1.
    pub headline: f64,
    /// It holds a date of publication.
    pub is_date: bool,
    /// It holds another date: the last change, say.
    pub is_other_date: bool,
    /// Something ends on its dates.
    pub is_deadline: bool,
    /// It tells in short what an entry is about.
    pub is_teaser: bool,
    /// The part of a page that it belongs to, when it is one beside the content: `nav`, `sidebar`.
    pub chrome: Option<&'static str>,
}

/// What a name says: a class, or the heading of a column.
pub fn says(name: &str) -> Says {
    let words: Vec<String> = words(name).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let headline = match () {
        () if has(NO_HEADLINE) => -1.0,
        () if has(HEADLINE) => 1.0,
        () => 0.0,
    };
    Says {
        headline,
        is_date: has(DATE),
        is_other_date: has(OTHER_DATE),
        is_deadline: has(DEADLINE),
        is_teaser: has(TEASER),
        chrome: if has(ENTRY) { None } else { chrome(&words) },
    }
}

fn chrome(words: &[String]) -> Option<&'static str> {
    let found = CHROME.iter().find(|chrome| words.iter().any(|word| word == *chrome));
    let compound = |ending: &'static str| {
        words.iter().any(|word| word.len() > ending.len() && word.ends_with(ending)).then_some(ending)
    };
    found.copied().or_else(|| compound("menu")).or_else(|| compound("nav"))
}

/// Whether such a word names a menu.
pub fn is_menu(chrome: &str) -> bool {
    chrome.ends_with("menu") || chrome.contains("nav")
}

/// Whether a class is what the commonest content system calls the entries of its menus.
pub fn is_menu_item(class: &str) -> bool {
    class == "menu-item"
}

/// Whether the heading of a column says that dates of publication are in it.
pub fn is_publication(heading: &str) -> bool {
    words(heading).any(|word| {
        matches!(word.as_str(), "published" | "posted" | "issued" | "released" | "decided" | "announced")
    })
}

/// Whether a column's heading says that it holds what its rows are called.
pub fn is_title(heading: &str) -> bool {
    const LONGEST: usize = 40;
    let is_said = |word: String| {
        matches!(
            word.as_str(),
            "title" | "headline" | "subject" | "name" | "event" | "meeting" | "case" | "topic" | "type"
        )
    };
    heading.len() <= LONGEST && words(heading).any(is_said) && !says(heading).is_date
}

/// Whether an address answers a program with the entry's data, or adds it to a calendar: no page to read.
pub fn is_for_programs(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let parts = ["/wp-json/", "/api/", "ics_download", "ical=1", "webcal:", "action=TEMPLATE"];
    path.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("ics"))
        || parts.iter().any(|part| address.contains(part))
}

/// Whether a name says that a link leads to the next page.
pub fn is_next(class: &str) -> bool {
    words(class).any(|word| matches!(word.as_str(), "next" | "older"))
}

fn camel_words(part: &str) -> impl Iterator<Item = String> + '_ {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in part.chars() {
        if c.is_uppercase() && was_lower {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        let word = words.last_mut().expect("never empty: it starts with one and only grows");
        word.extend(c.to_lowercase());
    }
    words.into_iter()
}

const HEADLINE: &[&str] = &["title", "headline", "heading", "subject", "name"];

const NO_HEADLINE: &[&str] = &[
    "date",
    "time",
    "author",
    "byline",
    "meta",
    "tag",
    "tags",
    "category",
    "categories",
    "label",
    "comments",
    "comment",
    "more",
    "readmore",
    "permalink",
    "share",
];

const DATE: &[&str] = &["date", "time", "datetime", "published", "posted", "day"];

const OTHER_DATE: &[&str] = &["updated", "modified", "argued", "filed"];

const DEADLINE: &[&str] =
    &["deadline", "expires", "expiry", "expiration", "closes", "closing", "due", "ends", "until"];

const TEASER: &[&str] =
    &["teaser", "summary", "excerpt", "description", "desc", "abstract", "intro", "lead", "snippet"];

/// Words that name what a listing is made of.
const MEANING: &[&str] = &[
    "entry",
    "entries",
    "post",
    "posts",
    "article",
    "articles",
    "item",
    "items",
    "news",
    "list",
    "listing",
    "card",
    "cards",
    "teaser",
    "teasers",
    "result",
    "results",
    "row",
    "summary",
    "story",
    "stories",
    "title",
    "headline",
    "excerpt",
    "date",
    "time",
    "published",
    "press",
    "release",
    "releases",
    "event",
    "events",
    "archive",
    "blog",
    "feed",
    "content",
    "description",
    "heading",
    "opinion",
    "opinions",
    "document",
    "documents",
    "meeting",
    "meetings",
    "publication",
    "publications",
    "hentry",
    "image",
    "thumbnail",
    "thumb",
    "link",
    "meta",
];

/// Words that name one entry or a part of it: `entry-header` is no page header.
const ENTRY: &[&str] =
    &["entry", "post", "article", "item", "card", "teaser", "story", "hentry", "list", "result"];

/// Words that name what stands beside the content of a page.
const CHROME: &[&str] = &[
    "nav",
    "navbar",
    "navigation",
    "menu",
    "submenu",
    "sidenav",
    "subnav",
    "topnav",
    "mainmenu",
    "megamenu",
    "offcanvas",
    "dropdown",
    "breadcrumb",
    "breadcrumbs",
    "pager",
    "pagination",
    "footer",
    "sidebar",
    "cookie",
    "cookies",
    "share",
    "sharing",
    "social",
    "comments",
    "comment",
    "widget",
    "widgets",
    "related",
    "popular",
    "trending",
    "newsletter",
    "masthead",
    "header",
    "toolbar",
    "tagcloud",
    "tags",
    "cloud",
    "blogroll",
    "skip",
    "modal",
    "popup",
    "banner",
    "sponsors",
    "languages",
    "login",
    "aside",
    "sitemap",
    "ticker",
    "slider",
    "slide",
    "slides",
    "slideshow",
    "carousel",
    "swiper",
    "marquee",
];

/// States and places that change from entry to entry.
const STATES: &[&str] = &[
    "odd",
    "even",
    "first",
    "last",
    "active",
    "current",
    "clearfix",
    "selected",
    "open",
    "closed",
    "hover",
    "hidden",
    "visible",
    "alt",
    "sticky",
    "alternate",
    "collapsed",
    "expanded",
    "clear",
    "left",
    "right",
    "new",
    "lazy",
    "lazyload",
    "lazyloaded",
    "lazyloading",
    "loaded",
    "animated",
    "disabled",
    "enabled",
    "show",
    "hide",
];

/// What content systems put before the name of a tag, an author, a state.
const PREFIXES: &[&str] = &[
    "tag-",
    "category-",
    "author-",
    "status-",
    "format-",
    "postid-",
    "post_tag-",
    "has-",
    "is-",
    "no-",
    "wp-image-",
    "css-",
    "sc-",
    "jsx-",
    "svelte-",
    "emotion-",
    "astro-",
    "wow",
    "fade",
    "data-v-",
    "delay-",
    "term-",
];

pub(super) fn is_volatile(class: &str) -> bool {
    let lower = class.to_ascii_lowercase();
    if STATES.contains(&lower.as_str()) || PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return true;
    }
    let digits = class.bytes().filter(u8::is_ascii_digit).count();
    let ends_in_number = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_numbered = ends_in_number.len() < lower.len()
        && (ends_in_number.ends_with(['-', '_'])
            || ["row", "item", "odd", "even", "post", "entry"].iter().any(|w| ends_in_number.ends_with(w)));
    let is_zebra = words(class).any(|word| matches!(word.as_str(), "odd" | "even" | "first" | "last"));
    digits >= 3 || is_numbered || is_zebra || is_hash(class)
}

/// `_Ab3xZ`, `Card_title__3xY2z`, `sc8Gh2`: letters and digits in no order a person writes.
pub(super) fn is_hash(class: &str) -> bool {
    let tail = class.rsplit(['_', '-']).next().unwrap_or(class);
    let has = |f: fn(&u8) -> bool| tail.bytes().any(|b| f(&b));
    let changes = tail
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    tail.len() >= 5
        && if has(u8::is_ascii_digit) { changes >= 2 || is_mixed } else { is_mixed && is_scrambled(tail) }
}

/// `kFuHJG`, `dhclWg`, `fvEPLq`: so few letters have neither two words after the first, nor words without vowels, nor
/// capitals side by side before a small letter.
fn is_scrambled(name: &str) -> bool {
    const LONGEST: usize = 8;
    let is_rise = |pair: &&[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    let rises = name.as_bytes().windows(2).filter(is_rise).count();
    let is_fall =
        |three: &[u8]| three[..2].iter().all(u8::is_ascii_uppercase) && three[2].is_ascii_lowercase();
    let falls = (5..=7).contains(&name.len()) && name.as_bytes().windows(3).any(is_fall);
    let has_vowel = name.bytes().any(|b| b"aeiouyAEIOUY".contains(&b));
    name.len() <= LONGEST
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && (rises >= 2 || falls || !has_vowel)
}

/// Names of microformats2 (h-entry) for an entry and its parts; grids and paddings are called alike.
const MICROFORMATS: &[&str] = &[
    "h-entry",
    "h-feed",
    "h-event",
    "p-name",
    "p-summary",
    "p-author",
    "p-category",
    "u-url",
    "u-photo",
    "u-featured",
    "dt-published",
    "dt-start",
    "e-content",
];

/// Names of grids and of utility frameworks: legal, and the first to go in a redesign.
pub(super) fn is_look(class: &str) -> bool {
    let lower = class.trim_start_matches('-').to_ascii_lowercase();
    if class.contains([':', '/', '[', '!']) {
        return true;
    }
    if MICROFORMATS.contains(&lower.as_str()) {
        return false;
    }
    let first = lower.split(['-', '_']).next().unwrap_or("");
    let rest = lower.get(first.len()..).unwrap_or("");
    let is_measured = rest.len() > 1;
    let may_mean = || words(class).skip(1).any(|word| MEANING.contains(&word.as_str()));
    is_measured && LOOKS.contains(&first) && (matches!(first, "align" | "justify") || !may_mean())
        || LOOKS_ALONE.contains(&lower.as_str())
}

/// Words that begin the names of utilities: `mt-4`, `text-gray-500`.
const LOOKS: &[&str] = &[
    "col",
    "row",
    "mt",
    "mb",
    "ml",
    "mr",
    "mx",
    "my",
    "pt",
    "pb",
    "pl",
    "pr",
    "px",
    "py",
    "m",
    "p",
    "w",
    "h",
    "d",
    "text",
    "bg",
    "border",
    "flex",
    "grid",
    "gap",
    "font",
    "justify",
    "align",
    "items",
    "offset",
    "order",
    "float",
    "rounded",
    "shadow",
    "span",
    "small",
    "medium",
    "large",
    "xs",
    "sm",
    "md",
    "lg",
    "xl",
    "space",
    "leading",
    "max",
    "min",
    "overflow",
    "z",
    "g",
    "gx",
    "gy",
    "fs",
    "fw",
    "u",
    "pull",
    "cell",
    "tracking",
    "whitespace",
    "object",
    "self",
    "place",
    "transition",
    "duration",
    "opacity",
    "divide",
    "cursor",
];

/// Names of utilities, and of boxes that every field of a theme has.
const LOOKS_ALONE: &[&str] = &[
    "row",
    "container",
    "flex",
    "grid",
    "block",
    "inline",
    "hidden",
    "relative",
    "absolute",
    "columns",
    "column",
    "wrapper",
    "inner",
    "outer",
    "container-fluid",
    "underline",
    "uppercase",
    "border",
    "rounded",
    "shadow",
    "field-content",
    "field-item",
    "field__item",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_programs_make_are_volatile() {
        for class in [
            "post-123",
            "views-row-1",
            "odd",
            "css-1ab2c3",
            "Card_title__3xY2z",
            "row0",
            "category-news",
            "et_pb_blog_item_0_1",
            "sc-fzXfMy",
            "is-active",
            "item-last",
            "kFuHJG",
            "dhclWg",
            "fvEPLq",
            "BOlnTh",
            "color-primary-zABazT",
        ] {
            assert_eq!(hold(class), Hold::Volatile, "{class}");
        }
    }

    #[test]
    fn names_that_people_write_hold() {
        for class in ["entry-title", "newsList", "et_pb_post", "press-release", "hentry", "teaser__title"] {
            assert_eq!(hold(class), Hold::Meaning, "{class}");
        }
        for class in ["bulletin", "akten", "meldung", "newsItem", "hdrNav", "NewsBox", "iOS", "rowHeadline"] {
            assert_ne!(hold(class), Hold::Volatile, "{class}");
        }
    }

    #[test]
    fn grids_and_utilities_are_looks() {
        for class in [
            "col-md-6",
            "mt-4",
            "md:flex",
            "text-gray-500",
            "container",
            "w-1/2",
            "style3",
            "border",
            "field-content",
            "justify-content-between",
        ] {
            assert_eq!(hold(class), Hold::Look, "{class}");
        }
    }

    #[test]
    fn an_entry_header_is_no_page_header() {
        assert_eq!(says("site-header").chrome, Some("header"));
        assert_eq!(says("entry-header").chrome, None);
        assert_eq!(says("mainNavigation").chrome, Some("navigation"));
    }
}
