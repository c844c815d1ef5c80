//! Sums the journal up beside the run, so that the next start reads a snapshot and what came after it.
//!
//! A thread of its own that reads files: the loop that trades has nothing to do with it. It rebuilds the books as a start
//! would, from the last snapshot on, and writes them down; then the oldest files go where there are too many.

use crate::rebuild::{Claims, Rebuilt};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use windvane_journal::{Entry, ReadError};
use windvane_model::InstallTag;

/// How often it is looked whether another file of the journal is complete.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The thread, until it is dropped.
pub(super) struct Compactor {
    /// Which bot owns what: written by the loop after a reload, read by the thread at each look. Held for a copy only.
    claims: Arc<Mutex<Claims>>,
    /// Nothing is ever sent; closing it ends the thread. Receiver: the thread.
    running: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Compactor {
    /// Starts it on the journal in `folder`, of which `keep_bytes` are kept.
    pub(super) fn start(folder: PathBuf, claims: Claims, keep_bytes: u64) -> io::Result<Self> {
        let claims = Arc::new(Mutex::new(claims));
        let shared = Arc::clone(&claims);
        let (running, stopped) = sync_channel(0);
        let work = move || run(&stopped, || compact(&folder, &copy(&shared), keep_bytes));
        let thread = thread::Builder::new().name("journal-compact".to_owned()).spawn(work)?;
        Ok(Self { claims, running: Some(running), thread: Some(thread) })
    }

    /// From now on these bots own these positions.
    pub(super) fn set_claims(&self, claims: Claims) {
        *self.claims.lock().unwrap_or_else(PoisonError::into_inner) = claims;
    }
}

impl Drop for Compactor {
    /// Waits for a compaction under way: a second or two.
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has lost nothing: the journal is whole without a snapshot.
            drop(thread.join());
        }
    }
}

fn copy(claims: &Mutex<Claims>) -> Claims {
    claims.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn run(stopped: &Receiver<()>, compact: impl Fn() -> anyhow::Result<()>) {
    let mut has_failed = false;
    loop {
        // The disk may be full or the files damaged: then the journal grows, which is seen to elsewhere.
        let outcome = compact();
        if let (Err(error), false) = (&outcome, has_failed) {
            tracing::warn!(error = %format!("{error:#}"), "the journal cannot be summed up; starts take longer");
        }
        has_failed = outcome.is_err();
        if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

fn compact(folder: &std::path::Path, claims: &Claims, keep_bytes: u64) -> anyhow::Result<()> {
    let done =
        windvane_journal::compact(folder, keep_bytes, |before, records| sum_up(before, records, claims))?;
    if let Some(done) = done {
        tracing::info!(
            until = done.until,
            bytes = done.bytes,
            removed = done.removed,
            "the journal is summed up"
        );
    }
    Ok(())
}

/// What the journal's records come to, as a snapshot holds it.
pub(crate) fn sum_up(
    before: Option<&[u8]>,
    records: &mut dyn Iterator<Item = Result<Entry, ReadError>>,
    claims: &Claims,
) -> anyhow::Result<Vec<u8>> {
    let mut books = Rebuilt::begin(before, claims.clone(), InstallTag::from_seed(0))?;
    for entry in records {
        books.take(&entry?.record);
    }
    Ok(books.to_bytes())
}
