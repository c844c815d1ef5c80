//! Limits narrower than the account's: of the contract, of the bot, of the groups that the contract is in.

use super::Context;
use super::projection::Projection;
use super::proposal::Proposal;
use crate::Risk;
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
        self.check_symbol(proposal, order_value, after, context)?;
        self.check_bot(bot, proposal, order_value, after, context)?;
        for breaker in self.scopes.breakers_on(bot, proposal.symbol()) {
            breaker.check(context.stamp.wall)?;
        }
        for group in self.scopes.groups_of(proposal.symbol()) {
            let positions = group.symbols.iter().flat_map(|symbol| every_index(*symbol));
            let value = gross(positions, proposal, after, context);
            let limit = Some(group.max_gross_exposure);
            ask(LimitScope::Group(group.name), [Question { key: "max_gross_exposure", value, limit }])?;
        }
        Ok(())
    }

    fn check_symbol(
        &self,
        proposal: &Proposal<'_>,
        order_value: Notional,
        after: &Projection,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        let symbol = proposal.symbol();
        let Some(limits) = self.scopes.symbol(symbol) else { return Ok(()) };
        let adds = u32::from(proposal.place.is_some());
        let open = every_index(symbol)
            .filter_map(|(symbol, index)| context.exposure.contract(symbol, index))
            .map(|held| held.buys.order_count() + held.sells.order_count())
            .sum::<u32>();
        ask(
            LimitScope::Symbol(symbol),
            [
                Question {
                    key: "max_order_qty",
                    value: proposal.qty.get(),
                    limit: limits.max_order_qty.map(|limit| limit.value),
                },
                Question {
                    key: "max_order_notional",
                    value: order_value.get(),
                    limit: limits.max_order_notional.map(|limit| limit.value),
                },
                Question {
                    key: "max_position_notional",
                    value: gross(every_index(symbol), proposal, after, context),
                    limit: limits.max_position_notional.map(|limit| limit.value),
                },
                Question {
                    key: "max_open_orders",
                    value: Decimal::from(open + adds),
                    limit: limits.max_open_orders.map(Decimal::from),
                },
            ],
        )
    }

    fn check_bot(
        &self,
        bot: BotName,
        proposal: &Proposal<'_>,
        order_value: Notional,
        after: &Projection,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        let Some(scope) = self.scopes.bot(bot) else { return Ok(()) };
        let adds = u32::from(proposal.place.is_some());
        let rate = scope.limits.max_order_rate.filter(|_| !scope.check_rate(context.stamp.wall));
        ask(
            LimitScope::Bot(bot),
            [
                Question {
                    key: "max_order_notional",
                    value: order_value.get(),
                    limit: scope.limits.max_order_notional.map(|limit| limit.value),
                },
                Question {
                    key: "max_gross_exposure",
                    value: gross(scope.positions.iter().copied(), proposal, after, context),
                    limit: scope.limits.max_gross_exposure.map(|limit| limit.value),
                },
                Question {
                    key: "max_open_orders",
                    value: Decimal::from(scope.open_orders(context.exposure) + adds),
                    limit: scope.limits.max_open_orders.map(Decimal::from),
                },
                Question {
                    key: "max_order_rate",
                    value: rate.map_or(Decimal::ZERO, |rate| Decimal::from(rate.count) + Decimal::ONE),
                    limit: rate.map(|rate| Decimal::from(rate.count)),
                },
            ],
        )
    }
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
