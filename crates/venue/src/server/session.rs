//! One WebSocket: reads frames for the exchange, writes what the exchange queued, keeps the idle clock.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{ConnectionId, ExchangeLink, Inbound, MESSAGE_BYTES_MAX, SESSION_CAPACITY, SocketKind};
use crate::wire::fields::Fields;

/// A socket on which nothing moves for so long is closed. Source: Bybit V5, "Connect".
const IDLE_DEFAULT: Duration = Duration::from_secs(600);
/// A client that takes nothing for so long is gone; without this its full queue would hold the replay's
/// clock for ever.
const STUCK_AFTER: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The idle limit of a socket: `?max_active_time=` of 30 s to 10 min on private and trade sockets.
pub(super) fn idle_limit(kind: SocketKind, query: &str) -> Duration {
    let asked = Fields::from_query(query).text("max_active_time");
    match (kind, asked) {
        (SocketKind::Public, _) | (_, None) => IDLE_DEFAULT,
        (SocketKind::Private | SocketKind::Trade, Some(text)) => {
            let seconds = match (text.strip_suffix('s'), text.strip_suffix('m')) {
                (Some(seconds), _) => seconds.parse().ok(),
                (None, Some(minutes)) => minutes.parse::<u64>().ok().and_then(|m| m.checked_mul(60)),
                (None, None) => None,
            };
            seconds.map_or(IDLE_DEFAULT, |s: u64| Duration::from_secs(s.clamp(30, 600)))
        }
    }
}

/// Runs one socket from the upgrade to its end.
pub(super) async fn run(
    stream: TokioIo<Upgraded>,
    kind: SocketKind,
    idle: Duration,
    id: ConnectionId,
    exchange: ExchangeLink,
) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let (queue, outgoing) = mpsc::channel(SESSION_CAPACITY);
    let (hang_up, cut) = oneshot::channel();
    let opened = Inbound::Opened { id, kind, queue, hang_up };
    if exchange.send(opened).await.is_err() {
        return;
    }
    tokio::select! {
        // The sender is never used, only dropped: either way the socket is cut in mid-air.
        _ = cut => {}
        () = converse(socket, outgoing, idle, id, &exchange) => {}
    }
    // Fails only when the exchange has stopped, and then nobody keeps a list of sockets.
    let _ = exchange.send(Inbound::Closed { id }).await;
}

/// Moves frames both ways until either side ends it.
async fn converse(
    mut socket: Socket,
    mut outgoing: mpsc::Receiver<Utf8Bytes>,
    idle: Duration,
    id: ConnectionId,
    exchange: &ExchangeLink,
) {
    let mut last_active = Instant::now();
    loop {
        // Both receives are cancel safe: a frame is taken whole or not at all.
        tokio::select! {
            biased;
            frame = outgoing.recv() => {
                let Some(frame) = frame else {
                    let _ = tokio::time::timeout(STUCK_AFTER, socket.close(None)).await;
                    return;
                };
                let written = tokio::time::timeout(STUCK_AFTER, write(&mut socket, frame, &mut outgoing)).await;
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
            }
            received = socket.next() => {
                match received {
                    Some(Ok(Message::Text(text))) => {
                        if exchange.send(Inbound::Frame { id, text }).await.is_err() {
                            return;
                        }
                    }
                    // Pings are answered by the library; binary frames mean nothing here.
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
            }
            () = tokio::time::sleep_until(last_active + idle) => {
                tracing::info!(connection = id, "idle socket closed");
                let _ = tokio::time::timeout(STUCK_AFTER, socket.close(None)).await;
                return;
            }
        }
        last_active = Instant::now();
    }
}

/// Writes one frame and all that wait behind it, then flushes once.
async fn write(
    socket: &mut Socket,
    first: Utf8Bytes,
    waiting: &mut mpsc::Receiver<Utf8Bytes>,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    socket.feed(Message::Text(first)).await?;
    while let Ok(next) = waiting.try_recv() {
        socket.feed(Message::Text(next)).await?;
    }
    socket.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_idle_limit_is_read_in_seconds_or_minutes_and_clamped() {
        for (kind, query, seconds) in [
            (SocketKind::Private, "", 600),
            (SocketKind::Private, "max_active_time=30s", 30),
            (SocketKind::Trade, "max_active_time=1m", 60),
            (SocketKind::Private, "max_active_time=5s", 30),
            (SocketKind::Private, "max_active_time=nonsense", 600),
            (SocketKind::Public, "max_active_time=30s", 600),
        ] {
            assert_eq!(idle_limit(kind, query).as_secs(), seconds, "{query}");
        }
    }
}
