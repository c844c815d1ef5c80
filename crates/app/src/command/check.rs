//! `windvane check`: a config or a strategy file, without network.

use crate::cli::Check;
use crate::config;
use crate::exit::Failure;
use std::process::ExitCode;

/// Checks, and says in one line what was found good.
///
/// # Errors
/// With every problem, each with its place.
pub(crate) fn check(arguments: &Check) -> Result<ExitCode, Failure> {
    if let Some(path) = &arguments.config {
        let settings = config::load(path)?;
        println!("{}: good, {} bot(s)", path.display(), settings.bots.len());
    }
    if let Some(path) = &arguments.strategy {
        config::check_strategy_file(path)?;
        println!("{}: good", path.display());
    }
    Ok(ExitCode::SUCCESS)
}
