//! What can go wrong with the disk while the journal is written, and how its owner hears of it.

use std::time::Duration;

/// The disk fails us. The owner halts: nothing opens; cancelling, reducing and protecting go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A sync failed. It is not tried again: the kernel may have dropped the pages and would report success.
    #[error("the journal cannot be synced: {0}")]
    Sync(String),
    /// A sync takes, or took, longer than allowed.
    #[error("the disk did not sync the journal within {} ms", waited.as_millis())]
    Stalled {
        /// How long so far, or in the end.
        waited: Duration,
    },
    /// The disk is full. The reserve has been given up, so that what ends the run in order can be written.
    #[error("the disk of the journal is full")]
    DiskFull,
    /// The tape cannot be written and has ended. Trading is safe; this run cannot be replayed past here.
    #[error("the tape cannot be written: {0}")]
    Tape(String),
}

/// What the sync thread tells the owner, on the sync thread: hand it on and return at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncNotice {
    /// Every record up to `number` is on the disk.
    Durable {
        /// The last durable record.
        number: u64,
        /// How long the sync took.
        took: Duration,
    },
    /// It went wrong.
    Failed(Fault),
}

/// Called by the sync thread after each sync.
pub type OnSync = Box<dyn Fn(SyncNotice) + Send>;
