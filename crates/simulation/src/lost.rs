//! Requests of which half are lost and of which no reply comes back: what exists is adopted soon, what does not is
//! retired late, nothing is sent twice and nothing is called refused that lives.

use crate::campaign::on_all_cores;
use anyhow::bail;
use windvane_simulation::{Outcome, Swarm, run_in};

/// An order that exists is known to within this, at the 99th percentile, virtual milliseconds.
const ADOPTED_WITHIN_MS: i64 = 3_000;
/// An order that does not is not given up before its window has passed and the index can no longer be late.
const RETIRED_AFTER_MS: i64 = 32_000;
/// Stories that are played at a time, until there were enough orders.
const BATCH: u64 = 32;

/// Plays stories until `count` orders have lost their reply, with pushes that arrive and with every other one dropped.
///
/// # Errors
/// When an invariant did not hold, an order was given up too early, or one was adopted too late.
pub(crate) fn campaign(count: usize) -> anyhow::Result<()> {
    for (name, drops_pushes) in [("pushes arrive", 0.0), ("half of the pushes dropped", 0.5)] {
        let (mut seed, mut adopted, mut retired) = (1, Vec::new(), Vec::new());
        while adopted.len() + retired.len() < count {
            for result in
                on_all_cores(seed, BATCH, |seed| run_in(seed, &Swarm::losing_replies(seed, drops_pushes)))
            {
                for outcome in result?.outcomes {
                    match outcome {
                        Outcome::Adopted(ms) => adopted.push(ms),
                        Outcome::Retired(ms) => retired.push(ms),
                    }
                }
            }
            seed += BATCH;
        }
        adopted.sort_unstable();
        retired.sort_unstable();
        let (Some(p50), Some(p99)) = (percentile(&adopted, 50), percentile(&adopted, 99)) else {
            bail!("{name}: no order was adopted");
        };
        let Some(earliest) = retired.first() else { bail!("{name}: no order was retired") };
        println!(
            "{name}: {} orders without a reply, {} adopted within {p50} ms (median), {p99} ms (p99), {} retired after \
             {earliest} ms at the earliest; 0 duplicates, 0 false rejections",
            adopted.len() + retired.len(),
            adopted.len(),
            retired.len(),
        );
        if p99 > ADOPTED_WITHIN_MS || *earliest < RETIRED_AFTER_MS {
            bail!(
                "{name}: adopted within {ADOPTED_WITHIN_MS} ms and retired after {RETIRED_AFTER_MS} ms was wanted"
            );
        }
    }
    Ok(())
}

fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((sorted.len() * percent / 100).min(last)).copied()
}
