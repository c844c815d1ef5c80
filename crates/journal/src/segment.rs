//! Segment files: their names, their headers, and reading one whole.
//!
//! Header, 40 bytes, little-endian: magic 8 B | format u32 | index u64 | first number u64 | chain 8 B |
//! crc32c u32 over the rest. The chain and the first number tie a journal segment to the one before it.

use crate::frame::Chain;
use crate::storage::{Storage, StoredFile};
use std::io;

/// Bytes before the first frame.
pub(crate) const HEADER_SIZE: u64 = 40;
const HEADER: usize = 40;
/// Format of segment files; a reader refuses any other.
const FORMAT: u32 = 1;

/// Which of the two files a segment belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `journal-<index>.wvj`
    Journal,
    /// `tape-<index>.wvt`
    Tape,
}

impl Family {
    const fn affixes(self) -> (&'static str, &'static str) {
        match self {
            Self::Journal => ("journal-", ".wvj"),
            Self::Tape => ("tape-", ".wvt"),
        }
    }

    const fn magic(self) -> [u8; 8] {
        match self {
            Self::Journal => *b"wvjourna",
            Self::Tape => *b"wvtape\0\0",
        }
    }

    /// The file of a segment. Eight digits, so that names sort by index.
    pub(crate) fn name(self, index: u64) -> String {
        let (before, after) = self.affixes();
        format!("{before}{index:08}{after}")
    }

    /// The index in a file's name, if it is of this family.
    fn index(self, name: &str) -> Option<u64> {
        let (before, after) = self.affixes();
        let digits = name.strip_prefix(before)?.strip_suffix(after)?;
        if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
    }

    /// Indexes of the segments there are, in order.
    pub(crate) fn indexes(self, storage: &dyn Storage) -> io::Result<Vec<u64>> {
        let mut indexes: Vec<u64> = storage.names()?.iter().filter_map(|name| self.index(name)).collect();
        indexes.sort_unstable();
        Ok(indexes)
    }
}

/// The start of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Place among the segments, from 1.
    pub(crate) index: u64,
    /// Number of its first record.
    pub(crate) first: u64,
    /// The chain before its first record.
    pub(crate) chain: Chain,
}

/// Why a file does not start like a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoHeader {
    /// Cut, never written, or damaged.
    Bad,
    /// Written by another version of the format.
    Format(u32),
}

impl Header {
    pub(crate) fn encode(&self, family: Family) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&family.magic());
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.index.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.first.to_le_bytes());
        bytes[28..36].copy_from_slice(&self.chain.0);
        let checksum = crc32c::crc32c(&bytes[..36]);
        bytes[36..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(family: Family, bytes: &[u8]) -> Result<Self, NoHeader> {
        let bytes = bytes.first_chunk::<HEADER>().ok_or(NoHeader::Bad)?;
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            word
        };
        let half = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if bytes[..8] != family.magic() || half(36) != crc32c::crc32c(&bytes[..36]) {
            return Err(NoHeader::Bad);
        }
        match half(8) {
            FORMAT => Ok(Self {
                index: u64::from_le_bytes(word(12)),
                first: u64::from_le_bytes(word(20)),
                chain: Chain(word(28)),
            }),
            other => Err(NoHeader::Format(other)),
        }
    }
}

/// Reads a whole file into `into`.
pub(crate) fn read_whole(file: &dyn StoredFile, into: &mut Vec<u8>) -> io::Result<()> {
    let size = usize::try_from(file.size()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    into.clear();
    into.resize(size, 0);
    file.read_at(0, into)
}

/// Writes zeros from `from` up to `to`.
pub(crate) fn zero(file: &dyn StoredFile, from: u64, to: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
    let mut at = from;
    while at < to {
        let count = usize::try_from(to - at).unwrap_or(ZEROS.len()).min(ZEROS.len());
        file.write_at(at, &ZEROS[..count])?;
        at += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_index_and_foreign_names_are_ignored() {
        assert_eq!(Family::Journal.name(12), "journal-00000012.wvj");
        assert_eq!(Family::Tape.index("tape-00000003.wvt"), Some(3));
        for name in ["tape-3", "journal-x.wvj", "journal-00000012.wvj.tmp", "lock"] {
            assert_eq!(Family::Journal.index(name), None, "{name}");
        }
    }

    #[test]
    fn a_header_survives_and_no_flipped_bit_passes() {
        let header = Header { index: 3, first: 99, chain: Chain([7; 8]) };
        let mut bytes = header.encode(Family::Journal);
        assert_eq!(Header::decode(Family::Journal, &bytes), Ok(header));
        assert_eq!(Header::decode(Family::Tape, &bytes), Err(NoHeader::Bad));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(Family::Journal, &bytes), Err(NoHeader::Bad), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
