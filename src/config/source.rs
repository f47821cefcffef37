//! A source's table → a source. Pure.

use super::{
    Keep, Request, Rules, Source,
    digest::digest,
    field,
    settings::{Settings, settings},
    table::TableReader,
    value,
};
use crate::id::SourceId;

/// Reads a source; `None`: it has problems, all of them noted.
pub fn source(mut reader: TableReader<'_>, id: Option<SourceId>, defaults: &Settings) -> Option<Source> {
    let url = reader.require("url").and_then(value::address);
    let title = reader.take("title").and_then(value::header_text);
    let enabled = reader.take("enabled").and_then(|item| item.switch()).unwrap_or(true);
    let rules = rules(&mut reader);
    let settings = settings(&mut reader, defaults);
    reader.finish();
    let (id, url, rules) = (id?, url?, rules?);
    let digest = digest(&url, &rules, &settings);
    Some(Source {
        id,
        url,
        title,
        enabled,
        every: settings.every,
        timezone: settings.timezone,
        language: settings.language,
        rules,
        request: Request {
            headers: settings.headers,
            user_agent: settings.user_agent,
            contact: settings.contact,
            timeout: settings.timeout,
            max_bytes: settings.max_bytes,
            max_redirects: settings.max_redirects,
            allow_private: settings.allow_private,
            spacing: settings.spacing,
        },
        alert_after: settings.alert_after,
        keep: Keep { entries: settings.keep.entries, age: settings.keep.age },
        digest,
    })
}

fn rules(reader: &mut TableReader<'_>) -> Option<Rules> {
    let listing = reader.take("listing").and_then(field::css);
    let entry = reader.require("entry").and_then(field::css);
    let headline = reader.require("headline").and_then(field::field);
    let link = reader.take("link").map_or(Some(super::LinkRule::OfHeadline), field::link);
    let [id, teaser, image, author, category] =
        ["id", "teaser", "image", "author", "category"].map(|name| reader.take(name).and_then(field::field));
    let date = reader.take("date").and_then(field::date);
    Some(Rules {
        listing,
        entry: entry?,
        headline: headline?,
        link: link?,
        id,
        teaser,
        image,
        author,
        category,
        date,
    })
}
