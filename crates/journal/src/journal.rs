//! The journal as its owner uses it: append, commit, know what is durable.

use crate::fault::{Fault, OnSync};
use crate::lock::{Lock, LockError};
use crate::record::{EVENT, Record, Start};
use crate::recover::{Recovered, recover};
use crate::storage::{Disk, Storage};
use crate::sync::{Pace, SyncThread};
use crate::tape::{Tape, TapeConfig};
use crate::walk::ReadError;
use crate::writer::{Sizes, Writer};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use windvane_layout::{Choice, Encode};
use windvane_model::{Epoch, Event, Stamped};

/// How long a person waits for the disk at start and stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an order that opens exposure waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Its record is on the disk before it is sent. The sync thread starts at once.
    BeforeSend,
    /// Its record is with the kernel before it is sent, and on the disk within the group's time.
    Group,
}

/// How a journal is written.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// What opening orders wait for.
    pub durability: Durability,
    /// With [`Durability::Group`]: how long the first record of a group waits for others.
    pub group_interval: Duration,
    /// A sync that takes longer is a fault.
    pub stall_after: Duration,
    /// Size of a segment, in bytes.
    pub segment_bytes: u64,
    /// Zeros written ahead at a time, in bytes: a sync of a region already written changes no metadata and is
    /// several times faster.
    pub fill_bytes: u64,
    /// Held back for an orderly end on a full disk, in bytes.
    pub reserve_bytes: u64,
    /// The tape; `None` writes no market events.
    pub tape: Option<TapeConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            durability: Durability::BeforeSend,
            group_interval: Duration::from_millis(10),
            stall_after: Duration::from_millis(250),
            segment_bytes: 64 << 20,
            fill_bytes: 256 << 10,
            reserve_bytes: 1 << 20,
            tape: Some(TapeConfig::default()),
        }
    }
}

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What is there cannot be taken over.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The folder cannot be written.
    #[error("{file}: cannot open the journal")]
    Io {
        /// The folder.
        file: String,
        /// What the disk says.
        #[source]
        source: io::Error,
    },
}

/// Why a record was not taken, or not made durable.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The kernel did not take it. Committing again tries again.
    #[error("the journal cannot be written")]
    Write(#[source] io::Error),
    /// It is not durable.
    #[error(transparent)]
    Sync(#[from] Fault),
    /// No [`Record::Start`] was appended by this process yet.
    #[error("nothing may be journalled before the start of an epoch")]
    NotStarted,
    /// A start must have a higher epoch than any before it, or client order ids would repeat.
    #[error("epoch {} is not above {}", new.0, last.0)]
    EpochNotAbove {
        /// The epoch asked for.
        new: Epoch,
        /// The last one.
        last: Epoch,
    },
    /// Markers are the journal's own.
    #[error("a marker is written by the journal itself")]
    Marker,
}

/// The number of a record that is with the kernel; see [`Journal::is_durable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Figures for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Bytes of the journal handed to the kernel by this process.
    pub journal_bytes: u64,
    /// Bytes of the tape handed to the kernel by this process.
    pub tape_bytes: u64,
    /// Records that are not durable yet.
    pub unsynced_records: u64,
    /// How long the last sync took.
    pub last_sync: Duration,
}

/// The writing end of journal and tape. One thread owns it and never waits for the disk unless it asks to.
pub struct Journal {
    writer: Writer,
    sync: SyncThread,
    tape: Option<Tape>,
    tape_fault: Option<Fault>,
    durability: Durability,
    /// Whether this process has appended its start.
    is_started: bool,
    /// The last record that is not a marker.
    wanted: u64,
    /// What the last marker called durable.
    marked: u64,
    /// What the sync thread was told is with the kernel.
    told: u64,
    /// Dropped last: no other engine may open the folder before the last byte is written.
    lock: Option<Lock>,
}

impl Journal {
    /// Opens the journal in a folder, or creates it; takes the folder's lock and recovers what is there.
    ///
    /// `on_sync` is called on the sync thread after each sync.
    ///
    /// # Errors
    /// When another process has the folder, when the journal is damaged, or when the disk fails.
    pub fn open(folder: &Path, config: &Config, on_sync: OnSync) -> Result<(Self, Recovered), OpenError> {
        let disk = Disk::create(folder)
            .map_err(|source| OpenError::Io { file: folder.display().to_string(), source })?;
        let lock = Lock::take(folder)?;
        let (mut journal, recovered) = Self::open_on(Arc::new(disk), config, on_sync)?;
        journal.lock = Some(lock);
        Ok((journal, recovered))
    }

    /// Opens a journal on any storage, without a lock.
    ///
    /// # Errors
    /// When the journal is damaged or the storage fails.
    pub fn open_on(
        storage: Arc<dyn Storage>,
        config: &Config,
        on_sync: OnSync,
    ) -> Result<(Self, Recovered), OpenError> {
        let (recovered, resume) = recover(&storage)?;
        let sizes =
            Sizes { segment: config.segment_bytes, fill: config.fill_bytes, reserve: config.reserve_bytes };
        let pace = Pace {
            interval: match config.durability {
                Durability::BeforeSend => Duration::ZERO,
                Durability::Group => config.group_interval,
            },
            stall_after: config.stall_after,
        };
        let begin = || {
            let writer = Writer::open(Arc::clone(&storage), sizes, resume)?;
            storage.sync_folder()?;
            let tape = config.tape.map(|tape| Tape::open(Arc::clone(&storage), tape)).transpose()?;
            let file = Arc::clone(writer.file());
            let sync = SyncThread::start(Arc::clone(&storage), file, resume.number, pace, on_sync)?;
            Ok((writer, sync, tape))
        };
        let (writer, sync, tape) =
            begin().map_err(|source| OpenError::Io { file: "the data folder".to_owned(), source })?;
        let journal = Self {
            writer,
            sync,
            tape,
            tape_fault: None,
            durability: config.durability,
            is_started: false,
            wanted: resume.number,
            marked: resume.number,
            told: resume.number,
            lock: None,
        };
        Ok((journal, recovered))
    }

    /// Begins the epoch and makes that durable, before any order can bear it.
    ///
    /// # Errors
    /// When the epoch is not above all earlier ones, or the disk fails.
    pub fn start(&mut self, start: Start) -> Result<(), JournalError> {
        let epoch = start.epoch;
        self.append(&Record::Start(start))?;
        self.make_durable()?;
        if let Some(lock) = &self.lock {
            lock.sign(Some(epoch)).map_err(JournalError::Write)?;
        }
        Ok(())
    }

    /// Adds a record to those that the next [`Journal::commit`] hands to the kernel; a market event goes to the
    /// tape.
    ///
    /// # Errors
    /// When there is no start yet, or a segment had to be changed and the disk failed; the record is then not
    /// in the journal.
    pub fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        match record {
            Record::Start(start) => {
                let last = self.writer.epoch();
                if start.epoch <= last {
                    return Err(JournalError::EpochNotAbove { new: start.epoch, last });
                }
                self.put(start.epoch, record.code(), |out| record.encode_content(out))?;
                self.is_started = true;
                Ok(())
            }
            Record::Event(stamped) => self.append_event(stamped),
            Record::Marker { .. } => Err(JournalError::Marker),
            Record::Command { .. }
            | Record::Memory { .. }
            | Record::Denied { .. }
            | Record::Signal { .. }
            | Record::Reload(_)
            | Record::Stop { .. } => {
                self.put(self.current_epoch()?, record.code(), |out| record.encode_content(out))
            }
        }
    }

    /// As [`Journal::append`] of an event, without moving it into a record.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_event(&mut self, stamped: &Stamped) -> Result<(), JournalError> {
        let epoch = self.current_epoch()?;
        if !matches!(stamped.event, Event::Market(_)) {
            return self.put(epoch, EVENT, |out| stamped.encode(out));
        }
        if let Some(tape) = &mut self.tape
            && let Err(error) = tape.append(epoch, EVENT, stamped, |out| stamped.encode(out))
        {
            self.end_tape(&error);
        }
        Ok(())
    }

    /// Hands what was appended to the kernel, and has the sync thread begin.
    ///
    /// # Errors
    /// When the kernel does not take it; the next call tries again.
    pub fn commit(&mut self) -> Result<Ticket, JournalError> {
        let ticket = self.hand_over()?;
        self.rouse();
        Ok(ticket)
    }

    /// Hands what was appended to the kernel: from here on a killed process loses none of it.
    ///
    /// With [`Durability::Group`] the sync thread sleeps on until [`Journal::rouse`]: waking another thread takes
    /// longer than the write, and nothing that leaves waits for the disk.
    ///
    /// # Errors
    /// When the kernel does not take it; the next call tries again.
    pub fn hand_over(&mut self) -> Result<Ticket, JournalError> {
        if self.writer.has_pending() {
            self.mark()?;
            self.writer.commit().map_err(JournalError::Write)?;
            if self.durability == Durability::BeforeSend {
                self.rouse();
            }
        }
        Ok(Ticket(self.wanted))
    }

    /// Tells the sync thread what was handed over, if it has not been told.
    pub fn rouse(&mut self) {
        let written = self.writer.written();
        if self.told < written {
            self.told = written;
            self.sync.written(written, self.wanted);
        }
    }

    /// Does what can wait until the commands have left: hands the tape to the kernel, notes what has become
    /// durable, writes zeros ahead. To be called at the end of a turn, and when the sync thread has reported.
    ///
    /// # Errors
    /// When the kernel does not take it; the next call tries again.
    pub fn settle(&mut self) -> Result<(), JournalError> {
        if let Some(tape) = &mut self.tape
            && let Err(error) = tape.flush()
        {
            self.end_tape(&error);
        }
        self.mark()?;
        self.writer.commit().map_err(JournalError::Write)?;
        self.rouse();
        self.writer.prepare().map_err(JournalError::Write)
    }

    /// Commits, and waits until all of it is on the disk: for a start, a halt, an orderly end.
    ///
    /// # Errors
    /// When the disk fails or takes longer than ten seconds.
    pub fn make_durable(&mut self) -> Result<(), JournalError> {
        let ticket = self.commit()?;
        if !self.is_durable(ticket) {
            self.sync.wait(ticket.0, PATIENCE)?;
        }
        self.settle()
    }

    /// Ends in order: everything is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.make_durable()
    }

    /// A sync that takes longer is a fault from now on.
    pub fn set_stall_after(&self, stall_after: Duration) {
        self.sync.set_stall_after(stall_after);
    }

    /// The last durable record.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.sync.durable()
    }

    /// Whether everything up to a commit is on the disk.
    #[must_use]
    pub fn is_durable(&self, ticket: Ticket) -> bool {
        self.durable() >= ticket.0
    }

    /// What opening orders wait for.
    #[must_use]
    pub const fn durability(&self) -> Durability {
        self.durability
    }

    /// What is wrong with the disk, if anything: to be asked every few tens of milliseconds, since a sync that
    /// hangs can tell nobody.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        let full = self.writer.is_disk_full().then_some(Fault::DiskFull);
        self.sync.fault().or(full).or_else(|| self.tape_fault.clone())
    }

    /// Figures for metrics.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            journal_bytes: self.writer.bytes(),
            tape_bytes: self.tape.as_ref().map_or(0, Tape::bytes),
            unsynced_records: self.wanted.saturating_sub(self.durable()),
            last_sync: self.sync.last_took(),
        }
    }

    fn current_epoch(&self) -> Result<Epoch, JournalError> {
        if self.is_started { Ok(self.writer.epoch()) } else { Err(JournalError::NotStarted) }
    }

    fn put(
        &mut self,
        epoch: Epoch,
        kind: u8,
        content: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), JournalError> {
        if let Some(file) = self.writer.append(epoch, kind, content).map_err(JournalError::Write)? {
            self.sync.rotated(file);
        }
        self.wanted = self.writer.number();
        Ok(())
    }

    /// Appends a marker if something has become durable since the last one.
    fn mark(&mut self) -> Result<(), JournalError> {
        let durable = self.durable();
        if durable <= self.marked {
            return Ok(());
        }
        let (marker, wanted) = (Record::Marker { durable }, self.wanted);
        self.put(self.writer.epoch(), marker.code(), |out| marker.encode_content(out))?;
        (self.marked, self.wanted) = (durable, wanted);
        Ok(())
    }

    fn end_tape(&mut self, error: &io::Error) {
        self.tape = None;
        self.tape_fault = Some(Fault::Tape(error.to_string()));
    }
}

impl Drop for Journal {
    /// Hands over what is left, as far as the disk takes it; [`Journal::close`] tells whether it did.
    fn drop(&mut self) {
        drop(self.settle());
    }
}
