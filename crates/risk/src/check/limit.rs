//! The account's limits, for what opens. Each counts the worst case with the order in it.

use super::Context;
use super::grid::on_tick;
use super::projection::Projection;
use super::proposal::Proposal;
use super::protection::{References, check_sides};
use crate::Risk;
use crate::margin::highest_value_at;
use rust_decimal::Decimal;
use windvane_model::{DenialReason, Notional, Place, Price, Side};

impl Risk {
    pub(super) fn check_limits(
        &self,
        proposal: &Proposal<'_>,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        let quote = context.quotes.get(proposal.symbol());
        let now = context.stamp.wall;
        let mark = quote
            .mark
            .filter(|_| quote.is_fresh(now, self.limits.stale_after.millis()))
            .ok_or(DenialReason::StaleData)?;
        let touch = match proposal.side {
            Side::Buy => quote.ask,
            Side::Sell => quote.bid,
        };
        let price = proposal.limit_price.or(touch).ok_or(DenialReason::StaleData)?;
        self.check_collar(price, mark)?;
        self.check_order_notional(price.max(mark).times(proposal.qty))?;
        if let Some(place) = proposal.place {
            self.check_attached(proposal, place, mark)?;
            self.check_open_orders(context)?;
        }
        self.check_exposure(proposal, &Projection::new(proposal, context, mark))?;
        self.check_day()?;
        self.sent_short.check(now)?;
        self.sent_long.check(now)
    }

    /// A limit price, or the touch that a market order takes, must lie within the collar around the mark.
    fn check_collar(&self, price: Price, mark: Price) -> Result<(), DenialReason> {
        let collar = self.limits.price_collar.fraction();
        if price.distance(mark) > mark.get().saturating_mul(collar) {
            return Err(DenialReason::PriceCollar { price, reference: mark, collar });
        }
        Ok(())
    }

    fn check_order_notional(&self, value: Notional) -> Result<(), DenialReason> {
        let (value, limit) = (value.get(), self.limits.max_order_notional.value);
        if value > limit { Err(DenialReason::OrderNotional { value, limit }) } else { Ok(()) }
    }

    fn check_attached(
        &self,
        proposal: &Proposal<'_>,
        place: &Place,
        mark: Price,
    ) -> Result<(), DenialReason> {
        for price in [place.stop_loss, place.take_profit].into_iter().flatten() {
            on_tick(&proposal.contract.instrument, price)?;
        }
        if self.limits.require_stop_on_entry && place.stop_loss.is_none() {
            return Err(DenialReason::Unprotected);
        }
        // The stop goes by mark and by the fill, whichever it would meet first; the profit is measured from the
        // fill.
        let fill = proposal.limit_price.unwrap_or(mark);
        let stop = match place.side {
            Side::Buy => fill.min(mark),
            Side::Sell => fill.max(mark),
        };
        check_sides(place.side, place.stop_loss, place.take_profit, References { stop, take_profit: fill })
    }

    fn check_open_orders(&self, context: &Context<'_>) -> Result<(), DenialReason> {
        let (open, limit) = (context.exposure.open_orders(), self.limits.max_open_orders);
        if open >= limit { Err(DenialReason::OpenOrders { open, limit }) } else { Ok(()) }
    }

    /// Leverage, the value of the position and of all of them together, and the venue's limit on a position at that
    /// leverage.
    fn check_exposure(&self, proposal: &Proposal<'_>, after: &Projection) -> Result<(), DenialReason> {
        let (leverage, limit) = (after.leverage.get(), self.limits.max_leverage.get());
        if leverage > limit {
            return Err(DenialReason::Leverage { leverage, limit });
        }
        let of_venue =
            highest_value_at(&proposal.contract.instrument.tiers, after.leverage).unwrap_or(Decimal::ZERO);
        for (value, limit) in
            [(after.position_value, self.limits.max_position_notional.value), (after.risk_value, of_venue)]
        {
            if value > limit {
                return Err(DenialReason::PositionNotional { value, limit });
            }
        }
        let (value, limit) = (after.gross_value, self.limits.max_gross_exposure.value);
        if value > limit { Err(DenialReason::GrossExposure { value, limit }) } else { Ok(()) }
    }

    fn check_day(&self) -> Result<(), DenialReason> {
        let (loss, limit) = (self.day.loss(), self.limits.max_loss_per_day.value);
        if loss >= limit { Err(DenialReason::DayLoss { loss, limit }) } else { Ok(()) }
    }
}
