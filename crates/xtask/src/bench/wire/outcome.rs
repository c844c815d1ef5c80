//! What one run of the harness measured.

use crate::process::shown;
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

/// What the harness says about one run, as far as it is used here. Times in microseconds.
#[derive(Deserialize)]
pub(super) struct Outcome {
    n: u32,
    missed: u32,
    spurious: u32,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    /// Largest resident memory of the client.
    client_rss_kb: String,
    /// Refused orders by return code.
    rejected: BTreeMap<String, u64>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {:.0} µs, p99 {:.0} µs, {} kB", self.p50_us, self.p99_us, self.client_rss_kb)
    }
}

/// Runs the harness with its client to the end.
///
/// # Errors
/// When a trigger was left without an order, or an order had no trigger: the times would then be those of another race.
pub(super) fn measure(command: &mut Command) -> anyhow::Result<Outcome> {
    #[derive(Deserialize)]
    struct Failure {
        error: String,
    }
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("starting {}", shown(command)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    // The client shares the harness's standard output; the harness has the last word.
    let line = text.lines().last().with_context(|| format!("{} said nothing", shown(command)))?;
    if let Ok(Failure { error }) = serde_json::from_str(line) {
        bail!("{error}");
    }
    let outcome: Outcome = serde_json::from_str(line).with_context(|| format!("reading `{line}`"))?;
    if outcome.missed + outcome.spurious > 0 || !outcome.rejected.is_empty() {
        let Outcome { n, missed, spurious, rejected, .. } = outcome;
        bail!(
            "{n} orders answered a trigger, but {missed} are missing, {spurious} had none, refused: {rejected:?}"
        );
    }
    Ok(outcome)
}
