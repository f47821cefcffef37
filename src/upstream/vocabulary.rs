//! Namespaces as they are written → the vocabulary that is meant. Pure.
//!
//! By the address, whatever the prefix; by the usual prefix where the address is missing or unknown.

/// The vocabularies whose elements are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// The format's own: RSS without a namespace, or with one of the many it has had.
    Native,
    /// Atom, 0.3 and 1.0.
    Atom,
    /// Dublin Core, elements and terms alike.
    Dublin,
    /// RSS 1.0's content module.
    Content,
    /// Media RSS.
    Media,
    /// Apple's podcast elements.
    Itunes,
    /// The syndication module: how often a feed changes.
    Syndication,
    /// `FeedBurner`'s record of the links it replaced.
    Feedburner,
    /// The syntax of RDF.
    Rdf,
    /// What sitemaps say of news and images.
    Sitemap,
    /// XHTML inside a feed.
    Xhtml,
    /// Anything else; not read.
    Other,
}

/// What an address without its scheme, final slash or hash stands for; in lower case.
const ADDRESSES: &[(&str, Vocabulary)] = &[
    ("www.w3.org/2005/atom", Vocabulary::Atom),
    ("purl.org/atom/ns", Vocabulary::Atom),
    ("purl.org/net/rss1.1", Vocabulary::Native),
    ("purl.org/rss/1.0", Vocabulary::Native),
    ("my.netscape.com/rdf/simple/0.9", Vocabulary::Native),
    ("my.netscape.com/publish/formats/rss-0.91.dtd", Vocabulary::Native),
    ("channel.netscape.com/rdf/simple/0.9", Vocabulary::Native),
    ("purl.org/dc/elements/1.1", Vocabulary::Dublin),
    ("purl.org/dc/elements/1.0", Vocabulary::Dublin),
    ("purl.org/dc/terms", Vocabulary::Dublin),
    ("purl.org/rss/1.0/modules/content", Vocabulary::Content),
    ("search.yahoo.com/mrss", Vocabulary::Media),
    ("search.yahoo.com/searchmonkey/media", Vocabulary::Media),
    ("www.rssboard.org/media-rss", Vocabulary::Media),
    ("www.itunes.com/dtds/podcast-1.0.dtd", Vocabulary::Itunes),
    ("www.itunes.com/dtds/product-1.0.dtd", Vocabulary::Itunes),
    ("example.com/dtds/podcast-1.0.dtd", Vocabulary::Itunes),
    ("purl.org/rss/1.0/modules/syndication", Vocabulary::Syndication),
    ("rssnamespace.org/feedburner/ext/1.0", Vocabulary::Feedburner),
    ("www.w3.org/1999/02/22-rdf-syntax-ns", Vocabulary::Rdf),
    ("www.google.com/schemas/sitemap-news/0.9", Vocabulary::Sitemap),
    ("www.google.com/schemas/sitemap-image/1.1", Vocabulary::Sitemap),
    ("www.w3.org/1999/xhtml", Vocabulary::Xhtml),
];

/// What a prefix usually stands for.
const PREFIXES: &[(&str, Vocabulary)] = &[
    ("atom", Vocabulary::Atom),
    ("atom10", Vocabulary::Atom),
    ("a10", Vocabulary::Atom),
    ("dc", Vocabulary::Dublin),
    ("dcterms", Vocabulary::Dublin),
    ("content", Vocabulary::Content),
    ("media", Vocabulary::Media),
    ("itunes", Vocabulary::Itunes),
    ("sy", Vocabulary::Syndication),
    ("feedburner", Vocabulary::Feedburner),
    ("rdf", Vocabulary::Rdf),
    ("rss", Vocabulary::Native),
    ("xhtml", Vocabulary::Xhtml),
];

impl Vocabulary {
    /// What an element is, by its prefix (empty: none) and the address bound to it (`None`: nothing is).
    pub fn of(prefix: &str, address: Option<&str>) -> Self {
        if let Some(found) = address.and_then(Self::by_address) {
            return found;
        }
        if prefix.is_empty() {
            // A namespace nobody knows on a whole feed: userland's, a typo of Atom's. The root's name says what it is.
            return Self::Native;
        }
        let usual = PREFIXES.iter().find(|(usual, _)| usual.eq_ignore_ascii_case(prefix));
        usual.map_or(Self::Other, |(_, vocabulary)| *vocabulary)
    }

    fn by_address(address: &str) -> Option<Self> {
        let address = address.trim().to_ascii_lowercase();
        let address = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        let address = address.trim_end_matches(['/', '#']);
        ADDRESSES.iter().find(|(known, _)| *known == address).map(|(_, vocabulary)| *vocabulary)
    }
}
