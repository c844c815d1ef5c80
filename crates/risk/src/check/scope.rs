//! Limits narrower than the account's: of the contract, of the bot, of the groups that the contract is in.

use super::Context;
use super::projection::Projection;
use super::proposal::Proposal;
use crate::scope::Scope;
use crate::{Amount, Multiple, Risk};
use rust_decimal::Decimal;
use windvane_model::{BotName, DenialReason, LimitScope, Notional, PositionIndex, Symbol};

/// One comparison with a limit that may not be set.
struct Question {
    key: &'static str,
    value: Decimal,
    limit: Option<Decimal>,
}

fn ask(scope: LimitScope, questions: impl IntoIterator<Item = Question>) -> Result<(), DenialReason> {
    for Question { key, value, limit } in questions {
        if let Some(limit) = limit.filter(|limit| value > *limit) {
            return Err(DenialReason::ScopeLimit { scope, key, value, limit });
        }
    }
    Ok(())
}

impl Risk {
    pub(super) fn check_scopes(
        &self,
        bot: BotName,
        proposal: &Proposal<'_>,
        order_value: Notional,
        after: &Projection,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        for scope in self.scopes.concerning(Some(bot), Some(proposal.symbol())) {
            check_scope(scope, proposal, order_value, after, context)?;
            if let Some(breaker) = &scope.breaker {
                breaker.check(context.stamp.wall)?;
            }
        }
        Ok(())
    }
}

fn check_scope(
    scope: &Scope,
    proposal: &Proposal<'_>,
    order_value: Notional,
    after: &Projection,
    context: &Context<'_>,
) -> Result<(), DenialReason> {
    let limits = &scope.limits;
    let amount = |limit: Option<Amount>| limit.map(|limit| limit.value);
    // In hedge mode a contract has two positions, which count together.
    let of_contract = || gross(every_index(proposal.symbol()), proposal, after, context);
    let adds = u32::from(proposal.place.is_some());
    let rate = limits.order_rate.filter(|_| !scope.check_rate(context.stamp.wall));
    ask(
        scope.of,
        [
            Question { key: "max_order_qty", value: proposal.qty.get(), limit: amount(limits.order_qty) },
            Question {
                key: "max_order_notional",
                value: order_value.get(),
                limit: amount(limits.order_notional),
            },
            Question {
                key: "max_position_notional",
                value: limits.position_notional.map_or(Decimal::ZERO, |_| of_contract()),
                limit: amount(limits.position_notional),
            },
            Question {
                key: "max_gross_exposure",
                value: limits.gross_exposure.map_or(Decimal::ZERO, |_| {
                    gross(scope.positions.iter().copied(), proposal, after, context)
                }),
                limit: amount(limits.gross_exposure),
            },
            Question {
                key: "max_leverage",
                value: after.leverage.get(),
                limit: limits.leverage.map(Multiple::get),
            },
            Question {
                key: "max_open_orders",
                value: limits
                    .open_orders
                    .map_or(Decimal::ZERO, |_| Decimal::from(scope.open_orders(context.exposure) + adds)),
                limit: limits.open_orders.map(Decimal::from),
            },
            Question {
                key: "max_order_rate",
                value: rate.map_or(Decimal::ZERO, |rate| Decimal::from(rate.count) + Decimal::ONE),
                limit: rate.map(|rate| Decimal::from(rate.count)),
            },
        ],
    )
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
