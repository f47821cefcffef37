//! `own_page` of the config → what is taken from the own page of an entry. Pure.

use toml::de::DeValue;

use super::{Content, OwnPage, field, keys, table::Item, value};

/// The own pages fetched at one visit unless the config says otherwise; the same as the table of keys says.
const BUDGET: usize = 10;
/// The same of a first visit: the most that a budget may be.
const FIRST_BUDGET: usize = 50;

/// Reads the key; `None`: it has problems.
pub fn own_page(item: Item<'_>) -> Option<OwnPage> {
    let plain = OwnPage {
        date: None,
        teaser: None,
        image: None,
        content: None,
        budget: BUDGET,
        first_budget: FIRST_BUDGET,
    };
    match item.value.get_ref() {
        DeValue::Boolean(true) => Some(plain),
        DeValue::Boolean(false) => {
            item.report(item.report_kind().hint("leave `own_page` out to fetch none".to_owned()));
            None
        }
        DeValue::Table(table) => {
            let mut reader = field::reader(item, &keys::OWN_PAGE, table);
            let names = ["date", "teaser", "image"];
            let fields = names.map(|name| reader.take(name).map(field::field));
            let content = reader.take("content").map(content);
            let budget = reader.take("budget").map(value::count);
            reader.finish();
            let [date, teaser, image] = fields.map(transpose);
            Some(OwnPage {
                date: date?,
                teaser: teaser?,
                image: image?,
                content: transpose(content)?,
                budget: budget.unwrap_or(Some(BUDGET))?,
                first_budget: budget.unwrap_or(Some(FIRST_BUDGET))?,
            })
        }
        _ => {
            item.report(item.report_kind());
            None
        }
    }
}

/// What is not there is no problem.
#[expect(clippy::option_option, reason = "a key that is not there is an answer, a problem is none")]
fn transpose<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    value.map_or(Some(None), |value| value.map(Some))
}

fn content(item: Item<'_>) -> Option<Content> {
    match item.value.get_ref() {
        DeValue::Boolean(true) => Some(Content::StandsOut),
        DeValue::Boolean(false) => {
            item.report(item.report_kind().hint("leave `content` out to take none".to_owned()));
            None
        }
        DeValue::String(_) => field::css(item).map(Content::Element),
        _ => {
            item.report(item.report_kind());
            None
        }
    }
}
