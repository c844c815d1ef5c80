//! A failing story made as small as it gets: fewer troubles, a shorter time, one bot, and still the same failure.

use crate::report::Failure;
use crate::swarm::Swarm;
use crate::tally::Fault;
use crate::world::run_in;
use serde::Serialize;
use std::collections::BTreeSet;

/// A story that fails, and what is left of it.
#[derive(Debug, Clone)]
pub struct Shrunk {
    seed: u64,
    swarm: Swarm,
    failure: Failure,
}

impl Shrunk {
    /// Shrinks the story of a seed. `None` when nothing is wrong with it.
    #[must_use]
    pub fn of(seed: u64) -> Option<Self> {
        let swarm = Swarm::of(seed);
        let failure = run_in(seed, &swarm).err()?;
        let mut shrunk = Self { seed, swarm, failure };
        // What could not be left out at first may be once something else is gone.
        while shrunk.leave_something_out() {}
        Some(shrunk)
    }

    /// How the small story fails.
    #[must_use]
    pub const fn failure(&self) -> &Failure {
        &self.failure
    }

    /// The small story as a scenario file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let Failure { invariant, detail, .. } = &self.failure;
        let title = format!("Seed {}, made small: {invariant}", self.seed);
        format!("# {invariant}: {detail}\n{}", written(&title, self.seed, &self.swarm))
    }

    /// Leaves out one thing, the first without which the same invariant still does not hold. Says whether there
    /// was one.
    fn leave_something_out(&mut self) -> bool {
        let mut smaller: Vec<Swarm> = Fault::ALL
            .iter()
            .filter(|fault| self.swarm.has(**fault))
            .map(|fault| self.swarm.without(*fault))
            .collect();
        smaller.extend(self.swarm.with_one_bot());
        smaller.extend(self.swarm.shortened());
        for swarm in smaller {
            if let Err(failure) = run_in(self.seed, &swarm)
                && failure.invariant == self.failure.invariant
            {
                *self = Self { seed: self.seed, swarm, failure };
                return true;
            }
        }
        false
    }
}

/// A story by chance as a scenario file: with everything that was drawn, so that it stays that story when a later version
/// draws otherwise.
fn written(title: &str, seed: u64, swarm: &Swarm) -> String {
    #[derive(Serialize)]
    struct File<'a> {
        title: &'a str,
        catalogue: Vec<&'static str>,
        length: String,
        chance: Chance<'a>,
    }
    #[derive(Serialize)]
    struct Chance<'a> {
        seed: u64,
        swarm: &'a Swarm,
    }
    let rows: BTreeSet<&str> = swarm.faults().flat_map(Fault::rows).collect();
    let file = File {
        title,
        catalogue: rows.into_iter().collect(),
        length: format!("{}ms", swarm.length_ms),
        chance: Chance { seed, swarm },
    };
    toml::to_string(&file).expect("names and numbers can be written, and tables come last")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, Telling};

    #[test]
    fn what_is_written_is_the_same_story_whatever_its_seed_would_draw() {
        for seed in [3, 8, 21] {
            // Of another seed, so that nothing in the file can come from drawing it anew.
            let swarm = Swarm { length_ms: 5_000, ..Swarm::of(seed + 1_000) };
            let told = run_in(seed, &swarm).expect("it holds");
            let text = written("a story", seed, &swarm);
            let read = Scenario::parse("story.toml".into(), &text).expect("it can be read");
            assert_eq!(read.play(Telling::Quiet).expect("it holds"), told, "{text}");
        }
    }
}
