//! The newest records of many sources together → places in the index, never more of them at once than are wanted. Pure.

use std::cmp::Reverse;

/// A record's place: when it was published in seconds, the place of its source, its number. Newer is less.
pub type Place = (Reverse<i64>, usize, Reverse<u64>);

/// The newest places of all that were put in.
#[derive(Debug)]
pub struct Top {
    most: usize,
    /// In no order; at most twice as many as are wanted.
    places: Vec<Place>,
    /// What is not before it is not wanted; `None`: there is room yet.
    end: Option<Place>,
}

impl Top {
    /// At most this many.
    pub fn of(most: usize) -> Self {
        Self { most, places: Vec::new(), end: None }
    }

    /// Whether a place is among the newest so far.
    pub fn has_room(&self, place: &Place) -> bool {
        self.most > 0 && self.end.as_ref().is_none_or(|end| place < end)
    }

    /// Puts a place in.
    pub fn put(&mut self, place: Place) {
        if !self.has_room(&place) {
            return;
        }
        self.places.push(place);
        if self.places.len() >= 2 * self.most {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.places.len() > self.most {
            let (_, end, _) = self.places.select_nth_unstable(self.most);
            self.end = Some(*end);
            self.places.truncate(self.most);
        }
    }

    /// The newest, newest first.
    pub fn finish(mut self) -> Vec<Place> {
        self.cut();
        self.places.sort_unstable();
        self.places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_what_sorting_all_of_them_would_give(
            all in prop::collection::vec((any::<i8>(), 0..9_usize, any::<u8>()), 0..200),
            most in 0..20_usize,
        ) {
            let mut all: Vec<Place> =
                all.into_iter().map(|(time, place, number)| (Reverse(time.into()), place, Reverse(number.into()))).collect();
            let mut top = Top::of(most);
            for place in &all {
                top.put(*place);
                prop_assert!(top.places.len() <= 2 * most);
            }
            all.sort();
            all.truncate(most);
            prop_assert_eq!(top.finish(), all);
        }
    }
}
