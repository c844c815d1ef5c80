//! The engine's side of the control socket.

use super::{Answer, Ask};
use anyhow::Context;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

/// A request is a short line; more is refused.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;
/// A caller that does not finish its line or take its answer is let go.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that waits for the loop's answer.
pub(crate) struct Pending {
    /// What is asked.
    pub(crate) ask: Ask,
    /// Where the answer goes. A caller that has gone is no fault.
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// The socket; removed from the file system when dropped.
pub(crate) struct Listener {
    path: PathBuf,
}

impl Listener {
    /// Listens on `path` and passes requests on.
    ///
    /// `requests`: sent by one task per caller, received by the engine's loop; when it is full the caller
    /// waits, at most for its own patience; when it is closed the caller is told that the engine stops.
    pub(crate) fn start(path: &Path, requests: mpsc::Sender<Pending>) -> anyhow::Result<Self> {
        // The data folder is locked by now, so a socket that still lies here is left over from a killed process.
        if path.exists() {
            std::fs::remove_file(path)
                .with_context(|| format!("removing the old control socket {}", path.display()))?;
        }
        let listener = UnixListener::bind(path)
            .with_context(|| format!("listening on the control socket {}", path.display()))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
            .with_context(|| format!("closing {} to other users", path.display()))?;
        tokio::task::spawn_local(accept(listener, requests));
        Ok(Self { path: path.to_owned() })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn accept(listener: UnixListener, requests: mpsc::Sender<Pending>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let requests = requests.clone();
                tokio::task::spawn_local(async move {
                    if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, serve(stream, requests)).await {
                        tracing::debug!(%error, "a control connection failed");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept on the control socket");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: UnixStream, requests: mpsc::Sender<Pending>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(REQUEST_BYTES_MAX)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Ask>(&line) {
        Ok(ask) => relay(ask, &requests).await,
        Err(error) => Answer::Refused(format!("not a request: {error}")),
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    write.write_all(&text).await
}

async fn relay(ask: Ask, requests: &mpsc::Sender<Pending>) -> Answer {
    let (reply, answer) = oneshot::channel();
    if requests.send(Pending { ask, reply }).await.is_err() {
        return Answer::Refused("the engine is stopping".to_owned());
    }
    answer.await.unwrap_or_else(|_| Answer::Refused("the engine is stopping".to_owned()))
}
