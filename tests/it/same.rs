//! The same entry under another address or other words, and another entry under the same words: over several visits.
#![allow(clippy::disallowed_methods)]

use crate::{change::Town, program::Place};

const RULES: &str = "[source.town]\nurl = \"https://town.example/news/\"\nentry = \"article\"\n\
    headline = \"h2\"\nlink = \"a@href\"\nteaser = \"p\"\ndate = \".when\"\n";

/// An entry as its page shows it; an empty text is not there.
#[derive(Clone)]
struct Told {
    headline: String,
    link: String,
    teaser: String,
    when: String,
}

/// Story `n`, posted on the day of March with its number.
fn story(n: u32) -> Told {
    let what = ["A bridge opens", "The harbour is dredged", "Farmers ask for water", "A ferry is late"];
    Told {
        headline: format!("{} in ward {n}", what[n as usize % 4]),
        link: format!("/news/{n}"),
        teaser: format!("What ward {n} was told on that day by the mayor, who had much more to say."),
        when: format!("{n} March 2026"),
    }
}

/// The stories of these days, the newest first.
fn stories(days: std::ops::RangeInclusive<u32>) -> Vec<Told> {
    days.rev().map(story).collect()
}

/// The same at another address and with a teaser cut shorter.
fn moved(told: Told) -> Told {
    let path = told.link.rsplit('/').next().expect("a path").to_owned();
    let teaser = told.teaser.chars().take(24).collect::<String>() + "…";
    Told { link: format!("/2026/{path}.html"), teaser, ..told }
}

struct Site(Town);

impl Site {
    fn new() -> Self {
        let town = Town(Place::new());
        town.config(RULES);
        Self(town)
    }

    /// The page as it stands on a day of March; how many entries readers know after it.
    fn shows(&self, day: u32, told: &[Told]) -> usize {
        let part = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("<{name}>{text}</{}>", &name[..1]) }
        };
        let row = |told: &Told| {
            let linked = if told.link.is_empty() {
                told.headline.clone()
            } else {
                format!("<a href='{}'>{}</a>", told.link, told.headline)
            };
            let (teaser, when) = (part("p", &told.teaser), part("b class=when", &told.when));
            format!("<article><h2>{linked}</h2>{when}{teaser}</article>")
        };
        let rows: String = told.iter().map(row).collect();
        let at = format!("2026-03-{day:02}T20:00:00Z");
        self.0.page("town", &at, &format!("<!doctype html><html lang=en><title>Town</title>{rows}"));
        let run = self.0.run(&["--until", &at]);
        assert_eq!(run.exit, 0, "{run:?}");
        self.0.ids("town").len()
    }
}

/// Three entries that a station has each day, under the headlines of every day.
fn broadcasts(day: u32, when: bool) -> Vec<Told> {
    let row = |(n, headline): (usize, &str)| Told {
        headline: headline.to_owned(),
        link: format!("/{day}/{n}"),
        teaser: format!(
            "{} speaks of matter {} and what became of it.",
            ["Ina", "Per", "Ute"][(n + day as usize) % 3],
            n + day as usize * 7
        ),
        when: if when { format!("{day} March 2026") } else { String::new() },
    };
    ["Morning briefing", "Weather for the coast", "Evening briefing"]
        .into_iter()
        .enumerate()
        .map(row)
        .collect()
}

#[test]
fn the_headlines_of_every_day_are_news_each_day() {
    let site = Site::new();
    for (visit, day) in (10..15).enumerate() {
        assert_eq!(site.shows(day, &broadcasts(day, true)), 3 * (visit + 1), "on day {day}");
    }
}

#[test]
fn the_headlines_of_every_day_are_news_each_day_though_no_day_is_told() {
    let site = Site::new();
    for (visit, day) in (10..15).enumerate() {
        assert_eq!(site.shows(day, &broadcasts(day, false)), 3 * (visit + 1), "on day {day}");
    }
}

#[test]
fn a_site_that_moved_and_cut_its_teasers_announces_nothing_though_one_address_stayed() {
    let site = Site::new();
    assert_eq!(site.shows(10, &stories(3..=10)), 8);
    let mut told: Vec<Told> = stories(4..=11).into_iter().map(moved).collect();
    told[3] = story(8);
    assert_eq!(site.shows(11, &told), 9, "one is new");
    told[3] = moved(story(8));
    assert_eq!(site.shows(12, &told), 9, "it follows, edited");
}

#[test]
fn a_site_that_moved_in_halves_announces_nothing() {
    let site = Site::new();
    site.shows(10, &stories(3..=10));
    let half: Vec<Told> = stories(4..=11)
        .into_iter()
        .enumerate()
        .map(|(n, told)| if n % 2 == 0 { moved(told) } else { told })
        .collect();
    assert_eq!(site.shows(11, &half), 9);
    let all: Vec<Told> = stories(5..=12).into_iter().map(moved).collect();
    assert_eq!(site.shows(12, &all), 10);
}

#[test]
fn a_site_that_moved_below_as_many_new_entries_announces_these_alone() {
    let site = Site::new();
    site.shows(10, &stories(3..=10));
    let told: Vec<Told> = stories(7..=14).into_iter().map(moved).collect();
    assert_eq!(site.shows(14, &told), 12);
}

#[test]
fn a_weekly_headline_is_known_at_another_address_by_its_day() {
    let site = Site::new();
    let weekly = |days: std::ops::RangeInclusive<u32>| -> Vec<Told> {
        stories(days).into_iter().map(|told| Told { headline: "Weekly update".to_owned(), ..told }).collect()
    };
    site.shows(10, &weekly(3..=10));
    let told: Vec<Told> = weekly(4..=11).into_iter().map(moved).collect();
    assert_eq!(site.shows(11, &told), 9);
}

#[test]
fn a_bulletin_below_known_ones_is_news_though_headline_and_day_are_those_of_one_that_left() {
    let site = Site::new();
    site.shows(10, &stories(3..=10));
    let mut told = stories(3..=10);
    told[3].teaser = "Fog on the bridge, and two lanes closed until noon.".to_owned();
    told[3].link = "/news/other".to_owned();
    assert_eq!(site.shows(11, &told), 9);
}

#[test]
fn two_warnings_that_take_the_place_of_two_are_news() {
    let site = Site::new();
    let warnings = |of: &str, to: &str| {
        ["Storm", "Flood"].map(|what| Told {
            headline: format!("{what} warning"),
            link: format!("/{what}/{of}"),
            teaser: format!("{what} from the {of}, {to}, says the office on the coast."),
            when: "12 March 2026".to_owned(),
        })
    };
    let page = |of: &str, to: &str| [warnings(of, to).to_vec(), stories(4..=10)].concat();
    assert_eq!(site.shows(12, &page("north", "growing")), 9);
    assert_eq!(site.shows(13, &page("south", "falling")), 11);
}

#[test]
fn a_teaser_that_stands_makes_no_entry_of_another_number() {
    let site = Site::new();
    let decision = |n: u32| Told {
        headline: format!("Decision no. {n}"),
        link: format!("/d/{n}"),
        teaser: "What the board decided today, with all annexes and the votes.".to_owned(),
        when: "10 March 2026".to_owned(),
    };
    assert_eq!(site.shows(10, &[vec![decision(54)], stories(3..=9)].concat()), 8);
    assert_eq!(site.shows(11, &[vec![decision(55)], stories(3..=9)].concat()), 9);
}

#[test]
fn an_address_that_was_shared_announces_what_is_left_at_it_no_second_time() {
    let site = Site::new();
    let report = |n: u32| Told {
        headline: format!("Report no. {n}"),
        link: "/report".to_owned(),
        teaser: String::new(),
        when: format!("{n} March 2026"),
    };
    assert_eq!(site.shows(12, &[vec![report(11), report(9)], stories(3..=5)].concat()), 5);
    assert_eq!(site.shows(13, &[vec![report(11)], stories(3..=5)].concat()), 5);
    assert_eq!(site.shows(15, &[vec![report(14)], stories(3..=5)].concat()), 6);
}

#[test]
fn a_warning_that_takes_the_place_of_one_of_the_same_day_is_news() {
    let site = Site::new();
    site.shows(10, &stories(3..=10));
    let warning = |of: &str| Told {
        headline: "Storm warning for the coast".to_owned(),
        link: format!("/warnings/{of}"),
        teaser: format!("Winds from the {of} are expected to grow until the evening."),
        when: "12 March 2026".to_owned(),
    };
    for (day, of) in [(12, "north"), (13, "south"), (14, "east")] {
        let told = [vec![warning(of)], stories(4..=10)].concat();
        assert_eq!(site.shows(day, &told), day as usize - 3, "from the {of}");
    }
}

#[test]
fn papers_of_one_day_take_the_place_of_others_as_news() {
    let site = Site::new();
    let sitting = |of: &str| -> Vec<Told> {
        ["Agenda of the sitting", "Minutes of the sitting"]
            .map(|headline| Told {
                headline: headline.to_owned(),
                link: format!("/{of}/{headline}"),
                teaser: format!("The committee for {of} and its members."),
                when: "10 March 2026".to_owned(),
            })
            .to_vec()
    };
    let on_the_day = |n: u32| Told { when: "10 March 2026".to_owned(), ..story(n) };
    let most = Site::new();
    let first: Vec<Told> = [sitting("roads"), (1..=3).map(on_the_day).collect()].concat();
    assert_eq!(site.shows(10, &first), 5);
    let second: Vec<Told> = [sitting("water"), (4..=6).map(on_the_day).collect()].concat();
    assert_eq!(site.shows(11, &second), 10);
    for (day, of) in [(10, "roads"), (11, "water")] {
        assert_eq!(
            most.shows(day, &[sitting(of), vec![on_the_day(day)]].concat()),
            3 * (day as usize - 9),
            "of {of}"
        );
    }
}

#[test]
fn items_with_ids_are_told_by_these_though_all_have_one_address() {
    let place = Place::new();
    let town = Town(place);
    town.config("[source.town]\nurl = \"https://town.example/news/\"\n");
    let item = |(id, title): (&str, &str)| {
        format!(
            "<item><guid isPermaLink='false'>{id}</guid><title>{title}</title><link>/warnings</link><pubDate>Tue, 10 Mar 2026 07:00:00 GMT</pubDate></item>"
        )
    };
    let shows = |hour: u32, items: &[(&str, &str)]| {
        let at = format!("2026-03-10T{hour:02}:30:00Z");
        let items: String = items.iter().copied().map(item).collect();
        town.page(
            "town",
            &at,
            &format!("<rss version='2.0'><channel><title>Town</title>{items}</channel></rss>"),
        );
        let run = town.run(&["--until", &at]);
        assert_eq!(run.exit, 0, "{run:?}");
        town.ids("town").len()
    };
    let others = [("c", "Ice on the river"), ("d", "Fog on the bridge")];
    assert_eq!(shows(8, &[&[("a", "Storm warning")], &others[..]].concat()), 3);
    assert_eq!(shows(9, &[&[("b", "Storm warning")], &others[..]].concat()), 4, "another of that day");
    assert_eq!(shows(10, &[("b", "Storm warning"), ("c", "Ice on the rivers"), others[1]]), 4, "edited");
}

#[test]
fn reports_at_one_address_are_one_each_year() {
    let site = Site::new();
    let report = |n: u32| Told {
        headline: format!("Report no. {n}"),
        link: "/report".to_owned(),
        teaser: format!("For {n}."),
        when: format!("{n} March 2026"),
    };
    site.shows(10, &[vec![report(9)], stories(3..=5)].concat());
    assert_eq!(site.shows(12, &[vec![report(11), report(9)], stories(3..=5)].concat()), 5);
    assert_eq!(site.shows(13, &[vec![report(11)], stories(3..=5)].concat()), 5);
    let feed = String::from_utf8(site.0.0.feed("town")).expect("UTF-8");
    assert!(
        feed.contains("Report no. 9<") && feed.contains("Report no. 11<"),
        "each stays what it is: {feed}"
    );
    assert_eq!(site.shows(15, &[vec![report(14), report(11)], stories(3..=5)].concat()), 6);
}
