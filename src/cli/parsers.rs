//! Work for processors → done on threads that do nothing else.
//!
//! As many as there are processors, so that no more pages are being parsed than can be, and the same threads to the
//! end: each that ever parsed a page keeps some of its memory, and names are resolved on threads that come and go.

use std::{
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They begin with the first work, and end when nobody has them any more.
#[derive(Clone, Default)]
pub struct Parsers(Arc<OnceLock<mpsc::Sender<Job>>>);

impl Parsers {
    /// Work in its turn; `None`: everything is being shut down.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        let job = move || {
            // Who waits for it may be gone.
            let _ = sender.send(panic::catch_unwind(AssertUnwindSafe(work)));
        };
        self.0.get_or_init(start).send(Box::new(job)).ok()?;
        match receiver.await.ok()? {
            Ok(done) => Some(done),
            Err(panic) => panic::resume_unwind(panic),
        }
    }
}

fn start() -> mpsc::Sender<Job> {
    let (sender, receiver) = mpsc::channel();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get) {
        let receiver = Arc::clone(&receiver);
        thread::spawn(move || {
            while let Some(job) = next(&receiver) {
                job();
            }
        });
    }
    sender
}

/// What is to be done next; `None`: nothing will be any more.
fn next(jobs: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
