//! A tiny scripted peer on loopback: answers log-ins, subscriptions and pings, and orders as the test says.

use futures_util::{SinkExt, StreamExt};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// What the peer does with an order request on the trade socket.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OnOrder {
    Take,
    KeepSilent,
    Disconnect,
    /// Says that the socket will be closed.
    Drain,
    /// Says so much that means nothing, and then takes it.
    Chatter(usize),
}

/// How this peer behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    /// By the number of the order request, from 0.
    order: fn(usize) -> OnOrder,
    /// Status and body by method and target (`GET /v5/market/time?…`).
    http: fn(&str) -> (u16, String),
    /// Lines of a head that every HTTP answer has besides, each with its end.
    headers: fn(&str) -> String,
}

impl Behaviour {
    pub(crate) fn new(order: fn(usize) -> OnOrder, http: fn(&str) -> (u16, String)) -> Self {
        Self { order, http, headers: |_| String::new() }
    }

    /// Takes every order on the trade socket.
    pub(crate) fn answering(http: fn(&str) -> (u16, String)) -> Self {
        Self::new(|_| OnOrder::Take, http)
    }

    /// With these further lines in the head of an HTTP answer, by method and target.
    pub(crate) fn with_headers(self, headers: fn(&str) -> String) -> Self {
        Self { headers, ..self }
    }
}

/// A request as the peer saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A text on a socket, with the socket's path.
    Text(String, String),
    /// An HTTP request: its head and its body.
    Http(String, String),
}

/// The running peer; it ends with its runtime.
pub(crate) struct Peer {
    pub(crate) address: String,
    pub(crate) seen: mpsc::UnboundedReceiver<Seen>,
}

impl Peer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::with_wallets(behaviour, 1).await
    }

    /// Tells so many wallets as soon as somebody asks for them, each stamped with its number from 1.
    pub(crate) async fn with_wallets(behaviour: Behaviour, wallets: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, seen) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let orders = Arc::new(AtomicUsize::new(0));
            while let Ok((stream, _)) = listener.accept().await {
                let script = Script { behaviour, wallets, tell: tell.clone(), orders: Arc::clone(&orders) };
                tokio::spawn(script.serve(stream));
            }
        });
        Self { address, seen }
    }

    /// The HTTP requests seen so far, heads only.
    pub(crate) fn http_heads(&mut self) -> Vec<String> {
        let mut heads = vec![];
        while let Ok(seen) = self.seen.try_recv() {
            if let Seen::Http(head, _) = seen {
                heads.push(head);
            }
        }
        heads
    }
}

/// What a connection of the peer needs.
struct Script {
    behaviour: Behaviour,
    wallets: usize,
    tell: mpsc::UnboundedSender<Seen>,
    orders: Arc<AtomicUsize>,
}

impl Script {
    async fn serve(self, mut stream: TcpStream) {
        let mut peeked = [0; 2048];
        let mut known = 0;
        while !peeked[..known].windows(4).any(|four| four == b"\r\n\r\n") {
            known = stream.peek(&mut peeked).await.unwrap_or(0);
            if known == 0 {
                return;
            }
        }
        let head = String::from_utf8_lossy(&peeked[..known]).into_owned();
        if head.to_ascii_lowercase().contains("upgrade: websocket") {
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if let Ok(socket) = accept_async(stream).await {
                self.talk(socket, &path).await;
            }
        } else {
            while answer_http(&mut stream, self.behaviour, &self.tell).await.is_some() {}
        }
    }

    async fn talk(&self, mut socket: WebSocketStream<TcpStream>, path: &str) {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let _ = self.tell.send(Seen::Text(path.to_owned(), text.to_string()));
            let request: serde_json::Value = serde_json::from_str(text.as_str()).unwrap();
            let mut answers = vec![];
            match request["op"].as_str().unwrap() {
                "auth" if path == "/v5/trade" => {
                    answers.push(r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"c"}"#.to_owned());
                }
                "auth" => {
                    answers.push(r#"{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}"#.to_owned())
                }
                "ping" => answers.push(r#"{"op":"pong","args":["1"]}"#.to_owned()),
                "subscribe" => {
                    let id = request["req_id"].as_str().unwrap();
                    answers
                        .push(format!(r#"{{"success":true,"ret_msg":"","req_id":"{id}","op":"subscribe"}}"#));
                    if text.contains("orderbook.50.ETHUSDT") {
                        answers.push(include_str!("../payloads/public/orderbook-snapshot.json").to_owned());
                    }
                    if text.contains("\"wallet\"") {
                        answers.extend((1..=self.wallets).map(wallet));
                    }
                }
                operation if operation.starts_with("order.") => {
                    let id = request["reqId"].as_str().unwrap();
                    match (self.behaviour.order)(self.orders.fetch_add(1, Ordering::SeqCst)) {
                    OnOrder::Take => answers.push(format!(
                        r#"{{"reqId":"{id}","retCode":0,"retMsg":"OK","op":"{operation}","data":{{"orderId":"v-1"}}}}"#
                    )),
                    OnOrder::Drain => answers.push(format!(
                        r#"{{"reqId":"{id}","retCode":10019,"retMsg":"restarting","op":"{operation}","data":{{}}}}"#
                    )),
                    OnOrder::Chatter(bytes) => {
                        answers.push(format!("{}{{}}", " ".repeat(bytes - 2)));
                        answers.push(format!(
                            r#"{{"reqId":"{id}","retCode":0,"retMsg":"OK","op":"{operation}","data":{{"orderId":"v-1"}}}}"#
                        ));
                    }
                    OnOrder::KeepSilent => {}
                    OnOrder::Disconnect => return,
                }
                }
                _ => {}
            }
            for answer in answers {
                if socket.send(Message::text(answer)).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn wallet(number: usize) -> String {
    let coin = r#"{"coin":"USDT","walletBalance":"1000","equity":"1000"}"#;
    format!(r#"{{"id":"w","topic":"wallet","creationTime":{number},"data":[{{"coin":[{coin}]}}]}}"#)
}

async fn answer_http(
    stream: &mut TcpStream,
    behaviour: Behaviour,
    tell: &mpsc::UnboundedSender<Seen>,
) -> Option<()> {
    let mut bytes = vec![];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length: usize = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ").map(|n| n.trim().parse().unwrap()))
        .unwrap_or(0);
    while bytes.len() < head_end + 4 + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let body = String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned();
    let mut words = head.split(' ');
    let target = format!("{} {}", words.next()?, words.next()?);
    let _ = tell.send(Seen::Http(head, body));
    let (status, body) = (behaviour.http)(&target);
    let headers = (behaviour.headers)(&target);
    let answer = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.ok()
}
