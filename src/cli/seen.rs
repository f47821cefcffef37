//! What was seen of sources → their marks in the imprints of feeds, so that none is looked at twice in one pass.
//!
//! What is known of a source changes by its own refresh alone, and is noted here when that is committed.

use super::{run::Taken, workspace};
use crate::{
    config::{Config, Source},
    imprint::Mark,
    record::Glance,
    store::{Store, StoreError},
};

/// Marks of the sources of one config, by their places in it.
#[derive(Default)]
pub struct Seen(Vec<Option<Mark>>);

impl Seen {
    /// Notes what was seen of a source.
    pub fn note(&mut self, place: usize, source: &Source, state: &Glance) {
        self.at(place).get_or_insert_with(|| Mark::of(source, state));
    }

    /// Notes what is known of sources after their turns.
    pub fn renew(&mut self, config: &Config, taken: &[Taken]) {
        for Taken { id, known, .. } in taken {
            if let (Some(state), Ok(place)) =
                (known, config.sources.binary_search_by(|source| source.id.cmp(id)))
            {
                *self.at(place) = Some(Mark::of(&config.sources[place], state));
            }
        }
    }

    fn at(&mut self, place: usize) -> &mut Option<Mark> {
        if self.0.len() <= place {
            self.0.resize(place + 1, None);
        }
        &mut self.0[place]
    }

    /// The marks of sources. The store is asked for what was not seen.
    pub fn marks(
        &mut self,
        config: &Config,
        places: &[usize],
        store: &dyn Store,
    ) -> Result<Vec<Mark>, StoreError> {
        let is_seen = |place: &usize| self.0.get(*place).is_some_and(Option::is_some);
        let unseen: Vec<usize> = places.iter().copied().filter(|place| !is_seen(place)).collect();
        let sources: Vec<&Source> = unseen.iter().map(|place| &config.sources[*place]).collect();
        for (place, one) in unseen.iter().zip(workspace::glances(&sources, store)) {
            let (source, state) = one?;
            self.note(*place, source, &state);
        }
        Ok(places.iter().filter_map(|place| self.0[*place]).collect())
    }
}
