//! The journal: commits → files that survive power loss, and back. Touches the disk.
//!
//! A commit is durable when `append` returns. Nothing is ever overwritten; a file is deleted only when two
//! checkpoints hold what it says.

#![allow(clippy::disallowed_methods, reason = "one of the files that touch the disk")]

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{
    error::StoreError,
    frame::{self, Frame, Header, Place, Scan},
    repair::Repair,
};

/// The folder of a store that it is in.
pub const FOLDER: &str = "journal";

/// How much of a file is read at once.
const READ_BYTES: usize = 256 << 10;

/// A journal being written.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    epoch: Uuid,
    /// Every file but the one being written.
    older: Vec<Piece>,
    current: Piece,
    file: File,
}

/// What is known of one file.
#[derive(Clone, Debug)]
struct Piece {
    number: u64,
    /// The last commit in it; 0: none.
    last_seq: u64,
    bytes: u64,
    is_damaged: bool,
    /// What wrote it.
    version: u32,
}

/// What a whole file of a journal held when it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Its number, which is its name.
    pub number: u64,
    /// The last commit in it; 0: none.
    pub last_seq: u64,
    /// Its length.
    pub bytes: u64,
}

/// Everything a journal folder holds.
#[derive(Debug)]
pub struct Found {
    dir: PathBuf,
    pieces: Vec<Piece>,
    /// Which store it belongs to; `None`: no file says so.
    pub epoch: Option<Uuid>,
    /// Where the commits stand, in order.
    pub commits: Vec<Commit>,
    /// What was amiss.
    pub repairs: Vec<Repair>,
}

/// Where a commit stands.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// The number of its file.
    file: u64,
    place: Place,
}

impl Commit {
    /// Its number.
    pub fn seq(&self) -> u64 {
        self.place.seq
    }

    /// What stands there.
    pub fn read(&self, dir: &Path) -> Result<Frame, StoreError> {
        let path = path_of(dir, self.file);
        let read = || {
            let mut bytes = vec![0; self.place.bytes];
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(self.place.at as u64))?;
            file.read_exact(&mut bytes)?;
            frame::read(&bytes).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "a commit has changed"))
        };
        read().map_err(|error| StoreError::io("read", &path, error))
    }
}

/// Reads all there is and cuts off a torn end. Nothing is written to a journal of a newer version.
pub fn find(dir: &Path) -> Result<Found, StoreError> {
    let mut found = Found {
        dir: dir.to_path_buf(),
        pieces: Vec::new(),
        epoch: None,
        commits: Vec::new(),
        repairs: Vec::new(),
    };
    let numbers = numbers(dir)?;
    let mut scans = Vec::new();
    for &number in &numbers {
        let path = path_of(dir, number);
        let (length, scan) = read(&path).map_err(|error| StoreError::io("read", &path, error))?;
        match scan.header {
            Header::Newer(version) => {
                return Err(StoreError::Newer { path, found: version, known: frame::VERSION });
            }
            Header::Known { epoch, .. } => found.epoch = Some(epoch),
            Header::Damaged => {}
        }
        scans.push((number, path, length, scan));
    }
    for (number, path, length, scan) in scans {
        let is_last = numbers.last() == Some(&number);
        let mut piece = Piece {
            number,
            last_seq: scan.frames.last().map_or(0, |frame| frame.seq),
            bytes: scan.end as u64,
            is_damaged: false,
            version: match scan.header {
                Header::Known { version, .. } => version,
                Header::Newer(_) | Header::Damaged => 0,
            },
        };
        match scan.header {
            Header::Known { epoch, .. } if Some(epoch) != found.epoch => {
                piece.is_damaged = true;
                piece.last_seq = 0;
                found.pieces.push(piece);
                found.repairs.push(Repair::Unusable { path, why: "it belongs to another store".to_owned() });
                continue;
            }
            // A file that a crash left without a whole header, and so without a commit, is not damage.
            Header::Damaged if length <= frame::HEADER_BYTES => {}
            Header::Damaged => {
                piece.is_damaged = true;
                found.repairs.push(Repair::JournalDamaged {
                    path: path.clone(),
                    at: 0,
                    bytes: frame::HEADER_BYTES.min(length),
                });
            }
            Header::Known { .. } | Header::Newer(_) => {}
        }
        for &(at, bytes) in &scan.damaged {
            piece.is_damaged = true;
            found.repairs.push(Repair::JournalDamaged { path: path.clone(), at, bytes });
        }
        if scan.end < length {
            let bytes = length - scan.end;
            if is_last && !piece.is_damaged {
                cut(&path, scan.end as u64)?;
                found.repairs.push(Repair::TornTail { path, bytes });
            } else {
                piece.is_damaged = true;
                found.repairs.push(Repair::JournalDamaged { path, at: scan.end, bytes });
            }
        }
        found.commits.extend(scan.frames.into_iter().map(|place| Commit { file: number, place }));
        found.pieces.push(piece);
    }
    found.commits.sort_by_key(Commit::seq);
    found.commits.dedup_by_key(|commit| commit.seq());
    Ok(found)
}

/// How long a file is, and what stands in it.
fn read(path: &Path) -> io::Result<(usize, Scan)> {
    if let Some(scan) = frame::walk(&mut BufReader::with_capacity(READ_BYTES, File::open(path)?))? {
        return Ok((scan.end, scan));
    }
    let bytes = fs::read(path)?;
    Ok((bytes.len(), frame::scan(&bytes)))
}

impl Journal {
    /// Goes on with the last file, or begins a new one where there is none, or the last is damaged or older.
    pub fn resume(found: Found, epoch: Uuid) -> Result<Self, StoreError> {
        let Found { dir, mut pieces, .. } = found;
        let usable = |piece: &Piece| {
            !piece.is_damaged && piece.version == frame::VERSION && piece.bytes >= frame::HEADER_BYTES as u64
        };
        if let Some(current) = pieces.pop_if(|piece| usable(piece)) {
            return Self::with((dir, epoch), pieces, current);
        }
        let number = pieces.last().map_or(1, |piece| piece.number + 1);
        let (current, file) = begin(&dir, number, epoch)?;
        Ok(Self { dir, epoch, older: pieces, current, file })
    }

    /// Goes on with files that nobody touched since they were noted; `None`: there was none.
    pub fn noted(dir: PathBuf, epoch: Uuid, noted: &[Noted]) -> Result<Option<Self>, StoreError> {
        let piece = |noted: &Noted| Piece {
            number: noted.number,
            last_seq: noted.last_seq,
            bytes: noted.bytes,
            is_damaged: false,
            version: frame::VERSION,
        };
        let mut pieces: Vec<Piece> = noted.iter().map(piece).collect();
        pieces.pop().map(|current| Self::with((dir, epoch), pieces, current)).transpose()
    }

    fn with((dir, epoch): (PathBuf, Uuid), older: Vec<Piece>, current: Piece) -> Result<Self, StoreError> {
        let path = path_of(&dir, current.number);
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|error| StoreError::io("open", &path, error))?;
        Ok(Self { dir, epoch, older, current, file })
    }

    /// What its files hold, in order; none if one of them is damaged.
    pub fn note(&self) -> Vec<Noted> {
        let pieces = self.older.iter().chain([&self.current]);
        if pieces.clone().any(|piece| piece.is_damaged) {
            return Vec::new();
        }
        let noted =
            |piece: &Piece| Noted { number: piece.number, last_seq: piece.last_seq, bytes: piece.bytes };
        pieces.map(noted).collect()
    }

    /// Writes a commit and returns when it is on the disk.
    ///
    /// # Errors
    /// The file is as it was before, or, when even that fails, the journal must be found anew.
    pub fn append(&mut self, frame: &Frame) -> Result<(), Broken> {
        let path = path_of(&self.dir, self.current.number);
        let bytes = frame::encode(frame);
        if let Err(error) = self.file.write_all(&bytes) {
            let is_whole = self.file.set_len(self.current.bytes).and_then(|()| self.file.sync_data()).is_ok();
            return Err(Broken { error: StoreError::io("write", &path, error), is_whole });
        }
        if let Err(error) = self.file.sync_data() {
            // After a failed sync nobody knows what is on the disk: only reading it again tells. The error that
            // counts is the first one.
            let _ = self.file.set_len(self.current.bytes);
            return Err(Broken { error: StoreError::io("sync", &path, error), is_whole: false });
        }
        self.current.bytes += bytes.len() as u64;
        self.current.last_seq = frame.seq;
        Ok(())
    }

    /// Which store it belongs to.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// How much has been written since the last checkpoint.
    pub fn bytes(&self) -> u64 {
        self.current.bytes
    }

    /// Begins a new file: a checkpoint holds all before it.
    pub fn rotate(&mut self) -> Result<(), StoreError> {
        let (next, file) = begin(&self.dir, self.current.number + 1, self.epoch)?;
        self.older.push(std::mem::replace(&mut self.current, next));
        self.file = file;
        Ok(())
    }

    /// Deletes files with nothing after commit `seq`, and puts damaged ones aside.
    pub fn release(&mut self, seq: u64) -> Result<(), StoreError> {
        let mut done = Ok(());
        for piece in std::mem::take(&mut self.older) {
            if done.is_ok() && (piece.is_damaged || piece.last_seq <= seq) {
                done = self.let_go(&piece);
                if done.is_ok() {
                    continue;
                }
            }
            self.older.push(piece);
        }
        done?;
        sync_dir(&self.dir)
    }

    fn let_go(&self, piece: &Piece) -> Result<(), StoreError> {
        let path = path_of(&self.dir, piece.number);
        if !piece.is_damaged {
            return fs::remove_file(&path).map_err(|error| StoreError::io("delete", &path, error));
        }
        let aside = path.with_extension("log.damaged");
        fs::rename(&path, &aside).map_err(|error| StoreError::io("rename", &path, error))
    }

    /// Makes every later write fail with a full disk.
    #[cfg(test)]
    pub fn fill(&mut self) {
        self.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    }
}

/// A commit that was not written.
#[derive(Debug)]
pub struct Broken {
    /// Why.
    pub error: StoreError,
    /// Whether the file is again as it was before.
    pub is_whole: bool,
}

/// Makes what was created, renamed or deleted in a folder permanent.
pub fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    if cfg!(not(unix)) {
        // Only Unix lets a folder be opened as a file.
        return Ok(());
    }
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| StoreError::io("sync", dir, error))
}

fn begin(dir: &Path, number: u64, epoch: Uuid) -> Result<(Piece, File), StoreError> {
    fs::create_dir_all(dir).map_err(|error| StoreError::io("create", dir, error))?;
    let path = path_of(dir, number);
    let write = || {
        let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        file.write_all(&frame::header(epoch))?;
        file.sync_all()?;
        Ok(file)
    };
    let file = write().map_err(|error| StoreError::io("create", &path, error))?;
    sync_dir(dir)?;
    if let Some(parent) = dir.parent() {
        sync_dir(parent)?;
    }
    let piece = Piece {
        number,
        last_seq: 0,
        bytes: frame::HEADER_BYTES as u64,
        is_damaged: false,
        version: frame::VERSION,
    };
    Ok((piece, file))
}

fn cut(path: &Path, length: u64) -> Result<(), StoreError> {
    let file =
        OpenOptions::new().write(true).open(path).map_err(|error| StoreError::io("open", path, error))?;
    file.set_len(length).and_then(|()| file.sync_all()).map_err(|error| StoreError::io("write", path, error))
}

fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.log"))
}

fn numbers(dir: &Path) -> Result<Vec<u64>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("read", dir, error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| StoreError::io("read", dir, error))?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".log"));
        numbers.extend(stem.and_then(|stem| stem.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
