//! The refresh of a source: the one place where the stages meet. Pure.
//!
//! What a fetch gave, and what we know, go in; a verdict and a plan come out. Network, store and clock are the
//! caller's: `run` asks them, and so does a replay of fixtures, over the same code.

mod linked;
pub mod own;
pub mod pages;
mod reading;

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};

use crate::{
    config::Source,
    diagnostic::{Code, Diagnostic},
    entry::Sighting,
    extract::icon,
    fetch::{
        FetchError, Fetched, Visited, caching,
        moved::{self, Moved},
    },
    health,
    id::EntryKey,
    listing::{Container, Listing},
    merge::{self, Merged},
    page::{Page, Validators},
    record::{Known, PageShape, Plan, Record, SourceState},
    schedule::{self, Hold},
    verdict::{Verdict, blocked, history, judge, rhythm},
};
use own::Own;
use pages::Pages;
pub(crate) use reading::believe;
use reading::look;
pub use reading::{Reading, read};

/// How a refresh ended, and what is to be committed.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The verdict.
    pub verdict: Verdict,
    /// What to commit: the state at least.
    pub plan: Plan,
    /// The numbers of the plan's records that are announced for the first time.
    pub new: Vec<u64>,
    /// What the stages noticed.
    pub diagnostics: Vec<Diagnostic>,
    /// What a person should know of it.
    pub events: Vec<health::Event>,
    /// As what the page is to be kept for repair; `None`: it is not.
    pub kept: Option<Kept>,
    /// How many known entries are announced again, or would be, because the config was changed; `None`: it was not.
    pub again: Option<usize>,
}

/// As what a page is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A good one, not the last but of the last day or so.
    Good,
    /// The first bad one after good ones.
    Bad,
}

impl Kept {
    /// Its word, which is in the name of its file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// How old a kept good page may be: writing each of them would be more than all else that is written.
const KEPT_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// The validators to send: none when the config that read the last page was another, for then a 304 would hide
/// what the new config would find.
pub fn validators_for(source: &Source, state: &SourceState, now: Timestamp) -> Validators {
    if state.digest == *source.digest() && !caching::is_full_due(state.full_at, now) {
        state.validators.clone()
    } else {
        Validators::default()
    }
}

/// Notes what a visit told besides its answer: where the source has moved to.
pub fn learn(source: &Source, refreshed: &mut Refreshed, visited: &Visited) {
    let state = &mut refreshed.plan.state;
    let was_moved = state.moved.as_ref().is_some_and(Moved::is_believed);
    if refreshed.verdict.is_good() {
        if let Fetched::Page(page) = &visited.fetched {
            state.answered = (page.url != *source.url).then(|| page.url.clone());
        }
        state.moved = moved::seen(&source.url, state.moved.take(), visited.moved.as_ref());
        if let Some(moved) = state.moved.as_ref().filter(|moved| moved.is_believed() && !was_moved) {
            let message =
                format!("`{}` has moved for good to `{}`, and is asked there", source.url, moved.to);
            refreshed.diagnostics.push(Diagnostic::page(Code::SourceMoved, message));
        }
    } else if refreshed.verdict.is_failure() {
        // Where it was thought to be it is not: the next try goes to the address of the config.
        state.moved = None;
    }
}

/// What [`refresh`] asks of the store: what is known by any of these keys, and the source's recent records.
pub type Ask<'a, E> = dyn FnMut(&[EntryKey]) -> Result<Known, E> + 'a;

/// Refreshes a source with what a fetch gave. `still_time` answers whether parsing may go on.
///
/// # Errors
/// Only those of `known`.
pub fn refresh<E>(
    source: &Source,
    state: SourceState,
    fetched: &Fetched,
    asked: (&mut Ask<'_, E>, &dyn Fn() -> bool),
) -> Result<Refreshed, E> {
    refresh_all(source, state, Brought::page(fetched), asked)
}

/// What visits to a source brought.
#[derive(Clone, Debug)]
pub struct Brought<'a> {
    /// Its listing, or the first page of it.
    pub fetched: &'a Fetched,
    /// What was read of a listing over its pages; `None`: it is one page.
    pub pages: Option<Pages>,
    /// What the own pages of its entries tell.
    pub own: Own,
}

impl<'a> Brought<'a> {
    /// One page alone.
    pub fn page(fetched: &'a Fetched) -> Self {
        Self { fetched, pages: None, own: Own::default() }
    }
}

/// The same with all that visits brought.
///
/// # Errors
/// Only those of `known`.
pub fn refresh_all<E>(
    source: &Source,
    state: SourceState,
    brought: Brought<'_>,
    asked: (&mut Ask<'_, E>, &dyn Fn() -> bool),
) -> Result<Refreshed, E> {
    let (fetched, end) = (brought.fetched, brought.pages.as_ref().map(Pages::end));
    let hold = brought.own.hold();
    let is_first = state.succeeded_at.is_none();
    let was_fine = state.failures == 0 && !matches!(state.verdict, Some(Verdict::Degraded { .. }));
    let linked = state.feeds.as_ref().map(Vec::len);
    let mut refreshed = judged(source, state, brought, asked)?;
    let (now, verdict, state) = (fetched.at(), &refreshed.verdict, &mut refreshed.plan.state);
    schedule::settle(source, state, verdict, fetched);
    if let Some(end) = end.filter(|_| verdict.is_good()) {
        end.note(source, state);
    }
    if let Some((until, scope)) = hold {
        state.hold.get_or_insert(Hold { url: source.url.to_url(), until: Some(until), scope });
    }
    history::note(&mut state.episodes, verdict, now);
    if !refreshed.new.is_empty() && !is_first {
        rhythm::note(&mut state.arrivals, now);
    }
    refreshed.events = health::watch(source, verdict, state, now);
    if let Some(feed) = linked::appeared(linked, state) {
        refreshed
            .diagnostics
            .push(Diagnostic::page(Code::FeedLinked, format!("the page now links a feed: {feed}")));
        refreshed.events.push(health::feed_linked(source, feed, now));
    }
    if let Fetched::Page(_) = fetched {
        refreshed.kept = keep(verdict, state, was_fine, now);
    }
    Ok(refreshed)
}

/// Whether a page is kept, and as what.
fn keep(verdict: &Verdict, state: &mut SourceState, was_fine: bool, now: Timestamp) -> Option<Kept> {
    match verdict {
        Verdict::New { .. } | Verdict::Unchanged { .. } => {
            let is_old = state.kept_at.is_none_or(|at| at.duration_until(now).abs() >= KEPT_FOR);
            is_old.then(|| {
                state.kept_at = Some(now);
                Kept::Good
            })
        }
        Verdict::Degraded { .. } => was_fine.then_some(Kept::Bad),
        other => (was_fine && other.is_failure()).then_some(Kept::Bad),
    }
}

fn judged<E>(
    source: &Source,
    mut state: SourceState,
    Brought { fetched, pages, own }: Brought<'_>,
    (known, still_time): (&mut Ask<'_, E>, &dyn Fn() -> bool),
) -> Result<Refreshed, E> {
    let now = fetched.at();
    let page = match fetched {
        Fetched::NotModified { .. } => {
            let verdict = Verdict::Unchanged { reason: "304 Not Modified".to_owned() };
            return Ok(good(source, state, verdict, now).alone());
        }
        Fetched::Failed { error, .. } => return Ok(failed(source, state, verdict_of(error), now)),
        Fetched::Page(page) => page,
    };
    let body = body_digest(&page.body);
    if is_same(source, &state, page, &body) {
        let verdict = Verdict::Unchanged { reason: "the same bytes".to_owned() };
        let mut state = good(source, state, verdict, now);
        state.plan.state.validators = Validators::of(&page.headers);
        return Ok(state.alone());
    }
    let reading = match pages {
        Some(pages) => Ok(pages.reading(page, still_time)),
        None => read(source, page, still_time),
    };
    let reading = match reading {
        Ok(reading) => reading,
        Err(verdict) => return Ok(failed(source, state, verdict, now)),
    };
    let shape = reading.shape();
    let without_entries = reading.verdict_without_entries(source, &state.history);
    linked::note(&mut state, &reading.listing, without_entries.as_ref());
    if let Some(verdict) = without_entries {
        if verdict.is_failure() {
            return Ok(Refreshed { diagnostics: reading.diagnostics, ..failed(source, state, verdict, now) });
        }
        let mut good = good(source, state, verdict, now);
        good.remember(source, page, &reading, body);
        return Ok(good.with(reading.diagnostics, None));
    }

    compared(source, state, (page, body), (reading, shape), (own, now, known))
}

/// What the entries of a page come to, held against what is known.
fn compared<E>(
    source: &Source,
    mut state: SourceState,
    (page, body): (&Page, String),
    (mut reading, shape): (Reading, PageShape),
    (own, now, known): (Own, Timestamp, &mut Ask<'_, E>),
) -> Result<Refreshed, E> {
    let against = Against::of(source, &state, &mut reading, (now, known))?;
    if let Some((true, entries)) = against.again {
        return Ok(held(source, state, entries, now).with(reading.diagnostics, Some(entries)));
    }
    let shape = reading.shape_dated(shape);
    if let Some(kind) = against.stands_in(&reading.listing, &state) {
        let reason = format!("the page is {kind}, and none of its entries is known");
        return Ok(Refreshed {
            diagnostics: reading.diagnostics,
            ..failed(source, state, Verdict::Blocked { reason }, now)
        });
    }
    if let Some(reason) = against.foreign(&reading, &shape, &state.history) {
        let reason = format!("what the entry selector matches are not the entries known so far: {reason}");
        return Ok(Refreshed {
            diagnostics: reading.diagnostics,
            ..failed(source, state, Verdict::Drifted { reason }, now)
        });
    }
    if against.again.is_some() {
        judge::forget_unasked(&mut state.history, source.rules.as_deref());
    }
    let degraded = judge::degraded(shape, &state.history);
    let lacking = own::lacking(source, &state, &reading, &against);
    let noticed = own.fill(source, &mut reading, &against);
    reading.diagnostics.extend(noticed);

    let context = merge::Context {
        source: &source.id,
        zone: &source.timezone,
        now: against.seen,
        last_number: state.last_number,
    };
    let mut merged = merge::merge(&reading.sightings, &against.records, &against.recognized, &context);
    let (new, changed) = (merged.new.len(), merged.changed.len());
    let is_usual = degraded.is_none();
    let verdict = match degraded {
        Some(reason) => Verdict::Degraded { reason, new, changed },
        None if new + changed == 0 => Verdict::Unchanged { reason: "the same entries".to_owned() },
        None => Verdict::New { new, changed },
    };
    let mut good = good(source, state, verdict, now);
    good.remember(source, page, &reading, body);
    if is_usual {
        // A degraded page does not become the usual one.
        good.learn(shape);
    }
    good.plan.state.read_at = Some(against.seen);
    own.note(&mut good.plan.state, (&lacking, &reading), &against, &mut merged);
    reading.diagnostics.append(&mut merged.diagnostics);
    let again = against.again.map(|(_, entries)| entries);
    let new = good.take(merged, against, now);
    Ok(Refreshed { new, ..good.with(reading.diagnostics, again) })
}

/// A listing held against what is known.
struct Against {
    /// When it was seen. A clock that was set back (a machine without one of its own comes up in another year) must not
    /// date what is new before all that is known, nor refuse the page's own dates as too late.
    seen: Timestamp,
    records: Vec<Record>,
    /// The numbers of those that had been let go, and come back.
    back: Vec<u64>,
    /// For each sighting the place of its record; `None`: it is new.
    recognized: Vec<Option<usize>>,
    /// Whether a changed config is held back, and how many known entries it announces again; `None`: it is the same.
    again: Option<(bool, usize)>,
}

impl Against {
    /// Recognizes entries, and dates the listing by those that are known.
    fn of<E>(
        source: &Source,
        state: &SourceState,
        reading: &mut Reading,
        (now, known): (Timestamp, &mut Ask<'_, E>),
    ) -> Result<Self, E> {
        let seen = state.read_at.map_or(now, |last| last.max(now));
        let keys: Vec<EntryKey> = reading.sightings.iter().flat_map(|s| s.keys.iter().cloned()).collect();
        let Known { mut records, traces } = known(&keys)?;
        let revived = merge::revive(&reading.sightings, &records, &traces, seen);
        let back: Vec<u64> = revived.iter().map(|record| record.number).collect();
        records.extend(revived);
        let mut recognized = merge::recognize(&reading.sightings, &records);
        let anchor = |(place, sighting): (&Option<usize>, &Sighting)| {
            let record = place.map(|place| &records[place])?;
            let moment = record.entry.moment.as_ref()?;
            let is_sure = !merge::is_doubtful(sighting, record) && !merge::is_by_headline(sighting, record);
            is_sure.then_some(moment.day)
        };
        let anchors: Vec<Option<Date>> = recognized.iter().zip(&reading.sightings).map(anchor).collect();
        reading.date(source, &anchors, seen);
        merge::part(&reading.sightings, &records, &mut recognized);
        let again = is_reconfigured(source, state).then(|| {
            let again = merge::again(&reading.sightings, &records, &mut recognized, state.read_at);
            (again.would_hold() && state.accepted.as_ref() != Some(source.digest()), again.entries)
        });
        merge::stayed(&reading.sightings, &records, &mut recognized, state.read_at);
        merge::follow(&reading.sightings, &records, &mut recognized);
        Ok(Self { seen, records, back, recognized, again })
    }

    /// Whether a person must decide first.
    fn is_held(&self) -> bool {
        self.again.is_some_and(|(is_held, _)| is_held)
    }

    /// Why these are not the source's entries; `None`: they may well be.
    fn foreign(&self, reading: &Reading, shape: &PageShape, history: &[PageShape]) -> Option<String> {
        if !self.is_unknown() || shape.teasers > 0 || shape.dates > 0 {
            return None;
        }
        judge::degraded(*shape, history)
            .or_else(|| judge::vanished(*shape, history))
            .or_else(|| self.names_of_a_menu(reading))
    }

    /// Where nothing but headlines tells a menu from news: its names are short.
    fn names_of_a_menu(&self, reading: &Reading) -> Option<String> {
        let length = |headline: &str| headline.chars().count();
        let known = self.records.iter().map(|record| length(&record.entry.headline)).min()?;
        let is_short = |sighting: &Sighting| length(&sighting.entry.headline) < known;
        let is_menu = self.again.is_none()
            && reading.listing.container != Container::Feed
            && self.records.len() >= ENOUGH_KNOWN
            && reading.sightings.len() >= LEAST_MENU
            && reading.sightings.iter().all(is_short);
        is_menu
            .then(|| format!("no headline is as long as the shortest of the known ones, {known} characters"))
    }

    /// Which kind of page stands in for the listing, by a title that it did not have before; `None`: it is the listing.
    fn stands_in(&self, listing: &Listing, state: &SourceState) -> Option<&'static str> {
        let kind = blocked::titled(listing.title.as_deref()?)?;
        // A listing may be about such things.
        let was = state.page_title.as_deref().and_then(blocked::titled);
        (self.is_unknown() && was != Some(kind) && self.again.is_none()).then_some(kind)
    }

    /// Whether entries are known, and none of them is on the page.
    fn is_unknown(&self) -> bool {
        self.recognized.iter().all(Option::is_none) && !self.records.is_empty()
    }
}

/// So many known entries say how long their source's headlines are.
const ENOUGH_KNOWN: usize = 5;
/// A menu has so many names. One new entry, or two, may well be the shortest of all.
const LEAST_MENU: usize = 3;

/// Whether a page is to the byte the one that was last read, by the same rules.
fn is_same(source: &Source, state: &SourceState, page: &Page, body: &String) -> bool {
    page.status == 200 && state.digest == *source.digest() && state.body.as_ref() == Some(body)
}

/// The same of a page whose digest was not made yet.
fn is_same_page(source: &Source, state: &SourceState, page: &Page) -> bool {
    state.body.is_some() && is_same(source, state, page, &body_digest(&page.body))
}

/// Whether the rules that read the last page were others.
fn is_reconfigured(source: &Source, state: &SourceState) -> bool {
    state.read_at.is_some() && state.digest != *source.digest()
}

/// A digest of a page's bytes.
fn body_digest(body: &[u8]) -> String {
    blake3::hash(body).to_hex()[..32].to_owned()
}

fn verdict_of(error: &FetchError) -> Verdict {
    let reason = error.to_string();
    match error {
        FetchError::Unreachable(_) | FetchError::NoSuchName(_) => Verdict::Unreachable { reason },
        FetchError::Unreadable(_) => Verdict::Unreadable { reason },
        FetchError::Disallowed(_) | FetchError::Ours(_) => Verdict::Skipped { reason },
    }
}

/// A refresh that went well, being put together.
struct Good {
    verdict: Verdict,
    plan: Plan,
}

fn good(source: &Source, mut state: SourceState, verdict: Verdict, now: Timestamp) -> Good {
    state.refreshed_at = Some(now);
    state.succeeded_at = Some(now);
    state.first_succeeded_at.get_or_insert(now);
    state.failures = 0;
    state.held = 0;
    state.verdict = Some(verdict.clone());
    Good { verdict, plan: Plan::of(source.id.clone(), state) }
}

impl Good {
    /// What is kept of the page besides its entries; validators only here, with the entries they vouch for.
    fn remember(&mut self, source: &Source, page: &Page, reading: &Reading, body: String) {
        let state = &mut self.plan.state;
        state.validators = Validators::of(&page.headers);
        state.digest = source.digest().clone();
        state.body = Some(body);
        let is_cut = |code| matches!(code, Code::FeedCut | Code::ParseDeadline);
        if reading.diagnostics.iter().any(|diagnostic| is_cut(diagnostic.code)) {
            // The rest must come with the next fetch: a 304 or the same bytes would hide it.
            state.validators = Validators::default();
            state.body = None;
        }
        // What a page does not say this time stands.
        if let Some(title) = &reading.listing.title {
            state.page_title = Some(title.clone());
        }
        if let Some(language) = &reading.listing.language {
            state.language = Some(language.clone());
        }
        // One that another of the site's machines names in turn must not make the feed new at each visit.
        let may_change = !matches!(self.verdict, Verdict::Unchanged { .. });
        if let Some(icon) = &reading.listing.icon
            && state.icon.as_ref().is_none_or(|was| may_change && !icon::is_same(was, icon))
        {
            state.icon = Some(icon.clone().into());
        }
        state.page_url = Some(reading.listing.home.as_ref().unwrap_or(&page.url).clone().into());
        state.hint = reading.listing.pace.map(|pace| pace.as_secs());
        state.quiet.clone_from(&reading.listing.quiet);
    }

    /// Takes what is to be written, with those that come back unchanged; the numbers of those that are new.
    fn take(&mut self, merged: Merged, against: Against, now: Timestamp) -> Vec<u64> {
        let Merged { mut records, new, .. } = merged;
        let written: HashSet<u64> = records.iter().map(|record| record.number).collect();
        let is_back =
            |record: &Record| against.back.contains(&record.number) && !written.contains(&record.number);
        records.extend(against.records.into_iter().filter(is_back));
        records.sort_by_key(|record| record.number);
        let state = &mut self.plan.state;
        state.last_number = new.last().copied().unwrap_or(state.last_number);
        if !records.is_empty() {
            state.changed_at = Some(now);
        }
        self.plan.records = records;
        new
    }

    fn learn(&mut self, shape: PageShape) {
        let history = &mut self.plan.state.history;
        history.push(shape);
        let surplus = history.len().saturating_sub(SourceState::HISTORY);
        history.drain(..surplus);
    }

    fn alone(self) -> Refreshed {
        self.with(Vec::new(), None)
    }

    fn with(self, diagnostics: Vec<Diagnostic>, again: Option<usize>) -> Refreshed {
        Refreshed {
            verdict: self.verdict,
            plan: self.plan,
            new: Vec::new(),
            diagnostics,
            events: Vec::new(),
            kept: None,
            again,
        }
    }
}

/// A refresh whose page is not taken, because the changed config would announce known entries again: nothing but our
/// patience changes until a person has decided.
fn held(source: &Source, mut state: SourceState, entries: usize, now: Timestamp) -> Good {
    let noun = if entries == 1 { "entry" } else { "entries" };
    let reason =
        format!("the changed config would announce {entries} known {noun} again; nothing was written");
    state.refreshed_at = Some(now);
    state.held = u32::try_from(entries).unwrap_or(u32::MAX);
    let verdict = Verdict::Skipped { reason };
    state.verdict = Some(verdict.clone());
    Good { verdict, plan: Plan::of(source.id.clone(), state) }
}

/// A refresh that failed: validators, entries and history stay as they are, only our patience changes.
fn failed(source: &Source, mut state: SourceState, verdict: Verdict, now: Timestamp) -> Refreshed {
    if verdict.is_failure() {
        state.refreshed_at = Some(now);
        state.failures = state.failures.saturating_add(1);
        state.verdict = Some(verdict.clone());
    }
    let plan = Plan::of(source.id.clone(), state);
    Refreshed {
        verdict,
        plan,
        new: Vec::new(),
        diagnostics: Vec::new(),
        events: Vec::new(),
        kept: None,
        again: None,
    }
}
