//! Isolated margin: a position stands by its own margin, which fixes its liquidation and its bankruptcy price.
//! Source: Bybit help centre, "Liquidation Price under Isolated Mode (UTA)" (2026-05), "Bankruptcy Price"; the older linear
//! form from "Liquidation Price (USDT Contract)".

use rust_decimal::Decimal;

use super::{Exposure, Tier};
use crate::api::{IsolatedLiquidation, Side};
use crate::payoff::Payoff;

/// A position in isolated margin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Isolated {
    pub(crate) exposure: Exposure,
    /// Absolute size.
    pub(crate) size: Decimal,
    pub(crate) avg_price: Decimal,
    pub(crate) extra_margin: Decimal,
    /// The tier of its value at entry.
    pub(crate) tier: Tier,
}

impl Isolated {
    /// +1 where a falling price is the danger.
    fn direction(&self) -> Decimal {
        match self.exposure.side {
            Side::Buy => Decimal::ONE,
            Side::Sell => Decimal::NEGATIVE_ONE,
        }
    }

    fn initial_margin(&self) -> Decimal {
        self.exposure.entry_value / self.exposure.leverage
    }

    /// The mark price at which the position is liquidated; `None` where no positive price is.
    ///
    /// By mark: loss = initial margin + extra − (value at that price × rate − deduction), solved for the price. By entry
    /// (linear only): the maintenance margin is that of the entry price.
    pub(crate) fn liquidation_price(&self, by: IsolatedLiquidation) -> Option<Decimal> {
        let (direction, rate, deduction) = (self.direction(), self.tier.rate, self.tier.deduction);
        let entry_value = self.exposure.entry_value;
        let price = match (self.exposure.payoff, by) {
            (Payoff::Linear, IsolatedLiquidation::ByEntry) => {
                let maintenance = entry_value * rate - deduction;
                let distance = self.initial_margin() - maintenance + self.extra_margin;
                self.avg_price - direction * distance.checked_div(self.size)?
            }
            (Payoff::Linear, IsolatedLiquidation::ByMark) => {
                let left = entry_value - direction * (self.initial_margin() + self.extra_margin + deduction);
                left.checked_div(self.size * (Decimal::ONE - direction * rate))?
            }
            (Payoff::Inverse, _) => {
                let fee = Decimal::ONE + direction * self.exposure.taker_rate;
                let extra = self.extra_margin.checked_div(fee)?;
                let value = entry_value + direction * (self.initial_margin() + extra + deduction);
                (self.size * (Decimal::ONE + direction * rate)).checked_div(value)?
            }
        };
        (price > Decimal::ZERO).then_some(price)
    }

    /// The price at which the position's margin is gone; `None` where no positive price is.
    pub(crate) fn bankruptcy_price(&self) -> Option<Decimal> {
        let margin = self.direction() * (self.initial_margin() + self.extra_margin);
        let price = match self.exposure.payoff {
            Payoff::Linear => (self.exposure.entry_value - margin).checked_div(self.size)?,
            Payoff::Inverse => self.size.checked_div(self.exposure.entry_value + margin)?,
        };
        (price > Decimal::ZERO).then_some(price)
    }
}
