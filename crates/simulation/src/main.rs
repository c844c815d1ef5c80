//! The simulator's own program: many seeds, one seed aloud, or a scenario out of a file.

mod campaign;
mod lost;
#[cfg(feature = "mutants")]
mod mutants;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use windvane_simulation::{Scenario, Shrunk, Telling};

/// The whole engine against the venue's core in virtual time.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays seeds on all cores and says what they came to.
    Simulate {
        /// How many.
        #[arg(long, default_value_t = 1_000)]
        seeds: u64,
        /// The first of them.
        #[arg(long, default_value_t = 1)]
        from: u64,
    },
    /// Plays one seed and prints every event and command on standard error.
    Tell {
        /// The seed.
        seed: u64,
    },
    /// Makes the core make one known mistake after the other, and counts which the seeds notice.
    #[cfg(feature = "mutants")]
    Mutants {
        /// Only these, by their names; all when none is named.
        names: Vec<String>,
        /// Seconds that each may live.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Fails when a single one survives; else two may.
        #[arg(long)]
        all_must_die: bool,
    },
    /// Loses half of the requests and all of the replies, and says how soon orders are known all the same.
    LostReplies {
        /// Orders without a reply, of each kind of world.
        #[arg(long, default_value_t = 10_000)]
        count: usize,
    },
    /// Makes a failing seed small and writes it as a scenario file.
    Shrink {
        /// The seed.
        seed: u64,
        /// The file.
        #[arg(long)]
        out: PathBuf,
    },
    /// Plays scenarios out of files; one alone is told with every event and command on standard error.
    Scenario {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Simulate { seeds, from } => campaign::simulate(from, seeds),
        Command::Tell { seed } => tell(seed),
        #[cfg(feature = "mutants")]
        Command::Mutants { names, seconds, all_must_die } => mutants::campaign(&names, seconds, all_must_die),
        Command::LostReplies { count } => lost::campaign(count),
        Command::Shrink { seed, out } => shrink(seed, &out),
        Command::Scenario { files } => scenarios(&files),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tell(seed: u64) -> anyhow::Result<()> {
    let report = windvane_simulation::run_aloud(seed)?;
    print!("{}", report.tally);
    Ok(())
}

fn shrink(seed: u64, out: &Path) -> anyhow::Result<()> {
    let Some(shrunk) = Shrunk::of(seed) else { bail!("nothing is wrong with seed {seed}") };
    let text = shrunk.to_toml();
    std::fs::write(out, &text).with_context(|| format!("writing {}", out.display()))?;
    println!("{text}");
    Ok(())
}

fn scenarios(files: &[PathBuf]) -> anyhow::Result<()> {
    let telling = if files.len() == 1 { Telling::Aloud } else { Telling::Quiet };
    for file in files {
        let scenario = Scenario::load(file)?;
        let title = scenario.title().to_owned();
        scenario.play(telling).with_context(|| title.clone())?;
        println!("holds: {title}");
    }
    Ok(())
}
