//! What one visit to a source asks for, and what it brought. Nouns, pure.

use url::Url;

use super::{Fetched, permit::Permit};
use crate::{config::Source, page::Validators};

/// What is asked of a source.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The source.
    pub source: &'a Source,
    /// Where it is asked: its address, or where that has moved to.
    pub address: &'a Url,
    /// Those of what we already have.
    pub validators: &'a Validators,
    /// The address that gave us what we have, to which they are sent; `None`: the one asked.
    pub answered: Option<&'a Url>,
    /// What robots.txt said the last time.
    pub permits: &'a [Permit],
    /// Whether the host is asked again soon.
    pub after: After,
}

/// What becomes of the connection after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It is kept for a while: the host is asked again.
    Kept,
    /// It is closed: nobody else waits for this host, and one that idles holds as much memory as the page took.
    Closed,
}

/// Of what nothing is known.
static NOTHING: Validators = Validators { etag: None, last_modified: None };

impl<'a> Visit<'a> {
    /// A visit to an address of a source's, of which nothing is known.
    pub fn to(source: &'a Source, address: &'a Url) -> Self {
        Self { source, address, validators: &NOTHING, answered: None, permits: &[], after: After::Kept }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Visited {
    /// The answer.
    pub fetched: Fetched,
    /// Where permanent redirects, and no others, led from the address asked; `None`: nowhere.
    pub moved: Option<Url>,
    /// What robots.txt says of the addresses that were asked.
    pub permits: Vec<Permit>,
}
