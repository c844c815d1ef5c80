//! The fall of the account's equity from its peak, and the steps that it leads to.

use super::{Breach, DrawdownStep, RiskMemory, Steps, Worth};
use crate::DrawdownLimits;
use rust_decimal::Decimal;
use windvane_model::{HaltCause, MarketTime, Money};

/// The peak, how far it has fallen since, and which step that has led to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Drawdown {
    pub(crate) steps: Steps,
    /// Highest equity less transfers, settle coin.
    pub(crate) peak: Option<Money>,
    /// The fall, and what it is a part of, settle coin.
    fallen: (Decimal, Decimal),
}

impl Drawdown {
    /// Goes on with what an earlier start remembered; how far the fall is shows with the first worth.
    pub(crate) fn restored(memory: &RiskMemory) -> Self {
        let steps =
            Steps { step: memory.step, beyond_since: memory.beyond_since, within_since: memory.within_since };
        Self { steps, peak: memory.peak, ..Self::default() }
    }

    /// Fall from the peak as a part of it, a fraction.
    pub(crate) fn fall(&self) -> Decimal {
        let (fall, base) = self.fallen;
        if fall.is_zero() {
            Decimal::ZERO
        } else if base <= Decimal::ZERO {
            Decimal::ONE
        } else {
            fall.checked_div(base).unwrap_or(Decimal::ONE)
        }
    }

    /// Whether the fall is less than half of that of yellow, which two products tell and a division need not.
    fn is_slight(&self, limits: &DrawdownLimits) -> bool {
        let (fall, base) = self.fallen;
        let twice = fall.saturating_add(fall);
        fall.is_zero() || (base > Decimal::ZERO && twice < base.saturating_mul(limits.yellow.fraction()))
    }

    /// Begins again from what is there now: a person has looked and wants to go on.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Whether no step would be taken, nor begin to last, as long as the worth stays from `low` to `high`.
    pub(crate) fn bears(&self, low: Worth, high: Worth, limits: &DrawdownLimits) -> bool {
        let Some(peak) = self.peak else { return false };
        // Of every peak on the way the highest, of every base the lowest: no fall is larger than this.
        let fall = peak.max(high.earned()).less(low.earned()).get();
        let base = peak.plus(low.transfers).get();
        let yellow = limits.yellow.fraction();
        self.steps.is_settled() && base > Decimal::ZERO && fall < base.saturating_mul(yellow)
    }

    pub(crate) fn observe(
        &mut self,
        worth: Worth,
        now: MarketTime,
        limits: &DrawdownLimits,
    ) -> Option<Breach> {
        self.measure(worth);
        // Yellow is the lowest level.
        if self.steps.is_settled() && self.is_slight(limits) {
            return None;
        }
        let fall = self.fall();
        let is_beyond = [limits.yellow, limits.orange, limits.red].map(|level| fall >= level.fraction());
        match self.steps.observe(is_beyond, now, limits.persists_for.millis())? {
            DrawdownStep::Green | DrawdownStep::Yellow => None,
            DrawdownStep::Orange => Some(Breach::CutToHalf),
            DrawdownStep::Red => Some(Breach::Flatten(HaltCause::Drawdown)),
        }
    }

    /// Takes the fall from the peak. Money that came or went since moves the peak with it.
    fn measure(&mut self, worth: Worth) {
        let earned = worth.earned();
        let peak = self.peak.map_or(earned, |peak| peak.max(earned));
        self.peak = Some(peak);
        // The peak is never below what is there.
        self.fallen = (peak.less(earned).get(), peak.plus(worth.transfers).get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> DrawdownLimits {
        DrawdownLimits {
            yellow: "5%".parse().unwrap(),
            orange: "10%".parse().unwrap(),
            red: "20%".parse().unwrap(),
            persists_for: "10s".parse().unwrap(),
        }
    }

    fn at(drawdown: &mut Drawdown, second: i64, equity: i64, transfers: i64) -> Option<Breach> {
        let money = |n: i64| Money::new(Decimal::from(n));
        let worth = Worth { equity: money(equity), transfers: money(transfers) };
        drawdown.observe(worth, MarketTime(second * 1000), &limits())
    }

    #[test]
    fn a_wick_takes_no_step_and_a_fall_that_lasts_takes_each_in_turn() {
        let mut drawdown = Drawdown::default();
        for (second, equity, step, breach) in [
            (0, 1000, DrawdownStep::Green, None),
            (1, 700, DrawdownStep::Green, None),
            (2, 990, DrawdownStep::Green, None),
            (20, 940, DrawdownStep::Green, None),
            (30, 940, DrawdownStep::Yellow, None),
            (31, 890, DrawdownStep::Yellow, None),
            (41, 880, DrawdownStep::Orange, Some(Breach::CutToHalf)),
            (42, 880, DrawdownStep::Orange, None),
            (43, 920, DrawdownStep::Orange, None),
            (53, 920, DrawdownStep::Yellow, None),
            (54, 980, DrawdownStep::Yellow, None),
            (64, 980, DrawdownStep::Green, None),
            (70, 800, DrawdownStep::Green, None),
            (80, 800, DrawdownStep::Red, Some(Breach::Flatten(HaltCause::Drawdown))),
            (99, 1000, DrawdownStep::Red, None),
        ] {
            assert_eq!(at(&mut drawdown, second, equity, 0), breach, "second {second}");
            assert_eq!(drawdown.steps.step, step, "second {second}");
        }
        drawdown.restart();
        assert_eq!(at(&mut drawdown, 100, 800, 0), None);
        assert_eq!((drawdown.steps.step, drawdown.fall()), (DrawdownStep::Green, Decimal::ZERO));
    }

    #[test]
    fn a_withdrawal_is_no_fall_and_what_is_left_counts_in_full() {
        let mut drawdown = Drawdown::default();
        at(&mut drawdown, 0, 1000, 0);
        at(&mut drawdown, 1, 400, -600);
        assert_eq!(drawdown.fall(), Decimal::ZERO);
        at(&mut drawdown, 2, 360, -600);
        assert_eq!(drawdown.fall(), Decimal::new(1, 1), "40 of the 400 that were left");
    }
}
