//! Our wall clock, the venue's, and how far they are apart.

mod offset;
mod venue;
mod wall;

pub use offset::{ClockBounds, ClockHealth, ClockOffset, ClockSample, Estimate};
pub use venue::{Moment, VenueClock};
pub use wall::WallClock;
