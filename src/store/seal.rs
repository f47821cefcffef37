//! The seal: the files of a closed store → what says that they are as they were. Touches the disk.
//!
//! It saves the next start from adding up the whole index, from reading the journal, and sled from files that are known
//! to be damaged. It says two things. How the files look from outside, those of the index and those beside it: while the
//! machine is up nothing writes to a file without giving it another time, so that most starts read none of them. And
//! what stands in the index, for the first start after a reboot, or for files that were copied: they are summed as the
//! journal is, by CRC-32C, which processors have an instruction for, a sum for each piece and a digest of the sums. The
//! files of a large index are not summed, for each end would read gigabytes; after a reboot it is added up.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{checkpoint, error::StoreError};

/// How the line of the sums begins.
const FORM: &str = "crc32c ";
/// How the line begins of the looks of the index.
const INDEX: &str = "index ";
/// How the line begins of the looks of what lies beside it.
const BESIDE: &str = "beside ";
/// What has a sum of its own.
const PIECE_BYTES: usize = 64 << 10;
/// The files of a larger index are not summed: adding it up takes seconds, but only after a reboot.
const SUMMED_BYTES: u64 = 64 << 20;
/// Two changes within a tick of the system's clock may leave the same time; ticks are 10 ms at most.
const TICK: Duration = Duration::from_millis(20);

/// What is sealed, and by which file.
#[derive(Debug)]
pub struct Sealed {
    /// The folder of the index.
    pub index: PathBuf,
    /// The folder of the journal, and the file of states.
    pub beside: [PathBuf; 2],
    /// The seal.
    pub seal: PathBuf,
}

/// What the seal of a store says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The index is as it was after a clean close, and nobody touched the journal and the states since.
    Untouched,
    /// The index is as it was after a clean close; the journal went on since, or nothing is known of it.
    Whole,
    /// There was no clean close, or nothing is known of it.
    Missing,
    /// The files of the index changed since the clean close.
    Broken,
}

/// Compares the files of a store with their seal.
pub fn compare(sealed: &Sealed) -> Result<Seal, StoreError> {
    let said = match fs::read_to_string(&sealed.seal) {
        Ok(said) => said,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Seal::Missing),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(StoreError::io("read", &sealed.seal, error)),
    };
    if said.is_empty() || said.len() == 64 {
        // It was cut short; or an older release wrote nothing but a digest of another kind.
        return Ok(Seal::Missing);
    }
    let line = |form: &str| said.lines().find(|line| line.starts_with(form));
    let compare = || {
        let boot = boot();
        let sealed_at = changed(&fs::metadata(&sealed.seal)?);
        let index = looks(&sealed.index, boot.as_deref())?;
        let is_old = sealed_at >= index.newest + TICK.as_nanos().cast_signed();
        if !is_old || line(INDEX) != index.line(INDEX).as_deref() {
            let Some(sums) = line(FORM) else {
                let is_large = line(INDEX).is_some() || said.starts_with("looks ");
                return Ok(if is_large { Seal::Missing } else { Seal::Broken });
            };
            if sums != digest(&sealed.index)? {
                return Ok(Seal::Broken);
            }
        }
        // What is beside the index is no worse for a change within a tick: states are summed, and of a journal nothing
        // is needed while index and states are whole.
        let is_untouched =
            line(BESIDE).is_some() && line(BESIDE) == beside(sealed, boot.as_deref())?.as_deref();
        Ok(if is_untouched { Seal::Untouched } else { Seal::Whole })
    };
    compare().map_err(|error| StoreError::io("read", &sealed.index, error))
}

/// Breaks the seal: whoever opens the index changes its files.
pub fn unseal(seal: &Path) -> Result<(), StoreError> {
    match fs::remove_file(seal) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io("delete", seal, error)),
        _ => Ok(()),
    }
}

/// Seals the files of a closed store. A seal that power loss makes untrue is broken, which costs a rebuild.
pub fn seal(sealed: &Sealed) -> Result<(), StoreError> {
    let said = said(sealed, SUMMED_BYTES).map_err(|error| StoreError::io("read", &sealed.index, error))?;
    put(sealed, &said)
}

/// Seals the files of a store that went on, but whose index was not opened.
pub fn renew(sealed: &Sealed) -> Result<(), StoreError> {
    let said = || {
        let before = match fs::read_to_string(&sealed.seal) {
            // An index that could not be opened is proven anew by the next start.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            before => before?,
        };
        let boot = boot();
        let sums = before.lines().find(|line| line.starts_with(FORM)).map(str::to_owned);
        let index = looks(&sealed.index, boot.as_deref())?;
        Ok(Some(joined([sums, index.line(INDEX), beside(sealed, boot.as_deref())?])))
    };
    match said().map_err(|error| StoreError::io("read", &sealed.index, error))? {
        Some(said) => put(sealed, &said),
        None => Ok(()),
    }
}

/// Puts a seal in its place.
fn put(sealed: &Sealed, said: &str) -> Result<(), StoreError> {
    checkpoint::put(&sealed.seal, false, |sink| sink.write_all(said.as_bytes()))
}

/// What a seal says of these files; of an index of more than `summed` bytes only how they look.
fn said(sealed: &Sealed, summed: u64) -> io::Result<String> {
    let boot = boot();
    let index = looks(&sealed.index, boot.as_deref())?;
    let sums = if index.bytes > summed && boot.is_some() {
        // The looks are all there is, so they must count.
        thread::sleep(2 * TICK);
        None
    } else {
        Some(digest(&sealed.index)?)
    };
    let lines = [sums, index.line(INDEX), beside(sealed, boot.as_deref())?];
    Ok(joined(lines))
}

fn joined(lines: [Option<String>; 3]) -> String {
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// What tells this start of the machine from others; `None`: the system does not say.
fn boot() -> Option<Vec<u8>> {
    fs::read("/proc/sys/kernel/random/boot_id").ok()
}

/// How files look from outside.
struct Looks {
    /// A digest, until the machine is started anew; `None`: the system does not say when that was.
    digest: Option<String>,
    /// When one of them last changed.
    newest: i128,
    /// Their length together.
    bytes: u64,
}

impl Looks {
    fn line(&self, form: &str) -> Option<String> {
        self.digest.as_ref().map(|digest| format!("{form}{digest}"))
    }
}

/// How a file looks, or all that are in a folder.
fn looks(path: &Path, boot: Option<&[u8]>) -> io::Result<Looks> {
    let mut digest = blake3::Hasher::new();
    let mut looks = Looks { digest: None, newest: 0, bytes: 0 };
    for file in files(path)? {
        let data = fs::metadata(&file)?;
        let name = file.strip_prefix(path).unwrap_or(&file);
        let told =
            (name, data.dev(), data.ino(), data.len(), data.mtime(), data.mtime_nsec(), changed(&data));
        digest.update(format!("{told:?}").as_bytes());
        looks.newest = looks.newest.max(changed(&data));
        looks.bytes += data.len();
    }
    looks.digest = boot.map(|boot| digest.update(boot).finalize().to_hex().to_string());
    Ok(looks)
}

/// The line of what lies beside the index; `None`: the system does not say when it was started.
fn beside(sealed: &Sealed, boot: Option<&[u8]>) -> io::Result<Option<String>> {
    let [journal, states] = &sealed.beside;
    let lines = (looks(journal, boot)?.line(BESIDE), looks(states, boot)?.digest);
    Ok(lines.0.zip(lines.1).map(|(journal, states)| format!("{journal} {states}")))
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

/// Every file of a folder and the folders in it, in order; a file alone is itself.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(vec![path.to_path_buf()]),
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
        sealed: Sealed,
    }

    impl Folder {
        /// Folders with a file each, states, and the seal beside them, which may be believed by the looks.
        fn sealed(summed: u64) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let at = |name| folder.path().join(name);
            let sealed =
                Sealed { index: at("db"), beside: [at("journal"), at("states")], seal: at("db.seal") };
            for dir in [&sealed.index, &sealed.beside[0]] {
                fs::create_dir(dir).unwrap();
                fs::write(dir.join("a"), [7; 1_000]).unwrap();
            }
            fs::write(&sealed.beside[1], "states").unwrap();
            thread::sleep(2 * TICK);
            fs::write(&sealed.seal, said(&sealed, summed).unwrap()).unwrap();
            Self { _temporary: folder, sealed }
        }

        fn compare(&self) -> Seal {
            compare(&self.sealed).unwrap()
        }

        fn write(&self, byte: u8) {
            fs::write(self.sealed.index.join("a"), [byte; 1_000]).unwrap();
        }

        /// Puts another line in the place of one.
        fn put(&self, form: &str, line: &str) {
            let said = fs::read_to_string(&self.sealed.seal).unwrap();
            let lines = said.lines().map(|old| if old.starts_with(form) { line } else { old });
            fs::write(&self.sealed.seal, lines.collect::<Vec<_>>().join("\n")).unwrap();
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
    fn files_that_only_look_otherwise_are_as_they_were() {
        let folder = Folder::sealed(u64::MAX);
        folder.write(7);
        assert_eq!(folder.compare(), Seal::Untouched);
        folder.write(8);
        assert_eq!(folder.compare(), Seal::Broken);
    }

    #[test]
    fn a_change_in_the_tick_of_the_seal_is_seen() {
        let folder = Folder::sealed(u64::MAX);
        folder.write(9);
        let index = looks(&folder.sealed.index, boot().as_deref()).unwrap().line(INDEX).unwrap();
        folder.put(INDEX, &index);
        assert_eq!(folder.compare(), Seal::Broken, "the looks are too young to be believed");
    }

    #[test]
    fn what_went_on_beside_the_index_leaves_it_whole_and_is_sealed_with_it_unread() {
        for (name, at) in [("journal", "journal/b"), ("states", "states")] {
            let folder = Folder::sealed(u64::MAX);
            folder.put(FORM, "crc32c another");
            let other = folder.sealed.index.with_file_name(at);
            fs::write(other, "other").unwrap();
            assert_eq!(folder.compare(), Seal::Whole, "{name}");
            renew(&folder.sealed).unwrap();
            assert_eq!(folder.compare(), Seal::Untouched, "{name}");
            assert!(fs::read_to_string(&folder.sealed.seal).unwrap().contains("crc32c another"), "sums stay");
        }
    }

    #[test]
    fn a_large_index_is_known_by_its_looks_alone() {
        let folder = Folder::sealed(1);
        assert!(!fs::read_to_string(&folder.sealed.seal).unwrap().contains(FORM));
        assert_eq!(folder.compare(), Seal::Untouched);
        folder.write(7);
        assert_eq!(folder.compare(), Seal::Missing, "it is added up");
    }
}
