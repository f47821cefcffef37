//! Raw text: where a style or a program begins in a page, and where it ends. Pure.
//!
//! What a tag in the text is, only the parser knows; this says where to ask it, and what may be left out when it says
//! yes. Left alone is what a page may say in JSON, and a program that holds `<!--`, whose end is not where it seems
//! (HTML, "script data escaped state").

use std::ops::Range;

use scraper::{Html, Node};

/// The elements whose content is left out.
const NAMES: [&str; 2] = ["style", "script"];

/// The longest start tag that is looked for.
const MAX_TAG_BYTES: usize = 1024;

/// The next thing in a piece of the text that looks like the start tag of such an element, up to and with the first
/// `>`, which may lie beyond the piece; `None`: there is none.
pub(super) fn next(text: &str, piece: Range<usize>) -> Option<Range<usize>> {
    let mut from = piece.start;
    while let Some(at) = text[from..piece.end].find('<') {
        let start = from + at;
        if NAMES.iter().any(|name| is_named(&text.as_bytes()[start + 1..], name)) {
            let tag = text.as_bytes()[start..].iter().take(MAX_TAG_BYTES);
            if let Some(length) = tag.copied().position(|byte| byte == b'>') {
                return Some(start..start + length + 1);
            }
        }
        from = start + 1;
    }
    None
}

/// Whether a tag of this name stands here: the name, and what ends it.
fn is_named(bytes: &[u8], name: &str) -> bool {
    let is_end = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | b' ' | b'/' | b'>');
    bytes.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(name.len()).is_some_and(is_end)
}

/// Whether the newest node of a tree is such an element, so that the parser reads raw text now.
pub(super) fn is_raw(html: &Html) -> bool {
    html.tree.nodes().next_back().is_some_and(|newest| match newest.value() {
        Node::Element(element) => element.name.ns == html5ever::ns!(html) && NAMES.contains(&element.name()),
        _ => false,
    })
}

/// Where the content of an element ends that begins with this tag, or where it is to be read on.
pub(super) fn end(text: &str, tag: Range<usize>) -> usize {
    let start_tag = text[tag.clone()].to_ascii_lowercase();
    let name = if start_tag.starts_with("<style") { NAMES[0] } else { NAMES[1] };
    if start_tag.contains("json") {
        return tag.end;
    }
    let mut from = tag.end;
    while let Some(at) = text[from..].find('<') {
        let end = from + at;
        match &text.as_bytes()[end + 1..] {
            [b'/', rest @ ..] if is_named(rest, name) => return end,
            [b'!', b'-', b'-', ..] if name == "script" => return tag.end,
            _ => from = end + 1,
        }
    }
    tag.end
}

#[cfg(test)]
mod tests {
    use html5ever::{
        driver::{self, ParseOpts},
        tendril::{StrTendril, TendrilSink},
    };
    use proptest::prelude::*;
    use scraper::HtmlTreeSink;

    use super::*;
    use crate::extract::parse;

    /// Every node but the texts of styles and programs, each with its depth, in the order of the page.
    fn nodes(html: &Html) -> Vec<(usize, &Node)> {
        let is_left_out = |parent: &Node| match parent {
            Node::Element(element) => {
                let is_raw = element.name.ns == html5ever::ns!(html) && NAMES.contains(&element.name());
                is_raw && !element.attr("type").unwrap_or_default().contains("json")
            }
            _ => false,
        };
        let nodes = html.tree.root().descendants();
        nodes
            .filter(|node| {
                !node.value().is_text() || !node.parent().is_some_and(|up| is_left_out(up.value()))
            })
            .map(|node| (node.ancestors().count(), node.value()))
            .collect()
    }

    fn whole(text: &str) -> Html {
        let sink = HtmlTreeSink::new(Html::new_document());
        driver::parse_document(sink, ParseOpts::default()).one(StrTendril::from(text))
    }

    fn agrees(text: &str) {
        assert_eq!(nodes(&parse::parse(text, &|| true).html), nodes(&whole(text)), "{text}");
    }

    #[test]
    fn what_stands_in_styles_and_programs_is_left_out_and_nothing_else() {
        let text = "<head><style>a{b:c}</style><SCRIPT src=x>var a='</p>';</SCRIPT ><title>T</title>\
                    <script type='application/ld+json'>{\"a\":1}</script></head><body><p>one</p><style>x</style>two";
        agrees(text);
        let html = parse::parse(text, &|| true).html;
        let texts: Vec<&str> =
            html.tree.values().filter_map(|node| node.as_text()).map(|text| &**text).collect();
        assert_eq!(texts, ["T", "{\"a\":1}", "one", "two"]);
    }

    #[test]
    fn what_only_looks_like_one_is_read() {
        for text in [
            "<!-- <style> --><p>one</p><!-- </style> --><p>two",
            "<a title=\"<style>\">one</a><p>two</style>three",
            "<a href=x<style>one</a><p>two</style>three",
            "<title><style></title><p>one</style>two",
            "<textarea><script></textarea><p>one</script>two",
            "<svg><style><p>one</style></svg>two",
            "<style title=\"a>b\">c{}</style><p>one",
            "<script><!-- <script> </script> --></script><p>one",
            "<script>a</scripture></script><p>one",
            "<style>no end <p>one",
            "<noscript><style>a</noscript><p>one</style>two",
            "<select><style>a</style><option>one</select>",
            "<style/><p>one</style>two",
            "<style",
            "<style>",
            "<styles>one</styles><scripts>two",
            "<plaintext><style>a</style>",
            "<svg><![CDATA[<style>]]><p>one</style>",
        ] {
            agrees(text);
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "fixtures are files")]
    fn the_tree_of_every_fixture_is_the_same() {
        let folders = |path: std::path::PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut pages = 0;
        for case in folders(root).flat_map(|source| folders(source.path())) {
            let Ok(bytes) = std::fs::read(case.path().join("page.html")) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            assert!(nodes(&parse::parse(&text, &|| true).html) == nodes(&whole(&text)), "{:?}", case.path());
            pages += 1;
        }
        assert!(pages > 30, "{pages} pages");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn the_tree_is_the_same(pieces in prop::collection::vec(prop::sample::select(vec![
            "<style>", "</style>", "<style type=a>", "<script>", "</script>", "<script src='b'>", "<script type=application/json>",
            "<!--", "-->", "--!>", "<title>", "</title>", "<textarea>", "</textarea>", "<svg>", "</svg>", "<math>", "<![CDATA[", "]]>",
            "<noscript>", "</noscript>", "<template>", "</template>", "<select>", "</select>", "<table>", "<tr>", "<p>", "</p>",
            "<a href=\"", "<a x=", ">", "\"", "'", "<", "</", "/>", "&amp;", "&", "\r", "\n", "\0", "ä", " a ", "style", "script",
            "<head>", "</head>", "<body>", "<iframe>", "</iframe>", "<STYLE\t", "</Script\n>", "<html>", "<frameset>", "<plaintext>",
        ]), 0..40)) {
            agrees(&pieces.concat());
        }
    }
}
