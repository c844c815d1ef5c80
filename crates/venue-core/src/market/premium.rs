//! The premium of a book: the mean of its middle less the reference price, sampled once a second of market time.
//!
//! Nothing happens between two inputs, so the samples of the seconds in between are taken when the next one comes, at what
//! has stood until then.

use std::collections::VecDeque;

/// Market milliseconds from one sample to the next. Source: Bybit help centre, "Price Limit".
const SAMPLED_EVERY_MS: i64 = 1_000;

/// Samples of the last while. Values in units of units (1e-16).
#[derive(Clone, Debug)]
pub(super) struct Premium {
    /// How many samples count.
    most: i64,
    /// Runs of equal samples, the oldest first: the value and how many.
    runs: VecDeque<(i128, i64)>,
    /// How many samples there are, and their sum.
    count: i64,
    sum: i128,
    /// When the next one is due, in market ms; before the first input at none.
    next_ms: i64,
}

impl Premium {
    /// The mean of so many samples, of which there is none yet.
    pub(super) fn of(most: i64) -> Self {
        Self { most, runs: VecDeque::new(), count: 0, sum: 0, next_ms: i64::MIN }
    }

    /// Whether a sample is due.
    pub(super) fn is_due(&self, now_ms: i64) -> bool {
        now_ms >= self.next_ms
    }

    /// Takes the samples that are due by now, of what has stood until now; `None` while there is nothing to sample.
    pub(super) fn sample(&mut self, now_ms: i64, standing: Option<i128>) {
        let due = if standing.is_some() { self.due(now_ms) } else { 0 };
        self.next_ms = (now_ms.div_euclid(SAMPLED_EVERY_MS) + 1).saturating_mul(SAMPLED_EVERY_MS);
        let Some(value) = standing.filter(|_| due > 0) else { return };
        match self.runs.back_mut() {
            Some((last, length)) if *last == value => *length += due,
            _ => self.runs.push_back((value, due)),
        }
        self.count += due;
        self.sum += value * i128::from(due);
        while self.count > self.most
            && let Some((oldest, length)) = self.runs.front_mut()
        {
            let gone = (self.count - self.most).min(*length);
            self.count -= gone;
            self.sum -= *oldest * i128::from(gone);
            *length -= gone;
            if *length == 0 {
                self.runs.pop_front();
            }
        }
    }

    /// The mean as of now, with what stands now for the samples that are due; zero without any sample.
    pub(super) fn mean(&self, now_ms: i64, standing: Option<i128>) -> i128 {
        let (Some(value), due) = (standing, self.due(now_ms)) else { return self.mean_of(0, 0) };
        self.mean_of(value, due)
    }

    /// The mean of the samples there are and `more` of a value, which push out the oldest.
    fn mean_of(&self, value: i128, more: i64) -> i128 {
        let mut surplus = (self.count + more - self.most).max(0);
        let mut sum = self.sum + value * i128::from(more);
        let count = self.count + more - surplus;
        for (oldest, length) in &self.runs {
            let gone = surplus.min(*length);
            sum -= oldest * i128::from(gone);
            surplus -= gone;
        }
        sum.checked_div(i128::from(count)).unwrap_or(0)
    }

    /// How many samples are due by now, as far as they count.
    fn due(&self, now_ms: i64) -> i64 {
        if self.next_ms == i64::MIN || now_ms < self.next_ms {
            return 0;
        }
        ((now_ms - self.next_ms) / SAMPLED_EVERY_MS + 1).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_counts_once_at_what_stood_then() {
        let mut premium = Premium::of(3);
        assert!(premium.is_due(500));
        premium.sample(500, Some(7));
        assert_eq!(premium.mean(999, Some(7)), 0, "no second has begun");
        assert!(!premium.is_due(999) && premium.is_due(1_000));
        assert_eq!(premium.mean(1_000, Some(7)), 7);
        premium.sample(2_500, Some(6));
        assert_eq!(premium.mean(2_900, Some(100)), 6, "two samples, at 1 000 and 2 000");
        assert_eq!(premium.mean(3_000, Some(0)), 4);
        premium.sample(3_100, Some(0));
        premium.sample(4_100, Some(0));
        assert_eq!(premium.mean(4_500, Some(0)), 2, "the oldest is gone");
        premium.sample(5_000, None);
        assert_eq!(premium.mean(5_500, None), 2, "a second without a price is none");
        assert_eq!(premium.mean(3_600_000, Some(-9)), -9);
        premium.sample(3_600_000, Some(-9));
        assert_eq!((premium.mean(3_600_001, None), premium.count), (-9, 3));
    }

    #[test]
    fn taking_samples_late_or_in_time_gives_the_same_mean() {
        let (mut late, mut in_time) = (Premium::of(30), Premium::of(30));
        let mut standing = 0;
        for step in 0..200_i64 {
            let now_ms = step * 300;
            in_time.sample(now_ms, Some(standing));
            if step % 7 == 0 {
                assert_eq!(late.mean(now_ms, Some(standing)), in_time.mean(now_ms, Some(standing)), "{step}");
                late.sample(now_ms, Some(standing));
                standing = i128::from(step * step % 13) - 5;
            }
        }
    }
}
