//! Serve: the published files over HTTP. The answers are pure; files and connections are touched in `files` and
//! `listen`.
//!
//! What a reader gets are the bytes that were published: a whole file, the old one or the new one. No header of a
//! request ever reaches a feed, nothing can be changed by a request, and no path leads out of the folder: a name is
//! looked up among those that are published before any file is opened.

mod answer;
mod catalog;
mod conditional;
mod files;
pub mod listen;
mod metrics;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use axum::{
    Router,
    extract::State,
    http::{Request, Response},
    middleware,
};
use jiff::Timestamp;
use tower_http::compression::{CompressionLayer, predicate::SizeAbove};

use crate::{clock, id::SourceId};

pub use catalog::Catalog;
pub use listen::run;
pub use metrics::{Snapshot, SourceHealth};

/// How all is at the moment; asked for by `/health` and `/metrics`, off the threads that answer.
pub type Health = dyn Fn(&Catalog) -> Option<Snapshot> + Send + Sync;

/// What is served.
#[derive(Clone)]
pub struct Site {
    /// What is published; replaced when the config is read again.
    pub catalog: Arc<RwLock<Catalog>>,
    /// How all is; `None` from it: it cannot be told now.
    pub health: Arc<Health>,
}

impl Site {
    /// What is published now.
    pub fn catalog(&self) -> RwLockReadGuard<'_, Catalog> {
        // A poisoned lock guards nothing but a value that was whole before.
        self.catalog.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sources were asked, and are asked again then.
    pub fn put_due(&self, due: impl IntoIterator<Item = (SourceId, Timestamp)>) {
        self.catalog.write().unwrap_or_else(PoisonError::into_inner).put_due(due);
    }

    /// Another config publishes other names.
    pub fn replace(&self, catalog: Catalog) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }
}

/// A body shorter than this is not worth compressing.
const COMPRESSED_FROM: u16 = 256;

/// The routes of a site.
pub fn router(site: Site) -> Router {
    Router::new()
        .fallback(answered)
        .with_state(site)
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESSED_FROM)))
        // Outside of the compression, for only it knows which bytes are sent.
        .layer(middleware::map_response(conditional::name_the_coding))
}

async fn answered(
    State(site): State<Site>,
    request: Request<axum::body::Body>,
) -> Response<axum::body::Body> {
    let (parts, _) = request.into_parts();
    let asked = answer::Asked::of(&parts, clock::now());
    // Files and the store are read off the threads that wait for the network.
    let answer = tokio::task::spawn_blocking(move || answer::answer(&site, &asked)).await;
    answer.unwrap_or_else(|_| answer::failed())
}
