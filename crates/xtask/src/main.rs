//! Developers' commands, typed as `cargo xtask …`.
//!
//! Each prints its figures on its last lines and exits 0 only if they hold. No shell scripts: what runs here runs the same on
//! every machine with a Rust toolchain.

mod bench;
mod campaign;
mod conformance;
mod deploy;
mod process;
mod reference;
mod report;
mod reproducible;
mod sbom;
// The same search as in the tests themselves, without their dependencies.
#[path = "../../../tests/src/secret.rs"]
#[expect(unreachable_pub, reason = "the tests' library exports it")]
mod secret;
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
    /// Measures: criterion benches of the crates, and tick-to-order over the wire beside a bare loop.
    Bench(bench::Options),
    /// A test repeated until chance has had its say.
    #[command(subcommand)]
    Campaign(campaign::Campaign),
    /// Other people's clients (pybit, ccxt, bybit-api, and beside Python 3.12 freqtrade and NautilusTrader) against our venue. Fetches
    /// them with pip and npm.
    Conformance,
    /// Reads what lies under `deploy/` as its programs would, and makes the image in a clean root. Needs root.
    Deploy(deploy::Options),
    /// Writes `docs/configuration.md` from the structures that a config is read into.
    Reference,
    /// Builds the program twice from the last commit: the two must be the same to the bit.
    Reproducible(reproducible::Options),
    /// Lists what the program is made of, as CycloneDX.
    Sbom(sbom::Options),
    /// The engine as the client that the wire benchmark's harness starts.
    #[command(hide = true)]
    WireClient(bench::wire::Client),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test => test::run_all(),
        Command::Bench(options) => bench::run(&options),
        Command::Campaign(campaign) => campaign.run(),
        Command::Conformance => conformance::run_all(),
        Command::Deploy(options) => deploy::run_all(&options),
        Command::Reference => reference::write(),
        Command::Reproducible(options) => reproducible::check(&options),
        Command::Sbom(options) => sbom::write(&options),
        Command::WireClient(client) => client.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
