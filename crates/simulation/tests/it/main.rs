//! A few hundred stories, each with its own faults; and each story is always the same story.

mod places;
mod scenarios;

use windvane_simulation::{Fault, Report, Tally, run};

/// How many seeds are played; a campaign asks for more.
fn seeds() -> u64 {
    std::env::var("WINDVANE_SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(48)
}

/// Plays the `share`th quarter of the seeds, so that the test runner spreads them over the cores.
fn quarter(share: u64) {
    let mut sum = Tally::default();
    for seed in (1..=seeds()).filter(|seed| seed % 4 == share) {
        match run(seed) {
            Ok(report) => sum += &report.tally,
            Err(failure) => panic!("{failure}\ntell it with: windvane-simulate tell {seed}"),
        }
    }
    assert!(sum.executions > 0 && sum.hits(Fault::PushFirst) > 0, "the stories tell nothing:\n{sum}");
}

#[test]
fn every_invariant_holds_in_the_first_quarter() {
    quarter(0);
}

#[test]
fn every_invariant_holds_in_the_second_quarter() {
    quarter(1);
}

#[test]
fn every_invariant_holds_in_the_third_quarter() {
    quarter(2);
}

#[test]
fn every_invariant_holds_in_the_fourth_quarter() {
    quarter(3);
}

/// Runs the simulator's own program and gives what it prints.
fn simulator(arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_windvane-simulate")).args(arguments).output();
    let output = output.expect("the program runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

#[test]
fn two_processes_tell_the_same_story() {
    let traces = [(); 2].map(|()| {
        let said = simulator(&["simulate", "--seeds", "6"]);
        said.lines().find(|line| line.starts_with("trace of all stories")).map(str::to_owned)
    });
    assert!(traces[0].is_some());
    assert_eq!(traces[0], traces[1]);
}

#[test]
fn what_lost_its_reply_is_adopted_soon_and_retired_late() {
    let said = simulator(&["lost-replies", "--count", "60"]);
    assert_eq!(said.matches("0 duplicates, 0 false rejections").count(), 2, "{said}");
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 1..=4 {
        let [first, second]: [Report; 2] = [(); 2].map(|()| run(seed).unwrap());
        assert_eq!(first, second, "seed {seed}");
    }
}
