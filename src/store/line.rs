//! Lines: the whole store ↔ JSON Lines, for checkpoints, export and import. Pure: it takes readers and writers.
//!
//! The first line says version and epoch, then come for each source its state, its records and its traces, and the last line
//! holds a digest of every byte before it. That much holds in every version, so that a newer file is told from a
//! damaged one.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::SourceId,
    record::{Record, SourceState, Trace},
};

/// The version of the lines this code writes, and the newest it reads. 2: traces. 3: what is known of sources has its
/// instants as numbers.
pub const VERSION: u32 = 3;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "kebab-case")]
pub enum Line {
    /// The first line.
    Store(Heading),
    /// A source; its records follow it.
    Source {
        /// Its id.
        source: SourceId,
        /// What is known of it.
        state: Box<SourceState>,
    },
    /// A record.
    Record {
        /// The source it belongs to.
        source: SourceId,
        /// The record.
        record: Box<Record>,
    },
    /// What stays of a record that was let go.
    Trace {
        /// The source it belongs to.
        source: SourceId,
        /// The trace.
        trace: Trace,
    },
    /// The last line.
    End {
        /// The blake3 digest, in hex, of every byte before this line.
        check: String,
    },
}

impl Line {
    /// The source it is about; `None`: the first or last line.
    pub fn source(&self) -> Option<&SourceId> {
        match self {
            Self::Source { source, .. } | Self::Record { source, .. } | Self::Trace { source, .. } => {
                Some(source)
            }
            Self::Store(_) | Self::End { .. } => None,
        }
    }
}

/// What the first line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// The version of the lines.
    pub version: u32,
    /// Which store they come from.
    pub epoch: Uuid,
    /// The last commit they hold.
    pub last_seq: u64,
    /// How many sources follow.
    pub sources: u64,
    /// How many records follow.
    pub records: u64,
}

/// Why lines cannot be used.
#[derive(Debug)]
pub enum Defect {
    /// They are whole, and of a version this code does not know.
    Newer(u32),
    /// They are not what was written.
    Damaged(String),
    /// They could not be read.
    Unread(io::Error),
}

/// Writes lines and keeps their digest.
pub struct Writer<W> {
    sink: W,
    digest: blake3::Hasher,
}

impl<W: Write> Writer<W> {
    /// Begins with the heading.
    pub fn begin(sink: W, heading: Heading) -> io::Result<Self> {
        let mut writer = Self { sink, digest: blake3::Hasher::new() };
        writer.write(&Line::Store(heading))?;
        Ok(writer)
    }

    /// Adds a line.
    pub fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.digest.update(&bytes);
        self.sink.write_all(&bytes)
    }

    /// Ends with the digest.
    pub fn end(mut self) -> io::Result<W> {
        let check = self.digest.finalize().to_hex().to_string();
        self.write(&Line::End { check })?;
        Ok(self.sink)
    }
}

/// The heading alone, unchecked.
pub fn heading(mut source: impl BufRead) -> Result<Heading, Defect> {
    let mut bytes = Vec::new();
    source.read_until(b'\n', &mut bytes).map_err(Defect::Unread)?;
    parse_heading(&bytes)
}

/// Reads everything and compares the digest.
pub fn check(mut source: impl BufRead) -> Result<Heading, Defect> {
    let mut digest = blake3::Hasher::new();
    let mut line = Vec::new();
    let mut first = None;
    loop {
        line.clear();
        if source.read_until(b'\n', &mut line).map_err(Defect::Unread)? == 0 {
            return Err(Defect::Damaged("its last line is missing".to_owned()));
        }
        if let Some(check) = parse_end(&line) {
            if check != digest.finalize().to_hex().as_str() {
                return Err(Defect::Damaged("its digest is not that of its lines".to_owned()));
            }
            break;
        }
        digest.update(&line);
        first.get_or_insert_with(|| line.clone());
    }
    parse_heading(&first.unwrap_or_default())
}

/// Reads every line between heading and end.
pub fn each<E>(
    source: impl BufRead,
    mut sink: impl FnMut(Line) -> Result<(), E>,
) -> Result<Result<(), E>, Defect> {
    for bytes in source.split(b'\n').skip(1) {
        let bytes = bytes.map_err(Defect::Unread)?;
        match serde_json::from_slice(&bytes) {
            Ok(Line::End { .. }) => return Ok(Ok(())),
            Ok(line) => {
                if let Err(error) = sink(line) {
                    return Ok(Err(error));
                }
            }
            Err(error) => return Err(Defect::Damaged(error.to_string())),
        }
    }
    Err(Defect::Damaged("its last line is missing".to_owned()))
}

/// The lines between heading and end, one by one; what was checked before is not checked again.
pub fn lines(source: impl BufRead) -> impl Iterator<Item = Result<Line, Defect>> {
    source
        .split(b'\n')
        .map(|bytes| {
            let bytes = bytes.map_err(Defect::Unread)?;
            serde_json::from_slice(&bytes).map_err(|error| Defect::Damaged(error.to_string()))
        })
        .filter(|line| !matches!(line, Ok(Line::Store(_) | Line::End { .. })))
}

fn parse_heading(bytes: &[u8]) -> Result<Heading, Defect> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    match serde_json::from_slice(bytes) {
        Ok(Versioned { version }) if version > VERSION => return Err(Defect::Newer(version)),
        Ok(_) => {}
        Err(_) => return Err(Defect::Damaged("its first line is not a heading".to_owned())),
    }
    match serde_json::from_slice(bytes) {
        Ok(Line::Store(heading)) => Ok(heading),
        _ => Err(Defect::Damaged("its first line is not a heading".to_owned())),
    }
}

fn parse_end(bytes: &[u8]) -> Option<String> {
    if !bytes.starts_with(br#"{"t":"end""#) {
        return None;
    }
    match serde_json::from_slice(bytes) {
        Ok(Line::End { check }) => Some(check),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    fn written(version: u32) -> Vec<u8> {
        let heading = Heading { version, epoch: Uuid::nil(), last_seq: 7, sources: 1, records: 1 };
        let mut writer = Writer::begin(Vec::new(), heading).unwrap();
        for line in samples::lines("one", 2) {
            writer.write(&line).unwrap();
        }
        writer.end().unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut read = Vec::new();
        check(&written(1)[..]).unwrap();
        each(&written(1)[..], |line| {
            read.push(line);
            Ok::<(), ()>(())
        })
        .unwrap()
        .unwrap();
        assert_eq!(read, samples::lines("one", 2));
    }

    #[test]
    fn damage_anywhere_is_noticed() {
        let whole = written(1);
        for at in 0..whole.len() - 1 {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert!(matches!(check(&bytes[..]), Err(Defect::Damaged(_))), "byte {at}");
            assert!(matches!(check(&whole[..at]), Err(Defect::Damaged(_))), "cut at {at}");
        }
    }

    #[test]
    fn newer_lines_are_told_from_damaged_ones() {
        assert!(matches!(check(&written(9)[..]), Err(Defect::Newer(9))));
        assert!(matches!(heading(&written(9)[..]), Err(Defect::Newer(9))));
    }
}
