//! The `windvane` binary: command line, config composition, the live loop, supervision.

use clap::Parser;
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
    match command::perform(cli::Cli::parse().command) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            failure.code()
        }
    }
}
