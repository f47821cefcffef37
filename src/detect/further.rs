//! Further pages: a page → where its listing goes on. Pure.
//!
//! The page's own `rel=next` is believed; else a link that says so in words or in its class, and leads to an address like
//! the page's own. Refuses what only may be one: a wrong next page costs its origin a visit each time.

use rustc_hash::FxHashSet;
use scraper::Html;
use url::Url;

use super::{groups::Group, names, selector, tree::Tree};
use crate::extract::{address, next};

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Further {
    /// Where the page's `rel=next` leads.
    Rel,
    /// Where a link leads.
    Link(String),
}

/// What of a page may lead to where a listing of it goes on.
pub struct Leads {
    /// Whether the page's `rel=next` does.
    is_related: bool,
    /// The links that say so.
    links: Vec<u32>,
}

impl Leads {
    /// Looks through a page.
    pub fn read(html: &Html, tree: &Tree<'_>, (base, url): (&Url, &Url)) -> Self {
        let is_further =
            |written: &str| address::resolve(base, written).is_ok_and(|next| is_page_of(&next, url));
        let is_related = next::related(html.root_element()).is_some_and(|written| is_further(&written));
        let leads =
            |at: &u32| tree.get(*at).href.is_some_and(|href| says_next(tree, *at) && is_further(href));
        let links = if is_related { Vec::new() } else { tree.all().filter(leads).collect() };
        Self { is_related, links }
    }
}

/// Where the listing of a page goes on after `listing`; `None`: nothing says so.
pub fn further(leads: &Leads, tree: &Tree<'_>, listing: &Group) -> Option<Further> {
    if leads.is_related {
        return Some(Further::Rel);
    }
    let is_in_listing = |at: u32| {
        let before = listing.items.partition_point(|item| *item <= at).checked_sub(1);
        before.is_some_and(|before| tree.holds(listing.items[before], at))
    };
    let mut links = leads.links.iter().copied().filter(|at| !is_in_listing(*at));
    let at = links.next()?;
    // The same link stands below the listing too.
    let others = links.filter(|other| tree.get(*other).href == tree.get(at).href);
    let same: Vec<u32> = std::iter::once(at).chain(others).collect();
    let told = |links: &[u32]| {
        selector::of_entries(tree, links, &|_| false).filter(|found| found.fit >= selector::EXACT)
    };
    let found = told(&same).or_else(|| told(&[at]))?;
    // A bare `a` is whatever link stands first tomorrow, and one of several today.
    let is_named = found.text.contains(['.', '#', '[']) && !found.text.contains(":nth-child");
    is_named.then_some(Further::Link(found.text))
}

/// Whether an address may be a further page of a listing: of the same site, and told apart by a number.
fn is_page_of(next: &Url, page: &Url) -> bool {
    let numbers = |url: &Url| -> FxHashSet<String> {
        let told = format!("{}?{}", url.path(), url.query().unwrap_or(""));
        told.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    next.host() == page.host()
        && (next.path(), next.query()) != (page.path(), page.query())
        && !numbers(next).is_subset(&numbers(page))
}

fn says_next(tree: &Tree<'_>, at: u32) -> bool {
    if tree.text_bytes(at) > LONGEST_BYTES {
        return false;
    }
    let text = tree.text(at).to_lowercase();
    let words = text.trim_matches(|c: char| !c.is_alphanumeric());
    let is_named = |at: u32| tree.get(at).node.value().classes().any(names::is_next);
    let is_named = is_named(at) || tree.parent(at).is_some_and(is_named);
    NEXT.contains(&words) || is_named && text.chars().count() <= LONGEST
}

/// More letters than this are a headline: "next" beside an entry is the entry after it.
const LONGEST: usize = 24;

/// As many bytes as such a text and the marks around it have at the most.
const LONGEST_BYTES: u32 = 160;

/// What sites write on the link to older entries.
const NEXT: &[&str] = &[
    "next",
    "next page",
    "older",
    "older posts",
    "older entries",
    "older articles",
    "nächste",
    "nächste seite",
    "ältere beiträge",
    "ältere artikel",
    "suivant",
    "page suivante",
    "articles plus anciens",
    "articles précédents",
    "siguiente",
    "página siguiente",
    "entradas antiguas",
    "próxima",
    "próxima página",
    "posts antigos",
    "successiva",
    "pagina successiva",
    "articoli più vecchi",
    "volgende",
    "volgende pagina",
    "oudere berichten",
    "następna",
    "następna strona",
    "starsze wpisy",
    "další",
    "další strana",
    "starší příspěvky",
    "ďalšia",
    "следующая",
    "следующая страница",
    "предыдущие записи",
    "наступна",
    "наступна сторінка",
    "次へ",
    "次のページ",
    "下一页",
    "下一頁",
    "다음",
    "sonraki",
    "sonraki sayfa",
    "nästa",
    "nästa sida",
    "neste",
    "neste side",
    "næste",
    "næste side",
    "seuraava",
    "következő",
    "következő oldal",
    "următoarea",
    "pagina următoare",
    "επόμενη",
    "επόμενη σελίδα",
    "следваща",
    "sljedeća",
    "sledeća",
    "naslednja",
    "kitas",
    "nākamā",
    "järgmine",
    "التالي",
    "الصفحة التالية",
    "הבא",
    "अगला",
    "trang sau",
    "ถัดไป",
    "berikutnya",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Option<Further> {
        let html = Html::parse_document(html);
        let url = Url::parse("https://example.org/news/").unwrap();
        let tree = Tree::read(html.root_element(), &url);
        let items = tree.by_name().tags.get("li").cloned().unwrap_or_default();
        further(&Leads::read(&html, &tree, (&url, &url)), &tree, &Group { items })
    }

    #[test]
    fn the_next_page_is_found_by_rel_by_words_and_by_class() {
        assert_eq!(found("<a rel=next href=/news/page/2/>2</a>"), Some(Further::Rel));
        let words = "<li><a href=/1>a</a></li><p class=pager><a href=/news/page/2/>« Older posts</a>";
        assert_eq!(found(words), Some(Further::Link(".pager a".to_owned())));
        let class = "<li><a href=/1>a</a></li><a href=/>Home</a><a class=next href='?page=2'>»</a>";
        assert_eq!(found(class), Some(Further::Link(".next".to_owned())));
    }

    #[test]
    fn another_site_an_entry_and_an_address_without_a_number_are_no_next_page() {
        assert_eq!(found("<a rel=next href=https://other.example/2>2</a>"), None);
        assert_eq!(found("<li><a href=/news/2 class=next>Next</a></li>"), None);
        assert_eq!(found("<a href=/archive/ class=next>Next</a>"), None);
    }

    #[test]
    fn a_next_page_that_nothing_names_is_not_followed() {
        assert_eq!(found("<p><a href=/news/page/2/>Next page</a></p>"), None);
        let one_of_several =
            "<a class=page href=/news/page/2/>Next</a><a class=page href=/news/page/3/>3</a>";
        assert_eq!(found(one_of_several), None);
    }
}
