//! The order's price against the market: fresh, uncrossed, near the mark, not far through the book, not against ourselves.

use super::Context;
use super::proposal::Proposal;
use crate::Risk;
use rust_decimal::Decimal;
use windvane_model::{DenialReason, Millis, Price, Side};

/// The price of an order that has been checked, and what it was checked against.
pub(super) struct Priced {
    /// Its limit, or the touch that a market order takes.
    pub(super) price: Price,
    pub(super) mark: Price,
    /// The best price of the side that it would trade with.
    touch: Price,
    /// Age of the older of mark and touch, wall clock.
    pub(super) age: Millis,
}

impl Priced {
    /// Distance from the mark, as a part of the mark.
    pub(super) fn off_mark(&self) -> Decimal {
        share(self.price.distance(self.mark), self.mark)
    }

    /// How far it goes through the best price of the other side, as a part of that price.
    pub(super) fn through_book(&self, side: Side) -> Decimal {
        if is_through(side, self.price, self.touch) {
            share(self.price.distance(self.touch), self.touch)
        } else {
            Decimal::ZERO
        }
    }
}

/// A part of a price; of one of nothing, more than any limit.
fn share(distance: Decimal, price: Price) -> Decimal {
    distance.checked_div(price.get()).unwrap_or(Decimal::MAX)
}

fn is_through(side: Side, price: Price, touch: Price) -> bool {
    match side {
        Side::Buy => price > touch,
        Side::Sell => price < touch,
    }
}

impl Risk {
    /// Checks the price, and gives what it was checked against.
    pub(super) fn check_price(
        &self,
        proposal: &Proposal<'_>,
        context: &Context<'_>,
    ) -> Result<Priced, DenialReason> {
        let quote = context.quotes.get(proposal.symbol());
        let is_fresh = quote.is_fresh(context.stamp.wall, self.limits.stale_after.millis());
        let (Some(mark), Some(bid), Some(ask), true) = (quote.mark, quote.bid, quote.ask, is_fresh) else {
            return Err(DenialReason::StaleData);
        };
        if bid >= ask {
            return Err(DenialReason::CrossedBook { bid, ask });
        }
        let pause = self.limits.crossed_book_pause.millis();
        let until = quote.crossed_at.map(|at| at.after(pause));
        if let Some(until) = until.filter(|until| context.stamp.wall < *until) {
            return Err(DenialReason::WasCrossed { until });
        }
        let touch = match proposal.side {
            Side::Buy => ask,
            Side::Sell => bid,
        };
        let price = proposal.limit_price.unwrap_or(touch);
        self.check_collars(proposal.side, price, mark, touch)?;
        check_venue_limits(proposal, quote.limits)?;
        check_self_trade(proposal, price, context)?;
        Ok(Priced { price, mark, touch, age: quote.age(context.stamp.wall) })
    }

    /// A limit price, or the touch that a market order takes, must lie within the collar around the mark; and a limit
    /// must not give the other side of the book much more than it asks.
    fn check_collars(&self, side: Side, price: Price, mark: Price, touch: Price) -> Result<(), DenialReason> {
        let collar = self.limits.price_collar.fraction();
        if price.distance(mark) > mark.get().saturating_mul(collar) {
            return Err(DenialReason::PriceCollar { price, reference: mark, collar });
        }
        let collar = self.limits.book_collar.fraction();
        if is_through(side, price, touch) && price.distance(touch) > touch.get().saturating_mul(collar) {
            return Err(DenialReason::BookCollar { price, best: touch, collar });
        }
        Ok(())
    }
}

/// A limit price beyond the venue's own bound would be refused there, or silently moved. A market order gets a price inside
/// it from the venue.
fn check_venue_limits(proposal: &Proposal<'_>, limits: Option<(Price, Price)>) -> Result<(), DenialReason> {
    let (Some(price), Some((lowest_sell, highest_buy))) = (proposal.limit_price, limits) else {
        return Ok(());
    };
    let (is_beyond, limit) = match proposal.side {
        Side::Buy => (price > highest_buy, highest_buy),
        Side::Sell => (price < lowest_sell, lowest_sell),
    };
    if is_beyond { Err(DenialReason::PriceLimit { price, limit }) } else { Ok(()) }
}

/// A trade with ourselves costs two fees and is against the venue's rules.
///
/// A market order counts at the best price of the other side: what stands behind that is met only when it is used up.
/// Both positions of a hedged contract have their orders in one book.
fn check_self_trade(
    proposal: &Proposal<'_>,
    price: Price,
    context: &Context<'_>,
) -> Result<(), DenialReason> {
    let other = proposal.side.opposite();
    let resting = context.exposure.contracts_of(proposal.symbol());
    for own in resting.filter_map(|held| held.side(other).first_resting_price(other)) {
        let meets = match proposal.side {
            Side::Buy => price >= own,
            Side::Sell => price <= own,
        };
        if meets {
            return Err(DenialReason::SelfTrade { own });
        }
    }
    Ok(())
}
