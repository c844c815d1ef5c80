//! Recorded messages on their way to the disk: one thread for each stream takes them from its queue and writes them.

mod file;

pub(crate) use file::Rotation;

use file::{Destination, Files};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use windvane_connector::{Drain, Renewal, Taken};

/// What is written is handed to the system after this long at most: so much a kill can lose.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// What has been written, for whoever watches.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Messages.
    pub(crate) messages: AtomicU64,
    /// Messages that found no room in the queue.
    pub(crate) lost: AtomicU64,
    /// Bytes as they came.
    pub(crate) bytes: AtomicU64,
    /// Bytes on the disk.
    pub(crate) packed: AtomicU64,
    /// Files.
    pub(crate) files: AtomicU64,
}

/// Starts the thread that writes one stream. It ends when the connections have, with the files closed; or with the error
/// that kept it from writing, and `ended` is told either way.
///
/// # Errors
/// When the first file cannot be made, or there is no thread to be had.
pub(crate) fn write_down(
    drain: Drain,
    destination: Destination,
    renewal: Renewal,
    tally: Arc<Tally>,
    ended: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let mut files = Files::open(destination, Arc::clone(&tally))?;
    std::thread::Builder::new().name("recording".to_owned()).spawn(move || {
        let outcome = write_all(&drain, &mut files, &renewal, &tally).and_then(|()| files.close());
        ended();
        outcome
    })
}

/// Where a stream is written.
pub(crate) fn destination(
    folder: &std::path::Path,
    stream: &str,
    is_secret: bool,
    rotation: Rotation,
) -> Destination {
    Destination { folder: folder.to_owned(), stream: stream.to_owned(), is_secret, rotation }
}

fn write_all(drain: &Drain, files: &mut Files, renewal: &Renewal, tally: &Tally) -> io::Result<()> {
    loop {
        match drain.next(FLUSH_EVERY) {
            Ok(Some(Taken::Frame { at, text })) => {
                if files.write(at, &text)? {
                    renewal.ask();
                }
            }
            Ok(Some(Taken::Lost { at, frames })) => {
                tally.lost.fetch_add(frames, Ordering::Relaxed);
                files.mark_loss(at, frames)?;
            }
            Ok(None) => {}
            Err(end) => {
                tally.lost.fetch_add(end.lost, Ordering::Relaxed);
                return Ok(());
            }
        }
        files.flush_after(FLUSH_EVERY)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk;

    #[test]
    fn a_disk_that_fills_ends_the_recording_while_there_is_room_for_the_journal() {
        let (free, _) = disk::space(std::path::Path::new("/")).unwrap();
        assert!(
            file::has_room(std::path::Path::new("/"), 0)
                && !file::has_room(std::path::Path::new("/"), free * 2)
        );
    }
}
