#![expect(clippy::disallowed_methods, reason = "these tests look at what stands on the disk")]

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use tempfile::TempDir;

use super::*;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|found| found.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_feed_is_written_into_a_folder_that_is_made_for_it() {
    let parent = folder();
    let output = parent.path().join("a/b");
    assert_eq!(publish(&output, "one.atom", b"<feed/>").unwrap(), Published::Written);
    assert_eq!(fs::read(output.join("one.atom")).unwrap(), b"<feed/>");
    assert_eq!(names(&output), ["one.atom"]);
}

#[test]
fn the_same_bytes_are_not_written_again() {
    let output = folder();
    publish(output.path(), "one.atom", b"same").unwrap();
    let path = output.path().join("one.atom");
    let past = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    File::options().write(true).open(&path).unwrap().set_modified(past).unwrap();
    assert_eq!(publish(output.path(), "one.atom", b"same").unwrap(), Published::Unchanged);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), past);
}

#[test]
fn other_bytes_of_the_same_length_are_written() {
    let output = folder();
    publish(output.path(), "one.atom", b"aaaa").unwrap();
    assert_eq!(publish(output.path(), "one.atom", b"bbbb").unwrap(), Published::Written);
    assert_eq!(fs::read(output.path().join("one.atom")).unwrap(), b"bbbb");
}

#[test]
fn a_reader_never_sees_a_part() {
    let output = folder();
    let path = output.path().join("one.atom");
    let versions: Vec<Vec<u8>> = (1..=40u8).map(|n| vec![n; usize::from(n) * 5000]).collect();
    publish(output.path(), "one.atom", &versions[0]).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                let seen = fs::read(&path).unwrap();
                assert!(versions.contains(&seen), "{} bytes, the first {:?}", seen.len(), seen.first());
                reads += 1;
            }
            reads
        });
        for version in &versions {
            publish(output.path(), "one.atom", version).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_out_of_the_folder() {
    let (output, elsewhere) = (folder(), folder());
    let victim = elsewhere.path().join("victim");
    fs::write(&victim, b"precious").unwrap();
    std::os::unix::fs::symlink(&victim, output.path().join("one.atom")).unwrap();
    let error = publish(output.path(), "one.atom", b"<feed/>").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot write `{}`: expected a plain file, found a symbolic link",
            output.path().join("one.atom").display()
        )
    );
    assert!(error.hint().unwrap().contains("`output`"));
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert_eq!(names(output.path()), ["one.atom"]);
}

#[test]
fn a_folder_in_the_place_of_a_feed_is_left_alone() {
    let output = folder();
    fs::create_dir_all(output.path().join("one.atom/inner")).unwrap();
    let error = publish(output.path(), "one.atom", b"<feed/>").unwrap_err();
    assert!(error.to_string().ends_with("expected a plain file, found a folder"), "{error}");
    assert_eq!(names(&output.path().join("one.atom")), ["inner"]);
}

#[cfg(unix)]
#[test]
fn a_socket_in_the_place_of_a_feed_is_left_alone() {
    let output = folder();
    let _socket = std::os::unix::net::UnixListener::bind(output.path().join("one.atom")).unwrap();
    let error = publish(output.path(), "one.atom", b"<feed/>").unwrap_err();
    assert!(error.to_string().ends_with("found a device, pipe or socket"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_feed_is_readable_for_others() {
    use std::os::unix::fs::PermissionsExt;
    let output = folder();
    publish(output.path(), "one.atom", b"<feed/>").unwrap();
    let mode = fs::metadata(output.path().join("one.atom")).unwrap().permissions().mode() & 0o777;
    // A plain file made with the same umask says what the umask leaves of 0644.
    fs::write(output.path().join("plain"), b"").unwrap();
    let plain = fs::metadata(output.path().join("plain")).unwrap().permissions().mode() & 0o644;
    assert_eq!(mode, plain, "{mode:o}");
}

#[test]
fn old_leftovers_are_swept_and_young_ones_and_others_files_stay() {
    let output = folder();
    let now = File::create(output.path().join(".gleaner-young.tmp"))
        .unwrap()
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    for name in [".gleaner-old.tmp", ".other.tmp", ".gleaner-notes", "old.atom"] {
        let file = File::create(output.path().join(name)).unwrap();
        file.set_modified(now - LEFTOVER_AGE - Duration::from_secs(1)).unwrap();
    }
    publish(output.path(), "one.atom", b"<feed/>").unwrap();
    assert_eq!(
        names(output.path()),
        [".gleaner-notes", ".gleaner-young.tmp", ".other.tmp", "old.atom", "one.atom"]
    );
}

/// A folder in which this user cannot make files: its own, made read-only; for the superuser, whom no permission
/// stops, one that the kernel keeps.
#[cfg(target_os = "linux")]
fn closed_folder(own: &TempDir) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(own.path(), PermissionsExt::from_mode(0o555)).unwrap();
    match File::create(own.path().join("probe")) {
        Ok(_) => PathBuf::from("/proc/self"),
        Err(_) => own.path().to_owned(),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let own = folder();
    let closed = closed_folder(&own);
    let error = publish(&closed, "one.atom", b"<feed/>").unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with(&format!("cannot create a file in `{}`: ", closed.display())), "{message}");
    assert!(!message.contains(TEMPORARY.0), "{message}");
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named() {
    let parent = folder();
    fs::write(parent.path().join("output"), b"").unwrap();
    for output in ["output", "output/inner"] {
        let error = publish(&parent.path().join(output), "one.atom", b"<feed/>").unwrap_err();
        assert!(error.to_string().starts_with("cannot create the folder `"), "{error}");
        assert_eq!(error.hint().as_deref(), Some("a part of the path is a file; set `output` to a folder"));
    }
}

#[test]
fn what_a_person_can_repair_has_a_hint() {
    // ENOSPC, EDQUOT, EROFS, EACCES, ENAMETOOLONG.
    #[cfg(target_os = "linux")]
    for (code, word) in [(28, "space"), (122, "space"), (30, "read-only"), (13, "right"), (36, "shorter")] {
        let error = failed("write", Path::new("out/one.atom"))(io::Error::from_raw_os_error(code));
        assert!(error.hint().is_some_and(|hint| hint.contains(word)), "{code}: {:?}", error.hint());
    }
    let odd = failed("write", Path::new("x"))(io::Error::other("odd"));
    assert!(odd.hint().is_some_and(|hint| hint.contains("the next run tries again")));
}
