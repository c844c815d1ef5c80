//! Brings a journal back after whatever ended the last process: reads it, cuts the tail, says what it found.

use crate::segment::{Family, HEADER_SIZE, zero};
use crate::snapshot::{self, Base, Snapshot};
use crate::storage::Storage;
use crate::tape;
use crate::walk::{Entry, ReadError, Tail, Walk};
use crate::writer::Resume;
use std::io;
use std::sync::Arc;
use windvane_model::{Epoch, WallTime};

/// What a journal held when it was opened.
pub struct Recovered {
    storage: Arc<dyn Storage>,
    /// What was summed up before the first of the records.
    snapshot: Option<Snapshot>,
    /// Highest epoch so far; `None` when there is no history. The next start takes a higher one.
    pub last_epoch: Option<Epoch>,
    /// Highest event sequence of journal and tape together; the next event takes the one after.
    pub last_sequence: u64,
    /// Number of the last record.
    pub last_number: u64,
    /// The engine's clock at the last event or start.
    pub last_wall: Option<WallTime>,
    /// Whether the last engine went down in order; also true when there was none.
    pub stopped_in_order: bool,
    /// What was cut off: records that had never become durable, half written.
    pub tail: Option<Tail>,
}

impl Recovered {
    /// What the records before those of [`Recovered::records`] amount to, as it was written down; `None` when there
    /// are none.
    #[must_use]
    pub fn snapshot(&self) -> Option<&[u8]> {
        self.snapshot.as_ref().map(|snapshot| &snapshot.state[..])
    }

    /// Every record after the snapshot, oldest first, to rebuild state from.
    ///
    /// # Errors
    /// When the files cannot be read any more.
    pub fn records(&self) -> Result<impl Iterator<Item = Result<Entry, ReadError>> + use<>, ReadError> {
        let base = self.snapshot.as_ref().map(|snapshot| &snapshot.base);
        let mut walk = Walk::from(Arc::clone(&self.storage), base)?;
        let last = self.last_number;
        // The journal may already be growing again; what it held at the opening ends here.
        Ok(std::iter::from_fn(move || if walk.number < last { walk.advance().transpose() } else { None }))
    }
}

/// Reads the journal, cuts the tail and makes the rest durable.
pub(crate) fn recover(storage: &Arc<dyn Storage>) -> Result<(Recovered, Resume), ReadError> {
    let newest = snapshot::newest(storage.as_ref())
        .map_err(|source| ReadError::Io { file: "the snapshots".to_owned(), source })?;
    let mut walk = Walk::from(Arc::clone(storage), newest.as_ref().map(|snapshot| &snapshot.base))?;
    let mut end = newest.as_ref().map_or_else(Base::default, |snapshot| snapshot.base.clone());
    while let Some(entry) = walk.advance()? {
        end.note(&entry);
    }
    let mut found = Recovered {
        storage: Arc::clone(storage),
        snapshot: newest,
        last_epoch: (walk.epoch > Epoch(0)).then_some(walk.epoch),
        last_sequence: end.last_sequence.max(tape::last_sequence(storage)?),
        last_number: 0,
        last_wall: end.last_wall,
        stopped_in_order: end.stopped_in_order,
        tail: None,
    };
    found.last_number = walk.number;
    found.tail.clone_from(&walk.tail);
    cut(storage.as_ref(), &walk)
        .map_err(|source| ReadError::Io { file: "the end of the journal".to_owned(), source })?;
    let (number, chain, epoch) = (walk.number, walk.chain, walk.epoch);
    let (segment, offset) = walk.end.map_or((walk.first_segment, 0), |place| (place.segment, place.offset));
    Ok((found, Resume { segment, offset, number, chain, epoch }))
}

/// Removes what lies beyond the last good record. Later files go first: if this is interrupted, the next
/// recovery finds the same tail or less of it.
fn cut(storage: &dyn Storage, walk: &Walk) -> io::Result<()> {
    for index in walk.beyond().rev() {
        storage.remove(&Family::Journal.name(index))?;
    }
    let Some(end) = walk.end else { return storage.sync_folder() };
    // A killed process leaves records with the kernel that never reached the disk; from now on they count.
    for index in walk.first_segment..=end.segment {
        let file = storage.open(&Family::Journal.name(index))?;
        if index == end.segment && walk.tail.is_some() {
            zero(file.as_ref(), end.offset.max(HEADER_SIZE), file.size()?)?;
        }
        file.sync()?;
    }
    storage.sync_folder()
}
