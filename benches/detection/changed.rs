//! Pages on which the listing is found, changed as sites change and as sites differ: what is found on them then.

use std::{collections::HashSet, hash::Hasher};

use ego_tree::NodeId;
use gleaner::{detect::DateKey, detect::Proposal};
use html5ever::{LocalName, QualName, ns};
use rustc_hash::FxHasher;
use scraper::{ElementRef, Html, Node, Selector, node::Element};

/// A change of a page.
pub struct Change {
    pub name: &'static str,
    make: fn(&mut Sheet) -> Option<()>,
    /// How its words are written then; `None`: as before.
    pub script: Option<fn(&str) -> String>,
    /// How many entries are left; `None`: all.
    pub left: Option<usize>,
}

const fn change(name: &'static str, make: fn(&mut Sheet) -> Option<()>) -> Change {
    Change { name, make, script: None, left: None }
}

const LEFT: usize = 4;

pub const CHANGES: [Change; 15] = [
    change("class names that mean nothing", |sheet| {
        sheet.rename(|name| pseudo_word(digest(name)));
        Some(())
    }),
    change("generated class names", |sheet| {
        sheet.rename(|name| format!("css-{:07x}", digest(name) >> 36));
        Some(())
    }),
    change("no class names", |sheet| {
        sheet.rename(|_| String::new());
        Some(())
    }),
    change("boxes around the listing, its entries and what is in them", |sheet| {
        sheet.wrap();
        Some(())
    }),
    change("every element a box", |sheet| {
        sheet.boxes();
        Some(())
    }),
    change("the first entry is built otherwise", Sheet::feature_first),
    change("an advertisement among the entries", Sheet::advertise),
    change("an entry without a date", |sheet| sheet.undate(1..2)),
    change("no dates", |sheet| sheet.undate(0..usize::MAX)),
    change("two columns", Sheet::split),
    change("months above entries", Sheet::head_months),
    change("a large menu and the most read", Sheet::add_beside),
    Change { left: Some(LEFT), ..change("four entries", Sheet::shorten) },
    Change { script: Some(han), ..change("in Chinese letters", |sheet| sheet.write(han)) },
    Change { script: Some(arabic), ..change("in Arabic letters", |sheet| sheet.write(arabic)) },
];

impl Change {
    /// The changed page; `None`: this one cannot be changed so.
    pub fn of(&self, html: &Html, best: &Proposal) -> Option<String> {
        if best.keys.json.is_some() || best.keys.to_next {
            return None;
        }
        let mut sheet = Sheet::of(html, best)?;
        (self.make)(&mut sheet)?;
        Some(sheet.html.html())
    }
}

/// A page that is being changed.
struct Sheet {
    html: Html,
    /// The entries' elements.
    items: Vec<NodeId>,
    /// What dates each of them.
    dates: Vec<Option<NodeId>>,
}

impl Sheet {
    fn of(html: &Html, best: &Proposal) -> Option<Self> {
        let html = html.clone();
        let rows: Vec<ElementRef<'_>> = html.select(&Selector::parse(&best.keys.entry).ok()?).collect();
        let date = match &best.keys.date {
            DateKey::At(selectors) => Selector::parse(selectors.first()?).ok(),
            _ => None,
        };
        let date_of = |row: &ElementRef<'_>| row.select(date.as_ref()?).next().map(|at| at.id());
        let dates = rows.iter().map(date_of).collect();
        let items = rows.iter().map(|row| row.id()).collect();
        Some(Self { html, items, dates })
    }

    fn name(&self, id: NodeId) -> &str {
        self.html.tree.get(id).and_then(ElementRef::wrap).map_or("", |element| element.value().name())
    }

    fn elements(&self) -> Vec<NodeId> {
        self.html.tree.nodes().filter_map(ElementRef::wrap).map(|element| element.id()).collect()
    }

    fn edit(&mut self, id: NodeId, edit: impl FnOnce(&mut Element)) {
        let Some(mut node) = self.html.tree.get_mut(id) else { return };
        if let Node::Element(element) = node.value() {
            edit(element);
        }
    }

    fn set(&mut self, id: NodeId, attribute: &str, change: impl FnOnce(&str) -> Option<String>) {
        self.edit(id, |element| {
            let old = element.attr(attribute).unwrap_or("").to_owned();
            element.attrs.retain(|(name, _)| &*name.local != attribute);
            if let Some(value) = change(&old).filter(|value| !value.is_empty()) {
                element.attrs.push((QualName::new(None, ns!(), LocalName::from(attribute)), value.into()));
            }
        });
    }

    fn rename(&mut self, new: impl Fn(&str) -> String) {
        for id in self.elements() {
            self.set(id, "class", |old| Some(old.split_whitespace().map(&new).collect::<Vec<_>>().join(" ")));
            self.set(id, "id", |old| Some(old.trim()).filter(|old| !old.is_empty()).map(&new));
        }
    }

    fn make(&mut self, tag: &str, class: &str) -> NodeId {
        let name = QualName::new(None, ns!(html), LocalName::from(tag));
        let id = self.html.tree.orphan(Node::Element(Element::new(name, Vec::new()))).id();
        self.set(id, "class", |_| Some(class.to_owned()));
        id
    }

    /// Elements from HTML, none of them in the page.
    fn parsed(&mut self, html: &str) -> Vec<NodeId> {
        let part = Html::parse_fragment(html);
        let root = self.html.tree.extend_tree(part.tree).id();
        let html = self.html.tree.get(root).and_then(|root| root.children().find(|n| n.value().is_element()));
        html.map_or_else(Vec::new, |html| html.children().map(|child| child.id()).collect())
    }

    fn children(&self, id: NodeId) -> Vec<NodeId> {
        self.html.tree.get(id).map_or_else(Vec::new, |node| node.children().map(|child| child.id()).collect())
    }

    fn wrap_children(&mut self, id: NodeId, class: &str) {
        let children = self.children(id);
        let wrapper = self.make("div", class);
        for child in children {
            self.html.tree.get_mut(wrapper).unwrap().append_id(child);
        }
        self.html.tree.get_mut(id).unwrap().append_id(wrapper);
    }

    fn wrap_around(&mut self, id: NodeId, class: &str) {
        let wrapper = self.make("div", class);
        self.html.tree.get_mut(id).unwrap().insert_id_before(wrapper);
        self.html.tree.get_mut(wrapper).unwrap().append_id(id);
    }

    /// The element around an entry that boxes may stand around.
    fn list(&self, item: NodeId) -> Option<NodeId> {
        let around = self.html.tree.get(item)?.ancestors().filter_map(ElementRef::wrap);
        let is_part = |tag: &str| matches!(tag, "tbody" | "thead" | "tr" | "td" | "li" | "dd" | "dt");
        around.map(|element| element.id()).find(|id| !is_part(self.name(*id)))
    }

    fn wrap(&mut self) {
        let lists: HashSet<NodeId> = self.items.iter().filter_map(|item| self.list(*item)).collect();
        for item in self.items.clone() {
            match self.name(item) {
                "tr" => {
                    for cell in self.children(item) {
                        if matches!(self.name(cell), "td" | "th") {
                            self.wrap_children(cell, "cell");
                        }
                    }
                }
                "a" => {}
                "li" | "td" | "dd" | "dt" => self.wrap_children(item, "inner"),
                _ => {
                    self.wrap_children(item, "inner");
                    self.wrap_around(item, "outer");
                }
            }
        }
        for list in lists {
            if !matches!(self.name(list), "body" | "html") {
                self.wrap_around(list, "wrapper");
                self.wrap_around(list, "container");
            }
        }
    }

    fn boxes(&mut self) {
        const KEPT: [&str; 20] = [
            "html", "head", "body", "a", "img", "title", "meta", "link", "script", "style", "base", "span",
            "br", "hr", "b", "strong", "em", "i", "nav", "main",
        ];
        for id in self.elements() {
            self.edit(id, |element| {
                if !KEPT.contains(&element.name()) {
                    element.name.local = LocalName::from("div");
                }
            });
        }
    }

    fn feature_first(&mut self) -> Option<()> {
        let first = *self.items.first()?;
        self.set(first, "class", |old| Some(format!("{old} featured")));
        if self.name(first) == "tr" {
            for cell in self.children(first) {
                if matches!(self.name(cell), "td" | "th") {
                    self.wrap_children(cell, "large");
                }
            }
        } else {
            self.wrap_children(first, "large");
        }
        Some(())
    }

    fn advertise(&mut self) -> Option<()> {
        let before = *self.items.get(self.items.len() / 2)?;
        let (tag, class) = (self.name(before).to_owned(), {
            let node = self.html.tree.get(before).and_then(ElementRef::wrap)?;
            node.attr("class").unwrap_or("").to_owned()
        });
        let link = "<a href=\"https://shoes.example.net/?campaign=7\">Advertisement</a>";
        let parts = self.parsed(&format!("<div>{link} <span>Save up to half on shoes</span></div>"));
        let row = self.make(&tag, &format!("{class} ad"));
        let inner = if tag == "tr" { self.make("td", "") } else { row };
        for part in parts {
            self.html.tree.get_mut(inner).unwrap().append_id(part);
        }
        if inner != row {
            self.set(inner, "colspan", |_| Some("9".to_owned()));
            self.html.tree.get_mut(row).unwrap().append_id(inner);
        }
        self.html.tree.get_mut(before).unwrap().insert_id_before(row);
        Some(())
    }

    fn undate(&mut self, which: std::ops::Range<usize>) -> Option<()> {
        let end = which.end.min(self.dates.len());
        for id in self.dates.get(which.start..end)?.iter().flatten().copied().collect::<Vec<_>>() {
            for child in self.children(id) {
                self.html.tree.get_mut(child).unwrap().detach();
            }
            self.set(id, "datetime", |_| None);
        }
        self.dates.iter().any(Option::is_some).then_some(())
    }

    /// The element around all entries, where each stands in it directly.
    fn parent(&self) -> Option<NodeId> {
        let parent = |item: &NodeId| self.html.tree.get(*item)?.parent().map(|parent| parent.id());
        let first = self.items.first().and_then(parent)?;
        self.items.iter().all(|item| parent(item) == Some(first)).then_some(first)
    }

    fn split(&mut self) -> Option<()> {
        let mut old = self.parent()?;
        let half = self.items.len() / 2;
        let mut inside: Vec<NodeId> = Vec::new();
        let from = self.items[half];
        inside.push(from);
        let rest = self.html.tree.get(from)?.next_siblings().map(|node| node.id());
        inside.extend(rest);
        loop {
            let node = self.html.tree.get(old)?;
            let Node::Element(value) = node.value().clone() else { return None };
            let name = value.name().to_owned();
            let copy = self.html.tree.orphan(Node::Element(value)).id();
            for id in inside {
                self.html.tree.get_mut(copy)?.append_id(id);
            }
            self.set(copy, "id", |_| None);
            if !matches!(name.as_str(), "tbody" | "thead") {
                self.html.tree.get_mut(old)?.insert_id_after(copy);
                return (name != "body").then_some(());
            }
            inside = vec![copy];
            old = self.html.tree.get(old)?.parent()?.id();
        }
    }

    fn head_months(&mut self) -> Option<()> {
        self.parent()?;
        for (number, at) in (0..self.items.len()).step_by(4).enumerate() {
            let month = ["June", "May", "April", "March", "February", "January"][number % 6];
            let text = format!("{month} {}", 2026 - number / 6);
            let item = self.items[at];
            let tag = match self.name(item) {
                "tr" => "tr",
                "li" => "li",
                _ => "h3",
            };
            let head = self.make(tag, "");
            let inner = if tag == "tr" { self.make("th", "") } else { head };
            let text = self.html.tree.orphan(Node::Text(scraper::node::Text { text: text.into() })).id();
            self.html.tree.get_mut(inner)?.append_id(text);
            if inner != head {
                self.html.tree.get_mut(head)?.append_id(inner);
            }
            self.html.tree.get_mut(item)?.insert_id_before(head);
        }
        Some(())
    }

    fn add_beside(&mut self) -> Option<()> {
        let word = |n: usize| pseudo_word(digest(&n.to_string()));
        let menu: Vec<String> = (0..60)
            .map(|n| format!("<li><a href=\"/{0}/\">{0} {1}</a></li>", word(n), word(n + 99)))
            .collect();
        let read: Vec<String> = (200..208)
            .map(|n| {
                let words: Vec<String> = (0..7).map(|k| word(n * 10 + k)).collect();
                format!("<li><a href=\"/{}/\">{}</a></li>", words.join("-"), words.join(" "))
            })
            .collect();
        let body = self.elements().into_iter().find(|id| self.name(*id) == "body")?;
        let first = self.html.tree.get(body)?.first_child()?.id();
        for part in self.parsed(&format!("<div class=top><ul>{}</ul></div>", menu.concat())) {
            self.html.tree.get_mut(first)?.insert_id_before(part);
        }
        for part in self.parsed(&format!("<div class=box><h3>Most read</h3><ul>{}</ul></div>", read.concat()))
        {
            self.html.tree.get_mut(body)?.append_id(part);
        }
        Some(())
    }

    fn shorten(&mut self) -> Option<()> {
        for item in self.items.get(LEFT..)?.to_vec() {
            self.html.tree.get_mut(item)?.detach();
        }
        Some(())
    }

    fn write(&mut self, letters: fn(&str) -> String) -> Option<()> {
        let is_code = |node: &ego_tree::NodeRef<'_, Node>| {
            let parent = node.parent().and_then(ElementRef::wrap);
            parent.is_none_or(|parent| matches!(parent.value().name(), "script" | "style" | "title"))
        };
        let texts = self.html.tree.nodes().filter(|node| node.value().is_text() && !is_code(node));
        for id in texts.map(|node| node.id()).collect::<Vec<_>>() {
            let mut node = self.html.tree.get_mut(id)?;
            let Node::Text(text) = node.value() else { continue };
            text.text = letters(&text.text).into();
        }
        Some(())
    }
}

fn digest(name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A number below `end` from the bits of a digest after the first.
fn part(digest: u64, first: u32, end: u32) -> u32 {
    ((digest >> first) % u64::from(end)).try_into().unwrap()
}

fn pseudo_word(digest: u64) -> String {
    const SOUNDS: [&str; 16] =
        ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "zo", "ka", "me"];
    (0..3).map(|place| SOUNDS[part(digest, 20 + 4 * place, 16) as usize]).collect()
}

/// Dates stay as they are: which words are read is another matter.
fn is_kept(word: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = word.to_lowercase();
    word.chars().any(|c| c.is_ascii_digit()) || MONTHS.iter().any(|month| lower.starts_with(month))
}

fn in_letters(text: &str, of_word: impl Fn(u64) -> String, between: &str) -> String {
    let mut written = String::new();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = &piece[word.len()..];
        if word.is_empty() || is_kept(word) {
            written.push_str(piece);
            continue;
        }
        written.push_str(&of_word(digest(&word.to_lowercase())));
        written.push_str(if space.is_empty() { "" } else { between });
    }
    written
}

fn han(text: &str) -> String {
    let sign = |digest: u64| char::from_u32(0x4e00 + part(digest, 40, 0x2000)).unwrap();
    in_letters(text, |digest| [sign(digest), sign(digest << 7)].iter().collect(), "")
}

fn arabic(text: &str) -> String {
    let letter = |digest: u64| char::from_u32(0x628 + part(digest, 30, 0x13)).unwrap();
    in_letters(text, |digest| (0..5).map(|place| letter(digest << (3 * place))).collect(), " ")
}
