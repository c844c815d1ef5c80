//! The shell around the exchange: accepts connections, turns bytes into [`Inbound`] messages for the
//! exchange's task and writes what it answers. No business decision is made here.

pub(crate) mod auth;
pub(crate) mod ban;
pub(crate) mod budget;
mod http;
pub(crate) mod place;
pub(crate) mod quota;
mod rolling;
mod session;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::Utf8Bytes;

pub(crate) use crate::wire::socket::SocketKind;
use auth::SignedHeaders;
use place::Places;

/// Largest request body and WebSocket message taken, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Send buffer of each connection in bytes: some hundred frames. Accepted sockets inherit it.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;
/// Connections that may wait to be accepted.
const LISTEN_BACKLOG: u32 = 128;

/// From the connection tasks (and the owner's handle) to the exchange's task. Capacity 1024: enough for a
/// burst on every socket; when full, a connection stops reading, which pushes back on its client. Closed
/// only when the exchange's task has ended.
pub(crate) type ExchangeLink = mpsc::Sender<Inbound>;
/// Capacity of [`ExchangeLink`].
pub(crate) const INBOUND_CAPACITY: usize = 1024;

/// From the exchange's task to one socket's task. In a replay the market clock waits long before a public
/// queue is full; a socket whose queue is full is closed: nothing is dropped in silence. Dropping the sender closes
/// the socket.
pub(crate) type SessionQueue = mpsc::Sender<ToClient>;
/// Capacity of [`SessionQueue`]: the fills of a large sweep, or seconds of a market on the wall clock.
pub(crate) const SESSION_CAPACITY: usize = 2048;

/// What the exchange's task asks of a socket's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToClient {
    /// Send this text.
    Frame(Utf8Bytes),
    /// Say nothing for so long (injected by a fault). What is queued meanwhile follows, in order.
    Silence(Duration),
}

/// Times that hold for every connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Wall time that whatever the venue says takes to its clients.
    pub(crate) latency: Duration,
    /// Wall time within which a request's head must have come, and then its body.
    pub(crate) request_timeout: Duration,
}

/// Number of a connection, unique for the life of the venue.
pub(crate) type ConnectionId = u64;

/// Everything that can reach the exchange's task from outside.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// A REST or control request; the answer goes back through `reply`.
    Rest { call: RestCall, reply: oneshot::Sender<RestAnswer> },
    /// A socket was opened. Dropping `hang_up` cuts it at once, dropping `queue` closes it in order.
    Opened {
        id: ConnectionId,
        kind: SocketKind,
        /// Where it was opened from.
        peer: IpAddr,
        queue: SessionQueue,
        hang_up: oneshot::Sender<()>,
    },
    /// A text frame of an open socket.
    Frame { id: ConnectionId, text: Utf8Bytes },
    /// The socket is gone.
    Closed { id: ConnectionId },
    /// A frame of the stream that the market is relayed from.
    Relayed { text: Utf8Bytes },
    /// The owner lets the market clock run.
    Start,
}

/// One HTTP request, with the raw text that its signature covers.
#[derive(Debug)]
pub(crate) struct RestCall {
    pub(crate) method: hyper::Method,
    pub(crate) path: String,
    /// Text after the `?`, undecoded; empty when there is none.
    pub(crate) query: String,
    pub(crate) headers: SignedHeaders,
    pub(crate) body: hyper::body::Bytes,
    /// Where it came from.
    pub(crate) peer: IpAddr,
}

/// What the connection task does about a request.
#[derive(Debug)]
pub(crate) struct RestAnswer {
    /// Wall time to wait first (injected by a fault; normally zero).
    pub(crate) after: Duration,
    pub(crate) outcome: RestOutcome,
}

#[derive(Debug)]
pub(crate) enum RestOutcome {
    Reply {
        status: hyper::StatusCode,
        /// `X-Bapi-…` headers.
        headers: Vec<(&'static str, String)>,
        content_type: &'static str,
        body: String,
    },
    /// Close the connection without a word.
    HangUp,
}

/// Listens on `address` with small send buffers. What lies in a buffer is news its reader has not had while
/// the market went on; the kernel's default would let an accelerated replay run hours ahead of its reader.
///
/// # Errors
/// The address is taken or cannot be bound.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

/// Accepts until `stop` turns true or its sender is dropped. A connection for which there is no place is closed at once.
pub(crate) async fn accept(
    (listener, mut places): (TcpListener, Places),
    exchange: ExchangeLink,
    pace: Pace,
    mut stop: watch::Receiver<bool>,
) {
    let mut next_id: ConnectionId = 1;
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let peer = peer.ip();
                let Some(place) = places.take(peer) else {
                    tracing::debug!(%peer, "no place for another connection");
                    continue;
                };
                let connection =
                    http::Connection { id: next_id, peer, pace, exchange: exchange.clone(), place };
                next_id += 1;
                tokio::spawn(http::serve(stream, connection, stop.clone()));
            }
            // Out of file descriptors, or the peer went away between SYN and accept: others go on.
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Wall clock in milliseconds since the Unix epoch.
pub(crate) fn wall_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
