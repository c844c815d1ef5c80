//! The journal from outside: written, broken in every way, read again.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod campaign;
mod compact;
mod crash;
mod disk;
mod keeping;
mod sample;
mod simulated;
mod tape;
