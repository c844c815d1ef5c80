//! The thread that makes the journal durable, by group commit.
//!
//! One sync covers everything written before it began, so however many records arrive while the disk works,
//! the next sync takes them all.

use crate::fault::{Fault, OnSync, SyncNotice};
use crate::storage::{Storage, StoredFile};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The meeting place of writer and sync thread.
///
/// The journal's owner says what it has written; the sync thread waits for it. Not a queue: it holds only the
/// newest number, so it is never full and the owner never waits for the disk. The lock is held for a few
/// assignments, never during a sync.
struct Shared {
    state: Mutex<State>,
    /// Tells the sync thread that there is work.
    work: Condvar,
    /// Tells those who wait that a sync is over.
    done: Condvar,
    /// The last durable record.
    durable: AtomicU64,
}

struct State {
    /// The last record handed to the kernel.
    written: u64,
    /// The last record that must become durable; markers alone do not cause a sync.
    wanted: u64,
    /// Files that may hold records that are not durable, the one being written last.
    files: Vec<Arc<dyn StoredFile>>,
    /// Whether the group should not be waited for.
    is_urgent: bool,
    phase: Phase,
    is_stopping: bool,
    fault: Option<Fault>,
    last_took: Duration,
    /// A longer sync is a fault.
    stall_after: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waits for work.
    Idle,
    /// Waits for more of the group.
    Collecting,
    /// The disk works, since then.
    Syncing(Instant),
}

/// How the sync thread behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How long the first record of a group waits for others.
    pub(crate) interval: Duration,
    /// A longer sync is a fault.
    pub(crate) stall_after: Duration,
}

/// The owner's end.
pub(crate) struct SyncThread {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    // A panic elsewhere leaves plain numbers behind, each of them valid by itself.
    shared.state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SyncThread {
    /// Starts the thread. Everything up to `durable` is on the disk already; `file` is written next.
    pub(crate) fn start(
        storage: Arc<dyn Storage>,
        file: Arc<dyn StoredFile>,
        durable: u64,
        pace: Pace,
        on_sync: OnSync,
    ) -> io::Result<Self> {
        let state = State {
            written: durable,
            wanted: durable,
            files: vec![file],
            is_urgent: false,
            phase: Phase::Idle,
            is_stopping: false,
            fault: None,
            last_took: Duration::ZERO,
            stall_after: pace.stall_after,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            work: Condvar::new(),
            done: Condvar::new(),
            durable: AtomicU64::new(durable),
        });
        let worker = Worker { shared: Arc::clone(&shared), storage, pace, on_sync };
        let thread = thread::Builder::new().name("journal-sync".to_owned()).spawn(move || worker.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Records up to `written` are with the kernel; those up to `wanted` are to become durable.
    pub(crate) fn written(&self, written: u64, wanted: u64) {
        let mut state = lock(&self.shared);
        state.written = written;
        state.wanted = wanted;
        let wake = state.phase == Phase::Idle && wanted > self.durable();
        drop(state);
        if wake {
            self.shared.work.notify_one();
        }
    }

    /// Writing goes on in another file.
    pub(crate) fn rotated(&self, file: Arc<dyn StoredFile>) {
        lock(&self.shared).files.push(file);
    }

    /// A sync that takes longer is a fault from now on.
    pub(crate) fn set_stall_after(&self, stall_after: Duration) {
        lock(&self.shared).stall_after = stall_after;
    }

    /// The last durable record.
    pub(crate) fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// How long the last sync took.
    pub(crate) fn last_took(&self) -> Duration {
        lock(&self.shared).last_took
    }

    /// What went wrong, or goes wrong right now.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let state = lock(&self.shared);
        if let Some(fault) = &state.fault {
            return Some(fault.clone());
        }
        if let Phase::Syncing(since) = state.phase {
            let waited = since.elapsed();
            return (waited > state.stall_after).then_some(Fault::Stalled { waited });
        }
        let is_dead = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        is_dead.then(|| Fault::Sync("the sync thread has ended".to_owned()))
    }

    /// Waits until `number` is durable, without waiting for a group; at most `patience`.
    pub(crate) fn wait(&self, number: u64, patience: Duration) -> Result<(), Fault> {
        let mut state = lock(&self.shared);
        state.is_urgent = true;
        self.shared.work.notify_one();
        let is_open = |state: &mut State| state.fault.is_none() && self.durable() < number;
        let waited = self.shared.done.wait_timeout_while(state, patience, is_open);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        match &state.fault {
            Some(fault) => Err(fault.clone()),
            None if timeout.timed_out() => Err(Fault::Stalled { waited: patience }),
            None => Ok(()),
        }
    }
}

impl Drop for SyncThread {
    /// Syncs what is outstanding and ends the thread.
    fn drop(&mut self) {
        lock(&self.shared).is_stopping = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by `fault`; there is nothing left to do about it here.
            drop(thread.join());
        }
    }
}

/// The thread's end.
struct Worker {
    shared: Arc<Shared>,
    storage: Arc<dyn Storage>,
    pace: Pace,
    on_sync: OnSync,
}

impl Worker {
    fn run(self) {
        while let Some((goal, files)) = self.next_group() {
            let began = Instant::now();
            let result = self.sync(&files);
            let took = began.elapsed();
            let fault = result.err().map(|error| Fault::Sync(error.to_string()));
            let is_failed = fault.is_some();
            self.conclude(goal, files.len(), took, fault.clone());
            if let Some(fault) = fault {
                (self.on_sync)(SyncNotice::Failed(fault));
            } else {
                (self.on_sync)(SyncNotice::Durable { number: goal, took });
                if took > lock(&self.shared).stall_after {
                    (self.on_sync)(SyncNotice::Failed(Fault::Stalled { waited: took }));
                }
            }
            if is_failed {
                return;
            }
        }
    }

    /// Waits for work and for the rest of its group; `None` when the journal closes.
    fn next_group(&self) -> Option<(u64, Vec<Arc<dyn StoredFile>>)> {
        let durable = self.shared.durable.load(Ordering::Relaxed);
        let mut state = lock(&self.shared);
        state.phase = Phase::Idle;
        let waited = self.shared.work.wait_while(state, |s| !s.is_stopping && s.wanted <= durable);
        state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.wanted <= durable {
            return None;
        }
        if !self.pace.interval.is_zero() {
            state.phase = Phase::Collecting;
            let is_open = |s: &mut State| !s.is_stopping && !s.is_urgent;
            let waited = self.shared.work.wait_timeout_while(state, self.pace.interval, is_open);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.is_urgent = false;
        state.phase = Phase::Syncing(Instant::now());
        Some((state.written, state.files.clone()))
    }

    fn sync(&self, files: &[Arc<dyn StoredFile>]) -> io::Result<()> {
        for file in files {
            file.sync()?;
        }
        // More than one file: a segment was created since the last sync, and its name must last as well.
        if files.len() > 1 { self.storage.sync_folder() } else { Ok(()) }
    }

    fn conclude(&self, goal: u64, files: usize, took: Duration, fault: Option<Fault>) {
        let mut state = lock(&self.shared);
        state.phase = Phase::Idle;
        state.last_took = took;
        if fault.is_some() {
            state.fault = fault;
        } else {
            // The last file stays: it is still being written.
            state.files.drain(..files.saturating_sub(1));
            self.shared.durable.store(goal, Ordering::Release);
        }
        drop(state);
        self.shared.done.notify_all();
    }
}
