//! Sums the journal up beside the run, so that the next start reads a snapshot and what came after it.
//!
//! A thread of its own that reads files: the loop that trades has nothing to do with it. It rebuilds the books as a start
//! would, from the last snapshot on, and writes them down; then the oldest files go where there are too many.

use crate::rebuild::{Claims, Rebuilt};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use windvane_journal::{Entry, ReadError};
use windvane_model::InstallTag;

/// How often it is looked whether another file of the journal is complete.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The thread, until it is dropped.
pub(super) struct Compactor {
    /// Sender: the loop, when a reload has changed which bot owns what. Receiver: the thread, at its next look. Closing it
    /// ends the thread.
    claims: Option<Sender<Claims>>,
    thread: Option<JoinHandle<()>>,
}

impl Compactor {
    /// Starts it on the journal in `folder`, of which `keep_bytes` are kept.
    pub(super) fn start(folder: PathBuf, claims: Claims, keep_bytes: u64) -> io::Result<Self> {
        let (sender, changed) = channel();
        let work = move || run(&changed, claims, |claims| compact(&folder, claims, keep_bytes));
        let thread = thread::Builder::new().name("journal-compact".to_owned()).spawn(work)?;
        Ok(Self { claims: Some(sender), thread: Some(thread) })
    }

    /// From now on these bots own these positions.
    pub(super) fn set_claims(&self, claims: Claims) {
        if let Some(sender) = &self.claims {
            // A thread that is gone sums nothing up any more.
            let _ = sender.send(claims);
        }
    }
}

impl Drop for Compactor {
    /// Waits for a compaction under way: a second or two.
    fn drop(&mut self) {
        self.claims = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has lost nothing: the journal is whole without a snapshot.
            drop(thread.join());
        }
    }
}

fn run(changed: &Receiver<Claims>, mut claims: Claims, compact: impl Fn(&Claims) -> anyhow::Result<()>) {
    let mut has_failed = false;
    loop {
        // The disk may be full or the files damaged: then the journal grows, which is seen to elsewhere.
        let outcome = compact(&claims);
        if let (Err(error), false) = (&outcome, has_failed) {
            tracing::warn!(error = %format!("{error:#}"), "the journal cannot be summed up; starts take longer");
        }
        has_failed = outcome.is_err();
        match changed.recv_timeout(LOOK_EVERY) {
            Ok(new) => claims = new,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
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
