//! The account's equity over time, in a bounded number of points.

use windvane_model::MarketTime;

/// Points that are kept: what a wide screen can show.
const POINTS_MAX: usize = 600;
/// Distance of the points at first, market clock; it doubles whenever they have become too many.
const FIRST_STEP_MS: i64 = 1_000;

/// Equity by the market's clock.
#[derive(Debug)]
pub(crate) struct Curve {
    points: Vec<(i64, f64)>,
    step_ms: i64,
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), step_ms: FIRST_STEP_MS }
    }
}

impl Curve {
    /// Takes the equity of this moment, settle coin. The newest point always is the newest equity.
    pub(crate) fn observe(&mut self, at: MarketTime, equity: f64) {
        if at.0 <= 0 {
            return;
        }
        let settled = self.points.len().checked_sub(2).map(|before_last| self.points[before_last].0);
        if settled.is_some_and(|before_last| at.0 - before_last < self.step_ms) {
            self.points.pop();
        }
        self.points.push((at.0, equity));
        if self.points.len() > POINTS_MAX {
            self.step_ms *= 2;
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
    }

    /// Milliseconds since 1970 and equity, oldest first.
    pub(crate) fn points(&self) -> &[(i64, f64)] {
        &self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_first_and_last_points_and_stays_small() {
        let mut curve = Curve::default();
        for second in 1..=100_000_i32 {
            curve.observe(MarketTime(i64::from(second) * 1_000), f64::from(second));
        }
        assert!(curve.points().len() <= POINTS_MAX);
        assert!(curve.points().len() > POINTS_MAX / 3);
        assert_eq!(curve.points()[0], (1_000, 1.0));
        assert_eq!(*curve.points().last().unwrap(), (100_000_000, 100_000.0));
        assert!(curve.points().is_sorted_by_key(|point| point.0));
    }

    #[test]
    fn nothing_is_drawn_before_the_market_has_a_clock() {
        let mut curve = Curve::default();
        curve.observe(MarketTime(0), 1.0);
        assert!(curve.points().is_empty());
    }
}
