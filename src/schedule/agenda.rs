//! Sources and when they are due → which is due now. Pure.

use std::{cmp::Reverse, collections::BinaryHeap};

use jiff::Timestamp;

/// Sources by their places in the config, the one that is due first in front.
#[derive(Debug, Default)]
pub struct Agenda(BinaryHeap<Reverse<(Timestamp, usize)>>);

impl Agenda {
    /// Puts a source down for a time.
    pub fn put(&mut self, due: Timestamp, place: usize) {
        self.0.push(Reverse((due, place)));
    }

    /// Takes one that is due; `None`: none is.
    pub fn take(&mut self, now: Timestamp) -> Option<usize> {
        let Reverse((due, _)) = self.0.peek()?;
        if *due > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, place))| place)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps only some.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        self.0.retain(|Reverse((_, place))| keep(*place));
    }

    /// When the next one is due; `None`: there is none.
    pub fn next(&self) -> Option<Timestamp> {
        self.0.peek().map(|Reverse((due, _))| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_come_in_the_order_they_are_due() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut agenda = Agenda::default();
        agenda.put(at(3), 0);
        agenda.put(at(1), 1);
        agenda.put(at(2), 2);
        assert_eq!(agenda.take(at(0)), None);
        assert_eq!((agenda.take(at(2)), agenda.take(at(2)), agenda.take(at(2))), (Some(1), Some(2), None));
        assert_eq!(agenda.next(), Some(at(3)));
    }
}
