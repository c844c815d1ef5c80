//! The engine's memory: an append-only *journal* of what concerns the account, and a *tape* of the market.
//!
//! A command is in the journal before it leaves for the venue: [`Journal::commit`] writes on the caller's
//! thread, so a killed process loses nothing, and a thread of the journal's own makes it durable by group
//! commit, so a power cut loses at most some milliseconds. The truth is a plain log in a format that this
//! crate owns byte by byte, because a database hides what a torn write does to it and this must be provable:
//! the tests cut a journal at every byte and flip its every bit.
//!
//! Recovery reads the longest valid prefix. What the last marker calls durable must be there, else opening is
//! refused; what lies beyond it was promised to nobody and is cut where it breaks.
//!
//! What whole segments amount to is summed up in snapshots ([`compact`]), so that a start reads the newest one and
//! the records after it, however long the journal; the oldest segments go when there are too many.
//!
//! The tape is not synced and is dropped when old. Both files share one sequence of events: [`read`] merges
//! them again, and names the gaps, for replay and for people.

mod compact;
mod export;
mod fault;
mod frame;
mod journal;
mod lock;
mod reader;
mod record;
mod recover;
mod segment;
mod snapshot;
mod stat;
mod storage;
mod sync;
mod tape;
mod walk;
mod wire;
mod writer;

pub use compact::{Compacted, compact, compact_on};
pub use export::{ExportError, export};
pub use fault::{Fault, OnSync, SyncNotice};
pub use journal::{Config, Durability, Figures, Journal, JournalError, OpenError, Ticket};
pub use lock::{Lock, LockError};
pub use reader::{Item, Reader, read};
pub use record::{Change, Record, Reload, Start, StopCause};
pub use recover::Recovered;
pub use stat::{Stat, stat, stat_of, verify};
pub use storage::{Disk, Storage, StoredFile};
pub use tape::TapeConfig;
pub use walk::{Entry, Flaw, ReadError, Tail};
pub use windvane_layout::DecodeError;
