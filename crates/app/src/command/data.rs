//! `windvane data`: recorded markets, downloaded, taken in from files, and looked through.

mod fetch;

pub(crate) use fetch::fetch;

use crate::cli::{DataFolder, DataImport};
use crate::exit::Failure;
use crate::progress::moment;
use serde_json::json;
use std::process::ExitCode;
use windvane_model::Symbol;
use windvane_research::data::archive::{self, Taken};
use windvane_research::data::verify::{self, Found};

/// Takes files into a folder.
///
/// # Errors
/// When one is of no known kind or malformed, or something cannot be written. Those before it are in.
pub(crate) fn import(arguments: &DataImport) -> Result<ExitCode, Failure> {
    let symbol = match &arguments.symbol {
        Some(text) => {
            Some(Symbol::new(text).map_err(|error| Failure::Config(format!("--symbol `{text}`: {error}")))?)
        }
        None => None,
    };
    let bar = super::backtest::bar(arguments.files.len());
    let mut all: Vec<Taken> = Vec::new();
    for file in &arguments.files {
        let taken = archive::take(file, &arguments.out, symbol, arguments.candles);
        all.extend(taken.map_err(|error| Failure::Config(error.to_string()))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if arguments.json {
        let rows = all.iter().map(|taken| {
            json!({
                "file": taken.file.display().to_string(),
                "into": taken.into.display().to_string(),
                "rows": taken.rows,
                "new": taken.new,
            })
        });
        println!("{}", json!({"schema": "windvane.data-import/1", "taken": rows.collect::<Vec<_>>()}));
    } else {
        for Taken { file, into, rows, new } in &all {
            println!("{} → {}: {rows} rows, {new} new", file.display(), into.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what a folder holds.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn info(arguments: &DataFolder) -> Result<ExitCode, Failure> {
    let found = look(arguments)?;
    if arguments.json {
        println!("{}", as_json(&found));
    } else {
        found.iter().for_each(|one| println!("{}", words(one)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks for gaps and damage.
///
/// # Errors
/// When there is any, or the folder cannot be read.
pub(crate) fn verify(arguments: &DataFolder) -> Result<ExitCode, Failure> {
    let found = look(arguments)?;
    if arguments.json {
        println!("{}", as_json(&found));
    } else {
        for one in &found {
            println!("{}", words(one));
            for gap in &one.gaps {
                println!("  missing from {} to {}", moment(gap.start), moment(gap.end));
            }
            if let Some(problem) = &one.problem {
                println!("  {problem}");
            }
        }
    }
    let bad = found.iter().filter(|one| !one.is_whole()).count();
    if bad == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::Fault(anyhow::anyhow!("{bad} of {} file(s) have gaps or damage", found.len())))
}

fn look(arguments: &DataFolder) -> Result<Vec<Found>, Failure> {
    let found = verify::folder(&arguments.dir).map_err(|error| Failure::Config(error.to_string()))?;
    if found.is_empty() {
        return Err(Failure::Config(format!("{}: there are no recorded figures", arguments.dir.display())));
    }
    Ok(found)
}

fn words(found: &Found) -> String {
    let span =
        found.span.map_or(String::new(), |(first, last)| format!(", {} to {}", moment(first), moment(last)));
    let gaps = match found.gaps.len() {
        0 => String::new(),
        count => format!(", {count} gap(s)"),
    };
    let damage = if found.problem.is_some() { ", DAMAGED" } else { "" };
    format!("{}: {}, {} rows{span}{gaps}{damage}", found.path.display(), found.what, found.rows)
}

fn as_json(found: &[Found]) -> serde_json::Value {
    let rows = found.iter().map(|one| {
        json!({
            "file": one.path.display().to_string(),
            "what": one.what,
            "rows": one.rows,
            "first_ms": one.span.map(|(first, _)| first),
            "last_ms": one.span.map(|(_, last)| last),
            "gaps": one.gaps.iter().map(|gap| [gap.start, gap.end]).collect::<Vec<_>>(),
            "problem": one.problem,
        })
    });
    json!({"schema": "windvane.data/1", "files": rows.collect::<Vec<_>>()})
}
