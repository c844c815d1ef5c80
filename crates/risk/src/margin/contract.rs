//! The margin of one contract: its position and the orders on both sides together.

use super::{OrderTerms, PositionTerms, ratio};
use crate::{ContractExposure, OrderExposure, SideExposure};
use rust_decimal::Decimal;
use windvane_model::{Instrument, Leverage, PositionIndex, Price, Qty, Rate, Side};

/// One contract with what its margin goes by.
#[derive(Debug, Clone, Copy)]
pub struct ContractTerms<'a> {
    /// What is held and asked for.
    pub exposure: &'a ContractExposure,
    /// The price it is valued at, quote coin.
    pub mark: Price,
    /// Fee of a fill that takes, a fraction.
    pub taker_fee: Rate,
}

/// An order that is thought of, to see what it would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Direction.
    pub side: Side,
    /// What may fill, base coin.
    pub qty: Qty,
    /// The price that margin counts, quote coin.
    pub price: Price,
    /// The row of the exposure that it takes the place of, for an amend.
    pub replaces: Option<OrderExposure>,
}

/// The orders of one side that may open, as sums.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SideSum {
    /// Σ quantity, base coin.
    pub(crate) qty: Decimal,
    /// Σ quantity × price, quote coin.
    pub(crate) value: Decimal,
    /// Highest price; zero without orders.
    pub(crate) highest: Decimal,
}

impl SideSum {
    fn of(side: &SideExposure) -> Self {
        Self {
            qty: side.opening_qty(),
            value: side.opening_value(),
            highest: side.highest_opening_price().map_or(Decimal::ZERO, Price::get),
        }
    }

    /// The sums with the candidate among the orders and without the row it replaces. The highest price keeps the
    /// replaced row, as an amend in flight may still find it working.
    fn with(mut self, candidate: &Candidate) -> Self {
        if let Some(row) = candidate.replaces.filter(|row| !row.reduce_only) {
            self.qty = self.qty.saturating_sub(row.leaves_qty.get());
            self.value = self.value.saturating_sub(row.price.times(row.leaves_qty).get());
        }
        self.qty = self.qty.saturating_add(candidate.qty.get());
        self.value = self.value.saturating_add(candidate.price.times(candidate.qty).get());
        self.highest = self.highest.max(candidate.price.get());
        self
    }

    /// Value of what is left after `closing` of it closed a position, at most. Which orders would close is not
    /// published, so the rest is taken to be the dearest.
    fn value_beyond(&self, closing: Decimal) -> Decimal {
        if closing.is_zero() {
            return self.value;
        }
        let rest = self.qty.saturating_sub(closing).max(Decimal::ZERO);
        rest.saturating_mul(self.highest).min(self.value)
    }

    /// The same at least: the dearest are taken to be the closing ones.
    fn least_value_beyond(&self, closing: Decimal) -> Decimal {
        self.value.saturating_sub(closing.saturating_mul(self.highest)).max(Decimal::ZERO)
    }
}

impl ContractTerms<'_> {
    /// Leverage of the position; 1, the dearest, while the venue has not told.
    #[must_use]
    pub fn leverage(&self) -> Leverage {
        self.exposure
            .position
            .leverage
            .unwrap_or_else(|| Leverage::new(Decimal::ONE).expect("1 is the lowest leverage there is"))
    }

    /// The position; `None` when flat.
    #[must_use]
    pub fn position(&self) -> Option<PositionTerms> {
        let position = &self.exposure.position;
        Some(PositionTerms {
            mode: self.exposure.margin_mode,
            side: position.side?,
            qty: position.qty,
            entry: position.average_price.unwrap_or(self.mark),
            mark: self.mark,
            leverage: self.leverage(),
            taker_fee: self.taker_fee,
            added_margin: position.added_margin.get(),
        })
    }

    /// Initial margin of the open orders, with `candidate` among them when one is given; settle coin.
    ///
    /// Only the dearer side counts, because both cannot end up open. What an order takes off the position
    /// holds nothing. Source: Bybit help centre, older contract pages; the unified account's own rule is
    /// unpublished, this is an upper bound of the readings known.
    #[must_use]
    pub fn order_margin(&self, candidate: Option<&Candidate>) -> Decimal {
        self.side_margin(Side::Buy, candidate).max(self.side_margin(Side::Sell, candidate))
    }

    /// Initial margin of an order as if it were the only one and closed nothing, settle coin.
    ///
    /// Source: Bybit help centre, "Order Cost".
    #[must_use]
    pub(crate) fn margin_alone(&self, candidate: &Candidate) -> Decimal {
        self.order_terms(candidate.side).cost(candidate.price.times(candidate.qty).get()).total()
    }

    /// Initial margin that the venue holds for the open orders at least, whichever of the readings known holds and
    /// whatever becomes of what is not confirmed; settle coin. Equal to [`ContractTerms::order_margin`] where all are
    /// confirmed and none works against the position.
    ///
    /// Source: as the two readings of [`order_margin`](Self::order_margin): the rule is not published.
    #[must_use]
    pub fn least_order_margin(&self) -> Decimal {
        let side_margin = |side: Side| {
            if !self.exposure.side(side).is_confirmed() {
                return Decimal::ZERO;
            }
            let closing = self.exposure.held_qty(side.opposite());
            self.order_terms(side).cost(self.sum(side, None).least_value_beyond(closing)).total()
        };
        side_margin(Side::Buy).max(side_margin(Side::Sell))
    }

    /// The worst value of the position, quote coin: on each side what is held plus all that may still fill, at
    /// the highest of the mark and the orders' prices; the larger side counts.
    ///
    /// The held quantity is not netted against orders of the other side: a stop may close it first, and then
    /// they open in full. For the same reason what reduce-only orders may have closed counts until their end is known.
    #[must_use]
    pub fn worst_value(&self, candidate: Option<&Candidate>) -> Decimal {
        let side_value = |side| {
            let sum = self.sum(side, candidate);
            let qty = sum.qty.saturating_add(self.held_at_most(side));
            if qty.is_zero() {
                return Decimal::ZERO;
            }
            qty.saturating_mul(sum.highest.max(self.mark.get()))
        };
        side_value(Side::Buy).max(side_value(Side::Sell))
    }

    /// The value that decides the risk tier, quote coin: on each side the position at the mark and the orders at their
    /// own prices; the larger side counts.
    ///
    /// Source: Bybit help centre, risk limit: max(long + buys, short + sells).
    #[must_use]
    pub fn risk_value(&self, candidate: Option<&Candidate>) -> Decimal {
        let side_value = |side| {
            let held = self.exposure.held_qty(side).saturating_mul(self.mark.get());
            held.saturating_add(self.sum(side, candidate).value)
        };
        side_value(Side::Buy).max(side_value(Side::Sell))
    }

    /// The largest order on the lot grid that `available` (settle coin) covers beside the open orders, base
    /// coin. What closes the position needs no margin and always fits.
    #[must_use]
    pub fn max_affordable_qty(
        &self,
        instrument: &Instrument,
        side: Side,
        price: Price,
        available: Decimal,
    ) -> Qty {
        let margin_now = self.order_margin(None);
        let margin_most = margin_now.saturating_add(available.max(Decimal::ZERO));
        let value_most = self.order_terms(side).affordable_value(margin_most);
        let sum = self.sum(side, None);
        // Two bounds hold for the value that counts (`value_beyond`); the order fits when either does.
        let by_value = ratio(value_most.saturating_sub(sum.value), price.get());
        let closing = self.exposure.held_qty(side.opposite());
        let by_rest =
            ratio(value_most, sum.highest.max(price.get())).saturating_add(closing).saturating_sub(sum.qty);
        let most = if closing.is_zero() { by_value } else { by_value.max(by_rest) };
        let mut qty = instrument.round_down_to_lot(most.min(instrument.max_limit_qty.get()));
        let costs_too_much = |qty| {
            let candidate = Candidate { side, qty, price, replaces: None };
            self.order_margin(Some(&candidate)) > margin_most
        };
        // Division rounds at the 28th digit; one lot less is certain.
        if !qty.is_zero() && costs_too_much(qty) {
            qty = qty.less(instrument.lot_size);
        }
        qty
    }

    /// What may be held on a side once everything is told that has happened, orders that open apart; base coin.
    ///
    /// Messages about different orders may overtake each other. Where a fill that opens is heard before that of an exit
    /// which came first, it seems to close what the exit had closed already.
    /// What the venue tells of the size has no such exits in it: they only reduce.
    pub(crate) fn held_at_most(&self, side: Side) -> Decimal {
        let (held, told) = (self.exposure.held_qty(side), self.exposure.told_qty(side));
        if self.exposure.position.index != PositionIndex::ONE_WAY {
            // No order turns a position of hedge mode round.
            return held.max(told);
        }
        let closing = self.exposure.side(side).reducing_qty();
        if closing.is_zero() {
            return if told.is_zero() { held } else { held.max(told) };
        }
        let turned = closing.saturating_sub(self.exposure.held_qty(side.opposite())).max(Decimal::ZERO);
        held.saturating_add(turned).max(told)
    }

    /// What is held on a side even if every exit that is still out has come already, base coin.
    pub(crate) fn held_at_least(&self, side: Side) -> Decimal {
        let held = self.exposure.held_qty(side);
        if self.exposure.position.index != PositionIndex::ONE_WAY {
            // What closes it cannot open the other.
            return held;
        }
        let closing = self.exposure.side(side.opposite()).reducing_qty();
        held.saturating_sub(closing).max(Decimal::ZERO)
    }

    fn side_margin(&self, side: Side, candidate: Option<&Candidate>) -> Decimal {
        let closing = self.exposure.held_qty(side.opposite());
        let value = self.sum(side, candidate).value_beyond(closing);
        // Most contracts of an account have no orders on most sides; their divisions are the larger part of a check.
        if value.is_zero() { Decimal::ZERO } else { self.order_terms(side).cost(value).total() }
    }

    fn order_terms(&self, side: Side) -> OrderTerms {
        OrderTerms { side, leverage: self.leverage(), taker_fee: self.taker_fee }
    }

    fn sum(&self, side: Side, candidate: Option<&Candidate>) -> SideSum {
        let sum = SideSum::of(self.exposure.side(side));
        match candidate.filter(|candidate| candidate.side == side) {
            Some(candidate) => sum.with(candidate),
            None => sum,
        }
    }
}
