//! One WebSocket: TCP without delay, TLS where the address says so, small bounds, every write at once.

use crate::{codec::MAX_FRAME_BYTES, endpoints::Address};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A peer that does not read for this long is as good as gone.
const WRITE_WITHIN: Duration = Duration::from_secs(5);

/// Room for reading. The library clears all of it before every read, so the default of 128 KiB would cost more
/// than decoding does and push everything else out of the processor's cache; a long message is read in parts.
const READ_BUFFER_BYTES: usize = 8 << 10;

/// An open WebSocket.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Why a socket could not be had or used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    /// No connection within the time allowed.
    #[error("no connection within {} s", CONNECT_WITHIN.as_secs())]
    ConnectTimeout,
    /// A write did not finish.
    #[error("a write did not finish within {} s", WRITE_WITHIN.as_secs())]
    WriteTimeout,
    /// The network, TLS or the protocol.
    #[error(transparent)]
    Protocol(#[from] tungstenite::Error),
}

impl SocketError {
    /// Whether the venue turned us away as an address that it bans.
    pub(super) fn is_ban(&self) -> bool {
        matches!(self, Self::Protocol(tungstenite::Error::Http(answer)) if answer.status().as_u16() == 403)
    }
}

impl Socket {
    pub(super) async fn connect(address: &Address) -> Result<Self, SocketError> {
        let config = WebSocketConfig::default()
            // Nothing is gathered: an order leaves with its own write.
            .write_buffer_size(0)
            .read_buffer_size(READ_BUFFER_BYTES)
            .max_write_buffer_size(MAX_FRAME_BYTES)
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let connect = connect_async_with_config(address.as_str(), Some(config), true);
        let (stream, _response) =
            timeout(CONNECT_WITHIN, connect).await.map_err(|_| SocketError::ConnectTimeout)??;
        Ok(Self(stream))
    }

    /// Writes one text and hands it to the kernel.
    pub(super) async fn send(&mut self, text: String) -> Result<(), SocketError> {
        timeout(WRITE_WITHIN, self.0.send(Message::text(text)))
            .await
            .map_err(|_| SocketError::WriteTimeout)?
            .map_err(SocketError::from)
    }

    /// The next text. `None` at the end. Pings of the protocol are answered inside.
    ///
    /// Cancel safe: a frame that has only half arrived stays in the stream.
    pub(super) async fn next(&mut self) -> Option<Result<tungstenite::Utf8Bytes, SocketError>> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(Ok(text)),
                Ok(Message::Close(_)) => return None,
                Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Err(error) => return Some(Err(error.into())),
            }
        }
    }

    /// Says goodbye; whether it is heard does not matter.
    pub(super) async fn close(mut self) {
        let _ = timeout(Duration::from_millis(200), self.0.close(None)).await;
    }
}
