//! The entries of the fuzz targets over drawn bytes: what a stable toolchain can do of fuzzing.

#[path = "../../fuzz/src/entries.rs"]
mod entries;

use proptest::prelude::*;

/// Pieces of what each parser lives on, and bytes that nobody expects.
fn bytes(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => prop::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => (0_u32..4000).prop_map(|number| number.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

const DATES: &[&str] = &[
    " ",
    " ",
    "\n",
    ",",
    ".",
    "-",
    "–",
    "/",
    ":",
    "T",
    "Z",
    "6",
    "31",
    "29",
    "2025",
    "March",
    "may",
    "febbraio",
    "декабря",
    "月",
    "日",
    "年",
    "Thursday",
    "until",
    "ago",
    "hours",
    "gestern",
    "yesterday",
    "and",
    "to",
    "th",
    "GMT",
    "\u{301}",
    "٦",
];

const MARKUP: &[&str] = &[
    "<li>",
    "</li>",
    "<p>",
    "<a href=/a>",
    "</a>",
    "<table><tr><td>",
    "<svg>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&amp;",
    "&#0;",
    "<?xml version=\"1.0\"?>",
    "<rss><channel><item>",
    "<title>",
    "</title>",
    "<feed><entry>",
    "{\"items\":[{",
    "}",
    "]",
    "\"",
    "<time datetime=\"2025-03-06\">",
    "6 March",
    "<base href=\"//x\">",
    "<script>",
    "\u{feff}",
    "\0",
];

const CONFIG: &[&str] = &[
    "[source.a]\n",
    "[[source]]\n",
    "[feed.b]\n",
    "[defaults]\n",
    "url = ",
    "entry = ",
    "headline = ",
    "date = {",
    "}\n",
    "every = ",
    "\"1h\"\n",
    "\"https://example.org/\"\n",
    "\"li\"\n",
    "\"a@href\"\n",
    "\"li:has(\"\n",
    "regex = '('\n",
    "timezone = \"Nowhere\"\n",
    "[",
    "]",
    "=",
    "'''",
    "\"\"\"",
    "#",
    "\r\n",
    "${X}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn dates_hold_what_they_promise(data in bytes(DATES)) {
        entries::dates(&data);
    }

    #[test]
    fn listings_hold_what_they_promise(data in bytes(DATES)) {
        entries::listing(&data);
    }

    #[test]
    fn pages_hold_what_they_promise(data in bytes(MARKUP)) {
        entries::page(&data);
    }

    #[test]
    fn configs_hold_what_they_promise(data in bytes(CONFIG)) {
        entries::config(&data);
    }
}
