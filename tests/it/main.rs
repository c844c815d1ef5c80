//! End-to-end tests: the binary as a user runs it. One binary, because each would link the same things.

mod bad_input;
mod dashboard;
mod demo;
mod faults;
mod interrupt;
mod refused;
mod restart;
