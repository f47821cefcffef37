//! Leases: who is refreshing which source until when. Pure, and forgotten with its process: the lock of the state
//! folder keeps other processes out, so a store on disk needs them for its own threads alone.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::id::SourceId;

/// For whom sources are taken, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease<'a> {
    /// Who takes them; two with one name are one.
    pub holder: &'a str,
    /// The time now.
    pub now: Timestamp,
    /// They are free again then, should the holder be gone.
    pub until: Timestamp,
}

/// What is leased.
#[derive(Debug, Default)]
pub struct Leases(HashMap<SourceId, (String, Timestamp)>);

impl Leases {
    /// Takes a source, or keeps it; whether it could be had.
    pub fn take(&mut self, source: &SourceId, lease: &Lease<'_>) -> bool {
        // A clock that was set back makes a lease long, never endless: it ends with its process.
        let is_free =
            self.0.get(source).is_none_or(|(holder, until)| holder == lease.holder || *until <= lease.now);
        if is_free {
            self.0.insert(source.clone(), (lease.holder.to_owned(), lease.until));
        }
        is_free
    }

    /// A source that was committed is free.
    pub fn end(&mut self, source: &SourceId) {
        self.0.remove(source);
    }
}
