//! `windvane doctor`: what is wrong here, and what to do about it.

use super::on_one_thread;
use crate::cli::Doctor;
use crate::config;
use crate::doctor::{self, Finding, Verdict};
use crate::exit::Failure;
use std::process::ExitCode;

/// Looks at everything, and says one line of each.
///
/// # Errors
/// When something would keep an engine from trading: with the exit code that a start would have.
pub(crate) fn doctor(arguments: &Doctor) -> Result<ExitCode, Failure> {
    let settings = config::load(&arguments.config)?;
    let mut findings = doctor::look_at_host(&settings);
    if !arguments.offline {
        findings.extend(on_one_thread(async { Ok(doctor::look_at_venue(&settings).await) })?);
    }
    if arguments.json {
        println!("{}", serde_json::json!({ "schema": "windvane.doctor/1", "findings": findings }));
    } else {
        println!(
            "{:<8} {:<14} {}: {} bot(s)",
            "good",
            "config",
            arguments.config.display(),
            settings.bots.len()
        );
        findings.iter().for_each(print);
    }
    outcome(&findings)
}

fn print(finding: &Finding) {
    println!("{:<8} {:<14} {}", finding.verdict.word(), finding.what, finding.found);
    if !finding.remedy.is_empty() {
        println!("{:<23} → {}", "", finding.remedy);
    }
}

fn outcome(findings: &[Finding]) -> Result<ExitCode, Failure> {
    let bad: Vec<&Finding> = findings.iter().filter(|finding| finding.verdict == Verdict::Bad).collect();
    let Some(first) = bad.first() else { return Ok(ExitCode::SUCCESS) };
    let sentence = format!("{} of {} looked at would keep an engine from trading", bad.len(), findings.len());
    Err(match first.what {
        "connection" => Failure::Unreachable(sentence),
        "metrics port" => Failure::Config(sentence),
        _ => Failure::Refused(sentence),
    })
}
