//! Fixtures → pages in the order of the times they were fetched: what a replay takes instead of the network.

use std::path::Path;

use jiff::Timestamp;
use url::Url;

use super::Failure;
use crate::{
    clock,
    config::Source,
    fixture::folder::{self, CaseFolder, FixtureError},
    page::{Headers, Page},
};

/// A fixture's trouble as a command's failure.
pub fn failure(error: &FixtureError) -> Failure {
    Failure::usage(error.to_string())
}

/// A folder of fixtures that is there.
pub fn root(root: &Path) -> Result<&Path, Failure> {
    if root.is_dir() {
        return Ok(root);
    }
    Err(Failure::usage(format!("`{}` is not a folder of fixtures", root.display()))
        .hint("it holds one folder for each source; `gleaner capture ID` makes the first"))
}

/// Every case of a source up to a time.
pub fn cases(path: &Path, source: &Source, until: Option<Timestamp>) -> Result<Vec<CaseFolder>, Failure> {
    let mut cases = folder::cases(root(path)?, &source.id).map_err(|error| failure(&error))?;
    cases.retain(|case| until.is_none_or(|until| case.case.fetched_at <= until));
    Ok(cases)
}

/// The newest case of a source up to a time.
pub fn newest(path: &Path, source: &Source, until: Option<Timestamp>) -> Result<CaseFolder, Failure> {
    cases(path, source, until)?.pop().ok_or_else(|| none(path, source))
}

/// A page that was saved as a file, of an address and a time; `None`: now.
pub fn page(path: &Path, url: Url, at: Option<Timestamp>) -> Result<Page, Failure> {
    let body = folder::read_page(path).map_err(|error| failure(&error))?;
    let fetched_at = at.unwrap_or_else(clock::now);
    Ok(Page { url, status: 200, headers: Headers::default(), body, fetched_at })
}

/// A source that has no case.
pub fn none(path: &Path, source: &Source) -> Failure {
    Failure::usage(format!("no saved page of `{}` under `{}`", source.id, path.display()))
        .hint(format!("save one with `gleaner capture {}`", source.id))
}
