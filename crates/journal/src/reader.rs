//! Journal and tape together, in the order in which the engine took them in.

use crate::record::Record;
use crate::snapshot;
use crate::storage::{Disk, Storage};
use crate::tape::TapeReader;
use crate::walk::{Entry, ReadError, Tail, Walk};
use std::path::Path;
use std::sync::Arc;
use windvane_model::{Epoch, Event, Stamped};

/// One step of the story.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A record of the journal.
    Journal(Entry),
    /// A market event of the tape.
    Tape {
        /// The start of the engine that took it in.
        epoch: Epoch,
        /// The event.
        stamped: Stamped,
    },
    /// Events that are in neither file: the tape was dropped, never written, or lost. A replay cannot pass.
    Gap {
        /// Sequence of the first event that is missing.
        from: u64,
        /// Sequence of the last event that is missing.
        to: u64,
    },
}

/// Merges journal and tape by sequence.
///
/// A command, a denial or a memory follows the event that caused it.
pub struct Reader {
    /// What was summed up of records that are no longer there.
    snapshot: Option<Vec<u8>>,
    journal: Walk,
    tape: TapeReader,
    next_entry: Option<Entry>,
    next_tape: Option<(Epoch, Stamped)>,
    /// The sequence that the next event has when nothing is missing.
    expected: u64,
    /// The highest sequence that a command or denial speaks of.
    spoken_of: u64,
    is_over: bool,
}

/// Reads the folder of a journal, which may be in use.
///
/// # Errors
/// When the folder or its first files cannot be read.
pub fn read(folder: &Path) -> Result<Reader, ReadError> {
    Reader::new(Arc::new(Disk::existing(folder)))
}

impl Reader {
    /// Reads a journal on any storage.
    ///
    /// # Errors
    /// When it or its first files cannot be read.
    pub fn new(storage: Arc<dyn Storage>) -> Result<Self, ReadError> {
        let oldest = snapshot::oldest(storage.as_ref())
            .map_err(|source| ReadError::Io { file: "the snapshots".to_owned(), source })?;
        let mut journal = Walk::from(Arc::clone(&storage), oldest.as_ref().map(|snapshot| &snapshot.base))?;
        let mut tape = TapeReader::new(storage)?;
        let next_entry = journal.advance()?;
        let last_before = oldest.as_ref().map_or(0, |snapshot| snapshot.base.last_sequence);
        let mut next_tape = tape.advance()?;
        // Market events from before the records have nothing to stand beside.
        while next_tape.as_ref().is_some_and(|(_, stamped)| stamped.stamp.sequence <= last_before) {
            next_tape = tape.advance()?;
        }
        let (expected, spoken_of, is_over) = (last_before + 1, last_before, false);
        let snapshot = oldest.map(|snapshot| snapshot.state);
        Ok(Self { snapshot, journal, tape, next_entry, next_tape, expected, spoken_of, is_over })
    }

    /// What the records before the first one that is still there amount to, as it was written down; `None` when all
    /// are there.
    #[must_use]
    pub fn snapshot(&self) -> Option<&[u8]> {
        self.snapshot.as_deref()
    }

    /// What lies behind the journal's last good record and was never durable; known at the end.
    #[must_use]
    pub const fn tail(&self) -> Option<&Tail> {
        self.journal.tail.as_ref()
    }

    /// How many segments of the journal were reached.
    pub(crate) fn journal_segments(&self) -> u64 {
        self.journal.end.map_or(0, |end| end.segment + 1 - self.journal.first_segment)
    }

    pub(crate) const fn tape_segments(&self) -> u64 {
        self.tape.segments
    }

    pub(crate) const fn tape_bytes(&self) -> u64 {
        self.tape.good_bytes
    }

    fn step(&mut self) -> Result<Option<Item>, ReadError> {
        let takes_tape = match (&self.next_entry, &self.next_tape) {
            (Some(entry), Some(tape)) => tape_goes_first(entry, tape),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let sequence = if takes_tape {
            self.next_tape.as_ref().map(|(_, stamped)| stamped.stamp.sequence)
        } else {
            self.next_entry.as_ref().and_then(|entry| event_of(&entry.record)).map(|e| e.stamp.sequence)
        };
        let next = sequence.or_else(|| self.next_entry.is_none().then_some(self.spoken_of + 1));
        if let Some(next) = next.filter(|next| *next > self.expected) {
            let gap = Item::Gap { from: self.expected, to: next - 1 };
            self.expected = next;
            return Ok(Some(gap));
        }
        if let Some(sequence) = sequence {
            self.expected = sequence + 1;
        }
        if takes_tape {
            let taken = self.next_tape.take();
            self.next_tape = self.tape.advance()?;
            return Ok(taken.map(|(epoch, stamped)| Item::Tape { epoch, stamped }));
        }
        let Some(entry) = self.next_entry.take() else { return Ok(None) };
        self.spoken_of = self.spoken_of.max(entry.record.sequence().unwrap_or(0));
        self.next_entry = self.journal.advance()?;
        Ok(Some(Item::Journal(entry)))
    }
}

const fn event_of(record: &Record) -> Option<&Stamped> {
    match record {
        Record::Event(stamped) => Some(stamped),
        _ => None,
    }
}

fn tape_goes_first(entry: &Entry, (epoch, stamped): &(Epoch, Stamped)) -> bool {
    debug_assert!(matches!(stamped.event, Event::Market(_)), "only market events are on the tape");
    let sequence = stamped.stamp.sequence;
    match &entry.record {
        Record::Event(event) => sequence < event.stamp.sequence,
        Record::Command { cause, .. } | Record::Signal { cause, .. } => sequence <= cause.sequence,
        Record::Denied { after, .. } | Record::Memory { after, .. } => sequence <= *after,
        Record::Reload(reload) => sequence <= reload.after,
        // An engine's start follows all that earlier ones saw, its stop also all that it saw itself.
        Record::Start(_) => *epoch < entry.epoch,
        Record::Stop { .. } => *epoch <= entry.epoch,
        Record::Marker { .. } => *epoch < entry.epoch,
    }
}

impl Iterator for Reader {
    type Item = Result<Item, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let item = self.step().transpose();
        // After an error there is no telling what follows.
        self.is_over = !matches!(item, Some(Ok(_)));
        item
    }
}
