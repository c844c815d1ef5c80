//! The market events that strategies saw: written for replay, never synced, dropped when old.
//!
//! Losing tape costs the ability to replay that stretch and nothing else, so the tape never refuses, never
//! waits for the disk, and damage in it is only a gap. Its frames are the journal's; their number is the
//! event's sequence. Each process begins a new segment, and each segment its own chain.

use crate::frame::{Chain, Frame, Head, push};
use crate::record::Record;
use crate::segment::{Family, HEADER_SIZE, Header, read_whole};
use crate::storage::{Storage, StoredFile};
use crate::walk::ReadError;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use windvane_model::{Epoch, Stamped};

/// Sizes of the tape, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct TapeConfig {
    /// A segment is closed when it grows beyond this.
    pub segment_bytes: u64,
    /// The oldest segments are removed when all together are larger than this.
    pub retain_bytes: u64,
    /// Events wait in memory until they take this much, or the journal is settled.
    pub buffer_bytes: usize,
}

impl Default for TapeConfig {
    fn default() -> Self {
        Self { segment_bytes: 32 << 20, retain_bytes: 2 << 30, buffer_bytes: 64 << 10 }
    }
}

/// The writing end of the tape.
pub(crate) struct Tape {
    storage: Arc<dyn Storage>,
    config: TapeConfig,
    /// Segments on disk with their sizes, oldest first.
    segments: VecDeque<(u64, u64)>,
    /// The segment being written; none before the first event.
    file: Option<Arc<dyn StoredFile>>,
    offset: u64,
    buffer: Vec<u8>,
    chain: Chain,
    bytes: u64,
}

impl Tape {
    /// Looks at what there is; nothing is written before the first event.
    pub(crate) fn open(storage: Arc<dyn Storage>, config: TapeConfig) -> io::Result<Self> {
        let mut segments = VecDeque::new();
        for index in Family::Tape.indexes(storage.as_ref())? {
            segments.push_back((index, storage.open(&Family::Tape.name(index))?.size()?));
        }
        let buffer = Vec::with_capacity(config.buffer_bytes + 4096);
        let (file, offset, chain, bytes) = (None, 0, Chain::default(), 0);
        Ok(Self { storage, config, segments, file, offset, buffer, chain, bytes })
    }

    /// Adds a market event.
    pub(crate) fn append(
        &mut self,
        epoch: Epoch,
        kind: u8,
        event: &Stamped,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let number = event.stamp.sequence;
        if self.file.is_none() || self.offset + self.buffer.len() as u64 > self.config.segment_bytes {
            self.flush()?;
            self.begin_segment(number)?;
        }
        self.chain = push(&mut self.buffer, Head { number, previous: self.chain, epoch }, kind, encode);
        if self.buffer.len() >= self.config.buffer_bytes { self.flush() } else { Ok(()) }
    }

    /// Hands what is buffered to the kernel.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let Some(file) = self.file.as_ref().filter(|_| !self.buffer.is_empty()) else { return Ok(()) };
        file.write_at(self.offset, &self.buffer)?;
        self.offset += self.buffer.len() as u64;
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        if let Some((_, size)) = self.segments.back_mut() {
            *size = self.offset;
        }
        Ok(())
    }

    /// Bytes handed to the kernel by this process.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn begin_segment(&mut self, first: u64) -> io::Result<()> {
        let index = self.segments.back().map_or(1, |(index, _)| index + 1);
        let header = Header { index, first, chain: Chain::default() };
        let file = self.storage.create(&Family::Tape.name(index))?;
        file.write_at(0, &header.encode(Family::Tape))?;
        (self.file, self.offset, self.chain) = (Some(file), HEADER_SIZE, header.chain);
        self.segments.push_back((index, HEADER_SIZE));
        self.drop_oldest()
    }

    fn drop_oldest(&mut self) -> io::Result<()> {
        let mut total: u64 = self.segments.iter().map(|(_, size)| size).sum();
        while total > self.config.retain_bytes && self.segments.len() > 1 {
            let Some((index, size)) = self.segments.pop_front() else { break };
            self.storage.remove(&Family::Tape.name(index))?;
            total -= size;
        }
        Ok(())
    }
}

/// Reads the tape, oldest event first, passing over what cannot be read.
pub(crate) struct TapeReader {
    storage: Arc<dyn Storage>,
    indexes: VecDeque<u64>,
    bytes: Vec<u8>,
    offset: usize,
    chain: Chain,
    /// Segments opened.
    pub(crate) segments: u64,
    /// Bytes of good frames.
    pub(crate) good_bytes: u64,
}

impl TapeReader {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Result<Self, ReadError> {
        let list = Family::Tape.indexes(storage.as_ref());
        let indexes = list.map_err(|source| ReadError::Io { file: "the data folder".to_owned(), source })?;
        let (bytes, offset, chain) = (Vec::new(), 0, Chain::default());
        Ok(Self { storage, indexes: indexes.into(), bytes, offset, chain, segments: 0, good_bytes: 0 })
    }

    /// The next event, and the epoch it was taken in.
    pub(crate) fn advance(&mut self) -> Result<Option<(Epoch, Stamped)>, ReadError> {
        loop {
            if let Some(found) = self.next_in_segment() {
                return Ok(Some(found));
            }
            let Some(index) = self.indexes.pop_front() else { return Ok(None) };
            self.load(index)?;
        }
    }

    fn next_in_segment(&mut self) -> Option<(Epoch, Stamped)> {
        let frame = Frame::read(self.bytes.get(self.offset..)?).ok()?;
        if frame.head.previous != self.chain {
            return None;
        }
        let Ok(Record::Event(stamped)) = frame.record() else { return None };
        self.offset += frame.size;
        self.good_bytes += frame.size as u64;
        self.chain = frame.chain;
        Some((frame.head.epoch, stamped))
    }

    fn load(&mut self, index: u64) -> Result<(), ReadError> {
        let file = Family::Tape.name(index);
        let read = self.storage.open(&file).and_then(|file| read_whole(file.as_ref(), &mut self.bytes));
        match read {
            Ok(()) => {}
            // Retention of a running engine may have removed it since the folder was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.bytes.clear(),
            Err(source) => return Err(ReadError::Io { file, source }),
        }
        self.segments += 1;
        if let Ok(header) = Header::decode(Family::Tape, &self.bytes) {
            self.offset = usize::try_from(HEADER_SIZE).unwrap_or(usize::MAX);
            self.chain = header.chain;
        } else {
            self.bytes.clear();
            self.offset = 0;
        }
        Ok(())
    }
}

/// The highest sequence on the tape, read from its newest end; 0 when there is none.
pub(crate) fn last_sequence(storage: &Arc<dyn Storage>) -> Result<u64, ReadError> {
    let mut reader = TapeReader::new(Arc::clone(storage))?;
    while let Some(index) = reader.indexes.pop_back() {
        reader.load(index)?;
        let mut last = None;
        while let Some((_, stamped)) = reader.next_in_segment() {
            last = Some(stamped.stamp.sequence);
        }
        if let Some(last) = last {
            return Ok(last);
        }
    }
    Ok(0)
}
