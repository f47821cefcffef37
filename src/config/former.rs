//! `was` of a source or feed → the id it had before it was renamed, which is nobody else's. Pure.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    read::free_slug,
    sheet::{Wrong, quote},
    table::Item,
};
use crate::id::SourceId;

/// The ids of a config, and those that are no more.
#[derive(Default)]
pub struct Names {
    /// Those of all sources and feeds.
    configured: BTreeSet<String>,
    /// Those that one of them had before, each with its place.
    former: RefCell<BTreeMap<String, String>>,
}

impl Names {
    /// Those of a config whose sources and feeds have these ids.
    pub fn of(configured: BTreeSet<String>) -> Self {
        Self { configured, ..Self::default() }
    }

    /// The id that something had before: nothing else may have it now or have had it, for it cannot be in two places.
    pub fn former(&self, item: Item<'_>) -> Option<SourceId> {
        let text = item.full_text()?;
        if self.configured.contains(text) {
            let wrong = Wrong::new(format!("the config has {} as well", quote(text)));
            item.report(wrong.hint("`was` names the id that this had before it was renamed".to_owned()));
            return None;
        }
        let place = item.sheet.place_text(item.span().start);
        if let Some(first) = self.former.borrow_mut().insert(text.to_owned(), place) {
            let wrong = Wrong::new(format!("two have been {} before", quote(text)));
            item.report(
                wrong.hint(format!("the other says so at `{first}`; one of them goes on under the name")),
            );
            return None;
        }
        free_slug(item.sheet, text, item.span())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::read::tests::problems;

    /// What is told of a config with these tables, below a source that was `x`.
    fn told(tables: &str) -> String {
        problems(&format!("[source.a]\nurl = \"https://a.example/\"\nwas = \"x\"\n{tables}"))
    }

    #[test]
    fn a_former_name_goes_on_in_one_place() {
        let other = "[source.b]\nurl = \"https://b.example/\"\n";
        let joined = "[feed.all]\ntitle = \"All\"\nsources = \"*\"\n";
        for tables in [format!("{other}was = \"y\"\n"), format!("{joined}was = \"y\"\n")] {
            assert_eq!(told(&tables), "");
        }
        for tables in [format!("{other}was = \"x\"\n"), format!("{joined}was = \"x\"\n")] {
            let told = told(&tables);
            assert!(told.contains("two have been `x` before") && told.contains("gleaner.toml:3"), "{told}");
        }
        assert!(told(&format!("{joined}was = \"a\"\n")).contains("the config has `a` as well"));
        assert!(told(&format!("{joined}was = \"health\"\n")).contains("the id `health` is kept"));
    }

    #[test]
    fn a_former_name_goes_on_in_one_place_of_a_long_config_too() {
        let table = |n: u32| format!("[source.s{n}]\nurl = \"https://s{n}.example/\"\n");
        let many = (0..300).map(table).collect::<Vec<_>>().concat();
        assert_eq!(told(&many), "");
        assert!(told(&format!("{many}was = \"x\"\n")).contains("two have been `x` before"));
        let joined = "[feed.all]\ntitle = \"All\"\nsources = \"*\"\nwas = \"x\"\n";
        assert!(told(&format!("{many}{joined}")).contains("two have been `x` before"));
    }
}
