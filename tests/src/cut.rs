//! A line between engine and venue that can be cut: nothing passes, and nothing new gets through.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The line; it lives as long as the test.
#[derive(Debug, Clone)]
pub struct Line {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_cut: bool,
    ends: Vec<TcpStream>,
}

impl Line {
    /// Lays a line to the venue.
    ///
    /// # Panics
    /// When the machine has no port left.
    #[must_use]
    pub fn to(venue: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let line = Self { port, state: Arc::default() };
        let own = line.clone();
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                own.join(caller, venue);
            }
        });
        line
    }

    /// The port that stands for the venue's.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection and lets none through until [`Line::mend`].
    pub fn cut(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_cut = true;
        for end in state.ends.drain(..) {
            // One that has hung up already is as good.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_cut = false;
    }

    fn join(&self, caller: TcpStream, venue: SocketAddr) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_cut {
            return;
        }
        let Ok(callee) = TcpStream::connect(venue) else { return };
        for (from, to) in [(&caller, &callee), (&callee, &caller)] {
            let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
        state.ends.extend([caller, callee]);
    }
}
