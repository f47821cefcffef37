//! Work that may take long, beside the commits of `serve`: one piece at a time, on a thread of its own.

use std::sync::mpsc;

/// The thread, and what became of its last piece of work.
pub struct Beside<T> {
    pieces: mpsc::Sender<Box<dyn FnOnce() -> T + Send>>,
    ended: mpsc::Receiver<T>,
    is_out: bool,
}

impl<T: Send + 'static> Beside<T> {
    /// One that calls `awake` whenever a piece of work is over.
    pub fn start(awake: impl Fn() + Send + 'static) -> Self {
        let (pieces, asked) = mpsc::channel::<Box<dyn FnOnce() -> T + Send>>();
        let (sender, ended) = mpsc::channel();
        // It ends with its last piece; whoever gives work notes it only once it is over, and gives it again after a restart.
        std::thread::spawn(move || {
            for piece in asked {
                if sender.send(piece()).is_err() {
                    return;
                }
                awake();
            }
        });
        Self { pieces, ended, is_out: false }
    }

    /// What came of the work that is over; `None`: there is none.
    pub fn ended(&mut self) -> Option<T> {
        let ended = self.ended.try_recv().ok()?;
        self.is_out = false;
        Some(ended)
    }

    /// Whether it is at work.
    pub fn is_out(&self) -> bool {
        self.is_out
    }

    /// Begins a piece of work; to be asked only while it is not at work.
    pub fn begin(&mut self, piece: impl FnOnce() -> T + Send + 'static) {
        // The thread ends only after this sender.
        self.is_out = self.pieces.send(Box::new(piece)).is_ok();
    }
}
