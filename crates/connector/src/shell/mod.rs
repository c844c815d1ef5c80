//! The tasks around the sessions: tokio, sockets and channels; nothing is decided here.

mod connector;
mod keykeeper;
mod lane;
mod socket;
mod stream;
mod timekeeper;

pub use connector::{Connector, Plan, StartError};
pub use stream::Outlets;
