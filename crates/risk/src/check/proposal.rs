//! A new or amended order in the one form that every question is put to.

use super::{Context, OpenOrder};
use crate::approved::Reserved;
use crate::margin::Candidate;
use crate::{Action, Contract, ContractExposure, OrderExposure};
use rust_decimal::Decimal;
use windvane_model::{DenialReason, OrderKind, Place, PositionIndex, Price, Qty, Side, Symbol, TimeInForce};

pub(super) struct Proposal<'a> {
    pub(super) action: Action,
    pub(super) contract: &'a Contract,
    /// The position it works on with all its orders, flat when nothing is known of it.
    pub(super) held: &'a ContractExposure,
    pub(super) side: Side,
    /// Whole quantity, filled part included.
    pub(super) qty: Qty,
    /// What may still fill once the venue has answered.
    pub(super) leaves_qty: Qty,
    /// `None` for a market order.
    pub(super) limit_price: Option<Price>,
    /// The cheapest price the venue may value it at.
    pub(super) lowest_price: Price,
    pub(super) takes_at_once: bool,
    pub(super) reduce_only: bool,
    /// What it adds to the exposure until the venue has answered, and in place of which row.
    pub(super) candidate: Candidate,
    /// The wish it came from, when it is a new order.
    pub(super) place: Option<&'a Place>,
}

impl<'a> Proposal<'a> {
    pub(super) fn of_place(
        place: &'a Place,
        contract: &'a Contract,
        held: &'a ContractExposure,
        context: &Context<'_>,
    ) -> Result<Self, DenialReason> {
        let prices = match place.kind.limit_price() {
            Some(limit) => PriceRange { lowest: limit, highest: limit },
            None => market_prices(place, contract, held, context).ok_or(DenialReason::StaleData)?,
        };
        let takes_at_once = match place.kind {
            OrderKind::Market { .. } => true,
            OrderKind::Limit { time_in_force, .. } => {
                matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok)
            }
        };
        let price = prices.highest;
        Ok(Self {
            action: if place.reduce_only { Action::Reduce } else { Action::Open },
            contract,
            held,
            side: place.side,
            qty: place.qty,
            leaves_qty: place.qty,
            limit_price: place.kind.limit_price(),
            lowest_price: prices.lowest,
            takes_at_once,
            reduce_only: place.reduce_only,
            candidate: Candidate { side: place.side, qty: place.qty, price, replaces: None },
            place: Some(place),
        })
    }

    pub(super) fn of_amend(
        order: &OpenOrder,
        price: Option<Price>,
        qty: Option<Qty>,
        contract: &'a Contract,
        held: &'a ContractExposure,
        context: &Context<'_>,
    ) -> Result<Self, DenialReason> {
        let old_price = order.price.ok_or(DenialReason::NotAmendable)?;
        let (new_price, new_qty) = (price.unwrap_or(old_price), qty.unwrap_or(order.qty));
        if (price.is_none() && qty.is_none()) || new_qty <= order.filled_qty {
            return Err(DenialReason::NotAmendable);
        }
        // Until the amend is answered either version may fill, so both are counted by their larger side.
        let replaces = context.exposure.order(order.client_order_id).copied();
        let leaves_before = replaces.map_or(order.qty.less(order.filled_qty), |row| row.leaves_qty);
        let leaves_qty = new_qty.less(order.filled_qty);
        let candidate = Candidate {
            side: order.side,
            qty: leaves_qty.max(leaves_before),
            price: replaces.map_or(old_price, |row| row.price).max(new_price),
            replaces,
        };
        Ok(Self {
            action: amend_action(order, replaces.as_ref(), new_price, new_qty),
            contract,
            held,
            side: order.side,
            qty: new_qty,
            leaves_qty,
            limit_price: Some(new_price),
            lowest_price: new_price,
            takes_at_once: false,
            reduce_only: order.reduce_only,
            candidate,
            place: None,
        })
    }

    pub(super) fn index(&self) -> PositionIndex {
        self.held.position.index
    }

    pub(super) fn symbol(&self) -> Symbol {
        self.contract.instrument.symbol
    }

    pub(super) fn reserved(&self) -> Reserved {
        Reserved {
            side: self.side,
            leaves_qty: self.candidate.qty,
            price: self.candidate.price,
            reduce_only: self.reduce_only,
        }
    }
}

/// What an amend does. A lower price of a sell is nearer to a fill and a higher one is worth more, so for a sell
/// only the same price is plainly safer. And while another request about it is unanswered, the venue may have less of it
/// than we know, so that nothing is.
fn amend_action(order: &OpenOrder, row: Option<&OrderExposure>, new_price: Price, new_qty: Qty) -> Action {
    let is_safer_price = order.price.is_some_and(|old_price| match order.side {
        Side::Buy => new_price <= old_price,
        Side::Sell => new_price == old_price,
    });
    let is_known = row.is_some_and(|row| row.is_confirmed);
    if order.reduce_only {
        Action::Reduce
    } else if is_known && new_qty <= order.qty && is_safer_price {
        Action::AmendDown
    } else {
        Action::AmendUp
    }
}

/// Between which prices the venue may value an order.
struct PriceRange {
    lowest: Price,
    highest: Price,
}

/// The prices of a market order; `None` without a price to go by.
///
/// What the exchange charges a market order on is not published; the inner price limits, mark × (1 ± X), are the
/// natural choice. They are widened to the touch, and a sell is charged at the mark at least.
fn market_prices(
    place: &Place,
    contract: &Contract,
    held: &ContractExposure,
    context: &Context<'_>,
) -> Option<PriceRange> {
    let quote = context.quotes.get(place.symbol);
    let mark = quote.mark.or_else(|| held.valuation_price())?;
    let (instrument, x) = (&contract.instrument, contract.instrument.price_limit_ratio_x.get());
    let below = Decimal::ONE.checked_sub(x).and_then(|factor| mark.get().checked_mul(factor))?;
    let lowest = instrument.round_up_to_tick(below)?;
    let highest = match place.side {
        Side::Sell => quote.bid.map_or(mark, |bid| bid.max(mark)),
        Side::Buy => {
            let above = Decimal::ONE.checked_add(x).and_then(|factor| mark.get().checked_mul(factor))?;
            let bound = instrument.round_up_to_tick(above)?;
            quote.ask.map_or(bound, |ask| ask.max(bound))
        }
    };
    Some(PriceRange { lowest, highest })
}
