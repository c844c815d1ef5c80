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
    /// CPU time of the client from its start to its end, seconds.
    client_cpu_s: f64,
    /// From the start of the client to its first subscription, seconds.
    start_to_subscribed_s: f64,
    /// Refused orders by return code.
    rejected: BTreeMap<String, u64>,
    /// Calls that the harness does not answer: the figures of a client that meets errors say little.
    unknown_calls: BTreeMap<String, u64>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50_us, p99_us, client_rss_kb, client_cpu_s, start_to_subscribed_s, .. } = self;
        let start_ms = start_to_subscribed_s * 1e3;
        write!(f, "p50 {p50_us:.0} µs, p99 {p99_us:.0} µs, {client_rss_kb} kB, ")?;
        write!(f, "{client_cpu_s:.2} CPU-s, subscribed after {start_ms:.0} ms")
    }
}

/// What the harness does not answer and the engine can do without: where it is not there it asks three times, and no more.
const PRE_CHECK: &str = "POST /v5/order/pre-check";

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
    let mut outcome: Outcome = serde_json::from_str(line).with_context(|| format!("reading `{line}`"))?;
    outcome.unknown_calls.retain(|call, _| call != PRE_CHECK);
    let is_odd = |counts: &BTreeMap<String, u64>| !counts.is_empty();
    if outcome.missed + outcome.spurious > 0 || is_odd(&outcome.rejected) || is_odd(&outcome.unknown_calls) {
        let Outcome { n, missed, spurious, rejected, unknown_calls, .. } = outcome;
        bail!(
            "{n} orders answered a trigger, but {missed} are missing, {spurious} had none, refused: {rejected:?}, \
             unknown calls: {unknown_calls:?}"
        );
    }
    Ok(outcome)
}
