//! Reads the journal's segments from the first record to the last good one, and judges what lies beyond.
//!
//! Where the records stop, the rest is either untouched zeros, a tail that was never promised to anyone, or
//! damage. A marker tells: it names the last record that was durable when it was written. A record that some
//! later marker calls durable and that cannot be read is damage, and damage is never repaired silently.

use crate::frame::{Chain, Frame, MARKER_SIZE, NoFrame};
use crate::record::Record;
use crate::segment::{Family, HEADER_SIZE, Header, NoHeader, read_whole};
use crate::snapshot::Base;
use crate::storage::Storage;
use std::fmt;
use std::io;
use std::sync::Arc;
use windvane_layout::DecodeError;
use windvane_model::Epoch;

/// A record of the journal with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number in the journal, from 1.
    pub number: u64,
    /// The start of the engine that wrote it.
    pub epoch: Epoch,
    /// Bytes it takes on disk.
    pub size: u64,
    /// What it says.
    pub record: Record,
}

/// Why a journal cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The disk does not give the bytes.
    #[error("{file}: cannot read")]
    Io {
        /// The file, or the folder.
        file: String,
        /// What the disk says.
        #[source]
        source: io::Error,
    },
    /// A record that was durable is gone.
    #[error(
        "{file}, byte {offset}: record {number} is damaged ({flaw}) although records up to {durable} were on \
         the disk; restore the file from a copy, or move the data folder away to start anew from the venue's \
         state (the history in it is then lost to the engine)"
    )]
    Damaged {
        /// The file.
        file: String,
        /// Where in the file, in bytes.
        offset: u64,
        /// The record that should be there.
        number: u64,
        /// The last record that a later marker calls durable.
        durable: u64,
        /// What is wrong.
        flaw: Flaw,
    },
    /// A record is whole but this version does not understand it.
    #[error(
        "{file}, byte {offset}: record {number} was written by another version of windvane; use that version, or \
         move the data folder away to start anew from the venue's state"
    )]
    Unreadable {
        /// The file.
        file: String,
        /// Where in the file, in bytes.
        offset: u64,
        /// Its number.
        number: u64,
        /// What was not understood.
        #[source]
        source: DecodeError,
    },
    /// A whole file that was durable is gone.
    #[error(
        "{file} is missing although records up to {durable} were on the disk; restore it from a copy, or move \
         the data folder away to start anew from the venue's state"
    )]
    Missing {
        /// The file.
        file: String,
        /// The last record that a later marker calls durable.
        durable: u64,
    },
    /// The file is of another format.
    #[error("{file} has format {found}, which this version of windvane does not know")]
    Format {
        /// The file.
        file: String,
        /// The format found.
        found: u32,
    },
}

/// What is wrong at a place where a record should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Zeros, with something behind them.
    Hole,
    /// A length that cannot be.
    Cut,
    /// The checksum does not hold.
    Checksum,
    /// A whole record that does not follow the one before it.
    Order,
    /// The head of a segment.
    Header,
    /// A whole segment is not there, though later ones are.
    Missing,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hole => "zeros where data was",
            Self::Cut => "impossible length",
            Self::Checksum => "wrong checksum",
            Self::Order => "does not follow the record before it",
            Self::Header => "unreadable head of the file",
            Self::Missing => "the file is not there",
        })
    }
}

/// A place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index of the segment.
    pub(crate) segment: u64,
    /// Byte in it.
    pub(crate) offset: u64,
}

/// Something after the last good record that was never durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The file in which it begins.
    pub file: String,
    /// The byte at which it begins.
    pub offset: u64,
    /// What is wrong there.
    pub flaw: Flaw,
}

/// Walks the journal once.
pub(crate) struct Walk {
    storage: Arc<dyn Storage>,
    indexes: Vec<u64>,
    /// Index of the segment at which the walk begins.
    pub(crate) first_segment: u64,
    /// How many of `indexes` have been loaded; the last of them is in `bytes`.
    loaded: usize,
    bytes: Vec<u8>,
    offset: usize,
    /// After the last good record; `None` before the first good segment.
    pub(crate) end: Option<Place>,
    /// What lies beyond `end`, once the walk is over.
    pub(crate) tail: Option<Tail>,
    /// Number of the last good record.
    pub(crate) number: u64,
    /// The chain after it.
    pub(crate) chain: Chain,
    /// Its epoch.
    pub(crate) epoch: Epoch,
    is_over: bool,
}

impl Walk {
    /// Begins after what `base` knows, else with the first record.
    pub(crate) fn from(storage: Arc<dyn Storage>, base: Option<&Base>) -> Result<Self, ReadError> {
        let list = Family::Journal.indexes(storage.as_ref());
        let mut indexes =
            list.map_err(|source| ReadError::Io { file: "the data folder".to_owned(), source })?;
        let first_segment = base.map_or(1, |base| base.next.index);
        indexes.retain(|index| *index >= first_segment);
        Ok(Self {
            storage,
            indexes,
            first_segment,
            loaded: 0,
            bytes: Vec::new(),
            offset: 0,
            end: None,
            tail: None,
            number: base.map_or(0, |base| base.next.first - 1),
            chain: base.map_or_else(Chain::default, |base| base.next.chain),
            epoch: base.map_or(Epoch(0), |base| base.epoch),
            is_over: false,
        })
    }

    /// Indexes of the segments that hold no good record: to be removed before writing goes on.
    pub(crate) fn beyond(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        let end = self.end.map_or(0, |place| place.segment);
        self.indexes.iter().copied().filter(move |index| *index > end)
    }

    /// The next record; `None` once at the end, after which `end` and `tail` hold.
    pub(crate) fn advance(&mut self) -> Result<Option<Entry>, ReadError> {
        while !self.is_over {
            if self.loaded == 0 {
                self.next_segment()?;
                continue;
            }
            let rest = &self.bytes[self.offset.min(self.bytes.len())..];
            let flaw = match Frame::read(rest) {
                Ok(frame)
                    if frame.head.number == self.number + 1
                        && frame.head.previous == self.chain
                        && frame.head.epoch >= self.epoch =>
                {
                    let record = frame.record();
                    let (head, chain, size) = (frame.head, frame.chain, frame.size);
                    let record = record.map_err(|source| ReadError::Unreadable {
                        file: self.file(),
                        offset: self.offset as u64,
                        number: head.number,
                        source,
                    })?;
                    (self.number, self.epoch, self.chain) = (head.number, head.epoch, chain);
                    self.offset += size;
                    self.end = Some(Place { segment: self.segment(), offset: self.offset as u64 });
                    return Ok(Some(Entry {
                        number: head.number,
                        epoch: head.epoch,
                        size: size as u64,
                        record,
                    }));
                }
                Err(NoFrame::Empty) if rest.iter().all(|byte| *byte == 0) => {
                    self.next_segment()?;
                    continue;
                }
                Ok(_) => Flaw::Order,
                Err(NoFrame::Empty) => Flaw::Hole,
                Err(NoFrame::Cut) => Flaw::Cut,
                Err(NoFrame::BadChecksum) => Flaw::Checksum,
            };
            self.stop(flaw, self.file(), self.offset as u64)?;
        }
        Ok(None)
    }

    fn segment(&self) -> u64 {
        let loaded = self.loaded.checked_sub(1).and_then(|at| self.indexes.get(at)).copied();
        loaded.unwrap_or(self.first_segment - 1)
    }

    fn file(&self) -> String {
        Family::Journal.name(self.segment())
    }

    /// Goes on to the next segment, or ends the walk.
    fn next_segment(&mut self) -> Result<(), ReadError> {
        let Some(&index) = self.indexes.get(self.loaded) else {
            self.is_over = true;
            return Ok(());
        };
        let expected = self.segment() + 1;
        if index != expected {
            return self.stop(Flaw::Missing, Family::Journal.name(expected), 0);
        }
        self.load(index)?;
        self.loaded += 1;
        self.offset = 0;
        match Header::decode(Family::Journal, &self.bytes) {
            Ok(header) if header == (Header { index, first: self.number + 1, chain: self.chain }) => {
                self.end = Some(Place { segment: index, offset: HEADER_SIZE });
                self.offset = usize::try_from(HEADER_SIZE).unwrap_or(usize::MAX);
                Ok(())
            }
            Ok(_) | Err(NoHeader::Bad) => self.stop(Flaw::Header, self.file(), 0),
            Err(NoHeader::Format(found)) => Err(ReadError::Format { file: self.file(), found }),
        }
    }

    fn load(&mut self, index: u64) -> Result<(), ReadError> {
        let name = Family::Journal.name(index);
        self.storage
            .open(&name)
            .and_then(|file| read_whole(file.as_ref(), &mut self.bytes))
            .map_err(|source| ReadError::Io { file: name, source })
    }

    /// Ends the walk before the end of the bytes: a tail, unless a marker beyond says that it was durable.
    fn stop(&mut self, flaw: Flaw, file: String, offset: u64) -> Result<(), ReadError> {
        let number = self.number + 1;
        self.is_over = true;
        let mut durable = last_marker(&self.bytes[self.offset.min(self.bytes.len())..]);
        for index in self.indexes.split_off(self.loaded) {
            self.load(index)?;
            durable = durable.max(last_marker(&self.bytes));
            self.indexes.push(index);
        }
        match durable {
            Some(durable) if durable >= number && flaw == Flaw::Missing => {
                Err(ReadError::Missing { file, durable })
            }
            Some(durable) if durable >= number => {
                Err(ReadError::Damaged { file, offset, number, durable, flaw })
            }
            _ => {
                self.tail = Some(Tail { file, offset, flaw });
                Ok(())
            }
        }
    }
}

/// The highest durable number that any whole marker in `bytes` names, wherever it begins: behind a damaged
/// length nobody knows where records start.
pub(crate) fn last_marker(bytes: &[u8]) -> Option<u64> {
    (0..bytes.len().saturating_sub(MARKER_SIZE - 1))
        .map(|at| &bytes[at..at + MARKER_SIZE])
        // A cheap look at the low byte of the length before the checksum is worth computing.
        .filter(|window| usize::from(window[0]) + 8 == MARKER_SIZE)
        .filter_map(|window| Frame::read(window).ok()?.marker())
        .max()
}
