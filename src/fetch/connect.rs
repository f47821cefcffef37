//! How a source is to be asked → the client that asks so. IO: names, and files of certificates.
//!
//! A client is made for each way of asking (guard, proxy, certificates), not for each source; one that never speaks TLS
//! trusts nobody, for the system's certificates take longer to read than hundreds of answers. Its resolver gives
//! only addresses that the guard lets pass, and the connection is made to the address that was checked: a name that
//! answers differently the second time gains nothing. Proxies of the environment are not used, for a proxy resolves
//! names itself, past the guard.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use super::{
    FetchError,
    guard::{HOW_TO_ALLOW, Inside},
};
use crate::config::Request;

/// Names → addresses.
pub type Lookup = Arc<dyn Fn(&str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// As the system resolves names.
pub fn system() -> Lookup {
    Arc::new(|name| {
        let name = name.to_owned();
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect())
        })
    })
}

/// Long enough for a slow handshake over a bad line; an origin that needs more does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest silence within an answer; the whole exchange has its own limit.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a connection waits for another request: sources of one host follow each other within seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// What is read of an answer's head at most: a page has no use for more.
const MAX_HEADERS: usize = 200;
const MAX_HEADER_BYTES: u32 = 64 << 10;

/// Clients by the way they ask.
#[derive(Clone)]
pub struct Connections {
    lookup: Lookup,
    clients: Arc<Mutex<HashMap<Way, reqwest::Client>>>,
    /// Whether any name could be resolved: a resolver that answers for others is not what is broken.
    resolves: Arc<AtomicBool>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Way {
    inside: Inside,
    /// TLS may be spoken, with the origin or a proxy.
    is_secure: bool,
    proxy: Option<Url>,
    extra_ca: Option<PathBuf>,
}

impl Connections {
    pub fn new(lookup: Lookup) -> Self {
        // A second installation, by a test in this process say, changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { lookup, clients: Arc::default(), resolves: Arc::default() }
    }

    /// Whether names can be resolved here, as far as is known.
    pub fn can_resolve(&self) -> bool {
        self.resolves.load(Ordering::Relaxed)
    }

    /// The client that asks for an address in the way of a source.
    ///
    /// # Errors
    /// [`FetchError::Ours`] when certificates or proxy cannot be used.
    pub fn client(&self, url: &Url, request: &Request) -> Result<reqwest::Client, FetchError> {
        let way = Way {
            inside: request.inside.clone(),
            is_secure: url.scheme() != "http" || request.proxy.is_some(),
            proxy: request.proxy.clone(),
            extra_ca: request.extra_ca.clone(),
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&way) {
            return Ok(client.clone());
        }
        let client = self.build(&way)?;
        clients.insert(way, client.clone());
        Ok(client)
    }

    fn build(&self, way: &Way) -> Result<reqwest::Client, FetchError> {
        let ours = |error: &reqwest::Error| {
            FetchError::Ours(format!("cannot set up the HTTP client: {}", super::exchange::cause(error)))
        };
        let guard = Guard {
            lookup: Arc::clone(&self.lookup),
            inside: way.inside.clone(),
            proxy: way.proxy.as_ref().and_then(Url::host_str).map(str::to_owned),
            resolves: Arc::clone(&self.resolves),
        };
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .referer(false)
            .no_proxy()
            // No connection idles for long enough to need them, and each is a call of the system.
            .tcp_keepalive(None)
            .tcp_keepalive_interval(None)
            .tcp_keepalive_retries(None)
            .dns_resolver(Arc::new(guard));
        if let Some(proxy) = &way.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(|error| ours(&error))?);
        }
        if !way.is_secure {
            builder = builder.tls_certs_only([]);
        } else if let Some(path) = &way.extra_ca {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        builder.build().map_err(|error| ours(&error))
    }

    /// Whether a name's addresses may all be asked, before a proxy is told the name.
    ///
    /// # Errors
    /// Why not, or that it cannot be known.
    pub async fn check(&self, host: &str, inside: &Inside) -> Result<(), FetchError> {
        let addresses = (self.lookup)(host)
            .await
            .map_err(|error| super::exchange::unresolved(host, &error.to_string(), self.can_resolve()))?;
        match addresses.iter().find(|address| !inside.allows(**address)) {
            Some(address) => Err(FetchError::Unreachable(refusal(host, *address))),
            None => Ok(()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is one of the IO files")]
fn certificates(path: &PathBuf) -> Result<Vec<reqwest::Certificate>, FetchError> {
    let ours = |why: String| FetchError::Ours(format!("`extra_ca`: cannot use `{}`: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| ours(error.to_string()))?;
    let found = reqwest::Certificate::from_pem_bundle(&bytes).map_err(|error| ours(error.to_string()))?;
    if found.is_empty() { Err(ours("it holds no certificate".to_owned())) } else { Ok(found) }
}

fn refusal(name: &str, address: IpAddr) -> String {
    format!("`{name}` is {address}, not a public address, and {HOW_TO_ALLOW}")
}

/// Gives only addresses that may be asked.
struct Guard {
    lookup: Lookup,
    inside: Inside,
    /// The proxy's own name, which the operator chose; the names asked for through it are checked before.
    proxy: Option<String>,
    resolves: Arc<AtomicBool>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str());
        let inside = self.inside.clone();
        let is_proxy = self.proxy.as_deref() == Some(name.as_str());
        let resolves = Arc::clone(&self.resolves);
        Box::pin(async move {
            let all = found.await?;
            resolves.store(true, Ordering::Relaxed);
            let allowed: Vec<SocketAddr> = all
                .iter()
                .filter(|address| is_proxy || inside.allows(**address))
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            match all.first() {
                Some(first) if allowed.is_empty() => Err(refusal(name.as_str(), *first).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
