//! What is due of one pass → refreshes over the network, from the first source that is known to be due.

use tokio::{
    runtime::Runtime,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    Failure,
    live::{self, Came, Crew, Order},
    together,
};
use crate::{schedule::agenda::Agenda, store::Engine};

/// A pass that goes on while other sources are still being looked at.
pub struct Round {
    runtime: Runtime,
    driving: JoinHandle<()>,
    orders: mpsc::UnboundedSender<Order>,
    groups: mpsc::Receiver<Vec<Came>>,
    stopped: oneshot::Receiver<()>,
}

impl Round {
    /// One in which nothing is due yet.
    pub fn start(crew: Crew<Engine>) -> Result<Self, Failure> {
        let runtime = live::runtime(1)?;
        let (sender, came) = mpsc::channel(live::WAITING);
        let (group, groups) = mpsc::channel(1);
        let (orders, received) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let order = orders.clone();
        let driving = runtime.spawn(async move {
            let signalled = async {
                live::stopped().await;
                // Who waits for either is gone only when all is over.
                let _ = stop.send(());
                let _ = order.send(Order::Stop);
                std::future::pending::<()>().await;
            };
            let driven = async {
                let driven = live::drive(crew, Agenda::default(), sender, received);
                tokio::join!(driven, together::group(came, group))
            };
            tokio::select! {
                _ = driven => {}
                () = signalled => {}
            }
        });
        Ok(Self { runtime, driving, orders, groups, stopped })
    }

    /// Tells what to do.
    pub fn order(&self, order: Order) {
        // Who drives is gone only when a person stopped it.
        let _ = self.orders.send(order);
    }

    /// What came next; `None`: all is done.
    pub fn next(&mut self) -> Option<Vec<Came>> {
        self.groups.blocking_recv()
    }

    /// Begins nothing more and ends; whether a person stopped it.
    pub fn end(self) -> bool {
        self.order(Order::Stop);
        drop(self.groups);
        if let Err(error) = self.runtime.block_on(self.driving)
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
        // A page that is still being parsed is nobody's concern any more.
        self.runtime.shutdown_background();
        self.stopped.blocking_recv().is_ok()
    }
}
