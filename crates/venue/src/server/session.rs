//! One WebSocket: reads frames for the exchange, writes what the exchange queued, keeps the idle clock.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::http::Connection;
use super::{ConnectionId, ExchangeLink, Inbound, MESSAGE_BYTES_MAX, SESSION_CAPACITY, SocketKind, ToClient};
use crate::wire::fields::Fields;

/// A socket on which nothing moves for so long is closed. Source: Bybit V5, "Connect".
const IDLE_DEFAULT: Duration = Duration::from_secs(600);
/// A client that takes nothing for so long is gone; without this its full queue would hold the replay's
/// clock for ever.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Frames of one socket that may be under way at once: as many as a queue holds before a replay's clock waits.
const UNDER_WAY_MAX: usize = 64;

/// The idle limit of a socket: `?max_active_time=` of 30 s to 10 min on private and trade sockets.
pub(super) fn idle_limit(kind: SocketKind, query: &str) -> Duration {
    let asked = Fields::from_query(query).text("max_active_time");
    match (kind, asked) {
        (SocketKind::Public(_), _) | (_, None) => IDLE_DEFAULT,
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

/// What lies between a socket and its client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Silence after which the socket is closed.
    pub(super) idle: Duration,
    /// Wall time that each frame takes to the client.
    pub(super) latency: Duration,
}

/// Runs one socket from the upgrade to its end.
pub(super) async fn run(
    stream: TokioIo<Upgraded>,
    kind: SocketKind,
    way: Way,
    Connection { id, peer, exchange, place: _place, .. }: Connection,
) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let (queue, outgoing) = mpsc::channel(SESSION_CAPACITY);
    let (hang_up, cut) = oneshot::channel();
    let opened = Inbound::Opened { id, kind, peer, queue, hang_up };
    if exchange.send(opened).await.is_err() {
        return;
    }
    tokio::select! {
        // The sender is never used, only dropped: either way the socket is cut in mid-air.
        _ = cut => {}
        () = converse(socket, outgoing, way, id, &exchange) => {}
    }
    // Fails only when the exchange has stopped, and then nobody keeps a list of sockets.
    let _ = exchange.send(Inbound::Closed { id }).await;
}

/// Moves frames both ways until either side ends it.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    mut outgoing: mpsc::Receiver<ToClient>,
    way: Way,
    id: ConnectionId,
    exchange: &ExchangeLink,
) {
    let mut under_way = UnderWay { latency: way.latency, silent_until: None, frames: VecDeque::new() };
    let mut last_active = Instant::now();
    loop {
        let arrival = under_way.next_arrival();
        // Both receives are cancel safe: a frame is taken whole or not at all.
        tokio::select! {
            biased;
            () = arrived(arrival), if arrival.is_some() => {
                let written = tokio::time::timeout(STUCK_AFTER, under_way.deliver(&mut socket, Instant::now()));
                if !matches!(written.await, Ok(Ok(()))) {
                    return;
                }
            }
            frame = outgoing.recv(), if under_way.has_room() => {
                let Some(first) = frame else {
                    let farewell = async {
                        under_way.deliver(&mut socket, Instant::now() + way.latency).await?;
                        socket.close(None).await
                    };
                    let _ = tokio::time::timeout(STUCK_AFTER, farewell).await;
                    return;
                };
                under_way.send(first);
                while under_way.has_room()
                    && let Ok(next) = outgoing.try_recv()
                {
                    under_way.send(next);
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
            () = tokio::time::sleep_until(last_active + way.idle) => {
                tracing::info!(connection = id, "idle socket closed");
                let _ = tokio::time::timeout(STUCK_AFTER, socket.close(None)).await;
                return;
            }
        }
        last_active = Instant::now();
    }
}

/// Frames that have left the exchange and not yet reached the client, in their order.
struct UnderWay {
    latency: Duration,
    /// Nothing arrives before this.
    silent_until: Option<Instant>,
    /// With the time of arrival.
    frames: VecDeque<(Instant, Utf8Bytes)>,
}

impl UnderWay {
    /// Beyond this the frames wait in the socket's queue, where a replay's clock sees them.
    fn has_room(&self) -> bool {
        self.frames.len() < UNDER_WAY_MAX
    }

    fn next_arrival(&self) -> Option<Instant> {
        self.frames.front().map(|(arrival, _)| *arrival)
    }

    /// Puts a frame on its way, or closes the way for a while.
    fn send(&mut self, item: ToClient) {
        let now = Instant::now();
        match item {
            ToClient::Frame(frame) => {
                let arrival = now + self.latency;
                self.frames.push_back((self.silent_until.map_or(arrival, |end| end.max(arrival)), frame));
            }
            ToClient::Silence(length) => self.silent_until = Some(now + length),
        }
    }

    /// Writes what has arrived by `now`, then flushes once.
    async fn deliver<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        socket: &mut WebSocketStream<S>,
        now: Instant,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        while let Some((_, frame)) = self.frames.pop_front_if(|(arrival, _)| *arrival <= now) {
            socket.feed(Message::Text(frame)).await?;
        }
        socket.flush().await
    }
}

/// Without a latency there is nothing to wait for, and the timer would round that up to a millisecond.
async fn arrived(arrival: Option<Instant>) {
    if let Some(arrival) = arrival
        && arrival > Instant::now()
    {
        tokio::time::sleep_until(arrival).await;
    }
}

#[cfg(test)]
mod tests {
    use windvane_venue_core::Category;

    use super::*;

    #[test]
    fn the_idle_limit_is_read_in_seconds_or_minutes_and_clamped() {
        for (kind, query, seconds) in [
            (SocketKind::Private, "", 600),
            (SocketKind::Private, "max_active_time=30s", 30),
            (SocketKind::Trade, "max_active_time=1m", 60),
            (SocketKind::Private, "max_active_time=5s", 30),
            (SocketKind::Private, "max_active_time=nonsense", 600),
            (SocketKind::Public(Category::Linear), "max_active_time=30s", 600),
        ] {
            assert_eq!(idle_limit(kind, query).as_secs(), seconds, "{query}");
        }
    }

    #[tokio::test]
    async fn a_socket_is_closed_when_nothing_has_moved_on_it_for_its_limit() {
        let idle = Duration::from_secs(1);
        let (near, far) = tokio::io::duplex(4_096);
        let venue = WebSocketStream::from_raw_socket(near, Role::Server, None).await;
        let mut client = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
        let (link, mut inbound) = mpsc::channel(8);
        let (_queue, outgoing) = mpsc::channel(8);
        let way = Way { idle, latency: Duration::ZERO };
        let talk = tokio::spawn(async move { converse(venue, outgoing, way, 1, &link).await });
        for _ in 0..3 {
            tokio::time::sleep(idle / 3).await;
            client.send(Message::text("ping")).await.unwrap();
            assert!(matches!(inbound.recv().await, Some(Inbound::Frame { id: 1, .. })));
        }
        let quiet = Instant::now();
        assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
        assert!(quiet.elapsed() > idle / 2, "each frame sets the clock back: {:?}", quiet.elapsed());
        drop(client);
        talk.await.unwrap();
    }
}
