//! The guard: what sled does → an answer or a named trouble. Pure.
//!
//! sled 0.34.7 panics on damaged files; such panics end here, unheard, and all others are told as before.

use std::{
    cell::Cell,
    io::{self, ErrorKind},
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Once,
};

use super::error::StoreError;

/// Why the index did not answer.
#[derive(Debug)]
pub enum Trouble {
    /// Disk, rights, limits: making a new index would not help.
    World(StoreError),
    /// What it holds is not what was written.
    Damaged(String),
}

/// Runs something of sled's; a panic is damage.
pub fn guarded<T>(
    path: &Path,
    doing: &'static str,
    work: impl FnOnce() -> sled::Result<T>,
) -> Result<T, Trouble> {
    hush_panics();
    let is_outer = !QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    if is_outer {
        QUIET.set(false);
    }
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) if is_of_the_world(&error) => {
            Err(Trouble::World(StoreError::io(doing, path, error)))
        }
        Ok(Err(error)) => {
            Err(Trouble::Damaged(format!("sled cannot {doing} it ({})", one_line(&error.to_string()))))
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
            Err(Trouble::Damaged(format!("sled gave up on it ({})", one_line(text))))
        }
    }
}

/// Whether an error is of the disk, the rights or the limits rather than of what the files hold. sled wraps some
/// errors in new ones of kind `Other` that keep only the text.
fn is_of_the_world(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|_| error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::InvalidInput)
        || matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
        )
        || is_lock_trouble(error)
}

/// Whether sled could not lock its file.
pub fn is_lock_trouble(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// A message of sled's on one line, and not a page of it.
fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(160).collect()
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics that [`guarded`] catches from the terminal; all others are told as before.
fn hush_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
}
