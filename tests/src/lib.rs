//! What the end-to-end tests share: the binary as a user runs it, on configs in folders of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process of ours that does not outlive its test.
pub struct Running {
    child: Child,
    name: &'static str,
}

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the root").to_owned()
}

/// The `windvane` binary of the profile that the tests were built with.
///
/// # Panics
/// When it was not built; `cargo xtask test` builds it first.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
    let binary = folder.join("windvane");
    assert!(binary.exists(), "{} is missing: run `cargo build -p windvane-app` first", binary.display());
    binary
}

/// A loopback port that was free a moment ago.
///
/// # Panics
/// When the machine has none left.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Starts a program with its standard output and error in `<folder>/<name>.log`.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn start(name: &'static str, program: &Path, arguments: &[&str], folder: &Path) -> Running {
    let log = std::fs::File::create(folder.join(format!("{name}.log"))).expect("a log file");
    let errors = log.try_clone().expect("a second handle");
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        // The documented key of the venue's paper account; worth nothing.
        .env("WINDVANE_API_KEY", "paper-key")
        .env("WINDVANE_API_SECRET", "paper-secret")
        .stdout(log)
        .stderr(errors)
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
    Running { child, name }
}

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as `kill -9` does.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("a killed process can be waited for");
    }

    /// Asks it to end in order, as Ctrl-C does.
    ///
    /// # Panics
    /// When `kill` cannot be run.
    pub fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.id().to_string()]).status();
        assert!(status.expect("kill is everywhere").success(), "{} is gone already", self.name);
    }

    /// Waits for its own end and returns its exit code.
    ///
    /// # Panics
    /// When it is still there after `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<i32> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status.code();
            }
            assert!(Instant::now() < deadline, "{} still runs after {patience:?}", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One GET over a connection of its own: status and body; `None` when nobody answers.
#[must_use]
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status).ok()?;
    let code = status.split(' ').nth(1)?.parse().ok()?;
    let mut rest = String::new();
    reader.read_to_string(&mut rest).ok()?;
    let (head, body) = rest.split_once("\r\n\r\n")?;
    let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        dechunk(body)
    } else {
        body.to_owned()
    };
    Some((code, body))
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

/// Asks until `done` says so.
///
/// # Panics
/// When it does not within `patience`; `what` says what was waited for.
pub fn wait_until(what: &str, patience: Duration, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < deadline, "waited {patience:?} in vain for: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The text of a shipped config with `changes` made to it, each of which must apply; paths that are relative to
/// `config/` still work from anywhere.
///
/// # Panics
/// When the file is not there or a change finds nothing to change.
#[must_use]
pub fn config(name: &str, data: &Path, changes: &[(&str, &str)]) -> String {
    let folder = root().join("config");
    let mut text = std::fs::read_to_string(folder.join(name)).expect("a shipped config");
    let strategies = format!("{}/strategies/", root().display());
    let market = format!("dir = \"{}/market\"", folder.display());
    let data = format!("data_dir = \"{}\"", data.display());
    let paths = [
        ("\"../strategies/", format!("\"{strategies}")),
        ("dir = \"market\"", market),
        ("data_dir = \"../data/paper\"", data),
    ];
    for (from, to) in &paths {
        text = text.replace(from, to);
    }
    for (from, to) in changes {
        assert!(text.contains(from), "{name} has no `{from}` to change");
        text = text.replace(from, to);
    }
    text
}
