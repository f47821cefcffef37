//! Redesigns of a page whose entries have days, teasers and images: what is mended, and what is left to a person.
#![allow(clippy::disallowed_methods)]

use std::fs;

use crate::{
    network::{run, verdict},
    program::{Ended, Place},
    site::{STORIES, Site},
};

/// A source with all fields, read three times before its page changes; the newest two stories are not known yet.
struct Followed {
    place: Place,
    config: String,
    site: Site,
    told: fn(&str) -> String,
}

impl Followed {
    fn new(heal: &str) -> Self {
        Self::with(heal, "date = \".when\"\nteaser = \".about\"\n")
    }

    /// One with keys of its own.
    fn with(heal: &str, keys: &str) -> Self {
        Self::told(heal, keys, str::to_owned)
    }

    /// One whose pages are all told otherwise.
    fn told(heal: &str, keys: &str, told: fn(&str) -> String) -> Self {
        let (place, site) = (Place::new(), Site::new());
        let text = format!(
            "[defaults]\nspacing = \"0s\"\nallow_private = true\nrobots = false\n\n[source.news]\nurl = \"http://{}/news/\"\n\
             heal = \"{heal}\"\nentry = \"li.item\"\nheadline = \".head\"\nimage = \".pic\"\n{keys}",
            site.server.address
        );
        let config = place.write("gleaner.toml", text).to_str().expect("UTF-8").to_owned();
        let followed = Self { place, config, site, told };
        for first in [4, 3, 2] {
            followed.show(&list("item", first..12, |_| String::new()));
            assert_eq!(followed.run(), "new");
        }
        followed
    }

    fn show(&self, list: &str) {
        let page = format!("<html><head><title>News</title></head><body><main>{list}</main></body></html>");
        self.site.show((self.told)(&page));
    }

    fn heal(&self, options: &[&str]) -> Ended {
        self.place.gleaner(&[&["heal", "news", "--config", &self.config], options].concat())
    }

    fn run(&self) -> String {
        verdict(&run(&self.place, &self.config)).0
    }

    fn rules(&self) -> String {
        fs::read_to_string(&self.config).expect("it is there")
    }

    fn headlines(&self) -> Vec<String> {
        let feed = String::from_utf8(self.place.feed("news")).expect("UTF-8");
        let entries = feed.split("<entry>").skip(1);
        entries
            .map(|entry| {
                entry.split("<title>").nth(1).expect("a title").split('<').next().unwrap_or("").to_owned()
            })
            .collect()
    }

    /// The page is shown, and nothing is changed by it.
    fn stays_as_it_was(&self, list: &str) {
        let (rules, headlines) = (self.rules(), self.headlines());
        self.show(list);
        let ended = self.run();
        assert!(!matches!(ended.as_str(), "new" | "unchanged"), "{ended}");
        assert_eq!((self.rules(), self.headlines()), (rules, headlines));
    }
}

fn day(n: usize) -> String {
    format!("{} March 2025", 28 - n)
}

fn picture(n: usize) -> String {
    format!("<img class=pic src=/media/{n}.jpg>")
}

fn about(n: usize) -> String {
    format!("<p class=about>More was said of it in the town hall by all the {n} who came, and by others.</p>")
}

/// A list of stories with their days, as it is when its entries are called `name`; `more` stands below each.
fn list(name: &str, stories: std::ops::Range<usize>, more: fn(usize) -> String) -> String {
    let more = |n| if name == "item" { picture(n) + &about(n) } else { more(n) };
    let row = |n: usize| {
        let (story, day, more) = (STORIES[n], day(n), more(n));
        format!(
            "<li class={name}><b class=when>{day}</b><a class=head href=/story/{n}>{story}</a>{more}</li>"
        )
    };
    let rows: String = stories.map(row).collect();
    let list = format!("<ul class={name}s>{rows}</ul>");
    // Nothing is called as it was.
    let renamed = [("head", "title"), ("when", "date"), ("pic", "photo"), ("about", "text")];
    let names = renamed.into_iter().filter(|_| name != "item");
    names.fold(list, |list, (old, new)| list.replace(&format!("class={old}"), &format!("class={name}-{new}")))
}

fn card(stories: std::ops::Range<usize>) -> String {
    list("card", stories, |n| picture(n) + &about(n))
}

/// All that was known, in an order of its own and without days.
fn most_read() -> String {
    let row = |n: usize| format!("<li><a href=/story/{n}>{}</a></li>", STORIES[n]);
    let rows: String = [7, 2, 10, 5, 11, 3, 8, 4, 9, 6].map(row).concat();
    format!("<div class=top><h3>Most read</h3><ol>{rows}</ol></div>")
}

#[test]
fn the_most_read_are_not_taken_for_the_listing_though_they_are_all_known() {
    for stories in [0..10, 0..7] {
        let source = Followed::new("auto");
        source.show(&(card(stories) + &most_read()));
        assert_eq!(source.run(), "new", "{}", source.rules());
        assert!(source.rules().contains("card"), "{}", source.rules());
        assert_eq!(source.headlines().len(), 12);
        assert_eq!(source.headlines()[..2], STORIES[..2]);
    }
}

#[test]
fn where_the_most_read_are_all_that_is_left_a_person_decides() {
    Followed::new("auto").stays_as_it_was(&most_read());
}

#[test]
fn rules_that_find_nothing_any_more_go_and_what_they_found_is_missed_no_more() {
    let source = Followed::new("auto");
    source.show(&list("card", 1..10, |_| String::new()));
    assert_eq!(source.run(), "new", "{}", source.rules());
    let rules = source.rules();
    assert!(!rules.contains("teaser") && !rules.contains("image") && rules.contains("date = \""), "{rules}");
    source.show(&list("card", 0..10, |_| String::new()));
    assert_eq!((source.run().as_str(), source.headlines().len()), ("new", 12));
}

#[test]
fn a_page_whose_days_are_gone_is_left_to_a_person() {
    let source = Followed::new("auto");
    source.stays_as_it_was(&(0..10).fold(card(0..10), |list, n| list.replace(&day(n), "")));
    let shown = source.heal(&["--yes"]);
    assert!(shown.out.contains("\n  look twice: the entries have no dates any more\n"), "{shown:?}");
    assert!(shown.exit == 0 && source.rules().contains("card"), "{}", source.rules());
}

#[test]
fn a_page_in_another_language_is_left_to_a_person() {
    let source = Followed::new("auto");
    let told =
        |n: usize| format!("Nachricht {} aus dem Hafen", ["eins", "zwei", "drei", "vier", "elf"][n % 5]);
    source.stays_as_it_was(&(0..12).fold(card(0..12), |list, n| list.replace(STORIES[n], &told(n))));
}

#[test]
fn a_page_that_became_a_program_is_read_in_its_scripts() {
    let source = Followed::new("auto");
    let told = |n: usize| {
        format!(r#"{{"title":"{}","url":"/story/{n}","publishedAt":"2025-03-{:02}"}}"#, STORIES[n], 28 - n)
    };
    let records: Vec<String> = (0..10).map(told).collect();
    let script = format!("{{\"props\":{{\"items\":[{}]}}}}", records.join(","));
    source.show(&format!("<div id=root></div><script type=application/json id=state>{script}</script>"));
    assert_eq!(source.run(), "new", "{}", source.rules());
    assert!(source.rules().contains("json"), "{}", source.rules());
    assert_eq!((source.headlines().len(), source.headlines()[0].as_str()), (12, STORIES[0]));
}

#[test]
fn a_page_that_says_in_a_heading_that_it_is_none_heals_nothing() {
    let source = Followed::new("ask");
    let rules = source.rules();
    source.show(&format!("<h2>Oops! That page can’t be found.</h2>{}", card(0..10)));
    source.run();
    let healed = source.heal(&["--yes"]);
    assert!(healed.exit == 1 && healed.err.contains("nothing was changed"), "{healed:?}");
    assert_eq!(source.rules(), rules);
}

#[test]
fn a_login_in_a_corner_of_a_redesigned_page_is_no_login_page() {
    let source = Followed::new("auto");
    source.show(&format!("<form><input name=u><input type=\"password\" name=p></form>{}", card(0..10)));
    assert_eq!((source.run().as_str(), source.headlines().len()), ("new", 12));
}

#[test]
fn what_a_rule_asks_for_besides_its_selector_is_kept() {
    let date = "date = { selector = \".when\", order = \"day-first\" } # as they write it\n";
    let source = Followed::with(
        "auto",
        &format!("{date}teaser = {{ selector = \".about\", cut = \"and by others.\" }}\n"),
    );
    source.show(&card(0..10));
    assert_eq!(source.run(), "new");
    let rules = source.rules();
    assert!(
        rules.contains("{ selector = \".card-date\", order = \"day-first\" } # as they write it"),
        "{rules}"
    );
    assert!(rules.contains("{ selector = \".card-text\", cut = \"and by others.\" }"), "{rules}");
}

#[test]
fn what_only_looks_known_and_would_be_announced_again_is_left_to_a_person() {
    let source = Followed::with("auto", "link = false\ndate = \".when\"\n");
    source.stays_as_it_was(&card(0..10).replace(STORIES[2], "In spring return the night trains"));
}

#[test]
fn two_known_stories_without_what_they_had_are_no_listing() {
    let source = Followed::new("ask");
    let row = |n: usize| format!("<p><a href=/story/{n}>{}</a></p>", STORIES[n]);
    source.show(&format!("<p>Please choose a year.</p>{}{}", row(3), row(4)));
    source.run();
    let healed = source.heal(&[]);
    assert!(healed.exit == 1 && healed.err.contains("nothing was changed"), "{healed:?}");
}

/// Nothing on the page leads anywhere.
fn unlinked(page: &str) -> String {
    page.replace("<a class", "<span class").replace("</a>", "</span>")
}

#[test]
fn entries_without_links_are_known_again_by_headline_and_day() {
    let source = Followed::told("auto", "link = false\ndate = \".when\"\n", unlinked);
    source.show(&card(0..10));
    assert_eq!(source.run(), "new", "{}", source.rules());
    assert_eq!((source.headlines().len(), source.headlines()[0].as_str()), (12, STORIES[0]));
}

#[test]
fn entries_that_are_known_by_their_headline_alone_are_left_to_a_person() {
    let source = Followed::told("auto", "link = false\nteaser = \".about\"\n", |page| {
        (0..12).fold(unlinked(page), |page, n| page.replace(&day(n), ""))
    });
    source.stays_as_it_was(&card(0..10));
    let shown = source.heal(&["--yes"]);
    assert!(shown.out.contains("look twice: 8 known entries are known by their headline alone"), "{shown:?}");
    assert_eq!(source.run(), "new");
    assert_eq!((source.headlines().len(), source.headlines()[0].as_str()), (12, STORIES[0]));
}

const RECURRING: [&str; 4] =
    ["Minutes of the council", "Weekly bulletin", "Table of the tides", "Notice of works"];

#[test]
fn headlines_that_recur_are_told_apart_by_their_days() {
    let keys = "link = false\ndate = \".when\"\nteaser = \".about\"\n";
    let source = Followed::told("auto", keys, |page| {
        (0..12).fold(unlinked(page), |page, n| page.replace(STORIES[n], RECURRING[n % 4]))
    });
    source.show(&list("card", 0..10, |_| String::new()));
    assert_eq!((source.run().as_str(), source.headlines().len()), ("new", 12), "{}", source.rules());
}

#[test]
fn a_page_that_dates_all_its_entries_anew_is_left_to_a_person() {
    let source = Followed::new("auto");
    source.stays_as_it_was(&(0..10).fold(card(0..10), |list, n| list.replace(&day(n), "29 March 2025")));
    let shown = source.heal(&[]);
    assert!(shown.out.contains("look twice: 7 known entries have other dates"), "{shown:?}");
}

#[test]
fn days_are_no_headlines_where_those_are_in_pictures() {
    let source = Followed::new("ask");
    let row = |n: usize| {
        let (story, day) = (STORIES[n], day(n));
        format!(
            "<a class=t href=/story/{n}><img src=/media/{n}.jpg alt=\"{story}\"><span class=d>{day}</span></a>"
        )
    };
    source.stays_as_it_was(&(0..10).map(row).collect::<String>());
    let healed = source.heal(&["--yes"]);
    assert!(healed.exit == 1 && healed.err.contains("are merely dates; nothing was changed"), "{healed:?}");
}

#[test]
fn a_page_that_is_sorry_in_its_heading_mends_nothing_though_it_shows_the_latest() {
    let source = Followed::new("auto");
    source.stays_as_it_was(&format!("<h1>Errore!</h1><p>Questa pagina non c’è più.</p>{}", card(0..8)));
}

#[test]
fn an_archive_with_the_last_few_that_are_known_is_announced_by_nobody() {
    let source = Followed::new("auto");
    let older = |n: usize| (format!("Report {n} of the harbour office"), format!("{} February 2025", 20 - n));
    let archive = (0..9).fold(card(0..12), |list, n| {
        list.replace(STORIES[n], &older(n).0)
            .replace(&day(n), &older(n).1)
            .replace(&format!("/story/{n}>"), &format!("/report/{n}>"))
    });
    source.stays_as_it_was(&archive);
    let healed = source.heal(&["--yes"]);
    assert!(healed.exit == 1 && healed.out.contains("look twice: 9 entries are older"), "{healed:?}");
    assert!(healed.err.contains("9 entries older than all that is remembered would be"), "{healed:?}");
    assert!(healed.err.contains("hint: `gleaner heal news --yes --anyway`"), "{healed:?}");
    assert!(!source.rules().contains("card"));
    assert_eq!(source.heal(&["--yes", "--anyway"]).exit, 0);
    assert!(source.rules().contains("card"));
}

#[test]
fn headlines_that_are_like_known_ones_are_of_other_entries_where_these_are_there() {
    let source = Followed::new("ask");
    let like = |n: usize| format!("{} again", STORIES[n]);
    source.show(&card(0..12).replace(STORIES[0], &like(5)).replace(STORIES[1], &like(11)));
    let healed = source.heal(&[]);
    assert!(healed.out.contains("10 of 10 remembered entries are found again, 2 new, 0 older"), "{healed:?}");
    assert!(!healed.out.contains("look twice"), "{healed:?}");
}

#[test]
fn a_page_that_shows_half_as_many_is_mended_where_they_are_the_newest_as_they_were() {
    let source = Followed::new("auto");
    source.show(&card(0..5));
    assert_eq!(source.run(), "new", "{}", source.rules());
    assert_eq!((source.headlines().len(), source.headlines()[0].as_str()), (12, STORIES[0]));
    for half in [card(0..5).replace(&day(3), ""), card(0..4), card(0..1) + &card(5..9)] {
        Followed::new("auto").stays_as_it_was(&half);
    }
}

#[test]
fn a_classic_theme_that_became_blocks_is_mended() {
    let source = Followed::new("auto");
    let row = |n: usize| {
        let (story, day) = (STORIES[n], day(n));
        format!(
            "<li class=\"wp-block-post post-{n} post type-post status-publish hentry category-news\">\
             <figure class=wp-block-post-featured-image><a href=/2025/03/{n}/><img src=/media/{n}.jpg></a></figure>\
             <h2 class=\"wp-block-post-title has-large-font-size\"><a href=/2025/03/{n}/>{story}</a></h2>\
             <div class=wp-block-post-date><time datetime=\"2025-03-{:02}T09:00:00+00:00\">{day}</time></div>\
             <div class=wp-block-post-excerpt><p class=wp-block-post-excerpt__excerpt>More was said of it by all {n}.</p></div></li>",
            28 - n
        )
    };
    let rows: String = (0..10).map(row).collect();
    source.show(&format!("<ul class=\"wp-block-post-template is-layout-grid\">{rows}</ul>"));
    assert_eq!(source.run(), "new", "{}", source.rules());
    assert_eq!((source.headlines().len(), source.headlines()[0].as_str()), (12, STORIES[0]));
}
