//! Stories told to the aggregate: facts in, effects and state out.

mod account;
mod approval;
mod fill_audit;
mod forget;
mod movement;
mod order_life;
mod properties;
mod races;
mod restart;
mod shortfall;
mod unknown;
mod world;
