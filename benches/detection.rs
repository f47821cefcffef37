//! How well listings are found, and found again, over saved pages whose entries are known:
//! `cargo bench --bench detection -- CORPORA [--part dev|held] [--show]`.
//!
//! `CORPORA` is a folder with `listings/<corpus>/<case>/{page.html,expected.json}` and
//! `versions/<case>/{old,new}.{html,json}`; without it nothing is measured, and that is said.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use gleaner::{
    decode,
    detect::{self, Proposal},
    page::{Headers, Page},
};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let Some(root) = arguments.iter().find(|a| !a.starts_with("--") && Path::new(a.as_str()).is_dir()) else {
        println!("no corpora given: nothing measured; usage: cargo bench --bench detection -- FOLDER");
        return;
    };
    let option =
        |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned();
    let options = Options {
        part: option("--part"),
        only: option("--only"),
        is_shown: arguments.iter().any(|a| a == "--show"),
        is_features: arguments.iter().any(|a| a == "--features"),
    };
    if arguments.iter().any(|a| a == "--heal") {
        healing(Path::new(root), &options);
        return;
    }
    listings(Path::new(root), &options);
}

struct Options {
    part: Option<String>,
    only: Option<String>,
    is_shown: bool,
    is_features: bool,
}

struct Truth {
    title: Option<String>,
    link: Option<String>,
    date: Option<String>,
}

struct Outcome {
    corpus: String,
    case: String,
    grade: String,
    expected: usize,
    found: usize,
    matched: usize,
    titles: (usize, usize),
    links: (usize, usize),
    dates: (usize, usize),
    confidence: f64,
    entry: String,
    features: Option<(detect::Features, f64)>,
}

impl Outcome {
    fn recall(&self) -> f64 {
        self.matched as f64 / self.expected.max(1) as f64
    }
    fn precision(&self) -> f64 {
        self.matched as f64 / self.found.max(1) as f64
    }
    fn f1(&self) -> f64 {
        let (p, r) = (self.precision(), self.recall());
        if p + r == 0.0 { 0.0 } else { 2.0 * p * r / (p + r) }
    }
    /// Of pages whose truth is a part of what they show, recall is what can be told.
    fn right(&self) -> f64 {
        if self.grade == "A" { self.f1() } else { self.recall() }
    }
}

fn cases(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for corpus in fs::read_dir(root.join("listings")).unwrap() {
        for case in fs::read_dir(corpus.unwrap().path()).unwrap() {
            found.push(case.unwrap().path());
        }
    }
    found.sort();
    found
}

/// A third of the sites is held out, by the digest of their name: all cases of one site stand on one side.
fn is_held(corpus: &str, case: &str) -> bool {
    let site = if corpus == "site_pairs" {
        case.rsplit_once("__").map_or(case, |p| p.0)
    } else if corpus == "divi" {
        case.split("__").next().unwrap()
    } else {
        case
    };
    blake3::hash(site.as_bytes()).as_bytes()[0] % 3 == 0
}

fn page(folder: &Path, name: &str, url: &str, now: Option<&str>) -> Page {
    let at = now.and_then(|n| n.replace(' ', "T").parse::<jiff::civil::DateTime>().ok()).map_or_else(
        || "2026-11-25T12:00:00Z".parse::<Timestamp>().unwrap(),
        |d| d.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp(),
    );
    Page {
        url: Url::parse(url).unwrap_or_else(|_| Url::parse("https://example.org/").unwrap()),
        status: 200,
        headers: Headers(vec![("content-type".into(), "text/html".into())]),
        body: fs::read(folder.join(name)).unwrap(),
        fetched_at: at,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn truths(value: &Value) -> Vec<Truth> {
    value["expected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| Truth { title: text(&e["title"]), link: text(&e["link"]), date: text(&e["date"]) })
        .collect()
}

fn propose(page: &Page) -> Vec<Proposal> {
    match decode::decode(page) {
        Ok(document) => detect::detect(&document, page, &[], &|| true).proposals,
        Err(_) => Vec::new(),
    }
}

fn listings(root: &Path, options: &Options) {
    let mut outcomes = Vec::new();
    let mut spent = 0.0;
    let mut pages = 0;
    for folder in cases(root) {
        let corpus = folder.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let case = folder.file_name().unwrap().to_string_lossy().into_owned();
        let held = is_held(&corpus, &case);
        if options.part.as_deref().is_some_and(|p| (p == "held") != held) {
            continue;
        }
        if options.only.as_deref().is_some_and(|o| !format!("{corpus}/{case}").contains(o)) {
            continue;
        }
        let value: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        let url = text(&value["url"]).unwrap_or_else(|| {
            format!(
                "https://{}/",
                text(&value["host"]).filter(|h| !h.is_empty()).unwrap_or("example.org".into())
            )
        });
        let page = page(&folder, "page.html", &url, value["now"].as_str());
        let start = Instant::now();
        let proposals = propose(&page);
        spent += start.elapsed().as_secs_f64();
        pages += 1;
        let outcome = judge(&corpus, &case, &value, proposals.first());
        if options.is_shown {
            show(&outcome, &truths(&value), &proposals);
        }
        outcomes.push(outcome);
    }
    report(&outcomes);
    eprintln!("{pages} pages, {:.1} pages a second", pages as f64 / spent);
    if options.is_features {
        for o in &outcomes {
            if let Some((f, s)) = &o.features {
                eprintln!("FEAT {} {}/{} {:?} score={s}", u8::from(o.right() >= 0.9), o.corpus, o.case, f);
            }
        }
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Names in some truths are tidied: the first letters tell.
fn same_title(a: &str, b: &str) -> bool {
    let (a, b) = (letters(a), letters(b));
    let head = |t: &str| t.chars().take(18).collect::<String>();
    !a.is_empty()
        && !b.is_empty()
        && (a == b
            || head(&a) == head(&b)
            || (a.len() >= 12 && b.contains(&a))
            || (b.len() >= 12 && a.contains(&b)))
}

fn tokens(text: &str) -> std::collections::BTreeSet<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A tidied name still has most of its words on the page.
fn most_words(headline: &str, title: &str) -> bool {
    let (h, t) = (tokens(headline), tokens(title));
    t.intersection(&h).count() as f64 >= 0.6 * t.len() as f64
}

fn tail(link: &str) -> String {
    let link = link.split('#').next().unwrap();
    let bare = link.trim_end_matches("index.html").trim_end_matches('/').trim_start_matches('.');
    let at = bare.char_indices().filter(|(_, c)| *c == '/').map(|(i, _)| i).collect::<Vec<_>>();
    let from = if at.len() >= 2 { at[at.len() - 2] } else { 0 };
    percent(&bare[from..]).trim_start_matches('/').to_lowercase()
}
fn percent(text: &str) -> String {
    let form = text.replace('+', "%2B");
    url::form_urlencoded::parse(form.as_bytes())
        .next()
        .map_or(String::new(), |(k, v)| if v.is_empty() { k.into_owned() } else { format!("{k}={v}") })
}
fn same_link(a: &str, b: &str) -> bool {
    let (a, b) = (tail(a), tail(b));
    !a.is_empty() && (a == b || a.ends_with(&b) && b.len() > 5 || b.ends_with(&a) && a.len() > 5)
}

fn judge(corpus: &str, case: &str, value: &Value, best: Option<&Proposal>) -> Outcome {
    let truth = truths(value);
    let mut outcome = Outcome {
        corpus: corpus.into(),
        case: case.into(),
        grade: text(&value["grade"]).unwrap(),
        expected: truth.len(),
        found: 0,
        matched: 0,
        titles: (0, 0),
        links: (0, 0),
        dates: (0, 0),
        confidence: 0.0,
        entry: String::new(),
        features: None,
    };
    let Some(best) = best else { return outcome };
    outcome.confidence = best.confidence;
    outcome.entry.clone_from(&best.keys.entry);
    outcome.features = Some((best.features, best.score));
    let found: Vec<_> = best.reading.sightings.iter().map(|s| &s.entry).collect();
    outcome.found = found.len();
    let mut taken = vec![false; found.len()];
    let zone = jiff::tz::TimeZone::UTC;
    let _ = zone;
    // Two entries of the truth may be one on the page (two documents of one case).
    for truth in &truth {
        let link = |e: &gleaner::entry::Entry| {
            truth.link.as_ref().is_some_and(|l| e.link.as_ref().is_some_and(|f| same_link(f.as_str(), l)))
        };
        let title =
            |e: &gleaner::entry::Entry| truth.title.as_ref().is_some_and(|t| same_title(&e.headline, t));
        let date = |e: &gleaner::entry::Entry| {
            truth.date.as_ref().is_some_and(|d| {
                e.moment.as_ref().is_some_and(|m| {
                    d.starts_with(&m.day.to_string())
                        || m.first_day.is_some_and(|f| d.starts_with(&f.to_string()))
                })
            })
        };
        let at = (0..found.len())
            .find(|i| !taken[*i] && link(found[*i]) && title(found[*i]))
            .or_else(|| (0..found.len()).find(|i| !taken[*i] && title(found[*i]) && date(found[*i])))
            .or_else(|| (0..found.len()).find(|i| !taken[*i] && link(found[*i])))
            .or_else(|| (0..found.len()).find(|i| !taken[*i] && title(found[*i])))
            .or_else(|| {
                (corpus == "city-scrapers")
                    .then(|| (0..found.len()).find(|i| !taken[*i] && date(found[*i])))
                    .flatten()
            });
        let Some(at) = at else { continue };
        taken[at] = true;
        outcome.matched += 1;
        let entry = found[at];
        if truth.title.is_some() {
            outcome.titles.1 += 1;
            outcome.titles.0 += usize::from(
                title(entry) || truth.title.as_ref().is_some_and(|t| most_words(&entry.headline, t)),
            );
        }
        if truth.link.is_some() {
            outcome.links.1 += 1;
            outcome.links.0 += usize::from(link(entry));
        }
        if let Some(d) = &truth.date {
            outcome.dates.1 += 1;
            let near = entry.moment.as_ref().is_some_and(|m| {
                d.get(..10).and_then(|d| d.parse::<jiff::civil::Date>().ok()).is_some_and(|d| {
                    let off = |x: jiff::civil::Date| (d - x).get_days().abs();
                    off(m.day) <= i32::from(corpus == "site_pairs")
                        || m.first_day.is_some_and(|f| off(f) == 0)
                })
            });
            outcome.dates.0 += usize::from(near);
        }
    }
    outcome
}

fn show(o: &Outcome, truth: &[Truth], proposals: &[Proposal]) {
    println!(
        "== {}/{} {} exp {} found {} matched {} right {:.2} conf {:.2}",
        o.corpus,
        o.case,
        o.grade,
        o.expected,
        o.found,
        o.matched,
        o.right(),
        o.confidence
    );
    for t in truth.iter().take(4) {
        println!("   T {:?} {:?} {:?}", t.title, t.link, t.date);
    }
    for p in proposals {
        println!(
            "  -- score {:.2} conf {:.2} n {} {:?}",
            p.score,
            p.confidence,
            p.reading.sightings.len(),
            p.features
        );
        print!("{}", p.keys.to_toml().lines().skip(1).map(|l| format!("     {l}\n")).collect::<String>());
        for s in p.reading.sightings.iter().take(4) {
            let e = &s.entry;
            println!(
                "   > {:?} {:?} {:?} {:?}",
                e.headline.chars().take(70).collect::<String>(),
                e.link.as_ref().map(Url::as_str),
                e.moment.as_ref().map(|m| m.day.to_string()),
                e.teaser.as_ref().map(|t| t.chars().take(40).collect::<String>())
            );
        }
    }
}

fn report(outcomes: &[Outcome]) {
    let mut by: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for o in outcomes {
        by.entry(format!("{} {}", o.corpus, o.grade)).or_default().push(o);
        by.entry("~ all".into()).or_default().push(o);
    }
    println!(
        "| corpus | pages | precision | recall | F1 | right pages | headline | link | date | wrong at >=.9 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (name, list) in by {
        let n = list.len() as f64;
        let mean = |f: &dyn Fn(&Outcome) -> f64| list.iter().map(|o| f(o)).sum::<f64>() / n;
        let rate = |f: &dyn Fn(&Outcome) -> (usize, usize)| {
            let (a, b) = list.iter().map(|o| f(o)).fold((0, 0), |s, x| (s.0 + x.0, s.1 + x.1));
            a as f64 / b.max(1) as f64
        };
        let sure: Vec<_> = list.iter().filter(|o| o.confidence >= 0.9).collect();
        println!(
            "| {name} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {}/{} |",
            list.len(),
            mean(&Outcome::precision),
            mean(&Outcome::recall),
            mean(&Outcome::f1),
            list.iter().filter(|o| o.right() >= 0.9).count() as f64 / n,
            rate(&|o| o.titles),
            rate(&|o| o.links),
            rate(&|o| o.dates),
            sure.iter().filter(|o| o.right() < 0.9).count(),
            sure.len()
        );
    }
    for o in outcomes {
        if o.right() < 0.9
            || o.titles.0 * 10 < o.titles.1 * 9
            || o.links.0 * 10 < o.links.1 * 9
            || o.dates.0 * 10 < o.dates.1 * 9
        {
            println!(
                "BAD {}/{} {} exp {} found {} matched {} right {:.2} titles {:?} links {:?} dates {:?} conf {:.2} {}",
                o.corpus,
                o.case,
                o.grade,
                o.expected,
                o.found,
                o.matched,
                o.right(),
                o.titles,
                o.links,
                o.dates,
                o.confidence,
                o.entry
            );
        }
    }
}

fn known_of(truth: &[Truth], page: &Page, with_links: bool) -> Vec<detect::Known> {
    truth
        .iter()
        .map(|t| detect::Known {
            headline: t.title.clone().unwrap_or_default(),
            link: t.link.as_ref().filter(|_| with_links).and_then(|l| page.url.join(l).ok()),
            day: t.date.as_ref().and_then(|d| d.get(..10)).and_then(|d| d.parse().ok()),
            is_typed: false,
        })
        .collect()
}

fn healing(root: &Path, options: &Options) {
    let source = detect::Keys::of_page(Url::parse("https://example.org/").unwrap()).source("old").unwrap();
    let mut rows: Vec<(String, bool, String, Option<(f64, f64, usize, f64)>, String)> = Vec::new();
    let mut folders: Vec<_> =
        fs::read_dir(root.join("versions")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        let case = folder.file_name().unwrap().to_string_lossy().into_owned();
        let site = case.split("_example").next().unwrap().to_owned();
        let held = blake3::hash(site.as_bytes()).as_bytes()[0] % 3 == 0;
        if options.part.as_deref().is_some_and(|p| (p == "held") != held) {
            continue;
        }
        if options.only.as_deref().is_some_and(|o| !case.contains(o)) {
            continue;
        }
        let json = |n: &str| -> Value { serde_json::from_slice(&fs::read(folder.join(n)).unwrap()).unwrap() };
        let (new, old, meta) = (json("new.json"), json("old.json"), json("meta.json"));
        let saved = new["saved"].as_str().map(|s| format!("{s} 12:00:00"));
        let truth = truths(&new);
        let first = truth.iter().find_map(|t| t.link.clone()).and_then(|l| Url::parse(&l).ok());
        let url = first.map_or("https://example.org/".to_owned(), |u| {
            format!("https://{}/", u.host_str().unwrap_or("example.org"))
        });
        let page = page(&folder, "new.html", &url, saved.as_deref());
        let Ok(document) = decode::decode(&page) else { continue };
        let older = &truth[truth.len() - (truth.len() * 6).div_ceil(10)..];
        let memories = [
            ("links and titles", known_of(older, &page, true)),
            ("titles", known_of(older, &page, false)),
            ("old page", known_of(&truths(&old), &page, true)),
        ];
        for (name, known) in memories {
            let healed = detect::heal((&document, &page), &source, &known, &|| true);
            let changed = meta["markup_changed"].as_bool().unwrap();
            match healed {
                Ok(h) => {
                    let found: Vec<_> = h.reading.sightings.iter().map(|s| &s.entry).collect();
                    let mut taken = vec![false; found.len()];
                    let mut matched = 0;
                    for t in &truth {
                        let same = |e: &gleaner::entry::Entry| {
                            (t.link
                                .as_ref()
                                .is_some_and(|l| e.link.as_ref().is_some_and(|f| same_link(f.as_str(), l))))
                                || t.title.as_ref().is_some_and(|x| same_title(&e.headline, x))
                        };
                        if let Some(at) = (0..found.len()).find(|i| !taken[*i] && same(found[*i])) {
                            taken[at] = true;
                            matched += 1;
                        }
                    }
                    // Two lines of the truth that are one entry on the page are one.
                    let distinct: std::collections::HashSet<_> =
                        truth.iter().map(|t| (t.title.clone(), t.link.clone())).collect();
                    let (p, r) = (
                        f64::from(matched) / found.len().max(1) as f64,
                        (f64::from(matched) / distinct.len().max(1) as f64).min(1.0),
                    );
                    let f1 = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
                    let wrong = taken.iter().filter(|t| !**t).count();
                    if options.is_shown {
                        println!(
                            "{case} {name} known {} found {} new {} older {} conf {:.2} {:?}",
                            h.known, h.found, h.new, h.older, h.confidence, h.changes
                        );
                        for e in found.iter().take(5) {
                            println!("   > {:?} {:?}", e.headline, e.link.as_ref().map(Url::as_str));
                        }
                        for t in truth.iter().take(3) {
                            println!("   T {:?} {:?} {:?}", t.title, t.link, t.date);
                        }
                    }
                    if options.is_shown {
                        for (i, e) in found.iter().enumerate() {
                            if !taken[i] {
                                println!(
                                    "   EXTRA {} {:?} {:?}",
                                    i,
                                    e.headline,
                                    e.link.as_ref().map(Url::as_str)
                                );
                            }
                        }
                    }
                    rows.push((
                        name.into(),
                        changed,
                        case.clone(),
                        Some((f1, r, wrong, h.confidence)),
                        format!(
                            "older {} found {}/{} entries {} truth {}",
                            h.older,
                            h.found,
                            h.known,
                            found.len(),
                            distinct.len()
                        ),
                    ));
                }
                Err(why) => {
                    rows.push((name.into(), changed, case.clone(), None, why.to_string()));
                }
            }
        }
    }
    for name in ["links and titles", "titles", "old page"] {
        for changed in [true, false] {
            let list: Vec<_> = rows.iter().filter(|r| r.0 == name && r.1 == changed).collect();
            let f1 = list.iter().map(|r| r.3.map_or(0.0, |x| x.0)).sum::<f64>() / list.len() as f64;
            let healed: Vec<_> = list.iter().filter_map(|r| r.3).collect();
            let sure: Vec<_> = healed.iter().filter(|x| x.3 >= 0.9).collect();
            println!(
                "| {name} | changed {changed} | {} | healed {} | F1 {f1:.3} | F1 of healed {:.3} | sure {} | sure with wrong {} | right {:.3}",
                list.len(),
                healed.len(),
                healed.iter().map(|x| x.0).sum::<f64>() / healed.len().max(1) as f64,
                sure.len(),
                sure.iter().filter(|x| x.2 > 0).count(),
                healed.iter().filter(|x| x.0 >= 0.9).count() as f64 / list.len() as f64
            );
        }
    }
    for r in &rows {
        if r.3.is_none_or(|x| x.0 < 0.95 || x.2 > 0) {
            println!("BAD {} {} {} {:?} {}", r.1, r.0, r.2, r.3, r.4);
        }
    }
}
