//! Brings a journal back after whatever ended the last process: reads it, cuts the tail, says what it found.

use crate::segment::{Family, HEADER_SIZE, zero};
use crate::storage::Storage;
use crate::tape;
use crate::walk::{Entry, ReadError, Tail, Walk};
use crate::writer::Resume;
use std::io;
use std::sync::Arc;
use windvane_model::{Epoch, WallTime};

use crate::record::Record;

/// What a journal held when it was opened.
pub struct Recovered {
    storage: Arc<dyn Storage>,
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
    /// Every record that was kept, oldest first, to rebuild state from.
    ///
    /// # Errors
    /// When the files cannot be read any more.
    pub fn records(&self) -> Result<impl Iterator<Item = Result<Entry, ReadError>> + use<>, ReadError> {
        let mut walk = Walk::new(Arc::clone(&self.storage))?;
        let last = self.last_number;
        // The journal may already be growing again; what it held at the opening ends here.
        Ok(std::iter::from_fn(move || if walk.number < last { walk.advance().transpose() } else { None }))
    }
}

/// Reads the journal, cuts the tail and makes the rest durable.
pub(crate) fn recover(storage: &Arc<dyn Storage>) -> Result<(Recovered, Resume), ReadError> {
    let mut walk = Walk::new(Arc::clone(storage))?;
    let mut found = Recovered {
        storage: Arc::clone(storage),
        last_epoch: None,
        last_sequence: tape::last_sequence(storage)?,
        last_number: 0,
        last_wall: None,
        stopped_in_order: true,
        tail: None,
    };
    while let Some(entry) = walk.advance()? {
        found.note(&entry);
    }
    found.last_number = walk.number;
    found.tail.clone_from(&walk.tail);
    cut(storage.as_ref(), &walk)
        .map_err(|source| ReadError::Io { file: "the end of the journal".to_owned(), source })?;
    let (number, chain, epoch) = (walk.number, walk.chain, walk.epoch);
    let (segment, offset) = walk.end.map_or((1, 0), |place| (place.segment, place.offset));
    Ok((found, Resume { segment, offset, number, chain, epoch }))
}

impl Recovered {
    fn note(&mut self, entry: &Entry) {
        self.last_epoch = Some(entry.epoch);
        self.last_sequence = self.last_sequence.max(entry.record.sequence().unwrap_or(0));
        match &entry.record {
            Record::Start(start) => self.last_wall = Some(start.wall),
            Record::Event(stamped) => self.last_wall = Some(stamped.stamp.wall),
            Record::Command { .. }
            | Record::Memory { .. }
            | Record::Denied { .. }
            | Record::Marker { .. }
            | Record::Stop { .. } => {}
        }
        // The marker of the last sync may follow the stop.
        if !matches!(entry.record, Record::Marker { .. }) {
            self.stopped_in_order = matches!(entry.record, Record::Stop { .. });
        }
    }
}

/// Removes what lies beyond the last good record. Later files go first: if this is interrupted, the next
/// recovery finds the same tail or less of it.
fn cut(storage: &dyn Storage, walk: &Walk) -> io::Result<()> {
    for index in walk.beyond().rev() {
        storage.remove(&Family::Journal.name(index))?;
    }
    let Some(end) = walk.end else { return storage.sync_folder() };
    // A killed process leaves records with the kernel that never reached the disk; from now on they count.
    for index in 1..=end.segment {
        let file = storage.open(&Family::Journal.name(index))?;
        if index == end.segment && walk.tail.is_some() {
            zero(file.as_ref(), end.offset.max(HEADER_SIZE), file.size()?)?;
        }
        file.sync()?;
    }
    storage.sync_folder()
}
