//! Listings that a page has as JSON alone: its scripts → sources that read them. Pure.
//!
//! Asked for where the page's elements hold no listing that is believed: what a reader sees may be made by a program of the
//! JSON beside it (JSON-LD, the state of a framework). What JSON says beside a listing that stands on the page is
//! decoration, and not followed.

use rustc_hash::FxHashSet;
use scraper::{ElementRef, Html};

use super::{
    Evidence, Keys, Known, Looking, PROPOSED, Proposal, Texts, Tree, compound::is_plain_name, ranked,
};
use crate::extract::{
    self,
    json::Scripts,
    parse::{Parsed, Programs},
};

/// A listing on the page that is likelier than this is the one that is meant.
pub const DOUBTFUL: f64 = 0.5;

/// So many entries, each with a link of its own, are a listing.
const FEWEST: usize = 3;

/// Scripts are told apart by what they are called; so many are looked at.
const MOST: usize = 6;

/// A page with less text than this may be made by a program whose data is assigned to a name.
const SHELL_BYTES: usize = 4000;

/// What the scripts of a page hold.
#[derive(Default)]
pub struct Embedded {
    /// The sources that read them, the likeliest first.
    pub proposals: Vec<Proposal>,
    /// Which of the known entries, by their number, stand in them.
    pub known: FxHashSet<u16>,
    /// Which of the known entries, by their number, stand in them with their headline.
    pub shown: FxHashSet<u16>,
}

impl Looking<'_, '_> {
    /// The sources that read the JSON of the page, the likeliest first.
    pub(super) fn embedded(&self, known: &[Known]) -> Embedded {
        let with_programs;
        let parsed = if self.texts.tree.all_text_bytes() < SHELL_BYTES {
            with_programs = extract::tree(self.document, Programs::Kept, self.still_time);
            &with_programs
        } else {
            self.parsed
        };
        let mut embedded = Embedded::default();
        let mut scripts = Scripts::default();
        for name in names(&parsed.html, &mut scripts) {
            self.add_scripts((parsed, &mut scripts), &name, known, &mut embedded);
        }
        embedded.proposals.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        embedded
    }

    /// Adds what the JSON of some scripts holds.
    fn add_scripts(
        &self,
        (parsed, read): (&Parsed, &mut Scripts),
        name: &str,
        known: &[Known],
        embedded: &mut Embedded,
    ) {
        let keys = Keys { json: Some(name.to_owned()), ..Keys::of_page(self.page.url.clone()) };
        let rules = keys.source("scripts").and_then(|source| source.rules);
        let Some(scripts) = rules.as_ref().and_then(|rules| rules.json.as_ref()) else { return };
        let elements = extract::of_json((parsed, read), scripts, self.still_time);
        let root = elements.html.tree.root().children().find_map(ElementRef::wrap);
        let Some(root) = root else { return };
        let tree = Tree::read(root, self.base);
        let texts = Texts::new(&tree);
        let evidence = Evidence::find(&texts, known, (self.base, &self.document.url));
        let looking = Looking { texts: &texts, evidence: &evidence, parsed, json: Some(name), ..*self };
        // The way to the page and its menus are told in JSON too.
        let is_content = |items: &[u32]| !items.iter().all(|at| tree.get(*at).is_chrome);
        let groups = ranked(&texts, &evidence);
        let groups = groups.iter().filter(|scored| is_content(&scored.group.items)).take(PROPOSED);
        let found =
            groups.filter_map(|scored| looking.proposal(scored)).filter(|found| self.is_listing(found));
        embedded.proposals.extend(found);
        embedded.known.extend(evidence.on_page());
        embedded.shown.extend(evidence.shown());
    }

    /// Whether what is proposed has entries enough that lead somewhere, each to another page: what a page says of itself and
    /// its site in JSON-LD has addresses too. Of an answer that is JSON itself those with a day are enough.
    fn is_listing(&self, proposal: &Proposal) -> bool {
        let sightings = &proposal.reading.sightings;
        let links = sightings.iter().filter_map(|sighting| sighting.entry.link.as_ref());
        let pages: FxHashSet<&str> = links.filter_map(|link| link.as_str().split('#').next()).collect();
        let days = sightings.iter().filter(|sighting| sighting.entry.moment.is_some()).count();
        let told = if extract::json::is_json(&self.document.text) { days } else { 0 };
        pages.len().max(told) >= FEWEST.max(sightings.len() / 2)
    }
}

/// Selectors of the scripts that hold records: by id, else by type, else all of them.
fn names(html: &Html, read: &mut Scripts) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let scripts = html.tree.nodes().filter_map(ElementRef::wrap).filter(|e| e.value().name() == "script");
    for script in read.with_records(scripts.collect()) {
        let is_plain = |id: &&str| id.is_ascii() && is_plain_name(id);
        let kind =
            script.attr("type").map(str::trim).filter(|kind| kind.contains("json") && !kind.contains('"'));
        let name = match (script.value().id().filter(is_plain), kind) {
            (Some(id), _) => format!("script#{id}"),
            (None, Some(kind)) => format!("script[type=\"{kind}\"]"),
            (None, None) => "script".to_owned(),
        };
        if !names.contains(&name) && names.len() < MOST {
            names.push(name);
        }
    }
    names
}
