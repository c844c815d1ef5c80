//! Stops and take-profits: attached to an order that opens, or set on a position.

use super::grid::on_tick;
use super::{Ask, Context};
use crate::approved::Seal;
use crate::{Action, Approved, Risk};
use windvane_model::{DenialReason, Price, Side, Symbol, Triggers};

/// What is asked for a position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Protection {
    pub(super) symbol: Symbol,
    pub(super) stop_loss: Option<Price>,
    pub(super) take_profit: Option<Price>,
    pub(super) triggers: Triggers,
}

/// A level at which a position ends, and the price that it lies behind or ahead of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) at: Price,
    pub(super) reference: Price,
}

impl Level {
    /// A level, where it and its reference are both there.
    pub(super) fn of(at: Option<Price>, reference: Option<Price>) -> Option<Self> {
        at.zip(reference).map(|(at, reference)| Self { at, reference })
    }
}

/// Refuses a stop that would fire at once and a take-profit that would: a long's stop must be below its reference and its
/// take-profit above, a short's the other way round.
pub(super) fn check_sides(
    position_side: Side,
    stop_loss: Option<Level>,
    take_profit: Option<Level>,
) -> Result<(), DenialReason> {
    if let Some(Level { at: stop, reference }) = stop_loss {
        let is_right = match position_side {
            Side::Buy => stop < reference,
            Side::Sell => stop > reference,
        };
        if !is_right {
            return Err(DenialReason::StopOnWrongSide { stop, reference });
        }
    }
    if let Some(Level { at: take_profit, reference }) = take_profit {
        let is_right = match position_side {
            Side::Buy => take_profit > reference,
            Side::Sell => take_profit < reference,
        };
        if !is_right {
            return Err(DenialReason::TakeProfitOnWrongSide { take_profit, reference });
        }
    }
    Ok(())
}

impl Risk {
    /// Each is compared with the price that fires it. Protection of a position never waits for anything but the fence: with
    /// stale prices the venue decides which side is the right one.
    pub(super) fn check_protect(
        &self,
        ask: &Ask<'_>,
        protection: Protection,
        context: &Context<'_>,
    ) -> Result<Approved, DenialReason> {
        let Protection { symbol, stop_loss, take_profit, triggers } = protection;
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
        if age <= self.limits.stale_after.millis() {
            let stop = Level::of(stop_loss, quote.watched(triggers.stop_loss));
            let profit = Level::of(take_profit, quote.watched(triggers.take_profit));
            check_sides(side, stop, profit)?;
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
