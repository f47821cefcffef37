//! Hosts → turns: one request at a time for each host, and a rest after it. Waits; asks nothing.
//!
//! The queue says which source is next; this is the last gate before the wire, which redirects, robots.txt and an
//! entry's own page go through as well.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Deadline;

/// Hosts that are kept in mind before those that have rested are forgotten.
const REMEMBERED: usize = 1024;

/// Every host that was asked lately.
#[derive(Clone, Debug, Default)]
pub struct Hosts(Arc<Mutex<HashMap<String, Arc<Host>>>>);

#[derive(Debug)]
struct Host {
    turn: Arc<Semaphore>,
    /// Until when it rests. Held for a moment, never over a wait: hence not an async lock.
    rest: Mutex<Option<Deadline>>,
}

/// The right to ask a host once. The host rests when it is dropped.
#[derive(Debug)]
pub struct Turn {
    host: Arc<Host>,
    spacing: Duration,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.host.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Deadline::after(self.spacing));
    }
}

impl Hosts {
    /// Waits until the host may be asked.
    pub async fn turn(&self, name: &str, spacing: Duration) -> Turn {
        let host = self.host(name);
        let permit = Arc::clone(&host.turn).acquire_owned().await.expect("the semaphore is never closed");
        let rest = *host.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rest) = rest {
            tokio::time::sleep(rest.left()).await;
        }
        Turn { host, spacing, _permit: permit }
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= REMEMBERED {
            hosts.retain(|_, host| {
                let rest = *host.rest.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::strong_count(host) > 1 || rest.is_some_and(|rest| rest.is_ahead())
            });
        }
        let new = || Arc::new(Host { turn: Arc::new(Semaphore::new(1)), rest: Mutex::new(None) });
        Arc::clone(hosts.entry(name.to_owned()).or_insert_with(new))
    }
}
