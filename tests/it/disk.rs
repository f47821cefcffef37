//! A disk that is full, may not be written, fails, or cannot be asked: the feeds stay, the message says what to do,
//! and the next run goes on by itself.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    network::{HTML, Server, answer, page},
    program::{Ended, Place, ended},
    serve::{Serving, until},
};

const FIRST: &str = "2025-03-07T10:00:00Z";
const NEXT: &str = "2025-03-14T12:00:00Z";

fn run(folder: &Path, until: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gleaner"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "--replay", "fixtures", "--until", until, "--state"])
        .arg(folder.join("state"))
        .arg("--output")
        .arg(folder.join("feeds"));
    command
}

fn end(command: &mut Command) -> Ended {
    ended(&command.output().expect("the program starts"))
}

/// Every feed by its name; each must be whole.
fn feeds(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder.join("feeds")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut feeds: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "atom"))
        .map(|path| {
            let bytes = fs::read(&path).expect("a feed");
            feed_rs::parser::parse(&bytes[..]).expect("a whole feed");
            (PathBuf::from(path.file_name().expect("a name")), bytes)
        })
        .collect();
    feeds.sort();
    feeds
}

/// What an undisturbed disk gives after the second run.
fn undisturbed() -> Vec<(PathBuf, Vec<u8>)> {
    let place = Place::new();
    for until in [FIRST, NEXT] {
        assert_eq!(end(&mut run(place.path(), until)).exit, 0);
    }
    feeds(place.path())
}

/// A small disk of its own, gone when it is dropped. `None`: this user may not mount one.
struct Disk(Place);

impl Disk {
    fn mount(options: &str) -> Option<Self> {
        let place = Place::new();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(place.path());
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        if !is_mounted {
            println!("skipped: this user may not mount a disk");
        }
        is_mounted.then(|| Self(place))
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", options]).arg(self.path());
        assert!(mount.status().expect("mount starts").success());
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What cannot be unmounted is unmounted when its last file is closed.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_keeps_the_feeds_and_recovers_when_there_is_space() {
    let whole = undisturbed();
    for left in [0, 1, 5, 40, 200, 600] {
        let Some(disk) = Disk::mount("size=24m") else { return };
        assert_eq!(end(&mut run(disk.path(), FIRST)).exit, 0);
        let before = feeds(disk.path());
        let filler = disk.path().join("filler");
        // All there is, and then a little less.
        let _ = fs::write(&filler, vec![0; 24 << 20]);
        let size = fs::metadata(&filler).expect("it is there").len();
        fs::OpenOptions::new()
            .write(true)
            .open(&filler)
            .and_then(|file| file.set_len(size.saturating_sub(left << 10)))
            .expect("it can shrink");
        let full = end(&mut run(disk.path(), NEXT));
        if full.exit == 0 {
            assert!(left >= 200, "{left} KiB were enough");
        } else {
            assert_eq!(full.exit, 3, "{left} KiB: {}", full.err);
            assert!(
                full.err.contains("o space left") && full.err.contains("free some space"),
                "{}",
                full.err
            );
            let after = feeds(disk.path());
            assert!(before.iter().zip(&after).all(|(a, b)| a == b || whole.contains(b)), "{left} KiB");
        }
        fs::remove_file(&filler).expect("it can go");
        assert_eq!(end(&mut run(disk.path(), NEXT)).exit, 0, "{left} KiB");
        assert!(feeds(disk.path()) == whole, "{left} KiB left: all is as if nothing had happened");
    }
}

#[test]
fn serve_ends_when_the_disk_fills_and_goes_on_when_it_is_started_again() {
    let Some(disk) = Disk::mount("size=24m") else { return };
    let is_full = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&is_full);
    let server = Server::start(
        "127.0.0.1",
        Box::new(move |_, stream| {
            while !gate.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            answer(stream, "200 OK", HTML, &page(&["a", "b"]));
        }),
    );
    let place = &disk.0;
    let config = crate::serve::config(place, &[("news", &server)]);
    let mut serving = Serving::start(place, &config, None);
    until("the source is asked", || !server.asked().is_empty());
    let filler = disk.path().join("filler");
    let _ = fs::write(&filler, vec![0; 24 << 20]);
    is_full.store(true, Ordering::SeqCst);
    assert_eq!(serving.ended().0, Some(3));
    assert!(!place.path().join("feeds/news.atom").exists());
    fs::remove_file(&filler).expect("it can go");
    let mut again = Serving::start(place, &config, None);
    until("the feed is there", || place.path().join("feeds/news.atom").exists());
    // What was committed before is published before signals are heard.
    let said = || fs::read_to_string(place.path().join("errors")).unwrap_or_default();
    until("it follows", || said().contains("following"));
    again.signal("-TERM");
    assert_eq!(again.ended().0, Some(0));
}

#[test]
fn a_read_only_disk_keeps_the_feeds_and_recovers() {
    let Some(disk) = Disk::mount("size=24m") else { return };
    assert_eq!(end(&mut run(disk.path(), FIRST)).exit, 0);
    let before = feeds(disk.path());
    disk.remount("remount,ro");
    let refused = end(&mut run(disk.path(), NEXT));
    assert_eq!(refused.exit, 3);
    assert!(
        refused.err.contains("may not be written") && refused.err.contains("hint: give the user"),
        "{}",
        refused.err
    );
    assert!(feeds(disk.path()) == before);
    disk.remount("remount,rw");
    assert_eq!(end(&mut run(disk.path(), NEXT)), Ended { exit: 0, out: String::new(), err: String::new() });
    assert!(feeds(disk.path()) == undisturbed());
}

#[test]
fn too_few_open_files_are_named_and_lose_nothing() {
    let whole = undisturbed();
    let mut named = 0;
    for limit in 4..20 {
        let place = Place::new();
        assert_eq!(end(&mut run(place.path(), FIRST)).exit, 0);
        let program = run(place.path(), NEXT);
        let mut limited = Command::new("sh");
        limited
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["-c", &format!("ulimit -n {limit}; exec \"$@\""), "sh"])
            .arg(program.get_program())
            .args(program.get_args());
        let few = end(&mut limited);
        assert!(!few.err.contains("panicked"), "{limit}: {}", few.err);
        if few.exit != 0 {
            let is_named = few.err.to_lowercase().contains("too many open files");
            assert!(is_named || few.exit == 127, "{limit}: exit {}: {}", few.exit, few.err);
            named += u32::from(is_named);
        }
        assert_eq!(end(&mut run(place.path(), NEXT)).exit, 0, "{limit}");
        assert!(feeds(place.path()) == whole, "{limit}");
    }
    assert!(named > 1, "no limit was too low");
}

#[test]
fn too_few_open_files_for_the_network_are_named() {
    let server =
        Server::start("127.0.0.1", Box::new(|_, stream| answer(stream, "200 OK", HTML, &page(&["a"]))));
    let mut named = 0;
    for limit in 6..20 {
        let place = Place::new();
        let config = crate::network::config(&place, &server, "");
        let program = place.command(&["run", "--config", &config]);
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("ulimit -n {limit}; exec \"$@\""), "sh"]);
        let few = end(limited.arg(program.get_program()).args(program.get_args()));
        assert!(!few.err.contains("panicked"), "{limit}: {}", few.err);
        if few.exit == 3 {
            assert!(
                few.err.contains("oo many open files") && few.err.contains("hint: raise"),
                "{limit}: {}",
                few.err
            );
            named += 1;
        }
    }
    assert!(named > 1, "no limit was too low");
}

/// The library that makes a disk fail; `None`: there is no C compiler.
fn failing_disk(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("failing_disk.so");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-o"]).arg(&library);
    compile.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failing_disk.c")).arg("-ldl");
    let is_built = cfg!(target_os = "linux") && compile.output().is_ok_and(|output| output.status.success());
    if !is_built {
        println!("skipped: no C compiler builds the failing disk");
    }
    is_built.then_some(library)
}

#[test]
fn an_error_at_any_write_or_sync_loses_nothing() {
    const EIO: u32 = 5;
    const ENOSPC: u32 = 28;
    let tools = Place::new();
    let Some(library) = failing_disk(tools.path()) else { return };
    let whole = undisturbed();
    let failing = |folder: &Path, at: u64, times: u64, errno: u32| {
        let mut command = run(folder, NEXT);
        command.env("LD_PRELOAD", &library).env("FAIL_COUNT", "1");
        for (name, value) in [("FAIL_AT", at), ("FAIL_FOR", times), ("FAIL_ERRNO", u64::from(errno))] {
            command.env(name, value.to_string());
        }
        end(&mut command)
    };
    let count = {
        let place = Place::new();
        assert_eq!(end(&mut run(place.path(), FIRST)).exit, 0);
        let ended = failing(place.path(), 1_000_000, 0, EIO);
        let said = ended.err.lines().find_map(|line| line.strip_prefix("changes: "));
        said.and_then(|n| n.parse::<u64>().ok()).expect("the library is loaded")
    };
    assert!(count > 20, "{count} changes of files");
    let mut failed = 0;
    for at in (0..count).step_by(usize::try_from(count / 14 + 1).expect("small")) {
        for (times, errno) in [(1, EIO), (1_000_000, EIO), (1_000_000, ENOSPC)] {
            let context = format!("{errno} at {at} of {count}, {times} times");
            let place = Place::new();
            assert_eq!(end(&mut run(place.path(), FIRST)).exit, 0);
            let ended = failing(place.path(), at, times, errno);
            assert!(matches!(ended.exit, 0 | 3), "{context}: {ended:?}");
            assert!(ended.exit == 0 || ended.err.contains("hint: "), "{context}: {}", ended.err);
            failed += u32::from(ended.exit == 3);
            feeds(place.path());
            let next = end(&mut run(place.path(), NEXT));
            assert_eq!(next.exit, 0, "{context}: {}", next.err);
            assert!(!next.err.contains("lost"), "{context}: {}", next.err);
            assert!(feeds(place.path()) == whole, "{context}");
        }
    }
    assert!(failed > 15, "{failed} runs failed");
}

#[test]
fn a_folder_where_a_file_belongs_is_named() {
    for name in ["states", "db.seal"] {
        let place = Place::new();
        assert_eq!(place.replay("2025-03-07T00:00:00Z").exit, 0);
        let path = place.path().join("state").join(name);
        fs::remove_file(&path).expect("it is a file");
        fs::create_dir(&path).expect("a folder");
        let ended = place.replay("2025-03-08T00:00:00Z");
        assert_eq!(ended.exit, 3, "{ended:?}");
        assert!(ended.err.contains(&format!("{name}`: ")), "{}", ended.err);
        assert!(ended.err.contains("move it away"), "{}", ended.err);
        fs::remove_dir(&path).expect("a folder");
        assert_eq!(place.replay("2025-03-08T00:00:00Z").exit, 0);
    }
}
