//! From a person's wish to be flat to being flat at the venue, on a quiet stream and within a burst of market data: the
//! end-to-end test of the same name, repeated, with full bursts and optimised.

use crate::campaign::{Enlarged, build_end_to_end};

/// How often to measure.
#[derive(clap::Args)]
pub(crate) struct Repetitions {
    /// Flat benchmark: closings on a quiet stream and within a burst, each.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
}

/// Builds engine, venue and test, and prints the times last.
///
/// # Errors
/// When something cannot be built, or a position was not closed.
pub(super) fn run(often: &Repetitions) -> anyhow::Result<()> {
    build_end_to_end(Some("--release"))?;
    Enlarged {
        name: "flat",
        package: "windvane-tests",
        target: &["--test", "it"],
        test: "flat::",
        is_optimised: true,
        environment: vec![("WINDVANE_FLAT_REPETITIONS", often.repetitions.to_string())],
    }
    .run()
}
