//! The seal: the files of a closed index → a digest that says they are as they were. Touches the disk.
//!
//! It saves the next start from adding up the whole index, and sled from files that are known to be damaged. It says two
//! things. How the files look from outside, those of the index alone and with those of the journal: while the machine is
//! up nothing writes to a file without giving it another time, so that most starts read none of them. And what stands in them, for the first start after a reboot, or for
//! files that were copied: they are summed as the journal is, by CRC-32C, which processors have an instruction for, a sum
//! for each piece and a digest of the sums. The files of a large index are not summed, for each end would read gigabytes;
//! after a reboot it is added up.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::error::StoreError;

/// How the line of the sums begins.
const FORM: &str = "crc32c ";
/// How the line begins of the looks of index and journal.
const LOOKS: &str = "looks ";
/// How the line begins of the looks of the index.
const INDEX: &str = "index ";
/// What has a sum of its own.
const PIECE_BYTES: usize = 64 << 10;
/// The files of a larger index are not summed: adding it up takes seconds, but only after a reboot.
const SUMMED_BYTES: u64 = 64 << 20;
/// Two changes within a tick of the system's clock may leave the same time; ticks are 10 ms at most.
const TICK: Duration = Duration::from_millis(20);

/// What the seal of a folder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// Nobody touched the files, nor those of the journal, since a clean close.
    Untouched,
    /// The files are as they were after a clean close; nothing is known of the journal's.
    Whole,
    /// There was no clean close.
    Missing,
    /// The files changed since the clean close.
    Broken,
}

/// Compares the files of an index, and the looks of the journal's, with their seal.
pub fn compare(dir: &Path, journal: &Path, seal: &Path) -> Result<Seal, StoreError> {
    let said = match fs::read_to_string(seal) {
        Ok(said) => said,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Seal::Missing),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(StoreError::io("read", seal, error)),
    };
    if said.len() == 64 {
        // An older release wrote nothing but a digest of another kind.
        return Ok(Seal::Missing);
    }
    let trouble = |error| StoreError::io("read", dir, error);
    let line = |form: &str| said.lines().find(|line| line.starts_with(form));
    let sealed = changed(&fs::metadata(seal).map_err(|error| StoreError::io("read", seal, error))?);
    let is_as = |form, dirs: &[&Path]| -> io::Result<bool> {
        let (looks, newest) = looks(form, dirs)?;
        let is_old = sealed >= newest + TICK.as_nanos().cast_signed();
        Ok(is_old && looks.is_some() && line(form) == looks.as_deref())
    };
    if is_as(LOOKS, &[dir, journal]).map_err(trouble)? {
        return Ok(Seal::Untouched);
    }
    if is_as(INDEX, &[dir]).map_err(trouble)? {
        return Ok(Seal::Whole);
    }
    if line(FORM).is_none() && line(LOOKS).is_some() {
        return Ok(Seal::Missing);
    }
    let found = digest(dir).map_err(trouble)?;
    Ok(if line(FORM) == Some(&found) { Seal::Whole } else { Seal::Broken })
}

/// Breaks the seal: whoever opens the index changes its files.
pub fn unseal(seal: &Path) -> Result<(), StoreError> {
    match fs::remove_file(seal) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", seal, error)),
        _ => Ok(()),
    }
}

/// Seals the files of a closed index. A seal that power loss makes untrue is broken, which costs a rebuild.
pub fn seal(dir: &Path, journal: &Path, seal: &Path) -> Result<(), StoreError> {
    let said = said(dir, journal, SUMMED_BYTES).map_err(|error| StoreError::io("read", dir, error))?;
    fs::write(seal, said).map_err(|error| StoreError::io("write", seal, error))
}

/// Seals the files of an index that was not opened, and of a journal that went on.
pub fn renew(dir: &Path, journal: &Path, seal: &Path) -> Result<(), StoreError> {
    let before = fs::read_to_string(seal).map_err(|error| StoreError::io("read", seal, error))?;
    let sums = before.lines().filter(|line| line.starts_with(FORM)).map(str::to_owned);
    let all = all_looks(dir, journal).map_err(|error| StoreError::io("read", dir, error))?;
    let said = sums.chain(all).collect::<Vec<_>>().join("\n");
    fs::write(seal, said).map_err(|error| StoreError::io("write", seal, error))
}

/// What a seal says of these files; of an index of more than `summed` bytes only how they look.
fn said(dir: &Path, journal: &Path, summed: u64) -> io::Result<String> {
    let mut bytes = 0;
    for path in files(dir)? {
        bytes += fs::metadata(path)?.len();
    }
    let looks = all_looks(dir, journal)?;
    let sums = if bytes > summed && !looks.is_empty() {
        // The looks are all there is, so they must count.
        thread::sleep(2 * TICK);
        None
    } else {
        Some(digest(dir)?)
    };
    Ok(sums.into_iter().chain(looks).collect::<Vec<_>>().join("\n"))
}

/// The lines of the looks; none if the system does not say when it was started.
fn all_looks(dir: &Path, journal: &Path) -> io::Result<Vec<String>> {
    let (both, index) = (looks(LOOKS, &[dir, journal])?.0, looks(INDEX, &[dir])?.0);
    Ok(both.into_iter().chain(index).collect())
}

/// How the files of these folders look from outside until the machine is started anew, as the line that begins so, and
/// when one of them last changed. `None`: the system does not say when it was started.
fn looks(form: &str, dirs: &[&Path]) -> io::Result<(Option<String>, i128)> {
    let mut digest = blake3::Hasher::new();
    let mut newest = 0;
    for dir in dirs {
        for path in files(dir)? {
            let file = fs::metadata(&path)?;
            let name = path.strip_prefix(dir).unwrap_or(&path);
            let told =
                (name, file.dev(), file.ino(), file.len(), file.mtime(), file.mtime_nsec(), changed(&file));
            digest.update(format!("{told:?}").as_bytes());
            newest = newest.max(changed(&file));
        }
    }
    let looks = fs::read("/proc/sys/kernel/random/boot_id").ok().map(|boot| {
        digest.update(&boot);
        format!("{form}{}", digest.finalize().to_hex())
    });
    Ok((looks, newest))
}

/// When a file was last changed, which nobody can set, in nanoseconds.
fn changed(file: &fs::Metadata) -> i128 {
    i128::from(file.ctime()) * 1_000_000_000 + i128::from(file.ctime_nsec())
}

fn digest(dir: &Path) -> io::Result<String> {
    let mut digest = blake3::Hasher::new();
    let mut piece = vec![0; PIECE_BYTES];
    for path in files(dir)? {
        let mut file = File::open(&path)?;
        digest.update(path.strip_prefix(dir).unwrap_or(&path).as_os_str().as_encoded_bytes());
        digest.update(&file.metadata()?.len().to_le_bytes());
        loop {
            let bytes = fill(&mut file, &mut piece)?;
            if bytes == 0 {
                break;
            }
            digest.update(&crc32c::crc32c(&piece[..bytes]).to_le_bytes());
        }
    }
    Ok(format!("{FORM}{}", digest.finalize().to_hex()))
}

/// Reads as much as there is room for, by as few calls as there can be; how much there was.
fn fill(file: &mut File, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match file.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Every file of a folder and the folders in it, in order.
pub fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder {
        _temporary: tempfile::TempDir,
        dir: PathBuf,
        journal: PathBuf,
        seal: PathBuf,
    }

    impl Folder {
        /// A folder with a file, one with a journal, and the seal beside them, which may be believed by the looks.
        fn sealed(summed: u64) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let at = |name| folder.path().join(name);
            let (dir, journal, seal) = (at("db"), at("journal"), at("db.seal"));
            for dir in [&dir, &journal] {
                fs::create_dir(dir).unwrap();
                fs::write(dir.join("a"), [7; 1_000]).unwrap();
            }
            thread::sleep(2 * TICK);
            fs::write(&seal, said(&dir, &journal, summed).unwrap()).unwrap();
            Self { _temporary: folder, dir, journal, seal }
        }

        fn compare(&self) -> Seal {
            compare(&self.dir, &self.journal, &self.seal).unwrap()
        }

        fn write(&self, byte: u8) {
            fs::write(self.dir.join("a"), [byte; 1_000]).unwrap();
        }

        /// Puts another line in the place of one.
        fn put(&self, form: &str, line: &str) {
            let said = fs::read_to_string(&self.seal).unwrap();
            let lines = said.lines().map(|old| if old.starts_with(form) { line } else { old });
            fs::write(&self.seal, lines.collect::<Vec<_>>().join("\n")).unwrap();
        }
    }

    #[test]
    fn files_that_nobody_touched_are_not_read() {
        let folder = Folder::sealed(u64::MAX);
        folder.put(FORM, "crc32c another");
        assert_eq!(folder.compare(), Seal::Untouched);
        folder.write(7);
        assert_eq!(folder.compare(), Seal::Broken, "the sums count once the looks are others");
    }

    #[test]
    fn files_that_only_look_otherwise_are_whole() {
        let folder = Folder::sealed(u64::MAX);
        folder.write(7);
        assert_eq!(folder.compare(), Seal::Whole);
        folder.write(8);
        assert_eq!(folder.compare(), Seal::Broken);
    }

    #[test]
    fn a_change_in_the_tick_of_the_seal_is_seen() {
        let folder = Folder::sealed(u64::MAX);
        folder.write(9);
        let looks = all_looks(&folder.dir, &folder.journal).unwrap();
        folder.put(LOOKS, &looks[0]);
        folder.put(INDEX, &looks[1]);
        assert_eq!(folder.compare(), Seal::Broken, "the looks are too young to be believed");
    }

    #[test]
    fn a_journal_that_went_on_leaves_the_index_whole_and_it_is_sealed_with_it_unread() {
        let folder = Folder::sealed(u64::MAX);
        folder.put(FORM, "crc32c another");
        fs::write(folder.journal.join("b"), "").unwrap();
        assert_eq!(folder.compare(), Seal::Whole);
        thread::sleep(2 * TICK);
        renew(&folder.dir, &folder.journal, &folder.seal).unwrap();
        assert_eq!(folder.compare(), Seal::Untouched);
        assert!(fs::read_to_string(&folder.seal).unwrap().contains("crc32c another"), "sums stay");
    }

    #[test]
    fn a_large_index_is_known_by_its_looks_alone() {
        let folder = Folder::sealed(1);
        assert!(!fs::read_to_string(&folder.seal).unwrap().contains(FORM));
        assert_eq!(folder.compare(), Seal::Untouched);
        folder.write(7);
        assert_eq!(folder.compare(), Seal::Missing, "it is added up");
    }
}
