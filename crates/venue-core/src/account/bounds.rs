//! Bounds of an account's margin in whole numbers, so that the exact figures are reckoned only where they decide: most
//! orders are far from what the account can bear, and most accounts are far from liquidation.
//!
//! What counts for the account is rounded down and what counts against it up, and what would take long to reckon counts as
//! nothing where it would help. Debug builds reckon every verdict again exactly.

use super::{Account, Context, Desk, Hypothetical};
use crate::api::{HedgeOrderMargin, MarginMode, OrderMaintenance, PositionMode, Side};
use crate::market::Market;
use crate::order::Order;
use crate::payoff::Payoff;
use crate::position::Position;
use crate::units::{ONE, fine_below, units};

/// What the exact figures may have been rounded by, and more: 1e-8 of a dollar, in units of units.
const SLACK: i128 = ONE as i128;

/// In units of units (1e-16) of a dollar.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    /// Margin balance, at least.
    balance: i128,
    /// Initial margin of positions and orders, at most.
    initial: i128,
    /// Maintenance margin of positions, at most.
    maintenance: i128,
    /// What orders would lose at once, at most.
    loss: i128,
}

impl Bounds {
    fn covers_initial(&self) -> bool {
        self.balance.saturating_sub(self.initial) > SLACK
    }

    fn covers_maintenance(&self) -> bool {
        self.balance.saturating_sub(self.loss).saturating_sub(self.maintenance) > SLACK
    }
}

/// An order that is not there yet, in its market, with the order that it would replace.
#[derive(Clone, Copy)]
struct Planned<'a> {
    slot: usize,
    extra: Hypothetical,
    replaced: Option<&'a Order>,
}

/// At least value × numerator / denominator, and little more: the quotient is rounded up at its 32nd binary place, since to
/// divide numbers of this size takes longer than all the rest.
fn at_least(value: i128, numerator: i64, denominator: i64) -> Option<i128> {
    let numerator = u64::try_from(numerator).ok()?.checked_mul(1 << 32)?;
    let quotient = numerator.checked_div(u64::try_from(denominator).ok()?)? + 1;
    Some((value.checked_mul(i128::from(quotient))? >> 32) + 1)
}

/// At least value × rate (in units).
fn share(value: i128, rate: i64) -> Option<i128> {
    at_least(value, rate, ONE)
}

/// At least value / leverage (in units).
fn by_leverage(value: i128, leverage: i64) -> Option<i128> {
    at_least(value, ONE, leverage)
}

impl Account {
    /// Whether the account bears a new order for certain, by balance and by risk tier. No says nothing.
    pub(crate) fn surely_bears(&self, slot: usize, context: Context<'_>, extra: Hypothetical) -> bool {
        let replaced = context.replaced(Some(extra));
        let planned = Planned { slot, extra, replaced };
        self.bounds(context, Some(planned)).is_some_and(|bounds| bounds.covers_initial())
            && self.is_within_tier(context, planned).unwrap_or(false)
    }

    /// Whether the account is not to be liquidated for certain. No says nothing.
    pub(crate) fn is_surely_safe(&self, context: Context<'_>) -> bool {
        self.bounds(context, None).is_some_and(|bounds| bounds.covers_maintenance())
    }

    /// `None` where a bound is not to be had cheaply.
    fn bounds(&self, context: Context<'_>, planned: Option<Planned<'_>>) -> Option<Bounds> {
        if self.margin_mode != MarginMode::Cross || context.doubts.order_maintenance != OrderMaintenance::None
        {
            return None;
        }
        let mut bounds = Bounds::default();
        for (coin, balance) in self.balances.iter().enumerate().filter(|(_, balance)| balance.is_used) {
            let wallet = fine_below(balance.wallet)?;
            bounds.balance = match (context.coins.is_dollar(coin), wallet < 0) {
                (true, true) => bounds.balance.checked_add(wallet)?,
                (true, false) if context.coins.counts_in_full(coin) => bounds.balance.checked_add(wallet)?,
                // Whatever it is worth, it does not count against the account.
                (true | false, false) => bounds.balance,
                (false, true) => return None,
            };
        }
        for (slot, desk) in self.desks.iter() {
            let planned = planned.filter(|planned| planned.slot == slot);
            if planned.is_some() || !desk.is_idle() {
                self.add_desk(&mut bounds, (slot, desk), context, planned)?;
            }
        }
        if let Some(planned) = planned.filter(|planned| !self.desks.is_used(planned.slot)) {
            let desk = (planned.slot, &self.desks[planned.slot]);
            self.add_desk(&mut bounds, desk, context, Some(planned))?;
        }
        Some(bounds)
    }

    fn add_desk(
        &self,
        bounds: &mut Bounds,
        (slot, desk): (usize, &Desk),
        context: Context<'_>,
        planned: Option<Planned<'_>>,
    ) -> Option<()> {
        let market = &context.markets[slot];
        if market.is_spot() || market.payoff != Payoff::Linear || !context.coins.is_dollar(market.settle) {
            return None;
        }
        let mark = market.valuation_price()?;
        for (_, position) in desk.holdings.each().filter(|(_, position)| position.size != 0) {
            self.add_position(bounds, market, mark, position)?;
        }
        let cost = |side| self.most_cost(desk, market, side, planned);
        let (buys, sells) = (cost(Side::Buy)?, cost(Side::Sell)?);
        let held = match (desk.holdings.mode, context.doubts.hedge_order_margin) {
            (PositionMode::Hedge, HedgeOrderMargin::EachSide) => buys.checked_add(sells)?,
            (PositionMode::Hedge, HedgeOrderMargin::LargerSide) | (PositionMode::OneWay, _) => {
                buys.max(sells)
            }
        };
        bounds.initial = bounds.initial.checked_add(held)?;
        for side in [Side::Buy, Side::Sell] {
            let through = |price: i64| (price - mark) * side.sign();
            let losing = desk.opening(side).orders().take_while(|(price, _)| through(*price) > 0);
            for (price, qty) in losing {
                let loss = i128::from(through(price)).checked_mul(i128::from(qty))?;
                bounds.loss = bounds.loss.checked_add(loss)?;
            }
        }
        Some(())
    }

    fn add_position(
        &self,
        bounds: &mut Bounds,
        market: &Market,
        mark: i64,
        position: &Position,
    ) -> Option<()> {
        let average = units(position.session_price)?;
        let leverage = units(position.leverage)?;
        let size = i128::from(position.size);
        let (at_mark, at_entry) = (size.abs() * i128::from(mark), size.abs() * i128::from(average));
        let profit = (i128::from(mark) - i128::from(average)).checked_mul(size)?;
        let closing_fee = share(at_entry.checked_add(by_leverage(at_entry, leverage)?)?, self.taker_rate)?;
        let initial = by_leverage(at_mark, leverage)?.checked_add(closing_fee)?;
        let maintenance = share(at_mark, market.tiers.rate_at_most(at_mark))?.checked_add(closing_fee)?;
        bounds.balance = bounds.balance.checked_add(profit)?;
        bounds.initial = bounds.initial.checked_add(initial)?;
        bounds.maintenance = bounds.maintenance.checked_add(maintenance)?;
        Some(())
    }

    /// What the orders of a side hold at most: as if none of them closed anything.
    fn most_cost(
        &self,
        desk: &Desk,
        market: &Market,
        side: Side,
        planned: Option<Planned<'_>>,
    ) -> Option<i128> {
        let (extra, replaced) =
            (planned.map(|planned| planned.extra), planned.and_then(|planned| planned.replaced));
        let value = desk.working_value(market.payoff, side, extra, replaced);
        if value == 0 {
            return Some(0);
        }
        let margin = by_leverage(value, units(desk.holdings.leverage(side))?)?;
        let fees = share(value.checked_mul(2)?.checked_add(margin)?, self.taker_rate)?;
        margin.checked_add(fees)
    }

    /// Whether the leverage is allowed for what the market would be worth to the account with a new order.
    fn is_within_tier(&self, context: Context<'_>, planned: Planned<'_>) -> Option<bool> {
        let (desk, market) = (&self.desks[planned.slot], &context.markets[planned.slot]);
        let mark = i128::from(market.valuation_price()?);
        let mut value = 0;
        for side in [Side::Buy, Side::Sell] {
            let working = desk.working_value(market.payoff, side, Some(planned.extra), planned.replaced);
            let held = desk.holdings.each().map(|(_, position)| position.reducible(side.opposite()));
            let held = i128::from(held.max().unwrap_or(0)).checked_mul(mark)?;
            value = working.checked_add(held)?.max(value);
        }
        let leverage = units(desk.holdings.leverage(planned.extra.side))?;
        Some(market.tiers.surely_allows(value, leverage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_never_under_the_figure_and_close_to_it() {
        for value in [0, 1, 60_i128 * 10_i128.pow(16), 123_456_789 * 10_i128.pow(20)] {
            for (numerator, denominator) in [(55_000, ONE), (ONE, 125 * ONE), (ONE, 1_234_567_890), (0, ONE)]
            {
                let exact = value * i128::from(numerator);
                let bound =
                    at_least(value, numerator, denominator).expect("it fits") * i128::from(denominator);
                assert!(bound >= exact, "{value} × {numerator} / {denominator}");
                assert!(
                    (bound - exact) / i128::from(denominator) <= 2 + (value >> 32),
                    "{value} × {numerator}"
                );
            }
        }
        assert_eq!(at_least(1, i64::MAX, 1), None);
        assert_eq!(at_least(1, 1, 0), None);
    }
}
