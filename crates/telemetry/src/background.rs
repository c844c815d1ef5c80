//! A thread of its own for what may wait, and must not make the engine wait.

use std::future::Future;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A running thread with one runtime on it.
#[derive(Debug)]
pub(crate) struct Background {
    /// Says by hanging up that the thread has ended.
    ended: mpsc::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Runs `work` to its end on a thread called `name`.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start<F, W>(name: &'static str, work: W) -> std::io::Result<Self>
    where
        F: Future<Output = ()>,
        W: FnOnce() -> F + Send + 'static,
    {
        let (end, ended) = mpsc::channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    runtime.block_on(async { tokio::task::LocalSet::new().run_until(work()).await })
                }
                Err(error) => tracing::error!(%error, thread = name, "no runtime; its work is not done"),
            }
            drop(end);
        })?;
        Ok(Self { ended, thread: Some(thread) })
    }

    /// Waits for its end, but no longer than `patience`: a thread that has not come to it ends with the process.
    pub(crate) fn wait(&mut self, patience: Duration) {
        if let Err(mpsc::RecvTimeoutError::Disconnected) = self.ended.recv_timeout(patience)
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
