//! `windvane completions` and `windvane man`: made from the command line itself, so they cannot lag behind it.

use crate::cli::{Cli, Completions, Man};
use crate::exit::Failure;
use anyhow::Context;
use clap::CommandFactory;
use std::process::ExitCode;

/// Prints the completions of a shell.
pub(crate) fn completions(arguments: &Completions) -> ExitCode {
    clap_complete::generate(arguments.shell, &mut Cli::command(), "windvane", &mut std::io::stdout());
    ExitCode::SUCCESS
}

/// Writes a page for the program and one for each command.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn man(arguments: &Man) -> Result<ExitCode, Failure> {
    let folder = &arguments.out;
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("writing into {}", folder.display()))?;
    println!("{}: man -l {}/windvane.1", folder.display(), folder.display());
    Ok(ExitCode::SUCCESS)
}
