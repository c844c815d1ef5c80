//! Where public topics are told.

use windvane_venue_core::Category;

/// Who listens, and the way to them: the server's sockets, or whatever joins an engine to the venue without any.
pub trait Outlet {
    /// Whether anyone listens to a topic.
    fn is_heard(&self, category: Category, topic: &str) -> bool;
    /// Sends a frame to everyone who listens to a topic.
    fn publish(&mut self, category: Category, topic: &str, frame: String);
}
