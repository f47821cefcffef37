//! Listings of kinds that are common and easily missed, over small pages: answers that are JSON, archives by years, menus larger than
//! the listing, what is read most beside it, dates that only machines read, versions.

use gleaner::{
    decode,
    detect::{DateKey, Known, Proposal, heal},
};

use crate::{
    detection::proposals,
    listings::{SHIPS, best, days, page},
};

fn headline(n: u32) -> String {
    format!("The {} leaves the pier with {n} passengers", SHIPS[n as usize % 4])
}

/// What is proposed for a page.
fn of(body: &str) -> Vec<Proposal> {
    proposals(&page(body))
}

fn count(of: &Proposal) -> usize {
    of.reading.sightings.len()
}

#[test]
fn an_answer_that_is_json_itself_is_a_source() {
    let rows = |row: fn(u32) -> String| (1..=6).map(row).collect::<Vec<_>>().join(",");
    let linked =
        rows(|n| format!(r#"{{"title":"{}","url":"/{n}","date":"2025-03-0{}"}}"#, headline(n), 7 - n));
    let told = rows(|n| format!(r#"{{"headline":"{}","sent":"2025-03-0{}T08:00:00Z"}}"#, headline(n), 7 - n));
    for json in [
        format!("[{linked}]"),
        format!(r#"{{"data":{{"items":[{linked}]}}}}"#),
        format!(r#"{{"alerts":[{told}]}}"#),
    ] {
        let found = &of(&json)[0];
        assert_eq!(found.keys.json.as_deref(), Some("script"), "{}", found.keys.to_toml());
        assert_eq!(days(found)[..2], ["2025-03-06", "2025-03-05"], "{}", found.keys.to_toml());
        assert_eq!(count(found), 6, "{}", found.keys.to_toml());
    }
    assert!(of(r#"{"status":"ok","version":[1,2,3]}"#).is_empty());
}

#[test]
fn numbers_since_1970_are_dates_where_their_names_say_so() {
    for unit in [1, 1000] {
        let row = |n: u32| {
            let at = (1_741_251_600 - i64::from(n) * 86_400) * unit;
            format!(r#"{{"id":{n},"title":"{}","url":"/{n}","createdAt":{at},"size":{at}}}"#, headline(n))
        };
        let json = format!("[{}]", (1..=6).map(row).collect::<Vec<_>>().join(","));
        let found = &of(&json)[0];
        assert_eq!(days(found)[..2], ["2025-03-05", "2025-03-04"], "{}", found.keys.to_toml());
    }
}

#[test]
fn state_that_is_packed_is_a_source() {
    let mut values = vec!["[\"Reactive\",1]".to_owned(), "{\"posts\":2}".to_owned(), String::new()];
    let mut body = Vec::new();
    for n in 1..=6 {
        let at = values.len();
        values.push(format!("{{\"title\":{},\"url\":{},\"date\":{}}}", at + 1, at + 2, at + 3));
        let [title, url, date] = [headline(n), format!("/{n}"), format!("2025-03-0{}", 7 - n)];
        values.extend([&title, &url, &date].map(|text| format!("\"{text}\"")));
        body.push(format!(r#"{{\"title\":\"{title}\",\"url\":\"{url}\",\"date\":\"{date}\"}}"#));
    }
    values[2] = format!("[{}]", (0..6).map(|n| (3 + 4 * n).to_string()).collect::<Vec<_>>().join(","));
    let by_number = format!("[{}]", values.join(","));
    let as_text = format!(r#"{{"status":200,"body":"{{\"items\":[{}]}}"}}"#, body.join(","));
    for json in [by_number, as_text] {
        let found = &of(&format!("<p>Loading</p><script type=application/json>{json}</script>"))[0];
        let keys = found.keys.to_toml();
        assert_eq!((count(found), found.keys.headline.clone()), (6, vec![".title".to_owned()]), "{keys}");
        assert_eq!(days(found)[..2], ["2025-03-06", "2025-03-05"], "{keys}");
    }
}

#[test]
fn an_answer_whose_members_have_other_names_is_healed() {
    let answer = |title: &str, link: &str, when: &str| {
        let row = |n: u32| {
            format!(
                r#"{{"{title}":"{}","{link}":"/{n}","{when}":"2025-03-0{}","by":{{"name":"Ina"}}}}"#,
                headline(n),
                7 - n
            )
        };
        page(&format!("[{}]", (1..=6).map(row).collect::<Vec<_>>().join(",")))
    };
    let before = &proposals(&answer("title", "url", "date"))[0];
    let entries = before.reading.sightings.iter().map(|sighting| &sighting.entry);
    let known = entries.map(|entry| Known {
        headline: entry.headline.clone(),
        link: entry.link.clone(),
        ..Known::default()
    });
    let known: Vec<Known> = known.collect();
    let after = answer("headline", "href", "published");
    let document = decode::decode(&after).expect("text");
    let healed = heal((&document, &after), &before.source, &known, &|| true).expect("it is healed");
    assert_eq!((healed.found, healed.new), (6, 0), "{:?}", healed.changes);
}

#[test]
fn what_a_page_says_of_itself_and_its_site_is_no_listing() {
    let node = |kind: &str, at: &str| {
        format!(
            r#"{{"@type":"{kind}","@id":"https://harbour.example/{at}","name":"Harbour office","datePublished":"2025-01-19"}}"#
        )
    };
    let graph =
        [node("Organization", "#organization"), node("WebSite", "#website"), node("WebPage", "#webpage")]
            .join(",");
    let found = of(&format!(r#"<body><script type="application/ld+json">{{"@graph":[{graph}]}}</script>"#));
    assert!(found.iter().all(|proposal| proposal.keys.json.is_none()));
}

#[test]
fn below_one_year_stand_its_days() {
    let of_year = |year: &str, day: fn(u32) -> String| {
        best(7, [&format!("<main>{year}<ul>"), "</ul></main>"], |n| {
            format!("<li><i>{}</i> <a href=/posts/{n}>{}</a>", day(n), headline(n))
        })
    };
    let pairs = of_year("<h2>2024</h2>", |n| format!("0{}-0{}", 1 + n * 5 % 7, 1 + n * 3 % 7));
    assert!(days(&pairs).is_empty(), "pairs in no order are scores: {}", pairs.keys.to_toml());
    let pairs = of_year("<h2>2024</h2>", |n| format!("11-1{}", 8 - n));
    assert_eq!(days(&pairs)[..2], ["2024-11-17", "2024-11-16"], "{}", pairs.keys.to_toml());
    let words = of_year("<h1>2019</h1>", |n| format!("{} May", 20 - n));
    assert_eq!(days(&words)[..2], ["2019-05-19", "2019-05-18"], "{}", words.keys.to_toml());
    let choice = of_year("<a href=?y=2025>2025</a> <a href=?y=2024>2024</a>", |n| format!("11-1{}", 8 - n));
    assert!(days(&choice).is_empty(), "{}", choice.keys.to_toml());
}

#[test]
fn years_in_lists_of_other_names_are_one_listing() {
    let row = |year: u32, n: u32| {
        format!("<tr><td>{} May {year}<td><a href=/a/{year}-{n}>{}</a>", 20 - n, headline(n + 4 * year))
    };
    let rows = |year, rows: u32| (1..=rows).map(|n| row(year, n)).collect::<String>();
    let body = format!(
        "<section class=open><h2>2024</h2><table class=now>{}</table></section><details class=closed><table class=then>{}</table></details>",
        rows(2024, 3),
        rows(2023, 9)
    );
    let found = &of(&body)[0];
    assert_eq!(count(found), 12, "{}", found.keys.to_toml());
    let list = |year: u32| {
        format!("<section><h2>{year}</h2><table class=y{year}>{}</table></section>", rows(year, 6))
    };
    let body = format!("<main>{}{}{}</main>", list(2024), list(2023), list(2022));
    let found = &of(&body)[0];
    assert_eq!(count(found), 18, "{}", found.keys.to_toml());
}

#[test]
fn of_this_years_entries_and_a_list_of_earlier_years_the_first_is_followed() {
    let now = |n: u32| {
        format!(
            "<article><h3><a href=/pm/now-{n}>{}</a></h3><time>{} February 2025</time><p>It was held that her dues are owed.</article>",
            headline(n),
            20 - n
        )
    };
    let then = |n: u32| format!("<li>{} May 2024: <a href=/pm/then-{n}>{}</a>", 20 - n, headline(n));
    let body = format!(
        "<main>{}<ul class=older>{}</ul></main>",
        (1..=3).map(now).collect::<String>(),
        (1..=9).map(then).collect::<String>()
    );
    let found = of(&body);
    assert_eq!((count(&found[0]), count(&found[1])), (3, 9), "{}", found[0].keys.to_toml());
    let topic = |n: u32| format!("<li>{} May 2024: <a href=/then-{n}>{}</a>", 20 - n, headline(n));
    let recent = |n: u32| {
        format!("<li><time>{} February 2025</time> <a href=/now-{n}>{}</a>", 20 - n, headline(n + 9))
    };
    let body = format!(
        "<main><ul class=topic>{}</ul></main><aside><h3>Recent posts</h3><ul>{}</ul></aside>",
        (1..=9).map(topic).collect::<String>(),
        (1..=4).map(recent).collect::<String>()
    );
    assert_eq!(count(&of(&body)[0]), 9, "what stands beside is no part of a topic");
}

#[test]
fn a_menu_is_no_listing_though_it_is_most_of_the_page() {
    let links =
        (1..=60).map(|n| format!("<li><a href=/office/{n}>Office number {n} and all of its services</a>"));
    let links: Vec<String> = links.collect();
    let row =
        |n: u32| format!("<p><b>{} February 2025</b> <a href=/news/{n}>{}</a></p>", 20 - n, headline(n));
    let named =
        best(6, [&format!("<div class=page-sidenav><ul>{}</ul></div><div>", links.concat()), "</div>"], row);
    assert_eq!(count(&named), 6, "{}", named.keys.to_toml());
    let menu = format!("<div class=page-sidenav><ul>{}</ul></div><table class=front-widget>", links.concat());
    let table = best(6, [&menu, "</table>"], |n| {
        format!(
            "<tr><td><a href=/news/{n}>Board meeting</a><td>{} February 2025<td><a href=/doc/{n}>2025-02-{} Agenda</a>",
            20 - n,
            20 - n
        )
    });
    assert_eq!(count(&table), 6, "{}", table.keys.to_toml());
    let lists: Vec<String> = links.chunks(12).map(|list| format!("<ul>{}</ul>", list.concat())).collect();
    let unnamed = best(6, [&format!("<div class=all>{}</div><div>", lists.concat()), "</div>"], row);
    assert_eq!(count(&unnamed), 6, "{}", unnamed.keys.to_toml());
}

#[test]
fn what_is_read_most_is_left_out_though_it_is_built_like_the_news() {
    let row = |n: u32| {
        format!("<div class=story><a href=/a/{n}>{}</a> <i>{} February 2025</i></div>", headline(n), 28 - n)
    };
    for heading in ["<h2>Most read</h2>", "<div><h3>Meistgelesen</h3></div>"] {
        let most: String = [19, 13, 17, 12, 15].map(row).concat();
        let side = format!("</div><div class=side>{heading}{most}</div>");
        let found = best(8, ["<div class=latest><h2>Latest</h2>", &side], row);
        assert_eq!(count(&found), 8, "{}", found.keys.to_toml());
    }
}

#[test]
fn days_that_only_machines_read_are_dates() {
    for told in ["2d", ""] {
        let found = best(8, ["<main>", "</main>"], |n| {
            format!(
                "<div class=note><time datetime=2025-03-0{}T08:00Z>{told}</time><a href=/n/{n}>{}</a></div>",
                9 - n,
                headline(n)
            )
        });
        assert_eq!(days(&found)[..2], ["2025-03-08", "2025-03-07"], "{}", found.keys.to_toml());
    }
}

#[test]
fn versions_are_headlines() {
    let table = best(8, ["<table>", "</table>"], |n| {
        format!(
            "<tr><td>v2.{}.0<td>{} February 2025<td><a href=/dl/{n}>Releases</a> <a href=/c/{n}>Changelog</a>",
            9 - n,
            28 - n
        )
    });
    assert_eq!(table.reading.sightings[0].entry.headline, "v2.8.0", "{}", table.keys.to_toml());
    let changes = best(8, ["<main><h1>Changes</h1>", "</main>"], |n| {
        format!(
            "<h2>v2.{}.0 (2025-02-{})</h2><ul><li>{} (<a href=/i/{n}>#{n}</a>)<li>All piers are open</ul>",
            9 - n,
            28 - n,
            headline(n)
        )
    });
    let first = &changes.reading.sightings[0].entry.headline;
    assert!(first.starts_with("v2.8.0"), "{first}: {}", changes.keys.to_toml());
    let days = best(8, ["<main>", "</main>"], |n| {
        format!("<div><h3>{}.03.25</h3><p><a href=/n/{n}>{}</a></div>", 28 - n, headline(n))
    });
    assert_eq!(days.reading.sightings[0].entry.headline, headline(1), "{}", days.keys.to_toml());
}

#[test]
fn a_teaser_is_no_day_and_who_wrote_on_it() {
    let found = best(8, ["<main>", "</main>"], |n| {
        format!(
            "<div class=topic><a href=/t/{n}>{}</a> <em>{} February 2025</em><p>Last post by Ina of the pier, Sat Mar {n}, 2025 10:42</div>",
            headline(n),
            28 - n
        )
    });
    assert!(found.keys.teaser.is_empty(), "{}", found.keys.to_toml());
    assert_ne!(found.keys.date, DateKey::None);
}

#[test]
fn names_that_a_program_keeps_are_relied_on_where_no_other_is_there() {
    let vite = best(8, ["<div>", "</div>"], |n| {
        format!(
            "<div class=_item_1x2y3_4><a class=_title_1x2y3_9 href=/u/{n}>{}</a><div class=_date_1x2y3_15>{} February 2025</div></div>",
            headline(n),
            28 - n
        )
    });
    let keys = vite.keys.to_toml();
    assert!(keys.contains(r#"[class*="_item_"]"#) && !keys.contains("1x2y3"), "{keys}");
    let mui = best(8, ["<div>", "</div>"], |n| {
        format!(
            "<div class='MuiCard-root css-bhp9pd-MuiCard-root'><a class='MuiLink-root css-1jvw3yj-MuiLink-root' href=/u/{n}>{}</a><span class='css-4f8b2k-Day'>{} February 2025</span></div>",
            headline(n),
            28 - n
        )
    });
    let keys = mui.keys.to_toml();
    assert!(keys.contains(".MuiCard-root") && !keys.contains("css-"), "{keys}");
}

#[test]
fn names_that_no_selector_can_hold_are_not_relied_on() {
    let found = best(8, ["<div>", "</div>"], |n| {
        format!("<div class='ro\"w]--'><a class='-Ti\"tle' href=/u/{n}>{}</a></div>", headline(n))
    });
    let keys = found.keys.to_toml();
    assert!(count(&found) == 8 && !keys.contains("class"), "{keys}");
}

#[test]
fn rows_that_take_turns_are_parts_of_records_though_one_like_them_stands_elsewhere() {
    let top = "<table><tr><td><span><a href=/newest>new</a> <a href=/past>past</a></span></table><table>";
    let found = best(12, [top, "</table>"], |n| {
        format!(
            "<tr class=athing><td>{n}.<td><span class=titleline><a href=https://{n}.example/>{}</a></span>\
             <tr><td><td class=sub><span>{n} points by <a href=/user/{n}>user {n}</a> <i title=2025-03-08T0{}:00>{n} hours ago</i></span>",
            headline(n),
            n % 9
        )
    });
    assert_eq!((count(&found), found.keys.entry.as_str()), (12, ".athing"), "{}", found.keys.to_toml());
}

#[test]
fn days_behind_links_are_read_where_bullets_stand_before_these() {
    let found = best(9, ["<div id=main><h2>Papers</h2>", "</div>"], |n| {
        format!("<b>·</b> <a href=/p/{n}.pdf>{}</a> ({} February 2025)<br>", headline(n), 28 - n)
    });
    assert_eq!(days(&found).len(), 9, "{}", found.keys.to_toml());
}

#[test]
fn a_term_and_its_description_are_one_record_whoever_the_latter_links_to() {
    let found = best(9, ["<dl><h3>Thu, 6 March 2025</h3>", "</dl>"], |n| {
        format!(
            "<dt>[{n}] <a href=/abs/{n}>Paper {n}</a> [<a href=/pdf/{n}>pdf</a>]</dt><dd><div class=meta><p class=list-title>{}</p><p><a href=/by/{n}>Ina {n}</a></p></div></dd>",
            headline(n)
        )
    });
    let first = &found.reading.sightings[0].entry;
    let link = first.link.as_ref().map(|link| link.as_str().to_owned());
    assert_eq!(
        (first.headline.as_str(), link.as_deref()),
        (headline(1).as_str(), Some("https://harbour.example/abs/1"))
    );
}
