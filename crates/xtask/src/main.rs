//! Developers' commands, typed as `cargo xtask …`.
//!
//! Each prints its figures on its last lines and exits 0 only if they hold. No shell scripts: what runs here runs the same on
//! every machine with a Rust toolchain.

mod process;
mod report;
mod test;
mod tool;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Developers' commands of Windvane.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that must hold before a change is shared: format, lints, every kind of test. Sets itself up.
    Test,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test => test::run_all(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
