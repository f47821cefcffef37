//! Build: a page's text → a tree, step by step. Pure.
//!
//! Most of a page are plain tags with plain text between them. What html5ever's tokenizer makes of those is plain too
//! (`plain`), so it is handed to the tree builder as it is, which is a third of the cost of parsing. Everything else goes
//! through the tokenizer, which has the last word: after a piece in which it saw a tag or a comment end, it stands between
//! two of them, and only there is anything kept from it. What stands in styles and programs, half of many pages, is left
//! out (`raw`). But for that the tree is the one that the whole text gives.

use std::cell::{Cell, Ref};

use ego_tree::{NodeId, Tree};
use html5ever::{
    TokenizerResult,
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts},
    tree_builder::{TreeBuilder, TreeBuilderOpts},
};
use scraper::{Html, HtmlTreeSink, Node};

use super::{parse::Programs, plain, raw, text::beginning};

/// The most that is given to the tokenizer at once. A piece can open 1365 elements (`<b>` has three letters), which costs
/// milliseconds even when they nest.
const PIECE_BYTES: usize = 4 * 1024;

/// Pages have about a node for so many bytes, styles and programs included.
const BYTES_PER_NODE: usize = 48;

/// The most nodes that room is made for before there are any.
const MAX_ROOM: usize = 1 << 14;

/// A page on its way into a tree.
pub(super) struct Build<'a> {
    text: &'a str,
    /// The same text, for all that is cut from it to share.
    shared: StrTendril,
    at: usize,
    programs: Programs,
    tokenizer: Tokenizer<Witness>,
    input: BufferQueue,
}

impl<'a> Build<'a> {
    pub(super) fn new(text: &'a str, programs: Programs) -> Self {
        let nodes = (text.len() / BYTES_PER_NODE).min(MAX_ROOM);
        let html = Html { tree: Tree::with_capacity(Node::Document, nodes), ..Html::new_document() };
        let builder = TreeBuilder::new(HtmlTreeSink::new(html), TreeBuilderOpts::default());
        let witness = Witness { builder, place: Cell::new(Place::Unknown), tokens: Cell::new(0) };
        Self {
            text,
            shared: StrTendril::from(text),
            // The tokenizer would leave one out at the beginning of each piece.
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            programs,
            tokenizer: Tokenizer::new(
                witness,
                TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() },
            ),
            input: BufferQueue::default(),
        }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The tree so far.
    pub(super) fn html(&self) -> Ref<'_, Html> {
        self.tokenizer.sink.builder.sink.0.borrow()
    }

    /// Reads a piece more.
    pub(super) fn read(&mut self) {
        let end = (self.at + PIECE_BYTES).min(self.text.len());
        while self.at < end {
            let is_read = self.tokenizer.sink.place.get() == Place::Between && self.read_plain();
            if !is_read {
                self.tokenize();
            }
        }
    }

    /// The tree of all that was read.
    pub(super) fn finish(self) -> Html {
        self.tokenizer.end();
        self.tokenizer.sink.builder.sink.0.into_inner()
    }

    /// Reads a plain text or tag; whether there is one.
    fn read_plain(&mut self) -> bool {
        let next = plain::text(self.text, self.at, &self.shared)
            .or_else(|| plain::tag(self.text, self.at, &self.shared));
        let Some((token, end)) = next else { return false };
        // What is plain does not change how the tokenizer goes on.
        let _ = self.tokenizer.sink.builder.process_token(token, 1);
        self.at = end;
        true
    }

    /// Gives the tokenizer what comes up to the next `>`, with which it may have read a tag.
    fn tokenize(&mut self) {
        let limit = piece_end(self.text, self.at);
        let end = self.text[self.at..limit].find('>').map_or(limit, |close| self.at + close + 1);
        self.tokenizer.sink.place.set(Place::Unknown);
        self.input.push_back(cut(&self.shared, self.at, end));
        while !matches!(self.tokenizer.feed(&self.input), TokenizerResult::Done) {}
        self.at = match self.tokenizer.sink.place.get() {
            Place::Raw(name) if self.programs == Programs::LeftOut => raw::end(self.text, end, name),
            Place::Raw(_) | Place::Between | Place::Unknown => end,
        };
    }
}

fn piece_end(text: &str, from: usize) -> usize {
    from + beginning(&text[from..], PIECE_BYTES).len()
}

/// A part of a text that shares its memory.
pub(super) fn cut(shared: &StrTendril, start: usize, end: usize) -> StrTendril {
    let narrow = |at: usize| u32::try_from(at).expect("a tendril is shorter than 4 GiB");
    shared.subtendril(narrow(start), narrow(end - start))
}

/// Where the tokenizer stands, as far as its last token tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between two tags.
    Between,
    /// After the start tag of this element, whose content may be left out.
    Raw(&'static str),
    /// Somewhere else.
    Unknown,
}

/// The tree builder, with a note of where the tokenizer stands.
struct Witness {
    builder: TreeBuilder<NodeId, HtmlTreeSink>,
    place: Cell<Place>,
    /// How many tokens it had from the tokenizer.
    tokens: Cell<usize>,
}

impl TokenSink for Witness {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        self.tokens.set(self.tokens.get() + 1);
        let is_end = matches!(token, Token::TagToken(_) | Token::CommentToken(_) | Token::DoctypeToken(_));
        let name = if let Token::TagToken(tag) = &token { raw::name(tag) } else { None };
        let result = self.builder.process_token(token, line);
        self.place.set(match (&result, name) {
            (TokenSinkResult::RawData(_), Some(name)) => Place::Raw(name),
            (TokenSinkResult::RawData(_) | TokenSinkResult::Plaintext, _) => Place::Unknown,
            _ if is_end => Place::Between,
            _ => Place::Unknown,
        });
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::parse;
    use html5ever::{
        driver::{self, ParseOpts},
        tendril::TendrilSink,
    };
    use proptest::prelude::*;

    /// Every node but the texts of styles and programs, each with its depth, in the order of the page.
    fn nodes(html: &Html) -> Vec<(usize, &Node)> {
        let is_left_out = |parent: &Node| match parent {
            Node::Element(element) => {
                let is_raw = element.name.ns == html5ever::ns!(html) && raw::NAMES.contains(&element.name());
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
        let kept = parse::parse_with(text, Programs::Kept, &|| true).html;
        assert!(
            kept.tree.root().descendants().map(|node| node.value()).eq(whole(text)
                .tree
                .root()
                .descendants()
                .map(|node| node.value())),
            "{text}"
        );
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
    fn little_of_a_page_goes_through_the_tokenizer() {
        let story = "<article class='post a'>\n <h2 id=s><a href=\"/a?b=1&amp;c\">A &amp; b</a></h2>\r\n<p>Told&nbsp;now&#8230;</p></article>";
        let page = format!("<!doctype html><style>a</style><title>T</title><!-- b -->{}", story.repeat(100));
        let mut build = Build::new(&page, Programs::LeftOut);
        while build.at() < page.len() {
            build.read();
        }
        let tokens = build.tokenizer.sink.tokens.get();
        assert!((5..20).contains(&tokens), "{tokens}");
        assert!(build.finish().tree.nodes().count() > 700);
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

    #[test]
    fn what_is_plain_or_nearly_so_is_read_as_it_stands() {
        for text in [
            "<p class=\"a b\" id='c' hidden data-x=1>one</p ><br/><br /><img src=/a.png alt=''>two",
            "<p a=\"1\" a=\"2\">one<p A=1 a=2>two<P>three</P>",
            "<p a=1b=2 c=\"3\"d=4>one<p a = 1>two<p =a>three<p a=>four<p a=\"&amp;\" b='>'>five",
            "<pre>\n\none</pre><pre>\r\n\r\none\rtwo</pre><pre \r\n a>&#10;\none</pre>",
            "<p>a &amp; b<b>c &lt d</b> e > f < g</p>h&am<p>",
            "<title>a<b>c</title><b>d</b><textarea>\n<b></textarea><xmp><b></xmp><iframe><b></iframe><b>e",
            "<table>a<tr>b<td>c</table><svg><title>d<p>e</svg><math><mi>f<b>g</math>",
            "\u{feff}\u{feff}one<p>\u{feff}&notit<b>two",
            "one<!-- two --><b>three</b><!doctype html><?x><!x></><p>four</1><5>\0six<b\0>",
            "<b a='1\n2' c=\"3\r\n4\">five<p a=1/>six<p/ b>seven<p/ >eight</p/></b x=1>",
            "&amp;<b>&lt;&gt;a&quot;b&nbsp;</b>&#38;&#x26;&#X41;&#228;&#8217;&#x2019;<i>&#128;&#0;&#x110000;&#xd800;&#10;&#13;</i>",
            "<p a=\"&amp;b&#38;c&ampd&lt\" b='&#39;&quot;' c='&notit;' d=\"&\">&amp&ampx;&#+38;&#;&#x;&#38 &#99999999999;&am<b>&</b>&",
            "a\r&amp;\r\nb\r<b>\r</b>\r",
            "<plaintext><b>one</b>",
            "<a-b:c_d e1-f:g_h.i=1 j@k>one</a-b:c_d><ü>two<b ü=ü>three\u{feff}<b>\u{feff}four",
        ] {
            agrees(text);
        }
        let attributes: Vec<String> = (0..40).map(|n| format!("a{n}=\"1\"")).collect();
        agrees(&format!("<p {}>one", attributes.join(" ")));
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
            "<b class=\"a b\" id='c'>", "</b>", "<pre>", "<br/>", "<i x=1 y>", "<td a=\"&lt;\">", "&#38;", "&lt;", "&#x;", "&nbsp", "<q a='&amp;' b>", "<a b=\"1\" b=\"2\">", "<B>", "\r\n",
            "<form>", "<li>", "<h1>", "<input type=\"hidden\">", "<!doctype html>", "<!x>", "=", "/", "<nobr>", "</br>", "<button>",
        ]), 0..40)) {
            agrees(&pieces.concat());
        }
    }
}
