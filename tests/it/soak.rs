//! A month of many sources, and a reader who is subscribed throughout.
//!
//! Sites publish, edit, post twice, fall over, hide behind challenges and are redesigned; a person then changes the
//! config. The clock jumps, the store is closed and opened, and runs of the real program are killed at any point. The
//! reader sees every entry that a good page held exactly once, under one id, with one date that never moves.
//!
//! `GLEANER_SOAK=200x30 cargo test --test it soak -- --nocapture` plays 200 sources for 30 days and prints what
//! happened; without it a small month is played. `GLEANER_SOAK=200x30:site-036` plays the same month for one of them, in
//! seconds.
#![allow(clippy::disallowed_methods)]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use gleaner::{
    assemble::{self, Common, Part},
    config::{self, Config, ConfigText},
    fetch::{FetchError, Fetched},
    health,
    page::{Headers, Page},
    publish, refresh, render,
    store::{self, Engine, Newest, Retention, Store as _},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// Steele, Lea and Flood's splitmix64: a month is its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }

    /// True once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

const PAGE_ROWS: usize = 12;
const KEEP: usize = 60;
const STEP_HOURS: i64 = 6;

/// How a site dates its entries.
#[derive(Clone, Copy, PartialEq)]
enum Dates {
    Machine,
    Prose,
    None,
}

struct Story {
    /// In the headline, through every edit: how the test knows a story. The program does not know it.
    token: String,
    verb: &'static str,
    teaser: String,
    at: Timestamp,
    number: u64,
    is_posted_twice: bool,
}

/// What a site answers while it is not well.
#[derive(Clone, Copy)]
enum Weather {
    Fine,
    Down,
    Status(u16),
    Challenge,
    Cut,
}

struct Site {
    id: String,
    dates: Dates,
    /// New stories in a hundred steps.
    rate: u64,
    stories: Vec<Story>,
    design: u64,
    has_moved: bool,
    /// Which design the config knows.
    known_design: u64,
    steps_since_redesign: u64,
    weather: Weather,
    weather_left: u64,
}

const VERBS: [&str; 6] = ["meets", "visits", "opens", "closes", "repairs", "funds"];

impl Site {
    fn new(number: u64, dice: &mut Dice) -> Self {
        Self {
            id: format!("site-{number:03}"),
            dates: [Dates::Machine, Dates::Prose, Dates::None][usize::try_from(number % 3).expect("small")],
            rate: [3, 15, 40, 90][usize::try_from(dice.below(4)).expect("small")],
            stories: Vec::new(),
            design: 0,
            has_moved: false,
            known_design: 0,
            steps_since_redesign: 0,
            weather: Weather::Fine,
            weather_left: 0,
        }
    }

    fn write_story(&mut self, now: Timestamp, dice: &mut Dice) {
        let number = self.stories.len() as u64;
        self.stories.push(Story {
            token: format!("{}-n{number}", self.id),
            verb: VERBS[usize::try_from(dice.below(6)).expect("small")],
            teaser: format!("the council of ward {number} {} the {}", dice.below(999), dice.below(9999)),
            at: now,
            number,
            is_posted_twice: dice.once_in(15),
        });
    }

    /// What happens to the site until the next fetch.
    fn live(&mut self, now: Timestamp, dice: &mut Dice, told: &mut Told) {
        let mut left = self.rate;
        while left >= 100 || dice.below(100) < left {
            self.write_story(now, dice);
            left = left.saturating_sub(100);
            if left == 0 {
                break;
            }
        }
        let first_on_page = self.stories.len().saturating_sub(PAGE_ROWS);
        if dice.once_in(10) && first_on_page < self.stories.len() {
            let on_page = &mut self.stories[first_on_page..];
            let place = usize::try_from(dice.below(on_page.len() as u64)).expect("small");
            let story = &mut on_page[place];
            if dice.once_in(2) {
                story.verb = VERBS[usize::try_from(dice.below(6)).expect("small")];
            } else {
                let _ = write!(
                    story.teaser,
                    ", and the {} of it",
                    VERBS[usize::try_from(dice.below(6)).expect("small")]
                );
            }
            told.edits += 1;
        }
        if self.weather_left > 0 {
            self.weather_left -= 1;
            if self.weather_left == 0 {
                self.weather = Weather::Fine;
            }
        } else if dice.once_in(25) {
            self.weather = match dice.below(6) {
                0 => Weather::Down,
                1 => Weather::Status(503),
                2 => Weather::Status(404),
                3 => Weather::Status(429),
                4 => Weather::Challenge,
                _ => Weather::Cut,
            };
            self.weather_left = 1 + dice.below(4);
            told.outages += 1;
        }
        self.steps_since_redesign += 1;
        if self.design == self.known_design && dice.once_in(60) {
            self.design += 1;
            self.has_moved = self.has_moved || dice.once_in(2);
            self.steps_since_redesign = 0;
            told.redesigns += 1;
        }
    }

    /// Whether a person now changes the config to the new design.
    fn is_repaired(&mut self) -> bool {
        let is_due = self.design != self.known_design && self.steps_since_redesign >= 3;
        if is_due {
            self.known_design = self.design;
        }
        is_due
    }

    fn config(&self) -> String {
        let d = self.known_design;
        let date = match self.dates {
            Dates::Prose => "date = { from = \"teaser\" }\n",
            Dates::Machine | Dates::None => "",
        };
        format!(
            "[source.{}]\nurl = \"https://{}.example/news/\"\nentry = \".row{d}\"\nheadline = \".row{d} a.t{d}\"\n\
             teaser = \".sum{d}\"\nkeep_entries = {KEEP}\n{date}\n",
            self.id, self.id
        )
    }

    fn on_page(&self) -> impl Iterator<Item = &Story> {
        self.stories.iter().rev().take(PAGE_ROWS)
    }

    fn html(&self) -> String {
        let d = self.design;
        let mut page = format!("<!doctype html><html lang=en><title>{}</title><main>", self.id);
        for story in self.on_page() {
            let path = if self.has_moved { "stories/of" } else { "news" };
            let day = story.at.to_zoned_datetime(TimeZone::UTC);
            let said = match self.dates {
                Dates::Prose => format!("On {}, {}", day.strftime("%-d %B"), story.teaser),
                Dates::Machine | Dates::None => story.teaser.clone(),
            };
            let time = match self.dates {
                Dates::Machine => format!("<time datetime='{}'></time>", story.at),
                Dates::Prose | Dates::None => String::new(),
            };
            for copy in 0..=u64::from(story.is_posted_twice) {
                let suffix = if copy == 0 { "" } else { "-2" };
                let _ = write!(
                    page,
                    "<div class=row{d}><h2><a class=t{d} href='/{path}/{}{suffix}'>The mayor {} {}</a></h2>{time}<p class=sum{d}>{said}</p></div>",
                    story.number, story.verb, story.token,
                );
            }
        }
        page
    }

    fn fetched(&self, at: Timestamp) -> Fetched {
        let page = |status, body: String| {
            Fetched::Page(Page {
                url: format!("https://{}.example/news/", self.id).parse().expect("an address"),
                status,
                headers: Headers(vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())]),
                body: body.into_bytes(),
                fetched_at: at,
            })
        };
        match self.weather {
            Weather::Fine => page(200, self.html()),
            Weather::Down => Fetched::Failed {
                at,
                error: FetchError::Unreachable("the connection was refused".to_owned()),
            },
            Weather::Status(status) => page(status, "<title>sorry</title>".to_owned()),
            Weather::Challenge => page(
                200,
                "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x'>".to_owned(),
            ),
            // Cut between two rows, as a proxy may.
            Weather::Cut => {
                let html = self.html();
                let rows: Vec<_> = html.match_indices("<div class=row").map(|(at, _)| at).collect();
                page(200, html[..rows.get(rows.len() / 2).copied().unwrap_or(html.len())].to_owned())
            }
        }
    }
}

/// What happened, for the record.
#[derive(Debug, Default)]
struct Told {
    refreshes: u64,
    edits: u64,
    outages: u64,
    redesigns: u64,
    jumps: u64,
    restarts: u64,
    kills: u64,
    polls: u64,
    entries: usize,
    let_go: usize,
}

/// A feed reader: it knows ids, and what it was shown under each.
#[derive(Default)]
struct Reader {
    /// By feed and id: the story, and when it was published.
    shown: HashMap<(String, String), (String, Timestamp)>,
    ids: HashMap<(String, String), String>,
}

impl Reader {
    fn poll(&mut self, folder: &Path, told: &mut Told) {
        for entry in fs::read_dir(folder).expect("the folder can be listed") {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if path.extension().is_none_or(|extension| extension != "atom") || name == "health" {
                continue;
            }
            let feed = feed_rs::parser::parse(&fs::read(&path).expect("a feed")[..]).expect("a whole feed");
            told.polls += 1;
            for entry in feed.entries {
                let title = entry.title.expect("a title").content;
                let token = title.rsplit(' ').next().expect("a token").to_owned();
                let published = entry.published.expect("a date").to_rfc3339().parse().expect("a time");
                let key = (name.clone(), entry.id.clone());
                let before = self.shown.insert(key, (token.clone(), published));
                if let Some(before) = before {
                    assert_eq!(before, (token.clone(), published), "{name}: {title} moved");
                }
                let id = self.ids.entry((name.clone(), token)).or_insert_with(|| entry.id.clone());
                assert_eq!(*id, entry.id, "{name}: {title} was announced twice");
            }
        }
    }
}

/// The sites whose pages are fetched: `alone`, besides the one that the joined feed cannot do without, or all.
fn played<'a>(sites: &'a [Site], alone: Option<&'a str>) -> impl Iterator<Item = &'a Site> {
    sites.iter().filter(move |site| alone.is_none_or(|alone| site.id == alone || site.id == "site-000"))
}

struct World {
    folder: tempfile::TempDir,
    sites: Vec<Site>,
    /// The site whose pages are fetched; `None`: all. The others live on, for the month is theirs too.
    alone: Option<String>,
    reader: Reader,
    told: Told,
    dice: Dice,
    /// The tokens of stories that a good page held.
    held: BTreeSet<String>,
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> Config {
        let mut text: String = played(&self.sites, self.alone.as_deref()).map(Site::config).collect();
        text.push_str("[feed.some]\ntitle = \"Some\"\nsources = [\"site-00*\"]\nkeep_entries = 2000\n");
        fs::write(self.path("gleaner.toml"), &text).expect("a config");
        config::read(&[ConfigText { path: "gleaner.toml".into(), text }], &|_| None).expect("it is right")
    }

    fn open(&self, now: Timestamp) -> Engine {
        let (engine, repairs) = store::open(&self.path("state"), now).expect("the store opens");
        let is_lost = |repair: &store::Repair| matches!(repair, store::Repair::Lost { .. });
        assert!(!repairs.iter().any(is_lost), "{repairs:?}");
        engine
    }

    /// A pass over all sources in this process.
    fn pass(&mut self, config: &Config, now: Timestamp) {
        let engine = self.open(now);
        self.told.restarts += 1;
        let mut all = Vec::new();
        for (site, source) in played(&self.sites, self.alone.as_deref()).zip(&config.sources) {
            let state = engine.state(&source.id).expect("a state");
            let known = &mut |keys: &[_]| engine.known(&source.id, keys, 100);
            let refreshed =
                refresh::refresh(source, state, &site.fetched(now), (known, &|| true)).expect("a refresh");
            self.told.refreshes += 1;
            assert_eq!(refreshed.plan.state.held, 0, "{}: {:?}", source.id, refreshed.verdict);
            if refreshed.verdict.is_good() {
                let rows =
                    site.on_page().take(if matches!(site.weather, Weather::Cut) { 1 } else { PAGE_ROWS });
                self.held.extend(rows.map(|story| story.token.clone()));
            }
            all.push(refreshed);
        }
        for group in all.chunks(16) {
            let health = engine.state(&health::id()).expect("a state");
            engine.commit(&health::plans(&group.iter().collect::<Vec<_>>(), health)).expect("a commit");
        }
        publish_all(config, &engine, &self.path("feeds"));
        let retained: Vec<_> = config
            .sources
            .iter()
            .map(|source| (source.id.clone(), Retention::of(Newest::of(KEEP))))
            .collect();
        self.told.let_go += engine.retain(&retained).expect("retention");
        if self.dice.once_in(2) {
            engine.close().expect("a clean close");
        }
    }

    /// The same by the real program, killed some times before it is let through.
    fn killed_pass(&mut self, config: &Config, now: Timestamp) {
        let pages = self.path("pages");
        let _ = fs::remove_dir_all(&pages);
        for site in played(&self.sites, self.alone.as_deref()) {
            let Fetched::Page(page) = site.fetched(now) else { continue };
            let folder = pages.join(&site.id).join("now");
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("page.html"), &page.body).expect("a page");
            let case = format!("url = \"{}\"\nfetched_at = \"{now}\"\nstatus = {}\n", page.url, page.status);
            fs::write(folder.join("case.toml"), case).expect("a case");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_gleaner"));
        command.args(["run", "--replay"]).arg(&pages).stdout(Stdio::null()).stderr(Stdio::null());
        for (name, at) in [("--config", "gleaner.toml"), ("--state", "state"), ("--output", "feeds")] {
            command.arg(name).arg(self.path(at));
        }
        for _ in 0..3 {
            let mut child = command.spawn().expect("the program starts");
            // A run takes longer with more sources; a death may come at any point of it.
            let most = 100 + 12 * played(&self.sites, self.alone.as_deref()).count() as u64;
            std::thread::sleep(Duration::from_millis(self.dice.below(most)));
            child.kill().expect("it can be killed");
            self.told.kills += u64::from(child.wait().expect("it ends").code().is_none());
            self.reader.poll(&self.path("feeds"), &mut self.told);
        }
        let status = command.status().expect("the program starts");
        assert!(matches!(status.code(), Some(0 | 1)), "{status}");
        let engine = self.open(now);
        for (site, source) in played(&self.sites, self.alone.as_deref()).zip(&config.sources) {
            let state = engine.state(&source.id).expect("a state");
            self.told.refreshes += u64::from(state.refreshed_at == Some(now));
            if state.succeeded_at == Some(now) && !matches!(site.weather, Weather::Cut) {
                self.held.extend(site.on_page().map(|story| story.token.clone()));
            }
        }
        engine.close().expect("a clean close");
    }
}

fn publish_all(config: &Config, engine: &Engine, folder: &Path) {
    let mut states = BTreeMap::new();
    for source in &config.sources {
        let state = engine.glances(&[&source.id]).expect("a state").remove(0);
        if state.succeeded_at.is_some() {
            let records = engine.records(&source.id, Newest::of(KEEP)).expect("records");
            let bytes = render::atom::render(&assemble::source_feed(source, &state, records, None));
            publish::publish(folder, &format!("{}.atom", source.id), &bytes).expect("published");
            states.insert(&source.id, (source, state));
        }
    }
    for rule in &config.feeds {
        let mut common = Common::default();
        let parts: Vec<Part<'_>> = states
            .values()
            .filter(|(source, _)| rule.sources.contains(&source.id))
            .map(|(source, state)| {
                let records = engine.records(&source.id, Newest::of(rule.keep.entries)).expect("records");
                common.add(source, state);
                Part { source, state: state.clone(), records }
            })
            .collect();
        let joined = assemble::joined_feed((rule, &common), &parts, None);
        let plans = joined.plans(|id| engine.state(id)).expect("states");
        engine.commit(&plans).expect("marks");
        let bytes = render::atom::render(&joined.feed);
        publish::publish(folder, &format!("{}.atom", rule.id), &bytes).expect("published");
    }
}

fn play(sources: u64, days: u64, alone: Option<String>) -> Told {
    let mut dice = Dice(0x00c0_ffee);
    let mut sites: Vec<Site> = (0..sources).map(|number| Site::new(number, &mut dice)).collect();
    let mut now: Timestamp = "2026-02-20T06:00:00Z".parse().expect("a time");
    for site in &mut sites {
        for hours in (1..9).rev() {
            site.write_story(now - SignedDuration::from_hours(30 * hours), &mut dice);
        }
    }
    let mut world = World {
        folder: tempfile::tempdir().expect("a folder"),
        sites,
        alone,
        reader: Reader::default(),
        told: Told::default(),
        dice,
        held: BTreeSet::new(),
    };
    fs::create_dir_all(world.path("feeds")).expect("a folder");
    let mut config = world.config();
    let mut jump = (SignedDuration::ZERO, 0);
    let mut latest = now;
    for step in 0..days * 24 / STEP_HOURS.unsigned_abs() {
        now += SignedDuration::from_hours(STEP_HOURS);
        let World { sites, dice, told, .. } = &mut world;
        for site in sites.iter_mut() {
            site.live(now, dice, told);
        }
        if sites.iter_mut().filter_map(|site| site.is_repaired().then_some(())).count() > 0 {
            config = world.config();
        }
        if jump.1 > 0 {
            jump.1 -= 1;
        } else {
            // A machine without a clock of its own comes up a year ago; another gains an hour, a third a day and a half.
            let hours = match world.dice.below(24) {
                0 => -365 * 24,
                1 => 36,
                2 => -1,
                3 => 1,
                _ => 0,
            };
            world.told.jumps += u64::from(hours != 0);
            jump = (SignedDuration::from_hours(hours), if hours == 0 { 0 } else { world.dice.below(4) });
        }
        let clock = now + jump.0;
        if jump.0.is_zero() && clock > latest && (step % 4 == 3 || world.dice.once_in(8)) {
            world.killed_pass(&config, clock);
        } else {
            world.pass(&config, clock);
        }
        latest = latest.max(clock);
        if world.dice.below(10) < 7 {
            world.reader.poll(&world.folder.path().join("feeds"), &mut world.told);
        }
    }
    // At last all is well, and everything that was ever on a good page has been seen.
    world.sites.iter_mut().for_each(|site| site.known_design = site.design);
    world.sites.iter_mut().for_each(|site| site.weather = Weather::Fine);
    config = world.config();
    world.pass(&config, now + SignedDuration::from_hours(STEP_HOURS));
    world.reader.poll(&world.path("feeds"), &mut world.told);
    for token in &world.held {
        let site = token.split("-n").next().expect("a site").to_owned();
        assert!(world.reader.ids.contains_key(&(site, token.clone())), "{token} was never shown");
    }
    world.told.entries = world.held.len();
    world.told
}

#[test]
fn a_reader_subscribed_for_a_month_sees_every_entry_once() {
    let size = std::env::var("GLEANER_SOAK").unwrap_or_else(|_| "12x8".to_owned());
    let (size, alone) =
        size.split_once(':').map_or((&*size, None), |(size, alone)| (size, Some(alone.to_owned())));
    let (sources, days) = size.split_once('x').expect("SOURCESxDAYS, such as 200x30");
    let (sources, days) = (sources.parse().expect("a number"), days.parse().expect("a number"));
    let told = play(sources, days, alone);
    println!("{sources} sources, {days} days: {told:#?}");
    assert!(
        told.edits > 0 && told.outages > 0 && told.redesigns > 0 && told.jumps > 0 && told.kills > 0,
        "{told:?}"
    );
}
