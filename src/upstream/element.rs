//! A small tree of elements: what a feed's head and one of its entries are read from. A noun, pure.

use std::{fmt::Write as _, rc::Rc};

use url::Url;

use super::vocabulary::Vocabulary;

/// An element with all that is in it.
#[derive(Clone, Debug)]
pub struct Element {
    /// The vocabulary it belongs to.
    pub vocabulary: Vocabulary,
    /// Its name as written, prefix included.
    pub written: String,
    /// Its name without the prefix, in lower case: feeds write `pubdate` too.
    pub local: String,
    /// Attributes as written, in order, entities decoded.
    pub attributes: Vec<(String, String)>,
    /// What is in it, in order.
    pub children: Vec<Node>,
    /// What relative addresses in it are resolved against: the nearest `xml:base`, else the document's address.
    pub base: Rc<Url>,
    /// The nearest `xml:lang`.
    pub language: Option<Rc<str>>,
}

/// A piece of an element's content.
#[derive(Clone, Debug)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, entities decoded.
    Text(String),
}

impl Element {
    /// An attribute by its name without a prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let is_it = |written: &str| {
            let local = written.rsplit(':').next().unwrap_or(written);
            local.eq_ignore_ascii_case(name)
        };
        // `xml:lang` beside `lang` and the like: what stands without a prefix is the element's own.
        let own = self.attributes.iter().find(|(written, _)| written.eq_ignore_ascii_case(name));
        let own = own.or_else(|| self.attributes.iter().find(|(written, _)| is_it(written)));
        own.map(|(_, value)| value.as_str())
    }

    /// The elements directly inside.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Whether it is `local` of one of these vocabularies.
    pub fn is(&self, vocabularies: &[Vocabulary], local: &str) -> bool {
        self.local == local && vocabularies.contains(&self.vocabulary)
    }

    /// The text directly inside, and inside what has no business there.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.collect(&mut text);
        text
    }

    fn collect(&self, text: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(piece) => text.push_str(piece),
                Node::Element(element) => element.collect(text),
            }
        }
    }

    /// Whether it holds elements: markup that nobody escaped.
    pub fn has_elements(&self) -> bool {
        self.elements().next().is_some()
    }

    /// What is in it, as HTML.
    pub fn inner_html(&self) -> String {
        let mut html = String::new();
        for node in &self.children {
            put(node, &mut html);
        }
        html
    }

    /// Its opening tag, for a person to recognize.
    pub fn tag(&self) -> String {
        const MOST: usize = 120;
        let mut tag = format!("<{}", self.written);
        // Writing to a `String` cannot fail.
        for (name, value) in &self.attributes {
            if tag.len() > MOST {
                tag.push_str(" …");
                break;
            }
            let value: String = value.chars().take(MOST).collect();
            let _ = write!(tag, " {name}=\"{value}\"");
        }
        tag.push('>');
        tag
    }
}

/// Elements of HTML that have no content and no end tag.
const VOID: &[&str] =
    &["area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// The tree is never deeper than `scan` lets it be, so recursion ends.
fn put(node: &Node, html: &mut String) {
    match node {
        Node::Text(text) => html.push_str(&escaped(text)),
        Node::Element(element) => {
            html.push('<');
            html.push_str(&element.local);
            for (name, value) in element.attributes.iter().filter(|(name, _)| !name.starts_with("xmlns")) {
                let _ = write!(html, " {name}=\"{}\"", escaped(value));
            }
            html.push('>');
            for child in &element.children {
                put(child, html);
            }
            // A `<br>` that nobody closed has the rest of the text in it: it stands after it.
            if !VOID.contains(&element.local.as_str()) {
                let _ = write!(html, "</{}>", element.local);
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
