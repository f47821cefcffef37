//! Refreshes that come one by one → groups of those that are committed together.

use std::time::Duration;

use tokio::sync::mpsc;

use super::live::Came;

/// What comes in within this time is committed together: the disk is waited for once for all of it.
const TOGETHER: Duration = Duration::from_millis(100);

/// So many refreshes are committed together at most.
const MOST_TOGETHER: usize = 256;

/// Of refreshes that come with records, no more are committed together once there are so many records: sled holds all
/// that a transaction replaces until it is over.
const RECORDS_TOGETHER: usize = 500;

/// Puts together what is committed together: so whoever commits is woken once for all of it.
pub async fn group(mut receiver: mpsc::Receiver<Came>, sender: mpsc::Sender<Vec<Came>>) {
    // No group is begun before there is room for it: at most one waits while one is committed.
    while let Ok(room) = sender.reserve().await {
        let Some(first) = receiver.recv().await else { return };
        room.send(together(first, &mut receiver).await);
    }
}

/// What came, and what comes soon after it.
async fn together(first: Came, receiver: &mut mpsc::Receiver<Came>) -> Vec<Came> {
    let mut records = first.records();
    let mut group = vec![first];
    let over = tokio::time::sleep(TOGETHER);
    tokio::pin!(over);
    while group.len() < MOST_TOGETHER && records < RECORDS_TOGETHER {
        tokio::select! {
            more = receiver.recv() => match more {
                Some(more) => {
                    records += more.records();
                    group.push(more);
                }
                None => break,
            },
            () = &mut over => break,
        }
    }
    group
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        cli::live::One,
        config::{self, Config, ConfigText},
        refresh::Refreshed,
        store::samples::plan,
        verdict::Verdict,
    };

    fn config() -> Arc<Config> {
        let text = "[source.one]\nurl = \"https://one.example/\"\nentry = \"a\"\nheadline = \"a\"\n";
        let file = ConfigText { path: "gleaner.toml".into(), text: text.to_owned() };
        Arc::new(config::read(&[file], &|_| None).unwrap())
    }

    fn came(config: &Arc<Config>, records: u64) -> Came {
        let refreshed = Refreshed {
            verdict: Verdict::Unchanged { reason: "304".to_owned() },
            plan: plan("one", 1..=records),
            new: Vec::new(),
            diagnostics: Vec::new(),
            events: Vec::new(),
            kept: None,
            again: None,
        };
        Came::Refreshed(Arc::clone(config), 0, Box::new(One { refreshed, mended: None, unkept: None }))
    }

    /// How many refreshes are in the groups that so many come in, all there at once, with so many records each.
    async fn groups(refreshes: usize, records: u64) -> Vec<usize> {
        let config = config();
        let (sender, received) = mpsc::channel(refreshes);
        for _ in 0..refreshes {
            sender.send(came(&config, records)).await.unwrap_or_else(|_| panic!("there is room"));
        }
        drop(sender);
        let (group_sender, mut groups) = mpsc::channel::<Vec<Came>>(1);
        let mut sizes = Vec::new();
        let all = async {
            while let Some(group) = groups.recv().await {
                sizes.push(group.len());
            }
        };
        tokio::join!(group(received, group_sender), all);
        sizes
    }

    #[tokio::test]
    async fn refreshes_with_many_records_are_committed_with_few_others() {
        assert_eq!(groups(600, 0).await, [256, 256, 88]);
        assert_eq!(groups(10, 300).await, [2; 5]);
    }
}
