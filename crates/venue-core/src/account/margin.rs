//! The margin of an account over all its positions and orders.

use rust_decimal::Decimal;

use super::{Account, Context, Hypothetical};
use crate::api::{HedgeOrderMargin, MarginMode, OrderMaintenance, PositionMode, Side};
use crate::margin::{AccountMargin, CoinMargin, Exposure, Isolated, order_cost, order_loss};
use crate::market::Market;
use crate::position::Position;
use crate::units::{decimal, from_fine};

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

impl Account {
    /// A position as margin sees it; `None` when flat.
    pub(super) fn exposure(&self, position: &Position, market: &Market) -> Option<Exposure> {
        let size = decimal(position.size.abs());
        let entry_value = market.payoff.value(position.session_price, size);
        let mark = market.valuation_price();
        Some(Exposure {
            payoff: market.payoff,
            side: position.side()?,
            mark_value: mark.map_or(entry_value, |price| market.payoff.value(decimal(price), size)),
            entry_value,
            leverage: position.leverage,
            taker_rate: self.fees.taker,
        })
    }

    /// A position as isolated margin sees it; `None` when flat.
    pub(crate) fn isolated(&self, position: &Position, market: &Market) -> Option<Isolated> {
        let exposure = self.exposure(position, market)?;
        Some(Isolated {
            exposure,
            size: decimal(position.size.abs()),
            avg_price: position.session_price,
            extra_margin: position.extra_margin,
            tier: market.tiers.at(exposure.entry_value),
        })
    }

    /// Initial margin that a position holds.
    pub(super) fn position_im(&self, position: &Position, exposure: &Exposure) -> Decimal {
        match self.margin_mode {
            MarginMode::Cross => exposure.initial_margin(),
            MarginMode::Isolated => exposure.initial_margin_at_entry() + position.extra_margin,
        }
    }

    /// Initial margin that working orders in a market hold, in settle coin. One-way: the larger side counts, and what
    /// closes the position holds none. Source: Bybit help centre, older contract pages (the unified account's own rule is
    /// unpublished; this bounds it). Hedge: as the doubt says.
    pub(crate) fn order_im(&self, slot: usize, context: Context<'_>, extra: Option<Hypothetical>) -> Decimal {
        let desk = &self.desks[slot];
        let (holdings, payoff) = (&desk.holdings, context.markets[slot].payoff);
        let replaced = context.replaced(extra);
        let [buys, sells] = SIDES.map(|side| {
            let value = from_fine(desk.opening_value(payoff, side, extra, replaced));
            order_cost(payoff, side, value, holdings.leverage(side), self.fees.taker)
        });
        match (holdings.mode, context.doubts.hedge_order_margin) {
            (PositionMode::Hedge, HedgeOrderMargin::EachSide) => buys + sells,
            (PositionMode::Hedge, HedgeOrderMargin::LargerSide) | (PositionMode::OneWay, _) => {
                buys.max(sells)
            }
        }
    }

    /// Value that decides the risk tier: max(long + buys, short + sells), positions at mark, orders at their price.
    pub(crate) fn risk_value(
        &self,
        slot: usize,
        context: Context<'_>,
        extra: Option<Hypothetical>,
    ) -> Decimal {
        let market = &context.markets[slot];
        let (desk, replaced) = (&self.desks[slot], context.replaced(extra));
        let side_value = |side| {
            let exposures = desk.holdings.each().filter_map(|(_, held)| self.exposure(held, market));
            let held = exposures.filter(|exposure| exposure.side == side).map(|exposure| exposure.mark_value);
            let working = desk.working_value(market.payoff, side, extra, replaced);
            held.sum::<Decimal>() + from_fine(working)
        };
        side_value(Side::Buy).max(side_value(Side::Sell))
    }

    pub(crate) fn margin(&self, context: Context<'_>) -> AccountMargin {
        let mut total = AccountMargin {
            coins: vec![CoinMargin::default(); self.balances.len()],
            ..AccountMargin::default()
        };
        for (slot, _) in self.desks.iter() {
            let market = &context.markets[slot];
            if market.is_spot() {
                self.add_spot(slot, context, &mut total);
            } else {
                self.add_contract(slot, context, &mut total.coins[market.settle]);
            }
        }
        for (coin, balance) in self.balances.iter().enumerate() {
            let of_coin = total.coins[coin];
            if !balance.is_used && of_coin.position_im.is_zero() && of_coin.order_im.is_zero() {
                continue;
            }
            let price = context.coins.usd_price(coin, context.markets);
            let in_usd = |amount: Decimal| if price == Decimal::ONE { amount } else { amount * price };
            total.wallet_balance += in_usd(self.collateral(coin, balance.wallet, context));
            total.equity += in_usd(balance.wallet + of_coin.unrealised);
            total.unrealised += in_usd(of_coin.unrealised);
            total.position_im += in_usd(of_coin.position_im);
            total.position_mm += in_usd(of_coin.position_mm);
            total.order_im += in_usd(of_coin.order_im);
            total.order_mm += in_usd(of_coin.order_mm);
            total.order_loss += in_usd(of_coin.order_loss);
        }
        total
    }

    fn add_contract(&self, slot: usize, context: Context<'_>, coin: &mut CoinMargin) {
        let market = &context.markets[slot];
        let desk = &self.desks[slot];
        for (_, position) in desk.holdings.each() {
            let Some(exposure) = self.exposure(position, market) else { continue };
            coin.unrealised += market
                .valuation_price()
                .map_or(Decimal::ZERO, |price| position.unrealised(market.payoff, price));
            coin.position_im += self.position_im(position, &exposure);
            coin.position_mm += exposure.maintenance_margin(&market.tiers);
        }
        if !desk.resting().is_empty() {
            coin.order_im += self.order_im(slot, context, None);
            coin.order_mm += self.order_mm(slot, context);
            coin.order_loss += self.order_loss(slot, market);
        }
    }

    fn order_mm(&self, slot: usize, context: Context<'_>) -> Decimal {
        match context.doubts.order_maintenance {
            OrderMaintenance::None => Decimal::ZERO,
            OrderMaintenance::TierRate => {
                let payoff = context.markets[slot].payoff;
                let [buys, sells] =
                    SIDES.map(|side| self.desks[slot].opening_value(payoff, side, None, None));
                let value = from_fine(buys.max(sells));
                value * context.markets[slot].tiers.at(value).rate
            }
        }
    }

    /// Only orders through the mark lose anything, and they are the first of their side.
    fn order_loss(&self, slot: usize, market: &Market) -> Decimal {
        let Some(mark) = market.valuation_price() else { return Decimal::ZERO };
        let loss_of = |side: Side| {
            let orders = self.desks[slot].opening(side).orders();
            orders
                .take_while(|(price, _)| (price - mark) * side.sign() > 0)
                .map(|(price, qty)| {
                    order_loss(market.payoff, side, decimal(price), decimal(qty), decimal(mark))
                })
                .sum::<Decimal>()
        };
        loss_of(Side::Buy) + loss_of(Side::Sell)
    }

    /// What a new order may use, in the coin: of the whole account's margin in cross mode, of the coin's own balance in
    /// isolated mode.
    pub(crate) fn available(&self, coin: usize, margin: &AccountMargin, context: Context<'_>) -> Decimal {
        match self.margin_mode {
            MarginMode::Isolated => margin.coins[coin].free_of(self.balances[coin].wallet),
            MarginMode::Cross => {
                let price = context.coins.usd_price(coin, context.markets);
                margin.available().checked_div(price).unwrap_or_default()
            }
        }
    }
}
