//! Detection: a page → the listings on it, each as the config of a source that reads it. Pure.
//!
//! ```text
//! Html ─tree→ Tree ─groups→ Group ─columns, fields→ Fields ─score→ Scored ─selector, propose→ Proposal
//! ```
//!
//! A listing is markup that repeats and says something in each repetition. Detection refuses to know any site, and
//! proposes nothing it has not read back: a proposal's entries are what `extract`, `normalize` and `moment` give
//! with its config, the same as every later run.
#![expect(clippy::cast_precision_loss, reason = "counts of a page's elements; a share needs no more digits")]

mod above;
mod before;
mod columns;
mod compound;
mod confidence;
mod elsewhere;
mod embedded;
mod evidence;
mod facts;
mod fields;
mod further;
mod groups;
mod heal;
mod held;
mod inside;
mod joined;
mod lead;
mod likeness;
mod locale;
mod names;
mod popular;
mod propose;
mod reaching;
mod returned;
mod score;
mod selector;
mod spanned;
mod stems;
mod strangers;
mod tree;
mod undated;
pub mod unasked;

use std::cell::OnceCell;

use ego_tree::NodeId;
use rustc_hash::{FxHashMap, FxHashSet};
use scraper::ElementRef;
use url::Url;

use crate::{
    config::{Rules, Source},
    decode::Document,
    extract::{
        self, LinkedFeed, extract_parsed,
        facts::Facts,
        parse::{Parsed, Programs},
        reach,
    },
    page::Page,
    refresh::{self, Reading},
};

pub use self::{
    evidence::{Held, Known},
    further::Further,
    heal::{Healed, Unhealed, heal},
    propose::{DateKey, Keys},
    score::Features,
};

use self::{
    embedded::Embedded, evidence::Evidence, facts::Texts, further::Leads, groups::Group, score::Scored,
    tree::Tree,
};

/// A source that could be followed.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its config.
    pub keys: Keys,
    /// The same, read.
    pub source: Source,
    /// How it reads the page.
    pub rules: Rules,
    /// How likely it is right, from 0 to 1.
    pub confidence: f64,
    /// What the page gives with it.
    pub reading: Reading,
    /// How much of what is known its entries hold.
    pub held: Held,
    /// How well `entry` gives the elements that are meant, from 0 to 1.
    pub fit: f64,
    /// What spoke for it.
    pub features: Features,
    /// What spoke for it in one number.
    pub score: f64,
}

/// What was found on a page.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Sources that could be followed, the likeliest first.
    pub proposals: Vec<Proposal>,
    /// The page's own feeds.
    pub feeds: Vec<LinkedFeed>,
    /// Which of the known entries, by their number, stand anywhere on the page.
    pub known: FxHashSet<u16>,
    /// Which of the known entries, by their number, stand on it with their headline.
    pub known_by_headline: FxHashSet<u16>,
    /// How much text a reader sees on it.
    pub text_bytes: usize,
}

impl Proposal {
    /// What it is worth beside the others of its page. What few elements share, they may share by chance, unless something
    /// of it is known.
    fn worth(&self) -> f64 {
        let is_by_chance = self.features.count <= 3.0 && self.held.entries == 0;
        let by_chance = if is_by_chance { 0.4 } else { 0.0 };
        self.score - 4.0 * (1.0 - self.fit) - by_chance
    }
}

/// How many listings of a page are proposed.
const PROPOSED: usize = 4;

/// A group with this score has all that a listing has; records that are no element are not looked for beside it.
const BEYOND_DOUBT: f64 = 9.0;

/// Finds the listings of a page, the likeliest first; empty: there is none.
///
/// `known` are entries that are known to be on it or on an earlier version; none of them is needed.
pub fn detect(document: &Document, page: &Page, known: &[Known], still_time: &dyn Fn() -> bool) -> Found {
    let parsed = extract::tree(document, Programs::LeftOut, still_time);
    let Some(root) = parsed.html.tree.root().children().find_map(ElementRef::wrap) else {
        return Found::default();
    };
    let Facts { base, feeds, language, .. } = parsed.facts(&document.url);
    let language = if language.is_some() { None } else { locale::language(&parsed.html, &page.headers) };
    let tree = Tree::read(root, base);
    let texts = Texts::new(&tree);
    let evidence = Evidence::find(&texts, known, (base, &document.url));
    let ranked = ranked(&texts, &evidence);
    let looking = Looking {
        texts: &texts,
        evidence: &evidence,
        document,
        parsed: &parsed,
        json: None,
        base,
        page,
        language: language.as_deref(),
        still_time,
        leads: &OnceCell::new(),
    };
    let mut proposals = looking.proposals(&ranked);
    // By what is known a part of each record is as surely found as all of it.
    if proposals.iter().map(|proposal| score::sum(&proposal.features)).fold(0.0, f64::max) < BEYOND_DOUBT {
        proposals.extend(looking.reaching(known, base, &ranked));
    }
    // A listing that no selector gives is worth less than a lesser one that can be read.
    proposals.sort_by(|a, b| b.worth().total_cmp(&a.worth()));
    if known.is_empty() {
        elsewhere::prefer_this_year(&mut proposals);
    }
    let mut seen: FxHashSet<String> = FxHashSet::default();
    proposals.retain(|proposal| seen.insert(proposal.keys.entry.clone()));
    let likeliest = proposals.iter().map(|proposal| proposal.confidence).fold(0.0, f64::max);
    let mut embedded = Embedded::default();
    if likeliest < embedded::DOUBTFUL {
        embedded = looking.embedded(known);
        let likelier = embedded.proposals.drain(..).filter(|proposal| proposal.confidence > likeliest);
        proposals.splice(0..0, likelier);
    }
    proposals.truncate(PROPOSED);
    confidence::compete(&mut proposals);
    Found {
        proposals,
        feeds: feeds.clone(),
        known: evidence.on_page().union(&embedded.known).copied().collect(),
        known_by_headline: evidence.shown().union(&embedded.shown).copied().collect(),
        text_bytes: tree.all_text_bytes(),
    }
}

/// The groups of a page that could be its listing, the likeliest first, none of them twice.
fn ranked(texts: &Texts<'_, '_>, evidence: &Evidence) -> Vec<Scored> {
    let most = if evidence.is_asked() { 4 * groups::LOOKED_AT } else { groups::LOOKED_AT };
    let groups: Vec<Group> = groups::groups(texts.tree, most);
    let mut all: Vec<Scored> =
        groups.into_iter().filter_map(|group| score::scored(texts, group, evidence)).collect();
    if !evidence.is_asked() && all.iter().any(Scored::is_dated) {
        let menus = all.iter_mut().filter(|scored| scored.is_like_menu(texts.tree));
        menus.for_each(|menu| menu.score -= score::MENU);
    }
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut chosen: Vec<Scored> = Vec::new();
    for scored in &all {
        let scored = score::descend(texts, scored.clone(), &all);
        let scored = score::widen(texts, score::ascend(texts, scored, &all), &all);
        let scored = joined::join(texts, scored, &all, evidence);
        if !chosen.iter().any(|other| overlaps(texts.tree, other, &scored)) {
            chosen.push(scored);
        }
        if chosen.len() > PROPOSED {
            break;
        }
    }
    chosen
}

/// Whether two groups share most of their elements, one being inside the other or the same.
fn overlaps(tree: &Tree<'_>, a: &Scored, b: &Scored) -> bool {
    let inside = |outer: &Scored, inner: &Scored| {
        let items = &outer.group.items;
        let held = inner.group.items.iter().filter(|at| {
            let holder = items.partition_point(|item| item <= at).checked_sub(1);
            holder.is_some_and(|holder| tree.holds(items[holder], **at))
        });
        held.count() * 2 > inner.group.items.len()
    };
    inside(a, b) || inside(b, a)
}

/// A page that is being looked at.
struct Looking<'l, 'a> {
    texts: &'l Texts<'l, 'a>,
    evidence: &'l Evidence,
    document: &'l Document,
    parsed: &'l Parsed,
    /// The scripts whose JSON the elements were made of; `None`: they are the page's.
    json: Option<&'l str>,
    base: &'l Url,
    page: &'l Page,
    /// The page's language where gleaner would not know it; `None`: it does, or it is not evident.
    language: Option<&'l str>,
    still_time: &'l dyn Fn() -> bool,
    /// What may lead to further pages.
    leads: &'l OnceCell<Leads>,
}

impl Looking<'_, '_> {
    /// The sources that read the likeliest groups, but for those that are hardly listings and less than one before.
    fn proposals(&self, ranked: &[Scored]) -> Vec<Proposal> {
        let mut proposals: Vec<Proposal> = Vec::new();
        for scored in ranked.iter().take(PROPOSED) {
            let is_less = proposals.iter().any(|proposal| scored.score < proposal.worth());
            if self.evidence.is_asked()
                || !is_less
                || confidence::by_score(scored.score) >= confidence::HARDLY
            {
                proposals.extend(self.proposal(scored));
            }
        }
        proposals
    }

    /// The source that reads a group, and what it gives; `None`: no config reads it.
    fn proposal(&self, scored: &Scored) -> Option<Proposal> {
        let may_be = |at: u32| scored.may_hold(self.texts, at);
        let entry = selector::of_entries(self.texts.tree, &scored.group.items, &may_be)?;
        let plain = self.source(scored, entry, Reach::Element)?;
        Some(self.with_lead(scored, self.with_spanned(scored, plain)))
    }

    /// The sources that read records which are no element of the page.
    fn reaching(&self, known: &[Known], base: &Url, ranked: &[Scored]) -> Vec<Proposal> {
        let tree = self.texts.tree;
        let tried = reaching::heads(tree);
        tried.iter().filter_map(|heads| self.reaching_from(&heads.items, known, base, ranked)).collect()
    }

    /// The source that reads the records which begin with some elements; `None`: they are better read otherwise.
    fn reaching_from(
        &self,
        heads: &[u32],
        known: &[Known],
        base: &Url,
        ranked: &[Scored],
    ) -> Option<Proposal> {
        let ids: Vec<NodeId> = heads.iter().map(|at| self.texts.tree.get(*at).node.id()).collect();
        let copy = reach::reach(&self.parsed.html, &ids);
        let root = copy.html.tree.root().children().find_map(ElementRef::wrap)?;
        let tree = Tree::read(root, base);
        let rows: FxHashMap<NodeId, u32> =
            copy.rows.iter().zip(heads).map(|(row, head)| (*row, *head)).collect();
        let items: Vec<u32> = tree.all().filter(|at| rows.contains_key(&tree.get(*at).node.id())).collect();
        let texts = Texts::new(&tree);
        let evidence = Evidence::find(&texts, known, (base, &self.document.url));
        let mut scored = score::scored(&texts, Group { items }, &evidence)?;
        scored.score -= reaching::less(self.texts.tree, heads);
        let heads: Vec<u32> = scored.group.items.iter().map(|at| rows[&tree.get(*at).node.id()]).collect();
        let reaches = reaching::reaches(self.texts.tree, &heads);
        if reaching::are_sections(&scored)
            || ranked.iter().any(|group| reaching::is_needless(self.texts, &scored, &reaches, group))
        {
            return None;
        }
        let entry = selector::of_entries(self.texts.tree, &heads, &|_| false)?;
        let leads = OnceCell::new();
        Looking { texts: &texts, evidence: &evidence, leads: &leads, ..*self }.source(
            &scored,
            entry,
            Reach::ToNext,
        )
    }

    /// The source whose entries are given by a selector, and what it gives.
    fn source(&self, scored: &Scored, entry: selector::Found, reach: Reach) -> Option<Proposal> {
        let fit = entry.fit;
        let entry = propose::Entry { selector: entry.text, to_next: reach == Reach::ToNext };
        let mut keys = propose::keys(self.texts, scored, entry, &self.page.url)?;
        keys.json = self.json.map(str::to_owned);
        if self.json.is_none() {
            let addresses = (self.base, &self.page.url);
            let read = || Leads::read(&self.parsed.html, self.texts.tree, addresses);
            keys.next = further::further(self.leads.get_or_init(read), self.texts.tree, &scored.group);
        }
        let (mut source, rules, mut reading) = self.read(&keys)?;
        keys.language = self.language.map(str::to_owned);
        keys.timezone = locale::zone(self.document, &self.parsed.html, &reading.listing);
        if keys.language.is_some() || keys.timezone.is_some() {
            source = keys.source("proposed")?;
        }
        reading.date(&source, &[], self.page.fetched_at);
        let part = part(self.texts.tree, &scored.group);
        let mut confidence = confidence::confidence(&scored.features, scored.score, (fit, part));
        if elsewhere::is_newer_elsewhere(self.texts, &scored.group) {
            confidence *= confidence::ELSEWHERE;
        }
        let plain = Proposal {
            keys,
            source,
            rules,
            confidence,
            reading,
            fit,
            held: self.evidence.held(self.texts, &scored.group),
            features: scored.features,
            score: scored.score,
        };
        Some(self.without_undated(scored, plain))
    }

    /// What a proposal is with other keys for the same entries, and maybe more; `None`: they are no config.
    fn reread(&self, of: &Proposal, keys: Keys) -> Option<Proposal> {
        let (source, rules, mut reading) = self.read(&keys)?;
        reading.date(&source, &[], self.page.fetched_at);
        Some(Proposal { keys, source, rules, reading, ..of.clone() })
    }

    /// The source of some keys, and what it gives, not dated yet.
    fn read(&self, keys: &Keys) -> Option<(Source, Rules, Reading)> {
        let source = keys.source("proposed")?;
        let rules = Rules::clone(source.rules.as_ref()?);
        let listing = extract_parsed(self.document, self.parsed, &rules, self.still_time);
        let reading = refresh::believe(self.document.clone(), listing, self.page, self.still_time);
        Some((source, rules, reading))
    }
}

/// Which share a group is of the elements that are built like its first.
fn part(tree: &Tree<'_>, group: &Group) -> f64 {
    let path = tree.get(group.items[0]).path;
    let alike = tree.elements.iter().filter(|element| element.path == path).count();
    group.items.len() as f64 / alike.max(1) as f64
}

/// How far an entry goes from the element that its selector gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It is that element.
    Element,
    /// Up to the next of them.
    ToNext,
}
