//! Stops and take-profits: attached to an order that opens, or set on a position.

use super::grid::on_tick;
use super::{Ask, Context};
use crate::approved::Seal;
use crate::{Action, Approved, Risk};
use windvane_model::{DenialReason, Price, Side, Symbol};

/// The prices between which stop and take-profit of a position must not lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct References {
    /// A long's stop must be below it, a short's above.
    pub(super) stop: Price,
    /// A long's take-profit must be above it, a short's below.
    pub(super) take_profit: Price,
}

/// Refuses a stop that would fire at once and a take-profit that would.
pub(super) fn check_sides(
    position_side: Side,
    stop_loss: Option<Price>,
    take_profit: Option<Price>,
    references: References,
) -> Result<(), DenialReason> {
    let References { stop: stop_reference, take_profit: profit_reference } = references;
    if let Some(stop) = stop_loss {
        let is_right = match position_side {
            Side::Buy => stop < stop_reference,
            Side::Sell => stop > stop_reference,
        };
        if !is_right {
            return Err(DenialReason::StopOnWrongSide { stop, reference: stop_reference });
        }
    }
    if let Some(take_profit) = take_profit {
        let is_right = match position_side {
            Side::Buy => take_profit > profit_reference,
            Side::Sell => take_profit < profit_reference,
        };
        if !is_right {
            return Err(DenialReason::TakeProfitOnWrongSide { take_profit, reference: profit_reference });
        }
    }
    Ok(())
}

impl Risk {
    /// Protection of a position never waits for anything but the fence: with stale prices the venue decides
    /// which side is the right one.
    pub(super) fn check_protect(
        &self,
        ask: &Ask<'_>,
        symbol: Symbol,
        stop_loss: Option<Price>,
        take_profit: Option<Price>,
        context: &Context<'_>,
    ) -> Result<Approved, DenialReason> {
        let contract = context.exposure.listed(symbol).ok_or(DenialReason::NotTradable)?;
        let index = self.ownership.index_of(symbol, ask.bot).ok_or(DenialReason::NotOwner)?;
        self.check_state(Action::Protect)?;
        for price in [stop_loss, take_profit].into_iter().flatten() {
            on_tick(&contract.instrument, price)?;
        }
        let side = context
            .exposure
            .contract(symbol, index)
            .and_then(|contract| contract.position.side)
            .ok_or(DenialReason::NothingToReduce)?;
        let quote = context.quotes.get(symbol);
        let age = context.stamp.wall.millis_since(quote.mark_at);
        if let Some(mark) = quote.mark.filter(|_| age <= self.limits.stale_after.millis()) {
            check_sides(side, stop_loss, take_profit, References { stop: mark, take_profit: mark })?;
        }
        Ok(Approved::new(Seal {
            bot: ask.bot,
            intent: *ask.intent,
            action: Action::Protect,
            symbol,
            position_index: index,
            reserved: None,
            takes_at_once: false,
            send_before: None,
        }))
    }
}
