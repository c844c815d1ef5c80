//! One span for each order's life, to an OpenTelemetry collector by OTLP over HTTP, in JSON. An option.
//!
//! The engine's loop follows the lives and hands the ended ones over; a thread of its own sends them in batches. A collector
//! that is dead loses spans, which are counted; nothing waits for it.

mod life;
mod span;

use crate::background::Background;
use crate::catalogue as name;
use crate::post::Poster;
use life::{Life, Lives};
use metrics::counter;
use std::time::Duration;
use tokio::sync::mpsc;
use windvane_model::{BotName, Command, Notice, WallTime};

/// Lives that may wait for the thread; what finds no room is lost and counted.
const CAPACITY: usize = 1_024;
/// Spans of one request.
const BATCH: usize = 256;
/// How long the first one of a batch waits for others.
const GATHER: Duration = Duration::from_secs(2);
/// How long the end of the process waits for the last ones.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// What becomes of a span, as in metrics.
pub(crate) const RESULTS: [&str; 2] = ["sent", "lost"];

/// Follows orders and hands over those that have ended.
#[derive(Debug)]
pub struct Tracer {
    lives: Lives,
    /// Sender: the engine's loop. Receiver: the thread. Closing it asks for the last words.
    line: Option<mpsc::Sender<Life>>,
    background: Background,
}

/// The collector cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client for the collector of spans cannot be set up")]
pub struct TracerError;

impl Tracer {
    /// Sends to `address`, the whole of it: `http://127.0.0.1:4318/v1/traces`. `sender` is the environment.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn start(address: &str, sender: &str) -> Result<Self, TracerError> {
        let poster = Poster::new([address].into_iter()).map_err(|_| TracerError)?;
        let (line, inlet) = mpsc::channel(CAPACITY);
        let (address, sender) = (address.to_owned(), sender.to_owned());
        let work = move || send_all(inlet, poster, address, sender);
        let background = Background::start("spans", work).map_err(|_| TracerError)?;
        Ok(Self { lives: Lives::default(), line: Some(line), background })
    }

    /// A command of `bot` was handed to its socket at `now`.
    pub fn command(&mut self, bot: Option<BotName>, command: &Command, now: WallTime) {
        if let (Some(bot), Command::Submit(submit)) = (bot, command) {
            self.lives.begin(bot, submit, now);
        }
    }

    /// A bot was told something at `now`.
    pub fn notice(&mut self, notice: &Notice, now: WallTime) {
        if let (Some(life), Some(line)) = (self.lives.take(notice, now), &self.line)
            && line.try_send(life).is_err()
        {
            count("lost", 1);
        }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        self.line = None;
        self.background.wait(LAST_WORDS);
    }
}

fn count(result: &'static str, spans: usize) {
    counter!(name::SPANS, "result" => result).increment(u64::try_from(spans).unwrap_or(u64::MAX));
}

async fn send_all(mut inlet: mpsc::Receiver<Life>, poster: Poster, address: String, sender: String) {
    while let Some(first) = inlet.recv().await {
        let mut lives = vec![first];
        let full = async {
            while lives.len() < BATCH
                && let Some(life) = inlet.recv().await
            {
                lives.push(life);
            }
        };
        // Cancel safe: a life is taken whole or not at all.
        let _ = tokio::time::timeout(GATHER, full).await;
        let answer = poster.post(&address, None, &span::request(&lives, &sender)).await;
        match answer {
            Ok(reply) if (200..300).contains(&reply.status) => count("sent", lives.len()),
            Ok(reply) => {
                tracing::warn!(
                    status = reply.status,
                    spans = lives.len(),
                    "the collector did not take spans"
                );
                count("lost", lives.len());
            }
            Err(error) => {
                tracing::warn!(%error, spans = lives.len(), "the collector of spans was not reached");
                count("lost", lives.len());
            }
        }
    }
}
