//! `windvane check`: a config or a strategy file, without network.

use crate::cli::{Check, SchemaOf};
use crate::config;
use crate::exit::Failure;
use std::process::ExitCode;

/// Checks, and says in one line what was found good.
///
/// # Errors
/// With every problem, each with its place.
pub(crate) fn check(arguments: &Check) -> Result<ExitCode, Failure> {
    if let Some(path) = &arguments.what.config {
        let settings = config::load(path)?;
        settings.hints().iter().for_each(|hint| eprintln!("warning: {hint}"));
        if arguments.origins {
            settings.origin_lines().iter().for_each(|line| println!("{line}"));
        }
        let mode = settings.risk.margin_mode;
        if arguments.margin {
            mode.classes().iter().for_each(|class| {
                println!(
                    "{} margin, {}: {} ({})",
                    mode.as_str(),
                    class.subject,
                    class.certainty.as_str(),
                    class.why
                );
            });
        }
        println!("{}: good, {} bot(s), {} margin", path.display(), settings.bots.len(), mode.as_str());
    }
    if let Some(path) = &arguments.what.strategy {
        let checked = config::check_strategy_file(path)?;
        for warning in &checked.warnings {
            eprintln!("warning: {}", warning.shown(&path.display().to_string()));
        }
        if arguments.json {
            println!("{}", checked.description);
        } else {
            println!("{}: good, {} warning(s)", path.display(), checked.warnings.len());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The schema of a config, made by `cargo xtask reference`.
const CONFIG_SCHEMA: &str = include_str!("../config/schema.json");

/// Prints a JSON Schema.
pub(crate) fn schema(of: SchemaOf) -> ExitCode {
    match of {
        SchemaOf::Strategy => println!("{:#}", windvane_strategy::schema()),
        SchemaOf::Config => print!("{CONFIG_SCHEMA}"),
    }
    ExitCode::SUCCESS
}
