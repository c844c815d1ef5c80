//! The venue as a server, over real sockets on loopback: requests a second with the limits off, how many book frames
//! it hands to 50 connections, the round trip of orders at 5,000 a second, and what an account costs in memory.
//!
//! `cargo xtask bench venue`. Client and venue share the machine, so the figures are lower bounds; the processor time of both
//! together stands beside them, which other work on the machine does not change much.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use windvane_venue::{AccountConfig, Embedded, ManualConfig, MarketConfig, VenueConfig};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
/// Writes one request.
type Request = fn() -> String;
type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connections that send requests at the same time.
const CALLERS: usize = 16;
/// The fan-out: connections and symbols.
const LISTENERS: usize = 50;
const SYMBOLS: usize = 20;
/// Orders at the beginning of each millisecond.
const ORDERS_A_MS: usize = 5;

/// How much is done of each.
struct Scale {
    /// Requests on each connection.
    calls: usize,
    /// Updates of all books together.
    updates: usize,
    /// Milliseconds of orders.
    order_ms: usize,
    /// Accounts whose memory is weighed.
    accounts: u64,
}

const FULL: Scale = Scale { calls: 2_000, updates: 2_000, order_ms: 4_000, accounts: 1_000 };
/// Once through everything, for `cargo test --bench venue`: the figures say nothing.
const TRIAL: Scale = Scale { calls: 10, updates: 40, order_ms: 40, accounts: 10 };

fn main() -> Outcome {
    // As criterion has it: cargo says when figures are wanted.
    let scale = if std::env::args().any(|argument| argument == "--bench") { FULL } else { TRIAL };
    // Memory first: what a benchmark gives back stays with the process, and accounts would be put there unseen.
    memory(scale.accounts)?;
    println!("── venue: load of the machine: {}", std::fs::read_to_string("/proc/loadavg")?.trim());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(requests(scale.calls))?;
    runtime.block_on(fan_out(scale.updates))?;
    runtime.block_on(round_trips(ORDERS_A_MS * scale.order_ms))
}

/// Market data and order entry by REST; each connection sends the next request after the reply to the last.
async fn requests(calls: usize) -> Outcome {
    let venue = Embedded::start(config()?)?;
    move_price(&venue, "BTCUSDT", 0).await?;
    let kinds: [(&str, Request); 2] =
        [("book by REST", book_request), ("signed order by REST", order_request)];
    for (name, request) in kinds {
        let (begun, spent) = (Instant::now(), processor_time()?);
        for outcome in join_all((0..CALLERS).map(|_| call(&venue, calls, request))).await {
            outcome?;
        }
        let rate = (CALLERS * calls) as f64 / begun.elapsed().as_secs_f64();
        let each = each_us(spent, CALLERS * calls)?;
        println!(
            "── venue: {name}: {rate:.0} requests per second on {CALLERS} connections, {each:.1} µs of processor each"
        );
    }
    venue.stop();
    Ok(())
}

/// Every listener has every symbol's book; each update of one symbol is one frame for each of them.
async fn fan_out(updates: usize) -> Outcome {
    let config = config()?;
    let symbols = config.instruments.clone();
    let venue = Embedded::start(config)?;
    let topics: Vec<String> = symbols.iter().map(|symbol| format!("orderbook.50.{symbol}")).collect();
    let subscribe = json!({"op": "subscribe", "args": topics}).to_string();
    let mut listeners = Vec::new();
    for _ in 0..LISTENERS {
        let mut socket = open(&venue, "/v5/public/linear").await?;
        socket.send(Message::text(subscribe.clone())).await?;
        for _ in 0..=SYMBOLS {
            next(&mut socket).await?;
        }
        listeners.push(socket);
    }
    let (begun, spent) = (Instant::now(), processor_time()?);
    let reading = join_all(listeners.iter_mut().map(async |socket| {
        for _ in 0..updates {
            next(socket).await?;
        }
        Outcome::Ok(())
    }));
    let writing = async {
        for update in 0..updates {
            move_price(&venue, &symbols[update % SYMBOLS], 1 + update / SYMBOLS).await?;
        }
        Outcome::Ok(())
    };
    let (read, written) = tokio::join!(reading, writing);
    written?;
    read.into_iter().collect::<Outcome<Vec<()>>>()?;
    let rate = (updates * LISTENERS) as f64 / begun.elapsed().as_secs_f64();
    let each = each_us(spent, updates * LISTENERS)?;
    println!(
        "── venue: {rate:.0} book frames per second to {LISTENERS} connections of {SYMBOLS} symbols each, {each:.1} µs of \
         processor for each frame"
    );
    venue.stop();
    Ok(())
}

/// Creates and cancels on the trade socket, sent by the clock whatever is still unanswered.
async fn round_trips(count: usize) -> Outcome {
    let venue = Embedded::start(config()?)?;
    move_price(&venue, "BTCUSDT", 0).await?;
    let mut socket = open(&venue, "/v5/trade").await?;
    let expires = wall_ms() + 60_000;
    let signature = hmac_hex(&format!("GET/realtime{expires}"));
    socket
        .send(Message::text(json!({"op": "auth", "args": ["paper-key", expires, signature]}).to_string()))
        .await?;
    next(&mut socket).await?;
    let (mut sender, mut receiver) = socket.split();
    let (begun, spent) = (Instant::now(), processor_time()?);
    let sending = async {
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        let mut sent = Vec::with_capacity(count);
        for number in 0..count {
            if number % ORDERS_A_MS == 0 {
                tick.tick().await;
            }
            let frame = trade_request(number);
            sent.push(Instant::now());
            sender.send(Message::text(frame)).await?;
        }
        Outcome::Ok(sent)
    };
    let receiving = async {
        let mut received = Vec::with_capacity(count);
        let mut refused = 0;
        while received.len() < count {
            let message = receiver.next().await.ok_or("the venue hung up")??;
            received.push(Instant::now());
            // The replies of one socket come in the order of its requests.
            refused += usize::from(!message.to_text()?.contains("\"retCode\":0"));
        }
        Outcome::Ok((received, refused))
    };
    let (sent, received) = tokio::join!(sending, receiving);
    let (sent, (received, refused)) = (sent?, received?);
    let mut trips: Vec<Duration> =
        sent.iter().zip(&received).map(|(sent, received)| *received - *sent).collect();
    trips.sort_unstable();
    let at = |per_mille: usize| trips[(trips.len() - 1) * per_mille / 1_000].as_secs_f64() * 1e6;
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    println!(
        "── venue: order round trip at {rate:.0} a second: p50 {:.0} µs, p90 {:.0} µs, p99 {:.0} µs, p99.9 {:.0} µs; {refused} \
         refused; {:.1} µs of processor each",
        at(500),
        at(900),
        at(990),
        at(999),
        each_us(spent, count)?
    );
    venue.stop();
    Ok(())
}

/// What so many more accounts add to the memory of this process: a venue with them less one without.
fn memory(accounts: u64) -> Outcome {
    // What a process needs only once is there after the first.
    let first = Embedded::start(config()?)?;
    let weigh = |config: VenueConfig| -> Outcome<(Embedded, u64)> {
        let before = resident_kib()?;
        let venue = Embedded::start(config)?;
        Ok((venue, resident_kib()?.saturating_sub(before)))
    };
    let (one, without) = weigh(config()?)?;
    let mut config = config()?;
    let pattern: AccountConfig = config.accounts[0].clone();
    config.accounts.extend((1..=accounts).map(|number| AccountConfig {
        uid: pattern.uid + number,
        key: format!("key-{number}"),
        ..pattern.clone()
    }));
    let (many, with) = weigh(config)?;
    println!(
        "── venue: {} KiB for {accounts} accounts of {SYMBOLS} symbols, {without} KiB for a venue with one",
        with.saturating_sub(without)
    );
    for venue in [many, one, first] {
        venue.stop();
    }
    Ok(())
}

fn config() -> Outcome<VenueConfig> {
    let shipped: VenueConfig = toml::from_str(include_str!("../../../config/venue.toml"))?;
    let mut config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
    config.rate_limits = false;
    config.instruments = shipped.instruments.into_iter().take(SYMBOLS).collect();
    Ok(config)
}

/// Sends the same kind of request so many times on a connection of its own.
async fn call(venue: &Embedded, count: usize, request: Request) -> Outcome {
    let mut stream = TcpStream::connect(venue.rest_url.trim_start_matches("http://")).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 64 * 1024];
    for _ in 0..count {
        stream.write_all(request().as_bytes()).await?;
        let mut read = 0;
        loop {
            read += stream.read(&mut buffer[read..]).await?;
            if let Some(length) = reply_length(&buffer[..read])
                && read >= length
            {
                break;
            }
        }
        if !buffer.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(&buffer[..read]).into_owned().into());
        }
    }
    Ok(())
}

/// Bytes of a reply with its head, once the head is complete.
fn reply_length(reply: &[u8]) -> Option<usize> {
    let head = reply.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&reply[..head]).ok()?;
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head + length.parse::<usize>().ok()?)
}

fn book_request() -> String {
    "GET /v5/market/orderbook?category=linear&symbol=BTCUSDT HTTP/1.1\r\nhost: venue\r\n\r\n".to_owned()
}

/// A post-only order through the book: matching turns it down at once, so that the book stays as it is.
fn order_request() -> String {
    let body = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit",
                      "qty": "0.001", "price": "60100", "timeInForce": "PostOnly"})
    .to_string();
    let now = wall_ms();
    let signature = hmac_hex(&format!("{now}paper-key5000{body}"));
    format!(
        "POST /v5/order/create HTTP/1.1\r\nhost: venue\r\ncontent-length: {}\r\nx-bapi-api-key: paper-key\r\n\
         x-bapi-timestamp: {now}\r\nx-bapi-recv-window: 5000\r\nx-bapi-sign: {signature}\r\n\r\n{body}",
        body.len()
    )
}

/// The creation of an order, or the cancellation of the one before.
fn trade_request(number: usize) -> String {
    let (op, argument) = if number.is_multiple_of(2) {
        let order = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit",
                           "qty": "0.001", "price": "59000", "orderLinkId": format!("bench-{number}")});
        ("order.create", order)
    } else {
        let id = format!("bench-{}", number - 1);
        ("order.cancel", json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": id}))
    };
    let header = json!({"X-BAPI-TIMESTAMP": wall_ms().to_string()});
    json!({"reqId": number.to_string(), "op": op, "header": header, "args": [argument]}).to_string()
}

/// Sets a book of one level a side through the control surface, `ticks` above where it began.
async fn move_price(venue: &Embedded, symbol: &str, ticks: usize) -> Outcome {
    let bid = 60_000 + ticks;
    let body =
        json!({"symbol": symbol, "bids": [[bid.to_string(), "5"]], "asks": [[(bid + 1).to_string(), "5"]]});
    if ticks == 0 {
        let mark = json!({"symbol": symbol, "mark": "60000", "index": "60000", "last": "60000"});
        control(venue, "price", &mark).await?;
    }
    control(venue, "book", &body).await
}

async fn control(venue: &Embedded, path: &str, body: &Value) -> Outcome {
    let mut stream = TcpStream::connect(venue.rest_url.trim_start_matches("http://")).await?;
    let body = body.to_string();
    let request = format!(
        "POST /sim/{path} HTTP/1.1\r\nhost: venue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    if reply.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(reply.into()) }
}

async fn open(venue: &Embedded, path: &str) -> Outcome<Socket> {
    Ok(tokio_tungstenite::connect_async(format!("{}{path}", venue.ws_url)).await?.0)
}

async fn next(socket: &mut Socket) -> Outcome<Message> {
    Ok(socket.next().await.ok_or("the venue hung up")??)
}

fn hmac_hex(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"paper-secret").expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn wall_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

/// Processor time of this process so far, in its clock ticks of 10 ms. Source: proc(5), `utime` and `stime`.
fn processor_time() -> Outcome<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1;
    let ticks = |index: usize| -> Outcome<u64> {
        Ok(after_name.split_whitespace().nth(index).ok_or("too few figures")?.parse()?)
    };
    Ok(ticks(11)? + ticks(12)?)
}

/// Processor time since `spent` for each of `count` things, in microseconds.
fn each_us(spent: u64, count: usize) -> Outcome<f64> {
    Ok((processor_time()? - spent) as f64 * 10_000.0 / count as f64)
}

/// Memory of this process in KiB. Source: proc(5), `VmRSS`.
fn resident_kib() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
