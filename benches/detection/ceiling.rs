//! What of a truth stands on its page: the most that a listing found there could give.

use std::collections::{HashMap, HashSet};

use scraper::{ElementRef, Html, Selector};

use crate::truth::{Truth, is_same_link, is_same_title};

/// How much of a truth a page shows.
#[derive(Default)]
pub struct Ceiling {
    /// Entries whose link or headline stands anywhere on the page.
    pub on_page: usize,
    /// Entries of the list that holds most of them: links to which one way of tags leads. What a truth has beyond these
    /// stands in a menu, a sidebar, another list.
    pub in_one_list: usize,
    /// Short texts of the page.
    lines: Vec<String>,
}

impl Ceiling {
    /// Looks for a truth on its page.
    pub fn of(html: &Html, truths: &[Truth]) -> Self {
        let text = |element: ElementRef<'_>| element.text().collect::<String>();
        let anchors: Vec<(String, String, String)> = html
            .select(&Selector::parse("a[href]").unwrap())
            .map(|link| (link.attr("href").unwrap().to_owned(), text(link), way(link)))
            .collect();
        let short =
            Selector::parse("h1, h2, h3, h4, h5, h6, a, b, strong, td, dt, li, p, span, div").unwrap();
        let lines = html.select(&short).map(text).filter(|line| line.len() < 400).collect();
        let mut ceiling = Self { lines, ..Self::default() };
        let mut lists: HashMap<&str, usize> = HashMap::new();
        for truth in truths {
            let is_titled = |text: &str| truth.title.as_ref().is_some_and(|title| is_same_title(text, title));
            let is_linked = |href: &str| truth.link.as_ref().is_some_and(|link| is_same_link(href, link));
            let found = anchors.iter().filter(|(href, text, _)| is_linked(href) || is_titled(text));
            let ways: HashSet<&str> = found.map(|(.., way)| way.as_str()).collect();
            let is_there = !ways.is_empty() || ceiling.lines.iter().any(|line| is_titled(line));
            ceiling.on_page += usize::from(is_there);
            for way in ways {
                *lists.entry(way).or_default() += 1;
            }
        }
        ceiling.in_one_list = lists.into_values().max().unwrap_or(0);
        ceiling
    }

    /// Whether the headline of a truth stands on the page; some truths have names that their page does not.
    pub fn tells(&self, truth: &Truth) -> bool {
        self.lines.iter().any(|line| truth.is_told_in(line))
    }
}

/// The tags around a link.
fn way(link: ElementRef<'_>) -> String {
    let around = link.ancestors().filter_map(ElementRef::wrap);
    around.map(|element| element.value().name()).collect::<Vec<_>>().join(" ")
}
