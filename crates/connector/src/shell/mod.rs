//! The tasks around the sessions: tokio, sockets and channels; nothing is decided here.

mod connector;
mod lane;
mod socket;
mod stream;
mod timekeeper;

pub use connector::{Connector, StartError, Subscriptions};
pub use stream::Outlets;
