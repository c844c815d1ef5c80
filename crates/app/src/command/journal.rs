//! `windvane journal verify`, `export`, `stat`: the journal off line.

use crate::cli::JournalDir;
use crate::exit::Failure;
use anyhow::Context;
use std::process::ExitCode;

/// Walks every record.
///
/// # Errors
/// With the first thing that is wrong.
pub(crate) fn verify(folder: &JournalDir) -> Result<ExitCode, Failure> {
    let stat = windvane_journal::verify(&folder.data).map_err(unreadable)?;
    let records: u64 = stat.records.values().sum();
    println!("whole: {records} records in {} segment(s)", stat.journal_segments);
    Ok(ExitCode::SUCCESS)
}

/// Prints every record as a line of JSON.
///
/// # Errors
/// When the journal cannot be read, or standard output not written.
pub(crate) fn export(folder: &JournalDir) -> Result<ExitCode, Failure> {
    let reader = windvane_journal::read(&folder.data).map_err(unreadable)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    windvane_journal::export(reader, &mut out).context("exporting the journal")?;
    Ok(ExitCode::SUCCESS)
}

/// Counts.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn stat(folder: &JournalDir) -> Result<ExitCode, Failure> {
    let stat = windvane_journal::stat(&folder.data).map_err(unreadable)?;
    for (kind, count) in &stat.records {
        println!("{kind:<8} {count}");
    }
    println!("journal  {} bytes in {} segment(s)", stat.journal_bytes, stat.journal_segments);
    println!(
        "tape     {} events, {} bytes in {} segment(s)",
        stat.tape_events, stat.tape_bytes, stat.tape_segments
    );
    println!("starts   {}", stat.epochs.len());
    println!("durable  {} of {}", stat.last_durable, stat.last_number);
    for (from, to) in &stat.gaps {
        println!("gap      events {from} to {to} are no longer on the tape");
    }
    match stat.problem {
        Some(problem) => Err(unreadable(problem)),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn unreadable(error: windvane_journal::ReadError) -> Failure {
    Failure::Fault(anyhow::Error::new(error))
}
