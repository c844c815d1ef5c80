//! A web hook on this machine that writes down what it is told.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// It lives as long as the test.
pub struct Hook {
    port: u16,
    heard: Arc<Mutex<Vec<Letter>>>,
}

/// One request that it took.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Path and headers.
    pub head: String,
    /// The JSON in it.
    pub body: Value,
}

impl Hook {
    /// Starts it. The first `refusals` requests are answered with status 503 and forgotten.
    ///
    /// # Panics
    /// When the machine has no port left.
    #[must_use]
    pub fn start(refusals: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&heard);
        thread::spawn(move || {
            let mut refusals = refusals;
            for stream in listener.incoming().flatten() {
                // A client that hangs up in between is the test's to notice.
                let Some(letter) = read(&stream) else { continue };
                if refusals > 0 {
                    refusals -= 1;
                    answer(stream, "503 Service Unavailable");
                } else {
                    book.lock().expect("no reader panicked").push(letter);
                    answer(stream, "200 OK");
                }
            }
        });
        Self { port, heard }
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Everything that it took so far.
    ///
    /// # Panics
    /// When its thread did.
    #[must_use]
    pub fn heard(&self) -> Vec<Letter> {
        self.heard.lock().expect("its thread lives").clone()
    }
}

fn read(stream: &TcpStream) -> Option<Letter> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    Some(Letter { head, body: serde_json::from_slice(&body).ok()? })
}

fn answer(mut stream: TcpStream, status: &str) {
    let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
