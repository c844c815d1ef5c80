//! Snapshots: what all records before a segment amount to, in one file, so that a start need not read them again.
//!
//! What it amounts to is the owner's business: here it is bytes. `snapshot-<index>.wvs` belongs to the segment with
//! that index and holds, little-endian: magic 8 B | format u32 | index u64 | first u64 | chain 8 B | epoch u64 |
//! sequence u64 | wall i64 | whether the last engine before went down in order u8 | bytes that follow u64 | the bytes |
//! crc32c u32 over all before. It is written aside, synced, and then given its name; one that is not whole is not read.

use crate::frame::Chain;
use crate::record::Record;
use crate::segment::{Family, Header, read_whole};
use crate::storage::Storage;
use crate::walk::Entry;
use std::io;
use windvane_layout::{Decode, DecodeError, Encode, Input};
use windvane_model::{Epoch, WallTime};

const MAGIC: [u8; 8] = *b"wvsnapsh";
/// Format of snapshot files; a reader passes over any other.
const FORMAT: u32 = 1;
/// The name under which one is written.
const UNFINISHED: &str = "snapshot.tmp";

/// Where a journal may be read from: what is known of all records before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// The segment that follows, its first record and the chain before it.
    pub(crate) next: Header,
    /// Epoch of the last record before.
    pub(crate) epoch: Epoch,
    /// Highest sequence of an event before.
    pub(crate) last_sequence: u64,
    /// The engine's clock at the last event or start before.
    pub(crate) last_wall: Option<WallTime>,
    /// Whether the last record before was an orderly end.
    pub(crate) stopped_in_order: bool,
}

impl Default for Base {
    /// Before the first record of all.
    fn default() -> Self {
        Self {
            next: Header { index: 1, first: 1, chain: Chain::default() },
            epoch: Epoch(0),
            last_sequence: 0,
            last_wall: None,
            stopped_in_order: true,
        }
    }
}

impl Base {
    /// Takes the next record into what is known.
    pub(crate) fn note(&mut self, entry: &Entry) {
        self.epoch = entry.epoch;
        self.last_sequence = self.last_sequence.max(entry.record.sequence().unwrap_or(0));
        match &entry.record {
            Record::Start(start) => self.last_wall = Some(start.wall),
            Record::Event(stamped) => self.last_wall = Some(stamped.stamp.wall),
            Record::Command { .. }
            | Record::Memory { .. }
            | Record::Denied { .. }
            | Record::Signal { .. }
            | Record::Reload(_)
            | Record::Marker { .. }
            | Record::Stop { .. } => {}
        }
        // The marker of the last sync may follow the stop.
        if !matches!(entry.record, Record::Marker { .. }) {
            self.stopped_in_order = matches!(entry.record, Record::Stop { .. });
        }
    }
}

/// A snapshot that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) base: Base,
    pub(crate) state: Vec<u8>,
}

/// The file of the snapshot before a segment.
fn name(index: u64) -> String {
    format!("snapshot-{index:08}.wvs")
}

/// Indexes of the segments that a snapshot belongs to, in order; the snapshots need not be whole.
pub(crate) fn indexes(storage: &dyn Storage) -> io::Result<Vec<u64>> {
    let index = |name: &String| {
        let digits = name.strip_prefix("snapshot-")?.strip_suffix(".wvs")?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let mut indexes: Vec<u64> = storage.names()?.iter().filter_map(index).collect();
    indexes.sort_unstable();
    Ok(indexes)
}

/// Removes the snapshot before a segment.
pub(crate) fn remove(storage: &dyn Storage, index: u64) -> io::Result<()> {
    storage.remove(&name(index))
}

/// The first of `indexes` whose snapshot is whole.
pub(crate) fn first_whole(
    storage: &dyn Storage,
    indexes: impl IntoIterator<Item = u64>,
) -> io::Result<Option<Snapshot>> {
    for index in indexes {
        let mut bytes = Vec::new();
        match storage.open(&name(index)).and_then(|file| read_whole(file.as_ref(), &mut bytes)) {
            Ok(()) => {}
            // Retention of a running engine may have removed it since the folder was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        }
        if let Some(snapshot) = Snapshot::decode(&bytes).filter(|snapshot| snapshot.base.next.index == index)
        {
            return Ok(Some(snapshot));
        }
    }
    Ok(None)
}

impl Snapshot {
    /// Makes it durable, whole or not at all.
    pub(crate) fn save(&self, storage: &dyn Storage) -> io::Result<()> {
        if storage.names()?.iter().any(|name| name == UNFINISHED) {
            storage.remove(UNFINISHED)?;
        }
        let file = storage.create(UNFINISHED)?;
        file.write_at(0, &self.encode())?;
        file.sync()?;
        storage.rename(UNFINISHED, &name(self.base.next.index))?;
        storage.sync_folder()
    }

    fn encode(&self) -> Vec<u8> {
        let Base { next, epoch, last_sequence, last_wall, stopped_in_order } = &self.base;
        let mut bytes = Vec::with_capacity(self.state.len() + 128);
        MAGIC.encode(&mut bytes);
        FORMAT.encode(&mut bytes);
        next.index.encode(&mut bytes);
        next.first.encode(&mut bytes);
        next.chain.0.encode(&mut bytes);
        epoch.encode(&mut bytes);
        last_sequence.encode(&mut bytes);
        last_wall.encode(&mut bytes);
        stopped_in_order.encode(&mut bytes);
        (self.state.len() as u64).encode(&mut bytes);
        bytes.extend_from_slice(&self.state);
        crc32c::crc32c(&bytes).encode(&mut bytes);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
            return None;
        }
        Self::read(&mut Input::new(content)).ok().flatten()
    }

    /// `None` when it is of another format.
    fn read(input: &mut Input<'_>) -> Result<Option<Self>, DecodeError> {
        if input.array()? != MAGIC || u32::decode(input)? != FORMAT {
            return Ok(None);
        }
        let (index, first) = (u64::decode(input)?, u64::decode(input)?);
        let next = Header { index, first, chain: Chain(input.array()?) };
        let base = Base {
            next,
            epoch: Decode::decode(input)?,
            last_sequence: Decode::decode(input)?,
            last_wall: Decode::decode(input)?,
            stopped_in_order: Decode::decode(input)?,
        };
        let length = usize::decode(input)?;
        let state = input.take(length)?.to_vec();
        Ok((input.remaining() == 0).then_some(Self { base, state }))
    }
}

/// Where a reader of the past begins: at the first segment if it is there, else at the oldest snapshot.
pub(crate) fn oldest(storage: &dyn Storage) -> io::Result<Option<Snapshot>> {
    let first = Family::Journal.indexes(storage)?.first().copied().unwrap_or(1);
    if first <= 1 {
        return Ok(None);
    }
    first_whole(storage, indexes(storage)?.into_iter().filter(|index| *index >= first))
}

/// Where a start begins: at the newest snapshot that is whole.
pub(crate) fn newest(storage: &dyn Storage) -> io::Result<Option<Snapshot>> {
    first_whole(storage, indexes(storage)?.into_iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        let next = Header { index: 3, first: 99, chain: Chain([7; 8]) };
        let base = Base {
            next,
            epoch: Epoch(4),
            last_sequence: 1_000,
            last_wall: Some(WallTime(5)),
            stopped_in_order: false,
        };
        Snapshot { base, state: b"what it amounts to".to_vec() }
    }

    #[test]
    fn it_is_read_back_whole_or_not_at_all() {
        let mut bytes = snapshot().encode();
        assert_eq!(Snapshot::decode(&bytes), Some(snapshot()));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Snapshot::decode(&bytes), None, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..bytes.len() {
            assert_eq!(Snapshot::decode(&bytes[..length]), None, "cut at {length}");
        }
    }
}
