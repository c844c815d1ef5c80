//! The order's price against the market: fresh, uncrossed, near the mark, not far through the book, not against ourselves.

use super::Context;
use super::proposal::Proposal;
use crate::Risk;
use windvane_model::{DenialReason, Price, Side};

impl Risk {
    /// Checks the price, and gives the mark that it was checked against.
    pub(super) fn check_price(
        &self,
        proposal: &Proposal<'_>,
        context: &Context<'_>,
    ) -> Result<Price, DenialReason> {
        let quote = context.quotes.get(proposal.symbol());
        let is_fresh = quote.is_fresh(context.stamp.wall, self.limits.stale_after.millis());
        let (Some(mark), Some(bid), Some(ask), true) = (quote.mark, quote.bid, quote.ask, is_fresh) else {
            return Err(DenialReason::StaleData);
        };
        if bid >= ask {
            return Err(DenialReason::CrossedBook { bid, ask });
        }
        let touch = match proposal.side {
            Side::Buy => ask,
            Side::Sell => bid,
        };
        let price = proposal.limit_price.unwrap_or(touch);
        self.check_collars(proposal.side, price, mark, touch)?;
        check_venue_limits(proposal, quote.limits)?;
        check_self_trade(proposal, price, context)?;
        Ok(mark)
    }

    /// A limit price, or the touch that a market order takes, must lie within the collar around the mark; and a limit
    /// must not give the other side of the book much more than it asks.
    fn check_collars(&self, side: Side, price: Price, mark: Price, touch: Price) -> Result<(), DenialReason> {
        let collar = self.limits.price_collar.fraction();
        if price.distance(mark) > mark.get().saturating_mul(collar) {
            return Err(DenialReason::PriceCollar { price, reference: mark, collar });
        }
        let is_through = match side {
            Side::Buy => price > touch,
            Side::Sell => price < touch,
        };
        let collar = self.limits.book_collar.fraction();
        if is_through && price.distance(touch) > touch.get().saturating_mul(collar) {
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
