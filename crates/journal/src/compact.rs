//! Compaction: what whole segments amount to becomes a snapshot, and segments beyond the retention go.
//!
//! Works on the files alone, beside the engine that writes them, so the loop that trades has nothing to do with it. It
//! sums up only records that a marker calls durable: a snapshot that knew more than the journal would, after a power
//! cut, know of orders that the journal has never heard of.

use crate::segment::{Family, Header, read_whole};
use crate::snapshot::{self, Base, Snapshot};
use crate::storage::{Disk, Storage};
use crate::walk::{Entry, ReadError, Walk, last_marker};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Snapshots that are kept in any case, so that a damaged one costs a longer start and nothing else.
const NEWEST_KEPT: usize = 2;
/// Of the older ones every so many is kept: the past can be asked from there on.
const KEPT_EVERY: u64 = 8;

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// The records up to this one are summed up.
    pub until: u64,
    /// Bytes of the summary.
    pub bytes: u64,
    /// Segments that were removed.
    pub removed: u64,
}

/// Sums up what a journal's whole segments hold and removes the oldest ones beyond `retain_bytes`. Gives `None` when
/// there is nothing to sum up.
///
/// `sum_up` is given what was summed up before, and the records after that.
///
/// # Errors
/// When the journal cannot be read, the summary cannot be written, or `sum_up` fails.
pub fn compact<E: From<ReadError>>(
    folder: &Path,
    retain_bytes: u64,
    sum_up: impl FnOnce(Option<&[u8]>, &mut dyn Iterator<Item = Result<Entry, ReadError>>) -> Result<Vec<u8>, E>,
) -> Result<Option<Compacted>, E> {
    compact_on(&(Arc::new(Disk::existing(folder)) as Arc<dyn Storage>), retain_bytes, sum_up)
}

/// As [`compact`], on any storage.
///
/// # Errors
/// As [`compact`].
pub fn compact_on<E: From<ReadError>>(
    storage: &Arc<dyn Storage>,
    retain_bytes: u64,
    sum_up: impl FnOnce(Option<&[u8]>, &mut dyn Iterator<Item = Result<Entry, ReadError>>) -> Result<Vec<u8>, E>,
) -> Result<Option<Compacted>, E> {
    let before = snapshot::newest(storage.as_ref()).map_err(unreadable)?;
    let summed_up = before.as_ref().map_or(1, |snapshot| snapshot.base.next.index);
    let Some(next) = last_durable_segment(storage.as_ref(), summed_up).map_err(unreadable)? else {
        return Ok(None);
    };
    let mut walk = Walk::from(Arc::clone(storage), before.as_ref().map(|snapshot| &snapshot.base))?;
    let mut base = before.as_ref().map_or_else(Base::default, |found| found.base.clone());
    base.next = next;
    let mut records = std::iter::from_fn(|| {
        if walk.number + 1 >= next.first {
            return None;
        }
        let entry = walk.advance().transpose()?;
        if let Ok(entry) = &entry {
            base.note(entry);
        }
        Some(entry)
    });
    let state = sum_up(before.as_ref().map(|snapshot| &snapshot.state[..]), &mut records)?;
    // What was not read cannot have been summed up.
    if (walk.number + 1, walk.chain) != (next.first, next.chain) {
        return Ok(None);
    }
    let bytes = state.len() as u64;
    Snapshot { base, state }.save(storage.as_ref()).map_err(unreadable)?;
    let removed = prune(storage.as_ref(), retain_bytes).map_err(unreadable)?;
    Ok(Some(Compacted { until: next.first - 1, bytes, removed }))
}

fn unreadable(source: io::Error) -> ReadError {
    ReadError::Io { file: "the data folder".to_owned(), source }
}

/// The newest segment after `after` before which every record is durable, by a marker in it.
fn last_durable_segment(storage: &dyn Storage, after: u64) -> io::Result<Option<Header>> {
    let mut bytes = Vec::new();
    for index in Family::Journal.indexes(storage)?.into_iter().rev().take_while(|index| *index > after) {
        read_whole(storage.open(&Family::Journal.name(index))?.as_ref(), &mut bytes)?;
        let Ok(header) = Header::decode(Family::Journal, &bytes) else { continue };
        if last_marker(&bytes).is_some_and(|durable| durable + 1 >= header.first) {
            return Ok(Some(header));
        }
    }
    Ok(None)
}

/// Removes what is summed up and no longer wanted: first segments, so that what is left can always be read.
fn prune(storage: &dyn Storage, retain_bytes: u64) -> io::Result<u64> {
    let snapshots = snapshot::indexes(storage)?;
    let Some(safe) = snapshots.len().checked_sub(NEWEST_KEPT) else { return Ok(0) };
    let kept = |place: usize, index: u64| place >= safe || index.is_multiple_of(KEPT_EVERY);
    let mut segments = Vec::new();
    for index in Family::Journal.indexes(storage)? {
        segments.push((index, storage.open(&Family::Journal.name(index))?.size()?));
    }
    // The past begins at a snapshot: the first before which enough is gone, at most the older of the newest two.
    let size_from = |first: u64| -> u64 {
        segments.iter().filter(|(index, _)| *index >= first).map(|(_, size)| size).sum()
    };
    let first = if size_from(0) <= retain_bytes {
        0
    } else {
        let places = snapshots.iter().enumerate().take(safe + 1);
        let wanted: Vec<u64> =
            places.filter(|(place, index)| kept(*place, **index)).map(|(_, index)| *index).collect();
        let enough = wanted.iter().find(|index| size_from(**index) <= retain_bytes);
        enough.or(wanted.last()).copied().unwrap_or(0)
    };
    let gone: Vec<u64> = segments.iter().map(|(index, _)| *index).filter(|index| *index < first).collect();
    for index in &gone {
        storage.remove(&Family::Journal.name(*index))?;
    }
    for (place, index) in snapshots.iter().enumerate() {
        if *index < first || !kept(place, *index) {
            snapshot::remove(storage, *index)?;
        }
    }
    storage.sync_folder()?;
    Ok(gone.len() as u64)
}
