//! Walks: a subtree, depth first, without recursion, with subtrees skipped at no cost. Pure.

use std::collections::HashSet;

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};

/// One step of a walk.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// A node begins.
    Open(NodeRef<'a, Node>),
    /// A node that was opened ends.
    Close(NodeRef<'a, Node>),
}

/// A walk through a node and what is below it.
///
/// A page can nest a hundred thousand deep, so nothing here recurses; and a row that holds other rows must not pay
/// for them, or a page of rows inside rows would cost their number squared.
pub(crate) struct Walk<'a> {
    root: NodeId,
    last: Option<Step<'a>>,
    next: Option<Step<'a>>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(root: NodeRef<'a, Node>) -> Self {
        Self { root: root.id(), last: None, next: Some(Step::Open(root)) }
    }

    /// Leaves out what is below the node just opened, and its `Close`.
    pub(crate) fn leave_out(&mut self) {
        if let Some(Step::Open(node)) = self.last {
            self.next = self.after(node);
        }
    }

    fn after(&self, node: NodeRef<'a, Node>) -> Option<Step<'a>> {
        if node.id() == self.root {
            return None;
        }
        node.next_sibling().map(Step::Open).or_else(|| node.parent().map(Step::Close))
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let step = self.next?;
        self.next = match step {
            Step::Open(node) => Some(node.first_child().map_or(Step::Close(node), Step::Open)),
            Step::Close(node) => self.after(node),
        };
        self.last = Some(step);
        Some(step)
    }
}

/// One row of the page: an element, less the rows inside it.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) element: ElementRef<'a>,
    /// The elements of all rows of the page.
    pub(super) rows: &'a HashSet<NodeId>,
}

impl<'a> Row<'a> {
    /// The elements below `top` that belong to this row, in page order, `top` itself first.
    pub(super) fn elements(&self, top: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> + use<'a> {
        let (own, rows) = (self.element.id(), self.rows);
        let mut walk = Walk::new(*top);
        std::iter::from_fn(move || {
            loop {
                let Step::Open(node) = walk.next()? else { continue };
                let Some(element) = ElementRef::wrap(node) else { continue };
                if (node.id() != own && rows.contains(&node.id())) || is_inert(element) {
                    walk.leave_out();
                    continue;
                }
                return Some(element);
            }
        })
    }

    /// The elements from `from` up to and with the row itself, `from` first.
    pub(super) fn upwards(&self, from: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> + use<'a> {
        let own = self.element.id();
        std::iter::successors(Some(from), move |e| {
            if e.id() == own { None } else { e.parent().and_then(ElementRef::wrap) }
        })
    }

    /// Whether another row is inside this one.
    pub(super) fn holds_rows(&self) -> bool {
        let mut walk = Walk::new(*self.element);
        walk.next();
        walk.any(|step| matches!(step, Step::Open(node) if self.rows.contains(&node.id())))
    }
}

/// Elements that are not part of what a reader sees.
pub(crate) fn is_inert(element: ElementRef) -> bool {
    matches!(element.value().name(), "script" | "style" | "template" | "noscript")
}
