//! A command of the user's, run to its end. IO: the one file that starts programs.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the world")]

use std::{
    ffi::OsStr,
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use crate::clock::Deadline;

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Runs a program with its arguments, these variables added to its environment and this text on its standard input.
/// Its standard output goes nowhere: ours is for data. The inner text says what became of it, after its name.
pub fn run(
    command: &[String],
    environment: &[(&str, &OsStr)],
    input: String,
    patience: Duration,
) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let mut child = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let mut stdin = child.stdin.take().expect("it was asked to be piped");
    // A command that needs only to know that something happened may close its input unread; its status tells.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let deadline = Deadline::after(patience);
    let status = loop {
        match child.try_wait().map_err(|error| format!("cannot be waited for: {error}"))? {
            Some(status) => break status,
            None if deadline.is_ahead() => std::thread::sleep(LOOK_AGAIN.min(deadline.left())),
            None => {
                // It may just have ended by itself, which is as well.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("took longer than {} seconds", patience.as_secs()));
            }
        }
    };
    // The writer holds nothing that matters, and its pipe is gone.
    let _ = writer.join();
    if status.success() { Ok(()) } else { Err(format!("failed: {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<(), String> {
        let command = ["/bin/sh", "-c", script].map(str::to_owned);
        run(&command, &[("GLEANER_WORD", OsStr::new("a b"))], "line\n".to_owned(), patience)
    }

    #[test]
    fn it_gets_its_environment_and_its_input() {
        let long = Duration::from_secs(60);
        assert_eq!(shell("read line; test \"$line $GLEANER_WORD\" = 'line a b'", long), Ok(()));
        assert_eq!(shell("exit 3", long), Err("failed: exit status: 3".to_owned()));
        let missing = run(&["/nowhere/x".to_owned()], &[], String::new(), long).unwrap_err();
        assert!(missing.starts_with("cannot be started: "), "{missing}");
    }

    #[test]
    fn one_that_does_not_end_is_ended() {
        let said = shell("exec sleep 600", Duration::ZERO);
        assert_eq!(said, Err("took longer than 0 seconds".to_owned()));
    }
}
