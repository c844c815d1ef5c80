//! Telling people: what the chronicle takes down goes to Telegram, Discord or a web hook, as far as it was chosen.
//!
//! The engine's loop hands an entry over and forgets it. A thread of its own gathers, paces and tries again; an endpoint
//! that is dead costs the loop nothing but a counter.

mod endpoint;
mod letter;
mod outbox;

pub use endpoint::{EndpointError, Endpoints, is_safe};
pub(crate) use endpoint::{NAMES, is_plain};

use crate::background::Background;
use crate::catalogue as name;
use crate::post::{Poster, Reply};
use crate::{Entry, Kind};
use endpoint::Endpoint;
use metrics::counter;
use outbox::{Outbox, Outcome};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Entries that may wait for the thread while it waits for an endpoint.
const CAPACITY: usize = 256;
/// How long the end of the process waits for what is still to be told.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// What can become of an entry, as in metrics.
pub(crate) const RESULTS: [&str; 4] = ["sent", "failed", "refused", "lost"];

/// Hands entries over. Dropping it waits a moment for the last ones.
#[derive(Debug)]
pub struct Notifier {
    kinds: Vec<Kind>,
    /// Sender: the engine's loop. Receiver: the task of one endpoint, which holds [`CAPACITY`] entries; one that finds
    /// no room is lost and counted, nothing waits. Closing it asks the task for its last words.
    lines: Vec<(&'static str, mpsc::Sender<Entry>)>,
    background: Background,
}

impl Notifier {
    /// Starts telling `endpoints` what is of one of `kinds`, in the name of `sender`.
    ///
    /// # Errors
    /// When no endpoint is named, an address is not safe, or the client cannot be set up.
    pub fn start(endpoints: &Endpoints, kinds: Vec<Kind>, sender: &str) -> Result<Self, EndpointError> {
        endpoints.check()?;
        let list = endpoints.list();
        let addresses = list.iter().map(|endpoint| endpoint.address.as_str());
        let poster = Poster::new(addresses).map_err(|_| EndpointError::Client)?;
        let (mut lines, mut desks) = (Vec::new(), Vec::new());
        for endpoint in list {
            let (line, inlet) = mpsc::channel(CAPACITY);
            lines.push((endpoint.name, line));
            desks.push(Desk { endpoint, inlet, poster: poster.clone(), sender: sender.to_owned() });
        }
        let background =
            Background::start("notify", || serve_all(desks)).map_err(|_| EndpointError::Client)?;
        Ok(Self { kinds, lines, background })
    }

    /// Hands an entry over if its kind was chosen. Never waits.
    pub fn offer(&self, entry: &Entry) {
        if !self.kinds.contains(&entry.kind) {
            return;
        }
        for (name, line) in &self.lines {
            if line.try_send(entry.clone()).is_err() {
                count(name, "lost", 1);
            }
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.lines.clear();
        self.background.wait(LAST_WORDS);
    }
}

fn count(endpoint: &'static str, result: &'static str, entries: u64) {
    counter!(name::NOTIFICATIONS, "endpoint" => endpoint, "result" => result).increment(entries);
}

/// Every desk side by side, each to its own end.
async fn serve_all(desks: Vec<Desk>) {
    let tasks: Vec<_> = desks.into_iter().map(|desk| tokio::task::spawn_local(desk.serve())).collect();
    for task in tasks {
        let _ = task.await;
    }
}

/// Who tells one endpoint.
struct Desk {
    endpoint: Endpoint,
    inlet: mpsc::Receiver<Entry>,
    poster: Poster,
    sender: String,
}

impl Desk {
    async fn serve(mut self) {
        let (mut outbox, began) = (Outbox::default(), Instant::now());
        let mut is_open = true;
        loop {
            let due = outbox.due();
            if due.is_none() && !is_open {
                return;
            }
            // Both branches are cancel safe.
            tokio::select! {
                entry = self.inlet.recv(), if is_open => match entry {
                    Some(entry) => {
                        if outbox.put(entry, began.elapsed()) {
                            count(self.endpoint.name, "lost", 1);
                        }
                    }
                    None => {
                        is_open = false;
                        outbox.hurry();
                    }
                },
                () = tokio::time::sleep_until(began + due.unwrap_or_default()), if due.is_some() => {
                    let (entries, lost) = outbox.letter();
                    let (body, told) = self.endpoint.body(&self.sender, entries, lost);
                    let outcome = self.post(&body).await;
                    self.account(outcome, told);
                    outbox.tried(told, outcome, began.elapsed());
                }
            }
        }
    }

    async fn post(&self, body: &serde_json::Value) -> Outcome {
        let authorization = self.endpoint.authorization.as_deref();
        match self.poster.post(&self.endpoint.address, authorization, body).await {
            Ok(Reply { status, retry_after, body }) => {
                let outcome = endpoint::outcome(status, retry_after.as_deref(), &body);
                if outcome != Outcome::Taken {
                    tracing::warn!(endpoint = self.endpoint.name, status, "a notification was not taken");
                }
                outcome
            }
            Err(error) => {
                tracing::warn!(endpoint = self.endpoint.name, %error, "a notification could not be sent");
                Outcome::Later(None)
            }
        }
    }

    fn account(&self, outcome: Outcome, told: usize) {
        let entries = u64::try_from(told).unwrap_or(u64::MAX);
        match outcome {
            Outcome::Taken => count(self.endpoint.name, "sent", entries),
            Outcome::Refused => count(self.endpoint.name, "refused", entries),
            // An attempt, not entries: they are tried again.
            Outcome::Later(_) => count(self.endpoint.name, "failed", 1),
        }
    }
}
