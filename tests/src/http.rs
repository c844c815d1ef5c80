//! Just enough HTTP for tests: one request over a connection of its own.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// The account of `config/venue.toml`.
const KEY: &str = "paper-key";
const SECRET: &str = "paper-secret";
/// A busy machine may take long over a request.
const WINDOW_MS: u32 = 20_000;

/// A loopback port that was free a moment ago.
///
/// # Panics
/// When the machine has none left.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// One GET: status and body; `None` when nobody answers.
#[must_use]
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    request(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

/// One GET of the account that `/sim` ships with, signed as Bybit V5 wants it, at the venue's own time; every page of it.
///
/// # Panics
/// When the venue does not answer, or refuses.
#[must_use]
pub fn signed_rows(venue: SocketAddr, path: &str, query: &str) -> Vec<Value> {
    let read = |answer: Option<(u16, String)>| -> Value {
        let (_, body) = answer.expect("the venue answers");
        let answer: Value = serde_json::from_str(&body).expect("the venue answers in JSON");
        assert_eq!(answer["retCode"], 0, "{path}?{query}: {answer}");
        answer
    };
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let whole = if cursor.is_empty() { query.to_owned() } else { format!("{query}&cursor={cursor}") };
        let now = read(get(venue, "/v5/market/time"))["time"].to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length will do");
        mac.update(format!("{now}{KEY}{WINDOW_MS}{whole}").as_bytes());
        let sign: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let answer = read(request(
            venue,
            &format!(
                "GET {path}?{whole} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-BAPI-API-KEY: {KEY}\r\n\
                 X-BAPI-TIMESTAMP: {now}\r\nX-BAPI-RECV-WINDOW: {WINDOW_MS}\r\nX-BAPI-SIGN: {sign}\r\n\r\n"
            ),
        ));
        let page = answer["result"]["list"].as_array().cloned().unwrap_or_default();
        cursor = answer["result"]["nextPageCursor"].as_str().unwrap_or_default().to_owned();
        let is_last = page.is_empty() || cursor.is_empty();
        rows.extend(page);
        if is_last {
            return rows;
        }
    }
}

/// One DELETE: status and body; `None` when nobody answers.
#[must_use]
pub fn delete(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    request(address, &format!("DELETE {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
}

/// One POST of JSON: status and body; `None` when nobody answers.
#[must_use]
pub fn post(address: SocketAddr, path: &str, body: &str) -> Option<(u16, String)> {
    let length = body.len();
    request(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

fn request(address: SocketAddr, text: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    // A busy machine takes long over a long answer.
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    stream.write_all(text.as_bytes()).ok()?;
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status).ok()?;
    let code = status.split(' ').nth(1)?.parse().ok()?;
    let mut rest = String::new();
    reader.read_to_string(&mut rest).ok()?;
    let (head, body) = rest.split_once("\r\n\r\n")?;
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Some((code, if is_chunked { dechunk(body) } else { body.to_owned() }))
}

fn dechunk(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        match usize::from_str_radix(length.trim(), 16) {
            Ok(0) | Err(_) => break,
            Ok(length) => {
                whole.push_str(rest.get(..length).unwrap_or(rest));
                body = rest.get(length + 2..).unwrap_or("");
            }
        }
    }
    whole
}
