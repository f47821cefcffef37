//! Listings found again after a change, by entries that are known.

use std::{collections::HashSet, fs};

use gleaner::{
    decode,
    detect::{self, Healed, Known},
    entry::Entry,
    page::Page,
};
use url::Url;

use crate::{
    Options,
    auto::{self, Told},
    truth::{self, Truth},
};

struct Outcome {
    case: String,
    memory: &'static str,
    is_changed: bool,
    result: Result<Score, String>,
    /// What `heal = "auto"` applies tells; `None`: it applies nothing.
    told: Option<Told>,
}

struct Score {
    f1: f64,
    lost: usize,
    beside: usize,
    confidence: f64,
}

const MEMORIES: [&str; 3] = ["links and headlines", "headlines", "the old page"];

pub fn report(options: &Options) {
    let mut folders: Vec<_> =
        fs::read_dir(options.root.join("versions")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut outcomes = Vec::new();
    for folder in folders {
        let case = folder.file_name().unwrap().to_string_lossy().into_owned();
        let site = case.split("_example").next().unwrap();
        if options.takes(&case, site).is_none() {
            continue;
        }
        let (new, old) = (truth::json(&folder.join("new.json")), truth::json(&folder.join("old.json")));
        let is_changed = truth::json(&folder.join("meta.json"))["markup_changed"] == true;
        let saved = new["saved"].as_str().map(|day| format!("{day} 12:00:00"));
        let truths = truth::truths(&new);
        let host =
            truths.iter().find_map(|t| Url::parse(t.link.as_ref()?).ok()?.host_str().map(str::to_owned));
        let url = format!("https://{}/", host.unwrap_or_else(|| "example.org".to_owned()));
        let page = truth::page(&folder.join("new.html"), &url, saved.as_deref());
        let Ok(document) = decode::decode(&page) else { continue };
        // What a daily run would have stored before the change: the older entries of the new page.
        let older = &truths[truths.len() - (truths.len() * 6).div_ceil(10)..];
        let olds = truth::truths(&old);
        // Two lines of a truth that say the same are one entry.
        let mut said = HashSet::new();
        let distinct: Vec<&Truth> = truths.iter().filter(|t| said.insert((&t.title, &t.link))).collect();
        for (memory, (remembered, has_links)) in
            MEMORIES.into_iter().zip([(older, true), (older, false), (&olds, true)])
        {
            let known = known(remembered, &page, has_links);
            let healed = detect::heal((&document, &page), &auto::old(&page), &known, &|| true);
            let result = healed.map(|healed| score(&healed, &distinct)).map_err(|why| why.to_string());
            let told = auto::told(&page, remembered, has_links, &truths);
            outcomes.push(Outcome { case: case.clone(), memory, is_changed, result, told });
        }
    }
    print(&outcomes);
}

fn known(truths: &[Truth], page: &Page, has_links: bool) -> Vec<Known> {
    let link = |truth: &Truth| page.url.join(truth.link.as_ref().filter(|_| has_links)?).ok();
    let of = |truth: &Truth| Known {
        headline: truth.title.clone().unwrap_or_default(),
        link: link(truth),
        day: truth.date.as_ref().and_then(|date| date.get(..10)?.parse().ok()),
        had: truth.date.iter().map(|_| "date").collect(),
        ..Known::default()
    };
    truths.iter().map(of).collect()
}

fn score(healed: &Healed, truths: &[&Truth]) -> Score {
    let found: Vec<&Entry> = healed.reading.sightings.iter().map(|sighting| &sighting.entry).collect();
    let matched = truth::matched(&found, truths).iter().flatten().count();
    Score {
        f1: 2.0 * matched as f64 / (found.len() + truths.len()).max(1) as f64,
        lost: truths.len() - matched,
        beside: found.len() - matched,
        confidence: healed.confidence,
    }
}

fn print(outcomes: &[Outcome]) {
    println!("\n## Found again\n");
    println!(
        "The new version of a page, and what is remembered: the older six tenths of its entries with links and headlines, as a\n\
         daily run would hold them; the same by headlines alone; or the entries of the old version, which is often years older\n\
         and shares nothing with the new one (then nothing may be healed). A pair that is not healed counts as F1 0. Entries\n\
         beside the truth are mostly rows that the truth leaves out on purpose (lists of decisions, days without any). Most of\n\
         what is refused by links and headlines are pages of more rows than gleaner reads, of whose older ones no run knows.\n"
    );
    println!(
        "| markup | known by | pairs | healed | F1 | F1 of healed | sure | nothing lost | nothing beside |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (is_changed, markup) in [(true, "changed"), (false, "as before")] {
        for memory in MEMORIES {
            let of: Vec<&Outcome> =
                outcomes.iter().filter(|o| o.memory == memory && o.is_changed == is_changed).collect();
            let healed: Vec<&Score> = of.iter().filter_map(|o| o.result.as_ref().ok()).collect();
            let sum = healed.iter().map(|score| score.f1).sum::<f64>();
            println!(
                "| {markup} | {memory} | {} | {} | {:.3} | {:.3} | {} | {} | {} |",
                of.len(),
                healed.len(),
                sum / of.len().max(1) as f64,
                sum / healed.len().max(1) as f64,
                healed.iter().filter(|score| score.confidence >= 0.9).count(),
                healed.iter().filter(|score| score.lost == 0).count(),
                healed.iter().filter(|score| score.beside == 0).count(),
            );
        }
    }
    print_auto(outcomes);
    println!(
        "\n| pair | markup | known by | F1 | lost | beside | confidence |\n|---|---|---|---|---|---|---|"
    );
    for outcome in outcomes {
        let markup = if outcome.is_changed { "changed" } else { "as before" };
        let told = match &outcome.result {
            Ok(score) => {
                format!("{:.2} | {} | {} | {:.2} |", score.f1, score.lost, score.beside, score.confidence)
            }
            Err(why) => format!("{why} | | | |"),
        };
        println!("| {} | {markup} | {} | {told}", outcome.case, outcome.memory);
    }
}

fn print_auto(outcomes: &[Outcome]) {
    let applied: Vec<(&Outcome, &Told)> =
        outcomes.iter().filter_map(|outcome| Some((outcome, outcome.told.as_ref()?))).collect();
    let count = |of: fn(&Told) -> usize| applied.iter().map(|(_, told)| of(told)).sum::<usize>();
    println!(
        "\nOf these {} pairs `heal = \"auto\"` applies {} without a person ({} where the markup changed), and the feeds then announce\n\
         {} new entries that are some, {} wrong ones, and {} old ones as new.",
        outcomes.len(),
        applied.len(),
        applied.iter().filter(|(outcome, _)| outcome.is_changed).count(),
        count(|told| told.right),
        count(|told| told.wrong.len()),
        count(|told| told.again.len()),
    );
    for (outcome, told) in applied.iter().filter(|(_, told)| !told.wrong.is_empty() || !told.again.is_empty())
    {
        println!("- {}, by {}: wrong {:?}, again {:?}", outcome.case, outcome.memory, told.wrong, told.again);
    }
}
