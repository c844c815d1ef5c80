//! Ordinary messages, read in one pass: the three busiest of the market, and the rows of an account.
//!
//! `None` means that the message is something else or unusual in any way; then the general way through serde reads it
//! and decides. Both ways give the same events, which a test over damaged messages shows.

#[cfg(test)]
mod damage;
mod private;
mod public;

pub(super) use private::read as read_private;
pub(super) use public::read as read_public;
