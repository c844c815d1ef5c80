//! A small client for the tests: signed HTTP over a plain socket, and WebSockets.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use windvane_venue::Embedded;

/// Longest a test waits for one frame.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

/// A reply as it came: status, headers in lower case, body.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

impl Client {
    pub(crate) fn new(venue: &Embedded) -> Self {
        Self {
            address: venue.rest_url.trim_start_matches("http://").to_owned(),
            key: "paper-key".to_owned(),
            secret: "paper-secret".to_owned(),
        }
    }

    /// Sends one request on a connection of its own; `None` when it was cut without a reply.
    pub(crate) async fn exchange(
        &self,
        method: &str,
        target: &str,
        headers: &str,
        body: &str,
    ) -> Option<Reply> {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut raw = Vec::new();
        let _ = stream.read_to_end(&mut raw).await;
        let raw = String::from_utf8(raw).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Reply { status, head: head.to_lowercase(), body: body.to_owned() })
    }

    /// Sends the same request so many times at once on one connection and gives the last reply, as text.
    pub(crate) async fn burst(&self, target: &str, count: usize) -> String {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let request = |connection| {
            format!("GET {target} HTTP/1.1\r\nhost: {}\r\nconnection: {connection}\r\n\r\n", self.address)
        };
        let requests = request("keep-alive").repeat(count - 1) + &request("close");
        // The writer is kept: dropped, it would end the connection before its last replies.
        let sending = async { writer.write_all(requests.as_bytes()).await.unwrap() };
        let mut replies = String::new();
        let reading = async { reader.read_to_string(&mut replies).await.unwrap() };
        tokio::join!(sending, reading);
        replies.split("HTTP/1.1 ").last().unwrap().to_owned()
    }

    pub(crate) async fn public(&self, target: &str) -> Value {
        self.exchange("GET", target, "", "").await.unwrap().json()
    }

    /// A signed GET; `query` is sent as it stands.
    pub(crate) async fn get(&self, path: &str, query: &str) -> Value {
        let headers = self.signed(query, wall_ms());
        self.exchange("GET", &format!("{path}?{query}"), &headers, "").await.unwrap().json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        self.post_raw(path, body).await.unwrap().json()
    }

    pub(crate) async fn post_raw(&self, path: &str, body: &Value) -> Option<Reply> {
        let body = body.to_string();
        self.exchange("POST", path, &self.signed(&body, wall_ms()), &body).await
    }

    pub(crate) async fn sim(&self, path: &str, body: &Value) -> Value {
        let reply = self.exchange("POST", &format!("/sim/{path}"), "", &body.to_string()).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    pub(crate) async fn state(&self) -> Value {
        self.public("/sim/state").await
    }

    /// The headers of a signed request.
    pub(crate) fn signed(&self, payload: &str, timestamp: i64) -> String {
        let signature = hmac_hex(&self.secret, &format!("{timestamp}{}5000{payload}", self.key));
        format!(
            "X-BAPI-API-KEY: {}\r\nx-bapi-timestamp: {timestamp}\r\nX-Bapi-Recv-Window: 5000\r\nX-BAPI-SIGN: {signature}\r\n",
            self.key
        )
    }

    /// Opens a socket; private and trade ones are signed in.
    pub(crate) async fn socket(&self, path: &str) -> Socket {
        let mut socket = self.unsigned_socket(path).await;
        if path != "/v5/public/linear" {
            socket.send(&self.auth()).await;
            let reply = socket.next().await;
            assert!(reply["success"] == true || reply["retCode"] == 0, "{reply}");
        }
        socket
    }

    /// The frame that signs a socket in.
    pub(crate) fn auth(&self) -> Value {
        let expires = wall_ms() + 5_000;
        let signature = hmac_hex(&self.secret, &format!("GET/realtime{expires}"));
        json!({"op": "auth", "args": [self.key, expires, signature]})
    }

    /// Opens a socket and says nothing.
    pub(crate) async fn unsigned_socket(&self, path: &str) -> Socket {
        let address = format!("ws://{}{path}", self.address);
        let (stream, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        Socket(stream)
    }

    /// Opens a socket behind which the kernel holds back little, so that a client that does not read is felt.
    pub(crate) async fn narrow_socket(&self, path: &str) -> Socket {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(self.address.parse().unwrap()).await.unwrap());
        let address = format!("ws://{}{path}", self.address);
        let (stream, _) = tokio_tungstenite::client_async(address, stream).await.unwrap();
        Socket(stream)
    }
}

pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a frame to a socket that may have been closed.
    pub(crate) async fn send_if_open(&mut self, frame: &Value) {
        // What became of it shows at the next frame.
        let _ = self.0.send(Message::text(frame.to_string())).await;
    }

    /// Sends a text frame as it stands.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        self.try_next().await.expect("the socket is open")
    }

    /// The next frame, or `None` when the socket was closed.
    pub(crate) async fn try_next(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next reply to an operation; others are passed over.
    pub(crate) async fn next_of_op(&mut self, op: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["op"] == op {
                return frame;
            }
        }
    }

    /// The next frame of a topic; others are passed over.
    pub(crate) async fn next_of(&mut self, topic: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["topic"] == topic {
                return frame;
            }
        }
    }

    pub(crate) async fn subscribe(&mut self, topics: &[&str]) {
        self.send(&json!({"op": "subscribe", "req_id": "s", "args": topics})).await;
        let reply = self.next().await;
        assert_eq!(reply["success"], true, "{reply}");
    }

    /// Sends an order operation and returns its reply.
    pub(crate) async fn order(&mut self, op: &str, request_id: &str, argument: Value) -> Value {
        self.send(&json!({
            "reqId": request_id, "op": op, "args": [argument],
            "header": {"X-BAPI-TIMESTAMP": wall_ms().to_string()},
        }))
        .await;
        self.next().await
    }
}

pub(crate) fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

pub(crate) fn hmac_hex(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
