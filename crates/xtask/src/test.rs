//! `cargo xtask test`: everything that must hold before a change is shared. `.ci/run` calls exactly this.
//!
//! One profile only, so that each dependency is compiled once for the lints and once for the tests.

use crate::{
    conformance,
    process::{cargo, run, workspace_root},
    report::Report,
    secret, tool,
};
use anyhow::{Context as _, bail};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Runs all steps, also after one has failed.
///
/// # Errors
/// When a step failed; the account of the run has been printed.
pub(crate) fn run_all() -> anyhow::Result<()> {
    let mut report = Report::start();
    report.step("test runner", tool::ensure_nextest);
    let path = tool::path_with_tools()?;

    report.step("format", || run(&mut cargo(["fmt", "--all", "--check"])));
    report.step("lints", || {
        run(&mut cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    });
    // Binaries together with tests: apart, cargo would choose other features for shared dependencies and compile them again.
    report.step("build", || run(&mut cargo(["build", "--workspace", "--bins", "--tests", "--locked"])));
    match tool::ensure_deny() {
        Ok(()) => check_dependencies(&mut report),
        Err(error) => report.skip("dependencies", &format!("{error:#}")),
    }
    // The tests that need Prometheus pass over what they cannot do without it; the skip is counted here.
    match tool::ensure_prometheus() {
        Ok(()) => check_monitoring(&mut report, &path),
        Err(error) => report.skip("prometheus", &format!("{error:#}")),
    }
    if let Err(error) = tool::ensure_chromium() {
        report.skip("status page in a browser", &format!("{error:#}"));
    }
    // Tests that hold the code against what is not in the repository pass without it; that is said here.
    if !recordings().is_dir() {
        report.leave_out(
            "recorded messages, margin cases and signing vectors",
            "where WINDVANE_SHARED names the folder that holds them",
        );
    }
    report.step("doc tests", || run(&mut cargo(["test", "--doc", "--workspace", "--locked", "--quiet"])));
    report.step("benches", || {
        run(cargo(["test", "--workspace", "--locked", "--quiet"]).args(bench_arguments()))
    });
    let summary = report.step("tests", || run_tests(&path));
    report.step("mistakes that the simulation must notice", notice_mistakes);
    conformance::run_steps(&mut report);
    if let Some(summary) = summary {
        println!("── {summary}");
    }
    report.finish()
}

/// Of the deliberate mistakes those that one of the first seeds notices, unoptimised; a campaign tries all.
const MISTAKES: [&str; 6] = [
    "LostReplyIsRefusal",
    "FillsRepeat",
    "FundingIsTrade",
    "IdsRepeat",
    "OpensUnreconciled",
    "OldPositionWins",
];

/// A core with a known mistake is another build, so this is no test among the others.
fn notice_mistakes() -> anyhow::Result<()> {
    let program = ["run", "--package", "windvane-simulation", "--features", "mutants", "--locked", "--quiet"];
    run(cargo(program).args(["--", "mutants", "--all-must-die", "--seconds", "5"]).args(MISTAKES))
}

/// Where the tests look for what was recorded from the exchange.
fn recordings() -> PathBuf {
    let named = std::env::var_os("WINDVANE_SHARED").map(PathBuf::from);
    named.unwrap_or_else(|| workspace_root().join("../shared"))
}

/// The benches that play each of their cases once within seconds, unoptimised: a bench that nobody runs stops working unseen.
/// That of the backtest would take minutes.
const BENCHES: [&str; 11] = [
    "codec",
    "engine",
    "journal",
    "orders",
    "check",
    "rules",
    "indicators",
    "fleet",
    "observing",
    "core",
    "venue",
];

fn bench_arguments() -> impl Iterator<Item = &'static str> {
    BENCHES.into_iter().flat_map(|bench| ["--bench", bench])
}

/// Licences, sources and duplicate versions. Not known vulnerabilities: their database needs the network.
fn check_dependencies(report: &mut Report) {
    report.step("dependencies", || {
        run(&mut cargo(["deny", "--workspace", "check", "bans", "licenses", "sources"]))
    });
}

/// Configuration, alert rules and their tests in `deploy/prometheus`, as Prometheus itself reads them.
fn check_monitoring(report: &mut Report, path: &OsStr) {
    let promtool = |arguments: [&str; 2], file: &Path| {
        run(Command::new("promtool").env("PATH", path).args(arguments).arg(file))
    };
    report.step("monitoring", || {
        for file in yaml_files(&workspace_root().join("deploy/prometheus"))? {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if name == "prometheus.yml" {
                promtool(["check", "config"], &file)?;
            } else if name.ends_with(".rules.yml") {
                promtool(["check", "rules"], &file)?;
            } else if name.ends_with(".rules-test.yml") {
                promtool(["test", "rules"], &file)?;
            }
        }
        Ok(())
    });
}

/// All `.yml` files below a folder, in the order of their paths.
fn yaml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(yaml_files(&path)?);
        } else if path.extension() == Some(OsStr::new("yml")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What all tests together have said holds no secret that they sign with, in no form.
fn search_for_secrets(output: &str) -> anyhow::Result<()> {
    for known in secret::SECRETS {
        if let Some(form) = secret::told(output, known) {
            let line = output.lines().find(|line| line.contains(&form)).unwrap_or_default();
            bail!("the output of a test tells a secret as `{form}`: {line}");
        }
    }
    Ok(())
}

/// What tests say that they left out, each sentence once.
fn left_out(output: &str) -> BTreeSet<&str> {
    output.lines().filter_map(|line| line.find("SKIPPED: ").map(|at| line[at..].trim_end())).collect()
}

/// Runs every test under nextest and gives its closing line, which is otherwise lost above a list of failures.
fn run_tests(path: &OsStr) -> anyhow::Result<String> {
    let mut command =
        cargo(["nextest", "run", "--workspace", "--locked", "--profile", "ci", "--color", "never"]);
    let mut runner =
        command.env("PATH", path).stderr(Stdio::piped()).spawn().context("starting cargo nextest")?;
    let output = runner.stderr.take().context("the output of cargo nextest is not a pipe")?;
    let mut summary = None;
    for line in BufReader::new(output).lines() {
        let line = line.context("reading what cargo nextest says")?;
        eprintln!("{line}");
        if line.trim_start().starts_with("Summary") {
            summary = Some(line.trim().to_owned());
        }
    }
    let status = runner.wait().context("waiting for cargo nextest")?;
    let told = workspace_root().join("target/nextest/ci/junit.xml");
    let told = fs::read_to_string(&told).with_context(|| format!("reading {}", told.display()))?;
    search_for_secrets(&told)?;
    for left_out in left_out(&told) {
        println!("── {left_out}");
    }
    match summary {
        Some(summary) if status.success() => Ok(summary),
        Some(summary) => bail!("{summary}"),
        None => bail!("cargo nextest ended with {status} before it ran a test"),
    }
}
