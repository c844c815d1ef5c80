//! The engine's status in a terminal: what is shown ([`View`]) apart from how it is drawn.

mod draw;
mod view;

pub(crate) use draw::{draw, lines};
pub(crate) use view::View;
