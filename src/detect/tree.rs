//! The tree of a page as an array, which makes everything after it a matter of ranges. Pure.
//!
//! Elements stand in document order, so that what is inside element `i` is `i..end`; all text of the page is one
//! folded string, and an element's text a slice of it. What nobody sees is not in it.

use std::{cell::OnceCell, ops::Range};

use rustc_hash::{FxHashMap, FxHashSet};
use scraper::{ElementRef, Node};
use url::Url;

use super::{
    compound::is_plain_name,
    names::{self, Hold, Says},
    popular, stems,
};
use crate::{
    extract::{
        address, reach, text,
        walk::{Step, Walk, is_inert},
    },
    moment::day_of_address,
};

/// The most elements read; the largest honest listings have some 40,000.
const MAX_ELEMENTS: usize = 120_000;

/// The parent of the first element.
pub const NONE: u32 = u32::MAX;

/// An element of the page.
pub struct Element<'a> {
    /// The element itself.
    pub node: ElementRef<'a>,
    /// Its tag.
    pub tag: &'a str,
    /// The element around it, or [`NONE`].
    pub parent: u32,
    /// The first element after all that are inside it.
    pub end: u32,
    /// How many elements are around it.
    pub depth: u16,
    /// Its place among its parent's elements, from 1.
    pub place: u16,
    /// Its classes that can be relied on.
    pub classes: Vec<(&'a str, Hold)>,
    /// Whether one of them names a date or a headline.
    pub is_field: bool,
    /// Its id.
    pub id: Option<&'a str>,
    /// Its attributes that are asked for often.
    pub attributes: Attributes<'a>,
    /// The address it links to, as written, when it leads anywhere.
    pub href: Option<&'a str>,
    /// Where its text stands in the text of the page.
    pub text: (u32, u32),
    /// Whether text stands in it directly.
    pub has_own_text: bool,
    /// Whether it is part of what stands beside the content.
    pub is_chrome: bool,
    /// Whether it is in an entry of a menu, or in a menu that is most of the page.
    pub is_menu: bool,
    /// Whether it stands below a heading such as "most read".
    pub is_choice: bool,
    /// A digest of its tag.
    pub by_tag: u64,
    /// A digest of its tag and classes.
    pub by_class: u64,
    /// A digest of its tag and classes and those around it.
    pub path: u64,
    /// A digest of its tag and those around it.
    pub tags: u64,
}

/// Attributes of an element, read once: a document looks each up anew, which costs more than all else that is asked.
#[derive(Default)]
pub struct Attributes<'a> {
    /// Where it links, whether that leads anywhere or not.
    pub href: Option<&'a str>,
    /// What it is of what is around it (microdata).
    pub itemprop: Option<&'a str>,
    /// Of which type it is (microdata).
    pub itemtype: Option<&'a str>,
    /// What it is for (ARIA).
    pub role: Option<&'a str>,
    /// Whether it states a date to machines.
    pub has_datetime: bool,
    /// Whether it states classes.
    pub has_class: bool,
    /// What sites' own tests call it ([`names::FOR_TESTS`]).
    pub for_tests: Vec<(&'static str, &'a str)>,
}

impl<'a> Attributes<'a> {
    fn read(value: &'a scraper::node::Element) -> Self {
        let mut read = Self::default();
        for (name, value) in value.attrs() {
            match name {
                "href" => read.href = Some(value),
                "itemprop" => read.itemprop = Some(value),
                "itemtype" => read.itemtype = Some(value),
                "role" => read.role = Some(value),
                "datetime" => read.has_datetime = true,
                "class" => read.has_class = true,
                _ => {
                    let known = names::FOR_TESTS.into_iter().find(|known| *known == name);
                    read.for_tests.extend(known.map(|known| (known, value)));
                }
            }
        }
        read
    }

    /// The attributes that name what the element is, and their values.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'a str)> + '_ {
        self.itemprop.map(|name| ("itemprop", name)).into_iter().chain(self.for_tests.iter().copied())
    }
}

/// A page.
pub struct Tree<'a> {
    /// Every element a reader sees, in document order.
    pub elements: Vec<Element<'a>>,
    text: String,
    /// How many links stand before each element.
    links: Vec<u32>,
    /// The language the page states.
    pub language: Option<String>,
    /// The folders that the page is in, as their paths are written, the outermost first.
    folders: Vec<String>,
    by_name: OnceCell<ByName<'a>>,
    /// What was read from a class already: pages repeat a few of them thousands of times.
    told: FxHashMap<&'a str, Told<'a>>,
    /// Stems of classes that are a part of another class too.
    unclear: FxHashSet<&'a str>,
}

/// Elements by what they are called, each in document order.
#[derive(Default)]
pub struct ByName<'a> {
    /// By their tags.
    pub tags: FxHashMap<&'a str, Vec<u32>>,
    /// By the classes that can be relied on.
    pub classes: FxHashMap<&'a str, Vec<u32>>,
    /// By their ids.
    pub ids: FxHashMap<&'a str, Vec<u32>>,
}

/// What a class says.
#[derive(Clone, Copy)]
struct Told<'a> {
    /// What of it stays, where a program makes the rest.
    stem: Option<&'a str>,
    hold: Hold,
    says: Says,
}

/// Joins two digests.
pub fn mix(a: u64, b: u64) -> u64 {
    (a.rotate_left(5) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A digest of a text.
pub fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl<'a> Tree<'a> {
    /// Reads a tree.
    pub fn read(root: ElementRef<'a>, base: &Url) -> Self {
        let mut tree = Self {
            elements: Vec::new(),
            text: String::new(),
            links: Vec::new(),
            language: root.attr("lang").map(str::to_owned),
            folders: base.path().match_indices('/').map(|(at, _)| base.path()[..=at].to_owned()).collect(),
            by_name: OnceCell::new(),
            told: FxHashMap::default(),
            unclear: FxHashSet::default(),
        };
        tree.fill(root, base);
        tree.unclear = tree.unclear_stems();
        let mut before = 0;
        for element in &tree.elements {
            tree.links.push(before);
            before += u32::from(element.href.is_some());
        }
        tree.links.push(before);
        tree.mark_chrome();
        tree.mark_choices();
        tree
    }

    /// The stems that stand in classes of another stem or of none too: as selectors they would find those.
    fn unclear_stems(&self) -> FxHashSet<&'a str> {
        /// More than any program makes; of more all are unclear.
        const MOST: usize = 500;
        let stems: FxHashSet<&'a str> = self.told.values().filter_map(|told| told.stem).collect();
        let is_many = stems.len() > MOST;
        let is_part = |stem: &&str| {
            let mut others = self.told.iter().filter(|(_, told)| told.stem != Some(stem));
            is_many || others.any(|(class, _)| class.contains(stem))
        };
        stems.into_iter().filter(is_part).collect()
    }

    fn fill(&mut self, root: ElementRef<'a>, base: &Url) {
        let mut open: Vec<u32> = Vec::new();
        let mut children: Vec<u16> = Vec::new();
        let mut pen = text::Pen::default();
        let mut walk = Walk::new(*root);
        while let Some(step) = walk.next() {
            match step {
                Step::Open(node) => match node.value() {
                    Node::Text(piece) => {
                        let before = self.text.len();
                        pen.write(piece, &mut self.text);
                        if let Some(top) = open.last().filter(|_| self.text.len() > before) {
                            self.elements[index(*top)].has_own_text = true;
                        }
                    }
                    Node::Element(value) => {
                        let Some(element) = ElementRef::wrap(node) else { continue };
                        if let Some(count) = children.last_mut() {
                            *count = count.saturating_add(1);
                        }
                        let is_unseen = is_inert(element) || is_unread(value.name());
                        if is_unseen || self.elements.len() >= MAX_ELEMENTS {
                            walk.leave_out();
                            continue;
                        }
                        if text::is_separate(value.name()) {
                            pen.separate();
                        }
                        let place = children.last().copied().unwrap_or(1);
                        let parent = open.last().copied();
                        open.push(u32::try_from(self.elements.len()).unwrap_or(NONE));
                        children.push(0);
                        let element = self.element(element, parent, place, base);
                        self.elements.push(element);
                    }
                    _ => {}
                },
                Step::Close(node) => {
                    let Some(value) = node.value().as_element() else { continue };
                    let (Some(top), Some(_)) = (open.pop(), children.pop()) else { continue };
                    let end = u32::try_from(self.elements.len()).unwrap_or(NONE);
                    let text_end = u32::try_from(self.text.len()).unwrap_or(NONE);
                    let element = &mut self.elements[index(top)];
                    element.end = end;
                    element.text.1 = text_end;
                    if text::is_separate(value.name()) {
                        pen.separate();
                    }
                }
            }
        }
    }

    fn told(&mut self, class: &'a str) -> Told<'a> {
        *self.told.entry(class).or_insert_with(|| {
            let stem = stems::stem(class);
            Told { stem, hold: names::hold(stem.unwrap_or(class)), says: names::says(class) }
        })
    }

    /// What the classes of an element say, as they are written.
    pub fn says(&self, at: u32) -> impl Iterator<Item = Says> + '_ {
        self.get(at).node.value().classes().filter_map(|class| Some(self.told.get(class)?.says))
    }

    /// Elements by what they are called.
    pub fn by_name(&self) -> &ByName<'a> {
        self.by_name.get_or_init(|| {
            let mut by_name = ByName::default();
            for (at, element) in self.elements.iter().enumerate() {
                let at = u32::try_from(at).unwrap_or(NONE);
                by_name.tags.entry(element.tag).or_default().push(at);
                for (class, _) in &element.classes {
                    by_name.classes.entry(class).or_default().push(at);
                }
                if let Some(id) = element.id {
                    by_name.ids.entry(id).or_default().push(at);
                }
            }
            by_name
        })
    }

    fn element(&mut self, node: ElementRef<'a>, parent: Option<u32>, place: u16, base: &Url) -> Element<'a> {
        let value = node.value();
        let mut classes: Vec<(&str, Hold)> = Vec::new();
        let mut is_field = false;
        for class in value.classes() {
            let told = self.told(class);
            let is_named = told.says.is_date || told.says.headline > 0.0;
            is_field |= is_named && told.hold != Hold::Volatile;
            if told.hold != Hold::Volatile {
                classes.push((told.stem.unwrap_or(class), told.hold));
            }
        }
        let around = parent.map(|parent| &self.elements[index(parent)]);
        classes.sort_by_key(|(class, _)| *class);
        classes.dedup_by_key(|(class, _)| *class);
        let by_tag = digest(value.name());
        let by_class = classes.iter().fold(by_tag, |sum, (class, _)| mix(sum, digest(class)));
        let attributes = Attributes::read(value);
        let href = attributes.href.filter(|_| value.name() == "a");
        let start = u32::try_from(self.text.len()).unwrap_or(NONE);
        Element {
            node,
            tag: value.name(),
            parent: parent.unwrap_or(NONE),
            end: 0,
            depth: around.map_or(0, |around| around.depth.saturating_add(1)),
            place,
            classes,
            is_field,
            id: value.id().filter(|id| !id.trim().is_empty()),
            href: href.filter(|written| leads_somewhere(base, written)),
            text: (start, start),
            has_own_text: false,
            is_chrome: around.is_some_and(|around| around.is_chrome),
            is_choice: false,
            is_menu: around.is_some_and(|around| around.is_menu) || value.classes().any(names::is_menu_item),
            path: mix(around.map_or(7, |around| around.path), by_class),
            tags: mix(around.map_or(7, |around| around.tags), by_tag),
            by_tag,
            by_class,
            attributes,
        }
    }

    /// An element's text, white space folded.
    pub fn text(&self, at: u32) -> &str {
        let (start, end) = self.elements[index(at)].text;
        self.text_of(start..end)
    }

    /// What stands at a place in the page's text.
    pub fn text_of(&self, range: Range<u32>) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or("").trim()
    }

    /// How many bytes of text an element has.
    pub fn text_bytes(&self, at: u32) -> u32 {
        let (start, end) = self.elements[index(at)].text;
        end.saturating_sub(start)
    }

    /// The text directly before an element, back to the nearest element beside it that says something.
    pub fn text_before(&self, at: u32) -> &str {
        let Some(parent) = self.parent(at) else { return "" };
        let is_beside = |at: &u32| self.get(*at).parent == parent;
        let previous = |at: &u32| {
            let last = at.checked_sub(1).filter(|last| *last > parent)?;
            std::iter::once(last).chain(self.around(last)).find(is_beside)
        };
        let mut siblings = std::iter::successors(previous(&at), previous);
        let before = siblings.find(|sibling| self.text_bytes(*sibling) > 0);
        let start = before.map_or(self.get(parent).text.0, |before| self.get(before).text.1);
        self.text_of(start..self.get(at).text.0)
    }

    /// Whether a selector can name a class: it needs no escaping, and a stem is no part of another name.
    pub fn can_name(&self, class: &str) -> bool {
        let name = if stems::is_stem(class) { class.trim_start_matches('-') } else { class };
        is_plain_name(name) && !self.unclear.contains(class)
    }

    /// Whether an address, as written, is that of a folder which the page is in.
    pub fn leads_up(&self, written: &str) -> bool {
        let written = written.trim();
        matches!(written, ".." | "../" | "./") || self.folders.iter().any(|folder| folder == written)
    }

    /// How many bytes of text the page has.
    pub fn all_text_bytes(&self) -> usize {
        self.text.len()
    }

    /// How many links are in an element, itself counted.
    pub fn links_in(&self, at: u32) -> u32 {
        self.links[index(self.elements[index(at)].end)] - self.links[index(at)]
    }

    /// How many links stand from one element to before another.
    pub fn links_between(&self, from: u32, end: u32) -> u32 {
        self.links[index(end).min(self.elements.len())] - self.links[index(from)]
    }

    /// The element.
    pub fn get(&self, at: u32) -> &Element<'a> {
        &self.elements[index(at)]
    }

    /// Whether `inner` is inside `outer`, or the same.
    pub fn holds(&self, outer: u32, inner: u32) -> bool {
        outer <= inner && inner < self.get(outer).end
    }

    /// Every element, in document order.
    pub fn all(&self) -> Range<u32> {
        0..u32::try_from(self.elements.len()).unwrap_or(NONE)
    }

    /// The tag of all these elements; `None`: they have several.
    pub fn common_tag(&self, items: &[u32]) -> Option<&'a str> {
        let tag = self.get(*items.first()?).tag;
        items.iter().all(|at| self.get(*at).tag == tag).then_some(tag)
    }

    /// Whether an element links somewhere: by what is in it, or closely around it.
    pub fn is_linked(&self, at: u32) -> bool {
        self.links_in(at) > 0 || self.link_around(at, 2).is_some()
    }

    /// The elements directly in an element.
    pub fn children(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.get(at).end;
        let next = move |child: &u32| Some(self.get(*child).end).filter(|next| *next < end);
        std::iter::successors(Some(at + 1).filter(|first| *first < end), next)
    }

    /// The elements around an element, the nearest first.
    pub fn around(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(self.parent(at), |at| self.parent(*at))
    }

    /// The element around an element.
    pub fn parent(&self, at: u32) -> Option<u32> {
        Some(self.get(at).parent).filter(|parent| *parent != NONE)
    }

    /// The link that an element is, else the nearest around it up to `levels`.
    pub fn link_around(&self, at: u32, levels: usize) -> Option<u32> {
        std::iter::once(at).chain(self.around(at).take(levels)).find(|at| self.get(*at).href.is_some())
    }

    /// Marks what stands beside the content. A part with more than half of the page's text is content, whatever it
    /// is called: `class="sidebar-right"` on the body is common. So is a word for parts that together have as much.
    fn mark_chrome(&mut self) {
        let whole = u32::try_from(self.text.len()).unwrap_or(NONE);
        let mut roots: Vec<(u32, &'static str)> = Vec::new();
        let mut menus: Vec<u32> = Vec::new();
        let mut covered: std::collections::HashMap<&'static str, (u32, u32)> =
            std::collections::HashMap::new();
        for at in self.all() {
            let Some(word) = self.chrome_word(at) else { continue };
            let bytes = self.text_bytes(at);
            let is_large = bytes > whole / 2;
            if self.holds_main(at, bytes > whole / 5) || is_large && !self.is_all_links(at, word) {
                continue;
            }
            if is_large {
                menus.push(at);
            }
            roots.push((at, word));
            // Parts inside parts of the same word are counted once.
            let sum = covered.entry(word).or_default();
            if at >= sum.1 && !is_large {
                *sum = (sum.0 + bytes, self.get(at).end);
            }
        }
        for (at, word) in roots {
            if covered[word].0 > whole / 2 {
                continue;
            }
            let end = self.get(at).end;
            for inside in at..end {
                self.elements[index(inside)].is_chrome = true;
            }
        }
        for inside in menus.into_iter().flat_map(|at| at..self.get(at).end).collect::<Vec<u32>>() {
            self.elements[index(inside)].is_menu = true;
        }
    }

    /// Whether a part that is called a menu has no text but that of its links: however large it is, a menu it is. Links
    /// with days in their addresses are news.
    fn is_all_links(&self, at: u32, word: &str) -> bool {
        const FEWEST: u32 = 20;
        const LOOKED_AT: usize = 100;
        if !names::is_menu(word) || self.links_in(at) < FEWEST {
            return false;
        }
        let mut linked = 0;
        let mut inside = at;
        while inside < self.get(at).end {
            let element = self.get(inside);
            let is_link = element.attributes.href.is_some();
            linked += if is_link { self.text_bytes(inside) } else { 0 };
            inside = if is_link { element.end } else { inside + 1 };
        }
        let links = || (at..self.get(at).end).filter_map(|inside| self.get(inside).href).take(LOOKED_AT);
        let news = links().filter(|to| day_of_address(to).is_some()).count();
        u64::from(linked) * 10 >= u64::from(self.text_bytes(at)) * 9 && news * 2 <= links().count()
    }

    /// Marks what stands below headings of choices: up to the next such heading, or to the end of the box around.
    fn mark_choices(&mut self) {
        const LEVELS: usize = 3;
        /// Less text than this beside a heading is a mark in its box.
        const LEAST_BYTES: u32 = 8;
        let whole = u32::try_from(self.text.len()).unwrap_or(NONE);
        let rank = |at: u32| reach::rank(self.get(at).tag);
        let below = |at: u32| {
            let is_said =
                |at: u32| self.text_bytes(at) <= popular::LONGEST && popular::is_choice(self.text(at));
            let own = rank(at).filter(|_| is_said(at))?;
            let is_box = |around: &u32| self.text_bytes(*around) > self.text_bytes(at) + LEAST_BYTES;
            let around = self.around(at).take(LEVELS).find(is_box)?;
            let after = self.get(at).end..self.get(around).end;
            let end =
                after.clone().find(|next| rank(*next).is_some_and(|rank| rank <= own)).unwrap_or(after.end);
            let is_part = self.text_bytes(around) <= whole / 2;
            is_part.then_some(after.start..end)
        };
        let parts: Vec<Range<u32>> = self.all().filter_map(below).collect();
        for inside in parts.into_iter().flatten() {
            let element = &mut self.elements[index(inside)];
            (element.is_choice, element.is_chrome) = (true, true);
        }
    }

    /// Whether the page's main part is in an element; of a large one, its main heading says so too.
    fn holds_main(&self, at: u32, is_large: bool) -> bool {
        (at + 1..self.get(at).end).any(|inside| {
            let element = self.get(inside);
            element.tag == "main"
                || element.attributes.role == Some("main")
                || (is_large && element.tag == "h1")
        })
    }

    fn chrome_word(&self, at: u32) -> Option<&'static str> {
        let element = self.get(at);
        let by_role = match element.attributes.role {
            Some("navigation") => Some("nav"),
            Some("banner" | "contentinfo" | "complementary" | "search" | "menu" | "menubar") => Some("aside"),
            _ => None,
        };
        let by_tag = match element.tag {
            "nav" => Some("nav"),
            "aside" => Some("aside"),
            // Inside sectioning content they belong to the section, not the page (HTML standard §4.3.8).
            "header" | "footer" if !self.around(at).any(|around| self.is_section(around)) => Some("footer"),
            _ => None,
        };
        by_role.or(by_tag).or_else(|| {
            let is_name_of_page =
                matches!(element.tag, "html" | "body" | "main" | "article" | "h1" | "h2" | "h3" | "a");
            if is_name_of_page {
                return None;
            }
            let of_class = self.says(at).find_map(|says| says.chrome);
            // Some programs call every table of theirs a widget.
            let is_table = |word: &&str| word.starts_with("widget") && self.is_table(at);
            of_class.or_else(|| names::says(element.id?).chrome).filter(|word| !is_table(word))
        })
    }

    /// Whether a part is mostly a table, whose rows are more than the weeks of a month.
    fn is_table(&self, at: u32) -> bool {
        const LEAST_ROW: u32 = 30;
        let inside = |tag| (at..self.get(at).end).filter(move |inside| self.get(*inside).tag == tag);
        let least = inside("tr").fold(LEAST_ROW, |sum, _| sum + LEAST_ROW);
        let bytes = |at| self.text_bytes(at);
        let is_most = |table| bytes(table) * 2 > bytes(at) && bytes(table) >= least;
        inside("table").next().is_some_and(|table| table == at || is_most(table))
    }

    fn is_section(&self, at: u32) -> bool {
        matches!(self.get(at).tag, "article" | "aside" | "main" | "nav" | "section" | "li" | "td")
    }
}

/// An element's place in the array.
pub fn index(at: u32) -> usize {
    at as usize
}

fn is_unread(tag: &str) -> bool {
    matches!(tag, "head" | "svg" | "select" | "iframe" | "object" | "textarea" | "datalist")
}

fn leads_somewhere(base: &Url, written: &str) -> bool {
    let trimmed = written.trim();
    if trimmed.is_empty() || trimmed == "#" {
        return false;
    }
    // Resolving costs; plain paths and http need none.
    let is_plain = trimmed.starts_with(['/', '?', '.']) || trimmed.starts_with("http");
    is_plain || !trimmed.contains(':') || address::resolve(base, trimmed).is_ok()
}
