//! One position with everything that works on it, and what that holds back.

use super::{PositionExposure, SideExposure};
use crate::margin::{ContractFigures, ContractTerms, MarginMode};
use rust_decimal::Decimal;
use windvane_model::{Money, PositionIndex, PositionStatus, Price, Qty, Rate, RiskTier, Side, Symbol};

/// One position with everything that works on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractExposure {
    /// The position, flat or not.
    pub position: PositionExposure,
    /// Buy orders.
    pub buys: SideExposure,
    /// Sell orders.
    pub sells: SideExposure,
    /// What the venue has told of its size while our executions say another, with its sign; `None` while both agree.
    pub(super) told: Option<Decimal>,
    /// What the venue is doing to the position.
    pub(crate) status: PositionStatus,
    /// Mark price, quote coin; `None` until the market has told one.
    pub(crate) mark: Option<Price>,
    /// Fee of a fill that takes, a fraction.
    pub(crate) taker_fee: Rate,
    /// How the account margins it.
    pub(crate) margin_mode: MarginMode,
    pub(super) figures: ContractFigures,
    /// [`PositionTerms::fee_to_close`](crate::margin::PositionTerms::fee_to_close), which no mark moves.
    pub(super) fee_to_close: Decimal,
}

impl ContractExposure {
    pub(crate) fn flat(symbol: Symbol, index: PositionIndex) -> Self {
        let position = PositionExposure {
            symbol,
            index,
            side: None,
            qty: Qty::ZERO,
            average_price: None,
            leverage: None,
            added_margin: Money::ZERO,
            adl_rank: 0,
        };
        Self {
            position,
            buys: SideExposure::default(),
            sells: SideExposure::default(),
            told: None,
            status: PositionStatus::Normal,
            mark: None,
            taker_fee: Rate::ZERO,
            margin_mode: MarginMode::Cross,
            figures: ContractFigures::default(),
            fee_to_close: Decimal::ZERO,
        }
    }

    /// The orders of one direction.
    #[must_use]
    pub const fn side(&self, side: Side) -> &SideExposure {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    /// Size of the position if it stands on `side`, else nothing; base coin.
    #[must_use]
    pub fn held_qty(&self, side: Side) -> Decimal {
        if self.position.side == Some(side) { self.position.qty.get() } else { Decimal::ZERO }
    }

    /// What is held on `side` by the venue's word, while our executions say another; else nothing; base coin. A stop of the
    /// venue's whose execution is heard late has closed what later fills seem to close.
    #[must_use]
    pub fn told_qty(&self, side: Side) -> Decimal {
        let Some(size) = self.told else { return Decimal::ZERO };
        match side {
            Side::Buy => size.max(Decimal::ZERO),
            Side::Sell => (-size).max(Decimal::ZERO),
        }
    }

    /// The price it is valued at, quote coin: the mark, however old; before there is one the entry price, or the
    /// dearest order's. `None` when there is nothing to value.
    #[must_use]
    pub fn valuation_price(&self) -> Option<Price> {
        let dearest_order = || self.buys.highest_opening_price().max(self.sells.highest_opening_price());
        self.mark.or(self.position.average_price).or_else(dearest_order)
    }

    /// What it holds back and is worth, as of its last change.
    #[must_use]
    pub const fn figures(&self) -> &ContractFigures {
        &self.figures
    }

    /// It with what its margin goes by, valued at `mark`.
    #[must_use]
    pub const fn terms(&self, mark: Price) -> ContractTerms<'_> {
        ContractTerms { exposure: self, mark, taker_fee: self.taker_fee }
    }

    pub(super) const fn side_mut(&mut self, side: Side) -> &mut SideExposure {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    /// Counts the figures anew; `tiers` are `None` for a contract that the venue has not described.
    pub(super) fn revalue(&mut self, tiers: Option<&[RiskTier]>) {
        let Some(mark) = self.valuation_price() else {
            (self.figures, self.fee_to_close) = (ContractFigures::default(), Decimal::ZERO);
            return;
        };
        let terms = self.terms(mark);
        let fee_to_close = terms.position().map_or(Decimal::ZERO, |position| position.fee_to_close());
        let figures = ContractFigures::of(&terms, fee_to_close, tiers);
        (self.figures, self.fee_to_close) = (figures, fee_to_close);
    }

    /// Counts anew what goes by the orders alone: their margin and the worst value.
    pub(super) fn revalue_orders(&mut self, tiers: Option<&[RiskTier]>) {
        match self.mark {
            Some(mark) => self.figures = self.figures.with_orders(&self.terms(mark)),
            // Before there is a mark the orders' prices may be what everything is valued at.
            None => self.revalue(tiers),
        }
    }

    /// Takes another mark and counts anew what goes by it.
    pub(super) fn move_mark(&mut self, mark: Price, tiers: Option<&[RiskTier]>) {
        self.mark = Some(mark);
        let is_flat = self.position.side.is_none() && self.told.is_none();
        let is_idle = is_flat && self.buys.order_count() + self.sells.order_count() == 0;
        if !is_idle {
            self.figures = self.figures.at_mark(&self.terms(mark), self.fee_to_close, tiers);
        }
    }
}
