//! The rules of a source → the digest that voids validators when what is read from a page may change. Pure.
//!
//! Header values (secrets), limits and the schedule are left out: they change how a page is asked for, not what
//! is read from it. How the TOML was written does not count either.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use jiff::tz::TimeZone;
use regex::Regex;
use url::Url;

use super::{
    Address, DateFrom, DateRule, DayMonthOrder, Digest, EXTRACTOR_VERSION, FieldRule, Kind, LinkRule,
    NextPlace, NextRule, Rules, Source,
};

/// All that rules say, named part by named part: the same for rules that read alike.
#[derive(PartialEq, Eq, Hash)]
pub struct Said(Vec<u8>);

/// What rules say.
pub fn said(rules: &Rules) -> Said {
    let mut parts = Parts::default();
    parts.rules(rules);
    Said(parts.bytes)
}

/// What decides what is read from a page beside its address, half way to a digest: many sources have it in common.
pub struct Besides(blake3::Hasher);

impl Besides {
    /// Of a source with these header lines; `rules`: what they say, if there are any.
    pub fn new(
        (kind, rules): (Kind, Option<&Said>),
        (timezone, language): (&TimeZone, Option<&str>),
        headers: &[(String, String)],
    ) -> Self {
        let mut parts = Parts::default();
        parts.add("extractor", &EXTRACTOR_VERSION.to_string());
        parts.add("timezone", zone_name(timezone));
        parts.add_some("language", language);
        let mut headers: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        headers.sort_unstable();
        for name in headers {
            parts.add("header", name);
        }
        match kind {
            // What every source was before there were kinds.
            Kind::Found => {}
            Kind::Page => parts.add("kind", "page"),
            Kind::Feed => parts.add("kind", "feed"),
        }
        if let Some(Said(rules)) = rules {
            parts.bytes.extend_from_slice(rules);
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&parts.bytes);
        Self(hasher)
    }

    /// The digest of such a source at an address.
    pub fn digest(&self, url: &Address) -> Digest {
        let mut parts = Parts::default();
        parts.add("url", url.as_str());
        Digest(self.0.clone().update(&parts.bytes).finalize().to_hex().to_string())
    }
}

/// The digest of a source and of how it is asked for, by which a change is noticed while it fails.
///
/// What may be a secret adds one byte: of 256 changes one is not noticed, and who reads the store learns too little to try
/// passwords against it.
pub fn tried(source: &Source) -> Digest {
    let (mut open, mut secret) = (Parts::default(), Parts::default());
    open.add("digest", &source.digest().0);
    // It shows names of header lines and the proxy's host, and no more of them.
    open.add("request", &format!("{:?}", source.request));
    secret.add("id", source.id.as_str());
    for (name, value) in &source.request.headers {
        secret.add(name, value);
    }
    secret.add_some("proxy", source.request.proxy.as_ref().map(Url::as_str));
    let byte = blake3::hash(&secret.bytes).as_bytes()[0];
    Digest(format!("{}{byte:02x}", blake3::hash(&open.bytes).to_hex()))
}

/// The digest of a source. Where many have all but their address in common it is made when it is first asked for, which
/// is at its source's turn.
#[derive(Clone)]
pub struct Digested {
    made: OnceLock<Digest>,
    /// What it is made from; `None`: it is made.
    besides: Option<Arc<Besides>>,
}

impl Digested {
    /// One that is to be made from this and the address.
    pub fn later(besides: Arc<Besides>) -> Self {
        Self { made: OnceLock::new(), besides: Some(besides) }
    }

    /// That of a source at this address.
    pub(super) fn of(&self, url: &Address) -> &Digest {
        let make = || self.besides.as_ref().map(|besides| besides.digest(url));
        self.made.get_or_init(|| make().expect("what is not made has what it is made from"))
    }
}

impl fmt::Debug for Digested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.made.get(), f)
    }
}

impl From<Digest> for Digested {
    fn from(digest: Digest) -> Self {
        Self { made: OnceLock::from(digest), besides: None }
    }
}

/// The zone's name; every zone of a config has one.
fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// Named parts, each with its length, so that no two lists of parts read the same.
#[derive(Default)]
struct Parts {
    bytes: Vec<u8>,
}

impl Parts {
    fn rules(&mut self, rules: &Rules) {
        self.add_some("json", rules.json.as_ref().map(|css| css.text.as_str()));
        self.add_some("listing", rules.listing.as_ref().map(|css| css.text.as_str()));
        self.add("entry", &rules.entry.text);
        if rules.to_next {
            self.add("to_next", "true");
        }
        self.field("headline", Some(&rules.headline));
        match &rules.link {
            LinkRule::OfHeadline => {}
            LinkRule::None => self.add("link", "none"),
            LinkRule::Field(field) => self.field("link", Some(field)),
        }
        self.field("id", rules.id.as_ref());
        self.field("teaser", rules.teaser.as_ref());
        self.field("image", rules.image.as_ref());
        self.field("author", rules.author.as_ref());
        self.field("category", rules.category.as_ref());
        self.field("enclosure", rules.enclosure.as_ref());
        if let Some(date) = &rules.date {
            self.date(date);
        }
        if let Some(next) = &rules.next {
            self.next(next);
        }
    }

    fn next(&mut self, next: &NextRule) {
        self.add("pages", &next.pages.to_string());
        match &next.place {
            NextPlace::Rel => self.add("next", "rel"),
            NextPlace::Link(field) => self.field("next", Some(field)),
            NextPlace::Pattern(pattern) => self.add("next", pattern),
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    fn add_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    fn field(&mut self, name: &str, field: Option<&FieldRule>) {
        let Some(field) = field else { return };
        self.add("field", name);
        for candidate in &field.candidates {
            self.add("selector", &candidate.text);
        }
        self.add_some("join", field.join.as_deref());
        self.add_some("regex", field.regex.as_ref().map(Regex::as_str));
        for cut in &field.cut {
            self.add("cut", cut.as_str());
        }
        if field.required {
            self.add("required", "true");
        }
    }

    fn date(&mut self, date: &DateRule) {
        self.add("date", "");
        self.field("date", date.field.as_ref());
        for from in &date.from {
            self.add(
                "from",
                match from {
                    DateFrom::Headline => "headline",
                    DateFrom::Teaser => "teaser",
                    DateFrom::Link => "link",
                    DateFrom::Before => "before",
                },
            );
        }
        self.add_some("above", date.above.as_ref().map(|css| css.text.as_str()));
        self.add_some("format", date.format.as_deref());
        self.add_some("language", date.language.as_deref());
        let order = date.order.map(|order| match order {
            DayMonthOrder::DayFirst => "day-first",
            DayMonthOrder::MonthFirst => "month-first",
        });
        self.add_some("order", order);
    }
}
