//! Selector text → compiled selector, or what is wrong and where inside the text. Pure.
//!
//! scraper's own errors have no place and tell the user to write to its developer, and it drops what it does
//! not know inside `:is()` in silence; here the same parser is asked strictly, and says why.

use std::ops::Range;

use scraper::{Selector, selector::Simple};
use selectors::parser::{ParseRelative, Parser, SelectorList, SelectorParseErrorKind};

use super::sheet::{nearest, quote};

/// Why a selector cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// The bytes of the selector it is about.
    pub part: Range<usize>,
    /// What to write instead; `None`: the message says enough.
    pub hint: Option<String>,
}

/// Compiles a selector.
pub fn compile(text: &str) -> Result<Selector, Refusal> {
    if text.trim().is_empty() {
        let hint = "`*` stands for the entry itself".to_owned();
        return Err(Refusal {
            message: "the selector is empty".to_owned(),
            part: 0..text.len(),
            hint: Some(hint),
        });
    }
    let why = strict(text).err();
    if why.is_some() {
        refuse_xpath(text)?;
    }
    let marks = scan(text)?;
    refuse_marks(text, &marks)?;
    if let Some(why) = why {
        return Err(locate(text, &marks, &why));
    }
    #[expect(clippy::disallowed_methods, reason = "this is the one place; the strict parser has accepted it")]
    let compiled = Selector::parse(text);
    compiled.map_err(|_| Refusal { message: not_css(text), part: 0..text.len(), hint: None })
}

/// `h2 a@href` → `h2 a` and `href`: parted at the last `@` outside brackets and quotes that is followed by an
/// attribute's name and nothing else.
pub fn split_attribute(text: &str) -> (&str, Option<&str>) {
    let Ok(marks) = scan(text) else { return (text, None) };
    let Some(at) = marks.at_signs.last() else { return (text, None) };
    let (selector, attribute) = (&text[..*at], &text[at + 1..]);
    if is_attribute(attribute) { (selector, Some(attribute)) } else { (text, None) }
}

/// What may follow the `@`, and stand in `attr`: `href`, `data-id`, `xlink:href`.
pub fn is_attribute(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// What a scan of a selector finds; offsets in bytes.
#[derive(Debug, Default)]
struct Marks {
    /// Commas outside brackets.
    commas: Vec<usize>,
    /// `@` outside brackets.
    at_signs: Vec<usize>,
    /// Blanks and combinators outside brackets.
    joints: Vec<usize>,
    /// `ns|a`.
    namespace: Option<usize>,
    /// Everything with a colon.
    pseudos: Vec<Pseudo>,
}

#[derive(Debug)]
struct Pseudo {
    /// From the first colon to the end of the name.
    part: Range<usize>,
    name: String,
    /// It has two colons.
    is_element: bool,
    /// It stands inside a `:has()`.
    is_inside_has: bool,
    /// What stands in its brackets, up to the end of the text.
    after: Option<usize>,
}

/// Finds what matters outside strings and escapes; brackets and quotes must be balanced. CSS itself would close
/// them at the end in silence.
fn scan(text: &str) -> Result<Marks, Refusal> {
    let mut marks = Marks::default();
    // (offset, bracket, it belongs to `:has`)
    let mut open: Vec<(usize, char, bool)> = Vec::new();
    let mut has_depth = 0_usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_in_attribute = open.last().is_some_and(|(_, bracket, _)| *bracket == '[');
        match c {
            '\\' => {
                chars.next();
            }
            '"' | '\'' => {
                let mut is_closed = false;
                while let Some((_, inner)) = chars.next() {
                    if inner == '\\' {
                        chars.next();
                    } else if inner == c {
                        is_closed = true;
                        break;
                    }
                }
                if !is_closed {
                    return Err(unbalanced(at, c, "is never closed"));
                }
            }
            '(' | '[' => {
                let is_has =
                    marks.pseudos.last().is_some_and(|last| last.part.end == at && last.name == "has");
                if let Some(last) = marks.pseudos.last_mut().filter(|last| last.part.end == at && c == '(') {
                    last.after = Some(at + 1);
                }
                has_depth += usize::from(is_has && c == '(');
                open.push((at, c, is_has && c == '('));
            }
            ')' | ']' => match open.pop() {
                Some((_, '(', is_has)) if c == ')' => has_depth -= usize::from(is_has),
                Some((_, '[', _)) if c == ']' => {}
                Some((opened, bracket, _)) => {
                    return Err(unbalanced(opened, bracket, "is not closed by its own kind"));
                }
                None => return Err(unbalanced(at, c, "closes nothing")),
            },
            ':' if !is_in_attribute => {
                let is_element = chars.next_if(|(_, next)| *next == ':').is_some();
                let start = at + if is_element { 2 } else { 1 };
                let mut end = start;
                while let Some((at, next)) =
                    chars.next_if(|(_, next)| next.is_alphanumeric() || matches!(next, '-' | '_'))
                {
                    end = at + next.len_utf8();
                }
                let is_inside_has = has_depth > 0;
                let name = text[start..end].to_ascii_lowercase();
                marks.pseudos.push(Pseudo { part: at..end, name, is_element, is_inside_has, after: None });
            }
            '|' if chars.peek().is_none_or(|(_, next)| *next != '=') && !text[..at].ends_with('*') => {
                marks.namespace.get_or_insert(at);
            }
            ',' if open.is_empty() => marks.commas.push(at),
            '@' if open.is_empty() => marks.at_signs.push(at),
            ' ' | '\t' | '\n' | '\r' | '>' | '+' | '~' if open.is_empty() => marks.joints.push(at),
            _ => {}
        }
    }
    match open.first() {
        Some((at, bracket, _)) => Err(unbalanced(*at, *bracket, "is never closed")),
        None => Ok(marks),
    }
}

fn unbalanced(at: usize, what: char, why: &str) -> Refusal {
    Refusal { message: format!("`{what}` {why}"), part: at..at + what.len_utf8(), hint: None }
}

fn refuse_xpath(text: &str) -> Result<(), Refusal> {
    let start = text.len() - text.trim_start().len();
    let starts = ["/", "./", "(/", "..", "@"].iter().find(|start| text.trim_start().starts_with(**start));
    let inside =
        ["[@", "/text()", "/@"].iter().find_map(|piece| text.find(piece).map(|at| at..at + piece.len()));
    let (message, hint, part) = match (starts, inside) {
        (Some(&"@"), _) => {
            let hint = format!("`*` stands for the entry itself: {}", quote(&format!("*{}", text.trim())));
            ("no selector stands before `@`", hint, start..start + 1)
        }
        (Some(found), _) => ("this looks like XPath, not CSS", xpath_hint(), start..start + found.len()),
        (None, Some(part)) => ("this looks like XPath, not CSS", xpath_hint(), part),
        (None, None) => return Ok(()),
    };
    Err(Refusal { message: message.to_owned(), part, hint: Some(hint) })
}

fn xpath_hint() -> String {
    "`//div[@class='x']/a/@href` is `div.x > a@href` here".to_owned()
}

fn refuse_marks(text: &str, marks: &Marks) -> Result<(), Refusal> {
    if let Some(at) = marks.at_signs.last() {
        let name = text[at + 1..].trim();
        let (message, hint) = if is_attribute(name) {
            (
                format!("`@{name}` asks for an attribute where an element is asked for"),
                "leave it out".to_owned(),
            )
        } else {
            (
                "`@` is not followed by the name of an attribute".to_owned(),
                "write `selector@attribute`, such as `a@href`".to_owned(),
            )
        };
        return Err(Refusal { message, part: *at..text.len(), hint: Some(hint) });
    }
    if let Some(pseudo) = marks.pseudos.iter().find(|pseudo| pseudo.name.is_empty()) {
        let hint = "in a class name a colon is written `\\:`".to_owned();
        return Err(Refusal {
            message: "a name is missing after `:`".to_owned(),
            part: pseudo.part.clone(),
            hint: Some(hint),
        });
    }
    for pseudo in &marks.pseudos {
        let inside = pseudo.after.map_or("", |after| &text[after..]);
        let inside = &inside[..inside.find(')').unwrap_or(inside.len())];
        let refused = match pseudo.name.as_str() {
            "has" if pseudo.is_inside_has => Some((
                "`:has()` inside `:has()` is not CSS",
                "one `:has()` can hold a longer selector, such as `:has(> div a)`",
            )),
            "nth-child" | "nth-last-child" if inside.contains(" of ") => Some((
                "`of` inside `:nth-child()` is not supported",
                "use `:nth-of-type()`, or a more exact selector",
            )),
            _ => None,
        };
        if let Some((message, hint)) = refused {
            return Err(Refusal {
                message: message.to_owned(),
                part: pseudo.part.clone(),
                hint: Some(hint.to_owned()),
            });
        }
    }
    if let Some(at) = marks.namespace {
        let hint = "leave the namespace out: `ns|a` is `a` here".to_owned();
        return Err(Refusal {
            message: "namespaces are not supported".to_owned(),
            part: at..at + 1,
            hint: Some(hint),
        });
    }
    let mut parts = std::iter::once(0)
        .chain(marks.commas.iter().map(|at| at + 1))
        .zip(marks.commas.iter().copied().chain([text.len()]));
    let Some((start, end)) = parts.find(|(start, end)| text[*start..*end].trim().is_empty()) else {
        return Ok(());
    };
    // The comma that has nothing on one of its sides.
    let (comma, message) = if end < text.len() {
        (end, "nothing stands before this comma")
    } else {
        (start - 1, "nothing follows this comma")
    };
    Err(Refusal { message: message.to_owned(), part: comma..comma + 1, hint: Some("remove it".to_owned()) })
}

/// What the strict parser says.
enum Why {
    /// A pseudo-class or pseudo-element it does not know.
    Pseudo(String),
    /// Something else.
    Kind(SelectorParseErrorKind),
}

impl From<SelectorParseErrorKind> for Why {
    fn from(kind: SelectorParseErrorKind) -> Self {
        Self::Kind(kind)
    }
}

/// scraper's parser, but nothing is forgiven and an unknown name is told.
struct Strict;

type CssError = cssparser::ParseError<Why>;
type Name<'i> = cssparser::CowRcStr<'i>;

fn unknown<T>(name: &Name<'_>) -> Result<T, CssError> {
    Err(CssError::custom(Why::Pseudo(name.to_ascii_lowercase())))
}

impl<'i> Parser<'i> for Strict {
    type Impl = Simple;
    type Error = Why;

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn allow_forgiving_selectors(&self) -> bool {
        false
    }

    fn parse_non_ts_pseudo_class(
        &self,
        name: Name<'i>,
    ) -> Result<scraper::selector::NonTSPseudoClass, CssError> {
        unknown(&name)
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: Name<'i>,
        _arguments: &mut cssparser::Parser<'i>,
        _is_after_part: bool,
    ) -> Result<scraper::selector::NonTSPseudoClass, CssError> {
        unknown(&name)
    }

    fn parse_pseudo_element(&self, name: Name<'i>) -> Result<scraper::selector::PseudoElement, CssError> {
        unknown(&name)
    }

    fn parse_functional_pseudo_element(
        &self,
        name: Name<'i>,
        _arguments: &mut cssparser::Parser<'i>,
    ) -> Result<scraper::selector::PseudoElement, CssError> {
        unknown(&name)
    }
}

fn strict(text: &str) -> Result<(), Why> {
    let parsed = SelectorList::parse(&Strict, &mut cssparser::Parser::new(text), ParseRelative::No);
    parsed.map(|_| ()).map_err(|error| match error.kind {
        cssparser::ParseErrorKind::Custom(why) => why,
        // Which token it was is found by `locate`.
        cssparser::ParseErrorKind::Basic(_) => Why::Kind(SelectorParseErrorKind::InvalidState),
    })
}

/// The parser gives no place: the smallest piece that fails by itself is named.
fn locate(text: &str, marks: &Marks, why: &Why) -> Refusal {
    if let Why::Pseudo(name) = why
        && let Some(pseudo) = marks.pseudos.iter().find(|pseudo| pseudo.name == *name)
    {
        return refuse_pseudo(text, pseudo);
    }
    let part = failing_piece(text, 0..text.len(), &marks.commas);
    let inner: Vec<usize> = marks.joints.iter().copied().filter(|at| part.contains(at)).collect();
    let piece = text[part.clone()].trim();
    if piece.starts_with(['>', '+', '~']) {
        let hint = format!("`:scope` stands for the entry: {}", quote(&format!(":scope {piece}")));
        return Refusal {
            message: format!("nothing stands before `{}`", &piece[..1]),
            part: part.start..part.start + 1,
            hint: Some(hint),
        };
    }
    if piece.ends_with(['>', '+', '~']) {
        let message = format!("nothing follows `{}`", &piece[piece.len() - 1..]);
        return Refusal { message, part: part.end - 1..part.end, hint: None };
    }
    let part = failing_piece(text, part, &inner);
    let (message, hint) = match why {
        Why::Kind(SelectorParseErrorKind::ClassNeedsIdent) => (
            format!("a class name is missing or cannot be read in {}", quote(&text[part.clone()])),
            Some("a name that starts with a digit is written `[class~=\"2col\"]`".to_owned()),
        ),
        _ => (not_css(&text[part.clone()]), counted(&text[part.clone()])),
    };
    Refusal { message, part, hint }
}

/// What `td[2]`, which is no CSS, is in it.
fn counted(piece: &str) -> Option<String> {
    let (name, number) = piece.strip_suffix(']')?.rsplit_once('[')?;
    let number: u32 = number.parse().ok()?;
    Some(format!("counted among its like, write `{name}:nth-of-type({number})`"))
}

fn not_css(text: &str) -> String {
    format!("{} is not a CSS selector", quote(text))
}

/// The first of the pieces between `cuts` that fails by itself, without blanks around it; `whole` if none does.
fn failing_piece(text: &str, whole: Range<usize>, cuts: &[usize]) -> Range<usize> {
    let mut start = whole.start;
    for end in cuts.iter().copied().chain([whole.end]) {
        let piece = text[start..end].trim();
        if !piece.is_empty() && strict(piece).is_err() {
            let lead = text[start..end].len() - text[start..end].trim_start().len();
            return start + lead..start + lead + piece.len();
        }
        start = (end + 1).min(whole.end);
    }
    whole
}

/// Pseudo-classes that are known, for advice.
const KNOWN: &[&str] = &[
    "not",
    "is",
    "where",
    "has",
    "scope",
    "root",
    "empty",
    "first-child",
    "last-child",
    "only-child",
    "first-of-type",
    "last-of-type",
    "only-of-type",
    "nth-child",
    "nth-last-child",
    "nth-of-type",
    "nth-last-of-type",
];

fn refuse_pseudo(text: &str, pseudo: &Pseudo) -> Refusal {
    let colons = if pseudo.is_element { "::" } else { ":" };
    let name = pseudo.name.as_str();
    let inside = pseudo.after.map_or("", |after| &text[after..]);
    let inside = inside[..inside.find(')').unwrap_or(inside.len())].trim_matches(['"', '\'', ' ']);
    let hint = match name {
        "text" => "leave it out: a field is its element's text".to_owned(),
        "attr" => format!("write {}", quote(&format!("{}@{inside}", text[..pseudo.part.start].trim_end()))),
        "contains" | "icontains" | "-soup-contains" | "-soup-contains-own" | "containsown" | "has-text"
        | "matches" | "matchesown" | "text-is" | "contains-own" => {
            "texts are no matter of CSS: make the field a table with `regex = \"…\"`".to_owned()
        }
        "link" | "any-link" => "a link is `a[href]`".to_owned(),
        "checked" | "disabled" | "selected" | "required" => format!("write `[{name}]`"),
        "visited" | "hover" | "active" | "focus" | "focus-within" | "focus-visible" | "target"
        | "enabled" => "a page as fetched has no such state; leave it out".to_owned(),
        "lang" => format!("write `[lang|=\"{inside}\"]`"),
        "first" | "first-line" | "first-letter" => {
            "leave it out (the first match counts), or use `:first-of-type`".to_owned()
        }
        "last" => "use `:last-of-type`".to_owned(),
        "eq" | "nth" | "gt" | "lt" => "use `:nth-child()`, which counts from 1".to_owned(),
        "before" | "after" => "what a style sheet adds is not in the page".to_owned(),
        _ => match nearest(name, KNOWN.iter().copied()) {
            Some(near) => format!("did you mean `:{near}`?"),
            None => format!("in a class name the colon is written `\\:{name}`"),
        },
    };
    let kind = if pseudo.is_element { "pseudo-element" } else { "pseudo-class" };
    let message = format!("`{colons}{name}` is not a {kind} gleaner knows");
    Refusal { message, part: pseudo.part.clone(), hint: Some(hint) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String, String) {
        let refusal = compile(text).unwrap_err();
        (text[refusal.part].to_owned(), refusal.message, refusal.hint.unwrap_or_default())
    }

    #[test]
    fn what_scraper_matches_is_accepted() {
        for text in [
            "a",
            "*",
            "article.et_pb_post",
            "h2.entry-title > a[href^='/x' i]",
            ":has(> a[href])",
            ":not(:has(b))",
            ":is(h1, h2)",
            ":where(.a)",
            ":scope > a",
            ":nth-child(2n+1)",
            "a ~ b + c",
            "*|a",
            "[lang|=en]",
            "a[href^='/@']",
            ".sm\\:flex",
            ".a\\@b",
            "a[title='it\\'s, (so']",
            "h1, h2",
            "[href*=\"a,b\"]",
            "li:first-child",
            "#x",
            "a:not([href])",
        ] {
            assert!(compile(text).is_ok(), "{text}: {:?}", compile(text));
        }
    }

    #[test]
    fn a_refusal_names_its_place_and_the_way_out() {
        for (text, part, hint) in [
            ("h2 a::text", "::text", "leave it out"),
            ("h2 a::attr(href)", "::attr", "`h2 a@href`"),
            ("p:contains('x')", ":contains", "regex"),
            ("p:has-text(x)", ":has-text", "regex"),
            ("//div/a", "/", "`div.x > a@href`"),
            ("/html/body", "/", "`div.x > a@href`"),
            ("div[@class='x']", "[@", "`div.x > a@href`"),
            ("a:link", ":link", "a[href]"),
            ("li a:hover", ":hover", "no such state"),
            ("a:visited", ":visited", "no such state"),
            ("li:nth-child(2 of .x)", ":nth-child", ":nth-of-type"),
            (":has(a:has(b))", ":has", "one `:has()`"),
            ("svg|a", "|", "leave the namespace out"),
            ("li:fist-child", ":fist-child", "`:first-child`"),
            ("a, b,", ",", "remove it"),
            (", b", ",", "remove it"),
            ("> a", ">", "`:scope > a`"),
            ("div.a, b ..c", "..c", "digit"),
            (".sm:flex", ":flex", "\\:flex"),
            ("a:is(b, :hover)", ":hover", "no such state"),
            ("a@1", "@1", "a@href"),
            ("@href", "@", "`*@href`"),
            ("", "", "`*`"),
        ] {
            let (found, message, advice) = refused(text);
            assert_eq!(found, part, "{text}: {message}");
            assert!(advice.contains(hint), "{text}: {message} / {advice}");
        }
    }

    #[test]
    fn brackets_and_quotes_must_be_closed() {
        for (text, part) in [("a[href", "["), ("a:not(b", "("), ("a)", ")"), ("a[b)", "["), ("a[b='c]", "'")]
        {
            assert_eq!(refused(text).0, part, "{text}");
        }
    }

    #[test]
    fn nothing_may_dangle() {
        assert_eq!(refused("a >").1, "nothing follows `>`");
        assert_eq!(refused("a > , b").1, "nothing follows `>`");
    }

    #[test]
    fn the_attribute_is_parted_at_the_last_sign_outside_brackets() {
        for (text, parted) in [
            ("a@href", ("a", Some("href"))),
            ("*@data-id", ("*", Some("data-id"))),
            ("a[title='x@y']", ("a[title='x@y']", None)),
            ("a[title='x@y']@title", ("a[title='x@y']", Some("title"))),
            (".a\\@b", (".a\\@b", None)),
            ("use@xlink:href", ("use", Some("xlink:href"))),
            ("a", ("a", None)),
            ("a@", ("a@", None)),
        ] {
            assert_eq!(split_attribute(text), parted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_compiled_or_refused_inside_itself(text in "[a-z@:()\\[\\]'\"\\\\,|>+~. */*é0-9]{0,30}") {
            if let Err(refusal) = compile(&text) {
                proptest::prop_assert!(text.get(refusal.part).is_some());
            }
            split_attribute(&text);
        }
    }
}
