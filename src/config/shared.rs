//! What many sources of a config have in common → one of each in memory. Pure.
//!
//! Sites that run one program are read by the same rules, by the thousand; and most sources are asked for in the way, and
//! have all else, that `[defaults]` says.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use scraper::Selector;

use super::{
    Request, Rules, Terms,
    digest::Said,
    selector::{Refusal, compile},
};

/// What was met so far.
#[derive(Default)]
pub struct Shared {
    selectors: RefCell<HashMap<String, Arc<Selector>>>,
    rules: RefCell<HashMap<Said, Arc<Rules>>>,
    /// The last ones: sources that are asked for in one way stand together, or have it from `[defaults]`.
    requests: Last<Request>,
    terms: Last<Terms>,
}

/// Values that were met last.
type Last<T> = RefCell<Vec<Arc<T>>>;

/// How many of them are looked through.
const LAST: usize = 8;

impl Shared {
    /// A selector, compiled once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn selector(&self, text: &str) -> Result<Arc<Selector>, Refusal> {
        if let Some(known) = self.selectors.borrow().get(text) {
            return Ok(Arc::clone(known));
        }
        let compiled = Arc::new(compile(text)?);
        self.selectors.borrow_mut().insert(text.to_owned(), Arc::clone(&compiled));
        Ok(compiled)
    }

    /// Rules, or others that say the same.
    pub fn rules(&self, said: Said, rules: Rules) -> Arc<Rules> {
        Arc::clone(self.rules.borrow_mut().entry(said).or_insert_with(|| Arc::new(rules)))
    }

    /// A way of asking, or another that is the same.
    pub fn request(&self, request: Request) -> Arc<Request> {
        same(&self.requests, request)
    }

    /// What else is said of a source, or of another the same.
    pub fn terms(&self, terms: Terms) -> Arc<Terms> {
        same(&self.terms, terms)
    }
}

/// A value, or one of the last that is the same.
fn same<T: PartialEq>(last: &Last<T>, value: T) -> Arc<T> {
    let mut known = last.borrow_mut();
    if let Some(same) = known.iter().find(|known| ***known == value) {
        return Arc::clone(same);
    }
    let value = Arc::new(value);
    if known.len() == LAST {
        known.remove(0);
    }
    known.push(Arc::clone(&value));
    value
}
