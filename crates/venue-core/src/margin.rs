//! Margin arithmetic of the unified account. Money in settle coin, totals in USD, rates as fractions.
//!
//! Source: Bybit help centre, "Order Cost", "Initial Margin" and "Maintenance Margin" (UTA), 2025-09: in cross margin value
//! and margin by mark price, the closing fee from the entry price; in isolated margin the initial margin by entry price.

mod isolated;
mod total;

use rust_decimal::Decimal;

pub(crate) use isolated::Isolated;
pub(crate) use total::{AccountMargin, CoinMargin};

use crate::api::{RiskTier, Side};
use crate::payoff::Payoff;

/// Fee to close at the bankruptcy price: value × (1 ∓ 1 / leverage) × taker rate; − for a linear long and an inverse
/// short, + for the others.
fn fee_to_close(
    payoff: Payoff,
    side: Side,
    value: Decimal,
    leverage: Decimal,
    taker_rate: Decimal,
) -> Decimal {
    let distance = value / leverage;
    match (payoff, side) {
        (Payoff::Linear, Side::Buy) | (Payoff::Inverse, Side::Sell) => (value - distance) * taker_rate,
        (Payoff::Linear, Side::Sell) | (Payoff::Inverse, Side::Buy) => (value + distance) * taker_rate,
    }
}

/// What orders of one side hold: initial margin + fee to open + fee to close. `value` is that of all of them.
pub(crate) fn order_cost(
    payoff: Payoff,
    side: Side,
    value: Decimal,
    leverage: Decimal,
    taker_rate: Decimal,
) -> Decimal {
    value / leverage + value * taker_rate + fee_to_close(payoff, side, value, leverage, taker_rate)
}

/// A position as margin sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exposure {
    pub(crate) payoff: Payoff,
    pub(crate) side: Side,
    /// Value at the mark price.
    pub(crate) mark_value: Decimal,
    /// Value at the average entry price.
    pub(crate) entry_value: Decimal,
    pub(crate) leverage: Decimal,
    pub(crate) taker_rate: Decimal,
}

impl Exposure {
    pub(crate) fn closing_fee(&self) -> Decimal {
        fee_to_close(self.payoff, self.side, self.entry_value, self.leverage, self.taker_rate)
    }

    /// Cross margin: value / leverage + fee to close.
    pub(crate) fn initial_margin(&self) -> Decimal {
        self.mark_value / self.leverage + self.closing_fee()
    }

    /// Isolated margin: the same by the entry price.
    pub(crate) fn initial_margin_at_entry(&self) -> Decimal {
        self.entry_value / self.leverage + self.closing_fee()
    }

    /// Value × rate of the tier − deduction + fee to close.
    pub(crate) fn maintenance_margin(&self, tiers: &Tiers) -> Decimal {
        let tier = tiers.at(self.mark_value);
        self.mark_value * tier.rate - tier.deduction + self.closing_fee()
    }
}

/// What an order would lose at once against the mark price; never positive.
pub(crate) fn order_loss(payoff: Payoff, side: Side, price: Decimal, qty: Decimal, mark: Decimal) -> Decimal {
    let size = match side {
        Side::Buy => qty,
        Side::Sell => -qty,
    };
    payoff.profit(size, price, mark).min(Decimal::ZERO)
}

/// One tier with the deduction that makes maintenance margin continuous over the tiers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tier {
    pub(crate) number: u32,
    pub(crate) limit: Decimal,
    pub(crate) rate: Decimal,
    pub(crate) deduction: Decimal,
    pub(crate) max_leverage: Decimal,
}

/// The risk-limit table of an instrument, by rising limit.
#[derive(Clone, Debug)]
pub(crate) struct Tiers(Vec<Tier>);

impl Tiers {
    /// Deduction(n) = limit(n−1) × (rate(n) − rate(n−1)) + deduction(n−1). Without tiers nothing is limited or held.
    pub(crate) fn new(table: &[RiskTier]) -> Self {
        let mut tiers: Vec<Tier> = Vec::with_capacity(table.len().max(1));
        for (row, number) in table.iter().zip(1..) {
            let deduction = tiers.last().map_or(Decimal::ZERO, |below: &Tier| {
                below.limit * (row.maintenance_rate - below.rate) + below.deduction
            });
            tiers.push(Tier {
                number,
                limit: row.limit,
                rate: row.maintenance_rate,
                deduction,
                max_leverage: row.max_leverage,
            });
        }
        if tiers.is_empty() {
            let (limit, max_leverage) = (Decimal::MAX, Decimal::MAX);
            tiers.push(Tier {
                number: 1,
                limit,
                rate: Decimal::ZERO,
                deduction: Decimal::ZERO,
                max_leverage,
            });
        }
        Self(tiers)
    }

    /// The tier of a value; above the last limit the last tier.
    pub(crate) fn at(&self, value: Decimal) -> Tier {
        let index = self.0.partition_point(|tier| tier.limit < value);
        self.0[index.min(self.0.len() - 1)]
    }
}

#[cfg(test)]
mod tests;
