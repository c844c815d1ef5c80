//! A peer between engine and venue that slips messages into a WebSocket stream which the venue never sent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// What is slipped in after the venue's tenth message: text that is not JSON, JSON that breaks off, and figures that are
/// none.
pub const MALFORMED: [&str; 4] = [
    "what is this",
    r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":17"#,
    r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":1700000000000,"data":{"symbol":"BTCUSDT","markPrice":"NaN"}}"#,
    r#"{"topic":"kline.5.BTCUSDT","ts":1700000000000,"type":"snapshot","data":[{"open":{}}]}"#,
];

/// Starts it; it lives as long as the test. Returns the port that stands for the venue's.
///
/// # Panics
/// When the machine has no port left.
#[must_use]
pub fn meddle(venue: SocketAddr) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound port").port();
    thread::spawn(move || {
        for engine in listener.incoming().flatten() {
            let upstream = TcpStream::connect(venue).expect("the venue listens");
            let (from_engine, to_venue) = (engine.try_clone(), upstream.try_clone());
            if let (Ok(mut from), Ok(mut to)) = (from_engine, to_venue) {
                thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
            // Either side may hang up; the test looks at the engine, not at us.
            thread::spawn(move || drop(relay(upstream, engine)));
        }
    });
    port
}

/// Passes the venue's handshake and messages on, one whole message at a time.
fn relay(mut venue: TcpStream, mut engine: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        venue.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    engine.write_all(&head)?;
    for count in 1_u64.. {
        let mut frame = vec![0; 2];
        venue.read_exact(&mut frame)?;
        // RFC 6455, section 5.2: lengths of 126 and 127 announce two and eight more bytes. A server does not mask.
        let (extra, short) = match frame[1] {
            126 => (2, 0),
            127 => (8, 0),
            short => (0, usize::from(short)),
        };
        let mut length = vec![0; extra];
        venue.read_exact(&mut length)?;
        let long = length.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        frame.extend(length);
        let mut body = vec![0; short + long];
        venue.read_exact(&mut body)?;
        frame.extend(body);
        engine.write_all(&frame)?;
        if count == 10 {
            MALFORMED.iter().try_for_each(|text| engine.write_all(&text_frame(text)))?;
        }
    }
    Ok(())
}

fn text_frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).ok();
    let mut frame = match length.filter(|length| *length < 126) {
        Some(length) => vec![0x81, length],
        None => vec![0x81, 126],
    };
    if frame[1] == 126 {
        frame.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    }
    frame.extend(text.as_bytes());
    frame
}
