//! Reach: entries' elements and what follows each, up to the next → one element around them. Pure.
//!
//! Some records are no element of their page: a `<dt>` and its `<dd>`, a heading and the paragraphs below it, three rows
//! of a table, text between two `<hr>`. With `to_next` an entry is wrapped, in a copy of the page, so that from then on it
//! is an element as any other, and selectors of fields count inside it.

use std::collections::HashSet;

use ego_tree::NodeId;
use html5ever::{QualName, local_name, ns};
use scraper::{ElementRef, Html, Node, node::Element};

/// A page in which every entry is an element.
pub(crate) struct Reached {
    pub(crate) html: Html,
    /// The entries' elements, in page order.
    pub(crate) rows: Vec<NodeId>,
}

/// Wraps each of `heads` (in page order) with what follows it: its next siblings, up to the next head, what holds one, or,
/// below a heading, a heading of a higher rank.
pub(crate) fn reach(html: &Html, heads: &[NodeId]) -> Reached {
    let mut reached = Reached { html: html.clone(), rows: Vec::with_capacity(heads.len()) };
    let tree = &mut reached.html.tree;
    let mut ends: HashSet<NodeId> = heads.iter().copied().collect();
    for head in heads.iter().filter_map(|id| html.tree.get(*id)) {
        // What is around a head was added with all that is around it.
        ends.extend(
            head.ancestors().map(|node| node.id()).take_while(|id| !ends.contains(id)).collect::<Vec<_>>(),
        );
    }
    for id in heads {
        let Some(head) = html.tree.get(*id) else { continue };
        let rank = rank_of(head);
        let is_end = |node: &ego_tree::NodeRef<'_, Node>| {
            let outranks = || rank > rank_of(*node).or(rank);
            ends.contains(&node.id()) || outranks()
        };
        let tail: Vec<NodeId> =
            head.next_siblings().take_while(|node| !is_end(node)).map(|node| node.id()).collect();
        let name = QualName::new(None, ns!(html), local_name!("div"));
        let wrapper = tree.orphan(Node::Element(Element::new(name, Vec::new()))).id();
        let Some(mut head) = tree.get_mut(*id) else { continue };
        head.insert_id_before(wrapper);
        let Some(mut around) = tree.get_mut(wrapper) else { continue };
        around.append_id(*id);
        for follower in tail {
            around.append_id(follower);
        }
        reached.rows.push(wrapper);
    }
    reached
}

fn rank_of(node: ego_tree::NodeRef<'_, Node>) -> Option<u8> {
    rank(ElementRef::wrap(node)?.value().name())
}

/// The rank of a heading: 1 is the highest. `None`: a tag of something else.
pub fn rank(tag: &str) -> Option<u8> {
    let [b'h', rank @ b'1'..=b'6'] = tag.as_bytes() else { return None };
    Some(rank - b'0')
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read selectors without a config")]
mod tests {
    use super::*;

    fn reached(html: &str, entry: &str) -> Vec<String> {
        let html = Html::parse_document(html);
        let selector = scraper::Selector::parse(entry).unwrap();
        let heads: Vec<NodeId> = html.select(&selector).map(|element| element.id()).collect();
        let reached = reach(&html, &heads);
        let rows =
            reached.rows.iter().map(|id| ElementRef::wrap(reached.html.tree.get(*id).unwrap()).unwrap());
        rows.map(|row| row.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn an_entry_reaches_to_the_next() {
        assert_eq!(reached("<dl><dt>a<dd>b<dd>c<dt>d<dd>e</dl><p>f", "dt"), ["abc", "de"]);
        assert_eq!(reached("<p>x<hr><b>a</b> 1<br><b>b</b> 2<br>", "b"), ["a 1", "b 2"]);
        assert_eq!(
            reached("<table><tr class=h><td>a<tr><td>b<tr class=h><td>c</table>", "tr.h"),
            ["ab", "c"]
        );
    }

    #[test]
    fn it_ends_where_another_is_held_and_at_a_higher_heading() {
        assert_eq!(reached("<div><h3>a</h3><p>b</p><div><h3>c</h3></div><p>d</p></div>", "h3"), ["ab", "c"]);
        assert_eq!(reached("<h3>a</h3><p>b</p><h4>c</h4><h2>d</h2><p>e</p>", "h3"), ["abc"]);
    }

    #[test]
    fn an_entry_inside_another_stays_inside_it() {
        assert_eq!(reached("<section>a <section>b</section> c</section> d", "section"), ["a b c d", "b c"]);
    }
}
