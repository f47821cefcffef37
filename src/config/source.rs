//! A source's table → a source. Pure.

use std::sync::Arc;

use super::{
    Address, Kind, Request, Rules, Source, Terms,
    digest::{Besides, said},
    field,
    former::Names,
    next, own,
    settings::{Settings, settings},
    sheet::Wrong,
    table::TableReader,
    value,
};
use crate::id::SourceId;

/// Reads a source; `None`: it has problems, all of them noted. `names` are those of all sources and feeds.
pub fn source(
    mut reader: TableReader<'_>,
    id: Option<SourceId>,
    (defaults, names): (&Settings, &Names),
) -> Option<Source> {
    let url = reader.require("url").and_then(value::source_address);
    let was = reader.take("was").and_then(|item| names.former(item));
    let title = reader.take("title").and_then(value::header_text);
    let icon = reader.take("icon").and_then(value::source_address);
    let tags = reader.take("tags").map_or(Vec::new(), value::texts);
    let enabled = reader.take("enabled").and_then(|item| item.switch()).unwrap_or(true);
    let kind = match reader.take("kind").and_then(value::word) {
        Some("feed") => Kind::Feed,
        Some(_) => Kind::Page,
        None => Kind::Found,
    };
    let has_selectors = PAGE_KEYS.iter().any(|name| reader.has(name));
    let rules = match kind {
        Kind::Feed => {
            refuse_selectors(&mut reader);
            Some(None)
        }
        // An address alone: its bytes must be a feed.
        Kind::Found if !has_selectors => {
            refuse_selectors(&mut reader);
            Some(None)
        }
        Kind::Page | Kind::Found => rules(&mut reader, url.as_ref()).map(Some),
    };
    // A problem there is noted, and the config refused.
    let own_page = reader.take("own_page").and_then(own::own_page).map(Arc::new);
    let settings = settings(&mut reader, defaults);
    let shared = reader.shared();
    reader.finish();
    let (id, url) = (id?, url?);
    let rules = rules?.map(|rules| (said(&rules), rules));
    let besides = Besides::new(
        (kind, rules.as_ref().map(|(said, _)| said)),
        (&settings.timezone, settings.language.as_deref()),
        &settings.headers,
    );
    Some(Source {
        id,
        was,
        title,
        icon,
        digest: besides.digest(&url).into(),
        url,
        rules: rules.map(|(said, rules)| shared.rules(said, rules)),
        own_page,
        request: shared.request(Request {
            headers: settings.headers,
            user_agent: settings.user_agent,
            contact: settings.contact,
            timeout: settings.timeout,
            max_bytes: settings.max_bytes,
            max_redirects: settings.max_redirects,
            inside: settings.inside,
            spacing: settings.spacing,
            robots: settings.robots,
            proxy: settings.proxy,
            extra_ca: settings.extra_ca,
        }),
        terms: shared.terms(Terms {
            tags,
            enabled,
            every: settings.every,
            pace: settings.pace,
            timezone: settings.timezone,
            language: settings.language,
            kind,
            alert_after: settings.alert_after,
            heal: settings.heal,
            keep: settings.keep,
            archive: settings.archive,
            formats: if settings.publish { settings.formats } else { Vec::new() },
        }),
    })
}

/// What says how entries are read from a page.
const PAGE_KEYS: &[&str] = &[
    "json",
    "listing",
    "entry",
    "to_next",
    "headline",
    "link",
    "id",
    "teaser",
    "image",
    "author",
    "category",
    "enclosure",
    "date",
    "next",
    "pages",
];

/// A feed says itself which text is what.
fn refuse_selectors(reader: &mut TableReader<'_>) {
    for name in PAGE_KEYS {
        if let Some(item) = reader.take(name) {
            let wrong =
                Wrong::new(format!("`{name}` is of no use to a feed, whose entries name their own fields"));
            item.report(wrong.hint(format!("take `{name}` out, or `kind` if this is a page")));
        }
    }
}

fn rules(reader: &mut TableReader<'_>, address: Option<&Address>) -> Option<Rules> {
    let json = reader.take("json").and_then(field::css);
    let listing = reader.take("listing").and_then(field::css);
    let entry = reader.require("entry").and_then(field::css);
    let to_next = reader.take("to_next").and_then(|item| item.switch()).unwrap_or(false);
    let headline = reader.require("headline").and_then(field::field);
    let link = reader.take("link").map_or(Some(super::LinkRule::OfHeadline), field::link);
    let [id, teaser, image, author, category, enclosure] =
        ["id", "teaser", "image", "author", "category", "enclosure"]
            .map(|name| reader.take(name).and_then(field::field));
    let date = reader.take("date").and_then(field::date);
    let next = next::next(reader, address);
    Some(Rules {
        json,
        listing,
        entry: entry?,
        to_next,
        headline: headline?,
        link: link?,
        id,
        teaser,
        image,
        author,
        category,
        enclosure,
        date,
        next: next?,
    })
}
