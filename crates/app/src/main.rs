//! The `windvane` binary: command line, config composition, the live loop, supervision.

use clap::Parser;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::process::ExitCode;

mod cli;
mod command;
mod config;
mod control;
mod disk;
mod doctor;
mod exit;
mod guard;
mod heartbeat;
mod history;
mod live;
mod progress;
mod reach;
mod rebuild;
mod recording;
mod summary;
mod top;
mod vault;
mod verdict;

fn main() -> ExitCode {
    leave_no_core();
    match command::perform(cli::Cli::parse().command) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            failure.code()
        }
    }
}

/// A core file would hold the secret. A process that cannot lower the limit goes on: the shipped unit files set it as well.
fn leave_no_core() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        eprintln!("core files cannot be switched off: {error}");
    }
}
