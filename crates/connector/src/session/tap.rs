//! Where recorded frames go: a bounded queue to whoever writes them down.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
    mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
};
use std::time::Duration;
use windvane_model::WallTime;

/// Frames that may wait for the writer. It writes in batches of a second at most, and a busy stream sends five thousand a
/// second.
const FRAMES: usize = 65_536;
/// Bytes that they may have together.
const BYTES: usize = 64 << 20;

/// What a writer is handed.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// A frame as it came, and when it was read.
    Frame {
        /// When.
        at: WallTime,
        /// The text.
        text: String,
    },
    /// So many frames found no room since the last one that did.
    Lost {
        /// When there was room again.
        at: WallTime,
        /// How many.
        frames: u64,
    },
}

/// The recorded frames' way to their writer.
///
/// Senders: the recording connections. Receiver: the thread that writes. Capacity: 65,536 frames and 64 MiB, seconds of
/// the busiest stream. When full: the frame is dropped and counted, a mark is written in its place, and the books are
/// asked for anew; a socket that is not read instead would be cut by the venue. Closed: nobody writes any more, and frames
/// are dropped.
#[derive(Debug, Clone)]
pub struct Tap {
    out: SyncSender<Taken>,
    waiting_bytes: Arc<AtomicUsize>,
    /// Dropped and not yet told.
    untold: Arc<AtomicU64>,
}

/// The writer's end of a [`Tap`].
#[derive(Debug)]
pub struct Drain {
    taken: Receiver<Taken>,
    waiting_bytes: Arc<AtomicUsize>,
    untold: Arc<AtomicU64>,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits for the writer.
    Kept,
    /// The same, and frames before it were lost: what builds on them has to begin anew.
    KeptAfterLoss,
    /// It found no room.
    Lost,
}

impl Tap {
    /// A queue and its two ends.
    #[must_use]
    pub fn new() -> (Self, Drain) {
        Self::with_room_for(FRAMES)
    }

    fn with_room_for(frames: usize) -> (Self, Drain) {
        let (out, taken) = sync_channel(frames);
        let (waiting_bytes, untold) = (Arc::<AtomicUsize>::default(), Arc::<AtomicU64>::default());
        let drain = Drain { taken, waiting_bytes: waiting_bytes.clone(), untold: untold.clone() };
        (Self { out, waiting_bytes, untold }, drain)
    }

    /// Hands a frame over, or drops it. Never waits.
    pub(super) fn take(&self, at: WallTime, text: &str) -> Fate {
        let untold = self.untold.swap(0, Ordering::Relaxed);
        let has_told = untold == 0 || self.out.try_send(Taken::Lost { at, frames: untold }).is_ok();
        let bytes = text.len();
        let has_room = has_told && self.waiting_bytes.load(Ordering::Relaxed) + bytes <= BYTES;
        if has_room {
            // Before the send: the writer may have taken it before this thread goes on.
            self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
            if self.out.try_send(Taken::Frame { at, text: text.to_owned() }).is_ok() {
                return if untold == 0 { Fate::Kept } else { Fate::KeptAfterLoss };
            }
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        self.untold.fetch_add(1 + if has_told { 0 } else { untold }, Ordering::Relaxed);
        Fate::Lost
    }
}

impl Drain {
    /// The next one; `Ok(None)` when nothing came for so long.
    ///
    /// # Errors
    /// When every connection has ended and nothing waits.
    pub fn next(&self, patience: Duration) -> Result<Option<Taken>, Ended> {
        match self.taken.recv_timeout(patience) {
            Ok(taken) => {
                if let Taken::Frame { text, .. } = &taken {
                    self.waiting_bytes.fetch_sub(text.len(), Ordering::Relaxed);
                }
                Ok(Some(taken))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Ended { lost: self.untold.load(Ordering::Relaxed) }),
        }
    }
}

/// Every connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("every recorded connection has ended")]
pub struct Ended {
    /// Frames that were lost at the very end.
    pub lost: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_loses_frames_and_says_how_many_when_there_is_room() {
        let (tap, drain) = Tap::with_room_for(2);
        let at = WallTime(7);
        let fates: Vec<_> = ["a", "b", "c", "d"].iter().map(|text| tap.take(at, text)).collect();
        assert_eq!(fates, [Fate::Kept, Fate::Kept, Fate::Lost, Fate::Lost]);
        let next = || drain.next(Duration::ZERO);
        let frame = |text: &str| Ok(Some(Taken::Frame { at, text: text.to_owned() }));
        assert_eq!((next(), next(), next()), (frame("a"), frame("b"), Ok(None)));
        assert_eq!(tap.take(at, "e"), Fate::KeptAfterLoss);
        assert_eq!(next(), Ok(Some(Taken::Lost { at, frames: 2 })));
        assert_eq!(next(), frame("e"));
        assert_eq!(tap.take(at, "f"), Fate::Kept);
        drop(tap);
        assert_eq!((next(), next()), (frame("f"), Err(Ended { lost: 0 })));
    }

    #[test]
    fn many_large_frames_are_too_many_before_their_number_is() {
        let (tap, drain) = Tap::new();
        let large = "x".repeat(BYTES / 2);
        let fates: Vec<_> = (0..3).map(|_| tap.take(WallTime(0), &large)).collect();
        assert_eq!(fates, [Fate::Kept, Fate::Kept, Fate::Lost]);
        drain.next(Duration::ZERO).unwrap();
        assert_eq!(tap.take(WallTime(0), &large), Fate::KeptAfterLoss);
        drop(tap);
        while drain.next(Duration::ZERO).is_ok() {}
        assert_eq!(drain.waiting_bytes.load(Ordering::Relaxed), 0);
    }
}
