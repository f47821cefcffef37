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
