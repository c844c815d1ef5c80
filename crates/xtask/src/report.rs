//! The account of a run: each step with its time as it goes, failures and skips counted at the end.

use anyhow::bail;
use std::time::{Duration, Instant};

/// Steps done so far and what became of them.
pub(crate) struct Report {
    started: Instant,
    passed: usize,
    failed: Vec<&'static str>,
    skipped: Vec<String>,
}

impl Report {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), passed: 0, failed: Vec::new(), skipped: Vec::new() }
    }

    /// Does one step and prints how long it took. A failure does not stop the run: whoever waited for the tests wants to see
    /// them even when a line is badly formatted. Gives what the step made, if it succeeded.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> Option<T> {
        println!("── {name}");
        let started = Instant::now();
        let outcome = work();
        let took = seconds(started.elapsed());
        match outcome {
            Ok(value) => {
                self.passed += 1;
                println!("── {name}: ok, {took}");
                Some(value)
            }
            Err(error) => {
                self.failed.push(name);
                println!("── {name}: FAILED, {took}: {error:#}");
                None
            }
        }
    }

    /// Notes that something could not be checked here. On a build server that is a failure: there nobody reads the last line.
    pub(crate) fn skip(&mut self, name: &'static str, why: &str) {
        if is_build_server() {
            self.failed.push(name);
            println!("── {name}: FAILED: {why}");
        } else {
            println!("── {name}: skipped: {why}");
            self.skipped.push(format!("{name} ({why})"));
        }
    }

    /// Notes that something was not meant to be checked here, whoever asks.
    pub(crate) fn leave_out(&mut self, name: &'static str, when: &str) {
        println!("── {name}: left out; it is run {when}");
        self.skipped.push(format!("{name} (run {when})"));
    }

    /// Prints the closing lines.
    ///
    /// # Errors
    /// When a step failed.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let took = seconds(self.started.elapsed());
        println!(
            "── {} steps passed, {} failed, {} skipped, {took}",
            self.passed,
            self.failed.len(),
            self.skipped.len()
        );
        if !self.failed.is_empty() {
            bail!("failed: {}; skipped: {}", self.failed.join(", "), listed(&self.skipped));
        }
        println!("── all that ran is good; skipped: {}", listed(&self.skipped));
        Ok(())
    }
}

/// `CI=true` is how build servers introduce themselves.
fn is_build_server() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
