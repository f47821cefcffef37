//! The terminal: the one file that writes to standard output and standard error.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where a command's words go.
#[derive(Debug)]
pub struct Terminal {
    is_watched: bool,
    is_colored: bool,
    broken: Option<io::Error>,
}

impl Terminal {
    /// The process's own standard streams; `no_color` is the value of `NO_COLOR`, if it is set.
    pub fn standard(no_color: Option<&str>) -> Self {
        let is_watched = io::stderr().is_terminal();
        Self { is_watched, is_colored: is_watched && no_color.is_none_or(str::is_empty), broken: None }
    }

    /// Whether a person is watching standard error.
    pub fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Whether messages may be colored.
    pub fn is_colored(&self) -> bool {
        self.is_colored
    }

    /// Writes data to standard output, as it is.
    pub fn data(&mut self, text: &str) {
        if self.broken.is_some() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            self.broken = Some(error);
        }
    }

    /// Standard output, for data too large to be one text.
    pub fn writer(&self) -> impl io::Write {
        io::stdout().lock()
    }

    /// The lines of standard input.
    pub fn lines(&self) -> io::Result<Vec<String>> {
        io::stdin().lock().lines().collect()
    }

    /// Why standard output could not be written; `None`: it could, or its reader had enough, which is success.
    pub fn broken(&self) -> Option<&io::Error> {
        self.broken.as_ref().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Says something to a person, whether one is watching or reads it in a mail from cron.
    pub fn say(&self, line: &str) {
        // When standard error is gone there is nowhere left to say so.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Says something only a person who is watching wants to know.
    pub fn remark(&self, line: &str) {
        if self.is_watched {
            self.say(line);
        }
    }

    /// Says what went wrong, and what to do about it.
    pub fn error(&self, message: &str, hint: Option<&str>) {
        let (strong, plain) = if self.is_colored { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
        self.say(&format!("{strong}error:{plain} {message}"));
        if let Some(hint) = hint {
            let strong = if self.is_colored { "\x1b[1;36m" } else { "" };
            self.say(&format!("{strong}hint:{plain} {hint}"));
        }
    }

    /// A progress bar over `total` sources; hidden when nobody is watching.
    pub fn progress(&self, total: usize) -> ProgressBar {
        let target =
            if self.is_watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
            .expect("the template is a constant that indicatif reads");
        ProgressBar::with_draw_target(Some(total as u64), target).with_style(style)
    }
}
