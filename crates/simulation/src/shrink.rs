//! A failing story made as small as it gets: fewer troubles, a shorter time, one bot, and still the same failure.

use crate::report::Failure;
use crate::swarm::Swarm;
use crate::tally::Fault;
use crate::world::run_in;
use std::fmt::Write as _;

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
        let mut text = format!("# {invariant}: {detail}\n");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "title = \"Seed {}, made small: {invariant}\"", self.seed);
        let rows: Vec<String> =
            self.swarm.faults().flat_map(Fault::rows).map(|row| format!("{row:?}")).collect();
        let _ = writeln!(text, "catalogue = [{}]", rows.join(", "));
        let _ = writeln!(text, "length = \"{}ms\"\n\n[chance]\nseed = {}", self.swarm.length_ms, self.seed);
        let _ = writeln!(text, "bots = {}", self.swarm.bots());
        let kept: Vec<String> = self.swarm.faults().map(|fault| format!("{:?}", fault.as_str())).collect();
        let _ = writeln!(text, "faults = [{}]", kept.join(", "));
        text
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
