//! What systemd is told: ready, alive, stopping. Source: sd_notify(3).
//!
//! The watchdog hangs on the engine's loop: a loop that does not turn for as long as the unit's `WatchdogSec` has the
//! process ended and started again, which recovers from the journal.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The socket of the service manager; silent where there is none.
#[derive(Debug, Default)]
pub(super) struct Service(Option<(UnixDatagram, SocketAddr)>);

impl Service {
    /// The one named in the environment.
    pub(super) fn from_environment() -> Self {
        std::env::var("NOTIFY_SOCKET").map_or_else(|_| Self::default(), |name| Self::at(&name))
    }

    /// A socket in the file system, or with a leading `@` in the kernel's own name space.
    fn at(name: &str) -> Self {
        let address = match name.strip_prefix('@') {
            Some(hidden) => SocketAddr::from_abstract_name(hidden),
            None => SocketAddr::from_pathname(name),
        };
        let socket = UnixDatagram::unbound().and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
        Self(socket.and_then(|socket| Ok((socket, address?))).ok())
    }

    /// The engine runs; whether it may open already is another question, and `/ready`'s.
    pub(super) fn started(&self) {
        self.tell("READY=1\n");
    }

    /// The loop has turned.
    pub(super) fn alive(&self, state: &str) {
        self.tell(&format!("WATCHDOG=1\nSTATUS={state}\n"));
    }

    /// The orderly end has begun.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\n");
    }

    /// A manager that does not read misses a beat, and trading goes on.
    fn tell(&self, words: &str) {
        if let Some((socket, address)) = &self.0
            && let Err(error) = socket.send_to_addr(words.as_bytes(), address)
        {
            tracing::debug!(%error, "the service manager was not told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_hears_of_start_life_and_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let service = Service::at(path.to_str().unwrap());
        service.started();
        service.alive("active");
        service.stopping();
        let mut heard = Vec::new();
        for _ in 0..3 {
            let mut words = [0; 64];
            let length = manager.recv(&mut words).unwrap();
            heard.push(String::from_utf8_lossy(&words[..length]).into_owned());
        }
        assert_eq!(heard, ["READY=1\n", "WATCHDOG=1\nSTATUS=active\n", "STOPPING=1\n"]);
    }

    #[test]
    fn without_a_manager_nothing_is_told_and_nothing_fails() {
        Service::default().started();
        Service::at("/nonexistent/notify").alive("active");
    }
}
