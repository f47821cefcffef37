//! A listener → connections, each held to its limits. IO.
//!
//! Slow readers are expected: the head of a request must come soon, a connection may live only so long, and neither
//! one peer nor all together may hold more than so many.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{Site, router};

/// What a server allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once of one address.
    pub of_one_peer: usize,
    /// The head of a request must have come by then.
    pub head: Duration,
    /// A connection is over then, whatever it does: enough for the largest feed over the slowest line.
    pub connection: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            // A household behind one address, or a proxy of our own.
            of_one_peer: 128,
            head: Duration::from_secs(10),
            connection: Duration::from_secs(120),
        }
    }
}

/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long connections have to end after the shutdown.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How many connections each address has.
type Peers = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Takes an address.
///
/// # Errors
/// What the system says: somebody else has it, or it is not ours to take.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `shutdown` is done; connections then have a few seconds to end.
///
/// # Errors
/// When the listener can accept no more at all.
pub async fn run(
    listener: TcpListener,
    (site, limits): (Site, Limits),
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let routes = router(site);
    let room = Arc::new(Semaphore::new(limits.connections));
    let peers = Peers::default();
    let mut connections = JoinSet::new();
    let (end, ended) = tokio::sync::watch::channel(());
    tokio::pin!(shutdown);
    loop {
        let place = Arc::clone(&room).acquire_owned();
        let accepted = async {
            let place = place.await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accepted => accepted,
        };
        while connections.try_join_next().is_some() {}
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            // The connection is gone already, or all files are open: the next moment is better.
            Err(error) if is_passing(&error) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        // One peer too many: closing costs less than an answer.
        let Some(guest) = Guest::admit(&peers, address.ip(), limits.of_one_peer) else { continue };
        let service = TowerToHyperService::new(routes.clone());
        let mut ended = ended.clone();
        connections.spawn(async move {
            let _held = (place, guest);
            let mut builder = http1::Builder::new();
            // Who sends no more still reads: `nc -N` and the like.
            builder
                .half_close(true)
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head)
                .max_buf_size(MAX_HEAD_BYTES);
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            tokio::select! {
                // A connection that breaks off is the reader's affair.
                _ = tokio::time::timeout(limits.connection, connection.as_mut()) => {}
                _ = ended.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = tokio::time::timeout(LAST_WORDS, connection).await;
                }
            }
        });
    }
    drop(listener);
    drop(end);
    while connections.join_next().await.is_some() {}
    Ok(())
}

fn is_passing(error: &io::Error) -> bool {
    // EMFILE and ENFILE have no kind of their own.
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    ) || matches!(error.raw_os_error(), Some(23 | 24))
}

/// A connection that is counted among its peer's while it lives.
struct Guest {
    peers: Peers,
    address: IpAddr,
}

impl Guest {
    fn admit(peers: &Peers, address: IpAddr, most: usize) -> Option<Self> {
        let mut counts = peers.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Self { peers: Arc::clone(peers), address })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
