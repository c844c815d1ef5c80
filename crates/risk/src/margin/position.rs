//! What a position holds back, gains and needs to stay open.

use super::{MarginMode, maintenance_margin};
use rust_decimal::Decimal;
use windvane_model::{Leverage, Price, Qty, Rate, RiskTier, Side};

/// A position as its margin sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionTerms {
    /// How it is margined.
    pub mode: MarginMode,
    /// Direction.
    pub side: Side,
    /// Size, base coin.
    pub qty: Qty,
    /// Average entry price, quote coin.
    pub entry: Price,
    /// Mark price, quote coin.
    pub mark: Price,
    /// Leverage.
    pub leverage: Leverage,
    /// Fee of a fill that takes, a fraction.
    pub taker_fee: Rate,
    /// Margin that was added by hand, settle coin; of use in isolated margin only.
    pub added_margin: Decimal,
}

impl PositionTerms {
    /// Size × mark, quote coin. Cross margin values by mark since 2025-09-02.
    ///
    /// Source: Bybit help centre, "The New Margin Calculation", 2025-09.
    #[must_use]
    pub fn value(&self) -> Decimal {
        self.mark.times(self.qty).get()
    }

    /// Size × average entry price, quote coin.
    ///
    /// Source: Bybit help centre, "Initial Margin Calculation", 2025-09.
    #[must_use]
    pub fn entry_value(&self) -> Decimal {
        self.entry.times(self.qty).get()
    }

    /// Profit if it were closed at the mark, fees apart, settle coin.
    ///
    /// Source: Bybit help centre, UTA glossary, "unrealised P&L".
    #[must_use]
    pub fn unrealised_pnl(&self) -> Decimal {
        let gain_each = match self.side {
            Side::Buy => self.mark.get() - self.entry.get(),
            Side::Sell => self.entry.get() - self.mark.get(),
        };
        gain_each.saturating_mul(self.qty.get())
    }

    /// Entry × (1 ∓ 1/leverage), − for a long: where the position's own initial margin is used up.
    ///
    /// Source: Bybit help centre, "Order Cost": the fee to close goes by it.
    #[must_use]
    pub fn bankruptcy_price(&self) -> Decimal {
        let distance = self.leverage.share_of(self.entry.get());
        match self.side {
            Side::Buy => self.entry.get().saturating_sub(distance),
            Side::Sell => self.entry.get().saturating_add(distance),
        }
    }

    /// Fee of closing at the bankruptcy price, which goes by the entry price even where margin goes by mark;
    /// settle coin.
    ///
    /// Source: Bybit help centre, "Initial Margin Calculation", 2025-09: the example counts it from the entry.
    #[must_use]
    pub fn fee_to_close(&self) -> Decimal {
        self.qty.get().saturating_mul(self.bankruptcy_price()).saturating_mul(self.taker_fee.get())
    }

    /// Value / leverage + fee to close, settle coin: the value by mark in cross margin, by entry in isolated margin, where
    /// what was added counts as well.
    ///
    /// Source: Bybit help centre, "Initial Margin Calculation", 2025-09.
    #[must_use]
    pub fn initial_margin(&self) -> Decimal {
        self.initial_margin_at(self.value(), self.fee_to_close())
    }

    /// Initial and maintenance margin with the fee to close, settle coin. Without tiers, the initial margin is the bound that
    /// is known of the maintenance margin.
    ///
    /// Source: Bybit help centre, "Initial Margin Calculation", 2025-09, and "Maintenance Margin".
    pub(crate) fn margins(&self, fee_to_close: Decimal, tiers: Option<&[RiskTier]>) -> (Decimal, Decimal) {
        let value = self.value();
        let initial = self.initial_margin_at(value, fee_to_close);
        let of_value = |tiers| maintenance_margin(tiers, value).saturating_add(fee_to_close);
        (initial, tiers.map_or(initial, of_value))
    }

    fn initial_margin_at(&self, value: Decimal, fee_to_close: Decimal) -> Decimal {
        let own = match self.mode {
            MarginMode::Cross => self.leverage.share_of(value),
            MarginMode::Isolated => {
                self.leverage.share_of(self.entry_value()).saturating_add(self.added_margin)
            }
        };
        own.saturating_add(fee_to_close)
    }

    /// Tiered share of the value + fee to close, settle coin.
    ///
    /// Source: Bybit help centre, "Maintenance Margin".
    #[must_use]
    pub fn maintenance_margin(&self, tiers: &[RiskTier]) -> Decimal {
        maintenance_margin(tiers, self.value()).saturating_add(self.fee_to_close())
    }

    /// The mark price at which the position is liquidated, quote coin; `None` when no price above zero does it.
    ///
    /// In isolated margin it is fixed by the position alone ([`PositionTerms::isolated_liquidation_price`]). In cross
    /// margin it is where the account's margin balance would no longer cover its maintenance margin, if no other contract
    /// moved and the position stayed in today's tier: an estimate, the exchange has not published its own formula.
    /// `margin_balance` and `maintenance` are the account's now, this position included, in the settle coin.
    /// `against` is the size of the contract's other position, which gains by what this one loses.
    #[must_use]
    pub fn liquidation_price(
        &self,
        tiers: &[RiskTier],
        margin_balance: Decimal,
        maintenance: Decimal,
        against: Decimal,
    ) -> Option<Price> {
        match self.mode {
            MarginMode::Cross => self.cross_liquidation_price(tiers, margin_balance, maintenance, against),
            MarginMode::Isolated => self.isolated_liquidation_price(tiers),
        }
    }

    /// Where the position's own margin no longer covers its maintenance margin, quote coin, at the tier of its value at
    /// entry: the nearer to the entry of two published forms, of which the newer counts the maintenance margin at that
    /// price and the older at the entry. `None` when no price above zero does it.
    ///
    /// Source: Bybit help centre, "Liquidation Price under Isolated Mode (UTA)", 2026-05, and "Liquidation Price (USDT
    /// Contract)", before.
    #[must_use]
    pub fn isolated_liquidation_price(&self, tiers: &[RiskTier]) -> Option<Price> {
        let value = self.entry_value();
        let rate =
            tiers.iter().find(|tier| value <= tier.limit.get()).or(tiers.last())?.maintenance_rate.get();
        let maintenance = maintenance_margin(tiers, value);
        let deduction = value.checked_mul(rate)?.checked_sub(maintenance)?;
        let margin = self.leverage.share_of(value).checked_add(self.added_margin)?;
        // What may be lost before the older form's maintenance margin is touched, in units of price.
        let room = margin.checked_sub(maintenance)?.checked_div(self.qty.get())?;
        let margin = margin.checked_add(deduction)?;
        let (at_price, at_entry) = match self.side {
            Side::Buy => {
                let each = self.qty.get().checked_mul(Decimal::ONE.checked_sub(rate)?)?;
                (value.checked_sub(margin)?.checked_div(each)?, self.entry.get().checked_sub(room)?)
            }
            Side::Sell => {
                let each = self.qty.get().checked_mul(Decimal::ONE.checked_add(rate)?)?;
                (value.checked_add(margin)?.checked_div(each)?, self.entry.get().checked_add(room)?)
            }
        };
        let nearer = match self.side {
            Side::Buy => at_price.max(at_entry),
            Side::Sell => at_price.min(at_entry),
        };
        Price::new(nearer.round_dp(8)).ok().filter(|price| price.get() > Decimal::ZERO)
    }

    fn cross_liquidation_price(
        &self,
        tiers: &[RiskTier],
        margin_balance: Decimal,
        maintenance: Decimal,
        against: Decimal,
    ) -> Option<Price> {
        let value = self.value();
        let rate = tiers.iter().find(|tier| value <= tier.limit.get()).or(tiers.last())?.maintenance_rate;
        // Along a move of d in the mark the balance changes by ±(qty − against) × d and the maintenance by
        // (qty + against) × d × rate; the headroom is gone where the two meet.
        let headroom = margin_balance.checked_sub(maintenance)?;
        let (qty, rate) = (self.qty.get(), rate.get());
        let net = qty.checked_sub(against)?;
        let maintained = qty.checked_add(against)?.checked_mul(rate)?;
        let per_move = match self.side {
            Side::Buy => net.checked_sub(maintained)?,
            Side::Sell => net.checked_add(maintained)?,
        };
        if per_move <= Decimal::ZERO {
            return None;
        }
        let distance = headroom.checked_div(per_move)?;
        let price = match self.side {
            Side::Buy => self.mark.get().checked_sub(distance)?,
            Side::Sell => self.mark.get().checked_add(distance)?,
        };
        Price::new(price.round_dp(8)).ok()
    }
}
