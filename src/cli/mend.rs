//! A refresh that found a source broken → the source mended, if its config allows it and there is no doubt.
//!
//! A mended source is a changed config and a refresh by it. The change is written first: what a crash then leaves is a
//! config that a person could have written, and the next run reads the page by it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{
    live::{self, PARSE_LIMIT},
    workspace,
};
use crate::{
    clock::Deadline,
    config::{self, Config, ConfigText, Source, patch, save},
    detect::{Healed, Known, unasked},
    fetch::Fetched,
    health::{Event, Kind},
    id::SourceId,
    page::Page,
    record::SourceState,
    refresh::{self, Refreshed},
    store::{Newest, Store, StoreError},
};

/// A file of the config before and after.
#[derive(Clone, Debug)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    before: String,
    /// What it is to say.
    pub after: String,
}

impl Change {
    /// As a patch.
    pub fn difference(&self) -> String {
        let path = self.path.display().to_string();
        similar::TextDiff::from_lines(&self.before, &self.after)
            .unified_diff()
            .header(&path, &path)
            .to_string()
    }
}

/// What new rules change in the config; `None`: the source's place in it cannot be changed safely.
pub fn change(
    config: &Config,
    source: &SourceId,
    healed: &Healed,
) -> Result<Option<Change>, save::SaveError> {
    for (at, path) in config.files.iter().enumerate() {
        let is_own = at > 0 && path.file_stem().is_some_and(|stem| stem == source.as_str());
        if at > 0 && !is_own {
            continue;
        }
        let before = save::text(path)?;
        let place = if is_own { patch::Place::File } else { patch::Place::Source(source.as_str()) };
        if let Some(after) = patch::patched(&before, place, &healed.changes) {
            return Ok(Some(Change { path: path.clone(), before, after }));
        }
    }
    Ok(None)
}

/// A source that was mended; nothing of it is written yet.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The source by its new rules.
    pub source: Source,
    /// The refresh by them.
    pub refreshed: Refreshed,
    page: Page,
    change: Change,
    found: usize,
    known: usize,
}

impl Mended {
    /// Writes the changed config, and the change itself into `folder`, so that it can be taken back; adds the event.
    pub fn write(&mut self, folder: &Path, now: Timestamp) -> Result<(), save::SaveError> {
        let name = format!("{}-{}.patch", self.source.id, now.strftime("%Y%m%dT%H%M%SZ"));
        let kept = save::keep(folder, &name, &self.change.difference())?;
        save::replace(&self.change.path, &self.change.after)?;
        self.refreshed.events.push(Event {
            source: self.source.id.clone(),
            kind: Kind::Mended,
            at: now,
            headline: format!(
                "{}: the page was built anew, and its selectors were mended; {} of {} remembered entries are found again",
                self.source.id, self.found, self.known
            ),
            advice: Some(format!(
                "look at the change of `{}` in `{}`; `patch -R -p0 -i` takes it back",
                self.change.path.display(),
                kept.display()
            )),
            link: Some(self.source.url.to_url()),
        });
        Ok(())
    }

    /// Keeps the page as what a refresh that counts makes of it; why it was not.
    pub fn keep(&self, folder: Option<&Path>, counts: &Refreshed) -> Option<String> {
        live::keep(folder?, &self.source.id, counts.kept?, &self.page)
    }
}

/// Mends a source that a refresh found broken; `None`: it is not broken, not to be mended, or there is doubt.
///
/// `before` is its state before that refresh, `refreshed` how that ended.
pub fn mend(
    config: &Config,
    source: &Source,
    (before, fetched): (SourceState, &Fetched),
    refreshed: &Refreshed,
    store: &dyn Store,
) -> Result<Option<Mended>, StoreError> {
    let Fetched::Page(page) = fetched else { return Ok(None) };
    if !unasked::is_to_mend(source, &before, page, &refreshed.verdict) {
        return Ok(None);
    }
    let records = store.records(&source.id, Newest::of(unasked::LOOKED_FOR))?;
    let known: Vec<Known> = records.into_iter().map(Known::from).collect();
    let deadline = Deadline::after(PARSE_LIMIT);
    let healed = unasked::rules(source, page, &known, &|| deadline.is_ahead());
    let Some(healed) = healed else { return Ok(None) };
    let Some((change, source)) = rewritten(config, source, &healed) else { return Ok(None) };
    let deadline = Deadline::after(PARSE_LIMIT);
    let mut ask = |keys: &[_]| store.known(&source.id, keys, live::RECENT);
    let mut refreshed =
        refresh::refresh(&source, before.clone(), fetched, (&mut ask, &|| deadline.is_ahead()))?;
    if !unasked::is_confirmed(&healed, &before, &refreshed) {
        return Ok(None);
    }
    refreshed.plan.state.mended_at = Some(page.fetched_at);
    let page = page.clone();
    Ok(Some(Mended { source, refreshed, page, change, found: healed.found, known: healed.known }))
}

/// The config with the new rules, and the source as it is read from there; `None`: what stands on the disk is not
/// what the source was read from, or cannot be changed.
fn rewritten(config: &Config, source: &Source, healed: &Healed) -> Option<(Change, Source)> {
    let change = change(config, &source.id, healed).ok()??;
    let read = |text_of: &dyn Fn(&Path) -> Option<String>| {
        let files =
            config.files.iter().map(|path| Some(ConfigText { path: path.clone(), text: text_of(path)? }));
        let read = config::read(&files.collect::<Option<Vec<_>>>()?, &workspace::environment).ok()?;
        read.sources.into_iter().find(|other| other.id == source.id)
    };
    let stands = read(&|path| save::text(path).ok())?;
    if stands.digest() != source.digest() {
        return None;
    }
    let Source { rules, digest, .. } = read(&|path| {
        if path == change.path { Some(change.after.clone()) } else { save::text(path).ok() }
    })?;
    Some((change, Source { rules, digest, ..source.clone() }))
}
