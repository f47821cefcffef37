//! Listings found in pages that nothing is known of.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::PathBuf,
    sync::LazyLock,
    time::Instant,
};

use gleaner::{
    decode::{self, Document},
    detect::{self, Proposal},
    entry::Entry,
    page::Page,
};
use scraper::Html;

use crate::{
    Options,
    ceiling::Ceiling,
    changed::{CHANGES, Change},
    truth::{self, Truth},
};

/// A page and what is known of it.
struct Case {
    name: String,
    corpus: String,
    /// Whether the truth names all entries the page shows.
    is_whole: bool,
    is_held: bool,
    truths: Vec<Truth>,
    ceiling: Ceiling,
}

struct Outcome {
    case: Case,
    found: usize,
    matched: usize,
    headlines: (usize, usize),
    links: (usize, usize),
    dates: (usize, usize),
    confidence: f64,
    /// Whether `entry` gives the elements that are meant, and no others.
    is_fitting: bool,
    /// What differs from the truth, a line each.
    wrong: Vec<String>,
}

impl Outcome {
    fn expected(&self) -> usize {
        self.case.truths.len()
    }

    /// Whether what is read is the truth and nothing else.
    fn is_exact(&self) -> bool {
        self.matched == self.expected() && (!self.case.is_whole || self.found == self.expected())
    }

    fn recall(&self) -> f64 {
        self.matched as f64 / self.expected().max(1) as f64
    }

    /// The share of the truth's entries whose link or headline stands on the page at all.
    fn on_page(&self) -> f64 {
        self.case.ceiling.on_page as f64 / self.expected().max(1) as f64
    }

    /// The share of the truth's entries that stand in one list: no listing has more.
    fn in_list(&self) -> f64 {
        self.case.ceiling.in_one_list as f64 / self.expected().max(1) as f64
    }

    /// Recall of the entries that one list can have.
    fn recall_of_list(&self) -> f64 {
        let most = if self.case.ceiling.in_one_list == 0 { 1.0 } else { self.in_list() };
        (self.recall() / most).min(1.0)
    }

    fn right_of_list(&self) -> f64 {
        if self.case.is_whole { self.f1() } else { self.recall_of_list() }
    }

    fn precision(&self) -> f64 {
        self.matched as f64 / self.found.max(1) as f64
    }

    fn f1(&self) -> f64 {
        2.0 * self.matched as f64 / (self.expected() + self.found).max(1) as f64
    }

    /// Where the truth is a part of what the page shows, recall is what can be told.
    fn right(&self) -> f64 {
        if self.case.is_whole { self.f1() } else { self.recall() }
    }
}

pub fn report(options: &Options) {
    let mut outcomes = Vec::new();
    let mut cost = Cost::default();
    let mut changed: Vec<Vec<Outcome>> = CHANGES.iter().map(|_| Vec::new()).collect();
    let mut sites = HashSet::new();
    for folder in folders(options) {
        let corpus = name_of(folder.parent().unwrap());
        let case = name_of(&folder);
        let name = format!("{corpus}/{case}");
        let folder_site = site(&corpus, &case);
        let Some(is_held) = options.takes(&name, &folder_site) else { continue };
        let value = truth::json(&folder.join("expected.json"));
        let host = truth::text(&value["host"]).filter(|host| !host.is_empty());
        let url = truth::text(&value["url"]).or_else(|| Some(format!("https://{}/", host?)));
        let page = truth::page(&folder.join("page.html"), &url.unwrap_or_default(), value["now"].as_str());
        let document = decode::decode(&page).ok();
        let mut truths = truth::truths(&value);
        // Lines of a truth that say the same are one entry.
        let mut said = HashSet::new();
        truths.retain(|t| said.insert((t.title.clone(), t.link.clone(), t.date.clone())));
        let mut ceiling = Ceiling::default();
        let proposals = document.as_ref().map(|document| {
            let parsing = processor_time();
            let parsed = Html::parse_document(&document.text);
            cost.parsing += processor_time() - parsing;
            ceiling = Ceiling::of(&parsed, &truths);
            drop(parsed);
            let looking = processor_time();
            let proposals = detect::detect(document, &page, &[], &|| true).proposals;
            cost.all += processor_time() - looking;
            proposals
        });
        let proposals = proposals.unwrap_or_default();
        let is_whole = value["grade"] == "A";
        let case = Case { name, corpus, is_whole, is_held, truths, ceiling };
        let outcome = judge(case, proposals.first());
        if options.is_shown {
            show(&outcome, &proposals);
        }
        if let Some((document, best)) = document.as_ref().zip(proposals.first())
            && is_whole
            && outcome.f1() >= 0.9
            && sites.insert(folder_site)
        {
            for (outcomes, found) in
                changed.iter_mut().zip(changed_pages((document, &page), &outcome.case, best))
            {
                let Some((outcome, proposals)) = found else { continue };
                if options.is_shown {
                    show(&outcome, &proposals);
                }
                outcomes.push(outcome);
            }
        }
        outcomes.push(outcome);
    }
    print(&outcomes);
    print_changed(&changed);
    let pages = outcomes.len() as f64;
    println!(
        "\nOne core looks at {:.0} of these pages a second, parsing and reading back included: {:.1} times as long as parsing\n\
         alone takes.",
        pages / cost.all,
        cost.all / cost.parsing
    );
}

/// Seconds.
#[derive(Default)]
struct Cost {
    parsing: f64,
    all: f64,
}

/// The seconds this thread has run, whatever else the machine did; by the clock where that is not told.
fn processor_time() -> f64 {
    // The kernel counts when a thread is put aside.
    std::thread::yield_now();
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |told| told / 1e9)
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn folders(options: &Options) -> Vec<PathBuf> {
    let inside = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = inside(options.root.join("listings")).flat_map(inside).collect();
    folders.sort();
    folders
}

fn name_of(path: &std::path::Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The site a case is of: all its pages stand on one side.
fn site(corpus: &str, case: &str) -> String {
    let site = match corpus {
        "site_pairs" => case.rsplit_once("__").map_or(case, |parts| parts.0),
        "divi" => case.split("__").next().unwrap(),
        _ => case,
    };
    site.to_owned()
}

fn judge(case: Case, best: Option<&Proposal>) -> Outcome {
    let found: Vec<&Entry> =
        best.map_or_else(Vec::new, |best| best.reading.sightings.iter().map(|s| &s.entry).collect());
    let mut outcome = Outcome {
        case,
        found: found.len(),
        matched: 0,
        headlines: (0, 0),
        links: (0, 0),
        dates: (0, 0),
        confidence: best.map_or(0.0, |best| best.confidence),
        is_fitting: best.is_some_and(|best| best.fit > 0.999),
        wrong: Vec::new(),
    };
    let Case { corpus, truths, ceiling, .. } = &outcome.case;
    let slack = i32::from(corpus == "site_pairs");
    let mut taken = vec![false; found.len()];
    for truth in truths {
        let Some(at) = matching(truth, &found, &taken, corpus == "city-scrapers") else {
            outcome.wrong.push(format!("missed: {truth:?}"));
            continue;
        };
        taken[at] = true;
        let entry = found[at];
        outcome.matched += 1;
        // A headline that the page does not have cannot be read from it.
        let is_titled = truth.is_told_in(&entry.headline) || truth.title.is_some() && ceiling.tells(truth);
        let fields = [
            (&mut outcome.headlines, "headline", is_titled, truth.is_told_in(&entry.headline)),
            (&mut outcome.links, "link", truth.link.is_some(), truth.is_link_of(entry)),
            (&mut outcome.dates, "date", truth.date.is_some(), truth.is_day_of(entry, slack)),
        ];
        for (counts, field, is_stated, is_right) in fields {
            counts.0 += usize::from(is_stated && is_right);
            counts.1 += usize::from(is_stated);
            if is_stated && !is_right {
                outcome.wrong.push(format!("{field}: {truth:?}, not {}", told(entry)));
            }
        }
    }
    let more = (0..found.len()).filter(|at| !taken[*at]);
    outcome.wrong.extend(more.map(|at| format!("not in the truth: {}", told(found[at]))));
    outcome
}

/// The entry that is this one of the truth; by its day alone where titles are the truth's own.
fn matching(truth: &Truth, found: &[&Entry], taken: &[bool], is_by_day: bool) -> Option<usize> {
    let first = |is: &dyn Fn(&Entry) -> bool| (0..found.len()).find(|at| !taken[*at] && is(found[*at]));
    first(&|entry| truth.is_link_of(entry) && truth.is_title_of(entry))
        .or_else(|| first(&|entry| truth.is_title_of(entry) && truth.is_day_of(entry, 0)))
        .or_else(|| first(&|entry| truth.is_link_of(entry)))
        .or_else(|| first(&|entry| truth.is_title_of(entry)))
        .or_else(|| first(&|entry| is_by_day && truth.is_day_of(entry, 0)))
}

/// What is found on a page after each change; `None`: it cannot be changed so.
fn changed_pages(
    (document, page): (&Document, &Page),
    case: &Case,
    best: &Proposal,
) -> Vec<Option<(Outcome, Vec<Proposal>)>> {
    let html = Html::parse_document(&document.text);
    let found = CHANGES.iter().map(|change| {
        let document = Document { text: change.of(&html, best)?, ..document.clone() };
        let proposals = detect::detect(&document, page, &[], &|| true).proposals;
        let html = Html::parse_document(&document.text);
        Some((judge(changed_case((case, &html), change, best), proposals.first()), proposals))
    });
    found.collect()
}

/// What is known of a changed page.
fn changed_case((case, html): (&Case, &Html), change: &Change, best: &Proposal) -> Case {
    let rows: Vec<&Entry> = best.reading.sightings.iter().map(|sighting| &sighting.entry).collect();
    let left = &rows[..change.left.map_or(rows.len(), |left| left.min(rows.len()))];
    let all: Vec<&Truth> = case.truths.iter().collect();
    let mut kept: Vec<usize> = truth::matched(left, &all).into_iter().flatten().collect();
    if change.left.is_none() {
        kept = (0..all.len()).collect();
    }
    let truths = kept.into_iter().map(|at| {
        let truth = all[at].clone();
        let title = truth.title.map(|title| change.script.map_or(title.clone(), |letters| letters(&title)));
        Truth { title, ..truth }
    });
    let truths: Vec<Truth> = truths.collect();
    Case {
        name: format!("{}, {}", case.name, change.name),
        corpus: case.corpus.clone(),
        ceiling: Ceiling::of(html, &truths),
        truths,
        ..*case
    }
}

fn print_changed(changed: &[Vec<Outcome>]) {
    println!("\n## The same pages, changed\n");
    println!(
        "Pages of grade A on which the listing is found, one of each site, changed as pages of other sites differ from them; \"right\"\n\
         is the share on which it is found then (F1 of 0.9 against the entries that were found before).\n"
    );
    println!("| change | pages | right | exact | headlines | links | dates | sure | sure and wrong |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for (change, group) in CHANGES.iter().zip(changed).filter(|(_, group)| !group.is_empty()) {
        let count = group.len() as f64;
        let share = |is: fn(&Outcome) -> bool| group.iter().filter(|o| is(o)).count() as f64 / count;
        let sure: Vec<_> = group.iter().filter(|o| o.confidence >= 0.9).collect();
        println!(
            "| {} | {} | {:.3} | {:.3} | {} | {} | {} | {} | {} |",
            change.name,
            group.len(),
            share(|o| o.right() >= 0.9),
            share(Outcome::is_exact),
            rate(group.iter().map(|o| o.headlines)),
            rate(group.iter().map(|o| o.links)),
            rate(group.iter().map(|o| o.dates)),
            sure.len(),
            sure.iter().filter(|o| o.right() < 0.9).count(),
        );
    }
}

/// The share of what is right.
fn rate(counts: impl Iterator<Item = (usize, usize)>) -> String {
    let (right, all) = counts.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
    if all == 0 { "–".to_owned() } else { format!("{:.3}", right as f64 / all as f64) }
}

fn print(outcomes: &[Outcome]) {
    println!("## Found\n");
    println!(
        "Nothing is known of a page but its bytes; entries are what gleaner reads with the proposed config. Truths of grade A name\n\
         all entries of a page, those of grade B a part, or entries of another making (feeds that hold a site's pages, calendars),\n\
         and there a page is right by its recall. \"Held out\" are the sites that no weight was chosen by; of some of them what is missed\n\
         was read later, and rules came of it, so that they are no longer as good as unseen. \"Exact\" pages give the truth's entries and\n\
         nothing else (B: all of them), on \"fitting\" ones `entry` gives the elements that are meant and no others.\n"
    );
    println!(
        "A feed of a whole site has entries that a page of it shows in a menu or beside its listing: \"on page\" is the share of the\n\
         truth's entries whose link or headline stands anywhere on the page, \"in one list\" the share that stands in one list (links\n\
         to which one way of tags leads), which no listing exceeds; \"of the list\" is recall of these, and \"right of the list\" and the\n\
         last column go by it. Headlines are counted where the page has them. \"Whole\" leaves out {} pages of grade A whose truth is a\n\
         part of their list on purpose, as one court's decisions are of several courts', or a feed of the last five entries of six.\n",
        PARTS.len()
    );
    println!(
        "| corpus | pages | precision | recall | F1 | on page | in one list | of the list | right pages | right of the list | exact | fitting | headlines | links | dates | sure | sure and wrong | wrong of the list |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut groups: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        let grade = if outcome.case.is_whole { "A" } else { "B" };
        let group = format!("{} {grade}", outcome.case.corpus);
        groups.entry(format!("all, grade {grade}")).or_default().push(outcome);
        groups.entry(format!("all, grade {grade}, {}", side(outcome))).or_default().push(outcome);
        if outcome.case.is_whole && !PARTS.contains(&outcome.case.name.as_str()) {
            groups.entry("all, grade A, whole".to_owned()).or_default().push(outcome);
            if PARTS.iter().any(|part| part.starts_with(&format!("{}/", outcome.case.corpus))) {
                groups.entry(format!("{group}, whole")).or_default().push(outcome);
            }
        }
        groups.entry(group).or_default().push(outcome);
    }
    for (name, group) in groups {
        line(&name, &group);
    }
    println!(
        "\n| page | side | truth | in one list | found | matched | right | confidence | headlines | links | dates |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let of =
        |(right, all): (usize, usize)| if all == 0 { "–".to_owned() } else { format!("{right}/{all}") };
    for o in outcomes {
        let (side, right) = (side(o), o.right());
        println!(
            "| {} | {side} | {} | {} | {} | {} | {right:.2} | {:.2} | {} | {} | {} |",
            o.case.name,
            o.expected(),
            o.case.ceiling.in_one_list,
            o.found,
            o.matched,
            o.confidence,
            of(o.headlines),
            of(o.links),
            of(o.dates)
        );
    }
}

/// Pages whose truth, read beside them, is a part of what they list, though it is of grade A: the decisions of one court
/// in a list of several, those of the last weeks, those with a document or a recording, one of two opinions in a case; and
/// the feeds that hold fewer entries than the page they are compared with.
const PARTS: [&str; 11] = [
    "juriscraper/arkctapp_example",
    "juriscraper/cadc_example-2510",
    "juriscraper/dc_example",
    "juriscraper/indctapp_reclassified_example",
    "juriscraper/massappct_example",
    "juriscraper/nycityct_example",
    "juriscraper/va_example",
    "juriscraper/wva_example",
    "site_pairs/FeelBetterLater__FeelBetterLater.github.io__2",
    "site_pairs/alarboli__alarboli.github.io__0",
    "site_pairs/alwaysalready__ast.github.io__0",
];

fn side(outcome: &Outcome) -> &'static str {
    if outcome.case.is_held { "held out" } else { "tuned" }
}

fn line(name: &str, group: &[&Outcome]) {
    let count = group.len() as f64;
    let mean = |of: fn(&Outcome) -> f64| group.iter().map(|o| of(o)).sum::<f64>() / count;
    let rate = |of: fn(&Outcome) -> (usize, usize)| rate(group.iter().map(|o| of(o)));
    let share = |is: fn(&Outcome) -> bool| group.iter().filter(|o| is(o)).count() as f64 / count;
    let sure: Vec<_> = group.iter().filter(|o| o.confidence >= 0.9).collect();
    println!(
        "| {name} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {} | {} | {} | {} | {} | {} |",
        group.len(),
        mean(Outcome::precision),
        mean(Outcome::recall),
        mean(Outcome::f1),
        mean(Outcome::on_page),
        mean(Outcome::in_list),
        mean(Outcome::recall_of_list),
        share(|o| o.right() >= 0.9),
        share(|o| o.right_of_list() >= 0.9),
        share(Outcome::is_exact),
        share(|o| o.is_fitting),
        rate(|o| o.headlines),
        rate(|o| o.links),
        rate(|o| o.dates),
        sure.len(),
        sure.iter().filter(|o| o.right() < 0.9).count(),
        sure.iter().filter(|o| o.right_of_list() < 0.9).count(),
    );
}

fn show(outcome: &Outcome, proposals: &[Proposal]) {
    println!("== {}", outcome.case.name);
    for proposal in proposals {
        let entries = &proposal.reading.sightings;
        println!(
            "-- confidence {:.2}, score {:.2}, fit {:.3}, {} entries, {:?}",
            proposal.confidence,
            proposal.score,
            proposal.fit,
            entries.len(),
            proposal.features
        );
        print!("{}", proposal.keys.to_toml());
        for sighting in entries.iter().take(4) {
            println!("   > {}", told(&sighting.entry));
        }
    }
    for line in &outcome.wrong {
        println!("   ! {line}");
    }
}

fn told(entry: &Entry) -> String {
    let day = entry.moment.as_ref().map(|moment| moment.day.to_string());
    format!("{:?} {:?} {day:?}", entry.headline, entry.link.as_ref().map(url::Url::as_str))
}
