//! Just enough HTTP for tests: one request over a connection of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

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
