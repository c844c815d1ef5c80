//! The margin of inverse contracts, which count in US dollars and settle in the coin they are about.
//!
//! No bot trades them, so nothing here decides on an order yet; the arithmetic is here, with the cases that prove it,
//! because the exchange margins an account as a whole. Values divide by a price: figures are right to the 28th digit.

use super::{MarginMode, OrderCost, maintenance_margin, ratio};
use rust_decimal::Decimal;
use windvane_model::{Leverage, Price, Rate, RiskTier, Side};

/// An order on an inverse contract as its margin sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InverseOrder {
    /// Direction.
    pub side: Side,
    /// Quantity, US dollars.
    pub qty_usd: Decimal,
    /// Limit price, US dollars.
    pub price: Price,
    /// Leverage of the position it would open.
    pub leverage: Leverage,
    /// Fee of a fill that takes, a fraction.
    pub taker_fee: Rate,
}

impl InverseOrder {
    /// What it holds back, in the coin: quantity / price takes the place of quantity × price, and the bankruptcy price of
    /// a buy makes its closing fee the larger one.
    ///
    /// Source: Bybit help centre, "Order Cost".
    #[must_use]
    pub fn cost(&self) -> OrderCost {
        let value = ratio(self.qty_usd, self.price.get());
        let initial_margin = ratio(value, self.leverage.get());
        OrderCost {
            initial_margin,
            fee_to_open: value.saturating_mul(self.taker_fee.get()),
            fee_to_close: fee_to_close(self.side, value, initial_margin, self.taker_fee),
        }
    }
}

/// A position of an inverse contract as its margin sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InversePosition {
    /// How it is margined.
    pub mode: MarginMode,
    /// Direction.
    pub side: Side,
    /// Size, US dollars.
    pub qty_usd: Decimal,
    /// Average entry price, US dollars.
    pub entry: Price,
    /// Mark price, US dollars.
    pub mark: Price,
    /// Leverage.
    pub leverage: Leverage,
    /// Fee of a fill that takes, a fraction.
    pub taker_fee: Rate,
    /// Margin that was added by hand, in the coin; of use in isolated margin only.
    pub added_margin: Decimal,
}

impl InversePosition {
    /// Size / mark, in the coin.
    ///
    /// Source: Bybit help centre, "Initial Margin Calculation".
    #[must_use]
    pub fn value(&self) -> Decimal {
        ratio(self.qty_usd, self.mark.get())
    }

    /// Size / average entry price, in the coin.
    ///
    /// Source: Bybit help centre, "Initial Margin Calculation".
    #[must_use]
    pub fn entry_value(&self) -> Decimal {
        ratio(self.qty_usd, self.entry.get())
    }

    /// Profit if it were closed at the mark, fees apart, in the coin.
    ///
    /// Source: Bybit help centre, "P&L Calculations (Inverse Contracts)".
    #[must_use]
    pub fn unrealised_pnl(&self) -> Decimal {
        match self.side {
            Side::Buy => self.entry_value().saturating_sub(self.value()),
            Side::Sell => self.value().saturating_sub(self.entry_value()),
        }
    }

    /// Value / leverage + fee to close, in the coin; by mark in cross margin, by entry in isolated margin, where what was
    /// added counts as well.
    ///
    /// Source: Bybit help centre, "Initial Margin Calculation".
    #[must_use]
    pub fn initial_margin(&self) -> Decimal {
        let own = match self.mode {
            MarginMode::Cross => ratio(self.value(), self.leverage.get()),
            MarginMode::Isolated => self.margin_at_entry().saturating_add(self.added_margin),
        };
        own.saturating_add(self.fee_to_close())
    }

    /// Tiered share of the value by mark + fee to close, in the coin.
    ///
    /// Source: Bybit help centre, "Maintenance Margin (Inverse Contract)".
    #[must_use]
    pub fn maintenance_margin(&self, tiers: &[RiskTier]) -> Decimal {
        maintenance_margin(tiers, self.value()).saturating_add(self.fee_to_close())
    }

    /// Where an isolated position is liquidated, US dollars, at the tier of its value at entry; `None` when no price above
    /// zero does it.
    ///
    /// Source: Bybit help centre, "Liquidation Price under Isolated Mode (UTA)", 2026-05.
    #[must_use]
    pub fn isolated_liquidation_price(&self, tiers: &[RiskTier]) -> Option<Price> {
        let value = self.entry_value();
        let rate =
            tiers.iter().find(|tier| value <= tier.limit.get()).or(tiers.last())?.maintenance_rate.get();
        let deduction = value.checked_mul(rate)?.checked_sub(maintenance_margin(tiers, value))?;
        let (one, fee) = (Decimal::ONE, self.taker_fee.get());
        let (grown, value) = match self.side {
            Side::Buy => {
                let added = self.added_margin.checked_div(one.checked_add(fee)?)?;
                let margin = self.margin_at_entry().checked_add(added)?.checked_add(deduction)?;
                (one.checked_add(rate)?, value.checked_add(margin)?)
            }
            Side::Sell => {
                let added = self.added_margin.checked_div(one.checked_sub(fee)?)?;
                let margin = self.margin_at_entry().checked_add(added)?.checked_add(deduction)?;
                (one.checked_sub(rate)?, value.checked_sub(margin)?)
            }
        };
        let price = self.qty_usd.checked_mul(grown)?.checked_div(value)?;
        Price::new(price.round_dp(8)).ok().filter(|price| price.get() > Decimal::ZERO)
    }

    fn margin_at_entry(&self) -> Decimal {
        ratio(self.entry_value(), self.leverage.get())
    }

    fn fee_to_close(&self) -> Decimal {
        fee_to_close(self.side, self.entry_value(), self.margin_at_entry(), self.taker_fee)
    }
}

/// Value × (1 ± 1/leverage) × fee, + for a buy: in the coin a falling price makes closing dearer.
fn fee_to_close(side: Side, value: Decimal, margin: Decimal, taker_fee: Rate) -> Decimal {
    let at_bankruptcy = match side {
        Side::Buy => value.saturating_add(margin),
        Side::Sell => value.saturating_sub(margin),
    };
    at_bankruptcy.saturating_mul(taker_fee.get())
}
