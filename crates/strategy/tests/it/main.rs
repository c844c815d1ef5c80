//! Strategies as their users see them: files in, messages or trades out.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bots;
mod corpus;
mod exits;
mod maker;
mod messages;
mod moment;
mod mutation;
mod others;
mod redefine;
mod rule_bot;
mod schema;
mod shipped;
mod signals;
mod world;
