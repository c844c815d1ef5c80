//! The engine's state as a JSON document, from the loop that makes it to the server that shows it.

use std::sync::Arc;
use tokio::sync::watch;

/// Both ends of it: the loop publishes, the server reads the newest. Nothing waits for anybody.
#[derive(Debug, Clone)]
pub struct Board {
    /// Sender: the engine's loop, once a second. Receivers: the server's requests. Holds one document; a newer one
    /// replaces it, read or not. Lives as long as either end.
    latest: watch::Sender<Arc<str>>,
}

impl Default for Board {
    fn default() -> Self {
        Self { latest: watch::Sender::new(Arc::from("{}")) }
    }
}

impl Board {
    /// Replaces the document.
    pub fn publish(&self, document: &str) {
        self.latest.send_replace(Arc::from(document));
    }

    /// The newest document; an empty object before the first.
    pub(crate) fn latest(&self) -> Arc<str> {
        self.latest.borrow().clone()
    }
}
