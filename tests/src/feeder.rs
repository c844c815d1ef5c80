//! A public stream with more to say: what the venue tells of its contracts, and between it a flood about contracts that
//! nobody trades. Questions by REST about those are answered, too; all others go to the venue.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

/// The flood comes in portions of this length.
const PORTION: Duration = Duration::from_millis(20);
/// So many messages of a burst are sent before what the venue tells is looked at again.
const CHUNK: u64 = 500;
/// What begins the names of the contracts that nobody trades.
const WATCHED: &str = "WATCH";

/// How much there is to hear.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    /// Messages a second.
    pub rate: u32,
    /// Messages at once, every so often.
    pub burst: u32,
    /// How often that is.
    pub burst_every: Duration,
}

/// It lives as long as the test.
pub struct Feeder {
    port: u16,
    sent: Arc<AtomicU64>,
    /// Sender: the test. Receivers: the connections, each of which ends when the number changes.
    cuts: watch::Sender<u64>,
    /// Sender: the test. Receivers: the connections, each of which sends a burst when the number changes.
    bursts: watch::Sender<u64>,
}

/// The name of a contract that nobody trades.
#[must_use]
pub fn watched(number: usize) -> String {
    format!("{WATCHED}{number:03}USDT")
}

impl Feeder {
    /// Starts it in front of a venue.
    ///
    /// # Panics
    /// When the machine has no port or no thread left.
    #[must_use]
    pub fn start(venue: SocketAddr, flood: Flood) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener can wait");
        let port = listener.local_addr().expect("a bound port").port();
        let sent = Arc::new(AtomicU64::new(0));
        let ((cuts, cut), (bursts, burst)) = (watch::channel(0), watch::channel(0));
        let counter = Arc::clone(&sent);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, _)) = listener.accept().await {
                    let (sent, cut, burst) = (Arc::clone(&counter), cut.clone(), burst.clone());
                    let line = Line { venue, flood, sent, cut, burst };
                    // Either side may hang up; the test looks at the engine, not at us.
                    tokio::spawn(async move { drop(line.serve(stream).await) });
                }
            });
        });
        Self { port, sent, cuts, bursts }
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Messages of the flood so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a burst now.
    pub fn burst(&self) {
        self.bursts.send_modify(|count| *count += 1);
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }
}

/// One connection of an engine.
struct Line {
    venue: SocketAddr,
    flood: Flood,
    sent: Arc<AtomicU64>,
    cut: watch::Receiver<u64>,
    burst: watch::Receiver<u64>,
}

impl Line {
    /// A stream, or one question by REST.
    async fn serve(self, stream: TcpStream) -> Result<(), Error> {
        let mut head = [0; 2_048];
        let length = stream.peek(&mut head).await?;
        let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
        if head.contains("upgrade: websocket") {
            return self.stream(stream).await;
        }
        rest(stream, self.venue).await?;
        Ok(())
    }

    async fn stream(mut self, stream: TcpStream) -> Result<(), Error> {
        let mut engine = accept_async(stream).await?;
        let (mut venue, _) = connect_async(format!("ws://{}/v5/public/linear", self.venue)).await?;
        self.cut.mark_unchanged();
        self.burst.mark_unchanged();
        let mut topics = Watched::default();
        let mut portions = tokio::time::interval(PORTION);
        portions.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let a_portion = u64::from(self.flood.rate) * u64::try_from(PORTION.as_millis()).unwrap_or(0) / 1_000;
        let mut next_burst = Instant::now() + self.flood.burst_every;
        let mut left = 0;
        loop {
            // Every branch is cancel safe: a frame is taken whole or not at all. What the venue tells comes before the flood: it
            // ends a connection that does not read.
            tokio::select! {
                biased;
                _ = self.cut.changed() => return engine.close(None).await,
                heard = engine.next() => match heard {
                    Some(Ok(Message::Text(text))) => {
                        let (forward, answers) = topics.take(&text);
                        for answer in answers {
                            engine.send(Message::text(answer)).await?;
                        }
                        if let Some(forward) = forward {
                            venue.send(Message::text(forward)).await?;
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return venue.close(None).await,
                },
                told = venue.next() => match told {
                    Some(Ok(Message::Text(text))) => engine.send(Message::Text(text)).await?,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return engine.close(None).await,
                },
                Ok(()) = self.burst.changed() => left += u64::from(self.flood.burst),
                _ = portions.tick() => {
                    if Instant::now() >= next_burst {
                        left += u64::from(self.flood.burst);
                        next_burst = Instant::now() + self.flood.burst_every;
                    }
                    self.say(&mut topics, a_portion, &mut engine).await?;
                }
                () = std::future::ready(()), if left > 0 => {
                    let count = left.min(CHUNK);
                    self.say(&mut topics, count, &mut engine).await?;
                    left -= count;
                }
            }
        }
    }

    /// So many messages of the flood.
    async fn say(
        &self,
        topics: &mut Watched,
        count: u64,
        engine: &mut WebSocketStream<TcpStream>,
    ) -> Result<(), Error> {
        for text in topics.next(count) {
            engine.feed(Message::text(text)).await?;
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        engine.flush().await
    }
}

/// Answers a question about a contract of the flood, and passes on any other. One question a connection: the answer's end
/// is the connection's.
async fn rest(mut engine: TcpStream, venue: SocketAddr) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if engine.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&request);
    let line = text.lines().next().unwrap_or_default();
    if !line.contains(WATCHED) {
        let mut upstream = TcpStream::connect(venue).await?;
        let (head, body) = text.split_once("\r\n").unwrap_or((&text, ""));
        upstream.write_all(format!("{head}\r\nConnection: close\r\n{body}").as_bytes()).await?;
        tokio::io::copy(&mut upstream, &mut engine).await?;
        return Ok(());
    }
    let now = since_1970().as_millis();
    let result = if line.contains("/orderbook") {
        json!({ "s": "", "b": [["99.9", "1"]], "a": [["100.1", "1"]], "ts": now, "u": 1, "seq": 1, "cts": now })
    } else {
        json!({ "category": "linear", "symbol": "", "list": [] })
    };
    let body =
        json!({ "retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now }).to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
    engine.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await
}

/// Whether a request is there with its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths
        .next()
        .and_then(|(_, length)| length.trim().parse().ok())
        .is_none_or(|length: usize| body.len() >= length)
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The topics that the flood is about, each with the number of its last message.
#[derive(Default)]
struct Watched {
    topics: BTreeMap<String, u64>,
    turn: usize,
}

impl Watched {
    /// Takes a request of the engine: what of it is for the venue, and what is answered here.
    fn take(&mut self, text: &str) -> (Option<String>, Vec<String>) {
        let Ok(mut request) = serde_json::from_str::<Value>(text) else {
            return (Some(text.to_owned()), Vec::new());
        };
        if request["op"] != "subscribe" {
            return (Some(text.to_owned()), Vec::new());
        }
        let all: Vec<String> = serde_json::from_value(request["args"].take()).unwrap_or_default();
        let (ours, venues): (Vec<_>, Vec<_>) = all.into_iter().partition(|topic| topic.contains(WATCHED));
        let mut answers = Vec::new();
        if venues.is_empty() {
            let reply = json!({ "success": true, "ret_msg": "", "conn_id": "feeder",
                "req_id": request["req_id"], "op": "subscribe" });
            answers.push(reply.to_string());
        }
        for topic in ours {
            answers.extend(message(&topic, 1));
            self.topics.insert(topic, 1);
        }
        request["args"] = json!(venues);
        ((!venues.is_empty()).then(|| request.to_string()), answers)
    }

    /// The next messages, in turn about every topic.
    fn next(&mut self, count: u64) -> Vec<String> {
        let mut texts = Vec::new();
        let topics = self.topics.len();
        while topics > 0 && (texts.len() as u64) < count {
            let Some((topic, number)) = self.topics.iter_mut().nth(self.turn % topics) else { break };
            *number += 1;
            self.turn += 1;
            texts.extend(message(topic, *number));
        }
        texts
    }
}

/// The `number`th message of a topic; the first one is its snapshot. Source: Bybit V5, "Orderbook", "Kline", "Ticker".
fn message(topic: &str, number: u64) -> Option<String> {
    let (now, symbol) = (since_1970().as_millis(), topic.rsplit('.').next()?);
    let kind = if number == 1 { "snapshot" } else { "delta" };
    // Around 100, a few ticks to and fro.
    let step = number % 7;
    let (bid, ask) = (format!("99.9{step}"), format!("100.1{step}"));
    if topic.starts_with("orderbook") {
        return Some(format!(
            r#"{{"topic":"{topic}","type":"{kind}","ts":{now},"data":{{"s":"{symbol}","b":[["{bid}","{number}"]],"a":[["{ask}","{number}"]],"u":{number},"seq":{number}}},"cts":{now}}}"#
        ));
    }
    if topic.starts_with("kline") {
        let start = now / 300_000 * 300_000;
        return Some(format!(
            r#"{{"topic":"{topic}","type":"snapshot","ts":{now},"data":[{{"start":{start},"end":{},"interval":"5","open":"{bid}","close":"{bid}","high":"{ask}","low":"{bid}","volume":"1","turnover":"100","confirm":false,"timestamp":{now}}}]}}"#,
            start + 299_999
        ));
    }
    topic.starts_with("tickers").then(|| {
        format!(
            r#"{{"topic":"{topic}","type":"{kind}","data":{{"symbol":"{symbol}","lastPrice":"{bid}","markPrice":"{bid}","indexPrice":"{bid}","fundingRate":"0.0001","nextFundingTime":"{now}"}},"cs":{number},"ts":{now}}}"#
        )
    })
}
