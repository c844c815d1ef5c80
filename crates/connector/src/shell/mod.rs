//! The tasks around the sessions: tokio, sockets and channels; nothing is decided here.

mod bells;
mod connector;
mod doors;
mod historian;
mod keykeeper;
mod lane;
mod lookout;
mod modekeeper;
mod prices;
mod recorder;
mod refkeeper;
mod rounds;
mod scope;
mod socket;
mod statuskeeper;
mod stream;
mod timekeeper;

pub use connector::{Connector, Extension, Plan, StartError};
pub use recorder::{Feed, Recorder, Renewal};
pub use stream::Outlets;
