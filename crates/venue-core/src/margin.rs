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
use crate::units::{fine_below, round_down, round_up};

/// Value / leverage. Most leverages that people set have an inverse of few digits, and multiplying by it takes a fifth of the
/// time of a division.
fn by_leverage(value: Decimal, leverage: Decimal) -> Decimal {
    let inverse = match (leverage.scale(), leverage.mantissa()) {
        (0, 1) => return value,
        (0, 2) => (5, 1),
        (0, 4) => (25, 2),
        (0, 5) => (2, 1),
        (0, 8) => (125, 3),
        (0, 10) => (1, 1),
        (0, 20) => (5, 2),
        (0, 25) => (4, 2),
        (0, 40) => (25, 3),
        (0, 50) => (2, 2),
        (0, 80) => (125, 4),
        (0, 100) => (1, 2),
        (0, 125) => (8, 3),
        _ => return value / leverage,
    };
    value * Decimal::new(inverse.0, inverse.1)
}

/// Fee to close at the bankruptcy price: value × (1 ∓ 1 / leverage) × taker rate; − for a linear long and an inverse
/// short, + for the others.
fn fee_to_close(
    payoff: Payoff,
    side: Side,
    value: Decimal,
    leverage: Decimal,
    taker_rate: Decimal,
) -> Decimal {
    let distance = by_leverage(value, leverage);
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
    by_leverage(value, leverage)
        + value * taker_rate
        + fee_to_close(payoff, side, value, leverage, taker_rate)
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
        by_leverage(self.mark_value, self.leverage) + self.closing_fee()
    }

    /// Isolated margin: the same by the entry price.
    pub(crate) fn initial_margin_at_entry(&self) -> Decimal {
        by_leverage(self.entry_value, self.leverage) + self.closing_fee()
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
    rough: Rough,
}

/// A tier in whole numbers, rounded against the account.
#[derive(Clone, Copy, Debug)]
struct Rough {
    /// In units of units.
    limit: i128,
    /// In units, like the leverage: the lowest of this tier and those below.
    rate: i64,
    max_leverage: i64,
}

impl Rough {
    fn of(limit: Decimal, rate: Decimal, max_leverage: Decimal, below: Option<&Tier>) -> Self {
        let max_leverage = round_down(max_leverage, 1);
        Self {
            limit: fine_below(limit).unwrap_or(i128::MAX),
            rate: round_up(rate, 1).max(below.map_or(0, |tier| tier.rough.rate)),
            max_leverage: below.map_or(max_leverage, |tier| tier.rough.max_leverage.min(max_leverage)),
        }
    }
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
            let rough = Rough::of(row.limit, row.maintenance_rate, row.max_leverage, tiers.last());
            tiers.push(Tier {
                number,
                limit: row.limit,
                rate: row.maintenance_rate,
                deduction,
                max_leverage: row.max_leverage,
                rough,
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
                rough: Rough::of(limit, Decimal::ZERO, max_leverage, None),
            });
        }
        Self(tiers)
    }

    /// The tier of a value in units of units, or one above it.
    fn roughly_at(&self, value: i128) -> Rough {
        let index = self.0.partition_point(|tier| tier.rough.limit < value);
        self.0[index.min(self.0.len() - 1)].rough
    }

    /// The maintenance rate in units of a value in units of units, at most.
    pub(crate) fn rate_at_most(&self, value: i128) -> i64 {
        self.roughly_at(value).rate
    }

    /// Whether a value in units of units may for certain be held with a leverage in units. No says nothing.
    pub(crate) fn surely_allows(&self, value: i128, leverage: i64) -> bool {
        let tier = self.roughly_at(value);
        value <= tier.limit && leverage <= tier.max_leverage
    }

    /// The limit of the tier below that of a value; `None` in the lowest.
    pub(crate) fn limit_below(&self, value: Decimal) -> Option<Decimal> {
        let index = self.0.partition_point(|tier| tier.limit < value).min(self.0.len() - 1);
        index.checked_sub(1).map(|below| self.0[below].limit)
    }

    /// The tier of a value; above the last limit the last tier.
    pub(crate) fn at(&self, value: Decimal) -> Tier {
        // Where most positions lie.
        if value <= self.0[0].limit {
            return self.0[0];
        }
        let index = self.0.partition_point(|tier| tier.limit < value);
        self.0[index.min(self.0.len() - 1)]
    }
}

#[cfg(test)]
mod tests;
