//! What the account could still do, and where it would end: questions that are answered out of the sums.

use super::Exposure;
use crate::margin::{MarginMode, PositionTerms};
use rust_decimal::Decimal;
use windvane_model::{Leverage, Money, PositionIndex, PositionReport, Price, Qty, Side, Symbol};

impl Exposure {
    /// The margin that was added to a position beyond its own, settle coin: what the venue holds for it in isolated margin
    /// less what the position itself takes. Nothing in cross margin, or where the report does not tell.
    #[must_use]
    pub fn added_margin(&self, report: &PositionReport) -> Money {
        let added = || {
            let own = PositionTerms {
                mode: self.margin_mode(),
                side: report.side?,
                qty: report.qty,
                entry: report.average_price?,
                mark: report.average_price?,
                leverage: report.leverage.or_else(|| Leverage::new(Decimal::ONE))?,
                taker_fee: self.listed(report.symbol)?.fees.taker,
                added_margin: Decimal::ZERO,
            };
            report.initial_margin?.get().checked_sub(own.initial_margin())
        };
        match self.margin_mode() {
            MarginMode::Cross => Money::ZERO,
            MarginMode::Isolated => Money::new(added().unwrap_or_default().max(Decimal::ZERO)),
        }
    }

    /// Where a position would be liquidated, were every other contract to stand still, quote coin; an estimate.
    /// `None` when flat, when the mark or the contract is unknown, or when no price does it.
    #[must_use]
    pub fn liquidation_price(&self, symbol: Symbol, index: PositionIndex) -> Option<Price> {
        let held = self.contract(symbol, index)?;
        let position = held.terms(held.mark?).position()?;
        let tiers = &self.listed(symbol)?.instrument.tiers;
        let account = self.account();
        let against = self.held_against(symbol, index);
        position.liquidation_price(tiers, account.margin_balance(), account.maintenance_margin, against)
    }

    /// Size of the position that a hedged contract has on its other side, base coin; nothing in one-way mode.
    pub(crate) fn held_against(&self, symbol: Symbol, index: PositionIndex) -> Decimal {
        self.contracts_of(symbol)
            .filter(|held| held.position.index != index)
            .fold(Decimal::ZERO, |sum, held| sum.saturating_add(held.position.qty.get()))
    }

    /// The largest order that the account's margin covers now, base coin, on the lot grid; limits apart. Zero
    /// for a contract that is unknown.
    #[must_use]
    pub fn max_affordable_qty(&self, symbol: Symbol, index: PositionIndex, side: Side, price: Price) -> Qty {
        let Some(contract) = self.listed(symbol) else { return Qty::ZERO };
        let flat = self.flat(symbol, index);
        let held = self.contract(symbol, index).unwrap_or(&flat);
        let terms = held.terms(held.valuation_price().unwrap_or(price));
        terms.max_affordable_qty(&contract.instrument, side, price, self.account().available())
    }
}
