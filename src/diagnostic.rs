//! Diagnostics: what a stage noticed about a page that did not stop it. Data, pure.
//!
//! Errors are for the world (network, disk, config); a diagnostic is for a page. Every drop, skip and
//! fallback has a [`Code`], and every code has a paragraph in `docs/diagnostics.md` (a test holds the two
//! together).

use serde::{Deserialize, Serialize};

/// One thing a stage noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// What kind of thing; stable, for counting and for `docs/diagnostics.md`.
    pub code: Code,
    /// The row it is about, counted from 1 in page order; `None` when it is about the whole page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// One line for a person: lower case, no final period, names the thing, what was found and expected.
    pub message: String,
}

impl Diagnostic {
    /// A diagnostic about the whole page.
    pub fn page(code: Code, message: impl Into<String>) -> Self {
        Self { code, row: None, message: message.into() }
    }

    /// A diagnostic about one row, counted from 1.
    pub fn row(code: Code, row: usize, message: impl Into<String>) -> Self {
        Self { code, row: Some(row), message: message.into() }
    }
}

/// The kinds of diagnostic. Written as kebab-case words in fixtures and JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The charset the page declares does not fit its bytes, or two declarations disagree.
    CharsetDisagrees,
    /// Bytes that are not text in the page's charset became U+FFFD.
    BytesReplaced,
    /// Parsing hit its deadline; the entries are those read up to there.
    ParseDeadline,
    /// More rows, or more nesting, than the limit; the rest was not read.
    PageTruncated,
    /// The scripts that `json` names hold no JSON, or are not there; nothing was read from them.
    JsonUnreadable,
    /// A row has no headline and nothing that can stand in for it; the row is dropped.
    HeadlineMissing,
    /// A field marked `required` is missing; the row is dropped.
    RequiredMissing,
    /// A configured optional field is missing in this row; the row is kept.
    FieldMissing,
    /// A field's first selector missed and a later one in its list was used.
    FallbackUsed,
    /// A regex of the config did not match the field's text; the field counts as missing.
    RegexMissed,
    /// A link or image address cannot be used (not http or https, or not an address); the field is dropped.
    AddressUnusable,
    /// Two rows are one entry (same link, or same headline and teaser); the later one is folded into the first.
    DoublePost,
    /// A text that should hold a date holds none.
    DateMissing,
    /// A date can be read in more than one way and nothing on the page settles it.
    DateAmbiguous,
    /// A date is later than the fetch allows, or impossible; it is not used.
    DateRefused,
    /// A date the page states by machine is later than the day we first saw the entry; the old one stays.
    DateAfterFirstSeen,
    /// A text was longer than the limit for its field and was cut.
    TextCut,
    /// A text changes with every fetch; the change is held back.
    ChurnHeldBack,
    /// An entry was recognized although its link changed.
    LinkMoved,
    /// An upstream feed is not well-formed and was read all the same.
    FeedRepaired,
    /// An upstream feed breaks off, or a part of it cannot be read; the whole entries were taken.
    FeedCut,
    /// An entry's full text is too long or nests too deep to be made safe; its teaser stands alone.
    ContentRefused,
    /// The page answers at another address for good, and is asked there from now on.
    SourceMoved,
    /// A page that is read by selectors links a feed, which it did not before.
    FeedLinked,
    /// A further page of a listing could not be had or read; what was read before it is taken.
    PageMissing,
    /// An entry's own page could not be had; the entry keeps what the listing says.
    OwnPageMissing,
    /// An entry's own page is not about it, or something on it is not used.
    OwnPageRefused,
    /// A listing goes on beyond the pages that may be read, and no known entry was reached.
    PagesLeft,
}
