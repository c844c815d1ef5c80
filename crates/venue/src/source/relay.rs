//! The relay: another exchange's public stream, the real one or a second venue, as this venue's market.
//!
//! This task only connects, subscribes, keeps the socket alive and hands frames over; [`super::line`] reads them on the
//! exchange's task. When the stream breaks, the market stands still until it is back.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
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

/// Follows the stream at `url` until the exchange's task has ended.
pub(crate) async fn follow(url: String, symbols: Vec<String>, exchange: ExchangeLink) {
    let mut wait = RETRY_FIRST;
    while !exchange.is_closed() {
        match listen(&url, &symbols, &exchange, &mut wait).await {
            Ok(()) => tracing::warn!(url, "the relayed stream ended"),
            Err(error) => tracing::warn!(url, %error, "the relayed stream broke"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_LONGEST);
    }
}

async fn listen(
    url: &str,
    symbols: &[String],
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
        // Both branches are cancel safe: a frame is taken whole or not at all.
        tokio::select! {
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
