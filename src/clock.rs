//! The clock: the one file that reads it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time now.
#[allow(clippy::disallowed_methods)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A deadline: answers whether there is still time.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline `time` from now.
    #[allow(clippy::disallowed_methods)]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Whether it is still to come.
    #[allow(clippy::disallowed_methods)]
    pub fn is_ahead(&self) -> bool {
        Instant::now() < self.0
    }
}

/// Measures time that goes on evenly, whatever is done to the clock.
#[derive(Clone, Copy, Debug)]
pub struct Watch(Instant);

impl Watch {
    /// Begins now.
    #[allow(clippy::disallowed_methods)]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Deadline {
    /// How long it is still ahead; zero: it is over.
    #[allow(clippy::disallowed_methods)]
    pub fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}
