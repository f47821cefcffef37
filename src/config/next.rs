//! `next` and `pages` of the config → how a listing goes on over further pages. Pure.

use toml::de::DeValue;
use url::Url;

use super::{
    Address, NextPlace, NextRule, field,
    sheet::{Wrong, quote},
    table::{Item, TableReader},
    value,
};

/// The pages of a listing read at one visit unless the config says otherwise; the same as the table of keys says.
const PAGES: usize = 5;

/// Reads both keys; `None`: one of them has problems. `address` is the source's own, to which a pattern is relative.
#[expect(clippy::option_option, reason = "a listing of one page is an answer, a problem is none")]
pub fn next(reader: &mut TableReader<'_>, address: Option<&Address>) -> Option<Option<NextRule>> {
    let (next, pages) = (reader.take("next"), reader.take("pages"));
    let Some(next) = next else {
        let Some(pages) = pages else { return Some(None) };
        let wrong = Wrong::new("`pages` is of no use without `next`");
        pages.report(wrong.hint("`next = true` follows the page's own `rel=next`".to_owned()));
        return None;
    };
    let pages = pages.map_or(Some(PAGES), value::count);
    let place = place(next, address);
    Some(Some(NextRule { place: place?, pages: pages? }))
}

fn place(item: Item<'_>, address: Option<&Address>) -> Option<NextPlace> {
    match item.value.get_ref() {
        DeValue::Boolean(true) => Some(NextPlace::Rel),
        DeValue::Boolean(false) => {
            item.report(item.report_kind().hint("leave `next` out for a listing of one page".to_owned()));
            None
        }
        DeValue::String(text) if text.contains(NextPlace::NUMBER) => pattern(item, text, address),
        DeValue::String(text) if braces(text).is_some() => {
            let wrong = Wrong::new(format!("{} stands for nothing", quote(braces(text)?)));
            item.report(wrong.hint("write `{page}` where the page's number belongs".to_owned()));
            None
        }
        _ => field::field(item).map(NextPlace::Link),
    }
}

/// What stands in braces in an address; a selector has braces only within brackets.
fn braces(text: &str) -> Option<&str> {
    let start = text.find('{').filter(|_| !text.contains('['))?;
    Some(&text[start..=start + text[start..].find('}')?])
}

fn pattern(item: Item<'_>, text: &str, address: Option<&Address>) -> Option<NextPlace> {
    let Some(address) = address else { return Some(NextPlace::Pattern(text.to_owned())) };
    let wrong = match numbered(text, 2, address) {
        Some(next) if next.host() == address.host() => return Some(NextPlace::Pattern(text.to_owned())),
        Some(_) => Wrong::new("`next` leads to another host than `url`"),
        None => Wrong::new("`next` is not an address of the web once `{page}` is a number"),
    };
    item.report(wrong.expected(item.key.kind.words()));
    None
}

/// The address of a page by its number; `None`: it is none of the web.
pub fn numbered(pattern: &str, page: usize, address: &Url) -> Option<Url> {
    let next = address.join(&pattern.replace(NextPlace::NUMBER, &page.to_string())).ok()?;
    matches!(next.scheme(), "http" | "https").then_some(next)
}
