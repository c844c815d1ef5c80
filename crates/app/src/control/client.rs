//! The command line's side of the control socket.

use super::{Answer, Ask};
use anyhow::Context;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long the command line waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long for a reload.
const LONG_PATIENCE: Duration = Duration::from_secs(60);

/// Asks the engine that listens on `socket`.
///
/// # Errors
/// When no engine listens there or it does not answer.
pub(crate) fn ask(socket: &Path, ask: &Ask) -> anyhow::Result<Answer> {
    ask_within(socket, ask, PATIENCE)
}

/// The same for what takes the engine longer: it may have to ask the venue first.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_patiently(socket: &Path, ask: &Ask) -> anyhow::Result<Answer> {
    ask_within(socket, ask, LONG_PATIENCE)
}

fn ask_within(socket: &Path, ask: &Ask, patience: Duration) -> anyhow::Result<Answer> {
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("no engine answers on {}: is it running?", socket.display()))?;
    stream.set_read_timeout(Some(patience)).context("setting a deadline")?;
    let mut line = serde_json::to_vec(ask).context("writing the request")?;
    line.push(b'\n');
    stream.write_all(&line).context("sending the request")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).context("waiting for the engine's answer")?;
    serde_json::from_str(&answer).context("reading the engine's answer")
}

#[cfg(test)]
mod tests {
    use super::super::{Listener, Pending};
    use super::*;
    use tokio::sync::mpsc;

    #[test]
    fn a_request_reaches_the_loop_and_its_answer_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        let answer = local.block_on(&runtime, async {
            let (sender, mut requests) = mpsc::channel::<Pending>(1);
            let _listener = Listener::start(&socket, sender).unwrap();
            let path = socket.clone();
            let caller = std::thread::spawn(move || ask(&path, &Ask::Resume {}));
            let pending = requests.recv().await.unwrap();
            assert_eq!(pending.ask, Ask::Resume {});
            pending.reply.send(Answer::Done("active".to_owned())).unwrap();
            while !caller.is_finished() {
                tokio::task::yield_now().await;
            }
            caller.join().unwrap().unwrap()
        });
        assert_eq!(answer, Answer::Done("active".to_owned()));
        assert!(!socket.exists(), "the socket goes with its engine");
    }

    #[test]
    fn without_an_engine_the_caller_is_told_so() {
        let error = ask(Path::new("/nonexistent/control.sock"), &Ask::Status {}).unwrap_err();
        assert!(format!("{error:#}").contains("is it running?"), "{error:#}");
    }
}
