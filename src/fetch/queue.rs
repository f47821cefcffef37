//! Jobs on hosts → which one may begin now. Pure: what waits is kept, what may begin is told, nobody sleeps here.
//!
//! One job at a time for each host, so many hosts at once, a rest between two jobs of a host. Hosts take turns in
//! the order they became ready, so that one with a thousand sources keeps no other waiting.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
};

use jiff::Timestamp;

/// Hosts known at once before those with nothing to do are looked for.
const MANY: usize = 1024;

/// Jobs in line, by host.
#[derive(Debug)]
pub struct Queue<J> {
    hosts: HashMap<String, Host<J>>,
    /// When a host with jobs may begin one, and which; entries of hosts that have changed since are void.
    ready: BinaryHeap<Reverse<(Timestamp, u64, String)>>,
    /// Hosts at work.
    busy: usize,
    waiting: usize,
    most_busy: usize,
    count: u64,
    /// From so many hosts on it is worth looking for those with nothing to do.
    many: usize,
}

#[derive(Debug)]
struct Host<J> {
    jobs: VecDeque<J>,
    is_busy: bool,
    /// No job begins before.
    rests_until: Timestamp,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<J> {
    /// This job begins, on this host.
    Begin(String, J),
    /// Nothing begins before this.
    Wait(Timestamp),
    /// Nothing begins before a job has ended, or another is in line.
    Idle,
}

impl<J> Queue<J> {
    /// An empty queue that lets this many hosts work at once.
    pub fn new(most_busy: usize) -> Self {
        Self {
            hosts: HashMap::new(),
            ready: BinaryHeap::new(),
            busy: 0,
            waiting: 0,
            most_busy,
            count: 0,
            many: MANY,
        }
    }

    /// Puts a job in its host's line.
    pub fn push(&mut self, host: &str, job: J) {
        let known = self.hosts.entry(host.to_owned()).or_insert_with(|| Host {
            jobs: VecDeque::new(),
            is_busy: false,
            rests_until: Timestamp::MIN,
        });
        known.jobs.push_back(job);
        self.waiting += 1;
        if known.jobs.len() == 1 && !known.is_busy {
            let at = known.rests_until;
            self.stand(host.to_owned(), at);
        }
    }

    /// What may begin now. A job that begins must be ended with [`Queue::end`].
    pub fn next(&mut self, now: Timestamp) -> Next<J> {
        if self.busy >= self.most_busy {
            return Next::Idle;
        }
        let Some(Reverse((at, _, _))) = self.ready.peek() else { return Next::Idle };
        if *at > now {
            return Next::Wait(*at);
        }
        let Some(Reverse((_, _, name))) = self.ready.pop() else { return Next::Idle };
        let host = self.hosts.get_mut(&name).expect("a host that stands in line is known");
        let job = host.jobs.pop_front().expect("a host that stands in line has a job");
        host.is_busy = true;
        self.busy += 1;
        self.waiting -= 1;
        Next::Begin(name, job)
    }

    /// A host's job is over; its next one begins no earlier than `rests_until`.
    pub fn end(&mut self, name: &str, rests_until: Timestamp) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        if !std::mem::replace(&mut host.is_busy, false) {
            return;
        }
        self.busy -= 1;
        host.rests_until = host.rests_until.max(rests_until);
        let at = host.rests_until;
        if !host.jobs.is_empty() {
            self.stand(name.to_owned(), at);
        }
    }

    /// Takes every job out of its line.
    pub fn clear(&mut self) {
        self.ready.clear();
        self.waiting = 0;
        for host in self.hosts.values_mut() {
            host.jobs.clear();
        }
    }

    /// When the next job may begin, as far as is known; `None`: not by time.
    pub fn next_at(&self) -> Option<Timestamp> {
        let Reverse((at, _, _)) = self.ready.peek()?;
        (self.busy < self.most_busy).then_some(*at)
    }

    /// Forgets hosts that have rested and have nothing to do, once there are twice as many as were left the last time:
    /// to look at all of them after each job would cost their number squared.
    pub fn forget(&mut self, now: Timestamp) {
        if self.hosts.len() <= self.many {
            return;
        }
        self.hosts.retain(|_, host| host.is_busy || !host.jobs.is_empty() || host.rests_until > now);
        self.many = MANY.max(2 * self.hosts.len());
    }

    /// Whether a host has more to do than what is being done.
    pub fn has_more(&self, name: &str) -> bool {
        self.hosts.get(name).is_some_and(|host| !host.jobs.is_empty())
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    fn stand(&mut self, name: String, at: Timestamp) {
        self.count += 1;
        self.ready.push(Reverse((at, self.count, name)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_host_with_many_jobs_keeps_no_other_waiting() {
        let mut queue = Queue::new(1);
        for job in 0..100 {
            queue.push("big", job);
        }
        queue.push("small", 100);
        assert_eq!(queue.next(at(0)), Next::Begin("big".to_owned(), 0));
        assert_eq!(queue.next(at(0)), Next::Idle, "one host at once");
        queue.end("big", at(2));
        assert_eq!(queue.next(at(0)), Next::Begin("small".to_owned(), 100));
        queue.end("small", at(2));
        assert_eq!(queue.next(at(0)), Next::Wait(at(2)));
    }

    #[test]
    fn a_line_that_was_cleared_stands_no_more() {
        let mut queue = Queue::new(2);
        queue.push("a", 1);
        queue.push("b", 2);
        assert_eq!(queue.next(at(0)), Next::Begin("a".to_owned(), 1));
        queue.push("a", 3);
        queue.clear();
        assert_eq!((queue.next(at(0)), queue.waiting()), (Next::Idle, 0));
        queue.push("a", 4);
        assert_eq!(queue.next(at(0)), Next::Idle, "its job goes on");
        queue.end("a", at(5));
        assert_eq!(queue.next_at(), Some(at(5)));
        assert_eq!(queue.next(at(5)), Next::Begin("a".to_owned(), 4));
    }

    proptest! {
        /// Jobs arrive, begin and end in any order: no host does two things at once or without its rest, no more
        /// hosts work than may, and every job begins.
        #[test]
        fn every_job_begins_once_and_no_host_is_hurried(
            jobs in prop::collection::vec((0u8..5, 0usize..8), 1..60), most in 1usize..4, rest in 0i64..5,
        ) {
            let mut queue = Queue::new(most);
            let mut waiting: Vec<(usize, String)> = jobs.iter().map(|(host, _)| format!("h{host}")).enumerate().collect();
            let (mut busy, mut begun) = (Vec::<(String, usize)>::new(), HashSet::new());
            let mut rested = HashMap::new();
            waiting.reverse();
            for now in 0..10_000 {
                if let Some((job, host)) = waiting.pop() {
                    queue.push(&host, job);
                }
                busy.retain_mut(|(host, left)| {
                    if *left == 0 {
                        queue.end(host, at(now + rest));
                        rested.insert(host.clone(), now + rest);
                        return false;
                    }
                    *left -= 1;
                    true
                });
                while let Next::Begin(host, job) = queue.next(at(now)) {
                    prop_assert!(busy.iter().all(|(other, _)| *other != host));
                    prop_assert!(rested.get(&host).is_none_or(|until| *until <= now));
                    prop_assert!(begun.insert(job));
                    busy.push((host, jobs[job].1));
                    prop_assert!(busy.len() <= most);
                }
                if begun.len() == jobs.len() {
                    break;
                }
            }
            prop_assert_eq!(begun.len(), jobs.len());
            prop_assert_eq!(queue.waiting(), 0);
        }
    }
}
