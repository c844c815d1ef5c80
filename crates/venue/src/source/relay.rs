//! The relay: another exchange's public stream, the real one or a second venue, as this venue's market.
//!
//! This task only connects, subscribes, keeps the socket alive and hands frames over; [`super::line`] reads them on the
//! exchange's task. When the stream breaks, the market stands still until it is back.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::server::{ExchangeLink, Inbound};

/// How often the stream is told that someone listens. Source: Bybit V5, "Connect".
const PING_EVERY: Duration = Duration::from_secs(20);
/// A stream that says nothing for so long is opened anew: level-1 books and pongs come far more often.
const SILENT_AFTER: Duration = Duration::from_secs(45);
/// First and longest wait before the stream is opened anew.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_LONGEST: Duration = Duration::from_secs(30);
/// Topics in one request: the spot stream takes no more.
const TOPICS_A_REQUEST: usize = 10;

/// From the exchange's task to this one: a topic that is to be subscribed to anew, because a frame of it was lost. When it is
/// full the exchange asks again with the next frame; it closes with the exchange's task.
pub(crate) type Anew = mpsc::Sender<String>;
/// Capacity of [`Anew`]: more books than that seldom break at once.
pub(crate) const ANEW_CAPACITY: usize = 64;

/// The stream that is followed.
pub(crate) struct Followed {
    pub(crate) url: String,
    pub(crate) symbols: Vec<String>,
    /// What is to be subscribed to anew.
    pub(crate) anew: mpsc::Receiver<String>,
}

/// Follows a stream until the exchange's task has ended.
pub(crate) async fn follow(Followed { url, symbols, mut anew }: Followed, exchange: ExchangeLink) {
    let mut wait = RETRY_FIRST;
    while !exchange.is_closed() {
        match listen((&url, &symbols), &mut anew, &exchange, &mut wait).await {
            Ok(()) => tracing::warn!(url, "the relayed stream ended"),
            Err(error) => tracing::warn!(url, %error, "the relayed stream broke"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_LONGEST);
    }
}

async fn listen(
    (url, symbols): (&str, &[String]),
    anew: &mut mpsc::Receiver<String>,
    exchange: &ExchangeLink,
    wait: &mut Duration,
) -> Result<(), Error> {
    let (mut socket, _) = connect_async(url).await?;
    let topics: Vec<String> = symbols
        .iter()
        .flat_map(|symbol| {
            ["orderbook.50", "publicTrade", "tickers"].map(|topic| format!("{topic}.{symbol}"))
        })
        .collect();
    for topics in topics.chunks(TOPICS_A_REQUEST) {
        socket.send(Message::text(json!({"op": "subscribe", "args": topics}).to_string())).await?;
    }
    let mut ping = tokio::time::interval(PING_EVERY);
    loop {
        // All branches are cancel safe: a frame, or a topic, is taken whole or not at all.
        tokio::select! {
            Some(topic) = anew.recv() => {
                tracing::warn!(topic, "a relayed book has a gap and is asked for anew");
                for op in ["unsubscribe", "subscribe"] {
                    socket.send(Message::text(json!({"op": op, "args": [topic]}).to_string())).await?;
                }
            }
            _ = ping.tick() => socket.send(Message::text(r#"{"op":"ping"}"#)).await?,
            received = tokio::time::timeout(SILENT_AFTER, socket.next()) => match received {
                Ok(Some(Ok(Message::Text(text)))) => {
                    *wait = RETRY_FIRST;
                    if exchange.send(Inbound::Relayed { text }).await.is_err() {
                        return Ok(());
                    }
                }
                Ok(Some(Ok(Message::Close(_)))) | Ok(None) | Err(_) => return Ok(()),
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(error),
            },
        }
    }
}
