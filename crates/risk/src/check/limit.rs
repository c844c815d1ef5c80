//! The limits of the account and then its margin, for what opens. Each counts the worst case with the order in it.

use super::Context;
use super::grid::on_tick;
use super::margin;
use super::projection::Projection;
use super::proposal::Proposal;
use super::protection::{Level, check_sides};
use crate::Risk;
use crate::margin::highest_value_at;
use rust_decimal::Decimal;
use windvane_model::{BotName, DenialReason, Mutant, Notional, Place, Price, Side, mutant};

impl Risk {
    pub(super) fn check_limits(
        &self,
        bot: BotName,
        proposal: &Proposal<'_>,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        let now = context.stamp.wall;
        let priced = self.check_price(proposal, context)?;
        let mark = priced.mark;
        let value = priced.price.max(mark).times(proposal.qty);
        self.check_order_notional(value)?;
        if let Some(place) = proposal.place {
            self.check_attached(proposal, place, mark, context)?;
            self.check_open_orders(context)?;
        }
        let after = Projection::new(proposal, context, mark);
        self.check_exposure(proposal, &after)?;
        self.check_scopes(bot, proposal, value, &priced, &after, context)?;
        self.check_losses()?;
        self.streaks.check(bot, context.stamp.market)?;
        self.refusals.check(now)?;
        self.sent_short.check(now)?;
        self.sent_long.check(now)?;
        margin::check(proposal, context)?;
        self.check_liquidation(bot, proposal, context, mark)
    }

    fn check_order_notional(&self, value: Notional) -> Result<(), DenialReason> {
        let (value, limit) = (value.get(), self.limits.max_order_notional.value);
        if value > limit {
            return Err(DenialReason::OrderNotional { value, limit });
        }
        let limit = self.limits.min_order_notional.value;
        if value < limit { Err(DenialReason::OwnMinimum { value, limit }) } else { Ok(()) }
    }

    fn check_attached(
        &self,
        proposal: &Proposal<'_>,
        place: &Place,
        mark: Price,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        for price in [place.stop_loss, place.take_profit].into_iter().flatten() {
            on_tick(&proposal.contract.instrument, price)?;
        }
        if self.limits.require_stop_on_entry && place.stop_loss.is_none() {
            return Err(DenialReason::Unprotected);
        }
        // The stop goes by the price that fires it and by the fill, whichever it would meet first; the profit is measured
        // from the fill.
        let fill = proposal.limit_price.unwrap_or(mark);
        let watched = context.quotes.get(place.symbol).watched(place.triggers.stop_loss).unwrap_or(mark);
        let reference = match place.side {
            Side::Buy => fill.min(watched),
            Side::Sell => fill.max(watched),
        };
        let stop = Level::of(place.stop_loss, Some(reference));
        check_sides(place.side, stop, Level::of(place.take_profit, Some(fill)))
    }

    fn check_open_orders(&self, context: &Context<'_>) -> Result<(), DenialReason> {
        let (open, limit) = (context.exposure.open_orders(), self.limits.max_open_orders);
        if open >= limit && !mutant(Mutant::NoOrderCount) {
            Err(DenialReason::OpenOrders { open, limit })
        } else {
            Ok(())
        }
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
            if value > limit && !mutant(Mutant::NoPositionLimit) {
                return Err(DenialReason::PositionNotional { value, limit });
            }
        }
        let (value, limit) = (after.gross_value, self.limits.max_gross_exposure.value);
        if value > limit { Err(DenialReason::GrossExposure { value, limit }) } else { Ok(()) }
    }

    fn check_losses(&self) -> Result<(), DenialReason> {
        let (loss, limit) = (self.losses.of_day(), self.limits.max_loss_per_day.value);
        if loss >= limit {
            return Err(DenialReason::DayLoss { loss, limit });
        }
        let (loss, limit) = (self.losses.of_week(), self.limits.max_loss_per_week.value);
        if loss >= limit { Err(DenialReason::WeekLoss { loss, limit }) } else { Ok(()) }
    }
}
