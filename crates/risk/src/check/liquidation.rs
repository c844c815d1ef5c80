//! How near to its liquidation the order could bring the position.

use super::Context;
use super::proposal::Proposal;
use crate::margin::{MarginMode, PositionTerms};
use crate::{Percent, Risk};
use rust_decimal::Decimal;
use windvane_model::{BotName, DenialReason, Price, Qty, Side};

impl Risk {
    /// The distance of the mark from the estimated liquidation price, were everything on the order's side to fill, and
    /// the place in the deleveraging queue.
    pub(super) fn check_liquidation(
        &self,
        bot: BotName,
        proposal: &Proposal<'_>,
        context: &Context<'_>,
        mark: Price,
    ) -> Result<(), DenialReason> {
        let (rank, limit) = (proposal.held.position.adl_rank, self.limits.max_adl_rank);
        if rank > limit {
            return Err(DenialReason::AdlRank { rank, limit });
        }
        let limit = self.limits.min_liquidation_distance.fraction();
        let distance = distance(proposal, context, mark);
        if let Some(distance) = distance.filter(|distance| *distance < limit) {
            return Err(DenialReason::LiquidationDistance { distance, limit });
        }
        for scope in self.scopes.concerning(Some(bot), Some(proposal.symbol())) {
            let limits = &scope.limits;
            scope.most("max_adl_rank", limits.adl_rank.map(Decimal::from), || Decimal::from(rank))?;
            if let Some(distance) = distance {
                let limit = limits.liquidation_distance.map(Percent::fraction);
                scope.least("min_liquidation_distance", limit, || distance)?;
            }
        }
        Ok(())
    }
}

/// Estimated distance over mark, a fraction; `None` when no price liquidates it, or the order could only close.
fn distance(proposal: &Proposal<'_>, context: &Context<'_>, mark: Price) -> Option<Decimal> {
    let held = proposal.held;
    let replaced = proposal.candidate.replaces.map_or(Decimal::ZERO, |row| row.leaves_qty.get());
    let asked = held.side(proposal.side).opening_qty().saturating_sub(replaced);
    let terms = held.terms(mark);
    // What the order would close first may be closed already by an exit whose fill is told later.
    let qty = terms
        .held_at_most(proposal.side)
        .saturating_add(asked)
        .saturating_add(proposal.candidate.qty.get())
        .saturating_sub(terms.held_at_least(proposal.side.opposite()));
    let qty = Qty::new(qty).ok().filter(|qty| !qty.is_zero())?;
    let position = PositionTerms {
        mode: held.margin_mode,
        side: proposal.side,
        qty,
        entry: entry(proposal).unwrap_or(proposal.candidate.price),
        mark,
        leverage: terms.leverage(),
        taker_fee: terms.taker_fee,
        // What was added moves the price away; it can be taken back.
        added_margin: Decimal::ZERO,
    };
    let tiers = &proposal.contract.instrument.tiers;
    if position.mode == MarginMode::Isolated {
        let price = position.isolated_liquidation_price(tiers)?;
        let is_beyond = match proposal.side {
            Side::Buy => price >= mark,
            Side::Sell => price <= mark,
        };
        let distance = if is_beyond { Decimal::ZERO } else { price.distance(mark) };
        return distance.checked_div(mark.get());
    }
    let account = context.exposure.account();
    let maintenance = account
        .maintenance_margin
        .saturating_sub(held.figures().maintenance_margin)
        .saturating_add(position.maintenance_margin(tiers));
    let at_once = match proposal.side {
        Side::Buy => mark.get() - proposal.candidate.price.get(),
        Side::Sell => proposal.candidate.price.get() - mark.get(),
    };
    let loss = at_once.min(Decimal::ZERO).saturating_mul(proposal.candidate.qty.get());
    let balance = account.margin_balance().saturating_add(loss);
    if maintenance >= balance {
        return Some(Decimal::ZERO);
    }
    let against = context.exposure.held_against(proposal.symbol(), proposal.index());
    let price = position.liquidation_price(tiers, balance, maintenance, against)?;
    price.distance(mark).checked_div(mark.get())
}

/// The average entry price, were everything on the order's side to fill, quote coin. In cross margin only the fee at
/// bankruptcy goes by it; in isolated margin everything does.
fn entry(proposal: &Proposal<'_>) -> Option<Price> {
    let (held, side, candidate) = (proposal.held, proposal.side, &proposal.candidate);
    let working = held.side(side);
    let (mut qty, mut value) = (working.opening_qty(), working.opening_value());
    if let Some(row) = candidate.replaces {
        qty = qty.checked_sub(row.leaves_qty.get())?;
        value = value.checked_sub(row.price.times(row.leaves_qty).get())?;
    }
    if held.position.side == Some(side) {
        qty = qty.checked_add(held.position.qty.get())?;
        value = value.checked_add(held.position.average_price?.times(held.position.qty).get())?;
    }
    qty = qty.checked_add(candidate.qty.get())?;
    value = value.checked_add(candidate.price.times(candidate.qty).get())?;
    Price::new(value.checked_div(qty)?).ok()
}
