//! Margin arithmetic of the unified account in cross mode, linear contracts. Money in USDT, rates as fractions.
//!
//! Source: Bybit help centre, "Order Cost", "Initial Margin" and "Maintenance Margin" (UTA), 2025-09: value and margin by
//! mark price, the closing fee from the entry price.

use rust_decimal::Decimal;

use crate::api::{RiskTier, Side};

/// Decimal places of account rates; further ones are cut off.
const RATE_PLACES: u32 = 4;

/// Fee to close at the bankruptcy price: value × (1 ∓ 1 / leverage) × taker rate, − for long, + for short.
fn fee_to_close(side: Side, value: Decimal, leverage: Decimal, taker_rate: Decimal) -> Decimal {
    let distance = value / leverage;
    match side {
        Side::Buy => (value - distance) * taker_rate,
        Side::Sell => (value + distance) * taker_rate,
    }
}

/// What orders of one side hold: initial margin + fee to open + fee to close. `value` is Σ quantity × price.
pub(crate) fn order_cost(side: Side, value: Decimal, leverage: Decimal, taker_rate: Decimal) -> Decimal {
    value / leverage + value * taker_rate + fee_to_close(side, value, leverage, taker_rate)
}

/// A position as margin sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exposure {
    pub(crate) side: Side,
    /// Size × mark price.
    pub(crate) mark_value: Decimal,
    /// Size × average entry price.
    pub(crate) entry_value: Decimal,
    pub(crate) leverage: Decimal,
    pub(crate) taker_rate: Decimal,
}

impl Exposure {
    fn closing_fee(&self) -> Decimal {
        fee_to_close(self.side, self.entry_value, self.leverage, self.taker_rate)
    }

    /// Value / leverage + fee to close.
    pub(crate) fn initial_margin(&self) -> Decimal {
        self.mark_value / self.leverage + self.closing_fee()
    }

    /// Value × rate of the tier − deduction + fee to close.
    pub(crate) fn maintenance_margin(&self, tiers: &Tiers) -> Decimal {
        let tier = tiers.at(self.mark_value);
        self.mark_value * tier.rate - tier.deduction + self.closing_fee()
    }
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

/// Margin of a whole account.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AccountMargin {
    pub(crate) wallet_balance: Decimal,
    pub(crate) unrealised: Decimal,
    pub(crate) position_im: Decimal,
    pub(crate) position_mm: Decimal,
    pub(crate) order_im: Decimal,
    /// Never positive: what working orders would lose at once against the mark price.
    pub(crate) order_loss: Decimal,
}

impl AccountMargin {
    pub(crate) fn margin_balance(&self) -> Decimal {
        self.wallet_balance + self.unrealised
    }

    pub(crate) fn initial_margin(&self) -> Decimal {
        self.position_im + self.order_im
    }

    /// Margin balance − initial margin (the haircut is zero with USDT alone).
    pub(crate) fn available(&self) -> Decimal {
        self.margin_balance() - self.initial_margin()
    }

    /// Initial margin / (margin balance + order loss), truncated.
    pub(crate) fn im_rate(&self) -> Option<Decimal> {
        self.rate(self.initial_margin())
    }

    /// Maintenance margin / (margin balance + order loss), truncated.
    pub(crate) fn mm_rate(&self) -> Option<Decimal> {
        self.rate(self.position_mm)
    }

    fn rate(&self, margin: Decimal) -> Option<Decimal> {
        let base = self.margin_balance() + self.order_loss;
        if margin.is_zero() {
            return Some(Decimal::ZERO);
        }
        (base > Decimal::ZERO).then(|| (margin / base).trunc_with_scale(RATE_PLACES).normalize())
    }

    /// Whether the maintenance margin is no longer covered.
    pub(crate) fn is_liquidated(&self) -> bool {
        self.position_mm > Decimal::ZERO && self.position_mm >= self.margin_balance() + self.order_loss
    }
}

/// min(0, (mark − price) × quantity) for a buy, mirrored for a sell.
pub(crate) fn order_loss(side: Side, price: Decimal, qty: Decimal, mark: Decimal) -> Decimal {
    let gain = match side {
        Side::Buy => (mark - price) * qty,
        Side::Sell => (price - mark) * qty,
    };
    gain.min(Decimal::ZERO)
}

#[cfg(test)]
mod tests;
