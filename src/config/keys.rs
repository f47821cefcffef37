//! Every key of the config: one table → unknown-key checks, limits, the JSON Schema and the reference. Data, pure.
//!
//! A key the reader asks for and this table lacks, or the other way round, fails a test of `read`.

/// A table of the config and the keys it may hold.
#[derive(Debug)]
pub struct Section {
    /// How it is called in messages and as a heading.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Its keys, in the order of the reference; groups, because sections share some.
    pub groups: &'static [&'static [Key]],
}

impl Section {
    /// Its keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    /// The key of this name; `None`: this section has none.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Its value when it is not there; empty: none.
    pub default: &'static str,
    /// It must be there.
    pub is_required: bool,
    /// One sentence.
    pub about: &'static str,
}

/// What a key may hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text but the empty one.
    Text,
    /// An absolute http or https address.
    Url,
    /// Such addresses, one or an array.
    Urls,
    /// A number with a unit, between two such.
    Duration {
        /// The least.
        least: &'static str,
        /// The most.
        most: &'static str,
    },
    /// A duration, or `"auto"`.
    Every {
        /// The least.
        least: &'static str,
        /// The most.
        most: &'static str,
    },
    /// A cron expression.
    Cron,
    /// `true`, `false`, or networks.
    Inside,
    /// The address of a proxy, or `false`.
    Proxy,
    /// A text in which `${NAME}` is taken from the environment.
    Secret,
    /// A file.
    File,
    /// A whole number between two.
    Integer {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// `true` or `false`.
    Switch,
    /// The name of a zone of the IANA database.
    Zone,
    /// A BCP 47 language tag.
    Language,
    /// A table of header lines.
    Headers,
    /// A table of cookies.
    Cookies,
    /// An address to listen at, or `false`.
    Listen,
    /// A folder.
    Folder,
    /// A CSS selector.
    Selector,
    /// Selectors as fallbacks, one or an array.
    Selectors,
    /// An attribute's name.
    Attribute,
    /// A field: text, array or table.
    Field,
    /// A field, or `false`.
    Link,
    /// A field, or a table with `from`.
    Date,
    /// A regular expression.
    Regex,
    /// Texts, one or an array.
    Texts,
    /// Regular expressions, one or an array.
    Regexes,
    /// Conditions on entries: regular expressions or tables, one or an array.
    Conditions,
    /// `true` for a blank, or a separator.
    Join,
    /// A `strptime` format.
    Format,
    /// Where a listing goes on: `true`, a field, or an address with `{page}`.
    Next,
    /// `true`, or a table that says what is taken from an entry's own page.
    OwnPage,
    /// `true` for what stands out, or a CSS selector.
    Content,
    /// One word of a list.
    Word(&'static [&'static str]),
    /// Words of a list, one or an array.
    Words(&'static [&'static str]),
    /// Globs over the ids of sources, one or an array.
    Globs,
    /// A program, or an array of it and its arguments.
    Command,
    /// Tables by id.
    Tables(&'static Section),
    /// One table.
    Table(&'static Section),
}

impl Kind {
    /// What is expected, in words.
    pub fn words(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Url => "an address such as `\"https://example.org/news/\"`".to_owned(),
            Self::Urls => "an address such as `\"https://hub.example/\"`, or an array of them".to_owned(),
            Self::Duration { least, most } => {
                format!("a duration such as `\"1h 30m\"`, from `{least}` to `{most}`")
            }
            Self::Every { least, most } => {
                format!("a duration such as `\"1h 30m\"`, from `{least}` to `{most}`, or `\"auto\"`")
            }
            Self::Cron => "a cron expression such as `\"7 6-22 * * mon-fri\"`".to_owned(),
            Self::Inside => {
                "`true`, `false`, or networks such as `[\"192.168.1.0/24\", \"fd00::/8\"]`".to_owned()
            }
            Self::Proxy => {
                "an address such as `\"socks5h://127.0.0.1:9050\"` (http, https, socks5, socks5h), or `false`"
                    .to_owned()
            }
            Self::Secret => "a text with `${NAME}` from the environment".to_owned(),
            Self::File => "the path of a file".to_owned(),
            Self::Integer { least, most } => format!("a whole number from {least} to {most}"),
            Self::Switch => "`true` or `false`".to_owned(),
            Self::Zone => "a time zone such as `\"Africa/Tripoli\"`".to_owned(),
            Self::Language => "a language tag such as `\"en\"` or `\"ar-LY\"`".to_owned(),
            Self::Headers => "a table of header lines such as `{ Accept = \"text/html\" }`".to_owned(),
            Self::Cookies => "a table such as `{ session = \"${SESSION}\" }`".to_owned(),
            Self::Listen => "an address with a port such as `\"127.0.0.1:8343\"`, or `false`".to_owned(),
            Self::Folder => "the path of a folder".to_owned(),
            Self::Selector => "a CSS selector".to_owned(),
            Self::Selectors => "a CSS selector or an array of them".to_owned(),
            Self::Attribute => "the name of an attribute such as `\"href\"`".to_owned(),
            Self::Field => {
                "`\"selector\"`, `\"selector@attribute\"`, an array of those, or a table".to_owned()
            }
            Self::Link => {
                "`\"selector@attribute\"`, an array of those, a table, or `false` for entries without links"
                    .to_owned()
            }
            Self::Date => {
                "`\"selector\"`, an array of those, or a table such as `{ from = \"teaser\" }`".to_owned()
            }
            Self::Next => {
                "`true` for the page's own `rel=next`, the link to the next page such as `\"a.older\"`, or an address such as `\"?page={page}\"`"
                    .to_owned()
            }
            Self::OwnPage => "`true`, or a table such as `{ content = true, budget = 20 }`".to_owned(),
            Self::Content => "`true` for the text that stands out, or a CSS selector".to_owned(),
            Self::Texts => "a text or an array of them".to_owned(),
            Self::Regex => "a regular expression".to_owned(),
            Self::Regexes => "a regular expression or an array of them".to_owned(),
            Self::Conditions => {
                "a regular expression, a table such as `{ field = \"headline\", words = [\"ferry\"] }`, or an array of those"
                    .to_owned()
            }
            Self::Join => "`true` or a separator such as `\", \"`".to_owned(),
            Self::Format => "a `strptime` format such as `\"%d.%m.%Y\"`".to_owned(),
            Self::Word(words) => list(words),
            Self::Words(words) => format!("{}, or an array of those", list(words)),
            Self::Command => "a program, or an array such as `[\"/usr/bin/notify\", \"--quiet\"]`".to_owned(),
            Self::Globs => "ids of sources, `*` standing for anything, such as `[\"libya-*\"]`".to_owned(),
            Self::Tables(_) => "tables, one for each id".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ")
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, default: "", is_required: false, about }
}

impl Key {
    const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }
}

/// The fields whose text may hold a date, and what stands before an entry.
pub const DATE_FROM: &[&str] = &["headline", "teaser", "link", "before"];
/// The orders of day and month.
pub const DATE_ORDER: &[&str] = &["day-first", "month-first"];

/// Who mends a source that has drifted.
pub const HEALS: &[&str] = &["ask", "auto"];

/// What may be behind a source's address.
pub const SOURCE_KINDS: &[&str] = &["page", "feed"];

/// The main file.
pub static TOP: Section = Section {
    name: "the config",
    about: "The main file; every `sources/*.toml` beside it holds one more source, its id being the file's name.",
    groups: &[&[
        key("defaults", Kind::Table(&DEFAULTS), "What holds for every source that does not say otherwise."),
        key("source", Kind::Tables(&SOURCE), "The sources."),
        key("feed", Kind::Tables(&FEED), "Feeds that join several sources."),
    ]],
};

/// `[defaults]`.
pub static DEFAULTS: Section = Section {
    name: "[defaults]",
    about: "What holds for every source that does not say otherwise, and where things are kept.",
    groups: &[
        SHARED,
        &[
            key(
                "state",
                Kind::Folder,
                "The folder of the store; a relative path starts at the working directory.",
            ),
            key(
                "output",
                Kind::Folder,
                "The folder the feeds are written to; a relative path starts at the working directory.",
            ),
            key(
                "base_url",
                Kind::Url,
                "The public address of the output folder, for the feeds' links to themselves.",
            ),
            key(
                "listen",
                Kind::Listen,
                "Where `serve` answers over HTTP; port 0 is any free one, `false` is nowhere.",
            )
            .or("\"127.0.0.1:8343\""),
            key(
                "alert_command",
                Kind::Command,
                "A program that is told of failures and recoveries: lines of JSON on its standard input; no shell.",
            ),
            key(
                "publish_command",
                Kind::Command,
                "A program that is run for each feed whose bytes changed, told by its environment which; no shell.",
            ),
            key("hubs", Kind::Urls, "WebSub hubs that are told when a feed changed; needs `base_url`."),
        ],
    ],
};

/// `[source.ID]`.
pub static SOURCE: Section = Section {
    name: "[source.ID]",
    about: "One page or feed to follow. `ID` names the feed's file: a-z, 0-9, `.`, `_` and `-`.",
    groups: &[
        &[
            key("url", Kind::Url, "The address of the listing page or feed.").required(),
            key(
                "kind",
                Kind::Word(SOURCE_KINDS),
                "What is behind the address; else what its bytes say. A feed needs no selectors.",
            ),
            key(
                "was",
                Kind::Text,
                "The id it had before it was renamed; what is remembered of that becomes its own.",
            ),
            key("title", Kind::Text, "The feed's title; else the page's own."),
            key("icon", Kind::Url, "The address of the feed's icon; else the page's or upstream feed's own."),
            key("tags", Kind::Texts, "Words by which joined feeds find the source."),
            key("enabled", Kind::Switch, "`false` keeps the source in the config and never fetches it.")
                .or("true"),
            key(
                "json",
                Kind::Selector,
                "The `<script>` whose JSON is read instead of the page's elements, such as `#__NEXT_DATA__`: objects and values become elements, the name of a member their class (`.posts`, `.title`). An answer that is JSON itself counts as one `script`.",
            ),
            key(
                "listing",
                Kind::Selector,
                "The container of the entries: present and without entries means `empty`, absent means `drifted`.",
            ),
            key("entry", Kind::Selector, "One element of the page an entry; a page must have it."),
            key(
                "to_next",
                Kind::Switch,
                "`true`: an entry is that element and all that follows it, up to the next (`<dt>` and `<dd>`, several rows of a table); fields are looked for in all of it.",
            )
            .or("false"),
            key("headline", Kind::Field, "The headline; a page must have it."),
            key("link", Kind::Link, "The link; else the headline's own, `false` for entries without links."),
            key("id", Kind::Field, "An id the page itself gives the entry, such as `*@data-id`."),
            key("teaser", Kind::Field, "The teaser."),
            key("image", Kind::Field, "The image, such as `img@src`."),
            key("author", Kind::Field, "The author."),
            key("category", Kind::Field, "The categories; every match counts."),
            key(
                "enclosure",
                Kind::Field,
                "The files that belong to it, such as `audio` or `a.mp3@href`; every match counts.",
            ),
            key(
                "date",
                Kind::Date,
                "The date; what a page states by machine (`<time datetime>` and the like) is found without it.",
            ),
            key(
                "next",
                Kind::Next,
                "Where the listing goes on; further pages are read until an entry is known. `{page}` is the number, from 2.",
            ),
            key(
                "pages",
                Kind::Integer { least: 2, most: 50 },
                "The most pages of a listing read at one visit, the first included.",
            )
            .or("5"),
            key(
                "own_page",
                Kind::OwnPage,
                "Each new entry's own page is fetched, once, for the date, teaser and image that the listing lacks.",
            ),
        ],
        SHARED,
    ],
};

/// Keys of `[defaults]` that a source may override.
const SHARED: &[Key] = &[
    key(
        "every",
        Kind::Every { least: "1m", most: "366d" },
        "How often a source is due; `\"auto\"` follows its own rhythm, from 15 minutes to a day.",
    )
    .or("\"1h\""),
    key("at", Kind::Cron, "When a source is due, in its `timezone`, instead of `every`."),
    key("timezone", Kind::Zone, "The zone in which the source's days begin.").or("\"UTC\""),
    key("language", Kind::Language, "The language of its dates and texts; else what the page states."),
    key("user_agent", Kind::Text, "The whole `User-Agent`; else gleaner's own, with `contact`."),
    key("contact", Kind::Text, "An address or page of yours, shown to the sites in the `User-Agent`."),
    key("headers", Kind::Headers, "More header lines; `${NAME}` in a value is taken from the environment, and `$$NAME` is `$NAME` itself."),
    key(
        "cookies",
        Kind::Cookies,
        "Cookies to send, by name; `${NAME}` in a value is taken from the environment.",
    ),
    key("basic", Kind::Secret, "A login, `\"${USER}:${PASSWORD}\"`, sent to the source's own host alone."),
    key("bearer", Kind::Secret, "A token, `\"${TOKEN}\"`, sent to the source's own host alone."),
    key("proxy", Kind::Proxy, "Asks through a proxy; `${NAME}` is taken from the environment.").or("false"),
    key(
        "extra_ca",
        Kind::File,
        "Certificates (PEM) to trust besides the system's; a relative path starts at the working directory.",
    ),
    key("robots", Kind::Switch, "`false` does not ask for robots.txt: for hosts of your own.").or("true"),
    key("timeout", Kind::Duration { least: "1s", most: "1h" }, "The whole exchange must be over by then.")
        .or("\"60s\""),
    key("max_bytes", Kind::Integer { least: 1024, most: 1 << 30 }, "The most bytes of a page, decompressed.")
        .or("20971520"),
    key("max_redirects", Kind::Integer { least: 0, most: 20 }, "The most redirects followed.").or("5"),
    key(
        "spacing",
        Kind::Duration { least: "0s", most: "1h" },
        "The least time between two requests to one host.",
    )
    .or("\"2s\""),
    key(
        "allow_private",
        Kind::Inside,
        "Allows requests to private, loopback and link-local addresses, all or those of some networks.",
    )
    .or("false"),
    key("alert_after", Kind::Integer { least: 1, most: 1000 }, "How many failures in a row need a person.")
        .or("2"),
    key(
        "heal",
        Kind::Word(HEALS),
        "`\"auto\"`: selectors that broke are mended in the config where nearly every remembered entry is found again.",
    )
    .or("\"ask\""),
    KEEP_ENTRIES,
    KEEP_AGE,
    key(
        "archive",
        Kind::Switch,
        "`true` keeps the whole history and publishes it: what leaves the Atom or RSS feed stands in archives of 100 entries (RFC 5005). Where there is no such feed it is kept all the same.",
    )
    .or("false"),
    FORMATS,
    key(
        "publish",
        Kind::Switch,
        "`false`: a source has no feed of its own, and is shown by the feeds that join it. A file that was its feed stays as it is, and `serve` answers 410 for it.",
    )
    .or("true"),
];

/// The formats of feeds.
pub const FEED_FORMATS: &[&str] = &["atom", "rss", "json", "html"];

const FORMATS: Key = key(
    "formats",
    Kind::Words(FEED_FORMATS),
    "The formats a feed is published in, each a file beside the others; `html` is a page for people.",
)
.or("\"atom\"");

const KEEP_ENTRIES: Key = key(
    "keep_entries",
    Kind::Integer { least: 1, most: 10_000 },
    "The most entries a feed shows, newest first.",
)
.or("200");
// A century: who keeps everything forever leaves the key out.
const KEEP_AGE: Key = key(
    "keep_age",
    Kind::Duration { least: "1d", most: "36525d" },
    "A feed leaves out entries this much older than its newest (not than today: silence never empties a feed); else age does not count.",
);

/// A field's table.
pub static FIELD: Section =
    Section { name: "a field", about: "How one field of an entry is found.", groups: &[FIELD_KEYS] };

/// A table inside a field's array.
pub static CANDIDATE: Section = Section {
    name: "a selector's table",
    about: "One place to look.",
    groups: &[&[SELECTOR_REQUIRED, ATTR]],
};

/// `date`'s table.
pub static DATE: Section = Section {
    name: "a date",
    about: "How an entry's date is found and read; `selector`, `from`, `above` or several of them.",
    groups: &[
        FIELD_KEYS,
        &[
            key(
                "from",
                Kind::Words(DATE_FROM),
                "Fields whose text holds the date, in order; `before` is the text before the entry, back to the one before it.",
            ),
            key(
                "above",
                Kind::Selector,
                "What stands above entries and dates them all, such as the heading of a day: the nearest match before the entry, or the first in it. A year, month or day there completes what the entry itself says: `12 March` below `2019`, `12` below `March 2019`, `10:30` below `7 March`.",
            ),
            key("format", Kind::Format, "The text's `strptime` format; else gleaner reads what it can."),
            key(
                "order",
                Kind::Word(DATE_ORDER),
                "The order of day and month in numeric dates; else the page decides.",
            ),
            key("language", Kind::Language, "The language of the date, where it is not the source's."),
        ],
    ],
};

/// `own_page`'s table.
pub static OWN_PAGE: Section = Section {
    name: "an entry's own page",
    about: "What is taken from it; without a selector it is what the page states by machine (JSON-LD, OpenGraph).",
    groups: &[&[
        key("date", Kind::Field, "The date."),
        key("teaser", Kind::Field, "The teaser."),
        key("image", Kind::Field, "The image."),
        key(
            "content",
            Kind::Content,
            "The full text: `true` for what stands out, or its element; else it is not taken.",
        ),
        key("budget", Kind::Integer { least: 1, most: 50 }, "The most own pages fetched at one visit; unless it is written, a source's first visit takes up to 50.")
            .or("10"),
    ]],
};

const FIELD_KEYS: &[Key] = &[
    key("selector", Kind::Selectors, "Where to look, tried in order; `*` is the entry itself."),
    ATTR,
    key("regex", Kind::Regex, "Its first group, else its whole match, is the value."),
    key(
        "join",
        Kind::Join,
        "All matches are joined with this, `true` meaning a blank; else the first match counts.",
    ),
    key(
        "cut",
        Kind::Regexes,
        "Cut from the end of the text, whatever the case, until none fits, such as `read more`.",
    ),
    key("required", Kind::Switch, "Without this field the entry is dropped.").or("false"),
];
const SELECTOR_REQUIRED: Key =
    key("selector", Kind::Selector, "Where to look; `*` is the entry itself.").required();
const ATTR: Key =
    key("attr", Kind::Attribute, "The attribute that holds the value; else the element's text.");

/// `[feed.ID]`.
pub static FEED: Section = Section {
    name: "[feed.ID]",
    about: "A feed that joins several sources.",
    groups: &[&[
        key("title", Kind::Text, "The feed's title.").required(),
        key("icon", Kind::Url, "The address of its icon."),
        key(
            "was",
            Kind::Text,
            "The id it had before it was renamed; who reads it under that goes on as long as this stands here. Once a run has seen this, its permanent id stays in any case; where a run saw the new id without it, that has another one for good.",
        ),
        key("sources", Kind::Globs, "The sources it joins; this or `tags` must be there."),
        key("tags", Kind::Texts, "It joins the sources that have one of these tags, too."),
        key(
            "include",
            Kind::Conditions,
            "Only entries for which one of these holds; a text is looked for in headline, teaser, author and categories, whatever the case.",
        ),
        key("exclude", Kind::Conditions, "No entry for which one of these holds."),
        KEEP_ENTRIES,
        KEEP_AGE,
        FORMATS,
    ]],
};

/// The fields a condition can look into.
pub const FILTER_FIELDS: &[&str] = &["headline", "teaser", "content", "author", "category", "link"];

/// A table of `include` and `exclude`.
pub static FILTER: Section = Section {
    name: "a condition",
    about: "What holds for some entries, in `include` and `exclude`; of several keys all must hold.",
    groups: &[&[
        key(
            "field",
            Kind::Word(FILTER_FIELDS),
            "The field that `words` and `regex` are looked for in; else headline, teaser, author and categories.",
        ),
        key("words", Kind::Texts, "One of these stands there as a whole word or phrase, whatever the case."),
        key("regex", Kind::Regex, "This is found there, whatever the case."),
        key(
            "older_than",
            Kind::Duration { least: "1h", most: "36525d" },
            "The entry was older than this already when it was first seen.",
        ),
    ]],
};

/// Every section, in the order of the reference.
pub static SECTIONS: &[&Section] =
    &[&TOP, &DEFAULTS, &SOURCE, &FIELD, &CANDIDATE, &DATE, &OWN_PAGE, &FEED, &FILTER];
