//! How long to wait before the next attempt: exponential with full jitter and a cap.
//!
//! Full jitter (a uniform draw between nothing and the bound) spreads many clients that lost the same server
//! best; half of the bound is the mean. Source: AWS Architecture Blog, "Exponential Backoff And Jitter".

use windvane_model::Millis;

/// The waiting times of one thing that is tried again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base_ms: Millis,
    cap_ms: Millis,
    attempts: u32,
}

impl Backoff {
    /// Bounds that start at `base_ms` and double up to `cap_ms`. Values below one count as one.
    #[must_use]
    pub fn new(base_ms: Millis, cap_ms: Millis) -> Self {
        let base_ms = base_ms.max(1);
        Self { base_ms, cap_ms: cap_ms.max(base_ms), attempts: 0 }
    }

    /// The next wait in milliseconds. `random` is any 64 random bits: randomness comes in as a value.
    pub fn next_delay(&mut self, random: u64) -> Millis {
        let doubled =
            self.base_ms.saturating_mul(1_i64.checked_shl(self.attempts.min(40)).unwrap_or(i64::MAX));
        let bound = doubled.min(self.cap_ms);
        self.attempts = self.attempts.saturating_add(1);
        let span = bound.unsigned_abs().saturating_add(1);
        i64::try_from(random % span).unwrap_or(bound)
    }

    /// Back to the first bound, after something worked for long enough.
    pub const fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_cap() {
        let mut backoff = Backoff::new(500, 30_000);
        // The largest draw modulo (bound + 1) is the bound itself when the random value equals it.
        for bound in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let random = u64::try_from(bound).unwrap();
            assert_eq!(backoff.next_delay(random), bound);
        }
        backoff.reset();
        assert_eq!(backoff.next_delay(500), 500);
    }

    #[test]
    fn d08_any_random_value_stays_inside_the_bound_for_ever() {
        let mut backoff = Backoff::new(500, 30_000);
        for attempt in 0..200_u64 {
            let wait = backoff.next_delay(u64::MAX - attempt * 7_919);
            assert!((0..=30_000).contains(&wait), "{wait}");
        }
    }
}
