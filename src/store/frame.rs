//! Frames: commits ↔ the bytes of a journal file. Pure; it reads from what it is given.
//!
//! A file is a header (magic, version, epoch, checksum) and frames (mark, length, checksum, sequence number,
//! payload). The mark lets a reader find the next frame behind damaged bytes, so that one bad block costs only
//! the commits in it.

use std::io::{self, ErrorKind, Read};

use uuid::Uuid;

/// The version of the journal's format this code writes, and the newest it reads. 2: records fade, sources are
/// renamed. 3: what is known of sources has its instants as numbers.
pub const VERSION: u32 = 3;
/// The bytes of a file's header.
pub const HEADER_BYTES: usize = 32;

const MAGIC: &[u8; 8] = b"gleaner\x1f";
const MARK: &[u8; 4] = b"\xf7Gc\x1e";
/// Mark, length, checksum, sequence number.
const FRAME_HEADER_BYTES: usize = 4 + 4 + 4 + 8;

/// One commit as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Counts commits from 1.
    pub seq: u64,
    /// The plans as JSON.
    pub payload: Vec<u8>,
}

/// What a file's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A journal that can be read.
    Known {
        /// Which store it belongs to.
        epoch: Uuid,
        /// What wrote it; an older one is not written on.
        version: u32,
    },
    /// A journal of a version this code does not know.
    Newer(u32),
    /// Too short or not what was written.
    Damaged,
}

/// Where a whole frame stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its commit.
    pub seq: u64,
    /// Its first byte.
    pub at: usize,
    /// Its length in bytes.
    pub bytes: usize,
}

/// Everything that could be read from a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Scan<F = Place> {
    /// The header.
    pub header: Header,
    /// The whole frames, in the order of the file.
    pub frames: Vec<F>,
    /// Bytes between frames that are not frames: where, and how many.
    pub damaged: Vec<(usize, usize)>,
    /// Where the last whole frame ends; what follows is torn.
    pub end: usize,
}

/// The header of a new file.
pub fn header(epoch: Uuid) -> Vec<u8> {
    header_of(VERSION, epoch)
}

fn header_of(version: u32, epoch: Uuid) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(epoch.as_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// The bytes of one frame.
pub fn encode(frame: &Frame) -> Vec<u8> {
    let length = u32::try_from(frame.payload.len()).expect("a commit is far smaller than 4 GiB");
    let mut bytes = Vec::with_capacity(FRAME_HEADER_BYTES + frame.payload.len());
    bytes.extend_from_slice(MARK);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&checksum(frame.seq, &frame.payload).to_le_bytes());
    bytes.extend_from_slice(&frame.seq.to_le_bytes());
    bytes.extend_from_slice(&frame.payload);
    bytes
}

/// Reads a file in which whole frames follow each other to its end, one at a time: a journal may be larger than memory
/// has room for. `None`: it is no such file, and [`scan`] says what there is of it.
pub fn walk(file: &mut impl Read) -> io::Result<Option<Scan>> {
    let mut head = [0; HEADER_BYTES];
    if let Err(error) = file.read_exact(&mut head) {
        return if error.kind() == ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let header = read_header(&head);
    let (mut frames, mut end) = (Vec::new(), HEADER_BYTES);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        file.take(FRAME_HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        let Some(length) = length(&bytes) else {
            let is_over = bytes.is_empty() && matches!(header, Header::Known { .. });
            return Ok(is_over.then_some(Scan { header, frames, damaged: Vec::new(), end }));
        };
        file.take(length as u64).read_to_end(&mut bytes)?;
        let Some((seq, _)) = read_frame(&bytes) else { return Ok(None) };
        frames.push(Place { seq, at: end, bytes: FRAME_HEADER_BYTES + length });
        end += FRAME_HEADER_BYTES + length;
    }
}

/// Reads all there is; never fails.
pub fn scan(bytes: &[u8]) -> Scan {
    let header = read_header(bytes);
    let mut frames = Vec::new();
    let mut damaged = Vec::new();
    let mut at = HEADER_BYTES.min(bytes.len());
    let mut end = at;
    while at < bytes.len() {
        if let Some((seq, payload)) = read_frame(&bytes[at..]) {
            if at > end {
                damaged.push((end, at - end));
            }
            let place = Place { seq, at, bytes: FRAME_HEADER_BYTES + payload.len() };
            at += place.bytes;
            end = at;
            frames.push(place);
        } else {
            at += 1 + next_mark(&bytes[at + 1..]);
        }
    }
    Scan { header, frames, damaged, end }
}

/// The frame that a file has at a place; `None`: it is not there any more.
pub fn read(bytes: &[u8]) -> Option<Frame> {
    read_frame(bytes).map(|(seq, payload)| Frame { seq, payload: payload.to_vec() })
}

fn read_header(bytes: &[u8]) -> Header {
    let Some(bytes) = bytes.get(..HEADER_BYTES) else { return Header::Damaged };
    let (told, check) = bytes.split_at(HEADER_BYTES - 4);
    if !told.starts_with(MAGIC) || u32_of(check) != crc32c::crc32c(told) {
        return Header::Damaged;
    }
    match u32_of(&told[8..12]) {
        version if version > VERSION => Header::Newer(version),
        version => Header::Known { epoch: Uuid::from_slice(&told[12..28]).expect("16 bytes"), version },
    }
}

/// The frame that these bytes begin with: its number and its payload.
fn read_frame(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = length(bytes)?;
    let (head, rest) = bytes.split_at(FRAME_HEADER_BYTES);
    let seq = u64::from_le_bytes(head[12..20].try_into().expect("8 bytes"));
    let payload = rest.get(..length)?;
    (u32_of(&head[8..12]) == checksum(seq, payload)).then_some((seq, payload))
}

/// How long the payload of the frame is that these bytes begin with; `None`: they begin with none.
fn length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.get(..FRAME_HEADER_BYTES).filter(|head| head.starts_with(MARK))?;
    Some(u32_of(&head[4..8]) as usize)
}

/// How far it is to the next mark, or to the end.
fn next_mark(bytes: &[u8]) -> usize {
    bytes.windows(MARK.len()).position(|window| window == MARK).unwrap_or(bytes.len())
}

fn checksum(seq: u64, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&seq.to_le_bytes()), payload)
}

fn u32_of(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("4 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(frames: &[Frame]) -> Vec<u8> {
        let mut bytes = header(Uuid::nil());
        bytes.extend(frames.iter().flat_map(encode));
        bytes
    }

    /// What is read of a file, whole frames in place of where they stand; read as a whole it gives the same.
    fn scan(bytes: &[u8]) -> Scan<Frame> {
        let found = super::scan(bytes);
        let is_whole = found.end == bytes.len() && found.damaged.is_empty();
        if let Some(walked) = walk(&mut &*bytes).unwrap() {
            assert!(is_whole);
            assert_eq!(walked, found);
        } else {
            assert!(!is_whole || !matches!(found.header, Header::Known { .. }));
        }
        let frame = |place: &Place| read(&bytes[place.at..place.at + place.bytes]).unwrap();
        let Scan { header, frames, damaged, end } = found;
        Scan { header, frames: frames.iter().map(frame).collect(), damaged, end }
    }

    fn frames() -> Vec<Frame> {
        (1..=4).map(|seq| Frame { seq, payload: format!("payload {seq}").repeat(3).into_bytes() }).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let scan = scan(&file(&frames()));
        assert_eq!(
            (scan.header, scan.frames),
            (Header::Known { epoch: Uuid::nil(), version: VERSION }, frames())
        );
        assert!(scan.damaged.is_empty());
    }

    #[test]
    fn torn_anywhere_the_whole_frames_before_are_read() {
        let whole = file(&frames());
        let ends: Vec<usize> = (0..=4).map(|n| file(&frames()[..n]).len()).collect();
        for cut in HEADER_BYTES..whole.len() {
            let scan = scan(&whole[..cut]);
            let expected = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!((scan.frames.len(), scan.end), (expected, ends[expected]), "cut at {cut}");
            assert!(scan.damaged.is_empty());
        }
    }

    #[test]
    fn a_flipped_bit_costs_only_its_own_frame() {
        let whole = file(&frames());
        let second = file(&frames()[..1]).len()..file(&frames()[..2]).len();
        for at in second.clone() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let scan = scan(&bytes);
                let seqs: Vec<u64> = scan.frames.iter().map(|frame| frame.seq).collect();
                assert_eq!(seqs, [1, 3, 4], "byte {at}");
                assert_eq!(scan.damaged, [(second.start, second.len())]);
            }
        }
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        assert_eq!(scan(&header_of(9, Uuid::nil())).header, Header::Newer(9));
        let mut bytes = header(Uuid::nil());
        bytes[8] = 9;
        assert_eq!(scan(&bytes).header, Header::Damaged);
    }
}
