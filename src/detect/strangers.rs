//! Strangers: a group → the group without what is no entry among its entries. Pure.
//!
//! The row that names the columns, the line above a year, the greeting above the news: they have the place and the tag of
//! the entries, and not what nearly all of these have.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    columns,
    facts::Texts,
    groups::Group,
    reaching::build,
    score,
    tree::{Tree, digest, mix},
};

/// Leaves out what is no entry among entries: the row that names the columns, the line above a year.
///
/// Nearly all of a listing link somewhere and are dated; what does neither is a heading of theirs.
pub fn leave_out(texts: &Texts<'_, '_>, group: &mut Group) {
    leave_out_choices(texts.tree, group);
    leave_out_ways_up(texts, group);
    leave_out_other_rows(texts, group);
    leave_out_undated_lists(texts, group);
    leave_out_others(texts, group);
    let tree = texts.tree;
    let is_dated = |at: u32| texts.of(at).date.is_some() || tree.get(at).attributes.has_datetime;
    let count = group.items.len() as f64;
    let linked = group.items.iter().filter(|at| tree.is_linked(**at)).count() as f64 / count;
    if linked < 0.75 || group.items.len() < 4 {
        return;
    }
    let unlinked: Vec<u32> = group.items.iter().copied().filter(|at| !tree.is_linked(*at)).collect();
    if unlinked.is_empty() {
        return;
    }
    let sample = columns::sample(&group.items);
    let dated = sample.iter().filter(|at| is_dated(**at)).count() as f64 / sample.len() as f64;
    let is_head = |at: u32| !tree.is_linked(at) && (dated < 0.5 || !is_dated(at));
    if group.items.iter().filter(|at| !is_head(**at)).count() >= 2 {
        group.items.retain(|at| !is_head(*at));
    }
}

/// Leaves out what stands below a heading such as "most read", where others do not.
fn leave_out_choices(tree: &Tree<'_>, group: &mut Group) {
    const FEWEST: usize = 3;
    let is_news = |at: &u32| !tree.get(*at).is_choice;
    let news = group.items.iter().filter(|at| is_news(at)).count();
    if (FEWEST..group.items.len()).contains(&news) {
        group.items.retain(is_news);
    }
}

/// Leaves out what leads to the folders that the page is in, and is not dated: the way up in a list of files.
fn leave_out_ways_up(texts: &Texts<'_, '_>, group: &mut Group) {
    let leads_up = |at: &u32| {
        score::address(texts.tree, *at).is_some_and(|to| texts.tree.leads_up(to)) && !texts.holds_date(*at)
    };
    let ways_up = group.items.iter().filter(|at| leads_up(at)).count();
    let is_content =
        group.items.iter().filter(|at| texts.tree.get(**at).is_chrome).count() * 2 < group.items.len();
    if is_content && ways_up > 0 && ways_up * 4 <= group.items.len() {
        group.items.retain(|at| !leads_up(at));
    }
}

/// Leaves out table rows of another build: those that name the columns, those that lay out the page.
fn leave_out_other_rows(texts: &Texts<'_, '_>, group: &mut Group) {
    let tree = texts.tree;
    if group.items.len() < 4 || !group.items.iter().all(|at| tree.get(*at).tag == "tr") {
        return;
    }
    let cells = |at: u32| {
        let count = |tag: &str| tree.children(at).filter(|cell| tree.get(*cell).tag == tag).count();
        (count("td"), count("th"))
    };
    let mut kinds: FxHashMap<(usize, usize), usize> = FxHashMap::default();
    for at in &group.items {
        *kinds.entry(cells(*at)).or_default() += 1;
    }
    let most = kinds.into_iter().max_by_key(|(kind, count)| (*count, *kind));
    let most = most.filter(|(_, count)| *count >= 2 && *count * 20 >= group.items.len() * 17);
    if let Some((kind, _)) = most {
        group.items.retain(|at| cells(*at) == kind);
    }
    leave_out_menu_rows(texts, group);
}

/// Leaves out the rows whose cells are called otherwise than those of all others, and that alone lack a date: a table lays
/// out the page, and its menu is a row of as many cells.
fn leave_out_menu_rows(texts: &Texts<'_, '_>, group: &mut Group) {
    const FEWEST: usize = 5;
    let tree = texts.tree;
    let called = |row: u32| {
        let names = tree.children(row).flat_map(|cell| &tree.get(cell).classes);
        names.fold(0, |sum, (class, _)| mix(sum, digest(class)))
    };
    let has_date = |row: &u32| texts.of(*row).date.is_some();
    let dated: Vec<u32> = group.items.iter().copied().filter(has_date).collect();
    let few = group.items.len() - dated.len();
    if few == 0 || dated.len() < FEWEST || few * 5 > group.items.len() {
        return;
    }
    let names: FxHashSet<u64> = dated.iter().map(|row| called(*row)).collect();
    group.items.retain(|row| has_date(row) || names.contains(&called(*row)));
}

/// Leaves out the lists of which nothing is dated, beside lists of which all is: the years of an archive below the news.
fn leave_out_undated_lists(texts: &Texts<'_, '_>, group: &mut Group) {
    const FEWEST: usize = 5;
    let is_dated = |at: &u32| is_dated(texts, *at);
    let mut lists: FxHashMap<u32, (usize, usize)> = FxHashMap::default();
    for at in &group.items {
        let (dated, all) = lists.entry(texts.tree.get(*at).parent).or_default();
        *dated += usize::from(is_dated(at));
        *all += 1;
    }
    let is_told = lists.values().all(|(dated, all)| *dated == 0 || dated == all);
    let dated: usize = lists.values().map(|(dated, _)| dated).sum();
    if !is_told || !(FEWEST..group.items.len()).contains(&dated) || lists.len() * 2 > group.items.len() {
        return;
    }
    let (own, rest): (Vec<u32>, Vec<u32>) = group.items.iter().copied().partition(is_dated);
    // What leads to the same kind of pages are older entries, whose days are not written.
    if rest.iter().all(|at| is_linked_otherwise(texts.tree, &own, *at)) {
        group.items = own;
    }
}

/// Leaves out the few that stand apart from all others and are built otherwise or not dated as these are, else the few
/// among them that are neither dated nor linked as these are: what greets the reader, what leads to the archive, what is
/// paid for.
fn leave_out_others(texts: &Texts<'_, '_>, group: &mut Group) {
    const FEWEST: usize = 5;
    /// Among more than these a few others are no matter.
    const MOST: usize = 400;
    let tree = texts.tree;
    if !(FEWEST..=MOST).contains(&group.items.len()) {
        return;
    }
    let is_dated = |at: &u32| is_dated(texts, *at);
    let mut homes: FxHashMap<u32, usize> = FxHashMap::default();
    for at in &group.items {
        *homes.entry(tree.get(*at).parent).or_default() += 1;
    }
    let home = homes.into_iter().max_by_key(|(home, count)| (*count, *home)).map(|(home, _)| home);
    let is_at_home = |at: &u32| Some(tree.get(*at).parent) == home;
    let without = |is_own: &dyn Fn(&u32) -> bool, is_left_out: &dyn Fn(&Others<'_>, u32) -> bool| {
        let (own, rest): (Vec<u32>, Vec<u32>) = group.items.iter().copied().partition(|at| is_own(at));
        let is_few = !rest.is_empty() && rest.len() * 4 <= group.items.len() && own.len() >= FEWEST;
        let others = Others { builds: own.iter().map(|at| build(tree, *at)).collect(), own: &own };
        (is_few && rest.iter().all(|at| is_left_out(&others, *at))).then_some(own)
    };
    let apart = without(&is_at_home, &|others, at| {
        others.is_built_otherwise(tree, at) || !is_dated(&at) && others.own.iter().all(is_dated)
    });
    let among = || without(&is_dated, &|others, at| is_linked_otherwise(tree, others.own, at));
    if let Some(own) = apart.or_else(among) {
        group.items = own;
    }
}

/// What most elements of a group are, for telling the others.
struct Others<'o> {
    own: &'o [u32],
    builds: FxHashSet<u64>,
}

impl Others<'_> {
    fn is_built_otherwise(&self, tree: &Tree<'_>, at: u32) -> bool {
        !self.builds.contains(&build(tree, at))
    }
}

/// Whether an element leads nowhere, or to pages of another kind than these do.
fn is_linked_otherwise(tree: &Tree<'_>, own: &[u32], at: u32) -> bool {
    score::address(tree, at).is_none_or(|to| !score::is_shaped_alike(tree, own, to))
}

/// Whether an element tells a date or holds one.
fn is_dated(texts: &Texts<'_, '_>, at: u32) -> bool {
    texts.of(at).date.is_some() || texts.holds_date(at)
}
