//! What a journal holds, counted; and whether it is whole.

use crate::reader::{Item, Reader};
use crate::record::Record;
use crate::storage::{Disk, Storage};
use crate::walk::{ReadError, Tail};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use windvane_model::{Epoch, WallTime};

/// What a journal and its tape hold.
#[derive(Debug, Default)]
pub struct Stat {
    /// Records of the journal by kind.
    pub records: BTreeMap<&'static str, u64>,
    /// Market events of the tape.
    pub tape_events: u64,
    /// Bytes of the journal's records.
    pub journal_bytes: u64,
    /// Bytes of the tape's records.
    pub tape_bytes: u64,
    /// Files of the journal.
    pub journal_segments: u64,
    /// Files of the tape.
    pub tape_segments: u64,
    /// Starts of an engine, in order.
    pub epochs: Vec<Epoch>,
    /// The engine's clock at the first and the last event or start.
    pub span: Option<(WallTime, WallTime)>,
    /// The last record.
    pub last_number: u64,
    /// The last record that a marker calls durable.
    pub last_durable: u64,
    /// Stretches of sequence that neither file holds, first and last.
    pub gaps: Vec<(u64, u64)>,
    /// What lies behind the last good record and was never durable; the next start cuts it.
    pub tail: Option<Tail>,
    /// What ends the reading before the end.
    pub problem: Option<ReadError>,
}

/// Counts what a folder holds, up to the first problem.
///
/// # Errors
/// When the folder cannot be read at all.
pub fn stat(folder: &Path) -> Result<Stat, ReadError> {
    stat_of(Arc::new(Disk::existing(folder)))
}

/// As [`stat`], on any storage.
///
/// # Errors
/// When the storage cannot be read at all.
pub fn stat_of(storage: Arc<dyn Storage>) -> Result<Stat, ReadError> {
    let mut reader = Reader::new(storage)?;
    let mut stat = Stat::default();
    for item in &mut reader {
        match item {
            Ok(item) => stat.count(&item),
            Err(problem) => stat.problem = Some(problem),
        }
    }
    stat.tail = reader.tail().cloned();
    stat.journal_segments = reader.journal_segments();
    stat.tape_segments = reader.tape_segments();
    stat.tape_bytes = reader.tape_bytes();
    Ok(stat)
}

/// Reads everything; every record must be whole and in its place.
///
/// # Errors
/// The first problem. A tail that was never durable, or a gap of the tape, is none.
pub fn verify(folder: &Path) -> Result<Stat, ReadError> {
    let mut stat = stat(folder)?;
    match stat.problem.take() {
        None => Ok(stat),
        Some(problem) => Err(problem),
    }
}

impl Stat {
    fn count(&mut self, item: &Item) {
        match item {
            Item::Journal(entry) => {
                *self.records.entry(entry.record.kind()).or_default() += 1;
                self.journal_bytes += entry.size;
                self.last_number = entry.number;
                match &entry.record {
                    Record::Start(start) => {
                        self.epochs.push(start.epoch);
                        self.stretch(start.wall);
                    }
                    Record::Event(stamped) => self.stretch(stamped.stamp.wall),
                    Record::Marker { durable } => self.last_durable = *durable,
                    Record::Command { .. }
                    | Record::Memory { .. }
                    | Record::Denied { .. }
                    | Record::Signal { .. }
                    | Record::Reload(_)
                    | Record::Stop { .. } => {}
                }
            }
            Item::Tape { stamped, .. } => {
                self.tape_events += 1;
                self.stretch(stamped.stamp.wall);
            }
            Item::Gap { from, to } => self.gaps.push((*from, *to)),
        }
    }

    fn stretch(&mut self, wall: WallTime) {
        let (first, last) = self.span.unwrap_or((wall, wall));
        self.span = Some((first.min(wall), last.max(wall)));
    }
}
