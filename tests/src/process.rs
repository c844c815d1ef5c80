//! Programs that a test starts, and that do not outlive it.

use crate::binary;
use crate::secret::{SECRETS, told};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a busy machine may take for what a quiet one does within seconds. No test passes or fails by how quick it is.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A process of ours that does not outlive its test. Its standard output and error go to one file each.
pub struct Running {
    child: Child,
    name: String,
    folder: PathBuf,
}

/// Starts a program with its standard output in `<folder>/<name>.out` and its standard error in `<name>.err`.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn start(name: &str, program: &Path, arguments: &[&str], folder: &Path) -> Running {
    let file = |end: &str| std::fs::File::create(folder.join(format!("{name}.{end}"))).expect("a log file");
    let child = prepared(program)
        .args(arguments)
        .stdout(file("out"))
        .stderr(file("err"))
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
    Running { child, name: name.to_owned(), folder: folder.to_owned() }
}

/// A program that a test needs and that does not come with Rust. `None`, with a line that says so, when it is not
/// installed.
///
/// # Panics
/// When it is missing where `CI=true` demands it: `cargo xtask test` installs it.
#[must_use]
pub fn program(name: &str, remedy: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} is missing: {remedy}");
        eprintln!("skipped: {name} is not installed ({remedy})");
    }
    found
}

/// Runs `windvane` to its end and returns what it said.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn windvane(arguments: &[&str]) -> Output {
    prepared(&binary()).args(arguments).output().expect("windvane starts")
}

/// Exit code, standard output and standard error of a finished `windvane`.
///
/// # Panics
/// When it has told a secret.
#[must_use]
pub fn finish(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        assert_tells_no_secret("windvane", &text);
        text
    };
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn assert_tells_no_secret(name: &str, text: &str) {
    for secret in SECRETS {
        if let Some(form) = told(text, secret) {
            let line = text.lines().find(|line| line.contains(&form));
            panic!("{name} tells a secret as `{form}`: {line:?}");
        }
    }
}

fn prepared(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        // The documented key of the venue's paper account; worth nothing.
        .env("WINDVANE_API_KEY", "paper-key")
        .env("WINDVANE_API_SECRET", "paper-secret");
    command
}

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to its standard output so far.
    #[must_use]
    pub fn out(&self) -> String {
        self.written("out")
    }

    /// What it has written to its standard error so far.
    #[must_use]
    pub fn err(&self) -> String {
        self.written("err")
    }

    fn written(&self, end: &str) -> String {
        std::fs::read_to_string(self.folder.join(format!("{}.{end}", self.name))).unwrap_or_default()
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
        self.signal("-INT");
    }

    /// Asks it to read its config anew.
    ///
    /// # Panics
    /// When `kill` cannot be run.
    pub fn hangup(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.id().to_string()]).status();
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
            assert!(Instant::now() < deadline, "{} still runs after {patience:?}: {}", self.name, self.err());
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
        if !std::thread::panicking() {
            assert_tells_no_secret(&self.name, &self.out());
            assert_tells_no_secret(&self.name, &self.err());
        }
    }
}

/// Asks until `done` says so.
///
/// # Panics
/// When it does not within `patience`; `what` says what was waited for.
pub fn wait_until(what: &str, patience: Duration, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < deadline, "waited {patience:?} in vain for: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
