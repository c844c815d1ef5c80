//! Appends frames to the journal's segments. Knows nothing of syncing.

use crate::frame::{Chain, Head, push};
use crate::segment::{Family, HEADER_SIZE, Header, zero};
use crate::storage::{Storage, StoredFile};
use std::io;
use std::sync::Arc;
use windvane_model::Epoch;

/// Held back so that an orderly end can still be written on a full disk.
const RESERVE: &str = "reserve";
/// Zeros written at a time once the disk is full.
const SMALL_FILL: u64 = 4096;

/// Sizes of the journal's files, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// A segment is closed rather than grow beyond this.
    pub(crate) segment: u64,
    /// Zeros written ahead at a time.
    pub(crate) fill: u64,
    /// Size of the reserve.
    pub(crate) reserve: u64,
}

/// Where writing goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resume {
    /// Index of the segment; created when the journal is empty.
    pub(crate) segment: u64,
    /// Byte in it.
    pub(crate) offset: u64,
    /// The last record.
    pub(crate) number: u64,
    /// The chain after it.
    pub(crate) chain: Chain,
    /// Its epoch.
    pub(crate) epoch: Epoch,
}

/// The writing end of the journal.
pub(crate) struct Writer {
    storage: Arc<dyn Storage>,
    sizes: Sizes,
    file: Arc<dyn StoredFile>,
    segment: u64,
    /// Where the pending bytes go.
    offset: u64,
    /// The file is written, with data or zeros, up to here: a sync below it changes no metadata.
    filled: u64,
    /// Frames not yet handed to the kernel. Its room is kept, so appending allocates nothing once warm.
    pending: Vec<u8>,
    /// The last record appended.
    number: u64,
    /// The last record handed to the kernel.
    written: u64,
    chain: Chain,
    epoch: Epoch,
    /// Bytes handed to the kernel by this process.
    bytes: u64,
    is_disk_full: bool,
}

impl Writer {
    /// Opens the segment to go on in, or creates the first one.
    pub(crate) fn open(storage: Arc<dyn Storage>, sizes: Sizes, resume: Resume) -> io::Result<Self> {
        hold_reserve(storage.as_ref(), sizes.reserve)?;
        let name = Family::Journal.name(resume.segment);
        let (file, offset) = if resume.offset == 0 {
            let header = Header { index: resume.segment, first: resume.number + 1, chain: resume.chain };
            (create(storage.as_ref(), &header)?, HEADER_SIZE)
        } else {
            (storage.open(&name)?, resume.offset)
        };
        let filled = file.size()?;
        let mut writer = Self {
            storage,
            sizes,
            file,
            segment: resume.segment,
            offset,
            filled,
            pending: Vec::with_capacity(64 * 1024),
            number: resume.number,
            written: resume.number,
            chain: resume.chain,
            epoch: resume.epoch,
            bytes: 0,
            is_disk_full: false,
        };
        writer.fill(offset + 1)?;
        Ok(writer)
    }

    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The last record handed to the kernel.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) const fn is_disk_full(&self) -> bool {
        self.is_disk_full
    }

    pub(crate) const fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) fn file(&self) -> &Arc<dyn StoredFile> {
        &self.file
    }

    /// Adds a record of an epoch to the pending ones. Gives the new segment's file where it began one.
    ///
    /// On an error the record is not in the journal, and what was pending before still is.
    pub(crate) fn append(
        &mut self,
        epoch: Epoch,
        kind: u8,
        content: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<Option<Arc<dyn StoredFile>>> {
        let start = self.pending.len();
        let head = Head { number: self.number + 1, previous: self.chain, epoch };
        let chain = push(&mut self.pending, head, kind, content);
        let is_first = self.offset + start as u64 == HEADER_SIZE;
        // A record larger than a segment gets one to itself, of its own size.
        let is_full = self.offset + self.pending.len() as u64 > self.sizes.segment && !is_first;
        let rotated = if is_full { self.rotate(start) } else { Ok(None) };
        if rotated.is_ok() {
            (self.number, self.chain, self.epoch) = (head.number, chain, epoch);
        } else {
            // Frames before it may have been written; writing them again puts them where they are.
            self.pending.truncate(start);
        }
        rotated
    }

    /// Writes what is pending up to `start`, and begins a new segment for the rest.
    fn rotate(&mut self, start: usize) -> io::Result<Option<Arc<dyn StoredFile>>> {
        let last = self.number;
        let header = Header { index: self.segment + 1, first: last + 1, chain: self.chain };
        self.write(start)?;
        let file = self.with_reserve(|writer| create(writer.storage.as_ref(), &header))?;
        self.pending.drain(..start);
        self.bytes += start as u64;
        self.written = last;
        (self.file, self.segment) = (Arc::clone(&file), header.index);
        (self.offset, self.filled) = (HEADER_SIZE, HEADER_SIZE);
        Ok(Some(file))
    }

    /// Hands the pending records to the kernel: from here on a killed process loses none of them.
    pub(crate) fn commit(&mut self) -> io::Result<u64> {
        let count = self.pending.len();
        if count > 0 {
            self.write(count)?;
            self.offset += count as u64;
            self.bytes += count as u64;
            self.pending.clear();
            self.written = self.number;
        }
        Ok(self.written)
    }

    /// Writes zeros ahead when little is left, so that the next commit need not.
    pub(crate) fn prepare(&mut self) -> io::Result<()> {
        if self.is_disk_full || self.filled >= self.sizes.segment {
            return Ok(());
        }
        self.fill((self.offset + self.sizes.fill / 4).min(self.sizes.segment))
    }

    /// Writes the first `count` pending bytes. Doing it again writes the same bytes to the same place.
    fn write(&mut self, count: usize) -> io::Result<()> {
        self.with_reserve(|writer| {
            writer.fill(writer.offset + count as u64)?;
            writer.file.write_at(writer.offset, &writer.pending[..count])
        })
    }

    /// Makes sure that the file is written up to `needed`, in whole steps of zeros.
    fn fill(&mut self, needed: u64) -> io::Result<()> {
        if needed <= self.filled {
            return Ok(());
        }
        let step = if self.is_disk_full { SMALL_FILL } else { self.sizes.fill.max(1) };
        let target = needed.next_multiple_of(step).min(self.sizes.segment).max(needed);
        zero(self.file.as_ref(), self.filled, target)?;
        self.filled = target;
        Ok(())
    }

    /// Does `step`; on a full disk gives the reserve up and does it once more.
    fn with_reserve<T>(&mut self, mut step: impl FnMut(&mut Self) -> io::Result<T>) -> io::Result<T> {
        match step(self) {
            Err(error) if is_full(&error) && !self.is_disk_full => {
                self.is_disk_full = true;
                self.storage.remove(RESERVE)?;
                step(self)
            }
            result => result,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Creates a segment's file with its header.
fn create(storage: &dyn Storage, header: &Header) -> io::Result<Arc<dyn StoredFile>> {
    let name = Family::Journal.name(header.index);
    let file = match storage.create(&name) {
        // Left by an attempt that found the disk full after the name was made.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => storage.open(&name)?,
        result => result?,
    };
    file.write_at(0, &header.encode(Family::Journal))?;
    Ok(file)
}

/// Makes sure that the reserve is there and written.
fn hold_reserve(storage: &dyn Storage, size: u64) -> io::Result<()> {
    let file = match storage.create(RESERVE) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => storage.open(RESERVE)?,
        result => result?,
    };
    let present = file.size()?;
    zero(file.as_ref(), present.min(size), size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::storage::Disk;
    use windvane_layout::{Choice, Encode};

    fn writer(folder: &tempfile::TempDir, sizes: Sizes) -> Writer {
        let resume =
            Resume { segment: 1, offset: 0, number: 0, chain: Chain::default(), epoch: Epoch::default() };
        Writer::open(Arc::new(Disk::create(folder.path()).unwrap()), sizes, resume).unwrap()
    }

    fn append(writer: &mut Writer, note: u64) {
        let record = Record::Marker { durable: note };
        writer.append(Epoch(1), record.code(), |out| note.encode(out)).unwrap();
    }

    #[test]
    fn once_warm_the_buffer_is_never_allocated_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(&folder, Sizes { segment: 4096, fill: 1024, reserve: 0 });
        let (room, place) = (writer.pending.capacity(), writer.pending.as_ptr());
        for number in 1..=1000 {
            append(&mut writer, number);
            assert_eq!(writer.commit().unwrap(), number);
        }
        assert!(writer.segment > 5, "over several segments");
        assert_eq!((writer.pending.capacity(), writer.pending.as_ptr()), (room, place));
    }

    #[test]
    fn zeros_are_written_ahead_so_that_a_commit_finds_its_place_prepared() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(&folder, Sizes { segment: 1 << 20, fill: 1024, reserve: 0 });
        assert_eq!(writer.file.size().unwrap(), 1024);
        for number in 1..=500 {
            append(&mut writer, number);
            let before = writer.filled;
            writer.commit().unwrap();
            assert_eq!(writer.filled, before, "record {number} had to make room for itself");
            writer.prepare().unwrap();
        }
    }
}
