//! Limits narrower than the account's: of the contract, of the bot, of the groups that the contract is in.

use super::Context;
use super::projection::Projection;
use super::proposal::Proposal;
use super::quote::Priced;
use crate::scope::Scope;
use crate::{Amount, Multiple, Percent, Risk, TimeSpan};
use rust_decimal::Decimal;
use windvane_model::{BotName, DenialReason, LimitScope, Millis, Notional, PositionIndex, Symbol};

impl Risk {
    pub(super) fn check_scopes(
        &self,
        bot: BotName,
        proposal: &Proposal<'_>,
        order_value: Notional,
        priced: &Priced,
        after: &Projection,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        for scope in self.scopes.concerning(Some(bot), Some(proposal.symbol())) {
            check_order(scope, proposal, order_value, priced)?;
            check_exposure(scope, proposal, after, context)?;
            if let Some(breaker) = &scope.breaker {
                breaker.check(context.stamp.wall)?;
            }
        }
        Ok(())
    }

    /// How old prices may be for an order of `bot` in `symbol`: the shortest time that anything concerned allows.
    pub(super) fn stale_after(&self, bot: BotName, symbol: Symbol) -> Millis {
        let scopes = self.scopes.concerning(Some(bot), Some(symbol));
        let narrower = scopes.filter_map(|scope| scope.limits.stale_after);
        narrower.fold(self.limits.stale_after, TimeSpan::min).millis()
    }
}

impl Scope {
    /// Asks for a value only where there is a limit that it must not be above.
    pub(super) fn most(
        &self,
        key: &'static str,
        limit: Option<Decimal>,
        value: impl FnOnce() -> Decimal,
    ) -> Result<(), DenialReason> {
        let Some(limit) = limit else { return Ok(()) };
        let value = value();
        if value > limit { Err(beyond(self.of, key, value, limit)) } else { Ok(()) }
    }

    /// The same of a limit that it must not be below.
    pub(super) fn least(
        &self,
        key: &'static str,
        limit: Option<Decimal>,
        value: impl FnOnce() -> Decimal,
    ) -> Result<(), DenialReason> {
        let Some(limit) = limit else { return Ok(()) };
        let value = value();
        if value < limit { Err(beyond(self.of, key, value, limit)) } else { Ok(()) }
    }
}

const fn beyond(scope: LimitScope, key: &'static str, value: Decimal, limit: Decimal) -> DenialReason {
    DenialReason::ScopeLimit { scope, key, value, limit }
}

fn amount(limit: Option<Amount>) -> Option<Decimal> {
    limit.map(|limit| limit.value)
}

/// What the order itself is measured by.
fn check_order(
    scope: &Scope,
    proposal: &Proposal<'_>,
    value: Notional,
    priced: &Priced,
) -> Result<(), DenialReason> {
    let limits = &scope.limits;
    let stale_after = limits.stale_after.map(|limit| Decimal::from(limit.millis()));
    scope.most("stale_after", stale_after, || Decimal::from(priced.age))?;
    scope.most("price_collar", limits.price_collar.map(Percent::fraction), || priced.off_mark())?;
    scope.most("book_collar", limits.book_collar.map(Percent::fraction), || {
        priced.through_book(proposal.side)
    })?;
    scope.most("max_order_qty", amount(limits.order_qty), || proposal.qty.get())?;
    scope.most("max_order_notional", amount(limits.order_notional), || value.get())?;
    scope.least("min_order_notional", amount(limits.order_minimum), || value.get())
}

/// What the order adds to.
fn check_exposure(
    scope: &Scope,
    proposal: &Proposal<'_>,
    after: &Projection,
    context: &Context<'_>,
) -> Result<(), DenialReason> {
    let limits = &scope.limits;
    // In hedge mode a contract has two positions, which count together.
    scope.most("max_position_notional", amount(limits.position_notional), || {
        gross(every_index(proposal.symbol()), proposal, after, context)
    })?;
    scope.most("max_gross_exposure", amount(limits.gross_exposure), || {
        gross(scope.positions.iter().copied(), proposal, after, context)
    })?;
    scope.most("max_leverage", limits.leverage.map(Multiple::get), || after.leverage.get())?;
    scope.most("max_open_orders", limits.open_orders.map(Decimal::from), || {
        let adds = u32::from(proposal.place.is_some());
        Decimal::from(scope.open_orders(context.exposure) + adds)
    })?;
    let rate = limits.order_rate.map(|rate| Decimal::from(rate.count));
    let is_full = !scope.check_rate(context.stamp.wall);
    scope.most("max_order_rate", rate.filter(|_| is_full), || rate.unwrap_or_default() + Decimal::ONE)
}

fn every_index(symbol: Symbol) -> impl Iterator<Item = (Symbol, PositionIndex)> {
    PositionIndex::ALL.into_iter().map(move |index| (symbol, index))
}

/// Worst value of some positions together with the order in it, quote coin.
fn gross(
    positions: impl Iterator<Item = (Symbol, PositionIndex)>,
    proposal: &Proposal<'_>,
    after: &Projection,
    context: &Context<'_>,
) -> Decimal {
    let own = (proposal.symbol(), proposal.index());
    positions
        .filter(|position| *position != own)
        .filter_map(|(symbol, index)| context.exposure.contract(symbol, index))
        .map(|held| held.figures().worst_value)
        .fold(after.position_value, Decimal::saturating_add)
}
